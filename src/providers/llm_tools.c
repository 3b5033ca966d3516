#include "providers/llm_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

struct writer {
	struct buf *out;
	bool is_strict;
	llm_tool_h put;
	struct err_detail *detail;
};

static enum err tools_wrong(struct err_detail *detail, const char *what, const char *where)
{
	*detail = (struct err_detail){ .hint = "write [{\"name\", \"description\", \"input_schema\"}]" };
	snprintf(detail->message, sizeof(detail->message), "the tools for the model: %s", what);
	snprintf(detail->where, sizeof(detail->where), "%s", where);
	return ERR_FORMAT;
}

static bool is_size(const char *key)
{
	static const char *const sizes[] = { "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
		"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties" };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!strcmp(sizes[i], key))
			return true;
	return false;
}

/* `names`: the keys are names of properties, not words of a schema. */
static bool schema_plain(json_t *schema, bool names, unsigned int depth)
{
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	if (depth == LLM_TOOLS_DEPTH)
		return false;
	json_object_foreach_safe(schema, next, key, value) {
		if (!names && is_size(key))
			json_object_del(schema, key);
		else if (!schema_plain(value, !names && !strcmp(key, "properties"), depth + 1))
			return false;
	}
	json_array_foreach(schema, i, value)
		if (!schema_plain(value, false, depth + 1))
			return false;
	return true;
}

static bool name_is_good(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len && len <= LLM_NAME_MAX_BYTES && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static enum err tool_put(const struct writer *w, json_t *tool)
{
	const char *name = json_string_value(json_object_get(tool, "name"));
	json_t *schema = json_object_get(tool, "input_schema");
	char *text;

	if (!name_is_good(name))
		return tools_wrong(w->detail, "a name has 1 to 64 letters, digits, _ and -", "name");
	if (!json_is_object(schema))
		return tools_wrong(w->detail, "a tool without a schema of its arguments", name);
	if (w->is_strict && !schema_plain(schema, false, 0))
		return tools_wrong(w->detail, "a schema that is too deep", name);
	text = json_dumps(schema, JSON_COMPACT);
	if (!text)
		return ERR_NOMEM;
	w->put(w->out, name, json_string_value(json_object_get(tool, "description")), text, w->is_strict);
	free(text);
	return w->out->err;
}

static int by_name(const void *a, const void *b)
{
	const char *one = json_string_value(json_object_get(*(json_t *const *)a, "name"));
	const char *other = json_string_value(json_object_get(*(json_t *const *)b, "name"));

	return strcmp(one ? one : "", other ? other : "");
}

static enum err list_put(const struct writer *w, json_t *tools)
{
	size_t count = json_array_size(tools), i;
	json_t **sorted = calloc(count ? count : 1, sizeof(json_t *));
	enum err err = sorted ? ERR_NONE : ERR_NOMEM;

	if (!sorted)
		return err;
	for (i = 0; i < count; i++)
		sorted[i] = json_array_get(tools, i);
	qsort(sorted, count, sizeof(json_t *), by_name);
	json_put_key(w->out, "tools");
	json_open(w->out, '[');
	for (i = 0; i < count && !err; i++)
		err = i && !by_name(&sorted[i - 1], &sorted[i]) ? tools_wrong(w->detail, "two of one name", "name") : tool_put(w, sorted[i]);
	json_close(w->out, ']');
	free(sorted);
	return err;
}

enum err llm_tools_put(struct buf *out, const char *text, bool is_strict, llm_tool_h put, bool *has_tools, struct err_detail *detail)
{
	const struct writer w = { .out = out, .is_strict = is_strict, .put = put, .detail = detail };
	json_error_t at;
	json_t *tools;
	enum err err = ERR_NONE;

	*has_tools = false;
	if (!text || !*text)
		return ERR_NONE;
	if (strlen(text) > LLM_TOOLS_MAX_BYTES)
		return ERR_LIMIT;
	tools = json_loads(text, JSON_REJECT_DUPLICATES, &at);
	if (!json_is_array(tools))
		err = tools_wrong(detail, "no JSON list", "");
	else if (json_array_size(tools))
		err = list_put(&w, tools);
	*has_tools = json_array_size(tools) > 0;
	json_decref(tools);
	return err;
}

/* Tools: what stands in the book about them, their schemas, and the judging of arguments and answers. */
#include "conductor/rulebook_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/wording.h"
#include "redact/redact.h"

enum { URL_MAX = 400, HEADER_MAX = 300, TIMEOUT_MIN_MS = 100, TIMEOUT_MAX_MS = 600000, STRING_MAX = 4096 };

/* ---- reading: arguments ---- */

static const char *const argument_types[] = { "string", "integer", "number", "boolean", NULL };

static void bound_under(struct reading *r, const struct yaml_item *map, const char *key, bool *has, int64_t *micros)
{
	const struct yaml_item *item = yaml_find(map, key);
	size_t up = path_down(r, key);

	*has = item && sort_check(r, item, YAML_SORT_NUMBER, "a number of at most six decimals") && micros_parse(item->text, strlen(item->text), micros);
	if (item && !*has && yaml_sort(item) == YAML_SORT_NUMBER)
		mistake_value(r, item, "a number of at most six decimals", "this is no bound");
	path_up(r, up);
}

static void argument_read(struct reading *r, const struct yaml_item *item, struct tool_spec *t)
{
	static const char *const keys[] = { "type", "description", "enum", "minimum", "maximum", "maxLength", NULL };
	struct argument *a = &t->arguments[t->argument_count];
	size_t up = path_down(r, item->key);

	if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		int at = choice_under(r, item, "type", argument_types);

		*a = (struct argument){ .name = item->key, .type = at < 0 ? ARGUMENT_STRING : (enum argument_type)at };
		a->description = text_under(r, item, "description", SPOKEN_MAX_BYTES, "");
		a->choices = yaml_find(item, "enum");
		if (a->choices && (a->type != ARGUMENT_STRING || !word_list_check(r, a->choices, word_of, LIST_MAX, WORDS_MAX_BYTES)))
			mistake_key(r, a->choices, "a list of texts, for a string", "enum is used for strings");
		bound_under(r, item, "minimum", &a->has_min, &a->min_micros);
		bound_under(r, item, "maximum", &a->has_max, &a->max_micros);
		if ((a->has_min || a->has_max) && a->type != ARGUMENT_INTEGER && a->type != ARGUMENT_NUMBER)
			mistake_key(r, item, NULL, "minimum and maximum are for numbers");
		a->max_length = (size_t)int_under(r, item, "maxLength", 0, 1, STRING_MAX);
		t->argument_count++;
	}
	path_up(r, up);
}

static struct argument *argument_find(struct tool_spec *t, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < t->argument_count; i++)
		if (strlen(t->arguments[i].name) == len && !memcmp(t->arguments[i].name, name, len))
			return &t->arguments[i];
	return NULL;
}

const struct argument *tool_argument_find(const struct tool_spec *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->argument_count; i++)
		if (!strcmp(t->arguments[i].name, name))
			return &t->arguments[i];
	return NULL;
}

static void required_read(struct reading *r, const struct yaml_item *schema, struct tool_spec *t)
{
	const struct yaml_item *item = yaml_find(schema, "required"), *entry;
	size_t up = path_down(r, "required");

	if (item && list_check(r, item, 0, ARGUMENTS_MAX))
		for (entry = item->first; entry; entry = entry->next) {
			struct argument *a = entry->text ? argument_find(t, entry->text, strlen(entry->text)) : NULL;

			if (a)
				a->required = true;
			else if (sort_check(r, entry, YAML_SORT_TEXT, "an argument's name"))
				mistake_value(r, entry, NULL, "properties has no such argument");
		}
	path_up(r, up);
}

static void arguments_read(struct reading *r, const struct yaml_item *tool, struct tool_spec *t)
{
	static const char *const keys[] = { "type", "properties", "required", "additionalProperties", NULL };
	static const char *const object[] = { "object", NULL };
	const struct yaml_item *item = yaml_find(tool, "arguments"), *entry;
	size_t up = path_down(r, "arguments");

	if (item && map_check(r, item, keys)) {
		const struct yaml_item *properties = yaml_find(item, "properties");
		size_t deeper;

		choice_under(r, item, "type", object);
		deeper = path_down(r, "properties");
		if (properties && map_count_check(r, properties, ARGUMENTS_MAX))
			for (entry = properties->first; entry; entry = entry->next)
				argument_read(r, entry, t);
		path_up(r, deeper);
		required_read(r, item, t);
		if (bool_under(r, item, "additionalProperties", false))
			mistake_key(r, yaml_find(item, "additionalProperties"), "false", "a tool gets the arguments that it names and no others");
	}
	path_up(r, up);
}

/* ---- reading: where to ---- */

static bool url_begins(const char *url)
{
	const char *rest;

	if (!strncmp(url, "http://", 7) || !strncmp(url, "https://", 8))
		return url[7] != '/' || url[8];
	if (strncmp(url, "service:", 8) != 0)
		return false;
	rest = url + 8 + strspn(url + 8, "abcdefghijklmnopqrstuvwxyz_");
	return rest > url + 8 && *rest == '/';
}

static void url_names_check(struct reading *r, const struct yaml_item *item, struct tool_spec *t)
{
	const char *scheme = strstr(item->text, "//"), *at = item->text, *bad, *path;
	struct template_part part;

	path = strpbrk(scheme ? scheme + 2 : item->text, "/?#");
	while (template_next(&at, &part, &bad)) {
		struct argument *a = part.is_name ? argument_find(t, part.text, part.len) : NULL;

		if (part.is_name && (!path || part.text < path))
			mistake_value(r, item, "arguments behind the host", "an argument must not choose whose server is asked");
		else if (part.is_name && (!a || !a->required))
			mistake_value(r, item, "a required argument's name", "nothing fills {%.*s} in the address", (int)part.len, part.text);
	}
	if (bad)
		mistake_value(r, item, "{argument}", "a brace without its partner");
}

static void url_read(struct reading *r, const struct yaml_item *map, struct tool_spec *t)
{
	static const char allowed[] = "https://HOST/PATH or service:NAME/PATH";
	const struct yaml_item *item = map_need(r, map, "url", allowed);
	const char *c;
	size_t up = path_down(r, "url");

	t->tool.url = item ? text_of(r, item, URL_MAX) : NULL;
	if (t->tool.url) {
		for (c = t->tool.url; *c > 0x20 && *c < 0x7f; c++)
			;
		if (*c || !url_begins(t->tool.url))
			mistake_value(r, item, allowed, "this is no address of a service");
		else if (strstr(t->tool.url, "secret:"))
			mistake_value(r, item, "a header with secret:NAME", "addresses are logged: a secret does not belong into one");
		else
			url_names_check(r, item, t);
	}
	path_up(r, up);
}

static bool header_name_fits(const char *name)
{
	static const char *const ours[] = { "host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "expect", NULL };
	size_t i;

	for (i = 0; ours[i]; i++)
		if (!strcasecmp(name, ours[i]))
			return false;
	return code_name_length(name) == strlen(name) && *name;
}

static void header_read(struct reading *r, const struct yaml_item *item, struct rulebook_header *headers, struct tool_spec *t)
{
	const char *value;
	size_t up = path_down(r, item->key);

	value = text_of(r, item, HEADER_MAX);
	if (!header_name_fits(item->key))
		mistake_key(r, item, "letters, digits and -; none that a request has anyway", "this header cannot be set");
	if (value && strpbrk(value, "\r\n\t"))
		mistake_value(r, item, "one line", "a header is one line");
	else if (value && (strcasestr(item->key, "auth") || strcasestr(item->key, "key") || strcasestr(item->key, "token")) && !strstr(value, "secret:"))
		mistake_key(r, item, "secret:NAME", "a secret is named, never written into a rule-book");
	headers[t->tool.header_count++] = (struct rulebook_header){ .name = item->key, .value = value ? value : "" };
	path_up(r, up);
}

static void headers_read(struct reading *r, const struct yaml_item *map, struct tool_spec *t)
{
	const struct yaml_item *item = yaml_find(map, "headers"), *entry;
	struct rulebook_header *headers;
	size_t up = path_down(r, "headers");

	if (item && map_count_check(r, item, HEADERS_MAX)) {
		headers = book_alloc(r, item->count * sizeof(*headers));
		for (entry = headers ? item->first : NULL; entry; entry = entry->next)
			header_read(r, entry, headers, t);
		t->tool.headers = headers;
	}
	path_up(r, up);
}

/* ---- reading: the answer ---- */

static bool field_spec_read(struct reading *r, const struct yaml_item *item, struct field *f)
{
	static const char *const keys[] = { "type", "currency", "options", "optional", NULL };
	static const char *const short_types[] = { "text", "number", "date", "time", "digits", "truth", NULL };
	static const enum value_type types[] = { VALUE_TEXT, VALUE_NUMBER, VALUE_DATE, VALUE_TIME, VALUE_DIGITS, VALUE_TRUTH };
	int at;

	if (item->kind == YAML_KIND_SCALAR) {
		at = choice_of(r, item, short_types);
		f->spec.type = at < 0 ? VALUE_TEXT : types[at];
		return at >= 0;
	}
	f->optional = bool_under(r, item, "optional", false);
	return map_check(r, item, keys) && spec_read(r, item, &f->spec);
}

static void fields_read(struct reading *r, const struct yaml_item *map, struct tool_spec *t)
{
	const struct yaml_item *item = yaml_find(map, "result"), *entry;
	size_t up = path_down(r, "result");

	if (item && map_count_check(r, item, FIELDS_MAX))
		for (entry = item->first; entry; entry = entry->next) {
			size_t deeper = path_down(r, entry->key);
			struct field *f = &t->fields[t->field_count];

			*f = (struct field){ .name = entry->key };
			if (name_check(r, entry, entry->key, true) && field_spec_read(r, entry, f))
				t->field_count++;
			path_up(r, deeper);
		}
	path_up(r, up);
}

/* Whether a tool changes something is said, not guessed; GET alone needs no word. */
static void changes_read(struct reading *r, const struct yaml_item *item, struct tool_spec *t)
{
	bool is_get = !strcmp(t->tool.method, "GET");

	if (!is_get)
		map_need(r, item, "changes", "true, false");
	t->tool.changes = bool_under(r, item, "changes", false);
	if (is_get && t->tool.changes)
		mistake_key(r, yaml_find(item, "changes"), "POST, PUT, PATCH, DELETE", "a GET that changes something would be repeated by every proxy");
}

static void tool_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "about", "method", "url", "headers", "arguments", "result", "timeout_ms", "changes", NULL };
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", NULL };
	struct tool_spec *t = &r->book->tools[r->book->tool_count];
	size_t up = path_down(r, item->key);
	int at;

	if (!strcmp(item->key, RULEBOOK_END_TOOL))
		mistake_key(r, item, NULL, "every rule-book has this tool already");
	else if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		*t = (struct tool_spec){ .tool = { .name = item->key, .url = "" }, .item = item };
		map_need(r, item, "about", "what it is for");
		t->tool.about = text_under(r, item, "about", SPOKEN_MAX_BYTES, "");
		at = choice_under(r, item, "method", methods);
		t->tool.method = methods[at < 0 ? 0 : at];
		arguments_read(r, item, t);
		url_read(r, item, t);
		headers_read(r, item, t);
		fields_read(r, item, t);
		t->tool.timeout_ms = (uint32_t)int_under(r, item, "timeout_ms", 0, TIMEOUT_MIN_MS, TIMEOUT_MAX_MS);
		changes_read(r, item, t);
		r->book->tool_count++;
	}
	path_up(r, up);
}

void tools_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "tools"), *entry;
	size_t up = path_down(r, "tools");

	if (item && map_count_check(r, item, BRIEF_TOOLS_MAX - 1))
		for (entry = item->first; entry; entry = entry->next)
			tool_read(r, entry);
	path_up(r, up);
}

/* ---- what others see ---- */

size_t rulebook_tool_count(const struct rulebook *b)
{
	return b->tool_count;
}

void rulebook_tool_at(const struct rulebook *b, size_t index, struct rulebook_tool *out)
{
	*out = b->tools[index].tool;
}

static const struct tool_spec *spec_find(const struct rulebook *b, const char *name)
{
	size_t i;

	for (i = 0; i < b->tool_count; i++)
		if (!strcmp(b->tools[i].tool.name, name))
			return &b->tools[i];
	return NULL;
}

bool rulebook_tool_find(const struct rulebook *b, const char *name, struct rulebook_tool *out)
{
	const struct tool_spec *t = spec_find(b, name);

	if (t)
		*out = t->tool;
	return t != NULL;
}

/* ---- the schema as JSON ---- */

static void micros_json(struct buf *out, const char *key, int64_t micros)
{
	json_put_key(out, key);
	micros_print(out, micros);
}

static void argument_json(const struct argument *a, struct buf *out)
{
	const struct yaml_item *entry;

	json_put_key(out, a->name);
	json_open(out, '{');
	json_pair_string(out, "type", argument_types[a->type]);
	if (*a->description)
		json_pair_string(out, "description", a->description);
	if (a->choices) {
		json_put_key(out, "enum");
		json_open(out, '[');
		for (entry = a->choices->first; entry; entry = entry->next)
			json_put_string(out, entry->text);
		json_close(out, ']');
	}
	if (a->has_min)
		micros_json(out, "minimum", a->min_micros);
	if (a->has_max)
		micros_json(out, "maximum", a->max_micros);
	if (a->max_length)
		json_pair_u64(out, "maxLength", a->max_length);
	json_close(out, '}');
}

void schema_json(const struct tool_spec *t, struct buf *out)
{
	size_t i;

	json_open(out, '{');
	json_pair_string(out, "type", "object");
	json_put_key(out, "properties");
	json_open(out, '{');
	for (i = 0; i < t->argument_count; i++)
		argument_json(&t->arguments[i], out);
	json_close(out, '}');
	json_put_key(out, "required");
	json_open(out, '[');
	for (i = 0; i < t->argument_count; i++)
		if (t->arguments[i].required)
			json_put_string(out, t->arguments[i].name);
	json_close(out, ']');
	json_pair_bool(out, "additionalProperties", false);
	json_close(out, '}');
}

/* ---- judging arguments ---- */

static enum err refuse(struct err_detail *detail, const char *tool, const char *name, const char *why)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s: %.60s %s", tool, name, why);
		snprintf(detail->where, sizeof(detail->where), "%s.%.60s", tool, name);
	}
	return ERR_FORMAT;
}

static bool string_fits(const struct argument *a, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t max = a->max_length ? a->max_length : STRING_MAX, len = 0, i;
	const struct yaml_item *entry;

	if (!a->choices && redact_keyed(text, json_string_length(value)) == json_string_length(value) && *text)
		return true; /* it stands for a number that was keyed in */
	for (i = 0; i < json_string_length(value); i++)
		len += ((unsigned char)text[i] & 0xc0) != 0x80; /* JSON Schema counts characters */
	if (len > max || strlen(text) != json_string_length(value))
		return false;
	for (entry = a->choices ? a->choices->first : NULL; entry; entry = entry->next)
		if (!strcmp(entry->text, text))
			return true;
	return !a->choices;
}

static bool number_fits(const struct argument *a, const json_t *value)
{
	double number = json_number_value(value);

	if (a->type == ARGUMENT_INTEGER && json_is_real(value) && floor(number) != number)
		return false;
	return (!a->has_min || number >= (double)a->min_micros / 1e6) && (!a->has_max || number <= (double)a->max_micros / 1e6);
}

static const char *argument_fault(const struct argument *a, const json_t *value)
{
	switch (a->type) {
	case ARGUMENT_BOOLEAN: return json_is_boolean(value) ? NULL : "is to be true or false";
	case ARGUMENT_STRING:
		if (!json_is_string(value))
			return "is to be a string";
		return string_fits(a, value) ? NULL : a->choices ? "is none of the allowed values" : "is too long";
	case ARGUMENT_INTEGER:
	case ARGUMENT_NUMBER: break;
	}
	if (!json_is_number(value))
		return "is to be a number";
	return number_fits(a, value) ? NULL : "is out of range or not whole";
}

enum err rulebook_tool_check(const struct rulebook *b, const char *tool, const json_t *arguments, struct err_detail *detail)
{
	const struct tool_spec *t = spec_find(b, tool);
	size_t i, known = 0;

	if (!t)
		return ERR_NOTFOUND;
	if (!json_is_object(arguments))
		return refuse(detail, tool, "arguments", "are to be an object");
	for (i = 0; i < t->argument_count; i++) {
		const struct argument *a = &t->arguments[i];
		const json_t *value = json_object_get(arguments, a->name);
		const char *fault = value ? argument_fault(a, value) : a->required ? "is missing" : NULL;

		if (fault)
			return refuse(detail, tool, a->name, fault);
		known += value != NULL;
	}
	return known == json_object_size(arguments) ? ERR_NONE : refuse(detail, tool, "arguments", "have one that is not in the schema");
}

/* ---- judging answers ---- */

static void field_json(const struct field *f, const struct value *v, struct buf *out)
{
	json_put_key(out, f->name);
	if (v->type == VALUE_NUMBER || v->type == VALUE_AMOUNT)
		micros_print(out, v->micros);
	else if (v->type == VALUE_TRUTH)
		json_put_bool(out, v->truth);
	else
		json_put_string(out, v->text);
}

/* A service's text as it can be spoken: on one line, and no longer than an agent may say. Owned; NULL: none. */
static json_t *text_fitted(const json_t *json)
{
	size_t n = utf8_cut(json_string_value(json), json_string_length(json), SPOKEN_MAX_BYTES), i;
	char text[SPOKEN_MAX_BYTES];

	memcpy(text, json_string_value(json), n);
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	return json_stringn(text, n);
}

static bool field_take(const struct field *f, const json_t *json, struct buf *out)
{
	json_t *fitted = f->spec.type == VALUE_TEXT && json_is_string(json) ? text_fitted(json) : json_incref((json_t *)json);
	struct value v;
	bool fits = fitted && value_take(&f->spec, fitted, &v);

	if (fits)
		field_json(f, &v, out);
	json_decref(fitted);
	return fits;
}

enum err rulebook_tool_result(const struct rulebook *b, const char *tool, const json_t *answer, struct buf *out, struct err_detail *detail)
{
	const struct tool_spec *t = spec_find(b, tool);
	size_t i;

	if (!t)
		return ERR_NOTFOUND;
	if (t->field_count && !json_is_object(answer))
		return refuse(detail, tool, "the answer", "is no JSON object");
	json_open(out, '{');
	for (i = 0; i < t->field_count; i++) {
		const json_t *json = json_object_get(answer, t->fields[i].name);

		if (json && !json_is_null(json) && field_take(&t->fields[i], json, out))
			continue;
		if (!t->fields[i].optional || (json && !json_is_null(json)))
			return refuse(detail, tool, t->fields[i].name, json ? "is not of its type" : "is missing in the answer");
	}
	json_close(out, '}');
	return out->err;
}

/* What a call says in every request before its messages: the model and how it answers, its tools, its prompt. */
#include "providers/openai/openai_request.h"

#include <string.h>

#include "base/json.h"
#include "providers/llm_tools.h"

static void tool_put(struct buf *out, const char *name, const char *about, const char *schema, bool is_strict)
{
	json_open(out, '{');
	json_pair_string(out, "type", "function");
	json_put_key(out, "function");
	json_open(out, '{');
	json_pair_string(out, "name", name);
	if (about)
		json_pair_string(out, "description", about);
	json_put_key(out, "parameters");
	buf_text(out, schema);
	if (is_strict)
		json_pair_bool(out, "strict", true);
	json_close(out, '}');
	json_close(out, '}');
}

static enum err tools_put(struct openai_head *h, const struct openai_prompt *p, struct err_detail *detail)
{
	enum err err = llm_tools_put(&h->text, p->tools, p->is_strict, tool_put, &h->has_tools, detail);

	if (err || !h->has_tools)
		return err;
	if (p->tool_choice)
		json_pair_string(&h->text, "tool_choice", p->tool_choice);
	if (p->parallel_tools) {
		json_put_key(&h->text, "parallel_tool_calls");
		buf_text(&h->text, p->parallel_tools);
	}
	return ERR_NONE;
}

static void model_put(struct buf *b, const struct openai_prompt *p)
{
	json_pair_string(b, "model", p->model);
	json_pair_u64(b, p->limit_name, p->max_tokens);
	if (p->temperature) {
		json_put_key(b, "temperature");
		buf_text(b, p->temperature);
	}
	json_pair_bool(b, "stream", true);
	if (!p->has_usage)
		return;
	json_put_key(b, "stream_options");
	json_open(b, '{');
	json_pair_bool(b, "include_usage", true);
	json_close(b, '}');
}

/* One message, whatever it is made of: many templates take no second one. What is the same for most calls comes first. */
static void system_put(struct buf *b, const struct openai_prompt *p)
{
	const char *const parts[] = { p->fixed, llm_notation, p->tenant, p->facts };
	bool is_first = true;
	size_t i;

	json_open(b, '{');
	json_pair_string(b, "role", p->system_role);
	json_put_key(b, "content");
	buf_byte(b, '"');
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i] || !*parts[i])
			continue;
		if (!is_first)
			buf_text(b, "\\n\\n");
		json_put_escaped(b, parts[i], strlen(parts[i]));
		is_first = false;
	}
	buf_text(b, "\"}");
}

enum err openai_head_make(struct openai_head *h, const struct openai_prompt *p, struct err_detail *detail)
{
	enum err err;

	*h = (struct openai_head){ .has_tools = false };
	buf_init(&h->text, OPENAI_PROMPT_MAX_BYTES);
	json_open(&h->text, '{');
	model_put(&h->text, p);
	err = tools_put(h, p, detail);
	if (err)
		return err;
	json_put_key(&h->text, "messages");
	json_open(&h->text, '[');
	system_put(&h->text, p);
	return h->text.err;
}

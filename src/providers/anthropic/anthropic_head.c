/* What a call says in every request before its messages: the model and how it answers, its tools, its prompt. */
#include "providers/anthropic/anthropic_request.h"

#include <string.h>

#include "base/json.h"
#include "providers/llm_tools.h"

enum { BYTES_A_TOKEN = 2 }; /* no fewer in any language that is spoken here: rather a marker too many, which costs nothing */

bool anthropic_cache_pays(const struct anthropic_model *model, size_t bytes)
{
	return bytes >= (size_t)model->cache_min_tokens * BYTES_A_TOKEN;
}

/* ------------------------------------------------------------------ tools */

static void tool_put(struct buf *out, const char *name, const char *about, const char *schema, bool is_strict)
{
	json_open(out, '{');
	json_pair_string(out, "name", name);
	if (about)
		json_pair_string(out, "description", about);
	json_put_key(out, "input_schema");
	buf_text(out, schema);
	if (is_strict)
		json_pair_bool(out, "strict", true);
	json_close(out, '}');
}

/* ------------------------------------------------------------------ how it answers */

static void thinking_put(struct anthropic_head *h, unsigned int effort)
{
	const struct anthropic_model *m = h->model;

	if (!m->thinking_off || (effort && !(m->thinking_off_efforts & effort)))
		return;
	json_put_key(&h->text, "thinking");
	json_open(&h->text, '{');
	json_pair_string(&h->text, "type", m->thinking_off);
	json_close(&h->text, '}');
}

static void effort_put(struct anthropic_head *h, const char *name, unsigned int effort)
{
	if (!(h->model->efforts & effort))
		return;
	json_put_key(&h->text, "output_config");
	json_open(&h->text, '{');
	json_pair_string(&h->text, "effort", name);
	json_close(&h->text, '}');
}

/* ------------------------------------------------------------------ the prompt */

static void part_put(struct anthropic_head *h, const char *text, const char *more, const char *marker)
{
	struct buf *b = &h->text;

	if (!*text && !*more)
		return;
	json_open(b, '{');
	json_pair_string(b, "type", "text");
	json_put_key(b, "text");
	buf_byte(b, '"');
	json_put_escaped(b, text, strlen(text));
	if (*text && *more)
		buf_text(b, "\\n\\n");
	json_put_escaped(b, more, strlen(more));
	buf_byte(b, '"');
	if (marker && anthropic_cache_pays(h->model, b->len))
		buf_text(b, marker);
	json_close(b, '}');
}

static void system_put(struct anthropic_head *h, const struct anthropic_prompt *p)
{
	json_put_key(&h->text, "system");
	json_open(&h->text, '[');
	part_put(h, p->fixed ? p->fixed : "", llm_notation, ANTHROPIC_MARKER_1H);
	part_put(h, p->tenant ? p->tenant : "", "", ANTHROPIC_MARKER);
	part_put(h, p->facts ? p->facts : "", "", NULL);
	json_close(&h->text, ']');
}

enum err anthropic_head_make(struct anthropic_head *h, const struct anthropic_prompt *p, struct err_detail *detail)
{
	unsigned int effort = p->effort ? anthropic_effort_find(p->effort) : 0;
	enum err err;

	*h = (struct anthropic_head){ .model = anthropic_model_find(p->model) };
	buf_init(&h->text, ANTHROPIC_PROMPT_MAX_BYTES);
	json_open(&h->text, '{');
	json_pair_string(&h->text, "model", p->model);
	json_pair_u64(&h->text, "max_tokens", p->max_tokens);
	json_pair_bool(&h->text, "stream", true);
	thinking_put(h, effort);
	effort_put(h, p->effort, effort);
	err = llm_tools_put(&h->text, p->tools, p->is_strict, tool_put, &h->has_tools, detail);
	if (err)
		return err;
	system_put(h, p);
	json_put_key(&h->text, "messages");
	json_open(&h->text, '[');
	return h->text.err;
}

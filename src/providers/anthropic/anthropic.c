#include "providers/anthropic/anthropic.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/http_client.h"
#include "base/num.h"
#include "providers/anthropic/anthropic_reply.h"
#include "providers/anthropic/anthropic_request.h"
#include "providers/anthropic/anthropic_stream.h"
#include "providers/judged.h"

enum {
	ANSWER_MAX_BYTES = 4 << 20,     /* of a stream, all events together */
	ERROR_MAX_BYTES = 8 * 1024,     /* of an error's body; a longer one goes by its status alone */
	URL_MAX_BYTES = 2000
};

/* One place for an answer. Its owner's slot is emptied when all was told; the place is free when the exchange is over as well, so that its
 * connection can be used again, and when no handler of it is running. */
struct llm_answer {
	struct anthropic *owner;
	struct llm_answer **slot;      /* NULL: nobody waits for it any more */
	struct http_exchange *exchange;
	const struct llm_events *events;
	void *arg;
	unsigned int status;
	size_t text_bytes;             /* that were told */
	unsigned int telling;          /* handlers of the HTTP client that are running */
	struct anthropic_stream stream;
	struct buf error;
};

struct anthropic {
	struct http_client *client;
	bool owns_client;
	const char *key; /* borrowed */
	char *url;
	char version[40]; /* a header */
	char model[USAGE_NAME_MAX];
	struct anthropic_head head;
	struct buf body;
	uint64_t connect_us, idle_us, total_us;
	struct anthropic_last last;
	struct llm_answer answers[ANTHROPIC_STREAMS];
};

/* ------------------------------------------------------------------ an answer ends */

static void usage_add(struct anthropic_usage *sum, const struct anthropic_usage *u)
{
	sum->input += u->input;
	sum->cache_write_5m += u->cache_write_5m;
	sum->cache_write_1h += u->cache_write_1h;
	sum->cache_read += u->cache_read;
	sum->output += u->output;
}

/* A message that was not told to its end has more output than the vendor said so far: four bytes are a token. Of one that never began nothing
 * is known. A refusal took no tokens. */
static void answer_used(struct llm_answer *a)
{
	const struct anthropic_usage *told = &a->stream.usage;
	uint64_t said = (a->text_bytes + a->stream.args.len + 3) / 4;
	bool is_whole = a->stream.state == STREAM_COMPLETE, is_refused = a->status && a->status != 200;
	const struct usage u = { .vendor = "anthropic", .model = a->owner->model, .is_estimated = !is_whole && !is_refused,
		.units = { [USAGE_REQUESTS] = 1, [USAGE_INPUT_TOKENS] = told->input, [USAGE_CACHE_READ_TOKENS] = told->cache_read,
			[USAGE_CACHE_WRITE_5M_TOKENS] = told->cache_write_5m, [USAGE_CACHE_WRITE_1H_TOKENS] = told->cache_write_1h,
			[USAGE_OUTPUT_TOKENS] = is_whole ? told->output : num_max(told->output, said) } };

	usage_tell(a->events->used, a->arg, &u);
}

/* Nobody is told anything any more, but what it took. */
static void answer_silence(struct llm_answer *a)
{
	struct anthropic_last *last = &a->owner->last;

	assert(a->slot);
	answer_used(a);
	*a->slot = NULL;
	a->slot = NULL;
	last->usage = a->stream.usage;
	usage_add(&last->total, &a->stream.usage);
}

static void answer_failed(struct llm_answer *a, enum failure why)
{
	const struct llm_events *events = a->events;
	void *arg = a->arg;

	answer_silence(a);
	events->failed(arg, why);
}

/* The handler may cancel, and what it was given lies still: the place is not given away while `telling`. */
static void answer_complete(struct llm_answer *a)
{
	const struct llm_events *events = a->events;
	const struct anthropic_stream *s = &a->stream;
	size_t i, count = s->tool_count;
	uint32_t tokens = (uint32_t)num_min(s->usage.output, UINT32_MAX);
	void *arg = a->arg;

	for (i = 0; i < count && a->slot; i++)
		events->tool(arg, (uint32_t)i, s->tools[i].name, s->tools[i].name_len, (const char *)s->args.data + s->tools[i].from, s->tools[i].len);
	if (!a->slot)
		return;
	answer_silence(a);
	events->done(arg, tokens);
}

/* After what the stream has come to. What is broken needs no more of its bytes; what is complete has but an end to come. */
static void answer_judge(struct llm_answer *a, enum anthropic_state state)
{
	if (!a->slot)
		return;
	if (state == STREAM_COMPLETE) {
		answer_complete(a);
	} else if (state == STREAM_BROKEN) {
		snprintf(a->owner->last.error_type, sizeof(a->owner->last.error_type), "%s", a->stream.error_type);
		http_exchange_cancel(&a->exchange);
		answer_failed(a, a->stream.why);
	}
}

/* ------------------------------------------------------------------ what comes */

static void text_h(void *arg, const char *text, size_t len)
{
	struct llm_answer *a = arg;

	a->text_bytes += len;
	a->events->text(a->arg, text, len);
}

static void head_h(const struct http_answer *answer, void *arg)
{
	struct llm_answer *a = arg;

	a->status = answer->status;
	anthropic_reply_head(&a->owner->last, answer);
}

static void piece_h(const uint8_t *data, size_t len, void *arg)
{
	struct llm_answer *a = arg;

	if (a->status != 200) {
		buf_append(&a->error, data, len);
		return;
	}
	a->telling++;
	answer_judge(a, anthropic_stream_read(&a->stream, data, len));
	a->telling--;
}

/* A stream that is complete was told when it was. */
static void answer_over(struct llm_answer *a, const struct http_answer *answer)
{
	if (!a->status) {
		a->owner->last.status = 0;
		a->owner->last.error_type[0] = '\0';
	}
	if (a->status && a->status != 200)
		answer_failed(a, anthropic_reply_failed(&a->owner->last, a->status, a->error.data, a->error.err ? 0 : a->error.len));
	else if (answer->err)
		answer_failed(a, anthropic_reply_lost(answer->err));
	else
		answer_judge(a, anthropic_stream_end(&a->stream));
}

static void done_h(const struct http_answer *answer, void *arg)
{
	struct llm_answer *a = arg;

	a->telling++;
	if (a->slot)
		answer_over(a, answer);
	a->telling--;
}

static const struct http_exchange_handlers handlers = { .head = head_h, .piece = piece_h, .done = done_h };

/* ------------------------------------------------------------------ llm.h */

/* A free place; else one of which all was told and only the connection's end is waited for. */
static struct llm_answer *place_find(struct anthropic *v)
{
	struct llm_answer *told = NULL;
	unsigned int i;

	for (i = 0; i < ANTHROPIC_STREAMS; i++) {
		struct llm_answer *a = &v->answers[i];

		if (a->slot || a->telling)
			continue;
		if (!a->exchange)
			return a;
		told = a;
	}
	if (told)
		http_exchange_cancel(&told->exchange);
	return told;
}

static enum err exchange_start(struct anthropic *v, struct llm_answer *a)
{
	char key[ANTHROPIC_KEY_MAX_BYTES + 16];
	const char *headers[] = { "Content-Type: application/json", key, v->version, NULL };
	const struct http_ask ask = { .method = HTTP_POST, .url = v->url, .headers = headers, .body = v->body.data, .len = v->body.len,
		.body_max_bytes = ANSWER_MAX_BYTES, .connect_us = v->connect_us, .idle_us = v->idle_us, .total_us = v->total_us };
	struct err_detail detail;
	enum err err;

	snprintf(key, sizeof(key), "x-api-key: %s", v->key);
	err = http_exchange_start(&a->exchange, v->client, &ask, &handlers, a, &detail);
	sodium_memzero(key, sizeof(key));
	return err;
}

static enum err llm_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *arg)
{
	struct anthropic *v = vendor;
	struct llm_answer *a = place_find(v);
	enum err err;

	(void)attempt;
	*ap = NULL;
	if (!a)
		return ERR_BUSY;
	err = anthropic_request_make(&v->head, kind, blocks, count, &v->body);
	if (err)
		return err;
	a->status = 0;
	a->text_bytes = 0;
	a->events = events;
	a->arg = arg;
	anthropic_stream_reset(&a->stream, a);
	buf_reset(&a->error);
	err = exchange_start(v, a);
	if (err)
		return err;
	a->slot = ap;
	*ap = a;
	return ERR_NONE;
}

static void llm_cancel(struct llm_answer **ap)
{
	struct llm_answer *a = *ap;

	if (!a)
		return;
	answer_silence(a);
	anthropic_stream_stop(&a->stream);
	http_exchange_cancel(&a->exchange);
}

const struct llm anthropic_llm = { .name = "anthropic", .start = llm_start, .cancel = llm_cancel };

/* ------------------------------------------------------------------ life */

static enum err options_judge(const struct anthropic_options *o, const struct anthropic_model *model, struct err_detail *detail)
{
	unsigned int version = anthropic_version_find(judged_or(o->api_version, ANTHROPIC_DEFAULT_VERSION));

	if (!judged_is_word(o->key, ANTHROPIC_KEY_MAX_BYTES))
		return judged_wrong(detail, "the key of the model's vendor is none", "", "one line of printable ASCII, without blanks");
	if (!http_is_url(judged_or(o->base_url, ANTHROPIC_DEFAULT_URL)) || strlen(judged_or(o->base_url, "")) > URL_MAX_BYTES)
		return judged_wrong(detail, "the address of the model's vendor is none", "", "write " HTTP_URL_FITTING);
	if (!(version & model->versions))
		return judged_wrong(detail, "this version of the API is not known", judged_or(o->api_version, ""), "2026-10-21 or 2023-06-01");
	if (o->effort && !anthropic_effort_find(o->effort))
		return judged_wrong(detail, "this effort is not known", o->effort, "low, medium, high, xhigh or max");
	if (o->max_tokens > model->answer_max_tokens)
		return judged_wrong(detail, "the model gives no answer of so many tokens", judged_or(o->model, ANTHROPIC_DEFAULT_MODEL),
			"a spoken answer needs 200 to 400");
	return ERR_NONE;
}

static enum err texts_make(struct anthropic *v, const struct anthropic_options *o, struct err_detail *detail)
{
	const struct anthropic_prompt prompt = { .model = judged_or(o->model, ANTHROPIC_DEFAULT_MODEL), .effort = o->effort, .fixed = o->fixed,
		.max_tokens = o->max_tokens ? o->max_tokens : ANTHROPIC_DEFAULT_TOKENS, .tenant = o->tenant, .facts = o->facts, .tools = o->tools,
		.is_strict = o->is_strict };
	const char *base = judged_or(o->base_url, ANTHROPIC_DEFAULT_URL);
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		len--;
	v->key = o->key;
	snprintf(v->model, sizeof(v->model), "%.*s", USAGE_NAME_MAX - 1, prompt.model);
	snprintf(v->version, sizeof(v->version), "anthropic-version: %s", judged_or(o->api_version, ANTHROPIC_DEFAULT_VERSION));
	if (asprintf(&v->url, "%.*s/v1/messages", (int)len, base) < 0)
		v->url = NULL;
	return v->url ? anthropic_head_make(&v->head, &prompt, detail) : ERR_NOMEM;
}

static enum err client_make(struct anthropic *v, uv_loop_t *loop, const struct anthropic_options *o, struct err_detail *detail)
{
	const struct http_client_settings settings = { .ca_file = o->ca_file, .exchanges_max = 2 * ANTHROPIC_STREAMS };

	v->client = o->client;
	v->owns_client = !o->client;
	return o->client ? ERR_NONE : http_client_open(&v->client, loop, &settings, detail);
}

static struct anthropic *vendor_new(const struct anthropic_options *o)
{
	struct anthropic *v = calloc(1, sizeof(*v));
	unsigned int i;

	if (!v)
		return NULL;
	buf_init(&v->head.text, ANTHROPIC_PROMPT_MAX_BYTES);
	buf_init(&v->body, ANTHROPIC_BODY_MAX_BYTES);
	v->connect_us = o->connect_us ? o->connect_us : ANTHROPIC_DEFAULT_CONNECT_US;
	v->idle_us = o->idle_us ? o->idle_us : ANTHROPIC_DEFAULT_IDLE_US;
	v->total_us = o->total_us ? o->total_us : ANTHROPIC_DEFAULT_TOTAL_US;
	for (i = 0; i < ANTHROPIC_STREAMS; i++) {
		v->answers[i].owner = v;
		anthropic_stream_init(&v->answers[i].stream, text_h, &v->answers[i]);
		buf_init(&v->answers[i].error, ERROR_MAX_BYTES);
	}
	return v;
}

enum err anthropic_open(struct anthropic **ap, uv_loop_t *loop, const struct anthropic_options *o, struct err_detail *detail)
{
	enum err err;
	struct anthropic *v;

	*ap = NULL;
	err = options_judge(o, anthropic_model_find(judged_or(o->model, ANTHROPIC_DEFAULT_MODEL)), detail);
	if (err)
		return err;
	v = vendor_new(o);
	if (!v)
		return ERR_NOMEM;
	err = texts_make(v, o, detail);
	if (!err)
		err = client_make(v, loop, o, detail);
	if (err)
		anthropic_close(&v);
	*ap = v;
	return err;
}

void anthropic_close(struct anthropic **ap)
{
	struct anthropic *v = *ap;
	unsigned int i;

	if (!v)
		return;
	*ap = NULL;
	for (i = 0; i < ANTHROPIC_STREAMS; i++) {
		struct llm_answer *a = &v->answers[i];

		assert(!a->telling);
		if (a->slot)
			llm_cancel(a->slot);
		http_exchange_cancel(&a->exchange);
		anthropic_stream_fini(&a->stream);
		buf_fini(&a->error);
	}
	if (v->owns_client)
		http_client_close(&v->client);
	buf_fini(&v->head.text);
	buf_fini(&v->body);
	free(v->url);
	free(v);
}

const struct anthropic_last *anthropic_last(const struct anthropic *v)
{
	return &v->last;
}

const struct anthropic_model *anthropic_model(const struct anthropic *v)
{
	return v->head.model;
}

#include "providers/openai/openai.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/http_client.h"
#include "base/num.h"
#include "providers/judged.h"
#include "providers/openai/openai_reply.h"
#include "providers/openai/openai_request.h"
#include "providers/openai/openai_stream.h"

enum {
	ANSWER_MAX_BYTES = 4 << 20,     /* of a stream, all events together */
	ERROR_MAX_BYTES = 8 * 1024,     /* of an error's body; a longer one goes by its status alone */
	URL_MAX_BYTES = 2000
};

/* One place for an answer. Its owner's slot is emptied when all was told; the place is free when the exchange is over as well, so that its
 * connection can be used again, and when no handler of it is running. */
struct llm_answer {
	struct openai *owner;
	struct llm_answer **slot;      /* NULL: nobody waits for it any more */
	struct http_exchange *exchange;
	const struct llm_events *events;
	void *arg;
	unsigned int status;
	size_t text_bytes;             /* that were told */
	unsigned int telling;          /* handlers of the HTTP client that are running */
	struct openai_stream stream;
	struct buf error;
};

struct openai {
	struct http_client *client;
	bool owns_client;
	const char *key; /* borrowed */
	char *url;
	char model[USAGE_NAME_MAX];
	struct openai_head head;
	struct buf body;
	uint64_t connect_us, idle_us, total_us;
	struct openai_last last;
	struct llm_answer answers[OPENAI_STREAMS];
};

/* ------------------------------------------------------------------ an answer ends */

static void usage_add(struct openai_usage *sum, const struct openai_usage *u)
{
	sum->input += u->input;
	sum->cached += u->cached;
	sum->output += u->output;
}

static size_t args_bytes(const struct openai_stream *s)
{
	size_t i, bytes = 0;

	for (i = 0; i < s->tool_count; i++)
		bytes += s->tools[i].args.len;
	return bytes;
}

/* Counts come with the last chunk, or never: what is not known of the output is estimated, four bytes are a token. A refusal took no tokens. */
static void answer_used(struct llm_answer *a)
{
	const struct openai_usage *told = &a->stream.usage;
	uint64_t said = (a->text_bytes + args_bytes(&a->stream) + 3) / 4;
	bool is_known = told->input || told->cached || told->output, is_refused = a->status && a->status != 200;
	const struct usage u = { .vendor = "openai", .model = a->owner->model, .is_estimated = !is_known && !is_refused,
		.units = { [USAGE_REQUESTS] = 1, [USAGE_INPUT_TOKENS] = told->input, [USAGE_CACHE_READ_TOKENS] = told->cached,
			[USAGE_OUTPUT_TOKENS] = is_known ? told->output : said } };

	usage_tell(a->events->used, a->arg, &u);
}

/* Nobody is told anything any more, but what it took. */
static void answer_silence(struct llm_answer *a)
{
	struct openai_last *last = &a->owner->last;

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
	const struct openai_stream *s = &a->stream;
	size_t i, count = s->tool_count;
	uint32_t tokens = (uint32_t)num_min(s->usage.output, UINT32_MAX);
	void *arg = a->arg;

	for (i = 0; i < count && a->slot; i++)
		events->tool(arg, (uint32_t)i, s->tools[i].name, s->tools[i].name_len, (const char *)s->tools[i].args.data, s->tools[i].args.len);
	if (!a->slot)
		return;
	answer_silence(a);
	events->done(arg, tokens);
}

/* After what the stream has come to. What is broken needs no more of its bytes; what is complete has but an end to come. */
static void answer_judge(struct llm_answer *a, enum openai_state state)
{
	if (!a->slot)
		return;
	if (state == OPENAI_COMPLETE) {
		answer_complete(a);
	} else if (state == OPENAI_BROKEN) {
		snprintf(a->owner->last.error_name, sizeof(a->owner->last.error_name), "%s", a->stream.error_name);
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
	openai_reply_head(&a->owner->last, answer);
}

static void piece_h(const uint8_t *data, size_t len, void *arg)
{
	struct llm_answer *a = arg;

	if (a->status != 200) {
		buf_append(&a->error, data, len);
		return;
	}
	a->telling++;
	answer_judge(a, openai_stream_read(&a->stream, data, len));
	a->telling--;
}

/* A stream that is complete was told when it was; one that is finished wants but [DONE], which not every server sends. */
static void answer_over(struct llm_answer *a, const struct http_answer *answer)
{
	if (!a->status) {
		a->owner->last.status = 0;
		a->owner->last.error_name[0] = '\0';
	}
	if (a->status && a->status != 200)
		answer_failed(a, openai_reply_failed(&a->owner->last, a->status, a->error.data, a->error.err ? 0 : a->error.len));
	else if (answer->err && a->stream.state != OPENAI_FINISHED)
		answer_failed(a, openai_reply_lost(answer->err));
	else
		answer_judge(a, openai_stream_end(&a->stream));
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
static struct llm_answer *place_find(struct openai *v)
{
	struct llm_answer *told = NULL;
	unsigned int i;

	for (i = 0; i < OPENAI_STREAMS; i++) {
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

static enum err exchange_start(struct openai *v, struct llm_answer *a)
{
	char key[OPENAI_KEY_MAX_BYTES + 32];
	const char *headers[] = { "Content-Type: application/json", v->key && *v->key ? key : NULL, NULL };
	const struct http_ask ask = { .method = HTTP_POST, .url = v->url, .headers = headers, .body = v->body.data, .len = v->body.len,
		.body_max_bytes = ANSWER_MAX_BYTES, .connect_us = v->connect_us, .idle_us = v->idle_us, .total_us = v->total_us };
	struct err_detail detail;
	enum err err;

	snprintf(key, sizeof(key), "Authorization: Bearer %s", v->key ? v->key : "");
	err = http_exchange_start(&a->exchange, v->client, &ask, &handlers, a, &detail);
	sodium_memzero(key, sizeof(key));
	return err;
}

static enum err llm_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *arg)
{
	struct openai *v = vendor;
	struct llm_answer *a = place_find(v);
	enum err err;

	(void)attempt;
	*ap = NULL;
	if (!a)
		return ERR_BUSY;
	err = openai_request_make(&v->head, kind, blocks, count, &v->body);
	if (err)
		return err;
	a->status = 0;
	a->text_bytes = 0;
	a->events = events;
	a->arg = arg;
	openai_stream_reset(&a->stream, a);
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
	openai_stream_stop(&a->stream);
	http_exchange_cancel(&a->exchange);
}

const struct llm openai_llm = { .name = "openai", .start = llm_start, .cancel = llm_cancel };

/* ------------------------------------------------------------------ life */

/* A number that JSON takes: digits, and a fraction maybe. */
static bool temperature_is_good(const char *text)
{
	size_t digits = strspn(text, "0123456789"), fraction;

	if (digits != 1 || text[0] > '2' || !text[1])
		return digits == 1 && text[0] <= '2';
	fraction = text[1] == '.' ? strspn(text + 2, "0123456789") : 0;
	return fraction && fraction <= 4 && !text[2 + fraction] && (text[0] < '2' || strspn(text + 2, "0") == fraction);
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (*words && strcmp(*words, text) != 0)
		words++;
	return *words;
}

static enum err words_judge(const struct openai_options *o, struct err_detail *detail)
{
	static const char *const roles[] = { "system", "developer", NULL }, *const choices[] = { "auto", "none", "required", "", NULL };

	if (o->temperature && *o->temperature && !temperature_is_good(o->temperature))
		return judged_wrong(detail, "this temperature is none", o->temperature, "0 to 2, with at most four decimals: 0.3");
	if (!is_one_of(judged_or(o->system_role, "system"), roles))
		return judged_wrong(detail, "this role of the prompt is not known", o->system_role, "system or developer");
	if (o->tool_choice && !is_one_of(o->tool_choice, choices))
		return judged_wrong(detail, "this choice of tools is not known", o->tool_choice, "auto, none, required, or nothing");
	return ERR_NONE;
}

static enum err options_judge(const struct openai_options *o, struct err_detail *detail)
{
	const char *base = judged_or(o->base_url, OPENAI_DEFAULT_URL);

	if (o->key && *o->key && !judged_is_word(o->key, OPENAI_KEY_MAX_BYTES))
		return judged_wrong(detail, "the key of the model's server is none", "", "one line of printable ASCII, without blanks");
	if (!http_is_url(base) || strlen(base) > URL_MAX_BYTES || strpbrk(base, "?#{"))
		return judged_wrong(detail, "the address of the model's server is none", "", "write " HTTP_URL_FITTING);
	if (!judged_is_word(o->model, OPENAI_MODEL_MAX_BYTES))
		return judged_wrong(detail, "the model has no name", "", "as the server calls it: GET /v1/models lists them");
	if (o->max_tokens > OPENAI_TOKENS_MAX)
		return judged_wrong(detail, "no model gives an answer of so many tokens", o->model, "a spoken answer needs 200 to 400");
	return words_judge(o, detail);
}

/* What is said unless it is told otherwise; NULL: nothing is said. */
static const char *said(const char *given, const char *usual)
{
	return !given ? usual : *given ? given : NULL;
}

static enum err texts_make(struct openai *v, const struct openai_options *o, struct err_detail *detail)
{
	static const char *const limits[] = { [OPENAI_MAX_TOKENS] = "max_tokens", [OPENAI_MAX_COMPLETION_TOKENS] = "max_completion_tokens" };
	static const char *const parallel[] = { [OPENAI_PARALLEL_NO] = "false", [OPENAI_PARALLEL_YES] = "true", [OPENAI_PARALLEL_NOT_SAID] = NULL };
	const struct openai_prompt prompt = { .model = o->model, .max_tokens = o->max_tokens ? o->max_tokens : OPENAI_DEFAULT_TOKENS,
		.limit_name = limits[o->limit_name], .temperature = said(o->temperature, OPENAI_DEFAULT_TEMPERATURE), .has_usage = !o->without_usage,
		.system_role = judged_or(o->system_role, "system"), .tool_choice = said(o->tool_choice, "auto"), .parallel_tools = parallel[o->parallel],
		.fixed = o->fixed, .tenant = o->tenant, .facts = o->facts, .tools = o->tools, .is_strict = o->is_strict };
	const char *base = judged_or(o->base_url, OPENAI_DEFAULT_URL);
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		len--;
	v->key = o->key;
	snprintf(v->model, sizeof(v->model), "%.*s", USAGE_NAME_MAX - 1, o->model);
	if (asprintf(&v->url, "%.*s/v1/chat/completions", (int)len, base) < 0)
		v->url = NULL;
	return v->url ? openai_head_make(&v->head, &prompt, detail) : ERR_NOMEM;
}

static enum err client_make(struct openai *v, uv_loop_t *loop, const struct openai_options *o, struct err_detail *detail)
{
	const struct http_client_settings settings = { .ca_file = o->ca_file, .exchanges_max = 2 * OPENAI_STREAMS };

	v->client = o->client;
	v->owns_client = !o->client;
	return o->client ? ERR_NONE : http_client_open(&v->client, loop, &settings, detail);
}

static struct openai *vendor_new(const struct openai_options *o)
{
	struct openai *v = calloc(1, sizeof(*v));
	unsigned int i;

	if (!v)
		return NULL;
	buf_init(&v->head.text, OPENAI_PROMPT_MAX_BYTES);
	buf_init(&v->body, OPENAI_BODY_MAX_BYTES);
	v->connect_us = o->connect_us ? o->connect_us : OPENAI_DEFAULT_CONNECT_US;
	v->idle_us = o->idle_us ? o->idle_us : OPENAI_DEFAULT_IDLE_US;
	v->total_us = o->total_us ? o->total_us : OPENAI_DEFAULT_TOTAL_US;
	for (i = 0; i < OPENAI_STREAMS; i++) {
		v->answers[i].owner = v;
		openai_stream_init(&v->answers[i].stream, text_h, &v->answers[i]);
		buf_init(&v->answers[i].error, ERROR_MAX_BYTES);
	}
	return v;
}

enum err openai_open(struct openai **ap, uv_loop_t *loop, const struct openai_options *o, struct err_detail *detail)
{
	enum err err;
	struct openai *v;

	*ap = NULL;
	err = options_judge(o, detail);
	if (err)
		return err;
	v = vendor_new(o);
	if (!v)
		return ERR_NOMEM;
	err = texts_make(v, o, detail);
	if (!err)
		err = client_make(v, loop, o, detail);
	if (err)
		openai_close(&v);
	*ap = v;
	return err;
}

void openai_close(struct openai **ap)
{
	struct openai *v = *ap;
	unsigned int i;

	if (!v)
		return;
	*ap = NULL;
	for (i = 0; i < OPENAI_STREAMS; i++) {
		struct llm_answer *a = &v->answers[i];

		assert(!a->telling);
		if (a->slot)
			llm_cancel(a->slot);
		http_exchange_cancel(&a->exchange);
		openai_stream_fini(&a->stream);
		buf_fini(&a->error);
	}
	if (v->owns_client)
		http_client_close(&v->client);
	buf_fini(&v->head.text);
	buf_fini(&v->body);
	free(v->url);
	free(v);
}

const struct openai_last *openai_last(const struct openai *v)
{
	return &v->last;
}

/* A model's vendor as a server on loopback, and a call that listens to its adapter: one of each a test. Whoever includes it says before which vendor:
 * KIT_VENDOR (its struct), KIT_LLM (its table), KIT_CLOSE, KIT_PATH. */
#ifndef LLMSERVER_H
#define LLMSERVER_H

#include "llmkit.h"

#include "base/http_client.h"
#include "base/http_server.h"

enum { KIT_REQUESTS = 12 };

#define KIT_KEY "key-of-the-test"

/* ---- the server ---- */

/* How a request is answered: a status, headers, a body in pieces of so many bytes, one a turn of the loop, and an end. */
enum kit_end { KIT_ENDS, KIT_CUTS, KIT_HOLDS };

struct kit_reply {
	unsigned int status;
	const struct http_header *headers;
	const char *body;
	size_t len, step; /* step 0: all at once */
	enum kit_end end;
};

struct kit_stream {
	struct kit *kit;
	struct http_stream *stream;
	struct kit_reply reply;
	size_t sent;
	uv_timer_t timer;
};

struct kit {
	uv_loop_t loop;
	struct http_server *server;
	uv_timer_t guard;
	KIT_VENDOR *vendor;
	struct kit_reply reply;
	char url[100];
	/* what came */
	unsigned int requests, gone;
	char *body, key[100], version[40], type[60], bearer[10], authorization[120], path[100];
	struct kit_stream streams[KIT_REQUESTS];
	bool closed;
};

static inline void kit_stream_gone(struct http_stream *s, void *arg)
{
	struct kit_stream *k = arg;

	(void)s;
	k->stream = NULL;
	k->kit->gone++;
	uv_timer_stop(&k->timer);
}

static const struct http_stream_handlers kit_stream_handlers = { .gone = kit_stream_gone };

static inline void kit_send(uv_timer_t *timer)
{
	struct kit_stream *k = timer->data;
	size_t left = k->reply.len - k->sent, n = k->reply.step && k->reply.step < left ? k->reply.step : left;

	if (!k->stream)
		return;
	if (n)
		assert_int_equal(http_stream_write(k->stream, k->reply.body + k->sent, n), ERR_NONE);
	k->sent += n;
	if (n < left) {
		uv_timer_start(timer, kit_send, 0, 0);
	} else if (k->reply.end != KIT_HOLDS) {
		struct http_stream *s = k->stream;

		k->stream = NULL;
		if (k->reply.end == KIT_CUTS)
			http_stream_cut(s);
		else
			http_stream_end(s);
	}
}

static inline void kit_note(struct kit *k, struct http_request *r)
{
	const char *key = http_header(r, "x-api-key"), *version = http_header(r, "anthropic-version"), *type = http_header(r, "content-type");
	size_t len;
	const void *body = http_body(r, &len);

	free(k->body);
	k->body = strndup(body, len);
	snprintf(k->key, sizeof(k->key), "%s", key ? key : "-");
	snprintf(k->version, sizeof(k->version), "%s", version ? version : "-");
	snprintf(k->type, sizeof(k->type), "%s", type ? type : "-");
	snprintf(k->bearer, sizeof(k->bearer), "%s", http_header(r, "authorization") ? "yes" : "no");
	snprintf(k->authorization, sizeof(k->authorization), "%s", http_header(r, "authorization") ? http_header(r, "authorization") : "-");
	snprintf(k->path, sizeof(k->path), "%s", http_target(r));
}

static inline void kit_request(struct http_request *r, void *arg)
{
	struct kit *k = arg;
	struct kit_stream *s = &k->streams[k->requests++ % KIT_REQUESTS];

	kit_note(k, r);
	s->kit = k;
	s->reply = k->reply;
	s->sent = 0;
	s->timer.data = s;
	s->stream = http_stream_open(r, k->reply.status, k->reply.headers, &kit_stream_handlers, s);
	if (s->stream)
		uv_timer_start(&s->timer, kit_send, 0, 0);
}

static const struct http_route kit_routes[] = {
	{ HTTP_POST, KIT_PATH, kit_request, ROUTE_OPEN, 8 << 20 },
	{ .method = HTTP_METHOD_NONE },
};

/* ---- the beginning and the end ---- */

static inline void kit_open(struct kit *k)
{
	const struct http_settings settings = { .listen = "127.0.0.1:0", .linger_us = 100000 };
	struct err_detail detail;
	unsigned int i;

	memset(k, 0, sizeof(*k));
	assert_int_equal(uv_loop_init(&k->loop), 0);
	assert_int_equal(http_server_open(&k->server, &k->loop, &settings, &detail), ERR_NONE);
	assert_int_equal(http_server_mount(k->server, kit_routes, k), ERR_NONE);
	uv_timer_init(&k->loop, &k->guard);
	for (i = 0; i < KIT_REQUESTS; i++)
		uv_timer_init(&k->loop, &k->streams[i].timer);
	snprintf(k->url, sizeof(k->url), "http://127.0.0.1:%u", http_server_port(k->server));
}

static inline void kit_closed(void *arg)
{
	((struct kit *)arg)->closed = true;
}

static inline void kit_close(struct kit *k)
{
	unsigned int i;

	KIT_CLOSE(&k->vendor);
	for (i = 0; i < KIT_REQUESTS; i++)
		uv_close((uv_handle_t *)&k->streams[i].timer, NULL);
	uv_close((uv_handle_t *)&k->guard, NULL);
	http_server_close(&k->server, kit_closed, k);
	uv_run(&k->loop, UV_RUN_DEFAULT);
	assert_true(k->closed);
	assert_int_equal(uv_loop_close(&k->loop), 0);
	free(k->body);
}

static inline void kit_guard(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

static inline void kit_until(struct kit *k, const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&k->guard, kit_guard, 8000, 0);
	while (*count < wanted)
		uv_run(&k->loop, UV_RUN_ONCE);
	uv_timer_stop(&k->guard);
	assert_int_equal(*count, wanted);
}

static inline void kit_due(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Turns the loop for so long: to see that something does not happen. */
static inline void kit_for(struct kit *k, uint64_t ms)
{
	bool due = false;

	k->guard.data = &due;
	uv_timer_start(&k->guard, kit_due, ms, 0);
	while (!due)
		uv_run(&k->loop, UV_RUN_ONCE);
}

static inline void kit_says(struct kit *k, unsigned int status, const char *body, enum kit_end end)
{
	k->reply = (struct kit_reply){ .status = status, .body = body, .len = strlen(body), .end = end };
}

/* ---- a call that listens ---- */

/* What a call was told, in order: "t:words" "u0:name{…}" "d:38" "f:1". */
struct listener {
	struct llm_answer *answer;
	char told[4000];
	unsigned int texts, tools, ends, uses;
	struct usage used;
	enum { ON_NONE, ON_TEXT, ON_TOOL, ON_DONE, ON_FAILED } cancels_on, asks_on;
	struct listener *victim; /* whom it cancels */
};

static struct kit kit;
static struct blocks blocks;
static struct listener l, other;

static inline void begin_answer(struct listener *to);

static inline void act(struct listener *to, unsigned int on)
{
	if (to->cancels_on == on)
		KIT_LLM.cancel(&to->victim->answer);
	if (to->asks_on == on) {
		to->asks_on = ON_NONE;
		begin_answer(&other);
	}
}

static inline void tell(struct listener *to, const char *what, const char *text, size_t len)
{
	size_t at = strlen(to->told);

	assert_true(at + len + 40 < sizeof(to->told));
	snprintf(to->told + at, sizeof(to->told) - at, "%s%.*s|", what, (int)len, text);
}

static inline void on_text(void *arg, const char *text, size_t len)
{
	struct listener *to = arg;

	assert_non_null(to->answer);
	to->texts++;
	tell(to, "", text, len);
	act(to, ON_TEXT);
}

static inline void on_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct listener *to = arg;
	char text[200];
	int len = snprintf(text, sizeof(text), "%u:%.*s%.*s", index, (int)name_len, name, (int)args_len, args);

	assert_non_null(to->answer);
	to->tools++;
	tell(to, "tool ", text, (size_t)len);
	act(to, ON_TOOL);
}

static inline void on_done(void *arg, uint32_t tokens)
{
	struct listener *to = arg;
	char text[20];
	int len = snprintf(text, sizeof(text), "%u", tokens);

	assert_null(to->answer); /* emptied before */
	assert_int_equal(to->uses, 1);
	to->ends++;
	tell(to, "done ", text, (size_t)len);
	act(to, ON_DONE);
}

static inline void on_failed(void *arg, enum failure why)
{
	static const char *const names[] = { "died", "busy", "garbage", "refused" };
	struct listener *to = arg;

	assert_null(to->answer);
	assert_int_equal(to->uses, 1);
	to->ends++;
	tell(to, "failed ", names[why], strlen(names[why]));
	act(to, ON_FAILED);
}

static inline void on_used(void *arg, const struct usage *usage)
{
	struct listener *to = arg;

	to->uses++;
	to->used = *usage;
}

static const struct llm_events events = { .text = on_text, .tool = on_tool, .done = on_done, .failed = on_failed, .used = on_used };

static inline void begin_answer(struct listener *to)
{
	to->uses = 0;
	assert_int_equal(KIT_LLM.start(kit.vendor, &to->answer, ASK_PLAIN, 1, blocks.at, blocks.count, &events, to), ERR_NONE);
	assert_non_null(to->answer);
}

static inline void ask(void)
{
	l = (struct listener){ .victim = &l };
	begin_answer(&l);
	kit_until(&kit, &l.ends, 1);
}

/* All of that words told in one piece or many are the same. */
static inline const char *told(struct listener *to)
{
	static char joined[sizeof(l.told)];
	char *w = joined;
	const char *r;

	for (r = to->told; *r; r++)
		if (*r != '|')
			*w++ = *r;
	*w = '\0';
	return joined;
}

static inline int kit_begin_with(void **state)
{
	blocks_init(&blocks);
	block_add(&blocks, BLOCK_CALLER, "Good morning");
	memset(&l, 0, sizeof(l));
	memset(&other, 0, sizeof(other));
	l.victim = &l;
	return deadline_start(state);
}

static inline int kit_end_all(void **state)
{
	kit_close(&kit);
	blocks_fini(&blocks);
	return deadline_stop(state);
}

#endif

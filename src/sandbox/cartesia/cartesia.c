/* Cartesia as a server: the WebSocket with its contexts, and sound by one request. */
#include "sandbox/cartesia/cartesia.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { BODY_MAX_BYTES = 1 << 20 };

static struct voices *voices_of(const struct vendor *v)
{
	return v->state;
}

/* ------------------------------------------------------------------ refusals */

/* From 2026-03-01 on with a code, before as one text. */
static void refuse_with(struct vendor *v, struct http_request *r, const struct asking_refusal *refusal)
{
	uint8_t memory[1024];
	struct buf b;
	char id[37];

	vendor_uuid(v, id);
	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_string(&b, "error_code", refusal->code);
	json_pair_string(&b, "title", refusal->title);
	json_pair_string(&b, "message", refusal->message);
	json_pair_string(&b, "request_id", id);
	json_close(&b, '}');
	http_reply_json(r, refusal->status, &b);
}

static void cartesia_refuse(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	struct asking_refusal refusal = { status, status == 429 ? "concurrency_limited" : NULL, "Scripted", "scripted by the sandbox" };

	(void)retry_after_ms; /* the vendor tells none */
	refuse_with(v, r, &refusal);
}

static const char *request_judge(struct vendor *v, struct http_request *r)
{
	const char *bearer = http_header(r, "authorization"), *version = asking_version(r);
	bool has_key = http_header(r, "x-api-key") || http_query(r, "api_key") || http_query(r, "access_token") ||
		(bearer && !strncmp(bearer, "Bearer ", 7) && bearer[7]);

	if (!has_key)
		refuse_with(v, r, &(struct asking_refusal){ 401, NULL, "Unauthorized", "a key is required" });
	else if (!version)
		refuse_with(v, r, &(struct asking_refusal){ 400, NULL, "Invalid request", "Cartesia-Version is required, and must be one that there is" });
	return has_key ? version : NULL;
}

/* ------------------------------------------------------------------ the socket */

static void socket_free(struct voice_socket *s)
{
	while (s->contexts)
		context_free(s->contexts);
	clock_timer_stop(&s->idle);
	*s->place = s->next;
	if (s->next)
		s->next->place = s->place;
	free(s);
}

static void on_over(void *arg)
{
	socket_free(arg);
}

static void on_idle(void *arg)
{
	struct voice_socket *s = arg;

	outlet_end(&s->out, WEBSOCKET_NORMAL, "idle for five minutes");
}

static void idle_set(struct voice_socket *s)
{
	clock_timer_set(&s->idle, s->vendor->options->clock, vendor_now_us(s->vendor) + VOICE_IDLE_US, on_idle, s);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct voice_socket *s = arg;
	json_t *request;

	(void)w;
	if (s->has_closed)
		return;
	idle_set(s);
	if (kind == WEBSOCKET_BINARY) {
		asked_binary(s->vendor->asked, s->number, len);
		socket_refuse(s, NULL, &(struct asking_refusal){ 400, NULL, "Invalid request", "messages are JSON texts" });
		return;
	}
	asked_text(s->vendor->asked, s->number, data, len);
	request = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);
	context_hear(s, request);
	json_decref(request);
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct voice_socket *s = arg;

	(void)w;
	(void)end;
	s->has_closed = true;
	clock_timer_stop(&s->idle);
	outlet_gone(&s->out);
}

static const struct websocket_handlers handlers = { .message = on_message, .closed = on_closed };

static void on_socket(struct http_request *r, void *arg)
{
	const struct websocket_settings settings = { .send_max_bytes = HARM_BYTES_MAX + (8 << 20), .send_age_us = 60000000 };
	struct vendor *v = arg;
	struct vendor_turn turn;
	struct voice_socket *s;
	struct websocket *w;
	const char *version = vendor_take(v, r, &turn) ? request_judge(v, r) : NULL;

	if (!version)
		return;
	s = calloc(1, sizeof(*s));
	if (!s) {
		refuse_with(v, r, &(struct asking_refusal){ 500, NULL, "Internal", "no memory" });
		return;
	}
	*s = (struct voice_socket){ .next = voices_of(v)->sockets, .place = &voices_of(v)->sockets, .vendor = v, .number = turn.number, .version = NULL };
	s->version = !strcmp(version, "2026-08-14") ? "2026-08-14" : "2026-03-01"; /* all that makes a difference here */
	if (s->next)
		s->next->place = &s->next;
	voices_of(v)->sockets = s;
	if (http_upgrade(r, NULL, &settings, &handlers, s, &w)) {
		socket_free(s);
		return;
	}
	outlet_open(&s->out, v->options->clock, NULL, w, &turn.harm, on_over, s);
	idle_set(s);
}

/* ------------------------------------------------------------------ bytes */

static void bytes_free(struct voice_bytes *b)
{
	speech_cancel(&b->speech);
	clock_timer_stop(&b->wait);
	*b->place = b->next;
	if (b->next)
		b->next->place = b->place;
	free(b);
}

static void bytes_over(void *arg)
{
	bytes_free(arg);
}

static void bytes_sound(void *arg, const uint8_t *data, size_t len)
{
	struct voice_bytes *b = arg;

	outlet_bytes(&b->out, data, len);
}

static void bytes_done(void *arg, bool is_fine, uint64_t samples)
{
	struct voice_bytes *b = arg;

	(void)is_fine;
	(void)samples;
	outlet_end(&b->out, 0, NULL);
}

static const struct speech_events bytes_events = { .sound = bytes_sound, .done = bytes_done };

static void bytes_gone(struct http_stream *s, void *arg)
{
	struct voice_bytes *b = arg;

	(void)s;
	speech_cancel(&b->speech);
	outlet_gone(&b->out);
}

static const struct http_stream_handlers bytes_handlers = { .gone = bytes_gone };

static void bytes_begin(void *arg)
{
	static const struct http_header headers[] = { { "Content-Type", "audio/raw" }, { NULL, NULL } };
	struct voice_bytes *b = arg;
	struct vendor *v = b->vendor;
	struct http_stream *stream = http_stream_open(b->request, 200, headers, &bytes_handlers, b);

	b->request = NULL;
	b->is_open = true;
	outlet_open(&b->out, v->options->clock, stream, NULL, &b->harm, bytes_over, b);
	if (stream && speech_start(&b->speech, &v->options->agent, &b->format, "en-US", b->text, b->len, &bytes_events, b))
		outlet_end(&b->out, 0, NULL);
}

static void request_gone(struct http_request *r, void *arg)
{
	(void)r;
	bytes_free(arg);
}

static bool bytes_read(struct voice_bytes *b, struct http_request *r, const char *version, struct asking_refusal *refusal)
{
	size_t len;
	const void *data = http_body(r, &len);
	json_t *request = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	struct asking a;
	bool fine = asking_read(&a, request, version, false, refusal);

	if (fine && (!speech_plain(a.transcript, strlen(a.transcript), b->text, &b->len) || !b->len)) {
		*refusal = (struct asking_refusal){ 400, NULL, "Invalid request", "the transcript is empty, or longer than the sandbox speaks at once" };
		fine = false;
	}
	b->format = a.format;
	json_decref(request);
	return fine;
}

static void on_bytes(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct vendor_turn turn;
	struct asking_refusal refusal;
	const char *version = vendor_take(v, r, &turn) ? request_judge(v, r) : NULL;
	struct voice_bytes *b = version ? calloc(1, sizeof(*b)) : NULL;

	if (!version)
		return;
	if (!b) {
		refuse_with(v, r, &(struct asking_refusal){ 500, NULL, "Internal", "no memory" });
		return;
	}
	if (!bytes_read(b, r, version, &refusal)) {
		refuse_with(v, r, &refusal);
		free(b);
		return;
	}
	b->next = voices_of(v)->answers;
	b->place = &voices_of(v)->answers;
	if (b->next)
		b->next->place = &b->next;
	voices_of(v)->answers = b;
	b->vendor = v;
	b->harm = turn.harm;
	b->request = r;
	http_on_gone(r, request_gone, b);
	clock_timer_set(&b->wait, v->options->clock, vendor_now_us(v) + v->options->tts_us, bytes_begin, b);
}

static void on_health(struct http_request *r, void *arg)
{
	static const char body[] = "{\"ok\":true,\"version\":\"sandbox\"}";

	(void)arg;
	http_reply_as(r, 200, "application/json", body, sizeof(body) - 1);
}

/* ------------------------------------------------------------------ the vendor */

static enum err cartesia_begin(struct vendor *v)
{
	v->state = calloc(1, sizeof(struct voices));
	return v->state ? ERR_NONE : ERR_NOMEM;
}

static void cartesia_end(struct vendor *v)
{
	struct voices *all = v->state;

	while (all && all->sockets) {
		outlet_cancel(&all->sockets->out);
		socket_free(all->sockets);
	}
	while (all && all->answers) {
		struct voice_bytes *b = all->answers;

		if (b->request)
			cartesia_refuse(v, b->request, 503, 0);
		else
			outlet_cancel(&b->out);
		bytes_free(b);
	}
	free(all);
	v->state = NULL;
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/", on_health, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/tts/websocket", on_socket, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_POST, "/tts/bytes", on_bytes, ROUTE_OPEN, BODY_MAX_BYTES },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind cartesia_vendor = { .name = "cartesia", .scheme = "http", .routes = routes,
	.settings = "    voice: sandbox\n", /* any name is one */
	.open = cartesia_begin, .close = cartesia_end,
	.refuse = cartesia_refuse };

#include "sandbox/outlet.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"

enum { SOON_US = 1000 };

static const struct log log_here = { .plane = "sandbox", .doing = "answering" };

static void tell(void *arg)
{
	struct outlet *o = arg;

	buf_fini(&o->waiting);
	buf_fini(&o->paced);
	o->over(o->arg);
}

/* In a later turn of the loop: nothing runs from inside a call of the owner's. */
static void finish(struct outlet *o)
{
	if (o->is_over)
		return;
	o->is_over = true;
	o->stream = NULL;
	o->socket = NULL;
	clock_timer_stop(&o->pace);
	clock_timer_set(&o->timer, o->clock, 0, tell, o);
}

static void reset(struct outlet *o)
{
	if (o->stream)
		http_stream_reset(o->stream);
	else if (o->socket)
		websocket_reset(&o->socket);
	finish(o);
}

/* ------------------------------------------------------------------ out */

static void put(struct outlet *o, const void *data, size_t len)
{
	enum err err = ERR_NONE;

	if (o->stream)
		err = http_stream_write(o->stream, data, len);
	else if (o->socket)
		err = websocket_push(o->socket, WEBSOCKET_TEXT, data, len);
	if (err != ERR_NONE && err != ERR_CLOSED) { /* closed: its handler is about to say so */
		log_warn(&log_here, "an answer could not be sent", LOG_ERR(err));
		reset(o);
	}
}

static void close_now(struct outlet *o)
{
	struct http_stream *stream = o->stream;

	if (stream) {
		http_stream_end(stream);
		finish(o);
	} else if (o->socket) {
		websocket_close(o->socket, o->close_code ? o->close_code : WEBSOCKET_NORMAL, NULL); /* `closed` comes */
	}
}

/* The next message of those that wait, or the next byte. */
static size_t drip_next(struct outlet *o, const uint8_t **at)
{
	uint32_t len = 1;

	*at = o->waiting.data + o->waiting_at;
	if (o->socket) {
		memcpy(&len, *at, sizeof(len));
		*at += sizeof(len);
		o->waiting_at += sizeof(len);
	}
	o->waiting_at += len;
	return len;
}

static void drip(void *arg)
{
	struct outlet *o = arg;
	const uint8_t *at;
	size_t len;

	if (o->waiting_at < o->waiting.len) {
		len = drip_next(o, &at);
		put(o, at, len);
	}
	if (o->is_over)
		return;
	if (o->waiting_at < o->waiting.len)
		clock_timer_set(&o->timer, o->clock, clock_now_us(o->clock) + o->harm.every_us, drip, o);
	else if (o->ends)
		close_now(o);
}

static void drip_push(struct outlet *o, const void *data, size_t len)
{
	uint32_t head = (uint32_t)len;

	if (o->waiting_at == o->waiting.len) {
		buf_reset(&o->waiting);
		o->waiting_at = 0;
	}
	if (o->socket)
		buf_append(&o->waiting, &head, sizeof(head));
	buf_append(&o->waiting, data, len);
	if (o->waiting.err)
		reset(o);
	else if (!o->timer.is_set)
		clock_timer_set(&o->timer, o->clock, clock_now_us(o->clock) + o->harm.every_us, drip, o);
}

static void pass_on(struct outlet *o, const void *data, size_t len)
{
	if (!outlet_is_live(o))
		return;
	if (o->drips)
		drip_push(o, data, len);
	else
		put(o, data, len);
}

/* ------------------------------------------------------------------ faults */

static void held_long_enough(void *arg)
{
	reset(arg);
}

static void silence(struct outlet *o)
{
	o->is_silent = true;
	if (o->socket && o->harm.kind == HARM_HALF_OPEN)
		websocket_pause(o->socket, true);
	clock_timer_set(&o->timer, o->clock, clock_now_us(o->clock) + o->harm.hold_us, held_long_enough, o);
}

/* What strikes whoever sends, whatever he sends. The others befall one message (harmed_json). */
static void strike(struct outlet *o)
{
	switch (o->harm.kind) {
	case HARM_STALL:
	case HARM_HALF_OPEN:
		silence(o);
		break;
	case HARM_RESET:
		reset(o);
		break;
	case HARM_DRIP:
		o->drips = true;
		break;
	case HARM_EARLY_CLOSE:
		o->ends = true;
		close_now(o);
		break;
	default:
		break;
	}
}

/* Is it time? Then it has struck. */
static bool strikes_now(struct outlet *o)
{
	if (o->has_struck || o->harm.kind <= HARM_STATUS || o->messages < o->harm.after_messages || o->bytes < o->harm.after_bytes)
		return false;
	o->has_struck = true;
	return true;
}

/* The object with a long member more. */
static void oversize(struct buf *b, const char *json, size_t len, size_t bytes)
{
	uint8_t *room;

	buf_append(b, json, len - 1);
	buf_text(b, ",\"padding\":\"");
	room = buf_reserve(b, bytes);
	if (room) {
		memset(room, 'x', bytes);
		b->len += bytes;
	}
	buf_text(b, "\"}");
}

static void event_send(struct outlet *o, const char *event, const void *json, size_t len)
{
	struct buf b;

	if (o->socket || o->is_plain) {
		pass_on(o, json, len);
		return;
	}
	buf_init(&b, OUTLET_WAITING_MAX);
	if (event)
		buf_printf(&b, "event: %s\n", event);
	buf_text(&b, "data: ");
	buf_append(&b, json, len);
	buf_text(&b, "\n\n");
	if (!b.err)
		pass_on(o, b.data, b.len);
	buf_fini(&b);
}

static void harmed_json(struct outlet *o, const char *event, const char *json, size_t len)
{
	struct buf b;

	if (o->harm.kind == HARM_OVERSIZED && len > 2 && json[len - 1] == '}') {
		buf_init(&b, OUTLET_WAITING_MAX);
		oversize(&b, json, len, o->harm.bytes);
		event_send(o, event, b.data, b.len);
		buf_fini(&b);
		return;
	}
	event_send(o, event, json, o->harm.kind == HARM_WRONG_JSON ? len / 2 : len);
	if (o->harm.kind == HARM_DUPLICATE)
		event_send(o, event, json, len);
}

/* ------------------------------------------------------------------ the owner's */

void outlet_open(struct outlet *o, struct clock *clock, struct http_stream *stream, struct websocket *socket, const struct harm *harm,
	void (*over)(void *arg), void *arg)
{
	*o = (struct outlet){ .clock = clock, .stream = stream, .socket = socket, .harm = *harm, .over = over, .arg = arg };
	buf_init(&o->waiting, OUTLET_WAITING_MAX);
	buf_init(&o->paced, OUTLET_WAITING_MAX);
	if (!stream && !socket)
		finish(o);
}

bool outlet_is_live(const struct outlet *o)
{
	return !o->is_over && !o->is_silent && (o->stream || o->socket) && !o->ends;
}

static void json_send(struct outlet *o, const char *event, const char *json, size_t len)
{
	bool strikes = outlet_is_live(o) && strikes_now(o);

	if (strikes)
		strike(o);
	if (!outlet_is_live(o))
		return;
	if (strikes)
		harmed_json(o, event, json, len);
	else
		event_send(o, event, json, len);
	o->messages++;
	o->bytes += len;
}

/* ------------------------------------------------------------------ what is said later */

static void end_now(struct outlet *o, uint16_t code, const char *reason)
{
	if (o->is_over || o->ends || o->is_silent)
		return;
	o->ends = true;
	o->close_code = code;
	if (o->drips && o->waiting_at < o->waiting.len)
		return; /* the drip ends it */
	if (o->socket)
		websocket_close(o->socket, code, reason);
	else
		close_now(o);
}

struct paced_message {
	uint64_t at_us;
	const char *event;
	size_t len; /* of the JSON behind it; PACED_END: nothing more is to be said */
};

#define PACED_END SIZE_MAX

static bool is_pacing(const struct outlet *o)
{
	return o->paced_at < o->paced.len || clock_now_us(o->clock) < o->paced_us;
}

/* All that is due. */
static void on_pace(void *arg)
{
	struct outlet *o = arg;
	struct paced_message m;

	while (!o->is_over && o->paced_at < o->paced.len) {
		memcpy(&m, o->paced.data + o->paced_at, sizeof(m));
		if (m.at_us > clock_now_us(o->clock)) {
			clock_timer_set(&o->pace, o->clock, m.at_us, on_pace, o);
			return;
		}
		o->paced_at += sizeof(m);
		if (m.len == PACED_END) {
			end_now(o, 0, NULL);
			return;
		}
		json_send(o, m.event, (const char *)o->paced.data + o->paced_at, m.len);
		o->paced_at += m.len;
	}
}

static void paced_push(struct outlet *o, const char *event, const char *json, size_t len)
{
	const struct paced_message m = { .at_us = o->paced_us, .event = event, .len = len };

	buf_append(&o->paced, &m, sizeof(m));
	if (len != PACED_END)
		buf_append(&o->paced, json, len);
	if (o->paced.err)
		reset(o);
	else if (!o->pace.is_set)
		clock_timer_set(&o->pace, o->clock, m.at_us, on_pace, o);
}

void outlet_wait(struct outlet *o, uint64_t us)
{
	uint64_t now = clock_now_us(o->clock);

	o->paced_us = (o->paced_us > now ? o->paced_us : now) + us;
}

void outlet_json(struct outlet *o, const char *event, const char *json, size_t len)
{
	if (o->paced_us && is_pacing(o) && outlet_is_live(o))
		paced_push(o, event, json, len);
	else
		json_send(o, event, json, len);
}

void outlet_bytes(struct outlet *o, const void *data, size_t len)
{
	assert(!o->socket);
	if (outlet_is_live(o) && strikes_now(o))
		strike(o);
	pass_on(o, data, len);
	o->messages++;
	o->bytes += len;
}

void outlet_end(struct outlet *o, uint16_t code, const char *reason)
{
	if (o->stream && o->paced_us && is_pacing(o) && outlet_is_live(o))
		paced_push(o, NULL, NULL, PACED_END);
	else
		end_now(o, code, reason);
}

void outlet_gone(struct outlet *o)
{
	o->stream = NULL;
	o->socket = NULL;
	finish(o);
}

void outlet_cancel(struct outlet *o)
{
	clock_timer_stop(&o->timer);
	clock_timer_stop(&o->pace);
	if (!o->is_over && o->stream)
		http_stream_cut(o->stream);
	websocket_free(&o->socket);
	buf_fini(&o->waiting);
	buf_fini(&o->paced);
	o->is_over = true;
	o->stream = NULL;
}

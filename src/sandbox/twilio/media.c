/* A line's media socket, as Twilio opens it: `connected`, `start`, a frame of the caller's each 20 ms by the clock, marks back when what was queued
 * before them has been played, all of them at once on `clear`. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/twilio/twilio.h"

enum {
	FRAMES_AT_ONCE = 100,     /* that are late */
	MESSAGE_MAX = 4096,
	SEND_MAX_BYTES = 1 << 20
};

struct media {
	struct line *line;
	struct vendor *vendor;
	struct websocket *socket;
	char sid[LINE_SID_MAX];
	struct verb verb;          /* its <Connect> */
	bool is_open, is_half_open;
	struct harm harm;
	uint64_t sequence, sent;   /* messages, frames */
	uint64_t began_us;
	struct person person;
	struct clock_timer timer;
};

/* ------------------------------------------------------------------ out */

static void begin(struct media *m, struct buf *b, void *memory, const char *event)
{
	char number[24];

	buf_over(b, memory, MESSAGE_MAX);
	json_open(b, '{');
	json_pair_string(b, "event", event);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)++m->sequence);
	json_pair_string(b, "sequenceNumber", number);
	json_pair_string(b, "streamSid", m->sid);
	json_put_key(b, event);
	json_open(b, '{');
}

static void push(struct media *m, struct buf *b)
{
	if (b->err || websocket_push(m->socket, WEBSOCKET_TEXT, b->data, b->len))
		return; /* it is closing, or takes nothing any more: `closed` comes */
}

static void end(struct media *m, struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
	push(m, b);
}

static void connected_say(struct media *m)
{
	static const char text[] = "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}";

	if (websocket_push(m->socket, WEBSOCKET_TEXT, text, sizeof(text) - 1))
		return;
}

static void start_say(struct media *m)
{
	uint8_t memory[MESSAGE_MAX];
	struct buf b;

	begin(m, &b, memory, "start");
	json_pair_string(&b, "accountSid", m->line->account);
	json_pair_string(&b, "streamSid", m->sid);
	json_pair_string(&b, "callSid", m->line->sid);
	buf_text(&b, ",\"tracks\":[\"inbound\"],\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1}");
	json_put_key(&b, "customParameters");
	json_open(&b, '{');
	for (size_t i = 0; i < m->verb.param_count; i++)
		json_pair_string(&b, m->verb.params[i].name, m->verb.params[i].value);
	json_close(&b, '}');
	end(m, &b);
}

static void frame_say(struct media *m, const uint8_t frame[PERSON_FRAME])
{
	char payload[sodium_base64_ENCODED_LEN(PERSON_FRAME, sodium_base64_VARIANT_ORIGINAL)], number[24];
	uint8_t memory[MESSAGE_MAX];
	struct buf b;

	sodium_bin2base64(payload, sizeof(payload), frame, PERSON_FRAME, sodium_base64_VARIANT_ORIGINAL);
	begin(m, &b, memory, "media");
	json_pair_string(&b, "track", "inbound");
	snprintf(number, sizeof(number), "%llu", (unsigned long long)m->sent + 1);
	json_pair_string(&b, "chunk", number);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)m->sent * (PERSON_FRAME_US / 1000));
	json_pair_string(&b, "timestamp", number);
	json_pair_string(&b, "payload", payload);
	end(m, &b);
}

static void mark_say(struct media *m, const char *name)
{
	uint8_t memory[MESSAGE_MAX];
	struct buf b;

	begin(m, &b, memory, "mark");
	json_pair_string(&b, "name", name);
	end(m, &b);
}

static void stop_say(struct media *m)
{
	uint8_t memory[MESSAGE_MAX];
	struct buf b;

	begin(m, &b, memory, "stop");
	json_pair_string(&b, "accountSid", m->line->account);
	json_pair_string(&b, "callSid", m->line->sid);
	end(m, &b);
}

/* ------------------------------------------------------------------ what the agent says */

static void marks_return(struct media *m, uint64_t now)
{
	const char *name;

	while ((name = person_mark_due(&m->person, now)))
		mark_say(m, name);
}

static void sound_take(struct media *m, const char *payload, uint64_t now)
{
	size_t chars = payload ? strlen(payload) : 0, samples = chars / 4 * 3;

	while (chars && payload[chars - 1] == '=') {
		chars--;
		samples--;
	}
	person_hear(&m->person, samples * 1000000 / 8000, now);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct media *m = arg;
	json_t *message = kind == WEBSOCKET_TEXT && !m->is_half_open ? json_loadb((const char *)data, len, 0, NULL) : NULL;
	const char *event = json_string_value(json_object_get(message, "event")), *sid = json_string_value(json_object_get(message, "streamSid"));
	uint64_t now = vendor_now_us(m->vendor);

	(void)w;
	if (!event || !sid || strcmp(sid, m->sid) != 0) {
		/* 31951: told once in the debugger, and passed over */
	} else if (!strcmp(event, "media")) {
		sound_take(m, json_string_value(json_object_get(json_object_get(message, "media"), "payload")), now);
	} else if (!strcmp(event, "mark")) {
		person_mark(&m->person, json_string_value(json_object_get(json_object_get(message, "mark"), "name")), now);
		marks_return(m, now);
	} else if (!strcmp(event, "clear")) {
		person_clear(&m->person, now);
		marks_return(m, now);
	}
	json_decref(message);
}

/* ------------------------------------------------------------------ what the caller says */

static void frame_next(struct media *m)
{
	uint8_t frame[PERSON_FRAME];

	person_say(&m->person, frame);
	frame_say(m, frame);
	m->sent++;
}

/* True: the socket went. */
static bool harmed(struct media *m)
{
	if (m->harm.kind <= HARM_STATUS || m->sent < m->harm.after_messages)
		return false;
	if (m->harm.kind == HARM_HALF_OPEN || m->harm.kind == HARM_STALL) {
		m->is_half_open = true;
		websocket_pause(m->socket, m->harm.kind == HARM_HALF_OPEN);
	} else if (m->harm.kind == HARM_RESET) {
		websocket_reset(&m->socket);
		line_media_closed(m->line); /* frees it */
		return true;
	}
	m->harm.kind = HARM_NONE;
	return false;
}

static void on_time(void *arg)
{
	struct media *m = arg;
	uint64_t now = vendor_now_us(m->vendor);

	if (harmed(m) || m->is_half_open)
		return;
	for (unsigned int n = 0; n < FRAMES_AT_ONCE && m->began_us + m->sent * PERSON_FRAME_US <= now; n++) {
		if (!person_step(&m->person, now)) {
			line_caller_left(m->line);
			return;
		}
		frame_next(m);
	}
	marks_return(m, now);
	clock_timer_set(&m->timer, m->vendor->options->clock, m->began_us + m->sent * PERSON_FRAME_US, on_time, m);
}

/* ------------------------------------------------------------------ life */

static void on_opened(struct websocket *w, void *arg)
{
	struct media *m = arg;

	(void)w;
	m->is_open = true;
	m->began_us = vendor_now_us(m->vendor);
	connected_say(m);
	start_say(m);
	clock_timer_set(&m->timer, m->vendor->options->clock, m->began_us, on_time, m);
}

static void on_closed(struct websocket *w, const struct websocket_end *how, void *arg)
{
	struct media *m = arg;

	(void)w;
	(void)how;
	m->socket = NULL;
	line_media_closed(m->line);
}

static const struct websocket_handlers handlers = { .opened = on_opened, .message = on_message, .closed = on_closed };

bool media_open(struct line *l, const struct verb *verb)
{
	const struct websocket_settings settings = { .send_max_bytes = SEND_MAX_BYTES };
	char signature[32], header[96];
	const char *const headers[] = { header, "User-Agent: TwilioProxy/1.1", NULL };
	const struct websocket_target target = { .url = verb->url, .headers = headers };
	const struct webhook_pairs nothing = { .count = 0 };
	struct media *m = calloc(1, sizeof(*m));
	struct err_detail detail;

	if (!m)
		return false;
	*m = (struct media){ .line = l, .vendor = l->vendor, .verb = *verb, .harm = harms_take(l->vendor->harms, l->vendor->kind->name, "/media") };
	person_init(&m->person, &l->all->phones, &l->phone, &l->step);
	vendor_id(l->vendor, "MZ00000000000000000000", m->sid, sizeof(m->sid));
	if (!webhook_sign(verb->url, &nothing, l->token, signature)) {
		free(m);
		return false;
	}
	snprintf(header, sizeof(header), "X-Twilio-Signature: %s", signature);
	if (websocket_connect(&m->socket, l->all->loop, &target, &settings, &handlers, m, &detail)) {
		free(m);
		return false;
	}
	l->media = m;
	l->streams++;
	return true;
}

void media_end(struct line *l, bool tells)
{
	struct media *m = l->media;

	clock_timer_stop(&m->timer);
	if (m->is_open && tells && !m->is_half_open)
		stop_say(m);
	websocket_close(m->socket, WEBSOCKET_NORMAL, NULL);
}

void media_free(struct line *l)
{
	struct media *m = l->media;

	l->media = NULL;
	if (!m)
		return;
	clock_timer_stop(&m->timer);
	websocket_free(&m->socket);
	free(m);
}

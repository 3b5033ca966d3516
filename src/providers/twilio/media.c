#include "providers/twilio/media.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/json_scan.h"

enum { BASE64_MAX = TWILIO_SEND_SAMPLES * 4 / 3 + 8, USUAL_BASE64 = 512 /* 48 ms; frames have 20 */ };

/* What a message says, as far as we look. Strings point into it. */
struct heard {
	struct json_item event, stream, payload, timestamp, track, mark, digit;
	struct json_item encoding, rate, channels;
	struct media_start *start; /* NULL: it was heard before */
	unsigned int in;  /* enum part: inside which object of depth 1 */
	bool parameters;  /* inside start.customParameters */
	bool format;
};

enum part { PART_NONE, PART_START, PART_MEDIA, PART_DTMF, PART_MARK };

static void broken(struct twilio_media *m, const char *what)
{
	struct err_detail detail = { .message = "" };

	snprintf(detail.message, sizeof(detail.message), "the carrier's media socket broke its protocol: %s", what);
	snprintf(detail.where, sizeof(detail.where), "%s", m->stream);
	m->is_over = true;
	m->events->broken(m->arg, &detail);
}

/* ------------------------------------------------------------------ reading */

/* Into a fixed text; too long or broken escapes: empty. */
static void text_put(const struct json_item *item, char *out, size_t size)
{
	size_t len = 0;

	if (item->kind != JSON_SCAN_STRING || item->len >= size || json_scan_text(item, out, size - 1, &len))
		len = 0;
	out[len] = '\0';
}

static bool text_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

/* Twilio's counters are strings of digits. */
static bool number_of(const struct json_item *item, uint64_t *number)
{
	size_t i;

	*number = 0;
	if ((item->kind != JSON_SCAN_STRING && item->kind != JSON_SCAN_NUMBER) || !item->len || item->len > 15)
		return false;
	for (i = 0; i < item->len; i++) {
		if (item->text[i] < '0' || item->text[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(item->text[i] - '0');
	}
	return true;
}

static void hear_start(struct heard *h, const struct json_item *item)
{
	struct media_start *start = h->start;
	struct media_parameter *p = &start->parameters[start->parameter_count];

	if (h->parameters && item->depth == 3 && start->parameter_count < MEDIA_PARAMETERS && item->key_len < MEDIA_NAME_MAX) {
		snprintf(p->name, sizeof(p->name), "%.*s", (int)item->key_len, item->key);
		text_put(item, p->value, sizeof(p->value));
		start->parameter_count++;
	} else if (h->format && item->depth == 3) {
		if (json_item_is(item, "encoding"))
			h->encoding = *item;
		else if (json_item_is(item, "sampleRate"))
			h->rate = *item;
		else if (json_item_is(item, "channels"))
			h->channels = *item;
	} else if (item->depth == 2) {
		if (json_item_is(item, "callSid"))
			text_put(item, start->call, sizeof(start->call));
		else if (json_item_is(item, "accountSid"))
			text_put(item, start->account, sizeof(start->account));
	}
}

static void hear_value(struct heard *h, const struct json_item *item)
{
	if (item->depth == 1 && json_item_is(item, "event"))
		h->event = *item;
	else if (item->depth == 1 && json_item_is(item, "streamSid"))
		h->stream = *item;
	else if (h->in == PART_START)
		hear_start(h, item);
	else if (h->in == PART_MEDIA && item->depth == 2 && json_item_is(item, "payload"))
		h->payload = *item;
	else if (h->in == PART_MEDIA && item->depth == 2 && json_item_is(item, "timestamp"))
		h->timestamp = *item;
	else if (h->in == PART_MEDIA && item->depth == 2 && json_item_is(item, "track"))
		h->track = *item;
	else if (h->in == PART_DTMF && item->depth == 2 && json_item_is(item, "digit"))
		h->digit = *item;
	else if (h->in == PART_MARK && item->depth == 2 && json_item_is(item, "name"))
		h->mark = *item;
}

static void hear_open(struct heard *h, struct json_scan *s, const struct json_item *item)
{
	if (item->depth == 1 && !item->is_array) {
		h->in = h->start && json_item_is(item, "start") ? PART_START : json_item_is(item, "media") ? PART_MEDIA :
			json_item_is(item, "dtmf") ? PART_DTMF : json_item_is(item, "mark") ? PART_MARK : PART_NONE;
	} else if (item->depth == 2 && h->in == PART_START && json_item_is(item, "customParameters")) {
		h->parameters = true;
	} else if (item->depth == 2 && h->in == PART_START && json_item_is(item, "mediaFormat")) {
		h->format = true;
	} else if (item->depth) {
		json_scan_leave(s);
	}
}

static enum err hear(struct heard *h, const void *data, size_t len)
{
	struct json_scan s;
	struct json_item item;

	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		if (item.kind == JSON_SCAN_OPEN) {
			hear_open(h, &s, &item);
		} else if (item.kind != JSON_SCAN_CLOSE) {
			hear_value(h, &item);
		} else if (item.depth == 2) {
			h->parameters = h->format = false;
		} else if (item.depth == 1) {
			h->in = PART_NONE;
		}
	}
	return s.err;
}

/* ------------------------------------------------------------------ events */

static void on_start(struct twilio_media *m, struct heard *h)
{
	uint64_t rate, channels;

	if (m->has_started) {
		broken(m, "a second start");
		return;
	}
	text_put(&h->stream, m->stream, sizeof(m->stream));
	memcpy(h->start->stream, m->stream, sizeof(m->stream));
	if (!m->stream[0] || strspn(m->stream, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(m->stream))
		broken(m, "a start without a proper streamSid");
	else if (!text_is(&h->encoding, "audio/x-mulaw") || !number_of(&h->rate, &rate) || rate != 8000 || !number_of(&h->channels, &channels) || channels != 1)
		broken(m, "the sound is not audio/x-mulaw, 8000, 1");
	else
		m->has_started = true;
	if (m->has_started)
		m->events->started(m->arg, h->start);
}

/* What lies between the frame's time stamp and the one that was due. */
static void gap_before(struct twilio_media *m, uint64_t at_ms)
{
	uint64_t ahead_ms = at_ms > m->due_ms ? at_ms - m->due_ms : 0;

	if (m->has_time && ahead_ms > TWILIO_JITTER_MS && ahead_ms <= TWILIO_GAP_MAX_MS)
		m->events->gap(m->arg, ahead_ms * 8);
	if (m->has_time && ahead_ms <= TWILIO_JITTER_MS && at_ms + TWILIO_GAP_MAX_MS >= m->due_ms)
		return; /* jitter, or late sound: samples count */
	m->has_time = true;
	m->due_ms = at_ms;
	m->due_part = 0;
}

/* The sound of a payload, told. `text` has no escapes left in it, `room` is enough for it. */
static void sound_tell(struct twilio_media *m, const struct heard *h, const char *text, size_t len, uint8_t *ulaw, size_t room)
{
	uint64_t at_ms;
	size_t samples;

	if (sodium_base642bin(ulaw, room, text, len, NULL, &samples, NULL, sodium_base64_VARIANT_ORIGINAL)) {
		broken(m, "a payload that is no base64");
		return;
	}
	if (number_of(&h->timestamp, &at_ms))
		gap_before(m, at_ms);
	m->due_part += samples;
	m->due_ms += m->due_part / 8;
	m->due_part %= 8;
	if (samples)
		m->events->audio(m->arg, ulaw, samples);
}

/* A payload as nobody sends it: long, or with escapes. A function of its own, because release builds clear what lies on the stack. */
static __attribute__((noinline)) void on_odd_media(struct twilio_media *m, const struct heard *h)
{
	char plain[TWILIO_MESSAGE_MAX_BYTES];
	uint8_t ulaw[TWILIO_MESSAGE_MAX_BYTES];
	size_t len;

	if (json_scan_text(&h->payload, plain, sizeof(plain), &len))
		broken(m, "a payload that is no base64");
	else
		sound_tell(m, h, plain, len, ulaw, sizeof(ulaw));
}

static void on_media(struct twilio_media *m, const struct heard *h)
{
	uint8_t ulaw[USUAL_BASE64];

	if (h->track.kind == JSON_SCAN_STRING && !text_is(&h->track, "inbound"))
		return; /* what Twilio itself plays */
	if (h->payload.kind != JSON_SCAN_STRING)
		broken(m, "a payload that is no base64");
	else if (h->payload.has_escapes || h->payload.len > USUAL_BASE64)
		on_odd_media(m, h);
	else
		sound_tell(m, h, h->payload.text, h->payload.len, ulaw, sizeof(ulaw));
}

/* "u7.2:1600", as we named it. */
static void on_mark(struct twilio_media *m, const struct heard *h)
{
	char name[48];
	struct mark mark;
	int end = 0;

	text_put(&h->mark, name, sizeof(name));
	if (sscanf(name, "u%9" SCNu32 ".%9" SCNu32 ":%9" SCNu32 "%n", &mark.utterance, &mark.take, &mark.samples, &end) == 3 && !name[end])
		m->events->mark(m->arg, &mark);
}

static void on_digit(struct twilio_media *m, const struct heard *h)
{
	if (h->digit.kind == JSON_SCAN_STRING && h->digit.len == 1 && strchr("0123456789*#ABCD", h->digit.text[0]))
		m->events->digit(m->arg, h->digit.text[0]);
}

static void dispatch(struct twilio_media *m, struct heard *h)
{
	char stream[MEDIA_ID_MAX];

	if (text_is(&h->event, "connected"))
		return;
	if (text_is(&h->event, "start")) {
		on_start(m, h);
		return;
	}
	text_put(&h->stream, stream, sizeof(stream));
	if (!m->has_started) {
		broken(m, "a message before start");
	} else if (strcmp(stream, m->stream)) {
		broken(m, "a message of another stream");
	} else if (text_is(&h->event, "media")) {
		on_media(m, h);
	} else if (text_is(&h->event, "mark")) {
		on_mark(m, h);
	} else if (text_is(&h->event, "dtmf")) {
		on_digit(m, h);
	} else if (text_is(&h->event, "stop")) {
		m->is_over = true;
		m->events->stopped(m->arg);
	}
}

static void message(struct twilio_media *m, struct media_start *start, const void *data, size_t len)
{
	struct heard h = { .start = start };

	if (hear(&h, data, len) || h.event.kind != JSON_SCAN_STRING)
		broken(m, "a message that is no JSON object with an event");
	else
		dispatch(m, &h);
}

/* A function of its own: what a start says is large, and most messages are none. */
static __attribute__((noinline)) void message_before_start(struct twilio_media *m, const void *data, size_t len)
{
	struct media_start start = { .parameter_count = 0 };

	message(m, &start, data, len);
}

void twilio_media_message(struct twilio_media *m, bool is_text, const void *data, size_t len)
{
	if (m->is_over)
		return;
	if (!is_text)
		broken(m, "a binary frame");
	else if (len > TWILIO_MESSAGE_MAX_BYTES)
		broken(m, "a message over 64 KB");
	else if (m->has_started)
		message(m, NULL, data, len);
	else
		message_before_start(m, data, len);
}

void twilio_media_init(struct twilio_media *m, const struct media_events *events, void (*push)(void *arg, const char *text, size_t len),
	void (*close)(void *arg), void *arg)
{
	*m = (struct twilio_media){ .events = events, .push = push, .close = close, .arg = arg };
}

/* ------------------------------------------------------------------ media.h */

static void piece_send(struct twilio_media *m, const uint8_t *ulaw, size_t samples)
{
	char text[BASE64_MAX + 128], base64[BASE64_MAX];
	int len;

	sodium_bin2base64(base64, sizeof(base64), ulaw, samples, sodium_base64_VARIANT_ORIGINAL);
	len = snprintf(text, sizeof(text), "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"%s\"}}", m->stream, base64);
	m->push(m->arg, text, (size_t)len);
}

static void media_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct twilio_media *m = socket;

	while (m->has_started && samples) {
		size_t n = samples < TWILIO_SEND_SAMPLES ? samples : TWILIO_SEND_SAMPLES;

		piece_send(m, ulaw, n);
		ulaw += n;
		samples -= n;
	}
}

static void media_mark(void *socket, const struct mark *mark)
{
	struct twilio_media *m = socket;
	char text[256];
	int len = snprintf(text, sizeof(text), "{\"event\":\"mark\",\"streamSid\":\"%s\",\"mark\":{\"name\":\"u%" PRIu32 ".%" PRIu32 ":%" PRIu32 "\"}}",
		m->stream, mark->utterance, mark->take, mark->samples);

	if (m->has_started)
		m->push(m->arg, text, (size_t)len);
}

static void media_clear(void *socket)
{
	struct twilio_media *m = socket;
	char text[128];
	int len = snprintf(text, sizeof(text), "{\"event\":\"clear\",\"streamSid\":\"%s\"}", m->stream);

	if (m->has_started)
		m->push(m->arg, text, (size_t)len);
}

static void media_end(void *socket)
{
	struct twilio_media *m = socket;

	m->close(m->arg);
}

const struct media twilio_media = { .name = "twilio", .send = media_send, .mark = media_mark, .clear = media_clear, .end = media_end };

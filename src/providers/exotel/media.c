#include "providers/exotel/media.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "base/num.h"
#include "providers/exotel/media_parts.h"
#include "providers/exotel/read.h"

enum {
	SLICE_CHARS = 1280, /* of base64: whole groups of four */
	SLICE_BYTES = SLICE_CHARS / 4 * 3,
	WIDE_SAMPLES = 24000 / 50,
	NARROW_MAX_SAMPLES = 2 * EXOTEL_FRAME_SAMPLES /* what 20 ms at any rate give, and what the filter held back */
};

static const uint32_t rates_hz[] = { 8000, 16000, 24000 };

static void broken(struct exotel_media *m, const char *what)
{
	struct err_detail detail = { .message = "" };

	snprintf(detail.message, sizeof(detail.message), "the carrier's media socket broke its protocol: %s", what);
	snprintf(detail.where, sizeof(detail.where), "%s", m->stream);
	m->is_over = true;
	m->pipe.events->broken(m->pipe.arg, &detail);
}

/* ------------------------------------------------------------------ start */

static bool stream_fits(const char *stream)
{
	size_t len = strspn(stream, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

	return len && !stream[len];
}

/* "mulaw" in whatever else its name is made of. */
static bool is_ulaw(const struct json_item *encoding)
{
	char text[64];

	exotel_text_put(encoding, text, sizeof(text));
	return strstr(text, "mulaw") != NULL;
}

/* False: a rate that Exotel does not have. */
static bool rate_take(struct exotel_media *m, const struct json_item *item)
{
	uint64_t rate = m->is_ulaw ? G711_RATE_HZ : m->options.rate_hz;

	if (item->kind && !exotel_number(item, &rate))
		return false;
	for (size_t i = 0; i < sizeof(rates_hz) / sizeof(rates_hz[0]); i++)
		if (rate == rates_hz[i])
			m->rate_hz = rates_hz[i];
	return m->rate_hz && (!m->is_ulaw || m->rate_hz == G711_RATE_HZ);
}

static void spelling_take(struct exotel_media *m, const struct exotel_message *h)
{
	m->is_camel = m->options.keys == EXOTEL_KEYS_CAMEL || (m->options.keys == EXOTEL_KEYS_AUTO && h->is_camel && !h->is_snake);
}

static void on_start(struct exotel_media *m, struct exotel_message *h)
{
	if (m->has_started) {
		broken(m, "a second start");
		return;
	}
	exotel_text_put(&h->stream, m->stream, sizeof(m->stream));
	memcpy(h->start->stream, m->stream, sizeof(m->stream));
	m->is_ulaw = is_ulaw(&h->encoding);
	if (!stream_fits(m->stream)) {
		m->stream[0] = '\0';
		broken(m, "a start without a proper stream_sid");
	} else if (!rate_take(m, &h->rate)) {
		broken(m, "the sound is not at 8000, 16000 or 24000 Hz");
	} else if (resampler_new(&m->in, m->rate_hz, G711_RATE_HZ) || resampler_new(&m->out, G711_RATE_HZ, m->rate_hz)) {
		broken(m, "no memory for its sound");
	} else {
		spelling_take(m, h);
		exotel_chunk_begin(m);
		m->has_started = true;
		m->pipe.events->started(m->pipe.arg, h->start);
	}
}

/* ------------------------------------------------------------------ the caller's sound */

static void samples_tell(struct exotel_media *m, const int16_t *wide, size_t count)
{
	int16_t narrow[NARROW_MAX_SAMPLES];
	uint8_t ulaw[NARROW_MAX_SAMPLES];
	size_t got = resampler_push(m->in, wide, count, narrow);

	g711_encode(G711_ULAW, ulaw, narrow, got);
	m->chunk_samples += got;
	if (got)
		m->pipe.events->audio(m->pipe.arg, ulaw, got);
}

/* A message may end in the middle of a sample: the next one has the rest of it. */
static void pcm_tell(struct exotel_media *m, const uint8_t *bytes, size_t len)
{
	int16_t wide[WIDE_SAMPLES];
	size_t count = 0, frame = m->rate_hz / 50;

	for (size_t i = 0; i < len; i++) {
		if (m->has_low)
			wide[count++] = (int16_t)(uint16_t)(m->low | bytes[i] << 8);
		m->low = bytes[i];
		m->has_low = !m->has_low;
		if (count == frame) {
			samples_tell(m, wide, count);
			count = 0;
		}
	}
	if (count)
		samples_tell(m, wide, count);
}

static void ulaw_tell(struct exotel_media *m, const uint8_t *bytes, size_t len)
{
	m->chunk_samples += len;
	for (size_t n; len; bytes += n, len -= n) {
		n = num_min(len, EXOTEL_FRAME_SAMPLES);
		m->pipe.events->audio(m->pipe.arg, bytes, n);
	}
}

/* Lost sound: only where the chunk's number leaps and the time stamp does, too, because either is counted in other ways by some; and of
 * what the two say the smaller. */
static void gap_before(struct exotel_media *m, const struct exotel_message *h)
{
	uint64_t chunk, at_ms, missing = 0, samples;
	bool has_time = exotel_number(&h->chunk, &chunk) && exotel_number(&h->timestamp, &at_ms);

	if (has_time && m->has_time && chunk > m->chunk + 1 && at_ms > m->at_ms && at_ms - m->at_ms <= EXOTEL_GAP_MAX_MS) {
		samples = num_over((at_ms - m->at_ms) * 8, m->chunk_samples);
		missing = chunk - m->chunk - 1 > EXOTEL_GAP_MAX_MS ? samples : num_min(samples, (chunk - m->chunk - 1) * m->chunk_samples);
	}
	if (missing)
		m->pipe.events->gap(m->pipe.arg, missing);
	m->has_time = has_time;
	m->chunk = has_time ? chunk : 0;
	m->at_ms = has_time ? at_ms : 0;
	m->chunk_samples = 0;
}

/* `text` has no escapes left in it. A slice at a time: messages may be long, and the stack's memory is cleared for each. */
static void sound_tell(struct exotel_media *m, const struct exotel_message *h, const char *text, size_t len)
{
	uint8_t bytes[SLICE_BYTES];

	gap_before(m, h);
	for (size_t n, got; len; text += n, len -= n) {
		n = num_min(len, SLICE_CHARS);
		if (sodium_base642bin(bytes, sizeof(bytes), text, n, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL)) {
			broken(m, "a payload that is no base64");
			return;
		}
		if (m->is_ulaw)
			ulaw_tell(m, bytes, got);
		else
			pcm_tell(m, bytes, got);
	}
}

/* Some write "\/" in base64. A function of its own, because its memory is large and most have none. */
static __attribute__((noinline)) void on_escaped_media(struct exotel_media *m, const struct exotel_message *h)
{
	char plain[EXOTEL_MESSAGE_MAX_BYTES];
	size_t len;

	if (json_scan_text(&h->payload, plain, sizeof(plain), &len))
		broken(m, "a payload that is no base64");
	else
		sound_tell(m, h, plain, len);
}

static void on_media(struct exotel_media *m, const struct exotel_message *h)
{
	if (exotel_text_is(&h->track, "outbound"))
		return; /* what Exotel itself plays */
	if (h->payload.kind != JSON_SCAN_STRING)
		broken(m, "a payload that is no base64");
	else if (h->payload.has_escapes)
		on_escaped_media(m, h);
	else
		sound_tell(m, h, h->payload.text, h->payload.len);
}

/* ------------------------------------------------------------------ the rest */

/* "u7.2:1600", as we named it. */
static void on_mark(struct exotel_media *m, const struct exotel_message *h)
{
	char name[48];
	struct mark mark;
	int end = 0;

	exotel_text_put(&h->mark, name, sizeof(name));
	if (sscanf(name, "u%9" SCNu32 ".%9" SCNu32 ":%9" SCNu32 "%n", &mark.utterance, &mark.take, &mark.samples, &end) == 3 && !name[end])
		m->pipe.events->mark(m->pipe.arg, &mark);
}

static void on_digit(struct exotel_media *m, const struct exotel_message *h)
{
	bool is_one = (h->digit.kind == JSON_SCAN_STRING || h->digit.kind == JSON_SCAN_NUMBER) && h->digit.len == 1;

	if (is_one && strchr("0123456789*#ABCD", h->digit.text[0]))
		m->pipe.events->digit(m->pipe.arg, h->digit.text[0]);
}

/* Of this stream, or of none that it names. */
static bool is_ours(const struct exotel_media *m, const struct exotel_message *h)
{
	char stream[MEDIA_ID_MAX];

	exotel_text_put(&h->stream, stream, sizeof(stream));
	return !h->stream.kind || !strcmp(stream, m->stream);
}

static void dispatch(struct exotel_media *m, struct exotel_message *h)
{
	if (exotel_text_is(&h->event, "connected"))
		return;
	if (exotel_text_is(&h->event, "start")) {
		on_start(m, h);
	} else if (!m->has_started) {
		broken(m, "a message before start");
	} else if (!is_ours(m, h)) {
		broken(m, "a message of another stream");
	} else if (exotel_text_is(&h->event, "media")) {
		on_media(m, h);
	} else if (exotel_text_is(&h->event, "mark")) {
		on_mark(m, h);
	} else if (exotel_text_is(&h->event, "dtmf")) {
		on_digit(m, h);
	} else if (exotel_text_is(&h->event, "stop")) {
		m->is_over = true;
		m->pipe.events->stopped(m->pipe.arg);
	}
}

static void message(struct exotel_media *m, struct media_start *start, const void *data, size_t len)
{
	struct exotel_message h = { .start = start };

	if (exotel_read(&h, data, len))
		broken(m, "a message that is no JSON object with an event");
	else
		dispatch(m, &h);
}

/* A function of its own: what a start says is large, and most messages are none. */
static __attribute__((noinline)) void message_before_start(struct exotel_media *m, const void *data, size_t len)
{
	struct media_start start = { .parameter_count = 0 };

	message(m, &start, data, len);
}

void exotel_media_message(struct exotel_media *m, bool is_text, const void *data, size_t len)
{
	if (m->is_over)
		return;
	if (!is_text)
		broken(m, "a binary frame");
	else if (len > EXOTEL_MESSAGE_MAX_BYTES)
		broken(m, "a message over 64 KB");
	else if (m->has_started)
		message(m, NULL, data, len);
	else
		message_before_start(m, data, len);
}

void exotel_media_init(struct exotel_media *m, const struct media_pipe *pipe, const struct exotel_options *options)
{
	*m = (struct exotel_media){ .pipe = *pipe, .options = *options };
}

void exotel_media_fini(struct exotel_media *m)
{
	resampler_free(&m->in);
	resampler_free(&m->out);
	m->is_over = true;
	m->has_started = false;
}

#include "providers/browser.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "base/json_scan.h"

enum {
	PART_MAX_SAMPLES = BROWSER_MAX_HZ / 1000 * BROWSER_FRAME_MAX_MS,
	TELEPHONE_MAX_SAMPLES = G711_RATE_HZ / 1000 * BROWSER_FRAME_MAX_MS + 64,
	SENT_MAX_SAMPLES = BROWSER_SEND_SAMPLES * BROWSER_MAX_HZ / G711_RATE_HZ + 64,
	FRAME_AUDIO = 1
};

/* What a text message says, as far as we look. Strings point into it. */
struct heard {
	struct json_item type, v, gen, samples, digit;
	struct json_item codec[2], rate[2], channels[2], frame_ms; /* audio_in, audio_out */
	int in; /* which of the two is open, or -1 */
};

static void broken(struct browser_media *m, const char *what)
{
	struct err_detail detail = { .message = "" };

	snprintf(detail.message, sizeof(detail.message), "the browser's media socket broke its protocol: %s", what);
	m->is_over = true;
	m->pipe.events->broken(m->pipe.arg, &detail);
}

/* ------------------------------------------------------------------ reading texts */

static bool text_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

static bool number_of(const struct json_item *item, uint64_t *number)
{
	size_t i;

	*number = 0;
	if (item->kind != JSON_SCAN_NUMBER || item->len > 15)
		return false;
	for (i = 0; i < item->len; i++) {
		if (item->text[i] < '0' || item->text[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(item->text[i] - '0');
	}
	return true;
}

static bool number_within(const struct json_item *item, uint64_t least, uint64_t most, uint32_t *number)
{
	uint64_t n;

	if (!number_of(item, &n) || n < least || n > most)
		return false;
	*number = (uint32_t)n;
	return true;
}

static void hear_sound(struct heard *h, const struct json_item *item)
{
	if (json_item_is(item, "codec"))
		h->codec[h->in] = *item;
	else if (json_item_is(item, "rate"))
		h->rate[h->in] = *item;
	else if (json_item_is(item, "channels"))
		h->channels[h->in] = *item;
	else if (json_item_is(item, "frame_ms"))
		h->frame_ms = *item;
}

static void hear_value(struct heard *h, const struct json_item *item)
{
	if (item->depth == 2 && h->in >= 0)
		hear_sound(h, item);
	if (item->depth != 1)
		return;
	if (json_item_is(item, "type"))
		h->type = *item;
	else if (json_item_is(item, "v"))
		h->v = *item;
	else if (json_item_is(item, "gen"))
		h->gen = *item;
	else if (json_item_is(item, "samples"))
		h->samples = *item;
	else if (json_item_is(item, "digit"))
		h->digit = *item;
}

static enum err hear(struct heard *h, const void *data, size_t len)
{
	struct json_scan s;
	struct json_item item;

	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		if (item.kind == JSON_SCAN_OPEN && item.depth == 1 && !item.is_array)
			h->in = json_item_is(&item, "audio_in") ? 0 : json_item_is(&item, "audio_out") ? 1 : -1;
		else if (item.kind == JSON_SCAN_OPEN && item.depth)
			json_scan_leave(&s);
		else if (item.kind == JSON_SCAN_CLOSE)
			h->in = -1;
		else if (item.kind != JSON_SCAN_OPEN)
			hear_value(h, &item);
	}
	return s.err;
}

/* ------------------------------------------------------------------ marks */

static struct browser_mark *mark_first(struct browser_media *m)
{
	return &m->marks[m->first];
}

static void mark_back(struct browser_media *m)
{
	struct mark mark = mark_first(m)->mark;

	m->first = (m->first + 1) % BROWSER_MARKS;
	m->count--;
	m->pipe.events->mark(m->pipe.arg, &mark);
}

static void marks_played(struct browser_media *m)
{
	while (m->count && mark_first(m)->at_samples <= m->played_samples)
		mark_back(m);
}

/* ------------------------------------------------------------------ events */

static bool sound_fits(const struct heard *h, int which, uint32_t *rate)
{
	uint64_t channels;

	if (h->channels[which].kind && (!number_of(&h->channels[which], &channels) || channels != 1))
		return false;
	return text_is(&h->codec[which], "pcm_s16le") && number_within(&h->rate[which], BROWSER_MIN_HZ, BROWSER_MAX_HZ, rate);
}

static void on_hello(struct browser_media *m, const struct heard *h)
{
	const struct media_start start = { .parameter_count = 0 };
	uint64_t v;

	m->frame_ms = 20;
	if (m->has_hello)
		broken(m, "a second hello");
	else if (!number_of(&h->v, &v) || v != 1)
		broken(m, "a hello of another version than 1");
	else if (!sound_fits(h, 0, &m->in_hz) || !sound_fits(h, 1, &m->out_hz))
		broken(m, "the sound is not pcm_s16le of one channel at 8000 to 48000 Hz");
	else if (h->frame_ms.kind && !number_within(&h->frame_ms, 5, BROWSER_FRAME_MAX_MS, &m->frame_ms))
		broken(m, "frames of that length");
	else if (resampler_new(&m->in, m->in_hz, G711_RATE_HZ) || resampler_new(&m->out, G711_RATE_HZ, m->out_hz))
		broken(m, "no memory for its sound");
	else
		m->has_hello = true;
	if (m->has_hello && !m->is_over)
		m->pipe.events->started(m->pipe.arg, &start);
}

/* Of an older gen: a clear was on its way. */
static void on_played(struct browser_media *m, const struct heard *h)
{
	uint64_t gen, samples;

	if (!number_of(&h->gen, &gen) || !number_of(&h->samples, &samples)) {
		broken(m, "a played without gen and samples");
		return;
	}
	if (gen != m->gen || samples < m->played_samples)
		return;
	m->played_samples = samples < m->sent_samples ? samples : m->sent_samples;
	marks_played(m);
}

static void on_digit(struct browser_media *m, const struct heard *h)
{
	if (h->digit.kind != JSON_SCAN_STRING || h->digit.len != 1 || !strchr("0123456789*#ABCD", h->digit.text[0]))
		broken(m, "a digit that is none");
	else
		m->pipe.events->digit(m->pipe.arg, h->digit.text[0]);
}

static void on_text(struct browser_media *m, const void *data, size_t len)
{
	struct heard h = { .in = -1 };

	if (hear(&h, data, len) || h.type.kind != JSON_SCAN_STRING) {
		broken(m, "a message that is no JSON object with a type");
	} else if (text_is(&h.type, "hello")) {
		on_hello(m, &h);
	} else if (!m->has_hello) {
		broken(m, "a message before hello");
	} else if (text_is(&h.type, "played")) {
		on_played(m, &h);
	} else if (text_is(&h.type, "dtmf")) {
		on_digit(m, &h);
	} else if (text_is(&h.type, "bye")) {
		m->is_over = true;
		m->pipe.events->stopped(m->pipe.arg);
	}
}

/* ------------------------------------------------------------------ the caller's sound */

static uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Frames that the page dropped because its uplink was slow. False: the seq does not rise. */
static bool seq_step(struct browser_media *m, uint32_t seq)
{
	uint32_t missing = seq - m->in_seq - 1;
	bool had = m->has_seq;

	if (had && (int32_t)(seq - m->in_seq) <= 0)
		return false;
	m->has_seq = true;
	m->in_seq = seq;
	if (had && missing && (uint64_t)missing * m->frame_ms <= BROWSER_GAP_MAX_MS && m->is_ready)
		m->pipe.events->gap(m->pipe.arg, (uint64_t)missing * m->frame_ms * (G711_RATE_HZ / 1000));
	return true;
}

static void sound_in(struct browser_media *m, const uint8_t *bytes, size_t count)
{
	int16_t wide[PART_MAX_SAMPLES], narrow[TELEPHONE_MAX_SAMPLES];
	uint8_t ulaw[TELEPHONE_MAX_SAMPLES];
	size_t i, got;

	for (i = 0; i < count; i++)
		wide[i] = (int16_t)(uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
	got = resampler_push(m->in, wide, count, narrow);
	g711_encode(G711_ULAW, ulaw, narrow, got);
	if (got)
		m->pipe.events->audio(m->pipe.arg, ulaw, got);
}

static void on_binary(struct browser_media *m, const uint8_t *data, size_t len)
{
	size_t samples = len >= BROWSER_HEAD_BYTES ? (len - BROWSER_HEAD_BYTES) / 2 : 0;

	if (!m->has_hello)
		broken(m, "sound before hello");
	else if (!samples || len % 2 || data[0] != FRAME_AUDIO)
		broken(m, "a binary frame that is no sound");
	else if (samples > (size_t)m->in_hz / 1000 * BROWSER_FRAME_MAX_MS)
		broken(m, "too much sound in one frame");
	else if (!seq_step(m, read_u32(data + 4)))
		broken(m, "a seq that does not rise");
	else if (m->is_ready)
		sound_in(m, data + BROWSER_HEAD_BYTES, samples);
}

void browser_media_message(struct browser_media *m, bool is_text, const void *data, size_t len)
{
	if (m->is_over)
		return;
	if (len > BROWSER_MESSAGE_MAX_BYTES)
		broken(m, "a message over 64 KB");
	else if (is_text)
		on_text(m, data, len);
	else
		on_binary(m, data, len);
}

/* ------------------------------------------------------------------ life */

void browser_media_init(struct browser_media *m, const struct media_pipe *pipe)
{
	*m = (struct browser_media){ .pipe = *pipe };
}

void browser_media_fini(struct browser_media *m)
{
	resampler_free(&m->in);
	resampler_free(&m->out);
	m->is_over = true;
	m->is_ready = false;
}

void browser_media_ready(struct browser_media *m, const char *call)
{
	char text[256];
	int len;

	if (!m->has_hello || m->is_ready || m->is_over)
		return;
	m->is_ready = true;
	len = snprintf(text, sizeof(text), "{\"type\":\"ready\",\"call_id\":\"%.64s\",\"in_rate\":%" PRIu32 ",\"out_rate\":%" PRIu32 ",\"gen\":%u}", call,
		m->in_hz, m->out_hz, (unsigned int)m->gen);
	m->pipe.push(m->pipe.arg, text, (size_t)len);
}

/* ------------------------------------------------------------------ media.h */

static void head_put(struct browser_media *m, uint8_t *out)
{
	uint32_t seq = m->out_seq++;

	out[0] = FRAME_AUDIO;
	out[1] = 0;
	out[2] = (uint8_t)m->gen;
	out[3] = (uint8_t)(m->gen >> 8);
	out[4] = (uint8_t)seq;
	out[5] = (uint8_t)(seq >> 8);
	out[6] = (uint8_t)(seq >> 16);
	out[7] = (uint8_t)(seq >> 24);
}

static void piece_send(struct browser_media *m, const uint8_t *ulaw, size_t count)
{
	int16_t narrow[BROWSER_SEND_SAMPLES], wide[SENT_MAX_SAMPLES];
	uint8_t frame[BROWSER_HEAD_BYTES + 2 * SENT_MAX_SAMPLES];
	size_t i, got;

	g711_decode(G711_ULAW, narrow, ulaw, count);
	got = resampler_push(m->out, narrow, count, wide);
	if (!got)
		return;
	head_put(m, frame);
	for (i = 0; i < got; i++) {
		frame[BROWSER_HEAD_BYTES + 2 * i] = (uint8_t)((uint16_t)wide[i] & 0xff);
		frame[BROWSER_HEAD_BYTES + 2 * i + 1] = (uint8_t)((uint16_t)wide[i] >> 8);
	}
	m->sent_samples += got;
	m->pipe.push_bytes(m->pipe.arg, frame, BROWSER_HEAD_BYTES + 2 * got);
}

static void media_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct browser_media *m = socket;

	while (m->is_ready && samples) {
		size_t n = samples < BROWSER_SEND_SAMPLES ? samples : BROWSER_SEND_SAMPLES;

		piece_send(m, ulaw, n);
		ulaw += n;
		samples -= n;
	}
}

static void media_mark(void *socket, const struct mark *mark)
{
	struct browser_media *m = socket;

	if (!m->is_ready)
		return;
	if (m->count == BROWSER_MARKS)
		mark_back(m);
	m->marks[(m->first + m->count++) % BROWSER_MARKS] = (struct browser_mark){ .mark = *mark, .at_samples = m->sent_samples };
	marks_played(m);
}

/* What was queued is gone; its marks come back at once. */
static void media_clear(void *socket)
{
	struct browser_media *m = socket;
	char text[64];
	int len;

	if (!m->is_ready)
		return;
	m->gen++;
	m->sent_samples = m->played_samples = 0;
	resampler_reset(m->out);
	len = snprintf(text, sizeof(text), "{\"type\":\"clear\",\"gen\":%u}", (unsigned int)m->gen);
	m->pipe.push(m->pipe.arg, text, (size_t)len);
	while (m->count)
		mark_back(m);
}

static void media_end(void *socket)
{
	static const char text[] = "{\"type\":\"end\",\"reason\":\"agent_hangup\"}";
	struct browser_media *m = socket;

	if (m->has_hello && !m->is_over)
		m->pipe.push(m->pipe.arg, text, sizeof(text) - 1);
	m->pipe.close(m->pipe.arg);
}

const struct media browser_media = { .name = "browser", .send = media_send, .mark = media_mark, .clear = media_clear, .end = media_end };

/* ------------------------------------------------------------------ media_socket.h */

static enum err socket_open(void **socket, const struct media_pipe *pipe)
{
	struct browser_media *m = malloc(sizeof(*m));

	*socket = m;
	if (!m)
		return ERR_NOMEM;
	browser_media_init(m, pipe);
	return ERR_NONE;
}

static void socket_message(void *socket, bool is_text, const void *data, size_t len)
{
	browser_media_message(socket, is_text, data, len);
}

static void socket_ready(void *socket, const char *call)
{
	browser_media_ready(socket, call);
}

static void socket_close(void **socket)
{
	if (*socket)
		browser_media_fini(*socket);
	free(*socket);
	*socket = NULL;
}

const struct media_adapter browser_adapter = { .kind = "browser", .path = "/media/browser", .media = &browser_media, .is_browser = true,
	.token_query = "session", .message_max_bytes = BROWSER_MESSAGE_MAX_BYTES, .open = socket_open, .message = socket_message, .ready = socket_ready, .close = socket_close };

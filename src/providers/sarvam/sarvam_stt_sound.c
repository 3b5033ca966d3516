/* What a stream sends, and when: sound in frames and paced, as JSON; a ping while nothing comes; flush. */
#include <string.h>

#include <sodium.h>

#include "audio/g711.h"
#include "base/num.h"
#include "providers/sarvam/sarvam_stt_state.h"

enum {
	SAMPLES_MS = 8,
	SAMPLE_US = 125,
	REST_US = 100000,  /* less than a frame waits no longer for more */
	BURST_US = 200000, /* of sound that a carrier may deliver late and all at once: it is not slowed down */
};

static bool is_blocked(const struct stt_stream *s)
{
	return !s->is_open || s->is_refused || s->failed;
}

/* A refusal means a full queue, or that `closed` is about to come. */
static bool text_sent(struct stt_stream *s, const void *text, size_t len, uint64_t now)
{
	if (websocket_push(s->ws, WEBSOCKET_TEXT, text, len)) {
		s->is_refused = true;
		return false;
	}
	s->sent_us = now;
	return true;
}

static bool event_sent(struct stt_stream *s, const char *text, uint64_t now)
{
	return text_sent(s, text, strlen(text), now);
}

/* ------------------------------------------------------------------ frames */

/* Samples of the next frame; 0: there is none yet. What lies before a finalize is not held back. */
static size_t frame_ready(const struct stt_stream *s, uint64_t now)
{
	size_t n = num_min(s->finalize ? s->finalize_at : s->waiting.len, SARVAM_STT_FRAME_MAX_SAMPLES);
	bool is_whole = n >= s->v->options.frame_ms * SAMPLES_MS || s->finalize || now >= s->pushed_us + REST_US;

	return is_whole ? n : 0;
}

static void base64_put(struct buf *b, const uint8_t *bytes, size_t len)
{
	size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	uint8_t *to = buf_reserve(b, room);

	if (!to)
		return;
	sodium_bin2base64((char *)to, room, bytes, len, sodium_base64_VARIANT_ORIGINAL);
	b->len += room - 1; /* not its NUL */
}

/* Samples of 16 bits, the lower byte first. */
static void linear_put(struct buf *b, const uint8_t *ulaw, size_t samples)
{
	uint8_t bytes[SARVAM_STT_FRAME_MAX_SAMPLES * 2];

	for (size_t i = 0; i < samples; i++) {
		uint16_t sample = (uint16_t)g711_ulaw_decode(ulaw[i]);

		bytes[2 * i] = (uint8_t)(sample & 0xff);
		bytes[2 * i + 1] = (uint8_t)(sample >> 8);
	}
	base64_put(b, bytes, 2 * samples);
}

static bool audio_sent(struct stt_stream *s, size_t samples, uint64_t now)
{
	buf_reset(&s->message);
	buf_text(&s->message, "{\"event\":\"audio_input\",\"audio\":\"");
	(s->v->options.codec == SARVAM_MULAW ? base64_put : linear_put)(&s->message, s->waiting.data, samples);
	buf_text(&s->message, "\"}");
	if (s->message.err) {
		sarvam_stream_fail(s, s->message.err);
		return false;
	}
	return text_sent(s, s->message.data, s->message.len, now);
}

void sarvam_sound_count(struct stt_stream *s, bool is_over)
{
	usage_tell_audio(s->events.used, s->arg, "sarvam", s->v->model, s->sent, &s->counted, is_over);
}

static bool frame_send(struct stt_stream *s, uint64_t now)
{
	size_t n = frame_ready(s, now);

	if (!n || now < s->pace_us || is_blocked(s) || !audio_sent(s, n, now))
		return false;
	buf_cut(&s->waiting, 0, n);
	s->finalize_at -= s->finalize ? n : 0;
	s->sent += n;
	sarvam_sound_count(s, false);
	s->pace_us = num_max(s->pace_us, num_over(now, BURST_US)) + n * SAMPLE_US * 100 / s->v->options.pace_percent;
	return true;
}

/* Behind all sound that was pushed before it. Outside an utterance there is nothing to flush, and what the vendor makes of it is not known. */
static bool finalize_send(struct stt_stream *s, uint64_t now)
{
	if (!s->finalize || s->finalize_at || is_blocked(s))
		return false;
	if (s->v->options.flushes && s->in_utterance && !event_sent(s, "{\"event\":\"flush\"}", now))
		return false;
	s->finalize = false;
	return true;
}

/* ------------------------------------------------------------------ all together */

static uint64_t ping_due(const struct stt_stream *s)
{
	return s->sent_us + (uint64_t)s->v->options.ping_ms * 1000;
}

static uint64_t step_due(const struct stt_stream *s, uint64_t now)
{
	if (!s->waiting.len)
		return ping_due(s);
	return frame_ready(s, now) ? s->pace_us : num_max(s->pace_us, s->pushed_us + REST_US);
}

static void on_timer(void *arg)
{
	struct stt_stream *s = arg;

	sarvam_sound_step(s);
}

void sarvam_sound_step(struct stt_stream *s)
{
	uint64_t now = clock_now_us(s->v->options.clock);

	while (frame_send(s, now) || finalize_send(s, now))
		continue;
	if (!is_blocked(s) && !s->waiting.len && now >= ping_due(s))
		(void)event_sent(s, "{\"event\":\"ping\"}", now);
	if (!is_blocked(s))
		clock_timer_set(&s->timer, s->v->options.clock, step_due(s, now), on_timer, s);
}

void sarvam_sound_opened(struct stt_stream *s)
{
	s->is_open = true;
	s->sent_us = clock_now_us(s->v->options.clock);
	sarvam_sound_step(s);
}

void sarvam_sound_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	uint8_t *room;

	if (s->failed || !samples)
		return;
	room = buf_reserve(&s->waiting, samples);
	if (!room) {
		sarvam_stream_fail(s, s->waiting.err);
		return;
	}
	if (ulaw)
		memcpy(room, ulaw, samples);
	else
		memset(room, G711_ULAW_SILENCE, samples);
	s->waiting.len += samples;
	s->pushed += samples;
	s->pushed_us = clock_now_us(s->v->options.clock);
	sarvam_sound_step(s);
}

/* A second one before the first is sent takes its place. */
void sarvam_sound_finalize(struct stt_stream *s)
{
	if (s->failed)
		return;
	s->finalize = true;
	s->finalize_at = s->waiting.len;
	sarvam_sound_step(s);
}

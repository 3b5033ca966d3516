/* What a stream sends, and when: sound in frames and paced, silence where the vendor needs some, KeepAlive, Finalize. */
#include <string.h>

#include "audio/g711.h"
#include "base/num.h"
#include "providers/deepgram/deepgram_state.h"

enum {
	SAMPLES_MS = 8,
	SAMPLE_US = 125,
	FRAME_MAX_SAMPLES = DEEPGRAM_FRAME_MAX_MS * SAMPLES_MS,
	FED_SAMPLES = DEEPGRAM_FED_MS * SAMPLES_MS,
	REST_US = 100000,  /* less than a frame waits no longer for more */
	BURST_US = 200000, /* of sound that a carrier may deliver late and all at once: it is not slowed down */
};

static const char keep_alive[] = "{\"type\":\"KeepAlive\"}", finalize_now[] = "{\"type\":\"Finalize\"}", force_end[] = "{\"type\":\"ForceEndTurn\"}";

static bool is_blocked(const struct stt_stream *s)
{
	return !s->is_open || s->is_refused || s->failed;
}

/* A refusal means a full queue, or that `closed` is about to come. */
static bool message_sent(struct stt_stream *s, enum websocket_kind kind, const void *data, size_t len, uint64_t now)
{
	if (websocket_push(s->ws, kind, data, len)) {
		s->is_refused = true;
		return false;
	}
	s->sent_us = now;
	return true;
}

static bool text_sent(struct stt_stream *s, const char *text, uint64_t now)
{
	return message_sent(s, WEBSOCKET_TEXT, text, strlen(text), now);
}

/* ------------------------------------------------------------------ places */

static void fill_add(struct stt_stream *s, uint64_t samples)
{
	uint64_t at = s->sent + s->waiting.len;
	struct fill *last = s->fill_count ? &s->fills[s->fill_count - 1] : NULL;

	if (last && last->at + last->samples == at) {
		last->samples += samples;
		return;
	}
	if (s->fill_count == FILLS_MAX) {
		s->fills_gone += s->fills[0].samples;
		memmove(s->fills, s->fills + 1, --s->fill_count * sizeof(s->fills[0]));
	}
	s->fills[s->fill_count++] = (struct fill){ at, samples };
}

/* Outside numbers: never beyond what was pushed. */
uint64_t sound_place(const struct stt_stream *s, uint64_t us)
{
	uint64_t at = (us * SAMPLES_MS + 500) / 1000, ours = s->fills_gone;

	for (unsigned int i = 0; i < s->fill_count; i++)
		ours += num_min(num_over(at, s->fills[i].at), s->fills[i].samples);
	return num_min(num_over(at, ours), s->pushed);
}

/* ------------------------------------------------------------------ frames */

/* Samples of the next frame; 0: there is none yet. What lies before a finalize is not held back. */
static size_t frame_ready(const struct stt_stream *s, uint64_t now)
{
	size_t n = num_min(s->finalize ? s->finalize_at : s->waiting.len, FRAME_MAX_SAMPLES);
	bool is_whole = n >= s->d->options.frame_ms * SAMPLES_MS || s->finalize || now >= s->pushed_us + REST_US;

	return is_whole ? n : 0;
}

void sound_count(struct stt_stream *s, bool is_over)
{
	usage_tell_audio(s->events.used, s->arg, "deepgram", s->d->model, s->sent, &s->counted, is_over);
}

static bool frame_send(struct stt_stream *s, uint64_t now)
{
	size_t n = frame_ready(s, now);

	if (!n || now < s->pace_us || is_blocked(s) || !message_sent(s, WEBSOCKET_BINARY, s->waiting.data, n, now))
		return false;
	buf_cut(&s->waiting, 0, n);
	s->finalize_at -= s->finalize ? n : 0;
	s->sent += n;
	sound_count(s, false);
	s->sound_us = now;
	s->pace_us = num_max(s->pace_us, num_over(now, BURST_US)) + n * SAMPLE_US * 100 / s->d->options.pace_percent;
	return true;
}

/* Behind all sound that was pushed before it. Flux has no Finalize: it is given time to end the turn by itself. */
static bool finalize_send(struct stt_stream *s, uint64_t now)
{
	const struct deepgram_options *o = &s->d->options;

	if (!s->finalize || s->finalize_at || is_blocked(s))
		return false;
	if (!s->d->is_flux && s->sent && !text_sent(s, finalize_now, now))
		return false;
	if (s->d->is_flux && o->force_after_ms != DEEPGRAM_NEVER)
		s->force_us = now + (uint64_t)o->force_after_ms * 1000;
	s->finalize = false;
	return true;
}

/* Where no turn is open nothing is asked: what the vendor would make of it is not sure. */
static void turn_force(struct stt_stream *s, uint64_t now)
{
	if (!s->force_us || now < s->force_us || is_blocked(s))
		return;
	if (!s->in_turn || text_sent(s, force_end, now))
		s->force_us = 0;
}

/* ------------------------------------------------------------------ while nothing comes */

static uint64_t quiet_due(const struct stt_stream *s)
{
	uint64_t quiet_ms = s->fed ? DEEPGRAM_FED_MS : DEEPGRAM_GAP_MS;

	if (s->in_turn)
		return num_max(s->pushed_us, s->sound_us) + quiet_ms * 1000;
	return s->sent_us + DEEPGRAM_KEEPALIVE_MS * 1000;
}

static void silence_feed(struct stt_stream *s)
{
	uint8_t *room;

	fill_add(s, FED_SAMPLES);
	room = buf_reserve(&s->waiting, FED_SAMPLES);
	if (!room) {
		stream_fail(s, s->waiting.err);
		return;
	}
	memset(room, G711_ULAW_SILENCE, FED_SAMPLES);
	s->waiting.len += FED_SAMPLES;
	s->fed += s->in_turn ? FED_SAMPLES : 0;
	if (s->fed > ((uint64_t)s->d->options.eot_timeout_ms + DEEPGRAM_FED_OVER_MS) * SAMPLES_MS)
		stream_fail(s, ERR_TIMEOUT);
}

/* KeepAlive is Nova's only, and does not count before there was sound. */
static void quiet_step(struct stt_stream *s, uint64_t now)
{
	if (is_blocked(s) || s->waiting.len || now < quiet_due(s))
		return;
	if (!s->d->is_flux && s->sent)
		(void)text_sent(s, keep_alive, now);
	else
		silence_feed(s);
}

/* ------------------------------------------------------------------ all together */

static uint64_t step_due(const struct stt_stream *s, uint64_t now)
{
	uint64_t due = UINT64_MAX;

	if (!s->waiting.len)
		due = quiet_due(s);
	else if (frame_ready(s, now))
		due = s->pace_us;
	else
		due = num_max(s->pace_us, s->pushed_us + REST_US);
	return s->force_us ? num_min(due, s->force_us) : due;
}

static void on_timer(void *arg)
{
	struct stt_stream *s = arg;

	sound_step(s);
}

void sound_step(struct stt_stream *s)
{
	uint64_t now = clock_now_us(s->d->options.clock);

	quiet_step(s, now);
	while (frame_send(s, now) || finalize_send(s, now))
		continue;
	turn_force(s, now);
	if (!is_blocked(s))
		clock_timer_set(&s->timer, s->d->options.clock, step_due(s, now), on_timer, s);
}

void sound_opened(struct stt_stream *s)
{
	uint64_t now = clock_now_us(s->d->options.clock);

	s->is_open = true;
	s->sent_us = s->sound_us = now;
	sound_step(s);
}

void sound_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	uint8_t *room;

	if (s->failed || !samples)
		return;
	room = buf_reserve(&s->waiting, samples);
	if (!room) {
		stream_fail(s, s->waiting.err);
		return;
	}
	if (ulaw)
		memcpy(room, ulaw, samples);
	else
		memset(room, G711_ULAW_SILENCE, samples);
	s->waiting.len += samples;
	s->pushed += samples;
	s->pushed_us = clock_now_us(s->d->options.clock);
	s->fed = 0;
	sound_step(s);
}

/* A second one before the first is sent takes its place. */
void sound_finalize(struct stt_stream *s)
{
	if (s->failed)
		return;
	s->finalize = true;
	s->finalize_at = s->waiting.len;
	sound_step(s);
}

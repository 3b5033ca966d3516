/* A telephone that gives back what it plays: what was sent comes again after a delay, softer, through a room, a law of G.711 both ways, a clock that
 * drifts, a caller and noise; and the guard and the voice detector over it, frame by frame, as a session feeds them. */
#ifndef ECHOKIT_H
#define ECHOKIT_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/echo.h"
#include "audio/silero.h"
#include "recordings.h"

enum { SCENE_SAMPLES = 20 * 8000, STEP = ECHO_STEP_SAMPLES, STEPS_MAX = SCENE_SAMPLES / STEP, LEAD_STEPS = 12, BURST_STEPS = 4, ROOM_TAPS = 800, CHUNK = 256 };

struct scene {
	/* how the line is */
	unsigned int delay_ms, jump_ms; /* jump_ms is added in the middle */
	size_t gone_from, gone_to; /* between these nothing comes back */
	double db, noise_db, drift_ppm; /* noise_db: of full scale; 0: none */
	enum g711_law law;
	bool has_room, no_guard;
	/* who speaks */
	size_t samples;
	int16_t ours[SCENE_SAMPLES], caller[SCENE_SAMPLES];
	/* what came of it */
	uint8_t sent[SCENE_SAMPLES], heard[SCENE_SAMPLES], left[SCENE_SAMPLES]; /* left: what the recogniser is given, or is not believed */
	bool is_echo[STEPS_MAX];
	size_t proofs, disowned; /* how often an echo was proven, and samples before that which were one, too */
	bool is_voice[SCENE_SAMPLES / CHUNK];
	int lag;
};

static double echokit_line[SCENE_SAMPLES], echokit_wet[SCENE_SAMPLES];

static inline uint32_t echokit_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline double echokit_noise(uint32_t *state)
{
	return (double)echokit_random(state) / 8388608.0 - 1;
}

/* The direct sound, and 100 ms of noise behind it that decays by 60 dB and has half of its energy. */
static inline void room_make(double room[ROOM_TAPS])
{
	uint32_t state = 7;
	double energy = 0;

	for (size_t i = 1; i < ROOM_TAPS; i++) {
		room[i] = echokit_noise(&state) * pow(10, -3.0 * (double)i / ROOM_TAPS);
		energy += room[i] * room[i];
	}
	for (size_t i = 1; i < ROOM_TAPS; i++)
		room[i] *= sqrt(0.5 / energy);
	room[0] = 1;
}

static inline int16_t echokit_law(enum g711_law law, double x)
{
	int16_t y = (int16_t)lrint(fmax(fmin(x, 32767), -32768));

	return law == G711_ULAW ? g711_ulaw_decode(g711_ulaw_encode(y)) : g711_alaw_decode(g711_alaw_encode(y));
}

static inline void line_make(struct scene *s)
{
	double room[ROOM_TAPS] = { 1 };

	if (s->has_room)
		room_make(room);
	for (size_t i = 0; i < s->samples; i++) {
		s->sent[i] = g711_ulaw_encode(s->ours[i]);
		echokit_line[i] = echokit_law(s->law, g711_ulaw_decode(s->sent[i]));
	}
	for (size_t i = 0; i < s->samples; i++) {
		size_t taps = s->has_room ? ROOM_TAPS : 1;

		echokit_wet[i] = 0;
		for (size_t k = 0; k < taps && k <= i; k++)
			echokit_wet[i] += room[k] * echokit_line[i - k];
	}
}

/* What comes back at that sample, at a place between two that a drifting clock makes. */
static inline double echo_at(const struct scene *s, size_t i)
{
	double delay = (s->delay_ms + (i > s->samples / 2 ? s->jump_ms : 0)) * 8.0 + (double)i * s->drift_ppm / 1e6, at = (double)i - delay;
	size_t n = (size_t)fmax(at, 0);

	if (at < 0 || n + 1 >= s->samples || (i >= s->gone_from && i < s->gone_to))
		return 0;
	return (echokit_wet[n] + (at - (double)n) * (echokit_wet[n + 1] - echokit_wet[n])) * pow(10, s->db / 20);
}

static inline void scene_mix(struct scene *s)
{
	uint32_t state = 99;
	double noise = s->noise_db < 0 ? 32768 * pow(10, s->noise_db / 20) * sqrt(3) : 0;

	line_make(s);
	for (size_t i = 0; i < s->samples; i++)
		s->heard[i] = g711_ulaw_encode(echokit_law(s->law, (double)s->caller[i] + echo_at(s, i) + noise * echokit_noise(&state)));
}

static inline void scene_disown(struct scene *s, uint64_t from, size_t to)
{
	s->proofs++;
	s->disowned += to - from;
	memset(s->left + from, G711_ULAW_SILENCE, to - from);
}

static inline void scene_guard(struct scene *s)
{
	struct echo *e;
	uint64_t from;

	if (echo_new(&e))
		abort();
	s->proofs = s->disowned = 0;
	for (size_t i = 0; i < s->samples / STEP; i++) {
		if (i % BURST_STEPS == 0 && (i + LEAD_STEPS) * STEP + BURST_STEPS * STEP <= s->samples)
			echo_sent(e, (i + LEAD_STEPS) * STEP, s->sent + (i + LEAD_STEPS) * STEP, (size_t)BURST_STEPS * STEP);
		s->is_echo[i] = echo_heard(e, i * STEP, s->heard + i * STEP, STEP) && !s->no_guard;
		if (s->is_echo[i])
			memset(s->left + i * STEP, G711_ULAW_SILENCE, STEP);
		else
			memcpy(s->left + i * STEP, s->heard + i * STEP, STEP);
		if (echo_proved(e, &from) && !s->no_guard)
			scene_disown(s, from, i * STEP);
	}
	if (!echo_lag(e, &s->lag))
		s->lag = -1;
	echo_free(&e);
}

/* As the ear puts a chunk's level down (voice/worker/ear.h). */
static inline bool mostly_echo(const struct scene *s, size_t chunk)
{
	size_t echo = 0;

	for (size_t i = chunk * CHUNK; i < (chunk + 1) * CHUNK; i++)
		echo += s->is_echo[i / STEP];
	return 2 * echo >= CHUNK;
}

static inline void scene_detect(struct scene *s, const struct silero_model *model)
{
	struct silero silero;
	int16_t chunk[CHUNK];

	silero_init(&silero, 8000, true);
	for (size_t i = 0; i < s->samples / CHUNK; i++) {
		g711_decode(G711_ULAW, chunk, s->heard + i * CHUNK, CHUNK);
		s->is_voice[i] = silero_step(model, &silero, chunk) >= 0.5f && !mostly_echo(s, i);
	}
}

static inline void scene_run(struct scene *s, const struct silero_model *model)
{
	scene_mix(s);
	scene_guard(s);
	scene_detect(s, model);
}

static inline unsigned int voice_chunks(const struct scene *s, size_t from, size_t to)
{
	unsigned int count = 0;

	for (size_t i = from / CHUNK; i < to / CHUNK; i++)
		count += s->is_voice[i];
	return count;
}

/* Puts a recording there (recordings.h: a path, or "flite:" and words) at that level of its loud parts; returns where it ends. */
static inline size_t sound_put(int16_t *where, size_t at, const char *path)
{
	struct buf b;
	size_t n;

	buf_init(&b, RECORDING_MAX_BYTES);
	if (!recording_add_piece(&b, path, true))
		abort();
	n = b.len < SCENE_SAMPLES - at ? b.len : SCENE_SAMPLES - at;
	g711_decode(G711_ULAW, where + at, b.data, n);
	buf_fini(&b);
	return at + n;
}

static inline double loudness(const int16_t *x, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (double)x[i] * x[i];
	return sqrt(sum / (double)count);
}

#endif

#include "voice/recording/waveform.h"

#include <stdlib.h>

#include "base/json.h"

void waveform_init(struct waveform *w)
{
	w->count = w->gap_count = 0;
	w->samples = w->in_point = 0;
	w->step = WAVEFORM_STEP;
}

static uint8_t loudness(int16_t sample)
{
	int size = abs(sample);

	return (uint8_t)((size > 32767 ? 32767 : size) * 255 / 32767);
}

/* Two points become one. */
static void halve(struct waveform *w)
{
	for (size_t side = 0; side < TRACKS_SIDES; side++)
		for (size_t i = 0; i < WAVEFORM_POINTS / 2; i++) {
			uint8_t a = w->points[side][2 * i], b = w->points[side][2 * i + 1];

			w->points[side][i] = a > b ? a : b;
		}
	w->count = WAVEFORM_POINTS / 2;
	w->step *= 2;
	w->in_point = w->step;
}

static void point_begin(struct waveform *w)
{
	if (w->count == WAVEFORM_POINTS)
		halve(w);
	w->points[TRACKS_CALLER][w->count] = w->points[TRACKS_AGENT][w->count] = 0;
	w->count++;
	w->in_point = 0;
}

void waveform_push(struct waveform *w, const int16_t *caller, const int16_t *agent, size_t samples)
{
	for (size_t i = 0; i < samples; i++) {
		uint8_t of_caller = loudness(caller[i]), of_agent = loudness(agent[i]);

		if (!w->count || w->in_point == w->step)
			point_begin(w);
		if (of_caller > w->points[TRACKS_CALLER][w->count - 1])
			w->points[TRACKS_CALLER][w->count - 1] = of_caller;
		if (of_agent > w->points[TRACKS_AGENT][w->count - 1])
			w->points[TRACKS_AGENT][w->count - 1] = of_agent;
		w->in_point++;
	}
	w->samples += samples;
}

void waveform_gap(struct waveform *w, const struct tracks_gap *gap)
{
	if (w->gap_count < WAVEFORM_GAPS_MAX)
		w->gaps[w->gap_count++] = *gap;
}

static void put_points(struct buf *b, const char *key, const uint8_t *points, size_t count)
{
	json_put_key(b, key);
	json_open(b, '[');
	for (size_t i = 0; i < count; i++)
		json_put_u64(b, points[i]);
	json_close(b, ']');
}

static void put_gaps(struct buf *b, const struct waveform *w)
{
	json_put_key(b, "gaps");
	json_open(b, '[');
	for (size_t i = 0; i < w->gap_count; i++) {
		const struct tracks_gap *g = &w->gaps[i];
		uint64_t to = g->start_sample + g->samples;

		if (g->start_sample >= w->samples)
			continue;
		json_open(b, '{');
		json_pair_string(b, "track", g->side == TRACKS_CALLER ? "caller" : "agent");
		json_pair_u64(b, "from", g->start_sample);
		json_pair_u64(b, "to", to < w->samples ? to : w->samples);
		json_pair_string(b, "why", g->why);
		json_close(b, '}');
	}
	json_close(b, ']');
}

void waveform_json(const struct waveform *w, uint64_t media_us, struct buf *b)
{
	json_open(b, '{');
	json_pair_u64(b, "samples", w->samples);
	json_pair_u64(b, "rate", 8000);
	json_pair_u64(b, "step", w->step);
	json_pair_u64(b, "media_ms", media_us / 1000);
	put_points(b, "caller", w->points[TRACKS_CALLER], w->count);
	put_points(b, "agent", w->points[TRACKS_AGENT], w->count);
	put_gaps(b, w);
	json_close(b, '}');
}

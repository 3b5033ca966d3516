/* The picture of a call's sound: the loudest sample of every stretch of both tracks, small enough for a page to draw.
 *
 * A stretch begins as 10 ms and doubles whenever there would be more than WAVEFORM_POINTS. Written as
 *     {"samples", "rate": 8000, "step": samples a point, "media_ms", "caller": [0..255 …], "agent": [0..255 …],
 *      "gaps": [{"track", "from", "to", "why"}]}       from, to: samples
 * media_ms is sample 0 on the call's own clock (the lines' at_ms); a point is the peak's share of the loudest there can be. One thread.
 */
#ifndef VOICE_WAVEFORM_H
#define VOICE_WAVEFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/tracks.h"
#include "base/buf.h"

enum { WAVEFORM_POINTS = 4096, WAVEFORM_GAPS_MAX = 1000, WAVEFORM_STEP = 80 };

struct waveform {
	uint8_t points[TRACKS_SIDES][WAVEFORM_POINTS];
	size_t count;       /* whole and begun ones */
	uint64_t step, samples;
	uint64_t in_point;  /* samples of the last one */
	struct tracks_gap gaps[WAVEFORM_GAPS_MAX];
	size_t gap_count;
};

void waveform_init(struct waveform *w);
void waveform_push(struct waveform *w, const int16_t *caller, const int16_t *agent, size_t samples);
void waveform_gap(struct waveform *w, const struct tracks_gap *gap); /* what does not fit is left out: the recording has all */
void waveform_json(const struct waveform *w, uint64_t media_us, struct buf *b);

#endif

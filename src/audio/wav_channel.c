/* One channel of a file's sound, at the rate that is wanted. See wav.h. */
#include "audio/wav.h"

#include <stdlib.h>

#include "audio/resample.h"

static enum err convert(int16_t **samples, size_t *count, uint32_t from_hz, uint32_t to_hz)
{
	struct resampler *r;
	int16_t *out;
	size_t room;
	enum err err = resampler_new(&r, from_hz, to_hz);

	if (err)
		return err;
	room = resampler_room(r, *count) + resampler_drain_room(r);
	out = room > WAV_MAX_BYTES / sizeof(*out) ? NULL : malloc(room * sizeof(*out) + 1);
	if (!out) {
		resampler_free(&r);
		return room > WAV_MAX_BYTES / sizeof(*out) ? ERR_LIMIT : ERR_NOMEM;
	}
	*count = resampler_push(r, *samples, *count, out);
	*count += resampler_drain(r, out + *count);
	resampler_free(&r);
	free(*samples);
	*samples = out;
	return ERR_NONE;
}

enum err wav_channel(const struct wav *w, unsigned int channel, uint32_t rate_hz, int16_t **samples, size_t *count)
{
	enum err err = ERR_NONE;
	size_t i;

	*samples = malloc((w->frames + 1) * sizeof(**samples));
	*count = w->frames;
	for (i = 0; *samples && i < w->frames; i++)
		(*samples)[i] = w->samples[i * w->channels + channel];
	if (!*samples)
		return ERR_NOMEM;
	if (w->rate_hz != rate_hz)
		err = convert(samples, count, w->rate_hz, rate_hz);
	if (err) {
		free(*samples);
		*samples = NULL;
	}
	return err;
}

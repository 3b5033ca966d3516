/* Sample rate conversion of one channel of speech, in pieces of any size.
 *
 * Band-limited (speexdsp, quality 3: a 3 ms window at the lower rate), made for 8 kHz from and to 16, 24 and 48 kHz but right
 * for any pair of rates. Output sample k stands for the time of input sample k * from / to: the filter's leading zeros are skipped,
 * nothing is shifted. It comes later than that, once the filter has seen what lies ahead: resampler_delay_samples. How the input
 * is cut does not change the output by one bit. Equal rates are copied, without delay. Samples that overflow saturate.
 * One thread at a time. new allocates; push, drain and reset never do: fit for the media path. Owned by whoever called new.
 */
#ifndef AUDIO_RESAMPLE_H
#define AUDIO_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { RESAMPLE_MIN_HZ = 1000, RESAMPLE_MAX_HZ = 384000 };

struct resampler;

/* ERR_USAGE: a rate outside the two above; ERR_NOMEM. On an error *rp is NULL. */
enum err resampler_new(struct resampler **rp, uint32_t from_hz, uint32_t to_hz) MUST_USE;
void resampler_free(struct resampler **rp); /* NULL-safe */

/* The most samples a push of `count` can give, and the most a drain can. */
size_t resampler_room(const struct resampler *r, size_t count);
size_t resampler_drain_room(const struct resampler *r);

/* Takes all of `in`, writes what is ready to `out` (which has room for resampler_room) and returns how many that were. */
size_t resampler_push(struct resampler *r, const int16_t *in, size_t count, int16_t *out);

/* The end of the sound: writes what was still held back (as if silence followed) to `out` (resampler_drain_room), so that n samples
 * pushed gave ceil(n * to / from) in all. Afterwards it is as new. */
size_t resampler_drain(struct resampler *r, int16_t *out);

/* Forgets all, as new. */
void resampler_reset(struct resampler *r);

/* How far the output runs behind the input, in samples of the output rate. */
size_t resampler_delay_samples(const struct resampler *r);

#endif

/* A voice's sound as it comes by HTTP, and when its words are over. Pure but for the memory of a resampler; one owner.
 *
 * In: 16-bit little-endian samples without a head, in pieces that may cut a sample in two. Out: µ-law at 8000 Hz.
 */
#ifndef PROVIDERS_OPENAI_OPENAI_SOUND_H
#define PROVIDERS_OPENAI_OPENAI_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/shapes.h"

struct resampler;

struct openai_sound {
	struct resampler *resampler;
	uint8_t half;   /* of a sample, when has_half */
	bool has_half;
};

/* `rate_hz`: 8,000 to 48,000. ERR_NOMEM. */
enum err openai_sound_init(struct openai_sound *s, uint32_t rate_hz) MUST_USE;
void openai_sound_fini(struct openai_sound *s);
void openai_sound_reset(struct openai_sound *s); /* for another utterance */

/* Appends the sound of these bytes to `out`; its errors stick there. */
void openai_sound_push(struct openai_sound *s, const uint8_t *data, size_t len, struct buf *out);

/* The sound is over: appends what was held back. ERR_TRUNCATED: half of a sample is left. */
enum err openai_sound_end(struct openai_sound *s, struct buf *out) MUST_USE;

/* Where the words of a text end when it is spoken in so many samples: by their letters, an estimate. `text` has up to 65,535 bytes; at most
 * `room` words go to `out`, how many that are. */
size_t openai_words(const char *text, size_t len, size_t samples, struct speech_word *out, size_t room);

#endif

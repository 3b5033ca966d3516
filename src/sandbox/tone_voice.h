/* A voice that costs nothing: each text is a tone, as long as it would take to say. For loads in which the sandbox must not be what is measured.
 *
 * Shapes and thread as in tts.h; the clock is borrowed until it is closed, with no utterance under way.
 */
#ifndef SANDBOX_TONE_VOICE_H
#define SANDBOX_TONE_VOICE_H

#include "base/clock.h"
#include "providers/tts.h"

struct tone_voice;

extern const struct tts tone_tts; /* its vendor is a struct tone_voice */

enum err tone_voice_open(struct tone_voice **vp, struct clock *clock) MUST_USE; /* ERR_NOMEM */
void tone_voice_close(struct tone_voice **vp); /* NULL-safe */

#endif

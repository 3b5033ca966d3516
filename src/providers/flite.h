/* flite: an English voice (slt) in the process, on one thread of its own; no account, no network.
 *
 * flite_open loads the voice and starts the thread; its handle lives on `loop`. `vendor` of flite_tts is the struct flite. Word
 * times come from the engine's segments: exact. Sound arrives in pieces while the rest is made; words come before the sound.
 * Utterances of all sessions are spoken in order of start; one is made in about a fiftieth of its length.
 * start: ERR_NOTFOUND for a language that is not English, ERR_USAGE for a text that is empty or holds NUL,
 * ERR_LIMIT over FLITE_MAX_TEXT_BYTES, ERR_BUSY over FLITE_MAX_WAITING. failed: ERR_LIMIT over FLITE_MAX_AUDIO_BYTES, ERR_TIMEOUT.
 */
#ifndef PROVIDERS_FLITE_H
#define PROVIDERS_FLITE_H

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/tts.h"

enum { FLITE_MAX_TEXT_BYTES = 2000, FLITE_MAX_AUDIO_BYTES = 300 * 8000, FLITE_MAX_WAITING = 64, FLITE_DEADLINE_MS = 20000 };

struct flite;

enum err flite_open(struct flite **fp, uv_loop_t *loop) MUST_USE;

/* Silences what is spoken, ends the thread (at most one piece of sound late). Its handles close in the loop's next turns. NULL-safe. */
void flite_close(struct flite **fp);

extern const struct tts flite_tts;

#endif

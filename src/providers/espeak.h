/* espeak-ng as a process of its own (it is GPL-3 and keeps global state): voices for many languages; no account, no network.
 *
 * espeak_open starts `espeak-ng --voices` and returns at once; utterances that start before its answer wait for it. Text goes to the
 * process on its standard input, never in its arguments; the language in its arguments is one that it listed. Word times are
 * estimated from the letters and come at the end, so they are never exact. `vendor` of espeak_tts is the struct espeak.
 * espeak_open: ERR_UNAVAILABLE without the program (detail says what to install). start: ERR_NOTFOUND for a language without a
 * voice, once the list is there (before: failed with it); ERR_USAGE: empty or NUL; ERR_LIMIT: too long; ERR_BUSY: too many.
 * failed: ERR_FORMAT: not a WAV of ours; ERR_LIMIT: over the ceiling; ERR_TIMEOUT; ERR_UNAVAILABLE: the program failed.
 */
#ifndef PROVIDERS_ESPEAK_H
#define PROVIDERS_ESPEAK_H

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/tts.h"

enum { ESPEAK_MAX_TEXT_BYTES = 2000, ESPEAK_MAX_SAMPLES = 300 * 8000, ESPEAK_MAX_UTTERANCES = 16, ESPEAK_DEADLINE_MS = 20000 };

struct espeak;

/* `program` NULL: espeak-ng, found in PATH. */
enum err espeak_open(struct espeak **ep, uv_loop_t *loop, const char *program, struct err_detail *detail) MUST_USE;

/* Kills what runs; all handles close in the loop's next turns. NULL-safe. */
void espeak_close(struct espeak **ep);

extern const struct tts espeak_tts;

#endif

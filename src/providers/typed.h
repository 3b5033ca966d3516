/* A recogniser for calls that are typed: what the caller "says" comes from a keyboard, as if it had been heard.
 *
 * A line that is typed takes the time it would take to say it; its words come one by one as partials, the final shortly behind the
 * last, with their places in the caller's audio, which is silence. One caller each. Loop thread of the session; nothing here waits.
 * `vendor` of typed_stt is the struct typed. A line that its stream did not finish is said again to the next stream.
 */
#ifndef PROVIDERS_TYPED_H
#define PROVIDERS_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "providers/stt.h"

enum { TYPED_LINE_MAX_BYTES = 2000 };

struct typed;

enum err typed_open(struct typed **tp) MUST_USE;
void typed_close(struct typed **tp); /* no stream may be open. NULL-safe */

/* From the next sample on the caller says this; returns how many samples the voice takes. What was being said is cut off.
 * A longer text than TYPED_LINE_MAX_BYTES is cut at a character. */
uint64_t typed_say(struct typed *t, const char *text, size_t len);

extern const struct stt typed_stt;

#endif

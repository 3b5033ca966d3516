/* The echo guard: says of the caller's sound whether it is only our own, come back. 8 kHz µ-law, one call.
 *
 * A telephone on a table gives back what it plays, and the public network takes nothing of that away. The guard is told what was sent and when it
 * sounds, and judges what is heard in steps of 20 ms: a step is echo when the sound sent ECHO_LAG_MIN_MS to ECHO_LAG_MAX_MS before, through a
 * short filter fitted to the last quarter of a second, leaves less than a third of its energy unexplained, on a line that was proven to have an echo
 * at this delay: nothing is taken for one before, and the proof lapses after seconds of our sound that did not come back. It takes nothing out of
 * the sound: who hears an echo is to be given silence, and everything else as it is, so that a caller who talks over us is heard at once.
 * Positions are samples on the caller's own axis, on which what is sent lies where a carrier next door would play it. Sound that nobody recorded
 * is none. Memory: some 34 KB a call, taken once. No allocation after that, no clock, no lock: fit for the media path. One thread at a time.
 */
#ifndef AUDIO_ECHO_H
#define AUDIO_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"

enum {
	ECHO_STEP_SAMPLES = 160, /* 20 ms */
	ECHO_LAG_MIN_MS = -40,   /* the two axes may be that much apart */
	ECHO_LAG_MAX_MS = 1200,
	ECHO_AHEAD_MAX_MS = 400  /* what is sent earlier than that before it sounds is not kept */
};

/* Whether calls have one; bound to struct echo_settings. */
struct echo_settings {
	bool guard;
};

extern const struct option echo_options[];

struct echo;

enum err echo_new(struct echo **ep) MUST_USE;
void echo_free(struct echo **ep); /* NULL-safe */

/* Sound on its way to the caller; its first sample sounds at `at`. What was sent for the same time before is replaced. */
void echo_sent(struct echo *e, uint64_t at, const uint8_t *ulaw, size_t samples);

/* The carrier was told to forget what it has queued: nothing sent so far sounds at `at` or later. */
void echo_cleared(struct echo *e, uint64_t at);

/* The caller's next samples, at most ECHO_STEP_SAMPLES. True: nothing but our own sound. A position that is not the next one is a gap. */
bool echo_heard(struct echo *e, uint64_t at, const uint8_t *ulaw, size_t samples) MUST_USE;

/* True once, behind the step that proved the line's echo: what was heard since `from` and was not called an echo was one, too. */
bool echo_proved(struct echo *e, uint64_t *from) MUST_USE;

/* The delay at which the echo was found last, in samples; false: none was yet. */
bool echo_lag(const struct echo *e, int *samples);

#endif

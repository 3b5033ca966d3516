/* Who calls, in a call from the terminal: recordings said in their turn or at their time, or lines from a keyboard.
 *
 * Sends 20 ms of sound each 20 ms of the clock from the call's beginning to its end, as a carrier would. A recording without a time
 * begins SPEAKER_THINKS_MS after the agent began to wait for an answer, and not before it has said something to the recording before; after the
 * last one the caller is silent. A recording with a time whose time is over while others are said begins late, which is noted. Keypad
 * tones in a recording are told as digits, as a carrier does. Lines are read when the agent waits: then time stands still (base/clock.h),
 * and an empty line lets it go on in silence. `/press 12#` presses keys, `/hangup` and the end of the input hang up, and so does a line
 * that is too long, unless a person sits there, who may type another. A line that is no text, no key or no command is told on standard error
 * with what is allowed, and the next one is read. Loop thread; reading a line blocks it.
 */
#ifndef CLI_SPEAKER_H
#define CLI_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "audio/dtmf.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/line.h"
#include "providers/typed.h"
#include "voice/worker/worker.h"

enum { SPEAKER_SAYINGS = 64, SPEAKER_THINKS_MS = 300, SPEAKER_SECONDS_MAX = 600 };

/* One recording: µ-law at 8000 Hz. */
struct saying {
	const char *path; /* borrowed */
	uint8_t *ulaw;
	size_t samples;
	int64_t at_ms;    /* of the call; -1: in its turn */
	int64_t began_ms; /* -1: the call was over before */
	uint64_t late_ms; /* so long after at_ms, because another one was being said */
	bool is_cut;      /* the file ends inside its samples */
};

struct speaker {
	struct clock *clock;
	struct clock_timer tick;
	struct worker_call *call; /* NULL: it is over */
	uint64_t began_us;
	uint64_t frames;          /* sent */
	uint64_t waits_frames;    /* so long the agent has been waiting */

	struct saying sayings[SPEAKER_SAYINGS];
	size_t count, next;
	struct saying *speaks;    /* what is being said */
	bool unanswered;          /* nothing was played since the last recording */
	struct line *line;
	size_t said_samples;
	struct dtmf_detector *keys; /* listens to the recordings */

	struct typed *typed;      /* NULL: recordings */
	FILE *lines;
	bool prompts;             /* a person sits there: show that it is their turn */
	bool passed;              /* an empty line: wait until the agent has spoken again */
	bool is_done;             /* the lines have ended */
	uint64_t lines_read;
	uint64_t refused_line;    /* the number of the line that was too long; 0: none was */
	uint64_t voice_samples;   /* still to be said of the typed line */
	uint64_t level_at;        /* position of the next level */
};

void speaker_init(struct speaker *c, struct clock *clock);
void speaker_fini(struct speaker *c);

/* Another recording; `path` outlives the speaker. ERR_LIMIT: too many or too long; ERR_FORMAT: there is no sound in it; and wav_read's. What is
 * wrong with a file that is taken nevertheless is told on standard error (wav_told.h). */
enum err speaker_add(struct speaker *c, const char *path, int64_t at_ms, struct err_detail *detail) MUST_USE;

/* The media of this call begins now; the agent is heard on `line`. */
void speaker_begin(struct speaker *c, struct worker_call *call, struct line *line);
void speaker_end(struct speaker *c); /* the call is over */

#endif

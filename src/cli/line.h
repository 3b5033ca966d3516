/* The telephone line of a call without a telephone: plays what the agent sends at the speed of speech, to nobody, and tells what
 * was played. The sound itself is in the journal; a caller's telephone may give it back (line_echo). Time is the clock's; loop thread.
 */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include <stdbool.h>

#include "base/clock.h"
#include "providers/media.h"

enum { LINE_ECHO_SAMPLES = 16384, LINE_ECHO_MAX_MS = 1200, LINE_MARKS = 512 }; /* waiting; further ones are lost, as a carrier may lose them */

struct line {
	struct clock *clock;
	struct clock_timer due;
	void (*played)(void *arg, const struct mark *mark); /* a mark came back */
	void *arg;
	uint64_t end_us; /* when all that was sent has been played */
	struct {
		struct mark mark;
		uint64_t at_us;
	} marks[LINE_MARKS];
	unsigned int first, count;
	bool is_over; /* the agent hung up */
	struct {
		uint64_t delay_us; /* 0: the line gives nothing back */
		double gain;
		int16_t sent[LINE_ECHO_SAMPLES]; /* by the time at which it sounds */
	} echo;
};

/* Zeroes and fills it; `played` is never called from inside a function of line_media. */
void line_init(struct line *l, struct clock *clock, void (*played)(void *arg, const struct mark *mark), void *arg);
/* From now on what the agent says comes back over the line, so much later and softer: a telephone on a table. At most LINE_ECHO_MAX_MS. */
void line_echo(struct line *l, uint64_t delay_ms, double db);

/* Adds what comes back to the µ-law samples that end at that time. In order: what was taken is gone. */
void line_echo_add(struct line *l, uint64_t end_us, uint8_t *ulaw, size_t samples);

void line_close(struct line *l);

bool line_is_silent(const struct line *l); /* nothing is being played */

extern const struct media line_media; /* the socket is the struct line */

#endif

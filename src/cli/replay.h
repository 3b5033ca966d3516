/* One run of `callfunnel replay`, as replay.c (recorded calls again) and replay_trial.c (with other settings) share it. Private to
 * the two. Main thread. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "base/buf.h"
#include "base/settings.h"
#include "voice/replay/tape.h"

enum { REPLAY_SETS_BYTES = 200 };

struct cli;

struct replaying {
	struct cli *cli;
	const char *dir, *key;
	bool unchecked;
	bool several;           /* more than one call: each line says which */
	const char *name;       /* of the call at hand */
	struct call_settings other;
	bool trying;            /* --set names a setting of the call */
	char sets[REPLAY_SETS_BYTES];  /* "turn.silence_ms=700" */
	struct buf out;
	struct trial_counts {
		unsigned int turns, later, earlier, same, went_on, call_ended, open, unknown;
	} counts;
	size_t calls;
	size_t steps, outputs;  /* over all calls */
};

void replay_print_time(struct buf *b, uint64_t us); /* minutes:seconds.milliseconds */
void replay_print_out(struct replaying *r);         /* what is in r->out, to standard output */

/* What --set wants tried. A setting that is none of a call's is reported: the exit status, CLI_FINE when there is nothing wrong. */
int replay_sets_find(struct replaying *r);

/* Whether they contradict each other, or what this call was recorded with: reported, and the exit status. */
int replay_sets_judge(struct replaying *r, const struct tape *t);

/* Tries them on a call that replays, and prints turn by turn. The errors of trial_run. */
enum err replay_try(struct replaying *r, const struct tape *t) MUST_USE;

#endif

/* One run of `callfunnel replay`, as replay.c (recorded calls again), replay_sets.c (which other settings), replay_trial.c (with them) and
 * replay_trial_json.c share it. Private to the four. Main thread. */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include "base/buf.h"
#include "base/settings.h"
#include "voice/replay/trial.h"

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
	struct buf rest;        /* JSON: what follows the last turn, until the turns are written */
	struct trial_counts {
		unsigned int turns, later, earlier, same, went_on, call_ended, open, unknown;
		unsigned int end_later, end_earlier, rest_unknown; /* behind the last turn */
		unsigned int different, begun; /* turns and what follows them: something differs, a time ran already */
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

/* Only what --set named; the rest is as it was recorded. `arg`: the replaying. */
void replay_sets_change(void *arg, struct call_settings *settings);

/* Tries them on a call that replays, and prints turn by turn. The errors of trial_run. */
enum err replay_try(struct replaying *r, const struct tape *t) MUST_USE;

/* One of them as JSON. */
void replay_turn_put(struct buf *b, const struct trial_turn *turn);
const char *replay_floor_name(enum note note);
const char *replay_mark_name(const struct trial_mark *mark);

#endif

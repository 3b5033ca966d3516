/* Checks of a line from which nothing comes though its socket stays open: N6's half about lines. Reads when the caller's sound reached the
 * worker, and inputs. */
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- N6: a dead line ------------------------------------------------------------------------------------------------------
 *
 * A media socket from which nothing has come for two seconds is taken for lost within 200 ms more, and none sooner; when it is heard
 * again before call.attach_ms is over, the call goes on within 100 ms; when it is dead, the call ends within that time. Exercised by
 * each line that goes deaf while the call is on, for long enough. */

enum { NOTICE_US = 200000, GO_ON_US = 100000, END_US = 300000 };

/* When the worker last had anything from it. */
static uint64_t line_heard_us(const struct judge *j)
{
	uint64_t us = j->caller_chunk_us > j->attached_us ? j->caller_chunk_us : j->attached_us;

	return us > j->started_us ? us : j->started_us;
}

/* A deaf line that nobody noticed in time: told once. */
static void deaf_check(struct judge *j)
{
	uint64_t silent_us = judge_now(j) - line_heard_us(j);

	if (!j->deaf_us || j->deaf_told || j->ended || silent_us <= JUDGE_DEAF_US + NOTICE_US)
		return;
	j->deaf_told = true;
	judge_exercise(j, N6);
	judge_fail(j, N6, "nothing has come from the carrier for %llu ms, and it is not taken for lost", (unsigned long long)(silent_us / MS_US));
}

static void lost_check(struct judge *j)
{
	uint64_t silent_us = judge_now(j) - line_heard_us(j);

	if (!j->scene->carrier.up)
		return; /* its socket closed */
	if (silent_us < JUDGE_DEAF_US)
		judge_fail(j, N6, "the media is taken for lost after %llu ms of silence", (unsigned long long)(silent_us / MS_US));
	if (j->deaf_us && !j->deaf_told)
		judge_exercise(j, N6);
	j->deaf_told = true;
}

static void heard_check(struct judge *j)
{
	if (!j->heard_due_us || j->ended || judge_now(j) <= j->heard_due_us)
		return;
	j->heard_due_us = 0;
	judge_fail(j, N6, "the line is heard again, and the call does not go on");
}

void judge_line_input(struct judge *j, const struct call_input *in)
{
	if (in->type == IN_MEDIA_LOST)
		lost_check(j);
	if (in->type == IN_ATTACHED)
		j->heard_due_us = 0;
	deaf_check(j);
	heard_check(j);
}

void judge_line_deaf(struct judge *j, bool marks_wait, bool dead)
{
	j->deaf_us = judge_now(j);
	j->deaf_told = false;
	if (marks_wait)
		j->waits_from_us = j->waits_to_us = j->deaf_us;
	if (dead)
		j->dead_us = j->deaf_us;
}

void judge_line_heard(struct judge *j)
{
	deaf_check(j);
	j->heard_due_us = j->lost_us && !j->ended ? judge_now(j) + GO_ON_US : 0;
	if (j->waits_from_us == j->deaf_us)
		j->waits_to_us = judge_now(j);
	j->deaf_us = 0;
}

void judge_line_gone(struct judge *j)
{
	j->deaf_us = j->dead_us = j->heard_due_us = 0;
}

void judge_line_end(struct judge *j)
{
	const struct scene *s = j->scene;
	uint64_t window_us = JUDGE_DEAF_US + (uint64_t)s->settings.call_attach_ms * MS_US + END_US, heard_us = line_heard_us(j);

	if (j->dead_us && s->ended_us > heard_us + window_us)
		judge_fail(j, N6, "the call went on for %llu ms on a dead line", (unsigned long long)((s->ended_us - heard_us) / MS_US));
}

/* Checks of P10 about an agent who ends the call by his tool. Reads inputs and outputs, and when the caller's sound reached the worker. */
#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- P10: an end that was said comes ----------------------------------------------------------------------------------------
 *
 * From the note that the agent ends the call until a turn of the caller's, keys, or another request to the model: while nothing of his is to be said or
 * made, no tool runs, and no words wait for their turn, the call is over when the caller has been still for eight seconds; voices without words begin these
 * anew, but for call.end_ms at most. And nobody is asked whether he is still there. Exempt: a line from which nothing comes, or that is lost, a machine at
 * the other end, and calls that were taken over since. Exercised by each call that ends so. */

enum { STILL_US = 8000000, HEARD_US = 200000 };

static bool parting_judged(const struct judge *j)
{
	return j->parting && !j->ended && !j->lost_us && j->scene->settings.call_rules >= 4;
}

/* Something is at work, or nobody knows whether the caller is still. */
static bool parting_waits(struct judge *j)
{
	uint64_t now = judge_now(j);

	return judge_open_utterances(j) || judge_answer_due(j) || j->held || j->words_wait || now > j->caller_chunk_us + HEARD_US || now < j->key_us + 3 * S_US;
}

void judge_parting_time(struct judge *j)
{
	uint64_t now = judge_now(j), voice_us;

	if (!parting_judged(j) || parting_waits(j)) {
		j->parted_us = 0;
		return;
	}
	if (!j->parted_us)
		j->parted_us = now;
	voice_us = num_min(j->voice_us, j->parted_us + (uint64_t)j->scene->settings.call_end_ms * MS_US);
	if (now <= num_max(j->parted_us, voice_us) + STILL_US)
		return;
	judge_fail(j, P10, "the agent was about to end the call, nobody speaks, and it is not over");
	j->parting = false;
}

void judge_parting_input(struct judge *j, const struct call_input *in)
{
	if (in->type == IN_ATTACHED)
		j->parting = false; /* its state may be of before that */
}

static void parting_note(struct judge *j, const struct call_output *o)
{
	if (o->kind == NOTE_ENDING)
		j->parting = o->index == END_AGENT;
	if (o->kind == NOTE_QUIET && parting_judged(j))
		judge_fail(j, P10, "the agent was about to end the call, and asks whether anybody is there");
	if (o->kind == NOTE_TURN || o->kind == NOTE_KEYS || o->kind == NOTE_QUIET || o->kind == NOTE_ANSWERED)
		j->parting = false;
}

void judge_parting_output(struct judge *j, const struct call_output *o)
{
	if (o->type == OUT_HANGUP && o->kind == END_AGENT && j->parting)
		judge_exercise(j, P10);
	if (o->type == OUT_ASK && o->kind != ASK_AHEAD)
		j->parting = false;
	if (o->type == OUT_NOTE)
		parting_note(j, o);
}

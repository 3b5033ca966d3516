/* Checks about an agent who ends the call: of P10, that an end which was said comes, and that nobody is let go who makes a voice; of N5, that no words
 * are lost over a goodbye. Reads inputs and outputs, and when the caller's sound reached the worker. */
#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"
#include "voice/words.h"

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

/* ---- P10: who is heard is not let go ----------------------------------------------------------------------------------------
 *
 * The first time in a call that the agent says goodbye because nobody was heard, he does not hang up behind a sound without words of the caller's that
 * was long enough to take the floor, with a quarter of a second to spare, and is over. Exempt: one that began before the goodbye can have; faults of the
 * line, the recogniser, the media or the voice within ten seconds, and late marks; goodbyes whose time was over; behind three voices that were not caught
 * since the caller's last turn; and calls that were taken over. */

enum { BEGUN_US = 700000, SPARE_US = 250000 };

#define PARTING_FAULTS (FAULTS_STT | FAULTS_LINE | FAULTS_MEDIA | FAULTS_TTS)

static bool parting_excused(const struct judge *j)
{
	return j->lost_us || judge_faults(j, PARTING_FAULTS, 10 * S_US) || judge_late_marks(j, judge_now(j)) || (j->ending_us && judge_farewell_over(j)) ||
	       j->noises >= 3 || (j->attached_us && judge_now(j) < j->attached_us + 10 * S_US);
}

/* Over the goodbye, or behind it. */
static bool long_noise(const struct judge *j)
{
	const struct caller *c = &j->scene->caller;
	uint64_t least_us = (uint64_t)j->scene->settings.barge_yield_ms * MS_US + SPARE_US;
	uint32_t n;

	for (n = c->sound_count; n > 0 && c->sound_count - n < SOUNDS_KEPT; n--) {
		const struct sound *s = caller_sound(c, n - 1);
		uint64_t from_us = caller_time(c, s->from) + c->latency_us, to_us = caller_time(c, s->to) + c->latency_us;

		if (from_us < j->ending_us + BEGUN_US)
			return false;
		if ((s->flags & SOUND_NOISE) && !(s->flags & SOUND_LOST) && to_us - from_us >= least_us && to_us < judge_now(j))
			return true;
	}
	return false;
}

static void let_go_check(struct judge *j)
{
	if (!j->lets_go || j->relented || j->words_wait || parting_excused(j) || !long_noise(j))
		return;
	judge_fail(j, P10, "the agent hung up because nobody was heard, and a voice without words was");
}

/* ---- N5: over the goodbye ----------------------------------------------------------------------------------------------------
 *
 * An agent who hangs up because he has said goodbye (reasons `agent` and `quiet`) has made a turn of each final with words that came before, or noted it as a
 * nod, but for thanks and farewells; and where it was he who ended it by his tool, but for nods and greetings, too. Exempt: what the check above exempts,
 * and calls in which two turns have taken an end back. */

static bool is_parting(const struct judge *j, const struct pending_final *f, enum end_reason why)
{
	if (words_farewell(f->text, f->len))
		return true;
	return why == END_AGENT && (words_all_in(&j->scene->brief.nods, f->text, f->len) || words_greet(f->text, f->len));
}

static void parting_finals(struct judge *j, enum end_reason why)
{
	uint32_t i;

	if ((why != END_AGENT && why != END_QUIET) || j->unended >= 2 || parting_excused(j))
		return;
	for (i = 0; i < j->final_count; i++) {
		const struct pending_final *f = &j->finals[i];

		if (f->in_part || is_parting(j, f, why))
			continue;
		judge_fail(j, N5, "the agent hung up, and the final words \"%.*s\" were neither answered nor taken for a nod", (int)num_min(f->len, 60), f->text);
	}
}

/* ---- what happens ------------------------------------------------------------------------------------------------------------- */

void judge_parting_input(struct judge *j, const struct call_input *in)
{
	if (in->type != IN_ATTACHED)
		return;
	j->parting = j->lets_go = false; /* its state may be of before that */
	j->relented = true;
}

static void ending_note(struct judge *j, const struct call_output *o)
{
	j->parting = o->index == END_AGENT;
	j->lets_go = o->index == END_QUIET;
}

/* Something of the caller's came, or he is waited for again. */
static void parting_over(struct judge *j, const struct call_output *o)
{
	j->unended += o->kind == NOTE_TURN && (j->parting || j->lets_go);
	j->noises = o->kind == NOTE_TURN ? 0 : j->noises;
	j->parting = j->lets_go = false;
}

static void noise_note(struct judge *j)
{
	j->noises++;
	if (!j->lets_go)
		return;
	judge_exercise(j, P10);
	j->lets_go = false;
	j->relented = true;
}

static void parting_note(struct judge *j, const struct call_output *o)
{
	if (o->kind == NOTE_QUIET && parting_judged(j))
		judge_fail(j, P10, "the agent was about to end the call, and asks whether anybody is there");
	if (o->kind == NOTE_QUIET && j->lets_go)
		j->relented = true;
	if (o->kind == NOTE_ENDING)
		ending_note(j, o);
	else if (o->kind == NOTE_NOISE)
		noise_note(j);
	else if (o->kind == NOTE_TURN || o->kind == NOTE_KEYS || o->kind == NOTE_QUIET || o->kind == NOTE_ANSWERED)
		parting_over(j, o);
}

static void parting_hangup(struct judge *j, enum end_reason why)
{
	if (why == END_AGENT && j->parting)
		judge_exercise(j, P10);
	if (why == END_QUIET)
		let_go_check(j);
	parting_finals(j, why);
}

void judge_parting_output(struct judge *j, const struct call_output *o)
{
	if (o->type == OUT_HANGUP)
		parting_hangup(j, (enum end_reason)o->kind);
	if (o->type == OUT_ASK && o->kind != ASK_AHEAD)
		j->parting = false;
	if (o->type == OUT_NOTE)
		parting_note(j, o);
}

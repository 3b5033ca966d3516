/* The judge's table, its clocks and what it makes of every step. The checks of what is said and heard stand in
 * promises_speech.c, promises_voice.c and promises_heard.c, those of the floor in promises_floor.c, those of turns, tools and answers in promises_turns.c,
 * promises_tools.c, promises_told.c and promises_dialogue.c, those of a line that goes deaf in promises_line.c, those of what is kept in promises_kept.c
 * and promises_recording.c, those of what the model may not see in promises_private.c. */
#include "simulate/promises.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

const struct promise_fact promise_facts[PROMISES] = {
	[P01] = { "P01", "a tool's result is never lost to a caller who speaks" },
	[P02] = { "P02", "every request pairs each tool use with one result, and the turn is answered" },
	[P03] = { "P03", "speech never cancels a tool" },
	[P04] = { "P04", "history holds what was heard" },
	[P05] = { "P05", "a voice that dies loses no words" },
	[P06] = { "P06", "a nod or a cough does not stop the agent; a stop word does" },
	[P08] = { "P08", "nothing more is heard after the floor is taken" },
	[P09] = { "P09", "numbers and spelled words are not cut off" },
	[P10] = { "P10", "noise does not hang a turn" },
	[P12] = { "P12", "a model that stalls leaves no dead air" },
	[P13] = { "P13", "speaking means sound" },
	[P14] = { "P14", "nothing is said twice" },
	[P15] = { "P15", "nothing happens before the turn is sure" },
	[P24] = { "P24", "the first words come at once" },
	[N3] = { "N3", "each connected second is metered once" },
	[N4] = { "N4", "no audio is lost in silence" },
	[N5] = { "N5", "what was said and done is kept, in order, once" },
	[N6] = { "N6", "nothing is left open when its owner died" },
	[PII] = { "PII", "no number of the caller's reaches the model in clear; tools get it" },
	[REPLAY] = { "replay", "the recorded inputs give the same outputs again" },
	[SAVED] = { "saved", "a call that was saved and loaded goes on the same" },
};

int promise_find(const char *name)
{
	int i;

	for (i = 0; i < PROMISES; i++)
		if (!strcasecmp(promise_facts[i].name, name))
			return i;
	return -1;
}

uint64_t judge_now(const struct judge *j)
{
	return j->scene->world.now_us;
}

void judge_exercise(struct judge *j, enum promise promise)
{
	j->verdict->exercised[promise]++;
	if (j->tested_step != j->steps)
		memset(j->tested, 0, sizeof(j->tested));
	j->tested_step = j->steps;
	j->tested[promise]++;
}

struct failure_report judge_place(const struct judge *j, enum promise promise)
{
	return (struct failure_report){ .promise = promise, .seed = j->scene->seed, .call = j->scene->call, .step = j->steps,
		.at_us = judge_now(j) - j->scene->opened_us };
}

void verdict_keep(struct verdict *v, const struct failure_report *f)
{
	uint32_t i, same = 0;

	for (i = 0; i < v->failure_count; i++)
		same += v->failures[i].promise == f->promise;
	if (same < JUDGE_FAILURES_EACH)
		v->failures[v->failure_count++] = *f;
}

void verdict_lead(struct verdict *v, enum promise promise)
{
	uint32_t i, first = 0;

	for (i = 0; i < v->failure_count; i++) {
		struct failure_report f = v->failures[i];

		if (f.promise != promise)
			continue;
		memmove(&v->failures[first + 1], &v->failures[first], (i - first) * sizeof(f));
		v->failures[first++] = f;
	}
}

void judge_fail(struct judge *j, enum promise promise, const char *fmt, ...)
{
	struct failure_report f = judge_place(j, promise);
	va_list args;

	if (j->tested_step != j->steps || !j->tested[promise])
		judge_exercise(j, promise); /* what was broken was put to the test, whoever counted it */
	j->tested[promise]--;
	j->verdict->broken[promise]++;
	va_start(args, fmt);
	vsnprintf(f.what, sizeof(f.what), fmt, args);
	va_end(args);
	verdict_keep(j->verdict, &f);
}

/* ---- clocks that several checks read ---- */

static void input_clocks(struct judge *j, const struct call_input *in)
{
	uint64_t now = judge_now(j);

	switch (in->type) {
	case IN_PREPARE:
		j->prepared_us = now;
		break;
	case IN_START:
		if (!j->started_us)
			j->started_us = j->quiet_us = j->stuck_us = now; /* while it rings nobody steps, and nobody is waited for */
		break;
	case IN_MEDIA_LOST:
		j->lost_us = now;
		break;
	case IN_ATTACHED:
		j->lost_us = 0;
		j->attached_us = now;
		j->owed_sample = j->heard_sample; /* what the one before it still waited for, it does not know */
		break;
	case IN_PLAYED:
		j->mark_us = j->mark_us ? j->mark_us : now;
		break;
	case IN_DIGIT:
		j->key_us = now;
		break;
	case IN_HANGUP:
		j->ended = true;
		break;
	default:
		break;
	}
}

static void output_clocks(struct judge *j, const struct call_output *o)
{
	uint64_t now = judge_now(j);

	switch (o->type) {
	case OUT_LISTEN:
		j->listened = true;
		break;
	case OUT_HANGUP:
		j->ended = true;
		break;
	case OUT_NOTE:
		if (o->kind == NOTE_ENDING)
			j->ending = true;
		if (o->kind == NOTE_NOISE || o->kind == NOTE_QUIET)
			j->ending = false; /* when it goes on, that is noted behind it */
		if (o->kind == NOTE_TURN) {
			j->turn = o->turn;
			j->turn_us = now;
			j->turn_sample = j->heard_sample;
			j->ending = false;
			j->scene->turns++;
		}
		if (o->kind == NOTE_DISCARD)
			j->discarded_bytes += o->number;
		break;
	default:
		break;
	}
	if (o->type != OUT_WAKE && o->type != OUT_SNAPSHOT && o->type != OUT_LISTEN && o->type != OUT_FINALIZE)
		j->output_us = now;
}

bool judge_quiet_call(const struct judge *j)
{
	return !j->started_us || j->ended || j->ending || j->lost_us || judge_now(j) < j->attached_us + 3 * S_US;
}

bool judge_faults(const struct judge *j, fault_set set, uint64_t within_us)
{
	return fault_any_recent(&j->scene->plan, set, judge_now(j), within_us);
}

void judge_step(struct judge *j, const struct call_input *in, const struct call_outputs *out)
{
	size_t i;

	j->steps++;
	j->scene->steps++;
	j->step_us = judge_now(j);
	judge_wire_settled(j);
	judge_line_input(j, in);
	input_clocks(j, in);
	judge_dialogue_input(j, in);
	judge_kept_input(j, in);
	judge_speech_input(j, in);
	for (i = 0; i < out->count; i++) {
		output_clocks(j, &out->items[i]);
		judge_dialogue_output(j, &out->items[i]);
		judge_speech_output(j, &out->items[i]);
	}
	for (i = 0; i < out->count; i++)
		if (out->items[i].type == OUT_ASK)
			judge_request(j, &out->items[i]);
	judge_dialogue_time(j);
	judge_speech_time(j);
}

void judge_chunk(struct judge *j, uint64_t from, uint64_t to)
{
	struct caller *c = &j->scene->caller;
	uint64_t now = judge_now(j);
	uint32_t n;

	j->stalled_us = now > j->caller_chunk_us + 200 * MS_US ? now : j->stalled_us;
	j->caller_chunk_us = now;
	if (from != j->heard_sample)
		j->owed_sample = from; /* what was said in between came to nobody */
	j->heard_sample = to;
	if (j->sound_seen < c->sound_next)
		j->sound_seen = c->sound_next;
	for (n = j->sound_seen; n < c->sound_count; n++) {
		const struct sound *s = caller_sound(c, n);

		if (s->from >= to)
			break;
		if (s->to <= from)
			continue;
		if (s->said != j->last_said) {
			j->last_said = s->said;
			judge_sound_begins(j, s);
		}
		judge_sound_goes_on(j, s);
		j->voice_us = now;
	}
}

void judge_worker_died(struct judge *j)
{
	uint32_t i;

	judge_kept_death(j);
	judge_line_gone(j);
	j->lost_us = judge_now(j);
	j->clear_due = false;
	j->held = false;
	j->air_open = false;
	j->active_gen = 0;
	j->final_count = 0;
	j->partial.len = 0;
	j->filler_us = 0;
	j->result_owed = false;
	j->result_gen = 0;
	j->answer.used = j->noise.used = false;
	j->watch.used = j->nod_alone = false;
	j->listening = false;
	j->owed_to_it = 0;
	for (i = 0; i < j->death_count; i++)
		j->deaths[i].settled = true;
	memset(j->gens, 0, sizeof(j->gens));
}

/* The new worker knows what the state knew that it begins with. */
void judge_attached(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; i < c->ledger_count && i < 256; i++)
		if (j->tool_told_us[i] > j->scene->known_us)
			j->tool_told_us[i] = 0;
	for (i = 0; i < j->utterance_count; i++)
		j->utterances[i].settled = true; /* the old worker's */
	j->open_stale = true;
	j->question.used = j->sentence.used = j->aside_alone = false; /* its state may be of before them */
	judge_results_attached(j);
	j->repeat_count = 0; /* the numbers of what the old worker did since may be another's now */
}

void judge_init(struct judge *j, struct scene *scene, struct verdict *verdict)
{
	memset(j, 0, offsetof(struct judge, turn_text));
	j->turn_len = j->utterance_count = j->fact_count = j->worker_count = j->ear_count = j->drop_count = 0;
	j->mark_us = j->deaf_us = j->heard_due_us = j->waits_from_us = j->waits_to_us = j->dead_us = 0;
	j->deaf_told = false;
	memset(j->durable, 0, sizeof(j->durable));
	j->discarded_bytes = 0;
	j->last_said = j->sound_seen = 0;
	j->scene = scene;
	j->verdict = verdict;
	j->longest_silence_us = judge_longest_silence(&scene->settings);
	verdict->yes_no_ms = YES_NO_MEDIAN_MS;
	if (scene->settings.turn_complete_ms > 200)
		verdict->yes_no_ms += (uint32_t)scene->settings.turn_complete_ms - 200;
}

void judge_end(struct judge *j)
{
	judge_speech_end(j);
	judge_dialogue_end(j);
	judge_line_end(j);
	judge_kept_end(j);
}

/* ---- adding up ---- */

void verdict_first(struct failure_report *first, const struct failure_report *f)
{
	if (f->step && (!first->step || f->call < first->call || (f->call == first->call && f->step < first->step)))
		*first = *f;
}

void verdict_add(struct verdict *to, const struct verdict *from)
{
	uint32_t i;

	for (i = 0; i < PROMISES; i++) {
		to->exercised[i] += from->exercised[i];
		to->broken[i] += from->broken[i];
	}
	for (i = 0; i < ENDPOINT_BINS; i++)
		to->endpoints[i] += from->endpoints[i];
	for (i = 0; i < ANSWER_BINS; i++)
		to->answers[i] += from->answers[i];
	to->answer_count += from->answer_count;
	to->endpoint_count += from->endpoint_count;
	to->yes_no_ms = from->yes_no_ms ? from->yes_no_ms : to->yes_no_ms;
	to->early_spelled += from->early_spelled;
	to->spelled += from->spelled;
	verdict_first(&to->early, &from->early);
	verdict_first(&to->slow, &from->slow);
	for (i = 0; i < from->failure_count; i++)
		verdict_keep(to, &from->failures[i]);
}

uint32_t verdict_median(const struct verdict *v)
{
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; i < ENDPOINT_BINS; i++) {
		seen += v->endpoints[i];
		if (seen * 2 >= v->endpoint_count)
			return i;
	}
	return ENDPOINT_BINS;
}

uint32_t verdict_answer(const struct verdict *v, uint32_t percent)
{
	uint64_t seen = 0;
	uint32_t i;

	for (i = 0; i < ANSWER_BINS && v->answer_count; i++) {
		seen += v->answers[i];
		if (seen * 100 >= v->answer_count * percent)
			return i;
	}
	return 0;
}

/* What is counted over a run: `first` is one call that shows it. */
static void run_failure(struct verdict *v, const struct failure_report *first, const char *what)
{
	struct failure_report f = *first;

	v->broken[P09]++;
	f.promise = P09;
	snprintf(f.what, sizeof(f.what), "%s", what);
	verdict_keep(v, &f);
}

void verdict_close(struct verdict *v)
{
	char what[JUDGE_WHAT];

	v->exercised[P09] += v->spelled;
	if (v->early_spelled * 50 > v->spelled && (v->early_spelled > 1 || v->spelled <= 2)) { /* one of a few dozen is no rate; a call alone shows it */
		snprintf(what, sizeof(what), "%llu of %llu answers that were spelled were cut off, at most 2 %% may be; one of them",
			(unsigned long long)v->early_spelled, (unsigned long long)v->spelled);
		run_failure(v, &v->early, what);
	}
	if (v->endpoint_count >= 100 && verdict_median(v) > v->yes_no_ms) {
		snprintf(what, sizeof(what), "the median end of a yes or no took %u ms, at most %u are promised; one that took longer", verdict_median(v),
			v->yes_no_ms);
		run_failure(v, &v->slow, what);
	}
}

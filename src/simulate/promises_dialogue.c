/* Checks of turns, tools and answers: P01, P02, P03, P09, P10, P12, P15, P24, the half of P14 that is about generations, and
 * the half of N5 that is about what the model is shown. Reads inputs and outputs, the requests as the model got them, the
 * conductor's ledger and when the caller's sounds reached us. */
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

enum { SPOKE_DURING = 1, SPOKE_AFTER = 2, SHOWN = 4, COUNTED_DURING = 8, COUNTED_AFTER = 16 };

#define AIR_US (2500 * MS_US)
#define VENDORS (FAULTS_STT | FAULTS_LLM | FAULTS_TTS)

static uint32_t hash32(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	while (len--)
		h = (h ^ (unsigned char)*text++) * 16777619u;
	return h;
}

static uint32_t entry_place(const struct judge *j, const struct ledger_entry *e)
{
	return (uint32_t)(e - j->scene->conductor.ledger);
}

/* ---- P01, P02, P03: tools and what the model is shown of them -------------------------------------------------------
 *
 * P01: after a result was told to the worker, every request to the model holds the pair of that tool's use and result, and
 *      the result's own words (in the result, or in an event when the conversation had gone on). Exercised by a caller whose
 *      voice begins within 500 ms after the result, by the next request. Exempt: the words, when the result came after the tool's own deadline.
 *      And: no change takes effect twice under one name and arguments.
 * P02: in every request each use has exactly one result, behind it, and no result stands alone. Exercised by each request
 *      with a use. And: a turn that ended while a tool ran is answered, or filled, within eight seconds. Exempt: faults of
 *      the model or the voice within five seconds, and the caller going on.
 * P03: nobody stops listening to a tool that runs while the call is on; its result is in the next request, as P01 says.
 *      Exercised by a caller who speaks while a tool runs, by the next request that has its result. */

static bool holds_text(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	size_t i;

	for (i = 0; i < count; i++)
		if ((blocks[i].type == BLOCK_EVENT || blocks[i].type == BLOCK_TOOL_RESULT) && blocks[i].text_len >= e->text_len &&
			memmem(blocks[i].text, blocks[i].text_len, e->text, e->text_len))
			return true;
	return false;
}

static bool holds_pair(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	bool use = false, result = false;
	size_t i;

	for (i = 0; i < count; i++) {
		if (blocks[i].turn != e->turn || blocks[i].index != e->index)
			continue;
		use = use || blocks[i].type == BLOCK_TOOL_USE;
		result = result || blocks[i].type == BLOCK_TOOL_RESULT;
	}
	return use && result;
}

static void result_shown(struct judge *j, uint32_t i, const struct request_block *blocks, size_t count)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	bool late = j->tool_told_us[i] > e->asked_us + (uint64_t)j->scene->settings.tool_timeout_ms * MS_US - 50 * MS_US;
	bool whole = holds_pair(blocks, count, e) && (late || holds_text(blocks, count, e));
	uint8_t *flags = &j->tool_flags[i];

	if (*flags & SPOKE_AFTER && !(*flags & COUNTED_AFTER))
		judge_exercise(j, P01);
	if (*flags & SPOKE_DURING && !(*flags & COUNTED_DURING))
		judge_exercise(j, P03);
	*flags |= (uint8_t)((*flags & SPOKE_AFTER ? COUNTED_AFTER : 0) | (*flags & SPOKE_DURING ? COUNTED_DURING : 0));
	if (whole || (*flags & SHOWN))
		return;
	*flags |= SHOWN; /* say it once */
	if (*flags & SPOKE_DURING)
		judge_fail(j, P03, "the result of %.*s, which ran while the caller spoke, is not in the next request", (int)e->name_len, e->name);
	if (!(*flags & SPOKE_DURING) || !holds_pair(blocks, count, e))
		judge_fail(j, P01, "the result of %.*s (turn %u) is not in the next request", (int)e->name_len, e->name, e->turn);
}

static void pairs_check(struct judge *j, const struct request_block *blocks, size_t count)
{
	size_t i, k;
	bool any = false;

	for (i = 0; i < count; i++) {
		uint32_t results = 0, before = 0;

		if (blocks[i].type != BLOCK_TOOL_USE && blocks[i].type != BLOCK_TOOL_RESULT)
			continue;
		any = true;
		for (k = 0; k < count; k++) {
			bool same = k != i && blocks[k].turn == blocks[i].turn && blocks[k].index == blocks[i].index;

			results += same && k > i && blocks[k].type == BLOCK_TOOL_RESULT;
			before += same && k < i && blocks[k].type == BLOCK_TOOL_USE;
		}
		if (blocks[i].type == BLOCK_TOOL_USE ? results != 1 : before != 1)
			judge_fail(j, P02, "a request has %u results for the use of turn %u, index %u", results, blocks[i].turn, blocks[i].index);
	}
	if (any)
		judge_exercise(j, P02);
}

void judge_model_asked(struct judge *j, uint32_t serial, enum ask_kind kind, const struct request_block *blocks, size_t count)
{
	uint32_t i, gen = 0;

	(void)kind;
	if (j->asks_first != j->asks_end)
		gen = j->asks[j->asks_first++ % 16];
	j->gen_serial[serial % JUDGE_GENS] = gen;
	pairs_check(j, blocks, count);
	for (i = 0; i < j->scene->conductor.ledger_count && i < 256; i++)
		if (j->tool_told_us[i])
			result_shown(j, i, blocks, count);
	judge_history(j, blocks, count);
}

void judge_tool_told(struct judge *j, const struct ledger_entry *e)
{
	uint32_t i = entry_place(j, e);

	if (i < 256)
		j->tool_told_us[i] = judge_now(j);
	j->told_us = judge_now(j);
}

void judge_tool_cancelled(struct judge *j, const struct ledger_entry *e)
{
	if (!j->ended && !e->settled)
		judge_fail(j, P03, "nobody listens to %.*s any more while it runs", (int)e->name_len, e->name);
}

static void tools_spoken_over(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint64_t now = judge_now(j);
	uint32_t i;

	for (i = 0; i < c->ledger_count && i < 256; i++) {
		if (!c->ledger[i].settled)
			j->tool_flags[i] |= SPOKE_DURING;
		if (j->tool_told_us[i] && now - j->tool_told_us[i] <= 500 * MS_US)
			j->tool_flags[i] |= SPOKE_AFTER;
	}
}

static void effects_check(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, k;

	for (i = 0; i < c->ledger_count; i++) {
		const struct ledger_entry *a = &c->ledger[i];
		uint32_t effects = a->effects;

		for (k = 0; k < i; k++) {
			const struct ledger_entry *b = &c->ledger[k];

			if (b->name_len == a->name_len && b->args_len == a->args_len && !memcmp(a->name, b->name, a->name_len) &&
				!memcmp(a->args, b->args, a->args_len))
				effects += b->effects;
		}
		if (a->changes && effects > 1)
			judge_fail(j, P01, "%.*s took effect %u times", (int)a->name_len, a->name, effects);
	}
}

/* ---- P14, P15: generations ------------------------------------------------------------------------------------------
 *
 * P14 (here): a generation is asked for only when the one before is over (done, failed or cancelled), so that one turn never
 *      has two answers on their way.
 * P15: a tool is dispatched only when a generation that asked for it is complete and, was it asked ahead, released; never
 *      out of a discarded one. Exercised by each dispatch, and by each answer asked for ahead in which a tool was asked for.
 *      And: the characters metered as wasted are those of the discarded answers (promises_kept.c). */

static uint8_t *gen_state(struct judge *j, uint32_t gen)
{
	return &j->gens[gen % JUDGE_GENS];
}

static void gen_asked(struct judge *j, const struct call_output *o)
{
	if (j->active_gen && !(*gen_state(j, j->active_gen) & GEN_IS_OVER) && j->active_gen != o->gen)
		judge_fail(j, P14, "generation %u was asked for while %u was still being written", o->gen, j->active_gen);
	*gen_state(j, o->gen) = GEN_IS_ASKED | (o->kind == ASK_AHEAD ? GEN_IS_AHEAD : 0);
	j->active_gen = j->last_gen = o->gen;
	j->asks[j->asks_end++ % 16] = o->gen;
}

static void gen_over(struct judge *j, uint32_t gen, uint8_t how)
{
	*gen_state(j, gen) |= (uint8_t)(GEN_IS_OVER | how);
	if (j->active_gen == gen)
		j->active_gen = 0;
}

uint32_t judge_turn_answered(const struct judge *j)
{
	uint8_t state = j->gens[j->last_gen % JUDGE_GENS];

	return j->turn + ((state & GEN_IS_AHEAD) && !(state & (GEN_IS_RELEASED | GEN_IS_DISCARDED)) ? 1 : 0);
}

void judge_tool_asked(struct judge *j, uint32_t serial, const struct model_tool *tool)
{
	struct judged_tool *t = &j->tools[j->tool_count++ % JUDGE_TOOLS];

	t->gen = j->gen_serial[serial % JUDGE_GENS];
	t->hash = hash32(tool->name, strlen(tool->name)) ^ hash32(tool->args, strlen(tool->args)) * 31;
	if (*gen_state(j, t->gen) & GEN_IS_AHEAD)
		judge_exercise(j, P15);
}

void judge_tool_dispatched(struct judge *j, const struct tool_request *q)
{
	uint32_t hash = hash32(q->name, q->name_len) ^ hash32(q->args, q->args_len) * 31, i;
	uint32_t first = j->tool_count > JUDGE_TOOLS ? j->tool_count - JUDGE_TOOLS : 0;
	bool sure = false, known = false;

	judge_exercise(j, P15);
	judge_kept_dispatch(j, q);
	for (i = first; i < j->tool_count; i++) {
		const struct judged_tool *t = &j->tools[i % JUDGE_TOOLS];
		uint8_t state = *gen_state(j, t->gen);

		if (t->hash != hash)
			continue;
		known = true;
		if ((state & GEN_IS_COMPLETE) && (!(state & GEN_IS_AHEAD) || (state & GEN_IS_RELEASED)) && !(state & GEN_IS_DISCARDED))
			sure = true;
	}
	if (known && !sure && judge_now(j) > j->attached_us + 1) /* a new worker asks again for what the old one had dispatched */
		judge_fail(j, P15, "%.*s was dispatched before its message was complete and the turn was sure", (int)q->name_len, q->name);
}

/* ---- P09: spelled answers and short ones -----------------------------------------------------------------------------
 *
 * A spelled answer (digits, letters, an address, with pauses of 0.5 to 1.5 s inside) is cut off when a turn ends between the
 * arrival of its first and its last voiced chunk; at most 2 % may be, over a run. A plain yes or no takes from the arrival of
 * its last voiced chunk to the end of the turn; the median may be 300 ms, and what turn.complete_ms is longer than 200. Both only when the caller answers the question he
 * was asked, alone: not over the agent's words, with no other sound of his a second before or inside, no key pressed, no tool
 * at work, and no fault of the recogniser or the line within eight seconds. */

void judge_answer(struct judge *j, const struct script_step *step, uint32_t said)
{
	const struct caller *c = &j->scene->caller;
	const struct sound *first = NULL;
	uint32_t n;

	for (n = c->sound_count; n > 0 && c->sound_count - n < 200 && caller_sound(c, n - 1)->said == said; n--)
		first = caller_sound(c, n - 1);
	if (!first)
		return;
	j->answer = (struct answer_watch){ .used = true, .said = said };
	j->answer.spelled = (first->flags & SOUND_SPELLED) != 0;
	j->answer.yes_no = (first->flags & SOUND_YES_NO) != 0;
	(void)step;
}

static void answer_begins(struct judge *j)
{
	struct answer_watch *a = &j->answer;

	a->begun = true;
	a->void_ = judge_quiet_call(j) || judge_now(j) < j->voice_us + 1 * S_US || judge_open_utterances(j) || judge_answer_due(j) ||
		judge_faults(j, FAULTS_STT | FAULTS_LINE | FAULTS_TTS, 8 * S_US) || judge_now(j) < j->key_us + 4 * S_US ||
		judge_now(j) < j->attached_us + 8 * S_US;
}

/* A turn ended: what does that say about the answer that is being given? */
static void answer_turn(struct judge *j)
{
	struct answer_watch *a = &j->answer;
	const struct caller *c = &j->scene->caller;
	bool said = c->position > 0 && a->begun;
	struct failure_report here = judge_place(j, P09);
	uint64_t took = judge_now(j) - a->to_us;
	uint32_t n;

	if (!a->used || !said)
		return;
	for (n = c->sound_next; n < c->sound_count; n++)
		if (caller_sound(c, n)->said == a->said && caller_sound(c, n)->to > c->position)
			a->early = true;
	a->used = false;
	if (a->void_ || judge_faults(j, FAULTS_STT | FAULTS_LINE, 8 * S_US))
		return;
	if (a->spelled) {
		j->verdict->spelled++;
		j->verdict->early_spelled += a->early;
		if (a->early)
			verdict_first(&j->verdict->early, &here);
	} else if (a->yes_no && !a->early) {
		if (took > (uint64_t)j->verdict->yes_no_ms * MS_US)
			verdict_first(&j->verdict->slow, &here);
		j->verdict->endpoints[took / MS_US < ENDPOINT_BINS ? took / MS_US : ENDPOINT_BINS - 1]++;
		j->verdict->endpoint_count++;
	}
}

/* ---- P10: noise -------------------------------------------------------------------------------------------------------
 *
 * A sound without words, of 250 ms or more, when nobody speaks, nothing is asked, runs or is owed: the agent says something
 * ("I did not catch that") within 1.5 s after its last voiced chunk arrived. Exempt: another sound or a key of the caller's
 * meanwhile, faults of the line, the recogniser or the voice within four seconds, and what judge_quiet_call says. And: after
 * noise as always, with nobody speaking and nothing at work, the agent speaks within quiet.after_ms and a second. */

void judge_cough(struct judge *j, uint32_t sound)
{
	const struct sound *s = caller_sound(&j->scene->caller, sound);

	if (s->to - s->from >= 250 * 8)
		j->noise = (struct noise_watch){ .used = true, .said = s->said };
}

static bool all_idle(struct judge *j)
{
	return !judge_quiet_call(j) && !judge_open_utterances(j) && !judge_answer_due(j) && !j->held && !j->final_count;
}

static void noise_begins(struct judge *j, const struct sound *s)
{
	struct noise_watch *w = &j->noise;
	uint64_t now = judge_now(j);

	if (!w->used)
		return;
	if (s->said != w->said) {
		w->used = false;
		return;
	}
	if (!all_idle(j) || now < j->voice_us + 2 * S_US || now < j->key_us + 4 * S_US || now < j->text_us + 2 * S_US ||
		judge_faults(j, FAULTS_STT | FAULTS_LINE | FAULTS_TTS, 4 * S_US))
		w->used = false;
	w->from_us = now;
}

static void noise_time(struct judge *j)
{
	struct noise_watch *w = &j->noise;
	uint64_t now = judge_now(j);

	if (!w->used || !w->to_us)
		return;
	if (judge_quiet_call(j) || j->text_us > w->from_us || j->key_us > w->from_us ||
		judge_faults(j, FAULTS_STT | FAULTS_LINE | FAULTS_TTS, 4 * S_US) || now > j->caller_chunk_us + 200 * MS_US) {
		w->used = false;
	} else if (judge_open_utterances(j) && j->speak_us > w->from_us) {
		judge_exercise(j, P10);
		w->used = false;
	} else if (now > w->to_us + 1500 * MS_US) {
		judge_exercise(j, P10);
		judge_fail(j, P10, "noise of the caller's, and nothing was said for 1.5 s of silence");
		w->used = false;
	}
}

static void quiet_time(struct judge *j)
{
	uint64_t now = judge_now(j), allowed = (uint64_t)j->scene->settings.quiet_after_ms * MS_US + 1 * S_US;

	if (!all_idle(j) || j->voice_us == now || now < j->voice_us + 500 * MS_US || now < j->key_us + 3 * S_US || j->text_us == now) {
		j->quiet_us = now;
		j->quiet_said = false;
		return;
	}
	if (now > j->quiet_us + allowed && !j->quiet_said) {
		j->quiet_said = true;
		judge_fail(j, P10, "nobody spoke for %llu ms and the agent did not ask", (unsigned long long)((now - j->quiet_us) / MS_US));
	}
}

/* ---- P12: dead air ----------------------------------------------------------------------------------------------------
 *
 * From the end of a turn to the first frame given to the carrier, and from any first attempt at an answer with nothing left
 * to be heard, at most 2.5 s pass. Exercised when a fault of the model falls into that time. Exempt: the caller's voice or
 * keys meanwhile, faults of the voice or the recogniser within five seconds, a tool that runs for longer than its filler
 * (the filler is owed then, and counts), and what judge_quiet_call says. P02's half is the same clock at eight seconds. */

static void air_open(struct judge *j)
{
	uint64_t now = judge_now(j), ear = j->scene->carrier.wire_ahead_to_us;

	if (j->air_open)
		return;
	j->air_open = true;
	j->air_fault = false;
	j->air_us = ear > now ? ear : now;
}

static void air_close(struct judge *j)
{
	if (j->air_open && j->air_fault)
		judge_exercise(j, P12);
	j->air_open = false;
}

void judge_agent_sounds(struct judge *j)
{
	if (j->air_open)
		air_close(j);
}

static void air_time(struct judge *j)
{
	uint64_t now = judge_now(j);

	if (!j->air_open)
		return;
	if (judge_quiet_call(j) || judge_faults(j, FAULTS_TTS | FAULTS_STT, 5 * S_US) || j->voice_us > j->air_us || j->key_us > j->air_us || j->held) {
		j->air_open = false;
		return;
	}
	if (conductor_tool_runs(&j->scene->conductor))
		j->air_us = now;
	if (judge_faults(j, FAULTS_LLM, 3 * S_US))
		j->air_fault = true;
	if (now <= j->air_us + AIR_US)
		return;
	judge_exercise(j, P12);
	judge_fail(j, P12, "dead air for more than 2.5 s%s", j->air_fault ? " while the model stalls" : "");
	j->air_open = false;
}

static void owed_time(struct judge *j)
{
	uint64_t now = judge_now(j);

	if (!j->owed_us)
		return;
	if (judge_quiet_call(j) || judge_faults(j, VENDORS, 5 * S_US) || j->voice_us > j->owed_us || j->key_us > j->owed_us ||
		j->frame_us > j->owed_us)
		j->owed_us = 0;
	else if (now > j->owed_us + 8 * S_US) {
		judge_fail(j, P02, "a turn that ended while a tool ran was not answered for eight seconds");
		j->owed_us = 0;
	}
}

/* ---- P24: the first words ---------------------------------------------------------------------------------------------
 *
 * A call that rang before it was answered has opened the recogniser and ordered the greeting before the media began, and its
 * first frame goes out within 200 ms after that. The recogniser's first sample is the caller's first. Exempt: the first
 * frame, when it rang for less than 700 ms, or with a fault of the voice; the recogniser, with a fault of its own. */

static void first_start(struct judge *j)
{
	if (!j->prepared_us || j->attached_us)
		return; /* it did not ring, or it begins anew with another worker */
	judge_exercise(j, P24);
	if (!j->listened || !j->spoke)
		judge_fail(j, P24, "the phone rang and %s was not opened", j->listened ? "the voice" : "the recogniser");
}

static void first_time(struct judge *j)
{
	if (j->first_frame || !j->started_us || !j->prepared_us || j->ended || j->lost_us || j->attached_us)
		return;
	if (judge_now(j) <= j->started_us + 200 * MS_US)
		return;
	j->first_frame = true; /* say it once */
	if (j->started_us < j->prepared_us + 700 * MS_US || judge_faults(j, FAULTS_TTS, 60 * S_US))
		return;
	judge_fail(j, P24, "no frame within 200 ms after the media began");
}

void judge_stt_pushed(struct judge *j, uint64_t base)
{
	if (j->base_known)
		return;
	j->base_known = true;
	if (base && !judge_faults(j, FAULTS_STT, 600 * S_US) && !j->attached_us)
		judge_fail(j, P24, "the recogniser's first sample is the caller's sample %llu", (unsigned long long)base);
}

/* ---- N5: what was heard is shown ---------------------------------------------------------------------------------------
 *
 * Every final with words that the session was given becomes part of a turn's words, was part of the turn before (its partial
 * had ended that turn already, and its audio lies before that end), or is noted as a nod, or a new
 * stream is opened that hears its audio again. It has until the call's end; a final of the last ten seconds of a call,
 * before its time was up, or before its media was lost for good, need not (words that came while the agent answered wait for
 * the next turn: their ten seconds begin when that answer is over, or a turn ended without them); nor one of a turn that the caller was still in the middle
 * of when the call ended, without one pause that was long enough to end it. After a worker's death only finals after the attach count (the words of the turn that died with it are lost with
 * the audio that no snapshot holds: P11's matter). The other half of N5 is in promises_kept.c. */

static bool words_in(const char *text, size_t len, const char *words, size_t words_len)
{
	return words_len <= len && memmem(text, len, words, words_len) != NULL;
}

/* An answer of the agent's is being written or spoken. */
static bool answer_under_way(struct judge *j)
{
	uint8_t state = *gen_state(j, j->active_gen);
	bool ahead = (state & GEN_IS_AHEAD) && !(state & GEN_IS_RELEASED);

	return (j->active_gen && !ahead) || judge_open_utterances(j);
}

static void finals_time(struct judge *j)
{
	bool under_way = j->final_count && answer_under_way(j);
	uint32_t i;

	for (i = 0; i < j->final_count; i++) {
		j->finals[i].waits = j->finals[i].waits && under_way;
		if (j->finals[i].waits)
			j->finals[i].owed_us = judge_now(j);
	}
}

static void final_given(struct judge *j, const struct call_input *in)
{
	struct pending_final *f;
	size_t len = in->text_len;

	j->text_us = judge_now(j);
	if (in->text_len)
		j->words_wait = true;
	if (in->kind == TRANSCRIPT_PARTIAL || !len || len >= JUDGE_FINAL_TEXT || j->ended)
		return;
	judge_exercise(j, N5);
	if (j->final_count == JUDGE_FINALS || (in->position2 <= j->turn_sample && words_in(j->turn_text, j->turn_len, in->text, len)))
		return;
	f = &j->finals[j->final_count++];
	f->at_us = f->owed_us = judge_now(j);
	f->waits = answer_under_way(j);
	f->from = in->position;
	f->len = (uint32_t)len;
	memcpy(f->text, in->text, len);
}

static void finals_found(struct judge *j, const char *text, size_t len)
{
	uint32_t i, kept = 0;

	for (i = 0; i < j->final_count; i++)
		if (!words_in(text, len, j->finals[i].text, j->finals[i].len)) {
			if (kept != i)
				j->finals[kept] = j->finals[i];
			kept++;
		}
	j->final_count = kept;
}

/* A new stream hears that audio again: what the old one said of it is not waited for. */
static void finals_again(struct judge *j, uint64_t position)
{
	uint32_t i, kept = 0;

	for (i = 0; i < j->final_count; i++)
		if (j->finals[i].from < position) {
			if (kept != i)
				j->finals[kept] = j->finals[i];
			kept++;
		}
	j->final_count = kept;
}

static void turn_words(struct judge *j, const struct call_output *o)
{
	uint32_t i;

	j->turn_len = (uint32_t)(o->text_len < JUDGE_TURN_TEXT ? o->text_len : JUDGE_TURN_TEXT);
	memcpy(j->turn_text, o->text, j->turn_len);
	j->words_wait = false;
	finals_found(j, o->text, o->text_len);
	for (i = 0; i < j->final_count; i++)
		j->finals[i].waits = false; /* this was the next turn */
}

/* ---- the step ---------------------------------------------------------------------------------------------------------- */

bool judge_answer_due(const struct judge *j)
{
	return j->active_gen || conductor_tool_runs(&j->scene->conductor) || j->asked_us == judge_now(j);
}

/* The longest silence in which a turn may still go on. */
static uint64_t turn_open_us(const struct judge *j)
{
	const struct call_settings *s = &j->scene->settings;
	int64_t of[] = { s->turn_silence_ms, s->turn_complete_ms, s->turn_open_ms, s->turn_spelled_ms }, longest = 0;
	size_t i;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		longest = of[i] > longest ? of[i] : longest;
	return (uint64_t)(longest + s->turn_final_wait_ms) * MS_US;
}

/* The caller may still be in the middle of his turn. */
static bool turn_open(const struct judge *j)
{
	uint64_t said_us = j->voice_us > j->text_us ? j->voice_us : j->text_us;

	return judge_now(j) <= said_us + turn_open_us(j) + 500 * MS_US;
}

bool judge_answer_ahead(const struct judge *j)
{
	uint8_t state = j->gens[j->last_gen % JUDGE_GENS];

	return (state & GEN_IS_AHEAD) && !(state & (GEN_IS_RELEASED | GEN_IS_DISCARDED)) && turn_open(j);
}

bool judge_asked_twice(const struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, k;

	for (i = 0; i < c->ledger_count && i < 256; i++) {
		const struct ledger_entry *a = &c->ledger[i];

		if (!j->tool_told_us[i] || judge_now(j) > j->tool_told_us[i] + 30 * S_US)
			continue;
		for (k = 0; k < i; k++) {
			const struct ledger_entry *b = &c->ledger[k];

			if (b->name_len == a->name_len && b->args_len == a->args_len && !memcmp(a->name, b->name, a->name_len) &&
				!memcmp(a->args, b->args, a->args_len))
				return true;
		}
	}
	return false;
}

void judge_dialogue_input(struct judge *j, const struct call_input *in)
{
	switch (in->type) {
	case IN_START:
		first_start(j);
		break;
	case IN_MODEL_DONE:
		gen_over(j, in->gen, GEN_IS_COMPLETE);
		break;
	case IN_MODEL_FAILED:
		gen_over(j, in->gen, 0);
		break;
	case IN_TRANSCRIPT:
		final_given(j, in);
		break;
	default:
		break;
	}
}

static void turn_ended(struct judge *j, const struct call_output *o)
{
	answer_turn(j);
	turn_words(j, o);
	j->open_turn_us = judge_now(j);
	j->air_open = false;
	air_open(j);
	if (conductor_tool_runs(&j->scene->conductor))
		j->owed_us = judge_now(j);
}

static void dialogue_note(struct judge *j, const struct call_output *o)
{
	switch (o->kind) {
	case NOTE_TURN:
		turn_ended(j, o);
		break;
	case NOTE_NOD:
		j->words_wait = false;
		finals_found(j, o->text, o->text_len);
		break;
	case NOTE_ENDING:
		if (o->index == END_MAX && !j->time_up_us)
			j->time_up_us = judge_now(j);
		break;
	case NOTE_RELEASE:
		*gen_state(j, o->index) |= GEN_IS_RELEASED;
		break;
	case NOTE_DISCARD:
		gen_over(j, o->index, GEN_IS_DISCARDED);
		break;
	default:
		break;
	}
}

void judge_dialogue_output(struct judge *j, const struct call_output *o)
{
	switch (o->type) {
	case OUT_ASK:
		gen_asked(j, o);
		j->asked_us = judge_now(j);
		if (o->kind == ASK_PLAIN && o->number == 1)
			air_open(j);
		break;
	case OUT_CANCEL:
		gen_over(j, o->gen, 0);
		break;
	case OUT_LISTEN:
		finals_again(j, o->position);
		break;
	case OUT_SPEAK:
		j->spoke = true;
		j->speak_us = judge_now(j);
		break;
	case OUT_NOTE:
		dialogue_note(j, o);
		break;
	default:
		break;
	}
}

void judge_dialogue_time(struct judge *j)
{
	if (!turn_open(j))
		j->open_turn_us = judge_now(j);
	first_time(j);
	air_time(j);
	owed_time(j);
	finals_time(j);
	noise_time(j);
	quiet_time(j);
}

void judge_sound_begins_turn(struct judge *j, const struct sound *s)
{
	noise_begins(j, s);
	if (j->answer.used && s->said == j->answer.said)
		answer_begins(j);
	else if (j->answer.used && j->answer.begun)
		j->answer.void_ = true;
	tools_spoken_over(j);
}

void judge_sound_in_turn(struct judge *j, const struct sound *s)
{
	uint64_t now = judge_now(j);

	if (j->noise.used && s->said == j->noise.said)
		j->noise.to_us = now;
	if (j->answer.used && s->said == j->answer.said)
		j->answer.to_us = now;
	if (j->voice_us + 300 * MS_US < now)
		tools_spoken_over(j);
}

void judge_dialogue_end(struct judge *j)
{
	uint64_t now = j->lost_us ? j->lost_us : j->scene->ended_us ? j->scene->ended_us : judge_now(j);
	uint32_t i;

	if (j->time_up_us && j->time_up_us < now)
		now = j->time_up_us;
	effects_check(j);
	for (i = 0; i < j->final_count; i++)
		if (j->finals[i].owed_us + 10 * S_US < now && j->finals[i].at_us <= j->open_turn_us)
			judge_fail(j, N5, "the final words \"%.*s\" were never shown to the model", (int)(j->finals[i].len < 60 ? j->finals[i].len : 60),
				j->finals[i].text);
}

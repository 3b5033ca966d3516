/* Checks of answers: P12, P15, P24, the half of P14 that is about generations, and P02's half about turns that wait. Reads inputs and
 * outputs and the frames on the wire. */
#include <string.h>

#include "base/num.h"
#include "base/wire.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

#define AIR_US (2500 * MS_US)
#define SOON_US (300 * MS_US)
#define MUTE_US (3 * S_US)
#define DIGITS_US (1800 * MS_US)
#define VENDORS (FAULTS_STT | FAULTS_LLM | FAULTS_TTS)

static uint32_t hash32(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	while (len--)
		h = (h ^ (unsigned char)*text++) * 16777619u;
	return h;
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

void judge_model_asked(struct judge *j, const struct llm_block *blocks, size_t count)
{
	judge_tools_paired(j, blocks, count);
	judge_private_asked(j, blocks, count);
}

void judge_request(struct judge *j, const struct call_output *o)
{
	judge_tools_shown(j, o);
	judge_results_asked(j, o);
	judge_known_request(j, o);
	judge_history(j, o->blocks, o->block_count);
	judge_private_request(j, o->blocks, o->block_count);
	if (o->kind != ASK_CONTINUE)
		j->gen_text_len = 0;
}

static void tool_asked(struct judge *j, const struct call_input *in)
{
	struct judged_tool *t = &j->tools[j->tool_count++ % JUDGE_TOOLS];

	j->tool_asked_us = judge_now(j);
	t->gen = in->gen;
	t->hash = hash32(in->name, in->name_len) ^ hash32(in->text, in->text_len) * 31;
	if (*gen_state(j, t->gen) & GEN_IS_AHEAD)
		judge_exercise(j, P15);
}

void judge_tool_dispatched(struct judge *j, const struct tool_request *q)
{
	uint32_t hash = hash32(q->name, q->name_len) ^ hash32(q->args, q->args_len) * 31, i;
	uint32_t first = j->tool_count > JUDGE_TOOLS ? j->tool_count - JUDGE_TOOLS : 0;
	bool sure = false, known = false;
	uint32_t k;

	for (k = 0; k < JUDGE_TOOLS; k++)
		j->again_us = j->sent[k] == hash ? judge_now(j) : j->again_us;
	j->sent[j->sent_count++ % JUDGE_TOOLS] = hash;
	judge_exercise(j, P15);
	judge_kept_dispatch(j, q);
	judge_private_dispatch(j, q);
	judge_tool_again(j, q);
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

/* ---- P12: dead air ----------------------------------------------------------------------------------------------------
 *
 * From the end of a turn to the first frame given to the carrier, and from any first attempt at an answer with nothing left
 * to be heard, at most 2.5 s pass. Exercised when a fault of the model falls into that time. Exempt: the caller's voice or
 * keys meanwhile, faults of the voice or the recogniser within five seconds, and what judge_quiet_call says. P02's half is the
 * same clock at eight seconds. While a tool runs for longer than tool.filler_ms (a second at most) this
 * clock stands, and the filler's counts (below). */

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

static void mute_close(struct judge *j);

void judge_agent_sounds(struct judge *j)
{
	if (j->air_open)
		air_close(j);
	mute_close(j);
}

/* A tool runs, and has for so long that a filler may be due: for tool.filler_ms, a second at most. */
static bool tool_is_slow(struct judge *j)
{
	uint64_t now = judge_now(j);

	if (!conductor_tool_runs(&j->scene->conductor))
		j->tool_us = 0;
	else if (!j->tool_us)
		j->tool_us = now;
	return j->tool_us && now >= j->tool_us + num_min((uint64_t)j->scene->settings.tool_filler_ms * MS_US, 1 * S_US);
}

static void air_time(struct judge *j)
{
	uint64_t now = judge_now(j);
	bool slow = tool_is_slow(j);

	if (!j->air_open)
		return;
	if (judge_quiet_call(j) || judge_faults(j, FAULTS_TTS | FAULTS_STT, 5 * S_US) || j->voice_us > j->air_us || j->key_us > j->air_us || j->held) {
		j->air_open = false;
		return;
	}
	if (slow)
		j->air_us = now;
	if (judge_faults(j, FAULTS_LLM | FAULTS_KNOWLEDGE, 3 * S_US))
		j->air_fault = true;
	if (now <= j->air_us + AIR_US)
		return;
	judge_exercise(j, P12);
	judge_fail(j, P12, "dead air for more than 2.5 s%s", j->air_fault ? " while the model, or what it is to know, is late" : "");
	j->air_open = false;
}

/* Without any fault: when the caller's turn is over, no more than three seconds lie between his last sound, or the agent's, and the agent's next (N9); where
 * the turn itself waited longer for more of it than for digits as they are set at first, so much more. Exempt: any fault within ten seconds, keys within as many, a call that another
 * worker or socket took over, a brief without fillers of either kind, and what judge_quiet_call says. Exercised by each turn that is answered. */

static void mute_open(struct judge *j)
{
	uint64_t now = judge_now(j), ear = j->scene->carrier.wire_ahead_to_us, since = num_max(j->voice_us, num_min(ear, now));

	j->mute_us = now;
	j->mute_due_us = num_max(since + MUTE_US, now + MUTE_US - DIGITS_US);
}

static void mute_close(struct judge *j)
{
	if (j->mute_due_us)
		judge_exercise(j, P12);
	j->mute_due_us = 0;
}

static bool fillers_late(const struct judge *j)
{
	return j->scene->settings.tool_filler_ms >= j->scene->settings.llm_silent_ms;
}

static void mute_time(struct judge *j)
{
	const struct brief *b = &j->scene->brief;

	if (!j->mute_due_us)
		return;
	if (judge_quiet_call(j) || judge_faults(j, ~(fault_set)0, 10 * S_US) || j->voice_us > j->mute_us || (j->key_us && judge_now(j) < j->key_us + 10 * S_US) ||
		j->attached_us || j->held || !b->fillers.count || !b->waits.count || j->scene->settings.call_rules < 4 || fillers_late(j)) {
		j->mute_due_us = 0;
	} else if (judge_now(j) > j->mute_due_us) {
		judge_fail(j, P12, "nobody has been heard for three seconds, and nothing is out of order");
		j->mute_due_us = 0;
	}
}

/* The caller has not spoken for so long that nobody takes him to be speaking, and is heard. */
static bool caller_still(const struct judge *j)
{
	uint64_t now = judge_now(j), gap_us = (uint64_t)j->scene->settings.vad_gap_ms * MS_US + 200 * MS_US;

	return now > j->voice_us + gap_us && now <= j->caller_chunk_us + 200 * MS_US && now > j->stalled_us + 200 * MS_US && now >= j->key_us + 3 * S_US;
}

/* While the answer waits for a tool: a filler is ordered within 300 ms when tool.filler_ms have passed since it was dispatched and all that the agent
 * had to say is said, the caller does not speak, and no words of his wait for their turn; and so five seconds after each. (That it is heard then is
 * P13's.) Exercised by each.
 * And none is ordered to be played, from its beginning or behind a hold, when no tool runs any more. Exercised by each.
 * Exempt: a tool that was asked for before another worker or socket took over, one that is given up or detached by then, a brief without such fillers, and
 * what judge_quiet_call says. And: no filler is said twice running when the brief has more
 * than one of its kind (P14). Exempt: a fault of the voice within ten seconds, and calls that were taken over. */
static uint64_t filler_again_us(const struct judge *j)
{
	return (j->scene->settings.call_rules >= 4 ? 4 : 5) * S_US;
}

static void filler_time(struct judge *j)
{
	uint64_t now = judge_now(j);

	if (!j->filler_us || now < j->filler_us)
		return;
	if (judge_quiet_call(j) || !j->scene->brief.waits.count || !judge_tool_waits(j)) {
		j->filler_us = 0;
	} else if (j->filler_said_us >= j->filler_us) {
		judge_exercise(j, P12);
		j->filler_us = j->filler_said_us + filler_again_us(j);
	} else if (judge_open_utterances(j) || j->output_us == now || j->held || !caller_still(j) || j->words_wait) {
		j->filler_us = now;
	} else if (now > j->filler_us + SOON_US) {
		judge_fail(j, P12, "a tool runs, nobody speaks, and the filler that was due is not said");
		j->filler_us = 0;
	}
}

/* One that is said before it is due, because the caller has heard nothing for long, is the first. */
static void wait_said(struct judge *j)
{
	j->filler_said_us = judge_now(j);
	if (j->filler_us > j->filler_said_us)
		j->filler_us = j->filler_said_us + filler_again_us(j);
}

static void filler_said(struct judge *j, const struct call_output *o)
{
	const struct brief_phrases *kinds[] = { &j->scene->brief.fillers, &j->scene->brief.waits };
	const struct judged_utterance *u = judge_utterance(j, o->utterance);
	unsigned int k;
	uint32_t i;

	if (u && !u->old)
		return; /* the same filler, made again */
	for (k = 0; k < 2; k++)
		for (i = 0; i < kinds[k]->count; i++) {
			if (strlen(kinds[k]->text[i]) != o->text_len || memcmp(kinds[k]->text[i], o->text, o->text_len) != 0)
				continue;
			if (k)
				wait_said(j);
			if (j->attached_us)
				continue;
			if (kinds[k]->count > 1 && j->fillers_said[k] == i + 1 && !judge_faults(j, FAULTS_TTS, 10 * S_US))
				judge_fail(j, P14, "the filler \"%.*s\" was said twice running", (int)o->text_len, o->text);
			j->fillers_said[k] = (uint8_t)(i + 1);
		}
}

/* ---- P02: a result is asked about ---------------------------------------------------------------------------------------
 *
 * Once a tool's result is in the dialogue, and for a second the caller has not spoken, nothing is asked or runs and no words wait for
 * their turn, the model has been asked, whatever the agent still has to say. Exercised by a result that comes into the caller's voice, when it is
 * asked about. (A request for the rest of an answer that broke off is none.) Exempt: what came while the agent gave up on the model, a floor that was
 * taken (the caller's turn asks), a worker that died, keys, and what judge_quiet_call says. */

static void result_came(struct judge *j)
{
	j->result_owed = true;
	j->result_ahead = 0;
	j->result_us = judge_now(j);
	j->result_over = judge_now(j) <= j->voice_us + 200 * MS_US;
}

static void result_asked(struct judge *j, const struct call_output *o)
{
	bool without = o->kind == ASK_AHEAD || (o->kind == ASK_CONTINUE && o->number > 1);

	if (j->result_gen || (j->result_owed && !without))
		j->result_gen = o->gen;
	if (o->kind == ASK_AHEAD && j->result_owed)
		j->result_ahead = o->gen;
	if (without)
		return;
	if (j->result_owed && j->result_over)
		judge_exercise(j, P02);
	j->result_owed = false;
}

/* What was asked ahead behind it is asked now. */
static void result_released(struct judge *j, uint32_t gen)
{
	if (!j->result_owed || j->result_ahead != gen)
		return;
	j->result_owed = false;
	j->result_gen = gen;
}

/* P01: the answer to it is whole, and released. */
static void result_answered(struct judge *j, uint32_t gen)
{
	uint8_t state = *gen_state(j, gen);

	if (j->result_gen != gen || !(state & GEN_IS_COMPLETE) || ((state & GEN_IS_AHEAD) && !(state & GEN_IS_RELEASED)))
		return;
	judge_exercise(j, P01);
	j->result_gen = 0;
}

static void result_time(struct judge *j)
{
	uint64_t now = judge_now(j), noise_us = (uint64_t)j->scene->settings.turn_noise_ms * MS_US;

	if (!j->result_owed && !j->result_gen)
		return;
	if (judge_quiet_call(j) || judge_answer_due(j) || j->words_wait || !caller_still(j)) {
		j->result_us = now;
	} else if (j->result_owed && now > j->result_us + 1 * S_US) {
		judge_fail(j, P02, "a tool's result came, the caller has not spoken for a second, and the model is not asked");
		j->result_owed = false;
	} else if (j->result_gen && now > j->result_us + noise_us + 1 * S_US) {
		judge_fail(j, P01, "the answer to a tool's result was stopped, nobody speaks, and the model is not asked again");
		j->result_gen = 0;
	}
}

/* ---- a turn that waits --------------------------------------------------------------------------------------------------- */

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
 * frame, when it rang for less than 700 ms, or with a fault of the voice since it rang; the recogniser, with a fault of its own since then. And: what is noted
 * of how long a turn's first words took is true to itself: all parts are there, none is longer than the whole (a negative
 * one would be), and their sum is the whole, which began while the call was on. Exercised by each note. Exempt: nothing. */

static void latency_noted(struct judge *j, const struct call_output *o)
{
	struct wire_reader r;
	uint64_t sum = 0, part = 0;
	bool within = true;
	uint32_t i;

	wire_reader_init(&r, o->text, o->text_len);
	for (i = 0; i < LATENCY_PARTS; i++) {
		part = wire_varint(&r);
		within = within && part <= o->number;
		sum += part;
	}
	if (j->turn_why == TURN_COMPLETE && part <= sum) { /* the last part is behind the first frame */
		uint64_t ms = (sum - part) / MS_US;

		j->verdict->answers[ms < ANSWER_BINS ? ms : ANSWER_BINS - 1]++;
		j->verdict->answer_count++;
	}
	judge_exercise(j, P24);
	if (r.err || r.at != r.end || !within || sum != o->number || o->number > judge_now(j) - j->scene->opened_us)
		judge_fail(j, P24, "the latency of turn %u is noted as %llu us, its parts as %llu", o->turn, (unsigned long long)o->number, (unsigned long long)sum);
}

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
	if (j->started_us < j->prepared_us + 700 * MS_US || judge_faults(j, FAULTS_TTS, judge_now(j) - j->prepared_us))
		return;
	judge_fail(j, P24, "no frame within 200 ms after the media began");
}

void judge_stt_pushed(struct judge *j, uint64_t base)
{
	uint64_t since = j->prepared_us ? j->prepared_us : j->started_us; /* it was opened then */

	judge_stream_given(j, base);
	if (j->base_known)
		return;
	j->base_known = true;
	if (base && !judge_faults(j, FAULTS_STT, judge_now(j) - since) && !j->attached_us)
		judge_fail(j, P24, "the recogniser's first sample is the caller's sample %llu", (unsigned long long)base);
}

/* ---- the step ---------------------------------------------------------------------------------------------------------- */

bool judge_answer_written(const struct judge *j)
{
	uint8_t state = j->gens[j->last_gen % JUDGE_GENS];

	return state & GEN_IS_ASKED && !(state & (GEN_IS_COMPLETE | GEN_IS_DISCARDED));
}

bool judge_answer_due(const struct judge *j)
{
	return j->active_gen || conductor_tool_runs(&j->scene->conductor) || j->asked_us == judge_now(j);
}

bool judge_answer_ahead(const struct judge *j)
{
	uint8_t state = j->gens[j->last_gen % JUDGE_GENS];

	return (state & GEN_IS_AHEAD) && !(state & (GEN_IS_RELEASED | GEN_IS_DISCARDED)) && judge_turn_open(j);
}

void judge_dialogue_input(struct judge *j, const struct call_input *in)
{
	judge_parting_input(j, in);
	switch (in->type) {
	case IN_START:
		first_start(j);
		break;
	case IN_MODEL_TOOL:
		tool_asked(j, in);
		break;
	case IN_MODEL_TEXT:
		judge_answer_said(j, in);
		break;
	case IN_MODEL_DONE:
		gen_over(j, in->gen, GEN_IS_COMPLETE);
		result_answered(j, in->gen);
		break;
	case IN_MODEL_FAILED:
		gen_over(j, in->gen, 0);
		break;
	case IN_TRANSCRIPT:
		judge_final_given(j, in);
		break;
	case IN_KNOWLEDGE:
		judge_known_input(j, in);
		break;
	case IN_ATTACHED:
		judge_results_again(j);
		break;
	default:
		break;
	}
}

static void turn_ended(struct judge *j, const struct call_output *o)
{
	judge_answer_turn(j);
	judge_turn_words(j, o);
	j->open_turn_us = judge_now(j);
	j->air_open = false;
	air_open(j);
	mute_open(j);
	if (conductor_tool_runs(&j->scene->conductor))
		j->owed_us = judge_now(j);
}

/* One that was asked ahead, one of which nothing was heard, or the rest of one (0). */
static void answer_discarded(struct judge *j, uint32_t gen)
{
	uint8_t state = gen ? *gen_state(j, gen) : 0;

	if (!(state & GEN_IS_AHEAD) || state & GEN_IS_RELEASED)
		j->given_up_turn = j->turn + 1;
	if (gen)
		gen_over(j, gen, GEN_IS_DISCARDED);
}

static void dialogue_note(struct judge *j, const struct call_output *o)
{
	switch (o->kind) {
	case NOTE_TURN:
		j->turn_why = o->index == TURN_ASIDE ? j->turn_why : o->index;
		judge_order_turn(j, o);
		if (o->index == TURN_ASIDE)
			judge_turn_words(j, o); /* they wait for no answer */
		else
			turn_ended(j, o);
		break;
	case NOTE_NOISE:
		j->owed_sample = j->heard_sample; /* the caller is asked to say it again */
		j->unheard_sound = j->scene->talker.sound_count;
		j->unheard_us = judge_now(j);
		break;
	case NOTE_NOD:
		j->words_wait = false;
		judge_finals_found(j, o->text, o->text_len);
		break;
	case NOTE_ENDING:
		j->result_owed = false;
		j->result_gen = 0;
		if (o->index == END_MAX && !j->time_up_us)
			j->time_up_us = judge_now(j);
		break;
	case NOTE_RELEASE:
		*gen_state(j, o->index) |= GEN_IS_RELEASED;
		result_released(j, o->index);
		result_answered(j, o->index);
		break;
	case NOTE_YIELD:
		j->result_owed = false;
		break;
	case NOTE_FAILED:
		judge_results_again(j);
		j->result_owed = j->result_owed && o->index != RETRY_MODEL;
		j->result_gen = o->index != RETRY_MODEL ? j->result_gen : 0;
		break;
	case NOTE_TOOL:
		result_came(j);
		break;
	case NOTE_TOOL_REPEAT:
		result_came(j);
		judge_tool_repeated(j, o);
		break;
	case NOTE_LATENCY:
		latency_noted(j, o);
		break;
	case NOTE_DISCARD:
		answer_discarded(j, o->index);
		break;
	default:
		break;
	}
}

void judge_dialogue_output(struct judge *j, const struct call_output *o)
{
	judge_order_output(j, o);
	judge_parting_output(j, o);
	switch (o->type) {
	case OUT_ASK:
		gen_asked(j, o);
		j->asked_before_us = j->asked_us;
		j->asked_us = judge_now(j);
		j->answer_before_us = o->kind != ASK_CONTINUE ? j->answer_us : j->answer_before_us;
		j->answer_us = o->kind != ASK_CONTINUE ? j->asked_us : j->answer_us; /* it goes on from what was known at first */
		result_asked(j, o);
		if (o->kind == ASK_PLAIN && o->number == 1)
			air_open(j);
		break;
	case OUT_CANCEL:
		gen_over(j, o->gen, 0);
		break;
	case OUT_LISTEN:
		judge_listened(j, o);
		judge_finals_again(j, o->position);
		break;
	case OUT_SPEAK:
		j->spoke = true;
		j->speak_us = judge_now(j);
		filler_said(j, o);
		break;
	case OUT_RETRIEVE:
		j->known_query = o->number;
		break;
	case OUT_TOOL:
		j->filler_us = judge_now(j) + (uint64_t)j->scene->settings.tool_filler_ms * MS_US;
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
	if (!judge_turn_open(j))
		j->open_turn_us = judge_now(j);
	first_time(j);
	air_time(j);
	mute_time(j);
	filler_time(j);
	result_time(j);
	judge_results_time(j, !judge_answer_due(j) && !j->words_wait && !j->held && caller_still(j));
	owed_time(j);
	judge_parting_time(j);
	judge_turns_time(j);
}

void judge_dialogue_end(struct judge *j)
{
	judge_effects_end(j);
	judge_results_end(j);
	judge_finals_end(j);
}

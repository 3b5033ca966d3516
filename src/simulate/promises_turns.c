/* Checks of the caller's turns: P09, P10, and the half of N5 that is about what the model is shown. Reads inputs and outputs and when the
 * caller's sounds reached us. */
#include <string.h>

#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- P09: spelled answers and short ones -----------------------------------------------------------------------------
 *
 * A spelled answer (digits, letters, an address, with pauses of 0.5 to 1.5 s inside) is cut off when a turn ends between the
 * arrival of its first and its last voiced chunk; at most 2 % may be, over a run. A plain yes or no takes from the arrival of
 * its last voiced chunk to the end of the turn; the median may be 300 ms, and what turn.complete_ms is longer than 200. Both only when the caller answers the question he
 * was asked, alone: not over the agent's words, with no other sound of his a second before or inside, no key pressed, no tool
 * at work, not what the agent has gone on from, and no fault of the recogniser or the line within eight seconds. */

/* Has the agent gone on behind this question? Who answers it again then says what nobody waits for. */
static bool went_on(const struct judge *j, const struct script_step *step)
{
	const struct talker *t = &j->scene->talker;
	uint32_t i;

	for (i = t->sound_count; i > 0; i--) {
		const struct spoken *s = &t->sounds[i - 1];
		const char *text = talker_text(t, s);

		if (!s->all_heard)
			continue;
		if (memmem(text, s->text_len, step->ask, strlen(step->ask)))
			return false;
		if (!judge_is_phrase(j, text, s->text_len))
			return true;
	}
	return false;
}

void judge_answer(struct judge *j, const struct script_step *step, uint32_t said)
{
	const struct caller *c = &j->scene->caller;
	const struct sound *first = NULL;
	uint32_t n, bit = 1u << (step - j->scene->script->steps);

	if (j->answered & bit && went_on(j, step))
		return;
	j->answered |= bit;
	for (n = c->sound_count; n > 0 && c->sound_count - n < 200 && caller_sound(c, n - 1)->said == said; n--)
		first = caller_sound(c, n - 1);
	if (!first)
		return;
	j->answer = (struct answer_watch){ .used = true, .said = said };
	j->answer.spelled = (first->flags & SOUND_SPELLED) != 0;
	j->answer.yes_no = (first->flags & SOUND_YES_NO) != 0;
}

static void answer_begins(struct judge *j)
{
	struct answer_watch *a = &j->answer;

	a->begun = true;
	a->from_us = judge_now(j);
	a->void_ = judge_quiet_call(j) || judge_now(j) < j->voice_us + 1 * S_US || judge_open_utterances(j) || judge_answer_due(j) ||
		judge_faults(j, FAULTS_STT | FAULTS_LINE | FAULTS_TTS, 8 * S_US) || judge_now(j) < j->key_us + 4 * S_US ||
		judge_now(j) < j->attached_us + 8 * S_US;
}

/* A turn ended: what does that say about the answer that is being given? */
void judge_answer_turn(struct judge *j)
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
	if (a->void_ || j->key_us >= a->from_us || judge_faults(j, FAULTS_STT | FAULTS_LINE, 8 * S_US))
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
 * noise as always, with nobody speaking and nothing at work, the agent speaks within quiet.after_ms and a second; behind a word that came before his
 * question, once a question, within twice turn.noise_ms and half a second (exempt: a fault of the line within four seconds). */

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

static uint64_t quiet_allowed(const struct judge *j)
{
	uint64_t after_us = (uint64_t)j->scene->settings.quiet_after_ms * MS_US, aside_us = 2 * (uint64_t)j->scene->settings.turn_noise_ms * MS_US;

	if (j->aside_alone && !judge_faults(j, FAULTS_LINE, 4 * S_US))
		return num_min(after_us, aside_us) + 500 * MS_US;
	return after_us + 1 * S_US;
}

static void quiet_time(struct judge *j)
{
	uint64_t now = judge_now(j), allowed = quiet_allowed(j);

	bool idle = all_idle(j) && now >= j->voice_us + 500 * MS_US && now >= j->key_us + 3 * S_US && j->text_us != now, was_idle = j->quiet;

	j->quiet = idle;
	if (!idle || !was_idle) { /* up to this step somebody spoke, or something was at work */
		j->quiet_us = now;
		j->quiet_said = false;
		return;
	}
	if (now > j->quiet_us + allowed && !j->quiet_said) {
		j->quiet_said = true;
		judge_fail(j, P10, "nobody spoke for %llu ms and the agent did not ask", (unsigned long long)((now - j->quiet_us) / MS_US));
	}
}

/* ---- N5: what was heard is shown ---------------------------------------------------------------------------------------
 *
 * Every final with words that the session was given becomes part of a turn's words, was part of the turn before (its partial
 * had ended that turn already, and its audio lies before that end), or is noted as a nod, or a new
 * stream is opened that hears its audio again. It has until the call's end; a final of the last ten seconds of a call,
 * before its time was up, or before its media was lost for good, need not (words that came while the agent answered wait for
 * the next turn: their ten seconds begin when that answer is over, or a turn ended without them); nor one of a turn that the caller was still in the middle
 * of when the call ended, without one pause that was long enough to end it. After a worker's death only finals after the attach count (the words of the turn that died with it are lost with
 * the audio that no snapshot holds: P11's matter).
 *
 * A recogniser that takes another's place hears the caller from the first word on, or before, that no final covers and behind which no
 * turn has ended: so the outputs say, and so it is given. Exempt: words older than eight seconds, than a note of noise (the caller is asked
 * to say it again) or than the first sample that came to another worker or socket; and while the media is lost. Exercised by each
 * that has such a word to hear. The other half of N5 is in promises_kept.c. */

/* The first of the caller's words that is neither covered by a final nor in a turn, and of which a tenth of a second has come: so much is
 * voice to any ear. The session keeps eight seconds. */
static const struct sound *word_owed(const struct judge *j)
{
	const struct caller *c = &j->scene->caller;
	uint64_t from = num_max(num_max(j->final_sample, j->owed_sample), num_over(j->heard_sample, 8 * 8000));
	const struct sound *first = NULL;
	uint32_t n;

	for (n = c->sound_count; n > 0 && c->sound_count - n < SOUNDS_KEPT; n--) {
		const struct sound *s = caller_sound(c, n - 1);

		if (s->from < from)
			break;
		if (s->word && !(s->flags & SOUND_LOST) && s->from + 800 <= j->heard_sample)
			first = s;
	}
	return first;
}

void judge_listened(struct judge *j, const struct call_output *o)
{
	bool replaced = j->listening && !j->lost_us && judge_now(j) != j->attached_us;
	const struct sound *owed = replaced ? word_owed(j) : NULL;

	j->listening = true;
	j->stream = o->stream;
	j->listened_us = judge_now(j);
	j->owed_to_it = 0;
	if (!owed)
		return;
	judge_exercise(j, N5);
	if (o->position > owed->from)
		judge_fail(j, N5, "a new recogniser hears the caller from sample %llu on, \"%.*s\" was said at %llu and no final has it",
			(unsigned long long)o->position, (int)owed->len, owed->word, (unsigned long long)owed->from);
	else
		j->owed_to_it = owed->from + 1;
}

/* The past is pushed at once: what comes later is live. */
void judge_stream_given(struct judge *j, uint64_t base)
{
	if (!j->owed_to_it || judge_now(j) == j->listened_us)
		return;
	if (base >= j->owed_to_it)
		judge_fail(j, N5, "a new recogniser was given the caller from sample %llu on, it was to hear %llu", (unsigned long long)base,
			(unsigned long long)j->owed_to_it - 1);
	j->owed_to_it = 0;
}

static bool words_in(const char *text, size_t len, const char *words, size_t words_len)
{
	return words_len <= len && memmem(text, len, words, words_len) != NULL;
}

/* An answer of the agent's is being written or spoken. */
static bool answer_under_way(struct judge *j)
{
	uint8_t state = j->gens[j->active_gen % JUDGE_GENS];
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

/* Where the caller had said the last of these words. */
static uint64_t words_to(const struct judge *j, const struct call_input *in)
{
	const struct caller *c = &j->scene->caller;
	uint32_t n;

	for (n = c->sound_count; n > 0 && c->sound_count - n < SOUNDS_KEPT; n--) {
		const struct sound *s = caller_sound(c, n - 1);

		if (s->word && s->to <= in->position2 + 8)
			return s->len <= in->text_len && !memcmp(in->text + in->text_len - s->len, s->word, s->len) ? s->to : 0;
	}
	return 0;
}

uint64_t judge_said_to(const struct judge *j, const char *text, size_t len)
{
	uint64_t to = 0;
	size_t found = 0;
	uint32_t i;

	for (i = 0; i < j->final_count; i++) {
		const struct pending_final *f = &j->finals[i];

		if (!words_in(text, len, f->text, f->len))
			continue;
		if (!f->to)
			return 0;
		found += f->len + (found > 0);
		to = num_max(to, f->to);
	}
	return found == len ? to : 0;
}

uint64_t judge_said_long_before(const struct judge *j, const char *text, size_t len, uint64_t pause)
{
	uint32_t i, k;

	for (i = 0; i < j->final_count; i++) {
		const struct pending_final *f = &j->finals[i];
		bool close = false, last = true;

		for (k = 0; k < j->final_count && f->to && words_in(text, len, f->text, f->len); k++) {
			const struct pending_final *o = &j->finals[k];

			if (o->from <= f->from || !words_in(text, len, o->text, o->len))
				continue;
			last = false;
			close |= o->from < f->to + pause;
		}
		if (!last && !close)
			return f->to;
	}
	return 0;
}

/* A nod over the agent's words, or over his tool, is told to nobody when its final does not come; nor is an answer that sounds like one. */
static bool is_nod(const struct judge *j, const struct pending_final *p)
{
	const struct caller *c = &j->scene->caller;
	uint32_t n;

	if (p->waits && judge_is_nod(j, p->text, p->len))
		return true;
	for (n = c->sound_count; n > 0 && c->sound_count - n < SOUNDS_KEPT; n--)
		if (caller_sound(c, n - 1)->from == p->from)
			return (caller_sound(c, n - 1)->flags & SOUND_NOD) != 0;
	return false;
}

/* Words that only partials had, and behind which others came: nothing else will have them any more. */
static void partial_left(struct judge *j)
{
	struct pending_final *p = &j->partial;
	bool missing = judge_faults(j, FAULT_BIT(FAULT_STT_MISSING), 20 * S_US);
	bool other = judge_faults(j, (FAULTS_STT & ~FAULT_BIT(FAULT_STT_MISSING)) | FAULTS_LINE | FAULTS_MEDIA, 30 * S_US);

	if (p->len && missing && !other && !is_nod(j, p) && !judge_quiet_call(j) && j->final_count < JUDGE_FINALS) {
		judge_exercise(j, N5);
		p->to = 0;
		j->finals[j->final_count++] = *p;
	}
	p->len = 0;
}

static void partial_given(struct judge *j, const struct call_input *in)
{
	struct pending_final *p = &j->partial;

	if (p->len && in->position >= p->to) {
		j->final_sample = num_max(j->final_sample, p->to); /* as good as final: no new stream has to hear them again */
		partial_left(j);
	}
	if (!in->text_len || in->text_len >= JUDGE_FINAL_TEXT || in->position + 1 == j->shown_from || j->ended)
		return;
	*p = (struct pending_final){ .at_us = judge_now(j), .owed_us = judge_now(j), .from = in->position, .to = in->position2, .in_part = true };
	p->waits = answer_under_way(j) || conductor_tool_runs(&j->scene->conductor);
	p->len = (uint32_t)in->text_len;
	memcpy(p->text, in->text, in->text_len);
}

/* How many bytes of the final, its first words, the last turn ended with: it was over before the final had come, and what is new stands behind them. */
static size_t said_before(const struct judge *j, const struct call_input *in)
{
	size_t n;

	if (in->position >= j->turn_sample)
		return 0;
	for (n = in->text_len; n--;)
		if (in->text[n] == ' ' && n <= j->turn_len && !memcmp(j->turn_text + j->turn_len - n, in->text, n))
			return n + 1;
	return 0;
}

void judge_final_given(struct judge *j, const struct call_input *in)
{
	struct pending_final *f;
	size_t len = in->text_len, before = said_before(j, in);

	j->text_us = judge_now(j);
	if (in->kind != TRANSCRIPT_PARTIAL && in->stream == j->stream)
		j->final_sample = num_max(j->final_sample, in->position2);
	if (in->text_len) {
		j->words_wait = true;
		judge_tools_words(j);
	}
	if (in->kind == TRANSCRIPT_PARTIAL)
		partial_given(j, in);
	else if (in->position2 >= j->partial.to)
		j->partial.len = 0;
	if (in->kind == TRANSCRIPT_PARTIAL || !len || len >= JUDGE_FINAL_TEXT || j->ended)
		return;
	judge_exercise(j, N5);
	if (j->final_count == JUDGE_FINALS || (in->position2 <= j->turn_sample && words_in(j->turn_text, j->turn_len, in->text, len)))
		return;
	f = &j->finals[j->final_count++];
	f->at_us = f->owed_us = judge_now(j);
	f->waits = answer_under_way(j);
	f->from = in->position;
	f->to = words_to(j, in);
	f->len = (uint32_t)(len - before);
	memcpy(f->text, in->text + before, len - before);
}

void judge_finals_found(struct judge *j, const char *text, size_t len)
{
	uint32_t i, kept = 0;

	if (j->partial.len && words_in(text, len, j->partial.text, j->partial.len)) {
		j->shown_from = j->partial.from + 1;
		j->partial.len = 0;
	}
	for (i = 0; i < j->final_count; i++)
		if (!words_in(text, len, j->finals[i].text, j->finals[i].len)) {
			if (kept != i)
				j->finals[kept] = j->finals[i];
			kept++;
		}
	j->final_count = kept;
}

/* A new stream hears that audio again: what the old one said of it is not waited for. */
void judge_finals_again(struct judge *j, uint64_t position)
{
	uint32_t i, kept = 0;

	j->partial.len = 0;
	j->shown_from = 0;
	for (i = 0; i < j->final_count; i++)
		if (j->finals[i].from < position) {
			if (kept != i)
				j->finals[kept] = j->finals[i];
			kept++;
		}
	j->final_count = kept;
}

void judge_turn_words(struct judge *j, const struct call_output *o)
{
	uint32_t i;

	j->turn_len = (uint32_t)(o->text_len < JUDGE_TURN_TEXT ? o->text_len : JUDGE_TURN_TEXT);
	memcpy(j->turn_text, o->text, j->turn_len);
	j->words_wait = false;
	j->owed_sample = j->heard_sample;
	judge_finals_found(j, o->text, o->text_len);
	for (i = 0; i < j->final_count; i++)
		j->finals[i].waits = false; /* this was the next turn */
}

/* ---- when a turn is over --------------------------------------------------------------------------------------------- */

uint64_t judge_longest_silence(const struct call_settings *s)
{
	int64_t of[] = { s->turn_silence_ms, s->turn_complete_ms, s->turn_open_ms, s->turn_spelled_ms }, longest = 0;
	size_t i;

	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		longest = of[i] > longest ? of[i] : longest;
	return (uint64_t)(longest + s->turn_final_wait_ms) * MS_US;
}

/* The caller may still be in the middle of his turn. While the line is away nobody hears his silence. */
bool judge_turn_open(const struct judge *j)
{
	uint64_t said_us = num_max(num_max(j->voice_us, j->text_us), j->attached_us);

	return j->lost_us || judge_now(j) > j->caller_chunk_us + 200 * MS_US || judge_now(j) <= said_us + j->longest_silence_us + 500 * MS_US;
}

void judge_sound_begins_turn(struct judge *j, const struct sound *s)
{
	noise_begins(j, s);
	if (j->answer.used && s->said == j->answer.said)
		answer_begins(j);
	else if (j->answer.used && j->answer.begun)
		j->answer.void_ = true;
	judge_tools_spoken_over(j);
}

void judge_sound_in_turn(struct judge *j, const struct sound *s)
{
	uint64_t now = judge_now(j);

	if (j->noise.used && s->said == j->noise.said)
		j->noise.to_us = now;
	if (j->answer.used && s->said == j->answer.said)
		j->answer.to_us = now;
	if (j->voice_us + 300 * MS_US < now)
		judge_tools_spoken_over(j);
}

void judge_turns_time(struct judge *j)
{
	finals_time(j);
	noise_time(j);
	quiet_time(j);
}

void judge_finals_end(struct judge *j)
{
	uint64_t now = j->lost_us ? j->lost_us : j->scene->ended_us ? j->scene->ended_us : judge_now(j);
	uint32_t i;

	if (j->time_up_us && j->time_up_us < now)
		now = j->time_up_us;
	for (i = 0; i < j->final_count; i++)
		if (j->finals[i].owed_us + 10 * S_US < now && j->finals[i].at_us <= j->open_turn_us)
			judge_fail(j, N5, "the %s words \"%.*s\" were never shown to the model", j->finals[i].in_part ? "only partial" : "final", (int)(j->finals[i].len < 60 ? j->finals[i].len : 60),
				j->finals[i].text);
}

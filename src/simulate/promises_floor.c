/* Checks of who speaks: P06. Reads inputs and outputs, when the caller's sounds reached us, and where the clear cut the agent. */
#include <string.h>

#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- P06: nods, coughs, stop words ---------------------------------------------------------------------------------------
 *
 * A nod or a cough of at most 600 ms, alone, while the ear hears the agent and at least 1.5 s of speech are left: if the agent
 * holds, it holds within 250 ms after the first voiced chunk arrived and plays on from the word that was cut (or one or two
 * before it) within 700 ms after the last one arrived; no answer is asked for and the floor is not given up. Nor does anything come of it
 * later: until another sound of the caller's no answer is asked for ahead, and no turn ends that has no words but a nod's (a sound of one
 * word or none, with barge.tail_ms and half a second of speech left: nearer to the end it may be an answer). A stop word: held within
 * 250 ms, and given up once the recogniser has said it. Exempt: another sound within 1.5 s before or behind it, earlier words that no turn
 * has taken up yet, a disclosure that may not be interrupted, a key, a tool that runs or returns (for the question asked), a fault of the
 * recogniser, the voice, the line or the carrier within six seconds before or during it (late marks: 14 s), a recogniser that took another's
 * place in that time, a tool's filler when no tool runs any more, and what judge_quiet_call says. Exercised by each such sound that led to a hold,
 * and by each nod that was noted as one.
 *
 * And a word said into silence is no nod: neither party was heard for a second before, nothing of the agent's was to be said, asked or done when it
 * began, and nothing but what was asked for ahead came before its final. Exempt: a fault of the model, the recogniser, the voice, the line or the
 * carrier within six seconds, and what judge_quiet_call says. Exercised by each such word that a nod may have, and that became a turn. */

#define P06_FAULTS (FAULTS_STT | FAULTS_TTS | FAULTS_LINE | FAULTS_MEDIA)

/* Marks stay late for longer than other faults last; a recogniser that has just taken another's place may hear words of before. */
static bool watch_faults(const struct judge *j)
{
	bool replaced = j->stream > 1 && judge_now(j) < j->listened_us + 6 * S_US;

	return judge_faults(j, P06_FAULTS, 6 * S_US) || judge_late_marks(j, judge_now(j)) || replaced;
}

static uint64_t speech_left(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint64_t now = judge_now(j), left = c->wire_ahead_to_us > now ? c->wire_ahead_to_us - now : 0;
	uint32_t i;

	for (i = 0; i < c->order_count; i++)
		left += (uint64_t)(talker_made(&j->scene->talker, c->orders[i].sound) - c->orders[i].position) * 125;
	return left;
}

static bool whole_plays(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	const struct judged_utterance *u = c->has_last ? judge_utterance(j, c->last.utterance) : NULL;

	return u && u->whole;
}

/* Since the caller's last sound began, into silence, nothing has happened that a nod could be about. */
static bool into_silence(struct judge *j)
{
	bool at_work = judge_open_utterances(j) || judge_answer_due(j);

	return j->silence_us && j->frame_us < j->silence_us && !j->held && !j->result_owed && !conductor_tool_runs(&j->scene->conductor) &&
	       (!at_work || judge_answer_ahead(j)) && !judge_quiet_call(j) && !judge_faults(j, P06_FAULTS | FAULTS_LLM, 6 * S_US) &&
	       !judge_late_marks(j, judge_now(j));
}

static void silence_broken(struct judge *j, const struct sound *s)
{
	uint64_t now = judge_now(j);
	bool still = now > num_max(j->voice_us, j->key_us) + 1 * S_US && now > j->frame_us + 1 * S_US;

	j->silence_us = still && !speech_left(j) && !judge_open_utterances(j) && !judge_answer_due(j) ? now : 0;
	j->silence_sample = s->from;
}

/* Of one word, or none, and not so near to the end that it may be an answer. */
static void nod_begin(struct judge *j, const struct sound *s)
{
	uint64_t tail = (uint64_t)j->scene->settings.barge_tail_ms * MS_US;

	j->nod_alone = !(s->flags & SOUND_STOP) && (s->flags & SOUND_TURN_END) && speech_left(j) >= tail + 500 * MS_US;
}

static void watch_begin(struct judge *j, const struct sound *s)
{
	uint64_t now = judge_now(j);
	bool stop = (s->flags & SOUND_STOP) != 0;
	struct watch *w = &j->watch;

	if (!(s->flags & (SOUND_NOD | SOUND_STOP | SOUND_NOISE)) || (s->to - s->from > 600 * 8 && !stop))
		return;
	if (judge_quiet_call(j) || j->held || j->words_wait || now < j->voice_us + 1500 * MS_US || watch_faults(j) || now < j->key_us + 3 * S_US)
		return;
	if (!carrier_audible(&j->scene->carrier, now) || speech_left(j) < (stop ? 800 : 1500) * MS_US || whole_plays(j))
		return;
	*w = (struct watch){ .used = true, .said = s->said, .from_us = now, .to_us = now, .stop = stop };
	w->nod = (s->flags & SOUND_NOD) != 0;
	nod_begin(j, s);
}

static struct watch *watch_now(struct judge *j)
{
	return j->watch.used ? &j->watch : NULL;
}

void judge_watch_held(struct judge *j)
{
	struct watch *w = watch_now(j);
	uint64_t now = judge_now(j);

	if (!w || w->held || j->ended || j->ending)
		return; /* the call's end clears too: that is no hold of the sound's */
	w->held = true;
	w->held_us = now;
	w->utterance = j->scene->carrier.last.utterance;
	if (now > w->from_us + 250 * MS_US && !watch_faults(j))
		judge_fail(j, P06, "held %llu ms after the caller's voice began", (unsigned long long)((now - w->from_us) / MS_US));
}

/* The last run that the ear will have: where the clear cut it. */
void judge_watch_cleared(struct judge *j)
{
	struct watch *w = watch_now(j);
	const struct carrier *c = &j->scene->carrier;
	const struct run *r = c->run_first != c->run_end ? &c->runs[(c->run_end - 1) % CARRIER_RUNS] : NULL;

	if (!w || !w->held || w->cleared)
		return;
	w->cleared = true;
	w->sound = r ? r->sound : TALKER_NONE;
	w->position = r ? r->position + r->samples : 0;
}

/* Where it may go on from: the word that was cut, or one or two before; for estimated word times, counted from what they are
 * rounded down to, and off by as much as they are. */
static uint32_t resume_from(const struct judge *j, const struct watch *w, const struct spoken *s)
{
	const struct spoken_word *words = &j->scene->talker.words[s->word];
	uint32_t i = 0, off = s->exact ? 0 : 1440;

	while (i < s->word_count && words[i].end + judge_estimate_lag(j, s, words[i].end) <= w->position)
		i++;
	i = i > 2 ? i - 2 : 0;
	return i < s->word_count && words[i].start > off ? words[i].start - off : 0;
}

void judge_watch_played(struct judge *j, const struct call_output *o)
{
	struct watch *w = watch_now(j);
	uint64_t now = judge_now(j);
	const struct spoken *s;

	if (!w || !w->held || w->resumed || o->utterance != w->utterance)
		return;
	w->resumed = true;
	s = judge_spoken(j, w->sound);
	if (w->stop && w->words_us) {
		judge_fail(j, P06, "a stop word was recognised and the agent went on");
		return;
	}
	if (w->stop || w->sound == TALKER_NONE || !s || s->utterance != o->utterance || watch_faults(j))
		return;
	if (now > w->to_us + 700 * MS_US)
		judge_fail(j, P06, "went on %llu ms after the sound ended", (unsigned long long)((now - w->to_us) / MS_US));
	if (o->position > w->position + (s->exact ? 160 : 1600) || o->position + 1 < resume_from(j, w, s))
		judge_fail(j, P06, "went on from sample %llu, the ear had had %u", (unsigned long long)o->position, w->position);
}

void judge_watch_yielded(struct judge *j)
{
	struct watch *w = watch_now(j);

	j->nod_alone = false; /* that it had words enough is said elsewhere */
	if (!w)
		return;
	if (!w->stop) {
		w->asked = true;
		return;
	}
	w->used = false;
	judge_exercise(j, P06);
}

bool judge_is_nod(const struct judge *j, const char *text, size_t len)
{
	const struct brief_phrases *nods = &j->scene->brief.nods;
	uint32_t i;

	for (i = 0; i < nods->count; i++)
		if (strlen(nods->text[i]) == len && !memcmp(nods->text[i], text, len))
			return true;
	return false;
}

static bool nod_counts(const struct judge *j)
{
	return j->nod_alone && !judge_quiet_call(j) && !watch_faults(j);
}

/* Its words were understood, and noted as what they are. */
void judge_watch_nod(struct judge *j, const struct call_output *o)
{
	if (nod_counts(j))
		judge_exercise(j, P06);
	if (into_silence(j) && j->final_from >= j->silence_sample)
		judge_fail(j, P06, "a word said into silence was taken for a nod: \"%.*s\"", (int)(o->text_len < 60 ? o->text_len : 60), o->text);
}

void judge_watch_turn(struct judge *j, const struct call_output *o)
{
	if (nod_counts(j) && judge_is_nod(j, o->text, o->text_len))
		judge_fail(j, P06, "a nod over the agent's words became a turn of the caller's: \"%.*s\"", (int)(o->text_len < 60 ? o->text_len : 60), o->text);
	j->nod_alone = false;
	if (into_silence(j) && judge_is_nod(j, o->text, o->text_len))
		judge_exercise(j, P06);
	j->silence_us = 0;
}

/* One came while the last answer was being written, and has none yet. */
static bool result_waits(const struct judge *j)
{
	return j->told_us > j->asked_before_us;
}

void judge_watch_asked(struct judge *j, const struct call_output *o)
{
	struct watch *w = watch_now(j);

	if (o->kind == ASK_AHEAD && nod_counts(j)) {
		j->nod_alone = false;
		judge_fail(j, P06, "an answer to a nod over the agent's words was asked for ahead");
	}
	if (w && !w->stop && o->kind != ASK_CONTINUE && o->number == 1 && judge_now(j) > j->told_us + 2 * S_US &&
		!result_waits(j) && !conductor_tool_runs(&j->scene->conductor))
		w->asked = true;
}

static void watch_time(struct judge *j, struct watch *w)
{
	uint64_t now = judge_now(j);
	const struct judged_utterance *u = w->held ? judge_utterance(j, w->utterance) : NULL;

	if (judge_quiet_call(j) || j->key_us > w->from_us || watch_faults(j) || (u && judge_filler_over(j, u))) {
		w->used = false;
		return;
	}
	if (w->asked) {
		judge_exercise(j, P06);
		judge_fail(j, P06, "%s of %llu ms took the floor", w->nod ? "a nod" : "a cough", (unsigned long long)((w->to_us - w->from_us) / MS_US));
		w->used = false;
		return;
	}
	if (w->stop ? w->words_us && now > w->words_us + 100 * MS_US : w->held && !w->resumed && now > w->to_us + 740 * MS_US) {
		judge_exercise(j, P06);
		judge_fail(j, P06, w->stop ? "a stop word was recognised and the floor was not given up" : "held by a %s and did not go on",
			w->nod ? "nod" : "cough");
		w->used = false;
		return;
	}
	if (now <= w->to_us + 1500 * MS_US)
		return;
	if (w->held && !w->stop)
		judge_exercise(j, P06);
	w->used = false;
}

static bool has_stop(const struct judge *j, const char *text, size_t len)
{
	const struct brief_phrases *stops = &j->scene->brief.stops;
	uint32_t i;

	for (i = 0; i < stops->count; i++)
		if (memmem(text, len, stops->text[i], strlen(stops->text[i])))
			return true;
	return false;
}

void judge_watch_input(struct judge *j, const struct call_input *in)
{
	struct watch *w = watch_now(j);

	if (w && in->type == IN_TRANSCRIPT && w->stop && !w->words_us && has_stop(j, in->text, in->text_len))
		w->words_us = judge_now(j);
	if (w && (in->type == IN_TOOL_RESULT || in->type == IN_DIGIT))
		w->used = false; /* what is done now is done for that */
	if (in->type == IN_DIGIT)
		j->nod_alone = false;
	if (in->type == IN_TRANSCRIPT && in->kind != TRANSCRIPT_PARTIAL)
		j->final_from = in->position;
}

void judge_sound_begins(struct judge *j, const struct sound *s)
{
	struct watch *w = watch_now(j);

	if (w)
		w->used = false; /* another sound: no longer alone */
	j->nod_alone = false;
	silence_broken(j, s);
	watch_begin(j, s);
	judge_sound_begins_turn(j, s);
}

void judge_sound_goes_on(struct judge *j, const struct sound *s)
{
	struct watch *w = watch_now(j);

	if (w && w->said == s->said)
		w->to_us = judge_now(j);
	judge_sound_in_turn(j, s);
}

void judge_watch_time(struct judge *j)
{
	if (j->watch.used)
		watch_time(j, &j->watch);
	if (j->nod_alone && !nod_counts(j))
		j->nod_alone = false;
	if (j->silence_us && !into_silence(j))
		j->silence_us = 0;
}

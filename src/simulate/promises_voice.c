/* Checks of a voice that dies and of words that are left unsaid: P05. Reads inputs and outputs, what the voice has made, the frames on the
 * wire and the ear's true record. */
#include <string.h>

#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

enum {
	ESTIMATE_OFF = 1440,   /* samples: word times that are estimated are wrong by 180 ms at most */
	FAREWELL_US = 60000000 /* the longest last words */
};

/* ---- P05: a voice that dies ---------------------------------------------------------------------------------------------
 *
 * A voice that died before its first audio: the same text is ordered again within 500 ms. One that died later: what there is no audio
 * for is ordered again within 500 ms, that is the end of its text from the first word on, or before, that the voice had not made to its
 * end (where word times are estimates, give or take 180 ms); and of the words that the ear had whole at most one is heard twice (two
 * where word times are estimates, which are rounded down by 200 ms). No utterance is left unfinished but by the caller (a yield, a turn,
 * a key), by giving it up (noted as failed) or by the call's end. One that is noted as over with fewer words than its text has, whether
 * its voice died or fell silent, has the others ordered by then. And of one whose voice died no words are noted as heard that the ear
 * never had (promises_heard.c). Exempt: late marks; utterances that are dropped meanwhile, those tried tts.attempts times, and a call that
 * ends; for what is left unfinished, a call that another worker or socket took over, and a remark that nothing was understood, of which nothing was
 * heard when words came.
 *
 * The call's end excuses nothing when it is the agent who hangs up (reasons agent, quiet, max, order, failed): what it said last was said to
 * its end. Exempt: the caller's voice, words or keys since the goodbye was noted; lost media; another worker or socket within ten seconds;
 * faults of the voice, the line or the carrier within twenty; late marks; the floor given up or an utterance noted as failed in that step;
 * an utterance that was sent to its end and whose time is over (its marks are missing); and a call in which no sound went out for call.end_ms, or
 * whose goodbye was 60 s ago.
 *
 * Exercised by each death of a voice whose utterance is still wanted, and by each such hang-up that nothing excuses. */

/* `rest` is the end of `whole`, or all of it. */
static bool is_end(const struct talker *t, const struct spoken *whole, const struct spoken *rest)
{
	return rest->text_len && rest->text_len <= whole->text_len &&
	       !memcmp(talker_text(t, whole) + whole->text_len - rest->text_len, talker_text(t, rest), rest->text_len);
}

/* Words of `whole` that `rest`, which is its end, says again from their first letter on. */
static uint32_t rest_words(const struct talker *t, const struct spoken *whole, const struct spoken *rest)
{
	uint32_t from = whole->text_len - rest->text_len;
	bool inside = from && talker_text(t, whole)[from - 1] != ' ';

	return rest->word_count - (inside && rest->word_count ? 1 : 0);
}

/* Words that a voice had made to their end when it died. */
static uint32_t words_made(const struct talker *t, const struct spoken *s)
{
	uint32_t made = s->made + (s->exact ? 0 : ESTIMATE_OFF), n = 0;

	while (n < s->word_count && t->words[s->word + n].end <= made)
		n++;
	return n;
}

void judge_voice_died(struct judge *j, uint32_t sound)
{
	struct judged_death *d;
	const struct spoken *s = judge_spoken(j, sound);

	if (j->ended || j->death_count == JUDGE_DEATHS || !s)
		return;
	d = &j->deaths[j->death_count++];
	*d = (struct judged_death){ .sound = sound, .at_us = judge_now(j), .early = s->made == 0 };
	if (s->word_count && s->made + (s->exact ? 0 : ESTIMATE_OFF) >= s->total)
		d->settled = true; /* all of it is there, as far as one can know */
	else
		judge_exercise(j, P05);
}

/* What was ordered as the rest of a dead one: has it all that is missing? */
static void death_answered(struct judge *j, struct judged_death *d, const struct spoken *s)
{
	const struct talker *t = &j->scene->talker;
	const struct spoken *dead = &t->sounds[d->sound];
	uint32_t words;

	if (d->settled || dead == s || !is_end(t, dead, s) || (d->early && s->text_len != dead->text_len))
		return;
	words = rest_words(t, dead, s) + words_made(t, dead);
	if (words < dead->word_count) {
		d->missing = dead->word_count - words;
		return;
	}
	d->settled = true;
	d->rest = (uint32_t)(s - t->sounds);
	d->has_rest = true;
}

void judge_voice_ordered(struct judge *j, uint32_t utterance)
{
	const struct spoken *s = judge_spoken(j, talker_sound_of(&j->scene->talker, utterance));
	uint32_t i;

	for (i = 0; s && i < j->death_count; i++)
		death_answered(j, &j->deaths[i], s);
}

static void death_unanswered(struct judge *j, const struct judged_death *d)
{
	if (d->missing)
		judge_fail(j, P05, "the voice died in the middle, and %u of the words that it had not said are missing in what was ordered again",
			d->missing);
	else
		judge_fail(j, P05, "the voice died %s and the rest was not ordered again within 500 ms", d->early ? "early" : "in the middle");
}

static void deaths_time(struct judge *j)
{
	uint64_t now = judge_now(j);
	uint32_t i;

	for (i = 0; i < j->death_count; i++) {
		struct judged_death *d = &j->deaths[i];
		const struct judged_utterance *u;

		if (d->settled)
			continue;
		u = judge_utterance(j, j->scene->talker.sounds[d->sound].utterance);
		if (!u || u->unspoken || (u->settled && u->cut) || j->ended || j->lost_us)
			d->settled = true;
		else if (now > d->at_us + 500 * MS_US) {
			d->settled = true;
			death_unanswered(j, d);
		}
	}
}

/* ---- left unfinished ---- */

/* What is not said of it was ordered as an utterance of its own. */
static bool rest_ordered(const struct judge *j, const struct judged_utterance *u)
{
	const struct talker *t = &j->scene->talker;
	uint32_t i;

	for (i = u->sound + 1; i < t->sound_count; i++)
		if (is_end(t, &t->sounds[u->sound], &t->sounds[i]) && rest_words(t, &t->sounds[u->sound], &t->sounds[i]) + u->noted >= u->words)
			return true;
	return t->sound_count == TALKER_SOUNDS || t->word_count == TALKER_WORDS; /* the record is full: nobody can tell */
}

/* Of what says that the caller was not understood, and again what he cut, nothing was heard when his words came after all. */
static bool understood(const struct judge *j, const struct judged_utterance *u)
{
	return u->unheard && !u->noted && j->text_us == judge_now(j);
}

static void cut_time(struct judge *j)
{
	const struct judged_utterance *u = j->cut_utterance ? judge_utterance(j, j->cut_utterance) : NULL;

	if (u && !j->cut_reason && !j->ended && !judge_filler_over(j, u) && !understood(j, u) && !judge_late_marks(j, judge_now(j)) && !j->attached_us &&
		!rest_ordered(j, u))
		judge_fail(j, P05, "utterance %u was left unfinished though nobody took the floor", j->cut_utterance);
}

/* Its voice broke off, and what there was of it is over. */
static void short_time(struct judge *j)
{
	const struct judged_utterance *u = j->short_utterance ? judge_utterance(j, j->short_utterance) : NULL;

	if (u && !j->cut_reason && !j->ended && !j->attached_us && !rest_ordered(j, u))
		judge_fail(j, P05, "utterance %u is over, and its last %u words were neither heard nor ordered again", j->short_utterance,
			(uint32_t)u->words - u->noted);
}

/* All of it was sent, and the time in which that is played is over: what is missing are marks. */
static bool played_out(const struct judge *j, const struct judged_utterance *u)
{
	const struct carrier *c = &j->scene->carrier;
	const struct spoken *s = judge_spoken(j, u->sound);
	uint32_t all = s && s->trimmed < s->total ? s->trimmed : s ? s->total : 0;

	return c->wire_ahead_to_us <= judge_now(j) && c->has_last && c->last.utterance == u->id && c->last.samples >= all;
}

/* The time for the last words is over: it counts from their last frame, by older rules from the goodbye. */
bool judge_farewell_over(const struct judge *j)
{
	const struct call_settings *s = &j->scene->settings;
	uint64_t now = judge_now(j), from_us = s->call_rules >= 4 ? num_max(j->ending_us, j->frame_us) : j->ending_us;

	return now >= from_us + (uint64_t)s->call_end_ms * MS_US || now >= j->ending_us + FAREWELL_US;
}

static bool farewell_excused(const struct judge *j)
{
	uint64_t now = judge_now(j);

	return !j->ending_us || j->floor_left || j->lost_us || j->voice_us > j->ending_us || j->text_us > j->ending_us || j->key_us > j->ending_us ||
	       judge_farewell_over(j) || (j->attached_us && now < j->attached_us + 10 * S_US) || judge_late_marks(j, now) ||
	       judge_faults(j, FAULTS_TTS | FAULTS_LINE | FAULTS_MEDIA, 20 * S_US);
}

static void farewell_time(struct judge *j)
{
	const struct judged_utterance *u = j->cut_utterance ? judge_utterance(j, j->cut_utterance) : NULL;

	if (!j->hung_up || farewell_excused(j))
		return;
	judge_exercise(j, P05);
	if (u && !played_out(j, u))
		judge_fail(j, P05, "the agent hung up while utterance %u was being said: %u of its words were not heard", u->id,
			(uint32_t)u->words - u->noted);
	else if (!u && j->unsaid_utterance)
		judge_fail(j, P05, "the agent hung up before utterance %u was said", j->unsaid_utterance);
}

void judge_voice_note(struct judge *j, const struct call_output *o)
{
	bool left = o->kind == NOTE_YIELD || o->kind == NOTE_FAILED || o->kind == NOTE_TURN || o->kind == NOTE_DISCARD;

	j->floor_left = j->floor_left || left;
	j->cut_reason = j->cut_reason || left || o->kind == NOTE_ENDING;
	if (o->kind == NOTE_ENDING)
		j->ending_us = judge_now(j);
}

void judge_voice_time(struct judge *j)
{
	deaths_time(j);
	cut_time(j);
	short_time(j);
	farewell_time(j);
	j->cut_utterance = j->short_utterance = j->unsaid_utterance = 0;
	j->cut_reason = j->floor_left = j->hung_up = false;
}

/* ---- heard twice ---- */

/* Where the word behind the last one that is not said again may have ended, by an estimate: what was heard until there the core could not know. */
static uint32_t known_until(const struct judge *j, const struct spoken *dead, uint32_t kept)
{
	uint32_t end = kept ? j->scene->talker.words[dead->word + kept - 1].end : 0;

	return end + judge_estimate_lag(j, dead, end);
}

void judge_voice_end(struct judge *j)
{
	const struct talker *t = &j->scene->talker;
	uint32_t i, k, twice, kept, until;

	for (i = 0; i < j->death_count; i++) {
		const struct judged_death *d = &j->deaths[i];
		const struct spoken *dead = &t->sounds[d->sound], *rest = &t->sounds[d->rest];

		if (!d->has_rest || rest->word_count > dead->word_count)
			continue;
		kept = dead->word_count - rest->word_count;
		for (k = twice = until = 0; k < rest->word_count; k++)
			if (t->words[rest->word + k].whole_us && t->words[dead->word + kept + k].whole_us) {
				twice++;
				until = t->words[dead->word + kept + k].end;
			}
		if (twice > (dead->exact ? 1u : 2u) && (dead->exact || until > known_until(j, dead, kept)))
			judge_fail(j, P05, "after the voice died %u words were heard twice", twice);
	}
}

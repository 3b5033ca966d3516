/* Checks of what is said and heard: P04, P05, P06, P08, P13, and the half of P14 that is about sentences. Reads inputs and
 * outputs, the frames, marks and clears on the carrier's wire, and the ear's true record. */
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- utterances as the outputs tell of them ---- */

static struct judged_utterance *utterance_find(struct judge *j, uint32_t id)
{
	uint32_t i;

	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--)
		if (j->utterances[i - 1].id == id)
			return &j->utterances[i - 1];
	return NULL;
}

uint32_t judge_open_utterances(struct judge *j)
{
	uint32_t i;

	if (!j->open_stale)
		return j->open_count;
	j->open_stale = false;
	j->open_count = 0;
	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--)
		j->open_count += !j->utterances[i - 1].settled;
	return j->open_count;
}

static bool phrase_in(const struct brief_phrases *p, const char *text, size_t len)
{
	uint32_t i;

	for (i = 0; i < p->count; i++)
		if (strlen(p->text[i]) >= len && !memcmp(p->text[i], text, len))
			return true;
	return false;
}

bool judge_is_phrase(const struct judge *j, const char *text, size_t len)
{
	const struct brief *b = &j->scene->brief;

	return phrase_in(&b->fillers, text, len) || phrase_in(&b->waits, text, len) || phrase_in(&b->prompts, text, len) ||
	       phrase_in(&b->unheard, text, len) || phrase_in(&b->apology, text, len) || phrase_in(&b->goodbye, text, len);
}

static uint32_t count_words(const char *text, size_t len)
{
	uint32_t words = 0;
	size_t i;

	for (i = 0; i < len; i++)
		words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
	return words;
}

static const struct spoken *spoken_of(const struct judge *j, uint32_t sound)
{
	return sound < j->scene->talker.sound_count ? &j->scene->talker.sounds[sound] : NULL;
}

/* Words of the sound, from its first on, that the ear has had by `at_us`. */
static uint32_t heard_by(const struct judge *j, uint32_t sound, uint64_t at_us)
{
	const struct spoken *s = spoken_of(j, sound);
	uint32_t n = 0;

	while (s && n < s->word_count && talker_word_heard(&j->scene->talker, sound, n, at_us))
		n++;
	return n;
}

static void speak_ordered(struct judge *j, const struct call_output *o)
{
	uint32_t sound = talker_sound_of(&j->scene->talker, o->utterance);
	struct judged_utterance *u = utterance_find(j, o->utterance);
	const struct spoken *s = spoken_of(j, sound);

	if (!s)
		return;
	if (u && s->before == TALKER_NONE)
		u->unspoken = u->settled = true; /* another text under its number: what is left of one that was split, after an attach */
	if (!u || u->settled) {
		if (j->utterance_count == JUDGE_UTTERANCES)
			return;
		u = &j->utterances[j->utterance_count++];
	}
	*u = (struct judged_utterance){ .id = o->utterance, .sound = sound, .words = (uint16_t)s->word_count };
	u->phrase = judge_is_phrase(j, o->text, o->text_len);
	u->whole = j->scene->brief.greeting_whole && strlen(j->scene->brief.greeting) >= o->text_len &&
		   !memcmp(j->scene->brief.greeting + strlen(j->scene->brief.greeting) - o->text_len, o->text, o->text_len);
}

/* ---- P04: heard ---------------------------------------------------------------------------------------------------------
 *
 * When the outputs note what was heard of an utterance, its words are a beginning of those the carrier's ear has had by then:
 * never one more. Of a cut utterance, in the end, at most one word is missing of those that the ear had a signal's way before
 * the cut (for estimated word times: and what they are rounded down by, see estimate_lag). Exempt: late marks (a mark that a clear
 * returned late looks like one whose audio was played), a lost socket, one in which marks waited, or a dead worker within twelve
 * seconds, because nobody could know. And in each request to the
 * model the agent's words before the caller's last ones are, in order, among the words the ear has had (not in calls whose marks came
 * late). Exercised by each
 * utterance that was cut. */

static bool late_marks(const struct judge *j, uint64_t at_us)
{
	const struct fault_plan *p = &j->scene->plan;
	uint64_t marks = p->struck_us[FAULT_MARKS_LATE], lost = j->scene->carrier.lost_us, waits = j->waits_from_us;

	if (waits && at_us + 4 * S_US >= waits && at_us < waits + 20 * S_US)
		return true;
	return (marks && at_us >= marks && at_us < marks + 14 * S_US) || (lost && at_us + 4 * S_US >= lost && at_us < lost + 20 * S_US);
}

static void heard_noted(struct judge *j, const struct call_output *o)
{
	struct judged_utterance *u = utterance_find(j, o->index);
	uint32_t words = count_words(o->text, o->text_len), heard;
	uint64_t now = judge_now(j);

	if (!u) {
		if (words)
			judge_fail(j, P04, "words are noted as heard of utterance %u, which was never spoken", o->index);
		return;
	}
	carrier_settle(&j->scene->carrier, now);
	heard = heard_by(j, u->sound, now);
	if (words > heard && late_marks(j, now))
		for (; heard < words; heard++)
			talker_grant(&j->scene->talker, u->sound, heard);
	if (words > heard)
		judge_fail(j, P04, "utterance %u: %u words are noted as heard, the ear has had %u", o->index, words, heard);
	if (o->number && !u->settled) {
		judge_exercise(j, P04);
		if (words < u->words)
			j->cut_utterance = o->index;
	}
	if (!u->settled)
		u->settled_us = now;
	u->settled = true;
	u->cut = o->number != 0 && !u->old;
	u->noted = (uint16_t)words;
}

/* Samples by which a word of that end may count as heard later than it was: an estimate of its end may be 180 ms late, and is
 * rounded down by an eighth of itself, tts.margin_ms at least. */
static uint32_t estimate_lag(const struct judge *j, const struct spoken *s, uint32_t end)
{
	uint32_t down = (end + 1440) / 8, margin = (uint32_t)j->scene->settings.tts_margin_ms * 8;

	return s->exact ? 0 : 1440 + (down > margin ? down : margin);
}

/* The core could know that the ear had it: its mark had the time to come before the cut, and before any hold. */
static bool surely_known(const struct judged_utterance *u, uint64_t whole_us, uint64_t cut_us, uint64_t way_us)
{
	uint32_t i;

	if (!whole_us || whole_us + way_us > cut_us)
		return false;
	for (i = 0; i < 4 && i < u->hold_count; i++)
		if (whole_us <= u->holds_us[i] && u->holds_us[i] < whole_us + way_us)
			return false;
	return true;
}

/* When the ear had had so much of the sound that the word may count as heard: for an estimate, a later word. 0: not yet, or no word is
 * late enough to tell. */
static uint64_t countable_us(const struct judge *j, const struct spoken *s, uint32_t word)
{
	const struct spoken_word *words = &j->scene->talker.words[s->word];
	uint32_t enough = words[word].end + estimate_lag(j, s, words[word].end);

	while (word < s->word_count && words[word].end < enough)
		word++;
	return word < s->word_count ? words[word].whole_us : 0;
}

static void cut_check(struct judge *j, const struct judged_utterance *u)
{
	const struct spoken *s = spoken_of(j, u->sound);
	uint64_t way = j->scene->carrier.latency_us + 60 * MS_US;
	uint64_t cut_us = u->cleared_us ? u->cleared_us : u->settled_us;
	uint32_t least = 0;

	if (!s || !u->cut)
		return;
	for (; least < s->word_count; least++) {
		if (!surely_known(u, countable_us(j, s, least), cut_us, way))
			break;
	}
	if (u->noted + 1u < least)
		judge_fail(j, P04, "utterance %u was cut: %u words are noted, the ear had had %u of them", u->id, u->noted, least);
}

struct word_at {
	const char *text;
	uint32_t len;
};

static bool next_word(const char **at, const char *end, struct word_at *w)
{
	while (*at < end && **at == ' ')
		(*at)++;
	w->text = *at;
	while (*at < end && **at != ' ')
		(*at)++;
	w->len = (uint32_t)(*at - w->text);
	return w->len > 0;
}

/* The ear's words, in the order it had them, one after the other. */
static bool ear_next(const struct talker *t, uint32_t *at, struct word_at *w)
{
	const struct spoken *s;
	const struct spoken_word *word;

	if (*at == t->heard_count)
		return false;
	s = &t->sounds[t->heard[*at].sound];
	word = &t->words[s->word + t->heard[*at].word];
	(*at)++;
	w->text = talker_text(t, s) + word->text_from;
	w->len = (uint32_t)word->text_to - word->text_from;
	return true;
}

static size_t last_caller(const struct request_block *blocks, size_t count)
{
	while (count && blocks[count - 1].type != BLOCK_CALLER)
		count--;
	return count;
}

void judge_history(struct judge *j, const struct request_block *blocks, size_t count)
{
	const struct talker *t = &j->scene->talker;
	size_t end = last_caller(blocks, count), i;
	struct word_at said, heard;
	uint32_t at = 0;

	carrier_settle(&j->scene->carrier, judge_now(j));
	for (i = 0; i < end; i++) {
		const char *text = blocks[i].text, *stop = text + blocks[i].text_len;

		if (blocks[i].type != BLOCK_AGENT)
			continue;
		while (next_word(&text, stop, &said)) {
			bool found = false;

			while (!found && ear_next(t, &at, &heard))
				found = heard.len == said.len && !memcmp(heard.text, said.text, said.len);
			if (!found && j->scene->plan.struck_us[FAULT_MARKS_LATE])
				return; /* what was granted above stands out of order */
			if (!found) {
				judge_fail(j, P04, "the history has \"%.*s\" (\"%.*s\"), which the ear never had", (int)said.len, said.text,
					(int)(blocks[i].text_len < 60 ? blocks[i].text_len : 60), blocks[i].text);
				return;
			}
		}
	}
}

static bool is_rest(const struct talker *t, const struct spoken *whole, const struct spoken *rest)
{
	return rest->text_len <= whole->text_len &&
	       !memcmp(talker_text(t, whole) + whole->text_len - rest->text_len, talker_text(t, rest), rest->text_len);
}

/* ---- P05: a voice that dies ---------------------------------------------------------------------------------------------
 *
 * A voice that died before its first audio: the same text is ordered again within 500 ms. One that died later: what there
 * is no audio for is ordered again (the whole text, or the rest of it) within 500 ms, and of the words that the ear had whole
 * at most one is heard twice (two where word times are estimates, which are rounded down by 200 ms). And no utterance is left unfinished but by the caller (a yield, a turn, a key), by giving it up
 * (noted as failed) or by the call's end. Exempt: late marks; utterances that are dropped meanwhile, those tried tts.attempts times, and a call
 * that ends. Exercised by each death of a voice whose utterance is still wanted. */

void judge_voice_died(struct judge *j, uint32_t sound)
{
	struct judged_death *d;
	const struct spoken *s = spoken_of(j, sound);

	if (j->ended || j->death_count == JUDGE_DEATHS || !s)
		return;
	d = &j->deaths[j->death_count++];
	*d = (struct judged_death){ .sound = sound, .at_us = judge_now(j), .early = s->made == 0 };
	if (s->word_count && s->made + (s->exact ? 0 : 1440) >= s->total)
		d->settled = true; /* all of it is there, as far as one can know */
	else
		judge_exercise(j, P05);
}

static void death_answered(struct judge *j, uint32_t utterance)
{
	const struct talker *t = &j->scene->talker;
	const struct spoken *s = spoken_of(j, talker_sound_of(t, utterance));
	uint32_t i;

	for (i = 0; s && i < j->death_count; i++) {
		struct judged_death *d = &j->deaths[i];
		const struct spoken *dead = &t->sounds[d->sound];

		if (!d->settled && dead != s && is_rest(t, dead, s) && (d->early ? s->text_len == dead->text_len : true)) {
			d->settled = true;
			d->rest = (uint32_t)(s - t->sounds);
			d->has_rest = true;
		}
	}
}

static void deaths_time(struct judge *j)
{
	uint64_t now = judge_now(j);
	uint32_t i;

	for (i = 0; i < j->death_count; i++) {
		struct judged_death *d = &j->deaths[i];
		struct judged_utterance *u = utterance_find(j, j->scene->talker.sounds[d->sound].utterance);

		if (d->settled)
			continue;
		if (!u || u->unspoken || (u->settled && u->cut) || j->ended || j->lost_us)
			d->settled = true;
		else if (now > d->at_us + 500 * MS_US) {
			d->settled = true;
			judge_fail(j, P05, "the voice died %s and the rest was not ordered again within 500 ms", d->early ? "early" : "in the middle");
		}
	}
}

/* What is not said of it was ordered as an utterance of its own. */
static bool rest_ordered(const struct judge *j, const struct judged_utterance *u)
{
	const struct talker *t = &j->scene->talker;
	uint32_t i;

	for (i = u->sound + 1; i < t->sound_count; i++)
		if (is_rest(t, &t->sounds[u->sound], &t->sounds[i]) && t->sounds[i].word_count + u->noted >= u->words)
			return true;
	return false;
}

static void cut_time(struct judge *j)
{
	const struct judged_utterance *u = j->cut_utterance ? utterance_find(j, j->cut_utterance) : NULL;

	if (u && !rest_ordered(j, u) && !j->cut_reason && !j->ended && !late_marks(j, judge_now(j)) && !j->attached_us)
		judge_fail(j, P05, "utterance %u was left unfinished though nobody took the floor", j->cut_utterance);
	j->cut_utterance = 0;
	j->cut_reason = false;
}

static void deaths_end(struct judge *j)
{
	const struct talker *t = &j->scene->talker;
	uint32_t i, k, twice;

	for (i = 0; i < j->death_count; i++) {
		const struct judged_death *d = &j->deaths[i];
		const struct spoken *dead = &t->sounds[d->sound], *rest = &t->sounds[d->rest];

		for (k = twice = 0; d->has_rest && k < rest->word_count && rest->word_count <= dead->word_count; k++)
			twice += t->words[rest->word + k].whole_us && t->words[dead->word + dead->word_count - rest->word_count + k].whole_us;
		if (twice > (dead->exact ? 1u : 2u))
			judge_fail(j, P05, "after the voice died %u words were heard twice", twice);
	}
}

/* ---- P06: nods, coughs, stop words ---------------------------------------------------------------------------------------
 *
 * A nod or a cough of at most 600 ms, alone, while the ear hears the agent and at least 1.5 s of speech are left: if the agent
 * holds, it holds within 250 ms after the first voiced chunk arrived and plays on from the word that was cut (or one or two
 * before it) within 700 ms after the last one arrived; no answer is asked for and the floor is not given up. A stop word:
 * held within 250 ms, and given up once the recogniser has said it. Exempt: another sound within 1.5 s before or behind it,
 * earlier words that no turn has taken up yet, a disclosure that may not be interrupted, a key, a tool that runs or returns (for the question asked), a fault of the
 * recogniser, the voice, the line or the carrier within six seconds before or during it (late marks: 14 s), and what
 * judge_quiet_call says. */

#define P06_FAULTS (FAULTS_STT | FAULTS_TTS | FAULTS_LINE | FAULTS_MEDIA)

/* Marks stay late for longer than other faults last. */
static bool watch_faults(const struct judge *j)
{
	return judge_faults(j, P06_FAULTS, 6 * S_US) || late_marks(j, judge_now(j));
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
	const struct judged_utterance *u = c->has_last ? utterance_find(j, c->last.utterance) : NULL;

	return u && u->whole;
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
}

static struct watch *watch_now(struct judge *j)
{
	return j->watch.used ? &j->watch : NULL;
}

static void watch_held(struct judge *j)
{
	struct watch *w = watch_now(j);
	uint64_t now = judge_now(j);

	if (!w || w->held)
		return;
	w->held = true;
	w->held_us = now;
	w->utterance = j->scene->carrier.last.utterance;
	if (now > w->from_us + 250 * MS_US && !watch_faults(j))
		judge_fail(j, P06, "held %llu ms after the caller's voice began", (unsigned long long)((now - w->from_us) / MS_US));
}

/* The last run that the ear will have: where the clear cut it. */
static void watch_cleared(struct judge *j)
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

	while (i < s->word_count && words[i].end + estimate_lag(j, s, words[i].end) <= w->position)
		i++;
	i = i > 2 ? i - 2 : 0;
	return i < s->word_count && words[i].start > off ? words[i].start - off : 0;
}

static void watch_played(struct judge *j, const struct call_output *o)
{
	struct watch *w = watch_now(j);
	uint64_t now = judge_now(j);
	const struct spoken *s;

	if (!w || !w->held || w->resumed || o->utterance != w->utterance)
		return;
	w->resumed = true;
	s = spoken_of(j, w->sound);
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

static void watch_note(struct judge *j, const struct call_output *o)
{
	struct watch *w = watch_now(j);

	(void)o;
	if (!w)
		return;
	if (!w->stop) {
		w->asked = true;
		return;
	}
	w->used = false;
	judge_exercise(j, P06);
}

static void watch_asked(struct judge *j, const struct call_output *o)
{
	struct watch *w = watch_now(j);

	if (w && !w->stop && o->kind != ASK_CONTINUE && o->number == 1 && judge_now(j) > j->told_us + 2 * S_US &&
		!conductor_tool_runs(&j->scene->conductor))
		w->asked = true;
}

static void watch_time(struct judge *j, struct watch *w)
{
	uint64_t now = judge_now(j);

	if (judge_quiet_call(j) || j->key_us > w->from_us || watch_faults(j)) {
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

static void watches_input(struct judge *j, const struct call_input *in)
{
	struct watch *w = watch_now(j);

	if (w && in->type == IN_TRANSCRIPT && w->stop && !w->words_us && has_stop(j, in->text, in->text_len))
		w->words_us = judge_now(j);
	if (w && in->type == IN_TOOL_RESULT)
		w->used = false;
}

void judge_sound_begins(struct judge *j, const struct sound *s)
{
	struct watch *w = watch_now(j);

	if (w)
		w->used = false; /* another sound: no longer alone */
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

/* ---- P08: the wire --------------------------------------------------------------------------------------------------------
 *
 * At no time is more than 400 ms of audio ahead of what real time can have played. After the step that holds or gives up the
 * floor while audio is out, the next thing on the wire is a clear, and no frame follows until the outputs order some to be
 * played. The frames (their bytes tell what they are) follow one another as they were ordered, and the marks say what they
 * said. Exercised by each clear. */

void judge_wire_settled(struct judge *j)
{
	if (j->clear_due)
		judge_fail(j, P08, "the floor was taken and no clear was sent");
	j->clear_due = false;
}

static void floor_taken(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;

	if (!c->up || c->ended || j->clear_due || j->clear_said == judge_now(j))
		return;
	if (c->wire_ahead_to_us > judge_now(j) && c->order_count) {
		j->clear_said = judge_now(j);
		judge_fail(j, P08, "the floor was taken and nothing was cleared");
	}
}

static void hold_ordered(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint32_t i;

	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--) {
		struct judged_utterance *u = &j->utterances[i - 1];

		if (u->settled || u->cleared_us)
			continue;
		u->cleared_us = judge_now(j);
		u->holds_us[u->hold_count++ % 4] = judge_now(j);
	}
	j->clear_due = c->up && c->wire_ahead_to_us > judge_now(j);
	watch_held(j);
}

void judge_clear(struct judge *j)
{
	judge_exercise(j, P08);
	j->clear_due = false;
	watch_cleared(j);
}

void judge_frame(struct judge *j, const struct play_order *order, uint32_t sound, uint32_t position, uint64_t ahead_us)
{
	j->frame_us = judge_now(j);
	j->first_frame = true;
	if (j->clear_due)
		judge_fail(j, P08, "a frame was sent where a clear was due");
	if (ahead_us > 400 * MS_US)
		judge_fail(j, P08, "%llu ms of audio are ahead", (unsigned long long)(ahead_us / MS_US));
	if (!order && !j->ended)
		judge_fail(j, P08, "a frame was sent that nobody ordered");
	if (order && (sound != order->sound || position != order->position))
		judge_fail(j, P08, "a frame is of sound %u from %u, ordered was sound %u from %u", sound, position, order->sound, order->position);
	j->starving_us = 0;
	judge_agent_sounds(j);
}

void judge_mark(struct judge *j, const struct mark *mark, const struct mark *last)
{
	if (!last || last->utterance != mark->utterance || mark->samples > last->samples || mark->samples + 160 < last->samples)
		judge_fail(j, P08, "a mark says sample %u of utterance %u, the frames say %u of %u", mark->samples, mark->utterance,
			last ? last->samples : 0, last ? last->utterance : 0);
}

/* ---- P13: speaking means sound ---------------------------------------------------------------------------------------------
 *
 * While the outputs have ordered an utterance to be played and there is audio of it, and the wire has run dry, a frame goes
 * out within 300 ms. And no utterance is stuck: with the wire dry, none held and one unfinished, the outputs do something
 * within 2.5 s (another attempt, the next utterance, giving up). Exempt: late marks, an answer that was asked for ahead while the
 * turn may still go on, and what judge_quiet_call says.
 * Exercised by each utterance that is played, once. */

static bool head_has_audio(const struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;

	return c->order_count && c->orders[0].position < talker_made(&j->scene->talker, c->orders[0].sound);
}

static void starving_time(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint64_t now = judge_now(j);

	if (!head_has_audio(j) || c->wire_ahead_to_us > now || !c->up || j->ended || j->lost_us) {
		j->starving_us = 0;
		j->starving_said = false;
		return;
	}
	if (!j->starving_us)
		j->starving_us = now;
	if (now > j->starving_us + 300 * MS_US && !j->starving_said) {
		j->starving_said = true;
		judge_fail(j, P13, "utterance %u was to be played, there is audio, and no frame was sent for 300 ms", c->orders[0].utterance);
	}
}

static void stuck_time(struct judge *j)
{
	const struct carrier *c = &j->scene->carrier;
	uint64_t now = judge_now(j);
	bool busy = judge_open_utterances(j) && !j->held && !judge_answer_ahead(j);

	if (!busy || judge_quiet_call(j) || head_has_audio(j) || c->wire_ahead_to_us > now || judge_faults(j, FAULT_BIT(FAULT_MARKS_LATE), 14 * S_US) ||
		j->output_us == now || j->voice_us + 1 * S_US > now) {
		j->stuck_us = now;
		j->stuck_said = false;
		return;
	}
	if (now > j->stuck_us + 2500 * MS_US && !j->stuck_said) {
		j->stuck_said = true;
		judge_fail(j, P13, "an utterance is stuck: nothing was sent or tried for 2.5 s");
	}
}

/* ---- P14: sentences ---------------------------------------------------------------------------------------------------------
 *
 * In one turn of the caller's no sentence of three words or more is heard whole twice. Exempt: the brief's phrases, what was on
 * its way when a worker died, and, for half a minute, the answers to what the model asked a tool twice. Exercised by each sentence that was heard whole. */

void judge_sentence(struct judge *j, uint32_t sound)
{
	const struct talker *t = &j->scene->talker;
	const struct spoken *s = &t->sounds[sound];
	uint32_t i;

	if (s->word_count < 3 || judge_is_phrase(j, talker_text(t, s), s->text_len) || (j->attached_us && s->turn == j->attached_turn) ||
		judge_asked_twice(j))
		return;
	judge_exercise(j, P14);
	for (i = sound; i > 0; i--) {
		const struct spoken *o = &t->sounds[i - 1];

		if (o->turn != s->turn)
			break;
		if (o->all_heard && o->text_len == s->text_len && !memcmp(talker_text(t, o), talker_text(t, s), s->text_len)) {
			judge_fail(j, P14, "\"%.*s\" was heard twice in one turn", (int)(s->text_len < 80 ? s->text_len : 80), talker_text(t, s));
			return;
		}
	}
}

/* ---- the step ---- */

void judge_speech_input(struct judge *j, const struct call_input *in)
{
	uint32_t i;

	watches_input(j, in);
	if (in->type != IN_ATTACHED)
		return;
	j->attached_turn = j->turn;
	for (i = 0; i < j->utterance_count; i++)
		j->utterances[i].old = j->utterances[i].settled;
}

static void speech_note(struct judge *j, const struct call_output *o)
{
	if (o->kind == NOTE_YIELD || o->kind == NOTE_FAILED || o->kind == NOTE_ENDING || o->kind == NOTE_TURN || o->kind == NOTE_DISCARD)
		j->cut_reason = true;
	switch (o->kind) {
	case NOTE_HEARD:
		heard_noted(j, o);
		break;
	case NOTE_HOLD:
		j->floor_note = true;
		j->held = true;
		break;
	case NOTE_RESUME:
		j->held = false;
		break;
	case NOTE_YIELD:
		j->floor_note = true;
		j->held = false;
		watch_note(j, o);
		break;
	default:
		break;
	}
}

void judge_speech_output(struct judge *j, const struct call_output *o)
{
	struct judged_utterance *u;

	j->open_stale = j->open_stale || o->type == OUT_SPEAK || o->type == OUT_UNSPEAK || o->type == OUT_NOTE;
	switch (o->type) {
	case OUT_SPEAK:
		speak_ordered(j, o);
		death_answered(j, o->utterance);
		break;
	case OUT_UNSPEAK:
		u = utterance_find(j, o->utterance);
		if (u && u->sound == talker_sound_of(&j->scene->talker, o->utterance))
			u->unspoken = u->settled = true;
		break;
	case OUT_PLAY:
		u = utterance_find(j, o->utterance);
		if (u && !u->playing)
			judge_exercise(j, P13);
		if (u) {
			u->playing = true;
			u->cleared_us = 0;
		}
		watch_played(j, o);
		break;
	case OUT_HOLD:
		hold_ordered(j);
		break;
	case OUT_ASK:
		watch_asked(j, o);
		break;
	case OUT_NOTE:
		speech_note(j, o);
		break;
	default:
		break;
	}
}

void judge_speech_time(struct judge *j)
{
	if (j->floor_note)
		floor_taken(j);
	j->floor_note = false;
	starving_time(j);
	stuck_time(j);
	deaths_time(j);
	cut_time(j);
	if (j->watch.used)
		watch_time(j, &j->watch);
}

void judge_speech_end(struct judge *j)
{
	uint32_t i;

	carrier_settle(&j->scene->carrier, UINT64_MAX);
	for (i = 0; i < j->utterance_count; i++)
		if (j->utterances[i].settled && !late_marks(j, j->utterances[i].settled_us))
			cut_check(j, &j->utterances[i]);
	deaths_end(j);
}

/* Checks of what was heard: P04. Reads what the outputs note as heard, the requests to the model and the ear's true record. */
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

static uint32_t count_words(const char *text, size_t len)
{
	uint32_t words = 0;
	size_t i;

	for (i = 0; i < len; i++)
		words += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
	return words;
}

/* Words of the sound, from its first on, that the ear has had by `at_us`. */
static uint32_t heard_by(const struct judge *j, uint32_t sound, uint64_t at_us)
{
	const struct spoken *s = judge_spoken(j, sound);
	uint32_t n = 0;

	while (s && n < s->word_count && talker_word_heard(&j->scene->talker, sound, n, at_us))
		n++;
	return n;
}

/* ---- P04: heard ---------------------------------------------------------------------------------------------------------
 *
 * When the outputs note what was heard of an utterance, its words are a beginning of those the carrier's ear has had by then:
 * never one more. Of a cut utterance, in the end, at most one word is missing of those that the ear had a signal's way before
 * the cut (for estimated word times: and what they are rounded down by, see judge_estimate_lag). Exempt: late marks (a mark that a clear
 * returned late looks like one whose audio was played), a lost socket, one in which marks waited, or a dead worker within twelve
 * seconds, because nobody could know. And in each request to the
 * model the agent's words before the caller's last ones are, in order, among the words the ear has had (not in calls whose marks came
 * late), but for a disclosure that is being said and may not be interrupted. Exercised by each utterance that was cut. */

bool judge_late_marks(const struct judge *j, uint64_t at_us)
{
	const struct fault_plan *p = &j->scene->plan;
	uint64_t marks = p->struck_us[FAULT_MARKS_LATE], lost = j->scene->carrier.lost_us, waits = j->waits_from_us;

	if (waits && at_us + 4 * S_US >= waits && at_us < waits + 20 * S_US)
		return true;
	return (marks && at_us >= marks && at_us < marks + 14 * S_US) || (lost && at_us + 4 * S_US >= lost && at_us < lost + 20 * S_US);
}

void judge_heard_noted(struct judge *j, const struct call_output *o)
{
	struct judged_utterance *u = judge_utterance(j, o->index);
	uint32_t words = count_words(o->text, o->text_len), heard;
	uint64_t now = judge_now(j);

	if (!u) {
		if (words)
			judge_fail(j, P04, "words are noted as heard of utterance %u, which was never spoken", o->index);
		j->unsaid_utterance = o->index;
		return;
	}
	carrier_settle(&j->scene->carrier, now);
	heard = heard_by(j, u->sound, now);
	if (words > heard && judge_late_marks(j, now))
		for (; heard < words; heard++)
			talker_grant(&j->scene->talker, u->sound, heard);
	if (words > heard)
		judge_fail(j, P04, "utterance %u: %u words are noted as heard, the ear has had %u", o->index, words, heard);
	if (words > heard && j->scene->talker.sounds[u->sound].failed)
		judge_fail(j, P05, "utterance %u: its voice died, and %u words of it were neither heard nor said again", o->index, words - heard);
	if (o->number && !u->settled) {
		judge_exercise(j, P04);
		if (words < u->words)
			j->cut_utterance = o->index;
	}
	if (!o->number && !u->settled && words < u->words)
		j->short_utterance = o->index;
	if (!u->settled)
		u->settled_us = now;
	else if (u->noted < u->words && words >= u->words)
		u->mended_us = now;
	u->settled = true;
	u->cut = o->number != 0 && !u->old;
	u->noted = (uint16_t)words;
}

/* Samples by which a word of that end may count as heard later than it was: an estimate of its end may be 180 ms late, and is
 * rounded down by an eighth of itself, tts.margin_ms at least. */
uint32_t judge_estimate_lag(const struct judge *j, const struct spoken *s, uint32_t end)
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
	uint32_t enough = words[word].end + judge_estimate_lag(j, s, words[word].end);

	while (word < s->word_count && words[word].end < enough)
		word++;
	return word < s->word_count ? words[word].whole_us : 0;
}

static void cut_check(struct judge *j, const struct judged_utterance *u)
{
	const struct spoken *s = judge_spoken(j, u->sound);
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

/* That block is what is being said and may not be interrupted: it will be heard before any answer is. */
static bool surely_heard(const struct judge *j, const struct request_block *b)
{
	const struct talker *t = &j->scene->talker;
	uint32_t i;

	for (i = j->utterance_count; i > 0 && j->utterance_count - i < 64; i--) {
		const struct judged_utterance *u = &j->utterances[i - 1];
		const struct spoken *s = &t->sounds[u->sound];

		if (u->whole && !u->settled && s->text_len == b->text_len && !memcmp(talker_text(t, s), b->text, b->text_len))
			return true;
	}
	return false;
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

		if (blocks[i].type != BLOCK_AGENT || surely_heard(j, &blocks[i]))
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

void judge_heard_end(struct judge *j)
{
	uint32_t i;

	for (i = 0; i < j->utterance_count; i++)
		if (j->utterances[i].settled && !judge_late_marks(j, j->utterances[i].settled_us))
			cut_check(j, &j->utterances[i]);
}

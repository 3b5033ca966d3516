/* Checks of what the caller is told of tools' results, by what the carrier's ear had of the agent's words: the parts of P01 and P14 that two results at
 * once put to the test; P03's at the call's end; and P02's about retrieved knowledge. Reads the conductor's ledger, the requests and the ear's record. */
#include <ctype.h>
#include <string.h>

#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

/* ---- P01, P14: each result is told, once ------------------------------------------------------------------------------
 *
 * The simulated model speaks of every result that it is shown before it asks on, in words that have the tool's name and the result's text.
 * P01: when the ear has had a question that was asked for with a result, it has had that result whole; and so when an answer that was asked for with
 *      it is over, and for turn.noise_ms and a second nobody speaks and nothing is at work. Exempt: until the next request, what was owed when a model
 *      or a voice was given up, or another worker or socket took over; late marks; a result behind the tool's deadline, or for other arguments.
 * P14: the ear has no result whole twice. Exempt: a first time of which the outputs do not note a word as heard, or did not when the second was asked for
 *      (what was heard to its last word but one is told again; the mark that says more may come a moment later), unless that word was said again, and noted,
 *      late marks, a worker that died in between, and as many times more as the model asked for the same again.
 * Exercised by each result that the ear had. */

enum { TELLING_WORDS = 64, TELLING_TEXT = 320 };

struct telling {
	struct { const char *text; size_t len; } words[TELLING_WORDS];
	size_t count;
};

static size_t bare_len(const char *text, size_t len)
{
	while (len && strchr(".,:;?!", text[len - 1]))
		len--;
	return len;
}

static void telling_split(struct telling *t, const char *text)
{
	t->count = 0;
	while (*text && t->count < TELLING_WORDS) {
		size_t len = strcspn(text, " ");

		t->words[t->count].text = text;
		t->words[t->count++].len = bare_len(text, len);
		text += len + (text[len] == ' ');
	}
}

static const struct spoken *heard_sound(const struct judge *j, uint32_t at)
{
	return &j->scene->talker.sounds[j->scene->talker.heard[at].sound];
}

static bool heard_is(const struct judge *j, uint32_t at, const struct telling *t, size_t k)
{
	const struct talker *talker = &j->scene->talker;
	const struct spoken *s = heard_sound(j, at);
	const struct spoken_word *w = &talker->words[s->word + talker->heard[at].word];
	const char *text = talker_text(talker, s) + w->text_from;

	return k < t->count && bare_len(text, (size_t)w->text_to - w->text_from) == t->words[k].len && !memcmp(text, t->words[k].text, t->words[k].len);
}

/* Words that are said again: one or two as a rule; more where a voice that tells no times was cut, or a line broke and nobody knows what was heard. */
static bool heard_again(const struct judge *j, uint32_t at, const struct telling *t, size_t k)
{
	for (; k < t->count; k++)
		if (heard_is(j, at, t, k))
			return true;
	return false;
}

/* Where what ends with that word of the ear's begins, from 1; 0: these are other words. What was begun again, and the brief's phrases, may
 * stand in between. */
static uint32_t telling_begins(const struct judge *j, uint32_t from, uint32_t at, const char *words)
{
	struct telling t;
	size_t k;

	telling_split(&t, words);
	k = t.count;
	if (!k || !heard_is(j, at, &t, k - 1))
		return 0;
	for (at++; k && at > from; at--) {
		const struct spoken *s = heard_sound(j, at - 1);

		if (heard_is(j, at - 1, &t, k - 1))
			k--;
		else if (!heard_again(j, at - 1, &t, k) && !judge_is_phrase_part(j, talker_text(&j->scene->talker, s), s->text_len))
			return 0;
	}
	return k ? 0 : at + 1;
}

/* The outputs have noted that word of the ear's as heard, at that time too: a mark that was on its way may have mended the note since. */
static bool noted_heard(struct judge *j, uint32_t at, uint64_t asked_us)
{
	const struct judged_utterance *u = judge_utterance(j, heard_sound(j, at)->utterance);

	if (!u || !u->settled)
		return true;
	return j->scene->talker.heard[at].word < u->noted && !(u->settled_us <= asked_us && asked_us < u->mended_us);
}

static bool same_word(const struct judge *j, uint32_t a, uint32_t b)
{
	const struct talker *t = &j->scene->talker;
	const struct spoken *s = heard_sound(j, a), *o = heard_sound(j, b);
	const struct spoken_word *v = &t->words[s->word + t->heard[a].word], *w = &t->words[o->word + t->heard[b].word];
	size_t len = (size_t)v->text_to - v->text_from;

	return len == (size_t)w->text_to - w->text_from && !memcmp(talker_text(t, s) + v->text_from, talker_text(t, o) + w->text_from, len);
}

/* By the outputs that was not heard whole when the telling that ends with the ear's word `at` was asked for, or it is not said to be even now: a word
 * of it is not noted, and was not said again, and noted, when the agent went on from what was cut. */
static bool noted_cut(struct judge *j, uint32_t from, uint32_t to, uint32_t at)
{
	const struct judged_utterance *again = judge_utterance(j, heard_sound(j, at)->utterance);
	uint64_t asked_us = again ? again->asked_us : 0;
	uint32_t i;

	for (; from <= to; from++) {
		for (i = from; i <= to && !(noted_heard(j, i, asked_us) && same_word(j, from, i)); i++)
			;
		if (i > to)
			return true;
	}
	return false;
}

static bool same_tool(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return a->name_len == b->name_len && !memcmp(a->name, b->name, a->name_len);
}

static bool same_result(const struct ledger_entry *a, const struct ledger_entry *b)
{
	return same_tool(a, b) && a->text_len == b->text_len && !memcmp(a->text, b->text, a->text_len);
}

/* How often that result may be told: once for each tool that gave it, in time or not, and for each time that the model was told so again. */
static uint32_t tellings_allowed(const struct judge *j, const struct ledger_entry *e)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t allowed = 0, i;

	for (i = 0; i < c->ledger_count && i < JUDGE_RESULTS; i++) /* one that missed its deadline is told in the words of one that failed */
		allowed += same_result(&c->ledger[i], e) || (e->status == TOOL_ERROR && same_tool(&c->ledger[i], e) && j->results[i].is_overdue);
	for (i = 0; i < j->repeat_count; i++)
		allowed += j->repeats[i].name_len == e->name_len && !memcmp(j->repeats[i].name, e->name, e->name_len);
	return allowed;
}

static void result_heard(struct judge *j, uint32_t i, uint32_t begin, uint32_t end)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	struct judged_result *r = &j->results[i];
	bool sure = r->tellings && !noted_cut(j, r->begin - 1, r->end, end) && !judge_late_marks(j, judge_now(j)) && !judge_late_marks(j, r->heard_us);

	if (begin == r->begin)
		return;
	judge_exercise(j, r->tellings ? P14 : P01);
	r->tellings = sure || !r->tellings ? r->tellings + 1 : r->tellings;
	r->begin = begin;
	r->end = end;
	r->heard_us = judge_now(j);
	if (sure && r->tellings > tellings_allowed(j, e))
		judge_fail(j, P14, "the result of %.*s (turn %u) was told twice", (int)e->name_len, e->name, e->turn);
}

/* By what became of it; one that came late is read out as it stands. */
static void result_listen(struct judge *j, uint32_t i, uint32_t at)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	enum tool_status ways[] = { e->status, TOOL_OK };
	char words[TELLING_TEXT];
	uint32_t begin = 0;
	unsigned int n;

	for (n = 0; n < 2 && !begin; n++) {
		model_result_words(words, sizeof(words), e->name, e->name_len, ways[n], e->text, e->text_len);
		begin = telling_begins(j, j->results[i].from, at, words);
	}
	if (begin)
		result_heard(j, i, begin, at);
}

static void results_listen(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (; j->listened_words < j->scene->talker.heard_count; j->listened_words++)
		for (i = 0; i < c->ledger_count && i < JUDGE_RESULTS; i++)
			if (j->results[i].is_told && j->results[i].from <= j->listened_words)
				result_listen(j, i, j->listened_words);
}

static uint64_t entry_deadline(const struct judge *j, const struct ledger_entry *e)
{
	return e->asked_us + (uint64_t)j->scene->settings.tool_timeout_ms * MS_US;
}

void judge_result_given(struct judge *j, const struct ledger_entry *e, bool foreign)
{
	uint32_t i = (uint32_t)(e - j->scene->conductor.ledger);

	if (i >= JUDGE_RESULTS || foreign || judge_now(j) + 50 * MS_US > entry_deadline(j, e))
		return;
	results_listen(j);
	j->results[i] = (struct judged_result){ .is_told = true, .from = j->scene->talker.heard_count };
}

/* A request is made: it knows whose time is over. */
static void overdue_shown(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; i < c->ledger_count && i < JUDGE_RESULTS; i++)
		j->results[i].is_overdue |= judge_now(j) >= entry_deadline(j, &c->ledger[i]);
}

/* Every sound of an utterance that is ordered from now on may be of an answer that knows what came before. */
void judge_results_asked(struct judge *j, const struct call_output *o)
{
	bool alone = !judge_open_utterances(j);
	uint32_t i;

	if (o->kind != ASK_CONTINUE)
		overdue_shown(j);
	for (i = 0; i < JUDGE_RESULTS && o->kind != ASK_CONTINUE; i++) {
		j->results[i].is_shown = true;
		if (j->results[i].is_told && !j->results[i].asked) {
			j->results[i].asked = j->scene->talker.sound_count + 1;
			j->results[i].is_alone = alone;
		}
	}
}

/* ---- P03: a call does not end over what came in time to be told -----------------------------------------------------------
 *
 * When the agent hangs up of his own accord (reason agent), each result that came in time was in a request, whether it is one or tells of a failure; of one
 * that did not a request had that its deadline is over; and no tool runs whose deadline is still to come. Exempt: one that was asked for, or came, before
 * another worker or socket took over. Exercised by each tool. */

static void result_ending(struct judge *j, uint32_t i)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	const struct judged_result *r = &j->results[i];
	const char *name = e->name;
	int len = (int)e->name_len;

	judge_exercise(j, P03);
	if (r->is_told && !r->is_shown && !r->tellings)
		judge_fail(j, P03, "the agent hung up, and the result of %.*s (turn %u) was never told", len, name, e->turn);
	else if (!j->tool_told_us[i] && judge_now(j) + 50 * MS_US < entry_deadline(j, e))
		judge_fail(j, P03, "the agent hung up while %.*s (turn %u) ran", len, name, e->turn);
	else if (!r->is_told && !j->tool_told_us[i] && !r->is_overdue)
		judge_fail(j, P03, "the agent hung up, and it was never told that the time of %.*s (turn %u) is over", len, name, e->turn);
}

void judge_results_ending(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	results_listen(j);
	for (i = 0; i < c->ledger_count && i < JUDGE_RESULTS && j->scene->settings.call_rules >= 4; i++)
		if (c->ledger[i].asked_us > j->attached_us && (!j->tool_told_us[i] || j->tool_told_us[i] > j->attached_us))
			result_ending(j, i);
}

/* What was owed is owed by the next request. */
void judge_results_again(struct judge *j)
{
	uint32_t i;

	for (i = 0; i < JUDGE_RESULTS; i++)
		if (!j->results[i].tellings)
			j->results[i].asked = 0;
}

void judge_results_attached(struct judge *j)
{
	uint32_t i;

	results_listen(j);
	for (i = 0; i < JUDGE_RESULTS; i++) {
		struct judged_result *r = &j->results[i];

		*r = (struct judged_result){ .is_told = r->is_told && !r->tellings && j->tool_told_us[i], .from = r->from };
	}
}

static void result_missed(struct judge *j, uint32_t i, const char *when)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];

	j->results[i].is_told = false; /* say it once */
	judge_fail(j, P01, "the result of %.*s (turn %u) was not told %s", (int)e->name_len, e->name, e->turn, when);
}

static uint32_t first_sound(const struct talker *t, uint32_t sound)
{
	uint32_t i, first = sound;

	for (i = sound; i > 0; i--)
		if (t->sounds[i - 1].utterance == t->sounds[sound].utterance && t->sounds[i - 1].worker == t->sounds[sound].worker)
			first = i - 1;
	return first;
}

void judge_results_sentence(struct judge *j, uint32_t sound)
{
	const struct talker *t = &j->scene->talker;
	const struct spoken *s = &t->sounds[sound];
	const char *text = talker_text(t, s);
	uint32_t first, i;

	results_listen(j);
	if (!memchr(text, '?', s->text_len) || judge_is_phrase(j, text, s->text_len) || judge_late_marks(j, judge_now(j)))
		return;
	first = first_sound(t, sound) + 1;
	for (i = 0; i < JUDGE_RESULTS; i++) {
		const struct judged_result *r = &j->results[i];

		if (r->is_told && !r->tellings && r->asked && first >= r->asked && (r->is_alone || memmem(j->gen_text, j->gen_text_len, text, s->text_len)))
			result_missed(j, i, "before the agent asked on");
	}
}

void judge_results_end(struct judge *j)
{
	results_listen(j);
}

void judge_results_time(struct judge *j, bool still)
{
	uint64_t now = judge_now(j), noise_us = (uint64_t)j->scene->settings.turn_noise_ms * MS_US;
	uint32_t i;

	if (!still || judge_quiet_call(j) || judge_open_utterances(j) || judge_answer_ahead(j) || judge_late_marks(j, now))
		j->untold_us = now;
	if (now <= j->untold_us + noise_us + 1 * S_US)
		return;
	results_listen(j);
	j->untold_us = now;
	for (i = 0; i < JUDGE_RESULTS; i++)
		if (j->results[i].is_told && !j->results[i].tellings && j->results[i].asked)
			result_missed(j, i, "in an answer that knew it");
}

/* ---- P14: what is known not to be so is not said --------------------------------------------------------------------------
 *
 * The first frame of a sentence that says of a tool that it still runs, or that nobody knows what became of it, goes out no more than a second after that
 * tool's result came, when the answer was asked for before that. The rest of a sentence whose voice died (it begins with a small letter) is said to its
 * end. Exempt: an answer that asked for tools, a turn in which an answer was given up already, a
 * call that another worker or socket took over since, and what judge_quiet_call says. Exercised by each such sentence. */

/* What is left to say of the last answer is said in its words: others are of one before. */
uint64_t judge_known_since(const struct judge *j, const char *text, size_t len)
{
	return memmem(j->gen_text, j->gen_text_len, text, len) ? j->answer_us : j->answer_before_us;
}

static bool says_unknown(const struct talker *t, const struct spoken *s, const struct ledger_entry *e)
{
	static const struct { enum tool_status status; const char *text; } ways[] = { { TOOL_OK, "still running" }, { TOOL_UNKNOWN, "" } };
	char words[TELLING_TEXT];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		model_result_words(words, sizeof(words), e->name, e->name_len, ways[i].status, ways[i].text, strlen(ways[i].text));
		if (*words && memmem(talker_text(t, s), s->text_len, words, strlen(words)))
			return true;
	}
	return false;
}

void judge_results_frame(struct judge *j, const struct judged_utterance *u)
{
	const struct conductor *c = &j->scene->conductor;
	const struct spoken *s = judge_spoken(j, u->sound);
	uint64_t now = judge_now(j), told;
	uint32_t i;

	if (judge_quiet_call(j) || j->scene->settings.call_rules < 4 || j->given_up_turn == j->turn + 1 || j->tool_asked_us >= u->known_us)
		return;
	if (!s || islower((unsigned char)*talker_text(&j->scene->talker, s)))
		return;
	for (i = 0; i < c->ledger_count && i < JUDGE_RESULTS; i++) {
		const struct ledger_entry *e = &c->ledger[i];

		if (!says_unknown(&j->scene->talker, s, e) || e->status == TOOL_UNKNOWN)
			continue;
		judge_exercise(j, P14);
		told = j->tool_told_us[i];
		if (told > u->known_us && told > j->attached_us && now > told + 1 * S_US)
			judge_fail(j, P14, "the agent begins to say that nothing is known of %.*s (turn %u), %llu ms behind its result", (int)e->name_len, e->name,
				e->turn, (unsigned long long)((now - told) / MS_US));
	}
}

/* ---- P02: retrieved knowledge ------------------------------------------------------------------------------------------
 *
 * A request has no more of it than came for the caller's last words of then: none that came late, and nothing of one that was empty. Exercised by
 * each request with some. */

void judge_known_input(struct judge *j, const struct call_input *in)
{
	if (in->number == j->known_query && in->text_len && j->known_count < UINT32_MAX)
		j->known_count++;
}

void judge_known_request(struct judge *j, const struct call_output *o)
{
	static const char lead[] = "Result of ";
	uint32_t count = 0;
	size_t i;

	for (i = 0; i < o->block_count && j->scene->brief.knowledge; i++) {
		const struct request_block *b = &o->blocks[i];

		count += b->type == BLOCK_EVENT && (b->text_len < sizeof(lead) || memcmp(b->text, lead, sizeof(lead) - 1) != 0);
	}
	if (count)
		judge_exercise(j, P02);
	if (count > j->known_count)
		judge_fail(j, P02, "a request has %u pieces of knowledge, and %u came in time", count, j->known_count);
}

/* Which option an answer is: the phrases of the rule-book, beside what the answer means (meanings.h). */
#include <string.h>

#include "providers/rehearsed/options.h"
#include "providers/rehearsed/polarity.h"
#include "providers/rehearsed/understand.h"
#include "redact/token.h"

/* ---- phrases ---- */

struct choice_hit {
	int option;
	int score;
	struct span span;
};

enum { HITS_MAX = 64, EXACT_WORD = 10, TELLING_WORDS = 6, FAINT_WORDS = 10 };

struct hits {
	size_t count;
	struct span denied; /* an option's phrase behind a "not"; len 0: none */
	struct choice_hit at[HITS_MAX];
};

/* A phrase that denies something itself ("not coming") is what it says. */
static bool phrase_denied(const struct words *w, const struct words *phrase, struct span span)
{
	size_t i;

	for (i = 0; i < phrase->count; i++)
		if (word_negates(phrase, i))
			return false;
	return span_is_denied(w, span);
}

static void hit_put(struct hits *h, int option, int score, struct span span)
{
	if (h->count < HITS_MAX)
		h->at[h->count++] = (struct choice_hit){ option, score, span };
}

static bool phrase_has(const struct words *phrase, const char *word)
{
	size_t i;

	for (i = 0; i < phrase->count; i++)
		if (word_is(phrase, i, word))
			return true;
	return false;
}

/* "You cancelled it", "it was moved": what others did is no wish, unless the phrase itself tells of it ("it was delivered"). */
static bool is_report(const struct words *w, const struct words *phrase, struct span span)
{
	static const char *const leads[] = { "you", "they", "he", "she", "somebody", "someone", "was", "were", "been", "doctor", "office", "clinic", NULL };
	size_t at, lead, len;

	for (at = span.from ? span.from : 1; at < span.from + span.len; at++) {
		len = strlen(w->at[at].text);
		lead = at - 1;
		lead -= lead && word_in(w, lead, LIST("already", "just"));
		lead -= lead && word_is(w, lead, "else");
		if (len > 4 && !strcmp(w->at[at].text + len - 2, "ed") && word_in(w, lead, leads) && !phrase_has(phrase, w->at[at].text))
			return true;
	}
	return false;
}

/* It does not stand there word for word. */
static bool is_loose(const struct words *phrase, int score)
{
	return score < EXACT_WORD * (int)phrase->count;
}

static void hits_find(struct hits *h, const json_t *options, const struct words *w)
{
	struct words phrase;
	struct span span;
	size_t i, j;
	int score;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *words = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(words); j++) {
			const json_t *text = json_array_get(words, j);

			words_read(&phrase, json_string_value(text), json_string_length(text));
			span = words_near(w, &phrase, &score);
			if (!span.len || is_report(w, &phrase, span) || ((span.len == 1 || is_loose(&phrase, score)) && meanings_says_nothing(w, span.from)))
				continue;
			if (phrase_denied(w, &phrase, span))
				h->denied = span;
			else if (phrase.count > 1 || score >= EXACT_WORD - 2)
				hit_put(h, (int)i, score, span);
		}
	}
}

static bool overlaps(struct span a, struct span b)
{
	return a.from < b.from + b.len && b.from < a.from + a.len;
}

/* "keep it or cancel" */
static bool either(const struct words *w, struct span a, struct span b)
{
	static const char *const list[] = { "or", "ya", "या", NULL };

	return b.from == a.from + a.len + 1 && word_in(w, a.from + a.len, list);
}

/* The best hit of all; a hit of another option beside it (not under it) makes the answer two, which is none. */
static const struct choice_hit *hits_choose(const struct hits *h, const struct words *w)
{
	const struct choice_hit *best = NULL, *last = NULL;
	size_t i;

	for (i = 0; i < h->count; i++)
		if (!best || h->at[i].score > best->score || (h->at[i].score == best->score && h->at[i].span.len < best->span.len))
			best = &h->at[i];
	for (i = 0; i < h->count; i++) {
		const struct choice_hit *o = &h->at[i];

		if (o->option == best->option)
			continue;
		if (overlaps(o->span, best->span)) {
			if (o->score == best->score)
				return NULL;
			continue;
		}
		if (either(w, o->span, best->span) || either(w, best->span, o->span))
			return NULL;
		if (o->span.from > best->span.from && words_correct(w, best->span.from + best->span.len, o->span.from)) {
			if (!last || o->score > last->score)
				last = o;
		} else if (o->span.from > best->span.from || !words_correct(w, o->span.from + o->span.len, best->span.from)) {
			if (o->score * 2 >= best->score)
				return NULL;
		}
	}
	return last ? last : best;
}

/* "Can I bring my wife": a word of an option in it says nothing. */
static bool is_request(const struct words *w)
{
	static const char *const helpers[] = { "can", "could", "may", "do", "does", "did", "is", "are", "will", "would", "shall", "should", NULL };
	static const char *const persons[] = { "i", "we", "you", "he", "she", "it", "there", "they", NULL };

	return word_in(w, 0, helpers) && word_in(w, 1, persons);
}

/* The words from `from` to where the clause ends, and whether a "not" is among them. */
static bool clause_denies(const struct words *w, size_t from, size_t *to)
{
	bool denies = false;

	for (*to = from; *to < w->count && (*to == from || !w->at[*to].before); ++*to)
		denies = denies || word_negates(w, *to) || word_in(w, *to, LIST("stop", "instead", "rather", "than"));
	return denies;
}

/* "Deliver, please", "can you deliver", "not deliver, collect": one word that tells, which only one option has, among words that tell nothing. */
static int choose_by_root(const json_t *options, const struct words *w)
{
	static const char *const small[] = { "please", "kindly", "just", "thanks", "thank", "could", "would", "like", "get", "got", "them", "ok",
		"okay", "yes", "yeah", "sure", "well", "um", "uh", "oh", "hmm", "let", "has", "go", "going", NULL };
	static const char *const asks[] = { "do", "does", "did", "is", "are", "was", "may", "shall", "should", NULL };
	int chosen = -1, option;
	size_t from, to, i;

	for (from = 0; from < w->count; from = to)
		for (i = clause_denies(w, from, &to) ? to : from; i < to; i++) {
			if (word_in(w, i, small) || option_word_is_common(w, i))
				continue;
			option = strlen(w->at[i].text) < 4 ? -1 : option_of_root(options, w->at[i].text);
			if (option >= 0 && chosen >= 0 && option != chosen)
				return MEANT_SEVERAL;
			if (option < 0)
				return MEANT_NOTHING;
			chosen = option;
		}
	return w->count <= TELLING_WORDS && !word_in(w, 0, asks) ? chosen : MEANT_NOTHING;
}

static int choose_by_words(const json_t *options, const struct words *w)
{
	int chosen = -1, option;
	size_t i;

	for (i = 0; i < w->count; i++)
		if (word_negates(w, i) && !w->at[i].before)
			return -1;
	for (i = 0; i < w->count && w->count <= TELLING_WORDS && !is_request(w); i++) {
		if (option_word_is_common(w, i) || strlen(w->at[i].text) < 4 || meanings_know(w, i) || w->at[i].number == WORD_DIGIT || w->at[i].number == WORD_PAIR)
			continue;
		option = option_of_own_word(options, w->at[i].text);
		if (option < 0 || option == chosen)
			continue;
		if (chosen >= 0)
			return -1;
		chosen = option;
	}
	return chosen;
}

static const char *const plain_yes[] = { "yes", "हाँ", "haan", NULL }, *const plain_no[] = { "no", "नहीं", "nahi", NULL };

/* Who somebody is, and no yes: what is left of his answer to the question before. */
static bool tells_who(const struct words *w)
{
	static const char *const who[] = { "speaking", "this is he", "this is she", "this is him", "this is her", "it is me", "that is me", "bol raha", "bol rahi",
		"बोल रहा", "बोल रही", NULL }, *const yes[] = { "yes", "yeah", "yep", "haan", "haa", "ji", "हाँ", "हां", "जी", NULL };

	return w->count <= 4 && words_have(w, who) && !words_have(w, yes);
}

/* An option that "yes" stands for takes every kind of yes. */
static int choose_by_yes_no(const json_t *options, const struct words *w)
{
	struct answer a;

	if (w->count > 12 || !yes_no_begins(w) || understand_yes_no(w, NULL, &a) != UNDERSTOOD_VALUE)
		return -1;
	return option_of_word(options, a.number ? plain_yes : plain_no);
}

/* "no" alone stands under every "no, …": as a hit it is worth less than any other. */
static void hits_weigh(struct hits *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->at[i].span.len == 1)
			h->at[i].score -= 6;
}

static bool only_negated(const struct hits *h, const struct words *w)
{
	return h->count == 1 && h->at[0].span.len == 1 && word_negates(w, h->at[0].span.from);
}

static enum understood chosen(const json_t *options, int option, size_t used, struct answer *out)
{
	const json_t *value;

	if (option < 0)
		return UNDERSTOOD_NOT;
	value = json_object_get(json_array_get(options, (size_t)option), "value");
	out->text = json_string_value(value);
	out->len = json_string_length(value);
	out->used = used;
	return UNDERSTOOD_VALUE;
}

/* What the phrase that was hit means by itself. */
static int span_means(const struct expect *e, const struct words *w, struct span span, struct meanings *said)
{
	struct words part = { .count = 0 };
	size_t i;

	for (i = span.from; i < span.from + span.len; i++)
		part.at[part.count++] = w->at[i];
	meanings_read(said, &part, NULL);
	return meanings_choose(e->meanings, said);
}

/* Its words do not stand there one after another. */
static bool is_apart(const struct choice_hit *hit)
{
	return hit->span.len > 1 && hit->score < EXACT_WORD * (int)hit->span.len;
}

/* A word, or words found apart, in a long sentence of which nothing else is known: they may stand there by the way ("somebody else would be living there and
 * paying me every month"). A yes at its beginning or its end is an answer. */
static bool is_faint(const struct words *w, const struct choice_hit *hit)
{
	return w->count > FAINT_WORDS && (hit->span.len == 1 || is_apart(hit)) && hit->span.from + hit->span.len < w->count && !yes_no_begins(w);
}

/* Several of the book's own words, as they stand there. */
static bool is_own_phrase(const struct words *w, const struct choice_hit *hit)
{
	return hit->span.len > 1 && !is_apart(hit) && !meanings_doubted(w, hit->span.from);
}

/* The option that a phrase of the book was found of, beside another that is meant. The book's own words which mean nothing by themselves go before what
 * their clause is taken for: "a table tonight" is a table, although "tonight" may be another time. A single word is too little. */
static int phrase_or_meaning(const struct expect *e, const struct words *w, const struct choice_hit *hit, bool mere_time, int alone, int meant)
{
	bool is_own = alone == MEANT_NOTHING && is_own_phrase(w, hit);
	struct meanings said;

	if (mere_time && alone == MEANT_NOTHING)
		return is_own ? hit->option : -1;
	if (span_means(e, w, meanings_clause(w, hit->span.from), &said) == meant)
		return is_own ? hit->option : meant;
	return alone == meant ? meant : -1;
}

/* A phrase of the rule-book beside the meaning of the whole. Where they differ, the meaning counts when it is that of the phrase, or of the phrase's own
 * clause: else two things were said. Nor does a phrase that is denied. */
static int weigh(const struct expect *e, const struct words *w, const struct choice_hit *hit, const struct meanings *all, int meant)
{
	struct meanings said;
	int alone;

	if (hit->option == meant)
		return meant;
	if (meant == MEANT_NOTHING && is_faint(w, hit))
		return -1;
	alone = span_means(e, w, hit->span, &said);
	if (meant == MEANT_OPEN)
		return alone == MEANT_OPEN && !is_apart(hit) ? hit->option : -1; /* the phrase itself is what leaves it open: "not sure yet" */
	if (meant >= 0)
		return phrase_or_meaning(e, w, hit, all->mere_time, alone, meant);
	if (meant == MEANT_SEVERAL && !words_correct(w, 0, hit->span.from))
		return -1; /* "cancel it or move it"; in "cancel it, no, move it" the last phrase counts */
	return meanings_doubted(w, hit->span.from) ? -1 : hit->option;
}

/* "Yeah, I'm just sitting here": a yes or no beside a mere hint of something else. */
static int hint_or_yes_no(const struct expect *e, const struct words *w, const struct meanings *said, int meant)
{
	const struct meanings outright = { .plain = said->plain };
	int option;

	if (meant < 0 || meanings_choose(e->meanings, &outright) == meant)
		return meant;
	option = choose_by_yes_no(e->options, w);
	return option < 0 || option == meant ? meant : -1;
}

/* The phrases of the rule-book first, beside what is meant; then a yes or a no, and words. */
static int choose(const struct expect *e, const struct words *w, const struct meanings *said, const struct hits *h)
{
	bool has_hits = h->count && !only_negated(h, w);
	const struct choice_hit *hit = has_hits ? hits_choose(h, w) : NULL;
	int option, meant = meanings_choose(e->meanings, said);

	if (hit)
		return weigh(e, w, hit, said, meant);
	if (meant != MEANT_NOTHING || has_hits)
		return hint_or_yes_no(e, w, said, meant);
	option = choose_by_yes_no(e->options, w);
	if (option >= 0 || h->count)
		return option;
	option = choose_by_root(e->options, w);
	return option == MEANT_NOTHING && !h->denied.len && !said->asks ? choose_by_words(e->options, w) : option;
}

/* "I don't see why I'd cancel" is no wish to; "I returned it, I don't see why I'd owe you" says something else. */
static bool sees_no_reason(const struct words *w, const struct hits *h)
{
	static const char *const doubts[] = { "see why i", "know why i", "why i would", "why i should", "why would i", "why should i", NULL };
	size_t at, len = 0, i;

	for (at = 0; at < w->count && !len; at++)
		len = words_any_at(w, at, doubts);
	for (i = 0; len && i < h->count; i++)
		if (h->at[i].span.from >= at - 1 + len)
			return true;
	return false;
}

/* A phrase that is weighed by what it means ("I will pay" beside "a part"), or denied ("a table is not what I want"), is no second option. */
static bool stands_by_itself(const struct expect *e, const struct words *w, const struct choice_hit *hit)
{
	const struct span clause = meanings_clause(w, hit->span.from);
	struct meanings said;
	bool tells = false;
	size_t at;

	for (at = hit->span.from; at < clause.from + clause.len; at++) {
		if (word_negates(w, at))
			return false;
		tells = tells || (at < hit->span.from + hit->span.len && !option_word_is_common(w, at)); /* "do it" may stand anywhere */
	}
	(void)span_means(e, w, hit->span, &said);
	return tells && is_own_phrase(w, hit) && !said.plain && !said.hinted;
}

/* "The full service with new tyres": two options' own words, each as they stand there, and none takes the other back. */
static bool names_another(const struct expect *e, const struct hits *h, const struct words *w, int option)
{
	const struct choice_hit *a, *b;
	bool is_first;
	size_t i, j;

	for (i = 0; i < h->count && !distances_asked(e->options); i++)
		for (j = 0; h->at[i].option == option && j < h->count; j++) {
			a = &h->at[i];
			b = &h->at[j];
			is_first = a->span.from < b->span.from;
			if (b->option != option && is_own_phrase(w, a) && stands_by_itself(e, w, b) && !overlaps(a->span, b->span) &&
				!words_correct(w, (is_first ? a : b)->span.from, (is_first ? b : a)->span.from))
				return true;
		}
	return false;
}

/* "Can my son come instead", "isn't it on Thursday": nothing is wished yet. */
static bool wonders(const struct words *w)
{
	static const char *const others[] = { "son", "daughter", "wife", "husband", "mother", "father", "mom", "mum", "dad", "brother", "sister", "friend",
		"partner", "neighbour", "neighbor", "kids", "child", "children", NULL };
	static const char *const when[] = { "on", "at", "for", "in", "this", "next", "today", "tomorrow", NULL };
	bool asks = word_in(w, 0, LIST("can", "could", "may"));

	if (asks && ((word_in(w, 1, LIST("my", "our")) && word_in(w, 2, others)) || word_in(w, 1, LIST("he", "she"))))
		return true;
	return word_in(w, 0, LIST("is", "was")) && word_is(w, 1, "not") && word_in(w, 2, LIST("it", "that")) && word_in(w, 3, when);
}

bool understand_listed(const struct expect *e, const struct words *w, struct answer *out)
{
	return chosen(e->options, option_of_phrase(e->options, w), w->count, out) == UNDERSTOOD_VALUE;
}

enum understood understand_choice(const struct expect *e, const struct words *w, const struct words *question, struct answer *out)
{
	static const char *const puts_off[] = { "next month", "next year", "agle mahine", "agle saal", "baad mein", "baad me", "अगले महीने", "अगले साल",
		"बाद में", NULL };
	struct hits h = { .count = 0 };
	struct meanings said;
	int option = -1;
	size_t used;

	if (yes_no_open(w) && w->count < 7 && !distances_asked(e->options))
		return UNDERSTOOD_NOT; /* "how soon" is answered with an "I don't know" */
	if (wonders(w) || tells_who(w))
		return UNDERSTOOD_NOT;
	if (is_request(w) && distances_asked(e->options))
		return UNDERSTOOD_NOT; /* "could it be in January" */
	if (understand_distance(e, w, &option) == UNDERSTOOD_VALUE)
		return chosen(e->options, option, w->count, out);
	hits_find(&h, e->options, w);
	if (sees_no_reason(w, &h))
		return UNDERSTOOD_NOT;
	hits_weigh(&h);
	meanings_read(&said, w, question);
	option = choose(e, w, &said, &h);
	if (option >= 0 && option == option_of_word(e->options, plain_yes) && yes_no_taken_back(w))
		return UNDERSTOOD_NOT;
	if (option >= 0 && names_another(e, &h, w, option))
		return UNDERSTOOD_UNSURE;
	if (option >= 0 && meanings_promise(e->meanings[option]) && words_have(w, puts_off))
		return UNDERSTOOD_UNSURE;
	used = h.count ? h.at[0].span.from + h.at[0].span.len : 0;
	return chosen(e->options, option, used > said.denied_to ? used : said.denied_to, out);
}

#include "redact/repeat.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

enum { DISTANCE_MOST = 24, TRIES_MOST = 6, TRIED_WORDS = 96, NEAR_WORDS = 2, EXAMPLE_WORDS = 3 /* "U for umbrella" */ };

/* What makes a value where nothing was found; and what was begun, left and begun anew: so many words, the first of them the same. */
enum { PARTS_MANY = 6, DIGITS_LEAST = 3, FALSE_START = 3, START_WORDS = 2 };

static bool is_upper(const char *text, size_t start, size_t end)
{
	while (start < end && text[start] >= 'A' && text[start] <= 'Z')
		start++;
	return start == end;
}

static bool is_like(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (t->kind != TOKEN_WORD || t->end - t->start == 1 || is_upper(s->text, t->start, t->end))
		return true;
	if (t->word >= WORD_DIGIT && t->word <= WORD_TIMES)
		return !scan_is_word(s, i, "for") && !scan_is_word(s, i, "to");
	return (t->word >= WORD_PLUS && t->word <= WORD_AT) || t->cue == CUE_LETTER || t->cue == CUE_MONTH;
}

static uint32_t word_hash(const char *text, size_t start, size_t end)
{
	uint32_t hash = 2166136261u;

	while (start < end)
		hash = (hash ^ ((uint8_t)text[start++] | 0x20u)) * 16777619u;
	return hash;
}

/* "Um" and "sorry" between what was said and its second time. An "i" may be a letter. */
static bool hesitates(const struct token *t)
{
	return t->kind == TOKEN_WORD && t->end - t->start > 1 && (t->word == WORD_CORRECTION || (t->word == WORD_FILLER && !t->value));
}

/* The words behind word i that say which letter it is: "for fan", "as in fan"; how many. */
static size_t example_words(const struct scan *s, const struct repeats *all, size_t i)
{
	const struct repeat_word *w = &all->words[i];
	size_t k;

	if (w->end - w->start != 1 || !isalpha((unsigned char)s->text[w->start]))
		return 0;
	for (k = 2; k <= EXAMPLE_WORDS && i + k < all->word_count && !all->words[i + k - 1].like; k++)
		if (((uint8_t)s->text[w->start] | 0x20) == ((uint8_t)s->text[w[k].start] | 0x20) && w[k].end - w[k].start > 1)
			return k;
	return 0;
}

/* A digit, a letter, a month: not the "at" and the dots of an address, nor what an apostrophe leaves of a verb. */
static bool is_item(const struct scan *s, const struct repeat_word *w)
{
	const struct token *t = &s->tokens[w->token];

	if (!w->like || (t->kind == TOKEN_WORD && t->word >= WORD_PLUS) || (t->glued && w->token && t[-1].mark == '\''))
		return false;
	if (t->kind == TOKEN_WORD && (scan_is_word(s, w->token, "oh") || scan_is_word(s, w->token, "a") || scan_is_word(s, w->token, "i")) &&
		!is_upper(s->text, t->start, t->end))
		return false;
	return t->kind != TOKEN_WORD || t->end - t->start == 1 || t->cue == CUE_NONE || t->cue >= CUE_MONTH || !is_upper(s->text, t->start, t->end);
}

static void parts_mark(const struct scan *s, struct repeats *all)
{
	size_t i, k, n;

	for (i = 0; i < all->word_count; i++) {
		all->words[i].part = all->words[i].part || is_item(s, &all->words[i]);
		for (k = 1, n = example_words(s, all, i); k <= n; k++)
			all->words[i + k].part = true;
	}
	for (i = all->word_count; i-- > 1;) {
		const struct token *t = &s->tokens[all->words[i].token];

		if (i + 1 < all->word_count && all->words[i + 1].part && (hesitates(t) || t->word == WORD_MAYBE))
			all->words[i].part = true;
	}
	for (i = 0; i < all->word_count; i++) /* only between two */
		if ((!i || !all->words[i - 1].part) && !is_item(s, &all->words[i]))
			all->words[i].part = false;
}

static bool is_digit(const struct token *t)
{
	return t->kind == TOKEN_DIGITS || (t->kind == TOKEN_WORD && t->word >= WORD_DIGIT && t->word <= WORD_PAIR);
}

static bool words_read(const struct scan *s, struct repeats *all)
{
	size_t i;

	all->word_count = 0;
	for (i = 0; i < s->count; i++) {
		const struct token *t = &s->tokens[i];

		if (t->kind == TOKEN_MARK && t->mark != '@')
			continue;
		if (all->word_count == REPEAT_WORDS)
			return false;
		all->words[all->word_count++] = (struct repeat_word){ .hash = word_hash(s->text, t->start, t->end), .start = t->start, .end = t->end,
			.token = (uint32_t)i, .like = is_like(s, i), .digit = is_digit(t) };
	}
	parts_mark(s, all);
	return true;
}

static bool is_same(const char *text, const struct repeat_word *a, const struct repeat_word *b)
{
	return a->hash == b->hash && a->end - a->start == b->end - b->start && !strncasecmp(text + a->start, text + b->start, a->end - a->start);
}

/* A digit or a letter: a value may have it three times. */
static bool is_single(const struct scan *s, const struct repeat_word *w)
{
	const struct token *t = &s->tokens[w->token];

	return t->kind != TOKEN_WORD || t->end - t->start == 1 || (t->word >= WORD_DIGIT && t->word <= WORD_TIMES) || t->cue == CUE_LETTER;
}

/* The `words` words that end with `last` are the `distance` before them, once or several times. Parts of one written word are not. */
static void repeat_add(const struct scan *s, struct repeats *all, const uint8_t *order, size_t last, size_t distance, size_t words)
{
	const struct repeat_word *first = &all->words[order[last + 1 - words]], *end = &all->words[order[last]];
	struct repeat r = { .start = all->words[order[last + 1 - words - distance]].start, .cut = all->words[order[last - words]].end, .again = first->start,
		.end = end->end, .single = words == 1, .item = words == 1 && is_single(s, first) };
	size_t i;

	if (all->count == REPEATS_MOST || s->tokens[first->token].glued)
		return;
	if (end->token + 1 < s->count && s->tokens[end->token + 1].glued && s->tokens[end->token + 1].kind != TOKEN_MARK)
		return;
	for (i = 0; i < all->count; i++)
		if (all->at[i].cut == r.cut && all->at[i].end == r.end)
			return;
	all->at[all->count++] = r;
}

static void distances_find(const struct scan *s, struct repeats *all, const uint8_t *order, size_t count)
{
	size_t distance, i, run;

	for (distance = num_min(count / 2, DISTANCE_MOST); distance; distance--)
		for (run = 0, i = distance; i < count; i++) {
			bool again = is_same(s->text, &all->words[order[i]], &all->words[order[i - distance]]);
			bool ends = !again || i + 1 == count;

			run += again;
			if (ends && run >= 2 * distance && (distance > 1 || !is_single(s, &all->words[order[i - !again]])))
				repeat_add(s, all, order, i - !again - run % distance, distance, run - run % distance);
			if (again && run == distance)
				repeat_add(s, all, order, i, distance, distance);
			run = again ? run : 0;
		}
}

void repeats_find(const struct scan *s, struct repeats *all)
{
	uint8_t order[REPEAT_WORDS];
	size_t i, count = 0;

	all->count = 0;
	if (!words_read(s, all))
		return;
	for (i = 0; i < all->word_count; i++)
		if (!hesitates(&s->tokens[all->words[i].token]))
			order[count++] = (uint8_t)i;
	distances_find(s, all, order, count);
	if (count == all->word_count)
		return;
	for (i = 0; i < all->word_count; i++) /* "ok ok axis" */
		order[i] = (uint8_t)i;
	distances_find(s, all, order, all->word_count);
}

size_t repeats_tries(const struct repeats *all)
{
	size_t tries = TRIED_WORDS / (all->word_count + 1);

	return tries ? num_min(TRIES_MOST, tries) : 1;
}

/* ------------------------------------------------------------------ with what was found */

static bool is_covered(const struct redact_found *found, const struct repeat_word *w)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (found->entities[i].start <= w->start && found->entities[i].end >= w->end)
			return true;
	return false;
}

/* A part of something, whose rest may stand beside it. */
static bool is_part(const struct redact_found *found, const struct repeat *r)
{
	size_t i;

	for (i = 0; i < found->count; i++)
		if (found->entities[i].type == REDACT_NUMBER && found->entities[i].start < r->end && r->start < found->entities[i].end)
			return true;
	return false;
}

static bool any_like(const struct repeats *all, size_t from, size_t to)
{
	for (; from < to && from < all->word_count; from++)
		if (all->words[from].like)
			return true;
	return false;
}

bool repeat_open(const struct repeats *all, const struct repeat *r, const struct redact_found *found)
{
	size_t first = 0, last, covered = 0;

	while (all->words[first].start < r->start)
		first++;
	for (last = first; last < all->word_count && all->words[last].start < r->end; last++)
		covered += is_covered(found, &all->words[last]);
	if (!covered)
		return any_like(all, first - num_min(first, NEAR_WORDS), last + NEAR_WORDS);
	if (covered < last - first || is_part(found, r))
		return true;
	while (first > 0 && is_covered(found, &all->words[first - 1]))
		first--;
	while (last < all->word_count && is_covered(found, &all->words[last]))
		last++;
	return any_like(all, first - num_min(first, EXAMPLE_WORDS), first) || any_like(all, last, last + 1);
}

/* Something of this stretch that `found` leaves in clear. What stands between both times does not count, nor beside them what is only talk. */
static bool is_clear(const struct repeats *all, const struct repeat *r, const struct redact_found *found, const struct redact_entity *e)
{
	const struct repeat_word *w = all->words, *end = w + all->word_count;

	for (; w < end; w++)
		if (w->start >= e->start && w->end <= e->end && (w->like || (w->start >= r->start && w->end <= r->end)) &&
			!(w->start >= r->cut && w->end <= r->again) && !is_covered(found, w))
			return true;
	return false;
}

/* Which of the two a value of one word more or less is, nobody can tell; an address says it. */
static bool is_doubtful(const struct repeat *r, const struct redact_entity *now, const struct redact_entity *was)
{
	return r->single && now->type == was->type && now->type > REDACT_UPI && strcmp(now->value, was->value) != 0;
}

/* It takes the place of more than one, which are not the same: "[PAN_1] sorry [NUMBER_1]". */
static bool is_one(const struct redact_found *found, const struct redact_entity *e)
{
	const struct redact_entity *was, *first = NULL;

	for (was = found->entities; was < found->entities + found->count; was++) {
		if (was->start < e->start || was->end > e->end)
			continue;
		if (first && (first->type != was->type || strcmp(first->value, was->value) != 0))
			return true;
		first = was;
	}
	return false;
}

static bool is_vague(const struct redact_entity *e)
{
	return e->type == REDACT_NUMBER || e->type == REDACT_ID_UNVERIFIED;
}

/* "… one zulu zulu for the invoice": what was whole as it was said is not taken for less. */
static bool is_worse(const struct redact_found *found, const struct redact_entity *e)
{
	const struct redact_entity *was;

	for (was = found->entities; is_vague(e) && was < found->entities + found->count; was++)
		if (was->start < e->end && e->start < was->end && !is_vague(was))
			return true;
	return false;
}

static void entity_place(const struct repeat *r, struct redact_found *found, struct redact_entity *e)
{
	size_t i, kept = 0, at = 0;

	for (i = 0; i < found->count; i++) {
		const struct redact_entity *was = &found->entities[i];

		if (was->start < e->end && e->start < was->end) {
			e->held = e->held || is_doubtful(r, e, was);
			e->start = was->start < e->start ? was->start : e->start;
			e->end = was->end > e->end ? was->end : e->end;
		} else {
			at += was->start < e->start;
			found->entities[kept++] = *was;
		}
	}
	memmove(&found->entities[at + 1], &found->entities[at], (kept - at) * sizeof(*e));
	found->entities[at] = *e;
	found->count = kept + 1;
}

bool repeat_merge(const struct repeats *all, const struct repeat *r, const struct redact_found *without, struct redact_found *found)
{
	struct redact_entity e;
	size_t i = 0;

	while (i < without->count && without->entities[i].end < r->cut)
		i++;
	if (i == without->count || without->entities[i].start >= r->cut || found->count == REDACT_ENTITIES)
		return false;
	e = without->entities[i];
	e.end += r->end - r->cut;
	if (is_worse(found, &e) || (!is_clear(all, r, found, &e) && !is_one(found, &e)))
		return false;
	entity_place(r, found, &e);
	return true;
}

/* ------------------------------------------------------------------ what is left of it */

/* Word i masked: with what was found right before or behind it, else by itself. */
static bool word_cover(const struct repeat_word *words, size_t count, size_t i, struct redact_found *found)
{
	uint32_t before = i ? words[i - 1].end : 0, behind = i + 1 < count ? words[i + 1].start : words[i].end;
	struct redact_entity *e;
	size_t k = 0;

	while (k < found->count && found->entities[k].end <= words[i].start)
		k++;
	e = &found->entities[k];
	if (k < found->count && e->start < words[i].end)
		; /* a part of the word is its own */
	else if (k && i && e[-1].end >= before)
		e--;
	else if (k == found->count || e->start > behind)
		e = NULL;
	if (!e && found->count == REDACT_ENTITIES)
		return false;
	if (!e) {
		e = &found->entities[k];
		memmove(e + 1, e, (found->count++ - k) * sizeof(*e));
		*e = (struct redact_entity){ .type = REDACT_NUMBER, .start = words[i].start, .end = words[i].end };
	}
	e->held = true;
	e->start = words[i].start < e->start ? words[i].start : e->start;
	e->end = words[i].end > e->end ? words[i].end : e->end;
	if (e + 1 < found->entities + found->count && e->end > e[1].start)
		e->end = e[1].start;
	return true;
}

/* The words of a value around this place: *first up to *next, of which some may be talk ("charge 4242 charge 4242"). */
static void stretch_find(const struct repeats *all, const struct repeat *r, size_t *first, size_t *next)
{
	*first = 0;
	while (all->words[*first].start < r->start)
		++*first;
	*next = *first;
	while (*next < all->word_count && all->words[*next].start < r->end)
		++*next;
	while (*first && all->words[*first - 1].part)
		--*first;
	while (*next < all->word_count && all->words[*next].part)
		++*next;
}

/* How many of the words of a stretch are parts of a value, and how many of these are masked. */
static size_t parts_count(const struct repeats *all, const struct redact_found *found, size_t first, size_t next, size_t *covered)
{
	size_t parts = 0;

	for (*covered = 0; first < next; first++) {
		parts += all->words[first].part;
		*covered += all->words[first].part && is_covered(found, &all->words[first]);
	}
	return parts;
}

/* Enough that is said one by one to be a code or a number where a word says so. */
static bool is_much(const struct repeats *all, size_t first, size_t next, size_t parts)
{
	size_t digits = 0;

	for (; first < next; first++)
		digits += all->words[first].digit;
	return parts >= PARTS_MANY && digits >= DIGITS_LEAST;
}

bool repeats_left(const struct repeats *all, const struct redact_found *found)
{
	size_t first, next, i, covered, parts;

	for (i = 0; i < all->count; i++) {
		stretch_find(all, &all->at[i], &first, &next);
		parts = parts_count(all, found, first, next, &covered);
		if (covered < parts && (covered || is_much(all, first, next, parts)))
			return true;
	}
	return false;
}

/* False: there is no room. *more: something was masked that may lie in another one's stretch. */
static bool stretch_cover(const struct repeats *all, const struct repeat *r, bool told, struct redact_found *found, bool *more)
{
	size_t first, next, i, covered, parts;

	stretch_find(all, r, &first, &next);
	parts = parts_count(all, found, first, next, &covered);
	if (!covered && (!told || !is_much(all, first, next, parts)))
		return true;
	for (i = first; i < next; i++)
		if (all->words[i].part && !is_covered(found, &all->words[i])) {
			*more = true;
			if (!word_cover(all->words, all->word_count, i, found))
				return false;
		}
	return true;
}

/* Words [first, next) in clear begin as something does that was found: it was begun, left, and begun again. */
static bool is_false_start(const struct repeats *all, const struct redact_found *found, const char *text, size_t first, size_t next)
{
	size_t i, k, same;

	for (i = next; next - first >= FALSE_START && i + START_WORDS <= all->word_count; i++) {
		if (!is_covered(found, &all->words[i]) || is_covered(found, &all->words[i - 1]))
			continue;
		for (k = same = 0; k < START_WORDS; k++)
			same += is_covered(found, &all->words[i + k]) && is_same(text, &all->words[first + k], &all->words[i + k]);
		if (same == START_WORDS)
			return true;
	}
	return false;
}

/* False: there is no room. */
static bool starts_cover(const struct repeats *all, const char *text, struct redact_found *found)
{
	size_t first, next;

	for (first = 0; first < all->word_count; first = next + 1) {
		for (next = first; next < all->word_count && all->words[next].part && !is_covered(found, &all->words[next]);)
			next++;
		if (!is_false_start(all, found, text, first, next))
			continue;
		for (; first < next; first++)
			if (!word_cover(all->words, all->word_count, first, found))
				return false;
	}
	return true;
}

bool repeats_cover(const struct repeats *all, const char *text, bool told, struct redact_found *found)
{
	bool more = told || found->count > 0;
	size_t i, round;

	for (round = 0; more && round < REPEATS_MOST; round++)
		for (more = false, i = 0; i < all->count; i++)
			if (!stretch_cover(all, &all->at[i], told, found, &more))
				return false;
	return starts_cover(all, text, found);
}

#include "redact/repeat.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"

enum { DISTANCE_MOST = 24, TRIES_MOST = 6, TRIED_WORDS = 96, NEAR_WORDS = 2, EXAMPLE_WORDS = 3 /* "U for umbrella" */ };

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
			.token = (uint32_t)i, .like = is_like(s, i) };
	}
	return true;
}

/* "Um" and "sorry" between what was said and its second time. An "i" may be a letter. */
static bool hesitates(const struct token *t)
{
	return t->kind == TOKEN_WORD && t->end - t->start > 1 && (t->word == WORD_CORRECTION || (t->word == WORD_FILLER && !t->value));
}

static bool is_same(const char *text, const struct repeat_word *a, const struct repeat_word *b)
{
	return a->hash == b->hash && a->end - a->start == b->end - b->start && !strncasecmp(text + a->start, text + b->start, a->end - a->start);
}

/* The `distance` words that end with `last` are those before them. Parts of one written word are not. */
static void repeat_add(const struct scan *s, struct repeats *all, const uint8_t *order, size_t last, size_t distance)
{
	const struct repeat_word *first = &all->words[order[last + 1 - distance]], *end = &all->words[order[last]];
	struct repeat r = { .start = all->words[order[last + 1 - 2 * distance]].start, .cut = all->words[order[last - distance]].end, .again = first->start,
		.end = end->end, .single = distance == 1 };
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
			run = is_same(s->text, &all->words[order[i]], &all->words[order[i - distance]]) ? run + 1 : 0;
			if (run == distance)
				repeat_add(s, all, order, i, distance);
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

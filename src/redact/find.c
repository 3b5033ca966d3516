/* redact_find: tokens once, addresses, then numbers in what is left; entities in order. Owns nothing beyond the call. */
#include "redact/redact.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/json.h"
#include "base/num.h"
#include "redact/cue.h"
#include "redact/phone.h"
#include "redact/repeat.h"
#include "redact/scan.h"
#include "redact/token.h"

enum { EARLIER_BYTES = 256, QUESTION_BYTES = 1024, DIGITS_LEAST = 4, HELD_LEAST = 3, REPEATS_DEEP = 2, INNER_TRIES = 3 };

bool scan_is_word(const struct scan *s, size_t i, const char *word)
{
	size_t len = strlen(word);

	return i < s->count && s->tokens[i].end - s->tokens[i].start == len && !strncasecmp(s->text + s->tokens[i].start, word, len);
}

bool redact_value_fine(enum redact_type type, const char *value, size_t len)
{
	bool words = type == REDACT_PERSON || type == REDACT_ADDRESS;
	size_t i, n;

	if (!len || len >= REDACT_VALUE_BYTES || value[0] == ' ' || value[len - 1] == ' ')
		return false;
	for (i = 0; i < len; i += n) {
		n = words && (value[i] & 0x80) ? utf8_length((const uint8_t *)value + i, len - i) : 1;
		if (!n || (n == 1 && (value[i] < ' ' || value[i] > '~' || value[i] == '"' || value[i] == '\\' || value[i] == '[' || value[i] == ']')))
			return false;
		if (value[i] == ' ' && !words)
			return false;
	}
	return true;
}

static void value_set(struct redact_entity *e, const char *value, size_t len)
{
	if (len >= sizeof(e->value)) /* readers keep to the ceiling; what is cut can only be masked */
		e->held = true;
	len = len < sizeof(e->value) ? len : sizeof(e->value) - 1;
	memcpy(e->value, value, len);
	e->value[len] = 0;
	if (!redact_value_fine(e->type, e->value, len))
		e->held = true;
}

static bool is_wanted(const struct redact_context *context, enum redact_type type)
{
	return !context || !context->types || context->types >> type & 1;
}

void scan_report(struct scan *s, enum redact_type type, size_t first, size_t last, const char *value, size_t len, bool held)
{
	struct redact_found *found = s->found;
	size_t start = s->tokens[first].start, end, i;
	struct redact_entity *e;

	for (i = first; i <= last && s->tokens[i].kind != TOKEN_TAKEN; i++)
		s->tokens[i].kind = TOKEN_TAKEN;
	if (i == first)
		return;
	held = held || i <= last; /* it ends where another begins: its value is not what is told here */
	end = s->tokens[i - 1].end;
	if (end <= s->skip || (type == REDACT_PERSON && !is_wanted(s->context, type)))
		return;
	if (found->count == REDACT_ENTITIES) {
		s->full = true;
		return;
	}
	e = &found->entities[found->count++];
	e->type = type;
	e->held = held || type == REDACT_CVV || type == REDACT_PIN; /* what must not be kept enters no map */
	e->start = start > s->skip ? start - s->skip : 0;
	e->end = end - s->skip;
	value_set(e, value, len);
}

/* What the question asks for: its last word that says so. *cue: likewise. *other_number: cue_of_other_number of it. */
static enum word_class question_about(const char *question, size_t len, enum cue *cue, bool *other_number, bool *nomem)
{
	struct token *tokens;
	enum word_class about = WORD_OTHER;
	size_t count, i;

	*cue = CUE_NONE;
	*other_number = false;
	if (len > QUESTION_BYTES) {
		question += len - QUESTION_BYTES;
		len = QUESTION_BYTES;
	}
	tokens = malloc((len + 1) * sizeof(*tokens)); /* as in scan_run */
	if (!tokens) {
		*nomem = true;
		return WORD_OTHER;
	}
	count = tokens_read(tokens, question, len);
	*cue = cue_of_question(tokens, count, question);
	*other_number = cue_of_other_number(tokens, count, question);
	for (i = count; i > 0 && about == WORD_OTHER; i--)
		if (token_about(tokens, count, i - 1))
			about = (enum word_class)tokens[i - 1].word;
	free(tokens);
	return about;
}

enum word_class scan_asked(struct scan *s)
{
	if (!s->has_asked && s->context && s->context->question_len)
		s->asked = question_about(s->context->question, s->context->question_len, &s->cue_asked, &s->other_number, &s->nomem);
	s->has_asked = true;
	return s->asked;
}

enum cue cue_asked(struct scan *s)
{
	(void)scan_asked(s);
	return s->cue_asked;
}

bool redact_asks_other_number(const char *question, size_t len)
{
	bool other, nomem = false; /* then as if it had asked for nothing */
	enum cue cue;

	(void)question_about(question, len, &cue, &other, &nomem);
	return other;
}

bool scan_other_number(struct scan *s)
{
	(void)scan_asked(s);
	return s->other_number;
}

bool scan_phone_wanted(const struct scan *s)
{
	bool other, nomem = false; /* then as if nothing had been asked: what it decides is only what a number is called */
	enum cue cue;

	return s->context && s->context->asked_len && question_about(s->context->asked, s->context->asked_len, &cue, &other, &nomem) == WORD_ABOUT_PHONE;
}

static void order_entities(struct redact_found *found)
{
	size_t i, k;

	for (i = 1; i < found->count; i++)
		for (k = i; k > 0 && found->entities[k - 1].start > found->entities[k].start; k--) {
			struct redact_entity e = found->entities[k];

			found->entities[k] = found->entities[k - 1];
			found->entities[k - 1] = e;
		}
}

static void claims_take(struct scan *s)
{
	size_t i, k = 0, first;

	for (i = 0; i < s->claim_count; i++) {
		const struct scan_claim *c = &s->claims[i];

		while (k < s->count && s->tokens[k].start < c->start)
			k++;
		first = k;
		while (k < s->count && s->tokens[k].end <= c->end)
			k++;
		if (k > first)
			scan_report(s, c->type, first, k - 1, c->value, strlen(c->value), c->held);
	}
}

static bool holds(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

/* A name may stand without a number or a letter by itself: a word announces it, or it was asked for. */
static bool may_name(struct scan *s)
{
	const struct redact_context *c = s->context;

	if (c && c->ours)
		return false;
	if (cue_seen(s, CUE_NAME) || cue_seen(s, CUE_INTRO) || cue_seen(s, CUE_STREET))
		return true;
	return c && c->question_len && (holds(c->question, c->question_len, "name") || holds(c->question, c->question_len, "naam") || holds(c->question,
		c->question_len, "नाम"));
}

/* A word that says what the digits or letters beside it are; or they were asked for. */
static bool is_told(struct scan *s)
{
	static const enum cue quiet[] = { CUE_NONE, CUE_STOP, CUE_MONEY, CUE_LAST, CUE_MONTH, CUE_ORDINAL, CUE_HUNDRED, CUE_THOUSAND, CUE_VERSION,
		CUE_CODE, CUE_INTRO };
	uint64_t seen = s->cues;
	size_t i;

	for (i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		seen &= ~(UINT64_C(1) << quiet[i]);
	return seen || cue_asked(s);
}

/* Most of what is said holds no more than a day or an hour: too few digits for a number of its own, none at its beginning that could end
 * one of the turn before, and nothing that could be an address. */
static bool worth_a_look(struct scan *s)
{
	size_t i, digits = 0, least = s->partial ? HELD_LEAST : DIGITS_LEAST;
	size_t letters = 0;
	bool begins = true;

	if (may_name(s))
		return true;
	for (i = 0; i < s->count; i++) {
		const struct token *t = &s->tokens[i];
		size_t n = token_digits_most(t);

		digits += n;
		if (t->mark == ':' && t->glued && i && t[-1].mark == ':')
			return true;
		if (digits >= least || (n && begins) || t->mark == '@' || (t->kind == TOKEN_WORD && t->word == WORD_DOT) || address_at(s, i))
			return true;
		begins = begins && number_gap(t);
		letters += t->kind == TOKEN_WORD && (t->end - t->start == 1 || t->cue == CUE_LETTER);
	}
	return (digits || letters > 1) && is_told(s);
}

static enum err look(struct scan *s)
{
	claims_take(s);
	addresses_find(s);
	codes_find(s);
	dates_find(s);
	hosts_find(s);
	places_find(s);
	numbers_find(s);
	people_find(s);
	order_entities(s->found);
	return s->nomem ? ERR_NOMEM : s->full ? ERR_LIMIT : ERR_NONE;
}

static bool is_number(enum redact_type type)
{
	return type >= REDACT_PHONE && type != REDACT_NUMBER && type < REDACT_IP;
}

/* The number that the text begins with, or NULL. */
static const struct redact_entity *first_number(const struct scan *s)
{
	const struct redact_entity *e = s->found->entities;
	size_t i = 0;

	while (i < s->count && s->tokens[i].kind != TOKEN_TAKEN && number_gap(&s->tokens[i]))
		i++;
	return s->found->count && i < s->count && e->start + s->skip <= s->tokens[i].start && is_number(e->type) ? e : NULL;
}

/* It is one by itself: the text goes on from nothing, and what the words before it were about is not its own. */
static bool stands_alone(const struct redact_entity *first)
{
	return first && first->type != REDACT_NUMBER && (first->type != REDACT_PHONE || phone_whole(first->value));
}

static void scan_read(struct scan *s)
{
	s->count = tokens_read(s->tokens, s->text, s->len);
	addresses_unwrap(s);
	s->cues = cues_mark(s->tokens, s->count, s->text);
}

/* The caller's earlier words, a line feed, this text: a number may have begun a turn ago. */
static enum err look_behind(struct scan *s, const char *earlier, size_t before)
{
	char *joined = malloc(before + 1 + s->len);
	enum err err;

	if (!joined)
		return ERR_NOMEM;
	memcpy(joined, earlier, before);
	joined[before] = '\n';
	if (s->len)
		memcpy(joined + before + 1, s->text, s->len);
	s->text = joined;
	s->len += before + 1;
	s->skip = before + 1;
	scan_read(s);
	s->found->count = 0;
	s->full = false;
	err = look(s);
	free(joined);
	return err;
}

/* What was found in the text alone stays found: two numbers one behind the other may look like none, and a telephone number of no plan
 * that is known only goes on from one turn to the next when that makes it one of a plan. */
static enum err look_joined(struct scan *s, const char *earlier, size_t before)
{
	size_t count = s->found->count, bytes = offsetof(struct redact_found, entities) + count * sizeof(s->found->entities[0]);
	const struct redact_entity *first = first_number(s);
	struct redact_found alone;
	enum err err;

	if (!count)
		return look_behind(s, earlier, before);
	memcpy(&alone, s->found, bytes);
	err = look_behind(s, earlier, before);
	if (!err && (s->found->count < count || (first && !stands_alone(s->found->entities))))
		memcpy(s->found, &alone, bytes);
	sodium_memzero(alone.entities, count * sizeof(alone.entities[0]));
	return err;
}

/* `repeats`, or NULL: what comes twice in the text; none where nothing is worth a look. */
static enum err scan_run(struct scan *s, const struct redact_context *context, struct repeats *repeats)
{
	size_t before = context ? context->earlier_len : 0;
	enum err err = ERR_NONE;

	before = before < EARLIER_BYTES ? before : EARLIER_BYTES;
	s->tokens = malloc((s->len + before + 1) * sizeof(*s->tokens)); /* of few kilobytes; on the stack it would be cleared first */
	if (!s->tokens)
		return ERR_NOMEM;
	scan_read(s);
	if (s->claim_count || worth_a_look(s)) {
		if (repeats)
			repeats_find(s, repeats);
		err = look(s);
		if (!err && before && !stands_alone(first_number(s)))
			err = look_joined(s, context->earlier + context->earlier_len - before, before);
	}
	free(s->tokens);
	s->tokens = NULL;
	return s->nomem ? ERR_NOMEM : err;
}

static enum err find_again(const struct scan *s, const struct repeats *repeats, bool deep, unsigned int depth, size_t *tries);

/* The text without what this one says a second time, looked at with what else comes twice in it. */
static enum err find_without(const struct scan *s, const struct repeat *r, char *room, struct redact_found *found, unsigned int depth, size_t *tries)
{
	struct scan once = { .text = room, .len = s->len - (r->end - r->cut), .context = s->context, .asked = WORD_OTHER, .partial = s->partial, .found = found };
	struct repeats repeats;
	enum err err;

	memcpy(room, s->text, r->cut);
	memcpy(room + r->cut, s->text + r->end, s->len - r->end);
	found->count = 0;
	repeats.count = 0;
	err = scan_run(&once, s->context, depth && *tries ? &repeats : NULL);
	once.text = room;
	once.len = s->len - (r->end - r->cut);
	return err || !repeats.count ? err : find_again(&once, &repeats, true, depth - 1, tries);
}

/* Values that were begun twice; with `depth`, over as many such places. What cannot be looked at stays as it was found. */
static enum err find_again(const struct scan *s, const struct repeats *repeats, bool deep, unsigned int depth, size_t *tries)
{
	struct redact_found found; /* large: counted before it is read */
	enum err err = ERR_NONE;
	char *room = NULL;
	size_t i, inner;

	for (i = 0; i < repeats->count && *tries && !err; i++) {
		if ((repeats->at[i].item && deep) || !repeat_open(repeats, &repeats->at[i], s->found))
			continue;
		if (!room && !(room = malloc(s->len)))
			return ERR_NOMEM;
		--*tries;
		inner = num_min(*tries, INNER_TRIES);
		*tries -= inner;
		err = find_without(s, &repeats->at[i], room, &found, depth, &inner);
		*tries += inner;
		if (!err)
			(void)repeat_merge(repeats, &repeats->at[i], &found, s->found);
		sodium_memzero(found.entities, found.count * sizeof(found.entities[0]));
	}
	free(room);
	return err;
}

/* Once over each such place, then over several of them where that was not enough; what is then left of a value is masked without one. */
static enum err find_repeated(struct scan *s, const struct repeats *repeats)
{
	size_t tries = repeats_tries(repeats), deep = tries;
	enum err err = find_again(s, repeats, false, 0, &tries);

	if (!err && repeats_left(repeats, s->found))
		err = find_again(s, repeats, true, REPEATS_DEEP, &deep);
	return err || repeats_cover(repeats, s->text, is_told(s), s->found) ? err : ERR_LIMIT;
}

/* What is not wanted goes last: it was what its digits are, and nothing else is made of them. What only may be a telephone number stays, as it may
 * be a part of a card as well. */
static void wanted_keep(const struct redact_context *context, struct redact_found *found)
{
	size_t i, kept = 0;

	for (i = 0; i < found->count; i++) {
		struct redact_entity *e = &found->entities[i];

		if (e->type == REDACT_PHONE && !is_wanted(context, e->type) && !phone_whole(e->value) && strlen(e->value) != PHONE_NATIONAL_DIGITS)
			e->type = REDACT_NUMBER;
		if (is_wanted(context, e->type) && kept++ < i)
			found->entities[kept - 1] = *e;
	}
	sodium_memzero(&found->entities[kept], (found->count - kept) * sizeof(found->entities[0]));
	found->count = kept;
}

enum err scan_find(const char *text, size_t len, const struct redact_context *context, const struct scan_claim *claims, size_t count,
	struct redact_found *found)
{
	struct scan s = { .text = text, .len = len, .context = context, .asked = WORD_OTHER, .claims = claims, .claim_count = count, .found = found };
	struct repeats repeats;
	enum err err;

	assert(!count || !context || !context->earlier_len);
	found->count = 0;
	if (len > REDACT_MAX_BYTES)
		return ERR_LIMIT;
	s.partial = context && context->partial;
	repeats.count = 0;
	err = scan_run(&s, context, count || (context && context->ours) ? NULL : &repeats);
	s.text = text;
	s.len = len;
	if (!err && repeats.count)
		err = find_repeated(&s, &repeats);
	wanted_keep(context, found);
	return err;
}

enum err redact_find(const char *text, size_t len, const struct redact_context *context, struct redact_found *found)
{
	return scan_find(text, len, context, NULL, 0, found);
}

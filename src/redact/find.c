/* redact_find: tokens once, addresses, then numbers in what is left; entities in order. Owns nothing beyond the call. */
#include "redact/redact.h"

#include <stdlib.h>
#include <string.h>

#include "redact/scan.h"
#include "redact/token.h"

enum { EARLIER_BYTES = 512, QUESTION_BYTES = 1024, STACK_TOKENS = 1024 };

const char *redact_type_name(enum redact_type type)
{
	static const char *const names[REDACT_TYPE_COUNT] = {
		[REDACT_EMAIL] = "EMAIL", [REDACT_UPI] = "UPI", [REDACT_PHONE] = "PHONE", [REDACT_CARD] = "CARD", [REDACT_AADHAAR] = "AADHAAR",
		[REDACT_ID_UNVERIFIED] = "ID_UNVERIFIED", [REDACT_NUMBER] = "NUMBER",
	};

	return (unsigned int)type < REDACT_TYPE_COUNT && names[type] ? names[type] : "NUMBER";
}

bool scan_is_word(const struct scan *s, size_t i, const char *word)
{
	size_t len = strlen(word);

	return i < s->count && s->tokens[i].end - s->tokens[i].start == len && !strncasecmp(s->text + s->tokens[i].start, word, len);
}

bool redact_value_fine(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (value[i] <= ' ' || value[i] > '~' || value[i] == '"' || value[i] == '\\')
			return false;
	return len && len < REDACT_VALUE_BYTES;
}

static void value_set(struct redact_entity *e, const char *value, size_t len)
{
	if (len >= sizeof(e->value)) /* readers keep to the ceiling; what is cut can only be masked */
		e->held = true;
	len = len < sizeof(e->value) ? len : sizeof(e->value) - 1;
	memcpy(e->value, value, len);
	e->value[len] = 0;
	if (!redact_value_fine(e->value, len))
		e->held = true;
}

void scan_report(struct scan *s, enum redact_type type, size_t first, size_t last, const char *value, size_t len, bool held)
{
	struct redact_found *found = s->found;
	size_t start = s->tokens[first].start, end = s->tokens[last].end, i;
	struct redact_entity *e;

	for (i = first; i <= last; i++)
		s->tokens[i].kind = TOKEN_TAKEN;
	if (end <= s->skip)
		return;
	if (found->count == REDACT_ENTITIES) {
		s->full = true;
		return;
	}
	e = &found->entities[found->count++];
	e->type = type;
	e->held = held;
	e->start = start > s->skip ? start - s->skip : 0;
	e->end = end - s->skip;
	value_set(e, value, len);
}

/* What the question asks for: its last word that says so. */
static enum word_class question_about(const char *question, size_t len)
{
	struct token tokens[QUESTION_BYTES];
	size_t count, i;

	if (len > QUESTION_BYTES) {
		question += len - QUESTION_BYTES;
		len = QUESTION_BYTES;
	}
	count = tokens_read(tokens, question, len);
	for (i = count; i > 0; i--)
		if (tokens[i - 1].word >= WORD_ABOUT_PHONE && tokens[i - 1].word != WORD_ABOUT_NUMBER)
			return (enum word_class)tokens[i - 1].word;
	return WORD_OTHER;
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

static enum err scan_run(struct scan *s)
{
	struct token few[STACK_TOKENS];

	s->tokens = s->len <= STACK_TOKENS ? few : malloc(s->len * sizeof(*s->tokens));
	if (!s->tokens)
		return ERR_NOMEM;
	s->count = tokens_read(s->tokens, s->text, s->len);
	addresses_find(s);
	numbers_find(s);
	order_entities(s->found);
	if (s->tokens != few)
		free(s->tokens);
	return s->full ? ERR_LIMIT : ERR_NONE;
}

/* The caller's earlier words, a line feed, this text: a number may have begun a turn ago. */
static enum err scan_joined(struct scan *s, const struct redact_context *context)
{
	size_t before = context->earlier_len < EARLIER_BYTES ? context->earlier_len : EARLIER_BYTES, len = s->len;
	char *joined = malloc(before + 1 + len);
	enum err err;

	if (!joined)
		return ERR_NOMEM;
	memcpy(joined, context->earlier + context->earlier_len - before, before);
	joined[before] = '\n';
	if (len)
		memcpy(joined + before + 1, s->text, len);
	s->text = joined;
	s->len = before + 1 + len;
	s->skip = before + 1;
	err = scan_run(s);
	free(joined);
	return err;
}

enum err redact_find(const char *text, size_t len, const struct redact_context *context, struct redact_found *found)
{
	struct scan s = { .text = text, .len = len, .asked = WORD_OTHER, .found = found };

	found->count = 0;
	if (len > REDACT_MAX_BYTES)
		return ERR_LIMIT;
	if (context && context->question_len)
		s.asked = question_about(context->question, context->question_len);
	s.partial = context && context->partial;
	return context && context->earlier_len ? scan_joined(&s, context) : scan_run(&s);
}

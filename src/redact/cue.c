/* What the words around a value say that it is. The nearest word before it decides, then one right behind it, then the agent's question. */
#include "redact/cue.h"

#include <string.h>
#include <strings.h>

enum { BEFORE_WORDS = 8, BEHIND_WORDS = 4, SPELT_MOST = 5, SPELT_LEAST = 3 };

static bool is_single(const struct token *tokens, size_t count, size_t i)
{
	return i < count && tokens[i].kind == TOKEN_WORD && tokens[i].end - tokens[i].start == 1;
}

/* The cue that single letters spell from token i on; *taken: how many tokens of it. A slash may stand between two ("a/c"). `whole`: no letter
 * follows, for what is spelled behind a cue may hold the letters of another. */
static enum cue spelt_at(const struct token *tokens, size_t count, const char *text, size_t i, bool whole, size_t *taken)
{
	char word[SPELT_MOST];
	size_t ends[SPELT_MOST], n = 0, k;
	uint8_t value;

	for (k = i; k < count && n < SPELT_MOST; k++) {
		const struct token *t = &tokens[k];

		if (t->kind == TOKEN_MARK && n && (t->mark == '.' || t->mark == '/' || t->mark == '-'))
			continue;
		if (t->kind != TOKEN_WORD || t->end - t->start != 1)
			break;
		ends[n] = k;
		word[n++] = text[t->start];
	}
	if (n >= 2 && !strncasecmp(word, "ac", 2) && ends[1] == i + 2 && tokens[i + 1].mark == '/') {
		*taken = 3;
		return CUE_ACCOUNT;
	}
	for (; n >= SPELT_LEAST; n--) {
		enum cue cue = (enum cue)cue_find(word, n, &value);

		*taken = ends[n - 1] - i + 1;
		if (cue > CUE_NONE && cue < CUE_NAMED && !(whole && is_single(tokens, count, ends[n - 1] + 1)))
			return cue;
	}
	return CUE_NONE;
}

uint64_t cues_mark(struct token *tokens, size_t count, const char *text)
{
	const uint64_t named = (UINT64_C(1) << CUE_NAMED) - 2;
	uint64_t seen = 0;
	size_t i, k, n;

	for (i = 0; i < count; i++) {
		struct token *t = &tokens[i];

		if (is_single(tokens, count, i) && !t->glued && !(i > 0 && is_single(tokens, count, i - 1))) {
			enum cue cue = spelt_at(tokens, count, text, i, (seen & named) != 0, &n);

			for (k = 0; cue && k < n; k++)
				t[k].cue = (uint8_t)(k + 1 < n ? CUE_SPELT : cue);
		}
		seen |= UINT64_C(1) << t->cue;
	}
	return seen;
}

static bool is_any(const struct token *t, const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == t->end - t->start && !strncasecmp(text + t->start, *words, t->end - t->start))
			return true;
	return false;
}

/* What token i says by itself, with the word behind it. */
static enum cue cue_at(const struct token *tokens, size_t count, const char *text, size_t i)
{
	static const char *const codes[] = { "code", "codes", "कोड", NULL };
	static const char *const until[] = { "thru", "through", "till", "until", "upto", "up", "to", NULL };
	const struct token *t = &tokens[i], *next = i + 1 < count ? t + 1 : NULL;

	switch ((enum cue)t->cue) {
	case CUE_SECURITY:
		return next && is_any(next, text, codes) ? CUE_CVV : CUE_NONE;
	case CUE_VALID:
		return next && is_any(next, text, until) ? CUE_EXPIRY : CUE_NONE;
	case CUE_PIN:
		return next && is_any(next, text, codes) ? CUE_POSTCODE : CUE_PIN;
	default:
		return t->cue < CUE_NAMED ? (enum cue)t->cue : CUE_NONE;
	}
}

/* Another word that says what a number is: order, phone. A word that is also part of a cue ("card", "code", "id") is none. */
static bool is_other(const struct token *tokens, size_t count, size_t i)
{
	return tokens[i].cue != CUE_CODE && tokens[i].cue != CUE_MONEY && token_about(tokens, count, i);
}

/* A card is a cue's own where one stands right before it: "PAN card". */
static bool is_part(const struct token *tokens, size_t i)
{
	while (i > 0 && (tokens[i].cue == CUE_CARD || tokens[i].cue == CUE_CODE))
		i--;
	return tokens[i].cue > CUE_NONE && tokens[i].cue < CUE_NAMED;
}

static enum cue cue_before(const struct scan *s, size_t first, bool *other)
{
	size_t i, seen = 0;

	for (i = first; i > 0 && seen < BEFORE_WORDS; i--) {
		const struct token *t = &s->tokens[i - 1];
		enum cue cue;

		if (t->kind != TOKEN_WORD)
			continue;
		seen++;
		cue = cue_at(s->tokens, s->count, s->text, i - 1);
		if (cue)
			return cue;
		*other = is_other(s->tokens, s->count, i - 1) && !(t->cue == CUE_CARD && is_part(s->tokens, i - 1));
		if (*other)
			break;
	}
	return CUE_NONE;
}

/* "… is my OTP": nothing but small words between. */
static enum cue cue_behind(const struct scan *s, size_t next)
{
	size_t i;

	for (i = next; i < s->count && i < next + BEHIND_WORDS; i++) {
		const struct token *t = &s->tokens[i];
		enum cue cue = t->kind == TOKEN_WORD ? cue_at(s->tokens, s->count, s->text, i) : CUE_NONE;

		if (cue)
			return cue;
		if (t->kind != TOKEN_WORD ? t->mark != ',' : t->cue != CUE_STOP && t->cue != CUE_INTRO && t->word != WORD_FILLER)
			break;
	}
	return CUE_NONE;
}

enum cue cue_about(struct scan *s, size_t first, size_t next)
{
	bool other = false;
	enum cue cue = cue_before(s, first, &other);

	if (!cue && !other)
		cue = cue_behind(s, next);
	return cue || other ? cue : cue_asked(s);
}

enum cue cue_of_question(struct token *tokens, size_t count, const char *text)
{
	static const char *const sent[] = { "sent", "send", "received", "receive", "sms", "texted", "message", "bheja", "aaya", NULL };
	bool card = false, phone = false, code = false, came = false;
	size_t i;

	cues_mark(tokens, count, text);
	for (i = count; i > 0; i--) {
		const struct token *t = &tokens[i - 1];
		enum cue cue = t->kind == TOKEN_WORD ? cue_at(tokens, count, text, i - 1) : CUE_NONE;

		if (cue && phone && cue != CUE_OTP)
			return CUE_NONE;
		if (cue && (!card || cue == CUE_CVV || cue == CUE_EXPIRY || cue == CUE_PIN || is_part(tokens, i)))
			return cue;
		if (t->cue == CUE_CARD)
			card = true;
		else if (t->kind == TOKEN_WORD && t->word == WORD_ABOUT_PHONE)
			phone = true; /* "the OTP on your phone" */
		else if (is_other(tokens, count, i - 1) && !is_any(t, text, sent))
			return CUE_NONE;
		came = came || is_any(t, text, sent);
		code = code || is_any(t, text, (const char *const[]){ "code", "कोड", NULL });
	}
	return code && came ? CUE_OTP : CUE_NONE;
}

bool cue_of_other_number(const struct token *tokens, size_t count, const char *text)
{
	static const char *const names[] = { "customer", "client", "member", "membership", "student", "employee", "staff", "patient", "subscriber", "user",
		"policy", "claim", "case",
		"file", "confirmation", "registration", "reservation", "booking", "roll", "badge", "license", "licence", "passport", "contract", "order", "account", "invoice",
		"reference", "ticket", "tracking", "serial", "loan", "meter", "consumer", "certificate", "service", "pass", "permit", "voucher", "agreement", "insurance", NULL };
	static const char *const numbers[] = { "number", "numbers", "no", "id", "code", NULL }, *const digits[] = { "digits", "digit", NULL };
	bool found = false;
	size_t i;

	for (i = 0; i < count; i++) {
		if (tokens[i].kind != TOKEN_WORD)
			continue;
		if (tokens[i].word == WORD_ABOUT_PHONE)
			return false;
		found = found || is_any(&tokens[i], text, digits) || (is_any(&tokens[i], text, names) && i + 1 < count && is_any(&tokens[i + 1], text, numbers));
	}
	return found;
}

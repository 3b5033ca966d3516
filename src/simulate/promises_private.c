/* PII: what the caller says of numbers and addresses. Compares the requests as the core made them with those that the vendor got, and
 * with the script, by a reading of digits of its own; never by the redaction's.
 *
 * A request whose blocks hold a secret of the script (all digits of the number one behind the other, whatever stands between; the end of
 * the address) reaches the model without it. Exercised by each such request. A tool is never asked with a placeholder. Exercised by
 * each dispatch of one that was given a number. */
#include <ctype.h>
#include <string.h>

#include "redact/redact.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"

enum { DIGITS_MAX = 512, BLOCKS_LOOKED_AT = 12 };

/* What is new in a request stands at its end; all of it is new to a worker that has just attached. */
static size_t first_block(const struct judge *j, size_t count)
{
	return count > BLOCKS_LOOKED_AT && judge_now(j) > j->attached_us + 10 * S_US ? count - BLOCKS_LOOKED_AT : 0;
}

/* The digit that a word of small letters says, or 0. */
static char digit_of(const char *word, size_t len)
{
	static const char words[10][6] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine" };
	size_t i;

	if (len < 3 || len > 5)
		return 0;
	for (i = 0; i < 10; i++)
		if (words[i][0] == *word && !words[i][len] && !memcmp(word, words[i], len))
			return (char)('0' + i);
	return 0;
}

/* The digits of a text, written or said. */
static size_t digits_read(const char *text, size_t len, char digits[DIGITS_MAX])
{
	size_t i, n = 0, from = 0;
	char digit;

	for (i = 0; i <= len && n < DIGITS_MAX; i++) {
		bool letter = i < len && text[i] >= 'a' && text[i] <= 'z';

		if (letter)
			continue;
		if (i > from && (digit = digit_of(text + from, i - from)))
			digits[n++] = digit;
		if (i < len && isdigit((unsigned char)text[i]) && n < DIGITS_MAX)
			digits[n++] = text[i];
		from = i + 1;
	}
	return n;
}

/* "at example dot com" with nothing before it is nobody's address: whose it is was not heard. */
static bool is_there(const char *secret, const char *text, size_t len)
{
	const char *at = memmem(text, len, secret, strlen(secret));

	return at && (at > text || strncmp(secret, "at ", 3) != 0);
}

static const char *secret_in(const struct script *script, const char *text, size_t len)
{
	char digits[DIGITS_MAX];
	size_t n = digits_read(text, len, digits);
	uint32_t i;

	for (i = 0; i < script->step_count; i++) {
		const char *secret = script->steps[i].secret;

		if (secret && (isdigit((unsigned char)*secret) ? memmem(digits, n, secret, strlen(secret)) != NULL : is_there(secret, text, len)))
			return secret;
	}
	return NULL;
}

void judge_private_request(struct judge *j, const struct request_block *blocks, size_t count)
{
	size_t i;

	for (i = first_block(j, count); i < count; i++)
		if (secret_in(j->scene->script, blocks[i].text, blocks[i].text_len)) {
			judge_exercise(j, PII);
			return;
		}
}

void judge_private_asked(struct judge *j, const struct llm_block *blocks, size_t count)
{
	size_t i;

	for (i = first_block(j, count); i < count; i++) {
		const char *secret = secret_in(j->scene->script, redacted_text(blocks[i].text), redacted_len(blocks[i].text));

		if (secret) {
			judge_fail(j, PII, "the model sees \"%s\" in block %zu of a request", secret, i);
			return;
		}
	}
}

void judge_private_dispatch(struct judge *j, const struct tool_request *q)
{
	if (memmem(q->args, q->args_len, "\"number\"", 8))
		judge_exercise(j, PII);
	if (memchr(q->args, '[', q->args_len))
		judge_fail(j, PII, "%.*s was asked with a placeholder in the place of a value", (int)q->name_len, q->name);
}

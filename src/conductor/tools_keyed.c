/* Secret numbers in a tool's request: placeholders in the arguments and in the ledger, the numbers in the body that is sent and nowhere else. */
#include "conductor/tools_parts.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { ECHO_DIGITS_MIN = 6 }; /* a shorter number by itself may be anything */

static bool value_fits(const char *value)
{
	size_t len = strlen(value);

	return len && len < TOOL_KEYED_MAX && strspn(value, "0123456789/") == len;
}

void tool_keyed_copy(struct tool_keyed *k, const struct tool_secret *secrets, size_t count)
{
	k->count = 0;
	for (size_t i = 0; i < count && k->count < TOOL_SECRETS_MAX; i++) {
		size_t len = strlen(secrets[i].name);

		if (redact_keyed(secrets[i].name, len) != len || !value_fits(secrets[i].value))
			continue;
		snprintf(k->numbers[k->count].name, sizeof(k->numbers[0].name), "%s", secrets[i].name);
		snprintf(k->numbers[k->count++].value, sizeof(k->numbers[0].value), "%s", secrets[i].value);
	}
}

void tool_keyed_wipe(struct tool_keyed *k)
{
	sodium_memzero(k, sizeof(*k));
}

static const char *value_of(const struct tool_keyed *k, const char *name)
{
	for (size_t i = 0; i < k->count; i++)
		if (!strcmp(k->numbers[i].name, name))
			return k->numbers[i].value;
	return NULL;
}

bool tool_keyed_judge(const struct tool_keyed *k, const struct rulebook_tool *tool, const json_t *arguments, const char **code, const char **why)
{
	const char *name;
	json_t *value;
	size_t took;

	json_object_foreach((json_t *)(uintptr_t)arguments, name, value) {
		const char *text = json_string_value(value);
		size_t len = json_string_length(value);

		if (!text || !redact_keyed_find(text, len, &took))
			continue;
		*code = "bad_arguments";
		if (took != len)
			*why = "A number that was keyed in is an argument by itself, with no other words in it.";
		else if (tool_in_address(tool, name))
			*why = "A number that was keyed in cannot stand in this tool's address.";
		else if (value_of(k, text))
			continue;
		else
			*code = "keys_lost", *why = "The number that was keyed in is not kept any more. Have it keyed in again. Nothing was done.";
		return false;
	}
	return true;
}

/* Every `old` in the text, which no `put` contains. */
static void replace(struct buf *b, const char *old, const char *put)
{
	size_t old_len = strlen(old), from = 0;
	struct buf out;
	const uint8_t *at;

	if (b->err || !memmem(b->data, b->len, old, old_len))
		return;
	buf_init_private(&out, b->max);
	while ((at = memmem(b->data + from, b->len - from, old, old_len))) {
		buf_append(&out, b->data + from, (size_t)(at - b->data) - from);
		buf_text(&out, put);
		from = (size_t)(at - b->data) + old_len;
	}
	buf_append(&out, b->data + from, b->len - from);
	buf_fini(b);
	*b = out;
}

static void replace_quoted(struct buf *b, const char *old, const char *put)
{
	char from[TOOL_KEYED_MAX + REDACT_NAME_BYTES], to[TOOL_KEYED_MAX + REDACT_NAME_BYTES];

	snprintf(from, sizeof(from), "\"%s\"", old);
	snprintf(to, sizeof(to), "\"%s\"", put);
	replace(b, from, to);
	sodium_memzero(from, sizeof(from));
	sodium_memzero(to, sizeof(to));
}

void tool_keyed_put(const struct tool_keyed *k, struct buf *body)
{
	for (size_t i = 0; i < k->count; i++)
		replace_quoted(body, k->numbers[i].name, k->numbers[i].value);
}

/* A service that says the number again must not bring it where the answer goes. */
void tool_keyed_hide(const struct tool_keyed *k, struct buf *answer)
{
	for (size_t i = 0; i < k->count; i++) {
		replace_quoted(answer, k->numbers[i].value, k->numbers[i].name);
		if (strlen(k->numbers[i].value) >= ECHO_DIGITS_MIN)
			replace(answer, k->numbers[i].value, k->numbers[i].name);
	}
}

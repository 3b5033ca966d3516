/* Placeholders of secret numbers that a caller keyed in: redact.h says what they are. */
#include "redact/redact.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "redact/checksum.h"

void redact_keyed_name(enum redact_type type, uint32_t number, char out[REDACT_NAME_BYTES])
{
	snprintf(out, REDACT_NAME_BYTES, "[%s_K%u]", redact_type_name(type), (unsigned int)number);
}

bool redact_keyed_card(const char *digits, size_t count)
{
	return checksum_luhn(digits, count);
}

size_t redact_keyed(const char *text, size_t len)
{
	size_t at = 1, digits;

	if (len < 5 || *text != '[' || !isupper((unsigned char)text[1]))
		return 0;
	while (at < len && (isupper((unsigned char)text[at]) || text[at] == '_'))
		at++;
	if (at == len || text[at - 1] != 'K' || text[at - 2] != '_')
		return 0;
	for (digits = 0; at < len && isdigit((unsigned char)text[at]); digits++)
		at++;
	return digits && at < len && text[at] == ']' && at < REDACT_NAME_BYTES ? at + 1 : 0;
}

const char *redact_keyed_find(const char *text, size_t len, size_t *took)
{
	size_t at;

	for (at = 0; at < len; at++) {
		*took = text[at] == '[' ? redact_keyed(text + at, len - at) : 0;
		if (*took)
			return text + at;
	}
	*took = 0;
	return NULL;
}

#include "providers/carrier_form.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BASIC_MAX_BYTES = 16384, DIGITS_MAX = 8 };

void carrier_put_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._~", c))
			buf_byte(b, c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

void carrier_put_pair(struct buf *form, const char *name, const char *value)
{
	if (form->len)
		buf_byte(form, '&');
	buf_printf(form, "%s=", name);
	carrier_put_escaped(form, value);
}

void carrier_put_basic(struct buf *line, const char *user, const char *secret, size_t len)
{
	struct buf plain;
	size_t size;
	uint8_t *at;

	buf_init_private(&plain, BASIC_MAX_BYTES);
	buf_printf(&plain, "%s:", user);
	buf_append(&plain, secret, len);
	size = sodium_base64_encoded_len(plain.len, sodium_base64_VARIANT_ORIGINAL);
	buf_text(line, "Authorization: Basic ");
	at = plain.err ? NULL : buf_reserve(line, size);
	if (at) {
		sodium_bin2base64((char *)at, size, plain.data, plain.len, sodium_base64_VARIANT_ORIGINAL);
		line->len += size - 1;
	} else if (!line->err) {
		line->err = plain.err;
	}
	buf_fini(&plain);
}

unsigned int carrier_number(const char *text, unsigned int max)
{
	size_t len = text ? strnlen(text, DIGITS_MAX + 1) : 0;
	unsigned long n = len && len <= DIGITS_MAX && strspn(text, "0123456789") == len ? strtoul(text, NULL, 10) : 0;

	return n > max ? max : (unsigned int)n;
}

void carrier_take_why(const char *text, char out[CARRIER_WHY_MAX])
{
	size_t len = 0;

	for (; text && *text && len < CARRIER_WHY_MAX - 1; text++)
		if (*text >= ' ' && *text <= '~')
			out[len++] = *text;
	out[len] = 0;
}

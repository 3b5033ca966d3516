#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void comma(struct buf *b)
{
	uint8_t last = b->len ? b->data[b->len - 1] : '\n';

	if (last != '{' && last != '[' && last != ':' && last != ',' && last != '\n')
		buf_byte(b, ',');
}

void json_open(struct buf *b, char bracket)
{
	assert(bracket == '{' || bracket == '[');
	comma(b);
	buf_byte(b, (uint8_t)bracket);
}

void json_close(struct buf *b, char bracket)
{
	assert(bracket == '}' || bracket == ']');
	buf_byte(b, (uint8_t)bracket);
}

static bool is_tail(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The smallest and largest second byte that may follow `lead` (RFC 3629, section 4). */
static bool second_fits(uint8_t lead, uint8_t second)
{
	switch (lead) {
	case 0xe0: return second >= 0xa0 && second <= 0xbf;
	case 0xed: return second >= 0x80 && second <= 0x9f;
	case 0xf0: return second >= 0x90 && second <= 0xbf;
	case 0xf4: return second >= 0x80 && second <= 0x8f;
	default: return is_tail(second);
	}
}

size_t utf8_length(const uint8_t *at, size_t len)
{
	size_t need, i;

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	need = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (len < need || !second_fits(at[0], at[1]))
		return 0;
	for (i = 2; i < need; i++)
		if (!is_tail(at[i]))
			return 0;
	return need;
}

size_t utf8_cut(const char *text, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most && is_tail((uint8_t)text[most]))
		most--;
	return most;
}

bool utf8_is_valid(const void *data, size_t len)
{
	const uint8_t *text = data;
	size_t at = 0, n = 1;

	while (at < len && n) {
		n = utf8_length(text + at, len - at);
		at += n;
	}
	return n > 0;
}

static void put_escaped(struct buf *b, uint8_t c)
{
	switch (c) {
	case '"': buf_text(b, "\\\""); return;
	case '\\': buf_text(b, "\\\\"); return;
	case '\n': buf_text(b, "\\n"); return;
	case '\r': buf_text(b, "\\r"); return;
	case '\t': buf_text(b, "\\t"); return;
	default: buf_printf(b, "\\u%04x", c); return;
	}
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_put_escaped(struct buf *b, const void *data, size_t len)
{
	const uint8_t *at = data;
	const uint8_t *end = at + len;

	while (at < end) {
		const uint8_t *run = at;
		size_t n;

		while (at < end && is_plain(*at))
			at++;
		buf_append(b, run, (size_t)(at - run));
		if (at == end)
			break;
		n = utf8_length(at, (size_t)(end - at));
		if (n > 1)
			buf_append(b, at, n);
		else if (n)
			put_escaped(b, *at);
		else
			buf_text(b, "\xef\xbf\xbd");
		at += n ? n : 1;
	}
}

void json_put_text(struct buf *b, const void *data, size_t len)
{
	comma(b);
	buf_byte(b, '"');
	json_put_escaped(b, data, len);
	buf_byte(b, '"');
}

void json_put_string(struct buf *b, const char *text)
{
	if (text)
		json_put_text(b, text, strlen(text));
	else
		json_put_null(b);
}

void json_put_key(struct buf *b, const char *key)
{
	json_put_string(b, key);
	buf_byte(b, ':');
}

void json_put_i64(struct buf *b, int64_t value)
{
	comma(b);
	buf_printf(b, "%" PRId64, value);
}

void json_put_u64(struct buf *b, uint64_t value)
{
	comma(b);
	buf_printf(b, "%" PRIu64, value);
}

void json_put_real(struct buf *b, double value, int decimals)
{
	if (!isfinite(value)) {
		json_put_null(b);
		return;
	}
	comma(b);
	buf_printf(b, "%.*f", decimals, value);
}

void json_put_bool(struct buf *b, bool value)
{
	comma(b);
	buf_text(b, value ? "true" : "false");
}

void json_put_null(struct buf *b)
{
	comma(b);
	buf_text(b, "null");
}

void json_pair_string(struct buf *b, const char *key, const char *text)
{
	json_put_key(b, key);
	json_put_string(b, text);
}

void json_pair_i64(struct buf *b, const char *key, int64_t value)
{
	json_put_key(b, key);
	json_put_i64(b, value);
}

void json_pair_u64(struct buf *b, const char *key, uint64_t value)
{
	json_put_key(b, key);
	json_put_u64(b, value);
}

void json_pair_bool(struct buf *b, const char *key, bool value)
{
	json_put_key(b, key);
	json_put_bool(b, value);
}

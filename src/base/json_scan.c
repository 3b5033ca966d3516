#include "base/json_scan.h"

#include <string.h>

#include "base/json.h"

enum { NUMBER_DIGITS = 9 };

void json_scan_init(struct json_scan *s, const void *data, size_t len)
{
	*s = (struct json_scan){ .at = data, .end = (const char *)data + len };
}

static enum json_kind wrong(struct json_scan *s)
{
	if (!s->err)
		s->err = s->at == s->end ? ERR_TRUNCATED : ERR_FORMAT;
	return JSON_SCAN_END;
}

static void blanks(struct json_scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool take(struct json_scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* ------------------------------------------------------------------ strings */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool escape(struct json_scan *s)
{
	unsigned int i;

	if (s->at == s->end)
		return false;
	if (*s->at != 'u') {
		bool known = strchr("\"\\/bfnrt", *s->at) && *s->at;

		s->at += known;
		return known;
	}
	s->at++;
	for (i = 0; i < 4; i++, s->at++)
		if (s->at == s->end || hex(*s->at) < 0)
			return false;
	return true;
}

/* Behind its first quote; leaves the place behind its last. */
static bool string(struct json_scan *s, const char **text, size_t *len, bool *escapes)
{
	*text = s->at;
	*escapes = false;
	while (s->at < s->end && *s->at != '"') {
		unsigned char c = (unsigned char)*s->at;

		if (c < 0x20)
			return false;
		s->at++;
		if (c != '\\')
			continue;
		*escapes = true;
		if (!escape(s))
			return false;
	}
	*len = (size_t)(s->at - *text);
	return take(s, '"');
}

static char *put_utf8(char *at, uint32_t c)
{
	if (c < 0x80) {
		*at++ = (char)c;
	} else if (c < 0x800) {
		*at++ = (char)(0xc0 | c >> 6);
		*at++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*at++ = (char)(0xe0 | c >> 12);
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	} else {
		*at++ = (char)(0xf0 | c >> 18);
		*at++ = (char)(0x80 | (c >> 12 & 0x3f));
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	}
	return at;
}

static uint32_t unit(const char *at)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < 4; i++)
		value = value << 4 | ((uint32_t)hex(at[i]) & 15);
	return value;
}

/* `at` is behind "\u" of a string that was scanned. False: half of a pair. */
static bool code_point(const char **at, const char *end, uint32_t *c)
{
	uint32_t low;

	*c = unit(*at);
	*at += 4;
	if (*c < 0xd800 || *c > 0xdfff)
		return true;
	if (*c > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return false;
	low = unit(*at + 2);
	*at += 6;
	*c = 0x10000 + ((*c & 0x3ff) << 10) + (low & 0x3ff);
	return low >= 0xdc00 && low <= 0xdfff;
}

enum err json_scan_text(const struct json_item *item, char *out, size_t size, size_t *len)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at = item->text, *end = item->text + item->len;
	char *to = out;
	uint32_t c;

	if (item->len > size)
		return ERR_LIMIT;
	while (at < end) {
		if (*at != '\\') {
			*to++ = *at++;
			continue;
		}
		at += 2;
		if (at[-1] != 'u') {
			*to++ = meant[strchr(letters, at[-1]) - letters];
			continue;
		}
		if (!code_point(&at, end, &c))
			return ERR_FORMAT;
		to = put_utf8(to, c);
	}
	*len = (size_t)(to - out);
	return ERR_NONE;
}

/* ------------------------------------------------------------------ values */

static bool digits(struct json_scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > from;
}

static bool number(struct json_scan *s, struct json_item *item)
{
	item->text = s->at;
	(void)take(s, '-');
	if (!take(s, '0') && !digits(s))
		return false;
	if (take(s, '.') && !digits(s))
		return false;
	if (s->at < s->end && (*s->at | 0x20) == 'e') {
		s->at++;
		if (!take(s, '+'))
			(void)take(s, '-');
		if (!digits(s))
			return false;
	}
	item->len = (size_t)(s->at - item->text);
	return true;
}

static bool word(struct json_scan *s, const char *text)
{
	for (; *text; text++)
		if (!take(s, *text))
			return false;
	return true;
}

static enum json_kind open_bracket(struct json_scan *s, struct json_item *item, bool is_array)
{
	if (s->depth == JSON_SCAN_DEPTH) {
		s->err = ERR_LIMIT;
		return JSON_SCAN_END;
	}
	s->at++;
	s->is_array[s->depth++] = item->is_array = is_array;
	s->needs_comma = false;
	return JSON_SCAN_OPEN;
}

static enum json_kind value(struct json_scan *s, struct json_item *item)
{
	blanks(s);
	if (s->at == s->end)
		return wrong(s);
	item->depth = s->depth;
	switch (*s->at) {
	case '{': return open_bracket(s, item, false);
	case '[': return open_bracket(s, item, true);
	case '"':
		s->at++;
		return string(s, &item->text, &item->len, &item->has_escapes) ? JSON_SCAN_STRING : wrong(s);
	case 't': return word(s, "true") ? JSON_SCAN_TRUE : wrong(s);
	case 'f': return word(s, "false") ? JSON_SCAN_FALSE : wrong(s);
	case 'n': return word(s, "null") ? JSON_SCAN_NULL : wrong(s);
	default: return number(s, item) ? JSON_SCAN_NUMBER : wrong(s);
	}
}

static enum json_kind close_bracket(struct json_scan *s, struct json_item *item)
{
	s->at++;
	item->is_array = s->is_array[--s->depth];
	item->depth = s->depth;
	s->needs_comma = true;
	s->is_over = !s->depth;
	return JSON_SCAN_CLOSE;
}

/* Inside a bracket: a comma where one belongs, and an object's key. False: it is not so. */
static bool before_value(struct json_scan *s, struct json_item *item)
{
	bool escapes;

	if (s->needs_comma && !take(s, ','))
		return false;
	if (s->is_array[s->depth - 1])
		return true;
	blanks(s);
	if (!take(s, '"') || !string(s, &item->key, &item->key_len, &escapes))
		return false;
	blanks(s);
	return take(s, ':');
}

static enum json_kind piece(struct json_scan *s, struct json_item *item)
{
	enum json_kind kind;

	blanks(s);
	if (s->is_over)
		return s->at == s->end ? JSON_SCAN_END : wrong(s);
	if (s->depth && s->at < s->end && *s->at == (s->is_array[s->depth - 1] ? ']' : '}'))
		return close_bracket(s, item);
	if (s->depth && !before_value(s, item))
		return wrong(s);
	kind = value(s, item);
	if (kind != JSON_SCAN_OPEN) {
		s->needs_comma = true;
		s->is_over = !s->depth;
	}
	return kind;
}

enum json_kind json_scan_next(struct json_scan *s, struct json_item *item)
{
	*item = (struct json_item){ .kind = JSON_SCAN_END };
	if (!s->err)
		item->kind = piece(s, item);
	return item->kind;
}

void json_scan_leave(struct json_scan *s)
{
	unsigned int depth = s->depth;
	struct json_item item;

	while (s->depth >= depth && json_scan_next(s, &item) != JSON_SCAN_END)
		continue;
}

bool json_item_is(const struct json_item *item, const char *key)
{
	return item->key && strlen(key) == item->key_len && !memcmp(item->key, key, item->key_len);
}

bool json_item_text(const struct json_item *item, struct buf *scratch, const char **text, size_t *len)
{
	uint8_t *room;

	if (item->kind != JSON_SCAN_STRING)
		return false;
	*text = item->text;
	*len = item->len;
	if (!item->has_escapes)
		return true;
	buf_reset(scratch);
	room = buf_reserve(scratch, item->len);
	*text = (const char *)room;
	return room && !json_scan_text(item, (char *)room, item->len, len);
}

bool json_item_number(const struct json_item *item, uint64_t *number)
{
	uint64_t value = 0;
	size_t i;

	if (item->kind != JSON_SCAN_NUMBER || item->len > NUMBER_DIGITS)
		return false;
	for (i = 0; i < item->len; i++) {
		if (item->text[i] < '0' || item->text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(item->text[i] - '0');
	}
	*number = value;
	return true;
}

/* Half of a surrogate pair is no character, and nobody behind us takes it for one. */
bool json_is_whole_object(const void *data, size_t len, struct buf *scratch)
{
	struct json_scan s;
	struct json_item item;
	bool is_object = false, is_whole = true;
	const char *text;
	size_t n;

	if (!utf8_is_valid(data, len))
		return false;
	json_scan_init(&s, data, len);
	while (is_whole && json_scan_next(&s, &item)) {
		is_object |= !item.depth && item.kind == JSON_SCAN_OPEN && !item.is_array;
		is_whole = item.kind != JSON_SCAN_STRING || json_item_text(&item, scratch, &text, &n);
	}
	return !s.err && is_object && is_whole;
}

/* What a text has for the eye: Markdown, tags, code fences, links, emoji. It is left out; what it stands around is kept. */
#include "voice/spoken/parts.h"

#include <string.h>

enum { TAG_MOST = 200, LINK_MOST = 300, URL_MOST = 1000 };

/* ---- emoji and other pictures ---- */

static bool is_picture(uint32_t code)
{
	return (code >= 0x1f000 && code <= 0x1faff) || (code >= 0x2600 && code <= 0x27bf) || (code >= 0x2b00 && code <= 0x2bff) ||
		(code >= 0x2190 && code <= 0x21ff) || (code >= 0x2300 && code <= 0x23ff) || (code >= 0x25a0 && code <= 0x25ff) || code == 0x2022 ||
		code == 0x2122 || code == 0xa9 || code == 0xae || code == 0x3030 || code == 0x303d || code == 0x3297 || code == 0x3299;
}

/* What belongs to a picture or is seen by nobody: variation, keycap, flags' letters, no width. */
static bool is_unseen(uint32_t code)
{
	return (code >= 0xfe00 && code <= 0xfe0f) || code == 0x20e3 || code == 0x200b || code == 0x2060 || code == 0xfeff || code == 0xad ||
		(code >= 0xe0000 && code <= 0xe007f);
}

/* A picture with all that is joined to it. A joiner alone belongs to the letters of Hindi. */
static size_t picture_read(const struct reading *r, bool *blank)
{
	size_t at = r->at, n;
	uint32_t code;

	*blank = false;
	while ((n = char_read(r->text + at, r->len - at, &code)) != 0) {
		if (is_picture(code))
			*blank = true;
		else if (!is_unseen(code) && !(code == 0x200d && *blank))
			break;
		at += n;
	}
	return at - r->at;
}

/* ---- lines ---- */

static bool line_begins(const struct reading *r)
{
	size_t at = r->at;

	while (at && (r->text[at - 1] == ' ' || r->text[at - 1] == '\t'))
		at--;
	return !at || r->text[at - 1] == '\n';
}

static size_t same_at(const struct reading *r, char c)
{
	size_t n = 0;

	while (n < TAG_MOST && byte_at(r, r->at + n) == c)
		n++;
	return n;
}

/* "|---|:--|": the line below a table's head. */
static size_t rule_read(const struct reading *r)
{
	size_t n = 0, dashes = 0;

	for (; n < TAG_MOST && byte_at(r, r->at + n) && strchr("|-: ", r->text[r->at + n]); n++)
		dashes += r->text[r->at + n] == '-';
	return dashes && (r->at + n == r->len || r->text[r->at + n] == '\n') ? n : 0;
}

/* "# ", "> ", "- ", "---", "```c": what a line begins with. */
static size_t line_read(const struct reading *r)
{
	char c = r->text[r->at];
	size_t n = same_at(r, c);
	bool ends = is_blank(byte_at(r, r->at + n)) || r->at + n == r->len;

	if (c == '`' && n >= 3) {
		while (is_alnum(byte_at(r, r->at + n)) && n < TAG_MOST)
			n++;
		return byte_at(r, r->at + n) == '\n' || r->at + n == r->len ? n : 3;
	}
	if (c == '|')
		return rule_read(r);
	if (!ends)
		return 0;
	if (c == '#' || c == '>')
		return n <= 6 ? n : 0;
	if (c == '-' || c == '*' || c == '+' || c == '_' || c == '=')
		return (n == 1 && c != '_' && c != '=') || n >= 3 ? n : 0;
	return 0;
}

/* ---- inside a line ---- */

/* "<b>", "</p>", "<break time=\"1s\"/>", "<!-- -->"; an address between '<' and '>' is kept. */
static size_t tag_read(const struct reading *r)
{
	size_t n = 1;
	char first = byte_at(r, r->at + 1);

	if (!is_letter(first) && first != '/' && first != '!' && first != '?')
		return 0;
	while (n < TAG_MOST && byte_at(r, r->at + n) && r->text[r->at + n] != '>' && r->text[r->at + n] != '<') {
		if (r->text[r->at + n] == '@' || (r->text[r->at + n] == ':' && byte_at(r, r->at + n + 1) == '/' && byte_at(r, r->at + n + 2) == '/'))
			return 1;
		n++;
	}
	return byte_at(r, r->at + n) == '>' ? n + 1 : 0;
}

/* "](https://example.com)": the end of a link's text. */
static size_t target_at(const struct reading *r, size_t at)
{
	size_t n = 2;

	if (byte_at(r, at) != ']' || byte_at(r, at + 1) != '(')
		return 0;
	while (n < URL_MOST && byte_at(r, at + n) && r->text[at + n] != ')' && r->text[at + n] != '\n')
		n++;
	return byte_at(r, at + n) == ')' ? n + 1 : 0;
}

static size_t link_read(const struct reading *r)
{
	size_t open = r->text[r->at] == '!', n;

	if (byte_at(r, r->at + open) != '[')
		return 0;
	for (n = open + 1; n < LINK_MOST && byte_at(r, r->at + n) && r->text[r->at + n] != '\n' && r->text[r->at + n] != '['; n++)
		if (target_at(r, r->at + n))
			return open + 1;
	return 0;
}

/* Stars, '_', '~' and '`' around words. Between two digits a star is a product, between letters a '_' is part of a name. */
static size_t emphasis_read(const struct reading *r)
{
	char c = r->text[r->at];
	size_t n = same_at(r, c);
	bool behind = r->at && is_alnum(r->text[r->at - 1]), before = is_alnum(byte_at(r, r->at + n));

	switch (c) {
	case '*': return behind && before && n == 1 && is_digit(r->text[r->at - 1]) ? 0 : n;
	case '_': return behind && before ? 0 : n;
	case '~': return n >= 2 ? n : 0;
	case '`': return n;
	case '|': return n;
	default: return 0;
	}
}

static size_t entity_read(const struct reading *r, bool *blank)
{
	static const char *const entities[] = { "&nbsp;", "&quot;", "&lt;", "&gt;", "&#39;", "&apos;" };
	size_t i;

	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (text_at(r, r->at, entities[i])) {
			*blank = i == 0;
			return strlen(entities[i]);
		}
	return 0;
}

size_t markup_read(const struct reading *r, bool *blank)
{
	char c = r->text[r->at];
	size_t n = 0;

	*blank = false;
	if ((uint8_t)c >= 0x80)
		return (uint8_t)c < 0xe0 && (uint8_t)c != 0xc2 ? 0 : picture_read(r, blank);
	if (is_alnum(c) || is_blank(c) || !strchr("#>-*+_=`<[]!~|&", c))
		return 0;
	n = line_begins(r) ? line_read(r) : 0;
	if (!n && c == '<') {
		n = tag_read(r);
		*blank = n > 1;
	} else if (!n && c == '>') {
		n = r->at && is_alnum(r->text[r->at - 1]) && !is_alnum(byte_at(r, r->at + 1)); /* behind an address */
	}
	if (!n && (c == '[' || c == '!'))
		n = link_read(r);
	if (!n && c == ']')
		n = target_at(r, r->at);
	if (!n && c == '&')
		n = entity_read(r, blank);
	if (!n)
		n = emphasis_read(r);
	*blank = *blank || c == '|';
	return n;
}

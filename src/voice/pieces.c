#include "voice/pieces.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { CLAUSE_FIRST = 12, CLAUSE_LATER = 90, PIECE_MAX = 240, SENTENCE_MIN = 2 };

static bool spaced(const char *text, size_t len, size_t i)
{
	return i < len && isspace((unsigned char)text[i]);
}

/* "Dr.", "Rs.", "e.g.", "A." before the dot at `dot`. */
static bool abbreviation(const char *text, size_t dot)
{
	static const char *const list[] = { "dr", "mr", "mrs", "ms", "st", "no", "rs", "vs", "e.g", "i.e", "smt", "shri", "jr", "sr", "ltd", "pvt", NULL };
	size_t start = dot, len;
	unsigned int i;

	while (start && !isspace((unsigned char)text[start - 1]))
		start--;
	len = dot - start;
	if (len == 1 && isalpha((unsigned char)text[start]))
		return true;
	for (i = 0; list[i]; i++)
		if (strlen(list[i]) == len && !strncasecmp(list[i], text + start, len))
			return true;
	return false;
}

/* Length of a sentence's end at `i` (". ", "?", "।"), 0 when there is none. */
static size_t sentence_end(const char *text, size_t len, size_t i)
{
	if (len - i >= 3 && !memcmp(text + i, "\xe0\xa5\xa4", 3))
		return 3;
	if (text[i] == '\n')
		return 1;
	if (text[i] != '.' && text[i] != '?' && text[i] != '!')
		return 0;
	if (!spaced(text, len, i + 1))
		return 0;
	return text[i] == '.' && abbreviation(text, i) ? 0 : 1;
}

/* The same for ", " and "—". */
static size_t clause_end(const char *text, size_t len, size_t i)
{
	if (len - i >= 3 && !memcmp(text + i, "\xe2\x80\x94", 3))
		return 3;
	return (text[i] == ',' || text[i] == ';' || text[i] == ':') && spaced(text, len, i + 1) ? 1 : 0;
}

/* Nearly every byte of a text is none that the two above begin with. */
static bool may_end(char c)
{
	return c == '.' || c == ',' || c == '?' || c == '!' || c == ';' || c == ':' || c == '\n' || c == '\xe0' || c == '\xe2';
}

static bool speakable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80 || isalnum((unsigned char)text[i]))
			return true;
	return false;
}

static struct piece piece_make(const char *text, size_t taken)
{
	struct piece p = { 0, taken, taken };

	while (p.len && isspace((unsigned char)text[p.from])) {
		p.from++;
		p.len--;
	}
	while (p.len && isspace((unsigned char)text[p.from + p.len - 1]))
		p.len--;
	if (!speakable(text + p.from, p.len))
		p.len = 0;
	return p;
}

/* The last space before the ceiling; without one, the last whole character. */
static size_t forced_end(const char *text)
{
	size_t i = PIECE_MAX;

	while (i > PIECE_MAX / 2 && !isspace((unsigned char)text[i]))
		i--;
	if (isspace((unsigned char)text[i]))
		return i;
	for (i = PIECE_MAX; i > 1 && ((unsigned char)text[i] & 0xc0) == 0x80; i--)
		;
	return i;
}

struct piece pieces_next(const char *text, size_t len, bool first, bool flush, bool whole)
{
	size_t clause = first ? CLAUSE_FIRST : CLAUSE_LATER, i;

	if (whole)
		return piece_make(text, len);
	for (i = 0; i < len && i < PIECE_MAX; i++) {
		size_t end;

		if (!may_end(text[i]))
			continue;
		end = i >= SENTENCE_MIN ? sentence_end(text, len, i) : 0;
		if (!end && i >= clause)
			end = clause_end(text, len, i);
		if (end)
			return piece_make(text, i + end);
	}
	if (len > PIECE_MAX)
		return piece_make(text, forced_end(text));
	return flush ? piece_make(text, len) : (struct piece){ 0, 0, 0 };
}

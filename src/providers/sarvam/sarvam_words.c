#include "providers/sarvam/sarvam_words.h"

#include <assert.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Of ASCII the letters and digits; beyond it all but the blocks of punctuation (U+2000 to U+206F) and the two dandas, which are what voices get. */
static bool is_letter(const char *text, size_t len, size_t at)
{
	unsigned char c = (unsigned char)text[at];
	unsigned char second = at + 1 < len ? (unsigned char)text[at + 1] : 0, third = at + 2 < len ? (unsigned char)text[at + 2] : 0;

	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	if (c < 0xc3)
		return false; /* the middle of a character, or Latin-1's signs */
	if (c == 0xe2 && (second == 0x80 || second == 0x81))
		return false;
	return !(c == 0xe0 && second == 0xa5 && (third == 0xa4 || third == 0xa5));
}

static size_t characters(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

bool sarvam_words_any(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_letter(text, len, i))
			return true;
	return false;
}

/* Behind the piece that begins at or behind `at`, blanks before it included. */
static size_t piece_end(const char *text, size_t len, size_t at)
{
	while (at < len && is_blank(text[at]))
		at++;
	while (at < len && !is_blank(text[at]))
		at++;
	return at;
}

/* Behind the blanks at `end` the text has nothing more. */
static size_t text_end(const char *text, size_t len)
{
	while (len && is_blank(text[len - 1]))
		len--;
	return len;
}

size_t sarvam_words_estimate(const char *text, size_t len, uint32_t samples, struct speech_word *out, size_t room)
{
	size_t whole = text_end(text, len), all = characters(text, whole), count = 0;

	assert(len <= UINT16_MAX);
	for (size_t at = 0, end; at < whole; at = end) {
		end = piece_end(text, whole, at);
		if (sarvam_words_any(text + at, end - at) && count < room)
			count++;
		else if (!count)
			continue;
		out[count - 1].text_end = (uint16_t)end;
		out[count - 1].end_samples = (uint32_t)((uint64_t)samples * characters(text, end) / all);
	}
	return count;
}

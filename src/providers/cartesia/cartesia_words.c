#include "providers/cartesia/cartesia_words.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"

/* ---- letters ---- */

struct range {
	uint32_t first, last;
};

/* What is beyond ASCII and no letter: punctuation, blanks, signs of currency, arrows, pictures, joiners, selectors, and the mark of a
 * byte that is no UTF-8. */
static const struct range signs[] = { { 0x80, 0xa9 }, { 0xab, 0xb4 }, { 0xb6, 0xb9 }, { 0xbb, 0xbf }, { 0xd7, 0xd7 }, { 0xf7, 0xf7 }, { 0x55a, 0x55f },
	{ 0x589, 0x58a }, { 0x5be, 0x5be }, { 0x60c, 0x60d }, { 0x61b, 0x61f }, { 0x66a, 0x66d }, { 0x6d4, 0x6d4 }, { 0x964, 0x965 }, { 0x970, 0x970 },
	{ 0x2000, 0x206f }, { 0x20a0, 0x20cf }, { 0x2100, 0x2bff }, { 0x2e00, 0x2e7f }, { 0x3000, 0x3004 }, { 0x3008, 0x3020 }, { 0x30fb, 0x30fb },
	{ 0xfe00, 0xfe6f }, { 0xfeff, 0xff0f }, { 0xff1a, 0xff20 }, { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 }, { 0xfff0, 0xffff }, { 0x1f000, 0x1faff },
	{ 0xe0000, 0xe0fff } };

static bool is_letter(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (c >= signs[i].first && c <= signs[i].last)
			return false;
	return true;
}

/* Small letters for capital ones, as far as Latin, Greek and Cyrillic have them in rows. */
static uint32_t folded(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x1e00 && c <= 0x1eff))
		return c | 1;
	return c;
}

/* The character at `at`; how long it is. What is no UTF-8 is a sign of one byte. */
static size_t char_at(const char *text, size_t len, size_t at, uint32_t *c)
{
	const uint8_t *s = (const uint8_t *)text + at;
	size_t n = utf8_length(s, len - at);

	*c = n == 1 ? s[0] : n == 2 ? s[0] & 0x1fu : n == 3 ? s[0] & 0x0fu : s[0] & 7u;
	for (size_t i = 1; i < n; i++)
		*c = *c << 6 | (s[i] & 0x3fu);
	if (!n)
		*c = 0xfffd;
	return n ? n : 1;
}

/* The next letter from `at` on; the place behind it, or 0: there is none. */
static size_t letter_next(const char *text, size_t len, size_t at, uint32_t *c)
{
	while (at < len) {
		at += char_at(text, len, at, c);
		if (is_letter(*c)) {
			*c = folded(*c);
			return at;
		}
	}
	return 0;
}

/* The same in a spoken word, where `<` and `&` may stand as we sent them. */
static size_t spoken_next(const char *word, size_t len, size_t at, uint32_t *c)
{
	while (at < len) {
		size_t skip = len - at >= 4 && !memcmp(word + at, "&lt;", 4) ? 4 : len - at >= 5 && !memcmp(word + at, "&amp;", 5) ? 5 : 0;

		at += skip ? skip : char_at(word, len, at, c);
		if (!skip && is_letter(*c)) {
			*c = folded(*c);
			return at;
		}
	}
	return 0;
}

/* ---- places in the text ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Over what clings to a word that ends at `at`: up to a blank or the next letter. */
static size_t cling(const struct cartesia_words *w, size_t at)
{
	uint32_t c;

	while (at < w->len && !is_blank(w->text[at])) {
		size_t n = char_at(w->text, w->len, at, &c);

		if (is_letter(c))
			break;
		at += n;
	}
	return at;
}

static bool has_letter(const struct cartesia_words *w, size_t from, size_t to)
{
	uint32_t c;

	return letter_next(w->text, to, from, &c) != 0;
}

/* Behind the piece (what stands between blanks) that begins at or holds `at`. */
static size_t piece_end(const struct cartesia_words *w, size_t at)
{
	while (at < w->len && is_blank(w->text[at]))
		at++;
	while (at < w->len && !is_blank(w->text[at]))
		at++;
	return at;
}

/* The same of the next piece that has letters; 0: there is none. */
static size_t said_end(const struct cartesia_words *w, size_t at)
{
	while (has_letter(w, at, w->len)) {
		size_t end = piece_end(w, at);

		if (has_letter(w, at, end))
			return end;
		at = end;
	}
	return 0;
}

/* Where the word's letters end when they are the text's from `at` on; 0: they are not. */
static size_t word_end(const struct cartesia_words *w, size_t at, const char *word, size_t len)
{
	size_t in_word = 0, next, end = 0;
	uint32_t spoken = 0, written = 0;

	while ((next = spoken_next(word, len, in_word, &spoken))) {
		in_word = next;
		end = letter_next(w->text, w->len, at, &written);
		if (!end || spoken != written)
			return 0;
		at = end;
	}
	return end ? cling(w, end) : 0;
}

/* ---- words ---- */

void cartesia_words_init(struct cartesia_words *w, const char *text, size_t len)
{
	assert(len <= UINT16_MAX);
	*w = (struct cartesia_words){ .text = text, .len = len, .is_exact = true };
}

static struct speech_word word_known(struct cartesia_words *w, size_t text_end, uint32_t end_samples)
{
	w->at = text_end;
	w->end_samples = num_max32(w->end_samples, end_samples);
	return (struct speech_word){ .end_samples = w->end_samples, .text_end = (uint16_t)text_end };
}

/* The word further on, as whole pieces: where it ends, and before it, what is passed over. */
static size_t word_find(const struct cartesia_words *w, const char *word, size_t len, size_t *passed)
{
	size_t at = w->at, end;

	for (unsigned int i = 0; i <= w->unfound; i++) {
		at = said_end(w, at);
		end = at ? word_end(w, at, word, len) : 0;
		*passed = at;
		if (!at)
			return 0;
		if (end && (end == w->len || is_blank(w->text[end])))
			return end;
	}
	return 0;
}

size_t cartesia_words_put(struct cartesia_words *w, const char *word, size_t len, uint32_t start_samples, uint32_t end_samples, struct speech_word out[2])
{
	size_t end = word_end(w, w->at, word, len), passed = 0, count = 0;
	uint32_t c;

	if (!spoken_next(word, len, 0, &c))
		return 0; /* punctuation alone */
	if (!end) {
		end = word_find(w, word, len, &passed);
		if (!end) {
			w->unfound++;
			w->unfound_samples = num_max32(w->unfound_samples, end_samples);
			return 0;
		}
		w->is_exact &= w->unfound > 0;
		out[count++] = word_known(w, passed, w->unfound ? w->unfound_samples : start_samples);
	}
	w->unfound = 0;
	out[count++] = word_known(w, end, end_samples);
	return count;
}

size_t cartesia_words_rest(struct cartesia_words *w, uint32_t samples, struct speech_word *out, size_t room)
{
	size_t from = w->at, end = said_end(w, from), count = 0;
	uint32_t begin = num_min32(w->end_samples, samples);

	if (!end)
		return 0;
	if (w->unfound && room && !has_letter(w, end, w->len)) {
		out[0] = word_known(w, end, num_min32(w->unfound_samples, samples));
		return 1;
	}
	w->is_exact = false;
	for (; end && count < room; end = said_end(w, end))
		out[count++] = word_known(w, end, begin + (uint32_t)((uint64_t)(samples - begin) * (end - from) / (w->len - from)));
	return count;
}

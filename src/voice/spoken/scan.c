/* Looking at a text in one place: characters, words, digits, figures. Owns nothing. */
#include "voice/spoken/parts.h"

#include <string.h>

enum { SMALL_DIGITS = 6, GROUPS_MAX = 7, WORD_BEFORE_MAX = 40 };

size_t char_read(const char *text, size_t len, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n, i;

	if (!len)
		return 0;
	n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
	if (!n || n > len)
		return 0;
	*code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3fu);
	}
	return n;
}

bool is_wordy(uint32_t code)
{
	if (code < 0x80)
		return is_alnum((char)code);
	if (code < 0xc0 || code == 0xd7 || code == 0xf7 || code == 0x0964 || code == 0x0965)
		return false;
	if (code == 0x200c || code == 0x200d)
		return true; /* the joiners of Indian scripts */
	return !(code >= 0x2000 && code <= 0x2bff) && !(code >= 0x3000 && code <= 0x303f) && !(code >= 0xfe00 && code <= 0xfe0f) && code != 0xfeff &&
		code < 0x1f000;
}

bool wordy_before(const struct reading *r, size_t at)
{
	size_t from = at;
	uint32_t code;

	while (from && at - from < 4 && ((unsigned char)r->text[--from] & 0xc0) == 0x80)
		;
	return at && char_read(r->text + from, at - from, &code) == at - from && is_wordy(code);
}

bool wordy_at(const struct reading *r, size_t at)
{
	uint32_t code;

	return at < r->len && char_read(r->text + at, r->len - at, &code) && is_wordy(code);
}

bool text_at(const struct reading *r, size_t at, const char *text)
{
	size_t len = strlen(text);

	return at <= r->len && len <= r->len - at && !memcmp(r->text + at, text, len);
}

static char folded(char c)
{
	return is_upper(c) ? (char)(c + 'a' - 'A') : c;
}

bool folded_at(const struct reading *r, size_t at, const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (at + i >= r->len || folded(r->text[at + i]) != folded(text[i]))
			return false;
	return true;
}

bool word_at(const struct reading *r, size_t at, const char *word)
{
	return folded_at(r, at, word) && !wordy_at(r, at + strlen(word));
}

size_t blanks_at(const struct reading *r, size_t at)
{
	return byte_at(r, at) == ' ' || byte_at(r, at) == '\n';
}

size_t dash_at(const struct reading *r, size_t at)
{
	return byte_at(r, at) == '-' ? 1 : text_at(r, at, "–") ? strlen("–") : 0;
}

size_t digits_at(const struct reading *r, size_t at)
{
	size_t n = 0;

	while (is_digit(byte_at(r, at + n)))
		n++;
	return n;
}

unsigned int small_at(const struct reading *r, size_t at, size_t digits)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < digits && i < SMALL_DIGITS; i++)
		n = n * 10 + (unsigned int)(r->text[at + i] - '0');
	return n;
}

bool sentence_ends(const struct reading *r, size_t dot)
{
	return dot + 1 == r->len || (blanks_at(r, dot + 1) && (is_upper(byte_at(r, dot + 2)) || dot + 2 == r->len));
}

bool is_chain(const struct reading *r, size_t at, size_t digits)
{
	char mark = byte_at(r, at + digits);
	size_t second = mark == '-' || mark == '/' ? digits_at(r, at + digits + 1) : 0;

	return second && byte_at(r, at + digits + 1 + second) == mark && is_digit(byte_at(r, at + digits + second + 2));
}

size_t word_before(const struct reading *r, size_t at, size_t *from)
{
	size_t end;

	while (at && (is_blank(r->text[at - 1]) || r->text[at - 1] == ':' || r->text[at - 1] == '#'))
		at--;
	if (at > 2 && r->text[at - 1] == '.' && folded(r->text[at - 2]) == 'o' && folded(r->text[at - 3]) == 'n')
		at--; /* "no." */
	end = at;
	while (at && end - at < WORD_BEFORE_MAX && (is_alnum(r->text[at - 1]) || (unsigned char)r->text[at - 1] >= 0x80))
		at--;
	*from = at;
	return end - at;
}

bool word_among(const struct reading *r, size_t from, size_t len, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == len && folded_at(r, from, *list))
			return true;
	return false;
}

/* ---- figures ---- */

/* How many digits stand behind the comma at `at`, when they are a group of a number: three, or two with such a group behind them. */
static size_t group_at(const struct reading *r, size_t at)
{
	size_t first = byte_at(r, at) == ',' ? digits_at(r, at + 1) : 0, n = first, groups = 0;

	while (n == 2 && ++groups < GROUPS_MAX) {
		at += 3;
		n = byte_at(r, at) == ',' ? digits_at(r, at + 1) : 0;
	}
	return n == 3 ? first : 0;
}

static void digits_add(struct figure *f, const char *digits, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		f->whole = f->whole * 10 + (uint64_t)(digits[i] - '0');
	f->digits += n;
	f->taken += n;
}

bool figure_read(const struct reading *r, size_t at, struct figure *f)
{
	size_t n = digits_at(r, at);

	*f = (struct figure){ .zero_first = byte_at(r, at) == '0' && n > 1 };
	if (!n || n > FIGURE_DIGITS_MAX)
		return false;
	digits_add(f, r->text + at, n);
	while (n <= 3 && (n = group_at(r, at + f->taken)) && f->digits + n <= FIGURE_DIGITS_MAX) {
		f->taken++;
		digits_add(f, r->text + at + f->taken, n);
		f->grouped = true;
	}
	if (byte_at(r, at + f->taken) != '.')
		return true;
	f->fraction_len = digits_at(r, at + f->taken + 1);
	if (f->fraction_len) {
		f->fraction = r->text + at + f->taken + 1;
		f->taken += f->fraction_len + 1;
	}
	return f->fraction_len <= FIGURE_DIGITS_MAX;
}

void figure_put(struct buf *b, const struct tongue *t, const struct figure *f)
{
	cardinal_put(b, t, f->whole);
	if (!f->fraction_len)
		return;
	term_put(b, t, TERM_POINT);
	digits_put(b, t, f->fraction, f->fraction_len);
}

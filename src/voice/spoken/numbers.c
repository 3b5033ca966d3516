/* Numbers in running text: cardinals, ordinals, decimals, negative ones, fractions, percent and units; years and codes where the words before say
 * so. Roman numerals stay as they are. */
#include "voice/spoken/units.h"

#include <string.h>

enum { YEAR_DIGITS = 4, YEAR_FIRST = 1100, YEAR_LAST = 2099, CODE_LEAST = 3, LONG_LEAST = 7, LOOK_BACK_WORDS = 4, FRACTION_MOST = 10 };

/* ---- what the words before say ---- */

static bool is_start(const struct reading *r, size_t at)
{
	while (at && is_blank(r->text[at - 1]))
		at--;
	return !at;
}

bool code_before(const struct reading *r)
{
	static const char *const fillers[] = { "is", "are", "in", "with", "the", "last", "first", "four", "no", "no.", "num", "is:", "hai", "है", "के", "का",
		"की", "आपका", NULL };
	static const char *const codes[] = { "otp", "pin", "pincode", "code", "id", "ref", "reference", "booking", "pnr", "order", "ticket", "card", "ending",
		"extension", "ext", "passcode", "token", "invoice", "policy", "number", "no", "no.", "digits", "room", "flight", "flat", "zip", "cvv", "ओटीपी",
		"पिन", "कोड", "आईडी", "नंबर", "बुकिंग", "ऑर्डर", "टिकट", "फ़्लाइट", NULL };
	const struct reading earlier = { .text = r->how->before, .len = r->how->before_len, .how = r->how };
	size_t at = r->at, from, len, i;

	for (i = 0; i < LOOK_BACK_WORDS; i++) {
		len = word_before(r, at, &from);
		if (!len && r != &earlier && is_start(r, at)) {
			r = &earlier;
			at = earlier.len;
			len = word_before(r, at, &from);
		}
		if (!len || !word_among(r, from, len, fillers))
			return len && word_among(r, from, len, codes);
		if (word_among(r, from, len, codes))
			return true;
		at = from;
	}
	return false;
}

static bool is_year(const struct figure *f)
{
	return f->digits == YEAR_DIGITS && !f->grouped && !f->fraction_len && f->whole >= YEAR_FIRST && f->whole <= YEAR_LAST;
}

/* "2019-2024": one of two years with a dash between. */
static bool is_year_of_range(const struct reading *r, const struct figure *f)
{
	size_t dash = dash_at(r, r->at + f->taken), before = r->at;
	struct figure other;

	if (dash && figure_read(r, r->at + f->taken + dash, &other) && is_year(&other))
		return true;
	if (before && r->text[before - 1] == '-')
		before--;
	else if (before >= strlen("–") && text_at(r, before - strlen("–"), "–"))
		before -= strlen("–");
	return before < r->at && before >= YEAR_DIGITS && digits_at(r, before - YEAR_DIGITS) == YEAR_DIGITS &&
		figure_read(r, before - YEAR_DIGITS, &other) && is_year(&other);
}

static bool is_said_as_year(const struct reading *r, const struct figure *f)
{
	static const char *const words[] = { "in", "since", "year", "until", "till", "by", "before", "after", "during", "of", "early", "late", "mid", "circa",
		"saal", "साल", "सन", "सन्", "वर्ष", NULL };
	size_t from, len;

	if (!is_year(f))
		return false;
	len = word_before(r, r->at, &from);
	return (len && word_among(r, from, len, words)) || is_year_of_range(r, f);
}

/* ---- fractions ---- */

static void fraction_put(struct buf *b, const struct tongue *t, unsigned int n, unsigned int of)
{
	if (t->hindi) {
		if (n == 1 && of == 2) {
			term_put(b, t, TERM_HALF);
			return;
		}
		cardinal_put(b, t, n);
		word_put(b, of == 4 ? "चौथाई" : of == 3 ? "तिहाई" : "बटा");
		if (of != 4 && of != 3)
			cardinal_put(b, t, of);
		return;
	}
	cardinal_put(b, t, n);
	if (of == 2 || of == 4)
		word_put(b, of == 2 ? "half" : n == 1 ? "quarter" : "quarters");
	else
		ordinal_put(b, t, of);
	if (n > 1 && of != 4)
		buf_byte(b, 's');
}

/* "24/7": every hour of every day. */
static size_t always_read(const struct reading *r, struct buf *words)
{
	static const char *const forms[] = { "24/7", "24x7", "24×7", "24*7", "24X7" };
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (word_at(r, r->at, forms[i])) {
			word_put(words, r->tongue->hindi ? "चौबीसों घंटे" : "twenty four seven");
			return strlen(forms[i]);
		}
	return 0;
}

size_t fraction_read(const struct reading *r, struct buf *words)
{
	size_t over = digits_at(r, r->at), under, taken;
	unsigned int n, of;

	if (!over || over > YEAR_DIGITS || wordy_before(r, r->at) || is_chain(r, r->at, over))
		return 0;
	taken = always_read(r, words);
	if (taken || byte_at(r, r->at + over) != '/')
		return taken;
	under = digits_at(r, r->at + over + 1);
	taken = over + 1 + under;
	if (!under || under > YEAR_DIGITS || byte_at(r, r->at + taken) == '/' || wordy_at(r, r->at + taken) || (r->at && r->text[r->at - 1] == '/'))
		return 0;
	n = small_at(r, r->at, over);
	of = small_at(r, r->at + over + 1, under);
	if (n && n < of && of <= FRACTION_MOST) {
		fraction_put(words, r->tongue, n, of);
	} else {
		cardinal_put(words, r->tongue, n);
		word_put(words, r->tongue->hindi ? "बटा" : r->tongue->lakh ? "by" : "slash");
		cardinal_put(words, r->tongue, of);
	}
	return taken;
}

/* ---- numbers ---- */

/* "st", "nd", "rd", "th" close behind; their bytes. */
static size_t order_at(const struct reading *r, size_t at)
{
	return word_at(r, at, "st") || word_at(r, at, "nd") || word_at(r, at, "rd") || word_at(r, at, "th") ? 2 : 0;
}

/* A minus before a number: no number, word or bracket stands before it. */
static size_t minus_at(const struct reading *r)
{
	size_t minus = byte_at(r, r->at) == '-' ? 1 : text_at(r, r->at, "−") ? strlen("−") : 0;

	if (!minus || !is_digit(byte_at(r, r->at + minus)))
		return 0;
	return !r->at || is_blank(r->text[r->at - 1]) || r->text[r->at - 1] == '(' ? minus : 0;
}

/* Digits that are no quantity: of a code, or too many. */
static bool is_string(const struct reading *r, const struct figure *f, size_t end)
{
	if (f->grouped || f->fraction_len)
		return false;
	if (f->zero_first || (f->digits >= CODE_LEAST && code_before(r)))
		return true;
	return f->digits >= LONG_LEAST && !counted_at(r, end);
}

static size_t quantity_read(const struct reading *r, const struct figure *f, size_t at, struct buf *words)
{
	enum term scale = TERM_COUNT;
	size_t end = at + f->taken, scaled = scale_read(r, end, false, &scale), order = f->fraction_len ? 0 : order_at(r, end), before = words->len;

	if (order) {
		ordinal_put(words, r->tongue, f->whole);
		return f->taken + order;
	}
	scaled_put(words, r->tongue, f, scaled, scale);
	end += scaled;
	scaled += unit_read(r, end, f->whole == 1 && !f->fraction_len && !scaled && !before, words);
	return f->taken + scaled;
}

/* What may stand close behind a number: no letter but Hindi's endings of order, no further point with digits (a version), no colon with digits. */
static bool ends_well(const struct reading *r, size_t end)
{
	char next = byte_at(r, end);

	if (is_letter(next) || next == '_' || ((next == '.' || next == ':') && is_digit(byte_at(r, end + 1))))
		return false;
	return !wordy_at(r, end) || text_at(r, end, "व"); /* 5वाँ, 5वीं */
}

size_t number_read(const struct reading *r, struct buf *words)
{
	size_t minus = minus_at(r), at = r->at + minus, taken;
	struct figure f;

	if ((!minus && wordy_before(r, r->at)) || !figure_read(r, at, &f) || is_chain(r, at, f.taken))
		return 0;
	if (minus)
		term_put(words, r->tongue, TERM_MINUS);
	taken = quantity_read(r, &f, at, words);
	if (!ends_well(r, at + taken))
		return 0;
	if (taken == f.taken && !minus && is_string(r, &f, at + taken)) {
		buf_reset(words);
		digits_grouped_put(words, r->tongue, r->text + at, f.digits);
	} else if (taken == f.taken && !minus && is_said_as_year(r, &f)) {
		buf_reset(words);
		year_put(words, r->tongue, (unsigned int)f.whole);
	}
	return minus + taken;
}

/* ---- digits of Devanagari, and fractions of one character ---- */

static size_t native_digit(const struct reading *r, size_t at, char *digit)
{
	if (!text_at(r, at, "\xe0\xa5") || at + 2 >= r->len || (uint8_t)r->text[at + 2] < 0xa6 || (uint8_t)r->text[at + 2] > 0xaf)
		return 0;
	*digit = (char)('0' + (uint8_t)r->text[at + 2] - 0xa6);
	return 3;
}

/* The same number in ASCII, and what it takes in the text. */
static size_t native_scan(const struct reading *r, char *ascii, size_t size, size_t *len)
{
	size_t at = r->at, n;
	char digit;

	for (*len = 0; *len < size; at += n) {
		n = native_digit(r, at, &digit);
		if (!n && *len && (byte_at(r, at) == ',' || byte_at(r, at) == '.') && native_digit(r, at + 1, &digit)) {
			digit = r->text[at];
			n = 1;
		}
		if (!n)
			break;
		ascii[(*len)++] = digit;
	}
	return at - r->at;
}

size_t native_read(const struct reading *r, struct buf *words)
{
	static const char *const signs[] = { "½", "¼", "¾" };
	char ascii[32];
	size_t len, taken, i;
	struct reading in = { .text = ascii, .tongue = r->tongue, .how = r->how };
	struct figure f;

	if ((uint8_t)r->text[r->at] < 0xc0)
		return 0;
	for (i = 0; i < 3; i++)
		if (text_at(r, r->at, signs[i])) {
			if (r->at && is_digit(r->text[r->at - 1]))
				term_put(words, r->tongue, TERM_AND);
			fraction_put(words, r->tongue, i == 2 ? 3 : 1, i ? 4 : 2);
			return strlen(signs[i]);
		}
	taken = native_scan(r, ascii, sizeof(ascii), &len);
	in.len = len;
	if (!taken || !figure_read(&in, 0, &f) || f.taken != len)
		return 0;
	if (!f.fraction_len && !f.grouped && (f.zero_first || f.digits >= LONG_LEAST || (f.digits >= CODE_LEAST && code_before(r))))
		digits_grouped_put(words, r->tongue, ascii, f.digits);
	else
		figure_put(words, r->tongue, &f);
	return taken;
}

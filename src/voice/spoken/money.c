/* Amounts with a sign or a code before them: "₹1,50,000", "Rs. 500", "$1.2M", "-$5", "₹500-1,000". What is written behind the number ("500 rupees",
 * "500 INR", "500/-") is a unit's (units.c). */
#include "voice/spoken/units.h"

#include <string.h>

struct currency {
	const char *one, *many, *hindi_one, *hindi;
	const char *part, *parts, *hindi_parts; /* a hundredth */
};

static const struct currency rupee = { "rupee", "rupees", "रुपया", "रुपये", "paisa", "paise", "पैसे" };
static const struct currency dollar = { "dollar", "dollars", "डॉलर", "डॉलर", "cent", "cents", "सेंट" };
static const struct currency euro = { "euro", "euros", "यूरो", "यूरो", "cent", "cents", "सेंट" };
static const struct currency pound = { "pound", "pounds", "पाउंड", "पाउंड", "penny", "pence", "पेंस" };

static const struct {
	const char *text;
	const struct currency *currency;
} signs[] = {
	{ "₹", &rupee }, { "Rs.", &rupee }, { "Rs", &rupee }, { "INR", &rupee }, { "रु.", &rupee }, { "रु", &rupee }, { "US$", &dollar }, { "$", &dollar },
	{ "USD", &dollar }, { "€", &euro }, { "EUR", &euro }, { "£", &pound }, { "GBP", &pound },
};

/* The sign, a blank behind it included. */
static size_t sign_read(const struct reading *r, size_t at, const struct currency **currency)
{
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (folded_at(r, at, signs[i].text)) {
			*currency = signs[i].currency;
			return strlen(signs[i].text) + blanks_at(r, at + strlen(signs[i].text));
		}
	return 0;
}

/* One amount: the figure, and "lakh" or "M" behind it. */
struct amount {
	struct figure figure;
	size_t scaled; /* bytes of the scale; 0: none */
	enum term scale;
};

static size_t amount_read(const struct reading *r, size_t at, struct amount *a)
{
	*a = (struct amount){ .scaled = 0 };
	if (!figure_read(r, at, &a->figure))
		return 0;
	a->scaled = scale_read(r, at + a->figure.taken, true, &a->scale);
	return a->figure.taken + a->scaled;
}

static bool is_one(const struct amount *a)
{
	return a->figure.whole == 1 && !a->figure.fraction_len && !a->scaled;
}

/* Rupees and paise, as two numbers; false: it is not written so. */
static bool parts_put(struct buf *b, const struct tongue *t, const struct amount *a, const struct currency *c)
{
	unsigned int parts;

	if (a->scaled || a->figure.fraction_len != 2)
		return false;
	parts = (unsigned int)((a->figure.fraction[0] - '0') * 10 + a->figure.fraction[1] - '0');
	if (a->figure.whole || !parts) {
		cardinal_put(b, t, a->figure.whole);
		word_put(b, t->hindi ? (a->figure.whole == 1 ? c->hindi_one : c->hindi) : a->figure.whole == 1 ? c->one : c->many);
	}
	if (!parts)
		return true;
	if (a->figure.whole && !t->hindi)
		term_put(b, t, TERM_AND);
	cardinal_put(b, t, parts);
	word_put(b, t->hindi ? c->hindi_parts : parts == 1 ? c->part : c->parts);
	return true;
}

static void amount_put(struct buf *b, const struct tongue *t, const struct amount *a, const struct currency *c)
{
	if (parts_put(b, t, a, c))
		return;
	scaled_put(b, t, &a->figure, a->scaled, a->scale);
	word_put(b, t->hindi ? (is_one(a) ? c->hindi_one : c->hindi) : is_one(a) ? c->one : c->many);
}

/* "₹500-1,000": the second amount of a range that has no sign of its own. Its bytes, the dash included. */
static size_t range_read(const struct reading *r, size_t at, struct amount *to)
{
	size_t dash = dash_at(r, at), taken = dash ? amount_read(r, at + dash, to) : 0;

	return taken && !wordy_at(r, at + dash + taken) ? dash + taken : 0;
}

static size_t range_put(const struct reading *r, const struct amount *from, size_t at, const struct currency *c, struct buf *words)
{
	struct amount to;
	size_t taken = range_read(r, at, &to);

	if (!taken)
		return 0;
	scaled_put(words, r->tongue, &from->figure, from->scaled, from->scale);
	term_put(words, r->tongue, TERM_TO);
	amount_put(words, r->tongue, &to, c);
	return taken;
}

size_t money_read(const struct reading *r, struct buf *words)
{
	const struct currency *c;
	struct amount a;
	size_t minus = byte_at(r, r->at) == '-', at = r->at + minus, sign, taken, ranged;

	if (wordy_before(r, r->at) || (minus && r->number_end == r->at))
		return 0;
	sign = sign_read(r, at, &c);
	if (!sign)
		return 0;
	at += sign;
	if (!minus && byte_at(r, at) == '-') {
		minus = 1;
		at++;
	}
	taken = amount_read(r, at, &a);
	at += taken;
	if (!taken || wordy_at(r, at) || (byte_at(r, at) == '.' && is_digit(byte_at(r, at + 1))))
		return 0;
	if (minus)
		term_put(words, r->tongue, TERM_MINUS);
	ranged = range_put(r, &a, at, c, words);
	if (!ranged)
		amount_put(words, r->tongue, &a, c);
	at += ranged;
	return at + (text_at(r, at, "/-") ? 2 : 0) - r->at;
}

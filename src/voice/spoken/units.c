/* What stands behind a number: scales (lakh, million), units, percent, and what is paid. Tables; no state. */
#include "voice/spoken/units.h"

#include <string.h>

/* ---- scales ---- */

struct scale_word {
	const char *word;
	enum term term;
	bool letter; /* a single letter or so: only where money stands before it, and close to the number */
};

static const struct scale_word scale_words[] = {
	{ "lakhs", TERM_LAKH, false }, { "lakh", TERM_LAKH, false }, { "lacs", TERM_LAKH, false }, { "lac", TERM_LAKH, false },
	{ "crores", TERM_CRORE, false }, { "crore", TERM_CRORE, false }, { "cr", TERM_CRORE, false }, { "लाख", TERM_LAKH, false },
	{ "करोड़", TERM_CRORE, false }, { "करोड़", TERM_CRORE, false }, { "हज़ार", TERM_THOUSAND, false }, { "हज़ार", TERM_THOUSAND, false },
	{ "हजार", TERM_THOUSAND, false }, { "thousand", TERM_THOUSAND, false }, { "million", TERM_MILLION, false }, { "billion", TERM_BILLION, false },
	{ "trillion", TERM_TRILLION, false }, { "mn", TERM_MILLION, false }, { "bn", TERM_BILLION, false },
	{ "k", TERM_THOUSAND, true }, { "l", TERM_LAKH, true }, { "m", TERM_MILLION, true }, { "b", TERM_BILLION, true },
};

size_t scale_read(const struct reading *r, size_t at, bool letters, enum term *scale)
{
	size_t blank = blanks_at(r, at), i;

	for (i = 0; i < sizeof(scale_words) / sizeof(scale_words[0]); i++) {
		const struct scale_word *s = &scale_words[i];

		if ((s->letter && (!letters || blank)) || (s->term == TERM_LAKH && s->letter && !r->tongue->lakh))
			continue;
		if (word_at(r, at + blank, s->word)) {
			*scale = s->term;
			return blank + strlen(s->word);
		}
	}
	return 0;
}

/* Hindi has words of its own for one and a half, two and a half, and "and a half". */
static bool half_put(struct buf *b, const struct tongue *t, const struct figure *f)
{
	if (!t->hindi || !f->whole || !f->fraction_len || f->fraction[0] != '5' || f->fraction_len > 1)
		return false;
	if (f->whole <= 2) {
		word_put(b, f->whole == 1 ? "डेढ़" : "ढाई");
	} else {
		word_put(b, "साढ़े");
		cardinal_put(b, t, f->whole);
	}
	return true;
}

void scaled_put(struct buf *b, const struct tongue *t, const struct figure *f, size_t scale_taken, enum term scale)
{
	if (!scale_taken || !half_put(b, t, f))
		figure_put(b, t, f);
	if (scale_taken)
		term_put(b, t, scale);
}

/* ---- units ---- */

struct unit {
	const char *text, *one, *many, *hindi;
	bool exact; /* capitals matter */
};

#define RUPEES "rupee", "rupees", "रुपये"

static const struct unit units[] = {
	{ "%", "percent", "percent", "प्रतिशत", true },
	{ "kilograms", "kilogram", "kilograms", "किलोग्राम", false },
	{ "kgs", "kilogram", "kilograms", "किलोग्राम", false },
	{ "kg", "kilogram", "kilograms", "किलोग्राम", false },
	{ "gms", "gram", "grams", "ग्राम", false },
	{ "gm", "gram", "grams", "ग्राम", false },
	{ "mg", "milligram", "milligrams", "मिलीग्राम", false },
	{ "g", "gram", "grams", "ग्राम", true },
	{ "km/h", "kilometer per hour", "kilometers per hour", "किलोमीटर प्रति घंटा", false },
	{ "kmph", "kilometer per hour", "kilometers per hour", "किलोमीटर प्रति घंटा", false },
	{ "mph", "mile per hour", "miles per hour", "मील प्रति घंटा", false },
	{ "kms", "kilometer", "kilometers", "किलोमीटर", false },
	{ "km", "kilometer", "kilometers", "किलोमीटर", false },
	{ "cm", "centimeter", "centimeters", "सेंटीमीटर", false },
	{ "mm", "millimeter", "millimeters", "मिलीमीटर", false },
	{ "m", "meter", "meters", "मीटर", true },
	{ "ml", "milliliter", "milliliters", "मिलीलीटर", false },
	{ "ltr", "liter", "liters", "लीटर", false },
	{ "l", "liter", "liters", "लीटर", true },
	{ "L", "liter", "liters", "लीटर", true },
	{ "sq. ft.", "square foot", "square feet", "वर्ग फुट", false },
	{ "sq ft", "square foot", "square feet", "वर्ग फुट", false },
	{ "sqft", "square foot", "square feet", "वर्ग फुट", false },
	{ "ft", "foot", "feet", "फुट", false },
	{ "lbs", "pound", "pounds", "पाउंड", false },
	{ "lb", "pound", "pounds", "पाउंड", false },
	{ "oz", "ounce", "ounces", "औंस", false },
	{ "hrs", "hour", "hours", "घंटे", false },
	{ "hr", "hour", "hours", "घंटे", false },
	{ "mins", "minute", "minutes", "मिनट", false },
	{ "min", "minute", "minutes", "मिनट", false },
	{ "secs", "second", "seconds", "सेकंड", false },
	{ "sec", "second", "seconds", "सेकंड", false },
	{ "yrs", "year", "years", "साल", false },
	{ "yr", "year", "years", "साल", false },
	{ "Mbps", "megabit per second", "megabits per second", "मेगाबिट प्रति सेकंड", false },
	{ "TB", "terabyte", "terabytes", "टेराबाइट", false },
	{ "GB", "gigabyte", "gigabytes", "गीगाबाइट", false },
	{ "MB", "megabyte", "megabytes", "मेगाबाइट", false },
	{ "KB", "kilobyte", "kilobytes", "किलोबाइट", false },
	{ "kWh", "kilowatt hour", "kilowatt hours", "किलोवाट घंटा", false },
	{ "kW", "kilowatt", "kilowatts", "किलोवाट", false },
	{ "°C", "degree Celsius", "degrees Celsius", "डिग्री सेल्सियस", true },
	{ "°F", "degree Fahrenheit", "degrees Fahrenheit", "डिग्री फ़ारेनहाइट", true },
	{ "°", "degree", "degrees", "डिग्री", true },
	{ "INR", RUPEES, true }, { "Rs.", RUPEES, false }, { "Rs", RUPEES, false }, { "₹", RUPEES, true }, { "/-", RUPEES, true },
	{ "USD", "dollar", "dollars", "डॉलर", true },
	{ "EUR", "euro", "euros", "यूरो", true },
	{ "€", "euro", "euros", "यूरो", true },
	{ "GBP", "pound", "pounds", "पाउंड", true },
};

static bool unit_at(const struct reading *r, size_t at, const struct unit *u)
{
	return (u->exact ? text_at(r, at, u->text) : folded_at(r, at, u->text)) && !wordy_at(r, at + strlen(u->text));
}

size_t unit_read(const struct reading *r, size_t at, bool one, struct buf *words)
{
	size_t blank = blanks_at(r, at), i, end;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		end = at + blank + strlen(units[i].text);
		if (unit_at(r, at + blank, &units[i])) {
			word_put(words, r->tongue->hindi ? units[i].hindi : one ? units[i].one : units[i].many);
			return blank + strlen(units[i].text) - (r->text[end - 1] == '.' && sentence_ends(r, end - 1));
		}
	}
	return 0;
}

bool counted_at(const struct reading *r, size_t at)
{
	static const char *const paid[] = { "rupees", "rupee", "dollars", "dollar", "euros", "pounds", "people", "customers", "units", "users", "रुपये",
		"रुपए", "डॉलर", "लोग", NULL };
	size_t i;

	for (i = 0; blanks_at(r, at) && paid[i]; i++)
		if (word_at(r, at + 1, paid[i]))
			return true;
	return false;
}

size_t per_read(const struct reading *r, struct buf *words)
{
	static const char *const every[][3] = { { "month", "month", "माह" }, { "mo", "month", "माह" }, { "year", "year", "साल" }, { "yr", "year", "साल" },
		{ "week", "week", "हफ़्ता" }, { "day", "day", "दिन" }, { "hour", "hour", "घंटा" }, { "hr", "hour", "घंटा" }, { "min", "minute", "मिनट" },
		{ "kg", "kilogram", "किलोग्राम" }, { "km", "kilometer", "किलोमीटर" }, { "night", "night", "रात" }, { "person", "person", "व्यक्ति" },
		{ "unit", "unit", "यूनिट" }, { "sq ft", "square foot", "वर्ग फुट" } };
	size_t i;

	for (i = 0; i < sizeof(every) / sizeof(every[0]); i++)
		if (word_at(r, r->at + 1, every[i][0])) {
			term_put(words, r->tongue, TERM_PER);
			word_put(words, every[i][r->tongue->hindi ? 2 : 1]);
			return 1 + strlen(every[i][0]);
		}
	return 0;
}

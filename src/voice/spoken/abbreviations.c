/* Abbreviations and signs as words: "Dr.", "St." by what stands around it, "e.g.", "approx."; '&', '@', '#', and a dash between numbers. */
#include "voice/spoken/units.h"

#include <string.h>

/* Where an abbreviation stands for this. */
enum place {
	PLACE_ANY = 0,
	PLACE_LAST,   /* anywhere; before a capital letter its dot ends the sentence as well */
	PLACE_NAME,   /* before a capitalised word */
	PLACE_STREET, /* behind a capitalised word or a number with an ending, and not before a name */
	PLACE_NUMBER  /* before digits */
};

struct abbreviation {
	const char *text; /* with its dot where it must have one, else with or without; in small letters: capitals too */
	const char *say, *hindi; /* hindi NULL: as in English */
	enum place place;
};

static const struct abbreviation abbreviations[] = {
	{ "Dr", "Drive", NULL, PLACE_STREET }, { "Dr", "Doctor", "डॉक्टर", PLACE_NAME },
	{ "St", "Street", NULL, PLACE_STREET }, { "St", "Saint", "सेंट", PLACE_NAME },
	{ "Mr", "Mister", "मिस्टर", PLACE_NAME }, { "Mrs", "Missus", "मिसेज़", PLACE_NAME }, { "Ms", "Miz", "मिस", PLACE_NAME },
	{ "Prof.", "Professor", "प्रोफ़ेसर", PLACE_ANY }, { "Smt", "Shrimati", "श्रीमती", PLACE_NAME }, { "Sh.", "Shri", "श्री", PLACE_NAME },
	{ "Jr.", "Junior", NULL, PLACE_LAST }, { "Sr.", "Senior", NULL, PLACE_LAST }, { "Capt.", "Captain", NULL, PLACE_ANY },
	{ "Col.", "Colonel", NULL, PLACE_NAME }, { "Gen.", "General", NULL, PLACE_NAME }, { "Lt.", "Lieutenant", NULL, PLACE_NAME },
	{ "Ave", "Avenue", NULL, PLACE_STREET }, { "Rd", "Road", NULL, PLACE_STREET }, { "Blvd", "Boulevard", NULL, PLACE_STREET },
	{ "Apt", "Apartment", NULL, PLACE_NUMBER }, { "Dept.", "Department", NULL, PLACE_ANY }, { "Govt.", "Government", NULL, PLACE_ANY },
	{ "Ltd", "Limited", "लिमिटेड", PLACE_LAST }, { "Pvt", "Private", "प्राइवेट", PLACE_ANY }, { "Inc.", "Incorporated", NULL, PLACE_LAST },
	{ "Corp.", "Corporation", NULL, PLACE_LAST }, { "No", "number", "नंबर", PLACE_NUMBER },
	{ "no.", "number", "नंबर", PLACE_NUMBER }, { "Nos", "numbers", "नंबर", PLACE_NUMBER },
	{ "e.g.", "for example", "जैसे", PLACE_ANY }, { "i.e.", "that is", "यानी", PLACE_ANY }, { "etc.", "et cetera", "वगैरह", PLACE_LAST },
	{ "etc", "et cetera", "वगैरह", PLACE_LAST }, { "approx", "approximately", "लगभग", PLACE_ANY }, { "vs", "versus", "बनाम", PLACE_ANY },
	{ "max.", "maximum", NULL, PLACE_ANY }, { "min.", "minimum", NULL, PLACE_ANY }, { "incl.", "including", NULL, PLACE_ANY },
	{ "excl.", "excluding", NULL, PLACE_ANY }, { "appt.", "appointment", NULL, PLACE_ANY }, { "ext.", "extension", "एक्सटेंशन", PLACE_NUMBER },
	{ "w/o", "without", NULL, PLACE_ANY }, { "w/", "with", NULL, PLACE_ANY }, { "a.k.a.", "also known as", NULL, PLACE_ANY },
	{ "R.S.V.P.", "R S V P", NULL, PLACE_ANY }, { "a/c", "account", "अकाउंट", PLACE_ANY }, { "A/C", "account", "अकाउंट", PLACE_NUMBER },
	{ "डॉ.", "Doctor", "डॉक्टर", PLACE_ANY }, { "रु.", "rupees", "रुपये", PLACE_ANY },
};

/* The word before, with nothing but blanks between, begins with a capital letter or is a number with its ending ("5th Ave"). */
static bool behind_name(const struct reading *r)
{
	size_t at = r->at, from;

	if (!at || r->text[at - 1] != ' ' || !word_before(r, at, &from))
		return false;
	if (at >= 2 && !is_alnum(r->text[at - 2]))
		return false;
	return is_upper(r->text[from]) || (is_digit(r->text[from]) && is_letter(r->text[at - 2]));
}

static bool before_name(const struct reading *r, size_t end)
{
	return byte_at(r, end) == ' ' && (is_upper(byte_at(r, end + 1)) || (uint8_t)byte_at(r, end + 1) >= 0x80);
}

/* "12 Main St." is a street even before a new sentence; "meet Dr. Rao" is none. A house number before the name tells them apart. */
static bool behind_house(const struct reading *r)
{
	size_t at = r->at, from, i;

	for (i = 0; i < 3 && at && r->text[at - 1] == ' ' && word_before(r, at, &from); i++, at = from) {
		if (is_digit(r->text[from]))
			return true;
		if (!is_upper(r->text[from]))
			return false;
	}
	return false;
}

static bool place_is(const struct reading *r, size_t end, enum place place)
{
	switch (place) {
	case PLACE_ANY:
	case PLACE_LAST: return true;
	case PLACE_NAME: return before_name(r, end);
	case PLACE_STREET: return behind_name(r) && (!before_name(r, end) || behind_house(r));
	case PLACE_NUMBER: return blanks_at(r, end) ? is_digit(byte_at(r, end + 1)) : is_digit(byte_at(r, end));
	}
	return false;
}

/* Its bytes, an optional dot included, or 0. */
static size_t abbreviation_at(const struct reading *r, const struct abbreviation *a)
{
	size_t len = strlen(a->text);

	if (is_upper(a->text[0]) ? !text_at(r, r->at, a->text) : !folded_at(r, r->at, a->text))
		return 0;
	if (is_alnum(a->text[len - 1]) && wordy_at(r, r->at + len))
		return 0;
	if (a->text[len - 1] == '.' || a->text[len - 1] == '/')
		return wordy_at(r, r->at + len) && a->text[len - 1] == '.' ? 0 : len;
	return len + (byte_at(r, r->at + len) == '.' && !wordy_at(r, r->at + len + 1));
}

/* Its dot is the sentence's as well. */
static bool dot_stays(const struct reading *r, size_t end, enum place place)
{
	return end == r->len || ((place == PLACE_LAST || place == PLACE_STREET) && sentence_ends(r, end - 1));
}

size_t abbreviation_read(const struct reading *r, struct buf *words)
{
	size_t i, n, end;

	if ((!is_letter(byte_at(r, r->at)) && (uint8_t)byte_at(r, r->at) < 0xe0) || wordy_before(r, r->at))
		return 0;
	for (i = 0; i < sizeof(abbreviations) / sizeof(abbreviations[0]); i++) {
		const struct abbreviation *a = &abbreviations[i];

		n = (r->text[r->at] | 0x20) == (a->text[0] | 0x20) ? abbreviation_at(r, a) : 0;
		end = r->at + n;
		if (!n || !place_is(r, end, a->place))
			continue;
		word_put(words, r->tongue->hindi && a->hindi ? a->hindi : a->say);
		return n - (r->text[end - 1] == '.' && dot_stays(r, end, a->place));
	}
	return 0;
}

/* ---- signs ---- */

static bool number_ended(const struct reading *r)
{
	return r->number_end != SIZE_MAX && (r->number_end == r->at || (r->number_end + 1 == r->at && r->text[r->at - 1] == ' '));
}

static bool number_begins(const struct reading *r, size_t at)
{
	at += blanks_at(r, at);
	return is_digit(byte_at(r, at)) || byte_at(r, at) == '$' || text_at(r, at, "₹") || text_at(r, at, "€") || text_at(r, at, "£") || word_at(r, at, "Rs") ||
		text_at(r, at, "Rs.");
}

/* Between two numbers: a range, a sum, a product. */
static size_t between_read(const struct reading *r, struct buf *words)
{
	static const struct {
		const char *text;
		enum term term;
	} signs[] = { { "-", TERM_TO }, { "–", TERM_TO }, { "—", TERM_TO }, { "+", TERM_PLUS }, { "*", TERM_TIMES }, { "×", TERM_TIMES },
		{ "=", TERM_EQUALS } };
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (text_at(r, r->at, signs[i].text) && number_begins(r, r->at + strlen(signs[i].text))) {
			term_put(words, r->tongue, signs[i].term);
			return strlen(signs[i].text);
		}
	return 0;
}

static bool is_alone(const struct reading *r)
{
	return r->at && r->text[r->at - 1] == ' ' && byte_at(r, r->at + 1) == ' ';
}

size_t symbol_read(const struct reading *r, struct buf *words)
{
	char c = r->text[r->at];
	enum term term = TERM_COUNT;
	size_t between;

	if (is_alnum(c) || c == ' ')
		return 0;
	if (c == '/' && r->at && (is_alnum(r->text[r->at - 1]) || (uint8_t)r->text[r->at - 1] >= 0x80 || r->text[r->at - 1] == ' '))
		return per_read(r, words);
	between = number_ended(r) ? between_read(r, words) : 0;
	if (between)
		return between;
	if (text_at(r, r->at, "&amp;")) {
		term_put(words, r->tongue, TERM_AND);
		return strlen("&amp;");
	}
	if (c == '&' && (is_alone(r) || (is_upper(byte_at(r, r->at + 1)) && r->at && is_upper(r->text[r->at - 1]))))
		term = TERM_AND;
	else if (c == '@' && is_alone(r))
		term = TERM_AT;
	else if (c == '=' && is_alone(r))
		term = TERM_EQUALS;
	else if (c == '#' && is_digit(byte_at(r, r->at + 1)))
		term = TERM_NUMBER;
	else if (c == '+' && is_digit(byte_at(r, r->at + 1)) && !wordy_before(r, r->at))
		term = TERM_PLUS;
	else if (c == '.' && is_digit(byte_at(r, r->at + 1)) && (!r->at || is_blank(r->text[r->at - 1])))
		term = TERM_POINT;
	else if (c == '~' && (is_digit(byte_at(r, r->at + 1)) || byte_at(r, r->at + 1) == '$' || text_at(r, r->at + 1, "₹")))
		term = TERM_ABOUT;
	if (term == TERM_COUNT)
		return 0;
	term_put(words, r->tongue, term);
	return 1;
}

/* Telephone numbers as they are said: all of a number is masked or none of it, and the value is the number. Then what is no number and
 * stays, and numbers that come in pieces. The numbers are reserved ones or made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact/redact.h"

#define PHONE_Q "What is your phone number?"
#define LONDON "zero two zero seven nine four six zero nine five eight"
#define LONDON_ABROAD "four four two zero seven nine four six zero nine five eight"
#define BERLIN "zero one five one two three four five six seven eight nine"
#define MUMBAI "nine eight seven six five four three two one zero"
#define DELHI "eight seven six five four three two one zero nine"
#define VEGAS "seven zero two five five five zero one four three"

/* What the caller says in a call of that language, after that question; what the model is shown, and the values behind it. */
struct heard {
	const char *language, *question, *text, *shown, *values;
};

static const struct heard numbers[] = {
	/* whole, spoken */
	{ "de-DE", PHONE_Q, BERLIN, "[PHONE_1]", "+4915123456789" },
	{ "de-DE", "", BERLIN, "[PHONE_1]", "+4915123456789" },
	{ "en-IN", PHONE_Q, BERLIN, "[PHONE_1]", "015123456789" },
	{ "en", "", "my mobile is " BERLIN, "my mobile is [PHONE_1]", "015123456789" },
	{ "de-DE", PHONE_Q, "zero one five one two three four five six seven eight", "[PHONE_1]", "+491512345678" },
	{ "en-US", PHONE_Q, LONDON_ABROAD, "[PHONE_1]", "+442079460958" },
	{ "en-GB", "", LONDON_ABROAD, "[PHONE_1]", "+442079460958" },
	{ "en-IN", "", "it is " LONDON_ABROAD " thanks", "it is [PHONE_1] thanks", "+442079460958" },
	{ "en-GB", "", LONDON, "[PHONE_1]", "+442079460958" },
	{ "en-GB", "", "ring " LONDON " after six", "ring [PHONE_1] after six", "+442079460958" },
	{ "en-US", PHONE_Q, LONDON, "[PHONE_1]", "02079460958" },
	{ "en-IN", "", "nine one " MUMBAI, "[PHONE_1]", "+919876543210" },
	{ "de-DE", PHONE_Q, "four nine one five one two three four five six seven eight nine", "[PHONE_1]", "+4915123456789" },
	{ "fr-FR", PHONE_Q, "zero one nine nine zero zero one two three four", "[PHONE_1]", "0199001234" },
	{ "fr-FR", "", "plus three three one nine nine zero zero one two three four", "[PHONE_1]", "+33199001234" },
	{ "en-US", PHONE_Q, "seven nine four six zero nine five eight", "[PHONE_1]", "79460958" },
	/* an "oh" */
	{ "de-DE", PHONE_Q, "oh one five one two three four five six seven eight nine", "[PHONE_1]", "+4915123456789" },
	{ "en-US", PHONE_Q, "oh one five one two three four five six seven eight nine", "[PHONE_1]", "015123456789" },
	{ "en-GB", PHONE_Q, "oh two oh seven nine four six oh nine five eight", "[PHONE_1]", "+442079460958" },
	{ "en-GB", "", "it's oh two oh seven nine four six oh nine five eight", "it's [PHONE_1]", "+442079460958" },
	{ "en-US", "", "oh " VEGAS, "[PHONE_1]", "+17025550143" },
	{ "en-US", PHONE_Q, "oh, " VEGAS, "oh, [PHONE_1]", "+17025550143" },
	{ "en-IN", "", "nine eight seven six five four three two one oh", "[PHONE_1]", "+919876543210" },
	{ "en-IN", PHONE_Q, "five five five one two one oh", "[PHONE_1]", "5551210" },
	/* "hundred" */
	{ "en-US", PHONE_Q, "one eight hundred five five five zero one four three", "[PHONE_1]", "+18005550143" },
	{ "en-US", "", "one eight hundred five five five zero one four three", "[PHONE_1]", "+18005550143" },
	{ "en-US", "", "call one eight hundred, 555, 0143", "call [PHONE_1]", "+18005550143" },
	{ "en-US", "", "eight hundred five five five zero one four three", "[PHONE_1]", "+18005550143" },
	{ "en-GB", PHONE_Q, "oh eight hundred four nine six oh nine five eight", "[PHONE_1]", "+448004960958" },
	{ "en-GB", "", "my number is oh seven seven double oh nine hundred one two three", "my number is [PHONE_1]", "+447700900123" },
	{ "en-GB", PHONE_Q, "oh seven seven double oh nine hundred one two three", "[PHONE_1]", "+447700900123" },
	{ "en-GB", "", "oh seven seven hundred nine hundred one two three", "[PHONE_1]", "+447700900123" },
	{ "en-US", "", "call me on plus four four seven seven hundred nine hundred one two three", "call me on [PHONE_1]", "+447700900123" },
	{ "en-US", "", "my phone number is five five five one thousand", "my phone number is [PHONE_1]", "5551000" },
	{ "en-US", "", "my number is four one five five five five nine thousand", "my number is [PHONE_1]", "+14155559000" },
	{ "en-US", PHONE_Q, "four one five five five five twenty one hundred", "[PHONE_1]", "+14155552100" },
	{ "en-US", PHONE_Q, "four one five, five five five, 9 thousand", "[PHONE_1]", "+14155559000" },
	{ "en-US", "", "my number's seven oh two five five five a hundred and thirty two", "my number's [PHONE_1]", "702555132" },
	{ "en-US", PHONE_Q, "seven oh two five five five nine thousand and twelve", "[PHONE_1]", "+17025559012" },
	{ "en-US", PHONE_Q, "seven oh two five five five nine thousand one hundred twelve", "[PHONE_1]", "+17025559112" },
	{ "en-GB", "", "zero eight hundred one two three four five six", "[NUMBER_1]", "0800123456" },
	{ "en-US", "", "my card is fifty five hundred zero zero zero zero zero zero zero zero zero zero zero four", "my card is [CARD_1]", "5500000000000004" },
	{ "en-US", "", "card number four thousand one hundred eleven eleven eleven eleven eleven eleven eleven", "card number [CARD_1]", "4111111111111111" },
	{ "en-US", "", "card number four thousand one hundred eleven eleven eleven eleven eleven eleven twelve", "card number [NUMBER]", "" },
	{ "en-US", "", "my card is four five six seven eight nine hundred", "my card is [NUMBER_1]", "45678900" },
	{ "en-IN", "", MUMBAI " and five hundred", "[PHONE_1] and five hundred", "+919876543210" },
	/* dots, an extension */
	{ "en-IN", "", "4111.1111.1111.1111", "[CARD_1]", "4111111111111111" },
	{ "en-US", "", "+1.415.555.0132", "[PHONE_1]", "+14155550132" },
	{ "en-US", "", "it's 1.415.555.0132.", "it's [PHONE_1].", "+14155550132" },
	{ "en-US", "", "+44.20.7946.0958", "[PHONE_1]", "+442079460958" },
	{ "en-US", "", "415.555.0132", "[PHONE_1]", "+14155550132" },
	{ "en-US", "", "415.555.0132, 415.555.0143", "[PHONE_1], [PHONE_2]", "+14155550132 +14155550143" },
	{ "en-US", "", "415-555-0132x22", "[PHONE_1]x[NUMBER_1]", "+14155550132 22" },
	{ "en-US", "", "(415) 555-0132 ext. 22", "[PHONE_1] ext. [NUMBER_1]", "+14155550132 22" },
	/* with a plus or 00 */
	{ "en-US", "", "zero zero " LONDON_ABROAD, "[PHONE_1]", "+442079460958" },
	{ "en-IN", "", "double zero " LONDON_ABROAD, "[PHONE_1]", "+442079460958" },
	{ "en-US", "", "0044 20 7946 0958", "[PHONE_1]", "+442079460958" },
	{ "de-DE", PHONE_Q, "0033 1 99 00 12 34", "[PHONE_1]", "+33199001234" },
	{ "en-US", "", "plus " LONDON_ABROAD, "[PHONE_1]", "+442079460958" },
	{ "en-IN", "", "+49 151 23456789", "[PHONE_1]", "+4915123456789" },
	/* with a card's or an Aadhaar number's checksum, by chance */
	{ "de-DE", "", "+4915123456704", "[PHONE_1]", "+4915123456704" },
	{ "de-DE", PHONE_Q, "four nine one five one two three four five six seven zero four", "[PHONE_1]", "+4915123456704" },
	{ "en-GB", PHONE_Q, "four four two zero seven nine four six zero nine zero three", "[PHONE_1]", "+442079460903" },
	/* two of them */
	{ "en-IN", "", MUMBAI " and " DELHI, "[PHONE_1] and [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", PHONE_Q, MUMBAI ", " DELHI, "[PHONE_1], [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", "", MUMBAI " " DELHI, "[PHONE_1] [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", "", MUMBAI " or " DELHI, "[PHONE_1] or [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", "", "9876543210 + 8765432109", "[PHONE_1] + [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", "", MUMBAI " plus " DELHI, "[PHONE_1] plus [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", "", "+919876543210, +442079460958", "[PHONE_1], [PHONE_2]", "+919876543210 +442079460958" },
	{ "en-IN", "", "+919876543210 +442079460958", "[PHONE_1] [PHONE_2]", "+919876543210 +442079460958" },
	{ "en-GB", "", LONDON " and " LONDON_ABROAD, "[PHONE_1] and [PHONE_1]", "+442079460958 +442079460958" },
	{ "en-US", PHONE_Q, "555 0132 and 555 0143", "[PHONE_1] and [PHONE_2]", "5550132 5550143" },
	{ "en-US", PHONE_Q, "5550132, 5550143", "[PHONE_1], [PHONE_2]", "5550132 5550143" },
	{ "de-DE", PHONE_Q, BERLIN " and oh one six oh nine eight seven six five four three two", "[PHONE_1] and [PHONE_2]", "+4915123456789 +4916098765432" },
	{ "en-IN", "", MUMBAI " aur " DELHI, "[PHONE_1] aur [PHONE_2]", "+919876543210 +918765432109" },
	{ "en-IN", "", MUMBAI " and five five five zero one four three", "[PHONE_1] and [PHONE_2]", "+919876543210 5550143" },
	/* one in groups */
	{ "en-IN", "", "nine eight seven six, five four three two one zero", "[PHONE_1]", "+919876543210" },
	{ "en-IN", "", "double nine eight seven triple six five four three", "[PHONE_1]", "+919987666543" },
	{ "en-GB", PHONE_Q, "oh seven seven double zero, nine double zero, one two three", "[PHONE_1]", "+447700900123" },
	{ "en-IN", "", "98765 four three two one zero", "[PHONE_1]", "+919876543210" },
	{ "en-IN", "", "nine eight seven six and five four three two and one zero", "[PHONE_1]", "+919876543210" },
	{ "de-DE", PHONE_Q, "0151 23456789", "[PHONE_1]", "+4915123456789" },
	/* not surely whole: masked whole */
	{ "en-IN", PHONE_Q, MUMBAI " three", "[PHONE_1]", "98765432103" },
	{ "en-IN", "", MUMBAI " three", "[PHONE_1]", "98765432103" },
	{ "en-US", PHONE_Q, VEGAS " two two", "[PHONE_1]", "702555014322" },
	{ "en-IN", PHONE_Q, "9876543210 seven six", "[PHONE_1]", "987654321076" },
	{ "en-IN", PHONE_Q, "98765 43210 7", "[PHONE_1]", "98765432107" },
	{ "en-IN", "", "card 4111 1111 1111 1111 7 3", "card [CARD_1] [NUMBER_1]", "4111111111111111 73" },
	{ "en-IN", "", MUMBAI " " MUMBAI " five", "[NUMBER]", "" },
	/* beside something that is none of it */
	{ "en-IN", "", MUMBAI " and twenty five", "[PHONE_1] and twenty five", "+919876543210" },
	{ "en-IN", "", "9876543210, 2 times", "[PHONE_1], 2 times", "+919876543210" },
	{ "en-IN", "", "9876543210 10 to 5", "[PHONE_1] 10 to 5", "+919876543210" },
	{ "en-IN", "", "560001 and 9876543210", "560001 and [PHONE_1]", "+919876543210" },
};

/* What stays as it is, whoever says it. */
static const struct heard others[] = {
	{ "en-IN", "", "two thousand five hundred", NULL, NULL }, { "en-US", "", "five hundred", NULL, NULL },
	{ "en-US", "", "one hundred twenty five dollars", NULL, NULL }, { "en-US", PHONE_Q, "two hundred", NULL, NULL },
	{ "en-US", "", "three hundred and fifty", NULL, NULL }, { "en-US", "", "one eight hundred", NULL, NULL },
	{ "en-GB", "", "eight hundred five five five", NULL, NULL }, { "en-IN", "", "one lakh twenty three thousand four hundred fifty six rupees", NULL, NULL },
	{ "en-US", "", "one two three", NULL, NULL }, { "en-US", PHONE_Q, "one two three", NULL, NULL }, { "en-US", "", "one, two, three, four, five", NULL, NULL },
	{ "en-GB", "", "oh one two three", NULL, NULL }, { "en-GB", "", "oh, twenty five", NULL, NULL }, { "en-US", "", "oh oh oh oh", NULL, NULL },
	{ "en-US", "", "2026-11-23 and 2026-11-24", NULL, NULL }, { "en-US", "", "14/08/2031 10:30", NULL, NULL },
	{ "en-US", "", "on the fourteenth of august twenty twenty six", NULL, NULL }, { "en-US", "", "ten thirty or eleven fifteen", NULL, NULL },
	{ "en-US", "", "nineteen eighty four and twenty twenty six", NULL, NULL }, { "en-US", "", "I am thirty four and she is twenty nine", NULL, NULL },
	{ "en-US", "", "three of us plus two children", NULL, NULL }, { "en-US", "", "two plus two and three plus four", NULL, NULL },
	{ "en-IN", "", "room 421 and 422 and 423", NULL, NULL }, { "en-IN", "", "pin code 560001", NULL, NULL },
	{ "en-IN", "What is your order number?", "order number 9876543210", NULL, NULL }, { "en-IN", "", "order 0012345678", NULL, NULL },
	{ "de-DE", "", "order number " BERLIN, NULL, NULL }, { "en-GB", "", "ticket " LONDON, NULL, NULL },
	{ "en-GB", "", "reference " LONDON_ABROAD, NULL, NULL }, { "en-US", "", "invoice 442079460958", NULL, NULL },
	{ "en-US", "", "order 1 800 555 0143", NULL, NULL }, { "en-IN", "", "tracking number 9876543210 and 8765432109", NULL, NULL },
	{ "en-US", "", "12,500 and 13,750", NULL, NULL }, { "en-US", "", "between 4500 and 5000", NULL, NULL },
	{ "en-US", "", "7 8 9", NULL, NULL }, { "en-US", "", "from nine to five", NULL, NULL }, { "en-IN", "", "nau se paanch", NULL, NULL },
	{ "en-IN", "", "do ya teen", NULL, NULL }, { "en-US", "", "a hundred and one", NULL, NULL }, { "en-US", "How many?", "4500", NULL, NULL },
	{ "en-US", "", "nine hundred and twenty dollars", NULL, NULL }, { "en-US", "", "three hundred people", NULL, NULL },
	{ "en-US", "", "nineteen hundred hours", NULL, NULL }, { "en-US", PHONE_Q, "two hundred and fifty thousand", NULL, NULL },
	{ "en-US", PHONE_Q, "two thousand five hundred and three thousand", NULL, NULL },
	{ "en-US", "", "call me about two thousand five hundred dollars", NULL, NULL }, { "en-US", "", "call me if it is over twelve hundred and fifty", NULL, NULL },
	{ "en-US", "", "my card has a limit of nine hundred thousand", NULL, NULL }, { "en-US", "", "two thousand one, two thousand two, two thousand three", NULL, NULL },
	{ "en-US", "", "two thousand and twenty six and two thousand and twenty seven and two thousand and twenty eight", NULL, NULL },
	{ "en-IN", "", "between six thousand five hundred and five hundred thousand", NULL, NULL }, { "en-IN", "", "6500 and five hundred thousand", NULL, NULL },
	{ "en-US", "", "one hundred, two hundred, three hundred, four hundred", NULL, NULL }, { "en-US", "", "one two three hundred", NULL, NULL },
	{ "en-US", "", "order number four five six seven nine hundred", NULL, NULL }, { "en-US", "", "between nine hundred and a thousand", NULL, NULL },
	{ "en-US", "", "a hundred five times", NULL, NULL }, { "en-US", "", "one in a hundred thousand", NULL, NULL },
	{ "en-US", "", "firmware 192.168.100.200", NULL, NULL }, { "en-US", "", "version 10.0.19041.1237", NULL, NULL }, { "en-US", "", "1920x1080", NULL,
	NULL },
	{ "en-US", "", "4.1111.1111.1111", NULL, NULL }, { "en-US", PHONE_Q, "two two two a hundred", NULL, NULL }, { "en-US", "", "a 6x4 print, 20 x 30 cm", NULL, NULL },
};

static void shown_and_values(const struct heard *h, bool caller, char shown[512], char values[512])
{
	const struct redact_context context = { .language = h->language, .question = h->question, .question_len = strlen(h->question), .caller = caller };
	struct redact_found found;
	struct redact_map *m;
	struct redacted *r;
	size_t i, at = 0;

	assert_int_equal(redact_map_new(&m), ERR_NONE);
	assert_int_equal(redact_find(h->text, strlen(h->text), &context, &found), ERR_NONE);
	assert_int_equal(redact_apply(m, h->text, strlen(h->text), &found, &r), ERR_NONE);
	snprintf(shown, 512, "%s", redacted_text(r));
	*values = 0;
	for (i = 0; i < found.count; i++)
		if (!found.entities[i].held)
			at += (size_t)snprintf(values + at, 512 - at, "%s%s", at ? " " : "", found.entities[i].value);
	redacted_free(&r);
	redact_map_free(&m);
}

static void every_digit_of_a_number_is_masked(void **state)
{
	char shown[512], values[512];
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		shown_and_values(&numbers[i], true, shown, values);
		if (!strcmp(shown, numbers[i].shown) && !strcmp(values, numbers[i].values))
			continue;
		print_error("%s \"%s\": %s (%s)\n", numbers[i].language, numbers[i].text, shown, values);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void what_is_no_number_stays(void **state)
{
	char shown[512], values[512];
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < 2 * sizeof(others) / sizeof(others[0]); i++) {
		shown_and_values(&others[i / 2], i % 2, shown, values);
		if (!strcmp(shown, others[i / 2].text))
			continue;
		print_error("%s \"%s\": %s (%s)\n", others[i / 2].language, others[i / 2].text, shown, values);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* The words of a text. */
static size_t words_of(const char *text, const char *words[64])
{
	size_t count = 0;

	for (; *text; text += strspn(text, " ")) {
		assert_true(count < 64);
		words[count++] = text;
		text += strcspn(text, " ");
	}
	return count;
}

static const char *const dictated[][3] = { /* language, words, value */
	{ "de-DE", BERLIN, "+4915123456789" }, { "en-IN", BERLIN, "015123456789" }, { "en-US", LONDON_ABROAD, "+442079460958" },
	{ "en-GB", LONDON, "+442079460958" }, { "en-IN", MUMBAI, "+919876543210" }, { "en-US", VEGAS, "+17025550143" },
	{ "de-DE", "oh one five one two three four five six seven eight nine", "+4915123456789" },
	{ "en-US", "one eight hundred five five five zero one four three", "+18005550143" },
	{ "en-GB", "oh seven seven double oh nine hundred one two three", "+447700900123" },
};

/* However much of it was heard yet: three digits and more are masked, and none of them beside the placeholder. What may go on has no number. */
static void a_partial_shows_no_digit(void **state)
{
	const struct redact_context asked = { .question = PHONE_Q, .question_len = strlen(PHONE_Q), .caller = true, .partial = true };
	const char *words[64];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(dictated) / sizeof(dictated[0]); i++) {
		size_t count = words_of(dictated[i][1], words);

		for (k = 3; k <= count; k++) {
			const char *text = dictated[i][1];
			size_t len = k < count ? (size_t)(words[k] - text) - 1 : strlen(text);
			struct redact_context context = asked;
			struct redact_found found;

			if ((k < 5 && len >= 7 && !memcmp(text + len - 7, "hundred", 7)) || !memcmp(text + len - 6, "double", 6))
				continue; /* of what, is still to come */
			context.language = dictated[i][0];
			assert_int_equal(redact_find(text, len, &context, &found), ERR_NONE);
			if (memmem(text, len, "hundred five", 12) && !memmem(text, len, "hundred five five five", 22))
				continue;
			if (found.count != 1 || found.entities[0].start || found.entities[0].end != len)
				fail_msg("\"%.*s\"", (int)len, text);
			if (!found.entities[0].held && strcmp(found.entities[0].value, dictated[i][2]) != 0)
				assert_true(found.entities[0].type == REDACT_PHONE && strlen(found.entities[0].value) >= 10); /* whole, as far as anybody can know */
		}
	}
}

/* Said in two turns, cut anywhere behind its third digit: both are masked, and the second has the value where its country is known. */
static void a_number_over_two_turns_is_whole(void **state)
{
	const char *words[64];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(dictated) / sizeof(dictated[0]); i++) {
		const char *text = dictated[i][1];
		size_t count = words_of(text, words);

		if (strstr(text, "hundred"))
			continue; /* "one eight" and "hundred …" are nothing by themselves */
		for (k = 4; k + 1 < count; k++) {
			size_t first = (size_t)(words[k] - text) - 1;
			struct redact_context context = { .language = dictated[i][0], .question = PHONE_Q, .question_len = strlen(PHONE_Q), .caller = true };
			struct redact_found found;

			assert_int_equal(redact_find(text, first, &context, &found), ERR_NONE);
			if (found.count != 1 || found.entities[0].start || found.entities[0].end != first)
				fail_msg("\"%.*s\"", (int)first, text);
			context.earlier = text;
			context.earlier_len = first;
			assert_int_equal(redact_find(words[k], strlen(words[k]), &context, &found), ERR_NONE);
			if (found.count != 1 || found.entities[0].start || found.entities[0].end != strlen(words[k]) ||
				(*dictated[i][2] == '+' && strcmp(found.entities[0].value, dictated[i][2]) != 0))
				fail_msg("\"%.*s\" | \"%s\": %s", (int)first, text, words[k], found.count ? found.entities[0].value : "nothing");
		}
	}
}

/* A number with another name stays as it was said, without a country; with a plus, or called a phone by the caller, it is one. */
static void a_number_with_another_name_has_no_country(void **state)
{
	static const struct heard cases[] = {
		{ "en-GB", "What is your customer number? It has eleven digits.", "07911123456", "[NUMBER_1]", "07911123456" },
		{ "en-GB", "What is your customer number?", "oh seven nine one one one two three four five six", "[NUMBER_1]", "07911123456" },
		{ "en-IN", "Please tell me the ten digits on your letter.", "98765 43210", "[NUMBER_1]", "9876543210" },
		{ "en-GB", "What is your customer number?", "my phone number is 07911123456", "my phone number is [PHONE_1]", "+447911123456" },
		{ "en-GB", "What is your customer number?", "+44 7911 123456", "[PHONE_1]", "+447911123456" },
		{ "en-GB", "What is your phone number? It is not your customer number that we need.", "07911123456", "[PHONE_1]", "+447911123456" },
		{ "en-GB", "What is your number?", "07911123456", "[PHONE_1]", "+447911123456" },
	};
	char shown[512], values[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shown_and_values(&cases[i], true, shown, values);
		assert_string_equal(shown, cases[i].shown);
		assert_string_equal(values, cases[i].values);
	}
	assert_true(redact_asks_other_number("Your policy number, please.", 27));
	assert_false(redact_asks_other_number("Your mobile number, please.", 27));
}

/* A day of birth that is said anew is not put together with what was said before. */
static void a_day_of_birth_is_said_anew(void **state)
{
	static const char question[] = "What is your date of birth?";
	static const char *const cases[][3] = { { "October 1975", "the 9th of October 1975", "1975-10-09" }, { "March 2001", "the eighth of March 2001",
		"2001-03-08" },
		{ "October 1975", "the third of May 1988", "1988-05-03" }, { "the ninth of October", "1975", "1975-10-09" }, { "9", "10 11 1975", "1975-11-10" },
		{ "October ninth", "the nineteenth of October 1975", "1975-10-19" }, { "October 9", "19 October 1975", "1975-10-19" },
		{ "", "October nineteen nineteen seventy five", "1975-10-19" }, { "", "October nineteenth seventy five", "1975-10-19" },
		{ "", "October nineteen seventy five", NULL }, { "", "May twenty twelve", NULL } };
	struct redact_found found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct redact_context context = { .language = "en-GB", .question = question, .question_len = strlen(question), .caller = true, .earlier = cases[i][0],
			.earlier_len = strlen(cases[i][0]) };

		assert_int_equal(redact_find(cases[i][1], strlen(cases[i][1]), &context, &found), ERR_NONE);
		assert_int_equal(found.count, cases[i][2] ? 1 : 0);
		if (cases[i][2])
			assert_string_equal(found.entities[0].value, cases[i][2]);
	}
}

/* What is said before its "nine hundred" is a number's beginning in the turn before. */
static void an_amount_may_go_on_from_a_turn(void **state)
{
	const struct redact_context context = { .language = "en-GB", .question = PHONE_Q, .question_len = strlen(PHONE_Q), .caller = true,
		.earlier = "oh seven seven double oh", .earlier_len = 24 };
	static const char text[] = "nine hundred one two three";
	struct redact_found found;

	(void)state;
	assert_int_equal(redact_find(text, strlen(text), &context, &found), ERR_NONE);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.entities[0].start, 0);
	assert_int_equal(found.entities[0].end, strlen(text));
	assert_string_equal(found.entities[0].value, "+447700900123");
}

/* One item over a turn's end ("quadruple", then "nine") parts no two numbers. */
static void an_item_may_go_on_from_a_turn(void **state)
{
	const struct redact_context context = { .language = "en-US", .question = "And then?", .question_len = 9, .caller = true, .earlier = "quadruple",
		.earlier_len = 9 };
	struct redact_found found;

	(void)state;
	assert_int_equal(redact_find("nine", 4, &context, &found), ERR_NONE);
	assert_int_equal(found.count, 0);
}

/* The number was whole; what is said next answers something else. */
static void the_next_answer_is_another(void **state)
{
	static const char *const said[][3] = { /* language, the turn before, this one */
		{ "en-US", "my phone is 555 0143", "five" }, { "de-DE", "zero one five one two three four five six seven eight", "nine" },
		{ "en-IN", MUMBAI, "four" }, { "en-IN", "my number is " MUMBAI, "two of us" }, { "en-GB", LONDON, "at eleven thirty" },
		{ "en-IN", MUMBAI, "five hundred" }, { "en-US", "my phone is 555 0143", "two thousand five hundred" },
	};
	static const char question[] = "And how many of you will come?";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const struct redact_context context = { .language = said[i][0], .question = question, .question_len = strlen(question), .caller = true,
			.earlier = said[i][1], .earlier_len = strlen(said[i][1]) };
		struct redact_found found;

		assert_int_equal(redact_find(said[i][2], strlen(said[i][2]), &context, &found), ERR_NONE);
		if (found.count)
			fail_msg("\"%s\" | \"%s\": %s", said[i][1], said[i][2], found.entities[0].value);
	}
}

/* Too short, and asked for again: what is said then is not its end. */
static void a_number_that_was_refused_is_forgotten(void **state)
{
	static const char question[] = "I need 7 to 15 digits. Please say your phone number once more.";
	const struct redact_context context = { .language = "en-US", .question = question, .question_len = strlen(question), .caller = true, .earlier = "1111",
		.earlier_len = 4 };
	struct redact_found found;

	(void)state;
	assert_int_equal(redact_find("555 0143", 8, &context, &found), ERR_NONE);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.entities[0].value, "5550143");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_digit_of_a_number_is_masked),
		cmocka_unit_test(what_is_no_number_stays),
		cmocka_unit_test(a_partial_shows_no_digit),
		cmocka_unit_test(a_number_over_two_turns_is_whole),
		cmocka_unit_test(an_amount_may_go_on_from_a_turn),
		cmocka_unit_test(a_number_with_another_name_has_no_country),
		cmocka_unit_test(a_day_of_birth_is_said_anew),
		cmocka_unit_test(an_item_may_go_on_from_a_turn),
		cmocka_unit_test(the_next_answer_is_another),
		cmocka_unit_test(a_number_that_was_refused_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

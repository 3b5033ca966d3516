/* Redaction of what was begun twice: the last words of a recogniser that died come again, and people begin anew. Nothing of such a value is left in
 * clear, and a tool gets it as it was said last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "redact/redact.h"

struct said {
	const char *text, *masked, *value;
};

static const struct said addresses[] = {
	{ "omar at example dot at example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "it is omar at example dot sorry at example dot com thanks", "it is [EMAIL_1] thanks", "omar@example.com" },
	{ "o m a r at example dot at example dot at example dot com hello", "[EMAIL_1] hello", "omar@example.com" },
	{ "omar at example dot omar at example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at example dot sorry oman at example dot com", "[EMAIL_1]", "oman@example.com" },
	{ "omar at exam at example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at omar at example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at at example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at example dot example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at example dot com dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at example dot com at example dot com", "[EMAIL_1]", "omar@example.com" },
	{ "omar at example dot um com", "[EMAIL_1]", "omar@example.com" },
	{ "john dot john dot doe at example dot com", "[EMAIL_1]", "john.doe@example.com" },
	{ "john dot doe sorry doe at example dot com", "[EMAIL_1]", "john.doe@example.com" },
	{ "omar at ok omar at ok axis", "[UPI_1]", "omar@okaxis" },
	{ "omar at example dot at", "[EMAIL_1] at", "omar@example." },
	{ "team dash lead at the rate of rate of mail dot example dot net", "[EMAIL_1]", "team-lead@mail.example.net" },
	{ "r dot verma sorry dot verma at the rate gmail dot com", "[EMAIL_1]", "r.verma@gmail.com" },
	{ "anil dot sorry dot k at example dot org", "[EMAIL_1]", "anil.k@example.org" },
	{ "mohan at ok ok sbi", "[UPI_1]", "mohan@oksbi" },
};

static const struct said numbers[] = {
	{ "four one one one, one one one one, one one one one, one one one one, one one one one, one one one one", "[CARD_1]", "4111111111111111" },
	{ "card 4111 1111 1111 1111 1111", "card [CARD_1]", "4111111111111111" },
	{ "nine eight seven six five four three two one zero three two one zero", "[PHONE_1]", "+919876543210" },
	{ "nine eight seven six five seven six five four three two five four three two one zero", "[PHONE_1]", "+919876543210" },
	{ "9876543210 43210", "[PHONE_1]", "+919876543210" },
	{ "my aadhaar is 2341 2341 2346 2346", "my aadhaar is [AADHAAR_1]", "234123412346" },
	{ "my otp is 4829 1 4829 1", "my otp is [OTP_1]", "48291" },
	{ "my cvv is one two three two three", "my cvv is [CVV]", "123" },
	{ "pan is A B C P E 1 2 3 4 F 1 2 3 4 F", "pan is [PAN_1]", "ABCPE1234F" },
	{ "pan A B C P E 1 2 A B C P E 1 2 3 4 F", "pan [PAN_1]", "ABCPE1234F" },
	{ "my pan is A B C P E 1 2 P E 1 2 3 4 F", "my pan is [PAN_1]", "ABCPE1234F" },
	{ "the card expires march twenty sorry march twenty twenty eight", "the card expires [CARD_EXPIRY_1]", "03/28" },
	{ "voter id H for house Q for queen house Q for queen C for cat two nine seven two six six seven", "voter id [VOTER_ID_1]", "HQC2972667" },
	{ "gaadi ka number M H one four G Y six two two zero five", "gaadi ka number [VEHICLE]", NULL }, /* 6220 or 6205: nobody can tell */
};

/* Two repeats in one value, three, and one that was begun, left and begun anew: nothing stays in clear, also where nobody can tell the value. */
static const struct said several[] = {
	{ "please charge 4242 7368 charge 4242 7368 charge 4242 7368 1930 3644", "please charge [CARD_1]", "4242736819303644" },
	{ "my GST number is three three K F three three K F Y H three K F Y H S eight nine six seven V two Z P, thanks", "my GST number is [GSTIN_1], thanks", "33KFYHS8967V2ZP" },
	{ "the card expires march twenty twenty sorry twenty eight", "the card expires [CARD_EXPIRY]", NULL },
	{ "my date of birth is fourteen august nineteen nineteen ninety sorry ninety one", "my date of birth is [DOB]", NULL },
	{ "I was born on nine february february february ninety nine", "I was born on [DOB_1]", "1999-02-09" },
	{ "card ka number paanch ek ek shunya shunya number paanch ek shunya shunya chhe shunya shunya char chhe saat char shunya shunya teen do chhe hai",
		"card ka number [NUMBER] number [CARD_1] hai", NULL },
	{ "my PAN is V for van P for parrot J for jug P for parrot parrot J for jug P for parrot F for fan eight seven zero seven parrot F for fan eight seven zero seven A for apple",
		"my PAN is [PAN_1]", "VPJPF8707A" },
};

/* What is said so, nothing was begun twice in. */
static const struct said once[] = {
	{ "omar at example dot com or sara at example dot com", "[EMAIL_1] or [EMAIL_2]", "omar@example.com" },
	{ "b a r b a r a at example dot com", "[EMAIL_1]", "barbara@example.com" },
	{ "omar at example dot com omar at example dot com", "[EMAIL_1] [EMAIL_1]", "omar@example.com" },
	{ "9876543210 9876543210", "[PHONE_1] [PHONE_1]", "+919876543210" },
	{ "call nine eight nine eight nine eight nine eight nine eight", "call [PHONE_1]", "+919898989898" },
	{ "account number 123 123 456 789", "account number [BANK_ACCT_1]", "123123456789" },
	{ "GSTIN is 33ENXFT0699B1 Z Z for the invoice", "GSTIN is [GSTIN_1] for the invoice", "33ENXFT0699B1ZZ" },
	{ "the IFSC code is I C I C 0 2 8 7 5 4 5", "the IFSC code is [IFSC_1]", "ICIC0287545" },
	{ "meet me at work at the station", "meet me at work at the station", NULL },
	{ "India won India won India won by six wickets", "India won India won India won by six wickets", NULL },
	{ "four one five five five five zero one three two is my phone", "[PHONE_1] is my phone", NULL },
	{ "I was born in a I was born in a small town", "I was born in a I was born in a small town", NULL },
};

static void expect(const struct said *said, size_t count)
{
	const struct redact_context context = { .language = "en-IN", .caller = true };
	struct redact_found found;
	struct redact_map *m;
	struct redacted *r;
	size_t i;

	for (i = 0; i < count; i++) {
		assert_int_equal(redact_find(said[i].text, strlen(said[i].text), &context, &found), ERR_NONE);
		assert_int_equal(redact_map_new(&m), ERR_NONE);
		assert_int_equal(redact_apply(m, said[i].text, strlen(said[i].text), &found, &r), ERR_NONE);
		if (strcmp(redacted_text(r), said[i].masked) != 0)
			print_message("%s\n", said[i].text);
		assert_string_equal(redacted_text(r), said[i].masked);
		if (said[i].value)
			assert_string_equal(found.entities[0].value, said[i].value);
		redacted_free(&r);
		redact_map_free(&m);
	}
}

static void addresses_begun_twice_are_one(void **state)
{
	(void)state;
	expect(addresses, sizeof(addresses) / sizeof(addresses[0]));
}

static void numbers_begun_twice_are_one(void **state)
{
	(void)state;
	expect(numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static void nothing_of_several_repeats_is_left(void **state)
{
	(void)state;
	expect(several, sizeof(several) / sizeof(several[0]));
}

static void what_was_said_once_stays_as_it_is(void **state)
{
	(void)state;
	expect(once, sizeof(once) / sizeof(once[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_begun_twice_are_one),
		cmocka_unit_test(numbers_begun_twice_are_one),
		cmocka_unit_test(nothing_of_several_repeats_is_left),
		cmocka_unit_test(what_was_said_once_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

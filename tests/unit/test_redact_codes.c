/* Identifiers with letters, numbers that only words make something, dates, hosts, names, places: what each form is, what only looks like it; what is
 * held while it is being said, what goes on over a turn, what is said aloud, what never enters a map, which types are looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact/checksum.h"
#include "redact/cues.h"
#include "redact/redact.h"
#include "redact/token.h"

struct sight {
	const char *text, *masked, *question, *earlier;
};

static const struct sight sights[] = {
	{ "my pan is A. B. C. P. E. 1234 F.", "my pan is [PAN_1].", "", "" },
	{ "mera PAN A B C P E ek do teen char F hai", "mera PAN [PAN_1] hai", "", "" },
	{ "A as in alpha B as in bravo C as in charlie P as in papa E as in echo 1 2 3 4 F as in foxtrot", "[PAN_1]", "", "" },
	{ "मेरा पैन ए बी सी पी ई एक दो तीन चार एफ है", "मेरा पैन [PAN_1] है", "", "" },
	{ "my PAN is Y C W C F one one two six M", "my PAN is [PAN_1]", "", "" },
	{ "1 2 3 4 F", "[PAN_1]", "Your PAN, please?", "A B C P E" },
	{ "A B C P E", "[NUMBER_1]", "Your PAN, please?", "" },
	{ "let's do the 24th at ten a m", "let's do the 24th at ten a m", "Your PAN, please?", "" },
	{ "ABCQE1234F is a part", "ABCQE1234F is a part", "", "" },
	{ "XABCPE1234F9", "XABCPE1234F9", "", "" },
	{ "GSTIN 27AAPFU0939F1ZV", "GSTIN [GSTIN_1]", "", "" },
	{ "GSTIN 27AAPFU0939F1ZX", "GSTIN [ID_UNVERIFIED_1]", "", "" },
	{ "part 27AAPFU0939F1ZX", "part 27AAPFU0939F1ZX", "", "" },
	{ "our GST number is 07dcghe1465t2zi for the invoice", "our GST number is [GSTIN_1] for the invoice", "", "" },
	{ "DE89 3704 0044 0532 0130 00 please", "[IBAN_1] please", "", "" },
	{ "the iban is DE88 3704 0044 0532 0130 00", "the iban is [ID_UNVERIFIED_1]", "", "" },
	{ "ifsc sbin zero double zero one two three four", "ifsc [IFSC_1]", "", "" },
	{ "mh 12 ab 1234 gaadi ka number hai", "[VEHICLE_1] gaadi ka number hai", "", "" },
	{ "XX 12 AB 1234 is a part", "XX 12 AB 1234 is a part", "", "" },
	{ "routing number 021000021 account 12345678901", "routing number [ABA_1] account [BANK_ACCT_1]", "", "" },
	{ "routing number 021000022", "routing number [ID_UNVERIFIED_1]", "", "" },
	{ "my SSN is 666 12 3456", "my SSN is [ID_UNVERIFIED_1]", "", "" },
	{ "my account was charged 150000000 rupees", "my account was charged 150000000 rupees", "", "" },
	{ "OTP 4 8 2 9 1 3 no sorry 4 8 2 9 1 5", "OTP [OTP_1]", "", "" },
	{ "ATM pin char do char do hai", "ATM pin [PIN] hai", "", "" },
	{ "order 482913", "order 482913", "What is the OTP?", "" },
	{ "four eight two nine one three", "[OTP_1]", "What is the code we sent to your phone?", "" },
	{ "card number 4111 1111 1111 1111 valid thru 08/29 security code 123", "card number [CARD_1] valid thru [CARD_EXPIRY_1] security code [CVV]", "", "" },
	{ "the offer expires 08/29", "the offer expires 08/29", "", "" },
	{ "my dob is one four zero eight one nine nine one", "my dob is [DOB_1]", "", "" },
	{ "founded on 14 August 1991", "founded on 14 August 1991", "", "" },
	{ "it is nine two dot one dot one dot one", "it is [IP_1]", "", "" },
	{ "version 192.0.2.1 of it", "version 192.0.2.1 of it", "", "" },
	{ "my name is Asha Rao and I called", "my name is [PERSON_1] and I called", "", "" },
	{ "my name is not on the list", "my name is not on the list", "", "" },
	{ "don't worry about calling again, I'm free now", "don't worry about calling again, I'm free now", "", "" },
	{ "मेरा नाम सूची में नहीं है", "मेरा नाम सूची में नहीं है", "", "" },
	{ "it's Neha Gupta", "it's [PERSON_1]", "May I have your name?", "" },
	{ "I'm sleeping", "I'm sleeping", "May I have your name?", "" },
	{ "I live at 22 baker street", "I live at [ADDRESS_1]", "", "" },
	{ "we have a house already", "we have a house already", "What is your address?", "" },
	{ "aadhaar nau nau nau nau double four one zero", "aadhaar [NUMBER_1]", "", "" },
	{ "9876543210, 601", "[PHONE_1], [NUMBER_1]", "", "" },
	{ "my phone is 1234 5678 9012 3456 7890", "my phone is [NUMBER]", "", "" },
	{ "aadhaar do shunya paanch chhe saat saat shunya nau saat chhe aath char", "aadhaar [AADHAAR_1]", "", "" },
	{ "मेरा ईमेल राहुल डॉट वर्मा एट द रेट जीमेल डॉट कॉम है", "मेरा ईमेल [EMAIL_1] है", "", "" },
};

static void mask_with(struct redact_map *m, const char *text, const struct redact_context *context, char out[512])
{
	struct redacted *r;

	assert_int_equal(redact_text(m, text, strlen(text), context, &r), ERR_NONE);
	snprintf(out, 512, "%s", redacted_text(r));
	redacted_free(&r);
}

static void each_form_is_known(void **state)
{
	size_t i, wrong = 0;
	char out[512];

	(void)state;
	for (i = 0; i < sizeof(sights) / sizeof(sights[0]); i++) {
		const struct sight *k = &sights[i];
		const struct redact_context context = { .language = "en-IN", .question = k->question, .question_len = strlen(k->question),
			.earlier = k->earlier,
			.earlier_len = strlen(k->earlier), .caller = true };
		struct redact_map *m;

		assert_int_equal(redact_map_new(&m), ERR_NONE);
		mask_with(m, k->text, &context, out);
		if (strcmp(out, k->masked) != 0) {
			print_error("\"%s\": %s, not %s\n", k->text, out, k->masked);
			wrong++;
		}
		redact_map_free(&m);
	}
	assert_int_equal(wrong, 0);
}

static void checksums_of_codes_hold(void **state)
{
	(void)state;
	assert_true(checksum_gstin("27AAPFU0939F1ZV"));
	assert_false(checksum_gstin("27AAPFU0939F1ZX"));
	assert_true(checksum_iban("GB82WEST12345698765432", 22));
	assert_false(checksum_iban("GB82WEST12345698765431", 22));
	assert_true(checksum_aba("021000021"));
	assert_false(checksum_aba("021000012"));
	assert_false(checksum_aba("000000000"));
}

static void cues_are_sorted_and_found(void **state)
{
	uint8_t value;
	size_t i;

	(void)state;
	for (i = 0; i < cue_words_count; i++) {
		assert_true(!i || strcmp(cue_words[i - 1].word, cue_words[i].word) < 0);
		assert_int_equal(cue_find(cue_words[i].word, strlen(cue_words[i].word), &value), cue_words[i].cue);
		assert_int_equal(value, cue_words[i].value);
		assert_in_range(cue_words[i].cue, 1, CUE_COUNT - 1);
	}
}

/* Every beginning of a sentence, as partials bring them: from the third character of the value on, none of it is left. */
static void a_partial_shows_no_beginning(void **state)
{
	static const struct {
		const char *text;
		size_t from; /* where the value begins */
	} said[] = { { "my PAN is A B C P E 1 2 3 4 F", 10 }, { "the OTP is 4 8 2 9 1 3", 11 }, { "account number is 5 0 1 0 0 2 3 4 5 6 7", 18 },
		{ "my SSN is 5 3 6 9 0 4 3 9 9", 10 } };
	struct redact_context context = { .language = "en-IN", .caller = true, .partial = true };
	struct redact_map *m;
	size_t i, len;
	char out[512];

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		for (len = said[i].from + 5; len < strlen(said[i].text); len += 2) {
			char cut[128];

			snprintf(cut, sizeof(cut), "%.*s", (int)len, said[i].text);
			mask_with(m, cut, &context, out);
			if (!strchr(out, '[') || strlen(strchr(out, ']')) > 1)
				fail_msg("\"%s\": %s", cut, out);
		}
	redact_map_free(&m);
}

static void secrets_of_a_card_enter_no_map(void **state)
{
	const struct redact_context context = { .language = "en-IN" };
	struct redact_map *m;
	char out[512];

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	mask_with(m, "cvv is 737 and my atm pin is 4242", &context, out);
	assert_string_equal(out, "cvv is [CVV] and my atm pin is [PIN]");
	assert_int_equal(redact_map_count(m), 0);
	redact_map_free(&m);
}

static void only_the_types_wanted_are_looked_for(void **state)
{
	const struct redact_context context = { .language = "en-IN", .types = UINT64_C(1) << REDACT_PAN };
	struct redact_map *m;
	char out[512];
	unsigned int i;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	mask_with(m, "PAN ABCPE1234F, phone 9876543210", &context, out);
	assert_string_equal(out, "PAN [PAN_1], phone 9876543210");
	redact_map_free(&m);
	for (i = 1; i < REDACT_TYPE_COUNT; i++)
		assert_int_equal(redact_type_find(redact_type_name((enum redact_type)i)), i);
	assert_int_equal(redact_type_find("PHON"), 0);
}

/* A list of types that need not be masked; a telephone number of no plan may be a part of a card. */
static void some_types_may_be_left_in_clear(void **state)
{
	struct redact_context context = { .language = "en-IN" };
	struct redact_map *m;
	uint64_t clear;
	char out[512];

	(void)state;
	assert_int_equal(redact_clear_read("PHONE, IP", &clear), ERR_NONE);
	assert_int_equal(clear, UINT64_C(1) << REDACT_PHONE | UINT64_C(1) << REDACT_IP);
	assert_int_equal(redact_clear_read("", &clear), ERR_NONE);
	assert_int_equal(clear, 0);
	assert_int_equal(redact_clear_read("PHONE, CARD", &clear), ERR_USAGE);
	assert_int_equal(redact_clear_read("PLATE", &clear), ERR_USAGE);
	context.types = REDACT_TYPES_BUT(UINT64_C(1) << REDACT_PHONE);
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	mask_with(m, "my phone is 9876543210 or two zero two five five five zero one four three or 555 0132", &context, out);
	assert_string_equal(out, "my phone is 9876543210 or two zero two five five five zero one four three or [NUMBER_1]");
	redact_map_free(&m);
}

static void say(const struct redact_map *m, const char *text, const char *language, const char *want)
{
	struct redact_speaker s;
	struct buf out;

	buf_init(&out, 4096);
	redact_speaker_init(&s, language);
	redact_speak(&s, m, text, strlen(text), &out);
	redact_speak_end(&s, &out);
	assert_string_equal(buf_str(&out), want);
	buf_fini(&out);
}

/* What is said aloud, and that the agent's own words are masked again. */
static void a_caller_hears_the_last_four(void **state)
{
	const struct redact_context context = { .language = "en-IN", .caller = true }, ours = { .language = "en-IN", .ours = true };
	struct redact_map *m;
	char out[512];

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	mask_with(m, "card 4111 1111 1111 1111, PAN ABCPE1234F, account number 50100234567891, my name is Asha Rao, born on 14/08/1991", &context, out);
	assert_string_equal(out, "card [CARD_1], PAN [PAN_1], account number [BANK_ACCT_1], my name is [PERSON_1], born on [DOB_1]");
	say(m, "[CARD_1], [BANK_ACCT_1]", "en", "ending in 1 1 1 1, ending in 7 8 9 1");
	say(m, "[CARD_1]", "hi", "आख़िरी चार 1 1 1 1");
	say(m, "[PAN_1] [PERSON_1] [SSN_LAST4_1] [CVV]", "en", "A B C P E 1 2 3 4 F Asha Rao that number that code");
	say(m, "[DOB_1] [PERSON_3] [DOB]", "en", "14 August 1991 that name that date");
	say(m, "[DOB_1]", "hi-IN", "14 अगस्त 1991");
	say(m, "[DOB_1]", "de-DE", "1991-08-14");
	mask_with(m, "Thank you, Asha Rao. The card ending in 1 1 1 1 and A B C P E 1 2 3 4 F, born 1991-08-14.", &ours, out);
	assert_string_equal(out, "Thank you, [PERSON_1]. The card [CARD_1] and [PAN_1], born [DOB_1].");
	mask_with(m, "You were born on the 14 August 1991, right? 14 अगस्त 1991? Not 14 August 19912, nor 114 August 1991.", &ours, out);
	assert_string_equal(out, "You were born on the [DOB_1], right? [DOB_1]? Not 14 August 19912, nor 114 August 1991.");
	redact_map_free(&m);
}

static void a_members_name_tells(void **state)
{
	static const char data[] = "{\"otp\":482913,\"count\":482913,\"dob\":\"1991-08-14\",\"day\":\"2026-11-23\",\"passport\":\"J8369854\","
		"\"part\":\"K7251460\"}";
	struct redact_map *m;
	struct redacted *r;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	assert_int_equal(redact_data(m, data, strlen(data), &(const struct redact_context){ .language = "en-IN" }, &r), ERR_NONE);
	assert_string_equal(redacted_text(r),
		"{\"otp\":\"[OTP_1]\",\"count\":482913,\"dob\":\"[DOB_1]\",\"day\":\"2026-11-23\",\"passport\":\"[PASSPORT_1]\",\"part\":\"K7251460\"}");
	redacted_free(&r);
	redact_map_free(&m);
}

static void a_saved_map_has_names(void **state)
{
	const struct redact_context context = { .language = "hi-IN", .caller = true };
	struct redact_map *m, *again;
	struct buf saved, out;
	char masked[512];

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	mask_with(m, "मेरा नाम सुनीता शर्मा है", &context, masked);
	assert_string_equal(masked, "मेरा नाम [PERSON_1] है");
	buf_init(&saved, 4096);
	buf_init(&out, 4096);
	redact_map_encode(m, &saved);
	assert_int_equal(redact_map_decode(&again, saved.data, saved.len), ERR_NONE);
	redact_restore(again, "{\"name\":\"[PERSON_1]\"}", 21, &out);
	assert_string_equal(buf_str(&out), "{\"name\":\"सुनीता शर्मा\"}");
	redact_map_free(&again);
	saved.data[saved.len - 1] = 0xff;
	assert_int_equal(redact_map_decode(&again, saved.data, saved.len), ERR_FORMAT);
	redact_map_free(&m);
	buf_fini(&saved);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_known), cmocka_unit_test(checksums_of_codes_hold), cmocka_unit_test(cues_are_sorted_and_found),
		cmocka_unit_test(a_partial_shows_no_beginning), cmocka_unit_test(secrets_of_a_card_enter_no_map),
		cmocka_unit_test(only_the_types_wanted_are_looked_for),
		cmocka_unit_test(some_types_may_be_left_in_clear),
		cmocka_unit_test(a_caller_hears_the_last_four), cmocka_unit_test(a_members_name_tells), cmocka_unit_test(a_saved_map_has_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How the model's text is cut into what can be spoken: every boundary, and every place that looks like one and is none. */
#include "callkit.h"

#include "voice/pieces.h"

enum { FIRST = 1, FLUSH = 2, WHOLE = 4 };

struct cut {
	const char *text;
	unsigned int how;
	const char *words; /* the piece; "": nothing speakable in it */
	size_t taken;
};

/* Whatever lies behind the text changes nothing: each of these makes a mark, a word or a character of a text that ends too early. */
static void looks_at_nothing_behind(const char *text, size_t len, unsigned int how, struct piece want)
{
	static const char behind[] = { ' ', 'a', '.', '\xa4', '\x94', '\x80' };
	char copy[512];
	size_t i;

	assert_true(len + 2 < sizeof(copy));
	for (i = 0; i < sizeof(behind); i++) {
		struct piece p;

		memcpy(copy, text, len);
		copy[len] = copy[len + 1] = behind[i];
		p = pieces_next(copy, len, how & FIRST, how & FLUSH, how & WHOLE);
		assert_true(p.from == want.from && p.len == want.len && p.taken == want.taken);
	}
}

static struct piece cut(const char *text, size_t len, unsigned int how)
{
	char *exact = malloc(len + 1); /* no byte behind the text is ours */
	struct piece p;

	assert_non_null(exact);
	memcpy(exact + 1, text, len);
	p = pieces_next(exact + 1, len, how & FIRST, how & FLUSH, how & WHOLE);
	free(exact);
	assert_true(p.taken <= len && p.from + p.len <= p.taken);
	looks_at_nothing_behind(text, len, how, p);
	return p;
}

static void cuts_are(const struct cut *c)
{
	for (; c->text; c++) {
		struct piece p = cut(c->text, strlen(c->text), c->how);

		if (p.taken != c->taken || p.len != strlen(c->words) || memcmp(c->text + p.from, c->words, p.len))
			fail_msg("\"%s\" gave \"%.*s\", %zu taken", c->text, (int)p.len, c->text + p.from, p.taken);
	}
}

static void sentences_end_at_a_mark_with_a_space_behind(void **state)
{
	static const struct cut cuts[] = {
		{ "Hello there. How are you", 0, "Hello there.", 12 },
		{ "Hello there.", 0, "", 0 },
		{ "Is it? Yes", 0, "Is it?", 6 },
		{ "It is! Yes", 0, "It is!", 6 },
		{ "It is\nYes", 0, "It is", 6 },
		{ "It is; yes", 0, "", 0 },
		{ "Is it?Yes", 0, "", 0 },
		{ "It is!Yes", 0, "", 0 },
		{ "  Well then. So", 0, "Well then.", 12 },
		{ "It costs 3.50 now", 0, "", 0 },
		{ "See www.example.com now", 0, "", 0 },
		{ "\xe0\xa4\xb9\xe0\xa5\x88\xe0\xa5\xa4x", 0, "\xe0\xa4\xb9\xe0\xa5\x88\xe0\xa5\xa4", 9 },
		{ "\xe0\xa4\xb9\xe0\xa5\x88\xe0\xa5\xa4", 0, "\xe0\xa4\xb9\xe0\xa5\x88\xe0\xa5\xa4", 9 },
		{ "\xe0\xa4\xb9\xe0\xa5\x88\xe0\xa5", 0, "", 0 },
		{ NULL, 0, NULL, 0 },
	};

	(void)state;
	cuts_are(cuts);
}

static void a_sentence_has_at_least_two_characters(void **state)
{
	static const struct cut cuts[] = {
		{ "No? Yes", 0, "No?", 3 },
		{ "O! He said", 0, "", 0 },
		{ "?! He", 0, "", 0 },
		{ "Oh! He", 0, "Oh!", 3 },
		{ "\n\nso\nx", 0, "so", 5 },
		{ NULL, 0, NULL, 0 },
	};

	(void)state;
	cuts_are(cuts);
}

static void abbreviations_end_no_sentence(void **state)
{
	static const struct cut cuts[] = {
		{ "So it is lt. Now", 0, "So it is lt.", 12 }, /* the beginning of one is none */
		{ "Ask Dr. Who now", 0, "", 0 }, { "Ask MR. Who now", 0, "", 0 }, { "Ask mrs. Who now", 0, "", 0 }, { "Ask Ms. Who now", 0, "", 0 },
		{ "In St. Paul now", 0, "", 0 }, { "It is no. 5 now", 0, "", 0 }, { "For Rs. 500 now", 0, "", 0 }, { "Us vs. them now", 0, "", 0 },
		{ "Any, e.g. this one", 0, "", 0 }, { "This, i.e. that", 0, "", 0 }, { "Ask Smt. Rao now", 0, "", 0 }, { "Ask Shri. Rao now", 0, "", 0 },
		{ "Rao jr. is it", 0, "", 0 }, { "Rao Sr. is it", 0, "", 0 }, { "Rao Pvt. and so", 0, "", 0 }, { "Rao Ltd. and so", 0, "", 0 },
		{ "Ask J. Doe now", 0, "", 0 }, { "Dr. Who now", 0, "", 0 },
		{ "There are 5. Good", 0, "There are 5.", 12 },
		{ "Ask the drs. Good", 0, "Ask the drs.", 12 },
		{ "Ask doc. Good", 0, "Ask doc.", 8 },
		{ "Is this no? Good", 0, "Is this no?", 11 },
		{ "Ask J! Doe", 0, "Ask J!", 6 },
		{ "It is J.K. Now", 0, "It is J.K.", 10 },
		{ NULL, 0, NULL, 0 },
	};

	(void)state;
	cuts_are(cuts);
}

static void the_first_piece_may_end_at_a_clause(void **state)
{
	static const struct cut cuts[] = {
		{ "Yes of course, I can", FIRST, "Yes of course,", 14 },
		{ "Yes of course; I can", FIRST, "Yes of course;", 14 },
		{ "Yes of course: I can", FIRST, "Yes of course:", 14 },
		{ "Yes of course\xe2\x80\x94I can", FIRST, "Yes of course\xe2\x80\x94", 16 },
		{ "Yes of course\xe2\x80\x93I can", FIRST, "", 0 },
		{ "Yes of course\xe2\x80", FIRST, "", 0 },
		{ "Yes of course\xe2\x80\x94", FIRST, "Yes of course\xe2\x80\x94", 16 },
		{ "Yes of course, I can", 0, "", 0 },
		{ "Yes of course,", FIRST, "", 0 },
		{ "It costs you 1,000 now", FIRST, "", 0 },
		{ "abcdefghijkl, x", FIRST, "abcdefghijkl,", 13 },
		{ "abcdefghijk, xy", FIRST, "", 0 },
		{ "Oh, no. That", FIRST, "", 0 },
		{ NULL, 0, NULL, 0 },
	};

	(void)state;
	cuts_are(cuts);
}

static void later_pieces_end_at_a_clause_only_when_they_grow_long(void **state)
{
	char text[128];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + 90, ", b", 3);
	assert_int_equal(cut(text, 100, 0).taken, 91);
	memset(text, 'a', sizeof(text));
	memcpy(text + 89, ", b", 3);
	assert_int_equal(cut(text, 100, 0).taken, 0);
}

static void what_is_left_is_taken_at_the_end(void **state)
{
	static const struct cut cuts[] = {
		{ "and so on", FLUSH, "and so on", 9 },
		{ " and so on. ", FLUSH, "and so on.", 11 },
		{ "One. Two", FLUSH, "One.", 4 },
		{ "One. Two. ", WHOLE, "One. Two.", 10 },
		{ "", FLUSH, "", 0 },
		{ "", WHOLE, "", 0 },
		{ "x", FLUSH, "x", 1 },
		{ "   ", FLUSH, "", 3 },
		{ " ... ", WHOLE, "", 5 },
		{ "... so", 0, "", 3 },
		{ "***", FLUSH, "", 3 },
		{ "*7*", FLUSH, "*7*", 3 },
		{ "\xc3\xa9", FLUSH, "\xc3\xa9", 2 },
		{ "\xe2\x82\xac?", WHOLE, "\xe2\x82\xac?", 4 },
		{ "\x80", FLUSH, "\x80", 1 },
		{ "\xc2\x80", WHOLE, "\xc2\x80", 2 },
		{ NULL, 0, NULL, 0 },
	};

	(void)state;
	cuts_are(cuts);
}

/* 240 bytes are one piece at most; the cut falls on the last space of the second half, else behind a whole character. */
static void long_text_is_cut_at_a_space(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(cut(text, 240, 0).taken, 0);
	assert_int_equal(cut(text, 240, FLUSH).taken, 240);
	assert_int_equal(cut(text, 241, 0).taken, 240);
	assert_int_equal(cut(text, 300, FLUSH).taken, 240);
	text[200] = text[150] = ' ';
	assert_int_equal(cut(text, 241, 0).taken, 200);
	text[240] = ' ';
	assert_int_equal(cut(text, 241, 0).taken, 240);
	text[240] = 'a';
	text[200] = text[150] = 'a';
	text[120] = ' ';
	assert_int_equal(cut(text, 241, 0).taken, 120);
	text[120] = 'a';
	text[119] = ' ';
	assert_int_equal(cut(text, 241, 0).taken, 240);
}

static void a_character_is_never_cut(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + 238, "\xe0\xa4\xb9", 3);
	assert_int_equal(cut(text, 250, 0).taken, 238);
	memset(text, 'a', sizeof(text));
	memcpy(text + 240, "\xe0\xa4\xb9", 3);
	assert_int_equal(cut(text, 250, 0).taken, 240);
	memset(text, 'a', sizeof(text));
	memcpy(text + 237, "\xe0\xa4\xb9", 3);
	assert_int_equal(cut(text, 250, 0).taken, 240);
	memset(text, 0x80, sizeof(text)); /* no character begins anywhere */
	assert_int_equal(cut(text, 250, 0).taken, 1);
}

static void marks_count_up_to_the_ceiling(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[100] = ' ';
	memcpy(text + 239, ". b", 3);
	assert_int_equal(cut(text, 250, 0).taken, 240);
	memset(text, 'a', sizeof(text));
	text[130] = ' ';
	memcpy(text + 240, ". b", 3);
	assert_int_equal(cut(text, 250, 0).taken, 130);
	memset(text, 'a', sizeof(text));
	memcpy(text + 238, ". b", 3);
	assert_int_equal(cut(text, 250, 0).taken, 239);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_end_at_a_mark_with_a_space_behind),
		cmocka_unit_test(a_sentence_has_at_least_two_characters),
		cmocka_unit_test(abbreviations_end_no_sentence),
		cmocka_unit_test(the_first_piece_may_end_at_a_clause),
		cmocka_unit_test(later_pieces_end_at_a_clause_only_when_they_grow_long),
		cmocka_unit_test(what_is_left_is_taken_at_the_end),
		cmocka_unit_test(long_text_is_cut_at_a_space),
		cmocka_unit_test(a_character_is_never_cut),
		cmocka_unit_test(marks_count_up_to_the_ceiling),
	};

	return cmocka_run_group_tests_name("pieces", tests, deadline_start, deadline_stop);
}

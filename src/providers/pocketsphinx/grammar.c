/* See grammar.h. The rules of each kind of answer are the constants below; only the rules that a flow needs are written.
 *
 * Of numbers, days and times only those that were asked for are in it: after a yes-or-no question nobody means "tenth". The library
 * keeps the weight of an empty alternative only: those in front of rules change nothing. */
#include "providers/pocketsphinx/grammar.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/wording.h"

enum { DIGITS_MAX = 16, CARRIER_WORDS = 3, CARRIERS_MAX_BYTES = 8 * 1024, GOODBYE_WORDS = 3 };

enum kinds { KIND_YES_NO = 1, KIND_DIGITS = 2, KIND_AMOUNT = 4, KIND_DATE = 8, KIND_TIME = 16, KIND_PHRASE = 32, KIND_MACHINE = 64,
	     KIND_NUMBERS = KIND_DIGITS | KIND_AMOUNT | KIND_DATE | KIND_TIME };

static const char rules_edges[] = "<end> = /0.98/ <NULL> | /0.02/ <after>;\n<start> = /0.94/ <NULL> | /0.02/ <before>";

static const char rules_around[] =
	"<before> = um | uh | well | oh | so | please | i think | i'd like | i would like | i want | let's say | how about | it's | make it | maybe;\n"
	"<after> = please | thanks | thank you | would be fine | works for me%s;\n";

/* Behind days and numbers only: "now is good" was heard as "no is good". */
static const char after_numbers[] = " | is fine | is good";

/* Whoever answers with one has said neither yes nor no, but asks who speaks. No "no" follows it: a "hello" ends like one. */
static const char rules_greeting[] =
	"<greeting> = [um | uh | oh | well | yes] (hello | hi | (hello | hi) there | hello hello) | well%s%s;\n";
static const char greeting_yes[] = " | hello (yes | yes_tel | yeah | speaking | this is me) <end>", greeting_phrase[] = " | hello <phrase> <end>";

/* Over the goodbye, and behind it, these are what people say most, and no number is. */
static const char rules_courtesy[] =
	"<courtesy> = [<courtesy_before>] (<thanks> | <farewell>) [<farewell> [<farewell>]];\n"
	"<courtesy_before> = okay | alright | great | perfect | yes | yeah | no | okay (great | perfect);\n"
	"<thanks> = thank you [very much | so much | for calling] | thanks [a lot | very much | so much | for calling];\n"
	"<farewell> = bye | bye bye | goodbye | good night | you too | see you | take care | have a (good | nice) (day | one | evening);\n";

static const char rules_yes_no[] =
	"<yes_no> = <yes> | <no>;\n"
	"<yes> = (yes | yes_tel) [<yes_more>] | yeah [<yes_more>] | <yes_more> | yep | sure | okay | of course | absolutely | definitely | certainly | exactly | sounds good | "
	"speaking | go ahead;\n"
	"<yes_more> = correct | right | that's right | that is right | that's correct | that is correct | it is | i am | i do | i can | i will | that's me | this is me;\n"
	"<no> = (no | no_tel) [<no_more>] | <no_more> | nope | not really | not at all | never;\n"
	"<no_more> = i'm not | i am not | i don't | i do not | i can't | i cannot | i won't | it's not | it isn't | that's wrong | that is wrong | wrong | "
	"that's not right | that is not right | that's not me;\n";

/* Other ways to say four digits (model.c, "telephone"), where digits, an amount or a time was asked for: elsewhere they let more pass that nobody said. */
static const char telephone_digits[] = " | four_tel | five_tel | six_tel | seven_tel";

/* The words of the options that were asked for, as a telephone lets them sound (model.c, "line_write"). */
static const char line_way[] = "_line";

static const char rules_numbers[] =
	"<unit> = one | two | three | four | five | six | seven | eight | nine%s;\n"
	"<teen> = ten | eleven | twelve | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen;\n"
	"<tens> = twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety;\n"
	"<below_hundred> = <unit> | <teen> | <tens> [<unit>];\n";

static const char rules_digits[] =
	"<digit> = zero | oh | one | two | three | four | five | six | seven | eight | nine%s;\n"
	"<digits_said> = <digit> | double <digit> | triple <digit>;\n";

/* Nobody says "i can't" before digits: it was heard for "my customer". */
static const char start_digits[] = " | /0.02/ (yes | yes_tel | yeah | yep | sure | okay) | /0.02/ (no | no_tel | nope);\n";

/* Words before a number: as likely as digits where one may begin (model.c, "others_make_rare"). */
static const char lead_way[] = "_lead";

/* What people say before a number that they were asked for; the question's own name of it beside the plain one. */
static const char rules_carrier[] =
	"<carrier> = [sure_lead | yes_lead | okay_lead] (it_lead is_lead | it's_lead | that's_lead | (my_lead | the_lead) number_lead is_lead%s);\n"
	"<carried> = /0.9/ <NULL> | /0.1/ <carrier>;\n";

static const char rules_amount[] =
	"<hundreds> = (<unit> | a | <teen>) hundred [[and] <below_hundred>];\n"
	"<below_thousand> = <hundreds> | <below_hundred>;\n"
	"<large> = thousand | million%s;\n"
	"<number> = <below_thousand> | (<below_thousand> | a | half a | <unit> and a half | <unit> point <unit>) <large> [[and] <below_thousand> [thousand [<hundreds>]]];\n"
	"<amount> = [about | around | roughly | up to] <number> [%s];\n";

static const char rules_date[] =
	"<weekday> = monday | tuesday | wednesday | thursday | friday | saturday | sunday;\n"
	"<month> = january | february | march | april | may | june | july | august | september | october | november | december;\n"
	"<ordinal> = first | second | third | fourth | fifth | sixth | seventh | eighth | ninth | tenth | eleventh | twelfth | thirteenth | fourteenth | fifteenth | "
	"sixteenth | seventeenth | eighteenth | nineteenth | twentieth | twenty (first | second | third | fourth | fifth | sixth | seventh | eighth | ninth) | thirtieth | "
	"thirty first;\n"
	"<day> = [the] <ordinal> [[of] <month>] | <month> [the] <ordinal> | <month> <below_hundred>;\n"
	"<date> = [on | by] (<day> | [this | next | coming] <weekday> [<day>]) | today | tomorrow | yesterday | the day after tomorrow | next week | next month | "
	"[at] the end of the (week | month) | in (a | <below_hundred>) (day | days | week | weeks) | <month>;\n";

static const char rules_time[] =
	"<hour> = one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve%s;\n"
	"<minute> = five | ten | fifteen | twenty | twenty five | thirty | thirty five | forty | forty five | fifty | fifty five;\n"
	"<half> = a.m. | p.m. | in the morning | in the afternoon | in the evening | at night | tonight;\n"
	"<clock> = <hour> [o'clock | <minute>] | half past <hour> | [a] quarter (past | to) <hour> | <minute> (past | to) <hour>;\n"
	"<time> = [at | around | about] (<clock> [<half>] | noon | midday | midnight) | in the morning | in the afternoon | in the evening | a.m. | p.m. | o'clock;\n";

/* An answering machine says the book's words in sentences: these stand around them. */
static const char rules_machine[] =
	"<machine_name> = <machine_digit> [<machine_digit>] [<machine_digit>] [<machine_digit>];\n"
	"<machine_digit> = zero | one | two | three | four | five | six | seven | eight | nine;\n"
	"<machine_before> = [hello | hi | sorry | i'm sorry | sorry but] (please | nobody is | no one is | i | we | i'm | i am | we are | we're | "
	"the user's | the | you have reached the | when done [hang up] | you may | (is unavailable | is on the phone | i'm not available) [please] | to);\n"
	"<machine_after> = or press the pound key | the pound key | at the moment | right now | more messages | messages | <machine_name> [is unavailable | is on the phone] | "
	"and number | and i will call you back | and i'll get back to you | thank you | goodbye;\n"
	"<machine_part> = [<machine_before>] <machine_word> [<machine_after>];\n"
	"<machine> = <machine_part> [<machine_part> [<machine_part> [<machine_part>]]] [<machine_before>];\n"; /* its pauses are where it likes */

struct maker {
	struct buf phrases;  /* alternatives, " | " between them */
	struct buf machines; /* the same of what machines say */
	struct buf carriers; /* " | (my | the) customer number is", for each question for digits */
	size_t count, left_out;
	unsigned int kinds;
	unsigned int asked;  /* of `kinds`; 0: nothing in particular */
	unsigned int digits_max;
	bool is_indian;
	bool closes;         /* the agent says goodbye, or may: nothing was asked yet */
	char currency[64];
};

static enum err refuse(struct err_detail *detail, enum err err, const char *message, const char *where)
{
	if (detail) {
		*detail = (struct err_detail){ 0 };
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%s", where);
	}
	return err;
}

/* ---- phrases ---- */

static bool is_phrase(const char *text, size_t len)
{
	bool has_letter = false;

	if (len > GRAMMAR_MAX_PHRASE_BYTES)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x80 || (!isalpha(c) && !strchr(" '-,.!?", c)) || !c)
			return false;
		has_letter = has_letter || isalpha(c);
	}
	return has_letter;
}

/* Small letters; what is neither letter nor apostrophe parts words; apostrophes at a word's edge go. Behind each word `way`. */
static void phrase_write(struct buf *out, const char *text, size_t len, const char *way)
{
	bool at_edge = true;

	for (size_t i = 0; i <= len; i++) {
		unsigned char c = i < len ? (unsigned char)text[i] : ' ';
		bool is_inner = c == '\'' && !at_edge && i + 1 < len && isalpha((unsigned char)text[i + 1]);

		if (isalpha(c) || is_inner)
			buf_byte(out, (uint8_t)tolower(c));
		else if (!at_edge)
			buf_printf(out, "%s ", way);
		at_edge = !isalpha(c) && !is_inner;
	}
}

/* `way` as in phrase_write. */
static bool phrase_add(struct maker *m, enum kinds kind, const char *text, size_t len, const char *way)
{
	struct buf *out = kind == KIND_MACHINE ? &m->machines : &m->phrases;

	if (!is_phrase(text, len))
		return false;
	m->count++;
	if (m->kinds & kind)
		buf_text(out, "| ");
	phrase_write(out, text, len, way);
	m->kinds |= kind;
	return true;
}

static void words_add(struct maker *m, enum kinds kind, const json_t *words, const char *way)
{
	size_t i;
	json_t *word;

	json_array_foreach(words, i, word)
		if (json_is_string(word) && !phrase_add(m, kind, json_string_value(word), json_string_length(word), way))
			m->left_out++;
}

/* ---- the flow ---- */

static void currency_take(struct maker *m, const char *code)
{
	static const char *const words[][2] = {
		{ "INR", "rupees" }, { "USD", "dollars" }, { "CAD", "dollars" }, { "AUD", "dollars" }, { "EUR", "euros" },
		{ "GBP", "pounds" },
	};

	for (size_t i = 0; code && i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(code, words[i][0])) {
			snprintf(m->currency, sizeof(m->currency), "%s", words[i][1]);
			m->is_indian = m->is_indian || i == 0;
		}
}

static void digits_take(struct maker *m, json_int_t most)
{
	unsigned int count = most < 1 || most > DIGITS_MAX ? DIGITS_MAX : (unsigned int)most;

	m->kinds |= KIND_DIGITS;
	m->digits_max = count > m->digits_max ? count : m->digits_max;
}

/* ---- what a number is called ---- */

/* The next word of a text, letters only; false behind the last. */
static bool word_next(const char **at, const char **word, size_t *len)
{
	while (**at && !isalpha((unsigned char)**at))
		++*at;
	*word = *at;
	while (isalpha((unsigned char)**at) || **at == '\'')
		++*at;
	*len = (size_t)(*at - *word);
	return *len > 0;
}

static bool word_same(const char *word, size_t len, const char *other)
{
	return strlen(other) == len && !strncasecmp(word, other, len);
}

/* "What is your customer number?" is answered by "my customer number is": the words from "your" to the number's own. */
static void carrier_take(struct maker *m, const char *text)
{
	static const char *const nouns[] = { "number", "code", "pin", "id" };
	const char *word, *from = NULL;
	size_t len, words = 0, i;

	while (word_next(&text, &word, &len)) {
		bool is_noun = false;

		for (i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
			is_noun = is_noun || word_same(word, len, nouns[i]);
		if (from && is_noun && (words || !word_same(word, len, "number"))) {
			buf_text(&m->carriers, " | (my_lead | the_lead) ");
			phrase_write(&m->carriers, from, (size_t)(word - from) + len, lead_way);
			buf_printf(&m->carriers, "is%s", lead_way);
		}
		words++;
		if (is_noun || words > CARRIER_WORDS)
			from = NULL;
		if (word_same(word, len, "your")) {
			from = text;
			words = 0;
		}
	}
}

static void carriers_take(struct maker *m, const json_t *texts)
{
	size_t i;
	json_t *text;

	json_array_foreach(texts, i, text)
		if (json_is_string(text))
			carrier_take(m, json_string_value(text));
}

static void expect_take(struct maker *m, const json_t *expect, bool is_asked)
{
	static const struct {
		const char *name;
		unsigned int kind;
	} kinds[] = {
		{ "yes_no", KIND_YES_NO }, { "digits", KIND_DIGITS }, { "date", KIND_DATE }, { "time", KIND_TIME }, { "amount", KIND_AMOUNT }, { "choice", KIND_PHRASE },
	};
	const char *name = json_string_value(json_object_get(expect, "kind"));
	unsigned int kind = 0;
	size_t i;
	json_t *option;

	for (i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		kind |= strcmp(name, kinds[i].name) ? 0 : kinds[i].kind;
	m->kinds |= kind & ~(unsigned int)KIND_PHRASE; /* its words say whether there is any */
	m->asked |= is_asked ? kind : 0;
	if (kind == KIND_DIGITS)
		digits_take(m, json_integer_value(json_object_get(expect, "max")));
	currency_take(m, json_string_value(json_object_get(expect, "currency")));
	json_array_foreach(json_object_get(expect, "options"), i, option)
		words_add(m, KIND_PHRASE, json_object_get(option, "words"), is_asked ? line_way : "");
}

static bool asks_digits(const json_t *step)
{
	const char *kind = json_string_value(json_object_get(json_object_get(step, "expect"), "kind"));

	return kind && !strcmp(kind, "digits");
}

/* Who wants to go on in another of the call's languages, or to come back, names it in English here. */
static void language_take(struct maker *m, const char *tag)
{
	static const char *const names[][2] = { { "en", "english" }, { "hi", "hindi" }, { "bn", "bengali" }, { "gu", "gujarati" }, { "mr", "marathi" }, { "pa", "punjabi" }, { "ta", "tamil" },
		{ "te", "telugu" }, { "ur", "urdu" }, { "de", "german" }, { "es", "spanish" }, { "fr", "french" }, { "it", "italian" }, { "pt", "portuguese" } };
	static const char *const wishes[] = { "%s please", "in %s please", "speak %s", "speak in %s", "can we speak in %s", "can you speak %s" };
	char phrase[64];
	size_t i, j;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (j = 0; language_is(tag, names[i][0]) && j < sizeof(wishes) / sizeof(wishes[0]); j++) {
			int len = snprintf(phrase, sizeof(phrase), wishes[j], names[i][1]);

			if (!phrase_add(m, KIND_PHRASE, phrase, (size_t)len, ""))
				m->left_out++;
		}
}

static bool says_goodbye(const json_t *step)
{
	const char *kind = json_string_value(json_object_get(step, "kind"));

	return kind && !strcmp(kind, "goodbye");
}

static void flow_take(struct maker *m, const json_t *flow, int question)
{
	size_t i;
	json_t *step, *any;

	json_array_foreach(json_object_get(flow, "steps"), i, step) {
		const json_t *confirm = json_object_get(step, "confirm");

		expect_take(m, json_object_get(step, "expect"), question >= 0 && i == (size_t)question);
		m->closes = m->closes || (says_goodbye(step) && (question < 0 || i == (size_t)question));
		if (asks_digits(step) && (question < 0 || i == (size_t)question))
			carriers_take(m, json_object_get(step, "text"));
		if (confirm && !json_is_null(confirm))
			m->kinds |= KIND_YES_NO;
	}
	json_array_foreach(json_object_get(flow, "anytime"), i, any)
		words_add(m, KIND_PHRASE, json_object_get(any, "words"), "");
	if (json_array_size(json_object_get(flow, "others")))
		language_take(m, "en");
	json_array_foreach(json_object_get(flow, "others"), i, any)
		if (json_is_string(json_object_get(any, "language")))
			language_take(m, json_string_value(json_object_get(any, "language")));
	words_add(m, KIND_MACHINE, json_object_get(json_object_get(flow, "voicemail"), "words"), "_vm");
}

/* Short words of numbers sound like many others: of these only what was asked for, with a day its time. All else may always be said. */
static void numbers_drop(struct maker *m, int question)
{
	unsigned int wanted = m->asked;

	if (question >= 0 && m->closes && (m->kinds & ~(unsigned int)KIND_NUMBERS))
		m->kinds &= ~(unsigned int)KIND_NUMBERS;
	if (!wanted)
		return;
	if (wanted & (KIND_DATE | KIND_TIME))
		wanted |= KIND_DATE | KIND_TIME;
	m->kinds &= wanted | ~(unsigned int)KIND_NUMBERS;
}

/* ---- which question ---- */

/* Whether the text's last words are these, whatever stands between them. */
static bool text_ends(const char *text, size_t len, const char *end)
{
	size_t at = strlen(end), letters = 0;

	for (;;) {
		while (at && !isalnum((unsigned char)end[at - 1]))
			at--;
		while (len && !isalnum((unsigned char)text[len - 1]))
			len--;
		if (!at || !len || tolower((unsigned char)text[len - 1]) != tolower((unsigned char)end[at - 1]))
			return !at && letters > 0;
		letters++;
		len--;
		at--;
	}
}

/* The words behind the last value that is filled in are what a question ends with. */
static bool is_asked_by(const json_t *texts, const char *said, size_t len)
{
	size_t count = json_array_size(texts);
	const char *end = json_string_value(count ? json_array_get(texts, count - 1) : NULL);

	return end && text_ends(said, len, end);
}

/* A goodbye comes in pieces, and is thanked for behind its first sentence: one of several words, for "thank you" begins questions too. */
static bool is_goodbye_begun(const json_t *step, const char *said, size_t len)
{
	const char *text = json_string_value(json_array_get(json_object_get(step, "text"), 0));
	char sentence[GRAMMAR_MAX_PHRASE_BYTES];
	size_t n = text ? strcspn(text, ".!?") : 0, words = 1, i;

	if (!says_goodbye(step) || !n || !text[n] || n >= sizeof(sentence))
		return false;
	memcpy(sentence, text, n);
	sentence[n] = '\0';
	for (i = 0; i < n; i++)
		words += sentence[i] == ' ';
	return words >= GOODBYE_WORDS && text_ends(said, len, sentence);
}

int grammar_question(const char *flow, size_t flow_len, const char *said, size_t len)
{
	json_t *root = json_loadb(flow, flow_len, 0, NULL), *step;
	int question = -1;
	size_t i;

	json_array_foreach(json_object_get(root, "steps"), i, step) {
		if (is_asked_by(json_object_get(step, "confirm"), said, len) || is_asked_by(json_object_get(step, "text"), said, len) ||
		    is_asked_by(json_object_get(step, "again"), said, len)) {
			question = (int)i;
			break;
		}
	}
	json_array_foreach(json_object_get(root, "steps"), i, step)
		if (question < 0 && is_goodbye_begun(step, said, len))
			question = (int)i;
	json_decref(root);
	return question;
}

/* ---- writing ---- */

static void item_add(struct buf *out, bool *has_one, const char *item)
{
	buf_text(out, *has_one ? " | " : "");
	buf_text(out, item);
	*has_one = true;
}

static void items_write(struct buf *out, unsigned int kinds)
{
	static const struct {
		unsigned int all;
		const char *item;
	} items[] = {
		{ KIND_YES_NO, "/1/ <yes_no>" }, { KIND_DIGITS, "/1/ <carried> <digits>" }, { KIND_AMOUNT, "/1/ <amount>" }, { KIND_DATE, "/1/ <date>" }, { KIND_TIME, "/1/ <time>" },
		{ KIND_DATE | KIND_TIME, "/0.3/ <date> <time>" }, { KIND_PHRASE, "/1/ <phrase>" },
		{ KIND_MACHINE, "/1/ <machine>" },
	};
	bool has_one = false;

	buf_text(out, "<item> = ");
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if ((kinds & items[i].all) == items[i].all)
			item_add(out, &has_one, items[i].item);
	buf_text(out, ";\n");
}

size_t grammar_word_length(const char *word)
{
	return strcspn(word, "(_");
}

bool grammar_is_machine(const char *word)
{
	return !strncmp(word + strcspn(word, "(_"), "_vm", 3);
}

bool grammar_is_lead(const char *word)
{
	return !strncmp(word + strcspn(word, "(_"), lead_way, sizeof(lead_way) - 1);
}

bool grammar_is_digit(const char *word)
{
	static const char *const words[] = { "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "triple" };
	size_t len = grammar_word_length(word);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && !strncmp(words[i], word, len))
			return true;
	return false;
}

/* As many more digits as there may be, one after another, written out: the library's repetition leads back to where any answer begins. */
static void more_write(struct buf *out, unsigned int most)
{
	for (unsigned int i = 0; i < most; i++)
		buf_text(out, " [<digits_said>");
	for (unsigned int i = 0; i < most; i++)
		buf_byte(out, ']');
	buf_text(out, ";\n");
}

/* A "two" in its other way is no whole answer: alone it would be any "to". */
static void digits_write(struct buf *out, unsigned int most, const char *ways)
{
	bool has_two = *ways && most > 1;

	buf_printf(out, rules_digits, ways);
	buf_printf(out, "<digits> = <all_digits>%s;\n<all_digits> = <digits_said>", has_two ? " | <two_first>" : "");
	more_write(out, most - 1);
	if (!has_two)
		return;
	buf_text(out, "<two_first> = two_tel <digits_said>");
	more_write(out, most - 2);
}

static const char *digit_ways(const struct maker *m, enum kinds kind)
{
	return m->asked & kind ? telephone_digits : "";
}

static void grammar_write(struct buf *out, struct maker *m)
{
	buf_printf(out, "#JSGF V1.0;\ngrammar answer;\npublic <answer> = <start> <item> <end> | <greeting>%s;\n", m->closes ? " | <courtesy>" : "");
	buf_text(out, rules_edges);
	buf_text(out, !(m->kinds & KIND_YES_NO) ? ";\n" : m->asked & KIND_DIGITS ? start_digits : " | /0.02/ <yes> | /0.02/ <no>;\n");
	items_write(out, m->kinds);
	buf_printf(out, rules_around, m->kinds & KIND_NUMBERS ? after_numbers : "");
	buf_printf(out, rules_greeting, m->kinds & KIND_YES_NO ? greeting_yes : "", m->kinds & KIND_PHRASE ? greeting_phrase : "");
	if (m->closes)
		buf_text(out, rules_courtesy);
	if (m->kinds & KIND_YES_NO)
		buf_text(out, rules_yes_no);
	if (m->kinds & (KIND_AMOUNT | KIND_DATE))
		buf_printf(out, rules_numbers, digit_ways(m, KIND_AMOUNT));
	if (m->kinds & KIND_DIGITS)
		buf_printf(out, rules_carrier, m->carriers.len ? buf_str(&m->carriers) : "");
	if (m->kinds & KIND_DIGITS)
		digits_write(out, m->digits_max, digit_ways(m, KIND_DIGITS));
	if (m->kinds & KIND_AMOUNT)
		buf_printf(out, rules_amount, m->is_indian ? " | lakh | lakhs | crore | crores" : "", m->currency[0] ? m->currency : "dollars | euros | pounds");
	if (m->kinds & KIND_DATE)
		buf_text(out, rules_date);
	if (m->kinds & KIND_TIME)
		buf_printf(out, rules_time, digit_ways(m, KIND_TIME));
	if (m->kinds & KIND_PHRASE)
		buf_printf(out, "<phrase> = %s;\n", buf_str(&m->phrases));
	if (m->kinds & KIND_MACHINE)
		buf_printf(out, "%s<machine_word> = %s;\n", rules_machine, buf_str(&m->machines));
}

enum err grammar_from_flow(struct buf *out, const char *flow, size_t len, int question, struct grammar_facts *facts, struct err_detail *detail)
{
	struct maker m = { 0 };
	json_error_t error;
	json_t *root = len > GRAMMAR_MAX_FLOW_BYTES ? NULL : json_loadb(flow, len, JSON_REJECT_DUPLICATES, &error);
	enum err err = ERR_NONE;

	*facts = (struct grammar_facts){ 0 };
	if (!json_is_object(root) || json_integer_value(json_object_get(root, "format")) != 1) {
		json_decref(root);
		return refuse(detail, ERR_FORMAT, "not a flow of format 1", "");
	}
	buf_init(&m.phrases, GRAMMAR_MAX_BYTES);
	buf_init(&m.machines, GRAMMAR_MAX_BYTES);
	buf_init(&m.carriers, CARRIERS_MAX_BYTES);
	flow_take(&m, root, question);
	numbers_drop(&m, question);
	json_decref(root);
	if (m.count > GRAMMAR_MAX_PHRASES)
		err = refuse(detail, ERR_LIMIT, "too many phrases for a grammar", "");
	else if (!m.kinds)
		err = refuse(detail, ERR_USAGE, "the flow expects nothing that could be recognised", "");
	else
		grammar_write(out, &m);
	*facts = (struct grammar_facts){ .left_out = m.left_out, .has_numbers = (m.kinds & KIND_NUMBERS) != 0, .asks_digits = (m.asked & KIND_DIGITS) != 0,
		.asks_option = (m.asked & KIND_PHRASE) != 0 };
	if (!err)
		err = m.phrases.err ? m.phrases.err : m.machines.err ? m.machines.err : m.carriers.err ? m.carriers.err : out->err;
	buf_fini(&m.carriers);
	buf_fini(&m.phrases);
	buf_fini(&m.machines);
	return err;
}

/* ---- the options that were not heard ---- */

/* How long the phrase is that stands in the sentence, word by word; 0: it does not. Of both, small letters. */
static size_t phrase_in(const char *sentence, const char *words)
{
	struct buf in, phrase;
	size_t len;

	buf_init(&in, GRAMMAR_MAX_BYTES);
	buf_init(&phrase, GRAMMAR_MAX_BYTES);
	buf_byte(&in, ' ');
	buf_byte(&phrase, ' ');
	phrase_write(&in, sentence, strlen(sentence), "");
	phrase_write(&phrase, words, strlen(words), "");
	len = phrase.len > 1 && strstr(buf_str(&in), buf_str(&phrase)) ? phrase.len : 0;
	buf_fini(&in);
	buf_fini(&phrase);
	return len;
}

static size_t option_in(const char *sentence, const json_t *option)
{
	size_t i, len, longest = 0;
	json_t *word;

	json_array_foreach(json_object_get(option, "words"), i, word) {
		len = json_is_string(word) ? phrase_in(sentence, json_string_value(word)) : 0;
		longest = len > longest ? len : longest;
	}
	return longest;
}

/* Where no phrase was heard, "yeah" and "nope" are the option's of a plain yes or no. */
static bool option_is_heard(const json_t *option, const char *heard, size_t longest)
{
	return longest ? option_in(heard, option) == longest : option_in("yes", option) || option_in("no", option);
}

static void others_take(struct maker *m, const json_t *options, const char *heard)
{
	size_t i, len, longest = 0;
	json_t *option;

	json_array_foreach(options, i, option) {
		len = option_in(heard, option);
		longest = len > longest ? len : longest;
	}
	json_array_foreach(options, i, option)
		if (!option_is_heard(option, heard, longest))
			words_add(m, KIND_PHRASE, json_object_get(option, "words"), line_way);
}

enum err grammar_from_others(struct buf *out, const char *flow, size_t len, int question, const char *heard)
{
	json_t *root = len > GRAMMAR_MAX_FLOW_BYTES ? NULL : json_loadb(flow, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *step = question < 0 ? NULL : json_array_get(json_object_get(root, "steps"), (size_t)question);
	struct maker m = { 0 };
	enum err err = ERR_NOTFOUND;

	buf_init(&m.phrases, GRAMMAR_MAX_BYTES);
	others_take(&m, json_object_get(json_object_get(step, "expect"), "options"), heard);
	json_decref(root);
	if (m.kinds) {
		buf_text(out, "#JSGF V1.0;\ngrammar answer;\npublic <answer> = <start> <phrase> <end>;\n");
		buf_printf(out, "%s;\n", rules_edges);
		buf_printf(out, rules_around, "");
		buf_printf(out, "<phrase> = %s;\n", buf_str(&m.phrases));
		err = m.phrases.err ? m.phrases.err : out->err;
	}
	buf_fini(&m.phrases);
	return err;
}

enum err grammar_from_phrases(struct buf *out, const char *const *phrases, size_t count, struct err_detail *detail)
{
	struct maker m = { 0 };
	enum err err = ERR_NONE;

	if (!count || count > GRAMMAR_MAX_PHRASES)
		return refuse(detail, count ? ERR_LIMIT : ERR_USAGE, count ? "too many phrases for a grammar" : "no phrases", "");
	buf_init(&m.phrases, GRAMMAR_MAX_BYTES);
	for (size_t i = 0; !err && i < count; i++)
		if (!phrase_add(&m, KIND_PHRASE, phrases[i], strlen(phrases[i]), ""))
			err = refuse(detail, ERR_USAGE, "not a phrase of English words", phrases[i]);
	if (!err) {
		buf_printf(out, "#JSGF V1.0;\ngrammar answer;\npublic <answer> = %s;\n", buf_str(&m.phrases));
		err = m.phrases.err ? m.phrases.err : out->err;
	}
	buf_fini(&m.phrases);
	return err;
}

/* Rule-books: what a step gives a tool fits its schema, and no words stand in two places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conductor/rulebook.h"

enum fit { FITS, MAY_NOT, NEVER };

static const char *const fit_names[] = { "fine", "a warning", "a mistake" };

struct place {
	enum fit fit;
	const char *expect, *argument, *why; /* why: a part of it */
};

static const struct place places[] = {
	{ NEVER, "time", "{type: string, maxLength: 4}", "q is a time of 5 letters, and the tool's schema takes 4" },
	{ FITS, "time", "{type: string, maxLength: 5}", NULL },
	{ FITS, "time", "{type: string}", NULL },
	{ NEVER, "date", "{type: string, maxLength: 5}", "q is a date of 10 letters" },
	{ NEVER, "date", "{type: string, maxLength: 9}", "q is a date of 10 letters" },
	{ FITS, "date", "{type: string, maxLength: 10}", NULL },
	{ MAY_NOT, "free", "{type: string, maxLength: 5}", "q may have 200 letters, and the tool's schema takes 5" },
	{ FITS, "free", "{type: string, maxLength: 200}", NULL },
	{ MAY_NOT, "name", "{type: string, maxLength: 39}", "q may have 40 letters" },
	{ FITS, "name", "{type: string, maxLength: 40}", NULL },
	{ NEVER, "yes_no", "{type: string, maxLength: 1}", "at least 2 letters" },
	{ MAY_NOT, "yes_no", "{type: string, maxLength: 2}", "may have 3 letters" },
	{ FITS, "yes_no", "{type: string, maxLength: 3}", NULL },
	{ NEVER, "{kind: choice, options: {oil: [oil], tyres: [tyres]}}", "{type: string, maxLength: 2}", "at least 3 letters" },
	{ MAY_NOT, "{kind: choice, options: {oil: [oil], tyres: [tyres]}}", "{type: string, maxLength: 4}", "may have 5 letters" },
	{ FITS, "{kind: choice, options: {oil: [oil], tyres: [tyres]}}", "{type: string, maxLength: 5}", NULL },
	{ NEVER, "{kind: digits, count: 6}", "{type: string, maxLength: 5}", "q may have 6 letters" },
	{ FITS, "{kind: digits, count: 6}", "{type: string, maxLength: 6}", NULL },
	{ NEVER, "{kind: amount, currency: USD, min: 200, max: 400}", "{type: number, maximum: 100}", "takes up to 100: no answer fits" },
	{ MAY_NOT, "{kind: amount, currency: USD, max: 400}", "{type: number, maximum: 100}", "q is 0 to 400, and the tool's schema takes up to 100" },
	{ MAY_NOT, "{kind: amount, currency: USD}", "{type: number, maximum: 100}", "q is from 0, and" },
	{ FITS, "{kind: amount, currency: USD, max: 100}", "{type: number, maximum: 100}", NULL },
	{ NEVER, "{kind: amount, currency: USD, max: 400}", "{type: number, minimum: 500}", "takes from 500: no answer fits" },
	{ MAY_NOT, "{kind: amount, currency: USD, max: 500}", "{type: number, minimum: 500}", "q is 0 to 500" },
	{ MAY_NOT, "{kind: amount, currency: USD, min: 0.5}", "{type: number, minimum: 1, maximum: 9}", "q is from 0.5, and the tool's schema takes 1 to 9" },
	{ FITS, "{kind: amount, currency: USD, min: 1, max: 9}", "{type: number, minimum: 1, maximum: 9}", NULL },
	{ FITS, "{kind: amount, currency: USD, max: '{owed}'}", "{type: number, maximum: 100}", NULL },
	{ NEVER, "{kind: amount, currency: USD, min: 500, max: '{owed}'}", "{type: number, maximum: 100}", "no answer fits" },
	{ NEVER, "{kind: amount, currency: USD, min: 1000}", "{type: string, maxLength: 3}", "at least 4 letters" },
	{ MAY_NOT, "{kind: amount, currency: USD, max: 1000}", "{type: string, maxLength: 3}", "may have 4 letters" },
};

static enum err load(struct rulebook **bp, const char *flow, const char *more, const char *argument, struct rulebook_report *report)
{
	char text[5000];

	snprintf(text, sizeof(text),
		"rulebook: 1\nid: s\nversion: 1\ntitle: t\ncompany: c\nagent: {name: A, persona: p}\nlanguages: {en-US: }\ngoal: g\n"
		"facts: {motto: Always first}\nvariables: {owed: {type: amount, currency: USD, sample: 5}, since: {type: date, sample: '2026-11-20'}}\n"
		"tools: {put: {about: a, method: POST, url: 'https://records.example/x', changes: true, arguments: {type: object, properties: {b: %s}}}}\n"
		"outcomes: {o: {about: a, result: neutral}}\nunfinished: [{outcome: o}]\nunclear: bye\n%sflow:\n%s\n"
		"  - {goodbye: bye, text: Bye., outcome: o}\n",
		argument, more, flow);
	return rulebook_load(bp, "f.yaml", text, strlen(text), report);
}

/* What is found of a book, and the first sentence about it. */
static enum fit judged(const char *flow, const char *more, const char *argument, char why[200])
{
	static struct rulebook_report report;
	const struct rulebook_mistake *warning;
	struct rulebook *b;
	enum err err = load(&b, flow, more, argument, &report);

	why[0] = 0;
	if (err) {
		snprintf(why, 200, "%s", report.mistakes[0].why);
		return NEVER;
	}
	warning = rulebook_warning_at(b, 0);
	if (warning)
		snprintf(why, 200, "%s", warning->why);
	assert_null(rulebook_warning_at(b, RULEBOOK_WARNINGS_MAX));
	rulebook_free(b);
	return why[0] ? MAY_NOT : FITS;
}

static void case_check(enum fit fit, const char *part, const char *flow, const char *more, const char *argument)
{
	char why[200];
	enum fit got = judged(flow, more, argument, why);

	if (got != fit || (part && !strstr(why, part)))
		fail_msg("%s\n%s%s\nis %s (%s), and should be %s (%s)", flow, more, argument, fit_names[got], why, fit_names[fit], part ? part : "");
}

static void an_answer_fits_the_tools_schema(void **state)
{
	char flow[400];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(flow, sizeof(flow), "  - {ask: q, text: Q?, expect: %s}\n  - {tool: t, call: put, arguments: {b: '{q}'}, failed: bye}", places[i].expect);
		case_check(places[i].fit, places[i].why, flow, "", places[i].argument);
	}
}

static void so_does_what_a_call_brings(void **state)
{
	(void)state;
	case_check(NEVER, "since is a date of 10 letters", "  - {tool: t, call: put, arguments: {b: '{since}'}, failed: bye}", "", "{type: string, maxLength: 8}");
	case_check(NEVER, "motto is a text of 12 letters", "  - {tool: t, call: put, arguments: {b: '{motto}'}, failed: bye}", "", "{type: string, maxLength: 11}");
	case_check(FITS, NULL, "  - {tool: t, call: put, arguments: {b: '{motto}'}, failed: bye}", "", "{type: string, maxLength: 12}");
	case_check(FITS, NULL, "  - {tool: t, call: put, arguments: {b: '{owed}'}, failed: bye}", "", "{type: number, maximum: 2}");
}

static void a_mistake_and_a_warning_say_where(void **state)
{
	static struct rulebook_report report;
	const struct rulebook_mistake *warning;
	struct rulebook *b;

	(void)state;
	assert_int_equal(load(&b, "  - {ask: q, text: Q?, expect: time}\n  - {tool: t, call: put, arguments: {b: '{q}'}, failed: bye}", "", "{type: string, maxLength: 4}", &report),
		ERR_FORMAT);
	assert_int_equal(report.count, 1);
	assert_int_equal(report.mistakes[0].line, 17);
	assert_string_equal(report.mistakes[0].path, "flow.t.arguments.b");
	assert_int_equal(load(&b, "  - {ask: q, text: Q?, expect: free}\n  - {tool: t, call: put, arguments: {b: '{q}'}, failed: bye}", "", "{type: string, maxLength: 4}", &report),
		ERR_NONE);
	warning = rulebook_warning_at(b, 0);
	assert_non_null(warning);
	assert_int_equal(warning->line, 17);
	assert_string_equal(warning->path, "flow.t.arguments.b");
	assert_string_equal(warning->found, "\"{q}\"");
	assert_non_null(strstr(warning->why, "line 17: "));
	assert_null(rulebook_warning_at(b, 1));
	rulebook_free(b);
}

/* ---- words in two places ---- */

#define ASK "  - {ask: q, text: Q?, expect: {kind: choice, options: {oil: [oil change, just the oil], tyres: [new tyres]}}}"

static void words_stand_in_one_place(void **state)
{
	static const struct {
		enum fit fit;
		const char *more, *why;
	} cases[] = {
		{ NEVER, "questions:\n  a: {words: [how much], text: A.}\n  b: {words: [how long, How Much], text: B.}\n", "also stand for the question a, in line 16" },
		{ FITS, "questions:\n  a: {words: [how much], text: A.}\n  b: {words: [how much is it], text: B.}\n", NULL },
		{ NEVER, "anytime: {man: {about: a, words: [a person, 'No'], go: bye}}\n", "no question would get this answer" },
		{ NEVER, "anytime: {man: {about: a, words: ['yes'], go: bye}}\n", "no question would get this answer" },
		{ FITS, "anytime: {man: {about: a, words: [no calls], go: bye}}\n", NULL },
		{ MAY_NOT, "anytime: {man: {about: a, words: [a person, Just the oil], go: bye}}\n", "line 15: these words are also an option of q, in line 17" },
		{ FITS, "anytime: {man: {about: a, words: [just the oil filter], go: bye}}\n", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		case_check(cases[i].fit, cases[i].why, ASK, cases[i].more, "{type: string}");
}

static void more_warnings_than_are_told_are_left_out(void **state)
{
	char flow[3000] = "  - {ask: q, text: Q?, expect: free}\n";
	static struct rulebook_report report;
	struct rulebook *b;
	size_t i, used = strlen(flow);

	(void)state;
	for (i = 0; i < RULEBOOK_WARNINGS_MAX + 1; i++)
		used += (size_t)snprintf(flow + used, sizeof(flow) - used, "  - {tool: t%zu, call: put, arguments: {b: '{q}'}, failed: bye}\n", i);
	assert_true(used < sizeof(flow));
	assert_int_equal(load(&b, flow, "", "{type: string, maxLength: 4}", &report), ERR_NONE);
	assert_non_null(rulebook_warning_at(b, RULEBOOK_WARNINGS_MAX - 1));
	assert_null(rulebook_warning_at(b, RULEBOOK_WARNINGS_MAX));
	rulebook_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_fits_the_tools_schema),
		cmocka_unit_test(so_does_what_a_call_brings),
		cmocka_unit_test(a_mistake_and_a_warning_say_where),
		cmocka_unit_test(words_stand_in_one_place),
		cmocka_unit_test(more_warnings_than_are_told_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

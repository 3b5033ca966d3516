/* The shipped books' questions, as people answer them: tests/rulebooks/paraphrases/BOOK[-hi].tsv, written before the rules were.
 * Each line is judged alone. Of each file at least 75 % of the answers are understood the first time and at most 2 % of all lines end in a wrong
 * outcome; the rest is asked again. CALLFUNNEL_PARAPHRASES=1 prints the lines that were not.
 *
 * blind-a.tsv to blind-i.tsv are outside testers', everyday.tsv is the author's, for all English books; two have Hindi beside them. All have been mended on:
 * their floors keep what was learnt, and say little of words that nobody here has thought of (docs/rehearsed.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conductor/rulebook.h"
#include "providers/rehearsed/rehearsed.h"
#include "redact/redact.h"

enum { LINE_MAX_BYTES = 1024, LINES_LEAST = 40, QUESTIONS_MAX = 64 };

struct tally {
	char question[64];
	unsigned int lines, answers, understood, wrong;
};

struct sheet {
	struct rehearsed *engine;
	json_t *flow;
	struct tally tallies[QUESTIONS_MAX];
	size_t count;
};

static void no_wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

/* The shipped book of that name, or one of tests/rulebooks; `today` is NULL for the samples' own. */
static struct rehearsed *engine_for(const char *name, const char *language, const char *today, json_t **read)
{
	static struct rulebook_report report;
	struct err_detail detail = { .message = "" };
	char path[RULEBOOK_PATH_MAX];
	struct rehearsed *engine;
	struct rulebook *book;
	struct buf bytes, flow;
	json_t *samples;

	buf_init(&bytes, RULEBOOK_MAX_BYTES);
	buf_init(&flow, RULEBOOK_JSON_MAX);
	snprintf(path, sizeof(path), "%s/../rulebooks/%s.yaml", getenv("CALLFUNNEL_TESTS"), name);
	if (access(path, R_OK))
		snprintf(path, sizeof(path), "%s/rulebooks/%s.yaml", getenv("CALLFUNNEL_TESTS"), name);
	assert_int_equal(rulebook_read(path, &bytes, &detail), ERR_NONE);
	assert_int_equal(rulebook_load(&book, name, bytes.data, bytes.len, &report), ERR_NONE);
	samples = rulebook_samples(book);
	if (today)
		assert_int_equal(json_object_set_new(samples, "today", json_string(today)), 0);
	assert_int_equal(rulebook_flow_json(book, language, samples, &flow, &detail), ERR_NONE);
	assert_int_equal(rehearsed_new(&engine, flow.data, flow.len, no_wake, NULL, &detail), ERR_NONE);
	*read = json_loadb((const char *)flow.data, flow.len, 0, NULL);
	json_decref(samples);
	rulebook_free(book);
	buf_fini(&bytes);
	buf_fini(&flow);
	return engine;
}

static struct tally *tally_for(struct sheet *s, const char *question)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->tallies[i].question, question))
			return &s->tallies[i];
	assert_true(s->count < QUESTIONS_MAX);
	snprintf(s->tallies[s->count].question, sizeof(s->tallies[0].question), "%s", question);
	return &s->tallies[s->count++];
}

/* The question's words, with its reading back: what the agent has said before the caller's answer. */
static void asked(const struct sheet *s, const char *question, struct buf *text)
{
	const json_t *step = NULL, *piece, *list;
	size_t i, n = strcspn(question, "/");

	list = json_object_get(s->flow, "steps");
	for (i = 0; i < json_array_size(list); i++) {
		step = json_array_get(list, i);
		if (strlen(json_string_value(json_object_get(step, "name"))) == n && !strncmp(json_string_value(json_object_get(step, "name")), question, n))
			break;
	}
	assert_true(i < json_array_size(list));
	list = json_object_get(step, question[n] ? "confirm" : "text");
	for (i = 0; i < json_array_size(list); i++)
		if ((piece = json_array_get(list, i)) && json_is_string(piece))
			buf_text(text, json_string_value(piece));
	assert_true(text->len > 0);
}

/* As the engine gets them. */
static struct redacted *words_for(const struct sheet *s, const char *question, const char *said, struct redact_map *map)
{
	struct redact_context context = { .types = REDACT_TYPES_CALL };
	struct redacted *words;
	struct buf text;

	buf_init(&text, 4096);
	asked(s, question, &text);
	context.question = buf_str(&text);
	context.question_len = text.len;
	assert_int_equal(redact_text(map, said, strlen(said), &context, &words), ERR_NONE);
	buf_fini(&text);
	return words;
}

/* What came of the words, in the file's own terms: a value, "@" for a way out, "&" for a machine, "" for a question that stays open. */
static void outcome(const struct sheet *s, const char *question, const char *said, char out[LINE_MAX_BYTES])
{
	enum rehearsed_heard heard;
	struct redact_map *map;
	struct redacted *words;
	struct buf judged, value;

	buf_init(&judged, LINE_MAX_BYTES);
	buf_init(&value, LINE_MAX_BYTES);
	assert_int_equal(redact_map_new(&map), ERR_NONE);
	words = words_for(s, question, said, map);
	assert_int_equal(rehearsed_judge(s->engine, question, words, &heard, &judged), ERR_NONE);
	redact_restore(map, buf_str(&judged), judged.len, &value);
	redacted_free(&words);
	redact_map_free(&map);
	buf_fini(&judged);
	*out = 0;
	if (heard == REHEARD_VALUE)
		snprintf(out, LINE_MAX_BYTES, "%s", buf_str(&value));
	else if (heard == REHEARD_CONFIRMED || heard == REHEARD_REFUSED)
		strcpy(out, heard == REHEARD_CONFIRMED ? "yes" : "no");
	else if (heard == REHEARD_ANYTIME)
		strcpy(out, "@");
	else if (heard == REHEARD_VOICEMAIL)
		strcpy(out, "&");
	buf_fini(&value);
}

static bool is_expected(const char *expected, const char *said, const char *got)
{
	if (*expected == '?' || *expected == '~')
		return !*got;
	if (*expected == '!')
		return strcmp(got, "yes") != 0;
	if (*expected == '-')
		return strcmp(got, expected + 1) != 0;
	if (*expected == '@')
		return *got == '@';
	return *expected == '*' ? !strcmp(got, said) : !strcmp(got, expected);
}

static void judge_line(struct sheet *s, const char *book, char *line)
{
	const char *of;
	char *question, *said, *expected, got[LINE_MAX_BYTES];
	struct tally *t;
	bool right;

	line[strcspn(line, "\n")] = 0;
	of = strtok(line, "\t");
	assert_non_null(of);
	if (strcmp(of, book))
		return; /* a file of several books is read once for each */
	question = strtok(NULL, "\t");
	said = strtok(NULL, "\t");
	expected = strtok(NULL, "\t");
	assert_non_null(expected);
	outcome(s, question, said, got);
	right = is_expected(expected, said, got);
	t = tally_for(s, question);
	t->lines++;
	t->wrong += *got && !right;
	if (!strchr("?~!-", *expected)) {
		t->answers++;
		t->understood += right;
	}
	if (!right && getenv("CALLFUNNEL_PARAPHRASES"))
		printf("%s %s: \"%s\" is %s, got %s\n", *got ? "WRONG" : "again", question, said, expected, *got ? got : "nothing");
}

static void tally_add(struct tally *all, const struct tally *t)
{
	all->lines += t->lines;
	all->answers += t->answers;
	all->understood += t->understood;
	all->wrong += t->wrong;
}

static void tally_print(const char *file, const struct tally *t)
{
	printf("%-22s %-18s %3u lines, %3u of %3u answers understood, %u wrong\n", file, t->question, t->lines, t->understood, t->answers, t->wrong);
}

static struct tally judge_book(const char *file, const char *book, const char *language, const char *today)
{
	struct tally all = { .question = "all" };
	struct sheet s = { .count = 0 };
	char path[RULEBOOK_PATH_MAX], line[LINE_MAX_BYTES];
	FILE *f;
	size_t i;

	s.engine = engine_for(book, language, today, &s.flow);
	snprintf(path, sizeof(path), "%s/rulebooks/paraphrases/%s.tsv", getenv("CALLFUNNEL_TESTS"), file);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (*line != '#')
			judge_line(&s, book, line);
	fclose(f);
	for (i = 0; i < s.count; i++) {
		tally_print(file, &s.tallies[i]);
		if (!strcmp(file, book) && !strchr(s.tallies[i].question, '/'))
			assert_true(s.tallies[i].lines > LINES_LEAST);
		tally_add(&all, &s.tallies[i]);
	}
	rehearsed_free(&s.engine);
	json_decref(s.flow);
	return all;
}

static void floors_hold(const char *file, const struct tally *all, unsigned int understood_percent, unsigned int wrong_per_mille)
{
	tally_print(file, all);
	printf("%-22s %.1f %% understood, %.2f %% wrong\n", file, 100.0 * all->understood / all->answers, 100.0 * all->wrong / all->lines);
	assert_true(all->answers > 100);
	assert_true(all->understood * 100 >= all->answers * understood_percent);
	assert_true(all->wrong * 1000 <= all->lines * wrong_per_mille);
}

static void judge_file(const char *file, const char *book, const char *language)
{
	struct tally all = judge_book(file, book, language, NULL);

	floors_hold(file, &all, 75, 20);
}

/* His days are counted from the day that he wrote on. */
static void judge_written_on(const char *today, const char *file, unsigned int understood_percent, unsigned int wrong_per_mille)
{
	static const char *const books[] = { "appointment-reminder", "lead-callback", "payment-reminder" }, *const languages[] = { "en-US", "en-US", "en-IN" };
	struct tally all = { .question = "all" }, one;
	size_t i;

	for (i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		one = judge_book(file, books[i], languages[i], today);
		tally_add(&all, &one);
	}
	floors_hold(file, &all, understood_percent, wrong_per_mille);
}

static void judge_blind(const char *file, unsigned int understood_percent, unsigned int wrong_per_mille)
{
	judge_written_on("2026-11-21", file, understood_percent, wrong_per_mille);
}

static void judge_blind_hindi(const char *file, unsigned int understood_percent, unsigned int wrong_per_mille)
{
	struct tally all = judge_book(file, "payment-reminder", "hi-IN", "2026-11-23");

	floors_hold(file, &all, understood_percent, wrong_per_mille);
}

static void test_appointment(void **state)
{
	(void)state;
	judge_file("appointment-reminder", "appointment-reminder", "en-US");
}

static void test_lead(void **state)
{
	(void)state;
	judge_file("lead-callback", "lead-callback", "en-US");
}

static void test_payment(void **state)
{
	(void)state;
	judge_file("payment-reminder", "payment-reminder", "en-IN");
}

static void test_payment_hindi(void **state)
{
	(void)state;
	judge_file("payment-reminder-hi", "payment-reminder", "hi-IN");
}

static void test_blind_a(void **state)
{
	(void)state;
	judge_blind("blind-a", 90, 10);
}

static void test_blind_b(void **state)
{
	(void)state;
	judge_blind("blind-b", 90, 10);
}

static void test_blind_c(void **state)
{
	(void)state;
	judge_blind("blind-c", 88, 5);
}

static void test_blind_d(void **state)
{
	(void)state;
	judge_blind("blind-d", 88, 5);
}

static void test_blind_e(void **state)
{
	(void)state;
	judge_blind("blind-e", 88, 10);
}

static void test_blind_g(void **state)
{
	(void)state;
	judge_blind("blind-g", 87, 10);
}

static void test_blind_f(void **state)
{
	(void)state;
	judge_blind("blind-f", 86, 8);
}

static void test_blind_h(void **state)
{
	(void)state;
	judge_written_on("2026-11-23", "blind-h", 96, 4);
}

static void test_blind_h_hindi(void **state)
{
	(void)state;
	judge_blind_hindi("blind-h-hi", 96, 5);
}

static void test_blind_i(void **state)
{
	(void)state;
	judge_written_on("2026-11-23", "blind-i", 96, 5);
}

static void test_blind_i_hindi(void **state)
{
	(void)state;
	judge_blind_hindi("blind-i-hi", 95, 5);
}

/* unreal.tsv: "I would have come, but …" is asked again, never taken. */
static void test_unreal(void **state)
{
	static const char *const books[] = { "appointment-reminder", "lead-callback", "payment-reminder" };
	struct tally one;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
		one = judge_book("unreal", books[i], i == 2 ? "en-IN" : "en-US", "2026-11-21");
		assert_true(one.lines > 0);
		assert_int_equal(one.wrong, 0);
		assert_int_equal(one.understood, one.answers);
	}
}

/* strays*.tsv: a day to call is no day to pay, a limit is no sum, another term is no yes. */
static void test_strays(void **state)
{
	static const struct {
		const char *file, *book, *language;
	} sheets[] = {
		{ "strays", "appointment-reminder", "en-US" }, { "strays", "lead-callback", "en-US" }, { "strays", "payment-reminder", "en-IN" },
		{ "strays-hi", "payment-reminder", "hi-IN" },
	};
	struct tally one;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
		one = judge_book(sheets[i].file, sheets[i].book, sheets[i].language, "2026-11-23");
		assert_true(one.answers > 0);
		assert_int_equal(one.wrong, 0);
		assert_int_equal(one.understood, one.answers);
	}
}

static void test_everyday(void **state)
{
	(void)state;
	judge_blind("everyday", 90, 5);
}

/* limits*.tsv: a yes that is limited or somebody else's is none, a plain one is; Hindi is understood in the English flow too. */
static void test_limits(void **state)
{
	static const struct {
		const char *file, *book, *language;
	} sheets[] = {
		{ "limits", "appointment-reminder", "en-US" }, { "limits", "lead-callback", "en-US" }, { "limits", "payment-reminder", "en-IN" },
		{ "limits-hi", "payment-reminder", "hi-IN" }, { "limits-hi", "payment-reminder", "en-IN" },
	};
	struct tally all = { .question = "all" }, one;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
		one = judge_book(sheets[i].file, sheets[i].book, sheets[i].language, "2026-11-22");
		tally_add(&all, &one);
	}
	tally_print("limits", &all);
	assert_true(all.answers > LINES_LEAST);
	assert_true(all.wrong * 1000 <= all.lines * 10);
	assert_true(all.understood * 100 >= all.answers * 85);
}

/* offers.tsv: who offers a part has not promised all, and what was paid is no promise. */
static void test_offers(void **state)
{
	static const char *const languages[] = { "en-IN", "hi-IN" };
	struct tally all = { .question = "all" }, one;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		one = judge_book("offers", "payment-reminder", languages[i], "2026-11-22");
		tally_add(&all, &one);
	}
	tally_print("offers", &all);
	assert_int_equal(all.wrong, 0);
	assert_true(all.understood * 100 >= all.answers * 90);
}

/* twists*.tsv: plain answers, and those that are taken back, limited, conditional, about somebody else, a question back, or an excuse. */
static void test_twists(void **state)
{
	static const struct {
		const char *file, *book, *language;
	} sheets[] = {
		{ "twists", "appointment-reminder", "en-US" }, { "twists", "lead-callback", "en-US" }, { "twists", "payment-reminder", "en-IN" },
		{ "twists-hi", "payment-reminder", "hi-IN" },
	};
	struct tally all = { .question = "all" }, one;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
		one = judge_book(sheets[i].file, sheets[i].book, sheets[i].language, "2026-11-22");
		tally_add(&all, &one);
	}
	tally_print("twists", &all);
	assert_true(all.answers > LINES_LEAST);
	assert_true(all.wrong * 1000 <= all.lines * 10);
	assert_true(all.understood * 100 >= all.answers * 95);
}

/* explained*.tsv: an answer that something hangs on explains all that was said; a value is of the kind that was asked for, and not refused. */
static void test_explained(void **state)
{
	static const struct {
		const char *file, *book, *language;
	} sheets[] = {
		{ "explained", "appointment-reminder", "en-US" }, { "explained", "lead-callback", "en-US" }, { "explained", "payment-reminder", "en-IN" },
		{ "explained", "parcel-place", "en-IN" }, { "explained", "club-plan", "en-US" },
		{ "explained-hi", "payment-reminder", "hi-IN" }, { "explained-hi", "parcel-place", "hi-IN" },
	};
	struct tally all = { .question = "all" }, one;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sheets) / sizeof(sheets[0]); i++) {
		one = judge_book(sheets[i].file, sheets[i].book, sheets[i].language, "2026-11-22");
		assert_true(one.lines > 0);
		tally_add(&all, &one);
	}
	tally_print("explained", &all);
	assert_true(all.answers > 100);
	assert_true(all.wrong * 1000 <= all.lines * 3);
	assert_true(all.understood * 100 >= all.answers * 95);
}

/* machines.tsv: what machines say is known for that, and no person is taken for one. */
static void test_machines(void **state)
{
	unsigned int lines[2] = { 0 }, known[2] = { 0 }; /* people, machines */
	char path[RULEBOOK_PATH_MAX], line[LINE_MAX_BYTES];
	struct sheet s = { .count = 0 };
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/rulebooks/paraphrases/machines.tsv", getenv("CALLFUNNEL_TESTS"));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *language = strtok(line, "\t\n"), *said = strtok(NULL, "\t\n"), *who = strtok(NULL, "\t\n"), got[LINE_MAX_BYTES];
		bool is_machine;

		if (*language == '#')
			continue;
		assert_non_null(who);
		is_machine = !strcmp(who, "machine");
		s.engine = engine_for("payment-reminder", language, NULL, &s.flow);
		outcome(&s, "person", said, got);
		rehearsed_free(&s.engine);
		json_decref(s.flow);
		lines[is_machine]++;
		known[is_machine] += !strcmp(got, "&") == is_machine;
		if (!strcmp(got, "&") != is_machine)
			printf("%s: \"%s\" is a %s\n", language, said, who);
	}
	fclose(f);
	printf("machines: %u of %u known, people: %u of %u\n", known[1], lines[1], known[0], lines[0]);
	assert_true(lines[1] > LINES_LEAST && lines[0] > LINES_LEAST);
	assert_int_equal(known[0], lines[0]);
	assert_true(known[1] * 100 >= lines[1] * 90);
}

/* opt-outs-*.tsv: who wants no more calls is understood at any question, and whoever only sounds like it is not. Each line is judged at each of these. */
struct opt_out_tally {
	unsigned int stops, understood, wrong, others, taken;
};

static void judge_opt_out(const struct sheet *s, const char *question, const char *said, bool is_stop, struct opt_out_tally *t)
{
	char got[LINE_MAX_BYTES];
	bool out;

	outcome(s, question, said, got);
	out = !strcmp(got, "@");
	t->stops += is_stop;
	t->understood += is_stop && out;
	t->wrong += is_stop && *got && !out;
	t->others += !is_stop;
	t->taken += !is_stop && out;
	if (is_stop != out && getenv("CALLFUNNEL_PARAPHRASES"))
		printf("%s %s: \"%s\" is %s, got %s\n", *got ? "WRONG" : "again", question, said, is_stop ? "an opt-out" : "none", *got ? got : "nothing");
}

static void judge_opt_outs_at(FILE *f, const char *book, const char *language, const char *const questions[2], struct opt_out_tally *t)
{
	struct sheet s = { .count = 0 };
	char line[LINE_MAX_BYTES];
	size_t i;

	rewind(f);
	s.engine = engine_for(book, language, NULL, &s.flow);
	while (fgets(line, sizeof(line), f)) {
		char *of = strtok(line, "\t\n"), *said = strtok(NULL, "\t\n"), *what = strtok(NULL, "\t\n");

		if (*of == '#' || strncmp(of, language, 2) != 0)
			continue;
		assert_non_null(what);
		for (i = 0; i < 2; i++)
			judge_opt_out(&s, questions[i], said, !strcmp(what, "stop"), t);
	}
	rehearsed_free(&s.engine);
	json_decref(s.flow);
}

static struct opt_out_tally judge_opt_outs(const char *file)
{
	static const struct {
		const char *book, *language, *questions[2];
	} places[] = {
		{ "appointment-reminder", "en-US", { "person", "plan" } },
		{ "lead-callback", "en-US", { "good_time", "interested" } },
		{ "payment-reminder", "en-IN", { "person", "plan" } },
		{ "payment-reminder", "hi-IN", { "person", "plan" } },
	};
	struct opt_out_tally t = { 0 };
	char path[RULEBOOK_PATH_MAX];
	size_t i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/rulebooks/paraphrases/%s.tsv", getenv("CALLFUNNEL_TESTS"), file);
	f = fopen(path, "r");
	assert_non_null(f);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		judge_opt_outs_at(f, places[i].book, places[i].language, places[i].questions, &t);
	fclose(f);
	printf("%-22s %u of %u opt-outs understood, %u wrong; %u of %u others taken for one\n", file, t.understood, t.stops, t.wrong, t.taken, t.others);
	assert_true(t.stops > LINES_LEAST && t.others > LINES_LEAST);
	return t;
}

static void test_opt_outs(void **state)
{
	static const struct {
		const char *file;
		unsigned int understood_percent;
	} files[] = { { "opt-outs-a", 95 }, { "opt-outs-b", 85 }, { "opt-outs-c", 85 } };
	struct opt_out_tally t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		t = judge_opt_outs(files[i].file);
		assert_true(t.understood * 100 >= t.stops * files[i].understood_percent);
		assert_true(t.wrong <= 1);
		assert_true(t.taken * 25 <= t.others);
	}
}

/* Every phrase that a shipped book lists under an option, as it stands there, is that option's. */
static size_t phrases_judge(struct sheet *s, const json_t *step, const json_t *option)
{
	const json_t *words = json_object_get(option, "words");
	const char *wanted = json_string_value(json_object_get(option, "value")), *said;
	char got[LINE_MAX_BYTES];
	size_t i, missed = 0;

	for (i = 0; i < json_array_size(words); i++) {
		said = json_string_value(json_array_get(words, i));
		outcome(s, json_string_value(json_object_get(step, "name")), said, got);
		if (!strcmp(got, wanted))
			continue;
		print_error("%s: \"%s\" is listed under %s, got %s\n", json_string_value(json_object_get(step, "name")), said, wanted, *got ? got : "nothing");
		missed++;
	}
	return missed;
}

static void test_listed_phrases(void **state)
{
	static const char *const books[][2] = { { "appointment-reminder", "en-US" }, { "lead-callback", "en-US" }, { "payment-reminder", "en-IN" },
		{ "payment-reminder", "hi-IN" } };
	const json_t *steps, *step, *options;
	size_t b, i, j, missed = 0, seen = 0;

	(void)state;
	for (b = 0; b < sizeof(books) / sizeof(books[0]); b++) {
		struct sheet s = { .count = 0 };

		s.engine = engine_for(books[b][0], books[b][1], NULL, &s.flow);
		steps = json_object_get(s.flow, "steps");
		for (i = 0; i < json_array_size(steps); i++) {
			step = json_array_get(steps, i);
			options = json_object_get(json_object_get(step, "expect"), "options");
			for (j = 0; j < json_array_size(options); j++, seen++)
				missed += phrases_judge(&s, step, json_array_get(options, j));
		}
		rehearsed_free(&s.engine);
		json_decref(s.flow);
	}
	assert_true(seen > 10);
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed_phrases),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_opt_outs),
		cmocka_unit_test(test_appointment),
		cmocka_unit_test(test_lead),
		cmocka_unit_test(test_payment),
		cmocka_unit_test(test_payment_hindi),
		cmocka_unit_test(test_blind_a),
		cmocka_unit_test(test_blind_b),
		cmocka_unit_test(test_blind_c),
		cmocka_unit_test(test_blind_d),
		cmocka_unit_test(test_blind_e),
		cmocka_unit_test(test_blind_f),
		cmocka_unit_test(test_blind_g),
		cmocka_unit_test(test_blind_h),
		cmocka_unit_test(test_blind_h_hindi),
		cmocka_unit_test(test_blind_i),
		cmocka_unit_test(test_blind_i_hindi),
		cmocka_unit_test(test_unreal),
		cmocka_unit_test(test_strays),
		cmocka_unit_test(test_everyday),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_twists),
		cmocka_unit_test(test_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Exotel's REST: requests byte by byte and what answers of every kind mean, by tests/vectors/exotel/rest.txt; what has no room, dates, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "providers/exotel/carrier.h"
#include "providers/exotel/rest.h"

#define BASE "https://api.example.com"

enum { FILE_MAX = 65536, TOLD_MAX = 20000, WORDS = 4 };

static char told[TOLD_MAX]; /* what was made of the last `ask` or `answer`, as lines; each is struck off as it is found */

static struct carrier_place place_of(const char *to, const char *from, const char *flow)
{
	return (struct carrier_place){ .to = to, .from = from, .voice_url = "unused", .status_url = "https://x.example.com/s?call=0123", .hook_key = "a+b",
		.name = "0123", .flow = strcmp(flow, "-") != 0 ? flow : NULL, .media_url = "wss://v.example.com/media/exotel", .token = "t0k", .rate_hz = 16000,
		.ring_s = 25, .limit_s = 900 };
}

static void request_begin(struct carrier_request *r)
{
	*r = (struct carrier_request){ .method = HTTP_METHOD_NONE };
	buf_init(&r->url, 4096);
	buf_init(&r->form, 4096);
}

static void request_end(struct carrier_request *r)
{
	buf_fini(&r->url);
	buf_fini(&r->form);
}

/* ------------------------------------------------------------------ the file */

static size_t words_of(char *line, char *words[WORDS])
{
	size_t count = 0;

	while (count < WORDS && line)
		words[count++] = strsep(&line, " ");
	return count;
}

static void do_ask(char *line)
{
	char *w[WORDS] = { NULL };
	struct carrier_request r;

	assert_in_range(words_of(line, w), 2, WORDS);
	request_begin(&r);
	if (!strcmp(w[0], "place")) {
		const struct carrier_place place = place_of(w[1], w[2], w[3]);

		exotel_rest.place(&r, BASE "/", "acme1", &place);
	} else if (!strcmp(w[0], "look")) {
		exotel_rest.look(&r, BASE, "acme1", w[1]);
	} else {
		exotel_rest.find(&r, BASE, "acme1", w[1], w[2]);
	}
	assert_int_equal(r.url.err + r.form.err, ERR_NONE);
	snprintf(told, sizeof(told), "> %s %s\n>%s%s\n", r.method == HTTP_POST ? "POST" : "GET", buf_str(&r.url), r.form.len ? " " : "", buf_str(&r.form));
	request_end(&r);
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void tell_leg(const struct carrier_leg *l)
{
	static const char *const states[] = { "asked", "queued", "ringing", "answered", "completed", "busy", "no_answer", "failed", "canceled" };
	size_t at = strlen(told);

	snprintf(told + at, sizeof(told) - at, "< %s %s %s to %s from %s%s made %llu by %s name %s\n", l->call, or_dash(l->account), states[l->state], or_dash(l->to),
		or_dash(l->from), l->is_outbound ? " out" : "", (unsigned long long)l->made_ms, or_dash(l->answered_by), or_dash(l->name));
}

static void do_answer(char *line)
{
	static const char *const verdicts[] = { "done", "refused", "later", "gone", "unknown" };
	static struct carrier_reply reply;
	char *w[WORDS], wait[40] = "";
	struct carrier_answer answer;

	w[3] = line;
	for (size_t i = 0; i < 3; i++)
		w[i] = strsep(&w[3], " ");
	for (char *c = w[1]; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	w[3] = strcmp(w[3], "-") != 0 ? w[3] : "";
	answer = (struct carrier_answer){ .status = (unsigned int)atoi(w[0]), .retry_after = strcmp(w[1], "-") != 0 ? w[1] : NULL, .body = w[3], .len = strlen(w[3]) };
	exotel_rest.read(&answer, !strcmp(w[2], "leg"), &reply);
	if (reply.wait_s)
		snprintf(wait, sizeof(wait), " wait %u", reply.wait_s);
	snprintf(told, sizeof(told), "< %s %u%s%s%s\n", verdicts[reply.verdict], reply.code, wait, *reply.why ? " why " : "", reply.why);
	for (size_t i = 0; i < reply.leg_count; i++)
		tell_leg(&reply.legs[i]);
}

static void expect(const char *line, const char *name)
{
	size_t len = strlen(line);

	if (strncmp(told, line, len) != 0 || told[len] != '\n')
		fail_msg("%s: wanted\n%s\nand got\n%s", name, line, told);
	memmove(told, told + len + 1, strlen(told + len + 1) + 1);
}

static void test_the_vectors(void **state)
{
	static char bytes[FILE_MAX];
	char path[500], *rest = bytes, *line;
	const char *name = "";
	unsigned int cases = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/exotel/rest.txt", getenv("CALLFUNNEL_TESTS"));
	f = fopen(path, "r");
	assert_non_null(f);
	bytes[fread(bytes, 1, sizeof(bytes) - 1, f)] = '\0';
	fclose(f);
	while ((line = strsep(&rest, "\n"))) {
		if (line[0] == '=' || !strncmp(line, "ask ", 4) || !strncmp(line, "answer ", 7))
			assert_string_equal(told, ""); /* all of the case before was expected */
		if (line[0] == '=')
			name = line, cases++;
		else if (line[0] == '>' || line[0] == '<')
			expect(line, name);
		else if (!strncmp(line, "ask ", 4))
			do_ask(line + 4);
		else if (!strncmp(line, "answer ", 7))
			do_answer(line + 7);
		else
			assert_true(line[0] == '#' || !line[0]);
	}
	assert_string_equal(told, "");
	assert_in_range(cases, 30, 100);
}

/* ------------------------------------------------------------------ what the file cannot say */

static void test_settings(void **state)
{
	const struct exotel_rest_options options = { .caller_id = EXOTEL_CALLER_E164, .flow_url = "https://my.example.com/" };
	struct carrier_place place = place_of("+919800000001", "+918040000002", "9001");
	struct carrier_request r;

	(void)state;
	place.settings = &options;
	place.limit_s = 20000;
	request_begin(&r);
	exotel_rest.place(&r, BASE, "acme1", &place);
	assert_non_null(strstr(buf_str(&r.form), "&CallerId=%2B918040000002&Url=https%3A%2F%2Fmy.example.com%2Facme1%2F"));
	assert_non_null(strstr(buf_str(&r.form), "&TimeLimit=14400&"));
	request_end(&r);
	place.limit_s = 0; /* not known: there is a limit all the same */
	request_begin(&r);
	exotel_rest.place(&r, BASE, "acme1", &place);
	assert_non_null(strstr(buf_str(&r.form), "&TimeLimit=14400&"));
	request_end(&r);
}

/* An address that Exotel would cut is not sent. */
static void test_what_has_no_room(void **state)
{
	struct carrier_place place = place_of("+919800000001", "+918040000002", "-");
	static char long_url[700];
	struct carrier_request r;

	(void)state;
	memset(long_url, 'a', sizeof(long_url) - 1);
	place.media_url = long_url;
	request_begin(&r);
	exotel_rest.place(&r, BASE, "acme1", &place);
	assert_int_equal(r.form.err, ERR_LIMIT);
	request_end(&r);
}

static void test_dates(void **state)
{
	(void)state;
	assert_int_equal(exotel_date_ms("2026-01-01 05:30:00", 330), 1767225600000);
	assert_int_equal(exotel_date_ms("2026-01-01 00:00:00", 0), 1767225600000);
	assert_int_equal(exotel_date_ms("2025-12-31 16:00:00", -480), 1767225600000);
	assert_int_equal(exotel_date_ms(NULL, 0), 0);
	assert_int_equal(exotel_date_ms("", 0), 0);
	assert_int_equal(exotel_date_ms("2026-13-01 00:00:00", 0), 0);
	assert_int_equal(exotel_date_ms("1970-01-01 00:00:00", 330), 0);
	assert_int_equal(exotel_date_ms("Thu, 01 Jan 2026 00:00:00 +0000", 0), 0);
}

static const char *named(const char *query)
{
	static char name[100];
	struct http_pairs pairs;
	const char *found;

	assert_int_equal(http_pairs_parse(&pairs, query, strlen(query)), ERR_NONE);
	found = exotel_named(&pairs);
	snprintf(name, sizeof(name), "%s", found ? found : "none");
	http_pairs_free(&pairs);
	return name;
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(named("CallSid=c1&CustomField=callfunnel%3A0123"), "0123");
	assert_string_equal(named("CallSid=c1&CustomField=call%3A0123"), "none");
	assert_string_equal(named("CallSid=c1"), "none");
}

static void test_the_key_is_a_header(void **state)
{
	struct buf line;

	(void)state;
	buf_init_private(&line, 1000);
	exotel_rest.authorise(&line, "key", "token", 5);
	assert_string_equal(buf_str(&line), "Authorization: Basic a2V5OnRva2Vu");
	buf_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_vectors),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_what_has_no_room),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_key_is_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

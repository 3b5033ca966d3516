/* The sandbox's Exotel: a socket's messages both ways, addresses and requests for a call by tests/vectors/sandbox/exotel.txt; its settings; and the
 * person on a carrier's line, whom it shares with the sandbox's Twilio. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/json.h"
#include "sandbox/exotel/exotel.h"

#define STREAM "9f1c7b0a5d2e4f60"

enum { FILE_MAX = 65536, TOLD_MAX = 4096, WORDS_MAX = 6 };

static struct words socket_words;
static char query[256];
static char told[TOLD_MAX]; /* what was made of the last line that asked */

/* ------------------------------------------------------------------ the file */

static void tell(struct buf *b)
{
	assert_int_equal(b->err, ERR_NONE);
	snprintf(told, sizeof(told), "%s", buf_str(b));
}

/* as KEYS COUNTERS RATE ENCODING QUERY */
static void do_as(char *w[WORDS_MAX])
{
	snprintf(query, sizeof(query), "%s", w[4]);
	socket_words = (struct words){ .keys = !strcmp(w[0], "camel") ? WORDS_CAMEL : !strcmp(w[0], "both") ? WORDS_BOTH : WORDS_SNAKE,
		.has_numbers = !strcmp(w[1], "number"), .rate_hz = (uint32_t)atoi(w[2]), .is_ulaw = strstr(w[3], "mulaw"), .stream = STREAM, .call = "c0ffee01",
		.account = "acme1", .from = "+15550199", .to = "+15550100", .query = strcmp(query, "-") != 0 ? query : NULL };
}

static void do_say(char *w[WORDS_MAX])
{
	uint8_t memory[TOLD_MAX], sound[64];
	size_t len = 0;
	struct buf b;

	buf_over(&b, memory, sizeof(memory) - 1);
	if (!strcmp(w[0], "connected")) {
		words_connected(&b);
	} else if (!strcmp(w[0], "start")) {
		words_start(&socket_words, &b);
	} else if (!strcmp(w[0], "mark")) {
		words_mark(&socket_words, &b, w[1]);
	} else if (!strcmp(w[0], "stop")) {
		words_stop(&socket_words, &b);
	} else {
		assert_int_equal(sodium_hex2bin(sound, sizeof(sound), w[3], strlen(w[3]), NULL, &len, NULL), 0);
		words_media(&socket_words, &b, strtoull(w[1], NULL, 10), strtoull(w[2], NULL, 10), sound, len);
	}
	tell(&b);
}

/* In memory of its own size: a sanitizer sees who reads on. */
static void do_hear(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	struct heard h;
	enum err err;

	assert_non_null(copy);
	memcpy(copy, text, len);
	err = words_hear(&h, copy, len, STREAM);
	free(copy);
	if (err)
		snprintf(told, sizeof(told), "%s", err == ERR_FORMAT ? "format" : "limit");
	else if (h.kind == HEARD_MEDIA)
		snprintf(told, sizeof(told), "media %zu %s %s", h.bytes, h.is_camel ? "camel" : "snake", h.has_all ? "all" : h.has_more ? "some" : "payload");
	else if (h.kind == HEARD_MARK)
		snprintf(told, sizeof(told), "mark %s %s", h.mark, h.is_camel ? "camel" : "snake");
	else
		snprintf(told, sizeof(told), "%s%s", h.kind ? "clear " : "nothing", !h.kind ? "" : h.is_camel ? "camel" : "snake");
}

static void do_place(const char *form)
{
	struct http_pairs pairs;
	const char *message = "";
	struct placing p;

	assert_int_equal(http_pairs_parse(&pairs, form, strlen(form)), ERR_NONE);
	if (placing_read(&p, &pairs, "acme1", &message))
		snprintf(told, sizeof(told), "%s %s %s %s field %s ring %u limit %u events %u", p.from, p.caller_id, *p.app_id ? "flow" : "stream",
			*p.app_id ? p.app_id : p.stream_url, *p.field ? p.field : "-", p.ring_s, p.limit_s, p.events);
	else
		snprintf(told, sizeof(told), "%s", message);
	http_pairs_free(&pairs);
}

static void words_of(char *line, char *w[WORDS_MAX])
{
	for (size_t i = 0; i < WORDS_MAX; i++) {
		char *word = strsep(&line, " ");

		w[i] = word ? word : line; /* line is NULL then */
	}
}

static void expect(const char *name, const char *rest)
{
	if (strcmp(told, rest) != 0)
		fail_msg("%s: %s, not %s", name, told, rest);
}

static void line_do(const char *name, char *line)
{
	char *rest = strchr(line, ' '), *w[WORDS_MAX];

	assert_non_null(rest);
	*rest++ = 0;
	if (!strcmp(line, "as") || !strcmp(line, "say")) {
		words_of(rest, w);
		if (line[0] == 'a')
			do_as(w);
		else
			do_say(w);
	} else if (!strcmp(line, ">")) {
		do_hear(rest);
	} else if (!strcmp(line, "at")) {
		snprintf(told, sizeof(told), "%s", rest);
	} else if (!strcmp(line, "rate")) {
		assert_int_equal(words_rate(told, 8000), atoi(rest));
	} else if (!strcmp(line, "fits")) {
		assert_int_equal(words_address_fits(told), !strcmp(rest, "yes"));
	} else if (!strcmp(line, "place")) {
		do_place(rest);
	} else {
		expect(name, rest); /* <, heard, taken, refused */
	}
}

static void test_vectors(void **state)
{
	static char text[FILE_MAX];
	char path[1024], *at = text, *line, name[200] = "";
	FILE *file;
	size_t len, lines = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/sandbox/exotel.txt", getenv("CALLFUNNEL_TESTS"));
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_in_range(len, 1, sizeof(text) - 2);
	text[len] = 0;
	while ((line = strsep(&at, "\n"))) {
		if (line[0] == '=')
			snprintf(name, sizeof(name), "%s", line + 1);
		else if (line[0] && line[0] != '#')
			line_do(name, line);
		lines += line[0] && line[0] != '#';
	}
	assert_in_range(lines, 80, 1000);
}

/* ------------------------------------------------------------------ what a file cannot say */

static void test_chunks_over_the_top(void **state)
{
	static char text[WORDS_CHUNK_MAX_BYTES * 2];
	size_t head = (size_t)snprintf(text, sizeof(text), "{\"event\":\"media\",\"stream_sid\":\"" STREAM "\",\"media\":{\"payload\":\"");
	struct heard h;

	(void)state;
	for (size_t bytes = WORDS_CHUNK_MAX_BYTES - 4; bytes < WORDS_CHUNK_MAX_BYTES + 8; bytes++) {
		size_t groups = bytes / 3, left = bytes % 3, len = head;

		memset(text + len, 'A', 4 * groups);
		len += 4 * groups;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\"}}", left == 1 ? "AA==" : left == 2 ? "AAA=" : "");
		assert_int_equal(words_hear(&h, text, len, STREAM), bytes > WORDS_CHUNK_MAX_BYTES ? ERR_LIMIT : ERR_NONE);
		if (bytes <= WORDS_CHUNK_MAX_BYTES)
			assert_int_equal(h.bytes, bytes);
	}
}

static void test_addresses_with_a_password(void **state)
{
	static const struct {
		const char *url, *plain, *header;
	} all[] = {
		{ "https://x.example.com/a?b=c@d", "https://x.example.com/a?b=c@d", "" },
		{ "wss://KEY:TOKEN@x.example.com/a", "wss://x.example.com/a", "Authorization: Basic S0VZOlRPS0VO" },
		{ "https://n:p%40w@x.example.com?q=@", "https://x.example.com?q=@", "Authorization: Basic bjpwQHc=" },
		{ "https://n:p%4@x.example.com/", "https://n:p%4@x.example.com/", "" },
		{ "no address", "no address", "" },
	};
	char plain[PHONE_URL_MAX], header[CALLBACK_HEADER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		exotel_split(all[i].url, plain, header);
		assert_string_equal(plain, all[i].plain);
		assert_string_equal(header, all[i].header);
	}
}

static bool set(int64_t habits[HABITS], const char *text)
{
	json_t *body = json_loads(text, 0, NULL);
	struct err_detail why;
	bool fits = habits_read(habits, body, &why);

	json_decref(body);
	assert_true(fits || (why.where[0] && why.message[0]));
	return fits;
}

static void test_settings_are_taken_whole_or_not_at_all(void **state)
{
	int64_t habits[HABITS], usual[HABITS];

	(void)state;
	habits_reset(usual);
	habits_reset(habits);
	assert_false(set(habits, "{\"chunk_ms\":20,\"key_case\":\"loud\"}"));
	assert_false(set(habits, "{\"chunk_ms\":20,\"x\":1}"));
	assert_false(set(habits, "{\"chunk_ms\":220}"));
	assert_false(set(habits, "{\"chunk_ms\":50}"));
	assert_false(set(habits, "{\"rate_hz\":11025}"));
	assert_false(set(habits, "{\"marks_on_clear\":1}"));
	assert_memory_equal(habits, usual, sizeof(usual));
	assert_true(set(habits, "{\"chunk_ms\":20,\"key_case\":\"both\",\"marks_on_clear\":false,\"rate_hz\":16000}"));
	assert_int_equal(habits[HABIT_CHUNK_MS], 20);
	assert_int_equal(habits[HABIT_KEYS], WORDS_BOTH);
	assert_int_equal(habits[HABIT_MARKS_ON_CLEAR], 0);
}

static void test_numbers_and_dates(void **state)
{
	char number[PHONE_NUMBER_MAX], date[DATE_MAX];

	(void)state;
	exotel_number_back("+919800000001", number);
	assert_string_equal(number, "09800000001");
	exotel_number_back("+15550199", number);
	assert_string_equal(number, "+15550199");
	exotel_date(0, date);
	assert_string_equal(date, "");
	exotel_date(1777609800, date); /* 2026-05-01 04:30:00 UTC */
	assert_string_equal(date, "2026-05-01 10:00:00");
}

/* ------------------------------------------------------------------ the person on the line */

struct line {
	struct phones phones;
	struct phone phone;
	size_t step;
	struct person person;
};

static struct line *line_new(const char *script)
{
	static uint8_t loud[240];
	struct line *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	memset(loud, 0x10, sizeof(loud));
	l->phones.recordings[0] = (struct recording){ .path = "one.wav", .ulaw = loud, .samples = sizeof(loud) };
	l->phones.recording_count = 1;
	l->phone.script = json_loads(script, 0, NULL);
	assert_non_null(l->phone.script);
	person_init(&l->person, &l->phones, &l->phone, &l->step);
	return l;
}

static void line_free(struct line *l)
{
	phone_fini(&l->phone);
	free(l);
}

static void test_he_speaks_when_the_agent_is_silent(void **state)
{
	struct line *l = line_new("[{\"silence_ms\":100,\"play\":\"one.wav\"},{\"hang_up\":true}]");
	uint8_t frame[PERSON_FRAME];

	(void)state;
	assert_true(person_step(&l->person, 10000000)); /* nobody has spoken to him */
	assert_int_equal(l->step, 0);
	person_hear(&l->person, 500000, 10000000);
	assert_true(person_step(&l->person, 10599999));
	assert_int_equal(l->step, 0);
	assert_true(person_step(&l->person, 10600000));
	assert_int_equal(l->step, 1);
	person_say(&l->person, frame);
	assert_int_equal(frame[0], 0x10);
	person_say(&l->person, frame);
	assert_int_equal(frame[79], 0x10);
	assert_int_equal(frame[80], 0xff);
	person_say(&l->person, frame);
	assert_int_equal(frame[0], 0xff);
	person_hear(&l->person, 1, 11000000);
	assert_true(person_step(&l->person, 11000000 + PHONE_QUIET_MS * 1000));
	assert_false(person_step(&l->person, 11000001 + PHONE_QUIET_MS * 1000));
	assert_int_equal(l->step, 2);
	assert_true(person_step(&l->person, 90000000)); /* there is no more of it */
	line_free(l);
}

static void test_marks_come_behind_their_sound(void **state)
{
	struct line *l = line_new("[]");
	char name[16];

	(void)state;
	person_mark(&l->person, "first", 5);
	assert_string_equal(person_mark_due(&l->person, 5), "first");
	person_hear(&l->person, 1000, 5);
	person_mark(&l->person, "second", 5);
	person_hear(&l->person, 1000, 5);
	person_mark(&l->person, "third", 5);
	person_mark(&l->person, NULL, 5);
	assert_null(person_mark_due(&l->person, 1004));
	assert_string_equal(person_mark_due(&l->person, 1005), "second");
	assert_null(person_mark_due(&l->person, 1005));
	person_clear(&l->person, 1100);
	assert_string_equal(person_mark_due(&l->person, 1100), "third");
	for (int i = 0; i < PERSON_MARKS_MAX + 5; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		person_mark(&l->person, name, 2000);
	}
	for (int i = 0; i < PERSON_MARKS_MAX; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		assert_string_equal(person_mark_due(&l->person, 2000), name);
	}
	assert_null(person_mark_due(&l->person, UINT64_MAX));
	person_mark(&l->person, "gone", 2000);
	person_forget_marks(&l->person);
	assert_null(person_mark_due(&l->person, UINT64_MAX));
	line_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_chunks_over_the_top),
		cmocka_unit_test(test_addresses_with_a_password),
		cmocka_unit_test(test_settings_are_taken_whole_or_not_at_all),
		cmocka_unit_test(test_numbers_and_dates),
		cmocka_unit_test(test_he_speaks_when_the_agent_is_silent),
		cmocka_unit_test(test_marks_come_behind_their_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

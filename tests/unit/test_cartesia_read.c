/* Cartesia without a socket: its messages, our requests and the place of words in a text, each case as data (tests/vectors/cartesia). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "deadline.h"
#include "providers/cartesia/cartesia_read.h"
#include "providers/cartesia/cartesia_words.h"

enum { LANGUAGES_MAX = 8 };

static const char *const kinds[] = { "other", "chunk", "timestamps", "done", "error" };

static json_t *vectors(const char *name)
{
	char path[1000];
	json_error_t error;
	json_t *all;

	snprintf(path, sizeof(path), "%s/vectors/cartesia/%s.json", getenv("CALLFUNNEL_TESTS"), name);
	all = json_load_file(path, 0, &error);
	if (!all)
		fail_msg("%s: %s", path, error.text);
	assert_true(json_array_size(all) > 10);
	return all;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void expect_text(const char *name, const char *what, const char *is, const char *wanted)
{
	if (strcmp(is, wanted) != 0)
		fail_msg("%s: %s is %s, not %s", name, what, is, wanted);
}

/* ---- messages ---- */

static void expect_words(const char *name, const struct cartesia_event *e, const json_t *words)
{
	size_t i;
	json_t *word;

	if (e->word_count != json_array_size(words))
		fail_msg("%s: %zu words, not %zu", name, e->word_count, json_array_size(words));
	json_array_foreach((json_t *)(uintptr_t)words, i, word) {
		assert_int_equal(e->words[i].len, json_string_length(json_array_get(word, 0)));
		assert_memory_equal(e->text.data + e->words[i].at, json_string_value(json_array_get(word, 0)), e->words[i].len);
		assert_int_equal(e->words[i].start_samples, json_integer_value(json_array_get(word, 1)));
		assert_int_equal(e->words[i].end_samples, json_integer_value(json_array_get(word, 2)));
	}
}

static void expect_event(const char *name, const struct cartesia_event *e, const json_t *wanted)
{
	const char *context = text_of(wanted, "context");
	char hex[100];

	expect_text(name, "kind", kinds[e->kind], text_of(wanted, "kind"));
	assert_int_equal(e->has_context, context != NULL);
	expect_text(name, "context", e->context, context ? context : "");
	assert_int_equal(e->is_done, json_is_true(json_object_get(wanted, "done")));
	expect_text(name, "err", err_name(e->err), text_of(wanted, "err") ? text_of(wanted, "err") : err_name(ERR_NONE));
	sodium_bin2hex(hex, sizeof(hex), e->audio.data ? e->audio.data : (const uint8_t *)"", e->audio.len);
	expect_text(name, "audio", hex, text_of(wanted, "audio") ? text_of(wanted, "audio") : "");
	expect_words(name, e, json_object_get(wanted, "words"));
}

static void messages_are_read(void **state)
{
	json_t *all = vectors("messages"), *one;
	struct cartesia_event e;
	size_t i;

	(void)state;
	cartesia_event_init(&e);
	json_array_foreach(all, i, one) {
		const char *name = text_of(one, "name"), *message = text_of(one, "message");
		enum err err = cartesia_read(&e, message, strlen(message));

		if (strcmp(text_of(one, "result"), "none") != 0)
			expect_text(name, "result", err_name(err), text_of(one, "result"));
		else if (err)
			fail_msg("%s: %s", name, err_name(err));
		else
			expect_event(name, &e, json_object_get(one, "event"));
	}
	cartesia_event_fini(&e);
	json_decref(all);
}

static void messages_have_ceilings(void **state)
{
	struct cartesia_event e;
	struct buf b;

	(void)state;
	cartesia_event_init(&e);
	buf_init(&b, 2 * CARTESIA_MESSAGE_MAX_BYTES);
	buf_text(&b, "{\"type\":\"timestamps\",\"context_id\":\"c\",\"word_timestamps\":{");
	for (unsigned int list = 0; list < 3; list++) {
		buf_printf(&b, "%s\"%s\":[", list ? "," : "", list == 0 ? "words" : list == 1 ? "start" : "end");
		for (unsigned int i = 0; i < 1000; i++)
			buf_printf(&b, "%s%s", i ? "," : "", list ? "1.5" : "\"w\"");
		buf_byte(&b, ']');
	}
	buf_text(&b, "}}");
	assert_int_equal(cartesia_read(&e, b.data, b.len), ERR_NONE);
	assert_int_equal(e.word_count, CARTESIA_WORDS_MAX);
	while (b.len <= CARTESIA_MESSAGE_MAX_BYTES)
		buf_byte(&b, ' ');
	assert_int_equal(cartesia_read(&e, b.data, b.len), ERR_LIMIT);
	buf_fini(&b);
	cartesia_event_fini(&e);
}

static void refusals_say_why(void **state)
{
	static const char busy[] = "{\"title\":\"t\",\"more\":{\"error_code\":\"voice_not_found\"},\"error_code\":\"concurrency_limited\"}";
	static const struct { unsigned int number; enum err err; } statuses[] = {
		{ 400, ERR_USAGE }, { 401, ERR_DENIED }, { 402, ERR_LIMIT }, { 403, ERR_DENIED },
		{ 404, ERR_NOTFOUND }, { 408, ERR_TIMEOUT }, { 422, ERR_USAGE }, { 429, ERR_BUSY }, { 500, ERR_UNAVAILABLE }, { 503, ERR_UNAVAILABLE } },
		codes[] = { { 1000, ERR_CLOSED }, { 1001, ERR_CLOSED }, { 1005, ERR_CLOSED }, { 1006, ERR_CLOSED }, { 1003, ERR_FORMAT }, { 1008, ERR_DENIED },
		{ 1009, ERR_LIMIT }, { 1011, ERR_UNAVAILABLE }, { 1012, ERR_CLOSED }, { 1013, ERR_BUSY }, { 4000, ERR_CLOSED } };

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		assert_int_equal(cartesia_status_err(statuses[i].number), statuses[i].err);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(cartesia_close_err(codes[i].number), codes[i].err);
	assert_int_equal(cartesia_refusal_err(400, busy, strlen(busy)), ERR_BUSY);
	assert_int_equal(cartesia_refusal_err(404, "<html>", 6), ERR_NOTFOUND);
	assert_int_equal(cartesia_refusal_err(401, "", 0), ERR_DENIED);
}

/* ---- requests ---- */

static void options_read(struct cartesia_options *o, struct cartesia_language languages[LANGUAGES_MAX], const json_t *given)
{
	const char *form = text_of(given, "voice_form");
	struct cartesia_options own = { .key = "k", .voice = "v-1", .model = text_of(given, "model"), .api_version = text_of(given, "api_version"),
		.voice_form = !form ? CARTESIA_VOICE_BY_VERSION : strcmp(form, "id") ? CARTESIA_VOICE_MODE : CARTESIA_VOICE_ID,
		.speed_percent = (unsigned int)json_integer_value(json_object_get(given, "speed_percent")),
		.max_buffer_delay_ms = (unsigned int)json_integer_value(json_object_get(given, "max_buffer_delay_ms")),
		.pronunciation_dict_id = text_of(given, "pronunciation_dict_id"), .says_locale = json_is_true(json_object_get(given, "says_locale")) };
	json_t *list = json_object_get(given, "languages"), *one;
	struct err_detail detail;
	size_t i;

	memset(languages, 0, LANGUAGES_MAX * sizeof(languages[0]));
	json_array_foreach(list, i, one) {
		languages[i].tag = json_string_value(json_array_get(one, 0));
		languages[i].language = json_string_value(json_array_get(one, 1));
		languages[i].voice = json_string_value(json_array_get(one, 2));
	}
	own.languages = list ? languages : NULL;
	assert_int_equal(cartesia_options_take(o, &own, &detail), ERR_NONE);
}

static void requests_are_exact(void **state)
{
	json_t *all = vectors("requests"), *one;
	struct cartesia_language languages[LANGUAGES_MAX];
	struct cartesia_options o;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, CARTESIA_REQUEST_MAX_BYTES);
	json_array_foreach(all, i, one) {
		const char *kind = text_of(one, "kind"), *language = text_of(one, "language"), *text = text_of(one, "text");

		buf_reset(&b);
		options_read(&o, languages, json_object_get(one, "options"));
		if (!strcmp(kind, "socket"))
			cartesia_request_socket(&b, &o, "c-1", language, text, strlen(text));
		else if (!strcmp(kind, "bytes"))
			cartesia_request_bytes(&b, &o, language, text, strlen(text));
		else
			cartesia_request_cancel(&b, "c-1");
		expect_text(text_of(one, "name"), "the request", buf_str(&b), text_of(one, "request"));
	}
	buf_fini(&b);
	json_decref(all);
}

/* The longest text that start takes, in the bytes that grow most, fits. */
static void the_longest_text_fits(void **state)
{
	static char text[CARTESIA_MAX_TEXT_BYTES];
	const struct cartesia_options given = { .key = "k", .voice = "v" };
	struct cartesia_options o;
	struct err_detail detail;
	struct buf b;

	(void)state;
	buf_init(&b, CARTESIA_REQUEST_MAX_BYTES);
	assert_int_equal(cartesia_options_take(&o, &given, &detail), ERR_NONE);
	for (const char *worst = "\x01&<\xff\""; *worst; worst++) {
		memset(text, *worst, sizeof(text));
		buf_reset(&b);
		cartesia_request_socket(&b, &o, "c", "en", text, sizeof(text));
		assert_int_equal(b.err, ERR_NONE);
	}
	buf_fini(&b);
}

static void where_to_and_as_whom(void **state)
{
	static const struct { const char *base; bool is_socket; const char *url; } cases[] = {
		{ NULL, true, "wss://api.cartesia.ai/tts/websocket" }, { NULL, false, "https://api.cartesia.ai/tts/bytes" },
		{ "http://127.0.0.1:81/", true, "ws://127.0.0.1:81/tts/websocket" },
		{ "https://proxy.test/voices//", false, "https://proxy.test/voices/tts/bytes" } };
	struct cartesia_options given = { .key = "sk_car_x", .voice = "v" }, o;
	struct cartesia_headers headers;
	struct err_detail detail;
	char url[CARTESIA_URL_MAX + 32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		given.base_url = cases[i].base;
		assert_int_equal(cartesia_options_take(&o, &given, &detail), ERR_NONE);
		cartesia_url(&o, cases[i].is_socket, url);
		assert_string_equal(url, cases[i].url);
	}
	cartesia_headers_make(&headers, &o, false);
	assert_string_equal(headers.list[0], "Authorization: Bearer sk_car_x");
	assert_string_equal(headers.list[1], "Cartesia-Version: 2026-03-01");
	assert_string_equal(headers.list[2], "Content-Type: application/json");
	assert_null(headers.list[3]);
	cartesia_headers_clear(&headers);
	assert_true(sodium_is_zero((const uint8_t *)&headers, sizeof(headers)));
}

static void options_that_cannot_be(void **state)
{
	static const struct cartesia_language languages[] = { { "en", "e n", NULL }, { NULL, NULL, NULL } };
	const struct cartesia_options bad[] = {
		{ .voice = "v" }, { .key = "", .voice = "v" }, { .key = "a\r\nb", .voice = "v" }, { .key = "k" }, { .key = "k", .voice = "" },
		{ .key = "k", .voice = "v", .base_url = "ftp://x" }, { .key = "k", .voice = "v", .base_url = "https://x/?a=b" },
		{ .key = "k", .voice = "v", .api_version = "a b" }, { .key = "k", .voice = "v", .speed_percent = 59 },
		{ .key = "k", .voice = "v", .speed_percent = 151 }, { .key = "k", .voice = "v", .max_buffer_delay_ms = 5001 },
		{ .key = "k", .voice = "v", .pronunciation_dict_id = "" }, { .key = "k", .voice = "v", .languages = languages } };
	struct cartesia_options o;
	struct err_detail detail;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cartesia_options_take(&o, &bad[i], &detail), ERR_USAGE);
		assert_true(detail.message[0] && detail.hint[0]);
	}
}

/* ---- words ---- */

/* `words` against a list of [the text up to there, samples]. */
static void expect_ends(const char *name, const struct speech_word *words, size_t count, const char *text, const json_t *wanted)
{
	size_t i;
	json_t *one;

	if (count != json_array_size(wanted))
		fail_msg("%s: %zu words, not %zu", name, count, json_array_size(wanted));
	json_array_foreach((json_t *)(uintptr_t)wanted, i, one) {
		const char *up_to = json_string_value(json_array_get(one, 0));

		if (words[i].text_end != strlen(up_to) || memcmp(text, up_to, strlen(up_to)) != 0)
			fail_msg("%s: \"%.*s\", not \"%s\"", name, (int)words[i].text_end, text, up_to);
		if (words[i].end_samples != json_integer_value(json_array_get(one, 1)))
			fail_msg("%s: \"%s\" ends at %u", name, up_to, words[i].end_samples);
	}
}

static void words_find_their_place(void **state)
{
	json_t *all = vectors("words"), *one, *spoken;
	struct speech_word out[2 * CARTESIA_WORDS_MAX];
	struct cartesia_words w;
	size_t i, k;

	(void)state;
	json_array_foreach(all, i, one) {
		const char *name = text_of(one, "name"), *text = text_of(one, "text");
		size_t count = 0;

		cartesia_words_init(&w, text, strlen(text));
		json_array_foreach(json_object_get(one, "spoken"), k, spoken) {
			json_t *word = json_array_get(spoken, 0);

			count += cartesia_words_put(&w, json_string_value(word), json_string_length(word),
				(uint32_t)json_integer_value(json_array_get(spoken, 1)), (uint32_t)json_integer_value(json_array_get(spoken, 2)), out + count);
		}
		expect_ends(name, out, count, text, json_object_get(one, "expect"));
		count = cartesia_words_rest(&w, (uint32_t)json_integer_value(json_object_get(one, "samples")), out, 2 * CARTESIA_WORDS_MAX);
		expect_ends(name, out, count, text, json_object_get(one, "rest"));
		if (w.is_exact != json_is_true(json_object_get(one, "exact")))
			fail_msg("%s: exact is %d", name, w.is_exact);
	}
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(messages_have_ceilings),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(requests_are_exact),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(where_to_and_as_whom),
		cmocka_unit_test(options_that_cannot_be),
		cmocka_unit_test(words_find_their_place),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}

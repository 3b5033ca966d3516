/* Cartesia's voice by HTTP: a server of ours plays Cartesia. Sound as it comes, refusals, every way to end; nothing stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>

#include <cmocka.h>

#include "cartesiakit.h"

static void opened(struct kit *k)
{
	struct err_detail detail;

	assert_int_equal(cartesia_bytes_open(&k->bytes, &k->loop, &k->options, &detail), ERR_NONE);
	k->tts = &cartesia_bytes_tts;
	k->vendor = k->bytes;
}

/* An utterance whose request has come to the server. */
static void spoken(struct kit *k, unsigned int ear, const char *text)
{
	unsigned int posts = k->posts + 1;

	kit_start(k, ear, text);
	kit_until(k, &k->posts, posts);
}

static void stream_gone(struct http_stream *s, void *arg)
{
	(void)s;
	((struct kit *)arg)->gone++;
}

static const struct http_stream_handlers stream_handlers = { .gone = stream_gone };

static struct http_stream *answered(struct kit *k, unsigned int status, const char *type)
{
	const struct http_header headers[] = { { "Content-Type", type }, { NULL, NULL } };
	struct http_stream *s = http_stream_open(k->post, status, type ? headers : NULL, &stream_handlers, k);

	k->post = NULL;
	assert_non_null(s);
	return s;
}

static void piece(struct http_stream *s, size_t samples, uint8_t code)
{
	uint8_t *ulaw = malloc(samples);

	assert_non_null(ulaw);
	memset(ulaw, code, samples);
	assert_int_equal(http_stream_write(s, ulaw, samples), ERR_NONE);
	free(ulaw);
}

static void sound_is_given_on_as_it_comes(void **state)
{
	struct kit *k = *state;
	struct http_stream *s;

	opened(k);
	spoken(k, 0, "One two.");
	assert_string_equal(k->body,
		"{\"model_id\":\"sonic-3.5-2026-05-04\",\"transcript\":\"One two.\",\"voice\":{\"mode\":\"id\",\"id\":\"v-1\"},\"language\":\"en\","
		"\"output_format\":{\"container\":\"raw\",\"encoding\":\"pcm_mulaw\",\"sample_rate\":8000}}");
	s = answered(k, 200, "application/octet-stream");
	piece(s, 161, 0x11);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "audio161 "); /* the rest is not there yet */
	piece(s, 639, 0x22);
	kit_heard(k, 0, 2);
	http_stream_end(s);
	kit_heard(k, 0, 4);
	kit_expect(k, 0, "audio161 audio639 inexact2 done ");
	assert_int_equal(k->ears[0].sound[160], 0x11);
	assert_int_equal(k->ears[0].sound[161], 0x22);
	assert_int_equal(k->ears[0].words[0].text_end, 3);
	assert_int_equal(k->ears[0].words[0].end_samples, 300);
	assert_int_equal(k->ears[0].words[1].text_end, 8);
	assert_int_equal(k->ears[0].words[1].end_samples, 800);
}

static void refusals(void **state)
{
	static const struct { unsigned int status; const char *body, *events; } cases[] = {
		{ 429, "{\"error_code\":\"concurrency_limited\",\"title\":\"t\"}", "failed=busy " },
		{ 400, "{\"error_code\":\"model_sunsetted\"}", "failed=not found " },
		{ 400, "{\"error_code\":null}", "failed=wrong usage " }, { 401, "", "failed=not permitted " }, { 402, "no", "failed=over a limit " },
		{ 404, "<html>", "failed=not found " }, { 500, "oops", "failed=unavailable " },
		{ 302, "", "failed=unavailable " }, { 204, NULL, "failed=unavailable " } };
	struct kit *k = *state;

	opened(k);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_request *r;

		k->ears[0].events[0] = '\0';
		spoken(k, 0, "One.");
		r = k->post;
		k->post = NULL;
		http_reply_as(r, cases[i].status, "application/json", cases[i].body, cases[i].body ? strlen(cases[i].body) : 0);
		kit_heard(k, 0, i + 1);
		kit_expect(k, 0, cases[i].events);
	}
}

static void a_long_refusal_is_judged_by_its_status(void **state)
{
	static char page[100000];
	struct kit *k = *state;
	struct http_request *r;

	memset(page, '[', sizeof(page));
	opened(k);
	spoken(k, 0, "One.");
	r = k->post;
	k->post = NULL;
	http_reply_as(r, 429, "text/html", page, sizeof(page));
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=busy ");
}

/* A page of some proxy would be noise in the caller's ear. */
static void what_is_no_sound_is_not_played(void **state)
{
	static const char *const types[] = { "text/html; charset=utf-8", "application/json", "Application/JSON; x=y" };
	struct kit *k = *state;

	opened(k);
	for (unsigned int i = 0; i < 3; i++) {
		struct http_stream *s;

		k->ears[0].events[0] = '\0';
		spoken(k, 0, "One.");
		s = answered(k, 200, types[i]);
		piece(s, 100, '{');
		http_stream_end(s);
		kit_heard(k, 0, i + 1);
		kit_expect(k, 0, "failed=bad format ");
	}
}

static void an_answer_that_breaks_off(void **state)
{
	struct kit *k = *state;
	struct http_stream *s;

	opened(k);
	spoken(k, 0, "One.");
	s = answered(k, 200, NULL);
	piece(s, 100, 1);
	kit_heard(k, 0, 1);
	http_stream_cut(s);
	kit_heard(k, 0, 2);
	kit_expect(k, 0, "audio100 failed=cut short ");
}

/* ---- a server that says no length: nobody can tell its end from a break ---- */

struct raw {
	uv_tcp_t listener, conn;
	uv_write_t write;
	char seen[4096];
	unsigned int closed;
};

static void raw_closed(uv_handle_t *handle)
{
	((struct raw *)handle->data)->closed++;
}

static void raw_written(uv_write_t *write, int status)
{
	(void)status;
	uv_close((uv_handle_t *)write->handle, raw_closed);
}

static void raw_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct raw *r = handle->data;

	(void)suggested;
	*buf = uv_buf_init(r->seen, sizeof(r->seen));
}

static void raw_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	static char reply[] = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n0123456789";
	uv_buf_t out = uv_buf_init(reply, sizeof(reply) - 1);
	struct raw *r = stream->data;

	(void)buf;
	assert_true(got > 0);
	uv_read_stop(stream);
	assert_int_equal(uv_write(&r->write, stream, &out, 1, raw_written), 0);
}

static void raw_accept(uv_stream_t *listener, int status)
{
	struct raw *r = listener->data;

	assert_int_equal(status, 0);
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&r->conn), 0);
	assert_int_equal(uv_read_start((uv_stream_t *)&r->conn, raw_alloc, raw_read), 0);
}

static void raw_open(struct kit *k, struct raw *r)
{
	struct sockaddr_in address;
	int len = sizeof(address);

	assert_int_equal(uv_tcp_init(&k->loop, &r->listener), 0);
	assert_int_equal(uv_tcp_init(&k->loop, &r->conn), 0);
	r->listener.data = r->conn.data = r;
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_bind(&r->listener, (struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_tcp_getsockname(&r->listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&r->listener, 1, raw_accept), 0);
	snprintf(k->url, sizeof(k->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
}

static void an_answer_that_does_not_say_where_it_ends(void **state)
{
	struct kit *k = *state;
	struct raw r = { .closed = 0 };

	raw_open(k, &r);
	opened(k);
	kit_start(k, 0, "One.");
	kit_heard(k, 0, 2);
	kit_expect(k, 0, "audio10 failed=cut short ");
	uv_close((uv_handle_t *)&r.listener, raw_closed);
	kit_until(k, &r.closed, 2);
}

static void an_answer_that_stops(void **state)
{
	struct kit *k = *state;

	k->options.silent_ms = 300;
	opened(k);
	spoken(k, 0, "One.");
	piece(answered(k, 200, NULL), 100, 1);
	kit_heard(k, 0, 2);
	kit_expect(k, 0, "audio100 failed=timed out ");
	kit_until(k, &k->gone, 1);
}

static void too_much_sound(void **state)
{
	struct kit *k = *state;
	struct http_stream *s;

	opened(k);
	spoken(k, 0, "One.");
	s = answered(k, 200, NULL);
	while (k->ears[0].samples + 200000 <= CARTESIA_MAX_SAMPLES) {
		size_t before = k->ears[0].samples;

		piece(s, 200000, 1);
		while (k->ears[0].samples < before + 200000)
			uv_run(&k->loop, UV_RUN_ONCE);
	}
	k->ears[0].events[0] = '\0';
	piece(s, 1, 1);
	kit_until(k, &k->gone, 1);
	assert_non_null(strstr(k->ears[0].events, "failed=over a limit "));
}

static void nobody_listens(void **state)
{
	struct kit *k = *state;

	snprintf(k->url, sizeof(k->url), "http://127.0.0.1:1");
	opened(k);
	kit_start(k, 0, "One.");
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=unavailable ");
}

static void what_start_refuses(void **state)
{
	struct kit *k = *state;
	static struct tts_utterance *ops[CARTESIA_UTTERANCES + 1];

	opened(k);
	assert_int_equal(kit_start_as(k, 0, "en", ""), ERR_USAGE);
	assert_int_equal(kit_start_as(k, 0, "?", "x"), ERR_NOTFOUND);
	assert_null(k->ears[0].op);
	for (unsigned int i = 0; i < CARTESIA_UTTERANCES; i++)
		assert_int_equal(k->tts->start(k->vendor, &ops[i], "en", "x", 1, &kit_events, &k->ears[0]), ERR_NONE);
	assert_int_equal(k->tts->start(k->vendor, &ops[CARTESIA_UTTERANCES], "en", "x", 1, &kit_events, &k->ears[0]), ERR_BUSY);
	kit_close(k);
	for (unsigned int i = 0; i <= CARTESIA_UTTERANCES; i++)
		assert_null(ops[i]);
	kit_expect(k, 0, "");
}

static void cancelled_the_connection_closes(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, "One.");
	piece(answered(k, 200, NULL), 100, 1);
	kit_heard(k, 0, 1);
	k->tts->cancel(&k->ears[0].op);
	assert_null(k->ears[0].op);
	kit_until(k, &k->gone, 1);
	kit_expect(k, 0, "audio100 ");
}

/* One utterance up to `on`, where something is done. */
static void until_event(struct kit *k, enum kit_event on, enum kit_act act)
{
	unsigned int events = k->ears[0].count + (on == ON_DONE ? 3 : on == ON_WORDS ? 2 : 1);
	struct http_stream *s;

	opened(k);
	k->ears[0].events[0] = '\0';
	spoken(k, 0, "One two.");
	k->ears[0].on = on;
	k->ears[0].act = act;
	s = answered(k, on == ON_FAILED ? 429 : 200, NULL);
	piece(s, 800, 1);
	http_stream_end(s);
	kit_heard(k, 0, events);
}

static void cancel_and_close_in_every_event(void **state)
{
	static const char *const events[] = { [ON_AUDIO] = "audio800 ", [ON_WORDS] = "audio800 inexact2 ", [ON_DONE] = "audio800 inexact2 done ",
		[ON_FAILED] = "failed=busy " };
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(k, on, ACT_CANCEL);
		for (unsigned int i = 0; i < 20; i++)
			uv_run(&k->loop, UV_RUN_NOWAIT);
		kit_expect(k, 0, events[on]);
		kit_close(k);
		until_event(k, on, ACT_CLOSE);
		assert_null(k->ears[0].op);
		kit_expect(k, 0, events[on]);
	}
}

static void start_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		unsigned int posts = k->posts + 2;

		until_event(k, on, ACT_AGAIN);
		assert_non_null(k->ears[0].op);
		kit_until(k, &k->posts, posts);
		assert_non_null(strstr(k->body, "\"transcript\":\"again\""));
		http_stream_end(answered(k, 200, NULL));
		kit_heard(k, 0, k->ears[0].count + 1);
		assert_null(k->ears[0].op);
		assert_non_null(strstr(k->ears[0].events, "done "));
		kit_close(k);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	const struct CMUnitTest tests[] = {
		TEST(sound_is_given_on_as_it_comes),
		TEST(refusals),
		TEST(a_long_refusal_is_judged_by_its_status),
		TEST(what_is_no_sound_is_not_played),
		TEST(an_answer_that_breaks_off),
		TEST(an_answer_that_does_not_say_where_it_ends),
		TEST(an_answer_that_stops),
		TEST(too_much_sound),
		TEST(nobody_listens),
		TEST(what_start_refuses),
		TEST(cancelled_the_connection_closes),
		TEST(cancel_and_close_in_every_event),
		TEST(start_in_every_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

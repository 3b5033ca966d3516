/* Tools: what is sent, what comes back, what is refused, and that nothing is done twice. Deaths and other programs: test_tools_ledger.c. */
#include "toolkit.h"

#include <sys/mman.h>

#include "base/log.h"
#include "conductor/tools_parts.h"

/* ---- requests ---- */

static void what_is_sent(void **state)
{
	struct shop s;
	struct told t;
	char key[100];

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "save", "{\"id\":\"a b/../\\u00e9?#%\",\"why\":\"x&y=z\",\"amount\":1500.5,\"sure\":true}");
	assert_int_equal(t.status, TOOL_OK);
	assert_string_equal(t.text, "{\"reference\":\"R-1\"}"); /* the declared fields alone */
	assert_string_equal(s.target, "/odd/save/a%20b%2F..%2F%C3%A9%3F%23%25/x?a=x%26y%3Dz");
	assert_string_equal(s.body, "{\"amount\":1500.5,\"sure\":true}");
	assert_string_equal(s.authorization, "Bearer the-token-of-a");
	assert_int_equal(strlen(s.idempotency), 64);
	memcpy(key, s.idempotency, sizeof(key));
	t = shop_run(&s, 2, "save", "{\"id\":\"a\",\"why\":\"\"}"); /* behind the ? a value may be empty */
	assert_int_equal(t.status, TOOL_OK);
	assert_string_not_equal(s.idempotency, key);
	assert_string_equal(s.body, "{}");
	t = shop_run(&s, 3, "look", "{\"id\":\"a\",\"amount\":3}");
	assert_string_equal(s.target, "/odd/look/a?amount=3");
	assert_string_equal(s.body, "");
	assert_string_equal(s.idempotency, ""); /* changes nothing */
	assert_int_equal(s.effects, 2);
	shop_end(&s);
}

static void assert_refused(struct shop *s, const char *tool, const char *arguments, const char *code)
{
	static uint32_t turn = 100;
	struct told t = shop_run(s, ++turn, tool, arguments);
	char key[100];

	assert_int_equal(t.status, TOOL_ERROR);
	if (strcmp(told_error(&t), code) != 0)
		fail_msg("%s %s: %s", tool, arguments, t.text);
	snprintf(key, sizeof(key), "tools/c1/%010u/0000000000", turn);
	assert_false(shop_ledger(s, s->w.a, key).there);
	assert_int_equal(s->effects, 0);
}

static void F11_what_does_not_fit_is_not_sent(void **state)
{
	struct shop s;

	(void)state;
	shop_begin(&s);
	assert_refused(&s, "steal", "{}", "no_such_tool");
	assert_refused(&s, "end_call", "{\"outcome\":\"done\"}", "no_such_tool");
	assert_refused(&s, "a_name_that_is_much_longer_than_any_name_of_a_tool_can_ever_be_in_a_book", "{}", "no_such_tool");
	assert_refused(&s, "save", "{\"id\":\"a\",\"why\":", "bad_arguments"); /* cut off */
	assert_refused(&s, "save", "", "bad_arguments");
	assert_refused(&s, "save", "[]", "bad_arguments");
	assert_refused(&s, "save", "{\"id\":\"a\"}", "bad_arguments");
	assert_refused(&s, "save", "{\"id\":7,\"why\":\"\"}", "bad_arguments");
	assert_refused(&s, "save", "{\"id\":\"a\",\"why\":\"\",\"more\":1}", "bad_arguments");
	assert_refused(&s, "save", "{\"id\":\"..\",\"why\":\"\"}", "bad_arguments");
	assert_refused(&s, "save", "{\"id\":\"\",\"why\":\"\"}", "bad_arguments");
	assert_refused(&s, "unset", "{}", "not_set_up");
	assert_refused(&s, "no_secret", "{}", "not_set_up");
	shop_end(&s);
}

static void what_cannot_be_asked_at_all(void **state)
{
	static char huge[TOOLBOX_ARGUMENTS_MAX_BYTES + 2];
	struct shop s;
	struct toolbox_ask ask;
	struct toolbox_wait *w = (struct toolbox_wait *)&s;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "save", "{}");
	ask.call = "a/b";
	assert_int_equal(toolbox_start(&w, s.box, &ask, told_done, NULL), ERR_USAGE);
	assert_null(w);
	memset(huge, ' ', sizeof(huge) - 1);
	ask = shop_ask(&s, 1, "save", huge);
	assert_int_equal(toolbox_start(&w, s.box, &ask, told_done, NULL), ERR_LIMIT);
	assert_int_equal(toolbox_running(s.box), 0);
	shop_end(&s);
}

/* No line of the ledger, of the answer, holds a secret. */
static void secrets_stay_in_their_headers(void **state)
{
	struct shop s;
	struct told t;
	struct ledger_entry e;

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	e = shop_ledger(&s, s.w.a, "tools/c1/0000000001/0000000000");
	assert_string_equal(e.status, "ok");
	assert_non_null(strstr(e.bytes, "\"why\":\"b\""));
	assert_null(strstr(e.bytes, "the-token"));
	assert_null(strstr(t.text, "the-token"));
	shop_end(&s);
}

/* ---- answers ---- */

struct expectation {
	const char *how, *code;
	enum tool_status status, look; /* of a tool that changes something, of a look-up */
};

static void answers_are_judged(void **state)
{
	static const struct expectation all[] = {
		{ "200", "", TOOL_OK, TOOL_OK },
		{ "302", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "400", "refused", TOOL_ERROR, TOOL_ERROR },
		{ "401", "not_permitted", TOOL_ERROR, TOOL_ERROR },
		{ "404", "not_found", TOOL_ERROR, TOOL_ERROR },
		{ "409", "conflict", TOOL_ERROR, TOOL_ERROR },
		{ "418", "failed", TOOL_ERROR, TOOL_ERROR },
		{ "429", "busy", TOOL_ERROR, TOOL_ERROR },
		{ "408", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "500", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "504", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "text", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "garbage", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "other", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "empty", NULL, TOOL_UNKNOWN, TOOL_ERROR },
		{ "big", NULL, TOOL_UNKNOWN, TOOL_ERROR },
	};
	char arguments[60];
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(arguments, sizeof(arguments), "{\"how\":\"%s\"}", all[i].how);
		t = shop_run(&s, 2 * i, "misbehave", arguments);
		if (t.status != all[i].status || strcmp(told_error(&t), all[i].code ? all[i].code : "outcome_unknown") != 0)
			fail_msg("%s: %d %s", all[i].how, t.status, t.text);
		assert_null(strstr(t.text, "10.0.0.1"));
		t = shop_run(&s, 2 * i + 1, "look_odd", arguments);
		if (t.status != all[i].look || strcmp(told_error(&t), all[i].code ? all[i].code : "no_answer") != 0)
			fail_msg("look_odd %s: %d %s", all[i].how, t.status, t.text);
	}
	assert_int_equal(s.effects, 2 * sizeof(all) / sizeof(all[0])); /* an answer is never a reason to ask again */
	shop_end(&s);
}

/* What is logged while a look-up is answered like this. */
static void answer_logged(struct shop *s, uint32_t turn, const char *how, char *out, size_t size)
{
	struct log_settings settings = { .format = LOG_FORMAT_JSON, .level = LOG_LEVEL_INFO };
	int fd = memfd_create("log", 0);
	ssize_t n;

	assert_true(fd >= 0);
	log_set_fd(fd);
	log_setup(&settings);
	shop_run(s, turn, "look_odd", how);
	settings.level = LOG_LEVEL_NONE;
	log_setup(&settings);
	log_set_fd(STDERR_FILENO);
	n = pread(fd, out, size - 1, 0);
	out[n > 0 ? n : 0] = 0;
	close(fd);
}

/* What answers 500 has run. */
static void an_error_that_was_answered_is_told(void **state)
{
	static const struct {
		const char *how, *message, *level, *status;
	} all[] = {
		{ "{\"how\":\"500\"}", "\"a tool ran and was answered by an error\"", "\"warn\"", "\"status\":500" },
		{ "{\"how\":\"302\"}", "\"a tool was answered by a redirect: it is not followed\"", "\"warn\"", "\"status\":302" },
		{ "{\"how\":\"404\"}", "\"a tool was answered\"", "\"info\"", "\"status\":404" },
	};
	char text[4096];
	struct shop s;

	(void)state;
	shop_begin(&s);
	for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		answer_logged(&s, i, all[i].how, text, sizeof(text));
		if (!strstr(text, all[i].message) || !strstr(text, all[i].level) || !strstr(text, all[i].status))
			fail_msg("%s: %s", all[i].how, text);
	}
	shop_end(&s);
}

static void nobody_there_is_an_error_and_silence_is_unknown(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "nobody", "{}");
	assert_int_equal(t.status, TOOL_ERROR);
	assert_string_equal(told_error(&t), "unreachable");
	t = shop_run(&s, 2, "impatient", "{}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_string_equal(told_error(&t), "outcome_unknown");
	t = shop_run(&s, 3, "look_impatient", "{}");
	assert_int_equal(t.status, TOOL_ERROR);
	assert_string_equal(told_error(&t), "no_answer");
	assert_int_equal(s.effects, 1);
	assert_string_equal(shop_ledger(&s, s.w.a, "tools/c1/0000000002/0000000000").status, "unknown");
	t = shop_run(&s, 2, "impatient", "{}"); /* and it stays so */
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

/* A server that takes the request and closes without a word. */
static void on_silent_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *in)
{
	free(in->base);
	if (got) {
		++*(unsigned int *)stream->data;
		uv_close((uv_handle_t *)stream, (uv_close_cb)free);
	}
}

static void silent_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	(void)handle;
	*out = uv_buf_init(malloc(size), (unsigned int)size);
}

static void on_silent(uv_stream_t *server, int status)
{
	uv_tcp_t *tcp = malloc(sizeof(*tcp));

	assert_int_equal(status, 0);
	uv_tcp_init(server->loop, tcp);
	tcp->data = server->data;
	assert_int_equal(uv_accept(server, (uv_stream_t *)tcp), 0);
	uv_read_start((uv_stream_t *)tcp, silent_alloc, on_silent_read);
}

static void F12_a_request_that_was_sent_is_not_sent_again(void **state)
{
	struct sockaddr_in at;
	int len = sizeof(at);
	unsigned int asked = 0;
	uv_tcp_t silent;
	struct shop s;
	struct told t;

	(void)state;
	memset(&s, 0, sizeof(s));
	world_begin(&s.w);
	uv_tcp_init(&s.w.loop, &silent);
	uv_ip4_addr("127.0.0.1", 0, &at);
	silent.data = &asked;
	assert_int_equal(uv_tcp_bind(&silent, (const struct sockaddr *)&at, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&silent, 8, on_silent), 0);
	assert_int_equal(uv_tcp_getsockname(&silent, (struct sockaddr *)&at, &len), 0);
	shop_open_server(&s);
	shop_open_stores(&s);
	shop_open_records(&s);
	shop_open_box(&s, ntohs(at.sin_port));
	shop_load_book(&s);
	t = shop_run(&s, 1, "silent", "{}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	t = shop_run(&s, 1, "silent", "{}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_int_equal(asked, 1);
	t = shop_run(&s, 2, "silent_put", "{}"); /* methods that a client may repeat on its own */
	assert_int_equal(t.status, TOOL_UNKNOWN);
	t = shop_run(&s, 3, "silent_delete", "{}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_int_equal(asked, 3);
	t = shop_run(&s, 4, "silent_look", "{}"); /* two attempts */
	assert_int_equal(t.status, TOOL_ERROR);
	assert_int_equal(asked, 5);
	uv_close((uv_handle_t *)&silent, NULL);
	shop_end(&s);
}

/* ---- where tools may go ---- */

static void private_addresses_are_refused(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "private_number", "{}");
	assert_int_equal(t.status, TOOL_ERROR);
	assert_string_equal(told_error(&t), "unreachable");
	t = shop_run(&s, 2, "private", "{}"); /* a name that leads there */
	assert_int_equal(t.status, TOOL_ERROR);
	assert_int_equal(s.effects, 0);
	toolbox_close(&s.box);
	s.allow_private = true;
	shop_open_box(&s, 1);
	t = shop_run(&s, 3, "private_number", "{}");
	assert_int_equal(t.status, TOOL_OK);
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

static void an_argument_does_not_choose_the_server(void **state)
{
	static const char begin[] = "tools:\n  x: {about: a, method: POST, changes: true, url: \"";
	static const char end[] = "\", arguments: {type: object, properties: {h: {type: string}}, required: [h]}}\n";
	static const struct {
		const char *url;
		bool fine;
	} all[] = { { "https://{h}/x", false }, { "https://{h}.example/x", false }, { "https://a.example:{h}", false }, { "https://a.example/{h}", true },
		{ "https://a.example?x={h}", true }, { "service:records/{h}", true } };
	struct rulebook_report *report = calloc(1, sizeof(*report));

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char text[sizeof(shop_book) + 400];
		struct rulebook *book;
		const char *tools = strstr(shop_book, "tools:");

		snprintf(text, sizeof(text), "%.*s%s%s%s", (int)(tools - shop_book), shop_book, begin, all[i].url, end);
		memset(report, 0, sizeof(*report));
		if (!rulebook_load(&book, "x", text, strlen(text), report) != all[i].fine)
			fail_msg("%s: %s", all[i].url, report->mistakes[0].why);
		rulebook_free(book);
	}
	free(report);
}

/* ---- once ---- */

static void F12_the_same_key_gets_the_first_result(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	assert_int_equal(t.status, TOOL_OK);
	t = shop_run(&s, 1, "save", "{ \"why\":\"b\", \"id\" : \"a\" }"); /* spaced and ordered otherwise */
	assert_int_equal(t.status, TOOL_OK);
	assert_string_equal(t.text, "{\"reference\":\"R-1\"}");
	assert_int_equal(s.effects, 1);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"c\"}");
	assert_int_equal(t.status, TOOL_ERROR);
	assert_string_equal(told_error(&t), "already_done");
	assert_non_null(strstr(t.text, "\"arguments\":{\"id\":\"a\",\"why\":\"b\"},\"succeeded\":true,\"result\":{\"reference\":\"R-1\"}"));
	t = shop_run(&s, 1, "look", "{\"id\":\"a\"}"); /* also what would change nothing is another thing */
	assert_int_equal(t.status, TOOL_ERROR);
	assert_int_equal(s.effects, 1);
	assert_int_equal(s.looks, 0);
	shop_end(&s);
}

static void a_look_up_gives_way(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "look", "{\"id\":\"a\"}");
	t = shop_run(&s, 1, "look", "{\"id\":\"a\"}");
	assert_int_equal(s.looks, 1);
	t = shop_run(&s, 1, "look", "{\"id\":\"b\"}");
	assert_int_equal(t.status, TOOL_OK);
	assert_int_equal(s.looks, 2);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	assert_int_equal(t.status, TOOL_OK);
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

static void P01_eight_at_once_are_one(void **state)
{
	struct shop s;
	struct told all[8];
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	for (size_t i = 0; i < 8; i++)
		shop_start(&s, &all[i], &ask);
	assert_int_equal(toolbox_running(s.box), 1);
	for (size_t i = 0; i < 8; i++) {
		world_wait(&s.w, &all[i].count, 1);
		assert_int_equal(all[i].status, TOOL_OK);
		assert_string_equal(all[i].text, "{\"reference\":\"R-1\"}");
	}
	assert_int_equal(s.effects, 1);
	assert_int_equal(toolbox_running(s.box), 0);
	shop_end(&s);
}

/* Eight with other arguments each: one is done, the others are told what was. */
static void eight_that_differ_are_one(void **state)
{
	struct shop s;
	struct told all[8];
	struct toolbox_ask ask;
	char arguments[60];
	unsigned int done = 0;

	(void)state;
	shop_begin(&s);
	for (size_t i = 0; i < 8; i++) {
		snprintf(arguments, sizeof(arguments), "{\"id\":\"a\",\"why\":\"%zu\"}", i);
		ask = shop_ask(&s, 1, "save", arguments);
		shop_start(&s, &all[i], &ask);
	}
	for (size_t i = 0; i < 8; i++) {
		world_wait(&s.w, &all[i].count, 1);
		done += all[i].status == TOOL_OK;
		if (i)
			assert_string_equal(told_error(&all[i]), "already_done");
		if (i) /* they waited for it */
			assert_non_null(strstr(all[i].text, "\"arguments\":{\"id\":\"a\",\"why\":\"0\"},\"succeeded\":true"));
	}
	assert_int_equal(done, 1);
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

static void N08_two_tenants_with_one_call_id(void **state)
{
	struct shop s;
	struct told a, b;
	struct toolbox_ask ask_a, ask_b;
	char key[100];

	(void)state;
	shop_begin(&s);
	ask_a = ask_b = shop_ask(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	ask_b.tenant = s.w.b;
	shop_start(&s, &a, &ask_a);
	shop_start(&s, &b, &ask_b);
	world_wait(&s.w, &a.count, 1);
	world_wait(&s.w, &b.count, 1);
	assert_int_equal(a.status, TOOL_OK);
	assert_int_equal(b.status, TOOL_OK);
	assert_int_equal(s.effects, 2);
	ask_b.turn = 2;
	b = shop_run_ask(&s, &ask_b);
	assert_string_equal(s.authorization, "Bearer the-token-of-b");
	memcpy(key, s.idempotency, sizeof(key));
	ask_a.turn = 2;
	a = shop_run_ask(&s, &ask_a);
	assert_string_equal(s.authorization, "Bearer the-token-of-a");
	assert_string_not_equal(s.idempotency, key); /* both may use the same service */
	ask_b.turn = 3;
	b = shop_run_ask(&s, &ask_b);
	assert_false(shop_ledger(&s, s.w.a, "tools/c1/0000000003/0000000000").there);
	shop_end(&s);
}

/* ---- stopping ---- */

static void P03_what_was_sent_goes_on_when_nobody_listens(void **state)
{
	struct shop s;
	struct told t;
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &t, &ask);
	world_wait(&s.w, &s.held_count, 1);
	toolbox_cancel(&t.slot);
	assert_null(t.slot);
	assert_int_equal(toolbox_running(s.box), 1);
	rulebook_free(s.book); /* the call ends, its book goes */
	s.book = NULL;
	shop_release(&s);
	while (toolbox_running(s.box))
		uv_run(&s.w.loop, UV_RUN_ONCE);
	assert_int_equal(t.count, 0);
	assert_string_equal(shop_ledger(&s, s.w.a, "tools/c1/0000000001/0000000000").status, "ok");
	shop_end(&s);
}

static void what_was_not_begun_is_dropped(void **state)
{
	struct shop s;
	struct told t;
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	shop_start(&s, &t, &ask);
	toolbox_cancel(&t.slot);
	toolbox_cancel(&t.slot); /* an empty one */
	assert_int_equal(toolbox_running(s.box), 0);
	assert_false(shop_ledger(&s, s.w.a, "tools/c1/0000000001/0000000000").there);
	assert_int_equal(s.effects, 0);
	assert_int_equal(t.count, 0);
	shop_end(&s);
}

/* One who waits no longer; another does, and gets the result of the one sending. */
static void waiting_ends_and_the_tool_goes_on(void **state)
{
	struct shop s;
	struct told soon, patient;
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &patient, &ask);
	world_wait(&s.w, &s.held_count, 1);
	ask.wait_ms = 20;
	shop_start(&s, &soon, &ask);
	world_wait(&s.w, &soon.count, 1);
	assert_int_equal(soon.status, TOOL_UNKNOWN);
	assert_string_equal(told_error(&soon), "outcome_unknown");
	assert_int_equal(patient.count, 0);
	shop_release(&s);
	world_wait(&s.w, &patient.count, 1);
	assert_int_equal(patient.status, TOOL_OK);
	assert_string_equal(patient.text, "{\"reference\":\"R-9\"}");
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

struct pair {
	struct told *other;
	struct shop *s;
	struct told again;
	unsigned int count;
};

/* In a handler everything is legal: silencing another one of the same run, asking for the same again. */
static void on_first(void *arg, enum tool_status status, const char *text, size_t len)
{
	struct pair *p = arg;
	const struct toolbox_ask ask = shop_ask(p->s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");

	(void)status;
	(void)text;
	(void)len;
	p->count++;
	toolbox_cancel(&p->other->slot);
	shop_start(p->s, &p->again, &ask);
}

static void handlers_may_cancel_and_ask(void **state)
{
	struct shop s;
	struct told other;
	struct pair p = { .other = &other, .s = &s };
	struct toolbox_wait *first;
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	shop_start(&s, &other, &ask);
	assert_int_equal(toolbox_start(&first, s.box, &ask, on_first, &p), ERR_NONE);
	world_wait(&s.w, &p.count, 1);
	world_wait(&s.w, &p.again.count, 1);
	assert_int_equal(other.count, 0);
	assert_int_equal(p.again.status, TOOL_OK);
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

static void closing_silences_all(void **state)
{
	struct shop s;
	struct told t[3];
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &t[0], &ask);
	world_wait(&s.w, &s.held_count, 1);
	ask = shop_ask(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}"); /* behind it */
	shop_start(&s, &t[1], &ask);
	ask = shop_ask(&s, 2, "save", "{\"id\":\"a\",\"why\":\"b\"}"); /* looking */
	shop_start(&s, &t[2], &ask);
	toolbox_close(&s.box);
	for (size_t i = 0; i < 3; i++)
		assert_null(t[i].slot);
	shop_end(&s);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(t[i].count, 0);
}

/* ---- the record service ---- */

static void load_shipped(struct shop *s, const char *name)
{
	struct rulebook_report *report = calloc(1, sizeof(*report));
	const char *tests = getenv("CALLFUNNEL_TESTS");
	char path[RULEBOOK_PATH_MAX];
	struct buf text;

	snprintf(path, sizeof(path), "%s/../rulebooks/%s.yaml", tests ? tests : "tests", name);
	buf_init(&text, RULEBOOK_MAX_BYTES + 1);
	assert_int_equal(rulebook_read(path, &text, NULL), ERR_NONE);
	rulebook_free(s->book);
	assert_int_equal(rulebook_load(&s->book, name, text.data, text.len, report), ERR_NONE);
	buf_fini(&text);
	free(report);
}

static void assert_told(struct shop *s, const char *tool, const char *arguments, const char *expected)
{
	static uint32_t turn = 1000;
	struct told t = shop_run(s, ++turn, tool, arguments);

	if (t.status != TOOL_OK || strcmp(t.text, expected) != 0)
		fail_msg("%s %s: %d %s", tool, arguments, t.status, t.text);
}

/* Every tool of every shipped book, with its samples. */
static void the_shipped_books_and_the_records_agree(void **state)
{
	struct shop s;

	(void)state;
	shop_begin(&s);
	load_shipped(&s, "appointment-reminder");
	assert_told(&s, "find_appointment", "{\"id\":\"A-1001\"}", "{\"status\":\"booked\",\"date\":\"2026-11-26\",\"time\":\"10:30\",\"doctor\":\"Doctor Adams\"}");
	assert_told(&s, "confirm_appointment", "{\"id\":\"A-1001\"}", "{}");
	assert_told(&s, "find_slot", "{\"date\":\"2026-11-27\",\"time\":\"15:00\"}", "{\"free\":true,\"near_date\":\"2026-11-27\",\"near_time\":\"15:00\"}");
	assert_told(&s, "move_appointment", "{\"id\":\"A-1001\",\"date\":\"2026-11-27\",\"time\":\"15:00\"}", "{}");
	assert_told(&s, "cancel_appointment", "{\"id\":\"A-1001\"}", "{}");
	assert_told(&s, "find_appointment", "{\"id\":\"A-1001\"}", "{\"status\":\"cancelled\",\"date\":\"2026-11-27\",\"time\":\"15:00\",\"doctor\":\"Doctor Adams\"}");
	load_shipped(&s, "payment-reminder");
	assert_told(&s, "verify_holder", "{\"id\":\"P-3001\",\"digits\":\"4021\"}", "{\"matches\":true}");
	assert_told(&s, "find_account", "{\"id\":\"P-3001\"}", "{\"status\":\"open\",\"amount\":4500,\"due_date\":\"2026-11-10\"}");
	assert_told(&s, "save_promise", "{\"id\":\"P-3001\",\"amount\":4500,\"date\":\"2026-11-30\",\"part\":false}", "{}");
	assert_told(&s, "save_note", "{\"id\":\"P-3001\",\"kind\":\"dispute\",\"text\":\"No.\"}", "{}");
	assert_told(&s, "find_account", "{\"id\":\"P-3001\"}", "{\"status\":\"disputed\",\"amount\":4500,\"due_date\":\"2026-11-10\"}");
	load_shipped(&s, "lead-callback");
	assert_told(&s, "save_lead", "{\"id\":\"L-2001\",\"interest\":\"interested\",\"purpose\":\"own\",\"budget\":350000,\"soon\":\"month\",\"call_date\":\"2026-11-24\","
		"\"call_time\":\"10:30\"}", "{}");
	shop_end(&s);
}

static void a_token_is_made_at_first_use(void **state)
{
	struct shop s;
	struct told t[3];
	struct toolbox_ask ask;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "note", "{\"id\":\"P-3001\",\"kind\":\"refused\"}"); /* first use: the token is made */
	for (uint32_t i = 0; i < 3; i++) {
		ask.turn = i + 1;
		shop_start(&s, &t[i], &ask);
	}
	for (size_t i = 0; i < 3; i++) {
		world_wait(&s.w, &t[i].count, 1);
		assert_int_equal(t[i].status, TOOL_OK);
	}
	t[0] = shop_run(&s, 4, "note", "{\"id\":\"P-9999\",\"kind\":\"refused\"}");
	assert_string_equal(told_error(&t[0]), "not_found");
	t[0] = shop_run(&s, 5, "note", "{\"id\":\"P-3001\",\"kind\":\"rude\"}");
	assert_string_equal(told_error(&t[0]), "refused");
	t[0] = shop_run(&s, 6, "note", "{\"id\":\"P-3001\",\"kind\":\"dispute\"}");
	assert_string_equal(t[0].text, "{\"reference\":\"R-4\"}");
	shop_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent),
		cmocka_unit_test(F11_what_does_not_fit_is_not_sent),
		cmocka_unit_test(what_cannot_be_asked_at_all),
		cmocka_unit_test(secrets_stay_in_their_headers),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(an_error_that_was_answered_is_told),
		cmocka_unit_test(nobody_there_is_an_error_and_silence_is_unknown),
		cmocka_unit_test(F12_a_request_that_was_sent_is_not_sent_again),
		cmocka_unit_test(private_addresses_are_refused),
		cmocka_unit_test(an_argument_does_not_choose_the_server),
		cmocka_unit_test(F12_the_same_key_gets_the_first_result),
		cmocka_unit_test(a_look_up_gives_way),
		cmocka_unit_test(P01_eight_at_once_are_one),
		cmocka_unit_test(eight_that_differ_are_one),
		cmocka_unit_test(N08_two_tenants_with_one_call_id),
		cmocka_unit_test(P03_what_was_sent_goes_on_when_nobody_listens),
		cmocka_unit_test(what_was_not_begun_is_dropped),
		cmocka_unit_test(waiting_ends_and_the_tool_goes_on),
		cmocka_unit_test(handlers_may_cancel_and_ask),
		cmocka_unit_test(closing_silences_all),
		cmocka_unit_test(a_token_is_made_at_first_use),
		cmocka_unit_test(the_shipped_books_and_the_records_agree),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

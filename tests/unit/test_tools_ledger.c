/* The ledger across lives and programs: a process killed between sending and writing down, stores reopened, conductors that share one. */
#include "toolkit.h"

#include <sys/wait.h>

#include "conductor/tools_parts.h"

/* ---- entries ---- */

static struct document document_of(const char *text)
{
	return (struct document){ .key = "k", .value = (const uint8_t *)text, .len = strlen(text), .revision = 1 };
}

static void entries_are_read_back(void **state)
{
	json_t *arguments = json_pack("{si}", "a", 1);
	const struct tool_entry e = { .tool = "save", .hash = "h", .instance = "i", .arguments = arguments, .until_ms = 7, .changes = true, .is_done = true,
		.status = TOOL_UNKNOWN, .text = "{\"x\":\"\\u0001\"}" };
	struct tool_entry back;
	struct document d;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	tool_entry_encode(&e, &b);
	d = document_of(buf_str(&b));
	assert_int_equal(tool_entry_decode(&back, &d), ERR_NONE);
	assert_string_equal(back.tool, "save");
	assert_string_equal(back.text, e.text);
	assert_int_equal(back.status, TOOL_UNKNOWN);
	assert_int_equal(back.until_ms, 7);
	assert_true(back.changes && back.is_done && json_equal(back.arguments, arguments));
	tool_entry_free(&back);
	buf_fini(&b);
	json_decref(arguments);
}

static void entries_of_others_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum err err;
	} all[] = {
		{ "", ERR_CORRUPT },
		{ "[]", ERR_CORRUPT },
		{ "{\"format\":1}", ERR_CORRUPT },
		{ "{\"format\":2}", ERR_VERSION },
		{ "{\"format\":1,\"tool\":\"a\",\"hash\":\"h\",\"instance\":\"i\",\"status\":\"fine\",\"text\":\"\"}", ERR_CORRUPT },
		{ "{\"format\":1,\"tool\":\"a\",\"hash\":\"h\",\"instance\":\"i\",\"status\":\"ok\"}", ERR_CORRUPT },
		{ "{\"format\":1,\"tool\":\"a\",\"hash\":\"h\",\"instance\":\"i\"}", ERR_NONE },
	};
	struct tool_entry e;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct document d = document_of(all[i].text);

		assert_int_equal(tool_entry_decode(&e, &d), all[i].err);
		if (!all[i].err) /* what does not say that it changes nothing may have changed something */
			assert_true(e.changes && !e.is_done);
		tool_entry_free(&e);
	}
}

static void keys_sort_like_turns(void **state)
{
	const struct tool_key a = { .call = "c", .turn = 9, .index = 10 }, b = { .call = "c", .turn = 10, .index = 2 }, c = { .call = "c", .turn = 10, .index = 11 };
	char ka[DOCUMENT_KEY_MAX], kb[DOCUMENT_KEY_MAX], kc[DOCUMENT_KEY_MAX];

	(void)state;
	tool_key_print(&a, ka);
	tool_key_print(&b, kb);
	tool_key_print(&c, kc);
	assert_true(strcmp(ka, kb) < 0 && strcmp(kb, kc) < 0);
}

static void on_put(void *arg, enum err err, uint64_t revision)
{
	(void)revision;
	assert_int_equal(err, ERR_NONE);
	++*(unsigned int *)arg;
}

/* What cannot be read may say that it was sent. */
static void an_entry_that_cannot_be_read_sends_nothing(void **state)
{
	const struct documents_put put = { .key = "tools/c1/0000000001/0000000000", .value = "{}", .len = 2, .expected = DOCUMENT_NONE };
	unsigned int done = 0;
	struct job *job;
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	assert_int_equal(documents_put(s.documents, &job, s.w.a, &put, on_put, &done), ERR_NONE);
	world_wait(&s.w, &done, 1);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_string_equal(told_error(&t), "unavailable");
	t = shop_run(&s, 1, "look", "{\"id\":\"a\"}");
	assert_int_equal(t.status, TOOL_ERROR);
	assert_int_equal(s.effects + s.looks, 0);
	shop_end(&s);
}

static void what_cannot_be_opened(void **state)
{
	const struct toolbox_service many[TOOLBOX_SERVICES_MAX + 1] = { { "a", "b" } };
	struct toolbox_settings settings;
	struct toolbox *box;
	struct shop s;

	(void)state;
	shop_begin(&s);
	settings = (struct toolbox_settings){ .loop = &s.w.loop, .documents = s.documents, .secrets = s.secrets, .options.ca_file = "no-such-file.pem" };
	assert_int_equal(toolbox_open(&box, &settings, NULL), ERR_UNAVAILABLE);
	assert_null(box);
	settings.options.ca_file = "";
	settings.services = many;
	settings.service_count = TOOLBOX_SERVICES_MAX + 1;
	assert_int_equal(toolbox_open(&box, &settings, NULL), ERR_LIMIT);
	assert_null(box);
	shop_end(&s);
}

/* ---- lives ---- */

/* As when the process ends between sending and answering: the box goes, its entry is open; the stores are opened again. */
static void new_life(struct shop *s)
{
	toolbox_close(&s->box);
	s->closed = 0;
	http_server_close(&s->server, shop_closed, s);
	records_close(&s->records);
	world_wait(&s->w, &s->closed, 1);
	documents_close(&s->documents);
	secrets_close(&s->secrets);
	uv_run(&s->w.loop, UV_RUN_NOWAIT);
	s->held = NULL;
	s->closed = 0;
	shop_open_server(s);
	shop_open_stores(s);
	shop_open_records(s);
	shop_open_box(s, 1);
}

static void send_and_lose(struct shop *s, const char *tool, const char *arguments)
{
	const struct toolbox_ask ask = shop_ask(s, 1, tool, arguments);
	unsigned int wanted = s->held_count + 1;
	struct told t;

	shop_start(s, &t, &ask);
	world_wait(&s->w, &s->held_count, wanted);
	assert_true(shop_ledger(s, s->w.a, "tools/c1/0000000001/0000000000").there); /* before it was sent */
	new_life(s);
	assert_int_equal(t.count, 0);
}

static void F01_after_a_restart_an_open_change_is_unknown(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	send_and_lose(&s, "misbehave", "{\"how\":\"hold\"}");
	t = shop_run(&s, 1, "misbehave", "{\"how\":\"other\"}"); /* something else under its key */
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_string_equal(told_error(&t), "already_done");
	t = shop_run(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_string_equal(told_error(&t), "outcome_unknown");
	assert_string_equal(shop_ledger(&s, s.w.a, "tools/c1/0000000001/0000000000").status, "unknown");
	new_life(&s);
	t = shop_run(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_int_equal(s.effects, 1);
	t = shop_run(&s, 2, "save", "{\"id\":\"a\",\"why\":\"b\"}"); /* the call goes on */
	assert_int_equal(t.status, TOOL_OK);
	shop_end(&s);
}

static void after_a_restart_a_result_is_still_there(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	new_life(&s);
	t = shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	assert_int_equal(t.status, TOOL_OK);
	assert_string_equal(t.text, "{\"reference\":\"R-1\"}");
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

static void release_now(struct shop *s)
{
	shop_release(s);
}

static void after_a_restart_a_look_up_is_made_again(void **state)
{
	struct shop s;
	struct told t;

	(void)state;
	shop_begin(&s);
	send_and_lose(&s, "look_odd", "{\"how\":\"hold\"}");
	s.on_held = release_now;
	t = shop_run(&s, 1, "look_odd", "{\"how\":\"hold\"}");
	assert_int_equal(t.status, TOOL_OK);
	assert_string_equal(t.text, "{\"reference\":\"R-9\"}");
	assert_int_equal(s.held_count, 2);
	shop_end(&s);
}

/* ---- kill -9 ---- */

struct start {
	char dir[64];
	unsigned int port;
};

/* A program of its own: asks for one tool and is killed while the service has it. */
static void victim(int pipe_end)
{
	struct shop s;
	struct start start;
	struct toolbox_ask ask;
	struct told t;

	memset(&s, 0, sizeof(s));
	if (read(pipe_end, &start, sizeof(start)) != (ssize_t)sizeof(start))
		_exit(2);
	world_begin(&s.w);
	rmdir(s.w.dir);
	memcpy(s.w.dir, start.dir, sizeof(start.dir));
	s.port = start.port;
	shop_open_stores(&s);
	shop_open_box(&s, 1);
	shop_load_book(&s);
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &t, &ask);
	world_wait(&s.w, &t.count, 1);
	_exit(3); /* it was to be killed */
}

static pid_t victim_pid;

static void kill_now(struct shop *s)
{
	(void)s;
	assert_int_equal(kill(victim_pid, SIGKILL), 0);
}

static void F01_killed_between_sending_and_writing_down(void **state)
{
	struct shop s;
	struct start start;
	struct told t;
	int ends[2], status;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	victim_pid = fork();
	assert_true(victim_pid >= 0);
	if (!victim_pid)
		victim(ends[0]);
	memset(&s, 0, sizeof(s));
	world_begin(&s.w);
	shop_open_server(&s);
	s.on_held = kill_now;
	memcpy(start.dir, s.w.dir, sizeof(start.dir));
	start.port = s.port;
	assert_int_equal(write(ends[1], &start, sizeof(start)), sizeof(start));
	world_wait(&s.w, &s.held_count, 1);
	assert_int_equal(waitpid(victim_pid, &status, 0), victim_pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	shop_open_stores(&s);
	shop_open_records(&s);
	shop_open_box(&s, 1);
	shop_load_book(&s);
	t = shop_run(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	assert_int_equal(t.status, TOOL_UNKNOWN);
	assert_int_equal(s.effects, 1);
	close(ends[0]);
	close(ends[1]);
	shop_end(&s);
}

/* ---- several programs, one ledger ---- */

static void shop_second_box(struct shop *s, struct toolbox **box)
{
	struct toolbox *first = s->box;

	shop_open_box(s, 1);
	*box = s->box;
	s->box = first;
}

static void another_program_s_tool_is_waited_for(void **state)
{
	struct shop s;
	struct toolbox *second, *first;
	struct toolbox_ask ask;
	struct told a, b;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.is_shared = true;
	s.now_ms = 1000000;
	shop_begin_with(&s, 1);
	shop_second_box(&s, &second);
	first = s.box;
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &a, &ask);
	world_wait(&s.w, &s.held_count, 1);
	s.box = second;
	shop_start(&s, &b, &ask);
	s.box = first;
	shop_release(&s);
	world_wait(&s.w, &a.count, 1);
	world_wait(&s.w, &b.count, 1);
	assert_int_equal(b.status, TOOL_OK);
	assert_string_equal(b.text, "{\"reference\":\"R-9\"}");
	assert_int_equal(s.effects, 1);
	toolbox_close(&second);
	shop_end(&s);
}

/* The other one never comes back: when its time is over the outcome is not known. */
static void another_program_has_its_time_and_no_more(void **state)
{
	struct shop s;
	struct toolbox *second, *first;
	struct toolbox_ask ask;
	struct told a, b, impatient;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.is_shared = true;
	s.now_ms = 1000000;
	shop_begin_with(&s, 1);
	shop_second_box(&s, &second);
	first = s.box;
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &a, &ask);
	world_wait(&s.w, &s.held_count, 1);
	toolbox_close(&first);
	s.box = second;
	shop_start(&s, &b, &ask);
	ask.wait_ms = 500;
	shop_start(&s, &impatient, &ask);
	world_wait(&s.w, &impatient.count, 1);
	assert_int_equal(impatient.status, TOOL_UNKNOWN); /* it may be done there */
	assert_int_equal(b.count, 0);
	s.now_ms += 60000;
	world_wait(&s.w, &b.count, 1);
	assert_int_equal(b.status, TOOL_UNKNOWN);
	assert_int_equal(s.effects, 1);
	shop_end(&s);
}

/* Two programs ask in the same moment: the ledger lets one of them send. */
static void two_programs_at_once_are_one(void **state)
{
	struct shop s;
	struct toolbox *second, *first;
	struct toolbox_ask ask;
	struct told a, b;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.is_shared = true;
	s.now_ms = 1000000;
	shop_begin_with(&s, 1);
	shop_second_box(&s, &second);
	first = s.box;
	for (uint32_t turn = 1; turn <= 20; turn++) {
		ask = shop_ask(&s, turn, "save", "{\"id\":\"a\",\"why\":\"b\"}");
		shop_start(&s, &a, &ask);
		s.box = second;
		shop_start(&s, &b, &ask);
		s.box = first;
		world_wait(&s.w, &a.count, 1);
		world_wait(&s.w, &b.count, 1);
		assert_int_equal(a.status, TOOL_OK);
		assert_int_equal(b.status, TOOL_OK);
		assert_int_equal(s.effects, turn);
	}
	toolbox_close(&second);
	shop_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_read_back),
		cmocka_unit_test(entries_of_others_are_refused),
		cmocka_unit_test(keys_sort_like_turns),
		cmocka_unit_test(an_entry_that_cannot_be_read_sends_nothing),
		cmocka_unit_test(what_cannot_be_opened),
		cmocka_unit_test(F01_after_a_restart_an_open_change_is_unknown),
		cmocka_unit_test(after_a_restart_a_result_is_still_there),
		cmocka_unit_test(after_a_restart_a_look_up_is_made_again),
		cmocka_unit_test(F01_killed_between_sending_and_writing_down),
		cmocka_unit_test(another_program_s_tool_is_waited_for),
		cmocka_unit_test(another_program_has_its_time_and_no_more),
		cmocka_unit_test(two_programs_at_once_are_one),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

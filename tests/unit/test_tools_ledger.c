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

/* ---- what was done in a call ---- */

struct looked {
	unsigned int count;
	enum err err;
	json_t *done;
	bool is_open;
	struct toolbox_look *slot;
};

static void on_looked(void *arg, enum err err, const json_t *done, bool is_open)
{
	struct looked *l = arg;

	assert_null(l->slot); /* emptied before */
	l->count++;
	l->err = err;
	l->done = json_deep_copy(done);
	l->is_open = is_open;
}

static void look_start(struct toolbox *box, const struct tenant *t, const char *call, struct looked *l)
{
	*l = (struct looked){ .count = 0 };
	assert_int_equal(toolbox_look_start(&l->slot, box, t, call, on_looked, l), ERR_NONE);
	assert_non_null(l->slot);
	assert_int_equal(l->count, 0); /* never from inside */
}

/* How many were done well; whether another is under way is `open`. */
static size_t look(struct shop *s, struct toolbox *box, const struct tenant *t, const char *call, bool open)
{
	struct looked l;
	size_t count;

	look_start(box, t, call, &l);
	world_wait(&s->w, &l.count, 1);
	assert_int_equal(l.err, ERR_NONE);
	assert_int_equal(l.is_open, open);
	count = json_array_size(l.done);
	json_decref(l.done);
	return count;
}

static void only_what_was_done_well_is_told(void **state)
{
	struct looked l;
	struct shop s;

	(void)state;
	shop_begin(&s);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", false), 0);
	(void)shop_run(&s, 1, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	(void)shop_run(&s, 2, "look", "{\"id\":\"a\"}");
	(void)shop_run(&s, 3, "misbehave", "{\"how\":\"409\"}");
	(void)shop_run(&s, 4, "misbehave", "{\"how\":\"garbage\"}");
	(void)shop_run(&s, 5, "misbehave", "{\"how\":\"200\"}");
	(void)shop_run(&s, 6, "nonesuch", "{}");
	look_start(s.box, s.w.a, "c1", &l);
	world_wait(&s.w, &l.count, 1);
	assert_false(l.is_open);
	assert_int_equal(json_array_size(l.done), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(l.done, 0), "tool")), "save");
	assert_string_equal(json_string_value(json_object_get(json_object_get(json_array_get(l.done, 0), "arguments"), "why")), "b");
	assert_string_equal(json_string_value(json_object_get(json_array_get(l.done, 1), "tool")), "misbehave");
	json_decref(l.done);
	assert_int_equal(look(&s, s.box, s.w.b, "c1", false), 0); /* another tenant's call of that name */
	assert_int_equal(look(&s, s.box, s.w.a, "c", false), 0);
	assert_int_equal(look(&s, s.box, s.w.a, "c11", false), 0);
	assert_int_equal(toolbox_look_start(&l.slot, s.box, s.w.a, "c/1", on_looked, &l), ERR_USAGE);
	assert_null(l.slot);
	shop_end(&s);
}

/* More than a page of the ledger, and one in the middle that nobody can read. */
static void a_long_ledger_is_read_to_its_end(void **state)
{
	enum { MANY = 70 };
	const struct documents_put put = { .key = "tools/c1/0000000040/0000000001", .value = "{}", .len = 2, .expected = DOCUMENT_NONE };
	unsigned int done = 0;
	struct looked l;
	struct job *job;
	struct shop s;

	(void)state;
	shop_begin(&s);
	for (uint32_t i = 1; i <= MANY; i++)
		(void)shop_run(&s, i, "save", "{\"id\":\"a\",\"why\":\"b\"}");
	assert_int_equal(documents_put(s.documents, &job, s.w.a, &put, on_put, &done), ERR_NONE);
	world_wait(&s.w, &done, 1);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", false), MANY);
	look_start(s.box, s.w.a, "c1", &l);
	toolbox_look_cancel(&l.slot);
	assert_null(l.slot);
	toolbox_look_cancel(&l.slot);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", false), MANY);
	assert_int_equal(l.count, 0); /* cancelled: silent */
	shop_end(&s);
}

/* From the moment it is asked for, before anything stands in the ledger, to its end; a look-up is nothing to wait for. */
static void what_is_under_way_is_told(void **state)
{
	struct toolbox_ask ask;
	struct told t, other;
	unsigned int before;
	struct shop s;

	(void)state;
	shop_begin(&s);
	ask = shop_ask(&s, 1, "look_impatient", "{}");
	shop_start(&s, &other, &ask);
	world_wait(&s.w, &s.held_count, 1);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", false), 0);
	world_wait(&s.w, &other.count, 1);
	ask = shop_ask(&s, 2, "misbehave", "{\"how\":\"hold\"}");
	before = s.held_count;
	shop_start(&s, &t, &ask);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", true), 0);
	assert_int_equal(look(&s, s.box, s.w.a, "c2", false), 0);
	assert_int_equal(look(&s, s.box, s.w.b, "c1", false), 0);
	world_wait(&s.w, &s.held_count, before + 1);
	toolbox_cancel(&t.slot); /* it goes on alone */
	assert_int_equal(look(&s, s.box, s.w.a, "c1", true), 0);
	shop_release(&s);
	while (toolbox_running(s.box))
		uv_run(&s.w.loop, UV_RUN_ONCE);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", false), 1);
	shop_end(&s);
}

/* Nobody is at it any more, and nobody will ever know. */
static void what_a_life_left_open_is_not_waited_for(void **state)
{
	struct shop s;

	(void)state;
	shop_begin(&s);
	send_and_lose(&s, "misbehave", "{\"how\":\"hold\"}");
	assert_int_equal(look(&s, s.box, s.w.a, "c1", false), 0);
	shop_end(&s);
}

/* Another program has its tool's time, as long as it does not say itself what came of it. */
static void another_program_s_tool_may_be_done_yet(void **state)
{
	struct toolbox *second;
	struct toolbox_ask ask;
	struct told t;
	struct shop s;

	(void)state;
	memset(&s, 0, sizeof(s));
	s.is_shared = true;
	s.now_ms = 1000000;
	shop_begin_with(&s, 1);
	shop_second_box(&s, &second);
	ask = shop_ask(&s, 1, "misbehave", "{\"how\":\"hold\"}");
	shop_start(&s, &t, &ask);
	world_wait(&s.w, &s.held_count, 1);
	assert_int_equal(look(&s, second, s.w.a, "c1", true), 0);
	s.now_ms += 21999;
	assert_int_equal(look(&s, second, s.w.a, "c1", true), 0);
	s.now_ms += 1;
	assert_int_equal(look(&s, second, s.w.a, "c1", false), 0);
	assert_int_equal(look(&s, s.box, s.w.a, "c1", true), 0); /* who is at it knows better */
	shop_release(&s);
	world_wait(&s.w, &t.count, 1);
	assert_int_equal(look(&s, second, s.w.a, "c1", false), 1);
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
		cmocka_unit_test(only_what_was_done_well_is_told),
		cmocka_unit_test(a_long_ledger_is_read_to_its_end),
		cmocka_unit_test(what_is_under_way_is_told),
		cmocka_unit_test(what_a_life_left_open_is_not_waited_for),
		cmocka_unit_test(another_program_s_tool_may_be_done_yet),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

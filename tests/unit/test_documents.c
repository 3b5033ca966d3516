/* Documents on SQLite: compare-and-set, listing, two tenants (N8), durability (N1) up to kill -9, and files that are wrong. */
#include "datakit.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "data/documents.h"

struct answer {
	unsigned int count;
	enum err err;
	uint64_t revision;
	char key[DOCUMENT_KEY_MAX];
	char value[256];
	size_t len;
	size_t items;
	bool more;
	char keys[20][DOCUMENT_KEY_MAX];
	struct job *slot;
};

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct answer *a = arg;

	assert_null(a->slot); /* emptied before */
	a->count++;
	a->err = err;
	a->revision = revision;
}

static void on_got(void *arg, enum err err, const struct document *d)
{
	struct answer *a = arg;

	a->count++;
	a->err = err;
	assert_true(!err == !!d);
	if (!d)
		return;
	a->revision = d->revision;
	a->len = d->len;
	snprintf(a->key, sizeof(a->key), "%s", d->key);
	assert_int_equal(d->value[d->len], 0);
	if (d->len < sizeof(a->value))
		memcpy(a->value, d->value, d->len + 1);
}

static void on_page(void *arg, enum err err, const struct documents_page *page)
{
	struct answer *a = arg;

	a->count++;
	a->err = err;
	if (err)
		return;
	a->items = page->count;
	a->more = page->more;
	for (size_t i = 0; i < page->count && i < 20; i++)
		snprintf(a->keys[i], sizeof(a->keys[i]), "%s", page->items[i].key);
}

static struct documents *open_in(struct world *w)
{
	struct err_detail detail = { .message = "" };
	struct documents *d;

	if (sqlite_documents_open(&d, &w->loop, world_path(w, "d.db"), &detail))
		fail_msg("%s: %s", detail.where, detail.message);
	return d;
}

static enum err put(struct world *w, struct documents *d, const struct tenant *t, const char *key, const char *value, uint64_t expected, uint64_t *revision)
{
	const struct documents_put p = { .key = key, .value = value, .len = strlen(value), .expected = expected };
	struct answer a = { .count = 0 };
	enum err err = documents_put(d, &a.slot, t, &p, on_stored, &a);

	if (err)
		return err;
	assert_non_null(a.slot);
	assert_int_equal(a.count, 0); /* never from inside */
	world_wait(w, &a.count, 1);
	if (revision)
		*revision = a.revision;
	return a.err;
}

static struct answer get(struct world *w, struct documents *d, const struct tenant *t, const char *key)
{
	struct answer a = { .count = 0 };

	assert_int_equal(documents_get(d, &a.slot, t, key, on_got, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	return a;
}

static enum err erase(struct world *w, struct documents *d, const struct tenant *t, const char *key, uint64_t expected)
{
	struct answer a = { .count = 0 };

	assert_int_equal(documents_delete(d, &a.slot, t, key, expected, on_stored, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	return a.err;
}

static struct answer list(struct world *w, struct documents *d, const struct tenant *t, const char *prefix, const char *after, size_t limit)
{
	const struct documents_range r = { .prefix = prefix, .after = after, .limit = limit };
	struct answer a = { .count = 0 };

	assert_int_equal(documents_list(d, &a.slot, t, &r, on_page, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	return a;
}

static void changes_compare_and_set(void **state)
{
	struct world w;
	struct documents *d;
	uint64_t first, second, third;

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	assert_int_equal(get(&w, d, w.a, "k").err, ERR_NOTFOUND);
	assert_int_equal(put(&w, d, w.a, "k", "1", 7, NULL), ERR_NOTFOUND);
	assert_int_equal(put(&w, d, w.a, "k", "one", DOCUMENT_NONE, &first), ERR_NONE);
	assert_int_not_equal(first, 0);
	assert_int_equal(put(&w, d, w.a, "k", "again", DOCUMENT_NONE, NULL), ERR_EXISTS);
	assert_int_equal(put(&w, d, w.a, "k", "two", first, &second), ERR_NONE);
	assert_true(second > first);
	assert_int_equal(put(&w, d, w.a, "k", "late", first, NULL), ERR_EXISTS); /* the other was first */
	assert_string_equal(get(&w, d, w.a, "k").value, "two");
	assert_int_equal(get(&w, d, w.a, "k").revision, second);
	assert_int_equal(erase(&w, d, w.a, "k", first), ERR_EXISTS);
	assert_int_equal(erase(&w, d, w.a, "k", second), ERR_NONE);
	assert_int_equal(erase(&w, d, w.a, "k", DOCUMENT_ANY), ERR_NOTFOUND);
	assert_int_equal(put(&w, d, w.a, "k", "new", DOCUMENT_NONE, &third), ERR_NONE);
	assert_true(third > second); /* a revision is never used twice: not even after a deletion */
	assert_int_equal(put(&w, d, w.a, "k", "", DOCUMENT_ANY, NULL), ERR_NONE);
	assert_int_equal(get(&w, d, w.a, "k").len, 0);
	documents_close(&d);
	d = open_in(&w);
	assert_int_equal(get(&w, d, w.a, "k").err, ERR_NONE);
	assert_int_equal(put(&w, d, w.a, "k", "x", DOCUMENT_ANY, &first), ERR_NONE);
	assert_true(first > third);
	documents_close(&d);
	world_end(&w);
}

static void N8_tenants_never_see_each_other(void **state)
{
	struct world w;
	struct documents *d;
	uint64_t a, b;

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	assert_int_equal(put(&w, d, w.a, "same/key", "of acme", DOCUMENT_NONE, &a), ERR_NONE);
	assert_int_equal(get(&w, d, w.b, "same/key").err, ERR_NOTFOUND);
	assert_int_equal(list(&w, d, w.b, "", "", 10).items, 0);
	assert_int_equal(erase(&w, d, w.b, "same/key", DOCUMENT_ANY), ERR_NOTFOUND);
	assert_int_equal(put(&w, d, w.b, "same/key", "of globex", a, NULL), ERR_NOTFOUND); /* the other's revision opens nothing */
	assert_int_equal(put(&w, d, w.b, "same/key", "of globex", DOCUMENT_NONE, &b), ERR_NONE);
	assert_string_equal(get(&w, d, w.a, "same/key").value, "of acme");
	assert_string_equal(get(&w, d, w.b, "same/key").value, "of globex");
	assert_int_equal(erase(&w, d, w.b, "same/key", b), ERR_NONE);
	assert_string_equal(get(&w, d, w.a, "same/key").value, "of acme");
	assert_int_equal(get(&w, d, tenant_house(), "same/key").err, ERR_NOTFOUND);
	documents_close(&d);
	world_end(&w);
}

static void listing_has_pages_in_order(void **state)
{
	static const char *const keys[] = { "b/10", "a/2", "b/1", "b0", "c", "b/2", "a/1", "b/\xc3\xa9" };
	struct world w;
	struct documents *d;
	struct answer a;

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_int_equal(put(&w, d, w.a, keys[i], "v", DOCUMENT_NONE, NULL), ERR_NONE);
	a = list(&w, d, w.a, "b/", "", 10);
	assert_int_equal(a.items, 4);
	assert_false(a.more);
	assert_string_equal(a.keys[0], "b/1");
	assert_string_equal(a.keys[1], "b/10");
	assert_string_equal(a.keys[2], "b/2");
	assert_string_equal(a.keys[3], "b/\xc3\xa9");
	a = list(&w, d, w.a, "b/", "", 3);
	assert_int_equal(a.items, 3);
	assert_true(a.more);
	a = list(&w, d, w.a, "b/", a.keys[2], 3);
	assert_int_equal(a.items, 1);
	assert_false(a.more);
	a = list(&w, d, w.a, "b/", "", 4);
	assert_int_equal(a.items, 4);
	assert_false(a.more); /* what follows has another prefix */
	assert_int_equal(list(&w, d, w.a, "", "", 20).items, 8);
	assert_int_equal(list(&w, d, w.a, "nothing", "", 20).items, 0);
	documents_close(&d);
	world_end(&w);
}

enum { MB = 1 << 20 };

/* A page has a ceiling in bytes, and one large document still gets through. */
static void a_page_has_a_ceiling_in_bytes(void **state)
{
	char *large = malloc(DOCUMENT_MAX_BYTES + 1);
	struct documents_put p = { .key = "l0", .value = large, .len = MB, .expected = DOCUMENT_NONE };
	struct world w;
	struct documents *d;
	struct answer a = { .count = 0 };

	(void)state;
	assert_non_null(large);
	memset(large, 'x', DOCUMENT_MAX_BYTES + 1);
	world_begin(&w);
	d = open_in(&w);
	for (unsigned int i = 0; i < 6; i++) {
		const char *const names[] = { "l0", "l1", "l2", "l3", "l4", "l5" };

		p.key = names[i];
		assert_int_equal(documents_put(d, NULL, w.a, &p, on_stored, &a), ERR_NONE);
	}
	world_wait(&w, &a.count, 6);
	assert_int_equal(a.err, ERR_NONE);
	a = list(&w, d, w.a, "l", "", 10);
	assert_int_equal(a.items, 3);
	assert_true(a.more);
	a = list(&w, d, w.a, "l", a.keys[2], 10);
	assert_int_equal(a.items, 3);
	assert_false(a.more);
	assert_int_equal(get(&w, d, w.a, "l4").len, MB);
	p.key = "l6";
	p.len = DOCUMENT_MAX_BYTES;
	a.count = 0;
	assert_int_equal(documents_put(d, NULL, w.a, &p, on_stored, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(a.err, ERR_NONE);
	a = list(&w, d, w.a, "l", "l5", 10);
	assert_int_equal(a.items, 1);
	assert_int_equal(get(&w, d, w.a, "l6").len, DOCUMENT_MAX_BYTES);
	p.len = DOCUMENT_MAX_BYTES + 1;
	assert_int_equal(documents_put(d, NULL, w.a, &p, on_stored, &a), ERR_LIMIT);
	documents_close(&d);
	free(large);
	world_end(&w);
}

static void keys_are_judged(void **state)
{
	static const char *const bad[] = { "", "a\nb", "a\x7f", "\xff", "a\xc3" };
	char longest[DOCUMENT_KEY_MAX + 1];
	struct world w;
	struct documents *d;

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(put(&w, d, w.a, bad[i], "v", DOCUMENT_NONE, NULL), ERR_USAGE);
	memset(longest, 'k', sizeof(longest));
	longest[DOCUMENT_KEY_MAX] = 0;
	assert_int_equal(put(&w, d, w.a, longest, "v", DOCUMENT_NONE, NULL), ERR_USAGE);
	longest[DOCUMENT_KEY_MAX - 1] = 0;
	assert_int_equal(put(&w, d, w.a, longest, "v", DOCUMENT_NONE, NULL), ERR_NONE);
	assert_string_equal(get(&w, d, w.a, longest).key, longest);
	assert_int_equal(put(&w, d, w.a, "'; DROP TABLE documents; --", "v", DOCUMENT_NONE, NULL), ERR_NONE);
	assert_int_equal(list(&w, d, w.a, "", "", 10).items, 2);
	documents_close(&d);
	world_end(&w);
}

static void cancel_silences(void **state)
{
	const struct documents_put p = { .key = "k", .value = "v", .len = 1, .expected = DOCUMENT_NONE };
	struct world w;
	struct documents *d;
	struct answer a = { .count = 0 };

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	assert_int_equal(documents_put(d, &a.slot, w.a, &p, on_stored, &a), ERR_NONE);
	job_cancel(&a.slot);
	assert_null(a.slot);
	job_cancel(&a.slot); /* nothing is there */
	assert_int_equal(put(&w, d, w.a, "after", "v", DOCUMENT_NONE, NULL), ERR_NONE);
	assert_int_equal(a.count, 0);
	assert_string_equal(get(&w, d, w.a, "k").value, "v"); /* silenced, and done all the same */
	/* Closing with work under way: it is done, and silent. */
	assert_int_equal(documents_delete(d, &a.slot, w.a, "k", DOCUMENT_ANY, on_stored, &a), ERR_NONE);
	documents_close(&d);
	assert_null(a.slot);
	assert_int_equal(a.count, 0);
	d = open_in(&w);
	assert_int_equal(get(&w, d, w.a, "k").err, ERR_NOTFOUND);
	documents_close(&d);
	world_end(&w);
}

struct closer {
	struct documents **d;
	unsigned int count;
};

static void close_inside(void *arg, enum err err, uint64_t revision)
{
	struct closer *c = arg;

	(void)revision;
	assert_int_equal(err, ERR_NONE);
	c->count++;
	documents_close(c->d);
}

static void a_handler_may_close_the_store(void **state)
{
	const struct documents_put p = { .key = "k", .value = "v", .len = 1, .expected = DOCUMENT_ANY };
	struct world w;
	struct documents *d;
	struct closer c = { .d = &d };
	struct answer a = { .count = 0 };

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	assert_int_equal(documents_put(d, NULL, w.a, &p, close_inside, &c), ERR_NONE);
	for (int i = 0; i < 50; i++)
		assert_int_equal(documents_put(d, NULL, w.a, &p, on_stored, &a), ERR_NONE);
	world_wait(&w, &c.count, 1);
	assert_null(d);
	world_end(&w);
	assert_int_equal(a.count, 0);
}

static unsigned int rows_seen(const char *path)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	unsigned int rows;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM documents", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	rows = (unsigned int)sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return rows;
}

struct witness {
	unsigned int count;
	const char *path;
};

/* Another connection sees what is committed and nothing else. */
static void on_stored_look(void *arg, enum err err, uint64_t revision)
{
	struct witness *witness = arg;

	(void)revision;
	assert_int_equal(err, ERR_NONE);
	witness->count++;
	assert_true(rows_seen(witness->path) >= witness->count);
}

static void N1_stored_means_committed_and_what_waits_goes_together(void **state)
{
	enum { PUTS = 400 };
	struct world w;
	struct documents *d;
	char path[256];
	struct witness witness = { .path = path };

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	snprintf(path, sizeof(path), "%s", world_path(&w, "d.db"));
	for (unsigned int i = 0; i < PUTS; i++) {
		char key[32];
		const struct documents_put p = { .key = key, .value = "v", .len = 1, .expected = DOCUMENT_NONE };

		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(documents_put(d, NULL, w.a, &p, on_stored_look, &witness), ERR_NONE);
	}
	world_wait(&w, &witness.count, PUTS);
	assert_int_equal(atomic_load(&d->changes), PUTS);
	assert_in_range(atomic_load(&d->commits), 1, PUTS / 4);
	documents_close(&d);
	world_end(&w);
}

/* One change of a group that does not fit fails alone. */
static void a_misfit_fails_alone_in_its_group(void **state)
{
	struct world w;
	struct documents *d;
	struct answer answers[30];

	(void)state;
	memset(answers, 0, sizeof(answers));
	world_begin(&w);
	d = open_in(&w);
	for (unsigned int i = 0; i < 30; i++) {
		char key[32];
		const struct documents_put p = { .key = key, .value = "v", .len = 1, .expected = DOCUMENT_NONE };

		snprintf(key, sizeof(key), "k%u", i % 3 ? i : 0);
		assert_int_equal(documents_put(d, &answers[i].slot, w.a, &p, on_stored, &answers[i]), ERR_NONE);
	}
	for (unsigned int i = 0; i < 30; i++) {
		world_wait(&w, &answers[i].count, 1);
		assert_int_equal(answers[i].err, i && !(i % 3) ? ERR_EXISTS : ERR_NONE);
	}
	assert_int_equal(list(&w, d, w.a, "", "", 100).items, 21);
	documents_close(&d);
	world_end(&w);
}

/* ---- kill -9 ---- */

struct life {
	struct documents *d;
	const struct tenant *t;
	int pipe;
	unsigned int next;
};

static void live_put(struct life *l);

struct told {
	struct life *life;
	unsigned int number;
};

static void on_life_stored(void *arg, enum err err, uint64_t revision)
{
	struct told *told = arg;

	(void)revision;
	if (err || write(told->life->pipe, &told->number, sizeof(told->number)) != sizeof(told->number))
		_exit(3);
	live_put(told->life);
	free(told);
}

static void live_put(struct life *l)
{
	struct told *told = malloc(sizeof(*told));
	char key[32];
	const struct documents_put p = { .key = key, .value = "some words of a document", .len = 24, .expected = DOCUMENT_NONE };

	if (!told)
		_exit(4);
	*told = (struct told){ .life = l, .number = l->next++ };
	snprintf(key, sizeof(key), "life/%u", told->number);
	if (documents_put(l->d, NULL, l->t, &p, on_life_stored, told))
		_exit(5);
}

static void live(const char *path, int pipe, unsigned int from)
{
	struct life l = { .t = tenant_called("acme"), .pipe = pipe, .next = from };
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (sqlite_documents_open(&l.d, &loop, path, NULL))
		_exit(6);
	for (int i = 0; i < 20; i++)
		live_put(&l);
	uv_run(&loop, UV_RUN_DEFAULT);
	_exit(7);
}

/* Reads what the life says it stored until `wanted`, kills it, and reads what else it had said. */
static unsigned int kill_after(pid_t pid, int pipe, unsigned int wanted, unsigned char *stored, unsigned int most)
{
	unsigned int number, count = 0;
	bool killed = false;

	while (read(pipe, &number, sizeof(number)) == sizeof(number)) {
		assert_true(number < most);
		stored[number] = 1;
		if (++count >= wanted && !killed) {
			kill(pid, SIGKILL);
			killed = true;
		}
	}
	assert_true(killed);
	return count;
}

static void N1_F05_what_was_stored_outlives_kill_9(void **state)
{
	enum { MOST = 100000, LIVES = 5 };
	unsigned char *stored = calloc(MOST, 1);
	struct world w;
	struct documents *d;
	char path[256];

	(void)state;
	world_begin(&w);
	snprintf(path, sizeof(path), "%s", world_path(&w, "d.db"));
	for (unsigned int life = 0; life < LIVES; life++) {
		int fds[2], status;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (!pid) {
			close(fds[0]);
			live(path, fds[1], life * 10000);
		}
		close(fds[1]);
		kill_after(pid, fds[0], 1 + life * 37, stored, MOST);
		close(fds[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	d = open_in(&w);
	for (unsigned int i = 0; i < MOST; i++) {
		char key[32];

		snprintf(key, sizeof(key), "life/%u", i);
		if (stored[i])
			assert_int_equal(get(&w, d, w.a, key).err, ERR_NONE);
	}
	documents_close(&d);
	world_end(&w);
	free(stored);
}

/* ---- files that are wrong ---- */

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static enum err refused(struct world *w, const char *words)
{
	struct err_detail detail = { .message = "" };
	struct documents *d;
	enum err err = sqlite_documents_open(&d, &w->loop, world_path(w, "d.db"), &detail);

	assert_null(d);
	assert_non_null(strstr(detail.message, words));
	assert_non_null(strstr(detail.where, "d.db"));
	assert_string_not_equal(detail.hint, "");
	return err;
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Looking says what opening would, and leaves the file and its folder as they are. */
static enum err looked(struct world *w, enum err want)
{
	struct err_detail detail = { .message = "" };
	struct stat before, after;

	assert_int_equal(stat(world_path(w, "d.db"), &before), 0);
	assert_int_equal(sqlite_documents_look(world_path(w, "d.db"), &detail), want);
	assert_int_equal(stat(world_path(w, "d.db"), &after), 0);
	assert_true(before.st_size == after.st_size && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	assert_true(want ? detail.message[0] && detail.hint[0] : !detail.message[0]);
	return want;
}

static void looking_leaves_no_trace(void **state)
{
	struct world w;
	struct documents *d;

	(void)state;
	world_begin(&w);
	assert_int_equal(sqlite_documents_look(world_path(&w, "d.db"), NULL), ERR_NOTFOUND);
	assert_int_not_equal(access(world_path(&w, "d.db"), F_OK), 0);
	write_file(world_path(&w, "d.db"), "", 0);
	looked(&w, ERR_NONE);
	d = open_in(&w);
	looked(&w, ERR_NONE); /* beside whoever has it open, with its log */
	documents_close(&d);
	looked(&w, ERR_NONE);
	assert_int_not_equal(access(world_path(&w, "d.db-wal"), F_OK), 0);
	assert_int_not_equal(access(world_path(&w, "d.db-shm"), F_OK), 0);
	write_file(world_path(&w, "d.db-wal"), "x", 1); /* half a store: its first words */
	looked(&w, ERR_NONE);
	write_file(world_path(&w, "d.db"), "no store at all, by its words", 29);
	looked(&w, ERR_CORRUPT);
	unlink(world_path(&w, "d.db-wal"));
	assert_int_equal(mkdir(world_path(&w, "a?b#c%41"), 0700), 0); /* a path is no URI */
	sql(world_path(&w, "a?b#c%41/d.db"), "CREATE TABLE other (x)");
	assert_int_equal(sqlite_documents_look(world_path(&w, "a?b#c%41/d.db"), NULL), ERR_FORMAT);
	unlink(world_path(&w, "a?b#c%41/d.db"));
	rmdir(world_path(&w, "a?b#c%41"));
	uv_run(&w.loop, UV_RUN_DEFAULT);
	world_end(&w);
}

static void wrong_files_are_refused_with_words(void **state)
{
	char junk[8192];
	struct world w;
	struct documents *d;
	struct stat st;

	(void)state;
	world_begin(&w);
	memset(junk, 'j', sizeof(junk));
	write_file(world_path(&w, "d.db"), junk, sizeof(junk));
	assert_int_equal(refused(&w, "damaged"), looked(&w, ERR_CORRUPT));
	unlink(world_path(&w, "d.db"));
	sql(world_path(&w, "d.db"), "CREATE TABLE other (x)");
	assert_int_equal(refused(&w, "no store of ours"), looked(&w, ERR_FORMAT));
	unlink(world_path(&w, "d.db"));
	d = open_in(&w);
	documents_close(&d);
	assert_int_equal(stat(world_path(&w, "d.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	sql(world_path(&w, "d.db"), "PRAGMA user_version = 2");
	assert_int_equal(refused(&w, "another release"), looked(&w, ERR_VERSION));
	sql(world_path(&w, "d.db"), "PRAGMA user_version = 1");
	d = open_in(&w);
	documents_close(&d);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	assert_int_equal(sqlite_documents_open(&d, &w.loop, world_path(&w, "none/d.db"), NULL), ERR_NOTFOUND);
	world_end(&w);
}

/* Another program holds the write lock: the change is refused in time, and the next one goes through. */
static void a_locked_store_says_so(void **state)
{
	struct world w;
	struct documents *d;
	sqlite3 *db;

	(void)state;
	world_begin(&w);
	d = open_in(&w);
	assert_int_equal(put(&w, d, w.a, "k", "v", DOCUMENT_NONE, NULL), ERR_NONE);
	assert_int_equal(sqlite3_open(world_path(&w, "d.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(put(&w, d, w.a, "k", "v2", DOCUMENT_ANY, NULL), ERR_BUSY);
	assert_string_equal(get(&w, d, w.a, "k").value, "v"); /* reading goes on */
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(put(&w, d, w.a, "k", "v3", DOCUMENT_ANY, NULL), ERR_NONE);
	documents_close(&d);
	world_end(&w);
}

/* Two programs (here: two openings) change the same document: one of the two is told. */
static void two_openings_compare_and_set(void **state)
{
	struct world w;
	struct documents *one, *two;
	uint64_t revision, next;

	(void)state;
	world_begin(&w);
	one = open_in(&w);
	two = open_in(&w);
	assert_int_equal(put(&w, one, w.a, "k", "1", DOCUMENT_NONE, &revision), ERR_NONE);
	assert_int_equal(put(&w, two, w.a, "k", "2", revision, &next), ERR_NONE);
	assert_true(next > revision);
	assert_int_equal(put(&w, one, w.a, "k", "3", revision, NULL), ERR_EXISTS);
	assert_string_equal(get(&w, one, w.a, "k").value, "2");
	documents_close(&one);
	documents_close(&two);
	world_end(&w);
}

/* ---- another program ---- */

/* Opens the store, changes "other" and closes it: the last one to close deletes the log. */
static void visit(const char *path)
{
	const struct documents_put p = { .key = "other", .value = "o", .len = 1, .expected = DOCUMENT_ANY };
	struct tenant *t = tenant_called("acme");
	struct answer a = { .count = 0 };
	struct documents *d;
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (sqlite_documents_open(&d, &loop, path, NULL) || documents_put(d, &a.slot, t, &p, on_stored, &a))
		_exit(1);
	while (!a.count)
		uv_run(&loop, UV_RUN_ONCE);
	documents_close(&d);
	tenant_drop(&t);
	uv_run(&loop, UV_RUN_DEFAULT);
	_exit(a.err ? 2 : 0);
}

/* A visitor that waits for a word; made before this process has threads or a store. */
static pid_t visitor_new(const char *path, int *word)
{
	int fds[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		close(fds[1]);
		if (read(fds[0], &byte, 1) != 1)
			_exit(3);
		visit(path);
	}
	close(fds[0]);
	*word = fds[1];
	return pid;
}

static void visitor_go(pid_t pid, int word)
{
	int status;

	assert_int_equal(write(word, "!", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(word);
}

/* Another program that comes and goes must not take our log with it: it would, were our locks gone. */
static void another_program_comes_and_goes(void **state)
{
	struct world w;
	struct documents *d;
	char path[256];
	pid_t visitors[2];
	int words[2];

	(void)state;
	world_begin(&w);
	snprintf(path, sizeof(path), "%s", world_path(&w, "d.db"));
	for (int i = 0; i < 2; i++)
		visitors[i] = visitor_new(path, &words[i]);
	d = open_in(&w);
	assert_int_equal(put(&w, d, w.a, "ours", "1", DOCUMENT_NONE, NULL), ERR_NONE);
	visitor_go(visitors[0], words[0]);
	assert_int_equal(access(world_path(&w, "d.db-wal"), F_OK), 0);
	assert_string_equal(get(&w, d, w.a, "other").value, "o");
	assert_int_equal(put(&w, d, w.a, "ours", "2", DOCUMENT_ANY, NULL), ERR_NONE);
	visitor_go(visitors[1], words[1]);
	documents_close(&d);
	d = open_in(&w);
	assert_string_equal(get(&w, d, w.a, "ours").value, "2");
	assert_string_equal(get(&w, d, w.a, "other").value, "o");
	documents_close(&d);
	world_end(&w);
}

/* A file that cannot grow stands for a full disk: nothing is said to be stored, and when there is room it goes on. */
static void F07_a_full_disk_is_told_and_nothing_is_half_there(void **state)
{
	char large[100000];
	const struct documents_put p = { .key = "large", .value = large, .len = sizeof(large), .expected = DOCUMENT_NONE };
	struct world w;
	struct documents *d;
	struct rlimit before, small;
	struct answer a = { .count = 0 };

	(void)state;
	memset(large, 'x', sizeof(large));
	world_begin(&w);
	d = open_in(&w);
	assert_int_equal(put(&w, d, w.a, "k", "v", DOCUMENT_NONE, NULL), ERR_NONE);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 48 * 1024;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(documents_put(d, &a.slot, w.a, &p, on_stored, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(a.err == ERR_FULL || a.err == ERR_IO);
	assert_int_equal(atomic_load(&d->failing), a.err);
	assert_int_equal(get(&w, d, w.a, "large").err, ERR_NOTFOUND);
	assert_int_equal(put(&w, d, w.a, "k", "v", DOCUMENT_NONE, NULL), ERR_EXISTS); /* nothing was to be written: that shows nothing */
	assert_int_not_equal(atomic_load(&d->failing), ERR_NONE);
	assert_string_equal(get(&w, d, w.a, "k").value, "v");
	a = (struct answer){ .count = 0 };
	assert_int_equal(documents_put(d, &a.slot, w.a, &p, on_stored, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(a.err, ERR_NONE);
	assert_int_equal(atomic_load(&d->failing), ERR_NONE);
	documents_close(&d);
	d = open_in(&w);
	assert_int_equal(get(&w, d, w.a, "large").len, sizeof(large));
	documents_close(&d);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_compare_and_set),
		cmocka_unit_test(N8_tenants_never_see_each_other),
		cmocka_unit_test(listing_has_pages_in_order),
		cmocka_unit_test(a_page_has_a_ceiling_in_bytes),
		cmocka_unit_test(keys_are_judged),
		cmocka_unit_test(cancel_silences),
		cmocka_unit_test(a_handler_may_close_the_store),
		cmocka_unit_test(N1_stored_means_committed_and_what_waits_goes_together),
		cmocka_unit_test(a_misfit_fails_alone_in_its_group),
		cmocka_unit_test(N1_F05_what_was_stored_outlives_kill_9),
		cmocka_unit_test(looking_leaves_no_trace),
		cmocka_unit_test(wrong_files_are_refused_with_words),
		cmocka_unit_test(a_locked_store_says_so),
		cmocka_unit_test(two_openings_compare_and_set),
		cmocka_unit_test(another_program_comes_and_goes),
		cmocka_unit_test(F07_a_full_disk_is_told_and_nothing_is_half_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

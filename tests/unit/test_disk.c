/* The disks: the machine's own, the one in memory with its power cuts, the one that fails on order. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/disk.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "disk-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static void remove_one(void *arg, const char *name)
{
	char path[DISK_PATH_MAX];
	(void)arg;

	if (!disk_path(path, folder, name))
		unlink(path);
}

static int remove_folder(void **state)
{
	(void)state;
	if (disk_list(&disk_real, folder, remove_one, NULL))
		return -1;
	return rmdir(folder);
}

static void count_name(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
}

/* What every disk must do. */
static void exercise(const struct disk *d, const char *dir)
{
	char a[DISK_PATH_MAX], b[DISK_PATH_MAX];
	struct disk_file *f, *g;
	uint8_t data[4096], back[4096];
	uint64_t size;
	size_t got, i;
	int names = 0;
	struct buf all;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(disk_path(a, dir, "a"), ERR_NONE);
	assert_int_equal(disk_path(b, dir, "b"), ERR_NONE);
	assert_int_equal(disk_open(d, &f, a, DISK_READ), ERR_NOTFOUND);
	assert_null(f);
	assert_int_equal(disk_open(d, &f, a, DISK_WRITE | DISK_CREATE | DISK_NEW), ERR_NONE);
	assert_int_equal(disk_open(d, &g, a, DISK_WRITE | DISK_CREATE | DISK_NEW), ERR_EXISTS);
	assert_int_equal(disk_write(f, 10, data, 1000), ERR_NONE);
	assert_int_equal(disk_write(f, 1010, data + 1000, sizeof(data) - 1000), ERR_NONE);
	assert_int_equal(disk_size(f, &size), ERR_NONE);
	assert_int_equal(size, sizeof(data) + 10);
	assert_int_equal(disk_read(f, 10, back, sizeof(back), &got), ERR_NONE);
	assert_int_equal(got, sizeof(back));
	assert_memory_equal(back, data, sizeof(back));
	assert_int_equal(disk_read(f, 0, back, 12, &got), ERR_NONE);
	assert_memory_equal(back, "\0\0\0\0\0\0\0\0\0\0\0\x07", 12);
	assert_int_equal(disk_read(f, size - 3, back, 10, &got), ERR_NONE);
	assert_int_equal(got, 3);
	assert_int_equal(disk_read(f, size + 5, back, 10, &got), ERR_NONE);
	assert_int_equal(got, 0);
	assert_int_equal(disk_preallocate(f, 100000), ERR_NONE);
	assert_int_equal(disk_size(f, &size), ERR_NONE);
	assert_int_equal(size, 100000);
	memset(back, 1, sizeof(back));
	assert_int_equal(disk_read(f, 99000, back, 1000, &got), ERR_NONE);
	assert_int_equal(got, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(back[i], 0);
	assert_int_equal(disk_truncate(f, 20), ERR_NONE);
	assert_int_equal(disk_write(f, 25, "x", 1), ERR_NONE);
	assert_int_equal(disk_read(f, 20, back, 6, &got), ERR_NONE);
	assert_memory_equal(back, "\0\0\0\0\0x", 6);
	assert_int_equal(disk_sync(f), ERR_NONE);
	assert_int_equal(disk_sync_folder(d, dir), ERR_NONE);
	assert_int_equal(disk_lock(f), ERR_NONE);
	assert_int_equal(disk_open(d, &g, a, DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_lock(g), ERR_BUSY);
	disk_close(&f);
	assert_int_equal(disk_lock(g), ERR_NONE);
	disk_close(&g);
	assert_int_equal(disk_replace(d, dir, "b", "old", 3), ERR_NONE);
	assert_int_equal(disk_replace(d, dir, "b", "newer", 5), ERR_NONE);
	buf_init(&all, 5);
	assert_int_equal(disk_load(d, b, &all), ERR_NONE);
	assert_int_equal(all.len, 5);
	assert_memory_equal(all.data, "newer", 5);
	buf_fini(&all);
	buf_init(&all, 4);
	assert_int_equal(disk_load(d, b, &all), ERR_LIMIT);
	buf_fini(&all);
	assert_int_equal(disk_rename(d, b, a), ERR_NONE);
	assert_int_equal(disk_rename(d, b, a), ERR_NOTFOUND);
	assert_int_equal(disk_list(d, dir, count_name, &names), ERR_NONE);
	assert_int_equal(names, 1);
	assert_int_equal(disk_unlink(d, a), ERR_NONE);
	assert_int_equal(disk_unlink(d, a), ERR_NOTFOUND);
}

static void test_real_disk(void **state)
{
	(void)state;
	exercise(&disk_real, folder);
}

static void test_virtual_disk(void **state)
{
	struct disk_virtual *v;
	struct disk d;
	(void)state;

	assert_int_equal(disk_virtual_new(&v), ERR_NONE);
	d = disk_virtual_disk(v);
	exercise(&d, "/v");
	assert_int_equal(disk_virtual_used(v), 0);
	disk_virtual_free(&v);
}

static void test_inject_passes_through(void **state)
{
	struct disk_inject *i;
	struct disk d;
	(void)state;

	assert_int_equal(disk_inject_new(&i, &disk_real), ERR_NONE);
	d = disk_inject_disk(i);
	exercise(&d, folder);
	assert_int_equal(disk_inject_counted(i, "rename"), 4);
	assert_int_equal(disk_inject_counted(i, "fsync"), 6);
	disk_inject_free(&i);
}

/* ---- power cuts ---- */

struct world {
	struct disk_virtual *v;
	struct disk d;
	struct disk_file *f;
};

/* 1,000 bytes of 'A' durable in /v/a; then the first 600 are written over with 'B' and 2,000 'C' appended, unsynced. */
static void before_cut(struct world *w)
{
	uint8_t bytes[2000];

	assert_int_equal(disk_virtual_new(&w->v), ERR_NONE);
	w->d = disk_virtual_disk(w->v);
	assert_int_equal(disk_open(&w->d, &w->f, "/v/a", DISK_WRITE | DISK_CREATE), ERR_NONE);
	memset(bytes, 'A', sizeof(bytes));
	assert_int_equal(disk_write(w->f, 0, bytes, 1000), ERR_NONE);
	assert_int_equal(disk_sync(w->f), ERR_NONE);
	assert_int_equal(disk_sync_folder(&w->d, "/v"), ERR_NONE);
	memset(bytes, 'B', sizeof(bytes));
	assert_int_equal(disk_write(w->f, 0, bytes, 600), ERR_NONE);
	memset(bytes, 'C', sizeof(bytes));
	assert_int_equal(disk_write(w->f, 1000, bytes, 2000), ERR_NONE);
}

static void after_cut(struct world *w, uint64_t seed, uint8_t *back, size_t *len)
{
	disk_virtual_crash(w->v, seed);
	assert_int_equal(disk_sync(w->f), ERR_CLOSED);
	assert_int_equal(disk_write(w->f, 0, "x", 1), ERR_CLOSED);
	disk_close(&w->f);
	assert_int_equal(disk_open(&w->d, &w->f, "/v/a", DISK_READ), ERR_NONE);
	assert_int_equal(disk_read(w->f, 0, back, 4096, len), ERR_NONE);
}

static void world_end(struct world *w)
{
	disk_close(&w->f);
	disk_virtual_free(&w->v);
}

static void test_cut_loses_all_unsynced(void **state)
{
	struct world w;
	uint8_t back[4096];
	size_t len, i;
	(void)state;

	before_cut(&w);
	after_cut(&w, 3, back, &len);
	assert_int_equal(len, 1000);
	for (i = 0; i < len; i++)
		assert_int_equal(back[i], 'A');
	world_end(&w);
}

static void test_cut_keeps_all(void **state)
{
	struct world w;
	uint8_t back[4096];
	size_t len;
	(void)state;

	before_cut(&w);
	after_cut(&w, 1, back, &len);
	assert_int_equal(len, 3000);
	assert_int_equal(back[599], 'B');
	assert_int_equal(back[600], 'A');
	assert_int_equal(back[2999], 'C');
	world_end(&w);
}

/* Over many seeds: the middle is never touched, sizes and tears vary, and the same seed gives the same bytes. */
static void test_cut_tears_by_seed(void **state)
{
	bool reverted = false, kept = false, cut = false, hole = false;
	uint64_t seed;
	(void)state;

	for (seed = 2; seed < 200; seed += 3) {
		struct world w, again;
		uint8_t back[4096], other[4096];
		size_t len, len2, i;

		before_cut(&w);
		before_cut(&again);
		after_cut(&w, seed, back, &len);
		after_cut(&again, seed, other, &len2);
		assert_int_equal(len, len2);
		assert_memory_equal(back, other, len);
		assert_true(len >= 1000 && len <= 3000);
		for (i = 600; i < 1000; i++)
			assert_int_equal(back[i], 'A');
		reverted |= back[0] == 'A';
		kept |= back[0] == 'B';
		cut |= len < 3000;
		for (i = 1000; i < len; i++)
			hole |= back[i] == 0;
		world_end(&w);
		world_end(&again);
	}
	assert_true(reverted && kept && cut && hole);
}

static void test_cut_forgets_names(void **state)
{
	struct disk_virtual *v;
	struct disk d;
	struct disk_file *f;
	struct buf b;
	(void)state;

	assert_int_equal(disk_virtual_new(&v), ERR_NONE);
	d = disk_virtual_disk(v);
	assert_int_equal(disk_replace(&d, "/v", "a", "old", 3), ERR_NONE);
	assert_int_equal(disk_open(&d, &f, "/v/new", DISK_WRITE | DISK_CREATE), ERR_NONE);
	assert_int_equal(disk_write(f, 0, "fresh", 5), ERR_NONE);
	assert_int_equal(disk_sync(f), ERR_NONE); /* the contents, not the name */
	disk_close(&f);
	assert_int_equal(disk_rename(&d, "/v/new", "/v/a"), ERR_NONE);
	disk_virtual_crash(v, 0);
	buf_init(&b, 100);
	assert_int_equal(disk_load(&d, "/v/new", &b), ERR_NOTFOUND);
	assert_int_equal(disk_load(&d, "/v/a", &b), ERR_NONE);
	assert_memory_equal(b.data, "old", 3);
	buf_fini(&b);
	disk_virtual_free(&v);
}

static void test_full_disk(void **state)
{
	struct disk_virtual *v;
	struct disk d;
	struct disk_file *f, *g;
	uint8_t bytes[1000] = { 1 };
	uint64_t size;
	(void)state;

	assert_int_equal(disk_virtual_new(&v), ERR_NONE);
	d = disk_virtual_disk(v);
	disk_virtual_limit(v, 2500);
	assert_int_equal(disk_open(&d, &f, "/v/a", DISK_WRITE | DISK_CREATE), ERR_NONE);
	assert_int_equal(disk_preallocate(f, 2000), ERR_NONE);
	assert_int_equal(disk_open(&d, &g, "/v/b", DISK_WRITE | DISK_CREATE), ERR_NONE);
	assert_int_equal(disk_write(g, 0, bytes, 1000), ERR_FULL);
	assert_int_equal(disk_size(g, &size), ERR_NONE);
	assert_int_equal(size, 500); /* a part is written, as on a real disk */
	assert_int_equal(disk_write(f, 1000, bytes, 1000), ERR_NONE); /* what was promised stays promised */
	assert_int_equal(disk_preallocate(f, 2001), ERR_FULL);
	disk_close(&f);
	assert_int_equal(disk_unlink(&d, "/v/a"), ERR_NONE);
	assert_int_equal(disk_virtual_used(v), 500);
	assert_int_equal(disk_write(g, 0, bytes, 1000), ERR_NONE);
	disk_close(&g);
	disk_virtual_free(&v);
}

/* The size stays; of the bytes only those that were written again come through, whatever the seed. */
static void test_failed_sync_is_never_made_good(void **state)
{
	uint64_t seed;
	(void)state;

	for (seed = 0; seed < 30; seed++) {
		struct world w;
		uint8_t back[4096];
		uint8_t again[512];
		size_t len, i;

		before_cut(&w);
		disk_virtual_fail_sync(w.v, 1);
		assert_int_equal(disk_sync(w.f), ERR_IO);
		assert_int_equal(disk_sync(w.f), ERR_NONE); /* a lie, like the kernel's */
		memset(again, 'D', sizeof(again));
		assert_int_equal(disk_write(w.f, 1536, again, sizeof(again)), ERR_NONE);
		assert_int_equal(disk_write(w.f, 3000, again, sizeof(again)), ERR_NONE);
		assert_int_equal(disk_sync(w.f), ERR_NONE);
		after_cut(&w, seed, back, &len);
		assert_int_equal(len, 3512);
		for (i = 0; i < 1000; i++)
			assert_int_equal(back[i], 'A');
		for (; i < 2560; i++)
			assert_int_equal(back[i], i >= 1536 && i < 2048 ? 'D' : 0); /* lost, or written again */
		for (; i < 3000; i++)
			assert_int_equal(back[i], 'C'); /* in one sector with what was appended */
		for (; i < 3512; i++)
			assert_int_equal(back[i], 'D');
		world_end(&w);
	}
}

/* The process dies: its files are closed, its lock is free, what it wrote is seen, and a cut may still take it. */
static void test_kill_keeps_what_is_seen(void **state)
{
	struct world w;
	struct disk_file *f;
	uint8_t back[4096];
	size_t len;
	(void)state;

	before_cut(&w);
	assert_int_equal(disk_lock(w.f), ERR_NONE);
	disk_virtual_kill(w.v);
	assert_int_equal(disk_write(w.f, 0, "x", 1), ERR_CLOSED);
	disk_close(&w.f);
	assert_int_equal(disk_open(&w.d, &f, "/v/a", DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_lock(f), ERR_NONE);
	assert_int_equal(disk_read(f, 0, back, sizeof(back), &len), ERR_NONE);
	assert_int_equal(len, 3000);
	assert_int_equal(back[0], 'B');
	w.f = f;
	after_cut(&w, 0, back, &len);
	assert_int_equal(len, 1000);
	assert_int_equal(back[0], 'A');
	world_end(&w);
}

static void name_found(void *arg, const char *name)
{
	(void)name;
	++*(unsigned int *)arg;
}

/* Each of six changes in turn is where the process stands still. */
static void test_stop(void **state)
{
	unsigned int nth;
	(void)state;

	for (nth = 1; nth <= 6; nth++) {
		struct world w;
		struct disk_file *g;
		uint8_t back[4096];
		size_t len;
		unsigned int names = 0;

		before_cut(&w);
		disk_virtual_stop(w.v, nth);
		assert_int_equal(disk_write(w.f, 0, "DDDD", 4), nth > 1 ? ERR_NONE : ERR_CLOSED);
		assert_int_equal(disk_sync(w.f), nth > 2 ? ERR_NONE : ERR_CLOSED);
		assert_int_equal(disk_open(&w.d, &g, "/v/b", DISK_WRITE | DISK_CREATE), nth > 3 ? ERR_NONE : ERR_CLOSED);
		disk_close(&g);
		assert_int_equal(disk_sync_folder(&w.d, "/v"), nth > 4 ? ERR_NONE : ERR_CLOSED);
		assert_int_equal(disk_rename(&w.d, "/v/b", "/v/c"), nth > 5 ? ERR_NONE : ERR_CLOSED);
		assert_int_equal(disk_unlink(&w.d, "/v/a"), ERR_CLOSED);
		assert_int_equal(disk_read(w.f, 0, back, 1, &len), ERR_CLOSED);
		assert_int_equal(disk_list(&w.d, "/v", name_found, &names), ERR_CLOSED);
		after_cut(&w, 0, back, &len);
		assert_int_equal(len, nth > 2 ? 3000 : 1000);
		assert_memory_equal(back, nth > 2 ? "DDDDB" : "AAAAA", 5);
		assert_int_equal(disk_list(&w.d, "/v", name_found, &names), ERR_NONE);
		assert_int_equal(names, nth > 4 ? 2 : 1);
		world_end(&w);
	}
}

static void test_read_only(void **state)
{
	struct disk_virtual *v;
	struct disk d;
	struct disk_file *f;
	(void)state;

	assert_int_equal(disk_virtual_new(&v), ERR_NONE);
	d = disk_virtual_disk(v);
	assert_int_equal(disk_replace(&d, "/v", "a", "x", 1), ERR_NONE);
	disk_virtual_read_only(v, true);
	assert_int_equal(disk_open(&d, &f, "/v/a", DISK_WRITE), ERR_DENIED);
	assert_int_equal(disk_open(&d, &f, "/v/b", DISK_WRITE | DISK_CREATE), ERR_DENIED);
	assert_int_equal(disk_unlink(&d, "/v/a"), ERR_DENIED);
	assert_int_equal(disk_open(&d, &f, "/v/a", DISK_READ), ERR_NONE);
	disk_close(&f);
	disk_virtual_free(&v);
}

/* ---- injection ---- */

static void test_inject_fails_once_or_from_then_on(void **state)
{
	struct disk_inject *i;
	struct disk d;
	struct disk_file *f;
	struct err_detail detail;
	uint64_t size;
	char path[DISK_PATH_MAX];
	(void)state;

	assert_int_equal(disk_inject_new(&i, &disk_real), ERR_NONE);
	d = disk_inject_disk(i);
	assert_int_equal(disk_inject_add(i, "fsync:2=EIO", &detail), ERR_NONE);
	assert_int_equal(disk_inject_add(i, "write:3+=ENOSPC", &detail), ERR_NONE);
	assert_int_equal(disk_inject_add(i, "dispatch:2=EIO", &detail), ERR_NONE);
	assert_int_equal(disk_path(path, folder, "a"), ERR_NONE);
	assert_int_equal(disk_open(&d, &f, path, DISK_WRITE | DISK_CREATE), ERR_NONE);
	assert_int_equal(disk_sync(f), ERR_NONE);
	assert_int_equal(disk_sync(f), ERR_IO);
	assert_int_equal(disk_sync(f), ERR_NONE);
	assert_int_equal(disk_write(f, 0, "0123", 4), ERR_NONE);
	assert_int_equal(disk_write(f, 4, "4567", 4), ERR_NONE);
	assert_int_equal(disk_write(f, 8, "89ab", 4), ERR_FULL);
	assert_int_equal(disk_size(f, &size), ERR_NONE);
	assert_int_equal(size, 10);
	assert_int_equal(disk_write(f, 8, "89ab", 4), ERR_FULL);
	disk_close(&f);
	assert_int_equal(disk_inject_count(i, "dispatch"), ERR_NONE);
	assert_int_equal(disk_inject_count(i, "dispatch"), ERR_IO);
	assert_int_equal(disk_inject_counted(i, "dispatch"), 2);
	disk_inject_free(&i);
}

static void test_inject_refuses_mistakes(void **state)
{
	static const char *const bad[] = { "", "fsync", "fsync:", "fsync:0", "fsync:x", "sync:3", "fsync:3=", "fsync:3=EPERM",
		"fsync:3+", "fsync:3x", "write:9+ENOSPC", "fsync:-1" };
	struct disk_inject *i;
	size_t n;
	(void)state;

	assert_int_equal(disk_inject_new(&i, &disk_real), ERR_NONE);
	for (n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		struct err_detail detail = { .message = "" };

		assert_int_equal(disk_inject_add(i, bad[n], &detail), ERR_USAGE);
		assert_true(*detail.message && *detail.hint);
	}
	disk_inject_free(&i);
}

static void die_at(const char *spec)
{
	struct disk_inject *i;
	struct disk d;
	enum err err;

	if (disk_inject_new(&i, &disk_real) || disk_inject_add(i, spec, NULL))
		_exit(3);
	d = disk_inject_disk(i);
	err = disk_replace(&d, folder, "a", "12345678", 8);
	_exit(err ? 2 : 0);
}

static int status_of(const char *spec)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		die_at(spec);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_inject_kills(void **state)
{
	char path[DISK_PATH_MAX];
	struct buf b;
	int status;
	(void)state;

	buf_init(&b, 100);
	status = status_of("write:1");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(disk_path(path, folder, "a.new"), ERR_NONE);
	assert_int_equal(disk_load(&disk_real, path, &b), ERR_NONE);
	assert_int_equal(b.len, 4); /* half of it */
	assert_true(WIFSIGNALED(status_of("rename:1")));
	assert_int_equal(disk_path(path, folder, "a"), ERR_NONE);
	assert_int_equal(disk_load(&disk_real, path, &b), ERR_NOTFOUND);
	assert_true(WIFSIGNALED(status_of("fsync:2"))); /* of the folder: the rename was done */
	buf_reset(&b);
	assert_int_equal(disk_load(&disk_real, path, &b), ERR_NONE);
	assert_int_equal(b.len, 8);
	status = status_of("fsync:3");
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_real_disk, make_folder, remove_folder),
		cmocka_unit_test(test_virtual_disk),
		cmocka_unit_test_setup_teardown(test_inject_passes_through, make_folder, remove_folder),
		cmocka_unit_test(test_cut_loses_all_unsynced),
		cmocka_unit_test(test_cut_keeps_all),
		cmocka_unit_test(test_cut_tears_by_seed),
		cmocka_unit_test(test_cut_forgets_names),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_failed_sync_is_never_made_good),
		cmocka_unit_test(test_kill_keeps_what_is_seen),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test_setup_teardown(test_inject_fails_once_or_from_then_on, make_folder, remove_folder),
		cmocka_unit_test(test_inject_refuses_mistakes),
		cmocka_unit_test_setup_teardown(test_inject_kills, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A process that writes a journal on a real disk is killed (SIGKILL) at every kind of operation; an external ledger, a
 * pipe that outlives it, says what had been called durable. All of that must be there, once, and verify must call it whole. */
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

#include "voice/journal/journal.h"
#include "voice/journal/journal_read.h"

enum { CALLS = 2, STEPS = 60, RECORDS = 1000 };

static char folder[64];
static const struct id128 tenant = { .bytes = { 0x70 } };
static const struct id128 calls[CALLS] = { { .bytes = { 0xca, 1 } }, { .bytes = { 0xca, 2 } } };

struct line {
	uint32_t call;
	uint32_t durable;
};

static int ledger;

static void note(void *arg, struct journal_call *c, uint64_t sequence)
{
	struct line line = { .call = *(uint32_t *)journal_call_owner(c), .durable = (uint32_t)sequence };
	(void)arg;

	if (write(ledger, &line, sizeof(line)) != sizeof(line))
		_exit(9);
}

static void check(enum err err)
{
	if (err)
		_exit(8);
}

static void commit(struct journal *j, uint64_t now_us)
{
	struct journal_batch *b = journal_batch_take(j, now_us);

	if (!b)
		return;
	check(journal_batch_write(j, b, now_us));
	journal_batch_done(j, b, now_us);
}

/* The life of the process: two calls, a commit every third step, an erasure; ends properly when nothing kills it. */
static _Noreturn void live(const char *spec)
{
	static uint32_t numbers[CALLS] = { 0, 1 };
	const struct id128 other = { .bytes = { 0xcb } };
	struct disk_inject *inject;
	struct disk d;
	struct journal_options o;
	struct journal *j;
	struct journal_call *c[CALLS], *gone;
	uint32_t step, i;

	journal_options_defaults(&o);
	o.segment_bytes = 8192;
	o.reserve_bytes = o.ring_bytes = 16384;
	check(disk_inject_new(&inject, &disk_real));
	check(disk_inject_add(inject, spec, NULL));
	d = disk_inject_disk(inject);
	check(journal_open(&j, &d, folder, &o, 0, NULL, NULL));
	journal_durable_handler(j, note, NULL);
	check(journal_call_open(j, &gone, &tenant, &other, 1, 0));
	journal_call_close(&gone, 0);
	for (i = 0; i < CALLS; i++) {
		check(journal_call_open(j, &c[i], &tenant, &calls[i], 1, 0));
		journal_call_set_owner(c[i], &numbers[i]);
	}
	for (step = 1; step <= STEPS; step++) {
		for (i = 0; i < CALLS; i++)
			check(journal_append(c[i], JOURNAL_EVENT, &step, sizeof(step), step));
		if (step == 30)
			check(journal_erase_call(j, &tenant, &other));
		if (step % 3 == 0)
			commit(j, step);
	}
	for (i = 0; i < CALLS; i++)
		journal_call_close(&c[i], step);
	check(journal_close(&j, step));
	disk_inject_free(&inject);
	_exit(0);
}

static int run(const char *spec, uint32_t durable[CALLS])
{
	int ends[2], status;
	struct line line;
	pid_t child;

	memset(durable, 0, CALLS * sizeof(*durable));
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		close(ends[0]);
		ledger = ends[1];
		live(spec);
	}
	close(ends[1]);
	while (read(ends[0], &line, sizeof(line)) == sizeof(line))
		durable[line.call] = line.durable;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void judge(const uint32_t durable[CALLS])
{
	struct keyring_options read_only = { .read_only = true };
	struct journal_reader_options options = { .fault = NULL };
	struct keyring *keys = NULL;
	struct journal_reader *r;
	struct journal_item item;
	bool seen[CALLS][RECORDS] = { { false } };
	const struct journal_call_info *info;
	uint32_t i, n;

	if (keyring_open(&keys, &disk_real, folder, &read_only, NULL))
		assert_true(!durable[0] && !durable[1]);
	options.keyring = keys;
	assert_int_equal(journal_reader_open(&r, &disk_real, folder, &options, NULL), ERR_NONE);
	while (!journal_reader_next(r, &item)) {
		const uint8_t *payload;
		size_t len;
		uint32_t step;

		i = id128_equal(&item.record.header.call, &calls[1]);
		n = (uint32_t)item.record.header.sequence;
		assert_int_equal(journal_reader_payload(r, &item, &payload, &len), ERR_NONE);
		assert_int_equal(len, sizeof(step));
		memcpy(&step, payload, sizeof(step));
		assert_int_equal(step, n);
		assert_true(n && n < RECORDS && !seen[i][n]);
		seen[i][n] = true;
	}
	for (i = 0; i < CALLS; i++)
		for (n = 1; n <= durable[i]; n++)
			assert_true(seen[i][n]);
	assert_int_equal(journal_reader_counts(r).corrupt + journal_reader_counts(r).missing_files, 0);
	for (i = 0; (info = journal_reader_call(r, i)); i++)
		assert_int_equal(journal_call_missing(info, false) + info->duplicates, 0);
	journal_reader_close(&r);
	keyring_close(&keys);
}

static void remove_one(void *arg, const char *name)
{
	char path[DISK_PATH_MAX];
	(void)arg;

	if (!disk_path(path, folder, name))
		unlink(path);
}

static void kill_at(const char *kind, unsigned int n, bool *killed)
{
	uint32_t durable[CALLS];
	char spec[32];
	int status;

	strcpy(folder, "journal-kill-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(spec, sizeof(spec), "%s:%u", kind, n);
	status = run(spec, durable);
	*killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	assert_true(*killed || (WIFEXITED(status) && !WEXITSTATUS(status)));
	judge(durable);
	if (!*killed)
		assert_int_equal(durable[0] + durable[1], 2 * STEPS);
	assert_int_equal(disk_list(&disk_real, folder, remove_one, NULL), ERR_NONE);
	assert_int_equal(rmdir(folder), 0);
}

static void test_killed_at_every_operation(void **state)
{
	static const struct {
		const char *kind;
		unsigned int least; /* so many points there are, at the least */
	} kinds[] = { { "write", 30 }, { "fsync", 30 }, { "rename", 3 }, { "open", 10 }, { "preallocate", 2 } };
	unsigned int k, n;
	(void)state;

	for (k = 0; k < 5; k++) {
		bool killed = true;

		for (n = 1; killed && n < 200; n++)
			kill_at(kinds[k].kind, n, &killed);
		assert_true(n > kinds[k].least);
		assert_false(killed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_at_every_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

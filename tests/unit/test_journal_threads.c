/* The journal with its real thread on a real disk: made to run under the thread sanitizer.
 *
 * Order is asserted; times only with wide ceilings, because machines are noisy.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "voice/journal/journal.h"
#include "voice/journal/journal_read.h"

enum { CALLS = 8, STEPS = 400 };

static char folder[64];

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "journal-test-XXXXXX");
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

static void wake(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

struct waiting {
	uint64_t since_us; /* when the oldest record that is not durable was appended */
	uint64_t sequence;
	uint64_t worst_us;
};

static void durable(void *arg, struct journal_call *c, uint64_t sequence)
{
	struct waiting *w = journal_call_owner(c);
	(void)arg;

	if (w->sequence && sequence >= w->sequence) {
		uint64_t took = now_us() - w->since_us;

		w->worst_us = took > w->worst_us ? took : w->worst_us;
		w->sequence = 0;
	}
}

static struct id128 id_of(uint8_t what, unsigned int n)
{
	struct id128 id = { .bytes = { what } };

	put_le32(id.bytes + 12, n);
	return id;
}

static void options_for(struct journal_options *o)
{
	journal_options_defaults(o);
	o->segment_bytes = 256 * 1024;
	o->reserve_bytes = 256 * 1024;
	o->ring_bytes = 256 * 1024;
	o->commit_us = 5000;
	o->retry_us = 20000;
}

static void append_some(struct journal_call *c, struct waiting *w, unsigned int step)
{
	uint8_t payload[320];

	memset(payload, (int)step, sizeof(payload));
	assert_int_equal(journal_append(c, JOURNAL_INPUTS, payload, 40, now_us()), ERR_NONE);
	if (!w->sequence) {
		w->sequence = journal_call_last(c);
		w->since_us = now_us();
	}
	assert_int_equal(journal_append(c, JOURNAL_AUDIO_CALLER, payload, 160, now_us()), ERR_NONE);
	if (step % 3 == 0)
		assert_int_equal(journal_append(c, JOURNAL_AUDIO_AGENT, payload, 320, now_us()), ERR_NONE);
}

static void settle(struct journal *j, struct journal_committer *m)
{
	uint64_t until = now_us() + 20000000;

	while (journal_counts(j).waiting_bytes && now_us() < until) {
		usleep(1000);
		journal_committer_poll(m, now_us());
	}
	assert_int_equal(journal_counts(j).waiting_bytes, 0);
}

static size_t count_records(uint64_t *missing)
{
	struct journal_reader *r;
	struct journal_item item;
	const struct journal_call_info *info;
	size_t n = 0, i;

	assert_int_equal(journal_reader_open(&r, &disk_real, folder, NULL, NULL), ERR_NONE);
	while (!journal_reader_next(r, &item))
		n++;
	assert_int_equal(journal_reader_counts(r).corrupt, 0);
	for (*missing = 0, i = 0; (info = journal_reader_call(r, i)); i++)
		*missing += journal_call_missing(info, false) + info->duplicates;
	journal_reader_close(&r);
	return n;
}

/* Appends from the loop while the thread writes; calls come and go, one is erased; nothing is lost, none comes twice. */
static void test_group_commit(void **state)
{
	struct journal *j;
	struct journal_options options;
	struct journal_committer *m;
	struct journal_call *calls[CALLS];
	struct waiting waiting[CALLS] = { { 0 } };
	struct id128 tenant = id_of(1, 1);
	atomic_uint woken = 0;
	uint64_t missing, records;
	unsigned int step, n, opened = CALLS;
	(void)state;

	options_for(&options);
	assert_int_equal(journal_open(&j, &disk_real, folder, &options, now_us(), NULL, NULL), ERR_NONE);
	journal_durable_handler(j, durable, NULL);
	for (n = 0; n < CALLS; n++) {
		struct id128 id = id_of(2, n);

		assert_int_equal(journal_call_open(j, &calls[n], &tenant, &id, 1, now_us()), ERR_NONE);
		journal_call_set_owner(calls[n], &waiting[n]);
	}
	assert_int_equal(journal_committer_start(&m, j, wake, &woken), ERR_NONE);
	for (step = 0; step < STEPS || (atomic_load(&woken) <= 3 && step < 100 * STEPS); step++) { /* a slow disk takes longer for so many batches */
		for (n = 0; n < CALLS; n++)
			append_some(calls[n], &waiting[n], step);
		if (step % 50 == 20 && step < STEPS) {
			struct id128 id = id_of(2, opened++);

			journal_call_close(&calls[0], now_us());
			waiting[0].sequence = 0;
			assert_int_equal(journal_call_open(j, &calls[0], &tenant, &id, 1, now_us()), ERR_NONE);
			journal_call_set_owner(calls[0], &waiting[0]);
		}
		if (step == 200) {
			struct id128 id = id_of(2, 0);

			assert_int_equal(journal_erase_call(j, &tenant, &id), ERR_NONE);
		}
		journal_committer_poll(m, now_us());
		usleep(500);
	}
	settle(j, m);
	for (n = 0; n < CALLS; n++) {
		assert_int_equal(journal_call_durable(calls[n]), journal_call_last(calls[n]));
		assert_in_range(waiting[n].worst_us, 1, 2000000); /* promised: 200 ms; here tenfold */
		journal_call_close(&calls[n], now_us());
	}
	assert_true(atomic_load(&woken) > 3);
	assert_true(journal_counts(j).batches > 3);
	assert_false(keyring_counts(journal_keyring(j)).dirty);
	records = journal_counts(j).records;
	journal_committer_stop(&m, now_us());
	assert_int_equal(journal_close(&j, now_us()), ERR_NONE);
	assert_int_equal(count_records(&missing), records);
	assert_int_equal(missing, 0);
}

/* A disk that fails for a while stops the acknowledgements, not the loop; a committer that is stopped meanwhile leaves its
 * batch behind, and the next one writes it. */
static void test_failing_disk(void **state)
{
	struct disk_inject *inject;
	struct disk d;
	struct journal *j;
	struct journal_options options;
	struct journal_committer *m;
	struct journal_call *c;
	struct waiting w = { 0 };
	struct id128 tenant = id_of(1, 1), id = id_of(2, 1);
	atomic_uint woken = 0;
	uint64_t missing, until = now_us() + 20000000;
	unsigned int step;
	(void)state;

	options_for(&options);
	assert_int_equal(disk_inject_new(&inject, &disk_real), ERR_NONE);
	d = disk_inject_disk(inject);
	for (step = 20; step < 29; step++) {
		char spec[] = "fsync:20=EIO";

		spec[7] = (char)('0' + step % 10);
		assert_int_equal(disk_inject_add(inject, spec, NULL), ERR_NONE);
	}
	assert_int_equal(journal_open(&j, &d, folder, &options, now_us(), NULL, NULL), ERR_NONE);
	assert_int_equal(journal_call_open(j, &c, &tenant, &id, 1, now_us()), ERR_NONE);
	assert_int_equal(journal_committer_start(&m, j, wake, &woken), ERR_NONE);
	while (disk_inject_counted(inject, "fsync") < 21 && now_us() < until) {
		if (journal_health(j) != JOURNAL_STOPPED && !w.sequence)
			append_some(c, &w, 0);
		w.sequence = 0;
		usleep(500);
		journal_committer_poll(m, now_us());
	}
	journal_committer_stop(&m, now_us());
	assert_int_equal(journal_committer_start(&m, j, wake, &woken), ERR_NONE);
	settle(j, m);
	assert_int_equal(journal_health(j), JOURNAL_OK);
	assert_int_equal(journal_call_durable(c), journal_call_last(c));
	assert_true(journal_counts(j).lost_files > 0);
	journal_call_close(&c, now_us());
	journal_committer_stop(&m, now_us());
	assert_int_equal(journal_close(&j, now_us()), ERR_NONE);
	assert_true(count_records(&missing) > 0);
	assert_int_equal(missing, 0);
	disk_inject_free(&inject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_group_commit, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_failing_disk, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Looking for what a dead worker left in its journal, with a real loop, real threads and a real folder: found, not there, too slow, not wanted any more. */
#include "sessionkit.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "voice/journal/call_records.h"
#include "voice/session/tail.h"
#include "voice/worker/recovery.h"

enum { BYTES_MAX = 8 << 20, BEGAN_US = 15000000, DEAD_S = 20 };

static struct kit *k;

/* What the handler was given. */
static struct {
	struct buf snapshot;
	bool has_snapshot;
	uint64_t began_us_ago;
	size_t past_samples;
	bool is_newest;
	unsigned int calls;
} told;

static struct {
	uv_loop_t loop;
	struct clock *clock;
	struct conductor_attached attached;
	struct recovery *recovery;
	struct jobs *pool;
	char data[64], journals[80], folder[96];
	uint64_t wall_offset_us;
	struct buf shipped;
} t;

/* A disk that takes its time, or until somebody is tired of it. */
static struct disk_ops slow_ops;
static atomic_bool slow_ends;

static enum err slow_list(void *arg, const char *path, disk_list_h *handler, void *handler_arg)
{
	const struct timespec a_while = { .tv_nsec = 5000000 };

	while (!atomic_load(&slow_ends))
		nanosleep(&a_while, NULL);
	return disk_real.ops->list(arg, path, handler, handler_arg);
}

static const struct disk slow_disk = { .ops = &slow_ops };

/* ------------------------------------------------------------------ a call whose worker died */

static uint16_t one_turn(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

static void journal_begin(void)
{
	struct journal_options options;

	journal_options_defaults(&options);
	options.segment_bytes = 1 << 16; /* so that there are several */
	options.wall_offset_us = t.wall_offset_us = (uint64_t)(time(NULL) - DEAD_S) * 1000000; /* so that it dies a second ago */
	options.reserve_bytes = 1 << 16;
	options.ring_bytes = 1 << 16;
	assert_int_equal(journal_open(&k->journal, &disk_real, t.folder, &options, k->now_us, NULL, NULL), ERR_NONE);
	k->tenant.bytes[0] = 1;
	k->id.bytes[0] = 2;
	k->epoch = 1;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, k->epoch, k->now_us), ERR_NONE);
}

/* A turn, of which the conductor has the snapshot, and seven seconds of the answer, which it has not. */
static void call_dies(void)
{
	k->level = one_turn;
	kit_begin(k);
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_FINAL, "When do you open");
	kit_run(k, 1500);
	buf_append(&t.shipped, k->snapshot.data, k->snapshot.len);
	assert_true(t.shipped.len > 0);
	kit_model_says(k, "We open at nine. Is there anything else?");
	kit_run(k, 7000);
	session_close(&k->session);
	kit_journal_close(k);
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	memset(&told, 0, sizeof(told));
	snprintf(t.data, sizeof(t.data), "/tmp/callfunnel-recovery-XXXXXX");
	assert_non_null(mkdtemp(t.data));
	snprintf(t.journals, sizeof(t.journals), "%s/journal", t.data);
	snprintf(t.folder, sizeof(t.folder), "%s/w1", t.journals);
	assert_int_equal(disk_make_folder(&disk_real, t.journals), ERR_NONE);
	buf_init(&t.shipped, BYTES_MAX);
	buf_init(&told.snapshot, BYTES_MAX);
	slow_ops = *disk_real.ops;
	slow_ops.list = slow_list;
	atomic_store(&slow_ends, false);
	k = kit_new();
	journal_begin();
	call_dies();
	assert_int_equal(uv_loop_init(&t.loop), 0);
	assert_int_equal(clock_open(&t.clock, &t.loop, false), ERR_NONE);
	assert_int_equal(recovery_pool_open(&t.pool, &t.loop), ERR_NONE);
	t.attached = (struct conductor_attached){ .call = k->id, .tenant = k->tenant, .epoch = 2, .flow = "{}", .flow_len = 2,
		.prompt = { .fixed = "who", .facts = "what", .tools = "[]" }, .began_us_ago = BEGAN_US,
		.snapshot = t.shipped.data, .snapshot_len = t.shipped.len };
	return deadline_set(20);
}

static void file_remove(void *arg, const char *name)
{
	char path[DISK_PATH_MAX];

	if (name[0] != '.' && !disk_path(path, arg, name))
		(void)!disk_unlink(&disk_real, path);
}

static int teardown(void **state)
{
	(void)state;
	jobs_close(&t.pool);
	clock_close(&t.clock);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&t.loop), 0); /* nothing of it is left */
	kit_free(k);
	buf_fini(&t.shipped);
	buf_fini(&told.snapshot);
	(void)!disk_list(&disk_real, t.folder, file_remove, t.folder);
	(void)rmdir(t.folder);
	(void)rmdir(t.journals);
	(void)rmdir(t.data);
	return deadline_set(0);
}

/* ------------------------------------------------------------------ asking for it */

static void on_told(void *arg, const struct conductor_attached *a)
{
	assert_ptr_equal(arg, &t);
	assert_null(t.recovery);
	told.calls++;
	told.has_snapshot = a->snapshot != NULL;
	told.began_us_ago = a->began_us_ago;
	told.is_newest = a->is_newest;
	told.past_samples = a->past ? a->past_samples : 0;
	buf_append(&told.snapshot, a->snapshot, a->snapshot_len);
	assert_int_equal(a->epoch, t.attached.epoch);
	assert_memory_equal(a->flow, "{}", 3);
	assert_string_equal(a->prompt.fixed, "who");
	assert_string_equal(a->prompt.facts, "what");
	assert_string_equal(a->prompt.tools, "[]");
}

static void start(const struct disk *disk, const char *journals)
{
	const struct recovery_settings settings = { .pool = t.pool, .clock = t.clock, .disk = disk, .journals = journals };

	assert_int_equal(recovery_start(&t.recovery, &settings, &t.attached, on_told, &t), ERR_NONE);
	assert_non_null(t.recovery);
	assert_int_equal(told.calls, 0);
}

static void wait_for_it(void)
{
	while (!told.calls)
		uv_run(&t.loop, UV_RUN_ONCE);
	assert_true(told.began_us_ago > BEGAN_US);
}

static bool is_shipped(void)
{
	return told.snapshot.len == t.shipped.len && !memcmp(told.snapshot.data, t.shipped.data, t.shipped.len);
}

static void a_dead_workers_journal_knows_more(void **state)
{
	struct record_snapshot shipped, made;

	(void)state;
	start(&disk_real, t.journals);
	wait_for_it();
	assert_false(is_shipped());
	assert_int_equal(record_snapshot_decode(&shipped, t.shipped.data, t.shipped.len), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&made, told.snapshot.data, told.snapshot.len), ERR_NONE);
	assert_in_range(made.at_us - shipped.at_us, 6900 * MS, 9000 * MS);
	assert_true(made.caller_position > shipped.caller_position + 6900 * 8);
	assert_int_equal(told.past_samples, TAIL_PAST_SAMPLES);
	assert_true(told.is_newest);
}

static void before_any_snapshot_its_start_is_enough(void **state)
{
	struct record_snapshot made;

	(void)state;
	t.attached.snapshot = NULL;
	t.attached.snapshot_len = 0;
	start(&disk_real, t.journals);
	wait_for_it();
	assert_true(told.has_snapshot);
	assert_int_equal(record_snapshot_decode(&made, told.snapshot.data, told.snapshot.len), ERR_NONE);
	assert_true(made.media && made.at_us > 13000 * MS);
}

static void where_nothing_is_the_conductors_snapshot_stays(void **state)
{
	(void)state;
	start(&disk_real, t.folder); /* no journals are in that one */
	wait_for_it();
	assert_true(is_shipped() && !told.is_newest && !told.past_samples);
	assert_true(told.began_us_ago < BEGAN_US + RECOVERY_MS * MS);
}

static void another_calls_records_are_not_its_own(void **state)
{
	(void)state;
	t.attached.call.bytes[0] = 3;
	start(&disk_real, t.journals);
	wait_for_it();
	assert_true(is_shipped());
}

static void without_its_keys_the_conductors_snapshot_stays(void **state)
{
	char path[DISK_PATH_MAX];

	(void)state;
	assert_int_equal(disk_path(path, t.folder, "master.key"), ERR_NONE);
	assert_int_equal(disk_unlink(&disk_real, path), ERR_NONE);
	start(&disk_real, t.journals);
	wait_for_it();
	assert_true(is_shipped());
}

/* What was begun is over. */
static void pool_ends(void)
{
	while (jobs_count(t.pool))
		uv_run(&t.loop, UV_RUN_ONCE);
}

static void a_slow_disk_is_not_waited_for(void **state)
{
	(void)state;
	start(&slow_disk, t.journals);
	wait_for_it();
	assert_true(is_shipped());
	assert_in_range(told.began_us_ago - BEGAN_US, (RECOVERY_MS - 1) * MS, 4 * RECOVERY_MS * MS);
	atomic_store(&slow_ends, true);
	pool_ends();
	assert_int_equal(told.calls, 1);
}

static void cancelled_it_says_nothing(void **state)
{
	(void)state;
	start(&slow_disk, t.journals);
	recovery_cancel(&t.recovery);
	assert_null(t.recovery);
	recovery_cancel(&t.recovery);
	atomic_store(&slow_ends, true);
	pool_ends();
	assert_int_equal(told.calls, 0);
}

static enum err on_record(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	(void)item;
	(void)len;
	assert_true(payload && !payload_err);
	*(unsigned int *)arg += 1;
	return ERR_NONE;
}

/* Whoever wants the end of a call does not read its beginning because it is missing. */
static void older_files_are_not_read_for_the_end(void **state)
{
	struct call_records from = { .disk = &disk_real, .journals = t.journals, .call = k->id };
	unsigned int all = 0, again = 0, end = 0;

	(void)state;
	assert_int_equal(call_records_read(&from, on_record, &all), ERR_NONE);
	from.began_wall_us = t.wall_offset_us + k->now_us + 8000 * MS; /* files count as older when they were closed ten seconds before */
	assert_int_equal(call_records_read(&from, on_record, &again), ERR_NONE);
	from.is_end = true;
	assert_int_equal(call_records_read(&from, on_record, &end), ERR_NONE);
	assert_int_equal(again, all);
	assert_in_range(end, 1, all - 1);
}

#define DIED(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DIED(a_dead_workers_journal_knows_more),
		DIED(before_any_snapshot_its_start_is_enough),
		DIED(where_nothing_is_the_conductors_snapshot_stays),
		DIED(another_calls_records_are_not_its_own),
		DIED(without_its_keys_the_conductors_snapshot_stays),
		DIED(a_slow_disk_is_not_waited_for),
		DIED(cancelled_it_says_nothing),
		DIED(older_files_are_not_read_for_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

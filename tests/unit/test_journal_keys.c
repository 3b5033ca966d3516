/* Keys that records name and that are lost: who writes next refuses the folder and leaves it as it is; an erasure is no loss; and what
 * a file's head says of the length of the one before. */
#include "journal_world.h"

#include "voice/journal/journal_keys.h"
#include "voice/journal/journal_recover.h"

/* Three calls of two tenants, closed properly. */
static void begin(struct world *w)
{
	unsigned int i;

	world_begin(w, 1);
	w->options.segment_bytes = 1 << 20; /* one file */
	assert_int_equal(world_open(w), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		assert_int_equal(world_attach(w, i), ERR_NONE);
	for (i = 0; i < 20; i++)
		world_step(w);
	for (i = 0; i < WORLD_CALLS; i++)
		journal_call_close(&w->calls[i].journal, w->now_us);
	assert_int_equal(world_commit(w), ERR_NONE);
}

static void finish(struct world *w)
{
	assert_int_equal(journal_close(&w->j, w->now_us), ERR_NONE);
}

static void add_up(void *arg, const char *name)
{
	struct buf *b = arg;
	struct disk *d = *(struct disk **)(void *)b->data;
	char path[DISK_PATH_MAX];
	struct buf file;

	buf_init(&file, 1 << 20);
	assert_int_equal(disk_path(path, DIR, name), ERR_NONE);
	assert_int_equal(disk_load(d, path, &file), ERR_NONE);
	buf_printf(b, "%s %zu %u\n", name, file.len, journal_checksum(file.data, file.len));
	buf_fini(&file);
}

/* Every name of the folder with what it holds. */
static void photograph(struct world *w, struct buf *b)
{
	struct disk *d = &w->d;

	buf_init(b, 1 << 20);
	buf_append(b, &d, sizeof(d)); /* for add_up */
	assert_int_equal(disk_list(&w->d, DIR, add_up, b), ERR_NONE);
	assert_int_equal(b->err, ERR_NONE);
}

/* The next life is refused, for this reason, and changes nothing. */
static void refused(struct world *w, enum err err, const char *word)
{
	struct err_detail detail;
	struct buf before, after;

	photograph(w, &before);
	assert_int_equal(journal_open(&w->j, &w->d, DIR, &w->options, w->now_us, NULL, &detail), err);
	assert_null(w->j);
	assert_non_null(strstr(detail.message, word));
	assert_true(*detail.where && *detail.hint);
	assert_int_equal(journal_open(&w->j, &w->d, DIR, &w->options, w->now_us, NULL, NULL), err);
	photograph(w, &after);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.data, after.data, after.len);
	buf_fini(&before);
	buf_fini(&after);
}

static void taken(struct world *w)
{
	assert_int_equal(world_open(w), ERR_NONE);
	finish(w);
}

static void unlink_in(struct world *w, const char *name)
{
	char path[DISK_PATH_MAX];

	assert_int_equal(disk_path(path, DIR, name), ERR_NONE);
	assert_int_equal(disk_unlink(&w->d, path), ERR_NONE);
}

static void test_a_lost_keyring_stops_the_next_life(void **state)
{
	struct buf keys;
	struct world w;
	(void)state;

	buf_init(&keys, 1 << 20);
	begin(&w);
	finish(&w);
	assert_int_equal(disk_load(&w.d, DIR "/keyring", &keys), ERR_NONE);
	unlink_in(&w, "keyring");
	refused(&w, ERR_NOTFOUND, "3 calls in this journal");
	unlink_in(&w, "master.key"); /* and no fresh pair is made either */
	refused(&w, ERR_NOTFOUND, "3 calls in this journal");
	unlink_in(&w, "lock");
	refused(&w, ERR_NOTFOUND, "3 calls in this journal");
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", keys.data, keys.len), ERR_NONE);
	refused(&w, ERR_NOTFOUND, "master key is missing");
	buf_fini(&keys);
	world_end(&w);
}

/* Records: tenant 0, call 0, tenant 1, call 1, call 2. */
static void test_a_cut_keyring_stops_the_next_life(void **state)
{
	static const char *const words[] = { "3 calls", "3 calls", "2 calls", "2 calls", "1 call in" };
	struct buf keys;
	struct world w;
	size_t n;
	(void)state;

	buf_init(&keys, 1 << 20);
	begin(&w);
	finish(&w);
	assert_int_equal(disk_load(&w.d, DIR "/keyring", &keys), ERR_NONE);
	for (n = 0; n < 5; n++) {
		assert_int_equal(disk_replace(&w.d, DIR, "keyring", keys.data, 96 + n * 140), ERR_NONE);
		refused(&w, ERR_NOTFOUND, words[n]);
		assert_int_equal(disk_replace(&w.d, DIR, "keyring", keys.data, 96 + n * 140 + 77), ERR_NONE);
		refused(&w, ERR_NOTFOUND, words[n]);
	}
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", keys.data, 95), ERR_NONE);
	refused(&w, ERR_TRUNCATED, "cut short");
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", keys.data, 96 + 5 * 140), ERR_NONE);
	taken(&w);
	buf_fini(&keys);
	world_end(&w);
}

static void test_another_master_key_stops_the_next_life(void **state)
{
	struct world w;
	(void)state;

	begin(&w);
	finish(&w);
	assert_int_equal(disk_replace(&w.d, DIR, "master.key", "0123456789abcdef0123456789abcdef", 32), ERR_NONE);
	refused(&w, ERR_DENIED, "another master key");
	world_end(&w);
}

static void test_an_erasure_is_no_loss(void **state)
{
	struct buf keys;
	struct world w;
	(void)state;

	buf_init(&keys, 1 << 20);
	begin(&w);
	assert_int_equal(journal_erase_call(w.j, &w.calls[0].tenant, &w.calls[0].id), ERR_NONE);
	assert_int_equal(journal_erase_tenant(w.j, &w.calls[1].tenant), ERR_NONE);
	while (keyring_counts(journal_keyring(w.j)).dirty)
		assert_int_equal(world_commit(&w), ERR_NONE);
	finish(&w);
	taken(&w);
	/* Without its tombstones (the last two records) nobody can tell it from one. */
	assert_int_equal(disk_load(&w.d, DIR "/keyring", &keys), ERR_NONE);
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", keys.data, 96 + 2 * 140), ERR_NONE);
	refused(&w, ERR_NOTFOUND, "2 calls");
	buf_fini(&keys);
	world_end(&w);
}

/* What lies in the folder and was never sealed by a call wants no key. */
static void test_spares_and_exports_want_no_key(void **state)
{
	struct id128 call = { .bytes = { 1 } };
	struct journal_header h = { .kind = JOURNAL_EVENT, .first = true, .batch = 1, .sequence = 1, .epoch = 1, .call = call };
	struct journal_file_header head = { .role = JOURNAL_ROLE_EXPORT, .order = 1 };
	uint8_t bytes[JOURNAL_FILE_HEADER_BYTES + JOURNAL_RECORD_HEADER_BYTES + 4];
	struct world w;
	size_t len;
	(void)state;

	world_begin(&w, 1);
	taken(&w); /* makes the spares */
	journal_file_header_encode(bytes, &head);
	len = JOURNAL_FILE_HEADER_BYTES + journal_record_encode(bytes + JOURNAL_FILE_HEADER_BYTES, &h, "what", 4, NULL);
	assert_int_equal(disk_replace(&w.d, DIR, "export.cfj", bytes, len), ERR_NONE);
	unlink_in(&w, "keyring");
	unlink_in(&w, "master.key");
	taken(&w);
	world_end(&w);
}

static void test_the_set_counts_calls_not_epochs(void **state)
{
	struct journal_keys keys = { .items = NULL };
	struct journal_keys_lost lost;
	struct journal_header h = { .kind = JOURNAL_EVENT };
	unsigned int i, n;
	(void)state;

	for (n = 0; n < 3; n++)
		for (i = 0; i < 1000; i++) {
			h.call = world_id(0xca, i / 2 + 1);
			h.key = world_id(0x4e, i + 1);
			assert_int_equal(journal_keys_add(&keys, &h), ERR_NONE);
			assert_int_equal(journal_keys_add(&keys, &h), ERR_NONE);
		}
	h.key = (struct id128){ .bytes = { 0 } };
	assert_int_equal(journal_keys_add(&keys, &h), ERR_NONE); /* clear */
	assert_int_equal(keys.count, 1000);
	assert_int_equal(journal_keys_judge(&keys, NULL, &lost), ERR_NONE);
	assert_int_equal(lost.calls, 500);
	assert_int_equal(lost.records, 6000);
	h.call = world_id(0xca, 1);
	assert_true(id128_equal(&lost.first, &h.call));
	journal_keys_fini(&keys);
}

/* ---- how long a file was ---- */

struct faults {
	unsigned int torn, corrupt;
	uint64_t offset, bytes; /* of the last */
};

static void fault_h(void *arg, const struct journal_fault *fault)
{
	struct faults *f = arg;

	f->torn += fault->kind == JOURNAL_FAULT_TORN;
	f->corrupt += fault->kind == JOURNAL_FAULT_CORRUPT;
	f->offset = fault->offset;
	f->bytes = fault->bytes;
}

static struct faults faults_of(struct world *w)
{
	struct faults f = { 0 };
	struct journal_reader_options options = { .fault = fault_h, .fault_arg = &f };
	struct journal_reader *r;
	struct journal_item item;

	assert_int_equal(journal_reader_open(&r, &w->d, DIR, &options, NULL), ERR_NONE);
	while (!journal_reader_next(r, &item))
		continue;
	journal_reader_close(&r);
	return f;
}

static void first_segment(void *arg, const char *name)
{
	char *first = arg;

	if (!strncmp(name, "seg-", 4) && (!*first || strcmp(name, first) < 0))
		strcpy(first, name);
}

static uint64_t append_to_first(struct world *w, const void *data, size_t len)
{
	char name[64] = "", path[DISK_PATH_MAX];
	struct disk_file *f;
	uint64_t size;

	assert_int_equal(disk_list(&w->d, DIR, first_segment, name), ERR_NONE);
	assert_int_equal(disk_path(path, DIR, name), ERR_NONE);
	assert_int_equal(disk_open(&w->d, &f, path, DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_size(f, &size), ERR_NONE);
	assert_int_equal(disk_write(f, size, data, len), ERR_NONE);
	disk_close(&f);
	return size;
}

static void test_nothing_belongs_behind_a_mark(void **state)
{
	struct faults f;
	struct world w;
	uint64_t size;
	(void)state;

	begin(&w);
	finish(&w);
	f = faults_of(&w);
	assert_int_equal(f.torn + f.corrupt, 0);
	size = append_to_first(&w, "behind", 6);
	f = faults_of(&w);
	assert_int_equal(f.torn, 0);
	assert_int_equal(f.corrupt, 1);
	assert_int_equal(f.offset, size);
	assert_int_equal(f.bytes, 6);
	taken(&w); /* damage stops nobody */
	world_end(&w);
}

/* A life that ends without a mark; then one that is killed in the middle of a write, one whose sync fails. The file begun next knows how
 * long the one before was, its torn end included. */
static void test_the_next_file_knows_how_long_this_one_was(void **state)
{
	unsigned int how;
	(void)state;

	for (how = 0; how < 3; how++) {
		struct faults before, after;
		struct world w;
		uint64_t size;
		unsigned int i;

		world_begin(&w, 2);
		w.options.segment_bytes = 1 << 20;
		assert_int_equal(world_open(&w), ERR_NONE);
		assert_int_equal(world_attach(&w, 0), ERR_NONE);
		for (i = 0; i < 4; i++) {
			assert_int_equal(world_append(&w, 0, JOURNAL_EVENT, 500), ERR_NONE);
			if (how && i == 2)
				how == 1 ? disk_virtual_stop(w.v, 1) : disk_virtual_fail_sync(w.v, 1);
			assert_int_equal(world_commit(&w), how == 1 && i >= 2 ? ERR_CLOSED : ERR_NONE);
			if (how == 1 && i >= 2)
				break;
		}
		disk_virtual_kill(w.v);
		journal_abandon(&w.j);
		w.stuck = NULL;
		w.calls[0].epoch = 2;
		w.calls[0].durable = w.calls[0].last = 0;
		assert_int_equal(world_open(&w), ERR_NONE);
		assert_int_equal(world_attach(&w, 0), ERR_NONE);
		assert_int_equal(world_append(&w, 0, JOURNAL_EVENT, 500), ERR_NONE);
		assert_int_equal(world_commit(&w), ERR_NONE);
		before = faults_of(&w);
		assert_int_equal(before.corrupt, 0);
		assert_int_equal(before.torn, how == 1);
		size = append_to_first(&w, "behind", 6);
		after = faults_of(&w);
		assert_int_equal(after.torn, before.torn);
		assert_int_equal(after.corrupt, 1);
		journal_call_close(&w.calls[0].journal, w.now_us);
		finish(&w);
		if (how != 1)
			assert_int_equal(after.offset, size);
		world_end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_lost_keyring_stops_the_next_life),
		cmocka_unit_test(test_a_cut_keyring_stops_the_next_life),
		cmocka_unit_test(test_another_master_key_stops_the_next_life),
		cmocka_unit_test(test_an_erasure_is_no_loss),
		cmocka_unit_test(test_spares_and_exports_want_no_key),
		cmocka_unit_test(test_the_set_counts_calls_not_epochs),
		cmocka_unit_test(test_nothing_belongs_behind_a_mark),
		cmocka_unit_test(test_the_next_file_knows_how_long_this_one_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Recordings as files: whole or not at all, ranges, two tenants (N8), and every point at which the machine may stop. */
#include "datakit.h"

#include "data/recordings.h"

struct answer {
	unsigned int count;
	enum err err;
	uint8_t data[64];
	size_t len;
	uint64_t bytes;
	struct job *slot;
};

static const struct recording_name one = { .call = { 0xab, 1, 2 }, .part = RECORDING_TRACKS };

static void on_done(void *arg, enum err err)
{
	struct answer *a = arg;

	assert_null(a->slot);
	a->count++;
	a->err = err;
}

static void on_read(void *arg, enum err err, const struct recording_range *range)
{
	struct answer *a = arg;

	a->count++;
	a->err = err;
	if (err)
		return;
	a->len = range->len;
	a->bytes = range->bytes;
	if (range->len)
		memcpy(a->data, range->data, range->len < sizeof(a->data) ? range->len : sizeof(a->data));
}

static struct recordings *open_on(struct world *w, const struct disk *disk, const char *folder)
{
	struct recordings *r;

	assert_int_equal(files_recordings_open(&r, &w->loop, disk, folder, NULL), ERR_NONE);
	return r;
}

static enum err put(struct world *w, struct recordings *r, const struct tenant *t, const struct recording_name *name, const void *data, size_t len)
{
	struct answer a = { .count = 0 };

	assert_int_equal(recordings_put(r, &a.slot, t, name, data, len, on_done, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	return a.err;
}

static struct answer range(struct world *w, struct recordings *r, const struct tenant *t, const struct recording_name *name, uint64_t offset, size_t len)
{
	struct answer a = { .count = 0 };

	assert_int_equal(recordings_read(r, &a.slot, t, name, offset, len, on_read, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	return a;
}

static enum err erase(struct world *w, struct recordings *r, const struct tenant *t, const struct recording_name *name)
{
	struct answer a = { .count = 0 };

	assert_int_equal(recordings_delete(r, &a.slot, t, name, on_done, &a), ERR_NONE);
	world_wait(w, &a.count, 1);
	return a.err;
}

static void what_was_put_is_read_in_ranges(void **state)
{
	struct recording_name mix = one;
	struct world w;
	struct recordings *r;
	struct answer a;

	(void)state;
	world_begin(&w);
	r = open_on(&w, &disk_real, world_path(&w, "recordings"));
	assert_int_equal(range(&w, r, w.a, &one, 0, 10).err, ERR_NOTFOUND);
	assert_int_equal(put(&w, r, w.a, &one, "0123456789", 10), ERR_NONE);
	assert_int_equal(put(&w, r, w.a, &one, "other", 5), ERR_EXISTS);
	a = range(&w, r, w.a, &one, 0, 64);
	assert_int_equal(a.len, 10);
	assert_int_equal(a.bytes, 10);
	assert_memory_equal(a.data, "0123456789", 10);
	a = range(&w, r, w.a, &one, 7, 2);
	assert_int_equal(a.len, 2);
	assert_memory_equal(a.data, "78", 2);
	a = range(&w, r, w.a, &one, 7, 60);
	assert_int_equal(a.len, 3);
	assert_int_equal(range(&w, r, w.a, &one, 10, 5).len, 0);
	assert_int_equal(range(&w, r, w.a, &one, UINT64_MAX, 5).len, 0);
	assert_int_equal(range(&w, r, w.a, &one, 0, 0).bytes, 10);
	assert_int_equal(recordings_read(r, &a.slot, w.a, &one, 0, RECORDING_RANGE_MAX_BYTES + 1, on_read, &a), ERR_LIMIT);
	mix.part = RECORDING_MIX;
	assert_int_equal(range(&w, r, w.a, &mix, 0, 10).err, ERR_NOTFOUND);
	assert_int_equal(put(&w, r, w.a, &mix, "", 0), ERR_NONE);
	assert_int_equal(range(&w, r, w.a, &mix, 0, 10).bytes, 0);
	assert_int_equal(erase(&w, r, w.a, &one), ERR_NONE);
	assert_int_equal(erase(&w, r, w.a, &one), ERR_NOTFOUND);
	assert_int_equal(range(&w, r, w.a, &one, 0, 10).err, ERR_NOTFOUND);
	assert_int_equal(put(&w, r, w.a, &one, "again", 5), ERR_NONE);
	recordings_close(&r);
	world_end(&w);
}

static void N8_a_tenant_reads_its_own_only(void **state)
{
	struct world w;
	struct recordings *r;

	(void)state;
	world_begin(&w);
	r = open_on(&w, &disk_real, world_path(&w, "recordings"));
	assert_int_equal(put(&w, r, w.a, &one, "of acme", 7), ERR_NONE);
	assert_int_equal(range(&w, r, w.b, &one, 0, 10).err, ERR_NOTFOUND);
	assert_int_equal(erase(&w, r, w.b, &one), ERR_NOTFOUND);
	assert_int_equal(put(&w, r, w.b, &one, "of globex", 9), ERR_NONE);
	assert_memory_equal(range(&w, r, w.a, &one, 0, 10).data, "of acme", 7);
	assert_memory_equal(range(&w, r, w.b, &one, 0, 10).data, "of globex", 9);
	assert_int_equal(erase(&w, r, w.b, &one), ERR_NONE);
	assert_int_equal(range(&w, r, w.a, &one, 0, 10).bytes, 7);
	recordings_close(&r);
	world_end(&w);
}

static void a_file_is_copied_in_pieces(void **state)
{
	enum { BYTES = 700 * 1024 + 3 };
	uint8_t *bytes = malloc(BYTES);
	struct world w;
	struct recordings *r;
	struct answer a = { .count = 0 };
	struct stat st;
	char path[256];
	FILE *f;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	world_begin(&w);
	snprintf(path, sizeof(path), "%s", world_path(&w, "cut.flac"));
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, BYTES, f), BYTES);
	fclose(f);
	r = open_on(&w, &disk_real, world_path(&w, "recordings"));
	assert_int_equal(recordings_put_file(r, &a.slot, w.a, &one, path, on_done, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(a.err, ERR_NONE);
	assert_int_equal(access(path, F_OK), 0);
	a = range(&w, r, w.a, &one, 600 * 1024, 64);
	assert_int_equal(a.bytes, BYTES);
	assert_memory_equal(a.data, bytes + 600 * 1024, 64);
	a = range(&w, r, w.a, &one, BYTES - 5, 64);
	assert_int_equal(a.len, 5);
	assert_memory_equal(a.data, bytes + BYTES - 5, 5);
	assert_int_equal(stat(world_path(&w, "recordings"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	a = (struct answer){ .count = 0 };
	assert_int_equal(recordings_put_file(r, &a.slot, w.b, &one, world_path(&w, "none"), on_done, &a), ERR_NONE);
	world_wait(&w, &a.count, 1);
	assert_int_equal(a.err, ERR_NOTFOUND);
	assert_int_equal(range(&w, r, w.b, &one, 0, 1).err, ERR_NOTFOUND);
	recordings_close(&r);
	free(bytes);
	world_end(&w);
}

/* The virtual disk stops at the nth change of a put and then loses what was not synced: afterwards the recording is whole or not there,
 * and when the put was answered as done, it is there. */
static void N4_a_recording_is_whole_or_not_there(void **state)
{
	unsigned int nth, done = 0, refused = 0;

	(void)state;
	for (nth = 1; !done && nth < 50; nth++)
		for (uint64_t seed = 0; seed < 6; seed++) {
			struct world w;
			struct disk_virtual *v;
			struct recordings *r;
			struct disk disk;
			struct answer a;
			enum err err;

			world_begin(&w);
			assert_int_equal(disk_virtual_new(&v), ERR_NONE);
			disk = disk_virtual_disk(v);
			r = open_on(&w, &disk, "/r");
			disk_virtual_stop(v, nth);
			err = put(&w, r, w.a, &one, "0123456789", 10);
			recordings_close(&r);
			uv_run(&w.loop, UV_RUN_DEFAULT);
			disk_virtual_crash(v, seed);
			r = open_on(&w, &disk, "/r");
			a = range(&w, r, w.a, &one, 0, 64);
			assert_true(a.err == ERR_NOTFOUND || (!a.err && a.bytes == 10 && !memcmp(a.data, "0123456789", 10)));
			if (!err)
				assert_int_equal(a.err, ERR_NONE);
			done += !err;
			refused += !!err;
			if (a.err)
				assert_int_equal(put(&w, r, w.a, &one, "0123456789", 10), ERR_NONE); /* leftovers are in nobody's way */
			recordings_close(&r);
			uv_run(&w.loop, UV_RUN_DEFAULT);
			disk_virtual_free(&v);
			world_end(&w);
		}
	assert_int_equal(done, 6);
	assert_true(refused >= 6 * 6);
}

static void a_full_disk_and_a_failed_sync_are_told(void **state)
{
	char large[5000];
	struct world w;
	struct disk_virtual *v;
	struct recordings *r;
	struct disk disk;

	(void)state;
	memset(large, 'x', sizeof(large));
	world_begin(&w);
	assert_int_equal(disk_virtual_new(&v), ERR_NONE);
	disk = disk_virtual_disk(v);
	r = open_on(&w, &disk, "/r");
	disk_virtual_limit(v, 1000);
	assert_int_equal(put(&w, r, w.a, &one, large, sizeof(large)), ERR_FULL);
	assert_int_equal(range(&w, r, w.a, &one, 0, 1).err, ERR_NOTFOUND);
	assert_int_equal(disk_virtual_used(v), 0); /* nothing is left lying about */
	disk_virtual_limit(v, 0);
	disk_virtual_fail_sync(v, 1);
	assert_int_equal(put(&w, r, w.a, &one, large, sizeof(large)), ERR_IO);
	assert_int_equal(range(&w, r, w.a, &one, 0, 1).err, ERR_NOTFOUND);
	assert_int_equal(put(&w, r, w.a, &one, large, sizeof(large)), ERR_NONE);
	disk_virtual_read_only(v, true);
	assert_int_equal(erase(&w, r, w.a, &one), ERR_DENIED);
	assert_int_equal(range(&w, r, w.a, &one, 0, 1).bytes, sizeof(large));
	recordings_close(&r);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	disk_virtual_free(&v);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_read_in_ranges),
		cmocka_unit_test(N8_a_tenant_reads_its_own_only),
		cmocka_unit_test(a_file_is_copied_in_pieces),
		cmocka_unit_test(N4_a_recording_is_whole_or_not_there),
		cmocka_unit_test(a_full_disk_and_a_failed_sync_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

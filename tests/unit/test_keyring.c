/* The keyring: wrapping, fencing of epochs, erasing for good, and every way its file can be cut or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "voice/journal/keyring.h"

#define DIR "/v"

static const struct id128 tenant_a = { .bytes = { 0xa1, 2, 3 } };
static const struct id128 tenant_b = { .bytes = { 0xb1, 2, 3 } };

static struct id128 call_id(unsigned int n)
{
	struct id128 id = { .bytes = { 0xc0 } };

	put_le32(id.bytes + 12, n);
	return id;
}

struct world {
	struct disk_virtual *v;
	struct disk d;
	struct keyring *k;
};

static void begin(struct world *w)
{
	*w = (struct world){ .k = NULL };
	assert_int_equal(disk_virtual_new(&w->v), ERR_NONE);
	w->d = disk_virtual_disk(w->v);
	assert_int_equal(keyring_open(&w->k, &w->d, DIR, NULL, NULL), ERR_NONE);
}

static enum err reopen(struct world *w)
{
	keyring_close(&w->k);
	return keyring_open(&w->k, &w->d, DIR, NULL, NULL);
}

static void end(struct world *w)
{
	keyring_close(&w->k);
	disk_virtual_free(&w->v);
}

struct held {
	struct id128 tenant, call, id;
	uint8_t key[JOURNAL_KEY_BYTES];
};

static struct held add(struct world *w, const struct id128 *tenant, unsigned int n, uint32_t epoch)
{
	struct held h = { .tenant = *tenant, .call = call_id(n) };

	assert_int_equal(keyring_add(w->k, tenant, &h.call, epoch, &h.id, h.key), ERR_NONE);
	return h;
}

static enum err find(struct world *w, const struct held *h)
{
	uint8_t key[JOURNAL_KEY_BYTES] = { 0 };
	enum err err = keyring_find(w->k, &h->tenant, &h->call, &h->id, key);

	if (!err)
		assert_memory_equal(key, h->key, sizeof(key));
	return err;
}

static void test_keys_come_back(void **state)
{
	struct world w;
	struct held h[100];
	struct held wrong;
	unsigned int i, n;
	(void)state;

	begin(&w);
	for (i = 0; i < 100; i++) {
		h[i] = add(&w, i & 1 ? &tenant_a : &tenant_b, i, 1);
		for (n = 0; n < i; n++)
			assert_memory_not_equal(h[i].key, h[n].key, JOURNAL_KEY_BYTES);
		if (i % 10 == 0)
			assert_int_equal(keyring_flush(w.k), ERR_NONE);
	}
	assert_int_equal(keyring_counts(w.k).waiting, 9);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_int_equal(keyring_counts(w.k).waiting, 0);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(keyring_counts(w.k).calls, 100);
	assert_int_equal(keyring_counts(w.k).tenants, 2);
	assert_int_equal(keyring_counts(w.k).damaged_bytes, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(find(&w, &h[i]), ERR_NONE);
	wrong = h[0];
	wrong.tenant = tenant_a;
	assert_int_equal(find(&w, &wrong), ERR_CORRUPT);
	wrong = h[0];
	wrong.call = h[1].call;
	assert_int_equal(find(&w, &wrong), ERR_CORRUPT);
	wrong = h[0];
	wrong.id.bytes[3] ^= 1;
	assert_int_equal(find(&w, &wrong), ERR_NOTFOUND);
	end(&w);
}

static void test_epochs_never_come_twice(void **state)
{
	struct world w;
	struct held h;
	struct id128 call = call_id(1), id;
	uint8_t key[JOURNAL_KEY_BYTES];
	(void)state;

	begin(&w);
	h = add(&w, &tenant_a, 1, 4);
	assert_int_equal(keyring_epoch(w.k, &call), 4);
	assert_int_equal(keyring_add(w.k, &tenant_a, &call, 4, &id, key), ERR_EXISTS);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(keyring_add(w.k, &tenant_a, &call, 4, &id, key), ERR_EXISTS);
	assert_int_equal(keyring_add(w.k, &tenant_a, &call, 3, &id, key), ERR_EXISTS);
	add(&w, &tenant_a, 1, 5);
	assert_int_equal(find(&w, &h), ERR_NONE);
	end(&w);
}

static void test_master_key_guards(void **state)
{
	struct world w;
	struct held h;
	struct err_detail detail = { .message = "" };
	struct keyring *other;
	struct keyring_options options = { .master_path = DIR "/other.key" };
	(void)state;

	begin(&w);
	h = add(&w, &tenant_a, 1, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_int_equal(disk_replace(&w.d, DIR, "other.key", "0123456789abcdef0123456789abcdef", 32), ERR_NONE);
	assert_int_equal(keyring_open(&other, &w.d, DIR, &options, &detail), ERR_DENIED);
	assert_null(other);
	assert_true(*detail.message && *detail.hint);
	assert_int_equal(disk_replace(&w.d, DIR, "other.key", "0123456789abcdef0123456789abcde", 31), ERR_NONE);
	assert_int_equal(keyring_open(&other, &w.d, DIR, &options, &detail), ERR_FORMAT);
	assert_int_equal(disk_rename(&w.d, DIR "/master.key", DIR "/away.key"), ERR_NONE);
	assert_int_equal(reopen(&w), ERR_NOTFOUND); /* and no second one is made */
	assert_int_equal(disk_rename(&w.d, DIR "/away.key", DIR "/other.key"), ERR_NONE);
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, &detail), ERR_NONE);
	assert_int_equal(find(&w, &h), ERR_NONE);
	end(&w);
}

static void test_master_key_is_private(void **state)
{
	char dir[] = "keyring-test-XXXXXX", path[DISK_PATH_MAX];
	struct keyring *k;
	struct stat st;
	(void)state;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(keyring_open(&k, &disk_real, dir, NULL, NULL), ERR_NONE);
	keyring_close(&k);
	assert_int_equal(disk_path(path, dir, "master.key"), ERR_NONE);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	assert_int_equal(disk_path(path, dir, "keyring"), ERR_NONE);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

static void load(struct world *w, struct buf *b)
{
	buf_reset(b);
	assert_int_equal(disk_load(&w->d, DIR "/keyring", b), ERR_NONE);
}

/* The wrapped key of the n-th record, as it lies in the file. */
static const uint8_t *wrapped(const struct buf *b, size_t n)
{
	return b->data + 96 + n * 140 + 88;
}

static void test_erased_is_gone(void **state)
{
	struct world w;
	struct held one, two, other;
	struct buf before, after;
	uint8_t key[JOURNAL_KEY_BYTES];
	struct id128 id;
	(void)state;

	buf_init(&before, 1 << 20);
	buf_init(&after, 1 << 20);
	begin(&w);
	one = add(&w, &tenant_a, 1, 1); /* records: tenant a, one, two, tenant b, other */
	two = add(&w, &tenant_a, 2, 1);
	other = add(&w, &tenant_b, 3, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	load(&w, &before);
	assert_non_null(memmem(before.data, before.len, wrapped(&before, 1), 48));
	assert_int_equal(keyring_erase_call(w.k, &tenant_a, &one.call), ERR_NONE);
	assert_int_equal(find(&w, &one), ERR_DENIED);
	assert_true(keyring_counts(w.k).dirty);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_false(keyring_counts(w.k).dirty);
	load(&w, &after);
	assert_null(memmem(after.data, after.len, wrapped(&before, 1), 48));
	assert_non_null(memmem(after.data, after.len, wrapped(&before, 2), 48));
	disk_virtual_crash(w.v, 0);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(find(&w, &one), ERR_DENIED);
	assert_int_equal(find(&w, &two), ERR_NONE);
	assert_int_equal(find(&w, &other), ERR_NONE);
	assert_int_equal(keyring_add(w.k, &tenant_a, &one.call, 2, &id, key), ERR_DENIED);
	assert_int_equal(keyring_erase_call(w.k, &tenant_a, &one.call), ERR_NONE);
	assert_int_equal(keyring_erase_tenant(w.k, &tenant_a), ERR_NONE);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(find(&w, &two), ERR_DENIED);
	assert_int_equal(find(&w, &other), ERR_NONE);
	assert_int_equal(keyring_counts(w.k).calls, 1);
	assert_int_equal(keyring_counts(w.k).tenants, 1);
	load(&w, &after);
	assert_null(memmem(after.data, after.len, wrapped(&before, 0), 48));
	end(&w);
	buf_fini(&before);
	buf_fini(&after);
}

/* The file an erasure replaced is written over, for whoever still holds it (or its blocks). */
static void test_erased_file_is_shredded(void **state)
{
	struct world w;
	struct held one;
	struct disk_file *old;
	uint8_t bytes[1024];
	size_t got, i;
	(void)state;

	begin(&w);
	one = add(&w, &tenant_a, 1, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_int_equal(disk_open(&w.d, &old, DIR "/keyring", DISK_READ), ERR_NONE);
	assert_int_equal(keyring_erase_call(w.k, &tenant_a, &one.call), ERR_NONE);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	assert_int_equal(disk_read(old, 0, bytes, sizeof(bytes), &got), ERR_NONE);
	assert_true(got > 96 + 140);
	for (i = 0; i < got; i++)
		assert_int_equal(bytes[i], 0);
	disk_close(&old);
	end(&w);
}

static void test_nothing_before_flush(void **state)
{
	struct world w;
	struct held flushed, waiting;
	uint64_t seed;
	(void)state;

	for (seed = 0; seed < 60; seed++) {
		begin(&w);
		flushed = add(&w, &tenant_a, 1, 1);
		assert_int_equal(keyring_flush(w.k), ERR_NONE);
		waiting = add(&w, &tenant_b, 2, 1);
		disk_virtual_crash(w.v, seed);
		assert_int_equal(reopen(&w), ERR_NONE);
		assert_int_equal(find(&w, &flushed), ERR_NONE);
		assert_int_equal(find(&w, &waiting), ERR_NOTFOUND);
		end(&w);
	}
}

static void test_failed_sync_goes_to_a_new_file(void **state)
{
	struct world w;
	struct held first, second;
	(void)state;

	begin(&w);
	first = add(&w, &tenant_a, 1, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	second = add(&w, &tenant_a, 2, 1);
	disk_virtual_fail_sync(w.v, 1);
	assert_int_equal(keyring_flush(w.k), ERR_IO);
	assert_int_equal(keyring_counts(w.k).waiting, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	disk_virtual_crash(w.v, 0);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(find(&w, &first), ERR_NONE);
	assert_int_equal(find(&w, &second), ERR_NONE);
	end(&w);
}

/* The process died behind a failed sync. The machine shows the key and calls later syncs fine; the next life, which builds on
 * it, must not lose it with the power. Nor may it want room for that. */
static void test_F08_a_key_behind_a_failed_sync(void **state)
{
	struct world w;
	struct held first, second, third;
	unsigned int i;
	(void)state;

	begin(&w);
	first = add(&w, &tenant_a, 1, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	second = add(&w, &tenant_b, 2, 1);
	disk_virtual_fail_sync(w.v, 1);
	assert_int_equal(keyring_flush(w.k), ERR_IO);
	disk_virtual_kill(w.v);
	disk_virtual_limit(w.v, 1);
	assert_int_equal(reopen(&w), ERR_NONE);
	for (i = 3; i < 10; i++) /* in other sectors of the file */
		add(&w, &tenant_b, i, 1);
	third = add(&w, &tenant_b, i, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	disk_virtual_crash(w.v, 0);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(keyring_counts(w.k).damaged_bytes, 0);
	assert_int_equal(find(&w, &first), ERR_NONE);
	assert_int_equal(find(&w, &second), ERR_NONE);
	assert_int_equal(find(&w, &third), ERR_NONE);
	end(&w);
}

static void test_full_disk_still_takes_calls(void **state)
{
	struct world w;
	unsigned int i;
	(void)state;

	begin(&w);
	add(&w, &tenant_a, 0, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	disk_virtual_limit(w.v, 1);
	for (i = 1; i < 200; i++) {
		add(&w, &tenant_a, i, 1);
		assert_int_equal(keyring_flush(w.k), ERR_NONE);
	}
	disk_virtual_crash(w.v, 0);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(keyring_counts(w.k).calls, 200);
	end(&w);
}

/* Cut after any byte: whole records before the cut open, nothing else is believed. */
static void test_torn_anywhere(void **state)
{
	struct world w;
	struct held h[4];
	struct buf whole;
	size_t cut, used = 96 + 5 * 140;
	unsigned int i;
	(void)state;

	buf_init(&whole, 1 << 20);
	begin(&w);
	for (i = 0; i < 4; i++)
		h[i] = add(&w, &tenant_a, i, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	load(&w, &whole);
	for (cut = 96; cut <= used; cut++) {
		size_t records = (cut - 96) / 140; /* the first one is the tenant's */

		assert_int_equal(disk_replace(&w.d, DIR, "keyring", whole.data, cut), ERR_NONE);
		assert_int_equal(reopen(&w), ERR_NONE);
		for (i = 0; i < 4; i++)
			assert_int_equal(find(&w, &h[i]), i + 1 < records ? ERR_NONE : ERR_NOTFOUND);
		assert_in_range(keyring_counts(w.k).damaged_bytes, (cut - 96) % 140 != 0, (cut - 96) % 140);
	}
	end(&w);
	buf_fini(&whole);
}

static void test_flipped_anywhere(void **state)
{
	struct world w;
	struct held h[3];
	struct buf whole;
	size_t at, used = 96 + 4 * 140;
	unsigned int i;
	(void)state;

	buf_init(&whole, 1 << 20);
	begin(&w);
	for (i = 0; i < 3; i++)
		h[i] = add(&w, &tenant_a, i, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	load(&w, &whole);
	for (at = 0; at < used; at += 3) {
		enum err err;
		size_t hit = at < 96 + 140 ? SIZE_MAX : (at - 96) / 140 - 1;

		whole.data[at] ^= 0x10;
		assert_int_equal(disk_replace(&w.d, DIR, "keyring", whole.data, whole.len), ERR_NONE);
		err = reopen(&w);
		whole.data[at] ^= 0x10;
		if (at < 96) {
			assert_int_not_equal(err, ERR_NONE);
			continue;
		}
		assert_int_equal(err, ERR_NONE);
		assert_in_range(keyring_counts(w.k).damaged_bytes, 130, 140);
		for (i = 0; i < 3 && hit != SIZE_MAX; i++)
			assert_int_equal(find(&w, &h[i]), i == hit ? ERR_NOTFOUND : ERR_NONE);
	}
	end(&w);
	buf_fini(&whole);
}

/* An erasure that fails or is cut at any operation: afterwards either state, whole; and flushing again finishes it. */
static void test_erasure_cut_anywhere(void **state)
{
	static const char *const kinds[] = { "write", "fsync", "rename", "open" };
	size_t kind;
	unsigned int n;
	uint64_t seed;
	(void)state;

	for (kind = 0; kind < 4; kind++)
		for (n = 1; n <= 6; n++)
			for (seed = 0; seed < 6; seed++) {
				struct world w;
				struct disk_inject *inject;
				struct keyring *k;
				struct held gone, stays;
				struct disk d;
				char spec[32];
				bool done;

				begin(&w);
				gone = add(&w, &tenant_a, 1, 1);
				stays = add(&w, &tenant_b, 2, 1);
				assert_int_equal(keyring_flush(w.k), ERR_NONE);
				keyring_close(&w.k);
				assert_int_equal(disk_inject_new(&inject, &w.d), ERR_NONE);
				d = disk_inject_disk(inject);
				assert_int_equal(keyring_open(&k, &d, DIR, NULL, NULL), ERR_NONE);
				snprintf(spec, sizeof(spec), "%s:%u=EIO", kinds[kind],
					n + (unsigned int)disk_inject_counted(inject, kinds[kind]));
				assert_int_equal(disk_inject_add(inject, spec, NULL), ERR_NONE);
				assert_int_equal(keyring_erase_call(k, &tenant_a, &gone.call), ERR_NONE);
				done = !keyring_flush(k);
				if (seed >= 3 && !done)
					done = !keyring_flush(k);
				disk_virtual_crash(w.v, seed);
				keyring_close(&k);
				disk_inject_free(&inject);
				assert_int_equal(reopen(&w), ERR_NONE);
				assert_int_equal(find(&w, &stays), ERR_NONE);
				if (done)
					assert_int_equal(find(&w, &gone), ERR_DENIED);
				else if (find(&w, &gone))
					assert_int_equal(find(&w, &gone), ERR_DENIED);
				if (seed >= 3)
					assert_true(done);
				end(&w);
			}
}

static void test_read_only_makes_nothing(void **state)
{
	struct disk_virtual *v;
	struct disk d;
	struct keyring *k;
	struct keyring_options options = { .read_only = true };
	(void)state;

	assert_int_equal(disk_virtual_new(&v), ERR_NONE);
	d = disk_virtual_disk(v);
	assert_int_equal(keyring_open(&k, &d, DIR, &options, NULL), ERR_NOTFOUND);
	assert_int_equal(disk_virtual_used(v), 0);
	disk_virtual_free(&v);
}

/* ---- the judge ---- */

struct judging {
	struct world *w;
	enum err verdict;
	unsigned int asked;
	size_t calls, used;
};

static enum err judge(void *arg, struct keyring *k, struct err_detail *detail)
{
	struct judging *j = arg;

	j->asked++;
	j->calls = keyring_counts(k).calls;
	j->used = disk_virtual_used(j->w->v);
	if (j->verdict && detail)
		snprintf(detail->message, sizeof(detail->message), "refused by the judge");
	return j->verdict;
}

/* Asked once, with what was read, before a byte is made: neither a master key nor a keyring. */
static void test_the_judge_is_asked_before_anything_is_made(void **state)
{
	struct world w = { .k = NULL };
	struct judging j = { .w = &w, .verdict = ERR_NOTFOUND };
	struct keyring_options options = { .judge = judge, .judge_arg = &j };
	struct err_detail detail = { .message = "" };
	(void)state;

	assert_int_equal(disk_virtual_new(&w.v), ERR_NONE);
	w.d = disk_virtual_disk(w.v);
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, &detail), ERR_NOTFOUND);
	assert_null(w.k);
	assert_string_equal(detail.message, "refused by the judge");
	assert_int_equal(j.asked, 1);
	assert_int_equal(disk_virtual_used(w.v), 0);
	j.verdict = ERR_NONE;
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, &detail), ERR_NONE);
	assert_int_equal(j.asked, 2);
	assert_int_equal(j.used, 0);
	add(&w, &tenant_a, 1, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	keyring_close(&w.k);
	options.read_only = true;
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, &detail), ERR_NONE);
	assert_int_equal(j.calls, 1);
	end(&w);
}

/* A damaged keyring is written anew without what does not hold: not before the judge has agreed. */
static void test_a_refused_keyring_stays_as_it_is(void **state)
{
	struct world w;
	struct judging j = { .w = &w, .verdict = ERR_NOTFOUND };
	struct keyring_options options = { .judge = judge, .judge_arg = &j };
	struct buf before, after;
	(void)state;

	buf_init(&before, 1 << 20);
	buf_init(&after, 1 << 20);
	begin(&w);
	add(&w, &tenant_a, 1, 1);
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	keyring_close(&w.k);
	load(&w, &before);
	before.data[96 + 140 + 20] ^= 1;
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", before.data, before.len), ERR_NONE);
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, NULL), ERR_NOTFOUND);
	load(&w, &after);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.data, before.data, after.len);
	j.verdict = ERR_NONE;
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, NULL), ERR_NONE);
	load(&w, &after);
	assert_int_equal(after.len, 96 + 140);
	end(&w);
	buf_fini(&before);
	buf_fini(&after);
}

/* Without its tenant's key a call's key is lost, not broken. */
static void test_what_is_lost_is_explained(void **state)
{
	struct err_detail why;
	struct world w;
	struct held h;
	struct buf whole;
	(void)state;

	buf_init(&whole, 1 << 20);
	begin(&w);
	h = add(&w, &tenant_a, 1, 1);
	keyring_explain(NULL, ERR_NOTFOUND, &why);
	assert_non_null(strstr(why.message, "no keyring"));
	assert_int_equal(keyring_flush(w.k), ERR_NONE);
	load(&w, &whole);
	keyring_explain(w.k, ERR_NOTFOUND, &why);
	assert_non_null(strstr(why.message, "does not have the key"));
	assert_string_equal(why.where, DIR "/keyring");
	keyring_explain(w.k, ERR_DENIED, &why);
	assert_non_null(strstr(why.message, "erased"));
	keyring_explain(w.k, ERR_CORRUPT, &why);
	assert_non_null(strstr(why.message, "seals do not hold"));
	whole.data[96 + 100] ^= 1; /* the tenant's */
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", whole.data, whole.len), ERR_NONE);
	assert_int_equal(reopen(&w), ERR_NONE);
	assert_int_equal(find(&w, &h), ERR_NOTFOUND);
	keyring_explain(w.k, ERR_NOTFOUND, &why);
	assert_non_null(strstr(why.message, "damaged: 140 bytes"));
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", whole.data, 96), ERR_NONE);
	assert_int_equal(reopen(&w), ERR_NONE);
	keyring_explain(w.k, ERR_NOTFOUND, &why);
	assert_non_null(strstr(why.message, "empty"));
	for (whole.len = 1; whole.len < 96; whole.len += 10) {
		assert_int_equal(disk_replace(&w.d, DIR, "keyring", whole.data, whole.len), ERR_NONE);
		assert_int_equal(reopen(&w), ERR_TRUNCATED);
	}
	assert_int_equal(disk_replace(&w.d, DIR, "keyring", "CFK?", 4), ERR_NONE);
	assert_int_equal(reopen(&w), ERR_FORMAT);
	end(&w);
	buf_fini(&whole);
}

static void test_ceiling(void **state)
{
	struct world w;
	struct keyring_options options = { .keys_max = 4 };
	struct held h;
	struct id128 call = call_id(9), id;
	uint8_t key[JOURNAL_KEY_BYTES];
	(void)state;

	begin(&w);
	keyring_close(&w.k);
	assert_int_equal(keyring_open(&w.k, &w.d, DIR, &options, NULL), ERR_NONE);
	h = add(&w, &tenant_a, 1, 1);
	add(&w, &tenant_a, 2, 1);
	add(&w, &tenant_a, 3, 1);
	assert_int_equal(keyring_add(w.k, &tenant_a, &call, 1, &id, key), ERR_LIMIT);
	assert_int_equal(keyring_erase_call(w.k, &tenant_a, &h.call), ERR_NONE); /* erasing works at the ceiling too */
	assert_int_equal(find(&w, &h), ERR_DENIED);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_come_back),
		cmocka_unit_test(test_epochs_never_come_twice),
		cmocka_unit_test(test_master_key_guards),
		cmocka_unit_test(test_master_key_is_private),
		cmocka_unit_test(test_erased_is_gone),
		cmocka_unit_test(test_erased_file_is_shredded),
		cmocka_unit_test(test_nothing_before_flush),
		cmocka_unit_test(test_failed_sync_goes_to_a_new_file),
		cmocka_unit_test(test_F08_a_key_behind_a_failed_sync),
		cmocka_unit_test(test_full_disk_still_takes_calls),
		cmocka_unit_test(test_torn_anywhere),
		cmocka_unit_test(test_flipped_anywhere),
		cmocka_unit_test(test_erasure_cut_anywhere),
		cmocka_unit_test(test_read_only_makes_nothing),
		cmocka_unit_test(test_the_judge_is_asked_before_anything_is_made),
		cmocka_unit_test(test_a_refused_keyring_stays_as_it_is),
		cmocka_unit_test(test_what_is_lost_is_explained),
		cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

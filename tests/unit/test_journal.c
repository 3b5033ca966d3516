/* The journal: its bytes, what it calls durable, and what is left after power cuts, failed syncs and full disks. */
#include "journal_world.h"

#include <sodium.h>

static void attach_all(struct world *w)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++)
		assert_int_equal(world_attach(w, i), ERR_NONE);
}

static void close_all(struct world *w)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++)
		journal_call_close(&w->calls[i].journal, w->now_us);
}

static void start(struct world *w, uint64_t seed)
{
	world_begin(w, seed);
	assert_int_equal(world_open(w), ERR_NONE);
	attach_all(w);
}

/* ---- bytes ---- */

static struct journal_header some_header(void)
{
	return (struct journal_header){ .kind = JOURNAL_EVENT,
		.first = true,
		.epoch = 0x01020304,
		.batch = 0x0a0b0c0d,
		.sequence = 0x1112131415161718,
		.time_us = 0x2122232425262728,
		.wall_us = 0x3132333435363738,
		.tenant = world_id(0x70, 1),
		.call = world_id(0xca, 2) };
}

/* The layout is for ever: every field at its place, by hand. */
static void test_record_layout(void **state)
{
	static const uint8_t expected[100] = { 'C', 'F', 'r', 0xb5, 1, 7, 1, 0, 5, 0, 0, 0, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15,
		0x14, 0x13, 0x12, 0x11, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32,
		0x31, 0x70, 0x11, 0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xca, 0x11, 0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d, 0x0c, 0x0b, 0x0a, 0xfd, 0xdc, 0x62, 0x5c };
	struct journal_header h = some_header();
	uint8_t out[256];
	(void)state;

	assert_int_equal(journal_record_encode(out, &h, "hello", 5, NULL), 105);
	assert_memory_equal(out, expected, 96); /* 5c62dcfd is the low half of XXH3-64 of "hello" */
	assert_int_equal(get_le32(out + 96), journal_checksum(expected, 96));
	assert_memory_equal(out + 100, "hello", 5);
}

/* Sealed by hand with libsodium: nonce = epoch and sequence, bound to the first 92 bytes. */
/* One byte anywhere makes room that is not blank. */
static void test_blank_bytes(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 31, 32, 33, 128, 1000 };
	uint8_t bytes[1000] = { 0 };
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		assert_true(journal_is_blank(bytes, lengths[i]));
		for (at = 0; at < lengths[i]; at++) {
			bytes[at] = 1;
			assert_false(journal_is_blank(bytes, lengths[i]));
			bytes[at] = 0;
		}
	}
}

static void test_seal(void **state)
{
	struct journal_header h = some_header();
	struct journal_record r;
	uint8_t out[256], by_hand[32], key[32], clear[32];
	uint8_t nonce[12] = { 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11 };
	size_t len;
	(void)state;

	memset(key, 7, sizeof(key));
	h.key = world_id(0x4e, 3);
	assert_int_equal(journal_record_encode(out, &h, "hello", 5, key), 121);
	crypto_aead_chacha20poly1305_ietf_encrypt(by_hand, NULL, (const uint8_t *)"hello", 5, out, 92, NULL, nonce, key);
	assert_memory_equal(out + 100, by_hand, 21);
	assert_int_equal(journal_record_decode(&r, out, sizeof(out)), ERR_NONE);
	assert_int_equal(journal_record_open(&r, key, clear, sizeof(clear), &len), ERR_NONE);
	assert_int_equal(len, 5);
	assert_memory_equal(clear, "hello", 5);
	assert_int_equal(journal_record_open(&r, key, clear, 4, &len), ERR_LIMIT);
	key[0] ^= 1;
	assert_int_equal(journal_record_open(&r, key, clear, sizeof(clear), &len), ERR_CORRUPT);
}

static void test_every_flip_and_cut_is_seen(void **state)
{
	struct journal_header h = some_header();
	struct journal_record r;
	uint8_t out[256];
	size_t len, i;
	(void)state;

	len = journal_record_encode(out, &h, "hello", 5, NULL);
	for (i = 0; i < len * 8; i++) {
		out[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_not_equal(journal_record_decode(&r, out, len), ERR_NONE);
		out[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (i = 0; i < len; i++)
		assert_int_equal(journal_record_decode(&r, out, i), i < 100 ? ERR_FORMAT : ERR_TRUNCATED);
	assert_int_equal(journal_record_decode(&r, out, len), ERR_NONE);
}

static void test_gap_bytes(void **state)
{
	struct journal_gap g = { .why = JOURNAL_GAP_RING,
		.first_sequence = 1,
		.last_sequence = UINT64_MAX,
		.first_us = UINT64_MAX,
		.last_us = UINT64_MAX,
		.records = UINT64_MAX,
		.bytes = UINT64_MAX,
		.kinds = UINT64_MAX };
	struct journal_gap back;
	uint8_t out[JOURNAL_GAP_MAX_BYTES], again[JOURNAL_GAP_MAX_BYTES];
	size_t len;
	(void)state;

	len = journal_gap_encode(out, &g);
	assert_true(len <= sizeof(out));
	assert_int_equal(journal_gap_decode(&back, out, len), ERR_NONE);
	assert_int_equal(back.why, JOURNAL_GAP_RING);
	assert_int_equal(back.last_sequence, UINT64_MAX);
	assert_int_equal(journal_gap_encode(again, &back), len);
	assert_memory_equal(again, out, len);
	assert_int_equal(journal_gap_decode(&back, out, len - 1), ERR_TRUNCATED);
}

/* ---- the usual life ---- */

static void test_what_is_said_comes_back(void **state)
{
	struct world w;
	unsigned int i;
	(void)state;

	start(&w, 1);
	for (i = 0; i < 200; i++)
		world_step(&w);
	close_all(&w);
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		w.calls[i].durable = w.calls[i].last;
	assert_int_equal(world_judge(&w, true), 0);
	assert_int_equal(w.worst, JOURNAL_OK);
	assert_int_equal(w.refused_audio + w.refused_events, 0);
	world_end(&w);
}

static void test_durable_only_after_done(void **state)
{
	struct world w;
	struct journal_batch *b;
	struct journal_call *c;
	(void)state;

	start(&w, 1);
	c = w.calls[0].journal;
	assert_null(journal_batch_take(w.j, w.now_us));
	assert_int_equal(world_append(&w, 0, JOURNAL_START, 10), ERR_NONE);
	b = journal_batch_take(w.j, w.now_us);
	assert_non_null(b);
	assert_int_equal(world_append(&w, 0, JOURNAL_EVENT, 10), ERR_NONE);
	assert_null(journal_batch_take(w.j, w.now_us)); /* one is out */
	assert_int_equal(journal_call_durable(c), 0);
	assert_int_equal(journal_batch_write(w.j, b, w.now_us), ERR_NONE);
	assert_int_equal(journal_call_durable(c), 0);
	journal_batch_done(w.j, b, w.now_us);
	assert_int_equal(journal_call_durable(c), 1);
	assert_int_equal(w.calls[0].durable, 1);
	assert_int_equal(journal_call_last(c), 2);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_call_durable(c), 2);
	assert_int_equal(journal_counts(w.j).waiting_bytes, 0);
	assert_int_equal(journal_counts(w.j).records, 2);
	world_end(&w);
}

static void test_epoch_is_fenced(void **state)
{
	struct world w;
	struct journal_call *c;
	(void)state;

	start(&w, 1);
	assert_int_equal(journal_call_open(w.j, &c, &w.calls[0].tenant, &w.calls[0].id, 1, 0), ERR_EXISTS);
	assert_null(c);
	assert_int_equal(world_append(&w, 0, JOURNAL_START, 10), ERR_NONE);
	assert_int_equal(world_commit(&w), ERR_NONE);
	world_cut(&w, 0);
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(journal_call_open(w.j, &c, &w.calls[0].tenant, &w.calls[0].id, 1, 0), ERR_EXISTS);
	assert_int_equal(journal_call_open(w.j, &c, &w.calls[0].tenant, &w.calls[0].id, 2, 0), ERR_NONE);
	journal_call_close(&c, w.now_us);
	world_end(&w);
}

static void test_ceilings(void **state)
{
	struct world w;
	struct journal_call *c;
	struct id128 id = world_id(0xcb, 0);
	uint8_t large[1] = { 0 };
	unsigned int audio = 0, events = 0, n;
	(void)state;

	start(&w, 1);
	assert_int_equal(journal_append(w.calls[0].journal, JOURNAL_EVENT, large, JOURNAL_PAYLOAD_MAX_BYTES + 1, 0), ERR_LIMIT);
	while (!world_append(&w, 0, JOURNAL_AUDIO_CALLER, 160))
		audio++;
	assert_in_range(audio, 900, 1000); /* 256 KB of 276 bytes */
	while (!world_append(&w, 0, JOURNAL_EVENT, 160))
		events++;
	assert_in_range(events, 220, 240); /* 64 KB more */
	assert_int_equal(world_append(&w, 1, JOURNAL_EVENT, 160), ERR_LIMIT);
	assert_int_equal(journal_counts(w.j).refused_audio, 1);
	assert_int_equal(journal_counts(w.j).refused_events, 2);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(world_append(&w, 0, JOURNAL_AUDIO_CALLER, 160), ERR_NONE); /* marks the gap before it */
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_counts(w.j).gaps, 1);
	for (n = WORLD_CALLS; n < w.options.calls_max; n++) {
		id.bytes[1] = (uint8_t)n;
		assert_int_equal(journal_call_open(w.j, &c, &w.calls[0].tenant, &id, 1, 0), ERR_NONE);
	}
	id.bytes[1] = (uint8_t)n;
	assert_int_equal(journal_call_open(w.j, &c, &w.calls[0].tenant, &id, 1, 0), ERR_LIMIT);
	world_judge(&w, true);
	assert_int_equal(w.calls[0].gap_count, 1);
	assert_int_equal(w.calls[0].gaps[0].why, JOURNAL_GAP_MEMORY);
	assert_int_equal(w.calls[0].gaps[0].records, 2); /* one of audio, one event */
	assert_int_equal(w.calls[0].gaps[0].kinds, 1u << JOURNAL_AUDIO_CALLER | 1u << JOURNAL_EVENT);
	world_end(&w);
}

static void test_one_writer(void **state)
{
	struct world w;
	struct journal *other;
	struct err_detail detail;
	(void)state;

	start(&w, 1);
	assert_int_equal(journal_open(&other, &w.d, DIR, &w.options, 0, NULL, &detail), ERR_BUSY);
	assert_null(other);
	assert_true(*detail.message && *detail.hint);
	world_end(&w);
}

/* F08: a read-only folder is told, with what to do. */
static void test_F08_read_only_folder(void **state)
{
	struct world w;
	struct err_detail detail;
	(void)state;

	world_begin(&w, 1);
	disk_virtual_read_only(w.v, true);
	assert_int_equal(journal_open(&w.j, &w.d, DIR, &w.options, 0, NULL, &detail), ERR_DENIED);
	assert_non_null(strstr(detail.message, "read-only"));
	assert_non_null(strstr(detail.where, DIR));
	assert_non_null(strstr(detail.hint, "writable"));
	world_end(&w);
}

static void test_erased_call(void **state)
{
	struct world w;
	struct journal_reader *reader;
	struct journal_reader_options options = { .keyring = NULL };
	struct journal_item item;
	const uint8_t *payload;
	size_t len;
	unsigned int i, erased = 0, open = 0;
	(void)state;

	start(&w, 1);
	for (i = 0; i < 20; i++)
		world_step(&w);
	close_all(&w);
	assert_int_equal(journal_erase_call(w.j, &w.calls[0].tenant, &w.calls[0].id), ERR_NONE);
	while (keyring_counts(journal_keyring(w.j)).dirty)
		assert_int_equal(world_commit(&w), ERR_NONE);
	options.keyring = journal_keyring(w.j);
	assert_int_equal(journal_reader_open(&reader, &w.d, DIR, &options, NULL), ERR_NONE);
	while (!journal_reader_next(reader, &item)) {
		bool gone = id128_equal(&item.record.header.call, &w.calls[0].id);

		assert_int_equal(journal_reader_payload(reader, &item, &payload, &len), gone ? ERR_DENIED : ERR_NONE);
		erased += gone;
		open += !gone;
	}
	assert_true(erased > 30 && open > 60);
	journal_reader_close(&reader);
	world_end(&w);
}

/* ---- power cuts ---- */

/* Whatever the cut leaves: what was called durable is there, once; then a second life goes on under the next epoch. */
static void cut_and_go_on(uint64_t seed, unsigned int steps)
{
	struct world w;
	unsigned int i;

	start(&w, seed);
	for (i = 0; i < steps; i++)
		world_step(&w);
	world_cut(&w, seed);
	world_judge(&w, true);
	assert_int_equal(world_open(&w), ERR_NONE);
	world_forget_seen(&w);
	for (i = 0; i < WORLD_CALLS; i++) {
		memset(w.calls[i].said, 0, sizeof(w.calls[i].said));
		w.calls[i].last = w.calls[i].durable = 0;
		w.calls[i].epoch = 2;
	}
	attach_all(&w);
	for (i = 0; i < steps / 2; i++)
		world_step(&w);
	world_cut(&w, seed / 7);
	world_judge(&w, true);
	world_end(&w);
}

static void test_power_cuts(void **state)
{
	uint64_t seed;
	(void)state;

	for (seed = 1; seed <= 150; seed++)
		cut_and_go_on(seed, 10 + (unsigned int)seed % 60);
}

/* ---- faults at every operation ---- */

/* A fault at the n-th operation of a kind, then (for most seeds) the power goes as well. */
static void fault_at(const char *kind, unsigned int n, const char *what, uint64_t seed)
{
	struct world w;
	unsigned int i;
	char spec[48];

	world_begin(&w, seed);
	world_inject(&w, NULL);
	assert_int_equal(world_open(&w), ERR_NONE);
	attach_all(&w);
	snprintf(spec, sizeof(spec), "%s:%u%s", kind, n + (unsigned int)disk_inject_counted(w.inject, kind), what);
	world_inject(&w, spec);
	for (i = 0; i < 120; i++)
		world_step(&w);
	if (seed % 4 == 0) {
		close_all(&w);
		assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
		for (i = 0; i < WORLD_CALLS; i++)
			w.calls[i].durable = w.calls[i].last;
	}
	world_cut(&w, seed);
	world_judge(&w, seed % 4 == 0);
	world_end(&w);
}

static void test_F08_one_error_at_any_operation(void **state)
{
	static const char *const kinds[] = { "write", "fsync", "open", "preallocate" };
	static const char *const errors[] = { "=EIO", "=ENOSPC", "=EACCES" };
	size_t k, e;
	unsigned int n;
	(void)state;

	for (k = 0; k < 4; k++)
		for (e = 0; e < 3; e++)
			for (n = 1; n <= 30; n++)
				fault_at(kinds[k], n, errors[e], n + e);
}

/* A sync that fails is never made good on the same file: whatever later syncs say, all that was called durable survives
 * the worst power cut, and nothing comes twice. */
static void test_F08_failed_sync(void **state)
{
	unsigned int nth, i, lost = 0;
	(void)state;

	for (nth = 1; nth <= 40; nth++) {
		struct world w;

		start(&w, nth);
		disk_virtual_fail_sync(w.v, nth);
		for (i = 0; i < 150; i++)
			world_step(&w);
		assert_int_equal(world_commit(&w), ERR_NONE);
		lost += journal_counts(w.j).lost_files == 1; /* a few syncs are the keyring's, or of a file's last mark */
		assert_int_equal(journal_health(w.j), JOURNAL_OK);
		for (i = 0; i < WORLD_CALLS; i++)
			assert_true(w.calls[i].durable > 300);
		world_cut(&w, 0);
		assert_int_equal(world_judge(&w, true), 0);
		world_end(&w);
	}
	assert_in_range(lost, 30, 39);
}

/* ---- a full disk ---- */

/* The ring kept its size; one segment says that it follows a full disk. */
static void expect_files_after_full(struct world *w)
{
	struct journal_files f;
	unsigned int after = 0, rings = 0, segments_behind = 0;
	size_t i;

	assert_int_equal(journal_files_list(&f, &w->d, DIR), ERR_NONE);
	for (i = 0; i < f.count; i++) {
		segments_behind += after && f.items[i].header.role == JOURNAL_ROLE_SEGMENT;
		after += f.items[i].header.after_full && f.items[i].header.role == JOURNAL_ROLE_SEGMENT;
		if (f.items[i].header.role != JOURNAL_ROLE_RING)
			continue;
		rings++;
		assert_int_equal(f.items[i].bytes, w->options.ring_bytes);
	}
	assert_int_equal(after, 1);
	assert_int_equal(rings, 1);
	assert_true(segments_behind > 0);
	journal_files_free(&f);
}

static void test_F06_disk_full_while_recording(void **state)
{
	struct world w;
	unsigned int i;
	uint64_t gone;
	(void)state;

	world_begin(&w, 5);
	w.options.reserve_bytes = 128 * 1024;
	assert_int_equal(world_open(&w), ERR_NONE);
	attach_all(&w);
	for (i = 0; i < 50; i++)
		world_step(&w);
	disk_virtual_limit(w.v, disk_virtual_used(w.v) + 3000);
	for (i = 0; i < 70; i++)
		world_step(&w);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_AUDIO_RING);
	assert_int_equal(w.refused_events + w.refused_audio, 0); /* the calls went on */
	for (i = 0; i < WORLD_CALLS; i++)
		assert_int_equal(w.calls[i].durable, journal_call_last(w.calls[i].journal));
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.probe_us;
	for (i = 0; i < 120; i++)
		world_step(&w);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_OK); /* there is room again */
	close_all(&w);
	for (i = 0; i < WORLD_CALLS; i++)
		w.calls[i].durable = w.calls[i].last;
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	gone = world_judge(&w, true); /* every audio record that the ring wrote over is marked */
	assert_true(gone > 50);
	for (i = 0; i < WORLD_CALLS; i++) {
		size_t n;

		assert_true(w.calls[i].gap_count > 0);
		for (n = 0; n < w.calls[i].gap_count; n++)
			assert_int_equal(w.calls[i].gaps[n].why, JOURNAL_GAP_RING); /* the ring never failed */
	}
	expect_files_after_full(&w);
	world_end(&w);
}

/* Full, well and full again within a second: each gap counts all audio from its first to its last, so that whoever finds less knows that
 * some of it is gone. */
static void test_F06_a_gap_has_nothing_in_it_that_is_kept(void **state)
{
	struct world w;
	unsigned int i, n;
	uint64_t sequence;
	(void)state;

	world_begin(&w, 5);
	w.options.reserve_bytes = 128 * 1024;
	w.options.probe_us = 0;
	assert_int_equal(world_open(&w), ERR_NONE);
	attach_all(&w);
	for (i = 0; i < 12; i++) {
		disk_virtual_limit(w.v, i % 3 == 1 ? disk_virtual_used(w.v) : 0);
		for (n = 0; n < 5; n++)
			world_step(&w);
		assert_int_equal(world_commit(&w), ERR_NONE);
	}
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	close_all(&w);
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	world_judge(&w, true);
	for (i = 0; i < WORLD_CALLS; i++) {
		const struct world_call *c = &w.calls[i];

		assert_true(c->gap_count > 2);
		for (n = 0; n < c->gap_count; n++) {
			uint64_t audio = 0;

			for (sequence = c->gaps[n].first_sequence; sequence <= c->gaps[n].last_sequence; sequence++)
				audio += journal_kind_class(c->said[sequence].kind) == JOURNAL_CLASS_AUDIO;
			assert_int_equal(c->gaps[n].records, audio);
		}
	}
	world_end(&w);
}

/* The reserve itself runs out: then nothing is acknowledged any more, and what was is there. */
static void test_F07_reserve_full_stops(void **state)
{
	struct world w;
	unsigned int i;
	uint64_t durable, refused;
	(void)state;

	start(&w, 6);
	for (i = 0; i < 20; i++)
		world_step(&w);
	disk_virtual_limit(w.v, 1);
	for (i = 0; i < 400 && journal_health(w.j) != JOURNAL_STOPPED; i++)
		world_step(&w);
	assert_int_equal(journal_health(w.j), JOURNAL_STOPPED);
	durable = w.calls[0].durable;
	refused = journal_counts(w.j).refused_events;
	for (i = 0; i < 100; i++)
		world_step(&w);
	assert_int_equal(world_append(&w, 0, JOURNAL_EVENT, 10), ERR_FULL);
	assert_int_equal(world_append(&w, 0, JOURNAL_AUDIO_CALLER, 10), ERR_FULL);
	assert_int_equal(w.calls[0].durable, durable);
	assert_true(journal_counts(w.j).refused_events > refused + 200);
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.retry_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	assert_true(w.calls[0].durable > durable);
	for (i = 0; i < 60; i++)
		world_step(&w);
	close_all(&w);
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		w.calls[i].durable = w.calls[i].last;
	world_judge(&w, true);
	for (durable = 0, i = 0; i < w.calls[0].gap_count; i++)
		durable += w.calls[0].gaps[i].why == JOURNAL_GAP_STOPPED;
	assert_true(durable > 0); /* the silence has a name */
	world_end(&w);
}

/* A batch of events that no reserve holds: it uses none up, however often it is tried, and goes where the spares kept room. */
static void test_F06_a_batch_larger_than_the_reserve(void **state)
{
	struct world w;
	uint64_t used;
	unsigned int i;
	(void)state;

	world_begin(&w, 5);
	w.options.reserve_bytes = 64 * 1024;
	w.options.ring_bytes = 32 * 1024;
	assert_int_equal(world_open(&w), ERR_NONE);
	attach_all(&w);
	world_step(&w);
	assert_int_equal(world_commit(&w), ERR_NONE);
	for (i = 0; i < 150; i++)
		assert_int_equal(world_append(&w, 0, JOURNAL_EVENT, 1000), ERR_NONE);
	used = disk_virtual_used(w.v);
	disk_virtual_limit(w.v, used + 8 * 1024);
	for (i = 0; i < 20; i++) {
		w.now_us += w.options.probe_us;
		(void)!world_commit(&w);
	}
	assert_int_equal(journal_health(w.j), JOURNAL_STOPPED);
	assert_true(disk_virtual_used(w.v) <= used); /* nothing was used up by trying */
	disk_virtual_limit(w.v, used + 100 * 1024); /* with what the spares kept it is enough */
	w.now_us += w.options.probe_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(w.calls[0].durable, journal_call_last(w.calls[0].journal));
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.probe_us;
	world_step(&w);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_OK); /* the spares are there again */
	close_all(&w);
	for (i = 0; i < WORLD_CALLS; i++)
		w.calls[i].durable = w.calls[i].last;
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	world_judge(&w, true);
	world_end(&w);
}

/* Calls that end while nothing can be written still get their mark afterwards. */
static void test_F07_closed_calls_are_marked_later(void **state)
{
	struct world w;
	unsigned int i;
	(void)state;

	start(&w, 6);
	disk_virtual_limit(w.v, 1);
	for (i = 0; i < 400 && journal_health(w.j) != JOURNAL_STOPPED; i++)
		world_step(&w);
	assert_int_equal(journal_health(w.j), JOURNAL_STOPPED);
	for (i = 0; i < 5; i++)
		world_step(&w);
	close_all(&w);
	assert_true(journal_counts(w.j).gaps_unmarked > 0);
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.retry_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	world_judge(&w, true);
	for (i = 0; i < WORLD_CALLS; i++) {
		assert_true(w.calls[i].gap_count > 0);
		assert_int_equal(w.calls[i].gaps[w.calls[i].gap_count - 1].why, JOURNAL_GAP_STOPPED);
	}
	world_end(&w);
}

/* The calls are over, and a journal that is short gets no new one: it asks for room by itself. */
static void test_F06_an_idle_journal_finds_room(void **state)
{
	struct world w;
	unsigned int i;
	(void)state;

	world_begin(&w, 5);
	w.options.reserve_bytes = 128 * 1024;
	assert_int_equal(world_open(&w), ERR_NONE);
	attach_all(&w);
	for (i = 0; i < 20; i++)
		world_step(&w);
	disk_virtual_limit(w.v, disk_virtual_used(w.v));
	for (i = 0; i < 20; i++)
		world_step(&w);
	assert_int_equal(journal_health(w.j), JOURNAL_AUDIO_RING);
	close_all(&w);
	while (journal_counts(w.j).waiting_bytes)
		assert_int_equal(world_commit(&w), ERR_NONE);
	assert_null(journal_batch_take(w.j, w.now_us)); /* not with every look */
	w.now_us += w.options.probe_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_AUDIO_RING); /* there is none yet */
	disk_virtual_limit(w.v, 0);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_AUDIO_RING);
	w.now_us += w.options.probe_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	assert_null(journal_batch_take(w.j, w.now_us + 2 * w.options.probe_us)); /* all is well: nobody asks */
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	world_judge(&w, true);
	world_end(&w);
}

/* How a call ended waits for room, in order, behind the silence; only so much of it. */
static void test_F07_what_is_owed_waits_for_room(void **state)
{
	struct journal_reader *reader;
	struct keyring_options keys = { .read_only = true };
	struct journal_reader_options options = { .fault = NULL };
	struct journal_item item;
	struct journal_call *c;
	uint8_t byte, long_payload[200] = { 0 };
	unsigned int found = 0, gaps = 0;
	struct world w;
	(void)state;

	start(&w, 6);
	c = w.calls[0].journal;
	assert_int_equal(journal_append_owed(c, JOURNAL_METER, "\xee", 1, w.now_us), ERR_NONE); /* there is room: at once */
	w.calls[0].last = journal_call_last(c);
	assert_int_equal(journal_call_last(c), 1);
	disk_virtual_read_only(w.v, true);
	assert_int_not_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_append(c, JOURNAL_EVENT, "", 0, w.now_us), ERR_FULL);
	for (byte = 0; byte < JOURNAL_OWED_MAX; byte++)
		assert_int_equal(journal_append_owed(c, JOURNAL_METER, &byte, 1, w.now_us), ERR_NONE);
	assert_int_equal(journal_append_owed(c, JOURNAL_METER, &byte, 1, w.now_us), ERR_LIMIT);
	assert_int_equal(journal_append_owed(w.calls[1].journal, JOURNAL_METER, long_payload, sizeof(long_payload), w.now_us), ERR_LIMIT);
	assert_int_equal(journal_call_last(c), 1);
	close_all(&w);
	disk_virtual_read_only(w.v, false);
	w.now_us += w.options.retry_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	assert_int_equal(keyring_open(&options.keyring, &w.d, DIR, &keys, NULL), ERR_NONE);
	options.call = &w.calls[0].id;
	assert_int_equal(journal_reader_open(&reader, &w.d, DIR, &options, NULL), ERR_NONE);
	while (!journal_reader_next(reader, &item)) {
		const uint8_t *payload;
		size_t len;

		assert_int_equal(journal_reader_payload(reader, &item, &payload, &len), ERR_NONE);
		gaps += item.record.header.kind == JOURNAL_GAP;
		if (item.record.header.kind != JOURNAL_METER)
			continue;
		assert_int_equal(len, 1);
		assert_int_equal(payload[0], found ? found - 1 : 0xee);
		assert_int_equal(gaps, found ? 1 : 0);
		found++;
	}
	assert_int_equal(found, 1 + JOURNAL_OWED_MAX);
	journal_reader_close(&reader);
	keyring_close(&options.keyring);
	world_end(&w);
}

/* The disk fills at any write, the power goes at any time after, and there may be room again in between. */
static void test_F06_full_and_cut(void **state)
{
	uint64_t seed;
	unsigned int i;
	(void)state;

	for (seed = 1; seed <= 120; seed++) {
		struct world w;
		uint64_t used;

		start(&w, seed);
		for (i = 0; i < seed % 30; i++)
			world_step(&w);
		used = disk_virtual_used(w.v);
		disk_virtual_limit(w.v, used + seed % 7 * 500);
		for (i = 0; i < 10 + seed % 90; i++)
			world_step(&w);
		if (seed % 2) {
			disk_virtual_limit(w.v, 0);
			w.now_us += w.options.probe_us;
			for (i = 0; i < seed % 20; i++)
				world_step(&w);
		}
		if (seed % 5 == 0)
			disk_virtual_fail_sync(w.v, 1 + (unsigned int)seed % 4);
		for (i = 0; i < seed % 10; i++)
			world_step(&w);
		world_cut(&w, seed);
		world_judge(&w, false);
		disk_virtual_limit(w.v, 0);
		disk_virtual_fail_sync(w.v, 0);
		assert_int_equal(world_open(&w), ERR_NONE);
		assert_int_equal(journal_health(w.j), JOURNAL_OK);
		world_end(&w);
	}
}

static void test_no_room_for_a_reserve(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, 1);
	disk_virtual_limit(w.v, 40 * 1024);
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_SHORT);
	attach_all(&w);
	assert_int_equal(world_append(&w, 0, JOURNAL_EVENT, 10), ERR_NONE);
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.probe_us;
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	world_end(&w);
}

/* A spare of an earlier life whose head is blank but that holds something (a cut while it was begun) is not used again. */
static void test_a_spare_that_is_not_blank(void **state)
{
	struct world w;
	struct disk_file *f;
	struct buf b;
	(void)state;

	world_begin(&w, 1);
	assert_int_equal(world_open(&w), ERR_NONE);
	journal_abandon(&w.j);
	assert_int_equal(disk_open(&w.d, &f, DIR "/reserve-0000000000000001.cfj", DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_write(f, 20000, "ghost", 5), ERR_NONE);
	disk_close(&f);
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	buf_init(&b, 1 << 20);
	assert_int_equal(disk_load(&w.d, DIR "/reserve-0000000000000001.cfj", &b), ERR_NOTFOUND);
	assert_int_equal(disk_load(&w.d, DIR "/ring-0000000000000002.cfj", &b), ERR_NONE); /* this one was */
	buf_fini(&b);
	world_end(&w);
}

static void count_name(void *arg, const char *name)
{
	(void)name;
	++*(size_t *)arg;
}

static size_t names_in_folder(struct world *w)
{
	size_t n = 0;

	assert_int_equal(disk_list(&w->d, DIR, count_name, &n), ERR_NONE);
	return n;
}

/* Every sync fails from some moment on, for a minute: each try needs a new file, none of them stays. Then the worker dies, or
 * the disk is well again: what was durable is there. */
static void test_F08_syncs_that_fail_for_good_leave_no_files(void **state)
{
	unsigned int i, well;
	(void)state;

	for (well = 0; well < 2; well++) {
		struct world w;
		char spec[40];
		size_t before;
		unsigned int n;

		world_begin(&w, 70 + well);
		world_inject(&w, NULL);
		assert_int_equal(world_open(&w), ERR_NONE);
		attach_all(&w);
		for (i = 0; i < 60; i++)
			world_step(&w);
		before = names_in_folder(&w);
		n = (unsigned int)disk_inject_counted(w.inject, "fsync");
		for (i = 1; i <= 30 && well; i++) {
			snprintf(spec, sizeof(spec), "fsync:%u=EIO", n + i);
			world_inject(&w, spec);
		}
		snprintf(spec, sizeof(spec), "fsync:%u+=EIO", n + 1);
		if (!well)
			world_inject(&w, spec);
		for (i = 0; i < 400; i++) {
			world_step(&w);
			assert_true(names_in_folder(&w) <= before + 1);
		}
		assert_true(journal_counts(w.j).lost_files > 20);
		assert_int_equal(journal_health(w.j), JOURNAL_STOPPED);
		if (well) {
			w.now_us += 5000000;
			for (i = 0; i < 600; i++)
				world_step(&w);
			assert_int_equal(journal_health(w.j), JOURNAL_OK);
		}
		world_cut(&w, 0);
		world_judge(&w, true);
		world_end(&w);
	}
}

/* Spares that were not made whole are thrown away, and do not hide the one that was. */
static void test_spares_that_were_not_made_whole(void **state)
{
	struct world w;
	struct disk_file *f;
	struct journal_files files;
	unsigned int n;
	(void)state;

	world_begin(&w, 1);
	assert_int_equal(world_open(&w), ERR_NONE);
	journal_abandon(&w.j);
	for (n = 4; n < 8; n++) {
		char path[DISK_PATH_MAX];

		snprintf(path, sizeof(path), DIR "/reserve-%016x.cfj", n);
		assert_int_equal(disk_open(&w.d, &f, path, DISK_WRITE | DISK_CREATE), ERR_NONE);
		assert_int_equal(disk_preallocate(f, n * 100), ERR_NONE);
		disk_close(&f);
	}
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(journal_files_list(&files, &w.d, DIR), ERR_NONE);
	assert_int_equal(files.count, 2);
	assert_string_equal(files.items[0].name, "reserve-0000000000000001.cfj");
	journal_files_free(&files);
	world_end(&w);
}

/* The process dies with names that no folder sync covered; the next life builds on them; then the power goes. */
static void test_dead_process_then_power_cut(void **state)
{
	unsigned int n, i;
	(void)state;

	for (n = 1; n <= 40; n++) {
		struct world w;
		char spec[32];

		world_begin(&w, n);
		world_inject(&w, NULL);
		assert_int_equal(world_open(&w), ERR_NONE);
		attach_all(&w);
		snprintf(spec, sizeof(spec), "fsync:%u+=EIO", n + (unsigned int)disk_inject_counted(w.inject, "fsync"));
		world_inject(&w, spec);
		for (i = 0; i < 60; i++)
			world_step(&w);
		journal_abandon(&w.j);
		w.stuck = NULL;
		disk_inject_free(&w.inject);
		w.d = disk_virtual_disk(w.v);
		assert_int_equal(world_open(&w), ERR_NONE);
		for (i = 0; i < WORLD_CALLS; i++) {
			memset(w.calls[i].said, 0, sizeof(w.calls[i].said));
			w.calls[i].last = w.calls[i].durable = 0;
			w.calls[i].epoch = 2;
		}
		attach_all(&w);
		for (i = 0; i < 60; i++)
			world_step(&w);
		world_cut(&w, 0);
		world_judge(&w, true);
		world_end(&w);
	}
}

/* ---- reading damage ---- */

struct seen_faults {
	struct journal_fault faults[16];
	char files[16][64];
	size_t count;
};

static void see_fault(void *arg, const struct journal_fault *fault)
{
	struct seen_faults *s = arg;

	assert_true(s->count < 16);
	s->faults[s->count] = *fault;
	snprintf(s->files[s->count++], 64, "%s", fault->file);
}

static size_t read_all(struct world *w, struct seen_faults *faults, struct journal_reader_counts *counts, uint64_t *missing)
{
	struct journal_reader *reader;
	struct journal_reader_options options = { .fault = see_fault, .fault_arg = faults };
	const struct journal_call_info *info;
	struct journal_item item;
	size_t n = 0, i;

	faults->count = 0;
	assert_int_equal(journal_reader_open(&reader, &w->d, DIR, &options, NULL), ERR_NONE);
	while (!journal_reader_next(reader, &item))
		n++;
	*counts = journal_reader_counts(reader);
	*missing = 0;
	for (i = 0; (info = journal_reader_call(reader, i)); i++)
		*missing += journal_call_missing(info, counts->beginning_gone);
	journal_reader_close(&reader);
	return n;
}

/* One segment of 20 batches with one record of 10 bytes each (126 bytes), properly closed or not. */
static void make_one_segment(struct world *w, bool properly, char path[DISK_PATH_MAX])
{
	unsigned int i;

	start(w, 1);
	for (i = 0; i < 20; i++) {
		assert_int_equal(world_append(w, 0, JOURNAL_EVENT, 10), ERR_NONE);
		assert_int_equal(world_commit(w), ERR_NONE);
	}
	close_all(w);
	if (properly)
		assert_int_equal(journal_close(&w->j, w->now_us), ERR_NONE);
	else
		journal_abandon(&w->j);
	snprintf(path, DISK_PATH_MAX, DIR "/seg-%016x.cfj", 3); /* 1 and 2 are the spares */
}

static void flip(struct world *w, const char *path, uint64_t at)
{
	struct disk_file *f;
	uint8_t byte;
	size_t got;

	assert_int_equal(disk_open(&w->d, &f, path, DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_read(f, at, &byte, 1, &got), ERR_NONE);
	assert_int_equal(got, 1);
	byte ^= 4;
	assert_int_equal(disk_write(f, at, &byte, 1), ERR_NONE);
	disk_close(&f);
}

static void test_corruption_in_the_middle(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	uint64_t at, missing;
	(void)state;

	make_one_segment(&w, false, path);
	assert_int_equal(read_all(&w, &faults, &counts, &missing), 20);
	assert_int_equal(faults.count, 0);
	for (at = 128; at < 128 + 19 * 126; at += 5) { /* any byte but of the last batch */
		flip(&w, path, at);
		assert_int_equal(read_all(&w, &faults, &counts, &missing), 19);
		assert_int_equal(faults.count, 1);
		assert_int_equal(faults.faults[0].kind, JOURNAL_FAULT_CORRUPT);
		assert_int_equal(faults.faults[0].offset, at - (at - 128) % 126);
		assert_int_equal(faults.faults[0].bytes, 126);
		assert_string_equal(faults.files[0], path + strlen(DIR "/"));
		assert_int_equal(missing, 1);
		flip(&w, path, at);
	}
	world_end(&w);
}

/* Batches of two calls, two records each: A1 B1 A2 B2 (126 bytes a record). */
static void make_batches(struct world *w, unsigned int batches, char path[DISK_PATH_MAX])
{
	unsigned int i, n;

	start(w, 1);
	for (i = 0; i < batches; i++) {
		for (n = 0; n < 4; n++)
			assert_int_equal(world_append(w, n % 2, JOURNAL_EVENT, 10), ERR_NONE);
		assert_int_equal(world_commit(w), ERR_NONE);
	}
	journal_abandon(&w->j);
	snprintf(path, DISK_PATH_MAX, DIR "/seg-%016x.cfj", 3);
}

/* The first record of a batch in the middle: the next one that holds is of the same batch, but a later batch follows. */
static void test_corruption_inside_a_batch(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	uint64_t missing;
	(void)state;

	make_batches(&w, 3, path);
	flip(&w, path, 128 + 4 * 126 + 60);
	flip(&w, path, 128 + 9 * 126 + 60); /* and inside the last batch: a tear */
	assert_int_equal(read_all(&w, &faults, &counts, &missing), 10);
	assert_int_equal(counts.corrupt, 1);
	assert_int_equal(counts.torn, 1);
	assert_int_equal(faults.faults[0].kind, JOURNAL_FAULT_CORRUPT);
	assert_int_equal(faults.faults[0].offset, 128 + 4 * 126);
	assert_int_equal(missing, 1);
	world_end(&w);
}

/* What is missing behind a tear had never been durable, for every call in that batch. */
static void test_a_tear_excuses_all_calls_of_its_batch(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	uint64_t missing;
	(void)state;

	make_batches(&w, 1, path);
	flip(&w, path, 128 + 60);
	flip(&w, path, 128 + 126 + 60);
	assert_int_equal(read_all(&w, &faults, &counts, &missing), 2);
	assert_int_equal(counts.torn, 1);
	assert_int_equal(counts.torn_bytes, 2 * 126);
	assert_int_equal(missing, 0);
	world_end(&w);
}

static void test_a_damaged_head(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	uint64_t missing;
	unsigned int batches;
	(void)state;

	for (batches = 1; batches <= 2; batches++) {
		make_batches(&w, batches, path);
		flip(&w, path, 40);
		assert_int_equal(read_all(&w, &faults, &counts, &missing), 4 * batches);
		assert_int_equal(faults.count, 1);
		assert_int_equal(faults.faults[0].kind, batches > 1 ? JOURNAL_FAULT_CORRUPT : JOURNAL_FAULT_TORN);
		assert_int_equal(missing, 0);
		world_end(&w);
	}
}

/* In the last batch the same flip is a tear after a crash, and corruption when the file was closed properly. */
static void test_damage_in_the_last_batch(void **state)
{
	int properly;
	(void)state;

	for (properly = 0; properly < 2; properly++) {
		struct world w;
		struct seen_faults faults;
		struct journal_reader_counts counts;
		char path[DISK_PATH_MAX];
		uint64_t missing;

		make_one_segment(&w, properly, path);
		flip(&w, path, 128 + 19 * 126 + 50);
		assert_int_equal(read_all(&w, &faults, &counts, &missing), 19);
		assert_int_equal(faults.count, 1);
		assert_int_equal(faults.faults[0].kind, properly ? JOURNAL_FAULT_CORRUPT : JOURNAL_FAULT_TORN);
		assert_int_equal(faults.faults[0].offset, 128 + 19 * 126);
		assert_int_equal(missing, 0);
		world_end(&w);
	}
}

static void test_cut_after_any_byte(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	struct buf whole;
	size_t cut;
	uint64_t missing;
	(void)state;

	make_one_segment(&w, false, path);
	buf_init(&whole, 1 << 20);
	assert_int_equal(disk_load(&w.d, path, &whole), ERR_NONE);
	assert_int_equal(whole.len, 128 + 20 * 126);
	for (cut = 0; cut <= whole.len; cut++) {
		size_t records = cut < 128 ? 0 : (cut - 128) / 126;
		bool clean = cut >= 128 && (cut - 128) % 126 == 0;

		assert_int_equal(disk_replace(&w.d, DIR, path + strlen(DIR "/"), whole.data, cut), ERR_NONE);
		assert_int_equal(read_all(&w, &faults, &counts, &missing), records);
		assert_int_equal(counts.corrupt, 0);
		assert_int_equal(counts.torn, clean ? 0 : 1);
		assert_int_equal(missing, 0);
	}
	buf_fini(&whole);
	world_end(&w);
}

/* Garbage in front, behind and between is stepped over. */
static void test_garbage_between(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	struct buf whole, dirty;
	uint64_t missing;
	size_t i;
	(void)state;

	make_one_segment(&w, false, path);
	buf_init(&whole, 1 << 20);
	buf_init(&dirty, 4 << 20);
	assert_int_equal(disk_load(&w.d, path, &whole), ERR_NONE);
	buf_append(&dirty, whole.data, 128 + 10 * 126);
	for (i = 0; i < 700000; i++) /* more than the window; full of false beginnings */
		buf_byte(&dirty, (uint8_t) "CFr\xb5"[i % 5 % 4]);
	buf_append(&dirty, whole.data + 128 + 10 * 126, 10 * 126);
	assert_int_equal(disk_replace(&w.d, DIR, path + strlen(DIR "/"), dirty.data, dirty.len), ERR_NONE);
	assert_int_equal(read_all(&w, &faults, &counts, &missing), 20);
	assert_int_equal(counts.corrupt, 1);
	assert_int_equal(counts.corrupt_bytes, 700000);
	assert_int_equal(missing, 0);
	buf_fini(&whole);
	buf_fini(&dirty);
	world_end(&w);
}

/* A record whose mark lies across the end of the reader's window is found. */
static void test_garbage_of_any_length(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	char path[DISK_PATH_MAX];
	struct buf whole, dirty;
	uint64_t missing;
	size_t len;
	(void)state;

	make_one_segment(&w, false, path);
	buf_init(&whole, 1 << 20);
	buf_init(&dirty, 4 << 20);
	assert_int_equal(disk_load(&w.d, path, &whole), ERR_NONE);
	for (len = 256 * 1024 - 8; len < 256 * 1024 + 8; len++) {
		buf_reset(&dirty);
		buf_append(&dirty, whole.data, 128);
		memset(buf_reserve(&dirty, len), 'C', len);
		dirty.len += len;
		buf_append(&dirty, whole.data + 128, whole.len - 128);
		assert_int_equal(disk_replace(&w.d, DIR, path + strlen(DIR "/"), dirty.data, dirty.len), ERR_NONE);
		assert_int_equal(read_all(&w, &faults, &counts, &missing), 20);
		assert_int_equal(counts.corrupt_bytes, len);
	}
	buf_fini(&whole);
	buf_fini(&dirty);
	world_end(&w);
}

static void cut_to_nothing(struct world *w, const char *path)
{
	struct disk_file *f;

	assert_int_equal(disk_open(&w->d, &f, path, DISK_WRITE), ERR_NONE);
	assert_int_equal(disk_truncate(f, 0), ERR_NONE);
	disk_close(&f);
}

static void test_a_missing_segment_is_seen(void **state)
{
	struct world w;
	struct seen_faults faults;
	struct journal_reader_counts counts;
	struct journal_files files;
	char path[DISK_PATH_MAX];
	uint64_t missing;
	unsigned int i;
	(void)state;

	start(&w, 1);
	for (i = 0; i < 300; i++)
		world_step(&w);
	journal_abandon(&w.j);
	assert_int_equal(journal_files_list(&files, &w.d, DIR), ERR_NONE);
	assert_true(files.count > 8);
	assert_int_equal(disk_path(path, DIR, files.items[5].name), ERR_NONE);
	assert_int_equal(disk_rename(&w.d, path, "/v/away"), ERR_NONE);
	read_all(&w, &faults, &counts, &missing);
	assert_int_equal(counts.missing_files, 1);
	assert_false(counts.beginning_gone);
	assert_true(missing > 20);
	assert_int_equal(disk_rename(&w.d, "/v/away", path), ERR_NONE);
	for (i = 0; i < 6; i++) { /* the first ones: shipped and deleted */
		if (files.items[i].header.role == JOURNAL_ROLE_UNUSED)
			continue;
		assert_int_equal(disk_path(path, DIR, files.items[i].name), ERR_NONE);
		assert_int_equal(disk_unlink(&w.d, path), ERR_NONE);
	}
	read_all(&w, &faults, &counts, &missing);
	assert_int_equal(counts.missing_files, 0);
	assert_true(counts.beginning_gone);
	assert_int_equal(missing, 0);
	assert_int_equal(disk_path(path, DIR, files.items[6].name), ERR_NONE);
	cut_to_nothing(&w, path); /* as a crash leaves a segment that was just begun: the next one still tells */
	read_all(&w, &faults, &counts, &missing);
	assert_int_equal(counts.missing_files, 0);
	assert_true(counts.beginning_gone);
	assert_int_equal(missing, 0);
	journal_files_free(&files);
	world_end(&w);
}

/* A segment that lies there twice: its records come once, and the copy is called out. */
static void test_duplicates_are_seen(void **state)
{
	struct world w;
	struct journal_reader *reader;
	struct journal_item item;
	struct buf whole;
	char path[DISK_PATH_MAX];
	size_t n = 0;
	(void)state;

	make_one_segment(&w, true, path);
	buf_init(&whole, 1 << 20);
	assert_int_equal(disk_load(&w.d, path, &whole), ERR_NONE);
	assert_int_equal(disk_replace(&w.d, DIR, "seg-copy.cfj", whole.data, whole.len), ERR_NONE);
	assert_int_equal(journal_reader_open(&reader, &w.d, DIR, NULL, NULL), ERR_NONE);
	while (!journal_reader_next(reader, &item))
		n++;
	assert_int_equal(n, 20);
	assert_int_equal(journal_reader_call(reader, 0)->duplicates, 20);
	journal_reader_close(&reader);
	buf_fini(&whole);
	world_end(&w);
}

/* A kind of a later release is carried along. */
static void test_unknown_kinds(void **state)
{
	struct world w;
	unsigned int i;
	(void)state;

	start(&w, 1);
	for (i = 13; i < 256; i++)
		assert_int_equal(world_append(&w, 0, (uint8_t)i, 20), ERR_NONE);
	assert_int_equal(world_commit(&w), ERR_NONE);
	assert_int_equal(w.calls[0].durable, 243);
	assert_int_equal(world_judge(&w, true), 0);
	assert_string_equal(journal_kind_name(200), "unknown");
	world_end(&w);
}

/* ---- one call ---- */

struct in_order {
	uint64_t next;
	uint32_t epoch;
	size_t count;
	uint32_t sum;
	bool clear;
};

static enum err check_order(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err err)
{
	struct in_order *o = arg;
	const struct journal_header *h = &item->record.header;

	assert_int_equal(err, ERR_NONE);
	if (h->epoch != o->epoch) {
		assert_true(h->epoch > o->epoch);
		o->epoch = h->epoch;
		o->next = 1;
	}
	assert_true(h->sequence >= o->next);
	o->next = h->sequence + 1;
	o->sum = o->sum * 31 + journal_checksum(payload, len) + h->kind;
	o->count++;
	if (o->clear)
		assert_true(id128_is_zero(&h->key));
	return ERR_NONE;
}

/* Through a full disk (reserve and ring), in the order it was made; exported, and read again from the one file. */
static void test_one_call_in_order_and_exported(void **state)
{
	struct world w;
	struct in_order first = { 0 }, second = { .clear = true };
	struct journal_reader_options options;
	struct journal_reader_options none = { .call = &w.calls[1].id };
	struct id128 unknown = world_id(0xcc, 9);
	struct buf file;
	unsigned int i;
	(void)state;

	world_begin(&w, 3);
	w.options.ring_bytes = 128 * 1024;
	assert_int_equal(world_open(&w), ERR_NONE);
	attach_all(&w);
	for (i = 0; i < 60; i++)
		world_step(&w);
	disk_virtual_limit(w.v, 1);
	for (i = 0; i < 20; i++)
		world_step(&w);
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.probe_us;
	for (i = 0; i < 60; i++)
		world_step(&w);
	while (journal_counts(w.j).waiting_bytes)
		assert_int_equal(world_commit(&w), ERR_NONE);
	options = (struct journal_reader_options){ .keyring = journal_keyring(w.j), .call = &w.calls[1].id };
	assert_int_equal(journal_read_call(&w.d, DIR, &options, check_order, &first, NULL), ERR_NONE);
	assert_int_equal(first.count, journal_call_last(w.calls[1].journal));
	assert_int_equal(journal_export(&w.d, DIR, &options, "/v", "one.cfj", NULL), ERR_NONE);
	assert_int_equal(journal_read_call(&w.d, "/v/one.cfj", &none, check_order, &second, NULL), ERR_NONE);
	assert_int_equal(second.count, first.count);
	assert_int_equal(second.sum, first.sum);
	assert_int_equal(journal_export(&w.d, DIR, &none, "/v", "two.cfj", NULL), ERR_NOTFOUND); /* no keys */
	options.call = &unknown;
	assert_int_equal(journal_export(&w.d, DIR, &options, "/v", "two.cfj", NULL), ERR_NOTFOUND);
	buf_init(&file, 16 << 20);
	assert_int_equal(disk_load(&w.d, "/v/one.cfj", &file), ERR_NONE);
	assert_int_equal(disk_replace(&w.d, "/v", "one.cfj", file.data, file.len - 1), ERR_NONE);
	{
		struct journal_reader *reader;
		struct journal_item item;

		assert_int_equal(journal_reader_open(&reader, &w.d, "/v/one.cfj", NULL, NULL), ERR_NONE);
		while (!journal_reader_next(reader, &item))
			continue;
		assert_int_equal(journal_reader_counts(reader).corrupt, 1); /* an export is never torn: it was written whole */
		journal_reader_close(&reader);
	}
	buf_fini(&file);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_layout),
		cmocka_unit_test(test_blank_bytes),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_every_flip_and_cut_is_seen),
		cmocka_unit_test(test_gap_bytes),
		cmocka_unit_test(test_what_is_said_comes_back),
		cmocka_unit_test(test_durable_only_after_done),
		cmocka_unit_test(test_epoch_is_fenced),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_one_writer),
		cmocka_unit_test(test_F08_read_only_folder),
		cmocka_unit_test(test_erased_call),
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_F08_one_error_at_any_operation),
		cmocka_unit_test(test_F08_failed_sync),
		cmocka_unit_test(test_F08_syncs_that_fail_for_good_leave_no_files),
		cmocka_unit_test(test_F06_disk_full_while_recording),
		cmocka_unit_test(test_F06_a_gap_has_nothing_in_it_that_is_kept),
		cmocka_unit_test(test_F07_reserve_full_stops),
		cmocka_unit_test(test_F06_a_batch_larger_than_the_reserve),
		cmocka_unit_test(test_F07_closed_calls_are_marked_later),
		cmocka_unit_test(test_F07_what_is_owed_waits_for_room),
		cmocka_unit_test(test_F06_an_idle_journal_finds_room),
		cmocka_unit_test(test_F06_full_and_cut),
		cmocka_unit_test(test_no_room_for_a_reserve),
		cmocka_unit_test(test_a_spare_that_is_not_blank),
		cmocka_unit_test(test_spares_that_were_not_made_whole),
		cmocka_unit_test(test_dead_process_then_power_cut),
		cmocka_unit_test(test_corruption_in_the_middle),
		cmocka_unit_test(test_corruption_inside_a_batch),
		cmocka_unit_test(test_a_tear_excuses_all_calls_of_its_batch),
		cmocka_unit_test(test_a_damaged_head),
		cmocka_unit_test(test_damage_in_the_last_batch),
		cmocka_unit_test(test_cut_after_any_byte),
		cmocka_unit_test(test_garbage_between),
		cmocka_unit_test(test_garbage_of_any_length),
		cmocka_unit_test(test_a_missing_segment_is_seen),
		cmocka_unit_test(test_duplicates_are_seen),
		cmocka_unit_test(test_unknown_kinds),
		cmocka_unit_test(test_one_call_in_order_and_exported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

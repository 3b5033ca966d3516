/* Shipping: everything durable reaches the sink, whatever is unplugged or killed on the way, and nothing else does. */
#include "journal_world.h"

#include "voice/shipping/ship.h"

enum { OUT_MAX = 16, FIRSTS_MAX = 64, EPOCHS = 4 };

/* The conductor: keeps what it acked, drops what it has, may be away. It outlives every crash. */
struct sink {
	struct world *world;
	bool away;          /* takes nothing */
	bool silent;        /* takes, never answers */
	bool failing;       /* answers with an error */
	uint64_t delay_us;
	struct {
		uint64_t id, due_us;
		uint8_t *data;
		size_t len;
	} out[OUT_MAX];
	size_t count, most;
	uint64_t sends, repeats, records;
	uint64_t last_attempt_us, attempts;
	size_t largest;
	uint8_t have[WORLD_CALLS][EPOCHS][WORLD_RECORDS]; /* call, epoch, sequence */
	uint64_t last[WORLD_CALLS][EPOCHS];
	bool in_order;
	struct {
		uint64_t order;
		struct journal_header header; /* of its first record */
	} firsts[FIRSTS_MAX];
	size_t first_count;
};

static void first_note(struct sink *s, const struct ship_batch *b)
{
	struct journal_record r;

	if (s->first_count == FIRSTS_MAX)
		return;
	assert_int_equal(journal_record_decode(&r, b->data, b->len), ERR_NONE);
	s->firsts[s->first_count].order = b->order;
	s->firsts[s->first_count++].header = r.header;
}

static enum err sink_send(void *arg, struct ship *ship, const struct ship_batch *b)
{
	struct sink *s = arg;
	(void)ship;

	s->attempts++;
	s->last_attempt_us = s->world->now_us;
	if (s->away)
		return ERR_UNAVAILABLE;
	assert_true(s->count < OUT_MAX);
	s->out[s->count].id = b->id;
	s->out[s->count].due_us = s->world->now_us + s->delay_us;
	s->out[s->count].data = malloc(b->len);
	assert_non_null(s->out[s->count].data);
	memcpy(s->out[s->count].data, b->data, b->len);
	s->out[s->count++].len = b->len;
	s->most = s->count > s->most ? s->count : s->most;
	s->largest = b->len > s->largest ? b->len : s->largest;
	s->sends++;
	first_note(s, b);
	return ERR_NONE;
}

static void out_remove(struct sink *s, size_t i)
{
	free(s->out[i].data);
	s->count--;
	memmove(&s->out[i], &s->out[i + 1], (s->count - i) * sizeof(s->out[0]));
}

static void sink_cancel(void *arg, uint64_t id)
{
	struct sink *s = arg;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->out[i].id == id) {
			out_remove(s, i);
			return;
		}
	fail_msg("cancelled a batch that is not out");
}

static const struct ship_sink table = { .name = "test", .send = sink_send, .cancel = sink_cancel };

static void sink_take_record(struct sink *s, const struct journal_record *r)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++) {
		uint8_t *have;

		if (!id128_equal(&s->world->calls[i].id, &r->header.call))
			continue;
		assert_true(r->header.epoch < EPOCHS && r->header.sequence < WORLD_RECORDS);
		have = &s->have[i][r->header.epoch][r->header.sequence];
		s->repeats += *have;
		s->records += !*have;
		if (!*have && r->header.sequence < s->last[i][r->header.epoch])
			s->in_order = false;
		if (r->header.sequence > s->last[i][r->header.epoch])
			s->last[i][r->header.epoch] = r->header.sequence;
		*have = 1;
	}
}

static void sink_take(struct sink *s, size_t i)
{
	struct journal_record r;
	size_t at = 0;

	while (at < s->out[i].len) {
		assert_int_equal(journal_record_decode(&r, s->out[i].data + at, s->out[i].len - at), ERR_NONE);
		sink_take_record(s, &r);
		at += r.raw_len;
	}
}

/* Answers what is due, the newest first. */
static void sink_run(struct sink *s, struct ship *ship)
{
	size_t i;

	for (i = 0; i < s->count && !s->silent;) {
		size_t pick = s->count - 1 - i; /* newest first: out of order */
		uint64_t id = s->out[pick].id;

		if (s->out[pick].due_us > s->world->now_us) {
			i++;
			continue;
		}
		if (!s->failing)
			sink_take(s, pick);
		out_remove(s, pick);
		ship_acked(ship, id, s->failing ? ERR_UNAVAILABLE : ERR_NONE, s->world->now_us);
	}
}

struct harness {
	struct world w;
	struct sink s;
	struct ship *ship;
	struct ship_options options;
	uint64_t next_us;
	bool told; /* the ship is told how the journal is */
};

static void ship_begin(struct harness *h)
{
	assert_int_equal(ship_open(&h->ship, &h->w.d, DIR, &table, &h->s, &h->options, NULL), ERR_NONE);
	h->next_us = 0;
}

static struct harness *begin(uint64_t seed)
{
	struct harness *h = calloc(1, sizeof(*h));
	unsigned int i;

	assert_non_null(h);
	world_begin(&h->w, seed);
	assert_int_equal(world_open(&h->w), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		assert_int_equal(world_attach(&h->w, i), ERR_NONE);
	h->s.world = &h->w;
	h->s.in_order = true;
	h->s.delay_us = 50000;
	ship_options_defaults(&h->options);
	h->options.batch_bytes = 4096;
	h->options.keep_us = 2000000;
	h->options.cursor_us = 200000;
	h->options.idle_us = 100000;
	ship_begin(h);
	return h;
}

static void end(struct harness *h)
{
	ship_close(&h->ship);
	while (h->s.count)
		out_remove(&h->s, 0);
	world_end(&h->w);
	free(h);
}

static void ship_run(struct harness *h)
{
	if (h->w.j)
		ship_limit(h->ship, journal_durable_position(h->w.j));
	if (h->w.j && h->told)
		ship_short(h->ship, journal_health(h->w.j) != JOURNAL_OK);
	sink_run(&h->s, h->ship);
	assert_int_equal(ship_step(h->ship, h->w.now_us, h->w.now_us + h->w.options.wall_offset_us, &h->next_us), ERR_NONE);
	assert_true(h->next_us > h->w.now_us);
}

/* The sink has exactly what is durable of this life's epoch. */
static void expect_all(struct harness *h)
{
	unsigned int i;
	uint64_t sequence;

	for (i = 0; i < WORLD_CALLS; i++)
		for (sequence = 1; sequence <= h->w.calls[i].durable; sequence++)
			assert_true(h->s.have[i][h->w.calls[i].epoch][sequence]);
}

static void expect_nothing_else(struct harness *h)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++)
		assert_true(h->s.last[i][h->w.calls[i].epoch] <= h->w.calls[i].durable);
}

static void run_steps(struct harness *h, unsigned int steps)
{
	unsigned int i;

	for (i = 0; i < steps; i++) {
		world_step(&h->w);
		ship_run(h);
		expect_nothing_else(h);
	}
}

static void drain(struct harness *h)
{
	unsigned int i;

	while (h->w.j && journal_counts(h->w.j).waiting_bytes)
		assert_int_equal(world_commit(&h->w), ERR_NONE);
	for (i = 0; i < 4000; i++) {
		h->w.now_us += STEP_US;
		ship_run(h);
		if (ship_counts(h->ship).all_shipped && i > 20)
			return;
	}
	fail_msg("never all shipped");
}

static void test_all_arrives_once_in_order(void **state)
{
	struct harness *h = begin(1);
	struct ship_counts c;
	(void)state;

	run_steps(h, 300);
	drain(h);
	expect_all(h);
	c = ship_counts(h->ship);
	assert_int_equal(h->s.repeats, 0);
	assert_int_equal(c.acked_records, h->s.records);
	assert_int_equal(c.acked_records, journal_counts(h->w.j).records);
	assert_int_equal(c.failures + c.timeouts + c.disk_errors + c.damaged_bytes, 0);
	assert_in_range(h->s.most, 2, h->options.batches_max);
	assert_true(h->s.largest <= h->options.batch_bytes);
	end(h);
}

static void test_one_at_a_time_is_in_order(void **state)
{
	struct harness *h = begin(1);
	(void)state;

	h->options.batches_max = 1;
	ship_close(&h->ship);
	ship_begin(h);
	run_steps(h, 100);
	drain(h);
	expect_all(h);
	assert_true(h->s.in_order);
	end(h);
}

static void outage(struct harness *h)
{
	uint64_t attempts;

	run_steps(h, 50);
	h->s.away = true;
	attempts = h->s.attempts;
	run_steps(h, 500); /* ten seconds */
	assert_in_range(h->s.attempts - attempts, 3, 12); /* it waits longer and longer */
	assert_true(ship_counts(h->ship).failures >= 3);
	h->s.away = false;
}

static void test_catches_up_after_an_outage(void **state)
{
	struct harness *h = begin(2);
	(void)state;

	outage(h);
	run_steps(h, 100);
	drain(h);
	expect_all(h);
	end(h);
}

static void test_failing_and_silent_sinks(void **state)
{
	struct harness *h = begin(3);
	(void)state;

	run_steps(h, 50);
	h->s.failing = true;
	run_steps(h, 100);
	assert_true(ship_counts(h->ship).failures > 1);
	h->s.failing = false;
	h->s.silent = true;
	run_steps(h, 600); /* twelve seconds: the time-out is ten */
	assert_int_equal(ship_counts(h->ship).timeouts, 1);
	h->s.silent = false;
	run_steps(h, 300);
	drain(h);
	expect_all(h);
	end(h);
}

static size_t segments(struct harness *h)
{
	struct journal_files f;
	size_t n = 0, i;

	assert_int_equal(journal_files_list(&f, &h->w.d, DIR), ERR_NONE);
	for (i = 0; i < f.count; i++)
		n += f.items[i].header.role == JOURNAL_ROLE_SEGMENT;
	journal_files_free(&f);
	return n;
}

static void test_deletes_what_is_shipped_and_old(void **state)
{
	struct harness *h = begin(4);
	size_t before;
	(void)state;

	h->s.away = true;
	run_steps(h, 300);
	before = segments(h);
	assert_true(before > 5);
	assert_int_equal(ship_counts(h->ship).deleted_files, 0); /* old enough, but not shipped */
	h->s.away = false;
	h->w.now_us += 30000000;
	run_steps(h, 100);
	drain(h);
	expect_all(h);
	h->w.now_us += h->options.keep_us;
	ship_run(h);
	assert_int_equal(segments(h), 1); /* the one being written */
	assert_true(ship_counts(h->ship).deleted_files >= before);
	run_steps(h, 20); /* and on it goes */
	drain(h);
	expect_all(h);
	end(h);
}

static void test_young_files_stay(void **state)
{
	struct harness *h = begin(4);
	(void)state;

	h->options.keep_us = 3600000000u;
	ship_close(&h->ship);
	ship_begin(h);
	run_steps(h, 300);
	drain(h);
	assert_int_equal(ship_counts(h->ship).deleted_files, 0);
	end(h);
}

/* Killed at any time, the worker and its shipping; the sink stays. Nothing durable is missing in the end. */
static void test_survives_power_cuts(void **state)
{
	uint64_t seed;
	(void)state;

	for (seed = 1; seed <= 60; seed++) {
		struct harness *h = begin(seed);
		unsigned int i;

		run_steps(h, 20 + (unsigned int)seed);
		ship_close(&h->ship);
		while (h->s.count)
			out_remove(&h->s, 0);
		world_cut(&h->w, seed);
		expect_nothing_else(h);
		if (seed % 2) { /* a new life under the next epoch ships both */
			assert_int_equal(world_open(&h->w), ERR_NONE);
			ship_begin(h);
			drain(h);
			expect_all(h);
			for (i = 0; i < WORLD_CALLS; i++) {
				h->w.calls[i].epoch = 2;
				h->w.calls[i].last = h->w.calls[i].durable = 0;
				assert_int_equal(world_attach(&h->w, i), ERR_NONE);
			}
			run_steps(h, 30);
		} else { /* somebody else ships what the dead one left */
			ship_begin(h);
		}
		drain(h);
		expect_all(h);
		end(h);
	}
}

/* Events while the disk is full, then the ring, then what follows: nothing is passed over. */
static void test_ships_reserve_and_ring(void **state)
{
	struct harness *h = begin(9);
	uint64_t i, sequence, gone = 0;
	(void)state;

	run_steps(h, 30);
	h->s.away = true;
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v));
	run_steps(h, 20);
	assert_int_equal(journal_health(h->w.j), JOURNAL_AUDIO_RING);
	h->s.away = false;
	h->w.now_us += 1000000;
	run_steps(h, 20);
	disk_virtual_limit(h->w.v, 0);
	h->w.now_us += h->w.options.probe_us;
	run_steps(h, 50);
	drain(h);
	assert_int_equal(journal_health(h->w.j), JOURNAL_OK);
	for (i = 0; i < WORLD_CALLS; i++)
		for (sequence = 1; sequence <= h->w.calls[i].durable; sequence++) {
			if (h->s.have[i][1][sequence])
				continue;
			assert_int_equal(journal_kind_class(h->w.calls[i].said[sequence].kind), JOURNAL_CLASS_AUDIO);
			gone++;
		}
	assert_true(gone < 200); /* the ring came round; the rest of it arrived */
	end(h);
}

/* What a reader finds on the disk, the sink has. */
static void expect_what_lies_there(struct harness *h)
{
	struct journal_reader *r;
	struct journal_item item;
	size_t n = 0;

	assert_int_equal(journal_reader_open(&r, &h->w.d, DIR, NULL, NULL), ERR_NONE);
	while (!journal_reader_next(r, &item)) {
		unsigned int i;

		for (i = 0; i < WORLD_CALLS; i++)
			if (id128_equal(&h->w.calls[i].id, &item.record.header.call))
				assert_true(h->s.have[i][1][item.record.header.sequence]);
		n++;
	}
	assert_true(n > 100);
	journal_reader_close(&r);
}

/* A second reserve is begun beside a ring that is still written: the ring is not shipped before it is closed. */
static void test_a_live_ring_waits(void **state)
{
	struct harness *h = calloc(1, sizeof(*h));
	unsigned int i;
	uint64_t first;
	(void)state;

	assert_non_null(h);
	world_begin(&h->w, 10);
	h->w.options.reserve_bytes = 12 * 1024;
	h->w.options.ring_bytes = 100 * 1024;
	h->w.options.probe_us = 100000;
	assert_int_equal(world_open(&h->w), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		assert_int_equal(world_attach(&h->w, i), ERR_NONE);
	h->s.world = &h->w;
	ship_options_defaults(&h->options);
	h->options.keep_all = true;
	ship_begin(h);
	run_steps(h, 5);
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v));
	run_steps(h, 8);
	assert_int_equal(journal_health(h->w.j), JOURNAL_AUDIO_RING);
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v) + 13 * 1024); /* room for a reserve, not for a ring */
	first = journal_durable_position(h->w.j).order;
	for (i = 0; i < 60 && journal_durable_position(h->w.j).order == first; i++)
		run_steps(h, 1);
	assert_true(journal_durable_position(h->w.j).order > first + 1); /* the ring lies between */
	for (i = 0; i < 4; i++) {
		h->w.now_us += h->options.idle_us;
		run_steps(h, 2);
	}
	assert_int_equal(journal_health(h->w.j), JOURNAL_AUDIO_RING);
	disk_virtual_limit(h->w.v, 0);
	h->w.now_us += h->options.idle_us;
	run_steps(h, 20);
	drain(h);
	assert_int_equal(journal_health(h->w.j), JOURNAL_OK);
	expect_what_lies_there(h);
	end(h);
}

static void test_damaged_cursor_begins_again(void **state)
{
	struct harness *h = begin(5);
	(void)state;

	run_steps(h, 100);
	drain(h);
	ship_close(&h->ship);
	assert_int_equal(disk_replace(&h->w.d, DIR, "cursor", "garbage", 7), ERR_NONE);
	ship_begin(h);
	drain(h);
	assert_true(h->s.repeats > 300);
	expect_all(h);
	end(h);
}

/* A folder that was lost in part: what comes now has orders below the cursor's, and is shipped all the same. */
static void test_a_cursor_behind_every_file_begins_again(void **state)
{
	struct harness *h = begin(5);
	uint8_t cursor[48] = { 'C', 'F', 'S', 'H', 'I', 'P', 1, 0x0a };
	(void)state;

	ship_close(&h->ship);
	put_le64(cursor + 8, 0x20);
	put_le64(cursor + 16, 5000);
	put_le32(cursor + 44, journal_checksum(cursor, 44));
	assert_int_equal(disk_replace(&h->w.d, DIR, "cursor", cursor, sizeof(cursor)), ERR_NONE);
	ship_begin(h);
	run_steps(h, 100);
	drain(h);
	expect_all(h);
	assert_true(h->s.records > 300);
	end(h);
}

static uint64_t holes(struct harness *h)
{
	struct journal_reader *reader;
	uint64_t n;

	assert_int_equal(journal_reader_open(&reader, &h->w.d, DIR, NULL, NULL), ERR_NONE);
	n = journal_reader_counts(reader).missing_files;
	journal_reader_close(&reader);
	return n;
}

/* The order of the first segment that is there. */
static uint64_t oldest(struct harness *h)
{
	struct journal_files f;
	uint64_t order = 0;
	size_t i;

	assert_int_equal(journal_files_list(&f, &h->w.d, DIR), ERR_NONE);
	for (i = 0; i < f.count && !order; i++)
		if (f.items[i].header.role == JOURNAL_ROLE_SEGMENT)
			order = f.items[i].header.order;
	journal_files_free(&f);
	return order;
}

/* Much was written while the sink was away; nothing was shipped, so no cursor is there. Then the disk has no room at all. */
static struct harness *begin_full(uint64_t seed, uint64_t keep_us)
{
	struct harness *h = begin(seed);

	h->options.keep_us = keep_us;
	ship_close(&h->ship);
	ship_begin(h);
	h->s.away = true;
	run_steps(h, 300);
	while (journal_counts(h->w.j).waiting_bytes)
		assert_int_equal(world_commit(&h->w), ERR_NONE);
	assert_true(segments(h) > 5);
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v));
	h->s.away = false;
	h->w.now_us += 60000000;
	return h;
}

/* No room even for the cursor: what was acknowledged makes it, young as it is, and only as much as is needed. */
static void test_a_full_disk_gets_room_from_what_is_acknowledged(void **state)
{
	struct harness *h = begin_full(4, 3600000000u);
	size_t before = segments(h);
	(void)state;

	drain(h);
	expect_all(h);
	assert_int_equal(ship_counts(h->ship).deleted_files, 1);
	assert_int_equal(segments(h), before - 1);
	assert_true(ship_counts(h->ship).saved.order > oldest(h)); /* saved, and going on */
	end(h);
}

static void test_a_full_disk_deletes_nothing_when_all_is_to_be_kept(void **state)
{
	struct harness *h = begin_full(4, 0);
	size_t before = segments(h);
	(void)state;

	h->options.keep_all = true;
	ship_close(&h->ship);
	ship_begin(h);
	drain(h);
	assert_int_equal(segments(h), before);
	assert_true(ship_counts(h->ship).disk_errors > 0);
	assert_int_equal(ship_counts(h->ship).saved.order, 0);
	end(h);
}

/* ---- a journal that is short of room ---- */

/* An hour's keeping; much is written, and all of it shipped but for the last second, when the sink is away. */
static struct harness *begin_young(uint64_t seed)
{
	struct harness *h = begin(seed);

	h->options.keep_us = 3600000000u;
	ship_close(&h->ship);
	ship_begin(h);
	run_steps(h, 300);
	drain(h);
	h->s.away = true;
	run_steps(h, 50);
	while (journal_counts(h->w.j).waiting_bytes)
		assert_int_equal(world_commit(&h->w), ERR_NONE);
	ship_run(h);
	assert_int_equal(ship_counts(h->ship).deleted_files, 0);
	return h;
}

/* However young: but what was not shipped stays. */
static void test_F06_a_short_journal_gets_room_from_young_files(void **state)
{
	struct harness *h = begin_young(4);
	size_t before = segments(h);
	uint64_t saved = ship_counts(h->ship).saved.order;
	(void)state;

	assert_true(oldest(h) < saved && saved < journal_durable_position(h->w.j).order);
	ship_short(h->ship, true);
	ship_run(h);
	assert_int_equal(oldest(h), saved);
	assert_int_equal(segments(h), before - ship_counts(h->ship).deleted_files);
	h->w.now_us += h->options.idle_us;
	ship_run(h);
	assert_int_equal(oldest(h), saved);
	ship_short(h->ship, false);
	h->s.away = false;
	h->w.now_us += 60000000;
	drain(h);
	expect_all(h);
	assert_true(ship_counts(h->ship).saved.order > saved);
	assert_int_equal(oldest(h), saved); /* there is room again: they are kept again */
	assert_int_equal(holes(h), 0);
	end(h);
}

/* A recording is to be cut from them still. */
static void test_files_that_somebody_reads_stay(void **state)
{
	struct harness *h = begin_young(4);
	uint64_t first = oldest(h);
	(void)state;

	ship_keep(h->ship, first + 2);
	ship_short(h->ship, true);
	ship_run(h);
	assert_int_equal(oldest(h), first + 2);
	h->w.now_us += 2 * h->options.keep_us; /* nor does their age count */
	ship_run(h);
	assert_int_equal(oldest(h), first + 2);
	ship_keep(h->ship, UINT64_MAX);
	ship_run(h);
	assert_int_equal(oldest(h), ship_counts(h->ship).saved.order);
	end(h);
}

static void test_a_cursor_without_room_does_not_take_what_is_read(void **state)
{
	struct harness *h = begin_full(4, 3600000000u);
	size_t before = segments(h);
	(void)state;

	ship_keep(h->ship, oldest(h));
	drain(h);
	expect_all(h);
	assert_int_equal(segments(h), before);
	ship_keep(h->ship, oldest(h) + 1);
	h->w.now_us += h->options.cursor_us;
	ship_run(h);
	assert_int_equal(segments(h), before - 1);
	assert_true(ship_counts(h->ship).saved.order > oldest(h));
	end(h);
}

static void attach_all(struct harness *h, uint32_t epoch)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++) {
		h->w.calls[i].epoch = epoch;
		h->w.calls[i].last = h->w.calls[i].durable = 0;
		assert_int_equal(world_attach(&h->w, i), ERR_NONE);
	}
}

/* A disk with room for a tenth of what is written: the journal comes through, and the sink has it all. */
static void test_F06_a_small_disk_is_made_do(void **state)
{
	struct harness *h = begin(6);
	uint64_t i, sequence, gone = 0, full = 0;
	(void)state;

	h->told = true;
	h->options.keep_us = 3600000000u;
	h->w.options.probe_us = 200000;
	ship_close(&h->ship);
	for (i = 0; i < WORLD_CALLS; i++)
		journal_call_close(&h->w.calls[i].journal, h->w.now_us);
	assert_int_equal(journal_close(&h->w.j, h->w.now_us), ERR_NONE);
	assert_int_equal(world_open(&h->w), ERR_NONE);
	attach_all(h, 2);
	ship_begin(h);
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v) + 200 * 1024);
	for (i = 0; i < 1200; i++) {
		run_steps(h, 1);
		full += journal_health(h->w.j) != JOURNAL_OK;
		assert_true(journal_health(h->w.j) < JOURNAL_STOPPED);
	}
	assert_true(full > 20); /* it was full, again and again, */
	drain(h);
	assert_true(ship_counts(h->ship).deleted_files > 20); /* and got room each time */
	for (i = 0; i < WORLD_CALLS; i++)
		for (sequence = 1; sequence <= h->w.calls[i].durable; sequence++) {
			if (h->s.have[i][2][sequence])
				continue;
			assert_int_equal(journal_kind_class(h->w.calls[i].said[sequence].kind), JOURNAL_CLASS_AUDIO);
			gone++;
		}
	assert_true(gone < full * 9); /* audio that the ring came round over; no event */
	assert_int_equal(holes(h), 0);
	end(h);
}

/* What is gone at the beginning was shipped, and the folder says so: what `journal verify` asks. */
static void expect_beginning(const struct disk *d, uint64_t first)
{
	struct journal_position shipped;

	assert_int_equal(ship_cursor_read(d, DIR, &shipped), ERR_NONE);
	assert_true(shipped.order >= first);
}

/* The oldest file makes room, the cursor is not saved, the process dies: what became of the file says how far it was. */
static void test_a_death_between_making_room_and_saving(void **state)
{
	struct harness *h = begin(4);
	struct journal_position saved;
	struct disk_inject *inject;
	struct disk d;
	unsigned int i;
	(void)state;

	h->options.keep_us = 3600000000u;
	ship_close(&h->ship);
	ship_begin(h);
	run_steps(h, 3);
	drain(h);
	saved = ship_counts(h->ship).saved;
	assert_true(saved.order == oldest(h) && saved.offset);
	h->s.away = true;
	run_steps(h, 300);
	ship_close(&h->ship);
	h->s.away = false;
	h->w.now_us += 60000000;
	assert_int_equal(disk_inject_new(&inject, &h->w.d), ERR_NONE);
	assert_int_equal(disk_inject_add(inject, "write:1+=ENOSPC", NULL), ERR_NONE);
	d = disk_inject_disk(inject);
	assert_int_equal(ship_open(&h->ship, &d, DIR, &table, &h->s, &h->options, NULL), ERR_NONE);
	for (i = 0; i < 200 && !ship_counts(h->ship).deleted_files; i++) {
		h->w.now_us += STEP_US;
		ship_run(h);
	}
	assert_true(oldest(h) > saved.order);
	ship_close(&h->ship); /* which cannot save it, either */
	disk_inject_free(&inject);
	expect_beginning(&h->w.d, oldest(h));
	ship_begin(h);
	assert_true(ship_counts(h->ship).saved.order > saved.order);
	drain(h);
	expect_all(h);
	assert_int_equal(holes(h), 0);
	end(h);
}

/* The same at each change that is made on the disk meanwhile, with and without a power cut; the next life makes an end of it. */
static void test_a_death_at_any_change_that_makes_room(void **state)
{
	unsigned int stop, power, i, died = 0, gone = 0;
	uint64_t first;
	(void)state;

	for (stop = 1; stop < 40; stop++)
		for (power = 0; power < 4; power++) {
			struct harness *h = begin_full(4, 3600000000u);

			first = oldest(h);
			disk_virtual_stop(h->w.v, stop);
			for (i = 0; i < 100; i++) {
				h->w.now_us += STEP_US;
				ship_run(h);
			}
			died += ship_counts(h->ship).saved.order == 0;
			ship_close(&h->ship);
			journal_abandon(&h->w.j);
			if (power)
				disk_virtual_crash(h->w.v, power);
			else
				disk_virtual_kill(h->w.v);
			gone += oldest(h) > first;
			if (oldest(h) > first)
				expect_beginning(&h->w.d, oldest(h));
			disk_virtual_limit(h->w.v, 0);
			ship_begin(h);
			drain(h);
			expect_beginning(&h->w.d, oldest(h));
			end(h);
		}
	assert_true(died > 8 && gone > 40);
}

/* A disk that is full, with hardly anything on it but the reserve and the ring, both in use. */
static struct harness *begin_ring(void)
{
	struct harness *h = begin(9);
	unsigned int i;

	h->w.options.probe_us = 100000;
	h->w.options.ring_bytes = 100 * 1024;
	ship_close(&h->ship);
	journal_abandon(&h->w.j);
	assert_int_equal(world_open(&h->w), ERR_NONE);
	attach_all(h, 2);
	ship_begin(h);
	run_steps(h, 60);
	drain(h);
	ship_short(h->ship, true);
	ship_run(h);
	ship_close(&h->ship);
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v));
	for (i = 0; i < 20; i++)
		world_step(&h->w);
	assert_int_equal(journal_health(h->w.j), JOURNAL_AUDIO_RING);
	h->told = true;
	h->options.keep_us = 3600000000u;
	return h;
}

static bool well_within(struct harness *h, unsigned int steps, bool sound)
{
	unsigned int i;

	for (; steps && journal_health(h->w.j) != JOURNAL_OK; steps--) {
		h->w.now_us += STEP_US;
		for (i = 0; i < WORLD_CALLS; i++)
			(void)!world_append(&h->w, i, sound ? JOURNAL_AUDIO_CALLER : JOURNAL_INPUTS, 100);
		(void)!world_commit(&h->w);
		ship_run(h);
	}
	return steps;
}

/* Its worker died, and the next one has room for events alone: there will be no segment while the ring lies there, and it must not lie
 * there for that. */
static void test_F06_a_dead_workers_ring_makes_room(void **state)
{
	struct harness *h = begin_ring();
	(void)state;

	journal_abandon(&h->w.j);
	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v) + h->w.options.reserve_bytes + 20);
	assert_int_equal(world_open(&h->w), ERR_NONE);
	attach_all(h, 3);
	ship_begin(h);
	assert_true(well_within(h, 200, false));
	drain(h);
	assert_int_equal(holes(h), 0);
	end(h);
}

/* There was room for a new reserve and a new ring, and for not one byte of a segment. */
static void test_F06_a_ring_that_was_replaced_makes_room(void **state)
{
	unsigned int sound;
	(void)state;

	for (sound = 0; sound < 2; sound++) {
		struct harness *h = begin_ring();
		uint64_t first = journal_durable_position(h->w.j).order;
		unsigned int i;

		disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v) + h->w.options.reserve_bytes + h->w.options.ring_bytes + 20);
		for (i = 0; i < 20; i++) {
			h->w.now_us += STEP_US;
			assert_int_equal(world_append(&h->w, 0, JOURNAL_INPUTS, 100), ERR_NONE);
			(void)!world_commit(&h->w);
		}
		assert_int_equal(journal_health(h->w.j), JOURNAL_AUDIO_RING);
		assert_true(journal_durable_position(h->w.j).order > first + 1);
		ship_begin(h);
		assert_true(well_within(h, 200, sound));
		drain(h);
		assert_int_equal(holes(h), 0);
		end(h);
	}
}

static bool order_there(struct harness *h, uint64_t order)
{
	struct journal_files f;
	bool there = false;
	size_t i;

	assert_int_equal(journal_files_list(&f, &h->w.d, DIR), ERR_NONE);
	for (i = 0; i < f.count; i++)
		there = there || (f.items[i].header.role != JOURNAL_ROLE_UNUSED && f.items[i].header.order == order);
	journal_files_free(&f);
	return there;
}

/* The ring is still written, so nothing behind it is shipped; but all before it was, to the last byte. */
static void test_F06_what_lies_before_a_live_ring_makes_room(void **state)
{
	struct harness *h = begin_ring();
	uint64_t first = journal_durable_position(h->w.j).order;
	unsigned int i, more = 0;
	(void)state;

	disk_virtual_limit(h->w.v, disk_virtual_used(h->w.v) + h->w.options.reserve_bytes + 20);
	ship_begin(h);
	for (i = 0; i < 1000 && more < 20; i++) {
		h->w.now_us += STEP_US;
		assert_int_equal(world_append(&h->w, 0, JOURNAL_INPUTS, 100), ERR_NONE);
		(void)!world_commit(&h->w);
		ship_run(h);
		more += journal_durable_position(h->w.j).order > first;
	}
	assert_int_equal(journal_health(h->w.j), JOURNAL_AUDIO_RING);
	assert_int_equal(more, 20); /* a second reserve is written */
	assert_false(order_there(h, first));
	assert_true(order_there(h, first + 1)); /* the ring */
	end(h);
}

/* Nothing is appended while the journal has stopped, so nobody says that more is durable: one step does it all. */
static void test_a_short_journal_does_not_wait_for_the_next_look(void **state)
{
	struct harness *h = begin_full(4, 3600000000u);
	unsigned int i;
	(void)state;

	ship_close(&h->ship);
	h->options.batches_max = 16; /* some files at once */
	h->options.batch_bytes = 16384;
	ship_begin(h);
	ship_limit(h->ship, journal_durable_position(h->w.j));
	for (i = 0; i < 200 && !ship_counts(h->ship).deleted_files; i++) {
		h->w.now_us += STEP_US;
		sink_run(&h->s, h->ship);
		ship_short(h->ship, true);
		assert_int_equal(ship_step(h->ship, h->w.now_us, h->w.now_us + h->w.options.wall_offset_us, &h->next_us), ERR_NONE);
	}
	assert_true(ship_counts(h->ship).deleted_files > 3);
	assert_int_equal(oldest(h), ship_counts(h->ship).saved.order);
	end(h);
}

/* What ship_keep needs to know. */
static void test_a_batch_names_the_file_it_begins_in(void **state)
{
	struct harness *h = begin(4);
	struct journal_scan scan;
	struct journal_record r;
	struct journal_files f;
	uint64_t offset, last = 0, seen = 0;
	size_t i, k;
	(void)state;

	h->options.keep_all = true;
	ship_close(&h->ship);
	ship_begin(h);
	run_steps(h, 100);
	drain(h);
	assert_true(h->s.first_count > 10);
	assert_int_equal(journal_files_list(&f, &h->w.d, DIR), ERR_NONE);
	for (i = 0; i < h->s.first_count; i++) {
		assert_true(h->s.firsts[i].order >= last);
		seen += h->s.firsts[i].order != last;
		last = h->s.firsts[i].order;
		for (k = 0; k < f.count && (f.items[k].header.role != JOURNAL_ROLE_SEGMENT || f.items[k].header.order != last); k++)
			;
		assert_true(k < f.count);
		assert_int_equal(journal_scan_open(&scan, &h->w.d, DIR, &f.items[k], 0, 0, NULL, NULL), ERR_NONE);
		do
			assert_int_equal(journal_scan_next(&scan, &r, &offset), ERR_NONE);
		while (r.header.sequence != h->s.firsts[i].header.sequence || !id128_equal(&r.header.call, &h->s.firsts[i].header.call));
		journal_scan_close(&scan);
	}
	assert_true(seen > 3);
	journal_files_free(&f);
	end(h);
}

/* The clock was set back between two lives: files go from the beginning on, so that no hole is left between. */
static void test_F21_a_clock_that_goes_back_leaves_no_hole(void **state)
{
	struct harness *h = begin(5);
	size_t first;
	(void)state;

	h->options.keep_us = 3600000000u;
	ship_close(&h->ship);
	ship_begin(h);
	run_steps(h, 100);
	drain(h);
	first = segments(h);
	ship_close(&h->ship);
	journal_abandon(&h->w.j);
	h->w.options.wall_offset_us -= 2 * 3600000000u;
	assert_int_equal(world_open(&h->w), ERR_NONE);
	ship_begin(h);
	attach_all(h, 2);
	run_steps(h, 100);
	drain(h);
	assert_true(first > 2 && segments(h) > first + 2);
	h->w.now_us += h->options.keep_us; /* the second life's are old enough, the first one's seem not to be */
	ship_run(h);
	assert_int_equal(holes(h), 0);
	h->w.now_us += 2 * h->options.keep_us;
	ship_run(h);
	assert_int_equal(holes(h), 0);
	assert_int_equal(segments(h), 1);
	end(h);
}

/* Every operation of the disk may fail once: shipping is late, not wrong. */
static void test_disk_errors(void **state)
{
	static const char *const kinds[] = { "write", "fsync", "rename", "open", "read", "list", "unlink" };
	unsigned int kind, n;
	(void)state;

	for (kind = 0; kind < 7; kind++)
		for (n = 1; n <= 12; n++) {
			struct harness *h = begin(n);
			struct disk_inject *inject;
			struct disk d;
			char spec[32];

			ship_close(&h->ship);
			assert_int_equal(disk_inject_new(&inject, &h->w.d), ERR_NONE);
			snprintf(spec, sizeof(spec), "%s:%u=EIO", kinds[kind], n);
			assert_int_equal(disk_inject_add(inject, spec, NULL), ERR_NONE);
			d = disk_inject_disk(inject);
			assert_int_equal(ship_open(&h->ship, &d, DIR, &table, &h->s, &h->options, NULL), ERR_NONE);
			run_steps(h, 150);
			drain(h);
			expect_all(h);
			ship_close(&h->ship);
			disk_inject_free(&inject);
			end(h);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_arrives_once_in_order),
		cmocka_unit_test(test_one_at_a_time_is_in_order),
		cmocka_unit_test(test_catches_up_after_an_outage),
		cmocka_unit_test(test_failing_and_silent_sinks),
		cmocka_unit_test(test_deletes_what_is_shipped_and_old),
		cmocka_unit_test(test_young_files_stay),
		cmocka_unit_test(test_survives_power_cuts),
		cmocka_unit_test(test_ships_reserve_and_ring),
		cmocka_unit_test(test_a_live_ring_waits),
		cmocka_unit_test(test_damaged_cursor_begins_again),
		cmocka_unit_test(test_a_cursor_behind_every_file_begins_again),
		cmocka_unit_test(test_F21_a_clock_that_goes_back_leaves_no_hole),
		cmocka_unit_test(test_a_full_disk_gets_room_from_what_is_acknowledged),
		cmocka_unit_test(test_a_full_disk_deletes_nothing_when_all_is_to_be_kept),
		cmocka_unit_test(test_F06_a_short_journal_gets_room_from_young_files),
		cmocka_unit_test(test_files_that_somebody_reads_stay),
		cmocka_unit_test(test_a_cursor_without_room_does_not_take_what_is_read),
		cmocka_unit_test(test_F06_a_small_disk_is_made_do),
		cmocka_unit_test(test_F06_a_dead_workers_ring_makes_room),
		cmocka_unit_test(test_F06_a_ring_that_was_replaced_makes_room),
		cmocka_unit_test(test_F06_what_lies_before_a_live_ring_makes_room),
		cmocka_unit_test(test_a_short_journal_does_not_wait_for_the_next_look),
		cmocka_unit_test(test_a_batch_names_the_file_it_begins_in),
		cmocka_unit_test(test_a_death_between_making_room_and_saving),
		cmocka_unit_test(test_a_death_at_any_change_that_makes_room),
		cmocka_unit_test(test_disk_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* One folder, many lives: the process dies in the middle of an operation, the power goes or does not, the disk is full or loses
 * a sync, and the next life builds on what lies there, while everything durable is shipped and what was shipped is deleted.
 *
 * The ledger stands outside: what each life called durable must be in the folder or with the sink, as it was said, and the
 * folder must verify after every death. CALLFUNNEL_LIVES=FROM:COUNT chooses other seeds than the usual ones. */
#include "journal_world.h"

#include "voice/shipping/ship.h"

enum { LIVES = 6, RECORDS = 1024 };

/* What is left of a life when it is over. */
struct past {
	struct promise said[WORLD_CALLS][RECORDS];
	uint64_t durable[WORLD_CALLS];
	bool lossy; /* its disk was full at some time: audio may be gone */
};

struct lives {
	struct world w;
	struct ship *ship;
	struct past past[LIVES + 1]; /* by epoch; 0 is unused */
	uint8_t shipped[LIVES + 1][WORLD_CALLS][RECORDS]; /* kind + 1 */
	struct { uint64_t id; size_t len; uint8_t *data; } out[16];
	size_t out_count;
	bool opened; /* once: from then on there is a keyring */
	uint64_t deleted, kills, cuts, stops;
};

/* ---- the sink ---- */

static void take_record(struct lives *l, const struct journal_record *r)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++)
		if (id128_equal(&l->w.calls[i].id, &r->header.call)) {
			assert_in_range(r->header.epoch, 1, LIVES);
			assert_in_range(r->header.sequence, 1, RECORDS - 1);
			l->shipped[r->header.epoch][i][r->header.sequence] = (uint8_t)(r->header.kind + 1);
			return;
		}
	fail_msg("a record of no call");
}

static enum err lives_send(void *arg, struct ship *ship, const struct ship_batch *b)
{
	struct lives *l = arg;
	(void)ship;

	assert_true(l->out_count < 16);
	l->out[l->out_count].data = malloc(b->len);
	assert_non_null(l->out[l->out_count].data);
	memcpy(l->out[l->out_count].data, b->data, b->len);
	l->out[l->out_count].id = b->id;
	l->out[l->out_count++].len = b->len;
	return ERR_NONE;
}

static void out_drop(struct lives *l, size_t n)
{
	free(l->out[n].data);
	memmove(&l->out[n], &l->out[n + 1], (--l->out_count - n) * sizeof(l->out[0]));
}

static void lives_cancel(void *arg, uint64_t id)
{
	struct lives *l = arg;
	size_t n;

	for (n = 0; n < l->out_count && l->out[n].id != id; n++)
		continue;
	assert_true(n < l->out_count);
	out_drop(l, n);
}

static const struct ship_sink table = { .name = "lives", .send = lives_send, .cancel = lives_cancel };

static void sink_acks(struct lives *l)
{
	while (l->out_count && world_random(&l->w) % 5) {
		struct journal_record r;
		uint64_t id = l->out[0].id;
		size_t at = 0;

		for (; at < l->out[0].len; at += r.raw_len) {
			assert_int_equal(journal_record_decode(&r, l->out[0].data + at, l->out[0].len - at), ERR_NONE);
			take_record(l, &r);
		}
		out_drop(l, 0);
		ship_acked(l->ship, id, ERR_NONE, l->w.now_us);
	}
}

static void ship_some(struct lives *l)
{
	uint64_t next;

	ship_limit(l->ship, journal_durable_position(l->w.j));
	assert_int_equal(ship_step(l->ship, l->w.now_us, l->w.now_us + l->w.options.wall_offset_us, &next), ERR_NONE);
	sink_acks(l);
}

/* ---- the ledger ---- */

static bool is_there(const struct lives *l, uint32_t epoch, unsigned int call, uint64_t sequence)
{
	return l->past[epoch].said[call][sequence].seen || l->shipped[epoch][call][sequence];
}

static void judge_life(struct lives *l, uint32_t epoch)
{
	unsigned int i;
	uint64_t n;

	for (i = 0; i < WORLD_CALLS; i++)
		for (n = 1; n <= l->past[epoch].durable[i]; n++) {
			if (is_there(l, epoch, i, n))
				continue;
			if (journal_kind_class(l->past[epoch].said[i][n].kind) != JOURNAL_CLASS_AUDIO || !l->past[epoch].lossy)
				fail_msg("life %u, call %u, record %u was durable and is gone", epoch, i, (unsigned int)n);
		}
}

static void judge_record(struct lives *l, struct journal_reader *reader, const struct journal_item *item)
{
	const struct journal_header *h = &item->record.header;
	const uint8_t *payload;
	size_t len;
	unsigned int i;

	assert_int_equal(journal_reader_payload(reader, item, &payload, &len), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++) {
		struct promise *p;

		if (!id128_equal(&l->w.calls[i].id, &h->call))
			continue;
		assert_in_range(h->epoch, 1, LIVES);
		assert_in_range(h->sequence, 1, RECORDS - 1);
		p = &l->past[h->epoch].said[i][h->sequence];
		assert_false(p->seen);
		p->seen = true;
		if (h->kind != JOURNAL_GAP)
			assert_int_equal(p->check, world_check(h->kind, payload, len));
	}
}

static void unsee(struct lives *l)
{
	uint32_t epoch;
	unsigned int i, n;

	for (epoch = 1; epoch <= LIVES; epoch++)
		for (i = 0; i < WORLD_CALLS; i++)
			for (n = 0; n < RECORDS; n++)
				l->past[epoch].said[i][n].seen = false;
}

/* What is gone at the beginning had been shipped, and the cursor says so, wherever the process died. */
static void judge_beginning(const struct disk *d, const struct journal_reader_counts *counts)
{
	struct journal_position shipped;

	if (!counts->gone.order)
		return;
	assert_int_equal(ship_cursor_read(d, DIR, &shipped), ERR_NONE);
	assert_true(shipped.order >= counts->gone.order);
	if (shipped.order == counts->gone.order)
		assert_true(shipped.offset + JOURNAL_RECORD_HEADER_BYTES >= counts->gone.offset);
}

static void judge(struct lives *l)
{
	struct disk plain = disk_virtual_disk(l->w.v);
	struct keyring_options keys = { .read_only = true };
	struct journal_reader_options options = { .fault = NULL };
	struct journal_reader *reader;
	struct journal_reader_counts counts;
	const struct journal_call_info *info;
	struct journal_item item;
	uint32_t epoch;
	size_t i;
	enum err err;

	unsee(l);
	err = keyring_open(&options.keyring, &plain, DIR, &keys, NULL);
	if (err == ERR_NOTFOUND && !l->opened)
		return; /* died before there was one */
	assert_int_equal(err, ERR_NONE);
	assert_int_equal(journal_reader_open(&reader, &plain, DIR, &options, NULL), ERR_NONE);
	while (!(err = journal_reader_next(reader, &item)))
		judge_record(l, reader, &item);
	assert_int_equal(err, ERR_NOTFOUND);
	counts = journal_reader_counts(reader);
	assert_int_equal(counts.missing_files, 0);
	assert_int_equal(counts.corrupt, 0);
	assert_int_equal(counts.foreign, 0);
	judge_beginning(&plain, &counts);
	for (i = 0; (info = journal_reader_call(reader, i)); i++) {
		assert_int_equal(journal_call_missing(info, counts.beginning_gone), 0);
		assert_int_equal(info->duplicates, 0);
	}
	journal_reader_close(&reader);
	keyring_close(&options.keyring);
	for (epoch = 1; epoch <= LIVES; epoch++)
		judge_life(l, epoch);
}

/* ---- a life ---- */

static void life_begin(struct lives *l, uint32_t epoch)
{
	struct ship_options options;
	unsigned int i;
	enum err err;

	for (i = 0; i < WORLD_CALLS; i++) {
		memset(l->w.calls[i].said, 0, sizeof(l->w.calls[i].said));
		l->w.calls[i].last = l->w.calls[i].durable = 0;
		l->w.calls[i].epoch = epoch;
		l->w.calls[i].journal = NULL;
	}
	l->w.worst = JOURNAL_OK;
	err = world_open(&l->w);
	assert_int_not_equal(err, ERR_NOTFOUND); /* no death costs a key that a record names */
	if (err) { /* a full disk, or one that stopped meanwhile: then nothing of this life was */
		disk_virtual_limit(l->w.v, 0);
		return;
	}
	l->opened = true;
	ship_options_defaults(&options);
	options.batch_bytes = 4096;
	options.idle_us = 200000;
	options.cursor_us = 100000;
	options.keep_us = 0;
	options.keep_all = world_random(&l->w) % 2;
	assert_int_equal(ship_open(&l->ship, &l->w.d, DIR, &table, l, &options, NULL), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		if (world_attach(&l->w, i))
			l->w.calls[i].journal = NULL;
}

/* Something happens to the disk now and then. */
static void trouble(struct lives *l)
{
	struct world *w = &l->w;

	switch (world_random(w) % 60) {
	case 0:
	case 1: disk_virtual_limit(w->v, disk_virtual_used(w->v) + world_random(w) % 6000); break;
	case 2: disk_virtual_limit(w->v, 0); break;
	case 3:
		disk_virtual_limit(w->v, 0);
		w->now_us += w->options.probe_us;
		break;
	case 4: w->now_us += w->options.probe_us; break;
	case 5: disk_virtual_fail_sync(w->v, 1 + world_random(w) % 6); break;
	}
}

static void life_step(struct lives *l)
{
	struct world *w = &l->w;
	unsigned int i;

	trouble(l);
	w->now_us += STEP_US;
	for (i = 0; i < WORLD_CALLS; i++) {
		if (!w->calls[i].journal || w->calls[i].last > RECORDS - 8)
			continue;
		(void)!world_append(w, i, JOURNAL_INPUTS, 10 + world_random(w) % 60);
		(void)!world_append(w, i, JOURNAL_AUDIO_CALLER, 160);
		if (world_random(w) % 20 == 0)
			(void)!world_append(w, i, JOURNAL_SNAPSHOT, 500 + world_random(w) % 2000);
	}
	if (world_random(w) % 3 == 0)
		(void)!world_commit(w);
	if (world_random(w) % 4 == 0)
		ship_some(l);
}

/* Goes into the ledger; then the process or the machine is dead. */
static void life_end(struct lives *l, uint32_t epoch)
{
	struct past *p = &l->past[epoch];
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++) {
		memcpy(p->said[i], l->w.calls[i].said, sizeof(p->said[i]));
		p->durable[i] = l->w.calls[i].durable;
	}
	p->lossy = l->w.worst >= JOURNAL_AUDIO_RING;
	if (world_random(&l->w) % 2) {
		disk_virtual_kill(l->w.v);
		l->kills++;
	} else {
		disk_virtual_crash(l->w.v, world_random(&l->w));
		l->cuts++;
	}
	ship_close(&l->ship);
	l->out_count = 0;
	journal_abandon(&l->w.j);
	l->w.stuck = NULL;
	disk_virtual_fail_sync(l->w.v, 0);
}

static void live(struct lives *l, uint32_t epoch)
{
	unsigned int steps = world_random(&l->w) % 120;
	unsigned int i;

	if (world_random(&l->w) % 2) {
		disk_virtual_stop(l->w.v, 1 + world_random(&l->w) % 150);
		l->stops++;
	}
	life_begin(l, epoch);
	for (i = 0; i < steps && l->w.j; i++)
		life_step(l);
	if (l->w.j)
		l->deleted += ship_counts(l->ship).deleted_files;
	life_end(l, epoch);
	judge(l);
}

static struct lives *lives_run(uint64_t seed)
{
	struct lives *l = calloc(1, sizeof(*l));
	uint32_t epoch;

	assert_non_null(l);
	world_begin(&l->w, seed);
	for (epoch = 1; epoch <= LIVES; epoch++)
		live(l, epoch);
	world_end(&l->w);
	return l;
}

static void test_many_lives(void **state)
{
	const char *chosen = getenv("CALLFUNNEL_LIVES");
	uint64_t from = 1, count = 100, seed;
	uint64_t deleted = 0, kills = 0, cuts = 0, stops = 0;
	(void)state;

	if (chosen)
		assert_int_equal(sscanf(chosen, "%lu:%lu", &from, &count), 2);
	for (seed = from; seed < from + count; seed++) {
		struct lives *l;

		if (chosen)
			fprintf(stderr, "\rseed %lu ", seed);
		l = lives_run(seed);
		deleted += l->deleted;
		kills += l->kills;
		cuts += l->cuts;
		stops += l->stops;
		free(l);
	}
	assert_true(deleted > count && kills > count && cuts > count && stops > count);
}

/* ---- one death at a time ---- */

static void begin_full(struct world *w, uint64_t seed)
{
	unsigned int i;

	world_begin(w, seed);
	assert_int_equal(world_open(w), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++)
		assert_int_equal(world_attach(w, i), ERR_NONE);
	for (i = 0; i < 20; i++)
		world_step(w);
	assert_int_equal(world_commit(w), ERR_NONE);
	disk_virtual_limit(w->v, disk_virtual_used(w->v));
}

/* What the dead process called durable is in the ledger of its calls; now they are others. */
static void next_life(struct world *w)
{
	unsigned int i;

	disk_virtual_limit(w->v, 0);
	assert_int_equal(world_open(w), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++) {
		memset(w->calls[i].said, 0, sizeof(w->calls[i].said));
		w->calls[i].last = w->calls[i].durable = 0;
		w->calls[i].epoch++;
		assert_int_equal(world_attach(w, i), ERR_NONE);
	}
	for (i = 0; i < 10; i++)
		world_step(w);
	assert_int_equal(world_commit(w), ERR_NONE);
}

static unsigned int count_files(struct world *w, enum journal_role role, bool whole)
{
	struct disk plain = disk_virtual_disk(w->v);
	struct journal_files f;
	unsigned int n = 0;
	size_t i;

	assert_int_equal(journal_files_list(&f, &plain, DIR), ERR_NONE);
	for (i = 0; i < f.count; i++)
		n += f.items[i].header.role == role && !f.items[i].err == whole;
	journal_files_free(&f);
	return n;
}

/* A reserve that found no room is removed again; a power cut may bring it back, empty. Its number is that of no file. */
static void test_F06_a_removed_spare_comes_back(void **state)
{
	unsigned int came_back = 0;
	uint64_t seed;
	(void)state;

	for (seed = 2; seed < 100; seed += 3) {
		struct world w;
		unsigned int i;

		begin_full(&w, seed);
		for (i = 0; i < 6; i++) {
			w.now_us += w.options.probe_us;
			world_step(&w);
			assert_int_equal(world_commit(&w), ERR_NONE);
		}
		assert_int_equal(journal_health(w.j), JOURNAL_AUDIO_RING);
		world_cut(&w, seed);
		came_back += count_files(&w, JOURNAL_ROLE_RESERVE, false);
		next_life(&w);
		assert_int_equal(count_files(&w, JOURNAL_ROLE_RESERVE, false), 0); /* thrown away */
		world_judge(&w, true);
		world_end(&w);
	}
	assert_true(came_back > 5);
}

/* The process dies at the nth operation on a full disk; the next life sees what it wrote, goes on behind it, and then the power
 * goes, which takes all that was never synced. How many spares had been begun? */
static unsigned int die_then_cut(unsigned int nth, unsigned int failing_sync)
{
	struct world w;
	unsigned int i, begun;

	begin_full(&w, nth);
	disk_virtual_stop(w.v, nth);
	for (i = 0; i < 40; i++)
		world_step(&w);
	disk_virtual_kill(w.v);
	journal_abandon(&w.j);
	w.stuck = NULL;
	begun = count_files(&w, JOURNAL_ROLE_RESERVE, true) + count_files(&w, JOURNAL_ROLE_RING, true);
	disk_virtual_fail_sync(w.v, failing_sync);
	next_life(&w);
	world_cut(&w, 0);
	world_judge(&w, true);
	world_end(&w);
	return begun;
}

/* … also when one of the syncs with which the next life begins fails. */
static void test_F06_a_death_then_a_cut(void **state)
{
	unsigned int nth, failing_sync, begun = 0;
	(void)state;

	for (nth = 1; nth <= 24; nth++)
		for (failing_sync = 0; failing_sync <= 4; failing_sync++)
			begun += die_then_cut(nth, failing_sync);
	assert_true(begun > 50);
}

/* A reserve or a ring that was used and is gone is missed, also beside a spare that never was. */
static void test_a_used_spare_that_is_gone_is_missed(void **state)
{
	static const char *const names[] = { DIR "/reserve-0000000000000001.cfj", DIR "/ring-0000000000000002.cfj",
		DIR "/seg-0000000000000003.cfj" };
	size_t n;
	(void)state;

	for (n = 0; n < 3; n++) {
		struct world w;
		struct disk_file *f;
		struct journal_reader *reader;
		unsigned int i;

		begin_full(&w, n + 1);
		for (i = 0; i < 10; i++)
			world_step(&w);
		world_cut(&w, 0);
		next_life(&w);
		assert_int_equal(disk_open(&w.d, &f, DIR "/reserve-00000000000000ff.cfj", DISK_WRITE | DISK_CREATE), ERR_NONE);
		disk_close(&f);
		assert_int_equal(disk_unlink(&w.d, names[n]), ERR_NONE);
		assert_int_equal(journal_reader_open(&reader, &w.d, DIR, NULL, NULL), ERR_NONE);
		if (n < 2) {
			assert_int_equal(journal_reader_counts(reader).missing_files, 1);
		} else {
			assert_true(journal_reader_counts(reader).beginning_gone);
		}
		journal_reader_close(&reader);
		world_end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_F06_a_removed_spare_comes_back),
		cmocka_unit_test(test_F06_a_death_then_a_cut),
		cmocka_unit_test(test_a_used_spare_that_is_gone_is_missed),
		cmocka_unit_test(test_many_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the journal's tests share: a disk in memory, a few calls that append, and a ledger of what was promised.
 *
 * The ledger stands outside the journal: it remembers what was appended, and what the journal called durable. world_judge
 * reads the folder as it lies there and holds it against the ledger.
 */
#ifndef TESTS_JOURNAL_WORLD_H
#define TESTS_JOURNAL_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "voice/journal/journal.h"
#include "voice/journal/journal_read.h"

#define DIR "/v/journal"

enum { WORLD_CALLS = 3, WORLD_RECORDS = 4096, STEP_US = 20000 };

struct promise {
	uint32_t check; /* of kind and payload */
	uint8_t kind;
	bool seen;
};

struct world_call {
	struct id128 tenant, id;
	uint32_t epoch;
	struct journal_call *journal;
	struct promise said[WORLD_RECORDS]; /* [sequence]; 0 is unused */
	uint64_t last, durable;
	struct journal_gap gaps[256];
	size_t gap_count;
};

struct world {
	struct disk_virtual *v;
	struct disk_inject *inject; /* may be NULL */
	struct disk d;              /* what the journal sees */
	struct journal_options options;
	struct journal *j;
	struct world_call calls[WORLD_CALLS];
	uint64_t now_us;
	uint64_t random;
	struct journal_batch *stuck;
	uint64_t retry_us;
	uint64_t refused_audio, refused_events;
	enum journal_health worst;
};

static inline uint32_t world_random(struct world *w)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->random >> 33);
}

static inline void world_durable(void *arg, struct journal_call *c, uint64_t sequence)
{
	struct world_call *call = journal_call_owner(c);
	(void)arg;

	assert_true(sequence > call->durable && sequence <= journal_call_last(c));
	call->durable = sequence;
}

static inline struct id128 world_id(uint8_t what, uint32_t n)
{
	struct id128 id = { .bytes = { what, 0x11, 0x22 } };

	put_le32(id.bytes + 12, n);
	return id;
}

static inline enum err world_open(struct world *w)
{
	struct journal_recovery recovery;
	struct err_detail detail;
	enum err err = journal_open(&w->j, &w->d, DIR, &w->options, w->now_us, &recovery, &detail);

	if (!err)
		journal_durable_handler(w->j, world_durable, w);
	return err;
}

static inline enum err world_attach(struct world *w, unsigned int n)
{
	struct world_call *c = &w->calls[n];
	enum err err = journal_call_open(w->j, &c->journal, &c->tenant, &c->id, c->epoch, w->now_us);

	if (!err)
		journal_call_set_owner(c->journal, c);
	return err;
}

static inline void world_begin(struct world *w, uint64_t seed)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->random = seed * 2654435761u + 12345;
	w->now_us = 1000000;
	journal_options_defaults(&w->options);
	w->options.segment_bytes = 24 * 1024;
	w->options.reserve_bytes = 32 * 1024;
	w->options.ring_bytes = 16 * 1024;
	w->options.buffer_bytes = 256 * 1024;
	w->options.event_buffer_bytes = 64 * 1024;
	w->options.calls_max = 8;
	w->options.wall_offset_us = 1700000000000000u;
	assert_int_equal(disk_virtual_new(&w->v), ERR_NONE);
	w->d = disk_virtual_disk(w->v);
	for (i = 0; i < WORLD_CALLS; i++) {
		w->calls[i].tenant = world_id(0x70, i & 1);
		w->calls[i].id = world_id(0xca, i);
		w->calls[i].epoch = 1;
	}
}

static inline void world_inject(struct world *w, const char *spec)
{
	struct disk inner = disk_virtual_disk(w->v);

	if (!w->inject) {
		assert_int_equal(disk_inject_new(&w->inject, &inner), ERR_NONE);
		w->d = disk_inject_disk(w->inject);
	}
	if (spec)
		assert_int_equal(disk_inject_add(w->inject, spec, NULL), ERR_NONE);
}

/* The power goes. */
static inline void world_cut(struct world *w, uint64_t seed)
{
	disk_virtual_crash(w->v, seed);
	journal_abandon(&w->j);
	w->stuck = NULL;
	disk_inject_free(&w->inject);
	w->d = disk_virtual_disk(w->v);
}

static inline void world_end(struct world *w)
{
	journal_abandon(&w->j);
	disk_inject_free(&w->inject);
	disk_virtual_free(&w->v);
}

static inline uint32_t world_check(uint8_t kind, const void *payload, size_t len)
{
	return journal_checksum(payload, len) * 31 + kind;
}

static inline enum err world_append(struct world *w, unsigned int n, uint8_t kind, size_t len)
{
	struct world_call *c = &w->calls[n];
	uint8_t payload[8192];
	size_t i;
	uint64_t sequence;
	enum err err;

	for (i = 0; i < len; i++)
		payload[i] = (uint8_t)world_random(w);
	err = journal_append(c->journal, kind, payload, len, w->now_us);
	if (err) {
		if (journal_kind_class(kind) == JOURNAL_CLASS_AUDIO)
			w->refused_audio++;
		else
			w->refused_events++;
		return err;
	}
	sequence = journal_call_last(c->journal); /* a GAP may have come before it */
	assert_true(sequence < WORLD_RECORDS);
	c->said[sequence] = (struct promise){ .check = world_check(kind, payload, len), .kind = kind };
	c->last = sequence;
	return ERR_NONE;
}

/* One commit, or another try of the one that failed. */
static inline enum err world_commit(struct world *w)
{
	struct journal_batch *b = w->stuck ? w->stuck : journal_batch_take(w->j, w->now_us);
	enum err err;

	if (!b || (w->stuck && w->now_us < w->retry_us))
		return ERR_NONE;
	err = journal_batch_write(w->j, b, w->now_us);
	w->stuck = err ? b : NULL;
	w->retry_us = w->now_us + w->options.retry_us;
	if (!err)
		journal_batch_done(w->j, b, w->now_us);
	if (journal_health(w->j) > w->worst)
		w->worst = journal_health(w->j);
	return err;
}

/* 20 ms of three calls: inputs, both tracks, now and then a snapshot; commits as a loop would. */
static inline void world_step(struct world *w)
{
	unsigned int i;

	w->now_us += STEP_US;
	for (i = 0; i < WORLD_CALLS; i++) {
		(void)!world_append(w, i, JOURNAL_INPUTS, 10 + world_random(w) % 60);
		(void)!world_append(w, i, JOURNAL_AUDIO_CALLER, 160);
		if (world_random(w) % 2)
			(void)!world_append(w, i, JOURNAL_AUDIO_AGENT, 160);
		if (world_random(w) % 40 == 0)
			(void)!world_append(w, i, JOURNAL_SNAPSHOT, 1000 + world_random(w) % 2000);
	}
	if (world_random(w) % 3 == 0)
		(void)!world_commit(w);
}

struct world_reading {
	struct world *world;
	struct journal_reader *reader;
	struct keyring *keyring;
	uint64_t broken;
};

static inline void world_read_one(struct world_reading *r, const struct journal_item *item)
{
	const struct journal_header *h = &item->record.header;
	const uint8_t *payload;
	size_t len;
	unsigned int i;

	assert_int_equal(journal_reader_payload(r->reader, item, &payload, &len), ERR_NONE);
	for (i = 0; i < WORLD_CALLS; i++) {
		struct world_call *c = &r->world->calls[i];
		struct promise *p;

		if (!id128_equal(&c->id, &h->call) || c->epoch != h->epoch)
			continue;
		assert_true(id128_equal(&c->tenant, &h->tenant));
		assert_true(h->sequence && h->sequence < WORLD_RECORDS);
		p = &c->said[h->sequence];
		assert_false(p->seen); /* never twice */
		p->seen = true;
		if (h->kind == JOURNAL_GAP) {
			assert_true(c->gap_count < 256);
			assert_int_equal(journal_gap_decode(&c->gaps[c->gap_count++], payload, len), ERR_NONE);
			continue;
		}
		assert_int_equal(p->kind, h->kind);
		assert_int_equal(p->check, world_check(h->kind, payload, len));
		return;
	}
}

static inline bool world_gap_covers(const struct world_call *c, uint64_t sequence)
{
	size_t i;

	for (i = 0; i < c->gap_count; i++)
		if (c->gaps[i].first_sequence && sequence >= c->gaps[i].first_sequence && sequence <= c->gaps[i].last_sequence)
			return true;
	return false;
}

/* Everything that was called durable is there, once, as it was said; nothing is called corrupt or missing. Returns the
 * number of audio records that are gone (which only a full disk may cause). */
static inline uint64_t world_judge(struct world *w, bool gaps_must_cover)
{
	struct world_reading r = { .world = w };
	struct keyring_options keys = { .read_only = true };
	struct journal_reader_options options = { .fault = NULL };
	struct disk plain = disk_virtual_disk(w->v);
	struct journal_item item;
	struct journal_reader_counts counts;
	const struct journal_call_info *info;
	uint64_t gone = 0, sequence;
	enum err err;
	size_t i;

	assert_int_equal(keyring_open(&r.keyring, &plain, DIR, &keys, NULL), ERR_NONE);
	options.keyring = r.keyring;
	assert_int_equal(journal_reader_open(&r.reader, &plain, DIR, &options, NULL), ERR_NONE);
	while (!(err = journal_reader_next(r.reader, &item)))
		world_read_one(&r, &item);
	assert_int_equal(err, ERR_NOTFOUND);
	for (i = 0; i < WORLD_CALLS; i++)
		for (sequence = 1; sequence <= w->calls[i].durable; sequence++) {
			const struct promise *p = &w->calls[i].said[sequence];

			if (p->seen)
				continue;
			assert_int_equal(journal_kind_class(p->kind), JOURNAL_CLASS_AUDIO);
			assert_true(w->worst >= JOURNAL_AUDIO_RING);
			if (gaps_must_cover)
				assert_true(world_gap_covers(&w->calls[i], sequence));
			gone++;
		}
	counts = journal_reader_counts(r.reader);
	assert_int_equal(counts.corrupt, 0);
	assert_int_equal(counts.foreign, 0);
	assert_int_equal(counts.missing_files, 0);
	for (i = 0; (info = journal_reader_call(r.reader, i)); i++) {
		assert_int_equal(journal_call_missing(info, counts.beginning_gone), 0);
		assert_int_equal(info->duplicates, 0);
	}
	journal_reader_close(&r.reader);
	keyring_close(&r.keyring);
	return gone;
}

static inline void world_forget_seen(struct world *w)
{
	size_t i, n;

	for (i = 0; i < WORLD_CALLS; i++) {
		w->calls[i].gap_count = 0;
		for (n = 0; n < WORLD_RECORDS; n++)
			w->calls[i].said[n].seen = false;
	}
}

#endif

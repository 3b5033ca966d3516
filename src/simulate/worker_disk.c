/* What a worker of a scene writes, and what becomes of it: journal, shipping, disk, and the facts for an external ledger. The journal is
 * driven by its phases: a batch is taken every eighty milliseconds, written at once and published when the simulated sync is done.
 * What is shipped stays, unless the disk gets full: then it makes room. */
#include "simulate/worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "simulate/sink.h"
#include "voice/journal/journal_read.h"

#define COMMIT_US (50 * MS_US) /* as the journal's own thread: with the 100 ms that steps wait, 32 ms until the next is there to see it, and a sync: within 200 ms */

/* ---- facts for an external ledger: one line each, written before or when the world is told ---- */

/* Who has named the ledger puts its name to this. */
static void ledger_fail(struct scene *s)
{
	struct err_detail *detail = s->options.detail;
	int error = errno;

	s->failed = true;
	if (!detail || detail->message[0])
		return;
	snprintf(detail->message, sizeof(detail->message), "the ledger cannot be written: %s", strerror(error));
	snprintf(detail->hint, sizeof(detail->hint), "%s", error == ENOSPC ? "make room there, or name a file elsewhere" : "name a file that can be written");
}

void worker_fact(struct scene *s, const char *fmt, ...)
{
	char line[256], id[33];
	va_list args;
	int n, m;

	if (s->options.ledger < 0)
		return;
	id128_print(&s->call_id, id);
	n = snprintf(line, sizeof(line), "%s ", id);
	va_start(args, fmt);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, args);
	va_end(args);
	n += m < (int)sizeof(line) - n - 1 ? m : (int)sizeof(line) - n - 2;
	line[n++] = '\n';
	if (write(s->options.ledger, line, (size_t)n) != n)
		ledger_fail(s);
}

void scene_fact_effect(struct scene *s, const struct ledger_entry *e)
{
	worker_fact(s, "effect %u %u %.*s", e->turn, e->index, (int)e->name_len, e->name);
}

void scene_dispatch(struct scene *s)
{
	worker_fact(s, "dispatch %u", ++s->conductor.dispatches);
	if (s->options.inject && disk_inject_count(s->options.inject, "dispatch"))
		s->failed = true;
}

/* ---- the journal ---- */

static void dice_bytes(void *arg, void *out, size_t len)
{
	struct scene *s = arg;
	uint8_t *at = out;

	while (len--)
		*at++ = (uint8_t)(dice_next(&s->disk_dice) >> 33);
}

/* A small disk holds its spares and a few segments: not of a call that is to be kept, all of it. */
static bool disk_is_small(const struct scene *s)
{
	return s->virtual_disk && !s->options.keep && (s->plan.armed & FAULT_BIT(FAULT_DISK_SMALL));
}

static void journal_settings(struct scene *s, struct journal_options *o)
{
	journal_options_defaults(o);
	o->segment_bytes = 1 << 20;
	o->reserve_bytes = 64 << 10;
	o->ring_bytes = 128 << 10;
	o->buffer_bytes = 1 << 20;
	o->event_buffer_bytes = 256 << 10;
	o->calls_max = 4;
	o->retry_us = 200 * MS_US;
	o->probe_us = 1 * S_US;
	o->wall_offset_us = WALL_US;
	o->log_call = s->log_call;
	if (s->virtual_disk && (s->plan.armed & FAULT_BIT(FAULT_DISK_STOPPED)))
		o->reserve_bytes = 4 << 10;
	if (disk_is_small(s)) {
		o->segment_bytes = 16 << 10;
		o->reserve_bytes = 40 << 10;
		o->ring_bytes = 32 << 10;
	}
	if (s->virtual_disk) {
		o->random = dice_bytes;
		o->random_arg = s;
	}
}

static enum err shipping_begin(struct scene *s)
{
	struct ship_options ship;
	enum err err;

	ship_options_defaults(&ship);
	ship.backoff_max_us = 2 * S_US;
	ship.ack_timeout_us = 3 * S_US;
	ship.idle_us = 5 * S_US;
	ship.keep_all = !s->virtual_disk || s->options.keep; /* who looks at the folder afterwards wants all of it */
	ship.log_call = s->log_call;
	err = ship_open(&s->ship, &s->disk, s->dir, &simulated_sink, s, &ship, NULL);
	if (!err)
		ship_limit(s->ship, journal_durable_position(s->journal));
	return err;
}

enum err worker_journal_begin(struct scene *s)
{
	struct journal_options options;
	enum err err;

	journal_settings(s, &options);
	err = journal_open(&s->journal, &s->disk, s->dir, &options, s->world.now_us, NULL, s->options.detail);
	if (!err && !s->epoch && journal_health(s->journal) != JOURNAL_OK)
		err = ERR_FULL; /* a call that lives is taken over all the same, a new one is not */
	if (!err) {
		do
			err = journal_call_open(s->journal, &s->journal_call, &s->tenant_id, &s->call_id, ++s->epoch, s->world.now_us);
		while (err == ERR_EXISTS && s->epoch < 1000);
	}
	if (!err)
		err = shipping_begin(s);
	if (err)
		return err;
	s->told_durable = 0;
	world_after(&s->world, &s->commit, COMMIT_US);
	world_after(&s->world, &s->ship_tick, 200 * MS_US);
	worker_fact(s, "epoch %u", s->epoch);
	return ERR_NONE;
}

static void published(struct scene *s)
{
	uint64_t durable = s->journal_call ? journal_call_durable(s->journal_call) : 0;

	if (durable > s->told_durable) {
		s->told_durable = durable;
		judge_durable(&s->judge, s->epoch, durable);
		worker_fact(s, "durable %u %llu", s->epoch, (unsigned long long)durable);
	}
	if (!s->ship)
		return;
	ship_limit(s->ship, journal_durable_position(s->journal));
	s->ship_stale = true;
	if (s->finished)
		world_at(&s->world, &s->ship_tick, s->world.now_us);
}

static uint64_t sync_time(struct scene *s)
{
	if (s->world.now_us < s->sync_us)
		return dice_ms(&s->disk_dice, 100, 400);
	return dice_ms(&s->disk_dice, 1, 12);
}

/* The ship is told how the journal is; while a small disk is full, its fault lasts. */
static void health_tell(struct scene *s)
{
	bool is_short = journal_health(s->journal) != JOURNAL_OK;

	if (is_short && disk_is_small(s))
		fault_lasts(&s->plan, FAULT_DISK_SMALL, s->world.now_us);
	if (s->ship)
		ship_short(s->ship, is_short);
}

/* Takes what waits and writes it; or publishes what was written when its sync is done. */
static void on_commit(void *arg)
{
	struct scene *s = arg;
	uint64_t now = s->world.now_us;

	if (s->batch && s->batch_written) {
		journal_batch_done(s->journal, s->batch, now);
		s->batch = NULL;
		published(s);
		world_after(&s->world, &s->commit, COMMIT_US);
		return;
	}
	if (!s->batch)
		s->batch = journal_batch_take(s->journal, now);
	if (!s->batch) {
		world_after(&s->world, &s->commit, COMMIT_US);
		return;
	}
	s->batch_written = journal_batch_write(s->journal, s->batch, now) == ERR_NONE;
	health_tell(s);
	world_after(&s->world, &s->commit, s->batch_written ? sync_time(s) : 200 * MS_US);
}

static void on_ship(void *arg)
{
	struct scene *s = arg;
	uint64_t next = 0;

	if (!s->ship)
		return;
	s->ship_stale = false;
	if (ship_step(s->ship, s->world.now_us, WALL_US + s->world.now_us, &next))
		s->failed = true;
	if (next < s->world.now_us + 1 * S_US)
		next = s->world.now_us + 1 * S_US; /* batches, not drops */
	world_at(&s->world, &s->ship_tick, next);
}

void worker_ship_close(struct scene *s)
{
	if (s->ship)
		s->totals.deleted += ship_counts(s->ship).deleted_files;
	ship_close(&s->ship);
}

/* Frees what a dead process leaves behind; the disk decides what it kept. */
void worker_journal_die(struct scene *s)
{
	if (s->virtual_disk)
		disk_virtual_crash(s->virtual_disk, dice_next(&s->death_dice));
	worker_ship_close(s);
	journal_abandon(&s->journal);
	s->journal_call = NULL;
	s->batch = NULL;
	world_forget(&s->world, &s->commit);
	world_forget(&s->world, &s->ship_tick);
}

/* ---- what may befall the disk ---- */

/* Room for what makes up a full disk once more, and for some seconds of the call. */
static void disk_shrink(struct scene *s)
{
	s->disk_limit = disk_virtual_used(s->virtual_disk) + (88 << 10) + dice_below(&s->disk_dice, 48 << 10);
	disk_virtual_limit(s->virtual_disk, s->disk_limit);
}

/* 0: as ever. */
static void disk_limit_set(struct scene *s, uint64_t bytes)
{
	if (!bytes || (s->disk_limit && s->disk_limit < bytes))
		bytes = s->disk_limit;
	disk_virtual_limit(s->virtual_disk, bytes);
}

void worker_disk_faults(struct scene *s, uint64_t now)
{
	if (fault_strikes(&s->plan, FAULT_DISK_SLOW, now))
		s->sync_us = now + dice_ms(&s->disk_dice, 2000, 8000);
	if (!s->virtual_disk)
		return;
	if (fault_strikes(&s->plan, FAULT_DISK_SYNC, now))
		disk_virtual_fail_sync(s->virtual_disk, 1);
	if (disk_is_small(s) && fault_strikes(&s->plan, FAULT_DISK_SMALL, now))
		disk_shrink(s);
	if (fault_strikes(&s->plan, FAULT_DISK_FULL, now)) {
		disk_limit_set(s, disk_virtual_used(s->virtual_disk) + 4096);
		s->disk_full_until_us = now + dice_ms(&s->disk_dice, 2000, 12000);
	}
	if (fault_strikes(&s->plan, FAULT_DISK_STOPPED, now)) {
		disk_limit_set(s, disk_virtual_used(s->virtual_disk));
		s->disk_full_until_us = now + dice_ms(&s->disk_dice, 4000, 16000);
	}
	if (s->disk_full_until_us && now >= s->disk_full_until_us) {
		disk_limit_set(s, 0);
		s->disk_full_until_us = 0;
	}
}

/* ---- what is kept of it ---- */

enum err worker_keep(struct scene *s)
{
	char name[64];
	struct journal_reader_options options = { .call = &s->call_id };
	struct keyring_options keys = { .read_only = true };
	enum err err;

	if (!s->options.keep)
		return ERR_NONE;
	err = keyring_open((struct keyring **)&options.keyring, &s->disk, s->dir, &keys, NULL);
	if (err)
		return err;
	snprintf(name, sizeof(name), "seed%llu-call%llu.cfj", (unsigned long long)s->seed, (unsigned long long)s->call);
	err = journal_export(&s->disk, s->dir, &options, s->dir, name, NULL);
	keyring_close((struct keyring **)&options.keyring);
	if (!err) {
		char path[DISK_PATH_MAX];

		buf_reset(&s->scratch);
		err = disk_path(path, s->dir, name);
		if (!err)
			err = disk_load(&s->disk, path, &s->scratch);
		if (!err)
			err = disk_unlink(&s->disk, path); /* it is in clear, and no part of the journal */
		if (!err)
			err = disk_replace(&disk_real, s->options.keep, name, s->scratch.data, s->scratch.len);
	}
	return err;
}

void worker_disk_init(struct scene *s)
{
	s->commit = (struct event){ on_commit, s, 0 };
	s->ship_tick = (struct event){ on_ship, s, 0 };
}

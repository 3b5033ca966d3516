/* Opening, committing, shipping, dying, attaching, closing. The journal is driven by its phases: a batch is taken every eighty
 * milliseconds, written at once and published when the simulated sync is done. */
#include "simulate/worker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulate/sink.h"
#include "voice/journal_read.h"

#define COMMIT_US (80 * MS_US) /* with the 100 ms that steps may wait, and a sync: within 200 ms */

static const char VIRTUAL_DIR[] = "journal";

/* ---- facts for an external ledger: one line each, written before or when the world is told ---- */

static void fact(struct scene *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void fact(struct scene *s, const char *fmt, ...)
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
		s->failed = true;
}

void scene_fact_effect(struct scene *s, const struct ledger_entry *e)
{
	fact(s, "effect %u %u %.*s", e->turn, e->index, (int)e->name_len, e->name);
}

void scene_dispatch(struct scene *s)
{
	fact(s, "dispatch %u", ++s->conductor.dispatches);
	if (s->options.inject && disk_inject_count(s->options.inject, "dispatch"))
		s->failed = true;
}

/* ---- what the session is given ---- */

static uint64_t io_now(void *arg)
{
	return ((struct scene *)arg)->world.now_us;
}

static void io_wake(void *arg, uint64_t at_us)
{
	struct scene *s = arg;

	if (at_us == UINT64_MAX)
		world_forget(&s->world, &s->woken);
	else
		world_at(&s->world, &s->woken, at_us);
}

static void io_snapshot(void *arg, const void *data, size_t len)
{
	conductor_snapshot(&((struct scene *)arg)->conductor, data, len);
}

static void io_ended(void *arg, enum end_reason reason)
{
	struct scene *s = arg;

	s->finished = true;
	s->finished_us = s->world.now_us;
	(void)reason;
}

static void io_make(struct scene *s, struct session_io *io)
{
	*io = (struct session_io){ .arg = s, .now_us = io_now, .wake = io_wake, .snapshot = io_snapshot, .ended = io_ended,
		.stepped = scene_stepped, .media = &simulated_media, .socket = &s->carrier, .stt = &simulated_stt, .stt_vendor = &s->recogniser,
		.llm = &simulated_llm, .llm_vendor = &s->model, .tts = &simulated_tts, .tts_vendor = &s->talker, .tools = &simulated_tools,
		.conductor = &s->conductor, .journal = s->journal_call, .record_audio = s->audio, .direction = CALL_INBOUND };
	io->wall_us = WALL_US + s->opened_us;
	io->log_call = s->log_call;
}

/* ---- the journal ---- */

static void dice_bytes(void *arg, void *out, size_t len)
{
	struct scene *s = arg;
	uint8_t *at = out;

	while (len--)
		*at++ = (uint8_t)(dice_next(&s->disk_dice) >> 33);
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
	if (s->virtual_disk) {
		o->random = dice_bytes;
		o->random_arg = s;
	}
}

static enum err journal_begin(struct scene *s)
{
	struct journal_options options;
	struct ship_options ship;
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
	if (err)
		return err;
	ship_options_defaults(&ship);
	ship.backoff_max_us = 2 * S_US;
	ship.ack_timeout_us = 3 * S_US;
	ship.idle_us = 5 * S_US;
	ship.keep_all = true;
	ship.log_call = s->log_call;
	err = ship_open(&s->ship, &s->disk, s->dir, &simulated_sink, s, &ship, NULL);
	if (!err)
		ship_limit(s->ship, journal_durable_position(s->journal));
	s->told_durable = 0;
	world_after(&s->world, &s->commit, COMMIT_US);
	world_after(&s->world, &s->ship_tick, 200 * MS_US);
	fact(s, "epoch %u", s->epoch);
	return err;
}

static void published(struct scene *s)
{
	uint64_t durable = s->journal_call ? journal_call_durable(s->journal_call) : 0;

	if (durable > s->told_durable) {
		s->told_durable = durable;
		fact(s, "durable %u %llu", s->epoch, (unsigned long long)durable);
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

/* Frees what a dead process leaves behind; the disk decides what it kept. */
static void journal_die(struct scene *s)
{
	if (s->virtual_disk)
		disk_virtual_crash(s->virtual_disk, dice_next(&s->death_dice));
	ship_close(&s->ship);
	journal_abandon(&s->journal);
	s->journal_call = NULL;
	s->batch = NULL;
	world_forget(&s->world, &s->commit);
	world_forget(&s->world, &s->ship_tick);
}

/* ---- the session ---- */

static void sabotage(struct scene *s)
{
	static const uint8_t guards[PROMISES] = { [P01] = GUARD_P01, [P02] = GUARD_P02, [P03] = GUARD_P03, [P04] = GUARD_P04,
		[P05] = GUARD_P05, [P06] = GUARD_P06, [P08] = GUARD_P08, [P09] = GUARD_P09, [P10] = GUARD_P10, [P12] = GUARD_P12,
		[P13] = GUARD_P13, [P14] = GUARD_P14, [P15] = GUARD_P15, [P24] = GUARD_P24, [N5] = GUARD_N5 };
	static const uint8_t shells[PROMISES] = { [P08] = SESSION_GUARD_P08, [N3] = SESSION_GUARD_N3, [N4] = SESSION_GUARD_N4,
		[N5] = SESSION_GUARD_N5 };
	int promise = s->options.sabotage;

	if (promise < 0)
		return;
	if (guards[promise])
		call_sabotage(session_call(s->session), (enum call_guard)guards[promise]);
	if (shells[promise])
		session_sabotage(s->session, (enum session_guard)shells[promise]);
}

enum err worker_open(struct scene *s)
{
	struct session_io io;
	enum err err = ERR_NONE;
	uint64_t id[2] = { dice_next(&s->plan_dice), s->call };

	memcpy(s->call_id.bytes, id, 16);
	memset(s->tenant_id.bytes, 0x11, 16);
	s->epoch = 0;
	s->disk = s->options.disk ? *s->options.disk : (struct disk){ 0 };
	s->dir = s->options.disk ? s->options.dir : VIRTUAL_DIR;
	if (!s->options.disk) {
		err = disk_virtual_new(&s->virtual_disk);
		if (err)
			return err;
		s->disk = disk_virtual_disk(s->virtual_disk);
	}
	err = journal_begin(s);
	if (err)
		return err;
	io_make(s, &io);
	err = session_open(&s->session, &io, &s->settings, &s->brief, s->opened_us);
	if (err)
		return err;
	sabotage(s);
	world_after(&s->world, &s->tick, 1 * S_US);
	return ERR_NONE;
}

/* A core that was saved and loaded takes the place of the one that was not: the replay at the end tells any difference. */
static void core_swap(struct scene *s)
{
	struct call *loaded;

	buf_reset(&s->scratch);
	call_save(session_call(s->session), &s->scratch);
	judge_exercise(&s->judge, SAVED);
	if (s->scratch.err || call_load(&loaded, s->scratch.data, s->scratch.len)) {
		judge_fail(&s->judge, SAVED, "a call that was saved does not load");
		return;
	}
	session_swap_call(s->session, loaded);
	s->swapped = true;
	s->swaps++;
}

static void session_end(struct scene *s)
{
	session_usage(s->session, &s->usage);
	s->closing = true;
	session_close(&s->session);
	s->closing = false;
	world_forget(&s->world, &s->woken);
	journal_call_close(&s->journal_call, s->world.now_us);
	caller_stop(&s->caller);
	world_after(&s->world, &s->drained, 100 * MS_US);
}

void worker_after(struct scene *s)
{
	if (!s->session)
		return;
	if (!s->ended_us && session_ended(s->session)) {
		s->ended_us = s->world.now_us;
		s->caller.gone = true;
	}
	if (s->finished)
		session_end(s);
	else if (s->options.save_load && !s->ended_us && dice_below(&s->save_dice, 600) == 0)
		core_swap(s);
}

static void on_woken(void *arg)
{
	struct scene *s = arg;

	if (!s->session)
		return;
	session_woken(s->session);
	worker_after(s);
}

/* ---- death, and the next one ---- */

static void worker_die(struct scene *s)
{
	s->deaths++;
	s->owner_lost_us = s->world.now_us;
	judge_worker_died(&s->judge);
	s->closing = true;
	session_drop(&s->session);
	s->closing = false;
	world_forget(&s->world, &s->woken);
	carrier_media_drop(&s->carrier);
	journal_die(s);
	world_after(&s->world, &s->reap, 60 * S_US);
	if (s->options.sabotage != N6)
		world_after(&s->world, &s->attach, dice_ms(&s->death_dice, 300, 3000));
}

static void worker_attached(struct scene *s, bool anew)
{
	s->owner_lost_us = 0;
	world_forget(&s->world, &s->reap);
	judge_exercise(&s->judge, N6);
	sabotage(s);
	if (!s->carrier.ended)
		s->caller.position = session_caller_position(s->session);
	if (anew)
		session_start(s->session);
	worker_after(s);
}

/* What the conductor has of the call: the last snapshot, or what it gave the first worker and when the media began. */
static enum err snapshot_find(struct scene *s, const struct buf **snapshot)
{
	if (s->conductor.snapshots) {
		*snapshot = &s->conductor.snapshot;
		return ERR_NONE;
	}
	*snapshot = &s->scratch;
	buf_reset(&s->scratch);
	return session_first_snapshot(&s->scratch, &s->settings, &s->brief, s->started_us - s->opened_us);
}

static void on_attach(void *arg)
{
	struct scene *s = arg;
	bool anew = !s->conductor.snapshots;
	const struct buf *snapshot;
	struct session_io io;
	enum err err = journal_begin(s);

	if (err) { /* a disk that is full takes no new call now */
		journal_die(s);
		world_after(&s->world, &s->attach, 500 * MS_US);
		return;
	}
	io_make(s, &io);
	if (s->carrier.ended) { /* he hung up while nobody was there to be told */
		io.media = NULL;
		io.carrier_ended_us = s->carrier.ended_us;
	} else {
		carrier_media_up(&s->carrier);
	}
	judge_attached(&s->judge);
	err = snapshot_find(s, &snapshot);
	if (!err)
		err = session_attach(&s->session, &io, snapshot->data, snapshot->len, s->opened_us);
	if (err) {
		judge_fail(&s->judge, SAVED, "the snapshot that was pushed does not load: %s", err_name(err));
		s->over = true;
		return;
	}
	worker_attached(s, anew);
}

static void on_reap(void *arg)
{
	struct scene *s = arg;

	judge_exercise(&s->judge, N6);
	judge_fail(&s->judge, N6, "a call is open 60 s after its worker died");
	s->ended_us = s->world.now_us;
	s->over = true;
}

/* ---- once a second: what may befall the worker and its disk ---- */

static void disk_faults(struct scene *s, uint64_t now)
{
	if (fault_strikes(&s->plan, FAULT_DISK_SLOW, now))
		s->sync_us = now + dice_ms(&s->disk_dice, 2000, 8000);
	if (!s->virtual_disk)
		return;
	if (fault_strikes(&s->plan, FAULT_DISK_SYNC, now))
		disk_virtual_fail_sync(s->virtual_disk, 1);
	if (fault_strikes(&s->plan, FAULT_DISK_FULL, now)) {
		disk_virtual_limit(s->virtual_disk, disk_virtual_used(s->virtual_disk) + 4096);
		s->disk_full_until_us = now + dice_ms(&s->disk_dice, 2000, 12000);
	}
	if (s->disk_full_until_us && now >= s->disk_full_until_us) {
		disk_virtual_limit(s->virtual_disk, 0);
		s->disk_full_until_us = 0;
	}
}

static void on_tick(void *arg)
{
	struct scene *s = arg;
	uint64_t now = s->world.now_us;

	world_after(&s->world, &s->tick, 1 * S_US);
	disk_faults(s, now);
	if (!s->started_us || s->ended_us)
		return;
	if (fault_strikes(&s->plan, FAULT_SINK_OUTAGE, now))
		s->sink.down_until_us = now + dice_ms(&s->disk_dice, 3000, 20000);
	if (scene_worker_up(s) && s->carrier.up &&
		fault_strikes(&s->plan, s->conductor.snapshots ? FAULT_WORKER_DEATH : FAULT_WORKER_EARLY, now))
		world_after(&s->world, &s->death, dice_ms(&s->death_dice, 0, 1000));
}

static void on_death(void *arg)
{
	struct scene *s = arg;

	if (scene_worker_up(s) && s->carrier.up && !s->ended_us && !s->carrier.ended)
		worker_die(s);
}

/* ---- the end ---- */

static void on_drained(void *arg)
{
	struct scene *s = arg;

	if (s->journal && !s->batch && !s->ship_stale && !journal_counts(s->journal).waiting_bytes && s->ship && ship_counts(s->ship).all_shipped)
		s->over = true;
	else
		world_after(&s->world, &s->drained, 100 * MS_US);
}

enum err worker_shut(struct scene *s)
{
	enum err err = ERR_NONE;

	s->closing = true;
	session_drop(&s->session);
	s->closing = false;
	if (s->journal_call)
		journal_call_close(&s->journal_call, s->world.now_us);
	ship_close(&s->ship);
	if (s->batch) {
		journal_abandon(&s->journal); /* its disk never took it */
		s->batch = NULL;
	} else if (s->journal) {
		if (s->virtual_disk)
			disk_virtual_limit(s->virtual_disk, 0);
		err = journal_close(&s->journal, s->world.now_us);
	}
	sink_sort(&s->sink);
	fact(s, "end");
	return s->failed ? ERR_IO : err;
}

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
			err = disk_replace(&disk_real, s->options.keep, name, s->scratch.data, s->scratch.len);
	}
	return err;
}

void worker_clean(struct scene *s)
{
	s->session = NULL;
	ship_close(&s->ship);
	if (s->journal)
		journal_abandon(&s->journal);
	disk_virtual_free(&s->virtual_disk);
}

void worker_init(struct scene *s)
{
	s->woken = (struct event){ on_woken, s, 0 };
	s->commit = (struct event){ on_commit, s, 0 };
	s->tick = (struct event){ on_tick, s, 0 };
	s->ship_tick = (struct event){ on_ship, s, 0 };
	s->attach = (struct event){ on_attach, s, 0 };
	s->reap = (struct event){ on_reap, s, 0 };
	s->death = (struct event){ on_death, s, 0 };
	s->drained = (struct event){ on_drained, s, 0 };
}

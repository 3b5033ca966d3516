/* The session of a scene's call: opening, dying, attaching, closing. What it writes goes where worker_disk.c takes it. */
#include "simulate/worker.h"

#include <string.h>

#include "simulate/sink.h"
#include "voice/journal/call_records.h"
#include "voice/session/tail.h"

static const char VIRTUAL_DIR[] = "journal";

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

/* ---- the session ---- */

static void sabotage(struct scene *s)
{
	static const uint8_t guards[PROMISES] = { [P01] = GUARD_P01, [P02] = GUARD_P02, [P03] = GUARD_P03, [P04] = GUARD_P04,
		[P05] = GUARD_P05, [P06] = GUARD_P06, [P08] = GUARD_P08, [P09] = GUARD_P09, [P10] = GUARD_P10, [P12] = GUARD_P12,
		[P13] = GUARD_P13, [P14] = GUARD_P14, [P15] = GUARD_P15, [P24] = GUARD_P24, [N5] = GUARD_N5 };
	static const uint8_t shells[PROMISES] = { [P08] = SESSION_GUARD_P08, [N3] = SESSION_GUARD_N3, [N4] = SESSION_GUARD_N4,
		[N5] = SESSION_GUARD_N5, [N6] = SESSION_GUARD_N6, [PII] = SESSION_GUARD_PII };
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
	err = worker_journal_begin(s);
	s->first_epoch = s->epoch;
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
	conductor_ended(&s->conductor, s->usage.connected_ms);
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
	worker_journal_die(s);
	world_after(&s->world, &s->reap, 60 * S_US);
	if (s->options.sabotage != N6)
		world_after(&s->world, &s->attach, dice_ms(&s->death_dice, 300, 3000));
}

static void worker_attached(struct scene *s)
{
	s->owner_lost_us = 0;
	world_forget(&s->world, &s->reap);
	judge_exercise(&s->judge, N6);
	sabotage(s);
	if (!s->carrier.ended)
		s->caller.position = session_caller_position(s->session);
	if (session_awaits_start(s->session))
		session_start(s->session);
	worker_after(s);
}

static enum err on_record(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	(void)payload_err;
	tail_record(arg, &item->record.header, payload, len);
	return ERR_NONE;
}

/* The next worker of every other call is on the same host: it has what the dead one journalled behind the snapshot, too. False: it knows no more. */
static bool tail_find(struct scene *s, struct buf *out)
{
	const struct call_records from = { .disk = &s->disk, .dir = s->dir, .keyring = journal_keyring(s->journal), .call = s->call_id };
	const struct buf *pushed = s->conductor.snapshots ? &s->conductor.snapshot : NULL;
	struct tail_found found;
	struct tail t;
	enum err err;

	if (!(s->call & 1))
		return false;
	tail_init(&t, s->epoch, pushed ? pushed->data : NULL, pushed ? pushed->len : 0);
	err = call_records_read(&from, on_record, &t);
	if (!err)
		err = tail_make(&t, out, &found);
	tail_fini(&t);
	if (!err)
		s->known_us = s->opened_us + found.at_us;
	return !err;
}

/* The newest state there is; without one, what the conductor gave the first worker and when the media began: the call begins again. */
static enum err snapshot_find(struct scene *s, const struct buf **snapshot, struct buf *tail)
{
	s->known_us = s->conductor.snapshot_us;
	*snapshot = tail;
	if (tail_find(s, tail))
		return ERR_NONE;
	*snapshot = s->conductor.snapshots ? &s->conductor.snapshot : &s->scratch;
	if (s->conductor.snapshots)
		return ERR_NONE;
	buf_reset(&s->scratch);
	return session_first_snapshot(&s->scratch, &s->settings, &s->brief, s->started_us - s->opened_us);
}

static void on_attach(void *arg)
{
	struct scene *s = arg;
	const struct buf *snapshot;
	struct buf tail;
	struct session_io io;
	enum err err = worker_journal_begin(s);

	if (err) { /* a disk that is full takes no new call now */
		worker_journal_die(s);
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
	buf_init(&tail, TAIL_STATE_MAX);
	err = snapshot_find(s, &snapshot, &tail);
	judge_attached(&s->judge);
	if (!err)
		err = session_attach(&s->session, &io, snapshot->data, snapshot->len, s->opened_us);
	buf_fini(&tail);
	if (err) {
		judge_fail(&s->judge, SAVED, "the snapshot that was pushed does not load: %s", err_name(err));
		s->over = true;
		return;
	}
	worker_attached(s);
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

static void on_tick(void *arg)
{
	struct scene *s = arg;
	uint64_t now = s->world.now_us;

	world_after(&s->world, &s->tick, 1 * S_US);
	worker_disk_faults(s, now);
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

static bool is_drained(const struct scene *s)
{
	struct journal_counts c;

	if (!s->journal || s->batch || s->ship_stale || !s->ship)
		return false;
	c = journal_counts(s->journal);
	return !c.waiting_bytes && !c.closing && ship_counts(s->ship).all_shipped;
}

static void on_drained(void *arg)
{
	struct scene *s = arg;

	if (is_drained(s))
		s->over = true;
	else
		world_after(&s->world, &s->drained, 100 * MS_US);
}

/* It refused the last batch again and again; or all was written, and shipping cannot read it (what was durable then misses in the sink: N5).
 * Records that nobody tried to write are no fault of the disk's. */
static bool disk_is_gone(const struct scene *s)
{
	if (!s->finished || !s->journal)
		return false;
	if (s->batch)
		return !s->batch_written;
	return !journal_counts(s->journal).waiting_bytes && !is_drained(s);
}

enum err worker_shut(struct scene *s)
{
	enum err err = ERR_NONE;

	s->disk_gone = disk_is_gone(s);
	s->closing = true;
	session_drop(&s->session);
	s->closing = false;
	if (s->journal_call)
		journal_call_close(&s->journal_call, s->world.now_us);
	worker_ship_close(s);
	if (s->batch) {
		journal_abandon(&s->journal); /* its disk never took it */
		s->batch = NULL;
	} else if (s->journal) {
		if (s->virtual_disk)
			disk_virtual_limit(s->virtual_disk, 0);
		err = journal_close(&s->journal, s->world.now_us);
	}
	sink_sort(&s->sink);
	worker_fact(s, "end");
	return s->failed ? ERR_IO : err;
}

void worker_clean(struct scene *s)
{
	s->session = NULL;
	worker_ship_close(s);
	if (s->journal)
		journal_abandon(&s->journal);
	disk_virtual_free(&s->virtual_disk);
}

void worker_init(struct scene *s)
{
	s->woken = (struct event){ on_woken, s, 0 };
	s->tick = (struct event){ on_tick, s, 0 };
	s->attach = (struct event){ on_attach, s, 0 };
	s->reap = (struct event){ on_reap, s, 0 };
	s->death = (struct event){ on_death, s, 0 };
	s->drained = (struct event){ on_drained, s, 0 };
	worker_disk_init(s);
}

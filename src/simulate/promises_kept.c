/* Checks of what is kept: N3, N4, N5 (the half about the sink), N6, and that the recorded inputs give the same outputs again.
 * Reads the sink, the journal's folder as it lies on the disk, and the carrier's own record. At the call's end. */
#include <stdlib.h>
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"
#include "voice/journal_read.h"
#include "voice/recorder.h"
#include "voice/replay.h"
#include "voice/steps.h"
#include "voice/tape.h"

#define DISK_FAULTS (FAULT_BIT(FAULT_DISK_SLOW) | FAULT_BIT(FAULT_DISK_SYNC) | FAULT_BIT(FAULT_DISK_FULL))

static uint32_t hash32(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	while (len--)
		h = (h ^ (unsigned char)*text++) * 16777619u;
	return h;
}

/* ---- what the sink must have ---- */

static void fact_add(struct judge *j, uint32_t kind, uint32_t turn, uint32_t index, uint32_t hash)
{
	if (j->fact_count == JUDGE_FACTS)
		return;
	j->facts[j->fact_count++] = (struct kept_fact){ .kind = kind, .epoch = j->scene->epoch, .turn = turn, .index = index, .hash = hash, .at_us = judge_now(j) };
}

static bool is_change(const struct judge *j, uint32_t turn, uint32_t index)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; i < c->ledger_count; i++)
		if (c->ledger[i].turn == turn && c->ledger[i].index == index)
			return c->ledger[i].changes;
	return false;
}

void judge_kept_input(struct judge *j, const struct call_input *in)
{
	if (in->type == IN_TRANSCRIPT && in->kind != TRANSCRIPT_PARTIAL && in->text_len)
		fact_add(j, EVENT_FINAL, 0, 0, hash32(in->text, in->text_len));
	else if (in->type == IN_TOOL_RESULT && is_change(j, in->turn, in->index))
		fact_add(j, EVENT_TOOL_RESULT, in->turn, in->index, hash32(in->text, in->text_len));
}

void judge_kept_dispatch(struct judge *j, const struct tool_request *q)
{
	if (q->changes)
		fact_add(j, EVENT_TOOL, q->turn, q->index, hash32(q->args, q->args_len));
}

void judge_kept_death(struct judge *j)
{
	struct kept_death *d = &j->workers[j->worker_count];

	if (j->worker_count == JUDGE_WORKERS)
		return;
	j->worker_count++;
	d->at_us = judge_now(j);
	d->position = j->scene->caller.position;
	d->disk_fault = fault_any_recent(&j->scene->plan, DISK_FAULTS, d->at_us, 30 * S_US);
}

static const uint8_t *payload_of(const struct sink *k, const struct sink_record *r)
{
	return r->len ? k->bytes.data + r->at : (const uint8_t *)"";
}

/* The journal says itself that it could not take events at that time: its disk was full, and failed besides. */
static bool refused_then(const struct judge *j, uint64_t at_us)
{
	const struct sink *k = &j->scene->sink;
	struct journal_gap g;
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind == JOURNAL_GAP && !r->err && !journal_gap_decode(&g, payload_of(k, r), r->len) &&
			(g.kinds & (1u << JOURNAL_EVENT)) && g.first_us <= at_us && at_us <= g.last_us)
			return true;
	}
	return false;
}

/* Not more than DESIGN.md's 200 ms, its commit and a sync before a worker died: it may have gone with it. */
static bool may_be_lost(const struct judge *j, uint64_t at_us)
{
	uint32_t i;

	for (i = 0; i < j->worker_count; i++) {
		const struct kept_death *d = &j->workers[i];

		if (at_us <= d->at_us && d->at_us - at_us <= (d->disk_fault ? 15000 : 260) * MS_US)
			return true;
	}
	return refused_then(j, at_us);
}

/* ---- N5 (kept) ----------------------------------------------------------------------------------------------------------
 *
 * The sink has every final with words that the session was given, every change that was dispatched and every result of one, in
 * the order in which they happened, each once; and of every epoch its records without a hole, but for those a GAP record
 * answers for. Exempt: what happened in the last 260 ms before a worker died (15 s when its disk was full, slow or failing), and
 * events that a GAP record says were refused (a disk that is full and fails a sync besides). Exercised by each such fact. */

static bool event_fact(const struct sink *k, const struct sink_record *r, struct kept_fact *f)
{
	struct record_event e;

	if (r->header.kind != JOURNAL_EVENT || r->err || record_event_decode(&e, payload_of(k, r), r->len))
		return false;
	if ((e.kind != EVENT_FINAL || !e.text_len) && e.kind != EVENT_TOOL_RESULT && !(e.kind == EVENT_TOOL && e.code))
		return false;
	*f = (struct kept_fact){ .kind = e.kind, .epoch = r->header.epoch, .hash = hash32(e.text, e.text_len) };
	if (e.kind != EVENT_FINAL) {
		f->turn = e.turn;
		f->index = e.index;
	}
	return true;
}

static bool same_fact(const struct kept_fact *a, const struct kept_fact *b)
{
	return a->kind == b->kind && a->epoch == b->epoch && a->turn == b->turn && a->index == b->index && a->hash == b->hash;
}

/* Skips facts that may be lost until one is the sink's next. */
static bool fact_find(struct judge *j, uint32_t *at, const struct kept_fact *f)
{
	while (*at < j->fact_count && !same_fact(&j->facts[*at], f)) {
		if (!may_be_lost(j, j->facts[*at].at_us))
			return false;
		(*at)++;
	}
	if (*at == j->fact_count)
		return false;
	(*at)++;
	return true;
}

static const char *fact_name(const struct kept_fact *f)
{
	return f->kind == EVENT_FINAL ? "a final" : f->kind == EVENT_TOOL ? "a change that was dispatched" : "a change's result";
}

static void facts_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	struct kept_fact f;
	uint32_t at = 0, i;

	for (i = 0; i < k->count; i++) {
		if (!event_fact(k, &k->records[i], &f) || (f.kind == EVENT_TOOL_RESULT && !is_change(j, f.turn, f.index)))
			continue;
		judge_exercise(j, N5);
		if (fact_find(j, &at, &f))
			continue;
		judge_fail(j, N5, "%s stands in the sink where %s belongs", fact_name(&f), at < j->fact_count ? fact_name(&j->facts[at]) : "nothing");
		return;
	}
	while (at < j->fact_count && may_be_lost(j, j->facts[at].at_us))
		at++;
	if (at < j->fact_count)
		judge_fail(j, N5, "%s never came to the sink", fact_name(&j->facts[at]));
}

/* GAP records answer, one or several together, for all of [first, last]. */
static bool gap_answers(const struct sink *k, uint32_t epoch, uint64_t first, uint64_t last)
{
	struct journal_gap g;
	uint32_t i;

	for (i = 0; i < k->count && first <= last; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind == JOURNAL_GAP && r->header.epoch == epoch && !r->err && !journal_gap_decode(&g, payload_of(k, r), r->len) &&
			g.first_sequence <= first && g.last_sequence >= first)
			first = g.last_sequence + 1;
	}
	return first > last;
}

static void holes_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		const struct journal_header *h = &k->records[i].header, *before = i ? &k->records[i - 1].header : NULL;
		uint64_t expected = before && before->epoch == h->epoch ? before->sequence + 1 : 1;

		if (k->records[i].err)
			judge_fail(j, N5, "a record in the sink cannot be opened: %s", err_name(k->records[i].err));
		else if (h->sequence != expected && !gap_answers(k, h->epoch, expected, h->sequence - 1))
			judge_fail(j, N5, "epoch %u: records %llu to %llu are not in the sink", h->epoch, (unsigned long long)expected,
				(unsigned long long)h->sequence - 1);
		else
			continue;
		return;
	}
}

/* ---- N3 -------------------------------------------------------------------------------------------------------------------
 *
 * The sink has one meter of connected time, and it is within a second of the carrier's own record. A call whose media never
 * came back counts to its last packet. Exempt: the time from a hang-up that no worker was there to hear until the next one
 * attached (reconciling with the carrier's record takes it off). Exercised by each call that was connected. */

static void metering_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	const struct carrier *c = &j->scene->carrier;
	uint64_t cdr = (c->ended_us - c->connected_us) / MS_US, metered = 0, off;
	struct record_meter m;
	uint32_t i, count = 0;

	if (!c->connected || !c->ended)
		return;
	judge_exercise(j, N3);
	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind != JOURNAL_METER || r->err || record_meter_decode(&m, payload_of(k, r), r->len) || m.meter != METER_CONNECTED_MS)
			continue;
		metered += m.amount;
		count++;
	}
	off = metered > cdr ? metered - cdr : cdr - metered;
	if (metered > cdr && c->ended_us < j->attached_us) /* he hung up while no worker was there to be told */
		off -= off < (j->attached_us - c->ended_us) / MS_US ? off : (j->attached_us - c->ended_us) / MS_US;
	if (count != 1)
		judge_fail(j, N3, "connected time was metered %u times", count);
	else if (off > 1000)
		judge_fail(j, N3, "%llu ms were metered, the carrier counts %llu", (unsigned long long)metered, (unsigned long long)cdr);
}

/* P15's last part: the characters metered as wasted are those of the answers that were noted as thrown away. Not in calls that
 * lost a worker, whose last meters may be lost with it. */
static void wasted_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	struct record_meter m;
	uint64_t wasted = 0;
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind == JOURNAL_METER && !r->err && !record_meter_decode(&m, payload_of(k, r), r->len) &&
			m.meter == METER_WASTED_CHARACTERS)
			wasted += m.amount;
	}
	if (wasted != j->discarded_bytes)
		judge_fail(j, P15, "%llu characters were thrown away, %llu are metered", (unsigned long long)j->discarded_bytes,
			(unsigned long long)wasted);
}

/* ---- N4 -------------------------------------------------------------------------------------------------------------------
 *
 * In calls with audio: what the recorder cuts from the records in the sink is as long as the call, within 20 ms; every sample
 * of the caller's that no record holds is marked (by the record behind it, by another worker's attach, or by the journal's own
 * GAP) and lies in a gap that the recorder names; and of a worker that died at most the last two
 * seconds are missing. Exempt from the two seconds: a disk that was full, slow or failing in the half minute before. Exercised
 * by each such call that was connected. */

struct cutting {
	uint64_t from[JUDGE_GAPS], to[JUDGE_GAPS]; /* the caller's gaps, as named */
	uint32_t count;
	bool overflow;
};

static enum err on_block(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	(void)arg;
	(void)caller;
	(void)agent;
	(void)samples;
	return ERR_NONE;
}

static enum err on_gap(void *arg, const struct tracks_gap *gap)
{
	struct cutting *c = arg;

	if (gap->side != TRACKS_CALLER)
		return ERR_NONE;
	c->overflow = c->overflow || c->count == JUDGE_GAPS;
	if (c->count < JUDGE_GAPS) {
		c->from[c->count] = gap->start_sample;
		c->to[c->count++] = gap->start_sample + gap->samples;
	}
	return ERR_NONE;
}

/* [from, to) is in gaps that were named, but for 20 ms. */
static bool gap_named(const struct cutting *c, uint64_t from, uint64_t to)
{
	uint32_t i;
	bool more = true;

	while (more && from + 160 < to) {
		more = false;
		for (i = 0; i < c->count; i++)
			if (c->from[i] <= from + 160 && c->to[i] > from) {
				from = c->to[i];
				more = true;
			}
	}
	return from + 160 >= to;
}

static bool recording_cut(struct judge *j, struct cutting *c, struct recorder_summary *summary)
{
	const struct sink *k = &j->scene->sink;
	struct recorder *r;
	enum err err;
	uint32_t i;

	*c = (struct cutting){ .count = 0 };
	err = recorder_new(&r, on_block, on_gap, c);
	for (i = 0; i < k->count && !err; i++) {
		const struct sink_record *s = &k->records[i];

		err = recorder_push(r, s->header.kind, s->header.epoch, s->header.time_us, s->err ? NULL : payload_of(k, s), s->len);
	}
	if (!err)
		err = recorder_finish(&r, summary);
	else
		recorder_cancel(&r);
	if (err)
		judge_fail(j, N4, "no recording can be cut from what was shipped: %s", err_name(err));
	return !err && !c->overflow;
}

static void gap_of_worker(struct judge *j, uint64_t from, uint64_t to)
{
	uint32_t i;

	for (i = 0; i < j->worker_count; i++) {
		const struct kept_death *d = &j->workers[i];

		if (from <= d->position && to >= d->position && !d->disk_fault && d->position - from > 2 * 8000)
			judge_fail(j, N4, "a worker died and took %llu ms of audio with it", (unsigned long long)(d->position - from) / 8);
	}
}

/* The journal itself says that it has lost some of the caller's audio under this epoch. */
static bool journal_owns_up(const struct sink *k, uint32_t epoch)
{
	struct journal_gap g;
	uint32_t i;

	for (i = 0; i < k->count; i++)
		if (k->records[i].header.kind == JOURNAL_GAP && k->records[i].header.epoch == epoch && !k->records[i].err &&
			!journal_gap_decode(&g, payload_of(k, &k->records[i]), k->records[i].len) && (g.kinds & (1u << JOURNAL_AUDIO_CALLER)))
			return true;
	return false;
}

/* Every stretch without audio is marked: by the record behind it, by the attach of another worker, or by the journal. */
static void track_check(struct judge *j, const struct cutting *c)
{
	const struct sink *k = &j->scene->sink;
	struct record_caller r;
	uint64_t at = 0;
	uint32_t i, epoch = 1;

	for (i = 0; i < k->count; i++) {
		const struct sink_record *s = &k->records[i];

		if (s->header.kind != JOURNAL_AUDIO_CALLER || s->err || record_caller_decode(&r, payload_of(k, s), s->len))
			continue;
		if (r.position > at) {
			bool marked = r.position - r.gap_samples <= at || s->header.epoch != epoch || journal_owns_up(k, epoch);

			gap_of_worker(j, at, r.position);
			if (!marked || !gap_named(c, at, r.position)) {
				judge_fail(j, N4, "the caller's audio from sample %llu to %llu is neither kept nor marked", (unsigned long long)at,
					(unsigned long long)r.position);
				return;
			}
		}
		at = r.position + r.samples > at ? r.position + r.samples : at;
		epoch = s->header.epoch;
	}
}

static bool end_record(const struct sink *k, struct record_end *end)
{
	uint32_t i;

	for (i = k->count; i > 0; i--)
		if (k->records[i - 1].header.kind == JOURNAL_END && !k->records[i - 1].err)
			return !record_end_decode(end, payload_of(k, &k->records[i - 1]), k->records[i - 1].len);
	return false;
}

static void recording_check(struct judge *j)
{
	struct recorder_summary summary;
	struct cutting cutting;
	struct record_end end;
	uint64_t length;

	if (!j->scene->audio || !j->started_us || !end_record(&j->scene->sink, &end))
		return;
	judge_exercise(j, N4);
	if (!recording_cut(j, &cutting, &summary))
		return;
	length = (end.at_us - end.media_us) / 125;
	if (summary.samples > length + 160 || summary.samples + 160 < length)
		judge_fail(j, N4, "the recording has %llu samples, the call %llu", (unsigned long long)summary.samples, (unsigned long long)length);
	track_check(j, &cutting);
}

/* ---- N6 -------------------------------------------------------------------------------------------------------------------
 *
 * Sixty seconds after a worker died its call has another or is over (worker.c's reaper tells); at the end the sink has exactly
 * one END, and no change that a worker dispatched is left without an outcome. Exercised by each death and each end. */

static void ends_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, ends = 0;

	if (j->scene->owner_lost_us)
		return; /* told already */
	judge_exercise(j, N6);
	for (i = 0; i < k->count; i++)
		ends += k->records[i].header.kind == JOURNAL_END;
	if (ends != 1 && !k->overflow)
		judge_fail(j, N6, "the sink has %u ends of the call", ends);
	for (i = 0; i < c->ledger_count; i++)
		if (!c->ledger[i].settled && j->scene->finished_us > c->ledger[i].asked_us + 60 * S_US)
			judge_fail(j, N6, "a tool is open 60 s after it was dispatched");
}

/* ---- the journal as it lies there, and replay -------------------------------------------------------------------------------
 *
 * Part of N5: the journal's folder verifies, in every call whose disk or worker met a fault and in one of four others. And the
 * steps in the sink, through a fresh core, give the same outputs, in every call. */

static void journal_check(struct judge *j)
{
	struct scene *s = j->scene;
	struct journal_reader_options options = { .call = &s->call_id };
	struct journal_reader *reader;
	struct journal_item item;
	struct journal_reader_counts counts;
	enum err err;

	if (!s->virtual_disk || (!(s->plan.armed & (DISK_FAULTS | FAULT_BIT(FAULT_WORKER_DEATH))) && s->call % 4))
		return; /* a real folder holds other calls too; and where nothing befell the disk, one call in four will do */
	if (journal_reader_open(&reader, &s->disk, s->dir, &options, NULL))
		return;
	do
		err = journal_reader_next(reader, &item);
	while (!err);
	counts = journal_reader_counts(reader);
	if (err != ERR_NOTFOUND || counts.corrupt || counts.missing_files)
		judge_fail(j, N5, "the journal on the disk does not verify");
	journal_reader_close(&reader);
}

static void replay_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	struct replay_result result;
	struct tape *tape = calloc(1, sizeof(*tape));
	enum promise promise = j->scene->swapped ? SAVED : REPLAY;
	uint32_t i;

	if (!tape)
		return;
	tape_init(tape);
	replay_result_init(&result);
	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind == JOURNAL_AUDIO_CALLER || r->header.kind == JOURNAL_AUDIO_AGENT)
			continue;
		tape_record(tape, &r->header, r->err ? NULL : payload_of(k, r), r->len, r->err, 0);
	}
	if (tape_finish(tape) || replay_compare(tape, &result))
		judge_fail(j, promise, "the call cannot be replayed");
	else if (result.verdict != REPLAY_SAME)
		judge_fail(j, promise, "step %zu gives other outputs than it gave", result.step);
	judge_exercise(j, REPLAY);
	replay_result_fini(&result);
	tape_fini(tape);
	free(tape);
}

void judge_kept_end(struct judge *j)
{
	if (!j->scene->owner_lost_us) {
		metering_check(j);
		recording_check(j);
	}
	ends_check(j);
	if (!j->scene->sink.overflow) {
		holes_check(j);
		if (!j->worker_count)
			wasted_check(j);
		facts_check(j);
	}
	journal_check(j);
	if (j->scene->options.sabotage < 0)
		replay_check(j);
}

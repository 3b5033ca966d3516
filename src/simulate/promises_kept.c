/* Checks of what is kept: N3, N5 (the half about the sink), N6, and that the recorded inputs give the same outputs again.
 * Reads the sink, the journal's folder as it lies on the disk, and the carrier's own record. At the call's end. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "simulate/promises_parts.h"
#include "simulate/scene.h"
#include "voice/journal/journal_read.h"
#include "voice/replay/replay.h"
#include "voice/journal/steps.h"
#include "voice/journal/usage_record.h"
#include "voice/replay/tape.h"

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

/* A change was asked for under that key, whether the conductor then took it or not. */
static bool is_change(const struct judge *j, uint32_t turn, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < j->fact_count; i++)
		if (j->facts[i].kind == EVENT_TOOL && j->facts[i].turn == turn && j->facts[i].index == index)
			return true;
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
	d->samples = j->lost_us ? 0 : (d->at_us - j->attached_us) / 125;
	d->disk_fault = fault_any_recent(&j->scene->plan, DISK_FAULTS, d->at_us, 30 * S_US);
}

const uint8_t *judge_payload(const struct sink *k, const struct sink_record *r)
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

		if (r->header.kind == JOURNAL_GAP && !r->err && !journal_gap_decode(&g, judge_payload(k, r), r->len) &&
			(g.kinds & (1u << JOURNAL_EVENT)) && g.first_us <= at_us && at_us <= g.last_us)
			return true;
	}
	return false;
}

/* Not more than DESIGN.md's 200 ms, its commit and a sync before a worker died: it may have gone with it. A change is only dispatched
 * when the journal took it: that one was refused is no excuse. */
static bool may_be_lost(const struct judge *j, const struct kept_fact *f)
{
	uint64_t at_us = f->at_us;
	uint32_t i;

	for (i = 0; i < j->worker_count; i++) {
		const struct kept_death *d = &j->workers[i];

		if (at_us <= d->at_us && d->at_us - at_us <= (d->disk_fault ? 15000 : 260) * MS_US)
			return true;
	}
	return f->kind != EVENT_TOOL && refused_then(j, at_us);
}

/* ---- N5 (kept) ----------------------------------------------------------------------------------------------------------
 *
 * The sink has every final with words that the session was given, every change that was dispatched and every result of one, in
 * the order in which they happened, each once; and of every epoch its records without a hole, at least to the last one that was called
 * durable (whatever was deleted on the disk), but for those a GAP record answers for. Exempt: what happened in the last 260 ms before a
 * worker died (15 s when its disk was full, slow or failing), and finals and results that a GAP record says were refused (a disk whose
 * reserve is full as well). Exercised by each such fact. */

static bool event_fact(const struct sink *k, const struct sink_record *r, struct kept_fact *f)
{
	struct record_event e;

	if (r->header.kind != JOURNAL_EVENT || r->err || record_event_decode(&e, judge_payload(k, r), r->len))
		return false;
	if ((e.kind != EVENT_FINAL || !e.text_len) && e.kind != EVENT_TOOL_RESULT && !(e.kind == EVENT_TOOL && e.code))
		return false;
	*f = (struct kept_fact){ .kind = e.kind, .epoch = r->header.epoch, .hash = hash32(e.text, e.text_len), .at_us = r->header.time_us };
	if (e.kind != EVENT_FINAL) {
		f->turn = e.turn;
		f->index = e.index;
	}
	return true;
}

static bool same_fact(const struct kept_fact *a, const struct kept_fact *b)
{
	return a->kind == b->kind && a->epoch == b->epoch && a->turn == b->turn && a->index == b->index && a->hash == b->hash &&
	       a->at_us == b->at_us;
}

/* Skips facts that may be lost until one is the sink's next. */
static bool fact_find(struct judge *j, uint32_t *at, const struct kept_fact *f)
{
	while (*at < j->fact_count && !same_fact(&j->facts[*at], f)) {
		if (!may_be_lost(j, &j->facts[*at]))
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
	while (at < j->fact_count && may_be_lost(j, &j->facts[at]))
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

		if (r->header.kind == JOURNAL_GAP && r->header.epoch == epoch && !r->err && !journal_gap_decode(&g, judge_payload(k, r), r->len) &&
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

void judge_durable(struct judge *j, uint32_t epoch, uint64_t sequence)
{
	uint32_t nth = epoch - j->scene->first_epoch;

	if (nth < JUDGE_WORKERS)
		j->durable[nth] = sequence;
}

/* What was called durable came to the sink, to the last record of each epoch. */
static void durable_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	uint64_t last[JUDGE_WORKERS] = { 0 };
	uint32_t first = j->scene->first_epoch, i;

	for (i = 0; i < k->count; i++)
		if (k->records[i].header.epoch - first < JUDGE_WORKERS)
			last[k->records[i].header.epoch - first] = k->records[i].header.sequence;
	for (i = 0; i < JUDGE_WORKERS; i++)
		if (last[i] < j->durable[i] && !gap_answers(k, first + i, last[i] + 1, j->durable[i]))
			judge_fail(j, N5, "epoch %u: record %llu was called durable, the sink has %llu", first + i, (unsigned long long)j->durable[i],
				(unsigned long long)last[i]);
}

/* ---- N3 -------------------------------------------------------------------------------------------------------------------
 *
 * The sink has one meter of connected time, and it is within a second of the carrier's own record, whoever hung up and whether
 * or not a worker was there to hear it. A call whose media never came back counts to its last packet: what a stalled line still held when it died, nobody
 * has. Where the disk failed for good, the
 * meter went with it, and the conductor's own record counts: the worker told it how long the call was. Exercised by each call that was connected. */

static void metering_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	const struct carrier *c = &j->scene->carrier;
	uint64_t silent_us = c->deaf ? num_over(j->scene->ended_us, c->deaf_us) : 0;
	uint64_t from_us = silent_us >= SESSION_DEAF_US ? num_min(c->ended_us, c->deaf_us) : c->ended_us;
	uint64_t stall_us = j->scene->plan.struck_us[FAULT_LINE_STALL];
	uint64_t to_us = silent_us < SESSION_DEAF_US + S_US / 2 ? num_max(c->ended_us, j->scene->ended_us) : c->ended_us;
	uint64_t from, to = (to_us - c->connected_us) / MS_US, metered = 0;
	struct record_meter m;
	uint32_t i, count = 0;

	if (!c->connected || !c->ended)
		return;
	if (silent_us >= SESSION_DEAF_US && stall_us && stall_us >= c->connected_us && stall_us < from_us && from_us < stall_us + 2 * S_US)
		from_us = stall_us;
	from = (from_us - c->connected_us) / MS_US;
	judge_exercise(j, N3);
	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind != JOURNAL_METER || r->err || record_meter_decode(&m, judge_payload(k, r), r->len) || m.meter != METER_CONNECTED_MS)
			continue;
		metered += m.amount;
		count++;
	}
	if (!count && j->scene->disk_gone) {
		metered = j->scene->conductor.connected_ms;
		count = j->scene->conductor.ends;
	}
	if (count != 1)
		judge_fail(j, N3, "connected time was metered %u times", count);
	else if (metered + 1000 < from || metered > to + 1000)
		judge_fail(j, N3, "%llu ms were metered, the carrier counts %llu", (unsigned long long)metered,
			(unsigned long long)((c->ended_us - c->connected_us) / MS_US));
}

/* P15's last part: the characters metered as wasted are those of the answers that were noted as thrown away. Not in calls that
 * lost a worker or their disk, whose last meters may be lost with it. */
static void wasted_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	struct record_meter m;
	uint64_t wasted = 0;
	uint32_t i;

	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		if (r->header.kind == JOURNAL_METER && !r->err && !record_meter_decode(&m, judge_payload(k, r), r->len) &&
			m.meter == METER_WASTED_CHARACTERS)
			wasted += m.amount;
	}
	if (wasted != j->discarded_bytes)
		judge_fail(j, P15, "%llu characters were thrown away, %llu are metered", (unsigned long long)j->discarded_bytes,
			(unsigned long long)wasted);
}

/* What providers told of themselves adds up to the session's own meters; what was for nothing is a part of it. */
struct used {
	uint64_t meters[METERS];
	uint64_t all[USAGE_UNITS], wasted[USAGE_UNITS];
	uint64_t whole_tokens; /* of answers that were told to their end */
};

static void used_add(struct used *u, const void *payload, size_t len)
{
	struct record_usage r;
	struct record_meter m;
	uint32_t i;

	if (!record_usage_decode(&r, payload, len)) {
		for (i = 0; i < USAGE_UNITS; i++)
			(r.is_wasted ? u->wasted : u->all)[i] += r.units[i];
		if (!r.is_wasted && !r.is_estimated)
			u->whole_tokens += r.units[USAGE_OUTPUT_TOKENS];
	} else if (!record_meter_decode(&m, payload, len) && m.meter < METERS) {
		u->meters[m.meter] += m.amount;
	}
}

static void used_same(struct judge *j, const char *what, uint64_t metered, uint64_t told)
{
	if (metered != told)
		judge_fail(j, N3, "%s: %llu were metered, the providers told of %llu", what, (unsigned long long)metered, (unsigned long long)told);
}

/* Not in calls that lost a worker or their disk, as above. */
static void used_check(struct judge *j)
{
	const struct sink *k = &j->scene->sink;
	struct used u = { .whole_tokens = 0 };
	uint32_t i;

	for (i = 0; i < k->count; i++)
		if (k->records[i].header.kind == JOURNAL_METER && !k->records[i].err)
			used_add(&u, judge_payload(k, &k->records[i]), k->records[i].len);
	used_same(j, "milliseconds of the recogniser", u.meters[METER_STT_MS], u.all[USAGE_AUDIO_SAMPLES] / 8);
	used_same(j, "bytes of the voice", u.meters[METER_TTS_CHARACTERS], u.all[USAGE_TEXT_BYTES]);
	used_same(j, "tokens of the model", u.meters[METER_MODEL_TOKENS], u.whole_tokens);
	for (i = 0; i < USAGE_UNITS; i++)
		if (u.wasted[i] > u.all[i])
			judge_fail(j, N3, "more %s were wasted than used", usage_unit_name((enum usage_unit)i));
}

/* ---- N6 -------------------------------------------------------------------------------------------------------------------
 *
 * Sixty seconds after a worker died its call has another or is over (worker.c's reaper tells); at the end the sink has exactly
 * one END (where the disk failed for good the END went with it, and the conductor was told of one), and no change that a worker
 * dispatched is left without an outcome. A line that dies without a word is found out (promises_line.c). Exercised by each death and
 * each end. */

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
	if (!ends && j->scene->disk_gone)
		ends = c->ends;
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

	if (!s->virtual_disk || (!(s->plan.armed & (DISK_FAULTS | FAULTS_WORKER)) && s->call % 4))
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
	struct tape *tape = j->scene->tape;
	enum promise promise = j->scene->swapped ? SAVED : REPLAY;
	uint32_t i;

	tape_reset(tape);
	replay_result_init(&result);
	for (i = 0; i < k->count; i++) {
		const struct sink_record *r = &k->records[i];

		tape_record(tape, &r->header, r->err ? NULL : judge_payload(k, r), r->len, r->err, 0);
	}
	if (tape_finish(tape) || replay_compare(tape, &result))
		judge_fail(j, promise, "the call cannot be replayed");
	else if (result.verdict != REPLAY_SAME)
		judge_fail(j, promise, "step %zu gives other outputs than it gave", result.step);
	judge_exercise(j, REPLAY);
	replay_result_fini(&result);
}

void judge_kept_end(struct judge *j)
{
	if (!j->scene->owner_lost_us) {
		metering_check(j);
		judge_recording_end(j);
	}
	ends_check(j);
	if (!j->scene->sink.overflow) {
		holes_check(j);
		durable_check(j);
		if (!j->worker_count && !j->scene->disk_gone) {
			wasted_check(j);
			used_check(j);
		}
		facts_check(j);
	}
	journal_check(j);
	if (j->scene->options.sabotage < 0)
		replay_check(j);
}

/* Shipping a journal: see ship.h.
 *
 * One scan reads ahead of the cursor; up to batches_max batches are out, acked in any order, and the cursor follows the
 * oldest one that is not. A failure sends the scan back to the cursor. Owns its batches' memory. Refuses to
 * move the cursor past anything unacked. */
#include "voice/shipping/ship_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the log ---- */

static void sink_tell(struct ship *s, const char *message, enum err err)
{
	if (!s->sink_told)
		log_warn(&s->log, message, LOG_ERR(err), LOG_UINT("batches_out", s->count), LOG_UINT("acked_records", s->counts.acked_records));
	s->sink_told = true;
}

void ship_disk_failed(struct ship *s, const char *message, enum err err)
{
	s->counts.disk_errors++;
	if (!s->disk_told)
		log_error(&s->log, message, LOG_ERR(err));
	s->disk_told = true;
}

void ship_reading_failed(struct ship *s, enum err err)
{
	ship_disk_failed(s, "the journal cannot be read: it waits to be shipped", err);
}

/* `told` is one of the two above. */
void ship_tell_well(struct ship *s, bool *told, const char *message)
{
	if (*told)
		log_info(&s->log, message, LOG_UINT("failures", s->counts.failures), LOG_UINT("timeouts", s->counts.timeouts),
			LOG_UINT("disk_errors", s->counts.disk_errors));
	*told = false;
}

void ship_options_defaults(struct ship_options *o)
{
	*o = (struct ship_options){
		.batch_bytes = 256 * 1024,
		.batches_max = 4,
		.ack_timeout_us = 10000000,
		.backoff_min_us = 100000,
		.backoff_max_us = 30000000,
		.cursor_us = 1000000,
		.keep_us = 3600000000u,
		.idle_us = 1000000,
	};
}

/* ---- batches ---- */

static void step_back(struct ship *s, uint64_t now_us, bool cancel)
{
	size_t i;

	for (i = 0; i < s->count && cancel; i++) {
		struct out_batch *b = &s->out[(s->first + i) % BATCHES_MAX];

		if (!b->acked)
			s->sink->cancel(s->sink_arg, b->id);
	}
	s->count = 0;
	ship_scan_stop(s);
	s->read = s->cursor;
	s->backoff_us = s->backoff_us ? s->backoff_us * 2 : s->options.backoff_min_us;
	if (s->backoff_us > s->options.backoff_max_us)
		s->backoff_us = s->options.backoff_max_us;
	s->wait_until_us = now_us + s->backoff_us;
}

static enum err batch_add(struct out_batch *b, const struct journal_record *r, size_t usual)
{
	size_t need = b->len + r->raw_len;

	if (need > b->cap) {
		size_t cap = need > usual ? need : usual;
		uint8_t *data = realloc(b->data, cap);

		if (!data)
			return ERR_NOMEM;
		b->data = data;
		b->cap = cap;
	}
	memcpy(b->data + b->len, r->raw, r->raw_len);
	b->len += r->raw_len;
	b->records++;
	return ERR_NONE;
}

/* Fills one batch from where the scan stands. A record that does not fit any more is read again for the next one. */
static enum err batch_fill(struct ship *s, struct out_batch *b)
{
	struct journal_record r;
	enum err err;

	b->len = b->records = 0;
	b->acked = false;
	while (!(err = ship_next_record(s, &r))) {
		uint64_t start = s->read.offset - r.raw_len;

		b->order = b->len ? b->order : s->read.order;
		if (b->len && b->len + r.raw_len > s->options.batch_bytes) {
			s->scan.at = s->read.offset = start;
			break;
		}
		err = batch_add(b, &r, s->options.batch_bytes);
		if (err) {
			s->scan.at = s->read.offset = start;
			return err;
		}
		b->end = s->read;
		if (b->len >= s->options.batch_bytes)
			break;
	}
	return b->len ? ERR_NONE : err;
}

static enum err batch_send(struct ship *s, uint64_t now_us)
{
	struct out_batch *b = &s->out[(s->first + s->count) % BATCHES_MAX];
	struct ship_batch batch;
	enum err err = batch_fill(s, b);

	if (err)
		return err;
	b->id = s->next_id++;
	b->sent_us = now_us;
	s->count++;
	s->counts.sent_records += b->records;
	batch = (struct ship_batch){ .id = b->id, .data = b->data, .len = b->len, .records = b->records, .order = b->order };
	err = s->sink->send(s->sink_arg, s, &batch);
	if (err) {
		s->count--;
		s->counts.failures++;
		sink_tell(s, "the conductor cannot be sent to: the journal waits", err);
		step_back(s, now_us, true);
	}
	return ERR_NONE;
}

static void settle(struct ship *s)
{
	while (s->count && s->out[s->first].acked) {
		const struct out_batch *b = &s->out[s->first];

		s->cursor = b->end;
		s->counts.acked_records += b->records;
		s->counts.acked_bytes += b->len;
		s->first = (s->first + 1) % BATCHES_MAX;
		s->count--;
	}
}

void ship_acked(struct ship *s, uint64_t batch_id, enum err err, uint64_t now_us)
{
	size_t i;

	s->log.doing = "waiting for the conductor";
	for (i = 0; i < s->count; i++) {
		struct out_batch *b = &s->out[(s->first + i) % BATCHES_MAX];

		if (b->id != batch_id || b->acked)
			continue;
		b->acked = true;
		if (err) {
			s->counts.failures++;
			sink_tell(s, "the conductor does not take what is sent: the journal waits", err);
			step_back(s, now_us, true);
		} else {
			s->backoff_us = 0;
			settle(s);
			ship_tell_well(s, &s->sink_told, "the conductor takes the journal again");
		}
		return;
	}
}

static void check_timeouts(struct ship *s, uint64_t now_us)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct out_batch *b = &s->out[(s->first + i) % BATCHES_MAX];

		if (b->acked || now_us - b->sent_us < s->options.ack_timeout_us)
			continue;
		s->counts.timeouts++;
		sink_tell(s, "the conductor does not answer: the journal waits", ERR_TIMEOUT);
		step_back(s, now_us, true);
		return;
	}
}

/* ---- the step ---- */

static enum err send_all(struct ship *s, uint64_t now_us)
{
	enum err err = ERR_NONE;

	while (!err && s->count < s->options.batches_max && now_us >= s->wait_until_us)
		err = batch_send(s, now_us);
	if (err == ERR_NOMEM)
		return err;
	if (err && err != ERR_NOTFOUND) {
		ship_reading_failed(s, err);
		step_back(s, now_us, true);
	}
	/* What may not be read yet (a ring that is in use) can have something durable behind it. */
	s->counts.all_shipped = err == ERR_NOTFOUND && !s->count && !s->stale && !(s->limited && s->read.order < s->limit.order);
	return ERR_NONE;
}

static uint64_t next_time(const struct ship *s, uint64_t now_us)
{
	uint64_t next = now_us + s->options.idle_us;
	size_t i;

	if (s->wait_until_us > now_us && s->wait_until_us < next)
		next = s->wait_until_us;
	for (i = 0; i < s->count; i++) {
		uint64_t due = s->out[(s->first + i) % BATCHES_MAX].sent_us + s->options.ack_timeout_us;

		if (due < next)
			next = due;
	}
	return next > now_us ? next : now_us + 1;
}

enum err ship_step(struct ship *s, uint64_t now_us, uint64_t wall_us, uint64_t *next_us)
{
	bool look = s->stale || now_us - s->listed_us >= s->options.idle_us;
	enum err err;

	s->log.doing = "waiting for the conductor";
	check_timeouts(s, now_us);
	if (look)
		ship_list(s, now_us);
	s->log.doing = "shipping the journal";
	ship_scan_grow(s);
	err = send_all(s, now_us);
	if (!s->count)
		s->cursor = s->read; /* nothing is out: files that were read to their end are shipped, though no record says so */
	if (now_us - s->saved_us >= s->options.cursor_us || s->cursor.order != s->saved.order)
		ship_cursor_save(s, now_us);
	if (s->is_short && s->stale)
		ship_list(s, now_us); /* a file went for the cursor: the others need not wait for the next look */
	if (look || s->is_short)
		ship_delete(s, wall_us);
	*next_us = next_time(s, now_us);
	return err;
}

void ship_limit(struct ship *s, struct journal_position durable)
{
	if (durable.order != s->limit.order)
		s->stale = true;
	s->limit = durable;
	s->limited = true;
}

void ship_short(struct ship *s, bool is_short)
{
	s->is_short = is_short;
}

void ship_keep(struct ship *s, uint64_t order)
{
	s->keep_order = order;
}

struct ship_counts ship_counts(const struct ship *s)
{
	struct ship_counts c = s->counts;

	c.saved = s->saved;
	return c;
}

enum err ship_open(struct ship **sp, const struct disk *disk, const char *dir, const struct ship_sink *sink, void *arg,
	const struct ship_options *options, struct err_detail *detail)
{
	struct ship *s = calloc(1, sizeof(*s));

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	s->disk = *disk;
	s->sink = sink;
	s->sink_arg = arg;
	s->next_id = 1;
	s->stale = true;
	s->keep_order = UINT64_MAX;
	if (options)
		s->options = *options;
	else
		ship_options_defaults(&s->options);
	if (strlen(dir) >= sizeof(s->dir) - 64 || !s->options.batches_max || s->options.batches_max > BATCHES_MAX ||
		!s->options.batch_bytes) {
		free(s);
		if (detail)
			*detail = (struct err_detail){ .message = "the path is too long, or batches_max is not within 1 and 16" };
		return ERR_USAGE;
	}
	snprintf(s->dir, sizeof(s->dir), "%s", dir);
	s->log = (struct log){ .plane = "voice", .call = s->options.log_call, .doing = "opening the shipping of a journal" };
	ship_cursor_load(s);
	s->read = s->cursor;
	*sp = s;
	return ERR_NONE;
}

void ship_close(struct ship **sp)
{
	struct ship *s = *sp;
	size_t i;

	if (!s)
		return;
	s->log.doing = "closing the shipping of a journal";
	step_back(s, 0, true);
	ship_cursor_save(s, 0);
	ship_scan_stop(s);
	journal_files_free(&s->files);
	for (i = 0; i < BATCHES_MAX; i++)
		free(s->out[i].data);
	free(s);
	*sp = NULL;
}

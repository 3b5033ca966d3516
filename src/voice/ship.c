/* Shipping a journal: see ship.h.
 *
 * One scan reads ahead of the cursor; up to batches_max batches are out, acked in any order, and the cursor follows the
 * oldest one that is not. A failure sends the scan back to the cursor. Owns its scan and its batches' memory. Refuses to
 * move the cursor past anything unacked. */
#include "voice/ship.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "voice/journal_read.h"

enum { BATCHES_MAX = 16, CURSOR_BYTES = 48 };

static const uint8_t cursor_magic[8] = { 'C', 'F', 'S', 'H', 'I', 'P', 1, 0x0a };

struct out_batch {
	uint64_t id;
	uint8_t *data;
	size_t len, cap;
	unsigned int records;
	uint64_t sent_us;
	bool acked;
	struct journal_position end; /* behind its last record */
};

struct ship {
	struct disk disk;
	char dir[DISK_PATH_MAX];
	const struct ship_sink *sink;
	void *sink_arg;
	struct ship_options options;

	bool limited;
	struct journal_position limit;
	struct journal_position cursor, saved;
	uint64_t saved_us;
	bool cursor_failed;

	struct journal_files files; /* as listed last */
	bool stale;                 /* list again */
	uint64_t listed_us;
	bool scanning;
	struct journal_scan scan;
	struct journal_position read; /* the next record */

	struct out_batch out[BATCHES_MAX]; /* a ring, oldest at first */
	size_t first, count;
	uint64_t next_id;
	uint64_t backoff_us; /* 0: all is well */
	uint64_t wait_until_us;
	struct ship_counts counts;

	struct log log;
	bool sink_told, disk_told, damage_told; /* the log heard of it, and not yet that it is over */
};

/* ---- the log ---- */

static void sink_tell(struct ship *s, const char *message, enum err err)
{
	if (!s->sink_told)
		log_warn(&s->log, message, LOG_ERR(err), LOG_UINT("batches_out", s->count), LOG_UINT("acked_records", s->counts.acked_records));
	s->sink_told = true;
}

static void disk_failed(struct ship *s, const char *message, enum err err)
{
	s->counts.disk_errors++;
	if (!s->disk_told)
		log_error(&s->log, message, LOG_ERR(err));
	s->disk_told = true;
}

static void reading_failed(struct ship *s, enum err err)
{
	disk_failed(s, "the journal cannot be read: it waits to be shipped", err);
}

/* `told` is one of the two above. */
static void tell_well(struct ship *s, bool *told, const char *message)
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

/* ---- files ---- */

static bool is_shipped_kind(const struct journal_file *f)
{
	return f->header.role != JOURNAL_ROLE_UNUSED && f->header.role != JOURNAL_ROLE_EXPORT && f->err != ERR_VERSION &&
		f->err != ERR_FORMAT;
}

/* Nothing is written to it any more. */
static bool is_closed(const struct ship *s, const struct journal_file *f)
{
	const struct journal_file *last = NULL;
	size_t i;

	if (s->limited)
		return f->header.order < s->limit.order;
	for (i = 0; i < s->files.count; i++)
		if (is_shipped_kind(&s->files.items[i]))
			last = &s->files.items[i];
	return last && last != f;
}

/* Gone for good, before the next one goes: a power cut that brought this one back alone would leave a hole behind it. */
static enum err file_delete(struct ship *s, const struct journal_file *f)
{
	char path[DISK_PATH_MAX];
	enum err err = disk_path(path, s->dir, f->name);

	s->stale = true;
	if (!err)
		err = disk_unlink(&s->disk, path);
	s->counts.deleted_files += !err;
	return err ? err : disk_sync_folder(&s->disk, s->dir);
}

/* ---- the cursor ---- */

static enum err cursor_read(const struct disk *d, const char *dir, uint8_t out[CURSOR_BYTES])
{
	char path[DISK_PATH_MAX];
	struct buf b;
	enum err err = disk_path(path, dir, "cursor") ? ERR_LIMIT : ERR_NONE;

	buf_init(&b, CURSOR_BYTES);
	if (!err)
		err = disk_load(d, path, &b);
	if (!err && (b.len != CURSOR_BYTES || memcmp(b.data, cursor_magic, sizeof(cursor_magic)) != 0 ||
		get_le32(b.data + 44) != journal_checksum(b.data, 44)))
		err = ERR_CORRUPT;
	if (!err)
		memcpy(out, b.data, CURSOR_BYTES);
	buf_fini(&b);
	return err;
}

enum err ship_cursor_read(const struct disk *disk, const char *dir, struct journal_position *shipped)
{
	uint8_t bytes[CURSOR_BYTES];
	enum err err = cursor_read(disk, dir, bytes);

	*shipped = (struct journal_position){ 0 };
	if (!err)
		*shipped = (struct journal_position){ .order = get_le64(bytes + 8), .offset = get_le64(bytes + 16) };
	return err;
}

static void cursor_load(struct ship *s)
{
	uint8_t bytes[CURSOR_BYTES];

	if (!cursor_read(&s->disk, s->dir, bytes)) {
		s->cursor.order = get_le64(bytes + 8);
		s->cursor.offset = get_le64(bytes + 16);
		s->counts.acked_records = get_le64(bytes + 24);
		s->counts.acked_bytes = get_le64(bytes + 32);
	}
	s->saved = s->cursor;
}

/* A cursor behind every file is of a folder that was lost in part (a reserve's order goes with its header): what is written
 * from now on would lie before it, and would never be shipped. */
static void cursor_check(struct ship *s)
{
	struct journal_files files;

	if (!journal_files_list(&files, &s->disk, s->dir) && s->cursor.order > files.highest)
		s->cursor = (struct journal_position){ 0 };
	journal_files_free(&files);
}

static bool same(const struct journal_position *a, const struct journal_position *b)
{
	return a->order == b->order && a->offset == b->offset;
}

static enum err cursor_write(struct ship *s)
{
	uint8_t bytes[CURSOR_BYTES] = { 0 };

	memcpy(bytes, cursor_magic, sizeof(cursor_magic));
	put_le64(bytes + 8, s->cursor.order);
	put_le64(bytes + 16, s->cursor.offset);
	put_le64(bytes + 24, s->counts.acked_records);
	put_le64(bytes + 32, s->counts.acked_bytes);
	put_le32(bytes + 44, journal_checksum(bytes, 44));
	return disk_replace(&s->disk, s->dir, "cursor", bytes, sizeof(bytes));
}

/* A disk without room even for the cursor: the oldest file goes, when all of it was acknowledged, however young it is. Should
 * the process die before the cursor is saved, the old one points at a file that is gone, and shipping goes on with the next. */
static bool room_make(struct ship *s)
{
	size_t i = 0;

	while (i < s->files.count && !is_shipped_kind(&s->files.items[i]))
		i++;
	return !s->options.keep_all && !s->stale && i < s->files.count && s->files.items[i].header.order < s->cursor.order &&
		is_closed(s, &s->files.items[i]) && !file_delete(s, &s->files.items[i]);
}

static void cursor_save(struct ship *s, uint64_t now_us)
{
	enum err err;

	if (same(&s->cursor, &s->saved))
		return;
	s->saved_us = now_us;
	s->log.doing = "saving the cursor";
	err = cursor_write(s);
	if (err == ERR_FULL && room_make(s))
		err = cursor_write(s);
	if (err) {
		disk_failed(s, "how far the journal was shipped cannot be saved", err);
		return;
	}
	s->saved = s->cursor;
	tell_well(s, &s->disk_told, "the disk is well again: shipping goes on");
}

/* ---- reading ---- */

static void damaged(void *arg, const struct journal_fault *fault)
{
	struct ship *s = arg;

	s->counts.damaged_bytes += fault->bytes;
	if (!s->damage_told && fault->kind != JOURNAL_FAULT_TORN) /* a crash tears ends: nothing that was durable */
		log_error(&s->log, "damage in the journal was stepped over", LOG_TEXT("kind", journal_fault_name(fault->kind)),
			LOG_UINT("bytes", fault->bytes));
	s->damage_told = s->damage_told || fault->kind != JOURNAL_FAULT_TORN;
}

static void scan_stop(struct ship *s)
{
	if (s->scanning)
		journal_scan_close(&s->scan);
	s->scanning = false;
}

static void list_again(struct ship *s, uint64_t now_us)
{
	enum err err;

	journal_files_free(&s->files);
	s->listed_us = now_us;
	s->stale = false;
	s->log.doing = "looking for files of the journal";
	err = journal_files_list(&s->files, &s->disk, s->dir);
	if (err) {
		reading_failed(s, err);
		s->stale = true;
	}
}

/* A ring is closed when a segment was begun behind it. */
static bool ring_is_closed(const struct ship *s, const struct journal_file *ring)
{
	size_t i;

	for (i = 0; i < s->files.count; i++) {
		const struct journal_file *f = &s->files.items[i];

		if (f->header.role == JOURNAL_ROLE_SEGMENT && f->header.order > ring->header.order &&
			f->header.order <= s->limit.order)
			return true;
	}
	return false;
}

/* May it be read already? */
static bool may_read(const struct ship *s, const struct journal_file *f)
{
	if (!s->limited)
		return true;
	if (f->header.order > s->limit.order)
		return false;
	return f->header.role != JOURNAL_ROLE_RING || s->limit.offset == UINT64_MAX || ring_is_closed(s, f);
}

/* The first file at or behind `read`, if it may be read; NULL: not yet. Nothing is passed over. */
static const struct journal_file *file_to_read(const struct ship *s)
{
	size_t i;

	for (i = 0; i < s->files.count; i++)
		if (is_shipped_kind(&s->files.items[i]) && s->files.items[i].header.order >= s->read.order)
			return may_read(s, &s->files.items[i]) ? &s->files.items[i] : NULL;
	return NULL;
}

static uint64_t limit_in(const struct ship *s, const struct journal_file *f)
{
	return s->limited && f->header.order == s->limit.order ? s->limit.offset : 0;
}

static enum err scan_begin(struct ship *s)
{
	const struct journal_file *f = file_to_read(s);
	enum err err;

	if (!f)
		return ERR_NOTFOUND;
	if (f->header.order != s->read.order)
		s->read = (struct journal_position){ .order = f->header.order, .offset = 0 };
	err = journal_scan_open(&s->scan, &s->disk, s->dir, f, s->read.offset, limit_in(s, f), damaged, s);
	if (err) {
		journal_scan_close(&s->scan);
		s->stale = true;
		return err;
	}
	s->scanning = true;
	return ERR_NONE;
}

/* The scan came to the end of its file: on to the next when this one is closed. */
static bool scan_go_on(struct ship *s)
{
	if (!is_closed(s, &s->scan.info))
		return false;
	/* It may have grown between the last read and its closing. */
	if (!journal_scan_extend(&s->scan, 0) && s->scan.at < s->scan.end)
		return true;
	scan_stop(s);
	s->read = (struct journal_position){ .order = s->read.order + 1, .offset = 0 };
	return true;
}

/* The next record that is to be shipped; ERR_NOTFOUND: nothing now. */
static enum err next_record(struct ship *s, struct journal_record *r)
{
	uint64_t offset;
	enum err err;

	for (;;) {
		err = s->scanning ? ERR_NONE : scan_begin(s);
		if (err)
			return err;
		err = journal_scan_next(&s->scan, r, &offset);
		if (!err) {
			s->read.offset = s->scan.at;
			if (r->header.kind != JOURNAL_MARK)
				return ERR_NONE;
			continue;
		}
		if (err != ERR_NOTFOUND || !scan_go_on(s))
			return err;
	}
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
	scan_stop(s);
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
	while (!(err = next_record(s, &r))) {
		uint64_t start = s->read.offset - r.raw_len;

		if (b->len && b->len + r.raw_len > s->options.batch_bytes) {
			s->scan.at = s->read.offset = start;
			break;
		}
		err = batch_add(b, &r, s->options.batch_bytes);
		if (err)
			return err;
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
	batch = (struct ship_batch){ .id = b->id, .data = b->data, .len = b->len, .records = b->records };
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
			tell_well(s, &s->sink_told, "the conductor takes the journal again");
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

/* ---- deleting ---- */

/* When was it closed? When the next one was opened. */
static bool old_enough(const struct ship *s, size_t i, uint64_t wall_us)
{
	size_t next;

	for (next = i + 1; next < s->files.count; next++)
		if (is_shipped_kind(&s->files.items[next]) && !s->files.items[next].err)
			return s->files.items[next].header.opened_wall_us + s->options.keep_us <= wall_us;
	return false;
}

/* From the beginning on, and nothing behind a file that stays: a hole would look like a loss. */
static void delete_shipped(struct ship *s, uint64_t wall_us)
{
	enum err err;
	size_t i;

	if (s->options.keep_all)
		return;
	s->log.doing = "deleting what was shipped";
	for (i = 0; i < s->files.count; i++) {
		const struct journal_file *f = &s->files.items[i];

		if (!is_shipped_kind(f))
			continue;
		if (f->header.order >= s->saved.order || !is_closed(s, f) || !old_enough(s, i, wall_us))
			return;
		err = file_delete(s, f);
		if (err) {
			disk_failed(s, "what was shipped cannot be deleted", err);
			return;
		}
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
		reading_failed(s, err);
		step_back(s, now_us, true);
	}
	s->counts.all_shipped = err == ERR_NOTFOUND && !s->count && !s->stale;
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
		list_again(s, now_us);
	s->log.doing = "shipping the journal";
	err = s->scanning ? journal_scan_extend(&s->scan, limit_in(s, &s->scan.info)) : ERR_NONE;
	if (err) {
		reading_failed(s, err);
		scan_stop(s);
	}
	err = send_all(s, now_us);
	if (now_us - s->saved_us >= s->options.cursor_us || s->cursor.order != s->saved.order)
		cursor_save(s, now_us);
	if (look)
		delete_shipped(s, wall_us);
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
	cursor_load(s);
	cursor_check(s);
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
	cursor_save(s, 0);
	scan_stop(s);
	journal_files_free(&s->files);
	for (i = 0; i < BATCHES_MAX; i++)
		free(s->out[i].data);
	free(s);
	*sp = NULL;
}

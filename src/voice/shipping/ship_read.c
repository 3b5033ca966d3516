/* What is shipped next: files in their order, each from where the last record ended, none passed over, nothing behind what the journal
 * called durable. Owns the list of files and the scan of one of them. Refuses to read a ring before it is closed. */
#include "voice/shipping/ship_state.h"

#include <string.h>

/* ---- files ---- */

bool ship_is_kind(const struct journal_file *f)
{
	return f->header.role != JOURNAL_ROLE_UNUSED && f->header.role != JOURNAL_ROLE_EXPORT && f->err != ERR_VERSION &&
		f->err != ERR_FORMAT;
}

/* Nothing is written to it any more. */
bool ship_is_closed(const struct ship *s, const struct journal_file *f)
{
	const struct journal_file *last = NULL;
	size_t i;

	if (s->limited)
		return f->header.order < s->limit.order;
	for (i = 0; i < s->files.count; i++)
		if (ship_is_kind(&s->files.items[i]))
			last = &s->files.items[i];
	return last && last != f;
}

void ship_list(struct ship *s, uint64_t now_us)
{
	enum err err;

	journal_files_free(&s->files);
	s->listed_us = now_us;
	s->stale = false;
	s->log.doing = "looking for files of the journal";
	err = journal_files_list(&s->files, &s->disk, s->dir);
	if (err) {
		ship_reading_failed(s, err);
		s->stale = true;
	}
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

void ship_scan_stop(struct ship *s)
{
	if (s->scanning)
		journal_scan_close(&s->scan);
	s->scanning = false;
}

/* A writer has one ring at a time: it is done with one when it has begun a segment or another ring behind it, or has the spare of
 * another, made whole; and another writer's ring is done with when that one has begun anything. On a disk that stays full there may be no
 * segment for long, and what a ring keeps from being shipped keeps the disk full. */
static bool closes_ring(const struct ship *s, const struct journal_file *f, const struct journal_file *ring)
{
	const struct journal_file_header *h = &f->header;

	if (h->role == JOURNAL_ROLE_UNUSED)
		return !f->err && !strncmp(f->name, "ring-", 5) && strcmp(f->name, ring->name) > 0 && f->bytes >= ring->header.capacity_bytes;
	if (h->order <= ring->header.order)
		return false;
	if (h->role == JOURNAL_ROLE_RING)
		return true;
	return h->order <= s->limit.order && (h->role == JOURNAL_ROLE_SEGMENT || !id128_equal(&h->writer, &ring->header.writer));
}

static bool ring_is_closed(const struct ship *s, const struct journal_file *ring)
{
	size_t i;

	for (i = 0; i < s->files.count; i++)
		if (closes_ring(s, &s->files.items[i], ring))
			return true;
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
		if (ship_is_kind(&s->files.items[i]) && s->files.items[i].header.order >= s->read.order)
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
	if (!ship_is_closed(s, &s->scan.info))
		return false;
	/* It may have grown between the last read and its closing. */
	if (!journal_scan_extend(&s->scan, 0) && s->scan.at < s->scan.end)
		return true;
	ship_scan_stop(s);
	s->read = (struct journal_position){ .order = s->read.order + 1, .offset = 0 };
	return true;
}

/* The next record that is to be shipped; ERR_NOTFOUND: nothing now. */
enum err ship_next_record(struct ship *s, struct journal_record *r)
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

void ship_scan_grow(struct ship *s)
{
	enum err err = s->scanning ? journal_scan_extend(&s->scan, limit_in(s, &s->scan.info)) : ERR_NONE;

	if (!err)
		return;
	ship_reading_failed(s, err);
	ship_scan_stop(s);
}

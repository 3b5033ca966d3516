/* Walking one file of a journal, and listing a folder's files: see journal_read.h.
 *
 * Owns the open file and a window of it that grows to the largest record. Works in one pass, so that even
 * hostile bytes are looked at a bounded number of times. Refuses to trust a length before its header's checksum held. */
#include "voice/journal/journal_read.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 256 * 1024 };

static const uint64_t ORDER_MAX = 1ull << 62; /* above it a number was never ours */

const char *journal_fault_name(enum journal_fault_kind kind)
{
	switch (kind) {
	case JOURNAL_FAULT_TORN: return "torn";
	case JOURNAL_FAULT_CORRUPT: return "corrupt";
	case JOURNAL_FAULT_FOREIGN: return "foreign";
	}
	return "unknown";
}

/* ---- files ---- */

struct listing {
	struct journal_files *files;
	size_t cap;
	enum err err;
};

static bool is_journal_name(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && len < sizeof(((struct journal_file *)0)->name) && !strcmp(name + len - 4, ".cfj");
}

static void listed(void *arg, const char *name)
{
	struct listing *l = arg;
	struct journal_files *f = l->files;

	if (l->err || !is_journal_name(name))
		return;
	if (f->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct journal_file *items = cap > JOURNAL_FILES_MAX ? NULL : realloc(f->items, cap * sizeof(*items));

		if (!items) {
			l->err = cap > JOURNAL_FILES_MAX ? ERR_LIMIT : ERR_NOMEM;
			return;
		}
		f->items = items;
		l->cap = cap;
	}
	f->items[f->count] = (struct journal_file){ .name = "" };
	snprintf(f->items[f->count++].name, sizeof(f->items->name), "%s", name);
}

/* Of the journal's own files: who puts an export beside them ("seed3-call0.cfj") numbers nothing. */
static uint64_t number_of(const char *name)
{
	bool is_own = !strncmp(name, "seg-", 4) || !strncmp(name, "ring-", 5) || !strncmp(name, "reserve-", 8);
	uint64_t number = is_own ? strtoull(strchr(name, '-') + 1, NULL, 16) : 0;

	return number < ORDER_MAX ? number : 0;
}

/* Role and order as the name has them. */
static void guess(struct journal_file *file)
{
	if (!strncmp(file->name, "ring-", 5))
		file->header.role = JOURNAL_ROLE_RING;
	else if (!strncmp(file->name, "reserve-", 8))
		file->header.role = JOURNAL_ROLE_RESERVE;
	else
		file->header.role = JOURNAL_ROLE_SEGMENT;
	file->header.order = number_of(file->name);
}

static enum err look(struct journal_file *file, const struct disk *d, const char *dir)
{
	uint8_t bytes[JOURNAL_FILE_HEADER_BYTES];
	char path[DISK_PATH_MAX];
	struct disk_file *f;
	size_t got = 0;
	enum err err = disk_path(path, dir, file->name) ? ERR_LIMIT : disk_open(d, &f, path, DISK_READ);

	if (err)
		return err;
	err = disk_size(f, &file->bytes);
	if (!err)
		err = disk_read(f, 0, bytes, sizeof(bytes), &got);
	disk_close(&f);
	if (!err)
		err = journal_file_header_decode(&file->header, bytes, got);
	/* A segment's header is never blank but after a crash. */
	if (!err && file->header.role == JOURNAL_ROLE_UNUSED && !strncmp(file->name, "seg-", 4))
		err = ERR_TRUNCATED;
	if (err == ERR_CORRUPT || err == ERR_TRUNCATED)
		guess(file);
	return err;
}

static int by_order(const void *a, const void *b)
{
	const struct journal_file *x = a, *y = b;

	if (x->header.order != y->header.order)
		return x->header.order < y->header.order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_written(const struct journal_file *file)
{
	return file->header.role != JOURNAL_ROLE_UNUSED && file->header.role != JOURNAL_ROLE_EXPORT;
}

/* The last of those before `next` that has this order. */
static struct journal_file *file_before(struct journal_files *f, size_t next, uint64_t order)
{
	while (next-- && f->items[next].header.order >= order)
		if (f->items[next].header.order == order && is_written(&f->items[next]))
			return &f->items[next];
	return NULL;
}

/* Each file's header says how much of the one before was durable, and how long it was when it was left. */
static void note_durable(struct journal_files *f, const struct disk *d, const char *dir)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		const struct journal_file_header *h = &f->items[i].header;
		struct journal_file *before;

		if (!is_written(&f->items[i]) || f->items[i].err || (!h->previous_bytes && !h->previous_size))
			continue;
		before = file_before(f, i, h->previous);
		if (before && before->whole_bytes < h->previous_size)
			before->whole_bytes = h->previous_size;
		if (!before || before->durable_bytes >= h->previous_bytes)
			continue;
		before->durable_bytes = h->previous_bytes;
		if (before->bytes < h->previous_bytes) /* it may have grown since it was looked at */
			before->err = look(before, d, dir);
	}
}

enum err journal_files_list(struct journal_files *f, const struct disk *d, const char *dir)
{
	struct listing l = { .files = f };
	enum err err;
	size_t i;

	*f = (struct journal_files){ .items = NULL };
	err = disk_list(d, dir, listed, &l);
	if (err || l.err)
		return err ? err : l.err;
	for (i = 0; i < f->count; i++) {
		struct journal_file *file = &f->items[i];

		file->err = look(file, d, dir);
		if (number_of(file->name) > f->highest)
			f->highest = number_of(file->name);
		if (file->header.order > f->highest && file->header.order < ORDER_MAX && file->header.role != JOURNAL_ROLE_EXPORT)
			f->highest = file->header.order;
	}
	if (f->count)
		qsort(f->items, f->count, sizeof(*f->items), by_order);
	note_durable(f, d, dir);
	return ERR_NONE;
}

void journal_files_free(struct journal_files *f)
{
	free(f->items);
	*f = (struct journal_files){ .items = NULL };
}

/* ---- the window ---- */

static enum err window_grow(struct journal_scan *s, size_t need)
{
	uint8_t *window;

	if (need <= s->window_cap)
		return ERR_NONE;
	assert(need <= JOURNAL_RECORD_MAX_BYTES);
	if (need < WINDOW_BYTES)
		need = WINDOW_BYTES;
	else
		need = JOURNAL_RECORD_MAX_BYTES;
	window = realloc(s->window, need);
	if (!window)
		return ERR_NOMEM;
	s->window = window;
	s->window_cap = need;
	return ERR_NONE;
}

/* Bytes at `at`, at least `need` of them unless the end comes first. */
static enum err window_at(struct journal_scan *s, uint64_t at, size_t need, const uint8_t **data, size_t *len)
{
	uint64_t left = at < s->end ? s->end - at : 0;
	enum err err;

	if (left < need)
		need = (size_t)left;
	if (at < s->window_at || at + need > s->window_at + s->window_len || !s->window_cap) {
		err = window_grow(s, need);
		if (err)
			return err;
		s->window_at = at;
		s->window_len = 0;
		err = disk_read(s->file, at, s->window, left < s->window_cap ? (size_t)left : s->window_cap, &s->window_len);
		if (err)
			return err;
	}
	*data = s->window + (at - s->window_at);
	*len = s->window_len - (size_t)(at - s->window_at);
	return ERR_NONE;
}

/* Judges the record at `at`, with all its bytes in the window. ERR_NOTFOUND: the end. */
static enum err record_at(struct journal_scan *s, uint64_t at, struct journal_record *r)
{
	const uint8_t *data;
	size_t len;
	enum err err;

	if (at >= s->end)
		return ERR_NOTFOUND;
	err = window_at(s, at, JOURNAL_RECORD_HEADER_BYTES, &data, &len);
	if (err)
		return err;
	err = journal_record_decode(r, data, len);
	if (err != ERR_TRUNCATED || r->raw_len <= len || at + r->raw_len > s->end)
		return err;
	err = window_at(s, at, r->raw_len, &data, &len);
	return err ? err : journal_record_decode(r, data, len);
}

static bool is_damage(enum err err)
{
	return err == ERR_FORMAT || err == ERR_CORRUPT || err == ERR_TRUNCATED || err == ERR_VERSION;
}

/* The offset of the next record that holds, from `at` on; ERR_NOTFOUND: none. */
static enum err search(struct journal_scan *s, uint64_t at, uint64_t *found, struct journal_record *r)
{
	while (at < s->end) {
		const uint8_t *data;
		size_t len, next;
		enum err err = window_at(s, at, JOURNAL_RECORD_HEADER_BYTES, &data, &len);

		if (err)
			return err;
		next = len ? journal_record_search(data, len, 0) : 0;
		if (!len)
			return ERR_NOTFOUND;
		if (next == len) {
			at += len > 3 ? len - 3 : len; /* the mark may lie across the window's end */
			continue;
		}
		at += next;
		err = record_at(s, at, r);
		if (!is_damage(err)) {
			*found = at;
			return err;
		}
		at++;
	}
	return ERR_NOTFOUND;
}

static enum err later_batch(struct journal_scan *s, uint64_t at, uint32_t batch, bool *later)
{
	struct journal_record r;
	enum err err;

	if (s->looked && s->looked_batch == batch) {
		*later = s->looked_later;
		return ERR_NONE;
	}
	*later = false;
	for (;;) {
		err = record_at(s, at, &r);
		if (is_damage(err))
			err = search(s, at + 1, &at, &r);
		if (err)
			break;
		if (r.header.batch != batch) {
			*later = true;
			break;
		}
		at += r.raw_len;
	}
	s->looked = true;
	s->looked_batch = batch;
	s->looked_later = *later;
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

static void report(struct journal_scan *s, enum journal_fault_kind kind, uint64_t from, uint64_t to)
{
	struct journal_fault fault = { .kind = kind, .file = s->info.name, .offset = from, .bytes = to - from };

	if (kind == JOURNAL_FAULT_TORN && from < s->info.durable_bytes)
		fault.kind = JOURNAL_FAULT_CORRUPT;

	if (s->fault)
		s->fault(s->fault_arg, &fault);
}

static enum err rest_is_zero(struct journal_scan *s, uint64_t at, bool *zero)
{
	*zero = true;
	while (at < s->end && *zero) {
		const uint8_t *data;
		size_t len;
		enum err err = window_at(s, at, 1, &data, &len);

		if (err)
			return err;
		if (!len)
			break;
		*zero = journal_is_blank(data, len);
		at += len;
	}
	return ERR_NONE;
}

/* No further record: a tear, free room, or (in an export, which is written whole) damage. */
static enum err end_in_damage(struct journal_scan *s, uint64_t at)
{
	bool room = s->info.header.role == JOURNAL_ROLE_RESERVE || s->info.header.role == JOURNAL_ROLE_RING;
	bool zero = false;
	enum err err = room ? rest_is_zero(s, at, &zero) : ERR_NONE;

	if (err)
		return err;
	if (s->info.header.role == JOURNAL_ROLE_EXPORT)
		report(s, JOURNAL_FAULT_CORRUPT, at, s->end);
	else if ((!zero || at < s->info.durable_bytes) && s->info.header.role != JOURNAL_ROLE_RING)
		report(s, JOURNAL_FAULT_TORN, at, s->end);
	s->at = s->end;
	return ERR_NOTFOUND;
}

/* Nothing is ever written behind the mark of a proper end: only free room may be there. */
static enum err end_behind_mark(struct journal_scan *s)
{
	bool room = s->info.header.role == JOURNAL_ROLE_RESERVE, zero = false;
	enum err err = room ? rest_is_zero(s, s->at, &zero) : ERR_NONE;

	if (err)
		return err;
	if (s->at < s->end && !zero)
		report(s, JOURNAL_FAULT_CORRUPT, s->at, s->end);
	s->at = s->end;
	return ERR_NOTFOUND;
}

/* Something at s->at is no record: finds the next one and says what lies between. */
static enum err resynchronise(struct journal_scan *s, enum err why, struct journal_record *r)
{
	uint64_t found = 0;
	bool later;
	enum err err = search(s, s->at + 1, &found, r);

	if (err == ERR_NOTFOUND && why == ERR_VERSION) {
		report(s, JOURNAL_FAULT_FOREIGN, s->at, s->end);
		s->at = s->end;
		return err;
	}
	if (err == ERR_NOTFOUND)
		return end_in_damage(s, s->at);
	if (err)
		return err;
	err = later_batch(s, found + r->raw_len, r->header.batch, &later);
	if (err)
		return err;
	if (s->info.header.role == JOURNAL_ROLE_RING)
		s->after_tear = true; /* an older lap, cut by a newer one */
	else if (why == ERR_VERSION)
		report(s, JOURNAL_FAULT_FOREIGN, s->at, found);
	else if (later || r->header.first || s->info.header.role == JOURNAL_ROLE_EXPORT)
		report(s, JOURNAL_FAULT_CORRUPT, s->at, found);
	else
		report(s, JOURNAL_FAULT_TORN, s->at, found), s->after_tear = true;
	s->at = found;
	return record_at(s, found, r);
}

/* The head does not hold. It is written with the first batch, so it had been durable if a second batch follows. */
static enum err judge_header(struct journal_scan *s)
{
	uint64_t first = 0;
	struct journal_record r;
	bool later = false;
	enum err err = search(s, s->at, &first, &r);

	if (!err)
		err = later_batch(s, first + r.raw_len, r.header.batch, &later);
	if (err && err != ERR_NOTFOUND)
		return err;
	report(s, later ? JOURNAL_FAULT_CORRUPT : JOURNAL_FAULT_TORN, 0, s->end < s->at ? s->end : s->at);
	return ERR_NONE;
}

/* No byte of it was ever ours behind here; 0: not known. A later file's header knows how long it was; a reserve and a ring were
 * allocated whole before they began. */
static uint64_t longest(const struct journal_file *f)
{
	return !f->err && f->header.capacity_bytes ? f->header.capacity_bytes : f->whole_bytes;
}

/* Is it cut off, or too long? */
static enum err judge_length(struct journal_scan *s)
{
	const struct journal_file *f = &s->info;
	uint64_t most = longest(f), least = f->err ? 0 : f->header.capacity_bytes, size;
	enum err err = disk_size(s->file, &size);

	if (err)
		return err;
	if (least < f->durable_bytes)
		least = f->durable_bytes;
	if (size < least)
		report(s, JOURNAL_FAULT_CORRUPT, size, least);
	if (most && size > most)
		report(s, JOURNAL_FAULT_CORRUPT, most, size);
	return ERR_NONE;
}

/* ---- one file ---- */

enum err journal_scan_open(struct journal_scan *s, const struct disk *d, const char *dir, const struct journal_file *file,
	uint64_t from, uint64_t limit, journal_fault_h *fault, void *fault_arg)
{
	char path[DISK_PATH_MAX];
	enum err err;

	*s = (struct journal_scan){ .info = *file, .fault = fault, .fault_arg = fault_arg };
	if (disk_path(path, dir, file->name))
		return ERR_LIMIT;
	if (file->err == ERR_VERSION || file->err == ERR_FORMAT) {
		report(s, JOURNAL_FAULT_FOREIGN, 0, file->bytes);
		return ERR_VERSION;
	}
	err = disk_open(d, &s->file, path, DISK_READ);
	if (!err)
		err = journal_scan_extend(s, limit);
	if (err)
		return err;
	s->at = from ? from : JOURNAL_FILE_HEADER_BYTES;
	s->after_tear = file->err != ERR_NONE;
	if (!from && !limit)
		err = judge_length(s);
	return !err && !from && file->err ? judge_header(s) : err;
}

enum err journal_scan_extend(struct journal_scan *s, uint64_t limit)
{
	uint64_t size;
	uint64_t most = longest(&s->info);
	enum err err = disk_size(s->file, &size);

	s->end = limit && limit < size ? limit : size;
	s->end = most && most < s->end ? most : s->end;
	s->looked = false;
	s->window_len = 0;
	return err;
}

enum err journal_scan_next(struct journal_scan *s, struct journal_record *r, uint64_t *offset)
{
	enum err err;

	if (s->info.header.role == JOURNAL_ROLE_UNUSED)
		return ERR_NOTFOUND;
	if (s->after_mark)
		return end_behind_mark(s);
	err = record_at(s, s->at, r);
	if (is_damage(err))
		err = resynchronise(s, err, r);
	if (err)
		return err;
	*offset = s->at;
	s->at += r->raw_len;
	s->after_mark = r->header.kind == JOURNAL_MARK;
	return ERR_NONE;
}

void journal_scan_close(struct journal_scan *s)
{
	disk_close(&s->file);
	free(s->window);
	s->window = NULL;
	s->window_cap = s->window_len = 0;
}

/* The reader of a folder, one call's records in order, and the export of a call: see journal_read.h.
 *
 * The reader owns its list of files, one scan at a time, and a table of calls (journal_calls.h). Records behind the table's
 * ceiling are still given, but no longer judged. */
#include "voice/journal/journal_calls.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPORT_MAX_BYTES = 512 << 20 };

struct journal_reader {
	struct disk disk;
	char dir[DISK_PATH_MAX];
	struct journal_reader_options options;
	struct id128 only; /* copy of options.call */
	struct journal_files files;
	size_t next_file;
	bool scanning;
	struct journal_scan scan;
	struct journal_reader_counts counts;

	struct journal_calls calls;

	struct id128 key_id; /* whose key is at hand */
	uint8_t *key;        /* locked memory */
	uint8_t *clear;
	size_t clear_cap;
};

/* ---- opening ---- */

static enum err tell(struct err_detail *detail, enum err err, const char *where, const char *message, const char *hint)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", where);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

static bool keep_only(struct journal_files *files, const char *name)
{
	size_t i;

	for (i = 0; i < files->count; i++)
		if (!strcmp(files->items[i].name, name)) {
			files->items[0] = files->items[i];
			files->count = 1;
			return true;
		}
	return false;
}

/* `path` is a folder, or a file in one. */
static enum err open_path(struct journal_reader *r, const char *path)
{
	size_t len = strlen(path);
	bool one = len > 4 && !strcmp(path + len - 4, ".cfj");
	const char *slash = one ? strrchr(path, '/') : NULL;
	enum err err;

	if (len >= sizeof(r->dir))
		return ERR_LIMIT;
	if (!one)
		snprintf(r->dir, sizeof(r->dir), "%s", path);
	else
		disk_folder(r->dir, path);
	err = journal_files_list(&r->files, &r->disk, r->dir);
	if (!err && one && !keep_only(&r->files, slash ? slash + 1 : path))
		err = ERR_NOTFOUND;
	return err;
}

/* Is the chain of files whole? Each names the one before. */
static void check_chain(struct journal_reader *r)
{
	uint64_t before = 0;
	bool begun = false; /* a head that holds was seen */
	size_t i;

	for (i = 0; i < r->files.count; i++) {
		const struct journal_file *f = &r->files.items[i];

		if (f->header.role == JOURNAL_ROLE_UNUSED || f->header.role == JOURNAL_ROLE_EXPORT)
			continue;
		if (f->err) { /* its head does not say; a segment's name does */
			if (f->header.role == JOURNAL_ROLE_SEGMENT && f->header.order > before)
				before = f->header.order;
			continue;
		}
		if (!begun && f->header.previous)
			r->counts.beginning_gone = true;
		if (!begun && f->header.previous > before)
			r->counts.gone = (struct journal_position){ .order = f->header.previous, .offset = f->header.previous_bytes };
		begun = true;
		if (before && f->header.previous > before)
			r->counts.missing_files++;
		before = f->header.order;
	}
}

enum err journal_reader_open(struct journal_reader **rp, const struct disk *d, const char *path,
	const struct journal_reader_options *options, struct err_detail *detail)
{
	struct journal_reader *r = calloc(1, sizeof(*r));
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	if (sodium_init() < 0) {
		free(r);
		return ERR_UNAVAILABLE;
	}
	r->disk = *d;
	if (options)
		r->options = *options;
	if (r->options.call)
		r->only = *r->options.call;
	err = open_path(r, path);
	r->key = sodium_malloc(JOURNAL_KEY_BYTES);
	if (!err && !r->key)
		err = ERR_NOMEM;
	if (err) {
		journal_reader_close(&r);
		return tell(detail, err, path, "the journal cannot be read", "check the path, and who may read it");
	}
	check_chain(r);
	*rp = r;
	return ERR_NONE;
}

void journal_reader_close(struct journal_reader **rp)
{
	struct journal_reader *r = *rp;

	if (!r)
		return;
	if (r->scanning)
		journal_scan_close(&r->scan);
	journal_calls_fini(&r->calls);
	free(r->clear);
	if (r->key)
		sodium_free(r->key);
	journal_files_free(&r->files);
	free(r);
	*rp = NULL;
}

/* ---- reading ---- */

static void count_fault(void *arg, const struct journal_fault *fault)
{
	struct journal_reader *r = arg;

	switch (fault->kind) {
	case JOURNAL_FAULT_TORN:
		r->counts.torn++;
		r->counts.torn_bytes += fault->bytes;
		break;
	case JOURNAL_FAULT_CORRUPT:
		r->counts.corrupt++;
		r->counts.corrupt_bytes += fault->bytes;
		break;
	case JOURNAL_FAULT_FOREIGN: r->counts.foreign++; break;
	}
	if (r->options.fault)
		r->options.fault(r->options.fault_arg, fault);
}

static enum err next_scan(struct journal_reader *r)
{
	enum err err;

	if (r->next_file == r->files.count)
		return ERR_NOTFOUND;
	err = journal_scan_open(&r->scan, &r->disk, r->dir, &r->files.items[r->next_file++], 0, 0, count_fault, r);
	if (!err) {
		r->scanning = true;
		return ERR_NONE;
	}
	journal_scan_close(&r->scan);
	/* Of another version (reported), or shipped and deleted since it was listed. */
	return err == ERR_VERSION || err == ERR_NOTFOUND ? ERR_NONE : err;
}

/* Audio may be missing beside what lies in these files. */
static bool is_lossy(const struct journal_scan *s)
{
	return s->after_tear || s->info.header.after_full || s->info.header.role == JOURNAL_ROLE_RESERVE ||
		s->info.header.role == JOURNAL_ROLE_RING;
}

static bool may_repeat(const struct journal_scan *s, uint64_t offset)
{
	const struct journal_file_header *h = &s->info.header;

	return h->role == JOURNAL_ROLE_RING ||
		(h->replaces_order && offset < JOURNAL_FILE_HEADER_BYTES + h->rewritten_bytes);
}

/* Enters it into the table; false when it was seen before. */
static bool enter(struct journal_reader *r, const struct journal_item *item)
{
	const struct journal_header *h = &item->record.header;
	struct journal_call_info *c = journal_calls_find(&r->calls, h);

	if (!c)
		return true;
	if (journal_span_add(c, h->sequence, is_lossy(&r->scan))) {
		c->repeats++;
		c->duplicates += !may_repeat(&r->scan, item->offset);
		return false;
	}
	c->records++;
	c->bytes += item->record.raw_len;
	c->started |= h->kind == JOURNAL_START;
	c->attached |= h->kind == JOURNAL_ATTACH;
	c->ended |= h->kind == JOURNAL_END;
	c->gaps += h->kind == JOURNAL_GAP;
	c->first_us = h->time_us < c->first_us ? h->time_us : c->first_us;
	c->last_us = h->time_us > c->last_us ? h->time_us : c->last_us;
	c->first_wall_us = h->wall_us < c->first_wall_us ? h->wall_us : c->first_wall_us;
	c->last_wall_us = h->wall_us > c->last_wall_us ? h->wall_us : c->last_wall_us;
	return true;
}

static void note_gap(struct journal_reader *r, const struct journal_item *item)
{
	struct journal_call_info *c = journal_calls_find(&r->calls, &item->record.header);
	const uint8_t *payload;
	size_t len;
	struct journal_gap gap;

	if (!c || journal_reader_payload(r, item, &payload, &len) || journal_gap_decode(&gap, payload, len))
		return;
	journal_span_explain(c, &gap);
}

static bool wanted(struct journal_reader *r, const struct journal_item *item)
{
	const struct journal_header *h = &item->record.header;

	if (h->kind == JOURNAL_MARK)
		return false;
	if (r->options.call && !id128_equal(&r->only, &h->call))
		return false;
	if (!enter(r, item))
		return false;
	r->counts.records++;
	r->counts.bytes += item->record.raw_len;
	if (h->kind == JOURNAL_GAP)
		note_gap(r, item);
	return true;
}

enum err journal_reader_next(struct journal_reader *r, struct journal_item *item)
{
	for (;;) {
		enum err err = r->scanning ? ERR_NONE : next_scan(r);

		if (err)
			return err;
		if (!r->scanning)
			continue;
		err = journal_scan_next(&r->scan, &item->record, &item->offset);
		if (err == ERR_NOTFOUND) {
			journal_scan_close(&r->scan);
			r->scanning = false;
			continue;
		}
		if (err)
			return err;
		item->file = r->scan.info.name;
		r->files.items[r->next_file - 1].end = r->scan.at;
		if (wanted(r, item))
			return ERR_NONE;
	}
}

static enum err clear_room(struct journal_reader *r, size_t need)
{
	uint8_t *clear;

	if (need <= r->clear_cap)
		return ERR_NONE;
	clear = realloc(r->clear, need);
	if (!clear)
		return ERR_NOMEM;
	r->clear = clear;
	r->clear_cap = need;
	return ERR_NONE;
}

static enum err key_for(struct journal_reader *r, const struct journal_header *h)
{
	enum err err;

	if (id128_is_zero(&h->key))
		return ERR_NONE;
	if (!r->options.keyring)
		return ERR_NOTFOUND;
	/* Asked each time the key changes; the keyring also sees to it that key, call and tenant belong together. */
	if (id128_equal(&h->key, &r->key_id))
		return ERR_NONE;
	r->key_id = (struct id128){ .bytes = { 0 } };
	err = keyring_find(r->options.keyring, &h->tenant, &h->call, &h->key, r->key);
	if (!err)
		r->key_id = h->key;
	return err;
}

enum err journal_reader_payload(struct journal_reader *r, const struct journal_item *item, const uint8_t **payload,
	size_t *len)
{
	enum err err = key_for(r, &item->record.header);

	*payload = NULL;
	*len = 0;
	if (!err)
		err = clear_room(r, item->record.header.payload_len + 1u);
	if (!err)
		err = journal_record_open(&item->record, r->key, r->clear, r->clear_cap, len);
	if (!err)
		*payload = r->clear;
	return err;
}

const struct journal_files *journal_reader_files(const struct journal_reader *r)
{
	return &r->files;
}

const char *journal_reader_file(const struct journal_reader *r)
{
	return r->next_file ? r->files.items[r->next_file - 1].name : "";
}

struct journal_reader_counts journal_reader_counts(const struct journal_reader *r)
{
	return r->counts;
}

const struct journal_call_info *journal_reader_call(const struct journal_reader *r, size_t index)
{
	return index < r->calls.count ? &r->calls.items[index] : NULL;
}

/* ---- one call ---- */

static void tell_file(const struct journal_reader *r, enum err err, struct err_detail *detail)
{
	char path[DISK_PATH_MAX];

	if (!disk_path(path, r->dir, journal_reader_file(r)))
		tell(detail, err, path, "a file of the journal cannot be read", err == ERR_DENIED ? "check who may read it" : "check the disk");
}

struct place {
	uint64_t sequence, offset;
	uint32_t epoch, file;
};

struct places {
	struct place *items;
	size_t count, cap;
};

static enum err place_add(struct places *p, const struct place *place)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 1024;
		struct place *items;

		if (cap > JOURNAL_CALL_RECORDS_MAX)
			return ERR_LIMIT;
		items = realloc(p->items, cap * sizeof(*items));
		if (!items)
			return ERR_NOMEM;
		p->items = items;
		p->cap = cap;
	}
	p->items[p->count++] = *place;
	return ERR_NONE;
}

static enum err places_find(struct journal_reader *r, struct places *p)
{
	struct journal_item item;
	enum err err;

	while (!(err = journal_reader_next(r, &item))) {
		struct place place = { .sequence = item.record.header.sequence,
			.offset = item.offset,
			.epoch = item.record.header.epoch,
			.file = (uint32_t)r->next_file - 1 };

		err = place_add(p, &place);
		if (err)
			return err;
	}
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

static int by_sequence(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	return x->offset < y->offset ? -1 : 1;
}

static enum err item_at(struct journal_reader *r, const struct place *p, struct journal_item *item)
{
	const struct journal_file *file = &r->files.items[p->file];
	enum err err;

	if (!r->scanning || strcmp(r->scan.info.name, file->name) != 0) {
		if (r->scanning)
			journal_scan_close(&r->scan);
		err = journal_scan_open(&r->scan, &r->disk, r->dir, file, p->offset, 0, NULL, NULL);
		r->scanning = true;
		if (err)
			return err;
	}
	r->scan.at = p->offset;
	item->file = file->name;
	return journal_scan_next(&r->scan, &item->record, &item->offset);
}

static enum err give(struct journal_reader *r, const struct places *p, journal_item_h *handler, void *arg)
{
	size_t i;
	enum err err = ERR_NONE;

	for (i = 0; i < p->count && !err; i++) {
		struct journal_item item;
		const uint8_t *payload;
		size_t len;
		enum err opened;

		err = item_at(r, &p->items[i], &item);
		if (err)
			return err;
		opened = journal_reader_payload(r, &item, &payload, &len);
		if (opened == ERR_NOMEM)
			return opened;
		err = handler(arg, &item, payload, len, opened);
	}
	return err;
}

enum err journal_read_call(const struct disk *d, const char *path, const struct journal_reader_options *options,
	journal_item_h *handler, void *arg, struct err_detail *detail)
{
	struct places p = { .items = NULL };
	struct journal_reader *r;
	enum err err;

	assert(options && options->call);
	err = journal_reader_open(&r, d, path, options, detail);
	if (err)
		return err;
	err = places_find(r, &p);
	if (err == ERR_DENIED || err == ERR_IO)
		tell_file(r, err, detail);
	if (!err && !p.count)
		err = tell(detail, ERR_NOTFOUND, path, "no record of this call is there", "callfunnel journal list shows the calls");
	if (!err) {
		qsort(p.items, p.count, sizeof(*p.items), by_sequence);
		err = give(r, &p, handler, arg);
	}
	journal_reader_close(&r);
	free(p.items);
	return err;
}

/* ---- export ---- */

static enum err export_item(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len,
	enum err payload_err)
{
	struct buf *b = arg;
	struct journal_header h = item->record.header;
	uint8_t *out;

	if (payload_err)
		return payload_err;
	h.key = (struct id128){ .bytes = { 0 } };
	h.first = b->len == JOURNAL_FILE_HEADER_BYTES;
	h.batch = 1;
	out = buf_reserve(b, JOURNAL_RECORD_HEADER_BYTES + len);
	if (!out)
		return b->err;
	b->len += journal_record_encode(out, &h, payload, len, NULL);
	return ERR_NONE;
}

enum err journal_export(const struct disk *d, const char *path, const struct journal_reader_options *options,
	const char *folder, const char *name, struct err_detail *detail)
{
	struct journal_file_header h = { .role = JOURNAL_ROLE_EXPORT, .order = 1 };
	struct buf b;
	uint8_t *header;
	enum err err;

	buf_init(&b, EXPORT_MAX_BYTES);
	header = buf_reserve(&b, JOURNAL_FILE_HEADER_BYTES);
	if (!header)
		return ERR_NOMEM;
	journal_file_header_encode(header, &h);
	b.len += JOURNAL_FILE_HEADER_BYTES;
	err = journal_read_call(d, path, options, export_item, &b, detail);
	if (!err)
		err = disk_replace(d, folder, name, b.data, b.len);
	if (err && detail && !*detail->message)
		tell(detail, err, path, "the call cannot be exported", "callfunnel journal verify says what is wrong");
	buf_fini(&b);
	return err;
}

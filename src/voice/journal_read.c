/* The reader of a folder, one call's records in order, and the export of a call: see journal_read.h.
 *
 * The reader owns its list of files, one scan at a time, and a table of calls that tells repeated records from new ones:
 * each (call, epoch) keeps the spans of sequences it has seen, normally one. Everything has a ceiling; behind it records
 * are still given, but no longer judged. */
#include "voice/journal_read.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 1 << 20, SPANS_MAX = 4096, EXPORT_MAX_BYTES = 512 << 20 };

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

	struct journal_call_info *calls;
	size_t call_count, call_cap;
	uint32_t *slots; /* index + 1 of a call; open addressing */
	size_t slot_count;
	size_t last_call; /* + 1; most records follow one of the same call */

	struct id128 key_id; /* whose key is at hand */
	uint8_t *key;        /* locked memory */
	uint8_t *clear;
	size_t clear_cap;
};

/* ---- the table of calls ---- */

static size_t slot_of(const struct journal_reader *r, const struct id128 *call, uint32_t epoch)
{
	uint64_t h = (get_le64(call->bytes) ^ get_le64(call->bytes + 8) * 0x9e3779b97f4a7c15u) + epoch * 0xbf58476d1ce4e5b9u;

	return (size_t)(h ^ h >> 31) & (r->slot_count - 1);
}

static void slot_put(struct journal_reader *r, size_t index)
{
	size_t at = slot_of(r, &r->calls[index].call, r->calls[index].epoch);

	while (r->slots[at])
		at = (at + 1) & (r->slot_count - 1);
	r->slots[at] = (uint32_t)index + 1;
}

static enum err calls_grow(struct journal_reader *r)
{
	size_t cap = r->call_cap ? r->call_cap * 2 : 32;
	struct journal_call_info *calls;
	uint32_t *slots;
	size_t i;

	if (cap > CALLS_MAX)
		return ERR_LIMIT;
	calls = realloc(r->calls, cap * sizeof(*calls));
	if (!calls)
		return ERR_NOMEM;
	r->calls = calls;
	slots = calloc(cap * 2, sizeof(*slots));
	if (!slots)
		return ERR_NOMEM;
	free(r->slots);
	r->slots = slots;
	r->slot_count = cap * 2;
	r->call_cap = cap;
	for (i = 0; i < r->call_count; i++)
		slot_put(r, i);
	return ERR_NONE;
}

static bool is_call(const struct journal_call_info *c, const struct journal_header *h)
{
	return c->epoch == h->epoch && id128_equal(&c->call, &h->call) && id128_equal(&c->tenant, &h->tenant);
}

/* The call's place in the table, made when it is new; NULL behind the ceiling. */
static struct journal_call_info *call_of(struct journal_reader *r, const struct journal_header *h)
{
	size_t at;

	if (r->last_call && is_call(&r->calls[r->last_call - 1], h))
		return &r->calls[r->last_call - 1];
	if (r->slot_count) {
		for (at = slot_of(r, &h->call, h->epoch); r->slots[at]; at = (at + 1) & (r->slot_count - 1)) {
			r->last_call = r->slots[at];
			if (is_call(&r->calls[r->last_call - 1], h))
				return &r->calls[r->last_call - 1];
		}
	}
	r->last_call = 0;
	if (r->call_count == r->call_cap && calls_grow(r))
		return NULL;
	r->calls[r->call_count] = (struct journal_call_info){ .tenant = h->tenant,
		.call = h->call,
		.epoch = h->epoch,
		.first_us = h->time_us,
		.first_wall_us = h->wall_us };
	slot_put(r, r->call_count);
	r->last_call = ++r->call_count;
	return &r->calls[r->call_count - 1];
}

/* ---- spans ---- */

static bool span_room(struct journal_span **spans, size_t count, size_t *cap)
{
	size_t more = *cap ? *cap * 2 : 2;
	struct journal_span *grown;

	if (count < *cap)
		return true;
	grown = more > SPANS_MAX ? NULL : realloc(*spans, more * sizeof(*grown));
	if (!grown)
		return false;
	*spans = grown;
	*cap = more;
	return true;
}

static void span_merge(struct journal_call_info *c, size_t i)
{
	if (i + 1 >= c->span_count || c->spans[i].to + 1 != c->spans[i + 1].from)
		return;
	c->spans[i].to = c->spans[i + 1].to;
	c->spans[i].lossy_to = c->spans[i + 1].lossy_to;
	c->span_count--;
	memmove(&c->spans[i + 1], &c->spans[i + 2], (c->span_count - i - 1) * sizeof(*c->spans));
}

/* Adds one sequence; true when it was there. */
static bool span_add(struct journal_call_info *c, uint64_t sequence, bool lossy)
{
	size_t i = c->span_count;

	while (i && c->spans[i - 1].from > sequence)
		i--;
	if (i && sequence <= c->spans[i - 1].to)
		return true;
	if (i && c->spans[i - 1].to + 1 == sequence) {
		c->spans[i - 1].to = sequence;
		c->spans[i - 1].lossy_to = lossy;
		span_merge(c, i - 1);
		return false;
	}
	if (i < c->span_count && c->spans[i].from == sequence + 1) {
		c->spans[i].from = sequence;
		c->spans[i].lossy_from = lossy;
		return false;
	}
	if (!span_room(&c->spans, c->span_count, &c->span_cap)) {
		c->overflow = true;
		return false;
	}
	memmove(&c->spans[i + 1], &c->spans[i], (c->span_count - i) * sizeof(*c->spans));
	c->spans[i] = (struct journal_span){ .from = sequence, .to = sequence, .lossy_from = lossy, .lossy_to = lossy };
	c->span_count++;
	return false;
}

static void span_explain(struct journal_call_info *c, const struct journal_gap *gap)
{
	if (!gap->first_sequence || gap->last_sequence < gap->first_sequence)
		return;
	if (!span_room(&c->explained, c->explained_count, &c->explained_cap)) {
		c->overflow = true;
		return;
	}
	c->explained[c->explained_count++] =
		(struct journal_span){ .from = gap->first_sequence, .to = gap->last_sequence };
}

/* How many of [from, to] no GAP record answers for. */
static uint64_t unexplained(const struct journal_call_info *c, uint64_t from, uint64_t to)
{
	uint64_t missing = 0;

	while (from <= to) {
		uint64_t next = to + 1;
		uint64_t past = from;
		size_t i;

		for (i = 0; i < c->explained_count; i++) {
			const struct journal_span *e = &c->explained[i];

			if (e->from <= from && e->to >= past)
				past = e->to + 1;
			else if (e->from > from && e->from < next)
				next = e->from;
		}
		if (past == from)
			missing += next - from, past = next;
		if (past <= from)
			break;
		from = past;
	}
	return missing;
}

uint64_t journal_call_missing(const struct journal_call_info *c, bool beginning_gone)
{
	uint64_t missing = 0;
	size_t i;

	if (!c->span_count || c->overflow)
		return 0;
	if (!beginning_gone && c->spans[0].from > 1 && !c->spans[0].lossy_from)
		missing += unexplained(c, 1, c->spans[0].from - 1);
	for (i = 1; i < c->span_count; i++)
		if (!c->spans[i - 1].lossy_to && !c->spans[i].lossy_from)
			missing += unexplained(c, c->spans[i - 1].to + 1, c->spans[i].from - 1);
	return missing;
}

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
		snprintf(r->dir, sizeof(r->dir), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
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
	size_t i;

	if (!r)
		return;
	if (r->scanning)
		journal_scan_close(&r->scan);
	for (i = 0; i < r->call_count; i++) {
		free(r->calls[i].spans);
		free(r->calls[i].explained);
	}
	free(r->calls);
	free(r->slots);
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
	struct journal_call_info *c = call_of(r, h);

	if (!c)
		return true;
	if (span_add(c, h->sequence, is_lossy(&r->scan))) {
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
	struct journal_call_info *c = call_of(r, &item->record.header);
	const uint8_t *payload;
	size_t len;
	struct journal_gap gap;

	if (!c || journal_reader_payload(r, item, &payload, &len) || journal_gap_decode(&gap, payload, len))
		return;
	span_explain(c, &gap);
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

struct journal_reader_counts journal_reader_counts(const struct journal_reader *r)
{
	return r->counts;
}

const struct journal_call_info *journal_reader_call(const struct journal_reader *r, size_t index)
{
	return index < r->call_count ? &r->calls[index] : NULL;
}

/* ---- one call ---- */

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

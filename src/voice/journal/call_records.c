/* Reading one call out of several folders: see call_records.h. First where its records lie, then their order, then one after the other. Owns nothing
 * longer than one reading. */
#include "voice/journal/call_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

enum { SLACK_S = 10 };

static const uint64_t slack_us = UINT64_C(1000000) * SLACK_S; /* workers of one host took their clock at different times */

/* Where a record lies. */
struct place {
	uint64_t sequence, offset;
	uint32_t epoch, folder, file;
};

struct folder {
	char path[DISK_PATH_MAX];
	struct journal_files files;
	struct keyring *keyring; /* the own one is borrowed */
	bool is_open;            /* … or was tried */
};

struct reading {
	const struct call_records *from;
	struct folder *folders;
	size_t folder_count;
	bool all;                /* files of before the call, too */
	struct place *places;
	size_t count, cap;
	/* giving them out */
	bool scanning;
	struct journal_scan scan;
	uint32_t scan_folder, scan_file;
	struct id128 key_id;
	uint8_t key[JOURNAL_KEY_BYTES];
	uint8_t *clear;
	size_t clear_cap;
};

/* ------------------------------------------------------------------ folders */

static enum err folder_add(struct reading *r, const char *path)
{
	struct folder *grown;

	for (size_t i = 0; i < r->folder_count; i++)
		if (!strcmp(r->folders[i].path, path))
			return ERR_NONE;
	if (r->folder_count == CALL_RECORDS_FOLDERS_MAX)
		return ERR_LIMIT;
	grown = realloc(r->folders, (r->folder_count + 1) * sizeof(*grown));
	if (!grown)
		return ERR_NOMEM;
	r->folders = grown;
	grown += r->folder_count++;
	memset(grown, 0, sizeof(*grown));
	snprintf(grown->path, sizeof(grown->path), "%s", path);
	return ERR_NONE;
}

struct listing {
	struct reading *r;
	enum err err;
};

/* A folder named by an id is the journal of one call alone (callfunnel call). */
static void on_name(void *arg, const char *name)
{
	struct listing *l = arg;
	char path[DISK_PATH_MAX];
	struct id128 id;

	if (l->err || name[0] == '.' || (strlen(name) == 32 && !id128_parse(&id, name) && !id128_equal(&id, &l->r->from->call)))
		return;
	if (!disk_path(path, l->r->from->journals, name))
		l->err = folder_add(l->r, path);
}

static enum err folders_find(struct reading *r)
{
	struct listing l = { .r = r };
	enum err err = r->from->dir ? folder_add(r, r->from->dir) : ERR_NONE;

	if (!err && r->from->journals)
		err = disk_list(r->from->disk, r->from->journals, on_name, &l);
	return err ? err : l.err;
}

/* ------------------------------------------------------------------ finding */

static bool is_stopped(const struct reading *r)
{
	return r->from->stop && atomic_load(r->from->stop);
}

static enum err place_add(struct reading *r, const struct place *p)
{
	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 1024;
		struct place *places = cap <= JOURNAL_CALL_RECORDS_MAX ? realloc(r->places, cap * sizeof(*places)) : NULL;

		if (!places)
			return cap <= JOURNAL_CALL_RECORDS_MAX ? ERR_NOMEM : ERR_LIMIT;
		r->places = places;
		r->cap = cap;
	}
	r->places[r->count++] = *p;
	return ERR_NONE;
}

/* Closed when the next one was opened. */
static bool is_older(const struct reading *r, const struct journal_files *files, size_t i)
{
	if (r->all || !r->from->began_wall_us)
		return false;
	while (++i < files->count)
		if (!files->items[i].err && files->items[i].header.role == JOURNAL_ROLE_SEGMENT)
			return files->items[i].header.opened_wall_us + slack_us < r->from->began_wall_us;
	return false;
}

static enum err file_look(struct reading *r, uint32_t folder, uint32_t file)
{
	const struct folder *f = &r->folders[folder];
	struct journal_scan scan;
	struct journal_record record;
	struct place place = { .folder = folder, .file = file };
	enum err err = journal_scan_open(&scan, r->from->disk, f->path, &f->files.items[file], 0, 0, NULL, NULL);

	while (!err && !(err = journal_scan_next(&scan, &record, &place.offset))) {
		if (is_stopped(r))
			err = ERR_CLOSED;
		if (err || !id128_equal(&record.header.call, &r->from->call) || !record.header.sequence)
			continue;
		place.epoch = record.header.epoch;
		place.sequence = record.header.sequence;
		err = place_add(r, &place);
	}
	journal_scan_close(&scan);
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

static bool may_hold(const struct journal_file *f)
{
	return f->header.role != JOURNAL_ROLE_UNUSED && f->header.role != JOURNAL_ROLE_EXPORT && f->err != ERR_VERSION && f->err != ERR_FORMAT;
}

static bool is_own(const struct reading *r, uint32_t folder)
{
	return !folder && r->from->dir;
}

/* A file that goes meanwhile was shipped; a sibling's folder that cannot be read is no reason to read nothing. */
static enum err folder_look(struct reading *r, uint32_t folder)
{
	struct folder *f = &r->folders[folder];
	enum err err = ERR_NONE;

	journal_files_free(&f->files);
	if (journal_files_list(&f->files, r->from->disk, f->path))
		return is_own(r, folder) ? ERR_IO : ERR_NONE;
	for (uint32_t i = 0; i < f->files.count && !err; i++) {
		if (!may_hold(&f->files.items[i]) || is_older(r, &f->files, i))
			continue;
		err = file_look(r, folder, i);
		if (err == ERR_IO && !is_own(r, folder))
			err = ERR_NONE;
	}
	return err;
}

static int by_sequence(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	return x->file < y->file ? -1 : x->file > y->file;
}

/* In order, each once. Whether none is missing. */
static bool places_sort(struct reading *r)
{
	bool is_whole = true;
	size_t kept = 0;

	if (r->count)
		qsort(r->places, r->count, sizeof(*r->places), by_sequence);
	for (size_t i = 0; i < r->count; i++) {
		const struct place *p = &r->places[i], *last = kept ? &r->places[kept - 1] : NULL;

		if (last && last->epoch == p->epoch && last->sequence == p->sequence)
			continue;
		if (last && last->epoch == p->epoch)
			is_whole = is_whole && p->sequence == last->sequence + 1;
		else
			is_whole = is_whole && p->sequence == 1 && p->epoch == (last ? last->epoch + 1 : 1);
		r->places[kept++] = *p;
	}
	r->count = kept;
	return is_whole;
}

static enum err places_find(struct reading *r)
{
	enum err err = ERR_NONE;
	bool is_whole;

	r->count = 0;
	for (uint32_t i = 0; i < r->folder_count && !err; i++)
		err = folder_look(r, i);
	is_whole = places_sort(r);
	if (err || is_whole || r->all || !r->from->began_wall_us || r->from->is_end)
		return err;
	r->all = true; /* the clock was set, perhaps */
	return places_find(r);
}

/* ------------------------------------------------------------------ giving out */

static struct keyring *keyring_of(struct reading *r, uint32_t folder)
{
	const struct keyring_options options = { .master_path = r->from->master_path, .read_only = true };
	struct folder *f = &r->folders[folder];

	if (is_own(r, folder) && r->from->keyring)
		return r->from->keyring;
	if (!f->is_open && keyring_open(&f->keyring, r->from->disk, f->path, &options, NULL))
		f->keyring = NULL;
	f->is_open = true;
	return f->keyring;
}

static enum err key_find(struct reading *r, const struct place *p, const struct journal_header *h)
{
	struct keyring *k;
	enum err err;

	if (id128_is_zero(&h->key) || id128_equal(&h->key, &r->key_id))
		return ERR_NONE;
	r->key_id = (struct id128){ .bytes = { 0 } };
	k = keyring_of(r, p->folder);
	err = k ? keyring_find(k, &h->tenant, &h->call, &h->key, r->key) : ERR_NOTFOUND;
	if (!err)
		r->key_id = h->key;
	return err;
}

static enum err payload_open(struct reading *r, const struct place *p, const struct journal_record *record, size_t *len)
{
	enum err err = key_find(r, p, &record->header);

	if (!err && record->header.payload_len + 1u > r->clear_cap) {
		uint8_t *clear = realloc(r->clear, record->header.payload_len + 1u);

		if (!clear)
			return ERR_NOMEM;
		r->clear = clear;
		r->clear_cap = record->header.payload_len + 1u;
	}
	return err ? err : journal_record_open(record, r->key, r->clear, r->clear_cap, len);
}

static enum err record_at(struct reading *r, const struct place *p, struct journal_item *item)
{
	const struct folder *f = &r->folders[p->folder];

	if (!r->scanning || r->scan_folder != p->folder || r->scan_file != p->file) {
		enum err err;

		if (r->scanning)
			journal_scan_close(&r->scan);
		r->scanning = true;
		r->scan_folder = p->folder;
		r->scan_file = p->file;
		err = journal_scan_open(&r->scan, r->from->disk, f->path, &f->files.items[p->file], p->offset, 0, NULL, NULL);
		if (err)
			return err;
	}
	r->scan.at = p->offset;
	item->file = f->files.items[p->file].name;
	return journal_scan_next(&r->scan, &item->record, &item->offset);
}

static enum err give(struct reading *r, journal_item_h *handler, void *arg)
{
	enum err err = ERR_NONE;

	for (size_t i = 0; i < r->count && !err; i++) {
		struct journal_item item;
		size_t len = 0;
		enum err opened;

		err = is_stopped(r) ? ERR_CLOSED : record_at(r, &r->places[i], &item);
		if (err)
			break;
		opened = payload_open(r, &r->places[i], &item.record, &len);
		if (opened == ERR_NOMEM)
			return opened;
		err = handler(arg, &item, opened ? NULL : r->clear, len, opened);
	}
	return err;
}

static void reading_fini(struct reading *r)
{
	if (r->scanning)
		journal_scan_close(&r->scan);
	for (size_t i = 0; i < r->folder_count; i++) {
		journal_files_free(&r->folders[i].files);
		keyring_close(&r->folders[i].keyring);
	}
	free(r->folders);
	free(r->places);
	if (r->clear)
		sodium_memzero(r->clear, r->clear_cap);
	free(r->clear);
	sodium_memzero(r->key, sizeof(r->key));
}

enum err call_records_read(const struct call_records *from, journal_item_h *handler, void *arg)
{
	struct reading *r = calloc(1, sizeof(*r));
	enum err err;

	if (!r)
		return ERR_NOMEM;
	r->from = from;
	err = folders_find(r);
	if (!err)
		err = places_find(r);
	if (!err && !r->count)
		err = ERR_NOTFOUND;
	if (!err)
		err = give(r, handler, arg);
	reading_fini(r);
	free(r);
	return err;
}

/* ------------------------------------------------------------------ a path that somebody named */

struct looking {
	const struct disk *disk;
	const char *path;
	bool is_journal, has_journals;
};

static void on_file(void *arg, const char *name)
{
	size_t len = strlen(name);

	*(bool *)arg = *(bool *)arg || (len > 4 && !strcmp(name + len - 4, ".cfj"));
}

static void on_entry(void *arg, const char *name)
{
	struct looking *l = arg;
	char path[DISK_PATH_MAX];

	on_file(&l->is_journal, name);
	if (name[0] != '.' && !l->has_journals && !disk_path(path, l->path, name))
		(void)!disk_list(l->disk, path, on_file, &l->has_journals); /* most are no folders */
}

bool call_records_are_many(const struct disk *d, const char *path)
{
	struct looking l = { .disk = d, .path = path };

	return !disk_list(d, path, on_entry, &l) && !l.is_journal && l.has_journals;
}

enum err call_records_at(const struct disk *d, const char *path, const struct journal_reader_options *options, journal_item_h *handler, void *arg,
	struct err_detail *detail)
{
	const struct call_records from = { .disk = d, .journals = path, .call = *options->call };
	enum err err;

	if (!call_records_are_many(d, path))
		return journal_read_call(d, path, options, handler, arg, detail);
	err = call_records_read(&from, handler, arg);
	if (err == ERR_NOTFOUND && detail) {
		*detail = (struct err_detail){ .message = "no record of this call is in any of these journals", .hint = "callfunnel journal list DIR/w1 shows the calls of one" };
		snprintf(detail->where, sizeof(detail->where), "%.150s", path);
	}
	return err;
}

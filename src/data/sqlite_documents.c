/* Documents in one SQLite file: WAL, synced at every commit, changes in groups. See documents.h.
 *
 * Two threads with a connection each: "docs-write" takes all changes that wait and commits them as one, "docs-read" answers gets
 * and lists meanwhile. A change that does not fit its revision fails alone; a commit that fails fails for all of its group, and
 * nothing of it is there. Other programs may use the same file: every group holds the write lock from before its first look.
 */
#include "data/documents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/log.h"
#include "data/sqlite_db.h"

enum { GROUP_MAX = 256 };

struct sqlite_documents {
	struct documents documents;
	struct sqlite_db write_db, read_db;
	struct jobs *writer, *reader;
};

enum op_type { OP_PUT, OP_ERASE, OP_GET, OP_LIST };

struct place {
	size_t key, value;
};

struct op {
	struct job job;
	enum op_type type;
	char tenant[TENANT_NAME_MAX];
	char key[DOCUMENT_KEY_MAX];   /* of a list: the prefix */
	char after[DOCUMENT_KEY_MAX];
	size_t limit;
	uint64_t expected, revision;

	struct buf bytes;             /* what is put, or what was read: keys and values, NUL behind each */
	struct document *items;
	struct place *places;         /* of the items in `bytes`, while it grows */
	size_t count;
	bool more;

	union {
		documents_stored_h *stored;
		documents_got_h *got;
		documents_page_h *page;
	} handler;
	void *arg;
};

static struct sqlite_documents *of(struct documents *d)
{
	return (struct sqlite_documents *)d;
}

static void report(const char *doing, struct sqlite_db *db, enum err err)
{
	const struct log log = { .plane = "data", .doing = doing };
	int code = sqlite3_extended_errcode(db->handle);
	const struct log_field fields[] = { LOG_ERR(err), LOG_INT("code", code), LOG_TEXT("why", sqlite3_errstr(code)), { .key = NULL } };

	log_write(&log, LOG_LEVEL_ERROR, err == ERR_FULL ? "the store failed: nothing is kept until there is room on its disk" : "the store failed", fields);
}

/* ---- the writer's thread ---- */

static void bind_name(sqlite3_stmt *s, const struct op *op)
{
	sqlite3_bind_text(s, 1, op->tenant, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, op->key, -1, SQLITE_STATIC);
}

/* The revision that is there, DOCUMENT_NONE when none is. */
static enum err find_revision(struct sqlite_db *db, const struct op *op, uint64_t *revision)
{
	sqlite3_stmt *s = db->statements[SQL_FIND];
	int result;

	bind_name(s, op);
	result = sqlite3_step(s);
	*revision = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : DOCUMENT_NONE;
	sqlite3_reset(s);
	return sqlite_err(result);
}

static enum err compare(uint64_t there, uint64_t expected)
{
	if (expected == DOCUMENT_ANY || there == expected)
		return ERR_NONE;
	return there == DOCUMENT_NONE ? ERR_NOTFOUND : ERR_EXISTS;
}

static enum err change(struct sqlite_db *db, struct op *op, uint64_t *last)
{
	sqlite3_stmt *s = db->statements[SQL_PUT];

	if (op->type == OP_ERASE) {
		op->revision = 0;
		bind_name(db->statements[SQL_ERASE], op);
		return sqlite_db_run(db, SQL_ERASE);
	}
	op->revision = ++*last;
	bind_name(s, op);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)op->revision);
	sqlite3_bind_blob(s, 4, op->bytes.len ? (const void *)op->bytes.data : "", (int)op->bytes.len, SQLITE_STATIC);
	return sqlite_db_run(db, SQL_PUT);
}

/* An error is the store's; whether the change was right stands in the job. */
static enum err apply(struct sqlite_db *db, struct op *op, uint64_t *last)
{
	uint64_t there;
	enum err err = find_revision(db, op, &there);

	if (err)
		return err;
	op->job.err = compare(there, op->expected);
	if (!op->job.err && op->type == OP_ERASE && there == DOCUMENT_NONE)
		op->job.err = ERR_NOTFOUND;
	return op->job.err ? ERR_NONE : change(db, op, last);
}

static enum err revision_load(struct sqlite_db *db, uint64_t *last)
{
	sqlite3_stmt *s = db->statements[SQL_REVISION_GET];
	int result = sqlite3_step(s);

	*last = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	return result == SQLITE_DONE ? ERR_CORRUPT : sqlite_err(result);
}

static enum err revision_save(struct sqlite_db *db, uint64_t last)
{
	sqlite3_bind_int64(db->statements[SQL_REVISION_SET], 1, (sqlite3_int64)last);
	return sqlite_db_run(db, SQL_REVISION_SET);
}

static enum err group_apply(struct sqlite_db *db, struct job *first, uint64_t *changes)
{
	uint64_t before, last;
	enum err err = sqlite_db_run(db, SQL_BEGIN);

	if (err)
		return err;
	err = revision_load(db, &before);
	last = before;
	for (struct job *j = first; j && !err; j = j->next) {
		err = apply(db, (struct op *)j, &last);
		*changes += !j->err;
	}
	if (!err && last != before)
		err = revision_save(db, last);
	return err ? err : sqlite_db_run(db, SQL_COMMIT);
}

/* Everybody asks again, several times a second: told once, and when it is over. */
static void write_tell(struct sqlite_documents *d, enum err err)
{
	static const struct log log = { .plane = "data", .doing = "storing documents" };
	enum err was = (enum err)atomic_exchange(&d->documents.failing, (int)err);

	if (err && err != was)
		report(log.doing, &d->write_db, err);
	else if (!err && was)
		log_info(&log, "the store keeps what it is given again");
}

static void write_group(void *arg, struct job *first)
{
	struct sqlite_documents *d = arg;
	uint64_t changes = 0;
	enum err err = group_apply(&d->write_db, first, &changes);

	if (err || changes)
		write_tell(d, err);
	if (!err) {
		atomic_fetch_add(&d->documents.changes, changes);
		atomic_fetch_add(&d->documents.commits, changes ? 1 : 0);
		return;
	}
	if (!sqlite3_get_autocommit(d->write_db.handle) && sqlite_db_run(&d->write_db, SQL_ROLLBACK))
		report("taking a group back", &d->write_db, err);
	for (struct job *j = first; j; j = j->next)
		j->err = err;
}

/* ---- the reader's thread ---- */

/* One row: its places for now, because the bytes may move. */
static enum err take_row(struct op *op, sqlite3_stmt *s)
{
	struct document *item = &op->items[op->count];
	struct place *place = &op->places[op->count];

	item->revision = (uint64_t)sqlite3_column_int64(s, 1);
	item->len = (size_t)sqlite3_column_bytes(s, 2);
	place->key = op->bytes.len;
	buf_append(&op->bytes, sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0));
	buf_byte(&op->bytes, 0);
	place->value = op->bytes.len;
	buf_append(&op->bytes, sqlite3_column_blob(s, 2), item->len);
	buf_byte(&op->bytes, 0);
	op->count += !op->bytes.err;
	return op->bytes.err;
}

static void settle_items(struct op *op)
{
	for (size_t i = 0; i < op->count; i++) {
		op->items[i].key = (const char *)op->bytes.data + op->places[i].key;
		op->items[i].value = op->bytes.data + op->places[i].value;
	}
}

static bool has_prefix(sqlite3_stmt *s, const char *prefix)
{
	size_t len = strlen(prefix);

	return (size_t)sqlite3_column_bytes(s, 0) >= len && !memcmp(sqlite3_column_text(s, 0), prefix, len);
}

/* Whether the page has room for this row, beside what it has. */
static bool page_takes(const struct op *op, sqlite3_stmt *s)
{
	size_t bytes = (size_t)sqlite3_column_bytes(s, 2) + DOCUMENT_KEY_MAX;

	return op->count < op->limit && (!op->count || op->bytes.len + bytes <= DOCUMENTS_PAGE_MAX_BYTES);
}

static enum err read_rows(struct op *op, sqlite3_stmt *s)
{
	int result;
	enum err err = ERR_NONE;

	while (!err && (result = sqlite3_step(s)) == SQLITE_ROW) {
		if (op->type == OP_LIST && !has_prefix(s, op->key))
			return ERR_NONE;
		op->more = !page_takes(op, s);
		if (op->more)
			return ERR_NONE;
		err = take_row(op, s);
	}
	return err ? err : sqlite_err(result);
}

static enum err read_one(struct sqlite_db *db, struct op *op)
{
	sqlite3_stmt *s = db->statements[op->type == OP_GET ? SQL_GET : SQL_LIST];
	enum err err;

	op->items = calloc(op->limit, sizeof(*op->items));
	op->places = calloc(op->limit, sizeof(*op->places));
	if (!op->items || !op->places)
		return ERR_NOMEM;
	bind_name(s, op);
	if (op->type == OP_LIST) {
		sqlite3_bind_text(s, 3, op->after, -1, SQLITE_STATIC);
		sqlite3_bind_int64(s, 4, (sqlite3_int64)op->limit + 1);
	}
	err = read_rows(op, s);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	if (err) {
		report("reading documents", db, err);
		return err;
	}
	settle_items(op);
	return op->type == OP_GET && !op->count ? ERR_NOTFOUND : ERR_NONE;
}

static void damage_tell(struct sqlite_documents *d)
{
	static const struct log log = { .plane = "data", .doing = "reading documents" };

	if (!atomic_exchange(&d->documents.damaged, true))
		log_error(&log, "the store is damaged: stop the house, move documents.db away and put a copy in its place");
}

static void read_group(void *arg, struct job *first)
{
	struct sqlite_documents *d = arg;

	for (struct job *j = first; j; j = j->next) {
		j->err = read_one(&d->read_db, (struct op *)j);
		if (j->err == ERR_CORRUPT)
			damage_tell(d);
	}
}

/* ---- the loop's thread ---- */

static void op_release(struct job *job)
{
	struct op *op = (struct op *)job;

	buf_fini(&op->bytes);
	free(op->items);
	free(op->places);
	free(op);
}

static void answer_stored(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;

	op->handler.stored(op->arg, err, err ? 0 : op->revision);
}

static void answer_got(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;

	op->handler.got(op->arg, err, err ? NULL : op->items);
}

static void answer_page(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;
	struct documents_page page = { .items = NULL };

	if (!err)
		page = (struct documents_page){ .items = op->items, .count = op->count, .more = op->more };
	op->handler.page(op->arg, err, err ? NULL : &page);
}

static struct op *op_new(struct job **slot, enum op_type type, const struct tenant *t, const char *key, job_answer_h *answer, void *arg)
{
	struct op *op = calloc(1, sizeof(*op));

	if (slot)
		*slot = NULL;
	if (!op)
		return NULL;
	op->job.answer = answer;
	op->job.release = op_release;
	op->type = type;
	op->limit = 1;
	op->arg = arg;
	snprintf(op->tenant, sizeof(op->tenant), "%s", tenant_name(t));
	snprintf(op->key, sizeof(op->key), "%s", key);
	buf_init(&op->bytes, DOCUMENTS_PAGE_MAX_BYTES + 2 * (size_t)DOCUMENT_MAX_BYTES);
	return op;
}

static enum err sqlite_put(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_PUT, t, put->key, answer_stored, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.stored = h;
	op->expected = put->expected;
	buf_append(&op->bytes, put->value, put->len);
	if (op->bytes.err) {
		op_release(&op->job);
		return ERR_NOMEM;
	}
	return jobs_start(of(d)->writer, slot, &op->job);
}

static enum err sqlite_erase(struct documents *d, struct job **slot, const struct tenant *t, const char *key, uint64_t expected, documents_stored_h *h,
	void *arg)
{
	struct op *op = op_new(slot, OP_ERASE, t, key, answer_stored, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.stored = h;
	op->expected = expected;
	return jobs_start(of(d)->writer, slot, &op->job);
}

static enum err sqlite_get(struct documents *d, struct job **slot, const struct tenant *t, const char *key, documents_got_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_GET, t, key, answer_got, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.got = h;
	return jobs_start(of(d)->reader, slot, &op->job);
}

static enum err sqlite_list(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_range *r, documents_page_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_LIST, t, r->prefix, answer_page, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.page = h;
	op->limit = r->limit;
	snprintf(op->after, sizeof(op->after), "%s", r->after);
	return jobs_start(of(d)->reader, slot, &op->job);
}

static void sqlite_close(struct documents *documents)
{
	struct sqlite_documents *d = of(documents);

	jobs_close(&d->writer);
	jobs_close(&d->reader);
	sqlite_db_close(&d->read_db);
	sqlite_db_close(&d->write_db);
	free(d);
}

static const struct documents_backend sqlite_backend = {
	.name = "sqlite",
	.close = sqlite_close,
	.put = sqlite_put,
	.erase = sqlite_erase,
	.get = sqlite_get,
	.list = sqlite_list,
};

/* The file's name must outlive a power cut as well as what is in it. */
static enum err sync_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[DISK_PATH_MAX] = ".";
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= sizeof(folder))
		return ERR_LIMIT;
	if (len) {
		memcpy(folder, path, len);
		folder[len] = 0;
	}
	return disk_sync_folder(&disk_real, slash && !len ? "/" : folder);
}

static enum err open_parts(struct sqlite_documents *d, uv_loop_t *loop, const char *path, struct err_detail *detail)
{
	const struct jobs_options writer = { .name = "docs-write", .threads = 1, .batch_max = GROUP_MAX, .run = write_group, .arg = d };
	const struct jobs_options reader = { .name = "docs-read", .threads = 1, .run = read_group, .arg = d };
	enum err err = sqlite_db_open(&d->write_db, path, detail);

	if (!err)
		err = sqlite_db_open(&d->read_db, path, detail);
	if (!err)
		err = sync_name(path);
	if (!err)
		err = jobs_open(&d->writer, loop, &writer);
	if (!err)
		err = jobs_open(&d->reader, loop, &reader);
	return err;
}

enum err sqlite_documents_open(struct documents **dp, uv_loop_t *loop, const char *path, struct err_detail *detail)
{
	struct sqlite_documents *d = calloc(1, sizeof(*d));
	enum err err;

	*dp = NULL;
	if (!d)
		return ERR_NOMEM;
	d->documents.backend = &sqlite_backend;
	err = open_parts(d, loop, path, detail);
	if (err)
		sqlite_close(&d->documents);
	else
		*dp = &d->documents;
	return err;
}

enum err sqlite_documents_look(const char *path, struct err_detail *detail)
{
	return sqlite_db_look(path, detail);
}

/* The embedded store's file: schema, version, settings of the connection. See sqlite_db.h.
 *
 * Refuses a file that is no database of ours, one of a newer release, and one that is damaged.
 */
#include "data/sqlite_db.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 1, APPLICATION_ID = 0x63616c66, PATH_BYTES = 1200 };

static const char put_sql[] =
	"INSERT INTO documents (tenant, key, revision, value) VALUES (?1, ?2, ?3, ?4)"
	" ON CONFLICT (tenant, key) DO UPDATE SET revision = excluded.revision, value = excluded.value";

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_REVISION_GET] = "SELECT value FROM counters WHERE name = 'revision'",
	[SQL_REVISION_SET] = "UPDATE counters SET value = ?1 WHERE name = 'revision'",
	[SQL_FIND] = "SELECT revision FROM documents WHERE tenant = ?1 AND key = ?2",
	[SQL_PUT] = put_sql,
	[SQL_ERASE] = "DELETE FROM documents WHERE tenant = ?1 AND key = ?2",
	[SQL_GET] = "SELECT key, revision, value FROM documents WHERE tenant = ?1 AND key = ?2",
	[SQL_LIST] = "SELECT key, revision, value FROM documents WHERE tenant = ?1 AND key >= ?2 AND key > ?3 ORDER BY key LIMIT ?4",
};

/* secure_delete: what is deleted is written over, not only forgotten. */
static const char connection_sql[] =
	"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;"
	"PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -1024; PRAGMA journal_size_limit = 16777216;";

static const char schema_sql[] =
	"CREATE TABLE documents (tenant TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL);"
	"CREATE UNIQUE INDEX documents_key ON documents (tenant, key);"
	"CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"INSERT INTO counters VALUES ('revision', 0);"
	"PRAGMA application_id = 0x63616c66; PRAGMA user_version = 1;";

enum err sqlite_err(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return ERR_NONE;
	case SQLITE_NOMEM: return ERR_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return ERR_BUSY;
	case SQLITE_FULL: return ERR_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA: return ERR_CORRUPT;
	case SQLITE_TOOBIG: return ERR_LIMIT;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY: return ERR_DENIED;
	default: return ERR_IO;
	}
}

static const char *hint_for(enum err err)
{
	switch (err) {
	case ERR_BUSY: return "another program holds the file; close it and try again";
	case ERR_FULL: return "make room on this disk";
	case ERR_CORRUPT: return "move the file away and restore it from a copy";
	case ERR_VERSION: return "use the release that wrote it, or a newer one";
	case ERR_DENIED: return "check who may read and write the file and its folder";
	case ERR_NOTFOUND: return "make the folder first";
	default: return "look at the disk";
	}
}

static enum err tell(struct err_detail *detail, enum err err, const char *path, const char *message)
{
	if (err && detail) {
		snprintf(detail->message, sizeof(detail->message), "the store cannot be opened: %s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", path);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint_for(err));
	}
	return err;
}

enum err sqlite_db_run(struct sqlite_db *db, enum sqlite_statement which)
{
	enum err err = sqlite_err(sqlite3_step(db->statements[which]));

	sqlite3_reset(db->statements[which]);
	sqlite3_clear_bindings(db->statements[which]);
	return err;
}

static enum err pragma_number(sqlite3 *handle, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	enum err err = sqlite_err(sqlite3_prepare_v2(handle, sql, -1, &s, NULL));

	if (!err)
		err = sqlite_err(sqlite3_step(s));
	*out = err ? 0 : sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return err;
}

/* 0 in both numbers and no table: a new file. */
static enum err schema_judge(sqlite3 *handle, bool *is_new)
{
	int64_t version, application, tables;
	enum err err = pragma_number(handle, "PRAGMA user_version", &version);

	if (!err)
		err = pragma_number(handle, "PRAGMA application_id", &application);
	if (!err)
		err = pragma_number(handle, "SELECT count(*) FROM sqlite_schema", &tables);
	if (err)
		return err;
	*is_new = !version && !application && !tables;
	if (*is_new)
		return ERR_NONE;
	if (application != APPLICATION_ID)
		return ERR_FORMAT;
	return version == SCHEMA_VERSION ? ERR_NONE : ERR_VERSION;
}

/* Two programs may get here at once: the transaction decides. */
static enum err schema_check(sqlite3 *handle)
{
	bool is_new = false;
	enum err err = schema_judge(handle, &is_new);

	return !err && is_new ? sqlite_err(sqlite3_exec(handle, schema_sql, NULL, NULL, NULL)) : err;
}

static enum err schema_open(sqlite3 *handle)
{
	enum err err = sqlite_err(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL));

	if (err)
		return err;
	err = schema_check(handle);
	if (!err)
		return sqlite_err(sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL));
	sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static enum err prepare_all(struct sqlite_db *db)
{
	enum err err = ERR_NONE;

	for (int i = 0; !err && i < SQL_COUNT; i++)
		err = sqlite_err(sqlite3_prepare_v3(db->handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL));
	return err;
}

/* The file first, by ourselves: readable by its owner alone, and so are the two that SQLite puts beside it. It is made without being
 * opened: SQLite's locks are POSIX locks, and a process that closes any descriptor of a file loses all of its locks on it. Another
 * program would then take itself for the last one and delete a log that is in use. */
static enum err file_make(const char *path)
{
	if (mknod(path, S_IFREG | 0600, 0) && errno != EEXIST)
		return err_from_errno(errno);
	return ERR_NONE;
}

static const char *words_for(struct sqlite_db *db, enum err err)
{
	switch (err) {
	case ERR_FORMAT: return "the file is no store of ours";
	case ERR_VERSION: return "another release wrote it";
	case ERR_CORRUPT: return "the file is damaged";
	case ERR_BUSY: return "it is locked";
	case ERR_FULL: return "the disk is full";
	case ERR_DENIED: return "not permitted";
	default: return db->handle ? sqlite3_errmsg(db->handle) : err_name(err);
	}
}

static enum err open_once(struct sqlite_db *db, const char *path)
{
	enum err err = sqlite_err(sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));

	if (!err)
		err = sqlite_err(sqlite3_busy_timeout(db->handle, SQLITE_BUSY_MS));
	if (!err)
		err = sqlite_err(sqlite3_exec(db->handle, connection_sql, NULL, NULL, NULL));
	if (!err)
		err = schema_open(db->handle);
	return err ? err : prepare_all(db);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* SQLite's own waiting does not cover a first opening: where two programs that read both want to switch the file to WAL, one of them is
 * told "busy" at once, lest they wait for each other. It begins anew then, as long as it would have waited. */
enum err sqlite_db_open(struct sqlite_db *db, const char *path, struct err_detail *detail)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	uint64_t until_ms = now_ms() + SQLITE_BUSY_MS;
	enum err err;

	*db = (struct sqlite_db){ .handle = NULL };
	err = file_make(path);
	if (!err)
		err = open_once(db, path);
	while (err == ERR_BUSY && now_ms() < until_ms) {
		sqlite_db_close(db);
		nanosleep(&pause, NULL);
		err = open_once(db, path);
	}
	if (err) {
		tell(detail, err, path, words_for(db, err));
		sqlite_db_close(db);
	}
	return err;
}

void sqlite_db_close(struct sqlite_db *db)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	*db = (struct sqlite_db){ .handle = NULL };
}

/* ---- looking, without a trace ---- */

/* "file:PATH?immutable=1": SQLite then takes no lock and makes no file beside it. What steers a URI is written as %XX. */
static enum err uri_make(const char *path, char out[3 * PATH_BYTES])
{
	char *at = out + sprintf(out, "file:");

	if (strlen(path) >= PATH_BYTES - 16)
		return ERR_LIMIT;
	for (; *path; path++)
		at += strchr("?#%", *path) ? sprintf(at, "%%%02x", (unsigned char)*path) : sprintf(at, "%c", *path);
	sprintf(at, "?immutable=1");
	return ERR_NONE;
}

/* Beside a log the file is only half of the store, and whoever has it open may write at any moment: its first words must do. */
static enum err magic_check(const char *path)
{
	char magic[16] = "";
	FILE *file = fopen(path, "rb");
	size_t got;

	if (!file)
		return err_from_errno(errno);
	got = fread(magic, 1, sizeof(magic), file);
	fclose(file);
	return got == sizeof(magic) && !memcmp(magic, "SQLite format 3", sizeof(magic)) ? ERR_NONE : ERR_CORRUPT;
}

/* Every page of it, read and compared with what others say of it. */
static enum err pages_check(struct sqlite_db *db)
{
	sqlite3_stmt *s = NULL;
	int result = sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &s, NULL);
	bool good = result == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(s, 0), "ok");

	sqlite3_finalize(s);
	return good ? ERR_NONE : ERR_CORRUPT;
}

static enum err look(struct sqlite_db *db, const char *path)
{
	char uri[3 * PATH_BYTES];
	bool is_new;
	enum err err = uri_make(path, uri);

	if (!err)
		err = sqlite_err(sqlite3_open_v2(uri, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL));
	if (!err)
		err = schema_judge(db->handle, &is_new);
	return err ? err : pages_check(db);
}

enum err sqlite_db_look(const char *path, struct err_detail *detail)
{
	struct sqlite_db db = { .handle = NULL };
	char log[PATH_BYTES];
	struct stat st;
	enum err err;

	if (stat(path, &st))
		return err_from_errno(errno);
	if (snprintf(log, sizeof(log), "%s-wal", path) >= (int)sizeof(log))
		return ERR_LIMIT;
	if (access(path, R_OK | W_OK))
		err = ERR_DENIED;
	else if (!stat(log, &st) && st.st_size)
		err = magic_check(path);
	else
		err = look(&db, path);
	if (err)
		tell(detail, err, path, words_for(&db, err));
	sqlite_db_close(&db);
	return err;
}

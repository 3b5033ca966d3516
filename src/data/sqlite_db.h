/* One connection of the embedded store and its prepared statements. Blocks: for the store's own threads and for opening.
 * One thread at a time. Used by sqlite_documents.c alone.
 */
#ifndef DATA_SQLITE_DB_H
#define DATA_SQLITE_DB_H

#include <sqlite3.h>

#include "base/err.h"

enum sqlite_statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_REVISION_GET,
	SQL_REVISION_SET,
	SQL_FIND,
	SQL_PUT,
	SQL_ERASE,
	SQL_GET,
	SQL_LIST,
	SQL_COUNT
};

struct sqlite_db {
	sqlite3 *handle;
	sqlite3_stmt *statements[SQL_COUNT];
};

enum { SQLITE_BUSY_MS = 3000 };

/* Makes or checks the file and its schema. */
enum err sqlite_db_open(struct sqlite_db *db, const char *path, struct err_detail *detail) MUST_USE;
void sqlite_db_close(struct sqlite_db *db);

/* documents.h: sqlite_documents_look. */
enum err sqlite_db_look(const char *path, struct err_detail *detail) MUST_USE;

/* What an SQLite result means. */
enum err sqlite_err(int result);

/* Runs a statement that gives no row. */
enum err sqlite_db_run(struct sqlite_db *db, enum sqlite_statement which) MUST_USE;

#endif

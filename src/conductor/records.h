/* The record service that the shipped rule-books look things up in, where no outside one is set (docs/rulebooks.md, "The record service").
 *
 * A handler set on a base/http_server under /records/TENANT/, over documents: what it was told survives a restart. A request is
 * let in by its tenant's own secret "records.token", and sees that tenant's records alone. A tenant must have been admitted once
 * in this process, which makes that secret when there is none. Records begin as the samples that the books name; a sample is kept from
 * its first change on. A change and the answer that a repeated Idempotency-Key gets are stored as one.
 * One loop's thread. Reads no clock: the day is asked for. Makes no tenants and opens no port of its own.
 */
#ifndef CONDUCTOR_RECORDS_H
#define CONDUCTOR_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/http_server.h"
#include "base/tenant.h"
#include "data/documents.h"
#include "data/secrets.h"

#define RECORDS_TOKEN_SECRET "records.token"

/* What stands behind a server's origin ("http://127.0.0.1:8080") in the base URL that service:records is given (tools.h). */
#define RECORDS_BASE_PATH "/records/{tenant}"

enum { RECORDS_TENANTS_MAX = 10000 };

struct records;

struct records_settings {
	struct documents *documents; /* borrowed, both */
	struct secrets *secrets;
	int32_t (*today)(void *arg); /* days since 1970-01-01 where the offices are */
	void *arg;
};

/* ERR_NOMEM. */
enum err records_open(struct records **rp, const struct records_settings *settings) MUST_USE;

/* Requests that are not answered yet get 503; waiting admissions are silenced. Before the stores are closed, and behind
 * http_server_close, which then waits for these answers. NULL-safe. */
void records_close(struct records **rp);

/* On any number of servers of the loop. ERR_LIMIT as http_server_mount. */
enum err records_mount(struct records *r, struct http_server *server) MUST_USE;

/* Embedded in whoever waits; zeroed is unused. */
struct records_waiter {
	struct records_waiter *next;
	struct records_tenant *of; /* NULL: waits for nothing */
	void (*handler)(void *arg, enum err err);
	void *arg;
};

/* Whether the tenant was admitted: nothing needs to be waited for. */
bool records_admits(const struct records *r, const struct tenant *t);

/* Lets a tenant in, its token made unless it has one. ERR_NONE: one answer later, or a cancel; the answer's errors are those of
 * secrets_get and secrets_set, and the tenant is not let in then. ERR_LIMIT, ERR_NOMEM, ERR_BUSY: no answer. */
enum err records_admit(struct records *r, struct records_waiter *w, const struct tenant *t, void (*handler)(void *arg, enum err err), void *arg) MUST_USE;
void records_waiter_cancel(struct records_waiter *w); /* an unused one is fine */

#endif

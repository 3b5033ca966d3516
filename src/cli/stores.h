/* The embedded stores of a data folder, opened for one command: DIR/documents.db, DIR/secrets, DIR/identity.
 *
 * A command asks, then runs the loop until its answer is there (stores_wait). A server may have the same folder open. With secrets or the
 * issuer's keys open, the process leaves no core dump. Main thread.
 */
#ifndef CLI_STORES_H
#define CLI_STORES_H

#include <stdbool.h>

#include <uv.h>

#include "base/jws.h"
#include "cli/cli.h"
#include "control/identity.h"
#include "control/tenants.h"
#include "data/documents.h"
#include "data/secrets.h"

enum { STORES_DOCUMENTS = 1, STORES_SECRETS = 2, STORES_IDENTITY = 4, STORES_PATH_MAX = 1100 };

struct stores {
	struct cli *cli;
	uv_loop_t loop;
	bool is_open;
	char dir[STORES_PATH_MAX];
	struct documents *documents;
	struct secrets *secrets;
	struct identity *identity;
	struct jws_policy policy;
};

/* The row for a command's table of flags. */
#define STORES_FLAG(at) \
	{ .name = "data", .type = FLAG_STRING, .value = at, .arg = "DIR", .help = "The data folder (default: data.dir)." }

/* `data` is --data, or NULL. CLI_FINE, or what cli_fail returned; then there is nothing to close. */
int stores_open(struct cli *cli, struct stores *s, const char *data, unsigned int which) MUST_USE;
void stores_close(struct stores *s);

/* Runs the loop until *done; an operation of a store always ends. */
void stores_wait(struct stores *s, const bool *done);

/* The tenant of that name, from its record; the exit status when there is none (which is told). Drop it. This house's own (server.tenant)
 * is always there: it is made when nothing has made it yet. */
int stores_tenant(struct stores *s, const char *name, struct tenant **tp) MUST_USE;

/* Makes a tenant of that (good) name. ERR_EXISTS: names are never given twice; what documents_put says. */
enum err stores_tenant_add(struct stores *s, const char *name, struct tenant_info *info) MUST_USE;

/* As stores_tenant; a tenant that is not there yet is made. */
int stores_tenant_made(struct stores *s, const char *name, struct tenant **tp) MUST_USE;

/* Stores a document; ERR_EXISTS and the like are the caller's to tell. */
enum err stores_put(struct stores *s, const struct tenant *t, const char *key, const struct buf *value, uint64_t expected) MUST_USE;

/* Deletes it, whatever it is; ERR_NOTFOUND and the like are the caller's to tell. */
enum err stores_delete(struct stores *s, const struct tenant *t, const char *key) MUST_USE;

/* Every document with that prefix, page after page; `each` returns false to end. */
typedef bool stores_each_h(void *arg, const struct document *d);
enum err stores_each(struct stores *s, const struct tenant *t, const char *prefix, stores_each_h *each, void *arg) MUST_USE;

/* A store's refusal, told. */
int stores_fail(struct stores *s, enum err err, const char *doing);

#endif

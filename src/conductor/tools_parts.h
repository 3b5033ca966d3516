/* What carrying out tools is made of: the ledger's entries (tools_ledger.c) requests and answers (tools_request.c), and secret
 * numbers in them (tools_keyed.c), all pure, and
 * the runs around them (tools.c). For these files alone.
 */
#ifndef CONDUCTOR_TOOLS_PARTS_H
#define CONDUCTOR_TOOLS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http_client.h"
#include "conductor/rulebook.h"
#include "conductor/tools.h"
#include "redact/redact.h"

enum { TOOL_HASH_MAX = 65, TOOL_INSTANCE_MAX = 33, TOOL_REQUEST_MAX_BYTES = 64 * 1024, TOOL_KEYED_MAX = 40 };

/* ---- the ledger ---- */

struct tool_key {
	char call[TOOLBOX_CALL_MAX];
	uint32_t turn, index;
};

/* One entry, as it stands or is to be written. Texts are borrowed; of a read entry, from `json`. */
struct tool_entry {
	json_t *json; /* of a read entry; tool_entry_free */
	const char *tool;
	const char *hash;        /* tool_hash */
	const char *instance;    /* who sent it */
	const json_t *arguments; /* NULL: were no JSON */
	uint64_t until_ms;       /* when whoever sent it has given up */
	bool changes;
	bool is_done;
	enum tool_status status; /* when done, as `text` */
	const char *text;
};

bool tool_call_ok(const char *call);
void tool_key_print(const struct tool_key *key, char out[DOCUMENT_KEY_MAX]);

/* Of the tool's name and its arguments, however these are spaced and ordered. */
void tool_hash(const char *tool, const json_t *arguments, const char *raw, size_t raw_len, char out[TOOL_HASH_MAX]);

void tool_entry_encode(const struct tool_entry *e, struct buf *out);
enum err tool_entry_decode(struct tool_entry *e, const struct document *d) MUST_USE; /* ERR_CORRUPT, ERR_VERSION, ERR_NOMEM */
void tool_entry_free(struct tool_entry *e);

/* ---- secret numbers that a caller keyed in ---- */

struct tool_keyed {
	struct {
		char name[REDACT_NAME_BYTES], value[TOOL_KEYED_MAX];
	} numbers[TOOL_SECRETS_MAX];
	size_t count;
};

/* Those that fit; what is left out is as good as lost. */
void tool_keyed_copy(struct tool_keyed *k, const struct tool_secret *secrets, size_t count);
void tool_keyed_wipe(struct tool_keyed *k);

/* False: a placeholder cannot become its number, and why, for the model. Each is a whole argument, and stands in a body: addresses are logged everywhere. */
bool tool_keyed_judge(const struct tool_keyed *k, const struct rulebook_tool *tool, const json_t *arguments, const char **code, const char **why);

/* A body with the numbers in it, and an answer without them. Both buffers are private; errors stick in them. */
void tool_keyed_put(const struct tool_keyed *k, struct buf *body);
void tool_keyed_hide(const struct tool_keyed *k, struct buf *answer);

/* ---- what is sent ---- */

/* The address and the body of a tool's request; `base` stands for service:NAME, NULL for an address that has none. False: an
 * argument cannot stand where it would (*why, a fixed text for the model). Errors stick in the buffers. */
bool tool_address(const struct rulebook_tool *tool, const char *base, const char *tenant, const json_t *arguments, struct buf *url, const char **why);
void tool_body(const struct rulebook_tool *tool, const json_t *arguments, struct buf *body);

/* Whether an argument of that name stands in the address: as a part of it, or behind its ? */
bool tool_in_address(const struct rulebook_tool *tool, const char *name);

/* service:NAME at the beginning of an address; false when it has none. */
bool tool_service(const char *url, char name[TOOLBOX_SERVICE_NAME_MAX]);

/* Where the service of that name is; NULL: it has no address. */
const char *service_url(const struct toolbox_service *services, size_t count, const char *name);

/* The next secret:NAME in a header's value from *at on: true, *plain bytes are before it, and *at is behind it. */
bool tool_secret_next(const char **at, size_t *plain, char name[SECRET_NAME_MAX]);

/* A key that the service sees with every attempt of the same thing. */
void tool_idempotency_key(const struct tenant *t, const struct tool_key *key, char out[TOOL_HASH_MAX]);

/* ---- answers ---- */

/* {"error", "message"} */
void tool_say(struct buf *out, const char *code, const char *message);

/* What the agent gets. `why`: what of an answer with a good status cannot be used, for the log; else empty. */
enum tool_status tool_judge(const struct rulebook *book, const struct rulebook_tool *tool, const struct http_answer *answer, struct buf *out,
	struct err_detail *why);

/* What was done under this key, for who asks for something else under it. */
enum tool_status tool_say_done(const struct tool_entry *e, struct buf *out);

#endif

/* `callfunnel journal`: what its verbs share, and what others hang into its dump.
 *
 * The journal does not know what payloads mean; whoever encodes a kind lists a printer for it in journal_payload_printers
 * (journal.c). Main thread.
 */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "voice/journal/journal_keys.h"
#include "voice/journal/journal_read.h"

struct cli;

struct journal_payload_printer {
	uint8_t kind;
	/* Appends one line of UTF-8 without its end; an error: the payload is not what it should be, bytes are shown instead. */
	enum err (*print)(struct buf *out, const uint8_t *payload, size_t len);
};

extern const struct journal_payload_printer journal_payload_printers[]; /* ends with a NULL print */

enum { JOURNAL_FAULTS_SHOWN = 1000 };

/* One run of the command; what it points at is the command's. */
struct journal_command {
	struct cli *cli;
	const char *path;
	const char *key_path;
	const char *call_text;
	const char *kind_text;
	struct id128 call;
	const struct journal_kind_info *kind;
	bool whole_folder; /* not one file of it */
	struct keyring_options keys;
	struct keyring *keyring; /* NULL: cannot be opened, keys_err and keys_detail say why */
	enum err keys_err;
	struct err_detail keys_detail;
	struct journal_reader *reader;
	enum err shipped_err; /* 0: `shipped` is how far the folder was shipped; ERR_NOTFOUND: it was not */
	struct journal_position shipped;
	json_t *faults;
	uint64_t broken_seals, erased;
	struct journal_keys unopened; /* of records that found no key */
};

/* The folder of the journal: `path` itself, or the one its file is in. */
void journal_folder(const char *path, char out[DISK_PATH_MAX]);

/* Reads all of it and says whether it is whole: the exit status. */
int journal_verify(struct journal_command *c);

/* Reports that reading stopped; the exit status. */
int journal_fail_reading(struct journal_command *c, enum err err);

json_t *journal_call_json(const struct journal_call_info *c, bool beginning_gone);
void journal_put_number(json_t *to, const char *name, uint64_t value);
void journal_print_json(json_t *doc); /* one line; takes it */

#endif

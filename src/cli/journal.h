/* What others hang into `callfunnel journal dump`: how a kind's clear payload reads as text.
 *
 * The journal does not know what payloads mean; whoever encodes a kind lists a printer for it in journal_payload_printers
 * (journal.c). Main thread.
 */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include "base/buf.h"
#include "voice/journal_format.h"

struct journal_payload_printer {
	uint8_t kind;
	/* Appends one line of UTF-8 without its end; an error: the payload is not what it should be, bytes are shown instead. */
	enum err (*print)(struct buf *out, const uint8_t *payload, size_t len);
};

extern const struct journal_payload_printer journal_payload_printers[]; /* ends with a NULL print */

#endif

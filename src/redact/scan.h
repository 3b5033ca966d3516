/* One look at one text: what its two readers (addresses, then numbers) share. Inside this room only. */
#ifndef REDACT_SCAN_H
#define REDACT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/redact.h"
#include "redact/token.h"

struct scan {
	const char *text;
	size_t len;
	size_t skip;           /* bytes of earlier turns at the front: nothing is reported there */
	struct token *tokens;
	size_t count;
	enum word_class asked; /* what the agent's question was about, or WORD_OTHER */
	bool partial;
	bool full;             /* an entity did not fit: the answer is ERR_LIMIT */
	struct redact_found *found;
};

enum { TOKEN_TAKEN = 0 }; /* the kind of a token that is part of an entity */

/* Reports tokens first to last and takes them. */
void scan_report(struct scan *s, enum redact_type type, size_t first, size_t last, const char *value, size_t len, bool held);

/* What a map may hold: printable ASCII that needs no escaping in JSON. */
bool redact_value_fine(const char *value, size_t len);

bool scan_is_word(const struct scan *s, size_t i, const char *word); /* small letters; false behind the end */

void addresses_find(struct scan *s);
void numbers_find(struct scan *s);

#endif

/* What stands behind the "at" of an address: a domain, or a bank's handle; and words that come a second time: a recogniser that died
 * brings them, and people begin anew. Inside this room only.
 */
#ifndef REDACT_DOMAIN_H
#define REDACT_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/scan.h"

enum { LOCAL_BYTES = 64, DOMAIN_BYTES = 90 };

/* A part of an address as it is written, in small letters, without NUL. */
struct words {
	char at[LOCAL_BYTES + DOMAIN_BYTES + 2];
	size_t len;
	size_t max;
	bool written; /* letters stay what they are; those that were said are spelled in Latin ones */
};

void spell_char(struct words *w, char c);                       /* what is too much is dropped */
void spell_token(struct words *w, const struct scan *s, size_t i);

bool domain_element(const struct scan *s, size_t i); /* token i is a word or a number that an address may be made of */
bool domain_letter(const struct scan *s, size_t i);  /* one letter by itself */
char domain_connector(const struct token *t);        /* '.', '_', '-', '+' as they are said, or 0 */

size_t at_length(const struct scan *s, size_t i); /* how many tokens say "at" here: @, at, at the rate, at the rate of; 0: none */

/* A domain from token i: the first token behind it, or 0 when there is none. `w` ends with its last good label. Words that end with a "dot", also
 * where an "at" or a correction follows, are an address whose end is still to come. */
size_t domain_read(const struct scan *s, size_t i, struct words *w);

size_t handle_read(const struct scan *s, size_t i, struct words *w); /* a bank's handle (okaxis, "ok axis"): likewise */

/* How many tokens from b on are those from a on, `most` at most. */
size_t tokens_same(const struct scan *s, size_t a, size_t b, size_t most);

/* How many tokens from i on say once more what ends before token `end`, from `first` on: two at least, the most there are; 0: none. */
size_t tokens_again(const struct scan *s, size_t first, size_t end, size_t i);

bool token_hesitates(const struct token *t); /* "um", "sorry" */

#endif

/* What carriers' REST requests and answers share, of no vendor: a form's pairs, the Basic key, a number of seconds, words that may be shown.
 *
 * Pure, any thread. What has no room is said by the buffer's `err`.
 */
#ifndef PROVIDERS_CARRIER_FORM_H
#define PROVIDERS_CARRIER_FORM_H

#include <stddef.h>

#include "base/buf.h"
#include "providers/carrier.h"

/* Everything but the unreserved characters (RFC 3986) as %XX: in a URL or in a form, where a bare plus would be a blank. */
void carrier_put_escaped(struct buf *b, const char *text);

/* "NAME=value", behind an ampersand where the form has something already. The name is sent as it is. */
void carrier_put_pair(struct buf *form, const char *name, const char *value);

/* Appends "Authorization: Basic …" (RFC 7617); `line` is private. */
void carrier_put_basic(struct buf *line, const char *user, const char *secret, size_t len);

/* A plain number of at most eight digits, at most `max`; 0 of anything else, NULL too. */
unsigned int carrier_number(const char *text, unsigned int max);

/* What is ASCII and can be printed of it, cut to fit; NULL: "". */
void carrier_take_why(const char *text, char out[CARRIER_WHY_MAX]);

#endif

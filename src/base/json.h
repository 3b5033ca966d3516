/* Writing JSON, piece by piece, into a struct buf: `--json` output and log lines. Reading stays with jansson.
 *
 * Commas are put where they belong by looking at the last byte written, so there is no writer state: open, keys, values,
 * close, in that order, and the text is one valid document. A line feed between two documents starts afresh (JSON lines).
 * Strings may hold any bytes: control characters are escaped, what is not UTF-8 becomes U+FFFD, so the output is always
 * valid UTF-8. Errors stick in the buffer, as everywhere in buf.h. No state, any thread.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void json_open(struct buf *b, char bracket);  /* '{' or '[' */
void json_close(struct buf *b, char bracket); /* '}' or ']' */

void json_put_key(struct buf *b, const char *key);

void json_put_text(struct buf *b, const void *data, size_t len);
void json_put_escaped(struct buf *b, const void *data, size_t len); /* the inside of a string: no quotes, no comma */
void json_put_string(struct buf *b, const char *text); /* NULL is null */
void json_put_i64(struct buf *b, int64_t value);
void json_put_u64(struct buf *b, uint64_t value);
void json_put_real(struct buf *b, double value, int decimals); /* fixed point; not a number or infinite is null */
void json_put_bool(struct buf *b, bool value);
void json_put_null(struct buf *b);

/* A key and its value in one. */
void json_pair_string(struct buf *b, const char *key, const char *text);
void json_pair_i64(struct buf *b, const char *key, int64_t value);
void json_pair_u64(struct buf *b, const char *key, uint64_t value);
void json_pair_bool(struct buf *b, const char *key, bool value);

/* The length in bytes of the UTF-8 character at `at` (1 to 4), or 0 when the bytes there are not one: cut short, overlong, a
 * surrogate, beyond U+10FFFF. `len` is at least 1. */
size_t utf8_length(const uint8_t *at, size_t len);

/* All of it, to the last character. */
bool utf8_is_valid(const void *data, size_t len);

/* How many of the first `most` bytes to keep of a text of `len`, so that no character is cut in two. */
size_t utf8_cut(const char *text, size_t len, size_t most);

#endif

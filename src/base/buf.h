/* A growing byte buffer, born with a ceiling.
 *
 * Appends never need checking one by one: the first failure sticks in `err`, later appends do nothing, and whoever
 * uses the contents looks at `err` once. The owner calls buf_init and buf_fini; one thread at a time.
 * A private one is for keys: whatever memory it gives back, also when it grows, is overwritten first.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;   /* the ceiling in bytes; an append past it sets ERR_LIMIT */
	enum err err; /* sticky */
	bool is_private;
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_init_private(struct buf *b, size_t max_bytes);

/* Over the caller's own memory, which is also its ceiling: never grows, needs no buf_fini. */
void buf_over(struct buf *b, void *memory, size_t bytes);
void buf_fini(struct buf *b);

/* Empties it and clears the error; keeps the memory. */
void buf_reset(struct buf *b);

/* Room for `len` more bytes at b->data + b->len, or NULL (and the sticky error). Does not move b->len. */
uint8_t *buf_reserve(struct buf *b, size_t len);

void buf_append(struct buf *b, const void *data, size_t len);
void buf_byte(struct buf *b, uint8_t byte);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Removes `len` bytes at `at`; both must lie inside. */
void buf_cut(struct buf *b, size_t at, size_t len);

/* The contents as a C string (a NUL is kept behind the last byte), "" when there is nothing or an error. */
const char *buf_str(struct buf *b);

#endif

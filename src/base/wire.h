/* How structs become bytes that outlive a release: numbered fields, in rising order, absent when zero.
 *
 * The encoding is Protocol Buffers' own (varint and length-delimited fields, https://protobuf.dev/programming-guides/encoding),
 * made canonical: one struct has exactly one encoding, so equal bytes mean equal values, which is what replay compares.
 * A reader skips numbers it does not know and takes absent ones as zero: that is how formats grow.
 * Used by the call's inputs, outputs and snapshots, and by journal payloads.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Writing. Zero and empty values are left out. Errors stick in the buffer. */
void wire_put_number(struct buf *b, unsigned int field, uint64_t value); /* zero too */

static inline void wire_put_u64(struct buf *b, unsigned int field, uint64_t value)
{
	if (value)
		wire_put_number(b, field, value);
}

void wire_put_i64(struct buf *b, unsigned int field, int64_t value); /* zigzag */
void wire_put_bytes(struct buf *b, unsigned int field, const void *data, size_t len);
void wire_put_text(struct buf *b, unsigned int field, const char *text); /* NULL is empty */

/* A struct inside a struct: everything written between open and close. Nests. An empty one is still written. */
size_t wire_open(struct buf *b, unsigned int field);
void wire_close(struct buf *b, size_t opened);

void wire_put_long(struct buf *b, uint64_t value); /* wire_put_varint's, of any length */

/* A bare varint, for lists of numbers inside a bytes field and for length prefixes. Most have one byte. */
static inline void wire_put_varint(struct buf *b, uint64_t value)
{
	if (value < 0x80 && !b->err && b->len < b->cap)
		b->data[b->len++] = (uint8_t)value;
	else
		wire_put_long(b, value);
}
void wire_put_signed(struct buf *b, int64_t value); /* zigzag */

/* Reading: borrows the bytes. */
struct wire_reader {
	const uint8_t *at;
	const uint8_t *end;
	enum err err; /* ERR_TRUNCATED or ERR_FORMAT once something was off; wire_next then says false */
};

struct wire_field {
	unsigned int number;
	bool is_bytes;
	uint64_t u64;         /* a number */
	const uint8_t *bytes; /* or bytes, borrowed */
	size_t len;
};

void wire_reader_init(struct wire_reader *r, const void *data, size_t len);
bool wire_next(struct wire_reader *r, struct wire_field *f);
uint64_t wire_varint(struct wire_reader *r);
int64_t wire_signed(struct wire_reader *r);

int64_t wire_i64(const struct wire_field *f);         /* undoes the zigzag */
uint32_t wire_u32(const struct wire_field *f);        /* saturates */
void wire_reader_sub(struct wire_reader *r, const struct wire_field *f); /* reads a nested struct */

/* The text into `out`, with its end. False, and `out` as it was: a number, no room, or a zero byte inside. */
bool wire_text(const struct wire_field *f, char *out, size_t size);

#endif

#include "base/wire.h"

#include <assert.h>
#include <string.h>

enum { TYPE_VARINT = 0, TYPE_BYTES = 2, VARINT_MAX_BYTES = 10 };

static uint8_t *varint_encode(uint8_t *at, uint64_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static uint64_t zigzag(int64_t value)
{
	return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static bool has_room(const struct buf *b, size_t len)
{
	return !b->err && b->cap - b->len >= len;
}

/* By way of the stack: there may be just the room that it takes. */
static void varint_append(struct buf *b, uint64_t value)
{
	uint8_t bytes[VARINT_MAX_BYTES];

	buf_append(b, bytes, (size_t)(varint_encode(bytes, value) - bytes));
}

/* In place where there is room for the longest. */
void wire_put_long(struct buf *b, uint64_t value)
{
	if (has_room(b, VARINT_MAX_BYTES))
		b->len = (size_t)(varint_encode(b->data + b->len, value) - b->data);
	else
		varint_append(b, value);
}

void wire_put_signed(struct buf *b, int64_t value)
{
	wire_put_varint(b, zigzag(value));
}

static void put_key(struct buf *b, unsigned int field, unsigned int type)
{
	wire_put_varint(b, ((uint64_t)field << 3) | type);
}

/* Key and number, whole or not at all. */
static void number_append(struct buf *b, unsigned int field, uint64_t value)
{
	uint8_t bytes[2 * VARINT_MAX_BYTES], *end = varint_encode(bytes, ((uint64_t)field << 3) | TYPE_VARINT);

	end = varint_encode(end, value);
	buf_append(b, bytes, (size_t)(end - bytes));
}

void wire_put_number(struct buf *b, unsigned int field, uint64_t value)
{
	uint8_t *end;

	if (!has_room(b, 2 * VARINT_MAX_BYTES)) {
		number_append(b, field, value);
		return;
	}
	end = varint_encode(b->data + b->len, ((uint64_t)field << 3) | TYPE_VARINT);
	b->len = (size_t)(varint_encode(end, value) - b->data);
}

void wire_put_i64(struct buf *b, unsigned int field, int64_t value)
{
	wire_put_u64(b, field, zigzag(value));
}

void wire_put_bytes(struct buf *b, unsigned int field, const void *data, size_t len)
{
	if (!len)
		return;
	put_key(b, field, TYPE_BYTES);
	wire_put_varint(b, len);
	buf_append(b, data, len);
}

void wire_put_text(struct buf *b, unsigned int field, const char *text)
{
	if (text)
		wire_put_bytes(b, field, text, strlen(text));
}

/* With room for a length of one byte, which most have. */
size_t wire_open(struct buf *b, unsigned int field)
{
	put_key(b, field, TYPE_BYTES);
	wire_put_varint(b, 0);
	return b->len;
}

/* Makes room for a longer length and writes it. */
static void length_put(struct buf *b, size_t opened, size_t len)
{
	uint8_t prefix[VARINT_MAX_BYTES];
	size_t n = (size_t)(varint_encode(prefix, len) - prefix);

	if (!buf_reserve(b, n - 1))
		return;
	memmove(b->data + opened - 1 + n, b->data + opened, len);
	memcpy(b->data + opened - 1, prefix, n);
	b->len += n - 1;
}

void wire_close(struct buf *b, size_t opened)
{
	size_t len = b->len - opened;

	assert(opened <= b->len);
	if (b->err)
		return;
	if (len < 0x80)
		b->data[opened - 1] = (uint8_t)len;
	else
		length_put(b, opened, len);
}

void wire_reader_init(struct wire_reader *r, const void *data, size_t len)
{
	static const uint8_t nothing[1];

	*r = (struct wire_reader){ .at = len ? data : nothing };
	r->end = r->at + len;
}

static void fail(struct wire_reader *r, enum err err)
{
	r->err = err;
	r->at = r->end;
}

static uint64_t varint_long(struct wire_reader *r)
{
	uint64_t value = 0;
	unsigned int shift;

	for (shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (r->at == r->end) {
			fail(r, ERR_TRUNCATED);
			return 0;
		}
		byte = *r->at++;
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	fail(r, ERR_FORMAT);
	return 0;
}

/* Most have one byte or two. */
static inline uint64_t varint(struct wire_reader *r)
{
	const uint8_t *at = r->at;

	if (at < r->end && at[0] < 0x80) {
		r->at = at + 1;
		return at[0];
	}
	if (r->end - at >= 2 && at[1] < 0x80) {
		r->at = at + 2;
		return (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
	}
	return varint_long(r);
}

uint64_t wire_varint(struct wire_reader *r)
{
	return varint(r);
}

int64_t wire_signed(struct wire_reader *r)
{
	return unzigzag(wire_varint(r));
}

bool wire_next(struct wire_reader *r, struct wire_field *f)
{
	uint64_t key;

	if (r->err || r->at == r->end)
		return false;
	key = varint(r);
	if (r->err)
		return false;
	*f = (struct wire_field){ .number = (unsigned int)(key >> 3), .is_bytes = (key & 7) == TYPE_BYTES };
	if (!f->number || key >> 3 > UINT16_MAX || (!f->is_bytes && (key & 7) != TYPE_VARINT)) {
		fail(r, ERR_FORMAT);
		return false;
	}
	f->u64 = varint(r);
	if (r->err || !f->is_bytes)
		return !r->err;
	if (f->u64 > (size_t)(r->end - r->at)) {
		fail(r, ERR_TRUNCATED);
		return false;
	}
	f->bytes = r->at;
	f->len = (size_t)f->u64;
	r->at += f->len;
	return true;
}

int64_t wire_i64(const struct wire_field *f)
{
	return unzigzag(f->u64);
}

uint32_t wire_u32(const struct wire_field *f)
{
	return f->u64 > UINT32_MAX ? UINT32_MAX : (uint32_t)f->u64;
}

bool wire_text(const struct wire_field *f, char *out, size_t size)
{
	if (!f->is_bytes || f->len >= size || memchr(f->bytes, 0, f->len))
		return false;
	memcpy(out, f->bytes, f->len);
	out[f->len] = 0;
	return true;
}

void wire_reader_sub(struct wire_reader *r, const struct wire_field *f)
{
	wire_reader_init(r, f->bytes, f->is_bytes ? f->len : 0);
	if (!f->is_bytes)
		r->err = ERR_FORMAT;
}

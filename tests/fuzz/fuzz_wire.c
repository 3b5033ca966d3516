/* Numbered fields: any bytes are read or refused; what was read, written again, reads the same; nested ones too. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/wire.h"
#include "cli/parse.h"

enum { DEPTH_MAX = 8, OUT_MAX_BYTES = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_field(struct buf *out, const struct wire_field *f)
{
	if (f->is_bytes)
		wire_put_bytes(out, f->number, f->bytes, f->len);
	else
		wire_put_u64(out, f->number, f->u64);
}

static void compare(struct wire_reader *again, const struct wire_field *f)
{
	struct wire_field g;

	if (f->is_bytes ? !f->len : !f->u64)
		return; /* absent when written */
	assert(wire_next(again, &g));
	assert(g.number == f->number && g.is_bytes == f->is_bytes && g.u64 == f->u64);
	assert(!g.is_bytes || (g.len == f->len && !memcmp(g.bytes, f->bytes, f->len)));
}

static void walk(struct wire_reader *r, unsigned int depth)
{
	struct wire_field f;

	while (wire_next(r, &f)) {
		struct wire_reader sub;

		assert(f.number && f.number <= UINT16_MAX);
		assert(!f.is_bytes || (f.bytes <= r->at && f.len <= (size_t)(r->at - f.bytes)));
		(void)wire_i64(&f);
		(void)wire_u32(&f);
		wire_reader_sub(&sub, &f);
		if (depth < DEPTH_MAX)
			walk(&sub, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_detail detail = { .message = "" };
	struct wire_reader r, again;
	struct wire_field f;
	struct buf out;

	(void)parse_find("wire")->run(data, size, &detail);
	wire_reader_init(&r, data, size);
	walk(&r, 0);
	buf_init(&out, OUT_MAX_BYTES);
	wire_reader_init(&r, data, size);
	while (wire_next(&r, &f))
		write_field(&out, &f);
	if (!out.err) {
		wire_reader_init(&again, out.data, out.len);
		wire_reader_init(&r, data, size);
		while (wire_next(&r, &f))
			compare(&again, &f);
		assert(!wire_next(&again, &f) && !again.err);
	}
	buf_fini(&out);
	return 0;
}

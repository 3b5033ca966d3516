/* A whole call from bytes: inputs, each behind its length, are decoded and stepped. The core asserts its invariants itself; here the
 * encoding must be canonical, every output must come back from its bytes, and printing must not stumble. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "voice/call.h"

enum { STEPS_MAX = 400, BUF_MAX = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct call *call_make(void)
{
	struct call_settings settings;
	struct brief brief;
	struct call *call;

	call_settings_init(&settings);
	brief_init(&brief);
	brief.knowledge = true;
	strcpy(brief.tools[0].name, "lookup");
	strcpy(brief.tools[1].name, "book");
	brief.tools[1].changes = true;
	strcpy(brief.tools[2].name, "hang_up");
	brief.tools[2].ends = true;
	brief.tool_count = 3;
	if (call_new(&call, &settings, &brief))
		abort();
	return call;
}

static void outputs_check(const struct call_outputs *out, struct buf *b, struct buf *again)
{
	struct call_output back;
	size_t i;

	for (i = 0; i < out->count; i++) {
		buf_reset(b);
		output_print(&out->items[i], b);
		buf_reset(b);
		buf_reset(again);
		output_encode(&out->items[i], b);
		if (output_decode(&back, b->data, b->len))
			abort();
		output_encode(&back, again);
		assert(b->len == again->len && !memcmp(b->data, again->data, b->len));
	}
}

static void input_check(const struct call_input *in, struct buf *b, struct buf *again)
{
	static struct call_input back;

	buf_reset(b);
	input_print(in, b);
	buf_reset(b);
	buf_reset(again);
	input_encode(in, b);
	if (input_decode(&back, b->data, b->len))
		abort();
	input_encode(&back, again);
	assert(b->len == again->len && !memcmp(b->data, again->data, b->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct call_input in;
	struct call *call = call_make();
	struct call_outputs out;
	struct wire_reader r;
	struct buf b, again;
	unsigned int steps;

	buf_init(&b, BUF_MAX);
	buf_init(&again, BUF_MAX);
	wire_reader_init(&r, data, size);
	for (steps = 0; steps < STEPS_MAX && r.at < r.end; steps++) {
		uint64_t len = wire_varint(&r);

		if (r.err || len > (uint64_t)(r.end - r.at) || input_decode(&in, r.at, (size_t)len))
			break;
		r.at += len;
		input_check(&in, &b, &again);
		if (call_step(call, &in, &out))
			break;
		outputs_check(&out, &b, &again);
	}
	buf_fini(&b);
	buf_fini(&again);
	call_free(call);
	return 0;
}

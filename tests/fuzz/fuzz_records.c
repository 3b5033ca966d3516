/* The payloads of a journal's records, settings, briefs, outputs and steps: any bytes are refused or read; what was read, written
 * and read again is written to the same bytes. The first byte says which. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "voice/output.h"
#include "voice/journal/steps.h"
#include "voice/journal/usage_record.h"

enum { OUT_MAX_BYTES = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads the bytes as one kind and writes what it read to `out`; the decoder's error. */
typedef enum err again_h(const uint8_t *data, size_t size, struct buf *out);

#define AGAIN(noun) \
	static enum err again_##noun(const uint8_t *data, size_t size, struct buf *out) \
	{ \
		static struct noun value; \
		enum err err = noun##_decode(&value, data, size); \
		if (!err) \
			noun##_encode(&value, out); \
		return err; \
	}

AGAIN(record_start)
AGAIN(record_snapshot)
AGAIN(record_end)
AGAIN(record_caller)
AGAIN(record_agent)
AGAIN(record_played)
AGAIN(record_event)
AGAIN(record_meter)
AGAIN(record_usage)
AGAIN(call_settings)
AGAIN(brief)

static enum err again_output(const uint8_t *data, size_t size, struct buf *out)
{
	static struct call_output value;
	struct buf words;
	enum err err = output_decode(&value, data, size);

	if (err)
		return err;
	buf_init(&words, OUT_MAX_BYTES);
	output_print(&value, &words);
	buf_fini(&words);
	output_encode(&value, out);
	return ERR_NONE;
}

/* Up to 256 outputs a step; false when one of them cannot be read. */
static bool outputs_read(const struct step *step, struct call_output outputs[OUTPUT_MAX])
{
	size_t i;

	for (i = 0; i < step->count; i++)
		if (output_decode(&outputs[i], step->outputs[i].data, step->outputs[i].len))
			return false;
	return true;
}

/* A step whose input or outputs cannot be read ends it: replay would stop there as well. */
static enum err again_steps(const uint8_t *data, size_t size, struct buf *out)
{
	static struct call_output outputs[OUTPUT_MAX];
	static struct call_input in;
	struct call_outputs made = { .items = outputs };
	struct steps_writer w;
	struct steps_reader r;
	static struct step step;
	enum err err;

	steps_writer_init(&w);
	steps_reader_init(&r, data, size);
	while (!(err = steps_next(&r, &step))) {
		assert(step.count <= OUTPUT_MAX);
		err = step_input(&step, &in);
		if (err || !outputs_read(&step, outputs))
			break;
		made.count = step.count;
		steps_put(&w, &in, &made);
	}
	if (!w.bytes.err)
		buf_append(out, w.bytes.data, w.bytes.len);
	steps_writer_fini(&w);
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

static again_h *const kinds[] = { again_record_start, again_record_snapshot, again_record_end, again_record_caller, again_record_agent,
	again_record_played, again_record_event, again_record_meter, again_call_settings, again_brief, again_output, again_steps, again_record_usage };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf one, two;
	again_h *again;

	if (!size)
		return 0;
	again = kinds[*data % (sizeof(kinds) / sizeof(*kinds))];
	buf_init(&one, OUT_MAX_BYTES);
	buf_init(&two, OUT_MAX_BYTES);
	if (!again(data + 1, size - 1, &one) && !one.err) {
		if (again(one.data, one.len, &two))
			abort();
		assert(one.len == two.len && (!one.len || !memcmp(one.data, two.data, one.len)));
	}
	buf_fini(&one);
	buf_fini(&two);
	return 0;
}

#include "voice/replay/replay.h"

#include <string.h>

#include "base/wire.h"

enum { GOT_BYTES_MAX = 16 << 20 };

void replay_result_init(struct replay_result *r)
{
	*r = (struct replay_result){ .verdict = REPLAY_SAME };
	buf_init(&r->got, GOT_BYTES_MAX);
}

void replay_result_fini(struct replay_result *r)
{
	buf_fini(&r->got);
}

enum err replay_enter(struct call **callp, const struct tape *tape, const struct tape_part *part)
{
	if (part->entry == TAPE_START)
		return call_new(callp, &tape->settings, &tape->brief);
	return call_load(callp, tape->bytes.data + part->state, part->state_len);
}

/* All outputs of a step, each behind its length, as the tape keeps them. */
static void outputs_encode(struct buf *got, struct buf *one, const struct call_outputs *outputs)
{
	size_t i;

	buf_reset(got);
	for (i = 0; i < outputs->count; i++) {
		buf_reset(one);
		output_encode(&outputs->items[i], one);
		wire_put_varint(got, one->len);
		buf_append(got, one->data, one->len);
		if (one->err)
			got->err = one->err;
	}
}

/* Which output is the first to differ; only called when one does. */
static size_t first_difference(struct tape_cursor *recorded, const struct buf *got)
{
	struct tape_cursor now = { .at = got->data, .end = got->data + got->len };
	const uint8_t *a, *b;
	size_t a_len, b_len, i = 0;

	while (tape_cursor_next(recorded, &a, &a_len) && tape_cursor_next(&now, &b, &b_len) && a_len == b_len && !memcmp(a, b, a_len))
		i++;
	return i;
}

struct comparing {
	const struct tape *tape;
	struct replay_result *result;
	struct call_input input;
	struct buf one;
};

/* Compares one step; sets the verdict. */
static enum err step_compare(struct comparing *c, struct call *call, const struct tape_step *step)
{
	struct replay_result *r = c->result;
	struct tape_cursor recorded;
	struct call_outputs outputs;
	size_t len;
	enum err err;

	r->err = tape_input_decode(c->tape, step, &c->input);
	r->at_us = c->input.at_us;
	if (r->err) {
		r->verdict = REPLAY_BAD_INPUT;
		return ERR_NONE;
	}
	err = call_step(call, &c->input, &outputs);
	if (err)
		return err;
	outputs_encode(&r->got, &c->one, &outputs);
	if (r->got.err)
		return r->got.err;
	tape_cursor_init(&recorded, c->tape, step);
	len = (size_t)(recorded.end - recorded.at);
	if (len == r->got.len && (!len || !memcmp(recorded.at, r->got.data, len))) {
		r->steps++;
		r->outputs += outputs.count;
		return ERR_NONE;
	}
	r->verdict = REPLAY_DIFFERS;
	r->first = first_difference(&recorded, &r->got);
	return ERR_NONE;
}

static enum err part_compare(struct comparing *c, const struct tape_part *part)
{
	struct replay_result *r = c->result;
	struct call *call;
	enum err err = replay_enter(&call, c->tape, part);
	size_t i;

	r->step = part->first;
	if (err == ERR_NOMEM)
		return err;
	if (err) {
		r->verdict = REPLAY_BAD_STATE;
		r->err = err;
		return ERR_NONE;
	}
	for (i = part->first; !err && i < part->first + part->count && r->verdict == REPLAY_SAME; i++) {
		r->step = i;
		err = step_compare(c, call, &c->tape->steps[i]);
	}
	call_free(call);
	return err;
}

enum err replay_compare(const struct tape *tape, struct replay_result *result)
{
	struct comparing c = { .tape = tape, .result = result };
	enum err err = ERR_NONE;
	size_t i;

	buf_init(&c.one, GOT_BYTES_MAX);
	for (i = 0; !err && i < tape->part_count && result->verdict == REPLAY_SAME; i++) {
		result->part = i;
		err = part_compare(&c, &tape->parts[i]);
	}
	buf_fini(&c.one);
	return err;
}

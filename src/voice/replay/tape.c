/* A recorded call in memory: filling it from records, then cutting it into parts at its holes. See tape.h. */
#include "voice/replay/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"

/* Where a part may begin (at a state) or must end (at a hole). */
struct tape_place {
	bool is_hole;
	struct tape_part part; /* the state; count is not used */
	struct tape_hole hole;
};

void tape_init(struct tape *t)
{
	*t = (struct tape){ .started = false };
	buf_init(&t->bytes, TAPE_BYTES_MAX);
}

void tape_fini(struct tape *t)
{
	buf_fini(&t->bytes);
	free(t->steps);
	free(t->parts);
	free(t->holes);
	free(t->places);
	free(t->gaps);
	*t = (struct tape){ .started = false };
}

void tape_reset(struct tape *t)
{
	free(t->parts);
	free(t->holes);
	t->parts = NULL;
	t->holes = NULL;
	buf_reset(&t->bytes);
	t->started = t->ended = false;
	t->step_count = t->part_count = t->hole_count = t->skipped = t->place_count = t->gap_count = 0;
	t->err = ERR_NONE;
	t->epoch = 0;
	t->sequence = 0;
}

const char *tape_hole_why_name(enum tape_hole_why why)
{
	switch (why) {
	case TAPE_HOLE_MISSING: return "missing";
	case TAPE_HOLE_REFUSED: return "refused";
	case TAPE_HOLE_DAMAGED: return "damaged";
	case TAPE_HOLE_SEALED: return "sealed";
	}
	return "unknown";
}

/* Room for one more item of `size` bytes in an array; false, and the sticky error, when there is none. */
static bool grow(struct tape *t, void *arrayp, size_t count, size_t *cap, size_t size, size_t max)
{
	void **array = arrayp;
	size_t more = *cap ? *cap * 2 : 64;
	void *items;

	if (t->err || count < *cap)
		return !t->err;
	if (count >= max) {
		t->err = ERR_LIMIT;
		return false;
	}
	items = realloc(*array, more * size);
	if (!items) {
		t->err = ERR_NOMEM;
		return false;
	}
	*array = items;
	*cap = more;
	return true;
}

/* ------------------------------------------------------------------ filling */

static struct tape_place *place_add(struct tape *t)
{
	if (!grow(t, &t->places, t->place_count, &t->place_cap, sizeof(*t->places), TAPE_PLACES_MAX))
		return NULL;
	t->places[t->place_count] = (struct tape_place){ .is_hole = false };
	return &t->places[t->place_count++];
}

void tape_state(struct tape *t, enum tape_entry entry, const void *snapshot, size_t len, uint64_t wake_us)
{
	struct tape_place *p = place_add(t);

	if (!p)
		return;
	p->part = (struct tape_part){ .entry = entry, .epoch = t->epoch, .first = t->step_count, .state = t->bytes.len, .state_len = len,
		.wake_us = wake_us };
	buf_append(&t->bytes, snapshot, len);
}

void tape_start(struct tape *t, const struct call_settings *settings, const struct brief *brief)
{
	t->started = true;
	t->settings = *settings;
	t->brief = *brief;
	tape_state(t, TAPE_START, "", 0, 0);
}

void tape_hole(struct tape *t, enum tape_hole_why why, uint64_t first_sequence, uint64_t last_sequence, uint64_t file_offset)
{
	struct tape_place *p = place_add(t);

	if (!p)
		return;
	p->is_hole = true;
	p->hole = (struct tape_hole){ .why = why, .epoch = t->epoch, .step = t->step_count, .first_sequence = first_sequence,
		.last_sequence = last_sequence, .file_offset = file_offset };
}

static struct tape_step *step_add(struct tape *t)
{
	if (!grow(t, &t->steps, t->step_count, &t->step_cap, sizeof(*t->steps), TAPE_STEPS_MAX))
		return NULL;
	t->steps[t->step_count] = (struct tape_step){ .at = t->bytes.len };
	return &t->steps[t->step_count++];
}

void tape_input(struct tape *t, const void *input, size_t len)
{
	struct tape_step *s = step_add(t);

	if (!s)
		return;
	buf_append(&t->bytes, input, len);
	s->input_len = s->len = (uint32_t)(t->bytes.len - s->at);
}

void tape_level(struct tape *t, const struct steps_level *level)
{
	struct tape_step *s = step_add(t);

	if (!s)
		return;
	s->is_level = true;
	s->level = *level;
}

void tape_output(struct tape *t, const void *output, size_t len)
{
	struct tape_step *s;

	if (t->err || !t->step_count)
		return;
	s = &t->steps[t->step_count - 1];
	wire_put_varint(&t->bytes, len);
	buf_append(&t->bytes, output, len);
	s->len = (uint32_t)(t->bytes.len - s->at);
	s->outputs++;
}

/* ------------------------------------------------------------------ records */

static enum err start_record(struct tape *t, const uint8_t *payload, size_t len)
{
	struct record_start r;
	struct call_settings settings;
	struct brief brief;
	enum err err = record_start_decode(&r, payload, len);

	if (!err)
		err = call_settings_decode(&settings, r.settings, r.settings_len);
	if (!err)
		err = brief_decode(&brief, r.brief, r.brief_len);
	if (!err)
		tape_start(t, &settings, &brief);
	return err;
}

static enum err snapshot_record(struct tape *t, enum tape_entry entry, const uint8_t *payload, size_t len)
{
	struct record_snapshot r;
	enum err err = record_snapshot_decode(&r, payload, len);

	if (!err)
		tape_state(t, entry, r.core, r.core_len, r.wake_us);
	return err;
}

static enum err attach_record(struct tape *t, const uint8_t *payload, size_t len)
{
	struct record_start r;
	enum err err = record_start_decode(&r, payload, len);

	return err ? err : snapshot_record(t, TAPE_ATTACH, r.snapshot, r.snapshot_len);
}

static enum err steps_record(struct tape *t, const uint8_t *payload, size_t len, uint64_t file_offset)
{
	struct steps_reader r;
	enum err err;
	size_t i;

	steps_reader_init(&r, payload, len);
	while (!(err = steps_next(&r, &t->step))) {
		if (t->step.is_level)
			tape_level(t, &t->step.level);
		else
			tape_input(t, t->step.input.data, t->step.input.len);
		for (i = 0; i < t->step.count; i++)
			tape_output(t, t->step.outputs[i].data, t->step.outputs[i].len);
		if (t->err)
			return ERR_NONE;
		t->steps[t->step_count - 1].file_offset = file_offset;
	}
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

static enum err gap_record(struct tape *t, const uint8_t *payload, size_t len)
{
	struct journal_gap gap;
	enum err err = journal_gap_decode(&gap, payload, len);

	if (err || !grow(t, &t->gaps, t->gap_count, &t->gap_cap, sizeof(*t->gaps), TAPE_PLACES_MAX))
		return err;
	t->gaps[t->gap_count++] = gap;
	if (!gap.first_sequence && (gap.kinds >> RECORD_STEPS & 1))
		tape_hole(t, TAPE_HOLE_REFUSED, 0, 0, 0);
	return ERR_NONE;
}

static enum err take(struct tape *t, uint8_t kind, const uint8_t *payload, size_t len, uint64_t file_offset)
{
	switch (kind) {
	case JOURNAL_START: return start_record(t, payload, len);
	case JOURNAL_ATTACH: return attach_record(t, payload, len);
	case JOURNAL_SNAPSHOT: return snapshot_record(t, TAPE_SNAPSHOT, payload, len);
	case JOURNAL_GAP: return gap_record(t, payload, len);
	case RECORD_STEPS: return steps_record(t, payload, len, file_offset);
	case JOURNAL_END: t->ended = true; return ERR_NONE;
	default: return ERR_NONE;
	}
}

static void sequence_take(struct tape *t, const struct journal_header *h)
{
	bool first = !t->epoch || h->epoch != t->epoch;
	uint64_t expected = first ? 1 : t->sequence + 1;

	t->epoch = h->epoch;
	t->sequence = h->sequence;
	if (h->sequence > expected)
		tape_hole(t, TAPE_HOLE_MISSING, expected, h->sequence - 1, 0);
	else if (first && h->kind != JOURNAL_START && h->kind != JOURNAL_ATTACH)
		tape_hole(t, TAPE_HOLE_MISSING, 0, 0, 0);
}

/* Without its payload, this kind of record leaves a hole. */
static bool matters(uint8_t kind)
{
	return kind == JOURNAL_START || kind == JOURNAL_ATTACH || kind == RECORD_STEPS;
}

void tape_record(struct tape *t, const struct journal_header *h, const uint8_t *payload, size_t len, enum err payload_err,
	uint64_t file_offset)
{
	sequence_take(t, h);
	if (!payload) {
		if (matters(h->kind))
			tape_hole(t, payload_err == ERR_CORRUPT ? TAPE_HOLE_DAMAGED : TAPE_HOLE_SEALED, h->sequence, h->sequence, file_offset);
		return;
	}
	if (take(t, h->kind, payload, len, file_offset) && matters(h->kind))
		tape_hole(t, TAPE_HOLE_DAMAGED, h->sequence, h->sequence, file_offset);
}

/* ------------------------------------------------------------------ parts */

/* Does a GAP record say that what is missing is sound alone? */
static bool explained(const struct tape *t, const struct tape_hole *hole)
{
	uint64_t next = hole->first_sequence;
	size_t i = 0;

	if (hole->why != TAPE_HOLE_MISSING || !next)
		return false;
	while (i < t->gap_count && next <= hole->last_sequence) {
		const struct journal_gap *g = &t->gaps[i++];

		if ((g->kinds >> RECORD_STEPS & 1) || g->first_sequence > next || g->last_sequence < next)
			continue;
		next = g->last_sequence + 1;
		i = 0;
	}
	return next > hole->last_sequence;
}

static void part_close(struct tape *t, bool *open, size_t step)
{
	if (*open)
		t->parts[t->part_count - 1].count = step - t->parts[t->part_count - 1].first;
	*open = false;
}

/* Steps since `from` that belong to no part. */
static void skip(struct tape *t, size_t from, size_t to)
{
	t->skipped += to - from;
	if (t->hole_count)
		t->holes[t->hole_count - 1].skipped += to - from;
}

static void parts_make(struct tape *t)
{
	size_t outside = 0, i; /* where the last part ended */
	bool open = false;

	for (i = 0; i < t->place_count; i++) {
		struct tape_place *p = &t->places[i];
		size_t step = p->is_hole ? p->hole.step : p->part.first;

		if (p->is_hole ? explained(t, &p->hole) : open && p->part.entry == TAPE_SNAPSHOT)
			continue;
		if (!open)
			skip(t, outside, step);
		part_close(t, &open, step);
		outside = step;
		if (p->is_hole)
			t->holes[t->hole_count++] = p->hole;
		else
			t->parts[t->part_count++] = p->part;
		open = !p->is_hole;
	}
	if (!open)
		skip(t, outside, t->step_count);
	part_close(t, &open, t->step_count);
}

enum err tape_finish(struct tape *t)
{
	if (!t->err)
		t->err = t->bytes.err;
	if (t->err)
		return t->err;
	if (!t->place_count)
		return ERR_FORMAT;
	t->parts = calloc(t->place_count, sizeof(*t->parts));
	t->holes = calloc(t->place_count, sizeof(*t->holes));
	if (!t->parts || !t->holes)
		return ERR_NOMEM;
	parts_make(t);
	return t->part_count ? ERR_NONE : ERR_FORMAT;
}

/* ------------------------------------------------------------------ a step */

enum err tape_input_decode(const struct tape *t, const struct tape_step *step, struct call_input *in)
{
	if (!step->is_level)
		return input_decode(in, t->bytes.data + step->at, step->input_len);
	input_voice(in, step->level.at_us, step->level.number, step->level.position);
	return ERR_NONE;
}

void tape_cursor_init(struct tape_cursor *c, const struct tape *t, const struct tape_step *step)
{
	const uint8_t *at = t->bytes.data + step->at;

	*c = (struct tape_cursor){ .at = at + step->input_len, .end = at + step->len };
}

bool tape_cursor_next(struct tape_cursor *c, const uint8_t **data, size_t *len)
{
	struct wire_reader r;

	if (c->at == c->end)
		return false;
	wire_reader_init(&r, c->at, (size_t)(c->end - c->at));
	*len = (size_t)wire_varint(&r);
	*data = r.at;
	c->at = r.at + *len;
	return true;
}

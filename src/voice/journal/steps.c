/* The journal payloads of a call. Field numbers are for ever; tables would be longer than the code. */
#include "voice/journal/steps.h"

#include <string.h>

#include <jansson.h>

enum { STEP_INPUT = 1, STEP_OUTPUT = 2, STEP_LEVELS = 3, STEPS_MAX_BYTES = 768 * 1024 };

/* A level takes up to three varints; a field 3 is as long as one byte of length can say. */
enum { LEVEL_MAX_BYTES = 30, LEVELS_MAX_BYTES = 127, CHUNK_SAMPLES = 256, SAMPLE_US = 125 };

/* ------------------------------------------------------------------ steps */

void steps_writer_init(struct steps_writer *w)
{
	*w = (struct steps_writer){ .due_us = UINT64_MAX };
	buf_init(&w->bytes, STEPS_MAX_BYTES);
}

void steps_writer_fini(struct steps_writer *w)
{
	buf_fini(&w->bytes);
}

void steps_clear(struct steps_writer *w)
{
	struct buf bytes = w->bytes;

	buf_reset(&bytes);
	*w = (struct steps_writer){ .bytes = bytes, .due_us = UINT64_MAX };
}

static bool is_level(const struct call_input *in, const struct call_outputs *outputs)
{
	return in->type == IN_VOICE && !outputs->count;
}

static void level_put(struct steps_writer *w, const struct call_input *in)
{
	uint64_t samples = in->position - w->level.position;

	if (!w->run || w->bytes.len - w->run > LEVELS_MAX_BYTES - LEVEL_MAX_BYTES)
		w->run = wire_open(&w->bytes, STEP_LEVELS);
	wire_put_signed(&w->bytes, (int64_t)(samples - CHUNK_SAMPLES));
	wire_put_signed(&w->bytes, (int64_t)(in->at_us - w->level.at_us - samples * SAMPLE_US));
	wire_put_varint(&w->bytes, in->number);
	if (!w->bytes.err)
		w->bytes.data[w->run - 1] = (uint8_t)(w->bytes.len - w->run);
	w->level = (struct steps_level){ .at_us = in->at_us, .position = in->position, .number = in->number };
}

static void step_put(struct steps_writer *w, const struct call_input *in, const struct call_outputs *outputs)
{
	size_t opened, i;

	w->run = 0;
	opened = wire_open(&w->bytes, STEP_INPUT);
	input_encode(in, &w->bytes);
	wire_close(&w->bytes, opened);
	for (i = 0; i < outputs->count; i++) {
		opened = wire_open(&w->bytes, STEP_OUTPUT);
		output_encode(&outputs->items[i], &w->bytes);
		wire_close(&w->bytes, opened);
	}
}

void steps_put(struct steps_writer *w, const struct call_input *in, const struct call_outputs *outputs)
{
	bool level = is_level(in, outputs);
	uint64_t due_us = in->at_us + STEPS_FLUSH_US;

	w->count++;
	if (due_us < w->due_us)
		w->due_us = due_us;
	if (level)
		level_put(w, in);
	else
		step_put(w, in, outputs);
}

bool steps_due(const struct steps_writer *w, uint64_t now_us)
{
	return w->count && (w->bytes.len >= STEPS_FLUSH_BYTES || now_us >= w->due_us);
}

/* The next field that this format knows. */
static void look_ahead(struct steps_reader *r)
{
	do
		r->has_ahead = wire_next(&r->wire, &r->ahead);
	while (r->has_ahead && r->ahead.number > STEP_LEVELS);
}

void steps_reader_init(struct steps_reader *r, const void *data, size_t len)
{
	*r = (struct steps_reader){ .has_ahead = false };
	wire_reader_init(&r->wire, data, len);
	look_ahead(r);
}

static enum err level_next(struct steps_reader *r, struct step *step)
{
	uint64_t samples = (uint64_t)wire_signed(&r->run) + CHUNK_SAMPLES;
	uint64_t us = (uint64_t)wire_signed(&r->run) + samples * SAMPLE_US;
	uint64_t level = wire_varint(&r->run);

	if (r->run.err)
		return r->run.err;
	r->level.position += samples;
	r->level.at_us += us;
	r->level.number = level;
	step->is_level = true;
	step->level = r->level;
	return ERR_NONE;
}

static enum err levels_open(struct steps_reader *r, struct step *step)
{
	if (!r->ahead.len)
		return ERR_FORMAT;
	wire_reader_sub(&r->run, &r->ahead);
	look_ahead(r);
	return level_next(r, step);
}

enum err steps_next(struct steps_reader *r, struct step *step)
{
	step->count = 0;
	if (r->run.at < r->run.end)
		return level_next(r, step);
	if (!r->has_ahead)
		return r->wire.err ? r->wire.err : ERR_NOTFOUND;
	if (!r->ahead.is_bytes || r->ahead.number == STEP_OUTPUT)
		return ERR_FORMAT;
	if (r->ahead.number == STEP_LEVELS)
		return levels_open(r, step);
	step->is_level = false;
	step->input = (struct step_bytes){ r->ahead.bytes, r->ahead.len };
	for (look_ahead(r); r->has_ahead && r->ahead.number == STEP_OUTPUT; look_ahead(r)) {
		if (!r->ahead.is_bytes)
			return ERR_FORMAT;
		if (step->count == OUTPUT_MAX)
			return ERR_LIMIT;
		step->outputs[step->count++] = (struct step_bytes){ r->ahead.bytes, r->ahead.len };
	}
	return r->wire.err;
}

enum err step_input(const struct step *step, struct call_input *in)
{
	if (!step->is_level)
		return input_decode(in, step->input.data, step->input.len);
	input_voice(in, step->level.at_us, step->level.number, step->level.position);
	return ERR_NONE;
}

/* ------------------------------------------------------------------ fields */

static const uint8_t *field_bytes(struct wire_reader *r, const struct wire_field *f, size_t *len)
{
	*len = f->is_bytes ? f->len : 0;
	if (!f->is_bytes)
		r->err = ERR_FORMAT;
	return f->bytes;
}

static const char *field_text(struct wire_reader *r, const struct wire_field *f, size_t *len)
{
	return (const char *)field_bytes(r, f, len);
}

/* A number where bytes stand reads as their length: refuse it. */
static bool number(struct wire_reader *r, const struct wire_field *f)
{
	if (f->is_bytes)
		r->err = ERR_FORMAT;
	return !f->is_bytes;
}

/* ------------------------------------------------------------------ the call */

void record_start_encode(const struct record_start *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->wall_us);
	wire_put_u64(b, 3, r->direction);
	wire_put_bytes(b, 4, r->settings, r->settings_len);
	wire_put_bytes(b, 5, r->brief, r->brief_len);
	wire_put_bytes(b, 6, r->snapshot, r->snapshot_len);
	wire_put_u64(b, 7, r->records_audio);
	if (r->outcome_len)
		wire_put_bytes(b, 8, r->outcome, r->outcome_len);
}

enum err record_start_decode(struct record_start *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_start){ 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		switch (f.number) {
		case 4: r->settings = field_bytes(&w, &f, &r->settings_len); break;
		case 5: r->brief = field_bytes(&w, &f, &r->brief_len); break;
		case 6: r->snapshot = field_bytes(&w, &f, &r->snapshot_len); break;
		case 1: r->at_us = number(&w, &f) ? f.u64 : 0; break;
		case 2: r->wall_us = number(&w, &f) ? f.u64 : 0; break;
		case 3: r->direction = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 7: r->records_audio = number(&w, &f) && f.u64; break;
		case 8: r->outcome = field_text(&w, &f, &r->outcome_len); break;
		default: break;
		}
	}
	return w.err;
}

bool record_outcome(const char *outcome, size_t len, char *out, size_t size)
{
	if (!len || len >= size || memchr(outcome, 0, len))
		return false;
	memcpy(out, outcome, len);
	out[len] = '\0';
	return true;
}

void record_snapshot_encode(const struct record_snapshot *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->media);
	wire_put_u64(b, 3, r->media_us);
	wire_put_u64(b, 4, r->caller_position);
	wire_put_u64(b, 5, r->wake_us);
	wire_put_bytes(b, 6, r->core, r->core_len);
	wire_put_bytes(b, 7, r->language, r->language_len);
	wire_put_bytes(b, 8, r->map, r->map_len);
	if (r->outcome_len)
		wire_put_bytes(b, 9, r->outcome, r->outcome_len);
}

enum err record_snapshot_decode(struct record_snapshot *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_snapshot){ .language = "" };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		switch (f.number) {
		case 1: r->at_us = number(&w, &f) ? f.u64 : 0; break;
		case 2: r->media = number(&w, &f) && f.u64; break;
		case 3: r->media_us = number(&w, &f) ? f.u64 : 0; break;
		case 4: r->caller_position = number(&w, &f) ? f.u64 : 0; break;
		case 5: r->wake_us = number(&w, &f) ? f.u64 : 0; break;
		case 6: r->core = field_bytes(&w, &f, &r->core_len); break;
		case 7: r->language = field_text(&w, &f, &r->language_len); break;
		case 8: r->map = field_bytes(&w, &f, &r->map_len); break;
		case 9: r->outcome = field_text(&w, &f, &r->outcome_len); break;
		default: break;
		}
	}
	return w.err;
}

void record_end_encode(const struct record_end *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->reason);
	wire_put_u64(b, 3, r->media_us);
	wire_put_u64(b, 4, r->media);
	wire_put_u64(b, 5, r->connected_us);
	wire_put_u64(b, 6, r->turns);
	wire_put_u64(b, 7, r->steps);
}

enum err record_end_decode(struct record_end *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_end){ 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		if (f.number > 7 || !number(&w, &f))
			continue;
		switch (f.number) {
		case 1: r->at_us = f.u64; break;
		case 2: r->reason = wire_u32(&f); break;
		case 3: r->media_us = f.u64; break;
		case 4: r->media = f.u64 != 0; break;
		case 5: r->connected_us = f.u64; break;
		case 6: r->turns = wire_u32(&f); break;
		default: r->steps = f.u64; break;
		}
	}
	return w.err;
}

/* ------------------------------------------------------------------ the tracks */

void record_caller_encode(const struct record_caller *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->position);
	wire_put_u64(b, 3, r->gap_samples);
	wire_put_u64(b, 4, r->gap_why);
	wire_put_bytes(b, 5, r->ulaw, r->samples);
}

enum err record_caller_decode(struct record_caller *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_caller){ 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		switch (f.number) {
		case 1: r->at_us = number(&w, &f) ? f.u64 : 0; break;
		case 2: r->position = number(&w, &f) ? f.u64 : 0; break;
		case 3: r->gap_samples = number(&w, &f) ? f.u64 : 0; break;
		case 4: r->gap_why = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 5: r->ulaw = field_bytes(&w, &f, &r->samples); break;
		default: break;
		}
	}
	return w.err;
}

void record_agent_encode(const struct record_agent *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->utterance);
	wire_put_u64(b, 3, r->take);
	wire_put_u64(b, 4, r->position);
	wire_put_u64(b, 5, r->padding);
	wire_put_u64(b, 6, r->lost);
	wire_put_bytes(b, 7, r->ulaw, r->samples);
	wire_put_u64(b, 8, r->start_us);
}

enum err record_agent_decode(struct record_agent *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_agent){ 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		switch (f.number) {
		case 1: r->at_us = number(&w, &f) ? f.u64 : 0; break;
		case 2: r->utterance = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 3: r->take = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 4: r->position = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 5: r->padding = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 6: r->lost = number(&w, &f) && f.u64; break;
		case 7: r->ulaw = field_bytes(&w, &f, &r->samples); break;
		case 8: r->start_us = number(&w, &f) ? f.u64 : 0; break;
		default: break;
		}
	}
	return w.err;
}

void record_played_encode(const struct record_played *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->what);
	wire_put_u64(b, 3, r->utterance);
	wire_put_u64(b, 4, r->take);
	wire_put_u64(b, 5, r->samples);
}

enum err record_played_decode(struct record_played *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_played){ 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		if (f.number > 5 || !number(&w, &f))
			continue;
		switch (f.number) {
		case 1: r->at_us = f.u64; break;
		case 2: r->what = wire_u32(&f); break;
		case 3: r->utterance = wire_u32(&f); break;
		case 4: r->take = wire_u32(&f); break;
		default: r->samples = wire_u32(&f); break;
		}
	}
	return w.err;
}

/* ------------------------------------------------------------------ the timeline */

void record_event_encode(const struct record_event *r, struct buf *b)
{
	wire_put_u64(b, 1, r->kind);
	wire_put_u64(b, 2, r->code);
	wire_put_u64(b, 3, r->at_us);
	wire_put_u64(b, 4, r->turn);
	wire_put_u64(b, 5, r->index);
	wire_put_u64(b, 6, r->number);
	wire_put_u64(b, 7, r->position);
	wire_put_bytes(b, 8, r->name, r->name_len);
	wire_put_bytes(b, 9, r->text, r->text_len);
}

enum err record_event_decode(struct record_event *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_event){ .name = "", .text = "" };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		switch (f.number) {
		case 8: r->name = field_text(&w, &f, &r->name_len); break;
		case 9: r->text = field_text(&w, &f, &r->text_len); break;
		case 1: r->kind = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 2: r->code = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 3: r->at_us = number(&w, &f) ? f.u64 : 0; break;
		case 4: r->turn = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 5: r->index = number(&w, &f) ? wire_u32(&f) : 0; break;
		case 6: r->number = number(&w, &f) ? f.u64 : 0; break;
		case 7: r->position = number(&w, &f) ? f.u64 : 0; break;
		default: break;
		}
	}
	return w.err ? w.err : r->kind ? ERR_NONE : ERR_FORMAT;
}

bool record_event_outcome(const struct record_event *e, char *out, size_t size)
{
	json_t *o = e->kind == EVENT_OUTCOME ? json_loadb(e->text, e->text_len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *name = json_string_value(json_object_get(o, "outcome"));
	size_t len = name ? strlen(name) : 0;
	bool fits = name && len < size;

	if (fits)
		memcpy(out, name, len + 1);
	json_decref(o);
	return fits;
}

static const char *const meter_names[METERS] = {
	[METER_CONNECTED_MS] = "connected_ms",
	[METER_STT_MS] = "stt_ms",
	[METER_TTS_CHARACTERS] = "tts_characters",
	[METER_MODEL_TOKENS] = "model_tokens",
	[METER_MODEL_REQUESTS] = "model_requests",
	[METER_TOOL_CALLS] = "tool_calls",
	[METER_WASTED_TOKENS] = "wasted_tokens",
	[METER_WASTED_CHARACTERS] = "wasted_characters",
};

const char *meter_name(enum meter meter)
{
	unsigned int i = (unsigned int)meter;

	return i < METERS && meter_names[i] ? meter_names[i] : "unknown";
}

void record_meter_encode(const struct record_meter *r, struct buf *b)
{
	wire_put_u64(b, 1, r->at_us);
	wire_put_u64(b, 2, r->meter);
	wire_put_u64(b, 3, r->amount);
}

enum err record_meter_decode(struct record_meter *r, const void *data, size_t len)
{
	struct wire_reader w;
	struct wire_field f;

	*r = (struct record_meter){ 0 };
	wire_reader_init(&w, data, len);
	while (wire_next(&w, &f)) {
		if (f.number > 3 || !number(&w, &f))
			continue;
		switch (f.number) {
		case 1: r->at_us = f.u64; break;
		case 2: r->meter = wire_u32(&f); break;
		default: r->amount = f.u64; break;
		}
	}
	return w.err ? w.err : r->meter ? ERR_NONE : ERR_FORMAT;
}

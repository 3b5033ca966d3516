#include "voice/session/tail.h"

#include <string.h>

#include "base/num.h"
#include "base/wire.h"
#include "voice/session/masker.h"

enum { MAP_BYTES_MAX = 64 << 10, OUTPUT_BYTES_MAX = 1 << 20 };

void tail_init(struct tail *t, uint32_t epoch_end, const void *snapshot, size_t len)
{
	*t = (struct tail){ .epoch_end = epoch_end, .snapshot = snapshot, .snapshot_len = len };
	buf_init(&t->state, TAIL_STATE_MAX);
	buf_init(&t->next, TAIL_STATE_MAX);
	buf_init(&t->steps, TAIL_STEPS_MAX);
	buf_init(&t->past, 3 * TAIL_PAST_SAMPLES);
}

void tail_fini(struct tail *t)
{
	buf_fini(&t->state);
	buf_fini(&t->next);
	buf_fini(&t->steps);
	buf_fini(&t->past);
}

/* ------------------------------------------------------------------ states */

/* The newest state is where it begins, from now on. */
static void state_next(struct tail *t)
{
	struct buf newest = t->next;

	if (!newest.len)
		return;
	t->next = t->state;
	t->state = newest;
	buf_reset(&t->next);
	buf_cut(&t->steps, 0, t->next_at);
	t->next_at = 0;
}

/* `goes_on`: the steps lead there. */
static enum err snapshot_take(struct tail *t, const void *snapshot, size_t len, bool goes_on)
{
	struct buf *b = goes_on ? &t->next : &t->state;
	struct record_snapshot r;
	enum err err = len > TAIL_STATE_MAX ? ERR_LIMIT : record_snapshot_decode(&r, snapshot, len);

	if (err)
		return err;
	t->is_known = t->is_known || (t->snapshot && len == t->snapshot_len && !memcmp(snapshot, t->snapshot, len));
	if (goes_on)
		state_next(t);
	else
		buf_reset(&t->steps);
	buf_reset(&t->next);
	buf_reset(b);
	buf_append(b, snapshot, len);
	t->next_at = t->steps.len;
	t->media = r.media;
	t->media_us = r.media_us;
	t->is_whole = !b->err;
	return b->err;
}

/* A call to which nothing has happened, not even media. */
static enum err start_take(struct tail *t, const struct record_start *r)
{
	struct call_settings settings;
	struct brief brief;
	struct buf first;
	enum err err = call_settings_decode(&settings, r->settings, r->settings_len);

	if (!err)
		err = brief_decode(&brief, r->brief, r->brief_len);
	if (err)
		return err;
	buf_init(&first, TAIL_STATE_MAX);
	err = session_first_snapshot(&first, &settings, &brief, 0);
	if (!err)
		err = snapshot_take(t, first.data, first.len, false);
	buf_fini(&first);
	if (err)
		return err;
	t->media = false;
	t->is_known = t->is_known || !t->snapshot;
	return ERR_NONE;
}

static enum err begin_take(struct tail *t, uint8_t kind, const uint8_t *payload, size_t len)
{
	struct record_start r;
	enum err err = record_start_decode(&r, payload, len);

	if (err)
		return err;
	t->records_audio = r.records_audio;
	if (kind == JOURNAL_START)
		return start_take(t, &r);
	(void)record_outcome(r.outcome, r.outcome_len, t->outcome, sizeof(t->outcome));
	return snapshot_take(t, r.snapshot, r.snapshot_len, false);
}

/* ------------------------------------------------------------------ records */

static enum err steps_take(struct tail *t, const uint8_t *payload, size_t len)
{
	size_t before;

	if (!t->is_whole)
		return ERR_NONE;
	if (t->steps.len + len > TAIL_STEPS_MAX / 2)
		state_next(t);
	before = t->steps.len;
	wire_put_varint(&t->steps, len);
	buf_append(&t->steps, payload, len);
	if (!t->steps.err)
		return ERR_NONE;
	t->steps.err = ERR_NONE; /* more than anybody should wait for: what was there before counts */
	t->steps.len = before;
	return ERR_LIMIT;
}

/* `from`: where the samples that follow begin. What overlaps, or does not fit, leaves none. */
static void past_reach(struct tail *t, uint64_t from)
{
	uint64_t hole = from - t->caller_position;
	uint8_t *silence;

	if (!t->has_caller || from < t->caller_position || hole >= TAIL_PAST_SAMPLES) {
		buf_reset(&t->past);
		return;
	}
	silence = hole ? buf_reserve(&t->past, (size_t)hole) : NULL;
	if (!silence)
		return;
	memset(silence, 0xff, (size_t)hole);
	t->past.len += (size_t)hole;
}

static void past_take(struct tail *t, const struct record_caller *r)
{
	past_reach(t, r->position);
	buf_append(&t->past, r->ulaw, r->samples);
	if (t->past.err)
		buf_reset(&t->past);
	if (t->past.len > 2 * TAIL_PAST_SAMPLES)
		buf_cut(&t->past, 0, t->past.len - TAIL_PAST_SAMPLES);
}

static enum err caller_take(struct tail *t, const uint8_t *payload, size_t len)
{
	struct record_caller r;

	if (record_caller_decode(&r, payload, len))
		return ERR_NONE; /* only sound */
	past_take(t, &r);
	t->has_caller = true;
	t->caller_position = r.position + r.samples;
	return ERR_NONE;
}

static enum err played_take(struct tail *t, const uint8_t *payload, size_t len)
{
	struct record_played r;

	if (record_played_decode(&r, payload, len) || r.what != PLAYED_STARTED)
		return ERR_NONE;
	t->media = true;
	t->media_us = r.at_us;
	return ERR_NONE;
}

/* It stands behind what was lost, and some of what came between may be here: of all that only the state holds. */
static enum err gap_take(struct tail *t, const uint8_t *payload, size_t len)
{
	struct journal_gap gap;

	if (!journal_gap_decode(&gap, payload, len) && !(gap.kinds >> RECORD_STEPS & 1))
		return ERR_NONE;
	state_next(t);
	buf_reset(&t->steps);
	return ERR_FORMAT;
}

/* A state has it only when it was made behind it: who ends the call tells the conductor. */
static enum err event_take(struct tail *t, const uint8_t *payload, size_t len)
{
	struct record_event e;

	if (!record_event_decode(&e, payload, len))
		(void)record_event_outcome(&e, t->outcome, sizeof(t->outcome));
	return ERR_NONE;
}

static enum err take(struct tail *t, uint8_t kind, const uint8_t *payload, size_t len)
{
	switch (kind) {
	case JOURNAL_START:
	case JOURNAL_ATTACH: return begin_take(t, kind, payload, len);
	case JOURNAL_SNAPSHOT: return snapshot_take(t, payload, len, t->is_whole);
	case RECORD_STEPS: return steps_take(t, payload, len);
	case JOURNAL_AUDIO_CALLER: return caller_take(t, payload, len);
	case JOURNAL_PLAYED: return played_take(t, payload, len);
	case JOURNAL_GAP: return gap_take(t, payload, len);
	case JOURNAL_EVENT: return event_take(t, payload, len);
	default: return ERR_NONE;
	}
}

static bool is_next(const struct tail *t, const struct journal_header *h)
{
	return h->epoch == t->epoch ? h->sequence == t->sequence + 1 : h->sequence == 1;
}

/* Only a record with a state of its own makes it whole again, by itself. */
void tail_record(struct tail *t, const struct journal_header *h, const uint8_t *payload, size_t len)
{
	if (h->epoch >= t->epoch_end)
		return;
	if (!is_next(t, h) || !payload)
		t->is_whole = false;
	t->epoch = h->epoch;
	t->sequence = h->sequence;
	if (payload && take(t, h->kind, payload, len))
		t->is_whole = false;
}

/* ------------------------------------------------------------------ stepping */

struct stepping {
	struct call *call;
	struct masker *masker;
	struct record_snapshot r;
	struct call_input in;
	struct step step;
	struct buf one;
	struct tail_found *found;
};

/* Whether the outputs are those that were recorded. */
static bool is_same(struct stepping *s, const struct call_outputs *outputs)
{
	size_t i;

	if (outputs->count != s->step.count)
		return false;
	for (i = 0; i < outputs->count; i++) {
		buf_reset(&s->one);
		output_encode(&outputs->items[i], &s->one);
		if (s->one.err || s->one.len != s->step.outputs[i].len || memcmp(s->one.data, s->step.outputs[i].data, s->one.len) != 0)
			return false;
	}
	return true;
}

/* What of the session's own state follows from a step. */
static void outputs_follow(struct stepping *s, const struct call_outputs *outputs)
{
	struct masked_request request;
	size_t i;

	for (i = 0; i < outputs->count; i++) {
		const struct call_output *out = &outputs->items[i];

		if (out->type == OUT_WAKE)
			s->r.wake_us = out->number;
		else if (out->type == OUT_ASK)
			(void)!masker_request(s->masker, out->blocks, out->block_count, &request); /* what cannot be masked was not asked */
	}
}

static void input_follows(struct stepping *s)
{
	s->r.at_us = num_max(s->r.at_us, s->in.at_us);
	if (s->in.type == IN_TIMER)
		s->r.wake_us = 0;
	if (s->in.type == IN_VOICE)
		s->r.caller_position = num_max(s->r.caller_position, s->in.position + VOICE_CHUNK_SAMPLES);
	if (s->in.type != IN_START || s->r.media)
		return;
	s->r.media = true;
	s->r.media_us = s->in.at_us;
}

static enum err step_again(struct stepping *s)
{
	struct call_outputs outputs;
	enum err err;

	input_follows(s);
	err = call_step(s->call, &s->in, &outputs);
	if (err)
		return err;
	if (!is_same(s, &outputs))
		return ERR_CORRUPT;
	outputs_follow(s, &outputs);
	s->found->steps++;
	return ERR_NONE;
}

/* One payload; `is_readable` becomes false where it ends before its end. */
static enum err record_again(struct stepping *s, const uint8_t *data, size_t len, bool *is_readable)
{
	struct steps_reader r;
	enum err err = ERR_NONE, read;

	steps_reader_init(&r, data, len);
	while (!err) {
		read = steps_next(&r, &s->step);
		*is_readable = read == ERR_NONE && !step_input(&s->step, &s->in);
		if (read == ERR_NOTFOUND)
			*is_readable = true;
		if (read || !*is_readable)
			return ERR_NONE;
		err = step_again(s);
	}
	return err;
}

/* As far as they can be read. ERR_FORMAT: that is not as far as the newest state. */
static enum err steps_again(struct stepping *s, const struct tail *t, size_t at)
{
	const struct buf *steps = &t->steps;
	bool is_readable = true;
	enum err err = ERR_NONE;

	while (!err && is_readable && at < steps->len) {
		struct wire_reader r;
		size_t len;

		wire_reader_init(&r, steps->data + at, steps->len - at);
		len = (size_t)wire_varint(&r); /* we wrote it */
		err = record_again(s, r.at, len, &is_readable);
		if (is_readable)
			at = (size_t)(r.at - steps->data) + len;
	}
	return !err && at < t->next_at ? ERR_FORMAT : err;
}

/* ------------------------------------------------------------------ the snapshot */

static enum err stepping_begin(struct stepping *s, const struct tail *t, const struct buf *state)
{
	char language[16] = "";
	enum err err = record_snapshot_decode(&s->r, state->data, state->len);

	if (!err)
		err = masker_new(&s->masker);
	if (!err)
		err = call_load(&s->call, s->r.core, s->r.core_len);
	if (!err)
		err = masker_load(s->masker, s->r.map, s->r.map_len);
	if (err)
		return err;
	memcpy(language, s->r.language, num_min(s->r.language_len, sizeof(language) - 1));
	masker_language(s->masker, language);
	masker_clear(s->masker, call_get_brief(s->call)->clear);
	s->r.media = t->media;
	s->r.media_us = t->media_us;
	return ERR_NONE;
}

/* The recording's hole begins behind its last sample, so the call's does; where nothing is recorded, behind the last voice level. */
static enum err stepping_save(struct stepping *s, const struct tail *t, struct buf *out)
{
	struct buf core, map;
	enum err err;

	if (!s->r.media)
		return ERR_NOTFOUND;
	if (t->records_audio && t->has_caller)
		s->r.caller_position = t->caller_position;
	buf_init(&core, TAIL_STATE_MAX);
	buf_init(&map, MAP_BYTES_MAX);
	call_save(s->call, &core);
	masker_save(s->masker, &map);
	s->r.core = core.data;
	s->r.core_len = core.len;
	s->r.map = map.data;
	s->r.map_len = map.len;
	if (t->outcome[0]) {
		s->r.outcome = t->outcome;
		s->r.outcome_len = strlen(t->outcome);
	}
	err = core.err ? core.err : map.err;
	if (!err)
		record_snapshot_encode(&s->r, out);
	buf_fini(&core);
	buf_fini(&map);
	return err ? err : out->err;
}

static uint64_t snapshot_at_us(const struct tail *t)
{
	struct record_snapshot r;

	return t->snapshot && !record_snapshot_decode(&r, t->snapshot, t->snapshot_len) ? r.at_us : 0;
}

static enum err make_from(const struct tail *t, const struct buf *state, size_t at, struct buf *out, struct tail_found *found)
{
	struct stepping s = { .found = found };
	enum err err;

	*found = (struct tail_found){ .steps = 0 };
	buf_init(&s.one, OUTPUT_BYTES_MAX);
	err = stepping_begin(&s, t, state);
	if (!err)
		err = steps_again(&s, t, at);
	if (!err)
		err = stepping_save(&s, t, out);
	found->at_us = s.r.at_us;
	found->missing_us = num_over(s.r.at_us, snapshot_at_us(t));
	buf_fini(&s.one);
	masker_free(&s.masker);
	call_free(s.call);
	return err;
}

enum err tail_make(const struct tail *t, struct buf *out, struct tail_found *found)
{
	enum err err;

	*found = (struct tail_found){ .steps = 0 };
	if (!t->is_known || !t->state.len)
		return ERR_NOTFOUND;
	err = make_from(t, &t->state, 0, out, found);
	return err && t->next.len ? make_from(t, &t->next, t->next_at, out, found) : err;
}

const uint8_t *tail_past(const struct tail *t, size_t *samples)
{
	*samples = t->past.len < TAIL_PAST_SAMPLES ? t->past.len : TAIL_PAST_SAMPLES;
	return t->records_audio && *samples ? t->past.data + t->past.len - *samples : NULL;
}

/* Replay and the trial of other settings, on calls that are made here: a small world drives a core through a script, and what it
 * did is written as journal records are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "voice/journal/journal.h"
#include "voice/replay/replay.h"
#include "voice/journal/steps.h"
#include "voice/replay/tape.h"
#include "voice/replay/trial.h"
#include "voice/replay/trial_copy.h"

enum { CHUNK = 32000, EVENTS = 256, UTTERANCES = 64, RECORDS = 4096, RECORD_STEPS_MAX = 8, LOUD = 60000, BYTES_MAX = 64 << 20 };

/* ------------------------------------------------------------------ a small world */

struct phrase {
	unsigned int from_ms, to_ms; /* of voice, after the call was answered; ends the list when both are 0 */
	const char *words;           /* NULL: a cough */
};

struct event {
	uint64_t at_us;
	struct call_input in;
};

/* What goes into the journal, in order. */
struct record {
	uint8_t kind;
	size_t at, len; /* in world.bytes */
};

struct world {
	struct call_settings settings;
	struct brief brief;
	struct call *call;
	const struct phrase *script;
	uint64_t now_us, wake_us, answered_us, until_us;
	uint64_t timers_late_us;
	bool model_dies, first_dies; /* at every request, at the first one */
	bool one_answer;             /* the model says the same to everything */
	bool ends_told;              /* the recogniser calls the end with its final */
	unsigned int stall_from_ms, stall_to_ms; /* chunks of this time all come at its end */
	uint32_t stream, asks;
	uint64_t samples[UTTERANCES];
	size_t said;          /* phrases the recogniser is done with */
	struct event events[EVENTS];
	size_t event_count;
	size_t steps, outputs;
	struct steps_writer writer;
	struct buf bytes;
	struct record records[RECORDS];
	size_t record_count;
	unsigned int per_record;
};

static void event_add(struct world *w, uint64_t in_us, const struct call_input *in)
{
	assert_true(w->event_count < EVENTS);
	w->events[w->event_count].at_us = w->now_us + in_us;
	w->events[w->event_count++].in = *in;
}

static void events_drop(struct world *w, enum input_type type, uint32_t gen)
{
	size_t i, kept = 0;

	for (i = 0; i < w->event_count; i++)
		if (w->events[i].in.type != type || (gen && w->events[i].in.gen != gen))
			w->events[kept++] = w->events[i];
	w->event_count = kept;
}

static void record_add(struct world *w, uint8_t kind, const struct buf *b)
{
	assert_true(w->record_count < RECORDS && !b->err);
	w->records[w->record_count++] = (struct record){ kind, w->bytes.len, b->len };
	buf_append(&w->bytes, b->data, b->len);
}

static void steps_flush(struct world *w)
{
	if (w->writer.count)
		record_add(w, RECORD_STEPS, &w->writer.bytes);
	steps_clear(&w->writer);
}

static void start_put(struct world *w)
{
	struct buf settings, brief, b;
	struct record_start r = { .at_us = 0 };

	buf_init(&settings, BYTES_MAX);
	buf_init(&brief, BYTES_MAX);
	buf_init(&b, BYTES_MAX);
	call_settings_encode(&w->settings, &settings);
	brief_encode(&w->brief, &brief);
	r.settings = settings.data, r.settings_len = settings.len;
	r.brief = brief.data, r.brief_len = brief.len;
	record_start_encode(&r, &b);
	record_add(w, JOURNAL_START, &b);
	buf_fini(&settings);
	buf_fini(&brief);
	buf_fini(&b);
}

static void snapshot_put(struct world *w, uint8_t kind)
{
	struct record_snapshot r = { .at_us = w->now_us, .wake_us = w->wake_us };
	struct record_start attach = { .at_us = w->now_us };
	struct buf core, b, outer;

	buf_init(&core, BYTES_MAX);
	buf_init(&b, BYTES_MAX);
	buf_init(&outer, BYTES_MAX);
	call_save(w->call, &core);
	r.core = core.data, r.core_len = core.len;
	record_snapshot_encode(&r, &b);
	attach.snapshot = b.data, attach.snapshot_len = b.len;
	record_start_encode(&attach, &outer);
	record_add(w, kind, kind == JOURNAL_ATTACH ? &outer : &b);
	buf_fini(&core);
	buf_fini(&b);
	buf_fini(&outer);
}

static void asked(struct world *w, const struct call_output *o)
{
	static const char *const answers[] = { "Certainly, which day would suit you best? ", "Good, and which name shall I write down? ",
		"Thank you, that is all noted now for you. " };
	const char *text = answers[w->one_answer ? 0 : w->asks % 3];
	struct call_input died = { .type = IN_MODEL_FAILED, .gen = o->gen, .kind = FAILED_DIED };
	struct call_input in = { .type = IN_MODEL_TEXT, .gen = o->gen, .text = text, .text_len = strlen(text) };

	w->asks++;
	if (w->model_dies || (w->first_dies && w->asks == 1)) {
		event_add(w, 300000, &died);
		return;
	}
	event_add(w, 300000, &in);
	in = (struct call_input){ .type = IN_MODEL_DONE, .gen = o->gen, .number = 12 };
	event_add(w, 350000, &in);
}

static unsigned int words_of(const char *text, size_t len, struct call_input *in)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == ' ' || (i + 1 < len && text[i + 1] != ' '))
			continue;
		in->words[n] = (struct speech_word){ (n + 1) * 2560, (uint16_t)(i + 1) };
		in->word_count = ++n;
	}
	return n;
}

static void spoken(struct world *w, const struct call_output *o)
{
	struct call_input in = { .type = IN_SPEECH, .utterance = o->utterance, .take = o->take, .kind = SPEECH_DONE, .exact = true };

	in.position = words_of(o->text, o->text_len, &in) * 2560;
	assert_true(o->utterance < UTTERANCES);
	w->samples[o->utterance] = in.position;
	event_add(w, 150000, &in);
}

/* A mark after each word. */
static void plays(struct world *w, const struct call_output *o)
{
	struct call_input in = { .type = IN_SENT, .utterance = o->utterance, .take = o->take, .position = o->position };

	event_add(w, 20000, &in);
	in.type = IN_PLAYED;
	for (in.position = 2560; in.position <= w->samples[o->utterance]; in.position += 2560)
		if (in.position > o->position)
			event_add(w, 60000 + (in.position - o->position) * 125, &in);
}

/* The recogniser's final comes 128 ms after the voice, by itself. */
static void recognise(struct world *w, uint64_t sample)
{
	const struct phrase *p = &w->script[w->said];
	struct call_input in = { .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_FINAL, .stream = w->stream, .text = p->words };

	if (!p->to_ms || sample < p->to_ms * 8ull + 1024)
		return;
	w->said++;
	if (!p->words)
		return;
	in.text_len = strlen(p->words);
	in.position2 = p->to_ms * 8;
	in.kind = w->ends_told ? TRANSCRIPT_END : TRANSCRIPT_FINAL;
	event_add(w, 0, &in);
}

static void obey(struct world *w, const struct call_output *o)
{
	switch (o->type) {
	case OUT_WAKE: w->wake_us = o->number; break;
	case OUT_LISTEN: w->stream = o->stream; break;
	case OUT_ASK: asked(w, o); break;
	case OUT_CANCEL:
		events_drop(w, IN_MODEL_TEXT, o->gen);
		events_drop(w, IN_MODEL_DONE, o->gen);
		break;
	case OUT_SPEAK: spoken(w, o); break;
	case OUT_PLAY: plays(w, o); break;
	case OUT_HOLD:
		events_drop(w, IN_SENT, 0);
		events_drop(w, IN_PLAYED, 0);
		break;
	default: break;
	}
}

static void step(struct world *w, struct call_input *in)
{
	struct call_outputs out;
	bool snapshot = false;
	size_t i;

	in->at_us = w->now_us;
	assert_int_equal(call_step(w->call, in, &out), ERR_NONE);
	steps_put(&w->writer, in, &out);
	w->steps++;
	w->outputs += out.count;
	for (i = 0; i < out.count; i++) {
		snapshot = snapshot || out.items[i].type == OUT_SNAPSHOT;
		obey(w, &out.items[i]);
	}
	if (snapshot || w->writer.count >= w->per_record)
		steps_flush(w);
	if (snapshot)
		snapshot_put(w, JOURNAL_SNAPSHOT);
}

static void simple(struct world *w, enum input_type type)
{
	struct call_input in = { .type = type };

	step(w, &in);
}

static bool voiced(const struct world *w, uint64_t sample)
{
	const struct phrase *p;

	for (p = w->script; p->to_ms; p++)
		if (sample >= p->from_ms * 8ull && sample < p->to_ms * 8ull)
			return true;
	return false;
}

static uint64_t chunk_at(const struct world *w, uint64_t sample)
{
	uint64_t at = w->answered_us + (sample + VOICE_CHUNK_SAMPLES) * 125;
	uint64_t from = w->answered_us + w->stall_from_ms * 1000ull, to = w->answered_us + w->stall_to_ms * 1000ull;

	return at > from && at < to ? to : at;
}

/* The earliest of: an event, a timer, the next chunk. */
static void world_run(struct world *w, uint64_t sample)
{
	while (w->now_us < w->until_us && !call_ended(w->call)) {
		uint64_t at = chunk_at(w, sample), wake = w->wake_us ? w->wake_us + w->timers_late_us : 0;
		struct call_input in = { .type = IN_VOICE, .position = sample, .number = voiced(w, sample) ? LOUD : 0 };
		size_t i, best = EVENTS;

		for (i = 0; i < w->event_count; i++)
			if (best == EVENTS ? w->events[i].at_us <= at : w->events[i].at_us < at) {
				at = w->events[i].at_us;
				best = i;
			}
		if (wake && wake <= at) {
			w->wake_us = 0;
			w->now_us = wake > w->now_us ? wake : w->now_us;
			simple(w, IN_TIMER);
			continue;
		}
		w->now_us = at > w->now_us ? at : w->now_us;
		if (best == EVENTS) {
			sample += VOICE_CHUNK_SAMPLES;
			step(w, &in);
			recognise(w, sample);
			continue;
		}
		in = w->events[best].in;
		memmove(&w->events[best], &w->events[best + 1], (--w->event_count - best) * sizeof(w->events[0]));
		step(w, &in);
	}
}

static struct world *world_new(const struct phrase *script)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	call_settings_init(&w->settings);
	w->settings.turn_silence_ms = 600;
	w->settings.turn_complete_ms = 200;
	w->settings.turn_finalize_ms = 160;
	w->settings.turn_preempt = false;
	w->settings.barge_hold_ms = 96;
	w->settings.barge_resume_ms = 500;
	w->settings.quiet_after_ms = 60000;
	brief_init(&w->brief);
	w->brief.greeting[0] = '\0';
	w->script = script;
	w->until_us = 25000000;
	w->per_record = RECORD_STEPS_MAX;
	steps_writer_init(&w->writer);
	buf_init(&w->bytes, BYTES_MAX);
	return w;
}

static void world_play(struct world *w)
{
	assert_int_equal(call_new(&w->call, &w->settings, &w->brief), ERR_NONE);
	start_put(w);
	simple(w, IN_PREPARE);
	w->now_us = w->answered_us = 500000;
	simple(w, IN_START);
	world_run(w, 0);
	if (!call_ended(w->call))
		simple(w, IN_HANGUP);
	steps_flush(w);
	w->records[w->record_count++] = (struct record){ .kind = JOURNAL_END };
}

static void world_free(struct world *w)
{
	call_free(w->call);
	steps_writer_fini(&w->writer);
	buf_fini(&w->bytes);
	free(w);
}

/* Three turns that silence ends; a cough over the first answer; within the third, a pause of 480 ms. */
static const struct phrase plain[] = {
	{ 320, 1600, "I need an appointment next week please" }, { 3200, 3328, NULL }, { 6400, 7680, "Thursday would be quite good for me" },
	{ 13440, 14400, "the name would then be Asha" }, { 14880, 15680, "Rao from Pune in this case" }, { 0, 0, NULL },
};

static struct world *plain_call(void)
{
	struct world *w = world_new(plain);

	world_play(w);
	return w;
}

/* ------------------------------------------------------------------ calls that the simulator does not make */

/* No answer can be had: apologies, then the end. */
static struct world *failed_call(void)
{
	static const struct phrase script[] = {
		{ 320, 1600, "I need an appointment next week please" }, { 9600, 10880, "I said I need an appointment soon" },
		{ 20800, 22080, "hello is anybody there at all now" }, { 0, 0, NULL },
	};
	struct world *w = world_new(script);

	w->model_dies = true;
	w->until_us = 60000000;
	world_play(w);
	return w;
}

/* Its time is up in the middle of a sentence. */
static struct world *longest_call(void)
{
	struct world *w = world_new(plain);

	w->settings.call_max_ms = 15000;
	w->until_us = 60000000;
	world_play(w);
	return w;
}

/* An order while the agent speaks, knowledge for what the caller asks, and the end by order. */
static struct world *ordered_call(void)
{
	static const struct phrase script[] = {
		{ 320, 1600, "what are your opening hours at the weekend then" }, { 9600, 10880, "and is there a lift in the building" }, { 0, 0, NULL },
	};
	static const char fact[] = "Open on Saturdays from nine to one.", say[] = "A colleague will call you back today.", bye[] = "We have to end here, goodbye.";
	struct world *w = world_new(script);
	struct call_input knowledge = { .type = IN_KNOWLEDGE, .number = 1, .text = fact, .text_len = sizeof(fact) - 1 };
	struct call_input order = { .type = IN_ORDER, .kind = ORDER_SAY, .text = say, .text_len = sizeof(say) - 1 };
	struct call_input end = { .type = IN_ORDER, .kind = ORDER_END, .text = bye, .text_len = sizeof(bye) - 1 };

	w->brief.knowledge = true;
	snprintf(w->brief.greeting, sizeof(w->brief.greeting), "Good morning, how may I help you?");
	event_add(w, 2400000, &knowledge);
	event_add(w, 7300000, &order);
	event_add(w, 16000000, &end);
	world_play(w);
	return w;
}

/* We placed it, a machine answers and beeps, and nothing is to be left on it. */
static struct world *answered_call(void)
{
	static const struct phrase script[] = { { 320, 1600, NULL }, { 0, 0, NULL } };
	struct world *w = world_new(script);
	struct call_input tone = { .type = IN_TONE, .number = 1000, .position = 17600, .position2 = 20800 };

	w->brief.placed = true;
	snprintf(w->brief.greeting, sizeof(w->brief.greeting), "Good morning, am I speaking with Asha Rao?");
	event_add(w, 2640000, &tone);
	world_play(w);
	return w;
}

/* ------------------------------------------------------------------ tapes */

static const uint8_t *record_data(const struct world *w, size_t i)
{
	return w->bytes.data + w->records[i].at;
}

static void tape_from(struct tape *t, const struct world *w, size_t skip_from, size_t skip_to)
{
	size_t i;

	for (i = 0; i < w->record_count; i++) {
		struct journal_header h = { .kind = w->records[i].kind, .epoch = 1, .sequence = i + 1 };

		if (i < skip_from || i >= skip_to)
			tape_record(t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
	}
}

static void tape_made(struct tape *t, const struct world *w)
{
	tape_init(t);
	tape_from(t, w, 0, 0);
	assert_int_equal(tape_finish(t), ERR_NONE);
}

static struct replay_result compare(const struct tape *t)
{
	struct replay_result r;

	replay_result_init(&r);
	assert_int_equal(replay_compare(t, &r), ERR_NONE);
	return r;
}

/* The first step from `from` on whose input is of this type. */
static size_t step_of(const struct tape *t, enum input_type type, size_t from)
{
	struct call_input in;

	for (; from < t->step_count; from++)
		if (!tape_input_decode(t, &t->steps[from], &in) && in.type == type)
			return from;
	fail_msg("no such step");
	return 0;
}

/* Where these bytes stand in a step. */
static uint8_t *find(struct tape *t, size_t step_index, const char *text)
{
	uint8_t *at = t->bytes.data + t->steps[step_index].at;
	uint8_t *found = memmem(at, t->steps[step_index].len, text, strlen(text));

	assert_non_null(found);
	return found;
}

/* ------------------------------------------------------------------ comparing */

static void test_a_call_replays_to_the_same_bytes(void **state)
{
	struct world *w = plain_call();
	struct replay_result r;
	struct tape t;

	(void)state;
	tape_made(&t, w);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps);
	assert_int_equal(r.outputs, w->outputs);
	assert_true(w->steps > 700 && w->outputs > 60);
	assert_true(t.started && t.ended);
	assert_int_equal(t.part_count, 1);
	assert_int_equal(t.hole_count + t.skipped, 0);
	replay_result_fini(&r);
	tape_fini(&t);
	world_free(w);
}

static void test_a_changed_word_differs_where_it_is_first_used(void **state)
{
	struct world *w = plain_call();
	struct replay_result r;
	struct call_output out;
	struct tape_cursor c;
	const uint8_t *data;
	struct tape t;
	size_t at, len, i;

	(void)state;
	tape_made(&t, w);
	at = step_of(&t, IN_TRANSCRIPT, 0);
	find(&t, at, "appointment")[0] = 'A';
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_DIFFERS);
	assert_true(r.step > at);
	assert_int_equal(r.steps, r.step);
	tape_cursor_init(&c, &t, &t.steps[r.step]);
	for (i = 0; i <= r.first; i++)
		assert_true(tape_cursor_next(&c, &data, &len));
	assert_int_equal(output_decode(&out, data, len), ERR_NONE);
	assert_int_equal(out.type, OUT_NOTE);
	assert_int_equal(out.kind, NOTE_TURN);
	assert_non_null(memmem(out.text, out.text_len, "appointment", 11));
	assert_non_null(memmem(r.got.data, r.got.len, "Appointment", 11));
	replay_result_fini(&r);
	tape_fini(&t);
	world_free(w);
}

static void test_a_changed_output_is_named(void **state)
{
	struct world *w = plain_call();
	struct replay_result r;
	struct tape t;
	size_t at;

	(void)state;
	tape_made(&t, w);
	at = step_of(&t, IN_MODEL_TEXT, 0);
	find(&t, at, "which day")[2] = 'I';
	find(&t, at, "Certainly")[0] = 'C';
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_DIFFERS);
	assert_int_equal(r.step, at);
	assert_true(r.at_us > 0);
	replay_result_fini(&r);
	tape_fini(&t);
	world_free(w);
}

/* One step, recorded with one output too many, too few, or a shorter one. */
static void test_outputs_missing_or_too_many_differ(void **state)
{
	struct call_input in = { .type = IN_PREPARE };
	struct call_settings settings;
	static struct brief brief;
	struct call_outputs out;
	struct call *call;
	struct buf b, o;
	int change;

	(void)state;
	call_settings_init(&settings);
	brief_init(&brief);
	buf_init(&b, BYTES_MAX);
	buf_init(&o, BYTES_MAX);
	input_encode(&in, &b);
	for (change = 0; change < 4; change++) {
		struct replay_result r;
		struct tape t;
		size_t i;

		assert_int_equal(call_new(&call, &settings, &brief), ERR_NONE);
		assert_int_equal(call_step(call, &in, &out), ERR_NONE);
		assert_true(out.count >= 2);
		tape_init(&t);
		tape_start(&t, &settings, &brief);
		tape_input(&t, b.data, b.len);
		for (i = change == 1; i < out.count; i++) {
			buf_reset(&o);
			output_encode(&out.items[i], &o);
			tape_output(&t, o.data, o.len - (change == 2 && i + 1 == out.count));
		}
		if (change == 3)
			tape_output(&t, o.data, o.len);
		assert_int_equal(tape_finish(&t), ERR_NONE);
		assert_int_equal(t.steps[0].outputs, out.count + (change == 3) - (change == 1));
		r = compare(&t);
		assert_int_equal(r.verdict, change ? REPLAY_DIFFERS : REPLAY_SAME);
		if (change)
			assert_int_equal(r.first, change == 1 ? 0 : change == 2 ? out.count - 1 : out.count);
		replay_result_fini(&r);
		tape_fini(&t);
		call_free(call);
	}
	buf_fini(&b);
	buf_fini(&o);
}

static void test_what_is_no_input_and_what_is_no_state(void **state)
{
	static const uint8_t nothing[] = { 0x08, 0x63 };
	struct call_settings settings;
	static struct brief brief;
	struct replay_result r;
	struct tape t;

	(void)state;
	call_settings_init(&settings);
	brief_init(&brief);
	tape_init(&t);
	tape_start(&t, &settings, &brief);
	tape_input(&t, nothing, sizeof(nothing));
	assert_int_equal(tape_finish(&t), ERR_NONE);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_BAD_INPUT);
	assert_int_equal(r.err, ERR_FORMAT);
	assert_int_equal(r.step, 0);
	replay_result_fini(&r);
	tape_fini(&t);
	tape_init(&t);
	tape_state(&t, TAPE_ATTACH, nothing, sizeof(nothing), 0);
	assert_int_equal(tape_finish(&t), ERR_NONE);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_BAD_STATE);
	replay_result_fini(&r);
	tape_fini(&t);
}

static void test_an_empty_tape_is_refused(void **state)
{
	struct tape t;

	(void)state;
	tape_init(&t);
	assert_int_equal(tape_finish(&t), ERR_FORMAT);
	tape_fini(&t);
	tape_init(&t);
	tape_hole(&t, TAPE_HOLE_MISSING, 1, 2, 0);
	assert_int_equal(tape_finish(&t), ERR_FORMAT);
	tape_fini(&t);
}

/* ------------------------------------------------------------------ takeovers and holes */

static size_t record_of(const struct world *w, uint8_t kind, size_t from)
{
	while (from < w->record_count && w->records[from].kind != kind)
		from++;
	assert_true(from < w->record_count);
	return from;
}

static size_t steps_in(const struct world *w, size_t from, size_t to)
{
	struct steps_reader r;
	static struct step one;
	size_t n = 0;

	for (; from < to; from++) {
		if (w->records[from].kind != RECORD_STEPS)
			continue;
		steps_reader_init(&r, record_data(w, from), w->records[from].len);
		while (!steps_next(&r, &one))
			n++;
	}
	return n;
}

/* The first worker goes on a little after its snapshot and dies; the second one starts from that snapshot. */
static void test_a_takeover_goes_on_from_its_snapshot(void **state)
{
	struct world *w = plain_call();
	size_t cut = record_of(w, JOURNAL_SNAPSHOT, 0), i;
	struct replay_result r;
	struct buf attach;
	struct record_start start = { .snapshot = record_data(w, cut), .snapshot_len = w->records[cut].len };
	struct journal_header h = { .epoch = 1 };
	struct tape t;

	(void)state;
	tape_init(&t);
	buf_init(&attach, BYTES_MAX);
	record_start_encode(&start, &attach);
	for (i = 0; i < cut + 4; i++) {
		h.kind = w->records[i].kind, h.sequence = i + 1;
		tape_record(&t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
	}
	h = (struct journal_header){ .kind = JOURNAL_ATTACH, .epoch = 2, .sequence = 1 };
	tape_record(&t, &h, attach.data, attach.len, ERR_NONE, 0);
	for (i = cut + 1; i < w->record_count; i++) {
		h.kind = w->records[i].kind, h.sequence++;
		tape_record(&t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
	}
	assert_int_equal(tape_finish(&t), ERR_NONE);
	assert_int_equal(t.part_count, 2);
	assert_int_equal(t.hole_count, 0);
	assert_int_equal(t.parts[1].entry, TAPE_ATTACH);
	assert_int_equal(t.parts[1].epoch, 2);
	assert_int_equal(t.parts[0].count, steps_in(w, 0, cut + 4));
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps + steps_in(w, cut, cut + 4));
	replay_result_fini(&r);
	tape_fini(&t);
	buf_fini(&attach);
	world_free(w);
}

static void test_a_new_epoch_without_a_state_is_a_hole(void **state)
{
	struct world *w = plain_call();
	size_t cut = record_of(w, JOURNAL_SNAPSHOT, 0) + 2, next = record_of(w, JOURNAL_SNAPSHOT, cut), i;
	struct tape t;

	(void)state;
	tape_init(&t);
	for (i = 0; i < w->record_count; i++) {
		struct journal_header h = { .kind = w->records[i].kind, .epoch = i < cut ? 1 : 2, .sequence = i < cut ? i + 1 : i - cut + 1 };

		tape_record(&t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
	}
	assert_int_equal(tape_finish(&t), ERR_NONE);
	assert_int_equal(t.hole_count, 1);
	assert_int_equal(t.holes[0].epoch, 2);
	assert_int_equal(t.skipped, steps_in(w, cut, next));
	tape_fini(&t);
	world_free(w);
}

static void test_lost_steps_are_told_and_the_next_snapshot_goes_on(void **state)
{
	struct world *w = plain_call();
	size_t lost = record_of(w, JOURNAL_SNAPSHOT, 0) + 2, next = record_of(w, JOURNAL_SNAPSHOT, lost);
	struct replay_result r;
	struct tape t;

	(void)state;
	tape_init(&t);
	tape_from(&t, w, lost, lost + 2);
	assert_int_equal(tape_finish(&t), ERR_NONE);
	assert_int_equal(t.part_count, 2);
	assert_int_equal(t.parts[1].entry, TAPE_SNAPSHOT);
	assert_int_equal(t.hole_count, 1);
	assert_int_equal(t.holes[0].why, TAPE_HOLE_MISSING);
	assert_int_equal(t.holes[0].first_sequence, lost + 1);
	assert_int_equal(t.holes[0].last_sequence, lost + 2);
	assert_int_equal(t.holes[0].skipped, steps_in(w, lost + 2, next));
	assert_int_equal(t.skipped, t.holes[0].skipped);
	assert_true(t.skipped > 0);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps - steps_in(w, lost, next));
	replay_result_fini(&r);
	tape_fini(&t);
	world_free(w);
}

static void test_steps_behind_the_last_snapshot_are_skipped(void **state)
{
	struct world *w = plain_call();
	size_t lost = 0, i;
	struct tape t;

	(void)state;
	for (i = 0; i < w->record_count; i++)
		if (w->records[i].kind == JOURNAL_SNAPSHOT)
			lost = i + 2;
	tape_init(&t);
	tape_from(&t, w, lost, lost + 1);
	assert_int_equal(tape_finish(&t), ERR_NONE);
	assert_int_equal(t.part_count, 1);
	assert_int_equal(t.skipped, steps_in(w, lost + 1, w->record_count));
	tape_fini(&t);
	world_free(w);
}

/* Nothing of a call with a hole is left in the tape that the next one is read into. */
static void test_a_tape_is_used_again(void **state)
{
	struct world *w = plain_call();
	struct tape used, fresh;
	struct replay_result r;
	size_t i;

	(void)state;
	tape_init(&used);
	tape_from(&used, w, record_of(w, RECORD_STEPS, 0), w->record_count / 2);
	assert_int_equal(tape_finish(&used), ERR_NONE);
	assert_int_equal(used.hole_count, 1);
	tape_reset(&used);
	assert_int_equal(tape_finish(&used), ERR_FORMAT);
	tape_reset(&used);
	tape_from(&used, w, 0, 0);
	assert_int_equal(tape_finish(&used), ERR_NONE);
	tape_made(&fresh, w);
	assert_int_equal(used.step_count, fresh.step_count);
	assert_int_equal(used.part_count, 1);
	assert_int_equal(used.hole_count + used.skipped, 0);
	assert_int_equal(used.bytes.len, fresh.bytes.len);
	for (i = 0; i < fresh.step_count; i++)
		assert_int_equal(used.steps[i].at, fresh.steps[i].at);
	r = compare(&used);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps);
	replay_result_fini(&r);
	tape_fini(&used);
	tape_fini(&fresh);
	world_free(w);
}

/* Sequences that a GAP record names as sound are no hole; the same GAP naming steps is one. */
static void test_lost_sound_is_no_hole(void **state)
{
	struct world *w = plain_call();
	uint8_t bytes[JOURNAL_GAP_MAX_BYTES];
	int steps_too;

	(void)state;
	for (steps_too = 0; steps_too < 2; steps_too++) {
		struct journal_gap gap = { .why = JOURNAL_GAP_LOST, .first_sequence = 5, .last_sequence = 8, .records = 4,
			.kinds = 1u << JOURNAL_AUDIO_CALLER | (steps_too ? 1u << RECORD_STEPS : 0) };
		size_t len = journal_gap_encode(bytes, &gap), i;
		struct tape t;

		tape_init(&t);
		for (i = 0; i < w->record_count; i++) {
			struct journal_header h = { .kind = w->records[i].kind, .epoch = 1, .sequence = i < 4 ? i + 1 : i + 5 };
			struct journal_header g = { .kind = JOURNAL_GAP, .epoch = 1, .sequence = w->record_count + 5 };

			tape_record(&t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
			if (i + 1 == w->record_count)
				tape_record(&t, &g, bytes, len, ERR_NONE, 0);
		}
		assert_int_equal(tape_finish(&t), ERR_NONE);
		assert_int_equal(t.hole_count, steps_too);
		assert_int_equal(t.part_count, 1 + steps_too);
		tape_fini(&t);
	}
	world_free(w);
}

static void test_refused_steps_are_a_hole(void **state)
{
	struct world *w = plain_call();
	uint8_t bytes[JOURNAL_GAP_MAX_BYTES];
	struct journal_gap gap = { .why = JOURNAL_GAP_STOPPED, .kinds = 1u << RECORD_STEPS };
	size_t len = journal_gap_encode(bytes, &gap), i;
	struct tape t;

	(void)state;
	tape_init(&t);
	for (i = 0; i < w->record_count; i++) {
		struct journal_header h = { .kind = w->records[i].kind, .epoch = 1, .sequence = i < 3 ? i + 1 : i + 2 };
		struct journal_header g = { .kind = JOURNAL_GAP, .epoch = 1, .sequence = 4 };

		if (i == 3)
			tape_record(&t, &g, bytes, len, ERR_NONE, 0);
		tape_record(&t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
	}
	assert_int_equal(tape_finish(&t), ERR_NONE);
	assert_int_equal(t.hole_count, 1);
	assert_int_equal(t.holes[0].why, TAPE_HOLE_REFUSED);
	tape_fini(&t);
	world_free(w);
}

static void test_sealed_and_damaged_records(void **state)
{
	struct world *w = plain_call();
	static const uint8_t rubbish[] = { 0x0a, 0xff, 0x01 };
	enum { AT = 6 };
	int damaged;

	(void)state;
	assert_int_equal(w->records[AT].kind, RECORD_STEPS);
	for (damaged = 0; damaged < 2; damaged++) {
		struct tape t;
		size_t i;

		tape_init(&t);
		for (i = 0; i < w->record_count; i++) {
			struct journal_header h = { .kind = w->records[i].kind, .epoch = 1, .sequence = i + 1 };

			if (i == AT)
				tape_record(&t, &h, damaged ? rubbish : NULL, damaged ? sizeof(rubbish) : 0, ERR_DENIED, 777);
			else
				tape_record(&t, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
		}
		assert_int_equal(tape_finish(&t), ERR_NONE);
		assert_int_equal(t.hole_count, 1);
		assert_int_equal(t.holes[0].why, damaged ? TAPE_HOLE_DAMAGED : TAPE_HOLE_SEALED);
		assert_int_equal(t.holes[0].file_offset, 777);
		tape_fini(&t);
	}
	world_free(w);
}

/* ------------------------------------------------------------------ files and journals */

static const struct id128 the_call = { { 1, 2, 3 } }, the_tenant = { { 9 } };

/* An exported call file, as journal_export writes one. */
static void export(const struct world *w, struct buf *file)
{
	struct journal_file_header head = { .role = JOURNAL_ROLE_EXPORT, .order = 1 };
	size_t i;

	assert_non_null(buf_reserve(file, JOURNAL_FILE_HEADER_BYTES));
	journal_file_header_encode(file->data, &head);
	file->len = JOURNAL_FILE_HEADER_BYTES;
	for (i = 0; i < w->record_count; i++) {
		struct journal_header h = { .kind = w->records[i].kind, .epoch = 1, .sequence = i + 1, .tenant = the_tenant, .call = the_call, .batch = 1, .first = !i };
		uint8_t *at = buf_reserve(file, w->records[i].len + JOURNAL_RECORD_HEADER_BYTES + JOURNAL_SEAL_BYTES);

		assert_non_null(at);
		file->len += journal_record_encode(at, &h, record_data(w, i), w->records[i].len, NULL);
	}
}

struct shelf {
	struct disk_virtual *v;
	struct disk disk;
};

static void shelf_open(struct shelf *s)
{
	assert_int_equal(disk_virtual_new(&s->v), ERR_NONE);
	s->disk = disk_virtual_disk(s->v);
	assert_int_equal(disk_make_folder(&s->disk, "/d"), ERR_NONE);
}

/* Reads it as a file; the verdict in `r`. */
static enum err read_back(struct shelf *s, const struct buf *file, bool unchecked, struct tape *t, struct tape_damage *damage)
{
	struct err_detail detail = { .message = "" };
	enum err err;

	assert_int_equal(disk_replace(&s->disk, "/d", "a.cfj", file->data, file->len), ERR_NONE);
	tape_init(t);
	err = tape_read_file(t, &s->disk, "/d/a.cfj", unchecked, damage, &detail);
	if (err) {
		assert_true(detail.message[0] != '\0');
		assert_string_equal(detail.where, "/d/a.cfj");
	}
	return err;
}

static void test_a_call_file_is_read_back(void **state)
{
	struct world *w = plain_call();
	struct err_detail detail = { .message = "" };
	struct tape_damage damage;
	struct replay_result r;
	struct shelf s;
	struct buf file;
	struct tape t;

	(void)state;
	shelf_open(&s);
	buf_init(&file, BYTES_MAX);
	export(w, &file);
	assert_int_equal(read_back(&s, &file, false, &t, &damage), ERR_NONE);
	assert_int_equal(damage.count, 0);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps);
	replay_result_fini(&r);
	tape_fini(&t);
	tape_init(&t);
	assert_int_equal(tape_read_file(&t, &s.disk, "/d/none.cfj", false, &damage, &detail), ERR_NOTFOUND);
	assert_non_null(strstr(detail.message, "cannot be read"));
	tape_fini(&t);
	file.len = 60;
	assert_int_equal(read_back(&s, &file, false, &t, &damage), ERR_TRUNCATED);
	tape_fini(&t);
	buf_fini(&file);
	disk_virtual_free(&s.v);
	world_free(w);
}

/* With CALLFUNNEL_KEEP=FOLDER they also stay there as files: that is how tests/calls/scripted-*.cfj were made. */
static void scripted(struct world *w, const char *name, enum end_reason reason)
{
	const char *folder = getenv("CALLFUNNEL_KEEP");
	struct tape_damage damage;
	struct replay_result r;
	struct shelf s;
	struct buf file;
	struct tape t;

	shelf_open(&s);
	buf_init(&file, BYTES_MAX);
	export(w, &file);
	if (folder)
		assert_int_equal(disk_replace(&disk_real, folder, name, file.data, file.len), ERR_NONE);
	assert_true(call_ended(w->call));
	assert_int_equal(call_end_reason(w->call), reason);
	assert_int_equal(read_back(&s, &file, false, &t, &damage), ERR_NONE);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps);
	replay_result_fini(&r);
	tape_fini(&t);
	buf_fini(&file);
	disk_virtual_free(&s.v);
	world_free(w);
}

static void test_scripted_calls_replay(void **state)
{
	(void)state;
	scripted(plain_call(), "scripted-appointment.cfj", END_CALLER);
	scripted(ordered_call(), "scripted-orders.cfj", END_ORDER);
	scripted(failed_call(), "scripted-failed.cfj", END_FAILED);
	scripted(longest_call(), "scripted-longest.cfj", END_MAX);
	scripted(answered_call(), "scripted-answered.cfj", END_MACHINE);
}

static void test_a_flipped_byte_reaches_the_core_and_its_record_is_named(void **state)
{
	struct world *w = plain_call();
	struct tape_damage damage;
	struct replay_result r;
	struct shelf s;
	struct buf file;
	struct tape t;
	uint8_t *word;
	int unchecked;

	(void)state;
	shelf_open(&s);
	buf_init(&file, BYTES_MAX);
	export(w, &file);
	word = memmem(file.data, file.len, "appointment", 11);
	assert_non_null(word);
	*word ^= 0x20;
	for (unchecked = 0; unchecked < 2; unchecked++) {
		assert_int_equal(read_back(&s, &file, unchecked, &t, &damage), ERR_NONE);
		assert_int_equal(damage.count, !unchecked);
		if (!unchecked) {
			assert_string_equal(damage.what, "corrupt");
			assert_string_equal(damage.file, "a.cfj");
			assert_true(damage.offset < (size_t)(word - file.data) && damage.offset + 8192 > (size_t)(word - file.data));
		}
		r = compare(&t);
		assert_int_equal(r.verdict, REPLAY_DIFFERS);
		replay_result_fini(&r);
		tape_fini(&t);
	}
	buf_fini(&file);
	disk_virtual_free(&s.v);
	world_free(w);
}

static void test_a_damaged_head_of_a_record_is_a_hole(void **state)
{
	struct world *w = plain_call();
	struct tape_damage damage;
	struct replay_result r;
	struct shelf s;
	struct buf file;
	struct tape t;
	size_t at = JOURNAL_FILE_HEADER_BYTES, i;

	(void)state;
	shelf_open(&s);
	buf_init(&file, BYTES_MAX);
	export(w, &file);
	for (i = 0; i < 7; i++)
		at += w->records[i].len + JOURNAL_RECORD_HEADER_BYTES;
	file.data[at + 9] ^= 1;
	assert_int_equal(read_back(&s, &file, false, &t, &damage), ERR_NONE);
	assert_true(damage.count >= 1);
	assert_int_equal(damage.offset, at);
	assert_int_equal(t.hole_count, 1);
	assert_int_equal(t.holes[0].first_sequence, 8);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	replay_result_fini(&r);
	tape_fini(&t);
	buf_fini(&file);
	disk_virtual_free(&s.v);
	world_free(w);
}

/* Any byte: the same call, another call, or a clear refusal. */
static void test_no_flipped_byte_crashes(void **state)
{
	struct world *w = plain_call();
	struct tape_damage damage;
	struct replay_result r;
	struct shelf s;
	struct buf file;
	struct tape t;
	uint32_t seed = 1, differs = 0, i;

	(void)state;
	shelf_open(&s);
	buf_init(&file, BYTES_MAX);
	export(w, &file);
	for (i = 0; i < 300; i++) {
		size_t at = (seed = seed * 1664525 + 1013904223) % (uint32_t)file.len;
		uint8_t bit = (uint8_t)(1u << (seed >> 29));

		file.data[at] ^= bit;
		if (!read_back(&s, &file, i & 1, &t, &damage)) {
			r = compare(&t);
			differs += r.verdict != REPLAY_SAME;
			assert_true((i & 1) || damage.count > 0 || at < JOURNAL_FILE_HEADER_BYTES);
			replay_result_fini(&r);
		}
		tape_fini(&t);
		file.data[at] ^= bit;
	}
	assert_true(differs > 20);
	buf_fini(&file);
	disk_virtual_free(&s.v);
	world_free(w);
}

static void test_a_call_is_found_in_a_journal(void **state)
{
	struct world *w = plain_call();
	struct err_detail detail = { .message = "" };
	struct journal_options options;
	struct tape_damage damage;
	struct replay_result r;
	struct journal_call *c;
	struct journal_batch *b;
	struct journal *j;
	struct shelf s;
	struct tape t;
	const struct id128 other = { { 7 } };
	size_t i;

	(void)state;
	shelf_open(&s);
	journal_options_defaults(&options);
	options.reserve_bytes = options.ring_bytes = 1 << 20;
	assert_int_equal(journal_open(&j, &s.disk, "/d", &options, 0, NULL, &detail), ERR_NONE);
	assert_int_equal(journal_call_open(j, &c, &the_tenant, &the_call, 1, 0), ERR_NONE);
	for (i = 0; i < w->record_count; i++)
		assert_int_equal(journal_append(c, w->records[i].kind, record_data(w, i), w->records[i].len, i), ERR_NONE);
	b = journal_batch_take(j, 1000);
	assert_non_null(b);
	assert_int_equal(journal_batch_write(j, b, 1000), ERR_NONE);
	journal_batch_done(j, b, 1000);
	journal_call_close(&c, 1000);
	assert_int_equal(journal_close(&j, 1000), ERR_NONE);
	tape_init(&t);
	assert_int_equal(tape_read_journal(&t, &s.disk, "/d", NULL, &the_call, &damage, &detail), ERR_NONE);
	r = compare(&t);
	assert_int_equal(r.verdict, REPLAY_SAME);
	assert_int_equal(r.steps, w->steps);
	assert_int_equal(damage.count + t.hole_count, 0);
	replay_result_fini(&r);
	tape_fini(&t);
	tape_init(&t);
	assert_int_equal(tape_read_journal(&t, &s.disk, "/d", NULL, &other, &damage, &detail), ERR_NOTFOUND);
	assert_true(detail.message[0] != '\0');
	tape_fini(&t);
	disk_virtual_free(&s.v);
	world_free(w);
}

/* ------------------------------------------------------------------ other settings */

/* A cough of 128 ms over the last answer, a partial in the only turn, and the end by order. */
static struct world *coughed_call(void)
{
	static const struct phrase script[] = {
		{ 320, 1600, "what are your opening hours at the weekend then" }, { 3200, 3328, NULL }, { 0, 0, NULL },
	};
	static const char bye[] = "We have to end here, goodbye.", begun[] = "what are your opening hours";
	struct world *w = world_new(script);
	struct call_input end = { .type = IN_ORDER, .kind = ORDER_END, .text = bye, .text_len = sizeof(bye) - 1 };
	struct call_input partial = { .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_PARTIAL, .stream = 1, .text = begun, .text_len = sizeof(begun) - 1 };

	partial.position2 = 9600;
	event_add(w, 1900000, &partial);
	event_add(w, 16000000, &end);
	world_play(w);
	return w;
}

enum { TURNS = 16 };

struct trying {
	struct trial_turn turns[TURNS], rests[TURNS];
	size_t count, rest_count;
	int64_t add_silence_ms, hold_ms, complete_ms, filler_ms, resume_ms, end_ms, total_ms, finalize_ms, failures;
	bool not_ahead;
};

static void change(void *arg, struct call_settings *settings)
{
	const struct trying *t = arg;

	settings->turn_silence_ms += t->add_silence_ms;
	if (t->hold_ms)
		settings->barge_hold_ms = t->hold_ms;
	if (t->complete_ms)
		settings->turn_complete_ms = t->complete_ms;
	if (t->filler_ms)
		settings->llm_filler_ms = t->filler_ms;
	if (t->not_ahead)
		settings->turn_preempt = false;
	if (t->resume_ms)
		settings->barge_resume_ms = t->resume_ms;
	if (t->end_ms)
		settings->call_end_ms = t->end_ms;
	if (t->total_ms)
		settings->llm_total_ms = t->total_ms;
	if (t->finalize_ms)
		settings->turn_finalize_ms = t->finalize_ms;
	if (t->failures)
		settings->call_failures = t->failures;
}

/* All parts of both sides are known, and each side's sum to its total. */
static void assert_parts_sum(const struct trial_turn *turn)
{
	const struct trial_side *sides[] = { &turn->recorded, &turn->with };
	size_t i, k;

	assert_int_equal(turn->latency, LATENCY_KNOWN);
	for (i = 0; i < 2; i++) {
		uint64_t sum = 0;

		assert_int_equal(sides[i]->part_count, LATENCY_PARTS);
		for (k = 0; k < LATENCY_PARTS; k++)
			sum += sides[i]->parts[k];
		assert_int_equal(sum, sides[i]->total_us);
	}
}

/* Only the first part may differ. */
static void assert_later_parts_same(const struct trial_turn *turn)
{
	size_t k;

	assert_parts_sum(turn);
	for (k = PART_TRANSCRIPT; k < LATENCY_PARTS; k++)
		assert_int_equal(turn->with.parts[k], turn->recorded.parts[k]);
}

static void assert_not_known(const struct trial_turn *turn, enum trial_latency why)
{
	assert_int_equal(turn->outcome, TRIAL_ENDED);
	assert_int_equal(turn->latency, why);
	assert_true(turn->with.part_count < LATENCY_PARTS);
	assert_int_equal(turn->with.total_us, 0);
	assert_true(trial_latency_text(why)[0] != '\0');
}

static void take(void *arg, const struct trial_turn *turn)
{
	struct trying *t = arg;

	assert_true(t->count < TURNS && t->rest_count < TURNS);
	if (turn->rest)
		t->rests[t->rest_count++] = *turn;
	else
		t->turns[t->count++] = *turn;
}

static void try(const struct world *w, struct trying *t)
{
	struct tape tape;

	tape_made(&tape, w);
	assert_int_equal(trial_run(&tape, change, take, t), ERR_NONE);
	tape_fini(&tape);
}

static void test_the_same_settings_change_nothing(void **state)
{
	struct trying t = { .count = 0 };
	struct world *w = plain_call();
	size_t i;

	(void)state;
	try(w, &t);
	assert_int_equal(t.count, 3);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].outcome, TRIAL_ENDED);
		assert_int_equal(t.turns[i].turn, i + 1);
		assert_int_equal(t.turns[i].moved_us, 0);
		assert_int_equal(t.turns[i].with.why, t.turns[i].recorded.why);
		assert_int_equal(t.turns[i].with.silence_us, t.turns[i].recorded.silence_us);
		assert_true(t.turns[i].same_request && !t.turns[i].other_words && !t.turns[i].heard_other && !t.turns[i].heard_answer);
		assert_string_equal(t.turns[i].with.words, t.turns[i].recorded.words);
		assert_int_equal(t.turns[i].with.floor_count, t.turns[i].recorded.floor_count);
		assert_int_equal(t.turns[i].late_us, 0);
		assert_later_parts_same(&t.turns[i]);
		assert_int_equal(t.turns[i].with.total_us, t.turns[i].recorded.total_us);
	}
	assert_int_equal(t.turns[1].recorded.holds, 1);
	assert_int_equal(t.turns[1].recorded.resumes, 1);
	assert_int_equal(t.turns[1].recorded.part_count, LATENCY_PARTS);
	assert_int_equal(t.turns[1].with.parts[PART_END_OF_TURN], 600000);
	world_free(w);
}

static void test_more_silence_moves_each_end_by_exactly_that(void **state)
{
	struct trying t = { .add_silence_ms = 100 };
	struct world *w = plain_call();
	size_t i;

	(void)state;
	try(w, &t);
	assert_int_equal(t.count, 3);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].recorded.why, TURN_SILENCE);
		assert_int_equal(t.turns[i].outcome, TRIAL_ENDED);
		assert_int_equal(t.turns[i].moved_us, 100000);
		assert_int_equal(t.turns[i].with.end_us - t.turns[i].recorded.end_us, 100000);
		assert_int_equal(t.turns[i].with.silence_us, 700000);
		assert_true(t.turns[i].same_request);
		assert_later_parts_same(&t.turns[i]);
		assert_int_equal(t.turns[i].with.total_us, t.turns[i].recorded.total_us + 100000);
	}
	world_free(w);
}

/* Timers of a real machine are late; the difference stays exact, and the lateness is told. */
static void test_late_timers_are_left_out_of_the_difference(void **state)
{
	struct trying t = { .add_silence_ms = 100 }, same = { .count = 0 };
	struct world *w = world_new(plain);
	size_t i;

	(void)state;
	w->timers_late_us = 700;
	world_play(w);
	try(w, &same);
	assert_int_equal(same.count, 3);
	for (i = 0; i < same.count; i++) {
		assert_later_parts_same(&same.turns[i]);
		assert_int_equal(same.turns[i].with.total_us, same.turns[i].recorded.total_us - 700);
	}
	try(w, &t);
	assert_int_equal(t.count, 3);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].outcome, TRIAL_ENDED);
		assert_int_equal(t.turns[i].moved_us, 100000);
		assert_int_equal(t.turns[i].late_us, 700);
		assert_later_parts_same(&t.turns[i]);
		assert_int_equal(t.turns[i].with.total_us, t.turns[i].recorded.total_us + 100000 - 700);
	}
	world_free(w);
}

/* With 300 ms the pause of 480 ms within the third turn would have ended it, without its last words. */
static void test_less_silence_cuts_in_at_a_pause(void **state)
{
	struct trying t = { .add_silence_ms = -300 };
	struct world *w = plain_call();

	(void)state;
	try(w, &t);
	assert_int_equal(t.count, 3);
	assert_int_equal(t.turns[0].moved_us, -300000);
	assert_later_parts_same(&t.turns[0]);
	assert_int_equal(t.turns[0].with.total_us, t.turns[0].recorded.total_us - 300000);
	assert_not_known(&t.turns[2], LATENCY_REQUEST);
	assert_int_equal(t.turns[2].outcome, TRIAL_ENDED);
	assert_true(t.turns[2].other_words);
	assert_false(t.turns[2].same_request);
	assert_string_equal(t.turns[2].with.words, "the name would then be Asha");
	assert_int_equal(t.turns[2].with.silence_us, 300000);
	assert_true(t.turns[2].moved_us < -1000000);
	world_free(w);
}

/* The caller begins the next sentence 704 ms after the last voice: with 800 ms the turn would have stayed open. */
static void test_the_caller_went_on(void **state)
{
	static const struct phrase script[] = {
		{ 320, 1600, "I need an appointment next week please" }, { 2304, 3200, "and it should be rather soon actually" }, { 0, 0, NULL },
	};
	struct trying t = { .add_silence_ms = 200 };
	struct world *w = world_new(script);

	(void)state;
	world_play(w);
	try(w, &t);
	assert_true(t.count >= 1);
	assert_int_equal(t.turns[0].recorded.why, TURN_SILENCE);
	assert_int_equal(t.turns[0].outcome, TRIAL_WENT_ON);
	assert_true(t.turns[0].stop_us > t.turns[0].recorded.end_us);
	assert_true(t.turns[0].stop_us < t.turns[0].recorded.end_us + 200000);
	assert_int_equal(t.turns[0].moved_us, 0);
	world_free(w);
}

/* So long that in the recording the answer was heard, and that the caller spoke to it. */
static void test_what_depends_on_an_unheard_answer_is_unknown(void **state)
{
	struct trying soon = { .add_silence_ms = 1400 }, late = { .add_silence_ms = 4400 };
	struct world *w = plain_call();

	(void)state;
	try(w, &soon);
	assert_int_equal(soon.turns[1].outcome, TRIAL_ENDED);
	assert_true(soon.turns[1].heard_answer);
	assert_int_equal(soon.turns[0].outcome, TRIAL_UNKNOWN); /* the cough over the answer */
	assert_int_equal(soon.turns[0].unknown, UNKNOWN_REACTION);
	try(w, &late);
	assert_int_equal(late.turns[0].outcome, TRIAL_UNKNOWN);
	assert_int_equal(late.turns[0].unknown, UNKNOWN_REACTION);
	world_free(w);
}

/* The cough of 128 ms: with 192 ms nobody holds; with 64 ms the agent holds sooner. Either way its words would have run on
 * otherwise, and what follows is unknown. */
static void test_holds_are_shown_and_what_follows_is_unknown(void **state)
{
	struct trying longer = { .hold_ms = 192 }, shorter = { .hold_ms = 64 };
	struct world *w = plain_call();

	(void)state;
	try(w, &longer);
	assert_int_equal(longer.turns[1].recorded.holds, 1);
	assert_int_equal(longer.turns[1].with.holds, 0);
	assert_int_equal(longer.turns[1].outcome, TRIAL_UNKNOWN);
	assert_int_equal(longer.turns[1].unknown, UNKNOWN_NO_HOLD);
	assert_int_equal(longer.turns[1].stop_us, longer.turns[1].recorded.floor[0].at_us);
	assert_int_equal(longer.turns[2].outcome, TRIAL_ENDED);
	try(w, &shorter);
	assert_int_equal(shorter.turns[1].with.holds, 1);
	assert_int_equal(shorter.turns[1].with.resumes, 1);
	assert_int_equal(shorter.turns[1].recorded.floor[0].at_us - shorter.turns[1].with.floor[0].at_us, 32000);
	assert_int_equal(shorter.turns[1].outcome, TRIAL_UNKNOWN);
	assert_int_equal(shorter.turns[1].unknown, UNKNOWN_HOLD);
	assert_int_equal(shorter.turns[1].stop_us, shorter.turns[1].with.floor[1].at_us);
	assert_int_equal(shorter.turns[0].outcome, TRIAL_ENDED);
	assert_int_equal(shorter.turns[0].moved_us, 0);
	world_free(w);
}

/* The line stands still from 550 to 850 ms after the first voice: with 600 ms the end came before anyone noticed, with 700 ms
 * the end waits for the next chunk. */
static void test_silence_that_nobody_heard(void **state)
{
	struct trying same = { .count = 0 }, more = { .add_silence_ms = 100 };
	struct world *w = world_new(plain);

	(void)state;
	w->stall_from_ms = 2128;
	w->stall_to_ms = 2512;
	world_play(w);
	try(w, &same);
	assert_int_equal(same.turns[0].moved_us, 0);
	assert_int_equal(same.turns[0].outcome, TRIAL_ENDED);
	try(w, &more);
	assert_true(more.turns[0].stalled);
	assert_int_equal(more.turns[0].outcome, TRIAL_ENDED);
	assert_true(more.turns[0].moved_us > 100000);
	assert_false(more.turns[1].stalled);
	assert_int_equal(more.turns[1].moved_us, 100000);
	world_free(w);
}

static void test_ends_that_silence_did_not_decide_stay(void **state)
{
	struct trying t = { .add_silence_ms = 100 };
	struct world *w = world_new(plain);
	size_t i;

	(void)state;
	w->ends_told = true;
	world_play(w);
	try(w, &t);
	assert_true(t.count >= 3);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].recorded.why, TURN_ENDPOINT);
		assert_int_equal(t.turns[i].with.why, TURN_ENDPOINT);
		assert_int_equal(t.turns[i].moved_us, 0);
	}
	world_free(w);
}

/* The recording stops within the silence: nobody knows whether the turn would have ended there. */
static void test_a_turn_cut_off_by_the_end_of_the_recording(void **state)
{
	struct trying less = { .add_silence_ms = -300 }, same = { .count = 0 };
	struct world *w = world_new(plain);

	(void)state;
	w->until_us = 2500000;
	assert_int_equal(call_new(&w->call, &w->settings, &w->brief), ERR_NONE);
	start_put(w);
	simple(w, IN_PREPARE);
	w->now_us = w->answered_us = 500000;
	simple(w, IN_START);
	world_run(w, 0);
	steps_flush(w);
	try(w, &same);
	assert_int_equal(same.count, 0);
	try(w, &less);
	assert_int_equal(less.count, 1);
	assert_false(less.turns[0].recorded.ended);
	assert_int_equal(less.turns[0].outcome, TRIAL_ENDED);
	assert_int_equal(less.turns[0].with.end_us, 2400000);
	assert_int_equal(less.turns[0].moved_us, 0);
	world_free(w);
}

/* What follows the last turn: the cough over its answer, the goodbye, and the end. */
static void test_what_follows_the_last_turn_is_tried(void **state)
{
	struct trying same = { .count = 0 }, sooner = { .resume_ms = 300 }, deaf = { .hold_ms = 192 };
	struct world *w = coughed_call();
	const struct trial_turn *rest = same.rests;

	(void)state;
	try(w, &same);
	assert_int_equal(same.count, 1);
	assert_int_equal(same.rest_count, 1);
	assert_true(rest->rest && rest->same && !rest->cut && rest->turn == 2);
	assert_true(rest->recorded.ending && rest->recorded.ending_us == 16000000 && rest->recorded.ending_why == END_ORDER);
	assert_int_equal(rest->recorded.holds, 1);
	assert_int_equal(rest->recorded.resumes, 1);
	assert_int_equal(rest->outcome, TRIAL_CALL_ENDED);
	assert_true(rest->recorded.over && rest->with.over && rest->recorded.over_why == END_ORDER);
	assert_int_equal(rest->with.over_us, rest->recorded.over_us);
	assert_int_equal(rest->with.floor_count, rest->recorded.floor_count);
	try(w, &sooner);
	rest = sooner.rests;
	assert_true(sooner.turns[0].same && !rest->same);
	assert_int_equal(rest->outcome, TRIAL_UNKNOWN);
	assert_int_equal(rest->unknown, UNKNOWN_PLAY);
	assert_int_equal(rest->recorded.floor[1].at_us - rest->with.floor[1].at_us, 200000);
	try(w, &deaf);
	rest = deaf.rests;
	assert_int_equal(rest->outcome, TRIAL_UNKNOWN);
	assert_int_equal(rest->unknown, UNKNOWN_NO_HOLD);
	assert_int_equal(rest->with.holds, 0);
	world_free(w);
}

/* The goodbye's own time: shorter than its sound is, it cuts it; a longer one changes nothing. */
static void test_the_end_of_the_call_moves(void **state)
{
	struct trying longer = { .end_ms = 20000 }, other = { .add_silence_ms = 100 };
	struct world *w = coughed_call();

	(void)state;
	try(w, &longer);
	assert_true(longer.rests[0].same && longer.rests[0].moved_us == 0);
	assert_true(longer.turns[0].same && longer.rests[0].begun_count == 0);
	try(w, &other);
	assert_false(other.turns[0].same);
	assert_int_equal(other.turns[0].first_recorded.at_us, other.turns[0].recorded.end_us);
	assert_true(other.rests[0].same);
	world_free(w);
}

/* The model was asked when the turn ended, and its time was counted from then on by the recorded setting. */
static void test_a_time_that_ran_already_is_told(void **state)
{
	struct trying t = { .total_ms = 5000 };
	struct world *w = coughed_call();

	(void)state;
	try(w, &t);
	assert_int_equal(t.turns[0].begun_count, 0);
	assert_int_equal(t.rests[0].begun_count, 1);
	assert_string_equal(t.rests[0].begun[0], "llm.total_ms");
	world_free(w);
}

/* The final came 128 ms behind the voice, unasked: asked sooner, nobody knows when it would have come. */
static void test_a_final_that_would_have_been_asked_for_is_unknown(void **state)
{
	struct trying t = { .finalize_ms = 64 };
	struct world *w = coughed_call();

	(void)state;
	try(w, &t);
	assert_int_equal(t.turns[0].outcome, TRIAL_UNKNOWN);
	assert_int_equal(t.turns[0].unknown, UNKNOWN_FINAL);
	world_free(w);
}

/* With one turn without an answer allowed, the goodbye takes the apology's place: the same order to play, other words. */
static void test_other_words_at_the_same_moment_are_unknown(void **state)
{
	struct trying t = { .failures = 1 };
	struct world *w = failed_call();

	(void)state;
	try(w, &t);
	assert_true(t.count >= 2);
	assert_int_equal(t.turns[1].outcome, TRIAL_UNKNOWN);
	assert_int_equal(t.turns[1].unknown, UNKNOWN_ORDER);
	assert_true(t.turns[1].with.ending && !t.turns[1].recorded.ending);
	world_free(w);
}

/* The takeover: the timer that the dead worker should have been woken by is not caught up with. */
static void test_a_trial_over_a_takeover(void **state)
{
	struct trying t = { .add_silence_ms = 100 };
	struct world *w = world_new(plain);
	struct tape tape;
	size_t i, at_attach;

	(void)state;
	w->until_us = 2600000;
	assert_int_equal(call_new(&w->call, &w->settings, &w->brief), ERR_NONE);
	start_put(w);
	simple(w, IN_PREPARE);
	w->now_us = w->answered_us = 500000;
	simple(w, IN_START);
	world_run(w, 0);
	steps_flush(w);
	at_attach = w->record_count;
	snapshot_put(w, JOURNAL_ATTACH);
	w->event_count = 0;
	w->now_us = 4612000;
	simple(w, IN_ATTACHED);
	w->until_us = 25000000;
	w->said = 2;
	world_run(w, 32896);
	steps_flush(w);
	tape_init(&tape);
	for (i = 0; i < w->record_count; i++) {
		struct journal_header h = { .kind = w->records[i].kind, .epoch = i < at_attach ? 1 : 2, .sequence = i < at_attach ? i + 1 : i - at_attach + 1 };

		tape_record(&tape, &h, record_data(w, i), w->records[i].len, ERR_NONE, 0);
	}
	assert_int_equal(tape_finish(&tape), ERR_NONE);
	assert_int_equal(tape.part_count, 2);
	assert_int_equal(tape.hole_count, 0);
	assert_int_equal(trial_run(&tape, change, take, &t), ERR_NONE);
	tape_fini(&tape);
	assert_int_equal(t.rest_count, 2);
	assert_true(t.rests[0].epoch == 1 && t.rests[0].cut && t.rests[0].cut_by == TAPE_ATTACH && !t.rests[0].recorded.over);
	assert_true(t.rests[1].epoch == 2 && !t.rests[1].cut && t.rests[1].outcome == TRIAL_OPEN);
	assert_true(t.count >= 2);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].epoch, 2);
		assert_int_equal(t.turns[i].outcome, TRIAL_ENDED);
		assert_int_equal(t.turns[i].moved_us, t.turns[i].recorded.why == TURN_SILENCE ? 100000 : 0);
	}
	world_free(w);
}

static void test_a_tape_has_a_ceiling(void **state)
{
	struct tape t;
	size_t i;

	(void)state;
	tape_init(&t);
	for (i = 0; i < TAPE_PLACES_MAX; i++)
		tape_state(&t, TAPE_SNAPSHOT, "", 0, 0);
	assert_int_equal(t.err, ERR_NONE);
	tape_hole(&t, TAPE_HOLE_MISSING, 1, 1, 0);
	assert_int_equal(t.err, ERR_LIMIT);
	assert_int_equal(tape_finish(&t), ERR_LIMIT);
	tape_fini(&t);
}

/* A setting that decides no turn here. */
static void test_a_setting_without_effect(void **state)
{
	struct trying t = { .complete_ms = 300 };
	struct world *w = plain_call();
	size_t i;

	(void)state;
	try(w, &t);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].outcome, TRIAL_ENDED);
		assert_int_equal(t.turns[i].moved_us, 0);
	}
	world_free(w);
}

static struct world *ahead_call(void)
{
	struct world *w = world_new(plain);

	w->settings.turn_preempt = true;
	w->settings.turn_preempt_ms = 96;
	world_play(w);
	return w;
}

/* With the model asked ahead, the request is the same and its answer is there when the turn ends: the caller waits as much longer as the
 * silence takes. */
static void test_an_answer_asked_ahead(void **state)
{
	struct trying t = { .add_silence_ms = 100 };
	struct world *w = ahead_call();
	size_t i;

	(void)state;
	try(w, &t);
	assert_int_equal(t.count, 3);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].outcome, TRIAL_ENDED);
		assert_int_equal(t.turns[i].moved_us, 100000);
		assert_true(t.turns[i].with.ahead && t.turns[i].recorded.ahead && t.turns[i].same_request);
		assert_true(t.turns[i].with.token_us != 0);
		assert_later_parts_same(&t.turns[i]);
		assert_int_equal(t.turns[i].with.parts[PART_FIRST_TOKEN], 0);
		assert_int_equal(t.turns[i].with.total_us, t.turns[i].recorded.total_us + 100000);
	}
	world_free(w);
}

/* The model, asked 128 ms after the voice, takes 300 ms to its first text and the voice 150 ms: with an end after 300 ms the caller waits
 * for both, and 278 of the 300 ms that the end comes sooner are lost again. */
/* What was asked ahead and thrown away may have had its first text: it is none of the next one's. */
static void test_a_first_text_is_its_own_answers(void **state)
{
	struct call_input in = { .type = IN_MODEL_TEXT, .gen = 1, .at_us = 5000 };
	struct call_output release = { .type = OUT_NOTE, .kind = NOTE_RELEASE, .index = 2 };
	struct trial_side side = { .ended = true }, next = side;
	struct trial_text text = { 0, 0 };

	(void)state;
	trial_text_note(&text, &in);
	trial_side_take(&side, NULL, &text, &release, 9000);
	assert_true(side.asked && side.ahead);
	assert_int_equal(side.token_us, 0);
	assert_int_equal(side.part_count, 0);
	in.gen = 2;
	in.at_us = 7000;
	trial_text_note(&text, &in);
	trial_side_take(&next, NULL, &text, &release, 9000);
	assert_int_equal(next.token_us, 7000);
	assert_int_equal(next.part_count, PART_FIRST_TOKEN + 1);
}

static void test_what_a_trial_keeps_has_a_ceiling(void **state)
{
	struct call_output ask = { .type = OUT_ASK, .gen = 1 };
	struct call_input text = { .type = IN_MODEL_TEXT, .gen = 1 }, voice = { .type = IN_VOICE };
	struct trial_replies *replies = calloc(2, sizeof(*replies)); /* a reply too many would be in the second */
	struct trial_acts *acts = calloc(1, sizeof(*acts));
	struct trial_side side = { .ended = false };
	size_t i;

	(void)state;
	assert_non_null(replies);
	assert_non_null(acts);
	trial_replies_add(replies, acts, &text, 0);
	assert_int_equal(replies->count, 0); /* nobody asked */
	trial_side_take(&side, acts, NULL, &ask, 0);
	trial_replies_add(replies, acts, &voice, 0);
	assert_int_equal(replies->count, 0);
	for (i = 0; i <= TRIAL_REPLIES_MAX; i++)
		trial_replies_add(replies, acts, &text, i);
	assert_int_equal(replies->count, TRIAL_REPLIES_MAX);
	assert_int_equal(replies->items[TRIAL_REPLIES_MAX - 1].step, TRIAL_REPLIES_MAX - 1);
	free(replies);
	free(acts);
}

static void test_a_sooner_end_waits_for_what_was_asked_ahead(void **state)
{
	struct trying t = { .add_silence_ms = -300 };
	struct world *w = ahead_call();
	const struct trial_turn *turn = &t.turns[0];

	(void)state;
	try(w, &t);
	assert_true(turn->with.ahead && turn->same_request);
	assert_int_equal(turn->moved_us, -300000);
	assert_parts_sum(turn);
	assert_int_equal(turn->with.parts[PART_FIRST_TOKEN] + turn->with.parts[PART_FIRST_AUDIO], 578000 - 300000);
	assert_int_equal(turn->with.parts[PART_PLAYED], turn->recorded.parts[PART_PLAYED]);
	assert_int_equal(turn->with.total_us, turn->recorded.total_us - 600000 + 578000);
	world_free(w);
}

/* The same request at the end of the turn: the recorded answer, as much later as it is asked. */
static void test_what_asking_ahead_was_worth(void **state)
{
	struct trying t = { .not_ahead = true };
	struct world *w = ahead_call();
	size_t i;

	(void)state;
	try(w, &t);
	assert_int_equal(t.count, 3);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].moved_us, 0);
		assert_true(t.turns[i].recorded.ahead && !t.turns[i].with.ahead && t.turns[i].same_request);
		assert_parts_sum(&t.turns[i]);
		assert_int_equal(t.turns[i].with.parts[PART_FIRST_TOKEN], 300000);
		assert_int_equal(t.turns[i].with.parts[PART_FIRST_AUDIO], 150000);
		assert_int_equal(t.turns[i].with.total_us, t.turns[i].recorded.total_us + 450000);
	}
	world_free(w);
}

/* What was asked ahead died, and the same was asked again at the end: without asking ahead it is the second answer that comes. */
static void test_a_request_that_was_made_twice(void **state)
{
	struct trying t = { .not_ahead = true };
	struct world *w = world_new(plain);

	(void)state;
	w->settings.turn_preempt = true;
	w->first_dies = true;
	world_play(w);
	try(w, &t);
	assert_false(t.turns[0].recorded.ahead || t.turns[0].with.ahead);
	assert_later_parts_same(&t.turns[0]);
	assert_int_equal(t.turns[0].with.total_us, t.turns[0].recorded.total_us);
	world_free(w);
}

/* In the third turn the pause was long enough to ask ahead, and to make the words of an answer that was thrown away; the next answer had the
 * same words. Without asking ahead they are those of the answer that was heard. */
static void test_words_that_were_made_twice(void **state)
{
	struct trying t = { .not_ahead = true };
	struct world *w = world_new(plain);

	(void)state;
	w->settings.turn_preempt = true;
	w->one_answer = true;
	world_play(w);
	try(w, &t);
	assert_int_equal(t.count, 3);
	assert_true(t.turns[2].recorded.ahead && t.turns[2].same_request);
	assert_parts_sum(&t.turns[2]);
	assert_int_equal(t.turns[2].with.total_us, t.turns[2].recorded.total_us + 450000);
	world_free(w);
}

/* A cough between the end of the turn and the answer: it counts for the recorded settings, and nobody knows what it did to an answer at
 * another time. */
static void test_a_caller_who_is_heard_before_the_answer(void **state)
{
	static const struct phrase script[] = { { 320, 1600, "I need an appointment next week please" }, { 2500, 2580, NULL }, { 0, 0, NULL } };
	struct trying same = { .count = 0 }, more = { .add_silence_ms = 100 };
	struct world *w = world_new(script);

	(void)state;
	world_play(w);
	try(w, &same);
	assert_later_parts_same(&same.turns[0]);
	try(w, &more);
	assert_int_equal(more.turns[0].moved_us, 100000);
	assert_true(more.turns[0].same_request);
	assert_not_known(&more.turns[0], LATENCY_CALLER);
	world_free(w);
}

/* The cough is heard while the answer's first frames are on their way: an agent that holds sooner, or not at all, would have been heard at
 * another time. */
static void test_a_hold_before_the_answer_is_heard(void **state)
{
	static const struct phrase script[] = { { 320, 1600, "I need an appointment next week please" }, { 2684, 2800, NULL }, { 0, 0, NULL } };
	struct trying same = { .hold_ms = 96 }, sooner = { .hold_ms = 64 }, never = { .hold_ms = 192 };
	struct world *w = world_new(script);

	(void)state;
	world_play(w);
	try(w, &same);
	assert_later_parts_same(&same.turns[0]);
	try(w, &sooner);
	assert_int_equal(sooner.turns[0].moved_us, 0);
	assert_not_known(&sooner.turns[0], LATENCY_CALLER);
	try(w, &never);
	assert_int_equal(never.turns[0].moved_us, 0);
	assert_not_known(&never.turns[0], LATENCY_CALLER);
	world_free(w);
}

/* With 200 ms the agent would have said a filler, which the recording does not have, and then the answer. */
static void test_an_agent_that_would_have_said_something_else_first(void **state)
{
	struct trying t = { .filler_ms = 200 };
	struct world *w = plain_call();
	size_t i;

	(void)state;
	try(w, &t);
	for (i = 0; i < t.count; i++) {
		assert_int_equal(t.turns[i].moved_us, 0);
		assert_not_known(&t.turns[i], LATENCY_OTHERWISE);
	}
	world_free(w);
}

/* The recording stops between the turn's end and the answer. */
static void test_an_answer_that_nobody_heard(void **state)
{
	struct trying t = { .add_silence_ms = -200 };
	struct world *w = world_new(plain);

	(void)state;
	w->until_us = 3100000;
	assert_int_equal(call_new(&w->call, &w->settings, &w->brief), ERR_NONE);
	start_put(w);
	simple(w, IN_PREPARE);
	w->now_us = w->answered_us = 500000;
	simple(w, IN_START);
	world_run(w, 0);
	steps_flush(w);
	try(w, &t);
	assert_int_equal(t.count, 1);
	assert_true(t.turns[0].recorded.ended);
	assert_not_known(&t.turns[0], LATENCY_UNHEARD);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_replays_to_the_same_bytes),
		cmocka_unit_test(test_a_changed_word_differs_where_it_is_first_used),
		cmocka_unit_test(test_a_changed_output_is_named),
		cmocka_unit_test(test_outputs_missing_or_too_many_differ),
		cmocka_unit_test(test_what_is_no_input_and_what_is_no_state),
		cmocka_unit_test(test_an_empty_tape_is_refused),
		cmocka_unit_test(test_a_takeover_goes_on_from_its_snapshot),
		cmocka_unit_test(test_a_new_epoch_without_a_state_is_a_hole),
		cmocka_unit_test(test_lost_steps_are_told_and_the_next_snapshot_goes_on),
		cmocka_unit_test(test_steps_behind_the_last_snapshot_are_skipped),
		cmocka_unit_test(test_a_tape_is_used_again),
		cmocka_unit_test(test_lost_sound_is_no_hole),
		cmocka_unit_test(test_refused_steps_are_a_hole),
		cmocka_unit_test(test_sealed_and_damaged_records),
		cmocka_unit_test(test_a_call_file_is_read_back),
		cmocka_unit_test(test_scripted_calls_replay),
		cmocka_unit_test(test_a_flipped_byte_reaches_the_core_and_its_record_is_named),
		cmocka_unit_test(test_a_damaged_head_of_a_record_is_a_hole),
		cmocka_unit_test(test_no_flipped_byte_crashes),
		cmocka_unit_test(test_a_call_is_found_in_a_journal),
		cmocka_unit_test(test_the_same_settings_change_nothing),
		cmocka_unit_test(test_more_silence_moves_each_end_by_exactly_that),
		cmocka_unit_test(test_late_timers_are_left_out_of_the_difference),
		cmocka_unit_test(test_less_silence_cuts_in_at_a_pause),
		cmocka_unit_test(test_the_caller_went_on),
		cmocka_unit_test(test_what_depends_on_an_unheard_answer_is_unknown),
		cmocka_unit_test(test_holds_are_shown_and_what_follows_is_unknown),
		cmocka_unit_test(test_silence_that_nobody_heard),
		cmocka_unit_test(test_ends_that_silence_did_not_decide_stay),
		cmocka_unit_test(test_a_turn_cut_off_by_the_end_of_the_recording),
		cmocka_unit_test(test_a_trial_over_a_takeover),
		cmocka_unit_test(test_what_follows_the_last_turn_is_tried),
		cmocka_unit_test(test_the_end_of_the_call_moves),
		cmocka_unit_test(test_a_time_that_ran_already_is_told),
		cmocka_unit_test(test_a_final_that_would_have_been_asked_for_is_unknown),
		cmocka_unit_test(test_other_words_at_the_same_moment_are_unknown),
		cmocka_unit_test(test_a_tape_has_a_ceiling),
		cmocka_unit_test(test_a_setting_without_effect),
		cmocka_unit_test(test_an_answer_asked_ahead),
		cmocka_unit_test(test_a_first_text_is_its_own_answers),
		cmocka_unit_test(test_what_a_trial_keeps_has_a_ceiling),
		cmocka_unit_test(test_a_sooner_end_waits_for_what_was_asked_ahead),
		cmocka_unit_test(test_what_asking_ahead_was_worth),
		cmocka_unit_test(test_a_request_that_was_made_twice),
		cmocka_unit_test(test_words_that_were_made_twice),
		cmocka_unit_test(test_a_caller_who_is_heard_before_the_answer),
		cmocka_unit_test(test_a_hold_before_the_answer_is_heard),
		cmocka_unit_test(test_an_agent_that_would_have_said_something_else_first),
		cmocka_unit_test(test_an_answer_that_nobody_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

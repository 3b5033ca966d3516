/* The session: inputs in, outputs carried out, all of it in the journal. The core is the real one; so are mouth and journal. */
#include "sessionkit.h"
#include "voice/session/pauses.h"

#include "audio/dtmf.h"
#include "audio/g711.h"
#include "base/prices.h"
#include "voice/journal/usage_record.h"
#include "voice/recording/recorder.h"

static struct kit *k;

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	return 0;
}

static int setup_journal(void **state)
{
	setup(state);
	kit_journal(k);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	return 0;
}

/* The caller speaks from second 4 to 5.5, then is silent. */
static uint16_t one_turn(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

/* As one_turn, and again over the agent's answer. */
static uint16_t two_turns(uint64_t position)
{
	return (position >= 32000 && position < 44000) || (position >= 72000 && position < 88000) ? 60000 : 0;
}

/* To the moment when the caller's turn has ended and the model is asked. */
static void to_the_question(const char *words)
{
	k->level = k->level ? k->level : one_turn;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, words);
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, words);
	kit_run(k, 1500);
	assert_true(k->answer_count > 0);
}

static void P24_the_greeting_begins_within_200_ms_of_the_start(void **state)
{
	(void)state;
	kit_begin(k);
	assert_int_equal(k->stream_count, 1); /* while it rang */
	assert_int_equal(k->voice_count, 1);
	kit_run(k, 1000);
	assert_true(k->first_frame_us >= k->media_us);
	assert_true(k->first_frame_us <= k->media_us + 200 * MS);
	assert_int_equal(kit_stream(k)->pushed, 50 * FRAME); /* from the first frame on */
	assert_memory_equal(kit_stream(k)->bytes, k->said, 50 * FRAME);
	assert_int_equal(kit_logged(k, "in sent", 0), 1);
	assert_true(kit_logged(k, "in played", 0) >= 1);
}

static void an_answer_is_spoken_and_heard(void **state)
{
	static const char text[] = "It opens at nine.";
	static uint8_t sound[(sizeof(text) - 1) * SAMPLES_A_BYTE];
	unsigned int i;

	(void)state;
	kit_begin(k);
	to_the_question("When do you open");
	kit_model_says(k, text);
	kit_run(k, 4000);
	assert_int_equal(kit_logged(k, "note heard", 0), 2);
	assert_non_null(strstr(kit_stream(k)->asked, text)); /* the recogniser knows what may be answered to, */
	assert_non_null(strstr(kit_stream(k)->asked, k->brief.greeting)); /* however many pieces it came in */
	for (i = 0; i < sizeof(sound); i++)
		sound[i] = kit_sound(text, sizeof(text) - 1, i);
	assert_non_null(memmem(k->heard, KIT_TRACK, sound, sizeof(sound))); /* every sample, in one piece */
}

/* Voice and model are slower than a budget of one millisecond. */
static void an_answer_that_would_be_late_is_asked_for_as_a_short_one(void **state)
{
	(void)state;
	k->settings.turn_budget_ms = 1;
	kit_begin(k);
	to_the_question("When do you open");
	assert_int_equal(kit_answer(k)->kind, ASK_SHORT);
	assert_null(strstr(kit_answer(k)->shown, "waited")); /* it is the adapter's to say: no block of the call's has it */
	assert_true(kit_logged(k, "note short", 0) >= 1);
}

static void an_adapter_that_talks_from_inside_its_own_function_waits(void **state)
{
	size_t i;
	bool found = false;

	(void)state;
	kit_begin(k);
	k->level = one_turn;
	k->finalize_answers = true;
	kit_run(k, 5000);
	kit_hears(k, TRANSCRIPT_PARTIAL, "yes");
	kit_run(k, 3000);
	for (i = 0; i + 1 < k->log_count; i++)
		if (!strcmp(k->log[i], "out finalize"))
			found = found || !strncmp(k->log[i + 1], "in transcript", 13) || kit_logged(k, "in transcript", i) > 0;
	assert_true(kit_stream(k)->finalized > 0);
	assert_true(found);
	assert_true(k->answer_count > 0); /* and its words became a turn */
}

static void a_new_stream_gets_the_past_and_positions_are_the_calls(void **state)
{
	struct stt_stream *first;
	uint64_t lost;

	(void)state;
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 4600); /* in the middle of the caller's words */
	first = kit_stream(k);
	lost = first->pushed;
	*first->slot = NULL;
	first->cancelled = true;
	first->events->ended(first->arg, ERR_CLOSED);
	kit_run(k, 1500);
	assert_true(k->stream_count >= 2);
	assert_true(kit_stream(k)->pushed > 8000);
	assert_true(first->pushed == lost);
	assert_string_equal(kit_stream(k)->asked, first->asked);
	assert_true(first->asked[0] != '\0');
	{
		uint64_t now = session_caller_position(k->session), base = now - kit_stream(k)->pushed;

		assert_true(base <= 32000); /* from before the voice began */
		assert_memory_equal(kit_stream(k)->bytes, k->said + base, kit_stream(k)->pushed);
	}
	assert_int_equal(kit_logged(k, "in stt_down", 0), 1);
}

static uint64_t heard_position;

static void transcript_position(void *arg, const struct call_input *in, const struct call_outputs *outputs)
{
	(void)arg;
	(void)outputs;
	if (in->type == IN_TRANSCRIPT)
		heard_position = in->position2;
}

static void transcript_positions_count_from_the_streams_begin(void **state)
{
	struct stt_stream *first;

	(void)state;
	kit_io(k);
	k->io.stepped = transcript_position;
	k->began_us = k->now_us;
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
	kit_media_begins(k);
	kit_run(k, 3000);
	first = kit_stream(k);
	*first->slot = NULL;
	first->cancelled = true;
	first->events->ended(first->arg, ERR_CLOSED);
	kit_run(k, 3000);
	assert_true(kit_stream(k) != first);
	assert_true(kit_stream(k)->pushed < session_caller_position(k->session));
	kit_hears(k, TRANSCRIPT_FINAL, "hello");
	assert_int_equal(heard_position, session_caller_position(k->session));
}

static void counted_sound_is_counted_for_a_new_stream_too(void **state)
{
	struct stt_stream *first;

	(void)state;
	k->counted = true;
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 4200);
	k->frames_held = true;
	session_caller_gap(k->session, 800);
	k->chunk += 0;
	assert_int_equal(kit_stream(k)->silent, 800); /* silence has bytes */
	k->frames_held = false;
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 400);
	first = kit_stream(k);
	*first->slot = NULL;
	first->cancelled = true;
	first->events->ended(first->arg, ERR_CLOSED);
	kit_run(k, 1000);
	assert_true(kit_stream(k) != first);
	assert_int_equal(kit_stream(k)->silent, 800);
	assert_int_equal(kit_stream(k)->counted, kit_stream(k)->pushed - 800);
}

static void what_cannot_start_is_told_to_the_core(void **state)
{
	(void)state;
	k->stt_err = ERR_UNAVAILABLE;
	k->tts_err = ERR_BUSY;
	kit_begin(k);
	assert_true(kit_logged(k, "in stt_down", 0) >= 1);
	assert_true(kit_logged(k, "in speech_failed", 0) >= 1);
	kit_run(k, 3000);
	assert_true(kit_logged(k, "in stt_down", 0) >= 2);
	k->stt_err = k->tts_err = ERR_NONE;
	kit_run(k, 3000);
	assert_int_equal(k->stream_count, 1);
	k->llm_err = ERR_BUSY;
	kit_hears(k, TRANSCRIPT_FINAL, "When do you open?");
	kit_run(k, 4000);
	assert_true(kit_logged(k, "in model_failed", 0) >= 1);
	assert_int_equal(k->answer_count, 0);
}

static void P08_over_the_agents_words_the_clear_is_next_on_the_wire(void **state)
{
	uint64_t frames;

	(void)state;
	k->level = two_turns;
	kit_begin(k);
	to_the_question("When do you open");
	kit_model_says(k, "We are open every day of the week from nine in the morning to six in the evening, and on Sundays too.");
	while (!k->clears && session_caller_position(k->session) < 90000)
		kit_run(k, 10);
	assert_int_equal(k->clears, 1);
	frames = k->frames;
	assert_true(session_caller_position(k->session) < 72000 + 250 * 8);
	kit_run(k, 300);
	assert_int_equal(k->frames, frames);
}

static void a_tool_runs_once_and_its_step_is_in_the_journal_before(void **state)
{
	uint64_t before;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	before = journal_call_last(k->call);
	kit_model_tool(k, "book", "{\"at\":9}");
	assert_int_equal(k->run_count, 1);
	assert_string_equal(k->runs[0]->name, "book");
	assert_true(k->runs[0]->request.changes);
	assert_true(k->runs[0]->dispatched_sequence > before); /* its steps, a snapshot, an event */
	assert_true(k->snapshots >= 1);
	kit_tool_result(k->runs[0], TOOL_OK, "{\"ok\":true}");
	kit_run(k, 100);
	assert_true(k->answer_count >= 2);
}

static void key_heard(void *arg, const struct dtmf_event *event)
{
	char *keys = arg;
	size_t len = strlen(keys);

	if (!event->is_end && len < 15)
		keys[len] = event->digit;
}

/* What the carrier was given is looked through: the tones are in the agent's own track, and nobody else was asked. */
static void keys_are_tones_in_the_agents_track(void **state)
{
	struct dtmf_detector *detector;
	char keys[16] = "";

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "send_digits", .changes = true, .keys = true };
	kit_begin(k);
	to_the_question("For sales press one");
	kit_model_tool(k, "send_digits", "{\"digits\":\"17#0\"}");
	assert_int_equal(k->run_count, 0);
	kit_run(k, 2000);
	assert_int_equal(dtmf_detector_new(&detector, key_heard, keys), ERR_NONE);
	for (size_t i = 0; i < KIT_TRACK; i++) {
		int16_t sample = g711_ulaw_decode(k->heard[i]);

		dtmf_detector_push(detector, &sample, 1);
	}
	dtmf_detector_free(&detector);
	assert_string_equal(keys, "17#0");
	assert_true(k->answer_count >= 2); /* the model is told that they were heard */
}

static void the_answer_of_a_tool_that_outlives_the_call_is_kept(void **state)
{
	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	kit_model_tool(k, "book", "{\"at\":9}");
	kit_run(k, 50);
	session_hangup(k->session);
	k->media_on = false;
	assert_true(session_ended(k->session));
	kit_run(k, 2000);
	assert_int_equal(k->ended, 0); /* it waits for the tool */
	assert_true(kit_stream(k)->cancelled);
	kit_tool_result(k->runs[0], TOOL_UNKNOWN, "{}");
	assert_int_equal(k->ended, 0); /* never from inside an adapter's event */
	kit_run(k, 1);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->reason, END_CALLER);
	assert_true(kit_logged(k, "in tool_result", 0) == 1);
}

static void a_tool_that_never_answers_does_not_keep_the_call_for_ever(void **state)
{
	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	kit_model_tool(k, "book", "{\"at\":9}");
	session_hangup(k->session);
	k->media_on = false;
	kit_run(k, SESSION_LINGER_MS - 10);
	assert_int_equal(k->ended, 0);
	kit_run(k, 20);
	assert_int_equal(k->ended, 1);
	assert_true(k->runs[0]->cancelled);
}

/* ------------------------------------------------------------------ what the journal holds */

struct reading {
	unsigned int kinds[16];
	uint8_t first, last;
	uint64_t meters[METERS];
	unsigned int connected;
	uint64_t used_samples;
	struct call *call; /* replays */
	unsigned int steps, outputs;
	bool settings_equal, brief_equal;
	struct record_end end;
	unsigned int events[8];
	uint64_t caller_next, caller_gap;
	unsigned int snapshots_equal;
};

static void replay_steps(struct reading *r, const uint8_t *payload, size_t len)
{
	struct steps_reader reader;
	struct step step;
	enum err err;

	steps_reader_init(&reader, payload, len);
	while ((err = steps_next(&reader, &step)) == ERR_NONE) {
		struct call_input in;
		struct call_outputs outputs;
		struct buf bytes;
		size_t i;

		assert_int_equal(step_input(&step, &in), ERR_NONE);
		assert_int_equal(call_step(r->call, &in, &outputs), ERR_NONE);
		assert_int_equal(outputs.count, step.count);
		buf_init(&bytes, 1 << 20);
		for (i = 0; i < step.count; i++) {
			buf_reset(&bytes);
			output_encode(&outputs.items[i], &bytes);
			assert_int_equal(bytes.len, step.outputs[i].len);
			assert_memory_equal(bytes.data, step.outputs[i].data, bytes.len);
			r->outputs++;
		}
		buf_fini(&bytes);
		r->steps++;
	}
	assert_int_equal(err, ERR_NOTFOUND);
}

static void read_start(struct reading *r, const uint8_t *payload, size_t len)
{
	struct record_start start;
	struct call_settings settings;
	struct brief brief;

	assert_int_equal(record_start_decode(&start, payload, len), ERR_NONE);
	assert_int_equal(call_settings_decode(&settings, start.settings, start.settings_len), ERR_NONE);
	assert_int_equal(brief_decode(&brief, start.brief, start.brief_len), ERR_NONE);
	r->settings_equal = !memcmp(&settings, &k->settings, sizeof(settings));
	r->brief_equal = !strcmp(brief.greeting, k->brief.greeting) && brief.tool_count == k->brief.tool_count;
	assert_true(start.wall_us == 1700000000000000);
	assert_int_equal(call_new(&r->call, &settings, &brief), ERR_NONE);
}

static void read_snapshot(struct reading *r, const uint8_t *payload, size_t len)
{
	struct record_snapshot s;
	struct buf state;

	assert_int_equal(record_snapshot_decode(&s, payload, len), ERR_NONE);
	buf_init(&state, 8 << 20);
	call_save(r->call, &state); /* the replayed call stands exactly there */
	assert_int_equal(state.len, s.core_len);
	assert_memory_equal(state.data, s.core, state.len);
	buf_fini(&state);
	r->snapshots_equal++;
}

static void read_meter(struct reading *r, const uint8_t *payload, size_t len)
{
	struct record_usage u;
	struct record_meter m;

	if (!record_usage_decode(&u, payload, len)) {
		assert_string_equal(u.model, "ears");
		assert_string_equal(u.prices, PRICES_VERSION);
		assert_int_equal(u.what, USAGE_STREAM);
		r->used_samples += u.units[USAGE_AUDIO_SAMPLES];
		return;
	}
	assert_int_equal(record_meter_decode(&m, payload, len), ERR_NONE);
	assert_true(m.meter < METERS);
	r->meters[m.meter] += m.amount;
	r->connected += m.meter == METER_CONNECTED_MS;
}

static void read_caller(struct reading *r, const uint8_t *payload, size_t len)
{
	struct record_caller c;

	assert_int_equal(record_caller_decode(&c, payload, len), ERR_NONE);
	assert_true(c.position - c.gap_samples == r->caller_next); /* what is missing is said to be */
	assert_true(c.samples <= 1600);
	assert_memory_equal(c.ulaw, k->said + c.position, c.samples);
	r->caller_next = c.position + c.samples;
	r->caller_gap += c.gap_samples;
}

static enum err read_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct reading *r = arg;
	uint8_t kind = item->record.header.kind;
	struct record_event e;

	assert_int_equal(payload_err, ERR_NONE);
	assert_true(kind < 16);
	r->kinds[kind]++;
	r->first = r->first ? r->first : kind;
	r->last = kind;
	switch (kind) {
	case JOURNAL_START: read_start(r, payload, len); break;
	case RECORD_STEPS: replay_steps(r, payload, len); break;
	case JOURNAL_SNAPSHOT: read_snapshot(r, payload, len); break;
	case JOURNAL_METER: read_meter(r, payload, len); break;
	case JOURNAL_AUDIO_CALLER: read_caller(r, payload, len); break;
	case JOURNAL_END: assert_int_equal(record_end_decode(&r->end, payload, len), ERR_NONE); break;
	case JOURNAL_EVENT:
		assert_int_equal(record_event_decode(&e, payload, len), ERR_NONE);
		assert_true(e.kind < 8);
		r->events[e.kind]++;
		break;
	default: break;
	}
	return ERR_NONE;
}

static void whole_call(void)
{
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	kit_model_tool(k, "book", "{\"at\":9}");
	kit_run(k, 300);
	kit_tool_result(k->runs[0], TOOL_OK, "{\"ok\":true}");
	kit_run(k, 100);
	kit_model_says(k, "It is booked for nine.");
	kit_run(k, 4000);
	session_digit(k->session, '7');
	session_knowledge(k->session, 1, "Nine is taken on Mondays.", 25);
	kit_run(k, 200);
}

static void the_journal_replays_byte_for_byte(void **state)
{
	struct reading r = { 0 };
	struct session_usage usage;
	uint64_t connected;

	(void)state;
	whole_call();
	connected = k->now_us - k->media_us;
	session_hangup(k->session);
	session_usage(k->session, &usage);
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
	kit_journal_close(k);
	kit_read(k, read_h, &r);
	assert_int_equal(r.first, JOURNAL_START);
	assert_int_equal(r.last, JOURNAL_END);
	assert_true(r.settings_equal && r.brief_equal);
	assert_int_equal(r.steps, k->steps);
	assert_int_equal(r.steps, r.end.steps);
	assert_true(r.outputs > 50);
	assert_true(r.snapshots_equal >= 2);
	assert_int_equal(r.end.reason, END_CALLER);
	assert_int_equal(r.end.connected_us, connected);
	assert_int_equal(r.connected, 1); /* N3: once */
	assert_int_equal(r.meters[METER_CONNECTED_MS], connected / 1000);
	assert_int_equal(usage.connected_ms, connected / 1000);
	assert_int_equal(r.meters[METER_STT_MS], usage.stt_ms);
	assert_int_equal(usage.stt_ms, kit_stream(k)->pushed / 8);
	assert_int_equal(r.used_samples, kit_stream(k)->pushed);
	assert_int_equal(r.meters[METER_MODEL_TOKENS], 12);
	assert_int_equal(r.meters[METER_MODEL_REQUESTS], usage.model_requests);
	assert_int_equal(r.meters[METER_TOOL_CALLS], 1);
	assert_true(r.meters[METER_TTS_CHARACTERS] == usage.tts_characters && usage.tts_characters >= 22);
	assert_int_equal(r.events[EVENT_FINAL], 1);
	assert_int_equal(r.events[EVENT_TOOL], 1);
	assert_int_equal(r.events[EVENT_TOOL_RESULT], 1);
	assert_true(r.events[EVENT_NOTE] >= 5);
	assert_int_equal(r.caller_next, k->said_samples); /* N4: all of it */
	assert_int_equal(r.caller_gap, 0);
	assert_true(r.kinds[RECORD_STEPS] >= k->steps / 8); /* a level alone waits 150 ms at most */
	call_free(r.call);
}

static void gaps_of_the_carrier_are_said_to_be(void **state)
{
	struct reading r = { 0 };

	(void)state;
	kit_begin(k);
	kit_run(k, 1000);
	session_caller_gap(k->session, 4000);
	assert_int_equal(kit_stream(k)->silent, 4000);
	kit_run(k, 1000);
	assert_int_equal(session_caller_position(k->session), 100 * FRAME + 4000);
	session_hangup(k->session);
	kit_run(k, 10);
	kit_journal_close(k);
	kit_read(k, read_h, &r);
	assert_int_equal(r.caller_gap, 4000);
	assert_int_equal(r.caller_next, 100 * FRAME + 4000);
	call_free(r.call);
}

static void F06_what_the_journal_refuses_is_a_gap_and_the_call_goes_on(void **state)
{
	struct journal_options options;
	struct session_usage usage;
	struct reading r = { 0 };

	(void)state;
	assert_int_equal(disk_virtual_new(&k->v), ERR_NONE);
	k->disk = disk_virtual_disk(k->v);
	journal_options_defaults(&options);
	options.segment_bytes = 1 << 20;
	options.reserve_bytes = 1 << 16;
	options.ring_bytes = 1 << 16;
	options.buffer_bytes = 8192; /* half a second of sound, then it is full until a commit */
	options.event_buffer_bytes = 1 << 20;
	assert_int_equal(journal_open(&k->journal, &k->disk, KIT_DIR, &options, k->now_us, NULL, NULL), ERR_NONE);
	k->tenant.bytes[0] = 1;
	k->id.bytes[0] = 2;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 1, k->now_us), ERR_NONE);
	kit_begin(k);
	kit_run(k, 400);
	k->frames_held = true; /* kit_commit runs with frames; these come by hand */
	{
		uint8_t frame[FRAME];
		unsigned int i;

		for (i = 0; i < 400; i++) {
			memset(frame, (int)(i % 100) + 1, FRAME);
			memcpy(k->said + session_caller_position(k->session), frame, FRAME);
			session_caller_audio(k->session, frame, FRAME);
		}
	}
	kit_commit(k);
	k->frames_held = false;
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 1000);
	session_usage(k->session, &usage);
	assert_true(usage.audio_lost_samples > 8000);
	session_hangup(k->session);
	kit_run(k, 10);
	kit_journal_close(k);
	kit_read(k, read_h, &r); /* read_caller holds every position against what was said */
	assert_true(r.caller_gap > 8000);
	assert_int_equal(r.caller_next, k->said_samples);
	assert_int_equal(r.last, JOURNAL_END);
	call_free(r.call);
}

static uint64_t unmarked;

static enum err sabotage_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct reading *r = arg;
	struct record_caller c;

	(void)payload_err;
	r->kinds[item->record.header.kind]++;
	if (item->record.header.kind == JOURNAL_METER)
		read_meter(r, payload, len);
	if (item->record.header.kind != JOURNAL_AUDIO_CALLER)
		return ERR_NONE;
	assert_int_equal(record_caller_decode(&c, payload, len), ERR_NONE);
	unmarked += c.position - c.gap_samples - r->caller_next;
	r->caller_next = c.position + c.samples;
	return ERR_NONE;
}

static void sabotaged(enum session_guard guard, struct reading *r)
{
	kit_begin(k);
	session_sabotage(k->session, guard);
	kit_run(k, 3000);
	session_hangup(k->session);
	kit_run(k, 10);
	kit_journal_close(k);
	unmarked = 0;
	kit_read(k, sabotage_h, r);
}

static void without_its_guard_N3_breaks(void **state)
{
	struct reading r = { 0 };

	(void)state;
	sabotaged(SESSION_GUARD_N3, &r);
	assert_int_equal(r.connected, 0);
	assert_true(r.kinds[RECORD_STEPS] > 10 && unmarked == 0);
}

static void without_its_guard_N4_breaks(void **state)
{
	struct reading r = { 0 };

	(void)state;
	sabotaged(SESSION_GUARD_N4, &r);
	assert_true(unmarked >= 1600 && unmarked < 12000);
	assert_int_equal(r.connected, 1);
}

static void without_its_guard_N5_breaks(void **state)
{
	struct reading r = { 0 };

	(void)state;
	sabotaged(SESSION_GUARD_N5, &r);
	assert_true(r.kinds[RECORD_STEPS] < 5); /* those of the ringing, before */
	assert_int_equal(r.kinds[JOURNAL_EVENT], 0);
	assert_int_equal(r.connected, 1);
}

/* ------------------------------------------------------------------ moving a call */

static void a_dead_workers_call_goes_on_from_the_snapshot(void **state)
{
	struct reading r = { 0 };
	uint64_t position;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	kit_model_tool(k, "book", "{\"at\":9}");
	assert_true(k->snapshot.len > 0);
	kit_run(k, 200);
	session_drop(&k->session);
	journal_call_close(&k->call, k->now_us);
	kit_commit(k);
	k->now_us += 2000 * MS; /* nobody has the call */
	k->wake_us = UINT64_MAX;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 2, k->now_us), ERR_NONE);
	kit_io(k);
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	position = session_caller_position(k->session);
	assert_int_equal(position, (k->now_us - k->media_us) / 125); /* time went on without us */
	assert_int_equal(k->run_count, 2); /* under the same key: the ledger answers */
	assert_int_equal(k->runs[1]->request.turn, k->runs[0]->request.turn);
	assert_int_equal(k->runs[1]->request.index, k->runs[0]->request.index);
	k->chunk = position;
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 500);
	assert_int_equal(kit_stream(k)->pushed, 25 * FRAME);
	kit_tool_result(k->runs[1], TOOL_OK, "{\"ok\":true}");
	kit_run(k, 200);
	kit_model_says(k, "It is booked for nine.");
	kit_run(k, 4000);
	session_hangup(k->session);
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
	kit_journal_close(k);
	(void)r;
}

/* ------------------------------------------------------------------ a journal that has stopped */

static void booking(void)
{
	k->brief.tool_count = 2;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	k->brief.tools[1] = (struct brief_tool){ .name = "look" };
}

static void journal_stops(void)
{
	k->disk_may_fail = true;
	disk_virtual_read_only(k->v, true);
	kit_run(k, 200);
	assert_int_equal(journal_health(k->journal), JOURNAL_STOPPED);
}

static void journal_goes_on(void)
{
	disk_virtual_read_only(k->v, false);
	while (k->stuck || journal_counts(k->journal).waiting_bytes)
		kit_commit(k);
	assert_int_equal(journal_health(k->journal), JOURNAL_OK);
}

static void F07_nothing_is_changed_that_cannot_be_recorded(void **state)
{
	(void)state;
	booking();
	kit_begin(k);
	to_the_question("Book it for nine please");
	journal_stops();
	kit_model_tool(k, "book", "{\"at\":9}");
	assert_int_equal(k->run_count, 0);
	kit_run(k, 100);
	assert_int_equal(k->answer_count, 2);
	assert_non_null(strstr(kit_answer(k)->shown, "not done: nothing can be recorded at the moment"));
	kit_model_tool(k, "look", "{}"); /* reading goes on */
	assert_int_equal(k->run_count, 1);
	kit_tool_result(k->runs[0], TOOL_OK, "free at nine");
	kit_run(k, 100);
	assert_int_equal(k->answer_count, 3);
	journal_goes_on();
	kit_model_tool(k, "book", "{\"at\":10}");
	assert_int_equal(k->run_count, 2);
	assert_true(k->runs[1]->request.changes);
}

/* The other worker may have had its answer: nobody here may say that it was not done. */
static void F07_a_change_that_a_dead_worker_asked_for_is_not_called_undone(void **state)
{
	(void)state;
	booking();
	kit_begin(k);
	to_the_question("Book it for nine please");
	kit_model_tool(k, "book", "{\"at\":9}");
	assert_int_equal(k->run_count, 1);
	session_drop(&k->session);
	journal_call_close(&k->call, k->now_us);
	kit_commit(k);
	k->now_us += 2000 * MS;
	k->wake_us = UINT64_MAX;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 2, k->now_us), ERR_NONE);
	k->disk_may_fail = true;
	disk_virtual_read_only(k->v, true);
	assert_int_equal(journal_append(k->call, JOURNAL_EVENT, "", 0, k->now_us), ERR_NONE); /* it finds out that nothing can be written */
	kit_commit(k);
	assert_int_equal(journal_health(k->journal), JOURNAL_STOPPED);
	kit_io(k);
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	assert_int_equal(k->run_count, 1);
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 1000);
	assert_non_null(strstr(kit_answer(k)->shown, "it may or may not have been done"));
	assert_null(strstr(kit_answer(k)->shown, "not done:"));
}

static enum err last_records_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct reading *r = arg;
	uint8_t kind = item->record.header.kind;

	assert_int_equal(payload_err, ERR_NONE);
	assert_true(kind < 16);
	r->kinds[kind]++;
	r->last = kind;
	if (kind == JOURNAL_METER)
		read_meter(r, payload, len);
	else if (kind == JOURNAL_END)
		assert_int_equal(record_end_decode(&r->end, payload, len), ERR_NONE);
	return ERR_NONE;
}

/* It hangs up while nothing can be written; the worker has let go of it long before there is room. */
static void F07_the_end_of_a_call_waits_for_room(void **state)
{
	struct session_usage usage;
	struct reading r = { 0 };

	(void)state;
	kit_begin(k);
	to_the_question("When do you open");
	journal_stops();
	kit_run(k, 1000);
	session_hangup(k->session);
	session_usage(k->session, &usage);
	k->media_on = false;
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
	journal_call_close(&k->call, k->now_us);
	journal_goes_on();
	assert_int_equal(journal_counts(k->journal).calls, 0);
	assert_int_equal(journal_close(&k->journal, k->now_us), ERR_NONE);
	kit_read(k, last_records_h, &r);
	assert_int_equal(r.kinds[JOURNAL_END], 1);
	assert_int_equal(r.last, JOURNAL_END);
	assert_int_equal(r.end.reason, END_CALLER);
	assert_int_equal(r.connected, 1);
	assert_int_equal(r.meters[METER_CONNECTED_MS], usage.connected_ms);
	assert_int_equal(r.meters[METER_STT_MS], usage.stt_ms);
	assert_int_equal(r.meters[METER_MODEL_REQUESTS], usage.model_requests);
	assert_true(r.kinds[JOURNAL_GAP] > 0);
}

/* To another worker, which has the snapshot. */
static void moved(const void *snapshot, size_t len)
{
	session_drop(&k->session);
	journal_call_close(&k->call, k->now_us);
	kit_commit(k);
	k->now_us += 2000 * MS; /* nobody has the call */
	k->wake_us = UINT64_MAX;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 2, k->now_us), ERR_NONE);
	kit_io(k);
	if (!k->media_on) {
		k->io.media = NULL;
		k->io.carrier_ended_us = k->now_us - 1500 * MS;
	}
	assert_int_equal(session_attach(&k->session, &k->io, snapshot, len, k->began_us), ERR_NONE);
}

static enum err ended_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct record_end *end = arg;

	(void)payload_err;
	if (item->record.header.kind == JOURNAL_END)
		assert_int_equal(record_end_decode(end, payload, len), ERR_NONE);
	return ERR_NONE;
}

/* He hung up half a second after the worker died; the next one comes two seconds after that. */
static void N3_a_call_that_ended_while_nobody_had_it_counts_to_its_end(void **state)
{
	struct session_usage usage;
	struct record_end end = { 0 };
	uint64_t died;

	(void)state;
	kit_begin(k);
	to_the_question("Book it for nine please");
	died = (k->now_us - k->media_us) / MS;
	k->media_on = false;
	moved(k->snapshot.data, k->snapshot.len);
	assert_true(session_ended(k->session));
	session_usage(k->session, &usage);
	assert_int_equal(usage.connected_ms, died + 500);
	assert_int_equal(session_caller_position(k->session), (died + 500) * 8);
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->reason, END_CALLER);
	kit_journal_close(k);
	kit_read(k, ended_h, &end);
	assert_int_equal(end.connected_us, (died + 500) * MS);
	assert_int_equal(end.at_us - end.media_us, (died + 500) * MS);
}

/* The worker died before it pushed any snapshot: the next one begins the call anew, at the time and place where it is. */
static void F01_a_worker_that_died_at_once_is_replaced(void **state)
{
	struct buf first;
	size_t from;

	(void)state;
	kit_begin(k);
	kit_run(k, 700);
	assert_int_equal(k->snapshots, 0);
	buf_init(&first, 1 << 20);
	assert_int_equal(session_first_snapshot(&first, &k->settings, &k->brief, k->media_us - k->began_us), ERR_NONE);
	from = k->log_count;
	moved(first.data, first.len);
	buf_fini(&first);
	assert_int_equal(session_caller_position(k->session), (k->now_us - k->media_us) / 125);
	assert_true(session_awaits_start(k->session));
	session_start(k->session);
	assert_false(session_awaits_start(k->session));
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
	k->carrier_busy_us = 0;
	kit_run(k, 4000);
	assert_int_equal(kit_logged(k, "out speak", from), 1); /* the greeting, and heard to its end */
	assert_int_equal(kit_logged(k, "note heard", from), 1);
	session_hangup(k->session);
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
}

static enum err end_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	unsigned int *kinds = arg;
	struct record_start s;

	(void)payload_err;
	kinds[item->record.header.kind]++;
	if (item->record.header.kind == JOURNAL_ATTACH) {
		assert_int_equal(record_start_decode(&s, payload, len), ERR_NONE);
		assert_int_equal(s.snapshot_len, k->snapshot.len);
	}
	return ERR_NONE;
}

static void a_session_closed_early_has_no_end(void **state)
{
	unsigned int kinds[256] = { 0 };

	(void)state;
	kit_begin(k);
	kit_run(k, 2000);
	session_close(&k->session);
	assert_null(k->session);
	assert_true(kit_stream(k)->cancelled);
	assert_true(k->voices[0]->cancelled);
	assert_int_equal(k->ended, 0);
	kit_journal_close(k);
	kit_read(k, end_h, kinds);
	assert_int_equal(kinds[JOURNAL_END], 0);
	assert_int_equal(kinds[JOURNAL_START], 1);
	assert_true(kinds[RECORD_STEPS] > 10);
}

/* What a provider was used for is written by who had it, once: when the call is left, not by a worker that died. */
static void what_was_used_is_written_by_who_leaves_the_call(void **state)
{
	struct reading r = { .used_samples = 0 };

	(void)state;
	kit_begin(k);
	kit_run(k, 2000);
	session_close(&k->session);
	kit_journal_close(k);
	kit_read(k, sabotage_h, &r);
	assert_true(kit_stream(k)->pushed > 8000);
	assert_int_equal(r.used_samples, kit_stream(k)->pushed);
	assert_int_equal(r.meters[METER_STT_MS], r.used_samples / 8);
}

static void a_worker_that_dies_writes_of_nobody(void **state)
{
	struct reading r = { .used_samples = 0 };

	(void)state;
	kit_begin(k);
	kit_run(k, 2000);
	session_drop(&k->session);
	kit_journal_close(k);
	kit_read(k, sabotage_h, &r);
	assert_int_equal(r.used_samples, 0);
	assert_int_equal(r.kinds[JOURNAL_METER], 0);
}

/* The caller's turn, up to where the session parked itself. */
static void to_the_boundary(void)
{
	k->parks = true;
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, "When do you open");
	kit_run(k, 500);
	assert_int_equal(k->snapshots, 0);
	kit_hears(k, TRANSCRIPT_FINAL, "When do you open");
	while (!k->snapshots)
		kit_run(k, 20);
	k->parks = false;
}

/* Between the caller's turn and the answer: the model is asked by the next worker alone, and what comes meanwhile is stepped by nobody. */
static void parked_at_a_turns_boundary_it_goes_on_elsewhere(void **state)
{
	uint64_t frames;
	unsigned int steps, voices, answers, asked;

	(void)state;
	to_the_boundary();
	steps = k->steps;
	frames = k->frames;
	answers = k->answer_count;
	asked = kit_logged(k, "note turn", 0);
	assert_int_equal(asked, 1);
	kit_run(k, 300);
	session_digit(k->session, '5');
	assert_int_equal(k->steps, steps);
	assert_int_equal(k->frames, frames);
	assert_false(session_park(k->session)); /* it is */
	assert_false(session_still(k->session));
	voices = k->voice_count;
	moved(k->snapshot.data, k->snapshot.len);
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 100);
	assert_int_equal(kit_logged(k, "in digit", 0), 0);
	assert_true(k->answer_count > answers);
	assert_int_equal(k->voice_count, voices + 1); /* a filler, for there was silence for long; the greeting was heard: not again */
	kit_model_says(k, "It opens at nine.");
	kit_run(k, 3000);
	assert_int_equal(kit_logged(k, "note heard", 0), 3);
	assert_int_equal(kit_logged(k, "note turn", 0), 1);
}

static void outcome_of_snapshot(const char *wanted)
{
	char outcome[RECORD_OUTCOME_MAX] = "";
	struct record_snapshot r;

	k->snapshots = 0;
	assert_true(session_park(k->session));
	assert_int_equal(k->snapshots, 1);
	assert_int_equal(record_snapshot_decode(&r, k->snapshot.data, k->snapshot.len), ERR_NONE);
	assert_int_equal(record_outcome(r.outcome, r.outcome_len, outcome, sizeof(outcome)), *wanted != 0);
	assert_string_equal(outcome, wanted);
	session_unpark(k->session);
}

/* Whoever takes it over, without this one's journal, knows what the agent ended the call with. */
static void the_outcome_goes_with_the_snapshot(void **state)
{
	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "end_call", .ends = true };
	kit_begin(k);
	to_the_question("That is all thank you");
	outcome_of_snapshot("");
	kit_answer(k)->events->text(kit_answer(k)->arg, "Then I wish you a good day, and goodbye.", 40);
	kit_model_tool(k, "end_call", "{\"outcome\": \"confirmed\"}");
	outcome_of_snapshot("confirmed");
	moved(k->snapshot.data, k->snapshot.len);
	outcome_of_snapshot("confirmed");
}

/* Nobody takes it: what waited is stepped in its order, and the answer comes. */
static void unparked_it_goes_on_as_if_nothing_had_been(void **state)
{
	unsigned int steps;

	(void)state;
	to_the_boundary();
	steps = k->steps;
	kit_run(k, 300);
	session_unpark(k->session);
	assert_true(k->steps > steps + 5); /* the levels of 300 ms */
	session_unpark(k->session);
	assert_true(k->answer_count > 0);
	kit_model_says(k, "It opens at nine.");
	kit_run(k, 3000);
	assert_int_equal(kit_logged(k, "note heard", 0), 2);
	assert_false(session_ended(k->session));
	session_hangup(k->session);
	assert_false(session_park(k->session)); /* there is nothing to move */
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
}

/* In the middle of the agent's words: they go on behind what was heard. */
static void parked_in_a_sentence_it_goes_on_behind_what_was_heard(void **state)
{
	size_t whole;

	(void)state;
	kit_begin(k);
	whole = strlen(k->brief.greeting);
	while (!k->frames)
		kit_run(k, 20);
	kit_run(k, 600);
	assert_false(session_still(k->session));
	assert_true(session_park(k->session));
	assert_int_equal(k->snapshots, 1);
	moved(k->snapshot.data, k->snapshot.len);
	kit_run(k, 10);
	assert_int_equal(k->voice_count, 2);
	assert_true(k->voices[1]->len > 0 && k->voices[1]->len < whole);
	assert_memory_equal(k->voices[1]->text, k->brief.greeting + whole - k->voices[1]->len, k->voices[1]->len);
}

/* Opening took a quarter of a second; what was said meanwhile still lies in the socket, and belongs to when it was said. */
static void sound_that_waited_while_the_call_was_opened_is_placed_when_it_was_said(void **state)
{
	const uint64_t late = 256 * MS;
	struct session_usage usage;

	(void)state;
	kit_io(k);
	k->began_us = k->now_us;
	k->io.caller_us = k->now_us - 5 * MS; /* of two clocks: a moment before the call's began */
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
	k->now_us += late;
	kit_media_begins(k);
	session_usage(k->session, &usage);
	assert_int_equal(usage.connected_ms, late / MS);
	k->frame_us = k->now_us;
	kit_run(k, 1000);
	assert_true(session_park(k->session));
	session_drop(&k->session);
	k->wake_us = UINT64_MAX;
	k->now_us += 2000 * MS;
	kit_io(k);
	k->io.caller_us = k->now_us - late;
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	assert_int_equal(session_caller_position(k->session), (k->now_us - late - k->began_us) / 125);
	session_media_back(k->session, &kit_media, k);
	assert_int_equal(session_caller_position(k->session), (k->now_us - k->began_us) / 125);
}

/* On the host that had the call: the recogniser is given again what it had not understood, silence for what nobody heard, and then what comes. */
static void what_was_heard_before_is_heard_again(void **state)
{
	static uint8_t past[SESSION_CALLER_RING_MS * 8];
	struct stt_stream *before, *after;
	uint64_t position, gap, base;
	size_t samples, kept;

	(void)state;
	kit_begin(k);
	kit_run(k, 9000); /* more than the ring has */
	before = kit_stream(k);
	assert_true(session_park(k->session));
	position = session_caller_position(k->session);
	samples = session_caller_past(k->session, past);
	assert_int_equal(samples, sizeof(past));
	assert_memory_equal(past, before->bytes + before->pushed - samples, samples);
	session_drop(&k->session);
	k->wake_us = UINT64_MAX;
	k->now_us += 1000 * MS;
	kit_io(k);
	k->io.past = past;
	k->io.past_samples = samples;
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	gap = session_caller_position(k->session) - position;
	after = kit_stream(k);
	assert_ptr_not_equal(before, after);
	assert_int_equal(gap, 8000);
	(void)session_given(k->session, 0, &base);
	assert_int_equal(base, position + gap - samples); /* the oldest second of it made room for the silence, */
	kept = samples - gap + PAUSE_KEPT_SAMPLES;        /* of which hardly any is given */
	assert_int_equal(after->pushed, kept);
	assert_memory_equal(after->bytes, past + gap, samples - gap);
	assert_int_equal(after->bytes[kept - 1], 0xff);
	assert_int_equal(session_caller_past(k->session, past), samples);
	assert_string_equal(after->asked, before->asked); /* what it is an answer to */
	assert_true(*after->asked);
}

static void foreign_bytes_are_no_snapshot(void **state)
{
	static const uint8_t garbage[] = { 0x32, 0x05, 1, 2, 3, 4, 5 };
	unsigned int i;

	(void)state;
	kit_begin(k);
	to_the_question("When do you open");
	kit_run(k, 10);
	assert_true(k->snapshot.len > 100);
	session_close(&k->session);
	kit_io(k);
	assert_int_not_equal(session_attach(&k->session, &k->io, garbage, sizeof(garbage), 0), ERR_NONE);
	assert_null(k->session);
	assert_int_not_equal(session_attach(&k->session, &k->io, "", 0, 0), ERR_NONE);
	for (i = 0; i + sizeof("en-US") + 1 < k->snapshot.len; i += 1 + (unsigned int)k->snapshot.len / 40) /* its last field may be missing */
		assert_int_not_equal(session_attach(&k->session, &k->io, k->snapshot.data, i, 0), ERR_NONE);
}

static void media_lost_and_back_on_another_socket(void **state)
{
	uint64_t frames;

	(void)state;
	kit_begin(k);
	kit_run(k, 300); /* in the greeting */
	session_media_lost(k->session);
	k->media_on = false;
	frames = k->frames;
	kit_run(k, 1500);
	assert_int_equal(k->frames, frames);
	k->carrier_busy_us = 0;
	k->queue_first = k->queue_count;
	session_media_back(k->session, &kit_media, k);
	k->media_on = true;
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
	assert_int_equal(session_caller_position(k->session), (k->now_us - k->media_us) / 125);
	kit_run(k, 3000);
	assert_true(k->frames > frames); /* what was not heard is said */
	assert_int_equal(kit_logged(k, "in attached", 0), 1);
	assert_false(session_ended(k->session));
}

static void N3_time_without_media_counts_only_when_the_carrier_says_so(void **state)
{
	struct session_usage usage;
	uint64_t lost;

	(void)state;
	kit_begin(k);
	kit_run(k, 2000);
	lost = (k->now_us - k->media_us) / 1000;
	session_media_lost(k->session);
	k->media_on = false;
	kit_run(k, 3000);
	session_usage(k->session, &usage);
	assert_int_equal(usage.connected_ms, lost); /* to the last packet, as far as anybody knows, */
	session_hangup(k->session);
	session_usage(k->session, &usage);
	assert_int_equal(usage.connected_ms, lost + 3000); /* until the carrier tells of a later end */
}

static void media_that_stays_away_ends_the_call(void **state)
{
	(void)state;
	kit_begin(k);
	kit_run(k, 300);
	session_media_lost(k->session);
	k->media_on = false;
	kit_run(k, (uint64_t)k->settings.call_attach_ms + 100);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->reason, END_LOST);
	assert_int_equal(k->hangups, 0); /* there is no socket to say it to */
}

/* ------------------------------------------------------------------ a socket that dies without closing */

static const char long_answer[] = "We are open every day of the week from nine in the morning to six in the evening, and on Sundays too.";

/* Nothing comes any more, and no socket closes. */
static void line_dies(void)
{
	k->frames_held = true;
}

/* The carrier goes on; of the time between, it says that nothing came. */
static void line_lives(uint64_t missed_ms)
{
	k->frames_held = false;
	k->frame_us = k->now_us + 20 * MS;
	session_caller_gap(k->session, missed_ms * 8);
	k->chunk = session_caller_position(k->session);
}

/* The caller spoke over the agent, which is held. */
static void to_the_hold(void)
{
	k->level = two_turns;
	kit_begin(k);
	to_the_question("When do you open");
	kit_model_says(k, long_answer);
	while (!k->clears && session_caller_position(k->session) < 90000)
		kit_run(k, 10);
	assert_int_equal(k->clears, 1);
}

/* From the last frame on: 2 s, then the window, then the end. */
static void expect_the_end(void)
{
	uint64_t died = k->now_us, frames;

	line_dies();
	kit_run(k, 1950);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 0);
	kit_run(k, 60);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	frames = k->frames;
	kit_run(k, (uint64_t)k->settings.call_attach_ms - 100);
	assert_int_equal(k->ended, 0);
	assert_int_equal(k->frames, frames);
	kit_run(k, 200);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->reason, END_LOST);
	assert_int_equal(k->hangups, 1); /* the socket is there: it is told */
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	assert_true(k->now_us - died < (uint64_t)(2200 + k->settings.call_attach_ms) * MS);
}

static void F14_a_deaf_socket_ends_the_call(void **state)
{
	(void)state;
	kit_begin(k);
	kit_run(k, 3000);
	expect_the_end();
}

static void F14_a_socket_that_is_deaf_from_the_start_ends_the_call(void **state)
{
	(void)state;
	kit_begin(k);
	expect_the_end();
}

static void F14_a_socket_that_goes_deaf_in_the_callers_words_ends_the_call(void **state)
{
	(void)state;
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 4700);
	kit_hears(k, TRANSCRIPT_PARTIAL, "When do you");
	expect_the_end();
	assert_int_equal(k->answer_count, 0);
}

static void F14_a_socket_that_goes_deaf_while_the_agent_is_held_ends_the_call(void **state)
{
	(void)state;
	to_the_hold();
	expect_the_end();
}

/* What its socket has queued may still be heard. */
static void P08_the_floor_that_is_taken_on_a_deaf_line_clears_it(void **state)
{
	(void)state;
	k->level = one_turn;
	kit_begin(k);
	to_the_question("When do you open");
	kit_model_says(k, long_answer);
	kit_run(k, 1000);
	line_dies();
	kit_run(k, 2100);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	assert_int_equal(k->clears, 0);
	session_digit(k->session, '1');
	session_digit(k->session, '#');
	assert_int_equal(k->clears, 1);
}

static void F14_a_line_that_is_heard_again_goes_on(void **state)
{
	uint64_t frames, position, died;
	struct session_usage usage;

	(void)state;
	kit_begin(k);
	kit_run(k, 300); /* in the greeting */
	position = session_caller_position(k->session);
	died = k->now_us;
	line_dies();
	kit_run(k, 3000);
	session_usage(k->session, &usage);
	assert_true(k->mark_first > 0 && k->marks[k->mark_first - 1].at_us > died + 200 * MS);
	assert_int_equal(usage.connected_ms, 300 + (k->marks[k->mark_first - 1].at_us - died) / MS); /* to the last packet: marks came on */
	frames = k->frames;
	assert_int_equal(k->clears, 0); /* nothing is sent */
	line_lives(3000);
	assert_int_equal(k->clears, 1); /* what it has queued is not to be heard twice */
	assert_int_equal(session_caller_position(k->session), position + 24000);
	kit_run(k, 16000);
	assert_true(k->frames > frames);
	assert_int_equal(kit_logged(k, "in attached", 0), 1);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	assert_false(session_ended(k->session)); /* the window is closed */
	session_usage(k->session, &usage);
	assert_int_equal(usage.connected_ms, 19300);
}

static void F14_a_held_agent_is_heard_again_with_the_line(void **state)
{
	static uint8_t sound[sizeof(long_answer) * SAMPLES_A_BYTE];
	unsigned int voices;
	size_t i, len;

	(void)state;
	to_the_hold();
	voices = k->voice_count;
	line_dies();
	kit_run(k, 3000);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	k->level = one_turn; /* he has stopped talking */
	line_lives(3000);
	kit_run(k, 12000);
	assert_true(k->voice_count > voices);
	len = strlen(k->voices[voices]->text);
	assert_true(len > 20);
	assert_true(strstr(long_answer, k->voices[voices]->text) > long_answer); /* from the first word that was not heard on */
	for (i = 0; i < len * SAMPLES_A_BYTE; i++)
		sound[i] = kit_sound(k->voices[voices]->text, len, (uint32_t)i);
	assert_non_null(memmem(k->heard, KIT_TRACK, sound, len * SAMPLES_A_BYTE));
	assert_false(session_ended(k->session));
}

static void F14_audio_that_was_only_late_is_all_heard(void **state)
{
	uint64_t died, base;
	unsigned int i;

	(void)state;
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 3000);
	died = session_caller_position(k->session);
	line_dies();
	kit_run(k, 3000);
	k->frames_held = false;
	k->frame_us = k->now_us + 20 * MS;
	for (i = 0; i < 150; i++)
		kit_caller_frame(k); /* all that was queued, at once */
	assert_int_equal(session_caller_position(k->session), died + 24000);
	assert_int_equal(kit_logged(k, "in attached", 0), 1);
	assert_true(kit_given(k) > 0);
	(void)session_given(k->session, 0, &base);
	assert_true(base <= died);
	kit_hears(k, TRANSCRIPT_FINAL, "When do you open");
	kit_run(k, 2000);
	assert_int_equal(k->answer_count, 1);
}

static void F14_a_deaf_socket_that_closes_is_told_nothing_more(void **state)
{
	(void)state;
	kit_begin(k);
	kit_run(k, 300);
	line_dies();
	kit_run(k, 2500);
	session_media_lost(k->session);
	kit_run(k, (uint64_t)k->settings.call_attach_ms);
	assert_int_equal(k->reason, END_LOST);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->hangups, 0);
	assert_int_equal(k->clears, 0);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
}

static void F14_another_socket_takes_over_from_a_deaf_one(void **state)
{
	uint64_t frames;

	(void)state;
	kit_begin(k);
	kit_run(k, 300);
	line_dies();
	kit_run(k, 2500);
	frames = k->frames;
	session_media_back(k->session, &kit_media, k);
	k->frames_held = false;
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 16000);
	assert_true(k->frames > frames);
	assert_int_equal(kit_logged(k, "in attached", 0), 1);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	assert_false(session_ended(k->session));
}

static void a_worker_that_stood_still_does_not_blame_the_line(void **state)
{
	(void)state;
	kit_begin(k);
	kit_run(k, 1000);
	k->now_us += 5000 * MS;
	k->wake_us = UINT64_MAX;
	session_woken(k->session); /* before what came meanwhile is read */
	kit_run(k, 1000);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 0);
	expect_the_end(); /* and it is watched as before */
}

/* A loop that is always 300 ms late: first it does what is due, then it reads what came. */
static void late_loop(uint64_t ms)
{
	uint64_t until = k->now_us + ms * MS;

	while (k->now_us < until && !k->ended) {
		assert_true(k->wake_us < UINT64_MAX);
		k->now_us = (k->wake_us > k->now_us ? k->wake_us : k->now_us) + 300 * MS;
		k->wake_us = UINT64_MAX;
		session_woken(k->session);
		for (; !k->frames_held && k->frame_us <= k->now_us; k->frame_us += 20 * MS)
			kit_caller_frame(k);
	}
}

static void F14_a_loop_that_is_always_late_finds_a_dead_line(void **state)
{
	struct session_usage usage;
	uint64_t heard_ms;

	(void)state;
	kit_begin(k);
	kit_run(k, 1000);
	late_loop(20000);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 0);
	heard_ms = (k->now_us - k->media_us) / MS;
	line_dies();
	late_loop(3500); /* 2 s, late, and late again */
	assert_int_equal(kit_logged(k, "in media_lost", 0), 1);
	session_usage(k->session, &usage);
	assert_int_equal(usage.connected_ms, heard_ms); /* not to where it looked first */
	late_loop((uint64_t)k->settings.call_attach_ms);
	assert_int_equal(k->reason, END_LOST);
}

/* It stands still, looks, and stands still again: what was read between the two looks counts. */
static void a_worker_that_stands_still_twice_does_not_blame_the_line(void **state)
{
	unsigned int i;

	(void)state;
	kit_begin(k);
	kit_run(k, 1000);
	for (i = 0; i < 4; i++) {
		k->now_us += 5000 * MS;
		k->wake_us = UINT64_MAX;
		session_woken(k->session);
		k->frame_us = k->now_us + 20 * MS;
		kit_caller_frame(k);
	}
	kit_run(k, 1000);
	assert_int_equal(kit_logged(k, "in media_lost", 0), 0);
}

static void a_stall_of_the_line_is_no_loss(void **state)
{
	unsigned int i;

	(void)state;
	kit_begin(k);
	for (i = 0; i < 5; i++) {
		line_dies();
		kit_run(k, 1950);
		line_lives(1950);
		kit_run(k, 40);
	}
	assert_int_equal(kit_logged(k, "in media_lost", 0), 0);
	assert_int_equal(kit_logged(k, "in attached", 0), 0);
	assert_int_equal(k->clears, 0);
}

static void a_wake_up_too_early_changes_nothing(void **state)
{
	unsigned int steps, i;

	(void)state;
	kit_begin(k);
	kit_run(k, 3000);
	steps = k->steps;
	for (i = 0; i < 10; i++) {
		k->wake_us = UINT64_MAX;
		session_woken(k->session);
		assert_true(k->wake_us > k->now_us);
	}
	assert_int_equal(k->steps, steps);
}

static void an_order_ends_the_call(void **state)
{
	(void)state;
	kit_begin(k);
	kit_run(k, 3000);
	session_order(k->session, ORDER_SAY, "The line will close now.", 24);
	kit_run(k, 3000);
	assert_true(k->voice_count >= 2);
	session_order(k->session, ORDER_END, "", 0);
	kit_run(k, 10000);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->hangups, 1);
	assert_int_equal(k->reason, END_ORDER);
}

static void P05_a_voice_that_dies_in_mid_sentence_goes_on(void **state)
{
	struct tts_utterance *u;
	unsigned int voices;

	(void)state;
	kit_begin(k);
	to_the_question("When do you open");
	k->voice_silent = true;
	kit_model_says(k, "We open at nine in the morning every single day.");
	voices = k->voice_count;
	u = k->voices[voices - 1];
	kit_tts_words(u);
	kit_tts_make(k, u, 7000); /* "We open at" and a bit */
	kit_run(k, 300);
	k->voice_silent = false;
	*u->slot = NULL;
	u->cancelled = true;
	u->events->failed(u->arg, ERR_CLOSED);
	kit_run(k, 500);
	assert_int_equal(k->voice_count, voices + 1);
	assert_string_equal(k->voices[voices]->text, "nine in the morning every single day.");
	kit_run(k, 6000);
	assert_int_equal(kit_logged(k, "note failed", 0), 0);
}

static void retrieval_is_asked_for(void **state)
{
	(void)state;
	k->brief.knowledge = true;
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 5000);
	kit_hears(k, TRANSCRIPT_PARTIAL, "What are your opening hours on a");
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, "What are your opening hours on a Sunday");
	kit_run(k, 500);
	assert_true(strstr(k->retrieved, "opening hours") != NULL);
}

static void half_of_a_tools_arguments_is_not_run(void **state)
{
	static char args[INPUT_TEXT_MAX + 10];

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	memset(args, 'x', sizeof(args));
	kit_answer(k)->events->tool(kit_answer(k)->arg, 0, "book", 4, args, sizeof(args));
	kit_run(k, 1000);
	assert_int_equal(k->run_count, 0);
	assert_int_equal(kit_logged(k, "in model_failed", 0), 1);
}

static void long_text_comes_in_pieces_cut_at_characters(void **state)
{
	static char text[40000];
	size_t i;

	(void)state;
	kit_begin(k);
	to_the_question("When do you open");
	for (i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	kit_answer(k)->events->text(kit_answer(k)->arg, text, sizeof(text));
	assert_true(kit_logged(k, "in model_text", 0) == 3);
}

static void steps_are_read_as_they_were_written_and_garbage_is_refused(void **state)
{
	struct steps_writer w;
	struct steps_reader r;
	struct call_input in = { .type = IN_TIMER, .at_us = 1000 };
	struct call_output out[2] = { { .type = OUT_HOLD }, { .type = OUT_WAKE, .number = 7 } };
	struct call_outputs outputs = { out, 2 };
	struct step step;
	size_t cut;

	(void)state;
	steps_writer_init(&w);
	assert_false(steps_due(&w, 1 << 30));
	steps_put(&w, &in, &outputs);
	outputs.count = 0;
	in.at_us = 2000;
	steps_put(&w, &in, &outputs);
	assert_false(steps_due(&w, 1000 + STEPS_FLUSH_US - 1));
	assert_true(steps_due(&w, 1000 + STEPS_FLUSH_US));
	steps_reader_init(&r, w.bytes.data, w.bytes.len);
	assert_int_equal(steps_next(&r, &step), ERR_NONE);
	assert_int_equal(step.count, 2);
	assert_int_equal(steps_next(&r, &step), ERR_NONE);
	assert_int_equal(step.count, 0);
	assert_int_equal(steps_next(&r, &step), ERR_NOTFOUND);
	for (cut = 1; cut < w.bytes.len; cut++) {
		enum err err;

		steps_reader_init(&r, w.bytes.data + cut, w.bytes.len - cut);
		do
			err = steps_next(&r, &step);
		while (!err);
	}
	steps_reader_init(&r, "\x12\x01\x08", 3); /* an output without its input */
	assert_int_equal(steps_next(&r, &step), ERR_FORMAT);
	steps_writer_fini(&w);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define WRITTEN(name) cmocka_unit_test_setup_teardown(name, setup_journal, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(P24_the_greeting_begins_within_200_ms_of_the_start),
		CASE(an_answer_is_spoken_and_heard),
		CASE(an_answer_that_would_be_late_is_asked_for_as_a_short_one),
		CASE(keys_are_tones_in_the_agents_track),
		CASE(an_adapter_that_talks_from_inside_its_own_function_waits),
		CASE(a_new_stream_gets_the_past_and_positions_are_the_calls),
		CASE(transcript_positions_count_from_the_streams_begin),
		CASE(counted_sound_is_counted_for_a_new_stream_too),
		CASE(what_cannot_start_is_told_to_the_core),
		CASE(P08_over_the_agents_words_the_clear_is_next_on_the_wire),
		WRITTEN(a_tool_runs_once_and_its_step_is_in_the_journal_before),
		WRITTEN(the_answer_of_a_tool_that_outlives_the_call_is_kept),
		WRITTEN(a_tool_that_never_answers_does_not_keep_the_call_for_ever),
		WRITTEN(the_journal_replays_byte_for_byte),
		WRITTEN(gaps_of_the_carrier_are_said_to_be),
		CASE(F06_what_the_journal_refuses_is_a_gap_and_the_call_goes_on),
		WRITTEN(without_its_guard_N3_breaks),
		WRITTEN(without_its_guard_N4_breaks),
		WRITTEN(without_its_guard_N5_breaks),
		WRITTEN(a_dead_workers_call_goes_on_from_the_snapshot),
		WRITTEN(F07_nothing_is_changed_that_cannot_be_recorded),
		WRITTEN(F07_a_change_that_a_dead_worker_asked_for_is_not_called_undone),
		WRITTEN(F07_the_end_of_a_call_waits_for_room),
		WRITTEN(N3_a_call_that_ended_while_nobody_had_it_counts_to_its_end),
		WRITTEN(F01_a_worker_that_died_at_once_is_replaced),
		WRITTEN(a_session_closed_early_has_no_end),
		WRITTEN(what_was_used_is_written_by_who_leaves_the_call),
		WRITTEN(a_worker_that_dies_writes_of_nobody),
		WRITTEN(parked_at_a_turns_boundary_it_goes_on_elsewhere),
		WRITTEN(the_outcome_goes_with_the_snapshot),
		WRITTEN(unparked_it_goes_on_as_if_nothing_had_been),
		WRITTEN(parked_in_a_sentence_it_goes_on_behind_what_was_heard),
		CASE(sound_that_waited_while_the_call_was_opened_is_placed_when_it_was_said),
		CASE(what_was_heard_before_is_heard_again),
		CASE(foreign_bytes_are_no_snapshot),
		WRITTEN(media_lost_and_back_on_another_socket),
		WRITTEN(N3_time_without_media_counts_only_when_the_carrier_says_so),
		CASE(media_that_stays_away_ends_the_call),
		CASE(F14_a_deaf_socket_ends_the_call),
		CASE(F14_a_socket_that_is_deaf_from_the_start_ends_the_call),
		CASE(F14_a_socket_that_goes_deaf_in_the_callers_words_ends_the_call),
		CASE(F14_a_socket_that_goes_deaf_while_the_agent_is_held_ends_the_call),
		CASE(P08_the_floor_that_is_taken_on_a_deaf_line_clears_it),
		WRITTEN(F14_a_line_that_is_heard_again_goes_on),
		WRITTEN(F14_a_held_agent_is_heard_again_with_the_line),
		CASE(F14_audio_that_was_only_late_is_all_heard),
		CASE(F14_a_deaf_socket_that_closes_is_told_nothing_more),
		CASE(F14_another_socket_takes_over_from_a_deaf_one),
		CASE(a_worker_that_stood_still_does_not_blame_the_line),
		CASE(a_worker_that_stands_still_twice_does_not_blame_the_line),
		CASE(F14_a_loop_that_is_always_late_finds_a_dead_line),
		CASE(a_stall_of_the_line_is_no_loss),
		WRITTEN(a_wake_up_too_early_changes_nothing),
		CASE(an_order_ends_the_call),
		CASE(P05_a_voice_that_dies_in_mid_sentence_goes_on),
		CASE(retrieval_is_asked_for),
		CASE(half_of_a_tools_arguments_is_not_run),
		CASE(long_text_comes_in_pieces_cut_at_characters),
		CASE(steps_are_read_as_they_were_written_and_garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

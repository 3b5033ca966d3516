/* What a dead worker's journal knows of a call: kept calls cut at many records, and a session of today's whose worker dies. What is made must be
 * the very state that was lost; what cannot be read must never be worse than the conductor's snapshot. */
#include "sessionkit.h"

#include <glob.h>

#include "base/wire.h"
#include "voice/session/tail.h"

enum { CUTS = 12, BYTES_MAX = 64 << 20, RECORDS_MAX = 1 << 16, HELD_BYTES_MAX = 8 << 20 };

/* ------------------------------------------------------------------ a recorded call, and the core that never stopped */

struct recorded {
	struct buf file;
	struct journal_record records[RECORDS_MAX];
	size_t count;
};

static struct recorded recorded;

static void recorded_load(const char *path)
{
	size_t at = JOURNAL_FILE_HEADER_BYTES;
	struct journal_record r;

	buf_reset(&recorded.file);
	assert_int_equal(disk_load(&disk_real, path, &recorded.file), ERR_NONE);
	recorded.count = 0;
	while (at < recorded.file.len && !journal_record_decode(&r, recorded.file.data + at, recorded.file.len - at)) {
		at += r.raw_len;
		if (r.header.kind == JOURNAL_MARK)
			continue;
		assert_true(recorded.count < RECORDS_MAX);
		recorded.records[recorded.count++] = r;
	}
}

struct core {
	struct call *call;
	uint32_t epoch;
	uint64_t sequence;
	bool is_whole, is_refused;
	unsigned int steps;
	bool has_next;             /* a snapshot since the state, */
	unsigned int from, newest; /* which stand behind so many steps; */
	uint64_t hash[2];          /* and this is what the core came to there by itself */
};

static uint64_t core_hash(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint64_t hash = 14695981039346656037u;

	while (len--)
		hash = (hash ^ *b++) * 1099511628211u;
	return hash;
}

static uint64_t call_hash(const struct call *call)
{
	uint64_t hash;
	struct buf b;

	buf_init(&b, BYTES_MAX);
	call_save(call, &b);
	hash = core_hash(b.data, b.len);
	buf_fini(&b);
	return hash;
}

static void outputs_are(const struct call_outputs *got, const struct step *step)
{
	struct buf b;
	size_t i;

	assert_int_equal(got->count, step->count);
	buf_init(&b, BYTES_MAX);
	for (i = 0; i < got->count; i++) {
		buf_reset(&b);
		output_encode(&got->items[i], &b);
		assert_int_equal(b.len, step->outputs[i].len);
		assert_memory_equal(b.data, step->outputs[i].data, b.len);
	}
	buf_fini(&b);
}

static void core_steps(struct core *c, const struct journal_record *r)
{
	static struct call_input in;
	static struct step step;
	struct steps_reader reader;
	struct call_outputs out;

	steps_reader_init(&reader, r->payload, r->header.payload_len);
	while (!steps_next(&reader, &step)) {
		assert_int_equal(step_input(&step, &in), ERR_NONE);
		assert_int_equal(call_step(c->call, &in, &out), ERR_NONE);
		outputs_are(&out, &step);
		c->steps++;
	}
}

static void core_enters(struct core *c, const struct journal_record *r)
{
	static struct call_settings settings;
	static struct brief brief;
	struct record_start start;
	struct record_snapshot s;

	call_free(c->call);
	assert_int_equal(record_start_decode(&start, r->payload, r->header.payload_len), ERR_NONE);
	if (r->header.kind == JOURNAL_START) {
		assert_int_equal(call_settings_decode(&settings, start.settings, start.settings_len), ERR_NONE);
		assert_int_equal(brief_decode(&brief, start.brief, start.brief_len), ERR_NONE);
		assert_int_equal(call_new(&c->call, &settings, &brief), ERR_NONE);
	} else {
		assert_int_equal(record_snapshot_decode(&s, start.snapshot, start.snapshot_len), ERR_NONE);
		assert_int_equal(call_load(&c->call, s.core, s.core_len), ERR_NONE);
	}
	c->is_whole = true;
	c->is_refused = c->has_next = false;
	c->from = c->newest = c->steps;
	c->hash[0] = c->hash[1] = call_hash(c->call);
}

/* Steps it, from the call's first record on, without ever being saved and loaded. */
static void core_takes(struct core *c, const struct journal_record *r)
{
	const struct journal_header *h = &r->header;
	struct journal_gap gap;

	if (h->epoch == c->epoch ? h->sequence != c->sequence + 1 : h->sequence != 1)
		c->is_whole = false;
	c->epoch = h->epoch;
	c->sequence = h->sequence;
	if (h->kind == JOURNAL_GAP && !journal_gap_decode(&gap, r->payload, h->payload_len) && gap.kinds >> RECORD_STEPS & 1)
		c->is_refused = true;
	if (h->kind == JOURNAL_START || h->kind == JOURNAL_ATTACH)
		core_enters(c, r);
	if (h->kind == JOURNAL_SNAPSHOT) {
		c->from = c->has_next ? c->newest : c->from;
		c->hash[0] = c->has_next ? c->hash[1] : c->hash[0];
		c->newest = c->steps;
		c->hash[1] = call_hash(c->call);
		c->has_next = true;
	}
	if (h->kind == RECORD_STEPS && c->is_whole && !c->is_refused)
		core_steps(c, r);
}

/* The conductor has the snapshot of that record; NULL: none. */
static void tail_fill(struct tail *t, size_t cut, const struct journal_record *shipped)
{
	struct record_start start = { 0 };
	size_t i;

	if (shipped && shipped->header.kind == JOURNAL_ATTACH)
		assert_int_equal(record_start_decode(&start, shipped->payload, shipped->header.payload_len), ERR_NONE);
	tail_init(t, recorded.records[cut - 1].header.epoch + 1, start.snapshot ? start.snapshot : shipped ? shipped->payload : NULL,
		start.snapshot ? start.snapshot_len : shipped ? shipped->header.payload_len : 0);
	for (i = 0; i < cut; i++)
		tail_record(t, &recorded.records[i].header, recorded.records[i].payload, recorded.records[i].header.payload_len);
}

static void same_core(const struct call *call, const struct buf *made)
{
	struct record_snapshot r;
	struct buf b;

	assert_int_equal(record_snapshot_decode(&r, made->data, made->len), ERR_NONE);
	buf_init(&b, BYTES_MAX);
	call_save(call, &b);
	assert_int_equal(b.len, r.core_len);
	assert_memory_equal(b.data, r.core, b.len);
	buf_fini(&b);
}

/* From there on: every output as it was recorded, up to the next worker. */
static void goes_on(const struct buf *made, size_t from)
{
	struct record_snapshot s;
	struct core c = { .epoch = recorded.records[from - 1].header.epoch, .sequence = recorded.records[from - 1].header.sequence, .is_whole = true };

	assert_int_equal(record_snapshot_decode(&s, made->data, made->len), ERR_NONE);
	assert_int_equal(call_load(&c.call, s.core, s.core_len), ERR_NONE);
	while (from < recorded.count && recorded.records[from].header.kind != JOURNAL_ATTACH)
		core_takes(&c, &recorded.records[from++]);
	call_free(c.call);
}

/* Those of version 1 do not say how much of texts was kept: only what follows can be compared. */
/* The state is what the core came to by itself: what an older build wrote down lacks what this one has learnt to keep. */
static bool is_exact(const struct core *c, const struct tail *t)
{
	struct record_snapshot r;

	assert_int_equal(record_snapshot_decode(&r, t->state.data, t->state.len), ERR_NONE);
	return core_hash(r.core, r.core_len) == c->hash[0];
}

static void cut_at(const struct core *c, size_t cut, const struct journal_record *shipped, unsigned int *made)
{
	struct tail_found found;
	struct tail t;
	struct buf out;
	enum err err;

	tail_fill(&t, cut, shipped);
	buf_init(&out, BYTES_MAX);
	err = tail_make(&t, &out, &found);
	if (err == ERR_NOTFOUND)
		assert_false(t.media);
	else
		assert_int_equal(err, ERR_NONE);
	if (!err) {
		assert_int_equal(found.steps, c->steps - c->from);
		if (is_exact(c, &t))
			same_core(c->call, &out);
		if (!is_exact(c, &t) || cut % 4 == 0)
			goes_on(&out, cut);
		*made += is_exact(c, &t);
	}
	buf_fini(&out);
	tail_fini(&t);
}

static uint32_t dice(uint32_t below)
{
	static uint64_t state = 7;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33) % below;
}

static bool has_snapshot(const struct journal_record *r)
{
	return r->header.kind == JOURNAL_SNAPSHOT || r->header.kind == JOURNAL_ATTACH;
}

static unsigned int call_cut(void)
{
	struct core c = { .call = NULL };
	const struct journal_record *shipped = NULL;
	unsigned int made = 0;
	size_t i;

	for (i = 0; i < recorded.count; i++) {
		core_takes(&c, &recorded.records[i]);
		if (has_snapshot(&recorded.records[i]) && (!shipped || dice(2)))
			shipped = &recorded.records[i];
		if (c.is_whole && !c.is_refused && dice((uint32_t)recorded.count) < CUTS)
			cut_at(&c, i + 1, shipped, &made);
	}
	call_free(c.call);
	return made;
}

static void kept_calls_cut_anywhere_go_on_as_if_nothing_had_been(void **state)
{
	char pattern[1024];
	unsigned int made = 0;
	glob_t found;
	size_t i;

	(void)state;
	buf_init(&recorded.file, BYTES_MAX);
	snprintf(pattern, sizeof(pattern), "%s/calls/*.cfj", getenv("CALLFUNNEL_TESTS"));
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		recorded_load(found.gl_pathv[i]);
		made += call_cut();
	}
	buf_fini(&recorded.file);
	globfree(&found);
	assert_true(made > 300);
}

/* ------------------------------------------------------------------ a session of today's, whose worker dies */

static struct kit *k;

struct held {
	struct journal_header header;
	size_t at, len;
};

/* Its records, as a test wants them. */
static struct {
	struct held items[4096];
	size_t count;
	struct buf bytes;
} held;

static enum err on_held(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	(void)arg;
	(void)payload_err;
	assert_true(held.count < 4096 && payload);
	held.items[held.count++] = (struct held){ item->record.header, held.bytes.len, len };
	buf_append(&held.bytes, payload, len);
	return ERR_NONE;
}

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	kit_journal(k);
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "Hello. What is your phone number?");
	held.count = 0;
	buf_init(&held.bytes, HELD_BYTES_MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	buf_fini(&held.bytes);
	return 0;
}

static uint16_t turns(uint64_t position)
{
	return (position >= 32000 && position < 44000) || (position >= 160000 && position < 172000) ? 60000 : 0;
}

static void caller_says(const char *words)
{
	kit_hears(k, TRANSCRIPT_PARTIAL, words);
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, words);
	kit_run(k, 2500);
}

/* What the conductor has: the snapshot of the first turn, which is followed by an answer with a masked value, and three keys. */
static void talked(struct buf *shipped)
{
	k->level = turns;
	kit_begin(k);
	kit_run(k, 5200);
	caller_says("It is +1 555 010 0142");
	buf_append(shipped, k->snapshot.data, k->snapshot.len);
	assert_true(k->snapshots > 0);
	kit_model_says(k, "So [PHONE_1] it is. Please press the last digits.");
	kit_run(k, 9000);
	session_digit(k->session, '4');
	session_digit(k->session, '0');
	session_digit(k->session, '2');
	kit_run(k, 1000);
}

/* Another turn, with another number: its snapshot is made before the model is shown that one. */
static void talked_again(struct buf *shipped)
{
	unsigned int snapshots = k->snapshots, asked = k->answer_count;

	kit_run(k, 3300);
	caller_says("And mine at work is +1 555 010 0143");
	assert_true(k->snapshots > snapshots && k->answer_count > asked);
	buf_reset(shipped);
	buf_append(shipped, k->snapshot.data, k->snapshot.len);
	kit_model_says(k, "At work it is [PHONE_2].");
	kit_run(k, 3000);
}

/* All that the dead worker wrote; the parked session's own snapshot is what is to be found, so it is left out. */
static void worker_dies(void)
{
	session_close(&k->session);
	kit_journal_close(k);
	kit_read(k, on_held, NULL);
}

static void held_give(struct tail *t, size_t first, size_t count, size_t without)
{
	size_t i;

	for (i = first; i < count; i++)
		if (i != without)
			tail_record(t, &held.items[i].header, held.bytes.data + held.items[i].at, held.items[i].len);
}

static size_t held_last(uint8_t kind)
{
	size_t i = held.count;

	while (i && held.items[i - 1].header.kind != kind)
		i--;
	assert_true(i > 0);
	return i - 1;
}

static enum err make(const struct buf *shipped, size_t first, size_t count, size_t without, struct buf *out)
{
	struct tail_found found;
	struct tail t;
	enum err err;

	tail_init(&t, 2, shipped ? shipped->data : NULL, shipped ? shipped->len : 0);
	held_give(&t, first, count, without);
	buf_reset(out);
	err = tail_make(&t, out, &found);
	assert_true(err || found.at_us >= found.missing_us);
	tail_fini(&t);
	return err;
}

static void same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
	assert_int_equal(a_len, b_len);
	if (a_len)
		assert_memory_equal(a, b, a_len);
}

static void all_is_made_again(void (*talk)(struct buf *shipped))
{
	struct record_snapshot pushed, made;
	struct buf shipped, out;
	size_t last;

	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	talk(&shipped);
	assert_true(session_park(k->session));
	worker_dies();
	last = held_last(JOURNAL_SNAPSHOT);
	assert_int_equal(make(&shipped, 0, last, SIZE_MAX, &out), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&pushed, k->snapshot.data, k->snapshot.len), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&made, out.data, out.len), ERR_NONE);
	same_bytes(made.core, made.core_len, pushed.core, pushed.core_len);
	same_bytes(made.map, made.map_len, pushed.map, pushed.map_len);
	same_bytes(made.language, made.language_len, pushed.language, pushed.language_len);
	assert_true(pushed.map_len > 0);
	assert_int_equal(made.wake_us, pushed.wake_us);
	assert_int_equal(made.media_us, pushed.media_us);
	assert_true(made.media);
	assert_in_range(pushed.caller_position - made.caller_position, 0, 1600); /* what was not written yet */
	assert_in_range(pushed.at_us - made.at_us, 0, 40 * MS);
	assert_true(shipped.len != out.len || memcmp(shipped.data, out.data, out.len) != 0);
	buf_fini(&shipped);
	buf_fini(&out);
}

static void all_that_a_session_pushes_is_made_again(void **state)
{
	(void)state;
	all_is_made_again(talked);
}

static void talked_twice(struct buf *shipped)
{
	talked(shipped);
	talked_again(shipped);
}

static void so_it_is_behind_more_than_one_snapshot(void **state)
{
	(void)state;
	all_is_made_again(talked_twice);
}

/* Another worker has the call, so long after the death. */
static void goes_on_with(const struct buf *made, uint64_t later_ms)
{
	kit_io(k);
	k->io.journal = NULL;
	k->now_us += later_ms * MS;
	k->wake_us = UINT64_MAX;
	k->carrier_busy_us = 0;
	assert_int_equal(session_attach(&k->session, &k->io, made->data, made->len, k->began_us), ERR_NONE);
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
}

static void whoever_attaches_with_it_has_the_keys_and_does_not_say_the_answer_again(void **state)
{
	struct buf shipped, out;
	unsigned int voices;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	talked(&shipped);
	worker_dies();
	assert_int_equal(make(&shipped, 0, held.count, SIZE_MAX, &out), ERR_NONE);
	voices = k->voice_count;
	k->log_count = 0;
	goes_on_with(&out, 800);
	assert_false(session_awaits_start(k->session));
	session_digit(k->session, '1');
	session_digit(k->session, '#');
	kit_run(k, 300);
	assert_int_equal(k->voice_count, voices);
	assert_int_equal(kit_logged(k, "note keys", 0), 1);
	assert_non_null(strstr(kit_answer(k)->shown, "4021"));
	buf_fini(&shipped);
	buf_fini(&out);
}

static void before_any_snapshot_the_greeting_goes_on(void **state)
{
	struct record_snapshot made;
	struct buf out;

	(void)state;
	buf_init(&out, HELD_BYTES_MAX);
	kit_begin(k);
	kit_run(k, 2000);
	assert_int_equal(k->snapshots, 0);
	worker_dies();
	assert_int_equal(make(NULL, 0, held.count, SIZE_MAX, &out), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&made, out.data, out.len), ERR_NONE);
	assert_true(made.media);
	assert_int_equal(made.media_us, k->media_us - k->began_us);
	assert_int_equal(made.caller_position, 2000 * 8);
	assert_int_equal(make(NULL, 0, 1, SIZE_MAX, &out), ERR_NOTFOUND); /* no media yet: the call begins anew */
	buf_fini(&out);
}

/* That the media began is durable at once, what the core made of it a tenth of a second later: a worker that dies between them. */
static void a_beginning_that_was_not_durable_is_made_up_for(void **state)
{
	struct record_snapshot made;
	struct buf out;

	(void)state;
	buf_init(&out, HELD_BYTES_MAX);
	kit_open(k);
	kit_media_begins(k);
	kit_run(k, 60);
	session_drop(&k->session); /* nothing is flushed */
	kit_journal_close(k);
	kit_read(k, on_held, NULL);
	assert_int_equal(held.items[held.count - 1].header.kind, JOURNAL_PLAYED);
	assert_int_equal(make(NULL, 0, held.count, SIZE_MAX, &out), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&made, out.data, out.len), ERR_NONE);
	assert_true(made.media);
	assert_int_equal(made.media_us, k->media_us - k->began_us);
	k->log_count = 0;
	goes_on_with(&out, 140);
	assert_true(session_awaits_start(k->session));
	session_start(k->session);
	assert_false(session_awaits_start(k->session));
	kit_run(k, 4000);
	assert_int_equal(kit_logged(k, "out speak", 0), 1);
	assert_int_equal(kit_logged(k, "note heard", 0), 1);
	buf_fini(&out);
}

static void the_sound_that_is_there_says_where_the_hole_begins(void **state)
{
	struct record_caller caller;
	struct record_snapshot made;
	struct buf shipped, out;
	size_t last;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	talked(&shipped);
	worker_dies();
	last = held_last(JOURNAL_AUDIO_CALLER);
	assert_int_equal(make(&shipped, 0, last, SIZE_MAX, &out), ERR_NONE); /* the last group is not there */
	assert_int_equal(record_caller_decode(&caller, held.bytes.data + held.items[last].at, held.items[last].len), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&made, out.data, out.len), ERR_NONE);
	assert_int_equal(made.caller_position, caller.position);
	buf_fini(&shipped);
	buf_fini(&out);
}

static void caller_put(struct tail *t, uint64_t position, const uint8_t *ulaw, size_t samples)
{
	const struct record_caller r = { .position = position, .ulaw = ulaw, .samples = samples };
	struct journal_header h = { .kind = JOURNAL_AUDIO_CALLER, .epoch = 1, .sequence = t->sequence + 1 };
	struct buf b;

	buf_init(&b, HELD_BYTES_MAX);
	record_caller_encode(&r, &b);
	tail_record(t, &h, b.data, b.len);
	buf_fini(&b);
}

/* For the recogniser of whoever goes on: the last eight seconds, silence where a sample is missing. */
static void the_last_sound_is_kept(void **state)
{
	static uint8_t sound[1600];
	const uint8_t *past;
	struct tail t;
	size_t samples, i;

	(void)state;
	tail_init(&t, 2, NULL, 0);
	assert_null(tail_past(&t, &samples));
	t.records_audio = true;
	for (i = 0; i < 200; i++) { /* 40 s */
		memset(sound, (int)(1 + i), sizeof(sound));
		caller_put(&t, i * 1600, sound, sizeof(sound));
	}
	past = tail_past(&t, &samples);
	assert_int_equal(samples, TAIL_PAST_SAMPLES);
	assert_true(t.past.len <= 2 * TAIL_PAST_SAMPLES);
	for (i = 0; i < samples; i++)
		assert_int_equal(past[samples - 1 - i], 200 - i / 1600);
	caller_put(&t, 201 * 1600, sound, 800);
	past = tail_past(&t, &samples);
	assert_int_equal(past[samples - 1], 200);
	assert_int_equal(past[samples - 801], 0xff);
	assert_int_equal(past[samples - 2400], 0xff);
	assert_int_equal(past[samples - 2401], 200);
	caller_put(&t, 900000, sound, 800); /* too long ago to be of use */
	assert_non_null(tail_past(&t, &samples));
	assert_int_equal(samples, 800);
	caller_put(&t, 10, sound, 100); /* nobody wrote that */
	assert_non_null(tail_past(&t, &samples));
	assert_int_equal(samples, 100);
	tail_fini(&t);
}

static void where_nothing_is_recorded_levels_say_it(void **state)
{
	struct record_snapshot made;
	struct buf out;

	(void)state;
	buf_init(&out, HELD_BYTES_MAX);
	k->counted = true;
	kit_begin(k);
	kit_run(k, 2000);
	worker_dies();
	assert_int_equal(make(NULL, 0, held.count, SIZE_MAX, &out), ERR_NONE);
	assert_int_equal(record_snapshot_decode(&made, out.data, out.len), ERR_NONE);
	assert_int_equal(made.media_us, k->media_us - k->began_us);
	assert_in_range(made.caller_position, 2000 * 8 - 2 * VOICE_CHUNK_SAMPLES, 2000 * 8);
	buf_fini(&out);
}

/* Whoever ends the call tells the conductor how it went: a snapshot that was made before does not say it. */
static void what_the_agent_named_before_is_known(void **state)
{
	static const struct {
		uint32_t kind;
		const char *text, *known;
	} events[] = { { EVENT_FINAL, "{\"outcome\": \"no\"}", "" }, { EVENT_OUTCOME, "{\"outcome\": \"call_back\"}", "call_back" },
		{ EVENT_OUTCOME, "{\"outcome\": 7}", "call_back" }, { EVENT_OUTCOME, "{", "call_back" },
		{ EVENT_OUTCOME, "{\"outcome\": \"confirmed\", \"day\": \"monday\"}", "confirmed" },
		{ EVENT_OUTCOME, "{\"outcome\": \"a name of more than sixty-three bytes is none that any rule-book could have: see there\"}", "confirmed" } };
	struct journal_header h = { .kind = JOURNAL_EVENT, .epoch = 1 };
	struct tail t;
	struct buf b;
	size_t i;

	(void)state;
	tail_init(&t, 2, NULL, 0);
	buf_init(&b, 4096);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct record_event e = { .kind = events[i].kind, .text = events[i].text, .text_len = strlen(events[i].text) };

		buf_reset(&b);
		record_event_encode(&e, &b);
		h.sequence++;
		tail_record(&t, &h, b.data, b.len);
		assert_string_equal(t.outcome, events[i].known);
	}
	buf_reset(&b); /* of a worker before that one */
	record_start_encode(&(struct record_start){ .outcome = "no_result", .outcome_len = 9 }, &b);
	tail_record(&t, &(struct journal_header){ .kind = JOURNAL_ATTACH, .epoch = 1, .sequence = 50 }, b.data, b.len);
	assert_string_equal(t.outcome, "no_result");
	buf_fini(&b);
	tail_fini(&t);
}

/* ------------------------------------------------------------------ what cannot be read */

static void behind_a_hole_nothing_is_stepped(void **state)
{
	struct buf shipped, upto, holed;
	size_t last;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&upto, HELD_BYTES_MAX);
	buf_init(&holed, HELD_BYTES_MAX);
	talked(&shipped);
	worker_dies();
	last = held_last(RECORD_STEPS) - 8;
	while (held.items[last].header.kind != RECORD_STEPS)
		last--;
	assert_int_equal(make(&shipped, 0, last, SIZE_MAX, &upto), ERR_NONE);
	assert_int_equal(make(&shipped, 0, held.count, last, &holed), ERR_NONE);
	{
		struct record_snapshot a, b;

		assert_int_equal(record_snapshot_decode(&a, upto.data, upto.len), ERR_NONE);
		assert_int_equal(record_snapshot_decode(&b, holed.data, holed.len), ERR_NONE);
		same_bytes(a.core, a.core_len, b.core, b.core_len);
		assert_true(b.caller_position > a.caller_position); /* sound has no order to keep */
	}
	buf_fini(&shipped);
	buf_fini(&upto);
	buf_fini(&holed);
}

static void a_snapshot_that_is_not_in_the_journal_stays_the_newest(void **state)
{
	struct buf shipped, out, other;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	buf_init(&other, HELD_BYTES_MAX);
	talked(&shipped);
	worker_dies();
	buf_append(&other, shipped.data, shipped.len);
	other.data[other.len - 1] ^= 1;
	assert_int_equal(make(&other, 0, held.count, SIZE_MAX, &out), ERR_NOTFOUND);
	assert_int_equal(make(&shipped, 0, held.count, held_last(JOURNAL_SNAPSHOT), &out), ERR_NOTFOUND);
	assert_int_equal(make(NULL, 1, held.count, SIZE_MAX, &out), ERR_NOTFOUND); /* without its START */
	assert_int_equal(make(&shipped, 1, held.count, SIZE_MAX, &out), ERR_NONE); /* older files are gone */
	held.items[held_last(JOURNAL_SNAPSHOT)].header.epoch = 2; /* not of an earlier worker */
	assert_int_equal(make(&shipped, 0, held.count, SIZE_MAX, &out), ERR_NOTFOUND);
	buf_fini(&shipped);
	buf_fini(&out);
	buf_fini(&other);
}

/* One more output than this core gives: as another release's journal would have. */
static void another_core_s_steps_are_not_taken(void **state)
{
	struct tail_found found;
	struct buf shipped, out, more;
	struct tail t;
	size_t last;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	buf_init(&more, HELD_BYTES_MAX);
	talked(&shipped);
	session_digit(k->session, '9'); /* no voice level is the last step */
	worker_dies();
	last = held_last(RECORD_STEPS);
	buf_append(&more, held.bytes.data + held.items[last].at, held.items[last].len);
	wire_put_bytes(&more, 2, "x", 1);
	tail_init(&t, 2, shipped.data, shipped.len);
	held_give(&t, 0, last, SIZE_MAX);
	tail_record(&t, &held.items[last].header, more.data, more.len);
	assert_int_equal(tail_make(&t, &out, &found), ERR_CORRUPT);
	tail_fini(&t);
	buf_fini(&shipped);
	buf_fini(&out);
	buf_fini(&more);
}

static void steps_that_the_journal_refused_end_it(void **state)
{
	const struct journal_gap gap = { .why = JOURNAL_GAP_MEMORY, .records = 1, .kinds = 1u << RECORD_STEPS };
	uint8_t bytes[JOURNAL_GAP_MAX_BYTES];
	struct tail_found found;
	struct buf shipped, out;
	struct tail t;
	size_t len = journal_gap_encode(bytes, &gap);
	struct journal_header h;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	talked(&shipped);
	worker_dies();
	tail_init(&t, 2, shipped.data, shipped.len);
	held_give(&t, 0, held.count, SIZE_MAX);
	h = held.items[held.count - 1].header;
	h.kind = JOURNAL_GAP;
	h.sequence++;
	tail_record(&t, &h, bytes, len);
	assert_int_equal(tail_make(&t, &out, &found), ERR_NONE);
	assert_int_equal(found.steps, 0); /* but the newest state is the conductor's */
	assert_int_equal(found.missing_us, 0);
	tail_fini(&t);
	buf_fini(&shipped);
	buf_fini(&out);
}

static void outside_bytes_never_crash_it(void **state)
{
	struct buf shipped, out;
	unsigned int i, made = 0;

	(void)state;
	buf_init(&shipped, HELD_BYTES_MAX);
	buf_init(&out, HELD_BYTES_MAX);
	talked(&shipped);
	worker_dies();
	for (i = 0; i < 200; i++) {
		const struct held *h = &held.items[dice((uint32_t)held.count)];
		size_t at = h->at + dice((uint32_t)h->len + 1);
		uint8_t kept;

		if (at >= held.bytes.len)
			continue;
		kept = held.bytes.data[at];
		held.bytes.data[at] ^= (uint8_t)(1u << dice(8));
		made += make(&shipped, 0, held.count, SIZE_MAX, &out) == ERR_NONE;
		held.bytes.data[at] = kept;
	}
	assert_true(made > 0);
	buf_fini(&shipped);
	buf_fini(&out);
}

#define DIED(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_calls_cut_anywhere_go_on_as_if_nothing_had_been),
		DIED(all_that_a_session_pushes_is_made_again),
		DIED(so_it_is_behind_more_than_one_snapshot),
		DIED(whoever_attaches_with_it_has_the_keys_and_does_not_say_the_answer_again),
		DIED(before_any_snapshot_the_greeting_goes_on),
		DIED(a_beginning_that_was_not_durable_is_made_up_for),
		DIED(the_sound_that_is_there_says_where_the_hole_begins),
		DIED(the_last_sound_is_kept),
		DIED(where_nothing_is_recorded_levels_say_it),
		DIED(what_the_agent_named_before_is_known),
		DIED(behind_a_hole_nothing_is_stepped),
		DIED(a_snapshot_that_is_not_in_the_journal_stays_the_newest),
		DIED(another_core_s_steps_are_not_taken),
		DIED(steps_that_the_journal_refused_end_it),
		DIED(outside_bytes_never_crash_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

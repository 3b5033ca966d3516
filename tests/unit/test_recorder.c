/* Recordings cut from journals, held against what the carrier's ear heard and its mouth said. */
#include "sessionkit.h"

#include "audio/g711.h"
#include "voice/recording/recorder.h"

static struct kit *k;

struct cut {
	int16_t caller[KIT_TRACK], agent[KIT_TRACK];
	size_t samples;
	struct tracks_gap gaps[256];
	size_t gap_count;
	struct recorder_summary summary;
};

static struct cut cut;

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	kit_journal(k);
	memset(&cut, 0, sizeof(cut));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	return 0;
}

static enum err block_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	(void)arg;
	assert_true(cut.samples + samples <= KIT_TRACK);
	memcpy(cut.caller + cut.samples, caller, samples * sizeof(*caller));
	memcpy(cut.agent + cut.samples, agent, samples * sizeof(*agent));
	cut.samples += samples;
	return ERR_NONE;
}

static enum err gap_h(void *arg, const struct tracks_gap *gap)
{
	(void)arg;
	assert_true(cut.gap_count < 256);
	cut.gaps[cut.gap_count++] = *gap;
	return ERR_NONE;
}

static void cut_now(void)
{
	struct kit_records r;

	kit_journal_close(k);
	kit_records_open(k, &r);
	assert_int_equal(recorder_cut(&k->disk, KIT_DIR, &r.options, block_h, gap_h, NULL, &cut.summary, NULL), ERR_NONE);
	keyring_close(&r.keys);
	assert_int_equal(cut.summary.samples, cut.samples);
}

/* 4 to 5.5 s, and an interruption at 9 s. */
static uint16_t talk(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

static uint16_t interrupt(uint64_t position)
{
	return talk(position) || (position >= 74000 && position < 90000) ? 60000 : 0;
}

static const char answer[] = "We are open every day of the week from nine in the morning to six at night.";

static void call_to(const char *text)
{
	kit_begin(k);
	k->level = k->level ? k->level : talk;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, "When do you open");
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, "When do you open");
	kit_run(k, 1500);
	kit_model_says(k, text);
}

static void call_to_the_answer(void)
{
	call_to(answer);
}

static void hang_up(void)
{
	session_hangup(k->session);
	k->media_on = false;
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
}

/* Samples by which [from, to) of the agent's track comes later (or earlier: negative) than it was heard; fails when no lag within
 * 100 ms explains it. */
static int lag_of(size_t from, size_t to, unsigned int percent)
{
	int lag, best = 0;
	size_t i, equal, most = 0, sound = 0;

	for (i = from; i < to; i++)
		sound += k->heard[i] != 0xff;
	assert_true(sound > 400);
	for (lag = -800; lag <= 800; lag++) {
		for (i = from > 800 ? from : 800, equal = 0; i < to; i++)
			equal += k->heard[i] != 0xff && cut.agent[i + (size_t)(lag + 800) - 800] == g711_ulaw_decode(k->heard[i]);
		if (equal > most) {
			most = equal;
			best = lag;
		}
	}
	if (most * 100 < sound * percent)
		fail_msg("%zu of %zu samples at lag %d", most, sound, best);
	return best;
}

static size_t heard_from(size_t from)
{
	while (from < KIT_TRACK && k->heard[from] == 0xff)
		from++;
	return from;
}

static size_t heard_until(size_t from)
{
	size_t i, last = from;

	for (i = from; i < KIT_TRACK && i < last + 4000; i++)
		if (k->heard[i] != 0xff)
			last = i + 1;
	return last;
}

static size_t sounding(const int16_t *track, size_t from, size_t to)
{
	size_t i, n = 0;

	for (i = from; i < to; i++)
		n += track[i] != 0;
	return n;
}

static void assert_caller_exact(void)
{
	size_t i;

	for (i = 0; i < cut.samples; i++)
		if (cut.caller[i] != g711_ulaw_decode(k->said[i]))
			fail_msg("the caller's sample %zu differs", i);
}

static uint64_t gap_total(enum tracks_side side, const char *why)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < cut.gap_count; i++)
		if (cut.gaps[i].side == side && (!why || !strcmp(cut.gaps[i].why, why)))
			n += cut.gaps[i].samples;
	return n;
}

static void assert_length(uint64_t end_us)
{
	int64_t difference = (int64_t)cut.samples - (int64_t)((end_us - k->media_us) / 125);

	assert_true(difference >= -160 && difference <= 160);
}

static void P23_as_long_as_the_call_and_placed_where_it_was_played(void **state)
{
	uint64_t end;
	size_t from, to;

	(void)state;
	call_to_the_answer();
	kit_run(k, 7000);
	end = k->now_us;
	hang_up();
	cut_now();
	assert_length(end);
	assert_caller_exact();
	from = heard_from(0);
	to = heard_until(from);
	assert_int_equal(lag_of(from, to, 100), 0); /* the greeting, every sample */
	from = heard_from(to + 1000);
	to = heard_until(from);
	assert_true(to - from >= strlen(answer) * SAMPLES_A_BYTE);
	assert_int_equal(lag_of(from, to, 100), 0);
	assert_int_equal(cut.gap_count, 0);
	assert_true(cut.summary.ended);
	assert_int_equal(cut.summary.epochs, 1);
}

static void P23_under_jitter(void **state)
{
	uint64_t end;
	size_t from = 0, to;
	unsigned int n;
	int lag;

	(void)state;
	k->jitter_us = 30 * MS;
	call_to_the_answer();
	kit_run(k, 8000);
	end = k->now_us;
	hang_up();
	cut_now();
	assert_length(end);
	for (n = 0, to = 0; n < 2; n++) {
		from = heard_from(to + (n ? 2000 : 0));
		to = heard_until(from);
		lag = lag_of(from, to, 100);
		assert_true(lag >= -160 && lag <= 160);
	}
}

/* The way to the carrier stands still for 700 ms in mid-sentence; then all comes at once. */
static void P23_under_a_stall_and_a_burst(void **state)
{
	uint64_t end;
	size_t from, to, middle;
	int lag;

	(void)state;
	call_to_the_answer();
	kit_run(k, 2000);
	k->last_arrive_us = k->now_us + 700 * MS;
	kit_run(k, 8000);
	end = k->now_us;
	hang_up();
	cut_now();
	assert_length(end);
	from = heard_from(heard_until(heard_from(0)) + 1000);
	for (middle = from; k->heard[middle] != 0xff; middle++)
		;
	assert_int_equal(lag_of(from, middle, 95), 0);
	from = heard_from(middle);
	assert_true(from > middle + 2000); /* the caller did hear a hole */
	to = heard_until(from);
	lag = lag_of(from, to, 95);
	assert_true(lag >= -160 && lag <= 160);
}

/* A journal whose disk is soon full for events as well. */
static void small_journal(void)
{
	struct journal_options options;

	journal_call_close(&k->call, k->now_us);
	assert_int_equal(journal_close(&k->journal, k->now_us), ERR_NONE);
	disk_virtual_free(&k->v);
	assert_int_equal(disk_virtual_new(&k->v), ERR_NONE);
	k->disk = disk_virtual_disk(k->v);
	journal_options_defaults(&options);
	options.segment_bytes = 1 << 20;
	options.reserve_bytes = options.ring_bytes = 4096;
	assert_int_equal(journal_open(&k->journal, &k->disk, KIT_DIR, &options, k->now_us, NULL, NULL), ERR_NONE);
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, k->epoch, k->now_us), ERR_NONE);
	k->disk_may_fail = true;
}

static void run_without_marks(unsigned int ms)
{
	for (; ms; ms -= 5) {
		kit_run(k, 5);
		k->mark_first = k->mark_count;
	}
}

/* The disk is full for a while, from one sentence into the same or the next one, so that frames, marks and clears are refused; then
 * there is room again, and the carrier's marks stay away, or are as usual. From there on the sentence lies where it was heard,
 * although nobody wrote down what was before it. */
static void P23_behind_a_disk_that_was_full(void **state)
{
	static const char two[] = "We are open every day of the week. From nine in the morning until about six at night or a little later.";
	uint64_t end, back_us;
	size_t from, to;
	unsigned int n;
	int lag;

	(void)state;
	for (n = 0; n < 8; n++) {
		if (n) {
			teardown(NULL);
			setup(NULL);
		}
		small_journal();
		k->jitter_us = n % 2 ? 15 * MS : 0;
		call_to(n / 4 ? two : answer);
		kit_run(k, 600);
		disk_virtual_limit(k->v, disk_virtual_used(k->v));
		kit_run(k, 2400);
		assert_int_equal(journal_health(k->journal), JOURNAL_STOPPED);
		disk_virtual_limit(k->v, 0);
		back_us = k->now_us;
		if (n / 2 % 2)
			run_without_marks(5000);
		kit_run(k, 6000);
		assert_int_equal(journal_health(k->journal), JOURNAL_OK);
		end = k->now_us;
		hang_up();
		cut_now();
		assert_length(end);
		from = (size_t)((back_us - k->media_us) / 125) + 4000;
		assert_true(k->heard[from] != 0xff && k->heard[from - 4000] != 0xff); /* in mid-sentence */
		to = heard_until(from);
		assert_true(to > from + 4000);
		lag = lag_of(from, to, 95);
		assert_true(lag >= -160 && lag <= 160);
		assert_true(gap_total(TRACKS_AGENT, NULL) > 4000);
	}
}

static void what_was_cleared_is_not_in_it(void **state)
{
	size_t from, to, last;

	(void)state;
	k->level = interrupt;
	call_to_the_answer();
	while (!k->clears)
		kit_run(k, 10);
	kit_run(k, 1000);
	hang_up();
	cut_now();
	from = heard_from(heard_until(heard_from(0)) + 1000);
	to = heard_until(from);
	assert_true(to - from < strlen(answer) * SAMPLES_A_BYTE); /* it was cut */
	assert_int_equal(lag_of(from, to - 200, 100), 0);
	for (last = cut.samples; last && !cut.agent[last - 1]; last--)
		;
	assert_true(last >= to - 160 && last <= to + 160);
}

static void gaps_of_the_carrier_are_marked(void **state)
{
	(void)state;
	kit_begin(k);
	kit_run(k, 1000);
	session_caller_gap(k->session, 4000);
	kit_run(k, 500);
	k->now_us += 500 * MS; /* the time those samples took */
	hang_up();
	cut_now();
	assert_int_equal(gap_total(TRACKS_CALLER, "not received"), 4000);
	assert_int_equal(cut.gap_count, 1);
	assert_int_equal(cut.gaps[0].start_sample, 50 * FRAME);
	assert_int_equal(sounding(cut.caller, 50 * FRAME, 50 * FRAME + 4000), 0);
	assert_caller_exact();
	assert_int_equal(cut.summary.gap_samples[TRACKS_CALLER], 4000);
}

static void N4_a_dead_workers_time_is_marked(void **state)
{
	uint64_t died, back, end, lost;

	(void)state;
	call_to_the_answer();
	kit_run(k, 3000);
	kit_commit(k);
	died = k->now_us;
	kit_run(k, 150); /* what happened then is nowhere */
	session_drop(&k->session);
	journal_abandon(&k->journal);
	k->call = NULL;
	k->now_us += 2000 * MS;
	back = k->now_us;
	k->wake_us = UINT64_MAX;
	k->queue_first = k->queue_count;
	k->mark_first = k->mark_count;
	k->carrier_busy_us = 0;
	{
		struct journal_options options;

		journal_options_defaults(&options);
		options.segment_bytes = 1 << 20;
		options.reserve_bytes = options.ring_bytes = 1 << 16;
		assert_int_equal(journal_open(&k->journal, &k->disk, KIT_DIR, &options, k->now_us, NULL, NULL), ERR_NONE);
	}
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 2, k->now_us), ERR_NONE);
	kit_io(k);
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	k->frame_us = k->now_us + 20 * MS;
	k->chunk = session_caller_position(k->session);
	memset(k->said + (died - k->media_us) / 125 - 1600, 0xff, (back - died) / 125 + 1600);
	kit_run(k, 6000);
	end = k->now_us;
	hang_up();
	cut_now();
	assert_length(end);
	assert_int_equal(cut.summary.epochs, 2);
	lost = gap_total(TRACKS_CALLER, NULL);
	assert_true(lost >= (back - died) / 125 && lost <= (back - died) / 125 + 1800); /* up to 200 ms were not written yet */
	assert_true(gap_total(TRACKS_AGENT, "the worker was gone") >= (back - died) / 125 - 800);
	assert_true(sounding(cut.caller, cut.samples - 8000, cut.samples) > 7000); /* it goes on afterwards, */
	{
		size_t i, at = (size_t)((back - k->media_us) / 125);

		for (i = at; i < cut.samples; i++)
			if (cut.caller[i] != g711_ulaw_decode(k->said[i]))
				fail_msg("the caller's sample %zu differs", i); /* where it belongs */
	}
}

/* The worker dies, the caller hangs up, and only half a minute later somebody takes the call over and hears of it. */
static void P23_the_end_came_long_before_it_was_heard_of(void **state)
{
	uint64_t end;
	size_t i;

	(void)state;
	call_to_the_answer();
	kit_run(k, 3000);
	kit_commit(k);
	session_drop(&k->session);
	journal_call_close(&k->call, k->now_us);
	kit_commit(k);
	end = k->now_us + 300 * MS;
	k->now_us += 40000 * MS;
	k->wake_us = UINT64_MAX;
	k->media_on = false;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 2, k->now_us), ERR_NONE);
	kit_io(k);
	k->io.media = NULL;
	k->io.carrier_ended_us = end;
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	assert_true(session_ended(k->session));
	cut_now();
	assert_length(end);
	assert_int_equal(cut.summary.epochs, 2);
	assert_true(gap_total(TRACKS_AGENT, "the worker was gone") > 0);
	for (i = 0; i < cut.gap_count; i++)
		assert_true(cut.gaps[i].start_sample + cut.gaps[i].samples <= cut.samples);
}

/* ------------------------------------------------------------------ records by hand */

static struct recorder *by_hand(void)
{
	struct recorder *r;

	assert_int_equal(recorder_new(&r, block_h, gap_h, NULL), ERR_NONE);
	return r;
}

static enum err push_caller(struct recorder *r, uint64_t position, size_t samples, uint64_t gap)
{
	static uint8_t sound[8000];
	struct record_caller c = { .at_us = (position + samples) * 125, .position = position, .ulaw = sound, .samples = samples, .gap_samples = gap };
	struct buf b;
	enum err err;

	memset(sound, 0x10, sizeof(sound));
	buf_init(&b, 1 << 16);
	record_caller_encode(&c, &b);
	err = recorder_push(r, JOURNAL_AUDIO_CALLER, 1, c.at_us + 77, b.data, b.len);
	buf_fini(&b);
	return err;
}

static void push_played(struct recorder *r, struct record_played p)
{
	struct buf b;

	buf_init(&b, 1 << 16);
	record_played_encode(&p, &b);
	assert_int_equal(recorder_push(r, JOURNAL_PLAYED, 1, p.at_us + 77, b.data, b.len), ERR_NONE);
	buf_fini(&b);
}

static void push_agent(struct recorder *r, uint64_t at_us, uint32_t position, size_t samples)
{
	static uint8_t sound[8000];
	struct record_agent a = { .at_us = at_us, .utterance = 1, .take = 1, .position = position, .ulaw = sound, .samples = samples };
	struct buf b;

	memset(sound, 0x20, sizeof(sound));
	buf_init(&b, 1 << 16);
	record_agent_encode(&a, &b);
	assert_int_equal(recorder_push(r, JOURNAL_AUDIO_AGENT, 1, at_us + 77, b.data, b.len), ERR_NONE);
	buf_fini(&b);
}

static void push_end(struct recorder *r, uint64_t at_us)
{
	struct record_end e = { .at_us = at_us, .media = true, .connected_us = at_us };
	struct buf b;

	buf_init(&b, 1 << 16);
	record_end_encode(&e, &b);
	assert_int_equal(recorder_push(r, JOURNAL_END, 1, at_us + 77, b.data, b.len), ERR_NONE);
	buf_fini(&b);
}

static void lost_records_are_gaps_never_silence(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	assert_int_equal(push_caller(r, 0, 1600, 0), ERR_NONE);
	assert_int_equal(push_caller(r, 4800, 1600, 0), ERR_NONE);   /* 3200 are nowhere, nobody says why */
	assert_int_equal(push_caller(r, 8000, 1600, 1000), ERR_NONE); /* 1600 are missing, 1000 of them known */
	push_agent(r, 0, 0, 640);
	push_agent(r, 80000, 1280, 640); /* 640 are nowhere */
	push_end(r, 2000000);
	assert_int_equal(recorder_finish(&r, &cut.summary), ERR_NONE);
	assert_int_equal(cut.samples, 16000);
	assert_int_equal(gap_total(TRACKS_CALLER, "lost"), 3200 + 600);
	assert_int_equal(gap_total(TRACKS_CALLER, "not received"), 1000 + 16000 - 9600); /* and the end that never came */
	assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), 640);
	assert_int_equal(sounding(cut.caller, 0, 16000), 4800);
	assert_int_equal(sounding(cut.agent, 0, 16000), 1280);
	assert_int_equal(sounding(cut.agent, 1280, 1920), 640); /* each in its place */
}

/* What was lost may have been no sound at all: only the frame itself knows how much the carrier had left to play. */
static void a_frame_says_when_it_begins(void **state)
{
	static const uint8_t sound[640] = { 0x20 };
	struct record_agent a = { .utterance = 2, .take = 3, .position = 4800, .lost = true, .ulaw = sound, .samples = 640 };
	unsigned int said;

	(void)state;
	for (said = 0; said < 2; said++) {
		struct recorder *r = by_hand();
		struct buf b;
		size_t from = 0;

		memset(&cut, 0, sizeof(cut));
		push_played(r, (struct record_played){ .what = PLAYED_STARTED });
		push_agent(r, 0, 0, 640);
		push_played(r, (struct record_played){ .at_us = 80000, .utterance = 1, .take = 1, .samples = 640 });
		a.at_us = 1000000;
		a.start_us = said ? 1030000 : 0; /* less than the way's own unrest: no mark could tell */
		buf_init(&b, 1 << 12);
		record_agent_encode(&a, &b);
		assert_int_equal(recorder_push(r, JOURNAL_AUDIO_AGENT, 1, a.at_us + 77, b.data, b.len), ERR_NONE);
		push_played(r, (struct record_played){ .at_us = 1110000, .utterance = 2, .take = 3, .samples = 5440 });
		push_end(r, 2000000);
		assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
		while (from < 8000 - 4800 - 480 || !cut.agent[from])
			from++;
		assert_int_equal(from, said ? 8240 : 8000);
		assert_int_equal(gap_total(TRACKS_AGENT, NULL), 4800); /* the beginning of that take */
		buf_fini(&b);
	}
}

/* That the carrier was told to drop what it had was refused; the next frame begins before all of it could have been played. */
static void a_frame_that_begins_too_soon_tells_of_a_clear(void **state)
{
	static const uint8_t sound[640] = { 0x20 };
	struct record_agent a = { .at_us = 100000, .start_us = 100000, .utterance = 2, .take = 3, .ulaw = sound, .samples = 640 };
	struct recorder *r = by_hand();
	struct buf b;

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 1920);
	buf_init(&b, 1 << 12);
	record_agent_encode(&a, &b);
	assert_int_equal(recorder_push(r, JOURNAL_AUDIO_AGENT, 1, a.at_us + 77, b.data, b.len), ERR_NONE);
	push_end(r, 2000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(sounding(cut.agent, 0, 800), 800);
	assert_int_equal(sounding(cut.agent, 800, 1440), 640);
	assert_int_equal(sounding(cut.agent, 1440, 16000), 0);
	buf_fini(&b);
}

/* Frames leave ahead of time: what was lost lies behind what was given before, not behind what comes when it is missed. */
static void lost_sound_moves_nothing_behind_it(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 1280);
	push_agent(r, 80000, 1280, 640); /* the bursts of 160 and 240 ms are nowhere */
	push_agent(r, 320000, 3200, 640);
	push_end(r, 1000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), 1280);
	assert_int_equal(gap_total(TRACKS_AGENT, "heard a little later"), 7040); /* no mark told where: 400 ms behind the last */
	assert_int_equal(sounding(cut.agent, 0, 1920), 1920);
	assert_int_equal(sounding(cut.agent, 3200, 3840), 640);
	assert_int_equal(sounding(cut.agent, 0, 8000), 1920 + 640);
}

static void push_gap(struct recorder *r, enum journal_gap_why why, uint8_t kind, uint64_t first_us, uint64_t last_us)
{
	struct journal_gap g = { .why = why, .first_us = first_us + 77, .last_us = last_us + 77, .records = 3, .kinds = UINT64_C(1) << kind };
	uint8_t bytes[JOURNAL_GAP_MAX_BYTES];
	size_t len = journal_gap_encode(bytes, &g);

	assert_int_equal(recorder_push(r, JOURNAL_GAP, 1, 5000000, bytes, len), ERR_NONE);
}

static void what_the_journal_gave_up_of_the_agent_is_marked(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 640);
	push_gap(r, JOURNAL_GAP_LOST, JOURNAL_AUDIO_AGENT, 1000000, 1500000);
	push_gap(r, JOURNAL_GAP_LOST, JOURNAL_AUDIO_CALLER, 2000000, 2500000); /* shows by its positions */
	push_end(r, 3000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), 4000 + 160);
	assert_int_equal(cut.gaps[0].start_sample, 8000);
}

/* The ring writes over its oldest: a stretch that went there is there whole (three records), or it is a gap. */
static void what_the_ring_wrote_over_is_marked(void **state)
{
	uint32_t seen, n;

	(void)state;
	for (seen = 0; seen <= 3; seen++) {
		struct recorder *r = by_hand();

		cut.gap_count = 0;
		push_played(r, (struct record_played){ .what = PLAYED_STARTED });
		push_agent(r, 0, 0, 640);
		for (n = 0; n < seen; n++)
			push_agent(r, 2500000 - (seen - 1 - n) * 250000, 640 + 2000 * n, 2000);
		push_gap(r, JOURNAL_GAP_RING, JOURNAL_AUDIO_AGENT, 2000000, 2500000);
		push_end(r, 3000000);
		assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
		assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), seen < 3 ? 4000 + 3200 : 0);
		if (seen < 3)
			assert_int_equal(cut.gaps[0].start_sample, 16000);
	}
}

/* What was sent last was heard a way later. */
static void what_the_ring_wrote_over_is_marked_to_where_it_was_heard(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	cut.gap_count = 0;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 800);
	push_played(r, (struct record_played){ .at_us = 200000, .utterance = 1, .take = 1, .samples = 800 }); /* 100 ms there and back */
	push_gap(r, JOURNAL_GAP_RING, JOURNAL_AUDIO_AGENT, 2000000, 2500000);
	push_end(r, 4000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), 4000 + 3200 + 800);
}

/* A take that was refused from its first to its last sample leaves nothing but the journal's word. */
static void whole_takes_that_were_refused_are_marked(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	cut.gap_count = 0;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 640);
	push_gap(r, JOURNAL_GAP_STOPPED, JOURNAL_AUDIO_AGENT, 1000000, 1500000);
	push_gap(r, JOURNAL_GAP_MEMORY, JOURNAL_AUDIO_AGENT, 2000000, 2000000);
	push_end(r, 3000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), 4000 + 3200 + 3200);
}

static void the_beginning_of_a_take_that_was_refused_is_a_gap(void **state)
{
	struct record_agent a = { .at_us = 1000000, .utterance = 1, .take = 1, .position = 1600, .ulaw = (const uint8_t *)"\x20\x20", .samples = 2 };
	unsigned int lost;

	(void)state;
	for (lost = 0; lost < 2; lost++) {
		struct recorder *r = by_hand();
		struct buf b;

		cut.gap_count = 0;
		cut.samples = 0;
		a.lost = lost;
		buf_init(&b, 1 << 12);
		push_played(r, (struct record_played){ .what = PLAYED_STARTED });
		record_agent_encode(&a, &b);
		assert_int_equal(recorder_push(r, JOURNAL_AUDIO_AGENT, 1, 1000077, b.data, b.len), ERR_NONE);
		buf_fini(&b);
		push_end(r, 2000000);
		assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
		assert_int_equal(gap_total(TRACKS_AGENT, "not recorded"), lost ? 1600 : 0); /* from 1600 on can also be a resumed take */
	}
}

static void a_mark_that_a_clear_sent_back_moves_nothing(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 800);
	push_played(r, (struct record_played){ .at_us = 200000, .utterance = 1, .take = 1, .samples = 800 }); /* 100 ms there and back */
	push_agent(r, 440000, 800, 960);
	push_played(r, (struct record_played){ .what = PLAYED_CLEARED, .at_us = 500000 });
	push_played(r, (struct record_played){ .at_us = 600000, .utterance = 1, .take = 1, .samples = 1760 });
	push_played(r, (struct record_played){ .at_us = 100000000000000, .utterance = 1, .take = 1, .samples = 1760 });
	push_end(r, 1000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(sounding(cut.agent, 800, 1600), 800);
	assert_int_equal(sounding(cut.agent, 4320, 4800), 480); /* 540 to 600 ms: the clear takes its way, too */
	assert_int_equal(sounding(cut.agent, 0, 8000), 1280);
}

/* What was cleared comes back too soon. When the record of the clear was refused, nobody but the journal's gap says so: the carrier is 100 ms off, not 10. */
static void a_mark_behind_a_clear_that_was_refused_proves_nothing(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 800);
	push_gap(r, JOURNAL_GAP_STOPPED, JOURNAL_PLAYED, 10000, 20000);
	push_played(r, (struct record_played){ .at_us = 110000, .utterance = 1, .take = 1, .samples = 800 });
	push_agent(r, 1000000, 800, 800);
	push_played(r, (struct record_played){ .at_us = 1200000, .utterance = 1, .take = 1, .samples = 1600 });
	push_agent(r, 2000000, 1600, 1600);
	push_played(r, (struct record_played){ .what = PLAYED_CLEARED, .at_us = 2100000 });
	push_end(r, 3000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(sounding(cut.agent, 16800, 17600), 800); /* 2100 to 2200 ms: the clear takes its way, too */
	assert_int_equal(sounding(cut.agent, 16000, 24000), 800);
}

/* 200 ms of sound are lost, with a pause of 60 ms in their middle that nobody knows of; the carrier is 200 ms off, not 140. */
static void a_mark_in_lost_sound_that_had_run_dry_proves_nothing(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 0, 0, 800);
	push_played(r, (struct record_played){ .at_us = 300000, .utterance = 1, .take = 1, .samples = 800 });
	push_agent(r, 900000, 2400, 800); /* before it: from 640 to 740 ms, and from 800 on */
	push_played(r, (struct record_played){ .at_us = 940000, .utterance = 1, .take = 1, .samples = 1600 });
	push_played(r, (struct record_played){ .at_us = 1200000, .utterance = 1, .take = 1, .samples = 3200 });
	push_agent(r, 2000000, 3200, 1600);
	push_played(r, (struct record_played){ .what = PLAYED_CLEARED, .at_us = 2100000 });
	push_end(r, 3000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(sounding(cut.agent, 17600, 18400), 800);
	assert_int_equal(sounding(cut.agent, 16000, 24000), 800);
}

static enum err push_attach(struct recorder *r, uint64_t at_us, bool audio)
{
	struct record_snapshot s = { .media = true, .media_us = 1000000, .core = (const uint8_t *)"x", .core_len = 1 };
	struct record_start a = { .at_us = at_us, .records_audio = audio };
	struct buf b, inner;
	enum err err;

	buf_init(&b, 1 << 12);
	buf_init(&inner, 1 << 12);
	record_snapshot_encode(&s, &inner);
	a.snapshot = inner.data;
	a.snapshot_len = inner.len;
	record_start_encode(&a, &b);
	err = recorder_push(r, JOURNAL_ATTACH, 2, at_us, b.data, b.len);
	buf_fini(&b);
	buf_fini(&inner);
	return err;
}

/* The first worker's records are all gone: where position 0 was is in the snapshot. */
static void the_snapshot_says_when_media_began(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	assert_int_equal(push_attach(r, 3000000, true), ERR_NONE);
	push_agent(r, 4000000, 0, 800);
	push_end(r, 5000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(cut.samples, 32000);
	assert_int_equal(sounding(cut.agent, 24000, 24800), 800);
	assert_int_equal(gap_total(TRACKS_AGENT, "the worker was gone"), 16000);
	cut.gap_count = 0;
	r = by_hand();
	assert_int_equal(push_attach(r, 3000000, false), ERR_NONE);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NOTFOUND);
	assert_int_equal(cut.gap_count, 0);
}

/* Until the next worker's first mark has told the way to the carrier, the worker's before it is the best guess. */
static void the_way_to_the_carrier_outlives_a_worker(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED, .at_us = 1000000 });
	push_agent(r, 1000000, 0, 800);
	push_played(r, (struct record_played){ .at_us = 1200000, .utterance = 1, .take = 1, .samples = 800 }); /* 100 ms there and back */
	assert_int_equal(push_attach(r, 3000000, true), ERR_NONE);
	push_agent(r, 4000000, 800, 800);
	push_end(r, 5000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(sounding(cut.agent, 800, 1600), 800);
	assert_int_equal(sounding(cut.agent, 24800, 25600), 800);
}

static void times_that_cannot_be_are_passed_over(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED, .at_us = UINT64_C(1) << 60 });
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	assert_int_equal(push_caller(r, 0, 1600, 0), ERR_NONE);
	push_agent(r, UINT64_C(1) << 60, 0, 800);
	push_end(r, UINT64_C(1) << 60);
	assert_int_equal(recorder_finish(&r, &cut.summary), ERR_NONE);
	assert_int_equal(cut.samples, 1600);
	assert_int_equal(sounding(cut.agent, 0, 1600), 0);
	assert_false(cut.summary.ended);
}

static void a_frame_that_is_missing_at_the_end_is_a_gap(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	assert_int_equal(push_caller(r, 0, 1600, 0), ERR_NONE);
	push_end(r, 220000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(gap_total(TRACKS_CALLER, "not received"), 160);
}

static void what_comes_half_a_minute_late_is_a_gap(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	push_agent(r, 30000000, 0, 800); /* ten seconds are given out */
	assert_int_equal(push_caller(r, 0, 1600, 0), ERR_NONE);
	assert_int_equal(gap_total(TRACKS_CALLER, "came too late"), 1600);
	assert_int_equal(push_caller(r, 79200, 1600, 0), ERR_NONE); /* half of it in time */
	assert_int_equal(gap_total(TRACKS_CALLER, "came too late"), 2400);
	push_end(r, 31000000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(sounding(cut.caller, 0, cut.samples), 800);
	assert_int_equal(sounding(cut.caller, 80000, 80800), 800);
}

static void what_comes_twice_is_there_once(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	assert_int_equal(push_caller(r, 0, 1600, 0), ERR_NONE);
	assert_int_equal(push_caller(r, 800, 1600, 0), ERR_NONE);
	assert_int_equal(push_caller(r, 0, 1600, 0), ERR_NONE);
	push_end(r, 300000);
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(cut.samples, 2400);
	assert_int_equal(sounding(cut.caller, 0, 2400), 2400);
	assert_int_equal(cut.gap_count, 0);
}

static uint64_t counted;

static enum err count_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	(void)arg;
	(void)caller;
	(void)agent;
	counted += samples;
	return ERR_NONE;
}

static void it_streams(void **state)
{
	struct recorder *r;
	uint64_t i;

	(void)state;
	counted = 0;
	assert_int_equal(recorder_new(&r, count_h, gap_h, NULL), ERR_NONE);
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	for (i = 0; i < 3000; i++) { /* ten minutes */
		assert_int_equal(push_caller(r, i * 1600, 1600, 0), ERR_NONE);
		assert_true(i * 1600 <= counted + 22 * 8000); /* it keeps about 20 s back, no more */
	}
	assert_int_equal(recorder_finish(&r, NULL), ERR_NONE);
	assert_int_equal(counted, 3000 * 1600);
	assert_int_equal(cut.gap_count, 0);
}

static void a_call_without_sound_has_no_recording(void **state)
{
	struct recorder *r = by_hand();
	struct kit_records records;
	struct err_detail detail = { .message = "" };

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	assert_int_equal(recorder_finish(&r, NULL), ERR_NOTFOUND);
	k->counted = true;
	kit_begin(k);
	kit_run(k, 1000);
	hang_up();
	kit_journal_close(k);
	kit_records_open(k, &records);
	assert_int_equal(recorder_cut(&k->disk, KIT_DIR, &records.options, block_h, gap_h, NULL, NULL, &detail), ERR_NOTFOUND);
	assert_non_null(strstr(detail.message, "not recorded"));
	keyring_close(&records.keys);
	assert_int_equal(cut.samples, 0);
}

static enum err refuse_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	(void)arg;
	(void)caller;
	(void)agent;
	(void)samples;
	return ERR_FULL;
}

static void a_full_disk_stops_it(void **state)
{
	struct recorder *r;
	uint64_t i;
	enum err err = ERR_NONE;

	(void)state;
	assert_int_equal(recorder_new(&r, refuse_h, gap_h, NULL), ERR_NONE);
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	for (i = 0; i < 500 && !err; i++)
		err = push_caller(r, i * 1600, 1600, 0);
	assert_int_equal(err, ERR_FULL);
	assert_int_equal(recorder_finish(&r, NULL), ERR_FULL);
}

static void positions_beyond_a_day_are_refused(void **state)
{
	struct recorder *r = by_hand();

	(void)state;
	push_played(r, (struct record_played){ .what = PLAYED_STARTED });
	assert_int_equal(push_caller(r, (uint64_t)25 * 3600 * 8000, 1600, 0), ERR_LIMIT);
	recorder_cancel(&r);
	assert_null(r);
}

static enum err ignore_gap_h(void *arg, const struct tracks_gap *gap)
{
	(void)arg;
	(void)gap;
	return ERR_NONE;
}

static void garbage_never_hurts(void **state)
{
	unsigned int round, i, n;

	(void)state;
	for (round = 0; round < 60; round++) {
		struct recorder *r;

		assert_int_equal(recorder_new(&r, count_h, ignore_gap_h, NULL), ERR_NONE);
		for (i = 0; i < 60; i++) {
			uint8_t bytes[64];
			struct buf b;

			buf_init(&b, 1 << 12);
			for (n = 0; n < 6; n++)
				wire_put_u64(&b, n + 1, kit_random(k) % 3 ? kit_random(k) >> (kit_random(k) % 31) : (uint64_t)kit_random(k) << 33 | kit_random(k));
			for (n = 0; n < sizeof(bytes); n++)
				bytes[n] = (uint8_t)kit_random(k);
			wire_put_bytes(&b, 5 + kit_random(k) % 3, bytes, kit_random(k) % 64);
			if (kit_random(k) % 4 == 0)
				(void)!recorder_push(r, (uint8_t)(kit_random(k) % 13), 1 + round % 3, kit_random(k), bytes, sizeof(bytes));
			else
				(void)!recorder_push(r, (uint8_t)(kit_random(k) % 13), 1, kit_random(k), b.data, b.len);
			buf_fini(&b);
			if (i % 16 == 0)
				(void)!push_caller(r, i * 1000, 1000, 0);
		}
		recorder_cancel(&r);
	}
}

static void a_recording_file_comes_of_it(void **state)
{
	struct kit_records r;
	struct tracks_reader *reader;
	int16_t caller[1000], agent[1000];
	size_t got, at = 0;
	enum err err;

	(void)state;
	call_to_the_answer();
	kit_run(k, 6000);
	session_caller_gap(k->session, 800);
	kit_run(k, 500);
	hang_up();
	cut_now();
	kit_records_open(k, &r);
	assert_int_equal(recorder_to_tracks(&k->disk, KIT_DIR, &r.options, "/v/journal/call.flac", NULL, NULL), ERR_NONE);
	keyring_close(&r.keys);
	assert_int_equal(tracks_reader_open(&reader, &k->disk, "/v/journal/call.flac", NULL), ERR_NONE);
	assert_int_equal(tracks_reader_info(reader)->samples, cut.samples);
	assert_int_equal(tracks_reader_info(reader)->gap_count, cut.gap_count);
	while (!(err = tracks_reader_pull(reader, caller, agent, 1000, &got, NULL)) && got) {
		assert_memory_equal(caller, cut.caller + at, got * 2);
		assert_memory_equal(agent, cut.agent + at, got * 2);
		at += got;
	}
	assert_int_equal(err, ERR_NONE);
	tracks_reader_close(&reader);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(P23_as_long_as_the_call_and_placed_where_it_was_played),
		CASE(P23_under_jitter),
		CASE(P23_under_a_stall_and_a_burst),
		CASE(P23_behind_a_disk_that_was_full),
		CASE(what_was_cleared_is_not_in_it),
		CASE(gaps_of_the_carrier_are_marked),
		CASE(N4_a_dead_workers_time_is_marked),
		CASE(P23_the_end_came_long_before_it_was_heard_of),
		CASE(lost_records_are_gaps_never_silence),
		CASE(a_frame_says_when_it_begins),
		CASE(a_frame_that_begins_too_soon_tells_of_a_clear),
		CASE(lost_sound_moves_nothing_behind_it),
		CASE(what_the_journal_gave_up_of_the_agent_is_marked),
		CASE(what_the_ring_wrote_over_is_marked),
		CASE(what_the_ring_wrote_over_is_marked_to_where_it_was_heard),
		CASE(whole_takes_that_were_refused_are_marked),
		CASE(the_beginning_of_a_take_that_was_refused_is_a_gap),
		CASE(a_mark_that_a_clear_sent_back_moves_nothing),
		CASE(a_mark_behind_a_clear_that_was_refused_proves_nothing),
		CASE(a_mark_in_lost_sound_that_had_run_dry_proves_nothing),
		CASE(the_snapshot_says_when_media_began),
		CASE(the_way_to_the_carrier_outlives_a_worker),
		CASE(times_that_cannot_be_are_passed_over),
		CASE(a_frame_that_is_missing_at_the_end_is_a_gap),
		CASE(what_comes_half_a_minute_late_is_a_gap),
		CASE(what_comes_twice_is_there_once),
		CASE(it_streams),
		CASE(a_call_without_sound_has_no_recording),
		CASE(a_full_disk_stops_it),
		CASE(positions_beyond_a_day_are_refused),
		CASE(garbage_never_hurts),
		CASE(a_recording_file_comes_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A worker's journal on its way to the conductor: real journals on a real disk, shipping on its own thread, the real timeline over real stores behind
 * loopback HTTP. Between them stands a relay that can refuse, and lose answers. */
#include "timelinekit.h"

#include <dirent.h>
#include <inttypes.h>
#include <netinet/in.h>

#include "audio/g711.h"
#include "audio/tracks.h"
#include "voice/journal/call_records.h"
#include "voice/input.h"
#include "voice/journal/journal.h"
#include "voice/shipping/shipping.h"
#include "voice/journal/steps.h"
#include "voice/recording/waveform.h"

static struct got one, two;
static uv_timer_t tick; /* threads do not wake this loop: it looks by itself */

static void on_tick(uv_timer_t *timer) { (void)timer; }

/* ------------------------------------------------------------------ the relay */

enum { RELAYED_MAX = 64 };

struct relay {
	uv_tcp_t listener;
	unsigned int port;
	struct relayed *open;
	unsigned int connections, answers, lost;
	unsigned int loses;      /* so many answers to come are thrown away with their connection */
	size_t asked;            /* bytes of requests */
};

struct relayed {
	uv_tcp_t near, far;      /* the worker's side, the conductor's */
	uv_connect_t connect;
	struct relayed *next;
	unsigned int closed;
	bool is_closing;
};

static struct relay relay;

static void relayed_closed(uv_handle_t *handle)
{
	struct relayed *r = handle->data, **at = &relay.open;

	if (++r->closed < 2)
		return;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	free(r);
}

static void relayed_close(struct relayed *r)
{
	if (r->is_closing)
		return;
	r->is_closing = true;
	uv_close((uv_handle_t *)&r->near, relayed_closed);
	uv_close((uv_handle_t *)&r->far, relayed_closed);
}

static void relay_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	(void)handle;
	*out = uv_buf_init(malloc(size), (unsigned int)size);
}

static void relay_written(uv_write_t *w, int status)
{
	(void)status;
	free(w->data);
	free(w);
}

static void relay_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *in)
{
	struct relayed *r = stream->data;
	bool is_answer = stream == (uv_stream_t *)&r->far;
	uv_write_t *w;
	uv_buf_t out;

	if (got > 0 && is_answer && relay.loses) {
		relay.loses--;
		relay.lost++;
		got = UV_EOF;
	}
	if (got <= 0) {
		free(in->base);
		if (got < 0)
			relayed_close(r);
		return;
	}
	relay.answers += is_answer;
	relay.asked += is_answer ? 0 : (size_t)got;
	w = calloc(1, sizeof(*w));
	w->data = in->base;
	out = uv_buf_init(in->base, (unsigned int)got);
	if (uv_write(w, (uv_stream_t *)(is_answer ? &r->near : &r->far), &out, 1, relay_written)) {
		relay_written(w, 0);
		relayed_close(r);
	}
}

static void relay_connected(uv_connect_t *connect, int status)
{
	struct relayed *r = connect->data;

	if (r->is_closing)
		return;
	if (status) {
		relayed_close(r);
		return;
	}
	uv_read_start((uv_stream_t *)&r->near, relay_alloc, relay_read);
	uv_read_start((uv_stream_t *)&r->far, relay_alloc, relay_read);
}

static void relay_accept(uv_stream_t *listener, int status)
{
	struct relayed *r = calloc(1, sizeof(*r));
	struct sockaddr_in to;

	assert_int_equal(status, 0);
	relay.connections++;
	uv_tcp_init(&k->w.loop, &r->near);
	uv_tcp_init(&k->w.loop, &r->far);
	r->near.data = r->far.data = r->connect.data = r;
	r->next = relay.open;
	relay.open = r;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&r->near), 0);
	uv_ip4_addr("127.0.0.1", (int)k->port, &to);
	if (uv_tcp_connect(&r->connect, &r->far, (const struct sockaddr *)&to, relay_connected))
		relayed_close(r);
}

static void relay_begin(void)
{
	struct sockaddr_in at;
	int len = sizeof(at);

	memset(&relay, 0, sizeof(relay));
	uv_ip4_addr("127.0.0.1", 0, &at);
	uv_tcp_init(&k->w.loop, &relay.listener);
	assert_int_equal(uv_tcp_bind(&relay.listener, (const struct sockaddr *)&at, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&relay.listener, 16, relay_accept), 0);
	assert_int_equal(uv_tcp_getsockname(&relay.listener, (struct sockaddr *)&at, &len), 0);
	relay.port = ntohs(at.sin_port);
}

static void relay_end(void)
{
	uv_close((uv_handle_t *)&relay.listener, NULL);
	for (struct relayed *r = relay.open; r; r = r->next)
		relayed_close(r);
}

/* ------------------------------------------------------------------ a worker */

struct worker {
	char name[8], dir[256], spool[256], url[64];
	struct journal *journal;
	struct shipping *shipping;
	struct service_key *key;
	uint64_t rest_us;
};

/* A call that a worker has. */
struct call_here {
	struct worker *worker;
	struct journal_call *journal;
	uint64_t began_us;   /* the worker's time at the call's 0 */
	uint64_t position;   /* of the caller's sound */
};

static struct worker w1, w2;
static char journals[256];

static uint64_t now_us(void) { return uv_hrtime() / 1000; }

static void journal_begin(struct worker *w)
{
	struct journal_options o;

	journal_options_defaults(&o);
	o.segment_bytes = 1 << 20;
	o.reserve_bytes = o.ring_bytes = 1 << 16;
	o.wall_offset_us = UINT64_C(1700000000000000);
	assert_int_equal(journal_open(&w->journal, &disk_real, w->dir, &o, now_us(), NULL, NULL), ERR_NONE);
}

static void shipping_begin(struct worker *w)
{
	const struct shipping_settings s = { .disk = &disk_real, .journal = w->journal, .dir = w->dir, .journals = journals, .spool = w->spool, .worker = w->name,
		.url = w->url, .key = w->key, .policy = &kit_inside, .rest_us = w->rest_us };
	struct err_detail detail = { .message = "" };

	if (shipping_open(&w->shipping, &s, &detail))
		fail_msg("%s", detail.message);
}

static void worker_begin(struct worker *w, const char *name)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->name, sizeof(w->name), "%s", name);
	snprintf(w->dir, sizeof(w->dir), "%.200s/%s", journals, name);
	snprintf(w->spool, sizeof(w->spool), "%.200s/spool/%s", k->w.dir, name);
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u", relay.port);
	w->rest_us = 50000;
	assert_int_equal(service_key_open(&w->key, kit_keys, "voice", NULL), ERR_NONE);
	journal_begin(w);
}

/* Makes durable what was appended. */
static void commit(struct worker *w)
{
	struct journal_batch *b = journal_batch_take(w->journal, now_us());

	if (b) {
		assert_int_equal(journal_batch_write(w->journal, b, now_us()), ERR_NONE);
		journal_batch_done(w->journal, b, now_us());
	}
	if (w->shipping)
		shipping_durable(w->shipping, journal_durable_position(w->journal));
}

/* Dies: what was durable stays. */
static void worker_dies(struct worker *w)
{
	shipping_close(&w->shipping, 0);
	journal_abandon(&w->journal);
}

static void worker_end(struct worker *w)
{
	if (w->name[0]) {
		worker_dies(w);
		service_key_close(&w->key);
	}
	memset(w, 0, sizeof(*w));
}

static void all_shipped(struct worker *w)
{
	kit_until(shipping_counts(w->shipping).all_shipped);
}

/* ------------------------------------------------------------------ a call */

static void record(struct call_here *c, uint8_t kind, struct buf *b)
{
	assert_int_equal(b->err, ERR_NONE);
	assert_int_equal(journal_append(c->journal, kind, b->data, b->len, now_us()), ERR_NONE);
	buf_fini(b);
}

static uint64_t at_us(const struct call_here *c) { return now_us() - c->began_us; }

static void live_begin_as(struct call_here *c, struct worker *w, const char *id, uint32_t epoch, uint64_t position, bool records)
{
	struct record_start r = { .wall_us = 1700000000000000, .records_audio = records };
	struct record_snapshot s = { .media = true, .caller_position = position };
	struct id128 call, tenant;
	struct buf b, snapshot;

	memset(c, 0, sizeof(*c));
	c->worker = w;
	c->position = position;
	c->began_us = now_us() - position * 125;
	tenant_id(k->w.a, tenant.bytes);
	assert_int_equal(id128_parse(&call, id), ERR_NONE);
	assert_int_equal(journal_call_open(w->journal, &c->journal, &tenant, &call, epoch, now_us()), ERR_NONE);
	buf_init(&b, 1 << 16);
	buf_init(&snapshot, 1 << 16);
	if (epoch > 1) {
		r.at_us = s.at_us = at_us(c);
		record_snapshot_encode(&s, &snapshot);
		r.snapshot = snapshot.data;
		r.snapshot_len = snapshot.len;
	}
	record_start_encode(&r, &b);
	record(c, epoch > 1 ? JOURNAL_ATTACH : JOURNAL_START, &b);
	buf_fini(&snapshot);
	if (epoch == 1) {
		buf_init(&b, 1 << 10);
		record_played_encode(&(struct record_played){ .what = PLAYED_STARTED }, &b);
		record(c, JOURNAL_PLAYED, &b);
	}
}

static void live_begin(struct call_here *c, struct worker *w, const char *id, uint32_t epoch)
{
	live_begin_as(c, w, id, epoch, 0, false);
}

/* A partial: one line. */
static void call_says(struct call_here *c, const char *text)
{
	const struct call_input in = { .type = IN_TRANSCRIPT, .at_us = at_us(c), .kind = TRANSCRIPT_PARTIAL, .text = text, .text_len = strlen(text) };
	const struct call_outputs none = { .count = 0 };
	struct steps_writer w;
	struct buf b;

	steps_writer_init(&w);
	steps_put(&w, &in, &none);
	buf_init(&b, 1 << 16);
	buf_append(&b, w.bytes.data, w.bytes.len);
	record(c, JOURNAL_INPUTS, &b);
	steps_writer_fini(&w);
}

static uint8_t tone(uint64_t position) { return g711_ulaw_encode((int16_t)(position / 8 % 2 ? 8000 : -8000)); }

/* So many samples of the caller's sound. */
static void call_sounds(struct call_here *c, size_t samples)
{
	uint8_t ulaw[1600];
	struct buf b;

	assert_int_equal(samples % 1600, 0);
	for (; samples; samples -= 1600) {
		for (size_t i = 0; i < 1600; i++)
			ulaw[i] = tone(c->position + i);
		buf_init(&b, 1 << 16);
		record_caller_encode(&(struct record_caller){ .at_us = (c->position + 1600) * 125, .position = c->position, .ulaw = ulaw, .samples = 1600 }, &b);
		record(c, JOURNAL_AUDIO_CALLER, &b);
		c->position += 1600;
	}
}

static void call_ends(struct call_here *c)
{
	uint64_t length_us = c->position * 125;
	struct buf b;

	buf_init(&b, 1 << 10);
	record_end_encode(&(struct record_end){ .at_us = length_us, .reason = END_CALLER, .media = true, .connected_us = length_us, .turns = 2 }, &b);
	record(c, JOURNAL_END, &b);
	journal_call_close(&c->journal, now_us());
}

/* ------------------------------------------------------------------ set-up */

static int begin(void **state)
{
	int done = kit_begin(state);

	uv_timer_init(&k->w.loop, &tick);
	uv_timer_start(&tick, on_tick, 2, 2);
	got_begin(&one);
	got_begin(&two);
	relay_begin();
	snprintf(journals, sizeof(journals), "%s", world_path(&k->w, "journal"));
	assert_int_equal(mkdir(journals, 0700), 0);
	worker_begin(&w1, "w1");
	memset(&w2, 0, sizeof(w2));
	kit_call_put(k->w.a, CALL_A, 1, CALL_LIVE);
	return done;
}

static int end(void **state)
{
	worker_end(&w1);
	worker_end(&w2);
	relay_end();
	uv_close((uv_handle_t *)&tick, NULL);
	got_end(&one);
	got_end(&two);
	return kit_end(state);
}

static void live_start(struct got *g, const char *id)
{
	char path[200];

	snprintf(path, sizeof(path), "/v1/calls/%s/events", id);
	kit_ask(g, bearer_person("acme", "reveal"), HTTP_GET, path, NULL, NULL, 0);
	kit_until(g->status == 200);
}

/* The words of all partial lines, blanks between. */
static const char *words_of(const struct got *g)
{
	static char all[4000];
	json_t *line;

	all[0] = 0;
	for (size_t i = 0; (line = line_at(g, i)); i++) {
		const char *text = json_string_value(json_object_get(line, "text"));

		if (text && !strcmp(json_string_value(json_object_get(line, "type")), "partial"))
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", all[0] ? " " : "", text);
		json_decref(line);
	}
	return all;
}

/* All words of a call that has ended. */
static const char *words_now(void)
{
	live_start(&two, CALL_A);
	kit_until(two.done);
	assert_int_equal(two.err, ERR_NONE);
	return words_of(&two);
}

/* ------------------------------------------------------------------ lines */

static void from_an_event_to_the_page(void **state)
{
	struct call_here c;
	uint64_t begun;
	size_t lines;

	(void)state;
	shipping_begin(&w1);
	live_start(&one, CALL_A);
	live_begin(&c, &w1, CALL_A, 1);
	commit(&w1);
	kit_until(line_count(&one) == 2); /* start, media */
	for (unsigned int i = 0; i < 5; i++) {
		char word[8];

		snprintf(word, sizeof(word), "w%u", i);
		lines = line_count(&one);
		call_says(&c, word);
		begun = now_us();
		commit(&w1);
		kit_until(line_count(&one) > lines);
		print_message("%" PRIu64 " ms from commit to page\n", (now_us() - begun) / 1000);
		assert_true(now_us() - begun < 3500000);
	}
	call_ends(&c);
	commit(&w1);
	kit_until(one.done);
	assert_string_equal(words_of(&one), "w0 w1 w2 w3 w4");
	all_shipped(&w1);
	assert_int_equal(shipping_counts(w1.shipping).lines, line_count(&one));
	assert_int_equal(shipping_counts(w1.shipping).refused, 0);
}

static void what_nobody_cares_for_stays_here(void **state)
{
	struct call_here c;
	struct buf b;

	(void)state;
	live_begin(&c, &w1, CALL_A, 1);
	commit(&w1);
	shipping_begin(&w1);
	all_shipped(&w1);
	kit_until(shipping_counts(w1.shipping).records == 2);
	relay.asked = 0;
	for (unsigned int i = 0; i < 50; i++) {
		buf_init(&b, 1 << 16);
		buf_append(&b, journals, sizeof(journals));
		record(&c, JOURNAL_SNAPSHOT, &b);
	}
	call_sounds(&c, 16000); /* without a gap: no line */
	commit(&w1);
	kit_until(shipping_counts(w1.shipping).records == 62);
	assert_int_equal(relay.asked, 0);
	journal_call_close(&c.journal, now_us());
}

/* The conductor is away: calls go on, their lines come later, once each, in order; and again. */
static void a_conductor_that_goes_and_comes(void **state)
{
	struct call_here c;
	char expected[400] = "", word[8];

	(void)state;
	shipping_begin(&w1);
	live_begin(&c, &w1, CALL_A, 1);
	for (unsigned int i = 0; i < 30; i++) {
		snprintf(word, sizeof(word), "w%u", i);
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "%s%s", i ? " " : "", word);
		call_says(&c, word);
		commit(&w1);
		if (i == 4 || i == 14) {
			all_shipped(&w1);
			kit_close();
		}
		if (i == 9 || i == 15) {
			uint64_t failures = shipping_counts(w1.shipping).failures;

			kit_until(shipping_counts(w1.shipping).failures > failures);
			kit_open();
		}
		if (i == 20)
			kit_restart(); /* in the middle of something, perhaps */
	}
	call_ends(&c);
	commit(&w1);
	all_shipped(&w1);
	assert_string_equal(words_now(), expected);
}

/* Stored, and the worker never hears of it: it says so again, and nothing is there twice. */
static void an_answer_that_is_lost(void **state)
{
	struct call_here c;
	unsigned int i;

	(void)state;
	shipping_begin(&w1);
	live_begin(&c, &w1, CALL_A, 1);
	for (i = 1; i <= 3; i++) {
		char word[8];

		relay.loses = i;
		relay.lost = 0;
		snprintf(word, sizeof(word), "w%u", i);
		call_says(&c, word);
		commit(&w1);
		kit_until(relay.lost == i);
		snprintf(word, sizeof(word), "x%u", i); /* and more comes with the second try */
		call_says(&c, word);
		commit(&w1);
		all_shipped(&w1);
	}
	call_ends(&c);
	commit(&w1);
	all_shipped(&w1);
	assert_string_equal(words_now(), "w1 x1 w2 x2 w3 x3");
	assert_true(shipping_counts(w1.shipping).failures >= 6);
	assert_int_equal(shipping_counts(w1.shipping).lines, line_count(&two)); /* a record's lines are made once */
}

/* The worker dies with lines that nobody has: the next life begins with them. */
static void what_an_earlier_life_left_behind(void **state)
{
	struct call_here c, next;

	(void)state;
	shipping_begin(&w1);
	live_begin(&c, &w1, CALL_A, 1);
	call_says(&c, "a");
	commit(&w1);
	all_shipped(&w1);
	kit_close();
	call_says(&c, "b");
	commit(&w1);
	call_says(&c, "lost"); /* was never durable */
	worker_dies(&w1);
	kit_open();
	journal_begin(&w1);
	kit_call_put(k->w.a, CALL_A, 2, CALL_LIVE);
	live_begin(&next, &w1, CALL_A, 2);
	call_says(&next, "c");
	commit(&w1);
	shipping_begin(&w1);
	call_ends(&next);
	commit(&w1);
	all_shipped(&w1);
	assert_string_equal(words_now(), "a b c");
}

static void lines_that_nobody_wants_hold_up_nothing(void **state)
{
	struct call_here c, unknown;

	(void)state;
	shipping_begin(&w1);
	live_begin(&unknown, &w1, CALL_B, 1);
	call_says(&unknown, "nobody's");
	live_begin(&c, &w1, CALL_A, 1);
	call_says(&c, "a");
	call_ends(&c);
	call_ends(&unknown);
	commit(&w1);
	all_shipped(&w1);
	assert_string_equal(words_now(), "a");
	assert_true(shipping_counts(w1.shipping).refused >= 3);
}

/* Erased before it was shipped: nobody is told of it any more. */
static void what_was_erased(void **state)
{
	struct id128 call, tenant;
	struct call_here c;

	(void)state;
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	call_says(&c, "a");
	call_sounds(&c, 8000);
	call_ends(&c);
	commit(&w1);
	tenant_id(k->w.a, tenant.bytes);
	assert_int_equal(id128_parse(&call, CALL_A), ERR_NONE);
	assert_int_equal(journal_erase_call(w1.journal, &tenant, &call), ERR_NONE);
	shipping_begin(&w1);
	all_shipped(&w1);
	assert_int_equal(shipping_counts(w1.shipping).lines, 0);
	assert_int_equal(documents_of(k->w.a, "timeline/"), 0);
}

/* ------------------------------------------------------------------ recordings */

static size_t files_in(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t count = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		count += e->d_name[0] != '.';
	closedir(dir);
	return count;
}

static off_t todo_bytes(const struct worker *w)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "%s/recordings.todo", w->dir);
	return stat(path, &st) ? 0 : st.st_size;
}

/* What people get is the caller's tone, in these samples (silence elsewhere). */
static void recording_check(size_t samples, size_t silent_from, size_t silent_to)
{
	struct tracks_reader *r;
	int16_t caller[800];
	size_t got = 1, at = 0;

	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 200);
	assert_int_equal(tracks_reader_open_bytes(&r, one.body.data, one.body.len, NULL), ERR_NONE);
	assert_int_equal(tracks_reader_info(r)->samples, samples);
	while (got) {
		assert_int_equal(tracks_reader_pull(r, caller, NULL, 800, &got, NULL), ERR_NONE);
		for (size_t i = 0; i < got; i++, at++)
			if (caller[i] != (at >= silent_from && at < silent_to ? 0 : g711_ulaw_decode(tone(at))))
				fail_msg("sample %zu is %d", at, caller[i]);
	}
	assert_int_equal(tracks_reader_info(r)->gap_count > 0, silent_to > silent_from);
	tracks_reader_close(&r);
}

static void P23_a_call_is_recorded(void **state)
{
	struct call_here c;
	json_t *o;

	(void)state;
	shipping_begin(&w1);
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	for (unsigned int i = 0; i < 40; i++) {
		call_sounds(&c, 8000);
		commit(&w1);
	}
	call_ends(&c);
	commit(&w1);
	kit_until(shipping_counts(w1.shipping).recordings == 1);
	recording_check(320000, 0, 0);
	assert_int_equal(kit_person(&one, "viewer", "/v1/calls/" CALL_A "/waveform", NULL), 200);
	o = json_loadb((const char *)one.body.data, one.body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_integer_value(json_object_get(o, "samples")), 320000);
	assert_int_equal(json_integer_value(json_object_get(o, "rate")), 8000);
	assert_int_equal(json_integer_value(json_object_get(o, "step")), 80);
	assert_int_equal(json_array_size(json_object_get(o, "caller")), 4000);
	assert_int_equal(json_array_size(json_object_get(o, "agent")), 4000);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(o, "caller"), 7)), g711_ulaw_decode(tone(8)) * 255 / 32767);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(o, "agent"), 7)), 0);
	assert_int_equal(json_array_size(json_object_get(o, "gaps")), 0);
	json_decref(o);
	kit_until(!shipping_counts(w1.shipping).recordings_waiting);
	assert_int_equal(files_in(w1.spool), 0);
	assert_int_equal(files_in(world_path(&k->w, "incoming")), 0);
}

/* The end is acknowledged, the recording is not up, and the worker dies: its next life sends it. */
static void N4_a_crash_between_the_end_and_the_recording(void **state)
{
	struct call_here c;
	uint64_t failures;

	(void)state;
	shipping_begin(&w1);
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	call_sounds(&c, 80000);
	commit(&w1);
	all_shipped(&w1);
	kit_close();
	assert_int_equal(rmdir(world_path(&k->w, "recordings")), 0); /* the store takes nothing */
	kit_open();
	call_ends(&c);
	commit(&w1);
	all_shipped(&w1);
	failures = shipping_counts(w1.shipping).failures;
	kit_until(shipping_counts(w1.shipping).failures > failures);
	assert_int_equal(shipping_counts(w1.shipping).recordings, 0);
	assert_int_equal(shipping_counts(w1.shipping).recordings_waiting, 1);
	worker_dies(&w1);
	assert_int_equal(mkdir(world_path(&k->w, "recordings"), 0700), 0);
	journal_begin(&w1);
	shipping_begin(&w1);
	kit_until(shipping_counts(w1.shipping).recordings == 1);
	recording_check(80000, 0, 0);
	assert_int_equal(files_in(w1.spool), 0);
}

/* N4: an end is acknowledged only when it is noted that its recording is to be sent up. */
static void N4_what_cannot_be_noted_is_not_acknowledged(void **state)
{
	char path[300];
	struct call_here c;

	(void)state;
	snprintf(path, sizeof(path), "%s/recordings.todo", w1.dir);
	shipping_begin(&w1);
	assert_int_equal(mkdir(path, 0700), 0);
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	commit(&w1);
	kit_until(shipping_counts(w1.shipping).failures >= 2);
	assert_int_equal(shipping_counts(w1.shipping).records, 0);
	assert_int_equal(rmdir(path), 0);
	all_shipped(&w1);
	assert_int_equal(shipping_counts(w1.shipping).records, 2);
	call_ends(&c);
}

static enum err count_item(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct line_place *last = arg;
	const struct journal_header *h = &item->record.header;

	(void)len;
	assert_int_equal(payload_err, ERR_NONE);
	assert_non_null(payload);
	assert_true((h->epoch == last->epoch && h->sequence == last->sequence + 1) || (h->epoch == last->epoch + 1 && h->sequence == 1));
	*last = (struct line_place){ .epoch = h->epoch, .sequence = h->sequence, .part = last->part + 1 };
	return ERR_NONE;
}

static void copy_folder(const char *from, const char *to)
{
	char command[600];

	snprintf(command, sizeof(command), "cp -r '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

/* A call's records lie in three folders, some twice; files of before it began are passed over, unless its own are among them. */
static void records_of_all_folders(void **state)
{
	static const uint64_t began[] = { 0, UINT64_C(1700000000000000), UINT64_C(2700000000000000) };
	struct line_place last;
	struct call_here c;
	struct call_records from = { .disk = &disk_real, .dir = w1.dir, .journals = journals };
	char copy[300];

	(void)state;
	worker_begin(&w2, "w2");
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	call_sounds(&c, 16000);
	commit(&w1);
	live_begin_as(&c, &w2, CALL_A, 2, 16000, true);
	call_sounds(&c, 16000);
	commit(&w2);
	snprintf(copy, sizeof(copy), "%s/w0", journals);
	copy_folder(w1.dir, copy);
	live_begin_as(&c, &w1, CALL_A, 3, 32000, true);
	call_sounds(&c, 16000);
	commit(&w1);
	assert_int_equal(id128_parse(&from.call, CALL_A), ERR_NONE);
	from.keyring = journal_keyring(w1.journal);
	for (size_t i = 0; i < 3; i++) {
		last = (struct line_place){ .epoch = 0 };
		from.began_wall_us = began[i];
		assert_int_equal(call_records_read(&from, count_item, &last), ERR_NONE);
		assert_int_equal(last.epoch, 3);
		assert_int_equal(last.part, 2 + 10 + 1 + 10 + 1 + 10);
	}
	from.dir = NULL; /* by what lies there alone */
	last = (struct line_place){ .epoch = 0 };
	assert_int_equal(call_records_read(&from, count_item, &last), ERR_NONE);
	assert_int_equal(last.epoch, 3);
	from.call.bytes[0] ^= 1;
	assert_int_equal(call_records_read(&from, count_item, &last), ERR_NOTFOUND);
	worker_dies(&w1);
	worker_dies(&w2);
	journal_begin(&w1);
	journal_begin(&w2);
}

static void the_picture_of_a_long_call(void **state)
{
	struct waveform *w = malloc(sizeof(*w));
	int16_t caller[8000], agent[8000] = { 0 };
	json_t *o, *points;
	struct buf b;

	(void)state;
	waveform_init(w);
	for (unsigned int second = 0; second < 3600; second++) {
		for (size_t i = 0; i < 8000; i++)
			caller[i] = second >= 1800 ? INT16_MIN : (int16_t)(second % 2 ? 0 : 3213);
		waveform_push(w, caller, agent, 8000);
	}
	waveform_gap(w, &(struct tracks_gap){ .side = TRACKS_AGENT, .start_sample = 28799000, .samples = 5000, .why = "gone" });
	waveform_gap(w, &(struct tracks_gap){ .side = TRACKS_AGENT, .start_sample = 28800000, .samples = 5000, .why = "behind the end" });
	buf_init(&b, 1 << 20);
	waveform_json(w, 1500000, &b);
	o = json_loadb((const char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	points = json_object_get(o, "caller");
	assert_int_equal(json_integer_value(json_object_get(o, "step")), 10240);
	assert_int_equal(json_array_size(points), 28800000 / 10240 + 1);
	assert_int_equal(json_integer_value(json_array_get(points, 0)), 3213 * 255 / 32767);
	assert_int_equal(json_integer_value(json_array_get(points, 1800 * 8000 / 10240 + 1)), 255);
	assert_int_equal(json_integer_value(json_array_get(points, json_array_size(points) - 1)), 255);
	assert_int_equal(json_integer_value(json_object_get(o, "media_ms")), 1500);
	assert_int_equal(json_array_size(json_object_get(o, "gaps")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(o, "gaps"), 0), "to")), 28800000);
	json_decref(o);
	buf_fini(&b);
	free(w);
}

/* Two workers had it, one after the other: one recording, with the gap between them. */
static void two_workers_one_recording(void **state)
{
	struct call_here c;

	(void)state;
	worker_begin(&w2, "w2");
	shipping_begin(&w1);
	shipping_begin(&w2);
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	call_says(&c, "a");
	call_sounds(&c, 80000);
	commit(&w1);
	all_shipped(&w1);
	worker_dies(&w1);
	kit_call_put(k->w.a, CALL_A, 2, CALL_LIVE);
	live_begin_as(&c, &w2, CALL_A, 2, 96000, true);
	call_says(&c, "b");
	call_sounds(&c, 64000);
	call_ends(&c);
	commit(&w2);
	kit_until(shipping_counts(w2.shipping).recordings == 1);
	recording_check(160000, 80000, 96000);
	assert_string_equal(words_now(), "a b");
	journal_begin(&w1); /* the first one comes back, and finds that it is there */
	shipping_begin(&w1);
	kit_until(todo_bytes(&w1) == 16); /* no entry any more */
	assert_int_equal(files_in(w1.spool), 0);
	assert_int_equal(shipping_counts(w1.shipping).recordings, 0);
}

/* The worker died, nobody came back for the call, the conductor ended it: what was said until then is there. */
static void N4_a_call_that_nobody_took_over(void **state)
{
	struct call_here c;

	(void)state;
	shipping_begin(&w1);
	live_begin_as(&c, &w1, CALL_A, 1, 0, true);
	call_says(&c, "a");
	call_sounds(&c, 80000);
	commit(&w1);
	all_shipped(&w1);
	worker_dies(&w1);
	kit_call_put(k->w.a, CALL_A, 1, CALL_ENDED);
	journal_begin(&w1);
	shipping_begin(&w1);
	kit_until(shipping_counts(w1.shipping).recordings == 1);
	recording_check(80000, 0, 0);
}

static void a_call_that_is_not_recorded(void **state)
{
	struct call_here c;

	(void)state;
	shipping_begin(&w1);
	live_begin_as(&c, &w1, CALL_A, 1, 0, false);
	call_ends(&c);
	commit(&w1);
	all_shipped(&w1);
	assert_int_equal(shipping_counts(w1.shipping).recordings_waiting, 0);
	assert_int_equal(kit_person(&one, "reveal", "/v1/calls/" CALL_A "/recording", NULL), 404);
}

/* Closing waits for what is durable, no longer than it was told. */
static void closing_waits(void **state)
{
	struct call_here c;
	uint64_t begun;

	(void)state;
	shipping_begin(&w1);
	live_begin(&c, &w1, CALL_A, 1);
	commit(&w1);
	all_shipped(&w1);
	kit_close();
	call_says(&c, "a");
	call_ends(&c);
	commit(&w1);
	begun = now_us();
	shipping_close(&w1.shipping, 300000); /* nobody answers */
	assert_true(now_us() - begun >= 290000);
	kit_open();
	shipping_begin(&w1);
	all_shipped(&w1);
	begun = now_us();
	shipping_close(&w1.shipping, 60000000);
	assert_true(now_us() - begun < 20000000);
	assert_string_equal(words_now(), "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(from_an_event_to_the_page, begin, end),
		cmocka_unit_test_setup_teardown(what_nobody_cares_for_stays_here, begin, end),
		cmocka_unit_test_setup_teardown(a_conductor_that_goes_and_comes, begin, end),
		cmocka_unit_test_setup_teardown(an_answer_that_is_lost, begin, end),
		cmocka_unit_test_setup_teardown(what_an_earlier_life_left_behind, begin, end),
		cmocka_unit_test_setup_teardown(lines_that_nobody_wants_hold_up_nothing, begin, end),
		cmocka_unit_test_setup_teardown(what_was_erased, begin, end),
		cmocka_unit_test_setup_teardown(P23_a_call_is_recorded, begin, end),
		cmocka_unit_test_setup_teardown(N4_a_crash_between_the_end_and_the_recording, begin, end),
		cmocka_unit_test_setup_teardown(N4_what_cannot_be_noted_is_not_acknowledged, begin, end),
		cmocka_unit_test_setup_teardown(records_of_all_folders, begin, end),
		cmocka_unit_test(the_picture_of_a_long_call),
		cmocka_unit_test_setup_teardown(two_workers_one_recording, begin, end),
		cmocka_unit_test_setup_teardown(N4_a_call_that_nobody_took_over, begin, end),
		cmocka_unit_test_setup_teardown(a_call_that_is_not_recorded, begin, end),
		cmocka_unit_test_setup_teardown(closing_waits, begin, end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_remove);
}

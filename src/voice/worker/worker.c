/* Binding: session to journal, ear and clock. The ear and a journal with much to write hold a clock that skips, so that call time
 * never outruns what happens in real time. */
#include "voice/worker/worker.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/time.h>

#include "audio/echo.h"
#include "audio/silero.h"
#include "voice/worker/ear.h"

enum { WAITING_HOLDS_BYTES = 128 << 10 };

static const uint32_t lateness_bounds_ms[] = { 1, 2, 3, 5, 10, 20, 40, 80, 160, 320, 640, 0 };

struct worker_call {
	struct worker *worker;
	struct worker_call *previous, *next;
	struct worker_call_options own; /* what points elsewhere is not kept */
	struct session *session;
	struct journal_call *journal;
	struct ear_line *line;
	struct echo *echo; /* NULL: no guard */
	struct clock_timer wake;
};

struct worker {
	struct clock *clock;
	struct silero_model *model;
	struct ear *ear;
	struct journal *journal;
	struct journal_committer *committer;
	uv_async_t committed;
	uint64_t wall_offset_us;
	struct worker_call *calls;
	size_t call_count;
	bool ear_holds, journal_holds, echo_guard;
	struct histogram lateness;
	void (*durable)(void *arg, struct journal_position position);
	void *durable_arg;
};

/* ------------------------------------------------------------------ holding the clock */

static void ear_rests(void *arg, bool rests)
{
	struct worker *w = arg;

	if (rests == !w->ear_holds)
		return;
	w->ear_holds = !rests;
	(rests ? clock_release : clock_hold)(w->clock);
}

static void journal_looks(struct worker *w)
{
	bool much = journal_counts(w->journal).waiting_bytes > WAITING_HOLDS_BYTES;

	if (much == w->journal_holds)
		return;
	w->journal_holds = much;
	(much ? clock_hold : clock_release)(w->clock);
}

static void committed(uv_async_t *async)
{
	struct worker *w = async->data;

	if (!w->committer)
		return;
	if (journal_committer_poll(w->committer, clock_now_us(w->clock)) && w->durable)
		w->durable(w->durable_arg, journal_durable_position(w->journal));
	journal_looks(w);
}

static void committer_wake(void *arg)
{
	struct worker *w = arg;

	(void)uv_async_send(&w->committed);
}

/* ------------------------------------------------------------------ what a session is given */

static uint64_t io_now(void *arg)
{
	struct worker_call *c = arg;

	return clock_now_us(c->worker->clock);
}

static void woken(void *arg)
{
	struct worker_call *c = arg;
	uint64_t now = clock_now_us(c->worker->clock);

	histogram_observe(&c->worker->lateness, now > c->wake.at_us ? now - c->wake.at_us : 0);
	session_woken(c->session);
}

static void io_wake(void *arg, uint64_t at_us)
{
	struct worker_call *c = arg;

	if (at_us == UINT64_MAX)
		clock_timer_stop(&c->wake);
	else
		clock_timer_set(&c->wake, c->worker->clock, at_us, woken, c);
}

static void io_snapshot(void *arg, const void *data, size_t len)
{
	struct worker_call *c = arg;

	if (c->own.snapshot_made)
		c->own.snapshot_made(c->own.arg, data, len);
}

static void io_stepped(void *arg, const struct call_input *in, const struct call_outputs *outputs)
{
	struct worker_call *c = arg;

	(void)outputs;
	if (c->worker->journal_holds || in->type == IN_VOICE)
		journal_looks(c->worker);
}

static void io_event(void *arg, const struct record_event *event)
{
	struct worker_call *c = arg;

	if (c->own.event)
		c->own.event(c->own.arg, event);
}

static void io_ended(void *arg, enum end_reason reason)
{
	struct worker_call *c = arg;
	void (*ended)(void *arg, enum end_reason reason, const struct session_usage *usage) = c->own.ended;
	void *ended_arg = c->own.arg;
	struct session_usage usage;

	session_usage(c->session, &usage);
	worker_call_close(&c);
	if (ended)
		ended(ended_arg, reason, &usage);
}

static void io_make(struct worker_call *c, const struct worker_call_options *o, struct session_io *io)
{
	*io = (struct session_io){ .arg = c, .now_us = io_now, .wake = io_wake, .snapshot = io_snapshot, .ended = io_ended,
		.stepped = io_stepped, .event = io_event, .media = o->media, .socket = o->socket, .stt = o->stt, .stt_vendor = o->stt_vendor, .llm = o->llm,
		.llm_vendor = o->llm_vendor, .facts = o->facts, .tts = o->tts, .tts_vendor = o->tts_vendor, .tools = o->tools, .conductor = o->conductor,
		.journal = c->journal, .record_audio = o->record_audio, .direction = o->direction, .caller_us = o->caller_us,
		.past = o->past, .past_samples = o->past_samples, .outcome = o->outcome,
		.wall_us = o->started_us + c->worker->wall_offset_us };
}

static void io_sounds(void *arg, uint64_t at, const uint8_t *ulaw, size_t samples)
{
	struct worker_call *c = arg;

	echo_sent(c->echo, at, ulaw, samples);
}

static void io_silenced(void *arg, uint64_t at)
{
	struct worker_call *c = arg;

	echo_cleared(c->echo, at);
}

static void heard(void *arg, uint64_t position, uint16_t level)
{
	struct worker_call *c = arg;

	session_voice(c->session, position, level);
}

static void tone_heard(void *arg, const struct tone_event *tone)
{
	struct worker_call *c = arg;

	session_tone(c->session, tone);
}

/* ------------------------------------------------------------------ calls */

static enum err session_begin(struct worker_call *c, const struct worker_call_options *o)
{
	struct session_io io;

	io_make(c, o, &io);
	if (!clock_skips(c->worker->clock))
		io.stepped = NULL; /* nothing to hold */
	if (c->echo) {
		io.sounds = io_sounds;
		io.silenced = io_silenced;
	}
	if (o->snapshot)
		return session_attach(&c->session, &io, o->snapshot, o->snapshot_len, o->started_us);
	return session_open(&c->session, &io, o->settings, o->brief, o->started_us);
}

enum err worker_call_open(struct worker *w, struct worker_call **cp, const struct worker_call_options *options)
{
	struct worker_call *c = calloc(1, sizeof(*c));
	enum err err;

	*cp = NULL;
	if (!c)
		return ERR_NOMEM;
	c->worker = w;
	c->own = *options;
	c->next = w->calls;
	if (c->next)
		c->next->previous = c;
	w->calls = c;
	w->call_count++;
	err = journal_call_open(w->journal, &c->journal, &options->tenant, &options->call, options->epoch, clock_now_us(w->clock));
	if (!err && w->echo_guard && !options->levels_from_owner)
		err = echo_new(&c->echo);
	if (!err)
		err = session_begin(c, options);
	if (!err && !options->levels_from_owner)
		err = ear_line_open(w->ear, &c->line, session_caller_position(c->session), heard, c);
	if (!err && c->line && call_get_brief(session_call(c->session))->placed)
		ear_line_tones(c->line, tone_heard); /* who called hears none that mean anything */
	c->own.snapshot = NULL;
	c->own.past = NULL;
	c->own.outcome = NULL;
	c->own.settings = NULL;
	c->own.brief = NULL;
	if (err)
		worker_call_close(&c);
	*cp = c;
	return err;
}

void worker_call_close(struct worker_call **cp)
{
	struct worker_call *c = *cp;
	struct worker *w;

	*cp = NULL;
	if (!c)
		return;
	w = c->worker;
	ear_line_close(&c->line);
	session_close(&c->session);
	echo_free(&c->echo);
	clock_timer_stop(&c->wake);
	journal_call_close(&c->journal, clock_now_us(w->clock));
	if (c->previous)
		c->previous->next = c->next;
	else
		w->calls = c->next;
	if (c->next)
		c->next->previous = c->previous;
	w->call_count--;
	free(c);
}

struct session *worker_call_session(struct worker_call *c)
{
	return c->session;
}

static void audio_give(struct worker_call *c, const uint8_t *ulaw, size_t samples, bool is_echo)
{
	if (is_echo)
		session_caller_echo(c->session, ulaw, samples);
	else
		session_caller_audio(c->session, ulaw, samples);
	if (c->line && is_echo)
		ear_line_push_echo(c->line, ulaw, samples);
	else if (c->line)
		ear_line_push(c->line, ulaw, samples);
}

/* What comes in one piece goes on in one piece, as long as all of it is echo or none. The step that proves an echo is one: all before it has gone on. */
static void audio_judge(struct worker_call *c, const uint8_t *ulaw, size_t samples)
{
	uint64_t position = session_caller_position(c->session), from;
	size_t begun = 0, at, n;
	bool is_echo = false, before = false;

	for (at = 0; at < samples; at += n, before = is_echo) {
		n = samples - at < ECHO_STEP_SAMPLES ? samples - at : ECHO_STEP_SAMPLES;
		is_echo = echo_heard(c->echo, position + at, ulaw + at, n);
		if (at > begun && is_echo != before) {
			audio_give(c, ulaw + begun, at - begun, before);
			begun = at;
		}
		if (echo_proved(c->echo, &from))
			session_caller_disown(c->session, from);
	}
	audio_give(c, ulaw + begun, samples - begun, is_echo);
}

void worker_call_audio(struct worker_call *c, const uint8_t *ulaw, size_t samples)
{
	if (c->echo)
		audio_judge(c, ulaw, samples);
	else
		audio_give(c, ulaw, samples, false);
}

void worker_call_gap(struct worker_call *c, uint64_t samples)
{
	session_caller_gap(c->session, samples);
	if (c->line)
		ear_line_skip(c->line, samples);
}

/* ------------------------------------------------------------------ start, stop */

static uint64_t wall_us(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

static enum err ear_begin(struct worker *w, uv_loop_t *loop, const char *model_file, struct err_detail *detail)
{
	char path[SILERO_PATH_MAX];
	enum err err = silero_model_find(model_file, path, detail);

	if (!err)
		err = silero_model_open(&w->model, path, SILERO_BEST, detail);
	return err ? err : ear_open(&w->ear, loop, w->model, ear_rests, w);
}

static enum err journal_begin(struct worker *w, const struct worker_options *o, struct err_detail *detail)
{
	struct journal_options options = o->journal;
	enum err err;

	options.wall_offset_us = w->wall_offset_us;
	err = journal_open(&w->journal, o->disk, o->journal_dir, &options, clock_now_us(w->clock), NULL, detail);
	return err ? err : journal_committer_start(&w->committer, w->journal, committer_wake, w);
}

static void async_closed(uv_handle_t *handle)
{
	free(handle->data);
}

enum err worker_start(struct worker **wp, uv_loop_t *loop, const struct worker_options *options, struct err_detail *detail)
{
	struct worker *w = calloc(1, sizeof(*w));
	enum err err;

	*wp = NULL;
	if (!w)
		return ERR_NOMEM;
	w->clock = options->clock;
	histogram_init(&w->lateness, lateness_bounds_ms);
	w->echo_guard = options->echo_guard;
	w->durable = options->durable;
	w->durable_arg = options->durable_arg;
	w->wall_offset_us = wall_us() - clock_now_us(w->clock);
	w->committed.data = w;
	if (uv_async_init(loop, &w->committed, committed)) {
		free(w);
		return ERR_NOMEM;
	}
	err = ear_begin(w, loop, options->model_file, detail);
	if (!err)
		err = journal_begin(w, options, detail);
	if (err) {
		(void)!worker_stop(&w);
		return err;
	}
	*wp = w;
	return ERR_NONE;
}

enum err worker_stop(struct worker **wp)
{
	struct worker *w = *wp;
	enum err err;

	*wp = NULL;
	if (!w)
		return ERR_NONE;
	while (w->calls) {
		struct worker_call *c = w->calls;

		assert(c->worker == w);
		worker_call_close(&c);
	}
	journal_committer_stop(&w->committer, clock_now_us(w->clock));
	err = journal_close(&w->journal, clock_now_us(w->clock));
	ear_close(&w->ear);
	silero_model_close(&w->model);
	if (w->ear_holds)
		clock_release(w->clock);
	if (w->journal_holds)
		clock_release(w->clock);
	uv_close((uv_handle_t *)&w->committed, async_closed);
	return err;
}

struct journal *worker_journal(struct worker *w)
{
	return w->journal;
}

const struct histogram *worker_lateness(const struct worker *w)
{
	return &w->lateness;
}

size_t worker_calls(const struct worker *w)
{
	return w->call_count;
}

/* PocketSphinx behind stt.h. See pocketsphinx.h.
 *
 * Opening only writes the grammar: the first stream's thread reads the dictionary for it, under `making`. What the agent asks
 * changes the grammar that a stream's next utterance is heard with.
 * The loop's thread owns the list of streams, their slots and handlers. A stream's thread owns its hearer; audio goes in and events
 * come out under the stream's lock. `busy` counts on the loop's thread: a stream is busy from a push, a finalize or its start until
 * its thread said that it waits and all it had to say was told.
 */
#include "providers/pocketsphinx/pocketsphinx.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pocketsphinx.h>
#include <sphinxbase/err.h>

#include "audio/g711.h"
#include "base/buf.h"
#include "base/wording.h"
#include "providers/pocketsphinx/grammar.h"
#include "providers/pocketsphinx/hearer.h"
#include "providers/pocketsphinx/model.h"

static const char models_default[] = "/usr/share/pocketsphinx/model/en-us";
static const double understood = 0.5;

enum { PIECE_SAMPLES = 400, EVENTS_MAX = 64, PARTIAL_SAMPLES = POCKETSPHINX_PARTIAL_MS * 8 };

struct event {
	bool is_final;
	struct hearing hearing;
};

struct stt_stream {
	struct pocketsphinx *p;
	struct stt_stream *next;
	struct stt_stream **slot; /* NULL: silenced */
	uint64_t pushed, counted; /* samples; told as used */
	struct stt_events events;
	void *arg;
	pthread_t thread;
	bool is_busy;  /* the loop's */

	/* The stream's thread. */
	struct hearer *hearer;
	uint64_t position, told_at;
	char partial[HEARER_TEXT_BYTES];
	bool partial_is_unsure;
	bool is_part; /* what was heard last could go on only, and sounds right */
	bool goes_on; /* digits, and more of them may come */
	int question, expects; /* what was asked last; what the hearer knows of it. -1: nothing */

	pthread_mutex_t lock;
	pthread_cond_t more;
	struct buf audio;
	size_t finalize_at; /* so much of `audio` lies before it */
	struct buf said;    /* what the agent said last, when the thread has not read it */
	struct event queue[EVENTS_MAX];
	size_t queued;
	bool finalize, stop, waits, is_done;
	enum err err;
};

struct pocketsphinx {
	uv_async_t wake;
	struct stt_stream *first;
	unsigned int count, busy;
	struct buf flow, grammar; /* the flow is empty where phrases were given */
	struct grammar_facts facts;

	pthread_mutex_t making;
	struct model model;
	bool is_made;
	enum err made_err;

	pocketsphinx_rests_h *rests;
	pocketsphinx_judged_h *judged;
	void *arg;
};

/* ---- the stream's thread ---- */

static void event_add(struct stt_stream *s, bool is_final, const struct hearing *hearing)
{
	pthread_mutex_lock(&s->lock);
	if (s->queued && !s->queue[s->queued - 1].is_final)
		s->queued--; /* replaces the partial before */
	if (s->queued == EVENTS_MAX) {
		s->err = ERR_LIMIT;
	} else {
		s->queue[s->queued].is_final = is_final;
		s->queue[s->queued++].hearing = *hearing;
	}
	pthread_mutex_unlock(&s->lock);
	uv_async_send(&s->p->wake);
}

/* Words of a while ago would be taken for all that was said: the caller has been silent since, as far as the session knows. */
static bool is_behind(struct stt_stream *s)
{
	size_t waits;

	pthread_mutex_lock(&s->lock);
	waits = s->audio.len;
	pthread_mutex_unlock(&s->lock);
	return waits >= PARTIAL_SAMPLES;
}

/* Only a sentence that may end here is told: the final cannot be the half of another. */
static void partial_tell(struct stt_stream *s)
{
	struct hearing hearing;

	s->told_at = s->position;
	hearer_partial(s->hearer, &hearing);
	s->is_part = !hearing.is_whole && hearing.confidence >= understood;
	s->goes_on = hearing.goes_on;
	if (!hearing.frames)
		return;
	if (hearing.is_whole && hearing.confidence >= understood && !is_behind(s)) {
		memcpy(s->partial, hearing.text, sizeof(s->partial));
		s->partial_is_unsure = hearing.is_unsure;
	} else { /* nothing to tell, but a stream without a word would be taken for dead, and the next one begins in mid-sentence */
		memcpy(hearing.text, s->partial, sizeof(s->partial));
		hearing.is_unsure = s->partial[0] && s->partial_is_unsure;
		hearing.confidence = understood;
	}
	event_add(s, false, &hearing);
}

static void told(struct stt_stream *s, const struct hearing *hearing)
{
	s->partial[0] = '\0';
	s->is_part = false;
	s->told_at = s->position;
	event_add(s, true, hearing);
}

/* Whether another option could have been said: heard once more, as one of the others. Where that cannot be told, it may have been. */
static void others_hear(struct stt_stream *s, struct hearing *hearing)
{
	const struct buf *flow = &s->p->flow;
	struct buf grammar, graph;
	enum err err;

	buf_init(&grammar, GRAMMAR_MAX_BYTES);
	buf_init(&graph, MODEL_MAX_GRAPH_BYTES);
	err = grammar_from_others(&grammar, (const char *)flow->data, flow->len, s->expects, hearing->text);
	if (!err)
		err = model_graph(&graph, buf_str(&grammar), false);
	if (!err)
		err = hearer_compare(s->hearer, &graph, hearing);
	hearing->is_unsure |= err && err != ERR_NOTFOUND;
	buf_fini(&grammar);
	buf_fini(&graph);
}

static void final_tell(struct stt_stream *s)
{
	struct hearing hearing;

	hearer_final(s->hearer, &hearing);
	s->goes_on = false;
	if (hearing.is_option && hearing.confidence >= understood && !hearing.is_unsure)
		others_hear(s, &hearing);
	told(s, &hearing);
}

/* The final that was asked for. A number is said in groups: the next one is heard as what it is, the rest of the same sentence, for a
 * digit alone is not understood. */
static void pause_tell(struct stt_stream *s)
{
	struct hearing hearing;

	hearer_partial(s->hearer, &hearing);
	s->goes_on = hearing.goes_on;
	if (!s->goes_on) {
		final_tell(s);
		return;
	}
	if (hearing.confidence >= understood)
		hearer_told(s->hearer, &hearing);
	told(s, &hearing);
}

static enum err piece_decode(struct stt_stream *s, const uint8_t *ulaw, size_t count)
{
	unsigned int close_ms = s->goes_on ? POCKETSPHINX_CLOSE_DIGITS_MS : POCKETSPHINX_CLOSE_MS;
	enum err err = hearer_push(s->hearer, ulaw, count);

	s->position += count;
	if (!err && s->is_part && hearer_silence_ms(s->hearer) >= POCKETSPHINX_CLOSE_PART_MS)
		pause_tell(s);
	else if (!err && hearer_silence_ms(s->hearer) >= close_ms)
		final_tell(s); /* nobody asks for the final of what was not understood: the next words are not part of it */
	else if (!err && s->position - s->told_at >= PARTIAL_SAMPLES)
		partial_tell(s);
	return err;
}

/* ---- what was asked ---- */

/* Words that ask nothing of the flow's leave the question as it is: it is still unanswered. */
static void said_read(struct stt_stream *s)
{
	const struct buf *flow = &s->p->flow;
	struct buf said;
	int question;

	buf_init(&said, POCKETSPHINX_SAID_BYTES);
	pthread_mutex_lock(&s->lock);
	buf_append(&said, s->said.data, s->said.len);
	buf_reset(&s->said);
	pthread_mutex_unlock(&s->lock);
	question = grammar_question((const char *)flow->data, flow->len, (const char *)said.data, said.len);
	s->question = question < 0 ? s->question : question;
	buf_fini(&said);
}

/* From the next utterance on: the library cannot change its mind in one. */
static enum err expect(struct stt_stream *s)
{
	const struct buf *flow = &s->p->flow;
	struct buf grammar, graph;
	struct grammar_facts facts;
	enum err err;

	s->expects = s->question;
	buf_init(&grammar, GRAMMAR_MAX_BYTES);
	buf_init(&graph, MODEL_MAX_GRAPH_BYTES);
	err = grammar_from_flow(&grammar, (const char *)flow->data, flow->len, s->question, &facts, NULL);
	if (!err)
		err = model_graph(&graph, buf_str(&grammar), facts.asks_digits);
	if (!err)
		err = hearer_expect(s->hearer, &graph, &facts);
	buf_fini(&grammar);
	buf_fini(&graph);
	return err;
}

/* ---- the stream's work ---- */

struct work {
	uint8_t piece[PIECE_SAMPLES];
	size_t samples;
	bool said, finalize, stop;
};

/* Waits for something to do: words of the agent, sound, or with none before it `finalize`, or the end. */
static void work_take(struct stt_stream *s, struct work *w)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	while (!s->said.len && !s->audio.len && !s->finalize && !s->stop && !s->err) {
		s->waits = true;
		uv_async_send(&s->p->wake);
		pthread_cond_wait(&s->more, &s->lock);
	}
	s->waits = false;
	n = s->finalize ? s->finalize_at : s->audio.len;
	n = n < PIECE_SAMPLES ? n : PIECE_SAMPLES;
	*w = (struct work){ .samples = n, .said = s->said.len > 0, .stop = s->stop || s->err, .finalize = !n && s->finalize };
	if (n) {
		memcpy(w->piece, s->audio.data, n);
		buf_cut(&s->audio, 0, n);
		s->finalize_at -= s->finalize ? n : 0;
	} else {
		s->finalize = false;
	}
	pthread_mutex_unlock(&s->lock);
}

static enum err work_do(struct stt_stream *s, const struct work *w)
{
	enum err err = ERR_NONE;

	if (w->said)
		said_read(s);
	if (s->question != s->expects && s->goes_on)
		final_tell(s); /* no more of them will come */
	if (s->question != s->expects && hearer_is_idle(s->hearer))
		err = expect(s);
	if (!err && w->samples)
		err = piece_decode(s, w->piece, w->samples);
	if (!err && w->finalize)
		pause_tell(s);
	return err;
}

/* The first one that comes makes it, for all. */
static enum err model_ready(struct pocketsphinx *p)
{
	enum err err;

	pthread_mutex_lock(&p->making);
	if (!p->is_made) {
		p->model.has_numbers = p->facts.has_numbers;
		p->made_err = model_make(&p->model, buf_str(&p->grammar));
		p->is_made = true;
	}
	err = p->made_err;
	pthread_mutex_unlock(&p->making);
	return err;
}

static void *thread_run(void *arg)
{
	struct stt_stream *s = arg;
	struct work work = { .stop = false };
	enum err err = model_ready(s->p);

	if (!err)
		err = hearer_open(&s->hearer, &s->p->model);
	while (!err) {
		work_take(s, &work);
		if (work.stop)
			break;
		err = work_do(s, &work);
	}
	hearer_close(&s->hearer);
	pthread_mutex_lock(&s->lock);
	if (!s->err)
		s->err = err;
	s->is_done = true;
	pthread_mutex_unlock(&s->lock);
	uv_async_send(&s->p->wake);
	return NULL;
}

/* ---- the loop's thread ---- */

static void busy_set(struct stt_stream *s, bool is_busy)
{
	struct pocketsphinx *p = s->p;

	if (s->is_busy == is_busy)
		return;
	s->is_busy = is_busy;
	if (is_busy ? !p->busy++ : !--p->busy)
		if (p->rests)
			p->rests(p->arg, !is_busy);
}

static void silence(struct stt_stream *s)
{
	if (s->slot)
		usage_tell_audio(s->events.used, s->arg, "local", "pocketsphinx", s->pushed, &s->counted, true);
	if (s->slot)
		*s->slot = NULL;
	s->slot = NULL;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	busy_set(s, false);
}

/* The thread is done, or about to be: joins it. */
static void stream_free(struct stt_stream *s)
{
	struct stt_stream **at = &s->p->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->p->count--;
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	buf_fini(&s->audio);
	buf_fini(&s->said);
	free(s);
}

static void event_tell(struct stt_stream *s, const struct event *e)
{
	const struct hearing *h = &e->hearing;
	bool is_understood = h->confidence >= understood;
	char text[sizeof(HEARD_UNSURE) + HEARER_TEXT_BYTES] = "";
	struct pocketsphinx_judged judged = {
		h->text, h->confidence, h->is_unsure, { h->fit, h->lead, h->lead_middle, h->has_numbers },
	};

	if (e->is_final && s->p->judged)
		s->p->judged(s->p->arg, &judged);
	if (is_understood)
		snprintf(text, sizeof(text), "%s%s", h->is_unsure ? HEARD_UNSURE : "", h->text);
	if (s->slot)
		s->events.transcript(s->arg, e->is_final ? TRANSCRIPT_FINAL : TRANSCRIPT_PARTIAL, text, strlen(text), h->from_sample, h->to_sample);
}

/* One event of a stream; false when it has none. Handlers may do anything but close. */
static bool deliver(struct stt_stream *s)
{
	struct event e;
	bool has_event, is_done, waits;
	enum err err;

	pthread_mutex_lock(&s->lock);
	has_event = s->queued > 0;
	if (has_event) {
		e = s->queue[0];
		memmove(s->queue, s->queue + 1, --s->queued * sizeof(s->queue[0]));
	}
	is_done = s->is_done;
	waits = s->waits && !s->said.len && !s->audio.len && !s->finalize;
	err = s->err;
	pthread_mutex_unlock(&s->lock);
	if (s->slot && has_event) {
		event_tell(s, &e);
	} else if (s->slot && err) {
		struct stt_events events = s->events;
		void *arg = s->arg;

		silence(s);
		events.ended(arg, err);
	} else if (!s->slot && is_done) {
		stream_free(s);
	} else {
		if (s->slot && waits)
			busy_set(s, false);
		return has_event;
	}
	return true;
}

static void on_wake(uv_async_t *handle)
{
	struct pocketsphinx *p = handle->data;
	struct stt_stream *s = p->first;

	while (s && !uv_is_closing((uv_handle_t *)handle)) {
		bool was_told = deliver(s);

		if (uv_is_closing((uv_handle_t *)handle))
			return; /* a handler closed it: the streams are gone */
		s = was_told ? p->first : s->next;
	}
}

static void stream_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	uint8_t *room;

	busy_set(s, true);
	s->pushed += samples;
	usage_tell_audio(s->events.used, s->arg, "local", "pocketsphinx", s->pushed, &s->counted, false);
	pthread_mutex_lock(&s->lock);
	room = buf_reserve(&s->audio, samples);
	if (room && ulaw)
		memcpy(room, ulaw, samples);
	else if (room)
		memset(room, G711_ULAW_SILENCE, samples);
	s->audio.len += room ? samples : 0;
	if (s->audio.err && !s->err) {
		s->err = s->audio.err;
		uv_async_send(&s->p->wake);
	}
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

static void stream_finalize(struct stt_stream *s)
{
	busy_set(s, true);
	pthread_mutex_lock(&s->lock);
	s->finalize = true;
	s->finalize_at = s->audio.len;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

/* Where phrases were given nothing is asked. */
static void stream_asked(struct stt_stream *s, const char *text, size_t len)
{
	size_t most = len < POCKETSPHINX_SAID_BYTES ? len : POCKETSPHINX_SAID_BYTES;

	if (!s->p->flow.len || !len)
		return;
	busy_set(s, true);
	pthread_mutex_lock(&s->lock);
	buf_reset(&s->said);
	buf_append(&s->said, text + len - most, most);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
}

static void stream_cancel(struct stt_stream **sp)
{
	if (sp && *sp)
		silence(*sp);
}

static enum err thread_start(struct stt_stream *s)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&s->thread, NULL, thread_run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? ERR_UNAVAILABLE : ERR_NONE;
}

static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct pocketsphinx *p = vendor;
	struct stt_stream *s;

	*sp = NULL;
	if (!language_is(language, "en"))
		return ERR_NOTFOUND;
	if (p->count >= POCKETSPHINX_MAX_STREAMS)
		return ERR_BUSY;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	s->p = p;
	s->events = *events;
	s->arg = arg;
	s->question = s->expects = -1;
	buf_init(&s->audio, POCKETSPHINX_MAX_WAITING_SAMPLES);
	buf_init(&s->said, POCKETSPHINX_SAID_BYTES);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	if (thread_start(s)) {
		pthread_cond_destroy(&s->more);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return ERR_UNAVAILABLE;
	}
	s->next = p->first;
	p->first = s;
	p->count++;
	s->slot = sp;
	*sp = s;
	busy_set(s, true);
	return ERR_NONE;
}

const struct stt pocketsphinx_stt = {
	.name = "pocketsphinx",
	.start = stream_start,
	.push = stream_push,
	.finalize = stream_finalize,
	.cancel = stream_cancel,
	.asked = stream_asked,
};

/* ---- opening and closing ---- */

static void parts_free(struct pocketsphinx *p)
{
	model_fini(&p->model);
	pthread_mutex_destroy(&p->making);
	buf_fini(&p->grammar);
	buf_fini(&p->flow);
}

static enum err parts_open(struct pocketsphinx *p, const struct pocketsphinx_options *o, struct err_detail *detail)
{
	enum err err;

	pthread_mutex_init(&p->making, NULL);
	buf_init(&p->flow, GRAMMAR_MAX_FLOW_BYTES);
	buf_init(&p->grammar, GRAMMAR_MAX_BYTES);
	err = model_open(&p->model, o->models ? o->models : models_default, detail);
	if (!err && o->flow)
		err = grammar_from_flow(&p->grammar, o->flow, o->flow_len, -1, &p->facts, detail);
	else if (!err)
		err = grammar_from_phrases(&p->grammar, o->phrases, o->phrase_count, detail);
	if (!err && o->flow)
		buf_append(&p->flow, o->flow, o->flow_len);
	return err ? err : p->flow.err;
}

enum err pocketsphinx_open(struct pocketsphinx **pp, uv_loop_t *loop, const struct pocketsphinx_options *options, struct err_detail *detail)
{
	struct pocketsphinx *p = calloc(1, sizeof(*p));
	enum err err;

	*pp = NULL;
	if (!p)
		return ERR_NOMEM;
	err_set_logfp(NULL); /* it would write to standard error; a log file of a decoder's own (-logfn) is closed by any other thread's decoder */
	err = parts_open(p, options, detail);
	if (!err && uv_async_init(loop, &p->wake, on_wake))
		err = ERR_UNAVAILABLE;
	if (err) {
		parts_free(p);
		free(p);
		return err;
	}
	p->rests = options->rests;
	p->judged = options->judged;
	p->arg = options->arg;
	p->wake.data = p;
	*pp = p;
	return ERR_NONE;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void pocketsphinx_close(struct pocketsphinx **pp)
{
	struct pocketsphinx *p = *pp;

	if (!p)
		return;
	*pp = NULL;
	for (struct stt_stream *s = p->first; s; s = s->next)
		silence(s);
	while (p->first)
		stream_free(p->first);
	parts_free(p);
	uv_close((uv_handle_t *)&p->wake, on_closed);
}

size_t pocketsphinx_left_out(const struct pocketsphinx *p)
{
	return p->facts.left_out;
}

size_t pocketsphinx_guessed(struct pocketsphinx *p)
{
	size_t guessed;

	pthread_mutex_lock(&p->making);
	guessed = p->model.guessed;
	pthread_mutex_unlock(&p->making);
	return guessed;
}

/* Two lists under one mutex: chunks that wait for the thread, and chunks that come back. A chunk is allocated once and goes round;
 * free ones are the loop's own. The thread takes up to BATCH chunks of different lines at a time: two chunks of one line cannot
 * be stepped together, so the second ends the batch.
 *
 * A line that is closed stays until its last chunk has come back: chunks point at it, and its network state is the thread's.
 */
#include "voice/worker/ear.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"

enum { RATE_HZ = 8000, BATCH = 64, SILENCE_CHUNKS_MAX = 80 /* more than SILERO_QUIET_MS: what follows is as after a reset */ };

struct chunk {
	struct chunk *next;
	struct ear_line *line;
	uint64_t position;
	bool unheard; /* too many waited */
	bool is_echo; /* its level is put down */
	uint16_t level;
	bool has_tone;
	struct tone_event tone; /* one at most: a tone is longer than a chunk */
	int16_t samples[EAR_CHUNK_SAMPLES];
};

struct list {
	struct chunk *first, **last;
};

struct ear_line {
	struct ear *ear;
	ear_level_h *level;
	ear_tone_h *tone; /* NULL: nobody wants them */
	void *arg;
	bool is_closed;
	unsigned int out; /* chunks not yet back */
	uint64_t position; /* of the next sample */
	size_t filled, echo; /* samples of the next chunk, and how many of them are echo */
	int16_t samples[EAR_CHUNK_SAMPLES];
	struct silero silero; /* the thread's */
	bool in_batch;        /* the thread's */
	struct tone_detector tones; /* the thread's, */
	struct chunk *now;          /* and the chunk that it looks at */
};

struct ear {
	const struct silero_model *model;
	ear_rests_h *rests;
	void *rests_arg;
	uv_async_t back_async;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list waiting, back; /* under the lock */
	bool ends;                 /* under the lock */
	struct chunk *free;        /* the loop's from here on */
	unsigned int made, out, lines;
	uint64_t unheard;
};

static void list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_add(struct list *l, struct chunk *c)
{
	c->next = NULL;
	*l->last = c;
	l->last = &c->next;
}

static struct chunk *list_take(struct list *l)
{
	struct chunk *c = l->first;

	if (c) {
		l->first = c->next;
		if (!l->first)
			l->last = &l->first;
	}
	return c;
}

/* ------------------------------------------------------------------ the media thread */

static unsigned int batch_take(struct ear *e, struct chunk *batch[BATCH])
{
	unsigned int i, count = 0;

	while (count < BATCH && e->waiting.first && !e->waiting.first->line->in_batch) {
		batch[count] = list_take(&e->waiting);
		batch[count++]->line->in_batch = true;
	}
	for (i = 0; i < count; i++)
		batch[i]->line->in_batch = false;
	return count;
}

/* The detector counts what it was given; the chunk knows where that lies. */
static void tone_over(void *arg, const struct tone_event *tone)
{
	struct ear_line *l = arg;
	struct chunk *c = l->now;
	uint64_t offset = c->position + EAR_CHUNK_SAMPLES - l->tones.at;

	c->tone = *tone;
	c->tone.start_sample += offset;
	c->tone.end_sample += offset;
	c->has_tone = true;
}

static void tones_step(struct chunk *c)
{
	c->has_tone = false;
	c->line->now = c;
	if (c->line->tone && !c->unheard)
		tone_detector_push(&c->line->tones, c->samples, EAR_CHUNK_SAMPLES);
}

static void batch_step(const struct ear *e, struct chunk *batch[BATCH], unsigned int count)
{
	struct silero *states[BATCH];
	const int16_t *samples[BATCH];
	struct chunk *heard[BATCH];
	float probs[BATCH];
	unsigned int i, n = 0;

	for (i = 0; i < count; i++) {
		batch[i]->level = 0;
		tones_step(batch[i]);
		if (batch[i]->unheard)
			continue;
		heard[n] = batch[i];
		states[n] = &batch[i]->line->silero;
		samples[n++] = batch[i]->samples;
	}
	if (n)
		silero_step_batch(e->model, states, samples, probs, n);
	for (i = 0; i < n; i++)
		heard[i]->level = heard[i]->is_echo ? 0 : silero_level(probs[i]);
}

static void *ear_thread(void *arg)
{
	struct ear *e = arg;
	struct chunk *batch[BATCH];
	unsigned int i, count;

	pthread_mutex_lock(&e->lock);
	for (;;) {
		while (!e->ends && !e->waiting.first)
			pthread_cond_wait(&e->wake, &e->lock);
		if (e->ends)
			break;
		count = batch_take(e, batch);
		pthread_mutex_unlock(&e->lock);
		batch_step(e, batch, count);
		pthread_mutex_lock(&e->lock);
		for (i = 0; i < count; i++)
			list_add(&e->back, batch[i]);
		(void)uv_async_send(&e->back_async);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}

/* ------------------------------------------------------------------ back on the loop */

static void line_free_if_done(struct ear_line *l)
{
	if (!l->is_closed || l->out)
		return;
	l->ear->lines--;
	free(l);
}

static void chunk_back(struct ear *e, struct chunk *c)
{
	struct ear_line *l = c->line;
	uint64_t position = c->position;
	uint16_t level = c->level;
	struct tone_event tone = c->tone;
	bool has_tone = c->has_tone;

	c->next = e->free;
	e->free = c;
	e->out--;
	l->out--;
	if (!l->is_closed)
		l->level(l->arg, position, level);
	if (!l->is_closed && has_tone)
		l->tone(l->arg, &tone);
	line_free_if_done(l);
}

static void back_come(uv_async_t *async)
{
	struct ear *e = async->data;
	struct list back;
	struct chunk *c;

	pthread_mutex_lock(&e->lock);
	back = e->back;
	if (!back.first)
		back.last = &back.first;
	list_init(&e->back);
	pthread_mutex_unlock(&e->lock);
	if (!back.first)
		return;
	while ((c = list_take(&back)))
		chunk_back(e, c);
	if (!e->out && e->rests)
		e->rests(e->rests_arg, true);
}

/* ------------------------------------------------------------------ lines */

static struct chunk *chunk_get(struct ear *e)
{
	struct chunk *c = e->free;

	if (c) {
		e->free = c->next;
		return c;
	}
	if (e->made >= 2 * EAR_CHUNKS_MAX)
		return NULL;
	c = malloc(sizeof(*c));
	if (c)
		e->made++;
	return c;
}

/* The chunk that is full goes to the thread. Without any memory its level is not told at all: the core takes that as silence. */
static void line_send(struct ear_line *l)
{
	struct ear *e = l->ear;
	struct chunk *c = chunk_get(e);
	bool is_echo = 2 * l->echo >= EAR_CHUNK_SAMPLES;

	l->filled = l->echo = 0;
	if (!c) {
		e->unheard++;
		return;
	}
	c->line = l;
	c->position = l->position - EAR_CHUNK_SAMPLES;
	c->is_echo = is_echo;
	c->unheard = e->out >= EAR_CHUNKS_MAX;
	e->unheard += c->unheard;
	memcpy(c->samples, l->samples, sizeof(c->samples));
	l->out++;
	if (!e->out++ && e->rests)
		e->rests(e->rests_arg, false);
	pthread_mutex_lock(&e->lock);
	list_add(&e->waiting, c);
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
}

static void line_take(struct ear_line *l, const uint8_t *ulaw, size_t samples, bool is_echo)
{
	while (samples) {
		size_t n = EAR_CHUNK_SAMPLES - l->filled;

		n = n < samples ? n : samples;
		g711_decode(G711_ULAW, l->samples + l->filled, ulaw, n);
		l->filled += n;
		l->echo += is_echo ? n : 0;
		l->position += n;
		ulaw += n;
		samples -= n;
		if (l->filled == EAR_CHUNK_SAMPLES)
			line_send(l);
	}
}

void ear_line_push(struct ear_line *l, const uint8_t *ulaw, size_t samples)
{
	line_take(l, ulaw, samples, false);
}

void ear_line_push_echo(struct ear_line *l, const uint8_t *ulaw, size_t samples)
{
	line_take(l, ulaw, samples, true);
}

/* Of a long gap the beginning is given as silence, which makes the line forget; chunks keep their places in the call's audio. */
void ear_line_skip(struct ear_line *l, uint64_t samples)
{
	static const uint8_t silence[EAR_CHUNK_SAMPLES] = { [0 ... EAR_CHUNK_SAMPLES - 1] = G711_ULAW_SILENCE };
	uint64_t most = SILENCE_CHUNKS_MAX * EAR_CHUNK_SAMPLES;
	uint64_t pushed = samples < most ? samples : most;

	while (pushed) {
		size_t n = pushed < EAR_CHUNK_SAMPLES ? (size_t)pushed : EAR_CHUNK_SAMPLES;

		ear_line_push(l, silence, n);
		pushed -= n;
	}
	if (samples <= most)
		return;
	l->filled = l->echo = 0;
	l->position += samples - most;
}

enum err ear_line_open(struct ear *e, struct ear_line **lp, uint64_t position, ear_level_h *level, void *arg)
{
	struct ear_line *l = calloc(1, sizeof(*l));

	*lp = l;
	if (!l)
		return ERR_NOMEM;
	l->ear = e;
	l->position = position;
	l->level = level;
	l->arg = arg;
	silero_init(&l->silero, RATE_HZ, true);
	tone_detector_init(&l->tones, tone_over, l);
	e->lines++;
	return ERR_NONE;
}

void ear_line_tones(struct ear_line *l, ear_tone_h *tone)
{
	l->tone = tone;
}

void ear_line_close(struct ear_line **lp)
{
	struct ear_line *l = *lp;

	*lp = NULL;
	if (!l)
		return;
	l->is_closed = true;
	line_free_if_done(l);
}

uint64_t ear_unheard(const struct ear *e)
{
	return e->unheard;
}

/* ------------------------------------------------------------------ open, close */

enum err ear_open(struct ear **ep, uv_loop_t *loop, const struct silero_model *model, ear_rests_h *rests, void *arg)
{
	struct ear *e = calloc(1, sizeof(*e));

	*ep = NULL;
	if (!e)
		return ERR_NOMEM;
	e->model = model;
	e->rests = rests;
	e->rests_arg = arg;
	e->back_async.data = e;
	list_init(&e->waiting);
	list_init(&e->back);
	if (uv_async_init(loop, &e->back_async, back_come)) {
		free(e);
		return ERR_NOMEM;
	}
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->wake, NULL);
	if (pthread_create(&e->thread, NULL, ear_thread, e)) {
		e->thread = 0;
		ear_close(&e);
		return ERR_NOMEM;
	}
	*ep = e;
	return ERR_NONE;
}

static void chunks_free(struct chunk *c)
{
	struct chunk *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
}

static void async_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Lines that are closed but wait for chunks go with the chunks: the thread is over, nothing comes back. */
static void lines_free(struct ear *e, struct chunk *c)
{
	for (; c; c = c->next) {
		assert(c->line->is_closed);
		c->line->out--;
		line_free_if_done(c->line);
	}
	(void)e;
}

void ear_close(struct ear **ep)
{
	struct ear *e = *ep;

	*ep = NULL;
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->ends = true;
	pthread_cond_signal(&e->wake);
	pthread_mutex_unlock(&e->lock);
	if (e->thread)
		pthread_join(e->thread, NULL);
	lines_free(e, e->waiting.first);
	lines_free(e, e->back.first);
	assert(!e->lines);
	chunks_free(e->waiting.first);
	chunks_free(e->back.first);
	chunks_free(e->free);
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->wake);
	uv_close((uv_handle_t *)&e->back_async, async_closed);
}

/* The carrier's queue as arithmetic: a frame's arrival and the end of the queue say when it is played; a clear cuts what
 * has not been. Frames are merged into runs, so that a second of speech costs a handful of steps here. */
#include "simulate/carrier.h"

#include <assert.h>
#include <string.h>

#include "simulate/scene.h"
#include "simulate/sound.h"

enum { FRAME = 160 };
#define FRAME_US 20000ULL
#define NONE UINT64_MAX

static uint64_t samples_us(uint64_t samples)
{
	return samples * 125;
}

/* ---- the ear's record ---- */

static struct run *run_at(struct carrier *c, uint32_t n)
{
	return &c->runs[n % CARRIER_RUNS];
}

/* How much of a run the ear has heard by `at_us`, in samples. */
static uint32_t run_heard(const struct run *r, uint64_t at_us)
{
	uint64_t samples;

	if (at_us <= r->from_us)
		return 0;
	samples = (at_us - r->from_us) / 125;
	return samples < r->samples ? (uint32_t)samples : r->samples;
}

void carrier_settle(struct carrier *c, uint64_t to_us)
{
	while (c->run_first != c->run_end) {
		struct run *r = run_at(c, c->run_first);
		uint32_t heard = run_heard(r, to_us);

		if (heard > r->told) {
			talker_heard(&c->scene->talker, r->sound, r->position + r->told, r->position + heard, r->from_us, r->position);
			judge_ear(&c->scene->judge, r->sound, r->position + r->told, r->position + heard, r->from_us + samples_us(r->told));
			r->told = heard;
		}
		if (to_us < r->to_us)
			break;
		c->run_first++;
	}
}

bool carrier_audible(struct carrier *c, uint64_t at_us)
{
	uint32_t n;

	for (n = c->run_first; n != c->run_end; n++)
		if (run_at(c, n)->from_us <= at_us && at_us < run_at(c, n)->to_us)
			return true;
	return false;
}

/* ---- the caller's attention: one event at the queue's end, moved on while audio keeps coming ---- */

static void on_ear(void *arg)
{
	struct carrier *c = arg;
	struct world *w = &c->scene->world;
	struct run *r;

	carrier_settle(c, w->now_us);
	if (c->run_first == c->run_end) {
		if (c->sounding)
			caller_hears_silence(&c->scene->caller);
		c->sounding = false;
		return;
	}
	r = run_at(c, c->run_first);
	if (r->from_us > w->now_us) {
		world_at(w, &c->ear, r->from_us);
		return;
	}
	if (!c->sounding)
		caller_hears_agent(&c->scene->caller);
	c->sounding = true;
	world_at(w, &c->ear, c->played_to_us);
}

/* ---- marks ---- */

void carrier_marks_arm(struct carrier *c)
{
	struct world *w = &c->scene->world;
	uint64_t late = w->now_us < c->marks_late_until_us ? c->latency_us * 8 + 400 * MS_US : 0, at;

	if (c->mark_first == c->mark_end || c->deaf == DEAF_DEAD) {
		world_forget(w, &c->mark_due);
		return;
	}
	at = c->marks[c->mark_first % CARRIER_MARKS].due_us + c->latency_us + late;
	world_at(w, &c->mark_due, c->deaf == DEAF_SOCKET && at < c->deaf_until_us ? c->deaf_until_us : at);
}

static void on_mark(void *arg)
{
	struct carrier *c = arg;
	struct mark mark = c->marks[c->mark_first++ % CARRIER_MARKS].mark;

	if (fault_strikes(&c->scene->plan, FAULT_MARKS_LATE, c->scene->world.now_us))
		c->marks_late_until_us = c->scene->world.now_us + dice_ms(&c->dice, 2000, 8000);
	carrier_marks_arm(c);
	scene_mark(c->scene, &mark);
}

static void media_mark(void *socket, const struct mark *mark)
{
	struct carrier *c = socket;
	uint64_t arrives = c->scene->world.now_us + c->latency_us;
	struct carrier_mark *m = &c->marks[c->mark_end % CARRIER_MARKS];

	judge_mark(&c->scene->judge, mark, c->has_last ? &c->last : NULL);
	if (!c->up || c->deaf == DEAF_DEAD || c->mark_end - c->mark_first == CARRIER_MARKS)
		return;
	m->mark = *mark;
	m->due_us = c->played_to_us > arrives ? c->played_to_us : arrives;
	c->mark_end++;
	if (c->mark_end - c->mark_first == 1)
		carrier_marks_arm(c);
}

/* ---- what was ordered ---- */

void carrier_play_ordered(struct carrier *c, uint32_t utterance, uint32_t take, uint32_t sound, uint32_t position)
{
	if (c->order_count < CARRIER_ORDERS)
		c->orders[c->order_count++] = (struct play_order){ utterance, take, sound, position };
}

void carrier_play_dropped(struct carrier *c, uint32_t utterance)
{
	uint32_t i, kept = 0;

	for (i = 0; i < c->order_count; i++)
		if (utterance != UINT32_MAX && c->orders[i].utterance != utterance)
			c->orders[kept++] = c->orders[i];
	c->order_count = kept;
}

/* The order that a frame of this utterance belongs to; those before it are over. */
static struct play_order *order_of(struct carrier *c, uint32_t utterance)
{
	uint32_t i;

	for (i = 0; i < c->order_count && c->orders[i].utterance != utterance; i++)
		;
	if (i == c->order_count)
		return NULL;
	c->order_count -= i;
	memmove(c->orders, c->orders + i, c->order_count * sizeof(*c->orders));
	return &c->orders[0];
}

/* ---- frames ---- */

static void run_add(struct carrier *c, uint64_t from_us, uint32_t sound, uint32_t position, uint32_t samples)
{
	struct run *last = c->run_end != c->run_first ? run_at(c, c->run_end - 1) : NULL;

	if (last && last->to_us == from_us && last->sound == sound && last->position + last->samples == position &&
		last->samples % FRAME == 0) {
		last->samples += samples;
		last->to_us += FRAME_US;
		return;
	}
	if (c->run_end - c->run_first == CARRIER_RUNS)
		return; /* the judge has long said that too much is ahead */
	*run_at(c, c->run_end++) = (struct run){ .from_us = from_us, .to_us = from_us + FRAME_US, .sound = sound, .position = position,
		.samples = samples };
}

/* What the bytes say that it is; a last frame of a few samples goes on from the one before. False: silence, or nothing. */
static bool frame_read(const struct carrier *c, const uint8_t *ulaw, size_t samples, uint32_t *sound, uint32_t *position, uint32_t *count)
{
	const uint8_t *silence = memchr(ulaw, 0xff, samples);

	*count = (uint32_t)(silence ? (size_t)(silence - ulaw) : samples);
	if (!*count)
		return false;
	if (sound_read(ulaw, *count, sound, position))
		return true;
	*sound = c->last_sound;
	*position = c->last.samples;
	return c->has_last;
}

static void media_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct carrier *c = socket;
	uint64_t now = c->scene->world.now_us, arrives = now + c->latency_us, from;
	uint32_t sound, position, count;
	struct play_order *o;

	c->wire_ahead_to_us = (c->wire_ahead_to_us > now ? c->wire_ahead_to_us : now) + samples_us(samples);
	if (!ulaw || !frame_read(c, ulaw, samples, &sound, &position, &count) || sound >= c->scene->talker.sound_count) {
		judge_frame(&c->scene->judge, NULL, 0, 0, c->wire_ahead_to_us - now);
		return;
	}
	o = order_of(c, c->scene->talker.sounds[sound].utterance);
	judge_frame(&c->scene->judge, o, sound, position, c->wire_ahead_to_us - now);
	c->last = (struct mark){ .utterance = c->scene->talker.sounds[sound].utterance, .take = o ? o->take : 0, .samples = position + count };
	c->last_sound = sound;
	c->has_last = true;
	if (o)
		o->position = position + count;
	if (!c->up || c->deaf == DEAF_DEAD)
		return;
	from = c->played_to_us > arrives ? c->played_to_us : arrives;
	carrier_settle(c, now);
	run_add(c, from, sound, position, count);
	c->played_to_us = from + FRAME_US;
	if (!event_waits(&c->ear))
		world_at(&c->scene->world, &c->ear, from);
}

/* Everything that is not played by `at_us` is gone. */
static void queue_cut(struct carrier *c, uint64_t at_us)
{
	while (c->run_end != c->run_first) {
		struct run *r = run_at(c, c->run_end - 1);

		if (r->from_us < at_us) {
			if (r->to_us > at_us) {
				r->samples = run_heard(r, at_us);
				r->to_us = at_us;
			}
			break;
		}
		c->run_end--;
	}
	if (c->played_to_us > at_us)
		c->played_to_us = at_us;
	if (event_waits(&c->ear))
		world_at(&c->scene->world, &c->ear, c->run_first == c->run_end ? at_us : c->played_to_us);
}

static void media_clear(void *socket)
{
	struct carrier *c = socket;
	uint64_t now = c->scene->world.now_us, at = now + c->latency_us;
	uint32_t n;

	c->wire_ahead_to_us = now;
	if (c->up)
		queue_cut(c, at);
	judge_clear(&c->scene->judge);
	if (!c->up)
		return;
	for (n = c->mark_first; n != c->mark_end; n++)
		if (c->marks[n % CARRIER_MARKS].due_us > at)
			c->marks[n % CARRIER_MARKS].due_us = at;
	carrier_marks_arm(c);
	c->has_last = false;
}

/* ---- the call's life ---- */

static void cdr_end(struct carrier *c, uint64_t at_us)
{
	if (c->ended)
		return;
	c->ended = true;
	c->ended_us = at_us;
}

static void media_end(void *socket)
{
	struct carrier *c = socket;

	cdr_end(c, c->scene->world.now_us + c->latency_us);
	queue_cut(c, c->scene->world.now_us + c->latency_us);
	scene_carrier_ended(c->scene);
}

const struct media simulated_media = { .name = "simulated", .send = media_send, .mark = media_mark, .clear = media_clear, .end = media_end };

void carrier_dies(struct carrier *c, uint64_t at_us)
{
	carrier_settle(c, c->scene->world.now_us);
	queue_cut(c, c->scene->world.now_us);
	cdr_end(c, at_us);
}

void carrier_media_drop(struct carrier *c)
{
	carrier_settle(c, c->scene->world.now_us);
	queue_cut(c, c->scene->world.now_us);
	c->mark_first = c->mark_end;
	carrier_marks_arm(c);
	c->up = false;
	c->has_last = false;
	c->order_count = 0;
	c->lost_us = c->scene->world.now_us;
	judge_media_dropped(&c->scene->judge);
	c->wire_ahead_to_us = c->scene->world.now_us;
	carrier_heard(c);
}

void carrier_media_up(struct carrier *c)
{
	c->up = true;
	c->has_last = false;
	c->played_to_us = c->scene->world.now_us;
	c->wire_ahead_to_us = c->scene->world.now_us;
}

void carrier_caller_hangs_up(struct carrier *c)
{
	if (c->ended)
		return;
	queue_cut(c, c->scene->world.now_us);
	carrier_settle(c, c->scene->world.now_us);
	cdr_end(c, c->scene->world.now_us);
	scene_caller_gone(c->scene, c->latency_us);
}

void carrier_init(struct carrier *c, struct scene *scene)
{
	memset(c, 0, sizeof(*c));
	c->scene = scene;
	dice_init(&c->dice, scene->seed, scene->call, ACTOR_CARRIER);
	c->latency_us = dice_ms(&c->dice, 20, 120);
	c->mark_due = (struct event){ on_mark, c, 0 };
	c->ear = (struct event){ on_ear, c, 0 };
	carrier_faults_init(c);
}

void carrier_answer(struct carrier *c)
{
	c->up = c->connected = true;
	c->connected_us = c->scene->world.now_us;
	carrier_faults_start(c);
}

void carrier_stop(struct carrier *c)
{
	struct world *w = &c->scene->world;

	world_forget(w, &c->mark_due);
	world_forget(w, &c->ear);
	carrier_faults_stop(c);
}

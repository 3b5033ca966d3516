/* What befalls the carrier's media socket, once a second while it stands: it dies and comes back or not, or nothing comes from it
 * any more though it stays open, for a while or for good. Owns three events and the deafness of its carrier; throws the carrier's
 * dice only when a fault strikes. */
#include "simulate/scene.h"

/* ---- it dies ---- */

/* One that was deaf before it went was gone from then on, by the carrier's record. */
static void lose(struct carrier *c, bool gone)
{
	struct world *w = &c->scene->world;
	uint64_t since_us = c->deaf ? c->deaf_us : w->now_us;

	carrier_media_drop(c);
	scene_media_lost(c->scene);
	if (gone)
		carrier_dies(c, since_us);
	else
		world_after(w, &c->back, dice_ms(&c->dice, 300, 12000));
}

static void on_back(void *arg)
{
	struct carrier *c = arg;

	if (c->ended)
		return;
	carrier_media_up(c);
	scene_media_back(c->scene);
}

/* ---- it goes deaf ---- */

void carrier_heard(struct carrier *c)
{
	enum deafness was = c->deaf;

	if (was == DEAF_NOT || was == DEAF_DEAD)
		return;
	if (!c->up)
		judge_line_gone(&c->scene->judge);
	fault_lasts(&c->scene->plan, FAULT_MEDIA_DEAF, c->scene->world.now_us);
	world_forget(&c->scene->world, &c->hear);
	c->deaf = DEAF_NOT;
	caller_line_back(&c->scene->caller, was == DEAF_LINE && c->up);
	carrier_marks_arm(c);
}

static void on_hear(void *arg)
{
	struct carrier *c = arg;

	judge_line_heard(&c->scene->judge);
	carrier_heard(c);
}

static void deafen(struct carrier *c, enum deafness deaf)
{
	struct world *w = &c->scene->world;

	c->deaf = deaf;
	c->deaf_us = w->now_us;
	judge_line_deaf(&c->scene->judge, deaf == DEAF_SOCKET, deaf == DEAF_DEAD);
	if (deaf == DEAF_DEAD) {
		c->lost_us = w->now_us;
		judge_media_dropped(&c->scene->judge);
		carrier_dies(c, w->now_us);
	} else {
		c->deaf_until_us = w->now_us + dice_ms(&c->dice, 2500, 6000);
		world_at(w, &c->hear, c->deaf_until_us);
	}
	carrier_marks_arm(c);
}

/* ---- once a second ---- */

static void on_loss(void *arg)
{
	struct carrier *c = arg;
	struct fault_plan *p = &c->scene->plan;
	uint64_t now = c->scene->world.now_us;

	if (c->ended)
		return;
	world_after(&c->scene->world, &c->loss, 1 * S_US);
	if (!c->up || !scene_worker_up(c->scene))
		return;
	if (fault_strikes(p, FAULT_MEDIA_GONE, now))
		lose(c, true);
	else if (fault_strikes(p, FAULT_MEDIA_LOST, now))
		lose(c, false);
	else if (!c->deaf && fault_strikes(p, FAULT_MEDIA_DEAD, now))
		deafen(c, DEAF_DEAD);
	else if (!c->deaf && fault_strikes(p, FAULT_MEDIA_DEAF, now))
		deafen(c, dice_chance(&c->dice, 50) ? DEAF_LINE : DEAF_SOCKET);
}

/* ---- life ---- */

void carrier_faults_init(struct carrier *c)
{
	c->loss = (struct event){ on_loss, c, 0 };
	c->back = (struct event){ on_back, c, 0 };
	c->hear = (struct event){ on_hear, c, 0 };
}

void carrier_faults_start(struct carrier *c)
{
	world_after(&c->scene->world, &c->loss, 1 * S_US);
}

void carrier_faults_stop(struct carrier *c)
{
	world_forget(&c->scene->world, &c->loss);
	world_forget(&c->scene->world, &c->back);
	world_forget(&c->scene->world, &c->hear);
}

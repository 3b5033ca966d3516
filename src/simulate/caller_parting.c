/* What is heard of the caller while the agent says goodbye, or right behind it, once in fifteen goodbyes: a cough, a voice that nobody has words for, or one
 * word. Of most of those callers nothing more is heard, so that an end that was swallowed is seen: whoever speaks gives the call a reason to go on.
 * Throws dice of its own, and moves nothing of a caller who makes no such sound: he says what he would have said. */
#include "simulate/caller.h"

#include "simulate/scene.h"

enum {
	NOISY_PERCENT = 7,  /* of goodbyes, */
	AGAIN_PERCENT = 50, /* of those behind such a noise, */
	QUIET_PERCENT = 50  /* and of those because nobody was heard, which are few */
};

static const char *const part_words[] = { "no", "friday", "tomorrow", "sorry" };

static void on_part(void *arg)
{
	struct caller *c = arg;

	if (c->gone || caller_talks(c, c->scene->world.now_us))
		return;
	c->away = c->away || c->part_away;
	c->parted++;
	if (c->part_us)
		caller_cough(c, c->part_us);
	else
		caller_say(c, part_words[dice_below(&c->parting, sizeof(part_words) / sizeof(part_words[0]))], 0);
}

/* He cannot know that these are the last words: so one may come before they begin, over them, or when the agent listens behind them. */
void caller_hears_parting(struct caller *c, enum end_reason why)
{
	struct dice *d = &c->parting;
	uint32_t percent = why == END_QUIET ? QUIET_PERCENT : c->parted ? AGAIN_PERCENT : NOISY_PERCENT, what;

	if (c->scene->script->own || c->gone || event_waits(&c->part) || !dice_chance(d, percent))
		return;
	what = dice_below(d, 100);
	c->part_us = what < 20 ? 0 : what < 30 ? dice_ms(d, 150, 900) : dice_ms(d, 1300, 2500);
	c->part_away = dice_chance(d, 75);
	world_after(&c->scene->world, &c->part, dice_ms(d, 100, 2400));
}

void caller_parting_init(struct caller *c)
{
	dice_init(&c->parting, c->scene->seed, c->scene->call, ACTOR_PARTING);
	c->part = (struct event){ on_part, c, 0 };
	c->part_us = 0;
	c->part_away = c->away = false;
	c->parted = 0;
}

#include "cli/live_agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/wording.h"
#include "providers/espeak.h"
#include "providers/flite.h"
#include "providers/rehearsed/rehearsed.h"

struct live_agents {
	uv_loop_t *loop;
	struct clock *clock;
	struct live_recogniser recogniser;
	struct flite *flite;
	struct espeak *espeak;
};

struct live_agent {
	struct live_agents *shared;
	struct rehearsed *rehearsed;
	struct clock_timer timer;
	void *recogniser;
};

/* ------------------------------------------------------------------ model */

static void model_due(void *arg)
{
	struct live_agent *a = arg;

	rehearsed_step(a->rehearsed);
}

static void model_wake(void *arg, uint64_t delay_us)
{
	struct live_agent *a = arg;
	struct clock *clock = a->shared->clock;

	clock_timer_set(&a->timer, clock, clock_now_us(clock) + delay_us, model_due, a);
}

/* ------------------------------------------------------------------ voice */

static enum err voice_find(struct live_agents *s, const char *language, struct worker_call_options *o, struct err_detail *detail)
{
	bool english = language_is(language, "en");
	enum err err = english || s->espeak ? ERR_NONE : espeak_open(&s->espeak, s->loop, NULL, detail);

	o->tts = english ? &flite_tts : &espeak_tts;
	o->tts_vendor = english ? (void *)s->flite : (void *)s->espeak;
	return err;
}

/* ------------------------------------------------------------------ sockets.h */

static void agent_close(void *arg, void **agent)
{
	struct live_agents *s = arg;
	struct live_agent *a = *agent;

	*agent = NULL;
	if (!a)
		return;
	if (a->recogniser)
		s->recogniser.close(s->recogniser.arg, &a->recogniser);
	clock_timer_stop(&a->timer);
	rehearsed_free(&a->rehearsed);
	free(a);
}

static const json_t *agent_known(void *arg, void *agent)
{
	const struct live_agent *a = agent;

	(void)arg;
	return rehearsed_known(a->rehearsed);
}

static enum err agent_open(void *arg, void **agent, const struct conductor_attached *call, struct worker_call_options *o, struct err_detail *detail)
{
	struct live_agents *s = arg;
	struct live_agent *a = calloc(1, sizeof(*a));
	enum err err;

	*agent = a;
	if (!a)
		return ERR_NOMEM;
	a->shared = s;
	err = voice_find(s, call->language, o, detail);
	if (!err)
		err = rehearsed_new(&a->rehearsed, call->flow, call->flow_len, model_wake, a, detail);
	if (!err)
		err = s->recogniser.open(s->recogniser.arg, &a->recogniser, &o->stt, call, detail);
	o->llm = &rehearsed_llm;
	o->llm_vendor = a->rehearsed;
	o->stt_vendor = a->recogniser;
	if (err)
		agent_close(s, agent);
	return err;
}

const struct sockets_agents live_agents = { .open = agent_open, .known = agent_known, .close = agent_close };

/* ------------------------------------------------------------------ what is shared */

enum err live_agents_open(struct live_agents **ap, uv_loop_t *loop, struct clock *clock, const struct live_recogniser *recogniser)
{
	struct live_agents *s = calloc(1, sizeof(*s));
	enum err err;

	*ap = NULL;
	if (!s)
		return ERR_NOMEM;
	s->loop = loop;
	s->clock = clock;
	s->recogniser = *recogniser;
	err = flite_open(&s->flite, loop);
	if (err)
		free(s);
	else
		*ap = s;
	return err;
}

void live_agents_close(struct live_agents **ap)
{
	struct live_agents *s = *ap;

	*ap = NULL;
	if (!s)
		return;
	flite_close(&s->flite);
	espeak_close(&s->espeak);
	free(s);
}

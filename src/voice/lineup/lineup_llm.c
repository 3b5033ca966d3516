/* A model that is one of several. It works when text or a tool comes. When it is late to begin a second one is asked beside it; who speaks first has won,
 * and from there on there is nobody else: a tool comes from one of them alone. */
#include "voice/lineup/lineup.h"

#include <stdlib.h>

#include "voice/lineup/lineup_hedge.h"
#include "voice/lineup/lineup_request.h"

enum { FIRST, SECOND, TRIES };

/* One member at it; it is when `inner` is set. */
struct try {
	struct llm_answer *answer, *inner;
	struct lineup_member *member;
	struct lease lease;
	uint64_t begun_us;
	bool is_lost;
};

struct llm_answer {
	struct lineup *lineup;
	struct llm_answer **slot;
	const struct llm_events *events;
	void *arg;
	struct try tries[TRIES];
	bool spoke;   /* something came: one of them has won */
	bool is_late; /* another attempt was begun beside it before that */
	enum ask_kind kind;
	uint32_t attempt;
	const struct llm_block *blocks; /* while one is being started */
	size_t count;
	struct lineup_request request;  /* for the second */
	struct clock_timer timer;
	struct llm_answer *next;
};

/* ------------------------------------------------------------------ an end */

static struct try *other_of(struct try *t)
{
	return &t->answer->tries[t == t->answer->tries];
}

static void try_over(struct try *t)
{
	t->inner = NULL;
	lease_give(&t->lease);
}

static void try_cancel(struct try *t)
{
	const struct llm *table;

	if (!t->inner)
		return;
	table = t->member->table;
	table->cancel(&t->inner);
	try_over(t);
}

static void answer_over(struct llm_answer *a)
{
	struct llm_answer **at = &a->lineup->answers;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	clock_timer_stop(&a->timer);
	lineup_request_drop(&a->request);
	*a->slot = NULL;
	free(a);
}

/* ------------------------------------------------------------------ what comes */

/* The first of its words: the other one is silenced before they go on. It had its time, and was slower than that. */
static void try_speaks(struct try *t)
{
	struct llm_answer *a = t->answer;
	struct try *other = other_of(t);
	uint64_t now_us = clock_now_us(a->lineup->clock);

	if (a->spoke)
		return;
	a->spoke = true;
	clock_timer_stop(&a->timer);
	lineup_worked(t->member);
	lineup_paced(&t->member->health->answers, now_us - t->begun_us);
	if (other->inner) {
		lineup_paced(&other->member->health->answers, now_us - other->begun_us);
		other->is_lost = true;
		try_cancel(other);
	}
	if (t == &a->tries[SECOND])
		lineup_hedge_won(a->lineup);
}

static void try_text(void *arg, const char *text, size_t len)
{
	struct try *t = arg;

	try_speaks(t);
	t->answer->events->text(t->answer->arg, text, len);
}

static void try_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct try *t = arg;

	try_speaks(t);
	t->answer->events->tool(t->answer->arg, index, name, name_len, args, args_len);
}

/* An empty answer is none while the other one may still say something. */
static void try_done(void *arg, uint32_t tokens)
{
	struct try *t = arg;
	struct llm_answer *a = t->answer;
	const struct llm_events *events = a->events;
	void *events_arg = a->arg;

	try_over(t);
	if (other_of(t)->inner)
		return;
	answer_over(a);
	events->done(events_arg, tokens);
}

static void try_failed(void *arg, enum failure why)
{
	struct try *t = arg;
	struct llm_answer *a = t->answer;
	const struct llm_events *events = a->events;
	void *events_arg = a->arg;

	lineup_failed(a->lineup, t->member, why == FAILED_REFUSED ? ERR_DENIED : ERR_CLOSED);
	try_over(t);
	if (other_of(t)->inner)
		return;
	answer_over(a);
	events->failed(events_arg, why);
}

static void try_used(void *arg, const struct usage *usage)
{
	struct try *t = arg;
	struct usage lost = *usage;

	lost.is_lost = t->is_lost;
	usage_tell_as(t->answer->events->used, t->answer->arg, &lost, t->member->name);
}

static const struct llm_events try_events = { .text = try_text, .tool = try_tool, .done = try_done, .failed = try_failed, .used = try_used };

/* ------------------------------------------------------------------ a start */

static enum err try_open(void *arg, const struct lineup_member *m)
{
	struct try *t = arg;
	struct llm_answer *a = t->answer;
	const struct llm *table = m->table;

	return table->start(m->vendor, &t->inner, a->kind, a->attempt, a->blocks, a->count, &try_events, t);
}

static enum err try_start(struct try *t, uint32_t tried)
{
	t->begun_us = clock_now_us(t->answer->lineup->clock);
	return lineup_start(t->answer->lineup, tried, &t->member, &t->lease, try_open, t);
}

/* Whoever fails here leaves the first one as it is. */
static void second_due(void *arg)
{
	struct llm_answer *a = arg;
	struct try *second = &a->tries[SECOND];
	enum err err;

	a->blocks = a->request.blocks;
	a->count = a->request.count;
	err = try_start(second, lineup_hedge_unfit(a->lineup, a->tries[FIRST].member));
	if (!err)
		lineup_hedge_begun(a->lineup, a->tries[FIRST].member, second->member);
	lineup_request_drop(&a->request);
}

/* A request that cannot be kept has no second one. */
static void second_plan(struct llm_answer *a)
{
	const struct try *first = &a->tries[FIRST];
	uint64_t delay_us = lineup_hedge_us(a->lineup, first->member, &first->member->health->answers);

	if (!delay_us || lineup_request_keep(&a->request, a->blocks, a->count))
		return;
	clock_timer_set(&a->timer, a->lineup->clock, first->begun_us + delay_us, second_due, a);
}

/* Those that have not said a word yet: they stall, or nobody would ask a second time. */
static uint32_t late(struct lineup *l)
{
	struct llm_answer *a;
	uint32_t bits = 0;

	for (a = l->answers; a; a = a->next) {
		a->is_late = !a->spoke;
		for (int i = FIRST; i < TRIES; i++)
			if (a->tries[i].inner)
				bits |= lineup_bit(l, a->tries[i].member);
	}
	return bits;
}

static enum err answer_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *arg)
{
	struct lineup *l = vendor;
	struct llm_answer *a = calloc(1, sizeof(*a));
	uint32_t busy;
	enum err err;

	*ap = NULL;
	if (!a)
		return ERR_NOMEM;
	busy = lineup_stalled(l, NULL, 0, attempt > 1 ? LINEUP_AGAIN_US : 0);
	busy |= attempt > 1 ? late(l) : 0;
	*a = (struct llm_answer){ .lineup = l, .slot = ap, .events = events, .arg = arg, .kind = kind, .attempt = attempt, .blocks = blocks, .count = count };
	a->tries[FIRST].answer = a->tries[SECOND].answer = a;
	err = try_start(&a->tries[FIRST], busy);
	if (err && busy) /* nobody else: the same one again */
		err = try_start(&a->tries[FIRST], ~busy);
	if (err) {
		free(a);
		return err;
	}
	second_plan(a);
	a->next = l->answers;
	l->answers = a;
	*ap = a;
	return ERR_NONE;
}

/* The one beside it was for nothing in any case. */
static void answer_cancel(struct llm_answer **ap)
{
	struct llm_answer *a = *ap;
	uint32_t bits = 0;

	if (!a)
		return;
	a->tries[SECOND].is_lost = a->tries[FIRST].inner && a->tries[SECOND].inner;
	for (int i = FIRST; i < TRIES; i++) {
		struct try *t = &a->tries[i];

		if (!t->inner)
			continue;
		bits |= lineup_bit(a->lineup, t->member);
		try_cancel(t);
		if (a->is_late && !a->spoke)
			lineup_failed(a->lineup, t->member, ERR_TIMEOUT);
	}
	lineup_left(a->lineup, a->is_late && !a->spoke ? 0 : bits, NULL, 0, false);
	answer_over(a);
}

const struct llm lineup_llm = { .name = "lineup", .start = answer_start, .cancel = answer_cancel };

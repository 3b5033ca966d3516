/* A model that is one of several. It works when text or a tool comes. */
#include "voice/lineup/lineup.h"

#include <stdlib.h>

struct llm_answer {
	struct lineup *lineup;
	struct lineup_member *member;
	struct llm_answer *inner, **slot;
	const struct llm_events *events;
	void *arg;
	bool spoke;   /* something came */
	bool is_late; /* another attempt was begun beside it before that */
	struct llm_answer *next;
};

static void answer_over(struct llm_answer *a)
{
	struct llm_answer **at = &a->lineup->answers;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	*a->slot = NULL;
	free(a);
}

static void answer_spoke(struct llm_answer *a)
{
	if (!a->spoke)
		lineup_worked(a->member);
	a->spoke = true;
}

static void answer_text(void *arg, const char *text, size_t len)
{
	struct llm_answer *a = arg;

	answer_spoke(a);
	a->events->text(a->arg, text, len);
}

static void answer_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct llm_answer *a = arg;

	answer_spoke(a);
	a->events->tool(a->arg, index, name, name_len, args, args_len);
}

static void answer_done(void *arg, uint32_t tokens)
{
	struct llm_answer *a = arg;
	const struct llm_events *events = a->events;
	void *events_arg = a->arg;

	answer_over(a);
	events->done(events_arg, tokens);
}

static void answer_failed(void *arg, enum failure why)
{
	struct llm_answer *a = arg;
	const struct llm_events *events = a->events;
	void *events_arg = a->arg;

	lineup_failed(a->lineup, a->member, why == FAILED_REFUSED ? ERR_DENIED : ERR_CLOSED);
	answer_over(a);
	events->failed(events_arg, why);
}

static void answer_used(void *arg, const struct usage *usage)
{
	struct llm_answer *a = arg;

	usage_tell_as(a->events->used, a->arg, usage, a->member->name);
}

static const struct llm_events answer_events = { .text = answer_text, .tool = answer_tool, .done = answer_done, .failed = answer_failed, .used = answer_used };

/* Those that have not said a word yet: they stall, or nobody would ask a second time. */
static uint32_t late(struct lineup *l)
{
	struct llm_answer *a;
	uint32_t bits = 0;

	for (a = l->answers; a; a = a->next) {
		a->is_late = !a->spoke;
		bits |= lineup_bit(l, a->member);
	}
	return bits;
}

static enum err answer_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *arg)
{
	struct lineup *l = vendor;
	struct llm_answer *a = calloc(1, sizeof(*a));
	enum err err = ERR_UNAVAILABLE;
	uint32_t tried = 0, busy = attempt > 1 ? late(l) : 0;

	*ap = NULL;
	if (!a)
		return ERR_NOMEM;
	*a = (struct llm_answer){ .lineup = l, .slot = ap, .events = events, .arg = arg };
	while (err) {
		const struct llm *table;

		a->member = lineup_next(l, tried | busy);
		if (!a->member && busy) /* nobody else: the same one again */
			a->member = lineup_next(l, tried);
		if (!a->member)
			break;
		table = a->member->table;
		err = table->start(a->member->vendor, &a->inner, kind, attempt, blocks, count, &answer_events, a);
		if (err)
			lineup_failed(l, a->member, err);
		tried |= lineup_bit(l, a->member);
	}
	if (err) {
		free(a);
		return err;
	}
	a->next = l->answers;
	l->answers = a;
	*ap = a;
	return ERR_NONE;
}

static void answer_cancel(struct llm_answer **ap)
{
	struct llm_answer *a = *ap;
	const struct llm *table;

	if (!a)
		return;
	table = a->member->table;
	table->cancel(&a->inner);
	if (a->is_late && !a->spoke)
		lineup_failed(a->lineup, a->member, ERR_TIMEOUT);
	answer_over(a);
}

const struct llm lineup_llm = { .name = "lineup", .start = answer_start, .cancel = answer_cancel };

/* The clock of the tools, TIMER_TOOL: when something is said to who waits for one, when the agent goes on without it, and when its time is over (edges
 * c and d of tools.c).
 *
 *   tool.filler_ms from the message on, or sooner (llm.silent_ms); then every four seconds   tools_filler · tools_due; both: filler_say
 *   tool.detach_ms · its deadline                                                            tools_due · tools_due: tool_overdue
 */
#include "voice/tools.h"

#include <string.h>

enum { WAIT_AGAIN_US = 4000000, WAIT_AGAIN_OLD_US = 5000000 };

/* One that the caller waits for, and not it for him. */
static bool tools_work(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state == TOOL_RUNNING && !tool_is_taking(&call->dialogue.tools[i]))
			return true;
	return false;
}

void tools_timer(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	bool late = call->settings.call_rules >= 4 && d->filler_us <= call->now_us; /* tools_filler looks at it in each step */
	bool any = tools_work(call) && !late;
	uint64_t next = any ? d->filler_us : UINT64_MAX;
	unsigned int i;

	if (call->quiet.ended)
		return;
	for (i = 0; i < TOOLS_MAX; i++) {
		const struct tool *t = &d->tools[i];
		uint64_t due = t->state == TOOL_RUNNING ? num_min(t->detach_us, t->deadline_us) : t->deadline_us;

		if (t->state)
			next = num_min(next, due);
		any = any || t->state;
	}
	if (any)
		timer_set(call, TIMER_TOOL, next);
	else
		timer_stop(call, TIMER_TOOL);
}

void tools_filler_start(struct call *call)
{
	call->dialogue.filler_us = call->now_us + (uint64_t)call->settings.tool_filler_ms * 1000;
}

void tools_filler_hurry(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (call->settings.tool_filler_ms < call->settings.llm_silent_ms) /* who sets a later one wants it later */
		d->filler_us = num_min(d->filler_us, dialogue_silent_us(call));
}

static void filler_say(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	d->filler_us = call->now_us + (call->settings.call_rules >= 4 ? WAIT_AGAIN_US : WAIT_AGAIN_OLD_US);
	if (tools_work(call) && speech_idle(call) && !floor_caller(call))
		speech_phrase(call, SAY_FILLER, &call->brief.waits, &d->wait_turn);
}

/* One that is due waits until the agent has said what he has to say, and the caller's turn, if he has begun one, is over. */
void tools_filler(struct call *call)
{
	bool due = call->settings.call_rules >= 4 && call->dialogue.filler_us <= call->now_us;

	if (!due || !tools_work(call) || !speech_idle(call) || floor_caller(call) || endpoint_words(call) || call->quiet.ending ||
		answerer_machine(call))
		return;
	filler_say(call);
	tools_timer(call);
}

/* The agent goes on without it when its time for that is over, as at first. */
static void tool_detach(const struct call *call, struct tool *t)
{
	const struct brief_tool *known = t->state == TOOL_RUNNING ? tool_known(call, t->name) : NULL;
	uint64_t time_us = (uint64_t)t->timeout_ms * 1000, asked_us = t->deadline_us > time_us ? t->deadline_us - time_us : 0;

	if (known && !t->moves && !known->takes)
		t->detach_us = num_min(t->detach_us, asked_us + (uint64_t)call->settings.tool_detach_ms * 1000);
}

/* What he said may have cut the filler before, and to these words none was said. What held the agent's end up (tools_wait in tools_commit.c) holds no
 * answer to them up. */
void tools_turn(struct call *call)
{
	unsigned int i;

	if (call->settings.call_rules < 4 || !tools_running(call))
		return;
	for (i = 0; i < TOOLS_MAX; i++)
		tool_detach(call, &call->dialogue.tools[i]);
	tools_filler_hurry(call);
	tools_due(call);
}

static void tool_overdue(struct call *call, struct tool *t)
{
	bool changes = t->changes && !t->waits;
	const char *text = changes ? "no answer in time: it may or may not have been done; do not try again" : "no answer in time";

	if (!t->changes && call->settings.call_rules >= 4)
		call->dialogue.items[t->item].flags |= ITEM_UNDONE;
	tool_settle(call, t, changes ? TOOL_UNKNOWN : TOOL_ERROR, text, strlen(text));
}

void tools_due(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct tool *t = &d->tools[i];

		if (t->state && t->deadline_us <= call->now_us) {
			tool_overdue(call, t);
		} else if (t->state == TOOL_RUNNING && t->detach_us <= call->now_us) {
			t->state = TOOL_DETACHED;
			d->need_answer = true;
		}
	}
	if (d->filler_us <= call->now_us && call->settings.call_rules < 4)
		filler_say(call);
	tools_timer(call);
}

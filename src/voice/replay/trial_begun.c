/* Which times ran already when a piece of a call is tried with other settings. See trial.h and trial_copy.h.
 *
 * A time whose end the state holds was given to it by the recorded setting, and a copy goes on with that. Whoever tries the setting has
 * to be told: what such a time would have done otherwise is in no side. Times that the core counts anew in each step are not
 * listed, they follow the new setting. Owns nothing; any thread. */
#include "voice/replay/trial_copy.h"

#include <string.h>

#include "base/options.h"
#include "voice/call_state.h"

static const struct running_time {
	const char *name;   /* of the setting */
	enum timer timer;   /* what it set */
	bool of_answer;     /* tried with the answer to the turn before, until it was heard */
} running_times[] = {
	{ "llm.filler_ms", TIMER_FILLER, true },
	{ "llm.silent_ms", TIMER_FILLER, true },
	{ "turn.budget_ms", TIMER_FILLER, true },
	{ "llm.second_ms", TIMER_SECOND, true },
	{ "llm.total_ms", TIMER_TOTAL, false },
	{ "stt.stall_ms", TIMER_STT, false },
	{ "stt.retry_ms", TIMER_STT_RETRY, false },
	{ "quiet.after_ms", TIMER_QUIET, false },
	{ "key.gap_ms", TIMER_KEYS, false },
	{ "call.end_ms", TIMER_END, false },
	{ "call.attach_ms", TIMER_MEDIA, false },
};

static bool differs(const char *name, const struct call_settings *a, const struct call_settings *b)
{
	char one[32], other[32];
	const struct option *o = option_find(call_options, name);

	option_print(o, a, one, sizeof(one));
	option_print(o, b, other, sizeof(other));
	return strcmp(one, other) != 0;
}

static void begun(struct trial_turn *turn, const struct call *call, const struct call_settings *now, const char *name)
{
	if (differs(name, &call->settings, now) && turn->begun_count < TRIAL_BEGUN_MAX)
		turn->begun[turn->begun_count++] = name;
}

static bool tools_run(const struct call *call)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state)
			return true;
	return false;
}

void trial_begun_find(struct trial_turn *turn, const struct call *call, const struct call_settings *now, bool answered)
{
	size_t i;

	for (i = 0; i < sizeof(running_times) / sizeof(running_times[0]); i++)
		if (call->timers[running_times[i].timer] && !(answered && running_times[i].of_answer))
			begun(turn, call, now, running_times[i].name);
	if (tools_run(call)) {
		begun(turn, call, now, "tool.detach_ms");
		begun(turn, call, now, "tool.timeout_ms");
	}
	if (call->dialogue.filler_us)
		begun(turn, call, now, "tool.filler_ms");
	if (call->take.open)
		begun(turn, call, now, "take.total_ms");
}

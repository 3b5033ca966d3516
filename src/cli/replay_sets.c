/* What `callfunnel replay --set K=V` wants tried: found, judged, put into a call's settings. Refuses settings that are none of a call's, those
 * that no turn can be tried with, and those that contradict each other. Main thread. */
#include "cli/replay.h"

#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "cli/cli.h"
#include "voice/replay/replay.h"

/* Only what --set named; the rest is as it was recorded. */
void replay_sets_change(void *arg, struct call_settings *settings)
{
	struct replaying *r = arg;
	size_t i, n = config_count(r->cli->config);

	for (i = 0; i < n; i++) {
		struct config_setting s = config_at(r->cli->config, i);
		const struct option *o = s.option;

		if (!option_find(call_options, o->name) || strcmp(s.origin, "--set") != 0)
			continue;
		if (o->type == OPTION_BOOL)
			memcpy((char *)settings + o->offset, (const char *)&r->other + o->offset, sizeof(bool));
		else
			memcpy((char *)settings + o->offset, (const char *)&r->other + o->offset, sizeof(int64_t));
	}
}

/* What a replay itself reads, besides the settings it tries. */
static bool own_setting(const char *name)
{
	return option_find(log_options, name) || !strcmp(name, "data.dir");
}

/* A setting of something else would change nothing: whoever names one expects something that does not happen. */
int replay_sets_find(struct replaying *r)
{
	size_t i, n = config_count(r->cli->config), at = 0;

	config_bind(r->cli->config, call_options, &r->other);
	for (i = 0; i < n; i++) {
		struct config_setting s = config_at(r->cli->config, i);
		char value[64];

		if (strcmp(s.origin, "--set") != 0)
			continue;
		if (!option_find(call_options, s.option->name) && !own_setting(s.option->name))
			return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, "--set", "callfunnel replay tries settings of the call: vad, turn, barge, llm, tts, ...",
				"%s is no setting of a call", s.option->name);
		if (!strcmp(s.option->name, "call.max_ms")) /* its timer runs from the call's beginning on, in every recorded state */
			return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, "--set", "a turn is tried from its recorded state, in which that time runs already",
				"%s cannot be tried turn by turn", s.option->name);
		if (!option_find(call_options, s.option->name))
			continue;
		r->trying = true;
		config_print(&s, value, sizeof(value));
		if (at < sizeof(r->sets))
			at += (size_t)snprintf(r->sets + at, sizeof(r->sets) - at, "%s%s=%s", at ? " " : "", s.option->name, value);
	}
	return CLI_FINE;
}

static bool set_names(const void *arg, const char *name)
{
	const struct replaying *r = arg;
	size_t i, n = config_count(r->cli->config);

	for (i = 0; i < n; i++) {
		struct config_setting s = config_at(r->cli->config, i);

		if (!strcmp(s.option->name, name))
			return !strcmp(s.origin, "--set");
	}
	return false;
}

static int contradicts(struct replaying *r, const struct call_settings *settings, const struct option_order *order)
{
	const struct option *low = option_find(call_options, order->low), *high = option_find(call_options, order->high);
	char hint[sizeof(((struct err_detail *)0)->hint)], a[32], b[32];

	option_order_hint(order, hint, sizeof(hint));
	option_print(low, settings, a, sizeof(a));
	option_print(high, settings, b, sizeof(b));
	return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, set_names(r, order->low) ? "--set" : r->name, hint, "%s: found %s (%s), above %s: %s (%s)", order->low, a,
		set_names(r, order->low) ? "--set" : "recorded", order->high, b, set_names(r, order->high) ? "--set" : "recorded");
}

int replay_sets_judge(struct replaying *r, const struct tape *t)
{
	struct call_settings settings;
	const struct option_order *order;
	struct call *call;
	enum err err;

	if (!r->trying || !t->part_count)
		return CLI_FINE;
	err = replay_enter(&call, t, &t->parts[0]);
	if (err)
		return CLI_FINE; /* the comparison says so */
	settings = *call_get_settings(call);
	call_free(call);
	replay_sets_change(r, &settings);
	order = options_contradiction(call_options, call_orders, &settings, set_names, r);
	return order ? contradicts(r, &settings, order) : CLI_FINE;
}

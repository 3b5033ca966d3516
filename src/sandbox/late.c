#include "sandbox/late.h"

#include <stdlib.h>
#include <string.h>

static void say_now(struct late *l, char *json)
{
	outlet_json(l->out, NULL, json, strlen(json));
	free(json);
}

static void due(void *arg)
{
	struct late *l = arg;
	uint64_t now = clock_now_us(l->clock);
	size_t n = 0;

	while (n < l->count && l->waits[n].at_us <= now)
		say_now(l, l->waits[n++].json);
	l->count -= n;
	memmove(l->waits, l->waits + n, l->count * sizeof(l->waits[0]));
	if (l->count)
		clock_timer_set(&l->timer, l->clock, l->waits[0].at_us, due, l);
	else if (l->has_closed)
		outlet_end(l->out, l->code, NULL);
}

void late_say(struct late *l, json_t *message)
{
	char *json = message ? json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;

	json_decref(message);
	if (!json)
		return;
	if (!l->wait_us || l->count == LATE_MAX) {
		say_now(l, json);
		return;
	}
	l->waits[l->count++] = (struct late_message){ clock_now_us(l->clock) + l->wait_us, json };
	if (l->count == 1)
		clock_timer_set(&l->timer, l->clock, l->waits[0].at_us, due, l);
}

void late_close(struct late *l, uint16_t code)
{
	if (l->has_closed)
		return;
	l->has_closed = true;
	l->code = code;
	if (!l->count)
		outlet_end(l->out, code, NULL);
}

void late_init(struct late *l, struct outlet *out, struct clock *clock, uint64_t wait_us)
{
	*l = (struct late){ .out = out, .clock = clock, .wait_us = wait_us };
}

void late_fini(struct late *l)
{
	clock_timer_stop(&l->timer);
	for (size_t i = 0; i < l->count; i++)
		free(l->waits[i].json);
	l->count = 0;
}

#include "cli/live_agent.h"

#include <stdlib.h>
#include <string.h>

#include "voice/worker/provider_keys.h"

struct live_agents {
	struct lineups *lineups;
};

static const char *key_find(void *arg, const char *name)
{
	return provider_key(arg, name);
}

/* ------------------------------------------------------------------ sockets.h */

static void agent_close(void *arg, void **agent)
{
	struct call_lineups *c = *agent;

	(void)arg;
	*agent = NULL;
	call_lineups_close(&c);
}

static const json_t *agent_known(void *arg, void *agent)
{
	(void)arg;
	return call_lineups_known(agent);
}

static void agent_met(void *arg, void *agent)
{
	(void)arg;
	call_lineups_met(agent);
}

static void terms_fill(const char *terms[CONDUCTOR_KEYTERMS_MAX + 1], const struct conductor_language *l)
{
	size_t i;

	for (i = 0; i < CONDUCTOR_KEYTERMS_MAX && l->keyterms[i][0]; i++)
		terms[i] = l->keyterms[i];
	terms[i] = NULL;
}

/* The languages that it may go on in. Each has a flow of its own inside the call's: a recogniser of this machine hears by that. */
static enum err others_open(struct call_lineups *c, const struct conductor_attached *a, const struct lineups_call *call)
{
	const char *terms[CONDUCTOR_KEYTERMS_MAX + 1];
	json_t *flow = a->other_count ? json_loadb(a->flow, a->flow_len, 0, NULL) : NULL;
	struct lineups_call other = *call;
	enum err err = ERR_NONE;
	size_t i;

	for (i = 0; i < a->other_count && !err; i++) {
		char *text = json_dumps(json_array_get(json_object_get(flow, "others"), i), JSON_COMPACT);

		terms_fill(terms, &a->others[i]);
		other.language = a->others[i].language;
		other.speed_percent = a->others[i].speed_percent;
		other.keyterms = terms;
		other.flow = text ? text : "";
		other.flow_len = strlen(other.flow);
		err = call_lineups_add(c, &other);
		free(text);
	}
	json_decref(flow);
	return err;
}

static enum err agent_open(void *arg, void **agent, const struct conductor_attached *a, struct worker_call_options *o, struct err_detail *detail)
{
	struct live_agents *s = arg;
	const char *terms[CONDUCTOR_KEYTERMS_MAX + 1];
	const struct lineups_call call = { .id = a->call, .tenant = a->tenant, .tenant_name = a->tenant_name, .language = a->own.language, .flow = a->flow,
		.flow_len = a->flow_len, .fixed = a->prompt.fixed, .tools = a->prompt.tools,
		.keyterms = terms, .speed_percent = a->own.speed_percent, .key = key_find, .key_arg = a->keys };
	struct call_lineups *c;
	enum err err;

	terms_fill(terms, &a->own);
	err = call_lineups_open(&c, s->lineups, &call, detail);
	if (!err) {
		err = others_open(c, a, &call);
		if (err)
			call_lineups_close(&c);
	}
	if (!err)
		call_lineups_serve(c, o);
	*agent = c;
	return err;
}

static void agent_prepare(void *arg, void *agent, const struct conductor_attached *a, struct worker_call_options *o)
{
	(void)arg;
	call_lineups_prepare(agent, o, a->own.language);
}

const struct sockets_agents live_agents = { .open = agent_open, .prepare = agent_prepare, .known = agent_known, .met = agent_met, .close = agent_close };

/* ------------------------------------------------------------------ what is shared */

enum err live_agents_open(struct live_agents **ap, const struct config *config, uv_loop_t *loop, struct clock *clock, const struct lineups_ears *ears,
	const char *data)
{
	struct live_agents *s = calloc(1, sizeof(*s));
	enum err err;

	*ap = NULL;
	if (!s)
		return ERR_NOMEM;
	err = lineups_open(&s->lineups, config, loop, clock, ears, data);
	if (err)
		free(s);
	else
		*ap = s;
	return err;
}

void live_agents_metrics(const struct live_agents *a, struct buf *b)
{
	lineups_metrics(a->lineups, b);
}

void live_agents_close(struct live_agents **ap)
{
	struct live_agents *s = *ap;

	*ap = NULL;
	if (!s)
		return;
	lineups_close(&s->lineups);
	free(s);
}

/* Binding: a call's tools to the toolbox, the record service to a port of its own on loopback, the rule-book to whoever serves the call. */
#include "cli/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "cli/book.h"
#include "cli/services.h"
#include "providers/pocketsphinx/pocketsphinx.h"

enum { BOOK_TOOL_MS = 10000 };

static int fail(struct agent *a, enum err err, const struct err_detail *detail, const char *what)
{
	return cli_fail(a->options.cli, CLI_MISSING, err, detail->where[0] ? detail->where : NULL, detail->hint[0] ? detail->hint : NULL, "%s: %s", what,
		detail->message[0] ? detail->message : err_name(err));
}

/* ------------------------------------------------------------------ tools */

struct tool_run {
	struct toolbox_wait *wait;
	struct tool_run **slot;
	struct tool_events events;
	void *arg;
};

static void tool_done(void *arg, enum tool_status status, const char *text, size_t len)
{
	struct tool_run *r = arg;
	struct tool_events events = r->events;
	void *events_arg = r->arg;

	*r->slot = NULL;
	free(r);
	events.result(events_arg, status, text, len);
}

/* What a tool of the book's `may` does is done here; why it cannot be, or NULL. */
static const char *built_in_do(struct agent *a, const struct toolbox_ask *ask)
{
	struct rulebook_tool tool;
	const char *why = NULL;
	json_t *arguments;

	if (!rulebook_tool_find(ask->rulebook, ask->tool, &tool) || !rulebook_tool_is_built_in(&tool))
		return NULL;
	arguments = json_loadb(ask->arguments, ask->arguments_len, JSON_REJECT_DUPLICATES, NULL);
	if (arguments)
		why = agreed_do(&a->agreed, ask->rulebook, &tool, arguments, book_day(a->options.variables));
	json_decref(arguments);
	return why;
}

static enum err tool_start(void *conductor, struct tool_run **rp, const struct tool_request *request, const struct tool_events *events, void *arg)
{
	struct agent *a = conductor;
	struct tool_run *r = calloc(1, sizeof(*r));
	char name[BRIEF_NAME_MAX + 1];
	struct toolbox_ask ask = { .tenant = a->options.tenant, .call = a->call, .turn = request->turn, .index = request->index,
		.rulebook = a->options.book, .tool = name, .arguments = request->args, .arguments_len = request->args_len,
		.tool_timeout_ms = request->timeout_ms ? request->timeout_ms : BOOK_TOOL_MS, .keyed = request->secrets, .keyed_count = request->secret_count };
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	snprintf(name, sizeof(name), "%.*s", (int)request->name_len, request->name);
	*r = (struct tool_run){ .slot = rp, .events = *events, .arg = arg };
	*rp = r;
	ask.refused = built_in_do(a, &ask);
	err = toolbox_start(&r->wait, a->toolbox, &ask, tool_done, r);
	if (err) {
		*rp = NULL;
		free(r);
	}
	return err;
}

static void tool_cancel(struct tool_run **rp)
{
	struct tool_run *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	toolbox_cancel(&r->wait);
	free(r);
}

/* There is no knowledge base: an agent knows what its rule-book says. */
static void tool_retrieve(void *conductor, uint64_t query, const char *text, size_t len)
{
	(void)conductor;
	(void)query;
	(void)text;
	(void)len;
}

static const struct tools agent_tools = { .name = "toolbox", .start = tool_start, .cancel = tool_cancel, .retrieve = tool_retrieve };

/* ------------------------------------------------------------------ what they reach */

static int32_t today(void *arg)
{
	const struct agent *a = arg;

	return book_day(a->options.variables);
}

static uint64_t now_ms(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static enum err records_begin(struct agent *a, struct err_detail *detail)
{
	const struct records_settings settings = { .documents = a->options.stores->documents, .secrets = a->options.stores->secrets, .today = today,
		.arg = a };
	const struct http_settings http = { .listen = "127.0.0.1:0" };
	enum err err = http_server_open(&a->server, &a->options.stores->loop, &http, detail);

	if (!err)
		err = records_open(&a->records, &settings);
	return err ? err : records_mount(a->records, a->server);
}

static int tools_begin(struct agent *a)
{
	const char *outside = config_text(a->options.cli->config, "services.records");
	char url[80] = "";
	struct toolbox_service services[TOOLBOX_SERVICES_MAX];
	struct toolbox_settings settings = { .loop = &a->options.stores->loop, .documents = a->options.stores->documents,
		.secrets = a->options.stores->secrets, .services = services, .service_count = services_list(a->options.cli->config, url, services),
		.is_shared = true, .now_ms = now_ms };
	struct err_detail detail = { .message = "" };
	enum err err = ERR_NONE;

	if (!*outside) {
		err = records_begin(a, &detail);
		settings.records = a->records;
		if (!err)
			snprintf(url, sizeof(url), "http://127.0.0.1:%u" RECORDS_BASE_PATH, http_server_port(a->server));
	}
	config_bind(a->options.cli->config, toolbox_options, &settings.options);
	if (!err)
		err = toolbox_open(&a->toolbox, &settings, &detail);
	return err ? fail(a, err, &detail, "the tools cannot be had") : CLI_FINE;
}

/* ------------------------------------------------------------------ recogniser of this machine */

static void recogniser_rests(void *arg, bool rests)
{
	struct agent *a = arg;

	if (rests == !a->recogniser_holds)
		return;
	a->recogniser_holds = !rests;
	(rests ? clock_release : clock_hold)(a->options.clock);
}

static enum err ears_open(void *arg, void **vendor, const struct stt **stt, const struct lineups_call *call, struct err_detail *detail)
{
	struct agent *a = arg;
	const struct pocketsphinx_options options = { .flow = call->flow, .flow_len = call->flow_len, .rests = recogniser_rests, .arg = a };
	struct pocketsphinx *p;
	enum err err = pocketsphinx_open(&p, &a->options.stores->loop, &options, detail);

	*stt = &pocketsphinx_stt;
	*vendor = p;
	return err;
}

static void ears_close(void *arg, void **vendor)
{
	struct agent *a = arg;
	struct pocketsphinx *p = *vendor;

	pocketsphinx_close(&p);
	*vendor = NULL;
	if (a->recogniser_holds)
		clock_release(a->options.clock);
	a->recogniser_holds = false;
}

/* ------------------------------------------------------------------ recogniser, model, voice */

/* What a call is told, by its rule-book. */
struct told {
	struct buf flow, fixed, tools;
};

static void told_init(struct told *t)
{
	buf_init(&t->flow, RULEBOOK_JSON_MAX);
	buf_init(&t->fixed, RULEBOOK_JSON_MAX);
	buf_init(&t->tools, RULEBOOK_JSON_MAX);
}

static void told_fini(struct told *t)
{
	buf_fini(&t->flow);
	buf_fini(&t->fixed);
	buf_fini(&t->tools);
}

static enum err told_make(struct agent *a, struct told *t, struct err_detail *detail)
{
	const struct agent_options *o = &a->options;
	enum err err = rulebook_flow_json(o->book, o->language, o->variables, &t->flow, detail);

	if (err || !providers_want_prompt(o->cli->config))
		return err;
	err = rulebook_prompt(o->book, o->language, o->variables, &t->fixed, &a->facts, detail);
	if (!err)
		rulebook_tools_json(o->book, &t->tools);
	return err ? err : t->tools.err;
}

static const char *text_of(struct buf *b)
{
	return b->len ? buf_str(b) : NULL;
}

/* The languages that it may go on in. */
static enum err others_begin(struct agent *a, const struct lineups_call *call, struct err_detail *detail)
{
	const struct agent_options *o = &a->options;
	const char *terms[RULEBOOK_KEYTERMS_MAX + 1] = { NULL };
	struct lineups_call other = *call;
	struct rulebook_voice voice;
	enum err err = ERR_NONE;
	struct buf flow;
	size_t i;

	buf_init(&flow, RULEBOOK_JSON_MAX);
	for (i = 0; i < rulebook_language_count(o->book) && !err; i++) {
		other.language = rulebook_language_at(o->book, i);
		if (!strcmp(other.language, o->language))
			continue;
		buf_reset(&flow);
		err = rulebook_flow_json(o->book, other.language, o->variables, &flow, detail);
		rulebook_voice(o->book, other.language, &voice);
		(void)rulebook_keyterms(o->book, other.language, terms);
		other.flow = (const char *)flow.data;
		other.flow_len = flow.len;
		other.keyterms = terms;
		other.speed_percent = voice.speed_percent;
		if (!err)
			err = call_lineups_add(a->lineups, &other);
	}
	buf_fini(&flow);
	return err;
}

static enum err lineups_begin(struct agent *a, struct told *t, struct err_detail *detail)
{
	const struct agent_options *o = &a->options;
	const struct lineups_ears ears = { .open = ears_open, .close = ears_close, .arg = a };
	const char *terms[RULEBOOK_KEYTERMS_MAX + 1] = { NULL };
	struct rulebook_voice voice;
	struct lineups_call call = { .id = o->call, .tenant_name = tenant_name(o->tenant), .language = o->language, .flow = (const char *)t->flow.data,
		.flow_len = t->flow.len, .fixed = text_of(&t->fixed), .tools = text_of(&t->tools), .is_typed = !o->listens,
		.keyterms = terms, .key = agent_key, .key_arg = &a->keys };
	enum err err = lineups_open(&a->shared, o->cli->config, &o->stores->loop, o->clock, &ears, o->stores->dir);

	tenant_id(o->tenant, call.tenant.bytes);
	rulebook_voice(o->book, o->language, &voice);
	(void)rulebook_keyterms(o->book, o->language, terms);
	call.speed_percent = voice.speed_percent;
	if (!err)
		err = call_lineups_open(&a->lineups, a->shared, &call, detail);
	return err ? err : others_begin(a, &call, detail);
}

static int mind_begin(struct agent *a)
{
	struct err_detail detail = { .message = "" };
	struct told told;
	enum err err;

	told_init(&told);
	err = told_make(a, &told, &detail);
	if (!err)
		err = lineups_begin(a, &told, &detail);
	told_fini(&told);
	return err ? fail(a, err, &detail, "nobody can hold this call") : CLI_FINE;
}

/* ------------------------------------------------------------------ open, close */

int agent_open(struct agent *a, const struct agent_options *options)
{
	int status;

	*a = (struct agent){ .options = *options };
	id128_print(&options->call, a->call);
	buf_init(&a->facts, RULEBOOK_JSON_MAX);
	a->tools = (struct held_tools){ .clock = options->clock, .tools = &agent_tools, .vendor = a };
	status = agent_keys_open(&a->keys, options->stores, options->tenant);
	if (!status)
		status = mind_begin(a);
	return status ? status : tools_begin(a);
}

void agent_serves(struct agent *a, struct worker_call_options *o)
{
	call_lineups_serve(a->lineups, o);
	o->facts = text_of(&a->facts);
	o->tools = &held_tools;
	o->conductor = &a->tools;
}

void agent_met(struct agent *a)
{
	call_lineups_met(a->lineups);
}

const json_t *agent_known(const struct agent *a)
{
	return call_lineups_known(a->lineups);
}

struct done_wait {
	json_t *done;
	enum err err;
	bool is_over;
};

static void on_done(void *arg, enum err err, const json_t *done, bool is_open)
{
	struct done_wait *w = arg;

	(void)is_open;
	w->err = err;
	w->done = err ? NULL : json_deep_copy(done);
	w->is_over = true;
}

json_t *agent_done(struct agent *a)
{
	struct done_wait w = { .done = NULL };
	struct toolbox_look *look;

	while (toolbox_running(a->toolbox))
		(void)uv_run(&a->options.stores->loop, UV_RUN_ONCE);
	w.err = toolbox_look_start(&look, a->toolbox, a->options.tenant, a->call, on_done, &w);
	if (!w.err)
		stores_wait(a->options.stores, &w.is_over);
	if (!w.done)
		(void)cli_fail(a->options.cli, CLI_MISSING, w.err ? w.err : ERR_NOMEM, NULL, NULL, "what was done in the call cannot be read: %s",
			err_name(w.err ? w.err : ERR_NOMEM));
	return w.done;
}

void agent_close(struct agent *a)
{
	toolbox_close(&a->toolbox);
	if (a->server)
		http_server_close(&a->server, NULL, NULL);
	records_close(&a->records);
	call_lineups_close(&a->lineups);
	lineups_close(&a->shared);
	agent_keys_close(&a->keys);
	buf_fini(&a->facts);
}

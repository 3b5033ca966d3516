/* Binding: a call's tools to the toolbox, the record service to a port of its own on loopback, the language to a voice. */
#include "cli/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/wording.h"
#include "cli/book.h"
#include "cli/services.h"

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

static enum err tool_start(void *conductor, struct tool_run **rp, const struct tool_request *request, const struct tool_events *events, void *arg)
{
	struct agent *a = conductor;
	struct tool_run *r = calloc(1, sizeof(*r));
	char name[BRIEF_NAME_MAX + 1];
	struct toolbox_ask ask = { .tenant = a->options.tenant, .call = a->call, .turn = request->turn, .index = request->index,
		.rulebook = a->options.book, .tool = name, .arguments = request->args, .arguments_len = request->args_len,
		.tool_timeout_ms = request->timeout_ms ? request->timeout_ms : BOOK_TOOL_MS };
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	snprintf(name, sizeof(name), "%.*s", (int)request->name_len, request->name);
	*r = (struct tool_run){ .slot = rp, .events = *events, .arg = arg };
	*rp = r;
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

/* The offline agent knows what its rule-book says. */
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

/* ------------------------------------------------------------------ voice, model */

static int voice_begin(struct agent *a)
{
	struct err_detail detail = { .message = "" };
	bool english = language_is(a->options.language, "en");
	enum err err = english ? flite_open(&a->flite, &a->options.stores->loop) : espeak_open(&a->espeak, &a->options.stores->loop, NULL, &detail);

	a->voice = (struct held_tts){ .clock = a->options.clock, .tts = english ? &flite_tts : &espeak_tts,
		.vendor = english ? (void *)a->flite : (void *)a->espeak };
	return err ? fail(a, err, &detail, "no voice can be had") : CLI_FINE;
}

static void model_due(void *arg)
{
	struct agent *a = arg;

	rehearsed_step(a->rehearsed);
}

static void model_wake(void *arg, uint64_t delay_us)
{
	struct agent *a = arg;

	clock_timer_set(&a->model_timer, a->options.clock, clock_now_us(a->options.clock) + delay_us, model_due, a);
}

static void recogniser_rests(void *arg, bool rests)
{
	struct agent *a = arg;

	if (rests == !a->recogniser_holds)
		return;
	a->recogniser_holds = !rests;
	(rests ? clock_release : clock_hold)(a->options.clock);
}

static enum err recogniser_begin(struct agent *a, const struct buf *flow, struct err_detail *detail)
{
	const struct pocketsphinx_options options = { .flow = (const char *)flow->data, .flow_len = flow->len, .rests = recogniser_rests, .arg = a };

	return pocketsphinx_open(&a->recogniser, &a->options.stores->loop, &options, detail);
}

/* What understands: both are made of the rule-book's flow. */
static int mind_begin(struct agent *a)
{
	struct err_detail detail = { .message = "" };
	struct buf flow;
	enum err err;

	buf_init(&flow, RULEBOOK_JSON_MAX);
	err = rulebook_flow_json(a->options.book, a->options.language, a->options.variables, &flow, &detail);
	if (!err)
		err = rehearsed_new(&a->rehearsed, flow.data, flow.len, model_wake, a, &detail);
	if (!err && a->options.listens)
		err = recogniser_begin(a, &flow, &detail);
	buf_fini(&flow);
	return err ? fail(a, err, &detail, "the rule-book cannot be played") : CLI_FINE;
}

/* ------------------------------------------------------------------ open, close */

int agent_open(struct agent *a, const struct agent_options *options)
{
	int status;

	*a = (struct agent){ .options = *options };
	id128_print(&options->call, a->call);
	a->tools = (struct held_tools){ .clock = options->clock, .tools = &agent_tools, .vendor = a };
	status = voice_begin(a);
	if (!status)
		status = mind_begin(a);
	return status ? status : tools_begin(a);
}

void agent_serves(struct agent *a, struct worker_call_options *o)
{
	if (a->recogniser) {
		o->stt = &pocketsphinx_stt;
		o->stt_vendor = a->recogniser;
	}
	o->tts = &held_tts;
	o->tts_vendor = &a->voice;
	o->llm = &rehearsed_llm;
	o->llm_vendor = a->rehearsed;
	o->tools = &held_tools;
	o->conductor = &a->tools;
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
	pocketsphinx_close(&a->recogniser);
	if (a->recogniser_holds)
		clock_release(a->options.clock);
	clock_timer_stop(&a->model_timer);
	rehearsed_free(&a->rehearsed);
	flite_close(&a->flite);
	espeak_close(&a->espeak);
}

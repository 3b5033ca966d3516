/* The toolbox: who asks for what, who waits, and which run comes after which. See tools.h; a run itself is in tools_run.c. */
#include "conductor/tools.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/tools_state.h"

const struct option toolbox_options[] = {
	{ .name = "tools.allow_private", .type = OPTION_BOOL, .value = 0,
		.help = "Whether a rule-book's tools may ask addresses that are not on the public internet; a service: address always may.",
		.offset = offsetof(struct toolbox_options, allow_private) },
	{ .name = "tools.ca_file", .type = OPTION_TEXT, .max = 1000, .text = "",
		.help = "PEM certificates that tools trust instead of the system's; empty: the system's.", .offset = offsetof(struct toolbox_options, ca_file) },
	{ .name = NULL },
};

/* ---- waiting ---- */

static void wait_freed(uv_handle_t *timer)
{
	free(timer->data);
}

/* Out of its run and its slot; its timer closes, and then it is freed. */
static void wait_free(struct toolbox_wait *w)
{
	struct toolbox_wait **at = &w->run->waits;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	*w->slot = NULL;
	uv_close((uv_handle_t *)&w->timer, wait_freed);
}

static void drop_when_idle(struct toolbox_run *r)
{
	if (!r->waits && r->state <= RUN_READYING)
		run_drop(r);
}

/* Too late for this one. */
static void on_late(uv_timer_t *timer)
{
	struct toolbox_wait *w = timer->data;
	struct toolbox_run *r = w->run;
	bool open = r->tool.changes && r->state != RUN_BEHIND && r->state != RUN_READYING; /* in these two nothing of it was begun by anybody */
	toolbox_done_h *handler = w->handler;
	void *arg = w->arg;
	struct buf text;

	buf_init(&text, TOOLBOX_TEXT_MAX_BYTES);
	if (open)
		tool_say(&text, "outcome_unknown", "It was asked for and takes long. Whether it is done is not known yet. It must not be asked for again.");
	else
		tool_say(&text, "no_answer", "The service did not answer in time.");
	wait_free(w);
	drop_when_idle(r);
	handler(arg, open ? TOOL_UNKNOWN : TOOL_ERROR, buf_str(&text), text.len);
	buf_fini(&text);
}

static enum err wait_add(struct toolbox_run *r, struct toolbox_wait **slot, const struct toolbox_ask *ask, toolbox_done_h *h, void *arg)
{
	struct toolbox_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_NOMEM;
	w->run = r;
	w->slot = slot;
	w->handler = h;
	w->arg = arg;
	w->next = r->waits;
	r->waits = w;
	uv_timer_init(r->box->settings.loop, &w->timer);
	w->timer.data = w;
	if (ask->wait_ms)
		uv_timer_start(&w->timer, on_late, ask->wait_ms, 0);
	*slot = w;
	return ERR_NONE;
}

void toolbox_cancel(struct toolbox_wait **wp)
{
	struct toolbox_wait *w = *wp;
	struct toolbox_run *r;

	if (!w)
		return;
	r = w->run;
	wait_free(w);
	drop_when_idle(r);
}

/* ---- runs ---- */

static bool key_same(const struct toolbox_run *r, const struct tenant *t, const struct tool_key *key)
{
	return tenant_same(r->tenant, t) && !strcmp(r->key.call, key->call) && r->key.turn == key->turn && r->key.index == key->index;
}

static void run_unlink(struct toolbox_run *r)
{
	if (r->next)
		r->next->previous = r->previous;
	if (r->previous)
		r->previous->next = r->next;
	else
		r->box->runs = r->next;
	r->box->run_count--;
}

static void run_freed(uv_handle_t *timer)
{
	free(timer->data);
}

static void run_free(struct toolbox_run *r)
{
	job_cancel(&r->job);
	records_waiter_cancel(&r->admission);
	http_exchange_cancel(&r->exchange);
	for (size_t i = 0; i < r->secrets_got; i++)
		secret_release(&r->secrets[i].secret);
	tool_keyed_wipe(&r->keyed);
	buf_fini(&r->url);
	buf_fini(&r->text);
	json_decref(r->arguments);
	rulebook_free(r->book);
	tenant_drop(&r->tenant);
	uv_close((uv_handle_t *)&r->timer, run_freed);
}

/* The oldest of those that stand behind this key, when nobody is before them. */
static void begin_next(struct toolbox *b, const struct tenant *t, const struct tool_key *key)
{
	struct toolbox_run *next = NULL;

	for (struct toolbox_run *r = b->runs; r; r = r->next)
		if (key_same(r, t, key)) {
			if (r->state != RUN_BEHIND)
				return;
			next = r;
		}
	if (next)
		run_begin(next);
}

void run_settle(struct toolbox_run *r)
{
	if (!r->text.err)
		return;
	r->status = r->tool.changes ? TOOL_UNKNOWN : TOOL_ERROR;
	tool_say(&r->text, "failed", "The answer was too large.");
}

void run_end(struct toolbox_run *r)
{
	struct toolbox_wait *w;

	r->state = RUN_ENDED;
	run_unlink(r);
	begin_next(r->box, r->tenant, &r->key);
	run_settle(r);
	while ((w = r->waits)) {
		toolbox_done_h *handler = w->handler;
		void *arg = w->arg;

		wait_free(w);
		handler(arg, r->status, buf_str(&r->text), r->text.len);
	}
	run_free(r);
}

void run_drop(struct toolbox_run *r)
{
	r->state = RUN_ENDED;
	run_unlink(r);
	while (r->waits)
		wait_free(r->waits);
	begin_next(r->box, r->tenant, &r->key);
	run_free(r);
}

/* ---- asking ---- */

static void unfit(struct toolbox_run *r, const char *code, const char *message)
{
	r->is_fit = false;
	r->status = TOOL_ERROR;
	tool_say(&r->text, code, message);
}

/* What can be said about a request without asking anybody. */
static void run_judge(struct toolbox_run *r, const char *name, const char *refused)
{
	struct err_detail detail = { .message = "" };

	r->is_fit = true;
	if (strlen(name) >= sizeof(r->name) || !rulebook_tool_find(r->book, name, &r->tool))
		unfit(r, "no_such_tool", "There is no tool of this name.");
	else if (!r->arguments)
		unfit(r, "bad_arguments", "The arguments are no JSON.");
	else if (rulebook_tool_check(r->book, r->tool.name, r->arguments, &detail))
		unfit(r, "bad_arguments", detail.message);
	else if (refused && rulebook_tool_is_built_in(&r->tool))
		unfit(r, "not_possible", refused);
	r->tool.name = r->name;
}

static struct toolbox_run *run_new(struct toolbox *b, const struct toolbox_ask *ask, const struct tool_key *key)
{
	struct toolbox_run *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->box = b;
	r->key = *key;
	r->tenant = tenant_share(ask->tenant);
	r->book = rulebook_share(ask->rulebook);
	r->arguments = json_loadb(ask->arguments, ask->arguments_len, JSON_REJECT_DUPLICATES, NULL);
	snprintf(r->name, sizeof(r->name), "%s", ask->tool);
	tool_hash(ask->tool, r->arguments, ask->arguments, ask->arguments_len, r->hash);
	tool_keyed_copy(&r->keyed, ask->keyed, ask->keyed_count);
	buf_init_private(&r->text, TOOLBOX_TEXT_MAX_BYTES);
	buf_init(&r->url, 8000);
	run_judge(r, ask->tool, ask->refused);
	if (!r->tool.timeout_ms)
		r->tool.timeout_ms = ask->tool_timeout_ms;
	uv_timer_init(b->settings.loop, &r->timer);
	r->timer.data = r;
	r->next = b->runs;
	if (r->next)
		r->next->previous = r;
	b->runs = r;
	b->run_count++;
	return r;
}

/* The run of this key that does the same, or whether another one is under way. */
static struct toolbox_run *run_find(struct toolbox *b, const struct tenant *t, const struct tool_key *key, const char *hash, bool *behind)
{
	*behind = false;
	for (struct toolbox_run *r = b->runs; r; r = r->next)
		if (key_same(r, t, key)) {
			if (!strcmp(r->hash, hash))
				return r;
			*behind = true;
		}
	return NULL;
}

static enum err attach(struct toolbox_wait **wp, struct toolbox *b, const struct toolbox_ask *ask, const struct tool_key *key, toolbox_done_h *h, void *arg)
{
	json_t *arguments = json_loadb(ask->arguments, ask->arguments_len, JSON_REJECT_DUPLICATES, NULL);
	char hash[TOOL_HASH_MAX];
	struct toolbox_run *r;
	enum err err;
	bool behind;

	tool_hash(ask->tool, arguments, ask->arguments, ask->arguments_len, hash);
	json_decref(arguments);
	r = run_find(b, ask->tenant, key, hash, &behind);
	if (r)
		return wait_add(r, wp, ask, h, arg);
	if (b->run_count >= TOOLBOX_RUNS_MAX)
		return ERR_BUSY;
	r = run_new(b, ask, key);
	if (!r)
		return ERR_NOMEM;
	err = wait_add(r, wp, ask, h, arg);
	if (err)
		run_drop(r);
	else if (!behind)
		run_begin(r);
	return err;
}

enum err toolbox_start(struct toolbox_wait **wp, struct toolbox *b, const struct toolbox_ask *ask, toolbox_done_h *h, void *arg)
{
	struct tool_key key = { .turn = ask->turn, .index = ask->index };

	*wp = NULL;
	if (!tool_call_ok(ask->call))
		return ERR_USAGE;
	if (ask->arguments_len > TOOLBOX_ARGUMENTS_MAX_BYTES)
		return ERR_LIMIT;
	snprintf(key.call, sizeof(key.call), "%s", ask->call);
	return attach(wp, b, ask, &key, h, arg);
}

size_t toolbox_running(const struct toolbox *b)
{
	return b->run_count;
}

enum err toolbox_judge(const struct toolbox *b, const struct rulebook *book, struct err_detail *detail)
{
	return toolbox_services_judge(b->services, b->settings.service_count, book, detail);
}

/* ---- opening and closing ---- */

static enum err services_copy(struct toolbox *b, const struct toolbox_settings *s)
{
	if (s->service_count > TOOLBOX_SERVICES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < s->service_count; i++) {
		b->services[i].name = strdup(s->services[i].name);
		b->services[i].url = strdup(s->services[i].url ? s->services[i].url : "");
		if (!b->services[i].name || !b->services[i].url)
			return ERR_NOMEM;
	}
	b->settings.services = b->services;
	return ERR_NONE;
}

static enum err clients_open(struct toolbox *b, struct err_detail *detail)
{
	const char *ca = b->settings.options.ca_file && *b->settings.options.ca_file ? b->settings.options.ca_file : NULL;
	const struct http_client_settings inside = { .ca_file = ca };
	const struct http_client_settings outside = { .ca_file = ca, .allows = b->settings.options.allow_private ? NULL : http_address_is_public };
	enum err err = http_client_open(&b->inside, b->settings.loop, &inside, detail);

	return err ? err : http_client_open(&b->outside, b->settings.loop, &outside, detail);
}

enum err toolbox_open(struct toolbox **bp, const struct toolbox_settings *settings, struct err_detail *detail)
{
	struct toolbox *b = calloc(1, sizeof(*b));
	uint8_t instance[(TOOL_INSTANCE_MAX - 1) / 2];
	struct err_detail unread;
	enum err err;

	*bp = NULL;
	if (!b)
		return ERR_NOMEM;
	b->settings = *settings;
	randombytes_buf(instance, sizeof(instance));
	sodium_bin2hex(b->instance, sizeof(b->instance), instance, sizeof(instance));
	err = services_copy(b, settings);
	if (!err)
		err = clients_open(b, detail ? detail : &unread);
	if (err)
		toolbox_close(&b);
	*bp = b;
	return err;
}

static void close_run(struct toolbox_run *r)
{
	while (r->waits)
		wait_free(r->waits);
	r->state = RUN_ENDED;
	run_unlink(r);
	run_free(r);
}

void toolbox_close(struct toolbox **bp)
{
	struct toolbox *b = *bp;

	*bp = NULL;
	if (!b)
		return;
	while (b->runs)
		close_run(b->runs);
	http_client_close(&b->inside);
	http_client_close(&b->outside);
	for (size_t i = 0; i < TOOLBOX_SERVICES_MAX; i++) {
		free((char *)b->services[i].name);
		free((char *)b->services[i].url);
	}
	free(b);
}

/* What was done in a call: its ledger, page by page; and whether one request was ever begun. See tools.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conductor/tools_state.h"

enum { LOOK_PAGE = 32, LOOK_PREFIX_MAX = TOOLBOX_CALL_MAX + 8 };

struct toolbox_look {
	struct toolbox *box;
	struct toolbox_look **slot;
	struct tenant *tenant;
	char call[TOOLBOX_CALL_MAX], prefix[LOOK_PREFIX_MAX], after[DOCUMENT_KEY_MAX];
	struct job *job;
	json_t *done;
	bool is_open;
	toolbox_look_h *handler;
	void *arg;
};

static void look_free(struct toolbox_look *l)
{
	*l->slot = NULL;
	job_cancel(&l->job);
	json_decref(l->done);
	tenant_drop(&l->tenant);
	free(l);
}

/* A run that has not come to its ledger yet is one too. */
static bool is_running(const struct toolbox_look *l)
{
	for (const struct toolbox_run *r = l->box->runs; r; r = r->next)
		if (r->tool.changes && tenant_same(r->tenant, l->tenant) && !strcmp(r->key.call, l->call))
			return true;
	return false;
}

bool toolbox_may_run(const struct toolbox *b, const struct toolbox_ask *ask)
{
	for (const struct toolbox_run *r = b->runs; r; r = r->next)
		if (r->key.turn == ask->turn && r->key.index == ask->index && tenant_same(r->tenant, ask->tenant) && !strcmp(r->key.call, ask->call))
			return true;
	return b->settings.is_shared;
}

enum err toolbox_entry_get(struct toolbox *b, struct job **slot, const struct toolbox_ask *ask, documents_got_h *h, void *arg)
{
	struct tool_key key = { .turn = ask->turn, .index = ask->index };
	char name[DOCUMENT_KEY_MAX];

	if (!tool_call_ok(ask->call))
		return ERR_USAGE;
	snprintf(key.call, sizeof(key.call), "%s", ask->call);
	tool_key_print(&key, name);
	return documents_get(b->settings.documents, slot, ask->tenant, name, h, arg);
}

static void look_end(struct toolbox_look *l, enum err err)
{
	toolbox_look_h *handler = l->handler;
	json_t *done = json_incref(l->done);
	bool is_open = l->is_open || is_running(l);
	void *arg = l->arg;

	look_free(l);
	handler(arg, err, done, is_open);
	json_decref(done);
}

/* Open, and nobody is at it any more: it is not known, and stays so. */
static bool may_come(const struct toolbox_look *l, const struct tool_entry *e)
{
	const struct toolbox_settings *s = &l->box->settings;

	return s->is_shared && strcmp(e->instance, l->box->instance) != 0 && s->now_ms(s->arg) < e->until_ms;
}

static enum err entry_take(struct toolbox_look *l, const struct tool_entry *e)
{
	if (!e->changes)
		return ERR_NONE;
	if (!e->is_done)
		l->is_open = l->is_open || may_come(l, e);
	else if (e->status == TOOL_OK && json_array_append_new(l->done, json_pack("{s:s, s:O?}", "tool", e->tool, "arguments", e->arguments)))
		return ERR_NOMEM;
	return ERR_NONE;
}

/* A damaged entry says nothing was done: asking again would not help. */
static enum err document_take(struct toolbox_look *l, const struct document *d)
{
	const struct log log = { .plane = "conductor", .call = l->call, .doing = "looking at what was done" };
	struct tool_entry e;
	enum err err = tool_entry_decode(&e, d);

	if (err == ERR_CORRUPT || err == ERR_VERSION) {
		log_error(&log, "an entry of the ledger cannot be read", LOG_ERR(err), LOG_TEXT("key", d->key));
		return ERR_NONE;
	}
	if (err)
		return err;
	err = entry_take(l, &e);
	tool_entry_free(&e);
	return err;
}

static enum err page_ask(struct toolbox_look *l);

static void on_page(void *arg, enum err err, const struct documents_page *page)
{
	struct toolbox_look *l = arg;

	for (size_t i = 0; !err && i < page->count; i++)
		err = document_take(l, &page->items[i]);
	if (!err && page->more && page->count) {
		snprintf(l->after, sizeof(l->after), "%s", page->items[page->count - 1].key);
		err = page_ask(l);
		if (!err)
			return;
	}
	look_end(l, err);
}

static enum err page_ask(struct toolbox_look *l)
{
	const struct documents_range range = { .prefix = l->prefix, .after = l->after, .limit = LOOK_PAGE };

	return documents_list(l->box->settings.documents, &l->job, l->tenant, &range, on_page, l);
}

enum err toolbox_look_start(struct toolbox_look **lp, struct toolbox *b, const struct tenant *t, const char *call, toolbox_look_h *h, void *arg)
{
	struct toolbox_look *l;
	enum err err;

	*lp = NULL;
	if (!tool_call_ok(call))
		return ERR_USAGE;
	l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_NOMEM;
	*l = (struct toolbox_look){ .box = b, .slot = lp, .tenant = tenant_share(t), .done = json_array(), .handler = h, .arg = arg };
	snprintf(l->call, sizeof(l->call), "%s", call);
	snprintf(l->prefix, sizeof(l->prefix), "tools/%s/", l->call);
	l->is_open = is_running(l); /* before the first page: what ends while the ledger is read may have been read as open */
	err = l->done ? page_ask(l) : ERR_NOMEM;
	if (err)
		look_free(l);
	else
		*lp = l;
	return err;
}

void toolbox_look_cancel(struct toolbox_look **lp)
{
	if (*lp)
		look_free(*lp);
}

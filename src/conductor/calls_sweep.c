/* The sweeper: what nobody has any more comes to its end, also when the conductor that began it is gone.
 *
 *   open entries, one page ─► each: seen lately? next ─► the call's document ─► ended: snapshot and entry go ◄────┐
 *                                                          │ ended, and a tool was not over: settled once it is ─┤
 *                                                          │ live, not seen for 15 s: "lost" ────────────────────┤
 *                                                          │ live, handed over to a person: what it needs now is done
 *                                                          ├ a call out, its leg not ended: it is looked up      │
 *                                                          ├ ended, and a call-back agreed on: placed once due   │
 *                                                          └ waiting, no token good: "unanswered" ───────────────┘
 *   then media tokens, one page ─► each that has expired goes
 *
 * One store operation at a time. Every change is by compare-and-set: a worker that attaches meanwhile wins. What fails is found again
 * by a later sweep. Loop thread.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conductor/calls_state.h"

static const struct log log_here = { .plane = "conductor", .doing = "sweeping calls" };

struct sweep_item {
	struct call_index index;
	char key[DOCUMENT_KEY_MAX];
};

struct sweep {
	struct calls *calls;
	uv_timer_t timer;
	struct job *job;
	struct toolbox_look *look;
	bool is_running, is_tokens; /* tokens: behind the calls */
	char after_call[DOCUMENT_KEY_MAX], after_token[DOCUMENT_KEY_MAX]; /* where the next sweep begins; "": from the start */
	struct sweep_item *items; /* CALLS_SWEEP_PAGE */
	size_t count, at;
	struct call_record record;
	uint64_t revision;
	struct rulebook *book; /* shared: the record's, while it is settled */
};

static void next(struct sweep *s);

static void items_drop(struct sweep *s)
{
	for (size_t i = 0; i < s->count; i++)
		tenant_drop(&s->items[i].index.tenant);
	s->count = s->at = 0;
}

/* A store said no: the rest waits for another sweep. */
static void end(struct sweep *s, enum err err)
{
	if (err)
		log_warn(&log_here, "a sweep could not be finished", LOG_ERR(err));
	items_drop(s);
	rulebook_free(s->book);
	s->book = NULL;
	s->is_running = false;
}

static struct sweep_item *item(struct sweep *s)
{
	return &s->items[s->at];
}

static void step(struct sweep *s)
{
	s->at++;
	next(s);
}

/* ---- deleting ---- */

/* Also when it was gone already. */
static void on_last_deleted(void *arg, enum err err, uint64_t revision)
{
	struct sweep *s = arg;

	(void)revision;
	if (err && err != ERR_NOTFOUND)
		end(s, err);
	else
		step(s);
}

/* The item's own entry goes: the last thing. */
static void delete_entry(struct sweep *s)
{
	enum err err = documents_delete(s->calls->settings.documents, &s->job, tenant_house(), item(s)->key, DOCUMENT_ANY, on_last_deleted, s);

	if (err)
		end(s, err);
}

static void on_deleted(void *arg, enum err err, uint64_t revision)
{
	struct sweep *s = arg;

	(void)revision;
	if (err && err != ERR_NOTFOUND)
		end(s, err);
	else
		delete_entry(s);
}

static void delete_first(struct sweep *s, const struct tenant *t, const char *key)
{
	enum err err = documents_delete(s->calls->settings.documents, &s->job, t, key, DOCUMENT_ANY, on_deleted, s);

	if (err)
		end(s, err);
}

/* Nobody goes on from its snapshot. */
static void close_ended(struct sweep *s)
{
	char key[DOCUMENT_KEY_MAX];

	sight_forget(s->calls, item(s)->index.id);
	snapshot_key(item(s)->index.id, key);
	delete_first(s, item(s)->index.tenant, key);
}

/* It was begun and nobody got so far as to make its document. */
static void close_unmade(struct sweep *s)
{
	char key[DOCUMENT_KEY_MAX];

	call_index_key(item(s)->index.id, key);
	delete_first(s, tenant_house(), key);
}

/* ---- judging a call ---- */

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct sweep *s = arg;
	const struct log log = { .plane = "conductor", .call = item(s)->index.id, .doing = "sweeping calls" };

	(void)revision;
	if (err == ERR_EXISTS || err == ERR_NOTFOUND) {
		step(s); /* something happened to it */
	} else if (err) {
		end(s, err);
	} else {
		if (!s->record.is_told)
			log_warn(&log, "a call that nobody has is ended", LOG_TEXT("reason", s->record.reason), LOG_TEXT("worker", s->record.worker));
		if (call_back_is_open(&s->record) || transfer_lingers(&s->record, calls_now_ms(s->calls)))
			step(s);
		else
			close_ended(s);
	}
}

static void store(struct sweep *s)
{
	const struct call_index *i = &item(s)->index;
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = s->revision };
	struct buf b;
	enum err err;

	buf_init(&b, CALL_RECORD_MAX_BYTES);
	call_key(i->began_ms, i->id, key);
	err = call_record_encode(&s->record, &b);
	put.value = b.data;
	put.len = b.len;
	if (!err)
		err = documents_put(s->calls->settings.documents, &s->job, i->tenant, &put, on_stored, s);
	buf_fini(&b);
	if (err)
		end(s, err);
}

/* For how long nobody has had it; 0 when that begins to be counted just now. */
static uint64_t unseen_ms(struct sweep *s)
{
	const struct call_record *r = &s->record;
	const struct call_worker *w = worker_find(s->calls, r->worker);
	const struct sighting *seen = sight_find(s->calls, r->id);

	if (!seen || (w && !w->names_calls)) {
		sight_note(s->calls, r->id, r->epoch);
		seen = sight_find(s->calls, r->id);
	}
	return seen ? calls_mono_ms(s->calls) - seen->seen_ms : 0;
}

static void settle_by(struct sweep *s, const json_t *done)
{
	json_t *known = s->record.known.len ? json_loadb((const char *)s->record.known.data, s->record.known.len, 0, NULL) : NULL;

	call_record_settle(&s->record, s->book, known, done);
	json_decref(known);
	store(s);
}

/* What is not over ends by its time limit: another sweep finds it so. */
static void on_done(void *arg, enum err err, const json_t *done, bool is_open)
{
	struct sweep *s = arg;

	if (err)
		end(s, err);
	else if (is_open)
		step(s);
	else
		settle_by(s, done);
}

static void settle_with(struct sweep *s, struct rulebook *book)
{
	enum err err;

	rulebook_free(s->book);
	s->book = rulebook_share(book);
	if (!rulebook_settles_by_done(s->book, s->record.outcome)) {
		settle_by(s, NULL);
		return;
	}
	err = toolbox_look_start(&s->look, s->calls->settings.tools, item(s)->index.tenant, s->record.id, on_done, s);
	if (err)
		end(s, err);
}

/* The book says what such a call came to; without it the call is ended all the same. */
static void on_book(void *arg, enum err err, const struct document *d)
{
	struct sweep *s = arg;
	struct rulebook *book;

	if (!err)
		err = book_learn(s->calls, d->value, d->len, s->record.hash, &book);
	if (!err) {
		settle_with(s, book);
	} else if (book_is_gone(err)) {
		call_record_settled(&s->record);
		store(s);
	} else {
		end(s, err);
	}
}

static void settle(struct sweep *s)
{
	struct rulebook *book = book_held(s->calls, s->record.hash);
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	if (book) {
		settle_with(s, book);
		return;
	}
	book_key(s->record.hash, key);
	err = documents_get(s->calls->settings.documents, &s->job, item(s)->index.tenant, key, on_book, s);
	if (err)
		end(s, err);
}

/* As long as it was surely there. */
static void lose(struct sweep *s, uint64_t unseen)
{
	struct call_record *r = &s->record;
	uint64_t now = calls_now_ms(s->calls), last = now > unseen ? now - unseen : 0;

	call_record_end(r, "lost", now);
	call_record_recorded(r);
	r->connected_ms = last > r->clock_ms ? last - r->clock_ms : 0;
	settle(s);
}

static void judge(struct sweep *s)
{
	struct call_record *r = &s->record;
	uint64_t now = calls_now_ms(s->calls), unseen;

	if (r->state == CALL_ENDED && r->is_settling) {
		settle(s);
	} else if (transfer_is_away(r) || transfer_lingers(r, now)) {
		dialer_transfer(s->calls, item(s)->index.tenant, r->id, item(s)->index.began_ms, false);
		step(s); /* nobody has it, and it is not lost */
	} else if (dial_is_open(r) && r->state != CALL_LIVE) {
		dialer_look(s->calls, item(s)->index.tenant, r->id, r->began_ms);
		step(s); /* by its leg it will be seen how it ends */
	} else if (r->state == CALL_ENDED && call_back_is_open(r)) {
		if (r->asked.due_ms <= now)
			call_back_begin(s->calls, item(s)->index.tenant, r, item(s)->index.began_ms);
		step(s); /* its entry is what it is found by */
	} else if (r->state == CALL_ENDED) {
		close_ended(s);
	} else if (r->state == CALL_LIVE) {
		unseen = unseen_ms(s);
		if (unseen > CALLS_REATTACH_MS)
			lose(s, unseen);
		else
			step(s);
	} else if (call_token_any(r, now)) {
		step(s);
	} else {
		call_record_end(r, "unanswered", now);
		store(s);
	}
}

static void on_call(void *arg, enum err err, const struct document *d)
{
	struct sweep *s = arg;

	s->revision = d ? d->revision : DOCUMENT_NONE;
	if (!err)
		err = call_record_decode(&s->record, d->value, d->len);
	if (!err)
		judge(s);
	else if (err == ERR_NOTFOUND && calls_now_ms(s->calls) > item(s)->index.began_ms + CALLS_TOKEN_MS)
		close_unmade(s);
	else if (err == ERR_NOTFOUND)
		step(s);
	else if (err == ERR_CORRUPT) {
		log_error(&log_here, "a call's document is damaged", LOG_TEXT("id", item(s)->index.id));
		step(s);
	} else
		end(s, err);
}

/* One that somebody had a moment ago needs no look; a worker may have one for some time that has ended. */
static bool seen_lately(const struct sweep *s, const char *id)
{
	const struct sighting *seen = sight_find(s->calls, id);

	return seen && !seen->is_settling && calls_mono_ms(s->calls) - seen->seen_ms <= CALLS_REATTACH_MS;
}

static void look_at_call(struct sweep *s)
{
	const struct call_index *i = &item(s)->index;
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	call_key(i->began_ms, i->id, key);
	err = documents_get(s->calls->settings.documents, &s->job, i->tenant, key, on_call, s);
	if (err)
		end(s, err);
}

/* ---- pages ---- */

static void list(struct sweep *s);

static void page_done(struct sweep *s)
{
	items_drop(s);
	if (s->is_tokens) {
		end(s, ERR_NONE);
		return;
	}
	s->is_tokens = true;
	list(s);
}

/* The next item that has anything to do. */
static void next(struct sweep *s)
{
	uint64_t now = calls_now_ms(s->calls);

	while (s->at < s->count && (s->is_tokens ? item(s)->index.until_ms > now : seen_lately(s, item(s)->index.id)))
		s->at++;
	if (s->at == s->count)
		page_done(s);
	else if (s->is_tokens)
		delete_entry(s);
	else
		look_at_call(s);
}

static void keep(struct sweep *s, const struct document *d)
{
	struct sweep_item *i = &s->items[s->count];

	if (call_index_decode(&i->index, d->value, d->len)) {
		log_error(&log_here, "an entry of the house is damaged", LOG_TEXT("key", d->key));
		return;
	}
	memcpy(i->key, d->key, strlen(d->key) + 1);
	s->count++;
}

static void on_page(void *arg, enum err err, const struct documents_page *page)
{
	struct sweep *s = arg;
	char *after = s->is_tokens ? s->after_token : s->after_call;

	if (err) {
		end(s, err);
		return;
	}
	after[0] = 0;
	for (size_t i = 0; i < page->count; i++)
		keep(s, &page->items[i]);
	if (page->more && page->count)
		memcpy(after, page->items[page->count - 1].key, strlen(page->items[page->count - 1].key) + 1);
	next(s);
}

static void list(struct sweep *s)
{
	const struct documents_range range = { .prefix = s->is_tokens ? CALL_TOKEN_PREFIX : CALL_OPEN_PREFIX,
		.after = s->is_tokens ? s->after_token : s->after_call, .limit = CALLS_SWEEP_PAGE };
	enum err err = documents_list(s->calls->settings.documents, &s->job, tenant_house(), &range, on_page, s);

	if (err)
		end(s, err);
}

/* ---- the sweep ---- */

void calls_sweep(struct calls *c)
{
	struct sweep *s = c->sweep;

	if (s->is_running)
		return;
	s->is_running = true;
	s->is_tokens = false;
	sights_purge(c, SIGHT_KEPT_MS);
	transfer_wake(c, NULL);
	list(s);
}

bool calls_sweeping(const struct calls *c)
{
	return c->sweep->is_running;
}

static void on_time(uv_timer_t *timer)
{
	struct sweep *s = timer->data;

	calls_sweep(s->calls);
}

static void sweep_freed(uv_handle_t *timer)
{
	free(timer->data);
}

enum err sweep_open(struct calls *c)
{
	struct sweep *s = calloc(1, sizeof(*s));
	uint64_t every = c->settings.sweep_ms ? c->settings.sweep_ms : CALLS_SWEEP_MS;

	if (s)
		s->items = calloc(CALLS_SWEEP_PAGE, sizeof(*s->items));
	if (!s || !s->items) {
		free(s);
		return ERR_NOMEM;
	}
	s->calls = c;
	call_record_init(&s->record);
	uv_timer_init(c->settings.loop, &s->timer);
	s->timer.data = s;
	uv_timer_start(&s->timer, on_time, every, every);
	c->sweep = s;
	return ERR_NONE;
}

void sweep_close(struct calls *c)
{
	struct sweep *s = c->sweep;

	c->sweep = NULL;
	if (!s)
		return;
	job_cancel(&s->job);
	toolbox_look_cancel(&s->look);
	rulebook_free(s->book);
	items_drop(s);
	free(s->items);
	call_record_fini(&s->record);
	uv_close((uv_handle_t *)&s->timer, sweep_freed);
}

#include "voice/worker/provider_keys.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "base/num.h"
#include "base/provider_names.h"
#include "base/secret_block.h"
#include "voice/worker/conductor_state.h"

enum { ASK_BYTES_MAX = 512 };

struct provider_keys {
	unsigned int owners;
	struct secret_block *block; /* NULL: the tenant has none of them */
};

struct tenant_keys {
	struct provider_keys_cache *cache;
	struct id128 tenant;
	struct provider_keys *keys;        /* NULL: none */
	uint64_t made_us;                  /* when they were asked for */
	uint64_t asked_us;
	struct http_exchange *exchange;    /* NULL: nobody asks */
	struct provider_keys_wait *asker;  /* whose call the request is for; NULL: cancelled since */
	struct provider_keys_wait *first;  /* who waits, in their order. With nobody, no keys and no exchange the place is free */
};

struct provider_keys_wait {
	struct tenant_keys *of;
	struct provider_keys_wait **slot;
	struct provider_keys_wait *previous, *next, **head;
	struct provider_keys_call call;
	uint64_t since_us;
	provider_keys_h *handler;
	void *arg;
};

struct provider_keys_cache {
	struct conductor *conductor;
	struct clock *clock;
	struct clock_timer due; /* the next that is too old */
	struct tenant_keys tenants[PROVIDER_KEYS_TENANTS_MAX];
};

/* ------------------------------------------------------------------ a tenant's keys */

const char *provider_key(const struct provider_keys *k, const char *name)
{
	return k && k->block ? secret_block_value(k->block, name) : NULL;
}

struct provider_keys *provider_keys_share(struct provider_keys *k)
{
	if (k)
		k->owners++;
	return k;
}

void provider_keys_release(struct provider_keys **kp)
{
	struct provider_keys *k = *kp;

	*kp = NULL;
	if (!k || --k->owners)
		return;
	secret_block_drop(&k->block);
	free(k);
}

/* ------------------------------------------------------------------ reading an answer */

static enum err key_add(struct provider_keys *k, const char *name, const char *value, size_t len)
{
	struct secret_block *more;
	enum err err;

	if (!provider_key_ok(value, len))
		return ERR_FORMAT;
	err = secret_block_with(&more, k->block, name, value, len);
	if (err)
		return err;
	secret_block_drop(&k->block);
	k->block = more;
	return ERR_NONE;
}

/* Names that we do not know are a later release's. `room` is locked memory of SECRET_MAX_BYTES. */
static enum err item_take(struct provider_keys *k, const struct json_item *item, char *room)
{
	char name[SECRET_NAME_MAX];
	size_t len = 0;
	enum err err;

	if (item->kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	snprintf(name, sizeof(name), "%.*s", (int)num_min(item->key_len, sizeof(name)), item->key);
	if (item->key_len >= sizeof(name) || !provider_name_known(name))
		return ERR_NONE;
	err = json_scan_text(item, room, SECRET_MAX_BYTES, &len);
	return err ? err : key_add(k, name, room, len);
}

static bool is_tenant(const struct json_item *item, const struct id128 *tenant)
{
	char name[33];

	id128_print(tenant, name);
	return item->kind == JSON_SCAN_STRING && item->len == strlen(name) && !memcmp(item->text, name, item->len);
}

static enum err answer_scan(struct provider_keys *k, const struct id128 *tenant, struct json_scan *s, char *room)
{
	bool of_tenant = false, has_keys = false, in_keys = false;
	struct json_item item;
	enum err err = ERR_NONE;

	while (!err && json_scan_next(s, &item)) {
		bool opens = item.kind == JSON_SCAN_OPEN;

		if (!item.depth && opens && item.is_array)
			err = ERR_FORMAT;
		else if (item.depth == 1 && json_item_is(&item, "tenant_id"))
			of_tenant = is_tenant(&item, tenant);
		else if (item.depth == 1 && opens)
			has_keys |= in_keys = json_item_is(&item, "keys") && !item.is_array;
		else if (item.depth == 2 && in_keys && item.key)
			err = item_take(k, &item, room);
	}
	if (!err)
		err = s->err;
	return !err && !(of_tenant && has_keys) ? ERR_FORMAT : err;
}

enum err provider_keys_read(struct provider_keys **kp, const struct id128 *tenant, const void *body, size_t len)
{
	char *room = sodium_malloc(SECRET_MAX_BYTES);
	struct provider_keys *k = calloc(1, sizeof(*k));
	struct json_scan scan;
	enum err err = room && k ? ERR_NONE : ERR_NOMEM;

	*kp = NULL;
	if (k)
		k->owners = 1;
	json_scan_init(&scan, body, len);
	if (!err)
		err = answer_scan(k, tenant, &scan, room);
	sodium_free(room);
	if (err)
		provider_keys_release(&k);
	*kp = k;
	return err;
}

/* ------------------------------------------------------------------ the hour */

static bool is_younger(const struct tenant_keys *t, uint64_t seconds)
{
	return t->keys && clock_now_us(t->cache->clock) - t->made_us < seconds * 1000000;
}

/* The new ones or the old ones: shared, or NULL. */
static struct provider_keys *keys_any(const struct tenant_keys *t)
{
	return is_younger(t, PROVIDER_KEYS_OLD_S) ? provider_keys_share(t->keys) : NULL;
}

static void age_due(void *arg);

/* Sets the timer for the oldest. */
static void age_watch(struct provider_keys_cache *c)
{
	uint64_t oldest_us = UINT64_MAX;

	for (size_t i = 0; i < PROVIDER_KEYS_TENANTS_MAX; i++)
		if (c->tenants[i].keys)
			oldest_us = num_min(oldest_us, c->tenants[i].made_us);
	if (oldest_us != UINT64_MAX)
		clock_timer_set(&c->due, c->clock, oldest_us + (uint64_t)PROVIDER_KEYS_OLD_S * 1000000, age_due, c);
}

static void age_due(void *arg)
{
	struct provider_keys_cache *c = arg;

	for (size_t i = 0; i < PROVIDER_KEYS_TENANTS_MAX; i++)
		if (!is_younger(&c->tenants[i], PROVIDER_KEYS_OLD_S))
			provider_keys_release(&c->tenants[i].keys);
	age_watch(c);
}

static void keys_store(struct tenant_keys *t, struct provider_keys *keys_take)
{
	provider_keys_release(&t->keys);
	t->keys = keys_take;
	t->made_us = t->asked_us;
	age_watch(t->cache);
}

/* ------------------------------------------------------------------ places */

static bool is_idle(const struct tenant_keys *t)
{
	return !t->exchange && !t->first;
}

static struct tenant_keys *place_find(struct provider_keys_cache *c, const struct id128 *tenant)
{
	for (size_t i = 0; i < PROVIDER_KEYS_TENANTS_MAX; i++)
		if ((c->tenants[i].keys || !is_idle(&c->tenants[i])) && id128_equal(&c->tenants[i].tenant, tenant))
			return &c->tenants[i];
	return NULL;
}

/* A free place, or that of the keys that were asked for longest ago. NULL: all are being asked for. */
static struct tenant_keys *place_make(struct provider_keys_cache *c, const struct id128 *tenant)
{
	struct tenant_keys *best = NULL;

	for (size_t i = 0; i < PROVIDER_KEYS_TENANTS_MAX; i++) {
		struct tenant_keys *t = &c->tenants[i];

		if (is_idle(t) && (!best || !t->keys || (best->keys && t->made_us < best->made_us)))
			best = t;
	}
	if (!best)
		return NULL;
	provider_keys_release(&best->keys);
	*best = (struct tenant_keys){ .cache = c, .tenant = *tenant };
	return best;
}

/* ------------------------------------------------------------------ who waits */

static void wait_push(struct provider_keys_wait *w)
{
	struct provider_keys_wait **at = &w->of->first, *last = NULL;

	for (; *at; at = &last->next)
		last = *at;
	*at = w;
	w->previous = last;
	w->head = &w->of->first;
}

static void wait_unlink(struct provider_keys_wait *w)
{
	*(w->previous ? &w->previous->next : w->head) = w->next;
	if (w->next)
		w->next->previous = w->previous;
	if (w->of->asker == w)
		w->of->asker = NULL;
}

/* `keys_take` may be NULL. */
static void wait_tell(struct provider_keys_wait *w, enum err err, struct provider_keys *keys_take)
{
	provider_keys_h *handler = w->handler;
	void *arg = w->arg;

	wait_unlink(w);
	*w->slot = NULL;
	free(w);
	handler(arg, err, keys_take);
}

/* Not those who begin to wait in a handler. */
static void wait_tell_all(struct tenant_keys *t, enum err err)
{
	struct provider_keys_wait *told = t->first;
	struct provider_keys *keys = keys_any(t); /* by a handler the place may become another tenant's */

	t->first = NULL;
	for (struct provider_keys_wait *w = told; w; w = w->next)
		w->head = &told;
	while (told)
		wait_tell(told, err, provider_keys_share(keys));
	provider_keys_release(&keys);
}

/* ------------------------------------------------------------------ asking */

/* Of what the first waiter may still wait. */
static uint64_t left_us(const struct provider_keys_wait *w)
{
	return num_over(w->since_us + PROVIDER_KEYS_MS * 1000, clock_now_us(w->of->cache->clock));
}

static enum err request_start(struct tenant_keys *t, struct provider_keys_wait *w);

/* The next one's call may be its worker's, though the last one's was not. */
static void request_next(struct tenant_keys *t)
{
	while (t->first && !t->exchange) {
		struct provider_keys_wait *w = t->first;
		enum err err = left_us(w) ? request_start(t, w) : ERR_TIMEOUT;

		if (err)
			wait_tell(w, err, keys_any(t));
	}
}

static void request_done(const struct http_answer *answer, void *arg)
{
	struct tenant_keys *t = arg;
	struct provider_keys *keys;
	bool is_refused;
	enum err err = conductor_judge(answer);

	clock_release(t->cache->clock);
	conductor_refused(t->cache->conductor, answer->status);
	is_refused = !answer->err && (err == ERR_DENIED || err == ERR_CLOSED);
	if (!err)
		err = provider_keys_read(&keys, &t->tenant, answer->body, answer->len);
	if (is_refused) {
		if (t->asker)
			wait_tell(t->asker, err, NULL);
		request_next(t);
		return;
	}
	if (!err)
		keys_store(t, keys);
	t->asker = NULL;
	wait_tell_all(t, err);
}

static const struct http_exchange_handlers request_handlers = { .done = request_done };

static void request_write(struct buf *b, const struct conductor *c, const struct provider_keys_call *call)
{
	char tenant[33];

	id128_print(&call->tenant, tenant);
	json_open(b, '{');
	json_pair_u64(b, "epoch", call->epoch);
	json_pair_string(b, "worker", c->worker);
	json_pair_string(b, "tenant_id", tenant);
	json_close(b, '}');
}

static enum err request_start(struct tenant_keys *t, struct provider_keys_wait *w)
{
	struct http_ask ask = { .method = HTTP_POST, .total_us = left_us(w), .body_max_bytes = PROVIDER_KEYS_JSON_MAX, .retries_max = 2,
		.is_repeatable = true };
	char memory[ASK_BYTES_MAX], path[CONDUCTOR_PATH_MAX], call[33];
	struct buf b;
	enum err err;

	id128_print(&w->call.call, call);
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/keys", call);
	buf_over(&b, memory, sizeof(memory));
	request_write(&b, t->cache->conductor, &w->call);
	ask.body = b.data;
	ask.len = b.len;
	err = b.err ? b.err : conductor_ask(t->cache->conductor, &t->exchange, &ask, path, NULL, &request_handlers, t);
	if (err)
		return err;
	t->asker = w;
	t->asked_us = clock_now_us(t->cache->clock);
	clock_hold(t->cache->clock);
	return ERR_NONE;
}

enum err provider_keys_start(struct provider_keys_wait **wp, struct provider_keys_cache *c, const struct provider_keys_call *call, provider_keys_h *handler,
	void *arg)
{
	struct tenant_keys *t = place_find(c, &call->tenant);
	struct provider_keys_wait *w;
	enum err err = ERR_NONE;

	*wp = NULL;
	if (!t)
		t = place_make(c, &call->tenant);
	w = t ? calloc(1, sizeof(*w)) : NULL;
	if (!w)
		return t ? ERR_NOMEM : ERR_BUSY;
	*w = (struct provider_keys_wait){ .of = t, .slot = wp, .call = *call, .since_us = clock_now_us(c->clock), .handler = handler, .arg = arg };
	wait_push(w);
	if (!t->exchange)
		err = request_start(t, w);
	if (err) {
		wait_unlink(w);
		free(w);
		return err;
	}
	*wp = w;
	return ERR_NONE;
}

void provider_keys_cancel(struct provider_keys_wait **wp)
{
	struct provider_keys_wait *w = *wp;
	struct tenant_keys *t;

	*wp = NULL;
	if (!w)
		return;
	t = w->of;
	wait_unlink(w);
	free(w);
	if (t->first || !t->exchange)
		return;
	http_exchange_cancel(&t->exchange);
	clock_release(t->cache->clock);
}

/* ------------------------------------------------------------------ open, close */

struct provider_keys *provider_keys_fresh(struct provider_keys_cache *c, const struct id128 *tenant)
{
	struct tenant_keys *t = place_find(c, tenant);

	return t && is_younger(t, PROVIDER_KEYS_FRESH_S) ? provider_keys_share(t->keys) : NULL;
}

enum err provider_keys_open(struct provider_keys_cache **cp, struct conductor *conductor)
{
	struct provider_keys_cache *c = sodium_init() < 0 ? NULL : calloc(1, sizeof(*c));

	*cp = c;
	if (!c)
		return sodium_init() < 0 ? ERR_UNAVAILABLE : ERR_NOMEM;
	c->conductor = conductor;
	c->clock = conductor->clock;
	return ERR_NONE;
}

void provider_keys_close(struct provider_keys_cache **cp)
{
	struct provider_keys_cache *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	clock_timer_stop(&c->due);
	for (size_t i = 0; i < PROVIDER_KEYS_TENANTS_MAX; i++) {
		assert(is_idle(&c->tenants[i]));
		provider_keys_release(&c->tenants[i].keys);
	}
	free(c);
}

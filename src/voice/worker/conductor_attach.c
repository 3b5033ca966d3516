/* Attach: whose the media token is, and all that the call needs; then its tenant's provider keys, where the worker wants them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/json.h"
#include "voice/worker/conductor_state.h"

enum { ASK_BYTES_MAX = 8192, BEGAN_MAX_MS = 24 * 3600 * 1000, SPEED_MIN = 50, SPEED_MAX = 200 };

/* ------------------------------------------------------------------ reading the answer */

static enum err text_read(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || strlen(text) >= size)
		return ERR_FORMAT;
	memcpy(out, text, strlen(text) + 1);
	return ERR_NONE;
}

/* Not there or null: "". */
static enum err text_may(const json_t *object, const char *key, char *out, size_t size)
{
	const json_t *value = json_object_get(object, key);

	out[0] = '\0';
	return !value || json_is_null(value) ? ERR_NONE : text_read(object, key, out, size);
}

static enum err integer_read(const json_t *object, const char *key, json_int_t least, json_int_t most, json_int_t *out)
{
	const json_t *value = json_object_get(object, key);

	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= least && *out <= most ? ERR_NONE : ERR_FORMAT;
}

/* Base64 of at most `max` bytes into memory that the caller frees. */
static enum err bytes_read(const json_t *value, size_t max, uint8_t **out, size_t *len)
{
	const char *text = json_string_value(value);
	size_t text_len = json_string_length(value), room = text_len / 4 * 3 + 3;

	*out = NULL;
	if (!text || text_len > max / 3 * 4 + 8)
		return text ? ERR_LIMIT : ERR_FORMAT;
	*out = malloc(room);
	if (!*out)
		return ERR_NOMEM;
	if (!sodium_base642bin(*out, room, text, text_len, NULL, len, NULL, sodium_base64_VARIANT_ORIGINAL))
		return ERR_NONE;
	free(*out);
	*out = NULL;
	return ERR_FORMAT;
}

static enum err ids_read(struct conductor_attached *a, const json_t *o)
{
	char text[64];
	json_int_t n;
	enum err err = text_read(o, "call", text, sizeof(text));

	if (!err)
		err = id128_parse(&a->call, text);
	if (!err)
		err = text_read(o, "tenant_id", text, sizeof(text));
	if (!err)
		err = id128_parse(&a->tenant, text);
	if (!err)
		err = text_read(o, "tenant", a->tenant_name, sizeof(a->tenant_name));
	if (!err)
		err = integer_read(o, "epoch", 1, UINT32_MAX, &n);
	if (!err)
		a->epoch = (uint32_t)n;
	return !err && (id128_is_zero(&a->call) || id128_is_zero(&a->tenant)) ? ERR_FORMAT : err;
}

static enum err pinned_read(struct conductor_attached *a, const json_t *o)
{
	uint8_t *bytes;
	size_t len;
	enum err err = bytes_read(json_object_get(o, "brief"), BRIEF_BYTES_MAX, &bytes, &len);

	if (err)
		return err;
	err = brief_decode(&a->brief, bytes, len);
	free(bytes);
	if (!err)
		err = bytes_read(json_object_get(o, "settings"), BRIEF_BYTES_MAX, &bytes, &len);
	if (err)
		return err;
	err = call_settings_decode(&a->settings, bytes, len);
	free(bytes);
	return err;
}

/* Not there: none. More than there is room for, or too long: left out, they are a help and no more. */
static void keyterms_read(struct conductor_language *l, const json_t *list)
{
	const json_t *term;
	size_t i, count = 0;

	json_array_foreach(list, i, term) {
		const char *text = json_string_value(term);

		if (text && *text && strlen(text) < CONDUCTOR_KEYTERM_MAX && count < CONDUCTOR_KEYTERMS_MAX)
			snprintf(l->keyterms[count++], CONDUCTOR_KEYTERM_MAX, "%s", text);
	}
}

static enum err language_read(struct conductor_language *l, const json_t *o)
{
	const json_t *voice = json_object_get(o, "voice");
	json_int_t speed = 100;
	enum err err = text_read(o, "language", l->language, sizeof(l->language));

	if (!err)
		err = text_may(voice, "name", l->voice, sizeof(l->voice));
	if (!err)
		err = text_may(voice, "recogniser", l->recogniser, sizeof(l->recogniser));
	if (!err && json_object_get(voice, "speed_percent"))
		err = integer_read(voice, "speed_percent", SPEED_MIN, SPEED_MAX, &speed);
	l->speed_percent = (uint32_t)speed;
	keyterms_read(l, json_object_get(voice, "keyterms"));
	return err;
}

/* Not there: a conductor of before, whose calls are in one language. */
static enum err languages_read(struct conductor_attached *a, const json_t *o)
{
	const json_t *others = json_object_get(o, "others"), *one;
	enum err err = language_read(&a->own, o);
	size_t i;

	if (json_array_size(others) > CONDUCTOR_OTHERS_MAX)
		return ERR_LIMIT;
	for (i = 0; !err && (one = json_array_get(others, i)); i++)
		err = language_read(&a->others[a->other_count++], one);
	return err;
}

static enum err facts_read(struct conductor_attached *a, const json_t *o)
{
	char direction[16];
	json_int_t began;
	enum err err = text_read(o, "direction", direction, sizeof(direction));

	if (!err && strcmp(direction, "inbound") && strcmp(direction, "outbound"))
		err = ERR_FORMAT;
	if (!err)
		err = text_may(o, "answered_by", a->answered_by, sizeof(a->answered_by));
	if (!err)
		err = integer_read(o, "began_ms_ago", 0, BEGAN_MAX_MS, &began);
	if (err)
		return err;
	a->direction = strcmp(direction, "inbound") ? CALL_OUTBOUND : CALL_INBOUND;
	a->began_us_ago = (uint64_t)began * 1000;
	a->records_audio = json_is_true(json_object_get(o, "records_audio"));
	return languages_read(a, o);
}

static enum err flow_read(struct conductor_reading *r, const json_t *o)
{
	const json_t *flow = json_object_get(o, "flow");

	if (!json_is_object(flow))
		return ERR_FORMAT;
	r->flow = json_dumps(flow, JSON_COMPACT);
	if (!r->flow)
		return ERR_NOMEM;
	r->attached.flow = r->flow;
	r->attached.flow_len = strlen(r->flow);
	return ERR_NONE;
}

/* Not there: it was not asked for. */
static enum err prompt_read(struct conductor_reading *r, const json_t *o)
{
	const json_t *prompt = json_object_get(o, "prompt"), *tools = json_object_get(prompt, "tools");
	const char *fixed = json_string_value(json_object_get(prompt, "fixed")), *facts = json_string_value(json_object_get(prompt, "facts"));

	if (!prompt)
		return ERR_NONE;
	if (!fixed || !facts || !json_is_array(tools))
		return ERR_FORMAT;
	r->fixed = strdup(fixed);
	r->facts = strdup(facts);
	r->tools = json_dumps(tools, JSON_COMPACT);
	r->attached.prompt = (struct conductor_prompt){ .fixed = r->fixed, .facts = r->facts, .tools = r->tools };
	return r->fixed && r->facts && r->tools ? ERR_NONE : ERR_NOMEM;
}

static enum err snapshot_read(struct conductor_reading *r, const json_t *o)
{
	const json_t *snapshot = json_object_get(o, "snapshot");
	enum err err;

	if (!snapshot || json_is_null(snapshot))
		return ERR_NONE;
	err = bytes_read(snapshot, CONDUCTOR_SNAPSHOT_MAX_BYTES, &r->snapshot, &r->attached.snapshot_len);
	r->attached.snapshot = r->snapshot;
	return err;
}

enum err conductor_attached_read(struct conductor_reading *r, const void *body, size_t len)
{
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	enum err err;

	memset(r, 0, sizeof(*r));
	err = json_is_object(o) ? ids_read(&r->attached, o) : ERR_FORMAT;
	if (!err)
		err = pinned_read(&r->attached, o);
	if (!err)
		err = facts_read(&r->attached, o);
	if (!err)
		err = flow_read(r, o);
	if (!err)
		err = prompt_read(r, o);
	if (!err)
		err = snapshot_read(r, o);
	json_decref(o);
	if (err)
		conductor_reading_fini(r);
	return err;
}

void conductor_reading_fini(struct conductor_reading *r)
{
	free(r->flow);
	free(r->fixed);
	free(r->facts);
	free(r->tools);
	free(r->snapshot);
	provider_keys_release(&r->attached.keys);
	memset(r, 0, sizeof(*r));
}

/* ------------------------------------------------------------------ an attach */

struct conductor_attach {
	struct conductor *conductor;
	struct conductor_attach **slot;
	struct http_exchange *exchange;
	conductor_attach_h *handler;
	void *arg;
	struct conductor_reading *reading; /* the answer, while the tenant's provider keys are fetched */
	struct provider_keys_wait *keys;
	uint64_t read_us;
};

static void attach_free(struct conductor_attach *a)
{
	if (a->reading)
		conductor_reading_fini(a->reading);
	free(a->reading);
	free(a);
}

static void attach_tell(struct conductor_attach *a, enum err err)
{
	*a->slot = NULL;
	a->handler(a->arg, err, err ? NULL : &a->reading->attached);
	attach_free(a);
}

/* ------------------------------------------------------------------ the provider keys of its tenant */

/* The call is taken all the same: a provider without a key fails when it is asked, and the next one of the list is. */
static void keys_log(const struct conductor_attached *attached, enum err err)
{
	char call[33];
	const struct log log = { .plane = "voice", .call = call, .doing = "fetching the keys of its providers" };

	id128_print(&attached->call, call);
	if (attached->keys)
		log_warn(&log, "the conductor gives no provider keys: those of before are used, for an hour at most; look at its log", LOG_ERR(err));
	else if (err == ERR_CLOSED || err == ERR_DENIED)
		log_warn(&log, "the conductor refuses provider keys: the call goes on without, if it is still ours", LOG_ERR(err));
	else
		log_error(&log, "there are no provider keys: the call goes on without; look at the conductor's log", LOG_ERR(err));
}

static void on_keys(void *arg, enum err err, struct provider_keys *keys)
{
	struct conductor_attach *a = arg;
	struct conductor_attached *attached = &a->reading->attached;

	attached->keys = keys;
	attached->began_us_ago += clock_now_us(a->conductor->clock) - a->read_us;
	if (err)
		keys_log(attached, err);
	attach_tell(a, ERR_NONE);
}

/* False: nothing to wait for. */
static bool keys_start(struct conductor_attach *a)
{
	struct provider_keys_cache *cache = a->conductor->keys;
	struct conductor_attached *attached = &a->reading->attached;
	const struct provider_keys_call call = { .call = attached->call, .tenant = attached->tenant, .epoch = attached->epoch };
	enum err err;

	if (!cache)
		return false;
	attached->keys = provider_keys_fresh(cache, &call.tenant);
	if (attached->keys)
		return false;
	a->read_us = clock_now_us(a->conductor->clock);
	err = provider_keys_start(&a->keys, cache, &call, on_keys, a);
	if (err)
		keys_log(attached, err);
	return !err;
}

/* ------------------------------------------------------------------ asking */

static void attach_done(const struct http_answer *answer, void *arg)
{
	struct conductor_attach *a = arg;
	enum err err;

	a->reading = calloc(1, sizeof(*a->reading)); /* a brief has 60 KB */
	err = a->reading ? conductor_judge(answer) : ERR_NOMEM;
	conductor_refused(a->conductor, answer->status);
	if (!err)
		err = conductor_attached_read(a->reading, answer->body, answer->len);
	if (err || !keys_start(a))
		attach_tell(a, err);
}

static const struct http_exchange_handlers attach_handlers = { .done = attach_done };

static void ask_open(struct buf *b, const struct conductor *c)
{
	json_open(b, '{');
	json_pair_string(b, "worker", c->worker);
	if (c->settings.wants_prompt)
		json_pair_bool(b, "prompt", true);
}

static void carrier_write(struct buf *b, const struct conductor_carrier *carrier)
{
	json_put_key(b, "carrier");
	json_open(b, '{');
	json_pair_string(b, "kind", carrier->kind);
	json_pair_string(b, "account", carrier->account);
	json_pair_string(b, "call", carrier->call);
	json_pair_string(b, "stream", carrier->stream);
	json_close(b, '}');
}

static enum err asked(struct conductor_attach **ap, const struct conductor_attach *asks, const struct buf *body, const char *path)
{
	const struct http_ask ask = { .method = HTTP_POST, .total_us = CONDUCTOR_ATTACH_MS * 1000, .body_max_bytes = CONDUCTOR_ANSWER_MAX_BYTES,
		.retries_max = 2, .body = body->data, .len = body->len };
	struct conductor_attach *a = malloc(sizeof(*a));
	enum err err;

	*ap = NULL;
	if (!a)
		return ERR_NOMEM;
	*a = *asks;
	a->slot = ap;
	err = body->err ? body->err : conductor_ask(a->conductor, &a->exchange, &ask, path, NULL, &attach_handlers, a);
	if (err)
		free(a);
	else
		*ap = a;
	return err;
}

enum err conductor_attach_start(struct conductor_attach **ap, struct conductor *c, const char *token, const struct conductor_carrier *carrier,
	conductor_attach_h *handler, void *arg)
{
	const struct conductor_attach asks = { .conductor = c, .handler = handler, .arg = arg };
	uint8_t memory[ASK_BYTES_MAX];
	struct buf b;
	enum err err;

	buf_over(&b, memory, sizeof(memory));
	ask_open(&b, c);
	json_pair_string(&b, "token", token);
	carrier_write(&b, carrier);
	json_close(&b, '}');
	err = asked(ap, &asks, &b, "/internal/v1/attach");
	sodium_memzero(memory, sizeof(memory));
	return err;
}

enum err conductor_prepare_start(struct conductor_attach **ap, struct conductor *c, const char *call, conductor_attach_h *handler, void *arg)
{
	const struct conductor_attach asks = { .conductor = c, .handler = handler, .arg = arg };
	uint8_t memory[ASK_BYTES_MAX];
	char path[CONDUCTOR_PATH_MAX];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	ask_open(&b, c);
	json_close(&b, '}');
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/pinned", call);
	return asked(ap, &asks, &b, path);
}

void conductor_attach_cancel(struct conductor_attach **ap)
{
	struct conductor_attach *a = *ap;

	*ap = NULL;
	if (!a)
		return;
	http_exchange_cancel(&a->exchange);
	provider_keys_cancel(&a->keys);
	attach_free(a);
}

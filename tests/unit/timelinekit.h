/* What tests of the conductor's timeline share: it over loopback HTTP, with real stores, identity and tokens; people who read, also live; calls that
 * are in the stores as the conductor would have put them there. In front of the documents stands a gate that refuses changes. It can be
 * closed and opened again over the same stores, as after the conductor's death. */
#ifndef TIMELINEKIT_H
#define TIMELINEKIT_H

#include "datakit.h"

#include <jansson.h>
#include <time.h>

#include "base/bearer.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/service_key.h"
#include "conductor/calls_state.h"
#include "conductor/timeline.h"
#include "conductor/timeline_line.h"
#include "control/identity.h"
#include "data/recordings.h"

#define CALL_A "000102030405060708090a0b0c0d0e0f"
#define CALL_B "100102030405060708090a0b0c0d0e0f"

enum { KIT_BEARER_MAX = 3000, KIT_BODY_MAX = 8 << 20 };

struct gate {
	struct documents base;
	struct documents *inner;
	enum err refuse_puts;  /* at once */
	enum err fail_puts;    /* the next one's answer, though it was stored: a time-out */
	bool drops;            /* … and it was not stored */
	documents_stored_h *handler;
	void *arg;
	const char *hold;      /* a get of a key with this beginning stays under way until it is NULL */
	bool is_held;
	struct job **held_slot;
	const struct tenant *held_tenant;
	char held_key[DOCUMENT_KEY_MAX];
	documents_got_h *held_handler;
	void *held_arg;
};

/* One request, and what came of it so far. */
struct got {
	unsigned int done, status;
	enum err err;
	struct buf body;
	char range[80], type[60];
	struct http_exchange *exchange;
};

struct kit {
	struct world w;
	struct gate gate;
	struct documents *documents;
	struct recordings *recordings;
	struct identity *identity;
	struct service_key *voice_key;
	struct jwks *keys;
	struct bearer bearer;
	struct http_server *server;
	struct http_client *client;
	struct timeline *timeline;
	unsigned int closed, port;
	uint64_t now_ms, idle_ms;
	size_t stream_max;
};

static struct kit *k;
static char kit_keys[64];

static const struct jws_policy kit_people = { .issuer = "callfunnel", .audience = "callfunnel", .tenant_claim = "tenant",
	.roles_claims = "realm_access.roles", .skew_s = 30, .lifetime_max_s = 86400 };
static const struct jws_policy kit_inside = { .issuer = "callfunnel", .audience = "conductor", .tenant_claim = "tenant",
	.roles_claims = "realm_access.roles", .skew_s = 30, .lifetime_max_s = 86400 };
static const struct identity_settings kit_identity = { .token_s = 900, .session_s = 43200, .link_s = 600, .rotate_days = 30 };

/* ------------------------------------------------------------------ the gate */

static inline void gate_stored(void *arg, enum err err, uint64_t revision)
{
	struct gate *g = arg;
	documents_stored_h *handler = g->handler;

	(void)revision;
	err = g->fail_puts;
	g->fail_puts = ERR_NONE;
	g->handler = NULL;
	handler(g->arg, err, 0);
}

static inline void gate_got(void *arg, enum err err, const struct document *d)
{
	(void)d;
	gate_stored(arg, err, 0);
}

static inline enum err gate_put(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h,
	void *arg)
{
	struct gate *g = (struct gate *)d;

	if (g->refuse_puts)
		return g->refuse_puts;
	if (!g->fail_puts)
		return documents_put(g->inner, slot, t, put, h, arg);
	assert_null(g->handler);
	g->handler = h;
	g->arg = arg;
	if (g->drops)
		return documents_get(g->inner, slot, t, "nothing", gate_got, g);
	return documents_put(g->inner, slot, t, put, gate_stored, g);
}

static inline enum err gate_erase(struct documents *d, struct job **slot, const struct tenant *t, const char *key, uint64_t expected,
	documents_stored_h *h, void *arg)
{
	return documents_delete(((struct gate *)d)->inner, slot, t, key, expected, h, arg);
}

/* What is held is asked for again and again. */
static inline void gate_held(void *arg, enum err err, const struct document *d)
{
	struct gate *g = arg;

	if (g->hold && !documents_get(g->inner, g->held_slot, g->held_tenant, g->held_key, gate_held, g))
		return;
	g->is_held = false;
	g->held_handler(g->held_arg, err, d);
}

static inline enum err gate_get(struct documents *d, struct job **slot, const struct tenant *t, const char *key, documents_got_h *h, void *arg)
{
	struct gate *g = (struct gate *)d;

	if (!g->hold || strncmp(key, g->hold, strlen(g->hold)) != 0)
		return documents_get(g->inner, slot, t, key, h, arg);
	assert_false(g->is_held);
	g->is_held = true;
	g->held_slot = slot;
	g->held_tenant = t;
	snprintf(g->held_key, sizeof(g->held_key), "%s", key);
	g->held_handler = h;
	g->held_arg = arg;
	return documents_get(g->inner, slot, t, key, gate_held, g);
}

static inline enum err gate_list(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_range *r, documents_page_h *h,
	void *arg)
{
	return documents_list(((struct gate *)d)->inner, slot, t, r, h, arg);
}

static inline void gate_close(struct documents *d) { (void)d; }

static const struct documents_backend gate_backend = { .name = "gate", .close = gate_close, .put = gate_put, .erase = gate_erase, .get = gate_get,
	.list = gate_list };

/* ------------------------------------------------------------------ waiting */

#define kit_until(condition) \
	do { \
		uv_timer_start(&k->w.deadline, world_late, 30000, 0); \
		while (!(condition)) \
			uv_run(&k->w.loop, UV_RUN_ONCE); \
		uv_timer_stop(&k->w.deadline); \
	} while (0)

/* ------------------------------------------------------------------ asking */

static inline void got_head(const struct http_answer *answer, void *arg)
{
	struct got *g = arg;
	const char *range = http_answer_header(answer, "Content-Range"), *type = http_answer_header(answer, "Content-Type");

	g->status = answer->status;
	snprintf(g->range, sizeof(g->range), "%s", range ? range : "");
	snprintf(g->type, sizeof(g->type), "%s", type ? type : "");
}

static inline void got_piece(const uint8_t *data, size_t len, void *arg)
{
	buf_append(&((struct got *)arg)->body, data, len);
}

static inline void got_done(const struct http_answer *answer, void *arg)
{
	struct got *g = arg;

	g->err = answer->err;
	g->done = 1;
}

static inline void got_begin(struct got *g)
{
	memset(g, 0, sizeof(*g));
	buf_init(&g->body, KIT_BODY_MAX);
}

static inline void got_end(struct got *g)
{
	http_exchange_cancel(&g->exchange);
	buf_fini(&g->body);
}

static inline void kit_ask(struct got *g, const char *bearer, enum http_method method, const char *path, const char *extra, const void *body, size_t len)
{
	static const struct http_exchange_handlers handlers = { .head = got_head, .piece = got_piece, .done = got_done };
	const char *headers[] = { bearer, extra, NULL };
	char url[2000];
	const struct http_ask ask = { .method = method, .url = url, .headers = headers, .body = len ? body : NULL, .len = len, .body_max_bytes = KIT_BODY_MAX,
		.total_us = HTTP_NO_LIMIT, .idle_us = HTTP_NO_LIMIT };
	struct err_detail detail = { .message = "" };

	buf_reset(&g->body);
	g->done = g->status = 0;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", k->port, path);
	if (http_exchange_start(&g->exchange, k->client, &ask, &handlers, g, &detail))
		fail_msg("%s", detail.message);
}

static inline const char *bearer_person(const char *tenant, const char *role)
{
	static char line[KIT_BEARER_MAX];
	struct jws_claims who = { .subject = "u-1", .name = "Asha" };
	struct buf b;

	snprintf(who.tenant, sizeof(who.tenant), "%s", tenant);
	snprintf(who.roles[0], sizeof(who.roles[0]), "%s", role);
	who.role_count = 1;
	buf_init(&b, sizeof(line) - 1);
	buf_text(&b, "Authorization: Bearer ");
	assert_int_equal(identity_token(k->identity, &who, 0, (int64_t)time(NULL), &b), ERR_NONE);
	snprintf(line, sizeof(line), "%s", buf_str(&b));
	buf_fini(&b);
	return line;
}

static inline const char *bearer_worker(void)
{
	static char line[KIT_BEARER_MAX];
	struct buf b;

	buf_init(&b, sizeof(line) - 1);
	buf_text(&b, "Authorization: Bearer ");
	assert_int_equal(service_key_assert(k->voice_key, &kit_inside, NULL, (int64_t)time(NULL), &b), ERR_NONE);
	snprintf(line, sizeof(line), "%s", buf_str(&b));
	buf_fini(&b);
	return line;
}

/* As somebody of acme. */
static inline unsigned int kit_person(struct got *g, const char *role, const char *path, const char *extra)
{
	kit_ask(g, bearer_person("acme", role), HTTP_GET, path, extra, NULL, 0);
	kit_until(g->done);
	return g->status;
}

static inline unsigned int kit_worker(struct got *g, enum http_method method, const char *path, const void *body, size_t len)
{
	kit_ask(g, bearer_worker(), method, path, NULL, body, len);
	kit_until(g->done);
	return g->status;
}

/* ------------------------------------------------------------------ calls in the stores */

static inline void kit_stored(void *arg, enum err err, uint64_t revision)
{
	(void)revision;
	assert_int_equal(err, ERR_NONE);
	++*(unsigned int *)arg;
}

static inline void kit_put(const struct tenant *t, const char *key, const struct buf *b)
{
	const struct documents_put put = { .key = key, .value = b->data, .len = b->len, .expected = DOCUMENT_ANY };
	unsigned int done = 0;

	assert_int_equal(b->err, ERR_NONE);
	assert_int_equal(documents_put(k->documents, NULL, t, &put, kit_stored, &done), ERR_NONE);
	world_wait(&k->w, &done, 1);
}

/* Index and document, as an attach leaves them. */
static inline void kit_call_put(const struct tenant *t, const char *id, uint32_t epoch, enum call_state state)
{
	char key[DOCUMENT_KEY_MAX];
	struct call_record r;
	struct buf b;

	buf_init(&b, 1 << 16);
	assert_int_equal(call_index_encode(t, id, 1700000000000, &b), ERR_NONE);
	call_index_key(id, key);
	kit_put(tenant_house(), key, &b);
	buf_reset(&b);
	call_record_init(&r);
	snprintf(r.id, sizeof(r.id), "%s", id);
	snprintf(r.reason, sizeof(r.reason), "%s", state == CALL_ENDED ? "lost" : "");
	r.epoch = epoch;
	r.state = state;
	r.began_ms = r.clock_ms = 1700000000000;
	r.ended_ms = state == CALL_ENDED ? 1700000061000 : 0;
	r.turns = state == CALL_ENDED ? 3 : 0;
	assert_int_equal(call_record_encode(&r, &b), ERR_NONE);
	call_record_fini(&r);
	call_key(1700000000000, id, key);
	kit_put(t, key, &b);
	buf_fini(&b);
}

struct counting {
	unsigned int done;
	size_t count;
};

static inline void kit_counted(void *arg, enum err err, const struct documents_page *page)
{
	struct counting *c = arg;

	assert_int_equal(err, ERR_NONE);
	c->count = page->count;
	c->done = 1;
}

static inline size_t documents_of(const struct tenant *t, const char *prefix)
{
	const struct documents_range range = { .prefix = prefix, .after = "", .limit = DOCUMENTS_PAGE_MAX };
	struct counting c = { .done = 0 };

	assert_int_equal(documents_list(k->documents, NULL, t, &range, kit_counted, &c), ERR_NONE);
	kit_until(c.done);
	return c.count;
}

/* ------------------------------------------------------------------ the world */

static inline struct jws_now kit_jws_now(void *arg)
{
	(void)arg;
	return (struct jws_now){ .wall_s = (int64_t)time(NULL), .mono_us = uv_hrtime() / 1000 };
}

static inline uint64_t kit_now_ms(void *arg) { return ((struct kit *)arg)->now_ms; }

static inline void kit_identity_begin(void)
{
	struct buf b;

	assert_int_equal(identity_open(&k->identity, kit_keys, &kit_people, &kit_identity, (int64_t)time(NULL), NULL), ERR_NONE);
	assert_int_equal(service_key_open(&k->voice_key, kit_keys, "voice", NULL), ERR_NONE);
	assert_int_equal(jwks_new(&k->keys, NULL, NULL), ERR_NONE);
	buf_init(&b, JWKS_MAX_BYTES);
	assert_int_equal(identity_jwks(k->identity, &b), ERR_NONE);
	assert_int_equal(jwks_load(k->keys, b.data, b.len, uv_hrtime() / 1000, NULL), ERR_NONE);
	buf_fini(&b);
	k->bearer = (struct bearer){ .keys = k->keys, .keys_inside = k->keys, .policy = &kit_people, .policy_inside = &kit_inside, .now = kit_jws_now };
}

static inline void kit_open(void)
{
	char spool[256], listen[40];
	const struct timeline_settings settings = { .loop = &k->w.loop, .documents = &k->gate.base, .recordings = k->recordings, .disk = &disk_real, .spool = spool,
		.token = bearer_token, .now_ms = kit_now_ms, .arg = k, .idle_ms = k->idle_ms };
	const struct http_settings http = { .listen = listen, .authorise = bearer_authorise, .authorise_arg = &k->bearer, .stream_max_bytes = k->stream_max };
	struct err_detail detail = { .message = "" };

	snprintf(spool, sizeof(spool), "%s", world_path(&k->w, "incoming"));
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", k->port);
	assert_int_equal(timeline_open(&k->timeline, &settings, &detail), ERR_NONE);
	if (http_server_open(&k->server, &k->w.loop, &http, &detail))
		fail_msg("%s", detail.message);
	k->port = http_server_port(k->server);
	assert_int_equal(timeline_mount(k->timeline, k->server), ERR_NONE);
}

static inline void kit_server_closed(void *arg) { ((struct kit *)arg)->closed++; }

/* What is under way is answered; nothing is remembered but what lies in the stores. */
static inline void kit_close(void)
{
	unsigned int before = k->closed;

	http_server_close(&k->server, kit_server_closed, k);
	timeline_close(&k->timeline);
	world_wait(&k->w, &k->closed, before + 1);
}

static inline void kit_restart(void)
{
	kit_close();
	kit_open();
}

static inline int kit_begin(void **state)
{
	struct err_detail detail;

	(void)state;
	k = calloc(1, sizeof(*k));
	world_begin(&k->w);
	assert_int_equal(sqlite_documents_open(&k->documents, &k->w.loop, world_path(&k->w, "documents.db"), &detail), ERR_NONE);
	assert_int_equal(files_recordings_open(&k->recordings, &k->w.loop, &disk_real, world_path(&k->w, "recordings"), &detail), ERR_NONE);
	k->gate = (struct gate){ .base = { .backend = &gate_backend }, .inner = k->documents };
	k->now_ms = 1700000060000;
	k->idle_ms = 60000;
	kit_identity_begin();
	assert_int_equal(http_client_open(&k->client, &k->w.loop, &(struct http_client_settings){ .ca_file = NULL }, &detail), ERR_NONE);
	kit_open();
	return 0;
}

static inline int kit_end(void **state)
{
	(void)state;
	kit_close();
	http_client_close(&k->client);
	documents_close(&k->documents);
	recordings_close(&k->recordings);
	jwks_free(&k->keys);
	service_key_close(&k->voice_key);
	identity_close(&k->identity);
	world_end(&k->w);
	free(k);
	return 0;
}

/* Keys take half a second to make: once for all tests. */
static inline int kit_keys_make(void **state)
{
	struct identity *i;

	(void)state;
	snprintf(kit_keys, sizeof(kit_keys), "/tmp/callfunnel-keys-XXXXXX");
	assert_non_null(mkdtemp(kit_keys));
	assert_int_equal(identity_open(&i, kit_keys, &kit_people, &kit_identity, (int64_t)time(NULL), NULL), ERR_NONE);
	assert_int_equal(identity_service(i, "voice", (int64_t)time(NULL), NULL), ERR_NONE);
	identity_close(&i);
	return 0;
}

static inline int kit_keys_remove(void **state)
{
	(void)state;
	return nftw(kit_keys, world_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* ------------------------------------------------------------------ lines that were got */

/* The line number `i` (0: the first) as JSON, which is the caller's; NULL: there are not so many. */
static inline json_t *line_at(const struct got *g, size_t i)
{
	const char *at = (const char *)g->body.data, *end = at + g->body.len, *feed = NULL;

	for (; at && at < end; at = feed + 1) {
		feed = memchr(at, '\n', (size_t)(end - at));
		if (!feed || !i--)
			break;
	}
	return at && at < end && feed ? json_loadb(at, (size_t)(feed - at), JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static inline size_t line_count(const struct got *g)
{
	size_t count = 0;

	for (size_t i = 0; i < g->body.len; i++)
		count += g->body.data[i] == '\n';
	return count;
}

/* "EPOCH.SEQUENCE.PART" of all lines, blanks between; "idle" for those. */
static inline const char *places_of(const struct got *g)
{
	static char all[1 << 16];
	size_t at = 0;
	json_t *line;

	all[0] = 0;
	for (size_t i = 0; (line = line_at(g, i)); i++) {
		if (json_object_get(line, "epoch"))
			at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%lld.%lld.%lld", at ? " " : "", json_integer_value(json_object_get(line, "epoch")),
				json_integer_value(json_object_get(line, "sequence")), json_integer_value(json_object_get(line, "part")));
		else
			at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", at ? " " : "", json_string_value(json_object_get(line, "type")));
		json_decref(line);
		assert_true(at < sizeof(all));
	}
	return all;
}

#endif

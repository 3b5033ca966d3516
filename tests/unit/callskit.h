/* What tests of the conductor's calls share: the whole of it over loopback HTTP. Real stores, secrets, identity, tokens, toolbox and a tenant's
 * shop (toolkit.h); a carrier that signs its webhooks, workers that report, attach and get orders, people with roles. Time stands still
 * but for clock_pass(). In front of the real documents stands a gate that can hold a change, or refuse it as a full disk would. */
#ifndef CALLSKIT_H
#define CALLSKIT_H

#include "toolkit.h"

#include <sodium.h>
#include <time.h>

#include "base/bearer.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/service_key.h"
#include "conductor/calls.h"
#include "conductor/calls_state.h"
#include "control/identity.h"
#include "data/routes.h"
#include "providers/exotel/carrier.h"
#include "providers/twilio/carrier.h"
#include "providers/twilio/signature.h"

#define PUBLIC_URL  "https://calls.example.com"
#define ACCOUNT     "AC00000000000000000000000000000001"
#define CALL_SID    "CA00000000000000000000000000000002"
#define OTHER_SID   "CA00000000000000000000000000000003"
#define NUMBER_A    "+15550100"
#define NUMBER_B    "+15550111"
#define SECRET_A    "0123456789abcdef0123456789abcdef"
#define SECRET_B    "fedcba9876543210fedcba9876543210"

enum { KIT_BEARER_MAX = 3000, KIT_TOKEN_MAX = 64 };

/* ---- the gate before the documents ---- */

struct gate {
	struct documents base;
	struct documents *inner;
	enum err refuse_puts, refuse_gets; /* ERR_NONE: as they are */
	bool answers;                      /* refusals come as answers, not at once */
	unsigned int spares;               /* puts that still go through before they are refused */
	const char *hold;                  /* a put of a key with this beginning waits for gate_release */
	bool is_held;
	struct job **slot;
	struct tenant *tenant;
	char key[DOCUMENT_KEY_MAX];
	uint8_t *value;
	size_t len;
	uint64_t expected;
	documents_stored_h *handler;
	void *arg;
};

/* One request's answer. */
struct got {
	unsigned int done, status;
	char body[65536]; /* the beginning of a longer one; the JSON is of all */
	size_t len;
	json_t *json;
	struct http_exchange *exchange;
};

struct kit {
	struct shop s;
	struct gate gate;
	struct identity *identity;
	struct service_key *voice_key, *conductor_key;
	struct jwks *keys;
	struct bearer bearer, worker_bearer;
	struct http_server *server, *worker_server;
	struct http_client *client;
	struct calls *calls;
	struct call_settings defaults;
	uint64_t now_ms, mono_ms, sweep_ms;
	uint64_t midnight_ms; /* today began with the test */
	unsigned int closed, orders, order_status, sockets_asked, socket_status; /* of a worker's */
	struct http_request *held_socket;
	unsigned int prepares; /* that workers were told to */
	char prepare_call[CALL_ID_MAX], prepare_body[60];
	char order_call[40], order_body[200], order_tenant[100];
	char books[256];
	char worker_url[64];
	bool samples;
	const char *voice_url;
	bool asks_prompt; /* workers have a model to tell */
	const char *carrier_url, *exotel_url; /* where Twilio and Exotel are asked for calls out; NULL: nowhere */
	const char *route_carrier; /* of the routes that are made; NULL: they name none */
};

static struct kit *k;
static char kit_keys[64];

static const struct jws_policy kit_people = { .issuer = "callfunnel", .audience = "callfunnel", .tenant_claim = "tenant",
	.roles_claims = "realm_access.roles", .skew_s = 30, .lifetime_max_s = 86400 };
static const struct jws_policy kit_inside = { .issuer = "callfunnel", .audience = "conductor", .tenant_claim = "tenant",
	.roles_claims = "realm_access.roles", .skew_s = 30, .lifetime_max_s = 86400 };
static const struct jws_policy kit_voice = { .issuer = "callfunnel", .audience = "voice", .tenant_claim = "tenant",
	.roles_claims = "realm_access.roles", .skew_s = 30, .lifetime_max_s = 86400 };
static const struct identity_settings kit_identity = { .token_s = 900, .session_s = 43200, .link_s = 600, .rotate_days = 30 };

/* ------------------------------------------------------------------ the gate */

struct refusal {
	documents_stored_h *stored;
	documents_got_h *got;
	documents_page_h *page;
	void *arg;
	enum err err;
};

static inline void gate_refused(void *arg, enum err err, const struct document *d)
{
	struct refusal r = *(struct refusal *)arg;

	(void)err;
	(void)d;
	free(arg);
	if (r.stored)
		r.stored(r.arg, r.err, 0);
	else if (r.got)
		r.got(r.arg, r.err, NULL);
	else
		r.page(r.arg, r.err, NULL);
}

static inline enum err gate_refuse(struct gate *g, struct job **slot, struct refusal r)
{
	struct refusal *kept = malloc(sizeof(*kept));

	*kept = r;
	if (!g->answers) {
		free(kept);
		return r.err;
	}
	return documents_get(g->inner, slot, tenant_house(), "nothing", gate_refused, kept);
}

static inline void gate_hold(struct gate *g, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h, void *arg)
{
	g->is_held = true;
	g->hold = NULL;
	g->slot = slot;
	g->tenant = tenant_share(t);
	snprintf(g->key, sizeof(g->key), "%s", put->key);
	g->value = malloc(put->len + 1);
	memcpy(g->value, put->value, put->len);
	g->len = put->len;
	g->expected = put->expected;
	g->handler = h;
	g->arg = arg;
}

static inline enum err gate_put(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h,
	void *arg)
{
	struct gate *g = (struct gate *)d;

	if (g->refuse_puts && g->spares)
		g->spares--;
	else if (g->refuse_puts)
		return gate_refuse(g, slot, (struct refusal){ .stored = h, .arg = arg, .err = g->refuse_puts });
	if (g->hold && !strncmp(put->key, g->hold, strlen(g->hold))) {
		gate_hold(g, slot, t, put, h, arg);
		return ERR_NONE;
	}
	return documents_put(g->inner, slot, t, put, h, arg);
}

static inline void gate_release(struct gate *g)
{
	const struct documents_put put = { .key = g->key, .value = g->value, .len = g->len, .expected = g->expected };

	assert_true(g->is_held);
	g->is_held = false;
	assert_int_equal(documents_put(g->inner, g->slot, g->tenant, &put, g->handler, g->arg), ERR_NONE);
	tenant_drop(&g->tenant);
	free(g->value);
}

static inline enum err gate_erase(struct documents *d, struct job **slot, const struct tenant *t, const char *key, uint64_t expected,
	documents_stored_h *h, void *arg)
{
	struct gate *g = (struct gate *)d;

	if (g->refuse_puts)
		return gate_refuse(g, slot, (struct refusal){ .stored = h, .arg = arg, .err = g->refuse_puts });
	return documents_delete(g->inner, slot, t, key, expected, h, arg);
}

static inline enum err gate_get(struct documents *d, struct job **slot, const struct tenant *t, const char *key, documents_got_h *h, void *arg)
{
	struct gate *g = (struct gate *)d;

	if (g->refuse_gets)
		return gate_refuse(g, slot, (struct refusal){ .got = h, .arg = arg, .err = g->refuse_gets });
	return documents_get(g->inner, slot, t, key, h, arg);
}

static inline enum err gate_list(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_range *r, documents_page_h *h,
	void *arg)
{
	struct gate *g = (struct gate *)d;

	if (g->refuse_gets)
		return gate_refuse(g, slot, (struct refusal){ .page = h, .arg = arg, .err = g->refuse_gets });
	return documents_list(g->inner, slot, t, r, h, arg);
}

static inline void gate_close(struct documents *d) { (void)d; }

static const struct documents_backend gate_backend = { .name = "gate", .close = gate_close, .put = gate_put, .erase = gate_erase, .get = gate_get,
	.list = gate_list };

/* ------------------------------------------------------------------ waiting */

#define kit_until(condition) \
	do { \
		uv_timer_start(&k->s.w.deadline, world_late, 30000, 0); \
		while (!(condition)) \
			uv_run(&k->s.w.loop, UV_RUN_ONCE); \
		uv_timer_stop(&k->s.w.deadline); \
	} while (0)

static inline void clock_pass(uint64_t ms)
{
	k->now_ms += ms;
	k->mono_ms += ms;
}

static inline void kit_sweep(void)
{
	calls_sweep(k->calls);
	assert_true(calls_sweeping(k->calls));
	kit_until(!calls_sweeping(k->calls));
}

/* ------------------------------------------------------------------ asking */

static inline void got_done(const struct http_answer *answer, void *arg)
{
	struct got *g = arg;

	assert_int_equal(answer->err, ERR_NONE);
	g->status = answer->status;
	g->len = answer->len < sizeof(g->body) ? answer->len : sizeof(g->body) - 1;
	memcpy(g->body, answer->body ? answer->body : (const uint8_t *)"", g->len);
	g->body[g->len] = 0;
	g->json = answer->len ? json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	g->done = 1;
}

/* `headers`: NULL-ended lines. */
static inline void kit_start(struct got *g, enum http_method method, const char *path, const char *const *headers, const void *body, size_t len)
{
	static const struct http_exchange_handlers handlers = { .done = got_done };
	char url[2000];
	const struct http_ask ask = { .method = method, .url = url, .headers = headers, .body = len ? body : NULL, .len = len, .total_us = HTTP_NO_LIMIT,
		.idle_us = HTTP_NO_LIMIT, .body_max_bytes = 16 << 20 };
	struct err_detail detail = { .message = "" };

	json_decref(g->json);
	g->json = NULL;
	g->done = 0;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(k->server), path);
	if (http_exchange_start(&g->exchange, k->client, &ask, &handlers, g, &detail))
		fail_msg("%s", detail.message);
}

static inline void kit_wait(struct got *g)
{
	kit_until(g->done);
}

static inline void got_drop(struct got *g)
{
	json_decref(g->json);
	g->json = NULL;
}

/* "call.epoch" of nested objects is not needed: plain members. */
static inline const char *got_text(const struct got *g, const char *member)
{
	const char *text = json_string_value(json_object_get(g->json, member));

	return text ? text : "";
}

static inline json_int_t got_number(const struct got *g, const char *member)
{
	const json_t *n = json_object_get(g->json, member);

	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

static inline const char *got_error(const struct got *g)
{
	const char *code = json_string_value(json_object_get(json_object_get(g->json, "error"), "code"));

	return code ? code : "";
}

/* ------------------------------------------------------------------ people and services */

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

static inline const char *bearer_service(const struct service_key *key, const struct jws_policy *policy)
{
	static char line[KIT_BEARER_MAX];
	struct buf b;

	buf_init(&b, sizeof(line) - 1);
	buf_text(&b, "Authorization: Bearer ");
	assert_int_equal(service_key_assert(key, policy, NULL, (int64_t)time(NULL), &b), ERR_NONE);
	snprintf(line, sizeof(line), "%s", buf_str(&b));
	buf_fini(&b);
	return line;
}

static inline unsigned int ask_as(struct got *g, const char *bearer, enum http_method method, const char *path, const char *body)
{
	const char *headers[] = { bearer, body ? "Content-Type: application/json" : NULL, NULL };

	kit_start(g, method, path, headers, body, body ? strlen(body) : 0);
	kit_wait(g);
	return g->status;
}

static inline unsigned int ask_as_person(struct got *g, const char *role, enum http_method method, const char *path, const char *body)
{
	return ask_as(g, bearer_person("acme", role), method, path, body);
}

static inline unsigned int ask_as_worker(struct got *g, enum http_method method, const char *path, const char *body)
{
	return ask_as(g, bearer_service(k->voice_key, &kit_inside), method, path, body);
}

/* ------------------------------------------------------------------ workers */

/* `here`: a JSON object of calls, or NULL for a worker that does not say. */
static inline void worker_says(const char *name, unsigned int calls, unsigned int calls_max, const char *here)
{
	struct got g = { .done = 0 };
	char body[2000];

	snprintf(body, sizeof(body), "{\"worker\":\"%s\",\"url\":\"%s\",\"pid\":7,\"calls\":%u,\"calls_max\":%u,\"draining\":false%s%s}", name, k->worker_url,
		calls, calls_max, here ? ",\"here\":" : "", here ? here : "");
	assert_int_equal(ask_as_worker(&g, HTTP_POST, "/internal/v1/workers", body), 204);
	got_drop(&g);
}

static inline void worker_has(const char *name, const char *call, unsigned int epoch)
{
	char here[100];

	snprintf(here, sizeof(here), "{\"%s\":%u}", call, epoch);
	worker_says(name, 1, 10, here);
}

static inline void worker_has_none(const char *name) { worker_says(name, 0, 10, "{}"); }

static inline void attach_start(struct got *g, const char *worker, const char *token, const char *kind, const char *account, const char *sid)
{
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/json", NULL };
	char body[1000];

	snprintf(body, sizeof(body), "{\"worker\":\"%s\",\"token\":\"%s\",\"carrier\":{\"kind\":\"%s\",\"account\":\"%s\",\"call\":\"%s\","
		"\"stream\":\"MZ1\"}%s}", worker, token, kind, account, sid, k->asks_prompt ? ",\"prompt\":true" : "");
	kit_start(g, HTTP_POST, "/internal/v1/attach", headers, body, strlen(body));
}

static inline unsigned int attach_of(struct got *g, const char *worker, const char *token, const char *kind, const char *account, const char *sid)
{
	attach_start(g, worker, token, kind, account, sid);
	kit_wait(g);
	return g->status;
}

static inline unsigned int attach(struct got *g, const char *worker, const char *token)
{
	return attach_of(g, worker, token, "twilio", ACCOUNT, CALL_SID);
}

static inline void snapshot_start(struct got *g, const char *call, const char *epoch, const char *bytes)
{
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/octet-stream", NULL };
	char path[200];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/snapshot?epoch=%s", call, epoch);
	kit_start(g, HTTP_PUT, path, headers, bytes, strlen(bytes));
}

static inline unsigned int snapshot(struct got *g, const char *call, const char *epoch, const char *bytes)
{
	snapshot_start(g, call, epoch, bytes);
	kit_wait(g);
	return g->status;
}

static inline void tool_start_as(struct got *g, const char *call, unsigned int epoch, unsigned int turn, const char *tool, const char *id)
{
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/json", NULL };
	char path[200], body[600];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/tools", call);
	snprintf(body, sizeof(body), "{\"epoch\":%u,\"turn\":%u,\"index\":0,\"tool\":\"%s\",\"arguments\":\"{\\\"id\\\":\\\"%s\\\",\\\"why\\\":\\\"x\\\"}\",\"timeout_ms\":20000}",
		epoch, turn, tool, id);
	kit_start(g, HTTP_POST, path, headers, body, strlen(body));
}

static inline unsigned int tool(struct got *g, const char *call, unsigned int epoch, unsigned int turn, const char *name, const char *id)
{
	tool_start_as(g, call, epoch, turn, name, id);
	kit_wait(g);
	return g->status;
}

/* One of the conductor's own. `arguments` is JSON. */
static inline unsigned int tool_built_in(struct got *g, const char *call, unsigned int turn, const char *name, const char *arguments)
{
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/json", NULL };
	json_t *json = json_pack("{s:i, s:i, s:i, s:s, s:s}", "epoch", 1, "turn", (int)turn, "index", 0, "tool", name, "arguments", arguments);
	char *body = json_dumps(json, 0), path[200];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/tools", call);
	kit_start(g, HTTP_POST, path, headers, body, strlen(body));
	kit_wait(g);
	free(body);
	json_decref(json);
	return g->status;
}

static inline unsigned int ended(struct got *g, const char *call, unsigned int epoch, const char *reason, const char *outcome)
{
	char path[200], body[300];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/ended", call);
	snprintf(body, sizeof(body), "{\"epoch\":%u,\"reason\":\"%s\",\"outcome\":\"%s\",\"connected_ms\":61000,\"turns\":7}", epoch, reason, outcome);
	return ask_as_worker(g, HTTP_POST, path, body);
}

static inline unsigned int call_get(struct got *g, const char *call)
{
	char path[100];

	snprintf(path, sizeof(path), "/v1/calls/%s", call);
	return ask_as_person(g, "viewer", HTTP_GET, path, NULL);
}

/* The call's outcome, then its result: "done success". */
static inline const char *call_outcome(const char *call)
{
	static char text[200];
	struct got g = { .done = 0 };

	assert_int_equal(call_get(&g, call), 200);
	snprintf(text, sizeof(text), "%s %s", got_text(&g, "outcome"), got_text(&g, "result"));
	got_drop(&g);
	return text;
}

/* The call's state, then its reason: "ended lost". */
static inline const char *call_state(const char *call)
{
	static char text[200];
	struct got g = { .done = 0 };

	assert_int_equal(call_get(&g, call), 200);
	snprintf(text, sizeof(text), "%s %s", got_text(&g, "state"), got_text(&g, "reason"));
	got_drop(&g);
	return text;
}

/* ------------------------------------------------------------------ the carrier */

struct hook {
	const char *path;     /* "/webhooks/twilio/voice" */
	const char *account, *sid, *number;
	const char *secret;   /* it is signed with; NULL: not signed */
	const char *signature; /* instead of a right one */
	enum twilio_hash hash;
	const char *status;   /* CallStatus; NULL: "ringing" */
	bool is_outbound;
};

static const struct hook hook_voice = { .path = "/webhooks/twilio/voice", .account = ACCOUNT, .sid = CALL_SID, .number = NUMBER_A, .secret = SECRET_A };

static inline void hook_start(struct got *g, const struct hook *h)
{
	static const char type[] = "Content-Type: application/x-www-form-urlencoded";
	static const char sha256[] = "X-Twilio-Webhooks-Signature-Settings: algorithm=HMAC_SHA256";
	char body[600], url[400], line[100], signature[TWILIO_SIGNATURE_MAX] = "";
	const char *headers[4] = { type, NULL };
	struct http_pairs form;
	size_t count = 1;

	snprintf(body, sizeof(body), "CallSid=%s&AccountSid=%s&From=%%2B15550199&%s=%%2B%s&Direction=%s&CallStatus=%s", h->sid, h->account,
		h->is_outbound ? "From" : "To", h->number + 1, h->is_outbound ? "outbound-api" : "inbound", h->status ? h->status : "ringing");
	if (h->is_outbound)
		snprintf(body, sizeof(body), "CallSid=%s&AccountSid=%s&To=%%2B15550199&From=%%2B%s&Direction=outbound-api", h->sid, h->account, h->number + 1);
	snprintf(url, sizeof(url), PUBLIC_URL "%s", h->path);
	assert_int_equal(http_pairs_parse(&form, body, strlen(body)), ERR_NONE);
	if (h->secret)
		assert_int_equal(twilio_sign(h->hash, url, &form, h->secret, strlen(h->secret), signature), ERR_NONE);
	http_pairs_free(&form);
	snprintf(line, sizeof(line), "X-Twilio-Signature: %s", h->signature ? h->signature : signature);
	if (h->secret || h->signature)
		headers[count++] = line;
	if (h->hash == TWILIO_SHA256)
		headers[count++] = sha256;
	kit_start(g, HTTP_POST, h->path, headers, body, strlen(body));
}

static inline unsigned int hook(struct got *g, const struct hook *h)
{
	hook_start(g, h);
	kit_wait(g);
	return g->status;
}

/* A form of another kind, signed with `secret`. */
static inline unsigned int hook_form(struct got *g, const char *path, const char *body, const char *secret)
{
	char url[400], line[100], signature[TWILIO_SIGNATURE_MAX];
	const char *headers[] = { "Content-Type: application/x-www-form-urlencoded", line, NULL };
	struct http_pairs form;

	snprintf(url, sizeof(url), PUBLIC_URL "%s", path);
	assert_int_equal(http_pairs_parse(&form, body, strlen(body)), ERR_NONE);
	assert_int_equal(twilio_sign(TWILIO_SHA1, url, &form, secret, strlen(secret), signature), ERR_NONE);
	http_pairs_free(&form);
	snprintf(line, sizeof(line), "X-Twilio-Signature: %s", signature);
	kit_start(g, HTTP_POST, path, headers, body, strlen(body));
	kit_wait(g);
	return g->status;
}

/* Until somebody's request is held because no worker has been heard of. */
static inline void kit_wait_held(void) { kit_until(k->calls->asks && k->calls->asks->woken); }

static inline struct hook hook_after(void)
{
	struct hook h = hook_voice;

	h.path = "/webhooks/twilio/after";
	return h;
}

static inline const char *between(const struct got *g, const char *before, const char *behind);

/* Where the carrier is told to come back, as a path; "": nowhere. */
static inline void redirect_path(const struct got *g, char out[200])
{
	char *amp;

	snprintf(out, 200, "%s", between(g, "<Redirect method=\"POST\">" PUBLIC_URL, "</Redirect>"));
	while ((amp = strstr(out, "&amp;")))
		memmove(amp + 1, amp + 5, strlen(amp + 5) + 1);
}

/* What stands between two texts of an answer; "" when it does not. */
static inline const char *between(const struct got *g, const char *before, const char *behind)
{
	static char text[4][1000];
	static unsigned int turn;
	const char *at = strstr(g->body, before), *end = at ? strstr(at + strlen(before), behind) : NULL;
	char *out = text[turn++ % 4];

	snprintf(out, 1000, "%.*s", end ? (int)(end - at - (int)strlen(before)) : 0, end ? at + strlen(before) : "");
	return out;
}

static inline const char *offer_token(const struct got *g) { return between(g, "<Parameter name=\"token\" value=\"", "\""); }
static inline const char *offer_url(const struct got *g) { return between(g, "<Stream url=\"", "\""); }

/* A call that rang and was taken: token, attach. Its id is in `call`. */
static inline void kit_live(const char *worker, char call[CALL_ID_MAX])
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	assert_int_equal(hook(&g, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, worker, token), 200);
	snprintf(call, CALL_ID_MAX, "%s", got_text(&g, "call"));
	got_drop(&g);
}

/* ------------------------------------------------------------------ what lies in the store */

struct counting {
	unsigned int done;
	size_t count;
};

static inline void counted(void *arg, enum err err, const struct documents_page *page)
{
	struct counting *c = arg;

	assert_int_equal(err, ERR_NONE);
	assert_false(page->more);
	c->count = page->count;
	c->done = 1;
}

static inline size_t documents_of(const struct tenant *t, const char *prefix)
{
	const struct documents_range range = { .prefix = prefix, .after = "", .limit = DOCUMENTS_PAGE_MAX };
	struct counting c = { .done = 0 };
	struct job *job;

	assert_int_equal(documents_list(k->s.documents, &job, t, &range, counted, &c), ERR_NONE);
	kit_until(c.done);
	return c.count;
}

static inline void kit_stored(void *arg, enum err err, uint64_t revision)
{
	(void)revision;
	assert_int_equal(err, ERR_NONE);
	++*(unsigned int *)arg;
}

static inline void kit_put_start(const struct tenant *t, const char *key, const void *value, size_t len, unsigned int *done)
{
	const struct documents_put put = { .key = key, .value = value, .len = len, .expected = DOCUMENT_ANY };

	assert_int_equal(documents_put(k->s.documents, NULL, t, &put, kit_stored, done), ERR_NONE);
}

static inline void kit_put(const struct tenant *t, const char *key, const void *value, size_t len)
{
	unsigned int done = 0;

	kit_put_start(t, key, value, len, &done);
	world_wait(&k->s.w, &done, 1);
}

static inline void kit_route(const char *number, const char *account, const char *tenant, const char *rulebook)
{
	struct route r = { .number = "" };
	char key[DOCUMENT_KEY_MAX];
	struct buf b;

	assert_int_equal(route_number(number, r.number), ERR_NONE);
	snprintf(r.account, sizeof(r.account), "%s", account);
	snprintf(r.tenant, sizeof(r.tenant), "%s", tenant);
	snprintf(r.rulebook, sizeof(r.rulebook), "%s", rulebook);
	snprintf(r.carrier, sizeof(r.carrier), "%s", k->route_carrier ? k->route_carrier : "");
	buf_init(&b, 1000);
	route_key(&r, key);
	assert_int_equal(route_encode(&r, &b), ERR_NONE);
	kit_put(tenant_house(), key, b.data, b.len);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ the world */

static inline struct jws_now kit_jws_now(void *arg)
{
	(void)arg;
	return (struct jws_now){ .wall_s = (int64_t)time(NULL), .mono_us = uv_hrtime() / 1000 };
}

static inline uint64_t kit_now_ms(void *arg) { return ((struct kit *)arg)->now_ms; }
static inline uint64_t kit_mono_ms(void *arg) { return ((struct kit *)arg)->mono_ms; }
static inline int32_t kit_today(void *arg) { return shop_today(arg); }

static inline uint64_t kit_moment_ms(void *arg, int32_t day, int32_t minute)
{
	return ((struct kit *)arg)->midnight_ms + (uint64_t)(day - shop_today(arg)) * 86400000 + (uint64_t)minute * 60000;
}

static inline enum err kit_assertion(void *arg, const struct tenant *t, struct buf *out)
{
	struct kit *kit = arg;

	return service_key_assert(kit->conductor_key, &kit_voice, t, (int64_t)time(NULL), out);
}

/* A worker's side of orders; its tokens are verified as a worker does. */
static inline void kit_on_order(struct http_request *r, void *arg)
{
	const struct jws_claims *claims = jws_token_claims(bearer_token(r));
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	k->orders++;
	snprintf(k->order_call, sizeof(k->order_call), "%s", http_param(r, "call"));
	snprintf(k->order_body, sizeof(k->order_body), "%.*s", (int)len, body);
	snprintf(k->order_tenant, sizeof(k->order_tenant), "%s %s", claims->service, claims->tenant);
	if (k->order_status == 204)
		http_reply(r, 204, NULL, NULL, 0);
	else
		http_reply_error(r, k->order_status, "no", "no", NULL, NULL);
}

/* … and whether a call's media socket is well. 0: it does not answer. */
static inline void kit_on_socket(struct http_request *r, void *arg)
{
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	k->sockets_asked++;
	snprintf(k->order_call, sizeof(k->order_call), "%s", http_param(r, "call"));
	snprintf(k->order_body, sizeof(k->order_body), "%.*s", (int)len, body);
	if (k->socket_status == 204)
		http_reply(r, 204, NULL, NULL, 0);
	else if (k->socket_status)
		http_reply_error(r, k->socket_status, "no", "no", NULL, NULL);
	else
		k->held_socket = r;
}

/* … and to prepare a call. */
static inline void kit_on_prepare(struct http_request *r, void *arg)
{
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	k->prepares++;
	snprintf(k->prepare_call, sizeof(k->prepare_call), "%s", http_param(r, "call"));
	snprintf(k->prepare_body, sizeof(k->prepare_body), "%.*s", (int)len, body);
	http_reply(r, 204, NULL, NULL, 0);
}

static const struct http_route kit_worker_routes[] = {
	{ HTTP_POST, "/internal/v1/calls/:call/prepare", kit_on_prepare, 0, 0 },
	{ HTTP_POST, "/internal/v1/calls/:call/socket", kit_on_socket, 0, 0 },
	{ HTTP_POST, "/internal/v1/calls/:call/orders", kit_on_order, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static inline struct http_server *kit_serve(struct bearer *bearer)
{
	const struct http_settings http = { .listen = "127.0.0.1:0", .authorise = bearer_authorise, .authorise_arg = bearer };
	struct http_server *server;

	assert_int_equal(http_server_open(&server, &k->s.w.loop, &http, NULL), ERR_NONE);
	return server;
}

static inline void kit_identity_begin(void)
{
	struct buf b;

	assert_int_equal(identity_open(&k->identity, kit_keys, &kit_people, &kit_identity, (int64_t)time(NULL), NULL), ERR_NONE);
	assert_int_equal(service_key_open(&k->voice_key, kit_keys, "voice", NULL), ERR_NONE);
	assert_int_equal(service_key_open(&k->conductor_key, kit_keys, "conductor", NULL), ERR_NONE);
	assert_int_equal(jwks_new(&k->keys, NULL, NULL), ERR_NONE);
	buf_init(&b, JWKS_MAX_BYTES);
	assert_int_equal(identity_jwks(k->identity, &b), ERR_NONE);
	assert_int_equal(jwks_load(k->keys, b.data, b.len, uv_hrtime() / 1000, NULL), ERR_NONE);
	buf_fini(&b);
	k->bearer = (struct bearer){ .keys = k->keys, .keys_inside = k->keys, .policy = &kit_people, .policy_inside = &kit_inside, .now = kit_jws_now };
	k->worker_bearer = k->bearer;
	k->worker_bearer.policy_inside = &kit_voice;
}

/* The folder of rule-books: the shop's. */
static inline void kit_book_write(const char *name, const char *text)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.yaml", k->books, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	for (const char *at = text; *at; at++)
		if (!strncmp(at, "PORT", 4)) {
			fputc('1', f);
			at += 3;
		} else {
			fputc(*at, f);
		}
	fclose(f);
}

/* The shop's, without the tool whose service has no address: calls of a book with one are refused. */
static inline void kit_shop_write(void)
{
	const char *line = strstr(shop_book, "  unset: ");
	char text[sizeof(shop_book)];

	assert_non_null(line);
	snprintf(text, sizeof(text), "%.*s%s", (int)(line - shop_book), shop_book, strchr(line, '\n') + 1);
	kit_book_write("shop", text);
}

static const struct carrier *const kit_carriers[] = { &twilio_carrier, &exotel_carrier, NULL };

static inline void kit_calls_open(void)
{
	struct calls_settings settings = { .loop = &k->s.w.loop, .documents = &k->gate.base, .secrets = k->s.secrets, .tools = k->s.box, .client = k->client,
		.lines = { { .carrier = &twilio_carrier, .client = k->carrier_url ? k->client : NULL, .url = k->carrier_url, .ring_s = 25, .detects_machines = true },
			{ .carrier = &exotel_carrier, .client = k->exotel_url ? k->client : NULL, .url = k->exotel_url, .ring_s = 25 } },
		.rulebooks_dir = k->books, .defaults = &k->defaults,
		.options = { .server_url = PUBLIC_URL, .voice_url = k->voice_url ? k->voice_url : "", .samples = k->samples }, .token = bearer_token,
		.assertion = kit_assertion, .now_ms = kit_now_ms, .mono_ms = kit_mono_ms, .today = kit_today,
		.moment_ms = kit_moment_ms, .arg = k, .sweep_ms = k->sweep_ms };
	struct err_detail detail = { .message = "" };

	settings.carriers = kit_carriers;
	if (calls_open(&k->calls, &settings, &detail))
		fail_msg("%s", detail.message);
	k->server = kit_serve(&k->bearer);
	assert_int_equal(calls_mount(k->calls, k->server), ERR_NONE);
}

static inline void kit_server_closed(void *arg) { ((struct kit *)arg)->closed++; }

/* Its server first; what is under way is answered. */
static inline void kit_calls_close(void)
{
	unsigned int before = k->closed;

	http_server_close(&k->server, kit_server_closed, k);
	calls_close(&k->calls);
	world_wait(&k->s.w, &k->closed, before + 1);
}

/* As after the conductor's death: nothing is remembered but what lies in the stores. */
static inline void kit_restart(void)
{
	kit_calls_close();
	k->mono_ms += 7;
	kit_calls_open();
}

static inline int kit_begin(void **state)
{
	struct err_detail detail;

	k = calloc(1, sizeof(*k));
	*state = k;
	shop_begin(&k->s);
	k->gate = (struct gate){ .base = { .backend = &gate_backend }, .inner = k->s.documents };
	k->now_ms = (uint64_t)time(NULL) * 1000;
	k->midnight_ms = k->now_ms;
	k->mono_ms = 100000;
	k->sweep_ms = 1000000000; /* never by itself */
	k->order_status = 204;
	k->socket_status = 404;
	k->samples = true;
	call_settings_init(&k->defaults);
	kit_identity_begin();
	shop_set_secret(&k->s, k->s.w.a, "twilio.auth_token", SECRET_A);
	shop_set_secret(&k->s, k->s.w.b, "twilio.auth_token", SECRET_B);
	kit_route(NUMBER_A, "", "acme", "shop");
	kit_route(NUMBER_B, "", "globex", "shop");
	snprintf(k->books, sizeof(k->books), "%s", world_path(&k->s.w, "books"));
	assert_int_equal(mkdir(k->books, 0700), 0);
	kit_shop_write();
	assert_int_equal(http_client_open(&k->client, &k->s.w.loop, &(struct http_client_settings){ .ca_file = NULL }, &detail), ERR_NONE);
	k->worker_server = kit_serve(&k->worker_bearer);
	assert_int_equal(http_server_mount(k->worker_server, kit_worker_routes, k), ERR_NONE);
	snprintf(k->worker_url, sizeof(k->worker_url), "http://127.0.0.1:%u", http_server_port(k->worker_server));
	kit_calls_open();
	return 0;
}

static inline int kit_end(void **state)
{
	(void)state;
	assert_false(k->gate.is_held);
	kit_calls_close();
	if (k->held_socket)
		http_reply(k->held_socket, 204, NULL, NULL, 0);
	http_server_close(&k->worker_server, kit_server_closed, k);
	http_client_close(&k->client);
	service_key_close(&k->voice_key);
	service_key_close(&k->conductor_key);
	identity_close(&k->identity);
	jwks_free(&k->keys);
	shop_end(&k->s);
	free(k);
	return 0;
}

static inline int kit_keys_make(void **state)
{
	struct identity *i;

	(void)state;
	snprintf(kit_keys, sizeof(kit_keys), "/tmp/callfunnel-keys-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(kit_keys) || identity_open(&i, kit_keys, &kit_people, &kit_identity, (int64_t)time(NULL), NULL) ||
		identity_service(i, "voice", (int64_t)time(NULL), NULL) || identity_service(i, "conductor", (int64_t)time(NULL), NULL))
		return -1;
	identity_close(&i);
	return 0;
}

static inline int kit_keys_drop(void **state)
{
	(void)state;
	return nftw(kit_keys, world_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#endif

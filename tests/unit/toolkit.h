/* What tests of the tools share: real stores, the real record service, and a server that counts what was done and misbehaves when asked. */
#ifndef TOOLKIT_H
#define TOOLKIT_H

#include "datakit.h"

#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/http_server.h"
#include "base/wording.h"
#include "conductor/records.h"
#include "conductor/rulebook.h"
#include "conductor/tools.h"

struct shop {
	struct world w;
	struct documents *documents;
	struct secrets *secrets;
	struct records *records;
	struct http_server *server;
	struct toolbox *box;
	struct rulebook *book;
	unsigned int port, closed_port;
	uint64_t now_ms;
	bool is_shared, allow_private;
	/* the server's side */
	unsigned int effects, looks, held_count, closed;
	struct http_request *held;
	char target[600], body[600], authorization[200], idempotency[100];
	void (*on_held)(struct shop *shop);
};

/* One request's answer. */
struct told {
	unsigned int count;
	enum tool_status status;
	char text[4096];
	struct toolbox_wait *slot;
};

static const char shop_book[] =
	"rulebook: 1\n"
	"id: shop\n"
	"version: \"1\"\n"
	"title: Shop\n"
	"company: Acme\n"
	"agent: {name: Maya, persona: Brief.}\n"
	"languages: {en-US: {voice: slt}}\n"
	"goal: None.\n"
	"may: {record_outcome: true, schedule_callback: {days: 10}}\n"
	"flow:\n"
	"  - ask: you\n"
	"    text: Yes?\n"
	"    expect: free\n"
	"    unclear: bye\n"
	"  - goodbye: bye\n"
	"    text: Goodbye.\n"
	"    outcome: done\n"
	"outcomes:\n"
	"  done: {about: Done., result: success}\n"
	"  told: {about: Something was said., result: neutral}\n"
	"  gone: {about: Nobody was there any more., result: failure}\n"
	"  machine: {about: A machine answered., result: neutral}\n"
	"unfinished: [{when: known you, outcome: told}, {when: end == voicemail, outcome: machine}, {when: end == lost, outcome: gone}, {outcome: done}]\n"
	"tools:\n"
	"  save: {about: a, method: POST, url: \"service:odd/save/{id}/x?a={why}\", headers: {Authorization: \"Bearer secret:odd.token\"}, changes: true, timeout_ms: 20000,"
	" arguments: {type: object, properties: {id: {type: string}, why: {type: string}, amount: {type: number}, sure: {type: boolean}}, required: [id, why]},"
	" result: {reference: text}}\n"
	"  look: {about: a, method: GET, url: \"service:odd/look/{id}\", timeout_ms: 20000,"
	" arguments: {type: object, properties: {id: {type: string}, amount: {type: number}}, required: [id]}, result: {reference: text}}\n"
	"  misbehave: {about: a, method: POST, url: \"service:odd/{how}\", changes: true, timeout_ms: 20000,"
	" arguments: {type: object, properties: {how: {type: string}}, required: [how]}, result: {reference: text}}\n"
	"  look_odd: {about: a, method: POST, url: \"service:odd/{how}\", changes: false, timeout_ms: 20000,"
	" arguments: {type: object, properties: {how: {type: string}}, required: [how]}, result: {reference: text}}\n"
	"  impatient: {about: a, method: POST, url: \"service:odd/hold\", changes: true, timeout_ms: 1000, result: {reference: text}}\n"
	"  look_impatient: {about: a, method: GET, url: \"service:odd/hold\", timeout_ms: 1000, result: {reference: text}}\n"
	"  nobody: {about: a, method: POST, url: \"service:closed/x\", changes: true, timeout_ms: 20000}\n"
	"  silent: {about: a, method: POST, url: \"service:silent/x\", changes: true, timeout_ms: 20000}\n"
	"  silent_put: {about: a, method: PUT, url: \"service:silent/x\", changes: true, timeout_ms: 20000}\n"
	"  silent_delete: {about: a, method: DELETE, url: \"service:silent/x\", changes: true, timeout_ms: 20000}\n"
	"  silent_look: {about: a, method: GET, url: \"service:silent/x\", timeout_ms: 20000}\n"
	"  unset: {about: a, method: POST, url: \"service:nothing/x\", changes: true, timeout_ms: 20000}\n"
	"  no_secret: {about: a, method: POST, url: \"service:odd/save/1/x\", headers: {X-Token: \"secret:missing.one\"}, changes: true, timeout_ms: 20000}\n"
	"  private: {about: a, method: POST, url: \"http://localhost:PORT/odd/save/1/x\", changes: true, timeout_ms: 20000, result: {reference: text}}\n"
	"  private_number: {about: a, method: POST, url: \"http://127.0.0.1:PORT/odd/save/1/x\", changes: true, timeout_ms: 20000, result: {reference: text}}\n"
	"  note: {about: a, method: POST, url: \"service:records/accounts/{id}/notes\", headers: {Authorization: \"Bearer secret:records.token\"}, changes: true,"
	" arguments: {type: object, properties: {id: {type: string}, kind: {type: string}}, required: [id, kind]}, result: {reference: text}, timeout_ms: 20000}\n";

/* ---- the server's side ---- */

static inline void shop_remember(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static inline void shop_save(struct http_request *r, void *arg)
{
	static const char answer[] = "{\"reference\":\"R-1\",\"internal\":\"not for you\"}";
	struct shop *s = arg;
	size_t len;
	const void *body = http_body(r, &len);

	if (http_method(r) == HTTP_POST)
		s->effects++;
	else
		s->looks++;
	shop_remember(s->target, sizeof(s->target), http_target(r));
	shop_remember(s->authorization, sizeof(s->authorization), http_header(r, "Authorization"));
	shop_remember(s->idempotency, sizeof(s->idempotency), http_header(r, "Idempotency-Key"));
	snprintf(s->body, sizeof(s->body), "%.*s", (int)len, len ? (const char *)body : "");
	http_reply_as(r, 200, "application/json", answer, sizeof(answer) - 1);
}

static inline void shop_held_gone(struct http_request *r, void *arg)
{
	struct shop *s = arg;

	if (s->held == r)
		s->held = NULL;
}

static inline void shop_hold(struct http_request *r, void *arg)
{
	struct shop *s = arg;

	s->effects += http_method(r) == HTTP_POST;
	s->looks += http_method(r) == HTTP_GET;
	s->held_count++;
	s->held = r;
	http_on_gone(r, shop_held_gone, s);
	if (s->on_held)
		s->on_held(s);
}

static inline void shop_release(struct shop *s)
{
	static const char answer[] = "{\"reference\":\"R-9\"}";
	struct http_request *r = s->held;

	assert_non_null(r);
	s->held = NULL;
	http_reply_as(r, 200, "application/json", answer, sizeof(answer) - 1);
}

/* /odd/status/NNN, /odd/text, /odd/garbage, /odd/big, /odd/other, /odd/empty */
static inline void shop_odd(struct http_request *r, void *arg)
{
	static const char answer[] = "{\"reference\":\"R-2\",\"stack\":\"db at 10.0.0.1\"}";
	static char big[TOOLBOX_ANSWER_MAX_BYTES + 100];
	struct shop *s = arg;
	const char *how = http_param(r, "how");
	unsigned int status = (unsigned int)strtoul(how, NULL, 10);

	s->effects++;
	if (status)
		http_reply_as(r, status, "application/json", answer, sizeof(answer) - 1);
	else if (!strcmp(how, "text"))
		http_reply_as(r, 200, "text/plain", "{\"reference\":\"R-2\"}", 19);
	else if (!strcmp(how, "garbage"))
		http_reply_as(r, 200, "application/json", "{\"reference\":", 13);
	else if (!strcmp(how, "other"))
		http_reply_as(r, 200, "application/json", "{\"reference\":[1]}", 17);
	else if (!strcmp(how, "big")) {
		memset(big, ' ', sizeof(big));
		memcpy(big + sizeof(big) - 19, "{\"reference\":\"R-2\"}", 19);
		http_reply_as(r, 200, "application/json", big, sizeof(big));
	} else
		http_reply(r, 204, NULL, NULL, 0);
}

static const struct http_route shop_routes[] = {
	{ HTTP_POST, "/odd/save/:id/x", shop_save, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/odd/look/:id", shop_save, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/odd/hold", shop_hold, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/odd/hold", shop_hold, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/odd/:how", shop_odd, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* ---- the shop ---- */

static inline int32_t shop_today(void *arg)
{
	int32_t day;

	(void)arg;
	assert_true(day_parse("2026-11-23", 10, &day));
	return day;
}

static inline uint64_t shop_now(void *arg)
{
	return ((struct shop *)arg)->now_ms;
}

/* A port that nobody listens on: bound, so that nobody else gets it either. */
static inline unsigned int shop_closed_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port); /* the socket stays for the life of the test program */
}

static inline void shop_open_stores(struct shop *s)
{
	static const struct secrets_settings sealed = { .master_key_file = "", .cache_s = 3600 };

	assert_int_equal(sqlite_documents_open(&s->documents, &s->w.loop, world_path(&s->w, "d.db"), NULL), ERR_NONE);
	assert_int_equal(sealed_secrets_open(&s->secrets, &s->w.loop, world_path(&s->w, "secrets"), &sealed, NULL), ERR_NONE);
}

static inline void shop_open_box(struct shop *s, unsigned int silent_port)
{
	struct toolbox_settings settings = { .loop = &s->w.loop, .documents = s->documents, .secrets = s->secrets, .records = s->records, .is_shared = s->is_shared,
		.now_ms = shop_now, .arg = s };
	char odd[60], closed[60], records[80], silent[60];
	const struct toolbox_service services[] = { { "odd", odd }, { "closed", closed }, { "records", records }, { "silent", silent } };
	struct err_detail detail = { .message = "" };

	snprintf(odd, sizeof(odd), "http://127.0.0.1:%u/odd/", s->port);
	snprintf(closed, sizeof(closed), "http://127.0.0.1:%u", s->closed_port);
	snprintf(records, sizeof(records), "http://127.0.0.1:%u" RECORDS_BASE_PATH, s->port);
	snprintf(silent, sizeof(silent), "http://127.0.0.1:%u", silent_port);
	settings.services = services;
	settings.service_count = 4;
	settings.options.allow_private = s->allow_private;
	if (toolbox_open(&s->box, &settings, &detail))
		fail_msg("%s: %s", detail.where, detail.message);
}

static inline void shop_open_server(struct shop *s)
{
	const struct http_settings http = { .listen = "127.0.0.1:0" };

	assert_int_equal(http_server_open(&s->server, &s->w.loop, &http, NULL), ERR_NONE);
	assert_int_equal(http_server_mount(s->server, shop_routes, s), ERR_NONE);
	s->port = http_server_port(s->server);
	s->closed_port = shop_closed_port();
}

static inline void shop_open_records(struct shop *s)
{
	const struct records_settings settings = { .documents = s->documents, .secrets = s->secrets, .today = shop_today };

	assert_int_equal(records_open(&s->records, &settings), ERR_NONE);
	assert_int_equal(records_mount(s->records, s->server), ERR_NONE);
}

static inline void shop_load_book(struct shop *s)
{
	struct rulebook_report *report = calloc(1, sizeof(*report));
	char text[sizeof(shop_book) + 64], *out = text, port[8];
	const char *at = shop_book, *found;

	snprintf(port, sizeof(port), "%u", s->port);
	for (; (found = strstr(at, "PORT")); at = found + 4)
		out += sprintf(out, "%.*s%s", (int)(found - at), at, port);
	strcpy(out, at);
	if (rulebook_load(&s->book, "shop", text, strlen(text), report))
		fail_msg("%u %s: %s %s", report->mistakes[0].line, report->mistakes[0].path, report->mistakes[0].found, report->mistakes[0].why);
	free(report);
}

static inline void shop_stored(void *arg, enum err err)
{
	assert_int_equal(err, ERR_NONE);
	++*(unsigned int *)arg;
}

static inline void shop_set_secret(struct shop *s, const struct tenant *t, const char *name, const char *value)
{
	unsigned int done = 0;
	struct job *job;

	assert_int_equal(secrets_set(s->secrets, &job, t, name, value, strlen(value), shop_stored, &done), ERR_NONE);
	world_wait(&s->w, &done, 1);
}

static inline void shop_begin_with(struct shop *s, unsigned int silent_port)
{
	world_begin(&s->w);
	shop_open_server(s);
	shop_open_stores(s);
	shop_open_records(s);
	shop_set_secret(s, s->w.a, "odd.token", "the-token-of-a");
	shop_set_secret(s, s->w.b, "odd.token", "the-token-of-b");
	shop_open_box(s, silent_port);
	shop_load_book(s);
}

static inline void shop_begin(struct shop *s)
{
	memset(s, 0, sizeof(*s));
	shop_begin_with(s, 1);
}

static inline void shop_closed(void *arg)
{
	((struct shop *)arg)->closed++;
}

static inline void shop_end(struct shop *s)
{
	toolbox_close(&s->box);
	http_server_close(&s->server, shop_closed, s);
	records_close(&s->records);
	world_wait(&s->w, &s->closed, 1);
	documents_close(&s->documents);
	secrets_close(&s->secrets);
	rulebook_free(s->book);
	world_end(&s->w);
}

/* ---- asking ---- */

static inline void told_done(void *arg, enum tool_status status, const char *text, size_t len)
{
	struct told *t = arg;

	assert_null(t->slot); /* emptied before */
	assert_int_equal(strlen(text), len);
	t->count++;
	t->status = status;
	snprintf(t->text, sizeof(t->text), "%s", text);
}

static inline struct toolbox_ask shop_ask(const struct shop *s, uint32_t turn, const char *tool, const char *arguments)
{
	return (struct toolbox_ask){ .tenant = s->w.a, .call = "c1", .turn = turn, .rulebook = s->book, .tool = tool, .arguments = arguments,
		.arguments_len = strlen(arguments), .tool_timeout_ms = 10000 };
}

static inline void shop_start(struct shop *s, struct told *t, const struct toolbox_ask *ask)
{
	memset(t, 0, sizeof(*t));
	assert_int_equal(toolbox_start(&t->slot, s->box, ask, told_done, t), ERR_NONE);
	assert_non_null(t->slot);
	assert_int_equal(t->count, 0); /* never from inside */
}

static inline struct told shop_run_ask(struct shop *s, const struct toolbox_ask *ask)
{
	struct told t;

	shop_start(s, &t, ask);
	world_wait(&s->w, &t.count, 1);
	return t;
}

static inline struct told shop_run(struct shop *s, uint32_t turn, const char *tool, const char *arguments)
{
	const struct toolbox_ask ask = shop_ask(s, turn, tool, arguments);

	return shop_run_ask(s, &ask);
}

/* The "error" of an answer, or "". */
static inline const char *told_error(const struct told *t)
{
	static char code[100];
	json_t *json = json_loads(t->text, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "error"));

	assert_non_null(json);
	snprintf(code, sizeof(code), "%s", text ? text : "");
	json_decref(json);
	return code;
}

/* ---- the ledger ---- */

struct ledger_entry {
	unsigned int count;
	bool there;
	char status[20]; /* "": open */
	char bytes[8192];
};

static inline void ledger_got(void *arg, enum err err, const struct document *d)
{
	struct ledger_entry *e = arg;
	json_t *json = d ? json_loads((const char *)d->value, 0, NULL) : NULL;
	const char *status = json_string_value(json_object_get(json, "status"));

	assert_true(!err || err == ERR_NOTFOUND);
	e->count++;
	e->there = d != NULL;
	snprintf(e->status, sizeof(e->status), "%s", status ? status : "");
	snprintf(e->bytes, sizeof(e->bytes), "%s", d ? (const char *)d->value : "");
	json_decref(json);
}

static inline struct ledger_entry shop_ledger(struct shop *s, const struct tenant *t, const char *key)
{
	struct ledger_entry e = { .count = 0 };
	struct job *job;

	assert_int_equal(documents_get(s->documents, &job, t, key, ledger_got, &e), ERR_NONE);
	world_wait(&s->w, &e.count, 1);
	return e;
}

#endif

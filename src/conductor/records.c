/* The record service: a request is let in, its record loaded, judged by its rule (records_rules.c), stored by compare-and-set, answered.
 *
 * One errand a request; it lives until its answer is stored, also when the client has gone. A change that finds another revision
 * begins again from the newer record. The calendar's times are documents of their own, made before the appointment says so
 * and removed after it: a death between the two leaves a time taken by the appointment that asked for it, which may take it again.
 */
#include "conductor/records.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/wording.h"
#include "conductor/records_parts.h"
#include "conductor/records_state.h"

enum { TRIES_MAX = 8, REPLIES_MAX = 64, IDEMPOTENCY_MAX = 201, FINGERPRINT_MAX = 65, BODY_MAX = 16384 };

#define SLOTS_PREFIX "records/slots/"

struct action {
	const char *collection; /* NULL: the calendar */
	record_rule_h *rule;
};

struct errand {
	struct records *records;
	struct errand *next;
	struct http_request *request; /* answered also when its client has gone: what was begun is stored */
	const struct action *action;
	struct tenant *tenant;
	struct job *job;
	char presented[SECRET_MAX_BYTES + 1];  /* the token that came */
	char id[RECORD_ID_MAX];
	char idempotency[IDEMPOTENCY_MAX];
	char fingerprint[FINGERPRINT_MAX]; /* of method, path and body */
	json_t *body;
	json_t *stored;                    /* {"record", "replies"} */
	uint64_t revision;
	unsigned int tries;
	struct record_ask ask;
	char taken[RECORD_SLOT_MAX];       /* of the calendar, by this errand */
	int32_t day, minute;               /* asked of the calendar */
};

static const struct log log_here = { .plane = "conductor", .doing = "answering for the records" };

static void load(struct errand *e);

/* ---- the end of an errand ---- */

static void on_slot_left(void *arg, enum err err, uint64_t revision)
{
	(void)arg;
	(void)revision;
	if (err && err != ERR_NOTFOUND)
		log_warn(&log_here, "a time of the calendar stays taken", LOG_ERR(err));
}

static void slot_leave(struct errand *e, const char *slot)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	snprintf(key, sizeof(key), SLOTS_PREFIX "%s", slot);
	err = documents_delete(e->records->settings.documents, NULL, e->tenant, key, DOCUMENT_ANY, on_slot_left, NULL);
	if (err)
		on_slot_left(NULL, err, 0);
}

static void ask_reset(struct errand *e)
{
	json_decref(e->ask.reply);
	e->ask = (struct record_ask){ .today = e->records->settings.today(e->records->settings.arg), .body = e->body };
}

static void errand_free(struct errand *e)
{
	struct errand **at = &e->records->errands;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	sodium_memzero(e->presented, sizeof(e->presented));
	json_decref(e->ask.reply);
	json_decref(e->body);
	json_decref(e->stored);
	tenant_drop(&e->tenant);
	free(e);
}

static void end_refused(struct errand *e, unsigned int status, const char *code, const char *message)
{
	if (e->taken[0])
		slot_leave(e, e->taken);
	http_reply_error(e->request, status, code, message, NULL, NULL);
	errand_free(e);
}

static void end_failed(struct errand *e, enum err err)
{
	log_warn(&log_here, "the store failed", LOG_ERR(err));
	e->taken[0] = 0; /* what failed may have happened: the appointment may stand at that time */
	end_refused(e, 503, "unavailable", "The records cannot be reached.");
}

static void end_denied(struct errand *e)
{
	static const char body[] = "{\"error\":{\"code\":\"unauthorised\",\"message\":\"The token of the records is missing or wrong.\"}}";
	static const struct http_header headers[] = { { "WWW-Authenticate", "Bearer" }, { "Content-Type", "application/json" }, { NULL, NULL } };

	http_reply(e->request, 401, headers, body, sizeof(body) - 1);
	errand_free(e);
}

static void end_reply(struct errand *e, unsigned int status, const json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	if (!text) {
		end_failed(e, ERR_NOMEM);
		return;
	}
	http_reply_as(e->request, status, "application/json", text, strlen(text));
	free(text);
	errand_free(e);
}

/* ---- what was answered before ---- */

/* True: a request with this key was answered, and the errand has ended. */
static bool answered_before(struct errand *e)
{
	const json_t *replies = json_object_get(e->stored, "replies"), *one;
	size_t i;

	json_array_foreach(replies, i, one) {
		const char *key = json_string_value(json_object_get(one, "key")), *request = json_string_value(json_object_get(one, "request"));

		if (!key || !request || strcmp(key, e->idempotency) != 0)
			continue;
		if (strcmp(request, e->fingerprint) != 0)
			end_refused(e, 422, "key_used", "This Idempotency-Key was used for another request.");
		else
			end_reply(e, 200, json_object_get(one, "reply"));
		return true;
	}
	return false;
}

/* Also of an answer that changed nothing: the same key must not find something to change later. */
static void remember(struct errand *e)
{
	json_t *replies = json_object_get(e->stored, "replies");

	if (!json_is_array(replies)) {
		replies = json_array();
		json_object_set_new(e->stored, "replies", replies);
	}
	while (json_array_size(replies) >= REPLIES_MAX)
		json_array_remove(replies, 0);
	json_array_append_new(replies, json_pack("{sssssO}", "key", e->idempotency, "request", e->fingerprint, "reply", e->ask.reply));
}

/* ---- storing ---- */

static void on_given_back(void *arg, enum err err, uint64_t revision)
{
	struct errand *e = arg;

	on_slot_left(NULL, err, revision);
	end_reply(e, e->ask.status, e->ask.reply);
}

/* The answer waits for it: who asks for that time next is to find it free. */
static void give_back(struct errand *e)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	snprintf(key, sizeof(key), SLOTS_PREFIX "%s", e->ask.leave);
	err = documents_delete(e->records->settings.documents, &e->job, e->tenant, key, DOCUMENT_ANY, on_given_back, e);
	if (err)
		on_given_back(e, err, 0);
}

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct errand *e = arg;

	(void)revision;
	if ((err == ERR_EXISTS || err == ERR_NOTFOUND) && ++e->tries < TRIES_MAX) {
		load(e);
		return;
	}
	if (err) {
		end_failed(e, err);
		return;
	}
	if (e->taken[0] && strcmp(e->taken, e->ask.take) != 0)
		slot_leave(e, e->taken);
	e->taken[0] = 0;
	if (e->ask.leave[0])
		give_back(e);
	else
		end_reply(e, e->ask.status, e->ask.reply);
}

static void record_key(const struct errand *e, char key[DOCUMENT_KEY_MAX])
{
	snprintf(key, DOCUMENT_KEY_MAX, "records/%s/%s", e->action->collection, e->id);
}

static void store(struct errand *e)
{
	char key[DOCUMENT_KEY_MAX], *text = NULL;
	struct documents_put put = { .key = key, .expected = e->revision };
	enum err err = ERR_NOMEM;

	record_key(e, key);
	if (e->ask.reply)
		text = json_dumps(e->stored, JSON_COMPACT);
	if (text) {
		put.value = text;
		put.len = strlen(text);
		err = documents_put(e->records->settings.documents, &e->job, e->tenant, &put, on_stored, e);
	}
	free(text);
	if (err)
		end_failed(e, err);
}

/* ---- a time of the calendar ---- */

static void on_slot_holder(void *arg, enum err err, const struct document *d)
{
	struct errand *e = arg;

	if (!err && d->len == strlen(e->id) && !memcmp(d->value, e->id, d->len))
		store(e);
	else if (!err || err == ERR_NOTFOUND)
		end_refused(e, 409, "taken", "The time is taken.");
	else
		end_failed(e, err);
}

static void on_slot_taken(void *arg, enum err err, uint64_t revision)
{
	struct errand *e = arg;
	char key[DOCUMENT_KEY_MAX];

	(void)revision;
	if (!err) {
		memcpy(e->taken, e->ask.take, sizeof(e->taken));
		store(e);
		return;
	}
	if (err == ERR_EXISTS) {
		snprintf(key, sizeof(key), SLOTS_PREFIX "%s", e->ask.take);
		err = documents_get(e->records->settings.documents, &e->job, e->tenant, key, on_slot_holder, e);
	}
	if (err)
		end_failed(e, err);
}

static void slot_take(struct errand *e)
{
	char key[DOCUMENT_KEY_MAX];
	const struct documents_put put = { .key = key, .value = e->id, .len = strlen(e->id), .expected = DOCUMENT_NONE };
	enum err err;

	snprintf(key, sizeof(key), SLOTS_PREFIX "%s", e->ask.take);
	err = documents_put(e->records->settings.documents, &e->job, e->tenant, &put, on_slot_taken, e);
	if (err)
		end_failed(e, err);
}

static bool slot_in_page(void *arg, const char *slot)
{
	const struct documents_page *page = arg;

	for (size_t i = 0; i < page->count; i++)
		if (!strcmp(page->items[i].key + strlen(SLOTS_PREFIX), slot))
			return true;
	return false;
}

static void on_slots(void *arg, enum err err, const struct documents_page *page)
{
	struct errand *e = arg;
	struct documents_page copy;
	char date[11], time[6];
	int32_t day = e->day, minute = e->minute;

	if (err) {
		end_failed(e, err);
		return;
	}
	copy = *page;
	if (!slot_nearest(&day, &minute, slot_in_page, &copy)) {
		end_refused(e, 409, "full", "No time is free.");
		return;
	}
	day_print(day, date);
	minute_print(minute, time);
	e->ask.reply = json_pack("{sbssss}", "free", day == e->day && minute == e->minute, "near_date", date, "near_time", time);
	end_reply(e, 200, e->ask.reply);
}

static void search_slots(struct errand *e)
{
	char after[DOCUMENT_KEY_MAX], date[11];
	const struct documents_range range = { .prefix = SLOTS_PREFIX, .after = after, .limit = DOCUMENTS_PAGE_MAX };
	enum err err;

	if (e->day < e->ask.today) {
		end_refused(e, 422, "unfit", "The day has passed.");
		return;
	}
	day_print(e->day, date);
	snprintf(after, sizeof(after), SLOTS_PREFIX "%s", date);
	err = documents_list(e->records->settings.documents, &e->job, e->tenant, &range, on_slots, e);
	if (err)
		end_failed(e, err);
}

/* ---- loading and judging ---- */

static void judge(struct errand *e)
{
	ask_reset(e);
	e->ask.record = json_object_get(e->stored, "record");
	e->action->rule(&e->ask);
	if (e->ask.status != 200) {
		end_refused(e, e->ask.status, e->ask.code, e->ask.message);
		return;
	}
	if (e->idempotency[0])
		remember(e);
	if (e->ask.take[0] && strcmp(e->ask.take, e->taken) != 0)
		slot_take(e);
	else if (e->ask.changed || e->idempotency[0])
		store(e);
	else
		end_reply(e, 200, e->ask.reply);
}

static void on_loaded(void *arg, enum err err, const struct document *d)
{
	struct errand *e = arg;
	json_t *sample;

	json_decref(e->stored);
	e->stored = NULL;
	e->revision = d ? d->revision : DOCUMENT_NONE;
	if (!err) {
		e->stored = json_loadb((const char *)d->value, d->len, JSON_REJECT_DUPLICATES, NULL);
		err = json_is_object(json_object_get(e->stored, "record")) ? ERR_NONE : ERR_CORRUPT;
	} else if (err == ERR_NOTFOUND) {
		sample = record_sample(e->action->collection, e->id, e->ask.today);
		err = sample ? ERR_NONE : ERR_NOTFOUND;
		e->stored = sample ? json_pack("{sos[]}", "record", sample, "replies") : NULL;
	}
	if (err == ERR_NOTFOUND)
		end_refused(e, 404, "not_found", "There is no such record.");
	else if (err || !e->stored)
		end_failed(e, err ? err : ERR_NOMEM);
	else if (!e->idempotency[0] || !answered_before(e))
		judge(e);
}

static void load(struct errand *e)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	record_key(e, key);
	err = documents_get(e->records->settings.documents, &e->job, e->tenant, key, on_loaded, e);
	if (err)
		end_failed(e, err);
}

/* ---- letting in ---- */

static bool token_fits(const char *presented, const struct secret *secret)
{
	uint8_t a[crypto_hash_sha256_BYTES], b[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(a, (const uint8_t *)presented, strlen(presented));
	crypto_hash_sha256(b, (const uint8_t *)secret->value, secret->len);
	return !sodium_memcmp(a, b, sizeof(a));
}

static void on_secret(void *arg, enum err err, struct secret secret)
{
	struct errand *e = arg;
	bool fits = !err && token_fits(e->presented, &secret);

	secret_release(&secret);
	sodium_memzero(e->presented, sizeof(e->presented));
	if (err && err != ERR_NOTFOUND)
		end_failed(e, err);
	else if (!fits)
		end_denied(e);
	else if (!e->action->collection)
		search_slots(e);
	else if (e->body && !json_is_object(e->body))
		end_refused(e, 422, "unfit", "The body is no JSON object.");
	else if (!record_id_ok(e->id))
		end_refused(e, 404, "not_found", "There is no such record.");
	else
		load(e);
}

static void fingerprint(struct errand *e, const struct http_request *r)
{
	const char *method = http_method_name(http_method(r)), *target = http_target(r);
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	size_t len;
	const void *body = http_body(r, &len);

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)method, strlen(method) + 1);
	crypto_hash_sha256_update(&state, (const uint8_t *)target, strlen(target) + 1);
	if (len)
		crypto_hash_sha256_update(&state, body, len);
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(e->fingerprint, sizeof(e->fingerprint), hash, sizeof(hash));
}

/* What cannot be read becomes a JSON null, which is no object and refused when the token was right. */
static json_t *body_read(const struct http_request *r)
{
	size_t len;
	const void *body = http_body(r, &len);
	json_t *json;

	if (http_method(r) == HTTP_GET || http_method(r) == HTTP_HEAD)
		return NULL;
	json = len ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	return json ? json : json_null();
}

static bool question_read(struct errand *e, const struct http_request *r)
{
	const char *date = http_query(r, "date"), *time = http_query(r, "time");

	return date && time && day_parse(date, strlen(date), &e->day) && minute_parse(time, strlen(time), &e->minute);
}

static struct errand *errand_new(struct records *records, struct http_request *r, const struct action *action)
{
	struct errand *e = calloc(1, sizeof(*e));
	const char *id = http_param(r, "id"), *key = http_header(r, "Idempotency-Key");

	if (!e)
		return NULL;
	e->records = records;
	e->request = r;
	e->action = action;
	e->next = records->errands;
	records->errands = e;
	snprintf(e->id, sizeof(e->id), "%s", id && strlen(id) < sizeof(e->id) ? id : "");
	if (http_method(r) != HTTP_GET && http_method(r) != HTTP_HEAD) {
		snprintf(e->idempotency, sizeof(e->idempotency), "%s", key ? key : "");
		e->body = body_read(r);
		fingerprint(e, r);
	}
	ask_reset(e);
	return e;
}

static bool bearer_read(struct errand *e, const struct http_request *r)
{
	const char *header = http_header(r, "Authorization");

	if (!header || strncasecmp(header, "Bearer ", 7) != 0 || strlen(header + 7) >= sizeof(e->presented))
		return false;
	memcpy(e->presented, header + 7, strlen(header + 7) + 1);
	return true;
}

static void begin(struct records *records, struct http_request *r, const struct action *action)
{
	const char *name = http_param(r, "tenant"), *key = http_header(r, "Idempotency-Key");
	const struct records_tenant *t = name ? records_tenant_find(records, name) : NULL;
	struct errand *e = errand_new(records, r, action);
	enum err err;

	if (!e) {
		http_reply_error(r, 503, "unavailable", "No memory.", NULL, NULL);
	} else if (!t || !bearer_read(e, r)) {
		end_denied(e);
	} else if (key && strlen(key) >= IDEMPOTENCY_MAX) {
		end_refused(e, 422, "unfit", "The Idempotency-Key is too long.");
	} else if (!action->collection && !question_read(e, r)) {
		end_refused(e, 422, "unfit", "Ask with date=YYYY-MM-DD and time=HH:MM.");
	} else {
		e->tenant = tenant_share(t->tenant);
		err = secrets_get(records->settings.secrets, &e->job, e->tenant, RECORDS_TOKEN_SECRET, on_secret, e);
		if (err)
			end_failed(e, err);
	}
}

/* ---- the routes ---- */

#define ACTION(name, where, what)                                        \
	static void name(struct http_request *r, void *arg)              \
	{                                                                \
		static const struct action action = { (where), (what) }; \
                                                                         \
		begin(arg, r, &action);                                  \
	}

ACTION(on_appointment, "appointments", record_appointment_show)
ACTION(on_appointment_confirm, "appointments", record_appointment_confirm)
ACTION(on_appointment_move, "appointments", record_appointment_move)
ACTION(on_appointment_cancel, "appointments", record_appointment_cancel)
ACTION(on_slot_search, NULL, NULL)
ACTION(on_account, "accounts", record_account_show)
ACTION(on_account_verify, "accounts", record_account_verify)
ACTION(on_account_promise, "accounts", record_account_promise)
ACTION(on_account_note, "accounts", record_account_note)
ACTION(on_lead, "leads", record_lead_show)
ACTION(on_lead_change, "leads", record_lead_change)

static const struct http_route routes[] = {
	{ HTTP_GET, "/records/:tenant/appointments/:id", on_appointment, ROUTE_OPEN, 0 },
	{ HTTP_PUT, "/records/:tenant/appointments/:id", on_appointment_move, ROUTE_OPEN, BODY_MAX },
	{ HTTP_POST, "/records/:tenant/appointments/:id/confirm", on_appointment_confirm, ROUTE_OPEN, BODY_MAX },
	{ HTTP_POST, "/records/:tenant/appointments/:id/cancel", on_appointment_cancel, ROUTE_OPEN, BODY_MAX },
	{ HTTP_GET, "/records/:tenant/slots", on_slot_search, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/records/:tenant/accounts/:id", on_account, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/records/:tenant/accounts/:id/verify", on_account_verify, ROUTE_OPEN, BODY_MAX },
	{ HTTP_POST, "/records/:tenant/accounts/:id/promises", on_account_promise, ROUTE_OPEN, BODY_MAX },
	{ HTTP_POST, "/records/:tenant/accounts/:id/notes", on_account_note, ROUTE_OPEN, BODY_MAX },
	{ HTTP_GET, "/records/:tenant/leads/:id", on_lead, ROUTE_OPEN, 0 },
	{ HTTP_PATCH, "/records/:tenant/leads/:id", on_lead_change, ROUTE_OPEN, BODY_MAX },
	{ .method = HTTP_METHOD_NONE },
};

enum err records_mount(struct records *r, struct http_server *server)
{
	return http_server_mount(server, routes, r);
}

enum err records_open(struct records **rp, const struct records_settings *settings)
{
	struct records *r = calloc(1, sizeof(*r));

	*rp = r;
	if (!r)
		return ERR_NOMEM;
	r->settings = *settings;
	return ERR_NONE;
}

void records_close(struct records **rp)
{
	struct records *r = *rp;
	struct errand *e, *next;

	*rp = NULL;
	if (!r)
		return;
	for (e = r->errands; e; e = next) {
		next = e->next;
		job_cancel(&e->job);
		http_reply_error(e->request, 503, "unavailable", "The records are closing.", NULL, NULL);
		errand_free(e);
	}
	records_tenants_free(r);
	free(r);
}

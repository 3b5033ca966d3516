/* What a worker asks for while it has a call: snapshots, tools, provider keys, the end. Whoever comes under an older epoch is refused.
 *
 * An epoch that was good when it was looked at may be over a moment later. So nothing is done on a look alone: a snapshot replaces
 * the one that was there before the look, and a tool that changes something is counted in the call's document first, by
 * compare-and-set. What was let in stands before the attach that comes next, which finds it in the ledger.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/provider_names.h"
#include "conductor/calls_state.h"

enum { REPORT_MAX_BYTES = 512 << 10 };

static void stale(struct ask *a)
{
	ask_error(a, 409, "stale", "A later epoch has the call.", NULL);
}

/* False: it has ended. */
static bool holds_call(struct ask *a)
{
	if (!a->began_ms)
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
	else if (a->epoch != a->record.epoch)
		stale(a);
	else {
		sight_note(a->calls, a->id, a->epoch);
		return true;
	}
	return false;
}

static void ended(struct ask *a)
{
	ask_error(a, 409, "ended", "The call has ended.", NULL);
}

static struct ask *begin(struct calls *c, struct http_request *r, bool has_body)
{
	struct ask *a = ask_begin(c, r);

	if (!a || !ask_worker(a) || (has_body && !ask_body(a)))
		return NULL;
	ask_call_id(a);
	return a;
}

/* A whole number that is there; 0 when it is not, or cannot be. */
static uint32_t number(const struct ask *a, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(a->body, name));

	return value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
}

static bool has_number(const struct ask *a, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(a->body, name));

	return json_is_integer(json_object_get(a->body, name)) && value >= 0 && value <= UINT32_MAX;
}

/* The epochs that there are begin with 1. False: it has ended. */
static bool take_epoch(struct ask *a)
{
	a->epoch = number(a, "epoch");
	if (a->epoch)
		return true;
	ask_error(a, 400, "bad_request", "epoch is needed, a number from 1.", NULL);
	return false;
}

/* Cut where a letter begins. */
static void take_word(const struct ask *a, const char *name, char out[CALL_WORD_MAX])
{
	const char *text = json_string_value(json_object_get(a->body, name));
	size_t len = text ? utf8_cut(text, strlen(text), CALL_WORD_MAX - 1) : 0;

	snprintf(out, CALL_WORD_MAX, "%.*s", (int)len, text ? text : "");
}

/* ---- snapshots: looked at, then the call's epoch, then stored over what was looked at ---- */

static void judge_snapshot(struct ask *a);

/* Its worker wants to be rid of the call, and nobody else has room. */
static void stay(struct ask *a)
{
	static const char json[] = "{\"room\":false}";

	http_reply_as(a->request, 200, "application/json", json, sizeof(json) - 1);
	ask_over(a);
}

static void on_put(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	(void)revision;
	if ((err == ERR_EXISTS || err == ERR_NOTFOUND) && ++a->tries < CALL_TRIES_MAX)
		judge_snapshot(a);
	else if (err)
		ask_failed(a, err);
	else if (http_query(a->request, "leaves") && !worker_elsewhere(a->calls, &a->record))
		stay(a);
	else
		ask_done(a);
}

/* True: it has ended, and nobody goes on from it. Its own worker knows that, another has to be told. */
static bool is_over(struct ask *a)
{
	if (a->record.state != CALL_ENDED)
		return false;
	if (a->record.is_told)
		ask_done(a);
	else
		ended(a);
	return true;
}

static void put_snapshot(struct ask *a)
{
	size_t len;
	const void *body = http_body(a->request, &len);
	enum err err;

	if (!holds_call(a) || is_over(a))
		return;
	err = snapshot_put(a, a->epoch, body, len, on_put);
	if (err)
		ask_failed(a, err);
}

static void on_seen(struct ask *a)
{
	a->judge = put_snapshot;
	ask_load(a);
}

static void judge_snapshot(struct ask *a)
{
	if (!holds_call(a))
		return;
	a->then = on_seen;
	ask_snapshot(a);
}

static void on_snapshot(struct http_request *r, void *arg)
{
	struct ask *a = begin(arg, r, false);
	const char *epoch = http_query(r, "epoch");
	size_t len;

	if (!a)
		return;
	(void)http_body(r, &len);
	if (epoch && *epoch && strlen(epoch) <= 9 && strspn(epoch, "0123456789") == strlen(epoch))
		a->epoch = (uint32_t)strtoul(epoch, NULL, 10);
	if (!a->epoch || !len) {
		ask_error(a, 400, "bad_request", "epoch and a body are needed.", NULL);
		return;
	}
	a->judge = judge_snapshot;
	ask_find(a);
}

/* ---- tools ---- */

static void on_tool(void *arg, enum tool_status status, const char *text, size_t len)
{
	static const char *const names[] = { [TOOL_OK] = "ok", [TOOL_ERROR] = "error", [TOOL_UNKNOWN] = "unknown" };
	struct ask *a = arg;
	struct buf b;

	buf_init(&b, 1 << 20);
	json_open(&b, '{');
	json_pair_string(&b, "status", names[status]);
	json_put_key(&b, "text");
	json_put_text(&b, text, len);
	json_close(&b, '}');
	ask_json(a, 200, &b);
}

/* The secret numbers in the member "keyed", borrowed from it. */
static size_t keyed_list(const struct ask *a, struct tool_secret out[TOOL_SECRETS_MAX])
{
	size_t count = 0;
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(a->body, "keyed"), name, value)
		if (json_is_string(value) && count < TOOL_SECRETS_MAX)
			out[count++] = (struct tool_secret){ name, json_string_value(value) };
	return count;
}

/* The toolbox has its copy, or nobody wants one. */
static void keyed_wipe(const struct ask *a)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(a->body, "keyed"), name, value)
		if (json_is_string(value))
			sodium_memzero((char *)(uintptr_t)json_string_value(value), json_string_length(value));
}

static struct toolbox_ask tool_ask(const struct ask *a)
{
	const char *arguments = json_string_value(json_object_get(a->body, "arguments"));

	return (struct toolbox_ask){ .tenant = a->tenant, .call = a->id, .turn = number(a, "turn"), .index = number(a, "index"), .rulebook = a->book,
		.tool = json_string_value(json_object_get(a->body, "tool")), .arguments = arguments, .arguments_len = strlen(arguments),
		.refused = a->refused, .wait_ms = number(a, "timeout_ms") };
}

static void refuse_tool(struct ask *a)
{
	ask_error(a, 503, "unavailable", "The calls cannot be reached now.", "Try again in a moment.");
}

static void on_tool_entry(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;
	const struct toolbox_ask ask = tool_ask(a);

	(void)d;
	if (err == ERR_NOTFOUND && !toolbox_may_run(a->calls->settings.tools, &ask))
		ask_error(a, 503, "not_dispatched", "It cannot be written down now, so it was not asked for.", "Nothing was done; try again.");
	else
		refuse_tool(a);
}

/* It could not be let in, so this request has sent nothing. When no earlier one under its key has either, the worker may know: nothing was done. */
static void tool_not_let_in(struct ask *a)
{
	const struct toolbox_ask ask = tool_ask(a);

	if (toolbox_may_run(a->calls->settings.tools, &ask) || toolbox_entry_get(a->calls->settings.tools, &a->job, &ask, on_tool_entry, a))
		refuse_tool(a);
}

void ask_tool_start(struct ask *a)
{
	struct tool_secret keyed[TOOL_SECRETS_MAX];
	struct toolbox_ask ask = tool_ask(a);
	struct call_settings settings;
	enum err err = call_settings_decode(&settings, a->record.settings.data, a->record.settings.len);

	if (!err) {
		ask.tool_timeout_ms = (uint32_t)settings.tool_timeout_ms;
		ask.keyed = keyed;
		ask.keyed_count = keyed_list(a, keyed);
		err = toolbox_start(&a->tool, a->calls->settings.tools, &ask, on_tool, a);
		keyed_wipe(a);
	}
	if (err == ERR_LIMIT || err == ERR_USAGE)
		ask_error(a, 413, "too_large", "The arguments are too large.", NULL);
	else if (err)
		ask_failed(a, err);
}

static void do_built_in(struct ask *a, const struct rulebook_tool *tool)
{
	const char *text = json_string_value(json_object_get(a->body, "arguments"));
	json_t *arguments = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	a->refused = built_in_do(a, tool, arguments, number(a, "turn"), number(a, "index"));
	json_decref(arguments);
}

/* A look-up may be made once too often; what changes something is let in by the document. */
static void admit_tool(struct ask *a)
{
	struct rulebook_tool tool;

	if (!rulebook_tool_find(a->book, json_string_value(json_object_get(a->body, "tool")), &tool) || !tool.changes) {
		ask_tool_start(a);
		return;
	}
	if (rulebook_tool_is_built_in(&tool) && !strcmp(tool.name, RULEBOOK_TRANSFER_TOOL)) {
		transfer_admit(a, tool_key(number(a, "turn"), number(a, "index")));
		return;
	}
	if (rulebook_tool_is_built_in(&tool))
		do_built_in(a, &tool);
	a->record.tools++;
	a->then = ask_tool_start;
	ask_store(a);
}

static void judge_tool(struct ask *a)
{
	if (!holds_call(a))
		return;
	if (a->record.state == CALL_ENDED) {
		ended(a);
		return;
	}
	a->failed = tool_not_let_in;
	a->then = admit_tool;
	ask_book(a);
}

static void on_tools(struct http_request *r, void *arg)
{
	struct ask *a = begin(arg, r, true);

	if (!a || !take_epoch(a))
		return;
	if (!json_is_string(json_object_get(a->body, "tool")) || !json_is_string(json_object_get(a->body, "arguments")) || !has_number(a, "turn") ||
		!has_number(a, "index")) {
		ask_error(a, 400, "bad_request", "turn and index are needed, and tool and arguments as texts.", NULL);
		return;
	}
	a->judge = judge_tool;
	ask_find(a);
}

/* ---- keys of providers: those of the call's own tenant, out of a list that is fixed. Nothing of them is kept here, or logged ---- */

static void next_key(struct ask *a);

static void put_key(struct ask *a, const char *name, const struct secret *secret)
{
	const struct log log = { .plane = "conductor", .call = a->id, .doing = "handing a call's provider keys to its worker" };

	if (!provider_key_ok(secret->value, secret->len)) {
		log_warn(&log, "a secret is no provider key, and is left out: set it again", LOG_TEXT("secret", name));
		return;
	}
	json_put_key(&a->keys, name);
	json_put_text(&a->keys, secret->value, secret->len);
}

static void on_key(void *arg, enum err err, struct secret secret)
{
	struct ask *a = arg;

	if (err && err != ERR_NOTFOUND) {
		ask_failed(a, err);
		return;
	}
	if (!err)
		put_key(a, provider_names[a->keys_looked], &secret);
	secret_release(&secret);
	a->keys_looked++;
	next_key(a);
}

static void next_key(struct ask *a)
{
	enum err err;

	if (a->keys_looked == PROVIDER_NAMES) {
		json_close(&a->keys, '}');
		json_close(&a->keys, '}');
		ask_json(a, 200, &a->keys);
		return;
	}
	err = secrets_get(a->calls->settings.secrets, &a->job, a->tenant, provider_names[a->keys_looked], on_key, a);
	if (err)
		ask_failed(a, err);
}

static bool says(const struct ask *a, const char *name, const char *text)
{
	const char *said = json_string_value(json_object_get(a->body, name));

	return said && !strcmp(said, text);
}

/* For the epoch that a call will begin with, of the worker that prepares it. */
static bool is_prepared(const struct ask *a)
{
	return a->epoch == a->record.epoch + 1 && prepare_is_of(&a->record, json_string_value(json_object_get(a->body, "worker")));
}

/* The worker keeps what it gets under the tenant's id, so it must not be mistaken in whose call it is. */
static void judge_keys(struct ask *a)
{
	char tenant[2 * TENANT_ID_BYTES + 1] = "";

	if (a->began_ms)
		tenant_id_text(a->tenant, tenant);
	if (a->began_ms && !says(a, "tenant_id", tenant)) {
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
	} else if (a->began_ms && a->epoch == a->record.epoch && !says(a, "worker", a->record.worker)) {
		ask_error(a, 403, "forbidden", "Another worker has the call.", NULL);
	} else if (!(a->began_ms && is_prepared(a)) && !holds_call(a)) {
		return;
	} else if (a->record.state == CALL_ENDED) {
		ended(a);
	} else {
		json_open(&a->keys, '{');
		json_pair_string(&a->keys, "tenant_id", tenant);
		json_put_key(&a->keys, "keys");
		json_open(&a->keys, '{');
		next_key(a);
	}
}

static void on_keys(struct http_request *r, void *arg)
{
	struct ask *a = begin(arg, r, true);

	if (!a || !take_epoch(a))
		return;
	if (!json_is_string(json_object_get(a->body, "worker")) || !json_is_string(json_object_get(a->body, "tenant_id"))) {
		ask_error(a, 400, "bad_request", "worker and tenant_id are needed, as texts.", NULL);
		return;
	}
	a->judge = judge_keys;
	ask_find(a);
}

/* ---- the end ---- */

/* The worker knows best, also when somebody else ended the call before, and it may know more later. */
static void take_end(struct ask *a)
{
	struct call_record *r = &a->record;
	char reason[CALL_WORD_MAX];

	a->is_swept = r->state == CALL_ENDED && !r->is_settling;
	take_word(a, "reason", reason);
	take_word(a, "outcome", r->outcome);
	call_record_recorded(r);
	r->result[0] = 0;
	r->is_told = true;
	call_record_settled(r); /* by what is told now */
	r->connected_ms = number(a, "connected_ms");
	r->turns = number(a, "turns");
	call_record_end(r, reason, r->state == CALL_ENDED ? r->ended_ms : calls_now_ms(a->calls));
}

static void end_settle(struct ask *a);

static void on_end_stored(struct ask *a)
{
	if (a->record.is_settling)
		sight_settles(a->calls, a->id, a->epoch);
	else
		sight_forget(a->calls, a->id);
	ask_done(a);
}

static void judge_end(struct ask *a)
{
	if (!holds_call(a))
		return;
	take_end(a);
	a->then = end_settle;
	a->without_book = true;
	ask_book(a);
}

static void end_store(struct ask *a)
{
	a->then = on_end_stored;
	ask_store(a);
}

/* Nothing more is begun for a call that has ended; what is under way is waited for by the sweeper, not by the worker. A tool that was let in since the
 * record was read has changed it, and then all of this is done again. */
static void on_done(void *arg, enum err err, const json_t *done, bool is_open)
{
	struct ask *a = arg;
	const json_t *known = json_object_get(a->body, "known");

	if (err) {
		ask_failed(a, err);
		return;
	}
	known = json_is_object(known) ? known : NULL;
	if (!is_open || a->is_swept || !call_record_settle_later(&a->record, known))
		call_record_settle(&a->record, a->book, known, done);
	end_store(a);
}

static void end_settle(struct ask *a)
{
	const json_t *known = json_object_get(a->body, "known");
	enum err err;

	if (a->book && rulebook_settles_by_done(a->book, a->record.outcome)) {
		err = toolbox_look_start(&a->look, a->calls->settings.tools, a->tenant, a->id, on_done, a);
		if (err)
			ask_failed(a, err);
		return;
	}
	if (a->book)
		call_record_settle(&a->record, a->book, json_is_object(known) ? known : NULL, NULL);
	end_store(a);
}

static void on_ended(struct http_request *r, void *arg)
{
	struct ask *a = begin(arg, r, true);

	if (!a || !take_epoch(a))
		return;
	a->judge = judge_end;
	ask_find(a);
}

const struct http_route calls_worker_routes[] = {
	{ HTTP_POST, "/internal/v1/workers", calls_on_register, 0, REPORT_MAX_BYTES },
	{ HTTP_POST, "/internal/v1/attach", calls_on_attach, 0, 0 },
	{ HTTP_POST, "/internal/v1/calls/:call/pinned", calls_on_pinned, 0, 0 },
	{ HTTP_PUT, "/internal/v1/calls/:call/snapshot", on_snapshot, 0, CALLS_SNAPSHOT_MAX_BYTES },
	{ HTTP_POST, "/internal/v1/calls/:call/tools", on_tools, 0, 4 * TOOLBOX_ARGUMENTS_MAX_BYTES },
	{ HTTP_POST, "/internal/v1/calls/:call/keys", on_keys, 0, 0 },
	{ HTTP_POST, "/internal/v1/calls/:call/ended", on_ended, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* What a worker asks for while it has a call: snapshots, tools, the end. Whoever comes under an older epoch is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "conductor/calls_state.h"

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
	else
		return true;
	return false;
}

static struct ask *begin(struct calls *c, struct http_request *r, bool has_body)
{
	struct ask *a = ask_begin(c, r);

	if (!a || !ask_worker(a) || (has_body && !ask_body(a)))
		return NULL;
	snprintf(a->id, sizeof(a->id), "%s", http_param(r, "call"));
	return a;
}

static uint32_t number(const struct ask *a, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(a->body, name));

	return value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
}

static void take_word(const struct ask *a, const char *name, char out[CALL_WORD_MAX])
{
	const char *text = json_string_value(json_object_get(a->body, name));

	snprintf(out, CALL_WORD_MAX, "%s", text ? text : "");
}

/* ---- snapshots: looked at, then the call's epoch, then stored over what was looked at ---- */

static void judge_snapshot(struct ask *a);

static void on_put(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	(void)revision;
	if ((err == ERR_EXISTS || err == ERR_NOTFOUND) && ++a->tries < CALL_TRIES_MAX)
		judge_snapshot(a);
	else if (err)
		ask_failed(a, err);
	else
		ask_done(a);
}

static void put_snapshot(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = a->snapshot_revision };
	size_t len;
	const void *body = http_body(a->request, &len);
	struct buf b;
	enum err err;

	if (!holds_call(a))
		return;
	buf_init(&b, DOCUMENT_MAX_BYTES);
	buf_append(&b, &a->epoch, 4);
	buf_append(&b, body, len);
	snapshot_key(a->id, key);
	put.value = b.data;
	put.len = b.len;
	err = b.err;
	if (!err)
		err = documents_put(a->calls->settings.documents, &a->job, a->tenant, &put, on_put, a);
	buf_fini(&b);
	if (err)
		ask_failed(a, err);
}

static void on_seen(struct ask *a)
{
	if (a->snapshot_epoch > a->epoch) {
		stale(a);
		return;
	}
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
	a->epoch = epoch ? (uint32_t)strtoul(epoch, NULL, 10) : 0;
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

static void run_tool(struct ask *a)
{
	const char *arguments = json_string_value(json_object_get(a->body, "arguments"));
	struct toolbox_ask ask = { .tenant = a->tenant, .call = a->id, .turn = number(a, "turn"), .index = number(a, "index"), .rulebook = a->book,
		.tool = json_string_value(json_object_get(a->body, "tool")), .arguments = arguments, .arguments_len = strlen(arguments),
		.wait_ms = number(a, "timeout_ms") };
	struct call_settings settings;
	enum err err = call_settings_decode(&settings, a->record.settings.data, a->record.settings.len);

	if (!err) {
		ask.tool_timeout_ms = (uint32_t)settings.tool_timeout_ms;
		err = toolbox_start(&a->tool, a->calls->settings.tools, &ask, on_tool, a);
	}
	if (err == ERR_LIMIT || err == ERR_USAGE)
		ask_error(a, 413, "too_large", "The arguments are too large.", NULL);
	else if (err)
		ask_failed(a, err);
}

static void judge_tool(struct ask *a)
{
	if (!holds_call(a))
		return;
	if (a->record.state == CALL_ENDED) {
		ask_error(a, 409, "ended", "The call has ended.", NULL);
		return;
	}
	a->then = run_tool;
	ask_book(a);
}

static void on_tools(struct http_request *r, void *arg)
{
	struct ask *a = begin(arg, r, true);

	if (!a)
		return;
	a->epoch = number(a, "epoch");
	if (!json_is_string(json_object_get(a->body, "tool")) || !json_is_string(json_object_get(a->body, "arguments"))) {
		ask_error(a, 400, "bad_request", "tool and arguments are needed, as texts.", NULL);
		return;
	}
	a->judge = judge_tool;
	ask_find(a);
}

/* ---- the end ---- */

static void judge_end(struct ask *a)
{
	struct call_record *r = &a->record;

	if (!holds_call(a))
		return;
	if (r->state == CALL_ENDED) {
		ask_done(a);
		return;
	}
	r->state = CALL_ENDED;
	r->ended_ms = calls_now_ms(a->calls);
	r->connected_ms = number(a, "connected_ms");
	r->turns = number(a, "turns");
	take_word(a, "reason", r->reason);
	take_word(a, "outcome", r->outcome);
	memset(r->tokens, 0, sizeof(r->tokens));
	a->then = ask_done;
	ask_store(a);
}

static void on_ended(struct http_request *r, void *arg)
{
	struct ask *a = begin(arg, r, true);

	if (!a)
		return;
	a->epoch = number(a, "epoch");
	a->judge = judge_end;
	ask_find(a);
}

const struct http_route calls_worker_routes[] = {
	{ HTTP_POST, "/internal/v1/workers", calls_on_register, 0, 0 },
	{ HTTP_POST, "/internal/v1/attach", calls_on_attach, 0, 0 },
	{ HTTP_PUT, "/internal/v1/calls/:call/snapshot", on_snapshot, 0, CALLS_SNAPSHOT_MAX_BYTES },
	{ HTTP_POST, "/internal/v1/calls/:call/tools", on_tools, 0, 4 * TOOLBOX_ARGUMENTS_MAX_BYTES },
	{ HTTP_POST, "/internal/v1/calls/:call/ended", on_ended, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

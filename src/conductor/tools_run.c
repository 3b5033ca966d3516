/* One run: from the ledger's entry over the service's answer to the ledger again. The states are drawn in tools_state.h. */
#include "conductor/tools_state.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { GRACE_MS = 2000, ENTRY_MAX_BYTES = 512 * 1024 };

static void run_look(struct toolbox_run *r);
static void run_ready(struct toolbox_run *r);

static struct log log_of(const struct toolbox_run *r)
{
	return (struct log){ .plane = "conductor", .call = r->key.call, .doing = "carrying out a tool" };
}

static void end_with(struct toolbox_run *r, enum tool_status status, const char *code, const char *message)
{
	r->status = status;
	tool_say(&r->text, code, message);
	run_end(r);
}

/* Nothing was sent, and nothing will be. */
static void end_failed(struct toolbox_run *r, const char *what, enum err err)
{
	const struct log log = log_of(r);

	log_warn(&log, what, LOG_ERR(err), LOG_TEXT("tool", r->name));
	end_with(r, TOOL_ERROR, "unavailable", "It cannot be done now. Nothing was done.");
}

/* ---- writing ---- */

static enum err entry_put(struct toolbox_run *r, const struct tool_entry *e, documents_stored_h *h)
{
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = r->revision };
	struct buf bytes;
	enum err err;

	tool_key_print(&r->key, key);
	buf_init(&bytes, ENTRY_MAX_BYTES);
	tool_entry_encode(e, &bytes);
	put.value = bytes.data;
	put.len = bytes.len;
	err = bytes.err ? bytes.err : documents_put(r->box->settings.documents, &r->job, r->tenant, &put, h, r);
	buf_fini(&bytes);
	return err;
}

static struct tool_entry entry_of(const struct toolbox_run *r)
{
	const struct toolbox_settings *s = &r->box->settings;

	return (struct tool_entry){
		.tool = r->name,
		.hash = r->hash,
		.instance = r->box->instance,
		.arguments = r->arguments,
		.until_ms = s->is_shared ? s->now_ms(s->arg) + r->tool.timeout_ms + GRACE_MS : 0,
		.changes = r->tool.changes,
	};
}

static void close_entry(struct toolbox_run *r);

static void on_closed(void *arg, enum err err, uint64_t revision)
{
	struct toolbox_run *r = arg;
	const struct log log = log_of(r);

	(void)revision;
	if (err == ERR_EXISTS && !r->is_sent) {
		run_look(r); /* whoever had it was there after all */
		return;
	}
	if (err && err != ERR_EXISTS && err != ERR_NOTFOUND && ++r->writes < RUN_WRITES_MAX) {
		close_entry(r);
		return;
	}
	if (err && (err != ERR_EXISTS || !r->writes)) /* the answer is still true; who asks again will be told that it is not known */
		log_error(&log, "a tool's result could not be written down", LOG_ERR(err), LOG_TEXT("tool", r->name));
	run_end(r);
}

/* The result into the ledger, then to those who wait. */
static void close_entry(struct toolbox_run *r)
{
	struct tool_entry e = entry_of(r);
	enum err err;

	r->state = RUN_CLOSING;
	e.is_done = true;
	e.status = r->status;
	e.text = buf_str(&r->text);
	err = entry_put(r, &e, on_closed);
	if (err) {
		r->writes = RUN_WRITES_MAX;
		on_closed(r, err, 0);
	}
}

/* ---- sending ---- */

static void log_answer(const struct toolbox_run *r, const struct http_answer *a, const struct err_detail *why)
{
	const struct log log = log_of(r);

	if (a->err)
		log_warn(&log, "a tool had no answer", LOG_ERR(a->err), LOG_TEXT("tool", r->name), LOG_TEXT("why", a->detail.message), LOG_TEXT("where", a->detail.where),
			LOG_BOOL("sent", a->was_sent), LOG_UINT("ms", a->total_us / 1000));
	else if (*why->message)
		log_warn(&log, "a tool's answer cannot be used", LOG_TEXT("tool", r->name), LOG_UINT("status", a->status), LOG_TEXT("why", why->message));
	else if (a->status / 100 == 3 || a->status == 408 || a->status >= 500)
		log_warn(&log, a->status / 100 == 3 ? "a tool was answered by a redirect: it is not followed" : "a tool ran and was answered by an error",
			LOG_TEXT("tool", r->name), LOG_UINT("status", a->status), LOG_UINT("ms", a->total_us / 1000), LOG_UINT("attempts", a->attempts));
	else
		log_info(&log, "a tool was answered", LOG_TEXT("tool", r->name), LOG_UINT("status", a->status), LOG_INT("outcome", r->status),
			LOG_UINT("ms", a->total_us / 1000), LOG_UINT("attempts", a->attempts));
}

static void on_answer(const struct http_answer *answer, void *arg)
{
	struct toolbox_run *r = arg;
	struct err_detail why;

	r->status = tool_judge(r->book, &r->tool, answer, &r->text, &why);
	tool_keyed_hide(&r->keyed, &r->text);
	tool_keyed_wipe(&r->keyed);
	run_settle(r);
	log_answer(r, answer, &why);
	close_entry(r);
}

static const struct http_exchange_handlers handlers = { .done = on_answer };

static const struct run_secret *secret_called(const struct toolbox_run *r, const char *name)
{
	for (size_t i = 0; i < r->secrets_got; i++)
		if (!strcmp(r->secrets[i].name, name))
			return &r->secrets[i];
	return NULL;
}

/* "Name: value" with the secrets in it. */
static void put_header(const struct toolbox_run *r, const struct rulebook_header *h, struct buf *out)
{
	const char *at = h->value, *start = at;
	char name[SECRET_NAME_MAX];
	size_t plain;

	buf_printf(out, "%s: ", h->name);
	while (tool_secret_next(&at, &plain, name)) {
		const struct run_secret *s = secret_called(r, name);

		buf_append(out, start, plain);
		if (s)
			buf_append(out, s->secret.value, s->secret.len);
		start = at;
	}
	buf_text(out, start);
	buf_byte(out, 0);
}

/* All headers, a NUL behind each, which `lines` then point at. */
static void put_headers(const struct toolbox_run *r, bool has_body, struct buf *out)
{
	char key[TOOL_HASH_MAX];

	for (size_t i = 0; i < r->tool.header_count; i++)
		put_header(r, &r->tool.headers[i], out);
	buf_append(out, "Accept: application/json", sizeof("Accept: application/json"));
	if (has_body)
		buf_append(out, "Content-Type: application/json", sizeof("Content-Type: application/json"));
	if (r->tool.changes) {
		tool_idempotency_key(r->tenant, &r->key, key);
		buf_printf(out, "Idempotency-Key: %s", key);
		buf_byte(out, 0);
	}
}

static enum http_method method_of(const char *name)
{
	for (int m = HTTP_GET; m < HTTP_METHOD_COUNT; m++)
		if (!strcmp(http_method_name((enum http_method)m), name))
			return (enum http_method)m;
	return HTTP_METHOD_NONE;
}

enum { HEADER_LINES_MAX = 24 };

static enum err exchange_start(struct toolbox_run *r, const struct buf *body, const struct buf *headers, struct err_detail *detail)
{
	const char *lines[HEADER_LINES_MAX] = { NULL }, *end = (const char *)headers->data + headers->len;
	const struct http_ask ask = {
		.method = method_of(r->tool.method),
		.url = buf_str(&r->url),
		.headers = lines,
		.body = body->len ? body->data : NULL,
		.len = body->len,
		.body_max_bytes = TOOLBOX_ANSWER_MAX_BYTES,
		.total_us = (uint64_t)r->tool.timeout_ms * 1000,
		.idle_us = HTTP_NO_LIMIT,
		.retries_max = r->tool.changes ? 0 : 1,
		.is_repeatable = !r->tool.changes,
	};
	size_t count = 0;

	for (const char *at = (const char *)headers->data; at < end && count < HEADER_LINES_MAX - 1; at += strlen(at) + 1)
		lines[count++] = at;
	return http_exchange_start(&r->exchange, strncmp(r->tool.url, "service:", 8) ? r->box->outside : r->box->inside, &ask, &handlers, r, detail);
}

static void secrets_drop(struct toolbox_run *r)
{
	for (size_t i = 0; i < r->secrets_got; i++)
		secret_release(&r->secrets[i].secret);
	r->secrets_got = 0;
}

/* Whoever asked has done it: what is left is to say so. */
static void run_built_in(struct toolbox_run *r)
{
	r->status = TOOL_OK;
	buf_reset(&r->text);
	buf_text(&r->text, "{\"done\":true}");
	close_entry(r);
}

/* What holds a secret is in this memory for the length of this function. */
static void run_send(struct toolbox_run *r)
{
	struct err_detail detail = { .message = "" };
	const struct log log = log_of(r);
	struct buf body, headers;
	enum err err;

	r->state = RUN_SENT;
	r->is_sent = true;
	buf_init_private(&body, TOOL_REQUEST_MAX_BYTES);
	buf_init(&headers, TOOL_REQUEST_MAX_BYTES);
	tool_body(&r->tool, r->arguments, &body);
	tool_keyed_put(&r->keyed, &body);
	buf_reserve(&headers, TOOL_REQUEST_MAX_BYTES); /* at once: moving would leave copies behind */
	put_headers(r, body.len != 0, &headers);
	err = body.err ? body.err : headers.err ? headers.err : exchange_start(r, &body, &headers, &detail);
	if (headers.data)
		sodium_memzero(headers.data, headers.cap);
	buf_fini(&headers);
	buf_fini(&body);
	secrets_drop(r);
	if (!err)
		return;
	log_warn(&log, "a tool's request could not be made", LOG_ERR(err), LOG_TEXT("tool", r->name), LOG_TEXT("why", detail.message));
	r->status = TOOL_ERROR;
	tool_say(&r->text, "unavailable", "It cannot be done now. Nothing was done.");
	close_entry(r);
}

static void on_recorded(void *arg, enum err err, uint64_t revision)
{
	struct toolbox_run *r = arg;

	if (err == ERR_EXISTS || err == ERR_NOTFOUND) {
		run_look(r); /* another program was quicker */
	} else if (err) {
		end_failed(r, "the ledger could not be written", err);
	} else {
		r->revision = revision;
		if (rulebook_tool_is_built_in(&r->tool))
			run_built_in(r);
		else
			run_send(r);
	}
}

static void run_record(struct toolbox_run *r)
{
	const struct tool_entry e = entry_of(r);
	enum err err;

	r->state = RUN_RECORDING;
	err = entry_put(r, &e, on_recorded);
	if (err)
		end_failed(r, "the ledger could not be written", err);
}

/* ---- readying: what a request needs ---- */

static const char *base_of(const struct toolbox_run *r, bool *is_service)
{
	const struct toolbox *b = r->box;
	char name[TOOLBOX_SERVICE_NAME_MAX];

	*is_service = tool_service(r->tool.url, name);
	return *is_service ? service_url(b->services, b->settings.service_count, name) : NULL;
}

static void on_secret(void *arg, enum err err, struct secret secret)
{
	struct toolbox_run *r = arg;
	const struct log log = log_of(r);

	if (err) {
		log_warn(&log, "a tool's secret cannot be had", LOG_ERR(err), LOG_TEXT("tool", r->name), LOG_TEXT("secret", r->secrets[r->secrets_got].name));
		end_with(r, TOOL_ERROR, "not_set_up", "This tool is not set up. Nothing was done.");
		return;
	}
	r->secrets[r->secrets_got++].secret = secret;
	run_ready(r);
}

static bool secrets_list_names(struct toolbox_run *r)
{
	char name[SECRET_NAME_MAX];
	size_t plain, i;

	r->secret_count = 0;
	for (size_t h = 0; h < r->tool.header_count; h++)
		for (const char *at = r->tool.headers[h].value; tool_secret_next(&at, &plain, name);) {
			for (i = 0; i < r->secret_count && strcmp(r->secrets[i].name, name) != 0; i++)
				;
			if (i == RUN_SECRETS_MAX)
				return false;
			if (i == r->secret_count)
				memcpy(r->secrets[r->secret_count++].name, name, sizeof(name));
		}
	return true;
}

static void on_admitted(void *arg, enum err err)
{
	struct toolbox_run *r = arg;

	if (err)
		end_failed(r, "the records do not let a tenant in", err);
	else
		run_ready(r);
}

/* One thing after the other; comes back here with each. */
static void run_ready(struct toolbox_run *r)
{
	const struct toolbox_settings *s = &r->box->settings;
	enum err err;

	r->state = RUN_READYING;
	if (s->records && !strncmp(r->tool.url, "service:records/", 16) && !records_admits(s->records, r->tenant))
		err = records_admit(s->records, &r->admission, r->tenant, on_admitted, r);
	else if (r->secrets_got < r->secret_count)
		err = secrets_get(s->secrets, &r->job, r->tenant, r->secrets[r->secrets_got].name, on_secret, r);
	else {
		run_record(r);
		return;
	}
	if (err)
		end_failed(r, "a tool cannot be made ready", err);
}

/* There is no entry, or one of a look-up that is done again. */
static void run_prepare(struct toolbox_run *r)
{
	const struct log log = log_of(r);
	const char *why = NULL, *code = NULL, *base;
	bool is_service;

	if (!r->is_fit) {
		run_end(r);
		return;
	}
	if (rulebook_tool_is_built_in(&r->tool)) {
		run_ready(r);
		return;
	}
	base = base_of(r, &is_service);
	buf_reset(&r->url);
	if ((is_service && !base) || !secrets_list_names(r)) {
		log_warn(&log, "a tool is not set up", LOG_TEXT("tool", r->name), LOG_TEXT("why", is_service && !base ? "no such service" : "too many secrets"));
		end_with(r, TOOL_ERROR, "not_set_up", "This tool is not set up. Nothing was done.");
	} else if (!tool_keyed_judge(&r->keyed, &r->tool, r->arguments, &code, &why)) {
		end_with(r, TOOL_ERROR, code, why);
	} else if (!tool_address(&r->tool, base, tenant_name(r->tenant), r->arguments, &r->url, &why)) {
		end_with(r, TOOL_ERROR, "bad_arguments", why);
	} else if (r->url.err) {
		end_with(r, TOOL_ERROR, "bad_arguments", "An argument is too long.");
	} else {
		run_ready(r);
	}
}

/* ---- looking ---- */

static void on_look_again(uv_timer_t *timer)
{
	run_look(timer->data);
}

/* Sent, and no result: by another program that may be at it, or by a life that has ended. */
static void found_open(struct toolbox_run *r, const struct tool_entry *e)
{
	const struct toolbox_settings *s = &r->box->settings;

	if (s->is_shared && strcmp(e->instance, r->box->instance) != 0 && s->now_ms(s->arg) < e->until_ms) {
		r->state = RUN_WAITING;
		uv_timer_start(&r->timer, on_look_again, RUN_LOOK_AGAIN_MS, 0);
	} else if (!e->changes || (rulebook_tool_is_built_in(&r->tool) && !strcmp(e->hash, r->hash))) {
		run_prepare(r);
	} else if (strcmp(e->hash, r->hash) != 0) {
		r->status = tool_say_done(e, &r->text);
		run_end(r);
	} else {
		r->status = TOOL_UNKNOWN;
		tool_say(&r->text, "outcome_unknown", "It was asked for, but whether it was done is not known. It must not be asked for again; a person has to look.");
		r->tool.changes = true;
		close_entry(r);
	}
}

static void found(struct toolbox_run *r, const struct tool_entry *e)
{
	bool same = !strcmp(e->hash, r->hash);

	if (!e->is_done) {
		found_open(r, e);
	} else if (same) {
		r->status = e->status;
		buf_reset(&r->text);
		buf_text(&r->text, e->text);
		run_end(r);
	} else if (!e->changes) {
		run_prepare(r);
	} else {
		r->status = tool_say_done(e, &r->text);
		run_end(r);
	}
}

/* It may stand there as sent, so it is not sent. */
static void end_unread(struct toolbox_run *r, enum err err)
{
	const struct log log = log_of(r);

	if (!r->is_fit) {
		run_end(r);
		return;
	}
	log_error(&log, "the ledger could not be read", LOG_ERR(err), LOG_TEXT("tool", r->name));
	end_with(r, r->tool.changes ? TOOL_UNKNOWN : TOOL_ERROR, "unavailable", "It cannot be done now.");
}

static void on_looked(void *arg, enum err err, const struct document *d)
{
	struct toolbox_run *r = arg;
	struct tool_entry e;

	r->revision = d ? d->revision : DOCUMENT_NONE;
	if (!err)
		err = tool_entry_decode(&e, d);
	if (err == ERR_NOTFOUND) {
		run_prepare(r);
	} else if (err) {
		end_unread(r, err);
	} else {
		found(r, &e);
		tool_entry_free(&e);
	}
}

static void run_look(struct toolbox_run *r)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	r->state = RUN_LOOKING;
	tool_key_print(&r->key, key);
	secrets_drop(r);
	err = documents_get(r->box->settings.documents, &r->job, r->tenant, key, on_looked, r);
	if (err)
		end_unread(r, err);
}

void run_begin(struct toolbox_run *r)
{
	r->state = RUN_LOOKING;
	uv_timer_start(&r->timer, on_look_again, 0, 0);
}

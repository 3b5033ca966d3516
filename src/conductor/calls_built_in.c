/* What the conductor's own tools do, and the call-backs that they agree on.
 *
 * What such a tool does is a change of the call's document, made by the compare-and-set that lets the request in, and known by the request's key:
 * the same request again changes nothing. A call-back is placed by the sweeper, behind the call's end, once it is due, as POST /v1/calls
 * would: under an id that follows from the call and the key, so that it is one call however often it is tried. Then the document says
 * so, and the call's open entry may go. Numbers are in no log. Loop thread.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conductor/call_back.h"
#include "conductor/calls_state.h"

enum { F_OUTCOME = 1, F_OUTCOME_KEY, F_DUE, F_DUE_KEY, F_TO, F_NEXT };

uint64_t tool_key(uint32_t turn, uint32_t index)
{
	return ((uint64_t)turn << 32 | index) + 1;
}

/* ---- the document ---- */

void call_asked_encode(const struct call_asked *a, uint32_t field, struct buf *out)
{
	size_t opened;

	if (!a->outcome_key && !a->due_key)
		return;
	opened = wire_open(out, field);
	wire_put_text(out, F_OUTCOME, a->outcome);
	wire_put_u64(out, F_OUTCOME_KEY, a->outcome_key);
	wire_put_u64(out, F_DUE, a->due_ms);
	wire_put_u64(out, F_DUE_KEY, a->due_key);
	wire_put_text(out, F_TO, a->to);
	wire_put_text(out, F_NEXT, a->next);
	wire_close(out, opened);
}

static bool take_field(struct call_asked *a, const struct wire_field *f)
{
	switch (f->number) {
	case F_OUTCOME: return wire_text(f, a->outcome, sizeof(a->outcome));
	case F_TO: return wire_text(f, a->to, sizeof(a->to));
	case F_NEXT: return wire_text(f, a->next, sizeof(a->next));
	case F_OUTCOME_KEY: a->outcome_key = f->u64; break;
	case F_DUE: a->due_ms = f->u64; break;
	case F_DUE_KEY: a->due_key = f->u64; break;
	default: break;
	}
	return true;
}

bool call_asked_decode(struct call_asked *a, const struct wire_field *f)
{
	struct wire_reader sub;
	struct wire_field one;

	if (!f->is_bytes)
		return false;
	wire_reader_init(&sub, f->bytes, f->len);
	while (wire_next(&sub, &one))
		if (!take_field(a, &one))
			return false;
	return !sub.err;
}

/* ---- what the tools do ---- */

static void record_outcome(struct call_record *r, const json_t *arguments, uint64_t key)
{
	snprintf(r->asked.outcome, sizeof(r->asked.outcome), "%s", json_string_value(json_object_get(arguments, "outcome")));
	r->asked.outcome_key = key;
}

static const char *due_find(const struct ask *a, const json_t *arguments, uint64_t *due_ms)
{
	const struct calls_settings *s = &a->calls->settings;
	int32_t day, minute;
	const char *why = call_back_when(a->book, arguments, s->today(s->arg), &day, &minute);

	if (why)
		return why;
	*due_ms = s->moment_ms(s->arg, day, minute);
	return *due_ms <= calls_now_ms(a->calls) ? CALL_BACK_OVER : NULL;
}

static const char *schedule(const struct ask *a, struct call_record *r, const json_t *arguments, uint64_t key)
{
	const char *number = json_string_value(json_object_get(arguments, "number")), *why;
	char to[ROUTE_NUMBER_MAX] = "";
	uint64_t due_ms = 0;

	if (!number && !r->dial.to[0])
		return "The number is not known. Ask for it, with its country.";
	why = call_back_number(number ? number : r->dial.to, to);
	if (!why)
		why = due_find(a, arguments, &due_ms);
	if (why)
		return why;
	memcpy(r->asked.to, to, sizeof(to));
	r->asked.due_ms = due_ms;
	r->asked.due_key = key;
	return NULL;
}

/* Under its own key, or overtaken: requests come again, also behind later ones, and the last that was made counts. */
static bool is_done(const struct call_asked *a, bool is_callback, uint64_t key)
{
	return key == a->outcome_key || key == a->due_key || key < (is_callback ? a->due_key : a->outcome_key);
}

const char *built_in_do(struct ask *a, const struct rulebook_tool *tool, const json_t *arguments, uint32_t turn, uint32_t index)
{
	struct call_record *r = &a->record;
	bool is_callback = !strcmp(tool->name, RULEBOOK_CALLBACK_TOOL);
	uint64_t key = tool_key(turn, index);

	if (is_done(&r->asked, is_callback, key) || rulebook_tool_check(a->book, tool->name, arguments, NULL))
		return NULL; /* done before; or the toolbox says what is wrong with it */
	if (is_callback)
		return schedule(a, r, arguments, key);
	record_outcome(r, arguments, key);
	return NULL;
}

/* ---- call-backs ---- */

bool call_back_is_open(const struct call_record *r)
{
	return r->asked.due_key && !r->asked.next[0];
}

static void id_of(const struct tenant *t, const struct call_record *r, char out[CALL_ID_MAX])
{
	uint8_t tenant[TENANT_ID_BYTES], hash[16];
	crypto_generichash_state state;

	tenant_id(t, tenant);
	crypto_generichash_init(&state, (const uint8_t *)"callfunnel callback", 19, sizeof(hash));
	crypto_generichash_update(&state, tenant, sizeof(tenant));
	crypto_generichash_update(&state, (const uint8_t *)r->id, CALL_ID_MAX - 1);
	crypto_generichash_update(&state, (const uint8_t *)&r->asked.due_key, sizeof(r->asked.due_key));
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(out, CALL_ID_MAX, hash, sizeof(hash));
}

/* What somebody would ask for who had it called: the variables as they were, and the day as it is. */
static json_t *body_of(const struct call_record *r)
{
	json_t *variables = r->variables.len ? json_loadb((const char *)r->variables.data, r->variables.len, 0, NULL) : NULL;
	json_t *body = json_pack("{s:s, s:s, s:s}", "to", r->asked.to, "rulebook", r->rulebook, "language", r->language);

	if (variables)
		json_object_del(variables, "today");
	if (body && variables && !json_object_set_new(body, "variables", variables))
		variables = NULL;
	else
		json_decref(variables);
	if (body && r->dial.from[0])
		json_object_set_new(body, "from", json_string(r->dial.from));
	return body;
}

static void mark_failed(struct ask *a)
{
	ask_over(a); /* a later sweep does it again: it is one call all the same */
}

static void mark(struct ask *a)
{
	if (!a->began_ms || !call_back_is_open(&a->record)) {
		ask_over(a);
		return;
	}
	memcpy(a->record.asked.next, a->came, sizeof(a->came));
	a->then = ask_over;
	a->failed = mark_failed;
	ask_store(a);
}

void call_back_over(struct ask *a, unsigned int status)
{
	const struct log log = { .plane = "conductor", .call = a->back, .doing = "calling back" };

	if (status >= 500) {
		ask_over(a);
		return;
	}
	if (status >= 300)
		log_warn(&log, "a call-back cannot be placed, and is given up", LOG_UINT("status", status));
	snprintf(a->came, sizeof(a->came), "%s", status < 300 ? a->id : CALL_BACK_REFUSED);
	memcpy(a->id, a->back, sizeof(a->id));
	a->began_ms = a->back_ms;
	a->judge = mark;
	a->failed = mark_failed;
	a->tries = 0;
	ask_load(a);
}

void call_back_begin(struct calls *c, const struct tenant *t, const struct call_record *r, uint64_t began_ms)
{
	struct ask *a = line_find(c, "") && *c->settings.options.server_url ? ask_begin(c, NULL) : NULL;

	if (!a)
		return; /* until a carrier is set up, or there is memory */
	a->tenant = tenant_share(t);
	a->body = body_of(r);
	memcpy(a->back, r->id, sizeof(a->back));
	a->back_ms = began_ms;
	a->failed = mark_failed;
	id_of(t, r, a->id);
	if (a->body)
		dial_judge_begin(a);
	else
		ask_over(a);
}

/* The control port's routes of the sandbox's Exotel: calls that come in, whose phones ring, an account's flows, and what is open in Exotel's pages. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/body.h"
#include "sandbox/exotel/exotel.h"

enum { CONTROL_BODY_MAX = 256 << 10, LIST_BYTES_MAX = 8 << 20 };

#define SANDBOX_ACCOUNT "acme1"

static struct exotel_state *state_of(const struct vendor *v)
{
	return v->state;
}

/* ------------------------------------------------------------------ calls */

static void members_take(const struct exotel_state *all, const json_t *body, struct leg *l, const char **wrong)
{
	struct placing *p = &l->p;

	if (!body_text(body, "from", "+15550199", p->from, sizeof(p->from)))
		*wrong = "from";
	if (!body_text(body, "to", "+15550100", p->caller_id, sizeof(p->caller_id)))
		*wrong = "to";
	if (!body_text(body, "account_sid", SANDBOX_ACCOUNT, l->account, sizeof(l->account)))
		*wrong = "account_sid";
	if (!body_text(body, "status_url", "", p->status_url, sizeof(p->status_url)) || (*p->status_url && strncmp(p->status_url, "http", 4) != 0))
		*wrong = "status_url";
	if (!body_text(body, "app_id", "", p->app_id, sizeof(p->app_id)) || !flow_find(all, p->app_id))
		*wrong = "app_id";
}

static void on_call(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct err_detail why = { .message = "It is missing, or no such thing." };
	struct leg got = { .is_inbound = true, .p = { .limit_s = PLACING_LIMIT_MAX_S } }, *l;
	json_t *body = body_read(r);
	const char *wrong = NULL;
	struct buf b;

	if (!body)
		return;
	if (!phone_make(&state_of(v)->phones, body, &got.phone, &why))
		wrong = why.where;
	else
		members_take(state_of(v), body, &got, &wrong);
	json_decref(body);
	l = wrong ? NULL : exotel_leg_new(v);
	if (!l) {
		phone_fini(&got.phone);
		body_refuse(r, wrong, wrong ? why.message : "There are as many calls as the sandbox keeps.");
		return;
	}
	l->is_inbound = true;
	l->p = got.p;
	l->phone = got.phone;
	memcpy(l->account, got.account, sizeof(l->account));
	leg_begin(l);
	buf_init(&b, LIST_BYTES_MAX);
	exotel_leg_put(&b, l, false);
	http_reply_json(r, 201, &b);
	buf_fini(&b);
}

static void call_put(struct buf *b, const struct leg *l)
{
	json_open(b, '{');
	json_pair_string(b, "sid", l->sid);
	json_pair_string(b, "status", leg_is_over(l) ? leg_status_name(l) : l->status == LEG_RINGING ? "ringing" : "in-progress");
	json_pair_u64(b, "streams", l->streams);
	json_pair_u64(b, "asked", l->asked);
	json_pair_u64(b, "step", l->step);
	json_pair_u64(b, "chunks", l->last.chunks);
	json_pair_u64(b, "short_chunks", l->last.short_chunks);
	json_pair_u64(b, "uneven_chunks", l->last.uneven_chunks);
	json_pair_u64(b, "most_ahead_ms", l->last.most_ahead_ms);
	json_close(b, '}');
}

/* With what the sandbox alone knows, of all accounts. */
static void on_calls(struct http_request *r, void *arg)
{
	struct buf b;

	buf_init(&b, LIST_BYTES_MAX);
	json_open(&b, '{');
	json_put_key(&b, "calls");
	json_open(&b, '[');
	for (const struct leg *l = state_of(arg)->legs; l; l = l->next)
		call_put(&b, l);
	json_close(&b, ']');
	json_close(&b, '}');
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static void on_phone(struct http_request *r, void *arg)
{
	phones_hear(&state_of(arg)->phones, r);
}

/* ------------------------------------------------------------------ flows */

static bool is_address(const char *url, bool may_be_socket)
{
	return !strncmp(url, "http://", 7) || !strncmp(url, "https://", 8) || (may_be_socket && (!strncmp(url, "ws://", 5) || !strncmp(url, "wss://", 6)));
}

/* Takes the place of the one that has its name. False: there are too many. */
static bool flow_put(struct exotel_state *all, const struct flow *f)
{
	size_t i = 0;

	while (i < all->flow_count && strcmp(all->flows[i].app_id, f->app_id) != 0)
		i++;
	if (i == FLOWS_MAX)
		return false;
	all->flow_count += i == all->flow_count;
	all->flows[i] = *f;
	return true;
}

static void on_flow(struct http_request *r, void *arg)
{
	json_t *body = body_read(r);
	const char *wrong = NULL;
	struct flow f;

	if (!body)
		return;
	if (!body_text(body, "passthru", "", f.passthru, sizeof(f.passthru)) || (*f.passthru && !is_address(f.passthru, false)))
		wrong = "passthru";
	if (!body_text(body, "voicebot", "", f.voicebot, sizeof(f.voicebot)) || !is_address(f.voicebot, true))
		wrong = "voicebot";
	if (!body_text(body, "app_id", "", f.app_id, sizeof(f.app_id)) || !*f.app_id)
		wrong = "app_id";
	json_decref(body);
	if (wrong)
		body_refuse(r, wrong, "It is missing, or no such thing.");
	else if (!flow_put(state_of(arg), &f))
		body_refuse(r, "app_id", "There are 16 flows already.");
	else
		http_reply(r, 204, NULL, "", 0);
}

/* ------------------------------------------------------------------ settings */

static void settings_reply(struct http_request *r, const struct exotel_state *all)
{
	uint8_t memory[1024];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	habits_put(&b, all->habits);
	http_reply_json(r, 200, &b);
}

static void on_settings(struct http_request *r, void *arg)
{
	settings_reply(r, state_of(arg));
}

static void on_settings_set(struct http_request *r, void *arg)
{
	struct exotel_state *all = state_of(arg);
	json_t *body = body_read(r);
	struct err_detail why;

	if (body && habits_read(all->habits, body, &why))
		settings_reply(r, all);
	else if (body)
		body_refuse(r, why.where, why.message);
	json_decref(body);
}

static void on_settings_reset(struct http_request *r, void *arg)
{
	habits_reset(state_of(arg)->habits);
	http_reply(r, 204, NULL, "", 0);
}

const struct http_route exotel_control_routes[] = {
	{ HTTP_POST, "/exotel/calls", on_call, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_GET, "/exotel/calls", on_calls, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/exotel/phones", on_phone, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_POST, "/exotel/flows", on_flow, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_GET, "/exotel/settings", on_settings, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/exotel/settings", on_settings_set, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_DELETE, "/exotel/settings", on_settings_reset, ROUTE_OPEN | ROUTE_NO_BODY, 0 },
	{ .method = HTTP_METHOD_NONE },
};

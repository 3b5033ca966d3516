/* Exotel as a server: who asks, how often, and placing a call. Nothing of REST ends one. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/exotel/exotel.h"

enum { BODY_MAX = 64 << 10, CALL_BYTES_MAX = 16 << 10, BASIC_MAX = 512, RETRY_MS = 30000, MINUTE_US = 60000000 };

/* One on its way out, with its fault. */
struct exotel_answer {
	struct exotel_answer *next, **place;
	struct outlet out;
};

static struct exotel_state *state_of(const struct vendor *v)
{
	return v->state;
}

static bool wants_xml(const struct http_request *r)
{
	const char *path = http_path(r);
	size_t len = strlen(path);

	return len < 5 || strcmp(path + len - 5, ".json") != 0;
}

/* ------------------------------------------------------------------ refusals */

static void exception_put(struct buf *b, unsigned int status, const char *message, bool is_xml)
{
	if (is_xml) {
		buf_printf(b, EXOTEL_XML "<TwilioResponse><RestException><Status>%u</Status><Message>%s</Message></RestException></TwilioResponse>", status, message);
		return;
	}
	json_open(b, '{');
	json_put_key(b, "RestException");
	json_open(b, '{');
	json_pair_u64(b, "Status", status);
	json_pair_string(b, "Message", message);
	json_close(b, '}');
	json_close(b, '}');
}

void exotel_refuse(struct http_request *r, unsigned int status, const char *message, uint64_t retry_after_ms)
{
	bool is_xml = wants_xml(r);
	char wait[24];
	const struct http_header headers[] = {
		{ "Content-Type", is_xml ? "application/xml" : "application/json" }, { retry_after_ms ? "Retry-After" : NULL, wait }, { NULL, NULL } };
	uint8_t memory[1024];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	snprintf(wait, sizeof(wait), "%llu", (unsigned long long)(retry_after_ms + 999) / 1000);
	exception_put(&b, status, message, is_xml);
	http_reply(r, status, headers, buf_str(&b), b.len);
}

static void refuse_scripted(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	(void)v;
	exotel_refuse(r, status, status == 429 ? "Too many requests" : "Scripted by the sandbox", retry_after_ms);
}

/* ------------------------------------------------------------------ who may ask, and how often */

/* Any key and any token are fine; both must be there. The account is the one of the path. */
static bool is_authorised(const struct http_request *r)
{
	const char *said = http_header(r, "authorization"), *colon;
	char plain[BASIC_MAX];
	size_t len = 0;

	if (!said || strncmp(said, "Basic ", 6) != 0 ||
		sodium_base642bin((uint8_t *)plain, sizeof(plain) - 1, said + 6, strlen(said + 6), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL))
		return false;
	colon = memchr(plain, ':', len);
	return colon && colon > plain && (size_t)(colon - plain) + 1 < len;
}

/* The account's counters of this minute; the one that was idle longest makes room. */
static struct exotel_account *account_of(struct exotel_state *all, const char *name)
{
	uint64_t minute = vendor_now_us(all->vendor) / MINUTE_US;
	struct exotel_account *a = all->accounts, *oldest = a;

	for (; a < all->accounts + ACCOUNTS_MAX && strcmp(a->name, name) != 0; a++)
		oldest = a->minute < oldest->minute ? a : oldest;
	if (a == all->accounts + ACCOUNTS_MAX) {
		a = oldest;
		a->minute = 0;
		snprintf(a->name, sizeof(a->name), "%s", name);
	}
	if (a->minute != minute)
		a->posts = a->gets = 0;
	a->minute = minute;
	return a;
}

static bool is_within_rate(struct exotel_state *all, const struct http_request *r)
{
	struct exotel_account *a = account_of(all, http_param(r, "account"));
	bool is_post = http_method(r) == HTTP_POST;
	uint64_t *count = is_post ? &a->posts : &a->gets;

	return ++*count <= (uint64_t)all->habits[is_post ? HABIT_POSTS_A_MINUTE : HABIT_GETS_A_MINUTE];
}

bool exotel_admit(struct vendor *v, struct http_request *r, struct vendor_turn *turn)
{
	if (!vendor_take(v, r, turn))
		return false;
	if (strlen(http_param(r, "account")) >= PLACING_SID_MAX) {
		exotel_refuse(r, 404, "No such account", 0);
		return false;
	}
	if (!is_authorised(r)) {
		exotel_refuse(r, 401, "Authentication failed", 0);
		return false;
	}
	if (is_within_rate(state_of(v), r))
		return true;
	exotel_refuse(r, 429, "Too many requests", RETRY_MS);
	return false;
}

void exotel_split(const char *url, char out[PHONE_URL_MAX], char header[CALLBACK_HEADER_MAX])
{
	const char *host = strstr(url, "://"), *at = host ? memchr(host + 3, '@', strcspn(host + 3, "/?")) : NULL;
	char plain[BASIC_MAX], coded[BASIC_MAX * 2];

	header[0] = 0;
	snprintf(out, PHONE_URL_MAX, "%s", url);
	if (!at || at - host - 3 >= BASIC_MAX || !http_unescape(host + 3, (size_t)(at - host - 3), false, plain))
		return;
	snprintf(out, PHONE_URL_MAX, "%.*s%s", (int)(host + 3 - url), url, at + 1);
	sodium_bin2base64(coded, sizeof(coded), (const uint8_t *)plain, strlen(plain), sodium_base64_VARIANT_ORIGINAL);
	if (snprintf(header, CALLBACK_HEADER_MAX, "Authorization: Basic %s", coded) >= CALLBACK_HEADER_MAX)
		header[0] = 0;
}

/* ------------------------------------------------------------------ answers */

static void answer_free(void *arg)
{
	struct exotel_answer *a = arg;

	*a->place = a->next;
	if (a->next)
		a->next->place = a->place;
	free(a);
}

static void answer_gone(struct http_stream *s, void *arg)
{
	struct exotel_answer *a = arg;

	(void)s;
	outlet_gone(&a->out);
}

static const struct http_stream_handlers answer_handlers = { .gone = answer_gone };

static void answer_begin(struct vendor *v, struct http_request *r, const struct harm *harm, const char *type, const struct buf *body)
{
	const struct http_header headers[] = { { "Content-Type", type }, { NULL, NULL } };
	struct exotel_answer *a = calloc(1, sizeof(*a)), **first = &state_of(v)->answers;

	if (!a) {
		exotel_refuse(r, 503, "No memory", 0);
		return;
	}
	a->next = *first;
	a->place = first;
	if (a->next)
		a->next->place = &a->next;
	*first = a;
	outlet_open(&a->out, v->options->clock, http_stream_open(r, 200, headers, &answer_handlers, a), NULL, harm, answer_free, a);
	a->out.is_plain = true;
	outlet_json(&a->out, NULL, (const char *)body->data, body->len);
	outlet_end(&a->out, 0, NULL);
}

void exotel_reply(struct vendor *v, struct http_request *r, const struct vendor_turn *turn, bool is_xml, struct buf *body)
{
	const char *type = is_xml ? "application/xml" : "application/json";

	if (body->err)
		exotel_refuse(r, 500, "No room", 0);
	else if (turn->harm.kind)
		answer_begin(v, r, &turn->harm, type, body);
	else
		http_reply_as(r, 200, type, buf_str(body), body->len);
}

void exotel_answers_end(struct exotel_state *all)
{
	while (all->answers) {
		struct exotel_answer *a = all->answers;

		outlet_cancel(&a->out);
		answer_free(a);
	}
}

/* ------------------------------------------------------------------ POST Calls/connect */

/* The oldest that is over and that nothing is under way for. */
static bool leg_forget(struct exotel_state *all)
{
	struct leg **at, **oldest = NULL, *l;

	for (at = &all->legs; *at; at = &(*at)->next)
		if (leg_is_over(*at) && !(*at)->bot)
			oldest = at;
	if (!oldest)
		return false;
	l = *oldest;
	*oldest = l->next;
	all->leg_count--;
	leg_free(l);
	return true;
}

struct leg *exotel_leg_new(struct vendor *v)
{
	struct exotel_state *all = state_of(v);
	struct leg *l = all->leg_count < LEGS_MAX || leg_forget(all) ? calloc(1, sizeof(*l)) : NULL;

	if (!l)
		return NULL;
	l->all = all;
	l->vendor = v;
	vendor_id(v, "c0ffee00000000000000", l->sid, sizeof(l->sid));
	l->next = all->legs;
	all->legs = l;
	all->leg_count++;
	return l;
}

static void place(struct vendor *v, struct http_request *r, const struct vendor_turn *turn, const struct placing *p)
{
	struct leg *l = exotel_leg_new(v);
	struct buf b;

	if (!l) {
		exotel_refuse(r, 429, "Too many calls", RETRY_MS);
		return;
	}
	snprintf(l->account, sizeof(l->account), "%s", http_param(r, "account"));
	l->p = *p;
	phones_find(&l->all->phones, p->from, &l->phone);
	leg_begin(l);
	buf_init(&b, CALL_BYTES_MAX);
	exotel_leg_put(&b, l, wants_xml(r));
	exotel_reply(v, r, turn, wants_xml(r), &b);
	buf_fini(&b);
}

static void on_connect(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct http_pairs form = { .count = 0 };
	struct vendor_turn turn;
	const char *message = "The body is no form";
	struct placing p;
	bool fits;

	if (!exotel_admit(v, r, &turn))
		return;
	fits = !http_form(r, &form) && placing_read(&p, &form, http_param(r, "account"), &message);
	http_pairs_free(&form);
	if (!fits)
		exotel_refuse(r, 400, message, 0);
	else if (*p.app_id && !flow_find(state_of(v), p.app_id))
		exotel_refuse(r, 400, "The account has no such flow", 0);
	else
		place(v, r, &turn, &p);
}

/* ------------------------------------------------------------------ the vendor */

static enum err exotel_begin(struct vendor *v)
{
	const struct http_client_settings settings = { .per_host_max = 100, .connections_max = 200, .exchanges_max = 4 * LEGS_MAX };
	struct exotel_state *all = calloc(1, sizeof(*all));
	struct err_detail detail;
	enum err err;

	v->state = all;
	if (!all)
		return ERR_NOMEM;
	all->vendor = v;
	all->loop = v->loop;
	habits_reset(all->habits);
	err = http_client_open(&all->client, v->loop, &settings, &detail);
	all->callbacks = (struct callbacks){ .vendor = v, .client = all->client };
	return err;
}

static void exotel_end(struct vendor *v)
{
	struct exotel_state *all = state_of(v);

	if (!all)
		return;
	while (all->legs) {
		struct leg *l = all->legs;

		all->legs = l->next;
		leg_free(l);
	}
	exotel_answers_end(all);
	callbacks_end(&all->callbacks);
	http_client_close(&all->client);
	phones_fini(&all->phones);
	free(all);
	v->state = NULL;
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/v1/Accounts/:account/Calls/connect.json", on_connect, ROUTE_OPEN, BODY_MAX },
	{ HTTP_POST, "/v1/Accounts/:account/Calls/connect", on_connect, ROUTE_OPEN, BODY_MAX },
	{ HTTP_GET, "/v1/Accounts/:account/Calls.json", exotel_list, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/v1/Accounts/:account/Calls/:sid", exotel_details, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/v1/Accounts/:account/ActiveStreams", exotel_streams, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind exotel_vendor = { .name = "exotel", .scheme = "http", .routes = routes, .control = exotel_control_routes, .open = exotel_begin,
	.close = exotel_end, .refuse = refuse_scripted };

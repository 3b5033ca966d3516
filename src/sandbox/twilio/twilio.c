/* Twilio as a server: the REST of calls, judged as the vendor judges it. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/twilio/twilio.h"

enum { BODY_MAX = 64 << 10, LINE_BYTES_MAX = 16 << 10, BASIC_MAX = 512, TIME_TEXT = 40, TWIML_PARAMETER_MAX = 4000,
	RING_DEFAULT_S = 60, MILLION = 1000000 };

static struct twilio_state *state_of(const struct vendor *v)
{
	return v->state;
}

/* ------------------------------------------------------------------ refusals */

static void refuse_with(struct http_request *r, unsigned int status, unsigned int code, const char *message, uint64_t retry_after_ms)
{
	char wait[24], more[80];
	const struct http_header headers[] = {
		{ "Content-Type", "application/json" }, { "Twilio-Concurrent-Requests", "1" }, { retry_after_ms ? "Retry-After" : NULL, wait }, { NULL, NULL } };
	uint8_t memory[1024];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	snprintf(wait, sizeof(wait), "%llu", (unsigned long long)(retry_after_ms + 999) / 1000);
	snprintf(more, sizeof(more), "https://www.twilio.com/docs/errors/%u", code);
	json_open(&b, '{');
	json_pair_u64(&b, "code", code);
	json_pair_string(&b, "message", message);
	json_pair_string(&b, "more_info", more);
	json_pair_u64(&b, "status", status);
	json_close(&b, '}');
	http_reply(r, status, headers, buf_str(&b), b.len);
}

static void twilio_refuse(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	(void)v;
	if (status == 429)
		refuse_with(r, status, 20429, "Too Many Requests", retry_after_ms);
	else
		refuse_with(r, status, status == 401 ? 20003 : 20500, "Scripted by the sandbox", retry_after_ms);
}

bool twilio_authorised(struct http_request *r, char token[LINE_TOKEN_MAX])
{
	const char *said = http_header(r, "authorization"), *account = http_param(r, "account");
	size_t account_len = strlen(account), len = 0;
	char plain[BASIC_MAX];
	bool fits = said && !strncmp(said, "Basic ", 6) && account_len < LINE_SID_MAX &&
		!sodium_base642bin((uint8_t *)plain, sizeof(plain) - 1, said + 6, strlen(said + 6), NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL);

	plain[fits ? len : 0] = 0;
	fits = fits && len > account_len + 1 && !memcmp(plain, account, account_len) && plain[account_len] == ':' && strlen(plain + account_len + 1) < LINE_TOKEN_MAX;
	if (fits)
		snprintf(token, LINE_TOKEN_MAX, "%s", plain + account_len + 1);
	else
		refuse_with(r, 401, 20003, "Authenticate", 0);
	return fits;
}

/* ------------------------------------------------------------------ a call as JSON */

static void time_put(struct buf *b, const char *key, time_t t)
{
	char text[TIME_TEXT];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	json_pair_string(b, key, t ? text : NULL);
}

void twilio_line_put(struct buf *b, const struct line *l)
{
	static const char *const nulls[] = { "answered_by", "price", "parent_call_sid", "forwarded_from", "group_sid", "trunk_sid", "stir_verstat" };
	static const char *const parts[][2] = { { "notifications", "Notifications" }, { "recordings", "Recordings" }, { "payments", "Payments" },
		{ "events", "Events" }, { "siprec", "Siprec" }, { "streams", "Streams" }, { "transcriptions", "Transcriptions" },
		{ "user_defined_message_subscriptions", "UserDefinedMessageSubscriptions" }, { "user_defined_messages", "UserDefinedMessages" } };
	char duration[24], at[200];

	snprintf(duration, sizeof(duration), "%lld", (long long)(l->answered ? l->ended - l->answered : 0));
	snprintf(at, sizeof(at), "/2010-04-01/Accounts/%s/Calls/%s", l->account, l->sid);
	json_open(b, '{');
	json_pair_string(b, "sid", l->sid);
	json_pair_string(b, "account_sid", l->account);
	json_pair_string(b, "api_version", "2010-04-01");
	json_pair_string(b, "to", l->to);
	json_pair_string(b, "to_formatted", l->to);
	json_pair_string(b, "from", l->from);
	json_pair_string(b, "from_formatted", l->from);
	json_pair_string(b, "phone_number_sid", "");
	json_pair_string(b, "status", line_status_name(l->status));
	json_pair_string(b, "direction", l->is_inbound ? "inbound" : "outbound-api");
	time_put(b, "date_created", l->made);
	time_put(b, "date_updated", l->ended ? l->ended : l->made);
	time_put(b, "start_time", l->answered);
	time_put(b, "end_time", l->ended);
	json_pair_string(b, "duration", line_is_over(l) ? duration : NULL);
	json_pair_string(b, "price_unit", "USD");
	json_pair_string(b, "caller_name", "");
	json_pair_string(b, "queue_time", "0");
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		json_pair_string(b, nulls[i], NULL);
	buf_printf(b, ",\"uri\":\"%s.json\"", at);
	json_put_key(b, "subresource_uris");
	json_open(b, '{');
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_put_key(b, parts[i][0]);
		buf_printf(b, "\"%s/%s.json\"", at, parts[i][1]);
	}
	json_close(b, '}');
	json_close(b, '}');
}

static void line_reply(struct http_request *r, unsigned int status, const struct line *l)
{
	struct buf b;

	buf_init(&b, LINE_BYTES_MAX);
	twilio_line_put(&b, l);
	http_reply_json(r, status, &b);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ lines */

static struct line *line_find(const struct twilio_state *all, const char *sid, size_t len)
{
	struct line *l = all->lines;

	while (l && (strlen(l->sid) != len || memcmp(l->sid, sid, len) != 0))
		l = l->next;
	return l;
}

/* The oldest that is over and that nothing is under way for. */
static bool line_forget(struct twilio_state *all)
{
	struct line **at, **oldest = NULL, *l;

	for (at = &all->lines; *at; at = &(*at)->next)
		if (line_is_over(*at) && !(*at)->media)
			oldest = at;
	if (!oldest)
		return false;
	l = *oldest;
	*oldest = l->next;
	all->line_count--;
	line_free(l);
	return true;
}

struct line *twilio_line_new(struct vendor *v)
{
	struct twilio_state *all = state_of(v);
	struct line *l = all->line_count < LINES_MAX || line_forget(all) ? calloc(1, sizeof(*l)) : NULL;

	if (!l)
		return NULL;
	l->all = all;
	l->vendor = v;
	vendor_id(v, "CA00000000000000000000", l->sid, sizeof(l->sid));
	l->next = all->lines;
	all->lines = l;
	all->line_count++;
	return l;
}

/* ------------------------------------------------------------------ POST Calls.json */

static bool number_fits(const char *number)
{
	size_t len = number ? strlen(number) : 0;

	return len > 7 && len <= 16 && number[0] == '+' && strspn(number + 1, "0123456789") == len - 1;
}

static bool url_fits(const char *url)
{
	return !url || (strlen(url) < LINE_URL_MAX && http_is_url(url));
}

/* What is wrong with it, as Twilio counts its errors. 0: nothing. */
static unsigned int create_judge(const struct http_pairs *form, const char **message)
{
	const char *to = http_pairs_find(form, "To"), *from = http_pairs_find(form, "From"), *url = http_pairs_find(form, "Url"),
		*twiml = http_pairs_find(form, "Twiml"), *status = http_pairs_find(form, "StatusCallback");

	*message = "No 'To' number is specified";
	if (!to)
		return 21201;
	*message = "The phone number you are attempting to call is not valid.";
	if (!number_fits(to))
		return 21211;
	*message = "The source phone number provided is not yet verified for your account.";
	if (!number_fits(from))
		return 21212;
	*message = "Url is not a valid URL";
	if ((!url && !twiml) || !url_fits(url) || !url_fits(status))
		return 21205;
	*message = "Twiml is longer than 4000 characters, or none";
	return twiml && !url && strlen(twiml) > TWIML_PARAMETER_MAX ? 21218 : 0;
}

static unsigned int events_read(const struct http_pairs *form)
{
	static const struct {
		const char *name;
		enum line_status status;
	} all[] = { { "initiated", LINE_QUEUED }, { "ringing", LINE_RINGING }, { "answered", LINE_IN_PROGRESS }, { "completed", LINE_COMPLETED } };
	unsigned int events = 0;

	for (size_t i = 0; i < form->count; i++)
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]) && !strcmp(form->items[i].name, "StatusCallbackEvent"); k++)
			if (!strcmp(form->items[i].value, all[k].name))
				events |= 1U << all[k].status;
	return events ? events : 1U << LINE_COMPLETED;
}

static void create(struct vendor *v, struct http_request *r, const struct http_pairs *form, const char *token)
{
	const char *url = http_pairs_find(form, "Url"), *twiml = http_pairs_find(form, "Twiml"), *status = http_pairs_find(form, "StatusCallback"),
		*wait = http_pairs_find(form, "Timeout");
	struct line *l = twilio_line_new(v);

	if (!l) {
		refuse_with(r, 429, 10004, "Call concurrency limit exceeded", 0);
		return;
	}
	snprintf(l->account, sizeof(l->account), "%s", http_param(r, "account"));
	snprintf(l->token, sizeof(l->token), "%s", token);
	snprintf(l->to, sizeof(l->to), "%s", http_pairs_find(form, "To"));
	snprintf(l->from, sizeof(l->from), "%s", http_pairs_find(form, "From"));
	snprintf(l->url, sizeof(l->url), "%s", url ? url : "");
	snprintf(l->status_url, sizeof(l->status_url), "%s", status ? status : "");
	l->events = events_read(form);
	l->time_limit_us = (wait ? strtoul(wait, NULL, 10) % 601 : RING_DEFAULT_S) * MILLION;
	phones_find(&l->all->phones, l->to, &l->phone);
	line_begin(l);
	if (!url && !line_prepare(l, twiml, strlen(twiml)))
		line_end(l, LINE_FAILED);
	line_reply(r, 201, l);
}

static void on_create(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	char token[LINE_TOKEN_MAX];
	struct vendor_turn turn;
	struct http_pairs form = { .count = 0 };
	const char *message;
	unsigned int code;

	if (!vendor_take(v, r, &turn) || !twilio_authorised(r, token))
		return;
	if (http_form(r, &form)) {
		refuse_with(r, 400, 20001, "The body is no form", 0);
		return;
	}
	code = create_judge(&form, &message);
	if (code)
		refuse_with(r, 400, code, message, 0);
	else
		create(v, r, &form, token);
	http_pairs_free(&form);
}

/* ------------------------------------------------------------------ Calls/SID.json */

static struct line *line_asked(struct vendor *v, struct http_request *r)
{
	const char *sid = http_param(r, "sid");
	size_t len = strlen(sid);
	struct line *l = len > 5 && !strcmp(sid + len - 5, ".json") ? line_find(state_of(v), sid, len - 5) : NULL;

	if (l && strcmp(l->account, http_param(r, "account")) != 0)
		l = NULL;
	if (!l)
		refuse_with(r, 404, 20404, "The requested resource was not found", 0);
	return l;
}

static void on_fetch(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	char token[LINE_TOKEN_MAX];
	struct vendor_turn turn;
	struct line *l = vendor_take(v, r, &turn) && twilio_authorised(r, token) ? line_asked(v, r) : NULL;

	if (l)
		line_reply(r, 200, l);
}

static void update(struct line *l, struct http_request *r, const struct http_pairs *form)
{
	const char *status = http_pairs_find(form, "Status"), *url = http_pairs_find(form, "Url"), *twiml = http_pairs_find(form, "Twiml");

	if (line_is_over(l)) {
		refuse_with(r, 400, 21220, "Call is not in-progress. Cannot redirect.", 0);
	} else if (status && strcmp(status, "completed") != 0 && (strcmp(status, "canceled") != 0 || l->status == LINE_IN_PROGRESS)) {
		refuse_with(r, 400, 21218, "Status is neither completed nor, for a call that nobody answered, canceled", 0);
	} else if ((url && twiml) || !url_fits(url) || (!status && !url && !twiml)) {
		refuse_with(r, 400, 21205, "Url is not a valid URL", 0);
	} else if (twiml && (strlen(twiml) > TWIML_PARAMETER_MAX || l->status != LINE_IN_PROGRESS || !line_inline(l, twiml, strlen(twiml)))) {
		refuse_with(r, 400, 21220, "The TwiML cannot be done now", 0);
	} else {
		if (status)
			line_end(l, l->status == LINE_IN_PROGRESS ? LINE_COMPLETED : LINE_CANCELED);
		else if (url)
			line_redirect(l, url);
		line_reply(r, 200, l);
	}
}

static void on_update(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	char token[LINE_TOKEN_MAX];
	struct vendor_turn turn;
	struct line *l = vendor_take(v, r, &turn) && twilio_authorised(r, token) ? line_asked(v, r) : NULL;
	struct http_pairs form = { .count = 0 };

	if (!l)
		return;
	if (http_form(r, &form))
		refuse_with(r, 400, 20001, "The body is no form", 0);
	else
		update(l, r, &form);
	http_pairs_free(&form);
}

/* ------------------------------------------------------------------ the vendor */

static enum err twilio_begin(struct vendor *v)
{
	const struct http_client_settings settings = { .per_host_max = 100, .connections_max = 200, .exchanges_max = 4 * LINES_MAX };
	struct twilio_state *all = calloc(1, sizeof(*all));
	struct err_detail detail;
	enum err err;

	v->state = all;
	if (!all)
		return ERR_NOMEM;
	all->vendor = v;
	all->loop = v->loop;
	err = http_client_open(&all->client, v->loop, &settings, &detail);
	all->callbacks = (struct callbacks){ .vendor = v, .client = all->client };
	return err;
}

static void twilio_end(struct vendor *v)
{
	struct twilio_state *all = state_of(v);

	if (!all)
		return;
	while (all->lines) {
		struct line *l = all->lines;

		all->lines = l->next;
		line_free(l);
	}
	callbacks_end(&all->callbacks);
	http_client_close(&all->client);
	phones_fini(&all->phones);
	free(all);
	v->state = NULL;
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/2010-04-01/Accounts/:account/Calls.json", on_create, ROUTE_OPEN, BODY_MAX },
	{ HTTP_GET, "/2010-04-01/Accounts/:account/Calls.json", twilio_list, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/2010-04-01/Accounts/:account/Calls/:sid", on_fetch, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/2010-04-01/Accounts/:account/Calls/:sid", on_update, ROUTE_OPEN, BODY_MAX },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind twilio_vendor = { .name = "twilio", .scheme = "http", .routes = routes, .control = twilio_control_routes, .open = twilio_begin,
	.close = twilio_end, .refuse = twilio_refuse };

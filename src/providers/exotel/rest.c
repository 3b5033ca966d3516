#include "providers/exotel/rest.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "providers/carrier_form.h"
#include "providers/exotel/carrier.h"

#define NAME_PREFIX "callfunnel:"

enum { WAIT_MAX_S = 3600, INDIA_LEN = 13 /* +91 and ten digits */, NUMBER_TEXT_MAX = 16, FLOW_MAX_BYTES = 2000, CALLBACK_MAX_BYTES = 4000 };

static const struct exotel_rest_options usual = { .zone_min = 330, .flow_url = EXOTEL_DEFAULT_FLOW_URL };

/* ------------------------------------------------------------------ words */

uint64_t exotel_date_ms(const char *text, int zone_min)
{
	struct tm tm = { .tm_isdst = 0 };
	int64_t ms;

	if (!text || sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	if (tm.tm_year < 1971 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	ms = ((int64_t)timegm(&tm) - (int64_t)zone_min * 60) * 1000;
	return ms > 0 ? (uint64_t)ms : 0;
}

/* What has ended is sure; everything before an end says only that Exotel has the call. */
static enum leg_state state_of(const char *status)
{
	static const struct {
		const char *name;
		enum leg_state state;
	} all[] = {
		{ "queued", LEG_QUEUED }, { "in-progress", LEG_QUEUED }, { "ringing", LEG_RINGING }, { "completed", LEG_COMPLETED }, { "busy", LEG_BUSY },
		{ "no-answer", LEG_NO_ANSWER }, { "failed", LEG_FAILED }, { "canceled", LEG_CANCELED },
	};

	for (size_t i = 0; status && i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(status, all[i].name))
			return all[i].state;
	return LEG_ASKED;
}

static const char *name_of(const char *field)
{
	return field && !strncmp(field, NAME_PREFIX, strlen(NAME_PREFIX)) ? field + strlen(NAME_PREFIX) : NULL;
}

const char *exotel_named(const struct http_pairs *query)
{
	return name_of(http_pairs_find(query, "CustomField"));
}

/* ------------------------------------------------------------------ requests */

static const struct exotel_rest_options *options_of(const void *settings)
{
	return settings ? settings : &usual;
}

static void put_base(struct buf *url, const char *base)
{
	size_t len = strlen(base);

	buf_append(url, base, len && base[len - 1] == '/' ? len - 1 : len);
}

static void begin(struct carrier_request *r, enum http_method method, const char *base, const char *account)
{
	r->method = method;
	put_base(&r->url, base);
	buf_text(&r->url, "/v1/Accounts/");
	carrier_put_escaped(&r->url, account);
	buf_text(&r->url, "/Calls");
}

static void put_number(struct carrier_request *r, const char *name, unsigned int n)
{
	char text[NUMBER_TEXT_MAX];

	snprintf(text, sizeof(text), "%u", n);
	carrier_put_pair(&r->form, name, text);
}

/* As Exotel shows its numbers to its customers, unless it is told otherwise. */
static void put_caller_id(struct carrier_request *r, const char *from, const struct exotel_rest_options *o)
{
	char national[CARRIER_NUMBER_MAX];
	bool is_india = !strncmp(from, "+91", 3) && strlen(from) == INDIA_LEN;

	if (is_india && o->caller_id == EXOTEL_CALLER_NATIONAL) {
		snprintf(national, sizeof(national), "0%s", from + 3);
		from = national;
	}
	carrier_put_pair(&r->form, "CallerId", from);
}

static void put_flow(struct carrier_request *r, const char *account, const char *flow, const struct exotel_rest_options *o)
{
	struct buf url;

	buf_init(&url, FLOW_MAX_BYTES);
	put_base(&url, o->flow_url);
	buf_printf(&url, "/%s/exoml/start_voice/%s", account, flow);
	carrier_put_pair(&r->form, "Url", buf_str(&url));
	if (url.err)
		r->form.err = url.err;
	buf_fini(&url);
}

static void put_stream(struct carrier_request *r, const struct carrier_place *p)
{
	const struct carrier_offer offer = { .media_url = p->media_url, .token = p->token, .rate_hz = p->rate_hz };
	struct buf url;

	buf_init_private(&url, EXOTEL_STREAM_URL_MAX);
	exotel_stream_url(&url, &offer);
	carrier_put_pair(&r->form, "StreamUrl", buf_str(&url));
	carrier_put_pair(&r->form, "StreamType", "bidirectional");
	if (url.err)
		r->form.err = url.err;
	buf_fini(&url);
}

static void put_name(struct carrier_request *r, const char *name)
{
	char field[CARRIER_ID_MAX + sizeof(NAME_PREFIX)];

	snprintf(field, sizeof(field), NAME_PREFIX "%s", name);
	carrier_put_pair(&r->form, "CustomField", field);
}

/* Nothing that Exotel sends is signed: the secret in the address says that it was told it by us. */
static void put_callback(struct carrier_request *r, const struct carrier_place *p)
{
	struct buf url;

	buf_init_private(&url, CALLBACK_MAX_BYTES);
	buf_printf(&url, "%s&key=", p->status_url);
	carrier_put_escaped(&url, p->hook_key ? p->hook_key : "");
	carrier_put_pair(&r->form, "StatusCallback", buf_str(&url));
	if (url.err)
		r->form.err = url.err;
	buf_fini(&url);
}

static void rest_place(struct carrier_request *r, const char *base, const char *account, const struct carrier_place *p)
{
	const struct exotel_rest_options *o = options_of(p->settings);

	begin(r, HTTP_POST, base, account);
	buf_text(&r->url, "/connect.json");
	carrier_put_pair(&r->form, "From", p->to); /* whom it dials first */
	put_caller_id(r, p->from, o);
	if (p->flow)
		put_flow(r, account, p->flow, o);
	else
		put_stream(r, p);
	put_name(r, p->name);
	put_callback(r, p);
	carrier_put_pair(&r->form, "StatusCallbackEvents%5B0%5D", "answered");
	carrier_put_pair(&r->form, "StatusCallbackEvents%5B1%5D", "terminal");
	carrier_put_pair(&r->form, "StatusCallbackContentType", "application/json");
	put_number(r, "TimeOut", p->ring_s);
	put_number(r, "TimeLimit", p->limit_s && p->limit_s < EXOTEL_LIMIT_MAX_S ? p->limit_s : EXOTEL_LIMIT_MAX_S);
	carrier_put_pair(&r->form, "Record", "false");
}

static void rest_look(struct carrier_request *r, const char *base, const char *account, const char *call)
{
	begin(r, HTTP_GET, base, account);
	buf_byte(&r->url, '/');
	carrier_put_escaped(&r->url, call);
	buf_text(&r->url, ".json");
}

/* By whom we called alone: in which form it knows our number is not said. Newest first. */
static void rest_find(struct carrier_request *r, const char *base, const char *account, const char *to, const char *from)
{
	(void)from;
	begin(r, HTTP_GET, base, account);
	buf_text(&r->url, ".json?From=");
	carrier_put_escaped(&r->url, to);
	buf_printf(&r->url, "&PageSize=%d", CARRIER_LEGS_MAX);
}

/* ------------------------------------------------------------------ answers */

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

/* One that has no form we know is not there. */
static void take_number(const char *text, char out[CARRIER_NUMBER_MAX])
{
	out[0] = 0;
	if (text && *text)
		exotel_number_put(text, out);
}

/* Our number is the ExoPhone; where it has no field of its own it is the one that was called from there. */
static void take_numbers(const json_t *o, struct carrier_leg *leg)
{
	const char *ours = text_of(o, "PhoneNumberSid");

	take_number(text_of(o, "From"), leg->to);
	take_number(ours && *ours ? ours : text_of(o, "To"), leg->from);
}

static void take_answered_by(const char *by, struct carrier_leg *leg)
{
	if (by && (!strcmp(by, "human") || !strcmp(by, "machine")))
		memcpy(leg->answered_by, by, strlen(by) + 1);
}

static bool take_leg(const json_t *o, const struct exotel_rest_options *options, struct carrier_leg *leg)
{
	const char *direction = text_of(o, "Direction"), *name = name_of(text_of(o, "CustomField"));

	*leg = (struct carrier_leg){ .state = state_of(text_of(o, "Status")), .made_ms = exotel_date_ms(text_of(o, "DateCreated"), options->zone_min) };
	if (!exotel_take_id(text_of(o, "Sid"), leg->call))
		return false;
	(void)exotel_take_id(text_of(o, "AccountSid"), leg->account);
	(void)exotel_take_id(name, leg->name);
	take_numbers(o, leg);
	take_answered_by(text_of(o, "AnsweredBy"), leg);
	leg->is_outbound = direction && !strncmp(direction, "outbound", 8);
	return true;
}

/* Bare, or each in a Call of its own as a single one is. */
static void take_legs(const json_t *all, const struct exotel_rest_options *options, struct carrier_reply *reply)
{
	for (size_t i = 0; i < json_array_size(all) && reply->leg_count < CARRIER_LEGS_MAX; i++) {
		const json_t *one = json_array_get(all, i), *inner = json_object_get(one, "Call");

		reply->leg_count += take_leg(inner ? inner : one, options, &reply->legs[reply->leg_count]);
	}
}

static void read_good(const json_t *o, const struct exotel_rest_options *options, bool wants_leg, struct carrier_reply *reply)
{
	const json_t *all = json_object_get(o, "Calls"), *one = json_object_get(o, "Call");
	bool is_list = !wants_leg && json_is_array(all);

	if (is_list)
		take_legs(all, options, reply);
	else if (wants_leg)
		reply->leg_count = json_is_object(one) && take_leg(one, options, &reply->legs[0]);
	if (!is_list && !reply->leg_count)
		return;
	reply->code = 0;
	reply->verdict = CARRIER_DONE;
}

/* The verdict hangs on the status alone: codes vary. */
static void read_bad(const struct carrier_answer *answer, const json_t *o, struct carrier_reply *reply)
{
	const json_t *exception = json_object_get(o, "RestException");
	json_int_t code = json_integer_value(json_object_get(exception, "Code"));

	if (code > 0 && code < 1000000)
		reply->code = (unsigned int)code;
	carrier_take_why(text_of(exception, "Message"), reply->why);
	reply->wait_s = carrier_number(answer->retry_after, WAIT_MAX_S);
	if (answer->status < 400 || answer->status >= 500 || answer->status == 408)
		return;
	reply->verdict = answer->status == 429 ? CARRIER_LATER : answer->status == 404 ? CARRIER_GONE : CARRIER_REFUSED;
	if (reply->verdict == CARRIER_LATER && !reply->wait_s)
		reply->wait_s = EXOTEL_LATER_S;
}

static void rest_read(const struct carrier_answer *answer, bool wants_leg, struct carrier_reply *reply)
{
	json_t *o = answer->len ? json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	*reply = (struct carrier_reply){ .verdict = CARRIER_UNKNOWN, .code = answer->status };
	if (answer->status >= 200 && answer->status < 300)
		read_good(o, options_of(answer->settings), wants_leg, reply);
	else
		read_bad(answer, o, reply);
	json_decref(o);
}

const struct carrier_rest exotel_rest = {
	.lists_ended = true,
	.authorise = carrier_put_basic,
	.place = rest_place,
	.look = rest_look,
	.find = rest_find,
	.read = rest_read,
};

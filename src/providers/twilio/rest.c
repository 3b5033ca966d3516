#include "providers/twilio/rest.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "providers/carrier_form.h"

#define VERSION "/2010-04-01/Accounts/"

enum { WAIT_MAX_S = 3600, CODE_GONE = 20404, CODE_OVER = 21220 };

/* ------------------------------------------------------------------ words */

bool twilio_take_id(const char *text, char out[CARRIER_ID_MAX])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = text ? strlen(text) : 0;

	if (!len || len >= CARRIER_ID_MAX || strspn(text, allowed) != len)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

/* What does not fit, or is none, is not there. */
static void take_plain(const char *text, const char *allowed, char *out, size_t size)
{
	size_t len = text ? strlen(text) : 0;

	out[0] = 0;
	if (len && len < size && (!allowed || strspn(text, allowed) == len))
		memcpy(out, text, len + 1);
}

static void take_answered_by(const char *text, char out[CARRIER_WORD_MAX])
{
	take_plain(text, "abcdefghijklmnopqrstuvwxyz_", out, CARRIER_WORD_MAX);
}

/* CallStatus and `status` alike; what Twilio may add some day says nothing. */
enum leg_state twilio_leg_state(const char *status)
{
	static const struct {
		const char *name;
		enum leg_state state;
	} all[] = {
		{ "queued", LEG_QUEUED }, { "initiated", LEG_QUEUED }, { "ringing", LEG_RINGING }, { "in-progress", LEG_ANSWERED },
		{ "answered", LEG_ANSWERED },
		{ "completed", LEG_COMPLETED }, { "busy", LEG_BUSY }, { "no-answer", LEG_NO_ANSWER }, { "failed", LEG_FAILED }, { "canceled", LEG_CANCELED },
	};

	for (size_t i = 0; status && i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(status, all[i].name))
			return all[i].state;
	return LEG_ASKED;
}

uint64_t twilio_date_ms(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { .tm_isdst = 0 };
	const char *at;
	char month[4];
	time_t s;

	if (!text || sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	at = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!at || (at - months) % 3 || tm.tm_year < 1971 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0)
		return 0;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	s = timegm(&tm);
	return s > 0 ? (uint64_t)s * 1000 : 0;
}

/* ------------------------------------------------------------------ requests */

static void begin(struct carrier_request *r, enum http_method method, const char *base, const char *account)
{
	size_t len = strlen(base);

	r->method = method;
	buf_append(&r->url, base, len && base[len - 1] == '/' ? len - 1 : len);
	buf_text(&r->url, VERSION);
	carrier_put_escaped(&r->url, account);
	buf_text(&r->url, "/Calls");
}

static void begin_one(struct carrier_request *r, enum http_method method, const char *base, const char *account, const char *call)
{
	begin(r, method, base, account);
	buf_byte(&r->url, '/');
	carrier_put_escaped(&r->url, call);
	buf_text(&r->url, ".json");
}

static void rest_place(struct carrier_request *r, const char *base, const char *account, const struct carrier_place *p)
{
	static const char *const events[] = { "initiated", "ringing", "answered", "completed" };
	char ring[16];

	begin(r, HTTP_POST, base, account);
	buf_text(&r->url, ".json");
	snprintf(ring, sizeof(ring), "%u", p->ring_s);
	carrier_put_pair(&r->form, "To", p->to);
	carrier_put_pair(&r->form, "From", p->from);
	carrier_put_pair(&r->form, "Url", p->voice_url);
	carrier_put_pair(&r->form, "StatusCallback", p->status_url);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		carrier_put_pair(&r->form, "StatusCallbackEvent", events[i]); /* one key each: a list is not understood here */
	carrier_put_pair(&r->form, "Timeout", ring);
	carrier_put_pair(&r->form, "Record", "false");
	if (!p->machine_url)
		return;
	carrier_put_pair(&r->form, "MachineDetection", "Enable");
	carrier_put_pair(&r->form, "AsyncAmd", "true"); /* the other way nobody hears a word until it is known */
	carrier_put_pair(&r->form, "AsyncAmdStatusCallback", p->machine_url);
}

static void rest_end(struct carrier_request *r, const char *base, const char *account, const char *call)
{
	begin_one(r, HTTP_POST, base, account, call);
	carrier_put_pair(&r->form, "Status", "completed"); /* also of one that still rings */
}

static void rest_redirect(struct carrier_request *r, const char *base, const char *account, const char *call, const char *url)
{
	begin_one(r, HTTP_POST, base, account, call);
	carrier_put_pair(&r->form, "Url", url);
}

static void rest_look(struct carrier_request *r, const char *base, const char *account, const char *call)
{
	begin_one(r, HTTP_GET, base, account, call);
}

/* Not by StartTime: one that is still queued has none, and it is not said whether it would be found. The newest come first. */
static void rest_find(struct carrier_request *r, const char *base, const char *account, const char *to, const char *from)
{
	begin(r, HTTP_GET, base, account);
	buf_text(&r->url, ".json?To=");
	carrier_put_escaped(&r->url, to);
	buf_text(&r->url, "&From=");
	carrier_put_escaped(&r->url, from);
	buf_printf(&r->url, "&PageSize=%d", CARRIER_LEGS_MAX);
}

/* ------------------------------------------------------------------ answers */

static const char *text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static bool take_leg(const json_t *o, struct carrier_leg *leg)
{
	const char *direction = text_of(o, "direction");

	*leg = (struct carrier_leg){ .state = twilio_leg_state(text_of(o, "status")), .made_ms = twilio_date_ms(text_of(o, "date_created")) };
	if (!twilio_take_id(text_of(o, "sid"), leg->call))
		return false;
	if (!twilio_take_id(text_of(o, "account_sid"), leg->account))
		leg->account[0] = 0;
	take_plain(text_of(o, "to"), NULL, leg->to, sizeof(leg->to));
	take_plain(text_of(o, "from"), NULL, leg->from, sizeof(leg->from));
	take_answered_by(text_of(o, "answered_by"), leg->answered_by);
	leg->is_outbound = direction && !strncmp(direction, "outbound", 8);
	return true;
}

static void take_legs(const json_t *all, struct carrier_reply *reply)
{
	for (size_t i = 0; i < json_array_size(all) && reply->leg_count < CARRIER_LEGS_MAX; i++)
		reply->leg_count += take_leg(json_array_get(all, i), &reply->legs[reply->leg_count]);
}

static void read_good(const json_t *o, bool wants_leg, struct carrier_reply *reply)
{
	const json_t *all = json_object_get(o, "calls");

	reply->code = 0;
	if (json_is_array(all))
		take_legs(all, reply);
	else
		reply->leg_count = json_is_object(o) && take_leg(o, &reply->legs[0]);
	reply->verdict = (wants_leg ? reply->leg_count > 0 : json_is_array(all)) ? CARRIER_DONE : CARRIER_UNKNOWN;
}

/* The verdict hangs on the status first: a code may be missing, and of a server that failed it proves nothing. */
static void read_bad(unsigned int status, const char *retry_after, const json_t *o, struct carrier_reply *reply)
{
	json_int_t code = json_integer_value(json_object_get(o, "code"));

	if (code > 0 && code < 1000000)
		reply->code = (unsigned int)code;
	carrier_take_why(text_of(o, "message"), reply->why);
	if (status < 400 || status >= 500 || status == 408)
		reply->verdict = CARRIER_UNKNOWN;
	else if (status == 429)
		reply->verdict = CARRIER_LATER;
	else if (status == 404 || reply->code == CODE_GONE || reply->code == CODE_OVER)
		reply->verdict = CARRIER_GONE;
	else
		reply->verdict = CARRIER_REFUSED;
	reply->wait_s = carrier_number(retry_after, WAIT_MAX_S);
}

static void rest_read(const struct carrier_answer *answer, bool wants_leg, struct carrier_reply *reply)
{
	json_t *o = answer->len ? json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	*reply = (struct carrier_reply){ .verdict = CARRIER_UNKNOWN, .code = answer->status };
	if (answer->status >= 200 && answer->status < 300)
		read_good(o, wants_leg, reply);
	else
		read_bad(answer->status, answer->retry_after, o, reply);
	json_decref(o);
}

/* Of a status callback, and of the one about machines, which has no CallStatus. */
enum err twilio_hear(const struct carrier_webhook *w, struct carrier_leg *leg)
{
	*leg = (struct carrier_leg){ .is_outbound = true };
	if (!w->form || !twilio_take_id(http_pairs_find(w->form, "AccountSid"), leg->account) || !twilio_take_id(http_pairs_find(w->form, "CallSid"), leg->call))
		return ERR_FORMAT;
	leg->state = twilio_leg_state(http_pairs_find(w->form, "CallStatus"));
	leg->code = carrier_number(http_pairs_find(w->form, "SipResponseCode"), 999);
	take_answered_by(http_pairs_find(w->form, "AnsweredBy"), leg->answered_by);
	return ERR_NONE;
}

const struct carrier_rest twilio_rest = {
	.authorise = carrier_put_basic,
	.place = rest_place,
	.end = rest_end,
	.redirect = rest_redirect,
	.look = rest_look,
	.find = rest_find,
	.read = rest_read,
};

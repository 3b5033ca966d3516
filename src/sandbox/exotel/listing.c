/* Calls as Exotel tells them: one (JSON or XML), those that have ended, how many sockets are open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/exotel/exotel.h"

enum { CALL_BYTES_MAX = 16 << 10, LIST_BYTES_MAX = 8 << 20, PAGE_DEFAULT = 50, PAGE_MOST = 100, SAME_DIGITS = 10, THROTTLE = 100, URI_MAX = 200 };

static struct exotel_state *state_of(const struct vendor *v)
{
	return v->state;
}

void exotel_date(time_t t, char out[DATE_MAX])
{
	struct tm tm;

	t += t ? ZONE_S : 0;
	gmtime_r(&t, &tm);
	strftime(out, t ? DATE_MAX : 1, "%Y-%m-%d %H:%M:%S", &tm);
	if (!t)
		out[0] = 0;
}

void exotel_number_back(const char *number, char out[PHONE_NUMBER_MAX])
{
	bool is_indian = !strncmp(number, "+91", 3);

	snprintf(out, PHONE_NUMBER_MAX, "%s%s", is_indian ? "0" : "", number + (is_indian ? 3 : 0));
}

/* ------------------------------------------------------------------ one call */

/* Empty is null in JSON, and an empty element in XML. */
static void member_put(struct buf *b, bool is_xml, const char *name, const char *value)
{
	if (!is_xml) {
		json_pair_string(b, name, *value ? value : NULL);
		return;
	}
	buf_printf(b, "<%s>", name);
	for (; *value; value++)
		if (*value == '<' || *value == '&')
			buf_text(b, *value == '<' ? "&lt;" : "&amp;");
		else
			buf_byte(b, (uint8_t)*value);
	buf_printf(b, "</%s>", name);
}

/* What is known late: how long it was, when it ended, what it cost. */
static void late_put(struct buf *b, const struct leg *l, bool is_xml)
{
	uint64_t late_us = (uint64_t)l->all->habits[HABIT_DETAILS_LATE_MS] * 1000;
	bool is_known = leg_is_over(l) && vendor_now_us(l->vendor) >= l->ended_us + late_us;
	char ended[DATE_MAX], seconds[24];

	exotel_date(is_known ? l->ended : 0, ended);
	snprintf(seconds, sizeof(seconds), "%lld", (long long)(l->answered ? l->ended - l->answered : 0));
	member_put(b, is_xml, "EndTime", ended);
	member_put(b, is_xml, "Duration", is_known ? seconds : "");
	member_put(b, is_xml, "Price", is_known ? "0.6" : "");
}

static void members_put(struct buf *b, const struct leg *l, bool is_xml)
{
	static const char *const unknown[] = { "ParentCallSid", "AnsweredBy", "ForwardedFrom", "CallerName", "RecordingUrl" };
	char made[DATE_MAX], updated[DATE_MAX], from[PHONE_NUMBER_MAX], ours[PHONE_NUMBER_MAX], uri[URI_MAX];

	exotel_date(l->made, made);
	exotel_date(l->ended ? l->ended : l->made, updated);
	exotel_number_back(l->p.from, from);
	exotel_number_back(l->p.caller_id, ours);
	snprintf(uri, sizeof(uri), "/v1/Accounts/%s/Calls/%s", l->account, l->sid);
	member_put(b, is_xml, "Sid", l->sid);
	member_put(b, is_xml, "DateCreated", made);
	member_put(b, is_xml, "DateUpdated", updated);
	member_put(b, is_xml, "AccountSid", l->account);
	member_put(b, is_xml, "To", ours);
	member_put(b, is_xml, "From", from);
	member_put(b, is_xml, "PhoneNumberSid", ours);
	member_put(b, is_xml, "Status", leg_status_name(l));
	member_put(b, is_xml, "StartTime", made);
	late_put(b, l, is_xml);
	member_put(b, is_xml, "Direction", l->is_inbound ? "inbound" : "outbound-api");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		member_put(b, is_xml, unknown[i], "");
	member_put(b, is_xml, "Uri", uri);
	if (*l->p.field && l->all->habits[HABIT_CUSTOM_FIELD])
		member_put(b, is_xml, "CustomField", l->p.field);
}

void exotel_leg_put(struct buf *b, const struct leg *l, bool is_xml)
{
	if (is_xml) {
		buf_text(b, EXOTEL_XML "<TwilioResponse><Call>");
		members_put(b, l, true);
		buf_text(b, "</Call></TwilioResponse>");
		return;
	}
	json_open(b, '{');
	json_put_key(b, "Call");
	json_open(b, '{');
	members_put(b, l, false);
	json_close(b, '}');
	json_close(b, '}');
}

static const struct leg *leg_asked(const struct exotel_state *all, const char *account, const char *sid, size_t len)
{
	const struct leg *l = all->legs;

	while (l && (strlen(l->sid) != len || memcmp(l->sid, sid, len) != 0 || strcmp(l->account, account) != 0))
		l = l->next;
	return l;
}

void exotel_details(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	const char *sid = http_param(r, "sid");
	size_t len = strlen(sid);
	bool is_xml = len < 5 || strcmp(sid + len - 5, ".json") != 0;
	struct vendor_turn turn;
	const struct leg *l;
	struct buf b;

	if (!exotel_admit(v, r, &turn))
		return;
	l = leg_asked(state_of(v), http_param(r, "account"), sid, is_xml ? len : len - 5);
	if (!l) {
		exotel_refuse(r, 404, "No such call", 0);
		return;
	}
	buf_init(&b, CALL_BYTES_MAX);
	exotel_leg_put(&b, l, is_xml);
	exotel_reply(v, r, &turn, is_xml, &b);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ those that ended */

/* However they are written: by their last digits. */
static bool is_same_number(const char *one, const char *other)
{
	size_t a = strlen(one), b = strlen(other);

	return a >= SAME_DIGITS && b >= SAME_DIGITS && !strcmp(one + a - SAME_DIGITS, other + b - SAME_DIGITS);
}

static bool is_wanted(const struct http_request *r, const struct leg *l)
{
	const char *from = http_query(r, "From"), *to = http_query(r, "To"), *status = http_query(r, "Status"), *sids = http_query(r, "Sid");

	return leg_is_over(l) && !strcmp(l->account, http_param(r, "account")) && (!from || is_same_number(from, l->p.from)) &&
		(!to || is_same_number(to, l->p.caller_id)) && (!status || !strcmp(status, leg_status_name(l))) && (!sids || strstr(sids, l->sid));
}

static unsigned long page_size(const struct http_request *r)
{
	const char *text = http_query(r, "PageSize");
	unsigned long n = text ? strtoul(text, NULL, 10) : PAGE_DEFAULT;

	return n < 1 ? 1 : n > PAGE_MOST ? PAGE_MOST : n;
}

void exotel_list(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	unsigned long total = 0, size = page_size(r);
	struct vendor_turn turn;
	struct buf b;

	if (!exotel_admit(v, r, &turn))
		return;
	buf_init(&b, LIST_BYTES_MAX);
	json_open(&b, '{');
	json_put_key(&b, "Calls");
	json_open(&b, '[');
	for (const struct leg *l = state_of(v)->legs; l; l = l->next)
		if (is_wanted(r, l) && total++ < size) {
			json_open(&b, '{');
			members_put(&b, l, false);
			json_close(&b, '}');
		}
	json_close(&b, ']');
	json_put_key(&b, "Metadata");
	json_open(&b, '{');
	json_pair_u64(&b, "Total", total);
	json_pair_u64(&b, "PageSize", size);
	json_close(&b, '}');
	json_close(&b, '}');
	exotel_reply(v, r, &turn, false, &b);
	buf_fini(&b);
}

void exotel_streams(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	unsigned int count = 0;
	struct vendor_turn turn;
	struct buf b;

	if (!exotel_admit(v, r, &turn))
		return;
	for (const struct leg *l = state_of(v)->legs; l; l = l->next)
		count += l->bot && !strcmp(l->account, http_param(r, "account"));
	buf_init(&b, CALL_BYTES_MAX);
	buf_printf(&b, EXOTEL_XML "<TwilioResponse><Stream><ActiveStreamCount>%u</ActiveStreamCount>", count);
	buf_printf(&b, "<ThrottleLimit>%d</ThrottleLimit></Stream></TwilioResponse>", THROTTLE);
	exotel_reply(v, r, &turn, true, &b);
	buf_fini(&b);
}

/* Lists of the sandbox's calls, page by page as Twilio gives them, and the control port's routes of this vendor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/body.h"
#include "sandbox/twilio/twilio.h"

enum { LIST_BYTES_MAX = 8 << 20, PAGE_DEFAULT = 50, PAGE_MOST = 1000, CONTROL_BODY_MAX = 256 << 10, QUERY_MAX = 600 };

#define SANDBOX_ACCOUNT "AC00000000000000000000000000000001"
#define SANDBOX_TOKEN "sandbox-auth-token"

static struct twilio_state *state_of(const struct vendor *v)
{
	return v->state;
}

/* ------------------------------------------------------------------ GET Calls.json */

static bool is_wanted(const struct http_request *r, const struct line *l)
{
	const char *to = http_query(r, "To"), *from = http_query(r, "From"), *status = http_query(r, "Status");

	return !strcmp(l->account, http_param(r, "account")) && (!to || !strcmp(to, l->to)) && (!from || !strcmp(from, l->from)) &&
		(!status || !strcmp(status, line_status_name(l->status)));
}

static unsigned long number_of(const char *text, unsigned long otherwise, unsigned long most)
{
	unsigned long n = text ? strtoul(text, NULL, 10) : otherwise;

	return n > most ? most : n;
}

static void escaped_put(struct buf *b, const char *text)
{
	for (; *text; text++)
		if (strchr("+&=%# ", *text))
			buf_printf(b, "%%%02X", (unsigned char)*text);
		else
			buf_byte(b, (uint8_t)*text);
}

static void uri_put(struct buf *b, const struct http_request *r, const char *key, unsigned long page, unsigned long size)
{
	static const char *const filters[] = { "To", "From", "Status" };
	uint8_t memory[QUERY_MAX];
	struct buf uri;

	buf_over(&uri, memory, sizeof(memory));
	buf_printf(&uri, "/2010-04-01/Accounts/%s/Calls.json?PageSize=%lu&Page=%lu", http_param(r, "account"), size, page);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (http_query(r, filters[i])) {
			buf_printf(&uri, "&%s=", filters[i]);
			escaped_put(&uri, http_query(r, filters[i]));
		}
	json_pair_string(b, key, buf_str(&uri));
}

static void page_put(struct buf *b, const struct http_request *r, const struct twilio_state *all, unsigned long page, unsigned long size)
{
	unsigned long seen = 0, put = 0;

	json_open(b, '{');
	json_put_key(b, "calls");
	json_open(b, '[');
	for (const struct line *l = all->lines; l; l = l->next) {
		if (!is_wanted(r, l))
			continue;
		if (seen >= page * size && put < size) {
			twilio_line_put(b, l);
			put++;
		}
		seen++;
	}
	json_close(b, ']');
	uri_put(b, r, "first_page_uri", 0, size);
	uri_put(b, r, "uri", page, size);
	if (page)
		uri_put(b, r, "previous_page_uri", page - 1, size);
	else
		json_pair_string(b, "previous_page_uri", NULL);
	if (seen > (page + 1) * size)
		uri_put(b, r, "next_page_uri", page + 1, size);
	else
		json_pair_string(b, "next_page_uri", NULL);
	json_pair_u64(b, "page", page);
	json_pair_u64(b, "page_size", size);
	json_pair_u64(b, "start", page * size);
	json_pair_u64(b, "end", page * size + (put ? put - 1 : 0));
	json_close(b, '}');
}

void twilio_list(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	char token[LINE_TOKEN_MAX];
	struct vendor_turn turn;
	unsigned long size = number_of(http_query(r, "PageSize"), PAGE_DEFAULT, PAGE_MOST), page = number_of(http_query(r, "Page"), 0, LINES_MAX);
	struct buf b;

	if (!vendor_take(v, r, &turn) || !twilio_authorised(r, token))
		return;
	buf_init(&b, LIST_BYTES_MAX);
	page_put(&b, r, v->state, page, size ? size : PAGE_DEFAULT);
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ the control port */

static void members_take(const json_t *body, struct line *l, const char **wrong)
{
	l->is_inbound = true;
	if (!body_text(body, "from", "+15550199", l->from, sizeof(l->from)))
		*wrong = "from";
	if (!body_text(body, "to", "+15550100", l->to, sizeof(l->to)))
		*wrong = "to";
	if (!body_text(body, "account_sid", SANDBOX_ACCOUNT, l->account, sizeof(l->account)))
		*wrong = "account_sid";
	if (!body_text(body, "auth_token", SANDBOX_TOKEN, l->token, sizeof(l->token)))
		*wrong = "auth_token";
	if (!body_text(body, "status_url", "", l->status_url, sizeof(l->status_url)))
		*wrong = "status_url";
	if (!body_text(body, "url", "", l->url, sizeof(l->url)) || !http_is_url(l->url))
		*wrong = "url";
}

static void on_call(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct err_detail why = { .message = "It is missing, or no such thing." };
	json_t *body = body_read(r);
	const char *wrong = NULL;
	struct phone phone = { .script = NULL };
	struct line *l, got = { .events = 1U << LINE_COMPLETED };
	struct buf b;

	if (!body)
		return;
	if (!phone_make(&state_of(v)->phones, body, &phone, &why))
		wrong = why.where;
	else
		members_take(body, &got, &wrong);
	l = wrong ? NULL : twilio_line_new(v);
	json_decref(body);
	if (!l) {
		phone_fini(&phone);
		body_refuse(r, wrong, wrong ? why.message : "There are as many calls as the sandbox keeps.");
		return;
	}
	got.all = l->all;
	got.next = l->next;
	got.vendor = v;
	memcpy(got.sid, l->sid, sizeof(got.sid));
	got.phone = phone;
	*l = got;
	line_begin(l);
	buf_init(&b, LIST_BYTES_MAX);
	twilio_line_put(&b, l);
	http_reply_json(r, 201, &b);
	buf_fini(&b);
}

/* Of all accounts, with what the sandbox alone knows: how many sockets, and how far the phone's script is. */
static void on_calls(struct http_request *r, void *arg)
{
	const struct vendor *v = arg;
	const struct twilio_state *all = v->state;
	struct buf b;

	buf_init(&b, LIST_BYTES_MAX);
	json_open(&b, '{');
	json_put_key(&b, "calls");
	json_open(&b, '[');
	for (const struct line *l = all->lines; l; l = l->next) {
		json_open(&b, '{');
		json_pair_string(&b, "sid", l->sid);
		json_pair_string(&b, "status", line_status_name(l->status));
		json_pair_u64(&b, "streams", l->streams);
		json_pair_u64(&b, "step", l->step);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static void on_phone(struct http_request *r, void *arg)
{
	phones_hear(&state_of(arg)->phones, r);
}

const struct http_route twilio_control_routes[] = {
	{ HTTP_POST, "/twilio/calls", on_call, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ HTTP_GET, "/twilio/calls", on_calls, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/twilio/phones", on_phone, ROUTE_OPEN, CONTROL_BODY_MAX },
	{ .method = HTTP_METHOD_NONE },
};

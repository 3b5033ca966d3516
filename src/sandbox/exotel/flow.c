/* An account's flow: Voicebot asks by GET where the sound is to go (or has a fixed address), Passthru behind its socket whether the call goes on.
 *
 * What a Voicebot does with an answer that is none is not documented: here the next applet runs. Passthru leads back to the Voicebot by 200, and to
 * the end by anything else; so does its silence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sandbox/exotel/exotel.h"

enum { APPLET_US = 100000 /* from one to the next */, QUERY_MAX = 6000, QUESTIONS_MAX = 1000 /* by one call: a flow that never ends, ends */ };

static const struct log log_here = { .plane = "sandbox", .doing = "being Exotel's flow" };

const struct flow *flow_find(const struct exotel_state *all, const char *app_id)
{
	for (size_t i = 0; i < all->flow_count; i++)
		if (!strcmp(all->flows[i].app_id, app_id))
			return &all->flows[i];
	return NULL;
}

static void after_applet(struct leg *l, void (*next)(void *arg))
{
	clock_timer_set(&l->timer, l->vendor->options->clock, vendor_now_us(l->vendor) + APPLET_US, next, l);
}

/* ------------------------------------------------------------------ questions */

static void pair_put(struct buf *b, const char *name, const char *value)
{
	buf_byte(b, '&');
	callback_put_escaped(b, name);
	buf_byte(b, '=');
	callback_put_escaped(b, value);
}

/* What every applet of a flow is told: whoever called or was called is From. */
static void call_put(const struct leg *l, struct buf *b)
{
	char made[DATE_MAX], now[DATE_MAX];

	exotel_date(l->made, made);
	exotel_date(time(NULL), now);
	pair_put(b, "CallSid", l->sid);
	pair_put(b, "CallFrom", l->p.from);
	pair_put(b, "CallTo", l->p.caller_id);
	pair_put(b, "Direction", l->is_inbound ? "incoming" : "outbound-api");
	pair_put(b, "From", l->p.from);
	pair_put(b, "To", l->p.caller_id);
	pair_put(b, "Created", made);
	pair_put(b, "CurrentTime", now);
	pair_put(b, "flow_id", l->p.app_id);
	if (*l->p.field && l->all->habits[HABIT_CUSTOM_FIELD])
		pair_put(b, "CustomField", l->p.field);
}

static void stream_put(const struct leg *l, struct buf *b)
{
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%lld", (long long)(l->last.began ? l->last.ended - l->last.began : 0));
	pair_put(b, "Stream[StreamSID]", l->last.sid);
	pair_put(b, "Stream[Status]", l->last.has_failed ? "failed" : "completed");
	pair_put(b, "Stream[Duration]", seconds);
	pair_put(b, "Stream[StreamUrl]", l->last.url);
	pair_put(b, "Stream[DisconnectedBy]", "bot"); /* when the caller leaves nobody is asked */
}

static enum err ask(struct leg *l, const char *fault, const char *url, struct buf *query, const struct http_exchange_handlers *handlers)
{
	char plain[PHONE_URL_MAX], there[REACH_MAX], real[REACH_MAX + QUERY_MAX], header[CALLBACK_HEADER_MAX];
	const char *headers[] = { "User-Agent: Exotel", NULL, NULL };
	const struct http_ask what = { .method = HTTP_GET, .url = real, .headers = headers, .total_us = FLOW_TOTAL_US, .body_max_bytes = FLOW_ANSWER_MAX };
	struct err_detail detail;

	if (query->err || l->asked >= QUESTIONS_MAX || harms_take(l->vendor->harms, l->vendor->kind->name, fault).kind == HARM_RESET)
		return ERR_UNAVAILABLE;
	exotel_split(url, plain, header);
	headers[1] = *header ? header : NULL;
	callback_reach(l->phone.via, plain, there);
	snprintf(real, sizeof(real), "%s%c%s", there, strchr(there, '?') ? '&' : '?', buf_str(query) + 1);
	l->asked++;
	return http_exchange_start(&l->fetch, l->all->client, &what, handlers, l, &detail);
}

/* ------------------------------------------------------------------ Passthru */

static void again(void *arg)
{
	flow_run(arg);
}

static void on_passthru(const struct http_answer *answer, void *arg)
{
	struct leg *l = arg;

	if (answer->status == 200)
		after_applet(l, again);
	else
		leg_end(l, LEG_COMPLETED);
}

static const struct http_exchange_handlers passthru_handlers = { .done = on_passthru };

static void passthru(void *arg)
{
	struct leg *l = arg;
	const struct flow *f = flow_find(l->all, l->p.app_id);
	struct buf query;

	buf_init(&query, QUERY_MAX);
	call_put(l, &query);
	stream_put(l, &query);
	if (!f || !*f->passthru || ask(l, "/flow/passthru", f->passthru, &query, &passthru_handlers))
		leg_end(l, LEG_COMPLETED);
	buf_fini(&query);
}

void flow_go_on(struct leg *l)
{
	after_applet(l, passthru);
}

/* ------------------------------------------------------------------ Voicebot */

/* {"url":"wss://…"} */
static bool address_open(struct leg *l, const struct http_answer *answer)
{
	json_t *body = answer->status == 200 ? json_loadb((const char *)answer->body, answer->len, 0, NULL) : NULL;
	const char *url = json_string_value(json_object_get(body, "url"));
	bool is_open = url && voicebot_open(l, url);

	json_decref(body);
	return is_open;
}

static void on_address(const struct http_answer *answer, void *arg)
{
	struct leg *l = arg;

	if (address_open(l, answer))
		return;
	log_warn(&log_here, "no address came for a Voicebot", LOG_UINT("status", answer->status), LOG_ERR(answer->err));
	flow_go_on(l);
}

static const struct http_exchange_handlers voicebot_handlers = { .done = on_address };

void flow_run(struct leg *l)
{
	const struct flow *f = flow_find(l->all, l->p.app_id);
	bool is_fixed = f && !strncmp(f->voicebot, "ws", 2);
	struct buf query;

	if (!f) {
		leg_end(l, LEG_FAILED);
		return;
	}
	buf_init(&query, QUERY_MAX);
	call_put(l, &query);
	if (is_fixed ? !voicebot_open(l, f->voicebot) : ask(l, "/flow/voicebot", f->voicebot, &query, &voicebot_handlers) != ERR_NONE)
		flow_go_on(l);
	buf_fini(&query);
}

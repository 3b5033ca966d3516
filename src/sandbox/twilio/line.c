#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "sandbox/twilio/twilio.h"

enum { DIAL_US = 100000, CLOSING_US = 20000, THOUSAND = 1000, MILLION = 1000000, NO_ANSWER_US = 2000000, TIME_TEXT = 40 };

static const struct log log_here = { .plane = "sandbox", .doing = "being a carrier" };

static void url_fetch(struct line *l, const char *url);
static void verb_do(struct line *l);

static const char *const status_names[LINE_STATUSES] = { "queued", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled" };

const char *line_status_name(enum line_status status)
{
	return status_names[status];
}

bool line_is_over(const struct line *l)
{
	return l->status > LINE_IN_PROGRESS;
}

static void after(struct line *l, uint64_t us, void (*handler)(void *arg))
{
	clock_timer_set(&l->timer, l->vendor->options->clock, vendor_now_us(l->vendor) + us, handler, l);
}

/* ------------------------------------------------------------------ what we are told */

static void pairs_make(const struct line *l, struct webhook_pairs *p, const char *status)
{
	p->count = 0;
	webhook_put(p, "AccountSid", l->account);
	webhook_put(p, "ApiVersion", "2010-04-01");
	webhook_put(p, "CallSid", l->sid);
	webhook_put(p, "CallStatus", status);
	webhook_put(p, "Called", l->to);
	webhook_put(p, "Caller", l->from);
	webhook_put(p, "Direction", l->is_inbound ? "inbound" : "outbound-api");
	webhook_put(p, "From", l->from);
	webhook_put(p, "To", l->to);
}

/* Each is one more in the sequence, whatever becomes of it. */
static void status_tell(struct line *l)
{
	const char *name = l->status == LINE_QUEUED ? "initiated" : line_status_name(l->status);
	enum line_status event = line_is_over(l) ? LINE_COMPLETED : l->status;
	char number[24], duration[24], when[TIME_TEXT];
	time_t now = time(NULL);
	struct webhook_pairs p;
	struct tm tm;

	if (!*l->status_url || !(l->events & 1U << event))
		return;
	pairs_make(l, &p, name);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)l->callbacks++);
	snprintf(duration, sizeof(duration), "%lld", (long long)(l->answered ? now - l->answered : 0));
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	webhook_put(&p, "CallbackSource", "call-progress-events");
	webhook_put(&p, "SequenceNumber", number);
	webhook_put(&p, "Timestamp", when);
	if (line_is_over(l))
		webhook_put(&p, "CallDuration", duration);
	if (line_is_over(l) && l->status != LINE_COMPLETED)
		webhook_put(&p, "SipResponseCode", l->status == LINE_BUSY ? "486" : l->status == LINE_FAILED ? "404" : "487");
	webhook_tell(l, l->status_url, name, &p);
}

static void status_set(struct line *l, enum line_status status)
{
	l->status = status;
	if (status == LINE_IN_PROGRESS)
		l->answered = time(NULL);
	if (line_is_over(l))
		l->ended = time(NULL);
	status_tell(l);
}

/* ------------------------------------------------------------------ TwiML */

static void twiml_leave(struct line *l)
{
	clock_timer_stop(&l->timer);
	http_exchange_cancel(&l->fetch);
	free(l->twiml);
	l->twiml = NULL;
	l->verb = 0;
}

void line_end(struct line *l, enum line_status status)
{
	if (line_is_over(l))
		return;
	twiml_leave(l);
	l->is_here = false;
	status_set(l, status);
	if (l->media)
		media_end(l, true);
}

void line_caller_left(struct line *l)
{
	line_end(l, l->status == LINE_IN_PROGRESS ? LINE_COMPLETED : LINE_CANCELED);
}

static void verb_next(void *arg)
{
	struct line *l = arg;

	l->verb++;
	verb_do(l);
}

/* The socket before is still closing. */
static void verb_again(void *arg)
{
	verb_do(arg);
}

static void verb_do(struct line *l)
{
	const struct verb *v = &l->twiml->verbs[l->verb];

	if (l->verb >= l->twiml->count || v->kind == VERB_HANGUP) {
		line_end(l, LINE_COMPLETED);
		return;
	}
	if (v->kind == VERB_REJECT) {
		line_end(l, l->status == LINE_RINGING ? LINE_BUSY : LINE_COMPLETED);
		return;
	}
	if (l->status == LINE_RINGING && v->kind != VERB_PAUSE && v->kind != VERB_REDIRECT)
		status_set(l, LINE_IN_PROGRESS); /* it is answered by what is heard */
	if (v->kind == VERB_REDIRECT)
		url_fetch(l, v->url);
	else if (v->kind != VERB_CONNECT)
		after(l, (uint64_t)v->seconds * MILLION, verb_next);
	else if (l->media)
		after(l, CLOSING_US, verb_again);
	else if (!media_open(l, v))
		after(l, DIAL_US, verb_next);
}

void line_media_closed(struct line *l)
{
	media_free(l);
	if (line_is_over(l) || !l->twiml || l->verb >= l->twiml->count || l->twiml->verbs[l->verb].kind != VERB_CONNECT)
		return; /* its TwiML was left meanwhile */
	if (*l->twiml->verbs[l->verb].action)
		url_fetch(l, l->twiml->verbs[l->verb].action);
	else
		verb_next(l);
}

static struct twiml *twiml_make(const char *text, size_t len)
{
	struct twiml *t = malloc(sizeof(*t));

	if (t && twiml_read(text, len, t)) {
		free(t);
		t = NULL;
	}
	return t;
}

bool line_prepare(struct line *l, const char *text, size_t len)
{
	l->twiml = twiml_make(text, len);
	return l->twiml;
}

bool line_inline(struct line *l, const char *text, size_t len)
{
	struct twiml *t = twiml_make(text, len);

	if (!t)
		return false;
	twiml_leave(l);
	l->twiml = t;
	if (l->media)
		media_end(l, true);
	verb_do(l);
	return true;
}

/* ------------------------------------------------------------------ asking */

static void on_twiml(const struct http_answer *answer, void *arg)
{
	struct line *l = arg;

	if (answer->status >= 200 && answer->status < 300 && line_inline(l, (const char *)answer->body, answer->len))
		return;
	log_warn(&log_here, "no TwiML came", LOG_UINT("status", answer->status), LOG_ERR(answer->err));
	line_end(l, l->is_inbound || l->status == LINE_IN_PROGRESS ? LINE_COMPLETED : LINE_FAILED); /* 11200, 12100: "an application error has occurred" */
}

static const struct http_exchange_handlers twiml_handlers = { .done = on_twiml };

static void url_fetch(struct line *l, const char *url)
{
	struct webhook_pairs p;
	char copy[LINE_URL_MAX];

	snprintf(copy, sizeof(copy), "%s", url); /* it may lie in what is left now */
	twiml_leave(l);
	pairs_make(l, &p, line_status_name(l->status));
	if (webhook_ask(l, copy, &p, &twiml_handlers))
		line_end(l, LINE_FAILED);
}

void line_redirect(struct line *l, const char *url)
{
	url_fetch(l, url);
	if (l->media)
		media_end(l, true);
}

/* ------------------------------------------------------------------ ringing */

static void over_limit(void *arg)
{
	struct line *l = arg;

	line_end(l, LINE_NO_ANSWER);
}

static void answered(void *arg)
{
	struct line *l = arg;
	static const enum line_status ends[] = { [PHONE_BUSY] = LINE_BUSY, [PHONE_NO_ANSWER] = LINE_NO_ANSWER, [PHONE_FAILED] = LINE_FAILED };

	if (l->phone.outcome != PHONE_ANSWERS) {
		line_end(l, ends[l->phone.outcome]);
		return;
	}
	status_set(l, LINE_IN_PROGRESS);
	if (l->twiml)
		verb_do(l);
	else
		url_fetch(l, l->url);
}

static void rings(void *arg)
{
	struct line *l = arg;

	status_set(l, LINE_RINGING);
	if (l->time_limit_us && l->phone.ring_ms * THOUSAND > l->time_limit_us)
		after(l, l->time_limit_us, over_limit);
	else
		after(l, l->phone.ring_ms * THOUSAND, answered);
}

void line_begin(struct line *l)
{
	l->is_here = true;
	l->made = time(NULL);
	if (l->is_inbound) {
		l->status = LINE_RINGING;
		url_fetch(l, l->url);
		return;
	}
	status_set(l, LINE_QUEUED);
	after(l, DIAL_US, rings);
}

void line_free(struct line *l)
{
	twiml_leave(l);
	media_free(l);
	phone_fini(&l->phone);
	free(l);
}

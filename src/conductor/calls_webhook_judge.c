/* What a carrier's webhook is answered, once it is known whose it is (calls_webhook.c): the offer of a worker, an apology, the end.
 *
 * Twilio is told what to do, and asks /after what is next. A resolver (Exotel) asks /voice for an address each time it wants sound, and /after
 * only whether there is more to come: who comes back there asks /voice once more, and is given the call that has lost its socket. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conductor/calls_state.h"

static const struct log log_here = { .plane = "conductor", .doing = "answering a carrier's webhook" };

#define SORRY "We are sorry, nobody can take your call right now. Please try again later."

/* ---- answers ---- */

static void answer_as(struct ask *a, unsigned int status, struct buf *b)
{
	if (b->err)
		ask_failed(a, b->err);
	else {
		http_reply_as(a->request, status ? status : 200, a->carrier->answer_type, b->data, b->len);
		ask_over(a);
	}
	buf_fini(b);
}

void webhook_answer(struct ask *a, struct buf *b)
{
	answer_as(a, 200, b);
}

void webhook_hang_up(struct ask *a)
{
	struct buf b;

	buf_init(&b, 65536);
	a->carrier->hang_up(&b);
	answer_as(a, a->carrier->end_status, &b);
}

static void answer_sorry(struct ask *a)
{
	struct buf b;

	buf_init(&b, 65536);
	a->carrier->apologise(&b, "en-US", SORRY);
	answer_as(a, a->carrier->retry_status, &b);
}

void webhook_nothing(struct ask *a)
{
	struct buf b;

	buf_init(&b, 65536);
	a->carrier->acknowledge(&b);
	webhook_answer(a, &b);
}

/* The URL is signed, and its number is good for one offer: whoever sends it once more has overheard it, or did not get the answer. A number that was
 * asked by and not used stays, also when the call could not be read. */
static void after_url(const struct ask *a, unsigned int attempt, char out[CALL_URL_MAX])
{
	uint32_t visit = a->visit > a->record.visits ? a->visit : a->record.visits + 1;
	bool named = a->is_transfer ? dial_is_ours(&a->record) : a->is_named;
	int len = snprintf(out, CALL_URL_MAX, "%s/webhooks/%s/after?%s%s%svisit=%" PRIu32, a->calls->settings.options.server_url, a->carrier->kind,
		named ? "call=" : "", named ? a->id : "", named ? "&" : "", visit);

	if (attempt)
		snprintf(out + len, CALL_URL_MAX - (size_t)len, "&attempt=%u", attempt);
}

static void answer_offer(struct ask *a)
{
	char after[CALL_URL_MAX];
	struct carrier_offer offer = { .media_url = a->media_url, .token = a->token, .after_url = after, .pause_s = a->is_after && a->record.offers > 1,
		.rate_hz = a->calls->settings.media_hz };
	struct buf b;

	buf_init(&b, 65536);
	after_url(a, 0, after);
	a->carrier->connect(&b, &offer);
	webhook_answer(a, &b);
}

/* Of a transfer the same step is asked for again. */
static void retry_url(const struct ask *a, char out[CALL_URL_MAX])
{
	size_t len;

	if (!a->is_transfer) {
		after_url(a, a->attempt, out);
		return;
	}
	transfer_url(a->calls, a->carrier->kind, a->id, a->step, out);
	len = strlen(out);
	if (a->attempt)
		snprintf(out + len, CALL_URL_MAX - len, "&attempt=%u", a->attempt);
}

static void answer_retry(struct ask *a)
{
	char after[CALL_URL_MAX];
	struct buf b;

	buf_init(&b, 65536);
	retry_url(a, after);
	a->carrier->retry(&b, after, 1);
	answer_as(a, a->carrier->retry_status, &b);
}

/* Not now, and somebody is on the line: the carrier asks again in a second, and says how often it did. */
void webhook_failed(struct ask *a)
{
	if (++a->attempt <= CALLS_OFFERS_MAX)
		answer_retry(a);
	else
		answer_sorry(a);
}

/* ---- the offer ---- */

static void end_sorry(struct ask *a, const char *reason)
{
	call_record_end(&a->record, reason, calls_now_ms(a->calls));
	a->then = answer_sorry;
	ask_store(a);
}

static void offer(struct ask *a);

/* Nobody has room. Who has been heard already waits a little; so does who rings while we hardly know who is there. */
static void no_worker(struct ask *a)
{
	if (!a->is_after && a->record.state == CALL_WAITING) {
		if (ask_wait(a, offer))
			return;
		sight_note(a->calls, a->id, a->record.epoch); /* the sweeper leaves it alone for as long as it may come again */
		end_sorry(a, "no_worker");
		return;
	}
	a->record.offers++;
	sight_note(a->calls, a->id, a->record.epoch);
	a->then = answer_retry;
	ask_store(a);
}

static void offer(struct ask *a)
{
	a->token[0] = 0;
	if (a->is_after && a->record.offers >= CALLS_OFFERS_MAX)
		end_sorry(a, a->record.state == CALL_WAITING ? "unanswered" : "lost");
	else if (!ask_offer(a, a->carrier->media_path, answer_offer))
		no_worker(a);
}

void webhook_offer(struct ask *a)
{
	a->is_after = true; /* he was there already, and waits */
	offer(a);
}

/* ---- the call ---- */

static void make(struct ask *a)
{
	struct err_detail detail = { .message = "" };
	struct call_book *held;
	enum err err = book_current(a->calls, a->rulebook, &held, &detail);
	bool is_new = !a->began_ms;

	a->record.is_outbound = a->call.is_outbound;
	if (!err) {
		rulebook_free(a->book);
		a->book = rulebook_share(held->book);
		err = call_make(a, NULL, NULL, a->calls->settings.options.samples, &detail);
	}
	if (err) {
		log_warn(&log_here, "the rule-book does not serve this call", LOG_ERR(err), LOG_TEXT("rulebook", a->rulebook), LOG_TEXT("why", detail.message));
		answer_sorry(a);
		return;
	}
	if (is_new)
		a->began_ms = calls_now_ms(a->calls);
	a->record.began_ms = a->began_ms;
	snprintf(a->record.kind, sizeof(a->record.kind), "%s", a->carrier->kind);
	memcpy(a->record.account, a->call.account, sizeof(a->record.account));
	memcpy(a->record.carrier_call, a->call.call, sizeof(a->record.carrier_call));
	if (a->call.is_outbound || route_number(a->call.number, a->record.number))
		a->record.number[0] = 0;
	a->then = offer;
	call_begin(a, !is_new);
}

/* The carrier asks again though we have apologised: it did not get that, and somebody is still on the line. Later than a carrier waits for an
 * answer it has been heard, and the call is over. */
static bool comes_again(const struct ask *a)
{
	return calls_now_ms(a->calls) - a->record.ended_ms < CALLS_AGAIN_MS;
}

/* It has ended. Who asks again after nobody took it is told again, unless somebody can take it now. */
static void answer_ended(struct ask *a)
{
	if (a->is_after || strcmp(a->record.reason, "no_worker") != 0) {
		webhook_hang_up(a);
	} else if (comes_again(a) && worker_any(a->calls)) {
		call_record_reopen(&a->record);
		a->then = offer;
		call_reopen(a);
	} else if (!comes_again(a) || !ask_wait(a, ask_load)) {
		answer_sorry(a);
	}
}

/* A carrier asks how to answer before anybody has the call: who asks it of one that is talked in says again what he has overheard. */
static bool is_replay(const struct ask *a)
{
	return !a->is_after && !a->carrier->is_resolver && a->record.state == CALL_LIVE;
}

/* A resolver asks for a call that has had a socket: it came back, and that is no repeated question. */
static void resolver_is_back(struct ask *a)
{
	if (!a->carrier->is_resolver || a->record.state != CALL_LIVE)
		return;
	a->is_after = true;
	a->is_repeat = false;
}

/* The carrier asks what is next when the media socket is gone. While it is well, this was overheard and is said again, or the line broke so
 * that only the carrier knows: no stream takes the call from whoever has it, and who asks may ask again. */
static void answer_alive(struct ask *a)
{
	log_warn(&log_here, "a call that is talked in is asked for: it is given no second stream", LOG_TEXT("id", a->id));
	webhook_failed(a);
}

/* An offer was made by this URL. A carrier that did not get the answer goes on by the URL of this one; nobody else can sign that. */
static bool is_used(const struct ask *a)
{
	return a->is_after && a->visit && a->visit <= a->record.visits;
}

static void judge_known(struct ask *a)
{
	if (a->record.state == CALL_ENDED) {
		answer_ended(a);
	} else if (is_replay(a)) {
		log_warn(&log_here, "a webhook came once more for a call that is answered: it is given no stream", LOG_TEXT("id", a->id));
		webhook_hang_up(a);
	} else if (is_used(a)) {
		log_warn(&log_here, "a webhook came once more: it is given no stream, and told to come back", LOG_TEXT("id", a->id));
		answer_retry(a);
	} else if (a->record.state == CALL_LIVE && a->gone_epoch != a->record.epoch) {
		ask_socket(a, answer_alive);
	} else {
		a->record.visits = a->visit ? a->visit : a->record.visits; /* stored with the offer */
		resolver_is_back(a);
		offer(a);
	}
}

/* What to do then, it asks at /voice. */
static void judge_onward(struct ask *a)
{
	if (a->revision == DOCUMENT_NONE || !a->began_ms || a->record.state == CALL_ENDED)
		webhook_hang_up(a);
	else
		webhook_nothing(a);
}

void webhook_judge(struct ask *a)
{
	if (a->is_onward)
		judge_onward(a);
	else if (a->revision != DOCUMENT_NONE && a->began_ms)
		judge_known(a);
	else if (a->is_after)
		webhook_hang_up(a); /* nobody knows it */
	else
		make(a);
}

/* ---- a call of ours: the URL names it ---- */

static void foreign(struct ask *a)
{
	log_warn(&log_here, "a leg that is not this attempt's: it is given no stream", LOG_TEXT("id", a->id));
	webhook_hang_up(a);
}

static enum dial_news hear(struct ask *a)
{
	if (a->revision == DOCUMENT_NONE || !a->began_ms || !dial_is_ours(&a->record))
		return DIAL_FOREIGN;
	return dial_hear(&a->record, &a->leg, calls_now_ms(a->calls));
}

/* It was answered, or its socket is gone. What was heard is stored with the offer. */
void webhook_judge_named(struct ask *a)
{
	enum dial_news news = hear(a);

	if (news == DIAL_FOREIGN) {
		foreign(a);
	} else if (a->is_onward) {
		judge_onward(a);
	} else if (news == DIAL_NEWS && a->record.state != CALL_WAITING) {
		a->then = judge_known;
		ask_store(a);
	} else {
		judge_known(a);
	}
}

static void tell_answered(struct ask *a)
{
	ask_answered(a, webhook_nothing);
}

/* He was on his way to a person. */
static void hung_up(struct ask *a)
{
	transfer_follow(a, false);
	webhook_nothing(a);
}

void webhook_judge_status(struct ask *a)
{
	bool was_known = a->record.dial.answered_by[0];
	enum dial_news news = hear(a);

	if (news == DIAL_NEWS && !dial_is_open(&a->record) && transfer_gone(&a->record, calls_now_ms(a->calls))) {
		a->then = hung_up;
		ask_store(a);
		return;
	}
	if (news == DIAL_NEWS) {
		a->then = !was_known && a->record.dial.answered_by[0] ? tell_answered : webhook_nothing;
		ask_store(a);
		return;
	}
	if (news == DIAL_FOREIGN)
		log_warn(&log_here, "a webhook tells of a leg that is not this attempt's", LOG_TEXT("id", a->id));
	webhook_nothing(a);
}

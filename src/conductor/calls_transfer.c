/* Handing a call over to a person (transfer.h): the tool that asks for it, and the carrier's webhooks on the way.
 *
 * The tool's request is parked until it is known what comes of it. When the caller is taken away its worker leaves the call, and with it this request;
 * when he is brought back, whoever has the call then asks under the same key again and is told how it went. So nothing of it hangs on a process.
 * A webhook is said again by a carrier that did not get the answer, within CALLS_AGAIN_MS, and gets the same; later it is overheard, and gets none.
 * Numbers are in no log. Loop thread.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "conductor/calls_state.h"

enum { PARKED_MS = 35000, KEY_S = 10, TWIML_MAX = 65536 };

static const struct log log_here = { .plane = "conductor", .doing = "handing a call over" };

void transfer_url(const struct calls *c, const char *kind, const char *id, const char *step, char out[CALL_URL_MAX])
{
	snprintf(out, CALL_URL_MAX, "%s/webhooks/%s/transfer?call=%s&step=%s", c->settings.options.server_url, kind, id, step);
}

bool transfer_lingers(const struct call_record *r, uint64_t now_ms)
{
	return transfer_next(r, false, now_ms) == TRANSFER_HANG_UP && now_ms < r->ended_ms + TRANSFER_LATE_MS;
}

/* ---- the tool ---- */

/* Why nobody can be asked; NULL: somebody can. */
static const char *unable(const struct ask *a)
{
	const struct calls_line *line = *a->record.kind ? line_find(a->calls, a->record.kind) : NULL;

	if (!line || !line->carrier->transfer || !*a->calls->settings.options.server_url)
		return "A call cannot be handed over on this line. Nobody was called.";
	if (transfer_is_open(&a->record))
		return "The call is being handed over already.";
	return dialer_has_room(a->calls) ? NULL : "Too many calls are being placed. Nobody was called. Try again in a moment.";
}

static const char *fill(const struct ask *a, const struct rulebook_target *target, const char *note, struct call_transfer *t)
{
	const struct call_record *r = &a->record;
	const char *from = dial_is_ours(r) ? r->dial.from : r->number;
	json_t *variables = r->variables.len ? json_loadb((const char *)r->variables.data, r->variables.len, 0, NULL) : NULL;
	struct buf said;
	enum err err = ERR_NONE;

	*t = (struct call_transfer){ .state = TRANSFER_ASKED, .is_warm = target->is_warm, .wants_key = target->wants_key, .ring_s = target->ring_s,
		.asked_ms = calls_now_ms(a->calls) };
	snprintf(t->target, sizeof(t->target), "%s", target->name);
	snprintf(t->outcome, sizeof(t->outcome), "%s", target->outcome);
	snprintf(t->to, sizeof(t->to), "%s", target->to);
	snprintf(t->from, sizeof(t->from), "%s", from[0] == '+' ? from : "");
	buf_init(&said, sizeof(t->briefing) - 1);
	if (target->is_warm)
		err = rulebook_briefing(a->book, target->name, r->language, variables, note, &said);
	snprintf(t->briefing, sizeof(t->briefing), "%s", err ? "" : buf_str(&said));
	buf_fini(&said);
	json_decref(variables);
	if (err)
		return "What is to be said to that person is too long. Nobody was called. Ask again with a shorter note.";
	return target->is_warm && !t->from[0] ? "No number of ours is known that could be shown. Nobody was called." : NULL;
}

/* Into the record; or why not. NULL and an unchanged record: the toolbox says what is wrong with the arguments. */
static const char *begin(struct ask *a, uint64_t key)
{
	json_t *arguments = json_loads(json_string_value(json_object_get(a->body, "arguments")), JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(arguments, "target")), *why = NULL;
	struct call_transfer t = { .state = TRANSFER_NONE };
	struct rulebook_target target;

	if (arguments && !rulebook_tool_check(a->book, RULEBOOK_TRANSFER_TOOL, arguments, NULL) && rulebook_target_find(a->book, name, &target)) {
		why = unable(a);
		if (!why)
			why = fill(a, &target, json_string_value(json_object_get(arguments, "note")), &t);
	}
	json_decref(arguments);
	if (!why && t.state) {
		t.key = key;
		t.epoch = a->record.epoch;
		a->record.transfer = t;
	}
	return why;
}

static void park(struct ask *a)
{
	a->is_parked = true;
	if (!a->parked_ms)
		a->parked_ms = calls_mono_ms(a->calls);
}

static void begun(struct ask *a)
{
	park(a);
	dialer_transfer(a->calls, a->tenant, a->id, a->began_ms, true);
}

void transfer_admit(struct ask *a, uint64_t key)
{
	struct call_transfer *t = &a->record.transfer;

	if (t->key < key) {
		a->refused = begin(a, key);
		if (t->key != key) {
			ask_tool_start(a);
			return;
		}
		a->record.tools++;
		a->then = begun;
		ask_store(a);
	} else if (t->key == key && transfer_is_open(&a->record)) {
		park(a); /* what is under way wakes it, or the next sweep */
	} else {
		a->refused = t->key == key ? transfer_result(&a->record) : "Another one was asked for meanwhile.";
		ask_tool_start(a);
	}
}

/* Whoever took the call away does not ask for it here; who has it still, and hears nothing for so long, is told that. */
static void wake(struct ask *a)
{
	a->is_parked = false;
	a->failed = NULL;
	a->tries = 0;
	if (calls_mono_ms(a->calls) - a->parked_ms > PARKED_MS) {
		ask_error(a, 503, "unavailable", "What became of it is not known.", NULL);
		return;
	}
	ask_load(a);
}

void transfer_wake(struct calls *c, const char *id)
{
	struct ask *next;

	for (struct ask *a = c->asks; a; a = next) {
		next = a->next;
		if (!a->is_parked || (id && strcmp(id, a->id) != 0))
			continue;
		if (!id) /* a sweep: whatever was begun may have died with its conductor */
			dialer_transfer(c, a->tenant, a->id, a->began_ms, false);
		wake(a);
	}
}

/* ---- what is answered ---- */

static void url_of(const struct ask *a, const char *step, char out[CALL_URL_MAX])
{
	transfer_url(a->calls, a->carrier->kind, a->id, step, out);
}

static void room_name(const struct ask *a, char out[CALL_ID_MAX + 24])
{
	snprintf(out, CALL_ID_MAX + 24, "%s-%llu", a->id, (unsigned long long)a->record.transfer.key);
}

static void answer_taken(struct ask *a)
{
	const struct call_transfer *t = &a->record.transfer;
	const char *music = a->calls->settings.hold_music_url;
	char done[CALL_URL_MAX], leg[CALL_URL_MAX], name[CALL_ID_MAX + 24];
	const struct carrier_dial dial = { .to = t->to, .from = t->from, .ring_s = t->ring_s, .done_url = done, .leg_url = leg };
	const struct carrier_room room = { .name = name, .waits = true, .music_url = music ? music : "", .done_url = done };
	struct buf b;

	buf_init(&b, TWIML_MAX);
	url_of(a, "done", done);
	url_of(a, "leg", leg);
	room_name(a, name);
	if (t->is_warm)
		a->carrier->transfer->room(&b, &room);
	else
		a->carrier->transfer->dial(&b, &dial);
	webhook_answer(a, &b);
}

static void answer_joined(struct ask *a)
{
	char name[CALL_ID_MAX + 24];
	const struct carrier_room room = { .name = name, .music_url = "" };
	struct buf b;

	buf_init(&b, TWIML_MAX);
	room_name(a, name);
	a->carrier->transfer->room(&b, &room);
	webhook_answer(a, &b);
}

static void answer_briefing(struct ask *a)
{
	const struct call_transfer *t = &a->record.transfer;
	char key[CALL_URL_MAX];
	const struct carrier_brief brief = { .language = a->record.language, .text = t->briefing, .key_url = key, .wants_key = t->wants_key, .key_s = KEY_S };
	struct buf b;

	buf_init(&b, TWIML_MAX);
	url_of(a, "key", key);
	a->carrier->transfer->brief(&b, &brief);
	webhook_answer(a, &b);
}

void transfer_follow(struct ask *a, bool is_new)
{
	if (a->record.state == CALL_ENDED && a->record.is_settling)
		sight_settles(a->calls, a->id, a->record.epoch);
	else
		sight_note(a->calls, a->id, a->record.epoch);
	dialer_transfer(a->calls, a->tenant, a->id, a->began_ms, is_new);
}

static void taken(struct ask *a)
{
	transfer_follow(a, a->record.transfer.is_warm);
	answer_taken(a);
}

static void over(struct ask *a)
{
	transfer_follow(a, false);
	webhook_hang_up(a);
}

static void heard(struct ask *a)
{
	transfer_follow(a, false);
	webhook_nothing(a);
}

static void store(struct ask *a, ask_step *then)
{
	a->then = then;
	ask_store(a);
}

/* ---- the caller's leg ---- */

static bool is_caller(const struct ask *a)
{
	return !strcmp(a->leg.call, a->record.carrier_call) && (!a->record.account[0] || !strcmp(a->leg.account, a->record.account));
}

static bool is_again(const struct ask *a, uint64_t since_ms)
{
	return calls_now_ms(a->calls) - since_ms < CALLS_AGAIN_MS;
}

/* The caller goes back to the agent: once, but that the carrier asks again before anybody has attached. */
static void bring_back(struct ask *a)
{
	struct call_transfer *t = &a->record.transfer;
	bool is_lost = a->record.state != CALL_LIVE || (t->is_back && a->record.epoch != t->epoch) || !transfer_is_over(&a->record) || t->state == TRANSFER_GONE;

	if (is_lost) {
		webhook_hang_up(a);
		return;
	}
	t->is_back = true; /* stored with the offer */
	webhook_offer(a);
}

/* A transfer that was given up before its caller came: he is with the agent again. */
static void judge_take(struct ask *a)
{
	struct call_transfer *t = &a->record.transfer;

	if (transfer_left(&a->record, calls_now_ms(a->calls)))
		store(a, taken);
	else if (transfer_is_away(&a->record) && !transfer_is_over(&a->record) && t->state < TRANSFER_JOINED && is_again(a, t->away_ms))
		answer_taken(a);
	else
		bring_back(a);
}

static void judge_done(struct ask *a, const struct carrier_turn *turn)
{
	bool news = transfer_closed(&a->record, turn->dialled, turn->seconds, !turn->is_over, calls_now_ms(a->calls));

	if (news && a->record.state == CALL_ENDED)
		store(a, over);
	else
		bring_back(a);
}

static void judge_caller(struct ask *a, const struct carrier_turn *turn)
{
	if (!is_caller(a)) {
		log_warn(&log_here, "a leg that is not the call's is given nothing", LOG_TEXT("id", a->id));
		webhook_hang_up(a);
	} else if (!strcmp(a->step, "take")) {
		judge_take(a);
	} else if (!strcmp(a->step, "done")) {
		judge_done(a, turn);
	} else {
		bring_back(a);
	}
}

/* ---- the human's leg ---- */

static void judge_leg(struct ask *a, const struct carrier_turn *turn)
{
	if (!is_caller(a) && transfer_leg(&a->record, &a->leg, turn->seconds, calls_now_ms(a->calls)))
		store(a, heard);
	else
		webhook_nothing(a);
}

static bool is_human(const struct ask *a)
{
	const struct call_transfer *t = &a->record.transfer;

	return t->is_warm && !is_caller(a) && (!t->leg[0] || !strcmp(t->leg, a->leg.call));
}

/* Nobody waits for him any more, or another one has picked up under his name. */
static void judge_brief(struct ask *a)
{
	const struct call_transfer *t = &a->record.transfer;
	bool fits = is_human(a) && transfer_is_away(&a->record) && t->state >= TRANSFER_HELD && t->state <= TRANSFER_BRIEFED;

	a->leg.state = LEG_ANSWERED;
	if (!fits)
		webhook_hang_up(a);
	else if (transfer_leg(&a->record, &a->leg, 0, calls_now_ms(a->calls)))
		store(a, answer_briefing);
	else
		answer_briefing(a);
}

static void judge_key(struct ask *a, const struct carrier_turn *turn)
{
	const struct call_transfer *t = &a->record.transfer;

	if (is_human(a) && t->leg[0] && transfer_is_away(&a->record) && transfer_key(&a->record, turn->key, calls_now_ms(a->calls)))
		store(a, t->state == TRANSFER_JOINED ? answer_joined : over);
	else if (is_human(a) && transfer_is_away(&a->record) && t->state == TRANSFER_JOINED && is_again(a, t->joined_ms))
		answer_joined(a);
	else
		webhook_hang_up(a);
}

/* ---- all of them ---- */

void webhook_judge_transfer(struct ask *a)
{
	struct carrier_turn turn;

	if (a->revision == DOCUMENT_NONE || !a->began_ms || !a->record.transfer.state || !a->carrier->transfer) {
		webhook_hang_up(a);
		return;
	}
	a->carrier->transfer->hear(&a->webhook, &turn);
	if (!strcmp(a->step, "leg"))
		judge_leg(a, &turn);
	else if (!strcmp(a->step, "brief"))
		judge_brief(a);
	else if (!strcmp(a->step, "key"))
		judge_key(a, &turn);
	else
		judge_caller(a, &turn);
}

#include "conductor/dial.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "conductor/calls_state.h"

enum { NUMBER_MIN = 8, NUMBER_MAX = 15, NANP_DIGITS = 11, SHOWN_DIGITS = 4 };
enum { D_TO = 1, D_FROM, D_STATE, D_ASKED, D_ANSWERED_BY, D_CODE, D_WHY, D_PLACE_BY };

static const char *const state_names[LEG_STATES] = { [LEG_ASKED] = "asked", [LEG_QUEUED] = "queued", [LEG_RINGING] = "ringing",
	[LEG_ANSWERED] = "answered", [LEG_COMPLETED] = "completed", [LEG_BUSY] = "busy", [LEG_NO_ANSWER] = "no_answer", [LEG_FAILED] = "failed",
	[LEG_CANCELED] = "canceled" };

const char *dial_state_name(enum leg_state state)
{
	return state_names[state];
}

/* ------------------------------------------------------------------ numbers */

/* North America: area and exchange begin with 2 to 9, and neither is a service's number such as 911. */
static bool nanp_ok(const char *digits)
{
	for (const char *part = digits + 1; part <= digits + 4; part += 3)
		if (part[0] < '2' || (part[1] == '1' && part[2] == '1'))
			return false;
	return strlen(digits) == NANP_DIGITS;
}

enum err dial_number(const char *text, char out[ROUTE_NUMBER_MAX], struct err_detail *detail)
{
	size_t len;

	*detail = (struct err_detail){ .hint = "write it with its country: +14155550123" };
	if (route_number(text, out) || out[0] != '+') {
		snprintf(detail->message, sizeof(detail->message), "this is no phone number with a country");
		return ERR_FORMAT;
	}
	len = strlen(out + 1);
	if (len < NUMBER_MIN || len > NUMBER_MAX || out[1] == '0') {
		snprintf(detail->message, sizeof(detail->message), "no country has such a number: %d to %d digits, the first no 0", NUMBER_MIN, NUMBER_MAX);
		return ERR_FORMAT;
	}
	if (out[1] == '1' && (len != NANP_DIGITS || !nanp_ok(out + 1))) {
		snprintf(detail->message, sizeof(detail->message), "+1 has no such number");
		return ERR_FORMAT;
	}
	return ERR_NONE;
}

/* ------------------------------------------------------------------ what it is */

bool dial_is_ours(const struct call_record *r)
{
	return r->dial.to[0] != 0;
}

static bool is_over(enum leg_state state)
{
	return state >= LEG_COMPLETED;
}

bool dial_is_open(const struct call_record *r)
{
	return dial_is_ours(r) && !is_over(r->dial.state);
}

/* ------------------------------------------------------------------ news */

static bool is_foreign(const struct call_record *r, const struct carrier_leg *leg)
{
	if (leg->account[0] && strcmp(leg->account, r->account) != 0)
		return true;
	return r->carrier_call[0] ? strcmp(r->carrier_call, leg->call) != 0 : is_over(r->dial.state);
}

/* As the call's reason; a leg that was answered and in which nobody of ours ever talked was of no use to anybody. */
static const char *reason_of(enum leg_state state)
{
	return state == LEG_COMPLETED ? "unanswered" : state_names[state];
}

static void move(struct call_record *r, enum leg_state state, uint64_t now_ms)
{
	r->dial.state = state;
	if (is_over(state) && r->state == CALL_WAITING)
		call_record_end(r, reason_of(state), now_ms);
}

enum dial_news dial_hear(struct call_record *r, const struct carrier_leg *leg, uint64_t now_ms)
{
	struct call_dial *d = &r->dial;
	enum dial_news news = DIAL_NOTHING;

	if (is_foreign(r, leg))
		return DIAL_FOREIGN;
	if (!r->carrier_call[0]) {
		memcpy(r->carrier_call, leg->call, sizeof(r->carrier_call));
		news = DIAL_NEWS;
	}
	if (leg->answered_by[0] && !d->answered_by[0]) {
		memcpy(d->answered_by, leg->answered_by, sizeof(d->answered_by));
		news = DIAL_NEWS;
	}
	if (is_over(d->state) || leg->state <= d->state)
		return news;
	d->code = leg->code;
	move(r, leg->state, now_ms);
	return DIAL_NEWS;
}

void dial_end(struct call_record *r, enum leg_state state, const char *why, unsigned int code, uint64_t now_ms)
{
	if (is_over(r->dial.state))
		return;
	r->dial.code = code;
	snprintf(r->dial.why, sizeof(r->dial.why), "%s", why);
	move(r, state, now_ms);
}

/* ------------------------------------------------------------------ what is next */

enum dial_step dial_next(const struct call_record *r, bool is_new, uint64_t now_ms)
{
	const struct call_dial *d = &r->dial;

	if (!dial_is_open(r))
		return DIAL_REST;
	if ((is_new || d->place_by_ms) && d->state == LEG_ASKED && !r->carrier_call[0]) {
		if (r->state != CALL_WAITING)
			return DIAL_DROP;
		return is_new || now_ms <= d->place_by_ms ? DIAL_PLACE : DIAL_LATE;
	}
	if (now_ms > d->asked_ms + DIAL_GIVE_UP_MS)
		return DIAL_GIVE_UP;
	if (r->state == CALL_LIVE)
		return DIAL_REST;
	if (r->carrier_call[0])
		return DIAL_LOOK;
	return now_ms < d->asked_ms + DIAL_LOOK_MS ? DIAL_REST : DIAL_FIND;
}

bool dial_fits(const struct call_record *r, const struct carrier_leg *leg)
{
	uint64_t asked = r->dial.asked_ms;

	if (leg->name[0])
		return !strcmp(leg->name, r->id);
	return leg->is_outbound && !strcmp(leg->to, r->dial.to) && !strcmp(leg->from, r->dial.from) && leg->made_ms + DIAL_SKEW_MS >= asked &&
		leg->made_ms <= asked + DIAL_PLACE_MS + DIAL_ASK_MS + DIAL_SKEW_MS;
}

bool dial_is_absent(const struct call_record *r, unsigned int ring_s, uint64_t now_ms)
{
	return now_ms > r->dial.asked_ms + DIAL_UNKNOWN_MS + (uint64_t)ring_s * 1000;
}

/* ------------------------------------------------------------------ bytes */

void dial_encode(const struct call_dial *d, uint32_t field, struct buf *out)
{
	size_t opened;

	if (!d->to[0])
		return;
	opened = wire_open(out, field);
	wire_put_text(out, D_TO, d->to);
	wire_put_text(out, D_FROM, d->from);
	wire_put_u64(out, D_STATE, d->state);
	wire_put_u64(out, D_ASKED, d->asked_ms);
	wire_put_text(out, D_ANSWERED_BY, d->answered_by);
	wire_put_u64(out, D_CODE, d->code);
	wire_put_text(out, D_WHY, d->why);
	if (d->place_by_ms)
		wire_put_u64(out, D_PLACE_BY, d->place_by_ms);
	wire_close(out, opened);
}

static bool take_field(struct call_dial *d, const struct wire_field *f)
{
	switch (f->number) {
	case D_TO: return wire_text(f, d->to, sizeof(d->to));
	case D_FROM: return wire_text(f, d->from, sizeof(d->from));
	case D_ANSWERED_BY: return wire_text(f, d->answered_by, sizeof(d->answered_by));
	case D_WHY: return wire_text(f, d->why, sizeof(d->why));
	case D_STATE: d->state = (enum leg_state)wire_u32(f); break;
	case D_ASKED: d->asked_ms = f->u64; break;
	case D_PLACE_BY: d->place_by_ms = f->u64; break;
	case D_CODE: d->code = wire_u32(f); break;
	default: break;
	}
	return !f->is_bytes;
}

bool dial_decode(struct call_dial *d, const struct wire_field *f)
{
	struct wire_reader sub;
	struct wire_field one;
	bool good = f->is_bytes;

	*d = (struct call_dial){ .state = LEG_ASKED };
	if (!good)
		return false;
	wire_reader_init(&sub, f->bytes, f->len);
	while (good && wire_next(&sub, &one))
		good = one.number > D_PLACE_BY || take_field(d, &one);
	return good && !sub.err && d->to[0] && d->state < LEG_STATES;
}

/* ------------------------------------------------------------------ for people */

void dial_put(struct buf *b, const struct call_dial *d, bool reveals)
{
	char to[ROUTE_NUMBER_MAX];
	size_t len;

	if (!d->to[0])
		return;
	len = strlen(d->to);
	memcpy(to, d->to, sizeof(to));
	for (size_t i = 1; !reveals && i + SHOWN_DIGITS < len; i++)
		to[i] = '*';
	json_put_key(b, "dial");
	json_open(b, '{');
	json_pair_string(b, "state", dial_state_name(d->state));
	json_pair_string(b, "to", to);
	json_pair_string(b, "from", d->from);
	json_pair_u64(b, "asked_ms", d->asked_ms);
	json_pair_string(b, "answered_by", d->answered_by);
	json_pair_u64(b, "code", d->code);
	json_pair_string(b, "why", d->why);
	json_close(b, '}');
}

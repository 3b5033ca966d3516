#include "conductor/transfer.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "conductor/calls_state.h"

static const char *const state_names[TRANSFER_STATES] = { [TRANSFER_NONE] = "none", [TRANSFER_ASKED] = "asked", [TRANSFER_HELD] = "held",
	[TRANSFER_RINGING] = "ringing", [TRANSFER_BRIEFED] = "briefed", [TRANSFER_JOINED] = "joined", [TRANSFER_DONE] = "done", [TRANSFER_BUSY] = "busy",
	[TRANSFER_NO_ANSWER] = "no_answer", [TRANSFER_FAILED] = "failed", [TRANSFER_REFUSED] = "refused", [TRANSFER_GONE] = "gone" };

const char *transfer_state_name(enum transfer_state state)
{
	return state_names[state];
}

/* ---- what it is ---- */

static bool is_under_way(const struct call_transfer *t)
{
	return t->state > TRANSFER_NONE && t->state < TRANSFER_DONE;
}

/* Whoever was reached has the caller, and whoever hung up needs nobody. */
static bool is_unreached(const struct call_transfer *t)
{
	return t->state > TRANSFER_DONE && t->state < TRANSFER_GONE;
}

bool transfer_is_over(const struct call_record *r)
{
	return r->transfer.state >= TRANSFER_DONE;
}

bool transfer_is_away(const struct call_record *r)
{
	const struct call_transfer *t = &r->transfer;

	return r->state == CALL_LIVE && t->away_ms && !t->is_back && (is_under_way(t) || is_unreached(t));
}

bool transfer_is_open(const struct call_record *r)
{
	return transfer_is_away(r) || (r->state == CALL_LIVE && r->transfer.state == TRANSFER_ASKED);
}

const char *transfer_result(const struct call_record *r)
{
	switch (r->transfer.state) {
	case TRANSFER_BUSY: return "Not reached: the line is busy. The caller is back with you.";
	case TRANSFER_NO_ANSWER: return "Not reached: nobody answered. The caller is back with you.";
	case TRANSFER_REFUSED: return "Not reached: nobody took the call. The caller is back with you.";
	case TRANSFER_FAILED: return "Not reached: the call could not be put through. The caller is with you.";
	default: return NULL;
	}
}

/* ---- what was heard ---- */

static bool move(struct call_record *r, enum transfer_state state, uint64_t now_ms)
{
	struct call_transfer *t = &r->transfer;

	if (t->state >= TRANSFER_DONE || state <= t->state)
		return false;
	t->state = state;
	if (state == TRANSFER_JOINED)
		t->joined_ms = now_ms;
	if (state >= TRANSFER_DONE)
		t->over_ms = now_ms;
	return true;
}

/* What is settled by the book, the sweeper settles; nobody else has to be heard first. */
static void end_call(struct call_record *r, const char *reason, const char *outcome, uint64_t now_ms)
{
	call_record_end(r, reason, now_ms);
	snprintf(r->outcome, sizeof(r->outcome), "%s", outcome);
	call_record_recorded(r);
	r->connected_ms = now_ms > r->clock_ms ? now_ms - r->clock_ms : 0;
	r->is_told = true;
	r->is_settling = true;
	buf_reset(&r->known);
}

bool transfer_left(struct call_record *r, uint64_t now_ms)
{
	if (r->state != CALL_LIVE || r->transfer.state != TRANSFER_ASKED)
		return false;
	r->transfer.away_ms = now_ms;
	r->transfer.epoch = r->epoch;
	return move(r, r->transfer.is_warm ? TRANSFER_HELD : TRANSFER_RINGING, now_ms);
}

static enum transfer_state end_of(enum leg_state state)
{
	return state == LEG_BUSY ? TRANSFER_BUSY : state == LEG_FAILED ? TRANSFER_FAILED : TRANSFER_NO_ANSWER;
}

/* A cold leg that was answered is joined; a warm one is spoken to first, and only a key joins it. */
static bool leg_moves(struct call_record *r, enum leg_state state, uint64_t now_ms)
{
	struct call_transfer *t = &r->transfer;

	if (state == LEG_ANSWERED)
		return move(r, t->is_warm ? TRANSFER_BRIEFED : TRANSFER_JOINED, now_ms);
	if (state == LEG_QUEUED || state == LEG_RINGING)
		return move(r, TRANSFER_RINGING, now_ms);
	if (state < LEG_COMPLETED || t->leg_over)
		return false;
	t->leg_over = true;
	if (t->is_warm && t->state < TRANSFER_JOINED)
		(void)move(r, t->state == TRANSFER_BRIEFED ? TRANSFER_REFUSED : end_of(state), now_ms);
	return true;
}

bool transfer_leg(struct call_record *r, const struct carrier_leg *leg, uint32_t seconds, uint64_t now_ms)
{
	struct call_transfer *t = &r->transfer;
	bool news = false;

	if (!t->away_ms || (t->leg[0] && strcmp(t->leg, leg->call) != 0))
		return false;
	if (!t->leg[0] && leg->call[0]) {
		memcpy(t->leg, leg->call, sizeof(t->leg));
		news = true;
	}
	if (seconds && !t->leg_s) {
		t->leg_s = seconds;
		news = true;
	}
	return leg_moves(r, leg->state, now_ms) || news;
}

bool transfer_key(struct call_record *r, char key, uint64_t now_ms)
{
	struct call_transfer *t = &r->transfer;

	if (!t->is_warm || !t->away_ms || t->state < TRANSFER_HELD || r->state != CALL_LIVE)
		return false;
	return move(r, key == '1' || !t->wants_key ? TRANSFER_JOINED : TRANSFER_REFUSED, now_ms);
}

bool transfer_fail(struct call_record *r, unsigned int code, uint64_t now_ms)
{
	r->transfer.code = code;
	return move(r, TRANSFER_FAILED, now_ms);
}

/* They had talked, or nobody was ever there for him. */
bool transfer_gone(struct call_record *r, uint64_t now_ms)
{
	bool joined = r->transfer.state == TRANSFER_JOINED;

	if (!transfer_is_open(r))
		return false;
	(void)move(r, joined ? TRANSFER_DONE : TRANSFER_GONE, now_ms); /* an end stays: nobody was reached, and then he hung up */
	end_call(r, joined ? "transferred" : "caller", joined ? r->transfer.outcome : "", now_ms);
	return true;
}

bool transfer_closed(struct call_record *r, enum leg_state state, uint32_t seconds, bool is_there, uint64_t now_ms)
{
	struct call_transfer *t = &r->transfer;
	bool answered = t->state == TRANSFER_JOINED || (!t->is_warm && (state == LEG_ANSWERED || state == LEG_COMPLETED));

	if (!t->away_ms || r->state != CALL_LIVE || t->is_back)
		return false;
	t->leg_s = seconds ? seconds : t->leg_s;
	t->leg_over = t->leg_over || !t->is_warm;
	if (answered)
		(void)move(r, TRANSFER_JOINED, now_ms);
	if (answered || !is_there)
		return transfer_gone(r, now_ms);
	return move(r, end_of(state), now_ms);
}

static bool fetch_is_due(const struct call_record *r, uint64_t now_ms)
{
	return transfer_is_away(r) && is_unreached(&r->transfer) && now_ms >= r->transfer.fetch_ms + TRANSFER_AGAIN_MS;
}

bool transfer_fetch(struct call_record *r, uint64_t now_ms)
{
	bool due = fetch_is_due(r, now_ms);

	if (due)
		r->transfer.fetch_ms = now_ms;
	return due;
}

/* How long it has been; a cold one that may be talked in is nobody's to end, but by what the carrier says, or after the longest call. */
bool transfer_late(struct call_record *r, uint64_t now_ms)
{
	struct call_transfer *t = &r->transfer;
	uint64_t rings = t->away_ms + (uint64_t)t->ring_s * 1000 + TRANSFER_LATE_MS;

	if (t->state == TRANSFER_ASKED && now_ms > t->asked_ms + TRANSFER_ASK_MS)
		return move(r, TRANSFER_FAILED, now_ms);
	if (t->is_warm && t->state >= TRANSFER_HELD && t->state < TRANSFER_JOINED && now_ms > rings)
		return move(r, TRANSFER_NO_ANSWER, now_ms);
	if (transfer_is_away(r) && is_unreached(t) && now_ms > t->over_ms + TRANSFER_BACK_MS)
		return transfer_gone(r, now_ms);
	if (transfer_is_away(r) && now_ms > t->away_ms + DIAL_GIVE_UP_MS)
		return transfer_gone(r, now_ms);
	return false;
}

/* ---- what is next ---- */

bool transfer_has_leg(const struct call_record *r)
{
	const struct call_transfer *t = &r->transfer;

	return t->is_warm && t->leg[0] && !t->leg_over;
}

enum transfer_step transfer_next(const struct call_record *r, bool is_new, uint64_t now_ms)
{
	const struct call_transfer *t = &r->transfer;

	if (t->state == TRANSFER_ASKED && r->state == CALL_LIVE)
		return is_new || now_ms >= t->asked_ms + TRANSFER_AGAIN_MS ? TRANSFER_TAKE : TRANSFER_REST;
	if (fetch_is_due(r, now_ms))
		return TRANSFER_FETCH;
	if (transfer_has_leg(r) && (transfer_is_over(r) || r->state == CALL_ENDED))
		return TRANSFER_HANG_UP;
	if (!transfer_is_away(r))
		return TRANSFER_REST;
	if (t->state == TRANSFER_HELD && is_new)
		return TRANSFER_PLACE;
	return is_new ? TRANSFER_REST : TRANSFER_LOOK;
}

/* ---- bytes ---- */

enum { T_KEY = 1, T_STATE, T_TARGET, T_OUTCOME, T_TO, T_FROM, T_WARM, T_WANTS_KEY, T_RING, T_BRIEFING, T_EPOCH, T_ASKED, T_AWAY, T_JOINED, T_OVER, T_LEG,
	T_LEG_OVER, T_LEG_S, T_BACK, T_CODE, T_FETCH };

void transfer_encode(const struct call_transfer *t, uint32_t field, struct buf *out)
{
	size_t opened;

	if (!t->state)
		return;
	opened = wire_open(out, field);
	wire_put_u64(out, T_KEY, t->key);
	wire_put_u64(out, T_STATE, t->state);
	wire_put_text(out, T_TARGET, t->target);
	wire_put_text(out, T_OUTCOME, t->outcome);
	wire_put_text(out, T_TO, t->to);
	wire_put_text(out, T_FROM, t->from);
	wire_put_u64(out, T_WARM, t->is_warm);
	wire_put_u64(out, T_WANTS_KEY, t->wants_key);
	wire_put_u64(out, T_RING, t->ring_s);
	wire_put_text(out, T_BRIEFING, t->briefing);
	wire_put_u64(out, T_EPOCH, t->epoch);
	wire_put_u64(out, T_ASKED, t->asked_ms);
	wire_put_u64(out, T_AWAY, t->away_ms);
	wire_put_u64(out, T_JOINED, t->joined_ms);
	wire_put_u64(out, T_OVER, t->over_ms);
	wire_put_text(out, T_LEG, t->leg);
	wire_put_u64(out, T_LEG_OVER, t->leg_over);
	wire_put_u64(out, T_LEG_S, t->leg_s);
	wire_put_u64(out, T_BACK, t->is_back);
	wire_put_u64(out, T_CODE, t->code);
	wire_put_u64(out, T_FETCH, t->fetch_ms);
	wire_close(out, opened);
}

static void take_number(struct call_transfer *t, const struct wire_field *f)
{
	switch (f->number) {
	case T_KEY: t->key = f->u64; break;
	case T_STATE: t->state = (enum transfer_state)wire_u32(f); break;
	case T_WARM: t->is_warm = f->u64; break;
	case T_WANTS_KEY: t->wants_key = f->u64; break;
	case T_RING: t->ring_s = wire_u32(f); break;
	case T_EPOCH: t->epoch = wire_u32(f); break;
	case T_ASKED: t->asked_ms = f->u64; break;
	case T_AWAY: t->away_ms = f->u64; break;
	case T_JOINED: t->joined_ms = f->u64; break;
	case T_OVER: t->over_ms = f->u64; break;
	case T_LEG_OVER: t->leg_over = f->u64; break;
	case T_LEG_S: t->leg_s = f->u64; break;
	case T_BACK: t->is_back = f->u64; break;
	case T_CODE: t->code = wire_u32(f); break;
	case T_FETCH: t->fetch_ms = f->u64; break;
	default: break;
	}
}

static bool take_field(struct call_transfer *t, const struct wire_field *f)
{
	switch (f->number) {
	case T_TARGET: return wire_text(f, t->target, sizeof(t->target));
	case T_OUTCOME: return wire_text(f, t->outcome, sizeof(t->outcome));
	case T_TO: return wire_text(f, t->to, sizeof(t->to));
	case T_FROM: return wire_text(f, t->from, sizeof(t->from));
	case T_BRIEFING: return wire_text(f, t->briefing, sizeof(t->briefing));
	case T_LEG: return wire_text(f, t->leg, sizeof(t->leg));
	default: take_number(t, f); return f->number > T_FETCH || !f->is_bytes;
	}
}

bool transfer_decode(struct call_transfer *t, const struct wire_field *f)
{
	struct wire_reader sub;
	struct wire_field one;
	bool good = f->is_bytes;

	*t = (struct call_transfer){ .state = TRANSFER_NONE };
	if (!good)
		return false;
	wire_reader_init(&sub, f->bytes, f->len);
	while (good && wire_next(&sub, &one))
		good = take_field(t, &one);
	return good && !sub.err && t->state > TRANSFER_NONE && t->state < TRANSFER_STATES;
}

/* ---- for people ---- */

bool transfer_had_it(const struct call_record *r)
{
	return r->transfer.away_ms && !r->transfer.is_back;
}

void transfer_members(struct buf *b, const struct call_transfer *t)
{
	json_pair_string(b, "state", transfer_state_name(t->state));
	json_pair_string(b, "target", t->target);
	json_pair_string(b, "how", t->is_warm ? "warm" : "cold");
	json_pair_u64(b, "leg_s", t->leg_s);
}

void transfer_put(struct buf *b, const struct call_transfer *t)
{
	if (!t->state)
		return;
	json_put_key(b, "transfer");
	json_open(b, '{');
	transfer_members(b, t);
	json_pair_u64(b, "asked_ms", t->asked_ms);
	json_pair_u64(b, "away_ms", t->away_ms);
	json_pair_u64(b, "joined_ms", t->joined_ms);
	json_pair_u64(b, "over_ms", t->over_ms);
	json_pair_u64(b, "code", t->code);
	json_pair_bool(b, "back", t->is_back);
	json_close(b, '}');
}

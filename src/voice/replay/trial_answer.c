/* What follows from an order that the copy made at another time than the recording. See trial.h and trial_copy.h.
 *
 *   own order ──► is there one like it in the recording? ── no ──► its reply is not known
 *                        │ yes
 *                        ▼
 *   recorded replies, each as much sooner or later as the order ──► copy ──► NOTE_LATENCY: the parts
 *
 * Up to the turn's end only what has no say in it may move (a request made ahead, and the words made of its answer: an order to play
 * at another time ends the trial there, trial_copy.c). Behind it all may, as long as the caller is silent: whoever speaks before the
 * answer is heard would have met another call. Refuses to answer what the recording does not have. Owns nothing; one thread. */
#include "voice/replay/trial_copy.h"

enum {
	SPARE_US = 5000000, /* so much later than in the recording nobody waits for the answer */
	REPLY_US = 300000   /* what was ordered so long ago would be heard by now, or soon */
};

void trial_answer_stop(struct trial_copy *v, enum trial_latency why)
{
	if (v->turn->latency == LATENCY_KNOWN && v->side->part_count < LATENCY_PARTS)
		v->turn->latency = why;
	v->running = v->running && !v->answering;
}

/* ------------------------------------------------------------------ orders */

/* The recording's number of an utterance: that of the same words. */
static uint64_t recorded_utterance(struct trial_copy *v, uint64_t utterance)
{
	size_t i;

	for (i = v->own.count; i > 0; i--) {
		const struct trial_act *own = &v->own.items[i - 1];

		if (own->class == ACT_SPEAK && own->a == utterance && own->link != LINK_NONE)
			return v->recorded.items[own->other].a;
	}
	return utterance; /* from before this turn */
}

/* The recorded order with the same contents that no other order of the copy has: the last request (those before it were thrown away),
 * else the first since that request. */
static struct trial_act *counterpart(struct trial_copy *v, const struct trial_act *own)
{
	uint64_t key = own->class == ACT_PLAY ? recorded_utterance(v, own->a) : 0;
	struct trial_act *found = NULL;
	size_t i;

	for (i = 0; i < v->recorded.count; i++) {
		struct trial_act *r = &v->recorded.items[i];

		if (r->class != own->class || r->link != LINK_NONE || r->attempt != own->attempt || (r->hash != own->hash && r->hash != own->other_hash))
			continue;
		if ((own->class == ACT_PLAY && r->a != key) || (own->class == ACT_SPEAK && r->at_us < v->asked_us))
			continue;
		if (!found || own->class == ACT_ASK)
			found = r;
	}
	return found;
}

static bool has_replies(enum trial_act_class class)
{
	return class == ACT_ASK || class == ACT_SPEAK || class == ACT_PLAY || class == ACT_TOOL || class == ACT_RETRIEVE;
}

static void link(struct trial_copy *v, struct trial_act *own, struct trial_act *recorded, enum trial_link how)
{
	own->link = recorded->link = how;
	own->other = (size_t)(recorded - v->recorded.items);
	recorded->other = (size_t)(own - v->own.items);
	v->moved_orders += how == LINK_MOVED;
	if (own->class == ACT_ASK)
		v->asked_us = recorded->at_us;
}

static struct trial_act *hold_find(struct trial_copy *v, uint64_t at_us)
{
	size_t i;

	for (i = 0; i < v->recorded.count; i++) {
		struct trial_act *r = &v->recorded.items[i];

		if (r->class == ACT_HOLD && r->link == LINK_NONE && trial_near(r->at_us, at_us))
			return r;
	}
	return NULL;
}

/* The same key at the same moment. Behind the turn's end what a vendor does follows the order to the microsecond, so that the
 * lateness of a recorded timer is in no part. */
static struct trial_act *in_place(struct trial_copy *v, const struct trial_act *own)
{
	struct trial_act *r = trial_act_find(&v->recorded, own->class, own->a, own->b);

	if (own->class == ACT_HOLD)
		return hold_find(v, own->at_us);
	if (v->side->ended && own->class != ACT_LISTEN)
		return NULL;
	return r && r->link == LINK_NONE && trial_act_same(r, own) ? r : NULL;
}

/* Nobody knows what would have come of it. A new stream would hear the caller at once; what was asked ahead is judged where the turn ends. */
static void missing_add(struct trial_copy *v, const struct trial_act *own)
{
	bool wanted = (own->class == ACT_ASK && !own->ahead) || own->class == ACT_SPEAK || own->class == ACT_TOOL;

	if (v->side->ended)
		return;
	if (own->class == ACT_LISTEN)
		trial_copy_unknown(v, UNKNOWN_RECOGNISER, own->at_us);
	else if (wanted && v->missing_count < TRIAL_MISSING_MAX)
		v->missing[v->missing_count++] = *own;
}

void trial_answer_order(struct trial_copy *v, struct trial_act *own)
{
	struct trial_act *r = in_place(v, own);

	if (r) {
		link(v, own, r, LINK_PLACE);
		return;
	}
	r = has_replies(own->class) ? counterpart(v, own) : NULL;
	if (r)
		link(v, own, r, LINK_MOVED);
	else
		missing_add(v, own);
	if (!v->side->ended)
		return;
	if (!r)
		trial_answer_stop(v, own->class == ACT_ASK ? LATENCY_REQUEST : own->class == ACT_HOLD ? LATENCY_CALLER : LATENCY_OTHERWISE);
	else if (!trial_near(r->at_us, own->at_us))
		v->moved = true;
}

void trial_missing_take(struct trial_copy *v, const struct call_output *out)
{
	enum trial_act_class class = out->type == OUT_CANCEL ? ACT_ASK : out->type == OUT_UNSPEAK ? ACT_SPEAK : ACT_OTHER;
	uint64_t key = out->type == OUT_CANCEL ? out->gen : out->utterance;
	size_t i = 0;

	while (class != ACT_OTHER && i < v->missing_count) {
		if (v->missing[i].class == class && v->missing[i].a == key)
			v->missing[i] = v->missing[--v->missing_count];
		else
			i++;
	}
}

void trial_missing_decide(struct trial_copy *v)
{
	size_t i;

	for (i = 0; i < v->missing_count; i++)
		if (v->now_us > v->missing[i].at_us + REPLY_US)
			trial_copy_unknown(v, UNKNOWN_ORDER, v->missing[i].at_us);
}

/* ------------------------------------------------------------------ replies */

static uint64_t reply_due(const struct trial_copy *v, const struct trial_reply *reply, const struct trial_act *recorded)
{
	const struct trial_act *own = &v->own.items[recorded->other];

	return own->at_us + (reply->at_us - recorded->at_us);
}

uint64_t trial_answer_due(const struct trial_copy *v, size_t *which)
{
	uint64_t soonest = UINT64_MAX;
	size_t i;

	for (i = 0; v->moved_orders && i < v->replies->count; i++) {
		const struct trial_reply *reply = &v->replies->items[i];
		const struct trial_act *r = &v->recorded.items[reply->order];
		uint64_t due = r->link == LINK_MOVED && !v->given[i] ? reply_due(v, reply, r) : UINT64_MAX;

		if (due < soonest) {
			soonest = due;
			*which = i;
		}
	}
	return soonest;
}

/* To the copy's own order. */
static void readdress(struct call_input *in, const struct trial_act *own)
{
	switch (own->class) {
	case ACT_ASK: in->gen = (uint32_t)own->a; break;
	case ACT_SPEAK:
	case ACT_PLAY:
		in->utterance = (uint32_t)own->a;
		in->take = (uint32_t)own->b;
		break;
	case ACT_TOOL:
		in->turn = (uint32_t)own->a;
		in->index = (uint32_t)own->b;
		break;
	case ACT_RETRIEVE: in->number = own->a; break;
	default: break;
	}
}

/* More sound for words that are being said, sooner or later than it was recorded: as a voice that takes another's place gives it. */
static bool goes_on_otherwise(struct trial_copy *v, const struct trial_act *own, const struct trial_reply *reply, uint64_t due)
{
	size_t i;

	if (v->side->ended || own->class != ACT_SPEAK || v->input.type != IN_SPEECH || trial_near(due, reply->at_us))
		return false;
	for (i = 0; i < v->matched; i++) /* whose beginning did not move */
		if (v->own_mouth.items[i].class == ACT_PLAY && v->own_mouth.items[i].a == own->a)
			return true;
	return false;
}

enum err trial_answer_give(struct trial_copy *v, size_t which)
{
	const struct trial_reply *reply = &v->replies->items[which];
	const struct trial_act *r = &v->recorded.items[reply->order];
	enum err err;

	v->given[which] = true;
	err = tape_input_decode(v->tape, &v->tape->steps[reply->step], &v->input);
	if (err)
		return err;
	v->input.at_us = reply_due(v, reply, r);
	if (goes_on_otherwise(v, &v->own.items[r->other], reply, v->input.at_us)) {
		trial_copy_unknown(v, UNKNOWN_AUDIO, v->input.at_us);
		return ERR_NONE;
	}
	if (v->input.at_us < v->now_us)
		v->input.at_us = v->now_us;
	readdress(&v->input, &v->own.items[r->other]);
	return trial_copy_step(v, &v->input);
}

/* ------------------------------------------------------------------ behind the turn's end */

void trial_answer_begin(struct trial_copy *v)
{
	const struct trial_side *r = &v->turn->recorded;

	v->answering = true;
	v->running = true;
	v->moved = v->moved || v->mouth_differs || !r->ended || !trial_near(v->side->end_us, r->end_us);
	v->deadline_us = v->now_us + r->total_us + SPARE_US;
	if (r->asked && v->side->asked ? !trial_same_request(v->turn) : r->ended && r->words_hash != v->side->words_hash)
		v->turn->latency = LATENCY_REQUEST;
	else if (r->part_count < LATENCY_PARTS && v->turn->latency == LATENCY_KNOWN)
		v->turn->latency = LATENCY_UNHEARD;
	v->running = v->turn->latency == LATENCY_KNOWN;
}

void trial_answer_output(struct trial_copy *v, const struct call_output *out)
{
	if (out->type != OUT_NOTE)
		return;
	if (out->kind == NOTE_LATENCY && out->turn == v->turn->turn && v->running) {
		trial_side_latency(v->side, out);
		v->running = false;
	}
	if (out->kind == NOTE_TURN || out->kind == NOTE_YIELD)
		trial_answer_stop(v, LATENCY_CALLER);
	if (out->kind == NOTE_ENDED)
		trial_answer_stop(v, LATENCY_OTHERWISE);
}

void trial_answer_recorded(struct trial_copy *v, const struct call_input *in, bool fits)
{
	if (!fits && (in->type == IN_TRANSCRIPT || in->type == IN_STT_DOWN))
		trial_answer_stop(v, LATENCY_OTHERWISE);
	if (v->moved && in->type == IN_VOICE && in->number >= v->vad_on)
		trial_answer_stop(v, LATENCY_CALLER);
	if (in->at_us > v->deadline_us)
		trial_answer_stop(v, LATENCY_OTHERWISE);
}

/* A hold of the recording that the copy does not have. */
void trial_answer_decide(struct trial_copy *v)
{
	size_t i;

	for (i = 0; i < v->recorded.count && !v->moved; i++) {
		const struct trial_act *r = &v->recorded.items[i];

		if (r->class == ACT_HOLD && r->link == LINK_NONE && r->at_us > v->side->end_us && r->at_us + TRIAL_MOMENT_US < v->now_us)
			trial_answer_stop(v, LATENCY_CALLER);
	}
}

/* What a call ordered (asked, spoke, played, dispatched), what was replied to it, and what happened on one side of a trial. See
 * trial_copy.h. Pure functions over the caller's memory; any thread. */
#include "voice/replay/trial_copy.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "voice/call_state.h"

/* ------------------------------------------------------------------ orders */

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u; /* FNV-1a */
	return (h ^ len) * 1099511628211u;
}

enum { HASH_START = 0x2325 };

static struct trial_act act(enum trial_act_class class, uint64_t a, uint64_t b, uint64_t contents)
{
	return (struct trial_act){ .class = class, .a = a, .b = b, .hash = contents, .other_hash = contents };
}

/* What is asked ahead of a turn's end carries the number of the turn before, which no model sees in a caller's words. The digest
 * of the same request at the other moment. */
static uint64_t digest_otherwise(const struct call_output *ask)
{
	uint32_t turn = ask->kind == ASK_AHEAD ? ask->turn + 1 : ask->turn - 1;
	size_t n = ask->block_count;
	struct request_block *copy;
	uint64_t digest;

	if (!n || ask->blocks[n - 1].type != BLOCK_CALLER)
		return ask->position;
	copy = malloc(n * sizeof(*copy));
	if (!copy)
		return ask->position;
	memcpy(copy, ask->blocks, n * sizeof(*copy));
	copy[n - 1].turn = turn;
	if (n > 1 && copy[n - 2].type == BLOCK_EVENT && copy[n - 2].turn == ask->turn)
		copy[n - 2].turn = turn; /* what was found came with the question */
	digest = history_digest(copy, n);
	free(copy);
	return digest;
}

struct trial_act trial_act_of(const struct call_output *out, uint64_t at_us)
{
	uint64_t text = hash(hash(HASH_START, out->name, out->name_len), out->text, out->text_len);
	struct trial_act made = act(ACT_OTHER, 0, 0, 0);
	uint64_t is_short = out->index != SHORT_NONE; /* of OUT_ASK: the model is told */

	switch (out->type) {
	case OUT_ASK:
		made = act(ACT_ASK, out->gen, 0, out->position ^ is_short);
		made.attempt = (uint32_t)out->number;
		made.ahead = out->kind == ASK_AHEAD;
		made.other_hash = digest_otherwise(out) ^ is_short;
		break;
	case OUT_SPEAK: made = act(ACT_SPEAK, out->utterance, out->take, text); break;
	case OUT_PLAY: made = act(ACT_PLAY, out->utterance, out->take, out->position); break;
	case OUT_TOOL:
		made = act(ACT_TOOL, out->turn, out->index, text);
		made.limit_ms = out->number;
		break;
	case OUT_LISTEN: made = act(ACT_LISTEN, out->stream, 0, out->position); break;
	case OUT_RETRIEVE: made = act(ACT_RETRIEVE, out->number, 0, text); break;
	case OUT_HOLD: made.class = ACT_HOLD; break;
	default: break;
	}
	made.at_us = at_us;
	return made;
}

bool trial_near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= TRIAL_MOMENT_US;
}

bool trial_act_same(const struct trial_act *a, const struct trial_act *b)
{
	return a->class == b->class && a->a == b->a && a->b == b->b && a->hash == b->hash && trial_near(a->at_us, b->at_us);
}

struct trial_act *trial_act_find(struct trial_acts *acts, enum trial_act_class class, uint64_t a, uint64_t b)
{
	size_t i;

	for (i = acts->count; i > 0; i--)
		if (acts->items[i - 1].class == class && acts->items[i - 1].a == a && acts->items[i - 1].b == b)
			return &acts->items[i - 1];
	return NULL;
}

/* ------------------------------------------------------------------ replies */

struct trial_act trial_reply_to(const struct call_input *in)
{
	switch (in->type) {
	case IN_MODEL_TEXT:
	case IN_MODEL_TOOL:
	case IN_MODEL_DONE:
	case IN_MODEL_FAILED: return act(ACT_ASK, in->gen, 0, 0);
	case IN_SPEECH:
	case IN_SPEECH_FAILED: return act(ACT_SPEAK, in->utterance, in->take, 0);
	case IN_SENT:
	case IN_PLAYED: return act(ACT_PLAY, in->utterance, in->take, 0);
	case IN_TOOL_RESULT: return act(ACT_TOOL, in->turn, in->index, 0);
	case IN_TRANSCRIPT:
	case IN_STT_DOWN: return act(ACT_LISTEN, in->stream, 0, 0);
	case IN_KNOWLEDGE: return act(ACT_RETRIEVE, in->number, 0, 0);
	default: return act(ACT_OTHER, 0, 0, 0);
	}
}

void trial_replies_add(struct trial_replies *replies, struct trial_acts *acts, const struct call_input *in, size_t step)
{
	struct trial_act to = trial_reply_to(in);
	struct trial_act *order = trial_act_find(acts, to.class, to.a, to.b); /* no act is ACT_OTHER */

	if (order && replies->count < TRIAL_REPLIES_MAX)
		replies->items[replies->count++] = (struct trial_reply){ (size_t)(order - acts->items), step, in->at_us };
}

/* ------------------------------------------------------------------ one side */

/* Cuts at a character. */
static void words_keep(struct trial_side *side, const char *text, size_t len)
{
	size_t n = 0;

	side->words_hash = hash(HASH_START, text, len);
	while (n < len) {
		size_t c = utf8_length((const uint8_t *)text + n, len - n);

		c = c ? c : 1;
		if (n + c >= TRIAL_WORDS_MAX)
			break;
		n += c;
	}
	memcpy(side->words, text, n);
	side->words[n] = '\0';
}

static void floor_keep(struct trial_side *side, enum note note, uint64_t at_us)
{
	side->holds += note == NOTE_HOLD;
	side->resumes += note == NOTE_RESUME;
	side->yields += note == NOTE_YIELD;
	if (side->floor_count < TRIAL_FLOOR_MAX)
		side->floor[side->floor_count++] = (struct trial_floor){ note, at_us };
}

static void call_end_keep(struct trial_side *side, const struct call_output *out, uint64_t at_us)
{
	enum end_reason why = out->index < END_REASONS ? (enum end_reason)out->index : END_CALLER;

	if (out->kind == NOTE_ENDING) {
		side->ending = true;
		side->ending_us = at_us;
		side->ending_why = why;
	} else {
		side->over = true;
		side->over_us = at_us;
		side->over_why = why;
	}
}

static void end_keep(struct trial_side *side, const struct call_output *out, uint64_t at_us)
{
	side->ended = true;
	side->end_us = at_us;
	side->why = out->index < TURN_WHYS ? (enum turn_why)out->index : TURN_SILENCE;
	side->silence_us = out->number;
	words_keep(side, out->text, out->text_len);
	side->parts[PART_END_OF_TURN] = out->number;
	side->part_count = PART_TRANSCRIPT + 1; /* words that end a turn are there */
}

static void released(struct trial_side *side, struct trial_acts *acts, uint64_t gen, const struct trial_text *text)
{
	const struct trial_act *asked = !acts ? NULL : trial_act_find(acts, ACT_ASK, gen, 0);

	side->asked = true;
	side->ahead = true;
	side->request = asked ? asked->hash : 0;
	side->request_otherwise = asked ? asked->other_hash : 0;
	if (text->gen == gen) {
		side->token_us = text->at_us;
		side->part_count = PART_FIRST_TOKEN + 1;
	}
}

void trial_side_take(struct trial_side *side, struct trial_acts *acts, const struct trial_text *text, const struct call_output *out, uint64_t at_us)
{
	struct trial_act made = trial_act_of(out, at_us);

	if (acts && made.class != ACT_OTHER && acts->count < TRIAL_ACTS_MAX)
		acts->items[acts->count++] = made;
	if (out->type == OUT_NOTE && out->kind == NOTE_TURN)
		end_keep(side, out, at_us);
	else if (out->type == OUT_NOTE && out->kind == NOTE_RELEASE && side->ended)
		released(side, acts, out->index, text);
	else if (out->type == OUT_NOTE && (out->kind == NOTE_HOLD || out->kind == NOTE_RESUME || out->kind == NOTE_YIELD))
		floor_keep(side, (enum note)out->kind, at_us);
	else if (out->type == OUT_NOTE && (out->kind == NOTE_ENDING || out->kind == NOTE_ENDED))
		call_end_keep(side, out, at_us);
	else if (out->type == OUT_ASK && side->ended) {
		side->asked = true;
		side->request = made.hash;
		side->request_otherwise = made.other_hash;
	}
}

void trial_side_latency(struct trial_side *side, const struct call_output *out)
{
	struct wire_reader r;
	unsigned int i;

	wire_reader_init(&r, out->text, out->text_len);
	for (i = 0; i < LATENCY_PARTS; i++)
		side->parts[i] = wire_varint(&r);
	side->part_count = LATENCY_PARTS;
	side->total_us = out->number;
}

bool trial_same_request(const struct trial_turn *turn)
{
	const struct trial_side *r = &turn->recorded, *w = &turn->with;

	return r->asked && w->asked && (r->request == w->request || r->request == w->request_otherwise);
}

void trial_text_note(struct trial_text *text, const struct call_input *in)
{
	if (in->type == IN_MODEL_TEXT && in->gen != text->gen)
		*text = (struct trial_text){ in->gen, in->at_us };
}

/* ------------------------------------------------------------------ all that was done */

void trial_marks_add(struct trial_marks *marks, const struct call_output *out, uint64_t at_us)
{
	const uint64_t numbers[] = { out->stream, out->gen, out->utterance, out->take, out->turn, out->index, out->number, out->position };
	uint64_t contents = hash(hash(HASH_START, numbers, sizeof(numbers)), out->name, out->name_len);

	if (out->type == OUT_WAKE || out->type == OUT_SNAPSHOT || marks->count == TRIAL_MARKS_MAX)
		return;
	marks->items[marks->count++] = (struct trial_mark){ .at_us = at_us, .hash = hash(contents, out->text, out->text_len), .type = out->type,
		.kind = out->kind };
}

static bool mark_same(const struct trial_mark *a, const struct trial_mark *b)
{
	return a->at_us == b->at_us && a->type == b->type && a->kind == b->kind && a->hash == b->hash;
}

bool trial_marks_same(const struct trial_marks *a, const struct trial_marks *b, struct trial_mark *first_a, struct trial_mark *first_b)
{
	size_t i = 0;

	while (i < a->count && i < b->count && mark_same(&a->items[i], &b->items[i]))
		i++;
	if (i == a->count && i == b->count)
		return true;
	*first_a = i < a->count ? a->items[i] : (struct trial_mark){ .at_us = 0 };
	*first_b = i < b->count ? b->items[i] : (struct trial_mark){ .at_us = 0 };
	return false;
}

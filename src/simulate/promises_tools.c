/* Checks of tools: P01, P02's pairs, P03. Reads the conductor's ledger, the requests as the model got them, and when the caller spoke. */
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

enum { SPOKE_DURING = 1, SPOKE_AFTER = 2, SHOWN = 4, COUNTED_DURING = 8, COUNTED_AFTER = 16, MISTOLD = 32, BEHIND = 64 };

static uint32_t entry_place(const struct judge *j, const struct ledger_entry *e)
{
	return (uint32_t)(e - j->scene->conductor.ledger);
}

/* ---- P01, P02, P03: tools and what the model is shown of them -------------------------------------------------------
 *
 * P01: after a result was told to the worker, every request to the model holds the pair of that tool's use and result, and
 *      the result's own words (in the result, or in an event when the conversation had gone on). Exercised by a caller whose
 *      voice begins within 500 ms after the result, by the next request. Exempt: the words, when the result came after the tool's own deadline.
 *      And: no change takes effect twice under one name and arguments; none is dispatched again while one of the same name and arguments
 *      is open, or when nobody knows what became of it; and one of which nobody knows is never told as done: not under its own key, nor
 *      when the model asks for it again. Exercised by each that the model asks for again. Exempt: a deadline, when another worker or
 *      socket took over meanwhile (it began anew then).
 *      And: a result that came while an answer was written, or between two attempts at one, stands behind all that was said of it in the first request
 *      that has it. Exercised by each, if there was anything. Exempt: a request for the rest of that answer need not have it.
 *      And: an answer to it comes to its end (promises_dialogue.c): when it is stopped, the model is asked again within turn.noise_ms and a second in which
 *      nobody speaks and nothing is at work. Exercised by each answer. Exempt: a model that was given up, a worker that died, quiet call.
 * P02: in every request each use has exactly one result, behind it, and no result stands alone. Exercised by each request
 *      with a use. And: a turn that ended while a tool ran is answered, or filled, within eight seconds. Exempt: faults of
 *      the model or the voice within five seconds, and the caller going on. And: a result is asked about (promises_dialogue.c).
 * P03: nobody stops listening to a tool that runs while the call is on; its result is in the next request, as P01 says.
 *      Exercised by a caller who speaks, or whose words are understood, while a tool runs, by the next request that has its result. */

static bool holds_text(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	size_t i;

	for (i = 0; i < count; i++)
		if ((blocks[i].type == BLOCK_EVENT || blocks[i].type == BLOCK_TOOL_RESULT) && blocks[i].text_len >= e->text_len &&
			memmem(blocks[i].text, blocks[i].text_len, e->text, e->text_len))
			return true;
	return false;
}

static bool holds_pair(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	bool use = false, result = false;
	size_t i;

	for (i = 0; i < count; i++) {
		if (blocks[i].turn != e->turn || blocks[i].index != e->index)
			continue;
		use = use || blocks[i].type == BLOCK_TOOL_USE;
		result = result || blocks[i].type == BLOCK_TOOL_RESULT;
	}
	return use && result;
}

/* Behind this block stands what came of requests that had it. `count`: it is nowhere. */
static size_t result_place(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	size_t i;

	for (i = count; i-- > 0;) {
		const struct request_block *b = &blocks[i];
		bool own = b->type == BLOCK_TOOL_RESULT && b->turn == e->turn && b->index == e->index;
		bool event = b->type == BLOCK_EVENT && memmem(b->text, b->text_len, e->name, e->name_len);

		if ((own || event) && memmem(b->text, b->text_len, e->text, e->text_len))
			return i;
	}
	return count;
}

void judge_answer_said(struct judge *j, const struct call_input *in)
{
	uint32_t room = JUDGE_GEN_TEXT - j->gen_text_len, len = in->text_len < room ? (uint32_t)in->text_len : room;

	if (in->gen != j->last_gen)
		return;
	memcpy(j->gen_text + j->gen_text_len, in->text, len);
	j->gen_text_len += len;
}

/* It came while an answer was written, or between two attempts at one: what was said of that stands before it. */
static void result_behind(struct judge *j, const struct ledger_entry *e, const struct call_output *o, size_t place)
{
	size_t i;

	if (j->gen_text_len)
		judge_exercise(j, P01);
	for (i = place + 1; i < o->block_count; i++) {
		const struct request_block *b = &o->blocks[i];

		if (b->type != BLOCK_AGENT || !memmem(j->gen_text, j->gen_text_len, b->text, b->text_len))
			continue;
		judge_fail(j, P01, "the result of %.*s (turn %u) stands before words that were asked for without it", (int)e->name_len, e->name, e->turn);
		return;
	}
}

static void result_shown(struct judge *j, uint32_t i, const struct call_output *o)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	const struct request_block *blocks = o->blocks;
	size_t count = o->block_count, place = result_place(blocks, count, e);
	bool late = j->tool_told_us[i] > e->asked_us + (uint64_t)j->scene->settings.tool_timeout_ms * MS_US - 50 * MS_US;
	bool whole = holds_pair(blocks, count, e) && (late || holds_text(blocks, count, e));
	uint8_t *flags = &j->tool_flags[i];

	if (o->kind == ASK_CONTINUE && *flags & BEHIND && place == count && holds_pair(blocks, count, e))
		return; /* the rest of what was asked for without it */
	if (*flags & BEHIND && place < count)
		result_behind(j, e, o, place);
	*flags &= (uint8_t)~BEHIND;
	if (*flags & SPOKE_AFTER && !(*flags & COUNTED_AFTER))
		judge_exercise(j, P01);
	if (*flags & SPOKE_DURING && !(*flags & COUNTED_DURING))
		judge_exercise(j, P03);
	*flags |= (uint8_t)((*flags & SPOKE_AFTER ? COUNTED_AFTER : 0) | (*flags & SPOKE_DURING ? COUNTED_DURING : 0));
	if (whole || (*flags & SHOWN))
		return;
	*flags |= SHOWN; /* say it once */
	if (*flags & SPOKE_DURING)
		judge_fail(j, P03, "the result of %.*s, which ran while the caller spoke, is not in the next request", (int)e->name_len, e->name);
	if (!(*flags & SPOKE_DURING) || !holds_pair(blocks, count, e))
		judge_fail(j, P01, "the result of %.*s (turn %u) is not in the next request", (int)e->name_len, e->name, e->turn);
}

void judge_tools_paired(struct judge *j, const struct llm_block *blocks, size_t count)
{
	size_t i, k;
	bool any = false;

	for (i = 0; i < count; i++) {
		uint32_t results = 0, before = 0;

		if (blocks[i].type != BLOCK_TOOL_USE && blocks[i].type != BLOCK_TOOL_RESULT)
			continue;
		any = true;
		for (k = 0; k < count; k++) {
			bool same = k != i && blocks[k].turn == blocks[i].turn && blocks[k].index == blocks[i].index;

			results += same && k > i && blocks[k].type == BLOCK_TOOL_RESULT;
			before += same && k < i && blocks[k].type == BLOCK_TOOL_USE;
		}
		if (blocks[i].type == BLOCK_TOOL_USE ? results != 1 : before != 1)
			judge_fail(j, P02, "a request has %u results for the use of turn %u, index %u", results, blocks[i].turn, blocks[i].index);
	}
	if (any)
		judge_exercise(j, P02);
}

static bool same_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && !memcmp(a, b, a_len);
}

static uint64_t entry_deadline(const struct judge *j, const struct ledger_entry *e)
{
	return e->asked_us + (uint64_t)j->scene->settings.tool_timeout_ms * MS_US;
}

/* Since when the worker must take it that nobody knows what this change did: it was told so, or not told in time and not since. 0: it need not. */
static uint64_t unknown_since(const struct judge *j, uint32_t i)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	uint64_t told = j->tool_told_us[i], late = entry_deadline(j, e) + 50 * MS_US;

	if (!e->changes)
		return 0;
	if (told && e->status == TOOL_UNKNOWN)
		return told;
	return e->asked_us > j->attached_us && judge_now(j) > late && !told ? late : 0;
}

/* That result is this change's, or of one that the model asked for again when nobody knew about this one. */
static bool result_of(const struct judge *j, const struct ledger_entry *e, uint64_t since, const struct request_block *blocks, size_t count, size_t at)
{
	uint32_t turn = blocks[at].turn, index = blocks[at].index, n;
	bool again = false;
	size_t i;

	if (turn == e->turn && index == e->index)
		return true;
	for (n = 0; n < j->repeat_count; n++)
		again = again || (j->repeats[n].turn == turn && j->repeats[n].index == index && j->repeats[n].at_us > since);
	for (i = 0; again && i < count; i++)
		if (blocks[i].type == BLOCK_TOOL_USE && blocks[i].turn == turn && blocks[i].index == index)
			return same_text(blocks[i].name, blocks[i].name_len, e->name, e->name_len) && same_text(blocks[i].text, blocks[i].text_len, e->args, e->args_len);
	return false;
}

/* It is told by an event. */
static bool put_off(const struct request_block *b)
{
	static const char follows[] = "the result will follow";

	return memmem(b->text, b->text_len, follows, sizeof(follows) - 1) != NULL;
}

static void unknown_shown(struct judge *j, uint32_t i, uint64_t since, const struct request_block *blocks, size_t count)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	size_t k;

	for (k = 0; k < count && !(j->tool_flags[i] & MISTOLD); k++)
		if (blocks[k].type == BLOCK_TOOL_RESULT && blocks[k].status == TOOL_OK && !put_off(&blocks[k]) && result_of(j, e, since, blocks, count, k)) {
			j->tool_flags[i] |= MISTOLD; /* say it once */
			judge_fail(j, P01, "nobody knows what became of %.*s (turn %u), and the model is told that it was done", (int)e->name_len, e->name, e->turn);
		}
}

void judge_tools_shown(struct judge *j, const struct call_output *o)
{
	uint64_t since;
	uint32_t i;

	for (i = 0; i < j->scene->conductor.ledger_count && i < 256; i++) {
		if (j->tool_told_us[i])
			result_shown(j, i, o);
		since = unknown_since(j, i);
		if (since)
			unknown_shown(j, i, since, o->blocks, o->block_count);
	}
}

void judge_tool_again(struct judge *j, const struct tool_request *q)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; q->changes && i < c->ledger_count && i < 256; i++) {
		const struct ledger_entry *e = &c->ledger[i];

		if ((e->turn == q->turn && e->index == q->index) || !same_text(e->name, e->name_len, q->name, q->name_len) ||
			!same_text(e->args, e->args_len, q->args, q->args_len))
			continue;
		if (!e->settled || unknown_since(j, i))
			judge_fail(j, P01, "%.*s was dispatched again while %s", (int)q->name_len, q->name,
				e->settled ? "nobody knows what became of it" : "it is under way");
	}
}

void judge_tool_repeated(struct judge *j, const struct call_output *o)
{
	struct judged_repeat *r = &j->repeats[j->repeat_count];

	judge_exercise(j, P01);
	if (j->repeat_count == JUDGE_REPEATS || o->text_len > JUDGE_REPEAT_NAME)
		return;
	*r = (struct judged_repeat){ .turn = o->turn, .index = o->index, .at_us = judge_now(j), .name_len = (uint32_t)o->text_len };
	memcpy(r->name, o->text, o->text_len);
	j->repeat_count++;
}

bool judge_tool_waits(const struct judge *j)
{
	const struct call_settings *s = &j->scene->settings;
	const struct conductor *c = &j->scene->conductor;
	uint64_t longest_us = (uint64_t)(s->tool_detach_ms < s->tool_timeout_ms ? s->tool_detach_ms : s->tool_timeout_ms) * MS_US;
	uint32_t i;

	for (i = c->ledger_count; i > 0; i--) {
		const struct ledger_entry *e = &c->ledger[i - 1];

		if (!e->settled && e->asked_us > j->attached_us && judge_now(j) < e->asked_us + longest_us)
			return true;
	}
	return false;
}

void judge_tool_told(struct judge *j, const struct ledger_entry *e, bool foreign)
{
	uint32_t i = entry_place(j, e);

	if (i < 256) {
		j->tool_told_us[i] = judge_now(j);
		j->tool_flags[i] |= judge_answer_written(j) ? BEHIND : 0;
	}
	j->told_us = judge_now(j);
	judge_result_given(j, e, foreign);
}

bool judge_filler_over(const struct judge *j, const struct judged_utterance *u)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; i < c->ledger_count; i++)
		if (!c->ledger[i].settled && (c->ledger[i].asked_us <= j->attached_us || judge_now(j) < entry_deadline(j, &c->ledger[i])))
			return false;
	return u->wait || u->wait_rest;
}

void judge_tool_filler(struct judge *j, const struct judged_utterance *u)
{
	if (!u->wait)
		return;
	judge_exercise(j, P12);
	if (!conductor_tool_runs(&j->scene->conductor))
		judge_fail(j, P12, "a tool's filler is said, and no tool runs any more");
}

void judge_tool_cancelled(struct judge *j, const struct ledger_entry *e)
{
	if (!j->ended && !e->settled)
		judge_fail(j, P03, "nobody listens to %.*s any more while it runs", (int)e->name_len, e->name);
}

void judge_tools_words(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; i < c->ledger_count && i < 256; i++)
		if (!c->ledger[i].settled)
			j->tool_flags[i] |= SPOKE_DURING;
}

void judge_tools_spoken_over(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint64_t now = judge_now(j);
	uint32_t i;

	judge_tools_words(j);
	for (i = 0; i < c->ledger_count && i < 256; i++)
		if (j->tool_told_us[i] && now - j->tool_told_us[i] <= 500 * MS_US)
			j->tool_flags[i] |= SPOKE_AFTER;
}

void judge_effects_end(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, k;

	for (i = 0; i < c->ledger_count; i++) {
		const struct ledger_entry *a = &c->ledger[i];
		uint32_t effects = a->effects;

		for (k = 0; k < i; k++) {
			const struct ledger_entry *b = &c->ledger[k];

			if (b->name_len == a->name_len && b->args_len == a->args_len && !memcmp(a->name, b->name, a->name_len) &&
				!memcmp(a->args, b->args, a->args_len))
				effects += b->effects;
		}
		if (a->changes && effects > 1)
			judge_fail(j, P01, "%.*s took effect %u times", (int)a->name_len, a->name, effects);
	}
}

struct args_scan {
	const char *at, *end;
	bool quoted, escaped;
};

/* The next character of what the arguments say: spaces outside texts say nothing. -1: that was all. */
static int args_next(struct args_scan *s)
{
	while (s->at < s->end && !s->quoted && memchr(" \t\r\n", *s->at, 4))
		s->at++;
	if (s->at == s->end)
		return -1;
	if (*s->at == '"' && !s->escaped)
		s->quoted = !s->quoted;
	s->escaped = *s->at == '\\' && !s->escaped;
	return (unsigned char)*s->at++;
}

static bool same_args(const struct ledger_entry *a, const struct ledger_entry *b)
{
	struct args_scan x = { .at = a->args, .end = a->args + a->args_len }, y = { .at = b->args, .end = b->args + b->args_len };
	int next;

	do {
		next = args_next(&x);
		if (next != args_next(&y))
			return false;
	} while (next >= 0);
	return true;
}

bool judge_asked_twice(const struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, k;

	if (j->again_us && judge_now(j) < j->again_us + (uint64_t)j->scene->settings.tool_timeout_ms * MS_US + 30 * S_US)
		return true;
	for (i = 0; i < c->ledger_count && i < 256; i++) {
		const struct ledger_entry *a = &c->ledger[i];

		if (!j->tool_told_us[i] || judge_now(j) > j->tool_told_us[i] + 30 * S_US)
			continue;
		for (k = 0; k < i; k++) {
			const struct ledger_entry *b = &c->ledger[k];

			if (same_text(a->name, a->name_len, b->name, b->name_len) && same_args(a, b))
				return true;
		}
	}
	return false;
}

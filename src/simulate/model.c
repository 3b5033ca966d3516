/* The model's mind (model_plan: a pure function of the blocks) and its streams. */
#include "simulate/model.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "redact/redact.h"
#include "simulate/scene.h"

/* ---- the mind ---- */

enum { PLACEHOLDER = REDACT_NAME_BYTES, PIECE_WORDS = 4 };

struct view { /* what the blocks tell */
	int asked;            /* the last question the caller heard, or -1 */
	bool answered;        /* he has said something since */
	bool only_hello;      /* and that was no answer */
	bool pending;         /* a question was asked after his last words */
	uint32_t turns;
	uint64_t said;        /* hash of his last words */
	char number[PLACEHOLDER]; /* the last that he has said since he was asked and that we do not see; empty: none */
	size_t since;         /* the first block after the last thing the agent has to answer to */
	size_t last_caller;
	const struct llm_block *result; /* the last tool's result behind the agent's last words */
};

static uint64_t hash_text(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	while (len--)
		h = (h ^ (unsigned char)*text++) * 0x100000001b3ULL;
	return h;
}

static bool is_hello(const struct llm_block *b)
{
	static const char *const words[] = { "hello", "yes I am still here", "stop", "wait", "ruko", "hold on" };
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i], redacted_text(b->text)))
			return true;
	return false;
}

/* "[PHONE_1]", the last one. */
static void number_take(struct view *v, const char *text)
{
	const char *open, *close;

	for (open = strchr(text, '['); open; open = strchr(open + 1, '[')) {
		close = strchr(open, ']');
		if (close && close - open < PLACEHOLDER - 1 && close[-1] >= '0' && close[-1] <= '9')
			snprintf(v->number, sizeof(v->number), "%.*s", (int)(close - open + 1), open);
	}
}

/* The block with the last question, or `count`: what was answered before it counts no more. */
static size_t question_find(const struct script *script, const struct llm_block *blocks, size_t count, int *asked)
{
	size_t i;

	for (i = count; i-- > 0;) {
		const struct llm_block *b = &blocks[i];

		if (b->type != BLOCK_AGENT)
			continue;
		*asked = script_step_asked(script, redacted_text(b->text), redacted_len(b->text));
		if (*asked >= 0)
			return i;
	}
	return count;
}

static void view_question(struct view *v, int asked)
{
	v->asked = asked;
	v->pending = true;
	*v->number = 0;
}

static void view_caller(struct view *v, const struct llm_block *b, size_t at)
{
	v->turns++;
	v->said = hash_text(redacted_text(b->text), redacted_len(b->text));
	number_take(v, redacted_text(b->text));
	v->last_caller = v->since = at;
	v->pending = false;
	if (v->asked < 0)
		return;
	v->only_hello = is_hello(b) && !v->answered;
	v->answered = v->answered || !v->only_hello;
}

static void view_make(struct view *v, const struct script *script, const struct llm_block *blocks, size_t count)
{
	int asked = -1;
	size_t question = question_find(script, blocks, count, &asked), i;

	*v = (struct view){ .asked = -1 };
	for (i = 0; i < count; i++) {
		const struct llm_block *b = &blocks[i];

		if (b->type == BLOCK_AGENT)
			v->result = NULL;
		if (i == question)
			view_question(v, asked);
		if (b->type == BLOCK_CALLER)
			view_caller(v, b, i);
		if (b->type == BLOCK_TOOL_RESULT || b->type == BLOCK_EVENT) {
			v->result = b;
			v->since = i;
		}
	}
}

static bool tool_used(const struct llm_block *blocks, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (blocks[i].type == BLOCK_TOOL_USE && blocks[i].name_len == strlen(name) && !memcmp(blocks[i].name, name, blocks[i].name_len))
			return true;
	return false;
}

static void call_tool(struct model_reply *r, const char *name, int step, uint64_t said, const char *number)
{
	struct model_tool *t = &r->tools[r->tool_count++];
	int n;

	t->name = name;
	n = snprintf(t->args, sizeof(t->args), "{\"step\": %d, \"said\": \"%08x\"", step, (unsigned int)(said & 0xffffffff));
	snprintf(t->args + n, sizeof(t->args) - (size_t)n, *number ? ", \"number\": \"%s\"}" : "}", number);
}

static void say_ack(struct model_reply *r, const char *number, uint64_t dice)
{
	static const char *const acks[] = { "Thank you.", "All right.", "Very good.", "I see.", "Fine, thanks." };
	static const char *const more[] = { "I have written that down for you.", "That helps me a lot, it makes things quicker for both of us.",
		"We are nearly there now.", "Let us go on with the next point.", "That is what I have here as well." };

	model_say(r, acks[dice % 5]);
	if (dice / 5 % 3 == 0)
		model_say(r, more[dice / 15 % 5]);
	if (*number) {
		char text[PLACEHOLDER + 32];

		snprintf(text, sizeof(text), "I have noted %s here.", number);
		model_say(r, text);
	}
}

static bool agent_said(const struct llm_block *b, const char *text, size_t len)
{
	return b->type == BLOCK_AGENT && memmem(redacted_text(b->text), redacted_len(b->text), text, len);
}

/* These words stand among the agent's behind the caller's last. */
static bool is_said(const struct llm_block *blocks, size_t count, const char *text, size_t len)
{
	size_t i;

	for (i = count; i > 0 && blocks[i - 1].type != BLOCK_CALLER; i--)
		if (agent_said(&blocks[i - 1], text, len))
			return true;
	return false;
}

static void say_next(struct model_reply *r, const struct script *script, int step, const struct llm_block *blocks, size_t count)
{
	static const char *const farewell[] = { "Thank you for your time.", "Goodbye." };
	unsigned int i;

	if ((uint32_t)step < script->step_count) {
		model_say(r, script->steps[step].ask);
		return;
	}
	for (i = 0; i < 2; i++) /* said before, and the end had to wait for a result: not again */
		if (!is_said(blocks, count, farewell[i], strlen(farewell[i])))
			model_say(r, farewell[i]);
	call_tool(r, SCRIPT_END_TOOL, step, 0, "");
}

/* His question is still open, and something else wanted an answer: not twice in the same words. */
static void say_patience(struct model_reply *r, const struct view *v, const struct llm_block *blocks, size_t count)
{
	static const char *const words[] = { "Just tell me when you are ready.", "There is no hurry at all.", "I will wait for your answer.",
		"Please take all the time you need." };
	size_t n = 0, i;

	for (i = v->last_caller; i < count && n + 1 < sizeof(words) / sizeof(words[0]); i++)
		n += agent_said(&blocks[i], words[n], strlen(words[n]));
	model_say(r, words[n]);
}

static const char CHECKING[] = "Let me check that for you.";

/* The line that went with a tool, when it is nowhere to be seen behind the caller's last words: for all the model knows it was
 * never said. */
static void say_checking(struct model_reply *r, const struct view *v, const struct llm_block *blocks, size_t count, uint64_t dice)
{
	bool used = false;
	size_t i;

	for (i = v->last_caller; i < count; i++) {
		used = used || blocks[i].type == BLOCK_TOOL_USE;
		if (blocks[i].type == BLOCK_AGENT && redacted_len(blocks[i].text))
			return;
	}
	if (used && dice % 2)
		model_say(r, CHECKING);
}

/* An answer has come: the tools that belong to it, unless they were called. */
static bool call_tools(struct model_reply *r, const struct script *script, const struct view *v, const struct llm_block *blocks,
	size_t count, uint64_t dice)
{
	const struct script_step *step = &script->steps[v->asked];

	if (!step->tool || tool_used(blocks, count, step->tool))
		return false;
	if (dice % 2)
		model_say(r, CHECKING);
	call_tool(r, step->tool, v->asked, v->said, v->number);
	if (step->tool2)
		call_tool(r, step->tool2, v->asked, v->said, v->number);
	return true;
}

void model_plan(const struct script *script, uint64_t seed, const struct llm_block *blocks, size_t count, struct model_reply *reply)
{
	struct view v;
	uint64_t dice;
	bool told;

	view_make(&v, script, blocks, count);
	dice = hash_text((const char *)&v.said, sizeof(v.said)) ^ seed * 0x9e3779b97f4a7c15ULL ^ (uint64_t)v.turns << 7;
	dice ^= dice >> 29;
	reply->len = reply->tool_count = 0;
	if (v.answered && call_tools(reply, script, &v, blocks, count, dice))
		return;
	if (v.result && v.result->type == BLOCK_TOOL_RESULT)
		say_checking(reply, &v, blocks, count, dice);
	told = model_results_say(reply, blocks, count, v.result) || v.result;
	if (v.pending) {
		if (!told)
			say_patience(reply, &v, blocks, count);
	} else if (v.asked < 0) {
		model_say(reply, "Sorry, once more.");
		say_next(reply, script, 0, blocks, count);
	} else if (v.answered) {
		if (!told)
			say_ack(reply, v.number, dice);
		say_next(reply, script, v.asked + 1, blocks, count);
	} else {
		if (!told)
			model_say(reply, "Yes, I am here.");
		say_next(reply, script, v.asked, blocks, count);
	}
}

/* The agent's words at the end of the blocks: what an answer that goes on has said already. */
static size_t trailing_agent(const struct llm_block *blocks, size_t count)
{
	size_t n = 0;

	while (n < count && blocks[count - 1 - n].type == BLOCK_AGENT)
		n++;
	return n;
}

/* How far `reply` is said when the words of `text` follow its byte `at`; *whole: all of them do. */
static uint32_t said_to(const struct model_reply *r, uint32_t at, const char *text, size_t len, bool *whole)
{
	const char *end = text + len;

	for (;;) {
		uint32_t from = at, n = 0;

		while (text < end && *text == ' ')
			text++;
		while (from < r->len && r->text[from] == ' ')
			from++;
		while (text + n < end && text[n] != ' ')
			n++;
		*whole = !n;
		if (!n || n > r->len - from || memcmp(r->text + from, text, n) != 0)
			return at;
		at = from + n;
		text += n;
	}
}

/* The sentence that was cut there begins here. */
static uint32_t sentence_begin(const struct model_reply *r, uint32_t at)
{
	uint32_t i, from = 0;

	for (i = 1; i < at; i++)
		if (r->text[i] == ' ' && strchr(".?!", r->text[i - 1]))
			from = i;
	return from;
}

/* Fillers among the agent's words are no part of the answer; a sentence that was cut may be said again. */
static uint32_t said_already(const struct model_reply *r, const struct llm_block *blocks, size_t count)
{
	uint32_t at = 0, to;
	bool whole;
	size_t i;

	for (i = 0; i < count; i++) {
		to = said_to(r, at, redacted_text(blocks[i].text), redacted_len(blocks[i].text), &whole);
		if (!whole)
			to = num_max32(to, said_to(r, sentence_begin(r, at), redacted_text(blocks[i].text), redacted_len(blocks[i].text), &whole));
		if (whole || i + 1 == count)
			at = to;
	}
	return at;
}

/* An answer that goes on: a result that came in between may have changed what belongs before the words that were said, and those are
 * not said again. */
static void drop_said(struct model_reply *r, uint32_t from, const struct llm_block *blocks, size_t count)
{
	uint32_t to, next;

	while (from < r->len) {
		for (to = from; to < r->len && !strchr(".?!", r->text[to]); to++)
			;
		to += to < r->len;
		for (next = to; next < r->len && r->text[next] == ' '; next++)
			;
		while (from < to && r->text[from] == ' ')
			from++;
		if (from < to && is_said(blocks, count, r->text + from, to - from)) {
			memmove(r->text + from, r->text + next, r->len - next);
			r->len -= next - from;
		} else {
			from = next;
		}
	}
}

/* ---- the streams ---- */

/* The vendor counts what it has told; of an answer that it told to its end it says so itself. */
static void answer_used(const struct llm_answer *a, uint64_t tokens, bool is_whole)
{
	const struct usage u = { .vendor = "simulated", .model = "model", .is_estimated = !is_whole,
		.units = { [USAGE_REQUESTS] = 1, [USAGE_OUTPUT_TOKENS] = tokens } };

	usage_tell(a->events->used, a->arg, &u);
}

static void answer_end(struct llm_answer *a)
{
	world_forget(&a->model->scene->world, &a->event);
	a->used = false;
	if (a->slot)
		*a->slot = NULL;
}

static void answer_fail(struct llm_answer *a, enum failure why)
{
	const struct llm_events *events = a->events;
	void *arg = a->arg;

	answer_used(a, a->told / 4, false);
	answer_end(a);
	events->failed(arg, why);
}

static uint64_t first_us(struct model *m)
{
	uint64_t us = dice_ms(&m->dice, 180, 700);
	const struct fixed_times *fixed = &m->scene->options.fixed;

	if (fixed->is_set)
		return fixed->llm_us + (FIXED_CLAUSE_WORDS - 1) * fixed->word_us;
	return m->quick ? dice_ms(&m->quick_dice, 1, 4) : us;
}

static uint64_t token_us(struct llm_answer *a)
{
	struct model *m = a->model;
	uint64_t us = dice_ms(&m->dice, 40, 110);

	if (m->scene->options.fixed.is_set)
		return m->scene->options.fixed.word_us * PIECE_WORDS;
	return (m->quick ? dice_ms(&m->quick_dice, 0, 1) : us) * (a->slow ? 5 : 1);
}

/* The next few words. */
static uint32_t piece_len(const struct llm_answer *a)
{
	const char *text = a->reply.text + a->told;
	uint32_t left = a->reply.len - a->told, len = 0, words = 0;

	while (len < left && words < PIECE_WORDS) {
		len++;
		if (len == left || text[len] == ' ')
			words++;
	}
	return len;
}

static void answer_done(struct llm_answer *a)
{
	const struct llm_events *events = a->events;
	void *arg = a->arg;
	uint32_t tokens = a->reply.len / 4 + 8 * a->reply.tool_count + 1;

	answer_used(a, tokens, true);
	answer_end(a);
	events->done(arg, tokens);
}

static bool harmed(struct llm_answer *a)
{
	switch (a->harm) {
	case FAULT_LLM_BUSY:
		answer_fail(a, FAILED_BUSY);
		return true;
	case FAULT_LLM_GARBAGE:
		answer_fail(a, FAILED_GARBAGE);
		return true;
	case FAULT_LLM_FIRST:
		return true;
	case FAULT_LLM_STALL:
		return a->told >= a->harm_at;
	case FAULT_LLM_DEAD:
		if (a->told < a->harm_at)
			return false;
		answer_fail(a, FAILED_DIED);
		return true;
	default:
		return false;
	}
}

static void on_answer(void *arg)
{
	struct llm_answer *a = arg;
	uint32_t serial = a->serial, len;

	if (harmed(a))
		return;
	len = piece_len(a);
	if (len) {
		a->told += len;
		a->events->text(a->arg, a->reply.text + a->told - len, len);
	} else if (a->tools_told < a->reply.tool_count) {
		const struct model_tool *t = &a->reply.tools[a->tools_told++];

		a->events->tool(a->arg, a->tools_told - 1, t->name, strlen(t->name), t->args, strlen(t->args));
	} else {
		answer_done(a);
		return;
	}
	if (a->used && a->serial == serial)
		world_after(&a->model->scene->world, &a->event, token_us(a));
}

static enum fault harm_draw(struct fault_plan *p, uint64_t now)
{
	static const enum fault harms[] = { FAULT_LLM_FIRST, FAULT_LLM_STALL, FAULT_LLM_DEAD, FAULT_LLM_BUSY, FAULT_LLM_GARBAGE };
	enum fault harm = FAULTS;
	unsigned int i;

	for (i = 0; i < sizeof(harms) / sizeof(harms[0]); i++)
		if (fault_strikes(p, harms[i], now))
			harm = harms[i];
	return harm;
}

static struct llm_answer *answer_free(struct model *m)
{
	uint32_t i;

	for (i = 0; i < MODEL_ANSWERS; i++)
		if (!m->answers[i].used)
			return &m->answers[i];
	return NULL;
}

static enum err llm_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks,
	size_t count, const struct llm_events *events, void *arg)
{
	struct model *m = vendor;
	struct llm_answer *a = answer_free(m);
	uint64_t first = first_us(m);
	size_t said = kind == ASK_CONTINUE ? trailing_agent(blocks, count) : 0;

	(void)attempt;
	*ap = NULL;
	m->serial++;
	judge_model_asked(&m->scene->judge, blocks, count);
	if (!a)
		return ERR_LIMIT;
	if (fault_strikes(&m->scene->plan, FAULT_LLM_REFUSED, m->scene->world.now_us))
		return ERR_UNAVAILABLE;
	a->model = m;
	a->used = true;
	a->serial = m->serial;
	a->told = a->tools_told = 0;
	a->events = events;
	a->arg = arg;
	a->slot = ap;
	model_plan(m->scene->script, m->scene->seed + m->scene->call, blocks, count - said, &a->reply);
	if (said)
		a->told = said_already(&a->reply, blocks + count - said, said);
	if (kind == ASK_CONTINUE)
		drop_said(&a->reply, a->told, blocks, count);
	model_repeat(a, blocks, count);
	a->harm = harm_draw(&m->scene->plan, m->scene->world.now_us);
	a->harm_at = a->told + (a->reply.len - a->told) * dice_below(&m->dice, 90) / 100;
	a->slow = fault_strikes(&m->scene->plan, FAULT_LLM_SLOW, m->scene->world.now_us);
	a->event = (struct event){ on_answer, a, 0 };
	world_after(&m->scene->world, &a->event, first);
	*ap = a;
	return ERR_NONE;
}

static void llm_cancel(struct llm_answer **ap)
{
	if (!*ap)
		return;
	answer_used(*ap, (*ap)->told / 4, false);
	(*ap)->slot = NULL;
	answer_end(*ap);
	*ap = NULL;
}

const struct llm simulated_llm = { .name = "simulated", .start = llm_start, .cancel = llm_cancel };

void model_init(struct model *m, struct scene *scene)
{
	uint32_t i;

	m->scene = scene;
	m->serial = 0;
	dice_init(&m->dice, scene->seed, scene->call, ACTOR_MODEL);
	dice_init(&m->quick_dice, scene->seed, scene->call, ACTOR_QUICK);
	m->quick = dice_below(&m->quick_dice, QUICK_ONE_OF) == 0;
	for (i = 0; i < MODEL_ANSWERS; i++)
		m->answers[i].used = false;
}

#include "providers/rehearsed/rehearsed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "providers/rehearsed/mind.h"

enum { PIECE_WORDS = 4, PIECE_BYTES = 512, BYTES_A_TOKEN = 4 };

struct llm_answer { /* one stream */
	struct rehearsed *owner;
	bool used, tool_told;
	size_t told; /* bytes */
	uint64_t order;
	struct rehearsed_reply reply;
	const struct llm_events *events;
	void *arg;
	struct llm_answer **slot;
};

struct rehearsed {
	struct flow *flow;
	rehearsed_wake_h wake;
	void *arg;
	uint64_t order; /* of the last stream that was started */
	json_t *known;  /* when that was started */
	struct llm_answer answers[REHEARSED_STREAMS];
};

enum err rehearsed_new(struct rehearsed **rp, const void *flow, size_t len, rehearsed_wake_h wake, void *arg, struct err_detail *detail)
{
	struct rehearsed *r;
	enum err err;

	*rp = NULL;
	if (len > REHEARSED_FLOW_MAX_BYTES)
		return ERR_LIMIT;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ERR_NOMEM;
	r->wake = wake;
	r->arg = arg;
	err = flow_load(&r->flow, flow, len, detail);
	if (err)
		free(r);
	else
		*rp = r;
	return err;
}

static void answer_end(struct llm_answer *a)
{
	a->used = false;
	if (a->slot)
		*a->slot = NULL;
	a->slot = NULL;
	rehearsed_reply_fini(&a->reply);
}

void rehearsed_free(struct rehearsed **rp)
{
	unsigned int i;

	if (!*rp)
		return;
	for (i = 0; i < REHEARSED_STREAMS; i++)
		if ((*rp)->answers[i].used)
			answer_end(&(*rp)->answers[i]);
	json_decref((*rp)->known);
	flow_free(&(*rp)->flow);
	free(*rp);
	*rp = NULL;
}

const char *rehearsed_opening(const struct rehearsed *r)
{
	return r->flow->opening;
}

const char *rehearsed_end_tool(const struct rehearsed *r)
{
	return r->flow->end_tool;
}

const char *rehearsed_heard_name(enum rehearsed_heard heard)
{
	static const char *const names[] = { "none", "value", "confirmed", "refused", "corrected", "anytime", "aside", "range", "not understood", "half", "cut",
		"waiting", "voicemail", "language" };

	return (size_t)heard < sizeof(names) / sizeof(names[0]) ? names[heard] : "none";
}

/* ---- the reply ---- */

void rehearsed_reply_init(struct rehearsed_reply *reply)
{
	*reply = (struct rehearsed_reply){ .tool = NULL };
	buf_init(&reply->text, MIND_TEXT_MAX);
	buf_init(&reply->arguments, MIND_TEXT_MAX);
	buf_init(&reply->value, MIND_TEXT_MAX);
}

void rehearsed_reply_fini(struct rehearsed_reply *reply)
{
	buf_fini(&reply->text);
	buf_fini(&reply->arguments);
	buf_fini(&reply->value);
}

static void reply_tool(const struct mind *m, struct rehearsed_reply *reply)
{
	const struct flow_step *s = &m->f->steps[m->at];

	if (m->wish) {
		reply->tool = m->first->language_tool;
		json_open(&reply->arguments, '{');
		json_pair_string(&reply->arguments, "language", m->wish->language);
		json_close(&reply->arguments, '}');
	} else if (m->mood == MOOD_TOOL && !m->dispatched) {
		reply->tool = s->tool;
		mind_arguments(m, s, &reply->arguments);
	} else if (m->mood == MOOD_ENDED) {
		reply->tool = m->f->end_tool;
		reply->outcome = s->outcome ? s->outcome : "";
		json_open(&reply->arguments, '{');
		json_pair_string(&reply->arguments, "outcome", reply->outcome);
		json_close(&reply->arguments, '}');
	}
}

static void reply_from(const struct mind *m, struct rehearsed_reply *reply)
{
	size_t from = m->heard;

	while (from < m->reply.len && m->reply.data[from] == ' ')
		from++;
	if (m->reply.len > from)
		buf_append(&reply->text, m->reply.data + from, m->reply.len - from);
	reply_tool(m, reply);
	reply->heard = m->note;
	if (m->note_step >= 0) {
		reply->question = m->f->steps[m->note_step].name;
		mind_value_text(m, m->note_step, &reply->value);
	}
	if (m->mood == MOOD_ASKED || m->mood == MOOD_CONFIRM)
		reply->asks = m->f->steps[m->at].name;
	reply->confirms = m->mood == MOOD_CONFIRM;
	reply->step = m->f->steps[m->at].name;
}

/* No question can be called `end`: rule-books keep that name for what ended a call. */
static json_t *known_of(const struct mind *m)
{
	json_t *known = json_object();
	struct buf value;
	size_t i;

	buf_init(&value, MIND_TEXT_MAX);
	for (i = 0; known && i < m->f->step_count; i++) {
		const char *name = m->f->steps[i].name;

		buf_reset(&value);
		mind_value_text(m, (int)i, &value);
		if (value.len)
			json_object_set_new(known, name, json_stringn((const char *)value.data, value.len));
		else if (m->results[i])
			json_object_set(known, name, m->results[i]);
	}
	if (known && m->is_machine)
		json_object_set_new(known, "end", json_string("voicemail"));
	buf_fini(&value);
	return known;
}

/* `known` is NULL, or gets what is known by now, the caller's to decref. */
static enum err think(const struct rehearsed *r, const struct llm_block *blocks, size_t count, struct rehearsed_reply *reply, json_t **known)
{
	struct mind *m;
	enum err err;

	if (count > REHEARSED_BLOCKS_MAX)
		return ERR_LIMIT;
	m = malloc(sizeof(*m));
	if (!m)
		return ERR_NOMEM;
	err = mind_think(m, r->flow, blocks, count);
	if (!err)
		reply_from(m, reply);
	if (!err && known)
		*known = known_of(m);
	mind_fini(m);
	free(m);
	return err ? err : reply->text.err ? reply->text.err : reply->arguments.err ? reply->arguments.err : reply->value.err;
}

enum err rehearsed_plan(const struct rehearsed *r, const struct llm_block *blocks, size_t count, struct rehearsed_reply *reply)
{
	return think(r, blocks, count, reply, NULL);
}

const json_t *rehearsed_known(const struct rehearsed *r)
{
	return r->known;
}

void rehearsed_met(struct rehearsed *r)
{
	if (r->known)
		(void)json_object_del(r->known, "end");
}

enum err rehearsed_judge(const struct rehearsed *r, const char *question, const struct redacted *words, enum rehearsed_heard *heard,
	struct buf *value)
{
	struct mind *m = malloc(sizeof(*m));
	enum err err = m ? mind_judge(m, r->flow, question, words) : ERR_NOMEM;

	if (!err) {
		*heard = m->note;
		mind_value_text(m, m->note_step, value);
		err = value->err;
	}
	if (m)
		mind_fini(m);
	free(m);
	return err;
}

/* ---- streams ---- */

static struct llm_answer *answer_free(struct rehearsed *r)
{
	unsigned int i;

	for (i = 0; i < REHEARSED_STREAMS; i++)
		if (!r->answers[i].used)
			return &r->answers[i];
	return NULL;
}

static enum err llm_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks,
	size_t count, const struct llm_events *events, void *arg)
{
	struct rehearsed *r = vendor;
	struct llm_answer *a = answer_free(r);
	json_t *known = NULL;
	enum err err;

	(void)kind; /* what was heard stands in the blocks: an answer always begins behind it */
	(void)attempt;
	*ap = NULL;
	if (!a)
		return ERR_BUSY;
	*a = (struct llm_answer){ .owner = r, .order = ++r->order, .events = events, .arg = arg };
	rehearsed_reply_init(&a->reply);
	err = think(r, blocks, count, &a->reply, &known);
	if (known) {
		json_decref(r->known);
		r->known = known;
	}
	if (err) {
		rehearsed_reply_fini(&a->reply);
		return err;
	}
	a->used = true;
	a->slot = ap;
	*ap = a;
	r->wake(r->arg, 0);
	return ERR_NONE;
}

static void answer_used(const struct llm_answer *a, uint64_t tokens, bool is_whole)
{
	const struct usage u = { .vendor = "local", .model = "rehearsed", .is_estimated = !is_whole,
		.units = { [USAGE_REQUESTS] = 1, [USAGE_OUTPUT_TOKENS] = tokens } };

	usage_tell(a->events->used, a->arg, &u);
}

static void llm_cancel(struct llm_answer **ap)
{
	if (!*ap)
		return;
	answer_used(*ap, (*ap)->told / BYTES_A_TOKEN, false);
	answer_end(*ap);
}

const struct llm rehearsed_llm = { .name = "rehearsed", .start = llm_start, .cancel = llm_cancel };

/* The next few words, with the blank before them. */
static size_t piece(const struct llm_answer *a)
{
	const struct buf *text = &a->reply.text;
	size_t at = a->told, words = 0;

	while (at < text->len && words < PIECE_WORDS && at - a->told < PIECE_BYTES) {
		at++;
		words += at == text->len || text->data[at] == ' ';
	}
	return at - a->told;
}

static void answer_done(struct llm_answer *a)
{
	const struct llm_events *events = a->events;
	uint32_t tokens = (uint32_t)((a->reply.text.len + a->reply.arguments.len) / BYTES_A_TOKEN + 1);
	void *arg = a->arg;

	answer_used(a, tokens, true);
	answer_end(a);
	events->done(arg, tokens);
}

/* The handler may cancel this stream and still read what it was given: both are handed over from here. */
static void answer_text(struct llm_answer *a, size_t n)
{
	char text[PIECE_BYTES];

	memcpy(text, a->reply.text.data + a->told, n);
	a->told += n;
	a->events->text(a->arg, text, n);
}

static void answer_tool(struct llm_answer *a)
{
	struct buf arguments = a->reply.arguments;

	a->tool_told = true;
	buf_init(&a->reply.arguments, MIND_TEXT_MAX);
	a->events->tool(a->arg, 0, a->reply.tool, strlen(a->reply.tool), (const char *)arguments.data, arguments.len);
	buf_fini(&arguments);
}

static void answer_step(struct llm_answer *a)
{
	size_t n = piece(a);

	if (n)
		answer_text(a, n);
	else if (a->reply.tool && !a->tool_told)
		answer_tool(a);
	else
		answer_done(a);
}

void rehearsed_step(struct rehearsed *r)
{
	uint64_t last = r->order; /* streams that start meanwhile wait for the next step */
	unsigned int i, used = 0;

	for (i = 0; i < REHEARSED_STREAMS; i++)
		if (r->answers[i].used && r->answers[i].order <= last)
			answer_step(&r->answers[i]);
	for (i = 0; i < REHEARSED_STREAMS; i++)
		used += r->answers[i].used;
	if (used)
		r->wake(r->arg, r->order == last ? REHEARSED_PIECE_US : 0);
}

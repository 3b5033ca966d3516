/* Where the call stands: the walk over the blocks, tools and their results. */
#include "providers/rehearsed/mind.h"

#include <string.h>

#include "base/num.h"
#include "redact/redact.h"

enum { KEPT_MAX = 1 << 20, LAST_MINUTE = 24 * 60 - 1 };

/* ---- the caller, and tools ---- */

/* Nobody was asked anything: the tool, the goodbye or the beginning was not said yet, or is under way. */
static void judge_unasked(struct mind *m, const struct words *w, const char *text, size_t len)
{
	const size_t heard = m->heard;

	mind_reply_begin(m);
	if (!m->dispatched && mind_take_correction(m, w, text, len))
		return;
	if (m->mood == MOOD_ENDED) {
		mind_judge_ended(m, w, heard);
		return;
	}
	m->note = REHEARD_WAITING;
	if (m->mood == MOOD_TOOL && m->dispatched)
		mind_say_own(m, PHRASE_STILL);
	else
		mind_go(m, m->at, mind_no_rest);
}

/* How many digits there are behind a placeholder, and whether it is a day that the open question accepts. */
static void held_tell(const struct mind *m, struct word *w, const struct redacted *text)
{
	const struct expect *e = &mind_step(m)->expect;
	bool is_date = e->kind == EXPECT_DATE && e->has_today;
	enum redacted_day day;
	size_t least, most;

	if (redacted_digits(text, w->text, &least, &most)) {
		w->least = (uint8_t)least;
		w->most = (uint8_t)most;
	}
	day = redacted_day_within(text, w->text, is_date && e->has_low ? e->today + e->low : INT64_MIN,
		is_date && e->has_high ? e->today + e->high : INT64_MAX);
	if (day != REDACTED_NO_DAY)
		w->day = (uint8_t)day;
}

/* The placeholders stand in these blocks. */
static void all_held_tell(const struct mind *m, struct words *w, const struct llm_block *blocks, size_t count)
{
	size_t i, k;

	for (i = 0; i < w->count; i++)
		for (k = 0; k < count && w->at[i].kind == WORD_HELD; k++)
			held_tell(m, &w->at[i], blocks[k].text);
}

/* The text of these blocks. */
static void see_caller(struct mind *m, const char *text, size_t len, const struct llm_block *blocks, size_t count)
{
	bool asked = m->mood == MOOD_ASKED || m->mood == MOOD_CONFIRM || m->mood == MOOD_KEYS;
	struct words w;
	int anytime;

	words_read(&w, text, len);
	all_held_tell(m, &w, blocks, count);
	m->note = REHEARD_NONE;
	m->note_step = asked && m->mood != MOOD_KEYS ? m->at : -1;
	anytime = mind_anytime_find(m, &w);
	if (mind_hears_machine(m, &w)) { /* whatever it heard of the question, and whatever else it offers */
		mind_reply_begin(m);
		m->note = REHEARD_VOICEMAIL;
		m->is_machine = true;
		m->way = NULL;
		mind_go(m, m->f->machine_step, mind_no_rest);
	} else if (mind_take_wish(m, &w)) {
		m->way = NULL;
		m->note_step = -1; /* whatever was asked is asked again, in the other language */
	} else if (anytime >= 0 && asked && mind_way_is_doubted(m, anytime, text, len)) {
		mind_reply_begin(m);
		mind_way_doubt(m, anytime, &w);
	} else if (anytime >= 0 && (asked || !mind_way_is_doubted(m, anytime, text, len))) {
		m->way = NULL;
		mind_reply_begin(m);
		m->note = REHEARD_ANYTIME;
		m->is_machine = false;
		mind_go(m, anytime, mind_no_rest);
	} else if (!asked) {
		judge_unasked(m, &w, text, len);
	} else if ((m->unheard = !mind_question_heard(m)) && !mind_cut_too_often(m)) {
		mind_judge_cut(m, &w, text, len);
	} else {
		mind_reply_begin(m);
		mind_part_keep(m, &w);
		if (!m->way || !mind_way_judge(m, &w, text, len))
			(m->mood == MOOD_KEYS ? mind_judge_keys : mind_judge_answer)(m, &w, text, len);
	}
	m->prompted = false;
}

static void see_result(struct mind *m, enum tool_status status, const char *text, size_t len)
{
	const struct flow_step *s = mind_step(m);
	json_t *result = NULL;
	bool fine = status == TOOL_OK && mind_result_read(s, text, len, &result);

	mind_reply_begin(m);
	json_decref(m->results[m->at]);
	m->results[m->at] = result;
	if (s->changes)
		m->last = -1; /* what was done is done */
	m->dispatched = m->pending = false;
	if (fine || !mind_keys_unheard(m, text, len))
		mind_go(m, fine ? mind_next(m, s) : s->other, mind_no_rest);
}

/* Of a tool that takes long: "still running, the result will follow". */
static bool will_follow(const struct llm_block *b)
{
	const char *text = redacted_text(b->text);

	return *text != '{' && memmem(text, redacted_len(b->text), "will follow", 11);
}

static void see_tool_result(struct mind *m, const struct llm_block *b)
{
	if (mind_wish_result(m, b))
		return;
	if (m->mood != MOOD_TOOL || !m->dispatched || b->turn != m->turn || b->index != m->index)
		return;
	if (b->status == TOOL_OK && will_follow(b)) {
		m->pending = true;
		mind_reply_begin(m);
		mind_say_own(m, PHRASE_STILL);
		m->question_at = m->reply.len;
		return;
	}
	see_result(m, (enum tool_status)b->status, redacted_text(b->text), redacted_len(b->text));
}

/* ---- who answered a call that we placed ---- */

static void open_call(struct mind *m)
{
	const struct flow *f = m->f;
	struct buf question;

	m->at = f->opening_step;
	m->mood = f->opening_asked ? MOOD_ASKED : MOOD_BEGIN;
	buf_text(&m->reply, f->opening);
	m->question_at = m->reply.len;
	if (!f->opening_asked)
		return;
	m->visits[m->at] = 1;
	buf_init(&question, MIND_TEXT_MAX);
	mind_text(m, mind_step(m)->text, &question);
	m->question_at -= num_min(question.len, m->reply.len);
	buf_fini(&question);
}

static void see_machine(struct mind *m)
{
	if (!m->f->machine_words)
		return;
	mind_reply_begin(m);
	m->note = REHEARD_VOICEMAIL;
	m->is_machine = true;
	m->dispatched = m->pending = m->prompted = false;
	mind_go(m, m->f->machine_step, mind_no_rest);
}

/* The call begins now; what was said to a machine, or by it, was said to nobody. */
static void see_person(struct mind *m)
{
	mind_reply_begin(m);
	m->is_machine = false;
	m->cuts = 0;
	m->last = m->note_step = -1;
	m->note = REHEARD_NONE;
	m->dispatched = m->pending = m->prompted = false;
	open_call(m);
}

static bool event_is(const struct llm_block *b, const char *head)
{
	return redacted_len(b->text) >= strlen(head) && !memcmp(redacted_text(b->text), head, strlen(head));
}

static bool text_takes(const char **text, size_t *len, const char *head)
{
	size_t n = strlen(head);

	if (*len < n || memcmp(*text, head, n) != 0)
		return false;
	*text += n;
	*len -= n;
	return true;
}

/* "Result of find_slot: {…}", or "Result of find_slot, which failed: …" */
static void see_result_late(struct mind *m, const struct llm_block *b)
{
	const char *text = redacted_text(b->text);
	size_t len = redacted_len(b->text);

	if (m->mood != MOOD_TOOL || !m->pending || !text_takes(&text, &len, EVENT_RESULT) || !text_takes(&text, &len, mind_step(m)->tool))
		return;
	if (text_takes(&text, &len, EVENT_FAILED) || text_takes(&text, &len, EVENT_UNKNOWN))
		see_result(m, TOOL_ERROR, text, len);
	else if (text_takes(&text, &len, ": "))
		see_result(m, len && *text == '{' ? TOOL_OK : TOOL_UNKNOWN, text, len);
}

static void see_event(struct mind *m, const struct llm_block *b)
{
	if (event_is(b, EVENT_MACHINE) || event_is(b, EVENT_PERSON) || event_is(b, EVENT_LANGUAGE))
		m->way = NULL;
	if (event_is(b, EVENT_MACHINE))
		see_machine(m);
	else if (event_is(b, EVENT_PERSON))
		see_person(m);
	else if (event_is(b, EVENT_LANGUAGE))
		mind_language_told(m, b);
	else
		see_result_late(m, b);
}

static void see_tool_use(struct mind *m, const struct llm_block *b)
{
	const char *wanted = m->mood == MOOD_TOOL ? mind_step(m)->tool : m->f->end_tool;

	mind_wish_used(m, b);
	if ((m->mood != MOOD_TOOL && m->mood != MOOD_ENDED) || strlen(wanted) != b->name_len || memcmp(wanted, b->name, b->name_len) != 0)
		return;
	m->dispatched = true;
	m->turn = b->turn;
	m->index = b->index;
}

/* Words of one turn that came in two blocks with nothing heard between them. */
static size_t caller_words(struct mind *m, const struct llm_block *blocks, size_t count, size_t *from)
{
	size_t n = 0;

	*from = m->kept.len;
	for (; n < count && blocks[n].type == BLOCK_CALLER; n++) {
		if (n)
			buf_byte(&m->kept, ' ');
		buf_append(&m->kept, redacted_text(blocks[n].text), redacted_len(blocks[n].text));
	}
	return n;
}

static void see(struct mind *m, const struct llm_block *blocks, size_t count)
{
	size_t i, n, from;

	for (i = 0; i < count && !m->reply.err && !m->kept.err; i += n) {
		n = 1;
		switch (blocks[i].type) {
		case BLOCK_CALLER:
			n = caller_words(m, blocks + i, count - i, &from);
			if (!m->kept.err)
				see_caller(m, (const char *)m->kept.data + from, m->kept.len - from, blocks + i, n);
			break;
		case BLOCK_AGENT:
			mind_see_agent(m, &blocks[i]);
			break;
		case BLOCK_TOOL_USE:
			see_tool_use(m, &blocks[i]);
			break;
		case BLOCK_TOOL_RESULT:
			see_tool_result(m, &blocks[i]);
			break;
		case BLOCK_EVENT:
			see_event(m, &blocks[i]);
			break;
		}
	}
}

static void mind_init(struct mind *m, const struct flow *f)
{
	memset(m, 0, sizeof(*m));
	m->f = m->first = f;
	m->last = m->note_step = -1;
	buf_init(&m->reply, MIND_TEXT_MAX);
	buf_init(&m->kept, KEPT_MAX);
}

enum err mind_think(struct mind *m, const struct flow *f, const struct llm_block *blocks, size_t count)
{
	size_t i, bytes = 1;

	mind_init(m, f);
	for (i = 0; i < count; i++)
		bytes += blocks[i].type == BLOCK_CALLER ? redacted_len(blocks[i].text) + 1 : 0;
	buf_reserve(&m->kept, bytes); /* answers point into it */
	open_call(m);
	see(m, blocks, count);
	if (m->wish) {
		mind_reply_begin(m); /* nothing is said before the language is that */
	} else if (m->mood == MOOD_BEGIN) {
		mind_reply_begin(m);
		mind_go(m, m->at, mind_no_rest);
	} else if (m->heard >= m->reply.len && (m->mood == MOOD_ASKED || m->mood == MOOD_CONFIRM || m->mood == MOOD_KEYS)) {
		mind_reply_begin(m); /* all was said, and words are wanted: an answer is never empty */
		mind_ask_again(m);
	} else if (m->heard >= m->reply.len && m->mood == MOOD_TOOL && m->dispatched) {
		mind_reply_begin(m);
		mind_say_own(m, PHRASE_STILL);
	}
	return m->kept.err ? m->kept.err : m->reply.err;
}

enum err mind_judge(struct mind *m, const struct flow *f, const char *question, const struct redacted *words)
{
	const struct llm_block block = { .type = BLOCK_CALLER, .text = words };
	const char *slash = strchr(question, '/');
	int at = flow_step_find(f, question, slash ? (size_t)(slash - question) : strlen(question));

	mind_init(m, f);
	if (at < 0 || f->steps[at].kind != STEP_ASK || (slash && (strcmp(slash, "/confirm") || !f->steps[at].confirm)))
		return ERR_NOTFOUND;
	m->at = at;
	m->mood = slash ? MOOD_CONFIRM : MOOD_ASKED;
	m->is_met = slash || at != f->opening_step;
	m->answers[at] = (struct mind_answer){ .known = slash, .value = { .text = "", .digits = "" } };
	m->answers[at].value.number = f->steps[at].expect.kind == EXPECT_TIME ? LAST_MINUTE : -1; /* a time must be one that can be told */
	see_caller(m, redacted_text(words), redacted_len(words), &block, 1);
	return m->reply.err;
}

void mind_fini(struct mind *m)
{
	size_t i;

	for (i = 0; i < FLOW_STEPS_MAX; i++)
		json_decref(m->results[i]);
	buf_fini(&m->reply);
	buf_fini(&m->kept);
}

/* What was heard of each reply, as the agent's words in the history say; and words that came before the question was heard. */
#include "providers/rehearsed/mind.h"

#include <ctype.h>
#include <string.h>

#include "base/num.h"
#include "redact/redact.h"

enum { CUTS_MAX = 3, MASKED_WORDS = 24 };

static size_t words_in(const uint8_t *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += text[i] != ' ' && (!i || text[i - 1] == ' ');
	return n;
}

static bool sentence_ends(const struct buf *b, size_t at)
{
	if (at + 1 >= b->len || b->data[at + 1] != ' ')
		return false;
	return strchr(".?!", b->data[at]) || (at >= 2 && !memcmp(b->data + at - 2, "\xe0\xa5\xa4", 3));
}

/* A question, or an order to say something: what the call core takes for one. */
static bool sentence_asks(const char *text, size_t len)
{
	static const char *const orders[] = { "please", "tell", "say", "give", "enter", "spell", "type", "repeat", "kripya", "कृपया", "बताइए" };
	struct words w;
	size_t i;

	if (len && text[len - 1] == '?')
		return true;
	words_read(&w, text, len);
	for (i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (understand_words(&w, orders[i]))
			return true;
	return false;
}

/* Where the asking begins: an ask may tell something first ("You have an appointment on Friday. Would you like to keep it?"). */
static size_t question_begin(const struct mind *m)
{
	size_t begin = m->question_at, from = begin, i;
	bool asked = false, asks;

	for (i = begin; i < m->reply.len; i++) {
		if (i + 1 < m->reply.len && !sentence_ends(&m->reply, i))
			continue;
		asks = sentence_asks((const char *)m->reply.data + from, i + 1 - from);
		if (asks && !asked)
			begin = from;
		asked = asks;
		from = i + 2;
	}
	return begin;
}

bool mind_question_heard(const struct mind *m)
{
	const uint8_t *text = m->reply.data;
	size_t at = m->question_at, all, heard;
	bool yes_no = m->mood == MOOD_CONFIRM || m->way || mind_step(m)->expect.kind == EXPECT_YES_NO || mind_step(m)->expect.kind == EXPECT_FREE;

	if (at >= m->reply.len)
		return true;
	if (m->heard <= question_begin(m))
		return false;
	if (!yes_no)
		at = question_begin(m);
	all = words_in(text + at, m->reply.len - at);
	heard = words_in(text + at, m->heard - at);
	return yes_no ? heard + (all > 8 ? 2 : 1) >= all : heard * 2 >= all;
}

bool mind_cut_too_often(const struct mind *m)
{
	return m->cuts >= CUTS_MAX;
}

/* What is left of the reply, from the sentence that was cut. Where in it the agent was. */
static size_t say_rest(struct mind *m)
{
	size_t heard = m->heard, from = 0, i;

	for (i = 0; i < m->heard && i < m->reply.len; i++)
		if (sentence_ends(&m->reply, i))
			from = i + 2;
	from = num_min(from, m->question_at);
	buf_cut(&m->reply, 0, from);
	m->question_at -= from;
	m->heard = 0;
	return num_over(heard, from);
}

void mind_judge_cut(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct buf rest;
	size_t question, cut_at;

	m->cuts++;
	m->note = REHEARD_CUT;
	m->cut_at = 0;
	cut_at = say_rest(m);
	question = m->question_at;
	rest = m->reply;
	buf_init(&m->reply, MIND_TEXT_MAX);
	if (mind_take_correction(m, w, text, len)) {
		buf_fini(&rest);
		return;
	}
	if (understand_aside(w) == ASIDE_WHO)
		mind_say_intro(m);
	else
		(void)mind_say_answers(m, w);
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	m->question_at = m->reply.len + question;
	m->cut_at = m->reply.len + cut_at;
	buf_append(&m->reply, rest.data, rest.len);
	buf_fini(&rest);
}

/* The length of the placeholder at the start of `text`, or 0. */
static size_t placeholder(const char *text, size_t len)
{
	size_t n = 1;

	if (!len || *text != '[')
		return 0;
	while (n < len && (isupper((unsigned char)text[n]) || isdigit((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return n > 2 && n < len && text[n] == ']' ? n + 1 : 0;
}

static size_t word_end(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] != ' ')
		at++;
	return at;
}

static size_t word_next(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] == ' ')
		at++;
	return at;
}

static bool is_number(const char *text, size_t from, size_t to)
{
	for (; from < to; from++)
		if (isdigit((unsigned char)text[from]) || text[from] == '@')
			return true;
	return false;
}

/* A number or an address in the rule-book's own text comes back masked: `word` of n bytes, which has a placeholder in it and is followed
 * by [rest, end). How far it reaches in the reply from byte `at` on; 0: it is none. */
static size_t masked_to(const struct buf *reply, size_t at, const char *word, size_t n, const char *rest, const char *end)
{
	const char *said = (const char *)reply->data, *open = memchr(word, '[', n);
	size_t before = open ? (size_t)(open - word) : n, name = placeholder(word + before, n - before), tail = n - before - name;
	size_t left = (size_t)(end - rest), ends[MASKED_WORDS], count = 0, from = at;

	rest += word_next(rest, left, 0);
	left = word_end(rest, (size_t)(end - rest), 0);
	if (!name || before + tail >= reply->len - at || memcmp(said + at, word, before) != 0 || said[at + before] == '[')
		return 0;
	while (count < MASKED_WORDS && from < reply->len) {
		ends[count] = word_end(said, reply->len, from);
		if (!is_number(said, from, ends[count]))
			break;
		from = word_next(said, reply->len, ends[count++]);
	}
	while (count--) {
		size_t next = word_next(said, reply->len, ends[count]);

		if (ends[count] >= at + before + tail && !memcmp(said + ends[count] - tail, word + n - tail, tail) && left <= reply->len - next &&
			!memcmp(said + next, rest, left))
			return ends[count];
	}
	return 0;
}

/* How far the reply is said when the words of `text` follow its byte `at`; *whole: all of them do. */
static size_t said_to(const struct buf *reply, size_t at, const char *text, size_t len, bool *whole)
{
	const char *end = text + len, *said = (const char *)reply->data;

	for (;;) {
		size_t from, n, to;

		text += word_next(text, (size_t)(end - text), 0);
		from = word_next(said, reply->len, at);
		n = word_end(text, (size_t)(end - text), 0);
		*whole = !n;
		if (!n)
			return at;
		if (n <= reply->len - from && !memcmp(said + from, text, n))
			to = from + n;
		else
			to = masked_to(reply, from, text, n, text + n, end);
		if (!to)
			return at;
		at = to;
		text += n;
	}
}

/* The agent was not stopped: what was said before the question stands in front of it, and he went on from there. */
static bool see_going_on(struct mind *m, const char *text, size_t len)
{
	size_t to;
	bool whole;

	if (m->cut_at <= m->heard)
		return false;
	to = said_to(&m->reply, m->cut_at, text, len, &whole);
	if (whole)
		m->heard = to;
	return whole;
}

/* He was not understood, or interrupted by nothing: the sentence that was cut, from its beginning. */
static bool see_restart(struct mind *m, const char *text, size_t len)
{
	size_t from = 0, to, i;
	bool whole;

	for (i = 0; i < m->heard && i < m->reply.len; i++)
		if (sentence_ends(&m->reply, i))
			from = i + 2;
	if (from >= m->heard || m->heard >= m->reply.len)
		return false;
	to = said_to(&m->reply, from, text, len, &whole);
	if (!whole && to <= m->heard + 3)
		return false;
	m->heard = num_max(m->heard, to);
	return true;
}

/* The question that was heard, once more, because words were wanted (mind_think). Only whole: "are you still there?" begins like "are you Alex?". */
static bool see_again(struct mind *m, const char *text, size_t len)
{
	struct buf before = m->reply;
	const size_t question_at = m->question_at, heard = m->heard;
	bool whole;

	if (heard < before.len || (m->mood != MOOD_ASKED && m->mood != MOOD_CONFIRM && m->mood != MOOD_KEYS))
		return false;
	buf_init(&m->reply, MIND_TEXT_MAX);
	mind_ask_again(m);
	m->heard = said_to(&m->reply, 0, text, len, &whole);
	if (whole) {
		buf_fini(&before);
		return true;
	}
	buf_fini(&m->reply);
	m->reply = before;
	m->question_at = question_at;
	m->heard = heard;
	return false;
}

void mind_see_agent(struct mind *m, const struct llm_block *b)
{
	const char *text = redacted_text(b->text);
	size_t i = redacted_len(b->text), to;
	bool whole;

	to = said_to(&m->reply, m->heard, text, i, &whole);
	if (whole || to > m->heard + 3) {
		m->heard = to;
	} else if (!see_going_on(m, text, i) && !see_restart(m, text, i) && !see_again(m, text, i)) {
		while (i && isspace((unsigned char)text[i - 1]))
			i--;
		m->prompted = i && text[i - 1] == '?';
		return;
	}
	m->prompted = false;
}

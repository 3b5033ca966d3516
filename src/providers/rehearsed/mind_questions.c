/* A caller's own questions: the rule-book's answer when it has one and what stands in it is known, and otherwise that it is not known. Then the agent goes
 * back to its question, unless the words beside his were its answer. */
#include "providers/rehearsed/mind.h"

#include "providers/rehearsed/options.h"
#include "providers/rehearsed/questions.h"

/* What the text tells is known in this call. */
static bool text_is_known(const struct mind *m, const json_t *text)
{
	const json_t *piece;
	size_t i;

	json_array_foreach(text, i, piece)
		if (json_is_object(piece) && mind_value(m, json_string_value(json_object_get(piece, "ref"))).type == VALUE_NONE)
			return false;
	return true;
}

/* Nothing is told to whom it may not concern. */
static bool asks_who(const struct mind *m)
{
	struct words question;

	if (m->mood != MOOD_ASKED || mind_step(m)->expect.kind != EXPECT_YES_NO)
		return false;
	mind_question_words(m, m->at, &question);
	return person_asked(&question);
}

/* `is_known`: who he is, he has said beside it. */
static void say_answers(struct mind *m, const struct questions_asked *asked, bool is_known)
{
	const json_t *text;
	bool untold = false;
	size_t i;

	if (asks_who(m)) {
		mind_say_own(m, is_known ? PHRASE_NOT_YET : PHRASE_WHY_WHO);
		return;
	}
	for (i = 0; i < asked->count; i++) {
		text = json_object_get(json_array_get(m->f->questions, (size_t)asked->at[i]), "text");
		if (text_is_known(m, text))
			mind_say(m, text);
		else if (!untold)
			mind_say_own(m, PHRASE_NOT_YET);
		untold = untold || !text_is_known(m, text);
	}
}

static enum phrase unknown_phrase(const struct mind *m)
{
	if (asks_who(m))
		return PHRASE_WHY_WHO;
	return m->f->human && m->mood != MOOD_ENDED ? PHRASE_UNKNOWN_PERSON : PHRASE_UNKNOWN;
}

/* "Can I pay half" chooses the half, "can I pay on Friday" names a day. */
static bool is_answer(struct mind *m, const struct questions_asked *asked, const struct words *w, const char *text, size_t len)
{
	const struct expect *e = &mind_step(m)->expect;
	struct answer a;

	if (!asked->wishes || m->mood != MOOD_ASKED || e->kind == EXPECT_FREE || e->kind == EXPECT_NAME)
		return false;
	if (e->kind == EXPECT_CHOICE && !option_is_named(e->options, w))
		return false;
	return mind_understand(m, m->at, w, text, len, &a) == UNDERSTOOD_VALUE;
}

/* "Yes, but is there a fee?": the answer counts beside the question when nothing hangs on it yet; who asks before he is bound is asked again. */
static bool rest_answers(struct mind *m, const struct words *rest, const char *text, size_t len)
{
	struct words question;
	struct answer a;

	if (m->mood != MOOD_ASKED || !rest->count || mind_understand(m, m->at, rest, text, len, &a) != UNDERSTOOD_VALUE)
		return false;
	mind_question_words(m, m->at, &question);
	return !mind_answer_binds(m, m->at, &a, &question);
}

/* Free words are written down as they are: only what is nothing but a question is none, and a "why" may well be what is wrong. */
static bool is_told_freely(const struct mind *m, const struct words *w, const struct questions_asked *asked)
{
	return m->mood == MOOD_ASKED && mind_step(m)->expect.kind == EXPECT_FREE && (asked->rest.count > 2 || words_have(w, LIST("why", "kyon", "क्यों")));
}

bool mind_take_questions(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct questions_asked asked;
	bool answers;

	if (!questions_find(m->f->questions, w, &asked) || is_told_freely(m, w, &asked))
		return false;
	answers = rest_answers(m, &asked.rest, text, len);
	if ((!answers && is_answer(m, &asked, w, text, len)) || !mind_aside_left(m))
		return false;
	m->note = REHEARD_ASIDE;
	say_answers(m, &asked, answers);
	if (answers)
		mind_take_answer(m, &asked.rest, text, len);
	else
		mind_ask_again(m);
	return true;
}

bool mind_take_unknown(struct mind *m, const struct words *w)
{
	if (!question_is_asked(w) || (!m->f->english && !m->f->hindi) || !mind_aside_left(m))
		return false;
	m->note = REHEARD_ASIDE;
	mind_say_own(m, unknown_phrase(m));
	mind_ask_again(m);
	return true;
}

/* Nothing in the question is another answer: "two thousand, could we do fifteen hundred?". */
static bool asks_beside(struct mind *m, const struct answer *said, const struct words *asked, const char *text, size_t len)
{
	struct answer a;
	enum understood u;

	if (mind_step(m)->expect.kind == EXPECT_YES_NO)
		return true;
	u = mind_understand(m, m->at, asked, text, len, &a);
	return u == UNDERSTOOD_NOT || (u == UNDERSTOOD_VALUE && mind_answer_same(mind_step(m), &a, said));
}

/* VALUE: the words before the question answer, and all of them together as well, or nothing hangs on it yet. UNSURE: something does. */
static enum understood answer_before(struct mind *m, const struct words *w, const struct words *before, const struct words *asked, const char *text, size_t len)
{
	struct words question;
	struct answer whole, a;

	if (mind_understand(m, m->at, before, text, len, &a) != UNDERSTOOD_VALUE || !asks_beside(m, &a, asked, text, len))
		return UNDERSTOOD_NOT;
	if (mind_step(m)->expect.kind == EXPECT_YES_NO && !a.number)
		return UNDERSTOOD_NOT; /* a "no" before a question may be to the question's reason: all the words are weighed */
	if (mind_understand(m, m->at, w, text, len, &whole) == UNDERSTOOD_VALUE)
		return mind_answer_same(mind_step(m), &whole, &a) ? UNDERSTOOD_VALUE : UNDERSTOOD_NOT;
	mind_question_words(m, m->at, &question);
	return mind_answer_binds(m, m->at, &a, &question) ? UNDERSTOOD_UNSURE : UNDERSTOOD_VALUE;
}

/* "Move it, can I come on Friday instead?": that is asked for next. */
static bool wishes_value(const struct words *asked)
{
	int32_t number;
	size_t at;

	for (at = 0; at < asked->count; at++)
		if (date_names_day(asked, at) || number_small(asked, at, &number))
			return question_is_request(asked);
	return false;
}

static void say_unknown_behind(struct mind *m, const struct words *asked)
{
	enum aside aside = understand_aside(asked);

	if (aside == ASIDE_WHO)
		mind_say_intro(m);
	else if (!asks_who(m))
		mind_say_own(m, unknown_phrase(m));
	else if (aside != ASIDE_WHY)
		mind_say_own(m, PHRASE_NOT_YET); /* what it is about is told next */
}

bool mind_take_behind(struct mind *m, const struct words *w, const char *text, size_t len)
{
	const enum expect_kind kind = mind_step(m)->expect.kind;
	struct words before, asked;
	enum understood u;

	if (m->mood != MOOD_ASKED || m->unheard || kind == EXPECT_FREE || kind == EXPECT_NAME || (!m->f->english && !m->f->hindi))
		return false;
	if (!question_parts(w, &before, &asked) || wishes_value(&asked) || understand_aside(&asked) == ASIDE_REPEAT || understand_aside(&asked) == ASIDE_WAIT)
		return false;
	u = answer_before(m, w, &before, &asked, text, len);
	if (u == UNDERSTOOD_NOT || (u == UNDERSTOOD_UNSURE && !mind_aside_left(m)))
		return false;
	m->note = REHEARD_ASIDE;
	say_unknown_behind(m, &asked);
	if (u == UNDERSTOOD_VALUE)
		mind_take_answer(m, &before, text, len);
	else
		mind_ask_again(m); /* who asks before he is bound */
	return true;
}

bool mind_say_answers(struct mind *m, const struct words *w)
{
	struct questions_asked asked;

	if (!questions_find(m->f->questions, w, &asked))
		return false;
	say_answers(m, &asked, false);
	return true;
}

/* ---- over the closing ---- */

/* Thanks, farewells, agreement: who says no more than that wants nothing. */
static bool is_polite(const struct words *w)
{
	static const char *const phrases[] = { "no thanks", "no thank you", "no that is all", "no that is it", "that is all", "that is it", "that will be all", "nothing else", "see you",
		"take care", "you too", "have a good", "have a nice", "a good", "a nice", "no no thank", "not at all", "theek hai", "ठीक है", NULL };
	static const char *const words[] = { "bye", "byebye", "goodbye", "day", "evening", "night", "weekend", "later", "soon", "tomorrow", "nice", "cool", "perfect", "brilliant", "got",
		"understood", "appreciate", "cheers", "dhanyavaad", "dhanyawaad", "alvida", "chalo", "haan", "धन्यवाद", "अलविदा", "चलो", NULL };
	size_t at, len;

	for (at = 0; at < w->count; at += len)
		if (!(len = words_any_at(w, at, phrases)) && !(len = word_in(w, at, words)) && !(len = yes_is_plain_at(w, at, NULL)))
			return false;
	return true;
}

/* A few words that refuse, turn and change nothing are what a recogniser makes of thanks. */
static bool wants_change(const struct words *w)
{
	static const char *const turns[] = { "wait", "actually", "but", "change", "move", "make it", "instead", "cancel", "different", "another", "sorry", "ruko", "rukiye", "lekin", "badal",
		"रुको", "रुकिए", "लेकिन", "बदल", NULL };
	size_t at;

	if (w->count > 3)
		return !is_polite(w);
	for (at = 0; at < w->count; at++)
		if (word_negates(w, at))
			return !is_polite(w);
	return words_have(w, turns);
}

/* What was done is done, and what was said last is not said twice. Who heard nothing of it, or asks for it, hears it. */
void mind_judge_ended(struct mind *m, const struct words *w, size_t heard)
{
	enum aside aside = understand_aside(w);

	m->note = REHEARD_ASIDE;
	if (!heard || m->is_machine || (aside == ASIDE_REPEAT && !question_is_asked(w))) {
		m->note = REHEARD_WAITING;
		mind_go(m, m->at, mind_no_rest);
		return;
	}
	if (aside == ASIDE_WHO) {
		mind_say_intro(m);
	} else if (!mind_say_answers(m, w) && aside != ASIDE_HELLO) {
		if (question_is_asked(w))
			mind_say_own(m, unknown_phrase(m));
		else if (wants_change(w))
			mind_say_own(m, m->f->human ? PHRASE_DONE_PERSON : PHRASE_DONE);
	}
	mind_say_own(m, PHRASE_BYE);
	m->question_at = m->reply.len;
}

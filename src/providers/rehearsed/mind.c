/* What comes next: the walk to the next step, and what becomes of a caller's answer to a question that was heard. */
#include "providers/rehearsed/mind.h"

#include <string.h>

#include "providers/rehearsed/agreement.h"
#include "providers/rehearsed/choice_doubt.h"
#include "providers/rehearsed/no_answer.h"
#include "providers/rehearsed/opt_outs.h"
#include "providers/rehearsed/option_numbers.h"
#include "providers/rehearsed/options.h"
#include "providers/rehearsed/questions.h"
#include "providers/rehearsed/unreal.h"

const struct flow_step *mind_step(const struct mind *m)
{
	return &m->f->steps[m->at];
}

/* ---- going on ---- */

static bool answer_from_rest(struct mind *m, struct rest *rest)
{
	const struct expect *e = &mind_step(m)->expect;
	struct words words;
	struct answer a;
	size_t i;

	if (!rest->words || rest->from >= rest->words->count || e->kind < EXPECT_DIGITS || e->kind > EXPECT_TIME)
		return false;
	words.count = 0;
	for (i = rest->from; i < rest->words->count; i++)
		words.at[words.count++] = rest->words->at[i];
	if (understand(e, &words, NULL, "", 0, &a) != UNDERSTOOD_VALUE)
		return false;
	rest->from += a.used;
	m->answers[m->at] = (struct mind_answer){ true, a };
	m->last = m->at;
	return true;
}

static void ask_step(struct mind *m)
{
	m->tries = m->asides = m->cuts = 0;
	m->is_half = false;
	m->mood = MOOD_ASKED;
	mind_say_question(m, mind_step(m)->text);
}

static void confirm_step(struct mind *m)
{
	m->mood = MOOD_CONFIRM;
	mind_say_confirm(m);
}

/* Walks to the next step at which the call waits for somebody: a question, a tool, the end. */
void mind_go(struct mind *m, int to, struct rest rest)
{
	size_t walked;

	for (walked = 0; walked <= 2 * m->f->step_count + 16; walked++) {
		m->at = to;
		if (mind_step(m)->kind == STEP_SAY) {
			mind_say(m, mind_step(m)->text);
			to = mind_next(m, mind_step(m));
		} else if (mind_step(m)->kind == STEP_ASK) {
			if (m->visits[to]++ >= m->f->visits_max) {
				m->visits[to]--;
				to = mind_step(m)->other;
				continue;
			}
			if (!answer_from_rest(m, &rest)) {
				ask_step(m);
				return;
			}
			if (mind_step(m)->confirm) {
				m->tries = m->asides = m->cuts = 0;
				confirm_step(m);
				return;
			}
			to = mind_next(m, mind_step(m));
		} else {
			mind_say(m, mind_step(m)->text);
			m->question_at = m->reply.len;
			m->mood = mind_step(m)->kind == STEP_TOOL ? MOOD_TOOL : MOOD_ENDED;
			m->dispatched = m->pending = false;
			return;
		}
	}
	m->mood = MOOD_ENDED; /* the flow turns in a circle: it was none of ours */
}

const struct rest mind_no_rest = { .words = NULL };

static void answered(struct mind *m, struct rest rest)
{
	m->last = m->at;
	mind_go(m, mind_next(m, mind_step(m)), rest);
}

/* One stretch of words answers one question: an option's number is no amount besides. */
static size_t words_used(const struct flow_step *s, const struct words *w, const struct answer *a)
{
	size_t number = s->expect.kind == EXPECT_CHOICE ? options_number_used(s->expect.options, w) : 0;

	if (s->expect.kind == EXPECT_YES_NO)
		return 0;
	return number > a->used ? number : a->used;
}

void mind_take_value(struct mind *m, const struct words *w, const struct answer *a)
{
	struct rest rest = { w, words_used(mind_step(m), w, a) };

	m->answers[m->at] = (struct mind_answer){ true, *a };
	m->is_half = false;
	m->is_met = true;
	m->note = REHEARD_VALUE;
	if (mind_step(m)->confirm)
		confirm_step(m);
	else
		answered(m, rest);
}

/* ---- not understood ---- */

static void not_understood(struct mind *m, enum phrase phrase)
{
	m->note = phrase == PHRASE_RANGE ? REHEARD_RANGE : REHEARD_NOT;
	if (++m->tries >= mind_step(m)->tries) {
		m->answers[m->at].known = false;
		mind_go(m, mind_step(m)->other, mind_no_rest);
		return;
	}
	if (phrase == PHRASE_RANGE && mind_step(m)->expect.kind == EXPECT_DIGITS)
		mind_say_digits_wanted(m);
	else
		mind_say_own(m, phrase);
	if (m->mood == MOOD_ASKED && mind_step(m)->again && phrase != PHRASE_SURE && !m->is_half)
		mind_say_question(m, mind_step(m)->again);
	else
		mind_ask_again(m);
}

/* ---- answers ---- */

bool mind_answer_same(const struct flow_step *s, const struct answer *a, const struct answer *b)
{
	if (s->expect.kind == EXPECT_DIGITS || (s->expect.kind == EXPECT_DATE && (*a->digits || *b->digits)))
		return !strcmp(a->digits, b->digits);
	if (s->expect.kind >= EXPECT_CHOICE)
		return a->len == b->len && !memcmp(a->text, b->text, a->len);
	return a->number == b->number;
}

static void confirm_refused(struct mind *m)
{
	m->answers[m->at].known = false;
	m->mood = MOOD_ASKED;
	m->note = REHEARD_REFUSED;
	if (++m->tries >= mind_step(m)->tries)
		mind_go(m, mind_step(m)->other, mind_no_rest);
	else
		mind_say_question(m, mind_step(m)->again ? mind_step(m)->again : mind_step(m)->text);
}

/* Of any words a name may be made: at its reading back one must be announced, or come with a "no". */
static bool is_other_value(const struct mind *m, const struct words *w, bool no)
{
	enum expect_kind kind = mind_step(m)->expect.kind;

	return kind == EXPECT_NAME ? (no && w->count > 1) || (name_is_told(w) && !yes_no_begins(w)) : kind != EXPECT_FREE && kind != EXPECT_YES_NO;
}

/* Another value is one, whether a "no" came with it or not; the same value is a yes, but beside another answer's (`said` is NULL). */
static bool confirm_value(struct mind *m, const struct words *w, const struct words *said, const char *text, size_t len, bool no)
{
	struct answer a, *old = &m->answers[m->at].value;

	if (!is_other_value(m, w, no) || mind_answer_strays(m, m->at, w) || understand(&mind_step(m)->expect, w, NULL, text, len, &a) != UNDERSTOOD_VALUE)
		return false;
	if (mind_answer_same(mind_step(m), &a, old)) {
		if (no || !said || !yes_repeats(w, said))
			return false;
		m->note = REHEARD_CONFIRMED;
		answered(m, mind_no_rest);
		return true;
	}
	if (++m->tries >= mind_step(m)->tries + 2)
		return false;
	*old = a;
	m->note = REHEARD_VALUE;
	mind_say_confirm(m);
	return true;
}

/* Other answers that are read back were changed: the whole once more. */
static bool confirm_others(struct mind *m)
{
	if (++m->tries >= mind_step(m)->tries + 2)
		return false;
	m->note = REHEARD_CORRECTED;
	mind_say_confirm(m);
	return true;
}

/* A yes to what is read back may be followed by what cannot be undone: it must be certain. VALUE: it was taken, whatever it was. */
static enum understood take_confirm(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct words said;
	struct answer a;
	enum understood u = understand_yes_no(w, NULL, &a);
	bool yes = u == UNDERSTOOD_VALUE && a.number, no = u == UNDERSTOOD_VALUE && !a.number, is_certain, others;

	mind_confirm_words(m, &said);
	if (mind_words_are_unsure(text, len) && !mind_words_are_short_yes(w) && !no)
		return UNDERSTOOD_UNSURE; /* the same sound may be misheard twice */
	is_certain = yes && answer_is_certain(NULL, w, &said, &a);
	others = !is_certain && mind_take_others(m, w, text, len);
	if (confirm_value(m, w, others ? NULL : &said, text, len, no) || (others && confirm_others(m)))
		return UNDERSTOOD_VALUE;
	if (u != UNDERSTOOD_VALUE)
		return yes_no_begins(w) ? UNDERSTOOD_UNSURE : UNDERSTOOD_NOT;
	if (yes && !is_certain)
		return UNDERSTOOD_UNSURE;
	if (yes) {
		m->note = REHEARD_CONFIRMED;
		answered(m, mind_no_rest);
	} else {
		confirm_refused(m);
	}
	return UNDERSTOOD_VALUE;
}

/* What is said there is written down as it is, and takes nothing back ("please tell me what is wrong"). */
static bool passes(const struct flow_step *s)
{
	return s->kind == STEP_SAY || (s->kind == STEP_ASK && !s->confirm && s->expect.kind == EXPECT_FREE);
}

/* Who speaks is judged elsewhere (persons.c). */
bool mind_answer_binds(struct mind *m, int step, const struct answer *a, const struct words *question)
{
	const struct mind_answer before = m->answers[step];
	const struct flow_step *s = &m->f->steps[step];
	size_t walked;

	if (s->confirm || (s->expect.kind == EXPECT_YES_NO && person_asked(question)))
		return false;
	m->answers[step] = (struct mind_answer){ true, *a };
	s = &m->f->steps[mind_next(m, s)];
	for (walked = 0; passes(s) && walked < m->f->step_count; walked++)
		s = &m->f->steps[mind_next(m, s)];
	m->answers[step] = before;
	return s->kind == STEP_GOODBYE || (s->kind == STEP_TOOL && s->changes);
}

static bool asks_day(const struct mind *m)
{
	size_t i;

	for (i = 0; i < m->f->step_count; i++)
		if (m->f->steps[i].kind == STEP_ASK && m->f->steps[i].expect.kind == EXPECT_DATE)
			return true;
	return false;
}

enum understood mind_understand(struct mind *m, int step, const struct words *w, const char *text, size_t len, struct answer *a)
{
	const struct expect *e = &m->f->steps[step].expect;
	struct words question, heard = *w;
	enum understood u;

	if (e->kind == EXPECT_CHOICE && option_of_phrase(e->options, w) < 0)
		options_in_script(e->options, &heard);
	mind_question_words(m, step, &question);
	u = understand(e, &heard, m->at == step ? &question : NULL, text, len, a);
	if (u == UNDERSTOOD_VALUE && e->kind == EXPECT_CHOICE && asks_day(m) && choice_is_mere_day(e, &heard, a))
		return UNDERSTOOD_NOT;
	if ((u == UNDERSTOOD_VALUE || u == UNDERSTOOD_HALF) && m->at == step && mind_answer_strays(m, step, w))
		return UNDERSTOOD_UNSURE;
	if (u == UNDERSTOOD_VALUE && mind_answer_binds(m, step, a, &question) && !answer_is_certain(e, &heard, &question, a))
		u = UNDERSTOOD_UNSURE;
	return u;
}

/* The half of the day is asked for once; who leaves it open again means the one in which people have appointments. */
static enum understood half_taken(struct mind *m, const struct words *w, enum understood u, struct answer *a)
{
	if (u == UNDERSTOOD_NOT && m->is_half && understand_half(w, m->half_of, a))
		return UNDERSTOOD_VALUE;
	if (u != UNDERSTOOD_HALF)
		return u;
	if (m->is_half) {
		a->number = time_plausible(a->number);
		return UNDERSTOOD_VALUE;
	}
	m->is_half = true;
	m->half_of = a->number;
	m->note = REHEARD_HALF;
	mind_ask_again(m);
	return u;
}

/* An option behind which something is changed, and it may have been another one. */
static bool wants_reading_back(struct mind *m, const char *text, size_t len, const struct answer *a)
{
	return m->f->english && mind_step(m)->expect.kind == EXPECT_CHOICE && mind_words_are_unsure(text, len) && mind_answer_binds(m, m->at, a, NULL);
}

/* A yes that was asked back already, because more stood beside it, and nothing that limits it. */
static bool says_yes_again(struct mind *m, const struct words *w, struct answer *a)
{
	const struct answer yes = { .number = 1, .used = w->count };
	struct words question;
	struct answer said;

	mind_question_words(m, m->at, &question);
	if (!m->tries || mind_step(m)->expect.kind != EXPECT_YES_NO || person_asked(&question) || understand_yes_no(w, NULL, &said) != UNDERSTOOD_VALUE || !said.number ||
		!yes_no_begins(w) || !yes_is_free(w, &question) || mind_answer_binds(m, m->at, &yes, &question))
		return false;
	*a = yes;
	return true;
}

enum understood mind_take_answer(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct answer a;
	enum understood u = half_taken(m, w, mind_understand(m, m->at, w, text, len, &a), &a);

	if (u == UNDERSTOOD_UNSURE && says_yes_again(m, w, &a))
		u = UNDERSTOOD_VALUE;
	if (u == UNDERSTOOD_VALUE && wants_reading_back(m, text, len, &a)) {
		m->answers[m->at] = (struct mind_answer){ true, a };
		m->is_met = true;
		m->note = REHEARD_VALUE;
		mind_say_own(m, PHRASE_SURE);
		confirm_step(m);
	} else if (u == UNDERSTOOD_VALUE) {
		mind_take_value(m, w, &a);
	}
	return u;
}

/* Where a book answers questions, one is not what its own question for any words wants: unless that asks for a wish. */
static bool asks_freely(const struct mind *m, const struct words *w)
{
	struct words question;

	if (!m->f->questions || m->mood != MOOD_ASKED || mind_step(m)->expect.kind != EXPECT_FREE)
		return false;
	if (question_is_request(w))
		return true;
	mind_question_words(m, m->at, &question);
	return question_is_alone(w) && !words_have(&question, LIST("question", "questions", "ask", "message", "help", "wish", "wishes"));
}

/* "Yes, will I get a letter?" where a yes binds: the question is what keeps it from being one. */
static bool asks_before_yes(const struct mind *m, const struct words *w)
{
	struct words before, asked;

	return (m->mood == MOOD_CONFIRM || mind_step(m)->expect.kind == EXPECT_YES_NO) && question_parts(w, &before, &asked);
}

static bool refuses(const struct words *w)
{
	struct answer a;

	return understand_yes_no(w, NULL, &a) == UNDERSTOOD_VALUE && !a.number;
}

static void judge_answer(struct mind *m, const struct words *w, const char *text, size_t len)
{
	enum understood u;

	if (m->prompted && understand_hello(w) && mind_step(m)->expect.kind != EXPECT_FREE) {
		m->note = REHEARD_ASIDE; /* "yes" to "are you still there?" */
		mind_ask_again(m);
		return;
	}
	if (mind_aside_alone(m, w) && mind_take_aside(m, w))
		return;
	if (mind_answer_is_blind(m, w)) {
		not_understood(m, PHRASE_SURE);
		return;
	}
	if (asks_freely(m, w) && mind_take_unknown(m, w))
		return; /* not what is to be written down */
	if (mind_take_count(m, w, text, len))
		return;
	if (refuses(w) && mind_take_told(m, w, text, len))
		return;
	u = m->mood == MOOD_CONFIRM ? take_confirm(m, w, text, len) : mind_take_answer(m, w, text, len);
	if (u == UNDERSTOOD_VALUE || u == UNDERSTOOD_HALF)
		return;
	if (mind_take_correction(m, w, text, len) || mind_take_aside(m, w) || (u == UNDERSTOOD_NOT && (mind_take_change(m, w, text, len) || mind_take_unknown(m, w))))
		return;
	if (u == UNDERSTOOD_UNSURE && asks_before_yes(m, w) && mind_take_unknown(m, w))
		return;
	not_understood(m, u == UNDERSTOOD_RANGE ? PHRASE_RANGE : u == UNDERSTOOD_UNSURE ? PHRASE_SURE : PHRASE_SORRY);
}

void mind_judge_answer(struct mind *m, const struct words *w, const char *text, size_t len)
{
	enum opt_out opt_out = opt_out_heard(w);
	const bool doubt = m->f->opt_out && opt_out == OPT_OUT_DOUBT;
	struct words rest = *w, question;

	if (!doubt && (mind_take_read_back(m, w, text, len) || mind_take_questions(m, w, text, len)))
		return;
	if (opt_out == OPT_OUT_LIMITED)
		opt_out_drop_limited(&rest);
	mind_question_words(m, m->at, &question);
	if (m->mood == MOOD_ASKED && mind_step(m)->expect.kind == EXPECT_YES_NO)
		agreement_trim(&rest, &question);
	no_answer_drop_no(&rest, &question);
	if (!doubt && mind_take_behind(m, &rest, text, len))
		return;
	if (mind_step(m)->expect.kind == EXPECT_YES_NO || mind_step(m)->expect.kind == EXPECT_CHOICE) {
		unreal_drop(&rest);
		no_answer_drop_duties(&rest);
	}
	if (!doubt && !rest.count && mind_take_unknown(m, w))
		return;
	if (doubt || (!rest.count && w->count))
		not_understood(m, PHRASE_SORRY); /* rather a question more than a call that goes on */
	else
		judge_answer(m, &rest, text, len);
}

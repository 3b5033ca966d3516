/* Corrections: "no, I said the seventeenth" to the question before, "yes, but on Thursday" to what was just read back. */
#include "providers/rehearsed/mind.h"

#include "base/num.h"
#include "providers/rehearsed/counts.h"
#include "providers/rehearsed/options.h"
#include "providers/rehearsed/questions.h"

enum { VALUES_WORDS = 40 /* in a longer answer no two values are told apart */ };

/* What is not read back is told at least. */
static void say_corrected(struct mind *m, int step)
{
	size_t before;

	if (m->f->english || m->f->hindi)
		buf_text(&m->reply, m->f->hindi ? "ठीक है, " : "All right, ");
	before = m->reply.len;
	mind_spoken(m, step, &m->reply);
	if (m->reply.len == before)
		mind_reply_begin(m);
	else
		buf_text(&m->reply, m->f->hindi ? "।" : ".");
}

/* Without its yes and no: these alone are no other answer to the question before ("no wait, yes"). */
static void words_beside_yes_no(const struct words *w, struct words *out)
{
	static const char *const list[] = { "yes", "yeah", "yep", "ok", "okay", "sure", "haan", "ji", "हां", "जी", "no", "nope", "nah", "wait",
		"sorry", "nahi", "नहीं", NULL };
	size_t i;

	out->count = 0;
	for (i = 0; i < w->count; i++)
		if (!word_in(w, i, list))
			out->at[out->count++] = w->at[i];
}

/* From that question on all that comes before the open one is known. */
static bool leads_back(const struct mind *m, int step)
{
	const struct flow_step *s = &m->f->steps[step];
	size_t walked;
	int to;

	for (walked = 0; walked < m->f->step_count; walked++) {
		to = mind_next(m, s);
		if (to == m->at)
			return true;
		s = &m->f->steps[to];
		if (s->kind != STEP_SAY && (s->kind != STEP_ASK || !m->answers[to].known))
			return false;
	}
	return false;
}

/* And with that answer to it, which it keeps then. */
static bool leads_back_with(struct mind *m, int step, const struct answer *a)
{
	const struct answer before = m->answers[step].value;

	m->answers[step].value = *a;
	if (leads_back(m, step))
		return true;
	m->answers[step].value = before;
	return false;
}

static bool take_corrected(struct mind *m, int step, const struct words *w, const char *text, size_t len, bool differs)
{
	const struct flow_step *s = &m->f->steps[step];
	struct words rest;
	struct answer a;

	if (s->expect.kind == EXPECT_YES_NO || s->expect.kind == EXPECT_FREE || s->expect.kind == EXPECT_NAME)
		return false;
	words_beside_yes_no(w, &rest);
	if (mind_understand(m, step, s->expect.kind == EXPECT_CHOICE ? &rest : w, text, len, &a) != UNDERSTOOD_VALUE ||
		(differs && mind_answer_same(s, &a, &m->answers[step].value)))
		return false;
	m->at = step;
	m->mood = MOOD_ASKED;
	m->answers[step] = (struct mind_answer){ true, a };
	if (!s->confirm)
		say_corrected(m, step);
	mind_take_value(m, w, &a);
	m->note = REHEARD_CORRECTED;
	return true;
}

/* The open question tells the answer to that one. */
static bool is_read_back(const struct mind *m, int step)
{
	const json_t *text = m->mood == MOOD_CONFIRM ? mind_step(m)->confirm : mind_step(m)->text, *field;
	const char *ref;
	size_t i;

	for (i = 0; i < json_array_size(text); i++) {
		ref = json_string_value(json_object_get(json_array_get(text, i), "ref"));
		if (ref && flow_ref(m->f, ref, &field) == step && !field)
			return m->answers[step].known;
	}
	return false;
}

static bool has_value_kind(const struct mind *m, int step)
{
	const struct flow_step *s = &m->f->steps[step];

	return s->kind == STEP_ASK && s->expect.kind >= EXPECT_DIGITS && s->expect.kind <= EXPECT_TIME;
}

static bool value_read(const struct mind *m, int step, const struct words *w, const char *text, size_t len, struct answer *a)
{
	return understand(&m->f->steps[step].expect, w, NULL, text, len, a) == UNDERSTOOD_VALUE && !mind_answer_strays(m, step, w);
}

static struct words words_between(const struct words *w, size_t from, size_t to)
{
	struct words part = { .count = 0 };

	for (; from < to; from++)
		part.at[part.count++] = w->at[from];
	return part;
}

/* Some other question that is read back has its value there. */
static bool other_reads(const struct mind *m, int step, const struct words *w)
{
	struct answer a;
	int other;

	for (other = 0; other < (int)m->f->step_count; other++)
		if (other != step && has_value_kind(m, other) && (other == m->at || is_read_back(m, other)) && value_read(m, other, w, "", 0, &a))
			return true;
	return false;
}

/* Where the whole has two of its kind, the number behind it may be another question's: "a thousand | on Monday at two". */
static bool value_read_beside(const struct mind *m, int step, const struct words *w, const char *text, size_t len, struct answer *a)
{
	struct words head, tail;
	struct answer behind;
	size_t at;

	if (value_read(m, step, w, text, len, a))
		return true;
	for (at = w->count; at-- > 1 && w->count <= VALUES_WORDS;) {
		head = words_between(w, 0, at);
		tail = words_between(w, at, w->count);
		if (value_read(m, step, &head, text, len, a) && !value_read(m, step, &tail, "", 0, &behind) && other_reads(m, step, &tail))
			return true;
	}
	return false;
}

static bool same_is_read(const struct mind *m, int step, const struct words *w, const struct answer *wanted)
{
	struct answer a;

	return value_read(m, step, w, "", 0, &a) && mind_answer_same(&m->f->steps[step], &a, wanted);
}

/* The one question's value and the other's stand in words of their own: "a thousand | on Friday". One number is not both. */
static bool values_stand_apart(const struct mind *m, int step, const struct answer *a, int other, const struct answer *b, const struct words *w)
{
	struct words head, tail;
	size_t at;

	for (at = 1; at < w->count && w->count <= VALUES_WORDS; at++) {
		head = words_between(w, 0, at);
		tail = words_between(w, at, w->count);
		if ((same_is_read(m, step, &head, a) && same_is_read(m, other, &tail, b)) || (same_is_read(m, other, &head, b) && same_is_read(m, step, &tail, a)))
			return true;
	}
	return false;
}

/* No other question that is read back reads the same words as its own. */
static bool value_is_its_own(const struct mind *m, int step, const struct answer *a, const struct words *w)
{
	struct answer b;
	int other;

	for (other = 0; other < (int)m->f->step_count; other++)
		if (other != step && has_value_kind(m, other) && (other == m->at || is_read_back(m, other)) && value_read(m, other, w, "", 0, &b) &&
			!values_stand_apart(m, step, a, other, &b, w))
			return false;
	return true;
}

/* "No, I'm busy on Thursday" wishes no Thursday. */
static bool is_hindrance(const struct words *w, const struct answer *a)
{
	struct meanings said;
	struct words rest;
	size_t at = 0;

	while (word_in(w, at, LIST("no", "nope", "nah")))
		at++; /* what follows is "one thousand", and not "no one" */
	rest = words_between(w, at, w->count);
	meanings_read(&said, &rest, NULL);
	return said.denied_to && said.denied_to + at >= a->used;
}

/* Each value goes to the question whose kind it fits, of those that the open one reads back; the first that got another, or -1. */
static int take_values(struct mind *m, const struct words *w, const char *text, size_t len)
{
	int step, first = -1;
	struct answer a;

	for (step = 0; m->last >= 0 && step < (int)m->f->step_count; step++) {
		if (step == m->at || !has_value_kind(m, step) || !is_read_back(m, step) || !value_read_beside(m, step, w, text, len, &a) || is_hindrance(w, &a) ||
			mind_answer_same(&m->f->steps[step], &a, &m->answers[step].value) || !value_is_its_own(m, step, &a, w))
			continue;
		if (m->mood == MOOD_CONFIRM ? !leads_back_with(m, step, &a) : m->f->steps[step].confirm != NULL)
			continue;
		m->answers[step].value = a;
		first = first < 0 ? step : first;
	}
	return first;
}

bool mind_take_others(struct mind *m, const struct words *w, const char *text, size_t len)
{
	int step = take_values(m, w, text, len);

	if (step >= 0)
		m->note_step = step;
	return step >= 0;
}

bool mind_take_told(struct mind *m, const struct words *w, const char *text, size_t len)
{
	const struct flow_step *s;
	size_t walked;
	int to;

	if (m->mood != MOOD_ASKED || mind_step(m)->expect.kind != EXPECT_YES_NO)
		return false;
	to = take_values(m, w, text, len);
	if (to < 0)
		return false;
	say_corrected(m, to);
	m->note_step = to;
	for (walked = 0, s = NULL; walked < m->f->step_count && (!s || (s->kind == STEP_ASK && is_read_back(m, to))); walked++) {
		to = mind_next(m, s ? s : &m->f->steps[to]);
		s = &m->f->steps[to];
	}
	mind_go(m, to, mind_no_rest);
	m->is_met = true;
	m->note = REHEARD_CORRECTED;
	return true;
}

/* "Yes, but on Thursday": another value of what was just read back. */
static bool take_limited_yes(struct mind *m, const struct words *w, const char *text, size_t len)
{
	bool asks_yes = m->mood == MOOD_CONFIRM || (m->mood == MOOD_ASKED && mind_step(m)->expect.kind == EXPECT_YES_NO);
	int step;

	if (m->last < 0 || !asks_yes || !yes_no_begins(w))
		return false;
	if (mind_take_told(m, w, text, len))
		return true;
	for (step = 0; step < (int)m->f->step_count; step++)
		if (m->f->steps[step].kind == STEP_ASK && m->f->steps[step].expect.kind != EXPECT_CHOICE && is_read_back(m, step) &&
			take_corrected(m, step, w, text, len, true))
			return true;
	return false;
}

/* "I already paid last week" to "On which day will you pay?": another option of a choice that led here, in the book's own words. What is asked chooses none. */
static bool take_other_option(struct mind *m, const struct words *w, const char *text, size_t len)
{
	const struct flow_step *s;
	int step;

	if (m->last < 0 || question_is_asked(w))
		return false;
	for (step = (int)m->f->step_count - 1; step >= 0; step--) {
		s = &m->f->steps[step];
		if (s->kind == STEP_ASK && s->expect.kind == EXPECT_CHOICE && step != m->at && m->answers[step].known && option_is_named(s->expect.options, w)) {
			if (!take_corrected(m, step, w, text, len, true))
				return false;
			m->note_step = step;
			return true;
		}
	}
	return false;
}

static void say_number(struct mind *m, const struct words *number)
{
	size_t at;

	buf_text(&m->reply, "All right,");
	for (at = 0; at < number->count; at++) {
		buf_byte(&m->reply, ' ');
		buf_text(&m->reply, number->at[at].text);
	}
	buf_byte(&m->reply, '.');
}

/* A choice's question that the words tell the number for; -1: there is none. */
static int count_find(struct mind *m, const struct words *w, struct words *number, struct span *said, struct answer *a)
{
	struct words question;
	int step;

	for (step = 0; step < (int)m->f->step_count; step++) {
		if (step == m->at || m->f->steps[step].kind != STEP_ASK || m->f->steps[step].expect.kind != EXPECT_CHOICE || !m->answers[step].known)
			continue;
		mind_question_words(m, step, &question);
		*said = count_said(w, &question, number);
		if (said->len && mind_understand(m, step, number, "", 0, a) == UNDERSTOOD_VALUE)
			return step;
	}
	return -1;
}

/* Its answer is corrected. What stands beside it may answer the open question, which is asked again otherwise. */
bool mind_take_count(struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct words question, number, rest = *w;
	struct answer a;
	struct span said;
	int step;

	mind_question_words(m, m->at, &question);
	if (m->last < 0 || !m->f->english || mind_step(m)->expect.kind == EXPECT_FREE || count_is_asked(&question))
		return false;
	step = count_find(m, w, &number, &said, &a);
	if (step < 0)
		return false;
	if (!leads_back_with(m, step, &a)) {
		m->note_step = step;
		return take_corrected(m, step, &number, "", 0, false);
	}
	words_cut(&rest, said);
	if (m->mood == MOOD_ASKED && mind_understand(m, m->at, &rest, text, len, &a) == UNDERSTOOD_VALUE) {
		mind_take_answer(m, &rest, text, len);
		return true;
	}
	m->note_step = step;
	m->note = REHEARD_CORRECTED;
	say_number(m, &number);
	mind_ask_again(m);
	return true;
}

bool mind_take_change(struct mind *m, const struct words *w, const char *text, size_t len)
{
	return mind_step(m)->expect.kind != EXPECT_CHOICE && mind_step(m)->expect.kind != EXPECT_FREE && take_other_option(m, w, text, len);
}

/* "No, I said the seventeenth": the question before gets another answer. */
bool mind_take_correction(struct mind *m, const struct words *w, const char *text, size_t len)
{
	if (m->last >= 0 && words_correct(w, 0, num_min(w->count, 3)) && take_corrected(m, m->last, w, text, len, false))
		return true;
	return take_limited_yes(m, w, text, len);
}

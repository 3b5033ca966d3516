/* Corrections: "no, I said the seventeenth" to the question before, "yes, but on Thursday" to what was just read back. */
#include "providers/rehearsed/mind.h"

#include "base/num.h"
#include "providers/rehearsed/options.h"
#include "providers/rehearsed/questions.h"

/* What is not read back is told at least. */
static void say_corrected(struct mind *m)
{
	size_t before;

	if (m->f->english || m->f->hindi)
		buf_text(&m->reply, m->f->hindi ? "ठीक है, " : "All right, ");
	before = m->reply.len;
	mind_spoken(m, m->at, &m->reply);
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
		say_corrected(m);
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

/* "Yes, but on Thursday": another value of what was just read back. */
static bool take_limited_yes(struct mind *m, const struct words *w, const char *text, size_t len)
{
	bool asks_yes = m->mood == MOOD_CONFIRM || (m->mood == MOOD_ASKED && mind_step(m)->expect.kind == EXPECT_YES_NO);
	int step;

	if (m->last < 0 || !asks_yes || !yes_no_begins(w))
		return false;
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

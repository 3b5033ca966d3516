/* What is said beside an answer: asides, what the book listens for at any time, a machine's words. */
#include "providers/rehearsed/mind.h"

#include "providers/rehearsed/human.h"
#include "providers/rehearsed/opt_outs.h"

enum { ASIDES_MAX = 6 };

/* Nothing is promised that may not come: what a call is about is in the opening and in the question, and the reason may be for one person's ears only. */
static enum phrase why_phrase(const struct mind *m)
{
	struct words question;

	mind_question_words(m, m->at, &question);
	if (mind_step(m)->expect.kind == EXPECT_YES_NO && person_asked(&question))
		return PHRASE_WHY_WHO;
	return m->f->human ? PHRASE_WHY_PERSON : PHRASE_WHY;
}

bool mind_aside_left(struct mind *m)
{
	return ++m->asides <= ASIDES_MAX;
}

bool mind_take_aside(struct mind *m, const struct words *w)
{
	enum aside aside = understand_aside(w);

	if (aside == ASIDE_NONE || !mind_aside_left(m))
		return false;
	m->note = REHEARD_ASIDE;
	if (aside == ASIDE_WAIT) {
		mind_say_own(m, PHRASE_WAIT);
		m->question_at = m->reply.len; /* it stays open */
		return true;
	}
	if (aside == ASIDE_WHO || aside == ASIDE_WHY)
		mind_say_intro(m);
	if (aside == ASIDE_WHY)
		mind_say_own(m, why_phrase(m));
	if (aside == ASIDE_HELLO)
		mind_say_own(m, PHRASE_HERE);
	mind_ask_again(m);
	return true;
}

static enum opt_out opt_out_said(const struct mind *m, const struct words *w)
{
	return m->f->opt_out ? opt_out_heard(w) : OPT_OUT_NONE;
}

static bool has_phrase_of(const struct mind *m, const json_t *way_out, const struct words *w)
{
	const json_t *words = json_object_get(way_out, "words");
	struct span said;
	size_t i;

	for (i = 0; i < json_array_size(words); i++) {
		said = understand_phrase(w, json_string_value(json_array_get(words, i)));
		if (said.len && (way_out != m->f->human || !human_only_named(w, said)))
			return true;
	}
	return false;
}

/* What is said goes before the book's phrases: they are found loosely, "do not call me" in "don't call me on Monday" too. */
int mind_anytime_find(const struct mind *m, const struct words *w)
{
	enum opt_out opt_out = opt_out_said(m, w);
	const json_t *found = opt_out == OPT_OUT_MEANT ? m->f->opt_out : NULL, *one, *to;
	size_t i;

	for (i = 0; !found && i < json_array_size(m->f->anytime); i++) {
		one = json_array_get(m->f->anytime, i);
		if ((one == m->f->human && human_wanted(w)) || ((one != m->f->opt_out || opt_out == OPT_OUT_NONE) && has_phrase_of(m, one, w)))
			found = one;
	}
	to = json_object_get(found, "go");
	return found ? flow_step_find(m->f, json_string_value(to), json_string_length(to)) : -1;
}

bool mind_hears_machine(const struct mind *m, const struct words *w)
{
	size_t i;

	if (m->is_met || understand_offer(w))
		return false;
	for (i = 0; i < json_array_size(m->f->machine_words); i++)
		if (understand_words(w, json_string_value(json_array_get(m->f->machine_words, i))))
			return true;
	return false;
}

/* "OK, hold on", "yes, sorry, say that again": the yes is to the line, and not to the question. */
bool mind_aside_alone(const struct mind *m, const struct words *w)
{
	enum expect_kind kind = mind_step(m)->expect.kind;
	struct words question;

	if (m->mood != MOOD_CONFIRM && kind != EXPECT_YES_NO && kind != EXPECT_CHOICE)
		return false;
	mind_question_words(m, m->at, &question);
	return understand_aside_alone(w, &question);
}

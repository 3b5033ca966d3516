/* A way out that was heard unsurely and would end the call, or hand it over: nothing is lost by asking, and all by not asking. It is read back, and only a
 * yes, or the same words heard surely, take it. Whatever else is said belongs to the question that was open, as if the way had not been heard. */
#include "providers/rehearsed/mind.h"

#include <string.h>

enum { WALK_MAX = 16 };

static const json_t *way_to(const struct mind *m, int step)
{
	const json_t *one, *to;
	size_t i;

	json_array_foreach(m->f->anytime, i, one) {
		to = json_object_get(one, "go");
		if (flow_step_find(m->f, json_string_value(to), json_string_length(to)) == step)
			return one;
	}
	return NULL;
}

/* There is a goodbye or a tool before the next question. */
static bool leads_out(const struct mind *m, int step)
{
	const struct flow_step *s = &m->f->steps[step];
	size_t walked;

	for (walked = 0; s->kind == STEP_SAY && walked < WALK_MAX; walked++)
		s = &m->f->steps[mind_next(m, s)];
	return s->kind == STEP_GOODBYE || s->kind == STEP_TOOL;
}

bool mind_way_is_doubted(const struct mind *m, int step, const char *text, size_t len)
{
	return m->f->english && mind_words_are_unsure(text, len) && leads_out(m, step);
}

/* The phrase that was heard, or the first one. */
static const char *way_phrase(const struct mind *m, const struct words *w)
{
	const json_t *list = json_object_get(m->way, "words"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (w && understand_phrase(w, json_string_value(one)).len)
			return json_string_value(one);
	return json_string_value(json_array_get(list, 0));
}

void mind_way_ask(struct mind *m)
{
	if (m->reply.len)
		buf_byte(&m->reply, ' ');
	m->question_at = m->reply.len;
	buf_printf(&m->reply, "Did you say \"%s\"?", m->way_phrase);
}

static bool tries_are_over(struct mind *m)
{
	if (++m->tries < mind_step(m)->tries)
		return false;
	m->way = NULL;
	m->answers[m->at].known = false;
	mind_go(m, mind_step(m)->other, mind_no_rest);
	return true;
}

void mind_way_doubt(struct mind *m, int step, const struct words *w)
{
	const json_t *way = way_to(m, step);
	bool again = way == m->way;

	m->note = REHEARD_NOT;
	m->way = way;
	m->way_step = step;
	m->way_phrase = way_phrase(m, w);
	if (again && tries_are_over(m))
		return;
	mind_say_own(m, PHRASE_SURE);
	mind_way_ask(m);
}

/* "Yes", "yes please", and not the same doubt again. */
static bool is_yes(const struct mind *m, const struct words *w, const char *text, size_t len)
{
	struct words said;
	struct answer a;

	words_read(&said, m->way_phrase, strlen(m->way_phrase));
	if (mind_words_are_unsure(text, len) && !mind_words_are_short_yes(w))
		return false;
	return w->count && understand_yes_no(w, NULL, &a) == UNDERSTOOD_VALUE && a.number && answer_is_certain(NULL, w, &said, &a);
}

/* Nothing but a "no". */
static bool is_mere_no(const struct words *w)
{
	static const char *const beside[] = { "no", "nope", "nah", "not", "i", "did", "do", "not", "that", "it", "thanks", "thank", "you", "sorry", "oh",
		"say", NULL };
	size_t at;

	for (at = 0; at < w->count && word_in(w, at, beside); at++)
		;
	return w->count && at == w->count && words_have(w, LIST("no", "nope", "nah", "not"));
}

/* The "no" is to the way, and what stands behind it to the question. */
static void drop_no(struct words *w)
{
	while (w->count > 1 && word_in(w, 0, LIST("no", "nope", "nah", "sorry", "oh", "i", "said")) && !word_in(w, 1, LIST("not", "do", "would", "want", "will")))
		words_cut(w, (struct span){ 0, 1 });
}

bool mind_way_judge(struct mind *m, struct words *w, const char *text, size_t len)
{
	bool yes = is_yes(m, w, text, len);

	if (yes) {
		m->way = NULL;
		m->note = REHEARD_ANYTIME;
		m->is_machine = false;
		mind_go(m, m->way_step, mind_no_rest);
		return true;
	}
	if (!is_mere_no(w)) {
		m->way = NULL;
		drop_no(w);
		return false;
	}
	m->note = REHEARD_REFUSED;
	if (tries_are_over(m))
		return true;
	m->way = NULL;
	mind_ask_again(m);
	return true;
}

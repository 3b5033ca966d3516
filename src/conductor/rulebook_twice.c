/* Words that stand in two places, where only one of the two is ever heard: what questions share is a mistake, and so is a plain yes or
 * no among what is said at any time; what an option shares with that is a warning, for the call goes on. */
#include "conductor/rulebook_state.h"

#include <string.h>
#include <strings.h>

/* ---- one list in another ---- */

typedef void twice_h(struct reading *r, const struct yaml_item *here, const struct yaml_item *there, const char *name);

static const struct yaml_item *first_word(const struct yaml_item *words, const char *language)
{
	const struct yaml_item *list = words ? text_in(words, language) : NULL;

	return list && list->kind == YAML_KIND_LIST ? list->first : NULL;
}

static void lists_compare(struct reading *r, const struct yaml_item *here, const struct yaml_item *there, const char *name, twice_h *twice)
{
	const struct yaml_item *x, *y;
	const char *language;
	size_t i;

	for (i = 0; i < r->book->language_count; i++) {
		language = r->book->languages[i].code;
		for (x = first_word(here, language); x; x = x->next)
			for (y = first_word(there, language); y; y = y->next)
				if (x->text && y->text && !strcasecmp(x->text, y->text))
					twice(r, x, y, name);
	}
}

/* ---- questions ---- */

static void questions_share(struct reading *r, const struct yaml_item *here, const struct yaml_item *there, const char *name)
{
	mistake_value(r, here, NULL, "these words also stand for the question %s, in line %u", name, there->at.line);
}

static void questions_compare(struct reading *r)
{
	const struct question *q = r->book->questions;
	size_t up = path_down(r, "questions"), deeper, i, k;

	for (i = 1; i < r->book->question_count; i++) {
		deeper = path_down(r, q[i].name);
		(void)path_down(r, "words");
		for (k = 0; k < i; k++)
			lists_compare(r, q[i].words, q[k].words, q[k].name, questions_share);
		path_up(r, deeper);
	}
	path_up(r, up);
}

/* ---- at any time ---- */

static bool is_plain_answer(const char *text)
{
	static const char *const plain[] = { "yes", "yeah", "yep", "no", "nope", "haan", "haan ji", "nahi", "nahin", "हाँ", "हां", "जी", "जी हाँ", "जी हां", "नहीं",
		"जी नहीं", NULL };
	size_t i;

	for (i = 0; plain[i]; i++)
		if (!strcasecmp(text, plain[i]))
			return true;
	return false;
}

static void plain_answers_refuse(struct reading *r, const struct yaml_item *words)
{
	const struct yaml_item *word;
	size_t i;

	for (i = 0; i < (words->kind == YAML_KIND_MAP ? r->book->language_count : 1); i++)
		for (word = first_word(words, r->book->languages[i].code); word; word = word->next)
			if (word->text && is_plain_answer(word->text))
				mistake_value(r, word, "words that say what is wanted", "this is heard at any time, and no question would get this answer");
}

static void option_is_lost(struct reading *r, const struct yaml_item *here, const struct yaml_item *there, const char *name)
{
	warning_value(r, here, NULL, "line %u: these words are also an option of %s, in line %u, which nobody can choose by them: this is heard first", here->at.line, name,
		there->at.line);
}

static void options_compare(struct reading *r, const struct anytime *a, const struct step *s)
{
	const struct yaml_item *option;

	if (s->kind != STEP_ASK || s->expect.type != VALUE_CHOICE || !s->expect.options)
		return;
	for (option = s->expect.options->first; option; option = option->next)
		lists_compare(r, a->words, option, s->name, option_is_lost);
}

static void anytime_compare(struct reading *r, const struct anytime *a)
{
	size_t up = path_down(r, a->name), i;

	(void)path_down(r, "words");
	if (a->words)
		plain_answers_refuse(r, a->words);
	for (i = 0; i < r->book->step_count; i++)
		options_compare(r, a, &r->book->steps[i]);
	path_up(r, up);
}

void words_twice(struct reading *r)
{
	size_t up, i;

	questions_compare(r);
	up = path_down(r, "anytime");
	for (i = 0; i < r->book->anytime_count; i++)
		anytime_compare(r, &r->book->anytime[i]);
	path_up(r, up);
}

/* Whether what a step gives a tool fits the argument's schema: what never does is a mistake, what may not a warning.
 *
 * Letters are counted as the tool gets them: a telephone number comes with its country (docs/redaction.md), a day as 2026-11-27. A
 * range is known when the book writes it out; what a variable says is not judged here.
 */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/wording.h"
#include "conductor/rulebook_state.h"
#include "redact/redact.h"

enum {
	DATE_LETTERS = 10,
	TIME_LETTERS = 5,
	NO_LETTERS = 2,
	YES_LETTERS = 3,
	TRUE_LETTERS = 4,
	FALSE_LETTERS = 5,
	FREE_LETTERS = 200, /* what somebody says in one go; nothing ends it there */
	NAME_LETTERS = 40
};

enum { COUNTRY_LETTERS = 3 /* "+44" for a 0, "+91" for nothing */, TELEPHONE_LETTERS = 16, TELEPHONE_DIGITS = 7 /* the fewest of one */ };

static bool may_be_telephone(const struct rulebook *b, const struct step *ask)
{
	const struct yaml_item *text;
	size_t i;

	for (i = 0; i < b->language_count; i++) {
		text = ask->text ? text_in(ask->text, b->languages[i].code) : NULL;
		if (text && text->text && !redact_asks_other_number(text->text, strlen(text->text)))
			return true;
	}
	return false;
}

static size_t digits_longest(const struct rulebook *b, const struct step *ask)
{
	size_t most = ask->range.high.is_set ? (size_t)ask->range.high.micros : DIGITS_MAX;

	if (most < TELEPHONE_DIGITS || most >= TELEPHONE_LETTERS || !may_be_telephone(b, ask))
		return most;
	return num_min(most + COUNTRY_LETTERS, TELEPHONE_LETTERS);
}

/* ---- letters ---- */

/* How many letters a value has; `most` 0: nobody can tell. */
struct letters {
	size_t least, most;
};

static size_t letters_count(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80; /* as the schema counts them */
	return count;
}

static size_t number_letters(int64_t micros)
{
	size_t count = 1;

	for (micros /= 1000000; micros >= 10; micros /= 10)
		count++;
	return count;
}

static bool is_written(const struct bound *bound)
{
	return bound->is_set && bound->variable < 0;
}

static struct letters option_letters(const struct yaml_item *options)
{
	struct letters l = { .least = SIZE_MAX };
	const struct yaml_item *option;

	for (option = options->first; option; option = option->next) {
		size_t count = letters_count(option->key ? option->key : option->text ? option->text : "");

		l.least = num_min(l.least, count);
		l.most = num_max(l.most, count);
	}
	return l;
}

static struct letters text_letters_of(const struct symbol *s)
{
	size_t count;

	if (s->kind == SYMBOL_ANSWER)
		return (struct letters){ .least = 1, .most = s->spec.is_name ? NAME_LETTERS : FREE_LETTERS };
	if (s->kind != SYMBOL_FACT || s->item->kind != YAML_KIND_SCALAR)
		return (struct letters){ .most = 0 };
	count = letters_count(s->item->text);
	return (struct letters){ .least = count, .most = count };
}

/* An answer counts by its range, without the cents that may come to it. */
static struct letters ranged_letters(const struct rulebook *b, const struct symbol *s)
{
	const struct step *ask = s->kind == SYMBOL_ANSWER ? &b->steps[s->step] : NULL;
	struct letters l = { .least = 1 };

	if (!ask)
		return l;
	if (ask->expect.type == VALUE_DIGITS)
		return (struct letters){ .least = ask->range.low.is_set ? (size_t)ask->range.low.micros : 1, .most = digits_longest(b, ask) };
	if (is_written(&ask->range.low))
		l.least = number_letters(ask->range.low.micros);
	if (is_written(&ask->range.high))
		l.most = number_letters(ask->range.high.micros);
	return l;
}

static struct letters letters_of(const struct rulebook *b, const struct symbol *s)
{
	switch (s->spec.type) {
	case VALUE_DATE: return (struct letters){ .least = DATE_LETTERS, .most = DATE_LETTERS };
	case VALUE_TIME: return (struct letters){ .least = TIME_LETTERS, .most = TIME_LETTERS };
	case VALUE_YES_NO: return (struct letters){ .least = NO_LETTERS, .most = YES_LETTERS };
	case VALUE_TRUTH: return (struct letters){ .least = TRUE_LETTERS, .most = FALSE_LETTERS };
	case VALUE_CHOICE: return s->spec.options ? option_letters(s->spec.options) : (struct letters){ .most = 0 };
	case VALUE_NUMBER:
	case VALUE_AMOUNT:
	case VALUE_DIGITS: return ranged_letters(b, s);
	case VALUE_TEXT: return text_letters_of(s);
	}
	return (struct letters){ .most = 0 };
}

static void letters_fit(struct reading *r, const struct yaml_item *item, const struct symbol *s, const struct argument *a)
{
	struct letters l = letters_of(r->book, s);

	if (s->spec.type == VALUE_DIGITS && l.most > a->max_length)
		mistake_value(r, item, NULL, "%s may have %zu letters (a telephone number comes with its country), and the tool's schema takes %zu", s->name, l.most,
			a->max_length);
	else if (l.least > a->max_length)
		mistake_value(r, item, NULL, "%s is a %s of %s%zu letters, and the tool's schema takes %zu", s->name, value_names[s->spec.type],
			l.most == l.least ? "" : "at least ", l.least, a->max_length);
	else if (l.most > a->max_length)
		warning_value(r, item, NULL, "line %u: %s may have %zu letters, and the tool's schema takes %zu: with more the tool fails", item->at.line, s->name, l.most,
			a->max_length);
}

/* ---- ranges ---- */

static void bounds_print(char *out, size_t size, bool has_low, int64_t low, bool has_high, int64_t high)
{
	struct buf b;

	buf_init(&b, 128);
	if (has_low)
		buf_text(&b, has_high ? "" : "from ");
	if (has_low)
		micros_print(&b, low);
	buf_text(&b, has_high ? (has_low ? " to " : "up to ") : "");
	if (has_high)
		micros_print(&b, high);
	snprintf(out, size, "%s", buf_str(&b));
	buf_fini(&b);
}

/* What is asked for without a bound is anything from 0 on; a bound that a variable gives can be anything, and is no reason for a warning. */
static void range_fits(struct reading *r, const struct yaml_item *item, const struct symbol *s, const struct argument *a)
{
	const struct range *range = &r->book->steps[s->step].range;
	bool has_high = is_written(&range->high);
	int64_t low = is_written(&range->low) ? range->low.micros : 0, high = has_high ? range->high.micros : INT64_MAX;
	char asked[64], taken[64];

	bounds_print(asked, sizeof(asked), true, low, has_high, high);
	bounds_print(taken, sizeof(taken), a->has_min, a->min_micros, a->has_max, a->max_micros);
	if ((a->has_min && high < a->min_micros) || (a->has_max && low > a->max_micros))
		mistake_value(r, item, NULL, "%s is %s, and the tool's schema takes %s: no answer fits", s->name, asked, taken);
	else if ((a->has_min && low < a->min_micros && range->low.variable < 0) || (a->has_max && high > a->max_micros && range->high.variable < 0))
		warning_value(r, item, NULL, "line %u: %s is %s, and the tool's schema takes %s: with another the tool fails", item->at.line, s->name, asked, taken);
}

void argument_has_room(struct reading *r, const struct yaml_item *item, const struct symbol *s, const struct argument *a)
{
	if (a->type == ARGUMENT_STRING && a->max_length && !a->choices)
		letters_fit(r, item, s, a);
	else if (a->type == ARGUMENT_NUMBER && s->kind == SYMBOL_ANSWER && (a->has_min || a->has_max))
		range_fits(r, item, s, a);
}

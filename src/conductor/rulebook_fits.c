/* Whether an answer in digits has room in a tool's argument, for what the tool gets: a telephone number with its country (docs/redaction.md). */
#include <string.h>

#include "base/num.h"
#include "conductor/rulebook_state.h"
#include "redact/redact.h"

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

size_t answer_longest(const struct rulebook *b, const struct symbol *answer)
{
	const struct step *ask = answer->kind == SYMBOL_ANSWER ? &b->steps[answer->step] : NULL;

	return ask && ask->expect.type == VALUE_DIGITS ? digits_longest(b, ask) : 0;
}

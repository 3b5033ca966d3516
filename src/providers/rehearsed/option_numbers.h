/* Numbers and spans of time in the words of a choice: "2 bedrooms" where the rule-book says "two bedrooms", "1 year" where it says "twelve months". Pure. */
#ifndef PROVIDERS_REHEARSED_OPTION_NUMBERS_H
#define PROVIDERS_REHEARSED_OPTION_NUMBERS_H

#include <jansson.h>

#include "providers/rehearsed/words.h"

/* Writes them as the options' phrases do, where some phrase has the same number or span and none has it as it was said. */
void options_in_numbers(const json_t *options, struct words *w);

/* The words up to here are spoken for by a number that the options have: "no, twenty four" is no amount besides. */
size_t options_number_used(const json_t *options, const struct words *w);

#endif

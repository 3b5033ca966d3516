/* What digits can be: a card's, an Aadhaar number's, a telephone's, or what a word beside them says. Where they are to be cut, and what is done about it, is
 * decided in numbers.c. Inside this room only.
 */
#ifndef REDACT_GUESS_H
#define REDACT_GUESS_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/run.h"

enum { ID_DIGITS = 19, PHONE_LEAST = 7, PHONE_MOST = 15 };

struct guess {
	enum redact_type type; /* 0: nothing */
	char value[RUN_DIGITS + 4];
	size_t len;
};

bool guess_set(struct guess *g, enum redact_type type, const char *prefix, const char *digits, size_t n); /* true */

/* Items first to last of the run are one number; false: no number that is known. */
bool guess_span(const struct scan *s, const struct run *r, size_t first, size_t last, struct guess *g);

/* The same of n digits that are not those of the items, but were said with them (a correction). */
bool guess_digits(const struct scan *s, const struct run *r, const char *digits, size_t n, size_t first, size_t last, struct guess *g);

bool guess_callers(const struct scan *s); /* the caller's own words */

size_t run_span(const struct run *r, size_t first, size_t last); /* the digits of these items */

/* Items of two turns: only all of them together are one number. */
bool run_over_turns(const struct scan *s, const struct run *r, size_t first, size_t last);

#endif

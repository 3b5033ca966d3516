/* Digits that only the words around them make something: a code that was sent, a card's CVV, a bank account. Inside this room only. */
#ifndef REDACT_NAMED_H
#define REDACT_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/run.h"

enum { NAMED_BYTES = 24 };

struct named {
	enum redact_type type;
	char value[NAMED_BYTES];
};

enum cue named_cue(struct scan *s, const struct run *r); /* what the words around the run say that its digits are */

/* What n digits of the run are by its cue; false: nothing that the cue has. */
bool named_judge(const struct scan *s, const struct run *r, const char *digits, size_t n, struct named *named);

/* The area, group and serial number of a US social security number that could have been issued (SSA, rules of 2011). */
bool ssn_fits(const char *digits);

#endif

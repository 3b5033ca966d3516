/* Runs of digits: numbers that stand or are said one behind the other, over marks, fillers and corrections, never over other words.
 * What they are is judged in numbers.c. Inside this room only.
 */
#ifndef REDACT_RUN_H
#define REDACT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redact/scan.h"

enum { RUN_ITEMS = 96, RUN_DIGITS = 192, RUN_WHOLE_DIGITS = 10 /* written in one piece: a number by themselves */ };

/* What stands between an item and the one before it: nothing that parts them, a comma, or what stands between two numbers: "and", the
 * end of a sentence or of a turn, a plus. */
enum join { JOIN_NONE = 0, JOIN_COMMA, JOIN_STRONG };

/* A plus before an item: it begins a number with its country, or it may stand between two numbers. */
enum plus { PLUS_NONE = 0, PLUS_COUNTRY, PLUS_BETWEEN };

/* One number of a run: "9", "98765", "double nine". */
struct item {
	size_t first, last; /* its tokens */
	size_t digit;       /* where its digits start */
	size_t count;
	bool maybe;         /* "for", "oh" */
	bool written;
	uint8_t join;       /* enum join */
	uint8_t plus;       /* enum plus */
};

struct run {
	struct item items[RUN_ITEMS];
	char digits[RUN_DIGITS];
	size_t count, digit_count;
	size_t next;        /* the first token behind it */
	size_t corrected;   /* the item behind a "no, sorry", or 0 */
	size_t dots;
	bool plus;          /* before an item behind the first */
	bool hundred;       /* "one eight hundred …": so are telephone numbers said */
	bool open;          /* it reaches the end of the text */
	enum word_class about;
};

bool run_read(const struct scan *s, struct run *r, size_t i); /* the one that starts at token i; false when none does */
bool run_full(const struct run *r); /* there may be more of it than fits */

#endif

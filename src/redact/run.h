/* Runs of digits: numbers that stand or are said one behind the other, over marks, fillers and corrections, never over other words.
 * What they are is judged in numbers.c. Inside this room only.
 */
#ifndef REDACT_RUN_H
#define REDACT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redact/cues.h"
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
	bool maybe;         /* "for", "oh"; of a code (code.c): letters that may be a word */
	bool written;
	bool pair;          /* "ten", "fifty five": no digit said by itself */
	bool zeros;         /* "hundred", "thousand": what they put behind the item before them */
	bool amount;        /* of run_added: what was said with them */
	uint8_t join;       /* enum join */
	uint8_t plus;       /* enum plus */
};

struct run {
	struct item items[RUN_ITEMS];
	char digits[RUN_DIGITS];
	size_t count, digit_count;
	size_t next;        /* the first token behind it */
	size_t corrected;   /* the item behind a "no, sorry", or 0 */
	bool plus;          /* before an item behind the first */
	bool zeros;         /* "hundred" or "thousand" stands in it */
	bool version;       /* "10.0.19041.1" stands in it, or an IP address: more dots than a number is written with */
	bool open;          /* it reaches the end of the text */
	enum word_class about;
	enum cue cue;       /* what else the words around it say that it is */
};

bool run_read(const struct scan *s, struct run *r, size_t i); /* the one that starts at token i; false when none does */
size_t run_item(const struct scan *s, struct run *r, size_t i); /* adds the item at token i; how many tokens it took, 0: there is none */
bool run_full(const struct run *r); /* there may be more of it than fits */

/* As it is read, "hundred" is "00" and "thousand" is "000" behind what they count. Here what is said behind them is added to them: "a hundred
 * and thirty two" is 132. `bare`: without an "and" too. False when there is nothing to add. */
bool run_added(const struct scan *s, const struct run *r, bool bare, struct run *added);

/* Ends the run at the first amount that is none of a number's digits: "9876543210 and five hundred". Needs r->about; true when it did. */
bool run_end_at_amount(const struct scan *s, struct run *r);

#endif

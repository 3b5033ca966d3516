/* What a call cost, by vendor and model: the sum of its usage records, each priced by the version of the prices that it names.
 *
 * Derived and never kept: whoever has the records can make it again. What has no price is counted in its units and said to have none; the total is
 * then that of the rest. Wasted is a part of the whole, not besides it. Main thread.
 */
#ifndef CLI_COSTS_H
#define CLI_COSTS_H

#include "base/buf.h"
#include "voice/journal/usage_record.h"

enum { COSTS_ROWS_MAX = 32 };

struct cost_part {
	uint64_t units[USAGE_UNITS];
	uint64_t picos;
	bool is_unknown; /* some of it has no price */
};

struct cost_row {
	char vendor[USAGE_NAME_MAX], model[USAGE_NAME_MAX];
	bool is_estimated; /* some of it */
	struct cost_part all, wasted;
};

/* Zeroed is empty. */
struct costs {
	struct cost_row rows[COSTS_ROWS_MAX]; /* in the order in which they were first used */
	unsigned int count;
	uint64_t passed_over; /* records of a row too many */
	char prices[sizeof(((struct record_usage *)0)->prices)]; /* the version of the last record */
};

void costs_add(struct costs *c, const struct record_usage *r);

/* Micro-dollars, rounded up once; false: something has no price, and it is the sum of the rest. */
bool costs_total(const struct costs *c, uint64_t *micros, uint64_t *wasted_micros);

void costs_json(struct buf *b, const struct costs *c); /* an object */
void costs_text(struct buf *b, const struct costs *c); /* lines; none when nothing was counted */

#endif

/* What vendors ask for what they are used for: a table of data with the day from which each row holds, and one sum.
 *
 * A version is the day of the table's newest change. Rows are added and never altered, so that what was counted under an older version is priced
 * as it was then. Money is in micro-dollars; a cost is told in picos, a millionth of one, so that a single token of the cheapest model is
 * a whole number; it is rounded up where it is shown. What has no row has no price, which is not a price of zero. Facts: the shared protocol
 * notes on Anthropic, "Model facts", checked 2026-11-21; of the other vendors no price is public knowledge that was checked. What a contract says
 * stands in a file of one's own, whose rows go before the table's. Pure once that is read; any thread.
 */
#ifndef BASE_PRICES_H
#define BASE_PRICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"
#include "base/usage.h"

#define PRICES_VERSION "2026-11-21" /* the table's */

enum {
	PRICES_VERSION_MAX = 48,
	PRICES_OWN_MAX = 200, /* rows of one's own */
	PRICES_PICOS_A_MICRO = 1000000
};

/* Micro-dollars a million tokens or characters, or an hour of sound. */
struct price {
	const char *vendor;
	const char *model;          /* a date behind it ("-20251001") is no other model; "": all of this vendor's */
	const char *since;          /* the version that brought it */
	uint64_t prompt_max_tokens; /* for so long a prompt, cached tokens included; 0: any. The shorter one stands before the longer */
	unsigned int units;         /* those that it prices, as bits 1 << enum usage_unit */
	uint64_t micros[USAGE_UNITS];
};

/* What this much cost under that version, rounded up to a pico. False, and 0: the price is not known, be it of a part of it; or the version is older
 * than the row. One answer's tokens at a time: what a long prompt costs depends on its length. */
bool prices_cost(const struct usage *u, const char *version, uint64_t *picos);

uint64_t prices_micros(uint64_t picos); /* rounded up */

/* "prices.file" */
struct prices_settings {
	char file[1024];
};
extern const struct option prices_options[];

/* Reads rows of one's own; "" has none. They hold from their day on, before rows of the table that say the same vendor and model, and are in the version
 * once their day is there: `today` is "2026-11-21". Again forgets those before. Before other threads start. ERR_NOTFOUND, ERR_DENIED, ERR_IO: the
 * file; ERR_FORMAT, ERR_LIMIT: a mistake in it, nothing is taken then. docs/providers.md has an example. */
enum err prices_load(const char *path, const char *today, struct err_detail *detail) MUST_USE;

/* What holds now: for records. */
const char *prices_version(void);

/* For prices.c. */
const struct price *prices_own(size_t *count);

#endif

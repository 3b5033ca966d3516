/* What vendors ask for what they are used for: a table of data with the day from which each row holds, and one sum.
 *
 * A version is the day of the table's newest change. Rows are added and never altered, so that what was counted under an older version is priced
 * as it was then. Money is in micro-dollars; a cost is told in picos, a millionth of one, so that a single token of the cheapest model is
 * a whole number; it is rounded up where it is shown. What has no row has no price, which is not a price of zero. Facts: the shared protocol
 * notes on Anthropic, "Model facts", checked 2026-11-21; of the other vendors no price is public knowledge that was checked. Pure; any thread.
 */
#ifndef BASE_PRICES_H
#define BASE_PRICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/usage.h"

#define PRICES_VERSION "2026-11-21"

enum {
	PRICES_VERSION_MAX = 48,
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

#endif

/* Messages of a vendor's that are said so late as its options have it, in their order, and the end behind them. Embedded beside the outlet that they
 * go through; that must be open, or never have been. Loop thread.
 */
#ifndef SANDBOX_LATE_H
#define SANDBOX_LATE_H

#include <jansson.h>

#include "sandbox/outlet.h"

enum { LATE_MAX = 256 /* that wait; more are said at once */ };

struct late_message {
	uint64_t at_us;
	char *json;
};

struct late {
	struct outlet *out;
	struct clock *clock;
	uint64_t wait_us;
	struct clock_timer timer;
	struct late_message waits[LATE_MAX];
	size_t count;
	bool has_closed;
	uint16_t code;
};

void late_init(struct late *l, struct outlet *out, struct clock *clock, uint64_t wait_us);
void late_fini(struct late *l); /* what waits is not said; one that is zeroed is fine */

void late_say(struct late *l, json_t *message);  /* takes it; NULL is no memory and nothing */
void late_close(struct late *l, uint16_t code);  /* the socket, behind all that was said */

#endif

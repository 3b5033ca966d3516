/* Faults of the sandbox: the script that says which request meets which, and where in its answer.
 *
 * A script is JSON: one object, or {"faults":[…]}. Of each object: "vendor"; "kind", one of harm_kind's names; where it strikes: "path" (what the
 * request's begins with; any when nothing is said); of those "request" (the nth from now on, 1 when nothing is said) and "times" (so many in a row),
 * or "rate" (0 to 1, of all from now on) and "seed"; and where in the answer: "after_messages" or "after_bytes". By kind also "status" and
 * "retry_after_ms", "every_ms" (drip), "bytes" (oversized), "hold_ms" (so long a silent connection is kept). An unknown member, or one that does
 * not fit its kind, is refused with its name.
 * A request meets one fault at most: the first of the list that strikes. The same script, seed and requests give the same faults.
 * Plain data, no clock, one thread. What it does to an answer is outlet.c's.
 */
#ifndef SANDBOX_HARM_H
#define SANDBOX_HARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

enum {
	HARMS_MAX = 64,             /* in force */
	HARM_VENDOR_MAX = 24,
	HARM_PATH_MAX = 64,
	HARM_BYTES_MAX = 8 << 20,   /* of an oversized message */
	HARM_BYTES_DEFAULT = 2 << 20,
	HARM_EVERY_MS_DEFAULT = 50,
	HARM_HOLD_MS_DEFAULT = 60000,
	HARM_HOLD_MS_MAX = 600000
};

enum harm_kind {
	HARM_NONE = 0,
	HARM_STATUS,      /* "status": an HTTP status instead of an answer; a socket's handshake is refused by it */
	HARM_STALL,       /* "stall": nothing more comes, the connection stays */
	HARM_HALF_OPEN,   /* "half_open": and nothing more is read */
	HARM_RESET,       /* "reset": the connection breaks */
	HARM_DRIP,        /* "drip": a byte of a stream, or a message of a socket, each `every_ms` */
	HARM_WRONG_JSON,  /* "wrong_json": one message is cut in its middle */
	HARM_OVERSIZED,   /* "oversized": one message has so many bytes more than it should */
	HARM_DUPLICATE,   /* "duplicate": one message comes twice */
	HARM_EARLY_CLOSE, /* "early_close": the answer ends properly, but too early */
	HARM_KINDS
};

struct harm {
	enum harm_kind kind;
	char vendor[HARM_VENDOR_MAX];
	char path[HARM_PATH_MAX]; /* empty: any */
	uint64_t request, times;  /* request 0: by rate */
	double rate;
	uint64_t dice;            /* its state; begins as the seed */
	uint64_t after_messages, after_bytes; /* it strikes when as much was sent; both 0: at once */
	unsigned int status;
	uint64_t retry_after_ms;  /* 0: not told */
	uint64_t every_us, hold_us;
	size_t bytes;
	uint64_t seen, struck;    /* requests of its vendor and path; how many of them it met */
};

struct harms {
	struct harm list[HARMS_MAX];
	size_t count;
};

const char *harm_name(enum harm_kind kind); /* "stall"; never NULL */

/* Adds a script's faults behind those that are in force: all or none. `vendors` are the names that there are, NULL-ended. ERR_FORMAT: the
 * detail says where (faults[1].kind), what, and what it may be; ERR_LIMIT: more than HARMS_MAX. */
enum err harms_add(struct harms *h, const json_t *script, const char *const *vendors, struct err_detail *detail) MUST_USE;
void harms_clear(struct harms *h);

/* One more request of that vendor, at that path: the fault that it meets, or one of kind HARM_NONE. */
struct harm harms_take(struct harms *h, const char *vendor, const char *path);

/* What is in force, as JSON: how often each struck. NULL: no memory. */
json_t *harms_list(const struct harms *h);

#endif

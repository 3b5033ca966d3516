/* Inside the sandbox: what its carriers tell the product by HTTP and then forget, such as status callbacks.
 *
 * Faults (harm.h) strike at "/callback/EVENT": `duplicate` sends it twice, `stall` so late as hold_ms has it (behind later ones: out of order),
 * `reset` loses it. One struct callbacks a carrier, embedded in its state. Loop thread.
 */
#ifndef SANDBOX_CALLBACK_H
#define SANDBOX_CALLBACK_H

#include <stddef.h>

#include "base/http_client.h"
#include "sandbox/phone.h"
#include "sandbox/vendor.h"

enum {
	CALLBACK_HEADERS_MAX = 4,
	CALLBACK_HEADER_MAX = 512,
	CALLBACK_BODY_MAX = 64 << 10,
	CALLBACK_ANSWER_MAX = 64 << 10,
	CALLBACK_TOTAL_US = 15000000,
	REACH_MAX = 2 * PHONE_URL_MAX
};

struct callbacks {
	struct vendor *vendor;
	struct http_client *client; /* borrowed */
	struct callback *list;
};

/* All of it is copied. */
struct callback_words {
	const char *url;            /* where it really is */
	const char *const *headers; /* NULL-ended, at most CALLBACK_HEADERS_MAX of CALLBACK_HEADER_MAX bytes; else nothing is told */
	const void *body;
	size_t len;
};

void callback_tell(struct callbacks *all, const char *event, const struct callback_words *words);
void callbacks_end(struct callbacks *all);

/* Where an address really is: its path and query at `via`, "http://127.0.0.1:8080"; an empty one: there. */
void callback_reach(const char *via, const char *url, char out[REACH_MAX]);

/* A form's value or name, escaped. */
void callback_put_escaped(struct buf *b, const char *text);

#endif

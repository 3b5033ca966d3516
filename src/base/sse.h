/* Server-sent events, as a client reads them: bytes in any pieces in, the data of one event after the other out.
 *
 * Only `data:` counts: names, ids and comments are passed over. Lines end in LF or CR LF; data of several lines is joined by LF; an event ends at
 * an empty line, and one that does not is none. A line and an event's data each have the ceiling that sse_init was given.
 * Pure; one owner. Source: the HTML standard, "Server-sent events".
 */
#ifndef BASE_SSE_H
#define BASE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct sse {
	struct buf line, data;
	bool has_data, is_event; /* of the event that is being read; it is whole */
};

void sse_init(struct sse *s, size_t max_bytes);
void sse_fini(struct sse *s);
void sse_reset(struct sse *s); /* for another stream; keeps the memory */

/* The next line, or what there is of it: how many of the bytes it took, at least one of any. When `is_event` is set, `data` holds the data of an
 * event until the next call. */
size_t sse_read(struct sse *s, const char *at, size_t len) MUST_USE;

/* ERR_LIMIT: a line or an event over the ceiling; ERR_NOMEM. Sticky until the reset. */
enum err sse_err(const struct sse *s) MUST_USE;

#endif

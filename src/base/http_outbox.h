/* What waits to be sent on a socket: a queue of bytes with a ceiling, which knows how old its oldest byte is.
 *
 * It grows up to its ceiling and keeps its memory, so that a warm one allocates nothing. Age counts from when bytes were put until
 * the other side's kernel has acknowledged them, where the socket can tell: that is how a peer that is half dead is found. Ages
 * are exact to a tenth of a second. What was sent is overwritten, for it may have been a key. The owner's thread only.
 */
#ifndef BASE_HTTP_OUTBOX_H
#define BASE_HTTP_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { OUTBOX_MARKS = 64 };

struct http_outbox {
	uint8_t *data;
	size_t head, len, cap;
	size_t max;     /* the ceiling of len, in bytes */
	uint64_t total; /* bytes ever put */
	struct outbox_mark {
		uint64_t end; /* of what was put at that time, counted as total */
		uint64_t time_us;
	} marks[OUTBOX_MARKS];
	unsigned int first_mark, mark_count;
};

/* Asks the system to hold back little of what it is given, so that what waits, waits here. Without effect where it cannot. */
void outbox_socket(int fd);

void outbox_init(struct http_outbox *o, size_t max_bytes);
void outbox_fini(struct http_outbox *o);

/* ERR_LIMIT: it would not fit, and nothing was put; ERR_NOMEM. */
enum err outbox_put(struct http_outbox *o, const void *data, size_t len, uint64_t now_us) MUST_USE;

/* Room for `len` bytes behind the last, to be written and then put by outbox_commit; NULL: over the ceiling, or no memory. */
uint8_t *outbox_room(struct http_outbox *o, size_t len);
void outbox_commit(struct http_outbox *o, size_t len, uint64_t now_us);

/* Sends what the socket takes; never blocks, raises no signal. ERR_CLOSED: the other side is gone. */
enum err outbox_flush(struct http_outbox *o, int fd) MUST_USE;

/* How old the oldest byte is that the other side has not acknowledged; 0 when there is none. */
uint64_t outbox_age_us(struct http_outbox *o, int fd, uint64_t now_us);

#endif

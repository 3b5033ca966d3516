/* An answer of a vendor on its way out, over a stream of an HTTP reply or a WebSocket, with the fault that befalls it (harm.h).
 *
 *   open ─outlet_end, the other side goes, a fault ends it, silence over its time─► over
 *
 * Embedded in its owner, which may free itself in `over`: that runs exactly once, the last, never from inside a call of this file.
 * Until then pushes are fine: behind a fault that silenced or ended it, and behind outlet_end, they do nothing. The owner's handlers of stream
 * and socket call outlet_gone. One loop, its thread.
 */
#ifndef SANDBOX_OUTLET_H
#define SANDBOX_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/http_server.h"
#include "base/websocket.h"
#include "sandbox/harm.h"

enum { OUTLET_WAITING_MAX = 16 << 20 }; /* bytes that wait in a dripping one; more is a reset */

struct outlet {
	struct clock *clock;
	struct http_stream *stream; /* one of these two, until it is over */
	struct websocket *socket;
	struct harm harm;
	bool has_struck;
	bool is_plain;              /* JSON goes out as it is, no event around it; set it behind outlet_open */
	bool is_silent, drips, ends, is_over;
	uint16_t close_code;        /* of a socket, at its end; 0: without one */
	uint64_t messages, bytes;   /* pushed */
	struct buf waiting;         /* for the drip; of a socket each with its length before it */
	size_t waiting_at;
	struct clock_timer timer;
	struct buf paced;           /* what is said later: when, of what event, how long, and the JSON */
	size_t paced_at;
	uint64_t paced_us;          /* when the last of it is due */
	struct clock_timer pace;
	void (*over)(void *arg);
	void *arg;
};

/* One of `stream` and `socket` is NULL; both: the client is gone already, and `over` comes. */
void outlet_open(struct outlet *o, struct clock *clock, struct http_stream *stream, struct websocket *socket, const struct harm *harm,
	void (*over)(void *arg), void *arg);

/* A message: JSON; over a stream as an event of that name (NULL: without one), which is borrowed until
 * the outlet is over. */
void outlet_json(struct outlet *o, const char *event, const char *json, size_t len);
void outlet_bytes(struct outlet *o, const void *data, size_t len); /* as they are; streams alone */

/* From here on what is pushed goes out so much later than what was pushed before: a model that thinks for a moment before each word. */
void outlet_wait(struct outlet *o, uint64_t us);

/* Nothing more is to be said. `code` closes a socket (websocket.h). */
void outlet_end(struct outlet *o, uint16_t code, const char *reason);

void outlet_gone(struct outlet *o);    /* the stream or socket is over; dead already */

/* What is said still reaches somebody, or will. */
bool outlet_is_live(const struct outlet *o);

/* At once, in silence: `over` does not come; the other side sees the connection close. */
void outlet_cancel(struct outlet *o);

#endif

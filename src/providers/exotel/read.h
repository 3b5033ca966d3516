/* One message of Exotel's media socket, taken apart: keys spelt stream_sid or streamSid, counters as strings or numbers.
 *
 * Facts: shared notes on Exotel, 2.3 and 2.5. Nothing is copied but what a start says: items point into the message. Keys that it does not
 * know it passes over. Pure, any thread, no memory of its own.
 */
#ifndef PROVIDERS_EXOTEL_READ_H
#define PROVIDERS_EXOTEL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json_scan.h"
#include "providers/media.h"

struct exotel_message {
	struct json_item event, stream; /* the stream stands beside the event, and in a start inside as well */
	struct json_item payload, timestamp, chunk, track, digit, mark;
	struct json_item encoding, rate;
	bool is_snake, is_camel;        /* how its stream's key is spelt; both, when it stands there twice */
	struct media_start *start;      /* filled in by exotel_read; NULL: a start is not looked into */
	unsigned int part;              /* reading: inside which object of depth 1 */
	unsigned int inner;             /* … and of depth 2 */
};

/* `m` is zeroed but for `start`. Errors as json_scan.h; ERR_FORMAT also for what is no object with an event. */
enum err exotel_read(struct exotel_message *m, const void *data, size_t len) MUST_USE;

bool exotel_text_is(const struct json_item *item, const char *text);

/* Into a fixed text; too long, broken escapes or no string: empty. */
void exotel_text_put(const struct json_item *item, char *out, size_t size);

/* Up to fifteen digits, in quotes or not. */
bool exotel_number(const struct json_item *item, uint64_t *number);

#endif

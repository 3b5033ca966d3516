/* How long an answer asks to be left alone: `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, section 10.2.3).
 *
 * A date is held against the date of the answer itself: no clock of ours is asked. Nobody here waits. No state, any thread.
 */
#ifndef BASE_RETRY_AFTER_H
#define BASE_RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

struct http_answer; /* base/http_client.h */

/* False: it says nothing that can be read, and *wait_ms stays. */
bool retry_after_read(const struct http_answer *answer, uint64_t *wait_ms);

/* The value of a header that is a whole number: digits alone, up to twelve. False: it is not there, or anything else. */
bool header_number_read(const struct http_answer *answer, const char *name, uint64_t *number);

#endif

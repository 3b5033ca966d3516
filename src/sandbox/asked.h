/* What the sandbox's vendors were asked: one canonical JSON object a request, the newest ASKED_MAX of them.
 *
 * {"n":1,"vendor":"anthropic","method":"POST","path":"/v1/messages","query":{…},"headers":{…},"body":…,"messages":[…]}. Names of headers are in
 * lower case; a query's keys that come twice have a list. What may be a key is not kept: of Authorization the scheme alone, of other such
 * headers and queries "***". A body that is JSON is that, another is {"bytes":N}. "messages" are a socket's, in order: texts as JSON,
 * runs of binary ones as one {"binary_frames":N,"bytes":M}, of texts that carry sound {"audio_input":N,"bytes":M}. Where the vendor told tokens there is
 * "usage": what it told last. Printed with sorted keys and without spaces. One owner, one thread.
 */
#ifndef SANDBOX_ASKED_H
#define SANDBOX_ASKED_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/http_server.h"

enum { ASKED_MAX = 200, ASKED_MESSAGES_MAX = 500 /* of one socket; what is more is counted as "left_out" */, ASKED_BYTES_MAX = 32 << 20 };

struct asked {
	json_t *list[ASKED_MAX]; /* by number, modulo */
	size_t bytes[ASKED_MAX]; /* of its body and messages, roughly */
	uint64_t count;          /* since it was emptied or began */
	uint64_t first;          /* the oldest that is kept; numbers begin at 1 */
	size_t total_bytes;
};

/* Its number, for asked_message; 0: it could not be kept. */
uint64_t asked_add(struct asked *a, const char *vendor, const struct http_request *r);

/* A message of that request's socket; forgotten when the request is. */
void asked_text(struct asked *a, uint64_t number, const void *data, size_t len);
void asked_binary(struct asked *a, uint64_t number, size_t len);
void asked_sound(struct asked *a, uint64_t number, const char *kind, size_t len); /* one more piece of sound, in messages of this kind */

/* What that request's answer said it took so far, in place of what it said before. */
void asked_usage(struct asked *a, uint64_t number, json_t *usage_take);

/* {"requests":[…]} of one vendor, or of all (NULL). NULL: no memory. The caller's to free(). */
char *asked_print(const struct asked *a, const char *vendor);

const json_t *asked_at(const struct asked *a, uint64_t number); /* or NULL */
void asked_clear(struct asked *a); /* numbers go on */

#endif

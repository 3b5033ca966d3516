/* The first part of an HTTP/1.1 message, judged strictly, and the chunked coding of what follows. Pure: no sockets, no clock.
 *
 * Refused, because two programs could read it differently (RFC 9112 sections 2.2, 3, 5 and 6): line feeds without carriage returns,
 * control characters, folded lines, white space before a colon, more than one Content-Length or Host, a length that is not plain
 * digits, a length beside a transfer coding, any coding but exactly "chunked". A refusal is an HTTP status and a fixed text; the
 * connection must not be used after one. Ceilings: HTTP_HEAD_MAX bytes, HTTP_HEADERS_MAX headers, HTTP_TARGET_MAX bytes of target.
 */
#ifndef BASE_HTTP_HEAD_H
#define BASE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { HTTP_HEAD_MAX = 16384, HTTP_HEADERS_MAX = 100, HTTP_TARGET_MAX = 8000 };

enum http_method {
	HTTP_METHOD_NONE,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHOD_COUNT
};

/* "GET"; never NULL. */
const char *http_method_name(enum http_method method);

/* Offsets into the bytes of the head, so that the buffer may move. Values are without white space around them. */
struct http_field {
	uint16_t name, name_len;
	uint16_t value, value_len;
};

struct http_head {
	enum http_method method;  /* a request */
	uint16_t target, target_len;
	unsigned int status;      /* a response; 100 to 599 */
	bool is_old;              /* HTTP/1.0 */
	bool is_chunked;
	bool has_length;
	uint64_t length;          /* Content-Length */
	bool wants_close;         /* Connection: close, or HTTP/1.0 without keep-alive */
	bool wants_upgrade;       /* Connection: upgrade */
	bool wants_continue;      /* Expect: 100-continue */
	size_t len;               /* of the head, its empty line included */
	unsigned int field_count;
	struct http_field fields[HTTP_HEADERS_MAX];
};

/* Why a message was refused: an HTTP status, a code for programs, a sentence. All texts are constants. */
struct http_refusal {
	unsigned int status; /* 0: not refused */
	const char *code;    /* "bad_request" */
	const char *message;
};

/* How many bytes the head has, its empty line included, or 0 when it is not all there. `seen` bytes were looked at by an earlier
 * call with the same beginning. */
size_t http_head_end(const uint8_t *data, size_t len, size_t seen);

/* Whole heads of `len` bytes (http_head_end). A refusal's status is 0 when all is well; then *h is filled. */
struct http_refusal http_request_parse(const uint8_t *data, size_t len, struct http_head *h);
struct http_refusal http_response_parse(const uint8_t *data, size_t len, struct http_head *h);

/* The field of that name at or behind index `from`, without regard to case, or NULL. */
const struct http_field *http_field_find(const struct http_head *h, const uint8_t *data, const char *name, unsigned int from);

/* Whether any field of that name has `token` in its comma-separated list, without regard to case. */
bool http_field_has(const struct http_head *h, const uint8_t *data, const char *name, const char *token);

bool http_is_token(const char *text, size_t len); /* RFC 9110 section 5.6.2 */
bool http_is_value(const char *text, size_t len); /* no control characters but tab */

/* The chunked coding, fed piece by piece. */
struct http_chunks {
	enum http_chunks_state {
		CHUNKS_SIZE, CHUNKS_EXTENSION, CHUNKS_SIZE_LF, CHUNKS_DATA, CHUNKS_DATA_CR, CHUNKS_DATA_LF,
		CHUNKS_TRAILER, CHUNKS_TRAILER_LINE, CHUNKS_TRAILER_LF, CHUNKS_END_LF, CHUNKS_DONE
	} state;
	uint64_t left;       /* of this chunk */
	unsigned int digits; /* of its size */
	unsigned int extra;  /* bytes of extensions and trailers: they have a ceiling and are thrown away */
};

/* Decodes `data` into `body` until the coding ends; *used says how far. ERR_FORMAT: not the coding; ERR_LIMIT: body is full or extras
 * are too long; ERR_NOMEM. `c` starts zeroed and is at its end when c->state is CHUNKS_DONE. */
enum err http_chunks_step(struct http_chunks *c, const uint8_t *data, size_t len, size_t *used, struct buf *body) MUST_USE;

/* Names and values of a query or of a form body, percent-decoded ('+' is a space). */
enum { HTTP_PAIRS_MAX = 200 };

struct http_pair {
	const char *name;
	const char *value;
};

struct http_pairs {
	size_t count;
	struct http_pair *items;
	void *memory; /* owns all of the above */
};

/* ERR_FORMAT: a bad escape, or one of a NUL; ERR_LIMIT: too many. Zeroed on error. */
enum err http_pairs_parse(struct http_pairs *p, const void *data, size_t len) MUST_USE;
void http_pairs_free(struct http_pairs *p);

/* The first value of that name, or NULL. */
const char *http_pairs_find(const struct http_pairs *p, const char *name);

/* Percent-decodes into `out` (room for len + 1), which ends in a NUL. False: a bad escape, or one of a NUL. */
bool http_unescape(const char *text, size_t len, bool plus_is_space, char *out);

#endif

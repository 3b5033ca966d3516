/* Reading JSON piece by piece, without memory of its own: for messages that come fifty times a second. Everything else is jansson's.
 *
 * A scanner walks over borrowed bytes, one value or bracket at a time, and accepts exactly RFC 8259 (nesting up to JSON_SCAN_DEPTH);
 * that the bytes are UTF-8 is for the caller to know. Strings are handed out as they lie there; json_scan_text undoes their
 * escapes. Keys that come twice are handed out twice. No state but the struct, any thread.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { JSON_SCAN_DEPTH = 16 };

enum json_kind { JSON_SCAN_END = 0, JSON_SCAN_OPEN, JSON_SCAN_CLOSE, JSON_SCAN_STRING, JSON_SCAN_NUMBER, JSON_SCAN_TRUE, JSON_SCAN_FALSE, JSON_SCAN_NULL };

struct json_scan {
	const char *at, *end;
	unsigned int depth;                /* brackets that are open */
	bool is_array[JSON_SCAN_DEPTH];
	bool needs_comma, is_over;
	enum err err;                      /* ERR_FORMAT, ERR_TRUNCATED or ERR_LIMIT (too deep) once something was off */
};

struct json_item {
	enum json_kind kind;               /* of an object or array: OPEN, later its CLOSE */
	bool is_array;
	unsigned int depth;                /* how many brackets are around it: 0 for the value that the text is */
	const char *key;                   /* without quotes; NULL: none (in an array, the whole text, a CLOSE) */
	size_t key_len;
	const char *text;                  /* STRING without quotes, NUMBER */
	size_t len;
	bool has_escapes;                  /* STRING: json_scan_text is needed */
};

void json_scan_init(struct json_scan *s, const void *data, size_t len);

/* The next piece. END: the text was one whole value, or s->err says what is wrong. */
enum json_kind json_scan_next(struct json_scan *s, struct json_item *item);

/* Passes over the rest of the object or array that was opened last. */
void json_scan_leave(struct json_scan *s);

bool json_item_is(const struct json_item *item, const char *key); /* keys with escapes are never equal */

/* The string without its escapes. ERR_LIMIT: `size` is too small (item->len is always enough); ERR_FORMAT: half of a surrogate pair. */
enum err json_scan_text(const struct json_item *item, char *out, size_t size, size_t *len) MUST_USE;

/* The same without a copy where it has no escapes, else in `scratch`, which is emptied before. False: it is no string, or not one of whole characters. */
bool json_item_text(const struct json_item *item, struct buf *scratch, const char **text, size_t *len);

/* A whole number of up to nine digits; false: it is not there, null, or none. */
bool json_item_number(const struct json_item *item, uint64_t *number);

/* Are these bytes one JSON object that can be handed on: UTF-8, not too deep, its texts whole characters? `scratch` is used for memory. */
bool json_is_whole_object(const void *data, size_t len, struct buf *scratch);

#endif

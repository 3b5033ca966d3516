/* A line of the timeline as a worker sends it, judged; how far each epoch of a call came; lines as they lie in a document. Pure; any thread.
 *
 * Lines are outside bytes: one JSON object each, UTF-8, at most TIMELINE_LINE_MAX_BYTES, with the members that name it. What else a line says is
 * carried along. A line's name is (call, epoch, sequence, part); within one epoch names only rise.
 *
 * A document (wire struct) holds lines of one call, without their tenant, each with a line feed behind it, and how far every epoch had come
 * with it: so the last document alone says what is there.
 */
#ifndef CONDUCTOR_TIMELINE_LINE_H
#define CONDUCTOR_TIMELINE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	LINE_ID_MAX = 33,   /* 32 lower-case hex digits */
	LINE_TYPE_MAX = 24,
	LINE_EPOCHS_MAX = 64 /* of one call, the latest; lines of older ones are not taken any more */
};

struct line_place {
	uint32_t epoch;
	uint64_t sequence;
	uint32_t part;
};

bool line_place_read(struct line_place *p, const char *text); /* "EPOCH.SEQUENCE.PART" */

/* Borrows the bytes it was read from. */
struct line {
	char call[LINE_ID_MAX], tenant_id[LINE_ID_MAX], type[LINE_TYPE_MAX];
	struct line_place place;
	const char *text;
	size_t len;
	size_t tenant_from, tenant_to; /* its member in `text`, with one comma */
};

/* `len` without the line feed. ERR_FORMAT, ERR_LIMIT. */
enum err line_read(struct line *l, const char *text, size_t len) MUST_USE;

/* Without the tenant, with a line feed. */
void line_put(const struct line *l, struct buf *out);

/* ---- how far a call came ---- */

struct line_heads {
	struct line_place items[LINE_EPOCHS_MAX]; /* the last of each epoch; epochs rise */
	size_t count;
	bool has_end;   /* a line of type end is there */
};

/* Whether that line is there already, or cannot be kept any more. */
bool line_heads_have(const struct line_heads *h, const struct line_place *p);
void line_heads_add(struct line_heads *h, const struct line *l);

/* ---- documents ---- */

struct line_document {
	struct line_heads heads;
	const char *lines; /* borrowed */
	size_t len;
};

void line_document_encode(const struct line_document *d, struct buf *out);
enum err line_document_decode(struct line_document *d, const void *data, size_t len) MUST_USE; /* ERR_CORRUPT */

/* The next line of `lines` from *at on, without its line feed; false behind the last. */
bool line_next(const char *lines, size_t len, size_t *at, const char **line, size_t *line_len);

/* Place and type of a line that line_put wrote; false: it is none. */
bool line_place_find(const char *line, size_t len, struct line_place *p);

#endif

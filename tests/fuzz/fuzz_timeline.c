/* Lines of the timeline as a worker may send them, their documents as they may lie in a store, and places as a page may send them. What is taken is
 * whole JSON without its tenant, is found again in its document, and stays whole JSON when it is masked. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "conductor/timeline_line.h"
#include "conductor/timeline_mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 8 << 20 };

static void json_check(const char *text, size_t len, const char *call)
{
	json_error_t error;
	json_t *o = json_loadb(text, len, 0, &error);

	/* NUL inside texts, huge numbers and deep nesting are JSON that jansson does not take. */
	if (!o)
		return;
	assert(json_is_object(o) && !json_object_get(o, "tenant_id"));
	assert(!call || !strcmp(json_string_value(json_object_get(o, "call")), call));
	json_decref(o);
}

static void mask_check(const char *lines, size_t len)
{
	struct line_mask *m;
	const char *line;
	size_t at = 0, line_len;
	struct buf b;

	if (line_mask_new(&m))
		return;
	buf_init(&b, ROOM);
	while (line_next(lines, len, &at, &line, &line_len)) {
		buf_reset(&b);
		line_mask_put(m, line, line_len, &b);
		assert(!b.err);
		json_check((const char *)b.data, b.len, NULL);
	}
	buf_fini(&b);
	line_mask_free(&m);
}

static void document_check(struct line_document *d, const struct buf *lines)
{
	struct line_document again;
	struct buf b;

	d->lines = (const char *)lines->data;
	d->len = lines->len;
	buf_init(&b, ROOM);
	line_document_encode(d, &b);
	assert(!b.err && !line_document_decode(&again, b.data, b.len));
	assert(again.len == d->len && (!d->len || !memcmp(again.lines, d->lines, d->len)));
	assert(again.heads.count == d->heads.count && again.heads.has_end == d->heads.has_end);
	for (size_t i = 0; i < d->heads.count; i++)
		assert(line_heads_have(&again.heads, &d->heads.items[i]));
	buf_fini(&b);
}

static void lines_check(const char *text, size_t len)
{
	struct line_document d = { .len = 0 };
	struct line_place place;
	const char *line;
	size_t at = 0, line_len;
	struct line l;
	struct buf stored;

	buf_init(&stored, ROOM);
	while (line_next(text, len, &at, &line, &line_len)) {
		size_t from = stored.len;

		if (line_read(&l, line, line_len) || line_heads_have(&d.heads, &l.place))
			continue;
		line_heads_add(&d.heads, &l);
		assert(line_heads_have(&d.heads, &l.place));
		line_put(&l, &stored);
		assert(!stored.err && !memchr(stored.data + from, '\n', stored.len - from - 1));
		assert(line_place_find((const char *)stored.data + from, stored.len - from - 1, &place));
		assert(place.epoch == l.place.epoch && place.sequence == l.place.sequence && place.part == l.place.part);
		json_check((const char *)stored.data + from, stored.len - from - 1, l.call);
	}
	document_check(&d, &stored);
	mask_check((const char *)stored.data, stored.len);
	buf_fini(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_document d;
	struct line_place place;
	char text[64];

	lines_check((const char *)data, size);
	if (!line_document_decode(&d, data, size))
		mask_check(d.lines, d.len);
	snprintf(text, sizeof(text), "%.*s", (int)(size < 60 ? size : 60), (const char *)data);
	(void)line_place_read(&place, text);
	return 0;
}

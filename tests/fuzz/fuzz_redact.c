/* Any bytes as a text: entities lie inside it, in order; the masked text can be restored; the saved map is canonical, and
 * any bytes are a map or are refused. A first byte that is odd means a partial. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "redact/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_found(const struct redact_found *found, size_t len)
{
	size_t i, at = 0;

	must(found->count <= REDACT_ENTITIES);
	for (i = 0; i < found->count; i++) {
		const struct redact_entity *e = &found->entities[i];

		must(e->start >= at && e->end > e->start && e->end <= len);
		must(strlen(e->value) < REDACT_VALUE_BYTES);
		at = e->end;
	}
}

static void check_map(const struct redact_map *m)
{
	struct redact_map *again;
	struct buf a, b;

	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	redact_map_encode(m, &a);
	must(!a.err && !redact_map_decode(&again, a.data, a.len));
	redact_map_encode(again, &b);
	must(!b.err && a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len)));
	redact_map_free(&again);
	buf_fini(&a);
	buf_fini(&b);
}

static void check_restored(const struct redact_map *m, const struct redacted *r)
{
	struct buf out;

	buf_init(&out, 1 << 24);
	redact_restore(m, redacted_text(r), redacted_len(r), &out);
	must(!out.err);
	buf_fini(&out);
}

static void check_text(const uint8_t *data, size_t size, bool partial)
{
	struct redact_context context = { .partial = partial };
	struct redact_found found;
	struct redact_map *m;
	struct redacted *r;
	enum err err = redact_find((const char *)data, size, &context, &found);

	must(!err || err == ERR_LIMIT);
	must(!redact_map_new(&m));
	if (!err) {
		check_found(&found, size);
		must(!redact_apply(m, (const char *)data, size, &found, &r));
		must(redact_map_count(m) <= found.count && redacted_text(r)[redacted_len(r)] == 0);
		check_map(m);
		check_restored(m, r);
		redacted_free(&r);
	}
	redact_map_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redact_map *m;

	if (!size)
		return 0;
	check_text(data + 1, size - 1, data[0] & 1);
	if (!redact_map_decode(&m, data + 1, size - 1)) {
		check_map(m);
		redact_map_free(&m);
	}
	return 0;
}

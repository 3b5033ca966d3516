#include "providers/anthropic/anthropic_event.h"

#include <string.h>

#include "base/json.h"

enum { PATH_DEPTH = 4 };

/* Where a field stands. `message` of the first event has the same `usage` as the later ones. */
static const struct {
	const char *keys[PATH_DEPTH];
	enum anthropic_field field;
} paths[] = {
	{ { "type" }, FIELD_TYPE },
	{ { "index" }, FIELD_INDEX },
	{ { "content_block", "type" }, FIELD_BLOCK_TYPE },
	{ { "content_block", "text" }, FIELD_BLOCK_TEXT },
	{ { "content_block", "name" }, FIELD_BLOCK_NAME },
	{ { "delta", "type" }, FIELD_DELTA_TYPE },
	{ { "delta", "text" }, FIELD_DELTA_TEXT },
	{ { "delta", "partial_json" }, FIELD_DELTA_JSON },
	{ { "delta", "stop_reason" }, FIELD_STOP_REASON },
	{ { "error", "type" }, FIELD_ERROR_TYPE },
	{ { "usage", "input_tokens" }, FIELD_INPUT },
	{ { "usage", "cache_creation_input_tokens" }, FIELD_WRITTEN },
	{ { "usage", "cache_creation", "ephemeral_5m_input_tokens" }, FIELD_WRITTEN_5M },
	{ { "usage", "cache_creation", "ephemeral_1h_input_tokens" }, FIELD_WRITTEN_1H },
	{ { "usage", "cache_read_input_tokens" }, FIELD_READ },
	{ { "usage", "output_tokens" }, FIELD_OUTPUT },
};

/* The keys of the objects that are open, the outermost first. */
struct path {
	const char *keys[PATH_DEPTH];
	size_t lens[PATH_DEPTH];
};

static bool key_is(const struct path *p, size_t at, const char *key)
{
	return p->keys[at] && p->lens[at] == strlen(key) && !memcmp(p->keys[at], key, p->lens[at]);
}

static bool path_is(const struct path *p, size_t from, size_t count, const char *const *keys)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!keys[i] || !key_is(p, from + i, keys[i]))
			return false;
	return count == PATH_DEPTH || !keys[count];
}

/* `item` stands behind `depth` keys, its own the last. */
static void field_put(struct anthropic_event *e, const struct path *p, size_t depth, const struct json_item *item)
{
	size_t i, from = depth > 1 && key_is(p, 0, "message") && key_is(p, 1, "usage");

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (path_is(p, from, depth - from, paths[i].keys))
			e->fields[paths[i].field] = *item;
}

static void item_read(struct anthropic_event *e, struct json_scan *s, struct path *p, const struct json_item *item)
{
	if (item->kind == JSON_SCAN_CLOSE || !item->depth)
		return;
	if (item->depth > PATH_DEPTH || !item->key) {
		if (item->kind == JSON_SCAN_OPEN)
			json_scan_leave(s);
		return;
	}
	p->keys[item->depth - 1] = item->key;
	p->lens[item->depth - 1] = item->key_len;
	if (item->kind == JSON_SCAN_OPEN && item->is_array)
		json_scan_leave(s);
	else if (item->kind != JSON_SCAN_OPEN)
		field_put(e, p, item->depth, item);
}

enum err anthropic_event_read(struct anthropic_event *e, const void *data, size_t len)
{
	struct json_scan s;
	struct json_item item;
	struct path p = { .keys = { NULL } };
	bool is_object = false;

	*e = (struct anthropic_event){ .fields = { { .kind = JSON_SCAN_END } } };
	if (!len)
		return ERR_TRUNCATED;
	if (!utf8_is_valid(data, len))
		return ERR_FORMAT;
	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		is_object |= !item.depth && item.kind == JSON_SCAN_OPEN && !item.is_array;
		item_read(e, &s, &p, &item);
	}
	return s.err ? s.err : is_object ? ERR_NONE : ERR_FORMAT;
}

bool anthropic_event_is(const struct anthropic_event *e, enum anthropic_field field, const char *text)
{
	const struct json_item *item = &e->fields[field];

	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

bool anthropic_event_number(const struct anthropic_event *e, enum anthropic_field field, uint64_t *number)
{
	return json_item_number(&e->fields[field], number);
}

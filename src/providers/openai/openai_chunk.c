#include "providers/openai/openai_chunk.h"

#include <string.h>

#include "base/json.h"

enum { PATH_DEPTH = 7 };

#define EACH "" /* any element of a list */

/* Where a field stands. */
static const struct {
	const char *keys[PATH_DEPTH];
	enum openai_field field;
} paths[] = {
	{ { "choices", EACH, "delta", "content" }, CHUNK_CONTENT },
	{ { "choices", EACH, "delta", "refusal" }, CHUNK_REFUSAL },
	{ { "choices", EACH, "finish_reason" }, CHUNK_FINISH },
	{ { "usage", "prompt_tokens" }, CHUNK_PROMPT },
	{ { "usage", "prompt_tokens_details", "cached_tokens" }, CHUNK_CACHED },
	{ { "usage", "completion_tokens" }, CHUNK_OUTPUT },
	{ { "error" }, CHUNK_ERROR },
	{ { "error", "type" }, CHUNK_ERROR_TYPE },
	{ { "error", "code" }, CHUNK_ERROR_CODE },
	{ { "object" }, CHUNK_OBJECT },
	{ { "type" }, CHUNK_TYPE },
	{ { "code" }, CHUNK_CODE },
};

static const char *const choice_path[PATH_DEPTH] = { "choices", EACH };
static const char *const piece_path[PATH_DEPTH] = { "choices", EACH, "delta", "tool_calls", EACH };

static const struct {
	const char *keys[PATH_DEPTH];
	enum openai_piece_field field;
} piece_paths[] = {
	{ { "choices", EACH, "delta", "tool_calls", EACH, "index" }, PIECE_INDEX },
	{ { "choices", EACH, "delta", "tool_calls", EACH, "id" }, PIECE_ID },
	{ { "choices", EACH, "delta", "tool_calls", EACH, "function", "name" }, PIECE_NAME },
	{ { "choices", EACH, "delta", "tool_calls", EACH, "function", "arguments" }, PIECE_ARGS },
};

/* What is open around a value, the outermost first, and the value itself; a key of NULL is an element of a list. */
struct path {
	const char *keys[PATH_DEPTH];
	size_t lens[PATH_DEPTH];
	size_t depth;
};

static bool key_is(const struct path *p, size_t at, const char *key)
{
	if (!p->keys[at])
		return !*key;
	return *key && p->lens[at] == strlen(key) && !memcmp(p->keys[at], key, p->lens[at]);
}

/* Is it this one; with `leads`, does something of it lie inside? */
static bool path_is(const struct path *p, const char *const *keys, bool leads)
{
	size_t i;

	for (i = 0; i < p->depth; i++)
		if (!keys[i] || !key_is(p, i, keys[i]))
			return false;
	return leads || p->depth == PATH_DEPTH || !keys[p->depth];
}

static bool path_leads(const struct path *p)
{
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (path_is(p, paths[i].keys, true))
			return true;
	return path_is(p, piece_paths[PIECE_NAME].keys, true);
}

static void field_put(struct openai_chunk *c, const struct path *p, const struct json_item *item)
{
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (path_is(p, paths[i].keys, false))
			c->fields[paths[i].field] = *item;
	for (i = 0; i < PIECE_COUNT && c->piece_count; i++)
		if (path_is(p, piece_paths[i].keys, false))
			c->pieces[c->piece_count - 1].fields[piece_paths[i].field] = *item;
}

/* A piece begins where its object opens. False: there are too many. */
static bool piece_put(struct openai_chunk *c, const struct path *p)
{
	if (!path_is(p, piece_path, false))
		return true;
	if (c->piece_count == OPENAI_PIECES_MAX)
		return false;
	c->pieces[c->piece_count++] = (struct openai_piece){ .fields = { { .kind = JSON_SCAN_END } } };
	return true;
}

static bool item_read(struct openai_chunk *c, struct json_scan *s, struct path *p, const struct json_item *item)
{
	bool is_open = item->kind == JSON_SCAN_OPEN, is_wanted = item->depth <= PATH_DEPTH;

	if (item->kind == JSON_SCAN_CLOSE || !item->depth)
		return true;
	if (is_wanted) {
		p->depth = item->depth;
		p->keys[p->depth - 1] = item->key;
		p->lens[p->depth - 1] = item->key_len;
		is_wanted = !path_is(p, choice_path, false) || !c->has_choice;
		c->has_choice |= path_is(p, choice_path, false);
	}
	if (is_wanted && is_open && !piece_put(c, p))
		return false;
	if (is_wanted)
		field_put(c, p, item);
	if (is_open && !(is_wanted && path_leads(p)))
		json_scan_leave(s);
	return true;
}

enum err openai_chunk_read(struct openai_chunk *c, const void *data, size_t len)
{
	struct path p = { .depth = 0 };
	struct json_scan s;
	struct json_item item;
	bool is_object = false;

	*c = (struct openai_chunk){ .piece_count = 0 };
	if (!len)
		return ERR_TRUNCATED;
	if (!utf8_is_valid(data, len))
		return ERR_FORMAT;
	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		is_object |= !item.depth && item.kind == JSON_SCAN_OPEN && !item.is_array;
		if (!item_read(c, &s, &p, &item))
			return ERR_LIMIT;
	}
	return s.err ? s.err : is_object ? ERR_NONE : ERR_FORMAT;
}

bool openai_item_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

bool openai_chunk_is_error(const struct openai_chunk *c)
{
	enum json_kind kind = c->fields[CHUNK_ERROR].kind;

	return kind == JSON_SCAN_OPEN || kind == JSON_SCAN_STRING || openai_item_is(&c->fields[CHUNK_OBJECT], "error");
}

const struct json_item *openai_chunk_error_name(const struct openai_chunk *c, size_t size)
{
	static const enum openai_field inside[] = { CHUNK_ERROR_CODE, CHUNK_ERROR_TYPE }, above[] = { CHUNK_CODE, CHUNK_TYPE };
	const enum openai_field *fields = c->fields[CHUNK_ERROR].kind == JSON_SCAN_OPEN ? inside : above;
	size_t i;

	for (i = 0; i < 2; i++)
		if (c->fields[fields[i]].kind == JSON_SCAN_STRING && c->fields[fields[i]].len && c->fields[fields[i]].len < size)
			return &c->fields[fields[i]];
	return NULL;
}

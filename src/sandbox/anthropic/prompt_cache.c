#include "sandbox/anthropic/prompt_cache.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#define SHORT_US 300000000ULL
#define LONG_US 3600000000ULL

enum { BLOCKS_STEP = 64, BYTES_A_TOKEN = 4 };

struct entry {
	uint64_t key, until_us;
	bool is_long;
};

struct prompt_cache {
	struct entry entries[CACHE_ENTRIES_MAX]; /* the oldest gives its place away */
	size_t count, next;
};

enum marker { MARKER_NONE = 0, MARKER_SHORT, MARKER_LONG };

/* A request's prompt as one row of blocks. */
struct row {
	uint64_t key;      /* of all up to this one */
	uint64_t tokens;   /* the same */
	enum marker marker;
};

struct rows {
	struct row *list;
	size_t count, room;
	uint64_t key, bytes;
	const struct message_model *model;
	enum err err;
};

uint64_t message_tokens(const struct message_model *model, size_t bytes)
{
	return (bytes * model->percent_tokens / 100 + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN;
}

/* ------------------------------------------------------------------ rows */

static enum marker marker_of(const json_t *block)
{
	const json_t *marker = json_object_get(block, "cache_control");
	const char *ttl = json_string_value(json_object_get(marker, "ttl"));

	if (!json_is_object(marker))
		return MARKER_NONE;
	return ttl && !strcmp(ttl, "1h") ? MARKER_LONG : MARKER_SHORT;
}

static void rows_push(struct rows *r, const void *data, size_t len, enum marker marker)
{
	struct row *list = r->list;

	if (r->count == r->room) {
		list = realloc(r->list, (r->room + BLOCKS_STEP) * sizeof(*list));
		if (!list) {
			r->err = ERR_NOMEM;
			return;
		}
		r->list = list;
		r->room += BLOCKS_STEP;
	}
	r->key = XXH3_64bits_withSeed(data, len, r->key);
	r->bytes += len;
	list[r->count++] = (struct row){ r->key, message_tokens(r->model, r->bytes), marker };
}

/* Its bytes without its marker; `role` makes the same words of two people two prefixes. */
static void block_push(struct rows *r, const char *role, const json_t *block)
{
	json_t *bare = json_copy((json_t *)(uintptr_t)block);
	char *text;

	r->key = XXH3_64bits_withSeed(role, strlen(role), r->key);
	json_object_del(bare, "cache_control");
	text = bare ? json_dumps(bare, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (text)
		rows_push(r, text, strlen(text), marker_of(block));
	else
		r->err = ERR_NOMEM;
	free(text);
	json_decref(bare);
}

static void blocks_push(struct rows *r, const char *role, const json_t *blocks)
{
	const json_t *block;
	size_t i;

	if (json_is_string(blocks)) {
		json_t *one = json_pack("{s:s, s:O}", "type", "text", "text", blocks); /* a text is one block: the same bytes either way */

		block_push(r, role, one);
		json_decref(one);
	}
	json_array_foreach((json_t *)(uintptr_t)blocks, i, block)
		block_push(r, role, block);
}

/* What makes messages, and only them, new: the choice of a tool, thinking. */
static void settings_mix(struct rows *r, const json_t *body)
{
	static const char *const keys[] = { "tool_choice", "thinking" };

	for (size_t i = 0; i < 2; i++) {
		char *text = json_dumps(json_object_get(body, keys[i]), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

		if (text)
			r->key = XXH3_64bits_withSeed(text, strlen(text), r->key + i + 1);
		free(text);
	}
}

static enum err rows_make(struct rows *r, const struct message_model *model, const json_t *body)
{
	const json_t *message;
	size_t i;

	*r = (struct rows){ .model = model };
	r->key = XXH3_64bits(model->id, strlen(model->id));
	blocks_push(r, "tools", json_object_get(body, "tools"));
	blocks_push(r, "system", json_object_get(body, "system"));
	settings_mix(r, body);
	json_array_foreach(json_object_get(body, "messages"), i, message)
		blocks_push(r, json_string_value(json_object_get(message, "role")), json_object_get(message, "content"));
	if (!r->err && r->count && marker_of(body) && !r->list[r->count - 1].marker)
		r->list[r->count - 1].marker = marker_of(body); /* the automatic one: the last block */
	return r->err;
}

enum err message_count(const struct message_model *model, const json_t *body, uint64_t *tokens)
{
	struct rows r;
	enum err err = rows_make(&r, model, body);

	*tokens = r.count ? r.list[r.count - 1].tokens : 0;
	free(r.list);
	return err;
}

/* ------------------------------------------------------------------ what is kept */

static struct entry *entry_find(struct prompt_cache *c, uint64_t key, uint64_t now_us)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->entries[i].key == key && c->entries[i].until_us > now_us)
			return &c->entries[i];
	return NULL;
}

static void entry_keep(struct prompt_cache *c, uint64_t key, bool is_long, uint64_t now_us)
{
	struct entry *e = entry_find(c, key, now_us);

	if (!e) {
		e = &c->entries[c->next];
		c->next = (c->next + 1) % CACHE_ENTRIES_MAX;
		c->count += c->count < CACHE_ENTRIES_MAX;
		*e = (struct entry){ .key = key };
	}
	e->is_long |= is_long;
	e->until_us = now_us + (e->is_long ? LONG_US : SHORT_US);
}

/* The last row whose prefix is kept, seen from the marker at `at`; `count` of rows: none. */
static size_t hit_find(struct prompt_cache *c, const struct rows *r, size_t at, uint64_t now_us)
{
	size_t least = at < CACHE_LOOK_BACK ? 0 : at - CACHE_LOOK_BACK + 1, i;

	for (i = at + 1; i-- > least;)
		if (r->list[i].tokens >= r->model->cache_min_tokens && entry_find(c, r->list[i].key, now_us))
			return i;
	return r->count;
}

/* The longest of all markers. */
static size_t hit_longest(struct prompt_cache *c, const struct rows *r, uint64_t now_us)
{
	size_t i;

	for (i = r->count; i-- > 0;) {
		size_t hit = r->list[i].marker ? hit_find(c, r, i, now_us) : r->count;

		if (hit != r->count)
			return hit;
	}
	return r->count;
}

static void written(struct prompt_cache *c, const struct rows *r, size_t hit, uint64_t now_us, struct prompt_usage *u)
{
	uint64_t at = hit == r->count ? 0 : r->list[hit].tokens;

	if (hit != r->count)
		entry_keep(c, r->list[hit].key, false, now_us);
	for (size_t i = 0; i < r->count; i++) {
		const struct row *row = &r->list[i];

		if (!row->marker || row->tokens < r->model->cache_min_tokens)
			continue;
		entry_keep(c, row->key, row->marker == MARKER_LONG, now_us);
		if (row->tokens <= at)
			continue;
		*(row->marker == MARKER_LONG ? &u->write_1h : &u->write_5m) += row->tokens - at;
		at = row->tokens;
	}
}

enum err prompt_cache_use(struct prompt_cache *c, const struct message_model *model, const json_t *body, uint64_t now_us, struct prompt_usage *usage)
{
	struct rows r;
	enum err err = rows_make(&r, model, body);
	uint64_t total = r.count ? r.list[r.count - 1].tokens : 0;
	size_t hit;

	*usage = (struct prompt_usage){ .input = 0 };
	if (!err) {
		hit = hit_longest(c, &r, now_us);
		usage->read = hit == r.count ? 0 : r.list[hit].tokens;
		written(c, &r, hit, now_us, usage);
		usage->input = total - usage->read - usage->write_5m - usage->write_1h;
	}
	free(r.list);
	return err;
}

enum err prompt_cache_new(struct prompt_cache **cp)
{
	*cp = calloc(1, sizeof(**cp));
	return *cp ? ERR_NONE : ERR_NOMEM;
}

void prompt_cache_free(struct prompt_cache **cp)
{
	free(*cp);
	*cp = NULL;
}

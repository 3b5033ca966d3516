/* The history of a call, item by item, and the requests made from it.
 *
 * Items are what the caller said, what the agent said and was heard, uses of tools each with its one result, and events
 * (retrieved knowledge, results that came late). Utterances and running tools point at items by number; whoever inserts or
 * removes one here moves those pointers along. Older turns are forgotten beyond ITEMS_MAX and TEXTS_MAX, whole.
 */
#include "voice/call_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The oldest item that something in work points at. */
static uint32_t oldest_needed(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t oldest = speech_oldest_item(call), i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (d->tools[i].state)
			oldest = num_min32(oldest, d->tools[i].item);
	return oldest;
}

/* The first so many items, or fewer. Whole turns only: never a result without its use. */
static uint32_t forget(struct call *call, uint32_t drop)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	while (drop && d->items[drop].type != BLOCK_CALLER)
		drop--;
	if (!drop)
		return 0;
	d->item_count -= drop;
	memmove(d->items, d->items + drop, d->item_count * sizeof(*d->items));
	for (i = 0; i < TOOLS_MAX; i++)
		d->tools[i].item -= drop; /* here and below free ones too: nobody reads theirs */
	d->gen.base_items -= num_min32(d->gen.base_items, drop);
	speech_items_forgotten(call, drop);
	language_remind(call);
	return drop;
}

/* Where the turn before the last begins: the one in progress, should the last be a question asked ahead, and its knowledge in front of it. */
static uint32_t recent_turns(const struct dialogue *d)
{
	uint32_t turns = 0, i = d->item_count;

	while (i && turns < 2)
		turns += d->items[--i].type == BLOCK_CALLER;
	return turns == 2 ? i : 0;
}

/* What decides here is in a snapshot: a loaded call forgets the same, and at the same moment. */
static void trim_texts(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t live = texts_live(call), left = live, limit = num_min32(oldest_needed(call), recent_turns(d)), i;

	for (i = 0; i < limit && (left > TEXTS_KEPT || d->items[i].type != BLOCK_CALLER); i++)
		left -= d->items[i].name.len + d->items[i].text.len;
	if (live <= TEXTS_KEPT)
		i = 0;
	if (forget(call, i) || call->texts.kept - num_min32(live, call->texts.kept) >= TEXTS_MAX / 16)
		texts_compact(call); /* else it would give back too little for its cost, step after step */
}

/* Between steps, when nobody holds an item's number or points at a text. */
void history_trim(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->item_count >= ITEMS_MAX)
		forget(call, num_min32(d->item_count - ITEMS_KEPT, oldest_needed(call)));
	if (call->texts.kept > TEXTS_MAX && !call->err)
		trim_texts(call);
}

static bool history_room(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct item *items;
	uint32_t cap;

	if (d->item_count < d->item_cap)
		return true;
	cap = d->item_cap ? d->item_cap * 2 : 64;
	items = cap <= ITEMS_CEILING ? realloc(d->items, cap * sizeof(*items)) : NULL;
	if (!items) {
		call->err = ERR_NOMEM;
		return false;
	}
	d->items = items;
	d->item_cap = cap;
	return true;
}

uint32_t history_insert(struct call *call, uint32_t at, const struct item *item)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (!history_room(call))
		return 0;
	assert(at <= d->item_count);
	memmove(d->items + at + 1, d->items + at, (d->item_count - at) * sizeof(*d->items));
	d->items[at] = *item;
	d->item_count++;
	if (d->gen.ahead && at <= d->gen.base_items)
		d->gen.base_items++;
	for (i = 0; i < TOOLS_MAX; i++)
		d->tools[i].item += d->tools[i].item >= at;
	speech_item_moved(call, at);
	return at;
}

void history_remove(struct call *call, uint32_t at)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	assert(at < d->item_count);
	d->item_count--;
	if (d->gen.ahead && at < d->gen.base_items)
		d->gen.base_items--;
	memmove(d->items + at, d->items + at + 1, (d->item_count - at) * sizeof(*d->items));
	for (i = 0; i < TOOLS_MAX; i++)
		d->tools[i].item -= d->tools[i].item > at;
	speech_item_gone(call, at);
}

uint32_t history_add(struct call *call, enum block_type type, struct text text)
{
	struct item item = { .type = (uint8_t)type, .turn = call->dialogue.turn, .text = text };

	return history_insert(call, call->dialogue.item_count, &item);
}

uint32_t history_agent(struct call *call, struct text text, bool filler)
{
	struct item item = { .type = BLOCK_AGENT, .flags = filler ? ITEM_FILLER : 0, .turn = call->dialogue.turn, .text = text };

	return history_insert(call, history_end(call), &item);
}

/* What a request under way has not seen stands behind the words and uses that come of it: in front of them it would read as answered. */
uint32_t history_end(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t end = d->item_count;

	while (end && d->items[end - 1].type == BLOCK_EVENT && (d->items[end - 1].flags & (ITEM_UNSEEN | ITEM_NEWS)))
		end--;
	return end;
}

bool history_spoken(const struct call *call, uint32_t item)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t i;

	for (i = item + 1; i < d->item_count; i++)
		if (d->items[i].type == BLOCK_AGENT && d->items[i].text.len && !(d->items[i].flags & ITEM_FILLER))
			return true;
	return false;
}

bool history_owes(const struct call *call, uint32_t from)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t i;

	for (i = d->item_count; i > from; i--)
		if (d->items[i - 1].flags & ITEM_UNSEEN)
			return true;
	return false;
}

bool history_unseen(const struct call *call)
{
	return history_owes(call, 0);
}

size_t call_said(const struct call *call, char *out, size_t size)
{
	const struct dialogue *d = &call->dialogue;
	size_t at = size;

	for (uint32_t i = d->item_count; i && at; i--) {
		const struct text *text = &d->items[i - 1].text;
		size_t n = text->len < at ? text->len : at;

		if (d->items[i - 1].type != BLOCK_AGENT || !n)
			continue;
		if (at < size)
			out[--at] = ' ';
		n = n < at ? n : at;
		at -= n;
		memcpy(out + at, call_text(call, *text) + text->len - n, n);
	}
	memmove(out, out + at, size - at);
	return size - at;
}

/* ------------------------------------------------------------------ requests */

bool history_put_off(const struct call *call, const struct item *result)
{
	return result->flags & ITEM_PENDING || (result->text.len == strlen(ITEM_LATER) && !memcmp(call_text(call, result->text), ITEM_LATER, strlen(ITEM_LATER)));
}

/* What was put off reads as nothing but that: how it ended, the event behind it says. */
static void block_from(const struct call *call, const struct item *item, struct request_block *b)
{
	*b = (struct request_block){ .type = (enum block_type)item->type, .turn = item->turn, .index = item->index, .status = item->status };
	b->name = call_text(call, item->name);
	b->name_len = item->name.len;
	b->text = call_text(call, item->text);
	b->text_len = item->text.len;
	if (item->type != BLOCK_TOOL_RESULT || !history_put_off(call, item))
		return;
	b->text = ITEM_LATER;
	b->text_len = strlen(ITEM_LATER);
	if (call->settings.call_rules >= 4)
		b->status = TOOL_OK;
}

static bool left_out(const struct call *call, uint32_t i)
{
	const struct item *item = &call->dialogue.items[i];

	if (item->type == BLOCK_TOOL_RESULT && !guarded(call, GUARD_P02))
		return true;
	if (item->type == BLOCK_AGENT && !guarded(call, GUARD_P14))
		return item->turn == call->dialogue.turn;
	return item->type == BLOCK_AGENT && !item->text.len;
}

size_t history_request(struct call *call, uint32_t count)
{
	struct dialogue *d = &call->dialogue;
	size_t first = call->block_count;
	uint32_t i;

	while (count && d->items[count - 1].type == BLOCK_AGENT && (d->items[count - 1].flags & ITEM_FILLER))
		count--; /* a filler is no answer to go on from */
	if (first + count >= call->block_cap) { /* of an empty history too: outputs point into it */
		size_t cap = first + count + 64;
		struct request_block *blocks = realloc(call->blocks, cap * sizeof(*blocks));

		if (!blocks) {
			call->err = ERR_NOMEM;
			return 0;
		}
		call->blocks = blocks;
		call->block_cap = cap;
	}
	for (i = 0; i < count; i++)
		if (!left_out(call, i))
			block_from(call, &d->items[i], &call->blocks[call->block_count++]);
	return call->block_count - first;
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u; /* FNV-1a */
	return (h ^ len) * 1099511628211u;
}

uint64_t history_digest(const struct request_block *blocks, size_t count)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < count; i++) {
		uint32_t numbers[4] = { (uint32_t)blocks[i].type, blocks[i].turn, blocks[i].index, blocks[i].status };
		unsigned int j;

		for (j = 0; j < 4; j++)
			h = (h ^ numbers[j]) * 1099511628211u;
		h = mix(h, blocks[i].name, blocks[i].name_len);
		h = mix(h, blocks[i].text, blocks[i].text_len);
	}
	return h;
}

/* A call from its bytes, by the tables of snapshot_fields.c.
 *
 * What is loaded is not trusted: every index, reference and enum is judged, and call_check has the last word. The versions: snapshot.c.
 */
#include "voice/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"

struct loading {
	struct call *call;
	uint64_t version;
	unsigned int gen_tools;
	struct utterance utterance;
	uint64_t slot; /* the utterance's, plus one */
};

static enum err number_set(const struct column *c, void *base, const struct wire_field *f)
{
	char *at = (char *)base + c->offset;
	uint64_t max = c->max ? c->max : c->size == 8 ? UINT64_MAX : (1ull << (c->size * 8)) - 1;

	if (f->is_bytes || f->u64 > max)
		return ERR_FORMAT;
	switch (c->size) {
	case 1: *(uint8_t *)at = (uint8_t)f->u64; break;
	case 2: *(uint16_t *)(void *)at = (uint16_t)f->u64; break;
	case 4: *(uint32_t *)(void *)at = (uint32_t)f->u64; break;
	default: *(uint64_t *)(void *)at = f->u64; break;
	}
	return ERR_NONE;
}

/* Version 1: the place comes first, then the length; texts_fine() looks whether there is such a text. */
static enum err text_refer(const struct column *c, struct text *text, const struct wire_field *f)
{
	if (f->is_bytes || f->u64 > UINT32_MAX)
		return ERR_FORMAT;
	if (f->number == c->number)
		text->at = (uint32_t)f->u64;
	else
		text->len = (uint32_t)f->u64;
	return ERR_NONE;
}

static enum err text_set(struct loading *l, const struct column *c, void *base, const struct wire_field *f)
{
	struct text *text = (void *)((char *)base + c->offset);

	if (l->version == 1)
		return text_refer(c, text, f);
	if (!f->is_bytes || f->len > TEXT_PAGE)
		return ERR_FORMAT;
	*text = call_restore(l->call, f->bytes, f->len);
	return l->call->err;
}

static const struct column *column_find(const struct loading *l, const struct column *c, unsigned int number)
{
	while (c->number && c->number != number && (c->size || l->version != 1 || c->number + 1u != number))
		c++;
	return c->number ? c : NULL;
}

/* Fields that are no column go to `other`; it may be NULL. */
static enum err columns_get(struct loading *l, const struct column *columns, void *base, const struct wire_field *whole,
	enum err (*other)(struct loading *l, const struct wire_field *f))
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = ERR_NONE;

	wire_reader_sub(&r, whole);
	while (!err && wire_next(&r, &f)) {
		const struct column *c = column_find(l, columns, f.number);

		if (c)
			err = c->size ? number_set(c, base, &f) : text_set(l, c, base, &f);
		else if (other)
			err = other(l, &f);
	}
	return err ? err : r.err;
}

static enum err buf_get(struct buf *b, const struct wire_field *f)
{
	buf_reset(b);
	buf_append(b, f->bytes, f->is_bytes ? f->len : 0);
	return b->err ? b->err : f->is_bytes ? ERR_NONE : ERR_FORMAT;
}

/* A list of numbers was read: no more of them than there is room for. */
static enum err list_end(const struct wire_reader *r)
{
	return r->err ? r->err : r->at == r->end ? ERR_NONE : ERR_FORMAT;
}

static enum err owed_get(struct listen *l, const struct wire_field *f)
{
	struct wire_reader r;

	wire_reader_sub(&r, f);
	for (l->owed_count = 0; l->owed_count < OWED_MAX && r.at < r.end; l->owed_count++) {
		uint64_t from = wire_varint(&r), to = wire_varint(&r), len = wire_varint(&r), said_at = wire_varint(&r);

		if (len > SAID_MAX || said_at > UINT32_MAX)
			return ERR_FORMAT;
		l->owed[l->owed_count] = (struct owed){ from, to, (uint32_t)len, (uint32_t)said_at };
	}
	return list_end(&r);
}

static enum err listen_other(struct loading *l, const struct wire_field *f)
{
	struct call *call = l->call;

	switch (f->number) {
	case LISTEN_SAID: return buf_get(&call->listen.said, f);
	case LISTEN_PARTIAL: return buf_get(&call->listen.partial, f);
	case LISTEN_USED: return buf_get(&call->listen.used, f);
	case LISTEN_OWED: return owed_get(&call->listen, f);
	default: return ERR_NONE;
	}
}

static enum err dialogue_other(struct loading *l, const struct wire_field *f)
{
	struct call *call = l->call;

	return f->number == DIALOGUE_QUERY ? buf_get(&call->dialogue.query, f) : ERR_NONE;
}

static enum err gen_other(struct loading *l, const struct wire_field *f)
{
	struct call *call = l->call;

	switch (f->number) {
	case GEN_ANSWER: return buf_get(&call->dialogue.gen.answer, f);
	case GEN_ASKED_WITH: return buf_get(&call->dialogue.gen.asked, f);
	default: return ERR_NONE;
	}
}

static enum err quiet_other(struct loading *l, const struct wire_field *f)
{
	struct call *call = l->call;

	if (f->number != QUIET_KEYS)
		return ERR_NONE;
	if (!f->is_bytes || f->len >= KEYS_MAX)
		return ERR_FORMAT;
	memcpy(call->quiet.keys, f->bytes, f->len);
	call->quiet.key_count = (uint8_t)f->len;
	return ERR_NONE;
}

static enum err numbers_get(uint64_t *numbers, unsigned int count, const struct wire_field *f)
{
	struct wire_reader r;
	unsigned int i;

	wire_reader_sub(&r, f);
	for (i = 0; i < count && r.at < r.end; i++)
		numbers[i] = wire_varint(&r);
	return list_end(&r);
}

static enum err utterance_other(struct loading *l, const struct wire_field *f)
{
	struct wire_reader r;
	unsigned int i;

	if (f->number == UTTERANCE_SLOT) {
		l->slot = f->is_bytes ? 0 : f->u64;
		return ERR_NONE;
	}
	if (f->number != UTTERANCE_WORDS)
		return ERR_NONE;
	wire_reader_sub(&r, f);
	for (i = 0; i < INPUT_WORDS_MAX && r.at < r.end; i++) {
		uint64_t samples = wire_varint(&r), text = wire_varint(&r);

		if (samples > UINT32_MAX || text > UINT16_MAX)
			return ERR_FORMAT;
		l->utterance.words[i] = (struct speech_word){ (uint32_t)samples, (uint16_t)text };
	}
	return list_end(&r);
}

static enum err utterance_get(struct loading *l, const struct wire_field *f)
{
	static const struct utterance none;
	enum err err;

	l->utterance = none;
	l->slot = 0;
	err = columns_get(l, utterance_columns, &l->utterance, f, utterance_other);
	if (err)
		return err;
	if (!l->slot || l->slot > UTTERANCES_MAX || !l->utterance.state)
		return ERR_FORMAT;
	l->call->speech.slots[l->slot - 1] = l->utterance;
	return ERR_NONE;
}

static enum err order_get(struct call *call, const struct wire_field *f)
{
	struct speech *s = &call->speech;
	uint32_t seen = 0;
	size_t i;

	if (!f->is_bytes)
		return ERR_FORMAT;
	for (i = 0; i < f->len; i++) { /* no more than there are slots: none stands there twice */
		if (f->bytes[i] >= UTTERANCES_MAX || seen & (1u << f->bytes[i]))
			return ERR_FORMAT;
		seen |= 1u << f->bytes[i];
		s->order[i] = f->bytes[i];
	}
	s->count = (uint8_t)f->len;
	return ERR_NONE;
}

static enum err item_get(struct loading *l, const struct wire_field *f)
{
	struct dialogue *d = &l->call->dialogue;
	struct item item = { 0 };
	enum err err = columns_get(l, item_columns, &item, f, NULL);

	if (err)
		return err;
	if (!item.type || d->item_count >= ITEMS_CEILING)
		return ERR_FORMAT;
	if (d->item_count == d->item_cap) {
		uint32_t cap = d->item_cap ? d->item_cap * 2 : 64;
		struct item *items = realloc(d->items, cap * sizeof(*items));

		if (!items)
			return ERR_NOMEM;
		d->items = items;
		d->item_cap = cap;
	}
	d->items[d->item_count++] = item;
	return ERR_NONE;
}

static enum err tool_get(struct loading *l, const struct wire_field *f)
{
	struct dialogue *d = &l->call->dialogue;
	unsigned int i = 0;

	while (i < TOOLS_MAX && d->tools[i].state)
		i++;
	return i < TOOLS_MAX ? columns_get(l, tool_columns, &d->tools[i], f, NULL) : ERR_LIMIT;
}

static enum err gen_tool_get(struct loading *l, const struct wire_field *f)
{
	if (l->gen_tools == GEN_TOOLS_MAX)
		return ERR_LIMIT;
	return columns_get(l, gen_tool_columns, &l->call->dialogue.gen.tools[l->gen_tools++], f, NULL);
}

static enum err page_load(struct loading *l, const struct wire_field *f)
{
	struct texts *t = &l->call->texts;
	char *page;

	if (l->version != 1)
		return ERR_NONE; /* not one of this version's fields */
	if (!f->is_bytes || !f->len || f->len > TEXT_PAGE || t->used % TEXT_PAGE || t->used / TEXT_PAGE >= TEXT_PAGES)
		return ERR_FORMAT;
	page = malloc(TEXT_PAGE);
	if (!page)
		return ERR_NOMEM;
	memcpy(page, f->bytes, f->len);
	t->pages[t->used / TEXT_PAGE] = page;
	t->used += (uint32_t)f->len;
	t->kept = num_min32(t->used, TEXTS_MAX);
	return ERR_NONE;
}

/* The version comes first: what follows means something by it. */
static enum err version_get(struct loading *l, const struct wire_field *f)
{
	if (f->number != F_VERSION || f->is_bytes)
		return ERR_FORMAT;
	l->version = f->u64;
	return l->version >= 1 && l->version <= SNAPSHOT_VERSION ? ERR_NONE : ERR_VERSION;
}

static enum err field_get(struct loading *l, const struct wire_field *f)
{
	struct call *call = l->call;

	switch (f->number) {
	case F_VERSION: return ERR_FORMAT; /* a second one */
	case F_SETTINGS: return f->is_bytes ? call_settings_decode(&call->settings, f->bytes, f->len) : ERR_FORMAT;
	case F_BRIEF: return f->is_bytes ? brief_decode(&call->brief, f->bytes, f->len) : ERR_FORMAT;
	case F_CALL: return columns_get(l, call_columns, call, f, NULL);
	case F_TIMERS: return numbers_get(call->timers, TIMERS, f);
	case F_MILESTONES: return numbers_get(call->at, MILESTONES, f);
	case F_EAR: return columns_get(l, ear_columns, &call->ear, f, NULL);
	case F_LISTEN: return columns_get(l, listen_columns, &call->listen, f, listen_other);
	case F_DIALOGUE: return columns_get(l, dialogue_columns, &call->dialogue, f, dialogue_other);
	case F_GEN: return columns_get(l, gen_columns, &call->dialogue.gen, f, gen_other);
	case F_GEN_TOOL: return gen_tool_get(l, f);
	case F_TOOL: return tool_get(l, f);
	case F_ITEM: return item_get(l, f);
	case F_UTTERANCE: return utterance_get(l, f);
	case F_SPEECH: return columns_get(l, speech_columns, &call->speech, f, NULL);
	case F_ORDER: return order_get(call, f);
	case F_QUIET: return columns_get(l, quiet_columns, &call->quiet, f, quiet_other);
	case F_ANSWERER: return columns_get(l, answerer_columns, &call->answerer, f, NULL);
	case F_TAKE: return columns_get(l, take_columns, &call->take, f, NULL);
	case F_PAGE: return page_load(l, f);
	default: return ERR_NONE;
	}
}

static bool text_fine(const struct call *call, struct text t)
{
	return !t.len || ((uint64_t)t.at + t.len <= call->texts.used && t.at / TEXT_PAGE == (t.at + t.len - 1) / TEXT_PAGE);
}

static bool texts_fine(const struct call *call, unsigned int gen_tools)
{
	const struct dialogue *d = &call->dialogue;
	bool fine = text_fine(call, d->knowledge) && text_fine(call, d->again) && d->gen.tool_count == gen_tools && d->gen.cut <= d->gen.answer.len &&
		    d->gen.base_items <= d->item_count;
	uint32_t i;

	for (i = 0; i < gen_tools; i++)
		fine = fine && text_fine(call, d->gen.tools[i].name) && text_fine(call, d->gen.tools[i].args);
	for (i = 0; i < TOOLS_MAX; i++)
		fine = fine && text_fine(call, d->tools[i].name) && text_fine(call, d->tools[i].args);
	for (i = 0; i < d->item_count; i++)
		fine = fine && text_fine(call, d->items[i].name) && text_fine(call, d->items[i].text);
	for (i = 0; i < UTTERANCES_MAX; i++) {
		const struct utterance *u = &call->speech.slots[i];

		fine = fine && text_fine(call, u->text);
		fine = fine && (!u->state || (u->item < d->item_count && d->items[u->item].type == BLOCK_AGENT && u->played <= u->samples));
	}
	return fine;
}

/* An answer asked ahead has its question where it says, behind knowledge perhaps. */
static bool ahead_fine(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t at = d->gen.base_items;

	if (!d->gen.ahead)
		return true;
	if (at < d->item_count && d->items[at].type == BLOCK_EVENT)
		at++;
	return at < d->item_count && d->items[at].type == BLOCK_CALLER;
}

static bool queue_fine(const struct call *call)
{
	uint32_t queued = 0;
	unsigned int i;

	for (i = 0; i < call->speech.count; i++)
		queued |= 1u << call->speech.order[i];
	for (i = 0; i < UTTERANCES_MAX; i++) {
		enum utterance_state state = call->speech.slots[i].state;

		if ((queued >> i & 1) != (state != UTTERANCE_FREE && state != UTTERANCE_CUT))
			return false;
	}
	return true;
}

static enum err snapshot_read(struct loading *l, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = ERR_NONE;

	wire_reader_init(&r, data, len);
	while (!err && wire_next(&r, &f))
		err = l->version ? field_get(l, &f) : version_get(l, &f);
	if (err || r.err)
		return err ? err : r.err;
	if (!l->version || !texts_fine(l->call, l->gen_tools) || !queue_fine(l->call) || !ahead_fine(l->call) || !late_fine(l->call) || call_check(l->call))
		return ERR_FORMAT;
	return ERR_NONE;
}

enum err call_load(struct call **callp, const void *data, size_t len)
{
	static const struct brief empty;
	struct call_settings settings;
	struct loading l = { .version = 0 };
	enum err err;

	*callp = NULL;
	call_settings_init(&settings);
	err = call_new(&l.call, &settings, &empty);
	if (err)
		return err;
	err = snapshot_read(&l, data, len);
	if (err)
		call_free(l.call);
	else
		*callp = l.call;
	return err;
}

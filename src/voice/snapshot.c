/* A call's state as bytes, by the tables of snapshot_fields.c; back: snapshot_load.c.
 *
 * Times are the call's own, so a snapshot means the same on another machine.
 *
 * Version 2 (written): a text stands where it belongs, as bytes. What nobody refers to any more is left out.
 * Version 1 (read): a text is two numbers, place and length, in pages that came with the snapshot, old texts and all.
 */
#include "voice/snapshot.h"

#include "base/wire.h"

static uint64_t column_get(const struct column *c, const void *base)
{
	const char *at = (const char *)base + c->offset;

	switch (c->size) {
	case 1: return *(const uint8_t *)at;
	case 2: return *(const uint16_t *)(const void *)at;
	case 4: return *(const uint32_t *)(const void *)at;
	default: return *(const uint64_t *)(const void *)at;
	}
}

static void columns_put(const struct call *call, const struct column *c, const void *base, struct buf *b)
{
	for (; c->number; c++) {
		const struct text *text = (const void *)((const char *)base + c->offset);

		if (c->size)
			wire_put_u64(b, c->number, column_get(c, base));
		else if (text->len || !c->max)
			wire_put_bytes(b, c->number, call_text(call, *text), text->len);
	}
}

static void struct_put(const struct call *call, unsigned int field, const struct column *c, const void *base, struct buf *b)
{
	size_t opened = wire_open(b, field);

	columns_put(call, c, base, b);
	wire_close(b, opened);
}

static void numbers_put(unsigned int field, const uint64_t *numbers, unsigned int count, struct buf *b)
{
	size_t opened = wire_open(b, field);
	unsigned int i;

	for (i = 0; i < count; i++)
		wire_put_varint(b, numbers[i]);
	wire_close(b, opened);
}

static void owed_put(const struct listen *l, struct buf *b)
{
	size_t opened = wire_open(b, LISTEN_OWED);
	uint32_t i;

	for (i = 0; i < l->owed_count; i++) {
		wire_put_varint(b, l->owed[i].from_sample);
		wire_put_varint(b, l->owed[i].to_sample);
		wire_put_varint(b, l->owed[i].len);
		wire_put_varint(b, l->owed[i].said_at);
	}
	wire_close(b, opened);
}

static void listen_put(const struct call *call, struct buf *b)
{
	size_t opened = wire_open(b, F_LISTEN);

	columns_put(call, listen_columns, &call->listen, b);
	wire_put_bytes(b, LISTEN_SAID, call->listen.said.data, call->listen.said.len);
	wire_put_bytes(b, LISTEN_PARTIAL, call->listen.partial.data, call->listen.partial.len);
	wire_put_bytes(b, LISTEN_USED, call->listen.used.data, call->listen.used.len);
	if (call->listen.owed_count)
		owed_put(&call->listen, b);
	wire_close(b, opened);
}

static void dialogue_put(const struct call *call, struct buf *b)
{
	const struct dialogue *d = &call->dialogue;
	const struct gen *g = &d->gen;
	size_t opened = wire_open(b, F_DIALOGUE);
	uint32_t i;

	columns_put(call, dialogue_columns, d, b);
	wire_put_bytes(b, DIALOGUE_QUERY, d->query.data, d->query.len);
	wire_close(b, opened);
	opened = wire_open(b, F_GEN);
	columns_put(call, gen_columns, g, b);
	wire_put_bytes(b, GEN_ANSWER, g->answer.data, g->answer.len);
	wire_put_bytes(b, GEN_ASKED_WITH, g->asked.data, g->asked.len);
	wire_close(b, opened);
	for (i = 0; i < g->tool_count; i++)
		struct_put(call, F_GEN_TOOL, gen_tool_columns, &g->tools[i], b);
	for (i = 0; i < TOOLS_MAX; i++)
		if (d->tools[i].state)
			struct_put(call, F_TOOL, tool_columns, &d->tools[i], b);
	for (i = 0; i < d->item_count; i++)
		struct_put(call, F_ITEM, item_columns, &d->items[i], b);
}

static void utterance_put(const struct call *call, unsigned int slot, struct buf *b)
{
	const struct utterance *u = &call->speech.slots[slot];
	size_t opened = wire_open(b, F_UTTERANCE), words;
	unsigned int i;

	columns_put(call, utterance_columns, u, b);
	wire_put_u64(b, UTTERANCE_SLOT, slot + 1);
	words = wire_open(b, UTTERANCE_WORDS);
	for (i = 0; i < u->word_count; i++) {
		wire_put_varint(b, u->words[i].end_samples);
		wire_put_varint(b, u->words[i].text_end);
	}
	wire_close(b, words);
	wire_close(b, opened);
}

static void speech_put(const struct call *call, struct buf *b)
{
	unsigned int i;

	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state)
			utterance_put(call, i, b);
	struct_put(call, F_SPEECH, speech_columns, &call->speech, b);
	wire_put_bytes(b, F_ORDER, call->speech.order, call->speech.count);
}

void call_save(const struct call *call, struct buf *b)
{
	size_t opened;

	wire_put_u64(b, F_VERSION, SNAPSHOT_VERSION);
	opened = wire_open(b, F_SETTINGS);
	call_settings_encode(&call->settings, b);
	wire_close(b, opened);
	opened = wire_open(b, F_BRIEF);
	brief_encode(&call->brief, b);
	wire_close(b, opened);
	struct_put(call, F_CALL, call_columns, call, b);
	numbers_put(F_TIMERS, call->timers, TIMERS, b);
	numbers_put(F_MILESTONES, call->at, MILESTONES, b);
	struct_put(call, F_EAR, ear_columns, &call->ear, b);
	listen_put(call, b);
	dialogue_put(call, b);
	speech_put(call, b);
	opened = wire_open(b, F_QUIET);
	columns_put(call, quiet_columns, &call->quiet, b);
	wire_put_bytes(b, QUIET_KEYS, call->quiet.keys, call->quiet.key_count);
	wire_close(b, opened);
	if (call->brief.placed)
		struct_put(call, F_ANSWERER, answerer_columns, &call->answerer, b);
	if (call->take.entries)
		struct_put(call, F_TAKE, take_columns, &call->take, b);
}

/* ------------------------------------------------------------------ what is referred to */

struct each {
	void (*each)(struct text *text, void *arg);
	void *arg;
};

static void columns_each(const struct column *c, void *base, const struct each *e)
{
	for (; c->number; c++)
		if (!c->size)
			e->each((void *)((char *)base + c->offset), e->arg);
}

/* The structs that dialogue_put() and speech_put() save: nobody reads the texts of others. */
void texts_each(struct call *call, void (*each)(struct text *text, void *arg), void *arg)
{
	const struct each e = { each, arg };
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	columns_each(dialogue_columns, d, &e);
	for (i = 0; i < d->gen.tool_count; i++)
		columns_each(gen_tool_columns, &d->gen.tools[i], &e);
	for (i = 0; i < TOOLS_MAX; i++)
		if (d->tools[i].state)
			columns_each(tool_columns, &d->tools[i], &e);
	for (i = 0; i < d->item_count; i++)
		columns_each(item_columns, &d->items[i], &e);
	for (i = 0; i < UTTERANCES_MAX; i++)
		if (call->speech.slots[i].state)
			columns_each(utterance_columns, &call->speech.slots[i], &e);
}

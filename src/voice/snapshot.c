/* A call's state as bytes and back, by tables: one line a field, numbered for ever.
 *
 * Every field of call_state.h that is not scratch. Times are the call's own, so a snapshot means the same on another machine.
 * What is loaded is not trusted: every index, reference and enum is judged, and call_check has the last word.
 *
 * Version 2 (written): a text stands where it belongs, as bytes. What nobody refers to any more is left out.
 * Version 1 (read): a text is two numbers, place and length, in pages that came with the snapshot, old texts and all.
 */
#include "base/wire.h"
#include "voice/call_state.h"

#include <stdlib.h>
#include <string.h>

enum field {
	F_VERSION = 1, F_SETTINGS, F_BRIEF, F_CALL, F_TIMERS, F_MILESTONES, F_EAR, F_LISTEN, F_DIALOGUE, F_GEN, F_GEN_TOOL, F_TOOL, F_ITEM, F_UTTERANCE,
	F_WORDS, F_SPEECH, F_ORDER, F_QUIET, F_PAGE /* version 1 */, F_ANSWERER, F_TAKE
};

struct column {
	uint16_t number;
	uint16_t size; /* of a number; 0: a struct text, whose length has number + 1 in version 1 */
	size_t offset;
	uint64_t max; /* the largest value that may be loaded; 0: what fits */
};

#define COLUMN(number_, type, name) { number_, sizeof(((struct type *)0)->name), offsetof(struct type, name), 0 }
#define BELOW(number_, type, name, limit) { number_, sizeof(((struct type *)0)->name), offsetof(struct type, name), (limit) - 1 }
#define TEXT(number_, type, name) { number_, 0, offsetof(struct type, name), 0 }
#define TEXT_SELDOM(number_, type, name) { number_, 0, offsetof(struct type, name), 1 } /* left out when it is empty */

static const struct column call_columns[] = {
	COLUMN(1, call, now_us), COLUMN(2, call, wake_us), BELOW(3, call, measured, 2), BELOW(4, call, texts.kept, TEXTS_CEILING + 1),
	{ 0 },
};

static const struct column ear_columns[] = {
	BELOW(1, ear, voiced, 2), BELOW(2, ear, burst, 2), BELOW(3, ear, over_agent, 2), BELOW(4, ear, unworded, 2), COLUMN(5, ear, burst_us),
	COLUMN(6, ear, burst_sample), COLUMN(7, ear, voice_us), COLUMN(8, ear, last_voice_us), COLUMN(9, ear, last_voice_sample),
	COLUMN(10, ear, last_chunk_us), COLUMN(11, ear, end_sample), COLUMN(12, ear, counts_us), { 0 },
};

enum { LISTEN_SAID = 20, LISTEN_PARTIAL, LISTEN_USED, LISTEN_OWED = 35 };

static const struct column listen_columns[] = {
	COLUMN(1, listen, stream), COLUMN(2, listen, retries), BELOW(3, listen, down, 2), BELOW(4, listen, endpoint, 2),
	BELOW(5, listen, finalizing, 2), COLUMN(6, listen, text_us), COLUMN(7, listen, final_us), COLUMN(8, listen, final_sample),
	COLUMN(9, listen, turn_us), BELOW(10, listen, waiting, 2), COLUMN(11, listen, voice_sample), BELOW(12, listen, expect.kind, EXPECT_CHECKED + 1),
	COLUMN(13, listen, expect.digits), COLUMN(14, listen, turn_sample), COLUMN(15, listen, again_us), BELOW(16, listen, over_agent, 2),
	BELOW(17, listen, reopened, 2),
	COLUMN(18, listen, asked_us), COLUMN(19, listen, sentence_us),
	COLUMN(23, listen, begun_us), COLUMN(24, listen, begun), COLUMN(25, listen, said_sample),
	BELOW(26, listen, who, 2), COLUMN(27, listen, who_turn), COLUMN(28, listen, expect_by),
	BELOW(29, listen, renewed, 2), COLUMN(30, listen, unheard), COLUMN(31, listen, news_us),
	COLUMN(32, listen, partial_sample), COLUMN(33, listen, partial_from), { 0 },
};

enum { DIALOGUE_QUERY = 30 };

static const struct column dialogue_columns[] = {
	COLUMN(1, dialogue, turn), COLUMN(2, dialogue, tool_index), COLUMN(3, dialogue, gens), COLUMN(4, dialogue, queries),
	COLUMN(5, dialogue, failures), COLUMN(6, dialogue, ahead_tries), BELOW(7, dialogue, ahead_bits, 1024), BELOW(8, dialogue, ahead_count, 11),
	BELOW(9, dialogue, need_answer, 2), BELOW(10, dialogue, retry_wait, 2), COLUMN(11, dialogue, filler_us), COLUMN(12, dialogue, filler_turn),
	COLUMN(13, dialogue, wait_turn), TEXT(14, dialogue, knowledge),
	COLUMN(15, dialogue, asides), BELOW(16, dialogue, go_on, 2),
	BELOW(17, dialogue, tongue, TONGUES_MAX), COLUMN(18, dialogue, tongues_told),
	TEXT_SELDOM(19, dialogue, again), BELOW(20, dialogue, again_more, 2), COLUMN(21, dialogue, still_us),
	COLUMN(22, dialogue, again_by), COLUMN(23, dialogue, again_rest), { 0 },
};

enum { GEN_ANSWER = 20, GEN_ASKED_WITH };

static const struct column gen_columns[] = {
	BELOW(1, gen, state, 4), BELOW(2, gen, ahead, 2), BELOW(3, gen, spoke, 2), COLUMN(4, gen, id), COLUMN(5, gen, turn), COLUMN(6, gen, attempt),
	COLUMN(7, gen, base_items), COLUMN(8, gen, cut), BELOW(9, gen, tool_count, GEN_TOOLS_MAX + 1),
	COLUMN(10, gen, text_us), BELOW(11, gen, goes_on, 2), { 0 },
};

static const struct column gen_tool_columns[] = { TEXT(1, gen_tool, name), TEXT(3, gen_tool, args), { 0 } };

static const struct column tool_columns[] = {
	BELOW(1, tool, state, 3), BELOW(2, tool, changes, 2), COLUMN(3, tool, turn), COLUMN(4, tool, index), COLUMN(5, tool, item),
	COLUMN(6, tool, timeout_ms), COLUMN(7, tool, detach_us), COLUMN(8, tool, deadline_us), TEXT(9, tool, name), TEXT(11, tool, args),
	BELOW(13, tool, moves, 2), BELOW(14, tool, waits, 2), { 0 },
};

static const struct column item_columns[] = {
	BELOW(1, item, type, BLOCK_EVENT + 1), BELOW(2, item, flags, 256), BELOW(3, item, status, 3), COLUMN(4, item, turn), COLUMN(5, item, index),
	TEXT(6, item, name), TEXT(8, item, text), { 0 },
};

static const struct column utterance_columns[] = {
	BELOW(1, utterance, state, 5), BELOW(2, utterance, kind, 6), BELOW(3, utterance, whole, 2), BELOW(4, utterance, done, 2),
	BELOW(5, utterance, exact, 2), BELOW(6, utterance, sent, 2), BELOW(7, utterance, cleared, 2), BELOW(8, utterance, anchored, 2),
	COLUMN(9, utterance, id), COLUMN(10, utterance, gen), COLUMN(11, utterance, turn), COLUMN(12, utterance, item), COLUMN(13, utterance, take),
	COLUMN(14, utterance, synth_take), COLUMN(15, utterance, attempts), COLUMN(16, utterance, play_tries), COLUMN(17, utterance, samples),
	COLUMN(18, utterance, played), COLUMN(19, utterance, from), COLUMN(20, utterance, anchor), COLUMN(21, utterance, anchor_us),
	COLUMN(22, utterance, made_us), COLUMN(23, utterance, audio_us), COLUMN(24, utterance, play_us), COLUMN(25, utterance, sent_at),
	COLUMN(26, utterance, sent_us), COLUMN(27, utterance, bound_us), COLUMN(28, utterance, cut_us), TEXT(29, utterance, text),
	BELOW(31, utterance, word_count, INPUT_WORDS_MAX + 1), TEXT_SELDOM(32, utterance, keys),
	BELOW(33, utterance, tongue, TONGUES_MAX), { 0 },
};

static const struct column speech_columns[] = {
	COLUMN(1, speech, utterances), BELOW(2, speech, held, 2), COLUMN(3, speech, held_us), COLUMN(4, speech, lag_us),
	COLUMN(5, speech, voice_us), { 0 },
};

enum { QUIET_KEYS = 20 };

static const struct column quiet_columns[] = {
	BELOW(1, quiet, prepared, 2), BELOW(2, quiet, started, 2), BELOW(3, quiet, lost, 2), BELOW(4, quiet, ending, 2), BELOW(5, quiet, final, 2),
	BELOW(6, quiet, ended, 2), BELOW(7, quiet, reason, END_REASONS), COLUMN(8, quiet, prompts), COLUMN(9, quiet, prompt_turn),
	COLUMN(10, quiet, unheard_turn), COLUMN(11, quiet, apology_turn), BELOW(12, quiet, broken, 2), COLUMN(13, quiet, breaks),
	BELOW(14, quiet, aside, 2), BELOW(15, quiet, is_back, 2), BELOW(16, quiet, unends, UNENDS_MAX + 1), COLUMN(17, quiet, end_us),
	BELOW(18, quiet, parted, 2), { 0 },
};

static const struct column answerer_columns[] = {
	BELOW(1, answerer, state, ANSWERER_STATES), BELOW(2, answerer, by_length, 2), BELOW(3, answerer, toned, 2), COLUMN(4, answerer, begun_us),
	COLUMN(5, answerer, state_us), COLUMN(6, answerer, heard_sample), COLUMN(7, answerer, waits_us), COLUMN(8, answerer, opening_us),
	COLUMN(9, answerer, voice_us), COLUMN(10, answerer, agains), COLUMN(11, answerer, tellings), { 0 },
};

static const struct column take_columns[] = {
	BELOW(1, take, open, 2), COLUMN(2, take, entries), BELOW(3, take, least, KEYS_MAX + 1), BELOW(4, take, most, KEYS_MAX + 1),
	BELOW(5, take, count, KEYS_MAX + 1), COLUMN(6, take, due_us), COLUMN(7, take, since_us), COLUMN(8, take, voice_us), COLUMN(9, take, voice_at_us),
	COLUMN(10, take, deaf_us), { 0 },
};

/* ------------------------------------------------------------------ saving */

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
	wire_put_u64(b, 40, slot + 1); /* its slot, for `order` */
	words = wire_open(b, 41);
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

/* ------------------------------------------------------------------ loading */

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
	return r.err ? r.err : r.at == r.end ? ERR_NONE : ERR_FORMAT;
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
	return r.err ? r.err : r.at == r.end ? ERR_NONE : ERR_FORMAT;
}

static enum err utterance_other(struct loading *l, const struct wire_field *f)
{
	struct wire_reader r;
	unsigned int i;

	if (f->number == 40) {
		l->slot = f->is_bytes ? 0 : f->u64;
		return ERR_NONE;
	}
	if (f->number != 41)
		return ERR_NONE;
	wire_reader_sub(&r, f);
	for (i = 0; i < INPUT_WORDS_MAX && r.at < r.end; i++) {
		uint64_t samples = wire_varint(&r), text = wire_varint(&r);

		if (samples > UINT32_MAX || text > UINT16_MAX)
			return ERR_FORMAT;
		l->utterance.words[i] = (struct speech_word){ (uint32_t)samples, (uint16_t)text };
	}
	return r.err ? r.err : r.at == r.end ? ERR_NONE : ERR_FORMAT;
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

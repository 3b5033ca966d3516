/* Real snapshots, edited: a field is replaced, added or left out by its number; or written in the form of version 1. */
#ifndef TESTS_SNAPKIT_H
#define TESTS_SNAPKIT_H

#include "callkit.h"

enum part { SETTINGS = 2, BRIEF, CALL, TIMES, MILES, EAR, LISTEN, DIALOGUE, GEN, GEN_TOOL, TOOL, ITEM, UTTERANCE, SPEECH = 16, ORDER, QUIET, PAGE };
enum timer_number { T_RESUME = 6, T_SECOND = 8, T_TOTAL = 10, T_TOOL = 11, T_MAX = 17, T_END = 18, T_MEDIA = 19, T_ANSWERER = 20, T_COUNT };

enum { PAGE_BYTES = 16 * 1024 };
enum { ANY = 999, LIST = 1000, BYTES = 2000 };

/* What becomes of a snapshot: the value of column `column` in the `nth` part of that number. Column 0 leaves the part out; LIST + i
 * is number i of a list of numbers; BYTES + n puts `value` bytes of 'x' under column n. */
struct edit {
	enum part part;
	unsigned int nth, column;
	uint64_t value;
};

static const char ten[] = "one two three four five six seven eight nine ten";

/* ------------------------------------------------------------------ editing */

static void list_edit(struct buf *out, const struct wire_field *f, const struct edit *e)
{
	size_t opened = wire_open(out, f->number);
	struct wire_reader r;
	unsigned int i;

	wire_reader_sub(&r, f);
	for (i = 0; r.at < r.end; i++) {
		uint64_t value = wire_varint(&r);

		wire_put_varint(out, i == e->column - LIST ? e->value : value);
	}
	if (i <= e->column - LIST)
		wire_put_varint(out, e->value);
	wire_close(out, opened);
}

/* A zero that is written all the same. */
static void zero_put(struct buf *out, unsigned int column)
{
	wire_put_varint(out, (uint64_t)column << 3);
	wire_put_varint(out, 0);
}

static void part_edit(struct buf *out, const struct wire_field *f, const struct edit *e)
{
	static char filler[20000];
	size_t opened;

	if (!e->column)
		return;
	if (e->column >= LIST && e->column < BYTES) {
		list_edit(out, f, e);
		return;
	}
	opened = wire_open(out, f->number);
	buf_append(out, f->bytes, f->len);
	memset(filler, 'x', sizeof(filler));
	if (e->column > BYTES)
		wire_put_bytes(out, e->column - BYTES, filler, e->value);
	else if (e->value)
		wire_put_u64(out, e->column, e->value);
	else
		zero_put(out, e->column);
	wire_close(out, opened);
}

static void snapshot_edit(struct buf *b, const struct edit *e)
{
	struct wire_reader r;
	struct wire_field f;
	struct buf out;
	unsigned int nth = 0;

	buf_init(&out, BUF_MAX);
	wire_reader_init(&r, b->data, b->len);
	while (wire_next(&r, &f)) {
		if (f.number == e->part && (nth++ == e->nth || e->nth == ANY))
			part_edit(&out, &f, e);
		else if (f.is_bytes)
			wire_put_bytes(&out, f.number, f.bytes, f.len);
		else
			wire_put_u64(&out, f.number, f.u64);
	}
	assert_true(!r.err && nth > (e->nth == ANY ? 0 : e->nth));
	buf_fini(b);
	*b = out;
}

/* ------------------------------------------------------------------ version 1: texts are places in pages */

struct pages {
	struct buf bytes;
};

static bool is_text(enum part part, unsigned int number)
{
	switch (part) {
	case DIALOGUE: return number == 14;
	case GEN_TOOL: return number == 1 || number == 3;
	case TOOL: return number == 9 || number == 11;
	case ITEM: return number == 6 || number == 8;
	case UTTERANCE: return number == 29;
	default: return false;
	}
}

/* Where the text lies; it does not cross a page. */
static size_t page_put(struct pages *p, const struct wire_field *f)
{
	size_t at = p->bytes.len;

	if (at % PAGE_BYTES + f->len > PAGE_BYTES) {
		static const uint8_t zeros[PAGE_BYTES];

		buf_append(&p->bytes, zeros, PAGE_BYTES - at % PAGE_BYTES);
		at = p->bytes.len;
	}
	buf_append(&p->bytes, f->bytes, f->len);
	return at;
}

static void part_downgrade(struct buf *out, struct pages *p, const struct wire_field *whole)
{
	size_t opened = wire_open(out, whole->number);
	struct wire_reader r;
	struct wire_field f;

	wire_reader_sub(&r, whole);
	while (wire_next(&r, &f)) {
		if (f.is_bytes && is_text(whole->number, f.number)) {
			wire_put_u64(out, f.number, page_put(p, &f));
			wire_put_u64(out, f.number + 1, f.len);
		} else if (f.is_bytes) {
			wire_put_bytes(out, f.number, f.bytes, f.len);
		} else if (whole->number != CALL || f.number != 4) { /* texts.kept is new */
			wire_put_u64(out, f.number, f.u64);
		}
	}
	wire_close(out, opened);
}

static bool is_struct(unsigned int number)
{
	return number == CALL || number == DIALOGUE || number == GEN_TOOL || number == TOOL || number == ITEM || number == UTTERANCE;
}

static void downgrade(struct buf *b)
{
	struct pages p;
	struct wire_reader r;
	struct wire_field f;
	struct buf out;
	size_t at;

	buf_init(&out, BUF_MAX);
	buf_init(&p.bytes, BUF_MAX);
	wire_reader_init(&r, b->data, b->len);
	while (wire_next(&r, &f)) {
		if (is_struct(f.number))
			part_downgrade(&out, &p, &f);
		else if (f.is_bytes)
			wire_put_bytes(&out, f.number, f.bytes, f.len);
		else
			wire_put_u64(&out, f.number, f.number == 1 ? 1 : f.u64);
	}
	for (at = 0; at < p.bytes.len; at += PAGE_BYTES)
		wire_put_bytes(&out, PAGE, p.bytes.data + at, p.bytes.len - at < PAGE_BYTES ? p.bytes.len - at : PAGE_BYTES);
	assert_true(!r.err && !out.err && !p.bytes.err);
	buf_fini(&p.bytes);
	buf_fini(b);
	*b = out;
}

static enum err load(const void *data, size_t len)
{
	struct call *call;
	enum err err = call_load(&call, data, len);

	assert_int_equal(err == ERR_NONE, call != NULL);
	call_free(call);
	return err;
}

static enum err edited(const struct kit *k, bool old, const struct edit *edits, unsigned int count)
{
	struct buf b;
	enum err err;

	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	if (old)
		downgrade(&b);
	while (count--)
		snapshot_edit(&b, edits++);
	err = load(b.data, b.len);
	buf_fini(&b);
	return err;
}

#define EDITED(k, ...) \
	edited(k, false, (const struct edit[]){ __VA_ARGS__ }, sizeof((const struct edit[]){ __VA_ARGS__ }) / sizeof(struct edit))

/* The same in version 1's form. */
#define OLD(k, ...) \
	edited(k, true, (const struct edit[]){ __VA_ARGS__ }, sizeof((const struct edit[]){ __VA_ARGS__ }) / sizeof(struct edit))

/* ------------------------------------------------------------------ scenes */

static void scene_idle(struct kit *k)
{
	begin(k);
}

static void scene_speaking(struct kit *k)
{
	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, "tea");
	audio_all(k, 2);
	order(k, ORDER_SAY, "or coffee");
	order(k, ORDER_SAY, "or water");
	order(k, ORDER_SAY, "or beer");
	quiet_for(k, 640);
	played(k, 1, 640);
}

static void scene_held(struct kit *k)
{
	begin(k);
	on_air(k, ten);
	voice(k, 96);
}

static void scene_thinking(struct kit *k)
{
	begin(k);
	turn(k, "I want some tea");
	text(k, "Sure. And");
	use(k, "book", "{\"a\":1}");
	use(k, "lookup", "{}");
}

static void scene_ahead(struct kit *k)
{
	k->settings.turn_preempt = true;
	k->brief.knowledge = true;
	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	knowledge(k, 1, "Tea is 2 euros.");
	quiet_for(k, 128);
	text(k, "Sure. ");
}

static void scene_tools(struct kit *k)
{
	scene_thinking(k);
	done(k);
	final(k, "and some");
	partial(k, "milk");
}

static void scene_cut(struct kit *k)
{
	begin(k);
	on_air(k, ten);
	quiet_for(k, 640);
	played(k, 1, 640);
	partial(k, "stop");
}

static void scene_ending(struct kit *k)
{
	begin(k);
	digit(k, '1');
	order(k, ORDER_END, "");
	simple(k, IN_MEDIA_LOST);
}

static void scene_ended(struct kit *k)
{
	scene_tools(k);
	simple(k, IN_HANGUP);
}

static void (*const scenes[])(struct kit *k) = { scene_idle, scene_speaking, scene_held, scene_thinking, scene_ahead, scene_tools, scene_cut, scene_ending,
	scene_ended };

enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

#endif

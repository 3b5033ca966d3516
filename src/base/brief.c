#include "base/brief.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/wire.h"

static void phrases_set(struct brief_phrases *p, const char *const *texts)
{
	for (p->count = 0; *texts && p->count < BRIEF_PHRASES_MAX; texts++)
		strncpy(p->text[p->count++], *texts, BRIEF_TEXT_MAX - 1);
}

void brief_init(struct brief *b)
{
	static const char *const fillers[] = { "Let me see.", "One moment.", "Hmm, just a second.", NULL };
	static const char *const waits[] = { "I am looking that up for you.", "Still checking, thank you for waiting.", "This is taking a moment.", NULL };
	static const char *const prompts[] = { "Are you still there?", "I can't hear you. Can you hear me?", NULL };
	static const char *const unheard[] = { "Sorry, I did not catch that.", "Pardon? I did not get that.", NULL };
	static const char *const apology[] = { "I'm sorry, something went wrong on my side. Could you say that again?",
		"I'm sorry, I still have trouble here. Please say that once more.", NULL };
	static const char *const goodbye[] = { "I will let you go now. Goodbye.", NULL };
	static const char *const nods[] = { "mhm", "mm-hm", "mmhmm", "hmm", "hm", "uh-huh", "uh huh", "aha", "okay", "ok", "yeah", "right", "sure", "haan",
		"achha", "ji", NULL };
	static const char *const stops[] = { "stop", "wait", "hold on", "ruko", "ruk jao", "bas", "no no", NULL };

	*b = (struct brief){ .language = "en-US", .greeting = "Hello, how can I help you?" };
	phrases_set(&b->fillers, fillers);
	phrases_set(&b->waits, waits);
	phrases_set(&b->prompts, prompts);
	phrases_set(&b->unheard, unheard);
	phrases_set(&b->apology, apology);
	phrases_set(&b->goodbye, goodbye);
	phrases_set(&b->nods, nods);
	phrases_set(&b->stops, stops);
}

void brief_takes(struct brief *b)
{
	static const char *const keys[] = { "Please key in the number now, then press the hash key.", NULL };

	phrases_set(&b->keys, keys);
}

enum field { F_LANGUAGE = 1, F_RULEBOOK, F_GREETING, F_WHOLE, F_KNOWLEDGE, F_TOOL, F_SAYING, F_PLACED, F_LEAVES, F_PURPOSE, F_MACHINE, F_CLEAR, F_TONGUES, F_LISTS = 16 };
enum saying_field { SF_WORD = 1, SF_SAY, SF_IPA };
enum tool_field { TF_NAME = 1, TF_CHANGES, TF_ENDS, TF_TIMEOUT, TF_KEYS, TF_MOVES, TF_TAKES, TF_SPEAKS };

enum { LISTS = 9 };

static size_t list_offset(unsigned int i)
{
	static const size_t offsets[LISTS] = { offsetof(struct brief, fillers), offsetof(struct brief, waits), offsetof(struct brief, prompts),
		offsetof(struct brief, unheard), offsetof(struct brief, apology), offsetof(struct brief, goodbye), offsetof(struct brief, nods),
		offsetof(struct brief, stops), offsetof(struct brief, keys) };

	return offsets[i];
}

static void tool_encode(const struct brief_tool *t, struct buf *out)
{
	size_t opened = wire_open(out, F_TOOL);

	wire_put_text(out, TF_NAME, t->name);
	wire_put_u64(out, TF_CHANGES, t->changes);
	wire_put_u64(out, TF_ENDS, t->ends);
	wire_put_u64(out, TF_TIMEOUT, t->timeout_ms);
	if (t->keys) /* other briefs stay as they were recorded */
		wire_put_u64(out, TF_KEYS, t->keys);
	if (t->moves)
		wire_put_u64(out, TF_MOVES, t->moves);
	if (t->takes)
		wire_put_u64(out, TF_TAKES, t->takes);
	if (t->speaks)
		wire_put_u64(out, TF_SPEAKS, t->speaks);
	wire_close(out, opened);
}

static void saying_encode(const struct brief_saying *s, struct buf *out)
{
	size_t opened = wire_open(out, F_SAYING);

	wire_put_text(out, SF_WORD, s->word);
	wire_put_text(out, SF_SAY, s->say);
	wire_put_text(out, SF_IPA, s->ipa);
	wire_close(out, opened);
}

static void placed_encode(const struct brief *b, struct buf *out)
{
	unsigned int i;

	wire_put_u64(out, F_PLACED, b->placed);
	wire_put_u64(out, F_LEAVES, b->leaves);
	wire_put_text(out, F_PURPOSE, b->purpose);
	for (i = 0; i < b->machine_count; i++)
		wire_put_text(out, F_MACHINE, b->machines[i]);
}

static void lists_encode(const struct brief *b, struct buf *out)
{
	unsigned int i, j;

	for (i = 0; i < LISTS; i++) {
		const struct brief_phrases *p = (const void *)((const char *)b + list_offset(i));

		for (j = 0; j < p->count; j++)
			wire_put_text(out, F_LISTS + i, p->text[j]);
	}
}

void brief_encode(const struct brief *b, struct buf *out)
{
	unsigned int i;

	wire_put_text(out, F_LANGUAGE, b->language);
	wire_put_text(out, F_RULEBOOK, b->rulebook);
	wire_put_text(out, F_GREETING, b->greeting);
	wire_put_u64(out, F_WHOLE, b->greeting_whole);
	wire_put_u64(out, F_KNOWLEDGE, b->knowledge);
	for (i = 0; i < b->tool_count; i++)
		tool_encode(&b->tools[i], out);
	for (i = 0; i < b->saying_count; i++)
		saying_encode(&b->sayings[i], out);
	if (b->clear) /* other briefs stay as they were recorded */
		wire_put_u64(out, F_CLEAR, b->clear);
	if (b->placed)
		placed_encode(b, out);
	if (b->tongues_len)
		wire_put_bytes(out, F_TONGUES, b->tongues, b->tongues_len);
	lists_encode(b, out);
}

static enum err text_take(char *out, size_t size, const struct wire_field *f)
{
	if (!f->is_bytes || memchr(f->bytes, 0, f->len))
		return ERR_FORMAT;
	if (f->len >= size)
		return ERR_LIMIT;
	memcpy(out, f->bytes, f->len);
	out[f->len] = 0;
	return ERR_NONE;
}

static enum err tool_decode(struct brief_tool *t, const struct wire_field *whole)
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = ERR_NONE;

	wire_reader_sub(&r, whole);
	while (!err && wire_next(&r, &f)) {
		switch (f.number) {
		case TF_NAME: err = text_take(t->name, sizeof(t->name), &f); break;
		case TF_CHANGES: t->changes = f.u64 != 0; break;
		case TF_KEYS: t->keys = f.u64 != 0; break;
		case TF_MOVES: t->moves = f.u64 != 0; break;
		case TF_TAKES: t->takes = f.u64 != 0; break;
		case TF_SPEAKS: t->speaks = f.u64 != 0; break;
		case TF_ENDS: t->ends = f.u64 != 0; break;
		case TF_TIMEOUT: t->timeout_ms = wire_u32(&f); break;
		default: break;
		}
	}
	return err ? err : r.err;
}

static enum err saying_decode(struct brief_saying *s, const struct wire_field *whole)
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = ERR_NONE;

	wire_reader_sub(&r, whole);
	while (!err && wire_next(&r, &f)) {
		switch (f.number) {
		case SF_WORD: err = text_take(s->word, sizeof(s->word), &f); break;
		case SF_SAY: err = text_take(s->say, sizeof(s->say), &f); break;
		case SF_IPA: err = text_take(s->ipa, sizeof(s->ipa), &f); break;
		default: break;
		}
	}
	if (!err && !r.err && (!s->word[0] || !s->say[0]))
		return ERR_FORMAT;
	return err ? err : r.err;
}

static enum err placed_take(struct brief *b, const struct wire_field *f)
{
	switch (f->number) {
	case F_PLACED: b->placed = f->u64 != 0; return ERR_NONE;
	case F_LEAVES: b->leaves = f->u64 != 0; return ERR_NONE;
	case F_PURPOSE: return text_take(b->purpose, sizeof(b->purpose), f);
	default: return b->machine_count == BRIEF_MACHINES_MAX ? ERR_LIMIT : text_take(b->machines[b->machine_count++], BRIEF_MACHINE_MAX, f);
	}
}

static enum err tongues_take(struct brief *b, const struct wire_field *f)
{
	if (!f->is_bytes)
		return ERR_FORMAT;
	if (f->len > sizeof(b->tongues))
		return ERR_LIMIT;
	memcpy(b->tongues, f->bytes, f->len);
	b->tongues_len = (uint32_t)f->len;
	return ERR_NONE;
}

static enum err list_take(struct brief *b, unsigned int list, const struct wire_field *f)
{
	struct brief_phrases *p;

	if (list >= LISTS)
		return ERR_NONE;
	p = (void *)((char *)b + list_offset(list));
	if (p->count == BRIEF_PHRASES_MAX)
		return ERR_LIMIT;
	return text_take(p->text[p->count++], BRIEF_TEXT_MAX, f);
}

enum err brief_decode(struct brief *b, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = len > BRIEF_BYTES_MAX ? ERR_LIMIT : ERR_NONE;

	*b = (struct brief){ 0 };
	wire_reader_init(&r, data, err ? 0 : len);
	while (!err && wire_next(&r, &f)) {
		switch (f.number) {
		case F_LANGUAGE: err = text_take(b->language, sizeof(b->language), &f); break;
		case F_RULEBOOK: err = text_take(b->rulebook, sizeof(b->rulebook), &f); break;
		case F_GREETING: err = text_take(b->greeting, sizeof(b->greeting), &f); break;
		case F_WHOLE: b->greeting_whole = f.u64 != 0; break;
		case F_KNOWLEDGE: b->knowledge = f.u64 != 0; break;
		case F_TOOL:
			err = b->tool_count == BRIEF_TOOLS_MAX ? ERR_LIMIT : tool_decode(&b->tools[b->tool_count++], &f);
			break;
		case F_SAYING:
			err = b->saying_count == BRIEF_SAYINGS_MAX ? ERR_LIMIT : saying_decode(&b->sayings[b->saying_count++], &f);
			break;
		case F_CLEAR: b->clear = f.u64; break;
		case F_TONGUES: err = tongues_take(b, &f); break;
		case F_PLACED:
		case F_LEAVES:
		case F_PURPOSE:
		case F_MACHINE: err = placed_take(b, &f); break;
		default:
			if (f.number >= F_LISTS)
				err = list_take(b, f.number - F_LISTS, &f);
			break;
		}
	}
	return err ? err : r.err;
}

/* ---- a call in several languages ---- */

enum { F_TONGUE = 1 };

enum err brief_tongue_add(struct brief *b, const struct brief *other, const char *disclosure)
{
	struct buf out;
	size_t opened;
	unsigned int i;
	enum err err;

	buf_init(&out, sizeof(b->tongues) - b->tongues_len);
	opened = wire_open(&out, F_TONGUE);
	wire_put_text(&out, F_LANGUAGE, other->language);
	wire_put_text(&out, F_GREETING, disclosure);
	for (i = 0; i < other->saying_count; i++)
		saying_encode(&other->sayings[i], &out);
	lists_encode(other, &out);
	wire_close(&out, opened);
	err = out.err;
	if (!err) {
		memcpy(b->tongues + b->tongues_len, out.data, out.len);
		b->tongues_len += (uint32_t)out.len;
	}
	buf_fini(&out);
	return err;
}

/* The index-th; false: there are not so many. */
static bool tongue_seek(const struct brief *b, int index, struct wire_field *f)
{
	struct wire_reader r;

	wire_reader_init(&r, b->tongues, b->tongues_len);
	while (index >= 0 && wire_next(&r, f))
		if (f->number == F_TONGUE && f->is_bytes && !index--)
			return true;
	return false;
}

const char *brief_tongue_at(const struct brief *b, int index, size_t *len)
{
	struct wire_field whole, f;
	struct wire_reader r;

	*len = 0;
	if (!tongue_seek(b, index, &whole))
		return NULL;
	wire_reader_sub(&r, &whole);
	if (!wire_next(&r, &f) || f.number != F_LANGUAGE || !f.is_bytes || f.len >= BRIEF_LANGUAGE_MAX)
		return NULL;
	*len = f.len;
	return (const char *)f.bytes;
}

int brief_tongue_find(const struct brief *b, const char *language, size_t len)
{
	size_t tag_len;
	const char *tag;
	int i;

	for (i = 0; (tag = brief_tongue_at(b, i, &tag_len)); i++)
		if (tag_len == len && !strncasecmp(tag, language, len))
			return i;
	return -1;
}

/* Over a copy: what is none must leave no half of it behind. */
static enum err tongue_read(struct brief *b, const struct wire_field *whole, char disclosure[BRIEF_GREETING_MAX])
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = ERR_NONE;
	unsigned int i;

	b->saying_count = 0;
	for (i = 0; i < LISTS; i++)
		((struct brief_phrases *)(void *)((char *)b + list_offset(i)))->count = 0;
	wire_reader_sub(&r, whole);
	while (!err && wire_next(&r, &f)) {
		if (f.number == F_LANGUAGE)
			err = text_take(b->language, sizeof(b->language), &f);
		else if (f.number == F_GREETING)
			err = text_take(disclosure, BRIEF_GREETING_MAX, &f);
		else if (f.number == F_SAYING)
			err = b->saying_count == BRIEF_SAYINGS_MAX ? ERR_LIMIT : saying_decode(&b->sayings[b->saying_count++], &f);
		else if (f.number >= F_LISTS)
			err = list_take(b, f.number - F_LISTS, &f);
	}
	return err ? err : r.err;
}

bool brief_tongue_take(struct brief *b, int index, char disclosure[BRIEF_GREETING_MAX])
{
	struct brief *copy = malloc(sizeof(*copy));
	struct wire_field whole;
	bool taken = false;

	disclosure[0] = 0;
	if (copy && tongue_seek(b, index, &whole)) {
		*copy = *b;
		taken = !tongue_read(copy, &whole, disclosure);
	}
	if (taken)
		*b = *copy;
	free(copy);
	return taken;
}

int brief_tool_find(const struct brief *b, const char *name, size_t len)
{
	int i;

	for (i = 0; i < b->tool_count; i++)
		if (strlen(b->tools[i].name) == len && !memcmp(b->tools[i].name, name, len))
			return i;
	return -1;
}

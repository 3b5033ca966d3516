#include "base/brief.h"

#include <string.h>

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

enum field { F_LANGUAGE = 1, F_RULEBOOK, F_GREETING, F_WHOLE, F_KNOWLEDGE, F_TOOL, F_SAYING, F_PLACED, F_LEAVES, F_PURPOSE, F_MACHINE, F_CLEAR, F_LISTS = 16 };
enum saying_field { SF_WORD = 1, SF_SAY, SF_IPA };
enum tool_field { TF_NAME = 1, TF_CHANGES, TF_ENDS, TF_TIMEOUT, TF_KEYS, TF_MOVES, TF_TAKES };

enum { LISTS = 8 };

static size_t list_offset(unsigned int i)
{
	static const size_t offsets[LISTS] = { offsetof(struct brief, fillers), offsetof(struct brief, waits), offsetof(struct brief, prompts),
		offsetof(struct brief, unheard), offsetof(struct brief, apology), offsetof(struct brief, goodbye), offsetof(struct brief, nods),
		offsetof(struct brief, stops) };

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

void brief_encode(const struct brief *b, struct buf *out)
{
	unsigned int i, j;

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
	for (i = 0; i < LISTS; i++) {
		const struct brief_phrases *p = (const void *)((const char *)b + list_offset(i));

		for (j = 0; j < p->count; j++)
			wire_put_text(out, F_LISTS + i, p->text[j]);
	}
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

int brief_tool_find(const struct brief *b, const char *name, size_t len)
{
	int i;

	for (i = 0; i < b->tool_count; i++)
		if (strlen(b->tools[i].name) == len && !memcmp(b->tools[i].name, name, len))
			return i;
	return -1;
}

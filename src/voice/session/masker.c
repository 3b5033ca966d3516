#include "voice/session/masker.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

enum { EARLIER_BYTES = 512, QUESTION_BYTES = 1024, JOINED_BYTES = 64 * 1024, FIRST_ROOM = 64 };

/* A masked text, and the hash of what it was made of. */
struct kept {
	uint64_t key;
	struct redacted *text;
};

struct masker {
	struct redact_map *map;
	char language[16];         /* as in struct brief */
	uint64_t types;            /* that are looked for */
	struct kept *kept, *next;  /* of the last request, in its order; of the one that is being made */
	size_t kept_count, at;     /* `at`: where in `kept` the next one is likely to be */
	struct llm_block *blocks;
	size_t room;               /* of all three */
	struct buf question, asked, earlier, joined, facts;
	struct redacted *told;     /* the facts, masked; NULL: not yet */
	bool sabotaged;
};

/* The request that is being made. */
struct walk {
	const struct request_block *blocks;
	size_t count, made, withheld;
	uint64_t question; /* hash of the agent's words since the caller's last ones */
	bool answered;     /* the caller has spoken since: the next words of the agent's are another question */
	size_t given;      /* the first block behind the caller's last words with a number in them */
};

/* ------------------------------------------------------------------ life */

enum err masker_new(struct masker **mp)
{
	struct masker *m = calloc(1, sizeof(*m));

	*mp = NULL;
	if (!m)
		return ERR_NOMEM;
	if (redact_map_new(&m->map)) {
		free(m);
		return ERR_NOMEM;
	}
	buf_init(&m->question, QUESTION_BYTES);
	buf_init(&m->asked, QUESTION_BYTES);
	buf_init(&m->earlier, EARLIER_BYTES);
	buf_init(&m->joined, JOINED_BYTES);
	buf_init(&m->facts, REDACT_MAX_BYTES);
	m->types = REDACT_TYPES_CALL;
	*mp = m;
	return ERR_NONE;
}

static void kept_drop(struct kept *kept, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		redacted_free(&kept[i].text);
}

void masker_free(struct masker **mp)
{
	struct masker *m = *mp;

	*mp = NULL;
	if (!m)
		return;
	kept_drop(m->kept, m->kept_count);
	free(m->kept);
	free(m->next);
	free(m->blocks);
	redact_map_free(&m->map);
	buf_fini(&m->question);
	buf_fini(&m->asked);
	buf_fini(&m->earlier);
	buf_fini(&m->joined);
	buf_fini(&m->facts);
	redacted_free(&m->told);
	free(m);
}

void masker_language(struct masker *m, const char *language)
{
	snprintf(m->language, sizeof(m->language), "%s", language);
}

void masker_clear(struct masker *m, uint64_t clear)
{
	m->types = REDACT_TYPES_BUT(clear);
}

enum err masker_facts(struct masker *m, const char *facts)
{
	buf_text(&m->facts, facts ? facts : "");
	return m->facts.err;
}

const struct redact_map *masker_map(const struct masker *m)
{
	return m->map;
}

void masker_save(const struct masker *m, struct buf *out)
{
	redact_map_encode(m->map, out);
}

enum err masker_load(struct masker *m, const void *data, size_t len)
{
	struct redact_map *map;
	enum err err = redact_map_new(&map);

	if (err)
		return err;
	redact_map_free(&m->map);
	m->map = map;
	kept_drop(m->kept, m->kept_count);
	m->kept_count = 0;
	redacted_free(&m->told);
	err = len ? redact_map_decode(&map, data, len) : ERR_NONE;
	if (err || !len)
		return err;
	redact_map_free(&m->map);
	m->map = map;
	return ERR_NONE;
}

void masker_sabotage(struct masker *m)
{
	m->sabotaged = true;
}

static bool grow(void **array, size_t room, size_t size)
{
	void *bigger = realloc(*array, room * size);

	if (bigger)
		*array = bigger;
	return bigger != NULL;
}

static enum err room_make(struct masker *m, size_t count)
{
	size_t room = m->room ? m->room : FIRST_ROOM;

	if (count > MASKER_BLOCKS_MAX + 1)
		return ERR_LIMIT;
	if (count <= m->room)
		return ERR_NONE;
	while (room < count)
		room *= 2;
	if (!grow((void **)&m->kept, room, sizeof(*m->kept)) || !grow((void **)&m->next, room, sizeof(*m->next)) ||
		!grow((void **)&m->blocks, room, sizeof(*m->blocks)))
		return ERR_NOMEM;
	m->room = room;
	return ERR_NONE;
}

/* ------------------------------------------------------------------ what was said before */

/* The last bytes of the texts of `type` among blocks [from, to). */
static void texts_join(struct buf *out, const struct request_block *blocks, size_t from, size_t to, enum block_type type)
{
	size_t i;

	buf_reset(out);
	for (i = from; i < to; i++) {
		size_t room = out->max - out->len, len = blocks[i].text_len;
		const char *text = blocks[i].text;

		if (blocks[i].type != type || !len)
			continue;
		if (len >= out->max) {
			buf_reset(out);
			text += len - out->max;
			len = out->max;
		} else if (len + 1 > room) {
			buf_cut(out, 0, len + 1 - room);
		}
		if (out->len)
			buf_byte(out, '\n');
		buf_append(out, text, len);
	}
}

/* Where the agent's question before block `at` begins: behind the caller's words before it; when there is nothing between, behind those
 * before them. */
static size_t question_from(const struct request_block *blocks, size_t at)
{
	bool asked = false;

	while (at && !(asked && blocks[at - 1].type == BLOCK_CALLER))
		asked |= blocks[--at].type == BLOCK_AGENT && blocks[at].text_len;
	return at;
}

/* Where so many bytes of the agent's begin, at least; not before the caller's last number. */
static size_t asked_from(const struct walk *w, size_t at)
{
	size_t bytes = 0;

	while (at > w->given && bytes < QUESTION_BYTES)
		bytes += w->blocks[--at].type == BLOCK_AGENT ? w->blocks[at].text_len + 1 : 0;
	return at;
}

/* Where so many bytes of the caller's begin, at least. */
static size_t earlier_from(const struct request_block *blocks, size_t at)
{
	size_t bytes = 0;

	while (at && bytes < EARLIER_BYTES)
		bytes += blocks[--at].type == BLOCK_CALLER ? blocks[at].text_len + 1 : 0;
	return at;
}

static enum err mask_caller(struct masker *m, const struct walk *w, size_t at, struct redacted **rp)
{
	const struct request_block *b = &w->blocks[at];
	struct redact_context context = { .language = m->language, .types = m->types, .caller = true };

	texts_join(&m->question, w->blocks, question_from(w->blocks, at), at, BLOCK_AGENT);
	texts_join(&m->asked, w->blocks, asked_from(w, at), at, BLOCK_AGENT);
	texts_join(&m->earlier, w->blocks, earlier_from(w->blocks, at), at, BLOCK_CALLER);
	if (m->question.err || m->asked.err || m->earlier.err)
		return ERR_NOMEM;
	context.question = (const char *)m->question.data;
	context.question_len = m->question.len;
	context.asked = (const char *)m->asked.data;
	context.asked_len = m->asked.len;
	context.earlier = (const char *)m->earlier.data;
	context.earlier_len = m->earlier.len;
	return redact_text(m->map, b->text, b->text_len, &context, rp);
}

/* ------------------------------------------------------------------ one text */

static enum err mask(struct masker *m, const struct walk *w, size_t at, const char *text, size_t len, struct redacted **rp)
{
	const struct redact_context ours = { .language = m->language, .types = m->types, .ours = true };
	static const struct redact_found nothing = { .count = 0 };

	if (m->sabotaged)
		return redact_apply(m->map, text, len, &nothing, rp);
	switch (w->blocks[at].type) {
	case BLOCK_CALLER:
		return mask_caller(m, w, at, rp);
	case BLOCK_AGENT:
		return redact_text(m->map, text, len, &ours, rp);
	case BLOCK_TOOL_USE:
	case BLOCK_TOOL_RESULT:
	case BLOCK_EVENT:
		break;
	}
	return redact_data(m->map, text, len, &ours, rp);
}

/* Not of its turn: that is another one when an answer that was asked for ahead is released. */
static uint64_t key_of(const struct walk *w, const struct request_block *b, const char *text, size_t len)
{
	return XXH3_64bits_withSeed(text, len, (uint64_t)b->type << 60 ^ (b->type == BLOCK_CALLER ? w->question : 0));
}

/* What was made of this text for the request before; NULL: it is new. */
static struct redacted *kept_take(struct masker *m, uint64_t key)
{
	struct redacted *text;
	size_t i, at;

	for (i = 0; i < m->kept_count; i++) {
		at = m->at + i < m->kept_count ? m->at + i : m->at + i - m->kept_count;
		if (m->kept[at].key != key || !m->kept[at].text)
			continue;
		text = m->kept[at].text;
		m->kept[at].text = NULL;
		m->at = at + 1 < m->kept_count ? at + 1 : 0;
		return text;
	}
	return NULL;
}

static enum err text_make(struct masker *m, struct walk *w, size_t at, const char *text, size_t len, struct redacted **rp)
{
	enum err err = mask(m, w, at, text, len, rp);

	if (err != ERR_LIMIT)
		return err;
	w->withheld++;
	return redact_text(m->map, MASKER_WITHHELD, strlen(MASKER_WITHHELD), NULL, rp);
}

/* Takes text [text, len), which begins at block `at`. */
static enum err block_put(struct masker *m, struct walk *w, size_t at, const char *text, size_t len)
{
	const struct request_block *b = &w->blocks[at];
	struct kept *k = &m->next[w->made];
	enum err err = ERR_NONE;

	k->key = key_of(w, b, text, len);
	k->text = kept_take(m, k->key);
	if (!k->text)
		err = text_make(m, w, at, text, len, &k->text);
	if (err)
		return err;
	m->blocks[w->made++] = (struct llm_block){ .type = b->type, .turn = b->turn, .index = b->index, .status = b->status, .name = b->name,
		.name_len = b->name_len, .text = k->text };
	return ERR_NONE;
}

/* Nothing of them changes in a call, so they are masked once. */
static enum err facts_put(struct masker *m, struct walk *w)
{
	const struct request_block facts = { .type = BLOCK_EVENT, .text = (const char *)m->facts.data, .text_len = m->facts.len };
	struct walk alone = { .blocks = &facts, .count = 1 };
	enum err err = ERR_NONE;

	if (!facts.text_len)
		return ERR_NONE;
	if (!m->told)
		err = text_make(m, &alone, 0, facts.text, facts.text_len, &m->told);
	if (err)
		return err;
	w->withheld += alone.withheld;
	m->next[w->made] = (struct kept){ .text = NULL };
	m->blocks[w->made++] = (struct llm_block){ .type = BLOCK_EVENT, .text = m->told };
	return ERR_NONE;
}

/* ------------------------------------------------------------------ the request */

/* A number that a voice's death or a long sentence has cut in two: its halves mean nothing alone. */
static bool goes_on(const struct request_block *b, const struct request_block *next)
{
	return b->type == BLOCK_AGENT && next->type == BLOCK_AGENT && b->text_len && next->text_len && isdigit((unsigned char)b->text[b->text_len - 1]) &&
		isdigit((unsigned char)*next->text);
}

/* The blocks from `at` on that make one; *next is the first behind them. */
static enum err block_join(struct masker *m, const struct walk *w, size_t at, size_t *next)
{
	buf_reset(&m->joined);
	for (*next = at; *next < w->count; ++*next) {
		if (*next > at && !goes_on(&w->blocks[*next - 1], &w->blocks[*next]))
			break;
		if (*next > at)
			buf_byte(&m->joined, ' ');
		buf_append(&m->joined, w->blocks[*next].text, w->blocks[*next].text_len);
	}
	return m->joined.err;
}

/* Goes on behind block `at`, which `shown` was made of. */
static void walk_on(struct walk *w, size_t at, const struct redacted *shown)
{
	const struct request_block *b = &w->blocks[at];

	if (b->type == BLOCK_CALLER) {
		w->answered = true;
		if (strchr(redacted_text(shown), '['))
			w->given = at + 1;
	} else if (b->type == BLOCK_AGENT && b->text_len) {
		w->question = XXH3_64bits_withSeed(b->text, b->text_len, w->answered ? 0 : w->question);
		w->answered = false;
	}
}

static enum err walk_blocks(struct masker *m, struct walk *w)
{
	enum err err = ERR_NONE;
	size_t i, next;

	for (i = 0; !err && i < w->count; i = next) {
		const struct request_block *b = &w->blocks[i];

		next = i + 1;
		if (next < w->count && goes_on(b, b + 1)) {
			err = block_join(m, w, i, &next);
			if (!err)
				err = block_put(m, w, i, (const char *)m->joined.data, m->joined.len);
		} else {
			err = block_put(m, w, i, b->text, b->text_len);
		}
		for (; !err && i < next; i++)
			walk_on(w, i, m->blocks[w->made - 1].text);
	}
	return err;
}

enum err masker_request(struct masker *m, const struct request_block *blocks, size_t count, struct masked_request *request)
{
	struct walk w = { .blocks = blocks, .count = count };
	struct kept *last;
	enum err err = room_make(m, count + 1); /* one for the facts */

	*request = (struct masked_request){ .blocks = NULL };
	if (err)
		return err;
	m->at = 0;
	err = facts_put(m, &w);
	if (!err)
		err = walk_blocks(m, &w);
	kept_drop(m->kept, m->kept_count); /* what is in it no more */
	last = m->kept;
	m->kept = m->next;
	m->next = last;
	m->kept_count = w.made;
	if (!err)
		*request = (struct masked_request){ m->blocks, w.made, w.withheld };
	return err;
}

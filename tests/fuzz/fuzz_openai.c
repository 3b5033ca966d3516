/* Any bytes as the stream of an answer: what is told does not hang on where they are cut, stays under its ceilings, and tools are whole
 * objects of a message that is over. The first byte says how long the pieces of the second reading are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/openai/openai_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void said(void *arg, const char *text, size_t len)
{
	must(text && len && len <= OPENAI_EVENT_MAX_BYTES + OPENAI_TAG_MAX);
	buf_append(arg, text, len);
}

static enum openai_state hear(struct openai_stream *s, struct buf *words, const uint8_t *data, size_t size, size_t step)
{
	size_t at, n;

	buf_init(words, OPENAI_TEXT_MAX_BYTES);
	openai_stream_init(s, said, words);
	for (at = 0; at < size; at += n) {
		n = step < size - at ? step : size - at;
		(void)openai_stream_read(s, data + at, n);
	}
	must(!words->err);
	return openai_stream_end(s);
}

static void check(struct openai_stream *s)
{
	struct buf scratch;
	size_t i;

	must(s->state == OPENAI_COMPLETE || s->state == OPENAI_BROKEN);
	must(s->state == OPENAI_COMPLETE || !s->tool_count);
	buf_init(&scratch, OPENAI_EVENT_MAX_BYTES);
	for (i = 0; i < s->tool_count; i++) {
		must(s->tools[i].name_len && s->tools[i].name_len < OPENAI_TOOL_NAME_MAX && s->tools[i].args.len);
		must(json_is_whole_object(s->tools[i].args.data, s->tools[i].args.len, &scratch));
	}
	buf_fini(&scratch);
}

static void same(const struct openai_stream *a, const struct openai_stream *b)
{
	size_t i;

	must(a->state == b->state && a->why == b->why && a->tool_count == b->tool_count);
	for (i = 0; i < a->tool_count; i++) {
		const struct buf *one = &a->tools[i].args, *other = &b->tools[i].args;

		must(one->len == other->len && !memcmp(one->data, other->data, one->len) && !strcmp(a->tools[i].name, b->tools[i].name));
	}
	must(!memcmp(&a->usage, &b->usage, sizeof(a->usage)) && !strcmp(a->error_name, b->error_name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct openai_stream whole, pieces;
	struct buf one, other;

	if (!size)
		return 0;
	(void)hear(&whole, &one, data + 1, size - 1, size);
	(void)hear(&pieces, &other, data + 1, size - 1, (size_t)data[0] + 1);
	check(&whole);
	same(&whole, &pieces);
	must(one.len == other.len && (!one.len || !memcmp(one.data, other.data, one.len)));
	openai_stream_fini(&whole);
	openai_stream_fini(&pieces);
	buf_fini(&one);
	buf_fini(&other);
	return 0;
}

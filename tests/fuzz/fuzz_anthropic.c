/* Any bytes as the stream of an answer: what is told does not hang on where they are cut, stays under its ceilings, and tools are whole
 * objects of a message that is over. The first byte says how long the pieces of the second reading are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/anthropic/anthropic_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void said(void *arg, const char *text, size_t len)
{
	must(text && len && len <= ANTHROPIC_EVENT_MAX_BYTES);
	buf_append(arg, text, len);
}

static enum anthropic_state hear(struct anthropic_stream *s, struct buf *words, const uint8_t *data, size_t size, size_t step)
{
	size_t at, n;

	buf_init(words, ANTHROPIC_TEXT_MAX_BYTES);
	anthropic_stream_init(s, said, words);
	for (at = 0; at < size; at += n) {
		n = step < size - at ? step : size - at;
		(void)anthropic_stream_read(s, data + at, n);
	}
	must(!words->err);
	return anthropic_stream_end(s);
}

static void check(struct anthropic_stream *s)
{
	struct buf scratch;
	size_t i;

	must(s->state == STREAM_COMPLETE || s->state == STREAM_BROKEN);
	must(s->state == STREAM_COMPLETE || !s->tool_count);
	buf_init(&scratch, ANTHROPIC_EVENT_MAX_BYTES);
	for (i = 0; i < s->tool_count; i++) {
		must(s->tools[i].name_len && s->tools[i].name_len < ANTHROPIC_TOOL_NAME_MAX && s->tools[i].len);
		must(json_is_whole_object(s->args.data + s->tools[i].from, s->tools[i].len, &scratch));
	}
	buf_fini(&scratch);
}

static void same(const struct anthropic_stream *a, const struct anthropic_stream *b)
{
	must(a->state == b->state && a->why == b->why && a->tool_count == b->tool_count && a->args.len == b->args.len);
	must(!a->args.len || !memcmp(a->args.data, b->args.data, a->args.len));
	must(!memcmp(&a->usage, &b->usage, sizeof(a->usage)) && !strcmp(a->error_type, b->error_type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct anthropic_stream whole, pieces;
	struct buf one, other;

	if (!size)
		return 0;
	(void)hear(&whole, &one, data + 1, size - 1, size);
	(void)hear(&pieces, &other, data + 1, size - 1, (size_t)data[0] + 1);
	check(&whole);
	same(&whole, &pieces);
	must(one.len == other.len && (!one.len || !memcmp(one.data, other.data, one.len)));
	anthropic_stream_fini(&whole);
	anthropic_stream_fini(&pieces);
	buf_fini(&one);
	buf_fini(&other);
	return 0;
}

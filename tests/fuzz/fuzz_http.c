/* Heads, bodies and queries of HTTP messages: any bytes are refused with a status and a sentence, or are understood, the same way
 * however they are cut. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void head_check(const uint8_t *data, const struct http_head *h, struct http_refusal why)
{
	if (why.status) {
		assert(why.status >= 400 && why.status < 600 && why.code && why.message);
		return;
	}
	assert(!h->is_chunked || !h->has_length);
	assert((size_t)h->target + h->target_len <= h->len && h->field_count <= HTTP_HEADERS_MAX);
	for (unsigned int i = 0; i < h->field_count; i++) {
		const struct http_field *f = &h->fields[i];

		assert((size_t)f->name + f->name_len <= h->len && (size_t)f->value + f->value_len + 2 <= h->len);
		assert(http_is_token((const char *)data + f->name, f->name_len) && http_is_value((const char *)data + f->value, f->value_len));
	}
}

/* In one piece and byte by byte: the same verdict, the same body. */
static void chunks_check(const uint8_t *data, size_t size)
{
	struct http_chunks whole = { .left = 0 }, cut = { .left = 0 };
	struct buf one, other;
	size_t used, at = 0;
	enum err err, err2 = ERR_NONE;

	buf_init(&one, 1000);
	buf_init(&other, 1000);
	err = http_chunks_step(&whole, data, size, &used, &one);
	while (at < size && !err2 && cut.state != CHUNKS_DONE) {
		size_t step;

		err2 = http_chunks_step(&cut, data + at, 1, &step, &other);
		at += step;
	}
	assert(err == err2 && used == at && one.len == other.len && !memcmp(buf_str(&one), buf_str(&other), one.len));
	buf_fini(&one);
	buf_fini(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t end = http_head_end(data, size, 0);
	struct http_pairs pairs;
	struct http_head h;

	if (end && end <= HTTP_HEAD_MAX) {
		head_check(data, &h, http_request_parse(data, end, &h));
		head_check(data, &h, http_response_parse(data, end, &h));
		data += end;
		size -= end;
	}
	chunks_check(data, size);
	if (!http_pairs_parse(&pairs, data, size))
		http_pairs_free(&pairs);
	return 0;
}

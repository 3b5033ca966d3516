/* A model's stream of text, cut into what can be spoken: every byte is used up once and in order, no character is cut in two, and
 * where a cut falls does not hang on how much of the rest has come. The first byte picks the flags. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "voice/pieces.h"

enum { FORCED_FROM = 240, FORCED_TO = 243 }; /* where the ceiling cuts, the next two bytes may still matter */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool valid(const char *text, size_t len)
{
	size_t i = 0, n;

	while (i < len && (n = utf8_length((const uint8_t *)text + i, len - i)))
		i += n;
	return i == len;
}

static void piece_check(const char *text, size_t len, struct piece p)
{
	assert(p.taken <= len);
	assert(!p.len || (p.from < p.taken && p.len <= p.taken - p.from));
	if (p.taken && valid(text, len))
		assert(valid(text, p.taken) && valid(text + p.from, p.len));
}

/* With one byte more at a time the first cut is where it is with all of them. */
static void cut_early(const char *text, size_t len, bool first)
{
	struct piece all = pieces_next(text, len, first, false, false), p;
	size_t n;

	for (n = 1; n <= len; n++) {
		p = pieces_next(text, n, first, false, false);
		piece_check(text, n, p);
		if (!p.taken)
			continue;
		if (n <= FORCED_FROM || n >= FORCED_TO)
			assert(p.taken == all.taken);
		return;
	}
	assert(!all.taken);
}

static void cut_all(const char *text, size_t len, bool first, bool whole)
{
	size_t at = 0;

	while (at < len) {
		struct piece p = pieces_next(text + at, len - at, first, true, whole);

		piece_check(text + at, len - at, p);
		assert(p.taken);
		at += p.taken;
		first = false;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = calloc(1, size - 1 ? size - 1 : 1); /* no NUL behind it: reading on is found */
	if (!text)
		abort();
	memcpy(text, data + 1, size - 1);
	cut_early(text, size - 1, *data & 1);
	cut_all(text, size - 1, *data & 1, *data & 2);
	free(text);
	return 0;
}

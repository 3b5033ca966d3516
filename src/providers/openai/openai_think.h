/* Thoughts among the words of an answer: what some servers write between <think> and </think> is nobody's to hear.
 *
 * Text in pieces in, what may be said out. What may be the beginning of a tag is held back until it is known; both tags themselves are never said.
 * Where a template has opened the tag in the prompt, only the closing one comes, and what was before it has been said: such a server must be
 * told to keep thoughts apart (docs/providers.md). Pure; one owner. Facts: the shared protocol notes on OpenAI-compatible servers, section 2.
 */
#ifndef PROVIDERS_OPENAI_OPENAI_THINK_H
#define PROVIDERS_OPENAI_OPENAI_THINK_H

#include <stdbool.h>
#include <stddef.h>

enum { OPENAI_TAG_MAX = 8 };

struct openai_think {
	bool is_inside;
	size_t held_len;
	char held[OPENAI_TAG_MAX]; /* a tag that may have begun */
};

/* What may be said of `text` into `out`, which has room for len + OPENAI_TAG_MAX bytes and may not be `text`: how many bytes. */
size_t openai_think_read(struct openai_think *t, const char *text, size_t len, char *out);

/* The text is over: what was held back is none of a tag's. */
size_t openai_think_end(struct openai_think *t, char out[OPENAI_TAG_MAX]);

#endif

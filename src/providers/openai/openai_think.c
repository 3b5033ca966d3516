#include "providers/openai/openai_think.h"

#include <string.h>

static const char *const tags[] = { "<think>", "</think>" }; /* it opens, it closes */

/* The tag that the held bytes are the beginning of: 0, 1; 2: none. */
static size_t tag_find(const struct openai_think *t)
{
	size_t i = 0;

	while (i < 2 && strncmp(tags[i], t->held, t->held_len) != 0)
		i++;
	return i;
}

/* The first of the held bytes is none of a tag's. */
static size_t byte_give(struct openai_think *t, char *out)
{
	*out = t->held[0];
	memmove(t->held, t->held + 1, --t->held_len);
	return t->is_inside ? 0 : 1;
}

size_t openai_think_read(struct openai_think *t, const char *text, size_t len, char *out)
{
	size_t i, tag, n = 0;

	for (i = 0; i < len; i++) {
		t->held[t->held_len++] = text[i];
		while (t->held_len && (tag = tag_find(t)) == 2)
			n += byte_give(t, out + n);
		if (t->held_len && t->held_len == strlen(tags[tag])) {
			t->is_inside = tag == 0;
			t->held_len = 0;
		}
	}
	return n;
}

size_t openai_think_end(struct openai_think *t, char out[OPENAI_TAG_MAX])
{
	size_t n = 0;

	while (t->held_len)
		n += byte_give(t, out + n);
	return n;
}

#include "redact/again.h"

#include <string.h>

enum { TRIES_MOST = 16 };

static bool is_again(const struct run *r, size_t at, size_t count, size_t least)
{
	const struct item *last = &r->items[at + count - 1];
	size_t from = r->items[at].digit, n = last->digit + last->count - from;

	return n >= least && n <= from && !memcmp(r->digits + from - n, r->digits + from, n);
}

bool again_next(const struct run *r, size_t least, struct again *a)
{
	if (!a->at) {
		a->at = 1;
		a->count = r->count;
	}
	for (; a->at < r->count && a->tries < TRIES_MOST; a->at++, a->count = r->count - a->at + 1)
		while (--a->count)
			if (is_again(r, a->at, a->count, least)) {
				a->tries++;
				return true;
			}
	return false;
}

void again_drop(const struct run *r, const struct again *a, struct run *without)
{
	size_t next = a->at + a->count, i, digits;

	*without = *r;
	without->items[a->at - 1].last = r->items[next - 1].last;
	digits = r->items[next - 1].digit + r->items[next - 1].count - r->items[a->at].digit;
	memmove(without->digits + r->items[a->at].digit, r->digits + r->items[a->at].digit + digits, r->digit_count - r->items[a->at].digit - digits);
	for (i = next; i < r->count; i++) {
		without->items[i - a->count] = r->items[i];
		without->items[i - a->count].digit -= digits;
	}
	without->count -= a->count;
	without->digit_count -= digits;
	if (r->corrected >= next)
		without->corrected -= a->count;
	else if (r->corrected >= a->at)
		without->corrected = 0;
}

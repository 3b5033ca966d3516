/* IP addresses: four numbers up to 255 with dots between, written or said. Not a version of software, which looks the same: a word says so. */
#include "redact/scan.h"

#include <stdio.h>
#include <string.h>

#include "redact/cue.h"
#include "redact/run.h"

enum { PARTS = 4, PART_MOST = 255, WORDS_BEFORE = 6, HOST_BYTES = 16 };

/* The number that ends at a dot or at anything else: "203", "two oh three", "forty five". The token behind it, or i. */
static size_t part_read(const struct scan *s, size_t i, unsigned int *value)
{
	struct run r;
	size_t at = i, took, k;

	r.count = r.digit_count = 0;
	while (at < s->count && r.digit_count < 3 && s->tokens[at].kind != TOKEN_TAKEN && (took = run_item(s, &r, at)))
		at += took;
	if (at == i || r.digit_count > 3)
		return i;
	for (*value = 0, k = 0; k < r.digit_count; k++)
		*value = *value * 10 + (unsigned int)(r.digits[k] - '0');
	return *value <= PART_MOST ? at : i;
}

static bool is_dot(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (i >= s->count)
		return false;
	return (t->kind == TOKEN_WORD && t->word == WORD_DOT) || (t->mark == '.' && t->glued && i + 1 < s->count && t[1].glued);
}

static bool is_version(const struct scan *s, size_t first)
{
	size_t i, seen = 0;

	for (i = first; i > 0 && seen < WORDS_BEFORE; i--, seen++)
		if (s->tokens[i - 1].kind == TOKEN_WORD && s->tokens[i - 1].cue == CUE_VERSION)
			return true;
	return false;
}

/* The token behind the address that begins with token i, or i. */
static size_t host_read(const struct scan *s, size_t i, unsigned int parts[PARTS])
{
	size_t at = i, next, k;

	for (k = 0; k < PARTS; k++) {
		next = part_read(s, at, &parts[k]);
		if (next == at || (k + 1 < PARTS && !is_dot(s, next)))
			return i;
		at = next + (k + 1 < PARTS);
	}
	return is_dot(s, at) ? i : at;
}

void hosts_find(struct scan *s)
{
	unsigned int parts[PARTS];
	char value[HOST_BYTES + 1];
	size_t i, next, dots = 0;
	int n;

	for (i = 0; i < s->count; i++)
		dots += is_dot(s, i);
	for (i = 0; i < s->count && dots >= PARTS - 1; i++) {
		if ((i > 0 && is_dot(s, i - 1)) || (s->tokens[i].glued && s->tokens[i - 1].kind == TOKEN_WORD))
			continue;
		next = host_read(s, i, parts);
		if (next == i || is_version(s, i))
			continue;
		n = snprintf(value, sizeof(value), "%u.%u.%u.%u", parts[0] % 256, parts[1] % 256, parts[2] % 256, parts[3] % 256);
		scan_report(s, REDACT_IP, i, next - 1, value, (size_t)n, s->partial && next == s->count);
		i = next - 1;
	}
}

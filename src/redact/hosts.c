/* IP addresses: four numbers up to 255 with dots between, written or said; of version 6 (RFC 4291, 2.2), written.
 * Not a version of software, which looks the same: a word says so. */
#include "redact/scan.h"

#include <arpa/inet.h>
#include <ctype.h>
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

/* The token behind what is written in one piece of hexadecimal digits, colons and dots from token i on. */
static size_t colons_read(const struct scan *s, size_t i, size_t *colons)
{
	size_t next = i;

	for (*colons = 0; next < s->count && (next == i || s->tokens[next].glued) && s->tokens[next].kind != TOKEN_TAKEN; next++) {
		const struct token *t = &s->tokens[next];

		if (t->kind == TOKEN_MARK && t->mark != ':' && t->mark != '.')
			break;
		*colons += t->mark == ':';
	}
	while (next > i && s->tokens[next - 1].mark && strchr(":.", s->tokens[next - 1].mark) && s->tokens[next - 1].kind == TOKEN_MARK && next > i + 1 &&
		s->tokens[next - 2].mark != ':')
		next--;
	return next;
}

/* "2001:db8::1", in the form of RFC 5952; the token behind it, or i. Three parts and a digit at least: "a::b" is a name in some language. */
static size_t host6_read(const struct scan *s, size_t i, char value[INET6_ADDRSTRLEN])
{
	size_t colons, next = colons_read(s, i, &colons), len, k, parts = 0;
	struct in6_addr address;
	bool digit = false;

	if (colons < 2 || next == i)
		return i;
	len = s->tokens[next - 1].end - s->tokens[i].start;
	if (len >= INET6_ADDRSTRLEN)
		return i;
	memcpy(value, s->text + s->tokens[i].start, len);
	value[len] = 0;
	for (k = 0; k < len; k++) {
		digit = digit || isdigit((unsigned char)value[k]);
		parts += value[k] != ':' && (!k || value[k - 1] == ':');
	}
	if (!digit || (parts < 3 && strcspn(value, ":") < 3) || inet_pton(AF_INET6, value, &address) != 1)
		return i;
	return inet_ntop(AF_INET6, &address, value, INET6_ADDRSTRLEN) ? next : i;
}

static void hosts6_find(struct scan *s)
{
	char value[INET6_ADDRSTRLEN];
	size_t i, next, colons = 0;

	for (i = 0; i < s->count; i++)
		colons += s->tokens[i].mark == ':';
	for (i = 0; i < s->count && colons >= 2; i++) {
		if (s->tokens[i].kind == TOKEN_TAKEN || (s->tokens[i].glued && (s->tokens[i - 1].kind != TOKEN_MARK || s->tokens[i - 1].mark == ':')))
			continue;
		next = host6_read(s, i, value);
		if (next == i)
			continue;
		scan_report(s, REDACT_IP, i, next - 1, value, strlen(value), s->partial && next == s->count);
		i = next - 1;
	}
}

void hosts_find(struct scan *s)
{
	unsigned int parts[PARTS];
	char value[HOST_BYTES + 1];
	size_t i, next, dots = 0;
	int n;

	hosts6_find(s);
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

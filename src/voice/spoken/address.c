/* E-mail and web addresses as they are dictated: "at", "dot", "slash"; what stands before the host and behind a '?' is left out. */
#include "voice/spoken/parts.h"

#include <string.h>

enum { ADDRESS_MOST = 254 };

static bool is_part(char c)
{
	return is_alnum(c) || (c && strchr("._%+-", c));
}

/* How far characters of an address go, without a mark that ends the sentence. */
static size_t address_end(const struct reading *r, size_t at, const char *marks)
{
	size_t end = at;

	while (end - at < ADDRESS_MOST && (is_alnum(byte_at(r, end)) || (byte_at(r, end) && strchr(marks, r->text[end]))))
		end++;
	while (end > at && !is_alnum(r->text[end - 1]))
		end--;
	return end;
}

static void letters_put(struct buf *b, const struct reading *r, size_t from, size_t len)
{
	if (b->len)
		buf_byte(b, ' ');
	buf_append(b, r->text + from, len);
}

static void mark_put(struct buf *b, const struct tongue *t, char mark)
{
	static const struct {
		char mark;
		enum term term;
	} marks[] = { { '.', TERM_DOT }, { '@', TERM_AT }, { '-', TERM_DASH }, { '_', TERM_UNDERSCORE }, { '/', TERM_SLASH }, { '+', TERM_PLUS },
		{ '%', TERM_PERCENT } };
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i].mark == mark)
			term_put(b, t, marks[i].term);
}

static void address_put(struct buf *b, const struct reading *r, size_t from, size_t end)
{
	size_t at = from, n;

	while (at < end) {
		for (n = 0; at + n < end && is_letter(r->text[at + n]); n++)
			;
		if (n) {
			letters_put(b, r, at, n);
			at += n;
		} else if (is_digit(r->text[at])) {
			digits_put(b, r->tongue, r->text + at++, 1);
		} else {
			mark_put(b, r->tongue, r->text[at++]);
		}
	}
}

/* ---- e-mail, and payment addresses ("name@bank") ---- */

static size_t mail_read(const struct reading *r, struct buf *words)
{
	size_t at = r->at, end;

	while (at - r->at < ADDRESS_MOST && is_part(byte_at(r, at)))
		at++;
	if (at == r->at || byte_at(r, at) != '@' || !is_alnum(byte_at(r, at + 1)))
		return 0;
	end = address_end(r, at + 1, ".-");
	address_put(words, r, r->at, end);
	return end - r->at;
}

/* ---- the web ---- */

/* "example.com": names with dots between, the last of which is one that the ear takes for the end of an address. Its end; 0: it is none. */
static size_t host_end(const struct reading *r, size_t at)
{
	static const char *const tops[] = { "com", "org", "net", "in", "io", "ai", "co", "gov", "edu", "info", "app", "dev", "uk", "us", "biz", "me", "example",
		"test", NULL };
	size_t end = address_end(r, at, ".-"), from = end;

	while (from > at && is_letter(r->text[from - 1]))
		from--;
	return from > at + 1 && r->text[from - 1] == '.' && is_letter(r->text[at]) && word_among(r, from, end - from, tops) ? end : 0;
}

/* A host without a scheme is one only in small letters: "Hello.In" is two sentences. */
static bool is_small(const struct reading *r, size_t from, size_t end)
{
	for (; from < end; from++)
		if (is_upper(r->text[from]))
			return false;
	return true;
}

static size_t web_read(const struct reading *r, struct buf *words)
{
	size_t scheme = folded_at(r, r->at, "https://") ? 8 : folded_at(r, r->at, "http://") ? 7 : 0, at = r->at + scheme, host, end, path;

	if (folded_at(r, at, "www."))
		at += 4;
	host = at > r->at ? address_end(r, at, ".-") : host_end(r, at);
	if (host <= at || (at == r->at && !is_small(r, at, host)))
		return 0;
	path = byte_at(r, host) == '/' ? address_end(r, host + 1, "._-/+") : host;
	address_put(words, r, at, path > host + 1 ? path : host);
	end = path > host + 1 ? path : host + (byte_at(r, host) == '/');
	while (end - r->at < 4 * ADDRESS_MOST && (byte_at(r, end) == '?' || byte_at(r, end) == '#') && is_alnum(byte_at(r, end + 1)))
		end = address_end(r, end + 1, "=&%._-+/:;,@!~*");
	return end - r->at;
}

size_t address_read(const struct reading *r, struct buf *words)
{
	size_t taken;

	if (!is_alnum(byte_at(r, r->at)) || wordy_before(r, r->at))
		return 0;
	taken = mail_read(r, words);
	return taken ? taken : web_read(r, words);
}

/* E-mail and UPI addresses: from each "@" or spoken "at", the domain to the right, then the local part to the left.
 *
 * A written address is what is glued to its "@"; a spoken one is words joined by "dot", "underscore", "dash", "plus", and
 * letters and digits said one by one. Never takes a plain word without a connector for a part of it, nor what an apostrophe has
 * left of a verb ("it's"). One that was begun twice ("omar at example dot, at example dot com") is one address, the last.
 */
#include "redact/domain.h"

#include <string.h>

#include "base/num.h"
#include "redact/words.h"

enum { SPOKEN_DIGITS = 5, BEGUN_TOKENS = 24 };

/* The first token of a written local part that ends before `at`, or `at`. */
static size_t written_start(const struct scan *s, size_t at)
{
	size_t i = at;

	while (i > 0 && s->tokens[i].glued && s->tokens[at].start - s->tokens[i - 1].start <= LOCAL_BYTES) {
		const struct token *t = &s->tokens[i - 1];

		if (t->kind != TOKEN_WORD && t->kind != TOKEN_DIGITS && !(t->kind == TOKEN_MARK && t->mark && strchr("._-+%'&=!#$*/?^`{|}~", t->mark)))
			break;
		i--;
	}
	while (i < at && s->tokens[i].kind == TOKEN_MARK)
		i++;
	return i;
}

static bool is_digit_word(const struct token *t)
{
	return t->kind == TOKEN_DIGITS || (t->kind == TOKEN_WORD && t->word >= WORD_DIGIT && t->word <= WORD_TIMES && t->word != WORD_MAYBE);
}

/* A digit by itself, or a word that is one between two others ("teen do ek"). */
static bool is_said_digit(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (t->kind == TOKEN_WORD && t->word == WORD_MAYBE)
		return i > 0 && i + 1 < s->count && is_digit_word(t - 1) && is_digit_word(t + 1);
	return is_digit_word(t);
}

/* May the name before a letter or a digit belong to it ("doe one two")? */
static bool is_name(const struct scan *s, size_t i)
{
	static const char *const others[] = { "to", "id", "email", "mail", "my", "me", "it", "its", "so", "thats", "im", "address", "the",
		"on", "or", "karo", "pe", "par", "ka", "ki", NULL };

	return s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_OTHER && domain_element(s, i) && !scan_word_among(s, i, others);
}

/* What is left of a verb behind an apostrophe: "it's john". Not the second half of a name: "o'brien". */
static bool is_tail(const struct scan *s, size_t i)
{
	static const char *const tails[] = { "s", "m", "re", "ve", "ll", "d", "t", NULL };

	return i > 1 && s->tokens[i].glued && s->tokens[i - 1].mark == '\'' && s->tokens[i - 1].glued && scan_word_among(s, i, tails);
}

/* A word or a number that a spoken local part may be made of. */
static bool is_part(const struct scan *s, size_t i)
{
	return domain_element(s, i) && !domain_connector(&s->tokens[i]) && !is_tail(s, i);
}

/* "Let's meet at", "I work at", "find me at": somewhere, and no mailbox. Only the plain "at", and one word that nothing ties to those before. */
static bool is_talk(const struct scan *s, size_t at)
{
	static const char *const never[] = { "meet", "meets", "met", "meeting", "look", "looks", "looked", "looking", "see", "seen", "am", "is", "are", "was",
		"were", "be", "been", "being", "arrive", "arrives", "arrived", "arriving", "live", "lives", "stay", "stays", "staying", "bought", "buy", "buying",
		"ordered", "ordering", "shopping", "works", "worked", "working", "find", "found", "saw", "read", "check", "here", "there", "it", "them", "him",
		NULL };
	static const char *const maybe[] = { "work", "shop", "order", "book", "me", "us", "you", NULL };
	static const char *const before[] = { "i", "we", "you", "they", "who", "can", "could", "should", "would", "must", "reach", "find", "mail", "email", "write",
		"contact", "message", "text", "call", "see", "meet", "visit", "join", NULL };
	size_t word = at - 1, prior = word - 1;

	if (s->tokens[at].kind != TOKEN_WORD || at_length(s, at) > 1 || s->tokens[word].glued)
		return false;
	if (!word)
		return scan_word_among(s, word, never);
	if (domain_connector(&s->tokens[prior]) || (is_part(s, prior) && (domain_letter(s, prior) || is_said_digit(s, prior)) && !scan_is_word(s, prior, "i")))
		return false;
	return scan_word_among(s, word, never) || (scan_word_among(s, word, maybe) && scan_word_among(s, prior, before));
}

/* The first token of a spoken local part that ends before `at`, or `at`. */
static size_t spoken_start(const struct scan *s, size_t at)
{
	size_t i = at, digits = 0;

	if (at > 1 && domain_connector(&s->tokens[at - 1]) && is_part(s, at - 2) && !scan_turns(s, at - 1))
		i--; /* "anna dot at example dot com": a word between was not heard */
	if (!i || !is_part(s, i - 1) || (i == at && is_talk(s, at)))
		return at;
	i--;
	while (i > 0 && s->tokens[at].start - s->tokens[i - 1].start <= 3 * LOCAL_BYTES) {
		bool small = is_said_digit(s, i) || domain_letter(s, i), glued = s->tokens[i].glued;
		const struct token *t = &s->tokens[i - 1];

		digits += is_said_digit(s, i);
		i -= i > 2 && domain_connector(t) && domain_connector(t) == domain_connector(t - 1); /* "dot dot" */
		t = &s->tokens[i - 1];
		if (i > 1 && is_part(s, i - 2) && (domain_connector(t) || (glued && t->glued && t->kind == TOKEN_MARK && t->mark && strchr("._-+'", t->mark))))
			i -= 2;
		else if (scan_turns(s, i)) /* the words of another turn, unless they end with a connector */
			break;
		else if (is_part(s, i - 1) && (glued || is_said_digit(s, i - 1) || domain_letter(s, i - 1) ||
			(small && digits <= SPOKEN_DIGITS && is_name(s, i - 1))))
			i--;
		else
			break;
	}
	return i;
}

static void put_number(struct words *w, unsigned int value)
{
	if (value >= 10)
		spell_char(w, (char)('0' + value / 10));
	spell_char(w, (char)('0' + value % 10));
}

/* Writes one word of a spoken local part; how many tokens it took. */
static size_t put_spoken(struct words *w, const struct scan *s, size_t i, size_t end)
{
	const struct token *t = &s->tokens[i];
	const struct token *next = i + 1 < end ? t + 1 : NULL;
	bool digit_next = next && next->kind == TOKEN_WORD && next->word == WORD_DIGIT;
	unsigned int k;

	if (domain_connector(t)) {
		spell_char(w, domain_connector(t));
	} else if (t->kind == TOKEN_MARK) {
		if (t->mark != '\'') /* nobody says it: "o'brien" is obrien */
			spell_char(w, t->mark);
	} else if (t->kind == TOKEN_DIGITS || domain_letter(s, i) || !is_said_digit(s, i)) {
		spell_token(w, s, i);
	} else if (t->word == WORD_TIMES && digit_next) {
		for (k = 0; k < t->value; k++)
			put_number(w, next->value);
		return 2;
	} else if (t->word == WORD_TENS && digit_next && next->value) {
		put_number(w, t->value + 0u + next->value);
		return 2;
	} else if (t->word == WORD_TIMES) {
		spell_token(w, s, i);
	} else {
		put_number(w, t->value);
	}
	return 1;
}

/* "john dot john dot doe": how many tokens from i on, of a spoken local part before `at`, come a second time. Letters alone may be a name's. */
static size_t local_again(const struct scan *s, size_t first, size_t i, size_t at)
{
	size_t n = tokens_again(s, first, i, i), k;

	for (k = 0; k < n && i + n <= at; k++)
		if (domain_connector(&s->tokens[i + k]))
			return n;
	return 0;
}

/* "anil dot sorry dot k": behind the first of two like connectors. */
static bool is_break(const struct scan *s, size_t first, size_t i, size_t at)
{
	return i > first && i + 1 < at && s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_CORRECTION && domain_connector(&s->tokens[i - 1]) &&
		domain_connector(&s->tokens[i - 1]) == domain_connector(&s->tokens[i + 1]);
}

static void local_put(struct words *w, const struct scan *s, size_t first, size_t at, bool written)
{
	size_t i = first, again;

	while (i < at)
		if (!written && (again = local_again(s, first, i, at))) {
			i += again;
		} else if (!written && is_break(s, first, i, at)) {
			i += 2;
		} else if (i > first && domain_connector(&s->tokens[i]) && domain_connector(&s->tokens[i]) == domain_connector(&s->tokens[i - 1])) {
			i++;
		} else if (!written) {
			i += put_spoken(w, s, i, at);
		} else if (s->tokens[i].kind == TOKEN_MARK) {
			spell_char(w, s->tokens[i++].mark);
		} else {
			spell_token(w, s, i++);
		}
}

static size_t local_start(const struct scan *s, size_t at)
{
	return s->tokens[at].kind == TOKEN_MARK && s->tokens[at].glued ? written_start(s, at) : spoken_start(s, at);
}

/* ------------------------------------------------------------------ begun twice */

/* "john dot doe sorry doe at": where the local part began that tokens from `first` to `at` say the end of; `first`: they do not. */
static size_t local_before(const struct scan *s, size_t first, size_t at)
{
	size_t n = at - first;

	if (!n || first < n + 1 || s->tokens[first - 1].word != WORD_CORRECTION || tokens_same(s, first - 1 - n, first, n) != n)
		return first;
	return spoken_start(s, first - 1);
}

/* The letters of a domain that tokens from i up to `end` say, however they are parted; false: another word or mark is among them. */
static bool begun_read(const struct scan *s, size_t i, size_t end, struct words *w)
{
	static const char *const rate[] = { "the", "rate", "of", NULL }; /* of an "at" */

	for (; i < end; i++) {
		const struct token *t = &s->tokens[i];

		if (t->mark == '.' || domain_connector(t) == '.')
			spell_char(w, '.');
		else if (domain_element(s, i) && !token_hesitates(t) && !scan_word_among(s, i, rate))
			spell_token(w, s, i);
		else if (!token_hesitates(t) && t->kind == TOKEN_MARK && t->mark != ',' && t->mark != '-')
			return false;
	}
	return true;
}

/* What tokens [i, end) say of a domain is the beginning of what is said from `whole` on. */
static bool is_begun(const struct scan *s, size_t i, size_t end, size_t whole, struct words *begun)
{
	struct words all = { .max = DOMAIN_BYTES };

	*begun = (struct words){ .max = DOMAIN_BYTES };
	if (!begun_read(s, i, end, begun))
		return false;
	while (whole < s->count && all.len < begun->len && !at_length(s, whole) && begun_read(s, whole, whole + 1, &all))
		whole++;
	return begun->len <= all.len && !memcmp(begun->at, all.at, begun->len);
}

/* Whether the "at" at `next` says again what was begun with the one at `at`. *local: where the local part stands that was said with it, if that
 * is another; else it is left as it is. */
static bool says_again(const struct scan *s, size_t at, size_t next, size_t *local)
{
	size_t from = at + at_length(s, at), right = next + at_length(s, next), k, n;
	struct words begun;

	for (k = next + 1; k-- > from;) {
		n = next - k;
		if (!is_begun(s, from, k, right, &begun))
			continue;
		if (!n || (n <= at && tokens_same(s, at - n, k, n) == n))
			return begun.len || n || next == from;
		if (k == from || !(token_hesitates(&s->tokens[k - 1]) || begun.at[begun.len - 1 + !begun.len] == '.'))
			continue;
		n = local_start(s, next);
		if (n == next)
			continue;
		*local = n > k ? n : k;
		return true;
	}
	return false;
}

/* The "at" of the last time that this address was said: `at` itself where it was said once, or is whole. */
static size_t last_at(const struct scan *s, size_t at, size_t *local)
{
	struct words w = { .max = DOMAIN_BYTES };
	size_t end = domain_read(s, at + at_length(s, at), &w), next = at + 1;

	if ((end && w.at[w.len - 1] != '.') || handle_read(s, at + at_length(s, at), &w))
		return at;
	while (next < s->count && next < at + BEGUN_TOKENS && s->tokens[next].kind != TOKEN_TAKEN && (next < at + at_length(s, at) || !at_length(s, next)))
		next++;
	if (next >= s->count || next >= at + BEGUN_TOKENS || !at_length(s, next) || !says_again(s, at, next, local))
		return at;
	return next;
}

/* "... dot com at example dot com": the token behind what comes again of an address that ends before token `last`. All of it is another mention. */
static size_t tail_end(const struct scan *s, size_t first, size_t at, size_t last)
{
	size_t i = last, k, n;

	while (i < s->count && token_hesitates(&s->tokens[i]))
		i++;
	for (k = first + 1; k < last; k++) {
		n = tokens_same(s, k, i, last - k);
		if (n && (k + n == last || (k == at && n > 1)))
			return tail_end(s, first, at, i + n);
	}
	return last;
}

/* "At example dot com", and nothing else in the turn: the beginning of an address was not heard. */
static bool is_alone(const struct scan *s, size_t at, size_t last)
{
	return (!at || scan_turns(s, at)) && (last == s->count || scan_turns(s, last));
}

static void address_report(struct scan *s, enum redact_type type, size_t first, size_t last, const struct words *local, const struct words *domain)
{
	struct words whole = *local;

	whole.max = sizeof(whole.at);
	spell_char(&whole, '@');
	memcpy(whole.at + whole.len, domain->at, domain->len);
	whole.len += domain->len;
	scan_report(s, type, first, last - 1, whole.at, whole.len, false);
}

/* Reports the address around the "at" at token `at`, if it is one. */
static void address_read(struct scan *s, size_t at)
{
	struct words domain = { .max = DOMAIN_BYTES }, local = { .max = LOCAL_BYTES };
	bool written = s->tokens[at].kind == TOKEN_MARK && s->tokens[at].glued;
	size_t first = local_start(s, at), from = first, of = at, right = at, next, last;
	enum redact_type type = REDACT_EMAIL;

	for (; (next = last_at(s, right, &from)) != right; right = next)
		of = from == first ? at : next;
	if (!written && from == first && (from = local_before(s, first, at)) < first) {
		of = first - 1;
		first = from;
	}
	domain.written = local.written = written;
	last = domain_read(s, right + at_length(s, right), &domain);
	if (first == at && (written || !last || !is_alone(s, at, last)))
		return;
	if (!last) {
		type = REDACT_UPI;
		last = handle_read(s, right + at_length(s, right), &domain);
	}
	if (!last)
		return;
	local_put(&local, s, from, of, written);
	address_report(s, type, first, written ? last : tail_end(s, first, right, last), &local, &domain);
}

bool address_at(const struct scan *s, size_t i)
{
	struct words w = { .max = DOMAIN_BYTES };
	size_t n = at_length(s, i);

	return n && i + n < s->count && (handle_read(s, i + n, &w) || domain_read(s, i + n, &w));
}

/* The mark that closes what this one opens, or 0. */
static char mark_closing(char mark)
{
	static const char opens[] = "([{<,-", closes[] = ")]}>,-";
	const char *at = mark ? strchr(opens, mark) : NULL;

	return at ? closes[at - opens] : 0;
}

/* `word` and the mark behind it; `before` stands before them. */
static bool is_wrapped(const struct token *before, const struct token *word)
{
	const struct token *behind = word + 1;

	if (word->kind != TOKEN_WORD || (word->word != WORD_AT && word->word != WORD_DOT && word->word != WORD_DASH && word->word != WORD_UNDERSCORE))
		return false;
	if (before->kind != TOKEN_MARK || behind->kind != TOKEN_MARK || !behind->mark || mark_closing(before->mark) != behind->mark)
		return false;
	return behind->mark != '-' || (word->glued && behind->glued);
}

void addresses_unwrap(struct scan *s)
{
	size_t i, count = 0;

	for (i = 0; i < s->count; i++) {
		struct token *t = &s->tokens[i];

		s->tokens[count++] = *t;
		if (count < 2 || i + 1 == s->count || !is_wrapped(&s->tokens[count - 2], t))
			continue;
		count--;
		s->tokens[count - 1] = *t;
		s->tokens[count - 1].glued = false;
		if (++i + 1 < s->count)
			s->tokens[i + 1].glued = false;
	}
	s->count = count;
}

void addresses_find(struct scan *s)
{
	size_t i;

	for (i = 1; i + 1 < s->count; i++) /* a written one is never a part of a spoken one */
		if (s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark == '@')
			address_read(s, i);
	for (i = 0; i + 1 < s->count; i++) {
		if (at_length(s, i))
			address_read(s, i);
	}
}

/* Reads the words once, from the first to the last, and knows at each whether a row of letters or an address is under way. */
#include "voice/spelling.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "voice/words.h"

enum { ABBREVIATED = 3 /* letters joined by dots without a space: "U.S.A." */ };

enum link { LINK_NONE = 0, LINK_FOR, LINK_AS };
enum address { ADDRESS_NONE = 0, ADDRESS_JOINT /* "dot": a name follows */, ADDRESS_NAME /* it was said: the ending is still to come */ };

struct spoken {
	const char *at;
	size_t len;
	bool joined; /* by a dot, without a space, to the word before */
};

struct spelling {
	unsigned int letters;  /* in a row, up to here */
	unsigned int joined;   /* so many of them to the one before */
	unsigned int times;    /* "double" makes two of the next */
	bool own;              /* one of them is no word of its own */
	bool example;          /* one has its example, begun or whole */
	bool named, counted;   /* before the row stood an article, a number */
	char first, last;
	enum link link;        /* an example is begun */
	enum address address;
	bool dotted, mail;     /* an address has begun; mail was spoken of */
	struct spoken before[2]; /* the words before, the nearest first */
};

static bool inside(char c)
{
	return isalnum((unsigned char)c) || c == '\'' || c == '@' || (unsigned char)c >= 0x80;
}

static bool spoken_next(const char **at, const char *end, struct spoken *w)
{
	const char *from = *at;

	while (*at < end && !inside(**at))
		(*at)++;
	w->joined = *at == from + 1 && *from == '.';
	w->at = *at;
	while (*at < end && inside(**at))
		(*at)++;
	w->len = (size_t)(*at - w->at);
	return w->len > 0;
}

static bool is(const struct spoken *w, const char *word)
{
	return w->len == strlen(word) && !strncasecmp(w->at, word, w->len);
}

static bool is_one_of(const struct spoken *w, const char *const *list)
{
	while (*list && !is(w, *list))
		list++;
	return *list != NULL;
}

/* ------------------------------------------------------------------ letters */

static bool row_open(const struct spelling *s)
{
	unsigned int letters = s->letters + (s->letters && s->times > 1 ? 1 : 0);
	bool abbreviated = s->letters > 1 && s->joined == s->letters - 1 && s->letters <= ABBREVIATED;
	bool is_hour = s->counted && s->letters == 2 && s->last == 'm' && (s->first == 'a' || s->first == 'p');
	bool is_ok = s->letters == 2 && s->first == 'o' && s->last == 'k';

	return s->example || (letters >= 2 && s->own && !s->named && !abbreviated && !is_hour && !is_ok);
}

static void letter_take(struct spelling *s, const struct spoken *w)
{
	char letter = (char)tolower((unsigned char)*w->at);

	if (!s->letters)
		s->first = letter;
	else
		s->joined += w->joined;
	s->letters += s->times;
	s->times = 1;
	s->own |= letter != 'a' && letter != 'i';
	s->last = letter;
}

/* Behind "M for" the word that begins with it, behind "N as" an "in" and any word. */
static bool example_take(struct spelling *s, const struct spoken *w)
{
	enum link link = s->link;

	s->link = LINK_NONE;
	if (link == LINK_AS && is(w, "in")) {
		s->example = true;
		s->link = LINK_FOR;
		return true;
	}
	if (link != LINK_FOR || (!s->example && tolower((unsigned char)*w->at) != s->last))
		return false;
	s->example = true;
	return true;
}

static void row_end(struct spelling *s, const struct spoken *w, bool number)
{
	static const char *const articles[] = { "the", "an", "my", "your", "any", "no", NULL };

	s->letters = s->joined = 0;
	s->times = 1;
	s->own = s->example = false;
	s->named = is_one_of(w, articles);
	s->counted = number;
}

static void row_take(struct spelling *s, const struct spoken *w)
{
	static const char *const breaths[] = { "um", "uh", "er", NULL };
	bool number = words_digits(w->at, w->len) > 0;

	if (s->link && example_take(s, w))
		return;
	if (w->len == 1 && isalpha((unsigned char)*w->at))
		letter_take(s, w);
	else if (is(w, "double") || is(w, "triple"))
		s->times = is(w, "double") ? 2 : 3;
	else if (s->letters && (is(w, "for") || is(w, "as")))
		s->link = is(w, "for") ? LINK_FOR : LINK_AS;
	else if (s->letters && (number || is_one_of(w, breaths)))
		s->times = 1;
	else
		row_end(s, w, number);
}

/* ------------------------------------------------------------------ addresses */

/* "At" is one in an address alone: behind its beginning, letters, or where mail is spoken of. */
static bool is_joint(const struct spelling *s, const struct spoken *w)
{
	if (is(w, "dot") || is(w, "underscore"))
		return !is(&s->before[0], "the") && !is(&s->before[0], "polka"); /* "at five on the dot" */
	if (is(w, "rate"))
		return is(&s->before[0], "the") && is(&s->before[1], "at");
	return is(w, "at") && (s->dotted || s->mail || row_open(s));
}

static void address_take(struct spelling *s, const struct spoken *w)
{
	static const char *const endings[] = { "com", "org", "net", "in", "edu", "gov", "io", "uk", "us", "de", NULL };
	bool spelled = row_open(s);

	s->mail |= is(w, "mail") || is(w, "email");
	if (is_joint(s, w)) {
		s->address = ADDRESS_JOINT;
		s->dotted |= !is(w, "at") || spelled;
	} else if (s->address == ADDRESS_JOINT && s->dotted && !is_one_of(w, endings)) {
		s->address = ADDRESS_NAME;
	} else {
		s->dotted &= s->address == ADDRESS_NAME && is(w, "at"); /* what was begun is over */
		s->address = ADDRESS_NONE;
	}
}

/* "alex@example" without an ending: the recogniser writes it as one word. */
static bool written_open(const char *text, size_t len)
{
	bool open = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (isspace((unsigned char)text[i]) || (text[i] == '.' && i + 1 < len && inside(text[i + 1])))
			open = false;
		else if (text[i] == '@')
			open = true;
	}
	return open;
}

bool spelling_open(const char *text, size_t len)
{
	struct spelling s = { .times = 1, .before = { { "", 0, false }, { "", 0, false } } };
	const char *at = len ? text : "", *end;
	struct spoken w;

	while (len && isspace((unsigned char)at[len - 1]))
		len--;
	end = at + len;
	if (!len || end[-1] == '?' || end[-1] == '!')
		return false;
	while (spoken_next(&at, end, &w)) {
		address_take(&s, &w);
		row_take(&s, &w);
		s.before[1] = s.before[0];
		s.before[0] = w;
	}
	return row_open(&s) || s.address != ADDRESS_NONE || written_open(text, len);
}

#include "conductor/timeline_mask.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "redact/redact.h"

#define DOT "\xe2\x80\xa2"

enum { QUESTION_MAX = 400, EARLIER_MAX = 600, TEXT_MAX_BYTES = REDACT_MAX_BYTES, DIGITS_SHOWN = 4, ENTRIES_MAX = 32, ENTRY_DIGITS = 32, ENTRY_SURE = 3 };

/* The end of what was said last. */
struct recent {
	char text[EARLIER_MAX];
	size_t len;
};

/* What was keyed, the last entries of it: wherever these digits come again, they are dots as the keys were. */
struct keyed {
	char entries[ENTRIES_MAX][ENTRY_DIGITS + 1];
	size_t count;
	bool goes_on; /* the next key belongs to the last one */
};

struct line_mask {
	struct redact_map *map;
	struct keyed keyed;
	struct recent question; /* the agent's words */
	struct recent earlier;  /* the caller's */
	char text[TEXT_MAX_BYTES];
};

/* Whose words the texts of a line are. */
enum speaker { SPEAKER_NONE, SPEAKER_NOTE, SPEAKER_AGENT, SPEAKER_CALLER, SPEAKER_CALLER_OPEN, SPEAKER_KEYS, SPEAKER_TOOL };

/* Names and words of ours, and the call's id, which looks like a number. */
static const char *const plain_keys[] = { "call", "type", "who", "code", "why", "status", "reason", "direction", "language", "rulebook", "track", "what",
	"vendor", "model", "provider", "prices" };

enum err line_mask_new(struct line_mask **mp)
{
	struct line_mask *m = calloc(1, sizeof(*m));
	enum err err = m ? redact_map_new(&m->map) : ERR_NOMEM;

	if (err)
		free(m);
	*mp = err ? NULL : m;
	return err;
}

void line_mask_free(struct line_mask **mp)
{
	if (*mp) {
		redact_map_free(&(*mp)->map);
		sodium_memzero(*mp, sizeof(**mp));
	}
	free(*mp);
	*mp = NULL;
}

static bool item_says(const struct json_item *i, const char *word)
{
	return i->kind == JSON_SCAN_STRING && i->len == strlen(word) && !memcmp(i->text, word, i->len);
}

static enum speaker speaker_of(const char *line, size_t len)
{
	static const struct {
		const char *type;
		enum speaker who;
	} speakers[] = { { "speak", SPEAKER_AGENT }, { "heard", SPEAKER_AGENT }, { "final", SPEAKER_CALLER }, { "partial", SPEAKER_CALLER_OPEN },
		{ "digit", SPEAKER_KEYS }, { "note", SPEAKER_NOTE }, { "tool", SPEAKER_TOOL }, { "tool_result", SPEAKER_TOOL }, { "outcome", SPEAKER_TOOL } };
	struct json_scan scan;
	struct json_item i;

	json_scan_init(&scan, line, len);
	while (json_scan_next(&scan, &i)) {
		if (i.depth != 1 || i.kind == JSON_SCAN_CLOSE || !json_item_is(&i, "type"))
			continue;
		for (size_t k = 0; k < sizeof(speakers) / sizeof(speakers[0]); k++)
			if (item_says(&i, speakers[k].type))
				return speakers[k].who;
	}
	return SPEAKER_NONE;
}

static bool is_plain(const struct json_item *i)
{
	for (size_t k = 0; i->depth == 1 && k < sizeof(plain_keys) / sizeof(plain_keys[0]); k++)
		if (json_item_is(i, plain_keys[k]))
			return true;
	return false;
}

/* Keeps the last bytes, from a character on. */
static void remember(struct recent *r, size_t max, const char *text, size_t len, bool more)
{
	size_t kept = more ? r->len : 0, from;

	if (len > max)
		text += len - max, len = max;
	from = kept + len + 1 > max ? kept + len + 1 - max : 0;
	from = from < kept ? from : kept;
	memmove(r->text, r->text + from, kept - from);
	kept -= from;
	if (kept && kept + 1 + len <= max)
		r->text[kept++] = ' ';
	memcpy(r->text + kept, text, len);
	r->len = kept + len;
	for (from = 0; from < r->len && ((unsigned char)r->text[from] & 0xc0) == 0x80;)
		from++;
	memmove(r->text, r->text + from, r->len - from);
	r->len -= from;
}

static void key_take(struct keyed *k, char key)
{
	size_t n = k->goes_on ? strlen(k->entries[k->count - 1]) : 0;

	k->goes_on = isdigit((unsigned char)key); /* # and * end an entry */
	if (!k->goes_on)
		return;
	if (!n || n == ENTRY_DIGITS) {
		if (k->count == ENTRIES_MAX)
			memmove(k->entries[0], k->entries[1], --k->count * sizeof(k->entries[0]));
		memset(k->entries[k->count++], 0, sizeof(k->entries[0]));
		n = 0;
	}
	k->entries[k->count - 1][n] = key;
}

static bool is_digit_at(const char *text, size_t len, size_t i)
{
	return i < len && isdigit((unsigned char)text[i]);
}

/* How many bytes at `text` say the entry, digit by digit ("4 0 2 1") or written; 0: they do not. */
static size_t entry_said(const char *entry, const char *text, size_t len)
{
	size_t i = 0;

	for (; *entry; entry++, i++) {
		if (i && i < len && strchr(" -,", text[i]) && text[i])
			i++;
		if (i && i < len && text[i] == ' ')
			i++;
		if (i >= len || text[i] != *entry)
			return 0;
	}
	return i;
}

/* The bytes from digit `at` on that were keyed. An entry of one or two digits is also an hour or a count: it is looked for where values are, and
 * as a whole number; a longer one everywhere, and parts of it. */
static size_t keyed_at(const struct keyed *k, bool values, const char *text, size_t len, size_t at)
{
	bool begins = !at || !is_digit_at(text, len, at - 1);
	size_t run = 0, took = 0, i, n;

	while (begins && is_digit_at(text, len, at + run))
		run++;
	for (i = 0; i < k->count; i++) {
		const char *entry = k->entries[i];

		n = strlen(entry);
		if (n >= ENTRY_SURE)
			n = entry_said(entry, text + at, len - at);
		else
			n = values && begins && n == run && !memcmp(entry, text + at, n) ? n : 0;
		if (begins && run >= ENTRY_SURE && n < run && memmem(entry, strlen(entry), text + at, run))
			n = run;
		took = n > took ? n : took;
	}
	return took;
}

/* The length of a placeholder at the start of `text`, or 0. */
static size_t placeholder(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && (isupper((unsigned char)text[n]) || isdigit((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return *text == '[' && n > 1 && n < len && text[n] == ']' ? n + 1 : 0;
}

static void keyed_hide(const struct keyed *k, bool values, const char *text, size_t len, struct buf *out)
{
	size_t at = 0, took;

	while (at < len) {
		size_t plain = placeholder(text + at, len - at);

		took = !plain && is_digit_at(text, len, at) ? keyed_at(k, values, text, len, at) : 0;
		if (!took) {
			plain = plain ? plain : 1;
			buf_append(out, text + at, plain);
			at += plain;
		}
		for (; took; took--, at++)
			if (is_digit_at(text, len, at))
				buf_text(out, DOT);
			else
				buf_byte(out, (uint8_t)text[at]);
	}
}

/* What goes to tools and comes from them is no speech: a number that was asked for stands there by itself. Long ones are not shown. */
static void numbers_hide(const char *text, size_t len, struct buf *out)
{
	size_t from = 0, at = 0;

	while (at < len) {
		size_t digits = 0;

		while (at + digits < len && text[at + digits] >= '0' && text[at + digits] <= '9')
			digits++;
		if (digits > DIGITS_SHOWN) {
			json_put_escaped(out, text + from, at - from);
			json_put_escaped(out, "[NUMBER]", 8);
			from = at + digits;
		}
		at += digits ? digits : 1;
	}
	json_put_escaped(out, text + from, len - from);
}

static void words_put(struct line_mask *m, enum speaker who, const char *text, size_t len, struct buf *out)
{
	const struct redact_context context = { .question = m->question.text, .question_len = m->question.len, .earlier = m->earlier.text,
		.earlier_len = m->earlier.len, .caller = true, .partial = who == SPEAKER_CALLER_OPEN };
	bool is_caller = who == SPEAKER_CALLER || who == SPEAKER_CALLER_OPEN;
	struct redacted *masked;
	struct buf shown;

	if (redact_text(m->map, text, len, is_caller ? &context : NULL, &masked)) {
		json_put_escaped(out, "[MASKED]", 8);
		return;
	}
	buf_init(&shown, SIZE_MAX);
	keyed_hide(&m->keyed, who != SPEAKER_AGENT, redacted_text(masked), redacted_len(masked), &shown);
	if (shown.err)
		json_put_escaped(out, "[MASKED]", 8);
	else if (who == SPEAKER_TOOL)
		numbers_hide((const char *)shown.data, shown.len, out);
	else
		json_put_escaped(out, (const char *)shown.data, shown.len);
	buf_fini(&shown);
	redacted_free(&masked);
}

static void string_put(struct line_mask *m, enum speaker who, const struct json_item *i, struct buf *out)
{
	bool is_text = i->depth == 1 && json_item_is(i, "text");
	size_t len;

	if (i->depth == 1 && json_item_is(i, "words"))
		who = SPEAKER_CALLER;
	if (who == SPEAKER_KEYS) {
		if (json_item_is(i, "digit") && i->len == 1)
			key_take(&m->keyed, *i->text);
		json_put_escaped(out, DOT, 3);
		return;
	}
	if (json_scan_text(i, m->text, sizeof(m->text), &len)) {
		json_put_escaped(out, "[MASKED]", 8);
		return;
	}
	words_put(m, who, m->text, len, out);
	if (is_text && len && who == SPEAKER_AGENT)
		remember(&m->question, QUESTION_MAX, m->text, len, false);
	if (is_text && who == SPEAKER_CALLER)
		remember(&m->earlier, EARLIER_MAX, m->text, len, true);
}

void line_mask_put(struct line_mask *m, const char *line, size_t len, struct buf *out)
{
	enum speaker who = speaker_of(line, len);
	const char *done = line;
	struct json_scan scan;
	struct json_item i;

	m->keyed.goes_on = m->keyed.goes_on && who != SPEAKER_CALLER && who != SPEAKER_TOOL;
	json_scan_init(&scan, line, len);
	while (json_scan_next(&scan, &i)) {
		if (who == SPEAKER_NOTE && i.depth == 1 && json_item_is(&i, "code") && item_says(&i, "keys"))
			m->keyed.goes_on = false; /* the entry is whole */
		if (i.kind != JSON_SCAN_STRING || is_plain(&i))
			continue;
		buf_append(out, done, (size_t)(i.text - done));
		string_put(m, who, &i, out);
		done = i.text + i.len;
	}
	buf_append(out, done, (size_t)(line + len - done));
}

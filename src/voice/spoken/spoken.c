/* Goes once through a text: what is not said is dropped, what a reader knows becomes words, all else is copied, and every step is put down in the
 * map. Readers stand in the order in which they are asked. See spoken.h. */
#include "voice/spoken/parts.h"

#include <assert.h>
#include <string.h>

enum { PIECES_MAX_BYTES = 2 * SPOKEN_TEXT_MAX_BYTES * (int)sizeof(struct spoken_piece) };

struct making {
	struct reading r;
	struct spoken *out;
	size_t max;      /* bytes of what is said */
	char blank;      /* it was read and waits for something to be said behind it; 0: none */
	bool is_parted;  /* a word that is copied next needs a blank before it */
	bool is_dropped; /* something was dropped since the blank */
};

/* ---- the dictionary ---- */

static bool saying_at(const struct reading *r, const char *word)
{
	size_t len = strlen(word), end = r->at + len;

	return folded_at(r, r->at, word) && !(wordy_at(r, r->at) && wordy_before(r, r->at)) && !(wordy_before(r, end) && wordy_at(r, end));
}

size_t saying_read(const struct reading *r, struct buf *words)
{
	const struct spoken_saying *best = NULL;
	size_t i, most = 0;

	for (i = 0; i < r->how->saying_count; i++) {
		const struct spoken_saying *s = &r->how->sayings[i];

		if ((s->word[0] | 0x20) == (r->text[r->at] | 0x20) && saying_at(r, s->word) && strlen(s->word) > most) {
			best = s;
			most = strlen(s->word);
		}
	}
	if (!best)
		return 0;
	if (best->ipa && r->how->ipa_before)
		buf_printf(words, "%s%s%s", r->how->ipa_before, best->ipa, r->how->ipa_after);
	else
		buf_text(words, best->say);
	return most;
}

/* ---- the map ---- */

static void piece_add(struct making *m, bool same)
{
	struct buf *b = &m->out->pieces;
	struct spoken_piece p = { .said_end = (uint32_t)m->out->text.len, .meant_end = (uint32_t)m->r.at, .same = same };

	if (same && b->len) {
		struct spoken_piece *last = (struct spoken_piece *)(void *)(b->data + b->len) - 1;

		if (last->same) {
			*last = p;
			return;
		}
	}
	buf_append(b, &p, sizeof(p));
}

/* ---- saying ---- */

static bool has_room(const struct making *m, size_t bytes, size_t taken)
{
	return m->out->text.len + (m->blank != 0) + bytes + (m->r.len - m->r.at - taken) <= m->max;
}

static void blank_put(struct making *m, char blank)
{
	m->blank = 0;
	buf_byte(&m->out->text, (uint8_t)blank);
	piece_add(m, false);
}

/* A line's end before a mark that was dropped is that of a list's item: a pause. */
static void gap_put(struct making *m, const struct reading *said)
{
	if (m->blank == '\n' && m->is_dropped && wordy_before(said, said->len) && has_room(m, 1, 0)) {
		buf_byte(&m->out->text, ',');
		m->blank = ' ';
	}
	blank_put(m, m->blank);
}

static bool is_stop(char c)
{
	return c == '.' || c == ',' || c == '!' || c == '?' || c == ';' || c == ':' || c == ')';
}

/* What stands before the next thing that is said: the blank of the text, or ours. */
static void part(struct making *m, bool is_ours, size_t bytes, size_t taken)
{
	struct buf *said = &m->out->text;
	const struct reading end = { .text = (const char *)said->data, .len = said->len };
	bool next = is_ours || (wordy_at(&m->r, m->r.at) && !text_at(&m->r, m->r.at, "व"));

	if (m->blank && said->len) {
		if (m->is_dropped && !is_ours && is_stop(m->r.text[m->r.at]))
			m->blank = 0;
		else
			gap_put(m, &end);
	} else if (said->len && next && (is_ours || m->is_parted) && wordy_before(&end, said->len) && has_room(m, bytes + 1, taken)) {
		blank_put(m, ' ');
	}
	m->blank = 0;
	m->is_parted = m->is_dropped = false;
}

static void copy(struct making *m, size_t n)
{
	part(m, false, n, n);
	buf_append(&m->out->text, m->r.text + m->r.at, n);
	m->r.at += n;
	piece_add(m, true);
}

static void say(struct making *m, const struct buf *words, size_t taken)
{
	if (!has_room(m, words->len + 1, taken)) {
		copy(m, taken);
		return;
	}
	part(m, true, words->len, taken);
	buf_append(&m->out->text, words->data, words->len);
	m->r.at += taken;
	piece_add(m, false);
	m->is_parted = true;
}

static void drop(struct making *m, size_t n, bool parts)
{
	m->r.at += n;
	piece_add(m, false);
	m->is_parted = m->is_parted || parts;
	m->is_dropped = true;
}

/* ---- reading ---- */

struct reader {
	reader_h *read;
	bool is_number; /* a dash behind it may be that of a range */
};

static const struct reader readers[] = {
	{ saying_read, false }, { address_read, false }, { money_read, true }, { date_read, true }, { time_read, true }, { phone_read, false },
	{ single_read, false }, { code_read, false }, { fraction_read, true }, { number_read, true }, { native_read, true }, { weekday_read, false },
	{ abbreviation_read, false }, { symbol_read, false },
};

static size_t words_read(struct making *m, struct buf *words)
{
	size_t i, n, count = m->r.tongue ? sizeof(readers) / sizeof(readers[0]) : 1;

	for (i = 0; i < count; i++) {
		buf_reset(words);
		n = readers[i].read(&m->r, words);
		if (n && !words->err) {
			assert(n <= m->r.len - m->r.at);
			if (readers[i].is_number)
				m->r.number_end = m->r.at + n;
			return n;
		}
	}
	return 0;
}

/* A word that no reader knows, whole: also what digits are joined to it by ("COVID-19", "2.1.3", "3D"). */
static size_t word_length(const struct reading *r)
{
	size_t n = 0, from = r->at;
	bool digits = false, first = is_digit(r->text[from]);

	for (;;) {
		for (; is_alnum(byte_at(r, from + n)); n++)
			digits = digits || is_digit(r->text[from + n]);
		if (!byte_at(r, from + n) || !strchr(first ? "-._'/:" : "-._'", r->text[from + n]))
			return n;
		if (!is_digit(byte_at(r, from + n + 1)) && !(digits && is_letter(byte_at(r, from + n + 1))))
			return n;
		n++;
	}
}

static void copy_next(struct making *m)
{
	uint32_t code;
	size_t n = is_alnum(m->r.text[m->r.at]) ? word_length(&m->r) : char_read(m->r.text + m->r.at, m->r.len - m->r.at, &code);

	copy(m, n ? n : 1);
}

static void step(struct making *m, struct buf *words)
{
	char c = m->r.text[m->r.at];
	bool parts;
	size_t n;

	if (is_blank(c)) {
		m->blank = m->blank == '\n' ? '\n' : c;
		m->r.at++;
		return;
	}
	n = markup_read(&m->r, &parts);
	if (n) {
		drop(m, n, parts);
		return;
	}
	n = words_read(m, words);
	if (n)
		say(m, words, n);
	else
		copy_next(m);
}

void spoken_init(struct spoken *s)
{
	*s = (struct spoken){ .is_same = true };
	buf_init(&s->text, SPOKEN_TEXT_MAX_BYTES);
	buf_init(&s->pieces, PIECES_MAX_BYTES);
}

void spoken_fini(struct spoken *s)
{
	buf_fini(&s->text);
	buf_fini(&s->pieces);
}

enum err spoken_make(struct spoken *s, const struct spoken_how *how, const char *text, size_t len)
{
	uint8_t memory[WORDS_MAX_BYTES];
	struct making m = { .r = { .text = text, .len = len, .tongue = tongue_of(how->language), .how = how, .number_end = SIZE_MAX }, .out = s };
	struct buf words;

	buf_reset(&s->text);
	buf_reset(&s->pieces);
	if (len > SPOKEN_TEXT_MAX_BYTES)
		return ERR_LIMIT;
	m.max = len > SPOKEN_MAX_BYTES ? len : SPOKEN_MAX_BYTES;
	buf_over(&words, memory, sizeof(memory));
	while (m.r.at < len)
		step(&m, &words);
	s->is_same = s->text.len == len && (!len || !memcmp(s->text.data, text, len));
	return s->text.err ? s->text.err : s->pieces.err;
}

/* ---- and back ---- */

/* The end of the last whole word, without the blanks behind it. */
static size_t word_end(const struct reading *r, size_t at)
{
	while (at && at < r->len && ((uint8_t)r->text[at] & 0xc0) == 0x80)
		at--;
	while (at && wordy_before(r, at) && wordy_at(r, at))
		do
			at--;
		while (at && ((uint8_t)r->text[at] & 0xc0) == 0x80);
	while (at && is_blank(r->text[at - 1]))
		at--;
	return at;
}

/* A voice may tell a word's end without the comma that clings to it. */
static bool only_stops(const struct spoken *s, size_t from, size_t to)
{
	while (from < to && is_stop((char)s->text.data[from]))
		from++;
	return from == to;
}

size_t spoken_meant(const struct spoken *s, const char *text, size_t len, size_t said)
{
	const struct spoken_piece *pieces = (const void *)s->pieces.data;
	const struct reading r = { .text = text, .len = len };
	size_t count = s->pieces.len / sizeof(*pieces), i, at = 0, said_before = 0;

	if (!said)
		return 0;
	if (said >= s->text.len)
		return len;
	for (i = 0; i < count && pieces[i].said_end <= said; i++) {
		at = pieces[i].meant_end;
		said_before = pieces[i].said_end;
	}
	if (i < count && pieces[i].same)
		at += said - said_before;
	else if (i < count && only_stops(s, said, pieces[i].said_end))
		at = pieces[i].meant_end;
	return word_end(&r, at);
}

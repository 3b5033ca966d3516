/* A text as it is said: numbers, money, dates, times, telephone numbers, addresses, codes and abbreviations as words of a language; markup and emoji
 * left out; words of a dictionary as it says them. And the way back: what part of the text was meant by what was said so far.
 *
 * Languages: "en" and its regions, "hi" (Devanagari), "hi-Latn" (numbers in English). "en-IN", "hi" and "hi-Latn" count in lakh and crore and put the
 * day before the month. Of any other language only markup, emoji and the dictionary are looked at (docs/spoken.md).
 * Pure: no I/O, no clock, no locale, no floating point. Any bytes are taken; what is UTF-8 stays UTF-8. Offsets are bytes. Saying what
 * it says changes nothing more, dictionary aside. Any thread; one owner.
 */
#ifndef VOICE_SPOKEN_SPOKEN_H
#define VOICE_SPOKEN_SPOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	SPOKEN_MAX_BYTES = 2000,         /* of what is said, unless the text itself is longer: words that do not fit are left as they are written */
	SPOKEN_TEXT_MAX_BYTES = 64 * 1024 /* of the text */
};

/* A dictionary's entry. The longest word wins; ASCII letters match without regard to case. */
struct spoken_saying {
	const char *word; /* whole words of the text, not empty */
	const char *say;  /* what is said in their place, not empty */
	const char *ipa;  /* the same as sounds, or NULL */
};

/* Borrowed for the call. */
struct spoken_how {
	const char *language; /* BCP 47 */
	const char *before;   /* what was said before this text, for "your code is" | "4021"; its last words are looked at. NULL: nothing */
	size_t before_len;
	const struct spoken_saying *sayings;
	size_t saying_count;
	const char *ipa_before, *ipa_after; /* a voice that takes sounds: what stands around them in its text; NULL: it takes none */
};

/* Up to `said_end` of what is said stands for the text up to `meant_end`. `same`: byte by byte; else as a whole. */
struct spoken_piece {
	uint32_t said_end, meant_end;
	bool same;
};

struct spoken {
	struct buf text;   /* what is said; may be empty */
	struct buf pieces; /* struct spoken_piece, in order */
	bool is_same;      /* the text says itself */
};

void spoken_init(struct spoken *s);
void spoken_fini(struct spoken *s);

/* ERR_LIMIT: the text is longer than SPOKEN_TEXT_MAX_BYTES; ERR_NOMEM. Nothing else fails. What was in it before is gone. */
enum err spoken_make(struct spoken *s, const struct spoken_how *how, const char *text, size_t len) MUST_USE;

/* How much of `text`, which `s` was made of, is said when the first `said` bytes of the spoken form are: whole words, rounded down, never less for
 * more; all of it when all is said. */
size_t spoken_meant(const struct spoken *s, const char *text, size_t len, size_t said);

#endif

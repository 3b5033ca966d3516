/* What the words of a transcript tell about the floor and the turn: nods, stop words, how finished they sound.
 *
 * Pure functions over UTF-8 text; case, punctuation and spaces do not count. The lists that a rule-book may change come in
 * from the brief; the grammar of "and my number is …" stands here, per language.
 */
#ifndef VOICE_WORDS_H
#define VOICE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/brief.h"

/* CHECKED: whether digits or letters are right ("Is that number correct?"): a yes or no is whole, what is spelled instead may have pauses. */
enum expect_kind { EXPECT_ANY = 0, EXPECT_YES_NO, EXPECT_DIGITS, EXPECT_SPELLED, EXPECT_CHECKED };

struct words_expect {
	enum expect_kind kind;
	uint32_t digits; /* DIGITS: how many were asked for; 0: not said */
};

enum words_finish { FINISH_UNKNOWN = 0, FINISH_COMPLETE, FINISH_OPEN, FINISH_SPELLED };

size_t words_count(const char *text, size_t len);
bool words_same(const char *a, size_t a_len, const char *b, size_t b_len);
size_t words_behind(const char *first, size_t first_len, const char *text, size_t len); /* where the words behind those of `first` begin; 0: others do */
bool words_all_in(const struct brief_phrases *list, const char *text, size_t len); /* nothing but phrases of the list; not empty */
bool words_any_in(const struct brief_phrases *list, const char *text, size_t len); /* one of them, as whole words */

bool words_has(const char *phrase, const char *text, size_t len); /* as whole words */

/* What a question of the agent's asks for: the last sentence decides. */
struct words_expect words_expect(const char *question, size_t len);

/* The same of all that he says: the last sentence that asks decides; none: nothing. */
struct words_expect words_asked(const char *text, size_t len);

/* The same since call.rules 4: whether something is so is a yes or no also behind "and", with "am", "was", "may", and when it is said of a number. */
struct words_expect words_wanted(const char *text, size_t len);

/* Where the last sentence that asks begins; `len`: none does. */
size_t words_question(const char *text, size_t len);

/* Where the last sentence begins, and whether it is over. */
size_t words_sentence(const char *text, size_t len, bool *over);

/* Nothing but thanks and farewells: what people say last, and want no answer to. */
bool words_farewell(const char *text, size_t len);

/* How finished an answer sounds to that question. */
enum words_finish words_finish(struct words_expect expect, const char *text, size_t len);

/* Is it a whole yes or no, with courtesy behind it or none ("yes please", "no thank you")? */
bool words_answered(const char *text, size_t len);

/* Is it nothing but a request to wait, to help, to say it again, to speak another language, or "I don't know"? That answers no question. */
bool words_beside(const char *text, size_t len);

/* Does it ask the caller whether he is somebody ("Am I speaking with …?")? */
bool words_who(const char *text, size_t len);

/* "Speaking", "this is he": what may follow a yes to that, and be no more than the rest of it. */
bool words_speaking(const char *text, size_t len);

/* May it be "speaking", misheard: at most two words of eight letters in all, no digits, and none that says something of its own ("no", "wait", "who")? */
bool words_short(const char *text, size_t len);

/* Nothing but a greeting, a yes, or who speaks ("hello? hello", "yes, speaking"): what people say before they have heard a question. */
bool words_greet(const char *text, size_t len);

/* Nothing but a greeting, also twice ("hello? hello"): no yes, and no name. */
bool words_hello(const char *text, size_t len);

/* Digits in it, written or spoken ("double nine" is two). */
uint32_t words_digits(const char *text, size_t len);

#endif

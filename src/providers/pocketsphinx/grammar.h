/* What a caller may answer, as a grammar (JSGF): made from a rule-book's flow or from a list of phrases.
 *
 * Of the flow (docs/rulebooks.md, "The flow as JSON") it reads the steps' `expect` and `confirm` and the words of `anytime` and
 * `voicemail`: yes and no, digits, amounts, days, times, the words of choices, an answering machine's sentences. Answers that are `free` or a `name`
 * cannot be made a grammar; they add nothing. A phrase with anything but letters, apostrophes and blanks is left out and counted. Only courtesies and hesitations may stand around an answer. Pure.
 */
#ifndef PROVIDERS_POCKETSPHINX_GRAMMAR_H
#define PROVIDERS_POCKETSPHINX_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	GRAMMAR_MAX_PHRASES = 1000,
	GRAMMAR_MAX_PHRASE_BYTES = 200,
	GRAMMAR_MAX_BYTES = 256 * 1024,
	GRAMMAR_MAX_FLOW_BYTES = 4 * 1024 * 1024
};

/* A grammar's or a dictionary's word may be one of several ways to say it: "four_tel", "zero(2)"; or a
 * word of the phrases of `voicemail`: "tone_vm". So long is the word itself. */
size_t grammar_word_length(const char *word);

bool grammar_is_machine(const char *word);

bool grammar_is_lead(const char *word); /* said before a number: "number_lead" of "my number is" */

bool grammar_is_digit(const char *word); /* or "double", "triple" */

/* Which step of the flow these words of the agent end with: a question, or a goodbye, of which the first sentence is enough; -1: none. */
int grammar_question(const char *flow, size_t flow_len, const char *said, size_t len);

struct grammar_facts {
	size_t left_out;  /* phrases */
	bool has_numbers; /* digits, amounts, days or times may be said */
	bool asks_digits; /* the question does */
	bool asks_option; /* it asks for one of several */
};

/* Appends the grammar to `out`. Digits, amounts, days and times are in it where `question` asks for them; -1: all that the flow ever
 * asks for, and courtesies; where it is a goodbye, courtesies and no numbers. A grammar with a question has no words that the one without has not, but for the
 * second names of its options' words ("gas_line", model.h), which every word has. ERR_FORMAT: no flow of format 1; ERR_LIMIT: too many phrases;
 * ERR_USAGE: nothing that could be recognised. */
enum err grammar_from_flow(struct buf *out, const char *flow, size_t len, int question, struct grammar_facts *facts, struct err_detail *detail) MUST_USE;

/* Appends a grammar of the question's options but the one that `heard` chooses (by the longest of its phrases in it; a yes or no with none: the one
 * of plain yes or no). Courtesies and hesitations may stand around them, too. ERR_NOTFOUND: it asks for no option, or there is no other. */
enum err grammar_from_others(struct buf *out, const char *flow, size_t len, int question, const char *heard) MUST_USE;

/* Only these phrases, as they are. A phrase that cannot be one is ERR_USAGE. */
enum err grammar_from_phrases(struct buf *out, const char *const *phrases, size_t count, struct err_detail *detail) MUST_USE;

#endif

/* What the words around a value, and the agent's question, say that it is. Inside this room only. */
#ifndef REDACT_CUE_H
#define REDACT_CUE_H

#include <stddef.h>
#include <stdint.h>

#include "redact/cues.h"
#include "redact/scan.h"

/* Marks cues that are spelled ("P A N"); a bit for each cue that the tokens have. */
uint64_t cues_mark(struct token *tokens, size_t count, const char *text);

/* Of what stands in tokens [first, next): CUE_PAN to CUE_POSTCODE, or CUE_NONE, also where another word ("order", "phone") is nearer. */
enum cue cue_about(struct scan *s, size_t first, size_t next);

/* What a question asks for. Marks its tokens. */
enum cue cue_of_question(struct token *tokens, size_t count, const char *text);

/* It asks for a number that has another name than a telephone's, or for so many digits, and speaks of no telephone: "your customer number". */
bool cue_of_other_number(const struct token *tokens, size_t count, const char *text);

enum cue cue_asked(struct scan *s); /* the agent's question; find.c */

static inline bool cue_seen(const struct scan *s, enum cue cue)
{
	return s->cues >> cue & 1;
}

#endif

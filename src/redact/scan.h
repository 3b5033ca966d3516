/* One look at one text: what its readers (addresses, codes, dates, hosts, places, numbers, people, in this order) share; and what the map's files know of each other. Inside
 * this room only. */
#ifndef REDACT_SCAN_H
#define REDACT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/cues.h"
#include "redact/redact.h"
#include "redact/token.h"

/* A stretch of the text whose value is known beforehand. */
struct scan_claim {
	size_t start, end;
	enum redact_type type;
	bool held;
	const char *value; /* borrowed */
};

enum { SCAN_CLAIMS = 32 };

struct scan {
	const char *text;
	size_t len;
	size_t skip;           /* bytes of earlier turns at the front: nothing is reported there */
	struct token *tokens;
	size_t count;
	const struct redact_context *context; /* or NULL */
	enum word_class asked; /* scan_asked's, once it was asked for */
	enum cue cue_asked;    /* cue_asked's, likewise */
	bool other_number;     /* scan_other_number's, likewise */
	bool has_asked;
	uint64_t cues;         /* a bit for each cue of the text */
	bool partial;
	bool nomem;            /* the question could not be read: the answer is ERR_NOMEM */
	bool full;             /* an entity did not fit: the answer is ERR_LIMIT */
	const struct scan_claim *claims;
	size_t claim_count;
	struct redact_found *found;
};

enum { TOKEN_TAKEN = 0 }; /* the kind of a token that is part of an entity */

/* Reports tokens first to last and takes them. */
void scan_report(struct scan *s, enum redact_type type, size_t first, size_t last, const char *value, size_t len, bool held);

/* redact_find, but these stretches are taken already; only without earlier words. */
enum err scan_find(const char *text, size_t len, const struct redact_context *context, const struct scan_claim *claims, size_t count,
	struct redact_found *found) MUST_USE;

/* What a map may hold: what needs no escaping in JSON; printable ASCII, of a person or a postal address also other letters and blanks. */
bool redact_value_fine(enum redact_type type, const char *value, size_t len);

enum word_class scan_asked(struct scan *s); /* what the agent's question was about, or WORD_OTHER */
bool scan_other_number(struct scan *s); /* the agent's question asks for a number that is no telephone's */
bool scan_phone_wanted(const struct scan *s); /* the agent has asked for a telephone number before, and had none since */

/* Token i is of this text and the one before it of an earlier turn. */
static inline bool scan_turns(const struct scan *s, size_t i)
{
	return i > 0 && s->tokens[i].start >= s->skip && s->tokens[i - 1].end <= s->skip;
}

bool scan_is_word(const struct scan *s, size_t i, const char *word); /* small letters; false behind the end */

void addresses_unwrap(struct scan *s); /* "john (at) gmail [dot] com", "alex-dash-morgan": without the marks around such a word */
void addresses_find(struct scan *s);
bool address_at(const struct scan *s, size_t i); /* token i says "at", and an address may follow */
void numbers_find(struct scan *s);
void codes_find(struct scan *s);  /* PAN, GSTIN, IFSC, IBAN, plates: letters and digits */
void dates_find(struct scan *s);  /* of birth; until which a card is valid */
void hosts_find(struct scan *s);  /* IP addresses */
void places_find(struct scan *s); /* postal addresses */
void people_find(struct scan *s);
bool number_gap(const struct token *t); /* a run of digits may go on over it */

/* ---- map.c ---- */

size_t map_entry(const struct redact_map *m, size_t i, enum redact_type *type, const char **value); /* its number; the i-th, from 0 */
const char *map_find(const struct redact_map *m, const char *text, size_t len, enum redact_type *type, size_t *took); /* the value that a placeholder at the start of `text` names; NULL: none */
enum err map_mask(struct redact_map *m, const char *text, size_t len, const struct redact_context *context, const struct scan_claim *claims,
	size_t count, struct redacted **rp) MUST_USE;
enum err redacted_copy(const void *text, size_t len, struct redacted **rp) MUST_USE; /* of what this room has masked already */

/* ---- spoken.c ---- */

enum { SPOKEN_DIGITS_MAX = REDACT_VALUE_BYTES };

/* The digits by which a value is said, without a country code that goes without saying; 0: it is an address. *plus: a "+" before them. */
size_t spoken_digits(enum redact_type type, const char *value, char digits[SPOKEN_DIGITS_MAX], bool *plus);

/* Values of the map that stand in the agent's words as they were said. */
size_t spoken_claims(const struct redact_map *m, const char *text, size_t len, struct scan_claim claims[SCAN_CLAIMS]);

#endif

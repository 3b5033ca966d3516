/* Personal data: where it is in a text, and the text without it.
 *
 * `struct redacted` is the only text that a model may be given. It is opaque and only this room makes one, so "was it masked?" is
 * a question for the compiler. Each value found becomes a placeholder ([PHONE_1]) kept in a map, one map a call, so that the
 * arguments of a tool (redact_restore) and the caller's ear (redact_speak) get the true value back and the same value has the same
 * placeholder all call long. A telephone number said first without and then with its country is one value, from then on with it.
 *
 * Found: the types below, written or spoken, in English, Hindi in Latin letters and Devanagari, mixed. docs/redaction.md says how each is
 * known, and what is not found.
 * Any bytes are taken; what is not UTF-8 is passed through. Offsets are bytes of the text given. Time grows with the length only.
 * Rather refuses (ERR_LIMIT) than lets through what it could not look at. No I/O, no globals; a map has one owner, one thread.
 */
#ifndef REDACT_REDACT_H
#define REDACT_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"

enum {
	REDACT_MAX_BYTES = 64 * 1024, /* a text */
	REDACT_VALUE_BYTES = 160,     /* a value, with its NUL */
	REDACT_ENTITIES = 64,         /* found in one text; more is ERR_LIMIT */
	REDACT_NAME_BYTES = 40,       /* a placeholder, with a NUL */
	REDACT_MAP_ENTRIES = 256      /* values in one map; from there on placeholders have no number and cannot be restored */
};

/* The numbers are in saved maps: never reuse one. What a value looks like: docs/redaction.md. */
enum redact_type {
	REDACT_EMAIL = 1,
	REDACT_UPI,
	REDACT_PHONE,         /* value: + and country code where it is known, else the digits as they were said */
	REDACT_CARD,
	REDACT_AADHAAR,
	REDACT_ID_UNVERIFIED, /* called by the speaker what has a checksum (card, Aadhaar, GSTIN, IBAN, SSN …), but it does not hold */
	REDACT_NUMBER,        /* digits or letters of an identifier that is still being said, or that the agent asked for */
	REDACT_OTP,
	REDACT_CVV,           /* never in a map: it cannot be given back */
	REDACT_PIN,           /* of a card or a telephone; as a CVV */
	REDACT_CARD_EXPIRY,   /* "08/29" */
	REDACT_DOB,           /* "1991-08-14" */
	REDACT_PAN,
	REDACT_GSTIN,
	REDACT_IFSC,
	REDACT_IBAN,
	REDACT_SSN,
	REDACT_SSN_LAST4,
	REDACT_ABA,
	REDACT_BANK_ACCT,
	REDACT_VOTER_ID,
	REDACT_PASSPORT,
	REDACT_VEHICLE,
	REDACT_IP,
	REDACT_PERSON,        /* as it was said, one blank between its words */
	REDACT_ADDRESS,       /* a postal one; as it was said */
	REDACT_CARD_LAST4,    /* of a card, called so */
	REDACT_TYPE_COUNT
};

/* "EMAIL", never NULL. */
const char *redact_type_name(enum redact_type type);

/* Of a name; 0: there is no such type. */
enum redact_type redact_type_find(const char *name);

struct redact_entity {
	enum redact_type type;
	bool held; /* open at the end of a partial: masked, but more may come, so it never enters the map */
	size_t start, end;
	char value[REDACT_VALUE_BYTES]; /* normalised, without quotes or backslashes; printable ASCII, of a person or a postal address UTF-8 */
};

struct redact_found {
	size_t count; /* in order, apart from one another */
	struct redact_entity entities[REDACT_ENTITIES];
};

/* What is looked for in a call. Names are not: the agent has to know whom it speaks with, and is told so with the facts of the call, in clear. */
#define REDACT_TYPES_CALL (~(1ull << REDACT_PERSON))

/* What no choice leaves in clear: what lets somebody pay, sign in or be somebody else, which card schemes and UIDAI want masked; and what may be a
 * part of it or was misheard. */
#define REDACT_TYPES_ALWAYS (1ull << REDACT_CARD | 1ull << REDACT_CVV | 1ull << REDACT_PIN | 1ull << REDACT_OTP | 1ull << REDACT_AADHAAR | \
	1ull << REDACT_ID_UNVERIFIED | 1ull << REDACT_NUMBER)

/* What is looked for in a call whose brief leaves these in clear: never less than the above, whatever it says. */
#define REDACT_TYPES_BUT(clear) (REDACT_TYPES_CALL & (~(clear) | REDACT_TYPES_ALWAYS))

struct redact_options {
	const char *clear;
};

extern const struct option redact_options[]; /* "redact.clear", bound to struct redact_options */

/* The types of such a list, a bit each. ERR_USAGE: a name in it is none, or of one that is always masked. */
enum err redact_clear_read(const char *names, uint64_t *clear) MUST_USE;

/* What was said before; each may be NULL. Borrowed for the call. */
struct redact_context {
	const char *language; /* the call's, BCP 47: a telephone number said without a country may be of its country; NULL or "": not known */
	const char *question; /* the agent's words before this text */
	size_t question_len;
	const char *asked;    /* the agent's words since the caller last gave a number: this may be a late answer to one of them. Says */
	size_t asked_len;     /* no more than that ten digits are a telephone number; its last kilobyte is read */
	const char *earlier;  /* the caller's words of the turns before; only the last few hundred bytes are read */
	size_t earlier_len;
	uint64_t types;       /* those that are looked for, a bit each (1 << REDACT_OTP); 0: all. Others stay in clear */
	bool caller;          /* the caller's own words or keys: ten digits that may be a telephone number, and more from a 0 on, are masked without a word about phones */
	bool partial;         /* more of this text may come: an open run of digits at its end is held back */
	bool ours;            /* the agent's own words: values of the map are known by the form in which they are said (redact_speak), at
	                         the end of the text also the beginning of one. redact_text only */
};

/* Errors: ERR_LIMIT (text too long, too many entities), ERR_NOMEM. `context` may be NULL. */
enum err redact_find(const char *text, size_t len, const struct redact_context *context, struct redact_found *found) MUST_USE;

/* Whether the agent's question asks for a number that is no telephone's ("your customer number", "the eleven digits"): the answer then stays as it was said,
 * whatever telephone number it looks like. */
bool redact_asks_other_number(const char *question, size_t len);

struct redact_map;
struct redacted;

enum err redact_map_new(struct redact_map **mp) MUST_USE;
void redact_map_free(struct redact_map **mp); /* wipes it; NULL-safe */
size_t redact_map_count(const struct redact_map *m);

/* As it stands in a call's snapshot (base/wire.h): canonical, so equal maps are equal bytes. It holds personal data: seal it.
 * Decoding refuses values that this room would not make. */
void redact_map_encode(const struct redact_map *m, struct buf *out);
enum err redact_map_decode(struct redact_map **mp, const void *data, size_t len) MUST_USE;

/* Masks a text; you then own *rp. Words that are a placeholder already stay as they are. */
enum err redact_text(struct redact_map *m, const char *text, size_t len, const struct redact_context *context, struct redacted **rp) MUST_USE;

/* A tool's arguments or result, an event: words, and in them or alone a JSON object or list, which stays one. Its texts are looked at one
 * by one; those of nothing but digits and marks are judged by the name of their member. A number that is masked becomes a text.
 * Of `context`, which may be NULL, its language and its types are read. */
enum err redact_data(struct redact_map *m, const char *text, size_t len, const struct redact_context *context, struct redacted **rp) MUST_USE;

/* The same as redact_text with what redact_find said about this very text. */
enum err redact_apply(struct redact_map *m, const char *text, size_t len, const struct redact_found *found, struct redacted **rp) MUST_USE;

const char *redacted_text(const struct redacted *r); /* ends in NUL */
size_t redacted_len(const struct redacted *r);
void redacted_free(struct redacted **rp); /* NULL-safe */

/* The same text once more, for who asks a second model later than the first; you then own *rp. */
enum err redacted_again(const struct redacted *r, struct redacted **rp) MUST_USE;

/* How many digits the value behind a placeholder of the caller's words has, which says nothing of what they are: a question may want four
 * of them. At least and at most: a telephone number is said with its country and without. False: an address, one that is held, or not
 * known (what redact_data made). */
bool redacted_digits(const struct redacted *r, const char *name, size_t *least, size_t *most);

/* Whether the day behind a placeholder of the caller's words lies within these, days from 1970-01-01, both included: a question may accept no
 * other. It says no more of it. REDACTED_NO_DAY: it is none that a calendar has, one that is held, or not known. */
enum redacted_day { REDACTED_NO_DAY = 0, REDACTED_DAY_OUTSIDE, REDACTED_DAY_WITHIN };
enum redacted_day redacted_day_within(const struct redacted *r, const char *name, int64_t first, int64_t last);

/* Writes `text` with the values of this map in the place of its placeholders; one that the map does not know stays. The
 * values need no escaping inside a JSON string. Errors stick in `out`. */
void redact_restore(const struct redact_map *m, const char *text, size_t len, struct buf *out);

/* ---- secret numbers that a caller keyed in ----
 *
 * They are in no map: who took them holds the digits, and gives them to a tool in the moment it runs. Everybody else has a placeholder of another form,
 * [CARD_K1]: redact_restore leaves it, nobody takes it for digits, and in the caller's ear it becomes neutral words. */
void redact_keyed_name(enum redact_type type, uint32_t number, char out[REDACT_NAME_BYTES]);

/* Whether the digits can be a card's, by their check digit; ASCII. */
bool redact_keyed_card(const char *digits, size_t count);

/* The length of one at the start of the text, or 0; the first one in the text, *took bytes of it, or NULL. */
size_t redact_keyed(const char *text, size_t len);
const char *redact_keyed_find(const char *text, size_t len, size_t *took);

/* ---- a model's words on their way to the caller ----
 *
 * They come in pieces, and a placeholder may be cut anywhere: from a '[' on is held back what may still become one. A value is said
 * digit by digit ("9 8 7 6 5"), an Indian or North American number without its country code, an address or a name as it is, a date of birth in the
 * language's words ("14 August 1991"); of a card, an
 * Aadhaar number or an account no more than the last four ("ending in 1 1 1 1"). A placeholder that cannot be given back becomes neutral
 * words ("that number"; nothing where the language is neither English nor Hindi). */
struct redact_speaker {
	char held[REDACT_NAME_BYTES];
	size_t held_len;
	bool english, hindi;
	bool value_before; /* the last thing said was a value */
	char before;       /* the last byte */
};

void redact_speaker_init(struct redact_speaker *s, const char *language); /* BCP 47 */

/* Nothing is held, and nothing of this text needs to change. */
bool redact_speaker_passes(const struct redact_speaker *s, const char *text, size_t len);

void redact_speak(struct redact_speaker *s, const struct redact_map *m, const char *text, size_t len, struct buf *out);
void redact_speak_end(struct redact_speaker *s, struct buf *out); /* no more comes: says what is held */

#endif

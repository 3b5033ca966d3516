/* Words that say what the thing beside them is ("PAN", "expiry", "naam"), and words that only matter in such a place: months, letters by their
 * name, words that are never a person's name. Inside this room only.
 */
#ifndef REDACT_CUES_H
#define REDACT_CUES_H

#include <stddef.h>
#include <stdint.h>

enum cue {
	CUE_NONE = 0,
	CUE_PAN,
	CUE_GSTIN,
	CUE_IFSC,
	CUE_IBAN,
	CUE_SSN,
	CUE_OTP,
	CUE_CVV,
	CUE_EXPIRY,
	CUE_BIRTH,
	CUE_ACCOUNT,
	CUE_VOTER,
	CUE_PASSPORT,
	CUE_VEHICLE,
	CUE_ROUTING,
	CUE_PIN,
	CUE_NAME,
	CUE_ADDRESS,
	CUE_POSTCODE,
	CUE_NAMED,    /* those before it say what a value is; those behind it do not */
	CUE_SECURITY, /* "security code" */
	CUE_VALID,    /* "valid thru" */
	CUE_LAST,     /* "last four" */
	CUE_CARD,     /* "PAN card": part of the cue before it */
	CUE_CODE,     /* "OTP number": says nothing by itself */
	CUE_SPELT,    /* a letter of a cue that was spelled, but for its last one */
	CUE_VERSION,  /* of software: dots and digits beside it are no IP address */
	CUE_MONEY,    /* digits before it are an amount */
	CUE_INTRO,    /* "I am", "this is", "Mr": a name may follow */
	CUE_STREET,
	CUE_AREA,     /* sector, flat: part of an address where one is talked of */
	CUE_MONTH,    /* value: 1 to 12 */
	CUE_ORDINAL,  /* value: 1 to 20, 30 */
	CUE_HUNDRED,
	CUE_THOUSAND,
	CUE_LETTER,   /* value: 'A' to 'Z', by its name: "alpha", "zed" */
	CUE_STOP,     /* never a person's name */
	CUE_COUNT
};

struct cue_word {
	const char *word; /* folded (token.c), sorted by its bytes */
	uint8_t cue;      /* enum cue */
	uint8_t value;
};

extern const struct cue_word cue_words[];
extern const size_t cue_words_count;

/* Where the words that begin with 'a', 'b', … 'z' begin, then those of other scripts, then their end. */
enum { CUE_LETTERS = 27 };
extern const uint16_t cue_words_from[CUE_LETTERS + 1];

#endif

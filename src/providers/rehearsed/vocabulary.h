/* The words that the meanings are made of (meanings.h): general concepts, and how people say them. */
#ifndef PROVIDERS_REHEARSED_VOCABULARY_H
#define PROVIDERS_REHEARSED_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

enum concept {
	/* how something is said */
	CONCEPT_NOT = 0, CONCEPT_PAST, CONCEPT_WILL, CONCEPT_CAN, CONCEPT_NEED, CONCEPT_WOULD, CONCEPT_DO, CONCEPT_HAVE, CONCEPT_EVEN,
	CONCEPT_QUESTION, CONCEPT_IF, CONCEPT_UNSURE, CONCEPT_LET,
	/* how much, when */
	CONCEPT_ALL, CONCEPT_PART, CONCEPT_SUM, CONCEPT_MUCH, CONCEPT_OTHER, CONCEPT_SAME, CONCEPT_TIME, CONCEPT_DAY, CONCEPT_OTHER_DAY, CONCEPT_THEN, CONCEPT_LATER,
	CONCEPT_ALREADY, CONCEPT_ANY,
	/* coming and going */
	CONCEPT_COME, CONCEPT_KEEP, CONCEPT_CHANGE, CONCEPT_STOP, CONCEPT_WELL, CONCEPT_FOUND,
	/* paying */
	CONCEPT_PAY, CONCEPT_MONEY, CONCEPT_BROKE, CONCEPT_DISPUTED, CONCEPT_OWE, CONCEPT_MY, CONCEPT_LOAN, CONCEPT_AGREE, CONCEPT_ORDER,
	CONCEPT_GIVEN_BACK, CONCEPT_RECEIVE, CONCEPT_PROOF, CONCEPT_REFUSE,
	/* talking */
	CONCEPT_TALK, CONCEPT_CALL, CONCEPT_READY, CONCEPT_MINUTES, CONCEPT_BUSY, CONCEPT_GOOD, CONCEPT_BAD, CONCEPT_INTEREST, CONCEPT_STRANGER,
	/* a home, and how soon */
	CONCEPT_OWN, CONCEPT_RENT, CONCEPT_HURRY, CONCEPT_SOON, CONCEPT_AT_EASE,
	CONCEPTS
};

/* A set of concepts is one word: C(NOT) | C(PAY). */
#define C(concept) (UINT64_C(1) << CONCEPT_##concept)

_Static_assert(CONCEPTS <= 64, "a set of concepts is one word");

/* Words in small letters, without contractions ("do not"). A single one stands for all its endings ("shift" is "shifting"), several as they are said.
 * The longest entry that fits counts: what stands for nothing keeps a shorter one from being found in it ("at all" is no "all"). */
struct vocabulary_entry {
	uint64_t concepts;
	const char *const *words; /* ends with NULL */
};

extern const struct vocabulary_entry vocabulary[];
extern const size_t vocabulary_count;

#endif

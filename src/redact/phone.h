/* The country of a telephone number that was said without one: the only place that decides it. docs/redaction.md has the rule.
 *
 * Knows the numbering plans of North America (1), Britain (44), India (91), and Germany's mobiles (49). Where nothing tells the country, there is none: a number
 * as it was said can be dialled at home, one with a wrong country nowhere. Whether digits are a telephone number is not decided here.
 * Inside this room only.
 */
#ifndef REDACT_PHONE_H
#define REDACT_PHONE_H

#include <stdbool.h>
#include <stddef.h>

enum { PHONE_CODE_BYTES = 4, PHONE_GROUPS_BYTES = 8, PHONE_NATIONAL_DIGITS = 10 };

struct phone {
	char code[PHONE_CODE_BYTES]; /* "+91"; "": not known */
	size_t skip;                 /* digits at the front that do not stand behind a code: the 0 of a call at home */
};

/* `language`: the call's, BCP 47; NULL or "": not known. `groups`: how the digits were written, a digit a group ("334"), a '(' before
 * them when the first stands in brackets; "": said, or in one piece. */
struct phone phone_judge(const char *language, const char *digits, size_t n, const char *groups);

/* The digits are a whole number of one of these plans with its country code before it ("44 20 7946 0958"). */
bool phone_has_country(const char *digits, size_t n);

/* The digits are a whole number of the call's country as it is dialled there, from a 0 on. */
bool phone_at_home(const char *language, const char *digits, size_t n);

/* Of a value: no further digit can belong to it. */
bool phone_whole(const char *value);

/* Of a value (redact.h: REDACT_PHONE) of these plans, or of one that may be: its national digits, ten or of Germany eleven, or NULL. *code: the bytes of "+91" before
 * them, 0 when it has no country. */
const char *phone_national(const char *value, size_t *code);

/* Two values that are one number: one of them may lack the country. */
bool phone_same(const char *a, const char *b);

#endif

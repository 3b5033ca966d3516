/* Values as words of a language: an amount, a date, a time and digits as the agent's sentence has them.
 *
 * Deterministic: no locale, no clock. English and Hindi have words of their own; any other language gets plain forms (the currency's
 * code, 2026-11-23, 14:30). Languages are BCP 47 tags, of which the first part counts ("en-IN" is English). Days count from
 * 1970-01-01 (Gregorian, also before). Money is in micro-units. Errors stick in the buffer. No state, any thread.
 */
#ifndef BASE_WORDING_H
#define BASE_WORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Whether a tag is of this language: "en-IN", "EN" and "en_US" are of "en", "enm" is not. */
bool language_is(const char *tag, const char *language);

/* "2026-11-23" and nothing else; false for days that no calendar has. Years 1900 to 2199. */
bool day_parse(const char *text, size_t len, int32_t *day);
void day_print(int32_t day, char out[11]);
unsigned int day_of_week(int32_t day); /* 0 is Sunday */

/* "14:30" to minutes of the day; "00:00" to "23:59". */
bool minute_parse(const char *text, size_t len, int32_t *minute);
void minute_print(int32_t minute, char out[6]); /* 0 to 1439 */

/* "1500", "-2.5", at most six decimals; false when it does not fit. */
bool micros_parse(const char *text, size_t len, int64_t *micros);
void micros_print(struct buf *b, int64_t micros); /* as short as it can be: "1500", "2.5" */

void wording_amount(struct buf *b, int64_t micros, const char *currency, const char *language); /* "1500 rupees" */
void wording_date(struct buf *b, int32_t day, const char *language);                             /* "Monday, 23 November" */
void wording_date_year(struct buf *b, int32_t day, const char *language);                        /* "14 August 1991" */
void wording_time(struct buf *b, int32_t minute, const char *language);                          /* "2:30 PM" */
void wording_digits(struct buf *b, const char *digits, size_t len);                              /* "4 0 2 1" */

#endif

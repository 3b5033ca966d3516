/* A day, as far as a date of birth and a card need it. Inside this room only. */
#ifndef REDACT_DATES_H
#define REDACT_DATES_H

#include <stdbool.h>

#include "redact/scan.h"

enum { DATE_BYTES = 16 };

struct date {
	unsigned int day, month, year;
};

/* Two numbers and a year: which is the day, the call's language says. False: it is no day from 1900 on. */
bool date_order(const struct scan *s, unsigned int first, unsigned int second, unsigned int year, struct date *d);

bool card_talked_of(struct scan *s); /* or one was found, or asked for */

#endif

/* What the record service is made of: its rules (records_rules.c, pure) and the asking, storing and answering around them (records.c).
 *
 * A rule judges one request about one record: it fills in the answer and may change the record, in place; storing it is not its
 * business, and it may run again on a newer copy. No clock: the day comes with the request. For the files of this service alone.
 */
#ifndef CONDUCTOR_RECORDS_PARTS_H
#define CONDUCTOR_RECORDS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum {
	RECORD_ID_MAX = 41,     /* NUL included */
	RECORD_SLOT_MAX = 17,   /* "2026-11-27T15:00" */
	RECORD_ENTRIES_MAX = 200 /* promises, and notes, of one account */
};

struct record_ask {
	int32_t today;          /* a day of base/wording.h */
	const json_t *body;     /* an object; NULL for GET */
	json_t *record;         /* what is stored, or the sample; the rule changes it */
	/* What the rule says; starts zeroed. */
	unsigned int status;
	const char *code, *message; /* of a refusal: fixed texts */
	json_t *reply;          /* of 200; the asker's to decref */
	bool changed;
	char take[RECORD_SLOT_MAX], leave[RECORD_SLOT_MAX]; /* times of the calendar that the change needs and gives back; "": none */
};

typedef void record_rule_h(struct record_ask *ask);

void record_appointment_show(struct record_ask *ask);
void record_appointment_confirm(struct record_ask *ask);
void record_appointment_move(struct record_ask *ask);
void record_appointment_cancel(struct record_ask *ask);
void record_account_show(struct record_ask *ask);
void record_account_verify(struct record_ask *ask);
void record_account_promise(struct record_ask *ask);
void record_account_note(struct record_ask *ask);
void record_lead_show(struct record_ask *ask);
void record_lead_change(struct record_ask *ask);

/* 1 to 40 letters, digits, '-', '_', '.'. */
bool record_id_ok(const char *id);

/* The sample of that collection and id as it is before anybody changed it; NULL: there is none, or no memory. */
json_t *record_sample(const char *collection, const char *id, int32_t today);

/* ---- the calendar: half hours, Monday to Friday, 09:00 to 16:30 ---- */

enum { SLOT_FIRST_MINUTE = 540, SLOT_LAST_MINUTE = 990, SLOT_MINUTES = 30, SLOTS_AHEAD_DAYS = 21 };

/* Whether it is a time of the calendar that nobody of the generated customers has. */
bool slot_open(int32_t day, int32_t minute);
void slot_print(int32_t day, int32_t minute, char out[RECORD_SLOT_MAX]);

/* Whether the service's own appointments have that time. */
typedef bool slot_taken_h(void *arg, const char *slot);

/* The free time that is nearest to the one asked for: of its day, else the first of a later day. False: none in SLOTS_AHEAD_DAYS. */
bool slot_nearest(int32_t *day, int32_t *minute, slot_taken_h *taken, void *arg);

#endif

/* The record service's rules: samples, the generated calendar, and what each request does to its record. Pure; see records_parts.h. */
#include "conductor/records_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wording.h"

enum { NOTE_TEXT_MAX = 1000, SAMPLE_MINUTE = 600, SAMPLE_DAYS_AHEAD = 3, SAMPLE_DAYS_DUE = 13 };

/* ---- answers ---- */

static void refuse(struct record_ask *ask, unsigned int status, const char *code, const char *message)
{
	ask->status = status;
	ask->code = code;
	ask->message = message;
}

static void unfit(struct record_ask *ask, const char *message)
{
	refuse(ask, 422, "unfit", message);
}

/* The record's members of these names, in this order; NULL where one has no value. */
static void show(struct record_ask *ask, const char *const *names)
{
	ask->reply = json_object();
	for (; *names; names++) {
		json_t *value = json_object_get(ask->record, *names);

		json_object_set_new(ask->reply, *names, value ? json_incref(value) : json_null());
	}
	ask->status = 200;
}

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static void text_set(struct record_ask *ask, const char *name, const char *text)
{
	json_object_set_new(ask->record, name, json_string(text));
	ask->changed = true;
}

/* ---- bodies ---- */

/* Whether the body has no members but these. */
static bool body_has_only(struct record_ask *ask, const char *const *names)
{
	size_t known = 0;

	for (; *names; names++)
		known += json_object_get(ask->body, *names) != NULL;
	if (known == json_object_size(ask->body))
		return true;
	unfit(ask, "The body has a member that is not known here.");
	return false;
}

static bool body_empty(struct record_ask *ask)
{
	static const char *const none[] = { NULL };

	return body_has_only(ask, none);
}

static bool body_day(struct record_ask *ask, const char *name, int32_t *day)
{
	const char *text = text_at(ask->body, name);

	if (day_parse(text, strlen(text), day) && *day >= ask->today)
		return true;
	unfit(ask, "A date is today's or later, as YYYY-MM-DD.");
	return false;
}

static bool body_minute(struct record_ask *ask, const char *name, int32_t *minute)
{
	const char *text = text_at(ask->body, name);

	if (minute_parse(text, strlen(text), minute))
		return true;
	unfit(ask, "A time is HH:MM.");
	return false;
}

static bool body_choice(struct record_ask *ask, const char *name, const char *const *options)
{
	const char *text = text_at(ask->body, name);

	for (; *options; options++)
		if (!strcmp(text, *options))
			return true;
	unfit(ask, "A value is none of those that are known.");
	return false;
}

/* ---- the calendar ---- */

void slot_print(int32_t day, int32_t minute, char out[RECORD_SLOT_MAX])
{
	day_print(day, out);
	out[10] = 'T';
	minute_print(minute, out + 11);
}

static bool slot_is_time(int32_t day, int32_t minute)
{
	unsigned int weekday = day_of_week(day);

	return weekday != 0 && weekday != 6 && minute >= SLOT_FIRST_MINUTE && minute <= SLOT_LAST_MINUTE && minute % SLOT_MINUTES == 0;
}

/* About one time in three is somebody else's, always the same ones. */
bool slot_open(int32_t day, int32_t minute)
{
	return slot_is_time(day, minute) && (day + 2 * (minute / SLOT_MINUTES)) % 3 != 2;
}

static bool slot_free(int32_t day, int32_t minute, slot_taken_h *taken, void *arg)
{
	char slot[RECORD_SLOT_MAX];

	slot_print(day, minute, slot);
	return slot_open(day, minute) && !taken(arg, slot);
}

/* Two times equally near: the later one. */
static bool nearest_of_day(int32_t day, int32_t *minute, slot_taken_h *taken, void *arg)
{
	int32_t best = -1;

	for (int32_t at = SLOT_FIRST_MINUTE; at <= SLOT_LAST_MINUTE; at += SLOT_MINUTES)
		if (slot_free(day, at, taken, arg) && (best < 0 || abs(at - *minute) <= abs(best - *minute)))
			best = at;
	if (best >= 0)
		*minute = best;
	return best >= 0;
}

bool slot_nearest(int32_t *day, int32_t *minute, slot_taken_h *taken, void *arg)
{
	for (int32_t last = *day + SLOTS_AHEAD_DAYS; *day <= last; ++*day)
		if (nearest_of_day(*day, minute, taken, arg))
			return true;
	return false;
}

/* ---- samples ---- */

bool record_id_ok(const char *id)
{
	size_t len = strnlen(id, RECORD_ID_MAX);

	return len && len < RECORD_ID_MAX && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

/* On a working day, at a time that the calendar does not give to anybody else. */
static json_t *sample_appointment(int32_t today)
{
	char date[11], time[6];
	int32_t day = today + SAMPLE_DAYS_AHEAD, minute = SAMPLE_MINUTE;

	while (!slot_is_time(day, minute))
		day++;
	while (slot_open(day, minute))
		minute += SLOT_MINUTES;
	day_print(day, date);
	minute_print(minute, time);
	return json_pack("{ssssssssss}", "id", "A-1001", "status", "booked", "date", date, "time", time, "doctor", "Doctor Adams");
}

static json_t *sample_account(int32_t today)
{
	char due[11];

	day_print(today - SAMPLE_DAYS_DUE, due);
	return json_pack("{sssssssssssis[]s[]}", "id", "P-3001", "name", "Ravi Kumar", "digits", "4021", "status", "open", "due_date", due, "amount", 4500,
		"promises", "notes");
}

static json_t *sample_lead(int32_t today)
{
	(void)today;
	return json_pack("{ssss}", "id", "L-2001", "name", "Jordan Lee");
}

json_t *record_sample(const char *collection, const char *id, int32_t today)
{
	static const struct {
		const char *collection, *id;
		json_t *(*make)(int32_t today);
	} samples[] = {
		{ "appointments", "A-1001", sample_appointment },
		{ "accounts", "P-3001", sample_account },
		{ "leads", "L-2001", sample_lead },
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (!strcmp(collection, samples[i].collection) && !strcmp(id, samples[i].id))
			return samples[i].make(today);
	return NULL;
}

/* ---- appointments ---- */

void record_appointment_show(struct record_ask *ask)
{
	static const char *const members[] = { "id", "status", "date", "time", "doctor", NULL };

	show(ask, members);
}

void record_appointment_confirm(struct record_ask *ask)
{
	const char *status = text_at(ask->record, "status");

	if (!body_empty(ask))
		return;
	if (!strcmp(status, "cancelled")) {
		refuse(ask, 409, "cancelled", "The appointment is cancelled.");
		return;
	}
	if (strcmp(status, "confirmed") != 0)
		text_set(ask, "status", "confirmed");
	record_appointment_show(ask);
}

static void slot_of_record(const json_t *record, char out[RECORD_SLOT_MAX])
{
	snprintf(out, RECORD_SLOT_MAX, "%.10sT%.5s", text_at(record, "date"), text_at(record, "time"));
}

/* The time that it has is its own, whatever the calendar says. */
static void move_to(struct record_ask *ask, int32_t day, int32_t minute)
{
	bool cancelled = !strcmp(text_at(ask->record, "status"), "cancelled");
	char old[RECORD_SLOT_MAX], new[RECORD_SLOT_MAX];

	slot_of_record(ask->record, old);
	slot_print(day, minute, new);
	if (!cancelled && !strcmp(old, new)) {
		if (strcmp(text_at(ask->record, "status"), "booked") != 0)
			text_set(ask, "status", "booked");
	} else if (!slot_open(day, minute)) {
		refuse(ask, 409, "taken", "The time is taken.");
		return;
	} else {
		memcpy(ask->take, new, sizeof(new));
		memcpy(ask->leave, old, cancelled ? 0 : sizeof(old));
		text_set(ask, "status", "booked");
		text_set(ask, "date", text_at(ask->body, "date"));
		text_set(ask, "time", text_at(ask->body, "time"));
	}
	record_appointment_show(ask);
}

void record_appointment_move(struct record_ask *ask)
{
	static const char *const members[] = { "date", "time", NULL };
	int32_t day, minute;

	if (body_has_only(ask, members) && body_day(ask, "date", &day) && body_minute(ask, "time", &minute))
		move_to(ask, day, minute);
}

void record_appointment_cancel(struct record_ask *ask)
{
	if (!body_empty(ask))
		return;
	if (strcmp(text_at(ask->record, "status"), "cancelled") != 0) {
		slot_of_record(ask->record, ask->leave);
		text_set(ask, "status", "cancelled");
	}
	record_appointment_show(ask);
}

/* ---- accounts ---- */

void record_account_show(struct record_ask *ask)
{
	static const char *const members[] = { "id", "name", "status", "amount", "due_date", NULL };

	show(ask, members);
}

void record_account_verify(struct record_ask *ask)
{
	static const char *const members[] = { "digits", NULL };
	const char *digits = text_at(ask->body, "digits");

	if (!body_has_only(ask, members))
		return;
	if (strlen(digits) != 4 || strspn(digits, "0123456789") != 4) {
		unfit(ask, "digits are the account number's last four.");
		return;
	}
	ask->reply = json_pack("{sb}", "matches", !strcmp(digits, text_at(ask->record, "digits")));
	ask->status = 200;
}

/* Puts `entry` (taken) behind the others in the list; its reference counts all entries of the account. */
static void add_entry(struct record_ask *ask, const char *list, json_t *entry)
{
	json_t *entries = json_object_get(ask->record, list);
	size_t count = json_array_size(json_object_get(ask->record, "promises")) + json_array_size(json_object_get(ask->record, "notes"));
	char reference[24];

	if (json_array_size(entries) >= RECORD_ENTRIES_MAX) {
		refuse(ask, 409, "full", "The account has too many entries.");
		json_decref(entry);
		return;
	}
	snprintf(reference, sizeof(reference), "R-%zu", count + 1);
	json_object_set_new(entry, "reference", json_string(reference));
	json_array_append_new(entries, entry);
	ask->reply = json_pack("{ss}", "reference", reference);
	ask->changed = true;
	ask->status = 200;
}

void record_account_promise(struct record_ask *ask)
{
	static const char *const members[] = { "amount", "date", "part", NULL };
	const json_t *amount = json_object_get(ask->body, "amount"), *part = json_object_get(ask->body, "part");
	int32_t day;

	if (!body_has_only(ask, members) || !body_day(ask, "date", &day))
		return;
	if (!json_is_number(amount) || !(json_number_value(amount) > 0) || !json_is_boolean(part)) {
		unfit(ask, "amount is a number above 0, part is true or false.");
		return;
	}
	if (!strcmp(text_at(ask->record, "status"), "paid")) {
		refuse(ask, 409, "paid", "Nothing is due.");
		return;
	}
	add_entry(ask, "promises", json_deep_copy(ask->body));
}

void record_account_note(struct record_ask *ask)
{
	static const char *const members[] = { "kind", "text", NULL };
	static const char *const kinds[] = { "already_paid", "dispute", "refused", "wrong_person", NULL };
	const json_t *text = json_object_get(ask->body, "text");

	if (!body_has_only(ask, members) || !body_choice(ask, "kind", kinds))
		return;
	if (text && (!json_is_string(text) || json_string_length(text) > NOTE_TEXT_MAX)) {
		unfit(ask, "text is at most 1000 bytes.");
		return;
	}
	add_entry(ask, "notes", json_deep_copy(ask->body));
	if (ask->changed && !strcmp(text_at(ask->body, "kind"), "dispute"))
		text_set(ask, "status", "disputed");
}

/* ---- leads ---- */

void record_lead_show(struct record_ask *ask)
{
	static const char *const members[] = { "id", "name", "interest", "purpose", "budget", "soon", "call_date", "call_time", NULL };

	show(ask, members);
}

static bool lead_fits(struct record_ask *ask)
{
	static const char *const interests[] = { "interested", "later", "none", NULL };
	static const char *const purposes[] = { "own", "let", NULL };
	static const char *const soons[] = { "month", "half_year", "later", NULL };
	const json_t *budget = json_object_get(ask->body, "budget");
	int32_t day, minute;

	if (budget && (!json_is_number(budget) || json_number_value(budget) < 0)) {
		unfit(ask, "budget is a number.");
		return false;
	}
	return body_choice(ask, "interest", interests) && (!json_object_get(ask->body, "purpose") || body_choice(ask, "purpose", purposes)) &&
		(!json_object_get(ask->body, "soon") || body_choice(ask, "soon", soons)) &&
		(!json_object_get(ask->body, "call_date") || body_day(ask, "call_date", &day)) &&
		(!json_object_get(ask->body, "call_time") || body_minute(ask, "call_time", &minute));
}

void record_lead_change(struct record_ask *ask)
{
	static const char *const members[] = { "interest", "purpose", "budget", "soon", "call_date", "call_time", NULL };
	json_t *copy;

	if (!body_has_only(ask, members) || !lead_fits(ask))
		return;
	copy = json_deep_copy(ask->body);
	json_object_update(ask->record, copy);
	json_decref(copy);
	ask->changed = true;
	record_lead_show(ask);
}

/* What Exotel's pages leave open or contradict each other in, as settings of the sandbox's Exotel: POST /exotel/settings of the control port. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/exotel/exotel.h"

enum { CHOICES_MAX = 3, MINUTE_MOST = 1000000 };

/* A number, or one of the choices, which stand for 0, 1 … */
struct habit_kind {
	const char *name;
	const char *choices[CHOICES_MAX];
	int64_t min, max, usual;
	bool is_flag;
};

static const struct habit_kind kinds[HABITS] = {
	[HABIT_KEYS] = { .name = "key_case", .choices = { "snake", "camel", "both" }, .usual = WORDS_SNAKE },
	[HABIT_KEYS_STRICT] = { .name = "key_case_strict", .is_flag = true },
	[HABIT_COUNTERS] = { .name = "counters", .choices = { "text", "number" } },
	[HABIT_CHUNK_MS] = { .name = "chunk_ms", .min = 20, .max = 200, .usual = 100 },
	[HABIT_RATE_HZ] = { .name = "rate_hz", .min = 8000, .max = 24000, .usual = 8000 },
	[HABIT_ULAW] = { .name = "encoding", .choices = { "raw/slin", "audio/x-mulaw" } },
	[HABIT_MARKS_ON_CLEAR] = { .name = "marks_on_clear", .is_flag = true, .usual = 1 },
	[HABIT_FIELDS] = { .name = "media_fields", .choices = { "any", "minimal", "full" }, .usual = FIELDS_ANY },
	[HABIT_NO_PARAMETERS] = { .name = "parameters", .choices = { "object", "text" } },
	[HABIT_CALLBACK_TYPE] = { .name = "callback_type", .choices = { "multipart", "form", "json" }, .usual = TELL_MULTIPART },
	[HABIT_CUSTOM_FIELD] = { .name = "custom_field", .is_flag = true, .usual = 1 },
	[HABIT_DETAILS_LATE_MS] = { .name = "details_late_ms", .min = 0, .max = PHONE_TIME_MAX_MS, .usual = 120000 },
	[HABIT_POSTS_A_MINUTE] = { .name = "posts_a_minute", .min = 1, .max = MINUTE_MOST, .usual = 200 },
	[HABIT_GETS_A_MINUTE] = { .name = "gets_a_minute", .min = 1, .max = MINUTE_MOST, .usual = 300 },
};

void habits_reset(int64_t habits[HABITS])
{
	for (size_t i = 0; i < HABITS; i++)
		habits[i] = kinds[i].usual;
}

static bool refuse(struct err_detail *why, const char *name, const char *message)
{
	*why = (struct err_detail){ .message = "" };
	snprintf(why->message, sizeof(why->message), "%s", message);
	snprintf(why->where, sizeof(why->where), "%.40s", name);
	return false;
}

static bool choice_take(const struct habit_kind *kind, const char *text, int64_t *value)
{
	for (size_t i = 0; text && i < CHOICES_MAX && kind->choices[i]; i++)
		if (!strcmp(text, kind->choices[i])) {
			*value = (int64_t)i;
			return true;
		}
	return false;
}

static bool value_take(const struct habit_kind *kind, const json_t *said, int64_t *value)
{
	if (kind->choices[0])
		return choice_take(kind, json_string_value(said), value);
	*value = kind->is_flag ? json_is_true(said) : json_integer_value(said);
	return kind->is_flag ? json_is_boolean(said) : json_is_integer(said) && *value >= kind->min && *value <= kind->max;
}

static bool member_take(int64_t habits[HABITS], const char *name, const json_t *said, struct err_detail *why)
{
	size_t i = 0;

	while (i < HABITS && strcmp(kinds[i].name, name) != 0)
		i++;
	if (i == HABITS)
		return refuse(why, name, "There is no such setting.");
	return value_take(&kinds[i], said, &habits[i]) || refuse(why, name, "It cannot be that: see docs/sandbox.md.");
}

bool habits_read(int64_t habits[HABITS], const json_t *body, struct err_detail *why)
{
	int64_t wanted[HABITS];
	const char *name;
	json_t *said;

	memcpy(wanted, habits, sizeof(wanted));
	json_object_foreach((json_t *)(uintptr_t)body, name, said)
		if (!member_take(wanted, name, said, why))
			return false;
	if (wanted[HABIT_RATE_HZ] % 8000 || wanted[HABIT_CHUNK_MS] % 20)
		return refuse(why, "rate_hz, chunk_ms", "8000, 16000 or 24000; a multiple of 20.");
	memcpy(habits, wanted, sizeof(wanted));
	return true;
}

void habits_put(struct buf *b, const int64_t habits[HABITS])
{
	json_open(b, '{');
	for (size_t i = 0; i < HABITS; i++)
		if (kinds[i].choices[0])
			json_pair_string(b, kinds[i].name, kinds[i].choices[habits[i]]);
		else if (kinds[i].is_flag)
			json_pair_bool(b, kinds[i].name, habits[i]);
		else
			json_pair_i64(b, kinds[i].name, habits[i]);
	json_close(b, '}');
}

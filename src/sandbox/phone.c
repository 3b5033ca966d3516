#include "sandbox/phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "audio/wav.h"
#include "base/http_client.h"
#include "sandbox/body.h"

enum { LINE_HZ = 8000 };

static bool refuse(struct err_detail *why, const char *where, const char *message)
{
	*why = (struct err_detail){ .message = "" };
	snprintf(why->message, sizeof(why->message), "%s", message);
	snprintf(why->where, sizeof(why->where), "%s", where);
	return false;
}

const struct recording *recording_find(const struct phones *all, const char *path)
{
	for (size_t i = 0; path && i < all->recording_count; i++)
		if (!strcmp(all->recordings[i].path, path))
			return &all->recordings[i];
	return NULL;
}

static bool samples_take(struct recording *r, const struct wav *w)
{
	int16_t *linear = NULL;
	size_t count = 0;

	if (wav_channel(w, 0, LINE_HZ, &linear, &count) || !count || count > RECORDING_SAMPLES_MAX) {
		free(linear);
		return false;
	}
	r->ulaw = malloc(count);
	r->samples = count;
	if (r->ulaw)
		g711_encode(G711_ULAW, r->ulaw, linear, count);
	free(linear);
	return r->ulaw;
}

static bool recording_load(struct phones *all, const char *path, struct err_detail *why)
{
	struct recording *r = &all->recordings[all->recording_count];
	struct wav w;
	bool fits;

	if (recording_find(all, path))
		return true;
	if (all->recording_count == RECORDINGS_MAX || strlen(path) >= sizeof(r->path))
		return refuse(why, "play", "At most 64 recordings are kept, of at most a minute.");
	if (wav_read(path, &w, why))
		return false;
	fits = samples_take(r, &w);
	wav_fini(&w);
	if (!fits)
		return refuse(why, "play", "A recording has sound, at most a minute of it.");
	snprintf(r->path, sizeof(r->path), "%s", path);
	all->recording_count++;
	return true;
}

static bool time_fits(const json_t *value)
{
	return !value || (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= PHONE_TIME_MAX_MS);
}

static bool step_read(struct phones *all, const json_t *step, struct err_detail *why)
{
	const char *play = json_string_value(json_object_get(step, "play"));

	if (!time_fits(json_object_get(step, "silence_ms")))
		return refuse(why, "silence_ms", "Milliseconds, at most 600000.");
	if (play)
		return recording_load(all, play, why);
	if (!json_is_true(json_object_get(step, "hang_up")))
		return refuse(why, "script", "A step plays a recording or hangs up.");
	return true;
}

static bool script_read(struct phones *all, const json_t *script, struct err_detail *why)
{
	const json_t *step;
	size_t i;

	if (script && (!json_is_array(script) || json_array_size(script) > PHONE_STEPS_MAX))
		return refuse(why, "script", "A list of at most 200 steps.");
	json_array_foreach((json_t *)(uintptr_t)script, i, step)
		if (!step_read(all, step, why))
			return false;
	return true;
}

static bool outcome_read(const char *name, struct phone *phone)
{
	static const struct {
		const char *name;
		enum phone_outcome is;
	} all[] = { { "answers", PHONE_ANSWERS }, { "busy", PHONE_BUSY }, { "no-answer", PHONE_NO_ANSWER }, { "failed", PHONE_FAILED } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(all[i].name, name)) {
			phone->outcome = all[i].is;
			return true;
		}
	return false;
}

bool phone_make(struct phones *all, const json_t *body, struct phone *phone, struct err_detail *why)
{
	const char *via = json_string_value(json_object_get(body, "via")), *outcome = json_string_value(json_object_get(body, "outcome"));
	const json_t *ring = json_object_get(body, "ring_ms"), *script = json_object_get(body, "script");

	*phone = (struct phone){ .ring_ms = ring ? (uint64_t)json_integer_value(ring) : PHONE_RING_MS };
	if (!time_fits(ring))
		return refuse(why, "ring_ms", "Milliseconds, at most 600000.");
	if (outcome && !outcome_read(outcome, phone))
		return refuse(why, "outcome", "One of answers, busy, no-answer, failed.");
	if (via && (strlen(via) >= sizeof(phone->via) || !http_is_url(via)))
		return refuse(why, "via", "An address like http://127.0.0.1:8080.");
	if (!script_read(all, script, why))
		return false;
	snprintf(phone->via, sizeof(phone->via), "%s", via ? via : "");
	phone->script = json_incref((json_t *)(uintptr_t)script);
	return true;
}

void phone_fini(struct phone *phone)
{
	json_decref(phone->script);
	phone->script = NULL;
}

/* ------------------------------------------------------------------ all of a carrier's */

void phones_find(const struct phones *all, const char *number, struct phone *out)
{
	*out = (struct phone){ .ring_ms = PHONE_RING_MS };
	for (size_t i = 0; i < all->count; i++)
		if (!strcmp(all->list[i].number, number))
			*out = all->list[i];
	json_incref(out->script);
}

/* In the place of the one that had its number. False: there are too many. */
static bool phone_put(struct phones *all, const struct phone *phone)
{
	size_t i = 0;

	while (i < all->count && strcmp(all->list[i].number, phone->number) != 0)
		i++;
	if (i == PHONES_MAX)
		return false;
	if (i < all->count)
		phone_fini(&all->list[i]);
	else
		all->count++;
	all->list[i] = *phone;
	return true;
}

void phones_hear(struct phones *all, struct http_request *r)
{
	struct err_detail why = { .message = "A number like +15550199." };
	json_t *body = body_read(r);
	struct phone phone = { .script = NULL };
	bool fits;

	if (!body)
		return;
	fits = phone_make(all, body, &phone, &why) && body_text(body, "number", "", phone.number, sizeof(phone.number)) && *phone.number;
	json_decref(body);
	if (fits && phone_put(all, &phone)) {
		http_reply(r, 204, NULL, "", 0);
		return;
	}
	phone_fini(&phone);
	body_refuse(r, *why.where ? why.where : "number", fits ? "There are 64 phones already." : why.message);
}

void phones_fini(struct phones *all)
{
	for (size_t i = 0; i < all->count; i++)
		phone_fini(&all->list[i]);
	for (size_t i = 0; i < all->recording_count; i++)
		free(all->recordings[i].ulaw);
	*all = (struct phones){ .count = 0 };
}

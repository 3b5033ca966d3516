#include "sandbox/person.h"

#include <stdio.h>
#include <string.h>

#include "audio/g711.h"

void person_init(struct person *p, const struct phones *phones, const struct phone *phone, size_t *step)
{
	*p = (struct person){ .phones = phones, .phone = phone, .step = step };
}

/* ------------------------------------------------------------------ what he hears */

void person_hear(struct person *p, uint64_t sound_us, uint64_t now_us)
{
	p->played_us = (p->played_us > now_us ? p->played_us : now_us) + sound_us;
	p->has_heard = p->has_heard || sound_us;
}

void person_mark(struct person *p, const char *name, uint64_t now_us)
{
	struct person_mark *mark;

	if (!name || p->mark_count == PERSON_MARKS_MAX)
		return;
	mark = &p->marks[(p->mark_first + p->mark_count++) % PERSON_MARKS_MAX];
	snprintf(mark->name, sizeof(mark->name), "%s", name);
	mark->at_us = p->played_us > now_us ? p->played_us : now_us;
}

void person_clear(struct person *p, uint64_t now_us)
{
	p->played_us = now_us;
	for (size_t i = 0; i < p->mark_count; i++)
		p->marks[(p->mark_first + i) % PERSON_MARKS_MAX].at_us = now_us;
}

void person_forget_marks(struct person *p)
{
	p->mark_count = 0;
}

const char *person_mark_due(struct person *p, uint64_t now_us)
{
	const struct person_mark *mark = &p->marks[p->mark_first];

	if (!p->mark_count || mark->at_us > now_us)
		return NULL;
	p->mark_first = (p->mark_first + 1) % PERSON_MARKS_MAX;
	p->mark_count--;
	return mark->name;
}

/* ------------------------------------------------------------------ what he says */

bool person_step(struct person *p, uint64_t now_us)
{
	const json_t *step = json_array_get(p->phone->script, *p->step), *wait = json_object_get(step, "silence_ms");
	uint64_t quiet_us = (wait ? (uint64_t)json_integer_value(wait) : PHONE_QUIET_MS) * 1000;

	if (!step || p->playing || !p->has_heard || now_us < p->played_us + quiet_us)
		return true;
	++*p->step;
	p->has_heard = false;
	if (json_is_true(json_object_get(step, "hang_up")))
		return false;
	p->playing = recording_find(p->phones, json_string_value(json_object_get(step, "play")));
	p->at = 0;
	return true;
}

void person_say(struct person *p, uint8_t frame[PERSON_FRAME])
{
	size_t n = p->playing ? p->playing->samples - p->at : 0;

	memset(frame, G711_ULAW_SILENCE, PERSON_FRAME);
	n = n < PERSON_FRAME ? n : PERSON_FRAME;
	if (n)
		memcpy(frame, p->playing->ulaw + p->at, n);
	p->at += n;
	if (p->playing && p->at == p->playing->samples)
		p->playing = NULL;
}

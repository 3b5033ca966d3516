/* The part of the day that was said before the hour: "in the evening", and with the next words "seven". */
#include "providers/rehearsed/mind.h"

/* An hour may be among them. */
static bool has_number(const struct words *w)
{
	int32_t hour;
	size_t at;

	for (at = 0; at < w->count; at++)
		if (number_small(w, at, &hour) || w->at[at].kind == WORD_NUMBER)
			return true;
	return false;
}

void mind_part_keep(struct mind *m, struct words *w)
{
	const struct word *part;

	if (m->part_step != m->at || m->mood != MOOD_ASKED || mind_step(m)->expect.kind != EXPECT_TIME)
		m->has_part = false;
	m->part_step = m->at;
	if (m->mood != MOOD_ASKED || mind_step(m)->expect.kind != EXPECT_TIME || m->is_half)
		return;
	part = time_part(w);
	if (part) {
		m->part = *part;
		m->has_part = true;
	} else if (m->has_part && has_number(w) && w->count < WORDS_MAX) {
		w->at[w->count] = m->part;
		w->at[w->count++].before = 0;
	}
}

/* Finals that come late, or never: whose words were taken from a partial already, so that none is lost and none counts twice.
 *
 * Words are owed a final (listen.used) when a turn ended with them, or when the recogniser went on behind them (late_keep). What it says of them
 * begins before used_sample.
 */
#include "voice/call_state.h"

void late_append(struct buf *b, const char *text, size_t len)
{
	if (b->len && len)
		buf_text(b, " ");
	buf_append(b, text, len);
	b->err = ERR_NONE; /* over the ceiling: what is there is enough for an answer */
}

/* Words that begin behind the end of a partial are none that take its place: its final did not come, and it is taken as said. Where a position is not
 * known it is 0. */
void late_keep(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;

	if (call->settings.call_rules < 4 || !l->partial.len || !l->partial_sample || in->position <= l->partial_sample)
		return;
	late_append(&l->said, (const char *)l->partial.data, l->partial.len);
	buf_reset(&l->used);
	buf_append(&l->used, l->partial.data, l->partial.len);
	l->used_sample = l->partial_sample;
	l->said_sample = num_max(l->said_sample, l->partial_sample);
	l->final_sample = num_max(l->final_sample, l->partial_sample);
	l->final_us = call->now_us;
	l->voice_sample = l->final_sample;
	l->waiting = call->ear.burst;
	l->finalizing = false;
	buf_reset(&l->partial);
}

/* What of the turn is owed a final now: its partial, or without one the words that were kept in it. */
bool late_used(struct call *call)
{
	struct listen *l = &call->listen;

	if (call->settings.call_rules >= 4 && l->used.len && !l->partial.len && l->used_sample > l->turn_sample)
		return true;
	buf_reset(&l->used);
	buf_append(&l->used, l->partial.data, l->partial.len);
	l->used_sample = call->ear.end_sample;
	return false;
}

/* The final of a partial that was a turn already, or was kept, brings nothing new but the words behind it; one with other words is taken as new. */
size_t late_owed(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;
	const char *used = (const char *)l->used.data;
	bool whole = call->settings.call_rules < 4; /* or nothing */
	size_t old = 0;

	if (in->position < (whole ? l->turn_sample : l->used_sample) && l->used.len)
		old = words_behind(used, l->used.len, in->text, in->text_len);
	if (whole && old < in->text_len)
		old = 0;
	buf_reset(&l->used);
	return old;
}

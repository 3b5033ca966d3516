/* A recogniser that is one of several. It works when words come; it has failed when its stream ends before it was cancelled. */
#include "voice/lineup/lineup.h"

#include <stdlib.h>

enum { REPLACED_US = 1000 };

struct stt_stream {
	struct lineup *lineup;
	struct lineup_member *member;
	struct stt_stream *inner, **slot;
	const struct stt_events *events;
	void *arg;
};

static const struct stt *table_of(const struct stt_stream *s)
{
	return s->member->table;
}

static void stream_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample)
{
	struct stt_stream *s = arg;

	lineup_worked(s->member);
	s->events->transcript(s->arg, kind, text, len, from_sample, to_sample);
}

static void stream_ended(void *arg, enum err why)
{
	struct stt_stream *s = arg;
	const struct stt_events *events = s->events;
	void *events_arg = s->arg;

	lineup_failed(s->lineup, s->member, why);
	*s->slot = NULL;
	free(s);
	events->ended(events_arg, why);
}

static void stream_used(void *arg, const struct usage *usage)
{
	struct stt_stream *s = arg;

	usage_tell_as(s->events->used, s->arg, usage, s->member->name);
}

static const struct stt_events stream_events = { .transcript = stream_transcript, .ended = stream_ended, .used = stream_used };

/* The core opens another one at once when the one before has stalled. */
static void stalled(struct lineup *l)
{
	if (l->left && clock_now_us(l->clock) - l->left_us < REPLACED_US)
		lineup_failed(l, l->left, ERR_TIMEOUT);
	l->left = NULL;
}

static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct lineup *l = vendor;
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err = ERR_UNAVAILABLE;
	uint32_t tried = 0;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	*s = (struct stt_stream){ .lineup = l, .slot = sp, .events = events, .arg = arg };
	stalled(l);
	while (err && (s->member = lineup_next(l, tried))) {
		err = table_of(s)->start(s->member->vendor, &s->inner, language, &stream_events, s);
		if (err)
			lineup_failed(l, s->member, err);
		tried |= lineup_bit(l, s->member);
	}
	if (err)
		free(s);
	else
		*sp = s;
	return err;
}

static void stream_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	table_of(s)->push(s->inner, ulaw, samples);
}

static void stream_finalize(struct stt_stream *s)
{
	table_of(s)->finalize(s->inner);
}

static void stream_asked(struct stt_stream *s, const char *text, size_t len)
{
	if (table_of(s)->asked)
		table_of(s)->asked(s->inner, text, len);
}

static void stream_cancel(struct stt_stream **sp)
{
	struct stt_stream *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	table_of(s)->cancel(&s->inner);
	s->lineup->left = s->member;
	s->lineup->left_us = clock_now_us(s->lineup->clock);
	free(s);
}

const struct stt lineup_stt = { .name = "lineup", .start = stream_start, .push = stream_push, .finalize = stream_finalize, .cancel = stream_cancel,
	.asked = stream_asked };

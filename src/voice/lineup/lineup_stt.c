/* A recogniser that is one of several. It works when words come; it has failed when its stream ends before it was cancelled. */
#include "voice/lineup/lineup.h"

#include <stdlib.h>

enum { REPLACED_US = 1000 };

struct stt_stream {
	struct lineup *lineup;
	struct lineup_member *member;
	struct lease lease;
	struct stt_stream *inner, **slot;
	const char *language; /* while it is being started */
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
	lease_give(&s->lease);
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

static enum err stream_open(void *arg, const struct lineup_member *m)
{
	struct stt_stream *s = arg;

	return table_of(s)->start(m->vendor, &s->inner, s->language, &stream_events, s);
}

/* The core opens another one at once when the one before has stalled. */
static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct lineup *l = vendor;
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	*s = (struct stt_stream){ .lineup = l, .slot = sp, .language = language, .events = events, .arg = arg };
	(void)lineup_stalled(l, NULL, 0, REPLACED_US);
	err = lineup_start(l, 0, &s->member, &s->lease, stream_open, s);
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
	lease_give(&s->lease);
	lineup_left(s->lineup, lineup_bit(s->lineup, s->member), NULL, 0, false);
	free(s);
}

const struct stt lineup_stt = { .name = "lineup", .start = stream_start, .push = stream_push, .finalize = stream_finalize, .cancel = stream_cancel,
	.asked = stream_asked };

#include "voice/lineup/lineup_ahead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stt_stream {
	struct lineup_ahead *ahead;
	struct stt_stream *inner, **slot;
	const struct stt_events *events; /* NULL: it is held */
	void *arg;
};

/* ------------------------------------------------------------------ what it says */

static void stream_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample)
{
	struct stt_stream *s = arg;

	if (s->events)
		s->events->transcript(s->arg, kind, text, len, from_sample, to_sample);
}

static void stream_ended(void *arg, enum err why)
{
	struct stt_stream *s = arg;
	const struct stt_events *events = s->events;
	void *events_arg = s->arg;

	*s->slot = NULL;
	free(s);
	if (events)
		events->ended(events_arg, why);
}

static void stream_used(void *arg, const struct usage *usage)
{
	struct stt_stream *s = arg;

	if (s->events)
		usage_tell(s->events->used, s->arg, usage);
}

static const struct stt_events stream_events = { .transcript = stream_transcript, .ended = stream_ended, .used = stream_used };

/* ------------------------------------------------------------------ a stream */

/* One that ends at once, from inside its start, finds its slot filled. */
static enum err stream_new(struct lineup_ahead *a, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = s;
	if (!s)
		return ERR_NOMEM;
	*s = (struct stt_stream){ .ahead = a, .slot = sp, .events = events, .arg = arg };
	err = a->stt->start(a->vendor, &s->inner, language, &stream_events, s);
	if (err) {
		*sp = NULL;
		free(s);
	}
	return err;
}

static void stream_cancel(struct stt_stream **sp)
{
	struct stt_stream *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	s->ahead->stt->cancel(&s->inner);
	free(s);
}

static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct lineup_ahead *a = vendor;

	clock_timer_stop(&a->renew);
	if (!a->held || strcmp(language, a->language) != 0) {
		stream_cancel(&a->held);
		return stream_new(a, sp, language, events, arg);
	}
	*sp = a->held;
	a->held = NULL;
	(*sp)->slot = sp;
	(*sp)->events = events;
	(*sp)->arg = arg;
	return ERR_NONE;
}

static void stream_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	s->ahead->stt->push(s->inner, ulaw, samples);
}

static void stream_finalize(struct stt_stream *s)
{
	s->ahead->stt->finalize(s->inner);
}

static void stream_asked(struct stt_stream *s, const char *text, size_t len)
{
	if (s->ahead->stt->asked)
		s->ahead->stt->asked(s->inner, text, len);
}

static bool stream_hears(void *vendor, const char *language)
{
	const struct lineup_ahead *a = vendor;

	return !a->stt->hears || a->stt->hears(a->vendor, language);
}

const struct stt lineup_ahead_stt = { .name = "ahead", .start = stream_start, .push = stream_push, .finalize = stream_finalize,
	.cancel = stream_cancel, .asked = stream_asked,
	.hears = stream_hears };

/* ------------------------------------------------------------------ the one that is held */

/* An account that is full, or a vendor that is away: tried again with the next one's time. */
static void renew_due(void *arg)
{
	struct lineup_ahead *a = arg;
	bool had_one = a->held;

	stream_cancel(&a->held);
	if (!had_one)
		(void)!stream_new(a, &a->held, a->language, NULL, NULL);
	clock_timer_set(&a->renew, a->clock, clock_now_us(a->clock) + (had_one ? AHEAD_PAUSE_US : AHEAD_RENEW_US), renew_due, a);
}

void lineup_ahead_open(struct lineup_ahead *a, struct clock *clock, const struct stt *stt, void *vendor, const char *language)
{
	*a = (struct lineup_ahead){ .clock = clock, .stt = stt, .vendor = vendor };
	snprintf(a->language, sizeof(a->language), "%s", language);
	renew_due(a);
}

void lineup_ahead_close(struct lineup_ahead *a)
{
	clock_timer_stop(&a->renew);
	stream_cancel(&a->held);
}

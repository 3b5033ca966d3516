/* What a carrier's media socket must keep to, whatever it is sent: events come in their order, nothing behind the last one. */
#ifndef FUZZ_MEDIA_SEEN_H
#define FUZZ_MEDIA_SEEN_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/media.h"

struct seen {
	int started, over;
	size_t audio_max;  /* samples at once */
	uint64_t gap_max;  /* samples */
};

static void must(int holds)
{
	if (!holds)
		abort();
}

static void started(void *arg, const struct media_start *start)
{
	struct seen *s = arg;

	must(!s->started++ && !s->over && start->parameter_count <= MEDIA_PARAMETERS && *start->stream);
	must(!strpbrk(start->stream, "\"\\ "));
}

static void live(void *arg)
{
	struct seen *s = arg;

	must(s->started && !s->over);
}

static void audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	const struct seen *s = arg;

	live(arg);
	must(ulaw && samples && samples <= s->audio_max);
}

static void gap(void *arg, uint64_t samples)
{
	const struct seen *s = arg;

	live(arg);
	must(samples && samples <= s->gap_max);
}

static void mark(void *arg, const struct mark *m)
{
	(void)m;
	live(arg);
}

static void digit(void *arg, char d)
{
	live(arg);
	must(d && strchr("0123456789*#ABCD", d));
}

static void stopped(void *arg)
{
	live(arg);
	((struct seen *)arg)->over = 1;
}

static void broken(void *arg, const struct err_detail *detail)
{
	struct seen *s = arg;

	must(!s->over++ && detail->message[0]);
}

static const struct media_events seen_events = { .started = started, .audio = audio, .gap = gap, .mark = mark, .digit = digit, .stopped = stopped,
	.broken = broken };

#endif

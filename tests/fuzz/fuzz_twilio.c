/* Any lines as the messages of a Twilio media socket: events come in their order, nothing behind the last one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/twilio/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	int started, over;
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
	live(arg);
	must(ulaw && samples && samples <= TWILIO_MESSAGE_MAX_BYTES);
}

static void gap(void *arg, uint64_t samples)
{
	live(arg);
	must(samples && samples <= TWILIO_GAP_MAX_MS * 8);
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

static void push(void *arg, const char *text, size_t len)
{
	(void)arg;
	must(len && text[0] == '{' && text[len - 1] == '}');
}

static void closed(void *arg)
{
	(void)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct media_events events = { .started = started, .audio = audio, .gap = gap, .mark = mark, .digit = digit, .stopped = stopped,
		.broken = broken };
	static const struct mark m = { 1, 2, 3 };
	struct seen seen = { 0, 0 };
	struct twilio_media media;
	size_t at = 0;

	twilio_media_init(&media, &events, push, closed, &seen);
	while (at <= size) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		twilio_media_message(&media, true, data + at, len);
		twilio_media.mark(&media, &m);
		at += len + 1;
	}
	return 0;
}

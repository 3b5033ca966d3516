/* Any messages on a browser's media socket: events come in their order, nothing behind the last one, and what we send stays whole.
 * A message is: length (2 bytes, little-endian; its highest bit set: binary), bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/browser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	int started, over;
};

static void must(int holds)
{
	if (!holds)
		abort();
}

static void live(void *arg)
{
	struct seen *s = arg;

	must(s->started && !s->over);
}

static void started(void *arg, const struct media_start *start)
{
	struct seen *s = arg;

	must(!s->started++ && !s->over && !start->parameter_count);
}

static void audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	live(arg);
	must(ulaw && samples && samples <= 1700);
}

static void gap(void *arg, uint64_t samples)
{
	live(arg);
	must(samples && samples <= BROWSER_GAP_MAX_MS * 8);
}

static void mark(void *arg, const struct mark *m)
{
	struct seen *s = arg;

	must(s->started && m->utterance == 1);
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
	must(!((struct seen *)arg)->over++ && detail->message[0]);
}

static void push(void *arg, const char *text, size_t len)
{
	(void)arg;
	must(len && text[0] == '{' && text[len - 1] == '}');
}

static void push_bytes(void *arg, const uint8_t *bytes, size_t len)
{
	(void)arg;
	must(len > BROWSER_HEAD_BYTES && len % 2 == 0 && bytes[0] == 1);
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
	static const uint8_t silence[300];
	struct seen seen = { 0, 0 };
	const struct media_pipe pipe = { .events = &events, .push = push, .push_bytes = push_bytes, .close = closed, .arg = &seen };
	struct browser_media media;
	size_t at = 0, count = 0;

	browser_media_init(&media, &pipe);
	while (at + 2 <= size) {
		size_t len = data[at] | (size_t)(data[at + 1] & 0x7f) << 8;
		int is_text = !(data[at + 1] & 0x80);

		at += 2;
		len = len < size - at ? len : size - at;
		browser_media_message(&media, is_text, data + at, len);
		at += len;
		browser_media_ready(&media, "c");
		browser_media.send(&media, silence, sizeof(silence));
		browser_media.mark(&media, &m);
		if (++count % 5 == 0)
			browser_media.clear(&media);
	}
	browser_media_fini(&media);
	return 0;
}

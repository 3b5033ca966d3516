/* Any lines as the messages of an Exotel media socket, with sound, marks and clears of ours in between: events come in their order, nothing behind
 * the last one; what we send is JSON of whole chunks. The first byte chooses the options. The whole is also read as a status callback. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/exotel/carrier.h"
#include "providers/exotel/media.h"

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
	must(ulaw && samples && samples <= 320);
}

static void gap(void *arg, uint64_t samples)
{
	live(arg);
	must(samples && samples <= EXOTEL_GAP_MAX_MS * 8);
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
	const struct seen *s = arg;

	must(s->started && len && text[0] == '{' && text[len - 1] == '}' && strlen(text) >= len && len < 20000);
}

static void closed(void *arg)
{
	(void)arg;
}

static void speak(struct exotel_media *m, size_t turn)
{
	static const struct mark one = { 1, 2, 3 };
	static const uint8_t sound[400] = { 0 };

	exotel_media.send(m, sound, 1 + turn * 97 % sizeof(sound));
	exotel_media.mark(m, &one);
	must(m->held_bytes < m->chunk_bytes || !m->has_started);
	if (turn % 7 == 3)
		exotel_media.flush(m);
	if (turn % 11 == 5)
		exotel_media.clear(m);
	must(turn % 7 != 3 || !exotel_media.held(m));
}

static void check_callback(const uint8_t *data, size_t size)
{
	const struct carrier_webhook w = { .url = "", .body = data, .body_len = size };
	struct carrier_leg leg;

	if (!exotel_carrier.hear(&w, &leg))
		must(leg.call[0] && strlen(leg.call) < sizeof(leg.call) && leg.state < LEG_STATES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct media_events events = { .started = started, .audio = audio, .gap = gap, .mark = mark, .digit = digit, .stopped = stopped,
		.broken = broken };
	static const uint32_t rates[] = { 8000, 16000, 24000 }, chunks[] = { 0, 320, 1000, 9600 };
	const uint8_t choice = size ? data[0] : 0;
	const struct exotel_options options = { .keys = choice % 3, .fields = choice >> 2 & 1, .rate_hz = rates[choice % 3], .chunk_bytes = chunks[choice >> 4 & 3] };
	struct seen seen = { 0, 0 };
	const struct media_pipe pipe = { .events = &events, .push = push, .close = closed, .arg = &seen };
	struct exotel_media media;
	size_t at = size > 0, turn = 0;

	exotel_media_init(&media, &pipe, &options);
	while (at <= size) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		exotel_media_message(&media, true, data + at, len);
		speak(&media, turn++);
		at += len + 1;
	}
	exotel_media_fini(&media);
	check_callback(data, size);
	return 0;
}

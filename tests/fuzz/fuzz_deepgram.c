/* Any lines as the messages of Deepgram's recogniser, after eight seconds of sound: what is told lies in that sound and is text, and nothing comes
 * behind the end. */
#include <stdlib.h>
#include <string.h>

#include "providers/deepgram/deepgram_state.h"

enum { PUSHED = 64000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stt_stream *stream;
static int over;

static void must(int holds)
{
	if (!holds)
		abort();
}

static void must_be_id(const char *id)
{
	must(memchr(id, 0, DEEPGRAM_ID_MAX) && !strpbrk(id, " \"\\@+.,:"));
}

static void told(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	(void)arg;
	must(!over && kind <= TRANSCRIPT_END && text && len <= DEEPGRAM_TEXT_MAX_BYTES && !memchr(text, 0, len));
	must(from <= to && to <= PUSHED);
}

static void ended(void *arg, enum err why)
{
	(void)arg;
	must(!over++ && why && !stream);
}

static void begin(struct deepgram *d, struct clock *clock)
{
	static const struct stt_events events = { .transcript = told, .ended = ended };
	struct stt_stream *s = calloc(1, sizeof(*s));

	must(s != NULL);
	*d = (struct deepgram){ .options.clock = clock, .first = s };
	s->d = d;
	s->slot = &stream;
	s->events = events;
	s->pushed = PUSHED;
	s->fills[0] = (struct fill){ 8000, 1600 };
	s->fill_count = 1;
	stream = s;
	over = 0;
}

static void read_alone(const uint8_t *data, size_t len)
{
	static struct deepgram_event e;
	const char *from = (const char *)data;

	if (deepgram_read(data, len, &e))
		return;
	must_be_id(e.code);
	must_be_id(e.request);
	must(!e.len || e.text == e.plain || (e.text >= from && e.text + e.len <= from + len));
	must(e.to_us <= 2 * UINT64_C(1000000) * DEEPGRAM_MAX_S && e.last_us <= UINT64_C(1000000) * DEEPGRAM_MAX_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct clock *clock;
	static uv_loop_t loop;
	struct deepgram d;
	size_t at = 0;

	if (!clock)
		must(!uv_loop_init(&loop) && !clock_open(&clock, &loop, false));
	begin(&d, clock);
	while (at <= size && stream) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		read_alone(data + at, len);
		hear_message(stream, data + at, len);
		at += len + 1;
	}
	if (stream)
		deepgram_stt.cancel(&stream);
	return 0;
}

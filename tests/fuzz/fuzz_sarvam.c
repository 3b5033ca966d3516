/* Any lines as Sarvam's messages. To the recogniser, after eight seconds of sound: what is told lies in that sound and is text, and nothing comes behind
 * the end. To the voice: an event keeps within its ceilings. The first line is also a text whose words are estimated: they go forward and stay inside it. */
#include <stdlib.h>
#include <string.h>

#include "providers/sarvam/sarvam_stt_state.h"
#include "providers/sarvam/sarvam_tts_read.h"
#include "providers/sarvam/sarvam_words.h"

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
	must(memchr(id, 0, SARVAM_ID_MAX) && !strpbrk(id, " \"\\@+.,:"));
}

static void told(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	(void)arg;
	must(!over && kind <= TRANSCRIPT_FINAL && text && len <= SARVAM_TEXT_MAX_BYTES && !memchr(text, 0, len));
	must(from <= to && to <= PUSHED);
}

static void ended(void *arg, enum err why)
{
	(void)arg;
	must(!over++ && why && !stream);
}

static void begin(struct sarvam_stt_vendor *v, struct clock *clock)
{
	static const struct stt_events events = { .transcript = told, .ended = ended };
	struct stt_stream *s = calloc(1, sizeof(*s));

	must(s != NULL);
	*v = (struct sarvam_stt_vendor){ .options.clock = clock, .first = s };
	s->v = v;
	s->slot = &stream;
	s->events = events;
	s->pushed = s->sent = PUSHED;
	stream = s;
	over = 0;
}

static void read_alone(const uint8_t *data, size_t len)
{
	static struct sarvam_stt_event e;
	const char *from = (const char *)data;

	if (sarvam_stt_read(data, len, &e))
		return;
	must_be_id(e.code);
	must_be_id(e.request);
	must(!e.len || e.text == e.plain || (e.text >= from && e.text + e.len <= from + len));
	must(e.from_us <= e.to_us && e.to_us <= UINT64_C(1000000) * SARVAM_STT_MAX_S && e.utterance <= SARVAM_UTTERANCES_MAX);
	must((e.kind == SARVAM_STT_ERROR) == (e.err != ERR_NONE));
}

static void voice_hear(struct sarvam_tts_event *e, const uint8_t *data, size_t len)
{
	if (sarvam_tts_read(e, data, len))
		return;
	must(e->audio.len <= len && (e->kind == SARVAM_TTS_AUDIO || !e->audio.len));
	must((e->kind == SARVAM_TTS_ERROR) == (e->err != ERR_NONE));
}

static void words_check(const char *text, size_t len)
{
	static struct speech_word words[SARVAM_WORDS_MAX];
	size_t count;

	len = len < SARVAM_MAX_TEXT_BYTES ? len : SARVAM_MAX_TEXT_BYTES;
	count = sarvam_words_estimate(text, len, SARVAM_MAX_SAMPLES, words, SARVAM_WORDS_MAX);
	must(sarvam_words_any(text, len) == (count > 0));
	for (size_t i = 0; i < count; i++) {
		must(words[i].end_samples <= SARVAM_MAX_SAMPLES && words[i].text_end <= len);
		must(!i || (words[i].end_samples >= words[i - 1].end_samples && words[i].text_end > words[i - 1].text_end));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct clock *clock;
	static uv_loop_t loop;
	struct sarvam_stt_vendor v;
	struct sarvam_tts_event e;
	size_t at = 0;

	if (!clock)
		must(!uv_loop_init(&loop) && !clock_open(&clock, &loop, false));
	begin(&v, clock);
	sarvam_tts_event_init(&e);
	while (at <= size) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		if (!at)
			words_check((const char *)data, len);
		read_alone(data + at, len);
		voice_hear(&e, data + at, len);
		if (stream)
			sarvam_hear_message(stream, data + at, len);
		at += len + 1;
	}
	sarvam_tts_event_fini(&e);
	if (stream)
		sarvam_stt.cancel(&stream);
	return 0;
}

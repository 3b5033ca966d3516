#include "sandbox/speech.h"

#include <string.h>

#include "audio/g711.h"
#include "base/wording.h"

enum {
	PIECE_SAMPLES = 400,
	UP_MAX = 6, /* from our rate to the highest */
	ROOM_SAMPLES = (PIECE_SAMPLES + 2) * UP_MAX,
	DRAIN_MAX = 2048,
	SAMPLE_BYTES_MAX = 4
};

/* ------------------------------------------------------------------ texts */

bool speech_plain(const char *text, size_t len, char *out, size_t *out_len)
{
	static const struct {
		const char *name;
		char is;
	} entities[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' } };
	size_t at = 0, n = 0, k;

	while (at < len && n < SPEECH_TEXT_MAX) {
		const char *close = text[at] == '<' ? memchr(text + at, '>', len - at) : NULL;

		if (close) {
			at = (size_t)(close - text) + 1;
			continue;
		}
		for (k = 0; k < 4 && (len - at < strlen(entities[k].name) || memcmp(text + at, entities[k].name, strlen(entities[k].name)) != 0); k++) {
		}
		out[n++] = k < 4 ? entities[k].is : text[at];
		at += k < 4 ? strlen(entities[k].name) : 1;
	}
	out[n] = 0;
	*out_len = n;
	return at == len;
}

/* ------------------------------------------------------------------ sound */

static size_t encode(enum speech_encoding encoding, const int16_t *in, size_t count, uint8_t *out)
{
	float real;

	if (encoding == SPEECH_MULAW || encoding == SPEECH_ALAW) {
		g711_encode(encoding == SPEECH_MULAW ? G711_ULAW : G711_ALAW, out, in, count);
		return count;
	}
	for (size_t i = 0; i < count; i++) {
		real = (float)in[i] / 32768.0f;
		if (encoding == SPEECH_F32LE)
			memcpy(out + i * 4, &real, 4);
		else
			memcpy(out + i * 2, &in[i], 2);
	}
	return count * (encoding == SPEECH_F32LE ? 4 : 2);
}

static void linear_send(struct speech *s, const int16_t *linear, size_t count)
{
	uint8_t out[ROOM_SAMPLES * SAMPLE_BYTES_MAX];
	size_t len = encode(s->format.encoding, linear, count, out);

	if (len)
		s->events->sound(s->arg, out, len);
}

static void piece_send(struct speech *s, const uint8_t *ulaw, size_t count)
{
	int16_t linear[PIECE_SAMPLES], other[ROOM_SAMPLES];

	g711_decode(G711_ULAW, linear, ulaw, count);
	if (!s->resampler)
		linear_send(s, linear, count);
	else
		linear_send(s, other, resampler_push(s->resampler, linear, count, other));
}

static void on_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct speech *s = arg;

	s->samples += samples;
	if (s->format.encoding == SPEECH_MULAW && !s->resampler) {
		s->events->sound(s->arg, ulaw, samples);
		return;
	}
	for (size_t n; samples; samples -= n, ulaw += n) {
		n = samples < PIECE_SAMPLES ? samples : PIECE_SAMPLES;
		piece_send(s, ulaw, n);
	}
}

/* A word with what clings to it, as the text has it. */
static void on_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct speech *s = arg;

	(void)exact;
	for (size_t i = 0; i < count; i++) {
		size_t from = s->word_at, to = words[i].text_end;

		while (from < to && s->text[from] == ' ')
			from++;
		if (s->events->word && to > from)
			s->events->word(s->arg, s->text + from, to - from, s->word_end, words[i].end_samples);
		s->word_at = to;
		s->word_end = words[i].end_samples;
	}
}

/* ------------------------------------------------------------------ life */

static void finish(struct speech *s, bool is_fine)
{
	int16_t rest[DRAIN_MAX];

	if (is_fine && s->resampler && resampler_drain_room(s->resampler) <= DRAIN_MAX)
		linear_send(s, rest, resampler_drain(s->resampler, rest));
	resampler_free(&s->resampler);
	s->events->done(s->arg, is_fine, s->samples); /* the last: it may be started again inside */
}

static void on_done(void *arg)
{
	finish(arg, true);
}

static void on_failed(void *arg, enum err why)
{
	(void)why;
	finish(arg, false);
}

static const struct tts_events events = { .audio = on_audio, .words = on_words, .done = on_done, .failed = on_failed };

/* Who speaks this language: one voice is English. */
static bool voice_pick(struct speech *s, const struct sandbox_agent *agent, const char *language)
{
	bool english = language_is(language, "en");

	s->tts = english ? agent->tts : agent->other_tts;
	s->tts_vendor = english ? agent->tts_vendor : agent->other_tts_vendor;
	return s->tts;
}

enum err speech_start(struct speech *s, const struct sandbox_agent *agent, const struct speech_format *format, const char *language, const char *text,
	size_t len, const struct speech_events *e, void *arg)
{
	enum err err;

	*s = (struct speech){ .format = *format, .events = e, .arg = arg };
	err = voice_pick(s, agent, language) ? ERR_NONE : ERR_UNAVAILABLE;
	memcpy(s->text, text, len);
	if (!err && format->rate_hz != SPEECH_HZ)
		err = resampler_new(&s->resampler, SPEECH_HZ, format->rate_hz);
	if (!err)
		err = s->tts->start(s->tts_vendor, &s->utterance, language, s->text, len, &events, s);
	if (err)
		resampler_free(&s->resampler);
	return err;
}

void speech_cancel(struct speech *s)
{
	if (s->utterance)
		s->tts->cancel(&s->utterance);
	resampler_free(&s->resampler);
}

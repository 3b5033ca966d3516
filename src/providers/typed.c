/* Samples pushed are the only clock. A word takes its letters' time; partials come where a word ends. */
#include "providers/typed.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { START_SAMPLES = 800, LETTER_SAMPLES = 520 /* 65 ms: about 150 words a minute */, MOST_SAMPLES = 20 * 8000, FINAL_LATE_SAMPLES = 1600 };

struct typed {
	struct stt_stream *stream; /* the one in force */
	char text[TYPED_LINE_MAX_BYTES + 1];
	size_t len;
	uint64_t samples; /* of voice; 0: nothing is being said */
	size_t told;      /* bytes of it that a partial had */
};

struct stt_stream {
	struct typed *typed;
	struct stt_events events;
	void *arg;
	uint64_t pushed, from; /* where in the stream the line began */
	uint64_t counted;
};

enum err typed_open(struct typed **tp)
{
	*tp = calloc(1, sizeof(**tp));
	return *tp ? ERR_NONE : ERR_NOMEM;
}

void typed_close(struct typed **tp)
{
	free(*tp);
	*tp = NULL;
}

static size_t letters_of(const char *text, size_t len)
{
	size_t i, letters = 0;

	for (i = 0; i < len; i++)
		letters += ((unsigned char)text[i] & 0xc0) != 0x80;
	return letters;
}

uint64_t typed_say(struct typed *t, const char *text, size_t len)
{
	len = utf8_cut(text, len, TYPED_LINE_MAX_BYTES);
	memcpy(t->text, text, len);
	t->text[len] = '\0';
	t->len = len;
	t->told = 0;
	t->samples = START_SAMPLES + LETTER_SAMPLES * (uint64_t)letters_of(text, len);
	t->samples = t->samples < MOST_SAMPLES ? t->samples : MOST_SAMPLES;
	if (t->stream)
		t->stream->from = t->stream->pushed;
	return t->samples;
}

/* How much of the line is said after so many samples of it: whole words. */
static size_t said_bytes(const struct typed *t, uint64_t samples)
{
	size_t at = samples >= t->samples ? t->len : (size_t)(t->len * samples / t->samples);

	while (at && at < t->len && t->text[at] != ' ')
		at--;
	return at;
}

static void stream_final(struct stt_stream *s)
{
	struct typed *t = s->typed;
	uint64_t to = s->from + t->samples;

	t->samples = 0;
	s->events.transcript(s->arg, TRANSCRIPT_END, t->text, t->len, s->from, to);
}

static void stream_say(struct stt_stream *s)
{
	struct typed *t = s->typed;
	uint64_t samples = s->pushed - s->from;
	size_t said = said_bytes(t, samples);

	if (samples >= t->samples + FINAL_LATE_SAMPLES) {
		stream_final(s);
	} else if (said > t->told) {
		t->told = said;
		s->events.transcript(s->arg, TRANSCRIPT_PARTIAL, t->text, said, s->from, s->pushed);
	}
}

/* ------------------------------------------------------------------ stt.h */

static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct typed *t = vendor;
	struct stt_stream *s = calloc(1, sizeof(*s));

	(void)language; /* whatever is typed */
	*sp = s;
	if (!s)
		return ERR_NOMEM;
	s->typed = t;
	s->events = *events;
	s->arg = arg;
	t->stream = s;
	t->told = 0;
	return ERR_NONE;
}

static void stream_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	(void)ulaw; /* silence */
	s->pushed += samples;
	usage_tell_audio(s->events.used, s->arg, "local", "typed", s->pushed, &s->counted, false);
	if (s->typed->stream == s && s->typed->samples)
		stream_say(s);
}

static void stream_finalize(struct stt_stream *s)
{
	struct typed *t = s->typed;

	if (t->stream == s && t->samples && s->pushed - s->from >= t->samples)
		stream_final(s);
}

static void stream_cancel(struct stt_stream **sp)
{
	struct stt_stream *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	usage_tell_audio(s->events.used, s->arg, "local", "typed", s->pushed, &s->counted, true);
	if (s->typed->stream == s)
		s->typed->stream = NULL;
	free(s);
}

const struct stt typed_stt = { .name = "typed", .start = stream_start, .push = stream_push, .finalize = stream_finalize, .cancel = stream_cancel };

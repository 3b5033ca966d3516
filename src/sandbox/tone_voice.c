#include "sandbox/tone_voice.h"

#include <stdlib.h>
#include <string.h>

enum { LETTER_SAMPLES = 480 /* 60 ms */, PIECE_LETTERS = 16, WORDS_MAX = 400, TEXT_MAX = 4096 };

struct tone_voice {
	struct clock *clock;
	uint8_t tone[LETTER_SAMPLES * PIECE_LETTERS];
};

struct tts_utterance {
	struct tone_voice *voice;
	struct tts_utterance **slot;
	const struct tts_events *events;
	void *arg;
	struct clock_timer timer;
	size_t len;
	char text[TEXT_MAX];
};

static void utterance_free(struct tts_utterance *u)
{
	clock_timer_stop(&u->timer);
	if (u->slot)
		*u->slot = NULL;
	free(u);
}

static size_t words_find(const struct tts_utterance *u, struct speech_word words[WORDS_MAX])
{
	size_t count = 0;

	for (size_t i = 1; i <= u->len && count < WORDS_MAX; i++)
		if ((i == u->len || u->text[i] == ' ') && u->text[i - 1] != ' ')
			words[count++] = (struct speech_word){ .text_end = (uint16_t)i, .end_samples = (uint32_t)(i * LETTER_SAMPLES) };
	return count;
}

/* All of it at once, the words of each piece behind its sound. A handler may cancel: then the slot is empty, and nothing is left to look at. */
static void on_time(void *arg)
{
	struct tts_utterance *u = arg;
	struct tts_utterance **slot = u->slot;
	const struct tts_events *events = u->events;
	struct speech_word words[WORDS_MAX];
	size_t count = words_find(u, words), told = 0, to;

	for (size_t at = 0, n; *slot == u && at < u->len; at += n) {
		n = u->len - at < PIECE_LETTERS ? u->len - at : PIECE_LETTERS;
		events->audio(u->arg, u->voice->tone, n * LETTER_SAMPLES);
		for (to = told; to < count && words[to].text_end <= at + n; to++) {
		}
		if (*slot == u && to > told)
			events->words(u->arg, words + told, to - told, true);
		told = to;
	}
	if (*slot != u)
		return;
	arg = u->arg;
	utterance_free(u);
	events->done(arg);
}

static enum err tone_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct tone_voice *v = vendor;
	struct tts_utterance *u = len && len < TEXT_MAX ? calloc(1, sizeof(*u)) : NULL;

	(void)language;
	*up = u;
	if (!u)
		return len && len < TEXT_MAX ? ERR_NOMEM : ERR_LIMIT;
	u->voice = v;
	u->slot = up;
	u->events = events;
	u->arg = arg;
	u->len = len;
	memcpy(u->text, text, len);
	clock_timer_set(&u->timer, v->clock, 0, on_time, u);
	return ERR_NONE;
}

static void tone_cancel(struct tts_utterance **up)
{
	if (*up)
		utterance_free(*up);
}

const struct tts tone_tts = { .name = "tones", .start = tone_start, .cancel = tone_cancel };

enum err tone_voice_open(struct tone_voice **vp, struct clock *clock)
{
	static const uint8_t wave[16] = { 0xff, 0xb4, 0xa5, 0xa0, 0x9e, 0xa0, 0xa5, 0xb4, 0xff, 0x34, 0x25, 0x20, 0x1e, 0x20, 0x25, 0x34 }; /* 500 Hz */
	struct tone_voice *v = calloc(1, sizeof(*v));

	*vp = v;
	if (!v)
		return ERR_NOMEM;
	v->clock = clock;
	for (size_t i = 0; i < sizeof(v->tone); i++)
		v->tone[i] = wave[i % sizeof(wave)];
	return ERR_NONE;
}

void tone_voice_close(struct tone_voice **vp)
{
	free(*vp);
	*vp = NULL;
}

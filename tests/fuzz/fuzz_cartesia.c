/* Any lines as Cartesia's messages: an event keeps within its ceilings, and its words, laid over any text, go forward and stay inside it. The first
 * line is the text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "providers/cartesia/cartesia_read.h"
#include "providers/cartesia/cartesia_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct last {
	uint32_t end_samples;
	size_t text_end;
};

static void must(int holds)
{
	if (!holds)
		abort();
}

static void words_check(const struct cartesia_words *w, const struct speech_word *words, size_t count, struct last *last)
{
	for (size_t i = 0; i < count; i++) {
		must(words[i].end_samples >= last->end_samples && words[i].end_samples <= CARTESIA_MAX_SAMPLES);
		must(words[i].text_end >= last->text_end && words[i].text_end <= w->len);
		*last = (struct last){ words[i].end_samples, words[i].text_end };
	}
}

static void event_check(const struct cartesia_event *e, struct cartesia_words *w, struct last *last)
{
	struct speech_word out[2];

	must(strnlen(e->context, sizeof(e->context)) < sizeof(e->context) && (e->has_context || !e->context[0]));
	must(e->audio.len <= CARTESIA_MESSAGE_MAX_BYTES && e->word_count <= CARTESIA_WORDS_MAX);
	must((e->kind == CARTESIA_ERROR) == (e->err != ERR_NONE));
	must(e->kind == CARTESIA_TIMESTAMPS || !e->word_count);
	for (size_t i = 0; i < e->word_count; i++) {
		const struct cartesia_word *word = &e->words[i];

		must(word->at + word->len <= e->text.len && word->end_samples <= CARTESIA_MAX_SAMPLES && word->start_samples <= CARTESIA_MAX_SAMPLES);
		words_check(w, out, cartesia_words_put(w, (const char *)e->text.data + word->at, word->len, word->start_samples, word->end_samples, out), last);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct speech_word rest[CARTESIA_PIECES_MAX];
	struct cartesia_event e;
	struct cartesia_words w;
	struct last last = { 0, 0 };
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t at = end ? (size_t)(end - data) : size;

	cartesia_words_init(&w, (const char *)data, at < CARTESIA_MAX_TEXT_BYTES ? at : CARTESIA_MAX_TEXT_BYTES);
	cartesia_event_init(&e);
	for (at++; at < size; at++) {
		size_t len;

		end = memchr(data + at, '\n', size - at);
		len = end ? (size_t)(end - data) - at : size - at;
		if (!cartesia_read(&e, data + at, len))
			event_check(&e, &w, &last);
		must(cartesia_refusal_err(400, data + at, len) != ERR_NONE);
		at += len;
	}
	words_check(&w, rest, cartesia_words_rest(&w, CARTESIA_MAX_SAMPLES, rest, CARTESIA_PIECES_MAX), &last);
	cartesia_event_fini(&e);
	return 0;
}

/* A voice: text in, audio and word times out, streamed. Loop thread of the session.
 *
 * Shapes as in stt.h. Audio is µ-law at 8000 Hz (adapters resample); NULL audio with a count is sound that nobody
 * recorded (the simulator). Word ends are samples from the utterance's start and text ends in bytes; `exact` in the table
 * says whether they come from the voice or are the adapter's estimate.
 */
#ifndef PROVIDERS_TTS_H
#define PROVIDERS_TTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/usage.h"
#include "providers/shapes.h"

struct tts_utterance;

struct tts_events {
	void (*audio)(void *arg, const uint8_t *ulaw, size_t samples);
	void (*words)(void *arg, const struct speech_word *words, size_t count, bool exact); /* further words, in order */
	void (*done)(void *arg);
	void (*failed)(void *arg, enum err why);
	usage_h *used; /* the text, if it was sent to the vendor: once, just before the last callback or from inside the cancel. NULL: nobody counts */
};

struct tts {
	const char *name;
	bool verbatim; /* it gets every text as it is written, not as it is said (voice/spoken/): it makes no sound of words */
	enum err (*start)(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
		const struct tts_events *events, void *arg);
	void (*cancel)(struct tts_utterance **up);
};

#endif

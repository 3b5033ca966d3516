/* A text spoken in the form that a client asks for: the lent voice's µ-law becomes any raw encoding and rate that vendors have.
 *
 * start → sound and words in any order → done, exactly once, the last; or speech_cancel, which silences. Embedded in its owner. Loop thread.
 */
#ifndef SANDBOX_SPEECH_H
#define SANDBOX_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/resample.h"
#include "providers/tts.h"
#include "sandbox/sandbox.h"

enum { SPEECH_TEXT_MAX = 1900, SPEECH_HZ = 8000 };

enum speech_encoding { SPEECH_MULAW = 0, SPEECH_ALAW, SPEECH_S16LE, SPEECH_F32LE };

struct speech_format {
	enum speech_encoding encoding;
	uint32_t rate_hz;
};

struct speech_events {
	void (*sound)(void *arg, const uint8_t *data, size_t len);
	/* At SPEECH_HZ, from the text's start. May be NULL. */
	void (*word)(void *arg, const char *word, size_t len, uint64_t from_samples, uint64_t to_samples);
	void (*done)(void *arg, bool is_fine, uint64_t samples); /* of sound in all, at SPEECH_HZ */
};

struct speech {
	const struct tts *tts;
	void *tts_vendor;
	struct speech_format format;
	const struct speech_events *events;
	void *arg;
	struct tts_utterance *utterance;
	struct resampler *resampler; /* NULL: the rate is ours */
	char text[SPEECH_TEXT_MAX + 1];
	size_t word_at;              /* behind the last word that was told */
	uint64_t word_end, samples;
};

/* What a text comes to without Cartesia's tags ("<break time=…/>") and with its "&lt;" and "&amp;" undone; `out` has room for SPEECH_TEXT_MAX + 1
 * bytes. False: it is too long. */
bool speech_plain(const char *text, size_t len, char *out, size_t *out_len);

/* `text` is plain and not empty, `language` BCP 47. ERR_UNAVAILABLE: no voice for it is lent; and what the voice says: then no event comes. */
enum err speech_start(struct speech *s, const struct sandbox_agent *agent, const struct speech_format *format, const char *language, const char *text,
	size_t len, const struct speech_events *events, void *arg) MUST_USE;
void speech_cancel(struct speech *s); /* one that is zeroed or over is fine */

#endif

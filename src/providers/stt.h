/* A speech recogniser: audio in, transcripts out. Loop thread of the session.
 *
 * An adapter is one const table; it translates a vendor's protocol into these events and nothing else: no retry, no
 * fail-over. Shapes as in STYLE.md: start takes the owner's slot; an error from start means no callback ever; `ended` is
 * the last callback, the slot is NULL before it; cancel silences. Audio is µ-law mono at 8000 Hz; `samples` without bytes (NULL) is audio that nobody recorded (the simulator).
 */
#ifndef PROVIDERS_STT_H
#define PROVIDERS_STT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/usage.h"
#include "providers/shapes.h"

struct stt_stream;

struct stt_events {
	/* Positions are samples since the first one pushed. Text is borrowed. */
	void (*transcript)(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample);
	void (*ended)(void *arg, enum err why);
	/* Sound that was sent to the vendor since this was told last: now and then, also from inside push; the rest just before `ended` or from inside
	 * the cancel. NULL: nobody counts. */
	usage_h *used;
};

struct stt {
	const char *name;
	enum err (*start)(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg);
	void (*push)(struct stt_stream *s, const uint8_t *ulaw, size_t samples); /* never blocks; over its ceiling the stream ends */
	void (*finalize)(struct stt_stream *s);
	void (*cancel)(struct stt_stream **sp);
	/* What the agent says, as it begins to be heard, piece by piece: what was asked tells what will be answered. NULL: makes nothing of it. */
	void (*asked)(struct stt_stream *s, const char *text, size_t len);
	/* Whether a stream of this language hears it; false: it hears another one instead. NULL: all are heard that start. */
	bool (*hears)(void *vendor, const char *language);
};

#endif

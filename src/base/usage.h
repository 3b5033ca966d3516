/* What a provider was used for, counted in the units that vendors bill: tokens by kind, characters, time of sound.
 *
 * An adapter tells it (`used` in llm.h, stt.h, tts.h) and knows of no price; prices.h does. Whoever is told writes it down and does nothing
 * else: it starts and cancels no operation. Names are borrowed for the call that tells. Pure; any thread.
 */
#ifndef BASE_USAGE_H
#define BASE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are journalled: new ones go to the end. */
enum usage_unit {
	USAGE_REQUESTS = 0,
	USAGE_INPUT_TOKENS,          /* neither read from the vendor's cache nor written to it */
	USAGE_CACHE_READ_TOKENS,
	USAGE_CACHE_WRITE_5M_TOKENS, /* kept for five minutes, */
	USAGE_CACHE_WRITE_1H_TOKENS, /* or for an hour */
	USAGE_OUTPUT_TOKENS,
	USAGE_CHARACTERS,            /* of a text as it was sent to a voice: code points */
	USAGE_TEXT_BYTES,            /* the same text in bytes; nobody bills it */
	USAGE_AUDIO_SAMPLES,         /* sent to a recogniser, at 8000 Hz; its own silence too, where it had to be sent */
	USAGE_UNITS
};

enum {
	USAGE_NAME_MAX = 64,       /* of a vendor, a model, a lineup's member, its NUL included */
	USAGE_TELL_SAMPLES = 40000 /* a recogniser's stream tells at least every five seconds of sound */
};

struct usage {
	const char *vendor, *model; /* "anthropic", "claude-haiku-5-5"; "local" is an engine of this machine */
	const char *member;         /* whose place in the lineup it had; NULL: no lineup */
	bool is_estimated;          /* the vendor did not say, or not all of it */
	bool is_lost;               /* of a second one that was begun beside the first: who was slower; for nothing, whatever comes of the other */
	uint64_t units[USAGE_UNITS];
};

typedef void usage_h(void *arg, const struct usage *usage);

const char *usage_unit_name(enum usage_unit unit); /* "input_tokens" */

static inline void usage_tell(usage_h *used, void *arg, const struct usage *u)
{
	if (used)
		used(arg, u);
}

/* The same with the name of a lineup's member. */
void usage_tell_as(usage_h *used, void *arg, const struct usage *u, const char *member);

/* A text that was sent to a voice. */
void usage_tell_text(usage_h *used, void *arg, const char *vendor, const char *model, const char *text, size_t len);

/* Of `total` samples that a stream was sent what lies beyond *told, when that is USAGE_TELL_SAMPLES or the stream is over. */
void usage_tell_audio(usage_h *used, void *arg, const char *vendor, const char *model, uint64_t total, uint64_t *told, bool is_over);

#endif

/* The voices of OpenAI and of servers that speak alike (POST /v1/audio/speech) behind tts.h: one HTTP request an utterance.
 *
 * It translates and nothing else: nothing is tried twice, nobody else is asked. Sound is asked for as 16-bit PCM without a head and given on as µ-law at
 * 8000 Hz as it comes. A server that sends something else (a page, WAV, MP3) has failed. All on the loop's thread; every function here is
 * legal in every event.
 *
 * start: ERR_USAGE for a text that is empty, holds NUL or is not UTF-8, ERR_LIMIT over OPENAI_SPEECH_TEXT_BYTES, ERR_NOTFOUND for a language that
 * no voice was named for, ERR_BUSY over OPENAI_UTTERANCES, ERR_NOMEM, and what starting an exchange says.
 * failed: ERR_BUSY: 429, 503; ERR_DENIED: 401, 403, or a certificate that is not good; ERR_LIMIT: 402, more sound than
 * OPENAI_SPEECH_SAMPLES; ERR_NOTFOUND: 404; ERR_USAGE: 400, 422; ERR_FORMAT: no sound of this kind; ERR_TRUNCATED: it ends too early, or nobody
 * knows; ERR_CLOSED, ERR_TIMEOUT, ERR_NOMEM; ERR_UNAVAILABLE: all else.
 * Words are estimated by letters and come at the end: never exact.
 * Facts: the shared protocol notes on OpenAI-compatible servers, section 6.
 */
#ifndef PROVIDERS_OPENAI_OPENAI_SPEECH_H
#define PROVIDERS_OPENAI_OPENAI_SPEECH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "providers/tts.h"

#define OPENAI_SPEECH_DEFAULT_URL "http://127.0.0.1:8880"

enum {
	OPENAI_SPEECH_TEXT_BYTES = 2000, /* 4,096 characters are allowed */
	OPENAI_SPEECH_SAMPLES = 300 * 8000,
	OPENAI_SPEECH_RATE_HZ = 24000,
	OPENAI_UTTERANCES = 24, /* at a time, of one call */
	OPENAI_SPEECH_KEY_MAX = 500,
	OPENAI_SPEECH_NAME_MAX = 100 /* of a model, a voice */
};

/* The voice of a language of ours. */
struct openai_voice {
	const char *tag;   /* as start is given it: "en-IN" for that alone, "en" for all that begin with it; NULL ends the list */
	const char *voice;
};

/* NULL and 0 stand for the default behind. */
struct openai_speech_options {
	const char *base_url; /* OPENAI_SPEECH_DEFAULT_URL; without "/v1" */
	const char *key;      /* read for each request; NULL, "": none is sent */
	const char *model;    /* as the server calls it: "kokoro"; there is no default */
	const char *voice;    /* "af_heart": of languages that are not in the list; NULL: they are not spoken */
	const struct openai_voice *voices; /* none */
	uint32_t rate_hz;     /* of the server's PCM, 8,000 to 48,000: OPENAI_SPEECH_RATE_HZ; nothing in the sound says it */
	unsigned int speed_percent; /* 25 to 400; 0: not said */
	const char *ca_file;  /* PEM, trusted instead of the system's */
	unsigned int connect_ms;  /* 3,000: look-up, connection, TLS */
	unsigned int silent_ms;   /* 5,000: without a byte, the first one too */
	unsigned int deadline_ms; /* 60,000 for an utterance as a whole */
};

struct openai_speech;

/* The vendor of openai_tts. The struct is copied; what it points to, the key too, stays borrowed until the close. ERR_USAGE: an option that cannot
 * be, detail says which; ERR_UNAVAILABLE: the CA file; ERR_NOMEM. */
enum err openai_speech_open(struct openai_speech **sp, uv_loop_t *loop, const struct openai_speech_options *options, struct err_detail *detail) MUST_USE;

/* Whether there is a voice for a call's language. */
bool openai_speech_speaks(const struct openai_speech *s, const char *language);

/* Silences what is spoken. Its handles close in the loop's next turns. NULL-safe. */
void openai_speech_close(struct openai_speech **sp);

extern const struct tts openai_tts;

#endif

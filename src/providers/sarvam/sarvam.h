/* Sarvam: what its recogniser (sarvam_stt.h) and its voice (sarvam_tts.h) have in common for whoever opens them.
 *
 * Both translate and nothing else: no fail-over, no policy; what they do twice, and why, stands with them. A language of ours is named as Sarvam names it:
 * one of eleven, each of India ("hi", "hi-IN" and "hi-Latn" are "hi-IN"; English is "en-IN" whatever its region). Odia is "or-IN" to the recogniser
 * and "od-IN" to the voice. Facts: shared notes, sarvam.md, sections 0 (what is open), 1, 3 and 6; November 2026.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_H
#define PROVIDERS_SARVAM_SARVAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SARVAM_KEY_MAX = 4096,      /* bytes */
	SARVAM_URL_MAX = 500,
	SARVAM_NAME_MAX = 100,      /* of a model, a speaker, a dictionary, a path */
	SARVAM_PING_MS = 20000,     /* the voice's socket is closed after 60 s without a message */
	SARVAM_SEND_AGE_MS = 1200,  /* a peer that takes nothing is found within 2 s */
};

/* What is said for a language of ours, before our own choice. */
struct sarvam_language {
	const char *tag;      /* as start is given it: "hi-IN" for that alone, "hi" for all that begin with it, "*" for all; NULL ends the list */
	const char *language; /* as Sarvam calls it: "hi-IN", to the recogniser also "auto"; NULL: our own choice */
	const char *speaker;  /* the voice alone; NULL: the options' */
};

/* How sound goes over the wire; the sheet has no word on µ-law of bulbul:v4-flash. */
enum sarvam_codec { SARVAM_MULAW = 0, SARVAM_LINEAR16 };

/* Whether `url` may stand in the options: wss://HOST, wss://HOST:PORT, and ws:// to this machine alone. */
bool sarvam_is_url(const char *url);

/* Whether Sarvam knows a call's language. */
bool sarvam_speaks(const char *language);

#endif

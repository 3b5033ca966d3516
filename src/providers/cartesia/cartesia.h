/* Cartesia's voices behind tts.h, in two ways: over one WebSocket a call, and by one HTTP request an utterance. Facts: shared notes,
 * cartesia.md: section 1 (WebSocket), 2 (limits, errors), 3 (POST /tts/bytes).
 *
 * Both translate and nothing else: nothing is tried twice, nobody else is asked, no place of the plan is counted. Sound is asked for as
 * raw µ-law at 8000 Hz and given on as it comes. All on the loop's thread; every function here is legal in every event.
 *
 * start: ERR_USAGE for a text that is empty or holds NUL, ERR_LIMIT over CARTESIA_MAX_TEXT_BYTES, ERR_NOTFOUND for what is no language
 * tag, ERR_BUSY over CARTESIA_UTTERANCES, ERR_NOMEM, and what opening a socket or an exchange says. `<` and `&` of a text are sent as
 * `&lt;` and `&amp;`: Cartesia's tags in a model's words are words.
 * failed: ERR_BUSY: 429, too many at a time for the plan; ERR_DENIED: 401, 403, the key, or a certificate that is not good; ERR_LIMIT:
 * 402, nothing left to pay with, more sound than CARTESIA_MAX_SAMPLES, or a message over its ceiling; ERR_NOTFOUND: 404, no such voice or
 * model (any more); ERR_USAGE: 400, the options or the text; ERR_FORMAT: what came is not Cartesia's; ERR_TRUNCATED: it ends too early;
 * ERR_CLOSED: the connection did; ERR_TIMEOUT; ERR_NOMEM; ERR_UNAVAILABLE: all else.
 */
#ifndef PROVIDERS_CARTESIA_CARTESIA_H
#define PROVIDERS_CARTESIA_CARTESIA_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "providers/tts.h"

enum {
	CARTESIA_MAX_TEXT_BYTES = 2000,
	CARTESIA_MAX_SAMPLES = 300 * 8000,
	CARTESIA_UTTERANCES = 24, /* at a time, of one call */
	CARTESIA_KEY_MAX = 500,
	CARTESIA_URL_MAX = 500,
	CARTESIA_NAME_MAX = 100,  /* of a version, a model, a voice, a dictionary */
};

/* How a request names its voice. By version: {"mode":"id","id":…} before 2026-08-14, {"id":…} from it on. */
enum cartesia_voice_form { CARTESIA_VOICE_BY_VERSION = 0, CARTESIA_VOICE_MODE, CARTESIA_VOICE_ID };

/* What is said for a language of ours. */
struct cartesia_language {
	const char *tag;      /* as start is given it: "en-IN" for that alone, "en" for all that begin with it; NULL ends the list */
	const char *language; /* as Cartesia calls it: "en"; NULL: the tag's first part */
	const char *voice;    /* NULL: the options' */
};

/* NULL and 0 stand for the default behind; only `key` and `voice` have none. */
struct cartesia_options {
	const char *base_url;     /* https://api.cartesia.ai; http:// speaks in the clear, for tests */
	const char *key;
	const char *api_version;  /* 2026-03-01 */
	const char *model;        /* sonic-3.5-2026-05-04: an alias would change under us */
	const char *voice;        /* its id */
	enum cartesia_voice_form voice_form;
	const struct cartesia_language *languages; /* none: the first part of the tag is said */
	bool says_locale;         /* /tts/bytes alone, the WebSocket knows none: "locale" with the whole tag, for languages that are not in the list */
	unsigned int speed_percent; /* 60 to 150; 0: not said */
	unsigned int max_buffer_delay_ms; /* 0, at once, because texts come whole; up to 5,000 */
	const char *pronunciation_dict_id; /* none */
	const char *ca_file;      /* PEM, trusted instead of the system's */
	unsigned int connect_ms;  /* 3,000: look-up, connection, TLS, handshake */
	unsigned int silent_ms;   /* 5,000: without a sign of life (pings are sent), or of taking what is sent; /tts/bytes: without a byte */
	unsigned int deadline_ms; /* 60,000 for an utterance as a whole; that sound comes soon is for the call to watch (P13) */
};

/* ---- one socket for a call ---- */

struct cartesia;

/* The vendor of cartesia_tts. The struct is copied; what it points to, the key too, stays borrowed until cartesia_close. No socket is opened
 * yet. ERR_USAGE: an option that cannot be, detail says which; ERR_NOMEM. */
enum err cartesia_open(struct cartesia **cp, uv_loop_t *loop, const struct cartesia_options *options, struct err_detail *detail) MUST_USE;

/* Opens the socket when there is none, so that the first utterance need not wait for it. start does the same: a socket that Cartesia closed
 * (after five minutes without work it does) is opened again by whoever needs it. What becomes of it is told to those who start; nobody
 * is told of a socket without utterances. ERR_USAGE: the URL or the key; ERR_UNAVAILABLE: the CA file, or no look-up; ERR_NOMEM. */
enum err cartesia_prepare(struct cartesia *c) MUST_USE;

/* Silences what is spoken, drops the socket. Its handles close in the loop's next turns. NULL-safe. */
void cartesia_close(struct cartesia **cp);

/* Words come with Cartesia's times. They are exact until one of them cannot be found in the text, nor that part of the text between its
 * neighbours; from then on, and for what no time was told of, they are estimates. */
extern const struct tts cartesia_tts;

/* ---- one request an utterance ---- */

struct cartesia_bytes;

/* The vendor of cartesia_bytes_tts, with connections of its own, which are kept for half a minute. Options, errors as above; ERR_UNAVAILABLE:
 * the CA file. */
enum err cartesia_bytes_open(struct cartesia_bytes **cp, uv_loop_t *loop, const struct cartesia_options *options, struct err_detail *detail) MUST_USE;
void cartesia_bytes_close(struct cartesia_bytes **cp);

/* Words are estimated by letters and come at the end: never exact. */
extern const struct tts cartesia_bytes_tts;

#endif

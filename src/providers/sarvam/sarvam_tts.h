/* Sarvam's voices (bulbul) behind tts.h, over WebSockets. Facts: shared notes, sarvam.md, sections 0 (what is open), 1 and 6.
 *
 * Replies come strictly one after the other on a socket, without names, and nothing stops one: so an utterance has the socket to itself, further ones
 * wait in the order of start, and a cancel drops the socket. A second one, open and told how to speak, stands beside it and takes over at once; a
 * third is opened in its place. Both are kept by pings.
 * It translates and nothing else, but for two facts that are open, each tried in the other way once and remembered until close, and beyond it by whoever
 * asks sarvam_tts_learned (when neither is taken, the first is in force again): the name of the language's field, when an error names it before there was
 * any sound, and the path of bulbul:v4-flash, when the first handshake is refused by a 4xx that is not about the key or too many.
 * Sound comes as raw µ-law or as 16 bits, at 8000 Hz. All on the loop's thread; every function here is legal in every event.
 *
 * start: ERR_USAGE for a text without anything but blanks, or with NUL, ERR_LIMIT over SARVAM_MAX_TEXT_BYTES, ERR_NOTFOUND for a language that Sarvam lacks,
 * ERR_BUSY over SARVAM_UTTERANCES, ERR_NOMEM, and what opening a socket says.
 * failed: ERR_BUSY: 429, 1013; ERR_DENIED: 401, 402, 403, nothing left to pay with, 1003, 1008, a certificate that is not good; ERR_LIMIT: 413, more sound than
 * SARVAM_MAX_SAMPLES, a message over its ceiling; ERR_NOTFOUND: 404; ERR_USAGE: 400, 422, the options or the text; ERR_FORMAT: what came is not Sarvam's,
 * or sound in another form than was asked for; ERR_TRUNCATED: it ends too early, or there was no sound; ERR_CLOSED: the connection did;
 * ERR_TIMEOUT; ERR_NOMEM; ERR_UNAVAILABLE: all else.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_TTS_H
#define PROVIDERS_SARVAM_SARVAM_TTS_H

#include <uv.h>

#include "base/err.h"
#include "providers/sarvam/sarvam.h"
#include "providers/tts.h"

enum {
	SARVAM_MAX_TEXT_BYTES = 2000, /* the vendor takes 2,500 characters */
	SARVAM_MAX_SAMPLES = 300 * 8000,
	SARVAM_UTTERANCES = 24, /* at a time, of one call: one is spoken, the others wait */
};

enum sarvam_field { SARVAM_LANGUAGE_CODE = 0, SARVAM_TARGET_LANGUAGE_CODE };

/* What a voice found out about its account, for the next one of the same account, address and options. Zeroed: nothing. */
struct sarvam_learned {
	bool has_field, has_path;
	enum sarvam_field field; /* under which there was sound */
	bool is_other_path;      /* where a socket was opened */
};

/* NULL and 0 stand for the default behind; only `key` has none. */
struct sarvam_tts_options {
	const char *url;          /* "wss://api.sarvam.ai", without path. ws:// to loopback only */
	const void *key;          /* read at each socket, kept nowhere, wiped from the header when that was given away */
	size_t key_len;
	const char *ca_file;      /* PEM, trusted instead of the system's */
	const char *model;        /* "bulbul:v3"; also "bulbul:v2", "bulbul:v4-flash" */
	const char *path;         /* by model: "/text-to-speech/ws", of bulbul:v4-flash "/text-to-speech/ws/v2". One that is said is not tried in another way */
	enum sarvam_field field;  /* SARVAM_LANGUAGE_CODE */
	const struct sarvam_learned *learned; /* read at the opening, tried first: path and field are still tried in the other way once; nothing */
	enum sarvam_codec codec;  /* SARVAM_MULAW */
	const char *speaker;      /* by model: v3 "shubh", v2 "anushka"; v4-flash has no default */
	const struct sarvam_language *languages; /* before our own choice, also of the speaker */
	const char *dict_id;      /* v3, v4-flash; none */
	unsigned int pace_percent;        /* 50 to 200, v2 30 to 300; not said */
	unsigned int temperature_percent; /* v3, v4-flash: 1 to 100; not said */
	int pitch_percent;                /* v2: -75 to 75, v4-flash: -50 to 50; v3 refuses it; not said */
	unsigned int loudness_percent;    /* v2: 30 to 300, v4-flash: 10 to 250; v3 refuses it; not said */
	unsigned int min_buffer_size;     /* characters, 30 to 200: 50. Texts come whole, and flush follows */
	unsigned int max_chunk_length;    /* characters, 50 to 500: 150 */
	bool has_no_spare;        /* one socket, because an account's are counted: a cancel then costs a handshake */
	unsigned int recycle_after; /* so many utterances a socket, because long use may spoil the sound; none */
	unsigned int connect_ms;  /* 3,000: look-up, connection, TLS, handshake */
	unsigned int ping_ms;     /* SARVAM_PING_MS; 100 to 30,000 */
	unsigned int alive_ms;    /* without a byte, with pings as sockets have them. Whether those are answered is open: off */
	unsigned int deadline_ms; /* 60,000 from the start of an utterance, waiting included; that sound comes soon is for the call to watch (P13) */
};

struct sarvam_voice;

/* The vendor of sarvam_tts. The struct is copied; what it points to, the key too, stays borrowed until sarvam_tts_close. No socket is opened
 * yet. ERR_USAGE: an option that cannot be, detail says which; ERR_NOMEM. */
enum err sarvam_tts_open(struct sarvam_voice **vp, uv_loop_t *loop, const struct sarvam_tts_options *options, struct err_detail *detail) MUST_USE;

/* Opens the sockets for that language when there are none, so that the first utterance need not wait. start does the same. What becomes of them is told
 * to those who start; nobody is told of a socket without an utterance. ERR_NOTFOUND: the language; ERR_UNAVAILABLE: the CA file, or no look-up; ERR_NOMEM. */
enum err sarvam_tts_prepare(struct sarvam_voice *v, const char *language) MUST_USE;

/* What it knows by now. */
void sarvam_tts_learned(const struct sarvam_voice *v, struct sarvam_learned *learned);

/* Silences what is spoken, drops the sockets. Its handles close in the loop's next turns. NULL-safe. */
void sarvam_tts_close(struct sarvam_voice **vp);

/* Words have no times at Sarvam: they are estimated by letters and come at the end, never exact. */
extern const struct tts sarvam_tts;

#endif

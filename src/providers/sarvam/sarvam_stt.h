/* Sarvam's realtime recogniser for the languages of India, behind stt.h. Facts: shared notes, sarvam.md, sections 0, 3 and 6.
 *
 *   push ─► waiting (ceiling, paced) ─► frames ─► base64 in JSON ─► wss ─► messages ─► sarvam_stt_read ─► partial · final
 *
 * One of these serves one call; each stream is a socket of its own. Sound goes out as it comes; what was pushed before the socket is open, or all at
 * once, waits and goes out at `pace_percent` of the speed of speech. Where nothing comes a ping keeps the socket. It translates and no more: no retry, no
 * fail-over, no opinion on turns: the vendor's own ends of speech are told to nobody.
 * Loop thread. A clock that skips must be held while a stream runs: the vendor answers in real time.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_STT_H
#define PROVIDERS_SARVAM_SARVAM_STT_H

#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "providers/sarvam/sarvam.h"
#include "providers/stt.h"

enum {
	SARVAM_WAITING_MAX_SAMPLES = 16 * 8000, /* the eight seconds that a new stream is given, those of a slow connection, and some */
	SARVAM_FRAME_MAX_MS = 100,
	SARVAM_KEYTERMS_MAX = 50,
	SARVAM_KEYTERM_MAX = 64, /* characters of one */
	SARVAM_PROMPT_MAX = 1000, /* bytes; the vendor says no number */
	SARVAM_START_LAG_MS = 300, /* so long before a speech's first message it is taken to have begun, where no time is told */
};

struct sarvam_stt_vendor;

struct sarvam_stt_options {
	struct clock *clock;     /* borrowed until close */
	const char *url;         /* "wss://api.sarvam.ai", without path. ws:// to loopback only */
	const void *key;         /* borrowed until close: read at each start, kept nowhere, wiped from the header when that was given away */
	size_t key_len;
	const char *ca_file;     /* trusted instead of the system's; NULL */
	const char *model;       /* "saaras:v3-realtime", "saaras:v4" */
	const struct sarvam_language *languages; /* before our own choice; borrowed until close; NULL */
	enum sarvam_codec codec; /* SARVAM_MULAW */
	const char *stream_type; /* "balanced"; "fast" is sooner, "simulated" has no partials */
	const char *mode;        /* "transcribe", "translate", "verbatim", "translit", "codemix" (finals alone) */
	const char *prompt;      /* NULL */
	const char *const *keyterms; /* NULL-ended; NULL. saaras:v4 alone */
	bool has_times;          /* true: return_timestamps is asked for, so that finals have their places */
	bool flushes;            /* true: finalize says "flush" while somebody speaks. Whether that is taken beside the vendor's own endpointing is open */
	/* The vendor's own endpointing; 0: not said */
	uint32_t threshold_percent; /* 1 to 100 */
	uint32_t prefix_padding_ms, silence_duration_ms, min_speech_duration_ms; /* to 10000 */
	uint32_t connect_ms;     /* 5000: name, connection, TLS and handshake together */
	uint32_t frame_ms;       /* the least in a frame, 20 to 100: 20 */
	uint32_t pace_percent;   /* of the speed of speech, for what waits: 125 */
	uint32_t ping_ms;        /* so long without anything sent, then a ping; 1000 to 30000: SARVAM_PING_MS */
	uint32_t alive_ms;       /* the socket is pinged as sockets are, and dead after so long without a byte. Whether that is answered is open: 0, off */
	struct log log;          /* whose call it is; texts borrowed until close */
};

/* The defaults. */
void sarvam_stt_options_init(struct sarvam_stt_options *o);

/* Everything but what says otherwise is read before this returns. ERR_USAGE, ERR_LIMIT: an option; `detail` says which; ERR_NOMEM. */
enum err sarvam_stt_open(struct sarvam_stt_vendor **vp, uv_loop_t *loop, const struct sarvam_stt_options *options, struct err_detail *detail) MUST_USE;

/* Whether a term may be among the keyterms for that model. */
bool sarvam_stt_takes_keyterm(const char *model, const char *term);

/* Silences and ends all streams; legal in every handler. NULL-safe. */
void sarvam_stt_close(struct sarvam_stt_vendor **vp);

/* `vendor` is a struct sarvam_stt_vendor.
 *
 * A final is told as it comes, always a plain one. A partial of an utterance whose final was told is dropped. A final's place is the vendor's where it
 * tells one that lies behind the final before it; else, as with every partial, from SARVAM_START_LAG_MS before the utterance's first message to what was
 * sent by now: an estimate.
 * finalize: see `flushes`; outside an utterance nothing is asked. It may stay without an answer.
 * cancel says "end", when the socket takes it at once, and closes.
 *
 * start: ERR_NOTFOUND: a language that Sarvam lacks; ERR_UNAVAILABLE: the CA file; ERR_NOMEM.
 * ended: the status of the vendor's error is believed, then its close code, of which 4000 and 1003 mean several things.
 * ERR_DENIED: 401, 402, 403, 1003, nothing left to pay with, a certificate; ERR_BUSY: 429; ERR_USAGE: 400, 422; ERR_NOTFOUND: 404; ERR_UNAVAILABLE: 5xx,
 * 1011, 1013, 4000, no connection; ERR_TIMEOUT: 408, 504, what we send is not taken for SARVAM_SEND_AGE_MS, no handshake; ERR_FORMAT, ERR_TRUNCATED: a
 * message that is none; ERR_LIMIT: 413, one that is too large, or more waits than SARVAM_WAITING_MAX_SAMPLES; ERR_CLOSED: closed or over (1008: too long
 * without sound, or too long in all), and nobody said why. */
extern const struct stt sarvam_stt;

#endif

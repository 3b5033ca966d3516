/* Deepgram: a live recogniser in the cloud, behind stt.h. Nova by /v1/listen (deepgram_stt), Flux by /v2/listen (deepgram_flux_stt).
 *
 *   push ─► waiting (ceiling, paced) ─► frames ─► wss ─► messages ─► deepgram_read ─► partial · final · end
 *
 * One of these serves one call; its model says which of the two tables it is for. Each stream is a socket of its own. Sound goes out as it comes, µ-law at
 * 8000 Hz; what was pushed before the socket is open, or all at once, waits and goes out at `pace_percent` of the speed of speech. Positions do not
 * count the silence that is put in here: none is known to the owner. It translates and no more: no retry, no fail-over, no opinion of its own on turns.
 * Loop thread. A clock that skips must be held while a stream runs: the vendor answers in real time.
 * Facts: developers.deepgram.com (listen, listen-flux, audio keep alive, finalize, utterance end, end of turn, close stream), as of November 2026.
 */
#ifndef PROVIDERS_DEEPGRAM_DEEPGRAM_H
#define PROVIDERS_DEEPGRAM_DEEPGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "providers/stt.h"

enum {
	DEEPGRAM_WAITING_MAX_SAMPLES = 16 * 8000, /* the eight seconds that a new stream is given, those of a slow connection, and some */
	DEEPGRAM_FRAME_MAX_MS = 100,
	DEEPGRAM_KEEPALIVE_MS = 4000,  /* the vendor closes after 10 s without sound or KeepAlive */
	DEEPGRAM_SEND_AGE_MS = 1200,   /* found within 2 s */
	DEEPGRAM_GAP_MS = 500,         /* Flux, in a turn: so long without sound, then silence is fed, */
	DEEPGRAM_FED_MS = 100,         /* so much at a time */
	DEEPGRAM_FED_OVER_MS = 5000,   /* and for so long over eot_timeout_ms: then the turn has no end */
	DEEPGRAM_KEY_MAX = 4096,       /* bytes */
	DEEPGRAM_TAG_MAX = 128,
	DEEPGRAM_TOKENS_MAX = 500,     /* of all keyterms, as deepgram_tokens counts */
};

#define DEEPGRAM_NEVER UINT32_MAX

struct deepgram;

/* A call's language and what the vendor is told for it: { "hi-IN", "multi" }. */
struct deepgram_language {
	const char *tag; /* NULL ends a table */
	const char *name;
};

struct deepgram_options {
	struct clock *clock;   /* borrowed until close */
	const char *url;       /* "wss://api.deepgram.com", "wss://api.in.deepgram.com"; without path. ws:// to loopback only */
	const void *key;       /* borrowed until close: read at each start, kept nowhere, wiped from the header when that was given away */
	size_t key_len;
	bool is_token;         /* the key is a short-lived one (Bearer) */
	const char *ca_file;   /* trusted instead of the system's; NULL */
	const char *model;     /* "nova-3", "nova-2-phonecall", "flux-general-multi" */
	const struct deepgram_language *languages; /* before our own choice; borrowed until close; NULL. "*" fits every language */
	const char *const *keyterms; /* NULL-ended; NULL. Nova-3 and Flux */
	const char *tag;       /* shows in the vendor's reports; NULL */
	bool mip_opt_out;      /* the sound is kept out of the vendor's improvement programme. Default: true */
	bool numerals;
	uint32_t connect_ms;   /* 5000: name, connection, TLS and handshake together */
	uint32_t frame_ms;     /* the least in a frame, 20 to 100: Nova 20, Flux 80 */
	uint32_t pace_percent; /* of the speed of speech, for what waits: 125 */
	uint32_t alive_ms;     /* the socket is pinged, and dead after so long without a byte. Whether pings are answered is not documented: 0, off */
	/* Nova */
	uint32_t endpointing_ms;    /* of silence behind a speech_final: 300; 0: none */
	uint32_t utterance_end_ms;  /* of a gap between words: 1000, the least that makes sense; 0: none */
	bool smart_format;          /* false: it may delay the words */
	bool no_delay;              /* against that; undocumented, so it is off */
	/* Flux */
	uint32_t eot_percent;    /* how sure an end of turn must be, 50 to 100: 70 */
	uint32_t eager_percent;  /* a likely one, 30 to 90 and not over the former; 0: not told, the default, as nothing is made of it */
	uint32_t eot_timeout_ms; /* 500 to 60000: 5000 */
	uint32_t force_after_ms; /* 400; DEEPGRAM_NEVER: finalize asks for nothing */
	const char *const *hints; /* flux-general-multi: languages to expect, NULL-ended; NULL: the call's own */
	struct log log;        /* whose call it is; texts borrowed until close */
};

/* The defaults for that model, which is borrowed. */
void deepgram_options_init(struct deepgram_options *o, const char *model);

/* Everything but what says otherwise is read before this returns. ERR_USAGE, ERR_LIMIT: an option; `detail` says which; ERR_NOMEM. */
enum err deepgram_open(struct deepgram **dp, uv_loop_t *loop, const struct deepgram_options *options, struct err_detail *detail) MUST_USE;

/* Whether `url` may stand in the options: wss://HOST, wss://HOST:PORT, and ws:// to this machine alone. */
bool deepgram_is_url(const char *url);

/* Whether a model takes a call's language; Nova's are left to the vendor. */
bool deepgram_speaks(const char *model, const char *language);

bool deepgram_takes_keyterms(const char *model);

/* Silences and ends all streams; legal in every handler. NULL-safe. */
void deepgram_close(struct deepgram **dp);

/* A count that is never below the vendor's, whose own is not known: two letters or digits of ASCII are one, as is every other byte. */
size_t deepgram_tokens(const char *text);

/* `vendor` is a struct deepgram, of the table's own kind of model.
 *
 * Nova: each final is told as it comes; speech_final, or a gap in the words (UtteranceEnd) where noise keeps that from coming, is a TRANSCRIPT_END. What
 * finalize asked for is a plain final: it is nobody's opinion that the turn is over. It may stay without an answer; nothing here waits for one.
 * Flux: a transcript is the whole turn so far, so it is a partial until EndOfTurn, a TRANSCRIPT_END (a plain final when we forced it). A likely end
 * (EagerEndOfTurn) and its withdrawal (TurnResumed) are partials: stt.h has no word for them. finalize gives Flux `force_after_ms` to find the end
 * by itself, then forces it. In a turn Flux is fed silence where no sound comes, because it knows time by sound only.
 * cancel says CloseStream, when the socket takes it at once, and closes.
 *
 * start: ERR_NOTFOUND: a language that the model lacks; ERR_USAGE: the other table's; ERR_UNAVAILABLE: the CA file; ERR_NOMEM.
 * ended: ERR_DENIED: 401, 402, 403, a certificate; ERR_BUSY: 429, too many streams; ERR_USAGE: 400, DATA-…: what we ask for or send is not taken;
 * ERR_UNAVAILABLE: 5xx, NET-…, no connection, an Error message; ERR_TIMEOUT: what we send is not taken for DEEPGRAM_SEND_AGE_MS, NET-0001, no handshake,
 * a turn of Flux without an end; ERR_FORMAT, ERR_TRUNCATED: a message that is none; ERR_LIMIT: one that is too large, or more waits than
 * DEEPGRAM_WAITING_MAX_SAMPLES; ERR_CLOSED: closed, and nobody said why. */
extern const struct stt deepgram_stt, deepgram_flux_stt;

#endif

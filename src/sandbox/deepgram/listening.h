/* Inside the sandbox's Deepgram: one client that is listened to. What listening.c (its life, its sound, its recogniser), nova.c and flux.c (what it
 * is told, in the messages of v1 and v2) and deepgram.c (its handshake) share.
 *
 *   open ─CloseStream, an empty frame─► closing ─the last final, or time─► over
 *     └─nothing for too long, the recogniser's end─► over
 *
 * Sound becomes µ-law at 8000 Hz, in frames of 20 ms; a frame is voice or not by its loudness. Scripted words come with the voice that they are
 * said in: one entry an utterance. Otherwise the recogniser's. Positions are samples at 8000 Hz from the first. Loop thread.
 * Facts: the shared protocol notes on Deepgram, checked 2026-11-21.
 */
#ifndef SANDBOX_DEEPGRAM_LISTENING_H
#define SANDBOX_DEEPGRAM_LISTENING_H

#include "audio/resample.h"
#include "sandbox/deepgram/query.h"
#include "sandbox/vendor.h"

enum {
	LISTEN_FRAME = 160,        /* samples, 20 ms */
	LISTEN_HZ = 8000,
	LISTEN_LOUD = 400,         /* the mean of a frame's samples from which it is voice */
	LISTEN_VOICE_FRAMES = 3,   /* so many of them begin an utterance */
	LISTEN_IDLE_US = 10000000, /* v1: without sound and KeepAlive */
	LISTEN_FLUX_IDLE_US = 60000000,
	LISTEN_LAST_US = 3000000,  /* for the last final, when it closes */
	LISTEN_TEXT_MAX = 4096,
	LISTEN_LATER_MAX = 256,    /* messages that wait for their time */
	LISTEN_WORDS_MAX = 400
};

/* Why a final was asked for. */
enum listen_final { FINAL_UNASKED = 0, FINAL_ENDPOINT, FINAL_FINALIZE, FINAL_CLOSE, FINAL_EAGER };

struct listen_words {
	char text[LISTEN_TEXT_MAX];
	size_t len;
	uint64_t from, to;
};

/* A message that waits. */
struct listen_later {
	uint64_t at_us;
	char *json;
};

struct listening {
	struct listening *next, **place;
	struct vendor *vendor;
	uint64_t number;            /* of asked.h */
	struct listen_query query;
	struct outlet out;
	char request_id[37], model_uuid[37];
	struct clock_timer idle, later;
	struct listen_later waits[LISTEN_LATER_MAX];
	size_t wait_count;
	bool closes, has_closed;
	uint16_t close_code;
	/* sound */
	struct resampler *resampler;
	uint8_t frame[LISTEN_FRAME];
	size_t frame_len;
	uint64_t heard;             /* samples */
	/* voice */
	unsigned int loud;          /* frames in a row */
	bool in_voice;              /* since the last silence that ended one */
	uint64_t voice_from, voice_to;
	/* words */
	struct stt_stream *stream;
	json_t *scripted;           /* what is being said, or NULL */
	bool final_asked;
	enum listen_final why;
	/* v1 */
	uint64_t segment_from;      /* behind the last final */
	bool has_speech, has_words; /* since the last end of an utterance; since the last UtteranceEnd */
	uint64_t words_to;
	char partial[LISTEN_TEXT_MAX];
	/* v2 */
	uint64_t sequence;
	uint32_t turn;
	bool in_turn, is_eager;
	uint64_t turn_from, updated;
	struct listen_words said, now; /* finals of this turn; the partial behind them */
	const char *trigger;        /* the turn ends when its last final is there */
};

/* ---- listening.c ---- */

struct listening *listening_new(struct vendor *v, const struct vendor_turn *turn); /* NULL: no memory */
void listening_free(struct listening *l);

/* The request becomes its socket. An error: it has been replied to, and the client is the caller's to free. */
enum err listening_begin(struct listening *l, struct http_request *r, const struct harm *harm) MUST_USE;

void listening_say(struct listening *l, json_t *message); /* takes it; NULL is no memory and nothing */
void listening_final(struct listening *l, enum listen_final why); /* asks for one, unless one was asked for */
void listening_close(struct listening *l, uint16_t code);  /* behind all that was said */
double listening_seconds(uint64_t samples);
uint64_t listening_quiet_ms(const struct listening *l);    /* since the last voice */

/* [{"word":…,"start":…,"end":…,"confidence":…}]: spread over their time by letters. */
json_t *listening_words(const struct listen_words *w, bool punctuated);

/* ---- what the two protocols do with it ---- */

struct listen_protocol {
	void (*opened)(struct listening *l);
	void (*voice)(struct listening *l);   /* an utterance begins */
	void (*frame)(struct listening *l);   /* 20 ms more were heard */
	void (*partial)(struct listening *l, const struct listen_words *w);
	void (*final)(struct listening *l, const struct listen_words *w, enum listen_final why);
	bool (*message)(struct listening *l, const char *type, const json_t *message); /* false: there is none of this type */
	void (*garbage)(struct listening *l, const char *why);
};

extern const struct listen_protocol nova_protocol, flux_protocol;

#endif

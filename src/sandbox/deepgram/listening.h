/* Inside the sandbox's Deepgram: one client that is listened to. What listening.c (its life, its sound, its recogniser), nova.c and flux.c (what it
 * is told, in the messages of v1 and v2) and deepgram.c (its handshake) share.
 *
 *   open ─CloseStream, an empty frame─► closing ─the last final, or time─► over
 *     └─nothing for too long, the recogniser's end─► over
 *
 * Loop thread.
 * Facts: the shared protocol notes on Deepgram, checked 2026-11-21.
 */
#ifndef SANDBOX_DEEPGRAM_LISTENING_H
#define SANDBOX_DEEPGRAM_LISTENING_H

#include "sandbox/deepgram/query.h"
#include "sandbox/hearing.h"
#include "sandbox/late.h"
#include "sandbox/vendor.h"

enum {
	LISTEN_IDLE_US = 10000000, /* v1: without sound and KeepAlive */
	LISTEN_FLUX_IDLE_US = 60000000,
	LISTEN_LAST_US = 3000000,  /* for the last final, when it closes */
	LISTEN_WORDS_MAX = 400
};

struct listening {
	struct listening *next, **place;
	struct vendor *vendor;
	uint64_t number;            /* of asked.h */
	struct listen_query query;
	struct outlet out;
	char request_id[37], model_uuid[37];
	struct late later;
	struct clock_timer idle;
	bool closes, has_closed;
	struct hearing ears;
	/* v1 */
	uint64_t segment_from;      /* behind the last final */
	bool has_speech, has_words; /* since the last end of an utterance; since the last UtteranceEnd */
	uint64_t words_to;
	char partial[HEARING_TEXT_MAX];
	/* v2 */
	uint64_t sequence;
	uint32_t turn;
	bool in_turn, is_eager;
	uint64_t turn_from, updated;
	struct hearing_words said, now; /* finals of this turn; the partial behind them */
	const char *trigger;        /* the turn ends when its last final is there */
};

/* ---- listening.c ---- */

struct listening *listening_new(struct vendor *v, const struct vendor_turn *turn); /* NULL: no memory */
void listening_free(struct listening *l);

/* The request becomes its socket. An error: it has been replied to, and the client is the caller's to free. */
enum err listening_begin(struct listening *l, struct http_request *r, const struct harm *harm) MUST_USE;

void listening_say(struct listening *l, json_t *message); /* takes it; NULL is no memory and nothing */
void listening_close(struct listening *l, uint16_t code);  /* behind all that was said */

/* [{"word":…,"start":…,"end":…,"confidence":…}]: spread over their time by letters. */
json_t *listening_words(const struct hearing_words *w, bool punctuated);

/* ---- what the two protocols do with it ---- */

struct listen_protocol {
	void (*opened)(struct listening *l);
	void (*voice)(struct listening *l);   /* an utterance begins */
	void (*frame)(struct listening *l);   /* 20 ms more were heard */
	void (*partial)(struct listening *l, const struct hearing_words *w);
	void (*final)(struct listening *l, const struct hearing_words *w, enum hearing_why why);
	bool (*message)(struct listening *l, const char *type, const json_t *message); /* false: there is none of this type */
	void (*garbage)(struct listening *l, const char *why);
};

extern const struct listen_protocol nova_protocol, flux_protocol;

#endif

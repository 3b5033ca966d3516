/* Inside the Deepgram recogniser: what deepgram.c (streams: start, end, socket), deepgram_options.c (options, the address), deepgram_sound.c (what
 * is sent, and when) and deepgram_hear.c (what is told) share. Nobody else includes this.
 *
 *   start ─► connecting ─opened─► open ─cancel, closed, a failure─► freed
 *                 │ sound waits     └─ sound, KeepAlive, Finalize out; messages in
 *                 └─closed, a failure─► freed
 *
 * A failure inside push or finalize is told by the stream's timer, so that `ended` never runs inside them. Each message is told as at most
 * one transcript, and nothing of the stream is touched behind it: the handler may have cancelled it.
 */
#ifndef PROVIDERS_DEEPGRAM_DEEPGRAM_STATE_H
#define PROVIDERS_DEEPGRAM_DEEPGRAM_STATE_H

#include "base/buf.h"
#include "base/websocket.h"
#include "providers/deepgram/deepgram.h"
#include "providers/deepgram/deepgram_read.h"

enum { FILLS_MAX = 16, URL_MAX_BYTES = 7800, NAME_MAX_BYTES = 64 };

struct deepgram {
	uv_loop_t *loop;
	struct deepgram_options options; /* of its pointers only those that are borrowed until close are left, and ca_file, a copy */
	char model[USAGE_NAME_MAX];
	bool is_flux;
	bool is_one_language;  /* flux-general-en */
	bool has_hints;        /* the address has them already */
	bool has_told;         /* one end of a stream was told to the log as a warning */
	struct buf url;        /* all but the language */
	struct stt_stream *first;
};

/* Silence that we put in: where, of what was or will be sent. */
struct fill {
	uint64_t at, samples;
};

struct stt_stream {
	struct deepgram *d;
	struct stt_stream *next;
	struct stt_stream **slot;
	struct stt_events events;
	void *arg;
	struct websocket *ws;
	struct clock_timer timer;
	bool is_open;
	bool is_refused;       /* the socket's queue is full: until it has drained */
	bool has_warned;       /* a Warning was told to the log */
	enum err failed;       /* to be told by the timer */
	char request[DEEPGRAM_ID_MAX];
	char code[DEEPGRAM_ID_MAX]; /* of the vendor's Error */

	/* sound */
	struct buf waiting;
	uint64_t pushed, sent; /* samples; `sent` has the fills in it */
	uint64_t counted;      /* of `sent`, told as used */
	struct fill fills[FILLS_MAX];
	unsigned int fill_count;
	uint64_t fills_gone;   /* samples of fills that are forgotten: all before the first that is known */
	uint64_t pushed_us;    /* when sound last came, */
	uint64_t sound_us;     /* when some last went out, */
	uint64_t sent_us;      /* or anything did */
	uint64_t pace_us;      /* when the next frame may go */
	uint64_t fed;          /* samples of silence in a row */
	bool finalize;
	size_t finalize_at;    /* so much of `waiting` lies before it */
	uint64_t force_us;     /* Flux: the turn is forced to end then; 0: it is not */

	/* hearing */
	bool in_turn;          /* Flux */
	bool has_words;        /* since the last end of an utterance */
	bool has_partial;      /* words without their final yet */
	bool ends;             /* UtteranceEnd came before that final: it is the end, unless more is said than */
	uint64_t gap_us;       /* until here */
};

/* deepgram.c */
void stream_fail(struct stt_stream *s, enum err why); /* told in a later turn of the loop; nothing goes out or comes in any more */
void stream_end(struct stt_stream *s, enum err why);  /* told at once; frees */

/* deepgram_options.c */
enum err options_check(const struct deepgram_options *o, struct err_detail *detail) MUST_USE;
void options_url(struct buf *b, const struct deepgram_options *o); /* all but the language */
bool options_is_flux(const struct deepgram_options *o);
enum err language_put(struct buf *url, const struct deepgram *d, const char *language) MUST_USE; /* ERR_NOTFOUND */

/* deepgram_sound.c */
void sound_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples);
void sound_finalize(struct stt_stream *s);
void sound_opened(struct stt_stream *s);
void sound_step(struct stt_stream *s); /* sends what is due, and sets the timer for what will be */
void sound_count(struct stt_stream *s, bool is_over); /* tells what was sent */
uint64_t sound_place(const struct stt_stream *s, uint64_t us); /* the vendor's time as a sample that was pushed */

/* deepgram_hear.c */
void hear_message(struct stt_stream *s, const void *data, size_t len); /* the stream may be gone behind it */
enum err hear_end(const struct websocket_end *end);

#endif

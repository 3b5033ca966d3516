/* Inside Sarvam's recogniser: what sarvam_stt.c (streams: start, end, socket), sarvam_stt_options.c (options, the address), sarvam_stt_sound.c (what
 * is sent, and when) and sarvam_stt_hear.c (what is told) share. Nobody else includes this.
 *
 *   start ─► connecting ─opened─► open ─cancel, closed, a failure─► freed
 *                 │ sound waits     └─ sound, ping, flush out; messages in
 *                 └─closed, a failure─► freed
 *
 * A failure inside push or finalize is told by the stream's timer, so that `ended` never runs inside them. Each message is told as at most
 * one transcript, and nothing of the stream is touched behind it: the handler may have cancelled it.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_STT_STATE_H
#define PROVIDERS_SARVAM_SARVAM_STT_STATE_H

#include "base/buf.h"
#include "base/websocket.h"
#include "providers/sarvam/sarvam_stt.h"
#include "providers/sarvam/sarvam_stt_read.h"

enum {
	SARVAM_STT_URL_MAX_BYTES = 7800,
	SARVAM_STT_FRAME_MAX_SAMPLES = SARVAM_FRAME_MAX_MS * 8,
	SARVAM_STT_AUDIO_MAX_BYTES = SARVAM_STT_FRAME_MAX_SAMPLES * 2 * 4 / 3 + 128, /* a frame as linear16 in base64, and the JSON around it */
};

struct sarvam_stt_vendor {
	uv_loop_t *loop;
	struct sarvam_stt_options options; /* of its pointers only those that are borrowed until close are left, and ca_file, a copy */
	char model[USAGE_NAME_MAX];
	bool has_told;     /* one end of a stream was told to the log as a warning */
	struct buf url;    /* all but the language */
	struct stt_stream *first;
};

struct stt_stream {
	struct sarvam_stt_vendor *v;
	struct stt_stream *next;
	struct stt_stream **slot;
	struct stt_events events;
	void *arg;
	struct websocket *ws;
	struct clock_timer timer;
	bool is_open;
	bool is_refused;   /* the socket's queue is full: until it has drained */
	bool has_warned;   /* an error that ends nothing was told to the log */
	enum err failed;   /* to be told by the timer */
	char request[SARVAM_ID_MAX];
	char code[SARVAM_ID_MAX]; /* of the vendor's error */

	/* sound */
	struct buf waiting;
	struct buf message;      /* the JSON that goes out next */
	uint64_t pushed, sent;   /* samples */
	uint64_t counted;        /* of `sent`, told as used */
	uint64_t pushed_us;      /* when sound last came, */
	uint64_t sent_us;        /* and when anything went out */
	uint64_t pace_us;        /* when the next frame may go */
	bool finalize;
	size_t finalize_at;      /* so much of `waiting` lies before it */

	/* hearing */
	bool in_utterance;       /* something was said of it, and no final yet */
	uint32_t utterance;      /* which */
	uint32_t final_next;     /* the first whose final was not told */
	uint64_t from, to;       /* samples: where it began, and ended (0: it has not), by our own measure */
	uint64_t final_to;       /* where the last final ended */
};

/* sarvam_stt.c */
void sarvam_stream_fail(struct stt_stream *s, enum err why); /* told in a later turn of the loop; nothing goes out or comes in any more */
void sarvam_stream_end(struct stt_stream *s, enum err why);  /* told at once; frees */

/* sarvam_stt_options.c */
enum err sarvam_stt_options_check(const struct sarvam_stt_options *o, struct err_detail *detail) MUST_USE;
void sarvam_stt_options_url(struct buf *b, const struct sarvam_stt_options *o); /* all but the language */

/* sarvam_stt_sound.c */
void sarvam_sound_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples);
void sarvam_sound_finalize(struct stt_stream *s);
void sarvam_sound_opened(struct stt_stream *s);
void sarvam_sound_count(struct stt_stream *s, bool is_over); /* tells what was sent */
void sarvam_sound_step(struct stt_stream *s); /* sends what is due, and sets the timer for what will be */

/* sarvam_stt_hear.c */
void sarvam_hear_message(struct stt_stream *s, const void *data, size_t len); /* the stream may be gone behind it */
enum err sarvam_hear_end(const struct websocket_end *end);

#endif

/* Inside Sarvam's voice: what sarvam_tts.c (utterances, time, tts.h) and sarvam_tts_socket.c (the two sockets) share. Nobody else includes this.
 *
 *   no socket ──open──► opening ──opened: config──► open ──text, flush──► speaking ──final──► open
 *       ▲                  └──────────────────────────┴── closed, error ──────┤
 *       └─────── the other one takes over ◄───── cancel, deadline ────────────┘
 *
 * Utterances lie in the struct: a slot that is NULL makes one free, and an event may free any of them, or close everything; the memory stays until the
 * timer's handle is closed, in a later turn. An utterance that is not the one being spoken waits. What follows from a cancel (the next utterance, a new
 * spare) is done by the timer in the loop's next turn, so that a cancel of all drops one socket and not one for each.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_TTS_STATE_H
#define PROVIDERS_SARVAM_SARVAM_TTS_STATE_H

#include "base/websocket.h"
#include "providers/sarvam/sarvam_tts_read.h"
#include "providers/sarvam/sarvam_tts_request.h"

enum { SARVAM_SOCKETS = 2 };

struct tts_utterance {
	struct sarvam_voice *v;
	struct tts_utterance **slot; /* NULL: free */
	struct tts_events events;
	void *arg;
	uint32_t number;  /* counted up: the order of start */
	uint64_t deadline_ms;
	size_t samples;
	bool has_odd;     /* linear16: half of a sample has come */
	uint8_t odd;
	bool has_passed;  /* an end without sound was taken for another's */
	struct sarvam_manner manner;
	struct buf text;
};

struct voice_socket {
	struct sarvam_voice *v;
	struct websocket *ws;
	bool is_open;
	unsigned int finals;         /* that came */
	uint64_t sent_ms;
	struct sarvam_manner manner; /* what it was told last */
};

struct sarvam_voice {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct sarvam_tts_options options;
	enum sarvam_field field;     /* in force */
	bool has_tried_field, has_tried_path; /* the other one was taken; for good, if then */
	bool has_spoken, has_opened;          /* it did */
	bool is_other_path;
	struct voice_socket sockets[SARVAM_SOCKETS];
	unsigned int current;        /* whose turn it is */
	bool wants_sockets;          /* each that is missing is opened once */
	bool is_closing;
	uint32_t number;
	struct sarvam_manner manner; /* of who started last */
	struct tts_utterance *speaking;
	struct buf request;
	struct sarvam_tts_event event;
	struct tts_utterance utterances[SARVAM_UTTERANCES];
};

/* ---- sarvam_tts_socket.c ---- */

/* One that can speak, or will: the other takes over, or one is opened. */
enum err sarvam_socket_need(struct sarvam_voice *v) MUST_USE;

/* Text and flush to the socket whose turn it is, a config before them when it was told otherwise. ERR_CLOSED: it is gone and has not said so. */
enum err sarvam_socket_speak(struct sarvam_voice *v, const struct tts_utterance *u) MUST_USE;

/* Drops the socket whose turn it is, with what it speaks; the other takes over. No handler runs. */
void sarvam_socket_swap(struct sarvam_voice *v);
void sarvam_sockets_drop(struct sarvam_voice *v);

/* A bad or last word came on it: tells sarvam_voice_lost. */
void sarvam_socket_lose(struct voice_socket *s, enum err why);

void sarvam_sockets_open(struct sarvam_voice *v); /* those that are missing and wanted */
void sarvam_sockets_ping(struct sarvam_voice *v, uint64_t now_ms);

/* ---- sarvam_tts.c ---- */

void sarvam_voice_later(struct sarvam_voice *v); /* goes on in the loop's next turn */
void sarvam_voice_opened(struct sarvam_voice *v);
void sarvam_voice_lost(struct sarvam_voice *v, enum err why, bool was_open); /* the socket whose turn it was */
void sarvam_voice_heard(struct sarvam_voice *v, struct voice_socket *s, struct sarvam_tts_event *e);

#endif

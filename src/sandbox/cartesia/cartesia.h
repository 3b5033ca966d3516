/* Inside the sandbox's Cartesia: what cartesia.c (requests, the socket) and context.c (what is said in one context) share. Loop thread. */
#ifndef SANDBOX_CARTESIA_CARTESIA_H
#define SANDBOX_CARTESIA_CARTESIA_H

#include "sandbox/cartesia/asking.h"
#include "sandbox/vendor.h"

enum { CONTEXTS_MAX = 150, CONTEXT_PIECES_MAX = 64, CONTEXT_PENDING_MAX = SPEECH_TEXT_MAX, VOICE_IDLE_US = 300000000 };

struct voice_socket;

/* A part of a transcript that is spoken as one. */
struct context_piece {
	struct context_piece *next;
	unsigned int flush_id;
	bool tells_flush;
	size_t len;
	char text[];
};

/* What is said under one name:  texts ─(whole, flushed, waited for long enough)─► pieces ─► spoken, one after the other ─► done */
struct context {
	struct voice_socket *socket;
	struct context *next, **place;
	char id[ASKING_CONTEXT_MAX + 1];
	char *sameness;
	struct asking asked;      /* of the first request; its texts are not kept */
	char pending[CONTEXT_PENDING_MAX + 1];
	size_t pending_len;
	struct clock_timer more;  /* text is waited for */
	struct clock_timer wait;  /* before the first sound */
	struct context_piece *pieces;
	size_t piece_count;
	struct speech speech;
	bool speaks, waits, ends; /* ends: no more text will come */
	bool has_spoken;
	unsigned int flush_id;
	uint64_t samples;         /* of what was said before this piece, at SPEECH_HZ */
	uint64_t began_us;        /* this piece */
};

struct voice_socket {
	struct voice_socket *next, **place;
	struct vendor *vendor;
	uint64_t number;          /* of asked.h */
	const char *version;
	struct outlet out;
	struct clock_timer idle;
	struct context *contexts;
	size_t context_count;
	bool has_closed;
};

/* An answer of POST /tts/bytes. */
struct voice_bytes {
	struct voice_bytes *next, **place;
	struct vendor *vendor;
	struct harm harm;
	struct http_request *request;
	struct outlet out;
	struct clock_timer wait;
	struct speech speech;
	struct speech_format format;
	char text[SPEECH_TEXT_MAX + 1];
	size_t len;
	bool is_open;
};

struct voices {
	struct voice_socket *sockets;
	struct voice_bytes *answers;
};

/* context.c */
void context_hear(struct voice_socket *s, const json_t *request); /* one message of the client's that is JSON */
void context_free(struct context *c);
void socket_say(struct voice_socket *s, json_t *message);         /* takes it */
void socket_refuse(struct voice_socket *s, const char *context, const struct asking_refusal *refusal);

#endif

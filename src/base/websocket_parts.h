/* Inside the WebSocket: what websocket.c (its life), websocket_frames.c (what arrives), websocket_client.c (look-up, connection,
 * handshake), websocket_tls.c and, to begin one, http_upgrade.c share. Nobody else includes this.
 *
 *   connecting ─handshake─► open ─websocket_close─► closing ─the peer's close─┐
 *       │                    ├─the peer's close, a broken rule──────────────► linger ─end of the socket, or time─► done
 *       └─────failure────────┴─end of the socket, dead peer───────────────────────────────────────────────────────►
 *
 * `closed` is told on the way into linger or done. Done closes the handles; behind the last of them it is freed.
 */
#ifndef BASE_WEBSOCKET_PARTS_H
#define BASE_WEBSOCKET_PARTS_H

#include <wslay/wslay.h>

#include "base/buf.h"
#include "base/http_outbox.h"
#include "base/websocket.h"
#include "base/websocket_text.h"

enum {
	WEBSOCKET_ACCEPT_TEXT = 29,
	CONTROL_MAX = 125,
	FRAME_HEAD_MAX = 14,
	CONTROL_ROOM = 4096, /* above send_max_bytes, for pongs and the closing handshake */
	MASKS_BYTES = 256,
};

enum websocket_state { WS_CONNECTING, WS_OPEN, WS_CLOSING, WS_LINGER, WS_DONE };

struct websocket_tls;
struct websocket_connecting;

struct websocket_start {
	uv_loop_t *loop;
	const struct websocket_settings *settings;
	const struct websocket_handlers *handlers;
	void *arg;
	bool is_client;
	void (*released)(void *arg); /* all is closed and freed */
	void *released_arg;
};

struct websocket {
	struct websocket_start start;
	struct websocket_settings settings; /* start.settings points here */
	enum websocket_state state;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned int handles; /* not yet closed; a name look-up counts */
	bool has_poll, has_timer;
	int fd;
	int events;           /* that poll was asked for */
	struct wslay_frame_context *frames;
	struct http_outbox out;
	bool refused;         /* a push was, since it last drained */
	bool paused, steps, kick;
	bool has_ended;       /* the peer sends no more */
	bool is_broken;       /* sending or receiving failed */
	bool is_shut;         /* our sending side is */
	unsigned int reads;   /* that are left in this turn of the loop */
	uint8_t *early;       /* bytes that came with the handshake */
	size_t early_at, early_len;
	/* what arrives */
	bool in_frame;
	uint8_t opcode, fin;
	uint64_t frame_left;
	uint8_t control[CONTROL_MAX];
	size_t control_len;
	enum websocket_kind kind; /* of the message in hand; 0: none */
	struct buf message;
	struct text_check text;
	/* time */
	uint64_t heard_us, pinged_us, deadline_us;
	uint16_t close_code;  /* ours */
	/* masks, for a client */
	uint8_t masks[MASKS_BYTES];
	size_t masks_left;
	struct websocket_tls *tls;
	struct websocket_connecting *connecting;
};

/* websocket.c */
enum err websocket_new(struct websocket **wp, const struct websocket_start *start, const struct buf *first, const void *early, size_t early_len) MUST_USE;
void websocket_attach(struct websocket *w, int fd); /* owns it; begins in a later turn of the loop */
enum err websocket_early(struct websocket *w, const void *data, size_t len) MUST_USE;
void websocket_begin(struct websocket *w);          /* a client's handshake is done */
void websocket_later(struct websocket *w);          /* come back in a later turn of the loop */
void websocket_tell(struct websocket *w, enum err err, uint16_t code, unsigned int status, const char *reason);
void websocket_fail(struct websocket *w, enum err err, uint16_t code, const char *reason); /* says so to the peer too */
void websocket_done(struct websocket *w);
void websocket_linger(struct websocket *w);
void websocket_handle_closed(uv_handle_t *handle);
void websocket_unhold(struct websocket *w);         /* one of `handles` is gone */
enum err websocket_frame(struct websocket *w, uint8_t opcode, const void *data, size_t len) MUST_USE;
ssize_t websocket_receive(struct websocket *w, uint8_t *data, size_t len); /* 0: nothing now, or flags are set */
void websocket_accept_text(const char *key, char *out); /* WEBSOCKET_ACCEPT_TEXT bytes */
uint64_t websocket_now_us(void);

/* websocket_frames.c */
void websocket_input(struct websocket *w);
enum err websocket_frames_new(struct websocket *w) MUST_USE;

/* websocket_client.c: one turn; on_event and time in one */
void websocket_connect_step(struct websocket *w);
void websocket_connect_free(struct websocket *w);
bool websocket_connect_events(const struct websocket *w, int *events);

/* websocket_tls.c */
enum err websocket_tls_new(struct websocket_tls **tp, const char *host, const char *ca_file, struct err_detail *detail) MUST_USE;
void websocket_tls_free(struct websocket_tls *t);
enum err websocket_tls_handshake(struct websocket *w, bool *done, const char **why) MUST_USE;
ssize_t websocket_tls_receive(struct websocket *w, uint8_t *data, size_t len);
enum err websocket_tls_send(struct websocket *w, const void *data, size_t len) MUST_USE; /* into w->out */
struct buf *websocket_tls_plain(struct websocket_tls *t); /* a frame is put together here */
void websocket_tls_end(struct websocket *w);

#endif

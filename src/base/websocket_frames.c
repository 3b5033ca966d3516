/* What arrives on a WebSocket: frames to messages, control frames to answers, broken rules to close codes (RFC 6455 sections 5 to 8). */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/websocket_parts.h"

/* ---- the codec's three hands ---- */

static ssize_t frames_read(uint8_t *data, size_t len, int flags, void *arg)
{
	ssize_t got = websocket_receive(arg, data, len);

	(void)flags;
	return got > 0 ? got : -1;
}

/* There is room: websocket_frame has seen to it. */
static ssize_t frames_write(const uint8_t *data, size_t len, int flags, void *arg)
{
	struct websocket *w = arg;

	(void)flags;
	if (w->tls) {
		struct buf *plain = websocket_tls_plain(w->tls);

		buf_append(plain, data, len);
		return plain->err ? -1 : (ssize_t)len;
	}
	return outbox_put(&w->out, data, len, websocket_now_us()) ? -1 : (ssize_t)len;
}

/* A mask must not be guessed (section 10.3); the system is asked for sixty-four at a time. */
static int frames_mask(uint8_t *data, size_t len, void *arg)
{
	struct websocket *w = arg;

	if (w->masks_left < len) {
		randombytes_buf(w->masks, sizeof(w->masks));
		w->masks_left = sizeof(w->masks);
	}
	w->masks_left -= len;
	memcpy(data, w->masks + w->masks_left, len);
	return 0;
}

enum err websocket_frames_new(struct websocket *w)
{
	static const struct wslay_frame_callbacks hands = { frames_write, frames_read, frames_mask };

	return wslay_frame_context_init(&w->frames, &hands, w) ? ERR_NOMEM : ERR_NONE;
}

/* ---- control frames ---- */

/* Codes that may stand in a close frame: section 7.4 and what was registered since. */
static bool is_close_code(unsigned int code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) || (code >= 3000 && code <= 4999);
}

static void close_answer(struct websocket *w, uint16_t code, const char *reason)
{
	enum websocket_state state = w->state;

	if (state == WS_OPEN && websocket_frame(w, WSLAY_CONNECTION_CLOSE, w->control, w->control_len ? 2 : 0))
		w->is_broken = true;
	websocket_linger(w);
	websocket_tell(w, ERR_NONE, code, 0, reason);
}

static void close_arrived(struct websocket *w)
{
	char reason[WEBSOCKET_REASON_MAX + 1] = "";
	struct text_check text = { .left = 0 };
	unsigned int code = WEBSOCKET_NO_CODE;

	if (w->control_len == 1) {
		websocket_fail(w, ERR_FORMAT, WEBSOCKET_PROTOCOL, "half a close code");
		return;
	}
	if (w->control_len) {
		code = (unsigned int)w->control[0] << 8 | w->control[1];
		memcpy(reason, w->control + 2, w->control_len - 2);
		if (!is_close_code(code)) {
			websocket_fail(w, ERR_FORMAT, WEBSOCKET_PROTOCOL, "a close code that must not be sent");
			return;
		}
		if (!text_check_step(&text, w->control + 2, w->control_len - 2) || !text_check_is_whole(&text)) {
			websocket_fail(w, ERR_FORMAT, WEBSOCKET_BAD_TEXT, "a reason that is not UTF-8");
			return;
		}
	}
	close_answer(w, (uint16_t)code, reason);
}

static void control_arrived(struct websocket *w)
{
	if (w->opcode == WSLAY_CONNECTION_CLOSE)
		close_arrived(w);
	else if (w->opcode == WSLAY_PING && w->state == WS_OPEN && websocket_frame(w, WSLAY_PONG, w->control, w->control_len))
		websocket_fail(w, ERR_LIMIT, WEBSOCKET_POLICY, "pings, and nobody who reads the pongs");
}

/* ---- messages ---- */

static void message_deliver(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len)
{
	if (kind == WEBSOCKET_TEXT && !text_check_is_whole(&w->text)) {
		websocket_fail(w, ERR_FORMAT, WEBSOCKET_BAD_TEXT, "a text that is not UTF-8");
		return;
	}
	w->kind = 0;
	if (w->state == WS_OPEN)
		w->start.handlers->message(w, kind, len ? data : (const uint8_t *)"", len, w->start.arg);
}

/* What breaks a rule in a frame's head, or NULL. */
static const char *head_wrong(const struct websocket *w, const struct wslay_frame_iocb *f)
{
	bool control = wslay_is_ctrl_frame(f->opcode);

	if (f->rsv)
		return "reserved bits, without an extension";
	if (!f->mask == !w->start.is_client)
		return w->start.is_client ? "a masked frame from a server" : "an unmasked frame from a client";
	if ((f->opcode > WSLAY_BINARY_FRAME && !control) || f->opcode > WSLAY_PONG)
		return "an unknown kind of frame";
	if (control)
		return NULL;
	if (f->opcode == WSLAY_CONTINUATION_FRAME && !w->kind)
		return "a continuation of nothing";
	if (f->opcode != WSLAY_CONTINUATION_FRAME && w->kind)
		return "a new message inside another";
	return NULL;
}

/* False: the frame is refused. */
static bool frame_begin(struct websocket *w, const struct wslay_frame_iocb *f)
{
	const char *wrong = head_wrong(w, f);
	bool control = wslay_is_ctrl_frame(f->opcode);

	if (wrong) {
		websocket_fail(w, ERR_FORMAT, WEBSOCKET_PROTOCOL, wrong);
		return false;
	}
	if (!control && f->payload_length > w->settings.message_max_bytes - w->message.len) {
		websocket_fail(w, ERR_LIMIT, WEBSOCKET_TOO_BIG, "a message over the ceiling");
		return false;
	}
	w->in_frame = true;
	w->opcode = f->opcode;
	w->fin = f->fin;
	w->frame_left = f->payload_length;
	if (control)
		w->control_len = 0;
	else if (f->opcode != WSLAY_CONTINUATION_FRAME) {
		w->kind = f->opcode == WSLAY_TEXT_FRAME ? WEBSOCKET_TEXT : WEBSOCKET_BINARY;
		w->text = (struct text_check){ .left = 0 };
		buf_reset(&w->message);
	}
	return true;
}

static void control_part(struct websocket *w, const struct wslay_frame_iocb *f)
{
	assert(f->data_length <= sizeof(w->control) - w->control_len); /* the codec has looked */
	memcpy(w->control + w->control_len, f->data, f->data_length);
	w->control_len += f->data_length;
}

/* A message that lies whole in the codec's buffer is handed over from there. */
static void data_part(struct websocket *w, const struct wslay_frame_iocb *f)
{
	bool whole = f->data_length == f->payload_length && w->fin && w->opcode != WSLAY_CONTINUATION_FRAME;

	if (w->kind == WEBSOCKET_TEXT && !text_check_step(&w->text, f->data, f->data_length)) {
		websocket_fail(w, ERR_FORMAT, WEBSOCKET_BAD_TEXT, "a text that is not UTF-8");
		return;
	}
	if (whole) {
		message_deliver(w, w->kind, f->data, f->data_length);
		return;
	}
	buf_append(&w->message, f->data, f->data_length);
	if (w->message.err)
		websocket_fail(w, w->message.err, WEBSOCKET_FAILED, "no memory for a message");
	else if (!w->in_frame && w->fin) {
		size_t len = w->message.len;

		w->message.len = 0; /* what the handler pushes may not find it counted */
		message_deliver(w, w->kind, w->message.data, len);
	}
}

static void frame_part(struct websocket *w, const struct wslay_frame_iocb *f)
{
	if (!w->in_frame && !frame_begin(w, f))
		return;
	w->frame_left -= f->data_length;
	w->in_frame = w->frame_left > 0;
	if (!wslay_is_ctrl_frame(w->opcode)) {
		data_part(w, f);
		return;
	}
	control_part(w, f);
	if (!w->in_frame)
		control_arrived(w);
}

void websocket_input(struct websocket *w)
{
	while ((w->state == WS_OPEN && !w->paused) || w->state == WS_CLOSING) {
		struct wslay_frame_iocb f = { .fin = 0 };
		ssize_t got = wslay_frame_recv(w->frames, &f);

		if (got == WSLAY_ERR_WANT_READ)
			return;
		if (got < 0) {
			websocket_fail(w, ERR_FORMAT, WEBSOCKET_PROTOCOL, "a frame that must not be");
			return;
		}
		frame_part(w, &f);
	}
}

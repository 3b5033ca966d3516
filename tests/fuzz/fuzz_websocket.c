/* What a peer sends to a WebSocket, both sides. The first byte says which side, the second how the rest is cut: however it is cut,
 * the same messages arrive, the same bytes are answered, the same end comes; and every handle closes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/websocket_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SAID_MAX = 1 << 20 };

struct run {
	uint64_t sum;     /* of what arrived */
	unsigned int messages, closed;
	struct websocket *w;
	uint16_t code;
	struct buf said;  /* by the socket */
};

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct run *r = arg;

	assert(r->w == w && !r->closed && len <= 2000);
	r->messages++;
	r->sum = r->sum * 31 + (uint64_t)kind + len;
	for (size_t i = 0; i < len; i++)
		r->sum = r->sum * 31 + data[i];
	(void)!websocket_push(w, kind, data, len);
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct run *r = arg;

	assert(r->w == w && !r->closed);
	r->closed++;
	r->code = end->code;
}

static const struct websocket_handlers handlers = { .message = on_message, .closed = on_closed };

static void drain(uv_loop_t *loop, int fd, struct run *r)
{
	uint8_t part[4096];
	ssize_t got;

	do {
		uv_run(loop, UV_RUN_NOWAIT);
		got = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (got > 0)
			buf_append(&r->said, part, (size_t)got);
	} while (got > 0);
}

/* Sends `data` in pieces of `piece` bytes, then the end. Clients begin where their handshake is over. */
static void talk(struct run *r, bool is_client, const uint8_t *data, size_t size, size_t piece)
{
	struct websocket_settings settings = { .message_max_bytes = 2000, .send_max_bytes = 100000 };
	uv_loop_t loop;
	struct websocket_start start = { .loop = &loop, .settings = &settings, .handlers = &handlers, .arg = r, .is_client = is_client };
	int pair[2];

	*r = (struct run){ .sum = 0 };
	buf_init(&r->said, SAID_MAX);
	if (uv_loop_init(&loop) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || websocket_new(&r->w, &start, NULL, NULL, 0))
		abort();
	if (is_client)
		websocket_begin(r->w);
	websocket_attach(r->w, pair[0]);
	while (size) {
		size_t part = size < piece ? size : piece;
		ssize_t sent = send(pair[1], data, part, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			data += sent;
			size -= (size_t)sent;
		}
		drain(&loop, pair[1], r);
		if (sent <= 0 || r->closed)
			break;
	}
	shutdown(pair[1], SHUT_WR);
	while (uv_loop_alive(&loop))
		drain(&loop, pair[1], r);
	drain(&loop, pair[1], r);
	close(pair[1]);
	assert(r->closed == 1);
	if (uv_loop_close(&loop))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, cut;
	size_t piece;
	bool is_client;

	if (size < 3 || size > 20000)
		return 0;
	is_client = data[0] & 1;
	piece = data[1] + 1u;
	talk(&whole, is_client, data + 2, size - 2, size);
	talk(&cut, is_client, data + 2, size - 2, piece);
	assert(whole.messages == cut.messages && whole.sum == cut.sum && whole.code == cut.code);
	if (!is_client) /* masks differ */
		assert(whole.said.len == cut.said.len && !memcmp(buf_str(&whole.said), buf_str(&cut.said), whole.said.len));
	buf_fini(&whole.said);
	buf_fini(&cut.said);
	return 0;
}

/* A small HTTP client for tests, on the test's own loop: one request a connection, the whole answer read. */
#ifndef ASKKIT_H
#define ASKKIT_H

#include "datakit.h"

#include <jansson.h>

struct asking {
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	char request[16384];
	char answer[65536];
	size_t len;
	unsigned int done;
	unsigned int status;
	json_t *json; /* of the body, or NULL */
};

static inline void asking_closed(uv_handle_t *handle)
{
	struct asking *a = handle->data;
	const char *body = strstr(a->answer, "\r\n\r\n");

	a->status = (unsigned int)strtoul(a->len > 9 ? a->answer + 9 : "0", NULL, 10);
	a->json = body ? json_loads(body + 4, 0, NULL) : NULL;
	a->done = 1;
}

static inline void asking_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	struct asking *a = handle->data;

	(void)size;
	assert_true(a->len < sizeof(a->answer) - 1);
	*out = uv_buf_init(a->answer + a->len, (unsigned int)(sizeof(a->answer) - 1 - a->len));
}

static inline void asking_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *in)
{
	struct asking *a = stream->data;

	(void)in;
	if (got > 0)
		a->len += (size_t)got;
	else if (got < 0)
		uv_close((uv_handle_t *)stream, asking_closed);
}

static inline void asking_connected(uv_connect_t *connect, int status)
{
	struct asking *a = connect->handle->data;
	uv_buf_t out = uv_buf_init(a->request, (unsigned int)strlen(a->request));

	assert_int_equal(status, 0);
	assert_int_equal(uv_write(&a->write, connect->handle, &out, 1, NULL), 0);
	assert_int_equal(uv_read_start(connect->handle, asking_alloc, asking_read), 0);
}

/* `a->request` is filled. */
static inline void asking_go(struct asking *a, struct world *w, unsigned int port)
{
	struct sockaddr_in to;

	uv_ip4_addr("127.0.0.1", (int)port, &to);
	uv_tcp_init(&w->loop, &a->tcp);
	a->tcp.data = a;
	assert_int_equal(uv_tcp_connect(&a->connect, &a->tcp, (const struct sockaddr *)&to, asking_connected), 0);
}

static inline void asking_start(struct asking *a, struct world *w, unsigned int port, const char *line, const char *headers, const char *body)
{
	memset(a, 0, sizeof(*a));
	snprintf(a->request, sizeof(a->request), "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s", line, headers, strlen(body), body);
	asking_go(a, w, port);
}

#endif

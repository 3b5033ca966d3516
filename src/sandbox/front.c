#include "sandbox/front.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/http_server.h"

enum { READ_BYTES = 16384, END_MS = 30000, BACKLOG = 128, FRONT_HANDLES = 3 };

struct front {
	uv_loop_t *loop;
	SSL_CTX *tls;
	uv_tcp_t listener;
	unsigned int port, count;
	struct sockaddr_in inner;
	struct pass *first;
	bool is_closing;
	bool is_full;        /* somebody waits to be let in */
	void (*closed)(void *arg);
	void *arg;
};

/* One of the two connections. */
struct side {
	uv_tcp_t tcp;
	struct pass *pass;
	size_t waiting;  /* bytes that are written and not yet out */
	bool is_read, has_ended, is_shut;
};

/* One client and what goes on for it:  handshake ─► connecting ─► passing ─one side ends─► ending ─► closed */
struct pass {
	struct front *front;
	struct pass *next, **place;
	struct side client, inner;
	uv_timer_t timer;
	uv_connect_t connect;
	unsigned int handles;
	bool is_closing, is_shaken, is_connected;
	SSL *ssl;
	BIO *in, *out;      /* the client's bytes, as they came and as they are to go; the SSL's */
	char bytes[READ_BYTES];
};

struct passing_write {
	uv_write_t request;
	struct side *side;
	size_t len;
	char data[];
};

static void pass_step(struct pass *p);
static void on_connection(uv_stream_t *listener, int status);

/* ------------------------------------------------------------------ the end */

static void front_freed(uv_handle_t *handle)
{
	struct front *f = handle->data;

	if (f->closed)
		f->closed(f->arg);
	free(f);
}

/* Behind the last connection. */
static void front_done(struct front *f)
{
	if (f->is_closing && !f->first && !uv_is_closing((uv_handle_t *)&f->listener))
		uv_close((uv_handle_t *)&f->listener, front_freed);
}

static void handle_closed(uv_handle_t *handle)
{
	struct pass *p = handle->data;
	struct front *f = p->front;

	if (--p->handles)
		return;
	*p->place = p->next;
	if (p->next)
		p->next->place = p->place;
	SSL_free(p->ssl);
	free(p);
	f->count--;
	if (f->is_full && !f->is_closing)
		on_connection((uv_stream_t *)&f->listener, 0);
	front_done(f);
}

static void pass_close(struct pass *p, bool breaks)
{
	if (p->is_closing)
		return;
	p->is_closing = true;
	uv_close((uv_handle_t *)&p->timer, handle_closed);
	if (!breaks || uv_tcp_close_reset(&p->client.tcp, handle_closed))
		uv_close((uv_handle_t *)&p->client.tcp, handle_closed);
	if (!breaks || !p->is_connected || uv_tcp_close_reset(&p->inner.tcp, handle_closed))
		uv_close((uv_handle_t *)&p->inner.tcp, handle_closed);
}

static void on_timer(uv_timer_t *timer)
{
	struct pass *p = timer->data;

	pass_close(p, false);
}

/* ------------------------------------------------------------------ bytes */

static void on_written(uv_write_t *request, int status)
{
	struct passing_write *w = (struct passing_write *)request;
	struct pass *p = w->side->pass;

	w->side->waiting -= w->len;
	free(w);
	if (status < 0)
		pass_close(p, status == UV_ECONNRESET || status == UV_EPIPE);
	else
		pass_step(p);
}

static char *write_room(struct passing_write **wp, struct side *side, size_t len)
{
	struct passing_write *w = malloc(sizeof(*w) + len);

	*wp = w;
	if (!w)
		return NULL;
	w->side = side;
	w->len = len;
	return w->data;
}

static void write_send(struct passing_write *w)
{
	struct side *side = w->side;
	uv_buf_t buf = uv_buf_init(w->data, (unsigned int)w->len);

	side->waiting += w->len;
	if (uv_write(&w->request, (uv_stream_t *)&side->tcp, &buf, 1, on_written)) {
		side->waiting -= w->len;
		free(w);
		pass_close(side->pass, true);
	}
}

static void on_shut(uv_shutdown_t *request, int status)
{
	(void)status;
	free(request);
}

static void side_shut(struct side *side)
{
	uv_shutdown_t *request = side->is_shut ? NULL : malloc(sizeof(*request));

	if (!request)
		return;
	side->is_shut = true;
	if (uv_shutdown(request, (uv_stream_t *)&side->tcp, on_shut))
		free(request);
	uv_timer_start(&side->pass->timer, on_timer, END_MS, 0);
}

/* What TLS wants to say to the client. */
static void flush(struct pass *p)
{
	size_t len = BIO_ctrl_pending(p->out);
	struct passing_write *w;
	char *room = len ? write_room(&w, &p->client, len) : NULL;

	if (!len)
		return;
	if (!room || BIO_read(p->out, room, (int)len) != (int)len) {
		if (room)
			free(w);
		pass_close(p, true);
		return;
	}
	write_send(w);
}

/* ------------------------------------------------------------------ reading */

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct side *side = (struct side *)(void *)handle; /* its tcp is its beginning */

	(void)size;
	*buf = uv_buf_init(side->pass->bytes, READ_BYTES);
}

static void client_read(struct pass *p, const char *data, size_t len)
{
	if (BIO_write(p->in, data, (int)len) != (int)len)
		pass_close(p, true);
}

static void inner_read(struct pass *p, const char *data, size_t len)
{
	ERR_clear_error();
	if (SSL_write(p->ssl, data, (int)len) != (int)len)
		pass_close(p, true);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct side *side = (struct side *)(void *)stream;
	struct pass *p = side->pass;

	if (p->is_closing || !len)
		return;
	if (len == UV_EOF)
		side->has_ended = true;
	else if (len < 0)
		pass_close(p, true);
	else if (side == &p->client)
		client_read(p, buf->base, (size_t)len);
	else
		inner_read(p, buf->base, (size_t)len);
	pass_step(p);
}

/* Reads while the other side takes what comes. */
static void side_reads(struct side *side, bool reads)
{
	reads = reads && !side->has_ended;
	if (reads == side->is_read)
		return;
	side->is_read = reads;
	if (reads)
		(void)uv_read_start((uv_stream_t *)&side->tcp, on_room, on_read);
	else
		(void)uv_read_stop((uv_stream_t *)&side->tcp);
}

/* ------------------------------------------------------------------ steps */

static void on_connected(uv_connect_t *connect, int status)
{
	struct pass *p = connect->data;

	if (status < 0) {
		pass_close(p, true);
		return;
	}
	p->is_connected = true;
	pass_step(p);
}

static void handshake_step(struct pass *p)
{
	int said;

	ERR_clear_error();
	said = SSL_accept(p->ssl);
	if (said == 1) {
		p->is_shaken = true;
		uv_timer_stop(&p->timer);
		p->connect.data = p;
		if (uv_tcp_connect(&p->connect, &p->inner.tcp, (const struct sockaddr *)&p->front->inner, on_connected))
			pass_close(p, true);
	} else if (SSL_get_error(p->ssl, said) != SSL_ERROR_WANT_READ) {
		flush(p); /* the alert */
		p->client.has_ended = true;
		side_shut(&p->client);
	}
}

/* From the client on to the server, as long as it takes it. */
static void decrypt(struct pass *p)
{
	while (!p->is_closing && p->inner.waiting < FRONT_WAITING_MAX) {
		struct passing_write *w;
		char *room = write_room(&w, &p->inner, READ_BYTES);
		int len;

		if (!room) {
			pass_close(p, true);
			return;
		}
		ERR_clear_error();
		len = SSL_read(p->ssl, room, READ_BYTES);
		if (len <= 0) {
			bool wants = SSL_get_error(p->ssl, len) == SSL_ERROR_WANT_READ;

			free(w);
			if (!wants || p->client.has_ended)
				side_shut(&p->inner);
			return;
		}
		w->len = (size_t)len;
		write_send(w);
	}
}

static void pass_step(struct pass *p)
{
	if (p->is_closing)
		return;
	if (!p->is_shaken && !p->client.has_ended)
		handshake_step(p);
	if (p->is_connected && !p->inner.is_shut && !p->is_closing)
		decrypt(p);
	if (p->inner.has_ended && !p->client.is_shut && !p->is_closing) {
		(void)SSL_shutdown(p->ssl);
		flush(p);
		side_shut(&p->client);
	}
	if (!p->is_closing)
		flush(p);
	if (p->is_closing)
		return;
	if (p->client.has_ended && !p->client.waiting && (p->inner.has_ended || !p->is_connected)) {
		pass_close(p, false);
		return;
	}
	side_reads(&p->client, p->inner.waiting < FRONT_WAITING_MAX);
	side_reads(&p->inner, p->is_connected && p->client.waiting < FRONT_WAITING_MAX);
}

/* ------------------------------------------------------------------ the beginning */

static bool tls_make(struct pass *p)
{
	p->ssl = SSL_new(p->front->tls);
	p->in = BIO_new(BIO_s_mem());
	p->out = BIO_new(BIO_s_mem());
	if (!p->ssl || !p->in || !p->out) {
		BIO_free(p->in);
		BIO_free(p->out);
		SSL_free(p->ssl);
		return false;
	}
	SSL_set_bio(p->ssl, p->in, p->out);
	return true;
}

static struct pass *pass_new(struct front *f)
{
	struct pass *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->front = f;
	if (!tls_make(p)) {
		free(p);
		return NULL;
	}
	p->next = f->first;
	p->place = &f->first;
	if (p->next)
		p->next->place = &p->next;
	f->first = p;
	f->count++;
	p->client.pass = p->inner.pass = p;
	p->handles = FRONT_HANDLES;
	uv_tcp_init(f->loop, &p->client.tcp);
	uv_tcp_init(f->loop, &p->inner.tcp);
	uv_timer_init(f->loop, &p->timer);
	p->client.tcp.data = p->inner.tcp.data = p->timer.data = p;
	return p;
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct front *f = listener->data;
	struct pass *p = status || f->is_closing || f->count >= FRONT_CONNECTIONS_MAX ? NULL : pass_new(f);

	f->is_full = !p && !status;
	if (!p)
		return; /* it waits until another one goes */
	if (uv_accept(listener, (uv_stream_t *)&p->client.tcp)) {
		pass_close(p, false);
		return;
	}
	uv_tcp_nodelay(&p->client.tcp, 1);
	uv_timer_start(&p->timer, on_timer, FRONT_HANDSHAKE_MS, 0);
	side_reads(&p->client, true);
}

enum err front_open(struct front **fp, uv_loop_t *loop, struct ssl_ctx_st *tls, const char *listen, unsigned int inner, struct err_detail *detail)
{
	struct front *f;
	struct sockaddr_storage at;
	int fd, len = sizeof(at);
	enum err err;

	*fp = NULL;
	err = http_listen(listen, &fd, detail);
	if (err)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f) {
		close(fd);
		return ERR_NOMEM;
	}
	f->loop = loop;
	f->tls = tls;
	uv_ip4_addr("127.0.0.1", (int)inner, &f->inner);
	uv_tcp_init(loop, &f->listener);
	f->listener.data = f;
	if (uv_tcp_open(&f->listener, fd) || uv_listen((uv_stream_t *)&f->listener, BACKLOG, on_connection)) {
		front_close(&f, NULL, NULL);
		return ERR_IO;
	}
	if (!uv_tcp_getsockname(&f->listener, (struct sockaddr *)&at, &len))
		f->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port : ((struct sockaddr_in *)&at)->sin_port);
	*fp = f;
	return ERR_NONE;
}

unsigned int front_port(const struct front *f)
{
	return f->port;
}

void front_close(struct front **fp, void (*closed)(void *arg), void *arg)
{
	struct front *f = *fp;
	struct pass *p, *next;

	*fp = NULL;
	f->is_closing = true;
	f->closed = closed;
	f->arg = arg;
	for (p = f->first; p; p = next) {
		next = p->next;
		pass_close(p, true);
	}
	front_done(f);
}

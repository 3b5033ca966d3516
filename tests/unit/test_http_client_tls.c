/* The HTTP client over TLS, and HTTP/2: a server on a thread of its own, with certificates made for this run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/http_client.h"

/* ---- certificates ---- */

static EVP_PKEY *key;
static char folder[64], ca_file[128];

static X509 *cert_make(const char *name, const char *san, X509 *issuer, long from_s, long until_s)
{
	X509 *x = X509_new();
	X509V3_CTX ctx;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(x), from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), until_s);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
	for (int i = 0; i < 2; i++) {
		X509_EXTENSION *e = i ? (san ? X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, san) : NULL)
			: X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");

		if (e)
			X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

/* ---- the server ---- */

enum { LARGE_FRAME = 16000, LARGE_FRAMES = 100 };

enum tls_mode { TLS_HTTP1, TLS_HTTP2, TLS_HTTP2_HOLD_SECOND, TLS_HTTP2_LARGE, TLS_CUT };

static struct {
	pthread_t thread;
	int fd;
	unsigned int port;
	enum tls_mode mode;
	SSL_CTX *context;
	atomic_uint accepted, handshakes, requests, resets;
} srv;

static int read_whole(SSL *ssl, uint8_t *out, int len)
{
	for (int got = 0, n; got < len; got += n)
		if ((n = SSL_read(ssl, out + got, len - got)) <= 0)
			return 0;
	return 1;
}

static void serve_http1(SSL *ssl)
{
	char head[4096];
	int len = 0, n;

	while ((n = SSL_read(ssl, head + len, (int)sizeof(head) - 1 - len)) > 0) {
		len += n;
		head[len] = 0;
		if (!strstr(head, "\r\n\r\n"))
			continue;
		srv.requests++;
		len = 0;
		if (srv.mode == TLS_CUT) {
			SSL_write(ssl, "HTTP/1.1 200 OK\r\n\r\nhalf of", 26);
			return; /* without TLS's own goodbye */
		}
		SSL_write(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40);
	}
}

static void frame_write(SSL *ssl, uint8_t type, uint8_t flags, uint32_t stream, const char *data, uint16_t len)
{
	uint8_t f[9 + LARGE_FRAME] = { 0, (uint8_t)(len >> 8), (uint8_t)len, type, flags, (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream };

	memcpy(f + 9, data, len);
	SSL_write(ssl, f, 9 + len);
}

static void answer_http2(SSL *ssl, uint32_t stream)
{
	static const char much[LARGE_FRAME];

	frame_write(ssl, 1, 4, stream, "\x88", 1);
	for (int i = 0; srv.mode == TLS_HTTP2_LARGE && i < LARGE_FRAMES; i++)
		frame_write(ssl, 0, 0, stream, much, LARGE_FRAME);
	frame_write(ssl, 0, 1, stream, "two", 3);
}

/* RFC 9113, as much of it as a client that asks by GET needs: 0x88 is ":status: 200" in HPACK's table. */
static void serve_http2(SSL *ssl)
{
	uint8_t head[9], body[20000];

	if (!read_whole(ssl, body, 24) || memcmp(body, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) != 0)
		return;
	frame_write(ssl, 4, 0, 0, "", 0); /* SETTINGS */
	while (read_whole(ssl, head, 9)) {
		int len = head[0] << 16 | head[1] << 8 | head[2];
		uint32_t stream = (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];

		if (len > (int)sizeof(body) || !read_whole(ssl, body, len))
			return;
		if (head[3] == 4 && !head[4])
			frame_write(ssl, 4, 1, 0, "", 0); /* SETTINGS, acknowledged */
		srv.resets += head[3] == 3;           /* RST_STREAM */
		if (head[3] != 1)
			continue;                     /* HEADERS */
		if (srv.requests++ == 1 && srv.mode == TLS_HTTP2_HOLD_SECOND)
			continue;
		answer_http2(ssl, stream);
	}
}

static void serve(int fd)
{
	SSL *ssl = SSL_new(srv.context);
	const unsigned char *alpn;
	unsigned int len;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		srv.handshakes++;
		SSL_get0_alpn_selected(ssl, &alpn, &len);
		if (len == 2)
			serve_http2(ssl);
		else
			serve_http1(ssl);
	}
	SSL_free(ssl);
	close(fd);
}

static void *server_run(void *arg)
{
	sigset_t pipe;
	int fd;

	(void)arg;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL); /* here only: the client must raise none */
	while ((fd = accept(srv.fd, NULL, NULL)) >= 0) {
		srv.accepted++;
		serve(fd);
	}
	return NULL;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned int in_len, void *arg)
{
	const char *wanted = srv.mode == TLS_HTTP1 || srv.mode == TLS_CUT ? "\x08http/1.1" : "\x02h2";

	(void)ssl;
	(void)arg;
	return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, (const unsigned char *)wanted, (unsigned int)strlen(wanted), in, in_len) ==
			OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void server_begin(enum tls_mode mode, X509 *cert, int max_version)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	memset(&srv, 0, sizeof(srv));
	srv.mode = mode;
	srv.context = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(srv.context, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(srv.context, key), 1);
	if (max_version) {
		SSL_CTX_set_min_proto_version(srv.context, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(srv.context, max_version);
		SSL_CTX_set_cipher_list(srv.context, "ALL:@SECLEVEL=0");
	}
	SSL_CTX_set_alpn_select_cb(srv.context, choose, NULL);
	srv.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(srv.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(srv.fd, 50), 0);
	assert_int_equal(getsockname(srv.fd, (struct sockaddr *)&a, &len), 0);
	srv.port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&srv.thread, NULL, server_run, NULL), 0);
}

static void server_end(void)
{
	shutdown(srv.fd, SHUT_RDWR);
	pthread_join(srv.thread, NULL);
	close(srv.fd);
	SSL_CTX_free(srv.context);
}

/* ---- the client ---- */

enum { MANY = 8 };

struct world {
	uv_loop_t loop;
	struct http_client *client;
	struct http_exchange *x[MANY];
	uv_timer_t guard;
	struct http_answer answer;
	char body[100];
	unsigned int dones;
	char url[100];
};

static void on_done(const struct http_answer *a, void *arg)
{
	struct world *w = arg;

	w->dones++;
	w->answer = *a;
	snprintf(w->body, sizeof(w->body), "%s", a->body ? (const char *)a->body : "");
}

static const struct http_exchange_handlers handlers = { NULL, NULL, on_done };

static void world_begin(struct world *w, const char *ca)
{
	const struct http_client_settings settings = { .ca_file = ca };
	struct err_detail detail;

	memset(w, 0, sizeof(*w));
	assert_int_equal(uv_loop_init(&w->loop), 0);
	uv_timer_init(&w->loop, &w->guard);
	assert_int_equal(http_client_open(&w->client, &w->loop, &settings, &detail), ERR_NONE);
	snprintf(w->url, sizeof(w->url), "https://localhost:%u/", srv.port);
}

static void world_end(struct world *w)
{
	http_client_close(&w->client);
	uv_close((uv_handle_t *)&w->guard, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void ask(struct world *w, unsigned int i)
{
	const struct http_ask a = { .method = HTTP_GET, .url = w->url };
	struct err_detail detail;

	assert_int_equal(http_exchange_start(&w->x[i], w->client, &a, &handlers, w, &detail), ERR_NONE);
}

static void guard_due(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

static void run_until(struct world *w, unsigned int dones)
{
	uv_timer_start(&w->guard, guard_due, 20000, 0);
	while (w->dones < dones)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_timer_stop(&w->guard);
}

static void one(struct world *w, enum err err)
{
	ask(w, 0);
	run_until(w, w->dones + 1);
	if (w->answer.err != err)
		fail_msg("%s (%s), not %s", err_name(w->answer.err), w->answer.detail.message, err_name(err));
}

static X509 *ca, *good, *other_name, *old, *alone;

static void certificates_are_verified(void **state)
{
	const struct {
		X509 *cert;
		const char *ca;
		int version;
		enum err err;
	} rows[] = {
		{ good, ca_file, 0, ERR_NONE },
		{ good, NULL, 0, ERR_DENIED }, /* the system does not know this issuer */
		{ other_name, ca_file, 0, ERR_DENIED },
		{ old, ca_file, 0, ERR_DENIED },
		{ alone, ca_file, 0, ERR_DENIED },
		{ good, ca_file, TLS1_1_VERSION, ERR_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		server_begin(TLS_HTTP1, rows[i].cert, rows[i].version);
		world_begin(&w, rows[i].ca);
		one(&w, rows[i].err);
		assert_int_equal(srv.requests, rows[i].err ? 0 : 1);
		assert_int_equal(w.answer.was_sent, !rows[i].err);
		world_end(&w);
		server_end();
	}
}

static void an_answer_without_length_or_goodbye_is_marked(void **state)
{
	struct world w;

	(void)state;
	server_begin(TLS_CUT, good, 0);
	world_begin(&w, ca_file);
	one(&w, ERR_NONE); /* libcurl lets that pass */
	assert_true(w.answer.is_open_ended);
	world_end(&w);
	server_end();
}

static void what_is_no_tls_is_told(void **state)
{
	struct world w;

	(void)state;
	server_begin(TLS_HTTP1, good, 0);
	world_begin(&w, ca_file);
	snprintf(w.url, sizeof(w.url), "http://localhost:%u/", srv.port);
	ask(&w, 0);
	run_until(&w, 1);
	assert_true(w.answer.err == ERR_FORMAT || w.answer.err == ERR_CLOSED);
	assert_int_equal(srv.handshakes, 0);
	world_end(&w);
	server_end();
}

/* The server takes one connection at a time: all of them must go by the first. */
static void a_burst_shares_one_http2_connection(void **state)
{
	struct world w;

	(void)state;
	server_begin(TLS_HTTP2, good, 0);
	world_begin(&w, ca_file);
	for (unsigned int i = 0; i < MANY; i++)
		ask(&w, i);
	run_until(&w, MANY);
	assert_int_equal(w.answer.err, ERR_NONE);
	assert_int_equal(w.answer.status, 200);
	assert_true(w.answer.is_http2);
	assert_string_equal(w.body, "two");
	assert_int_equal(srv.accepted, 1);
	assert_int_equal(srv.requests, MANY);
	world_end(&w);
	server_end();
}

static void cancelling_a_stream_leaves_the_connection(void **state)
{
	struct world w;

	(void)state;
	server_begin(TLS_HTTP2_HOLD_SECOND, good, 0);
	world_begin(&w, ca_file);
	one(&w, ERR_NONE); /* both sides have settled */
	ask(&w, 0);
	uv_timer_start(&w.guard, guard_due, 20000, 0);
	while (srv.requests < 2)
		uv_run(&w.loop, UV_RUN_NOWAIT);
	http_exchange_cancel(&w.x[0]);
	one(&w, ERR_NONE);
	assert_int_equal(w.dones, 2);
	assert_int_equal(srv.accepted, 1);
	assert_true(srv.resets >= 1);
	world_end(&w);
	server_end();
}

struct pausing {
	struct world w;
	unsigned int pieces;
	size_t len;
};

static void on_piece(const uint8_t *data, size_t len, void *arg)
{
	struct pausing *p = arg;

	(void)data;
	p->len += len;
	if (p->pieces++ % 5 == 0)
		http_exchange_pause(p->w.x[0], true);
}

static void resume_due(uv_timer_t *timer)
{
	struct pausing *p = timer->data;

	if (p->w.x[0])
		http_exchange_pause(p->w.x[0], false);
}

static void an_http2_answer_pauses_and_goes_on(void **state)
{
	static const struct http_exchange_handlers in_pieces = { NULL, on_piece, on_done };
	struct pausing p = { .len = 0 };
	struct http_ask a = { .method = HTTP_GET, .url = p.w.url, .body_max_bytes = 2 * LARGE_FRAME * LARGE_FRAMES };
	struct err_detail detail;

	(void)state;
	server_begin(TLS_HTTP2_LARGE, good, 0);
	world_begin(&p.w, ca_file);
	p.w.guard.data = &p;
	assert_int_equal(http_exchange_start(&p.w.x[0], p.w.client, &a, &in_pieces, &p, &detail), ERR_NONE);
	uv_timer_start(&p.w.guard, resume_due, 5, 5);
	while (!p.w.dones && p.pieces < 10000)
		uv_run(&p.w.loop, UV_RUN_ONCE);
	assert_int_equal(p.w.answer.err, ERR_NONE);
	assert_true(p.w.answer.is_http2 && p.pieces > 5);
	assert_int_equal(p.len, LARGE_FRAME * LARGE_FRAMES + 3);
	world_end(&p.w);
	server_end();
}

static int group_begin(void **state)
{
	FILE *f;

	(void)state;
	key = EVP_RSA_gen(2048);
	ca = cert_make("callfunnel test CA", NULL, NULL, -3600, 3600);
	good = cert_make("localhost", "DNS:localhost", ca, -3600, 3600);
	other_name = cert_make("localhost", "DNS:example.org", ca, -3600, 3600);
	old = cert_make("localhost", "DNS:localhost", ca, -7200, -3600);
	alone = cert_make("localhost", "DNS:localhost", NULL, -3600, 3600);
	snprintf(folder, sizeof(folder), "/tmp/callfunnel-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", folder);
	f = fopen(ca_file, "w");
	return !f || PEM_write_X509(f, ca) != 1 || fclose(f);
}

static int group_end(void **state)
{
	(void)state;
	X509_free(ca);
	X509_free(good);
	X509_free(other_name);
	X509_free(old);
	X509_free(alone);
	EVP_PKEY_free(key);
	return unlink(ca_file) || rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_verified),
		cmocka_unit_test(an_answer_without_length_or_goodbye_is_marked),
		cmocka_unit_test(what_is_no_tls_is_told),
		cmocka_unit_test(a_burst_shares_one_http2_connection),
		cmocka_unit_test(cancelling_a_stream_leaves_the_connection),
		cmocka_unit_test(an_http2_answer_pauses_and_goes_on),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}

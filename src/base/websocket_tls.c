/* TLS for a client's WebSocket: OpenSSL between two memory BIOs, so that the socket stays ours. The server's name and its
 * certificate are always verified; versions before 1.2 are refused. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/websocket_parts.h"

enum { RECORD_MAX = 16384, PLAIN_MAX = 64 << 20 };

struct websocket_tls {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in, *out; /* the SSL owns them */
	struct buf plain;
};

static enum err tls_failed(struct websocket_tls *t, enum err err, struct err_detail *detail, const char *message, const char *where)
{
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%s", where ? where : "");
	websocket_tls_free(t);
	ERR_clear_error();
	return err;
}

/* The name in the certificate, and the name that is asked for; an address is no name for the second. */
static bool host_set(SSL *ssl, const char *host)
{
	struct in6_addr address;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static bool ssl_make(struct websocket_tls *t, const char *host)
{
	t->ssl = SSL_new(t->context);
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->ssl || !t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return false;
	}
	BIO_set_mem_eof_return(t->in, -1);
	SSL_set_bio(t->ssl, t->in, t->out);
	SSL_set_connect_state(t->ssl);
	return host_set(t->ssl, host);
}

enum err websocket_tls_new(struct websocket_tls **tp, const char *host, const char *ca_file, struct err_detail *detail)
{
	struct websocket_tls *t = calloc(1, sizeof(*t));

	*tp = NULL;
	if (!t)
		return ERR_NOMEM;
	buf_init(&t->plain, PLAIN_MAX);
	t->context = SSL_CTX_new(TLS_client_method());
	if (!t->context)
		return tls_failed(t, ERR_NOMEM, detail, "TLS cannot be set up", NULL);
	SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
	if (ca_file ? !SSL_CTX_load_verify_file(t->context, ca_file) : !SSL_CTX_set_default_verify_paths(t->context))
		return tls_failed(t, ERR_UNAVAILABLE, detail, "the file of trusted certificates cannot be read", ca_file);
	if (!ssl_make(t, host))
		return tls_failed(t, ERR_NOMEM, detail, "TLS cannot be set up", NULL);
	*tp = t;
	return ERR_NONE;
}

void websocket_tls_free(struct websocket_tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	SSL_CTX_free(t->context);
	buf_fini(&t->plain);
	free(t);
}

struct buf *websocket_tls_plain(struct websocket_tls *t)
{
	return &t->plain;
}

/* What TLS wants to say goes behind what waits. */
static enum err records_move(struct websocket *w)
{
	size_t len = BIO_ctrl_pending(w->tls->out);
	uint8_t *at;

	if (!len)
		return ERR_NONE;
	at = outbox_room(&w->out, len);
	if (!at)
		return ERR_LIMIT;
	len = (size_t)BIO_read(w->tls->out, at, (int)len);
	outbox_commit(&w->out, len, websocket_now_us());
	return ERR_NONE;
}

/* One helping from the socket for TLS to read. */
static bool records_receive(struct websocket *w)
{
	uint8_t data[RECORD_MAX];
	ssize_t got;

	if (!w->reads || w->has_ended || w->is_broken)
		return false;
	w->reads--;
	got = recv(w->fd, data, sizeof(data), MSG_DONTWAIT);
	if (got > 0) {
		w->heard_us = websocket_now_us();
		w->is_broken |= BIO_write(w->tls->in, data, (int)got) != got;
		return true;
	}
	if (got == 0)
		w->has_ended = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		w->is_broken = true;
	return false;
}

static enum err handshake_refused(struct websocket *w, const char **why)
{
	long verified = SSL_get_verify_result(w->tls->ssl);

	*why = verified == X509_V_OK ? "the TLS handshake failed" : X509_verify_cert_error_string(verified);
	ERR_clear_error();
	return ERR_DENIED;
}

enum err websocket_tls_handshake(struct websocket *w, bool *done, const char **why)
{
	int result, error;
	enum err err;

	*done = false;
	do {
		ERR_clear_error();
		result = SSL_do_handshake(w->tls->ssl);
		error = SSL_get_error(w->tls->ssl, result);
		err = records_move(w);
		if (result == 1) {
			*done = true;
			return err;
		}
		if (error != SSL_ERROR_WANT_READ)
			return handshake_refused(w, why);
	} while (!err && records_receive(w));
	*why = "no memory";
	return err;
}

ssize_t websocket_tls_receive(struct websocket *w, uint8_t *data, size_t len)
{
	do {
		int got, error;

		ERR_clear_error();
		got = SSL_read(w->tls->ssl, data, (int)len);
		if (got > 0)
			return got;
		error = SSL_get_error(w->tls->ssl, got);
		if (error == SSL_ERROR_ZERO_RETURN)
			w->has_ended = true;
		else if (error != SSL_ERROR_WANT_READ)
			w->is_broken = true;
		if (records_move(w))
			w->is_broken = true;
	} while (records_receive(w));
	ERR_clear_error();
	return 0;
}

enum err websocket_tls_send(struct websocket *w, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		int part = len > RECORD_MAX ? RECORD_MAX : (int)len;

		ERR_clear_error();
		if (SSL_write(w->tls->ssl, at, part) != part)
			return ERR_NOMEM;
		at += part;
		len -= (size_t)part;
	}
	return records_move(w);
}

void websocket_tls_end(struct websocket *w)
{
	ERR_clear_error();
	if (SSL_shutdown(w->tls->ssl) >= 0 && records_move(w))
		w->is_broken = true;
	ERR_clear_error();
}

#include "sandbox/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 1024, DAY_S = 86400, SERIAL_BYTES = 16 };

struct authority {
	EVP_PKEY *key;
	X509 *cert;
};

static enum err fail(enum err err, struct err_detail *detail, const char *path, const char *what, const char *hint)
{
	snprintf(detail->message, sizeof(detail->message), "%s", what);
	snprintf(detail->where, sizeof(detail->where), "%s", path);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return err;
}

/* ------------------------------------------------------------------ certificates */

static bool extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	bool fine;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	fine = extension && X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return fine;
}

static bool serial_set(X509 *cert)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool fine;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 1; /* above zero, and of the same length each time */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	fine = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return fine;
}

/* Not yet signed; `issuer` NULL: its own. */
static X509 *cert_make(EVP_PKEY *key, const char *name, X509 *issuer, long days)
{
	X509 *cert = X509_new();
	X509_NAME *subject = cert ? X509_get_subject_name(cert) : NULL;

	if (cert && X509_set_version(cert, 2) && serial_set(cert) && X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_S) &&
		X509_gmtime_adj(X509_getm_notAfter(cert), days * DAY_S) && X509_set_pubkey(cert, key) &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) &&
		X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject))
		return cert;
	X509_free(cert);
	return NULL;
}

static bool authority_make(struct authority *a)
{
	a->key = EVP_EC_gen("P-256");
	a->cert = a->key ? cert_make(a->key, "callfunnel sandbox", NULL, AUTHORITY_CA_DAYS) : NULL;
	return a->cert && extension_add(a->cert, a->cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
		extension_add(a->cert, a->cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		extension_add(a->cert, a->cert, NID_subject_key_identifier, "hash") && X509_sign(a->cert, a->key, EVP_sha256());
}

static bool server_make(const struct authority *a, struct authority *server)
{
	server->key = EVP_EC_gen("P-256");
	server->cert = server->key ? cert_make(server->key, "localhost", a->cert, AUTHORITY_DAYS) : NULL;
	return server->cert && extension_add(server->cert, a->cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
		extension_add(server->cert, a->cert, NID_key_usage, "critical,digitalSignature") &&
		extension_add(server->cert, a->cert, NID_ext_key_usage, "serverAuth") &&
		extension_add(server->cert, a->cert, NID_authority_key_identifier, "keyid") && X509_sign(server->cert, a->key, EVP_sha256());
}

static void authority_fini(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->cert);
}

/* ------------------------------------------------------------------ files */

static FILE *file_make(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !f)
		close(fd);
	return f;
}

static enum err authority_save(const struct authority *a, const char *cert_path, const char *key_path, struct err_detail *detail)
{
	FILE *key = file_make(key_path, 0600), *cert = key ? file_make(cert_path, 0644) : NULL;
	enum err err = cert ? ERR_NONE : err_from_errno(errno);
	bool fine = cert && PEM_write_PrivateKey(key, a->key, NULL, NULL, 0, NULL, NULL) && PEM_write_X509(cert, a->cert);

	if (key && fclose(key))
		fine = false;
	if (cert && fclose(cert))
		fine = false;
	if (err || !fine)
		return fail(err ? err : ERR_IO, detail, cert ? cert_path : key_path, "it cannot be written", "--tls names another folder");
	return ERR_NONE;
}

static enum err authority_load(struct authority *a, const char *cert_path, const char *key_path, struct err_detail *detail)
{
	FILE *key = fopen(key_path, "re"), *cert = fopen(cert_path, "re");
	enum err err = key && cert ? ERR_NONE : err_from_errno(errno);

	if (!err) {
		a->key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
		a->cert = PEM_read_X509(cert, NULL, NULL, NULL);
		if (!a->key || !a->cert || X509_check_private_key(a->cert, a->key) != 1)
			err = fail(ERR_FORMAT, detail, cert_path, "the CA and its key are not what they should be", "remove ca.pem and ca.key: new ones are made");
	} else if (err != ERR_NOTFOUND) {
		err = fail(err, detail, cert_path, "it cannot be read", "--tls names another folder");
	}
	if (key)
		fclose(key);
	if (cert)
		fclose(cert);
	return err;
}

static enum err authority_find(struct authority *a, const char *dir, const char *cert_path, struct err_detail *detail)
{
	char key_path[PATH_MAX_BYTES];
	enum err err;

	if ((size_t)snprintf(key_path, sizeof(key_path), "%s/ca.key", dir) >= sizeof(key_path))
		return fail(ERR_LIMIT, detail, "", "the folder's name is too long", "");
	if (mkdir(dir, 0700) && errno != EEXIST)
		return fail(err_from_errno(errno), detail, dir, "the folder cannot be made", "--tls names another one");
	err = authority_load(a, cert_path, key_path, detail);
	if (err != ERR_NOTFOUND)
		return err;
	authority_fini(a);
	*a = (struct authority){ NULL, NULL };
	if (!authority_make(a))
		return fail(ERR_UNAVAILABLE, detail, dir, "no CA could be made", "");
	return authority_save(a, cert_path, key_path, detail);
}

/* ------------------------------------------------------------------ the context */

static int alpn(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in, unsigned int in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, len, ours, sizeof(ours) - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context_make(const struct authority *a)
{
	struct authority server = { NULL, NULL };
	SSL_CTX *tls = server_make(a, &server) ? SSL_CTX_new(TLS_server_method()) : NULL;

	if (tls && (!SSL_CTX_use_certificate(tls, server.cert) || !SSL_CTX_use_PrivateKey(tls, server.key) ||
		!SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION))) {
		SSL_CTX_free(tls);
		tls = NULL;
	}
	if (tls)
		SSL_CTX_set_alpn_select_cb(tls, alpn, NULL);
	authority_fini(&server);
	return tls;
}

enum err authority_open(struct ssl_ctx_st **tls, const char *dir, char *ca_file, size_t size, struct err_detail *detail)
{
	struct authority a = { NULL, NULL };
	enum err err;

	*tls = NULL;
	if ((size_t)snprintf(ca_file, size, "%s/ca.pem", dir) >= size)
		return fail(ERR_LIMIT, detail, "", "the folder's name is too long", "");
	err = authority_find(&a, dir, ca_file, detail);
	if (!err) {
		*tls = context_make(&a);
		err = *tls ? ERR_NONE : fail(ERR_UNAVAILABLE, detail, dir, "no certificate could be made", "");
	}
	authority_fini(&a);
	ERR_clear_error();
	return err;
}

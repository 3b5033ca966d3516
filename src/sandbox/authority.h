/* A certificate authority of one's own, in a folder, and the certificate of loopback that it signs.
 *
 * ca.pem and ca.key (0600) are made when they are missing and used again when they are there; the server's key and certificate are made anew each
 * time and written nowhere: for localhost, 127.0.0.1 and ::1, EC P-256, AUTHORITY_DAYS. Whoever is to trust the sandbox is given ca.pem.
 */
#ifndef SANDBOX_AUTHORITY_H
#define SANDBOX_AUTHORITY_H

#include <stddef.h>

#include "base/err.h"

enum { AUTHORITY_DAYS = 30, AUTHORITY_CA_DAYS = 3650 };

struct ssl_ctx_st;

/* A context for servers, the caller's to SSL_CTX_free; `ca_file` becomes the path of ca.pem. ERR_DENIED, ERR_IO: the folder; ERR_FORMAT: a file
 * there is not what it should be, or the two do not belong together; ERR_LIMIT: the path is too long; ERR_UNAVAILABLE: OpenSSL said no. */
enum err authority_open(struct ssl_ctx_st **tls, const char *dir, char *ca_file, size_t size, struct err_detail *detail) MUST_USE;

#endif

/* TLS before a server of this process that speaks none: decrypts what comes, gives it on over a loopback connection, encrypts what comes back.
 *
 * What one side does the other sees: the end of sending (close_notify), a reset. Nothing is read from a side while more than FRONT_WAITING_MAX
 * bytes wait for the other, so a peer that does not read is felt by the server. ALPN offers http/1.1 alone. One loop, its thread.
 */
#ifndef SANDBOX_FRONT_H
#define SANDBOX_FRONT_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"

enum { FRONT_WAITING_MAX = 256 << 10, FRONT_CONNECTIONS_MAX = 4000, FRONT_HANDSHAKE_MS = 10000 };

struct front;
struct ssl_ctx_st;

/* Listens on `listen` (an address with a port, 0 picks one) for the server at 127.0.0.1:`inner`. `tls` is borrowed until the close and has
 * its certificate (authority.h). The errors of http_listen, and ERR_NOMEM. */
enum err front_open(struct front **fp, uv_loop_t *loop, struct ssl_ctx_st *tls, const char *listen, unsigned int inner, struct err_detail *detail) MUST_USE;
unsigned int front_port(const struct front *f);

/* Breaks all connections; `closed` runs when the last handle is. */
void front_close(struct front **fp, void (*closed)(void *arg), void *arg);

#endif

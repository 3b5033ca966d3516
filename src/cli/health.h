/* /healthz, /readyz and /metrics of a process.
 *
 * /healthz (open): the process answers. /readyz (open): 200 or 503, with what is not well and why; no names of people or tenants.
 * /metrics: Prometheus text, for a token with the role service, house or admin. The owner says what is well and adds its own numbers;
 * counts of replies and the process's own are here. Loop thread.
 */
#ifndef CLI_HEALTH_H
#define CLI_HEALTH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http_server.h"
#include "base/jws.h"

/* One answer under way. `ready` calls health_say for each of its checks, then health_done, at once or later on this loop. It lives until
 * then, also when its client has gone. */
struct health_answer;

void health_say(struct health_answer *a, const char *name, bool is_well, const char *why); /* `why`: NULL when it is well */
void health_done(struct health_answer *a);

struct health {
	struct http_server *server; /* whose replies are counted */
	void (*ready)(void *arg, struct health_answer *a);
	void (*metrics)(void *arg, struct buf *b);
	const struct jws_token *(*token)(const struct http_request *r);
	void *arg;
};

/* `h` is the owner's, filled in, and outlives the server. ERR_LIMIT as http_server_mount. */
enum err health_mount(struct health *h, struct http_server *server) MUST_USE;

#endif

#include "cli/health.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/metrics.h"
#include "base/roles.h"

enum { ANSWER_MAX_BYTES = 8192, METRICS_MAX_BYTES = 1 << 20 };

struct health_answer {
	struct http_request *request;
	bool is_well;
	struct buf json;
};

static void on_alive(struct http_request *r, void *arg)
{
	(void)arg;
	http_reply_as(r, 200, "application/json", "{\"alive\":true}", 14);
}

/* ---- ready ---- */

static void on_ready(struct http_request *r, void *arg)
{
	const struct health *h = arg;
	struct health_answer *a = calloc(1, sizeof(*a));

	if (!a) {
		http_reply_error(r, 503, "unavailable", "No memory.", NULL, NULL);
		return;
	}
	*a = (struct health_answer){ .request = r, .is_well = true };
	buf_init(&a->json, ANSWER_MAX_BYTES);
	h->ready(h->arg, a);
}

void health_say(struct health_answer *a, const char *name, bool is_well, const char *why)
{
	a->is_well = a->is_well && is_well;
	json_open(&a->json, '{');
	json_pair_string(&a->json, "name", name);
	json_pair_bool(&a->json, "ok", is_well);
	if (!is_well)
		json_pair_string(&a->json, "why", why);
	json_close(&a->json, '}');
}

void health_done(struct health_answer *a)
{
	struct buf b;

	buf_init(&b, 2 * ANSWER_MAX_BYTES);
	json_open(&b, '{');
	json_pair_bool(&b, "ready", a->is_well);
	json_put_key(&b, "checks");
	buf_text(&b, "[");
	buf_append(&b, a->json.data, a->json.len);
	buf_text(&b, "]");
	json_close(&b, '}');
	if (a->json.err)
		b.err = a->json.err;
	http_reply_json(a->request, a->is_well ? 200 : 503, &b);
	buf_fini(&b);
	buf_fini(&a->json);
	free(a);
}

/* ---- numbers ---- */

static void put_replies(struct buf *b, const struct http_server *server)
{
	char status[8];

	metric_begin(b, "callfunnel_http_replies_total", METRIC_COUNTER, "Replies of the HTTP server by status; 101 is a WebSocket.");
	for (unsigned int i = 100; i <= HTTP_STATUS_MAX; i++) {
		uint64_t count = http_server_replies(server, i);

		if (!count)
			continue;
		snprintf(status, sizeof(status), "%u", i);
		metric_put(b, "callfunnel_http_replies_total", "status", status, (double)count);
	}
	metric_one(b, "callfunnel_http_connections", METRIC_GAUGE, "Open connections, WebSockets included.", http_server_connections(server));
}

static void on_metrics(struct http_request *r, void *arg)
{
	const struct health *h = arg;
	const struct jws_token *token = h->token(r);
	struct buf b;

	if (!token || !(roles_of(jws_token_claims(token)) & (ROLE_SERVICE | ROLE_HOUSE | ROLE_ADMIN))) {
		http_reply_error(r, 403, "forbidden", "Your role does not allow this.", NULL, NULL);
		return;
	}
	buf_init(&b, METRICS_MAX_BYTES);
	metric_begin(&b, "callfunnel_build_info", METRIC_GAUGE, "The version that runs.");
	metric_put(&b, "callfunnel_build_info", "version", CALLFUNNEL_VERSION, 1);
	h->metrics(h->arg, &b);
	put_replies(&b, h->server);
	metrics_process(&b);
	if (b.err)
		http_reply_error(r, 500, "internal", "The numbers cannot be told.", NULL, NULL);
	else
		http_reply_as(r, 200, METRICS_TYPE, b.data, b.len);
	buf_fini(&b);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/healthz", on_alive, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/readyz", on_ready, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/metrics", on_metrics, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

enum err health_mount(struct health *h, struct http_server *server)
{
	h->server = server;
	return http_server_mount(server, routes, h);
}

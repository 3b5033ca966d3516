/* Deepgram as a server: handshakes, judged as the vendor judges them. */
#include <string.h>

#include "base/json.h"
#include "sandbox/deepgram/listening.h"

enum { WHY_MAX = 200 };

static void refuse_with(struct vendor *v, struct http_request *r, unsigned int status, const char *code, const char *message)
{
	char id[37];
	const struct http_header headers[] = { { "Content-Type", "application/json" }, { "dg-request-id", id }, { "dg-error", message }, { NULL, NULL } };
	uint8_t memory[1024];
	struct buf b;

	vendor_uuid(v, id);
	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_string(&b, "err_code", code);
	json_pair_string(&b, "err_msg", message);
	json_pair_string(&b, "request_id", id);
	json_close(&b, '}');
	http_reply(r, status, headers, buf_str(&b), b.len);
}

static void deepgram_refuse(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	(void)retry_after_ms; /* the vendor tells none */
	if (status == 429)
		refuse_with(v, r, status, "TOO_MANY_REQUESTS", "Too many requests. Please try again later");
	else
		refuse_with(v, r, status, "SCRIPTED", "Scripted by the sandbox");
}

static bool key_is_there(const struct http_request *r)
{
	const char *said = http_header(r, "authorization");

	return said && ((!strncasecmp(said, "token ", 6) && said[6]) || (!strncasecmp(said, "bearer ", 7) && said[7]));
}

static void on_listen(struct http_request *r, struct vendor *v, bool is_flux)
{
	struct vendor_turn turn;
	struct listen_query query;
	struct listening *l;
	char why[WHY_MAX];

	if (!vendor_take(v, r, &turn))
		return;
	if (!key_is_there(r)) {
		refuse_with(v, r, 401, "INVALID_AUTH", "Invalid credentials.");
		return;
	}
	if (!listen_query_read(&query, r, is_flux, why, sizeof(why))) {
		refuse_with(v, r, 400, "Bad Request", why);
		return;
	}
	l = listening_new(v, &turn);
	if (!l) {
		refuse_with(v, r, 500, "INTERNAL", "no memory");
		return;
	}
	l->query = query;
	if (listening_begin(l, r, &turn.harm))
		listening_free(l);
}

static void on_v1(struct http_request *r, void *arg)
{
	on_listen(r, arg, false);
}

static void on_v2(struct http_request *r, void *arg)
{
	on_listen(r, arg, true);
}

static void deepgram_end(struct vendor *v)
{
	while (v->state) {
		struct listening *l = v->state;

		outlet_cancel(&l->out);
		listening_free(l);
	}
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/v1/listen", on_v1, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_GET, "/v2/listen", on_v2, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind deepgram_vendor = { .name = "deepgram", .scheme = "ws", .routes = routes, .close = deepgram_end, .refuse = deepgram_refuse,
	.script_fits = hearing_script_fits, .script_hint = HEARING_SCRIPT_HINT };

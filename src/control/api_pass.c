/* A request for control that came to a process without it: asked of control as it came, answered as control answers.
 *
 * So the page has one origin, wherever control runs. What goes through holds links and tokens: nothing of it is read, kept or logged.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/http_client.h"
#include "base/log.h"
#include "control/api_pass.h"

enum { PASS_US = 5000000, URL_MAX_BYTES = 2048, HEADER_MAX_BYTES = JWS_MAX_BYTES + 64 };

#define PASSED_HEADER "X-Callfunnel-Passed" /* once: a control.url that leads back here must not go round */

struct passing {
	struct http_request *request;
	struct http_exchange *exchange;
};

static void refuse(struct http_request *r, enum err err)
{
	static const struct log log_here = { .plane = "control", .doing = "passing a request on to control" };

	log_warn(&log_here, "control does not answer", LOG_ERR(err));
	http_reply_error(r, 503, "unavailable", "Control does not answer.", NULL, "Try again in a moment.");
}

static void on_done(const struct http_answer *answer, void *arg)
{
	struct passing *p = arg;
	struct http_request *r = p->request;
	const char *type = http_answer_header(answer, "Content-Type");

	free(p);
	if (answer->err)
		refuse(r, answer->err);
	else
		http_reply_as(r, answer->status, type ? type : "application/json", answer->body, answer->len);
}

static void on_gone(struct http_request *r, void *arg)
{
	struct passing *p = arg;

	(void)r;
	http_exchange_cancel(&p->exchange);
	free(p);
}

static enum err start(struct passing *p, struct http_client *client, const char *base)
{
	static const struct http_exchange_handlers handlers = { .done = on_done };
	const char *token = http_header(p->request, "Authorization"), *headers[] = { "Content-Type: application/json", PASSED_HEADER ": 1", NULL, NULL };
	struct http_ask ask = { .method = http_method(p->request), .headers = headers, .total_us = PASS_US };
	struct err_detail detail;
	struct buf url, bearer;
	enum err err;

	buf_init(&url, URL_MAX_BYTES);
	buf_init(&bearer, HEADER_MAX_BYTES);
	buf_printf(&url, "%s%s", base, http_path(p->request));
	if (token) {
		buf_printf(&bearer, "Authorization: %s", token);
		headers[2] = buf_str(&bearer);
	}
	ask.url = buf_str(&url);
	ask.body = http_body(p->request, &ask.len);
	err = url.err ? url.err : bearer.err ? bearer.err : http_exchange_start(&p->exchange, client, &ask, &handlers, p, &detail);
	buf_fini(&url);
	buf_fini(&bearer);
	return err;
}

void control_pass(struct http_request *r, struct http_client *client, const char *base)
{
	struct passing *p = http_header(r, PASSED_HEADER) ? NULL : calloc(1, sizeof(*p));
	enum err err;

	if (!p) {
		refuse(r, ERR_UNAVAILABLE);
		return;
	}
	p->request = r;
	err = start(p, client, base);
	if (err) {
		free(p);
		refuse(r, err);
	} else {
		http_on_gone(r, on_gone, p);
	}
}

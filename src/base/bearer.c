#include "base/bearer.h"

#include <string.h>
#include <strings.h>

#include "base/roles.h"

#define INSIDE "/internal/"

static void token_free(void *context)
{
	struct jws_token *t = context;

	jws_token_free(&t);
}

const struct jws_token *bearer_token(const struct http_request *r)
{
	return http_context(r);
}

static bool refuse(struct http_request *r, enum err err, const struct err_detail *detail)
{
	static const char body[] = "{\"error\":{\"code\":\"unauthorised\",\"message\":\"A good token is needed.\"}}";
	static const struct http_header headers[] = { { "WWW-Authenticate", "Bearer" }, { "Content-Type", "application/json" }, { NULL, NULL } };

	if (err == ERR_BUSY || err == ERR_UNAVAILABLE || err == ERR_NOMEM)
		http_reply_error(r, 503, "unavailable", "The token cannot be verified now.", NULL, "Try again in a moment.");
	else if (!detail->message[0])
		http_reply(r, 401, headers, body, sizeof(body) - 1);
	else
		http_reply_error(r, 401, "unauthorised", detail->message, NULL, detail->hint[0] ? detail->hint : NULL);
	return false;
}

bool bearer_authorise(struct http_request *r, void *arg)
{
	const struct bearer *b = arg;
	bool is_inside = !strncmp(http_path(r), INSIDE, sizeof(INSIDE) - 1);
	const char *header = http_header(r, "Authorization");
	struct err_detail detail = { .message = "" };
	struct jws_now now = b->now(b->arg);
	struct jws_token *token = NULL;
	enum err err;

	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return refuse(r, ERR_DENIED, &detail);
	header += 7;
	err = jws_verify(&token, is_inside && b->keys_inside ? b->keys_inside : b->keys, is_inside ? b->policy_inside : b->policy, header, strlen(header), &now, &detail);
	if (err)
		return refuse(r, err, &detail);
	if (is_inside && !(roles_of(jws_token_claims(token)) & ROLE_SERVICE)) {
		jws_token_free(&token);
		http_reply_error(r, 403, "forbidden", "This is for services alone.", NULL, NULL);
		return false;
	}
	http_set_context(r, token, token_free);
	return true;
}

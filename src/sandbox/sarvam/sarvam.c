/* Sarvam as a server: a recogniser and a voice behind one address and one key. */
#include "sandbox/sarvam/sarvam.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/hearing.h"

enum { ERROR_MAX = 1024 };

struct sarvam_state *sarvam_state_of(const struct vendor *v)
{
	return v->state;
}

/* ------------------------------------------------------------------ refusals */

static const char *code_of(unsigned int status)
{
	static const struct {
		unsigned int status;
		const char *code;
	} codes[] = { { 400, "invalid_request_error" }, { 401, "authentication_error" }, { 403, "invalid_api_key_error" }, { 404, "not_found_error" },
		{ 422, "unprocessable_entity_error" }, { 429, "rate_limit_exceeded_error" }, { 504, "gateway_timeout_error" } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return "internal_server_error";
}

void sarvam_refuse_with(struct vendor *v, struct http_request *r, unsigned int status, const char *message)
{
	uint8_t memory[ERROR_MAX];
	struct buf b;
	char id[37];

	vendor_uuid(v, id);
	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_put_key(&b, "error");
	json_open(&b, '{');
	json_pair_string(&b, "request_id", id);
	json_pair_string(&b, "message", message);
	json_pair_string(&b, "code", code_of(status));
	json_close(&b, '}');
	json_close(&b, '}');
	http_reply_json(r, status, &b);
}

static void sarvam_refuse(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	(void)retry_after_ms; /* the vendor tells none */
	sarvam_refuse_with(v, r, status, "Scripted by the sandbox");
}

bool sarvam_take(struct vendor *v, struct http_request *r, struct vendor_turn *turn)
{
	const char *key;

	if (!vendor_take(v, r, turn))
		return false;
	key = http_header(r, "api-subscription-key");
	if (key && *key)
		return true;
	sarvam_refuse_with(v, r, 403, "A valid subscription key is required"); /* not 401 */
	return false;
}

/* ------------------------------------------------------------------ the vendor */

static enum err sarvam_begin(struct vendor *v)
{
	v->state = calloc(1, sizeof(struct sarvam_state));
	return v->state ? ERR_NONE : ERR_NOMEM;
}

static void sarvam_end(struct vendor *v)
{
	if (!v->state)
		return;
	realtimes_end(v);
	voices_end(v);
	free(v->state);
	v->state = NULL;
}

/* v4-flash is said to be at the second path; both are open to all models. */
static const struct http_route routes[] = {
	{ HTTP_GET, "/speech-to-text-realtime/ws", realtime_hear, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_GET, "/text-to-speech/ws", voice_hear, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_GET, "/text-to-speech/ws/v2", voice_hear, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind sarvam_vendor = { .name = "sarvam", .scheme = "ws", .routes = routes, .open = sarvam_begin, .close = sarvam_end,
	.refuse = sarvam_refuse, .script_fits = hearing_script_fits, .script_hint = HEARING_SCRIPT_HINT };

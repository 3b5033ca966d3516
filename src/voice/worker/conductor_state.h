/* What conductor.c, conductor_attach.c and conductor_call.c share. */
#ifndef VOICE_CONDUCTOR_STATE_H
#define VOICE_CONDUCTOR_STATE_H

#include "base/buf.h"
#include "base/http_client.h"
#include "base/jws.h"
#include "base/log.h"
#include "voice/worker/conductor.h"
#include "voice/worker/provider_keys.h"

enum { CONDUCTOR_URL_MAX = 512, CONDUCTOR_PATH_MAX = 200, CONDUCTOR_HEADER_MAX = JWS_MAX_BYTES + 32, CONDUCTOR_TOKEN_S = 120 };

struct conductor {
	struct clock *clock;
	struct http_client *client;
	struct conductor_settings settings;
	char url[CONDUCTOR_URL_MAX], worker[CONDUCTOR_NAME_MAX], worker_url[CONDUCTOR_URL_MAX];
	char bearer[CONDUCTOR_HEADER_MAX]; /* "Authorization: Bearer …" */
	int64_t bearer_s;                  /* when it was signed; 0: never */
	struct provider_keys_cache *keys;  /* NULL: no call needs any */
	struct http_exchange *report;
	struct clock_timer due;
	uint64_t reports;
	bool is_away;                      /* told in the log */
	bool is_known;                     /* it has answered, or failed to, once */
	struct conductor_call *calls;      /* closed ones too, that have something to tell */
	size_t closed_calls;
	struct log log;
};

/* `ask` has method, body and times; path begins with '/'. JSON, unless `type` names another Content-Type. */
enum err conductor_ask(struct conductor *c, struct http_exchange **xp, const struct http_ask *ask, const char *path, const char *type,
	const struct http_exchange_handlers *handlers, void *arg) MUST_USE;

/* What the answer to an attach, or about a call, means. ERR_DENIED: refused; ERR_CLOSED: the call has ended, or a later epoch has it;
 * ERR_UNAVAILABLE: any other status; else http_client.h's. */
enum err conductor_judge(const struct http_answer *answer) MUST_USE;

/* An answer of 401: the next request signs a new token. */
void conductor_refused(struct conductor *c, unsigned int status);

/* Which calls are here, with their epochs: a member "here" of the report. */
void conductor_calls_write(const struct conductor *c, struct buf *b);

/* Frees every call that is left: conductor_close. */
void conductor_calls_drop(struct conductor *c);

#endif

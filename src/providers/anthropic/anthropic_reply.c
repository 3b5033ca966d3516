#include "providers/anthropic/anthropic_reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/retry_after.h"
#include "providers/anthropic/anthropic_event.h"
#include "providers/anthropic/anthropic_stream.h"

/* ------------------------------------------------------------------ limits */

/* "2026-11-21T10:00:00Z"; parts of a second are passed over. */
static int64_t reset_read(const char *text)
{
	struct tm tm = { .tm_sec = 0 };
	const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;

	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return end && !strcmp(end, "Z") ? (int64_t)timegm(&tm) : 0;
}

static const char *limit_name(char name[80], const char *what, const char *part)
{
	snprintf(name, 80, "anthropic-ratelimit-%s-%s", what, part);
	return name;
}

static void limit_read(struct anthropic_limit *l, const struct http_answer *answer, const char *what)
{
	uint64_t limit, remaining;
	char name[80];

	if (!header_number_read(answer, limit_name(name, what, "limit"), &limit) ||
		!header_number_read(answer, limit_name(name, what, "remaining"), &remaining))
		return;
	*l = (struct anthropic_limit){ .is_known = true, .limit = limit, .remaining = remaining,
		.reset_s = reset_read(http_answer_header(answer, limit_name(name, what, "reset"))) };
}

void anthropic_reply_head(struct anthropic_last *last, const struct http_answer *answer)
{
	const char *id = http_answer_header(answer, "request-id");

	last->status = answer->status;
	snprintf(last->request_id, sizeof(last->request_id), "%s", id ? id : "");
	last->error_type[0] = '\0';
	last->retry_after_ms = 0;
	last->has_retry_after = retry_after_read(answer, &last->retry_after_ms);
	limit_read(&last->requests, answer, "requests");
	limit_read(&last->tokens, answer, "tokens");
	limit_read(&last->input_tokens, answer, "input-tokens");
	limit_read(&last->output_tokens, answer, "output-tokens");
}

/* ------------------------------------------------------------------ failures */

static enum failure status_failure(unsigned int status)
{
	switch (status) {
	case 408: /* they waited too long for us */
	case 409: return FAILED_DIED;
	case 429:
	case 503:
	case 529: return FAILED_BUSY;
	default: break;
	}
	return status >= 500 ? FAILED_DIED : status >= 400 ? FAILED_REFUSED : FAILED_GARBAGE;
}

/* The status counts; what the error is called is for people. */
enum failure anthropic_reply_failed(struct anthropic_last *last, unsigned int status, const void *body, size_t len)
{
	struct anthropic_event e;
	const struct json_item *type = &e.fields[FIELD_ERROR_TYPE];

	if (!anthropic_event_read(&e, body, len) && type->kind == JSON_SCAN_STRING && type->len < sizeof(last->error_type))
		snprintf(last->error_type, sizeof(last->error_type), "%.*s", (int)type->len, type->text);
	return status_failure(status);
}

enum failure anthropic_reply_lost(enum err err)
{
	return err == ERR_FORMAT || err == ERR_LIMIT ? FAILED_GARBAGE : FAILED_DIED;
}

#include "providers/anthropic/anthropic_reply.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "providers/anthropic/anthropic_event.h"
#include "providers/anthropic/anthropic_stream.h"

enum { NUMBER_DIGITS = 12 };

/* Digits alone; false: anything else. */
static bool number_read(const char *text, uint64_t *number)
{
	size_t len = text ? strspn(text, "0123456789") : 0, i;

	if (!len || text[len] || len > NUMBER_DIGITS)
		return false;
	for (*number = 0, i = 0; i < len; i++)
		*number = *number * 10 + (uint64_t)(text[i] - '0');
	return true;
}

/* ------------------------------------------------------------------ retry-after */

static bool date_read(const char *text, time_t *at)
{
	struct tm tm = { .tm_sec = 0 };
	const char *end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;

	if (!end || *end)
		return false;
	*at = timegm(&tm);
	return true;
}

/* In milliseconds, in seconds, or as a date, which is held against the date of the answer itself: no clock of ours is asked. */
static bool wait_read(const struct http_answer *answer, uint64_t *wait_ms)
{
	const char *after = http_answer_header(answer, "retry-after");
	time_t then, now;

	if (number_read(http_answer_header(answer, "retry-after-ms"), wait_ms))
		return true;
	if (number_read(after, wait_ms)) {
		*wait_ms *= 1000;
		return true;
	}
	if (!date_read(after, &then) || !date_read(http_answer_header(answer, "date"), &now))
		return false;
	*wait_ms = then > now ? (uint64_t)(then - now) * 1000 : 0;
	return true;
}

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

static const char *limit_header(const struct http_answer *answer, const char *what, const char *part)
{
	char name[80];

	snprintf(name, sizeof(name), "anthropic-ratelimit-%s-%s", what, part);
	return http_answer_header(answer, name);
}

static void limit_read(struct anthropic_limit *l, const struct http_answer *answer, const char *what)
{
	uint64_t limit, remaining;

	if (!number_read(limit_header(answer, what, "limit"), &limit) || !number_read(limit_header(answer, what, "remaining"), &remaining))
		return;
	*l = (struct anthropic_limit){ .is_known = true, .limit = limit, .remaining = remaining, .reset_s = reset_read(limit_header(answer, what, "reset")) };
}

void anthropic_reply_head(struct anthropic_last *last, const struct http_answer *answer)
{
	const char *id = http_answer_header(answer, "request-id");

	last->status = answer->status;
	snprintf(last->request_id, sizeof(last->request_id), "%s", id ? id : "");
	last->error_type[0] = '\0';
	last->retry_after_ms = 0;
	last->has_retry_after = wait_read(answer, &last->retry_after_ms);
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

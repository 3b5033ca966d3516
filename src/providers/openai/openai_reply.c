#include "providers/openai/openai_reply.h"

#include <stdio.h>
#include <string.h>

#include "base/retry_after.h"

enum { DIGITS_MAX = 9 };

/* ------------------------------------------------------------------ limits */

/* What a unit of a duration has in milliseconds, and where it ends; 0: it is none. */
static uint64_t unit_read(const char **text)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 } };
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strncmp(*text, units[i].name, strlen(units[i].name)) != 0)
			continue;
		*text += strlen(units[i].name);
		return units[i].ms;
	}
	return 0;
}

/* Of "6m0s" the "6m"; parts below a millisecond are passed over. False: it is none. */
static bool part_read(const char **text, uint64_t *ms)
{
	uint64_t whole = 0, thousandths = 0, scale = 100, unit;
	size_t digits = strspn(*text, "0123456789"), i;

	if (!digits || digits > DIGITS_MAX)
		return false;
	for (i = 0; i < digits; i++)
		whole = whole * 10 + (uint64_t)(*(*text)++ - '0');
	if (**text == '.')
		for (++*text; **text >= '0' && **text <= '9'; scale /= 10)
			thousandths += scale * (uint64_t)(*(*text)++ - '0');
	unit = unit_read(text);
	*ms += whole * unit + thousandths * unit / 1000;
	return unit > 0;
}

/* "1s", "6m0s", "1h2m3.5s", "20ms"; 0: anything else. */
static uint64_t duration_read(const char *text)
{
	uint64_t ms = 0;

	while (text && *text)
		if (!part_read(&text, &ms))
			return 0;
	return ms;
}

static const char *limit_name(char name[80], const char *part, const char *what)
{
	snprintf(name, 80, "x-ratelimit-%s-%s", part, what);
	return name;
}

static void limit_read(struct openai_limit *l, const struct http_answer *answer, const char *what)
{
	uint64_t limit, remaining;
	char name[80];

	if (!header_number_read(answer, limit_name(name, "limit", what), &limit) ||
		!header_number_read(answer, limit_name(name, "remaining", what), &remaining))
		return;
	*l = (struct openai_limit){ .is_known = true, .limit = limit, .remaining = remaining,
		.reset_ms = duration_read(http_answer_header(answer, limit_name(name, "reset", what))) };
}

void openai_reply_head(struct openai_last *last, const struct http_answer *answer)
{
	const char *id = http_answer_header(answer, "x-request-id");

	last->status = answer->status;
	snprintf(last->request_id, sizeof(last->request_id), "%s", id ? id : "");
	last->error_name[0] = '\0';
	last->retry_after_ms = 0;
	last->has_retry_after = retry_after_read(answer, &last->retry_after_ms);
	limit_read(&last->requests, answer, "requests");
	limit_read(&last->tokens, answer, "tokens");
}

/* ------------------------------------------------------------------ failures */

/* The status counts; what the error is called is for people. But where money is wanting, 429 does not pass. */
enum failure openai_reply_failed(struct openai_last *last, unsigned int status, const void *body, size_t len)
{
	enum failure why = openai_failure_of_status(status);
	const struct json_item *name;
	struct openai_chunk c;

	if (openai_chunk_read(&c, body, len))
		return why;
	name = openai_chunk_error_name(&c, sizeof(last->error_name));
	if (name)
		snprintf(last->error_name, sizeof(last->error_name), "%.*s", (int)name->len, name->text);
	if (status == 429 && (openai_item_is(&c.fields[CHUNK_ERROR_CODE], "insufficient_quota") ||
		openai_item_is(&c.fields[CHUNK_ERROR_TYPE], "insufficient_quota")))
		return FAILED_REFUSED;
	return why;
}

enum failure openai_reply_lost(enum err err)
{
	return err == ERR_FORMAT || err == ERR_LIMIT ? FAILED_GARBAGE : FAILED_DIED;
}

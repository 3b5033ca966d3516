#include "base/retry_after.h"

#include <string.h>
#include <time.h>

#include "base/http_client.h"

enum { NUMBER_DIGITS = 12 };

bool header_number_read(const struct http_answer *answer, const char *name, uint64_t *number)
{
	const char *text = http_answer_header(answer, name);
	size_t len = text ? strspn(text, "0123456789") : 0, i;

	if (!len || text[len] || len > NUMBER_DIGITS)
		return false;
	for (*number = 0, i = 0; i < len; i++)
		*number = *number * 10 + (uint64_t)(text[i] - '0');
	return true;
}

static bool date_read(const char *text, time_t *at)
{
	struct tm tm = { .tm_sec = 0 };
	const char *end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;

	if (!end || *end)
		return false;
	*at = timegm(&tm);
	return true;
}

bool retry_after_read(const struct http_answer *answer, uint64_t *wait_ms)
{
	time_t then, now;

	if (header_number_read(answer, "retry-after-ms", wait_ms))
		return true;
	if (header_number_read(answer, "retry-after", wait_ms)) {
		*wait_ms *= 1000;
		return true;
	}
	if (!date_read(http_answer_header(answer, "retry-after"), &then) || !date_read(http_answer_header(answer, "date"), &now))
		return false;
	*wait_ms = then > now ? (uint64_t)(then - now) * 1000 : 0;
	return true;
}

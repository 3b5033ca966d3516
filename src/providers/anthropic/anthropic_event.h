/* One event of Anthropic's stream, or the body of an error: which of the fields that we look at it has, and where they stand.
 *
 * Nothing is allocated: fields point into the bytes given, which stay borrowed. Fields that we do not know are passed over, as the
 * vendor asks of its users. Facts: the shared protocol notes on Anthropic, sections 3 and 7. No state, any thread.
 */
#ifndef PROVIDERS_ANTHROPIC_ANTHROPIC_EVENT_H
#define PROVIDERS_ANTHROPIC_ANTHROPIC_EVENT_H

#include "base/err.h"
#include "base/json_scan.h"

enum anthropic_field {
	FIELD_TYPE = 0,
	FIELD_INDEX,
	FIELD_BLOCK_TYPE, FIELD_BLOCK_TEXT, FIELD_BLOCK_NAME,
	FIELD_DELTA_TYPE, FIELD_DELTA_TEXT, FIELD_DELTA_JSON,
	FIELD_STOP_REASON,
	FIELD_ERROR_TYPE,
	FIELD_INPUT, FIELD_WRITTEN, FIELD_WRITTEN_5M, FIELD_WRITTEN_1H, FIELD_READ, FIELD_OUTPUT, /* of `usage`, also of the message's */
	FIELD_COUNT
};

struct anthropic_event {
	struct json_item fields[FIELD_COUNT]; /* kind JSON_SCAN_END: it is not there */
};

/* ERR_FORMAT, ERR_TRUNCATED: not UTF-8, or no JSON object; ERR_LIMIT: too deep. */
enum err anthropic_event_read(struct anthropic_event *e, const void *data, size_t len) MUST_USE;

/* Is the field this text? */
bool anthropic_event_is(const struct anthropic_event *e, enum anthropic_field field, const char *text);

/* A whole number of up to nine digits; false: it is not there, null, or none. */
bool anthropic_event_number(const struct anthropic_event *e, enum anthropic_field field, uint64_t *number);

#endif

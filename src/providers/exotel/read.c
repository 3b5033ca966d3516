#include "providers/exotel/read.h"

#include <stdio.h>
#include <string.h>

enum part { PART_NONE, PART_START, PART_MEDIA, PART_DTMF, PART_MARK };
enum inner { INNER_NONE, INNER_PARAMETERS, INNER_FORMAT };

void exotel_text_put(const struct json_item *item, char *out, size_t size)
{
	size_t len = 0;

	if (item->kind != JSON_SCAN_STRING || item->len >= size || json_scan_text(item, out, size - 1, &len))
		len = 0;
	out[len] = '\0';
}

bool exotel_text_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

bool exotel_number(const struct json_item *item, uint64_t *number)
{
	*number = 0;
	if ((item->kind != JSON_SCAN_STRING && item->kind != JSON_SCAN_NUMBER) || !item->len || item->len > 15)
		return false;
	for (size_t i = 0; i < item->len; i++) {
		if (item->text[i] < '0' || item->text[i] > '9')
			return false;
		*number = *number * 10 + (uint64_t)(item->text[i] - '0');
	}
	return true;
}

/* In either spelling. */
static bool key_is(const struct json_item *item, const char *snake, const char *camel)
{
	return json_item_is(item, snake) || json_item_is(item, camel);
}

static bool is_stream(const struct json_item *item)
{
	return key_is(item, "stream_sid", "streamSid");
}

static void hear_stream(struct exotel_message *m, const struct json_item *item)
{
	if (json_item_is(item, "stream_sid"))
		m->is_snake = true;
	else
		m->is_camel = true;
	if (item->depth == 1 || !m->stream.kind)
		m->stream = *item;
}

static void hear_parameter(struct media_start *start, const struct json_item *item)
{
	struct media_parameter *p = &start->parameters[start->parameter_count];

	if (start->parameter_count == MEDIA_PARAMETERS || item->key_len >= MEDIA_NAME_MAX)
		return;
	snprintf(p->name, sizeof(p->name), "%.*s", (int)item->key_len, item->key);
	exotel_text_put(item, p->value, sizeof(p->value));
	start->parameter_count++;
}

static void hear_start(struct exotel_message *m, const struct json_item *item)
{
	if (m->inner == INNER_PARAMETERS && item->depth == 3)
		hear_parameter(m->start, item);
	else if (m->inner == INNER_FORMAT && item->depth == 3 && json_item_is(item, "encoding"))
		m->encoding = *item;
	else if (m->inner == INNER_FORMAT && item->depth == 3 && key_is(item, "sample_rate", "sampleRate"))
		m->rate = *item;
	else if (item->depth != 2)
		return;
	else if (is_stream(item))
		hear_stream(m, item);
	else if (key_is(item, "call_sid", "callSid"))
		exotel_text_put(item, m->start->call, sizeof(m->start->call));
	else if (key_is(item, "account_sid", "accountSid"))
		exotel_text_put(item, m->start->account, sizeof(m->start->account));
}

static void hear_media(struct exotel_message *m, const struct json_item *item)
{
	if (json_item_is(item, "payload"))
		m->payload = *item;
	else if (json_item_is(item, "timestamp"))
		m->timestamp = *item;
	else if (json_item_is(item, "chunk"))
		m->chunk = *item;
	else if (json_item_is(item, "track"))
		m->track = *item;
}

static void hear_value(struct exotel_message *m, const struct json_item *item)
{
	if (item->depth == 1 && json_item_is(item, "event"))
		m->event = *item;
	else if (item->depth == 1 && is_stream(item))
		hear_stream(m, item);
	else if (m->part == PART_START)
		hear_start(m, item);
	else if (m->part == PART_MEDIA && item->depth == 2)
		hear_media(m, item);
	else if (m->part == PART_DTMF && item->depth == 2 && json_item_is(item, "digit"))
		m->digit = *item;
	else if (m->part == PART_MARK && item->depth == 2 && json_item_is(item, "name"))
		m->mark = *item;
}

static enum part part_of(const struct exotel_message *m, const struct json_item *item)
{
	if (json_item_is(item, "start"))
		return m->start ? PART_START : PART_NONE;
	return json_item_is(item, "media") ? PART_MEDIA : json_item_is(item, "dtmf") ? PART_DTMF : json_item_is(item, "mark") ? PART_MARK : PART_NONE;
}

static void hear_open(struct exotel_message *m, struct json_scan *s, const struct json_item *item)
{
	bool is_inner = item->depth == 2 && !item->is_array && m->part == PART_START;

	if (item->depth == 1 && !item->is_array)
		m->part = part_of(m, item);
	else if (is_inner && key_is(item, "custom_parameters", "customParameters"))
		m->inner = INNER_PARAMETERS;
	else if (is_inner && key_is(item, "media_format", "mediaFormat"))
		m->inner = INNER_FORMAT;
	else if (item->depth)
		json_scan_leave(s);
}

enum err exotel_read(struct exotel_message *m, const void *data, size_t len)
{
	struct json_scan s;
	struct json_item item;

	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		if (item.kind == JSON_SCAN_OPEN)
			hear_open(m, &s, &item);
		else if (item.kind != JSON_SCAN_CLOSE)
			hear_value(m, &item);
		else if (item.depth == 2)
			m->inner = INNER_NONE;
		else if (item.depth == 1)
			m->part = PART_NONE;
	}
	return s.err ? s.err : m->event.kind == JSON_SCAN_STRING ? ERR_NONE : ERR_FORMAT;
}

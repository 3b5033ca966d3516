#include "sandbox/exotel/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/http_head.h"
#include "base/json.h"

/* ------------------------------------------------------------------ what it says */

static const char *key(const struct words *w, const char *snake, const char *camel)
{
	return w->keys == WORDS_CAMEL ? camel : snake;
}

static void counter_put(const struct words *w, struct buf *b, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	if (w->has_numbers)
		json_pair_u64(b, name, value);
	else
		json_pair_string(b, name, text);
}

/* Both spellings stand in a start alone: that is where they are looked at. */
static void stream_put(const struct words *w, struct buf *b, bool is_start)
{
	json_pair_string(b, key(w, "stream_sid", "streamSid"), w->stream);
	if (is_start && w->keys == WORDS_BOTH)
		json_pair_string(b, "streamSid", w->stream);
}

static void begin(struct words *w, struct buf *b, const char *event)
{
	json_open(b, '{');
	json_pair_string(b, "event", event);
	counter_put(w, b, key(w, "sequence_number", "sequenceNumber"), ++w->sequence);
	stream_put(w, b, !strcmp(event, "start"));
	json_put_key(b, event);
	json_open(b, '{');
}

static void end(struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
}

void words_connected(struct buf *b)
{
	buf_text(b, "{\"event\":\"connected\"}");
}

static void parameters_put(const struct words *w, struct buf *b)
{
	struct http_pairs pairs = { .count = 0 };

	json_put_key(b, key(w, "custom_parameters", "customParameters"));
	if (w->has_no_parameters || !w->query || http_pairs_parse(&pairs, w->query, strlen(w->query))) {
		json_put_string(b, "");
		return;
	}
	json_open(b, '{');
	for (size_t i = 0; i < pairs.count; i++)
		json_pair_string(b, pairs.items[i].name, pairs.items[i].value);
	json_close(b, '}');
	http_pairs_free(&pairs);
}

void words_start(struct words *w, struct buf *b)
{
	begin(w, b, "start");
	stream_put(w, b, true);
	json_pair_string(b, key(w, "call_sid", "callSid"), w->call);
	json_pair_string(b, key(w, "account_sid", "accountSid"), w->account);
	json_pair_string(b, "from", w->from);
	json_pair_string(b, "to", w->to);
	parameters_put(w, b);
	json_put_key(b, key(w, "media_format", "mediaFormat"));
	json_open(b, '{');
	json_pair_string(b, "encoding", w->is_ulaw ? "audio/x-mulaw" : "raw/slin");
	counter_put(w, b, key(w, "sample_rate", "sampleRate"), w->rate_hz);
	counter_put(w, b, key(w, "bit_rate", "bitRate"), w->is_ulaw ? 8 : 16);
	json_close(b, '}');
	end(b);
}

void words_media(struct words *w, struct buf *b, uint64_t chunk, uint64_t at_ms, const uint8_t *sound, size_t len)
{
	size_t room = sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
	uint8_t *at;

	begin(w, b, "media");
	counter_put(w, b, "chunk", chunk);
	counter_put(w, b, "timestamp", at_ms);
	json_put_key(b, "payload");
	buf_byte(b, '"');
	at = buf_reserve(b, room);
	if (at) {
		sodium_bin2base64((char *)at, room, sound, len, sodium_base64_VARIANT_ORIGINAL);
		b->len += room - 1;
	}
	buf_byte(b, '"');
	end(b);
}

void words_mark(struct words *w, struct buf *b, const char *name)
{
	begin(w, b, "mark");
	json_pair_string(b, "name", name);
	end(b);
}

void words_stop(struct words *w, struct buf *b)
{
	begin(w, b, "stop");
	json_pair_string(b, key(w, "call_sid", "callSid"), w->call);
	json_pair_string(b, key(w, "account_sid", "accountSid"), w->account);
	json_pair_string(b, "reason", "callended");
	end(b);
}

/* ------------------------------------------------------------------ our address */

static bool query_read(const char *url, struct http_pairs *pairs)
{
	const char *query = strchr(url, '?');

	*pairs = (struct http_pairs){ .count = 0 };
	return !query || !http_pairs_parse(pairs, query + 1, strlen(query + 1));
}

uint32_t words_rate(const char *url, uint32_t usual)
{
	static const uint32_t rates[] = { 8000, 16000, 24000 };
	struct http_pairs pairs;
	const char *said;
	uint32_t rate = 0;

	if (!query_read(url, &pairs))
		return 0;
	said = http_pairs_find(&pairs, "sample-rate");
	for (size_t i = 0; said && i < sizeof(rates) / sizeof(rates[0]); i++)
		if (strtoul(said, NULL, 10) == rates[i])
			rate = rates[i];
	rate = said ? rate : usual;
	http_pairs_free(&pairs);
	return rate;
}

bool words_address_fits(const char *url)
{
	struct http_pairs pairs;
	size_t count = 0, bytes = 0;

	if (!query_read(url, &pairs))
		return false;
	for (size_t i = 0; i < pairs.count; i++)
		if (strcmp(pairs.items[i].name, "sample-rate") != 0) {
			count++;
			bytes += strlen(pairs.items[i].name) + 1 + strlen(pairs.items[i].value);
		}
	http_pairs_free(&pairs);
	return count <= WORDS_PARAMETERS_MAX && bytes <= WORDS_PARAMETER_BYTES;
}

/* ------------------------------------------------------------------ what it is told */

static bool is_base64(const char *text, size_t len, size_t *bytes)
{
	uint8_t *memory = malloc(len / 4 * 3 + 3);
	bool fits = memory && !sodium_base642bin(memory, len / 4 * 3 + 3, text, len, NULL, bytes, NULL, sodium_base64_VARIANT_ORIGINAL);

	free(memory);
	return fits;
}

static enum err media_hear(struct heard *h, const json_t *message)
{
	const json_t *media = json_object_get(message, "media"), *payload = json_object_get(media, "payload");
	bool has_number = json_object_get(message, "sequence_number") || json_object_get(message, "sequenceNumber");
	bool has_chunk = json_object_get(media, "chunk"), has_time = json_object_get(media, "timestamp");

	h->kind = HEARD_MEDIA;
	h->has_more = has_number || has_chunk || has_time;
	h->has_all = has_number && has_chunk && has_time;
	if (!json_is_string(payload))
		return ERR_FORMAT;
	if (json_string_length(payload) / 4 * 3 > WORDS_CHUNK_MAX_BYTES + 2)
		return ERR_LIMIT;
	if (!is_base64(json_string_value(payload), json_string_length(payload), &h->bytes))
		return ERR_FORMAT;
	return h->bytes > WORDS_CHUNK_MAX_BYTES ? ERR_LIMIT : ERR_NONE;
}

static enum err mark_hear(struct heard *h, const json_t *message)
{
	const char *name = json_string_value(json_object_get(json_object_get(message, "mark"), "name"));

	h->kind = HEARD_MARK;
	snprintf(h->mark, sizeof(h->mark), "%s", name ? name : "");
	return name && strlen(name) < sizeof(h->mark) ? ERR_NONE : ERR_FORMAT;
}

static enum err event_hear(struct heard *h, const json_t *message, const char *event, const char *stream)
{
	const json_t *snake = json_object_get(message, "stream_sid"), *camel = json_object_get(message, "streamSid");
	const char *said = json_string_value(snake ? snake : camel);

	if (!said || strcmp(said, stream) != 0)
		return ERR_NONE;
	h->is_camel = !snake;
	if (!strcmp(event, "media"))
		return media_hear(h, message);
	if (!strcmp(event, "mark"))
		return mark_hear(h, message);
	if (!strcmp(event, "clear"))
		h->kind = HEARD_CLEAR;
	return ERR_NONE;
}

enum err words_hear(struct heard *h, const void *data, size_t len, const char *stream)
{
	json_t *message = len ? json_loadb(data, len, 0, NULL) : NULL;
	const char *event = json_string_value(json_object_get(message, "event"));
	enum err err;

	*h = (struct heard){ .kind = HEARD_NOTHING };
	err = event ? event_hear(h, message, event, stream) : ERR_FORMAT;
	json_decref(message);
	return err;
}

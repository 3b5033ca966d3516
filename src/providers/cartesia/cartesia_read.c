#include "providers/cartesia/cartesia_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "audio/g711.h"
#include "base/json_scan.h"

enum { LIST_WORDS = 0, LIST_STARTS, LIST_ENDS, LISTS, LIST_NONE = LISTS };

enum { NUMBER_MAX = 32 };

/* What a message says, as far as we look. Strings point into it. */
struct heard {
	struct json_item type, context, data, done, status, code;
	bool in_words;      /* inside word_timestamps */
	unsigned int list;  /* inside which of its lists */
	size_t counts[LISTS];
	bool is_bad;        /* a time that is none */
	enum err err;
};

void cartesia_event_init(struct cartesia_event *e)
{
	*e = (struct cartesia_event){ .kind = CARTESIA_OTHER };
	buf_init(&e->audio, CARTESIA_MESSAGE_MAX_BYTES);
	buf_init(&e->text, CARTESIA_MESSAGE_MAX_BYTES);
}

void cartesia_event_fini(struct cartesia_event *e)
{
	buf_fini(&e->audio);
	buf_fini(&e->text);
}

static bool text_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

/* ---- errors ---- */

enum err cartesia_status_err(uint64_t status)
{
	switch (status) {
	case 400:
	case 413:
	case 422: return ERR_USAGE;
	case 401:
	case 403: return ERR_DENIED;
	case 402: return ERR_LIMIT;
	case 404:
	case 410: return ERR_NOTFOUND;
	case 408:
	case 504: return ERR_TIMEOUT;
	case 429: return ERR_BUSY;
	default: return ERR_UNAVAILABLE;
	}
}

enum err cartesia_close_err(unsigned int code)
{
	switch (code) {
	case 1002:
	case 1003:
	case 1007: return ERR_FORMAT;
	case 1008: return ERR_DENIED;
	case 1009: return ERR_LIMIT;
	case 1011:
	case 1014: return ERR_UNAVAILABLE;
	case 1013: return ERR_BUSY;
	default: return ERR_CLOSED;
	}
}

/* The code is surer than the status: it is what the vendor's own words hang on. */
static enum err code_err(const struct json_item *code, uint64_t status)
{
	if (text_is(code, "concurrency_limited"))
		return ERR_BUSY;
	if (text_is(code, "model_not_found") || text_is(code, "model_sunsetted") || text_is(code, "voice_not_found"))
		return ERR_NOTFOUND;
	return cartesia_status_err(status);
}

enum err cartesia_refusal_err(uint64_t status, const void *body, size_t len)
{
	struct json_item item, code = { .kind = JSON_SCAN_END };
	struct json_scan s;

	json_scan_init(&s, body, len);
	while (json_scan_next(&s, &item)) {
		if (item.depth == 1 && json_item_is(&item, "error_code"))
			code = item;
		else if (item.kind == JSON_SCAN_OPEN && item.depth)
			json_scan_leave(&s);
	}
	return s.err ? cartesia_status_err(status) : code_err(&code, status);
}

/* ---- numbers and texts ---- */

static bool number_of(const struct json_item *item, double *number)
{
	char text[NUMBER_MAX];

	if (item->kind != JSON_SCAN_NUMBER || item->len >= sizeof(text))
		return false;
	memcpy(text, item->text, item->len);
	text[item->len] = '\0';
	*number = strtod(text, NULL);
	return isfinite(*number);
}

/* Seconds as samples; what nobody can mean is the nearest that somebody can. */
static uint32_t samples_of(double seconds)
{
	double samples = seconds * G711_RATE_HZ + 0.5;

	if (samples < 0)
		return 0;
	return samples < CARTESIA_MAX_SAMPLES ? (uint32_t)samples : CARTESIA_MAX_SAMPLES;
}

/* The string without its escapes, behind what is in `b`. */
static enum err text_append(struct buf *b, const struct json_item *item)
{
	uint8_t *room = buf_reserve(b, item->len + 1);
	size_t len = 0;
	enum err err = room ? json_scan_text(item, (char *)room, item->len + 1, &len) : b->err;

	if (!err)
		b->len += len;
	return err;
}

/* ---- hearing ---- */

static void hear_word(struct cartesia_event *e, struct heard *h, const struct json_item *item)
{
	struct cartesia_word *w = &e->words[h->counts[LIST_WORDS]];

	w->at = e->text.len;
	if (item->kind != JSON_SCAN_STRING || text_append(&e->text, item))
		h->is_bad = true;
	w->len = e->text.len - w->at;
}

static void hear_list(struct cartesia_event *e, struct heard *h, const struct json_item *item)
{
	size_t at = h->counts[h->list];
	double seconds = 0;

	if (at == CARTESIA_WORDS_MAX)
		return;
	if (h->list == LIST_WORDS) {
		hear_word(e, h, item);
	} else {
		h->is_bad |= !number_of(item, &seconds);
		*(h->list == LIST_STARTS ? &e->words[at].start_samples : &e->words[at].end_samples) = samples_of(seconds);
	}
	h->counts[h->list]++;
}

static void hear_value(struct cartesia_event *e, struct heard *h, const struct json_item *item)
{
	if (item->depth == 3 && h->in_words && h->list != LIST_NONE)
		hear_list(e, h, item);
	if (item->depth != 1)
		return;
	if (json_item_is(item, "type"))
		h->type = *item;
	else if (json_item_is(item, "context_id"))
		h->context = *item;
	else if (json_item_is(item, "data"))
		h->data = *item;
	else if (json_item_is(item, "done"))
		h->done = *item;
	else if (json_item_is(item, "status_code"))
		h->status = *item;
	else if (json_item_is(item, "error_code"))
		h->code = *item;
}

static void hear_open(struct heard *h, struct json_scan *s, const struct json_item *item)
{
	if (item->depth == 1 && !item->is_array && json_item_is(item, "word_timestamps"))
		h->in_words = true;
	else if (item->depth == 2 && h->in_words && item->is_array)
		h->list = json_item_is(item, "words") ? LIST_WORDS : json_item_is(item, "start") ? LIST_STARTS :
			json_item_is(item, "end") ? LIST_ENDS : LIST_NONE;
	else if (item->depth)
		json_scan_leave(s);
	else if (item->is_array)
		h->err = ERR_FORMAT;
}

static enum err hear(struct cartesia_event *e, struct heard *h, const void *data, size_t len)
{
	struct json_scan s;
	struct json_item item;

	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		if (item.kind == JSON_SCAN_OPEN)
			hear_open(h, &s, &item);
		else if (item.kind != JSON_SCAN_CLOSE)
			hear_value(e, h, &item);
		else if (item.depth == 2)
			h->list = LIST_NONE;
		else if (item.depth == 1)
			h->in_words = false;
	}
	return s.err ? s.err : h->err;
}

/* ---- events ---- */

static void take_context(struct cartesia_event *e, const struct json_item *item)
{
	size_t len = 0;

	e->has_context = item->kind == JSON_SCAN_STRING && item->len;
	if (!e->has_context || json_scan_text(item, e->context, sizeof(e->context) - 1, &len))
		len = 0;
	e->context[len] = '\0';
}

static enum err take_audio(struct cartesia_event *e, const struct json_item *item)
{
	const char *base64 = item->text;
	size_t len = item->len, got = 0;
	uint8_t *room;

	if (item->kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	if (item->has_escapes) { /* "\/" for a slash is allowed */
		if (text_append(&e->text, item))
			return ERR_FORMAT;
		base64 = (const char *)e->text.data;
		len = e->text.len;
	}
	room = buf_reserve(&e->audio, len / 4 * 3 + 3);
	if (!room)
		return e->audio.err;
	if (sodium_base642bin(room, len / 4 * 3 + 3, base64, len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL))
		return ERR_FORMAT;
	e->audio.len = got;
	return ERR_NONE;
}

/* Words whose three lists do not belong together are not believed. */
static void take_words(struct cartesia_event *e, const struct heard *h)
{
	bool fits = h->counts[LIST_WORDS] == h->counts[LIST_STARTS] && h->counts[LIST_WORDS] == h->counts[LIST_ENDS];

	e->word_count = fits && !h->is_bad && !e->text.err ? h->counts[LIST_WORDS] : 0;
}

static enum err take(struct cartesia_event *e, const struct heard *h)
{
	double status = 0;

	take_context(e, &h->context);
	e->is_done = h->done.kind == JSON_SCAN_TRUE;
	if (text_is(&h->type, "chunk")) {
		e->kind = CARTESIA_CHUNK;
		return take_audio(e, &h->data);
	}
	if (text_is(&h->type, "timestamps")) {
		e->kind = CARTESIA_TIMESTAMPS;
		take_words(e, h);
	} else if (text_is(&h->type, "done")) {
		e->kind = CARTESIA_DONE;
	} else if (text_is(&h->type, "error")) {
		e->kind = CARTESIA_ERROR;
		if (!number_of(&h->status, &status) || status < 0 || status > 999)
			status = 0;
		e->err = code_err(&h->code, (uint64_t)status);
	}
	return ERR_NONE;
}

enum err cartesia_read(struct cartesia_event *e, const void *data, size_t len)
{
	struct heard h = { .list = LIST_NONE };
	enum err err;

	e->kind = CARTESIA_OTHER;
	e->has_context = e->is_done = false;
	e->context[0] = '\0';
	e->err = ERR_NONE;
	e->word_count = 0;
	buf_reset(&e->audio);
	buf_reset(&e->text);
	if (len > CARTESIA_MESSAGE_MAX_BYTES)
		return ERR_LIMIT;
	err = hear(e, &h, data, len);
	if (err)
		return err;
	return h.type.kind == JSON_SCAN_STRING ? take(e, &h) : ERR_FORMAT;
}

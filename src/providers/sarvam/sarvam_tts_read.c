#include "providers/sarvam/sarvam_tts_read.h"

#include <string.h>

#include <sodium.h>

/* What a message says, as far as we look. Strings point into it. */
struct heard {
	struct json_item type, audio, content, event, message, code;
};

void sarvam_tts_event_init(struct sarvam_tts_event *e)
{
	*e = (struct sarvam_tts_event){ .kind = SARVAM_TTS_OTHER };
	buf_init(&e->audio, SARVAM_TTS_MESSAGE_MAX_BYTES);
	buf_init(&e->text, SARVAM_TTS_MESSAGE_MAX_BYTES);
}

void sarvam_tts_event_fini(struct sarvam_tts_event *e)
{
	buf_fini(&e->audio);
	buf_fini(&e->text);
}

enum err sarvam_tts_close_err(unsigned int code)
{
	switch (code) {
	case 1002:
	case 1007: return ERR_FORMAT;
	case 1003:
	case 1008: return ERR_DENIED;
	case 1009: return ERR_LIMIT;
	case 1011:
	case 1014:
	case 4000: return ERR_UNAVAILABLE;
	case 1013: return ERR_BUSY;
	default: return ERR_CLOSED;
	}
}

/* ------------------------------------------------------------------ hearing */

/* Of `data`, and an error also where it stands outside of it. */
static void hear_value(struct heard *h, const struct json_item *item)
{
	const struct {
		const char *key;
		struct json_item *to;
	} members[] = {
		{ "audio", &h->audio },
		{ "content_type", &h->content },
		{ "event_type", &h->event },
		{ "message", &h->message },
		{ "code", &h->code },
	};

	if (item->depth == 1 && json_item_is(item, "type"))
		h->type = *item;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_item_is(item, members[i].key))
			*members[i].to = *item;
}

static enum err hear(struct heard *h, const void *data, size_t len)
{
	struct json_scan s;
	struct json_item item;

	json_scan_init(&s, data, len);
	while (json_scan_next(&s, &item)) {
		if (item.kind == JSON_SCAN_OPEN && !item.depth && item.is_array)
			return ERR_FORMAT;
		if (item.kind == JSON_SCAN_OPEN && item.depth && (item.depth > 1 || item.is_array || !json_item_is(&item, "data")))
			json_scan_leave(&s);
		else if (item.kind != JSON_SCAN_OPEN && item.kind != JSON_SCAN_CLOSE)
			hear_value(h, &item);
	}
	return s.err;
}

/* ------------------------------------------------------------------ events */

/* The string without its escapes, in the event's memory when it has some; false: it is none. */
static bool plain(struct sarvam_tts_event *e, const struct json_item *item, const char **text, size_t *len)
{
	uint8_t *room;

	*text = item->text;
	*len = item->len;
	if (item->kind != JSON_SCAN_STRING)
		return false;
	if (!item->has_escapes)
		return true;
	room = buf_reserve(&e->text, item->len + 1);
	*text = (const char *)room;
	return room && !json_scan_text(item, (char *)room, item->len + 1, len);
}

static bool has(const char *text, size_t len, const char *part)
{
	return memmem(text, len, part, strlen(part)) != NULL;
}

/* Sound in a form that nobody asked for would be noise in somebody's ear. */
static bool is_packed(const struct json_item *content, const struct buf *audio)
{
	static const char *const forms[] = { "mpeg", "mp3", "opus", "ogg", "flac", "aac" };

	for (size_t i = 0; content->kind == JSON_SCAN_STRING && i < sizeof(forms) / sizeof(forms[0]); i++)
		if (has(content->text, content->len, forms[i]))
			return true;
	return audio->len >= 12 && !memcmp(audio->data, "RIFF", 4) && !memcmp(audio->data + 8, "WAVE", 4);
}

static enum err take_audio(struct sarvam_tts_event *e, const struct heard *h)
{
	const char *base64;
	size_t len, got = 0;
	uint8_t *room;

	if (!plain(e, &h->audio, &base64, &len))
		return e->text.err ? e->text.err : ERR_FORMAT;
	room = buf_reserve(&e->audio, len / 4 * 3 + 3);
	if (!room)
		return e->audio.err;
	if (sodium_base642bin(room, len / 4 * 3 + 3, base64, len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL))
		return ERR_FORMAT;
	e->audio.len = got;
	e->is_packed = is_packed(&h->content, &e->audio);
	return ERR_NONE;
}

/* "400: …": three digits in front of the words. */
static unsigned int status_before(const char *text, size_t len)
{
	unsigned int status = 0;

	if (len < 4 || text[3] != ':')
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		status = status * 10 + (unsigned int)(text[i] - '0');
	}
	return status;
}

static void take_error(struct sarvam_tts_event *e, const struct heard *h)
{
	char code[SARVAM_ID_MAX] = "";
	const char *text;
	size_t len;
	double number;
	unsigned int status;

	if (!plain(e, &h->message, &text, &len)) {
		text = "";
		len = 0;
	}
	e->names_language = has(text, len, "language_code");
	sarvam_id_take(code, &h->code);
	status = sarvam_number(&h->code, &number) && number >= 100 && number <= 999 ? (unsigned int)number : status_before(text, len);
	e->err = sarvam_code_err(code, status);
}

enum err sarvam_tts_read(struct sarvam_tts_event *e, const void *data, size_t len)
{
	struct heard h = { .type = { .kind = JSON_SCAN_END } };
	enum err err;

	e->kind = SARVAM_TTS_OTHER;
	e->is_packed = e->names_language = false;
	e->err = ERR_NONE;
	buf_reset(&e->audio);
	buf_reset(&e->text);
	if (len > SARVAM_TTS_MESSAGE_MAX_BYTES)
		return ERR_LIMIT;
	err = hear(&h, data, len);
	if (err)
		return err;
	if (h.type.kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	if (sarvam_text_is(&h.type, "audio")) {
		e->kind = SARVAM_TTS_AUDIO;
		return take_audio(e, &h);
	}
	if (sarvam_text_is(&h.type, "event") && sarvam_text_is(&h.event, "final"))
		e->kind = SARVAM_TTS_FINAL;
	if (sarvam_text_is(&h.type, "error")) {
		e->kind = SARVAM_TTS_ERROR;
		take_error(e, &h);
	}
	return ERR_NONE;
}

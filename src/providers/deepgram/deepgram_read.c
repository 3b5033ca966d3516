#include "providers/deepgram/deepgram_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"

/* A number of seconds; `is_known`: there, and no time before the beginning ("no word" is -1). */
struct seconds {
	bool is_there, is_known;
	uint64_t us;
};

struct reading {
	struct json_scan scan;
	struct deepgram_event *e;
	struct json_item type, event, trigger, transcript, variant, code;
	struct seconds start, duration, window_start, window_end, last_word_end;
	struct seconds word_start, word_end; /* of the word in hand */
	bool has_alternatives, has_alternative;
};

/* True: it has read the bracket that the item opened. */
typedef bool member_h(struct reading *r, const struct json_item *item);

/* All of what the bracket holds that was opened last. */
static void read_each(struct reading *r, member_h *member)
{
	struct json_item item;

	while (json_scan_next(&r->scan, &item) && item.kind != JSON_SCAN_CLOSE)
		if (!member(r, &item) && item.kind == JSON_SCAN_OPEN)
			json_scan_leave(&r->scan);
}

static void take_seconds(struct seconds *s, const struct json_item *item)
{
	char text[32];
	double value;

	if (item->kind != JSON_SCAN_NUMBER || item->len >= sizeof(text))
		return;
	memcpy(text, item->text, item->len);
	text[item->len] = '\0';
	value = strtod(text, NULL);
	s->is_there = value <= DEEPGRAM_MAX_S;
	s->is_known = s->is_there && value >= 0;
	s->us = s->is_known ? (uint64_t)(value * 1e6 + 0.5) : 0;
}

/* Names that machines give: what is not one of them is left out, so that nothing that was said gets into a log. */
static void take_id(char out[DEEPGRAM_ID_MAX], const struct json_item *item)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t i;

	if (item->kind != JSON_SCAN_STRING || item->len >= DEEPGRAM_ID_MAX)
		return;
	for (i = 0; i < item->len; i++)
		if (!memchr(allowed, item->text[i], sizeof(allowed) - 1))
			return;
	memcpy(out, item->text, item->len);
	out[item->len] = '\0';
}

static bool text_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

/* ------------------------------------------------------------------ from the words outwards */

static bool word_member(struct reading *r, const struct json_item *item)
{
	if (json_item_is(item, "start"))
		take_seconds(&r->word_start, item);
	else if (json_item_is(item, "end"))
		take_seconds(&r->word_end, item);
	return false;
}

static bool words_member(struct reading *r, const struct json_item *item)
{
	struct deepgram_event *e = r->e;

	if (item->kind != JSON_SCAN_OPEN || item->is_array)
		return false;
	r->word_start = r->word_end = (struct seconds){ .is_there = false };
	read_each(r, word_member);
	if (!r->word_start.is_known || !r->word_end.is_known)
		return true;
	if (!e->has_words)
		e->first_us = r->word_start.us;
	e->last_us = r->word_end.us > e->last_us ? r->word_end.us : e->last_us;
	e->has_words = true;
	return true;
}

static bool is_opened(const struct json_item *item, const char *key, bool is_array)
{
	return item->kind == JSON_SCAN_OPEN && item->is_array == is_array && json_item_is(item, key);
}

static bool alternative_member(struct reading *r, const struct json_item *item)
{
	if (json_item_is(item, "transcript"))
		r->transcript = *item;
	if (!is_opened(item, "words", true))
		return false;
	read_each(r, words_member);
	return true;
}

/* The first is the best; nobody asks for more than one. */
static bool alternatives_member(struct reading *r, const struct json_item *item)
{
	if (r->has_alternative || item->kind != JSON_SCAN_OPEN || item->is_array)
		return false;
	r->has_alternative = true;
	read_each(r, alternative_member);
	return true;
}

static bool channel_member(struct reading *r, const struct json_item *item)
{
	if (!is_opened(item, "alternatives", true))
		return false;
	r->has_alternatives = true;
	read_each(r, alternatives_member);
	return true;
}

static bool metadata_member(struct reading *r, const struct json_item *item)
{
	if (json_item_is(item, "request_id"))
		take_id(r->e->request, item);
	return false;
}

/* ------------------------------------------------------------------ a message */

static bool bracket_member(struct reading *r, const struct json_item *item)
{
	if (is_opened(item, "channel", false))
		read_each(r, channel_member);
	else if (is_opened(item, "metadata", false))
		read_each(r, metadata_member);
	else if (is_opened(item, "words", true))
		read_each(r, words_member);
	else
		return false;
	return true;
}

static bool text_member(struct reading *r, const struct json_item *item)
{
	const struct {
		const char *key;
		struct json_item *to;
	} texts[] = {
		{ "type", &r->type },
		{ "event", &r->event },
		{ "trigger", &r->trigger },
		{ "transcript", &r->transcript },
		{ "variant", &r->variant },
		{ "code", &r->code },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (json_item_is(item, texts[i].key))
			*texts[i].to = *item;
	return metadata_member(r, item);
}

static bool message_member(struct reading *r, const struct json_item *item)
{
	if (item->kind == JSON_SCAN_OPEN)
		return bracket_member(r, item);
	if (item->kind == JSON_SCAN_STRING)
		return text_member(r, item);
	if (json_item_is(item, "is_final"))
		r->e->is_final = item->kind == JSON_SCAN_TRUE;
	else if (json_item_is(item, "speech_final"))
		r->e->is_speech_final = item->kind == JSON_SCAN_TRUE;
	else if (json_item_is(item, "from_finalize"))
		r->e->is_from_finalize = item->kind == JSON_SCAN_TRUE;
	else if (json_item_is(item, "start"))
		take_seconds(&r->start, item);
	else if (json_item_is(item, "duration"))
		take_seconds(&r->duration, item);
	else if (json_item_is(item, "audio_window_start"))
		take_seconds(&r->window_start, item);
	else if (json_item_is(item, "audio_window_end"))
		take_seconds(&r->window_end, item);
	else if (json_item_is(item, "last_word_end"))
		take_seconds(&r->last_word_end, item);
	return false;
}

/* ------------------------------------------------------------------ what it comes to */

static enum err put_text(struct reading *r)
{
	struct deepgram_event *e = r->e;
	const struct json_item *item = &r->transcript;

	if (item->kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	if (item->len > DEEPGRAM_TEXT_MAX_BYTES)
		return ERR_LIMIT;
	e->text = item->text;
	e->len = item->len;
	if (item->has_escapes) {
		e->text = e->plain;
		if (json_scan_text(item, e->plain, sizeof(e->plain), &e->len))
			return ERR_FORMAT;
	}
	return memchr(e->text, 0, e->len) ? ERR_FORMAT : ERR_NONE;
}

static enum err put_results(struct reading *r)
{
	struct deepgram_event *e = r->e;

	e->kind = DEEPGRAM_RESULTS;
	if (!r->start.is_known || !r->duration.is_known || !r->has_alternatives)
		return ERR_FORMAT;
	e->from_us = r->start.us;
	e->to_us = r->start.us + r->duration.us;
	return r->has_alternative ? put_text(r) : ERR_NONE;
}

static enum err put_turn(struct reading *r)
{
	static const char *const names[] = {
		[DEEPGRAM_TURN_START] = "StartOfTurn",
		[DEEPGRAM_TURN_UPDATE] = "Update",
		[DEEPGRAM_TURN_EAGER] = "EagerEndOfTurn",
		[DEEPGRAM_TURN_RESUMED] = "TurnResumed",
		[DEEPGRAM_TURN_END] = "EndOfTurn",
	};
	struct deepgram_event *e = r->e;

	if (r->event.kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	for (unsigned int i = DEEPGRAM_TURN_START; i <= DEEPGRAM_TURN_END; i++)
		if (text_is(&r->event, names[i]))
			e->turn = (enum deepgram_turn)i;
	if (!e->turn)
		return ERR_NONE; /* one that came after us */
	e->kind = DEEPGRAM_TURN;
	e->is_manual = e->turn == DEEPGRAM_TURN_END && text_is(&r->trigger, "manual");
	if (!r->window_start.is_known || !r->window_end.is_known)
		return ERR_FORMAT;
	e->from_us = r->window_start.us;
	e->to_us = r->window_end.us;
	return put_text(r);
}

static enum err put_kind(struct reading *r)
{
	struct deepgram_event *e = r->e;

	if (r->type.kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	if (text_is(&r->type, "Results"))
		return put_results(r);
	if (text_is(&r->type, "TurnInfo"))
		return put_turn(r);
	if (text_is(&r->type, "UtteranceEnd")) {
		e->kind = DEEPGRAM_UTTERANCE_END;
		e->has_words = r->last_word_end.is_known;
		e->last_us = r->last_word_end.us;
	} else if (text_is(&r->type, "Connected")) {
		e->kind = DEEPGRAM_CONNECTED;
	} else if (text_is(&r->type, "Error") || text_is(&r->type, "Warning")) {
		e->kind = text_is(&r->type, "Error") ? DEEPGRAM_ERROR : DEEPGRAM_WARNING;
		take_id(e->code, r->code.kind ? &r->code : &r->variant);
	}
	return ERR_NONE;
}

enum err deepgram_read(const void *data, size_t len, struct deepgram_event *e)
{
	struct reading r = { .e = e };
	struct json_item first;

	memset(e, 0, offsetof(struct deepgram_event, plain));
	e->text = "";
	if (len > DEEPGRAM_MESSAGE_MAX_BYTES)
		return ERR_LIMIT;
	json_scan_init(&r.scan, data, len);
	json_scan_next(&r.scan, &first);
	if (first.kind == JSON_SCAN_OPEN && !first.is_array)
		read_each(&r, message_member);
	else if (!r.scan.err)
		return ERR_FORMAT;
	if (!r.scan.err)
		json_scan_next(&r.scan, &first); /* nothing may follow */
	return r.scan.err ? r.scan.err : put_kind(&r);
}

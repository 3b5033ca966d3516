#include "providers/sarvam/sarvam_stt_read.h"

#include <string.h>

/* What a message says, as far as we look. Strings point into it. */
struct heard {
	struct json_item event, text, utterance, start, end, code, status, fatal, request;
};

/* Of the outermost object alone. */
static void hear_value(struct heard *h, const struct json_item *item)
{
	const struct {
		const char *key;
		struct json_item *to;
	} members[] = {
		{ "event", &h->event },
		{ "text", &h->text },
		{ "utterance_idx", &h->utterance },
		{ "start_s", &h->start },
		{ "end_s", &h->end },
		{ "code", &h->code },
		{ "status_code", &h->status },
		{ "is_fatal", &h->fatal },
		{ "request_id", &h->request },
	};

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
		if (item.kind == JSON_SCAN_OPEN && item.depth)
			json_scan_leave(&s);
		else if (item.depth == 1 && item.kind != JSON_SCAN_CLOSE)
			hear_value(h, &item);
	}
	return s.err;
}

/* ------------------------------------------------------------------ what it comes to */

static void take_utterance(struct sarvam_stt_event *e, const struct json_item *item)
{
	double number;

	e->has_utterance = sarvam_number(item, &number) && number >= 0 && number <= SARVAM_UTTERANCES_MAX;
	e->utterance = e->has_utterance ? (uint32_t)number : 0;
}

static bool take_seconds(uint64_t *us, const struct json_item *item)
{
	double seconds;

	if (!sarvam_number(item, &seconds) || seconds < 0 || seconds > SARVAM_STT_MAX_S)
		return false;
	*us = (uint64_t)(seconds * 1e6 + 0.5);
	return true;
}

static enum err take_text(struct sarvam_stt_event *e, const struct json_item *item)
{
	if (item->kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	if (item->len > SARVAM_TEXT_MAX_BYTES)
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

static enum err take_transcript(struct sarvam_stt_event *e, const struct heard *h)
{
	e->has_times = take_seconds(&e->from_us, &h->start) && take_seconds(&e->to_us, &h->end) && e->from_us <= e->to_us;
	if (!e->has_times)
		e->from_us = e->to_us = 0;
	return take_text(e, &h->text);
}

static void take_error(struct sarvam_stt_event *e, const struct heard *h)
{
	double status;

	if (!sarvam_number(&h->status, &status) || status < 100 || status > 999)
		status = 0;
	sarvam_id_take(e->code, &h->code);
	e->is_fatal = h->fatal.kind != JSON_SCAN_FALSE;
	e->err = sarvam_code_err(e->code, (unsigned int)status);
}

static enum sarvam_stt_kind kind_of(const struct json_item *event)
{
	static const char *const names[] = {
		[SARVAM_STT_BEGIN] = "session.begin",
		[SARVAM_STT_SPEECH] = "vad.speech_start",
		[SARVAM_STT_SILENCE] = "vad.speech_end",
		[SARVAM_STT_PARTIAL] = "transcript.partial",
		[SARVAM_STT_FINAL] = "transcript.final",
		[SARVAM_STT_ERROR] = "error",
		[SARVAM_STT_END] = "session.end",
	};

	for (unsigned int i = SARVAM_STT_BEGIN; i <= SARVAM_STT_END; i++)
		if (sarvam_text_is(event, names[i]))
			return (enum sarvam_stt_kind)i;
	return SARVAM_STT_OTHER;
}

enum err sarvam_stt_read(const void *data, size_t len, struct sarvam_stt_event *e)
{
	struct heard h = { .event = { .kind = JSON_SCAN_END } };
	enum err err;

	memset(e, 0, offsetof(struct sarvam_stt_event, plain));
	e->text = "";
	if (len > SARVAM_STT_MESSAGE_MAX_BYTES)
		return ERR_LIMIT;
	err = hear(&h, data, len);
	if (err)
		return err;
	if (h.event.kind != JSON_SCAN_STRING)
		return ERR_FORMAT;
	e->kind = kind_of(&h.event);
	take_utterance(e, &h.utterance);
	sarvam_id_take(e->request, &h.request);
	if (e->kind == SARVAM_STT_ERROR)
		take_error(e, &h);
	return e->kind == SARVAM_STT_PARTIAL || e->kind == SARVAM_STT_FINAL ? take_transcript(e, &h) : ERR_NONE;
}

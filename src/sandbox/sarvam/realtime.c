/* Sarvam's recogniser: partials and finals by utterance, told from silence here or by the client.
 *
 *   quiet ─voice, speech_start─► utterance ─silence, speech_end, flush─► waits for its final ─► quiet, utterance_idx + 1
 *   open ─end─► closing ─the last final, or time─► over
 *
 * What is wrong with the query is told behind the handshake, as the vendor does: a fatal error, then 4000.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/late.h"
#include "sandbox/sarvam/query.h"
#include "sandbox/sarvam/sarvam.h"

enum { REFUSED_CODE = 4000, BAD_REQUEST = 400, SOUND_MAX = 1 << 17, LAST_US = 3000000, WHY_MAX = 200 };

struct realtime {
	struct realtime *next, **place;
	struct vendor *vendor;
	uint64_t number;          /* of asked.h */
	struct realtime_query query;
	struct outlet out;
	struct late late;
	struct hearing ears;
	struct clock_timer idle;
	char request_id[37];
	bool in_utterance, ends, has_closed;
	uint32_t utterance;
	uint64_t began_us;
	char partial[HEARING_TEXT_MAX];
	uint8_t sound[SOUND_MAX];
};

static void say(struct realtime *s, json_t *message)
{
	late_say(&s->late, message);
}

static void finish(struct realtime *s, uint16_t code)
{
	s->has_closed = true;
	hearing_stop(&s->ears);
	clock_timer_stop(&s->idle);
	late_close(&s->late, code);
}

static void session_end(struct realtime *s, uint16_t code)
{
	if (s->has_closed)
		return;
	say(s, json_pack("{s:s, s:s, s:I, s:f, s:f}", "event", "session.end", "request_id", s->request_id, "total_utterances", (json_int_t)s->utterance,
		"audio_duration_s", hearing_seconds(s->ears.heard), "total_duration_s", (double)(vendor_now_us(s->vendor) - s->began_us) / 1e6));
	finish(s, code);
}

static void error_say(struct realtime *s, const char *code, const char *message)
{
	say(s, json_pack("{s:s, s:s, s:b, s:s}", "event", "error", "code", code, "is_fatal", 0, "message", message));
}

/* ------------------------------------------------------------------ what is heard */

static void vad_say(struct realtime *s, const char *event)
{
	if (!s->query.is_manual)
		say(s, json_pack("{s:s, s:I, s:f}", "event", event, "utterance_idx", (json_int_t)s->utterance, "confidence", 0.9));
}

static void utterance_begin(struct realtime *s)
{
	s->in_utterance = true;
	s->partial[0] = 0;
	vad_say(s, "vad.speech_start");
}

static void on_voice(void *arg)
{
	struct realtime *s = arg;

	if (!s->in_utterance && !s->query.is_manual)
		utterance_begin(s); /* else the one before still waits for its final */
}

static void on_frame(void *arg)
{
	struct realtime *s = arg;

	if (s->query.is_manual || !s->in_utterance || !s->ears.in_voice || hearing_quiet_ms(&s->ears) < s->query.silence_ms)
		return;
	s->ears.in_voice = false;
	vad_say(s, "vad.speech_end");
	hearing_final(&s->ears, FINAL_ENDPOINT);
}

/* The language is told where nobody said it. */
static void language_put(const struct realtime *s, json_t *message, bool is_sure)
{
	if (strcmp(s->query.language, "auto") != 0)
		return;
	json_object_set_new(message, "language", json_string("en-IN"));
	if (is_sure)
		json_object_set_new(message, "language_confidence", json_real(0.95));
}

static void on_partial(void *arg, const struct hearing_words *w)
{
	struct realtime *s = arg;
	json_t *message;

	if (!w->len || !s->in_utterance || !strcmp(s->partial, w->text) || !strcmp(s->query.stream_type, "simulated"))
		return;
	memcpy(s->partial, w->text, w->len + 1);
	message = json_pack("{s:s, s:I, s:s}", "event", "transcript.partial", "utterance_idx", (json_int_t)s->utterance, "text", w->text);
	language_put(s, message, false);
	say(s, message);
}

static void final_say(struct realtime *s, const struct hearing_words *w)
{
	json_t *message = json_pack("{s:s, s:I, s:s}", "event", "transcript.final", "utterance_idx", (json_int_t)s->utterance, "text", w->text);

	language_put(s, message, true);
	if (s->query.wants_times) {
		json_object_set_new(message, "start_s", json_real(hearing_seconds(w->from)));
		json_object_set_new(message, "end_s", json_real(hearing_seconds(w->to)));
	}
	say(s, message);
	s->utterance++;
}

static void on_final(void *arg, const struct hearing_words *w, enum hearing_why why)
{
	struct realtime *s = arg;

	(void)why;
	if (s->in_utterance || w->len)
		final_say(s, w);
	s->in_utterance = false;
	if (s->ends)
		session_end(s, WEBSOCKET_NORMAL);
	else if (s->ears.in_voice && !s->query.is_manual)
		utterance_begin(s);
}

static void on_ended(void *arg)
{
	session_end(arg, WEBSOCKET_FAILED);
}

static const struct hearing_events events = { .voice = on_voice, .frame = on_frame, .partial = on_partial, .final = on_final, .ended = on_ended };

/* ------------------------------------------------------------------ what the client says */

static void on_idle(void *arg)
{
	struct realtime *s = arg;

	if (s->ends)
		hearing_nothing(&s->ears); /* the recogniser's does not come */
	else
		session_end(s, WEBSOCKET_POLICY);
}

static void idle_set(struct realtime *s)
{
	clock_timer_set(&s->idle, s->vendor->options->clock, vendor_now_us(s->vendor) + (s->ends ? LAST_US : SARVAM_IDLE_US), on_idle, s);
}

static void utterance_end(struct realtime *s, enum hearing_why why)
{
	s->ears.in_voice = false;
	if (s->in_utterance)
		hearing_final(&s->ears, why);
}

static void end(struct realtime *s)
{
	s->ends = true;
	idle_set(s);
	if (s->in_utterance)
		utterance_end(s, FINAL_CLOSE);
	else
		session_end(s, WEBSOCKET_NORMAL);
}

static void config_update(struct realtime *s, const json_t *message)
{
	char why[WHY_MAX] = "";
	json_t *applied = realtime_query_update(&s->query, message, why, sizeof(why));

	if (applied)
		say(s, json_pack("{s:s, s:o}", "event", "config.updated", "applied", applied));
	else
		error_say(s, "invalid_config", why);
}

static void sound_take(struct realtime *s, const json_t *message)
{
	const json_t *audio = json_object_get(message, "audio");
	size_t len;

	if (!json_is_string(audio) || sodium_base642bin(s->sound, sizeof(s->sound), json_string_value(audio), json_string_length(audio), NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL)) {
		error_say(s, "invalid_audio", "audio must be base64");
		return;
	}
	asked_sound(s->vendor->asked, s->number, "audio_input", len);
	hearing_sound(&s->ears, s->sound, len);
}

static void event_hear(struct realtime *s, const char *event, const json_t *message)
{
	if (!strcmp(event, "flush"))
		utterance_end(s, FINAL_FINALIZE);
	else if (!strcmp(event, "ping"))
		say(s, json_pack("{s:s}", "event", "pong"));
	else if (!strcmp(event, "end"))
		end(s);
	else if (!strcmp(event, "config.update"))
		config_update(s, message);
	else if (!strcmp(event, "speech_start") && s->query.is_manual && !s->in_utterance)
		utterance_begin(s);
	else if (!strcmp(event, "speech_end") && s->query.is_manual)
		utterance_end(s, FINAL_ENDPOINT);
	else if (strncmp(event, "speech_", 7) != 0)
		error_say(s, "invalid_message", "there is no such event");
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct realtime *s = arg;
	json_t *message = kind == WEBSOCKET_TEXT ? json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *event = json_string_value(json_object_get(message, "event"));

	(void)w;
	if (!s->has_closed && !s->ends) {
		idle_set(s);
		if (!event || strcmp(event, "audio_input") != 0)
			asked_text(s->vendor->asked, s->number, data, len);
		if (!event)
			error_say(s, "invalid_message", "messages are JSON, with an event");
		else if (!strcmp(event, "audio_input"))
			sound_take(s, message);
		else
			event_hear(s, event, message);
	}
	json_decref(message);
}

/* ------------------------------------------------------------------ life */

static void realtime_free(struct realtime *s)
{
	*s->place = s->next;
	if (s->next)
		s->next->place = s->place;
	vendor_stream_end(s->vendor);
	clock_timer_stop(&s->idle);
	hearing_fini(&s->ears);
	late_fini(&s->late);
	free(s);
}

static void on_over(void *arg)
{
	realtime_free(arg);
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct realtime *s = arg;

	(void)w;
	(void)end;
	s->has_closed = true;
	hearing_stop(&s->ears);
	clock_timer_stop(&s->idle);
	outlet_gone(&s->out);
}

static const struct websocket_handlers handlers = { .message = on_message, .closed = on_closed };

static struct realtime *realtime_new(struct vendor *v, const struct vendor_turn *turn)
{
	struct realtime **first = &sarvam_state_of(v)->recognisers, *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->vendor = v;
	s->number = turn->number;
	s->began_us = vendor_now_us(v);
	s->next = *first;
	s->place = first;
	if (s->next)
		s->next->place = &s->next;
	*first = s;
	vendor_stream_begin(v);
	vendor_uuid(v, s->request_id);
	return s;
}

static void session_begin(struct realtime *s)
{
	const struct realtime_query *q = &s->query;

	say(s, json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:b}}", "event", "session.begin", "request_id", s->request_id, "config", "model",
		q->model, "language_code", q->language, "encoding", q->encoding_name, "sample_rate", (json_int_t)q->rate_hz, "stream_type", q->stream_type, "mode",
		q->mode, "turn_detection", q->is_manual ? "manual" : "vad", "silence_duration_ms", (json_int_t)q->silence_ms, "return_timestamps", q->wants_times));
	idle_set(s);
}

static void session_refuse(struct realtime *s, const char *why)
{
	say(s, json_pack("{s:s, s:s, s:b, s:s, s:i}", "event", "error", "code", "invalid_request_error", "is_fatal", 1, "message", why, "status_code", BAD_REQUEST));
	finish(s, REFUSED_CODE);
}

void realtime_hear(struct http_request *r, void *arg)
{
	const struct websocket_settings settings = { .send_max_bytes = SARVAM_SENDS_MAX };
	struct vendor *v = arg;
	const struct sandbox_options *o = v->options;
	struct vendor_turn turn;
	char why[WHY_MAX] = "no memory";
	struct websocket *w;
	struct realtime *s;
	bool fine;

	if (!sarvam_take(v, r, &turn))
		return;
	s = realtime_new(v, &turn);
	if (!s) {
		sarvam_refuse_with(v, r, 500, why);
		return;
	}
	fine = realtime_query_read(&s->query, r, why, sizeof(why)) &&
		!hearing_open(&s->ears, v, s->query.language, s->query.encoding, s->query.rate_hz, &events, s);
	if (http_upgrade(r, NULL, &settings, &handlers, s, &w)) {
		realtime_free(s);
		return;
	}
	outlet_open(&s->out, o->clock, NULL, w, &turn.harm, on_over, s);
	late_init(&s->late, &s->out, o->clock, o->stt_us);
	if (fine)
		session_begin(s);
	else
		session_refuse(s, why);
}

void realtimes_end(struct vendor *v)
{
	while (sarvam_state_of(v)->recognisers) {
		struct realtime *s = sarvam_state_of(v)->recognisers;

		outlet_cancel(&s->out);
		realtime_free(s);
	}
}

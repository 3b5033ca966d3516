/* Sarvam's voice: text is gathered until there is enough of it or a flush, and spoken in the order in which it came; nothing stops it.
 *
 *   text ─min_buffer_size, flush, another config─► pieces ─► spoken, one after the other ─► final, behind a flush's last
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/sarvam/config.h"
#include "sandbox/sarvam/sarvam.h"

enum { PIECES_MAX = 64, CHUNK_MAX = 16384, TIME_TEXT = 32, MODEL_MAX = 40, BAD_REQUEST = 400, UNPROCESSABLE = 422, FAILED = 500 };

/* What is spoken as one, or the end of a flush. */
struct voice_piece {
	struct voice_piece *next;
	struct voice_config config;
	bool is_last;   /* of a flush */
	size_t len;
	char text[];
};

struct voice_line {
	struct voice_line *next, **place;
	struct vendor *vendor;
	uint64_t number;       /* of asked.h */
	struct outlet out;
	struct clock_timer idle, wait;
	char model[MODEL_MAX], request_id[37];
	bool tells_end, has_config, has_closed;
	struct voice_config config;
	char pending[SPEECH_TEXT_MAX + 1];
	size_t pending_len;
	struct voice_piece *pieces;
	size_t piece_count;
	struct speech speech;
	bool speaks, waits, has_waited; /* the last: since the last final */
};

static void line_step(struct voice_line *l);

static void say(struct voice_line *l, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

	json_decref(message);
	if (text)
		outlet_json(&l->out, NULL, text, strlen(text));
	free(text);
}

static void error_say(struct voice_line *l, int code, const char *message)
{
	say(l, json_pack("{s:s, s:{s:s, s:i, s:s}}", "type", "error", "data", "message", message, "code", code, "request_id", l->request_id));
}

/* ------------------------------------------------------------------ pieces */

static void piece_drop(struct voice_line *l)
{
	struct voice_piece *p = l->pieces;

	l->pieces = p->next;
	l->piece_count--;
	free(p);
}

/* What waits becomes a piece. */
static void submit(struct voice_line *l, bool is_last)
{
	struct voice_piece **at = &l->pieces, *p;
	size_t len = l->pending[strspn(l->pending, " \t\r\n")] ? l->pending_len : 0;

	if (!len && !is_last)
		return;
	p = l->piece_count < PIECES_MAX ? malloc(sizeof(*p) + len + 1) : NULL;
	if (!p) {
		error_say(l, 429, "too much text waits");
		return;
	}
	*p = (struct voice_piece){ .config = l->config, .is_last = is_last, .len = len };
	memcpy(p->text, l->pending, len);
	p->text[len] = 0;
	l->pending_len = 0;
	l->pending[0] = 0;
	while (*at)
		at = &(*at)->next;
	*at = p;
	l->piece_count++;
}

/* ------------------------------------------------------------------ sound */

static void chunk_say(struct voice_line *l, const uint8_t *data, size_t len)
{
	char text[sodium_base64_ENCODED_LEN(CHUNK_MAX, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof(text), data, len, sodium_base64_VARIANT_ORIGINAL);
	say(l, json_pack("{s:s, s:{s:s, s:s, s:s}}", "type", "audio", "data", "content_type", voice_content_type(l->pieces->config.format.encoding), "audio", text,
		"request_id", l->request_id));
}

static void on_sound(void *arg, const uint8_t *data, size_t len)
{
	for (size_t n; len; len -= n, data += n) {
		n = len < CHUNK_MAX ? len : CHUNK_MAX;
		chunk_say(arg, data, n);
	}
}

static void final_say(struct voice_line *l)
{
	char now[TIME_TEXT];
	time_t seconds = time(NULL);
	struct tm tm;

	l->has_waited = false;
	if (!l->tells_end)
		return;
	gmtime_r(&seconds, &tm);
	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm);
	say(l, json_pack("{s:s, s:{s:s, s:s, s:s}}", "type", "event", "data", "event_type", "final", "message", "Audio generation completed", "timestamp", now));
}

static void piece_over(struct voice_line *l)
{
	bool is_last = l->pieces->is_last;

	piece_drop(l);
	if (is_last)
		final_say(l);
	line_step(l);
}

static void on_done(void *arg, bool is_fine, uint64_t samples)
{
	struct voice_line *l = arg;

	(void)samples;
	l->speaks = false;
	if (!is_fine)
		error_say(l, FAILED, "the sandbox's voice failed");
	piece_over(l);
}

static const struct speech_events events = { .sound = on_sound, .done = on_done };

static void piece_start(struct voice_line *l)
{
	struct voice_piece *p = l->pieces;
	const struct sandbox_agent *agent = &l->vendor->options->agent;

	l->speaks = p->len && !speech_start(&l->speech, agent, &p->config.format, p->config.language, p->text, p->len, &events, l);
	if (p->len && !l->speaks)
		error_say(l, FAILED, "the sandbox's voice cannot say that");
	if (!l->speaks)
		piece_over(l);
}

static void waited(void *arg)
{
	struct voice_line *l = arg;

	l->waits = false;
	l->has_waited = true;
	line_step(l);
}

static void line_step(struct voice_line *l)
{
	uint64_t wait_us = l->vendor->options->tts_us;

	if (l->speaks || l->waits || !l->pieces)
		return;
	if (wait_us && !l->has_waited) {
		l->waits = true;
		clock_timer_set(&l->wait, l->vendor->options->clock, vendor_now_us(l->vendor) + wait_us, waited, l);
		return;
	}
	piece_start(l);
}

/* ------------------------------------------------------------------ what the client says */

static void on_idle(void *arg)
{
	struct voice_line *l = arg;

	outlet_end(&l->out, WEBSOCKET_NORMAL, "idle for a minute");
}

static void idle_set(struct voice_line *l)
{
	clock_timer_set(&l->idle, l->vendor->options->clock, vendor_now_us(l->vendor) + SARVAM_IDLE_US, on_idle, l);
}

/* Text that waits is spoken as it was to be. */
static void config_take(struct voice_line *l, const json_t *data)
{
	char why[CONFIG_WHY_MAX] = "";

	if (l->has_config)
		submit(l, false);
	if (voice_config_read(&l->config, l->model, data, why))
		l->has_config = true;
	else
		error_say(l, UNPROCESSABLE, why);
	line_step(l);
}

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static void text_take(struct voice_line *l, const json_t *data)
{
	const char *text = json_string_value(json_object_get(data, "text"));
	size_t len = text ? strlen(text) : 0;

	if (!l->has_config) {
		error_say(l, BAD_REQUEST, "the first message must be config");
		return;
	}
	if (!len || !text[strspn(text, " \t\r\n")] || len > SPEECH_TEXT_MAX - l->pending_len) {
		error_say(l, UNPROCESSABLE, "text: it is empty, or longer than the sandbox speaks at once");
		return;
	}
	memcpy(l->pending + l->pending_len, text, len + 1);
	l->pending_len += len;
	if (characters(l->pending) >= l->config.min_buffer)
		submit(l, false);
	line_step(l);
}

static void message_hear(struct voice_line *l, const json_t *message)
{
	const char *type = json_string_value(json_object_get(message, "type"));

	if (type && !strcmp(type, "config")) {
		config_take(l, json_object_get(message, "data"));
	} else if (type && !strcmp(type, "text")) {
		text_take(l, json_object_get(message, "data"));
	} else if (type && !strcmp(type, "flush")) {
		submit(l, true);
		line_step(l);
	} else if (!type || strcmp(type, "ping") != 0) {
		error_say(l, BAD_REQUEST, "messages are JSON of type config, text, flush or ping");
	}
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct voice_line *l = arg;
	json_t *message;

	(void)w;
	if (l->has_closed)
		return;
	idle_set(l);
	if (kind == WEBSOCKET_BINARY)
		asked_binary(l->vendor->asked, l->number, len);
	else
		asked_text(l->vendor->asked, l->number, data, len);
	message = kind == WEBSOCKET_TEXT ? json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	message_hear(l, message);
	json_decref(message);
}

/* ------------------------------------------------------------------ life */

static void line_free(struct voice_line *l)
{
	*l->place = l->next;
	if (l->next)
		l->next->place = l->place;
	clock_timer_stop(&l->idle);
	clock_timer_stop(&l->wait);
	speech_cancel(&l->speech);
	while (l->pieces)
		piece_drop(l);
	free(l);
}

static void on_over(void *arg)
{
	line_free(arg);
}

/* Nobody hears it: what is spoken is not spoken to its end. */
static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct voice_line *l = arg;

	(void)w;
	(void)end;
	l->has_closed = true;
	l->speaks = true; /* nothing else begins */
	speech_cancel(&l->speech);
	clock_timer_stop(&l->wait);
	clock_timer_stop(&l->idle);
	outlet_gone(&l->out);
}

static const struct websocket_handlers handlers = { .message = on_message, .closed = on_closed };

static struct voice_line *line_new(struct vendor *v, const struct vendor_turn *turn)
{
	struct voice_line **first = &sarvam_state_of(v)->voices, *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->vendor = v;
	l->number = turn->number;
	l->next = *first;
	l->place = first;
	if (l->next)
		l->next->place = &l->next;
	*first = l;
	vendor_uuid(v, l->request_id);
	return l;
}

void voice_hear(struct http_request *r, void *arg)
{
	const struct websocket_settings settings = { .send_max_bytes = SARVAM_SENDS_MAX, .send_age_us = SARVAM_IDLE_US };
	const char *model = http_query(r, "model"), *tells = http_query(r, "send_completion_event");
	struct vendor *v = arg;
	struct vendor_turn turn;
	struct voice_line *l;
	struct websocket *w;

	if (!sarvam_take(v, r, &turn))
		return;
	if (model && !voice_model_is(model)) {
		sarvam_refuse_with(v, r, BAD_REQUEST, "model: there is none of this name");
		return;
	}
	l = line_new(v, &turn);
	if (!l) {
		sarvam_refuse_with(v, r, FAILED, "no memory");
		return;
	}
	snprintf(l->model, sizeof(l->model), "%s", model ? model : "bulbul:v3");
	l->tells_end = tells && !strcmp(tells, "true");
	if (http_upgrade(r, NULL, &settings, &handlers, l, &w)) {
		line_free(l);
		return;
	}
	outlet_open(&l->out, v->options->clock, NULL, w, &turn.harm, on_over, l);
	idle_set(l);
}

void voices_end(struct vendor *v)
{
	while (sarvam_state_of(v)->voices) {
		struct voice_line *l = sarvam_state_of(v)->voices;

		outlet_cancel(&l->out);
		line_free(l);
	}
}

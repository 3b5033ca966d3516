#include "sandbox/deepgram/listening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"

enum { PIECE_SAMPLES = 4096, SCRIPT_MS_A_WORD = 250, ROOM_SAMPLES = PIECE_SAMPLES + 64 };

static const struct listen_protocol *protocol(const struct listening *l)
{
	return l->query.is_flux ? &flux_protocol : &nova_protocol;
}

double listening_seconds(uint64_t samples)
{
	return (double)(samples * 1000 / LISTEN_HZ) / 1000;
}

uint64_t listening_quiet_ms(const struct listening *l)
{
	return (l->heard - l->voice_to) * 1000 / LISTEN_HZ;
}

/* ------------------------------------------------------------------ out */

static void send_now(struct listening *l, char *json)
{
	outlet_json(&l->out, NULL, json, strlen(json));
	free(json);
}

static void later(void *arg)
{
	struct listening *l = arg;
	uint64_t now = vendor_now_us(l->vendor);
	size_t n = 0;

	while (n < l->wait_count && l->waits[n].at_us <= now)
		send_now(l, l->waits[n++].json);
	l->wait_count -= n;
	memmove(l->waits, l->waits + n, l->wait_count * sizeof(l->waits[0]));
	if (l->wait_count)
		clock_timer_set(&l->later, l->vendor->options->clock, l->waits[0].at_us, later, l);
	else if (l->has_closed)
		outlet_end(&l->out, l->close_code, NULL);
}

/* All messages in their order, each so late as the recogniser is said to be. */
void listening_say(struct listening *l, json_t *message)
{
	char *json = message ? json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	uint64_t wait_us = l->vendor->options->stt_us;

	json_decref(message);
	if (!json)
		return;
	if (!wait_us || l->wait_count == LISTEN_LATER_MAX) {
		send_now(l, json);
		return;
	}
	l->waits[l->wait_count++] = (struct listen_later){ vendor_now_us(l->vendor) + wait_us, json };
	if (l->wait_count == 1)
		clock_timer_set(&l->later, l->vendor->options->clock, l->waits[0].at_us, later, l);
}

void listening_close(struct listening *l, uint16_t code)
{
	if (l->has_closed)
		return;
	l->has_closed = true;
	l->close_code = code;
	clock_timer_stop(&l->idle);
	if (!l->wait_count)
		outlet_end(&l->out, code, NULL);
}

json_t *listening_words(const struct listen_words *w, bool punctuated)
{
	uint64_t span = w->to - w->from;
	json_t *list = json_array();

	for (size_t i = 0, len; i < w->len && json_array_size(list) < LISTEN_WORDS_MAX; i += len + 1) {
		json_t *one;

		len = strcspn(w->text + i, " ");
		if (!len)
			continue;
		one = json_pack("{s:s%, s:f, s:f, s:f}", "word", w->text + i, len, "start", listening_seconds(w->from + span * i / w->len), "end",
			listening_seconds(w->from + span * (i + len) / w->len), "confidence", 0.95);
		if (punctuated)
			json_object_set_new(one, "punctuated_word", json_stringn(w->text + i, len));
		json_array_append_new(list, one);
	}
	return list;
}

/* ------------------------------------------------------------------ words */

static void words_make(struct listen_words *w, const char *text, size_t len, uint64_t from, uint64_t to)
{
	w->len = len < sizeof(w->text) ? len : sizeof(w->text) - 1;
	memcpy(w->text, text, w->len);
	w->text[w->len] = 0;
	w->from = from;
	w->to = to > from ? to : from;
}

static void told_final(struct listening *l, const char *text, size_t len, uint64_t from, uint64_t to)
{
	enum listen_final why = l->final_asked ? l->why : FINAL_UNASKED;
	struct listen_words w;

	words_make(&w, text, len, from, to);
	l->final_asked = false;
	protocol(l)->final(l, &w, why);
}

static void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	struct listening *l = arg;
	struct listen_words w;

	if (kind != TRANSCRIPT_PARTIAL) {
		told_final(l, text, len, from, to);
		return;
	}
	words_make(&w, text, len, from, to);
	protocol(l)->partial(l, &w);
}

static void on_ended(void *arg, enum err why)
{
	struct listening *l = arg;

	(void)why;
	listening_close(l, WEBSOCKET_FAILED);
}

static const struct stt_events events = { .transcript = on_transcript, .ended = on_ended };

/* As much of the script's entry as has been said by now, a quarter of a second a word. */
static size_t scripted_part(const struct listening *l, const char *text)
{
	uint64_t words = (l->heard - l->voice_from) * 1000 / LISTEN_HZ / SCRIPT_MS_A_WORD;
	size_t at = 0;

	while (text[at] && words) {
		at += strcspn(text + at, " ");
		if (!--words)
			break;
		at += text[at] == ' ';
	}
	return at;
}

static void scripted_partial(struct listening *l)
{
	const char *text = json_string_value(l->scripted);
	struct listen_words w;
	size_t len = scripted_part(l, text);

	if (len) {
		words_make(&w, text, len, l->voice_from, l->heard);
		protocol(l)->partial(l, &w);
	}
}

/* The whole entry, now that a final is wanted. */
static void scripted_final(struct listening *l)
{
	json_t *entry = l->scripted;
	const char *text = json_string_value(entry);

	l->scripted = NULL;
	told_final(l, text, strlen(text), l->voice_from, l->voice_to);
	json_decref(entry);
}

void listening_final(struct listening *l, enum listen_final why)
{
	if (l->final_asked)
		return;
	l->final_asked = true;
	l->why = why;
	if (l->scripted)
		scripted_final(l);
	else if (l->stream)
		l->vendor->options->agent.stt->finalize(l->stream);
	else
		told_final(l, "", 0, l->heard, l->heard);
}

/* ------------------------------------------------------------------ sound */

static bool is_loud(const uint8_t frame[LISTEN_FRAME])
{
	int sum = 0;

	for (size_t i = 0; i < LISTEN_FRAME; i++)
		sum += abs(g711_ulaw_decode(frame[i]));
	return sum / LISTEN_FRAME >= LISTEN_LOUD;
}

static void voice_begin(struct listening *l)
{
	l->in_voice = true;
	l->voice_from = l->heard - LISTEN_VOICE_FRAMES * LISTEN_FRAME;
	if (!l->scripted)
		l->scripted = vendor_script(l->vendor);
	protocol(l)->voice(l);
}

static void frame_hear(struct listening *l)
{
	const struct stt *stt = l->vendor->options->agent.stt;

	l->loud = is_loud(l->frame) ? l->loud + 1 : 0;
	l->heard += LISTEN_FRAME;
	l->frame_len = 0;
	if (l->stream)
		stt->push(l->stream, l->frame, LISTEN_FRAME);
	if (l->loud >= LISTEN_VOICE_FRAMES) {
		l->voice_to = l->heard;
		if (!l->in_voice)
			voice_begin(l);
	}
	if (l->in_voice && l->scripted)
		scripted_partial(l);
	protocol(l)->frame(l);
}

static void ulaw_hear(struct listening *l, const uint8_t *ulaw, size_t samples)
{
	while (samples && !l->has_closed) {
		size_t n = LISTEN_FRAME - l->frame_len;

		n = n < samples ? n : samples;
		memcpy(l->frame + l->frame_len, ulaw, n);
		l->frame_len += n;
		ulaw += n;
		samples -= n;
		if (l->frame_len == LISTEN_FRAME)
			frame_hear(l);
	}
}

/* One piece, at most PIECE_SAMPLES of it, whose rate never is less than ours. */
static void linear_hear(struct listening *l, const int16_t *linear, size_t samples)
{
	int16_t low[ROOM_SAMPLES];
	uint8_t ulaw[ROOM_SAMPLES];
	size_t n = resampler_push(l->resampler, linear, samples, low);

	g711_encode(G711_ULAW, ulaw, low, n);
	ulaw_hear(l, ulaw, n);
}

static void sound_hear(struct listening *l, const uint8_t *data, size_t len)
{
	bool wide = l->query.encoding == LISTEN_LINEAR16;
	int16_t linear[PIECE_SAMPLES];

	if (l->query.encoding == LISTEN_MULAW && l->query.rate_hz == LISTEN_HZ) {
		ulaw_hear(l, data, len);
		return;
	}
	for (size_t left = wide ? len / 2 : len, n; left; left -= n) {
		n = left < PIECE_SAMPLES ? left : PIECE_SAMPLES;
		if (wide)
			memcpy(linear, data, n * 2);
		else
			g711_decode(l->query.encoding == LISTEN_ALAW ? G711_ALAW : G711_ULAW, linear, data, n);
		data += wide ? n * 2 : n;
		linear_hear(l, linear, n);
	}
}

/* ------------------------------------------------------------------ the client */

static void on_idle(void *arg)
{
	struct listening *l = arg;

	if (l->closes) {
		told_final(l, "", 0, l->heard, l->heard); /* the recogniser's does not come */
		return;
	}
	l->has_closed = true;
	outlet_end(&l->out, WEBSOCKET_FAILED, "NET-0001 Deepgram did not receive audio data or a text message within the timeout window");
}

static void idle_set(struct listening *l)
{
	uint64_t wait_us = l->closes ? LISTEN_LAST_US : l->query.is_flux ? LISTEN_FLUX_IDLE_US : LISTEN_IDLE_US;

	clock_timer_set(&l->idle, l->vendor->options->clock, vendor_now_us(l->vendor) + wait_us, on_idle, l);
}

static void stream_close(struct listening *l)
{
	if (l->closes)
		return;
	l->closes = true;
	idle_set(l);
	l->final_asked = false;
	listening_final(l, FINAL_CLOSE);
}

static void text_hear(struct listening *l, const uint8_t *data, size_t len)
{
	json_t *message = json_loadb((const char *)data, len, 0, NULL);
	const char *type = json_string_value(json_object_get(message, "type"));

	asked_text(l->vendor->asked, l->number, data, len);
	if (!type)
		protocol(l)->garbage(l, "could not parse message");
	else if (!strcmp(type, "CloseStream"))
		stream_close(l);
	else if (!protocol(l)->message(l, type, message))
		protocol(l)->garbage(l, "there is no message of this type");
	json_decref(message);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct listening *l = arg;

	(void)w;
	if (l->has_closed || l->closes)
		return;
	idle_set(l);
	if (kind == WEBSOCKET_TEXT) {
		text_hear(l, data, len);
		return;
	}
	asked_binary(l->vendor->asked, l->number, len);
	if (len)
		sound_hear(l, data, len);
	else
		stream_close(l);
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct listening *l = arg;

	(void)w;
	(void)end;
	l->has_closed = true;
	clock_timer_stop(&l->idle);
	outlet_gone(&l->out);
}

static const struct websocket_handlers handlers = { .message = on_message, .closed = on_closed };

/* ------------------------------------------------------------------ life */

void listening_free(struct listening *l)
{
	*l->place = l->next;
	if (l->next)
		l->next->place = l->place;
	if (l->stream)
		l->vendor->options->agent.stt->cancel(&l->stream);
	clock_timer_stop(&l->idle);
	clock_timer_stop(&l->later);
	for (size_t i = 0; i < l->wait_count; i++)
		free(l->waits[i].json);
	json_decref(l->scripted);
	resampler_free(&l->resampler);
	free(l);
}

static void on_over(void *arg)
{
	listening_free(arg);
}

struct listening *listening_new(struct vendor *v, const struct vendor_turn *turn)
{
	struct listening **first = (struct listening **)&v->state, *l = calloc(1, sizeof(*l));

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
	vendor_uuid(v, l->model_uuid);
	return l;
}

static void recogniser_start(struct listening *l)
{
	const struct sandbox_agent *agent = &l->vendor->options->agent;

	if (agent->stt && agent->stt->start(agent->stt_vendor, &l->stream, "en-US", &events, l))
		l->stream = NULL; /* it hears nothing then */
}

enum err listening_begin(struct listening *l, struct http_request *r, const struct harm *harm)
{
	const struct websocket_settings settings = { .send_max_bytes = HARM_BYTES_MAX + (1 << 20) };
	struct websocket *w;
	enum err err = http_upgrade(r, NULL, &settings, &handlers, l, &w);

	if (err)
		return err;
	outlet_open(&l->out, l->vendor->options->clock, NULL, w, harm, on_over, l);
	recogniser_start(l);
	idle_set(l);
	protocol(l)->opened(l);
	return ERR_NONE;
}

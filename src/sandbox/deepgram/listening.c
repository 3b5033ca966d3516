#include "sandbox/deepgram/listening.h"

#include <stdlib.h>
#include <string.h>

static const struct listen_protocol *protocol(const struct listening *l)
{
	return l->query.is_flux ? &flux_protocol : &nova_protocol;
}

/* ------------------------------------------------------------------ out */

void listening_say(struct listening *l, json_t *message)
{
	late_say(&l->later, message);
}

static void finish(struct listening *l)
{
	l->has_closed = true;
	hearing_stop(&l->ears);
	clock_timer_stop(&l->idle);
}

void listening_close(struct listening *l, uint16_t code)
{
	if (l->has_closed)
		return;
	finish(l);
	late_close(&l->later, code);
}

json_t *listening_words(const struct hearing_words *w, bool punctuated)
{
	uint64_t span = w->to - w->from;
	json_t *list = json_array();

	for (size_t i = 0, len; i < w->len && json_array_size(list) < LISTEN_WORDS_MAX; i += len + 1) {
		json_t *one;

		len = strcspn(w->text + i, " ");
		if (!len)
			continue;
		one = json_pack("{s:s%, s:f, s:f, s:f}", "word", w->text + i, len, "start", hearing_seconds(w->from + span * i / w->len), "end",
			hearing_seconds(w->from + span * (i + len) / w->len), "confidence", 0.95);
		if (punctuated)
			json_object_set_new(one, "punctuated_word", json_stringn(w->text + i, len));
		json_array_append_new(list, one);
	}
	return list;
}

/* ------------------------------------------------------------------ what is heard */

static void on_voice(void *arg)
{
	struct listening *l = arg;

	protocol(l)->voice(l);
}

static void on_frame(void *arg)
{
	struct listening *l = arg;

	protocol(l)->frame(l);
}

static void on_partial(void *arg, const struct hearing_words *w)
{
	struct listening *l = arg;

	protocol(l)->partial(l, w);
}

static void on_final(void *arg, const struct hearing_words *w, enum hearing_why why)
{
	struct listening *l = arg;

	protocol(l)->final(l, w, why);
}

static void on_ended(void *arg)
{
	listening_close(arg, WEBSOCKET_FAILED);
}

static const struct hearing_events events = { .voice = on_voice, .frame = on_frame, .partial = on_partial, .final = on_final, .ended = on_ended };

/* ------------------------------------------------------------------ the client */

static void on_idle(void *arg)
{
	struct listening *l = arg;

	if (l->closes) {
		hearing_nothing(&l->ears); /* the recogniser's does not come */
		return;
	}
	finish(l);
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
	l->ears.final_asked = false;
	hearing_final(&l->ears, FINAL_CLOSE);
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
		hearing_sound(&l->ears, data, len);
	else
		stream_close(l);
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct listening *l = arg;

	(void)w;
	(void)end;
	finish(l);
	outlet_gone(&l->out);
}

static const struct websocket_handlers handlers = { .message = on_message, .closed = on_closed };

/* ------------------------------------------------------------------ life */

void listening_free(struct listening *l)
{
	*l->place = l->next;
	if (l->next)
		l->next->place = l->place;
	vendor_stream_end(l->vendor);
	hearing_fini(&l->ears);
	late_fini(&l->later);
	clock_timer_stop(&l->idle);
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
	vendor_stream_begin(v);
	vendor_uuid(v, l->request_id);
	vendor_uuid(v, l->model_uuid);
	return l;
}

enum err listening_begin(struct listening *l, struct http_request *r, const struct harm *harm)
{
	const struct websocket_settings settings = { .send_max_bytes = HARM_BYTES_MAX + (1 << 20) };
	struct websocket *w;
	const struct sandbox_options *o = l->vendor->options;
	enum err err = hearing_open(&l->ears, l->vendor, "en-US", l->query.encoding, l->query.rate_hz, &events, l);

	if (err)
		l->vendor->kind->refuse(l->vendor, r, 500, 0);
	else
		err = http_upgrade(r, NULL, &settings, &handlers, l, &w);
	if (err)
		return err;
	outlet_open(&l->out, o->clock, NULL, w, harm, on_over, l);
	late_init(&l->later, &l->out, o->clock, o->stt_us);
	idle_set(l);
	protocol(l)->opened(l);
	return ERR_NONE;
}

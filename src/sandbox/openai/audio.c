/* POST /v1/audio/speech: a text as 16-bit PCM at 24 kHz, as it is spoken. */
#include <stdlib.h>
#include <string.h>

#include "sandbox/openai/openai.h"

enum { AUDIO_RATE_HZ = 24000 };

static const struct speech_format format = { SPEECH_S16LE, AUDIO_RATE_HZ };

static struct openai_state *state_of(const struct vendor *v)
{
	return v->state;
}

static void audio_free(struct audio_answer *a)
{
	*a->place = a->next;
	if (a->next)
		a->next->place = a->place;
	speech_cancel(&a->speech);
	clock_timer_stop(&a->timer);
	free(a);
}

static void on_over(void *arg)
{
	audio_free(arg);
}

/* ------------------------------------------------------------------ sound */

static void on_sound(void *arg, const uint8_t *data, size_t len)
{
	struct audio_answer *a = arg;

	outlet_bytes(&a->out, data, len);
}

static void on_done(void *arg, bool is_fine, uint64_t samples)
{
	struct audio_answer *a = arg;

	(void)is_fine;
	(void)samples;
	outlet_end(&a->out, 0, NULL);
}

static const struct speech_events events = { .sound = on_sound, .done = on_done };

static void stream_gone(struct http_stream *s, void *arg)
{
	struct audio_answer *a = arg;

	(void)s;
	speech_cancel(&a->speech);
	outlet_gone(&a->out);
}

static const struct http_stream_handlers stream_handlers = { .gone = stream_gone };

static void begin(void *arg)
{
	struct audio_answer *a = arg;
	struct vendor *v = a->vendor;
	char id[OPENAI_ID_MAX];
	const struct http_header headers[] = { { "Content-Type", "audio/pcm" }, { "x-request-id", id }, { NULL, NULL } };
	struct http_stream *stream;

	vendor_id(v, "req_", id, sizeof(id));
	stream = http_stream_open(a->request, 200, headers, &stream_handlers, a);
	a->request = NULL;
	outlet_open(&a->out, v->options->clock, stream, NULL, &a->harm, on_over, a);
	if (stream && speech_start(&a->speech, &v->options->agent, &format, a->language, a->text, a->len, &events, a))
		outlet_end(&a->out, 0, NULL);
}

/* ------------------------------------------------------------------ requests */

/* No request says its language: what has letters of Devanagari (U+0900 to U+097F) is Hindi. */
static const char *language_of(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)text[0] == 0xe0 && ((uint8_t)text[1] == 0xa4 || (uint8_t)text[1] == 0xa5))
			return "hi-IN";
	return "en-US";
}

static void request_gone(struct http_request *r, void *arg)
{
	(void)r;
	audio_free(arg);
}

static struct audio_answer *audio_new(struct vendor *v, struct http_request *r, const struct vendor_turn *turn, const char *input)
{
	struct audio_answer **first = &state_of(v)->audios, *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct audio_answer){ .next = *first, .place = first, .vendor = v, .harm = turn->harm, .request = r, .language = language_of(input),
		.len = strlen(input) };
	memcpy(a->text, input, a->len + 1);
	if (a->next)
		a->next->place = &a->next;
	*first = a;
	return a;
}

void audio_hear(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct vendor_turn turn;
	json_t *body = vendor_take(v, r, &turn) ? openai_body(v, r, audio_judge) : NULL;
	const char *input = json_string_value(json_object_get(body, "input"));
	struct audio_answer *a = input && strlen(input) <= SPEECH_TEXT_MAX ? audio_new(v, r, &turn, input) : NULL;

	if (body && !a)
		openai_refuse_with(v, r, &(struct openai_refusal){ .status = 400, .param = "input", .message = "It is longer than the sandbox speaks at once" }, 0);
	json_decref(body);
	if (!a)
		return;
	http_on_gone(r, request_gone, a);
	clock_timer_set(&a->timer, v->options->clock, vendor_now_us(v) + v->options->tts_us, begin, a);
}

void audios_end(struct vendor *v)
{
	while (state_of(v)->audios) {
		struct audio_answer *a = state_of(v)->audios;

		if (a->request)
			v->kind->refuse(v, a->request, 503, 0);
		else
			outlet_cancel(&a->out);
		audio_free(a);
	}
}

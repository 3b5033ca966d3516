#include "sandbox/hearing.h"

#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"

enum { PIECE_SAMPLES = 4096, SCRIPT_MS_A_WORD = 250, ROOM_SAMPLES = PIECE_SAMPLES + 64 };

double hearing_seconds(uint64_t samples)
{
	return (double)(samples * 1000 / HEARING_HZ) / 1000;
}

uint64_t hearing_quiet_ms(const struct hearing *h)
{
	return (h->heard - h->voice_to) * 1000 / HEARING_HZ;
}

bool hearing_script_fits(const json_t *answer)
{
	return json_is_string(answer) && json_string_length(answer) < HEARING_TEXT_MAX;
}

/* ------------------------------------------------------------------ words */

static void words_make(struct hearing_words *w, const char *text, size_t len, uint64_t from, uint64_t to)
{
	w->len = len < sizeof(w->text) ? len : sizeof(w->text) - 1;
	memcpy(w->text, text, w->len);
	w->text[w->len] = 0;
	w->from = from;
	w->to = to > from ? to : from;
}

static void told_final(struct hearing *h, const char *text, size_t len, uint64_t from, uint64_t to)
{
	enum hearing_why why = h->final_asked ? h->why : FINAL_UNASKED;
	struct hearing_words w;

	words_make(&w, text, len, from, to);
	h->final_asked = false;
	h->events->final(h->arg, &w, why);
}

static void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	struct hearing *h = arg;
	struct hearing_words w;

	if (kind != TRANSCRIPT_PARTIAL) {
		told_final(h, text, len, from, to);
		return;
	}
	words_make(&w, text, len, from, to);
	h->events->partial(h->arg, &w);
}

static void on_ended(void *arg, enum err why)
{
	struct hearing *h = arg;

	(void)why;
	h->events->ended(h->arg);
}

static const struct stt_events stt_events = { .transcript = on_transcript, .ended = on_ended };

/* As much of the script's entry as has been said by now, a quarter of a second a word. */
static size_t scripted_part(const struct hearing *h, const char *text)
{
	uint64_t words = (h->heard - h->voice_from) * 1000 / HEARING_HZ / SCRIPT_MS_A_WORD;
	size_t at = 0;

	while (text[at] && words) {
		at += strcspn(text + at, " ");
		if (!--words)
			break;
		at += text[at] == ' ';
	}
	return at;
}

static void scripted_partial(struct hearing *h)
{
	const char *text = json_string_value(h->scripted);
	struct hearing_words w;
	size_t len = scripted_part(h, text);

	if (len) {
		words_make(&w, text, len, h->voice_from, h->heard);
		h->events->partial(h->arg, &w);
	}
}

/* The whole entry, now that a final is wanted. */
static void scripted_final(struct hearing *h)
{
	json_t *entry = h->scripted;
	const char *text = json_string_value(entry);

	h->scripted = NULL;
	told_final(h, text, strlen(text), h->voice_from, h->voice_to);
	json_decref(entry);
}

void hearing_final(struct hearing *h, enum hearing_why why)
{
	if (h->final_asked)
		return;
	h->final_asked = true;
	h->why = why;
	if (h->scripted)
		scripted_final(h);
	else if (h->stream)
		h->vendor->options->agent.stt->finalize(h->stream);
	else
		hearing_nothing(h);
}

void hearing_nothing(struct hearing *h)
{
	told_final(h, "", 0, h->heard, h->heard);
}

/* ------------------------------------------------------------------ sound */

static bool is_loud(const uint8_t frame[HEARING_FRAME])
{
	int sum = 0;

	for (size_t i = 0; i < HEARING_FRAME; i++)
		sum += abs(g711_ulaw_decode(frame[i]));
	return sum / HEARING_FRAME >= HEARING_LOUD;
}

static void voice_begin(struct hearing *h)
{
	h->in_voice = true;
	h->voice_from = h->heard - HEARING_VOICE_FRAMES * HEARING_FRAME;
	if (!h->scripted)
		h->scripted = vendor_script(h->vendor);
	h->events->voice(h->arg);
}

static void frame_hear(struct hearing *h)
{
	const struct stt *stt = h->vendor->options->agent.stt;

	h->loud = is_loud(h->frame) ? h->loud + 1 : 0;
	h->heard += HEARING_FRAME;
	h->frame_len = 0;
	if (h->stream)
		stt->push(h->stream, h->frame, HEARING_FRAME);
	if (h->loud >= HEARING_VOICE_FRAMES) {
		h->voice_to = h->heard;
		if (!h->in_voice)
			voice_begin(h);
	}
	if (h->in_voice && h->scripted)
		scripted_partial(h);
	h->events->frame(h->arg);
}

static void ulaw_hear(struct hearing *h, const uint8_t *ulaw, size_t samples)
{
	while (samples && !h->is_over) {
		size_t n = HEARING_FRAME - h->frame_len;

		n = n < samples ? n : samples;
		memcpy(h->frame + h->frame_len, ulaw, n);
		h->frame_len += n;
		ulaw += n;
		samples -= n;
		if (h->frame_len == HEARING_FRAME)
			frame_hear(h);
	}
}

/* One piece, at most PIECE_SAMPLES of it, whose rate never is less than ours. */
static void linear_hear(struct hearing *h, const int16_t *linear, size_t samples)
{
	int16_t low[ROOM_SAMPLES];
	uint8_t ulaw[ROOM_SAMPLES];
	size_t n = resampler_push(h->resampler, linear, samples, low);

	g711_encode(G711_ULAW, ulaw, low, n);
	ulaw_hear(h, ulaw, n);
}

void hearing_sound(struct hearing *h, const uint8_t *data, size_t len)
{
	bool wide = h->encoding == HEARING_LINEAR16;
	int16_t linear[PIECE_SAMPLES];

	if (!h->resampler) {
		ulaw_hear(h, data, len);
		return;
	}
	for (size_t left = wide ? len / 2 : len, n; left; left -= n) {
		n = left < PIECE_SAMPLES ? left : PIECE_SAMPLES;
		if (wide)
			memcpy(linear, data, n * 2);
		else
			g711_decode(h->encoding == HEARING_ALAW ? G711_ALAW : G711_ULAW, linear, data, n);
		data += wide ? n * 2 : n;
		linear_hear(h, linear, n);
	}
}

void hearing_stop(struct hearing *h)
{
	h->is_over = true;
}

/* ------------------------------------------------------------------ life */

enum err hearing_open(struct hearing *h, struct vendor *v, const char *language, enum hearing_encoding encoding, uint32_t rate_hz,
	const struct hearing_events *events, void *arg)
{
	const struct sandbox_agent *agent = &v->options->agent;
	bool is_ours = encoding == HEARING_MULAW && rate_hz == HEARING_HZ;

	*h = (struct hearing){ .vendor = v, .events = events, .arg = arg, .encoding = encoding };
	if (!is_ours && resampler_new(&h->resampler, rate_hz, HEARING_HZ))
		return ERR_NOMEM;
	if (agent->stt && agent->stt->start(agent->stt_vendor, &h->stream, language, &stt_events, h))
		h->stream = NULL; /* it hears nothing then */
	return ERR_NONE;
}

void hearing_fini(struct hearing *h)
{
	if (h->stream)
		h->vendor->options->agent.stt->cancel(&h->stream);
	json_decref(h->scripted);
	resampler_free(&h->resampler);
}

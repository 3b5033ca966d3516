/* Sarvam's voice: utterances one after the other, their ends and their time. See sarvam_tts.h and sarvam_tts_state.h. */
#include <stdlib.h>
#include <string.h>

#include "audio/g711.h"
#include "base/num.h"
#include "providers/sarvam/sarvam_tts_state.h"
#include "providers/sarvam/sarvam_words.h"

enum { TICK_MS = 1000, PING_PARTS = 4 };

/* ------------------------------------------------------------------ utterances */

static void silence(struct tts_utterance *u)
{
	if (u->slot && u->v->speaking == u)
		usage_tell_text(u->events.used, u->arg, "sarvam", u->v->options.model, (const char *)u->text.data, u->text.len);
	if (u->slot)
		*u->slot = NULL;
	u->slot = NULL;
	if (u->v->speaking == u)
		u->v->speaking = NULL;
}

static void finish(struct tts_utterance *u, enum err err)
{
	struct tts_events events = u->events;
	void *arg = u->arg;

	silence(u);
	if (err)
		events.failed(arg, err);
	else
		events.done(arg);
}

/* The first by start of those that are not spoken yet. */
static struct tts_utterance *next_waiting(struct sarvam_voice *v)
{
	struct tts_utterance *first = NULL;

	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++)
		if (u->slot && u != v->speaking && (!first || u->number < first->number))
			first = u;
	return first;
}

/* Gives it the socket, when that is open and free. One that turns out to be gone is dropped, and the utterance waits for the next. */
static enum err speak(struct sarvam_voice *v, struct tts_utterance *u)
{
	enum err err;

	if (v->speaking || !v->sockets[v->current].is_open)
		return ERR_NONE;
	err = sarvam_socket_speak(v, u);
	if (!err)
		v->speaking = u;
	else
		sarvam_socket_swap(v);
	return err == ERR_CLOSED ? ERR_NONE : err;
}

/* The next one, if nobody speaks. */
static void go_on(struct sarvam_voice *v)
{
	struct tts_utterance *u = v->is_closing || v->speaking ? NULL : next_waiting(v);
	enum err err;

	if (!u)
		return;
	err = sarvam_socket_need(v);
	if (!err)
		err = speak(v, u);
	if (!err)
		return;
	finish(u, err);
	sarvam_voice_later(v);
}

/* All that wait; not those that are started meanwhile. */
static void waiting_fail(struct sarvam_voice *v, enum err why)
{
	uint32_t last = v->number;

	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++)
		if (u->slot && u->number <= last)
			finish(u, why);
}

/* ------------------------------------------------------------------ sockets come and go */

void sarvam_voice_opened(struct sarvam_voice *v)
{
	go_on(v);
	sarvam_voice_later(v);
}

/* Who waits goes on with the other socket; without one that ever opened there is nothing to wait for. */
void sarvam_voice_lost(struct sarvam_voice *v, enum err why, bool was_open)
{
	if (v->speaking)
		finish(v->speaking, why);
	else if (!was_open && !v->sockets[v->current].ws)
		waiting_fail(v, why);
	sarvam_voice_later(v);
}

/* ------------------------------------------------------------------ what comes */

/* Samples of 16 bits, the lower byte first, cut anywhere; as µ-law over the same memory. How many that are. */
static size_t narrow(struct tts_utterance *u, uint8_t *bytes, size_t len)
{
	size_t at = 0, count = 0;

	while (at + !u->has_odd < len) {
		uint8_t low = u->has_odd ? u->odd : bytes[at++];
		uint8_t high = bytes[at++];

		u->has_odd = false;
		bytes[count++] = g711_ulaw_encode((int16_t)(uint16_t)(low | high << 8));
	}
	if (at < len) {
		u->has_odd = true;
		u->odd = bytes[at];
	}
	return count;
}

static void audio_take(struct voice_socket *s, struct tts_utterance *u, struct sarvam_tts_event *e)
{
	size_t count = e->audio.len;

	if (e->is_packed) {
		sarvam_socket_lose(s, ERR_FORMAT);
		return;
	}
	if (s->v->options.codec == SARVAM_LINEAR16)
		count = narrow(u, e->audio.data, count);
	u->samples += count;
	s->v->has_spoken = true;
	if (u->samples > SARVAM_MAX_SAMPLES)
		sarvam_socket_lose(s, ERR_LIMIT);
	else if (count)
		u->events.audio(u->arg, e->audio.data, count);
}

/* False: in the event the utterance has ended otherwise. */
static bool words_tell(struct tts_utterance *u)
{
	struct speech_word words[SARVAM_WORDS_MAX];
	uint32_t number = u->number;
	size_t count = u->samples ? sarvam_words_estimate((const char *)u->text.data, u->text.len, (uint32_t)u->samples, words, SARVAM_WORDS_MAX) : 0;

	if (count)
		u->events.words(u->arg, words, count, false);
	return u->slot && u->number == number;
}

/* What the vendor counts as an end is open: one before any sound may be an earlier utterance's, once, where there was one on this socket. */
static bool is_end_of(const struct voice_socket *s, struct tts_utterance *u)
{
	if (u->samples || !s->finals || u->has_passed || !sarvam_words_any((const char *)u->text.data, u->text.len))
		return true;
	u->has_passed = true;
	return false;
}

static void final_take(struct voice_socket *s, struct tts_utterance *u)
{
	struct sarvam_voice *v = s->v;
	unsigned int most = v->options.recycle_after;

	if (!is_end_of(s, u))
		return;
	s->finals++;
	if (!u->samples && sarvam_words_any((const char *)u->text.data, u->text.len)) {
		sarvam_socket_lose(s, ERR_TRUNCATED);
		return;
	}
	if (!words_tell(u))
		return;
	finish(u, ERR_NONE);
	if (v->is_closing || v->speaking)
		return;
	if (most && s->finals >= most && s == &v->sockets[v->current])
		sarvam_socket_swap(v);
	else
		go_on(v);
}

/* The other name of the language's field, once: both sockets were told by the wrong one. What was spoken waits again. */
static void field_change(struct sarvam_voice *v)
{
	v->has_tried_field = true;
	v->field = v->field == SARVAM_LANGUAGE_CODE ? SARVAM_TARGET_LANGUAGE_CODE : SARVAM_LANGUAGE_CODE;
	v->speaking = NULL;
	sarvam_sockets_drop(v);
	v->wants_sockets = true;
	sarvam_voice_later(v);
}

static void error_take(struct voice_socket *s, const struct sarvam_tts_event *e)
{
	struct sarvam_voice *v = s->v;

	if (!e->names_language || v->has_spoken) {
		sarvam_socket_lose(s, e->err);
	} else if (!v->has_tried_field) {
		field_change(v);
	} else {
		v->field = v->options.field; /* it was not the name: back to the one that was said, for both sockets */
		v->wants_sockets = false;
		sarvam_sockets_drop(v);
		sarvam_voice_lost(v, e->err, true);
	}
}

void sarvam_voice_heard(struct sarvam_voice *v, struct voice_socket *s, struct sarvam_tts_event *e)
{
	struct tts_utterance *u = s == &v->sockets[v->current] ? v->speaking : NULL;

	switch (e->kind) {
	case SARVAM_TTS_OTHER: return;
	case SARVAM_TTS_AUDIO:
		if (u)
			audio_take(s, u, e);
		return;
	case SARVAM_TTS_FINAL:
		if (u)
			final_take(s, u);
		return;
	case SARVAM_TTS_ERROR: error_take(s, e); return;
	}
}

/* ------------------------------------------------------------------ time */

static void deadlines_judge(struct sarvam_voice *v, uint64_t now_ms)
{
	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++) {
		if (!u->slot || u->deadline_ms > now_ms)
			continue;
		if (u == v->speaking)
			sarvam_socket_swap(v);
		finish(u, ERR_TIMEOUT);
	}
}

static bool is_idle(struct sarvam_voice *v)
{
	for (unsigned int i = 0; i < SARVAM_SOCKETS; i++)
		if (v->sockets[i].ws)
			return false;
	return !next_waiting(v) && !v->speaking;
}

static void on_timer(uv_timer_t *timer)
{
	struct sarvam_voice *v = timer->data;
	uint64_t now_ms = uv_now(v->loop);

	deadlines_judge(v, now_ms);
	if (v->is_closing)
		return;
	sarvam_sockets_ping(v, now_ms);
	go_on(v);
	if (v->is_closing)
		return;
	sarvam_sockets_open(v);
	if (is_idle(v))
		uv_timer_stop(timer);
}

void sarvam_voice_later(struct sarvam_voice *v)
{
	const struct sarvam_tts_options *o = &v->options;

	if (!v->is_closing)
		uv_timer_start(&v->timer, on_timer, 0, num_min(TICK_MS, num_min(o->ping_ms / PING_PARTS, o->deadline_ms / PING_PARTS)));
}

/* ------------------------------------------------------------------ tts.h */

static struct tts_utterance *utterance_free(struct sarvam_voice *v)
{
	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++)
		if (!u->slot)
			return u;
	return NULL;
}

static enum err utterance_fill(struct tts_utterance *u, const char *text, size_t len)
{
	struct sarvam_voice *v = u->v;

	uv_update_time(v->loop);
	u->number = ++v->number;
	u->deadline_ms = uv_now(v->loop) + v->options.deadline_ms;
	u->samples = 0;
	u->has_odd = u->has_passed = false;
	u->manner = v->manner;
	buf_reset(&u->text);
	buf_append(&u->text, text, len);
	return u->text.err;
}

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct sarvam_voice *v = vendor;
	struct tts_utterance *u = utterance_free(v);
	enum err err = sarvam_text_judge(text, len);

	*up = NULL;
	if (!err && !u)
		err = ERR_BUSY;
	if (!err)
		err = sarvam_tts_prepare(v, language);
	if (!err)
		err = utterance_fill(u, text, len);
	if (!err && !next_waiting(v))
		err = speak(v, u);
	if (err)
		return err;
	u->slot = up;
	u->events = *events;
	u->arg = arg;
	*up = u;
	return ERR_NONE;
}

/* The vendor would speak to the end: what it speaks is lost with its socket. */
static void voice_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = up ? *up : NULL;
	struct sarvam_voice *v = u ? u->v : NULL;
	bool is_spoken = u && v->speaking == u;

	if (!u)
		return;
	silence(u);
	if (is_spoken)
		sarvam_socket_swap(v);
}

const struct tts sarvam_tts = { .name = "sarvam", .start = voice_start, .cancel = voice_cancel };

/* ------------------------------------------------------------------ opening and closing */

enum err sarvam_tts_prepare(struct sarvam_voice *v, const char *language)
{
	struct sarvam_manner manner;
	enum err err = sarvam_manner_find(&manner, &v->options, language);

	if (err)
		return err;
	v->manner = manner;
	err = sarvam_socket_need(v);
	v->wants_sockets = !err;
	if (!err)
		sarvam_voice_later(v);
	return err;
}

static void on_closed(uv_handle_t *handle)
{
	struct sarvam_voice *v = handle->data;

	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++)
		buf_fini(&u->text);
	sarvam_tts_event_fini(&v->event);
	buf_fini(&v->request);
	free(v);
}

void sarvam_tts_close(struct sarvam_voice **vp)
{
	struct sarvam_voice *v = *vp;

	if (!v)
		return;
	*vp = NULL;
	v->is_closing = true;
	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++)
		silence(u);
	sarvam_sockets_drop(v);
	uv_close((uv_handle_t *)&v->timer, on_closed);
}

static void learned_take(struct sarvam_voice *v)
{
	const struct sarvam_learned *l = v->options.learned;

	if (l && l->has_field)
		v->field = l->field;
	if (l && l->has_path)
		v->is_other_path = l->is_other_path && sarvam_tts_path(&v->options, true);
	v->options.learned = NULL;
}

void sarvam_tts_learned(const struct sarvam_voice *v, struct sarvam_learned *learned)
{
	*learned = (struct sarvam_learned){ .has_field = v->has_spoken, .has_path = v->has_opened, .field = v->field, .is_other_path = v->is_other_path };
}

enum err sarvam_tts_open(struct sarvam_voice **vp, uv_loop_t *loop, const struct sarvam_tts_options *options, struct err_detail *detail)
{
	struct sarvam_tts_options own;
	struct sarvam_voice *v;
	enum err err = sarvam_tts_options_take(&own, options, detail);

	*vp = NULL;
	if (err)
		return err;
	v = calloc(1, sizeof(*v));
	if (!v)
		return ERR_NOMEM;
	v->loop = loop;
	v->options = own;
	v->field = own.field;
	learned_take(v);
	uv_timer_init(loop, &v->timer);
	v->timer.data = v;
	buf_init(&v->request, SARVAM_REQUEST_MAX_BYTES);
	sarvam_tts_event_init(&v->event);
	for (unsigned int i = 0; i < SARVAM_SOCKETS; i++)
		v->sockets[i].v = v;
	for (struct tts_utterance *u = v->utterances; u < v->utterances + SARVAM_UTTERANCES; u++) {
		u->v = v;
		buf_init(&u->text, SARVAM_MAX_TEXT_BYTES);
	}
	*vp = v;
	return ERR_NONE;
}

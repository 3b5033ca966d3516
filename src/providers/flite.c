/* The flite voice behind tts.h. See flite.h.
 *
 * The loop's thread owns the list of utterances, their slots and handlers; `waiting` and everything marked "shared" is passed under
 * the lock. The voice is only read by the thread. An utterance is freed on the loop's thread, once the engine's has let go of it.
 */
#include "providers/flite.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <flite/flite.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "base/buf.h"
#include "base/wording.h"

cst_voice *register_cmu_us_slt(const char *voxdir);
void unregister_cmu_us_slt(cst_voice *voice);

enum { WORDS_MAX = FLITE_MAX_TEXT_BYTES / 2 + 1, PIECE_SAMPLES = 4096 };

struct tts_utterance {
	struct flite *f;
	struct tts_utterance *next, *next_waiting;
	struct tts_utterance **slot; /* NULL: silenced */
	struct tts_events events;
	void *arg;
	uint64_t deadline_ms;

	/* The engine's thread. */
	struct resampler *resampler;
	cst_utterance *utt; /* while it is spoken */
	char text[FLITE_MAX_TEXT_BYTES + 1];

	/* Shared. */
	struct buf audio;
	struct speech_word words[WORDS_MAX];
	size_t word_count;
	bool is_silenced, has_words, is_done;
	enum err err;
};

struct flite {
	uv_async_t wake;
	uv_timer_t timer;
	unsigned int open_handles, count;
	pthread_t thread;
	cst_voice *voice;
	struct tts_utterance *first; /* all that live */

	pthread_mutex_t lock;
	pthread_cond_t more;
	struct tts_utterance *waiting, **waiting_end;
	bool stop;
};

/* ---- the engine's thread ---- */

/* The end of the last sound below a token, in seconds; negative when it has none. */
static double token_end(cst_item *token)
{
	cst_item *word = item_last_daughter(token);
	cst_item *segment = word ? path_to_item(word, "R:SylStructure.daughtern.daughtern.R:Segment") : NULL;

	return segment ? (double)item_feat_float(segment, "end") : -1.0;
}

/* Where the token's text ends: its name is looked for from `from` on, what clings to it (a comma) belongs to it. */
static size_t token_text_end(const char *text, size_t from, const char *name)
{
	const char *at = *name ? strstr(text + from, name) : NULL;
	size_t end;

	if (!at)
		return from;
	end = (size_t)(at - text) + strlen(name);
	while (text[end] && !isspace((unsigned char)text[end]))
		end++;
	return end;
}

static void words_find(struct tts_utterance *u)
{
	cst_relation *tokens = utt_relation_present(u->utt, "Token") ? utt_relation(u->utt, "Token") : NULL;
	struct speech_word *words = u->words;
	size_t count = 0, from = 0;

	for (cst_item *t = tokens ? relation_head(tokens) : NULL; t && count < WORDS_MAX; t = item_next(t)) {
		size_t end = token_text_end(u->text, from, item_feat_string(t, "name"));
		double seconds = token_end(t);

		if (end > from && seconds >= 0) {
			words[count].text_end = (uint16_t)end;
			words[count++].end_samples = (uint32_t)(seconds * G711_RATE_HZ);
			from = end;
		}
	}
	u->word_count = count;
}

static void append_ulaw(struct tts_utterance *u, const int16_t *samples, size_t count)
{
	uint8_t *room = buf_reserve(&u->audio, count);

	if (room) {
		g711_encode(G711_ULAW, room, samples, count);
		u->audio.len += count;
	}
	if (u->audio.err)
		u->err = u->audio.err;
}

static enum err piece_add(struct tts_utterance *u, const int16_t *in, size_t count, bool is_last)
{
	size_t room = resampler_room(u->resampler, count) + resampler_drain_room(u->resampler);
	int16_t *out = malloc((room + 1) * sizeof(*out));
	size_t n;

	if (!out)
		return ERR_NOMEM;
	n = resampler_push(u->resampler, in, count, out);
	if (is_last)
		n += resampler_drain(u->resampler, out + n);
	pthread_mutex_lock(&u->f->lock);
	append_ulaw(u, out, n);
	pthread_mutex_unlock(&u->f->lock);
	free(out);
	return ERR_NONE;
}

/* From the engine, a piece of sound; the segments' ends are known from the first one on. */
static int on_sound(const cst_wave *w, int start, int size, int last, cst_audio_streaming_info *asi)
{
	struct tts_utterance *u = asi->userdata;
	enum err err = ERR_NONE;
	bool goes_on;

	if (!u->resampler) {
		err = resampler_new(&u->resampler, (uint32_t)w->sample_rate, G711_RATE_HZ);
		pthread_mutex_lock(&u->f->lock);
		words_find(u);
		u->has_words = true;
		pthread_mutex_unlock(&u->f->lock);
	}
	if (!err && size >= 0)
		err = piece_add(u, w->samples + start, (size_t)size, last);
	pthread_mutex_lock(&u->f->lock);
	if (err)
		u->err = err;
	goes_on = !u->err && !u->is_silenced && !u->f->stop;
	pthread_mutex_unlock(&u->f->lock);
	uv_async_send(&u->f->wake);
	return goes_on ? CST_AUDIO_STREAM_CONT : CST_AUDIO_STREAM_STOP;
}

static enum err speak(struct tts_utterance *u)
{
	cst_audio_streaming_info *asi = new_audio_streaming_info();
	cst_utterance *utt = new_utterance();
	enum err err = ERR_NONE;

	asi->asc = on_sound;
	asi->min_buffsize = PIECE_SAMPLES;
	asi->userdata = u;
	u->utt = utt;
	asi->utt = utt;
	utt_set_input_text(utt, u->text);
	utt_init(utt, u->f->voice);
	feat_set(utt->features, "streaming_info", audio_streaming_info_val(asi));
	if (!utt_synth(utt))
		err = ERR_FORMAT;
	delete_utterance(utt); /* frees asi with it */
	return err;
}

static struct tts_utterance *next_waiting(struct flite *f)
{
	struct tts_utterance *u;

	pthread_mutex_lock(&f->lock);
	while (!f->waiting && !f->stop)
		pthread_cond_wait(&f->more, &f->lock);
	u = f->stop ? NULL : f->waiting;
	if (u) {
		f->waiting = u->next_waiting;
		if (!f->waiting)
			f->waiting_end = &f->waiting;
	}
	pthread_mutex_unlock(&f->lock);
	return u;
}

static void *thread_run(void *arg)
{
	struct flite *f = arg;
	struct tts_utterance *u;

	while ((u = next_waiting(f))) {
		bool is_silenced;
		enum err err = ERR_NONE;

		pthread_mutex_lock(&f->lock);
		is_silenced = u->is_silenced;
		pthread_mutex_unlock(&f->lock);
		if (!is_silenced)
			err = speak(u);
		pthread_mutex_lock(&f->lock);
		if (!u->err)
			u->err = err;
		u->is_done = true;
		pthread_mutex_unlock(&f->lock);
		uv_async_send(&f->wake);
	}
	return NULL;
}

/* ---- the loop's thread ---- */

static void silence(struct tts_utterance *u)
{
	if (u->slot)
		usage_tell_text(u->events.used, u->arg, "local", "flite", u->text, strlen(u->text));
	if (u->slot)
		*u->slot = NULL;
	u->slot = NULL;
	pthread_mutex_lock(&u->f->lock);
	u->is_silenced = true;
	pthread_mutex_unlock(&u->f->lock);
}

static void utterance_free(struct tts_utterance *u)
{
	struct tts_utterance **at = &u->f->first;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	u->f->count--;
	resampler_free(&u->resampler);
	buf_fini(&u->audio);
	free(u);
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

/* What is new of one utterance is given away, one event a time; false when there is nothing. Handlers may do anything. */
static bool deliver(struct tts_utterance *u)
{
	struct flite *f = u->f;
	struct buf sound;
	bool has_words, is_done;
	enum err err;

	pthread_mutex_lock(&f->lock);
	has_words = u->has_words;
	u->has_words = false;
	is_done = u->is_done;
	err = u->err;
	buf_init(&sound, FLITE_MAX_AUDIO_BYTES);
	if (u->slot && !has_words && !err && u->audio.len) {
		sound = u->audio;
		buf_init(&u->audio, FLITE_MAX_AUDIO_BYTES);
	}
	pthread_mutex_unlock(&f->lock);
	if (!u->slot) {
		if (is_done)
			utterance_free(u);
		return is_done;
	}
	if (has_words && u->word_count) {
		u->events.words(u->arg, u->words, u->word_count, true);
	} else if (sound.len) {
		u->events.audio(u->arg, sound.data, sound.len);
	} else if (err || (is_done && !has_words)) {
		finish(u, err);
	} else {
		return has_words;
	}
	buf_fini(&sound);
	return true;
}

static void on_wake(uv_async_t *handle)
{
	struct flite *f = handle->data;
	struct tts_utterance *u = f->first;

	while (u && !uv_is_closing((uv_handle_t *)handle))
		u = deliver(u) ? f->first : u->next;
}

static void on_timer(uv_timer_t *timer)
{
	struct flite *f = timer->data;
	struct tts_utterance *u = f->first;

	while (u && !uv_is_closing((uv_handle_t *)timer)) {
		bool is_late = u->slot && u->deadline_ms <= uv_now(timer->loop);

		if (is_late)
			finish(u, ERR_TIMEOUT);
		u = is_late ? f->first : u->next;
	}
	if (!f->first && !uv_is_closing((uv_handle_t *)timer))
		uv_timer_stop(timer);
}

static void queue(struct flite *f, struct tts_utterance *u)
{
	u->next = f->first;
	f->first = u;
	f->count++;
	uv_update_time(f->timer.loop);
	u->deadline_ms = uv_now(f->timer.loop) + FLITE_DEADLINE_MS;
	uv_timer_start(&f->timer, on_timer, 1000, 1000);
	pthread_mutex_lock(&f->lock);
	*f->waiting_end = u;
	f->waiting_end = &u->next_waiting;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

static enum err flite_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct flite *f = vendor;
	struct tts_utterance *u;

	*up = NULL;
	if (!language_is(language, "en"))
		return ERR_NOTFOUND;
	if (len > FLITE_MAX_TEXT_BYTES)
		return ERR_LIMIT;
	if (!len || memchr(text, 0, len))
		return ERR_USAGE;
	if (f->count >= FLITE_MAX_WAITING)
		return ERR_BUSY;
	u = calloc(1, sizeof(*u));
	if (!u)
		return ERR_NOMEM;
	u->f = f;
	u->slot = up;
	u->events = *events;
	u->arg = arg;
	memcpy(u->text, text, len);
	buf_init(&u->audio, FLITE_MAX_AUDIO_BYTES);
	queue(f, u);
	*up = u;
	return ERR_NONE;
}

static void flite_cancel(struct tts_utterance **up)
{
	if (up && *up)
		silence(*up);
}

const struct tts flite_tts = { .name = "flite", .start = flite_start, .cancel = flite_cancel };

/* ---- opening and closing ---- */

static void on_closed(uv_handle_t *handle)
{
	struct flite *f = handle->data;

	if (--f->open_handles)
		return;
	pthread_cond_destroy(&f->more);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static void handles_close(struct flite *f)
{
	uv_close((uv_handle_t *)&f->wake, on_closed);
	uv_close((uv_handle_t *)&f->timer, on_closed);
}

void flite_close(struct flite **fp)
{
	struct flite *f = *fp;

	if (!f)
		return;
	*fp = NULL;
	for (struct tts_utterance *u = f->first; u; u = u->next)
		silence(u);
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	while (f->first)
		utterance_free(f->first);
	unregister_cmu_us_slt(f->voice);
	handles_close(f);
}

static enum err thread_start(struct flite *f)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&f->thread, NULL, thread_run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? ERR_UNAVAILABLE : ERR_NONE;
}

enum err flite_open(struct flite **fp, uv_loop_t *loop)
{
	struct flite *f = calloc(1, sizeof(*f));
	enum err err;

	*fp = NULL;
	if (!f)
		return ERR_NOMEM;
	if (uv_async_init(loop, &f->wake, on_wake)) {
		free(f);
		return ERR_UNAVAILABLE;
	}
	uv_timer_init(loop, &f->timer);
	f->wake.data = f->timer.data = f;
	f->open_handles = 2;
	f->waiting_end = &f->waiting;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->more, NULL);
	flite_init();
	f->voice = register_cmu_us_slt(NULL);
	err = f->voice ? thread_start(f) : ERR_UNAVAILABLE;
	if (err)
		handles_close(f);
	else
		*fp = f;
	return err;
}

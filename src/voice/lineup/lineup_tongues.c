#include "voice/lineup/lineup_tongues.h"

#include <stdlib.h>
#include <strings.h>

/* That of the language; NULL: there is none such. */
static const struct lineup_tongue *tongue_find(const struct lineup_tongues *t, const char *language)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (!strcasecmp(t->at[i].language, language))
			return &t->at[i];
	return NULL;
}

/* ------------------------------------------------------------------ recognisers */

struct stt_stream {
	const struct stt *stt;
	struct stt_stream *inner, **slot;
	const struct stt_events *events;
	void *arg;
};

static void stream_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample)
{
	struct stt_stream *s = arg;

	s->events->transcript(s->arg, kind, text, len, from_sample, to_sample);
}

static void stream_ended(void *arg, enum err why)
{
	struct stt_stream *s = arg;
	const struct stt_events *events = s->events;
	void *events_arg = s->arg;

	*s->slot = NULL;
	free(s);
	events->ended(events_arg, why);
}

static void stream_used(void *arg, const struct usage *usage)
{
	struct stt_stream *s = arg;

	usage_tell(s->events->used, s->arg, usage);
}

static const struct stt_events stream_events = { .transcript = stream_transcript, .ended = stream_ended, .used = stream_used };

static bool stream_hears(void *vendor, const char *language)
{
	const struct lineup_tongue *t = tongue_find(vendor, language);

	return t && t->stt;
}

/* One that ends at once, from inside its start, finds its slot filled. */
static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	const struct lineup_tongues *all = vendor;
	const struct lineup_tongue *t = stream_hears(vendor, language) ? tongue_find(all, language) : &all->at[0];
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = s;
	if (!s)
		return ERR_NOMEM;
	*s = (struct stt_stream){ .stt = t->stt, .slot = sp, .events = events, .arg = arg };
	err = t->stt->start(t->stt_vendor, &s->inner, t->language, &stream_events, s);
	if (err) {
		*sp = NULL;
		free(s);
	}
	return err;
}

static void stream_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	s->stt->push(s->inner, ulaw, samples);
}

static void stream_finalize(struct stt_stream *s)
{
	s->stt->finalize(s->inner);
}

static void stream_asked(struct stt_stream *s, const char *text, size_t len)
{
	if (s->stt->asked)
		s->stt->asked(s->inner, text, len);
}

static void stream_cancel(struct stt_stream **sp)
{
	struct stt_stream *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	s->stt->cancel(&s->inner);
	free(s);
}

const struct stt lineup_tongues_stt = { .name = "tongues", .start = stream_start, .push = stream_push, .finalize = stream_finalize,
	.cancel = stream_cancel, .asked = stream_asked, .hears = stream_hears };

/* ------------------------------------------------------------------ voices */

struct tts_utterance {
	const struct tts *tts;
	struct tts_utterance *inner, **slot;
	const struct tts_events *events;
	void *arg;
};

static void voice_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct tts_utterance *u = arg;

	u->events->audio(u->arg, ulaw, samples);
}

static void voice_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct tts_utterance *u = arg;

	u->events->words(u->arg, words, count, exact);
}

static void utterance_over(struct tts_utterance *u)
{
	*u->slot = NULL;
	free(u);
}

static void voice_done(void *arg)
{
	struct tts_utterance *u = arg;
	const struct tts_events *events = u->events;
	void *events_arg = u->arg;

	utterance_over(u);
	events->done(events_arg);
}

static void voice_failed(void *arg, enum err why)
{
	struct tts_utterance *u = arg;
	const struct tts_events *events = u->events;
	void *events_arg = u->arg;

	utterance_over(u);
	events->failed(events_arg, why);
}

static void voice_used(void *arg, const struct usage *usage)
{
	struct tts_utterance *u = arg;

	usage_tell(u->events->used, u->arg, usage);
}

static const struct tts_events voice_events = { .audio = voice_audio, .words = voice_words, .done = voice_done, .failed = voice_failed,
	.used = voice_used };

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	const struct lineup_tongues *all = vendor;
	const struct lineup_tongue *t = tongue_find(all, language);
	struct tts_utterance *u = calloc(1, sizeof(*u));
	enum err err;

	*up = u;
	if (!u)
		return ERR_NOMEM;
	t = t && t->tts ? t : &all->at[0];
	*u = (struct tts_utterance){ .tts = t->tts, .slot = up, .events = events, .arg = arg };
	err = t->tts->start(t->tts_vendor, &u->inner, t->language, text, len, &voice_events, u);
	if (err) {
		*up = NULL;
		free(u);
	}
	return err;
}

static void voice_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = *up;

	*up = NULL;
	if (!u)
		return;
	u->tts->cancel(&u->inner);
	free(u);
}

const struct tts lineup_tongues_tts = { .name = "tongues", .start = voice_start, .cancel = voice_cancel };

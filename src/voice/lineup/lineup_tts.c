/* A voice that is one of several. It works when what it began to say is whole, or nobody wanted the rest: one that always breaks off, or ends without
 * any sound, does not. */
#include "voice/lineup/lineup.h"

#include <stdlib.h>

struct tts_utterance {
	struct lineup *lineup;
	struct lineup_member *member;
	struct tts_utterance *inner, **slot;
	const struct tts_events *events;
	void *arg;
	bool has_sound;
};

static void voice_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct tts_utterance *u = arg;

	u->has_sound = true;
	u->events->audio(u->arg, ulaw, samples);
}

static void voice_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct tts_utterance *u = arg;

	u->events->words(u->arg, words, count, exact);
}

static void voice_done(void *arg)
{
	struct tts_utterance *u = arg;
	const struct tts_events *events = u->events;
	void *events_arg = u->arg;

	if (u->has_sound)
		lineup_worked(u->member);
	else
		lineup_failed(u->lineup, u->member, ERR_TRUNCATED);
	*u->slot = NULL;
	free(u);
	events->done(events_arg);
}

static void voice_failed(void *arg, enum err why)
{
	struct tts_utterance *u = arg;
	const struct tts_events *events = u->events;
	void *events_arg = u->arg;

	lineup_failed(u->lineup, u->member, why);
	*u->slot = NULL;
	free(u);
	events->failed(events_arg, why);
}

static void voice_used(void *arg, const struct usage *usage)
{
	struct tts_utterance *u = arg;

	usage_tell_as(u->events->used, u->arg, usage, u->member->name);
}

static const struct tts_events voice_events = { .audio = voice_audio, .words = voice_words, .done = voice_done, .failed = voice_failed, .used = voice_used };

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len, const struct tts_events *events,
	void *arg)
{
	struct lineup *l = vendor;
	struct tts_utterance *u = calloc(1, sizeof(*u));
	enum err err = ERR_UNAVAILABLE;
	uint32_t tried = 0;

	*up = NULL;
	if (!u)
		return ERR_NOMEM;
	*u = (struct tts_utterance){ .lineup = l, .slot = up, .events = events, .arg = arg };
	while (err && (u->member = lineup_next(l, tried))) {
		const struct tts *table = u->member->table;

		err = table->start(u->member->vendor, &u->inner, language, text, len, &voice_events, u);
		if (err)
			lineup_failed(l, u->member, err);
		tried |= lineup_bit(l, u->member);
	}
	if (err)
		free(u);
	else
		*up = u;
	return err;
}

static void voice_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = *up;
	const struct tts *table;

	*up = NULL;
	if (!u)
		return;
	table = u->member->table;
	table->cancel(&u->inner);
	if (u->has_sound)
		lineup_worked(u->member);
	free(u);
}

const struct tts lineup_tts = { .name = "lineup", .start = voice_start, .cancel = voice_cancel };

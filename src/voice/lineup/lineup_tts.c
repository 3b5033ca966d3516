/* A voice that is one of several. It works when what it began to say is whole, or nobody wanted the rest: one that always breaks off, or ends without
 * any sound, does not. When it is late to begin a second one is given the same text; who makes a sound first has won, so nothing is heard twice. */
#include "voice/lineup/lineup.h"

#include <stdlib.h>
#include <string.h>

#include "voice/lineup/lineup_hedge.h"

enum { FIRST, SECOND, TRIES };

/* One member at it; it is when `inner` is set. */
struct try {
	struct tts_utterance *utterance, *inner;
	struct lineup_member *member;
	struct lease lease;
	uint64_t begun_us;
	bool is_lost;
};

struct tts_utterance {
	struct lineup *lineup;
	struct tts_utterance **slot;
	const struct tts_events *events;
	void *arg;
	struct try tries[TRIES];
	struct try *winner; /* it has said something; NULL: nobody has yet */
	bool has_sound;
	const char *language, *text; /* while one is being started */
	size_t len;
	char *kept;                  /* the language, NUL, the text: for the second; NULL: there will be none */
	char end[LINEUP_LEFT_MAX];   /* of the text */
	size_t end_len;
	struct clock_timer timer;
};

/* ------------------------------------------------------------------ an end */

static struct try *other_of(struct try *t)
{
	return &t->utterance->tries[t == t->utterance->tries];
}

static void try_over(struct try *t)
{
	t->inner = NULL;
	lease_give(&t->lease);
}

static void try_cancel(struct try *t)
{
	const struct tts *table;

	if (!t->inner)
		return;
	table = t->member->table;
	table->cancel(&t->inner);
	try_over(t);
}

static void kept_drop(struct tts_utterance *u)
{
	free(u->kept);
	u->kept = NULL;
}

static void utterance_over(struct tts_utterance *u)
{
	clock_timer_stop(&u->timer);
	kept_drop(u);
	*u->slot = NULL;
	free(u);
}

/* ------------------------------------------------------------------ what comes */

/* The first sound, or the first word times: the other one is silenced before they go on. */
static void try_speaks(struct try *t)
{
	struct tts_utterance *u = t->utterance;
	struct try *other = other_of(t);
	uint64_t now_us = clock_now_us(u->lineup->clock);

	if (u->winner)
		return;
	u->winner = t;
	clock_timer_stop(&u->timer);
	lineup_paced(&t->member->health->voices, now_us - t->begun_us);
	if (other->inner) {
		lineup_paced(&other->member->health->voices, now_us - other->begun_us);
		other->is_lost = true;
		try_cancel(other);
	}
	if (t == &u->tries[SECOND])
		lineup_hedge_won(u->lineup);
}

static void try_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct try *t = arg;
	struct tts_utterance *u = t->utterance;

	try_speaks(t);
	u->has_sound = true;
	u->events->audio(u->arg, ulaw, samples);
}

static void try_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct try *t = arg;

	try_speaks(t);
	t->utterance->events->words(t->utterance->arg, words, count, exact);
}

static void try_done(void *arg)
{
	struct try *t = arg;
	struct tts_utterance *u = t->utterance;
	const struct tts_events *events = u->events;
	void *events_arg = u->arg;

	if (u->has_sound)
		lineup_worked(t->member);
	else
		lineup_failed(u->lineup, t->member, ERR_TRUNCATED);
	try_over(t);
	if (other_of(t)->inner)
		return;
	utterance_over(u);
	events->done(events_arg);
}

static void try_failed(void *arg, enum err why)
{
	struct try *t = arg;
	struct tts_utterance *u = t->utterance;
	const struct tts_events *events = u->events;
	void *events_arg = u->arg;

	lineup_failed(u->lineup, t->member, why);
	try_over(t);
	if (other_of(t)->inner)
		return;
	utterance_over(u);
	events->failed(events_arg, why);
}

static void try_used(void *arg, const struct usage *usage)
{
	struct try *t = arg;
	struct usage lost = *usage;

	lost.is_lost = t->is_lost;
	usage_tell_as(t->utterance->events->used, t->utterance->arg, &lost, t->member->name);
}

static const struct tts_events try_events = { .audio = try_audio, .words = try_words, .done = try_done, .failed = try_failed, .used = try_used };

/* ------------------------------------------------------------------ a start */

static enum err try_open(void *arg, const struct lineup_member *m)
{
	struct try *t = arg;
	struct tts_utterance *u = t->utterance;
	const struct tts *table = m->table;

	return table->start(m->vendor, &t->inner, u->language, u->text, u->len, &try_events, t);
}

static enum err try_start(struct try *t, uint32_t tried)
{
	t->begun_us = clock_now_us(t->utterance->lineup->clock);
	return lineup_start(t->utterance->lineup, tried, &t->member, &t->lease, try_open, t);
}

/* Whoever fails here leaves the first one as it is. */
static void second_due(void *arg)
{
	struct tts_utterance *u = arg;
	struct try *second = &u->tries[SECOND];
	enum err err;

	u->language = u->kept;
	u->text = u->kept + strlen(u->kept) + 1;
	err = try_start(second, lineup_hedge_unfit(u->lineup, u->tries[FIRST].member));
	if (!err)
		lineup_hedge_begun(u->lineup, u->tries[FIRST].member, second->member);
	kept_drop(u);
}

static void second_plan(struct tts_utterance *u)
{
	const struct try *first = &u->tries[FIRST];
	uint64_t delay_us = lineup_hedge_us(u->lineup, first->member, &first->member->health->voices);
	size_t language_bytes = strlen(u->language) + 1;

	u->kept = delay_us ? malloc(language_bytes + u->len) : NULL;
	if (!u->kept)
		return;
	memcpy(u->kept, u->language, language_bytes);
	memcpy(u->kept + language_bytes, u->text, u->len);
	clock_timer_set(&u->timer, u->lineup->clock, first->begun_us + delay_us, second_due, u);
}

/* The end of its text, for whoever is to say it again. */
static void end_keep(struct tts_utterance *u)
{
	u->end_len = u->len < sizeof(u->end) ? u->len : sizeof(u->end);
	memcpy(u->end, u->text + u->len - u->end_len, u->end_len);
}

/* The same text again, or its rest, in the moment in which it was cancelled: the voice stood still. */
static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len, const struct tts_events *events,
	void *arg)
{
	struct lineup *l = vendor;
	struct tts_utterance *u = calloc(1, sizeof(*u));
	uint32_t busy;
	enum err err;

	*up = NULL;
	if (!u)
		return ERR_NOMEM;
	*u = (struct tts_utterance){ .lineup = l, .slot = up, .events = events, .arg = arg, .language = language, .text = text, .len = len };
	end_keep(u);
	u->tries[FIRST].utterance = u->tries[SECOND].utterance = u;
	busy = lineup_stalled(l, text, len, LINEUP_AGAIN_US);
	err = try_start(&u->tries[FIRST], busy);
	if (err && busy) /* nobody else: the same one again */
		err = try_start(&u->tries[FIRST], ~busy);
	if (err) {
		free(u);
		return err;
	}
	second_plan(u);
	*up = u;
	return ERR_NONE;
}

static void voice_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = *up;
	uint32_t bits = 0;

	if (!u)
		return;
	u->tries[SECOND].is_lost = u->tries[FIRST].inner && u->tries[SECOND].inner;
	for (int i = FIRST; i < TRIES; i++) {
		struct try *t = &u->tries[i];

		if (!t->inner)
			continue;
		bits |= lineup_bit(u->lineup, t->member);
		try_cancel(t);
		if (u->has_sound)
			lineup_worked(t->member);
	}
	lineup_left(u->lineup, bits, u->end, u->end_len, u->has_sound);
	utterance_over(u);
}

const struct tts lineup_tts = { .name = "lineup", .start = voice_start, .cancel = voice_cancel };

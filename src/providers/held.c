/* Twice the same: an operation of ours around theirs, the clock held from a start that went well to the last callback or the
 * cancel. A start that ends at once, from inside, finds its slot already filled. */
#include "providers/held.h"

#include <stdlib.h>

static void over(struct clock *clock, void *operation)
{
	clock_release(clock);
	free(operation);
}

/* ------------------------------------------------------------------ voice */

struct tts_utterance {
	struct held_tts *held;
	struct tts_utterance *inner, **slot;
	struct tts_events events;
	void *arg;
};

static void voice_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct tts_utterance *u = arg;

	u->events.audio(u->arg, ulaw, samples);
}

static void voice_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct tts_utterance *u = arg;

	u->events.words(u->arg, words, count, exact);
}

static void voice_done(void *arg)
{
	struct tts_utterance *u = arg;
	struct tts_events events = u->events;
	void *events_arg = u->arg;

	*u->slot = NULL;
	over(u->held->clock, u);
	events.done(events_arg);
}

static void voice_failed(void *arg, enum err why)
{
	struct tts_utterance *u = arg;
	struct tts_events events = u->events;
	void *events_arg = u->arg;

	*u->slot = NULL;
	over(u->held->clock, u);
	events.failed(events_arg, why);
}

static const struct tts_events voice_events = { .audio = voice_audio, .words = voice_words, .done = voice_done, .failed = voice_failed };

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct held_tts *held = vendor;
	struct tts_utterance *u = calloc(1, sizeof(*u));
	enum err err;

	*up = NULL;
	if (!u)
		return ERR_NOMEM;
	*u = (struct tts_utterance){ .held = held, .slot = up, .events = *events, .arg = arg };
	*up = u;
	clock_hold(held->clock);
	err = held->tts->start(held->vendor, &u->inner, language, text, len, &voice_events, u);
	if (err) {
		*u->slot = NULL;
		over(u->held->clock, u);
	}
	return err;
}

static void voice_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = *up;

	if (!u)
		return;
	u->held->tts->cancel(&u->inner);
	*u->slot = NULL;
	over(u->held->clock, u);
}

const struct tts held_tts = { .name = "held", .start = voice_start, .cancel = voice_cancel };

/* ------------------------------------------------------------------ tools */

struct tool_run {
	struct held_tools *held;
	struct tool_run *inner, **slot;
	struct tool_events events;
	void *arg;
};

static void run_result(void *arg, enum tool_status status, const char *text, size_t len)
{
	struct tool_run *r = arg;
	struct tool_events events = r->events;
	void *events_arg = r->arg;

	*r->slot = NULL;
	over(r->held->clock, r);
	events.result(events_arg, status, text, len);
}

static const struct tool_events run_events = { .result = run_result };

static enum err run_start(void *conductor, struct tool_run **rp, const struct tool_request *request, const struct tool_events *events, void *arg)
{
	struct held_tools *held = conductor;
	struct tool_run *r = calloc(1, sizeof(*r));
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	*r = (struct tool_run){ .held = held, .slot = rp, .events = *events, .arg = arg };
	*rp = r;
	clock_hold(held->clock);
	err = held->tools->start(held->vendor, &r->inner, request, &run_events, r);
	if (err) {
		*r->slot = NULL;
		over(r->held->clock, r);
	}
	return err;
}

static void run_cancel(struct tool_run **rp)
{
	struct tool_run *r = *rp;

	if (!r)
		return;
	r->held->tools->cancel(&r->inner);
	*r->slot = NULL;
	over(r->held->clock, r);
}

static void run_retrieve(void *conductor, uint64_t query, const char *text, size_t len)
{
	struct held_tools *held = conductor;

	held->tools->retrieve(held->vendor, query, text, len);
}

const struct tools held_tools = { .name = "held", .start = run_start, .cancel = run_cancel, .retrieve = run_retrieve };

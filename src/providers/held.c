/* Four times the same: an operation of ours around theirs, the clock held from a start that went well to the last callback or the
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

static void voice_used(void *arg, const struct usage *usage)
{
	struct tts_utterance *u = arg;

	usage_tell(u->events.used, u->arg, usage);
}

static const struct tts_events voice_events = { .audio = voice_audio, .words = voice_words, .done = voice_done, .failed = voice_failed, .used = voice_used };

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

/* ------------------------------------------------------------------ recogniser */

struct stt_stream {
	struct held_stt *held;
	struct stt_stream *inner, **slot;
	struct stt_events events;
	void *arg;
};

static void stream_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample)
{
	struct stt_stream *s = arg;

	s->events.transcript(s->arg, kind, text, len, from_sample, to_sample);
}

static void stream_ended(void *arg, enum err why)
{
	struct stt_stream *s = arg;
	struct stt_events events = s->events;
	void *events_arg = s->arg;

	*s->slot = NULL;
	over(s->held->clock, s);
	events.ended(events_arg, why);
}

static void stream_used(void *arg, const struct usage *usage)
{
	struct stt_stream *s = arg;

	usage_tell(s->events.used, s->arg, usage);
}

static const struct stt_events stream_events = { .transcript = stream_transcript, .ended = stream_ended, .used = stream_used };

static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct held_stt *held = vendor;
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	*s = (struct stt_stream){ .held = held, .slot = sp, .events = *events, .arg = arg };
	*sp = s;
	clock_hold(held->clock);
	err = held->stt->start(held->vendor, &s->inner, language, &stream_events, s);
	if (err) {
		*s->slot = NULL;
		over(s->held->clock, s);
	}
	return err;
}

static void stream_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	s->held->stt->push(s->inner, ulaw, samples);
}

static void stream_finalize(struct stt_stream *s)
{
	s->held->stt->finalize(s->inner);
}

static void stream_asked(struct stt_stream *s, const char *text, size_t len)
{
	if (s->held->stt->asked)
		s->held->stt->asked(s->inner, text, len);
}

static void stream_cancel(struct stt_stream **sp)
{
	struct stt_stream *s = *sp;

	if (!s)
		return;
	s->held->stt->cancel(&s->inner);
	*s->slot = NULL;
	over(s->held->clock, s);
}

const struct stt held_stt = { .name = "held", .start = stream_start, .push = stream_push, .finalize = stream_finalize, .cancel = stream_cancel,
	.asked = stream_asked };

/* ------------------------------------------------------------------ model */

struct llm_answer {
	struct held_llm *held;
	struct llm_answer *inner, **slot;
	struct llm_events events;
	void *arg;
};

static void answer_text(void *arg, const char *text, size_t len)
{
	struct llm_answer *a = arg;

	a->events.text(a->arg, text, len);
}

static void answer_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct llm_answer *a = arg;

	a->events.tool(a->arg, index, name, name_len, args, args_len);
}

static void answer_done(void *arg, uint32_t tokens)
{
	struct llm_answer *a = arg;
	struct llm_events events = a->events;
	void *events_arg = a->arg;

	*a->slot = NULL;
	over(a->held->clock, a);
	events.done(events_arg, tokens);
}

static void answer_failed(void *arg, enum failure why)
{
	struct llm_answer *a = arg;
	struct llm_events events = a->events;
	void *events_arg = a->arg;

	*a->slot = NULL;
	over(a->held->clock, a);
	events.failed(events_arg, why);
}

static void answer_used(void *arg, const struct usage *usage)
{
	struct llm_answer *a = arg;

	usage_tell(a->events.used, a->arg, usage);
}

static const struct llm_events answer_events = { .text = answer_text, .tool = answer_tool, .done = answer_done, .failed = answer_failed, .used = answer_used };

static enum err answer_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *arg)
{
	struct held_llm *held = vendor;
	struct llm_answer *a = calloc(1, sizeof(*a));
	enum err err;

	*ap = NULL;
	if (!a)
		return ERR_NOMEM;
	*a = (struct llm_answer){ .held = held, .slot = ap, .events = *events, .arg = arg };
	*ap = a;
	clock_hold(held->clock);
	err = held->llm->start(held->vendor, &a->inner, kind, attempt, blocks, count, &answer_events, a);
	if (err) {
		*a->slot = NULL;
		over(a->held->clock, a);
	}
	return err;
}

static void answer_cancel(struct llm_answer **ap)
{
	struct llm_answer *a = *ap;

	if (!a)
		return;
	a->held->llm->cancel(&a->inner);
	*a->slot = NULL;
	over(a->held->clock, a);
}

const struct llm held_llm = { .name = "held", .start = answer_start, .cancel = answer_cancel };

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

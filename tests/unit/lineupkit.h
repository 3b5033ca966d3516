/* What tests of voice/lineup share: vendors of each role that do as they are told, three of them in a lineup, and an owner that counts. */
#ifndef LINEUPKIT_H
#define LINEUPKIT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "redact/redact.h"
#include "voice/lineup/lineup.h"

#define S 1000000ULL

enum { MEMBERS = 3 };

/* A vendor of any role: what was asked of it last, and what its next start says. */
struct vendor {
	enum err refuses;
	bool tells; /* what a cancelled answer took */
	unsigned int starts, cancels, pushes, finals, asked;
	char heard[64]; /* the first block's text, or what is to be said */
	struct stt_stream *stream;
	struct llm_answer *answer;
	struct tts_utterance *utterance;
};

struct world {
	uv_loop_t loop;
	struct clock *clock;
	struct clock_timer timer;
	struct vendor vendors[MEMBERS];
	struct lineup_health health[MEMBERS];
	struct lease_account accounts[MEMBERS];
	struct lineup lineup;
	unsigned int ended, failed, done, words, audio, tools, uses, lost;
};

/* ---- vendors ---- */

struct stt_stream {
	struct stt_stream **slot;
	struct vendor *vendor;
	const struct stt_events *events;
	void *arg;
};

static inline enum err fake_listen(void *arg, struct stt_stream **sp, const char *language, const struct stt_events *events, void *events_arg)
{
	struct vendor *v = arg;

	(void)language;
	v->starts++;
	*sp = NULL;
	if (v->refuses)
		return v->refuses;
	*sp = v->stream = malloc(sizeof(*v->stream));
	assert_non_null(*sp);
	**sp = (struct stt_stream){ .slot = sp, .vendor = v, .events = events, .arg = events_arg };
	return ERR_NONE;
}

static inline void fake_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	(void)ulaw;
	s->vendor->pushes += (unsigned int)samples;
}

static inline void fake_finalize(struct stt_stream *s)
{
	s->vendor->finals++;
}

static inline void fake_asked(struct stt_stream *s, const char *text, size_t len)
{
	(void)text;
	s->vendor->asked += (unsigned int)len;
}

static inline void fake_silence(struct stt_stream **sp)
{
	(*sp)->vendor->cancels++;
	(*sp)->vendor->stream = NULL;
	free(*sp);
	*sp = NULL;
}

static const struct stt fake_stt = { .name = "fake", .start = fake_listen, .push = fake_push, .finalize = fake_finalize, .cancel = fake_silence,
	.asked = fake_asked };
static const struct stt simple_stt = { .name = "simple", .start = fake_listen, .push = fake_push, .finalize = fake_finalize, .cancel = fake_silence };

static inline void stream_dies(struct vendor *v, enum err why)
{
	struct stt_stream *s = v->stream;

	v->stream = *s->slot = NULL;
	s->events->ended(s->arg, why);
	free(s);
}

struct llm_answer {
	struct llm_answer **slot;
	struct vendor *vendor;
	const struct llm_events *events;
	void *arg;
};

static inline enum err fake_ask(void *arg, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt, const struct llm_block *blocks, size_t count,
	const struct llm_events *events, void *events_arg)
{
	struct vendor *v = arg;

	(void)kind;
	(void)attempt;
	v->starts++;
	snprintf(v->heard, sizeof(v->heard), "%s", count ? redacted_text(blocks[0].text) : "");
	*ap = NULL;
	if (v->refuses)
		return v->refuses;
	*ap = v->answer = malloc(sizeof(*v->answer));
	assert_non_null(*ap);
	**ap = (struct llm_answer){ .slot = ap, .vendor = v, .events = events, .arg = events_arg };
	return ERR_NONE;
}

/* As adapters do it: what it took is told from inside the cancel. */
static inline void fake_cancel(struct llm_answer **ap)
{
	const struct usage used = { .vendor = "v", .model = "m", .units = { [USAGE_REQUESTS] = 1, [USAGE_INPUT_TOKENS] = 100 } };

	if ((*ap)->vendor->tells)
		(*ap)->events->used((*ap)->arg, &used);
	(*ap)->vendor->cancels++;
	(*ap)->vendor->answer = NULL;
	free(*ap);
	*ap = NULL;
}

static const struct llm fake_llm = { .name = "fake", .start = fake_ask, .cancel = fake_cancel };

static inline struct llm_answer *answer_taken(struct vendor *v)
{
	struct llm_answer *a = v->answer;

	v->answer = *a->slot = NULL;
	return a;
}

static inline void answer_fails(struct vendor *v, enum failure why)
{
	struct llm_answer *a = answer_taken(v);

	a->events->failed(a->arg, why);
	free(a);
}

static inline void answer_ends(struct vendor *v)
{
	struct llm_answer *a = answer_taken(v);

	a->events->done(a->arg, 7);
	free(a);
}

struct tts_utterance {
	struct tts_utterance **slot;
	struct vendor *vendor;
	const struct tts_events *events;
	void *arg;
};

static inline enum err fake_speak(void *arg, struct tts_utterance **up, const char *language, const char *text, size_t len, const struct tts_events *events,
	void *events_arg)
{
	struct vendor *v = arg;

	v->starts++;
	snprintf(v->heard, sizeof(v->heard), "%s %.*s", language, (int)len, text);
	*up = NULL;
	if (v->refuses)
		return v->refuses;
	*up = v->utterance = malloc(sizeof(*v->utterance));
	assert_non_null(*up);
	**up = (struct tts_utterance){ .slot = up, .vendor = v, .events = events, .arg = events_arg };
	return ERR_NONE;
}

static inline void fake_hush(struct tts_utterance **up)
{
	(*up)->vendor->cancels++;
	(*up)->vendor->utterance = NULL;
	free(*up);
	*up = NULL;
}

static const struct tts fake_tts = { .name = "fake", .start = fake_speak, .cancel = fake_hush };

static inline struct tts_utterance *utterance_taken(struct vendor *v)
{
	struct tts_utterance *u = v->utterance;

	v->utterance = *u->slot = NULL;
	return u;
}

/* ---- the owner ---- */

static inline void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	struct world *w = arg;

	(void)kind;
	(void)text;
	(void)from;
	(void)to;
	w->words += (unsigned int)len;
}

static inline void on_ended(void *arg, enum err why)
{
	struct world *w = arg;

	(void)why;
	w->ended++;
}

/* Whoever was used is named by his place. */
static inline void on_used(void *arg, const struct usage *usage)
{
	struct world *w = arg;

	assert_string_equal(usage->member, "fake");
	assert_string_equal(usage->model, "m");
	w->uses += (unsigned int)usage->units[USAGE_REQUESTS];
	w->lost += usage->is_lost;
}

static const struct stt_events listens = { .transcript = on_transcript, .ended = on_ended, .used = on_used };

static inline void on_text(void *arg, const char *text, size_t len)
{
	struct world *w = arg;

	(void)text;
	w->words += (unsigned int)len;
}

static inline void on_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct world *w = arg;

	(void)index;
	(void)name;
	(void)name_len;
	(void)args;
	(void)args_len;
	w->tools++;
}

static inline void on_answered(void *arg, uint32_t tokens)
{
	struct world *w = arg;

	assert_int_equal(tokens, 7);
	w->done++;
}

static inline void on_model_failed(void *arg, enum failure why)
{
	struct world *w = arg;

	(void)why;
	w->failed++;
}

static const struct llm_events asks = { .text = on_text, .tool = on_tool, .done = on_answered, .failed = on_model_failed, .used = on_used };

static inline void on_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct world *w = arg;

	(void)ulaw;
	w->audio += (unsigned int)samples;
}

static inline void on_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct world *w = arg;

	(void)words;
	(void)exact;
	w->words += (unsigned int)count;
}

static inline void on_spoken(void *arg)
{
	struct world *w = arg;

	w->done++;
}

static inline void on_voice_failed(void *arg, enum err why)
{
	struct world *w = arg;

	(void)why;
	w->failed++;
}

static const struct tts_events speaks = { .audio = on_audio, .words = on_words, .done = on_spoken, .failed = on_voice_failed, .used = on_used };

static inline void begin(struct world *w, const void *table)
{
	unsigned int i;

	*w = (struct world){ .ended = 0 };
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(clock_open(&w->clock, &w->loop, true), ERR_NONE);
	w->lineup.clock = w->clock;
	for (i = 0; i < MEMBERS; i++)
		assert_int_equal(lineup_add(&w->lineup, &(struct lineup_member){ .name = "fake", .table = table, .vendor = &w->vendors[i],
			.health = &w->health[i], .account = &w->accounts[i], .is_far = true }), ERR_NONE);
}

static inline void end(struct world *w)
{
	for (unsigned int i = 0; i < MEMBERS; i++)
		assert_int_equal(w->accounts[i].held, 0);
	clock_close(&w->clock);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
}

static inline void nothing(void *arg)
{
	(void)arg;
}

static inline void passes(struct world *w, uint64_t us)
{
	uint64_t at_us = clock_now_us(w->clock) + us;

	clock_timer_set(&w->timer, w->clock, at_us, nothing, NULL);
	while (clock_now_us(w->clock) < at_us)
		uv_run(&w->loop, UV_RUN_ONCE);
	clock_timer_stop(&w->timer); /* another one of that moment may have been first */
}

/* Another call of the same worker: the same accounts, a lineup of its own. */
static inline struct lineup other_call(const struct world *w)
{
	struct lineup l = w->lineup;
	size_t i;

	for (i = 0; i < l.count; i++)
		l.members[i].strikes = 0;
	l.left = 0;
	return l;
}

static inline struct stt_stream *begin_listening(struct world *w, struct lineup *l, enum err expected)
{
	static struct stt_stream *s;

	assert_int_equal(lineup_stt.start(l, &s, "en-US", &listens, w), expected);
	assert_true(expected ? !s : s != NULL);
	return s;
}

#endif

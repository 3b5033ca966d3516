/* The step: time, timers, one input, then what follows from it. Everything else is in the parts. */
#include "voice/call_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call_output *call_put(struct call *call, enum output_type type)
{
	struct call_output *out;

	assert(call->output_count < OUTPUT_MAX);
	out = &call->outputs[call->output_count++];
	*out = (struct call_output){ .type = type };
	return out;
}

void call_note_text(struct call *call, enum note note, uint32_t index, uint64_t number, struct text text)
{
	struct call_output *out = call_put(call, OUT_NOTE);

	out->kind = note;
	out->turn = call->dialogue.turn;
	out->index = index;
	out->number = number;
	out->text = call_text(call, text);
	out->text_len = text.len;
}

void call_note(struct call *call, enum note note, uint32_t index, uint64_t number)
{
	call_note_text(call, note, index, number, (struct text){ 0, 0 });
}

static bool page_get(struct call *call, uint32_t page)
{
	if (page >= TEXT_PAGES)
		return false;
	if (!call->texts.pages[page])
		call->texts.pages[page] = malloc(TEXT_PAGE);
	return call->texts.pages[page] != NULL;
}

struct text call_restore(struct call *call, const void *text, size_t len)
{
	struct texts *t = &call->texts;
	uint32_t size = (uint32_t)num_min(len, TEXT_PAGE);
	struct text kept = { t->used, size };

	if (!size || call->err)
		return (struct text){ 0, 0 };
	if (t->used % TEXT_PAGE + size > TEXT_PAGE)
		kept.at = (t->used / TEXT_PAGE + 1) * TEXT_PAGE;
	if (!page_get(call, kept.at / TEXT_PAGE)) {
		call->err = ERR_NOMEM;
		return (struct text){ 0, 0 };
	}
	memcpy(t->pages[kept.at / TEXT_PAGE] + kept.at % TEXT_PAGE, text, size);
	t->used = kept.at + size;
	return kept;
}

static void texts_count(struct call *call, uint32_t bytes)
{
	call->texts.kept += num_min32(bytes, TEXTS_CEILING + 1 - call->texts.kept);
	if (call->texts.kept > TEXTS_CEILING)
		call->err = ERR_LIMIT;
}

struct text call_keep(struct call *call, const void *text, size_t len)
{
	texts_count(call, (uint32_t)num_min(len, TEXT_PAGE));
	return call_restore(call, text, len);
}

struct text call_keep_str(struct call *call, const char *text)
{
	return call_keep(call, text, strlen(text));
}

static const char *texts_at(const struct texts *t, struct text text)
{
	if (!text.len)
		return "";
	assert(text.at + text.len <= t->used && text.at / TEXT_PAGE == (text.at + text.len - 1) / TEXT_PAGE);
	return t->pages[text.at / TEXT_PAGE] + text.at % TEXT_PAGE;
}

const char *call_text(const struct call *call, struct text text)
{
	return texts_at(&call->texts, text);
}

static void text_add(struct text *text, void *arg)
{
	uint32_t *bytes = arg;

	*bytes += text->len;
}

uint32_t texts_live(struct call *call)
{
	uint32_t bytes = 0;

	texts_each(call, text_add, &bytes);
	return bytes;
}

static void pages_free(struct texts *t)
{
	unsigned int i;

	for (i = 0; i < TEXT_PAGES && t->pages[i]; i++)
		free(t->pages[i]);
}

struct move {
	struct call *call;
	struct texts from;
};

static void text_move(struct text *text, void *arg)
{
	const struct move *m = arg;

	*text = call_restore(m->call, texts_at(&m->from, *text), text->len);
}

/* As a loaded call has them: what is referred to twice is there twice. */
void texts_compact(struct call *call)
{
	struct move m = { call, call->texts };

	memset(&call->texts, 0, sizeof(call->texts));
	texts_each(call, text_move, &m);
	texts_count(call, texts_live(call));
	pages_free(&m.from);
}

void timer_set(struct call *call, enum timer timer, uint64_t at_us)
{
	uint64_t set = at_us ? at_us : 1;

	call->timers_moved = call->timers_moved || call->timers[timer] != set;
	call->timers[timer] = set;
}

void timer_in(struct call *call, enum timer timer, int64_t ms)
{
	timer_set(call, timer, call->now_us + (uint64_t)ms * 1000);
}

void timer_stop(struct call *call, enum timer timer)
{
	call->timers_moved = call->timers_moved || call->timers[timer];
	call->timers[timer] = 0;
}

bool timer_runs(const struct call *call, enum timer timer)
{
	return call->timers[timer] != 0;
}

bool guarded(const struct call *call, enum call_guard guard)
{
	return call->sabotage != guard;
}

void call_sabotage(struct call *call, enum call_guard guard)
{
	call->sabotage = guard;
}

static void bufs_init(struct call *call)
{
	buf_init(&call->scratch, 2 * TEXT_PAGE);
	buf_init(&call->listen.said, SAID_MAX);
	buf_init(&call->listen.partial, SAID_MAX);
	buf_init(&call->listen.used, SAID_MAX);
	buf_init(&call->dialogue.gen.answer, ANSWER_MAX);
	buf_init(&call->dialogue.gen.asked, SAID_MAX);
	buf_init(&call->dialogue.query, SAID_MAX);
}

enum err call_new(struct call **callp, const struct call_settings *settings, const struct brief *brief)
{
	struct call *call = malloc(sizeof(*call));

	*callp = NULL;
	if (!call)
		return ERR_NOMEM;
	memset(&call->sabotage, 0, sizeof(*call) - offsetof(struct call, sabotage)); /* settings and brief are copied */
	call->settings = *settings;
	call->brief = *brief;
	call->timers_moved = true; /* a snapshot may set some */
	bufs_init(call);
	*callp = call;
	return ERR_NONE;
}

void call_free(struct call *call)
{
	if (!call)
		return;
	pages_free(&call->texts);
	buf_fini(&call->scratch);
	buf_fini(&call->listen.said);
	buf_fini(&call->listen.partial);
	buf_fini(&call->listen.used);
	buf_fini(&call->dialogue.gen.answer);
	buf_fini(&call->dialogue.gen.asked);
	buf_fini(&call->dialogue.query);
	free(call->dialogue.items);
	free(call->blocks);
	free(call);
}

static void timer_fire(struct call *call, enum timer timer)
{
	switch (timer) {
	case TIMER_TURN:
	case TIMER_FINALIZE:
	case TIMER_AHEAD:
	case TIMER_NOISE:
	case TIMER_STT:
	case TIMER_STT_RETRY:
		endpoint_timer(call, timer);
		break;
	case TIMER_RESUME:
		floor_resume(call);
		break;
	case TIMER_FILLER:
	case TIMER_SECOND:
	case TIMER_STALL:
	case TIMER_TOTAL:
	case TIMER_TOOL:
		dialogue_timer(call, timer);
		break;
	case TIMER_VOICE:
	case TIMER_PLAY:
	case TIMER_MARK:
		speech_timer(call, timer);
		break;
	case TIMER_ANSWERER:
		answerer_timer(call);
		break;
	default:
		quiet_timer(call, timer);
		break;
	}
}

/* Every timer that is due, in the order of the enum. A handler may set its own timer again, but not for now or earlier. */
static void timers_fire(struct call *call)
{
	unsigned int i;

	if (call->wake_us > call->now_us)
		return; /* the earliest of them, after the last step */
	for (i = 0; i < TIMERS; i++) {
		if (!call->timers[i] || call->timers[i] > call->now_us)
			continue;
		timer_stop(call, (enum timer)i);
		timer_fire(call, (enum timer)i);
	}
}

/* What ends the answer that was being asked for, and was due while nobody had the call, comes before that answer is asked for
 * anew: else one step would ask and cancel. */
static void overdue_fire(struct call *call)
{
	static const enum timer ends[] = { TIMER_TURN, TIMER_KEYS, TIMER_MAX };
	unsigned int i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		uint64_t due = call->timers[ends[i]];

		if (!due || due > call->now_us || !dialogue_asked(call))
			continue;
		timer_stop(call, ends[i]);
		timer_fire(call, ends[i]);
	}
}

static void attached(struct call *call)
{
	static const enum timer dead[] = { TIMER_FINALIZE, TIMER_STT, TIMER_STT_RETRY, TIMER_RESUME, TIMER_FILLER, TIMER_SECOND, TIMER_STALL, TIMER_TOTAL,
		TIMER_VOICE, TIMER_PLAY, TIMER_MARK };
	unsigned int i;

	for (i = 0; i < sizeof(dead) / sizeof(dead[0]); i++)
		timer_stop(call, dead[i]); /* they watched what died with the old worker */
	quiet_attached(call);
	endpoint_attached(call);
	if (call->take.open)
		take_attached(call);
	overdue_fire(call);
	if (call->settings.call_rules >= 3)
		speech_attached(call); /* what is asked for again goes by what was heard */
	dialogue_attached(call);
	if (call->settings.call_rules < 3)
		speech_attached(call);
}

static void input_take(struct call *call, const struct call_input *in)
{
	switch (in->type) {
	case IN_PREPARE:
		if (guarded(call, GUARD_P24))
			quiet_start(call);
		break;
	case IN_START: quiet_answered(call); break;
	case IN_VOICE:
		quiet_sound(call);
		if (take_hears(call))
			take_voice(call, in->number, in->position);
		else
			floor_voice(call, in->number, in->position);
		break;
	case IN_TRANSCRIPT: endpoint_transcript(call, in); break;
	case IN_STT_DOWN: endpoint_down(call, in->stream); break;
	case IN_MODEL_TEXT:
	case IN_MODEL_TOOL:
	case IN_MODEL_DONE:
	case IN_MODEL_FAILED: dialogue_model(call, in); break;
	case IN_SPEECH: speech_news(call, in); break;
	case IN_SPEECH_FAILED: speech_failed(call, in); break;
	case IN_SENT: speech_sent(call, in); break;
	case IN_PLAYED: speech_played(call, in); break;
	case IN_TOOL_RESULT: tools_result(call, in); break;
	case IN_DIGIT: quiet_digit(call, in->number); break;
	case IN_ORDER: quiet_order(call, in); break;
	case IN_KNOWLEDGE: dialogue_knowledge(call, in); break;
	case IN_MEDIA_LOST: quiet_media_lost(call); break;
	case IN_ATTACHED: attached(call); break;
	case IN_HANGUP: quiet_hangup(call, END_CALLER); break;
	case IN_TONE: answerer_tone(call, in); break;
	case IN_TIMER:
	case IN_TYPES: break;
	}
}

/* One OUT_WAKE when the earliest timer is another one than the session was told. */
static void wake(struct call *call)
{
	uint64_t before = UINT64_MAX, earliest;
	unsigned int i;

	if (!call->timers_moved)
		return;
	call->timers_moved = false;
	for (i = 0; i < TIMERS; i++)
		before = num_min(before, call->timers[i] - 1); /* one that is off is the latest */
	earliest = before + 1;
	if (earliest == call->wake_us)
		return;
	call->wake_us = earliest;
	call_put(call, OUT_WAKE)->number = earliest;
}

/* The blocks may have moved while a second request of the same step was made. */
static void blocks_resolve(struct call *call)
{
	size_t i, at = call->block_count; /* the last request's stand last */

	for (i = call->output_count; i-- > 0;) {
		if (call->outputs[i].type != OUT_ASK)
			continue;
		at -= call->outputs[i].block_count;
		call->outputs[i].blocks = call->blocks + at;
	}
}

enum err call_step(struct call *call, const struct call_input *in, struct call_outputs *outputs)
{
	const char *broken;

	call->output_count = 0;
	call->block_count = 0;
	history_trim(call);
	call->now_us = num_max(call->now_us, in->at_us);
	if (!call->quiet.ended && in->type == IN_ATTACHED) {
		input_take(call, in); /* what was due while nobody had the call is judged after that */
		timers_fire(call);
	} else if (!call->quiet.ended) {
		timers_fire(call);
		input_take(call, in);
	} else if (in->type == IN_TOOL_RESULT) {
		tools_result(call, in); /* what it changed is still told to the timeline */
	}
	if (!call->quiet.ended) {
		dialogue_advance(call);
		speech_advance(call);
		answerer_advance(call);
		quiet_advance(call);
		take_advance(call);
	}
	wake(call);
	blocks_resolve(call);
	broken = call_check(call);
	if (broken) {
		fprintf(stderr, "a call's invariant does not hold: %s\n", broken);
		abort();
	}
	*outputs = (struct call_outputs){ call->outputs, call->output_count };
	return call->err;
}

bool call_ended(const struct call *call)
{
	return call->quiet.ended;
}

bool call_started(const struct call *call)
{
	return call->quiet.started;
}

enum end_reason call_end_reason(const struct call *call)
{
	return call->quiet.reason;
}

uint32_t call_turn(const struct call *call)
{
	return call->dialogue.turn;
}

void call_set_settings(struct call *call, const struct call_settings *settings)
{
	call->settings = *settings;
}

const struct brief *call_get_brief(const struct call *call)
{
	return &call->brief;
}

const struct call_settings *call_get_settings(const struct call *call)
{
	return &call->settings;
}

/* The shell around a call's core: inputs in, outputs carried out, everything that happened into the journal.
 *
 * `busy` is the whole of its concurrency: while a step is carried out, whatever adapters say is encoded into `queue` and
 * stepped when that step is over. All times here are the call's own; only io knows the machine's.
 *
 *   LIVE ──OUT_HANGUP: all is cancelled but running tools──► LINGER ──they answered, or time is up: END──► FINISHED
 *                                                                          next wake-up: io.ended ──► TOLD
 */
#include "voice/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "voice/journal.h"
#include "voice/mouth.h"
#include "voice/steps.h"

enum {
	RING_SAMPLES = 65536, /* SESSION_CALLER_RING_MS */
	GROUP_SAMPLES = 1600, /* of the caller's audio in one record */
	ASKS_MAX = 8,
	VOICES_MAX = MOUTH_UTTERANCES,
	RUNS_MAX = 32,
	GAPS_MAX = 16,
	TOKENS_KEPT = 8,
	FLUSH_WAKE_US = 50000,
	SNAPSHOT_MAX_BYTES = 8 << 20,
	SILENCE_SAMPLES = 1600
};

enum state { LIVE = 0, LINGER, FINISHED, TOLD };

struct listening {
	struct session *s;
	struct stt_stream *op;
	uint32_t stream;
	uint64_t base; /* the caller's position of the first sample pushed */
};

struct asking {
	struct session *s;
	struct llm_answer *op;
	uint32_t gen;
};

struct voicing {
	struct session *s;
	struct tts_utterance *op;
	uint32_t utterance, take;
	struct buf text;
};

struct running {
	struct session *s;
	struct tool_run *op;
	uint32_t turn, index;
};

struct span {
	uint64_t from, to;
};

struct session {
	struct session_io io;
	struct call *call;
	uint64_t zero_us; /* of the call's clock, in io's */
	enum state state;
	enum end_reason reason;
	enum session_guard sabotage;
	bool busy;
	bool connected;   /* there is a media socket */
	uint64_t lost_us; /* since when there is none any more; 0: it was not lost */
	bool media;       /* media has begun, */
	uint64_t media_us; /* at this time */
	uint64_t end_us;
	uint64_t wake_us;  /* the core's timer; 0: none */
	uint64_t armed_us; /* what io was asked for; UINT64_MAX: nothing */
	char language[16];
	struct call_input in; /* the one that is being made or stepped; only its head is cleared */
	struct buf queue;
	struct mouth *mouth;
	struct listening listening;
	struct asking asks[ASKS_MAX];
	struct voicing voices[VOICES_MAX];
	struct running runs[RUNS_MAX];

	/* the caller's audio */
	uint64_t position;
	uint64_t ring_from;    /* what is older is gone */
	uint8_t *ring;         /* NULL: nobody recorded it so far */
	struct span gaps[GAPS_MAX];
	unsigned int gap_count; /* ever; the last GAPS_MAX are kept */

	/* the journal */
	struct steps_writer steps;
	struct buf record, core;
	uint8_t group[GROUP_SAMPLES];
	size_t group_samples;
	uint64_t gap_owed;     /* samples missing before the group */
	enum record_gap_why gap_why;
	unsigned int groups;
	bool agent_lost;

	struct session_usage usage, metered;
	uint64_t stt_samples;
	struct {
		uint32_t gen, tokens;
	} tokens[TOKENS_KEPT];
	unsigned int tokens_at;
};

static const uint8_t *silence(void)
{
	static uint8_t bytes[SILENCE_SAMPLES];

	if (!bytes[0])
		memset(bytes, 0xff, sizeof(bytes));
	return bytes;
}

static uint64_t now(const struct session *s)
{
	return s->io.now_us(s->io.arg) - s->zero_us;
}

/* ------------------------------------------------------------------ into the journal */

static bool append(struct session *s, uint8_t kind)
{
	if (s->record.err)
		return false;
	return journal_append(s->io.journal, kind, s->record.data, s->record.len, s->io.now_us(s->io.arg)) == ERR_NONE;
}

static void steps_flush(struct session *s)
{
	if (!s->steps.count)
		return;
	if (s->io.journal && !s->steps.bytes.err && s->sabotage != SESSION_GUARD_N5)
		(void)!journal_append(s->io.journal, RECORD_STEPS, s->steps.bytes.data, s->steps.bytes.len, s->io.now_us(s->io.arg));
	steps_clear(&s->steps);
}

static void event_put(struct session *s, const struct record_event *event)
{
	if (!s->io.journal || s->sabotage == SESSION_GUARD_N5)
		return;
	buf_reset(&s->record);
	record_event_encode(event, &s->record);
	(void)append(s, JOURNAL_EVENT);
}

static bool note_is_told(uint32_t note)
{
	return note != NOTE_HOLD && note != NOTE_RESUME && note != NOTE_RELEASE;
}

static void note_put(struct session *s, const struct call_output *out, uint64_t at_us)
{
	struct record_event e = { .kind = EVENT_NOTE, .code = out->kind, .at_us = at_us, .turn = out->turn, .index = out->index,
		.number = out->number, .position = out->position, .text = out->text, .text_len = out->text_len };

	if (note_is_told(out->kind))
		event_put(s, &e);
}

/* What the timeline learns from an input itself. */
static void input_put(struct session *s, const struct call_input *in)
{
	struct record_event e = { .at_us = in->at_us, .turn = call_turn(s->call), .index = in->index, .text = in->text, .text_len = in->text_len };

	if (in->type == IN_TRANSCRIPT && in->kind != TRANSCRIPT_PARTIAL && in->text_len) {
		e.kind = EVENT_FINAL;
		e.number = in->position;
		e.position = in->position2;
	} else if (in->type == IN_TOOL_RESULT) {
		e.kind = EVENT_TOOL_RESULT;
		e.turn = in->turn;
		e.code = in->kind;
	} else {
		return;
	}
	event_put(s, &e);
}

static void meter_put(struct session *s, enum meter meter, uint64_t amount)
{
	struct record_meter r = { .at_us = now(s), .meter = (uint32_t)meter, .amount = amount };

	buf_reset(&s->record);
	record_meter_encode(&r, &s->record);
	(void)append(s, JOURNAL_METER);
}

static void meter_more(struct session *s, enum meter meter, uint64_t total, uint64_t *metered)
{
	if (total > *metered)
		meter_put(s, meter, total - *metered);
	*metered = total;
}

static void meters_put(struct session *s)
{
	struct session_usage *u = &s->usage, *m = &s->metered;

	if (!s->io.journal)
		return;
	meter_more(s, METER_STT_MS, u->stt_ms, &m->stt_ms);
	meter_more(s, METER_TTS_CHARACTERS, u->tts_characters, &m->tts_characters);
	meter_more(s, METER_MODEL_TOKENS, u->model_tokens, &m->model_tokens);
	meter_more(s, METER_MODEL_REQUESTS, u->model_requests, &m->model_requests);
	meter_more(s, METER_TOOL_CALLS, u->tool_calls, &m->tool_calls);
	meter_more(s, METER_WASTED_TOKENS, u->wasted_tokens, &m->wasted_tokens);
	meter_more(s, METER_WASTED_CHARACTERS, u->wasted_characters, &m->wasted_characters);
}

static bool records_audio(const struct session *s)
{
	return s->io.journal && s->io.record_audio;
}

/* The caller's sound so far, with what is missing before it. What the journal refuses is missing before the next. */
static void group_flush(struct session *s)
{
	struct record_caller r = { .at_us = now(s), .position = s->position - s->group_samples, .gap_samples = s->gap_owed,
		.gap_why = s->gap_owed ? s->gap_why : 0, .ulaw = s->group, .samples = s->group_samples };

	if (!s->group_samples && !s->gap_owed)
		return;
	if (s->sabotage == SESSION_GUARD_N4 && ++s->groups % 4 == 0) {
		s->group_samples = 0;
		return;
	}
	buf_reset(&s->record);
	record_caller_encode(&r, &s->record);
	if (append(s, JOURNAL_AUDIO_CALLER)) {
		s->gap_owed = 0;
	} else {
		s->gap_owed += s->group_samples;
		s->gap_why = GAP_JOURNAL;
		s->usage.audio_lost_samples += s->group_samples;
	}
	s->group_samples = 0;
}

/* Before the position moves on. */
static void group_gap(struct session *s, uint64_t samples, enum record_gap_why why)
{
	if (!records_audio(s) || s->sabotage == SESSION_GUARD_N4)
		return;
	if (s->group_samples)
		group_flush(s);
	s->gap_owed += samples;
	s->gap_why = why;
}

static void agent_put(void *arg, const struct mouth_frames *f)
{
	struct session *s = arg;
	struct record_agent r = { .at_us = now(s), .utterance = f->utterance, .take = f->take, .position = f->position,
		.padding = (uint32_t)f->padding, .lost = s->agent_lost, .ulaw = f->ulaw, .samples = f->ulaw ? f->samples : 0 };

	if (!records_audio(s) || !f->ulaw)
		return;
	buf_reset(&s->record);
	record_agent_encode(&r, &s->record);
	s->agent_lost = !append(s, JOURNAL_AUDIO_AGENT);
	if (s->agent_lost)
		s->usage.audio_lost_samples += f->samples;
}

static void played_put(struct session *s, enum played_what what, const struct mark *mark)
{
	struct record_played r = { .at_us = now(s), .what = (uint32_t)what };

	if (!records_audio(s))
		return;
	if (mark) {
		r.utterance = mark->utterance;
		r.take = mark->take;
		r.samples = mark->samples;
	}
	buf_reset(&s->record);
	record_played_encode(&r, &s->record);
	(void)append(s, JOURNAL_PLAYED);
}

static void start_put(struct session *s, const struct call_settings *settings, const struct brief *brief)
{
	struct record_start r = { .wall_us = s->io.wall_us, .direction = (uint32_t)s->io.direction, .records_audio = s->io.record_audio };
	struct buf settings_bytes;

	if (!s->io.journal)
		return;
	buf_init(&settings_bytes, BRIEF_BYTES_MAX);
	call_settings_encode(settings, &settings_bytes);
	buf_reset(&s->core);
	brief_encode(brief, &s->core);
	r.settings = settings_bytes.data;
	r.settings_len = settings_bytes.len;
	r.brief = s->core.data;
	r.brief_len = s->core.len;
	buf_reset(&s->record);
	record_start_encode(&r, &s->record);
	(void)append(s, JOURNAL_START);
	buf_fini(&settings_bytes);
}

static void attach_put(struct session *s, const void *snapshot, size_t len)
{
	struct record_start r = { .at_us = now(s), .wall_us = s->io.wall_us + now(s), .direction = (uint32_t)s->io.direction,
		.records_audio = s->io.record_audio, .snapshot = snapshot, .snapshot_len = len };

	if (!s->io.journal)
		return;
	buf_reset(&s->record);
	record_start_encode(&r, &s->record);
	(void)append(s, JOURNAL_ATTACH);
}

/* ------------------------------------------------------------------ inputs, one at a time */

static void carry(struct session *s, const struct call_outputs *outputs, size_t i, uint64_t at_us);
static void hang_up(struct session *s, enum end_reason reason);
static void settle(struct session *s);

/* The session's one input, its head cleared. */
static struct call_input *input(struct session *s, enum input_type type)
{
	memset(&s->in, 0, offsetof(struct call_input, words));
	s->in.word_count = 0;
	s->in.type = type;
	s->in.at_us = now(s);
	return &s->in;
}

/* At most `max` bytes, no character cut in two. */
static size_t text_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void input_text(struct call_input *in, const char *text, size_t len)
{
	in->text = text;
	in->text_len = text_cut(text, len, INPUT_TEXT_MAX);
}

static void step_one(struct session *s)
{
	struct call_outputs outputs;
	uint64_t at_us = s->in.at_us;
	size_t i;

	if (s->state == FINISHED || s->state == TOLD)
		return;
	s->usage.steps++;
	if (call_step(s->call, &s->in, &outputs)) {
		hang_up(s, END_FAILED);
		return;
	}
	if (s->io.journal) {
		steps_put(&s->steps, &s->in, &outputs);
		input_put(s, &s->in);
	}
	if (s->io.stepped)
		s->io.stepped(s->io.arg, &s->in, &outputs);
	for (i = 0; i < outputs.count; i++)
		carry(s, &outputs, i, at_us);
	if (steps_due(&s->steps, at_us))
		steps_flush(s);
}

/* What adapters said while a step was carried out, in the order they said it. */
static void queue_drain(struct session *s)
{
	struct wire_reader r;
	struct wire_field f;
	size_t at = 0;

	while (at < s->queue.len && !s->queue.err) {
		wire_reader_init(&r, s->queue.data + at, s->queue.len - at);
		if (!wire_next(&r, &f) || input_decode(&s->in, f.bytes, f.len))
			break; /* we wrote it: cannot be, and must not spin */
		at = (size_t)(f.bytes + f.len - s->queue.data);
		step_one(s);
	}
	if (s->queue.err)
		hang_up(s, END_FAILED);
	buf_reset(&s->queue);
}

/* Takes s->in: steps it, or lets it wait. */
static void feed(struct session *s)
{
	size_t opened;

	if (s->state != LIVE && s->in.type != IN_TOOL_RESULT)
		return;
	if (s->busy) {
		opened = wire_open(&s->queue, 1);
		input_encode(&s->in, &s->queue);
		wire_close(&s->queue, opened);
		return;
	}
	s->busy = true;
	step_one(s);
	if (s->queue.len || s->queue.err)
		queue_drain(s);
	s->busy = false;
}

/* ------------------------------------------------------------------ the recogniser */

static void transcript_h(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample)
{
	struct listening *l = arg;
	struct call_input *in = input(l->s, IN_TRANSCRIPT);

	in->stream = l->stream;
	in->kind = (uint32_t)kind;
	in->position = l->base + from_sample;
	in->position2 = l->base + (to_sample < from_sample ? from_sample : to_sample);
	input_text(in, text, len);
	feed(l->s);
	settle(l->s);
}

static void listen_down(struct session *s, uint32_t stream)
{
	input(s, IN_STT_DOWN)->stream = stream;
	feed(s);
}

static void stt_ended_h(void *arg, enum err why)
{
	struct listening *l = arg;

	(void)why;
	listen_down(l->s, l->stream);
	settle(l->s);
}

static const struct stt_events stt_events = { .transcript = transcript_h, .ended = stt_ended_h };

static void stt_push(struct session *s, const uint8_t *ulaw, uint64_t samples)
{
	if (!s->listening.op)
		return;
	s->stt_samples += samples;
	s->usage.stt_ms = s->stt_samples / 8;
	s->io.stt->push(s->listening.op, ulaw, (size_t)samples);
}

static void stt_silence(struct session *s, uint64_t samples)
{
	uint32_t stream = s->listening.stream;

	while (samples && s->listening.op && s->listening.stream == stream) {
		uint64_t n = samples < SILENCE_SAMPLES ? samples : SILENCE_SAMPLES;

		stt_push(s, silence(), n);
		samples -= n;
	}
}

/* The gap that `at` lies in, or the next one: of sound that nobody recorded. */
static struct span gap_near(const struct session *s, uint64_t at)
{
	struct span best = { UINT64_MAX, UINT64_MAX };
	unsigned int i, n = s->gap_count < GAPS_MAX ? s->gap_count : GAPS_MAX;

	for (i = 0; i < n; i++)
		if (s->gaps[i].to > at && s->gaps[i].from < best.from)
			best = s->gaps[i];
	return best;
}

/* The past of a new stream, from its base on. */
static void stt_catch_up(struct session *s)
{
	uint64_t at = s->listening.base, end = s->position;

	while (at < end && s->listening.op) {
		struct span gap = gap_near(s, at);
		uint64_t offset = at % RING_SAMPLES, n = end - at;

		if (!s->ring && gap.from <= at) {
			n = gap.to < end ? gap.to - at : n;
			stt_silence(s, n);
		} else if (!s->ring) {
			n = gap.from < end ? gap.from - at : n;
			stt_push(s, NULL, n);
		} else {
			n = n < RING_SAMPLES - offset ? n : RING_SAMPLES - offset;
			stt_push(s, s->ring + offset, n);
		}
		at += n;
	}
}

static void listen_stop(struct session *s)
{
	if (s->listening.op)
		s->io.stt->cancel(&s->listening.op);
	s->listening.op = NULL;
}

static void carry_listen(struct session *s, const struct call_output *out)
{
	struct listening *l = &s->listening;

	listen_stop(s);
	l->stream = out->stream;
	l->base = out->position < s->ring_from ? s->ring_from : out->position;
	l->base = l->base > s->position ? s->position : l->base;
	if (s->io.stt->start(s->io.stt_vendor, &l->op, s->language, &stt_events, l))
		listen_down(s, out->stream);
	else
		stt_catch_up(s);
}

/* ------------------------------------------------------------------ the model */

static void tokens_keep(struct session *s, uint32_t gen, uint32_t tokens)
{
	s->usage.model_tokens += tokens;
	s->tokens[s->tokens_at].gen = gen;
	s->tokens[s->tokens_at].tokens = tokens;
	s->tokens_at = (s->tokens_at + 1) % TOKENS_KEPT;
}

static void model_failed(struct session *s, uint32_t gen, enum failure why)
{
	struct call_input *in = input(s, IN_MODEL_FAILED);

	in->gen = gen;
	in->kind = (uint32_t)why;
	feed(s);
}

static void model_text_h(void *arg, const char *text, size_t len)
{
	struct asking *a = arg;
	struct session *s = a->s;
	uint32_t gen = a->gen;

	while (len) {
		size_t n = text_cut(text, len, INPUT_TEXT_MAX);
		struct call_input *in = input(s, IN_MODEL_TEXT);

		n = n ? n : len < INPUT_TEXT_MAX ? len : INPUT_TEXT_MAX; /* no character begins in it: garbage, in pieces */
		in->gen = gen;
		in->text = text;
		in->text_len = n;
		feed(s);
		text += n;
		len -= n;
	}
	settle(s);
}

static void model_tool_h(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct asking *a = arg;
	struct session *s = a->s;
	struct call_input *in;

	if (args_len > INPUT_TEXT_MAX || name_len > INPUT_TEXT_MAX) {
		s->io.llm->cancel(&a->op); /* half of its arguments must not be run */
		model_failed(s, a->gen, FAILED_GARBAGE);
	} else {
		in = input(s, IN_MODEL_TOOL);
		in->gen = a->gen;
		in->index = index;
		in->name = name;
		in->name_len = name_len;
		in->text = args;
		in->text_len = args_len;
		feed(s);
	}
	settle(s);
}

static void model_done_h(void *arg, uint32_t tokens)
{
	struct asking *a = arg;
	struct call_input *in = input(a->s, IN_MODEL_DONE);

	tokens_keep(a->s, a->gen, tokens);
	in->gen = a->gen;
	in->number = tokens;
	feed(a->s);
	settle(a->s);
}

static void model_failed_h(void *arg, enum failure why)
{
	struct asking *a = arg;

	model_failed(a->s, a->gen, why);
	settle(a->s);
}

static const struct llm_events llm_events = { .text = model_text_h, .tool = model_tool_h, .done = model_done_h, .failed = model_failed_h };

static void carry_ask(struct session *s, const struct call_output *out)
{
	struct asking *a = s->asks, *end = s->asks + ASKS_MAX;
	enum err err = ERR_BUSY;

	while (a < end && a->op)
		a++;
	if (a < end) {
		a->gen = out->gen;
		s->usage.model_requests++;
		err = s->io.llm->start(s->io.llm_vendor, &a->op, (enum ask_kind)out->kind, (uint32_t)out->number, out->blocks, out->block_count,
			&llm_events, a);
	}
	if (err)
		model_failed(s, out->gen, err == ERR_BUSY ? FAILED_BUSY : FAILED_DIED);
}

static void asks_cancel(struct session *s, uint32_t gen, bool all)
{
	unsigned int i;

	for (i = 0; i < ASKS_MAX; i++)
		if (s->asks[i].op && (all || s->asks[i].gen == gen))
			s->io.llm->cancel(&s->asks[i].op);
}

/* An answer that was asked for ahead and thrown away: what it cost. A model that was cut short did not say; 4 bytes are a token. */
static void wasted(struct session *s, const struct call_output *out)
{
	uint64_t tokens = (out->number + 3) / 4;
	unsigned int i;

	for (i = 0; i < TOKENS_KEPT; i++)
		if (s->tokens[i].gen == out->index && s->tokens[i].gen)
			tokens = s->tokens[i].tokens;
	s->usage.wasted_characters += out->number;
	s->usage.wasted_tokens += tokens;
}

/* ------------------------------------------------------------------ the voice */

static void speech_news_feed(struct session *s, uint32_t utterance, uint32_t take, bool at_once)
{
	struct mouth_news news;
	struct call_input *in;

	if (!mouth_news(s->mouth, utterance, take, at_once, &news))
		return;
	in = input(s, IN_SPEECH);
	in->utterance = utterance;
	in->take = take;
	in->position = news.samples;
	in->kind = news.done ? SPEECH_DONE : SPEECH_MORE;
	in->exact = news.exact;
	in->word_count = news.count;
	memcpy(in->words, news.words, news.count * sizeof(in->words[0]));
	feed(s);
}

/* Sends what may go; tells the core at once of audio that the mouth is waiting for. */
static void pump(struct session *s)
{
	bool outer = s->busy;
	uint32_t utterance, take;

	s->busy = true;
	mouth_pump(s->mouth, now(s));
	if (mouth_is_dry(s->mouth, &utterance, &take))
		speech_news_feed(s, utterance, take, true);
	if (outer)
		return;
	if (s->queue.len || s->queue.err)
		queue_drain(s);
	s->busy = false;
}

static void sent_h(void *arg, uint32_t utterance, uint32_t take, uint32_t position)
{
	struct session *s = arg;
	struct call_input *in = input(s, IN_SENT);

	in->utterance = utterance;
	in->take = take;
	in->position = position;
	feed(s);
}

static const struct mouth_events mouth_events = { .sent = sent_h, .frames = agent_put };

/* The voice died: the core hears of all there is, then that no more will come. What becomes of it is the core's word. */
static void voice_broken(struct session *s, const struct voicing *v)
{
	uint32_t utterance = v->utterance, take = v->take;
	struct call_input *in;

	speech_news_feed(s, utterance, take, true); /* `v` may serve another utterance from here on */
	in = input(s, IN_SPEECH_FAILED);
	in->utterance = utterance;
	in->take = take;
	feed(s);
	pump(s);
}

static void voice_audio_h(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct voicing *v = arg;
	struct session *s = v->s;

	if (mouth_audio(s->mouth, v->utterance, v->take, ulaw, samples)) {
		s->io.tts->cancel(&v->op);
		voice_broken(s, v);
	} else {
		speech_news_feed(s, v->utterance, v->take, false);
		pump(s);
	}
	settle(s);
}

static void voice_words_h(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct voicing *v = arg;

	mouth_words(v->s->mouth, v->utterance, v->take, words, count, exact);
	speech_news_feed(v->s, v->utterance, v->take, false);
	settle(v->s);
}

static void voice_done_h(void *arg)
{
	struct voicing *v = arg;

	mouth_done(v->s->mouth, v->utterance, v->take);
	speech_news_feed(v->s, v->utterance, v->take, true);
	pump(v->s);
	settle(v->s);
}

static void voice_failed_h(void *arg, enum err why)
{
	struct voicing *v = arg;

	(void)why;
	voice_broken(v->s, v);
	settle(v->s);
}

static const struct tts_events tts_events = { .audio = voice_audio_h, .words = voice_words_h, .done = voice_done_h, .failed = voice_failed_h };

static void voices_cancel(struct session *s, uint32_t utterance, bool all)
{
	unsigned int i;

	for (i = 0; i < VOICES_MAX; i++)
		if (s->voices[i].op && (all || s->voices[i].utterance == utterance))
			s->io.tts->cancel(&s->voices[i].op);
}

static void carry_speak(struct session *s, const struct call_output *out)
{
	struct voicing *v = s->voices, *end = s->voices + VOICES_MAX;
	struct call_input *in;
	enum err err;

	voices_cancel(s, out->utterance, false);
	err = mouth_speak(s->mouth, out->utterance, out->take);
	while (v < end && v->op)
		v++;
	if (!err && v == end)
		err = ERR_LIMIT;
	if (!err) {
		v->utterance = out->utterance;
		v->take = out->take;
		buf_reset(&v->text);
		buf_append(&v->text, out->text, out->text_len);
		s->usage.tts_characters += out->text_len;
		err = s->io.tts->start(s->io.tts_vendor, &v->op, s->language, out->text, out->text_len, &tts_events, v);
	}
	if (!err)
		return;
	in = input(s, IN_SPEECH_FAILED);
	in->utterance = out->utterance;
	in->take = out->take;
	feed(s);
}

static void carry_hold(struct session *s)
{
	mouth_hold(s->mouth, now(s));
	played_put(s, PLAYED_CLEARED, NULL);
}

/* ------------------------------------------------------------------ tools */

static void tool_result_feed(struct session *s, uint32_t turn, uint32_t index, enum tool_status status, const char *text, size_t len)
{
	struct call_input *in = input(s, IN_TOOL_RESULT);

	in->turn = turn;
	in->index = index;
	in->kind = (uint32_t)status;
	input_text(in, text, len);
	feed(s);
}

static void tool_result_h(void *arg, enum tool_status status, const char *text, size_t len)
{
	struct running *r = arg;

	tool_result_feed(r->s, r->turn, r->index, status, text, len);
	settle(r->s);
}

static const struct tool_events tool_events = { .result = tool_result_h };

/* A free place; NULL when there is none, or when this very tool runs already: its answer will come. */
static struct running *run_slot(struct session *s, const struct call_output *out, bool *runs)
{
	struct running *found = NULL;
	unsigned int i;

	*runs = false;
	for (i = 0; i < RUNS_MAX; i++) {
		struct running *r = &s->runs[i];

		if (!r->op && !found)
			found = r;
		else if (r->op && r->turn == out->turn && r->index == out->index)
			*runs = true;
	}
	return found;
}

static void carry_tool(struct session *s, const struct call_output *out, uint64_t at_us)
{
	struct record_event e = { .kind = EVENT_TOOL, .code = out->kind, .at_us = at_us, .turn = out->turn, .index = out->index,
		.name = out->name, .name_len = out->name_len, .text = out->text, .text_len = out->text_len };
	struct tool_request q = { .turn = out->turn, .index = out->index, .name = out->name, .name_len = out->name_len, .args = out->text,
		.args_len = out->text_len, .changes = out->kind != 0, .timeout_ms = (uint32_t)out->number };
	static const char refused[] = "the tool could not be started";
	bool runs;
	struct running *r = run_slot(s, out, &runs);

	if (runs)
		return;
	event_put(s, &e);
	if (q.changes)
		steps_flush(s);
	s->usage.tool_calls++;
	if (r) {
		r->turn = out->turn;
		r->index = out->index;
	}
	if (!r || s->io.tools->start(s->io.conductor, &r->op, &q, &tool_events, r))
		tool_result_feed(s, out->turn, out->index, TOOL_ERROR, refused, sizeof(refused) - 1);
}

static bool tools_run(const struct session *s)
{
	unsigned int i;

	for (i = 0; i < RUNS_MAX; i++)
		if (s->runs[i].op)
			return true;
	return false;
}

static void tools_cancel(struct session *s)
{
	unsigned int i;

	for (i = 0; i < RUNS_MAX; i++)
		if (s->runs[i].op)
			s->io.tools->cancel(&s->runs[i].op);
}

/* ------------------------------------------------------------------ outputs */

/* The state after this step, which is complete: its timer may stand further on in the list. */
static void carry_snapshot(struct session *s, const struct call_outputs *outputs, uint64_t at_us)
{
	struct record_snapshot r = { .at_us = at_us, .media = s->media, .media_us = s->media_us, .caller_position = s->position,
		.wake_us = s->wake_us, .language = s->language, .language_len = strlen(s->language) };
	size_t i;

	for (i = 0; i < outputs->count; i++)
		if (outputs->items[i].type == OUT_WAKE)
			r.wake_us = outputs->items[i].number;
	steps_flush(s);
	buf_reset(&s->core);
	call_save(s->call, &s->core);
	if (s->core.err)
		return;
	r.core = s->core.data;
	r.core_len = s->core.len;
	buf_reset(&s->record);
	record_snapshot_encode(&r, &s->record);
	if (s->record.err)
		return;
	if (s->io.journal)
		(void)append(s, JOURNAL_SNAPSHOT);
	if (s->io.snapshot)
		s->io.snapshot(s->io.arg, s->record.data, s->record.len);
	meters_put(s);
}

static void carry_note(struct session *s, const struct call_output *out, uint64_t at_us)
{
	if (out->kind == NOTE_DISCARD)
		wasted(s, out);
	if (s->io.journal)
		note_put(s, out, at_us);
}

static void carry(struct session *s, const struct call_outputs *outputs, size_t i, uint64_t at_us)
{
	const struct call_output *out = &outputs->items[i];

	switch (out->type) {
	case OUT_LISTEN: carry_listen(s, out); break;
	case OUT_FINALIZE:
		if (s->listening.op && s->listening.stream == out->stream)
			s->io.stt->finalize(s->listening.op);
		break;
	case OUT_SPEAK: carry_speak(s, out); break;
	case OUT_UNSPEAK:
		voices_cancel(s, out->utterance, false);
		mouth_forget(s->mouth, out->utterance);
		break;
	case OUT_TRIM:
		voices_cancel(s, out->utterance, false);
		mouth_trim(s->mouth, out->utterance, (uint32_t)out->position);
		break;
	case OUT_PLAY:
		mouth_play(s->mouth, out->utterance, out->take, (uint32_t)out->position);
		pump(s);
		break;
	case OUT_HOLD: carry_hold(s); break;
	case OUT_ASK: carry_ask(s, out); break;
	case OUT_CANCEL: asks_cancel(s, out->gen, false); break;
	case OUT_TOOL: carry_tool(s, out, at_us); break;
	case OUT_RETRIEVE: s->io.tools->retrieve(s->io.conductor, out->number, out->text, out->text_len); break;
	case OUT_SNAPSHOT: carry_snapshot(s, outputs, at_us); break;
	case OUT_WAKE: s->wake_us = out->number; break;
	case OUT_HANGUP: hang_up(s, (enum end_reason)out->kind); break;
	case OUT_NOTE: carry_note(s, out, at_us); break;
	case OUT_TYPES: break;
	}
}

/* ------------------------------------------------------------------ the end */

static void adapters_cancel(struct session *s)
{
	listen_stop(s);
	asks_cancel(s, 0, true);
	voices_cancel(s, 0, true);
	mouth_reset(s->mouth);
}

static void hang_up(struct session *s, enum end_reason reason)
{
	if (s->state != LIVE)
		return;
	s->state = LINGER;
	s->reason = reason;
	s->end_us = now(s);
	s->wake_us = 0;
	adapters_cancel(s);
	if (s->connected)
		s->io.media->end(s->io.socket);
	s->connected = false;
	mouth_media(s->mouth, NULL, NULL);
}

static uint64_t connected_us(const struct session *s)
{
	uint64_t end = s->state == LIVE ? now(s) : s->end_us;

	if (s->lost_us && s->lost_us < end && !(s->state != LIVE && s->reason == END_CALLER))
		end = s->lost_us; /* the carrier counts no further than its last packet, unless it told of a later end itself */
	return s->media && end > s->media_us ? end - s->media_us : 0;
}

/* The last records. */
static void finish(struct session *s)
{
	struct record_end r = { .at_us = s->end_us, .reason = (uint32_t)s->reason, .media_us = s->media_us, .media = s->media,
		.connected_us = connected_us(s), .turns = call_turn(s->call), .steps = s->usage.steps };

	tools_cancel(s);
	s->state = FINISHED;
	if (!s->io.journal)
		return;
	if (records_audio(s))
		group_flush(s);
	steps_flush(s);
	meters_put(s);
	if (s->sabotage != SESSION_GUARD_N3)
		meter_put(s, METER_CONNECTED_MS, r.connected_us / 1000);
	buf_reset(&s->record);
	record_end_encode(&r, &s->record);
	(void)append(s, JOURNAL_END);
}

static uint64_t earliest(const struct session *s, uint64_t now_us)
{
	uint64_t at = UINT64_MAX, next;

	if (s->state == TOLD)
		return UINT64_MAX;
	if (s->state == FINISHED)
		return now_us;
	if (s->state == LINGER)
		return s->end_us + SESSION_LINGER_MS * 1000ULL;
	if (s->wake_us)
		at = s->wake_us;
	next = mouth_next_us(s->mouth, now_us);
	at = next < at ? next : at;
	next = s->steps.count ? s->steps.first_us + STEPS_FLUSH_US + FLUSH_WAKE_US : UINT64_MAX;
	return next < at ? next : at;
}

/* The last thing every way in does. Only an earlier wake-up is worth asking for: one that comes too early costs less. */
static void settle(struct session *s)
{
	uint64_t now_us, at;

	if (s->busy)
		return;
	now_us = now(s);
	if (s->state == LINGER && (!tools_run(s) || now_us >= s->end_us + SESSION_LINGER_MS * 1000ULL))
		finish(s);
	at = earliest(s, now_us);
	if (at >= s->armed_us)
		return;
	s->armed_us = at;
	s->io.wake(s->io.arg, s->zero_us + at);
}

void session_woken(struct session *s)
{
	uint64_t now_us = now(s);

	s->armed_us = UINT64_MAX;
	if (s->state == FINISHED) {
		s->state = TOLD;
		s->io.ended(s->io.arg, s->reason);
		return; /* it may be gone */
	}
	if (s->state == LIVE && s->wake_us && now_us >= s->wake_us) {
		s->wake_us = 0;
		input(s, IN_TIMER);
		feed(s);
	}
	if (s->state == LIVE)
		pump(s);
	if (steps_due(&s->steps, now_us))
		steps_flush(s);
	settle(s);
}

/* ------------------------------------------------------------------ open, attach, close */

static void slots_init(struct session *s)
{
	unsigned int i;

	s->listening.s = s;
	for (i = 0; i < ASKS_MAX; i++)
		s->asks[i].s = s;
	for (i = 0; i < VOICES_MAX; i++) {
		s->voices[i].s = s;
		buf_init(&s->voices[i].text, INPUT_TEXT_MAX * 2);
	}
	for (i = 0; i < RUNS_MAX; i++)
		s->runs[i].s = s;
}

static enum err session_new(struct session **sp, const struct session_io *io, uint64_t call_started_us)
{
	struct session *s = calloc(1, sizeof(*s));

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	if (mouth_new(&s->mouth, &mouth_events, s)) {
		free(s);
		return ERR_NOMEM;
	}
	s->io = *io;
	s->zero_us = call_started_us;
	s->armed_us = UINT64_MAX;
	s->connected = io->media != NULL;
	buf_init(&s->queue, SESSION_QUEUE_BYTES);
	buf_init(&s->record, SNAPSHOT_MAX_BYTES + 4096);
	buf_init(&s->core, SNAPSHOT_MAX_BYTES);
	steps_writer_init(&s->steps);
	slots_init(s);
	mouth_media(s->mouth, io->media, io->socket);
	*sp = s;
	return ERR_NONE;
}

static void session_free(struct session *s)
{
	unsigned int i;

	adapters_cancel(s);
	tools_cancel(s);
	mouth_free(&s->mouth);
	for (i = 0; i < VOICES_MAX; i++)
		buf_fini(&s->voices[i].text);
	steps_writer_fini(&s->steps);
	buf_fini(&s->queue);
	buf_fini(&s->record);
	buf_fini(&s->core);
	free(s->ring);
	call_free(s->call);
	free(s);
}

enum err session_open(struct session **sp, const struct session_io *io, const struct call_settings *settings, const struct brief *brief,
	uint64_t call_started_us)
{
	struct session *s;
	enum err err = session_new(&s, io, call_started_us);

	*sp = NULL;
	if (err)
		return err;
	err = call_new(&s->call, settings, brief);
	if (err) {
		session_free(s);
		return err;
	}
	memcpy(s->language, brief->language, sizeof(s->language));
	start_put(s, settings, brief);
	*sp = s;
	return ERR_NONE;
}

/* Moves the caller's position to where time is: what came meanwhile is lost. */
static void position_catch_up(struct session *s)
{
	uint64_t place = s->media && now(s) > s->media_us ? (now(s) - s->media_us) * CALL_RATE_HZ / 1000000 : 0;

	if (place > s->position) {
		group_gap(s, place - s->position, GAP_WORKER);
		s->position = place;
	}
	s->ring_from = s->position;
}

static void attached(struct session *s)
{
	position_catch_up(s);
	input(s, IN_ATTACHED);
	feed(s);
	if (call_ended(s->call))
		hang_up(s, call_end_reason(s->call));
	settle(s);
}

static enum err snapshot_load(struct session *s, const void *snapshot, size_t len)
{
	struct record_snapshot r;
	enum err err = record_snapshot_decode(&r, snapshot, len);

	if (!err)
		err = call_load(&s->call, r.core, r.core_len);
	if (err)
		return err;
	s->media = r.media;
	s->media_us = r.media_us;
	s->position = r.caller_position;
	s->wake_us = r.wake_us;
	memcpy(s->language, r.language, r.language_len < sizeof(s->language) ? r.language_len : sizeof(s->language) - 1);
	return ERR_NONE;
}

enum err session_attach(struct session **sp, const struct session_io *io, const void *snapshot, size_t len, uint64_t call_started_us)
{
	struct session *s;
	enum err err = session_new(&s, io, call_started_us);

	*sp = NULL;
	if (err)
		return err;
	err = snapshot_load(s, snapshot, len);
	if (err) {
		session_free(s);
		return err;
	}
	attach_put(s, snapshot, len);
	attached(s);
	*sp = s;
	return ERR_NONE;
}

void session_close(struct session **sp)
{
	struct session *s = *sp;

	if (s && (s->state == LIVE || s->state == LINGER) && s->io.journal) {
		if (records_audio(s))
			group_flush(s);
		steps_flush(s);
		meters_put(s);
	}
	session_drop(sp);
}

void session_drop(struct session **sp)
{
	struct session *s = *sp;

	*sp = NULL;
	if (s)
		session_free(s);
}

/* ------------------------------------------------------------------ what happens to a call */

static void tell(struct session *s, enum input_type type)
{
	input(s, type);
	feed(s);
	settle(s);
}

void session_prepare(struct session *s)
{
	tell(s, IN_PREPARE);
}

void session_set_media(struct session *s, const struct media *media, void *socket)
{
	if (s->state != LIVE)
		return;
	s->io.media = media;
	s->io.socket = socket;
	s->connected = true;
	mouth_media(s->mouth, media, socket);
}

void session_start(struct session *s)
{
	if (!s->media) {
		s->media = true;
		s->media_us = now(s);
		played_put(s, PLAYED_STARTED, NULL);
	}
	tell(s, IN_START);
}

static void ring_put(struct session *s, const uint8_t *ulaw, size_t samples)
{
	uint64_t at = s->position;

	if (!s->ring) {
		s->ring = malloc(RING_SAMPLES);
		s->ring_from = at;
	}
	if (!s->ring)
		return; /* a new stream then begins with what comes */
	while (samples) {
		size_t offset = at % RING_SAMPLES;
		size_t n = samples < RING_SAMPLES - offset ? samples : RING_SAMPLES - offset;

		if (ulaw)
			memcpy(s->ring + offset, ulaw, n);
		else
			memset(s->ring + offset, 0xff, n);
		ulaw = ulaw ? ulaw + n : NULL;
		at += n;
		samples -= n;
	}
}

static void position_move(struct session *s, uint64_t samples)
{
	s->position += samples;
	if (s->position > RING_SAMPLES && s->ring_from < s->position - RING_SAMPLES)
		s->ring_from = s->position - RING_SAMPLES;
}

static void group_put(struct session *s, const uint8_t *ulaw, size_t samples)
{
	while (samples) {
		size_t room = GROUP_SAMPLES - s->group_samples, n = samples < room ? samples : room;

		memcpy(s->group + s->group_samples, ulaw, n);
		s->group_samples += n;
		position_move(s, n);
		ulaw += n;
		samples -= n;
		if (s->group_samples == GROUP_SAMPLES)
			group_flush(s);
	}
}

void session_caller_audio(struct session *s, const uint8_t *ulaw, size_t samples)
{
	if (s->state != LIVE || !samples)
		return;
	if (ulaw || s->ring)
		ring_put(s, ulaw, samples);
	if (ulaw && records_audio(s))
		group_put(s, ulaw, samples);
	else
		position_move(s, samples);
	stt_push(s, ulaw, samples);
}

void session_caller_gap(struct session *s, uint64_t samples)
{
	uint32_t stream = s->listening.stream;

	if (s->state != LIVE || !samples)
		return;
	group_gap(s, samples, GAP_CARRIER);
	if (s->ring)
		ring_put(s, NULL, samples < RING_SAMPLES ? (size_t)samples : RING_SAMPLES);
	s->gaps[s->gap_count++ % GAPS_MAX] = (struct span){ s->position, s->position + samples };
	position_move(s, samples);
	if (samples <= RING_SAMPLES || !s->listening.op) {
		stt_silence(s, samples);
		return;
	}
	listen_stop(s); /* nobody pays for minutes of silence */
	listen_down(s, stream);
	settle(s);
}

uint64_t session_caller_position(const struct session *s)
{
	return s->position;
}

void session_voice(struct session *s, uint64_t position, uint16_t level)
{
	struct call_input *in = input(s, IN_VOICE);

	in->position = position;
	in->number = level;
	feed(s);
	settle(s);
}

void session_played(struct session *s, const struct mark *mark)
{
	struct call_input *in;

	if (s->state != LIVE)
		return;
	played_put(s, PLAYED_MARK, mark);
	in = input(s, IN_PLAYED);
	in->utterance = mark->utterance;
	in->take = mark->take;
	in->position = mark->samples;
	feed(s);
	settle(s);
}

void session_digit(struct session *s, char digit)
{
	input(s, IN_DIGIT)->number = (unsigned char)digit;
	feed(s);
	settle(s);
}

void session_hangup(struct session *s)
{
	tell(s, IN_HANGUP);
}

static void media_gone(struct session *s)
{
	s->connected = false;
	mouth_media(s->mouth, NULL, NULL);
}

void session_media_lost(struct session *s)
{
	if (s->state != LIVE || !s->connected)
		return;
	media_gone(s);
	s->lost_us = now(s);
	tell(s, IN_MEDIA_LOST);
}

void session_media_back(struct session *s, const struct media *media, void *socket)
{
	if (s->state != LIVE)
		return;
	adapters_cancel(s);
	s->io.media = media;
	s->io.socket = socket;
	s->connected = true;
	s->lost_us = 0;
	mouth_media(s->mouth, media, socket);
	played_put(s, PLAYED_CLEARED, NULL); /* what the old socket had queued is gone */
	attached(s);
}

void session_order(struct session *s, enum order order, const char *text, size_t len)
{
	struct call_input *in = input(s, IN_ORDER);

	in->kind = (uint32_t)order;
	input_text(in, text, len);
	feed(s);
	settle(s);
}

void session_knowledge(struct session *s, uint64_t query, const char *text, size_t len)
{
	struct call_input *in = input(s, IN_KNOWLEDGE);

	in->number = query;
	input_text(in, text, len);
	feed(s);
	settle(s);
}

bool session_ended(const struct session *s)
{
	return s->state != LIVE;
}

void session_usage(const struct session *s, struct session_usage *usage)
{
	*usage = s->usage;
	usage->connected_ms = connected_us(s) / 1000;
}

struct call *session_call(struct session *s)
{
	return s->call;
}

void session_swap_call(struct session *s, struct call *call_take)
{
	if (call_take == s->call)
		return;
	call_free(s->call);
	s->call = call_take;
}

void session_sabotage(struct session *s, enum session_guard guard)
{
	s->sabotage = guard;
	if (guard == SESSION_GUARD_P08)
		mouth_sabotage(s->mouth);
}

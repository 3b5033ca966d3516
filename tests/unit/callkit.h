/* Drives one call by hand: short words for what happens to it, and its outputs as lines of text.
 *
 * Time is virtual and in milliseconds; it moves only where a function says so, and every timer fires at its microsecond. The
 * caller's audio comes in chunks of 32 ms, the agent's words last 320 ms each. Every step is taken twice: by the call, and by a
 * twin that is saved and loaded before each step and gets its input through the encoding; their outputs must be the same
 * bytes. So every test here is a test of snapshots and of the input's and output's encoding as well.
 *
 * A line is "MS name …": the milliseconds since kit_zero, then the output (see kit_line). OUT_WAKE is not a line: the kit obeys it.
 */
#ifndef CALLKIT_H
#define CALLKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"
#include "deadline.h"
#include "voice/call.h"

enum { KIT_UTTERANCES = 10000, KIT_TEXT_MAX = 512, WORD_MS = 320, CHUNK_MS = 32, LOUD = 60000, BUF_MAX = 64 << 20 };

struct kit_utterance {
	uint32_t take;  /* the last one given, */
	uint32_t synth; /* and the last one of OUT_SPEAK */
	uint32_t from;  /* sample of the last OUT_PLAY */
	char text[KIT_TEXT_MAX];
};

struct kit {
	struct call *call, *twin;
	struct call_settings settings; /* change before kit_begin */
	struct brief brief;
	enum call_guard sabotage;
	bool alone;             /* no twin: for long tests */
	uint32_t seldom;        /* the twin is saved and loaded at one step of so many, by chance; 0: at each */
	uint32_t chance;        /* the seed */
	bool estimates;         /* word times are estimates */
	uint64_t now_us, zero_us, wake_us;
	uint64_t sample;        /* of the caller's audio */
	uint32_t stream, gen;   /* the last ones opened and asked */
	uint32_t last;          /* the last utterance of OUT_SPEAK */
	enum err err;           /* of the last step */
	size_t ask_count;
	struct buf log, request, scratch;
	struct kit_utterance said[KIT_UTTERANCES];
};

/* ------------------------------------------------------------------ lines */

static inline void kit_text(struct buf *b, const char *text, size_t len)
{
	if (!len)
		return;
	buf_text(b, " \"");
	buf_append(b, text, len);
	buf_text(b, "\"");
}

static inline void kit_latency(struct buf *b, const struct call_output *o)
{
	struct wire_reader r;
	unsigned int i;

	wire_reader_init(&r, o->text, o->text_len);
	buf_text(b, " parts");
	for (i = 0; i < LATENCY_PARTS; i++)
		buf_printf(b, " %llu", (unsigned long long)wire_varint(&r) / 1000);
	assert_true(r.at == r.end && !r.err);
}

static inline void kit_note(struct buf *b, const struct call_output *o)
{
	buf_printf(b, "~%s t%u i%u n%llu", note_name((enum note)o->kind), o->turn, o->index, (unsigned long long)o->number);
	if (o->position)
		buf_printf(b, " p%llu", (unsigned long long)o->position);
	if (o->kind == NOTE_LATENCY)
		kit_latency(b, o);
	else
		kit_text(b, o->text, o->text_len);
}

static inline void kit_line(struct buf *b, const struct call_output *o)
{
	static const char *const asks[] = { "", " ahead", " continue" };

	switch (o->type) {
	case OUT_LISTEN: buf_printf(b, "listen s%u from %llu", o->stream, (unsigned long long)o->position); break;
	case OUT_FINALIZE: buf_printf(b, "finalize s%u", o->stream); break;
	case OUT_SPEAK: buf_printf(b, "speak u%u.%u", o->utterance, o->take); break;
	case OUT_UNSPEAK: buf_printf(b, "unspeak u%u", o->utterance); break;
	case OUT_PLAY: buf_printf(b, "play u%u.%u from %llu", o->utterance, o->take, (unsigned long long)o->position); break;
	case OUT_TRIM: buf_printf(b, "trim u%u at %llu", o->utterance, (unsigned long long)o->position); break;
	case OUT_ASK: buf_printf(b, "ask g%u t%u try %u%s", o->gen, o->turn, (unsigned int)o->number, asks[o->kind]); break;
	case OUT_CANCEL: buf_printf(b, "cancel g%u", o->gen); break;
	case OUT_TOOL: buf_printf(b, "tool %u.%u %.*s%s %u", o->turn, o->index, (int)o->name_len, o->name, o->kind ? " changes" : "", (unsigned int)o->number); break;
	case OUT_RETRIEVE: buf_printf(b, "retrieve q%u", (unsigned int)o->number); break;
	case OUT_HANGUP: buf_printf(b, "hangup %s", end_reason_name((enum end_reason)o->kind)); break;
	case OUT_NOTE: kit_note(b, o); return;
	default: buf_text(b, output_name(o->type)); break;
	}
	if (o->name_len && o->type != OUT_TOOL)
		buf_printf(b, " in %.*s", (int)o->name_len, o->name);
	kit_text(b, o->text, o->text_len);
}

static inline uint64_t kit_mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * 0x100000001b3u;
	return hash;
}

/* The digest as calls were recorded with it: FNV-1a over each block's numbers and texts, a text's length behind it. */
static inline uint64_t kit_digest(const struct call_output *o)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < o->block_count; i++) {
		const struct request_block *r = &o->blocks[i];

		hash = (hash ^ (uint64_t)r->type) * 0x100000001b3u;
		hash = (hash ^ r->turn) * 0x100000001b3u;
		hash = (hash ^ r->index) * 0x100000001b3u;
		hash = (hash ^ r->status) * 0x100000001b3u;
		hash = (kit_mix(hash, r->name, r->name_len) ^ r->name_len) * 0x100000001b3u;
		hash = (kit_mix(hash, r->text, r->text_len) ^ r->text_len) * 0x100000001b3u;
	}
	return hash;
}

/* Each turn's words stand there once, in their order; only of a question asked ahead the turn is not known yet. */
static inline void kit_turns(const struct call_output *o)
{
	uint32_t turn = 0;
	size_t i;

	for (i = 0; o->kind != ASK_AHEAD && i < o->block_count; i++) {
		if (o->blocks[i].type != BLOCK_CALLER)
			continue;
		assert_true(o->blocks[i].turn > turn && o->blocks[i].turn <= o->turn);
		turn = o->blocks[i].turn;
	}
}

static inline void kit_blocks(struct kit *k, const struct call_output *o)
{
	static const char *const kinds[] = { "?", "caller", "agent", "use", "result", "event" };
	static const char *const status[] = { "", " error", " unknown" };
	size_t i;

	buf_reset(&k->request);
	assert_true(o->position == kit_digest(o));
	kit_turns(o);
	for (i = 0; i < o->block_count; i++) {
		const struct request_block *r = &o->blocks[i];

		buf_printf(&k->request, "%s%s", i ? "\n" : "", kinds[r->type]);
		if (r->type == BLOCK_TOOL_USE || r->type == BLOCK_TOOL_RESULT)
			buf_printf(&k->request, " %u.%u%s", r->turn, r->index, status[r->status]);
		if (r->name_len)
			buf_printf(&k->request, " %.*s", (int)r->name_len, r->name);
		buf_printf(&k->request, ": %.*s", (int)r->text_len, r->text);
	}
	k->ask_count++;
}

static inline void kit_see(struct kit *k, const struct call_output *o)
{
	struct kit_utterance *u = o->utterance && o->utterance < KIT_UTTERANCES ? &k->said[o->utterance] : NULL;
	uint64_t us = k->now_us - k->zero_us;

	if (o->type == OUT_WAKE) {
		k->wake_us = o->number;
		return;
	}
	if (o->type == OUT_LISTEN)
		k->stream = o->stream;
	if (o->type == OUT_ASK) {
		k->gen = o->gen;
		kit_blocks(k, o);
	}
	if (o->type == OUT_SPEAK) {
		k->last = o->utterance;
		snprintf(u->text, sizeof(u->text), "%.*s", (int)o->text_len, o->text);
		u->synth = u->take = o->take;
	}
	if (o->type == OUT_PLAY) {
		u->take = o->take;
		u->from = (uint32_t)o->position;
	}
	buf_printf(&k->log, "%llu", (unsigned long long)us / 1000);
	if (us % 1000)
		buf_printf(&k->log, ".%03u", (unsigned int)(us % 1000));
	buf_text(&k->log, " ");
	kit_line(&k->log, o);
	buf_text(&k->log, "\n");
}

/* ------------------------------------------------------------------ steps */

static inline void kit_encode(const struct call_outputs *o, struct buf *b)
{
	size_t i, j;

	for (i = 0; i < o->count; i++) {
		output_encode(&o->items[i], b);
		for (j = 0; j < o->items[i].block_count; j++) {
			buf_append(b, o->items[i].blocks[j].name, o->items[i].blocks[j].name_len);
			buf_append(b, o->items[i].blocks[j].text, o->items[i].blocks[j].text_len);
		}
	}
}

static inline void kit_reload(struct kit *k)
{
	struct buf state, again;

	buf_init(&state, BUF_MAX);
	buf_init(&again, BUF_MAX);
	call_save(k->twin, &state);
	call_free(k->twin);
	assert_int_equal(call_load(&k->twin, state.data, state.len), ERR_NONE);
	call_sabotage(k->twin, k->sabotage);
	call_save(k->twin, &again);
	assert_int_equal(again.len, state.len);
	assert_memory_equal(again.data, state.data, state.len);
	buf_fini(&state);
	buf_fini(&again);
}

static inline bool kit_reloads(struct kit *k)
{
	k->chance = k->chance * 1664525 + 1013904223;
	return !k->seldom || (k->chance >> 16) % k->seldom == 0;
}

/* The twin takes the step as a call that was just loaded, from an input that was just decoded. */
static inline void kit_twin(struct kit *k, const struct call_input *in, const struct call_outputs *out)
{
	struct buf input, mine, theirs;
	struct call_input decoded;
	struct call_outputs other;

	buf_init(&input, BUF_MAX);
	buf_init(&mine, BUF_MAX);
	buf_init(&theirs, BUF_MAX);
	if (kit_reloads(k))
		kit_reload(k);
	input_encode(in, &input);
	assert_int_equal(input_decode(&decoded, input.data, input.len), ERR_NONE);
	assert_int_equal(call_step(k->twin, &decoded, &other), k->err);
	kit_encode(out, &mine);
	kit_encode(&other, &theirs);
	if (mine.len != theirs.len || (mine.len && memcmp(mine.data, theirs.data, mine.len)))
		fail_msg("a saved and loaded call went another way at %llu us (%s)", (unsigned long long)k->now_us, input_name(in->type));
	buf_fini(&input);
	buf_fini(&mine);
	buf_fini(&theirs);
}

static inline void kit_step(struct kit *k, struct call_input *in)
{
	struct call_outputs out;
	size_t i;

	in->at_us = k->now_us;
	k->err = call_step(k->call, in, &out);
	if (!k->alone)
		kit_twin(k, in, &out);
	for (i = 0; i < out.count; i++)
		kit_see(k, &out.items[i]);
	assert_null(call_check(k->call));
}

/* Lets the timers fire up to and at this moment. */
static inline void kit_until(struct kit *k, uint64_t us)
{
	unsigned int bound = 0;

	while (k->wake_us && k->wake_us <= us) {
		struct call_input in = { .type = IN_TIMER };

		if (k->wake_us > k->now_us)
			k->now_us = k->wake_us;
		k->wake_us = 0;
		kit_step(k, &in);
		assert_true(++bound < 10000);
	}
	if (us > k->now_us)
		k->now_us = us;
}

/* Time passes without a chunk of audio: the line stalls. */
static inline void pass(struct kit *k, unsigned int ms)
{
	kit_until(k, k->now_us + ms * 1000ull);
}

static inline void chunks(struct kit *k, unsigned int ms, uint64_t level)
{
	assert_int_equal(ms % CHUNK_MS, 0);
	for (; ms; ms -= CHUNK_MS) {
		struct call_input in = { .type = IN_VOICE, .number = level, .position = k->sample };

		pass(k, CHUNK_MS);
		k->sample += VOICE_CHUNK_SAMPLES;
		kit_step(k, &in);
	}
}

static inline void voice(struct kit *k, unsigned int ms)
{
	chunks(k, ms, LOUD);
}

static inline void quiet_for(struct kit *k, unsigned int ms)
{
	chunks(k, ms, 0);
}

/* Silence on the line; the last piece may be shorter than a chunk. */
static inline void quiet_until(struct kit *k, unsigned int ms)
{
	uint64_t until = k->zero_us + ms * 1000ull;

	while (k->now_us + CHUNK_MS * 1000 <= until)
		quiet_for(k, CHUNK_MS);
	kit_until(k, until);
}

static inline void simple(struct kit *k, enum input_type type)
{
	struct call_input in = { .type = type };

	kit_step(k, &in);
}

/* ------------------------------------------------------------------ the recogniser */

/* Of the audio from that sample up to now. */
static inline void transcript_from(struct kit *k, enum transcript_kind kind, const char *text, uint64_t from)
{
	struct call_input in = { .type = IN_TRANSCRIPT, .kind = kind, .stream = k->stream, .text = text, .text_len = strlen(text), .position = from,
		.position2 = k->sample };

	kit_step(k, &in);
}

static inline void transcript(struct kit *k, enum transcript_kind kind, const char *text)
{
	transcript_from(k, kind, text, 0);
}

static inline void partial(struct kit *k, const char *text)
{
	transcript(k, TRANSCRIPT_PARTIAL, text);
}

static inline void final(struct kit *k, const char *text)
{
	transcript(k, TRANSCRIPT_FINAL, text);
}

static inline void end(struct kit *k, const char *text)
{
	transcript(k, TRANSCRIPT_END, text);
}

static inline void stt_down(struct kit *k, uint32_t stream)
{
	struct call_input in = { .type = IN_STT_DOWN, .stream = stream };

	kit_step(k, &in);
}

/* ------------------------------------------------------------------ the model and its tools */

static inline void model_gen(struct kit *k, enum input_type type, uint32_t gen, const char *name, const char *text)
{
	struct call_input in = { .type = type, .gen = gen, .name = name, .name_len = strlen(name), .text = text, .text_len = strlen(text) };

	kit_step(k, &in);
}

static inline void text(struct kit *k, const char *words)
{
	model_gen(k, IN_MODEL_TEXT, k->gen, "", words);
}

static inline void use(struct kit *k, const char *name, const char *args)
{
	model_gen(k, IN_MODEL_TOOL, k->gen, name, args);
}

static inline void done(struct kit *k)
{
	model_gen(k, IN_MODEL_DONE, k->gen, "", "");
}

static inline void failed(struct kit *k)
{
	model_gen(k, IN_MODEL_FAILED, k->gen, "", "");
}

static inline void result(struct kit *k, uint32_t turn, uint32_t index, uint32_t status, const char *words)
{
	struct call_input in = { .type = IN_TOOL_RESULT, .turn = turn, .index = index, .kind = status, .text = words, .text_len = strlen(words) };

	kit_step(k, &in);
}

static inline void knowledge(struct kit *k, uint32_t query, const char *words)
{
	struct call_input in = { .type = IN_KNOWLEDGE, .number = query, .text = words, .text_len = strlen(words) };

	kit_step(k, &in);
}

/* ------------------------------------------------------------------ the voice */

/* Word i of the utterance ends after (i + 1) * 320 ms. Returns how many words the text has; fills those that end by `ms`. */
static inline unsigned int kit_words(const char *words, unsigned int ms, struct call_input *in)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; words[i]; i++) {
		if (words[i] == ' ' || (words[i + 1] && words[i + 1] != ' '))
			continue;
		n++;
		if (n * WORD_MS > ms || n > INPUT_WORDS_MAX)
			continue;
		in->words[n - 1] = (struct speech_word){ n * WORD_MS * 8, (uint16_t)(i + 1) };
		in->word_count = n;
	}
	return n;
}

static inline unsigned int length_ms(struct kit *k, uint32_t utterance)
{
	struct call_input in = { .word_count = 0 };

	return kit_words(k->said[utterance].text, 0, &in) * WORD_MS;
}

static inline void speech(struct kit *k, uint32_t utterance, unsigned int ms, enum speech_news kind)
{
	struct call_input in = { .type = IN_SPEECH, .utterance = utterance, .take = k->said[utterance].synth, .position = ms * 8, .kind = kind, .exact = !k->estimates };

	kit_words(k->said[utterance].text, ms, &in);
	kit_step(k, &in);
}

/* There are so many milliseconds of it now. */
static inline void audio(struct kit *k, uint32_t utterance, unsigned int ms)
{
	speech(k, utterance, ms, SPEECH_MORE);
}

/* All of its audio is there. */
static inline void audio_all(struct kit *k, uint32_t utterance)
{
	speech(k, utterance, length_ms(k, utterance), SPEECH_DONE);
}

static inline void voice_dies(struct kit *k, uint32_t utterance)
{
	struct call_input in = { .type = IN_SPEECH_FAILED, .utterance = utterance, .take = k->said[utterance].synth };

	kit_step(k, &in);
}

static inline void carrier(struct kit *k, enum input_type type, uint32_t utterance, uint32_t take, uint64_t sample)
{
	struct call_input in = { .type = type, .utterance = utterance, .take = take, .position = sample };

	kit_step(k, &in);
}

static inline void sent(struct kit *k, uint32_t utterance)
{
	carrier(k, IN_SENT, utterance, k->said[utterance].take, k->said[utterance].from);
}

static inline void played(struct kit *k, uint32_t utterance, unsigned int ms)
{
	carrier(k, IN_PLAYED, utterance, k->said[utterance].take, ms * 8);
}

/* ------------------------------------------------------------------ keypad, orders */

static inline void digit(struct kit *k, char key)
{
	struct call_input in = { .type = IN_DIGIT, .number = (uint64_t)key };

	kit_step(k, &in);
}

static inline void order(struct kit *k, uint32_t kind, const char *words)
{
	struct call_input in = { .type = IN_ORDER, .kind = kind, .text = words, .text_len = strlen(words) };

	kit_step(k, &in);
}

/* ------------------------------------------------------------------ what came of it */

static inline void drop(struct kit *k)
{
	buf_reset(&k->log);
}

/* The times of the lines to come count from here. */
static inline void zero(struct kit *k)
{
	drop(k);
	k->zero_us = k->now_us;
}

static inline void kit_show(struct buf *b, const char *what, const char *file, int line)
{
	const char *at = buf_str(b), *next;

	fprintf(stderr, "%s:%d: %s was\n", file, line, what);
	for (; *at; at = *next ? next + 1 : next) {
		next = strchr(at, '\n');
		next = next ? next : at + strlen(at);
		fprintf(stderr, "\t%.*s\n", (int)(next - at), at);
	}
}

static inline void kit_lines(struct buf *got, const char *what, const char *const *want, const char *file, int line)
{
	struct buf b;

	buf_init(&b, BUF_MAX);
	for (; *want; want++) {
		buf_text(&b, *want);
		if (want[1] || got->len == 0 || got->data[got->len - 1] == '\n')
			buf_text(&b, "\n");
	}
	if (strcmp(buf_str(&b), buf_str(got))) {
		kit_show(&b, "expected", file, line);
		kit_show(got, what, file, line);
		buf_fini(&b);
		fail_msg("%s: another one at %s:%d", what, file, line);
	}
	buf_fini(&b);
}

static inline void kit_expect(struct kit *k, const char *const *want, const char *file, int line)
{
	kit_lines(&k->log, "log", want, file, line);
	drop(k);
}

/* The outputs since the last expect, drop or zero, all of them, in their order. */
#define expect(k, ...) kit_expect(k, (const char *const[]){ __VA_ARGS__, NULL }, __FILE__, __LINE__)
#define expect_nothing(k) kit_expect(k, (const char *const[]){ NULL }, __FILE__, __LINE__)

/* The blocks of the last request. */
#define expect_request(k, ...) kit_lines(&(k)->request, "request", (const char *const[]){ __VA_ARGS__, NULL }, __FILE__, __LINE__)

/* Is there a line that ends in this, or has it behind its time? */
static inline bool has(struct kit *k, const char *part)
{
	return strstr(buf_str(&k->log), part) != NULL;
}

static inline unsigned int kit_count(struct buf *b, const char *part)
{
	const char *at = buf_str(b);
	unsigned int n = 0;

	while ((at = strstr(at, part))) {
		n++;
		at++;
	}
	return n;
}

static inline unsigned int times(struct kit *k, const char *part)
{
	return kit_count(&k->log, part);
}

/* ------------------------------------------------------------------ whole scenes */

/* The call is there, nothing has happened to it. */
static inline void kit_open(struct kit *k)
{
	assert_int_equal(call_new(&k->call, &k->settings, &k->brief), ERR_NONE);
	assert_int_equal(call_new(&k->twin, &k->settings, &k->brief), ERR_NONE);
	call_sabotage(k->call, k->sabotage);
	call_sabotage(k->twin, k->sabotage);
}

/* It rang for a second and was answered; without a greeting nobody speaks. */
static inline void begin(struct kit *k)
{
	kit_open(k);
	pass(k, 1000);
	simple(k, IN_PREPARE);
	pass(k, 1000);
	simple(k, IN_START);
	zero(k);
}

/* The order to say this is spoken: all audio is there, its first frame went out just now. Returns the utterance. */
static inline uint32_t on_air(struct kit *k, const char *words)
{
	uint32_t u;

	order(k, ORDER_SAY, words);
	u = k->last;
	audio_all(k, u);
	sent(k, u);
	zero(k);
	return u;
}

/* It is made, sent and played to its end, while the line is quiet. */
static inline void spoken(struct kit *k, uint32_t utterance)
{
	unsigned int ms = length_ms(k, utterance);

	audio_all(k, utterance);
	sent(k, utterance);
	quiet_for(k, ms);
	played(k, utterance, ms);
}

/* The caller says something, and the recogniser has it at once. */
static inline void caller_says(struct kit *k, const char *words)
{
	voice(k, 320);
	final(k, words);
}

/* The caller's turn, up to the question to the model. */
static inline void turn(struct kit *k, const char *words)
{
	caller_says(k, words);
	quiet_for(k, 640);
}

static inline void tool_add(struct kit *k, const char *name, bool changes, bool ends, uint32_t timeout_ms)
{
	struct brief_tool *t = &k->brief.tools[k->brief.tool_count++];

	snprintf(t->name, sizeof(t->name), "%s", name);
	t->changes = changes;
	t->ends = ends;
	t->timeout_ms = timeout_ms;
}

/* Pinned, so that better defaults change no test. */
static inline void kit_settings(struct call_settings *s)
{
	s->vad_on = 32768, s->vad_off = 22938, s->vad_gap_ms = 250;
	s->turn_silence_ms = 600, s->turn_complete_ms = 200, s->turn_open_ms = 1200, s->turn_spelled_ms = 1800, s->turn_endpoint_ms = 320;
	s->turn_finalize_ms = 160, s->turn_final_wait_ms = 700, s->turn_noise_ms = 1200;
	s->turn_preempt = false, s->turn_preempt_ms = 96, s->turn_preempt_floor = 40;
	s->barge_hold_ms = 96, s->barge_yield_ms = 1000, s->barge_resume_ms = 500, s->barge_words = 2, s->barge_tail_ms = 700;
	s->llm_filler_ms = 1200, s->llm_second_ms = 1500, s->llm_stall_ms = 1400, s->llm_total_ms = 30000, s->llm_attempts = 3;
	s->tts_first_ms = 1000, s->tts_gap_ms = 800, s->tts_attempts = 3, s->tts_ahead = 2, s->tts_margin_ms = 200;
	s->play_start_ms = 300, s->play_mark_ms = 2000, s->stt_stall_ms = 2000, s->stt_retry_ms = 200;
	s->tool_filler_ms = 800, s->tool_detach_ms = 6000, s->tool_timeout_ms = 10000;
	s->quiet_after_ms = 60000, s->quiet_prompts = 2, s->key_gap_ms = 2500;
	s->call_max_ms = 1800000, s->call_end_ms = 10000, s->call_attach_ms = 15000, s->call_failures = 2;
	s->turn_heard = true, s->llm_silent_ms = 2000, s->turn_late_apart = true, s->call_rules = 4, s->turn_budget_ms = 2200;
}

static inline int kit_setup(void **state)
{
	struct kit *k = calloc(1, sizeof(*k));

	if (!k)
		return -1;
	call_settings_init(&k->settings);
	kit_settings(&k->settings);
	brief_init(&k->brief);
	k->brief.greeting[0] = 0;
	tool_add(k, "lookup", false, false, 0);
	tool_add(k, "book", true, false, 0);
	tool_add(k, "hang_up", false, true, 0);
	buf_init(&k->log, BUF_MAX);
	buf_init(&k->request, BUF_MAX);
	*state = k;
	return deadline_set(5);
}

static inline int kit_teardown(void **state)
{
	struct kit *k = *state;

	call_free(k->call);
	call_free(k->twin);
	buf_fini(&k->log);
	buf_fini(&k->request);
	free(k);
	return deadline_set(0);
}

#define KIT_TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

#endif

/* A session in a small world of its own: virtual clock, a carrier some way off, scripted vendors, a journal on a disk in memory.
 *
 * The carrier plays frames one behind the other as a real one does, `down_us` after they were sent, and answers `up_us` later;
 * it keeps what its ear heard (`heard`) and what its mouth said (`said`) on its own clock: the truth a recording is held
 * against. Vendors do nothing but what a test tells them; the voice speaks by itself (SAMPLES_A_BYTE of sound a byte of text).
 */
#ifndef SESSIONKIT_H
#define SESSIONKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact/redact.h"
#include "voice/journal/journal.h"
#include "voice/journal/journal_read.h"
#include "voice/session/session.h"
#include "voice/journal/steps.h"

#define KIT_DIR "/v/journal"
#define MS 1000ULL

enum { SAMPLES_A_BYTE = 600, KIT_FRAMES = 20000, KIT_SECONDS = 120, KIT_TRACK = KIT_SECONDS * 8000, KIT_OPS = 64, KIT_LOG = 4096, FRAME = 160 };

struct stt_stream {
	struct kit *kit;
	struct stt_stream **slot;
	const struct stt_events *events;
	void *arg;
	uint64_t pushed, counted, silent; /* samples: all, without bytes, of µ-law silence */
	uint8_t bytes[KIT_TRACK];
	unsigned int finalized;
	bool cancelled;
	char asked[1100]; /* what it was told that the agent says */
};

struct llm_answer {
	struct llm_answer **slot;
	const struct llm_events *events;
	void *arg;
	enum ask_kind kind;
	char shown[4096]; /* the request as the model got it, a line a block */
	bool cancelled;
};

struct tts_utterance {
	struct tts_utterance **slot;
	const struct tts_events *events;
	void *arg;
	char text[512];
	size_t len;
	uint32_t made;
	uint64_t next_us;
	bool cancelled;
};

struct tool_run {
	struct tool_run **slot;
	const struct tool_events *events;
	void *arg;
	struct tool_request request;
	char name[64];
	char keyed[200]; /* the secret numbers it was given */
	uint64_t dispatched_sequence; /* of the journal, when it was dispatched */
	bool cancelled;
};

/* A frame or mark on its way to, or queued at, the carrier. */
struct queued {
	bool is_mark;
	struct mark mark;
	uint64_t arrive_us, start_us; /* on the machine's clock, as if the carrier's were the same */
	uint8_t ulaw[FRAME];
	bool done;
};

struct answer_mark {
	struct mark mark;
	uint64_t at_us;
};

struct kit {
	uint64_t now_us, wake_us, began_us, media_us;
	struct session *session;
	struct session_io io;
	struct call_settings settings;
	char heard_in[BRIEF_LANGUAGE_MAX], said_in[BRIEF_LANGUAGE_MAX]; /* the language of the last stream, of the last utterance */
	struct brief brief;
	uint64_t up_us, down_us, jitter_us;
	uint64_t random;
	uint16_t (*level)(uint64_t position); /* the caller's voice; NULL: silence */
	bool counted;                        /* nobody records the caller or the agent */
	bool media_on, frames_held;
	uint64_t held_frames;
	uint64_t frame_us;                   /* the caller's next frame arrives */
	uint64_t said_samples;
	uint64_t chunk;

	struct queued queue[KIT_FRAMES];
	size_t queue_first, queue_count;
	uint64_t carrier_busy_us, last_arrive_us;
	struct answer_mark marks[KIT_FRAMES];
	size_t mark_first, mark_count;
	uint8_t said[KIT_TRACK], heard[KIT_TRACK];
	uint64_t frames, clears, hangups, frames_after_clear;
	uint64_t first_frame_us;
	bool last_was_clear;

	struct stt_stream *streams[KIT_OPS];
	struct llm_answer *answers[KIT_OPS];
	struct tts_utterance *voices[KIT_OPS * 8];
	struct tool_run *runs[KIT_OPS];
	unsigned int stream_count, answer_count, voice_count, run_count;
	enum err stt_err, llm_err, tts_err, tools_err; /* what start says next */
	uint64_t voice_way_us;                        /* text to first audio */
	bool voice_silent, voice_at_once;
	bool finalize_answers;                        /* the recogniser says something from inside finalize */
	char retrieved[512];

	struct buf snapshot;
	unsigned int snapshots;
	bool in_step, parks; /* parks: at a turn's boundary */
	unsigned int steps, ended;
	enum end_reason reason;
	char log[KIT_LOG][24]; /* "in voice", "out hold" */
	size_t log_count;

	struct disk_virtual *v;
	struct disk disk;
	struct journal *journal;
	struct journal_call *call;
	struct journal_batch *stuck; /* could not be written; tried again */
	bool disk_may_fail;
	struct id128 tenant, id;
	uint32_t epoch;
};

static inline uint32_t kit_random(struct kit *k)
{
	k->random = k->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(k->random >> 33);
}

static inline void kit_log(struct kit *k, const char *what, const char *name)
{
	if (k->log_count < KIT_LOG)
		snprintf(k->log[k->log_count++], sizeof(k->log[0]), "%s %s", what, name);
}

/* How often a line is in the log, from `from` on. */
static inline unsigned int kit_logged(const struct kit *k, const char *line, size_t from)
{
	unsigned int n = 0;
	size_t i;

	for (i = from; i < k->log_count; i++)
		n += strcmp(k->log[i], line) == 0;
	return n;
}

/* ------------------------------------------------------------------ vendors */

/* Of a call in one language it is always that. */
static inline void kit_language(struct kit *k, char last[BRIEF_LANGUAGE_MAX], const char *language)
{
	if (!k->brief.tongues_len)
		assert_string_equal(language, k->brief.language);
	snprintf(last, BRIEF_LANGUAGE_MAX, "%s", language);
}

static inline enum err kit_stt_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct kit *k = vendor;
	struct stt_stream *s = calloc(1, sizeof(*s));

	kit_language(k, k->heard_in, language);
	*sp = NULL;
	if (k->stt_err) {
		free(s);
		return k->stt_err;
	}
	assert_true(k->stream_count < KIT_OPS);
	s->kit = k;
	s->slot = sp;
	s->events = events;
	s->arg = arg;
	k->streams[k->stream_count++] = s;
	*sp = s;
	return ERR_NONE;
}

static inline void kit_stt_push(struct stt_stream *s, const uint8_t *ulaw, size_t samples)
{
	size_t i;

	assert_false(s->cancelled);
	assert_true(s->pushed + samples <= KIT_TRACK);
	for (i = 0; i < samples && ulaw; i++) {
		s->bytes[s->pushed + i] = ulaw[i];
		s->silent += ulaw[i] == 0xff;
	}
	s->counted += ulaw ? 0 : samples;
	s->pushed += samples;
}

static inline void kit_stt_finalize(struct stt_stream *s)
{
	assert_false(s->cancelled);
	s->finalized++;
	if (s->kit->finalize_answers)
		s->events->transcript(s->arg, TRANSCRIPT_FINAL, "yes please", 10, 0, s->pushed);
}

static inline void kit_stt_cancel(struct stt_stream **sp)
{
	const struct usage used = { .vendor = "kit", .model = "ears", .units = { [USAGE_AUDIO_SAMPLES] = *sp ? (*sp)->pushed : 0 } };
	struct stt_stream *s = *sp;

	if (!s)
		return;
	usage_tell(s->events->used, s->arg, &used);
	s->cancelled = true;
	*sp = NULL;
}

static inline enum err kit_llm_start(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt,
	const struct llm_block *blocks, size_t count, const struct llm_events *events, void *arg)
{
	struct kit *k = vendor;
	struct llm_answer *a = calloc(1, sizeof(*a));
	size_t i, n;

	assert_true(attempt >= 1 && count >= 1);
	*ap = NULL;
	if (k->llm_err) {
		free(a);
		return k->llm_err;
	}
	assert_true(k->answer_count < KIT_OPS);
	a->slot = ap;
	a->events = events;
	a->arg = arg;
	a->kind = kind;
	for (i = 0; i < count; i++) {
		n = strlen(a->shown);
		snprintf(a->shown + n, sizeof(a->shown) - n, "%u %s\n", (unsigned int)blocks[i].type, redacted_text(blocks[i].text));
	}
	k->answers[k->answer_count++] = a;
	*ap = a;
	return ERR_NONE;
}

static inline void kit_llm_cancel(struct llm_answer **ap)
{
	if (!*ap)
		return;
	(*ap)->cancelled = true;
	*ap = NULL;
}

static inline enum err kit_tts_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct kit *k = vendor;
	struct tts_utterance *u = calloc(1, sizeof(*u));

	kit_language(k, k->said_in, language);
	*up = NULL;
	if (k->tts_err) {
		free(u);
		return k->tts_err;
	}
	assert_true(k->voice_count < KIT_OPS * 8 && len < sizeof(u->text));
	memcpy(u->text, text, len);
	u->len = len;
	u->slot = up;
	u->events = events;
	u->arg = arg;
	u->next_us = k->voice_silent ? UINT64_MAX : k->now_us + k->voice_way_us;
	k->voices[k->voice_count++] = u;
	*up = u;
	return ERR_NONE;
}

static inline void kit_tts_cancel(struct tts_utterance **up)
{
	if (!*up)
		return;
	(*up)->cancelled = true;
	*up = NULL;
}

/* Sound that is nobody else's: sample n of a text. Never the code of silence. */
static inline uint8_t kit_sound(const char *text, size_t len, uint32_t n)
{
	uint32_t h = 2166136261u + n * 2654435761u;
	size_t i;

	for (i = 0; i < len && i < 12; i++)
		h = (h ^ (uint8_t)text[i]) * 16777619u;
	h = (h >> 7 ^ h >> 19) & 0xff;
	return (uint8_t)(h == 0xff || h == 0x7f ? 0x11 : h);
}

static inline void kit_tts_make(struct kit *k, struct tts_utterance *u, uint32_t samples)
{
	uint8_t bytes[8000];
	uint32_t i;

	assert_true(samples <= sizeof(bytes));
	for (i = 0; i < samples; i++)
		bytes[i] = kit_sound(u->text, u->len, u->made + i);
	u->made += samples;
	u->events->audio(u->arg, k->counted ? NULL : bytes, samples);
}

static inline void kit_tts_words(struct tts_utterance *u)
{
	struct speech_word words[64];
	size_t i, n = 0;

	for (i = 1; i <= u->len && n < 64; i++)
		if (i == u->len || u->text[i] == ' ')
			words[n++] = (struct speech_word){ (uint32_t)i * SAMPLES_A_BYTE, (uint16_t)i };
	u->events->words(u->arg, words, n, true);
}

/* 400 ms of sound at a time, twice as fast as it plays. */
static inline void kit_tts_work(struct kit *k, struct tts_utterance *u)
{
	uint32_t total = (uint32_t)u->len * SAMPLES_A_BYTE, n = total - u->made < 3200 ? total - u->made : 3200;
	const struct tts_events *events = u->events;
	void *arg = u->arg;

	u->next_us = k->voice_at_once ? k->now_us : k->now_us + 200 * MS;
	if (!u->made)
		kit_tts_words(u);
	if (!u->cancelled && n)
		kit_tts_make(k, u, n);
	if (u->cancelled || u->made < total)
		return;
	*u->slot = NULL;
	u->cancelled = true;
	events->done(arg);
}

static inline enum err kit_tools_start(void *conductor, struct tool_run **rp, const struct tool_request *request,
	const struct tool_events *events, void *arg)
{
	struct kit *k = conductor;
	struct tool_run *r = calloc(1, sizeof(*r));

	*rp = NULL;
	if (k->tools_err) {
		free(r);
		return k->tools_err;
	}
	assert_true(k->run_count < KIT_OPS);
	r->slot = rp;
	r->events = events;
	r->arg = arg;
	r->request = *request;
	snprintf(r->name, sizeof(r->name), "%.*s", (int)request->name_len, request->name);
	for (size_t i = 0; i < request->secret_count; i++)
		snprintf(r->keyed + strlen(r->keyed), sizeof(r->keyed) - strlen(r->keyed), "%s=%s;", request->secrets[i].name, request->secrets[i].value);
	r->dispatched_sequence = k->call ? journal_call_last(k->call) : 0;
	k->runs[k->run_count++] = r;
	*rp = r;
	return ERR_NONE;
}

static inline void kit_tools_cancel(struct tool_run **rp)
{
	if (!*rp)
		return;
	(*rp)->cancelled = true;
	*rp = NULL;
}

static inline void kit_tools_retrieve(void *conductor, uint64_t query, const char *text, size_t len)
{
	struct kit *k = conductor;

	snprintf(k->retrieved, sizeof(k->retrieved), "%llu:%.*s", (unsigned long long)query, (int)len, text);
}

static inline void kit_stt_asked(struct stt_stream *s, const char *text, size_t len)
{
	assert_false(s->cancelled);
	snprintf(s->asked, sizeof(s->asked), "%.*s", (int)len, text);
}

static inline bool kit_stt_hears(void *vendor, const char *language)
{
	(void)vendor;
	return strcmp(language, "ta-IN") != 0; /* nobody does */
}

static const struct stt kit_stt = { "kit", kit_stt_start, kit_stt_push, kit_stt_finalize, kit_stt_cancel, kit_stt_asked, kit_stt_hears };
static const struct llm kit_llm = { "kit", kit_llm_start, kit_llm_cancel };
static const struct tts kit_tts = { .name = "kit", .start = kit_tts_start, .cancel = kit_tts_cancel };
static const struct tools kit_tools = { "kit", kit_tools_start, kit_tools_cancel, kit_tools_retrieve };

static inline struct stt_stream *kit_stream(struct kit *k)
{
	assert_true(k->stream_count > 0);
	return k->streams[k->stream_count - 1];
}

static inline void kit_hears(struct kit *k, enum transcript_kind kind, const char *text)
{
	struct stt_stream *s = kit_stream(k);

	assert_false(s->cancelled);
	s->events->transcript(s->arg, kind, text, strlen(text), 0, s->pushed);
}

/* The recogniser in force was given all that was said since its base, in order and once, but for silence. Returns how much was left out. */
static inline uint64_t kit_given(struct kit *k)
{
	uint64_t base, pos, at, left = 0, end = session_caller_position(k->session);
	const struct stt_stream *s = kit_stream(k);

	(void)session_given(k->session, 0, &base);
	for (pos = base; pos < end; pos++) {
		at = session_given(k->session, pos, &base);
		if (session_given(k->session, pos + 1, &base) == at) {
			left++;
			assert_true(!k->level || !k->level(pos));
			continue;
		}
		assert_int_equal(at, pos - base - left);
		assert_int_equal(s->bytes[at], k->said[pos]);
	}
	assert_int_equal(s->pushed, end - base - left);
	return left;
}

static inline struct llm_answer *kit_answer(struct kit *k)
{
	assert_true(k->answer_count > 0);
	assert_false(k->answers[k->answer_count - 1]->cancelled);
	return k->answers[k->answer_count - 1];
}

static inline void kit_model_done(struct kit *k, uint32_t tokens)
{
	struct llm_answer *a = kit_answer(k);

	*a->slot = NULL;
	a->cancelled = true;
	a->events->done(a->arg, tokens);
}

static inline void kit_model_says(struct kit *k, const char *text)
{
	kit_answer(k)->events->text(kit_answer(k)->arg, text, strlen(text));
	kit_model_done(k, 7);
}

static inline void kit_model_tool(struct kit *k, const char *name, const char *args)
{
	kit_answer(k)->events->tool(kit_answer(k)->arg, 0, name, strlen(name), args, strlen(args));
	kit_model_done(k, 5);
}

static inline void kit_tool_result(struct tool_run *r, enum tool_status status, const char *text)
{
	assert_false(r->cancelled);
	*r->slot = NULL;
	r->cancelled = true;
	r->events->result(r->arg, status, text, strlen(text));
}

/* ------------------------------------------------------------------ the carrier */

static inline uint64_t kit_way(struct kit *k, uint64_t way_us)
{
	return way_us + (k->jitter_us ? kit_random(k) % k->jitter_us : 0);
}

static inline void kit_answer_mark(struct kit *k, const struct mark *mark, uint64_t played_us)
{
	uint64_t at = kit_way(k, played_us + k->up_us);

	if (k->mark_count > k->mark_first && at < k->marks[k->mark_count - 1].at_us)
		at = k->marks[k->mark_count - 1].at_us; /* one connection: nothing overtakes */
	assert_true(k->mark_count < KIT_FRAMES);
	k->marks[k->mark_count++] = (struct answer_mark){ *mark, at };
}

static inline struct queued *kit_arrives(struct kit *k)
{
	struct queued *q;

	if (k->queue_first == k->queue_count)
		k->queue_first = k->queue_count = 0;
	assert_true(k->queue_count < KIT_FRAMES);
	q = &k->queue[k->queue_count++];
	memset(q, 0, sizeof(*q));
	q->arrive_us = kit_way(k, k->now_us + k->down_us);
	if (q->arrive_us < k->last_arrive_us)
		q->arrive_us = k->last_arrive_us;
	k->last_arrive_us = q->arrive_us;
	q->start_us = q->arrive_us > k->carrier_busy_us ? q->arrive_us : k->carrier_busy_us;
	return q;
}

static inline void kit_media_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct kit *k = socket;
	struct queued *q = kit_arrives(k);

	assert_int_equal(samples, FRAME);
	assert_true((ulaw == NULL) == k->counted);
	if (ulaw)
		memcpy(q->ulaw, ulaw, FRAME);
	k->carrier_busy_us = q->start_us + 20 * MS;
	k->frames_after_clear += k->last_was_clear;
	k->first_frame_us = k->first_frame_us ? k->first_frame_us : k->now_us;
	k->frames++;
}

static inline void kit_media_mark(void *socket, const struct mark *mark)
{
	struct queued *q = kit_arrives(socket);

	q->is_mark = true;
	q->mark = *mark;
}

/* What has begun by the moment the clear arrives is played to its end, the rest is not; its marks come back. */
static inline void kit_media_clear(void *socket)
{
	struct kit *k = socket;
	uint64_t at = kit_way(k, k->now_us + k->down_us);
	size_t i;

	at = at < k->last_arrive_us ? k->last_arrive_us : at;
	k->last_arrive_us = at;
	for (i = k->queue_first; i < k->queue_count; i++) {
		struct queued *q = &k->queue[i];

		if (q->done || q->start_us < at)
			continue;
		q->done = true;
		if (q->is_mark)
			kit_answer_mark(k, &q->mark, at);
	}
	if (k->carrier_busy_us > at)
		k->carrier_busy_us = at;
	k->clears++;
}

static inline void kit_media_end(void *socket)
{
	struct kit *k = socket;

	k->hangups++;
	k->media_on = false;
}

static const struct media kit_media = { .name = "kit", .send = kit_media_send, .mark = kit_media_mark, .clear = kit_media_clear, .end = kit_media_end };

/* What began before `until` is played. The carrier's clock began when its first sample set out. */
static inline void kit_play(struct kit *k, uint64_t until_us)
{
	uint64_t zero = k->media_us - k->up_us;

	while (k->queue_first < k->queue_count) {
		struct queued *q = &k->queue[k->queue_first];
		uint64_t at = (q->start_us - zero) / 125;

		if (!q->done && q->start_us > until_us)
			return;
		k->queue_first++;
		if (!q->done && q->is_mark)
			kit_answer_mark(k, &q->mark, q->start_us);
		else if (!q->done && at + FRAME <= KIT_TRACK)
			memcpy(k->heard + at, q->ulaw, FRAME);
	}
}

/* The caller's next 20 ms: sound of its own while there is voice. */
static inline void kit_caller_frame(struct kit *k)
{
	uint8_t frame[FRAME];
	uint64_t at = session_caller_position(k->session);
	unsigned int i;

	for (i = 0; i < FRAME; i++)
		frame[i] = k->level && k->level(at) ? kit_sound("caller", 6, (uint32_t)at + i) : (uint8_t)(0x7e - (at + i) % 7);
	memcpy(k->said + at, frame, FRAME);
	k->said_samples = at + FRAME;
	session_caller_audio(k->session, k->counted ? NULL : frame, FRAME);
	while (k->media_on && k->chunk + VOICE_CHUNK_SAMPLES <= session_caller_position(k->session)) {
		session_voice(k->session, k->chunk, k->level ? k->level(k->chunk) : 0);
		k->chunk += VOICE_CHUNK_SAMPLES;
	}
}

/* ------------------------------------------------------------------ time */

static inline uint64_t kit_now(void *arg)
{
	return ((struct kit *)arg)->now_us;
}

static inline void kit_wake(void *arg, uint64_t at_us)
{
	((struct kit *)arg)->wake_us = at_us;
}

static inline void kit_snapshot(void *arg, const void *data, size_t len)
{
	struct kit *k = arg;

	buf_reset(&k->snapshot);
	buf_append(&k->snapshot, data, len);
	k->snapshots++;
	if (k->parks && session_still(k->session))
		assert_true(session_park(k->session));
}

static inline void kit_ended(void *arg, enum end_reason reason)
{
	struct kit *k = arg;

	k->ended++;
	k->reason = reason;
	session_close(&k->session);
}

static inline void kit_stepped(void *arg, const struct call_input *in, const struct call_outputs *outputs)
{
	struct kit *k = arg;
	size_t i;

	k->steps++;
	if (in->type != IN_VOICE)
		kit_log(k, "in", input_name(in->type));
	for (i = 0; i < outputs->count; i++)
		if (outputs->items[i].type != OUT_WAKE)
			kit_log(k, outputs->items[i].type == OUT_NOTE ? "note" : "out",
				outputs->items[i].type == OUT_NOTE ? note_name((enum note)outputs->items[i].kind) : output_name(outputs->items[i].type));
}

static inline uint64_t kit_voice_next(struct kit *k, struct tts_utterance **up)
{
	uint64_t next = UINT64_MAX;
	unsigned int i;

	*up = NULL;
	for (i = 0; i < k->voice_count; i++)
		if (!k->voices[i]->cancelled && k->voices[i]->next_us < next) {
			next = k->voices[i]->next_us;
			*up = k->voices[i];
		}
	return next;
}

static inline void kit_commit(struct kit *k)
{
	struct journal_batch *b = k->stuck;

	if (!b)
		b = k->journal ? journal_batch_take(k->journal, k->now_us) : NULL;
	if (!b)
		return;
	k->stuck = journal_batch_write(k->journal, b, k->now_us) ? b : NULL;
	assert_true(!k->stuck || k->disk_may_fail);
	if (!k->stuck)
		journal_batch_done(k->journal, b, k->now_us);
}

/* The one next thing; false when there is none before `until`. */
static inline bool kit_next(struct kit *k, uint64_t until_us)
{
	struct tts_utterance *u;
	uint64_t voice = kit_voice_next(k, &u), mark, frame = k->media_on && !k->frames_held ? k->frame_us : UINT64_MAX, at;

	kit_play(k, k->now_us);
	mark = k->mark_first < k->mark_count ? k->marks[k->mark_first].at_us : UINT64_MAX;
	at = voice < mark ? voice : mark;
	at = frame < at ? frame : at;
	at = k->wake_us < at ? k->wake_us : at;
	if (k->queue_first < k->queue_count && k->queue[k->queue_first].start_us < at && k->queue[k->queue_first].start_us <= until_us) {
		k->now_us = k->queue[k->queue_first].start_us > k->now_us ? k->queue[k->queue_first].start_us : k->now_us;
		kit_play(k, k->now_us);
		return true;
	}
	if (at > until_us || !k->session)
		return false;
	k->now_us = at > k->now_us ? at : k->now_us;
	if (at == mark) {
		struct mark m = k->marks[k->mark_first++].mark;

		session_played(k->session, &m);
	} else if (at == frame) {
		k->frame_us += 20 * MS;
		kit_caller_frame(k);
		if (k->frame_us / MS % 100 == 0)
			kit_commit(k);
	} else if (at == voice) {
		kit_tts_work(k, u);
	} else {
		k->wake_us = UINT64_MAX;
		session_woken(k->session);
	}
	return true;
}

static inline void kit_run(struct kit *k, uint64_t ms)
{
	uint64_t until = k->now_us + ms * MS;
	unsigned int spins = 0;
	uint64_t last = k->now_us;

	while (kit_next(k, until)) {
		spins = k->now_us == last ? spins + 1 : 0;
		assert_true(spins < 2000); /* nobody spins */
		last = k->now_us;
	}
	k->now_us = until;
}

/* ------------------------------------------------------------------ a call */

static inline void kit_io(struct kit *k)
{
	k->io = (struct session_io){ .arg = k, .now_us = kit_now, .wake = kit_wake, .snapshot = kit_snapshot, .ended = kit_ended,
		.stepped = kit_stepped, .media = &kit_media, .socket = k, .stt = &kit_stt, .stt_vendor = k, .llm = &kit_llm, .llm_vendor = k,
		.tts = &kit_tts, .tts_vendor = k, .tools = &kit_tools, .conductor = k, .journal = k->call, .record_audio = !k->counted,
		.wall_us = 1700000000000000 };
}

static inline struct kit *kit_new(void)
{
	struct kit *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	k->now_us = 5000000;
	k->wake_us = UINT64_MAX;
	k->up_us = 40 * MS;
	k->down_us = 60 * MS;
	k->voice_way_us = 100 * MS;
	k->random = 1;
	memset(k->heard, 0xff, sizeof(k->heard));
	memset(k->said, 0xff, sizeof(k->said));
	call_settings_init(&k->settings);
	brief_init(&k->brief);
	buf_init(&k->snapshot, 8 << 20);
	return k;
}

static inline void kit_journal(struct kit *k)
{
	struct journal_options options;

	assert_int_equal(disk_virtual_new(&k->v), ERR_NONE);
	k->disk = disk_virtual_disk(k->v);
	journal_options_defaults(&options);
	options.segment_bytes = 1 << 20;
	options.reserve_bytes = 1 << 16;
	options.ring_bytes = 1 << 16;
	assert_int_equal(journal_open(&k->journal, &k->disk, KIT_DIR, &options, k->now_us, NULL, NULL), ERR_NONE);
	k->tenant.bytes[0] = 1;
	k->id.bytes[0] = 2;
	k->epoch = 1;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, k->epoch, k->now_us), ERR_NONE);
}

static inline void kit_open(struct kit *k)
{
	kit_io(k);
	k->began_us = k->now_us;
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
}

static inline void kit_media_begins(struct kit *k)
{
	k->media_us = k->now_us;
	k->frame_us = k->now_us + 20 * MS;
	k->media_on = true;
	session_start(k->session);
}

/* Rings for 300 ms, then the media begins. */
static inline void kit_begin(struct kit *k)
{
	kit_open(k);
	session_prepare(k->session);
	kit_run(k, 300);
	kit_media_begins(k);
}

/* Everything becomes durable; the journal is closed and can be read. */
static inline void kit_journal_close(struct kit *k)
{
	journal_call_close(&k->call, k->now_us);
	assert_int_equal(journal_close(&k->journal, k->now_us), ERR_NONE);
}

struct kit_records {
	struct keyring *keys;
	struct journal_reader_options options;
};

static inline void kit_records_open(struct kit *k, struct kit_records *r)
{
	struct keyring_options read_only = { .read_only = true };

	assert_int_equal(keyring_open(&r->keys, &k->disk, KIT_DIR, &read_only, NULL), ERR_NONE);
	r->options = (struct journal_reader_options){ .keyring = r->keys, .call = &k->id };
}

static inline void kit_read(struct kit *k, journal_item_h *handler, void *arg)
{
	struct kit_records r;

	kit_records_open(k, &r);
	assert_int_equal(journal_read_call(&k->disk, KIT_DIR, &r.options, handler, arg, NULL), ERR_NONE);
	keyring_close(&r.keys);
}

static inline void kit_free(struct kit *k)
{
	unsigned int i;

	session_close(&k->session);
	if (k->call)
		journal_call_close(&k->call, k->now_us);
	journal_abandon(&k->journal);
	if (k->v)
		disk_virtual_free(&k->v);
	for (i = 0; i < k->stream_count; i++)
		free(k->streams[i]);
	for (i = 0; i < k->answer_count; i++)
		free(k->answers[i]);
	for (i = 0; i < k->voice_count; i++)
		free(k->voices[i]);
	for (i = 0; i < k->run_count; i++)
		free(k->runs[i]);
	buf_fini(&k->snapshot);
	free(k);
}

#endif

/* The caller's audio: to the recogniser, into the journal and into a ring of the last eight seconds, which a new recogniser
 * stream is given first, without its silences (pauses.h). How fast it can follow is its adapter's to know. Owns the stream in
 * force. Where nobody recorded the sound (the simulator), samples are counted. */
#include "voice/session/session_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { RING_SAMPLES = SESSION_CALLER_RING_MS * 8, SILENCE_SAMPLES = 1600, SAID_KEPT_BYTES = 1000 };

static const uint8_t *silence(void)
{
	static uint8_t bytes[SILENCE_SAMPLES];

	if (!bytes[0])
		memset(bytes, 0xff, sizeof(bytes));
	return bytes;
}

/* Most of it lies in sound that turned out to be our own. */
static bool is_disowned(const struct session *s, uint64_t from, uint64_t to)
{
	uint64_t first = num_max(from, s->disowned.from), end = num_min(to, s->disowned.to);

	return end > first && end - first > (to - from) / 4 * 3;
}

static void transcript_h(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from_sample, uint64_t to_sample)
{
	struct listening *l = arg;
	struct call_input *in = session_input(l->s, IN_TRANSCRIPT);

	session_well(l->s, RETRY_RECOGNISER);
	in->stream = l->stream;
	in->kind = (uint32_t)kind;
	in->position = given_from(&l->given, from_sample);
	in->position2 = num_max(in->position, given_to(&l->given, to_sample));
	session_input_text(in, text, is_disowned(l->s, in->position, in->position2) ? 0 : len);
	session_feed(l->s);
	session_settle(l->s);
}

static void listen_down(struct session *s, uint32_t stream)
{
	session_input(s, IN_STT_DOWN)->stream = stream;
	session_feed(s);
}

static void stt_ended_h(void *arg, enum err why)
{
	struct listening *l = arg;

	session_log_failed(l->s, RETRY_RECOGNISER, why);
	listen_down(l->s, l->stream);
	session_settle(l->s);
}

static const struct stt_events stt_events = { .transcript = transcript_h, .ended = stt_ended_h, .used = session_stream_used };

static void stt_push(struct session *s, const uint8_t *ulaw, uint64_t samples)
{
	if (!s->listening.op)
		return;
	s->listening.given.samples += samples;
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

/* The past of a new stream where nobody recorded it: samples, and bytes of silence in its gaps. */
static void past_count(struct session *s, uint64_t at, uint64_t end)
{
	while (at < end && s->listening.op) {
		struct span gap = pauses_gap_near(&s->pauses, at);
		uint64_t n = num_min(gap.from <= at ? gap.to : gap.from, end) - at;

		if (gap.from <= at)
			stt_silence(s, n);
		else
			stt_push(s, NULL, n);
		at += n;
	}
}

/* From the ring: all but its long silences, in one piece where none is left out. */
static void past_give(struct session *s, uint64_t at, uint64_t end)
{
	while (at < end && s->listening.op) {
		struct span cut = pauses_cut(&s->pauses, at);
		uint64_t to = num_min(cut.from, end), offset = at % RING_SAMPLES, n;

		if (cut.from <= at && given_cut(&s->listening.given, num_min(cut.to, end) - at)) {
			at = cut.to;
			continue;
		}
		n = num_min((to > at ? to : end) - at, RING_SAMPLES - offset);
		stt_push(s, s->ring + offset, n);
		at += n;
	}
}

/* The past of a new stream, from its base on. */
static void stt_catch_up(struct session *s)
{
	if (s->ring)
		past_give(s, s->listening.given.base, s->position);
	else
		past_count(s, s->listening.given.base, s->position);
}

static void said_tell(struct session *s)
{
	if (s->io.stt->asked && s->listening.op && s->said.len)
		s->io.stt->asked(s->listening.op, (const char *)s->said.data, s->said.len);
}

/* A question may come in pieces, and a recogniser that is replaced must know it as well. */
void session_asked(struct session *s, uint32_t utterance)
{
	size_t len;
	const char *text = call_utterance(s->call, utterance, &len);

	if (!s->io.stt->asked || !len)
		return;
	if (s->said.len)
		buf_text(&s->said, " ");
	buf_append(&s->said, text, len);
	s->said.err = ERR_NONE; /* no memory: it is only help */
	if (s->said.len > SAID_KEPT_BYTES)
		buf_cut(&s->said, 0, s->said.len - SAID_KEPT_BYTES);
	said_tell(s);
}

void session_said_load(struct session *s)
{
	char said[SAID_KEPT_BYTES];

	buf_append(&s->said, said, call_said(s->call, said, sizeof(said)));
	s->said.err = ERR_NONE;
}

void session_listen_stop(struct session *s)
{
	if (s->listening.op)
		s->io.stt->cancel(&s->listening.op);
	s->listening.op = NULL;
}

const char *session_language(const struct session *s, const struct call_output *out, char language[BRIEF_LANGUAGE_MAX])
{
	if (!out->name_len || out->name_len >= BRIEF_LANGUAGE_MAX)
		return s->language;
	memcpy(language, out->name, out->name_len);
	language[out->name_len] = '\0';
	return language;
}

void session_listen(struct session *s, const struct call_output *out)
{
	struct listening *l = &s->listening;
	char language[BRIEF_LANGUAGE_MAX];
	enum err err;

	session_listen_stop(s);
	l->stream = out->stream;
	l->given = (struct given){ .base = num_min(num_max(out->position, s->ring_from), s->position) };
	err = s->io.stt->start(s->io.stt_vendor, &l->op, session_language(s, out, language), &stt_events, l);
	if (err) {
		session_log_failed(s, RETRY_RECOGNISER, err);
		listen_down(s, out->stream);
	} else {
		said_tell(s);
		stt_catch_up(s);
	}
}

void session_finalize(struct session *s, const struct call_output *out)
{
	if (s->listening.op && s->listening.stream == out->stream)
		s->io.stt->finalize(s->listening.op);
}

/* ------------------------------------------------------------------ the caller's audio */

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

size_t session_caller_past(const struct session *s, uint8_t ulaw[SESSION_CALLER_RING_MS * 8])
{
	size_t samples = s->ring ? (size_t)(s->position - s->ring_from) : 0, from = s->ring_from % RING_SAMPLES, end = RING_SAMPLES - from;

	if (!samples)
		return 0;
	end = end < samples ? end : samples;
	memcpy(ulaw, s->ring + from, end);
	memcpy(ulaw + end, s->ring, samples - end);
	return samples;
}

void session_past_put(struct session *s, const uint8_t *ulaw, size_t samples)
{
	if (samples > RING_SAMPLES || samples > s->position)
		return;
	s->position -= samples;
	ring_put(s, ulaw, samples);
	s->position += samples;
}

/* Silence stands for it; a past that is longer ago than the ring reaches is none. */
void session_past_skip(struct session *s, uint64_t samples)
{
	if (s->ring && samples < RING_SAMPLES) {
		ring_put(s, NULL, (size_t)samples);
		pauses_gap(&s->pauses, s->position, s->position + samples);
		session_position_move(s, samples);
		return;
	}
	s->position += samples;
	s->ring_from = s->position;
}

void session_position_move(struct session *s, uint64_t samples)
{
	s->position += samples;
	if (s->position > RING_SAMPLES && s->ring_from < s->position - RING_SAMPLES)
		s->ring_from = s->position - RING_SAMPLES;
}

/* Sound that nobody gets: in-band tones would tell which keys are pressed. */
static void muted_put(struct session *s, size_t samples)
{
	session_write_gap(s, samples, GAP_KEYS);
	if (s->ring)
		ring_put(s, NULL, samples);
	pauses_gap(&s->pauses, s->position, s->position + samples);
	session_position_move(s, samples);
	stt_silence(s, samples);
}

/* The record has an echo, too; whoever understands words, now or from the ring, gets silence for it. */
static void caller_audio(struct session *s, const uint8_t *ulaw, size_t samples, bool is_echo)
{
	if (!samples)
		return;
	session_heard(s, session_now(s));
	if (s->state != LIVE)
		return;
	if (session_take_mutes(s)) {
		muted_put(s, samples);
		return;
	}
	if (ulaw || s->ring)
		ring_put(s, is_echo ? NULL : ulaw, samples);
	if (ulaw && session_records_audio(s))
		session_write_caller(s, ulaw, samples);
	else
		session_position_move(s, samples);
	if (is_echo)
		stt_silence(s, samples);
	else
		stt_push(s, ulaw, samples);
}

void session_caller_audio(struct session *s, const uint8_t *ulaw, size_t samples)
{
	caller_audio(s, ulaw, samples, false);
}

void session_caller_echo(struct session *s, const uint8_t *ulaw, size_t samples)
{
	caller_audio(s, ulaw, samples, true);
}

void session_caller_disown(struct session *s, uint64_t from)
{
	uint64_t end = s->position;

	if (s->state != LIVE || from >= end)
		return;
	s->disowned = (struct span){ from, end };
	from = num_max(from, s->ring_from);
	if (!s->ring || from >= end)
		return;
	s->position = from;
	ring_put(s, NULL, (size_t)(end - from));
	s->position = end;
}

static void gap_put(struct session *s, uint64_t samples)
{
	uint32_t stream = s->listening.stream;

	session_write_gap(s, samples, GAP_CARRIER);
	if (s->ring)
		ring_put(s, NULL, samples < RING_SAMPLES ? (size_t)samples : RING_SAMPLES);
	pauses_gap(&s->pauses, s->position, s->position + samples);
	session_position_move(s, samples);
	if (samples <= RING_SAMPLES || !s->listening.op) {
		stt_silence(s, samples);
		return;
	}
	log_warn(&s->log, "the caller's sound was away for long", LOG_UINT("ms", samples * 1000 / CALL_RATE_HZ));
	session_listen_stop(s); /* nobody pays for minutes of silence */
	listen_down(s, stream);
	session_settle(s);
}

/* After a socket that was deaf the recogniser begins anew, behind the gap: the old stream needs none of its silence. */
void session_caller_gap(struct session *s, uint64_t samples)
{
	if (s->state != LIVE || !samples)
		return;
	if (s->deaf)
		session_listen_stop(s);
	gap_put(s, samples);
	session_heard(s, session_now(s));
}

uint64_t session_caller_position(const struct session *s)
{
	return s->position;
}

uint64_t session_given(const struct session *s, uint64_t position, uint64_t *base)
{
	*base = s->listening.given.base;
	return given_sample(&s->listening.given, position);
}

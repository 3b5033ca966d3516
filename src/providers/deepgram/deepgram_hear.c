/* What the vendor's messages mean: transcripts, and why a stream ended. Each message is told as at most one transcript, last of all. */
#include <string.h>

#include "base/num.h"
#include "providers/deepgram/deepgram_state.h"

/* From where its words begin, where that is known: what they were said after counts for the call. */
static void transcript_tell(struct stt_stream *s, enum transcript_kind kind, const struct deepgram_event *e)
{
	uint64_t from = sound_place(s, e->has_words ? e->first_us : e->from_us);
	uint64_t to = sound_place(s, e->to_us);

	s->events.transcript(s->arg, kind, e->text, e->len, from, num_max(from, to));
}

/* ------------------------------------------------------------------ Nova */

static void partial_hear(struct stt_stream *s, const struct deepgram_event *e)
{
	s->has_words |= e->len > 0;
	s->has_partial = e->len > 0;
	if (e->has_words && e->last_us > s->gap_us)
		s->ends = false; /* the gap is over */
	transcript_tell(s, TRANSCRIPT_PARTIAL, e);
}

static void final_hear(struct stt_stream *s, const struct deepgram_event *e)
{
	bool ends = !e->is_from_finalize && (e->is_speech_final || s->ends);

	s->has_partial = false;
	s->ends = false;
	s->has_words = (s->has_words || e->len) && !ends;
	transcript_tell(s, ends ? TRANSCRIPT_END : TRANSCRIPT_FINAL, e);
}

/* After a speech_final it says nothing new. Before the final of its words an empty end would take those away: then that final is the end. */
static void utterance_end_hear(struct stt_stream *s, struct deepgram_event *e)
{
	if (!s->has_words || !e->has_words)
		return;
	if (s->has_partial) {
		s->ends = true;
		s->gap_us = e->last_us;
		return;
	}
	s->has_words = false;
	e->first_us = e->from_us = e->to_us = e->last_us;
	transcript_tell(s, TRANSCRIPT_END, e);
}

/* ------------------------------------------------------------------ Flux */

static void turn_hear(struct stt_stream *s, const struct deepgram_event *e)
{
	s->fed = e->turn == DEEPGRAM_TURN_START || e->turn == DEEPGRAM_TURN_END ? 0 : s->fed;
	s->in_turn = e->turn != DEEPGRAM_TURN_END;
	if (e->turn != DEEPGRAM_TURN_END) {
		sound_step(s); /* the timer was set for a stream without a turn */
		if (e->turn != DEEPGRAM_TURN_RESUMED || e->len)
			transcript_tell(s, TRANSCRIPT_PARTIAL, e);
		return;
	}
	s->force_us = 0;
	transcript_tell(s, e->is_manual ? TRANSCRIPT_FINAL : TRANSCRIPT_END, e);
}

/* ------------------------------------------------------------------ messages, and the end */

/* Once a stream, however often it comes. */
static void warning_log(struct stt_stream *s, const struct deepgram_event *e)
{
	if (!s->has_warned)
		log_warn(&s->d->options.log, "the recogniser warns", LOG_TEXT("code", e->code), LOG_TEXT("request", s->request));
	s->has_warned = true;
}

static void event_hear(struct stt_stream *s, struct deepgram_event *e)
{
	switch (e->kind) {
	case DEEPGRAM_RESULTS:
		(e->is_final ? final_hear : partial_hear)(s, e);
		break;
	case DEEPGRAM_UTTERANCE_END:
		utterance_end_hear(s, e);
		break;
	case DEEPGRAM_TURN:
		turn_hear(s, e);
		break;
	case DEEPGRAM_WARNING:
		warning_log(s, e);
		break;
	case DEEPGRAM_ERROR:
		memcpy(s->code, e->code, sizeof(s->code));
		stream_end(s, ERR_UNAVAILABLE);
		break;
	case DEEPGRAM_CONNECTED:
	case DEEPGRAM_OTHER:
		break;
	}
}

void hear_message(struct stt_stream *s, const void *data, size_t len)
{
	struct deepgram_event e;
	enum err err = deepgram_read(data, len, &e);

	if (err) {
		stream_end(s, err);
		return;
	}
	if (!s->request[0])
		memcpy(s->request, e.request, sizeof(s->request));
	event_hear(s, &e);
}

/* A handshake that was answered by something else than a socket. */
static enum err status_err(unsigned int status)
{
	switch (status) {
	case 400: return ERR_USAGE;
	case 401:
	case 402:
	case 403: return ERR_DENIED;
	case 429: return ERR_BUSY;
	default: return ERR_UNAVAILABLE;
	}
}

static enum err code_err(uint16_t code)
{
	switch (code) {
	case 1002:
	case 1003:
	case 1007:
	case 1008: return ERR_USAGE;
	case 1009: return ERR_LIMIT;
	case 1011:
	case 1012:
	case 1013: return ERR_UNAVAILABLE;
	default: return ERR_CLOSED;
	}
}

/* The reason tells more than the number, which changed over the years. */
enum err hear_end(const struct websocket_end *end)
{
	if (end->http_status && end->http_status != 101)
		return status_err(end->http_status);
	if (end->err)
		return end->err;
	if (!strncmp(end->reason, "DATA-", 5))
		return ERR_USAGE;
	if (!strncmp(end->reason, "NET-0001", 8))
		return ERR_TIMEOUT;
	if (!strncmp(end->reason, "NET-", 4))
		return ERR_UNAVAILABLE;
	return code_err(end->code);
}

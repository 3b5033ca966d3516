/* What the vendor's messages mean: transcripts, and why a stream ended. Each message is told as at most one transcript, last of all. */
#include <string.h>

#include "base/num.h"
#include "providers/sarvam/sarvam_stt_state.h"

enum { SAMPLES_MS = 8 };

/* ------------------------------------------------------------------ places */

/* Outside numbers: never beyond what was pushed. */
static uint64_t place_of(const struct stt_stream *s, uint64_t us)
{
	return num_min((us * SAMPLES_MS + 500) / 1000, s->pushed);
}

/* The first word of an utterance, whichever message brings it: it began a little before. */
static void utterance_hear(struct stt_stream *s, const struct sarvam_stt_event *e)
{
	if (s->in_utterance && e->utterance <= s->utterance)
		return;
	s->in_utterance = true;
	s->utterance = e->utterance;
	s->from = num_max(s->final_to, num_over(s->sent, SARVAM_START_LAG_MS * SAMPLES_MS));
	s->to = 0;
}

/* Whether an utterance has its final already; one without a number has none. */
static bool is_over(const struct stt_stream *s, const struct sarvam_stt_event *e)
{
	return e->has_utterance && e->utterance < s->final_next;
}

/* ------------------------------------------------------------------ transcripts */

static void partial_hear(struct stt_stream *s, const struct sarvam_stt_event *e)
{
	if (is_over(s, e))
		return;
	utterance_hear(s, e);
	s->events.transcript(s->arg, TRANSCRIPT_PARTIAL, e->text, e->len, s->from, num_max(s->from, s->sent));
}

/* The vendor's times, where they can be what they should be: some count from the utterance's own beginning. */
static void final_place(const struct stt_stream *s, const struct sarvam_stt_event *e, uint64_t *from, uint64_t *to)
{
	*from = s->in_utterance ? s->from : s->final_to;
	*to = num_max(*from, s->in_utterance && s->to ? s->to : s->sent);
	if (e->has_times && place_of(s, e->from_us) >= s->final_to) {
		*from = place_of(s, e->from_us);
		*to = place_of(s, e->to_us);
	}
}

static void final_hear(struct stt_stream *s, const struct sarvam_stt_event *e)
{
	uint64_t from, to;

	final_place(s, e, &from, &to);
	s->final_to = num_max(s->final_to, to);
	if (e->has_utterance)
		s->final_next = num_max32(s->final_next, e->utterance + 1);
	if (!e->has_utterance || e->utterance >= s->utterance)
		s->in_utterance = false;
	s->events.transcript(s->arg, TRANSCRIPT_FINAL, e->text, e->len, from, to);
}

/* ------------------------------------------------------------------ messages, and the end */

/* One that ends nothing: once a stream, however often it comes. */
static void warning_log(struct stt_stream *s, const struct sarvam_stt_event *e)
{
	if (!s->has_warned)
		log_warn(&s->v->options.log, "the recogniser warns", LOG_TEXT("code", e->code), LOG_TEXT("request", s->request));
	s->has_warned = true;
}

static void error_hear(struct stt_stream *s, const struct sarvam_stt_event *e)
{
	if (!e->is_fatal) {
		warning_log(s, e);
		return;
	}
	memcpy(s->code, e->code, sizeof(s->code));
	sarvam_stream_end(s, e->err);
}

static void event_hear(struct stt_stream *s, const struct sarvam_stt_event *e)
{
	switch (e->kind) {
	case SARVAM_STT_SPEECH:
		if (!is_over(s, e))
			utterance_hear(s, e);
		break;
	case SARVAM_STT_SILENCE:
		if (s->in_utterance && e->utterance == s->utterance)
			s->to = s->sent;
		break;
	case SARVAM_STT_PARTIAL: partial_hear(s, e); break;
	case SARVAM_STT_FINAL: final_hear(s, e); break;
	case SARVAM_STT_ERROR: error_hear(s, e); break;
	case SARVAM_STT_END: sarvam_stream_end(s, ERR_CLOSED); break;
	case SARVAM_STT_BEGIN:
	case SARVAM_STT_OTHER: break;
	}
}

void sarvam_hear_message(struct stt_stream *s, const void *data, size_t len)
{
	struct sarvam_stt_event e;
	enum err err = sarvam_stt_read(data, len, &e);

	if (err) {
		sarvam_stream_end(s, err);
		return;
	}
	if (!s->request[0])
		memcpy(s->request, e.request, sizeof(s->request));
	event_hear(s, &e);
}

/* Alone, without an error before it: 1003 is the key, the quota or too many; 4000 a wrong word of ours, or a vendor that is away. */
static enum err code_err(uint16_t code)
{
	switch (code) {
	case 1002:
	case 1007: return ERR_USAGE;
	case 1003: return ERR_DENIED;
	case 1009: return ERR_LIMIT;
	case 1011:
	case 1012:
	case 1013:
	case 4000: return ERR_UNAVAILABLE;
	default: return ERR_CLOSED;
	}
}

enum err sarvam_hear_end(const struct websocket_end *end)
{
	if (end->http_status && end->http_status != 101)
		return sarvam_status_err(end->http_status);
	return end->err ? end->err : code_err(end->code);
}

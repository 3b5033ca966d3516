/* What a session tells the log: that a call began, was taken over, ended, and what went wrong with those it needs. Written for
 * an operator: figures, never a word that was said, a number, a key or a model's text. Once for each thing that happens to a
 * call, nothing for a frame, a chunk or a step: what fails again and again is told the first time and when it is over. */
#include "voice/session/session_state.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "voice/journal/journal.h"

static const struct {
	const char *name, *doing;
} needs[RETRY_WHATS] = {
	[RETRY_MODEL] = { "model", "waiting for the model's answer" },
	[RETRY_VOICE] = { "voice", "making the agent's voice" },
	[RETRY_RECOGNISER] = { "recogniser", "listening to the caller" },
	[RETRY_PLAY] = { "carrier", "playing to the caller" },
};

static const char *failure_name(enum failure why)
{
	switch (why) {
	case FAILED_DIED: return "died";
	case FAILED_BUSY: return "busy";
	case FAILED_GARBAGE: return "garbage";
	case FAILED_REFUSED: return "refused";
	}
	return "unknown";
}

void session_log_init(struct session *s)
{
	s->log = (struct log){ .plane = "voice", .doing = "opening the call" };
	if (s->io.log_call) {
		snprintf(s->log_call, sizeof(s->log_call), "%s", s->io.log_call);
		s->log.call = s->log_call;
	} else if (s->io.journal) {
		id128_print(journal_call_id(s->io.journal), s->log_call);
		s->log.call = s->log_call;
	}
}

void session_log_opened(const struct session *s)
{
	log_info(&s->log, "the call is open", LOG_TEXT("direction", s->io.direction == CALL_OUTBOUND ? "outbound" : "inbound"),
		LOG_BOOL("journal", s->io.journal != NULL), LOG_BOOL("audio", session_records_audio(s)));
}

void session_log_attached(const struct session *s, const char *message, uint64_t missed_samples)
{
	log_info(&s->log, message, LOG_UINT("at_ms", session_now(s) / 1000), LOG_UINT("turn", call_turn(s->call)),
		LOG_UINT("missed_ms", missed_samples * 1000 / CALL_RATE_HZ), LOG_BOOL("over", s->told_end_us != 0));
}

void session_log_ended(const struct session *s)
{
	const struct session_usage *u = &s->usage;

	log_info(&s->log, "the call has ended", LOG_TEXT("reason", end_reason_name(s->reason)), LOG_UINT("at_ms", session_over_us(s) / 1000),
		LOG_UINT("connected_ms", session_connected_us(s) / 1000), LOG_UINT("turns", call_turn(s->call)), LOG_UINT("steps", u->steps),
		LOG_UINT("stt_ms", u->stt_ms), LOG_UINT("tts_characters", u->tts_characters), LOG_UINT("model_requests", u->model_requests),
		LOG_UINT("model_tokens", u->model_tokens), LOG_UINT("tool_calls", u->tool_calls), LOG_UINT("wasted_tokens", u->wasted_tokens),
		LOG_UINT("masked_values", redact_map_count(masker_map(s->masker))),
		LOG_UINT("audio_lost_ms", u->audio_lost_samples * 1000 / CALL_RATE_HZ));
}

/* ------------------------------------------------------------------ those it needs */

/* The first of a row of failures, or one more of them. */
static void trouble(struct session *s, enum retry_what what, const char *message, const struct log_field *field)
{
	struct log log = s->log;

	log.doing = needs[what].doing;
	if (s->trouble[what]++)
		log_debug(&log, message, LOG_TEXT("what", needs[what].name), *field);
	else
		log_warn(&log, message, LOG_TEXT("what", needs[what].name), *field);
}

void session_log_failed(struct session *s, enum retry_what what, enum err why)
{
	trouble(s, what, "a provider failed", &LOG_ERR(why));
}

void session_log_model_failed(struct session *s, enum failure why)
{
	trouble(s, RETRY_MODEL, "a provider failed", &LOG_TEXT("error", failure_name(why)));
}

void session_log_withheld(const struct session *s, size_t texts)
{
	struct log log = s->log;

	log.doing = "asking the model";
	log_warn(&log, "there is more personal data in a text than can be masked: the model does not see it", LOG_UINT("texts", texts));
}

void session_log_well(struct session *s, enum retry_what what)
{
	struct log log = s->log;

	log.doing = needs[what].doing;
	log_info(&log, "a provider is well again", LOG_TEXT("what", needs[what].name), LOG_UINT("failures", s->trouble[what]));
	s->trouble[what] = 0;
}

/* The word for what went wrong, of {"error": "no_answer", …}: the conductor's own or none. */
static void failure_read(const char *text, size_t len, char *why, size_t size)
{
	static const char head[] = "{\"error\":\"";
	size_t i, from = sizeof(head) - 1;

	*why = 0;
	if (len < from || memcmp(text, head, from) != 0)
		return;
	for (i = 0; from + i < len && i + 1 < size && (text[from + i] == '_' || islower((unsigned char)text[from + i])); i++)
		why[i] = text[from + i];
	why[from + i < len && text[from + i] == '"' ? i : 0] = 0;
}

void session_log_tool(const struct session *s, uint32_t turn, uint32_t index, enum tool_status status, const char *text, size_t len)
{
	struct log log = s->log;
	char why[32];

	log.doing = "running a tool";
	failure_read(text, len, why, sizeof(why));
	if (status == TOOL_UNKNOWN)
		log_warn(&log, "a tool's outcome is not known", LOG_UINT("turn", turn), LOG_UINT("index", index));
	else
		log_warn(&log, "a tool failed", LOG_UINT("turn", turn), LOG_UINT("index", index), LOG_TEXT("why", why));
}

void session_log_note(struct session *s, const struct call_output *out)
{
	struct log log = s->log;

	if (out->index >= RETRY_WHATS)
		return;
	if (out->kind == NOTE_RETRY)
		trouble(s, (enum retry_what)out->index, "another attempt is made", &LOG_UINT("attempt", out->number));
	if (out->kind != NOTE_FAILED)
		return;
	log.doing = needs[out->index].doing;
	log_warn(&log, "it was given up: the caller hears an apology, or less than was meant", LOG_TEXT("what", needs[out->index].name));
}

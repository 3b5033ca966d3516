/* What a session writes into the journal: steps, events, meters, both tracks, its first and last records. Decides nothing but
 * what belongs together in one record; what the journal refuses is counted, and marked as a gap before the next audio. */
#include "voice/session/session_state.h"

#include <string.h>

#include "base/num.h"
#include "voice/journal/journal.h"

static bool append(struct session *s, uint8_t kind)
{
	if (s->record.err)
		return false;
	return journal_append(s->io.journal, kind, s->record.data, s->record.len, s->io.now_us(s->io.arg)) == ERR_NONE;
}

_Static_assert(JOURNAL_OWED_MAX >= 7 + LEDGER_OWED + LEDGER_UTTERANCES + LEDGER_ANSWERS + 2, "seven meters, the ledger, the connected time and the end all wait for a full disk");

/* What says how the call ended waits for room, if need be: nothing comes behind it that could say it again. */
static bool append_last(struct session *s, uint8_t kind)
{
	if (s->record.err)
		return false;
	return journal_append_owed(s->io.journal, kind, s->record.data, s->record.len, s->io.now_us(s->io.arg)) == ERR_NONE;
}

/* ------------------------------------------------------------------ steps, events */

void session_write_steps(struct session *s)
{
	if (!s->steps.count)
		return;
	if (s->io.journal && !s->steps.bytes.err && s->sabotage != SESSION_GUARD_N5)
		(void)!journal_append(s->io.journal, RECORD_STEPS, s->steps.bytes.data, s->steps.bytes.len, s->io.now_us(s->io.arg));
	steps_clear(&s->steps);
}

bool session_write_event(struct session *s, const struct record_event *event)
{
	if (s->io.event)
		s->io.event(s->io.arg, event);
	if (!s->io.journal || s->sabotage == SESSION_GUARD_N5)
		return true;
	buf_reset(&s->record);
	record_event_encode(event, &s->record);
	return append(s, JOURNAL_EVENT);
}

static bool note_is_told(uint32_t note)
{
	return note != NOTE_HOLD && note != NOTE_RESUME && note != NOTE_RELEASE;
}

/* What the agent ended the call with; which of the model's tools ends one, the core's brief says. */
static void outcome_keep(struct session *s, const struct call_input *in)
{
	const struct brief *brief = call_get_brief(s->call);
	int tool = brief_tool_find(brief, in->name, in->name_len);

	if (tool < 0 || !brief->tools[tool].ends)
		return;
	buf_reset(&s->outcome);
	buf_append(&s->outcome, in->text, in->text_len);
}

static void outcome_put(struct session *s, const struct record_event *ending)
{
	struct record_event e = { .kind = EVENT_OUTCOME, .at_us = ending->at_us, .turn = ending->turn, .text = (const char *)s->outcome.data,
		.text_len = s->outcome.len };

	if (!e.text_len || s->outcome.err)
		return;
	(void)record_event_outcome(&e, s->named, sizeof(s->named));
	(void)session_write_event(s, &e);
}

/* What was named for a machine is not what the call comes to with a person. */
static void outcome_withdraw(struct session *s, const struct record_event *answered)
{
	static const char none[] = "{\"outcome\":\"\"}";
	struct record_event e = { .kind = EVENT_OUTCOME, .at_us = answered->at_us, .turn = answered->turn, .text = none, .text_len = sizeof(none) - 1 };

	if (answered->index == ANSWERED_PERSON && (answered->number == ANSWERED_WORDS || answered->number == ANSWERED_CARRIER))
		(void)session_write_event(s, &e);
}

/* The call goes on with the recogniser that there is; people are told why it understands little. */
static void unheard_put(struct session *s, const struct record_event *note)
{
	char language[BRIEF_LANGUAGE_MAX];
	struct record_event e = { .kind = EVENT_UNHEARD, .at_us = note->at_us, .turn = note->turn, .text = language };

	e.text_len = num_min(note->text_len, sizeof(language) - 1);
	memcpy(language, note->text, e.text_len);
	language[e.text_len] = '\0';
	if (!s->io.stt->hears || s->io.stt->hears(s->io.stt_vendor, language))
		return;
	log_warn(&s->log, "no recogniser of this call hears the language that it goes on in", LOG_TEXT("language", language));
	(void)session_write_event(s, &e);
}

void session_write_note(struct session *s, const struct call_output *out, uint64_t at_us)
{
	struct record_event e = { .kind = EVENT_NOTE, .code = out->kind, .at_us = at_us, .turn = out->turn, .index = out->index,
		.number = out->number, .position = out->position, .text = out->text, .text_len = out->text_len };

	if (out->kind == NOTE_ENDING && out->index == END_AGENT)
		outcome_put(s, &e);
	if (out->kind == NOTE_ANSWERED)
		outcome_withdraw(s, &e);
	if (note_is_told(out->kind))
		(void)session_write_event(s, &e);
	if (out->kind == NOTE_LANGUAGE)
		unheard_put(s, &e);
}

/* What the timeline learns from an input itself: a final, a tool's result. */
static void input_put(struct session *s, const struct call_input *in)
{
	struct record_event e = { .at_us = in->at_us, .turn = call_turn(s->call), .index = in->index, .text = in->text, .text_len = in->text_len };

	if (in->type == IN_TOOL_RESULT) {
		e.kind = EVENT_TOOL_RESULT;
		e.turn = in->turn;
		e.code = in->kind;
	} else {
		e.kind = EVENT_FINAL;
		e.number = in->position;
		e.position = in->position2;
	}
	(void)session_write_event(s, &e);
}

static bool is_final(const struct call_input *in)
{
	return in->type == IN_TRANSCRIPT && in->kind != TRANSCRIPT_PARTIAL && in->text_len;
}

void session_write_step(struct session *s, const struct call_outputs *outputs)
{
	if (!s->io.journal)
		return;
	steps_put(&s->steps, &s->in, outputs);
	if (s->in.type == IN_MODEL_TOOL)
		outcome_keep(s, &s->in);
	if (is_final(&s->in) || s->in.type == IN_TOOL_RESULT)
		input_put(s, &s->in);
}

/* ------------------------------------------------------------------ meters */

static bool meter_put(struct session *s, enum meter meter, uint64_t amount)
{
	struct record_meter r = { .at_us = session_now(s), .meter = (uint32_t)meter, .amount = amount };

	buf_reset(&s->record);
	record_meter_encode(&r, &s->record);
	return s->state == FINISHED ? append_last(s, JOURNAL_METER) : append(s, JOURNAL_METER);
}

/* What the journal refuses is metered with what comes next; at the end it waits. */
static void meter_more(struct session *s, enum meter meter, uint64_t total, uint64_t *metered)
{
	if (total > *metered && meter_put(s, meter, total - *metered))
		*metered = total;
}

/* Not s->record: a provider may tell while another record lies in that. */
bool session_write_usage(struct session *s, const struct record_usage *record)
{
	uint64_t now_us = s->io.now_us(s->io.arg);

	if (!s->io.journal)
		return true;
	buf_reset(&s->used);
	record_usage_encode(record, &s->used);
	if (s->used.err)
		return false;
	if (s->state == FINISHED)
		return journal_append_owed(s->io.journal, JOURNAL_METER, s->used.data, s->used.len, now_us) == ERR_NONE;
	return journal_append(s->io.journal, JOURNAL_METER, s->used.data, s->used.len, now_us) == ERR_NONE;
}

void session_write_meters(struct session *s)
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
	ledger_settle(&s->ledger, s->state == FINISHED);
}

/* ------------------------------------------------------------------ audio */

bool session_records_audio(const struct session *s)
{
	return s->io.journal && s->io.record_audio;
}

/* The caller's sound so far, with what is missing before it. What the journal refuses is missing before the next. */
static void group_flush(struct session *s)
{
	struct record_caller r = { .at_us = session_now(s), .position = s->position - s->group_samples, .gap_samples = s->gap_owed,
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

void session_write_gap(struct session *s, uint64_t samples, enum record_gap_why why)
{
	if (!session_records_audio(s) || s->sabotage == SESSION_GUARD_N4)
		return;
	if (s->group_samples || (s->gap_owed && s->gap_why != why))
		group_flush(s);
	s->gap_owed += samples;
	s->gap_why = why;
}

void session_write_caller(struct session *s, const uint8_t *ulaw, size_t samples)
{
	while (samples) {
		size_t room = GROUP_SAMPLES - s->group_samples, n = samples < room ? samples : room;

		memcpy(s->group + s->group_samples, ulaw, n);
		s->group_samples += n;
		session_position_move(s, n);
		ulaw += n;
		samples -= n;
		if (s->group_samples == GROUP_SAMPLES)
			group_flush(s);
	}
}

void session_write_agent(void *arg, const struct mouth_frames *f)
{
	struct session *s = arg;
	struct record_agent r = { .at_us = session_now(s), .utterance = f->utterance, .take = f->take, .start_us = f->start_us,
		.position = f->position, .padding = (uint32_t)f->padding, .lost = s->agent_lost, .ulaw = f->ulaw, .samples = f->ulaw ? f->samples : 0 };

	if (!session_records_audio(s) || !f->ulaw)
		return;
	buf_reset(&s->record);
	record_agent_encode(&r, &s->record);
	s->agent_lost = !append(s, JOURNAL_AUDIO_AGENT);
	if (s->agent_lost)
		s->usage.audio_lost_samples += f->samples;
}

void session_write_played(struct session *s, enum played_what what, const struct mark *mark)
{
	struct record_played r = { .at_us = what == PLAYED_STARTED ? s->media_us : session_now(s), .what = (uint32_t)what };

	if (!session_records_audio(s))
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

/* ------------------------------------------------------------------ begin and end */

void session_write_start(struct session *s, const struct call_settings *settings, const struct brief *brief)
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
	if (!append(s, JOURNAL_START))
		log_error(&s->log, "the journal refuses the call's beginning: it cannot be replayed");
	buf_fini(&settings_bytes);
}

void session_write_attach(struct session *s, const void *snapshot, size_t len)
{
	struct record_start r = { .at_us = session_now(s), .wall_us = s->io.wall_us + session_now(s), .direction = (uint32_t)s->io.direction,
		.records_audio = s->io.record_audio, .snapshot = snapshot, .snapshot_len = len, .outcome = s->io.outcome,
		.outcome_len = s->io.outcome ? strlen(s->io.outcome) : 0 };

	if (!s->io.journal)
		return;
	buf_reset(&s->record);
	record_start_encode(&r, &s->record);
	if (!append(s, JOURNAL_ATTACH))
		log_error(&s->log, "the journal refuses the taking over: it cannot be replayed from here");
}

void session_write_snapshot(struct session *s)
{
	if (s->io.journal)
		(void)append(s, JOURNAL_SNAPSHOT);
}

void session_write_waiting(struct session *s)
{
	if (!s->io.journal)
		return;
	if (session_records_audio(s))
		group_flush(s);
	session_write_steps(s);
	session_write_meters(s);
}

void session_write_end(struct session *s)
{
	struct record_end r = { .at_us = session_over_us(s), .reason = (uint32_t)s->reason, .media_us = s->media_us, .media = s->media,
		.connected_us = session_connected_us(s), .turns = call_turn(s->call), .steps = s->usage.steps };

	if (!s->io.journal)
		return;
	session_write_waiting(s);
	if (s->sabotage != SESSION_GUARD_N3)
		(void)meter_put(s, METER_CONNECTED_MS, r.connected_us / 1000);
	buf_reset(&s->record);
	record_end_encode(&r, &s->record);
	if (!append_last(s, JOURNAL_END))
		log_error(&s->log, "the journal refuses the call's end: it will look as if it went on");
}

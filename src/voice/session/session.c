/* The shell around a call's core: one input in, its outputs carried out, one after the other. What they are carried out by
 * stands beside it: session_caller.c (the caller's audio, the recogniser), session_model.c (the model, tools), session_speech.c
 * (voices, the mouth), session_journal.c (what is written), session_attach.c (opening, taking over, closing),
 * session_take.c (numbers that nobody may know).
 *
 * `busy` is the whole of its concurrency: while a step is carried out, whatever adapters say is encoded into `queue` and
 * stepped when that step is over. All times here are the call's own; only io knows the machine's.
 *
 *   LIVE ──OUT_HANGUP: all is cancelled but running tools──► LINGER ──they answered, or time is up: END──► FINISHED
 *                                                                          next wake-up: io.ended ──► TOLD
 */
#include "voice/session/session_state.h"

#include <string.h>

#include "audio/tone.h"
#include "base/wire.h"

enum { FLUSH_WAKE_US = 50000 };

/* ------------------------------------------------------------------ inputs */

uint64_t session_now(const struct session *s)
{
	return s->io.now_us(s->io.arg) - s->zero_us;
}

struct call_input *session_input(struct session *s, enum input_type type)
{
	memset(&s->in, 0, offsetof(struct call_input, words));
	s->in.word_count = 0;
	s->in.type = type;
	s->in.at_us = session_now(s);
	return &s->in;
}

size_t session_text_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

void session_input_text(struct call_input *in, const char *text, size_t len)
{
	in->text = text;
	in->text_len = session_text_cut(text, len, INPUT_TEXT_MAX);
}

/* ------------------------------------------------------------------ outputs */

static void carry_note(struct session *s, const struct call_output *out, uint64_t at_us)
{
	if (out->kind == NOTE_DISCARD)
		session_wasted(s, out);
	session_usage_note(s, out);
	if (out->kind == NOTE_RETRY || out->kind == NOTE_FAILED)
		session_log_note(s, out);
	session_write_note(s, out, at_us);
}

static void carry(struct session *s, const struct call_outputs *outputs, size_t i, uint64_t at_us)
{
	const struct call_output *out = &outputs->items[i];

	switch (out->type) {
	case OUT_LISTEN: session_listen(s, out); break;
	case OUT_FINALIZE: session_finalize(s, out); break;
	case OUT_SPEAK: session_speak(s, out); break;
	case OUT_UNSPEAK:
		session_voices_cancel(s, out->utterance, false);
		mouth_forget(s->mouth, out->utterance);
		break;
	case OUT_TRIM:
		session_voices_cancel(s, out->utterance, false);
		mouth_trim(s->mouth, out->utterance, (uint32_t)out->position);
		break;
	case OUT_PLAY:
		mouth_play(s->mouth, out->utterance, out->take, (uint32_t)out->position);
		session_asked(s, out->utterance);
		break;
	case OUT_HOLD: session_hold(s); break;
	case OUT_ASK: session_ask(s, out); break;
	case OUT_CANCEL: session_asks_cancel(s, out->gen, false); break;
	case OUT_TOOL: session_run_tool(s, out, at_us); break;
	case OUT_RETRIEVE: s->io.tools->retrieve(s->io.conductor, out->number, out->text, out->text_len); break;
	case OUT_SNAPSHOT: session_snapshot(s, outputs, at_us); break;
	case OUT_WAKE: s->wake_us = out->number; break;
	case OUT_HANGUP: session_end(s, (enum end_reason)out->kind); break;
	case OUT_NOTE: carry_note(s, out, at_us); break;
	case OUT_TYPES: break;
	}
}

/* ------------------------------------------------------------------ the step */

/* As far as the session is not parked. */
static void carry_rest(struct session *s)
{
	const struct call_outputs *outputs = &s->carrying.outputs;
	bool plays = false;
	size_t i;

	while (s->carrying.at < outputs->count && !s->parked)
		carry(s, outputs, s->carrying.at++, s->carrying.at_us);
	if (s->parked)
		return;
	for (i = 0; i < outputs->count; i++)
		plays = plays || outputs->items[i].type == OUT_PLAY;
	if (plays)
		session_pump(s); /* no sooner: the same step may take it back */
	if (steps_due(&s->steps, s->carrying.at_us))
		session_write_steps(s);
}

static void step_one(struct session *s)
{
	struct call_outputs outputs;
	enum err err;

	if (s->state == FINISHED || s->state == TOLD)
		return;
	s->usage.steps++;
	session_key_hide(s);
	err = call_step(s->call, &s->in, &outputs);
	if (err) {
		log_error(&s->log, "the core refuses to go on: the call is ended", LOG_ERR(err), LOG_TEXT("input", input_name(s->in.type)));
		session_end(s, END_FAILED);
		return;
	}
	s->stepped = s->in.type;
	session_take_look(s);
	session_write_step(s, &outputs);
	if (s->io.stepped)
		s->io.stepped(s->io.arg, &s->in, &outputs);
	s->carrying.outputs = outputs;
	s->carrying.at = 0;
	s->carrying.at_us = s->in.at_us;
	carry_rest(s);
}

void session_drain(struct session *s)
{
	struct wire_reader r;
	struct wire_field f;
	size_t at = 0;

	while (at < s->queue.len && !s->queue.err && !s->parked) {
		wire_reader_init(&r, s->queue.data + at, s->queue.len - at);
		if (!wire_next(&r, &f) || input_decode(&s->in, f.bytes, f.len))
			break; /* we wrote it: cannot be, and must not spin */
		at = (size_t)(f.bytes + f.len - s->queue.data);
		step_one(s);
	}
	if (s->queue.err) {
		log_error(&s->log, "more happened at once than can wait: the call is ended", LOG_ERR(s->queue.err));
		session_end(s, END_FAILED);
	}
	if (s->parked)
		buf_cut(&s->queue, 0, at);
	else
		buf_reset(&s->queue);
}

void session_feed(struct session *s)
{
	size_t opened;

	if (s->state != LIVE && s->in.type != IN_TOOL_RESULT)
		return;
	if (s->busy) {
		session_key_hide(s);
		opened = wire_open(&s->queue, 1);
		input_encode(&s->in, &s->queue);
		wire_close(&s->queue, opened);
		return;
	}
	s->busy = true;
	step_one(s);
	if (s->queue.len || s->queue.err)
		session_drain(s);
	s->busy = s->parked;
}

/* ------------------------------------------------------------------ parked */

bool session_still(const struct session *s)
{
	return s->state == LIVE && !s->parked && call_still(s->call) && !session_tools_run(s);
}

bool session_park(struct session *s)
{
	static const struct call_outputs nothing = { .count = 0 };

	if (s->state != LIVE || s->parked)
		return false;
	s->parked = true;
	if (s->busy)
		return true;
	s->busy = true;
	s->carrying.outputs = nothing;
	s->carrying.at = 0;
	session_snapshot(s, &nothing, session_now(s));
	if (!s->snapshot_told)
		return true;
	session_unpark(s);
	return false;
}

void session_unpark(struct session *s)
{
	if (!s->parked)
		return;
	s->parked = false;
	carry_rest(s);
	session_drain(s);
	s->busy = s->parked;
	session_settle(s);
}

/* ------------------------------------------------------------------ the end, and the next wake-up */

void session_adapters_cancel(struct session *s)
{
	session_listen_stop(s);
	session_asks_cancel(s, 0, true);
	session_voices_cancel(s, 0, true);
	mouth_reset(s->mouth);
}

void session_end(struct session *s, enum end_reason reason)
{
	if (s->state != LIVE)
		return;
	s->state = LINGER;
	s->reason = reason;
	s->log.doing = "ending the call";
	s->end_us = session_now(s);
	s->wake_us = 0;
	session_adapters_cancel(s);
	if (s->connected || s->deaf)
		s->io.media->end(s->io.socket);
	s->connected = false;
	s->deaf = false;
	mouth_media(s->mouth, NULL, NULL);
}

uint64_t session_over_us(const struct session *s)
{
	if (s->told_end_us)
		return s->told_end_us;
	return s->state == LIVE ? session_now(s) : s->end_us;
}

uint64_t session_connected_us(const struct session *s)
{
	uint64_t end = session_over_us(s), packet_us = s->mark_us > s->lost_us ? s->mark_us : s->lost_us;

	if (s->lost_us && packet_us < end && !(s->state != LIVE && s->reason == END_CALLER))
		end = packet_us; /* the carrier counts no further than its last packet, unless it told of a later end itself */
	return s->media && end > s->media_us ? end - s->media_us : 0;
}

static void finish(struct session *s)
{
	session_tools_cancel(s);
	s->state = FINISHED;
	session_write_end(s);
	session_log_ended(s);
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
	next = session_deaf_us(s);
	at = next < at ? next : at;
	next = s->steps.count ? s->steps.due_us + FLUSH_WAKE_US : UINT64_MAX;
	return next < at ? next : at;
}

/* Only an earlier wake-up is worth asking for: one that comes too early costs less. */
void session_settle(struct session *s)
{
	uint64_t now_us, at;

	if (s->busy)
		return;
	now_us = session_now(s);
	if (s->state == LINGER && (!session_tools_run(s) || now_us >= s->end_us + SESSION_LINGER_MS * 1000ULL))
		finish(s);
	at = earliest(s, now_us);
	if (at >= s->armed_us)
		return;
	s->armed_us = at;
	s->io.wake(s->io.arg, s->zero_us + at);
}

void session_woken(struct session *s)
{
	uint64_t now_us = session_now(s);

	s->armed_us = UINT64_MAX;
	if (s->state == FINISHED) {
		s->state = TOLD;
		s->io.ended(s->io.arg, s->reason);
		return; /* it may be gone */
	}
	if (s->state == LIVE && s->wake_us && now_us >= s->wake_us) {
		s->wake_us = 0;
		session_input(s, IN_TIMER);
		session_feed(s);
	}
	session_deaf_check(s, now_us);
	if (s->state == LIVE)
		session_pump(s);
	if (steps_due(&s->steps, now_us))
		session_write_steps(s);
	session_settle(s);
}

/* ------------------------------------------------------------------ what happens to a call */

void session_tell(struct session *s, enum input_type type)
{
	session_input(s, type);
	session_feed(s);
	session_settle(s);
}

void session_prepare(struct session *s)
{
	s->log.doing = "preparing while the phone rings";
	session_tell(s, IN_PREPARE);
}

void session_hangup(struct session *s)
{
	session_tell(s, IN_HANGUP);
}

void session_voice(struct session *s, uint64_t position, uint16_t level)
{
	struct call_input *in;

	session_heard(s, session_now(s));
	pauses_hear(&s->pauses, position, VOICE_CHUNK_SAMPLES, level < call_get_settings(s->call)->vad_off);
	in = session_input(s, IN_VOICE);
	in->position = position;
	in->number = level;
	session_feed(s);
	session_settle(s);
}

void session_played(struct session *s, const struct mark *mark)
{
	struct call_input *in;

	if (s->state != LIVE)
		return;
	if (s->connected || s->deaf)
		s->mark_us = session_now(s);
	session_well(s, RETRY_PLAY);
	session_write_played(s, PLAYED_MARK, mark);
	in = session_input(s, IN_PLAYED);
	in->utterance = mark->utterance;
	in->take = mark->take;
	in->position = mark->samples;
	session_feed(s);
	session_settle(s);
}

void session_digit(struct session *s, char digit)
{
	session_input(s, IN_DIGIT)->number = (unsigned char)digit;
	session_feed(s);
	session_settle(s);
}

void session_tone(struct session *s, const struct tone_event *tone)
{
	struct call_input *in;

	if (session_take_mutes(s))
		return; /* half of a key's */
	in = session_input(s, IN_TONE);
	in->kind = tone->is_network ? TONE_NETWORK : TONE_SINGLE;
	in->number = tone->hz;
	in->position = tone->start_sample;
	in->position2 = tone->end_sample;
	session_feed(s);
	session_settle(s);
}

void session_order(struct session *s, enum order order, const char *text, size_t len)
{
	struct call_input *in = session_input(s, IN_ORDER);

	in->kind = (uint32_t)order;
	session_input_text(in, text, len);
	session_feed(s);
	session_settle(s);
}

void session_knowledge(struct session *s, uint64_t query, const char *text, size_t len)
{
	struct call_input *in = session_input(s, IN_KNOWLEDGE);

	in->number = query;
	session_input_text(in, text, len);
	session_feed(s);
	session_settle(s);
}

/* ------------------------------------------------------------------ for its owner */

bool session_ended(const struct session *s)
{
	return s->state != LIVE;
}

void session_usage(const struct session *s, struct session_usage *usage)
{
	*usage = s->usage;
	usage->connected_ms = session_connected_us(s) / 1000;
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
	if (guard == SESSION_GUARD_PII)
		masker_sabotage(s->masker);
}

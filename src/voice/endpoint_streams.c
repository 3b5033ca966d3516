/* Recogniser streams, and voice that no words come of.
 *
 * One stream is in force; a dead or mute one is replaced, from the end of the last final on, so that no word is lost and none comes twice.
 *
 *   none ──quiet_start: endpoint_listen──► OPEN ──endpoint_down: replace · endpoint_timer (TIMER_STT): replace──► DOWN
 *                                          ▲ ▲  └─ endpoint_attached: endpoint_listen, a new one ──► OPEN           │
 *                                          │ └───────── endpoint_timer (TIMER_STT_RETRY): endpoint_listen ─────────┤
 *                                          └─────────── endpoint_transcript: it speaks after all ──────────────────┘
 *
 *   OPEN ──endpoint_timer (TIMER_NOISE): noise_due: renew──► OPEN, a new one: it has said nothing at all to a voice, of which the agent says that he did
 *   not catch it. Has the new one words in it, they are the answer.
 *
 * endpoint_timer (endpoint.c) leaves these timers to endpoint_stream_timer. TIMER_NOISE runs when there was voice and are no words (endpoint_noise).
 */
#include "voice/call_state.h"

enum { STT_RETRY_MAX_MS = 2000, STT_DOUBLINGS = 10, STT_BACK_SAMPLES = CALL_RATE_HZ / 2, MUTE_VOICE_US = 480000 };

void endpoint_listen(struct call *call, uint64_t from_sample)
{
	struct listen *l = &call->listen;
	struct call_output *out = call_put(call, OUT_LISTEN);

	out->stream = ++l->stream;
	out->position = from_sample;
	language_name(call, call->dialogue.tongue, out);
	l->down = false;
	l->finalizing = false;
	if (call->settings.call_rules >= 4)
		l->news_us = call->now_us;
	call->ear.unworded |= l->partial.len > 0;
	if (l->partial.len && call->settings.call_rules >= 1)
		l->again_us = call->now_us;
	buf_reset(&l->partial);
	timer_stop(call, TIMER_STT_RETRY);
	endpoint_update(call);
}

/* Where a new stream begins: behind the last final, and not long before the voice that nobody has understood yet. What came while the media was
 * away, or its worker died, the ear does not know. */
static uint64_t unfinalised(const struct call *call)
{
	const struct listen *l = &call->listen;
	uint64_t from = num_over(l->voice_sample, STT_BACK_SAMPLES);

	if (l->reopened)
		return l->final_sample;
	if (!l->waiting)
		return call->ear.end_sample;
	return num_max(from, l->final_sample);
}

/* Voice has begun that a final must come for; a recogniser that says nothing to a good deal of it is taken for dead. */
void endpoint_voice(struct call *call, uint64_t position)
{
	struct listen *l = &call->listen;

	if (!l->waiting)
		l->voice_sample = position;
	l->waiting = true;
	if (call->ear.voice_us >= MUTE_VOICE_US && !timer_runs(call, TIMER_STT) && !l->down)
		timer_in(call, TIMER_STT, call->settings.stt_stall_ms - MUTE_VOICE_US / 1000);
}

static void replace(struct call *call)
{
	struct listen *l = &call->listen;
	uint64_t wait = (uint64_t)call->settings.stt_retry_ms << num_min32(l->retries, STT_DOUBLINGS);

	l->retries++;
	l->down = true;
	call_note(call, NOTE_RETRY, RETRY_RECOGNISER, l->retries);
	timer_in(call, TIMER_STT_RETRY, (int64_t)num_min(wait, STT_RETRY_MAX_MS));
}

void endpoint_down(struct call *call, uint32_t stream)
{
	if (stream == call->listen.stream && !call->listen.down)
		replace(call);
}

/* ------------------------------------------------------------------ voice without words */

void endpoint_noise(struct call *call)
{
	const struct ear *ear = &call->ear;

	if (!ear->unworded || endpoint_words(call) || ear->voiced)
		timer_stop(call, TIMER_NOISE);
	else
		timer_set(call, TIMER_NOISE, ear->last_voice_us + (uint64_t)call->settings.turn_noise_ms * 1000);
}

/* The stream has said nothing to the voice, and not even that there were no words in it: it may have died without a sign, and a new one is to hear
 * that voice. Once, until one says something: there are recognisers that live and keep silent on each cough. */
static bool renew(struct call *call)
{
	struct listen *l = &call->listen;

	if (!call->ear.counts_us || l->news_us > call->ear.counts_us || !l->waiting || l->renewed || l->down)
		return false;
	l->renewed = true;
	timer_stop(call, TIMER_STT);
	call_note(call, NOTE_RETRY, RETRY_RECOGNISER, ++l->retries);
	endpoint_listen(call, unfinalised(call));
	return true;
}

/* The agent says that he did not catch it, unless a new stream finds words in it before he does (unheard_drop). */
static void unheard_say(struct call *call)
{
	bool renewed = renew(call);

	call->listen.waiting = false;
	call->listen.reopened = false;
	call_note(call, NOTE_NOISE, 0, call->ear.voice_us);
	dialogue_owed(call);
	speech_phrase(call, SAY_PROMPT, &call->brief.unheard, &call->quiet.unheard_turn);
	call->listen.unheard = renewed ? speech_head(call) : 0;
	dialogue_unbreak(call);
}

static void noise_due(struct call *call)
{
	struct ear *ear = &call->ear;

	if ((call->quiet.lost && call->settings.call_rules >= 4) || answerer_busy(call))
		return; /* it is told when somebody is there again */
	ear->unworded = false;
	if (!guarded(call, GUARD_P10))
		return;
	dialogue_words_changed(call); /* an answer asked ahead, to words that a dead stream took along and no other heard */
	if (!speech_idle(call) || !dialogue_idle(call) || call->quiet.lost || (!quiet_relent(call) && call->quiet.ending))
		return;
	if (again_parted(call)) {
		ear->unworded = true; /* its words have the time that they have behind any goodbye */
		quiet_end_after_all(call, false, false);
		return;
	}
	unheard_say(call);
}

void endpoint_stream_timer(struct call *call, enum timer timer)
{
	if (timer == TIMER_NOISE)
		noise_due(call);
	else if (timer == TIMER_STT_RETRY)
		endpoint_listen(call, unfinalised(call));
	else if (!call->listen.down)
		replace(call); /* TIMER_STT */
}

/* Who speaks: the caller's bursts of voice against the agent's words.
 *
 *   ┌────────┐   c   ┌───────┐   e   ┌──────┐   g   ┌────────┐
 *   │ NOBODY │ ────► │ AGENT │ ────► │ HELD │ ────► │ CALLER │
 *   │        │ ◄──── │       │ ◄──── │      │ ◄──── │        │
 *   └────────┘   d   └───────┘   f   └──────┘   h   └────────┘
 *     ▲ ▲ │              │              │            ▲  ▲ │
 *     │ │ │              └──────────────┼───── g ────┘  │ │
 *     │ └─┼────────────── d ────────────┘               │ │
 *     │   └───────────────────── a ─────────────────────┘ │
 *     └───────────────────────── b ───────────────────────┘
 *
 *   a  voice                                       floor_voice: voiced: burst_open
 *   b  a pause longer than vad.gap_ms · the media  floor_voice · quiet_media_lost, quiet_attached (quiet.c)
 *      is lost, or there again
 *   c  something is ready to be said               speech_advance: play_ready: utterance_play (speech.c)
 *   d  the last of it was played · it is dropped · speech_played: utterance_finish (utterance.c) · speech_drop (by dialogue_turn or
 *      another worker has the call                 quiet_hangup) · speech_attached
 *   e  voice of barge.hold_ms                      floor_voice: voiced: hold: speech_hold
 *   f  barge.resume_ms without voice               floor_resume (TIMER_RESUME): speech_resume
 *   g  enough words, a stop word · a key · from    floor_words · quiet_digit (quiet.c) · floor_voice: voiced; all: floor_yield
 *      HELD alone: voice of barge.yield_ms
 *   h  something is ready while the caller speaks  speech_advance: play_ready (speech.c): it is held from the start (in AGENT it only waits)
 *
 * "Both" is the short time in AGENT while voice has not yet lasted hold_ms. HELD is speech.held; the others follow from
 * ear.burst and speech_audible(). A disclosure (speech_whole) is never held.
 */
#include "voice/call_state.h"

static uint64_t gap_samples(const struct call *call)
{
	return (uint64_t)call->settings.vad_gap_ms * CALL_RATE_HZ / 1000;
}

static void burst_open(struct call *call, uint64_t position)
{
	struct ear *ear = &call->ear;

	ear->burst = true;
	ear->burst_us = num_over(call->now_us, CHUNK_US);
	ear->burst_sample = position;
	ear->voice_us = 0;
	ear->over_agent = speech_audible(call) && speech_left_us(call) > (uint64_t)call->settings.barge_tail_ms * 1000;
}

/* Long enough to be voice, and not a click: so much of it, or a good part of a quarter of a second. */
static bool burst_counts(const struct call *call)
{
	const struct ear *ear = &call->ear;

	return ear->voice_us >= (uint64_t)call->settings.barge_hold_ms * 1000 ||
	       (ear->voice_us > CHUNK_US && call->now_us - ear->burst_us >= 200000);
}

bool floor_caller(const struct call *call)
{
	return call->ear.burst && burst_counts(call);
}

/* The agent is almost done, and the caller began only now: what is said is an answer. */
bool floor_near_end(const struct call *call)
{
	return !speech_idle(call) && !call->ear.over_agent && speech_left_us(call) <= (uint64_t)call->settings.barge_tail_ms * 1000;
}

static void hold(struct call *call)
{
	call_note(call, NOTE_HOLD, speech_head(call), call->ear.voice_us);
	speech_hold(call);
}

static void voiced(struct call *call, uint64_t position)
{
	struct ear *ear = &call->ear;

	if (!ear->burst)
		burst_open(call, position);
	ear->voice_us += CHUNK_US;
	ear->last_voice_us = call->now_us;
	ear->last_voice_sample = position + VOICE_CHUNK_SAMPLES;
	endpoint_voice(call, position);
	ear->unworded = ear->unworded || burst_counts(call);
	if (burst_counts(call) && call->settings.call_rules >= 4)
		ear->counts_us = ear->burst_us;
	if (speech_whole(call))
		return;
	if (burst_counts(call) && speech_audible(call) && !quiet_noisy(call))
		hold(call);
	if (!call->speech.held)
		return;
	timer_in(call, TIMER_RESUME, call->settings.barge_resume_ms);
	if ((ear->voice_us >= (uint64_t)call->settings.barge_yield_ms * 1000 && speech_begun(call)) || !guarded(call, GUARD_P06))
		floor_yield(call, YIELD_LENGTH);
}

void floor_voice(struct call *call, uint64_t level, uint64_t position)
{
	struct ear *ear = &call->ear;
	uint64_t threshold = (uint64_t)(ear->voiced ? call->settings.vad_off : call->settings.vad_on);
	bool was = ear->voiced;

	if (position + VOICE_CHUNK_SAMPLES <= ear->end_sample)
		return; /* heard already */
	ear->voiced = level >= threshold;
	ear->last_chunk_us = call->now_us;
	ear->end_sample = position + VOICE_CHUNK_SAMPLES;
	if (ear->voiced)
		voiced(call, position);
	else if (ear->end_sample - ear->last_voice_sample > gap_samples(call))
		ear->burst = false;
	if (ear->voiced || was)
		endpoint_update(call);
	answerer_voice(call);
}

/* Words that came while the agent speaks or is held. Nods change nothing; the rest yields once it is enough. */
void floor_words(struct call *call, const char *text, size_t len)
{
	bool stop = words_any_in(&call->brief.stops, text, len);
	size_t enough = floor_near_end(call) ? 1 : (size_t)call->settings.barge_words;

	if (speech_idle(call) || speech_whole(call) || speech_unreleased(call) || answerer_holds(call))
		return;
	if (!call->speech.held && !speech_audible(call) && !call->ear.burst)
		return; /* nothing was said over anything: the turn's end decides */
	if (guarded(call, GUARD_P06) && !stop && endpoint_nods(call, text, len))
		return;
	if (stop)
		floor_yield(call, YIELD_STOP);
	else if (words_count(text, len) >= enough)
		floor_yield(call, YIELD_WORDS);
}

void floor_yield(struct call *call, enum yield_why why)
{
	call_note(call, NOTE_YIELD, why, 0);
	again_keep(call);
	call->ear.over_agent = false;
	timer_stop(call, TIMER_RESUME);
	call->quiet.broken = why != YIELD_KEYS && call->settings.call_rules >= 4;
	call->quiet.parted = false;
	speech_drop(call);
	dialogue_yield(call);
	quiet_unend(call);
	quiet_put_off(call);
	answerer_yielded(call);
	endpoint_update(call);
}

void floor_resume(struct call *call)
{
	if (!call->speech.held || call->quiet.lost)
		return;
	if (call->ear.voiced) {
		timer_in(call, TIMER_RESUME, call->settings.barge_resume_ms);
		return;
	}
	call->ear.unworded = false; /* a cough, a nod: nothing was missed */
	speech_resume(call);
	endpoint_update(call);
}

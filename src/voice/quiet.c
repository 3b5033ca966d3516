/* Nobody speaks, the keypad, the call's time, and the end.
 *
 *   ┌───────┐   a   ┌──────────┐   b   ┌──────┐   c   ┌────────┐   f   ┌───────┐
 *   │ RINGS │ ────► │ PREPARED │ ────► │ LIVE │ ────► │ ENDING │ ────► │ ENDED │
 *   └───────┘       └──────────┘       │      │ ◄──── │        │       └───────┘
 *       │                              └──────┘   d   └────────┘         ▲   ▲
 *       │               b               ▲ │ ▲           └─┘ e            │   │
 *       └───────────────────────────────┘ │ │ h   ┌──────┐       i       │   │
 *                                         │ └──── │ LOST │ ──────────────┘   │ j
 *                                         └─────► │      │                   │
 *                                            g    └──────┘    every state ───┘
 *
 *   a  IN_PREPARE: a recogniser, the greeting         input_take (call.c): quiet_start
 *   b  IN_START: the media is there                   input_take (call.c): quiet_start, unless a did that
 *   c  nobody speaks · time is up · an order · the    quiet_due · quiet_timer (TIMER_MAX) · quiet_order · tool_take (tools_commit.c) ·
 *      agent's tool · model or voice fails ·          give_up (dialogue.c), utterance_give_up (utterance.c) ·
 *      behind d, a noise over the last words is over  again_say (again.c), dialogue_unbreak (dialogue.c), noise_due (endpoint_streams.c), quiet_due;
 *                                                     all: quiet_end
 *   d  the caller speaks, and it is not final ·       quiet_words (turn_end), floor_yield (floor.c), quiet_advance: stays ·
 *      what a change came to is known after all,      tool_late (tools.c) ·
 *      or what was read · who was not heard makes a   noise_due (endpoint_streams.c), quiet_due: quiet_relent;
 *      voice without words, once                      all: quiet_unend
 *   e  a final reason takes the place of another      quiet_end
 *   f  all is said, and the recogniser has had its    quiet_advance (listens: TIMER_QUIET) · quiet_timer; both: quiet_hangup
 *      time for the caller's voice · TIMER_END: none
 *      of what is left was sent or played for call.end_ms (quiet_said),
 *      or LAST_WORDS_MS are over
 *   g  the media is lost; ENDING goes on below it     quiet_media_lost
 *   h  another worker has the call                    attached (call.c): quiet_attached
 *   i  no sound came within call.attach_ms            quiet_timer (TIMER_MEDIA): quiet_hangup; also in LIVE and ENDING, behind h, until quiet_sound
 *   j  the caller hangs up · behind d, a noise that   input_take (call.c) · quiet_timer (TIMER_END): put_off_due; both: quiet_hangup
 *      goes on without words for call.end_ms
 * In LIVE, TIMER_QUIET runs while the caller is waited for (quiet_advance sets and stops it) and asks again: quiet_due. Behind a word that came before the
 * agent's question it is the model that goes on, once a question, and sooner (after_ms): he who spoke too early believes that he has answered. So it
 * does when a result is owed of which no request has made an answer: it was given up (dialogue.c: give_up), or thrown away without a turn.
 */
#include "voice/call_state.h"

#include <string.h>

enum {
	SOUND_MS = 2000,      /* as a silent line is taken for lost (session.h) */
	LAST_WORDS_MS = 60000 /* however long they are: the most that call.end_ms can be */
};

void quiet_greet(struct call *call)
{
	const char *greeting = call->brief.greeting;

	speech_say(call, SAY_GREETING, greeting, strlen(greeting), call->brief.greeting_whole);
}

void quiet_start(struct call *call)
{
	struct quiet *q = &call->quiet;

	if (q->prepared)
		return;
	q->prepared = true;
	endpoint_listen(call, 0);
	quiet_greet(call);
	timer_in(call, TIMER_MAX, call->settings.call_max_ms);
}

void quiet_answered(struct call *call)
{
	struct quiet *q = &call->quiet;

	quiet_start(call);
	if (!q->started && speech_idle(call))
		quiet_greet(call); /* its voice failed while the phone rang */
	if (!q->started)
		answerer_begin(call);
	q->started = true;
}

void quiet_words(struct call *call)
{
	call->quiet.prompts = 0;
	call->quiet.breaks = 0;
	call->quiet.broken = false;
	call->quiet.aside = false;
	call->quiet.parted = false;
	quiet_unend(call);
}

/* ------------------------------------------------------------------ the end */

void quiet_end_clock(struct call *call)
{
	call->quiet.end_us = call->settings.call_rules >= 4 ? call->now_us + LAST_WORDS_MS * 1000 : 0;
	timer_in(call, TIMER_END, call->settings.call_end_ms);
}

void quiet_said(struct call *call)
{
	uint64_t due = num_min(call->now_us + (uint64_t)call->settings.call_end_ms * 1000, call->quiet.end_us);

	if (call->quiet.ending && due > call->timers[TIMER_END])
		timer_set(call, TIMER_END, due);
}

void quiet_end(struct call *call, enum end_reason reason, bool final, bool phrase)
{
	struct quiet *q = &call->quiet;
	bool said = q->ending; /* what is queued already is the last that is said */

	if (q->ended || (q->ending && (q->final || !final)))
		return;
	q->ending = true;
	q->final = final;
	q->reason = reason;
	if (final)
		answerer_end(call);
	call_note(call, NOTE_ENDING, reason, 0);
	dialogue_end(call);
	if (phrase && !said && call->brief.goodbye.count)
		speech_say(call, SAY_GOODBYE, call->brief.goodbye.text[0], strlen(call->brief.goodbye.text[0]), final);
	quiet_end_clock(call);
}

void quiet_end_after_all(struct call *call, bool final, bool phrase)
{
	call->quiet.broken = false;
	quiet_end(call, call->dialogue.again_end, final, phrase);
}

void quiet_put_off(struct call *call)
{
	if (again_ends(call))
		timer_in(call, TIMER_END, call->settings.call_end_ms);
}

/* Words are a turn soon, or are taken back. */
static void put_off_due(struct call *call)
{
	if (again_ends(call) && speech_idle(call) && dialogue_idle(call) && !endpoint_words(call))
		quiet_hangup(call, call->dialogue.again_end);
	else
		quiet_put_off(call);
}

bool quiet_noisy(const struct call *call)
{
	return call->settings.call_rules >= 4 && call->quiet.breaks >= BREAKS_MAX;
}

void quiet_unend(struct call *call)
{
	struct quiet *q = &call->quiet;

	if (q->final)
		return;
	q->ending = false;
	q->end_us = 0;
	timer_stop(call, TIMER_END);
}

void quiet_hangup(struct call *call, enum end_reason reason)
{
	struct quiet *q = &call->quiet;
	unsigned int i;

	if (q->ended)
		return;
	speech_drop(call);
	dialogue_end(call);
	q->ended = true;
	q->reason = reason;
	for (i = 0; i < TIMERS; i++)
		timer_stop(call, (enum timer)i);
	call_note(call, NOTE_ENDED, reason, 0);
	call_put(call, OUT_HANGUP)->kind = reason;
}

/* ------------------------------------------------------------------ silence */

static bool waits(const struct call *call)
{
	const struct quiet *q = &call->quiet;

	return q->started && !q->ending && !q->lost && !q->key_count && speech_idle(call) && dialogue_idle(call) && !call->ear.burst &&
	       !endpoint_words(call) && !answerer_busy(call);
}

bool call_waits(const struct call *call)
{
	return waits(call) || (call_takes(call) && speech_idle(call));
}

bool call_still(const struct call *call)
{
	const struct quiet *q = &call->quiet;

	return q->started && !q->ending && !q->ended && !q->lost && !q->key_count && !call->take.open && !speech_begun(call) && !call->ear.voiced &&
	       !floor_caller(call) && !endpoint_words(call);
}

/* Behind a word that was said too early, while a result is owed of whose request no answer came, and where nothing was said to a noise over the last
 * words, because something else was: twice the silence behind a voice that was not understood: whoever begins to answer within a second or two is not
 * spoken over, and with the model's time and the voice's the caller hears no three seconds of silence. */
static int64_t after_ms(const struct call *call)
{
	const struct call_settings *s = &call->settings;
	int64_t aside_ms = 2 * s->turn_noise_ms;

	return (call->quiet.aside || history_unseen(call) || again_ends(call)) && aside_ms < s->quiet_after_ms ? aside_ms : s->quiet_after_ms;
}

/* The caller may take the end back by what he says. */
bool quiet_lets_go(const struct call *call)
{
	return call->settings.call_rules >= 4 && call->quiet.ending && call->quiet.reason == END_QUIET;
}

/* Somebody is there, whatever he says. A second time it may be a television. */
static bool may_relent(const struct call *call)
{
	const struct quiet *q = &call->quiet;
	bool lets_go = again_ends(call) ? call->dialogue.again_end == END_QUIET : quiet_lets_go(call);

	return lets_go && call->settings.call_rules >= 4 && !q->relented && !q->final && !q->lost && !answerer_machine(call);
}

bool quiet_relent(struct call *call)
{
	struct quiet *q = &call->quiet;

	if (!may_relent(call))
		return false;
	q->relented = true;
	q->prompts = 0;
	q->broken = false;
	again_forget(call);
	quiet_unend(call);
	return true;
}

static bool may_stay(const struct call *call)
{
	const struct quiet *q = &call->quiet;

	return call->settings.call_rules >= 4 && !q->final && !q->lost && q->unends < UNENDS_MAX && !answerer_machine(call);
}

/* Voice that the recogniser has not put into words yet: they have their time behind it, and so has the agent who would say that he did not catch it
 * (noise_due). TIMER_END goes on, and is the longest that this can take. */
static bool listens(struct call *call)
{
	const struct call_settings *s = &call->settings;
	const struct ear *ear = &call->ear;
	bool relents = ear->unworded && may_relent(call);
	int64_t ms = relents && s->turn_noise_ms > s->turn_final_wait_ms ? s->turn_noise_ms : s->turn_final_wait_ms;
	uint64_t due = ear->last_voice_us + (uint64_t)ms * 1000;

	if ((!may_stay(call) && !relents) || (!ear->unworded && !ear->burst) || call->now_us >= due)
		return false;
	timer_set(call, TIMER_QUIET, due);
	return true;
}

/* Too few words to interrupt the goodbye are a turn when it is over, unless they are one themselves. */
static bool stays(struct call *call)
{
	struct quiet *q = &call->quiet;

	if (!may_stay(call) || !endpoint_wants(call))
		return false;
	q->unends++;
	quiet_unend(call);
	endpoint_update(call);
	return true;
}

void quiet_advance(struct call *call)
{
	struct quiet *q = &call->quiet;

	if (q->ending && speech_idle(call) && !stays(call)) {
		if (!listens(call))
			quiet_hangup(call, q->reason);
		return;
	}
	q->aside = q->aside && speech_idle(call);
	if (!waits(call))
		timer_stop(call, TIMER_QUIET);
	else if (!timer_runs(call, TIMER_QUIET))
		timer_in(call, TIMER_QUIET, after_ms(call));
}

/* The model has the caller's word and the question behind it, or the result that is owed, and says what is to be said to them. */
static void ask_due(struct call *call)
{
	call->quiet.aside = false;
	call->dialogue.need_answer = true;
	call->dialogue.go_on = false;
}

static void quiet_due(struct call *call)
{
	struct quiet *q = &call->quiet;

	if (!waits(call))
		return;
	if (q->aside || history_unseen(call)) {
		ask_due(call);
		return;
	}
	if (again_ends(call) && !quiet_relent(call)) {
		quiet_end_after_all(call, false, call->dialogue.again.len > 0);
		return;
	}
	if (q->prompts >= (uint32_t)call->settings.quiet_prompts) {
		quiet_end(call, END_QUIET, false, true);
		return;
	}
	call_note(call, NOTE_QUIET, 0, ++q->prompts);
	speech_phrase(call, SAY_PROMPT, &call->brief.prompts, &q->prompt_turn);
}

/* ------------------------------------------------------------------ the keypad */

static void keys_done(struct call *call)
{
	struct quiet *q = &call->quiet;
	char keys[KEYS_MAX];
	uint8_t count = q->key_count;

	timer_stop(call, TIMER_KEYS);
	if (!count)
		return;
	memcpy(keys, q->keys, count);
	q->key_count = 0;
	call_note(call, NOTE_KEYS, 0, count);
	endpoint_keys(call, keys, count);
}

void quiet_digit(struct call *call, uint64_t digit)
{
	struct quiet *q = &call->quiet;
	bool hidden = digit == KEY_HIDDEN && call->take.shut;

	if (call->take.open) {
		take_key(call, digit);
		return;
	}
	if (!hidden && (digit > 'D' || !digit || !strchr("0123456789*#ABCD", (int)digit)))
		return;
	if (hidden)
		take_shut_key(call);
	if (digit == '#' && !call->quiet.key_count && call->settings.call_rules >= 4)
		return; /* it closes an entry that ended by itself, or none */
	if (!speech_idle(call) && !speech_whole(call) && !speech_unreleased(call))
		floor_yield(call, YIELD_KEYS);
	if (digit != '#') {
		dialogue_key(call);
		q->keys[q->key_count++] = (char)digit;
	}
	if (digit == '#' || q->key_count == KEYS_MAX) {
		keys_done(call);
		return;
	}
	timer_in(call, TIMER_KEYS, call->settings.key_gap_ms);
	if (call->settings.call_rules >= 4)
		endpoint_update(call);
}

/* ------------------------------------------------------------------ orders, media, timers */

void quiet_order(struct call *call, const struct call_input *in)
{
	if (in->kind == ORDER_END)
		quiet_end(call, END_ORDER, true, true);
	else if (in->kind == ORDER_SAY)
		speech_say(call, SAY_PROMPT, in->text, in->text_len, false);
	else if (in->kind == ORDER_ANSWERED)
		answerer_told(call, in->text, in->text_len);
}

void quiet_media_lost(struct call *call)
{
	if (call->quiet.lost)
		return;
	call->quiet.lost = true;
	call->ear.burst = false;
	call->ear.voiced = false;
	if (!timer_runs(call, TIMER_MEDIA)) /* it was back, and nothing was heard of it: the time goes on */
		timer_in(call, TIMER_MEDIA, call->settings.call_attach_ms);
	answerer_lost(call);
}

/* Whoever comes back late has a moment for his first sound; who does it again without any has not. */
static void back(struct call *call)
{
	if (!call->quiet.is_back && call->timers[TIMER_MEDIA] < call->now_us + SOUND_MS * 1000)
		timer_in(call, TIMER_MEDIA, SOUND_MS);
	call->quiet.is_back = true;
}

void quiet_attached(struct call *call)
{
	call->quiet.lost = false;
	call->ear.burst = false;
	call->ear.voiced = false;
	if (call->settings.call_rules < 4)
		timer_stop(call, TIMER_MEDIA);
	else if (timer_runs(call, TIMER_MEDIA))
		back(call);
	answerer_attached(call);
}

void quiet_sound(struct call *call)
{
	if (call->quiet.lost)
		return;
	call->quiet.is_back = false;
	timer_stop(call, TIMER_MEDIA);
}

void quiet_timer(struct call *call, enum timer timer)
{
	if (timer == TIMER_QUIET)
		quiet_due(call);
	else if (timer == TIMER_KEYS && call->take.open)
		take_due(call);
	else if (timer == TIMER_KEYS)
		keys_done(call);
	else if (timer == TIMER_MAX)
		quiet_end(call, END_MAX, true, true);
	else if (timer == TIMER_END && !call->quiet.ending)
		put_off_due(call);
	else if (timer == TIMER_END && answerer_holds(call))
		quiet_end_clock(call); /* what is to be said waits for a machine to be done */
	else if (timer == TIMER_END)
		quiet_hangup(call, call->quiet.reason);
	else
		quiet_hangup(call, END_LOST); /* TIMER_MEDIA */
}

/* Who answered a call that we placed: a person, a machine, or what asks for our name on a person's behalf.
 *
 *   ┌──────┐   a   ┌──────┐   b   ┌────────┐   c   ┌──────┐
 *   │ NONE │ ────► │ OPEN │ ────► │ PERSON │ ────► │ NONE │
 *   └──────┘       └──────┘       └────────┘       └──────┘
 *                    │  │ e         d │ ▲ f
 *                  d │  └───────┐     │ │
 *                    ▼          ▼     ▼ │
 *                  ┌─────────┐ e ┌────────┐
 *                  │ MACHINE │──►│ SCREEN │──► PERSON (f), MACHINE (d)
 *                  └─────────┘   └────────┘
 *                   g │ ▲ h
 *                     ▼ │
 *                  ┌─────────┐
 *                  │ LEAVING │──► PERSON (f), the end (i)
 *                  └─────────┘
 *
 *   a  the media is there, the call is ours          quiet_answered (quiet.c): answerer_begin
 *   b  a short opening and amd.human_ms of silence ·  answerer_timer: open_due · answerer_told
 *      nobody speaks · the carrier says so
 *   c  an answer of his · amd.window_ms is over       turn_end (endpoint.c): answerer_answer · answerer_timer
 *   d  a machine's words · a long opening · a tone ·  answerer_words · answerer_voice · answerer_tone · answerer_told; all: machine
 *      the carrier says so
 *   e  our name is asked for, and we have a purpose   answerer_words: screen
 *   f  somebody picks up after all                    answerer_turn, answerer_words, answerer_told: person
 *   g  the tone is over · it is quiet · the carrier   answerer_tone · answerer_timer · answerer_told; all: records
 *   h  it goes on speaking, or beeps only now         answerer_yielded · answerer_tone: again
 *   i  all is said · nothing is to be left · it is    answerer_advance · machine, answerer_tone, answerer_timer: left
 *      never done
 *
 * In OPEN and MACHINE the agent is made and not heard (answerer_holds): the greeting waits for a person to be done with "hello?", the message for
 * the tone. The model is told of a machine, and of a person who comes after all, by an event in the history. Words that the greeting or the message
 * answers stand in the history and are no turn (answerer_turn). A "hello" over the greeting is a nod (answerer_nods).
 */
#include "voice/answers.h"
#include "voice/call_state.h"

#include <string.h>

enum { AGAIN_MAX = 3, TELLINGS_MAX = 3, MOMENT_US = 1000000 };

static const char event_machine[] = EVENT_MACHINE " Say what is to be left on it, and nothing else; then end the call.";
static const char event_person[] = EVENT_PERSON " What was said to the machine was not heard. Greet the person, and begin.";

static uint64_t us_of(int64_t ms)
{
	return (uint64_t)ms * 1000;
}

/* Who picked up late has a moment, too, in which what was said to the machine is over. */
static uint64_t window_us(const struct call *call)
{
	const struct answerer *a = &call->answerer;

	return num_max(a->begun_us + us_of(call->settings.amd_window_ms), a->state_us + MOMENT_US);
}

static void note(struct call *call, enum answered answered, enum answered_why why)
{
	call_note(call, NOTE_ANSWERED, answered, why);
}

/* ------------------------------------------------------------------ what is waited for */

/* When it was last heard, or when listening began (anew). */
static uint64_t silent_since(const struct call *call)
{
	return num_max(call->ear.last_voice_us, call->answerer.state_us);
}

static void open_clock(struct call *call)
{
	const struct answerer *a = &call->answerer;

	if (a->voice_us < us_of(call->settings.barge_hold_ms))
		timer_set(call, TIMER_ANSWERER, silent_since(call) + us_of(call->settings.amd_silence_ms));
	else
		timer_set(call, TIMER_ANSWERER, silent_since(call) + us_of(call->settings.amd_human_ms));
}

static void clock_set(struct call *call)
{
	const struct answerer *a = &call->answerer;
	uint64_t last_us = a->waits_us + us_of(call->settings.amd_wait_ms);

	if (call->quiet.lost)
		timer_stop(call, TIMER_ANSWERER); /* who cannot be heard is not silent */
	else if (a->state == ANSWERER_OPEN)
		open_clock(call);
	else if (a->state == ANSWERER_PERSON)
		timer_set(call, TIMER_ANSWERER, window_us(call));
	else if (a->state == ANSWERER_MACHINE)
		timer_set(call, TIMER_ANSWERER, num_min(last_us, silent_since(call) + us_of(call->settings.amd_quiet_ms)));
	else if (a->state == ANSWERER_SCREEN)
		timer_set(call, TIMER_ANSWERER, last_us);
	else
		timer_stop(call, TIMER_ANSWERER);
}

static void enter(struct call *call, enum answerer_state state)
{
	struct answerer *a = &call->answerer;

	a->state = state;
	a->state_us = call->now_us;
	a->heard_sample = call->ear.end_sample;
	clock_set(call);
}

/* What was being said, asked and ended was for somebody else. */
static void clean(struct call *call)
{
	speech_drop(call);
	dialogue_yield(call);
	quiet_unend(call);
}

/* ------------------------------------------------------------------ the ways */

static void left(struct call *call)
{
	clean(call);
	quiet_end(call, END_MACHINE, true, false);
}

static void tell(struct call *call, const char *event)
{
	history_add(call, BLOCK_EVENT, call_keep_str(call, event));
}

static void machine(struct call *call, enum answered_why why)
{
	struct answerer *a = &call->answerer;

	note(call, ANSWERED_MACHINE, why);
	if (!call->settings.amd_leave || !call->brief.leaves) {
		left(call);
		return;
	}
	clean(call);
	a->by_length = why == ANSWERED_LONG;
	a->toned = false;
	a->waits_us = call->now_us;
	enter(call, ANSWERER_MACHINE);
	tell(call, event_machine);
	call->dialogue.need_answer = true;
}

/* It said that it was done and goes on, or beeps only now: what was said to it is said again, from the beginning. */
static void again(struct call *call)
{
	struct answerer *a = &call->answerer;

	if (a->agains++ >= AGAIN_MAX)
		left(call);
	else
		machine(call, ANSWERED_ON);
}

static void records(struct call *call, enum answered_why why)
{
	note(call, ANSWERED_RECORDS, why);
	enter(call, ANSWERER_LEAVING);
	call->ear.burst = false; /* a tone is no voice that anybody waits for */
	call->ear.voiced = false;
	endpoint_settle(call);
	if (call->quiet.ending)
		quiet_end_clock(call);
}

static void person(struct call *call, enum answered_why why)
{
	bool late = call->answerer.state != ANSWERER_OPEN;

	note(call, ANSWERED_PERSON, why);
	if (late) {
		clean(call);
		tell(call, event_person);
		quiet_greet(call);
	}
	enter(call, ANSWERER_PERSON);
	endpoint_settle(call);
}

static void screen(struct call *call)
{
	struct answerer *a = &call->answerer;

	note(call, ANSWERED_SCREEN, ANSWERED_WORDS);
	clean(call);
	a->tellings = 0;
	a->waits_us = call->now_us;
	enter(call, ANSWERER_SCREEN);
}

/* ------------------------------------------------------------------ what happens */

void answerer_begin(struct call *call)
{
	struct answerer *a = &call->answerer;

	if (!call->settings.amd_detect || !call->brief.placed)
		return;
	a->begun_us = call->now_us;
	a->waits_us = call->now_us;
	enter(call, ANSWERER_OPEN);
}

/* A chunk of the caller's line. */
void answerer_voice(struct call *call)
{
	struct answerer *a = &call->answerer;
	const struct ear *ear = &call->ear;

	if (a->state == ANSWERER_NONE || !ear->voiced)
		return;
	if (a->state == ANSWERER_OPEN) {
		a->opening_us = a->opening_us ? a->opening_us : num_over(call->now_us, CHUNK_US);
		a->voice_us += CHUNK_US;
	}
	if (a->state == ANSWERER_OPEN && call->now_us - a->opening_us > us_of(call->settings.amd_greeting_ms))
		machine(call, ANSWERED_LONG);
	else
		clock_set(call);
}

static void open_due(struct call *call)
{
	struct answerer *a = &call->answerer;
	bool spoke = a->voice_us >= us_of(call->settings.barge_hold_ms);

	person(call, spoke ? ANSWERED_SHORT : ANSWERED_SILENT);
}

void answerer_timer(struct call *call)
{
	const struct answerer *a = &call->answerer;
	bool over = call->now_us >= a->waits_us + us_of(call->settings.amd_wait_ms);

	if (a->state == ANSWERER_OPEN)
		open_due(call);
	else if (a->state == ANSWERER_PERSON)
		enter(call, ANSWERER_NONE);
	else if (over && (a->state == ANSWERER_MACHINE || a->state == ANSWERER_SCREEN))
		left(call);
	else if (a->state == ANSWERER_MACHINE)
		records(call, ANSWERED_QUIET);
}

/* Of the turn that is being said, as it stands with these words. */
void answerer_words(struct call *call, const char *text, size_t len)
{
	struct answerer *a = &call->answerer;
	unsigned int sounds;

	if (a->state == ANSWERER_NONE || !len)
		return;
	sounds = answer_sounds(&call->brief, text, len);
	if ((sounds & ANSWER_SCREEN) && a->state != ANSWERER_SCREEN && call->brief.purpose[0])
		screen(call);
	else if ((sounds & ANSWER_MACHINE) && a->state == ANSWERER_MACHINE)
		a->by_length = false;
	else if ((sounds & ANSWER_MACHINE) && a->state != ANSWERER_LEAVING)
		machine(call, ANSWERED_WORDS);
	else if ((sounds & ANSWER_PERSON) && a->state == ANSWERER_LEAVING && call->ear.burst_us > a->waits_us)
		person(call, ANSWERED_WORDS);
}

void answerer_tone(struct call *call, const struct call_input *in)
{
	struct answerer *a = &call->answerer;
	bool was_quiet = a->state == ANSWERER_LEAVING && !a->toned;
	uint64_t samples = num_over(in->position2, in->position);

	if (a->state == ANSWERER_NONE || a->state == ANSWERER_SCREEN || samples < us_of(call->settings.amd_beep_ms) * CALL_RATE_HZ / 1000000)
		return;
	if (in->kind == TONE_NETWORK) {
		note(call, ANSWERED_MACHINE, ANSWERED_TONE);
		left(call);
		return;
	}
	if (was_quiet)
		again(call);
	else if (a->state != ANSWERER_MACHINE && a->state != ANSWERER_LEAVING)
		machine(call, ANSWERED_TONE);
	if (a->state == ANSWERER_MACHINE)
		records(call, ANSWERED_TONE);
	a->toned = true;
}

/* The carrier's verdict comes when it comes: what was said since counts for more. */
void answerer_told(struct call *call, const char *who, size_t len)
{
	static const char fax[] = "fax", human[] = "human", starts[] = "machine_start", ends[] = "machine_end_";
	struct answerer *a = &call->answerer;
	bool undecided = a->state == ANSWERER_OPEN || a->state == ANSWERER_PERSON, done = len >= sizeof(ends) - 1 && !memcmp(who, ends, sizeof(ends) - 1);

	if (a->state == ANSWERER_NONE)
		return;
	if (words_same(who, len, fax, sizeof(fax) - 1)) {
		note(call, ANSWERED_MACHINE, ANSWERED_CARRIER);
		left(call);
	} else if (words_same(who, len, human, sizeof(human) - 1)) {
		if (a->state == ANSWERER_OPEN || (a->state == ANSWERER_MACHINE && a->by_length))
			person(call, ANSWERED_CARRIER);
	} else if (undecided && (done || words_same(who, len, starts, sizeof(starts) - 1))) {
		machine(call, ANSWERED_CARRIER);
	}
	if (done && a->state == ANSWERER_MACHINE)
		records(call, ANSWERED_CARRIER);
}

/* ------------------------------------------------------------------ turns */

static bool picks_up(const struct answerer *a, unsigned int sounds)
{
	return (sounds & ANSWER_PERSON) || ((sounds & ANSWER_ASKS) && !(sounds & ANSWER_MACHINE) && a->by_length);
}

static void screen_turn(struct call *call, unsigned int sounds)
{
	struct answerer *a = &call->answerer;
	const char *purpose = call->brief.purpose;

	if (!a->tellings || (sounds & ANSWER_SCREEN)) {
		if (a->tellings++ < TELLINGS_MAX)
			speech_say(call, SAY_PROMPT, purpose, strlen(purpose), false);
	} else if (!(sounds & (ANSWER_HOLD | ANSWER_MACHINE))) {
		person(call, ANSWERED_WORDS);
	}
}

/* These words would be a turn: whether they are none, because what the agent has ready is what is to be said to them. */
bool answerer_turn(struct call *call, const char *text, size_t len)
{
	const struct answerer *a = &call->answerer;
	unsigned int sounds = answer_sounds(&call->brief, text, len);
	bool late = !call->listen.partial.len && call->listen.final_sample && call->listen.final_sample <= a->heard_sample;

	switch (a->state) {
	case ANSWERER_OPEN: return !speech_idle(call);
	case ANSWERER_PERSON: return late && !speech_idle(call);
	case ANSWERER_MACHINE:
	case ANSWERER_LEAVING:
		if (picks_up(a, sounds) && (a->state == ANSWERER_MACHINE || !late))
			person(call, ANSWERED_WORDS);
		return a->state != ANSWERER_PERSON || !speech_idle(call);
	case ANSWERER_SCREEN:
		screen_turn(call, sounds);
		return a->state != ANSWERER_PERSON || !speech_idle(call);
	default: return false;
	}
}

/* A turn of a person's ended. Who was not greeted first has answered nothing yet with his first words. */
void answerer_answer(struct call *call)
{
	if (call->answerer.state == ANSWERER_PERSON && (call->brief.greeting[0] || call->dialogue.turn > 1))
		enter(call, ANSWERER_NONE);
}

/* The floor was taken from the message. */
void answerer_yielded(struct call *call)
{
	if (call->answerer.state == ANSWERER_LEAVING)
		again(call);
}

/* All was said that there was: whoever said it need not have ended the call. */
void answerer_advance(struct call *call)
{
	if (call->answerer.state == ANSWERER_LEAVING && !call->quiet.ending && speech_idle(call) && dialogue_idle(call))
		left(call);
}

void answerer_attached(struct call *call)
{
	struct answerer *a = &call->answerer;

	if (a->state == ANSWERER_NONE)
		return;
	if (a->state != ANSWERER_PERSON)
		a->state_us = call->now_us; /* the silence until now was nobody's */
	clock_set(call);
}

void answerer_lost(struct call *call)
{
	if (call->answerer.state != ANSWERER_NONE)
		clock_set(call);
}

void answerer_end(struct call *call)
{
	if (call->answerer.state != ANSWERER_NONE)
		enter(call, ANSWERER_NONE);
}

/* ------------------------------------------------------------------ what others ask */

bool answerer_holds(const struct call *call)
{
	return call->answerer.state == ANSWERER_OPEN || call->answerer.state == ANSWERER_MACHINE;
}

bool answerer_machine(const struct call *call)
{
	return call->answerer.state == ANSWERER_MACHINE || call->answerer.state == ANSWERER_LEAVING;
}

bool answerer_busy(const struct call *call)
{
	return call->answerer.state != ANSWERER_NONE && call->answerer.state != ANSWERER_PERSON;
}

bool answerer_heard(const struct call *call, uint64_t to_sample)
{
	const struct answerer *a = &call->answerer;

	return (a->state == ANSWERER_PERSON || a->state == ANSWERER_LEAVING) && to_sample && to_sample <= a->heard_sample;
}

bool answerer_greets(const struct call *call)
{
	const struct answerer *a = &call->answerer;

	return call->settings.call_rules >= 4 && a->state == ANSWERER_PERSON && !speech_idle(call) && call->ear.last_voice_sample <= a->heard_sample;
}

/* Over what else the agent says it is a word like others: who says "hello" to "Are you still there?" has answered. Behind the greeting a late final of what
 * was said over it. */
bool answerer_nods(const struct call *call, const char *text, size_t len)
{
	const struct answerer *a = &call->answerer;
	bool over = speech_greets(call) || (speech_idle(call) && call->ear.over_agent && !call->quiet.prompts);

	return call->settings.call_rules >= 4 && a->state == ANSWERER_PERSON && over && call->ear.last_voice_sample > a->heard_sample && words_hello(text, len);
}

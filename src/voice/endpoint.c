/* What the caller says, and when the turn is over.
 *
 *   ┌──────────┐   a   ┌───────┐   c   ┌─────────┐   e   ┌──────────┐
 *   │ NO WORDS │ ────► │ WORDS │ ────► │ SILENCE │ ────► │ FINALIZE │
 *   │          │ ◄──── │       │ ◄──── │         │ ◄──── │          │
 *   └──────────┘   b   └───────┘   d   └─────────┘   f   └──────────┘
 *      ▲    ▲             │ ▲              │ └─┘ s          │ │
 *      │    └──── h ──────┴─┼───── g, h ───┘                │ │
 *      │                    └───────────── d ───────────────┘ │
 *      └────────────────────────────── g, h ──────────────────┘
 *
 *   a  words come, and are no nod                    endpoint_transcript: partial_take, final_take (nod keeps them out)
 *   b  the last of them is taken back, or was a      endpoint_transcript: partial_take, final_take; endpoint_listen
 *      partial of a stream that is replaced
 *   c  no voice: the timers of the turn are set      endpoint_update
 *   d  voice again: they stop, the words stay        floor_voice (floor.c): endpoint_update
 *   e  a partial is left: its final is asked for     endpoint_timer: finalize; turn_due: finalize, and TIMER_TURN waits on;
 *      so it does for words that a dead stream took  endpoint_listen
 *      along, until the next has heard them again
 *   f  its final is there, or its stream is gone     endpoint_transcript: final_take; endpoint_listen; both endpoint_update
 *   g  silence ≥ need, or the final is late          endpoint_timer: turn_due: turn_end, which goes on to dialogue_turn; or turn_aside, for
 *                                                    words that were over before the agent's question began
 *   h  the keypad ends the turn, from every state    endpoint_keys: turn_end
 *   s  stays: the agent is still speaking (until     turn_due; utterance_finish (utterance.c): endpoint_update
 *      it is done), or the ear heard nothing lately,
 *      or the media is lost (until it is back:
 *      endpoint_attached)
 * While an entry on the keypad is begun only h ends the turn (endpoint_update). In SILENCE, and in an entry, TIMER_AHEAD asks
 * the model ahead (endpoint_timer: dialogue_ahead); in NO WORDS TIMER_NOISE answers to voice that nobody understood
 * (endpoint_noise sets it, endpoint_timer: endpoint_stream_timer: noise_due).
 *
 *   need = complete · endpoint · silence · open · spelled, by how finished the words sound (words.c, yesno.c, spelling.c) and by
 *   what the recogniser says (turn_need). Silence is counted from the arrival of the last voiced chunk; where the ear heard nothing,
 *   from the last change of the words. Words said over the agent that were too few to make it yield wait until it is done.
 *
 * Here: the timers of the turn and its end. Words, and nods among them, come by endpoint_transcript.c; streams, and voice that no words come of, are
 * endpoint_streams.c's.
 */
#include "voice/call_state.h"
#include "voice/spelling.h"
#include "voice/yesno.h"

#include <string.h>

enum { STALL_US = 100000, STALL_MAX_US = 1000000, STALL_HEARD_MAX_US = 3000000 };

struct words_expect endpoint_asked(const struct call *call, struct text said)
{
	const char *text = call_text(call, said);

	if (call->settings.call_rules >= 4)
		return words_wanted(text, said.len);
	return call->settings.call_rules >= 2 ? words_asked(text, said.len) : words_expect(text, said.len);
}

bool endpoint_words(const struct call *call)
{
	return call->listen.said.len || call->listen.partial.len;
}

struct buf *endpoint_said(struct call *call, const char *text, size_t len)
{
	struct buf *b = &call->scratch;

	buf_reset(b);
	buf_append(b, call->listen.said.data, call->listen.said.len);
	late_append(b, text, len);
	return b;
}

/* All words of the turn so far, in scratch. */
static struct buf *turn_text(struct call *call)
{
	return endpoint_said(call, (const char *)call->listen.partial.data, call->listen.partial.len);
}

/* Who is let go because nobody was heard is there when he says anything, and be it "yes". */
bool endpoint_wants(struct call *call)
{
	struct buf *b = turn_text(call);
	const char *text = (const char *)b->data;

	if (quiet_lets_go(call))
		return words_count(text, b->len) && !words_farewell(text, b->len);
	return words_count(text, b->len) && !words_all_in(&call->brief.nods, text, b->len) && !words_farewell(text, b->len) && !words_greet(text, b->len);
}

/* Is it a whole answer to a question for a yes or no, with what people say behind one? */
static bool answers(const struct call *call, const char *text, size_t len)
{
	const struct words_expect *e = &call->listen.expect;
	int64_t rules = call->settings.call_rules;

	if (e->kind != EXPECT_YES_NO && e->kind != EXPECT_CHECKED)
		return false;
	return (rules >= 3 && words_answered(text, len)) || (rules >= 4 && yesno_whole(text, len));
}

static enum words_finish turn_finish(struct call *call)
{
	struct words_expect expect = call->listen.expect;
	struct buf *b = turn_text(call);
	const char *text = (const char *)b->data;
	enum words_finish finish = words_finish(expect, text, b->len);

	if (finish != FINISH_COMPLETE && answers(call, text, b->len))
		return FINISH_COMPLETE;
	if (finish == FINISH_SPELLED && expect.kind == EXPECT_DIGITS && call->settings.call_rules >= 4 && words_beside(text, b->len))
		return FINISH_UNKNOWN; /* no digits, and none are on their way; an address may well begin with "help me" */
	if (call->settings.call_rules < 4 || (finish == FINISH_COMPLETE && expect.kind == EXPECT_DIGITS))
		return finish; /* all digits that were asked for are there */
	return spelling_open(text, b->len) ? FINISH_SPELLED : finish; /* "it's A, L" to "what is your name?" */
}

static int64_t turn_need(struct call *call, enum turn_why *why)
{
	const struct call_settings *s = &call->settings;
	enum words_finish finish = turn_finish(call);

	if (finish == FINISH_SPELLED && !guarded(call, GUARD_P09))
		finish = FINISH_COMPLETE;
	if (finish == FINISH_COMPLETE) {
		*why = TURN_COMPLETE;
		return s->turn_complete_ms;
	}
	if (finish == FINISH_SPELLED) {
		*why = TURN_SPELLED;
		return s->turn_spelled_ms;
	}
	if (finish == FINISH_OPEN) {
		*why = TURN_OPEN;
		return s->turn_open_ms;
	}
	if (call->listen.endpoint && s->turn_endpoint_ms < s->turn_silence_ms) {
		*why = TURN_ENDPOINT;
		return s->turn_endpoint_ms;
	}
	*why = TURN_SILENCE;
	return s->turn_silence_ms;
}

/* Since when there is silence behind the words. */
static uint64_t silence_since(const struct call *call)
{
	const struct ear *ear = &call->ear;

	return ear->last_voice_us > call->listen.turn_us ? ear->last_voice_us : call->listen.text_us;
}

static uint64_t sample_us(const struct call *call, uint64_t sample)
{
	return num_over(call->ear.last_chunk_us, num_over(call->ear.end_sample, sample) * 1000000 / CALL_RATE_HZ);
}

/* Words that the agent talked over: his question began behind them, so they are no answer to it. A cough behind them is none of them. */
static bool aside(const struct call *call)
{
	const struct listen *l = &call->listen;
	uint64_t until_us = silence_since(call);

	if (l->said_sample > l->turn_sample)
		until_us = num_min(until_us, sample_us(call, l->said_sample));
	return !l->partial.len && l->said.len && until_us < l->asked_us;
}

static void words_timers_stop(struct call *call)
{
	timer_stop(call, TIMER_TURN);
	timer_stop(call, TIMER_FINALIZE);
	timer_stop(call, TIMER_AHEAD);
}

/* Behind half of the time that a next key has, the entry is likely to be over: a quick answer is there when it is. */
static void keys_ahead(struct call *call)
{
	uint64_t half_us = (uint64_t)call->settings.key_gap_ms * 1000 / 2;

	if (call->settings.turn_preempt && !call->ear.voiced && !call->listen.partial.len)
		timer_set(call, TIMER_AHEAD, num_over(call->timers[TIMER_KEYS], half_us));
}

/* Behind digits half of what they wait is a long pause: an answer that is asked for then, and the tool's request in it, is there when the turn is over.
 * When the recogniser calls the end it is as likely as behind other words. */
static void words_ahead(struct call *call, enum turn_why why, uint64_t since)
{
	const struct call_settings *s = &call->settings;
	bool spelled = why == TURN_SPELLED;
	int64_t ms = s->turn_preempt_ms;

	if (spelled && s->call_rules < 4)
		return;
	if (spelled && !call->listen.endpoint && ms < s->turn_spelled_ms / 2)
		ms = s->turn_spelled_ms / 2;
	timer_set(call, TIMER_AHEAD, since + (uint64_t)ms * 1000);
}

void endpoint_update(struct call *call)
{
	const struct call_settings *s = &call->settings;
	struct listen *l = &call->listen;
	bool keys = call->quiet.key_count && s->call_rules >= 4; /* the words before them and they are one turn, which ends with them */
	enum turn_why why;
	uint64_t since, due;

	endpoint_noise(call);
	words_timers_stop(call);
	l->over_agent &= !call->ear.voiced;
	if (keys)
		keys_ahead(call);
	if (!endpoint_words(call) || call->ear.voiced)
		return;
	since = silence_since(call);
	due = since + (uint64_t)turn_need(call, &why) * 1000;
	if (!keys)
		timer_set(call, TIMER_TURN, due);
	if (l->partial.len && !l->finalizing)
		timer_set(call, TIMER_FINALIZE, since + (uint64_t)s->turn_finalize_ms * 1000);
	if (s->turn_preempt && !keys && !aside(call) && why != TURN_OPEN && (!l->partial.len || why == TURN_COMPLETE))
		words_ahead(call, why, since);
}

static void said_clear(struct call *call)
{
	struct listen *l = &call->listen;
	bool owed = late_used(call);

	buf_reset(&l->said);
	buf_reset(&l->partial);
	l->endpoint = false;
	l->finalizing = false;
	l->turn_us = call->now_us;
	l->turn_sample = call->ear.end_sample;
	l->waiting = owed;
	l->expect = (struct words_expect){ EXPECT_ANY, 0 };
	l->who = false;
	l->again_us = 0;
	l->over_agent = false;
	memset(l->gaps, 0, sizeof(l->gaps));
	call->ear.unworded = false;
	call->ear.burst = false; /* what follows belongs to what follows */
	words_timers_stop(call);
	timer_stop(call, TIMER_NOISE);
}

/* What the caller said before he was asked: it stands in the history where he said it. Over words that could not be interrupted it may have been
 * more than a word; that wants an answer, unless what the agent has ready is one, or it was a greeting. */
static void turn_aside(struct call *call, bool wants)
{
	struct buf *b = turn_text(call);
	struct text words = call_keep(call, b->data, b->len);
	const char *text = call_text(call, words);
	bool answer = wants && words_count(text, words.len) >= (size_t)call->settings.barge_words && !words_greet(text, words.len);
	struct words_expect expect = call->listen.expect;

	call->dialogue.turn++;
	call->dialogue.asides++;
	call_note_text(call, NOTE_TURN, TURN_ASIDE, 0, words);
	said_clear(call);
	call->listen.expect = expect;
	if (wants) {
		quiet_words(call);
		call->quiet.aside = !answer; /* once a question: what comes behind this turn is not before the same one */
	}
	dialogue_aside(call, words, answer);
}

/* Of the words of a turn, those that were over long before the agent's question are no part of the answer to it. `to_sample`: where the last ones end. */
static void aside_first(struct call *call, uint64_t to_sample)
{
	struct listen *l = &call->listen;
	struct text words;
	uint32_t at = 0, i;

	for (i = 0; i < GAPS_MAX && l->gaps[i].at && sample_us(call, l->gaps[i].to_sample) < l->asked_us; i++)
		at = l->gaps[i].at;
	if (!at || sample_us(call, to_sample) < l->asked_us)
		return;
	words = call_keep(call, l->said.data, at);
	call->dialogue.turn++;
	call->dialogue.asides++;
	call_note_text(call, NOTE_TURN, TURN_ASIDE, 0, words);
	late_cut(call, at + (l->said.len > at));
	dialogue_aside(call, words, false);
}

/* Words that were over before the message began are none of who speaks over it; those by which somebody took the call are answered by the greeting. */
void endpoint_settle(struct call *call)
{
	const struct listen *l = &call->listen;

	if (!l->said.len || l->partial.len)
		return;
	if ((answerer_machine(call) && answerer_heard(call, l->final_sample)) || answerer_greets(call))
		turn_aside(call, false);
}

/* `enough_us`: since then the silence was long enough; what came behind it was waiting for the final. */
static void turn_end(struct call *call, enum turn_why why, uint64_t enough_us)
{
	struct buf *b = turn_text(call);
	struct text words = call_keep(call, b->data, b->len);
	uint64_t since = silence_since(call);

	measure_turn(call, enough_us);
	call->dialogue.turn++;
	call->dialogue.asides = 0;
	call->dialogue.tool_index = 0;
	call->dialogue.ahead_tries = 0;
	call->listen.who_turn = call->listen.who && words_answered(call_text(call, words), words.len) ? call->dialogue.turn : 0;
	call_note_text(call, NOTE_TURN, why, num_over(call->now_us, since), words);
	said_clear(call);
	quiet_words(call);
	if (why != TURN_KEYS)
		take_words(call);
	dialogue_turn(call, words);
	answerer_answer(call);
}

void endpoint_keys_put(struct buf *words, const char *keys, size_t count)
{
	if (words->len)
		buf_text(words, " ");
	buf_text(words, "[keypad] ");
	buf_append(words, keys, count);
}

void endpoint_keys(struct call *call, const char *keys, size_t count)
{
	struct listen *l = &call->listen;

	late_gap(call, call->ear.end_sample);
	aside_first(call, call->ear.end_sample);
	endpoint_keys_put(&l->said, keys, count);
	l->text_us = call->now_us;
	turn_end(call, TURN_KEYS, call->now_us);
}

static void finalize(struct call *call)
{
	struct listen *l = &call->listen;

	if (l->finalizing || l->down)
		return;
	l->finalizing = true;
	call_put(call, OUT_FINALIZE)->stream = l->stream;
}

/* The silence that nobody could hear counts for nothing. */
static void unheard_skip(struct call *call)
{
	struct ear *ear = &call->ear;
	uint64_t unheard = num_over(call->now_us, ear->last_chunk_us);

	if (!call->settings.turn_heard || !endpoint_words(call) || !ear->last_chunk_us)
		return;
	ear->last_voice_us += unheard;
	ear->last_chunk_us += unheard;
	call->listen.text_us += unheard;
}

/* The media is there again, with a new stream; should that be refused, the next is to hear the same. */
void endpoint_attached(struct call *call)
{
	unheard_skip(call);
	call->listen.reopened = call->settings.call_rules >= 4;
	endpoint_listen(call, call->listen.final_sample);
}

/* Words that wait for the agent to be done wait on when another worker says the rest of it, or a voice is slow between two sentences. */
static bool waits_on(const struct call *call)
{
	return call->settings.call_rules >= 4 && call->listen.over_agent && !speech_idle(call) && !speech_unreleased(call);
}

static void turn_due(struct call *call)
{
	const struct call_settings *s = &call->settings;
	const struct ear *ear = &call->ear;
	struct listen *l = &call->listen;
	struct buf *said;
	uint64_t since = silence_since(call), unheard = num_over(call->now_us, ear->last_chunk_us), last;
	enum turn_why why;
	uint64_t due = since + (uint64_t)turn_need(call, &why) * 1000;
	bool again = l->again_us > l->final_us, late;

	if (call->quiet.lost && call->settings.turn_heard)
		return; /* whoever speaks now is not heard: endpoint_attached goes on */
	if (speech_audible(call) || call->speech.held || speech_whole(call) || waits_on(call)) {
		l->over_agent = s->call_rules >= 1;
		return; /* too few words to interrupt: they are answered when the agent is done (speech_advance asks again) */
	}
	if (ear->last_chunk_us && unheard > STALL_US && unheard < (s->turn_heard ? STALL_HEARD_MAX_US : STALL_MAX_US)) {
		timer_set(call, TIMER_TURN, call->now_us + STALL_US); /* nobody has heard this silence */
		return;
	}
	last = num_max(due, l->again_us) + (uint64_t)s->turn_final_wait_ms * 1000;
	if ((l->partial.len || again) && call->now_us < last) {
		if (l->partial.len)
			finalize(call);
		timer_set(call, TIMER_TURN, last);
		return;
	}
	said = turn_text(call);
	if (answerer_turn(call, (const char *)said->data, said->len)) {
		turn_aside(call, false);
		return;
	}
	if (aside(call)) {
		turn_aside(call, true);
		return;
	}
	late_gap(call, l->partial.len ? l->partial_from : 0);
	aside_first(call, l->partial.len ? num_max(l->partial_sample, l->said_sample) : l->said_sample);
	late = s->turn_late_apart ? l->partial.len || again || l->final_us > due : call->now_us > due;
	if (!late && l->over_agent && call->now_us > due)
		why = TURN_AGENT;
	turn_end(call, late ? TURN_FINAL_LATE : why, late ? due : call->now_us);
}

void endpoint_timer(struct call *call, enum timer timer)
{
	if (timer == TIMER_TURN)
		turn_due(call);
	else if (timer == TIMER_FINALIZE)
		finalize(call);
	else if (timer == TIMER_AHEAD)
		dialogue_ahead(call);
	else
		endpoint_stream_timer(call, timer);
}

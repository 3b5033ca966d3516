/* One phone call as a pure state machine: call_step(call, input) → outputs.
 *
 * It does no I/O, reads no clock, takes no lock, owns no socket, and sees no audio bytes and no floating point. The same
 * inputs give the same outputs, byte for byte, on every machine and build. Any thread, one at a time.
 *
 *   ear (floor.c)  ─► end of turn (endpoint.c) ─► dialogue.c ─► speech.c ─► mouth
 *        └─► hold · yield · resume (floor.c) ────────┴──────────────┘
 *   nobody speaks, the call's time, the keypad: quiet.c, take.c  save: snapshot.c, load: snapshot_load.c
 *
 * A call recorded by an older release is replayed by the rules it was made by: settings that it does not name have the value that stands for them
 * (recorded_without in base/settings.c). `call.rules` is the one for changes that nobody would want to set:
 *   1  a turn that waited only for the agent to be done ends by TURN_AGENT (0: by the rule it waited for before); words that a dead stream took along
 *      are waited for as late finals are, from the moment that the next stream was opened (0: the turn ends without them, they become the next one)
 *   2  of what the agent says the last sentence that asks decides what is expected, a statement leaves it (0, 1: the last sentence decides)
 *   3  what is ready behind the agent's words while the caller makes a sound waits (0 to 2: the words are held without a clear, and said again); courtesy
 *      behind a yes or no leaves it a whole answer (0 to 2: it is an answer like others); after a takeover what was heard is settled before the model is
 *      asked again (0 to 2: behind it)
 *   4  a # that ends no entry is nothing (0 to 3: it takes the floor, and nobody answers); a "sure" that is an answer stays one when the agent has
 *      prepared what it will say to it, or begins to speak before the final (0 to 3: it is a nod, and nobody answers); a change that ends while the
 *      answer that asks for it again is under way is not done twice, and what is said of a repeat is what is true of the first (0 to 3: of the last);
 *      "and", "was it", "may I" begin a question for a yes or no, and so does one whether a number is right (0 to 3: it is taken for digits);
 *      a stream that is refused behind a takeover is followed by one that hears the same (0 to 3: from now on); a result that comes while an answer
 *      is under way stands behind it and is asked about then (0 to 3: before its words, as if they said it; with the next request, if it was asked ahead),
 *      and so does one that comes while the floor is taken (0 to 3: with the next request); a tool's filler that is due while somebody speaks
 *      is said when he is done (0 to 3: five seconds later, if nobody speaks then), and none when no tool runs any more (0 to 3: one that waited is);
 *      what was said before the agent's question began is no answer to it (0 to 3: it is), a cough into the question notwithstanding, and when it was a
 *      word and nobody speaks behind it the agent is asked to go on after twice turn.noise_ms; an agent whose words a voice without words took goes
 *      on behind "I did not catch that" (0 to 3: the words are lost); a disclosure that no voice could say is said again, to its end, before
 *      anything else, and when it cannot be said the call ends (0 to 3: it is left out, and the call goes on); a key takes the answer of which nothing is
 *      heard yet back, and is answered with what was said before it, words too end their turn behind an entry alone (0 to 3: the answer is cut when the
 *      entry is over); entries and digits are asked about ahead, behind half of their time (0 to 3: never); a result whose request was given up or thrown
 *      away is told when nobody speaks (0 to 3: with the next turn); a tool's filler is due when the caller has heard nothing for llm.silent_ms (0 to 3:
 *      after tool.filler_ms alone); "hold on", "Hindi please" and the like do not wait for digits, "am I speaking with" wants a yes or no, and "speaking"
 *      behind that yes
 *      is no interruption, nor is a short word right behind it (0 to 3: they do, it wants anything, it is one); a voice that told its own times of all
 *      words and stands still before their sound was there has not said them (0 to 3: it has only forgotten its end, and they count as heard); a greeting
 *      before the agent's question wants no answer
 *      (0 to 3: there is no such before); a question that was not begun is none that words answer (0 to 3: its kind of answer is waited for); who waits for
 *      a tool is told so every four seconds (0 to 3: five); words that wait for the agent to be done wait on when another worker says the rest
 *      (0 to 3: they are answered instead of it); a line that comes back without a sound each time is lost call.attach_ms after it first was
 *      (0 to 3: it may come back for ever); a question that was held before a word of it was heard begins when it plays again (0 to 3: when it was
 *      held); a voice to which a recogniser said nothing at all is heard again by another when the agent says that he did not catch it, which he
 *      does not say any more once there are words in it (0 to 3: it is forgotten); what a change that was told as unknown came to is told with the
 *      next request, and when nothing was done it may be asked for again then (0 to 3: neither); a partial behind whose end others begin is as good as
 *      final (0 to 3: they take its place, and it is lost); of a final whose first words a turn had already those behind them are new (0 to 3: all, unless
 *      it has none); a word that waits for the agent's goodbye to be over, and is none itself, is answered, twice a call (0 to 3: the call ends); the tool
 *      that ends the call ends it when each other one has its result, good or bad, and no request owes one, and one that is known after all while the last
 *      words are said takes the end back (0 to 3: they are never told); who waits for the end hears a tool's fillers, also of one that was left to run
 *      (0 to 3: nobody waits); what a result came to that was put off is told by its event alone, failures as such (0 to 3: its place has the status, the
 *      event none); what is known in time for the request that would tell that it is not takes that one's place (0 to 3: it is forgotten);
 *      call.end_ms counts from the last sound of the last words that went out or was played, 60 s behind the goodbye are the most (0 to 3: from the
 *      goodbye); letters in a row, one with its example, and the middle of an address are waited for as if they had been asked for (0 to 3: as other
 *      words); a final takes the place of words that were kept from its partial in the turn, of several missing ones each is known when it comes late
 *      (0 to 3: none is kept), and one leaves words that stand behind it (0 to 3: it takes a newer partial along); voice without words yet has
 *      turn.final_wait_ms when the goodbye is over (0 to 3: the call ends); an agent who has said goodbye when his end was put off says no second one
 *      (0 to 3: none is put off);
 *      a secret number can be taken by keypad (0 to 3: that tool is refused), and keys behind one that failed are hidden
 *      until the caller says something; a call in several languages goes on in another one when it is
 *      asked to (0 to 3: there is no such tool);
 *      what a read found behind its deadline is told with the next request (0 to 3: never);
 *      behind "I did not catch that" the sentence that was cut is said again from its beginning, with what stood behind it, by again.c, and behind
 *      last words the call ends then (0 to 3: the model is asked to go on in the middle, and to end it once more); where the caller was silent for
 *      long before his turn was over, a filler is due before the silence is three seconds (0 to 3: after llm.silent_ms from the turn's end), and so it is
 *      when his words have cut the one before (0 to 3: five seconds behind that);
 *      any word over the goodbye to who was not heard, and be it a "yes", is answered; thanks and farewells over the agent's goodbye are nods (0 to 3: they
 *      may cut it, and the model is asked again); a voice without words over the goodbye to who was not heard, or behind it, takes it back, once a call
 *      (0 to 3: none does); the words with which somebody takes
 *      a call of ours are answered by the greeting (0 to 3: where it could not be cut they stood behind it, and its question was asked twice);
 *      words that were over long before the agent's question stand before it, also when a word over the question answers it (0 to 3: they are one turn);
 *      an answer of which no word was heard when a tool's result contradicts what it was asked with is given up, behind the sentence that is heard the rest of
 *      one, once a turn, and the model is asked again (0 to 3: it is said, and the result told behind it);
 *      a yes or no with what people say behind one is a whole answer by a grammar (yesno.h; 0 to 3: only with courtesy, up to three words); a "hello" over
 *      the greeting of a call of ours is a nod (0 to 3: a turn, and the question was asked twice);
 *      while the caller says more, no change is dispatched that an answer to his last turn asks for (0 to 3: it is);
 *      a model whose first text has come has llm.second_ms more for its first clause (0 to 3: none); a late result for which the agent's end is taken back is
 *      told also when a noise cut his last words (0 to 3: not then);
 *      a request whose answer would come behind turn.budget_ms, as model and voice lately were, asks for a short one (0 to 3: none does)
 *
 * Memory: one allocation for the call, growing text up to TEXTS_CEILING; everything has a ceiling (see call_state.h).
 */
#ifndef VOICE_CALL_H
#define VOICE_CALL_H

#include "base/brief.h"
#include "base/settings.h"
#include "voice/input.h"
#include "voice/output.h"

struct call;

struct call_outputs {
	const struct call_output *items; /* hold until the next step */
	size_t count;
};

/* Copies both. ERR_NOMEM only. */
enum err call_new(struct call **callp, const struct call_settings *settings, const struct brief *brief) MUST_USE;
void call_free(struct call *call); /* NULL is fine */

/* Takes one input. Inputs that make no sense where the call stands (an unknown generation, a mark of long ago) change
 * nothing. A time before the last one counts as the last one. ERR_NOMEM, or ERR_LIMIT when the call's texts are more than
 * one may hold though older turns were forgotten: the step was not taken and the call is over. */
enum err call_step(struct call *call, const struct call_input *in, struct call_outputs *outputs) MUST_USE;

bool call_ended(const struct call *call);
bool call_started(const struct call *call); /* its media began: IN_START was stepped */
bool call_moves(const struct call *call); /* a tool that takes the caller away was asked for, and its result has not come: the media may go any moment */
bool call_takes(const struct call *call); /* a secret number is being keyed in: digits come as KEY_HIDDEN, and nobody listens (take.c) */
bool call_hides(const struct call *call); /* as call_takes, or keys that are pressed now may belong to such a number: digits come as KEY_HIDDEN */
bool call_waits(const struct call *call); /* for the caller, or his keys: nobody speaks, nothing is being made or done */
bool call_still(const struct call *call); /* it is talked in, and neither the caller nor the agent is heard now */
enum end_reason call_end_reason(const struct call *call);
uint32_t call_turn(const struct call *call); /* the caller's turns so far */

/* The words of an utterance, "" when it is over; until the next step. */
const char *call_utterance(const struct call *call, uint32_t utterance, size_t *len);

/* The end of what the caller heard the agent say, at most `size` bytes of it; how many. */
size_t call_said(const struct call *call, char *out, size_t size);

/* The state as bytes, in call-relative time: versioned (SNAPSHOT_VERSION in snapshot.h), canonical, complete. A call loaded
 * from it gives the same outputs as the one that was saved. Loading refuses foreign bytes with ERR_FORMAT, ERR_TRUNCATED,
 * ERR_VERSION or ERR_LIMIT and never crashes on any. */
void call_save(const struct call *call, struct buf *b);
enum err call_load(struct call **callp, const void *data, size_t len) MUST_USE;

/* Same call with other settings, for `replay --set`. */
void call_set_settings(struct call *call, const struct call_settings *settings);
const struct call_settings *call_get_settings(const struct call *call);
const struct brief *call_get_brief(const struct call *call);

/* The invariants: NULL when all hold, else a sentence. call_step asserts them in every build. */
const char *call_check(const struct call *call);

/* For the simulator's --sabotage: switches one guard off, so that the promise must break. No effect on a call's encoding. */
enum call_guard { GUARD_NONE = 0, GUARD_P01, GUARD_P02, GUARD_P03, GUARD_P04, GUARD_P05, GUARD_P06, GUARD_P08, GUARD_P09, GUARD_P10, GUARD_P12,
	GUARD_P13, GUARD_P14, GUARD_P15, GUARD_P24, GUARD_N5 };
void call_sabotage(struct call *call, enum call_guard guard);

#endif

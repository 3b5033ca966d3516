/* What the parts of the judge use of each other; for promises*.c alone. */
#ifndef SIMULATE_PROMISES_PARTS_H
#define SIMULATE_PROMISES_PARTS_H

#include "simulate/caller.h"
#include "simulate/fault.h"
#include "simulate/promises.h"

struct sink;
struct sink_record;
struct spoken;

#define DISK_FAULTS (FAULT_BITS(FAULT_DISK_SLOW, FAULT_DISK_FULL) | FAULT_BITS(FAULT_DISK_SMALL, FAULT_DISK_STOPPED))

enum {
	YES_NO_MEDIAN_MS = 300,  /* with a turn.complete_ms of 200 at most; what it is more is added */
	JUDGE_DEAF_US = 2000000  /* a socket from which nothing comes for so long is lost */
};

uint64_t judge_now(const struct judge *j);
struct failure_report judge_place(const struct judge *j, enum promise promise); /* this step of this call */
void verdict_first(struct failure_report *first, const struct failure_report *f);

/* Not live, ending, without media, or just taken over: most checks wait. */
bool judge_quiet_call(const struct judge *j);
bool judge_faults(const struct judge *j, fault_set set, uint64_t within_us);

/* promises_dialogue.c: answers */
void judge_dialogue_input(struct judge *j, const struct call_input *in);
void judge_dialogue_output(struct judge *j, const struct call_output *o);
void judge_dialogue_time(struct judge *j);
void judge_request(struct judge *j, const struct call_output *o); /* as the core made it */
bool judge_answer_written(const struct judge *j); /* the last one asked for is not whole, and was not thrown away */
bool judge_answer_due(const struct judge *j); /* a generation or a tool is at work */
bool judge_answer_ahead(const struct judge *j); /* an answer that was asked for ahead waits for the end of the turn */
void judge_agent_sounds(struct judge *j);
void judge_dialogue_end(struct judge *j);

/* promises_tools.c */
void judge_tools_paired(struct judge *j, const struct llm_block *blocks, size_t count);
void judge_tools_shown(struct judge *j, const struct call_output *o);
void judge_answer_said(struct judge *j, const struct call_input *in); /* the model wrote this */
void judge_tool_filler(struct judge *j, const struct judged_utterance *u); /* it is ordered to be played */
bool judge_filler_over(const struct judge *j, const struct judged_utterance *u); /* what it fills is over, as far as one can tell */
void judge_tools_spoken_over(struct judge *j);
void judge_tool_again(struct judge *j, const struct tool_request *q); /* it is dispatched: was it before? */
void judge_tool_repeated(struct judge *j, const struct call_output *o);
bool judge_tool_waits(const struct judge *j); /* the next answer waits for one that runs */
void judge_tools_words(struct judge *j); /* the caller's came, whenever he said them */
bool judge_asked_twice(const struct judge *j); /* the model asked a tool the same twice, and has just got the second answer */
void judge_effects_end(struct judge *j);

/* promises_told.c: what the caller hears of results, and what the model sees of knowledge */
void judge_result_given(struct judge *j, const struct ledger_entry *e, bool foreign);
void judge_results_asked(struct judge *j, const struct call_output *o);
void judge_results_ending(struct judge *j); /* the agent hangs up of his own accord */
void judge_results_again(struct judge *j); /* what was to tell them is given up */
void judge_results_attached(struct judge *j);
void judge_results_sentence(struct judge *j, uint32_t sound); /* the ear had it whole */
void judge_results_end(struct judge *j);
uint64_t judge_known_since(const struct judge *j, const char *text, size_t len); /* these words are of an answer that was asked for then */
void judge_results_frame(struct judge *j, const struct judged_utterance *u); /* its first one goes out */
void judge_results_time(struct judge *j, bool still); /* still: nobody speaks, nothing is at work */
void judge_known_input(struct judge *j, const struct call_input *in);
void judge_known_request(struct judge *j, const struct call_output *o);

/* promises_turns.c: the caller's */
uint64_t judge_longest_silence(const struct call_settings *s); /* in which a turn may still go on */
bool judge_turn_open(const struct judge *j); /* he may still be in the middle of one */
void judge_answer_turn(struct judge *j);     /* a turn ended: what does that say about the answer that is being given? */
void judge_turn_words(struct judge *j, const struct call_output *o);
void judge_final_given(struct judge *j, const struct call_input *in);
void judge_finals_found(struct judge *j, const char *text, size_t len);
void judge_finals_again(struct judge *j, uint64_t position); /* a new stream hears that audio again */
void judge_listened(struct judge *j, const struct call_output *o); /* … and is all that is owed in it? */
void judge_stream_given(struct judge *j, uint64_t base);           /* its first sample is this one of the caller's */
void judge_sound_begins_turn(struct judge *j, const struct sound *s);
void judge_sound_in_turn(struct judge *j, const struct sound *s);
void judge_turns_time(struct judge *j);
void judge_finals_end(struct judge *j);
uint64_t judge_said_to(const struct judge *j, const char *text, size_t len); /* the last of these words, all of them finals, ended at this sample; 0: not known */

/* The first of these words that so many samples of pause stand behind ended there; 0: none do. */
uint64_t judge_said_long_before(const struct judge *j, const char *text, size_t len, uint64_t pause);

/* promises_order.c: what was said before the agent's question, and what answers it */
void judge_order_turn(struct judge *j, const struct call_output *o);
void judge_order_output(struct judge *j, const struct call_output *o);

/* promises_parting.c: an agent who ends the call */
void judge_parting_input(struct judge *j, const struct call_input *in);
void judge_parting_output(struct judge *j, const struct call_output *o);
void judge_parting_time(struct judge *j);
bool judge_farewell_over(const struct judge *j); /* the time for the last words is; by promises_voice.c */

/* promises_speech.c: what is said */
struct judged_utterance *judge_utterance(struct judge *j, uint32_t id);
const struct spoken *judge_spoken(const struct judge *j, uint32_t sound);
void judge_speech_input(struct judge *j, const struct call_input *in);
void judge_speech_output(struct judge *j, const struct call_output *o);
void judge_speech_time(struct judge *j);
void judge_wire_settled(struct judge *j);
uint32_t judge_open_utterances(struct judge *j);
bool judge_is_nod(const struct judge *j, const char *text, size_t len); /* a nod, and nothing else */
void judge_speech_end(struct judge *j);
bool judge_is_phrase(const struct judge *j, const char *text, size_t len);
bool judge_is_phrase_part(const struct judge *j, const char *text, size_t len); /* or what a voice that died has left of one */

/* promises_voice.c: a voice that dies, words left unsaid */
void judge_voice_ordered(struct judge *j, uint32_t utterance);
void judge_voice_note(struct judge *j, const struct call_output *o);
void judge_voice_time(struct judge *j);
void judge_voice_end(struct judge *j);

/* promises_heard.c */
bool judge_late_marks(const struct judge *j, uint64_t at_us); /* or lost ones: nobody could know what was heard then */
uint32_t judge_estimate_lag(const struct judge *j, const struct spoken *s, uint32_t end);
void judge_heard_noted(struct judge *j, const struct call_output *o);
void judge_history(struct judge *j, const struct request_block *blocks, size_t count);
void judge_heard_end(struct judge *j);

/* promises_floor.c */
void judge_watch_input(struct judge *j, const struct call_input *in);
void judge_watch_held(struct judge *j);
void judge_watch_cleared(struct judge *j);
void judge_watch_played(struct judge *j, const struct call_output *o);
void judge_watch_yielded(struct judge *j);
void judge_watch_turn(struct judge *j, const struct call_output *o);
void judge_watch_nod(struct judge *j, const struct call_output *o);
void judge_watch_asked(struct judge *j, const struct call_output *o);
void judge_watch_time(struct judge *j);
void judge_sound_begins(struct judge *j, const struct sound *s);
void judge_sound_goes_on(struct judge *j, const struct sound *s);

/* promises_line.c */
void judge_line_input(struct judge *j, const struct call_input *in);
void judge_line_end(struct judge *j);

/* promises_private.c */
void judge_private_request(struct judge *j, const struct request_block *blocks, size_t count);
void judge_private_asked(struct judge *j, const struct llm_block *blocks, size_t count);
void judge_private_dispatch(struct judge *j, const struct tool_request *q);

/* promises_recording.c */
void judge_recording_end(struct judge *j);

/* promises_kept.c */
const uint8_t *judge_payload(const struct sink *k, const struct sink_record *r); /* never NULL */
void judge_kept_input(struct judge *j, const struct call_input *in);
void judge_kept_dispatch(struct judge *j, const struct tool_request *q);
void judge_kept_death(struct judge *j);
void judge_kept_end(struct judge *j);

#endif

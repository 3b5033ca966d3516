/* What a call wants done. The session carries outputs out in their order; the core never asks whether they were.
 *
 * Texts belong to the call and hold until its next step. The encoding is canonical: replay compares the bytes.
 */
#ifndef VOICE_OUTPUT_H
#define VOICE_OUTPUT_H

#include "voice/input.h"

enum { OUTPUT_MAX = 256 }; /* per step; the core's own ceilings keep it below */

enum output_type {
	OUT_LISTEN = 1, /* stream, position: open a recogniser stream, feed it the caller's audio from that sample on; older streams are over; name: its
	                 * language, of a call in several */
	OUT_FINALIZE,   /* stream: say now what you have */
	OUT_SPEAK,      /* utterance, take, text, kind = enum speak_kind: synthesise; of keys: number = the length of what stands for them in the history;
	                 * name as in OUT_LISTEN */
	OUT_UNSPEAK,    /* utterance: stop synthesis, forget its audio */
	OUT_PLAY,       /* utterance, take, position: send its audio from that sample on, behind what is being sent */
	OUT_HOLD,       /* clear what the carrier has queued, within one frame, send nothing more; keep the audio */
	OUT_ASK,        /* gen, turn, number = attempt, kind = enum ask_kind, position = digest of `blocks`; index = enum short_why: the answer is to be
	                 * short */
	OUT_CANCEL,     /* gen */
	OUT_TOOL,       /* turn, index, name, text = arguments, kind = 1 if it changes something, number = timeout in ms; of one that takes keys: gen = which
	                   entry of the call, position = how many digits it has */
	OUT_RETRIEVE,   /* number = query, text */
	OUT_SNAPSHOT,   /* push the call's state as it is after this step; before anything that follows in this list */
	OUT_WAKE,       /* number = at_us of the next timer; replaces the one before; 0: none */
	OUT_HANGUP,     /* kind = enum end_reason */
	OUT_NOTE,       /* kind = enum note: for the timeline; turn, index, number, position, text as each says */
	OUT_TRIM,       /* utterance, position: no more audio comes for it, and what lies behind that sample is not played */
	OUT_TYPES
};

enum speak_kind { SPEAK_TEXT = 0, SPEAK_KEYS /* the text is keys of a telephone, made as tones */ };

enum end_reason {
	END_CALLER = 0, /* hung up */
	END_AGENT,      /* the model asked for it */
	END_QUIET,
	END_MAX,        /* the call's time was up */
	END_ORDER,
	END_LOST,       /* no media for too long */
	END_FAILED,     /* no answer could be had */
	END_MACHINE,    /* a machine answered, and nothing was to be left on it, or it could not be */
	END_REASONS
};

enum note {
	NOTE_TURN = 1,     /* the caller's turn ended: turn, index = enum turn_why, number = silence in µs, text = words */
	NOTE_HEARD,        /* the agent's words that were heard: turn, index = utterance, number = 1 when cut, text */
	NOTE_HOLD,         /* held: index = utterance, number = µs of voice */
	NOTE_RESUME,       /* went on: index = utterance, position = from sample */
	NOTE_YIELD,        /* gave the floor: index = enum yield_why, turn */
	NOTE_NOD,          /* a backchannel: text */
	NOTE_NOISE,        /* voice without words: number = µs of voice */
	NOTE_TOOL,         /* a tool's result reached the dialogue: turn, index, number = enum tool_status, text = name */
	NOTE_TOOL_LATE,    /* a result after its deadline, or for a call of it that is settled */
	NOTE_TOOL_REPEAT,  /* the model asked again for what was done: answered from the first; text = name */
	NOTE_RELEASE,      /* an answer asked for ahead was used: index = gen */
	NOTE_DISCARD,      /* or thrown away, as what a result contradicts is: index = gen, 0: the rest of one that was heard in part; number = bytes */
	NOTE_RETRY,        /* another attempt: index = enum retry_what, number = attempt */
	NOTE_LATENCY,      /* turn, text = parts in µs (wire varints, enum latency_part order), number = total */
	NOTE_FAILED,       /* given up: index = enum retry_what */
	NOTE_QUIET,        /* prompted: number = how many times */
	NOTE_KEYS,         /* an entry on the keypad: number = digits; the digits themselves are in the inputs */
	NOTE_ENDING,       /* goodbye began: index = enum end_reason */
	NOTE_ENDED,        /* index = enum end_reason */
	NOTE_ANSWERED,     /* who answered, as far as known now: index = enum answered, number = enum answered_why */
	NOTE_LANGUAGE,     /* the call goes on in another one: index = which of the brief's, text = its tag */
	NOTE_SHORT,        /* the answer asked for just now is to be short: index = enum short_why, number = µs from the turn's end to the sound of another */
	NOTE_KINDS
};

enum turn_why { TURN_SILENCE = 0, TURN_COMPLETE, TURN_OPEN, TURN_SPELLED, TURN_ENDPOINT, TURN_FINAL_LATE, TURN_KEYS, TURN_AGENT, TURN_ASIDE, TURN_WHYS };
enum answered { ANSWERED_PERSON = 0, ANSWERED_MACHINE, ANSWERED_SCREEN, ANSWERED_RECORDS /* the machine is done: its message begins */, ANSWERED_KINDS };
enum answered_why { ANSWERED_SHORT = 0, ANSWERED_SILENT, ANSWERED_LONG, ANSWERED_WORDS, ANSWERED_TONE, ANSWERED_CARRIER, ANSWERED_QUIET, ANSWERED_ON, ANSWERED_WHYS };
enum yield_why { YIELD_WORDS = 0, YIELD_STOP, YIELD_LENGTH, YIELD_KEYS, YIELD_WHYS };
enum short_why { SHORT_NONE = 0, SHORT_LATE /* the words were late, or nobody could ask */, SHORT_ATTEMPT, SHORT_TOOL, SHORT_SLOW, SHORT_WHYS };
enum retry_what { RETRY_MODEL = 0, RETRY_VOICE, RETRY_RECOGNISER, RETRY_PLAY, RETRY_WHATS };

enum latency_part { /* each reaches from the one before; the first from the end of speech */
	PART_END_OF_TURN = 0, /* end of speech → end of turn */
	PART_TRANSCRIPT,      /* → the transcript was there */
	PART_FIRST_TOKEN,
	PART_SPEAKABLE,       /* → first speakable text */
	PART_FIRST_AUDIO,     /* → first audio byte from the voice */
	PART_SENT,            /* → first frame given to the carrier */
	PART_PLAYED,          /* → first sample played, as far as the carrier says */
	LATENCY_PARTS
};

struct call_output {
	enum output_type type;
	uint32_t kind;
	uint32_t stream;
	uint32_t gen;
	uint32_t utterance;
	uint32_t take;
	uint32_t turn;
	uint32_t index;
	uint64_t number;
	uint64_t position;
	const char *name;
	size_t name_len;
	const char *text;
	size_t text_len;
	const struct request_block *blocks; /* OUT_ASK: not encoded, `position` is their digest */
	size_t block_count;
};

const char *output_name(enum output_type type);
const char *note_name(enum note note);
const char *end_reason_name(enum end_reason reason);
const char *turn_why_name(enum turn_why why);
const char *answered_name(enum answered answered);
const char *answered_why_name(enum answered_why why);
const char *short_why_name(enum short_why why);

void output_encode(const struct call_output *out, struct buf *b);
enum err output_decode(struct call_output *out, const void *data, size_t len) MUST_USE;
void output_print(const struct call_output *out, struct buf *b); /* one line of JSON without a newline */

#endif

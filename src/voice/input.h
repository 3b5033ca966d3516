/* What happens to a call: the only things that call_step ever learns.
 *
 * Times are microseconds since the call's clock began (the moment its core was made), never falling. Positions in the
 * caller's audio and in an utterance are samples at 8000 Hz, whatever the carrier's or the voice's own rate is.
 * Texts are UTF-8, borrowed for the step. The encoding (base/wire.h) is what the journal keeps and replay reads.
 */
#ifndef VOICE_INPUT_H
#define VOICE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/shapes.h"

enum {
	CALL_RATE_HZ = 8000,
	VOICE_CHUNK_SAMPLES = 256, /* 32 ms */
	INPUT_TEXT_MAX = 16 * 1024, /* a longer one is cut at a character before it gets here */
	INPUT_WORDS_MAX = 64,
	KEY_HIDDEN = 'x' /* whoever holds the digits says no more than that one was pressed */
};

enum input_type {
	IN_PREPARE = 1,   /* the phone rings: open what will be needed */
	IN_START,         /* the media stream began */
	IN_VOICE,         /* one VAD chunk: number = level (0..65535), position = its first sample */
	IN_TRANSCRIPT,    /* stream, kind, text, position..position2 = the audio it covers */
	IN_STT_DOWN,      /* stream: it is gone */
	IN_MODEL_TEXT,    /* gen, text: the next piece */
	IN_MODEL_TOOL,    /* gen, index, name, text = arguments (JSON) */
	IN_MODEL_DONE,    /* gen, number = tokens written */
	IN_MODEL_FAILED,  /* gen, kind = enum failure */
	IN_SPEECH,        /* utterance, take, position = samples made so far, words (all that are known), kind = enum speech_news */
	IN_SPEECH_FAILED, /* utterance, take */
	IN_SENT,          /* utterance, take, position = the sample that sending begins at, or begins again at after it had run dry */
	IN_PLAYED,        /* utterance, take, position = the carrier has played the samples before this one */
	IN_TOOL_RESULT,   /* turn, index, kind = enum tool_status, text */
	IN_DIGIT,         /* number = '0'..'9', '*', '#', 'A'..'D'; KEY_HIDDEN: a digit, while call_hides */
	IN_ORDER,         /* kind = enum order, text */
	IN_KNOWLEDGE,     /* number = the query it answers, text */
	IN_MEDIA_LOST,    /* the media socket closed, the call has not ended */
	IN_ATTACHED,      /* another worker or socket took the call over: audio, streams and generations in flight are gone */
	IN_HANGUP,        /* the caller, or the carrier, ended the call */
	IN_TIMER,         /* the time that OUT_WAKE asked for has come */
	IN_TONE,          /* a single tone on the caller's line is over: position..position2 = where, number = its Hz, kind = enum tone_kind */
	IN_TYPES
};

enum speech_news {
	SPEECH_MORE = 0,
	SPEECH_DONE  /* no more audio will come */
};

enum order { ORDER_END = 0, ORDER_SAY, ORDER_ANSWERED /* text: who answered, in the carrier's word */ };

enum tone_kind { TONE_SINGLE = 0, TONE_NETWORK /* the three that go before a network's announcement */ };

struct call_input {
	enum input_type type;
	uint64_t at_us;
	uint32_t kind;
	uint32_t stream;    /* recogniser stream */
	uint32_t gen;       /* generation */
	uint32_t utterance;
	uint32_t take;      /* which attempt at synthesis or which playing of it, as OUT_SPEAK or OUT_PLAY gave it */
	uint32_t turn;
	uint32_t index;
	uint64_t number;
	uint64_t position;
	uint64_t position2;
	bool exact;         /* word times come from the voice itself, not from an estimate */
	const char *name;
	size_t name_len;
	const char *text;
	size_t text_len;
	struct speech_word words[INPUT_WORDS_MAX];
	size_t word_count;
};

const char *input_name(enum input_type type); /* "voice", "transcript", … */

void input_encode(const struct call_input *in, struct buf *b);

/* Makes it an IN_VOICE of these three and nothing else, which is most of all that happens. */
void input_voice(struct call_input *in, uint64_t at_us, uint64_t level, uint64_t position);

/* Texts point into `data`. Refuses what a step may not see: unknown types, over-long texts, words out of order. */
enum err input_decode(struct call_input *in, const void *data, size_t len) MUST_USE;

/* For people: one line of JSON without a newline. */
void input_print(const struct call_input *in, struct buf *b);

#endif

/* The shapes that a call and its providers share: what a transcript, a spoken word, a request to a model look like.
 *
 * Providers include this and never a plane; the call core includes it too. Texts are UTF-8 with a length, borrowed.
 * Positions are samples at 8000 Hz.
 */
#ifndef PROVIDERS_SHAPES_H
#define PROVIDERS_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transcript_kind {
	TRANSCRIPT_PARTIAL = 0, /* replaces the partial before */
	TRANSCRIPT_FINAL,       /* replaces the partial, will not change */
	TRANSCRIPT_END          /* a final (its text may be empty) and the recogniser holds the turn for ended */
};

/* Why a provider's answer failed. */
enum failure { FAILED_DIED = 0, FAILED_BUSY, FAILED_GARBAGE, FAILED_REFUSED };

enum tool_status {
	TOOL_OK = 0,
	TOOL_ERROR,  /* it did not happen */
	TOOL_UNKNOWN /* it may have happened */
};

/* A word of an utterance: where its sound ends and where its text ends (bytes into the utterance's text). */
struct speech_word {
	uint32_t end_samples;
	uint16_t text_end;
};

enum ask_kind {
	ASK_PLAIN = 0,
	ASK_AHEAD,   /* the end of turn is only likely */
	ASK_CONTINUE, /* go on where the agent's last words end */
	ASK_SHORT    /* the caller has waited, or will have: few words first. Between session and model alone, of the two above the first */
};

/* How an event tells a model what a tool came to that it was told is still running: "Result of NAME: TEXT", and what stands for ": " when it did not work,
 * or nobody knows. */
#define EVENT_RESULT "Result of "
#define EVENT_FAILED ", which failed: "
#define EVENT_UNKNOWN ", whose outcome nobody knows: "

/* How an event begins that tells a model who has taken a call that we placed. */
#define EVENT_MACHINE "An answering machine has taken this call."
#define EVENT_PERSON "A person has taken this call after all."

/* … and an event or a tool's result that the call goes on in another language: its tag follows. */
#define EVENT_LANGUAGE "From now on the call is in "

/* "≈keep it": what stands before words that may have been other ones ("shift it"). The call's core compares words with it, so that what was asked for surer
 * words is not taken for them. Before something is changed by them they are asked back. */
#define HEARD_UNSURE "\xe2\x89\x88"

/* One block of a request to a model as the call has it: what was truly said. A model gets struct llm_block (llm.h). */
enum block_type { BLOCK_CALLER = 1, BLOCK_AGENT, BLOCK_TOOL_USE, BLOCK_TOOL_RESULT, BLOCK_EVENT };

struct request_block {
	enum block_type type;
	uint32_t turn, index; /* TOOL_USE and TOOL_RESULT: its key */
	uint32_t status;      /* TOOL_RESULT: enum tool_status */
	const char *name;     /* TOOL_USE */
	size_t name_len;
	const char *text;     /* words; TOOL_USE: arguments (JSON); TOOL_RESULT: the result; EVENT: knowledge, late results */
	size_t text_len;
};

#endif

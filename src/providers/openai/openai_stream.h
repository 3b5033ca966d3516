/* The stream of one chat completion: bytes in any pieces in, words at once and tools at the end out.
 *
 * Pure: no clock, no I/O, no globals; one owner, one thread. Words are told as they come, thoughts never (openai_think.h). What a tool is asked is
 * collected by its index and is there for the taking only when the message is over and was not cut: whether there are tools is decided
 * by their presence, because some servers say "stop" behind them. The message is over at [DONE], or at the bytes' end behind a finish_reason:
 * not every server sends [DONE]. Chunks that are no JSON, tools that are none, words behind the finish, and whatever is over a ceiling end
 * the stream. Facts: the shared protocol notes on OpenAI-compatible servers, sections 2 and 8.
 *
 *   ┌───────┐ choices ┌─────────┐ finish_reason ┌──────────┐ [DONE], or the end
 *   │ FRESH │ ──────► │ MESSAGE │ ────────────► │ FINISHED │ ───────────────► COMPLETE
 *   └───────┘         └─────────┘               └──────────┘
 *                                  usage may come with any chunk, mostly behind the finish_reason
 *                                  an error, or anything out of order, from anywhere: BROKEN
 *                                  openai_stream_stop, from anywhere: STOPPED
 */
#ifndef PROVIDERS_OPENAI_OPENAI_STREAM_H
#define PROVIDERS_OPENAI_OPENAI_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sse.h"
#include "providers/openai/openai_chunk.h"
#include "providers/openai/openai_think.h"
#include "providers/shapes.h"

enum {
	OPENAI_EVENT_MAX_BYTES = 64 * 1024, /* a line, and an event's data */
	OPENAI_TEXT_MAX_BYTES = 256 * 1024, /* words of an answer, thoughts among them */
	OPENAI_TOOL_MAX_BYTES = 16 * 1024,  /* arguments of a tool */
	OPENAI_TOOL_NAME_MAX = 128,
	OPENAI_TOOL_ID_MAX = 64,            /* of a longer one the beginning counts */
	OPENAI_TOOLS_MAX = 16,              /* of an answer */
	OPENAI_ERROR_NAME_MAX = 48
};

enum openai_state { OPENAI_FRESH = 0, OPENAI_MESSAGE, OPENAI_FINISHED, OPENAI_COMPLETE, OPENAI_BROKEN, OPENAI_STOPPED };

/* Tokens of an answer, or of several together. */
struct openai_usage {
	uint64_t input;  /* of the prompt, not read from the cache */
	uint64_t cached; /* of the prompt, read from it: where the server says so */
	uint64_t output;
};

struct openai_tool {
	char name[OPENAI_TOOL_NAME_MAX];
	size_t name_len;
	char id[OPENAI_TOOL_ID_MAX];
	uint64_t index;
	struct buf args; /* a NUL stands behind them; whole when the state is COMPLETE */
};

typedef void (*openai_text_h)(void *arg, const char *text, size_t len);

struct openai_stream {
	enum openai_state state;
	enum failure why;                       /* BROKEN */
	char error_name[OPENAI_ERROR_NAME_MAX]; /* what the server called it; empty: it said nothing, or it was us who broke it off */
	struct openai_usage usage;              /* so far; final when the state is COMPLETE */
	size_t tool_count;                      /* COMPLETE: to be run, in order */
	struct openai_tool tools[OPENAI_TOOLS_MAX];

	openai_text_h text;
	void *arg;
	struct sse sse;
	struct buf scratch, words;
	struct openai_think think;
	bool has_bytes;                         /* any */
	size_t text_bytes;
};

/* `text` runs inside of openai_stream_read and openai_stream_end, never with 0 bytes; it may call openai_stream_stop. */
void openai_stream_init(struct openai_stream *s, openai_text_h text, void *arg);
void openai_stream_fini(struct openai_stream *s);
void openai_stream_reset(struct openai_stream *s, void *arg); /* for another answer; keeps the memory */

/* The next bytes. After COMPLETE, BROKEN and STOPPED they are passed over. */
enum openai_state openai_stream_read(struct openai_stream *s, const void *data, size_t len);

/* The bytes have come to an end: what is not finished by now is broken. */
enum openai_state openai_stream_end(struct openai_stream *s);

/* Nothing more is told. Legal inside `text`. */
void openai_stream_stop(struct openai_stream *s);

/* What an error means to a call, by its names ("rate_limit_exceeded") and numbers; `fallback` where neither is known. */
enum failure openai_failure_of(const struct openai_chunk *c, enum failure fallback);

/* What a status means, as HTTP's or in an error's `code`. */
enum failure openai_failure_of_status(uint64_t status);

#endif

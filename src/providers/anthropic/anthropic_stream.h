/* The stream of one answer, as server-sent events: bytes in any pieces in, words at once and tools at the end out.
 *
 * Pure: no clock, no I/O, no globals; one owner, one thread. Words are told as they come. What a tool was asked is collected and looked
 * at when its block ends, and there is for the taking only when the whole message is over and says that it stopped for its tools: what
 * max_tokens has cut is never run. Thinking is passed over, as are pings, comments and events that we do not know. A message that
 * breaks its own order, JSON that is none, and whatever is over a ceiling end the stream.
 * Facts: the shared protocol notes on Anthropic, section 3.
 *
 *   ┌───────┐ message_start ┌─────────┐ content_block_start ┌───────┐
 *   │ FRESH │ ────────────► │ MESSAGE │ ──────────────────► │ BLOCK │
 *   └───────┘               │         │ ◄────────────────── │       │
 *                           └─────────┘  content_block_stop └───────┘
 *                                │ message_stop
 *                                ▼                    an error, or anything out of order, from anywhere: BROKEN
 *                            COMPLETE                 anthropic_stream_stop, from anywhere: STOPPED
 */
#ifndef PROVIDERS_ANTHROPIC_ANTHROPIC_STREAM_H
#define PROVIDERS_ANTHROPIC_ANTHROPIC_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sse.h"
#include "providers/anthropic/anthropic_event.h"
#include "providers/anthropic/anthropic_models.h"
#include "providers/shapes.h"

enum {
	ANTHROPIC_EVENT_MAX_BYTES = 64 * 1024,  /* a line, and an event's data */
	ANTHROPIC_TEXT_MAX_BYTES = 256 * 1024,  /* words of an answer */
	ANTHROPIC_TOOL_MAX_BYTES = 16 * 1024,   /* arguments of a tool */
	ANTHROPIC_TOOL_NAME_MAX = 128,
	ANTHROPIC_TOOLS_MAX = 16,               /* of an answer */
	ANTHROPIC_ERROR_TYPE_MAX = 48
};

enum anthropic_state { STREAM_FRESH = 0, STREAM_MESSAGE, STREAM_BLOCK, STREAM_COMPLETE, STREAM_BROKEN, STREAM_STOPPED };

struct anthropic_tool {
	char name[ANTHROPIC_TOOL_NAME_MAX];
	size_t name_len;
	size_t from, len; /* of its arguments in `args` */
};

enum anthropic_block { BLOCK_IS_OTHER = 0, BLOCK_IS_TEXT, BLOCK_IS_TOOL };

typedef void (*anthropic_text_h)(void *arg, const char *text, size_t len);

struct anthropic_stream {
	enum anthropic_state state;
	enum failure why;                          /* BROKEN */
	char error_type[ANTHROPIC_ERROR_TYPE_MAX]; /* what the vendor called it; empty: it was us who broke it off */
	struct anthropic_usage usage;              /* so far; final when the state is COMPLETE */
	size_t tool_count;                         /* COMPLETE: to be run, in order */
	struct anthropic_tool tools[ANTHROPIC_TOOLS_MAX];
	struct buf args;                           /* of all tools; a NUL behind each */

	anthropic_text_h text;
	void *arg;
	struct sse sse;
	struct buf scratch;
	bool has_bytes;                            /* any */
	enum anthropic_block block;                /* the open one */
	uint64_t block_index, block_next;
	size_t text_bytes;
	bool asks_tools, has_tools;                /* it said that it stopped for them; a block was one */
};

/* `text` runs inside of anthropic_stream_read, never with 0 bytes; it may call anthropic_stream_stop. */
void anthropic_stream_init(struct anthropic_stream *s, anthropic_text_h text, void *arg);
void anthropic_stream_fini(struct anthropic_stream *s);
void anthropic_stream_reset(struct anthropic_stream *s, void *arg); /* for another answer; keeps the memory */

/* The next bytes. After COMPLETE, BROKEN and STOPPED they are passed over. */
enum anthropic_state anthropic_stream_read(struct anthropic_stream *s, const void *data, size_t len);

/* The bytes have come to an end: what is not complete by now is broken. */
enum anthropic_state anthropic_stream_end(struct anthropic_stream *s);

/* Nothing more is told. Legal inside `text`. */
void anthropic_stream_stop(struct anthropic_stream *s);

/* What the vendor's name of an error means to a call ("overloaded_error"); `fallback` for a name that is not known. */
enum failure anthropic_failure_of(const char *error_type, enum failure fallback);

#endif

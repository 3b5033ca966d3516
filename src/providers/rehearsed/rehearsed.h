/* The rehearsed engine: a "model" that plays a rule-book's own flow word by word, behind the same llm.h as a real one.
 *
 * One of these belongs to one call: it holds the call's flow (the rule-book's JSON, docs/rulebooks.md) and the streams that run, and
 * nothing of the conversation that it needs again: every answer is worked out from the request's blocks alone, so that a call that moved, was replayed or
 * asked twice goes on. No clock, no randomness, no I/O. What callers say, what tools return and the flow itself are outside bytes.
 *
 * Streams: text comes in pieces of a few words, then the tool, then done. The engine asks its owner to be woken: `wake(arg, delay_us)`
 * means "call rehearsed_step once, so much later", never from inside `wake`; a second wish replaces the first. Cancel silences a stream.
 * ASK_CONTINUE goes on behind the words that were heard. A placeholder of the redaction is an answer where its value could be one; it is
 * said and given to tools as it is. Loop thread of the owner.
 */
#ifndef PROVIDERS_REHEARSED_REHEARSED_H
#define PROVIDERS_REHEARSED_REHEARSED_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/llm.h"

enum {
	REHEARSED_FLOW_MAX_BYTES = 4 * 1024 * 1024,
	REHEARSED_STREAMS = 8,      /* at once; more is ERR_BUSY */
	REHEARSED_BLOCKS_MAX = 8192, /* of a request; more is ERR_LIMIT */
	REHEARSED_PIECE_US = 20000  /* between two pieces */
};

struct rehearsed;

typedef void (*rehearsed_wake_h)(void *arg, uint64_t delay_us);

/* Copies what it needs. ERR_FORMAT, ERR_VERSION, ERR_LIMIT: detail says where and why the flow is none; ERR_NOMEM. */
enum err rehearsed_new(struct rehearsed **rp, const void *flow, size_t len, rehearsed_wake_h wake, void *arg, struct err_detail *detail) MUST_USE;
void rehearsed_free(struct rehearsed **rp); /* silences what runs; NULL-safe; not from inside an event */

/* The wake-up: the next piece of every stream. */
void rehearsed_step(struct rehearsed *r);

extern const struct llm rehearsed_llm; /* its vendor is a struct rehearsed */

/* ---- the same without a stream ---- */

/* What became of the caller's last words. */
enum rehearsed_heard {
	REHEARD_NONE = 0,  /* there were none */
	REHEARD_VALUE,     /* an answer */
	REHEARD_CONFIRMED, /* what was read back is right */
	REHEARD_REFUSED,   /* and this is that it is not */
	REHEARD_CORRECTED, /* an earlier answer is another one */
	REHEARD_ANYTIME,   /* what may be said at any time */
	REHEARD_ASIDE,     /* "who is this?", "wait" */
	REHEARD_RANGE,     /* an answer that is not accepted */
	REHEARD_NOT,       /* not understood */
	REHEARD_HALF,      /* a time, of which the half of the day is asked for */
	REHEARD_CUT,       /* the question had not been heard: it is asked again */
	REHEARD_WAITING,   /* while a tool runs */
	REHEARD_VOICEMAIL, /* a machine's words, before a person answered */
	REHEARD_LANGUAGE   /* another language is asked for */
};

const char *rehearsed_heard_name(enum rehearsed_heard heard); /* "value", "aside"; never NULL */

struct rehearsed_reply {
	struct buf text;  /* to be said, with placeholders; what of it was heard already is left out */
	const char *tool; /* or NULL; borrowed from the engine, as all names here */
	struct buf arguments;
	const char *outcome;       /* with the tool that ends the call, else NULL */
	enum rehearsed_heard heard;
	const char *question;      /* the step that the words were judged by, or NULL */
	struct buf value;          /* what that question's answer is now, as data; empty: not known */
	const char *asks;          /* the question that is open now, or NULL */
	bool confirms;             /* it is being read back */
	const char *step;          /* where the call stands: with a tool, the step that asks for it */
};

void rehearsed_reply_init(struct rehearsed_reply *reply);
void rehearsed_reply_fini(struct rehearsed_reply *reply);

/* What is to be said now. ERR_LIMIT, ERR_NOMEM. */
enum err rehearsed_plan(const struct rehearsed *r, const struct llm_block *blocks, size_t count, struct rehearsed_reply *reply) MUST_USE;

/* What was known when it was last asked for words: an object of answers as data (texts) by question, and of tools' results (objects) by step;
 * its `end` is "voicemail" while an answering machine is spoken to.
 * For whoever wants to know what a call came to that nobody finished. Borrowed until it is asked again; NULL: it never was. */
const json_t *rehearsed_known(const struct rehearsed *r);

/* A person took the call from a machine and was greeted without the engine being asked: no machine is spoken to any more. */
void rehearsed_met(struct rehearsed *r);

/* The opening, which the call core says by itself. */
const char *rehearsed_opening(const struct rehearsed *r);
const char *rehearsed_end_tool(const struct rehearsed *r);

/* What the words mean as an answer to a question of the flow ("budget"), or to its reading back ("budget/confirm"); for trying and
 * testing. What is understood is appended as data. ERR_NOTFOUND: no such question; ERR_NOMEM. */
enum err rehearsed_judge(const struct rehearsed *r, const char *question, const struct redacted *words, enum rehearsed_heard *heard,
	struct buf *value) MUST_USE;

#endif

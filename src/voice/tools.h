/* Between tools.c (sent, settled, asked again), tools_commit.c (what a message asks for) and tools_clocks.c (time and fillers), and for nobody else.
 *
 * Tools live in dialogue.tools, their uses and results in the history. A pointer to an item holds until the history grows, one to a tool until the
 * step ends. All of it is the call's state, changed within one step.
 */
#ifndef VOICE_TOOLS_H
#define VOICE_TOOLS_H

#include "voice/call_state.h"

enum { TAKEN_MS = 10000 }; /* a tool whose secret number is keyed in has so long: it is judged on the spot */

/* It waits for the caller's keys. */
static inline bool tool_is_taking(const struct tool *t)
{
	return t->state && t->waits && !t->moves;
}

/* tools.c: one of them */
const struct brief_tool *tool_known(const struct call *call, struct text name); /* NULL: the brief has no such tool */
bool tool_is_keys(const struct call *call, const struct tool *t);               /* it is done when an utterance of keys is over */
void tool_send(struct call *call, const struct tool *t);
void tool_settle(struct call *call, struct tool *t, enum tool_status status, const char *text, size_t len); /* its slot is free then */

/* tools.c: uses and results in the history */
bool tool_use_same(const struct call *call, const struct item *use, struct text name, struct text args);
struct item *tool_use_find(struct call *call, uint32_t turn, uint32_t index); /* the last one; NULL: there is none */
struct item *tool_result_of(struct call *call, uint32_t use);                 /* NULL: a damaged history */
void tool_result_fill(struct call *call, uint32_t item, enum tool_status status, struct text text);

/* tools_clocks.c */
void tools_timer(struct call *call);        /* sets TIMER_TOOL anew */
void tools_filler_start(struct call *call); /* the next one is due tool.filler_ms from now */
void tools_filler_hurry(struct call *call); /* and sooner, when the agent has said nothing to the turn */

#endif

/* The simulated language model (an LLM vendor). It keeps nothing between requests: what it says follows from the blocks it
 * is given, the script and the call's seed, so that a second attempt at one answer says the same. It asks the next question,
 * calls the tool that belongs to an answer, goes on from where its words end when told to, and ends the call when all is
 * asked. A number that it does not see it reads back, and gives to the tool, by its placeholder. One thread, virtual time.
 */
#ifndef SIMULATE_MODEL_H
#define SIMULATE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/llm.h"
#include "simulate/fault.h"
#include "simulate/script.h"
#include "simulate/world.h"

struct scene;

enum { QUICK_ONE_OF = 8, MODEL_ANSWERS = 16, MODEL_TEXT = 1024, MODEL_ARGS = 160, MODEL_TOOLS = 3 };

struct model_tool {
	const char *name;
	char args[MODEL_ARGS];
};

/* What it is going to say. */
struct model_reply {
	char text[MODEL_TEXT];
	uint32_t len;
	struct model_tool tools[MODEL_TOOLS];
	uint32_t tool_count;
};

struct llm_answer { /* one stream of the vendor */
	struct model *model;
	bool used;
	uint32_t serial;
	struct model_reply reply;
	uint32_t told; /* bytes */
	uint32_t tools_told;
	bool slow;
	enum fault harm; /* FAULTS: none */
	uint32_t harm_at; /* bytes */
	const struct llm_events *events;
	void *arg;
	struct llm_answer **slot;
	struct event event;
};

struct model {
	struct scene *scene;
	struct dice dice, quick_dice; /* calls that are not quick draw what they drew before there were any */
	bool quick; /* it answers within milliseconds, as an engine on the same host does: what is asked ahead is there before the caller's final */
	uint32_t serial;
	struct llm_answer answers[MODEL_ANSWERS];
};

extern const struct llm simulated_llm; /* its vendor is a struct model */

void model_init(struct model *m, struct scene *scene);

/* The whole reply to these blocks, before ASK_CONTINUE takes away what was said. For the tests. */
void model_plan(const struct script *script, uint64_t seed, const struct llm_block *blocks, size_t count, struct model_reply *reply);

/* One more sentence, when there is room for it. model_results.c. */
void model_say(struct model_reply *reply, const char *text);

/* Says each result and event that these blocks hold and that none of the agent's words behind it has told whole, each once; `last` is the one that the
 * agent has to answer to, or NULL. True: something is said. */
bool model_results_say(struct model_reply *reply, const struct llm_block *blocks, size_t count, const struct llm_block *last);

/* The words by which a tool's result is told: those of its text behind the tool's name, or what became of it. "" when it is too long to be read out. */
void model_result_words(char *words, size_t size, const char *name, size_t name_len, enum tool_status status, const char *text, size_t len);

/* Puts a tool that was asked for before in the place of the whole answer, when that fault strikes. model_repeat.c. */
void model_repeat(struct llm_answer *a, const struct llm_block *blocks, size_t count);

#endif

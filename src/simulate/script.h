/* What a simulated call is about: what the agent asks, what the caller answers, which tools are called in between.
 *
 * Four built-in scripts and those a tester writes (docs/simulation.md has the format). A script is read-only once made;
 * its texts belong to it. In an answer `|` is a pause inside the turn and `~` a short one. No thread of its own.
 */
#ifndef SIMULATE_SCRIPT_H
#define SIMULATE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/brief.h"
#include "base/err.h"

enum answer_kind { ANSWER_OPEN = 0, ANSWER_YES_NO, ANSWER_DIGITS, ANSWER_SPELLED };

enum {
	STEP_ANSWERS_MAX = 4,
	SCRIPT_STEPS_MAX = 24,
	SCRIPT_TOOLS_MAX = 8,
	SCRIPT_CUES_MAX = 64,
	SCRIPT_FAULTS_MAX = 32,
	SCRIPT_TEXT_MAX = 64 * 1024
};

struct script_step {
	const char *ask;   /* one sentence without a comma, ends with '?'; the first step's is in the greeting */
	enum answer_kind kind;
	const char *answers[STEP_ANSWERS_MAX];
	const char *keys;  /* the same on the keypad, or NULL */
	const char *secret; /* digits of a person's number, or the end of an address, in what is said: no model may see them; or NULL */
	const char *tool;  /* called once the answer is there, or NULL */
	const char *tool2; /* and this one beside it, or NULL */
};

struct script_tool {
	const char *name;
	bool changes;
	uint32_t slow_ms;   /* the usual time it takes, about */
	const char *result; /* words of its result */
};

/* A tester's own cue: something the caller does at a time. */
enum cue_kind { CUE_SAY = 0, CUE_NOD, CUE_COUGH, CUE_KEYS, CUE_HANGUP };

struct script_cue {
	uint64_t at_us; /* since the media began */
	enum cue_kind kind;
	const char *text;
	uint32_t length_ms; /* COUGH */
};

struct script_fault {
	const char *name;
	uint32_t nth; /* strikes at the actor's nth chance, from 1 */
};

struct script {
	const char *name;
	const char *greeting;
	const struct script_step *steps;
	uint32_t step_count;
	const struct script_tool *tools;
	uint32_t tool_count;
	bool own; /* a tester's: the caller does as the cues say and nothing else of its own accord */
	const struct script_cue *cues;
	uint32_t cue_count;
	const struct script_fault *faults;
	uint32_t fault_count;
};

extern const struct script scripts[];
extern const uint32_t script_count;

/* Name of the tool by which the agent ends the call; every script has it. */
#define SCRIPT_END_TOOL "end_call"

void script_brief(const struct script *s, struct brief *b);
const struct script_tool *script_tool_find(const struct script *s, const char *name, size_t len);

/* The step whose question (or its last words) stands in `text`, the latest one when there are several; -1 for none. */
int script_step_asked(const struct script *s, const char *text, size_t len);

/* A tester's script from its text. On a mistake `detail` has the line, its key, what was found and what is allowed. No cue stands
 * behind the longest call: that of the default settings, or `max_ms` (call.max_ms). */
enum err script_parse(struct script **sp, const char *text, size_t len, struct err_detail *detail) MUST_USE;
enum err script_load(struct script **sp, const char *path, int64_t max_ms, struct err_detail *detail) MUST_USE;
void script_free(struct script *s); /* only what parse and load made; NULL is fine */

#endif

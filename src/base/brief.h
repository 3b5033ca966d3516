/* The brief: what a call is told before it begins. Made by the conductor from a rule-book, pinned, journalled.
 *
 * All text is UTF-8 and belongs to the brief. Lists have ceilings; a brief over one is refused where it is made.
 */
#ifndef BASE_BRIEF_H
#define BASE_BRIEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	BRIEF_TOOLS_MAX = 32,
	BRIEF_PHRASES_MAX = 16,
	BRIEF_NAME_MAX = 64,
	BRIEF_TEXT_MAX = 400,
	BRIEF_GREETING_MAX = 1000, /* with what must be disclosed, in scripts of three bytes a letter */
	BRIEF_GREETING_WORDS = 60, /* it is one utterance, whose words are told apart */
	BRIEF_SAYINGS_MAX = 40,
	BRIEF_WORD_MAX = 48,
	BRIEF_SAY_MAX = 80,
	BRIEF_MACHINES_MAX = 80,
	BRIEF_MACHINE_MAX = 84,
	BRIEF_KEYS_MAX = 32, /* that are sent at once */
	BRIEF_BYTES_MAX = 64 * 1024
};

struct brief_tool {
	char name[BRIEF_NAME_MAX];
	bool changes;        /* it changes something: at most once */
	bool ends;           /* the agent asks for the end of the call with it; nothing is sent anywhere */
	bool keys;           /* its `digits` are sent as tones in the agent's track; nothing is sent anywhere else */
	bool takes;          /* a secret number is taken by keypad (voice/take.c); nothing is sent anywhere */
	bool moves;          /* the caller is taken away from the agent by it: asked for when the agent has been heard */
	uint32_t timeout_ms; /* 0: the setting's */
};

struct brief_phrases {
	char text[BRIEF_PHRASES_MAX][BRIEF_TEXT_MAX];
	uint8_t count;
};

/* How a word is said: whole words of what the agent says, in any case. */
struct brief_saying {
	char word[BRIEF_WORD_MAX];
	char say[BRIEF_SAY_MAX];
	char ipa[BRIEF_SAY_MAX]; /* the same as sounds; "": not known */
};

struct brief {
	char language[16];             /* BCP 47: "en-IN" */
	char rulebook[BRIEF_NAME_MAX]; /* id@version, for people */
	char greeting[BRIEF_GREETING_MAX]; /* "" lets the caller begin */
	bool greeting_whole;           /* a disclosure: interrupting does not skip it */
	bool knowledge;                /* retrieve while the caller speaks */
	struct brief_phrases fillers;  /* while the model thinks */
	struct brief_phrases waits;    /* while a tool works */
	struct brief_phrases prompts;  /* nobody speaks */
	struct brief_phrases unheard;  /* "Sorry, I did not catch that." */
	struct brief_phrases apology;  /* no answer could be had */
	struct brief_phrases goodbye;  /* quiet for too long, or the call's time is up */
	struct brief_phrases nods;     /* words that are no interruption: "mm-hm", "achha" */
	struct brief_phrases stops;    /* words that always are: "stop", "ruko" */
	struct brief_tool tools[BRIEF_TOOLS_MAX];
	uint8_t tool_count;
	struct brief_saying sayings[BRIEF_SAYINGS_MAX];
	uint8_t saying_count;
	uint64_t clear;                /* types of personal data that the model sees as they were said, a bit each as redact/redact.h numbers them; 0: none */
	bool placed;                   /* we called: who answered is listened for. What follows is said and encoded of such calls alone */
	bool leaves;                   /* the model has something to say to a machine */
	char purpose[BRIEF_TEXT_MAX];  /* who calls and why, for whoever asks that on a person's behalf; "": nothing is told */
	char machines[BRIEF_MACHINES_MAX][BRIEF_MACHINE_MAX]; /* what answering machines say, and people do not */
	uint8_t machine_count;
};

/* A brief with the built-in English phrases and no tools. */
void brief_init(struct brief *b);

void brief_encode(const struct brief *b, struct buf *out);
enum err brief_decode(struct brief *b, const void *data, size_t len) MUST_USE;

/* Index of the tool, or -1. */
int brief_tool_find(const struct brief *b, const char *name, size_t len);

#endif

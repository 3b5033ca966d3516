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
	BRIEF_LANGUAGE_MAX = 16,
	BRIEF_TONGUES_BYTES = 24 * 1024, /* what a call in several languages says in each of them */
	BRIEF_BYTES_MAX = 96 * 1024
};

struct brief_tool {
	char name[BRIEF_NAME_MAX];
	bool changes;        /* it changes something: at most once */
	bool ends;           /* the agent asks for the end of the call with it; nothing is sent anywhere */
	bool keys;           /* its `digits` are sent as tones in the agent's track; nothing is sent anywhere else */
	bool takes;          /* a secret number is taken by keypad (voice/take.c); nothing is sent anywhere */
	bool moves;          /* the caller is taken away from the agent by it: asked for when the agent has been heard */
	bool speaks;         /* the call goes on in its `language`; nothing is sent anywhere */
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
	char language[BRIEF_LANGUAGE_MAX]; /* BCP 47: "en-IN"; of a call in several, the one that is spoken now */
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
	struct brief_phrases keys;     /* a secret number is to be keyed in, and no key has come; none where no tool takes one */
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
	/* What the call says in each of its languages, the one it begins in among them: language, lists, sayings and disclosure, a wire message each. Never
	 * changes in a call. Of a call in one language it is empty, and not encoded. */
	uint8_t tongues[BRIEF_TONGUES_BYTES];
	uint32_t tongues_len;
};

/* A brief with the built-in English phrases and no tools. */
void brief_init(struct brief *b);

/* The built-in English phrases of a call in which secret numbers are keyed in: other briefs stay as they were recorded. */
void brief_takes(struct brief *b);

void brief_encode(const struct brief *b, struct buf *out);
enum err brief_decode(struct brief *b, const void *data, size_t len) MUST_USE;

/* ---- a call in several languages ---- */

/* One language more: that of `other`, with its lists and sayings; `disclosure` is what must be said before anything else in it, "": nothing. ERR_LIMIT: there
 * is no more room; ERR_NOMEM. */
enum err brief_tongue_add(struct brief *b, const struct brief *other, const char *disclosure) MUST_USE;

/* Which of its languages that is, in any case; -1: none of them, or the call has but one. */
int brief_tongue_find(const struct brief *b, const char *language, size_t len);

/* From now on the lists and sayings are that language's. `disclosure` gets its own. False: there is no such, or it is none; then nothing changed. */
bool brief_tongue_take(struct brief *b, int index, char disclosure[BRIEF_GREETING_MAX]);

/* The tag of the index-th, without an end: `*len` bytes of the brief's; NULL: there are not so many. */
const char *brief_tongue_at(const struct brief *b, int index, size_t *len);

/* Index of the tool, or -1. */
int brief_tool_find(const struct brief *b, const char *name, size_t len);

#endif

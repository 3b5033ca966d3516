/* Where a call stands in its flow, worked out from what was said. Nothing is kept between requests: the same blocks give the same
 * reply, wherever the call has moved to.
 *
 *            answer, no confirm                       yes
 *   ASKED ────────────────────────► next step ◄──────────── CONFIRM
 *    │ ▲      not understood: again, after `tries` the unclear step │ ▲ another value
 *    │ └──────────────────────────────────── no ────────────────────┘ │
 *    └── answer, read back ────────────────────────────────────────────┘
 *   a time that may be in either half of the day: ASKED again, for the half; then the plausible one counts
 *   next step: say (and on) · ask → ASKED · tool → TOOL ──result──► next or failed · goodbye → ENDED
 *   TOOL ──the caller spoke instead of pressing keys──► KEYS ──yes──► TOOL again · else the unclear step (mind_keys.c)
 *   until a question was answered, an answering machine's words lead to the flow's step for them
 *
 * Blocks are walked in order. A caller's words are judged against the question only when enough of it was heard: what the history holds
 * of the reply before. A reply of which nothing was heard is said again, from the sentence that was cut.
 */
#ifndef PROVIDERS_REHEARSED_MIND_H
#define PROVIDERS_REHEARSED_MIND_H

#include "base/buf.h"
#include "providers/rehearsed/flow.h"
#include "providers/rehearsed/rehearsed.h"

enum { MIND_TEXT_MAX = 16 * 1024, MIND_RESULTS_MAX = 64 };

enum mood { MOOD_BEGIN = 0, MOOD_ASKED, MOOD_CONFIRM, MOOD_TOOL, MOOD_KEYS, MOOD_ENDED };

struct mind_answer {
	bool known;
	struct answer value;
};

struct mind {
	const struct flow *f;     /* in the language that is spoken */
	const struct flow *first; /* in the one that the call began in: it has all the others */
	const struct flow *wish;  /* a language that the caller asked for, and has not got yet; NULL: none */
	bool wish_asked;          /* its tool was asked for: */
	uint32_t wish_turn, wish_index;
	enum mood mood;
	int at;                  /* the step */
	int last;                /* the question that was answered last and may still be corrected, or -1 */
	struct mind_answer answers[FLOW_STEPS_MAX];
	json_t *results[FLOW_STEPS_MAX];
	uint8_t visits[FLOW_STEPS_MAX];
	int32_t tries, asides, cuts;
	bool is_half;            /* of the open question's time only the half of the day is missing, and was asked for */
	int64_t half_of;         /* the time: its minute in the first half */
	bool has_part;           /* the part of the day was said without an hour, at this step: */
	int part_step;
	struct word part;
	const json_t *way;       /* a way out of the book's that was heard unsurely and is read back; NULL: none */
	int way_step;            /* where it leads */
	const char *way_phrase;  /* how it was heard; borrowed from the flow */
	bool is_met;              /* a person has answered a question */
	bool is_machine;          /* an answering machine was heard, and nobody took the call elsewhere since */
	bool dispatched, pending; /* MOOD_TOOL: the tool was asked for; its result will follow */
	uint32_t turn, index;     /* its key */
	struct buf reply;         /* what there is to say now */
	size_t question_at;       /* where the open step's text begins in it */
	size_t heard;             /* bytes of it */
	size_t cut_at;            /* the caller spoke here, before he had heard the question; 0: he did not */
	bool unheard;             /* words are judged although the question was cut short: it was, too often */
	bool prompted;            /* somebody else's question ("are you still there?") came last */
	struct buf kept;          /* the caller's words, end to end; reserved whole, so that it never moves */
	enum rehearsed_heard note;
	int note_step;
};

/* ERR_NOMEM, ERR_LIMIT. Either way mind_fini must follow. */
enum err mind_think(struct mind *m, const struct flow *f, const struct llm_block *blocks, size_t count) MUST_USE;
void mind_fini(struct mind *m);

/* Words judged as an answer to one question, by its name, or to its reading back ("NAME/confirm": it must hold a value that differs
 * from what is said). ERR_NOTFOUND: there is no such question. */
enum err mind_judge(struct mind *m, const struct flow *f, const char *question, const struct redacted *words) MUST_USE;

void mind_value_text(const struct mind *m, int step, struct buf *out); /* an answer as data: "2026-11-23" */

/* ---- what comes next (mind.c) ---- */

enum phrase { PHRASE_SORRY = 0, PHRASE_HALF, PHRASE_RANGE, PHRASE_WAIT, PHRASE_HERE, PHRASE_WHY, PHRASE_WHY_WHO, PHRASE_WHY_PERSON, PHRASE_STILL, PHRASE_SURE,
	PHRASE_NOT_YET, PHRASE_UNKNOWN, PHRASE_UNKNOWN_PERSON, PHRASE_DONE, PHRASE_DONE_PERSON, PHRASE_BYE,
	PHRASE_DEAF, PHRASE_KEYS };

/* Words that were said beyond an answer: "move it | to Friday at three". */
struct rest {
	const struct words *words; /* or NULL */
	size_t from;
};

extern const struct rest mind_no_rest;

const struct flow_step *mind_step(const struct mind *m);
void mind_go(struct mind *m, int to, struct rest rest);    /* on to the next step at which somebody is waited for */
/* The caller asks for another language (mind_languages.c); false: he does not, and nothing is changed. */
bool mind_take_wish(struct mind *m, const struct words *w);
void mind_wish_used(struct mind *m, const struct llm_block *b);   /* its tool was asked for */
bool mind_wish_result(struct mind *m, const struct llm_block *b); /* false: it is another tool's */
void mind_language_told(struct mind *m, const struct llm_block *b); /* an event names the language: from here on it is spoken */
void mind_take_value(struct mind *m, const struct words *w, const struct answer *a); /* the open question's answer: read back, or on */
enum understood mind_take_answer(struct mind *m, const struct words *w, const char *text, size_t len); /* and the next step, when they are one */
/* Behind this answer something is changed, or the call ends, before another question is asked that may take it back. `question` may be NULL. */
bool mind_answer_binds(struct mind *m, int step, const struct answer *a, const struct words *question);
/* The words as an answer to that question. UNSURE: something is changed behind it, and not all that stands beside it is harmless. */
enum understood mind_understand(struct mind *m, int step, const struct words *w, const char *text, size_t len, struct answer *a);

/* ---- what there is to say (mind_say.c) ---- */

void mind_reply_begin(struct mind *m);                     /* an empty reply */
void mind_say(struct mind *m, const json_t *text);
void mind_say_own(struct mind *m, enum phrase phrase);
void mind_say_intro(struct mind *m);                       /* who calls: the opening without its question */
void mind_say_question(struct mind *m, const json_t *text);
void mind_say_digits_wanted(struct mind *m);
void mind_say_confirm(struct mind *m);
void mind_confirm_text(const struct mind *m, struct buf *out); /* what reads the open answer back: the book's words, or ours */
void mind_ask_again(struct mind *m);                       /* the question that is open, in its first wording */
void mind_question_words(const struct mind *m, int step, struct words *w);
void mind_confirm_words(const struct mind *m, struct words *w);

/* ---- what is said beside an answer (mind_asides.c) ---- */

bool mind_aside_left(struct mind *m);                      /* one more to this question costs no try; it is counted */
bool mind_take_aside(struct mind *m, const struct words *w);
bool mind_aside_alone(const struct mind *m, const struct words *w); /* and nothing that answers the question */
int mind_anytime_find(const struct mind *m, const struct words *w); /* the step that a phrase for any time leads to, or -1 */
bool mind_hears_machine(const struct mind *m, const struct words *w); /* an answering machine speaks */

/* ---- questions of the caller's own (mind_questions.c) ---- */

bool mind_take_questions(struct mind *m, const struct words *w, const char *text, size_t len); /* what the book has an answer to; false: nothing */
bool mind_take_behind(struct mind *m, const struct words *w, const char *text, size_t len); /* an answer, and behind it a question of no book's: both count */
bool mind_take_unknown(struct mind *m, const struct words *w);      /* any other question */
bool mind_say_answers(struct mind *m, const struct words *w);       /* the answers alone; false: there are none */
void mind_judge_ended(struct mind *m, const struct words *w, size_t heard); /* words over the closing, of which so many bytes were heard */

/* ---- what an answer does not say (mind_doubt.c) ---- */

bool mind_answer_strays(const struct mind *m, int step, const struct words *w);   /* its value is of something else, or only a limit */
bool mind_words_are_unsure(const char *text, size_t len); /* the recogniser says that they may be others */
bool mind_words_are_short_yes(const struct words *w);     /* a yes that hardly anything else is taken for */
bool mind_answer_is_blind(const struct mind *m, const struct words *w); /* a mere yes or no to a question that was cut short each time */

bool mind_answer_same(const struct flow_step *s, const struct answer *a, const struct answer *b);
void mind_judge_answer(struct mind *m, const struct words *w, const char *text, size_t len);

/* ---- what was said before, read back by the caller (mind_read_back.c) ---- */

/* It is said to be so or not, and the question asked again; false: nothing is known of it. */
bool mind_take_read_back(struct mind *m, const struct words *w, const char *text, size_t len);

/* ---- a way out that was heard unsurely (mind_way.c) ---- */

bool mind_way_is_doubted(const struct mind *m, int step, const char *text, size_t len); /* these words lead there, and must be read back */
void mind_way_doubt(struct mind *m, int step, const struct words *w);                   /* reads it back */
void mind_way_ask(struct mind *m);                                                      /* the question for it alone */
/* Judges what was said to it. False: it says something else, and is to be judged by the open question; a "no" before it is taken out. */
bool mind_way_judge(struct mind *m, struct words *w, const char *text, size_t len);

/* ---- the part of the day (mind_part.c) ---- */

void mind_part_keep(struct mind *m, struct words *w); /* keeps one that is said alone, and adds it to an hour that has none */

/* ---- what was heard (mind_heard.c) ---- */

/* Enough of the question that words are an answer to it. A yes says nothing to half a sentence, and nothing is an answer to what was told
 * before the question. */
bool mind_question_heard(const struct mind *m);
bool mind_cut_too_often(const struct mind *m); /* then words are judged all the same */
void mind_judge_cut(struct mind *m, const struct words *w, const char *text, size_t len); /* the caller spoke before he had heard it */
void mind_see_agent(struct mind *m, const struct llm_block *b);                           /* fillers and prompts are none of ours */

/* ---- he was to key a number in, and spoke (mind_keys.c) ---- */

bool mind_keys_unheard(struct mind *m, const char *text, size_t len); /* the open tool's result says so; false: it says something else */
void mind_judge_keys(struct mind *m, const struct words *w, const char *text, size_t len);
void mind_say_keys(struct mind *m); /* whether he can */

/* ---- corrections (mind_correct.c) ---- */

/* Of the question before, or of an answer that the open question tells; false: none. */
bool mind_take_correction(struct mind *m, const struct words *w, const char *text, size_t len);
/* Other values of earlier answers that are read back: "no, a thousand on Friday". The reading back stays open; false: there are none. */
bool mind_take_others(struct mind *m, const struct words *w, const char *text, size_t len);
bool mind_take_told(struct mind *m, const struct words *w, const char *text, size_t len); /* the same where a yes/no question tells them; what follows is said */
bool mind_take_count(struct mind *m, const struct words *w, const char *text, size_t len); /* of how many there are: "we are four", where another question is open */
bool mind_take_change(struct mind *m, const struct words *w, const char *text, size_t len); /* of a choice further back, where nothing else was understood */

/* ---- values and texts (mind_text.c) ---- */

enum value_type { VALUE_NONE = 0, VALUE_TEXT, VALUE_NUMBER, VALUE_DAY, VALUE_MINUTE, VALUE_TRUTH };

struct value {
	enum value_type type;
	int64_t number;
	const char *text;
	size_t len;
};

struct value mind_value(const struct mind *m, const char *ref);
void mind_text(const struct mind *m, const json_t *text, struct buf *out);
void mind_spoken(const struct mind *m, int step, struct buf *out); /* an answer in words; nothing for a choice or free words */
void mind_arguments(const struct mind *m, const struct flow_step *s, struct buf *out);
int mind_next(const struct mind *m, const struct flow_step *s); /* the step that follows, by its conditions */

/* What the tool said fits the fields that the flow knows; *result is yours, or NULL. */
bool mind_result_read(const struct flow_step *s, const char *text, size_t len, json_t **result);

#endif

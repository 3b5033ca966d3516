/* The inside of a rule-book, for conductor/rulebook_*.c only.
 *
 * Texts and items are borrowed from the YAML document, which the book keeps; everything else lies in the book's blocks and is freed
 * with it. Filled by rulebook_read.c, _head.c, _tool.c and _flow.c, judged by rulebook_check.c, read by the others.
 */
#ifndef CONDUCTOR_RULEBOOK_STATE_H
#define CONDUCTOR_RULEBOOK_STATE_H

#include <stdatomic.h>

#include "base/yaml.h"
#include "conductor/rulebook.h"

enum {
	STEPS_MAX = 128,
	LANGUAGES_MAX = 8,
	VARIABLES_MAX = 32,
	FACTS_MAX = 64,
	LIST_MAX = 32,      /* words of a list, options of a choice */
	OPTIONS_MAX = 16,
	BRANCHES_MAX = 16,
	OUTCOMES_MAX = 32,
	PROMISES_MAX = 16,
	ANYTIME_MAX = 16,
	QUESTIONS_MAX = 32,
	TARGETS_MAX = 16,
	FIELDS_MAX = 16,
	ARGUMENTS_MAX = 16,
	HEADERS_MAX = 16,
	NAME_MAX_BYTES = 40,
	WORDS_MAX_BYTES = 80,
	SPOKEN_MAX_BYTES = BRIEF_TEXT_MAX - 1,
	STEP_TEXT_MAX = BRIEF_GREETING_MAX - 1,
	DIGITS_MAX = 32,
	NOTE_MAX_BYTES = 2000, /* what only a model reads */
	TRIES_MAX = 5,
	VISITS_MAX = 5,      /* times that a call enters one step */
	DAYS_MAX = 366,
	DAYS_FAR_MAX = 45000, /* of an answer: a birth of over a hundred years ago */
	EXPR_DEPTH_MAX = 16
};

enum value_type {
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_AMOUNT,
	VALUE_DATE,
	VALUE_TIME,
	VALUE_DIGITS,
	VALUE_TRUTH,
	VALUE_CHOICE,
	VALUE_YES_NO /* of answers only */
};

struct value_spec {
	enum value_type type;
	bool is_name;                     /* TEXT, an answer's: somebody's name, not just any words */
	char currency[4];                 /* AMOUNT */
	const struct yaml_item *options;  /* CHOICE: a map (answers) or a list of words */
};

/* ---- what a name stands for ---- */

enum symbol_kind { SYMBOL_VARIABLE, SYMBOL_FACT, SYMBOL_BUILTIN, SYMBOL_ANSWER, SYMBOL_RESULT, SYMBOL_END };

struct symbol {
	enum symbol_kind kind;
	struct value_spec spec;
	const char *name;  /* "lookup.status" */
	int step;          /* ANSWER, RESULT: the step that fills it */
	int index;         /* VARIABLE */
	bool optional;     /* RESULT: it may be missing */
	const struct yaml_item *item;
};

/* ---- conditions ---- */

enum expr_op { EXPR_OR, EXPR_AND, EXPR_NOT, EXPR_KNOWN, EXPR_EQ, EXPR_NE, EXPR_LT, EXPR_LE, EXPR_GT, EXPR_GE, EXPR_DONE };

enum operand_kind { OPERAND_SYMBOL, OPERAND_DAYS, OPERAND_TEXT, OPERAND_NUMBER, OPERAND_TRUTH };

struct operand {
	enum operand_kind kind;
	struct symbol symbol; /* SYMBOL, DAYS (from today to that date) */
	const char *text;
	int64_t micros;
	bool truth;
};

struct step;

struct expr {
	enum expr_op op;
	const struct expr *a, *b; /* OR, AND, NOT */
	struct operand left, right;
	const struct step *step;  /* DONE; never in the flow */
};

/* ---- parts of a book ---- */

struct language {
	const char *code;
	struct rulebook_voice voice;
};

struct variable {
	const char *name;
	struct value_spec spec;
	const char *about, *sample, *standard; /* standard: the default, or NULL */
};

struct bound {
	bool is_set;
	int64_t micros;
	int variable; /* -1: micros count */
};

/* A range of answers: AMOUNT in micros or a variable's, DATE in days from today, TIME in minutes of the day, DIGITS in digits. */
struct range {
	struct bound low, high;
};

struct promise {
	const char *name, *about;
	struct value_spec spec;
	struct range range;
};

struct field {
	const char *name;
	struct value_spec spec;
	bool optional;
};

struct argument {
	const char *name;
	enum argument_type { ARGUMENT_STRING, ARGUMENT_INTEGER, ARGUMENT_NUMBER, ARGUMENT_BOOLEAN } type;
	const char *description;
	const struct yaml_item *choices; /* "enum", or NULL */
	bool has_min, has_max;
	int64_t min_micros, max_micros;  /* numbers */
	size_t max_length;               /* strings; 0: no own ceiling */
	bool required;
};

struct tool_spec {
	struct rulebook_tool tool;
	struct argument arguments[ARGUMENTS_MAX];
	size_t argument_count;
	struct field fields[FIELDS_MAX];
	size_t field_count;
	const struct yaml_item *item;
};

struct branch {
	const struct expr *when; /* NULL: otherwise */
	const struct yaml_item *when_item, *go_item;
	int go; /* index of a step, -1 until found */
};

enum step_kind { STEP_ASK, STEP_SAY, STEP_TOOL, STEP_GOODBYE };

struct step {
	enum step_kind kind;
	const char *name;
	const struct yaml_item *item;
	const struct yaml_item *text, *again, *confirm; /* NULL: none */
	struct value_spec expect;                      /* ASK */
	struct range range;
	const struct promise *promise;
	uint32_t tries;                                /* ASK */
	struct branch side;                            /* ASK: not understood so often; TOOL: it failed */
	struct branch next[BRANCHES_MAX];
	size_t next_count;
	const struct tool_spec *tool;
	const struct yaml_item *arguments;
	const char *outcome;                           /* GOODBYE */
	const struct yaml_item *outcome_item;
};

/* What a caller may say at any time. */
struct anytime {
	const char *name, *about;
	const struct yaml_item *words;
	struct branch go;
	bool escalates;
};

/* What a caller may ask, and what is said to it. */
struct question {
	const char *name;
	const struct yaml_item *words, *text;
};

/* A machine answers instead of a person. */
struct voicemail {
	const struct yaml_item *words; /* what it says; NULL: the built-in words */
	struct branch go;              /* its go_item is NULL: the book has nothing for machines */
	const struct yaml_item *purpose; /* who calls and why, told to what screens calls; NULL: nothing is */
};

struct target {
	struct rulebook_target target;
	const struct yaml_item *briefing, *press; /* texts by language, or NULL */
};

struct rule {
	const struct expr *when;
	const struct yaml_item *when_item;
	const char *outcome;
};

struct arena_block {
	struct arena_block *next;
	_Alignas(max_align_t) char bytes[];
};

struct rulebook {
	atomic_int shares; /* owners beyond the first */
	struct yaml_doc *doc;
	struct arena_block *blocks;
	char hash[RULEBOOK_HASH_BYTES];
	const char *id, *version, *title, *company;
	const struct yaml_item *agent_name, *persona, *goal, *facts, *disclosures, *phrases, *pronounce, *settings;
	bool has_clear;  /* the book says which types of personal data the model sees: */
	uint64_t clear;
	struct language languages[LANGUAGES_MAX];
	size_t language_count;
	struct variable variables[VARIABLES_MAX];
	size_t variable_count;
	struct promise promises[PROMISES_MAX];
	size_t promise_count;
	struct rulebook_outcome outcomes[OUTCOMES_MAX];
	size_t outcome_count;
	struct rule rules[BRANCHES_MAX];
	size_t rule_count;
	bool asks_done; /* one of the rules looks at what was done */
	struct tool_spec tools[BRIEF_TOOLS_MAX];
	size_t tool_count;
	uint32_t callback_days; /* so far ahead may calls be scheduled; 0: none may */
	struct target targets[TARGETS_MAX];
	size_t target_count;
	struct step *steps;
	size_t step_count;
	struct anytime anytime[ANYTIME_MAX];
	size_t anytime_count;
	struct question questions[QUESTIONS_MAX];
	size_t question_count;
	struct voicemail voicemail;
	struct branch unclear; /* where a question goes that names no way of its own */
	struct rulebook_mistake *warnings; /* NULL: none */
	size_t warning_count;
};

/* ---- rulebook_brief.c ---- */

void rulebook_settings(const struct rulebook *b, struct call_settings *settings); /* what it sets, over these */

void sayings_fill(const struct rulebook *b, const char *language, struct brief *brief); /* rulebook_pronounce.c */

/* ---- rulebook_read.c: judging one value, with its place ---- */

struct reading {
	struct rulebook *book;
	struct rulebook_report *report;
	char path[120];
	bool no_memory;
};

/* Goes one key down; give what it returns to path_up. */
size_t path_down(struct reading *r, const char *key);
void path_up(struct reading *r, size_t length);

void mistake_at(struct reading *r, struct yaml_mark at, const char *found, const char *allowed, const char *why);
void mistake_value(struct reading *r, const struct yaml_item *item, const char *allowed, const char *fmt, ...) PRINTF_LIKE(4, 5);
void mistake_key(struct reading *r, const struct yaml_item *item, const char *allowed, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* What may go wrong in a call, and need not: the book is fine. Beyond RULEBOOK_WARNINGS_MAX they are not kept. */
void warning_value(struct reading *r, const struct yaml_item *item, const char *allowed, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Refuses keys outside the NULL-ended list; false (and a mistake) when it is no map. */
bool map_check(struct reading *r, const struct yaml_item *item, const char *const *allowed);

/* The value under `key`, or NULL and a mistake ("is missing"). */
const struct yaml_item *map_need(struct reading *r, const struct yaml_item *map, const char *key, const char *allowed);
bool list_check(struct reading *r, const struct yaml_item *item, size_t min, size_t max);
bool map_count_check(struct reading *r, const struct yaml_item *item, size_t max);

/* Whether a scalar is of one of these sorts (enum yaml_sort, joined) and not empty; else a mistake. All scalars of a book pass here. */
bool sort_check(struct reading *r, const struct yaml_item *item, unsigned int sorts, const char *allowed);
size_t code_name_length(const char *text); /* how much of it is letters, digits and - */
bool name_is_plain(const char *text); /* a letter, then letters, digits and _; at most 40 */
bool name_check(struct reading *r, const struct yaml_item *item, const char *text, bool is_key);
const char *text_of(struct reading *r, const struct yaml_item *item, size_t max);          /* NULL and a mistake */
const char *word_of(struct reading *r, const struct yaml_item *item, size_t max);          /* the same, and may be a number */
const char *scalar_of(struct reading *r, const struct yaml_item *item, size_t max);        /* the same, and may be a truth */
/* What a reader above makes of the value under `key`; `standard` when there is none. */
typedef const char *scalar_h(struct reading *r, const struct yaml_item *item, size_t max);
const char *scalar_under(struct reading *r, const struct yaml_item *map, const char *key, scalar_h *of, size_t max, const char *standard);
const char *text_under(struct reading *r, const struct yaml_item *map, const char *key, size_t max, const char *standard);
bool bool_under(struct reading *r, const struct yaml_item *map, const char *key, bool standard);
int64_t int_under(struct reading *r, const struct yaml_item *map, const char *key, int64_t standard, int64_t min, int64_t max);
/* Index of the choice, or -1 and a mistake. */
int choice_of(struct reading *r, const struct yaml_item *item, const char *const *choices);
/* The same for a key that must be there. */
int choice_under(struct reading *r, const struct yaml_item *map, const char *key, const char *const *choices);
bool spec_read(struct reading *r, const struct yaml_item *map, struct value_spec *spec);
void range_read(struct reading *r, const struct yaml_item *map, const struct value_spec *spec, struct range *range);
void *book_alloc(struct reading *r, size_t size); /* zeroed; NULL sets no_memory */
void list_choices(const char *const *choices, char *out, size_t size);

extern const char *const value_names[]; /* by enum value_type */

/* ---- texts by language ---- */

/* The text of a scalar or of a language → text map; NULL when the language has none. */
const struct yaml_item *text_in(const struct yaml_item *item, const char *language);
bool spoken_check(struct reading *r, const struct yaml_item *item, size_t max); /* one text in every language, placeholders aside */
bool word_list_check(struct reading *r, const struct yaml_item *item, scalar_h *of, size_t max_words, size_t max_bytes); /* one list */
bool words_check(struct reading *r, const struct yaml_item *item, scalar_h *of, size_t max_words, size_t max_bytes); /* the same for lists */

/* ---- the parts ---- */

void head_read(struct reading *r, const struct yaml_item *root);
void phrases_read(struct reading *r, const struct yaml_item *root);
void pronounce_read(struct reading *r, const struct yaml_item *root);
void redact_read(struct reading *r, const struct yaml_item *root);
void outcomes_read(struct reading *r, const struct yaml_item *root);
void tools_read(struct reading *r, const struct yaml_item *root);
void may_read(struct reading *r, const struct yaml_item *root); /* behind the outcomes and the tools */
void transfer_may(struct reading *r, const struct yaml_item *may);
/* A tool more, without arguments. NULL: there is no more room, or no memory. */
struct tool_spec *may_tool_add(struct reading *r, const struct yaml_item *item, const char *about);
void may_argument_add(struct tool_spec *t, struct argument a);
void flow_read(struct reading *r, const struct yaml_item *root);
const char *outcome_of(struct reading *r, const struct yaml_item *item); /* the outcome of that name, or NULL and a mistake */
void go_find(struct reading *r, const struct yaml_item *item, struct branch *b); /* the step of that name, or a mistake */
void questions_read(struct reading *r, const struct yaml_item *root);
void words_twice(struct reading *r); /* behind the flow; rulebook_twice.c */
void voicemail_read(struct reading *r, const struct yaml_item *root);
void flow_check(struct reading *r);
void texts_check(struct reading *r);

extern const char *const phrase_names[]; /* NULL-ended, in the order of struct brief */
struct brief_phrases *phrases_at(struct brief *b, size_t index);

/* ---- names and conditions ---- */

bool symbol_find(const struct rulebook *b, const char *name, size_t len, struct symbol *out);
/* Judges a name that an argument is filled from, of a type that fits it: by the schema's lengths and bounds (rulebook_fits.c). */
void argument_has_room(struct reading *r, const struct yaml_item *item, const struct symbol *s, const struct argument *a);
const struct expr *expr_read(struct reading *r, const struct yaml_item *item, bool is_end);

/* Calls `seen` for every answer or result that an expression looks at; `guarded`: it only asks whether it is known. */
typedef void symbol_seen_h(void *arg, const struct symbol *s, bool guarded);
void expr_walk(const struct expr *e, symbol_seen_h *seen, void *arg);

/* ---- one call ---- */

/* A value of a call, as conditions and texts see it. */
struct value {
	bool is_known;
	enum value_type type;
	const char *text; /* TEXT, DIGITS, CHOICE, YES_NO, DATE and TIME as they are written */
	int64_t micros;   /* NUMBER, AMOUNT; DATE: the day; TIME: the minute */
	bool truth;
};

/* What texts are filled from. Values of variables are checked once, by filling_init. */
struct filling {
	const struct rulebook *book;
	const char *language;
	struct value values[VARIABLES_MAX];
	struct value today;
	const json_t *known; /* answers and results, or NULL */
	const json_t *done;  /* what was carried out well, as rulebook_end has it; NULL: nothing */
	const char *end;
	struct err_detail *detail;
};

enum err filling_init(struct filling *f, const struct rulebook *b, const char *language, const json_t *variables,
	struct err_detail *detail) MUST_USE;
struct value filling_value(const struct filling *f, const struct symbol *s);
bool value_take(const struct value_spec *spec, const json_t *json, struct value *out);
bool value_parse(const struct value_spec *spec, const char *text, struct value *out);
bool spec_has_option(const struct value_spec *spec, const char *word);
void value_words(struct buf *b, const struct value *v, const struct value_spec *spec, const char *language);
bool expr_holds(const struct expr *e, const struct filling *f);
bool step_is_done(const struct filling *f, const struct step *s); /* a tool step */

/* A text cut into literal pieces and placeholders. `next` fills one of the two; false at the end or at a mistake (then *bad). */
struct template_part {
	const char *text;
	size_t len;
	bool is_name; /* text[0..len) is a placeholder's name */
};
bool template_next(const char **at, struct template_part *part, const char **bad);

/* A text with everything filled in; ERR_USAGE when it needs an answer or result. */
enum err text_fill(const struct filling *f, const char *text, struct buf *out) MUST_USE;
/* The same as a JSON array of texts and {"ref", "kind", "currency"}. */
enum err text_json(const struct filling *f, const char *text, struct buf *out) MUST_USE;
/* How much there is to say, in letters of words; what is known only later counts as a long value. */
enum err text_letters(const struct filling *f, const char *text, size_t *letters) MUST_USE;
void expr_json(const struct filling *f, const struct expr *e, struct buf *out);
/* The JSON value of an argument: a constant, or {"ref", "kind", "as"} of what is known only later. */
void argument_value_json(const struct filling *f, const struct argument *a, const char *text, struct buf *out);
/* The name in "{name}", when the text is one placeholder and nothing else. */
bool text_is_name(const char *text, const char **name, size_t *len);
const struct argument *tool_argument_find(const struct tool_spec *t, const char *name);
/* What is said before anybody answers; *step is where the flow goes on, *asked whether its question was part of it. */
enum err opening_make(const struct filling *f, struct buf *out, int *step, bool *asked) MUST_USE;
void schema_json(const struct tool_spec *t, struct buf *out);
/* Fills a text of the book into a field of the brief; `name` is what it is called when it is too long. */
enum err brief_text(const struct filling *f, const struct yaml_item *item, const char *name, char *out, size_t size);
enum err voicemail_brief(const struct filling *f, struct brief *brief); /* what a call that we placed must know of machines */
void voicemail_json(const struct filling *f, struct buf *out);
enum err questions_json(const struct filling *f, struct buf *out) MUST_USE; /* rulebook_questions.c */
enum err text_pair(const struct filling *f, const char *key, const struct yaml_item *item, struct buf *out) MUST_USE; /* as TEXT, or null */
void words_pair(const char *key, const struct yaml_item *list, struct buf *out);

#endif

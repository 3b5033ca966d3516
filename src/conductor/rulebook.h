/* Rule-books: what an agent is, knows, asks, may promise and may do, as one YAML document (docs/rulebooks.md).
 *
 * A book is read once, judged whole (every mistake at once, each with its place) and then never changes: any number of threads may
 * read it. From it come, for one call in one language: the brief and the settings that the call is pinned to, the flow as JSON for
 * the rehearsed engine, the prompt and the tools for a model. All of these are deterministic: no clock, no disk; what a call brings
 * (the callee's name, the amount due, "today") is given as a JSON object of variables. Refuses anchors, duplicate keys, unknown keys
 * and whatever could leave a caller without an answer: steps nobody reaches, loops without a way out, texts that a language lacks.
 */
#ifndef CONDUCTOR_RULEBOOK_H
#define CONDUCTOR_RULEBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/brief.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "base/settings.h"

enum {
	RULEBOOK_MAX_BYTES = 256 * 1024,
	RULEBOOK_MISTAKES_MAX = 32,  /* more are counted and not told */
	RULEBOOK_WARNINGS_MAX = 32,  /* more are not told */
	RULEBOOK_JSON_MAX = 4 * 1024 * 1024, /* flow, prompt, tools, in all languages: enough for any book that loads */
	RULEBOOK_HASH_BYTES = 65,    /* sha256 as hex, with its NUL */
	RULEBOOK_PATH_MAX = 1024
};

extern const struct option rulebook_options[]; /* "rulebooks.dir", "services.records", "services.NAME" */

struct rulebook;

struct rulebook_mistake {
	unsigned int line, column; /* from 1 */
	char path[120];            /* "flow.identity.text.hi-IN" */
	char found[80];
	char allowed[240];         /* may be empty */
	char why[200];
};

struct rulebook_report {
	struct rulebook_mistake mistakes[RULEBOOK_MISTAKES_MAX];
	size_t count; /* of mistakes[] */
	size_t more;  /* found beyond them */
};

/* Reads a book from memory; `name` is what a YAML error calls it. On an error *bp is NULL and, unless it is ERR_NOMEM, the report
 * has at least one mistake, in the order of the file. ERR_FORMAT, ERR_LIMIT (a ceiling of the document), ERR_NOMEM. */
enum err rulebook_load(struct rulebook **bp, const char *name, const void *data, size_t len, struct rulebook_report *report) MUST_USE;
void rulebook_free(struct rulebook *b); /* one owner less, with the last it goes; NULL is fine */
struct rulebook *rulebook_share(const struct rulebook *b); /* one owner more; any thread */

/* ---- finding ---- */

/* Where a book lies: `word` is a path (has a '/' or ends in .yaml), or the name of a book in `dir`, or with an empty dir in the
 * folder "rulebooks" beside the program or in /usr/share/callfunnel/rulebooks. ERR_NOTFOUND: detail says where was looked. */
enum err rulebook_find(const char *word, const char *dir, char path[RULEBOOK_PATH_MAX], struct err_detail *detail) MUST_USE;

/* rulebook_find's reading: the bytes of the file. ERR_NOTFOUND, ERR_DENIED, ERR_IO, ERR_LIMIT, ERR_NOMEM. */
enum err rulebook_read(const char *path, struct buf *out, struct err_detail *detail) MUST_USE;

/* The names of the books that rulebook_find would find by name, in order, RULEBOOK_LIST_MAX at most; `each` returns false to end. A
 * folder that is not there has none. ERR_NOMEM. */
enum { RULEBOOK_LIST_MAX = 100 };
enum err rulebook_list(const char *dir, bool (*each)(void *arg, const char *name), void *arg) MUST_USE;

/* ---- what it is ---- */

const char *rulebook_id(const struct rulebook *b);
const char *rulebook_version(const struct rulebook *b);
const char *rulebook_title(const struct rulebook *b);
const char *rulebook_hash(const struct rulebook *b); /* sha256 of its bytes, lower-case hex */
size_t rulebook_step_count(const struct rulebook *b);

/* What is worth knowing of a step that is no mistake: one sentence, static, and the step's name; NULL: nothing. */
const char *rulebook_step_advice(const struct rulebook *b, size_t index, const char **name);

/* What the whole book shows that fails with some answers only: no mistake. Borrowed; NULL: there are no more. */
const struct rulebook_mistake *rulebook_warning_at(const struct rulebook *b, size_t index);

size_t rulebook_language_count(const struct rulebook *b);
const char *rulebook_language_at(const struct rulebook *b, size_t index); /* the first is the default */
bool rulebook_speaks(const struct rulebook *b, const char *language);

/* What a language asks of voice and recogniser; empty or 0 where the book says nothing. */
struct rulebook_voice {
	const char *voice;      /* a name that the voice's vendor knows */
	uint32_t speed_percent; /* 100 is the voice's own */
	const char *recogniser; /* a model's or dictionary's name */
};

void rulebook_voice(const struct rulebook *b, const char *language, struct rulebook_voice *out);

/* Names that a recogniser of another house cannot know: the company's and the agent's. Borrowed. How many. */
enum { RULEBOOK_KEYTERMS_MAX = 2 };
size_t rulebook_keyterms(const struct rulebook *b, const char *language, const char *terms[RULEBOOK_KEYTERMS_MAX]);

/* The variables' samples and a fixed "today" as an object: for trying a book without a call. NULL without memory; the caller's to decref. */
json_t *rulebook_samples(const struct rulebook *b);

/* "it has callee_name, day, today": the names of such an object, cut to `size`. */
void rulebook_names_print(json_t *variables, char *out, size_t size);

/* ---- for one call; `variables` is an object of texts and numbers, or NULL, borrowed ----
 * All of these: ERR_NOTFOUND the book does not speak the language, ERR_USAGE a variable is missing or not what it should be
 * (detail says which, never its value), or a setting of the book contradicts one of the config, ERR_LIMIT a filled-in text is too
 * long, ERR_NOMEM. Output is appended to `out`. */

/* The settings come with the config's values. Over them the book's; and call.end_ms is never less than its longest last words take. */
enum err rulebook_brief(const struct rulebook *b, const char *language, const json_t *variables, struct brief *brief,
	struct call_settings *settings, struct err_detail *detail) MUST_USE;
/* Types of personal data that the model sees, for the brief's `clear`; what the config says where the book says nothing. */
uint64_t rulebook_clear(const struct rulebook *b, uint64_t otherwise);

enum err rulebook_flow_json(const struct rulebook *b, const char *language, const json_t *variables, struct buf *out,
	struct err_detail *detail) MUST_USE;

/* What a model is told: `fixed` is the same for all calls of a book and language, with the texts of its other languages, so that a vendor may keep it; `facts` is this call's. */
enum err rulebook_prompt(const struct rulebook *b, const char *language, const json_t *variables, struct buf *fixed, struct buf *facts,
	struct err_detail *detail) MUST_USE;

/* ---- tools ---- */

struct rulebook_header {
	const char *name, *value; /* in the value, secret:NAME stands for that secret of the tenant */
};

struct rulebook_tool {
	const char *name, *about;
	const char *method;       /* "GET", "POST", "PUT", "PATCH", "DELETE" */
	const char *url;          /* {argument} stands for that argument, percent-encoded; service:NAME/… for a configured base URL */
	const struct rulebook_header *headers;
	size_t header_count;
	uint32_t timeout_ms;      /* 0: the setting's */
	bool changes;             /* it changes something: at most once */
};

/* The name of the tool that ends a call with an outcome; every book has it, nothing is sent anywhere. */
#define RULEBOOK_END_TOOL "end_call"

/* Tools that a book's `may` adds, and the conductor carries out itself: their address is RULEBOOK_BUILT_IN. */
#define RULEBOOK_BUILT_IN "built-in:"
#define RULEBOOK_OUTCOME_TOOL "record_outcome"
#define RULEBOOK_CALLBACK_TOOL "schedule_callback"
#define RULEBOOK_KEYS_TOOL "send_digits" /* carried out by the call itself */
#define RULEBOOK_TAKE_TOOL "take_keys" /* likewise */
#define RULEBOOK_TRANSFER_TOOL "transfer"
#define RULEBOOK_LANGUAGE_TOOL "switch_language" /* of every book with several languages; carried out by the call itself */

enum { RULEBOOK_TARGET_TO_MAX = 160, RULEBOOK_SAY_MAX = 1200 };

/* Where a call may be handed over to. Texts are borrowed. */
struct rulebook_target {
	const char *name, *about;
	const char *to;        /* "+14155550188" or "sip:desk@example.com" */
	bool is_warm;          /* whoever answers is told of the call, and takes it, before the two are joined */
	bool wants_key;        /* … by a key: whatever else answers does not get the caller */
	uint32_t ring_s;
	const char *outcome;   /* what the call came to when it was taken */
};

bool rulebook_target_find(const struct rulebook *b, const char *name, struct rulebook_target *out);

/* What is said to whoever answers: the target's briefing filled in, `note` behind it when there is one, and which key takes the call. Errors as rulebook_brief. */
enum err rulebook_briefing(const struct rulebook *b, const char *target, const char *language, const json_t *variables, const char *note, struct buf *out) MUST_USE;

bool rulebook_tool_is_built_in(const struct rulebook_tool *tool);
uint32_t rulebook_callback_days(const struct rulebook *b); /* a call-back is at most so far ahead; 0: there are none */

size_t rulebook_tool_count(const struct rulebook *b); /* without end_call */
void rulebook_tool_at(const struct rulebook *b, size_t index, struct rulebook_tool *out);
bool rulebook_tool_find(const struct rulebook *b, const char *name, struct rulebook_tool *out);

/* The tools for a model: [{"name", "description", "input_schema", "changes"}], end_call last. */
void rulebook_tools_json(const struct rulebook *b, struct buf *out);

/* Whether `arguments` fit the tool's schema. ERR_NOTFOUND: no such tool; ERR_FORMAT: detail says which argument and why, not its value. */
enum err rulebook_tool_check(const struct rulebook *b, const char *tool, const json_t *arguments, struct err_detail *detail) MUST_USE;

/* The declared fields of a service's answer as the object that the agent gets. ERR_FORMAT: it is no object, or a field that is not
 * optional is missing or of another type. */
enum err rulebook_tool_result(const struct rulebook *b, const char *tool, const json_t *answer, struct buf *out,
	struct err_detail *detail) MUST_USE;

/* ---- outcomes ---- */

struct rulebook_outcome {
	const char *name, *about;
	const char *result;        /* "success", "neutral", "failure" */
	int64_t again_after_hours; /* when to call again; -1: never */
	bool escalates;            /* a person is to take this over */
	bool do_not_call;
};

size_t rulebook_outcome_count(const struct rulebook *b);
void rulebook_outcome_at(const struct rulebook *b, size_t index, struct rulebook_outcome *out);
bool rulebook_outcome_find(const struct rulebook *b, const char *name, struct rulebook_outcome *out);

/* The outcome of a call that ended before a goodbye step: `end` is why ("hangup", "quiet", "time", "failed", "voicemail", "lost"),
 * `known` an object of answers by question and tool results by step (an object of fields), or NULL; `done` a list of what was carried out
 * well, {"tool", "arguments"} (toolbox_look_start), or NULL. Never NULL. */
const char *rulebook_unfinished(const struct rulebook *b, const char *language, const json_t *variables, const json_t *known, const json_t *done,
	const char *end);

/* How a call ended, for rulebook_settle. All borrowed. */
struct rulebook_end {
	const char *reason; /* as a worker tells it: "caller", "quiet", "agent" */
	const char *named;  /* the outcome that the agent named, "" or NULL: none */
	const char *language;
	const json_t *variables, *known; /* as rulebook_unfinished takes them; the text `end` of what is known goes before the reason: "voicemail" */
	const json_t *done;              /* as rulebook_unfinished takes it */
};

/* Whether that hangs on `done`: the agent named no outcome of the book, and a rule asks what was carried out. */
bool rulebook_settles_by_done(const struct rulebook *b, const char *named);

/* What the call came to: the outcome that was named when the book has it, else the book's for a call that ended so. */
void rulebook_settle(const struct rulebook *b, const struct rulebook_end *end, struct rulebook_outcome *out);

#endif

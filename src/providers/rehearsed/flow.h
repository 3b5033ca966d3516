/* The flow of one call, read from the rule-book's JSON (docs/rulebooks.md, "The flow as JSON") and judged whole: what loads has no
 * dangling step or reference, so that whoever walks it need not look. Never changes; any thread may read it.
 *
 * Texts and conditions stay JSON, borrowed from `root`.
 */
#ifndef PROVIDERS_REHEARSED_FLOW_H
#define PROVIDERS_REHEARSED_FLOW_H

#include <jansson.h>

#include "base/err.h"
#include "providers/rehearsed/understand.h"

enum { FLOW_STEPS_MAX = 128, FLOW_OTHERS_MAX = 7, FLOW_DEPTH_MAX = 32, FLOW_DAYS_MAX = 45000 /* from today: a birth of over a hundred years ago */ };

enum step_kind { STEP_ASK = 0, STEP_SAY, STEP_TOOL, STEP_GOODBYE };

struct flow_step {
	const char *name;
	enum step_kind kind;
	const json_t *text, *again, *confirm; /* TEXT, or NULL */
	const json_t *next;                   /* NULL at a goodbye */
	const json_t *arguments, *fields;     /* tool */
	const char *tool, *outcome;
	bool changes;
	int other;                            /* ask: unclear; tool: failed */
	int32_t tries;
	struct expect expect;
};

struct flow {
	json_t *root;
	const char *language;
	const char *opening, *end_tool;
	int opening_step;
	bool opening_asked, hindi, english;
	int unclear;           /* the step for what stays unclear and names none itself; -1: none */
	int32_t visits_max;
	const json_t *anytime;
	const json_t *questions; /* what a caller may ask, and what is said to it; NULL: nothing */
	const json_t *opt_out; /* the one of `anytime` whose words ask for no more calls; NULL: none */
	const json_t *human;   /* and for a human being */
	const json_t *machine_words; /* what an answering machine says; NULL: nothing is known of machines */
	int machine_step;
	struct flow *others[FLOW_OTHERS_MAX]; /* the same steps in the languages that the call may go on in */
	size_t other_count;
	const char *language_tool; /* that asks for one; NULL: there is but one */
	size_t step_count;
	struct flow_step steps[FLOW_STEPS_MAX];
};

/* ERR_FORMAT (detail says where and what), ERR_VERSION, ERR_LIMIT, ERR_NOMEM: *fp is NULL. */
enum err flow_load(struct flow **fp, const void *data, size_t len, struct err_detail *detail) MUST_USE;
void flow_free(struct flow **fp); /* NULL-safe */

/* That of the language, in any case: `f` or one of its others; NULL: none. */
const struct flow *flow_in(const struct flow *f, const char *language, size_t len);

int flow_step_find(const struct flow *f, const char *name, size_t len); /* or -1 */

/* "plan" or "slot.near_date": the step, and the field's description (NULL for a question); -1: there is none such. */
int flow_ref(const struct flow *f, const char *ref, const json_t **field);

#endif

#include "providers/rehearsed/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/wording.h"
#include "providers/rehearsed/human.h"
#include "providers/rehearsed/opt_outs.h"

struct reading {
	struct flow *f;
	struct err_detail *detail;
	bool refused;
};

static bool refuse(struct reading *r, const char *where, const char *key, const char *fmt, ...) PRINTF_LIKE(4, 5);

static bool refuse(struct reading *r, const char *where, const char *key, const char *fmt, ...)
{
	va_list ap;

	if (r->refused)
		return false;
	r->refused = true;
	snprintf(r->detail->where, sizeof(r->detail->where), "flow: %.60s%s%.60s", where, *key ? "." : "", key);
	va_start(ap, fmt);
	vsnprintf(r->detail->message, sizeof(r->detail->message), fmt, ap);
	va_end(ap);
	return false;
}

static const char *text_of(struct reading *r, const json_t *object, const char *where, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		refuse(r, where, key, "a text is missing");
	return text ? text : "";
}

static int step_of(struct reading *r, const json_t *object, const char *where, const char *key)
{
	const char *name = text_of(r, object, where, key);
	int step = flow_step_find(r->f, name, strlen(name));

	if (step < 0 && !r->refused)
		refuse(r, where, key, "there is no step \"%.60s\"", name);
	return step < 0 ? 0 : step;
}

int flow_step_find(const struct flow *f, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < f->step_count; i++)
		if (strlen(f->steps[i].name) == len && !memcmp(f->steps[i].name, name, len))
			return (int)i;
	return -1;
}

int flow_ref(const struct flow *f, const char *ref, const json_t **field)
{
	const char *dot = strchr(ref, '.');
	int step = flow_step_find(f, ref, dot ? (size_t)(dot - ref) : strlen(ref));
	size_t i;

	*field = NULL;
	if (step < 0 || (f->steps[step].kind == STEP_ASK) == (dot != NULL))
		return -1;
	if (!dot)
		return step;
	for (i = 0; i < json_array_size(f->steps[step].fields); i++) {
		const json_t *one = json_array_get(f->steps[step].fields, i);

		if (!strcmp(json_string_value(json_object_get(one, "name")), dot + 1))
			*field = one;
	}
	return *field ? step : -1;
}

/* ---- texts ---- */

static bool ref_check(struct reading *r, const json_t *ref, const char *where, const char *key)
{
	const json_t *field;

	if (!json_is_string(ref))
		return refuse(r, where, key, "a reference without a name");
	if (flow_ref(r->f, json_string_value(ref), &field) < 0)
		return refuse(r, where, key, "nothing is called \"%.60s\"", json_string_value(ref));
	return true;
}

static void text_check(struct reading *r, const json_t *text, const char *where, const char *key)
{
	size_t i;

	if (!json_is_array(text)) {
		refuse(r, where, key, "a list of texts and references is wanted");
		return;
	}
	for (i = 0; i < json_array_size(text); i++) {
		const json_t *piece = json_array_get(text, i);

		if (!json_is_string(piece))
			ref_check(r, json_object_get(piece, "ref"), where, key);
	}
}

static const json_t *text_read(struct reading *r, const json_t *step, const char *where, const char *key, bool needed)
{
	const json_t *text = json_object_get(step, key);

	if (!needed && (!text || json_is_null(text)))
		return NULL;
	text_check(r, text, where, key);
	return text;
}

/* ---- conditions ---- */

static void side_check(struct reading *r, const json_t *side, const char *where)
{
	const json_t *value;
	int32_t unused;

	if ((value = json_object_get(side, "ref")) || (value = json_object_get(side, "days")))
		ref_check(r, value, where, "when");
	else if ((value = json_object_get(side, "date")) && (!json_is_string(value) || !day_parse(json_string_value(value), json_string_length(value), &unused)))
		refuse(r, where, "when", "a date that no calendar has");
	else if ((value = json_object_get(side, "time")) && (!json_is_string(value) || !minute_parse(json_string_value(value), json_string_length(value), &unused)))
		refuse(r, where, "when", "a time that no day has");
	else if (!json_is_object(side) || json_object_size(side) != 1)
		refuse(r, where, "when", "a side of a comparison is wanted");
}

static void condition_check(struct reading *r, const json_t *c, const char *where, unsigned int depth)
{
	static const char *const joins[] = { "and", "or", "not", NULL }, *const compares[] = { "==", "!=", "<", "<=", ">", ">=", "known", NULL };
	const char *op = json_string_value(json_object_get(c, "op"));
	const json_t *of = json_object_get(c, "of");
	size_t wanted, i;
	unsigned int j;

	if (!op || !json_is_array(of) || depth > FLOW_DEPTH_MAX) {
		refuse(r, where, "when", depth > FLOW_DEPTH_MAX ? "too deep" : "a condition is wanted");
		return;
	}
	wanted = !strcmp(op, "not") || !strcmp(op, "known") ? 1 : 2;
	if (json_array_size(of) != wanted) {
		refuse(r, where, "when", "\"%.10s\" is of %zu", op, wanted);
		return;
	}
	for (j = 0; joins[j]; j++)
		if (!strcmp(op, joins[j])) {
			for (i = 0; i < wanted; i++)
				condition_check(r, json_array_get(of, i), where, depth + 1);
			return;
		}
	for (j = 0; compares[j]; j++)
		if (!strcmp(op, compares[j])) {
			for (i = 0; i < wanted; i++)
				side_check(r, json_array_get(of, i), where);
			return;
		}
	refuse(r, where, "when", "\"%.20s\" is no operator", op);
}

static const json_t *next_read(struct reading *r, const json_t *step, const char *where)
{
	const json_t *next = json_object_get(step, "next");
	size_t i, count = json_array_size(next);

	if (!count)
		refuse(r, where, "next", "a list of steps is wanted");
	for (i = 0; i < count; i++) {
		const json_t *branch = json_array_get(next, i), *when = json_object_get(branch, "when");

		step_of(r, branch, where, "go");
		if (when)
			condition_check(r, when, where, 0);
		if ((i + 1 == count) != !when)
			refuse(r, where, "next", "the last branch has no condition, every other has one");
	}
	return next;
}

/* ---- what a question expects ---- */

static void options_check(struct reading *r, const json_t *options, const char *where)
{
	size_t i, j;

	if (!json_array_size(options))
		refuse(r, where, "options", "a list of options is wanted");
	for (i = 0; i < json_array_size(options); i++) {
		const json_t *words = json_object_get(json_array_get(options, i), "words");

		text_of(r, json_array_get(options, i), where, "value");
		if (!json_is_array(words))
			refuse(r, where, "words", "a list of words is wanted");
		for (j = 0; j < json_array_size(words); j++)
			if (!json_is_string(json_array_get(words, j)))
				refuse(r, where, "words", "a word is no text");
	}
}

static void bound_read(struct reading *r, const json_t *expect, const char *where, const char *key, bool *has, int64_t *value)
{
	const json_t *bound = json_object_get(expect, key);
	int32_t minute;

	*has = bound && !json_is_null(bound);
	if (!*has)
		return;
	if (json_is_integer(bound)) {
		*value = json_integer_value(bound);
		if (*value > INT64_MAX / 4 || *value < INT64_MIN / 4)
			refuse(r, where, key, "too large");
	} else if (json_is_string(bound) && minute_parse(json_string_value(bound), json_string_length(bound), &minute)) {
		*value = minute;
	} else {
		refuse(r, where, key, "a bound is wanted");
	}
}

static void expect_read(struct reading *r, struct flow_step *s, const json_t *step)
{
	static const struct {
		const char *kind, *low, *high;
	} kinds[] = { [EXPECT_YES_NO] = { "yes_no", NULL, NULL }, [EXPECT_DIGITS] = { "digits", "min", "max" },
		[EXPECT_AMOUNT] = { "amount", "min_micros", "max_micros" }, [EXPECT_DATE] = { "date", "from_days", "to_days" },
		[EXPECT_TIME] = { "time", "from", "to" }, [EXPECT_CHOICE] = { "choice", NULL, NULL }, [EXPECT_FREE] = { "free", NULL, NULL },
		[EXPECT_NAME] = { "name", NULL, NULL } };
	const json_t *e = json_object_get(step, "expect"), *today = json_object_get(r->f->root, "today");
	const char *kind = text_of(r, e, s->name, "kind");
	int32_t day = 0;
	unsigned int i;

	for (i = 0; i <= EXPECT_NAME && strcmp(kind, kinds[i].kind); i++)
		;
	if (i > EXPECT_NAME) {
		refuse(r, s->name, "expect", "\"%.20s\" is no kind of answer", kind);
		return;
	}
	s->expect.kind = (enum expect_kind)i;
	if (kinds[i].low) {
		bound_read(r, e, s->name, kinds[i].low, &s->expect.has_low, &s->expect.low);
		bound_read(r, e, s->name, kinds[i].high, &s->expect.has_high, &s->expect.high);
	}
	if (i == EXPECT_DATE && ((s->expect.has_low && llabs(s->expect.low) > FLOW_DAYS_MAX) || (s->expect.has_high && llabs(s->expect.high) > FLOW_DAYS_MAX)))
		refuse(r, s->name, "expect", "a bound further than %d days from today", FLOW_DAYS_MAX);
	if (i == EXPECT_AMOUNT)
		s->expect.currency = text_of(r, e, s->name, "currency");
	s->expect.options = json_object_get(e, "options");
	if (i == EXPECT_CHOICE)
		options_check(r, s->expect.options, s->name);
	if (i == EXPECT_CHOICE && !r->refused)
		meanings_of_options(s->expect.options, s->expect.meanings);
	s->expect.has_today = json_is_string(today) && day_parse(json_string_value(today), json_string_length(today), &day);
	s->expect.today = day;
	s->expect.month_first = !strcmp(r->f->language, "en-US");
}

/* ---- steps ---- */

static void fields_check(struct reading *r, const struct flow_step *s)
{
	size_t i;

	if (!json_is_array(s->fields))
		refuse(r, s->name, "fields", "a list is wanted");
	for (i = 0; i < json_array_size(s->fields); i++) {
		text_of(r, json_array_get(s->fields, i), s->name, "name");
		text_of(r, json_array_get(s->fields, i), s->name, "kind");
	}
}

static void arguments_check(struct reading *r, const struct flow_step *s)
{
	const char *key;
	json_t *value;

	if (!json_is_object(s->arguments)) {
		refuse(r, s->name, "arguments", "an object is wanted");
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)s->arguments, key, value) {
		if (!json_is_object(value))
			continue;
		ref_check(r, json_object_get(value, "ref"), s->name, key);
		text_of(r, value, s->name, "as");
	}
}

/* The names first: everything else refers to them. */
static void names_read(struct reading *r, const json_t *steps)
{
	static const char *const kinds[] = { "ask", "say", "tool", "goodbye" };
	struct flow *f = r->f;
	size_t i;
	int k;

	for (i = 0; i < json_array_size(steps) && !r->refused; i++) {
		const json_t *step = json_array_get(steps, i);
		struct flow_step *s = &f->steps[i];
		const char *kind = text_of(r, step, "steps", "kind");

		s->name = text_of(r, step, "steps", "name");
		if (flow_step_find(f, s->name, strlen(s->name)) >= 0)
			refuse(r, "steps", s->name, "two steps of one name");
		for (k = 0; k < 4 && strcmp(kind, kinds[k]); k++)
			;
		if (k == 4)
			refuse(r, s->name, "kind", "ask, say, tool or goodbye");
		s->kind = (enum step_kind)(k & 3);
		s->fields = json_object_get(step, "fields");
		if (s->kind == STEP_TOOL)
			fields_check(r, s);
		f->step_count++;
	}
}

static void step_read(struct reading *r, struct flow_step *s, const json_t *step)
{
	json_int_t tries = json_integer_value(json_object_get(step, "tries"));

	s->text = text_read(r, step, s->name, "text", s->kind != STEP_TOOL);
	if (s->kind != STEP_GOODBYE)
		s->next = next_read(r, step, s->name);
	if (s->kind == STEP_ASK) {
		s->again = text_read(r, step, s->name, "again", false);
		s->confirm = text_read(r, step, s->name, "confirm", false);
		s->other = step_of(r, step, s->name, "unclear");
		s->tries = (int32_t)(tries < 1 ? 3 : tries > 9 ? 9 : tries);
		expect_read(r, s, step);
	} else if (s->kind == STEP_TOOL) {
		s->tool = text_of(r, step, s->name, "tool");
		s->arguments = json_object_get(step, "arguments");
		s->changes = json_is_true(json_object_get(step, "changes"));
		s->other = step_of(r, step, s->name, "failed");
		arguments_check(r, s);
	} else if (s->kind == STEP_GOODBYE) {
		s->outcome = text_of(r, step, s->name, "outcome");
	}
}

static bool is_opt_out(const struct words *w)
{
	return opt_out_heard(w) == OPT_OUT_MEANT;
}

/* A way out means what its own phrases mean. */
static bool any_means(const json_t *words, bool (*means)(const struct words *w))
{
	struct words w;
	size_t i;

	for (i = 0; i < json_array_size(words); i++) {
		words_read(&w, json_string_value(json_array_get(words, i)), json_string_length(json_array_get(words, i)));
		if (means(&w))
			return true;
	}
	return false;
}

static void anytime_read(struct reading *r)
{
	const json_t *list = json_object_get(r->f->root, "anytime");
	size_t i, j;

	r->f->anytime = list;
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i), *words = json_object_get(one, "words");

		text_of(r, one, "anytime", "name");
		step_of(r, one, "anytime", "go");
		for (j = 0; j < json_array_size(words); j++)
			if (!json_is_string(json_array_get(words, j)))
				refuse(r, "anytime", "words", "a word is no text");
		if (!r->refused && !r->f->opt_out && any_means(words, is_opt_out))
			r->f->opt_out = one;
		else if (!r->refused && !r->f->human && any_means(words, human_named))
			r->f->human = one;
	}
}

static void questions_read(struct reading *r)
{
	const json_t *list = json_object_get(r->f->root, "questions");
	size_t i, j;

	r->f->questions = list;
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i), *words = json_object_get(one, "words");

		text_of(r, one, "questions", "name");
		text_read(r, one, "questions", "text", true);
		for (j = 0; j < json_array_size(words); j++)
			if (!json_is_string(json_array_get(words, j)))
				refuse(r, "questions", "words", "a word is no text");
	}
}

static void voicemail_read(struct reading *r)
{
	const json_t *one = json_object_get(r->f->root, "voicemail"), *words = json_object_get(one, "words");
	size_t i;

	if (!one || json_is_null(one))
		return;
	r->f->machine_step = step_of(r, one, "voicemail", "go");
	r->f->machine_words = words;
	for (i = 0; i < json_array_size(words); i++)
		if (!json_is_string(json_array_get(words, i)))
			refuse(r, "voicemail", "words", "a word is no text");
}

static enum err all_read(struct reading *r)
{
	struct flow *f = r->f;
	const json_t *steps = json_object_get(f->root, "steps"), *opening = json_object_get(f->root, "opening");
	json_int_t visits = json_integer_value(json_object_get(f->root, "visits_max"));
	size_t i;

	if (json_integer_value(json_object_get(f->root, "format")) != 1) {
		refuse(r, "format", "", "not the format 1");
		return ERR_VERSION;
	}
	f->language = text_of(r, f->root, "", "language");
	if (json_array_size(steps) > FLOW_STEPS_MAX) {
		refuse(r, "steps", "", "more than %d steps", FLOW_STEPS_MAX);
		return ERR_LIMIT;
	}
	if (!json_array_size(steps))
		refuse(r, "steps", "", "a list of steps is wanted");
	names_read(r, steps);
	for (i = 0; i < f->step_count && !r->refused; i++)
		step_read(r, &f->steps[i], json_array_get(steps, i));
	f->opening = text_of(r, opening, "opening", "text");
	f->opening_step = step_of(r, opening, "opening", "step");
	f->opening_asked = json_is_true(json_object_get(opening, "asked"));
	if (f->opening_asked && f->steps[f->opening_step].kind != STEP_ASK)
		refuse(r, "opening", "step", "what was asked is no question");
	f->unclear = json_is_string(json_object_get(f->root, "unclear")) ? step_of(r, f->root, "", "unclear") : -1;
	f->end_tool = text_of(r, f->root, "", "end_tool");
	f->visits_max = (int32_t)(visits < 1 ? 5 : visits > 100 ? 100 : visits);
	f->hindi = language_is(f->language, "hi");
	f->english = language_is(f->language, "en");
	anytime_read(r);
	questions_read(r);
	voicemail_read(r);
	return r->refused ? ERR_FORMAT : ERR_NONE;
}

/* The step of one language is that of another, by its place. */
static bool steps_same(const struct flow *a, const struct flow *b)
{
	size_t i;

	for (i = 0; i < a->step_count && i < b->step_count; i++)
		if (a->steps[i].kind != b->steps[i].kind || a->steps[i].expect.kind != b->steps[i].expect.kind || strcmp(a->steps[i].name, b->steps[i].name) != 0)
			return false;
	return a->step_count == b->step_count;
}

static enum err other_read(struct reading *r, json_t *root)
{
	struct flow *f = calloc(1, sizeof(*f));
	struct reading inner = { .f = f, .detail = r->detail };
	enum err err;

	if (!f)
		return ERR_NOMEM;
	r->f->others[r->f->other_count++] = f;
	f->root = json_incref(root);
	err = all_read(&inner);
	if (!err && !steps_same(r->f, f)) {
		refuse(r, "others", f->language, "its steps are other ones");
		err = ERR_FORMAT;
	}
	return err;
}

static enum err others_read(struct reading *r)
{
	json_t *others = json_object_get(r->f->root, "others"), *one;
	enum err err = ERR_NONE;
	size_t i;

	if (!others)
		return ERR_NONE;
	r->f->language_tool = text_of(r, r->f->root, "", "language_tool");
	if (json_array_size(others) > FLOW_OTHERS_MAX)
		refuse(r, "others", "", "more than %d languages", FLOW_OTHERS_MAX + 1);
	for (i = 0; !err && !r->refused && (one = json_array_get(others, i)); i++)
		err = other_read(r, one);
	return err ? err : r->refused ? ERR_FORMAT : ERR_NONE;
}

const struct flow *flow_in(const struct flow *f, const char *language, size_t len)
{
	size_t i;

	if (strlen(f->language) == len && !strncasecmp(f->language, language, len))
		return f;
	for (i = 0; i < f->other_count; i++)
		if (strlen(f->others[i]->language) == len && !strncasecmp(f->others[i]->language, language, len))
			return f->others[i];
	return NULL;
}

enum err flow_load(struct flow **fp, const void *data, size_t len, struct err_detail *detail)
{
	struct flow *f = calloc(1, sizeof(*f));
	struct reading r = { .f = f, .detail = detail };
	json_error_t error;
	enum err err;

	*fp = NULL;
	if (!f)
		return ERR_NOMEM;
	f->root = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
	if (!f->root) {
		refuse(&r, "JSON", "", "line %d, column %d: %.150s", error.line, error.column, error.text);
		err = ERR_FORMAT;
	} else {
		err = all_read(&r);
		if (!err)
			err = others_read(&r);
	}
	if (err)
		flow_free(&f);
	*fp = f;
	return err;
}

void flow_free(struct flow **fp)
{
	if (!*fp)
		return;
	for (size_t i = 0; i < (*fp)->other_count; i++)
		flow_free(&(*fp)->others[i]);
	json_decref((*fp)->root);
	free(*fp);
	*fp = NULL;
}

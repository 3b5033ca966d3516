/* Reading the flow: first every step's name, kind and answer, so that conditions can name what stands further down, then where
 * each leads and what a tool is called with. */
#include "conductor/rulebook_state.h"

#include <stdio.h>
#include <string.h>

#include "base/wording.h"

static const char *const ask_keys[] = { "ask", "text", "again", "confirm", "expect", "tries", "unclear", "next", NULL };
static const char *const say_keys[] = { "say", "text", "next", NULL };
static const char *const tool_keys[] = { "tool", "call", "arguments", "text", "failed", "next", NULL };
static const char *const goodbye_keys[] = { "goodbye", "text", "outcome", NULL };
static const char *const *const step_keys[] = { ask_keys, say_keys, tool_keys, goodbye_keys };
static const char *const step_kinds[] = { "ask", "say", "tool", "goodbye", NULL };

/* ---- what answers are ---- */

static void synonyms_read(struct reading *r, const struct yaml_item *options)
{
	const struct yaml_item *option;
	size_t up = path_down(r, "options");

	for (option = options->first; option; option = option->next) {
		size_t deeper = path_down(r, option->key);

		words_check(r, option, word_of, LIST_MAX, WORDS_MAX_BYTES);
		path_up(r, deeper);
	}
	path_up(r, up);
}

static const struct yaml_item *words_in(const struct yaml_item *option, const char *language)
{
	const struct yaml_item *list = text_in(option, language);

	return list && list->kind == YAML_KIND_LIST ? list->first : NULL;
}

/* The same words for two options would make every answer with them a coin toss. */
static void synonyms_compare(struct reading *r, const struct yaml_item *a, const struct yaml_item *b, const char *language)
{
	const struct yaml_item *x, *y;

	for (x = words_in(a, language); x; x = x->next)
		for (y = words_in(b, language); y; y = y->next)
			if (x->text && y->text && !strcasecmp(x->text, y->text))
				mistake_value(r, y, NULL, "these words also stand for %s, in line %u", a->key, x->at.line);
}

static void options_compare(struct reading *r, const struct yaml_item *options)
{
	const struct yaml_item *a, *b;
	size_t i;

	for (i = 0; i < r->book->language_count; i++)
		for (a = options->first; a; a = a->next)
			for (b = a->next; b; b = b->next)
				synonyms_compare(r, a, b, r->book->languages[i].code);
}

static void count_read(struct reading *r, const struct yaml_item *item, struct range *range)
{
	int64_t count = int_under(r, item, "count", 0, 1, 32);

	if (!count)
		return;
	if (range->low.is_set || range->high.is_set)
		mistake_key(r, yaml_find(item, "count"), "count, or min and max", "one of the two says how many digits there are");
	range->low = range->high = (struct bound){ .is_set = true, .micros = count, .variable = -1 };
}

static bool bound_inside(const struct bound *inner, const struct bound *outer, bool is_low)
{
	if (!outer->is_set || inner->variable >= 0 || outer->variable >= 0)
		return !outer->is_set || (inner->is_set && (outer->variable < 0 || inner->variable == outer->variable || inner->variable < 0));
	return inner->is_set && (is_low ? inner->micros >= outer->micros : inner->micros <= outer->micros);
}

static void promise_compare(struct reading *r, const struct yaml_item *item, struct step *s)
{
	const struct range *range = &s->promise->range;

	if (!s->range.low.is_set)
		s->range.low = range->low;
	if (!s->range.high.is_set)
		s->range.high = range->high;
	if (s->promise->spec.type != s->expect.type || strcmp(s->promise->spec.currency, s->expect.currency) != 0)
		mistake_value(r, item, NULL, "the promise is a %s, the answer a %s", value_names[s->promise->spec.type], value_names[s->expect.type]);
	else if (!bound_inside(&s->range.low, &range->low, true) || !bound_inside(&s->range.high, &range->high, false))
		mistake_value(r, item, NULL, "the question accepts more than the agent may promise");
}

static void promise_find(struct reading *r, const struct yaml_item *map, struct step *s)
{
	const struct yaml_item *item = yaml_find(map, "promise");
	size_t up = path_down(r, "promise"), i;

	for (i = 0; item && item->text && i < r->book->promise_count; i++)
		if (!strcmp(r->book->promises[i].name, item->text))
			s->promise = &r->book->promises[i];
	if (s->promise)
		promise_compare(r, item, s);
	else if (item && sort_check(r, item, YAML_SORT_TEXT, "a promise's name"))
		mistake_value(r, item, NULL, "no promise has this name");
	path_up(r, up);
}

#define KINDS "yes_no, digits, amount, date, time, choice, free, name"

static const char *const *expect_keys(enum value_type type)
{
	static const char *const plain[] = { "kind", NULL };
	static const char *const digits[] = { "kind", "count", "min", "max", NULL };
	static const char *const amount[] = { "kind", "currency", "min", "max", "promise", NULL };
	static const char *const date[] = { "kind", "from_days", "to_days", "promise", NULL };
	static const char *const time[] = { "kind", "from", "to", "promise", NULL };
	static const char *const choice[] = { "kind", "options", NULL };

	switch (type) {
	case VALUE_DIGITS: return digits;
	case VALUE_AMOUNT: return amount;
	case VALUE_DATE: return date;
	case VALUE_TIME: return time;
	case VALUE_CHOICE: return choice;
	default: return plain;
	}
}

static void expect_map_read(struct reading *r, const struct yaml_item *item, struct step *s)
{
	static const char *const all[] = { "kind", "count", "min", "max", "currency", "from_days", "to_days", "from", "to", "options", "promise", NULL };

	if (!map_need(r, item, "kind", KINDS) || !map_check(r, item, all) ||
		!spec_read(r, item, &s->expect) || !map_check(r, item, expect_keys(s->expect.type)))
		return;
	range_read(r, item, &s->expect, &s->range);
	if (s->expect.type == VALUE_DIGITS)
		count_read(r, item, &s->range);
	if (s->expect.options) {
		synonyms_read(r, s->expect.options);
		options_compare(r, s->expect.options);
	}
	promise_find(r, item, s);
}

static void expect_read(struct reading *r, const struct yaml_item *step, struct step *s)
{
	static const char *const simple[] = { "yes_no", "date", "time", "free", "name", NULL };
	static const enum value_type types[] = { VALUE_YES_NO, VALUE_DATE, VALUE_TIME, VALUE_TEXT, VALUE_TEXT };
	const struct yaml_item *item = map_need(r, step, "expect", KINDS);
	size_t up = path_down(r, "expect");
	int at;

	if (item && item->kind == YAML_KIND_SCALAR) {
		at = choice_of(r, item, simple);
		s->expect.type = at < 0 ? VALUE_TEXT : types[at];
		s->expect.is_name = at >= 0 && !strcmp(simple[at], "name");
	} else if (item) {
		expect_map_read(r, item, s);
	}
	path_up(r, up);
}

/* ---- a step's name, kind and texts ---- */

static const struct yaml_item *spoken_read(struct reading *r, const struct yaml_item *step, const char *key, bool needed)
{
	const struct yaml_item *item = needed ? map_need(r, step, key, "text") : yaml_find(step, key);
	size_t up = path_down(r, key);
	bool fine = item && spoken_check(r, item, STEP_TEXT_MAX);

	path_up(r, up);
	return fine ? item : NULL;
}

static int kind_find(struct reading *r, const struct yaml_item *item)
{
	const struct yaml_item *entry;
	int kind = -1, i;

	if (item->kind != YAML_KIND_MAP) {
		mistake_value(r, item, "ask, say, tool, goodbye", "a step is a map");
		return -1;
	}
	for (entry = item->first; entry && kind < 0; entry = entry->next)
		for (i = 0; step_kinds[i]; i++)
			if (!strcmp(entry->key, step_kinds[i]))
				kind = i;
	if (kind < 0)
		mistake_value(r, item, "ask, say, tool, goodbye", "one of these keys gives a step its kind and name");
	return kind;
}

static bool name_is_free(struct reading *r, const struct yaml_item *item)
{
	struct symbol s;
	size_t i;

	for (i = 0; i < r->book->step_count; i++)
		if (!strcmp(r->book->steps[i].name, item->text)) {
			mistake_value(r, item, NULL, "another step has this name, in line %u", r->book->steps[i].item->at.line);
			return false;
		}
	if (symbol_find(r->book, item->text, strlen(item->text), &s)) {
		mistake_value(r, item, NULL, "a variable or fact has this name");
		return false;
	}
	return true;
}

static void goodbye_read(struct reading *r, const struct yaml_item *item, struct step *s)
{
	const struct yaml_item *outcome = map_need(r, item, "outcome", "an outcome's name");
	size_t up = path_down(r, "outcome");

	if (outcome)
		s->outcome = outcome_of(r, outcome);
	path_up(r, up);
}

static void call_read(struct reading *r, const struct yaml_item *item, struct step *s)
{
	const struct yaml_item *call = map_need(r, item, "call", "a tool's name");
	size_t up = path_down(r, "call"), i;

	for (i = 0; call && call->text && i < r->book->tool_count; i++)
		if (!strcmp(r->book->tools[i].tool.name, call->text))
			s->tool = &r->book->tools[i];
	if (call && !s->tool && sort_check(r, call, YAML_SORT_TEXT, "a tool's name"))
		mistake_value(r, call, NULL, "no tool has this name");
	path_up(r, up);
	s->arguments = yaml_find(item, "arguments");
}

static void step_read(struct reading *r, const struct yaml_item *item, int kind)
{
	struct step *s = &r->book->steps[r->book->step_count];
	const struct yaml_item *name = yaml_find(item, step_kinds[kind]);
	size_t up;

	if (!name_check(r, name, name->text, false) || !name_is_free(r, name))
		return;
	*s = (struct step){ .kind = (enum step_kind)kind, .name = name->text, .item = item };
	r->book->step_count++;
	up = path_down(r, name->text);
	map_check(r, item, step_keys[kind]);
	s->text = spoken_read(r, item, "text", s->kind != STEP_TOOL);
	s->again = s->kind == STEP_ASK ? spoken_read(r, item, "again", false) : NULL;
	s->confirm = s->kind == STEP_ASK ? spoken_read(r, item, "confirm", false) : NULL;
	s->tries = (uint32_t)int_under(r, item, "tries", 3, 1, TRIES_MAX);
	if (s->kind == STEP_ASK)
		expect_read(r, item, s);
	else if (s->kind == STEP_TOOL)
		call_read(r, item, s);
	else if (s->kind == STEP_GOODBYE)
		goodbye_read(r, item, s);
	path_up(r, up);
}

/* ---- where steps lead ---- */

void go_find(struct reading *r, const struct yaml_item *item, struct branch *b)
{
	const char *best = NULL;
	unsigned int i;

	b->go = -1;
	b->go_item = item;
	if (!sort_check(r, item, YAML_SORT_TEXT, "a step's name"))
		return;
	for (i = 0; i < r->book->step_count; i++)
		if (!strcmp(r->book->steps[i].name, item->text))
			b->go = (int)i;
	for (i = 0; b->go < 0 && !best && i < r->book->step_count; i++)
		if (!strcasecmp(r->book->steps[i].name, item->text) || strstr(r->book->steps[i].name, item->text))
			best = r->book->steps[i].name;
	if (b->go < 0)
		mistake_value(r, item, best ? best : "a step's name", "no step has this name");
}

static void branch_read(struct reading *r, const struct yaml_item *item, struct step *s)
{
	static const char *const keys[] = { "when", "go", NULL };
	struct branch *b = &s->next[s->next_count];
	const struct yaml_item *go;

	if (!map_check(r, item, keys))
		return;
	b->when_item = yaml_find(item, "when");
	if (b->when_item && !item->next)
		mistake_value(r, b->when_item, "the last way has no `when`", "nothing is left for a call that fits none of the conditions");
	if (!b->when_item && item->next)
		mistake_value(r, item, "only the last way has no `when`", "the ways behind this one are never taken");
	b->when = b->when_item ? expr_read(r, b->when_item, false) : NULL;
	go = map_need(r, item, "go", "a step's name");
	if (!go)
		return;
	go_find(r, go, b);
	s->next_count++;
}

/* Nothing said: the step below. */
static void next_default(struct reading *r, struct step *s)
{
	size_t at = (size_t)(s - r->book->steps);

	if (at + 1 == r->book->step_count) {
		mistake_at(r, s->item->at, s->name, "next", "the last step leads nowhere: give it `next`, or end with a goodbye");
		return;
	}
	s->next[s->next_count++] = (struct branch){ .go = (int)at + 1, .go_item = s->item };
}

static void next_read(struct reading *r, struct step *s)
{
	const struct yaml_item *item = yaml_find(s->item, "next"), *entry;
	size_t up = path_down(r, "next");

	if (!item)
		next_default(r, s);
	else if (item->kind == YAML_KIND_SCALAR)
		go_find(r, item, &s->next[s->next_count++]);
	else if (list_check(r, item, 1, BRANCHES_MAX))
		for (entry = item->first; entry; entry = entry->next)
			branch_read(r, entry, s);
	path_up(r, up);
}

static void side_read(struct reading *r, struct step *s, const char *key, const struct branch *standard)
{
	const struct yaml_item *item = yaml_find(s->item, key);
	size_t up = path_down(r, key);

	if (item)
		go_find(r, item, &s->side);
	else if (standard && standard->go_item)
		s->side = *standard;
	else
		mistake_at(r, s->item->at, "nothing", "a step's name",
			s->kind == STEP_TOOL ? "a tool can fail: say where the call goes then"
					     : "a caller can stay unclear: say where the call goes then, here or once at the top");
	path_up(r, up);
}

/* ---- what tools are called with ---- */

bool text_is_name(const char *text, const char **name, size_t *len)
{
	struct template_part part;
	const char *bad;

	if (!template_next(&text, &part, &bad) || !part.is_name || *text)
		return false;
	*name = part.text;
	*len = part.len;
	return true;
}

static bool options_fit(const struct symbol *s, const struct yaml_item *choices)
{
	const struct yaml_item *option, *choice;

	if (s->spec.type != VALUE_CHOICE || !s->spec.options)
		return false;
	for (option = s->spec.options->first; option; option = option->next) {
		for (choice = choices->first; choice; choice = choice->next)
			if (choice->text && !strcmp(choice->text, option->key ? option->key : option->text ? option->text : ""))
				break;
		if (!choice)
			return false;
	}
	return true;
}

static bool symbol_fits(const struct symbol *s, const struct argument *a)
{
	switch (a->type) {
	case ARGUMENT_STRING: return !a->choices || options_fit(s, a->choices);
	case ARGUMENT_INTEGER: return s->spec.type == VALUE_NUMBER;
	case ARGUMENT_NUMBER: return s->spec.type == VALUE_NUMBER || s->spec.type == VALUE_AMOUNT;
	case ARGUMENT_BOOLEAN: return s->spec.type == VALUE_TRUTH || s->spec.type == VALUE_YES_NO;
	}
	return false;
}

static bool literal_fits(const struct argument *a, const char *text)
{
	const struct yaml_item *choice;
	int64_t micros;

	if (a->type == ARGUMENT_BOOLEAN)
		return !strcmp(text, "true") || !strcmp(text, "false");
	if (a->type == ARGUMENT_STRING) {
		for (choice = a->choices ? a->choices->first : NULL; choice; choice = choice->next)
			if (choice->text && !strcmp(choice->text, text))
				return true;
		return !a->choices && (!a->max_length || strlen(text) <= a->max_length) && !strpbrk(text, "{}");
	}
	return micros_parse(text, strlen(text), &micros) && (a->type == ARGUMENT_NUMBER || micros % 1000000 == 0) &&
	       (!a->has_min || micros >= a->min_micros) && (!a->has_max || micros <= a->max_micros);
}

static void argument_check(struct reading *r, const struct step *s, const struct yaml_item *item)
{
	const struct argument *a = tool_argument_find(s->tool, item->key);
	const char *name = NULL, *text = scalar_of(r, item, SPOKEN_MAX_BYTES);
	struct symbol found;
	size_t len = 0;

	if (!a)
		mistake_key(r, item, NULL, "the tool %s has no such argument", s->tool->tool.name);
	if (!a || !text)
		return;
	if (!text_is_name(text, &name, &len)) {
		if (!literal_fits(a, text))
			mistake_value(r, item, NULL, "this does not fit the tool's schema; an argument is one value or one {placeholder}");
	} else if (!symbol_find(r->book, name, len, &found)) {
		mistake_value(r, item, "a variable, a fact, an answer, a tool's field", "nothing fills {%.*s}", (int)len, name);
	} else if (!symbol_fits(&found, a)) {
		mistake_value(r, item, NULL, "%s is a %s, which does not fit the tool's schema", found.name, value_names[found.spec.type]);
	} else if (found.kind == SYMBOL_FACT && found.item->kind != YAML_KIND_SCALAR) {
		mistake_value(r, item, NULL, "the fact %s is no single text", found.name);
	} else {
		argument_has_room(r, item, &found, a);
	}
}

static void arguments_check(struct reading *r, const struct step *s)
{
	const struct yaml_item *entry;
	size_t up = path_down(r, "arguments"), i;

	for (entry = s->arguments && map_count_check(r, s->arguments, ARGUMENTS_MAX) ? s->arguments->first : NULL; entry; entry = entry->next) {
		size_t deeper = path_down(r, entry->key);

		argument_check(r, s, entry);
		path_up(r, deeper);
	}
	for (i = 0; i < s->tool->argument_count; i++) {
		const struct argument *a = &s->tool->arguments[i];
		char why[120];

		if (!a->required || (s->arguments && s->arguments->kind == YAML_KIND_MAP && yaml_find(s->arguments, a->name)))
			continue;
		snprintf(why, sizeof(why), "the tool %s needs %s", s->tool->tool.name, a->name);
		mistake_at(r, s->arguments ? s->arguments->key_at : s->item->at, "nothing", a->name, why);
	}
	path_up(r, up);
}

static void step_ways_read(struct reading *r, struct step *s)
{
	size_t up = path_down(r, s->name);

	if (s->kind != STEP_GOODBYE)
		next_read(r, s);
	if (s->kind == STEP_ASK)
		side_read(r, s, "unclear", &r->book->unclear);
	if (s->kind == STEP_TOOL)
		side_read(r, s, "failed", NULL);
	if (s->kind == STEP_TOOL && s->tool)
		arguments_check(r, s);
	path_up(r, up);
}

/* ---- at any time ---- */

static void anytime_read(struct reading *r, const struct yaml_item *item)
{
	static const char *const keys[] = { "about", "words", "go", "escalates", NULL };
	struct anytime *a = &r->book->anytime[r->book->anytime_count];
	const struct yaml_item *words, *go;
	size_t up = path_down(r, item->key), deeper;

	if (name_check(r, item, item->key, true) && map_check(r, item, keys)) {
		map_need(r, item, "about", "text");
		*a = (struct anytime){ .name = item->key, .about = text_under(r, item, "about", SPOKEN_MAX_BYTES, "") };
		words = map_need(r, item, "words", "a list of words");
		deeper = path_down(r, "words");
		if (words && words_check(r, words, word_of, LIST_MAX, WORDS_MAX_BYTES))
			a->words = words;
		path_up(r, deeper);
		go = map_need(r, item, "go", "a step's name");
		deeper = path_down(r, "go");
		if (go)
			go_find(r, go, &a->go);
		path_up(r, deeper);
		a->escalates = bool_under(r, item, "escalates", false);
		if (go)
			r->book->anytime_count++;
	}
	path_up(r, up);
}

static void anytimes_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = yaml_find(root, "anytime"), *entry;
	size_t up = path_down(r, "anytime");

	if (item && map_count_check(r, item, ANYTIME_MAX))
		for (entry = item->first; entry; entry = entry->next)
			anytime_read(r, entry);
	path_up(r, up);
}

static void steps_read(struct reading *r, const struct yaml_item *flow)
{
	const struct yaml_item *entry;
	char index[24];
	size_t at = 0;

	r->book->steps = book_alloc(r, STEPS_MAX * sizeof(*r->book->steps));
	for (entry = r->book->steps ? flow->first : NULL; entry; entry = entry->next, at++) {
		int kind;
		size_t up;

		snprintf(index, sizeof(index), "%zu", at + 1);
		up = path_down(r, index);
		kind = kind_find(r, entry);
		path_up(r, up);
		if (kind >= 0)
			step_read(r, entry, kind);
	}
}

void flow_read(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *item = map_need(r, root, "flow", "a list of steps"), *unclear = yaml_find(root, "unclear");
	size_t up = path_down(r, "flow"), i;

	if (item && list_check(r, item, 1, STEPS_MAX))
		steps_read(r, item);
	path_up(r, up);
	if (!r->book->step_count)
		return;
	up = path_down(r, "unclear");
	if (unclear)
		go_find(r, unclear, &r->book->unclear);
	path_up(r, up);
	up = path_down(r, "flow");
	for (i = 0; i < r->book->step_count; i++)
		step_ways_read(r, &r->book->steps[i]);
	path_up(r, up);
	anytimes_read(r, root);
	questions_read(r, root);
	voicemail_read(r, root);
}

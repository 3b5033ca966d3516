/* What an agent may do besides its book's own tools: `may`. Each becomes a tool of the book, so that flows, prompts, schemas and checks know it as
 * they know others; what carries it out is the conductor itself (calls_built_in.c), or the call, and nothing is sent anywhere.
 */
#include "conductor/rulebook_state.h"

#include <string.h>

enum { CALLBACK_DAYS_MAX = 60 };

struct tool_spec *may_tool_add(struct reading *r, const struct yaml_item *item, const char *about)
{
	struct tool_spec *t = &r->book->tools[r->book->tool_count];
	struct rulebook_tool known;

	if (rulebook_tool_find(r->book, item->key, &known)) {
		mistake_key(r, item, NULL, "a tool of this rule-book has that name");
		return NULL;
	}
	if (r->book->tool_count >= BRIEF_TOOLS_MAX - 1) {
		mistake_key(r, item, NULL, "there are too many tools");
		return NULL;
	}
	*t = (struct tool_spec){ .tool = { .name = item->key, .about = about, .method = "POST", .url = RULEBOOK_BUILT_IN, .changes = true }, .item = item };
	r->book->tool_count++;
	return t;
}

void may_argument_add(struct tool_spec *t, struct argument a)
{
	t->arguments[t->argument_count++] = a;
}

/* The names of the book's outcomes as the list that an `enum` would be. */
static const struct yaml_item *outcome_names(struct reading *r, const struct yaml_item *may)
{
	const struct rulebook *b = r->book;
	struct yaml_item *list = book_alloc(r, sizeof(*list) * (b->outcome_count + 1));
	size_t i;

	if (!list)
		return NULL;
	*list = (struct yaml_item){ .kind = YAML_KIND_LIST, .at = may->at, .count = b->outcome_count };
	for (i = 0; i < b->outcome_count; i++) {
		list[i + 1] = (struct yaml_item){ .kind = YAML_KIND_SCALAR, .at = may->at, .text = b->outcomes[i].name };
		if (i)
			list[i].next = &list[i + 1];
	}
	list->first = b->outcome_count ? list + 1 : NULL;
	list->last = b->outcome_count ? list + b->outcome_count : NULL;
	return list;
}

static void outcome_may(struct reading *r, const struct yaml_item *may)
{
	struct tool_spec *t;

	if (!bool_under(r, may, RULEBOOK_OUTCOME_TOOL, false))
		return;
	t = may_tool_add(r, yaml_find(may, RULEBOOK_OUTCOME_TOOL),
		"Writes down how the call goes, as soon as that is known and without ending it. The last one counts, unless the call is ended with another.");
	if (t)
		may_argument_add(t, (struct argument){ .name = "outcome", .description = "How it goes.", .choices = outcome_names(r, may), .required = true });
}

static void callback_may(struct reading *r, const struct yaml_item *may)
{
	static const char *const keys[] = { "days", NULL };
	const struct yaml_item *item = yaml_find(may, RULEBOOK_CALLBACK_TOOL);
	size_t up = path_down(r, RULEBOOK_CALLBACK_TOOL);
	struct tool_spec *t = NULL;

	if (item && map_check(r, item, keys) && map_need(r, item, "days", "1 to 60")) {
		r->book->callback_days = (uint32_t)int_under(r, item, "days", 1, 1, CALLBACK_DAYS_MAX);
		t = may_tool_add(r, item, "Has the person called again, once, on a day and at a time that they agreed to.");
	}
	if (t) {
		may_argument_add(t, (struct argument){ .name = "day", .description = "The day, as 2026-01-31.", .max_length = 10, .required = true });
		may_argument_add(t, (struct argument){ .name = "time", .description = "The time there, as 15:30.", .max_length = 5, .required = true });
		may_argument_add(t, (struct argument){ .name = "number", .description = "The number with + and its country, when it is not the one that was called.",
			.max_length = 16 });
	}
	path_up(r, up);
}

static void keys_may(struct reading *r, const struct yaml_item *may)
{
	struct tool_spec *t = NULL;

	if (bool_under(r, may, RULEBOOK_KEYS_TOOL, false))
		t = may_tool_add(r, yaml_find(may, RULEBOOK_KEYS_TOOL), "Presses keys of a telephone, for a menu that asks for them. Its answer comes when they were heard.");
	if (t)
		may_argument_add(t, (struct argument){ .name = "digits", .description = "The keys in their order: 0 to 9, * and #.", .max_length = BRIEF_KEYS_MAX,
			.required = true });
}

/* A list of words as an `enum` would be. */
static const struct yaml_item *words_list(struct reading *r, const struct yaml_item *at, const char *const *words, size_t count)
{
	struct yaml_item *list = book_alloc(r, sizeof(*list) * (count + 1));
	size_t i;

	if (!list)
		return NULL;
	*list = (struct yaml_item){ .kind = YAML_KIND_LIST, .at = at->at, .count = count, .first = list + 1, .last = list + count };
	for (i = 1; i <= count; i++) {
		list[i] = (struct yaml_item){ .kind = YAML_KIND_SCALAR, .at = at->at, .text = words[i - 1] };
		if (i < count)
			list[i].next = &list[i + 1];
	}
	return list;
}

static void field_add(struct tool_spec *t, const char *name, enum value_type type, bool optional)
{
	t->fields[t->field_count++] = (struct field){ .name = name, .spec = { .type = type }, .optional = optional };
}

/* What comes of it is told by the call itself, so that no service can say something else. */
static void take_may(struct reading *r, const struct yaml_item *may)
{
	static const char *const whats[] = { "card", "expiry", "cvv", "pin", "digits" };
	struct tool_spec *t = NULL;

	if (bool_under(r, may, RULEBOOK_TAKE_TOOL, false))
		t = may_tool_add(r, yaml_find(may, RULEBOOK_TAKE_TOOL),
			"Has the caller key in a secret number (a card, its expiry date, its CVV, a PIN) with recording paused. Say before it, in the same answer, what to key "
			"in and to press the hash key behind it. The result's value stands for the number: give it to other tools as it is. Never ask for such a number by voice.");
	if (!t)
		return;
	t->tool.changes = false;
	may_argument_add(t, (struct argument){ .name = "what", .description = "What is keyed in.", .required = true,
		.choices = words_list(r, may, whats, sizeof(whats) / sizeof(*whats)) });
	may_argument_add(t, (struct argument){ .name = "least", .type = ARGUMENT_INTEGER, .description = "So many digits at least.", .has_min = true,
		.min_micros = 1000000, .has_max = true, .max_micros = BRIEF_KEYS_MAX * 1000000LL });
	may_argument_add(t, (struct argument){ .name = "most", .type = ARGUMENT_INTEGER, .description = "So many at most; then no hash key is needed.",
		.has_min = true, .min_micros = 1000000, .has_max = true, .max_micros = BRIEF_KEYS_MAX * 1000000LL });
	field_add(t, "taken", VALUE_TRUTH, false);
	field_add(t, "digits", VALUE_NUMBER, false);
	field_add(t, "valid", VALUE_TRUTH, false);
	field_add(t, "value", VALUE_TEXT, false);
	field_add(t, "last4", VALUE_DIGITS, true);
}

static const struct yaml_item *language_names(struct reading *r, const struct yaml_item *at)
{
	const struct rulebook *b = r->book;
	const char *codes[LANGUAGES_MAX];
	size_t i;

	for (i = 0; i < b->language_count; i++)
		codes[i] = b->languages[i].code;
	return words_list(r, at, codes, b->language_count);
}

/* Whoever speaks several languages can go on in another one: no book has to say so. */
static void language_may(struct reading *r, const struct yaml_item *root)
{
	const struct yaml_item *languages = yaml_find(root, "languages");
	struct yaml_item *item = r->book->language_count > 1 && languages ? book_alloc(r, sizeof(*item)) : NULL;
	struct tool_spec *t;

	if (!item)
		return;
	*item = *languages;
	item->key = RULEBOOK_LANGUAGE_TOOL;
	t = may_tool_add(r, item, "Goes on in another language, from your next words on: when the person asks for it, or plainly speaks it. Say nothing with it.");
	if (!t)
		return;
	t->tool.changes = false;
	may_argument_add(t, (struct argument){ .name = "language", .description = "Its tag.", .choices = language_names(r, languages), .required = true });
}

void may_read(struct reading *r, const struct yaml_item *root)
{
	static const char *const keys[] = { RULEBOOK_OUTCOME_TOOL, RULEBOOK_CALLBACK_TOOL, RULEBOOK_KEYS_TOOL, RULEBOOK_TAKE_TOOL, RULEBOOK_TRANSFER_TOOL, NULL };
	const struct yaml_item *may = yaml_find(root, "may");
	size_t up = path_down(r, "may");

	if (may && map_check(r, may, keys)) {
		outcome_may(r, may);
		callback_may(r, may);
		keys_may(r, may);
		take_may(r, may);
		transfer_may(r, may);
	}
	path_up(r, up);
	language_may(r, root);
}

bool rulebook_tool_is_built_in(const struct rulebook_tool *tool)
{
	return !strcmp(tool->url, RULEBOOK_BUILT_IN);
}

uint32_t rulebook_callback_days(const struct rulebook *b)
{
	return b->callback_days;
}

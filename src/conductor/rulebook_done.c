/* `done STEP`: whether what a tool step asks for was carried out well, by the call's ledger.
 *
 * The ledger knows tools and arguments, not steps: a model calls tools by itself. So a step is done when its tool was, with every argument whose
 * value the step knows before the call (what is written out, variables). What was answered in the call may be anything.
 */
#include "conductor/rulebook_state.h"

#include <string.h>

#include "base/buf.h"

enum { ARGUMENT_TEXT_MAX = 16 * 1024 };

/* The same number may be written as 1 or 1.0. */
static bool value_same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

/* An object stands for what is known only in the call. */
static bool argument_fits(const struct filling *f, const struct step *s, const struct yaml_item *item, const json_t *given)
{
	struct buf text;
	json_t *wanted;
	bool fits;

	buf_init(&text, ARGUMENT_TEXT_MAX);
	argument_value_json(f, tool_argument_find(s->tool, item->key), item->text, &text);
	wanted = text.err ? NULL : json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, NULL);
	fits = wanted && (json_is_object(wanted) || value_same(wanted, given));
	json_decref(wanted);
	buf_fini(&text);
	return fits;
}

static bool is_of(const struct filling *f, const struct step *s, const json_t *one)
{
	const json_t *arguments = json_object_get(one, "arguments");
	const char *tool = json_string_value(json_object_get(one, "tool"));

	if (!tool || strcmp(tool, s->tool->tool.name) != 0)
		return false;
	for (const struct yaml_item *item = s->arguments ? s->arguments->first : NULL; item; item = item->next)
		if (!argument_fits(f, s, item, json_object_get(arguments, item->key)))
			return false;
	return true;
}

bool step_is_done(const struct filling *f, const struct step *s)
{
	for (size_t i = 0; i < json_array_size(f->done); i++)
		if (is_of(f, s, json_array_get(f->done, i)))
			return true;
	return false;
}

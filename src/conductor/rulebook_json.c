/* The flow of one call as JSON for the rehearsed engine, and the tools for a model. The shape stands in docs/rulebooks.md. */
#include "conductor/rulebook_state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/wording.h"

/* ---- the opening ---- */

static enum err say(const struct filling *f, const struct yaml_item *item, struct buf *out)
{
	const struct yaml_item *text = text_in(item, f->language);

	if (out->len)
		buf_byte(out, ' ');
	return text_fill(f, text->text, out);
}

enum err opening_make(const struct filling *f, struct buf *out, int *step, bool *asked)
{
	const struct rulebook *b = f->book;
	const struct yaml_item *disclosure;
	enum err err = ERR_NONE;
	size_t visits;

	*step = 0;
	*asked = false;
	for (disclosure = b->disclosures ? b->disclosures->first : NULL; !err && disclosure; disclosure = disclosure->next)
		err = say(f, disclosure, out);
	for (visits = 0; !err && visits < b->step_count; visits++) {
		const struct step *s = &b->steps[*step];

		if (s->kind != STEP_SAY && s->kind != STEP_ASK)
			break;
		if (s->kind == STEP_SAY && s->next_count != 1)
			break; /* what it leads to is decided when it has been said, by the engine */
		err = say(f, s->text, out);
		*asked = s->kind == STEP_ASK;
		if (*asked)
			break;
		*step = s->next[0].go;
	}
	return err ? err : out->err;
}

/* ---- parts of a step ---- */

enum err text_pair(const struct filling *f, const char *key, const struct yaml_item *item, struct buf *out)
{
	json_put_key(out, key);
	if (!item) {
		json_put_null(out);
		return ERR_NONE;
	}
	return text_json(f, text_in(item, f->language)->text, out);
}

void words_pair(const char *key, const struct yaml_item *list, struct buf *out)
{
	const struct yaml_item *word;

	json_put_key(out, key);
	json_open(out, '[');
	for (word = list ? list->first : NULL; word; word = word->next)
		json_put_string(out, word->text);
	json_close(out, ']');
}

static void branches_json(const struct filling *f, const struct step *s, struct buf *out)
{
	size_t i;

	json_put_key(out, "next");
	json_open(out, '[');
	for (i = 0; i < s->next_count; i++) {
		json_open(out, '{');
		if (s->next[i].when) {
			json_put_key(out, "when");
			expr_json(f, s->next[i].when, out);
		}
		json_pair_string(out, "go", f->book->steps[s->next[i].go].name);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static bool bound_value(const struct filling *f, const struct bound *bound, int64_t *out)
{
	*out = bound->variable >= 0 ? f->values[bound->variable].micros : bound->micros;
	return bound->is_set;
}

static void bound_pair(const struct filling *f, const char *key, const struct bound *bound, enum value_type type, struct buf *out)
{
	int64_t value;
	char time[6];

	json_put_key(out, key);
	if (!bound_value(f, bound, &value)) {
		json_put_null(out);
	} else if (type == VALUE_TIME) {
		minute_print((int32_t)value, time);
		json_put_string(out, time);
	} else {
		json_put_i64(out, value);
	}
}

static void range_json(const struct filling *f, const struct step *s, struct buf *out)
{
	static const char *const keys[][2] = {
		[VALUE_DIGITS] = { "min", "max" },
		[VALUE_AMOUNT] = { "min_micros", "max_micros" },
		[VALUE_DATE] = { "from_days", "to_days" },
		[VALUE_TIME] = { "from", "to" },
	};

	bound_pair(f, keys[s->expect.type][0], &s->range.low, s->expect.type, out);
	bound_pair(f, keys[s->expect.type][1], &s->range.high, s->expect.type, out);
}

static void options_json(const struct filling *f, const struct step *s, struct buf *out)
{
	const struct yaml_item *option;

	json_put_key(out, "options");
	json_open(out, '[');
	for (option = s->expect.options->first; option; option = option->next) {
		json_open(out, '{');
		json_pair_string(out, "value", option->key);
		words_pair("words", text_in(option, f->language), out);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void expect_json(const struct filling *f, const struct step *s, struct buf *out)
{
	json_put_key(out, "expect");
	json_open(out, '{');
	json_pair_string(out, "kind", s->expect.is_name ? "name" : s->expect.type == VALUE_TEXT ? "free" : value_names[s->expect.type]);
	if (s->expect.type == VALUE_AMOUNT)
		json_pair_string(out, "currency", s->expect.currency);
	if (s->expect.type == VALUE_CHOICE)
		options_json(f, s, out);
	else if (s->expect.type != VALUE_YES_NO && s->expect.type != VALUE_TEXT)
		range_json(f, s, out);
	json_close(out, '}');
}

/* ---- arguments and results ---- */

static void constant_json(const struct argument *a, const char *text, struct buf *out)
{
	int64_t micros;

	if (a->type == ARGUMENT_BOOLEAN)
		json_put_bool(out, !strcmp(text, "true") || !strcmp(text, "yes"));
	else if (a->type != ARGUMENT_STRING && micros_parse(text, strlen(text), &micros))
		micros_print(out, micros); /* behind its key: no comma is needed */
	else
		json_put_string(out, text);
}

static void value_plain(const struct argument *a, const struct value *v, struct buf *out)
{
	struct buf text;

	if (v->type == VALUE_NUMBER || v->type == VALUE_AMOUNT) {
		buf_init(&text, 64);
		micros_print(&text, v->micros);
		constant_json(a, buf_str(&text), out);
		if (text.err && !out->err)
			out->err = text.err;
		buf_fini(&text);
		return;
	}
	constant_json(a, v->text, out);
}

void argument_value_json(const struct filling *f, const struct argument *a, const char *text, struct buf *out)
{
	static const char *const as[] = { "string", "integer", "number", "boolean" };
	const char *name;
	struct symbol s;
	struct value v;
	size_t len;

	if (!text_is_name(text, &name, &len) || !symbol_find(f->book, name, len, &s)) {
		constant_json(a, text, out);
		return;
	}
	v = filling_value(f, &s);
	if (s.kind != SYMBOL_ANSWER && s.kind != SYMBOL_RESULT && v.is_known) {
		value_plain(a, &v, out);
		return;
	}
	json_open(out, '{');
	json_put_key(out, "ref");
	json_put_text(out, name, len);
	json_pair_string(out, "kind", value_names[s.spec.type]);
	json_pair_string(out, "as", as[a->type]);
	json_close(out, '}');
}

static void arguments_json(const struct filling *f, const struct step *s, struct buf *out)
{
	const struct yaml_item *entry;

	json_put_key(out, "arguments");
	json_open(out, '{');
	for (entry = s->arguments ? s->arguments->first : NULL; entry; entry = entry->next) {
		json_put_key(out, entry->key);
		argument_value_json(f, tool_argument_find(s->tool, entry->key), entry->text, out);
	}
	json_close(out, '}');
}

static void field_json(const struct field *field, struct buf *out)
{
	json_open(out, '{');
	json_pair_string(out, "name", field->name);
	json_pair_string(out, "kind", value_names[field->spec.type]);
	if (field->spec.type == VALUE_AMOUNT)
		json_pair_string(out, "currency", field->spec.currency);
	json_pair_bool(out, "optional", field->optional);
	json_close(out, '}');
}

static void fields_json(const struct tool_spec *t, struct buf *out)
{
	size_t i;

	json_put_key(out, "fields");
	json_open(out, '[');
	for (i = 0; i < t->field_count; i++)
		field_json(&t->fields[i], out);
	json_close(out, ']');
}

/* ---- steps ---- */

static enum err ask_json(const struct filling *f, const struct step *s, struct buf *out)
{
	enum err err = text_pair(f, "again", s->again, out);

	if (!err)
		err = text_pair(f, "confirm", s->confirm, out);
	expect_json(f, s, out);
	json_pair_u64(out, "tries", s->tries);
	json_pair_string(out, "unclear", f->book->steps[s->side.go].name);
	return err;
}

static enum err step_json(const struct filling *f, const struct step *s, struct buf *out)
{
	static const char *const kinds[] = { "ask", "say", "tool", "goodbye" };
	enum err err;

	json_open(out, '{');
	json_pair_string(out, "name", s->name);
	json_pair_string(out, "kind", kinds[s->kind]);
	err = text_pair(f, "text", s->text, out);
	if (!err && s->kind == STEP_ASK)
		err = ask_json(f, s, out);
	if (s->kind == STEP_TOOL) {
		json_pair_string(out, "tool", s->tool->tool.name);
		json_pair_bool(out, "changes", s->tool->tool.changes);
		arguments_json(f, s, out);
		fields_json(s->tool, out);
		json_pair_string(out, "failed", f->book->steps[s->side.go].name);
	}
	if (s->kind == STEP_GOODBYE)
		json_pair_string(out, "outcome", s->outcome);
	else
		branches_json(f, s, out);
	json_close(out, '}');
	return err;
}

static void anytime_json(const struct filling *f, struct buf *out)
{
	const struct rulebook *b = f->book;
	size_t i;

	json_put_key(out, "anytime");
	json_open(out, '[');
	for (i = 0; i < b->anytime_count; i++) {
		json_open(out, '{');
		json_pair_string(out, "name", b->anytime[i].name);
		words_pair("words", text_in(b->anytime[i].words, f->language), out);
		json_pair_string(out, "go", b->steps[b->anytime[i].go.go].name);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static enum err opening_json(const struct filling *f, struct buf *out)
{
	struct buf text;
	bool asked;
	int step;
	enum err err;

	buf_init(&text, RULEBOOK_JSON_MAX);
	err = opening_make(f, &text, &step, &asked);
	json_put_key(out, "opening");
	json_open(out, '{');
	json_pair_string(out, "text", buf_str(&text));
	err = err ? err : text.err;
	json_pair_string(out, "step", f->book->steps[step].name);
	json_pair_bool(out, "asked", asked);
	json_close(out, '}');
	buf_fini(&text);
	return err;
}

static void unclear_json(const struct filling *f, struct buf *out)
{
	const struct branch *unclear = &f->book->unclear;

	if (unclear->go_item && unclear->go >= 0)
		json_pair_string(out, "unclear", f->book->steps[unclear->go].name);
}

/* Without its end: what else there is to say follows. */
static enum err flow_json(const struct filling *f, struct buf *out)
{
	const struct rulebook *b = f->book;
	enum err err;
	size_t i;

	json_open(out, '{');
	json_pair_u64(out, "format", 1);
	json_pair_string(out, "id", b->id);
	json_pair_string(out, "version", b->version);
	json_pair_string(out, "sha256", b->hash);
	json_pair_string(out, "language", f->language);
	json_pair_string(out, "today", f->today.is_known ? f->today.text : NULL);
	err = opening_json(f, out);
	json_pair_u64(out, "visits_max", VISITS_MAX);
	json_pair_string(out, "end_tool", RULEBOOK_END_TOOL);
	unclear_json(f, out);
	json_put_key(out, "steps");
	json_open(out, '[');
	for (i = 0; !err && i < b->step_count; i++)
		err = step_json(f, &b->steps[i], out);
	json_close(out, ']');
	anytime_json(f, out);
	if (!err && b->question_count)
		err = questions_json(f, out);
	voicemail_json(f, out);
	return err;
}

/* The same flow in the book's other languages: the call may go on in one of them. */
static enum err others_json(const struct filling *own, struct buf *out)
{
	const struct rulebook *b = own->book;
	struct filling f = *own;
	enum err err = ERR_NONE;
	size_t i;

	json_pair_string(out, "language_tool", RULEBOOK_LANGUAGE_TOOL);
	json_put_key(out, "others");
	json_open(out, '[');
	for (i = 0; !err && i < b->language_count; i++) {
		f.language = b->languages[i].code;
		if (!strcmp(f.language, own->language))
			continue;
		err = flow_json(&f, out);
		json_close(out, '}');
	}
	json_close(out, ']');
	return err;
}

enum err rulebook_flow_json(const struct rulebook *b, const char *language, const json_t *variables, struct buf *out, struct err_detail *detail)
{
	struct filling f;
	enum err err = filling_init(&f, b, language, variables, detail);

	if (err)
		return err;
	err = flow_json(&f, out);
	if (!err && b->language_count > 1)
		err = others_json(&f, out);
	json_close(out, '}');
	return err ? err : out->err;
}

/* ---- tools for a model ---- */

static void end_tool_json(const struct rulebook *b, struct buf *out)
{
	size_t i;

	json_open(out, '{');
	json_pair_string(out, "name", RULEBOOK_END_TOOL);
	json_pair_string(out, "description", "Ends the call when your last words have been said. Say goodbye in the same message, then use it.");
	json_put_key(out, "input_schema");
	json_open(out, '{');
	json_pair_string(out, "type", "object");
	json_put_key(out, "properties");
	json_open(out, '{');
	json_put_key(out, "outcome");
	json_open(out, '{');
	json_pair_string(out, "type", "string");
	json_put_key(out, "enum");
	json_open(out, '[');
	for (i = 0; i < b->outcome_count; i++)
		json_put_string(out, b->outcomes[i].name);
	json_close(out, ']');
	json_close(out, '}');
	json_close(out, '}');
	json_put_key(out, "required");
	json_open(out, '[');
	json_put_string(out, "outcome");
	json_close(out, ']');
	json_pair_bool(out, "additionalProperties", false);
	json_close(out, '}');
	json_pair_bool(out, "changes", false);
	json_close(out, '}');
}

void rulebook_tools_json(const struct rulebook *b, struct buf *out)
{
	size_t i;

	json_open(out, '[');
	for (i = 0; i < b->tool_count; i++) {
		json_open(out, '{');
		json_pair_string(out, "name", b->tools[i].tool.name);
		json_pair_string(out, "description", b->tools[i].tool.about);
		json_put_key(out, "input_schema");
		schema_json(&b->tools[i], out);
		json_pair_bool(out, "changes", b->tools[i].tool.changes);
		json_close(out, '}');
	}
	end_tool_json(b, out);
	json_close(out, ']');
}

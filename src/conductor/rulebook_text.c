/* Texts: by language, with placeholders, and what fills them. */
#include "conductor/rulebook_state.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/wording.h"

/* How much there is to say: "4" is "four", with what stands around it in a number "four thousand"; a date or an amount in words. */
enum { DIGIT_LETTERS = 8, LATER_LETTERS = 60 };

const struct yaml_item *text_in(const struct yaml_item *item, const char *language)
{
	return item->kind == YAML_KIND_MAP ? yaml_find(item, language) : item;
}

/* ---- names ---- */

static bool name_same(const char *name, const char *text, size_t len)
{
	return name && strlen(name) == len && !memcmp(name, text, len);
}

static bool builtin_find(const char *name, size_t len, struct symbol *out)
{
	static const char *const names[] = { "company", "agent_name", "today", NULL };
	size_t i;

	for (i = 0; names[i]; i++)
		if (name_same(names[i], name, len)) {
			*out = (struct symbol){ .kind = SYMBOL_BUILTIN, .name = names[i], .spec.type = i == 2 ? VALUE_DATE : VALUE_TEXT, .step = -1 };
			return true;
		}
	return false;
}

static bool variable_find(const struct rulebook *b, const char *name, size_t len, struct symbol *out)
{
	size_t i;

	for (i = 0; i < b->variable_count; i++)
		if (name_same(b->variables[i].name, name, len)) {
			*out = (struct symbol){ .kind = SYMBOL_VARIABLE, .name = b->variables[i].name, .spec = b->variables[i].spec, .step = -1,
				.index = (int)i };
			return true;
		}
	return false;
}

static bool fact_find(const struct rulebook *b, const char *name, size_t len, struct symbol *out)
{
	const struct yaml_item *item;

	for (item = b->facts ? b->facts->first : NULL; item; item = item->next)
		if (name_same(item->key, name, len)) {
			*out = (struct symbol){ .kind = SYMBOL_FACT, .name = item->key, .spec.type = VALUE_TEXT, .step = -1, .item = item };
			return true;
		}
	return false;
}

/* `name` is "step" of a question, or "step.field" of a tool. */
static bool step_find(const struct rulebook *b, const char *name, size_t len, struct symbol *out)
{
	const char *dot = memchr(name, '.', len);
	size_t step_len = dot ? (size_t)(dot - name) : len, i, f;

	for (i = 0; i < b->step_count; i++) {
		const struct step *s = &b->steps[i];

		if (!name_same(s->name, name, step_len))
			continue;
		if (!dot && s->kind == STEP_ASK) {
			*out = (struct symbol){ .kind = SYMBOL_ANSWER, .name = s->name, .spec = s->expect, .step = (int)i };
			return true;
		}
		for (f = 0; dot && s->kind == STEP_TOOL && s->tool && f < s->tool->field_count; f++) {
			const struct field *field = &s->tool->fields[f];

			if (!name_same(field->name, dot + 1, len - step_len - 1))
				continue;
			*out = (struct symbol){ .kind = SYMBOL_RESULT, .name = field->name, .spec = field->spec, .step = (int)i, .optional = field->optional };
			return true;
		}
	}
	return false;
}

bool symbol_find(const struct rulebook *b, const char *name, size_t len, struct symbol *out)
{
	return builtin_find(name, len, out) || variable_find(b, name, len, out) || fact_find(b, name, len, out) ||
	       step_find(b, name, len, out);
}

/* ---- placeholders ---- */

bool template_next(const char **at, struct template_part *part, const char **bad)
{
	const char *start = *at, *end;

	*bad = NULL;
	if (!*start)
		return false;
	if (*start != '{' && *start != '}') {
		size_t len = strcspn(start, "{}");

		*part = (struct template_part){ .text = start, .len = len };
		*at = start + len;
		return true;
	}
	end = start + 1 + strspn(start + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
	if (*start == '}' || *end != '}' || end == start + 1) {
		*bad = start;
		return false;
	}
	*part = (struct template_part){ .text = start + 1, .len = (size_t)(end - start - 1), .is_name = true };
	*at = end + 1;
	return true;
}

/* ---- values ---- */

bool spec_has_option(const struct value_spec *spec, const char *word)
{
	const struct yaml_item *item;

	if (spec->type == VALUE_YES_NO)
		return !strcmp(word, "yes") || !strcmp(word, "no");
	for (item = spec->options ? spec->options->first : NULL; item; item = item->next)
		if (!strcmp(item->key ? item->key : item->text ? item->text : "", word))
			return true;
	return false;
}

bool value_parse(const struct value_spec *spec, const char *text, struct value *out)
{
	size_t len = strlen(text);
	int32_t number;

	*out = (struct value){ .is_known = true, .type = spec->type, .text = text };
	switch (spec->type) {
	case VALUE_TEXT: return len > 0 && len <= SPOKEN_MAX_BYTES && !strpbrk(text, "\n\r\t");
	case VALUE_NUMBER:
	case VALUE_AMOUNT: return micros_parse(text, len, &out->micros);
	case VALUE_DATE:
		if (!day_parse(text, len, &number))
			return false;
		out->micros = number;
		return true;
	case VALUE_TIME:
		if (!minute_parse(text, len, &number))
			return false;
		out->micros = number;
		return true;
	case VALUE_DIGITS: return len > 0 && len <= DIGITS_MAX && strspn(text, "0123456789") == len;
	case VALUE_TRUTH:
		out->truth = !strcmp(text, "true");
		return out->truth || !strcmp(text, "false");
	case VALUE_CHOICE:
	case VALUE_YES_NO: return spec_has_option(spec, text);
	}
	assert(0 && "value type");
	return false;
}

/* Numbers of JSON: whole ones exactly, others rounded to six decimals. */
static bool number_take(const json_t *json, int64_t *micros)
{
	double real;

	if (json_is_integer(json))
		return !__builtin_mul_overflow((int64_t)json_integer_value(json), (int64_t)1000000, micros);
	if (!json_is_real(json))
		return json_is_string(json) && micros_parse(json_string_value(json), json_string_length(json), micros);
	real = json_real_value(json) * 1e6;
	if (!(real > -9e18 && real < 9e18))
		return false;
	*micros = (int64_t)(real < 0 ? real - 0.5 : real + 0.5);
	return true;
}

bool value_take(const struct value_spec *spec, const json_t *json, struct value *out)
{
	*out = (struct value){ .type = spec->type };
	if (spec->type == VALUE_NUMBER || spec->type == VALUE_AMOUNT)
		return out->is_known = number_take(json, &out->micros);
	if (spec->type == VALUE_TRUTH && json_is_boolean(json)) {
		*out = (struct value){ .is_known = true, .type = VALUE_TRUTH, .truth = json_is_true(json), .text = json_is_true(json) ? "true" : "false" };
		return true;
	}
	if (!json_is_string(json) || strlen(json_string_value(json)) != json_string_length(json) ||
		!value_parse(spec, json_string_value(json), out)) {
		*out = (struct value){ .type = spec->type };
		return false;
	}
	return true;
}

void value_words(struct buf *b, const struct value *v, const struct value_spec *spec, const char *language)
{
	switch (v->type) {
	case VALUE_NUMBER: micros_print(b, v->micros); return;
	case VALUE_AMOUNT: wording_amount(b, v->micros, spec->currency, language); return;
	case VALUE_DATE: wording_date(b, (int32_t)v->micros, language); return;
	case VALUE_TIME: wording_time(b, (int32_t)v->micros, language); return;
	case VALUE_DIGITS: wording_digits(b, v->text, strlen(v->text)); return;
	case VALUE_TEXT:
	case VALUE_TRUTH:
	case VALUE_CHOICE:
	case VALUE_YES_NO: buf_text(b, v->text); return;
	}
}

/* ---- one call's values ---- */

static enum err refuse_variable(const struct filling *f, const struct variable *v, const char *why)
{
	if (f->detail) {
		snprintf(f->detail->message, sizeof(f->detail->message), "the variable %s %s", v->name, why);
		snprintf(f->detail->where, sizeof(f->detail->where), "%s@%s", f->book->id, f->book->version);
		snprintf(f->detail->hint, sizeof(f->detail->hint), "expected: %s, such as \"%s\"", value_names[v->spec.type], v->sample);
	}
	return ERR_USAGE;
}

/* Of texts and digits: how long they may be, or 0. */
static size_t ceiling_of(const struct value_spec *spec)
{
	return spec->type == VALUE_TEXT ? SPOKEN_MAX_BYTES : spec->type == VALUE_DIGITS ? DIGITS_MAX : 0;
}

static enum err refuse_length(const struct filling *f, const struct variable *v, size_t most)
{
	enum err err = refuse_variable(f, v, "is too long");

	if (f->detail)
		snprintf(f->detail->hint, sizeof(f->detail->hint), "expected: %s of at most %zu bytes, such as \"%.100s\"", value_names[v->spec.type], most, v->sample);
	return err;
}

static enum err variable_fill(struct filling *f, size_t i, const json_t *json)
{
	const struct variable *v = &f->book->variables[i];
	size_t most = ceiling_of(&v->spec);

	if (most && json_string_length(json) > most)
		return refuse_length(f, v, most);
	if (json && !json_is_null(json))
		return value_take(&v->spec, json, &f->values[i]) ? ERR_NONE : refuse_variable(f, v, "is not of its type");
	if (!v->standard)
		return refuse_variable(f, v, "is missing");
	return value_parse(&v->spec, v->standard, &f->values[i]) ? ERR_NONE : refuse_variable(f, v, "has no usable default");
}

static enum err today_fill(struct filling *f, const json_t *json)
{
	static const struct value_spec spec = { .type = VALUE_DATE };

	if (!json || value_take(&spec, json, &f->today))
		return ERR_NONE;
	if (f->detail) {
		snprintf(f->detail->message, sizeof(f->detail->message), "the variable today is no date");
		snprintf(f->detail->hint, sizeof(f->detail->hint), "expected: \"2026-11-23\"");
	}
	return ERR_USAGE;
}

enum err filling_init(struct filling *f, const struct rulebook *b, const char *language, const json_t *variables, struct err_detail *detail)
{
	enum err err;
	size_t i;

	*f = (struct filling){ .book = b, .language = language, .detail = detail };
	if (!rulebook_speaks(b, language)) {
		if (detail) {
			snprintf(detail->message, sizeof(detail->message), "the rule-book does not speak this language");
			snprintf(detail->where, sizeof(detail->where), "%s@%s", b->id, b->version);
			snprintf(detail->hint, sizeof(detail->hint), "its first language is %s", b->languages[0].code);
		}
		return ERR_NOTFOUND;
	}
	err = today_fill(f, json_object_get(variables, "today"));
	for (i = 0; !err && i < b->variable_count; i++)
		err = variable_fill(f, i, json_object_get(variables, b->variables[i].name));
	return err;
}

static struct value known_value(const struct filling *f, const struct symbol *s)
{
	const json_t *at = json_object_get(f->known, f->book->steps[s->step].name);
	struct value v;

	if (s->kind == SYMBOL_RESULT)
		at = json_object_get(at, s->name);
	value_take(&s->spec, at, &v);
	return v;
}

struct value filling_value(const struct filling *f, const struct symbol *s)
{
	struct value v = { .type = s->spec.type };
	const struct yaml_item *text;

	switch (s->kind) {
	case SYMBOL_VARIABLE: return f->values[s->index];
	case SYMBOL_ANSWER:
	case SYMBOL_RESULT: return known_value(f, s);
	case SYMBOL_END: return (struct value){ .is_known = f->end != NULL, .type = VALUE_CHOICE, .text = f->end };
	case SYMBOL_FACT: /* lists are joined where they are written */
		text = text_in(s->item, f->language);
		v.text = text && text->text ? text->text : "";
		v.is_known = true;
		return v;
	case SYMBOL_BUILTIN:
		if (s->spec.type == VALUE_DATE)
			return f->today;
		text = *s->name == 'a' ? text_in(f->book->agent_name, f->language) : NULL;
		v.text = *s->name == 'a' ? (text ? text->text : "") : f->book->company;
		v.is_known = true;
		return v;
	}
	return v;
}

static void fact_words(const struct filling *f, const struct symbol *s, struct buf *out)
{
	const struct yaml_item *item = text_in(s->item, f->language), *entry;

	if (!item)
		return;
	if (item->kind == YAML_KIND_SCALAR)
		buf_text(out, item->text);
	for (entry = item->first; entry; entry = entry->next)
		buf_printf(out, "%s%s", entry == item->first ? "" : ", ", entry->text);
}

static enum err refuse_unknown(const struct filling *f, const char *name)
{
	if (f->detail) {
		snprintf(f->detail->message, sizeof(f->detail->message), "nothing fills the placeholder {%s} here", name);
		snprintf(f->detail->hint, sizeof(f->detail->hint), "give the variable with the call");
	}
	return ERR_USAGE;
}

/* Whether the name is settled before the call begins; then its words are appended. */
static enum err symbol_words(const struct filling *f, const struct symbol *s, struct buf *out)
{
	struct value v;

	if (s->kind == SYMBOL_FACT) {
		fact_words(f, s, out);
		return ERR_NONE;
	}
	v = filling_value(f, s);
	if (!v.is_known)
		return refuse_unknown(f, s->name);
	value_words(out, &v, &s->spec, f->language);
	return ERR_NONE;
}

static bool is_later(const struct symbol *s)
{
	return s->kind == SYMBOL_ANSWER || s->kind == SYMBOL_RESULT;
}

enum err text_fill(const struct filling *f, const char *text, struct buf *out)
{
	struct template_part part;
	const char *bad;
	struct symbol s;
	enum err err = ERR_NONE;

	while (!err && template_next(&text, &part, &bad)) {
		if (!part.is_name)
			buf_append(out, part.text, part.len);
		else if (symbol_find(f->book, part.text, part.len, &s))
			err = symbol_words(f, &s, out);
	}
	return err ? err : out->err;
}

/* Digits are said as words, and have several of these each; the bytes that go on with a character have none. */
static size_t letters_count(const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += isdigit((unsigned char)text[i]) ? DIGIT_LETTERS : ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

enum err text_letters(const struct filling *f, const char *text, size_t *letters)
{
	struct template_part part;
	struct buf words;
	const char *bad;
	struct symbol s;
	enum err err = ERR_NONE;

	buf_init(&words, RULEBOOK_JSON_MAX);
	*letters = 0;
	while (!err && template_next(&text, &part, &bad)) {
		if (!part.is_name)
			buf_append(&words, part.text, part.len);
		else if (!symbol_find(f->book, part.text, part.len, &s))
			continue; /* the checker refuses such books */
		else if (is_later(&s))
			*letters += LATER_LETTERS;
		else
			err = symbol_words(f, &s, &words);
	}
	*letters += letters_count(buf_str(&words), words.len);
	err = err ? err : words.err;
	buf_fini(&words);
	return err;
}

static void ref_json(const struct filling *f, const struct symbol *s, struct buf *out)
{
	json_put_key(out, "ref");
	if (s->kind == SYMBOL_RESULT) {
		json_put_string(out, f->book->steps[s->step].name);
		out->len -= out->err ? 0 : 1; /* names need no escapes: the dot and the field go inside the quotes */
		buf_printf(out, ".%s\"", s->name);
	} else {
		json_put_string(out, s->name);
	}
	json_pair_string(out, "kind", value_names[s->spec.type]);
	if (s->spec.type == VALUE_AMOUNT)
		json_pair_string(out, "currency", s->spec.currency);
}

static void flush_text(struct buf *piece, struct buf *out)
{
	if (piece->err && !out->err)
		out->err = piece->err;
	if (piece->len)
		json_put_text(out, piece->data, piece->len);
	buf_reset(piece);
}

enum err text_json(const struct filling *f, const char *text, struct buf *out)
{
	struct template_part part;
	struct buf piece;
	const char *bad;
	struct symbol s;
	enum err err = ERR_NONE;

	buf_init(&piece, RULEBOOK_JSON_MAX);
	json_open(out, '[');
	while (!err && template_next(&text, &part, &bad)) {
		if (!part.is_name) {
			buf_append(&piece, part.text, part.len);
		} else if (!symbol_find(f->book, part.text, part.len, &s)) {
			continue; /* the checker refuses such books */
		} else if (!is_later(&s)) {
			err = symbol_words(f, &s, &piece);
		} else {
			flush_text(&piece, out);
			json_open(out, '{');
			ref_json(f, &s, out);
			json_close(out, '}');
		}
	}
	flush_text(&piece, out);
	buf_fini(&piece);
	json_close(out, ']');
	return err ? err : out->err;
}

/* What references stand for: values, the texts and arguments made of them, and the conditions that choose the next step. */
#include "providers/rehearsed/mind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/wording.h"

enum { YEAR_DAYS = 366 };

static struct value value_text(const char *text, size_t len)
{
	return (struct value){ .type = VALUE_TEXT, .text = text, .len = len };
}

static struct value value_number(enum value_type type, int64_t number)
{
	return (struct value){ .type = type, .number = number };
}

static struct value answer_value(const struct flow_step *s, const struct answer *a)
{
	switch (s->expect.kind) {
	case EXPECT_YES_NO:
		return value_text(a->number ? "yes" : "no", a->number ? 3 : 2);
	case EXPECT_DIGITS:
		return value_text(a->digits, strlen(a->digits));
	case EXPECT_AMOUNT:
		return value_number(VALUE_NUMBER, a->number);
	case EXPECT_DATE:
		return *a->digits ? value_text(a->digits, strlen(a->digits)) : value_number(VALUE_DAY, a->number);
	case EXPECT_TIME:
		return value_number(VALUE_MINUTE, a->number);
	case EXPECT_CHOICE:
	case EXPECT_FREE:
	case EXPECT_NAME:
		break;
	}
	return value_text(a->text, a->len);
}

static struct value number_value(const json_t *json)
{
	double real = json_number_value(json) * 1e6;

	if (!json_is_number(json) || !(fabs(real) < 9e18))
		return (struct value){ .type = VALUE_NONE };
	return value_number(VALUE_NUMBER, llround(real));
}

static struct value field_value(const char *kind, const json_t *json)
{
	const char *text = json_string_value(json);
	size_t len = text ? json_string_length(json) : 0;
	int32_t number;

	if (!strcmp(kind, "amount") || !strcmp(kind, "number"))
		return number_value(json);
	if (!strcmp(kind, "truth"))
		return json_is_boolean(json) ? value_number(VALUE_TRUTH, json_is_true(json)) : (struct value){ .type = VALUE_NONE };
	if (!strcmp(kind, "date"))
		return text && day_parse(text, len, &number) ? value_number(VALUE_DAY, number) : (struct value){ .type = VALUE_NONE };
	if (!strcmp(kind, "time"))
		return text && minute_parse(text, len, &number) ? value_number(VALUE_MINUTE, number) : (struct value){ .type = VALUE_NONE };
	return text ? value_text(text, len) : (struct value){ .type = VALUE_NONE };
}

struct value mind_value(const struct mind *m, const char *ref)
{
	const json_t *field;
	int step = flow_ref(m->f, ref, &field);

	if (step < 0)
		return (struct value){ .type = VALUE_NONE };
	if (!field)
		return m->answers[step].known ? answer_value(&m->f->steps[step], &m->answers[step].value) : (struct value){ .type = VALUE_NONE };
	return field_value(json_string_value(json_object_get(field, "kind")),
		json_object_get(m->results[step], json_string_value(json_object_get(field, "name"))));
}

bool mind_result_read(const struct flow_step *s, const char *text, size_t len, json_t **result)
{
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	size_t i;

	*result = NULL;
	if (!json_is_object(json)) {
		json_decref(json);
		return !json_array_size(s->fields); /* nothing is wanted of it */
	}
	for (i = 0; i < json_array_size(s->fields); i++) {
		const json_t *field = json_array_get(s->fields, i);
		const char *kind = json_string_value(json_object_get(field, "kind"));
		json_t *member = json_object_get(json, json_string_value(json_object_get(field, "name")));

		if (json_is_true(json_object_get(field, "optional")) && (!member || json_is_null(member)))
			continue;
		if (field_value(kind, member).type == VALUE_NONE) {
			json_decref(json);
			return false;
		}
	}
	*result = json;
	return true;
}

/* ---- texts ---- */

static void choice_spoken(struct buf *out, const struct value *v)
{
	size_t i;

	for (i = 0; i < v->len; i++)
		buf_byte(out, (uint8_t)(v->text[i] == '_' ? ' ' : v->text[i]));
}

/* Whoever asks for days of long ago is told the year; a day near today goes without. */
static void day_spoken(const struct mind *m, int64_t day, struct buf *out)
{
	const json_t *text = json_object_get(m->f->root, "today");
	int32_t today;

	if (json_is_string(text) && day_parse(json_string_value(text), json_string_length(text), &today) && llabs(day - today) > YEAR_DAYS)
		wording_date_year(out, (int32_t)day, m->f->language);
	else
		wording_date(out, (int32_t)day, m->f->language);
}

static void spoken(const struct mind *m, const json_t *piece, struct buf *out)
{
	struct value v = mind_value(m, json_string_value(json_object_get(piece, "ref")));
	const char *kind = json_string_value(json_object_get(piece, "kind")), *currency = json_string_value(json_object_get(piece, "currency"));

	switch (v.type) {
	case VALUE_NUMBER:
		if (currency)
			wording_amount(out, v.number, currency, m->f->language);
		else
			micros_print(out, v.number);
		break;
	case VALUE_DAY:
		day_spoken(m, v.number, out);
		break;
	case VALUE_MINUTE:
		wording_time(out, (int32_t)v.number, m->f->language);
		break;
	case VALUE_TEXT:
		if (kind && !strcmp(kind, "digits") && v.len && *v.text != '[')
			wording_digits(out, v.text, v.len);
		else if (kind && !strcmp(kind, "choice"))
			choice_spoken(out, &v);
		else
			buf_append(out, v.text, v.len);
		break;
	case VALUE_TRUTH:
		buf_text(out, v.number ? "yes" : "no");
		break;
	case VALUE_NONE:
		break;
	}
}

void mind_text(const struct mind *m, const json_t *text, struct buf *out)
{
	size_t i;

	if (!text)
		return;
	if (out->len && out->data[out->len - 1] != ' ')
		buf_byte(out, ' ');
	for (i = 0; i < json_array_size(text); i++) {
		const json_t *piece = json_array_get(text, i);

		if (json_is_string(piece))
			buf_text(out, json_string_value(piece));
		else
			spoken(m, piece, out);
	}
}

void mind_spoken(const struct mind *m, int step, struct buf *out)
{
	const struct flow_step *s = &m->f->steps[step];
	const struct answer *a = &m->answers[step].value;
	int64_t number = a->number;

	if (s->expect.kind == EXPECT_DATE && *a->digits)
		buf_text(out, a->digits);
	else if (s->expect.kind == EXPECT_AMOUNT)
		wording_amount(out, number, s->expect.currency, m->f->language);
	else if (s->expect.kind == EXPECT_DATE)
		day_spoken(m, number, out);
	else if (s->expect.kind == EXPECT_TIME)
		wording_time(out, (int32_t)number, m->f->language);
}

/* ---- arguments ---- */

static void value_plain(const struct value *v, struct buf *out)
{
	char text[11];

	if (v->type == VALUE_NUMBER) {
		micros_print(out, v->number);
	} else if (v->type == VALUE_DAY) {
		day_print((int32_t)v->number, text);
		buf_text(out, text);
	} else if (v->type == VALUE_MINUTE) {
		minute_print((int32_t)v->number, text);
		buf_text(out, text);
	} else if (v->type == VALUE_TRUTH) {
		buf_text(out, v->number ? "true" : "false");
	} else if (v->type == VALUE_TEXT) {
		buf_append(out, v->text, v->len);
	}
}

void mind_value_text(const struct mind *m, int step, struct buf *out)
{
	struct value v;

	if (step < 0 || !m->answers[step].known)
		return;
	v = answer_value(&m->f->steps[step], &m->answers[step].value);
	value_plain(&v, out);
}

static void argument_put(const struct value *v, const char *as, struct buf *out)
{
	struct buf text;

	if (!strcmp(as, "boolean")) {
		json_put_bool(out, (v->type == VALUE_TRUTH && v->number) || (v->type == VALUE_TEXT && v->len == 3 && !memcmp(v->text, "yes", 3)));
		return;
	}
	if (v->type == VALUE_NUMBER && strcmp(as, "string") != 0) {
		micros_print(out, v->number); /* behind its key: no comma is needed */
		return;
	}
	buf_init(&text, MIND_TEXT_MAX);
	value_plain(v, &text);
	json_put_text(out, text.data ? text.data : (const uint8_t *)"", text.len);
	if (text.err && !out->err)
		out->err = text.err;
	buf_fini(&text);
}

static void constant_put(const json_t *value, struct buf *out)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	if (text)
		buf_text(out, text);
	else
		out->err = ERR_NOMEM;
	free(text);
}

void mind_arguments(const struct mind *m, const struct flow_step *s, struct buf *out)
{
	const char *key;
	json_t *value;

	json_open(out, '{');
	json_object_foreach((json_t *)(uintptr_t)s->arguments, key, value) {
		if (json_is_object(value)) {
			struct value v = mind_value(m, json_string_value(json_object_get(value, "ref")));

			if (v.type == VALUE_NONE)
				continue;
			json_put_key(out, key);
			argument_put(&v, json_string_value(json_object_get(value, "as")), out);
		} else {
			json_put_key(out, key);
			constant_put(value, out);
		}
	}
	json_close(out, '}');
}

/* ---- conditions ---- */

static struct value side_value(const struct mind *m, const json_t *side)
{
	const json_t *json;
	struct value v;
	int32_t number;

	if ((json = json_object_get(side, "ref")))
		return mind_value(m, json_string_value(json));
	if ((json = json_object_get(side, "days"))) {
		v = mind_value(m, json_string_value(json));
		json = json_object_get(m->f->root, "today");
		if (v.type != VALUE_DAY || !json_is_string(json) || !day_parse(json_string_value(json), json_string_length(json), &number))
			return (struct value){ .type = VALUE_NONE };
		return value_number(VALUE_NUMBER, (v.number - number) * 1000000);
	}
	if ((json = json_object_get(side, "text")) && json_is_string(json))
		return value_text(json_string_value(json), json_string_length(json));
	if ((json = json_object_get(side, "number")) && json_is_integer(json))
		return value_number(VALUE_NUMBER, json_integer_value(json));
	if ((json = json_object_get(side, "truth")))
		return value_number(VALUE_TRUTH, json_is_true(json));
	if ((json = json_object_get(side, "date")) && day_parse(json_string_value(json), json_string_length(json), &number))
		return value_number(VALUE_DAY, number);
	if ((json = json_object_get(side, "time")) && minute_parse(json_string_value(json), json_string_length(json), &number))
		return value_number(VALUE_MINUTE, number);
	return (struct value){ .type = VALUE_NONE };
}

static int order(const struct value *a, const struct value *b)
{
	int common;

	if (a->type != VALUE_TEXT)
		return (a->number > b->number) - (a->number < b->number);
	common = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
	return common ? common : (a->len > b->len) - (a->len < b->len);
}

static bool holds(const struct mind *m, const json_t *c)
{
	const char *op = json_string_value(json_object_get(c, "op"));
	const json_t *of = json_object_get(c, "of"), *left = json_array_get(of, 0), *right = json_array_get(of, 1);
	struct value a, b;
	int o;

	if (!strcmp(op, "and"))
		return holds(m, left) && holds(m, right);
	if (!strcmp(op, "or"))
		return holds(m, left) || holds(m, right);
	if (!strcmp(op, "not"))
		return !holds(m, left);
	a = side_value(m, left);
	if (!strcmp(op, "known"))
		return a.type != VALUE_NONE;
	b = side_value(m, right);
	if (a.type == VALUE_NONE || a.type != b.type)
		return false;
	o = order(&a, &b);
	if (op[0] == '=' || op[0] == '!')
		return (o == 0) == (op[0] == '=');
	if (o == 0)
		return op[1] == '=';
	return (o < 0) == (op[0] == '<');
}

int mind_next(const struct mind *m, const struct flow_step *s)
{
	size_t i, count = json_array_size(s->next);
	const json_t *branch = NULL;

	for (i = 0; i < count; i++) {
		const json_t *when;

		branch = json_array_get(s->next, i);
		when = json_object_get(branch, "when");
		if (!when || holds(m, when))
			break;
	}
	branch = json_object_get(branch, "go");
	return flow_step_find(m->f, json_string_value(branch), json_string_length(branch));
}

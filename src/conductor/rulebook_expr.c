/* Conditions: `promise_date known and days(promise_date) <= 7 and not disputed == yes`.
 *
 *     or   := and ("or" and)*            and := not ("and" not)*          not := "not" not | atom
 *     atom := "(" or ")" | "known" NAME | "done" STEP | side [("==" | "!=" | "<" | "<=" | ">" | ">=") side]
 *     side := NAME | "days" "(" NAME ")" | NUMBER | 'text' | "text" | true | false | yes | no | a choice's value
 *
 * Types are checked when the book is read; a comparison with something unknown is false, whatever the operator. Nesting has a
 * ceiling, so a book cannot use up the stack. Nothing is computed, nothing is called.
 */
#include "conductor/rulebook_state.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/wording.h"

static const char *const op_words[] = { "or", "and", "not", "known", "==", "!=", "<", "<=", ">", ">=", "done" };
static const char *const end_words[] = { "hangup", "quiet", "time", "failed", "voicemail", "lost", NULL };

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SIGN };

struct parsing {
	struct reading *r;
	const struct yaml_item *item;
	const char *at;
	enum token_kind kind; /* of the token before `at` */
	const char *token;
	size_t len;
	unsigned int depth;
	bool is_end; /* the name `end` is known, and what was done */
	bool failed;
};

static const struct expr *or_read(struct parsing *p);

static const struct expr *refuse(struct parsing *p, const char *allowed, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The first mistake of a condition is told, the rest of it is not read. */
static const struct expr *refuse(struct parsing *p, const char *allowed, const char *fmt, ...)
{
	char why[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!p->failed)
		mistake_value(p->r, p->item, allowed, "%s", why);
	p->failed = true;
	return NULL;
}

static void token_take(struct parsing *p, enum token_kind kind, const char *start, size_t len)
{
	p->kind = kind;
	p->token = start;
	p->len = len;
	p->at = start + len + (kind == TOKEN_TEXT);
}

static void advance(struct parsing *p)
{
	const char *s = p->at + strspn(p->at, " \t\n");
	const char *end;

	if (!*s) {
		token_take(p, TOKEN_END, s, 0);
	} else if (isalpha((unsigned char)*s)) {
		for (end = s; isalnum((unsigned char)*end) || *end == '_' || *end == '.'; end++)
			;
		token_take(p, TOKEN_NAME, s, (size_t)(end - s));
	} else if (isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1]))) {
		for (end = s + 1; isdigit((unsigned char)*end) || *end == '.'; end++)
			;
		token_take(p, TOKEN_NUMBER, s, (size_t)(end - s));
	} else if (*s == '"' || *s == '\'') {
		end = strchr(s + 1, *s);
		if (!end)
			refuse(p, NULL, "a text in quotes has no end");
		token_take(p, end ? TOKEN_TEXT : TOKEN_END, end ? s + 1 : s + strlen(s), end ? (size_t)(end - s - 1) : 0);
	} else {
		token_take(p, TOKEN_SIGN, s, s[1] == '=' && strchr("=!<>", *s) ? 2 : 1);
	}
}

static bool token_is(const struct parsing *p, const char *word)
{
	return (p->kind == TOKEN_NAME || p->kind == TOKEN_SIGN) && strlen(word) == p->len && !memcmp(p->token, word, p->len);
}

static bool token_eat(struct parsing *p, const char *word)
{
	if (!token_is(p, word))
		return false;
	advance(p);
	return true;
}

static struct expr *expr_new(struct parsing *p, enum expr_op op, const struct expr *a, const struct expr *b)
{
	struct expr *e = book_alloc(p->r, sizeof(*e));

	if (e)
		*e = (struct expr){ .op = op, .a = a, .b = b };
	return e;
}

/* ---- sides ---- */

static bool name_read(struct parsing *p, struct symbol *s)
{
	if (p->kind != TOKEN_NAME) {
		refuse(p, "the name of an answer, a variable or a tool's field", "a name is expected before \"%.20s\"", p->token);
		return false;
	}
	if (p->is_end && token_is(p, "end")) {
		*s = (struct symbol){ .kind = SYMBOL_END, .name = "end", .spec.type = VALUE_CHOICE, .step = -1 };
	} else if (!symbol_find(p->r->book, p->token, p->len, s)) {
		refuse(p, "the name of an answer, a variable or a tool's field", "nothing has the name %.*s", (int)p->len, p->token);
		return false;
	} else if (s->kind == SYMBOL_FACT) {
		refuse(p, NULL, "the fact %s never changes: a condition on it says nothing", s->name);
		return false;
	}
	advance(p);
	return true;
}

static bool days_read(struct parsing *p, struct operand *o)
{
	*o = (struct operand){ .kind = OPERAND_DAYS };
	if (!token_eat(p, "(")) {
		refuse(p, "days(promise_date)", "days needs a date in brackets");
		return false;
	}
	if (!name_read(p, &o->symbol))
		return false;
	if (o->symbol.spec.type != VALUE_DATE)
		refuse(p, "the name of a date", "%s is no date", o->symbol.name);
	else if (!token_eat(p, ")"))
		refuse(p, "days(promise_date)", "a bracket is not closed");
	return !p->failed;
}

static bool left_read(struct parsing *p, struct operand *o)
{
	if (token_eat(p, "days"))
		return days_read(p, o);
	*o = (struct operand){ .kind = OPERAND_SYMBOL };
	return name_read(p, &o->symbol);
}

static void list_options(const struct symbol *s, char *out, size_t size)
{
	const struct yaml_item *item;
	size_t used = 0;

	out[0] = 0;
	if (s->kind == SYMBOL_END)
		list_choices(end_words, out, size);
	else if (s->spec.type == VALUE_YES_NO)
		snprintf(out, size, "yes, no");
	for (item = s->spec.options ? s->spec.options->first : NULL; item && used < size; item = item->next)
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", item->key ? item->key : item->text ? item->text : "");
}

static bool has_option(const struct symbol *s, const char *word)
{
	size_t i;

	for (i = 0; s->kind == SYMBOL_END && end_words[i]; i++)
		if (!strcmp(end_words[i], word))
			return true;
	return s->kind != SYMBOL_END && spec_has_option(&s->spec, word);
}

static const char *token_copy(struct parsing *p)
{
	char *text = book_alloc(p->r, p->len + 1);

	if (text)
		memcpy(text, p->token, p->len);
	return text ? text : "";
}

/* A value written out, of the type that stands to the left. */
static bool literal_read(struct parsing *p, const struct operand *left, struct operand *o)
{
	const struct symbol *s = &left->symbol;
	bool number = left->kind == OPERAND_DAYS || s->spec.type == VALUE_NUMBER || s->spec.type == VALUE_AMOUNT;
	struct value v;
	char allowed[200];

	*o = (struct operand){ .kind = OPERAND_TEXT, .text = token_copy(p), .symbol.spec = s->spec };
	if (number) {
		o->kind = OPERAND_NUMBER;
		if (p->kind == TOKEN_NUMBER && micros_parse(p->token, p->len, &o->micros))
			return true;
		refuse(p, "a number of at most six decimals", "%s is compared with a number", s->name);
	} else if (s->spec.type == VALUE_CHOICE || s->spec.type == VALUE_YES_NO) {
		if (p->kind != TOKEN_NUMBER && has_option(s, o->text))
			return true;
		list_options(s, allowed, sizeof(allowed));
		refuse(p, allowed, "%s is never \"%s\"", s->name, o->text);
	} else if (s->spec.type == VALUE_TRUTH) {
		o->kind = OPERAND_TRUTH;
		if (value_parse(&s->spec, o->text, &v)) {
			o->truth = v.truth;
			return true;
		}
		refuse(p, "true, false", "%s is true or false", s->name);
	} else {
		if (p->kind == TOKEN_TEXT && value_parse(&s->spec, o->text, &v)) {
			o->micros = v.micros;
			return true;
		}
		refuse(p, "a value in quotes: \"2026-11-23\", \"09:30\", \"4021\"", "%s is a %s", s->name, value_names[s->spec.type]);
	}
	return false;
}

/* A bare word is a value of the left side when it can be one, and else the name of something. */
static bool right_is_name(const struct parsing *p, const struct operand *left)
{
	char word[NAME_MAX_BYTES * 2 + 2];
	struct symbol s;

	if (p->kind != TOKEN_NAME || token_is(p, "true") || token_is(p, "false"))
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)p->len, p->token);
	if (left->kind == OPERAND_SYMBOL && has_option(&left->symbol, word))
		return false;
	if (left->kind != OPERAND_DAYS && (left->symbol.spec.type == VALUE_CHOICE || left->symbol.spec.type == VALUE_YES_NO))
		return symbol_find(p->r->book, p->token, p->len, &s);
	return true;
}

static bool right_read(struct parsing *p, const struct operand *left, struct operand *o)
{
	enum value_type want = left->symbol.spec.type;

	if (!right_is_name(p, left)) {
		if (!literal_read(p, left, o))
			return false;
		advance(p);
		return true;
	}
	*o = (struct operand){ .kind = OPERAND_SYMBOL };
	if (!name_read(p, &o->symbol))
		return false;
	if (left->kind == OPERAND_DAYS)
		refuse(p, "a number", "days(...) is compared with a number");
	else if (o->symbol.spec.type != want || strcmp(o->symbol.spec.currency, left->symbol.spec.currency) != 0)
		refuse(p, NULL, "%s is a %s, %s is a %s", left->symbol.name, value_names[want], o->symbol.name, value_names[o->symbol.spec.type]);
	return !p->failed;
}

/* ---- atoms and upwards ---- */

static bool has_order(const struct operand *o)
{
	enum value_type type = o->symbol.spec.type;

	return o->kind == OPERAND_DAYS || type == VALUE_NUMBER || type == VALUE_AMOUNT || type == VALUE_DATE || type == VALUE_TIME;
}

static const struct expr *alone(struct parsing *p, struct expr *e)
{
	enum value_type type = e->left.symbol.spec.type;

	if (e->left.kind == OPERAND_DAYS || (type != VALUE_YES_NO && type != VALUE_TRUTH))
		return refuse(p, "==, !=, <, <=, >, >=", "%s is to be compared with something", e->left.symbol.name);
	e->op = EXPR_EQ;
	e->right = (struct operand){ .kind = type == VALUE_TRUTH ? OPERAND_TRUTH : OPERAND_TEXT, .text = "yes", .truth = true,
		.symbol.spec = e->left.symbol.spec };
	return e;
}

static const struct expr *compare_read(struct parsing *p)
{
	struct expr *e = expr_new(p, EXPR_EQ, NULL, NULL);
	enum expr_op op;

	if (!e || !left_read(p, &e->left))
		return NULL;
	for (op = EXPR_EQ; op <= EXPR_GE; op++)
		if (token_is(p, op_words[op]))
			break;
	if (op > EXPR_GE)
		return alone(p, e);
	advance(p);
	e->op = op;
	if (!right_read(p, &e->left, &e->right))
		return NULL;
	if (op >= EXPR_LT && !has_order(&e->left))
		return refuse(p, "==, !=", "a %s is neither more nor less than another", value_names[e->left.symbol.spec.type]);
	return e;
}

static const struct step *step_called(const struct rulebook *b, const char *name, size_t len)
{
	for (size_t i = 0; i < b->step_count; i++)
		if (strlen(b->steps[i].name) == len && !memcmp(b->steps[i].name, name, len))
			return &b->steps[i];
	return NULL;
}

/* At the step's name. Of what changes nothing it is asked whether its fields are known: the ledger keeps no look-ups for certain. */
static const struct expr *done_read(struct parsing *p)
{
	const struct step *s = step_called(p->r->book, p->token, p->len);
	struct expr *e;

	if (!p->is_end)
		return refuse(p, "known STEP.FIELD; a tool's `failed`", "done is for `unfinished`: in the flow a tool that failed goes its own way");
	if (!s || s->kind != STEP_TOOL)
		return refuse(p, "the name of a tool step", s ? "%.*s is no tool step: nothing is carried out there" : "no step has the name %.*s", (int)p->len, p->token);
	if (s->tool && !s->tool->tool.changes)
		return refuse(p, "known STEP.FIELD", "the tool of %s changes nothing: it is looked up, not done", s->name);
	e = expr_new(p, EXPR_DONE, NULL, NULL);
	if (!e)
		return NULL;
	e->step = s;
	p->r->book->asks_done = true;
	advance(p);
	return e;
}

/* The word with a name behind it; alone it may be the name of an answer. */
static bool done_eat(struct parsing *p)
{
	const struct parsing before = *p;

	if (!token_eat(p, "done"))
		return false;
	if (p->kind == TOKEN_NAME && !token_is(p, "and") && !token_is(p, "or"))
		return true;
	*p = before;
	return false;
}

static const struct expr *atom_read(struct parsing *p)
{
	const struct expr *inner;
	struct expr *e;

	if (done_eat(p))
		return done_read(p);

	if (token_eat(p, "(")) {
		inner = or_read(p);
		if (inner && !token_eat(p, ")"))
			return refuse(p, ")", "a bracket is not closed");
		return inner;
	}
	if (!token_eat(p, "known"))
		return compare_read(p);
	e = expr_new(p, EXPR_KNOWN, NULL, NULL);
	return e && left_read(p, &e->left) ? e : NULL;
}

static const struct expr *not_read(struct parsing *p)
{
	const struct expr *e;

	if (p->depth == EXPR_DEPTH_MAX)
		return refuse(p, "at most 16 levels", "the condition is nested too deep");
	p->depth++;
	if (token_eat(p, "not")) {
		e = not_read(p);
		e = e ? expr_new(p, EXPR_NOT, e, NULL) : NULL;
	} else {
		e = atom_read(p);
	}
	p->depth--;
	return e;
}

static const struct expr *and_read(struct parsing *p)
{
	const struct expr *e = not_read(p), *b;

	while (e && token_eat(p, "and")) {
		b = not_read(p);
		e = b ? expr_new(p, EXPR_AND, e, b) : NULL;
	}
	return e;
}

static const struct expr *or_read(struct parsing *p)
{
	const struct expr *e = and_read(p), *b;

	while (e && token_eat(p, "or")) {
		b = and_read(p);
		e = b ? expr_new(p, EXPR_OR, e, b) : NULL;
	}
	return e;
}

enum { EXPR_TEXT_MAX = 300 }; /* with it, at most 150 parts: walking them needs little stack */

const struct expr *expr_read(struct reading *r, const struct yaml_item *item, bool is_end)
{
	struct parsing p = { .r = r, .item = item, .is_end = is_end };
	const struct expr *e;

	p.at = text_of(r, item, EXPR_TEXT_MAX);
	if (!p.at)
		return NULL;
	advance(&p);
	e = or_read(&p);
	if (e && p.kind != TOKEN_END)
		return refuse(&p, "and, or, a comparison", "the condition goes on with \"%.20s\"", p.token);
	return p.failed ? NULL : e;
}

static void operand_walk(const struct operand *o, bool guarded, symbol_seen_h *seen, void *arg)
{
	if ((o->kind == OPERAND_SYMBOL || o->kind == OPERAND_DAYS) && (o->symbol.kind == SYMBOL_ANSWER || o->symbol.kind == SYMBOL_RESULT))
		seen(arg, &o->symbol, guarded);
}

void expr_walk(const struct expr *e, symbol_seen_h *seen, void *arg)
{
	if (!e || e->op == EXPR_DONE)
		return;
	if (e->op <= EXPR_NOT) {
		expr_walk(e->a, seen, arg);
		expr_walk(e->b, seen, arg);
		return;
	}
	operand_walk(&e->left, e->op == EXPR_KNOWN, seen, arg);
	if (e->op != EXPR_KNOWN)
		operand_walk(&e->right, false, seen, arg);
}

/* ---- what it says in a call ---- */

static struct value operand_value(const struct operand *o, const struct filling *f)
{
	struct value v;

	switch (o->kind) {
	case OPERAND_SYMBOL: return filling_value(f, &o->symbol);
	case OPERAND_DAYS:
		v = filling_value(f, &o->symbol);
		v.is_known = v.is_known && f->today.is_known;
		v.micros = v.is_known ? (v.micros - f->today.micros) * 1000000 : 0;
		v.type = VALUE_NUMBER;
		return v;
	case OPERAND_TEXT: return (struct value){ .is_known = true, .type = o->symbol.spec.type, .text = o->text, .micros = o->micros };
	case OPERAND_NUMBER: return (struct value){ .is_known = true, .type = VALUE_NUMBER, .micros = o->micros };
	case OPERAND_TRUTH: break;
	}
	return (struct value){ .is_known = true, .type = VALUE_TRUTH, .truth = o->truth, .text = o->truth ? "true" : "false" };
}

/* Less than zero, zero, more: as strcmp. Both are known and of comparable types. */
static int value_compare(const struct value *a, const struct value *b)
{
	switch (a->type) {
	case VALUE_NUMBER:
	case VALUE_AMOUNT:
	case VALUE_DATE:
	case VALUE_TIME: return (a->micros > b->micros) - (a->micros < b->micros);
	case VALUE_TRUTH: return (int)a->truth - (int)b->truth;
	case VALUE_TEXT:
	case VALUE_DIGITS:
	case VALUE_CHOICE:
	case VALUE_YES_NO: break;
	}
	return strcmp(a->text, b->text);
}

static bool compare_holds(const struct expr *e, const struct filling *f)
{
	struct value a = operand_value(&e->left, f), b = operand_value(&e->right, f);
	int order;

	if (!a.is_known || !b.is_known)
		return false;
	order = value_compare(&a, &b);
	switch (e->op) {
	case EXPR_EQ: return order == 0;
	case EXPR_NE: return order != 0;
	case EXPR_LT: return order < 0;
	case EXPR_LE: return order <= 0;
	case EXPR_GT: return order > 0;
	default: return order >= 0;
	}
}

bool expr_holds(const struct expr *e, const struct filling *f)
{
	switch (e->op) {
	case EXPR_OR: return expr_holds(e->a, f) || expr_holds(e->b, f);
	case EXPR_AND: return expr_holds(e->a, f) && expr_holds(e->b, f);
	case EXPR_NOT: return !expr_holds(e->a, f);
	case EXPR_KNOWN: return operand_value(&e->left, f).is_known;
	case EXPR_DONE: return step_is_done(f, e->step);
	default: return compare_holds(e, f);
	}
}

/* ---- as JSON ---- */

static void constant_json(const struct value *v, struct buf *out)
{
	switch (v->type) {
	case VALUE_NUMBER:
	case VALUE_AMOUNT: json_pair_i64(out, "number", v->micros); return;
	case VALUE_DATE: json_pair_string(out, "date", v->text); return;
	case VALUE_TIME: json_pair_string(out, "time", v->text); return;
	case VALUE_TRUTH: json_pair_bool(out, "truth", v->truth); return;
	case VALUE_TEXT:
	case VALUE_DIGITS:
	case VALUE_CHOICE:
	case VALUE_YES_NO: json_pair_string(out, "text", v->text); return;
	}
}

static void operand_json(const struct filling *f, const struct operand *o, struct buf *out)
{
	bool is_later = o->symbol.kind == SYMBOL_ANSWER || o->symbol.kind == SYMBOL_RESULT;
	bool is_name = o->kind == OPERAND_SYMBOL || o->kind == OPERAND_DAYS;
	struct value v = is_name && is_later ? (struct value){ 0 } : operand_value(o, f);

	json_open(out, '{');
	if (is_name && is_later) {
		json_put_key(out, o->kind == OPERAND_DAYS ? "days" : "ref");
		if (o->symbol.kind == SYMBOL_RESULT) {
			json_put_string(out, f->book->steps[o->symbol.step].name);
			out->len -= out->err ? 0 : 1; /* names need no escapes: the dot and the field go inside the quotes */
			buf_printf(out, ".%s\"", o->symbol.name);
		} else {
			json_put_string(out, o->symbol.name);
		}
	} else if (v.is_known) {
		constant_json(&v, out);
	} else {
		json_put_key(out, "unknown");
		json_put_bool(out, true);
	}
	json_close(out, '}');
}

void expr_json(const struct filling *f, const struct expr *e, struct buf *out)
{
	json_open(out, '{');
	json_pair_string(out, "op", op_words[e->op]);
	json_put_key(out, "of");
	json_open(out, '[');
	if (e->op <= EXPR_NOT) {
		expr_json(f, e->a, out);
		if (e->b)
			expr_json(f, e->b, out);
	} else {
		operand_json(f, &e->left, out);
		if (e->op != EXPR_KNOWN)
			operand_json(f, &e->right, out);
	}
	json_close(out, ']');
	json_close(out, '}');
}

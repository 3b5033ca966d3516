/* Judging one value of a rule-book: every mistake is noted with its place and reading goes on. */
#include "conductor/rulebook_state.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/wording.h"

enum { WHY_BYTES = 200, FOUND_BYTES = 80 }; /* as in struct rulebook_mistake */

const char *const value_names[] = { "text", "number", "amount", "date", "time", "digits", "truth", "choice", "yes_no", NULL };

size_t path_down(struct reading *r, const char *key)
{
	size_t len = strlen(r->path);

	snprintf(r->path + len, sizeof(r->path) - len, "%s%s", len ? "." : "", key);
	return len;
}

void path_up(struct reading *r, size_t length)
{
	r->path[length] = 0;
}

/* Copies what fits, whole characters only, and nothing that steers a terminal. */
static void copy_shown(char *out, size_t size, const char *text)
{
	size_t used = 0, left = strlen(text);

	while (left) {
		size_t n = utf8_length((const uint8_t *)text, left);
		size_t take = n ? n : 1;

		if (used + take + 1 > size)
			break;
		if (!n || (take == 1 && ((unsigned char)*text < 0x20 || *text == 0x7f)))
			out[used++] = '?';
		else {
			memcpy(out + used, text, take);
			used += take;
		}
		text += take;
		left -= take;
	}
	out[used] = 0;
}

static void mistake_fill(struct rulebook_mistake *m, const struct reading *r, struct yaml_mark at, const char *found, const char *allowed, const char *why)
{
	*m = (struct rulebook_mistake){ .line = at.line, .column = at.column };
	copy_shown(m->path, sizeof(m->path), r->path);
	copy_shown(m->found, sizeof(m->found), found ? found : "");
	copy_shown(m->allowed, sizeof(m->allowed), allowed ? allowed : "");
	copy_shown(m->why, sizeof(m->why), why);
}

void mistake_at(struct reading *r, struct yaml_mark at, const char *found, const char *allowed, const char *why)
{
	if (r->report->count == RULEBOOK_MISTAKES_MAX) {
		r->report->more++;
		return;
	}
	mistake_fill(&r->report->mistakes[r->report->count++], r, at, found, allowed, why);
}

static void found_print(const struct yaml_item *item, char out[FOUND_BYTES])
{
	if (item->kind == YAML_KIND_SCALAR && *item->text)
		snprintf(out, FOUND_BYTES, "\"%s\"", item->text);
	else
		snprintf(out, FOUND_BYTES, "%s", yaml_describe(item));
}

void mistake_value(struct reading *r, const struct yaml_item *item, const char *allowed, const char *fmt, ...)
{
	char why[WHY_BYTES], found[FOUND_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	found_print(item, found);
	mistake_at(r, item->at, found, allowed, why);
}

void warning_value(struct reading *r, const struct yaml_item *item, const char *allowed, const char *fmt, ...)
{
	struct rulebook *b = r->book;
	char why[WHY_BYTES], found[FOUND_BYTES];
	va_list ap;

	if (!b->warnings)
		b->warnings = book_alloc(r, RULEBOOK_WARNINGS_MAX * sizeof(*b->warnings));
	if (!b->warnings || b->warning_count == RULEBOOK_WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	found_print(item, found);
	mistake_fill(&b->warnings[b->warning_count++], r, item->at, found, allowed, why);
}

void mistake_key(struct reading *r, const struct yaml_item *item, const char *allowed, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	mistake_at(r, item->key ? item->key_at : item->at, item->key ? item->key : yaml_describe(item), allowed, why);
}

void *book_alloc(struct reading *r, size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + size);

	if (!block) {
		r->no_memory = true;
		return NULL;
	}
	block->next = r->book->blocks;
	r->book->blocks = block;
	return block->bytes;
}

/* ---- maps and lists ---- */

void list_choices(const char *const *choices, char *out, size_t size)
{
	size_t used = 0, i;

	out[0] = 0;
	for (i = 0; choices[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", choices[i]);
}

static void refuse_key(struct reading *r, const struct yaml_item *item, const char *const *allowed)
{
	const char *best = NULL;
	unsigned int distance = UINT32_MAX;
	char list[240];

	for (size_t i = 0; allowed[i]; i++) {
		unsigned int d = name_distance(item->key, allowed[i]);

		if (d < distance) {
			distance = d;
			best = allowed[i];
		}
	}
	list_choices(allowed, list, sizeof(list));
	if (best && name_is_near(item->key, distance))
		mistake_key(r, item, list, "no such key; did you mean %s?", best);
	else
		mistake_key(r, item, list, "no such key here");
}

static bool key_is_in(const char *key, const char *const *allowed)
{
	for (; *allowed; allowed++)
		if (!strcmp(key, *allowed))
			return true;
	return false;
}

bool map_check(struct reading *r, const struct yaml_item *item, const char *const *allowed)
{
	const struct yaml_item *entry;
	char list[240];

	if (item->kind != YAML_KIND_MAP) {
		list_choices(allowed, list, sizeof(list));
		mistake_value(r, item, list, "a map is expected here, with these keys");
		return false;
	}
	for (entry = item->first; entry; entry = entry->next) {
		size_t up = path_down(r, entry->key);

		if (!key_is_in(entry->key, allowed))
			refuse_key(r, entry, allowed);
		path_up(r, up);
	}
	return true;
}

const struct yaml_item *map_need(struct reading *r, const struct yaml_item *map, const char *key, const char *allowed)
{
	const struct yaml_item *item = yaml_find(map, key);
	size_t up;

	if (item)
		return item;
	up = path_down(r, key);
	mistake_at(r, map->key ? map->key_at : map->at, "nothing", allowed, "this must be given");
	path_up(r, up);
	return NULL;
}

bool list_check(struct reading *r, const struct yaml_item *item, size_t min, size_t max)
{
	char allowed[60];

	if (item->kind == YAML_KIND_LIST && item->count >= min && item->count <= max)
		return true;
	snprintf(allowed, sizeof(allowed), "a list of %zu to %zu entries", min, max);
	if (item->kind == YAML_KIND_LIST)
		mistake_value(r, item, allowed, "the list has %zu", item->count);
	else
		mistake_value(r, item, allowed, "a list is expected here");
	return false;
}

bool map_count_check(struct reading *r, const struct yaml_item *item, size_t max)
{
	char allowed[60];

	if (item->kind == YAML_KIND_MAP && item->count <= max)
		return true;
	snprintf(allowed, sizeof(allowed), "a map of at most %zu entries", max);
	if (item->kind == YAML_KIND_MAP)
		mistake_value(r, item, allowed, "the map has %zu", item->count);
	else
		mistake_value(r, item, allowed, "a map is expected here");
	return false;
}

/* ---- scalars ---- */

bool sort_check(struct reading *r, const struct yaml_item *item, unsigned int sorts, const char *allowed)
{
	enum yaml_sort sort = yaml_sort(item);
	bool is_scalar = item->kind == YAML_KIND_SCALAR;

	if (is_scalar && (sort & sorts) && *item->text)
		return true;
	if (is_scalar && !(sort & (YAML_SORT_NOTHING | YAML_SORT_TEXT)) && (sorts & YAML_SORT_TEXT))
		mistake_value(r, item, allowed, "this is read as %s: put it in quotes", yaml_describe(item));
	else
		mistake_value(r, item, allowed, "%s is expected here, this is %s",
			sorts & YAML_SORT_TEXT ? "text" : sorts & YAML_SORT_NUMBER ? "a number" : "true or false",
			is_scalar && !*item->text ? "empty" : yaml_describe(item));
	return false;
}

size_t code_name_length(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

bool name_is_plain(const char *text)
{
	size_t len = strlen(text), i;

	if (!isalpha((unsigned char)*text) || len > NAME_MAX_BYTES)
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	return true;
}

bool name_check(struct reading *r, const struct yaml_item *item, const char *text, bool is_key)
{
	static const char *const reserved[] = { "and", "or", "not", "known", "days", "true", "false", "yes", "no", "today", "end", NULL };
	static const char allowed[] = "a letter, then letters, digits and _; at most 40";
	const char *why = "this is used as a name";

	if (!is_key && !sort_check(r, item, YAML_SORT_TEXT, allowed))
		return false;
	if (name_is_plain(text) && !key_is_in(text, reserved))
		return true;
	if (name_is_plain(text))
		why = "this word has a meaning in conditions and texts: choose another name";
	if (is_key)
		mistake_key(r, item, allowed, "%s", why);
	else
		mistake_value(r, item, allowed, "%s", why);
	return false;
}

static const char *scalar_read(struct reading *r, const struct yaml_item *item, size_t max, unsigned int sorts)
{
	char allowed[60];
	const char *c;

	snprintf(allowed, sizeof(allowed), "text of 1 to %zu bytes", max);
	if (!sort_check(r, item, sorts, allowed))
		return NULL;
	if (strlen(item->text) > max) {
		mistake_value(r, item, allowed, "the text has %zu bytes", strlen(item->text));
		return NULL;
	}
	for (c = item->text; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f) {
			mistake_value(r, item, allowed, "a control character in the text");
			return NULL;
		}
	return item->text;
}

const char *text_of(struct reading *r, const struct yaml_item *item, size_t max)
{
	return scalar_read(r, item, max, YAML_SORT_TEXT);
}

const char *word_of(struct reading *r, const struct yaml_item *item, size_t max)
{
	return scalar_read(r, item, max, YAML_SORT_TEXT | YAML_SORT_NUMBER);
}

const char *scalar_of(struct reading *r, const struct yaml_item *item, size_t max)
{
	return scalar_read(r, item, max, YAML_SORT_TEXT | YAML_SORT_NUMBER | YAML_SORT_TRUTH);
}

const char *scalar_under(struct reading *r, const struct yaml_item *map, const char *key, scalar_h *of, size_t max, const char *standard)
{
	const struct yaml_item *item = yaml_find(map, key);
	const char *text = standard;
	size_t up = path_down(r, key);

	if (item)
		text = of(r, item, max);
	path_up(r, up);
	return text ? text : standard;
}

const char *text_under(struct reading *r, const struct yaml_item *map, const char *key, size_t max, const char *standard)
{
	return scalar_under(r, map, key, text_of, max, standard);
}

bool bool_under(struct reading *r, const struct yaml_item *map, const char *key, bool standard)
{
	const struct yaml_item *item = yaml_find(map, key);
	size_t up = path_down(r, key);

	if (item && sort_check(r, item, YAML_SORT_TRUTH, "true, false"))
		standard = tolower((unsigned char)*item->text) == 't';
	path_up(r, up);
	return standard;
}

int64_t int_under(struct reading *r, const struct yaml_item *map, const char *key, int64_t standard, int64_t min, int64_t max)
{
	const struct yaml_item *item = yaml_find(map, key);
	int64_t micros, value = standard;
	size_t up = path_down(r, key);
	char allowed[80];

	snprintf(allowed, sizeof(allowed), "a whole number from %lld to %lld", (long long)min, (long long)max);
	if (!item) {
		path_up(r, up);
		return standard;
	}
	if (!sort_check(r, item, YAML_SORT_NUMBER, allowed))
		value = standard;
	else if (!micros_parse(item->text, strlen(item->text), &micros) || micros % 1000000)
		mistake_value(r, item, allowed, "a whole number is expected here");
	else if (micros / 1000000 < min || micros / 1000000 > max)
		mistake_value(r, item, allowed, "out of range");
	else
		value = micros / 1000000;
	path_up(r, up);
	return value;
}

int choice_of(struct reading *r, const struct yaml_item *item, const char *const *choices)
{
	char allowed[240];
	int i;

	list_choices(choices, allowed, sizeof(allowed));
	if (!sort_check(r, item, YAML_SORT_TEXT, allowed))
		return -1;
	for (i = 0; choices[i]; i++)
		if (!strcmp(item->text, choices[i]))
			return i;
	mistake_value(r, item, allowed, "one of these is expected here");
	return -1;
}

int choice_under(struct reading *r, const struct yaml_item *map, const char *key, const char *const *choices)
{
	const struct yaml_item *item;
	char allowed[240];
	size_t up;
	int at;

	list_choices(choices, allowed, sizeof(allowed));
	item = map_need(r, map, key, allowed);
	up = path_down(r, key);
	at = item ? choice_of(r, item, choices) : -1;
	path_up(r, up);
	return at;
}

/* ---- kinds of value ---- */

static void currency_read(struct reading *r, const struct yaml_item *map, struct value_spec *spec)
{
	const struct yaml_item *item = map_need(r, map, "currency", "a code of three capitals, such as INR");
	size_t up;

	if (!item)
		return;
	up = path_down(r, "currency");
	if (!sort_check(r, item, YAML_SORT_TEXT, "a code of three capitals, such as INR"))
		;
	else if (strlen(item->text) == 3 && strspn(item->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3)
		memcpy(spec->currency, item->text, 4);
	else
		mistake_value(r, item, "a code of three capitals, such as INR", "this is no currency's code");
	path_up(r, up);
}

/* The value of a choice is a name: a key with its words, or a word of a list. */
static void option_check(struct reading *r, const struct yaml_item *entry)
{
	static const char allowed[] = "a letter, then letters, digits and _; at most 40";

	if (!entry->key && !sort_check(r, entry, YAML_SORT_TEXT, allowed))
		return;
	if (!name_is_plain(entry->key ? entry->key : entry->text))
		mistake_key(r, entry, allowed, "the value of a choice is a name");
}

static void options_read(struct reading *r, const struct yaml_item *map, struct value_spec *spec)
{
	const struct yaml_item *item = map_need(r, map, "options", "the values that it can have"), *entry;
	size_t up = path_down(r, "options");
	bool is_answer = yaml_find(map, "kind") != NULL;

	spec->options = NULL;
	if (item && (is_answer ? map_count_check(r, item, OPTIONS_MAX) : list_check(r, item, 1, OPTIONS_MAX))) {
		spec->options = item;
		for (entry = item->first; entry; entry = entry->next)
			option_check(r, entry);
		if (is_answer && item->count < 2)
			mistake_value(r, item, "2 to 16 options", "there is nothing to choose from");
	}
	path_up(r, up);
}

bool spec_read(struct reading *r, const struct yaml_item *map, struct value_spec *spec)
{
	static const char *const answers[] = { "yes_no", "digits", "amount", "date", "time", "choice", "free", "name", NULL };
	static const char *const types[] = { "text", "number", "amount", "date", "time", "digits", "truth", "choice", NULL };
	static const enum value_type of_answers[] = { VALUE_YES_NO, VALUE_DIGITS, VALUE_AMOUNT, VALUE_DATE, VALUE_TIME, VALUE_CHOICE, VALUE_TEXT,
		VALUE_TEXT };
	const struct yaml_item *kind = yaml_find(map, "kind");
	const struct yaml_item *item = kind ? kind : yaml_find(map, "type");
	size_t up = path_down(r, kind ? "kind" : "type");
	int at = item ? choice_of(r, item, kind ? answers : types) : -1;

	if (!item)
		mistake_at(r, map->at, "nothing", NULL, "this must be given");
	path_up(r, up);
	*spec = (struct value_spec){ .type = VALUE_TEXT };
	if (at < 0)
		return false;
	spec->type = kind ? of_answers[at] : (enum value_type)at;
	spec->is_name = kind && !strcmp(answers[at], "name");
	if (spec->type == VALUE_AMOUNT)
		currency_read(r, map, spec);
	if (spec->type == VALUE_CHOICE)
		options_read(r, map, spec);
	return true;
}

static bool bound_fits(const struct value_spec *spec, const char *text, int64_t *out)
{
	int32_t minute;

	if (spec->type == VALUE_TIME) {
		if (!minute_parse(text, strlen(text), &minute))
			return false;
		*out = minute;
		return true;
	}
	if (!micros_parse(text, strlen(text), out))
		return false;
	if (spec->type == VALUE_AMOUNT || spec->type == VALUE_NUMBER)
		return *out >= 0;
	if (*out % 1000000)
		return false;
	*out /= 1000000;
	return spec->type == VALUE_DATE ? *out >= -DAYS_FAR_MAX && *out <= DAYS_FAR_MAX : *out >= 1 && *out <= 32;
}

/* "{amount_due}": the variable's index, or -1. */
static int bound_variable(const struct reading *r, const struct value_spec *spec, const char *text)
{
	size_t len = strlen(text);
	struct symbol s;

	if (len < 3 || text[0] != '{' || text[len - 1] != '}' || !symbol_find(r->book, text + 1, len - 2, &s))
		return -1;
	return s.kind == SYMBOL_VARIABLE && s.spec.type == spec->type && spec->type == VALUE_AMOUNT ? s.index : -1;
}

static void bound_read(struct reading *r, const struct yaml_item *map, const char *key, const struct value_spec *spec, struct bound *bound)
{
	const struct yaml_item *item = yaml_find(map, key);
	const char *allowed = spec->type == VALUE_TIME ? "a time, \"09:00\"" :
		spec->type == VALUE_DATE ? "days from today, -45000 to 45000" :
		spec->type == VALUE_DIGITS ? "1 to 32" : "a number of at most six decimals, or \"{variable}\" of an amount";
	size_t up = path_down(r, key);

	*bound = (struct bound){ .variable = -1 };
	if (item) {
		unsigned int sorts = spec->type == VALUE_TIME ? YAML_SORT_TEXT :
			spec->type == VALUE_AMOUNT || spec->type == VALUE_NUMBER ? YAML_SORT_NUMBER | YAML_SORT_TEXT : YAML_SORT_NUMBER;

		bound->is_set = sort_check(r, item, sorts, allowed) &&
			(bound_fits(spec, item->text, &bound->micros) || (bound->variable = bound_variable(r, spec, item->text)) >= 0);
		if (!bound->is_set && (yaml_sort(item) & sorts) && *item->text)
			mistake_value(r, item, allowed, "this is no bound for a %s", value_names[spec->type]);
	}
	path_up(r, up);
}

void range_read(struct reading *r, const struct yaml_item *map, const struct value_spec *spec, struct range *range)
{
	bool days = spec->type == VALUE_DATE, times = spec->type == VALUE_TIME;
	const char *low = days ? "from_days" : times ? "from" : "min", *high = days ? "to_days" : times ? "to" : "max";
	const struct yaml_item *item = yaml_find(map, high);

	bound_read(r, map, low, spec, &range->low);
	bound_read(r, map, high, spec, &range->high);
	if (range->low.is_set && range->high.is_set && range->low.variable < 0 && range->high.variable < 0 && range->low.micros > range->high.micros) {
		size_t up = path_down(r, high);

		mistake_value(r, item, NULL, "%s lies below %s", high, low);
		path_up(r, up);
	}
}

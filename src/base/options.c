#include "base/options.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 4096, FOUND_SHOWN_MAX = 60 };

static void *field(const struct option *o, void *base)
{
	return (char *)base + o->offset;
}

static const void *const_field(const struct option *o, const void *base)
{
	return (const char *)base + o->offset;
}

/* "300" as it may be shown: short, printable, and not at all when it is a secret. */
static void print_found(const struct option *o, const char *value, char *out, size_t size)
{
	size_t i;

	if (o->secret) {
		snprintf(out, size, "a secret");
		return;
	}
	snprintf(out, size, "\"%.*s%s\"", (int)FOUND_SHOWN_MAX, value, strlen(value) > FOUND_SHOWN_MAX ? "..." : "");
	for (i = 0; out[i]; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
}

static void print_unit(const struct option *o, char *out, size_t size)
{
	snprintf(out, size, "%s%s", o->unit ? " " : "", o->unit ? o->unit : "");
}

static void print_choices(const struct option *o, char *out, size_t size)
{
	size_t used = 0;
	size_t i;

	out[0] = 0;
	for (i = 0; o->choices[i] && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", o->choices[i]);
}

static void print_list(const struct option *o, char *out, size_t size)
{
	char names[120];

	if (o->fitting) {
		snprintf(out, size, "%s", o->fitting);
		return;
	}
	print_choices(o, names, sizeof(names));
	snprintf(out, size, "one or several of %s, none twice", names);
}

void option_allowed(const struct option *o, char *out, size_t size)
{
	char unit[32];

	print_unit(o, unit, sizeof(unit));
	switch (o->type) {
	case OPTION_BOOL: snprintf(out, size, "true or false"); return;
	case OPTION_INT: snprintf(out, size, "a whole number from %" PRId64 " to %" PRId64 "%s", o->min, o->max, unit); return;
	case OPTION_CHOICE: print_choices(o, out, size); return;
	case OPTION_LIST: print_list(o, out, size); return;
	case OPTION_TEXT:
		if (o->fits)
			snprintf(out, size, "%s", o->fitting);
		else
			snprintf(out, size, "text of at most %" PRId64 " bytes without control characters", o->max ? o->max : TEXT_MAX_BYTES);
		return;
	}
	assert(0 && "option type");
}

static enum err refuse(const struct option *o, const char *value, struct err_detail *detail)
{
	char found[FOUND_SHOWN_MAX + 8];
	char allowed[160];

	if (!detail)
		return ERR_USAGE;
	print_found(o, value, found, sizeof(found));
	option_allowed(o, allowed, sizeof(allowed));
	snprintf(detail->message, sizeof(detail->message), "%s: found %s", o->name, found);
	snprintf(detail->hint, sizeof(detail->hint), "allowed: %s", allowed);
	return ERR_USAGE;
}

static bool parse_bool(const char *value, bool *out)
{
	*out = !strcmp(value, "true");
	return *out || !strcmp(value, "false");
}

/* Decimal digits with an optional sign and nothing else; false also when it does not fit. */
static bool parse_int(const char *value, int64_t *out)
{
	bool negative = *value == '-';
	int64_t sum = 0;

	if (negative || *value == '+')
		value++;
	if (!*value)
		return false;
	for (; *value; value++) {
		int digit = *value - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, (int64_t)10, &sum) ||
			__builtin_add_overflow(sum, (int64_t)(negative ? -digit : digit), &sum))
			return false;
	}
	*out = sum;
	return true;
}

static bool parse_choice(const struct option *o, const char *value, int *out)
{
	int i;

	for (i = 0; o->choices[i]; i++)
		if (!strcmp(o->choices[i], value)) {
			*out = i;
			return true;
		}
	return false;
}

int option_list_next(const struct option *o, const char **at)
{
	const char *name = *at + strspn(*at, ", \t\n");
	size_t len = strcspn(name, ", \t\n");
	int i;

	*at = name + len;
	for (i = 0; len && o->choices[i]; i++)
		if (strlen(o->choices[i]) == len && !memcmp(o->choices[i], name, len))
			return i;
	return len ? OPTION_LIST_UNKNOWN : OPTION_LIST_END;
}

static bool is_list(const struct option *o, const char *value)
{
	int64_t count = 0;
	uint64_t seen = 0;
	int i;

	while ((i = option_list_next(o, &value)) >= 0) {
		assert(i < 64);
		if (seen & 1ULL << i || (o->max && count == o->max))
			return false;
		seen |= 1ULL << i;
		count++;
	}
	return (count || (o->text && !*o->text)) && i == OPTION_LIST_END;
}

static bool is_text(const struct option *o, const char *value)
{
	size_t max = o->max ? (size_t)o->max : TEXT_MAX_BYTES;
	size_t i;

	for (i = 0; value[i]; i++) {
		unsigned char c = (unsigned char)value[i];

		if (i >= max || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return false;
	}
	return !*value || !o->fits || o->fits(value);
}

enum err option_parse(const struct option *o, const char *value, void *base, struct err_detail *detail)
{
	bool yes;
	int64_t number;
	int choice;

	switch (o->type) {
	case OPTION_BOOL:
		if (!parse_bool(value, &yes))
			return refuse(o, value, detail);
		*(bool *)field(o, base) = yes;
		return ERR_NONE;
	case OPTION_INT:
		if (!parse_int(value, &number) || number < o->min || number > o->max)
			return refuse(o, value, detail);
		*(int64_t *)field(o, base) = number;
		return ERR_NONE;
	case OPTION_CHOICE:
		if (!parse_choice(o, value, &choice))
			return refuse(o, value, detail);
		*(int *)field(o, base) = choice;
		return ERR_NONE;
	case OPTION_TEXT:
	case OPTION_LIST:
		if (!(o->type == OPTION_LIST ? is_list : is_text)(o, value))
			return refuse(o, value, detail);
		*(const char **)field(o, base) = value;
		return ERR_NONE;
	}
	assert(0 && "option type");
	return ERR_USAGE;
}

static void set_default(const struct option *o, void *base)
{
	switch (o->type) {
	case OPTION_BOOL: *(bool *)field(o, base) = o->value != 0; return;
	case OPTION_INT: *(int64_t *)field(o, base) = o->value; return;
	case OPTION_CHOICE: *(int *)field(o, base) = (int)o->value; return;
	case OPTION_TEXT:
	case OPTION_LIST: *(const char **)field(o, base) = o->text ? o->text : ""; return;
	}
	assert(0 && "option type");
}

void options_defaults(const struct option *table, void *base)
{
	for (; table->name; table++)
		set_default(table, base);
}

const struct option *option_find(const struct option *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

void option_print(const struct option *o, const void *base, char *out, size_t size)
{
	const void *at = const_field(o, base);
	const char *text;

	switch (o->type) {
	case OPTION_BOOL: snprintf(out, size, "%s", *(const bool *)at ? "true" : "false"); return;
	case OPTION_INT: snprintf(out, size, "%" PRId64, *(const int64_t *)at); return;
	case OPTION_CHOICE: snprintf(out, size, "%s", o->choices[*(const int *)at]); return;
	case OPTION_TEXT:
	case OPTION_LIST:
		text = *(const char *const *)at;
		snprintf(out, size, "%s", !text ? "" : o->secret && *text ? "***" : text);
		return;
	}
	assert(0 && "option type");
}

static int64_t int_at(const struct option *table, const char *name, const void *base)
{
	const struct option *o = option_find(table, name);

	assert(o && o->type == OPTION_INT);
	return *(const int64_t *)const_field(o, base);
}

const struct option_order *options_contradiction(const struct option *table, const struct option_order *orders, const void *base,
	option_new_h *is_new, const void *arg)
{
	for (; orders->low; orders++) {
		if (!is_new(arg, orders->low) && !is_new(arg, orders->high))
			continue;
		if (int_at(table, orders->low, base) > int_at(table, orders->high, base))
			return orders;
	}
	return NULL;
}

void option_order_hint(const struct option_order *order, char *out, size_t size)
{
	snprintf(out, size, "allowed: %s at most %s; otherwise %s", order->low, order->high, order->why);
}

/* Prices of one's own: what a contract says, or what the table does not know. */
#include "base/prices.h"

#include <stdio.h>
#include <string.h>

#include "base/yaml.h"

enum { DAY_LEN = 10, MICROS_DIGITS = 6, DOLLARS_MAX = 1000000 };

const struct option prices_options[] = {
	{ .name = "prices.file", .type = OPTION_TEXT, .max = sizeof(((struct prices_settings *)0)->file) - 1, .text = "",
		.help = "A YAML file with prices of your own, which go before ours: docs/providers.md, \"What a call costs\".",
		.offset = offsetof(struct prices_settings, file) },
	{ .name = NULL },
};

struct row {
	struct price price;
	char vendor[USAGE_NAME_MAX], model[USAGE_NAME_MAX], since[DAY_LEN + 1];
};

static struct {
	struct row rows[PRICES_OWN_MAX];
	struct price prices[PRICES_OWN_MAX];
	size_t count;
	char version[DAY_LEN + 1];
} own = { .version = PRICES_VERSION };

static const struct {
	const char *key;
	enum usage_unit unit;
} units[] = {
	{ "million_input_tokens", USAGE_INPUT_TOKENS },
	{ "million_cache_read_tokens", USAGE_CACHE_READ_TOKENS },
	{ "million_cache_write_5m_tokens", USAGE_CACHE_WRITE_5M_TOKENS },
	{ "million_cache_write_1h_tokens", USAGE_CACHE_WRITE_1H_TOKENS },
	{ "million_output_tokens", USAGE_OUTPUT_TOKENS },
	{ "million_characters", USAGE_CHARACTERS },
	{ "hour_of_sound", USAGE_AUDIO_SAMPLES },
};

static enum err refuse(const char *path, struct yaml_mark at, const char *message, const char *hint, struct err_detail *detail)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		yaml_where(path, at, detail->where, sizeof(detail->where));
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return ERR_FORMAT;
}

/* ------------------------------------------------------------------ values */

/* "0.46" to micro-dollars. */
static bool dollars(const char *text, uint64_t *micros)
{
	size_t whole = strspn(text, "0123456789"), part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	uint64_t value = 0;
	size_t i;

	if (!whole || whole > 7 || part > MICROS_DIGITS || text[whole + (text[whole] == '.') + part] || (text[whole] == '.' && !part))
		return false;
	for (i = 0; i < whole; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	for (i = 0; i < MICROS_DIGITS; i++)
		value = value * 10 + (i < part ? (uint64_t)(text[whole + 1 + i] - '0') : 0);
	*micros = value;
	return value <= (uint64_t)DOLLARS_MAX * PRICES_PICOS_A_MICRO;
}

static bool whole_number(const char *text, uint64_t *value)
{
	size_t len = strspn(text, "0123456789");

	*value = 0;
	for (size_t i = 0; i < len && len <= 9; i++)
		*value = *value * 10 + (uint64_t)(text[i] - '0');
	return len && len <= 9 && !text[len];
}

/* "2026-11-21"; whether the month has such a day is nobody's worry, since days are only compared. */
static bool is_day(const char *text)
{
	static const char shape[] = "0000-00-00";
	size_t i;

	for (i = 0; i < DAY_LEN; i++)
		if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	return !text[DAY_LEN] && strncmp(text + 5, "01", 2) >= 0 && strncmp(text + 5, "12", 2) <= 0 && strncmp(text + 8, "01", 2) >= 0 &&
		strncmp(text + 8, "31", 2) <= 0;
}

/* ------------------------------------------------------------------ rows */

static bool take_price(struct row *row, const struct yaml_item *item, bool *is_known)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(item->key, units[i].key) != 0)
			continue;
		*is_known = true;
		row->price.units |= 1u << units[i].unit;
		return dollars(item->text, &row->price.micros[units[i].unit]);
	}
	return true;
}

static enum err take_entry(struct row *row, const char *path, const struct yaml_item *item, struct err_detail *detail)
{
	bool is_known = false;

	if (item->kind != YAML_KIND_SCALAR || !item->text[0])
		return refuse(path, item->at, "a value is missing", "vendor: deepgram, since: 2026-11-21, hour_of_sound: 0.46", detail);
	if (!strcmp(item->key, "vendor") || !strcmp(item->key, "model")) {
		char *name = item->key[0] == 'v' ? row->vendor : row->model;

		if (strlen(item->text) >= USAGE_NAME_MAX)
			return refuse(path, item->at, "the name is too long", "at most 63 bytes", detail);
		snprintf(name, USAGE_NAME_MAX, "%s", item->text);
		return ERR_NONE;
	}
	if (!strcmp(item->key, "since")) {
		if (!is_day(item->text))
			return refuse(path, item->at, "this is no day", "2026-11-21", detail);
		snprintf(row->since, sizeof(row->since), "%.*s", (int)DAY_LEN, item->text);
		return ERR_NONE;
	}
	if (!strcmp(item->key, "prompt_max_tokens"))
		return whole_number(item->text, &row->price.prompt_max_tokens) ? ERR_NONE :
			refuse(path, item->at, "this is no number of tokens", "a whole number of at most nine digits, 0 for any prompt", detail);
	if (!take_price(row, item, &is_known))
		return refuse(path, item->at, "this is no price in dollars", "0.46: at most six digits behind the point, at most a million", detail);
	return is_known ? ERR_NONE : refuse(path, item->key_at, "a price has no such entry",
		"vendor, model, since, prompt_max_tokens, hour_of_sound, million_characters, million_input_tokens, million_output_tokens, "
		"million_cache_read_tokens, million_cache_write_5m_tokens, million_cache_write_1h_tokens", detail);
}

static enum err take_row(struct row *row, const char *path, const struct yaml_item *map, struct err_detail *detail)
{
	const struct yaml_item *item;
	enum err err = ERR_NONE;

	memset(row, 0, sizeof(*row));
	if (map->kind != YAML_KIND_MAP)
		return refuse(path, map->at, "a price is a map", "- {vendor: deepgram, model: nova-3, since: 2026-11-21, hour_of_sound: 0.46}", detail);
	for (item = map->first; item && !err; item = item->next)
		err = take_entry(row, path, item, detail);
	if (!err && (!row->vendor[0] || !row->since[0] || !row->price.units))
		err = refuse(path, map->at, "a price wants a vendor, the day since when, and what of it", "vendor: cartesia, since: 2026-11-21, million_characters: 38", detail);
	return err;
}

static const struct yaml_item *list_of(const struct yaml_doc *doc)
{
	const struct yaml_item *root = yaml_doc_root(doc), *list = root && root->kind == YAML_KIND_MAP && root->count == 1 ? yaml_find(root, "prices") : NULL;

	return list && list->kind == YAML_KIND_LIST ? list : NULL;
}

static enum err take(const struct yaml_doc *doc, const char *path, struct err_detail *detail)
{
	const struct yaml_item *list = list_of(doc), *item;
	enum err err = ERR_NONE;

	if (!list)
		return refuse(path, (struct yaml_mark){ 1, 1 }, "the file is no list of prices", "begin it with \"prices:\" and write a list below", detail);
	if (list->count > PRICES_OWN_MAX)
		return refuse(path, list->at, "there are too many prices", "at most 200", detail);
	for (item = list->first; item && !err; item = item->next)
		err = take_row(&own.rows[own.count++], path, item, detail);
	return err;
}

/* Rows of a day to come are there, and in no version yet. */
static void settle(const char *today)
{
	for (size_t i = 0; i < own.count; i++) {
		struct row *row = &own.rows[i];

		row->price.vendor = row->vendor;
		row->price.model = row->model;
		row->price.since = row->since;
		own.prices[i] = row->price;
		if (strcmp(row->since, today) <= 0 && strcmp(row->since, own.version) > 0)
			memcpy(own.version, row->since, sizeof(own.version));
	}
}

enum err prices_load(const char *path, const char *today, struct err_detail *detail)
{
	struct yaml_doc *doc;
	enum err err;

	own.count = 0;
	snprintf(own.version, sizeof(own.version), "%s", PRICES_VERSION);
	if (!path[0])
		return ERR_NONE;
	err = yaml_doc_load(&doc, path, "the prices", detail);
	if (err)
		return err;
	err = take(doc, path, detail);
	yaml_doc_free(doc);
	if (err)
		own.count = 0;
	settle(today);
	return err;
}

const char *prices_version(void)
{
	return own.version;
}

const struct price *prices_own(size_t *count)
{
	*count = own.count;
	return own.prices;
}

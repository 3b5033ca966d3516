/* `callfunnel config`: every setting as a table, as JSON, or as the page docs/configuration.md. */
#include "base/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/settings.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum { DOCUMENT_MAX_BYTES = 4 * 1024 * 1024, VALUE_MAX_BYTES = 4200 };

/* The default as text, through the same printing as values. */
static void print_default(const struct option *o, char *out, size_t size)
{
	struct option alone[2] = { *o, { .name = NULL } };
	union {
		bool yes;
		int64_t number;
		int choice;
		const char *text;
	} value;

	alone[0].offset = 0;
	memset(&value, 0, sizeof(value));
	options_defaults(alone, &value);
	option_print(alone, &value, out, size);
}

static void put_choices(struct buf *b, const struct option *o)
{
	for (size_t i = 0; o->choices[i]; i++)
		buf_printf(b, "%s%s", i ? ", " : "", o->choices[i]);
}

static void put_allowed(struct buf *b, const struct option *o)
{
	switch (o->type) {
	case OPTION_BOOL: buf_text(b, "true, false"); return;
	case OPTION_INT: buf_printf(b, "%" PRId64 " to %" PRId64, o->min, o->max); return;
	case OPTION_TEXT: buf_printf(b, "text up to %" PRId64 " bytes", o->max ? o->max : INT64_C(4096)); return;
	case OPTION_LIST:
		buf_text(b, "one or several, in their order, of ");
		put_choices(b, o);
		return;
	case OPTION_CHOICE: put_choices(b, o); return;
	}
}

static void put_names(struct buf *b, const struct option *o, const char *text)
{
	int i;

	json_open(b, '[');
	while ((i = option_list_next(o, &text)) >= 0)
		json_put_string(b, o->choices[i]);
	json_close(b, ']');
}

/* Numbers stay numbers, names a list; a secret is only said to be set. */
static void put_value(struct buf *b, const struct option *o, const char *text)
{
	if (o->type == OPTION_BOOL)
		json_put_bool(b, !strcmp(text, "true"));
	else if (o->type == OPTION_INT)
		buf_printf(b, "%s", text);
	else if (o->type == OPTION_LIST)
		put_names(b, o, text);
	else
		json_put_string(b, text);
}

static void put_limits(struct buf *b, const struct option *o)
{
	if (o->type == OPTION_INT) {
		json_pair_i64(b, "min", o->min);
		json_pair_i64(b, "max", o->max);
	}
	if (o->type != OPTION_CHOICE && o->type != OPTION_LIST)
		return;
	json_put_key(b, "choices");
	json_open(b, '[');
	for (size_t i = 0; o->choices[i]; i++)
		json_put_string(b, o->choices[i]);
	json_close(b, ']');
}

static void put_setting(struct buf *b, const struct config_setting *s)
{
	static const char *const types[] = { "bool", "int", "text", "choice", "list" };
	char text[VALUE_MAX_BYTES];

	json_open(b, '{');
	json_pair_string(b, "name", s->option->name);
	json_pair_string(b, "type", types[s->option->type]);
	config_print(s, text, sizeof(text));
	json_put_key(b, "value");
	put_value(b, s->option, text);
	json_pair_string(b, "origin", s->origin);
	print_default(s->option, text, sizeof(text));
	json_put_key(b, "default");
	put_value(b, s->option, text);
	put_limits(b, s->option);
	json_pair_string(b, "unit", s->option->unit);
	json_pair_bool(b, "secret", s->option->secret);
	json_pair_string(b, "help", s->option->help);
	json_close(b, '}');
}

static void put_document(struct buf *b, const struct config *config)
{
	json_open(b, '{');
	json_put_key(b, "settings");
	json_open(b, '[');
	for (size_t i = 0; i < config_count(config); i++) {
		struct config_setting s = config_at(config, i);

		put_setting(b, &s);
	}
	json_close(b, ']');
	json_put_key(b, "orders");
	json_open(b, '[');
	for (const struct option_order *o = call_orders; o->low; o++) {
		json_open(b, '{');
		json_pair_string(b, "low", o->low);
		json_pair_string(b, "high", o->high);
		json_pair_string(b, "why", o->why);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	buf_byte(b, '\n');
}

/* One setting takes two lines: what it is, and what it means. */
static void put_row(struct buf *b, const struct config_setting *s)
{
	char value[VALUE_MAX_BYTES];
	char standard[VALUE_MAX_BYTES];
	char *c;

	config_print(s, value, sizeof(value));
	for (c = value; *c; c++)
		if ((unsigned char)*c < 0x20)
			*c = ' ';
	print_default(s->option, standard, sizeof(standard));
	buf_printf(b, "%-24s %s%s%s", s->option->name, *value ? value : "\"\"", s->option->unit ? " " : "",
		s->option->unit ? s->option->unit : "");
	if (s->is_set)
		buf_printf(b, "  (%s; default %s)", s->origin, *standard ? standard : "\"\"");
	else
		buf_printf(b, "  (default)");
	buf_printf(b, "\n%-24s %s Allowed: ", "", s->option->help);
	put_allowed(b, s->option);
	buf_text(b, ".\n");
}

static void put_table(struct buf *b, const struct config *config)
{
	for (size_t i = 0; i < config_count(config); i++) {
		struct config_setting s = config_at(config, i);

		put_row(b, &s);
	}
}

static size_t folder_length(const char *name)
{
	return strcspn(name, ".");
}

static bool same_folder(const char *a, const char *b)
{
	size_t len = folder_length(a);

	return folder_length(b) == len && !strncmp(a, b, len);
}

static void put_doc_row(struct buf *b, const struct option *o)
{
	char standard[VALUE_MAX_BYTES];

	print_default(o, standard, sizeof(standard));
	if ((o->type == OPTION_TEXT || o->type == OPTION_LIST) && !*standard)
		snprintf(standard, sizeof(standard), "empty");
	buf_printf(b, "| `%s` | %s%s%s | ", o->name, standard, o->unit ? " " : "", o->unit ? o->unit : "");
	put_allowed(b, o);
	buf_printf(b, " | %s%s |\n", o->help, o->secret ? " Secret: never printed." : "");
}

static void put_orders(struct buf *b)
{
	buf_text(b, "\nSettings of a call that contradict each other are refused too, with both values and where they came from, in the file, with\n"
		    "`--set` and in a rule-book. A call that was recorded with such a pair still replays.\n\n"
		    "| setting | at most | otherwise |\n|---|---|---|\n");
	for (const struct option_order *o = call_orders; o->low; o++)
		buf_printf(b, "| `%s` | `%s` | %s |\n", o->low, o->high, o->why);
}

/* All settings of one folder, wherever they stand in the tables: those of a call are numbered in the order they came. */
static void put_folder(struct buf *b, const struct config *config, size_t first)
{
	const char *name = config_at(config, first).option->name;

	for (size_t i = 0; i < first; i++)
		if (same_folder(config_at(config, i).option->name, name))
			return;
	buf_printf(b, "\n## %.*s\n\n| setting | default | allowed | meaning |\n|---|---|---|---|\n", (int)folder_length(name), name);
	for (size_t i = first; i < config_count(config); i++)
		if (same_folder(config_at(config, i).option->name, name))
			put_doc_row(b, config_at(config, i).option);
}

static void put_docs(struct buf *b, const struct config *config)
{
	buf_text(b, "# Configuration\n\n"
		    "Made by `callfunnel config --docs` from the option tables; a test compares the two. Edit the tables, not this page.\n\n"
		    "Settings come from one YAML file, given with `--config F`; nested maps or names joined by dots are the same:\n\n"
		    "```yaml\nturn:\n  silence_ms: 700\nlog.level: debug\n```\n\n"
		    "`--set turn.silence_ms=700` wins over the file and may be repeated. `callfunnel config` shows every value and where it\n"
		    "came from. Unknown names, wrong types, values out of range and settings given twice are refused with file, line and\n"
		    "column; anchors, aliases, tags and several documents are not used. A file has at most 1 MB and 16 levels.\n");
	put_orders(b);
	for (size_t i = 0; i < config_count(config); i++)
		put_folder(b, config, i);
}

static int print(struct cli *cli, struct buf *b)
{
	int status = CLI_FINE;

	if (b->err)
		status = cli_fail(cli, CLI_MISSING, b->err, NULL, NULL, "cannot print the settings: %s", err_name(b->err));
	else
		fwrite(b->data, 1, b->len, stdout);
	buf_fini(b);
	return status;
}

int cmd_config(struct cli *cli, int argc, char **argv)
{
	bool docs = false;
	const struct flag flags[] = {
		{ .name = "docs", .type = FLAG_BOOL, .value = &docs, .help = "Print docs/configuration.md instead." },
		{ .name = NULL },
	};
	struct buf b;
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc > 1)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "config", "it takes flags only", "found \"%s\"", argv[1]);
	buf_init(&b, DOCUMENT_MAX_BYTES);
	if (docs)
		put_docs(&b, cli->config);
	else if (cli->json)
		put_document(&b, cli->config);
	else
		put_table(&b, cli->config);
	return print(cli, &b);
}

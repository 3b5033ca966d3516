#include "cli/cli.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "base/prices.h"
#include "base/settings.h"
#include "cli/provider_settings.h"

enum { OUTPUT_MAX_BYTES = 1024 * 1024 };

/* The flags that every command has. */
struct common {
	bool help;
	const char *config_file;
	struct flag_list sets;
};

/* One reading of one command line. */
struct reading {
	struct cli *cli;
	const struct flag *own;
	const struct flag *shared;
	const char *command;
	char **argv;
	int argc;
	int at;
};

/* "bad format" as a word that programs compare: "bad_format". */
static void put_code(struct buf *b, enum err code)
{
	char word[40];
	size_t i;

	snprintf(word, sizeof(word), "%s", err_name(code));
	for (i = 0; word[i]; i++)
		if (word[i] == ' ' || word[i] == '/')
			word[i] = '_';
	json_pair_string(b, "code", word);
}

static void fail_json(enum err code, const char *message, const char *where, const char *hint)
{
	struct buf b;

	buf_init(&b, OUTPUT_MAX_BYTES);
	json_open(&b, '{');
	json_put_key(&b, "error");
	json_open(&b, '{');
	put_code(&b, code);
	json_pair_string(&b, "message", message);
	json_pair_string(&b, "where", where && *where ? where : NULL);
	json_pair_string(&b, "hint", hint && *hint ? hint : NULL);
	json_close(&b, '}');
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

/* Outside texts may hold what steers a terminal: shown as '?'. */
static void print_tame(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
}

static void fail_human(const char *message, const char *where, const char *hint)
{
	fflush(stdout);
	fputs("callfunnel: ", stderr);
	if (where && *where) {
		print_tame(stderr, where);
		fputs(": ", stderr);
	}
	print_tame(stderr, message);
	fputc('\n', stderr);
	if (hint && *hint) {
		fputs("  ", stderr);
		print_tame(stderr, hint);
		fputc('\n', stderr);
	}
}

int cli_fail(struct cli *cli, enum cli_status status, enum err code, const char *where, const char *hint, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (cli->json)
		fail_json(code, message, where, hint);
	else
		fail_human(message, where, hint);
	return (int)status;
}

int cli_fail_words(struct cli *cli, const char *command, const char *what)
{
	char hint[240] = "";

	for (const struct command *c = cli_commands; c->name; c++)
		if (!strcmp(c->name, command))
			snprintf(hint, sizeof(hint), "usage: callfunnel %s %s", c->name, c->args);
	return cli_fail(cli, CLI_USAGE, ERR_USAGE, command, hint, "%s", what);
}

static const struct flag *find_in(const struct flag *flags, const char *name, size_t len)
{
	for (; flags && flags->name; flags++)
		if (strlen(flags->name) == len && !strncmp(flags->name, name, len))
			return flags;
	return NULL;
}

static const struct flag *find_letter(const struct flag *flags, char letter)
{
	for (; flags && flags->name; flags++)
		if (flags->letter && flags->letter == letter)
			return flags;
	return NULL;
}

static void nearest_in(const struct flag *flags, const char *name, const char **best, unsigned int *distance)
{
	for (; flags && flags->name; flags++) {
		unsigned int d = name_distance(name, flags->name);

		if (d < *distance) {
			*distance = d;
			*best = flags->name;
		}
	}
}

static int refuse_unknown(struct reading *r, const char *word)
{
	const char *best = NULL;
	unsigned int distance = UINT32_MAX;
	char hint[200];

	nearest_in(r->own, word + strspn(word, "-"), &best, &distance);
	nearest_in(r->shared, word + strspn(word, "-"), &best, &distance);
	if (best && word[1] == '-' && name_is_near(word + 2, distance))
		snprintf(hint, sizeof(hint), "did you mean --%s?", best);
	else
		snprintf(hint, sizeof(hint), "`callfunnel %s --help` lists the flags", r->command);
	return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, r->command, hint, "no such flag: %s", word);
}

static int refuse_number(struct reading *r, const struct flag *f, const char *value)
{
	char hint[120] = "allowed: a whole number";

	if (f->min || f->max)
		snprintf(hint, sizeof(hint), "allowed: a whole number from %" PRId64 " to %" PRId64, f->min, f->max);
	return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, r->command, hint, "--%s: found \"%s\"", f->name, value);
}

/* The same reading of numbers as for settings. */
static int take_int(struct reading *r, const struct flag *f, const char *value)
{
	bool any = !f->min && !f->max;
	struct option o = { .name = f->name, .type = OPTION_INT, .min = any ? INT64_MIN : f->min, .max = any ? INT64_MAX : f->max };

	if (option_parse(&o, value, f->value, NULL))
		return refuse_number(r, f, value);
	return CLI_FINE;
}

static int take_list(struct reading *r, const struct flag *f, const char *value)
{
	struct flag_list *list = f->value;

	if (list->count == FLAG_LIST_MAX)
		return cli_fail(r->cli, CLI_USAGE, ERR_LIMIT, r->command, "at most 64 times", "--%s is given too often", f->name);
	list->items[list->count++] = value;
	return CLI_FINE;
}

static int refuse_no_value(struct reading *r, const struct flag *f)
{
	char hint[120];

	snprintf(hint, sizeof(hint), "write --%s=VALUE when it begins with --", f->name);
	return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, r->command, hint, "--%s needs a value: %s", f->name, f->arg ? f->arg : "VALUE");
}

/* `value` is what stood behind '=', or NULL: then the next word is taken, but for one that looks like a flag: a value was forgotten. */
static int take_value(struct reading *r, const struct flag *f, const char *value)
{
	if (f->type == FLAG_BOOL) {
		if (value)
			return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, r->command, "give it alone", "--%s takes no value", f->name);
		*(bool *)f->value = true;
		return CLI_FINE;
	}
	if (!value && (r->at + 1 >= r->argc || !strncmp(r->argv[r->at + 1], "--", 2)))
		return refuse_no_value(r, f);
	if (!value)
		value = r->argv[++r->at];
	switch (f->type) {
	case FLAG_INT: return take_int(r, f, value);
	case FLAG_LIST: return take_list(r, f, value);
	case FLAG_STRING:
		*(const char **)f->value = value;
		return CLI_FINE;
	case FLAG_BOOL: break;
	}
	assert(0 && "flag type");
	return CLI_USAGE;
}

static int take_word(struct reading *r, const char *word)
{
	const char *equals = strchr(word, '=');
	const struct flag *f;

	if (word[1] != '-') {
		f = find_letter(r->own, word[1]);
		f = f ? f : find_letter(r->shared, word[1]);
		if (!f || (f->type == FLAG_BOOL && word[2]))
			return refuse_unknown(r, word);
		return take_value(r, f, word[2] ? word + 2 : NULL);
	}
	f = find_in(r->own, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
	f = f ? f : find_in(r->shared, word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
	return f ? take_value(r, f, equals ? equals + 1 : NULL) : refuse_unknown(r, word);
}

/* Flags out, operands forward; "--" ends the flags, "-" alone is an operand. */
static int read_words(struct reading *r, int *operands)
{
	bool flags_over = false;

	for (r->at = 1; r->at < r->argc; r->at++) {
		char *word = r->argv[r->at];

		if (flags_over || word[0] != '-' || !word[1]) {
			r->argv[(*operands)++] = word;
		} else if (!strcmp(word, "--")) {
			flags_over = true;
		} else {
			int status = take_word(r, word);

			if (status)
				return status;
		}
	}
	return CLI_FINE;
}

static const struct command *find_command(const char *name)
{
	const struct command *c;

	for (c = cli_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static void print_flags(const struct flag *flags)
{
	for (; flags && flags->name; flags++) {
		char left[64];
		char letter[8] = "";

		if (flags->letter)
			snprintf(letter, sizeof(letter), "-%c, ", flags->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, flags->name, flags->type == FLAG_BOOL ? "" : " ",
			flags->type == FLAG_BOOL ? "" : flags->arg ? flags->arg : "VALUE");
		printf("  %-26s %s\n", left, flags->help ? flags->help : "");
	}
}

static void put_flags(struct buf *b, const struct flag *flags)
{
	for (; flags && flags->name; flags++) {
		json_open(b, '{');
		json_pair_string(b, "name", flags->name);
		json_pair_string(b, "arg", flags->type == FLAG_BOOL ? NULL : flags->arg ? flags->arg : "VALUE");
		json_pair_string(b, "help", flags->help);
		json_close(b, '}');
	}
}

static void print_help(const struct reading *r)
{
	const struct command *c = find_command(r->command);
	struct buf b;

	if (!r->cli->json) {
		printf("callfunnel %s %s\n\n%s\n\n", r->command, c ? c->args : "", c ? c->help : "");
		print_flags(r->own);
		print_flags(r->shared);
		return;
	}
	buf_init(&b, OUTPUT_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "command", r->command);
	json_pair_string(&b, "args", c ? c->args : NULL);
	json_pair_string(&b, "help", c ? c->help : NULL);
	json_put_key(&b, "flags");
	json_open(&b, '[');
	put_flags(&b, r->own);
	put_flags(&b, r->shared);
	json_close(&b, ']');
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static enum err read_prices(const struct config *config, struct err_detail *detail)
{
	time_t now = time(NULL);
	char today[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(today, sizeof(today), "%Y-%m-%d", &tm);
	return prices_load(config_text(config, "prices.file"), today, detail);
}

/* The file first, then --set over it, whatever order they stood in. */
static int apply(struct reading *r, const struct common *common)
{
	struct config *config = r->cli->config;
	struct err_detail detail = { .message = "" };
	struct log_settings log;
	enum err err = common->config_file ? config_load_file(config, common->config_file, &detail) : ERR_NONE;

	for (size_t i = 0; !err && i < common->sets.count; i++)
		err = config_set(config, common->sets.items[i], "--set", &detail);
	if (!err && !r->cli->own_settings)
		err = config_judge(config, call_orders, &detail);
	if (!err)
		err = providers_judge(config, &detail);
	if (!err)
		err = read_prices(config, &detail);
	if (err)
		return cli_fail(r->cli, err == ERR_NOMEM ? CLI_MISSING : CLI_USAGE, err, detail.where, detail.hint, "%s",
			detail.message[0] ? detail.message : err_name(err));
	config_bind(config, log_options, &log);
	log_setup(&log);
	return CLI_FINE;
}

void cli_log_unasked(struct cli *cli, enum log_level level)
{
	struct log_settings log;
	size_t i;

	for (i = 0; i < config_count(cli->config); i++) {
		const struct config_setting setting = config_at(cli->config, i);

		if (setting.is_set && !strncmp(setting.option->name, "log.", 4))
			return;
	}
	config_bind(cli->config, log_options, &log);
	log.level = (int)level;
	log_setup(&log);
}

/* Mistakes are told as JSON even when they stand before --json. */
static bool asks_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

int cli_flags(struct cli *cli, const struct flag *flags, int *argc, char **argv)
{
	struct common common = { .help = false };
	const struct flag shared[] = {
		{ .name = "json", .type = FLAG_BOOL, .value = &cli->json, .help = "Print JSON, errors too." },
		{ .name = "config", .type = FLAG_STRING, .value = &common.config_file, .arg = "F", .help = "Read settings from this YAML file." },
		{ .name = "set", .type = FLAG_LIST, .value = &common.sets, .arg = "K=V", .help = "One setting; wins over the file; may repeat." },
		{ .name = "help", .letter = 'h', .type = FLAG_BOOL, .value = &common.help, .help = "Print this." },
		{ .name = NULL },
	};
	struct reading r = { .cli = cli, .own = flags, .shared = shared, .command = argv[0], .argv = argv, .argc = *argc };
	int operands = 1;
	int status;

	cli->json = cli->json || asks_json(*argc, argv);
	status = read_words(&r, &operands);
	if (status)
		return status;
	if (common.help) {
		print_help(&r);
		exit(CLI_FINE);
	}
	argv[operands] = NULL;
	*argc = operands;
	return apply(&r, &common);
}

#include "cli/book.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/json.h"
#include "base/wording.h"
#include "redact/redact.h"

enum { VARIABLES_SHOWN_MAX = 1600 }; /* 32 names of 40 bytes, and today */

static void put_mistakes(struct buf *b, const struct rulebook_report *report)
{
	size_t i;

	json_put_key(b, "mistakes");
	json_open(b, '[');
	for (i = 0; i < report->count; i++) {
		const struct rulebook_mistake *m = &report->mistakes[i];

		json_open(b, '{');
		json_pair_u64(b, "line", m->line);
		json_pair_u64(b, "column", m->column);
		json_pair_string(b, "path", m->path);
		json_pair_string(b, "found", m->found);
		json_pair_string(b, "allowed", m->allowed);
		json_pair_string(b, "why", m->why);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_pair_u64(b, "more", report->more);
}

static void print_mistakes(const char *path, const struct rulebook_report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		const struct rulebook_mistake *m = &report->mistakes[i];

		fprintf(stderr, "%s:%u:%u: %s%s%s\n", path, m->line, m->column, m->path, *m->path ? ": " : "", m->why);
		if (*m->found)
			fprintf(stderr, "  found: %s\n", m->found);
		if (*m->allowed)
			fprintf(stderr, "  allowed: %s\n", m->allowed);
	}
	fprintf(stderr, "%zu mistake%s\n", report->count + report->more, report->count + report->more == 1 ? "" : "s");
}

static int not_fine(struct cli *cli, const char *path, const struct rulebook_report *report)
{
	struct buf b;

	if (!cli->json) {
		print_mistakes(path, report);
		return CLI_NOT_SO;
	}
	buf_init(&b, RULEBOOK_JSON_MAX);
	json_open(&b, '{');
	json_pair_string(&b, "file", path);
	json_pair_bool(&b, "fine", false);
	put_mistakes(&b, report);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
	return CLI_NOT_SO;
}

int book_load(struct cli *cli, const char *word, char path[RULEBOOK_PATH_MAX], struct rulebook **book)
{
	static struct rulebook_report report;
	struct err_detail detail = { .message = "" };
	struct buf bytes;
	enum err err = rulebook_find(word, config_text(cli->config, "rulebooks.dir"), path, &detail);
	int status = CLI_FINE;

	buf_init(&bytes, 2 * RULEBOOK_MAX_BYTES);
	if (!err)
		err = rulebook_read(path, &bytes, &detail);
	if (err) {
		status = cli_fail(cli, CLI_MISSING, err, detail.where, *detail.hint ? detail.hint : "name a rule-book's file, or a rule-book", "%s",
			detail.message[0] ? detail.message : err_name(err));
	} else {
		err = rulebook_load(book, path, bytes.data, bytes.len, &report);
		if (err == ERR_NOMEM)
			status = cli_fail(cli, CLI_MISSING, err, path, NULL, "no memory");
		else if (err)
			status = not_fine(cli, path, &report);
	}
	buf_fini(&bytes);
	return status;
}

int book_fail_language(struct cli *cli, const struct rulebook *book, const char *path, const char *language)
{
	char hint[VARIABLES_SHOWN_MAX];
	size_t used = (size_t)snprintf(hint, sizeof(hint), "it speaks");

	for (size_t i = 0; i < rulebook_language_count(book) && used < sizeof(hint); i++)
		used += (size_t)snprintf(hint + used, sizeof(hint) - used, "%s %s", i ? "," : "", rulebook_language_at(book, i));
	return cli_fail(cli, CLI_USAGE, ERR_NOTFOUND, path, hint, "this rule-book does not speak %s", language);
}

int32_t book_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	return (int32_t)((now + tm.tm_gmtoff) / 86400);
}

int64_t book_moment(int32_t day, int32_t minute)
{
	const time_t noon = (time_t)day * 86400 + 43200;
	struct tm tm;

	gmtime_r(&noon, &tm);
	tm.tm_hour = minute / 60;
	tm.tm_min = minute % 60;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

int32_t book_day(const json_t *variables)
{
	const char *text = json_string_value(json_object_get(variables, "today"));
	int32_t day;

	return text && day_parse(text, strlen(text), &day) ? day : book_today();
}

/* `variables` has the samples: every name that there is. */
static int variable_set(struct cli *cli, json_t *variables, const char *item)
{
	const char *equals = strchr(item, '=');
	char name[64], known[VARIABLES_SHOWN_MAX];
	json_t *value;

	if (!equals || equals == item || (size_t)(equals - item) >= sizeof(name))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--var", "--var callee_name=\"Alex Morgan\"", "NAME=VALUE, please, not \"%s\"", item);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - item), item);
	if (!json_object_get(variables, name)) {
		rulebook_names_print(variables, known, sizeof(known));
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--var", known, "the rule-book has no variable called %s", name);
	}
	value = json_string(equals + 1);
	if (!value)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--var", NULL, "the value of %s is no text (UTF-8)", name);
	if (json_object_set_new(variables, name, value))
		return cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	return CLI_FINE;
}

int book_variables(struct cli *cli, const struct rulebook *book, const struct flag_list *given, json_t **variables)
{
	int status = CLI_FINE;
	char day[11];
	size_t i;

	*variables = rulebook_samples(book);
	day_print(book_today(), day);
	if (!*variables || json_object_set_new(*variables, "today", json_string(day)))
		return cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	for (i = 0; !status && i < given->count; i++)
		status = variable_set(cli, *variables, given->items[i]);
	return status;
}

uint64_t book_clear_default(const struct cli *cli)
{
	struct redact_options options;
	uint64_t clear;
	enum err err;

	config_bind(cli->config, redact_options, &options);
	err = redact_clear_read(options.clear, &clear);
	assert(!err); /* judged when the config was read */
	return clear;
}

#include "cli/book.h"

#include <stdio.h>

#include "base/config.h"
#include "base/json.h"

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
		status = cli_fail(cli, CLI_MISSING, err, detail.where, detail.hint, "%s", detail.message[0] ? detail.message : err_name(err));
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

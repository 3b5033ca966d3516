#include "cli/main.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/settings.h"

enum { HELP_MAX_BYTES = 64 * 1024 };

static void print_help(FILE *out)
{
	const struct command *c;

	fprintf(out, "callfunnel %s answers phone calls with an AI voice.\n\nusage: callfunnel COMMAND [flags]\n\n", CALLFUNNEL_VERSION);
	for (c = cli_commands; c->name; c++)
		fprintf(out, "  %-11s %s\n", c->name, c->help);
	fprintf(out, "\nEvery command knows --help, --json, --config F and --set K=V.\n");
}

static void print_help_json(void)
{
	const struct command *c;
	struct buf b;

	buf_init(&b, HELP_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "version", CALLFUNNEL_VERSION);
	json_put_key(&b, "commands");
	json_open(&b, '[');
	for (c = cli_commands; c->name; c++) {
		json_open(&b, '{');
		json_pair_string(&b, "name", c->name);
		json_pair_string(&b, "args", c->args);
		json_pair_string(&b, "help", c->help);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static int refuse_command(struct cli *cli, const char *word)
{
	const struct command *c;
	const char *best = NULL;
	unsigned int distance = UINT32_MAX;
	char hint[160] = "`callfunnel --help` lists the commands";

	for (c = cli_commands; c->name; c++) {
		unsigned int d = name_distance(word, c->name);

		if (d < distance) {
			distance = d;
			best = c->name;
		}
	}
	if (best && name_is_near(word, distance))
		snprintf(hint, sizeof(hint), "did you mean `callfunnel %s`?", best);
	return cli_fail(cli, CLI_USAGE, ERR_USAGE, NULL, hint, "no such command: %s", word);
}

/* Output that could not be written is a failure, whatever the command thought. */
static int finish(struct cli *cli, int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	cli->json = false; /* standard output is what failed */
	return cli_fail(cli, CLI_MISSING, err_from_errno(errno), "standard output", NULL, "cannot write: %s", strerror(errno));
}

static int run(struct cli *cli, const struct command *c, int argc, char **argv)
{
	int status;

	if (config_new(&cli->config, settings_tables))
		return cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	status = c->run(cli, argc, argv);
	config_free(cli->config);
	cli->config = NULL;
	return finish(cli, status);
}

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

/* What stands where the command should: a question about the program itself, or a mistake. */
static int answer(struct cli *cli, const char *word)
{
	if (!strcmp(word, "--version")) {
		printf(cli->json ? "{\"version\":\"%s\"}\n" : "callfunnel %s\n", CALLFUNNEL_VERSION);
		return finish(cli, CLI_FINE);
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
		if (cli->json)
			print_help_json();
		else
			print_help(stdout);
		return finish(cli, CLI_FINE);
	}
	return cli_fail(cli, CLI_USAGE, ERR_USAGE, NULL, "write the command first: callfunnel COMMAND [flags]", "found %s, no command", word);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = { .program = argc > 0 ? argv[0] : "callfunnel", .json = has_word(argc, argv, "--json") };
	const struct command *c;

	while (argc > 1 && !strcmp(argv[1], "--json")) {
		argc--;
		argv++;
	}
	if (argc < 2) {
		if (cli.json)
			return cli_fail(&cli, CLI_USAGE, ERR_USAGE, NULL, "`callfunnel --help` lists the commands", "no command");
		print_help(stderr);
		return CLI_USAGE;
	}
	if (argv[1][0] == '-')
		return answer(&cli, argv[1]);
	for (c = cli_commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return run(&cli, c, argc - 1, argv + 1);
	return refuse_command(&cli, argv[1]);
}

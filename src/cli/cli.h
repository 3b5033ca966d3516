/* What every command of the command line shares: its entry in the table, its flags, how it reports.
 *
 * A command is one file with one `int cmd_NAME(struct cli *cli, int argc, char **argv)`; argv[0] is its name. It is
 * listed once, in commands.c. Exit status: 0 fine, 1 the thing asked about is not so, 2 wrong usage or config,
 * 3 something needed is not there. With --json everything printed on standard output is JSON, errors too.
 * Main thread only.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"

struct config;

enum cli_status { CLI_FINE = 0, CLI_NOT_SO = 1, CLI_USAGE = 2, CLI_MISSING = 3 };

struct cli {
	bool json;             /* --json */
	struct config *config; /* every setting, after --config and --set; never NULL inside a command */
	bool own_settings;     /* set before cli_flags: the command judges the settings of calls itself, beside those of a recorded call */
	const char *program;   /* argv[0] of the process, for finding what was installed beside it */
};

/* One flag of a command. `value` points at what the type says; it keeps its value when the flag is not given. */
enum flag_type {
	FLAG_BOOL,   /* bool: --name */
	FLAG_INT,    /* int64_t: --name N, between min and max */
	FLAG_STRING, /* const char *: --name S, borrowed from argv */
	FLAG_LIST    /* struct flag_list: may be given several times */
};

enum { FLAG_LIST_MAX = 64 };

struct flag_list {
	const char *items[FLAG_LIST_MAX];
	size_t count;
};

struct flag {
	const char *name;    /* "isa", without the dashes; NULL ends a table */
	char letter;         /* 'o' for -o, or 0 */
	enum flag_type type;
	void *value;
	const char *arg;     /* what the help calls the value: "F.wav" */
	const char *help;
	int64_t min, max;    /* FLAG_INT only; both 0: any */
};

struct command {
	const char *name;
	const char *args; /* "F.wav [--rate R]" */
	const char *help; /* one sentence */
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* Reads the flags out of argv, in any place; what is left (the operands) stays in argv[1] … argv[*argc - 1].
 * Handles --help (prints the command's help from its tables and exits with status 0), --json, --config F and
 * --set K=V (may repeat), so that every command knows them. On a mistake: reports it and returns CLI_USAGE. */
int cli_flags(struct cli *cli, const struct flag *flags, int *argc, char **argv) MUST_USE;

/* For a command that tells of its work itself: nothing below `level` is logged, unless a setting of the log was given. After
 * cli_flags. */
void cli_log_unasked(struct cli *cli, enum log_level level);

/* Reports a failure (for people on stderr; with --json as {"error":{"code","message","where","hint"}} on stdout) and returns
 * `status`. where and hint may be NULL. */
int cli_fail(struct cli *cli, enum cli_status status, enum err code, const char *where, const char *hint, const char *fmt, ...)
	PRINTF_LIKE(6, 7);

/* Words that are none of the command's, or too few: what is wrong, and its line of the table as the hint. Returns CLI_USAGE. */
int cli_fail_words(struct cli *cli, const char *command, const char *what);

extern const struct command cli_commands[]; /* ends with a NULL name */

#endif

#include "cli/commands.h"

#include <stddef.h>

#include "cli/cli.h"

const struct command cli_commands[] = {
	{ "config", "[--docs]", "Prints every setting: its value, where it came from, its default, unit and meaning.", cmd_config },
	{ "doctor", "", "Checks all that the program needs and says what to do.", cmd_doctor },
	{ "parse", "KIND F", "Runs one parser of outside bytes over a file.", cmd_parse },
	{ NULL, NULL, NULL, NULL },
};

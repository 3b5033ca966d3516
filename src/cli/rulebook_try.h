/* `callfunnel rulebook try`: a rule-book played in the terminal. Main thread. */
#ifndef CLI_RULEBOOK_TRY_H
#define CLI_RULEBOOK_TRY_H

#include "cli/cli.h"

/* argv[1] is "try"; its flags are its own. */
int rulebook_try(struct cli *cli, int argc, char **argv);

#endif

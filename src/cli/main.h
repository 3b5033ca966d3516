/* The program behind main(): finds the command and runs it. Main thread only. */
#ifndef CLI_MAIN_H
#define CLI_MAIN_H

/* Returns the exit status. `--help`, `--version`, or a command of cli_commands; anything else is answered with the nearest name. */
int cli_main(int argc, char **argv);

#endif

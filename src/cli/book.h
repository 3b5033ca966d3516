/* A rule-book that a command names: found, read, judged; its mistakes told. Main thread. */
#ifndef CLI_BOOK_H
#define CLI_BOOK_H

#include "cli/cli.h"
#include "conductor/rulebook.h"

/* `word` is a path or a name (rulebook_find); `path` becomes where it lies. CLI_FINE, or the exit status of what was told. */
int book_load(struct cli *cli, const char *word, char path[RULEBOOK_PATH_MAX], struct rulebook **book) MUST_USE;

#endif

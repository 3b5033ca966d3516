/* Where a recorded call is: an exported call file, a journal's folder that holds one call, or a call's id in a journal.
 *
 * What `show` and `recording` share. Reads only. Main thread.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/cli.h"
#include "voice/journal/journal_read.h"

struct call_source {
	const char *path; /* for journal_read_call, with the options below */
	struct id128 call;
	char name[33];    /* its id as text */
	char folder[DISK_PATH_MAX]; /* where path points when the call was looked for */
	bool one_file;              /* path is a file, not a folder */
	struct keyring *keyring;
	struct journal_reader_options options;
};

/* `word` is what the user typed; `dir` and `key` are --dir and --key, or NULL. An id without a dir is looked for in data.dir: in a journal of
 * its own there (journal/ID), else among all journals there (journal), else in data.dir itself. CLI_FINE, or what cli_fail returned; then nothing is
 * to be closed. The source must not move while it is open. */
int call_source_open(struct cli *cli, struct call_source *s, const char *word, const char *dir, const char *key) MUST_USE;
void call_source_close(struct call_source *s);

/* The journal of data.dir that has this call, or should; `folder` may be what is returned. */
const char *call_journal_find(struct cli *cli, const struct id128 *call, char folder[DISK_PATH_MAX]);

/* Reports why reading failed, with what helps. Returns the exit status. */
int call_source_fail(struct cli *cli, const struct call_source *s, enum err err, const struct err_detail *detail);

#endif

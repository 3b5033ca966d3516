/* Where `-o PATH` of a command is to be written: not over what is no regular file or is protected (base/target.h), not into a journal.
 *
 * A journal's folder is nobody's to put files in, and what begins as a file of a journal, or an exported call, does is nobody's to replace
 * by sound, whatever it is called and wherever its link lies. Main thread.
 */
#ifndef CLI_OUTFILE_H
#define CLI_OUTFILE_H

#include "base/disk.h"
#include "cli/cli.h"

/* The path to write beside and to rename over, into `out`. CLI_FINE, or what cli_fail returned. */
int outfile_find(struct cli *cli, char out[DISK_PATH_MAX], const char *path) MUST_USE;

#endif

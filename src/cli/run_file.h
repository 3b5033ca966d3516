/* Which processes of a data folder live: DATA/run/NAME.json, which its process holds locked for as long as it lives.
 *
 * The lock is the kernel's and goes with the process, whatever it dies of; the text says who it is and where it listens. A reader
 * that finds the lock held may trust the text: it was written by the holder. Locks belong to the open file and are not handed on to
 * programs that the process starts. Any thread; blocks for the disk.
 */
#ifndef CLI_RUN_FILE_H
#define CLI_RUN_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum { RUN_NAME_MAX = 64, RUN_URL_MAX = 300, RUN_LISTEN_MAX = 120, RUN_PATH_MAX = 1200 };

struct run_facts {
	pid_t pid;
	char url[RUN_URL_MAX];       /* "" until it is ready, as the next one */
	char listen[RUN_LISTEN_MAX]; /* "127.0.0.1:8080": the real port */
	bool is_ready;
};

struct run_file {
	int fd; /* -1: not held */
	char path[RUN_PATH_MAX];
};

/* Makes `data` and `data`/run when they are not there, then takes NAME for this process. ERR_BUSY: a living process has it, the detail
 * says which; ERR_DENIED (also: everybody may write to `data`), ERR_FULL, ERR_IO, ERR_LIMIT. */
enum err run_file_take(struct run_file *f, const char *data, const char *name, struct err_detail *detail) MUST_USE;

/* What others may know by now. */
enum err run_file_tell(const struct run_file *f, const struct run_facts *facts) MUST_USE;

/* The process ends in good order: its text goes, then the lock. NULL-safe for a zeroed one with fd -1. */
void run_file_drop(struct run_file *f);

/* Who has NAME now. ERR_NOTFOUND: nobody; `facts` then says what the last one left behind that died, or nothing. ERR_BUSY: somebody, who has not
 * said who yet. ERR_DENIED: this user may not know. */
enum err run_file_look(const char *data, const char *name, struct run_facts *facts) MUST_USE;

/* Calls `each` for every NAME.json there, held or not, in no order. */
void run_files_each(const char *data, void (*each)(void *arg, const char *name), void *arg);

#endif

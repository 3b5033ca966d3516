/* A rule-book that a command names: found, read, judged; its mistakes told. And what fills it in. Main thread. */
#ifndef CLI_BOOK_H
#define CLI_BOOK_H

#include <stdint.h>

#include <jansson.h>

#include "cli/cli.h"
#include "conductor/rulebook.h"

/* `word` is a path or a name (rulebook_find); `path` becomes where it lies. CLI_FINE, or the exit status of what was told. */
int book_load(struct cli *cli, const char *word, char path[RULEBOOK_PATH_MAX], struct rulebook **book) MUST_USE;

/* Tells that it does not speak `language`, and what it does; returns CLI_USAGE. */
int book_fail_language(struct cli *cli, const struct rulebook *book, const char *path, const char *language);

/* The day of the place this machine is set to, since 1970-01-01. */
int32_t book_today(void);

/* Seconds since 1970 of a minute of a day by this machine's clock on the wall. */
int64_t book_moment(int32_t day, int32_t minute);

int32_t book_day(const json_t *variables); /* the call's: their "today", without one this machine's */

/* The config's redact.clear, for rulebook_clear. */
uint64_t book_clear_default(const struct cli *cli);

/* The book's samples, this machine's day as "today", and over them what was `given` as NAME=VALUE. The caller's to decref, also when
 * it failed. CLI_FINE, or the exit status of what was told. */
int book_variables(struct cli *cli, const struct rulebook *book, const struct flag_list *given, json_t **variables) MUST_USE;

#endif

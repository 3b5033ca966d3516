/* The services that a rule-book's tools may name: the settings below "services". Main thread. */
#ifndef CLI_SERVICES_H
#define CLI_SERVICES_H

#include "base/config.h"
#include "cli/cli.h"
#include "conductor/rulebook.h"
#include "conductor/tools.h"

/* Where they are, by the settings; `records` is where the built-in records are, for when no setting says otherwise. Texts are borrowed.
 * How many there are. */
size_t services_list(const struct config *config, const char *records, struct toolbox_service out[TOOLBOX_SERVICES_MAX]);

/* As toolbox_service_missing, by the settings. */
bool services_lack(const struct config *config, const struct rulebook_tool *tool, char name[TOOLBOX_SERVICE_NAME_MAX]);

/* Whether a call of this book could carry out its tools. CLI_FINE, or the exit status of what was told. */
int services_judge(struct cli *cli, const struct rulebook *book) MUST_USE;

#endif

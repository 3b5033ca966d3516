/* Which option tables the program has: the one place that lists them. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "base/options.h"

/* NULL-ended; for config_new. */
extern const struct option *const settings_tables[];

/* What the program as a whole needs to know, before any plane. */
struct program_settings {
	const char *data_dir;
};

extern const struct option program_options[]; /* bound to struct program_settings */

#endif

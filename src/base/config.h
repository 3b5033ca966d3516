/* Every setting's value and where it came from: default, a line of the YAML file, or --set.
 *
 * Made once from all option tables (options.h); then the file is loaded, then single settings are set over it. Nested maps of
 * the file are joined by dots ("turn: {silence_ms: 300}" is turn.silence_ms; the joined form may also stand in the file). It
 * refuses unknown names, values of the wrong type or out of range, and a setting given twice; the first mistake ends loading
 * and says file, line, column, name, what was found and what is allowed. What was set before the mistake stays set: a program
 * ends on a mistake. A setting of a family is there once it is set, behind those of the tables. The config owns texts; whoever
 * reads one borrows it until that setting is set again or the config is freed.
 * Written by one thread before others start, read by any after.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"

struct config;

enum { CONFIG_MEMBERS_MAX = 15, CONFIG_MEMBER_NAME_MAX = 40 }; /* settings of families, in all; letters of such a name */

/* `tables` is a NULL-ended list and, like the tables in it, lives longer than the config. Names must differ and defaults must
 * be allowed values: anything else is a bug and asserts. */
enum err config_new(struct config **cp, const struct option *const *tables) MUST_USE;
void config_free(struct config *c);

/* The YAML file at `path`. ERR_NOTFOUND, ERR_DENIED, ERR_IO: it cannot be read; ERR_USAGE, ERR_FORMAT, ERR_LIMIT: a mistake in it. */
enum err config_load_file(struct config *c, const char *path, struct err_detail *detail) MUST_USE;

/* The same from memory; `name` is what mistakes and origins call it. */
enum err config_load(struct config *c, const char *name, const void *data, size_t len, struct err_detail *detail) MUST_USE;

/* One "turn.silence_ms=300"; `origin` says where it came from ("--set"). */
enum err config_set(struct config *c, const char *assignment, const char *origin, struct err_detail *detail) MUST_USE;

/* After everything is set: ERR_USAGE when two settings contradict each other, one of which at least is not the default. Detail says which,
 * with both values and where they came from. */
enum err config_judge(const struct config *c, const struct option_order *orders, struct err_detail *detail) MUST_USE;

/* A setting by its name; asking for one that is in no table, or as another type, asserts. */
const char *config_text(const struct config *c, const char *name);
const char *config_list(const struct config *c, const char *name); /* for option_list_next */
int64_t config_int(const struct config *c, const char *name);
bool config_bool(const struct config *c, const char *name);
int config_choice(const struct config *c, const char *name);

/* Fills the struct that `table`, one of the tables given at the start, is bound to. Texts are borrowed. */
void config_bind(const struct config *c, const struct option *table, void *base);

/* Where its value came from: "default", "F.yaml:12", "--set". */
const char *config_origin(const struct config *c, const char *name);

/* For those who list: settings in the order of the tables. */
struct config_setting {
	const struct option *option;
	const void *value; /* for option_print, with an option whose offset is 0: see config_print */
	const char *origin; /* "default", "F.yaml:12", "--set" */
	bool is_set;        /* not the default's origin */
};

size_t config_count(const struct config *c);
struct config_setting config_at(const struct config *c, size_t index);

/* The value as option_print writes it; "***" for a set secret. */
void config_print(const struct config_setting *s, char *out, size_t size);

/* The option of that name in any of the tables, or NULL. */
const struct option *config_find(const struct config *c, const char *name);

/* How many letters must be put in, taken out, changed or swapped with a neighbour to make one name of the other; names are compared
 * as far as 64 letters. For "did you mean". */
unsigned int name_distance(const char *a, const char *b);

/* Whether a distance is near enough to suggest `wanted` was meant. */
bool name_is_near(const char *wanted, unsigned int distance);

#endif

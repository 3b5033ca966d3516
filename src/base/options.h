/* Settings, described by typed tables: the YAML parser, `callfunnel config`, docs/configuration.md and --set all read these.
 *
 * A room describes its settings in a const table (`call_options` in base/settings.c is one); cli/settings.c lists the
 * tables. A setting bound to a struct has the offset of its field there: BOOL is a bool, INT an int64_t, CHOICE an int
 * (index into `choices`), TEXT, LIST and SECRET a const char *. Tables end with a NULL name and live for ever.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* LIST: names out of `choices` in the order that is wanted, none twice: "deepgram, pocketsphinx"; in YAML also a list. None
 * at all where none is the default. */
enum option_type { OPTION_BOOL, OPTION_INT, OPTION_TEXT, OPTION_CHOICE, OPTION_LIST };

struct option {
	const char *name;           /* "turn.silence_ms": folders of the YAML file, joined by dots */
	enum option_type type;
	int64_t min, max;           /* INT: both included; TEXT: max length in bytes (0: 4096); LIST: max names (0: all) */
	int64_t value;              /* default of BOOL, INT, CHOICE */
	const char *text;           /* default of TEXT and LIST */
	bool (*fits)(const char *text); /* TEXT: what else it must be, when it is not empty; NULL: nothing */
	const char *fitting;        /* that in words, behind "allowed: "; LIST: instead of its choices, or NULL */
	const char *const *choices; /* CHOICE, LIST: NULL-ended */
	const char *unit;           /* "ms", "dB", … or NULL */
	const char *help;           /* one sentence, ends with a full stop */
	bool secret;                /* never printed, never logged */
	bool is_family;             /* TEXT: the last part of its name, in capitals, stands for any name of a-z and _: "services.NAME" */
	size_t offset;              /* of its field, in the struct the table is bound to */
};

/* Two INT settings of one table that contradict each other when the first is above the second; a list ends with a NULL `low`. A value
 * that only switches something off contradicts nothing. */
struct option_order {
	const char *low, *high;
	const char *why; /* what such a pair would mean: "voice would end at a level at which it begins" */
};

/* Whether a setting is new input: only a pair with one that is can be refused. */
typedef bool option_new_h(const void *arg, const char *name);

/* The first order that these values break with a new setting in it; NULL: none. */
const struct option_order *options_contradiction(const struct option *table, const struct option_order *orders, const void *base,
	option_new_h *is_new, const void *arg);

/* "allowed: vad.off at most vad.on; …" */
void option_allowed(const struct option *o, char *out, size_t size); /* "a whole number from 1 to 9 ms", cut to fit */
void option_order_hint(const struct option_order *order, char *out, size_t size);

/* Reads `value` as this option's type; on success stores it at `base` + offset (TEXT: the pointer itself, borrowed). On a
 * mistake says in `detail` what was found and what is allowed. */
enum err option_parse(const struct option *o, const char *value, void *base, struct err_detail *detail) MUST_USE;

/* Writes the defaults of a whole table into the struct it is bound to. */
void options_defaults(const struct option *table, void *base);

const struct option *option_find(const struct option *table, const char *name);

enum { OPTION_LIST_END = -1, OPTION_LIST_UNKNOWN = -2 };

/* The next name of a LIST's value, as its index in `choices`; *at, the value at first, is moved behind it. */
int option_list_next(const struct option *o, const char **at);

/* The value at `base` as text ("300", "true", "nova-3"); "***" for a set secret. Writes at most `size` bytes, NUL included. */
void option_print(const struct option *o, const void *base, char *out, size_t size);

#endif

/* Structured logs: one line an event, for people or as JSON, on standard error.
 *
 * Every line has the time, the level, the plane, the call (when there is one), what was being done, a fixed message and typed
 * fields. A `struct log` is that context; whoever does something for a call has one and changes `doing` as it goes on
 * ("reading the carrier's start message"), so that a failure deep below says what it was part of.
 * Any thread; a line is one write(2) and never mixes with another. A line has a ceiling of LOG_LINE_MAX bytes: a long value is
 * cut, fields that do not fit are left out and "cut" says so. Control characters and what is not UTF-8 never get out raw.
 * Never give it secrets or personal data: no word that was said, no number, no key. Not for the media path.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"

enum { LOG_LINE_MAX = 4096, LOG_VALUE_MAX = 1024, LOG_FIELDS_MAX = 20 };

/* NONE is above all others: as a setting it silences, no line has it. */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_NONE };
enum log_format { LOG_FORMAT_HUMAN, LOG_FORMAT_JSON };

/* Borrowed texts, NULL where there is nothing to say. */
struct log {
	const char *plane; /* "voice" */
	const char *call;  /* its id */
	const char *doing; /* "opening the journal" */
};

struct log_field {
	const char *key; /* letters and _; NULL ends a list */
	enum { LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_UINT, LOG_FIELD_BOOL } type;
	union {
		const char *text;
		int64_t i64;
		uint64_t u64;
		bool yes;
	} value;
};

#define LOG_TEXT(k, v) ((struct log_field){ .key = (k), .type = LOG_FIELD_TEXT, .value.text = (v) })
#define LOG_INT(k, v)  ((struct log_field){ .key = (k), .type = LOG_FIELD_INT, .value.i64 = (v) })
#define LOG_UINT(k, v) ((struct log_field){ .key = (k), .type = LOG_FIELD_UINT, .value.u64 = (v) })
#define LOG_BOOL(k, v) ((struct log_field){ .key = (k), .type = LOG_FIELD_BOOL, .value.yes = (v) })
#define LOG_ERR(v)     LOG_TEXT("error", err_name(v))

/* `message` is a fixed text; what varies goes into fields, at most LOG_FIELDS_MAX (more do not compile):
 * log_warn(&log, "cannot sync", LOG_ERR(err), LOG_INT("file", 7)). Where the level is off, nothing of it is evaluated. */
#define log_debug(log, message, ...) log_at(log, LOG_LEVEL_DEBUG, message, __VA_ARGS__)
#define log_info(log, message, ...)  log_at(log, LOG_LEVEL_INFO, message, __VA_ARGS__)
#define log_warn(log, message, ...)  log_at(log, LOG_LEVEL_WARN, message, __VA_ARGS__)
#define log_error(log, message, ...) log_at(log, LOG_LEVEL_ERROR, message, __VA_ARGS__)

#define log_at(log, level, message, ...)                                                                       \
	do {                                                                                                   \
		if (log_is_on(level))                                                                          \
			log_write(log, level, message, (const struct log_field[LOG_FIELDS_MAX]){ __VA_ARGS__ }); \
	} while (0)

/* `log` and `fields` may be NULL; a list of fewer than LOG_FIELDS_MAX fields ends with a NULL key. */
void log_write(const struct log *log, enum log_level level, const char *message, const struct log_field *fields);

/* Whether a line of that level would be written: for fields that cost something to make. */
bool log_is_on(enum log_level level);

struct log_settings {
	int format; /* enum log_format */
	int level;  /* enum log_level; lower ones are dropped */
};

extern const struct option log_options[]; /* bound to struct log_settings */

/* For programs that carry calls: a reader that stops reading costs lines, never time. When it reads again, the first line says how
 * many are missing. (A pipe and a socket say beforehand whether a line fits; on a file the disk decides.) Before other threads start. */
void log_never_wait(void);

/* Before other threads start. Without it nothing is written: who was not told how to talk is silent. */
void log_setup(const struct log_settings *settings);

/* Where lines go (2 at the start) and where their time comes from: µs since 1970, the system's clock when `now_us` is NULL.
 * A simulation gives its own. Before other threads start. */
void log_set_fd(int fd);
void log_set_clock(uint64_t (*now_us)(void *arg), void *arg);

#endif

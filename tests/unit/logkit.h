/* The log, caught: every line as JSON, held against what a line must have. Include cmocka's headers first. */
#ifndef LOGKIT_H
#define LOGKIT_H

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"

enum { LOGKIT_BYTES = 1 << 20 };

struct logkit {
	int fd;
	json_t *lines;
	char text[LOGKIT_BYTES];
};

/* Everything from this level on. */
static inline void logkit_begin(struct logkit *l, enum log_level level)
{
	struct log_settings settings = { .format = LOG_FORMAT_JSON, .level = (int)level };

	l->fd = memfd_create("log", 0);
	assert_true(l->fd >= 0);
	l->lines = json_array();
	log_set_fd(l->fd);
	log_setup(&settings);
}

static inline void logkit_end(struct logkit *l)
{
	struct log_settings settings = { .level = LOG_LEVEL_NONE };

	log_setup(&settings);
	log_set_fd(STDERR_FILENO);
	json_decref(l->lines);
	close(l->fd);
}

/* The first fields are the context, in this order; all but the call are there. */
static inline void logkit_check_line(json_t *line)
{
	static const char *const first[] = { "time", "level", "plane", "call", "doing", "message" };
	void *at = json_object_iter(line);
	unsigned int i;

	for (i = 0; i < 6; i++, at = json_object_iter_next(line, at)) {
		assert_non_null(at);
		assert_string_equal(json_object_iter_key(at), first[i]);
		if (i != 3 || !json_is_null(json_object_iter_value(at)))
			assert_true(json_string_length(json_object_iter_value(at)) > 0);
	}
	assert_string_equal(json_string_value(json_object_get(line, "plane")), "voice");
}

/* Reads all there is so far; how many lines that is. */
static inline size_t logkit_read(struct logkit *l)
{
	ssize_t n = pread(l->fd, l->text, sizeof(l->text) - 1, 0);
	char *line, *end;

	assert_true(n >= 0 && n < (ssize_t)sizeof(l->text) - 1);
	l->text[n] = 0;
	json_array_clear(l->lines);
	for (line = l->text; (end = strchr(line, '\n')); line = end + 1) {
		json_t *parsed = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(parsed);
		logkit_check_line(parsed);
		json_array_append_new(l->lines, parsed);
	}
	assert_int_equal(*line, 0);
	return json_array_size(l->lines);
}

static inline bool logkit_is(const json_t *line, const char *key, const char *value)
{
	const char *text = json_string_value(json_object_get(line, key));

	return value ? text && !strcmp(text, value) : json_is_null(json_object_get(line, key));
}

/* Lines whose `key` is `value`; the last of them, or NULL, in *found when that is asked for. */
static inline size_t logkit_count(struct logkit *l, const char *key, const char *value, json_t **found)
{
	size_t i, n, count = 0, all = logkit_read(l);

	if (found)
		*found = NULL;
	for (i = 0; i < all; i++) {
		n = logkit_is(json_array_get(l->lines, i), key, value);
		if (n && found)
			*found = json_array_get(l->lines, i);
		count += n;
	}
	return count;
}

/* The one line of that message. */
static inline json_t *logkit_line(struct logkit *l, const char *message)
{
	json_t *found = NULL;
	size_t n = logkit_count(l, "message", message, &found);

	if (n != 1)
		fail_msg("%zu lines \"%s\" in\n%s", n, message, l->text);
	return found;
}

static inline void logkit_expect(const json_t *line, const char *key, const char *value)
{
	if (!logkit_is(line, key, value))
		fail_msg("not %s=%s: %s", key, value ? value : "null", json_dumps(line, 0));
}

static inline int64_t logkit_number(const json_t *line, const char *key)
{
	assert_true(json_is_integer(json_object_get(line, key)));
	return json_integer_value(json_object_get(line, key));
}

static inline void logkit_none(struct logkit *l, const char *level)
{
	if (logkit_count(l, "level", level, NULL))
		fail_msg("a line of level %s in\n%s", level, l->text);
}

#endif

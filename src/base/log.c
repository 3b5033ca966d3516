#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"

enum { TAIL_ROOM = 16 }; /* for the mark that something was cut, a bracket and the line feed */

static const char *const formats[] = { [LOG_FORMAT_HUMAN] = "human", [LOG_FORMAT_JSON] = "json", NULL };
static const char *const levels[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_ERROR] = "error",
	NULL,
};

const struct option log_options[] = {
	{ .name = "log.format", .type = OPTION_CHOICE, .choices = formats, .value = LOG_FORMAT_HUMAN,
		.help = "How log lines look: for people, or one JSON object a line.", .offset = offsetof(struct log_settings, format) },
	{ .name = "log.level", .type = OPTION_CHOICE, .choices = levels, .value = LOG_LEVEL_INFO,
		.help = "The least important lines that are still written.", .offset = offsetof(struct log_settings, level) },
	{ .name = NULL },
};

static atomic_int active_format = LOG_FORMAT_HUMAN;
static atomic_int active_level = LOG_LEVEL_NONE;
static atomic_int active_fd = STDERR_FILENO;
static struct {
	uint64_t (*now_us)(void *arg);
	void *arg;
} source;
static struct {
	bool never;
	pthread_mutex_t lock;
	uint64_t missed; /* lines */
} waiting = { .lock = PTHREAD_MUTEX_INITIALIZER };

void log_setup(const struct log_settings *settings)
{
	atomic_store(&active_format, settings->format);
	atomic_store(&active_level, settings->level);
}

void log_never_wait(void)
{
	waiting.never = true;
}

void log_set_fd(int fd)
{
	atomic_store(&active_fd, fd);
}

void log_set_clock(uint64_t (*now_us)(void *arg), void *arg)
{
	source.now_us = now_us;
	source.arg = arg;
}

bool log_is_on(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&active_level, memory_order_relaxed);
}

static uint64_t now_us(void)
{
	struct timespec now;

	if (source.now_us)
		return source.now_us(source.arg);
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* 2026-01-31T12:00:00.123456Z */
static void print_time(uint64_t us, char *out, size_t size)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm t;
	char day[40];

	if (!gmtime_r(&seconds, &t) || !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &t))
		snprintf(day, sizeof(day), "?");
	snprintf(out, size, "%s.%06uZ", day, (unsigned int)(us % 1000000));
}

static void put_field_json(struct buf *b, const struct log_field *f)
{
	json_put_key(b, f->key);
	switch (f->type) {
	case LOG_FIELD_TEXT:
		if (f->value.text)
			json_put_text(b, f->value.text, strnlen(f->value.text, LOG_VALUE_MAX));
		else
			json_put_null(b);
		return;
	case LOG_FIELD_INT: json_put_i64(b, f->value.i64); return;
	case LOG_FIELD_UINT: json_put_u64(b, f->value.u64); return;
	case LOG_FIELD_BOOL: json_put_bool(b, f->value.yes); return;
	}
}

static bool needs_quotes(const char *text)
{
	if (!*text)
		return true;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f || strchr("\"\\=[]", *text))
			return true;
	return false;
}

/* In quotes when that tells where it ends; escaped always. */
static void put_value_human(struct buf *b, const char *text, bool quotes)
{
	if (quotes)
		buf_byte(b, '"');
	json_put_escaped(b, text, strnlen(text, LOG_VALUE_MAX));
	if (quotes)
		buf_byte(b, '"');
}

static void put_word_human(struct buf *b, const char *text)
{
	put_value_human(b, text, needs_quotes(text));
}

static void put_field_human(struct buf *b, const struct log_field *f)
{
	buf_printf(b, " %s=", f->key);
	switch (f->type) {
	case LOG_FIELD_TEXT: put_word_human(b, f->value.text ? f->value.text : "-"); return;
	case LOG_FIELD_INT: buf_printf(b, "%" PRId64, f->value.i64); return;
	case LOG_FIELD_UINT: buf_printf(b, "%" PRIu64, f->value.u64); return;
	case LOG_FIELD_BOOL: buf_text(b, f->value.yes ? "true" : "false"); return;
	}
}

/* Appends one field, or takes back what of it was written and says false. */
static bool put_field(struct buf *b, const struct log_field *f, enum log_format format)
{
	size_t before = b->len;

	if (format == LOG_FORMAT_JSON)
		put_field_json(b, f);
	else
		put_field_human(b, f);
	if (!b->err)
		return true;
	b->err = ERR_NONE;
	b->len = before;
	return false;
}

static bool is_long(const struct log_field *f)
{
	return f->type == LOG_FIELD_TEXT && f->value.text && strnlen(f->value.text, LOG_VALUE_MAX + 1) > LOG_VALUE_MAX;
}

static void put_context_json(struct buf *b, const struct log *log, enum log_level level, const char *message)
{
	char time[64];

	print_time(now_us(), time, sizeof(time));
	json_open(b, '{');
	json_pair_string(b, "time", time);
	json_pair_string(b, "level", levels[level]);
	(void)put_field(b, &LOG_TEXT("plane", log ? log->plane : NULL), LOG_FORMAT_JSON);
	(void)put_field(b, &LOG_TEXT("call", log ? log->call : NULL), LOG_FORMAT_JSON);
	(void)put_field(b, &LOG_TEXT("doing", log ? log->doing : NULL), LOG_FORMAT_JSON);
	(void)put_field(b, &LOG_TEXT("message", message), LOG_FORMAT_JSON);
}

/* time level plane [call] message (doing) */
static void put_context_human(struct buf *b, const struct log *log, enum log_level level, const char *message)
{
	char time[64];

	print_time(now_us(), time, sizeof(time));
	buf_printf(b, "%s %-5s ", time, levels[level]);
	put_word_human(b, log && log->plane ? log->plane : "-");
	buf_text(b, " [");
	put_word_human(b, log && log->call ? log->call : "-");
	buf_text(b, "] ");
	put_value_human(b, message, false);
	if (log && log->doing) {
		buf_text(b, " (");
		put_value_human(b, log->doing, false);
		buf_byte(b, ')');
	}
}

/* One line in `line`; returns its length. */
static size_t print_line(uint8_t line[LOG_LINE_MAX], const struct log *log, enum log_level level, const char *message, const struct log_field *fields)
{
	struct buf b = { .data = line, .cap = LOG_LINE_MAX - TAIL_ROOM, .max = LOG_LINE_MAX - TAIL_ROOM };
	enum log_format format = (enum log_format)atomic_load_explicit(&active_format, memory_order_relaxed);
	bool cut;
	size_t i;

	if (format == LOG_FORMAT_JSON)
		put_context_json(&b, log, level, message);
	else
		put_context_human(&b, log, level, message);
	cut = b.err != ERR_NONE;
	b.err = ERR_NONE;
	for (i = 0; fields && i < LOG_FIELDS_MAX && fields[i].key; i++)
		cut = !put_field(&b, &fields[i], format) || is_long(&fields[i]) || cut;
	b.cap = b.max = LOG_LINE_MAX;
	if (cut)
		(void)put_field(&b, &LOG_BOOL("cut", true), format);
	buf_text(&b, format == LOG_FORMAT_JSON ? "}\n" : "\n");
	return b.len;
}

/* ------------------------------------------------------------------ writing */

/* A failed write has nobody left to be told: the line is lost. */
static void write_bytes(const uint8_t *line, size_t len)
{
	int fd = atomic_load_explicit(&active_fd, memory_order_relaxed);
	ssize_t n;

	do
		n = write(fd, line, len);
	while (n < 0 && errno == EINTR);
}

/* Whether a line can be written at once: a pipe that is ready takes PIPE_BUF bytes, and no line is longer. */
static bool ready(void)
{
	struct pollfd p = { .fd = atomic_load_explicit(&active_fd, memory_order_relaxed), .events = POLLOUT };

	_Static_assert((int)LOG_LINE_MAX <= PIPE_BUF, "a line fits into a pipe that is ready");
	return poll(&p, 1, 0) != 0; /* a closed one as well: its write fails at once */
}

/* How many lines are missing, said in front of the first that comes through. */
static void write_missed(void)
{
	static const struct log self = { .plane = "log" };
	uint8_t line[LOG_LINE_MAX];

	if (!waiting.missed || !ready())
		return;
	write_bytes(line, print_line(line, &self, LOG_LEVEL_WARN, "nobody read the log: lines are missing here",
		(const struct log_field[]){ LOG_UINT("lines", waiting.missed), { .key = NULL } }));
	waiting.missed = 0;
}

/* Between asking and writing no other thread may take the room. */
static void write_or_miss(const uint8_t *line, size_t len)
{
	pthread_mutex_lock(&waiting.lock);
	write_missed();
	if (!waiting.missed && ready())
		write_bytes(line, len);
	else
		waiting.missed++;
	pthread_mutex_unlock(&waiting.lock);
}

void log_write(const struct log *log, enum log_level level, const char *message, const struct log_field *fields)
{
	uint8_t line[LOG_LINE_MAX];
	size_t len;

	if (!log_is_on(level))
		return;
	len = print_line(line, log, level, message, fields);
	if (waiting.never)
		write_or_miss(line, len);
	else
		write_bytes(line, len);
}

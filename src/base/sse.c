#include "base/sse.h"

#include <string.h>

void sse_init(struct sse *s, size_t max_bytes)
{
	*s = (struct sse){ .has_data = false };
	buf_init(&s->line, max_bytes);
	buf_init(&s->data, max_bytes);
}

void sse_fini(struct sse *s)
{
	buf_fini(&s->line);
	buf_fini(&s->data);
}

void sse_reset(struct sse *s)
{
	buf_reset(&s->line);
	buf_reset(&s->data);
	s->has_data = s->is_event = false;
}

static void line_read(struct sse *s, const char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		len--;
	s->is_event = !len && s->has_data;
	if (len < 5 || memcmp(line, "data:", 5) != 0)
		return;
	line += 5;
	len -= 5;
	if (len && *line == ' ') {
		line++;
		len--;
	}
	if (s->has_data)
		buf_byte(&s->data, '\n');
	buf_append(&s->data, line, len);
	s->has_data = true;
}

/* The event before was looked at. */
static void event_drop(struct sse *s)
{
	if (!s->is_event)
		return;
	if (!s->data.err)
		buf_reset(&s->data);
	s->has_data = s->is_event = false;
}

size_t sse_read(struct sse *s, const char *at, size_t len)
{
	const char *end = memchr(at, '\n', len);
	size_t n = end ? (size_t)(end - at) : len;

	event_drop(s);
	if (end && !s->line.len && n <= s->line.max) {
		line_read(s, at, n);
		return n + 1;
	}
	buf_append(&s->line, at, n);
	if (!end)
		return n;
	if (!s->line.err)
		line_read(s, (const char *)s->line.data, s->line.len);
	s->line.len = 0;
	return n + 1;
}

enum err sse_err(const struct sse *s)
{
	return s->line.err ? s->line.err : s->data.err;
}

#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max = max_bytes };
}

void buf_init_private(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max = max_bytes, .is_private = true };
}

void buf_over(struct buf *b, void *memory, size_t bytes)
{
	*b = (struct buf){ .data = memory, .cap = bytes, .max = bytes };
}

void buf_fini(struct buf *b)
{
	if (b->is_private && b->data)
		sodium_memzero(b->data, b->cap);
	free(b->data);
	*b = (struct buf){ .max = b->max, .is_private = b->is_private };
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->err = ERR_NONE;
}

static size_t grown(size_t cap, size_t need, size_t max)
{
	size_t next = cap < 64 ? 64 : cap;

	while (next < need)
		next += next / 2;
	return next > max && need <= max ? max : next;
}

/* realloc would leave what was there in the memory that it frees. */
static uint8_t *moved(struct buf *b, size_t cap)
{
	uint8_t *data;

	if (!b->is_private || !b->data)
		return realloc(b->data, cap);
	data = malloc(cap);
	if (!data)
		return NULL;
	memcpy(data, b->data, b->len);
	sodium_memzero(b->data, b->cap);
	free(b->data);
	return data;
}

static uint8_t *reserve_more(struct buf *b, size_t len)
{
	size_t need;
	uint8_t *data;

	if (len > b->max || b->len > b->max - len) {
		b->err = ERR_LIMIT;
		return NULL;
	}
	need = grown(b->cap, b->len + len, b->max);
	data = moved(b, need);
	if (!data) {
		b->err = ERR_NOMEM;
		return NULL;
	}
	b->data = data;
	b->cap = need;
	return b->data + b->len;
}

uint8_t *buf_reserve(struct buf *b, size_t len)
{
	if (b->err)
		return NULL;
	if (b->data && len <= b->cap - b->len)
		return b->data + b->len;
	return reserve_more(b, len);
}

void buf_append(struct buf *b, const void *data, size_t len)
{
	uint8_t *at = len ? buf_reserve(b, len) : NULL;

	if (!at)
		return;
	memcpy(at, data, len);
	b->len += len;
}

void buf_byte(struct buf *b, uint8_t byte)
{
	buf_append(b, &byte, 1);
}

void buf_text(struct buf *b, const char *text)
{
	buf_append(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int len;
	char *at;

	va_start(ap, fmt);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	assert(len >= 0);
	if ((size_t)len < sizeof(small))
		buf_append(b, small, (size_t)len);
	if (b->is_private)
		sodium_memzero(small, sizeof(small));
	if ((size_t)len < sizeof(small))
		return;
	at = (char *)buf_reserve(b, (size_t)len + 1);
	if (!at)
		return;
	va_start(ap, fmt);
	vsnprintf(at, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

void buf_cut(struct buf *b, size_t at, size_t len)
{
	assert(at <= b->len && len <= b->len - at);
	if (len)
		memmove(b->data + at, b->data + at + len, b->len - at - len);
	b->len -= len;
}

const char *buf_str(struct buf *b)
{
	uint8_t *end = buf_reserve(b, 1);

	if (!end)
		return "";
	*end = 0;
	return (const char *)b->data;
}

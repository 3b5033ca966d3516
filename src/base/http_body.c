/* What follows a head: the chunked coding, queries and forms. Pure, as http_head.h says. */
#include <stdlib.h>
#include <string.h>

#include "base/http_head.h"
#include "base/num.h"

enum { EXTRA_MAX_BYTES = 4096, SIZE_DIGITS_MAX = 12 };

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- chunks (RFC 9112 section 7.1) ---- */

static enum err chunks_size(struct http_chunks *c, uint8_t byte)
{
	int digit = hex_digit(byte);

	if (digit >= 0) {
		c->left = c->left * 16 + (unsigned int)digit;
		return ++c->digits <= SIZE_DIGITS_MAX ? ERR_NONE : ERR_FORMAT;
	}
	if (!c->digits || (byte != '\r' && byte != ';'))
		return ERR_FORMAT;
	c->state = byte == '\r' ? CHUNKS_SIZE_LF : CHUNKS_EXTENSION;
	return ERR_NONE;
}

/* Extensions and trailers: thrown away, up to the carriage return. */
static enum err chunks_extra(struct http_chunks *c, uint8_t byte, enum http_chunks_state next)
{
	if (byte == '\r') {
		c->state = next;
		return ERR_NONE;
	}
	if ((byte < ' ' && byte != '\t') || byte == 0x7f)
		return ERR_FORMAT;
	return ++c->extra <= EXTRA_MAX_BYTES ? ERR_NONE : ERR_LIMIT;
}

static enum err chunks_expect(struct http_chunks *c, uint8_t byte, uint8_t wanted, enum http_chunks_state next)
{
	if (byte != wanted)
		return ERR_FORMAT;
	c->state = next;
	return ERR_NONE;
}

static enum err chunks_begin(struct http_chunks *c, uint8_t byte)
{
	enum err err = chunks_expect(c, byte, '\n', c->left ? CHUNKS_DATA : CHUNKS_TRAILER);

	c->digits = 0;
	return err;
}

static enum err chunks_trailer(struct http_chunks *c, uint8_t byte)
{
	if (byte == '\r') {
		c->state = CHUNKS_END_LF;
		return ERR_NONE;
	}
	if (byte == ' ' || byte == '\t' || byte == ':')
		return ERR_FORMAT;
	c->state = CHUNKS_TRAILER_LINE;
	return chunks_extra(c, byte, CHUNKS_TRAILER_LF);
}

static enum err chunks_byte(struct http_chunks *c, uint8_t byte)
{
	switch (c->state) {
	case CHUNKS_SIZE: return chunks_size(c, byte);
	case CHUNKS_EXTENSION: return chunks_extra(c, byte, CHUNKS_SIZE_LF);
	case CHUNKS_SIZE_LF: return chunks_begin(c, byte);
	case CHUNKS_DATA_CR: return chunks_expect(c, byte, '\r', CHUNKS_DATA_LF);
	case CHUNKS_DATA_LF: return chunks_expect(c, byte, '\n', CHUNKS_SIZE);
	case CHUNKS_TRAILER: return chunks_trailer(c, byte);
	case CHUNKS_TRAILER_LINE: return chunks_extra(c, byte, CHUNKS_TRAILER_LF);
	case CHUNKS_TRAILER_LF: return chunks_expect(c, byte, '\n', CHUNKS_TRAILER);
	case CHUNKS_END_LF: return chunks_expect(c, byte, '\n', CHUNKS_DONE);
	case CHUNKS_DATA:
	case CHUNKS_DONE: break;
	}
	return ERR_FORMAT;
}

enum err http_chunks_step(struct http_chunks *c, const uint8_t *data, size_t len, size_t *used, struct buf *body)
{
	size_t at = 0;
	enum err err = ERR_NONE;

	while (at < len && c->state != CHUNKS_DONE && !err) {
		size_t part;

		if (c->state != CHUNKS_DATA) {
			err = chunks_byte(c, data[at++]);
			if (!err && c->state == CHUNKS_DATA && c->left > body->max - body->len)
				err = ERR_LIMIT; /* known before it has come */
			continue;
		}
		part = (size_t)num_min(c->left, len - at);
		buf_append(body, data + at, part);
		err = body->err;
		at += part;
		c->left -= part;
		if (!c->left)
			c->state = CHUNKS_DATA_CR;
	}
	*used = at;
	return err;
}

/* ---- names and values ---- */

bool http_unescape(const char *text, size_t len, bool plus_is_space, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_digit((uint8_t)text[i + 1]) : -1;
			int low = i + 2 < len ? hex_digit((uint8_t)text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (!c)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

static size_t pairs_count(const char *data, size_t len)
{
	size_t count = 1;

	for (size_t i = 0; i < len; i++)
		count += data[i] == '&';
	return count;
}

/* One "name=value" into `room`; returns what it took of it, 0 for a bad one. */
static size_t pair_parse(struct http_pair *pair, const char *at, size_t len, char *room)
{
	const char *equals = memchr(at, '=', len);
	size_t name = equals ? (size_t)(equals - at) : len;
	size_t value = equals ? len - name - 1 : 0;

	pair->name = room;
	pair->value = room + name + 1;
	if (!http_unescape(at, name, true, room) || !http_unescape(equals ? equals + 1 : at, value, true, room + name + 1))
		return 0;
	return name + value + 2;
}

static enum err pairs_fill(struct http_pairs *p, const char *at, size_t len, char *room)
{
	while (len) {
		const char *end = memchr(at, '&', len);
		size_t part = end ? (size_t)(end - at) : len;

		if (part) {
			size_t took = pair_parse(&p->items[p->count], at, part, room);

			if (!took)
				return ERR_FORMAT;
			p->count++;
			room += took;
		}
		part += end ? 1 : 0;
		at += part;
		len -= part;
	}
	return ERR_NONE;
}

enum err http_pairs_parse(struct http_pairs *p, const void *data, size_t len)
{
	size_t count = len ? pairs_count(data, len) : 0;
	enum err err;

	*p = (struct http_pairs){ .count = 0 };
	if (!len)
		return ERR_NONE;
	if (count > HTTP_PAIRS_MAX)
		return ERR_LIMIT;
	p->memory = malloc(count * sizeof(*p->items) + len + 2 * count + 2);
	if (!p->memory)
		return ERR_NOMEM;
	p->items = p->memory;
	err = pairs_fill(p, data, len, (char *)(p->items + count));
	if (err)
		http_pairs_free(p);
	return err;
}

void http_pairs_free(struct http_pairs *p)
{
	free(p->memory);
	*p = (struct http_pairs){ .count = 0 };
}

const char *http_pairs_find(const struct http_pairs *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->items[i].name, name))
			return p->items[i].value;
	return NULL;
}

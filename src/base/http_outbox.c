#include "base/http_outbox.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <sodium.h>

#include "base/num.h"

enum { MARK_US = 100000, FIRST_BYTES = 1024, SYSTEM_BYTES = 65536 };

void outbox_socket(int fd)
{
	int yes = 1, waiting = SYSTEM_BYTES;

	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &waiting, sizeof(waiting));
}

void outbox_init(struct http_outbox *o, size_t max_bytes)
{
	*o = (struct http_outbox){ .max = max_bytes };
}

void outbox_fini(struct http_outbox *o)
{
	if (o->data)
		sodium_memzero(o->data, o->cap);
	free(o->data);
	o->data = NULL;
	o->head = o->len = o->cap = 0;
}

/* Not by realloc, which would leave what waits in the memory that it frees. */
static bool outbox_grow(struct http_outbox *o, size_t need)
{
	size_t cap = o->cap ? o->cap : FIRST_BYTES;
	uint8_t *data;

	while (cap < need)
		cap *= 2;
	data = malloc(cap);
	if (!data)
		return false;
	if (o->data) {
		memcpy(data, o->data + o->head, o->len);
		sodium_memzero(o->data, o->cap);
		free(o->data);
	}
	o->data = data;
	o->head = 0;
	o->cap = cap;
	return true;
}

uint8_t *outbox_room(struct http_outbox *o, size_t len)
{
	if (len > o->max || o->len > o->max - len)
		return NULL;
	if (o->head + o->len + len > o->cap && o->head) {
		memmove(o->data, o->data + o->head, o->len);
		sodium_memzero(o->data + o->len, o->head);
		o->head = 0;
	}
	if (o->len + len > o->cap && !outbox_grow(o, o->len + len))
		return NULL;
	return o->data + o->head + o->len;
}

static struct outbox_mark *mark_at(struct http_outbox *o, unsigned int index)
{
	return &o->marks[(o->first_mark + index) % OUTBOX_MARKS];
}

/* Bytes that are put within a tenth of a second, or when there is no mark left, count as old as the first of them. */
void outbox_commit(struct http_outbox *o, size_t len, uint64_t now_us)
{
	struct outbox_mark *last = o->mark_count ? mark_at(o, o->mark_count - 1) : NULL;

	assert(o->head + o->len + len <= o->cap);
	o->len += len;
	o->total += len;
	if (!last || (now_us - last->time_us >= MARK_US && o->mark_count < OUTBOX_MARKS)) {
		last = mark_at(o, o->mark_count++);
		last->time_us = now_us;
	}
	last->end = o->total;
}

enum err outbox_put(struct http_outbox *o, const void *data, size_t len, uint64_t now_us)
{
	uint8_t *at;

	if (!len)
		return ERR_NONE;
	if (len > o->max || o->len > o->max - len)
		return ERR_LIMIT;
	at = outbox_room(o, len);
	if (!at)
		return ERR_NOMEM;
	memcpy(at, data, len);
	outbox_commit(o, len, now_us);
	return ERR_NONE;
}

enum err outbox_flush(struct http_outbox *o, int fd)
{
	while (o->len) {
		ssize_t sent = send(fd, o->data + o->head, o->len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_NONE : ERR_CLOSED;
		sodium_memzero(o->data + o->head, (size_t)sent);
		o->head += (size_t)sent;
		o->len -= (size_t)sent;
	}
	o->head = 0;
	return ERR_NONE;
}

uint64_t outbox_age_us(struct http_outbox *o, int fd, uint64_t now_us)
{
	int unacked = 0;
	uint64_t done;

	if (!o->mark_count)
		return 0;
	if (ioctl(fd, SIOCOUTQ, &unacked) || unacked < 0)
		unacked = 0;
	done = num_over(o->total, o->len + (uint64_t)unacked);
	while (o->mark_count && mark_at(o, 0)->end <= done) {
		o->first_mark = (o->first_mark + 1) % OUTBOX_MARKS;
		o->mark_count--;
	}
	return o->mark_count ? num_over(now_us, mark_at(o, 0)->time_us) : 0;
}

#include "voice/lineup/lease_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err lease_host_open(struct lease_host *h, const char *path, struct err_detail *detail)
{
	enum err err;

	h->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (h->fd >= 0)
		return ERR_NONE;
	err = err_from_errno(errno);
	snprintf(detail->message, sizeof(detail->message), "the file of leases cannot be opened: %s", strerror(errno));
	snprintf(detail->where, sizeof(detail->where), "%.150s", path);
	snprintf(detail->hint, sizeof(detail->hint), "give the user write permission there, or set data.dir to another folder");
	return err;
}

void lease_host_close(struct lease_host *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

/* FNV-1a; the places are as far apart as an account has slots. */
uint64_t lease_host_place(const struct id128 *tenant, const char *provider)
{
	uint64_t hash = 14695981039346656037u;
	size_t i;

	for (i = 0; i < sizeof(tenant->bytes); i++)
		hash = (hash ^ tenant->bytes[i]) * 1099511628211u;
	for (; *provider; provider++)
		hash = (hash ^ (uint8_t)*provider) * 1099511628211u;
	return (hash >> 24) * LEASE_HOST_SLOTS;
}

static struct flock one_byte(short type, uint64_t place, uint32_t slot)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(place + slot), .l_len = 1 };
}

/* How far whoever has that byte has those behind it, too. He may have given it back by now: then the next one is tried, and not this one for ever. */
static uint32_t held_to(const struct lease_host *h, uint64_t place, uint32_t slot)
{
	struct flock lock = one_byte(F_WRLCK, place, slot);
	uint64_t end;

	if (fcntl(h->fd, F_OFD_GETLK, &lock) || lock.l_type == F_UNLCK)
		return slot + 1;
	end = (uint64_t)lock.l_start + (uint64_t)lock.l_len;
	return lock.l_len <= 0 || end - place > LEASE_HOST_SLOTS ? LEASE_HOST_SLOTS : (uint32_t)(end - place);
}

enum lease_slot lease_host_take(const struct lease_host *h, uint64_t place, uint32_t slot, uint32_t *next)
{
	struct flock lock = one_byte(F_WRLCK, place, slot);

	if (!fcntl(h->fd, F_OFD_SETLK, &lock))
		return LEASE_SLOT_TAKEN;
	if (errno != EAGAIN && errno != EACCES)
		return LEASE_SLOT_UNKNOWN;
	*next = held_to(h, place, slot);
	return LEASE_SLOT_HELD;
}

/* Should the system have no memory to part two locks, the byte stays ours until the process ends: one stream less, never one too many. */
void lease_host_give(const struct lease_host *h, uint64_t place, uint32_t slot)
{
	struct flock lock = one_byte(F_UNLCK, place, slot);

	(void)fcntl(h->fd, F_OFD_SETLK, &lock);
}

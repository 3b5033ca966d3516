/* What is the same for every backend of recordings: what may be asked for at all. See recordings.h. */
#include "data/recordings.h"

#include <assert.h>
#include <string.h>

void recordings_close(struct recordings **rp)
{
	struct recordings *r = *rp;

	*rp = NULL;
	if (r)
		r->backend->close(r);
}

static enum err refuse(struct job **slot, enum err err)
{
	if (slot)
		*slot = NULL;
	return err;
}

enum err recordings_put(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const void *data, size_t len,
	recordings_done_h *h, void *arg)
{
	assert(t && h && name->part < RECORDING_PARTS);
	return len > RECORDING_PUT_MAX_BYTES ? refuse(slot, ERR_LIMIT) : r->backend->put(r, slot, t, name, data, len, h, arg);
}

enum err recordings_put_file(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const char *path,
	recordings_done_h *h, void *arg)
{
	assert(t && h && name->part < RECORDING_PARTS);
	return strlen(path) >= DISK_PATH_MAX ? refuse(slot, ERR_LIMIT) : r->backend->put_file(r, slot, t, name, path, h, arg);
}

enum err recordings_read(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, uint64_t offset, size_t len,
	recordings_read_h *h, void *arg)
{
	assert(t && h && name->part < RECORDING_PARTS);
	return len > RECORDING_RANGE_MAX_BYTES ? refuse(slot, ERR_LIMIT) : r->backend->read(r, slot, t, name, offset, len, h, arg);
}

enum err recordings_delete(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, recordings_done_h *h, void *arg)
{
	assert(t && h && name->part < RECORDING_PARTS);
	return r->backend->erase(r, slot, t, name, h, arg);
}

/* Recordings: files of a tenant, by the call's id and a part. Whole or not at all; durable when answered; asynchronous as jobs.h says.
 *
 * A recording is put once, from memory or from a file of ours, read in ranges, deleted. Names on disk are made of ids alone, never of
 * outside bytes. What a tenant asks for is looked up among that tenant's (N8). Large files are read and written in pieces by the
 * backend's own threads; nothing is held in memory but the range that was asked for.
 */
#ifndef DATA_RECORDINGS_H
#define DATA_RECORDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/jobs.h"
#include "base/tenant.h"

enum {
	RECORDING_ID_BYTES = 16,
	RECORDING_RANGE_MAX_BYTES = 4 << 20, /* of one read */
	RECORDING_PUT_MAX_BYTES = 16 << 20   /* from memory */
};

#define RECORDING_MAX_BYTES (UINT64_C(4) << 30)

enum recording_part {
	RECORDING_TRACKS,   /* both sides, lossless */
	RECORDING_WAVEFORM, /* what the page draws */
	RECORDING_MIX,      /* for people's players */
	RECORDING_PARTS
};

struct recording_name {
	uint8_t call[RECORDING_ID_BYTES];
	enum recording_part part;
};

/* `bytes` is the whole recording's length; `data` holds `len` of it from the offset that was asked for, fewer only at its end. */
struct recording_range {
	const uint8_t *data;
	size_t len;
	uint64_t bytes;
};

/* ERR_EXISTS: it was put before; ERR_NOTFOUND; ERR_FULL, ERR_IO, ERR_LIMIT, ERR_TIMEOUT. */
typedef void recordings_done_h(void *arg, enum err err);
typedef void recordings_read_h(void *arg, enum err err, const struct recording_range *range); /* borrowed for the call */

struct recordings;

struct recordings_backend {
	const char *name;
	void (*close)(struct recordings *r);
	enum err (*put)(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const void *data, size_t len,
		recordings_done_h *h, void *arg);
	enum err (*put_file)(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const char *path,
		recordings_done_h *h, void *arg);
	enum err (*read)(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, uint64_t offset, size_t len,
		recordings_read_h *h, void *arg);
	enum err (*erase)(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, recordings_done_h *h, void *arg);
};

struct recordings {
	const struct recordings_backend *backend;
};

/* Files below `folder` (made when it is not there). Blocks. */
enum err files_recordings_open(struct recordings **rp, uv_loop_t *loop, const struct disk *disk, const char *folder, struct err_detail *detail) MUST_USE;
void recordings_close(struct recordings **rp); /* NULL-safe; as documents_close */

/* The bytes are copied. */
enum err recordings_put(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const void *data, size_t len,
	recordings_done_h *h, void *arg) MUST_USE;

/* Copies the file at `path`, which is one of ours and stays where it is. */
enum err recordings_put_file(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const char *path,
	recordings_done_h *h, void *arg) MUST_USE;

/* A length of 0 asks for the size alone. ERR_LIMIT: the range is too long. An offset behind the end reads nothing. */
enum err recordings_read(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, uint64_t offset, size_t len,
	recordings_read_h *h, void *arg) MUST_USE;
enum err recordings_delete(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, recordings_done_h *h,
	void *arg) MUST_USE;

#endif

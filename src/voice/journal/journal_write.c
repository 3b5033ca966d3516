/* Batches to files: segments, and when the disk is full the reserve (events) and the ring (audio). See journal_write.h.
 *
 * Every path ends in a sync or an error. After an error the batch is still whole in memory and goes to another file, whose
 * header says what it repeats. Refuses to count a second sync of the same file as success. */
#include "voice/journal/journal_write.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_TRIES = 3, EVENTS = 0, AUDIO = 1 };

static void file_name(char out[48], const char *what, uint64_t number)
{
	snprintf(out, 48, "%s-%016" PRIx64 ".cfj", what, number);
}

static enum err open_in(struct journal_writer *w, struct disk_file **fp, const char *name, unsigned int flags)
{
	char path[DISK_PATH_MAX];

	*fp = NULL;
	return disk_path(path, w->dir, name) ? ERR_LIMIT : disk_open(&w->disk, fp, path, flags);
}

static enum err unlink_in(struct journal_writer *w, const char *name)
{
	char path[DISK_PATH_MAX];

	return disk_path(path, w->dir, name) ? ERR_LIMIT : disk_unlink(&w->disk, path);
}

/* What is left of it costs room, nothing else. */
static void discard(struct journal_writer *w, const char *name)
{
	enum err ignored = unlink_in(w, name);

	(void)ignored;
}

static void header_for(struct journal_writer *w, uint8_t out[JOURNAL_FILE_HEADER_BYTES], enum journal_role role,
	uint64_t rewritten, uint64_t capacity, uint64_t now_us)
{
	struct journal_file_header h = {
		.role = role,
		.after_full = w->after_full,
		.order = w->next_order,
		.previous = w->previous.order,
		.previous_bytes = w->previous.offset,
		.previous_size = w->previous_size,
		.opened_us = now_us,
		.opened_wall_us = now_us + w->options.wall_offset_us,
		.writer = w->id,
		.replaces_order = w->replaces_order,
		.replaces_offset = w->replaces_offset,
		.rewritten_bytes = w->replaces_order ? rewritten : 0,
		.capacity_bytes = capacity,
	};

	journal_file_header_encode(out, &h);
	w->next_order++;
}

/* ---- spares ---- */

static enum err spare_make(struct journal_writer *w, struct spare_file *s, const char *what, uint64_t bytes)
{
	enum err err;

	file_name(s->name, what, w->next_order++);
	err = open_in(w, &s->file, s->name, DISK_WRITE | DISK_CREATE | DISK_NEW);
	if (err)
		return err;
	err = disk_preallocate(s->file, bytes);
	if (!err)
		err = disk_sync(s->file);
	if (!err)
		err = disk_sync_folder(&w->disk, w->dir);
	if (err) {
		disk_close(&s->file);
		discard(w, s->name);
	}
	return err;
}

static bool spare_is_blank(struct disk_file *f, uint64_t bytes)
{
	uint8_t chunk[65536];
	uint64_t size, at;
	size_t got;

	if (disk_size(f, &size) || size != bytes)
		return false;
	for (at = 0; at < size; at += got) {
		enum err err = disk_written(f, at, &at);

		if (err)
			return err == ERR_NOTFOUND;
		if (disk_read(f, at, chunk, sizeof(chunk), &got) || !got || !journal_is_blank(chunk, got))
			return false;
	}
	return true;
}

struct spare_search {
	const char *prefix;
	char name[48];
};

static void spare_seen(void *arg, const char *name)
{
	struct spare_search *s = arg;

	/* The newest: used ones are older. */
	if (!strncmp(name, s->prefix, strlen(s->prefix)) && strlen(name) < sizeof(s->name) && strcmp(name, s->name) > 0)
		snprintf(s->name, sizeof(s->name), "%s", name);
}

static bool spare_is_used(struct disk_file *f)
{
	uint8_t bytes[JOURNAL_FILE_HEADER_BYTES];
	size_t got;

	return disk_read(f, 0, bytes, sizeof(bytes), &got) || (got == sizeof(bytes) && !journal_is_blank(bytes, got));
}

/* Takes over an unused spare of an earlier life; what was not made whole, or is not blank behind a blank header, is thrown
 * away. */
static bool spare_adopt(struct journal_writer *w, struct spare_file *s, const char *what, uint64_t bytes)
{
	for (;;) {
		struct spare_search search = { .prefix = what };

		if (disk_list(&w->disk, w->dir, spare_seen, &search) || !*search.name)
			return false;
		snprintf(s->name, sizeof(s->name), "%s", search.name);
		if (open_in(w, &s->file, s->name, DISK_WRITE) || spare_is_used(s->file)) {
			disk_close(&s->file);
			return false;
		}
		if (spare_is_blank(s->file, bytes))
			return true;
		disk_close(&s->file);
		if (unlink_in(w, s->name))
			return false;
	}
}

static enum err spares_fill(struct journal_writer *w, uint64_t now_us)
{
	enum err err = ERR_NONE;

	w->probed_us = now_us;
	if (!w->reserve.file && !spare_adopt(w, &w->reserve, "reserve", w->options.reserve_bytes))
		err = spare_make(w, &w->reserve, "reserve", w->options.reserve_bytes);
	if (!err && !w->ring.file && !spare_adopt(w, &w->ring, "ring", w->options.ring_bytes))
		err = spare_make(w, &w->ring, "ring", w->options.ring_bytes);
	return err;
}

/* ---- one file ---- */

/* So much of this file is durable now. A ring is begun behind the reserve and stays the last of the two. */
static void durable_to(struct journal_writer *w, uint64_t order, uint64_t bytes)
{
	if (order < w->previous.order)
		return;
	w->previous = (struct journal_position){ .order = order, .offset = bytes };
	w->previous_size = 0;
}

/* Nothing is written to it from here on: what lies behind this length one day was never ours. (A reserve's and a ring's length stands in
 * its own header.) */
static void file_leave(struct journal_writer *w)
{
	uint64_t bytes;

	if (w->file && !w->split && w->order == w->previous.order && !disk_size(w->file, &bytes))
		w->previous_size = bytes;
	disk_close(&w->file);
}

/* Marks the proper end: everything before it was durable. Room and success are nice to have. */
static void file_mark(struct journal_writer *w, uint64_t limit, uint64_t now_us)
{
	uint8_t out[JOURNAL_RECORD_HEADER_BYTES + JOURNAL_SEAL_BYTES];
	struct journal_header h = { .kind = JOURNAL_MARK,
		.first = true,
		.batch = w->last_batch + 1,
		.time_us = now_us,
		.wall_us = now_us + w->options.wall_offset_us };
	size_t len = journal_record_encode(out, &h, NULL, 0, NULL);

	if (limit && w->size + len > limit)
		return;
	if (disk_write(w->file, w->size, out, len) || disk_sync(w->file))
		return;
	w->size += len;
	durable_to(w, w->order, w->size);
}

static void file_finish(struct journal_writer *w, uint64_t now_us)
{
	if (w->file && w->size)
		file_mark(w, w->split ? w->options.reserve_bytes : 0, now_us);
	file_leave(w);
}

/* Its unsynced end is treated as lost; the next file repeats it. A full disk is told of by its own name. */
static void file_lost(struct journal_writer *w, enum err err)
{
	if (err != ERR_FULL && !w->lost_told) {
		log_warn(&w->log, "a file of the journal failed: its end is written again to another one", LOG_ERR(err), LOG_UINT("file", w->order),
			LOG_UINT("durable_bytes", w->size));
		w->lost_told = true;
	}
	if (!w->replaces_order) {
		w->replaces_order = w->order;
		w->replaces_offset = w->size;
	}
	file_leave(w);
	atomic_fetch_add(&w->lost_files, 1);
}

static enum err segment_begin(struct journal_writer *w, uint64_t rewritten, uint64_t now_us)
{
	uint8_t header[JOURNAL_FILE_HEADER_BYTES];
	enum err err;

	w->order = w->next_order;
	w->size = 0;
	file_name(w->name, "seg", w->order);
	err = open_in(w, &w->file, w->name, DISK_WRITE | DISK_CREATE | DISK_NEW);
	if (err) {
		w->next_order++;
		return err;
	}
	header_for(w, header, JOURNAL_ROLE_SEGMENT, rewritten, 0, now_us);
	return disk_write(w->file, 0, header, sizeof(header));
}

/* Records behind what is durable, and a sync. */
static enum err file_append(struct journal_writer *w, const uint8_t *data, size_t len)
{
	bool fresh = !w->size;
	uint64_t at = fresh ? JOURNAL_FILE_HEADER_BYTES : w->size;
	enum err err = disk_write(w->file, at, data, len);

	if (!err)
		err = disk_sync(w->file);
	if (!err && fresh)
		err = disk_sync_folder(&w->disk, w->dir);
	if (err)
		return err;
	w->size = at + len;
	durable_to(w, w->order, w->size);
	w->replaces_order = 0;
	w->lost_told = false;
	return ERR_NONE;
}

/* ---- the usual way ---- */

static enum err write_try(struct journal_writer *w, const struct journal_batch *b, uint64_t now_us)
{
	enum err err = ERR_NONE;

	if (w->file && w->size && w->size + b->len > w->options.segment_bytes)
		file_finish(w, now_us);
	if (!w->file)
		err = segment_begin(w, b->len, now_us);
	if (!err)
		err = file_append(w, b->data, b->len);
	if (!err)
		return err;
	if (!w->file)
		return err;
	file_lost(w, err);
	if (!w->size) /* nothing in it was durable; a disk that fails for good would be given one with every try */
		discard(w, w->name);
	return err;
}

static enum err write_whole(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	enum err err = ERR_IO;
	int tries;

	for (tries = 0; tries < SEGMENT_TRIES; tries++) {
		err = write_try(w, b, now_us);
		if (!err || err == ERR_FULL || err == ERR_DENIED)
			break;
	}
	if (!err) {
		w->after_full = false;
		w->last_batch = b->id;
		b->audio = BATCH_AUDIO_KEPT;
		b->durable = (struct journal_position){ .order = w->order, .offset = w->size };
	}
	return err;
}

/* ---- the disk is full ---- */

static enum err batch_split(struct journal_batch *b)
{
	size_t at = 0;
	int i;

	for (i = EVENTS; i <= AUDIO; i++) {
		if (!b->split[i])
			b->split[i] = malloc(b->len);
		if (!b->split[i])
			return ERR_NOMEM;
		b->split_len[i] = 0;
	}
	while (at < b->len) {
		uint8_t kind;
		size_t len = journal_record_stride(b->data + at, &kind);

		i = journal_kind_class(kind) == JOURNAL_CLASS_AUDIO ? AUDIO : EVENTS;
		memcpy(b->split[i] + b->split_len[i], b->data + at, len);
		b->split_len[i] += len;
		at += len;
	}
	return ERR_NONE;
}

/* From now on events go to the reserve. */
static enum err reserve_begin(struct journal_writer *w, const struct journal_batch *b, uint64_t now_us)
{
	uint8_t header[JOURNAL_FILE_HEADER_BYTES];
	enum err err;

	if (w->split)
		file_finish(w, now_us);
	w->split = true;
	w->after_full = true;
	disk_close(&w->file);
	if (!w->reserve.file)
		return ERR_FULL;
	w->file = w->reserve.file;
	w->reserve.file = NULL;
	snprintf(w->name, sizeof(w->name), "%s", w->reserve.name);
	w->order = w->next_order;
	w->size = 0;
	header_for(w, header, JOURNAL_ROLE_RESERVE, b->split_len[EVENTS], w->options.reserve_bytes, now_us);
	err = disk_write(w->file, 0, header, sizeof(header));
	if (!err)
		err = disk_sync(w->file);
	if (err) {
		file_lost(w, err);
		discard(w, w->name); /* nothing in it was durable, so nothing may build on its header */
		return err;
	}
	w->size = sizeof(header);
	durable_to(w, w->order, w->size);
	return ERR_NONE;
}

static enum err ring_begin(struct journal_writer *w, uint64_t now_us)
{
	uint8_t header[JOURNAL_FILE_HEADER_BYTES];

	if (w->ring_used)
		return ERR_NONE;
	w->ring_used = true;
	w->ring_order = w->next_order;
	w->ring_at = JOURNAL_FILE_HEADER_BYTES;
	header_for(w, header, JOURNAL_ROLE_RING, 0, w->options.ring_bytes, now_us);
	return disk_write(w->ring.file, 0, header, sizeof(header));
}

static enum err ring_write(struct journal_writer *w, const uint8_t *data, size_t len, uint64_t now_us)
{
	enum err err;

	if (!w->ring.file || len + JOURNAL_FILE_HEADER_BYTES > w->options.ring_bytes)
		return ERR_FULL;
	err = ring_begin(w, now_us);
	if (err)
		return err;
	if (w->ring_at + len > w->options.ring_bytes)
		w->ring_at = JOURNAL_FILE_HEADER_BYTES;
	err = disk_write(w->ring.file, w->ring_at, data, len);
	if (!err)
		err = disk_sync(w->ring.file);
	if (!err)
		durable_to(w, w->ring_order, JOURNAL_FILE_HEADER_BYTES); /* what is behind it is written over */
	w->ring_at += len;
	return err;
}

static void write_audio(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	enum err err;

	b->audio = BATCH_AUDIO_KEPT;
	if (!b->split_len[AUDIO])
		return;
	err = ring_write(w, b->split[AUDIO], b->split_len[AUDIO], now_us);
	b->audio = err ? BATCH_AUDIO_LOST : BATCH_AUDIO_RING;
	if (err && w->ring.file && err != ERR_FULL) {
		disk_close(&w->ring.file); /* audio is given up until there is room for a new ring */
		atomic_fetch_add(&w->lost_files, 1);
		if (w->previous.order < w->ring_order)
			discard(w, w->ring.name); /* its header never was durable */
	}
}

static enum err write_split(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	enum err err = ERR_NONE;

	if (w->size + b->split_len[EVENTS] > w->options.reserve_bytes)
		return ERR_FULL;
	if (b->split_len[EVENTS])
		err = file_append(w, b->split[EVENTS], b->split_len[EVENTS]);
	if (err) {
		file_lost(w, err);
		return err;
	}
	write_audio(w, b, now_us);
	w->last_batch = b->id;
	b->durable = (struct journal_position){ .order = w->order, .offset = w->size };
	return ERR_NONE;
}

/* Is there room again? Only when a whole new reserve and ring fit. What the used ones hold is kept as it lies. */
static bool recover(struct journal_writer *w, uint64_t now_us)
{
	struct spare_file ring = w->ring;
	bool ring_used = w->ring_used;

	if (ring_used)
		w->ring.file = NULL;
	if (spares_fill(w, now_us)) {
		if (ring_used)
			w->ring = ring;
		return false;
	}
	if (ring_used)
		disk_close(&ring.file);
	w->ring_used = false;
	file_finish(w, now_us);
	w->split = false;
	return true;
}

/* Of a batch that was split. */
static bool fits_reserve(const struct journal_writer *w, const struct journal_batch *b)
{
	return JOURNAL_FILE_HEADER_BYTES + b->split_len[EVENTS] <= w->options.reserve_bytes;
}

static enum err write_full(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	enum err err = batch_split(b);

	if (err)
		return err;
	if (!fits_reserve(w, b))
		return ERR_FULL; /* no reserve holds it: none is used up by trying */
	if (!w->split || !w->file || w->size + b->split_len[EVENTS] > w->options.reserve_bytes)
		err = reserve_begin(w, b, now_us);
	return err ? err : write_split(w, b, now_us);
}

static void spare_drop(struct journal_writer *w, struct spare_file *s)
{
	if (!s->file)
		return;
	disk_close(&s->file);
	discard(w, s->name);
}

/* More than a reserve can hold waits, and there is no room beside the spares: what they keep is room as well. They are made again when the
 * disk has some. */
static enum err write_into_spares(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	spare_drop(w, &w->reserve);
	if (!w->ring_used)
		spare_drop(w, &w->ring);
	if (w->split) {
		disk_close(&w->ring.file);
		w->ring_used = false;
		file_finish(w, now_us);
		w->split = false;
	}
	return write_whole(w, b, now_us);
}

static bool probe_due(const struct journal_writer *w, uint64_t now_us)
{
	return now_us - w->probed_us >= w->options.probe_us;
}

static enum err write_any(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	enum err err = ERR_FULL;

	w->log.doing = w->split ? "writing a batch to a full disk" : "writing a batch";
	if (w->split && (!w->file || probe_due(w, now_us)))
		recover(w, now_us);
	else if (!w->split && (!w->reserve.file || !w->ring.file) && probe_due(w, now_us))
		err = spares_fill(w, now_us); /* an error only means: still short */
	if (!w->split)
		err = write_whole(w, b, now_us);
	if (err == ERR_FULL)
		err = write_full(w, b, now_us);
	if (err && w->split && recover(w, now_us))
		err = write_whole(w, b, now_us);
	if (err == ERR_FULL && !fits_reserve(w, b))
		err = write_into_spares(w, b, now_us);
	return err;
}

static enum journal_health health_of(const struct journal_writer *w)
{
	if (w->split)
		return w->ring.file ? JOURNAL_AUDIO_RING : JOURNAL_EVENTS_ONLY;
	return w->reserve.file && w->ring.file ? JOURNAL_OK : JOURNAL_SHORT;
}

bool writer_probe_due(const struct journal_writer *w, uint64_t now_us)
{
	return health_of(w) != JOURNAL_OK && probe_due(w, now_us);
}

/* Nothing is to be written: is there room again? Else a worker that is given no call because its journal is short would be short for ever. */
static void probe(struct journal_writer *w, uint64_t now_us)
{
	w->log.doing = "looking for room";
	if (w->split)
		recover(w, now_us);
	else
		(void)!spares_fill(w, now_us);
}

/* ---- the log ---- */

static const char *health_message(enum journal_health health)
{
	switch (health) {
	case JOURNAL_OK: return "the journal is well again";
	case JOURNAL_SHORT: return "the journal has no reserve for a full disk: no new call is to be taken";
	case JOURNAL_AUDIO_RING: return "the disk is full: events go to the reserve, audio to the ring";
	case JOURNAL_EVENTS_ONLY: return "the disk is full: events go to the reserve, audio is given up";
	case JOURNAL_STOPPED: return "the journal has stopped: nothing that happens now is kept";
	}
	return "unknown";
}

/* Worse than before is an alert; better, but not well, is none: it may well be worse again with the next batch. */
static void health_set(struct journal_writer *w, enum journal_health health, enum err err)
{
	err = w->split && !err ? ERR_FULL : err;
	atomic_store(&w->health, (int)health);
	if (health > w->told) {
		log_error(&w->log, health_message(health), LOG_TEXT("health", journal_health_name(health)), LOG_TEXT("error", err ? err_name(err) : NULL));
		w->told = health;
	} else if (health == JOURNAL_OK && w->told != JOURNAL_OK) {
		log_info(&w->log, health_message(health), LOG_TEXT("was", journal_health_name(w->told)));
		w->told = health;
	}
}

static void log_about(struct journal_writer *w, const struct journal_batch *b)
{
	w->log.call = w->options.log_call;
	if (w->log.call || b->entry_count != 1)
		return;
	id128_print(journal_call_id(b->entries[0].call), w->log_id);
	w->log.call = w->log_id;
}

/* Keys first. An erasure that finds no room must not stop the calls: it is owed. */
static enum err write_keys(struct journal_writer *w, uint64_t now_us)
{
	bool owed = atomic_load(&w->keys_owed);
	enum err err;

	w->log.doing = "writing the keys";
	if (owed && w->keys_failed_us && now_us - w->keys_failed_us < w->options.probe_us &&
		!keyring_counts(w->keyring).waiting)
		return ERR_NONE;
	err = keyring_flush(w->keyring);
	if (err == ERR_IO)
		err = keyring_flush(w->keyring); /* goes to a new file */
	if (!err) {
		atomic_store(&w->keys_owed, 0);
		w->keys_failed_us = 0;
		if (w->keys_told)
			log_info(&w->log, "what was erased is off the disk as well");
		w->keys_told = false;
		return ERR_NONE;
	}
	w->keys_failed_us = now_us;
	atomic_store(&w->keys_owed, 1);
	if (keyring_counts(w->keyring).waiting)
		return err;
	if (!w->keys_told)
		log_error(&w->log, "what was erased is not off the disk yet", LOG_ERR(err));
	w->keys_told = true;
	return ERR_NONE;
}

enum err writer_write(struct journal_writer *w, struct journal_batch *b, uint64_t now_us)
{
	enum err err;

	log_about(w, b);
	err = write_keys(w, now_us);
	b->durable = (struct journal_position){ .order = w->file ? w->order : 0, .offset = w->file ? w->size : 0 };
	if (!err && b->len)
		err = write_any(w, b, now_us);
	else if (!err && writer_probe_due(w, now_us))
		probe(w, now_us);
	health_set(w, err ? JOURNAL_STOPPED : health_of(w), err);
	return err;
}

void writer_open(struct journal_writer *w, const struct journal_left *left, uint64_t now_us)
{
	enum err err;

	w->previous = left->previous;
	w->previous_size = left->previous_size;
	w->next_order = left->highest + 1;
	if (w->options.random)
		w->options.random(w->options.random_arg, w->id.bytes, sizeof(w->id.bytes));
	else
		randombytes_buf(w->id.bytes, sizeof(w->id.bytes));
	err = spares_fill(w, now_us);
	if (err)
		health_set(w, JOURNAL_SHORT, err);
}

void writer_close(struct journal_writer *w, bool properly, uint64_t now_us)
{
	if (properly)
		file_finish(w, now_us);
	disk_close(&w->file);
	disk_close(&w->reserve.file);
	disk_close(&w->ring.file);
}

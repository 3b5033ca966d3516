/* How far a journal was shipped, on the disk, and what may be deleted behind that.
 *
 * The cursor is replaced whole; a file goes only when all of it lies before the cursor that is saved. On a disk without room even for the
 * cursor, the oldest file becomes it: renamed, which needs no room, its head says that everything up to its order was shipped, and the rest
 * of it is room. Refuses to leave a hole: files go from the beginning on, none behind one that stays. */
#include "voice/shipping/ship_state.h"

#include <string.h>

enum { CURSOR_BYTES = 48 };

static const uint8_t cursor_magic[8] = { 'C', 'F', 'S', 'H', 'I', 'P', 1, 0x0a };
static const char room_name[] = "cursor.room"; /* the file that became the cursor, until the next one is saved */

/* ---- files ---- */

/* Gone for good, before the next one goes: a power cut that brought this one back alone would leave a hole behind it. */
static enum err file_delete(struct ship *s, const struct journal_file *f)
{
	char path[DISK_PATH_MAX];
	enum err err = disk_path(path, s->dir, f->name);

	s->stale = true;
	if (!err)
		err = disk_unlink(&s->disk, path);
	s->counts.deleted_files += !err;
	return err ? err : disk_sync_folder(&s->disk, s->dir);
}

/* ---- the cursor ---- */

static enum err cursor_read(const struct disk *d, const char *dir, uint8_t out[CURSOR_BYTES])
{
	char path[DISK_PATH_MAX];
	struct buf b;
	enum err err = disk_path(path, dir, "cursor") ? ERR_LIMIT : ERR_NONE;

	buf_init(&b, CURSOR_BYTES);
	if (!err)
		err = disk_load(d, path, &b);
	if (!err && (b.len != CURSOR_BYTES || memcmp(b.data, cursor_magic, sizeof(cursor_magic)) != 0 ||
		get_le32(b.data + 44) != journal_checksum(b.data, 44)))
		err = ERR_CORRUPT;
	if (!err)
		memcpy(out, b.data, CURSOR_BYTES);
	buf_fini(&b);
	return err;
}

/* The file that became the cursor; *shipped is only changed when it says more. False: there is none. */
static bool room_read(const struct disk *d, const char *dir, struct journal_position *shipped)
{
	uint8_t bytes[JOURNAL_FILE_HEADER_BYTES];
	struct journal_file_header h = { .order = 0 };
	char path[DISK_PATH_MAX];
	struct disk_file *f;
	size_t got = 0;

	if (disk_path(path, dir, room_name) || disk_open(d, &f, path, DISK_READ))
		return false;
	if (!disk_read(f, 0, bytes, sizeof(bytes), &got) && !journal_file_header_decode(&h, bytes, got) && h.role != JOURNAL_ROLE_UNUSED &&
		h.role != JOURNAL_ROLE_EXPORT && h.order >= shipped->order && h.order < UINT64_MAX)
		*shipped = (struct journal_position){ .order = h.order + 1 };
	disk_close(&f);
	return true;
}

enum err ship_cursor_read(const struct disk *disk, const char *dir, struct journal_position *shipped)
{
	uint8_t bytes[CURSOR_BYTES];
	enum err err = cursor_read(disk, dir, bytes);

	*shipped = (struct journal_position){ 0 };
	if (!err)
		*shipped = (struct journal_position){ .order = get_le64(bytes + 8), .offset = get_le64(bytes + 16) };
	if ((!err || err == ERR_NOTFOUND) && room_read(disk, dir, shipped) && shipped->order)
		err = ERR_NONE;
	return err;
}

/* A cursor behind every file is of a folder that was lost in part (a reserve's order goes with its header): what is written
 * from now on would lie before it, and would never be shipped. */
static void cursor_check(struct ship *s)
{
	struct journal_files files;

	if (!journal_files_list(&files, &s->disk, s->dir) && s->cursor.order > files.highest)
		s->cursor = (struct journal_position){ 0 };
	journal_files_free(&files);
}

/* To its head: what was behind it was shipped. */
static enum err room_shrink(struct ship *s)
{
	char path[DISK_PATH_MAX];
	struct disk_file *f = NULL;
	enum err err = disk_path(path, s->dir, room_name);

	if (!err)
		err = disk_open(&s->disk, &f, path, DISK_WRITE);
	if (!err)
		err = disk_truncate(f, JOURNAL_FILE_HEADER_BYTES);
	if (!err)
		err = disk_sync(f);
	disk_close(&f);
	return err;
}

void ship_cursor_load(struct ship *s)
{
	uint8_t bytes[CURSOR_BYTES];

	if (!cursor_read(&s->disk, s->dir, bytes)) {
		s->cursor.order = get_le64(bytes + 8);
		s->cursor.offset = get_le64(bytes + 16);
		s->counts.acked_records = get_le64(bytes + 24);
		s->counts.acked_bytes = get_le64(bytes + 32);
	}
	s->has_room_file = room_read(&s->disk, s->dir, &s->cursor);
	if (s->has_room_file)
		(void)!room_shrink(s); /* its process may have died before it did */
	s->saved = s->cursor;
	cursor_check(s);
}

static bool same(const struct journal_position *a, const struct journal_position *b)
{
	return a->order == b->order && a->offset == b->offset;
}

static enum err cursor_write(struct ship *s)
{
	uint8_t bytes[CURSOR_BYTES] = { 0 };

	memcpy(bytes, cursor_magic, sizeof(cursor_magic));
	put_le64(bytes + 8, s->cursor.order);
	put_le64(bytes + 16, s->cursor.offset);
	put_le64(bytes + 24, s->counts.acked_records);
	put_le64(bytes + 32, s->counts.acked_bytes);
	put_le32(bytes + 44, journal_checksum(bytes, 44));
	return disk_replace(&s->disk, s->dir, "cursor", bytes, sizeof(bytes));
}

/* Wholly before `end`, and nobody needs it any more. */
static bool may_go(const struct ship *s, const struct journal_file *f, const struct journal_position *end)
{
	return f->header.order < end->order && f->header.order < s->keep_order && ship_is_closed(s, f);
}

/* The file becomes the cursor: the new name is durable before a byte of it goes. */
static enum err file_become_cursor(struct ship *s, const struct journal_file *f)
{
	char from[DISK_PATH_MAX], to[DISK_PATH_MAX];
	enum err err = disk_path(from, s->dir, f->name);

	if (!err)
		err = disk_path(to, s->dir, room_name);
	s->stale = true;
	if (!err)
		err = disk_rename(&s->disk, from, to);
	if (err)
		return err;
	s->has_room_file = true;
	s->counts.deleted_files++;
	err = disk_sync_folder(&s->disk, s->dir);
	return err ? err : room_shrink(s);
}

/* A disk without room even for the cursor: the oldest file makes it, when all of it was acknowledged, however young it is. */
static bool room_make(struct ship *s)
{
	size_t i = 0;

	while (i < s->files.count && !ship_is_kind(&s->files.items[i]))
		i++;
	return !s->options.keep_all && !s->stale && i < s->files.count && may_go(s, &s->files.items[i], &s->cursor) &&
		!file_become_cursor(s, &s->files.items[i]);
}

/* The cursor is saved. A power cut that brings this one back does no harm: it says less. */
static void room_drop(struct ship *s)
{
	char path[DISK_PATH_MAX];

	if (s->has_room_file && !disk_path(path, s->dir, room_name))
		s->has_room_file = disk_unlink(&s->disk, path) != ERR_NONE;
}

void ship_cursor_save(struct ship *s, uint64_t now_us)
{
	enum err err;

	if (same(&s->cursor, &s->saved))
		return;
	s->saved_us = now_us;
	s->log.doing = "saving the cursor";
	err = cursor_write(s);
	if (err == ERR_FULL && room_make(s))
		err = cursor_write(s);
	if (err) {
		ship_disk_failed(s, "how far the journal was shipped cannot be saved", err);
		return;
	}
	s->saved = s->cursor;
	room_drop(s);
	ship_tell_well(s, &s->disk_told, "the disk is well again: shipping goes on");
}

/* ---- deleting ---- */

/* When was it closed? When the next one was opened. */
static bool old_enough(const struct ship *s, size_t i, uint64_t wall_us)
{
	size_t next;

	for (next = i + 1; next < s->files.count; next++)
		if (ship_is_kind(&s->files.items[next]) && !s->files.items[next].err)
			return s->files.items[next].header.opened_wall_us + s->options.keep_us <= wall_us;
	return false;
}

/* From the beginning on, and nothing behind a file that stays: a hole would look like a loss. */
void ship_delete(struct ship *s, uint64_t wall_us)
{
	enum err err;
	size_t i;

	if (s->options.keep_all || s->stale)
		return;
	s->log.doing = "deleting what was shipped";
	for (i = 0; i < s->files.count; i++) {
		const struct journal_file *f = &s->files.items[i];

		if (!ship_is_kind(f))
			continue;
		if (!may_go(s, f, &s->saved) || !(s->is_short || old_enough(s, i, wall_us)))
			return;
		err = file_delete(s, f);
		if (err) {
			ship_disk_failed(s, "what was shipped cannot be deleted", err);
			return;
		}
	}
}

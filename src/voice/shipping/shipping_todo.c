/* DIR/recordings.todo: the calls whose recording is to be sent up, replaced whole each time. Little endian:
 *
 *     "CFTODO" 1 0x0a · u32 entries · entries of 64 bytes: call 16, tenant 16, u32 epoch, u32 flags (1: ended), u64 order, u64 began, 8 unused · u32
 *     checksum of all before */
#include <stdlib.h>
#include <string.h>

#include "voice/shipping/shipping_state.h"

enum { HEAD_BYTES = 12, ENTRY_BYTES = 64, SUM_BYTES = 4, ENTRY_ENDED = 1 };

static const uint8_t magic[8] = { 'C', 'F', 'T', 'O', 'D', 'O', 1, 0x0a };
static const char name[] = "recordings.todo";

enum err todo_save(const struct disk *d, const char *dir, const struct todo_entry *entries, size_t count)
{
	size_t len = HEAD_BYTES + count * ENTRY_BYTES + SUM_BYTES;
	uint8_t *bytes = calloc(1, len);
	enum err err;

	if (!bytes)
		return ERR_NOMEM;
	memcpy(bytes, magic, sizeof(magic));
	put_le32(bytes + 8, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = bytes + HEAD_BYTES + i * ENTRY_BYTES;

		memcpy(at, entries[i].call.bytes, 16);
		memcpy(at + 16, entries[i].tenant.bytes, 16);
		put_le32(at + 32, entries[i].epoch);
		put_le32(at + 36, entries[i].has_ended ? ENTRY_ENDED : 0);
		put_le64(at + 40, entries[i].order);
		put_le64(at + 48, entries[i].began_wall_us);
	}
	put_le32(bytes + len - SUM_BYTES, journal_checksum(bytes, len - SUM_BYTES));
	err = disk_replace(d, dir, name, bytes, len);
	free(bytes);
	return err;
}

static enum err entries_read(const uint8_t *bytes, size_t len, struct todo_entry *entries, size_t *count)
{
	size_t n;

	if (len < HEAD_BYTES + SUM_BYTES || memcmp(bytes, magic, sizeof(magic)) != 0)
		return ERR_CORRUPT;
	n = get_le32(bytes + 8);
	if (n > SHIPPING_TODO_MAX || len != HEAD_BYTES + n * ENTRY_BYTES + SUM_BYTES ||
		get_le32(bytes + len - SUM_BYTES) != journal_checksum(bytes, len - SUM_BYTES))
		return ERR_CORRUPT;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *at = bytes + HEAD_BYTES + i * ENTRY_BYTES;

		memcpy(entries[i].call.bytes, at, 16);
		memcpy(entries[i].tenant.bytes, at + 16, 16);
		entries[i].epoch = get_le32(at + 32);
		entries[i].has_ended = get_le32(at + 36) & ENTRY_ENDED;
		entries[i].order = get_le64(at + 40);
		entries[i].began_wall_us = get_le64(at + 48);
	}
	*count = n;
	return ERR_NONE;
}

enum err todo_load(const struct disk *d, const char *dir, struct todo_entry *entries, size_t *count)
{
	char path[DISK_PATH_MAX];
	struct buf b;
	enum err err = disk_path(path, dir, name);

	*count = 0;
	buf_init(&b, HEAD_BYTES + SHIPPING_TODO_MAX * ENTRY_BYTES + SUM_BYTES);
	if (!err)
		err = disk_load(d, path, &b);
	if (err == ERR_LIMIT)
		err = ERR_CORRUPT;
	if (!err)
		err = entries_read(b.data, b.len, entries, count);
	buf_fini(&b);
	return err;
}

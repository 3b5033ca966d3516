/* Hostile bytes as a journal's files: a segment, a ring, an export, a keyring, a cursor, a gap, an injection point.
 *
 * The first byte says what the rest is. For journal files its high bit lets the checksums be made right first, so that
 * what lies behind them is reached. Nothing may crash, hang or be read out of bounds; a record that was given must hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "voice/journal/journal_read.h"
#include "voice/journal/journal_recover.h"
#include "voice/shipping/ship.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHAT_SEGMENT, WHAT_RING, WHAT_EXPORT, WHAT_RESERVE, WHAT_KEYRING, WHAT_CURSOR, WHAT_GAP, WHAT_SPEC, WHAT_COUNT };

#define DIR "/v"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void put_file(const struct disk *d, const char *name, const uint8_t *data, size_t size)
{
	check(!disk_replace(d, DIR, name, data, size));
}

static void read_folder(const struct disk *d, struct keyring *keys)
{
	struct journal_reader_options options = { .keyring = keys };
	struct journal_reader *r;
	struct journal_item item;
	const struct journal_call_info *info;
	const uint8_t *payload;
	size_t len, i;

	if (journal_reader_open(&r, d, DIR, &options, NULL))
		return;
	while (!journal_reader_next(r, &item)) {
		struct journal_record again;

		check(!journal_record_decode(&again, item.record.raw, item.record.raw_len));
		if (!journal_reader_payload(r, &item, &payload, &len) && item.record.header.kind == JOURNAL_GAP) {
			struct journal_gap gap;

			(void)!journal_gap_decode(&gap, payload, len);
		}
	}
	for (i = 0; (info = journal_reader_call(r, i)); i++)
		(void)journal_call_missing(info, i & 1);
	journal_reader_close(&r);
}

static enum err take(void *arg, struct ship *s, const struct ship_batch *b)
{
	(void)s;
	*(uint64_t *)arg = b->id;
	return ERR_NONE;
}

static void forget(void *arg, uint64_t id)
{
	(void)arg;
	(void)id;
}

static void ship_folder(const struct disk *d)
{
	static const struct ship_sink sink = { .name = "fuzz", .send = take, .cancel = forget };
	uint64_t id = 0, next;
	struct ship *s;
	int i;

	check(!ship_open(&s, d, DIR, &sink, &id, NULL, NULL));
	for (i = 0; i < 8; i++) {
		check(!ship_step(s, (uint64_t)i * 1000000, UINT64_MAX, &next));
		ship_acked(s, id, ERR_NONE, (uint64_t)i * 1000000);
	}
	ship_close(&s);
}

static enum err ignore_item(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err err)
{
	(void)arg;
	(void)item;
	(void)payload;
	(void)len;
	(void)err;
	return ERR_NONE;
}

static void read_files(const struct disk *d, const uint8_t *data, size_t size)
{
	struct keyring_options options = { .read_only = true };
	struct id128 call = { .bytes = { 0xca } };
	struct journal_reader_options one = { .call = &call };
	struct journal_recovery recovery;
	struct keyring *keys = NULL;
	struct journal_left left;

	if (size >= 72)
		memcpy(call.bytes, data + 56, 16);
	(void)!keyring_open(&keys, d, DIR, &options, NULL);
	read_folder(d, keys);
	(void)!journal_read_call(d, DIR, &one, ignore_item, NULL, NULL);
	(void)!journal_recover(d, DIR, &recovery, &left);
	(void)!journal_left_judge(&left, keys, NULL);
	journal_left_free(&left);
	keyring_close(&keys);
	ship_folder(d);
}

static void open_keyring(const struct disk *d)
{
	struct id128 tenant = { .bytes = { 1 } }, call = { .bytes = { 2 } }, id;
	uint8_t key[JOURNAL_KEY_BYTES];
	struct keyring *k;

	if (keyring_open(&k, d, DIR, NULL, NULL))
		return;
	(void)!keyring_add(k, &tenant, &call, 1, &id, key);
	(void)!keyring_erase_tenant(k, &tenant);
	check(!keyring_flush(k));
	keyring_close(&k);
}

static void parse_spec(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct err_detail detail;
	struct disk_inject *i = NULL;

	check(text && !disk_inject_new(&i, &disk_real));
	memcpy(text, data, size);
	text[size] = 0;
	(void)!disk_inject_add(i, text, &detail);
	disk_inject_free(&i);
	free(text);
}

static void run(const struct disk *d, unsigned int what, uint8_t *data, size_t size)
{
	static const uint8_t master[32];
	static const char *const names[] = { "seg-1.cfj", "ring-1.cfj", "export.cfj", "reserve-1.cfj", "keyring", "cursor" };
	struct journal_gap gap;

	put_file(d, "master.key", master, sizeof(master));
	if (what <= WHAT_CURSOR)
		put_file(d, names[what], data, size);
	switch (what) {
	case WHAT_KEYRING: open_keyring(d); break;
	case WHAT_GAP: (void)!journal_gap_decode(&gap, data, size); break;
	case WHAT_SPEC: parse_spec(data, size); break;
	default: read_files(d, data, size); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct disk_virtual *v = NULL;
	struct disk d;
	uint8_t *copy;

	if (!size)
		return 0;
	copy = malloc(size);
	check(copy && !disk_virtual_new(&v));
	memcpy(copy, data, size);
	if (*data & 0x80)
		fix_checksums(copy + 1, size - 1);
	d = disk_virtual_disk(v);
	run(&d, (*data & 0x7f) % WHAT_COUNT, copy + 1, size - 1);
	disk_virtual_free(&v);
	free(copy);
	return 0;
}

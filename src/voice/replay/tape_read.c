/* Reading a recorded call into a tape: from an exported call file, or out of a journal. See tape.h.
 *
 * The exported file is walked here and not by journal_read.c, because replay wants to see past a checksum that does not hold:
 * what a changed byte does to the call says more than that it was changed.
 */
#include <stdio.h>
#include <string.h>

#include "voice/journal/call_records.h"
#include "voice/journal/journal_read.h"
#include "voice/replay/tape.h"

static void damage_note(struct tape_damage *damage, const char *what, const char *file, uint64_t offset)
{
	if (damage->count++)
		return;
	damage->what = what;
	damage->offset = offset;
	snprintf(damage->file, sizeof(damage->file), "%s", file);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ------------------------------------------------------------------ an exported call file */

struct walk {
	struct tape *tape;
	const uint8_t *data;
	size_t len, at;
	const char *name;
	bool unchecked;
	struct tape_damage *damage;
};

static void walk_record(struct walk *w, const struct journal_record *r)
{
	bool clear = id128_is_zero(&r->header.key);

	if (r->header.kind != JOURNAL_MARK)
		tape_record(w->tape, &r->header, clear ? r->payload : NULL, clear ? r->header.payload_len : 0, ERR_DENIED, w->at);
	w->at += r->raw_len;
}

/* One record, or the way to the next place where one may begin; false at the end. */
static bool walk_next(struct walk *w)
{
	struct journal_record r;
	enum err err;

	if (w->at >= w->len)
		return false;
	err = journal_record_decode(&r, w->data + w->at, w->len - w->at);
	if (err == ERR_CORRUPT && !w->unchecked)
		damage_note(w->damage, "corrupt", w->name, w->at);
	if (!err || err == ERR_CORRUPT) {
		walk_record(w, &r);
		return true;
	}
	damage_note(w->damage, err == ERR_TRUNCATED ? "torn" : err == ERR_VERSION ? "foreign" : "corrupt", w->name, w->at);
	w->at = journal_record_search(w->data, w->len, w->at + 1);
	return true;
}

static enum err head_check(const struct buf *b, struct err_detail *detail)
{
	struct journal_file_header h;
	enum err err = journal_file_header_decode(&h, b->data, b->len);

	if (err)
		snprintf(detail->message, sizeof(detail->message), "the file's head cannot be read: %s", err_name(err));
	if (!err && h.role != JOURNAL_ROLE_EXPORT) {
		err = ERR_FORMAT;
		snprintf(detail->message, sizeof(detail->message), "this file of a journal is no exported call");
		snprintf(detail->hint, sizeof(detail->hint), "name the call and its journal: callfunnel replay CALL --dir DIR");
	}
	return err;
}

enum err tape_read_file(struct tape *t, const struct disk *d, const char *path, bool unchecked, struct tape_damage *damage,
	struct err_detail *detail)
{
	struct walk w = { .tape = t, .at = JOURNAL_FILE_HEADER_BYTES, .name = base_name(path), .unchecked = unchecked, .damage = damage };
	struct buf b;
	enum err err;

	*damage = (struct tape_damage){ .what = "" };
	buf_init(&b, TAPE_BYTES_MAX);
	snprintf(detail->where, sizeof(detail->where), "%s", path);
	err = disk_load(d, path, &b);
	if (err)
		snprintf(detail->message, sizeof(detail->message), "the file cannot be read: %s", err_name(err));
	else
		err = head_check(&b, detail);
	if (!err) {
		w.data = b.data;
		w.len = b.len;
		while (walk_next(&w))
			;
		err = tape_finish(t);
		if (err)
			snprintf(detail->message, sizeof(detail->message), "%s",
				err == ERR_FORMAT ? "no START of a call and no snapshot in it" : err_name(err));
	}
	buf_fini(&b);
	return err;
}

/* ------------------------------------------------------------------ a journal */

struct journal_walk {
	struct tape *tape;
	struct tape_damage *damage;
	enum err sealed; /* why the first payload did not open */
};

static void fault_take(void *arg, const struct journal_fault *fault)
{
	struct journal_walk *w = arg;

	if (fault->kind != JOURNAL_FAULT_TORN) /* what was never durable is no damage */
		damage_note(w->damage, journal_fault_name(fault->kind), base_name(fault->file), fault->offset);
}

static enum err item_take(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct journal_walk *w = arg;

	if (!payload && !w->sealed)
		w->sealed = payload_err;
	tape_record(w->tape, &item->record.header, payload, len, payload_err, item->offset);
	return w->tape->err;
}

static void explain(enum err err, struct err_detail *detail)
{
	if (detail->message[0])
		return;
	if (err == ERR_FORMAT)
		snprintf(detail->message, sizeof(detail->message), "neither the call's start nor a snapshot of it is in the journal");
	else if (err == ERR_NOTFOUND)
		snprintf(detail->message, sizeof(detail->message), "no such call in this journal");
	else
		snprintf(detail->message, sizeof(detail->message), "%s", err_name(err));
}

enum err tape_read_journal(struct tape *t, const struct disk *d, const char *dir, const char *key_path, const struct id128 *call,
	struct tape_damage *damage, struct err_detail *detail)
{
	const struct keyring_options keys = { .master_path = key_path, .read_only = true };
	struct journal_walk w = { .tape = t, .damage = damage };
	struct journal_reader_options options = { .call = call, .fault = fault_take, .fault_arg = &w };
	struct keyring *keyring = NULL;
	enum err err;

	*damage = (struct tape_damage){ .what = "" };
	snprintf(detail->where, sizeof(detail->where), "%s", dir);
	err = call_records_are_many(d, dir) ? ERR_NONE : keyring_open(&keyring, d, dir, &keys, detail);
	if (err) {
		explain(err, detail);
		return err;
	}
	options.keyring = keyring;
	err = call_records_at(d, dir, &options, item_take, &w, detail);
	if (!err)
		err = tape_finish(t);
	if (err && w.sealed && !detail->message[0]) {
		keyring_explain(keyring, w.sealed, detail);
		err = w.sealed;
	} else if (err) {
		explain(err, detail);
	}
	keyring_close(&keyring);
	return err;
}

/* Opening a journal's folder and closing it: the lock, what an earlier life left, memory, the last batches. See journal.h.
 *
 * Makes everything that journal_state.h holds and frees it. Refuses a folder that another process writes. */
#include "voice/journal/journal_state.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/journal/journal_recover.h"

enum { CLOSE_TRIES = 8 };

void journal_options_defaults(struct journal_options *o)
{
	*o = (struct journal_options){
		.segment_bytes = 64u << 20,
		.reserve_bytes = 64u << 20,
		.ring_bytes = 16u << 20,
		.buffer_bytes = 8u << 20,
		.event_buffer_bytes = 2u << 20,
		.calls_max = 1024,
		.commit_us = 50000,
		.retry_us = 1000000,
		.probe_us = 5000000,
	};
}

/* ---- opening ---- */

static enum err tell(struct err_detail *detail, enum err err, const char *dir, const char *message, const char *hint)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", dir);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

static enum err tell_folder(struct err_detail *detail, enum err err, const char *dir)
{
	switch (err) {
	case ERR_DENIED:
		return tell(detail, err, dir, "the journal's folder (or its lock) is read-only for this user, or may not be entered",
			"make it writable for this user, or choose another data folder");
	case ERR_BUSY:
		return tell(detail, err, dir, "another process writes this journal",
			"give each worker a folder of its own, or wait until the other one is gone");
	case ERR_FULL:
		return tell(detail, err, dir, "no room on the journal's disk", "free some space, then start again");
	case ERR_NOTFOUND: return tell(detail, err, dir, "there is no such folder", "make its parent folders first");
	case ERR_LIMIT: return tell(detail, err, dir, "the path is too long", "use a shorter one");
	default: return tell(detail, err, dir, "the journal's folder cannot be used", "check the disk");
	}
}

/* Nobody goes on in a folder whose keys are lost: its calls would be gone for good with the next keyring. */
static enum err open_keys(struct journal *j, struct keyring **kp, struct journal_left *left, bool read_only, struct err_detail *detail)
{
	struct keyring_options keys = { .master_path = j->options.master_path,
		.read_only = read_only,
		.random = j->options.random,
		.random_arg = j->options.random_arg,
		.judge = journal_left_judge,
		.judge_arg = left };

	return keyring_open(kp, &j->writer.disk, j->writer.dir, &keys, detail);
}

/* A folder that nobody has locked yet is looked at before the lock is made, so that one that is refused stays as it is. */
static enum err look_first(struct journal *j, struct journal_recovery *recovery, struct err_detail *detail)
{
	struct journal_left left;
	struct keyring *k = NULL;
	enum err err = journal_recover(&j->writer.disk, j->writer.dir, recovery, &left);

	if (err)
		tell_folder(detail, err, j->writer.dir);
	else if (left.keys.count)
		err = open_keys(j, &k, &left, true, detail);
	keyring_close(&k);
	journal_left_free(&left);
	return err;
}

static enum err lock_folder(struct journal *j, struct journal_recovery *recovery, struct err_detail *detail)
{
	struct journal_writer *w = &j->writer;
	char path[DISK_PATH_MAX];
	enum err err = disk_path(path, w->dir, "lock");

	if (!err)
		err = disk_make_folder(&w->disk, w->dir);
	if (err)
		return tell_folder(detail, err, w->dir);
	err = disk_open(&w->disk, &j->lock_file, path, DISK_WRITE);
	if (err == ERR_NOTFOUND) {
		err = look_first(j, recovery, detail);
		if (err)
			return err;
		err = disk_open(&w->disk, &j->lock_file, path, DISK_WRITE | DISK_CREATE);
	}
	if (!err)
		err = disk_lock(j->lock_file);
	/* Names that an earlier life saw but never synced become durable now, before anything is built on them. */
	if (!err)
		err = disk_sync_folder(&w->disk, w->dir);
	return err ? tell_folder(detail, err, w->dir) : ERR_NONE;
}

static enum err memory(struct journal *j)
{
	size_t calls = j->options.calls_max * 2; /* closed ones may be owed something for a while */
	int i;

	if (sodium_init() < 0)
		return ERR_UNAVAILABLE;
	j->keys = sodium_malloc(calls * sizeof(*j->keys));
	j->free_keys = malloc(calls * sizeof(*j->free_keys));
	if (!j->keys || !j->free_keys)
		return ERR_NOMEM;
	for (j->free_key_count = 0; j->free_key_count < calls; j->free_key_count++)
		j->free_keys[j->free_key_count] = calls - 1 - j->free_key_count;
	j->next_id = 1;
	for (i = 1; i < BATCHES; i++) {
		j->batches[i].next = j->free;
		j->free = &j->batches[i];
	}
	j->batches[0].id = j->next_id++;
	atomic_store(&j->active, &j->batches[0]);
	return ERR_NONE;
}

/* What an earlier life left, for the log. */
static void tell_found(const struct journal *j, const struct journal_recovery *r)
{
	const struct log *log = &j->writer.log;

	if (r->corrupt || r->foreign || r->keyring_damaged_bytes)
		log_warn(log, "the journal's folder is damaged", LOG_UINT("corrupt", r->corrupt), LOG_UINT("corrupt_bytes", r->corrupt_bytes),
			LOG_UINT("foreign", r->foreign), LOG_UINT("keyring_bytes", r->keyring_damaged_bytes));
	log_info(log, "the journal is open", LOG_UINT("files", r->files), LOG_UINT("records", r->records), LOG_UINT("torn_bytes", r->torn_bytes));
}

static enum err open_folder(struct journal *j, uint64_t now_us, struct journal_recovery *recovery, struct err_detail *detail)
{
	struct journal_writer *w = &j->writer;
	struct journal_left left = { .highest = 0 };
	enum err err = lock_folder(j, recovery, detail);

	if (err)
		return err;
	err = journal_recover(&w->disk, w->dir, recovery, &left);
	if (err)
		tell_folder(detail, err, w->dir);
	else
		err = open_keys(j, &j->keyring, &left, false, detail);
	if (!err) {
		recovery->keyring_damaged_bytes = keyring_counts(j->keyring).damaged_bytes;
		w->keyring = j->keyring;
		writer_open(w, &left, now_us);
		j->durable = (struct journal_position){ .order = left.previous.order, .offset = UINT64_MAX };
		tell_found(j, recovery);
	}
	journal_left_free(&left);
	return err;
}

enum err journal_open(struct journal **jp, const struct disk *disk, const char *dir, const struct journal_options *options,
	uint64_t now_us, struct journal_recovery *recovery, struct err_detail *detail)
{
	struct journal_recovery unused;
	struct journal *j = calloc(1, sizeof(*j));
	enum err err;

	*jp = NULL;
	if (detail)
		*detail = (struct err_detail){ .message = "" };
	if (!j)
		return ERR_NOMEM;
	pthread_mutex_init(&j->lock, NULL);
	if (options)
		j->options = *options;
	else
		journal_options_defaults(&j->options);
	assert(j->options.calls_max && j->options.reserve_bytes >= 4096 && j->options.ring_bytes >= 4096);
	j->writer.disk = *disk;
	j->writer.options = j->options;
	j->writer.log = (struct log){ .plane = "voice", .call = j->options.log_call, .doing = "opening the journal" };
	snprintf(j->writer.dir, sizeof(j->writer.dir), "%s", dir);
	err = memory(j);
	if (!err)
		err = strlen(dir) < DISK_PATH_MAX - 64 ? open_folder(j, now_us, recovery ? recovery : &unused, detail)
						       : tell_folder(detail, ERR_LIMIT, dir);
	if (err && detail && !detail->message[0])
		tell_folder(detail, err, dir);
	if (err) {
		log_error(&j->writer.log, "the journal cannot be opened", LOG_ERR(err));
		journal_abandon(&j);
	}
	*jp = j;
	return err;
}

/* ---- closing ---- */

static void batches_free(struct journal *j)
{
	int i;

	for (i = 0; i < BATCHES; i++) {
		journal_batch_clear(&j->batches[i]);
		free(j->batches[i].data);
		free(j->batches[i].entries);
	}
}

static void journal_free(struct journal **jp, bool properly, uint64_t now_us)
{
	struct journal *j = *jp;

	writer_close(&j->writer, properly, now_us);
	keyring_close(&j->keyring);
	disk_close(&j->lock_file);
	batches_free(j);
	while (j->calls) {
		struct journal_call *c = j->calls;

		j->calls = c->next;
		free(c->owed);
		free(c);
	}
	if (j->keys)
		sodium_free(j->keys);
	free(j->free_keys);
	pthread_mutex_destroy(&j->lock);
	free(j);
	*jp = NULL;
}

/* Nothing waits, or it cannot be written. */
static enum err drain(struct journal *j, uint64_t now_us)
{
	enum err err = ERR_NONE;
	int tries;

	for (tries = 0; tries < CLOSE_TRIES && !err; tries++) {
		struct journal_batch *b = j->out ? j->out : journal_batch_take(j, now_us);

		if (!b)
			return ERR_NONE;
		err = journal_batch_write(j, b, now_us);
		if (!err)
			journal_batch_done(j, b, now_us);
	}
	return err;
}

enum err journal_close(struct journal **jp, uint64_t now_us)
{
	struct journal *j = *jp;
	enum err err;

	if (!j)
		return ERR_NONE;
	assert(!j->open_count);
	err = drain(j, now_us);
	if (err) {
		j->writer.log.doing = "closing the journal";
		log_error(&j->writer.log, "what was not on the disk yet is lost", LOG_ERR(err), LOG_UINT("bytes", j->counts.waiting_bytes));
	}
	journal_free(jp, !err, now_us);
	return err;
}

void journal_abandon(struct journal **jp)
{
	if (*jp)
		journal_free(jp, false, 0);
}

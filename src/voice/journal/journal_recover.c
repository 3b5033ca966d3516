/* What an earlier life left: see journal_recover.h. */
#include "voice/journal/journal_recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "voice/journal/journal_read.h"

static void recovery_fault(void *arg, const struct journal_fault *fault)
{
	struct journal_recovery *r = arg;

	switch (fault->kind) {
	case JOURNAL_FAULT_TORN:
		r->torn++;
		r->torn_bytes += fault->bytes;
		break;
	case JOURNAL_FAULT_CORRUPT:
		r->corrupt++;
		r->corrupt_bytes += fault->bytes;
		break;
	case JOURNAL_FAULT_FOREIGN: r->foreign++; break;
	}
}

/* A dead process may have left what no sync covered; the machine still shows it and a power cut may take it away. So it is
 * synced before anything is built on it: *durable says whether that went well. What a failed sync lost is shown, too, and no
 * later sync brings it back; but a batch is only written behind one that was synced, so what stands before the last batch
 * (*durable_bytes) stays. */
static enum err recover_file(const struct disk *d, const char *dir, const struct journal_file *file,
	struct journal_recovery *recovery, struct journal_keys *keys, bool *durable, uint64_t *durable_bytes)
{
	struct journal_scan s;
	struct journal_record r;
	uint64_t offset, end = 0;
	uint32_t batch = 0;
	enum err err = journal_scan_open(&s, d, dir, file, 0, 0, recovery_fault, recovery);

	*durable_bytes = 0;
	while (!err && !(err = journal_scan_next(&s, &r, &offset))) {
		if (batch && r.header.batch != batch && file->header.role != JOURNAL_ROLE_RING)
			*durable_bytes = end; /* not `offset`: the last batch's head may be torn */
		batch = r.header.batch;
		end = s.at;
		recovery->records += r.header.kind != JOURNAL_MARK;
		recovery->bytes += r.raw_len;
		err = journal_keys_add(keys, &r.header);
	}
	*durable = s.file && !disk_sync(s.file);
	if (!*durable)
		*durable_bytes = 0;
	journal_scan_close(&s);
	if (err == ERR_IO)
		recovery->corrupt++; /* unreadable: nothing is written there, so opening goes on */
	return err == ERR_NOMEM ? err : ERR_NONE;
}

/* May the chain of files name it? Only what stays: a segment has its order in its name, which is durable. A reserve's or a
 * ring's order stands in its header alone: one whose header does not hold was never begun (or is damaged, which is told as
 * such), and will be thrown away. */
static bool is_in_chain(const struct journal_file *file, bool durable)
{
	switch (file->header.role) {
	case JOURNAL_ROLE_SEGMENT: return true;
	case JOURNAL_ROLE_RESERVE:
	case JOURNAL_ROLE_RING: return !file->err && durable;
	case JOURNAL_ROLE_UNUSED:
	case JOURNAL_ROLE_EXPORT: break;
	}
	return false;
}

enum err journal_recover(const struct disk *d, const char *dir, struct journal_recovery *recovery, struct journal_left *left)
{
	struct journal_files files;
	size_t i;
	enum err err = journal_files_list(&files, d, dir);

	*recovery = (struct journal_recovery){ 0 };
	*left = (struct journal_left){ .highest = files.highest };
	for (i = 0; i < files.count && !err; i++) {
		const struct journal_file *file = &files.items[i];
		uint64_t durable_bytes;
		bool durable;

		if (file->header.role == JOURNAL_ROLE_UNUSED && !file->err)
			continue;
		recovery->files++;
		err = recover_file(d, dir, file, recovery, &left->keys, &durable, &durable_bytes);
		if (!is_in_chain(file, durable) || file->header.order <= left->previous.order)
			continue;
		left->previous = (struct journal_position){ .order = file->header.order, .offset = durable_bytes };
		left->previous_size = file->header.role == JOURNAL_ROLE_SEGMENT && !file->err ? file->bytes : 0;
	}
	journal_files_free(&files);
	return err;
}

void journal_left_free(struct journal_left *left)
{
	journal_keys_fini(&left->keys);
}

enum err journal_left_judge(void *arg, struct keyring *k, struct err_detail *detail)
{
	const struct journal_left *left = arg;
	struct journal_keys_lost lost;
	struct err_detail why;
	char call[33];
	enum err err = journal_keys_judge(&left->keys, k, &lost);

	if (err || !lost.calls)
		return err;
	if (!detail)
		return ERR_NOTFOUND;
	keyring_explain(k, ERR_NOTFOUND, &why);
	id128_print(&lost.first, call);
	*detail = why;
	snprintf(detail->message, sizeof(detail->message), "%.100s: %" PRIu64 " call%s in this journal cannot be opened any more, the first is %s", why.message,
		lost.calls, lost.calls > 1 ? "s" : "", call);
	return ERR_NOTFOUND;
}

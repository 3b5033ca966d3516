/* `callfunnel journal verify DIR`: is all there that should be, and does every seal hold?
 *
 * What cannot be seen in the files themselves (the newest are gone, and nothing names them) is seen from how far the folder
 * was shipped: the conductor has more than lies here. Main thread; reads only. */
#include "cli/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "voice/shipping/ship.h"

struct verdict {
	uint64_t missing, duplicates, calls, epochs;
	char newest[200]; /* what says that the newest records are gone; "" when nothing does */
	char oldest[200]; /* the same of the oldest */
	bool begun_late;  /* records before the first ones here are nobody's loss, as far as is known */
	bool shortened;   /* … because they were shipped and deleted */
	struct journal_keys_lost lost;
	struct err_detail why_lost;
	bool cursor_broken; /* it is written anew under another name each time: no crash cuts it */
	bool whole;
};

static enum err verify_seal(struct journal_command *c, const struct journal_item *item)
{
	const uint8_t *payload;
	size_t len;
	enum err err = journal_reader_payload(c->reader, item, &payload, &len);

	if (err == ERR_NOTFOUND)
		return journal_keys_add(&c->unopened, &item->record.header);
	c->erased += err == ERR_DENIED;
	c->broken_seals += err == ERR_CORRUPT;
	if (err != ERR_CORRUPT)
		return err == ERR_DENIED ? ERR_NONE : err;
	if (json_array_size(c->faults) < JOURNAL_FAULTS_SHOWN) {
		json_t *f = json_object();

		json_object_set_new(f, "kind", json_string("broken_seal"));
		json_object_set_new(f, "file", json_string(item->file));
		journal_put_number(f, "offset", item->offset);
		journal_put_number(f, "bytes", item->record.raw_len);
		json_array_append_new(c->faults, f);
	}
	return ERR_NONE;
}

/* ---- keys that are lost ---- */

/* Keys are durable before what they seal: read once more, the keyring has those of the calls that began while we read. */
static enum err judge_keys(struct journal_command *c, struct verdict *v)
{
	char folder[DISK_PATH_MAX];
	struct keyring *now = NULL;
	enum err err;

	if (!c->unopened.count)
		return ERR_NONE;
	journal_folder(c->path, folder);
	if (keyring_open(&now, &disk_real, folder, &c->keys, NULL))
		now = NULL;
	err = journal_keys_judge(&c->unopened, now ? now : c->keyring, &v->lost);
	if (c->keys_err && !now)
		v->why_lost = c->keys_detail;
	else
		keyring_explain(now ? now : c->keyring, ERR_NOTFOUND, &v->why_lost);
	keyring_close(&now);
	return err;
}

/* ---- the newest and the oldest records ---- */

static bool is_written(const struct journal_file *f)
{
	return f->header.role != JOURNAL_ROLE_UNUSED && f->header.role != JOURNAL_ROLE_EXPORT;
}

/* What was shipped was here once, and the file that is written last is never deleted. */
static void judge_newest(const struct journal_command *c, struct verdict *v)
{
	const struct journal_files *files = journal_reader_files(c->reader);
	const struct journal_position *shipped = &c->shipped;
	uint64_t newest = 0;
	size_t i;

	if (c->shipped_err)
		return;
	for (i = 0; i < files->count; i++) {
		const struct journal_file *f = &files->items[i];

		if (is_written(f) && f->header.order > newest)
			newest = f->header.order;
		if (is_written(f) && f->header.order == shipped->order && f->end < shipped->offset)
			snprintf(v->newest, sizeof(v->newest), "%s was shipped up to offset %" PRIu64 ", its records end at %" PRIu64, f->name,
				shipped->offset, f->end);
	}
	if (shipped->order > newest)
		snprintf(v->newest, sizeof(v->newest), "file number %" PRIu64 " was shipped up to offset %" PRIu64 ", the newest one here is number %" PRIu64,
			shipped->order, shipped->offset, newest);
}

/* A file is deleted when all of it was shipped and the cursor, which says so, lies behind it. The closing mark is not shipped. */
static void judge_oldest(const struct journal_command *c, struct verdict *v)
{
	struct journal_reader_counts n = journal_reader_counts(c->reader);
	const struct journal_position *shipped = &c->shipped;

	v->begun_late = n.beginning_gone;
	if (!c->whole_folder || !n.gone.order || (c->shipped_err && c->shipped_err != ERR_NOTFOUND))
		return;
	v->shortened = v->begun_late = shipped->order > n.gone.order ||
		(shipped->order == n.gone.order && shipped->offset + JOURNAL_RECORD_HEADER_BYTES >= n.gone.offset);
	if (v->shortened)
		return;
	if (c->shipped_err)
		snprintf(v->oldest, sizeof(v->oldest), "file number %" PRIu64 " is not here, and no cursor says that it was ever shipped", n.gone.order);
	else
		snprintf(v->oldest, sizeof(v->oldest), "file number %" PRIu64 " is not here, and the journal was only shipped up to offset %" PRIu64 " of file number %" PRIu64,
			n.gone.order, shipped->offset, shipped->order);
}

/* ---- the verdict ---- */

struct whose {
	struct id128 tenant, call;
};

static int by_call(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct whose));
}

/* A call has an epoch for each worker that had it. */
static enum err count_calls(const struct journal_command *c, struct verdict *v)
{
	struct whose *seen = malloc((v->epochs + 1) * sizeof(*seen));
	uint64_t i;

	if (!seen)
		return ERR_NOMEM;
	for (i = 0; i < v->epochs; i++) {
		const struct journal_call_info *info = journal_reader_call(c->reader, i);

		seen[i] = (struct whose){ info->tenant, info->call };
	}
	qsort(seen, v->epochs, sizeof(*seen), by_call);
	for (i = 0; i < v->epochs; i++)
		v->calls += !i || by_call(&seen[i - 1], &seen[i]) != 0;
	free(seen);
	return ERR_NONE;
}

static enum err judge(struct journal_command *c, struct verdict *v)
{
	struct journal_reader_counts counts = journal_reader_counts(c->reader);
	const struct journal_call_info *info;
	enum err err = judge_keys(c, v);

	judge_newest(c, v);
	judge_oldest(c, v);
	while ((info = journal_reader_call(c->reader, v->epochs))) {
		v->missing += journal_call_missing(info, v->begun_late);
		v->duplicates += info->duplicates;
		v->epochs++;
	}
	v->cursor_broken = c->shipped_err && c->shipped_err != ERR_NOTFOUND;
	v->whole = !counts.corrupt && !counts.foreign && !counts.missing_files && !c->broken_seals && !v->missing && !v->duplicates &&
		!*v->newest && !*v->oldest && !v->cursor_broken && !v->lost.calls;
	return err ? err : count_calls(c, v);
}

/* ---- saying it ---- */

static json_t *shipped_json(const struct journal_command *c)
{
	json_t *o;

	if (c->shipped_err)
		return json_null();
	o = json_object();
	journal_put_number(o, "order", c->shipped.order);
	journal_put_number(o, "offset", c->shipped.offset);
	return o;
}

static json_t *text_json(const char *text)
{
	return *text ? json_string(text) : json_null();
}

/* What is wrong with the keys: they cannot be had, or some of them are lost. */
static json_t *keys_json(const struct journal_command *c, const struct verdict *v)
{
	const struct err_detail *why = v->lost.calls ? &v->why_lost : &c->keys_detail;
	json_t *o;

	if (!v->lost.calls && !c->keys_err)
		return json_null();
	o = json_object();
	json_object_set_new(o, "message", json_string(why->message));
	json_object_set_new(o, "where", text_json(why->where));
	json_object_set_new(o, "hint", text_json(why->hint));
	return o;
}

static void put_lost(json_t *doc, const struct journal_command *c, const struct verdict *v)
{
	char first[33] = "";

	if (v->lost.calls)
		id128_print(&v->lost.first, first);
	journal_put_number(doc, "unopened", v->lost.records);
	journal_put_number(doc, "unopened_calls", v->lost.calls);
	json_object_set_new(doc, "first_unopened", text_json(first));
	json_object_set_new(doc, "keys", keys_json(c, v));
	journal_put_number(doc, "keyring_damaged_bytes", c->keyring ? keyring_counts(c->keyring).damaged_bytes : 0);
}

static json_t *broken_calls_json(const struct journal_command *c, bool beginning_gone)
{
	const struct journal_call_info *info;
	json_t *calls = json_array();
	size_t i;

	for (i = 0; (info = journal_reader_call(c->reader, i)); i++)
		if (journal_call_missing(info, beginning_gone) || info->duplicates)
			json_array_append_new(calls, journal_call_json(info, beginning_gone));
	return calls;
}

static void verify_json(const struct journal_command *c, const struct verdict *v)
{
	struct journal_reader_counts n = journal_reader_counts(c->reader);
	json_t *doc = json_object();

	json_object_set_new(doc, "whole", json_boolean(v->whole));
	journal_put_number(doc, "records", n.records);
	journal_put_number(doc, "calls", v->calls);
	journal_put_number(doc, "epochs", v->epochs);
	journal_put_number(doc, "torn", n.torn);
	journal_put_number(doc, "torn_bytes", n.torn_bytes);
	journal_put_number(doc, "corrupt", n.corrupt);
	journal_put_number(doc, "corrupt_bytes", n.corrupt_bytes);
	journal_put_number(doc, "foreign", n.foreign);
	journal_put_number(doc, "missing_files", n.missing_files);
	journal_put_number(doc, "missing", v->missing);
	journal_put_number(doc, "duplicates", v->duplicates);
	journal_put_number(doc, "broken_seals", c->broken_seals);
	journal_put_number(doc, "erased", c->erased);
	put_lost(doc, c, v);
	json_object_set_new(doc, "shipped", shipped_json(c));
	json_object_set_new(doc, "cursor_broken", json_boolean(v->cursor_broken));
	json_object_set_new(doc, "newest_gone", text_json(v->newest));
	json_object_set_new(doc, "oldest_gone", text_json(v->oldest));
	json_object_set_new(doc, "shortened", json_boolean(v->shortened));
	json_object_set(doc, "faults", c->faults);
	json_object_set_new(doc, "broken_calls", broken_calls_json(c, v->begun_late));
	journal_print_json(doc);
}

static void print_broken(const struct journal_command *c, const struct verdict *v)
{
	struct journal_reader_counts n = journal_reader_counts(c->reader);
	const struct journal_call_info *info;
	char call[33];
	size_t i;
	json_t *f;

	json_array_foreach(c->faults, i, f)
		printf("%s: %s, offset %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT " bytes\n",
			json_string_value(json_object_get(f, "file")), json_string_value(json_object_get(f, "kind")),
			json_integer_value(json_object_get(f, "offset")), json_integer_value(json_object_get(f, "bytes")));
	for (i = 0; (info = journal_reader_call(c->reader, i)); i++) {
		uint64_t missing = journal_call_missing(info, v->begun_late);

		id128_print(&info->call, call);
		if (missing || info->duplicates)
			printf("call %s epoch %u: %" PRIu64 " sequences missing, %" PRIu64 " twice\n", call, info->epoch, missing,
				info->duplicates);
	}
	if (n.missing_files)
		printf("%" PRIu64 " files are missing in the chain\n", n.missing_files);
	if (v->cursor_broken)
		printf("the cursor, which says how far the journal was shipped, cannot be read: %s\n", err_name(c->shipped_err));
	if (*v->newest)
		printf("the newest records are gone: %s\n", v->newest);
	if (*v->oldest)
		printf("the oldest records are gone: %s\n", v->oldest);
}

static void print_keys(const struct journal_command *c, const struct verdict *v)
{
	const struct err_detail *why = v->lost.calls ? &v->why_lost : &c->keys_detail;
	size_t damaged = c->keyring ? keyring_counts(c->keyring).damaged_bytes : 0;
	char first[33];

	id128_print(&v->lost.first, first);
	if (v->lost.calls)
		printf("%" PRIu64 " call%s cannot be opened (%" PRIu64 " records), the first is %s\n", v->lost.calls, v->lost.calls > 1 ? "s" : "",
			v->lost.records, first);
	else if (damaged)
		printf("the keyring: %zu bytes do not hold, but no key is lost that anything here wants\n", damaged);
	if (v->lost.calls || (c->keys_err && c->keys_err != ERR_NOTFOUND))
		printf("  %s%s%s\n  %s\n", why->where, *why->where ? ": " : "", why->message, why->hint);
}

static void verify_people(const struct journal_command *c, const struct verdict *v)
{
	struct journal_reader_counts n = journal_reader_counts(c->reader);

	print_broken(c, v);
	print_keys(c, v);
	printf("%s: %" PRIu64 " records of %" PRIu64 " calls", v->whole ? "whole" : "BROKEN", n.records, v->calls);
	if (v->epochs != v->calls)
		printf(" (%" PRIu64 " epochs)", v->epochs);
	printf(", %" PRIu64 " torn ends (%" PRIu64 " bytes, never durable)", n.torn, n.torn_bytes);
	if (n.foreign)
		printf(", %" PRIu64 " foreign", n.foreign);
	if (c->erased)
		printf(", %" PRIu64 " records erased", c->erased);
	if (v->lost.records)
		printf(", %" PRIu64 " seals not opened for want of a key", v->lost.records);
	if (v->shortened)
		printf(", the files before were shipped and deleted");
	putchar('\n');
}

int journal_verify(struct journal_command *c)
{
	struct journal_item item;
	struct verdict v = { 0 };
	enum err err;

	while (!(err = journal_reader_next(c->reader, &item)) && !(err = verify_seal(c, &item)))
		continue;
	if (err == ERR_NOTFOUND)
		err = judge(c, &v);
	if (err)
		return journal_fail_reading(c, err);
	if (c->cli->json)
		verify_json(c, &v);
	else
		verify_people(c, &v);
	return v.whole ? CLI_FINE : CLI_NOT_SO;
}

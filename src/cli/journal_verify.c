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
#include "voice/ship.h"

struct verdict {
	uint64_t missing, duplicates, calls, epochs;
	char gone[200]; /* what says that the newest records are gone; "" when nothing does */
	bool cursor_broken; /* it is written anew under another name each time: no crash cuts it */
	bool whole;
};

static void verify_seal(struct journal_command *c, const struct journal_item *item)
{
	const uint8_t *payload;
	size_t len;

	switch (journal_reader_payload(c->reader, item, &payload, &len)) {
	case ERR_NONE: return;
	case ERR_DENIED: c->erased++; return;
	case ERR_CORRUPT: break;
	default: c->unopened++; return;
	}
	c->broken_seals++;
	if (json_array_size(c->faults) < JOURNAL_FAULTS_SHOWN) {
		json_t *f = json_object();

		json_object_set_new(f, "kind", json_string("broken_seal"));
		json_object_set_new(f, "file", json_string(item->file));
		journal_put_number(f, "offset", item->offset);
		journal_put_number(f, "bytes", item->record.raw_len);
		json_array_append_new(c->faults, f);
	}
}

/* ---- the newest records ---- */

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
			snprintf(v->gone, sizeof(v->gone), "%s was shipped up to offset %" PRIu64 ", its records end at %" PRIu64, f->name,
				shipped->offset, f->end);
	}
	if (shipped->order > newest)
		snprintf(v->gone, sizeof(v->gone), "file number %" PRIu64 " was shipped up to offset %" PRIu64 ", the newest one here is number %" PRIu64,
			shipped->order, shipped->offset, newest);
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

static enum err judge(const struct journal_command *c, struct verdict *v)
{
	struct journal_reader_counts counts = journal_reader_counts(c->reader);
	const struct journal_call_info *info;

	*v = (struct verdict){ 0 };
	while ((info = journal_reader_call(c->reader, v->epochs))) {
		v->missing += journal_call_missing(info, counts.beginning_gone);
		v->duplicates += info->duplicates;
		v->epochs++;
	}
	judge_newest(c, v);
	v->cursor_broken = c->shipped_err && c->shipped_err != ERR_NOTFOUND;
	v->whole = !counts.corrupt && !counts.foreign && !counts.missing_files && !c->broken_seals && !v->missing && !v->duplicates &&
		!*v->gone && !v->cursor_broken;
	return count_calls(c, v);
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
	journal_put_number(doc, "unopened", c->unopened);
	json_object_set_new(doc, "shipped", shipped_json(c));
	json_object_set_new(doc, "cursor_broken", json_boolean(v->cursor_broken));
	json_object_set_new(doc, "newest_gone", *v->gone ? json_string(v->gone) : json_null());
	json_object_set(doc, "faults", c->faults);
	json_object_set_new(doc, "broken_calls", broken_calls_json(c, n.beginning_gone));
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
		uint64_t missing = journal_call_missing(info, n.beginning_gone);

		id128_print(&info->call, call);
		if (missing || info->duplicates)
			printf("call %s epoch %u: %" PRIu64 " sequences missing, %" PRIu64 " twice\n", call, info->epoch, missing,
				info->duplicates);
	}
	if (n.missing_files)
		printf("%" PRIu64 " files are missing in the chain\n", n.missing_files);
	if (v->cursor_broken)
		printf("the cursor, which says how far the journal was shipped, cannot be read: %s\n", err_name(c->shipped_err));
	if (*v->gone)
		printf("the newest records are gone: %s\n", v->gone);
}

static void verify_people(const struct journal_command *c, const struct verdict *v)
{
	struct journal_reader_counts n = journal_reader_counts(c->reader);

	print_broken(c, v);
	printf("%s: %" PRIu64 " records of %" PRIu64 " calls", v->whole ? "whole" : "BROKEN", n.records, v->calls);
	if (v->epochs != v->calls)
		printf(" (%" PRIu64 " epochs)", v->epochs);
	printf(", %" PRIu64 " torn ends (%" PRIu64 " bytes, never durable)", n.torn, n.torn_bytes);
	if (c->erased)
		printf(", %" PRIu64 " records erased", c->erased);
	if (c->unopened)
		printf(", %" PRIu64 " seals not opened for want of a key", c->unopened);
	putchar('\n');
}

int journal_verify(struct journal_command *c)
{
	struct journal_item item;
	struct verdict v;
	enum err err;

	while (!(err = journal_reader_next(c->reader, &item)))
		verify_seal(c, &item);
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

/* `callfunnel journal list | verify | dump DIR`: the journal as it lies on disk, torn, whole, read-only or live.
 *
 * Reads only; never makes a key. Payloads open when the master key is at hand (DIR/master.key or --key F). Main thread. */
#include "cli/journal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "voice/journal_read.h"

enum { SHOWN_BYTES = 48, LINE_MAX_BYTES = 64 * 1024, FAULTS_MAX = 1000 };

struct journal_command {
	struct cli *cli;
	const char *path;
	const char *key_path;
	const char *call_text;
	const char *kind_text;
	struct id128 call;
	const struct journal_kind_info *kind;
	struct keyring *keyring;
	struct journal_reader *reader;
	json_t *faults;
	uint64_t broken_seals, unopened, erased;
};

/* ---- printers ---- */

static enum err print_gap(struct buf *out, const uint8_t *payload, size_t len)
{
	struct journal_gap gap;
	enum err err = journal_gap_decode(&gap, payload, len);
	int kind;

	if (err)
		return err;
	buf_printf(out, "gap: %s, %" PRIu64 " records, %" PRIu64 " bytes, %" PRIu64 "..%" PRIu64 " us",
		journal_gap_why_name(gap.why), gap.records, gap.bytes, gap.first_us, gap.last_us);
	if (gap.first_sequence)
		buf_printf(out, ", among sequences %" PRIu64 "..%" PRIu64, gap.first_sequence, gap.last_sequence);
	for (kind = 1; kind <= JOURNAL_ATTACH; kind++)
		if (gap.kinds >> kind & 1)
			buf_printf(out, " %s", journal_kind_name((uint8_t)kind));
	return ERR_NONE;
}

const struct journal_payload_printer journal_payload_printers[] = {
	{ JOURNAL_GAP, print_gap },
	{ 0, NULL },
};

static enum err print_payload(struct buf *out, uint8_t kind, const uint8_t *payload, size_t len)
{
	const struct journal_payload_printer *p;

	for (p = journal_payload_printers; p->print; p++)
		if (p->kind == kind)
			return p->print(out, payload, len);
	return ERR_NOTFOUND;
}

static void print_hex(struct buf *out, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < SHOWN_BYTES; i++)
		buf_printf(out, "%02x", data[i]);
	if (len > SHOWN_BYTES)
		buf_text(out, "...");
}

static const char *wall_text(uint64_t wall_us, char out[40])
{
	time_t seconds = (time_t)(wall_us / 1000000u);
	struct tm tm;
	size_t n = 0;

	if (gmtime_r(&seconds, &tm))
		n = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 40 - n, ".%06uZ", (unsigned int)(wall_us % 1000000u));
	return out;
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)(value > INT64_MAX ? INT64_MAX : value));
}

static void put_number(json_t *to, const char *name, uint64_t value)
{
	json_object_set_new(to, name, number(value));
}

static void put_id(json_t *to, const char *name, const struct id128 *id)
{
	char text[33];

	id128_print(id, text);
	json_object_set_new(to, name, json_string(text));
}

static void print_json(json_t *doc)
{
	json_dumpf(doc, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(doc);
}

/* ---- opening ---- */

static void note_fault(void *arg, const struct journal_fault *fault)
{
	struct journal_command *c = arg;
	json_t *f;

	if (json_array_size(c->faults) >= FAULTS_MAX)
		return;
	f = json_object();
	json_object_set_new(f, "kind", json_string(journal_fault_name(fault->kind)));
	json_object_set_new(f, "file", json_string(fault->file));
	put_number(f, "offset", fault->offset);
	put_number(f, "bytes", fault->bytes);
	json_array_append_new(c->faults, f);
}

/* The folder of the journal, for its keys. */
static void folder_of(const char *path, char out[DISK_PATH_MAX])
{
	size_t len = strlen(path);
	const char *slash = strrchr(path, '/');

	if (len < 5 || strcmp(path + len - 4, ".cfj") != 0)
		snprintf(out, DISK_PATH_MAX, "%s", path);
	else
		snprintf(out, DISK_PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

static int open_all(struct journal_command *c)
{
	struct keyring_options keys = { .master_path = c->key_path, .read_only = true };
	struct journal_reader_options options = { .fault = note_fault, .fault_arg = c };
	struct err_detail detail = { .message = "" };
	char folder[DISK_PATH_MAX];
	struct stat st;
	enum err err;

	folder_of(c->path, folder);
	if (!stat(c->path, &st) && !S_ISDIR(st.st_mode) && !strcmp(folder, c->path))
		return cli_fail(c->cli, CLI_MISSING, ERR_FORMAT, c->path, "name the folder, or a file that ends in .cfj",
			"neither a journal's folder nor one of its files");
	err = keyring_open(&c->keyring, &disk_real, folder, &keys, &detail);
	if (err && (c->key_path || err == ERR_NOMEM)) /* a key that was named must fit; otherwise seals stay closed */
		return cli_fail(c->cli, CLI_MISSING, err, detail.where, detail.hint, "%s", detail.message);
	options.keyring = c->keyring;
	options.call = c->call_text ? &c->call : NULL;
	c->faults = json_array();
	err = journal_reader_open(&c->reader, &disk_real, c->path, &options, &detail);
	if (err)
		return cli_fail(c->cli, CLI_MISSING, err, detail.where, detail.hint, "%s: %s", detail.message, err_name(err));
	return CLI_FINE;
}

static void close_all(struct journal_command *c)
{
	journal_reader_close(&c->reader);
	keyring_close(&c->keyring);
	json_decref(c->faults);
}

static int fail_reading(struct journal_command *c, enum err err)
{
	return cli_fail(c->cli, CLI_MISSING, err, c->path, "check the disk", "reading stopped: %s", err_name(err));
}

static const char *role_name(enum journal_role role)
{
	switch (role) {
	case JOURNAL_ROLE_UNUSED: return "unused";
	case JOURNAL_ROLE_SEGMENT: return "segment";
	case JOURNAL_ROLE_RESERVE: return "reserve";
	case JOURNAL_ROLE_RING: return "ring";
	case JOURNAL_ROLE_EXPORT: return "export";
	}
	return "unknown";
}

/* ---- list ---- */

static json_t *file_json(const struct journal_file *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "file", json_string(f->name));
	json_object_set_new(o, "role", json_string(role_name(f->header.role)));
	put_number(o, "order", f->header.order);
	put_number(o, "bytes", f->bytes);
	json_object_set_new(o, "header", json_string(f->err ? err_name(f->err) : "fine"));
	return o;
}

static json_t *call_json(const struct journal_call_info *c, bool beginning_gone)
{
	json_t *o = json_object();
	char wall[40];

	put_id(o, "tenant", &c->tenant);
	put_id(o, "call", &c->call);
	put_number(o, "epoch", c->epoch);
	put_number(o, "records", c->records);
	put_number(o, "bytes", c->bytes);
	json_object_set_new(o, "first", json_string(wall_text(c->first_wall_us, wall)));
	json_object_set_new(o, "last", json_string(wall_text(c->last_wall_us, wall)));
	put_number(o, "span_us", c->last_us - c->first_us);
	json_object_set_new(o, "started", json_boolean(c->started || c->attached));
	json_object_set_new(o, "ended", json_boolean(c->ended));
	put_number(o, "gaps", c->gaps);
	put_number(o, "missing", journal_call_missing(c, beginning_gone));
	put_number(o, "duplicates", c->duplicates);
	return o;
}

static void list_people(struct journal_command *c)
{
	const struct journal_files *files = journal_reader_files(c->reader);
	const struct journal_call_info *info;
	char call[33], tenant[33], wall[40];
	size_t i;

	for (i = 0; i < files->count; i++)
		printf("%-28s %-8s %12" PRIu64 " bytes%s%s\n", files->items[i].name, role_name(files->items[i].header.role),
			files->items[i].bytes, files->items[i].err ? "  header: " : "",
			files->items[i].err ? err_name(files->items[i].err) : "");
	for (i = 0; (info = journal_reader_call(c->reader, i)); i++) {
		id128_print(&info->call, call);
		id128_print(&info->tenant, tenant);
		printf("call %s  tenant %s  epoch %u  %" PRIu64 " records  %" PRIu64 " bytes  from %s  %.1f s  %s\n", call, tenant,
			info->epoch, info->records, info->bytes, wall_text(info->first_wall_us, wall),
			(double)(info->last_us - info->first_us) / 1e6, info->ended ? "ended" : "not ended");
	}
}

static void list_json(struct journal_command *c)
{
	const struct journal_files *files = journal_reader_files(c->reader);
	bool gone = journal_reader_counts(c->reader).beginning_gone;
	json_t *doc = json_object(), *list = json_array(), *calls = json_array();
	const struct journal_call_info *info;
	size_t i;

	for (i = 0; i < files->count; i++)
		json_array_append_new(list, file_json(&files->items[i]));
	for (i = 0; (info = journal_reader_call(c->reader, i)); i++)
		json_array_append_new(calls, call_json(info, gone));
	json_object_set_new(doc, "files", list);
	json_object_set_new(doc, "calls", calls);
	print_json(doc);
}

static int run_list(struct journal_command *c)
{
	struct journal_item item;
	enum err err;

	while (!(err = journal_reader_next(c->reader, &item)))
		continue;
	if (err != ERR_NOTFOUND)
		return fail_reading(c, err);
	if (c->cli->json)
		list_json(c);
	else
		list_people(c);
	return CLI_FINE;
}

/* ---- verify ---- */

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
	if (json_array_size(c->faults) < FAULTS_MAX) {
		json_t *f = json_object();

		json_object_set_new(f, "kind", json_string("broken_seal"));
		json_object_set_new(f, "file", json_string(item->file));
		put_number(f, "offset", item->offset);
		put_number(f, "bytes", item->record.raw_len);
		json_array_append_new(c->faults, f);
	}
}

struct verdict {
	uint64_t missing, duplicates, calls;
	bool whole;
};

static struct verdict judge(struct journal_command *c)
{
	struct journal_reader_counts counts = journal_reader_counts(c->reader);
	const struct journal_call_info *info;
	struct verdict v = { 0 };

	while ((info = journal_reader_call(c->reader, v.calls))) {
		v.missing += journal_call_missing(info, counts.beginning_gone);
		v.duplicates += info->duplicates;
		v.calls++;
	}
	v.whole = !counts.corrupt && !counts.foreign && !counts.missing_files && !c->broken_seals && !v.missing && !v.duplicates;
	return v;
}

static void verify_json(struct journal_command *c, const struct verdict *v)
{
	struct journal_reader_counts n = journal_reader_counts(c->reader);
	const struct journal_call_info *info;
	json_t *doc = json_object(), *calls = json_array();
	size_t i;

	for (i = 0; (info = journal_reader_call(c->reader, i)); i++)
		if (journal_call_missing(info, n.beginning_gone) || info->duplicates)
			json_array_append_new(calls, call_json(info, n.beginning_gone));
	json_object_set_new(doc, "whole", json_boolean(v->whole));
	put_number(doc, "records", n.records);
	put_number(doc, "calls", v->calls);
	put_number(doc, "torn", n.torn);
	put_number(doc, "torn_bytes", n.torn_bytes);
	put_number(doc, "corrupt", n.corrupt);
	put_number(doc, "corrupt_bytes", n.corrupt_bytes);
	put_number(doc, "foreign", n.foreign);
	put_number(doc, "missing_files", n.missing_files);
	put_number(doc, "missing", v->missing);
	put_number(doc, "duplicates", v->duplicates);
	put_number(doc, "broken_seals", c->broken_seals);
	put_number(doc, "erased", c->erased);
	put_number(doc, "unopened", c->unopened);
	json_object_set(doc, "faults", c->faults);
	json_object_set_new(doc, "broken_calls", calls);
	print_json(doc);
}

static void verify_people(struct journal_command *c, const struct verdict *v)
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
	printf("%s: %" PRIu64 " records of %" PRIu64 " calls, %" PRIu64 " torn ends (%" PRIu64 " bytes, never durable)",
		v->whole ? "whole" : "BROKEN", n.records, v->calls, n.torn, n.torn_bytes);
	if (c->erased)
		printf(", %" PRIu64 " records erased", c->erased);
	if (c->unopened)
		printf(", %" PRIu64 " seals not opened for want of a key", c->unopened);
	putchar('\n');
}

static int run_verify(struct journal_command *c)
{
	struct journal_item item;
	struct verdict v;
	enum err err;

	while (!(err = journal_reader_next(c->reader, &item)))
		verify_seal(c, &item);
	if (err != ERR_NOTFOUND)
		return fail_reading(c, err);
	v = judge(c);
	if (c->cli->json)
		verify_json(c, &v);
	else
		verify_people(c, &v);
	return v.whole ? CLI_FINE : CLI_NOT_SO;
}

/* ---- dump ---- */

static const char *closed_text(enum err err)
{
	switch (err) {
	case ERR_DENIED: return "erased";
	case ERR_NOTFOUND: return "no key";
	case ERR_CORRUPT: return "broken seal";
	default: return err_name(err);
	}
}

static void payload_text(struct buf *out, uint8_t kind, const uint8_t *payload, size_t len, enum err opened)
{
	if (opened) {
		buf_printf(out, "[%s]", closed_text(opened));
		return;
	}
	if (!print_payload(out, kind, payload, len))
		return;
	buf_reset(out);
	print_hex(out, payload, len);
}

static void dump_json(const struct journal_item *item, struct buf *text, size_t len, enum err opened)
{
	const struct journal_header *h = &item->record.header;
	json_t *o = json_object();
	char wall[40];

	json_object_set_new(o, "file", json_string(item->file));
	put_number(o, "offset", item->offset);
	json_object_set_new(o, "kind", json_string(journal_kind_name(h->kind)));
	put_number(o, "kind_number", h->kind);
	put_id(o, "tenant", &h->tenant);
	put_id(o, "call", &h->call);
	put_number(o, "epoch", h->epoch);
	put_number(o, "sequence", h->sequence);
	put_number(o, "time_us", h->time_us);
	json_object_set_new(o, "time", json_string(wall_text(h->wall_us, wall)));
	put_number(o, "batch", h->batch);
	put_number(o, "bytes", opened ? h->payload_len : len);
	if (opened)
		json_object_set_new(o, "closed", json_string(closed_text(opened)));
	else
		json_object_set_new(o, "payload", json_string(buf_str(text)));
	print_json(o);
}

static void dump_people(const struct journal_item *item, struct buf *text)
{
	const struct journal_header *h = &item->record.header;
	char call[33], wall[40];

	id128_print(&h->call, call);
	printf("%s+%" PRIu64 " %s %s/%u/%" PRIu64 " %s %s\n", item->file, item->offset, wall_text(h->wall_us, wall), call,
		h->epoch, h->sequence, journal_kind_name(h->kind), buf_str(text));
}

static int run_dump(struct journal_command *c)
{
	struct journal_item item;
	struct buf text;
	enum err err;

	buf_init(&text, LINE_MAX_BYTES);
	while (!(err = journal_reader_next(c->reader, &item))) {
		const uint8_t *payload;
		size_t len;
		enum err opened;

		if (c->kind && item.record.header.kind != c->kind->kind)
			continue;
		opened = journal_reader_payload(c->reader, &item, &payload, &len);
		buf_reset(&text);
		payload_text(&text, item.record.header.kind, payload, len, opened);
		if (c->cli->json)
			dump_json(&item, &text, len, opened);
		else
			dump_people(&item, &text);
	}
	buf_fini(&text);
	return err == ERR_NOTFOUND ? CLI_FINE : fail_reading(c, err);
}

/* ---- the command ---- */

static int read_filters(struct journal_command *c)
{
	if (c->call_text && id128_parse(&c->call, c->call_text))
		return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--call", "callfunnel journal list shows the calls",
			"a call is 32 hex digits");
	c->kind = c->kind_text ? journal_kind_find(c->kind_text) : NULL;
	if (c->kind_text && !c->kind)
		return cli_fail(c->cli, CLI_USAGE, ERR_USAGE, "--kind",
			"start, inputs, outputs, audio_caller, audio_agent, played, event, snapshot, meter, gap, end, attach",
			"no kind of record is called %s", c->kind_text);
	return CLI_FINE;
}

static int (*verb_find(const char *name))(struct journal_command *c)
{
	if (!strcmp(name, "list"))
		return run_list;
	if (!strcmp(name, "verify"))
		return run_verify;
	return !strcmp(name, "dump") ? run_dump : NULL;
}

int cmd_journal(struct cli *cli, int argc, char **argv)
{
	struct journal_command c = { .cli = cli };
	const struct flag flags[] = {
		{ .name = "call", .type = FLAG_STRING, .value = &c.call_text, .arg = "CALL", .help = "only this call" },
		{ .name = "kind", .type = FLAG_STRING, .value = &c.kind_text, .arg = "KIND", .help = "only this kind (dump)" },
		{ .name = "key", .type = FLAG_STRING, .value = &c.key_path, .arg = "F", .help = "the master key (DIR/master.key)" },
		{ .name = NULL },
	};
	int (*verb)(struct journal_command *c);
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	verb = argc == 3 ? verb_find(argv[1]) : NULL;
	if (!verb)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "journal", "callfunnel journal list | verify | dump DIR",
			"say what to do and where: list, verify or dump, and a folder");
	c.path = argv[2];
	status = read_filters(&c);
	if (!status)
		status = open_all(&c);
	if (!status)
		status = verb(&c);
	close_all(&c);
	return status;
}

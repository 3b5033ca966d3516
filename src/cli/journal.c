/* `callfunnel journal list | verify | dump DIR`: the journal as it lies on disk, torn, whole, read-only or live; verify is
 * journal_verify.c.
 *
 * Reads only; never makes a key. Payloads open when the master key is at hand (DIR/master.key or --key F). Main thread. */
#include "cli/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "voice/shipping/ship.h"

enum { SHOWN_BYTES = 48, LINE_MAX_BYTES = 64 * 1024 };

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

void journal_put_number(json_t *to, const char *name, uint64_t value)
{
	json_object_set_new(to, name, number(value));
}

static void put_id(json_t *to, const char *name, const struct id128 *id)
{
	char text[33];

	id128_print(id, text);
	json_object_set_new(to, name, json_string(text));
}

void journal_print_json(json_t *doc)
{
	json_dumpf(doc, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(doc);
}

/* ---- opening ---- */

/* A fault goes into the list that verify prints. */
static void note_fault(void *arg, const struct journal_fault *fault)
{
	struct journal_command *c = arg;
	json_t *f;

	if (json_array_size(c->faults) >= JOURNAL_FAULTS_SHOWN)
		return;
	f = json_object();
	json_object_set_new(f, "kind", json_string(journal_fault_name(fault->kind)));
	json_object_set_new(f, "file", json_string(fault->file));
	journal_put_number(f, "offset", fault->offset);
	journal_put_number(f, "bytes", fault->bytes);
	json_array_append_new(c->faults, f);
}

void journal_folder(const char *path, char out[DISK_PATH_MAX])
{
	size_t len = strlen(path);

	if (len < 5 || strcmp(path + len - 4, ".cfj") != 0)
		snprintf(out, DISK_PATH_MAX, "%s", path);
	else
		disk_folder(out, path);
}

static int open_all(struct journal_command *c)
{
	struct journal_reader_options options = { .fault = note_fault, .fault_arg = c };
	struct err_detail detail = { .message = "" };
	char folder[DISK_PATH_MAX];
	struct stat st;
	enum err err;

	journal_folder(c->path, folder);
	c->keys = (struct keyring_options){ .master_path = c->key_path, .read_only = true };
	c->whole_folder = !strcmp(folder, c->path);
	c->shipped_err = c->whole_folder ? ship_cursor_read(&disk_real, folder, &c->shipped) : ERR_NOTFOUND; /* before the files: both may grow */
	if (!stat(c->path, &st) && !S_ISDIR(st.st_mode) && c->whole_folder)
		return cli_fail(c->cli, CLI_MISSING, ERR_FORMAT, c->path, "name the folder, or a file that ends in .cfj",
			"neither a journal's folder nor one of its files");
	c->keys_err = keyring_open(&c->keyring, &disk_real, folder, &c->keys, &c->keys_detail);
	if (c->keys_err && (c->key_path || c->keys_err == ERR_NOMEM)) /* a key that was named must fit; otherwise seals stay closed */
		return cli_fail(c->cli, CLI_MISSING, c->keys_err, c->keys_detail.where, c->keys_detail.hint, "%s", c->keys_detail.message);
	options.keyring = c->keyring;
	options.call = c->call_text ? &c->call : NULL;
	c->faults = json_array();
	err = journal_reader_open(&c->reader, &disk_real, c->path, &options, &detail);
	if (err)
		return cli_fail(c->cli, CLI_MISSING, err, detail.where, detail.hint, "%s: %s", detail.message, err_name(err));
	if (!journal_reader_files(c->reader)->count && c->shipped_err == ERR_NOTFOUND)
		return cli_fail(c->cli, CLI_MISSING, ERR_NOTFOUND, c->path, "name the folder that a worker writes its journal in",
			"there is no journal here: no file that ends in .cfj");
	return CLI_FINE;
}

static void close_all(struct journal_command *c)
{
	journal_reader_close(&c->reader);
	keyring_close(&c->keyring);
	journal_keys_fini(&c->unopened);
	json_decref(c->faults);
}

int journal_fail_reading(struct journal_command *c, enum err err)
{
	return cli_fail(c->cli, CLI_MISSING, err, c->path, err == ERR_DENIED ? "check who may read it" : "check the disk", "reading stopped at %s: %s",
		journal_reader_file(c->reader), err_name(err));
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
	journal_put_number(o, "order", f->header.order);
	journal_put_number(o, "bytes", f->bytes);
	json_object_set_new(o, "header", json_string(f->err ? err_name(f->err) : "fine"));
	return o;
}

json_t *journal_call_json(const struct journal_call_info *c, bool beginning_gone)
{
	json_t *o = json_object();
	char wall[40];

	put_id(o, "tenant", &c->tenant);
	put_id(o, "call", &c->call);
	journal_put_number(o, "epoch", c->epoch);
	journal_put_number(o, "records", c->records);
	journal_put_number(o, "bytes", c->bytes);
	json_object_set_new(o, "first", json_string(wall_text(c->first_wall_us, wall)));
	json_object_set_new(o, "last", json_string(wall_text(c->last_wall_us, wall)));
	journal_put_number(o, "span_us", c->last_us - c->first_us);
	json_object_set_new(o, "started", json_boolean(c->started || c->attached));
	json_object_set_new(o, "ended", json_boolean(c->ended));
	journal_put_number(o, "gaps", c->gaps);
	journal_put_number(o, "missing", journal_call_missing(c, beginning_gone));
	journal_put_number(o, "duplicates", c->duplicates);
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
		json_array_append_new(calls, journal_call_json(info, gone));
	json_object_set_new(doc, "files", list);
	json_object_set_new(doc, "calls", calls);
	journal_print_json(doc);
}

static int run_list(struct journal_command *c)
{
	struct journal_item item;
	enum err err;

	while (!(err = journal_reader_next(c->reader, &item)))
		continue;
	if (err != ERR_NOTFOUND)
		return journal_fail_reading(c, err);
	if (c->cli->json)
		list_json(c);
	else
		list_people(c);
	return CLI_FINE;
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
	journal_put_number(o, "offset", item->offset);
	json_object_set_new(o, "kind", json_string(journal_kind_name(h->kind)));
	journal_put_number(o, "kind_number", h->kind);
	put_id(o, "tenant", &h->tenant);
	put_id(o, "call", &h->call);
	journal_put_number(o, "epoch", h->epoch);
	journal_put_number(o, "sequence", h->sequence);
	journal_put_number(o, "time_us", h->time_us);
	json_object_set_new(o, "time", json_string(wall_text(h->wall_us, wall)));
	journal_put_number(o, "batch", h->batch);
	journal_put_number(o, "bytes", opened ? h->payload_len : len);
	if (opened)
		json_object_set_new(o, "closed", json_string(closed_text(opened)));
	else
		json_object_set_new(o, "payload", json_string(buf_str(text)));
	journal_print_json(o);
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
	bool sealed = false; /* something found no key */
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
		sealed |= opened == ERR_NOTFOUND;
		buf_reset(&text);
		payload_text(&text, item.record.header.kind, payload, len, opened);
		if (c->cli->json)
			dump_json(&item, &text, len, opened);
		else
			dump_people(&item, &text);
	}
	buf_fini(&text);
	if (sealed && c->keys_err && !c->cli->json)
		fprintf(stderr, "callfunnel: %s: %s\n  %s\n", c->keys_detail.where, c->keys_detail.message, c->keys_detail.hint);
	return err == ERR_NOTFOUND ? CLI_FINE : journal_fail_reading(c, err);
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
		return journal_verify;
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

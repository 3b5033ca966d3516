/* `callfunnel parse KIND F`: 0 it was parsed, 1 it was refused (and why), 2 wrong usage, 3 the file cannot be read. */
#include "cli/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/onnx.h"
#include "audio/tracks.h"
#include "audio/wav.h"
#include "base/brief.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/disk.h"
#include "base/json.h"
#include "base/jws.h"
#include "base/wire.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "conductor/rulebook.h"
#include "simulate/script.h"
#include "voice/call.h"
#include "voice/input.h"
#include "voice/journal/journal_read.h"
#include "voice/output.h"
#include "voice/journal/steps.h"

static enum err parse_config(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct config *config;
	enum err err = config_new(&config, settings_tables);

	if (err)
		return err;
	err = config_load(config, "config", data, len, detail);
	if (!err)
		err = config_judge(config, call_orders, detail);
	config_free(config);
	return err;
}

static enum err parse_wire(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct wire_reader r;
	struct wire_field f;

	wire_reader_init(&r, data, len);
	while (wire_next(&r, &f))
		continue;
	if (r.err)
		snprintf(detail->message, sizeof(detail->message), "a field that is %s",
			r.err == ERR_TRUNCATED ? "cut short" : "none of ours");
	return r.err;
}

static enum err parse_wav(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct wav w;
	enum err err = wav_parse(data, len, &w, detail);

	if (!err)
		wav_fini(&w);
	return err;
}

static enum err parse_tracks(const uint8_t *data, size_t len, struct err_detail *detail)
{
	return tracks_check_bytes(data, len, detail);
}

/* Finds one tensor, at the place where every one of them is looked for. */
static enum err parse_onnx(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct onnx_tensor t;

	return onnx_find(data, len, "then_branch", "decoder.rnn.weight_ih", &t, detail);
}

/* Every record of one journal file; payloads stay sealed. */
static enum err read_journal(const struct disk *disk, struct err_detail *detail)
{
	struct journal_reader_options options = { .keyring = NULL };
	struct journal_reader_counts counts;
	struct journal_reader *reader;
	struct journal_item item;
	enum err err = journal_reader_open(&reader, disk, "journal/one.cfj", &options, detail);

	if (err)
		return err;
	do
		err = journal_reader_next(reader, &item);
	while (!err);
	counts = journal_reader_counts(reader);
	journal_reader_close(&reader);
	if (err != ERR_NOTFOUND)
		return err;
	snprintf(detail->message, sizeof(detail->message), "%ju records; places torn: %ju, corrupt: %ju, foreign: %ju",
		(uintmax_t)counts.records, (uintmax_t)counts.torn, (uintmax_t)counts.corrupt, (uintmax_t)counts.foreign);
	return counts.corrupt ? ERR_CORRUPT : counts.foreign ? ERR_FORMAT : counts.torn ? ERR_TRUNCATED : ERR_NONE;
}

static enum err put_file(const struct disk *disk, const uint8_t *data, size_t len)
{
	struct disk_file *file;
	enum err err = disk_make_folder(disk, "journal");

	if (!err)
		err = disk_open(disk, &file, "journal/one.cfj", DISK_WRITE | DISK_CREATE);
	if (err)
		return err;
	if (len)
		err = disk_write(file, 0, data, len);
	disk_close(&file);
	return err;
}

static enum err parse_journal(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct disk_virtual *memory;
	enum err err = disk_virtual_new(&memory);
	struct disk disk;

	if (err)
		return err;
	disk = disk_virtual_disk(memory);
	err = put_file(&disk, data, len);
	if (!err)
		err = read_journal(&disk, detail);
	disk_virtual_free(&memory);
	return err;
}

static enum err parse_input(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct call_input *in = malloc(sizeof(*in));
	enum err err = in ? input_decode(in, data, len) : ERR_NOMEM;

	(void)detail;
	free(in);
	return err;
}

static enum err parse_output(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct call_output *out = malloc(sizeof(*out));
	enum err err = out ? output_decode(out, data, len) : ERR_NOMEM;

	(void)detail;
	free(out);
	return err;
}

static enum err parse_brief(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct brief *brief = malloc(sizeof(*brief));
	enum err err = brief ? brief_decode(brief, data, len) : ERR_NOMEM;

	(void)detail;
	free(brief);
	return err;
}

static enum err parse_snapshot(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct call *call = NULL;
	enum err err = call_load(&call, data, len);

	(void)detail;
	if (!err)
		call_free(call);
	return err;
}

static enum err parse_script(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct script *script;
	enum err err = script_parse(&script, (const char *)data, len, detail);

	script_free(script);
	return err;
}

static enum err parse_settings(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct call_settings settings;

	(void)detail;
	return call_settings_decode(&settings, data, len);
}

static enum err parse_steps(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct step *step = malloc(sizeof(*step));
	enum err err = step ? ERR_NONE : ERR_NOMEM;
	struct steps_reader r;
	uintmax_t count = 0;

	steps_reader_init(&r, data, len);
	while (!err) {
		err = steps_next(&r, step);
		count += !err;
	}
	free(step);
	if (err != ERR_NOTFOUND)
		snprintf(detail->message, sizeof(detail->message), "behind %ju steps: %s", count, err_name(err));
	return err == ERR_NOTFOUND ? ERR_NONE : err;
}

/* What a call in this language would be given, from the book's own samples. */
static enum err try_rulebook(const struct rulebook *book, const char *language, const json_t *samples, struct buf *out, struct err_detail *detail)
{
	struct brief *brief = calloc(1, sizeof(*brief));
	struct call_settings settings;
	enum err err = brief ? ERR_NONE : ERR_NOMEM;

	call_settings_init(&settings);
	if (!err)
		err = rulebook_brief(book, language, samples, brief, &settings, detail);
	if (!err)
		err = rulebook_flow_json(book, language, samples, out, detail);
	if (!err)
		err = rulebook_prompt(book, language, samples, out, out, detail);
	free(brief);
	return err;
}

/* A book that loads makes everything that it is asked for. */
static enum err parse_rulebook(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct rulebook_report *report = malloc(sizeof(*report));
	struct rulebook *book = NULL;
	json_t *samples;
	struct buf out;
	enum err err = report ? rulebook_load(&book, "rulebook", data, len, report) : ERR_NOMEM;
	size_t i;

	if (err && report && report->count) {
		snprintf(detail->message, sizeof(detail->message), "%.100s: %.120s", *report->mistakes[0].path ? report->mistakes[0].path : "the file",
			report->mistakes[0].why);
		snprintf(detail->where, sizeof(detail->where), "rulebook:%u:%u", report->mistakes[0].line, report->mistakes[0].column);
		snprintf(detail->hint, sizeof(detail->hint), "%s", report->mistakes[0].allowed);
	}
	buf_init(&out, PARSE_MAX_BYTES);
	samples = book ? rulebook_samples(book) : NULL;
	for (i = 0; !err && i < rulebook_language_count(book); i++)
		err = try_rulebook(book, rulebook_language_at(book, i), samples, &out, detail);
	if (!err)
		rulebook_tools_json(book, &out);
	json_decref(samples);
	buf_fini(&out);
	rulebook_free(book);
	free(report);
	return err;
}

static enum err parse_key_set(const uint8_t *data, size_t len, struct err_detail *detail)
{
	struct jwks *keys;
	enum err err = jwks_new(&keys, NULL, NULL);

	if (err)
		return err;
	err = jwks_load(keys, data, len, 0, detail);
	jwks_free(&keys);
	return err;
}

const struct parse_kind parse_kinds[] = {
	{ "brief", "what a call is told before it begins, as the journal holds it", parse_brief },
	{ "config", "a settings file", parse_config },
	{ "input", "one input of a call", parse_input },
	{ "journal", "one file of a journal", parse_journal },
	{ "jwks", "an issuer's key set", parse_key_set },
	{ "onnx", "a voice detection model", parse_onnx },
	{ "output", "one output of a call", parse_output },
	{ "rulebook", "a rule-book", parse_rulebook },
	{ "script", "a scenario of simulate --script", parse_script },
	{ "settings", "what a call is pinned to, as the journal holds it", parse_settings },
	{ "snapshot", "a saved call", parse_snapshot },
	{ "steps", "steps of a call, as the journal holds them", parse_steps },
	{ "tracks", "a recording of both sides", parse_tracks },
	{ "wav", "a WAV file", parse_wav },
	{ "wire", "a message of numbered fields", parse_wire },
	{ NULL, NULL, NULL },
};

const struct parse_kind *parse_find(const char *name)
{
	const struct parse_kind *k;

	for (k = parse_kinds; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

static void list_kinds(char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "kinds:");
	const struct parse_kind *k;

	for (k = parse_kinds; k->name && used < size; k++)
		used += (size_t)snprintf(out + used, size - used, " %s", k->name);
}

/* errno, or 0 with the file in `out`. */
static int read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	uint8_t chunk[16384];
	size_t n;
	int errnum = 0;

	if (!f)
		return errno;
	while (!out->err && (n = fread(chunk, 1, sizeof(chunk), f)))
		buf_append(out, chunk, n);
	if (ferror(f))
		errnum = errno ? errno : EIO;
	fclose(f);
	return errnum;
}

static int report(struct cli *cli, const struct parse_kind *kind, const char *path, const struct buf *bytes)
{
	struct err_detail detail = { .message = "" };
	enum err err = kind->run(bytes->data, bytes->len, &detail);
	struct buf b;

	if (err)
		return cli_fail(cli, CLI_NOT_SO, err, detail.where[0] ? detail.where : path, detail.hint, "%s",
			detail.message[0] ? detail.message : err_name(err));
	if (!cli->json) {
		printf("%s: parsed as %s, %zu bytes\n", path, kind->name, bytes->len);
		return CLI_FINE;
	}
	buf_init(&b, PARSE_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "kind", kind->name);
	json_pair_string(&b, "file", path);
	json_pair_u64(&b, "bytes", bytes->len);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
	return CLI_FINE;
}

int cmd_parse(struct cli *cli, int argc, char **argv)
{
	const struct parse_kind *kind;
	struct buf bytes;
	char kinds[240];
	int errnum;
	int status = cli_flags(cli, NULL, &argc, argv);

	if (status)
		return status;
	list_kinds(kinds, sizeof(kinds));
	if (argc != 3)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "parse", kinds, "usage: callfunnel parse KIND F");
	kind = parse_find(argv[1]);
	if (!kind)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "parse", kinds, "no such kind: %s", argv[1]);
	buf_init(&bytes, PARSE_MAX_BYTES);
	errnum = read_file(argv[2], &bytes);
	if (errnum)
		status = cli_fail(cli, CLI_MISSING, err_from_errno(errnum), argv[2], NULL, "cannot read: %s", strerror(errnum));
	else if (bytes.err)
		status = cli_fail(cli, CLI_MISSING, bytes.err, argv[2], "at most 64 MB", "the file is too large");
	else
		status = report(cli, kind, argv[2], &bytes);
	buf_fini(&bytes);
	return status;
}

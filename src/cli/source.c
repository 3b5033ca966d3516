#include "cli/source.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/config.h"
#include "voice/journal/call_records.h"

static const char unknown_hint[] = "give an exported call file, the folder of a journal with one call, or a call's id (32 hex digits) and --dir";

/* A journal without a keyring may still be read as far as its payloads are clear. */
static enum err keys_open(struct call_source *s, const char *key, struct err_detail *detail)
{
	struct keyring_options options = { .master_path = key, .read_only = true };
	char path[DISK_PATH_MAX];
	struct stat st;
	enum err err;

	s->one_file = !stat(s->path, &st) && !S_ISDIR(st.st_mode);
	if (s->one_file || stat(s->path, &st))
		return ERR_NONE;
	err = keyring_open(&s->keyring, &disk_real, s->path, &options, detail);
	if (err != ERR_NOTFOUND || key || disk_path(path, s->path, "keyring") || !stat(path, &st))
		return err; /* there are keys, and the master key is what is missing */
	*detail = (struct err_detail){ .message = "" };
	return ERR_NONE;
}

/* A file of a journal is sealed and holds parts of calls. */
static bool is_exported(const struct journal_reader *reader)
{
	const struct journal_files *files = journal_reader_files(reader);

	return files->count != 1 || files->items[0].err || files->items[0].header.role == JOURNAL_ROLE_EXPORT;
}

/* The one call of a file or folder. ERR_LIMIT: there are several. */
static enum err call_find(struct call_source *s, struct err_detail *detail)
{
	struct journal_reader_options all = { .keyring = s->keyring };
	struct journal_reader *reader;
	struct journal_item item;
	bool found = false;
	enum err err = journal_reader_open(&reader, &disk_real, s->path, &all, detail);

	if (err)
		return err;
	if (s->one_file && !is_exported(reader)) {
		snprintf(detail->message, sizeof(detail->message), "this file of a journal is no exported call");
		snprintf(detail->hint, sizeof(detail->hint), "name the call and its journal: CALL --dir DIR");
		journal_reader_close(&reader);
		return ERR_FORMAT;
	}
	while (!(err = journal_reader_next(reader, &item))) {
		const struct journal_header *h = &item.record.header;

		if (id128_is_zero(&h->call))
			continue;
		if (found && !id128_equal(&h->call, &s->call)) {
			err = ERR_LIMIT;
			break;
		}
		s->call = h->call;
		found = true;
	}
	journal_reader_close(&reader);
	return err == ERR_NOTFOUND && found ? ERR_NONE : err;
}

static int opened(struct cli *cli, struct call_source *s, const char *word, const char *key, bool search)
{
	struct err_detail detail = { .message = "" };
	enum err err = keys_open(s, key, &detail);

	if (!err && search)
		err = call_find(s, &detail);
	if (err) {
		call_source_close(s);
		if (err == ERR_LIMIT)
			return cli_fail(cli, CLI_USAGE, err, word, "name one by its id; `callfunnel journal list` shows them", "there are several calls here");
		if (err == ERR_NOTFOUND && !detail.message[0])
			return cli_fail(cli, CLI_MISSING, err, word, unknown_hint, "there is no call here");
		return call_source_fail(cli, s, err, &detail);
	}
	id128_print(&s->call, s->name);
	s->options = (struct journal_reader_options){ .keyring = s->keyring, .call = &s->call };
	return CLI_FINE;
}

static bool path_is_journal(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && !strcmp(path + len - 4, ".cfj");
}

const char *call_journal_find(struct cli *cli, const struct id128 *call, char folder[DISK_PATH_MAX])
{
	const char *data = config_text(cli->config, "data.dir");
	char name[33];
	struct stat st;
	int len;

	id128_print(call, name);
	len = snprintf(folder, DISK_PATH_MAX, "%s/journal/%s", data, name);
	if (len < DISK_PATH_MAX && !stat(folder, &st))
		return folder;
	len = snprintf(folder, DISK_PATH_MAX, "%s/journal", data);
	return len < DISK_PATH_MAX && call_records_are_many(&disk_real, folder) ? folder : data;
}

int call_source_open(struct cli *cli, struct call_source *s, const char *word, const char *dir, const char *key)
{
	struct stat st;

	*s = (struct call_source){ .path = word };
	if (!stat(word, &st) && !S_ISDIR(st.st_mode) && !path_is_journal(word))
		return cli_fail(cli, CLI_USAGE, ERR_FORMAT, word, unknown_hint, "neither a journal's folder nor a call file (.cfj)");
	if (!stat(word, &st))
		return opened(cli, s, word, key, true);
	if (id128_parse(&s->call, word))
		return cli_fail(cli, CLI_USAGE, ERR_NOTFOUND, word, unknown_hint, "no such file, and no call's id");
	s->path = dir ? dir : call_journal_find(cli, &s->call, s->folder);
	return opened(cli, s, word, key, false);
}

void call_source_close(struct call_source *s)
{
	keyring_close(&s->keyring);
}

int call_source_fail(struct cli *cli, const struct call_source *s, enum err err, const struct err_detail *detail)
{
	const char *where = detail->where[0] ? detail->where : s->path;

	if (detail->message[0])
		return cli_fail(cli, CLI_MISSING, err, where, detail->hint[0] ? detail->hint : NULL, "%s", detail->message);
	if (err == ERR_NOTFOUND)
		return cli_fail(cli, CLI_MISSING, err, where, "`callfunnel journal list DIR` shows the calls of a journal", "no record of this call here");
	if (err == ERR_DENIED)
		return cli_fail(cli, CLI_MISSING, err, where, NULL, "this may not be read");
	return cli_fail(cli, CLI_MISSING, err, where, NULL, "the call cannot be read: %s", err_name(err));
}

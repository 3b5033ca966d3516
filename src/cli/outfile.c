#include "cli/outfile.h"

#include <stdio.h>
#include <string.h>

#include "base/target.h"

enum { MAGIC_BYTES = 6 };

/* Does the file begin like one of a journal's? What cannot be read does not. */
static bool is_ours(const char *path)
{
	static const char *const magics[] = { "CFJOUR", "CFKEYS", "CFSHIP" };
	char head[MAGIC_BYTES];
	struct disk_file *f;
	size_t got = 0, i;
	bool ours = false;

	if (disk_open(&disk_real, &f, path, DISK_READ))
		return false;
	if (!disk_read(f, 0, head, sizeof(head), &got))
		for (i = 0; i < sizeof(magics) / sizeof(magics[0]) && got == sizeof(head); i++)
			ours |= !memcmp(head, magics[i], sizeof(head));
	disk_close(&f);
	return ours;
}

struct look {
	const char *folder;
	bool journal;
};

/* A segment, a reserve or a ring by its name, or a keyring. */
static void name_seen(void *arg, const char *name)
{
	struct look *l = arg;
	const char *dash = strchr(name, '-');
	char path[DISK_PATH_MAX];

	if (dash && (!strncmp(name, "seg-", 4) || !strncmp(name, "reserve-", 8) || !strncmp(name, "ring-", 5)))
		l->journal |= strspn(dash + 1, "0123456789abcdef") == 16 && !strcmp(dash + 17, ".cfj");
	if (!strcmp(name, "keyring"))
		l->journal |= !disk_path(path, l->folder, name) && is_ours(path);
}

static bool is_in_journal(const char *target)
{
	char folder[DISK_PATH_MAX];
	struct look l = { .folder = folder };

	disk_folder(folder, target);
	return !disk_list(&disk_real, folder, name_seen, &l) && l.journal;
}

int outfile_find(struct cli *cli, char out[DISK_PATH_MAX], const char *path)
{
	struct err_detail detail = { .message = "" };
	enum err err = target_find(out, path, &detail);

	if (err)
		return cli_fail(cli, CLI_USAGE, err, detail.where, detail.hint, "%s", detail.message);
	if (is_in_journal(out))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, path, "name a file in another folder", "cannot be written: that folder is a journal's");
	if (is_ours(out))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, path, "name another file", "cannot be written: a file of a journal, or an exported call, is there");
	return CLI_FINE;
}

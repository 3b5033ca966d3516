/* Finding and reading a rule-book's file: by path, or by name in the folder of the setting or beside the program. */
#include "conductor/rulebook.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/http_client.h"

const struct option rulebook_options[] = {
	{ .name = "rulebooks.dir", .type = OPTION_TEXT, .max = RULEBOOK_PATH_MAX - 100, .text = "",
		.help = "The folder of rule-books that are called by name; empty: rulebooks beside the program, then /usr/share/callfunnel/rulebooks." },
	{ .name = "services.records", .type = OPTION_TEXT, .max = 400, .text = "", .fits = http_is_url, .fitting = HTTP_URL_FITTING,
		.help = "The base URL that service:records stands for in a rule-book's tools, {tenant} in it for the tenant's name; empty: the records built in." },
	{ .name = "services.NAME", .type = OPTION_TEXT, .max = 400, .text = "", .fits = http_is_url, .fitting = HTTP_URL_FITTING, .is_family = true,
		.help = "The base URL that service:NAME stands for, for any NAME of a-z and _ (services.tables), {tenant} in it for the tenant's name. "
			"Calls of a rule-book that names one without an address are refused." },
	{ .name = NULL },
};

static bool is_path(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 5 && !strcmp(word + len - 5, ".yaml")) || (len > 4 && !strcmp(word + len - 4, ".yml"));
}

static bool there(char path[RULEBOOK_PATH_MAX], const char *dir, const char *below, const char *word)
{
	int len = snprintf(path, RULEBOOK_PATH_MAX, "%s%s/%s.yaml", dir, below, word);

	return len < RULEBOOK_PATH_MAX && !access(path, F_OK);
}

/* Beside the program, and one and two folders up: a build folder inside the source. */
static const char *const beside[] = { "/rulebooks", "/../rulebooks", "/../../rulebooks", "/../share/callfunnel/rulebooks", NULL };
static const char installed[] = "/usr/share/callfunnel/rulebooks";

/* The folder that the program lies in. */
static bool program_folder(char out[RULEBOOK_PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", out, RULEBOOK_PATH_MAX - 1);
	char *slash;

	if (len <= 0)
		return false;
	out[len] = 0;
	slash = strrchr(out, '/');
	if (slash)
		*slash = 0;
	return slash;
}

static bool beside_program(char path[RULEBOOK_PATH_MAX], const char *word)
{
	char program[RULEBOOK_PATH_MAX];

	if (!program_folder(program))
		return false;
	for (size_t i = 0; beside[i]; i++)
		if (there(path, program, beside[i], word))
			return true;
	return false;
}

static enum err missing(const char *word, const char *dir, struct err_detail *detail)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "no rule-book of this name");
		snprintf(detail->where, sizeof(detail->where), "%.150s", word);
		snprintf(detail->hint, sizeof(detail->hint), "looked in %.150s; a path has a / in it; --set rulebooks.dir=DIR names another folder",
			*dir ? dir : "rulebooks beside the program and /usr/share/callfunnel/rulebooks");
	}
	return ERR_NOTFOUND;
}

enum err rulebook_find(const char *word, const char *dir, char path[RULEBOOK_PATH_MAX], struct err_detail *detail)
{
	if (is_path(word)) {
		if (strlen(word) >= RULEBOOK_PATH_MAX)
			return ERR_LIMIT;
		memcpy(path, word, strlen(word) + 1);
		return ERR_NONE;
	}
	if (*dir ? there(path, dir, "", word) : beside_program(path, word) || there(path, installed, "", word))
		return ERR_NONE;
	return missing(word, dir, detail);
}

/* ---- listing ---- */

struct names {
	char *list[RULEBOOK_LIST_MAX];
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool known(const struct names *n, const char *name, size_t len)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strncmp(n->list[i], name, len) && !n->list[i][len])
			return true;
	return false;
}

static enum err names_add(struct names *n, const char *dir, const char *below)
{
	char path[RULEBOOK_PATH_MAX];
	const struct dirent *entry;
	enum err err = ERR_NONE;
	DIR *folder = snprintf(path, sizeof(path), "%s%s", dir, below) < RULEBOOK_PATH_MAX ? opendir(path) : NULL;

	while (!err && folder && n->count < RULEBOOK_LIST_MAX && (entry = readdir(folder))) {
		size_t len = strlen(entry->d_name);

		if (len <= 5 || entry->d_name[0] == '.' || strcmp(entry->d_name + len - 5, ".yaml") != 0 || known(n, entry->d_name, len - 5))
			continue;
		n->list[n->count] = strndup(entry->d_name, len - 5);
		if (n->list[n->count])
			n->count++;
		else
			err = ERR_NOMEM;
	}
	if (folder)
		closedir(folder);
	return err;
}

/* In the order of rulebook_find: of two with one name the first folder's is found, and both are one name. */
static enum err names_find(struct names *n, const char *dir)
{
	char program[RULEBOOK_PATH_MAX];
	enum err err = ERR_NONE;

	if (*dir)
		return names_add(n, dir, "");
	if (program_folder(program))
		for (size_t i = 0; beside[i] && !err; i++)
			err = names_add(n, program, beside[i]);
	return err ? err : names_add(n, installed, "");
}

enum err rulebook_list(const char *dir, bool (*each)(void *arg, const char *name), void *arg)
{
	struct names n = { .count = 0 };
	enum err err = names_find(&n, dir);
	bool more = !err;

	qsort(n.list, n.count, sizeof(n.list[0]), by_name);
	for (size_t i = 0; i < n.count; i++) {
		more = more && each(arg, n.list[i]);
		free(n.list[i]);
	}
	return err;
}

/* ---- reading ---- */

static enum err refuse(const char *path, enum err err, const char *why, struct err_detail *detail)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "cannot read: %s", why);
		snprintf(detail->where, sizeof(detail->where), "%.150s", path);
	}
	return err;
}

enum err rulebook_read(const char *path, struct buf *out, struct err_detail *detail)
{
	FILE *file = fopen(path, "rb");
	uint8_t chunk[16384];
	int errnum = 0;
	size_t n;

	if (!file)
		return refuse(path, err_from_errno(errno), strerror(errno), detail);
	errno = 0;
	while (!out->err && out->len <= RULEBOOK_MAX_BYTES && (n = fread(chunk, 1, sizeof(chunk), file)))
		buf_append(out, chunk, n);
	if (ferror(file))
		errnum = errno ? errno : EIO;
	fclose(file);
	if (errnum)
		return refuse(path, err_from_errno(errnum), strerror(errnum), detail);
	if (out->len > RULEBOOK_MAX_BYTES || out->err == ERR_LIMIT)
		return refuse(path, ERR_LIMIT, "the file is too large, at most 256 KB", detail);
	return out->err;
}

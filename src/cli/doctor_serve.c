/* Checks of `callfunnel doctor` for a house that takes calls: speech, rule-books, ports, the time of day, room for keys. */
#include "cli/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/http_server.h"
#include "cli/run_file.h"
#include "conductor/rulebook.h"
#include "providers/pocketsphinx/pocketsphinx.h"

enum { LOCKED_WANTED_KB = 1024, YEAR_LEAST = 2026 };

/* Two words are enough to see whether model and dictionary are there and hold together. */
void doctor_recogniser(struct finding *f, const struct config *config)
{
	static const char *const words[] = { "yes", "no" };
	const struct pocketsphinx_options options = { .phrases = words, .phrase_count = 2 };
	struct err_detail detail = { .message = "" };
	struct pocketsphinx *p = NULL;
	uv_loop_t loop;
	enum err err;

	(void)config;
	if (uv_loop_init(&loop))
		return;
	err = pocketsphinx_open(&p, &loop, &options, &detail);
	f->is_fine = !err;
	snprintf(f->found, sizeof(f->found), "%s", err ? detail.message[0] ? detail.message : err_name(err) : "PocketSphinx, American English");
	snprintf(f->hint, sizeof(f->hint), "%s", detail.hint[0] ? detail.hint : "install the package pocketsphinx-en-us");
	pocketsphinx_close(&p);
	uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
}

static bool in_path(const char *program, char *out, size_t size)
{
	const char *at = getenv("PATH");

	at = at ? at : "/usr/local/bin:/usr/bin:/bin";
	while (*at) {
		size_t len = strcspn(at, ":");

		if (snprintf(out, size, "%.*s/%s", (int)len, at, program) < (int)size && !access(out, X_OK))
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

void doctor_voices(struct finding *f, const struct config *config)
{
	char path[200];

	(void)config;
	f->is_fine = in_path("espeak-ng", path, sizeof(path));
	snprintf(f->found, sizeof(f->found), "flite for English, %s", f->is_fine ? path : "nothing for other languages");
	snprintf(f->hint, sizeof(f->hint), "install the package espeak-ng, and see that PATH leads to it");
}

struct books {
	const char *dir;
	struct finding *finding;
	struct rulebook_report report;
};

static void book_refuse(struct finding *f, const char *path, const char *what, unsigned int line)
{
	f->is_fine = false;
	if (line)
		snprintf(f->found, sizeof(f->found), "%.120s:%u: %.150s", path, line, what);
	else
		snprintf(f->found, sizeof(f->found), "%.120s: %.150s", path, what);
	snprintf(f->hint, sizeof(f->hint), "`callfunnel rulebook check %.200s` says all that is wrong with it", path);
}

/* The first book that does not check ends the look. */
static bool book_look(void *arg, const char *name)
{
	struct books *b = arg;
	struct err_detail detail = { .message = "" };
	struct rulebook *book = NULL;
	char path[RULEBOOK_PATH_MAX];
	struct buf bytes;
	enum err err = rulebook_find(name, b->dir, path, &detail);

	buf_init(&bytes, 2 * RULEBOOK_MAX_BYTES);
	if (!err)
		err = rulebook_read(path, &bytes, &detail);
	if (err)
		book_refuse(b->finding, name, detail.message[0] ? detail.message : err_name(err), 0);
	else if ((err = rulebook_load(&book, path, bytes.data, bytes.len, &b->report)))
		book_refuse(b->finding, path, b->report.count ? b->report.mistakes[0].why : err_name(err), b->report.count ? b->report.mistakes[0].line : 0);
	rulebook_free(book);
	buf_fini(&bytes);
	return !err;
}

void doctor_rulebooks(struct finding *f, const struct config *config)
{
	static struct books b;
	struct err_detail detail = { .message = "" };
	char path[RULEBOOK_PATH_MAX];
	enum err err;
	char *slash;

	b.dir = config_text(config, "rulebooks.dir");
	b.finding = f;
	err = rulebook_find("appointment-reminder", b.dir, path, &detail);
	slash = strrchr(path, '/');
	f->is_fine = !err;
	if (!err && slash)
		*slash = 0;
	snprintf(f->found, sizeof(f->found), "%.250s", err ? "the shipped rule-books are not there" : path);
	snprintf(f->hint, sizeof(f->hint), "set rulebooks.dir to the folder that holds them (%.150s)", detail.hint);
	if (!err && rulebook_list(b.dir, book_look, &b))
		book_refuse(f, b.dir, "no memory to list the rule-books", 0);
}

/* Whoever listens there may be the house itself. */
void doctor_ports(struct finding *f, const struct config *config)
{
	const char *listen = config_text(config, "server.listen");
	struct err_detail detail = { .message = "" };
	struct run_facts facts;
	int fd;
	enum err err;

	if (!run_file_look(config_text(config, "data.dir"), "conductor", &facts) && facts.is_ready) {
		f->is_fine = true;
		snprintf(f->found, sizeof(f->found), "the conductor listens at %.200s (process %d)", facts.url, (int)facts.pid);
		return;
	}
	err = http_listen(listen, &fd, &detail);
	if (!err)
		close(fd);
	f->is_fine = !err;
	snprintf(f->found, sizeof(f->found), "%.100s %.150s", listen, err ? detail.message : "is free");
	snprintf(f->hint, sizeof(f->hint), "%s", detail.hint[0] ? detail.hint : "set server.listen to another address");
}

/* Tokens, days and recordings are dated by it. */
void doctor_wall_clock(struct finding *f, const struct config *config)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)config;
	localtime_r(&now, &tm);
	f->is_fine = tm.tm_year + 1900 >= YEAR_LEAST;
	strftime(f->found, sizeof(f->found), "%Y-%m-%d %H:%M:%S %Z", &tm);
	snprintf(f->hint, sizeof(f->hint), "set the clock and keep it right: systemd-timesyncd or chrony");
}

void doctor_locked_memory(struct finding *f, const struct config *config)
{
	struct rlimit limit;

	(void)config;
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		limit.rlim_cur = 0;
	f->is_fine = limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 1024 >= LOCKED_WANTED_KB;
	if (limit.rlim_cur == RLIM_INFINITY)
		snprintf(f->found, sizeof(f->found), "no limit");
	else
		snprintf(f->found, sizeof(f->found), "%ju KB may be locked", (uintmax_t)limit.rlim_cur / 1024);
	snprintf(f->hint, sizeof(f->hint), "secrets are kept out of swap: `ulimit -l %d`, or LimitMEMLOCK= of the service", LOCKED_WANTED_KB);
}

#include "cli/run_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/json.h"
#include "base/private_file.h"

enum { TEXT_BYTES = 1024 /* always: a disk that is full has this room already */ };

static enum err fail(struct err_detail *detail, const char *path, const char *what)
{
	enum err err = err_from_errno(errno);

	snprintf(detail->message, sizeof(detail->message), "%s: %s", what, strerror(errno));
	snprintf(detail->where, sizeof(detail->where), "%.150s", path);
	snprintf(detail->hint, sizeof(detail->hint), "give the user write permission there, or set data.dir to another folder");
	return err;
}

static bool path_make(char path[RUN_PATH_MAX], const char *data, const char *name)
{
	return snprintf(path, RUN_PATH_MAX, "%s/run/%s.json", data, name) < RUN_PATH_MAX;
}

static enum err folders_make(const char *data, struct err_detail *detail)
{
	char path[RUN_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/run", data) >= (int)sizeof(path))
		return ERR_LIMIT;
	if (mkdir(data, 0700) && errno != EEXIST)
		return fail(detail, data, "the data folder cannot be made");
	if (private_folder_check(data, detail))
		return ERR_DENIED;
	return mkdir(path, 0700) && errno != EEXIST ? fail(detail, path, "the folder cannot be made") : ERR_NONE;
}

/* Locks of the open file, not of the process: a second opening in one process is another holder, and closing one is not closing all. */
static struct flock whole_file(void)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static void tell_busy(const char *data, const char *name, struct err_detail *detail)
{
	struct run_facts facts;

	if (!run_file_look(data, name, &facts))
		snprintf(detail->message, sizeof(detail->message), "process %d has it", (int)facts.pid);
	else
		snprintf(detail->message, sizeof(detail->message), "another process has it");
	snprintf(detail->where, sizeof(detail->where), "%.150s", data);
	snprintf(detail->hint, sizeof(detail->hint), "stop that one first, or give another folder by --data");
}

enum err run_file_take(struct run_file *f, const char *data, const char *name, struct err_detail *detail)
{
	struct flock lock = whole_file();
	enum err err = path_make(f->path, data, name) ? folders_make(data, detail) : ERR_LIMIT;

	f->fd = -1;
	if (err)
		return err;
	f->fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd < 0)
		return fail(detail, f->path, "cannot open");
	if (fcntl(f->fd, F_OFD_SETLK, &lock)) {
		err = errno == EAGAIN || errno == EACCES ? ERR_BUSY : fail(detail, f->path, "cannot lock");
		close(f->fd);
		f->fd = -1;
		if (err == ERR_BUSY)
			tell_busy(data, name, detail);
		return err;
	}
	return run_file_tell(f, &(const struct run_facts){ .pid = getpid() });
}

static enum err text_put(const struct run_file *f, const struct buf *b)
{
	char text[TEXT_BYTES];

	memset(text, ' ', sizeof(text));
	memcpy(text, b->data, b->len);
	text[sizeof(text) - 1] = '\n';
	return pwrite(f->fd, text, sizeof(text), 0) == (ssize_t)sizeof(text) ? ERR_NONE : err_from_errno(errno);
}

enum err run_file_tell(const struct run_file *f, const struct run_facts *facts)
{
	uint8_t memory[TEXT_BYTES - 1];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_i64(&b, "pid", facts->pid);
	json_pair_string(&b, "url", facts->url);
	json_pair_string(&b, "listen", facts->listen);
	json_pair_bool(&b, "ready", facts->is_ready);
	json_pair_string(&b, "version", CALLFUNNEL_VERSION);
	json_close(&b, '}');
	return b.err ? b.err : text_put(f, &b);
}

void run_file_drop(struct run_file *f)
{
	uint8_t memory[1];
	struct buf b;

	if (f->fd < 0)
		return;
	buf_over(&b, memory, sizeof(memory));
	(void)!text_put(f, &b);
	close(f->fd);
	f->fd = -1;
}

static bool facts_read(int fd, struct run_facts *facts)
{
	char text[TEXT_BYTES];
	ssize_t len = pread(fd, text, sizeof(text), 0);
	json_t *o = len > 0 ? json_loadb(text, (size_t)len, 0, NULL) : NULL;
	const char *url = json_string_value(json_object_get(o, "url")), *listen = json_string_value(json_object_get(o, "listen"));

	*facts = (struct run_facts){ .pid = (pid_t)json_integer_value(json_object_get(o, "pid")) };
	snprintf(facts->url, sizeof(facts->url), "%s", url ? url : "");
	snprintf(facts->listen, sizeof(facts->listen), "%s", listen ? listen : "");
	facts->is_ready = json_is_true(json_object_get(o, "ready"));
	json_decref(o);
	return facts->pid > 0;
}

enum err run_file_look(const char *data, const char *name, struct run_facts *facts)
{
	struct flock lock = whole_file();
	char path[RUN_PATH_MAX];
	bool is_held, is_told;
	int fd;

	*facts = (struct run_facts){ .pid = 0 };
	if (!path_make(path, data, name))
		return ERR_NOTFOUND;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_NOTFOUND;
	is_held = !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
	is_told = facts_read(fd, facts);
	close(fd);
	return !is_held ? ERR_NOTFOUND : is_told ? ERR_NONE : ERR_BUSY;
}

void run_files_each(const char *data, void (*each)(void *arg, const char *name), void *arg)
{
	char path[RUN_PATH_MAX], name[RUN_NAME_MAX];
	const struct dirent *entry;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/run", data) >= (int)sizeof(path))
		return;
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len <= 5 || len - 5 >= sizeof(name) || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		memcpy(name, entry->d_name, len - 5);
		name[len - 5] = 0;
		each(arg, name);
	}
	if (dir)
		closedir(dir);
}

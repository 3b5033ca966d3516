/* `callfunnel doctor`: looks at what the program needs, one check a line, and says what to do about what is not there.
 *
 * It leaves nothing behind: the probe file in the data folder is removed, and a data folder that is not there yet is not made.
 * 0: all there; 3: something is missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "audio/silero.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/stores.h"

enum { FILES_WANTED = 1024, FREE_WANTED_MB = 256, SYNC_SLOW_MS = 100, REPORT_MAX_BYTES = 64 * 1024, PATH_MAX_BYTES = 1100 };

static void fine(struct finding *f, const char *found)
{
	f->is_fine = true;
	snprintf(f->found, sizeof(f->found), "%s", found);
}

static void check_cpu(struct finding *f, const struct config *config)
{
	(void)config;
	if (silero_isa_is_supported(SILERO_AVX512))
		fine(f, "AVX-512");
	else if (silero_isa_is_supported(SILERO_AVX2))
		fine(f, "AVX2");
	else
		fine(f, "neither AVX2 nor AVX-512: voice detection runs, several times slower");
}

static void check_model(struct finding *f, const struct config *config)
{
	struct err_detail detail = { .message = "" };
	struct silero_model *model = NULL;
	char path[SILERO_PATH_MAX];
	enum err err = silero_model_find(config_text(config, "vad.model_file"), path, &detail);

	if (!err)
		err = silero_model_open(&model, path, SILERO_BEST, &detail);
	if (err) {
		snprintf(f->found, sizeof(f->found), "%s", detail.message[0] ? detail.message : err_name(err));
		snprintf(f->hint, sizeof(f->hint), "%s", detail.hint);
		return;
	}
	silero_model_close(&model);
	f->is_fine = true;
	snprintf(f->found, sizeof(f->found), "%.250s, its checksum holds", path);
}

static void check_clock(struct finding *f, const struct config *config)
{
	struct timespec step;

	(void)config;
	if (clock_getres(CLOCK_MONOTONIC, &step) || step.tv_sec || step.tv_nsec > 1000000) {
		snprintf(f->found, sizeof(f->found), "the monotonic clock is coarser than a millisecond");
		snprintf(f->hint, sizeof(f->hint), "enable high-resolution timers in the kernel");
		return;
	}
	f->is_fine = true;
	snprintf(f->found, sizeof(f->found), "steps of %ld ns", step.tv_nsec);
}

static void check_random(struct finding *f, const struct config *config)
{
	(void)config;
	if (sodium_init() >= 0) {
		fine(f, "libsodium is ready");
		return;
	}
	snprintf(f->found, sizeof(f->found), "libsodium cannot start: no source of randomness");
	snprintf(f->hint, sizeof(f->hint), "allow getrandom(2), or give /dev/urandom to the container");
}

static void check_files(struct finding *f, const struct config *config)
{
	struct rlimit limit;

	(void)config;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		limit.rlim_cur = 0;
	f->is_fine = limit.rlim_cur >= FILES_WANTED;
	if (limit.rlim_cur == RLIM_INFINITY)
		snprintf(f->found, sizeof(f->found), "no limit");
	else
		snprintf(f->found, sizeof(f->found), "%ju open files allowed", (uintmax_t)limit.rlim_cur);
	snprintf(f->hint, sizeof(f->hint), "allow at least %d: `ulimit -n %d`, or LimitNOFILE= of the service", FILES_WANTED, FILES_WANTED);
}

/* The folder itself, or the nearest one above it that is there. */
static bool find_existing(const char *dir, char *out, size_t size)
{
	struct stat st;
	char *slash;

	if (snprintf(out, size, "%s", *dir ? dir : ".") >= (int)size)
		return false;
	while (stat(out, &st)) {
		if (errno != ENOENT)
			return false;
		slash = strrchr(out, '/');
		if (!slash)
			snprintf(out, size, ".");
		else if (slash == out)
			out[1] = 0;
		else
			*slash = 0;
	}
	if (!S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Writes, syncs and closes; says what failed, or NULL. */
static const char *probe_file(int fd, const char *dir, uint64_t *sync_ms)
{
	uint64_t before = now_ms();
	int dir_fd;
	const char *failed = NULL;

	if (write(fd, "callfunnel", 10) != 10)
		return "write";
	if (fdatasync(fd))
		return "fdatasync";
	*sync_ms = now_ms() - before;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return "open the folder";
	if (fsync(dir_fd))
		failed = "fsync the folder";
	close(dir_fd);
	return failed;
}

static const char *probe_dir(const char *dir, uint64_t *sync_ms)
{
	char path[PATH_MAX_BYTES + 40];
	const char *failed;
	int saved;
	int fd;

	snprintf(path, sizeof(path), "%s/.callfunnel-doctor-XXXXXX", dir);
	fd = mkstemp(path);
	if (fd < 0)
		return "make a file";
	failed = probe_file(fd, dir, sync_ms);
	saved = errno;
	close(fd);
	if (unlink(path) && !failed)
		return "remove a file";
	errno = saved;
	return failed;
}

static void check_data(struct finding *f, const struct config *config)
{
	const char *dir = config_text(config, "data.dir");
	char existing[PATH_MAX_BYTES];
	uint64_t sync_ms = 0;
	const char *failed = find_existing(dir, existing, sizeof(existing)) ? probe_dir(existing, &sync_ms) : "look into the path";

	if (failed) {
		snprintf(f->found, sizeof(f->found), "%.120s: cannot %s: %s", dir, failed, strerror(errno));
		snprintf(f->hint, sizeof(f->hint), "give the user write permission there, or set data.dir to another folder");
		return;
	}
	f->is_fine = true;
	snprintf(f->found, sizeof(f->found), "%.120s %s, a sync takes %" PRIu64 " ms%s", dir,
		strcmp(dir, existing) ? "can be made" : "is writable", sync_ms, sync_ms > SYNC_SLOW_MS ? " (slow)" : "");
}

/* A worker's journal takes its reserve at its first start, and a segment; what remains is for recordings. */
static void check_space(struct finding *f, const struct config *config)
{
	uint64_t wanted_mb = FREE_WANTED_MB + (uint64_t)config_int(config, "voice.workers") * (uint64_t)(config_int(config, "journal.reserve_mb") +
		config_int(config, "journal.ring_mb") + config_int(config, "journal.segment_mb"));
	char existing[PATH_MAX_BYTES];
	struct statvfs st;
	uint64_t free_mb;

	if (!find_existing(config_text(config, "data.dir"), existing, sizeof(existing)) || statvfs(existing, &st)) {
		snprintf(f->found, sizeof(f->found), "cannot be asked: %s", strerror(errno));
		snprintf(f->hint, sizeof(f->hint), "check data.dir");
		return;
	}
	free_mb = (uint64_t)st.f_bavail * st.f_frsize / (1024 * 1024);
	f->is_fine = free_mb >= wanted_mb;
	snprintf(f->found, sizeof(f->found), "%" PRIu64 " MB free", free_mb);
	snprintf(f->hint, sizeof(f->hint), "free at least %" PRIu64 " MB for journals and recordings", wanted_mb);
}

static const struct {
	const char *name;
	void (*run)(struct finding *f, const struct config *config);
} checks[] = {
	{ "cpu", check_cpu },
	{ "voice model", check_model },
	{ "recogniser", doctor_recogniser },
	{ "voices", doctor_voices },
	{ "rule-books", doctor_rulebooks },
	{ "ports", doctor_ports },
	{ "clock", check_clock },
	{ "time of day", doctor_wall_clock },
	{ "randomness", check_random },
	{ "open files", check_files },
	{ "locked memory", doctor_locked_memory },
	{ "data folder", check_data },
	{ "folder rights", doctor_folder_rights },
	{ "documents", doctor_documents },
	{ "secrets", doctor_secrets },
	{ "identity", doctor_identity },
	{ "disk space", check_space },
};

enum { CHECK_COUNT = sizeof(checks) / sizeof(checks[0]) };

static void print_human(const struct finding *findings)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		printf("%-8s %-16s %s\n", findings[i].is_fine ? "ok" : "MISSING", findings[i].name, findings[i].found);
		if (!findings[i].is_fine)
			printf("%-8s %-16s %s\n", "", "", findings[i].hint);
	}
}

static void print_json(const struct finding *findings, bool is_fine)
{
	struct buf b;

	buf_init(&b, REPORT_MAX_BYTES);
	json_open(&b, '{');
	json_pair_bool(&b, "ok", is_fine);
	json_put_key(&b, "checks");
	json_open(&b, '[');
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		json_open(&b, '{');
		json_pair_string(&b, "name", findings[i].name);
		json_pair_bool(&b, "ok", findings[i].is_fine);
		json_pair_string(&b, "found", findings[i].found);
		json_pair_string(&b, "hint", findings[i].is_fine ? NULL : findings[i].hint);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

/* --data, as the setting that all checks read. */
static int data_take(struct cli *cli, const char *data)
{
	char assignment[PATH_MAX_BYTES + 10];
	struct err_detail detail = { .message = "" };
	enum err err;

	if (!*data || snprintf(assignment, sizeof(assignment), "data.dir=%s", data) >= (int)sizeof(assignment))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--data", NULL, "no name of a folder");
	err = config_set(cli->config, assignment, "--data", &detail);
	return err ? cli_fail(cli, err == ERR_NOMEM ? CLI_MISSING : CLI_USAGE, err, "--data", detail.hint, "%s", detail.message[0] ? detail.message : err_name(err))
		   : CLI_FINE;
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	const char *data = NULL;
	const struct flag flags[] = { STORES_FLAG(&data), { .name = NULL } };
	struct finding findings[CHECK_COUNT];
	bool is_fine = true;
	int status = cli_flags(cli, flags, &argc, argv);

	if (!status && argc > 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "doctor", "it takes flags only", "found \"%s\"", argv[1]);
	if (!status && data)
		status = data_take(cli, data);
	if (status)
		return status;
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		findings[i] = (struct finding){ .name = checks[i].name };
		checks[i].run(&findings[i], cli->config);
		is_fine = is_fine && findings[i].is_fine;
	}
	if (cli->json)
		print_json(findings, is_fine);
	else
		print_human(findings);
	return is_fine ? CLI_FINE : CLI_MISSING;
}

/* `callfunnel recording CALL -o F.wav`: both tracks of a recorded call as a file, its gaps marked.
 *
 * A name that ends in .flac gets the recording as it is kept (audio/tracks.h), .wav or none a WAV with a label at each gap; any other is
 * refused, lest a file be called what it is not. What the
 * call is cut into stands beside it meanwhile and is removed. What is there and is no regular file is left alone, a symlink is followed
 * (base/target.h). Refuses to write into the journal that it reads. Main thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/target.h"
#include "cli/commands.h"
#include "cli/outfile.h"
#include "cli/source.h"
#include "voice/journal/call_records.h"
#include "voice/recording/recorder.h"

enum { RATE_HZ = 8000, OUT_BYTES_MAX = 32 << 20 };

/* ".wav" of "a.b/call.wav"; "" where there is none. */
static const char *ending(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

	return dot && dot != name ? dot : "";
}

static bool is_flac(const char *path)
{
	return !strcasecmp(ending(path), ".flac");
}

static bool can_be_written(const char *path)
{
	return !*ending(path) || is_flac(path) || !strcasecmp(ending(path), ".wav");
}

static const char *side_name(enum tracks_side side)
{
	return side == TRACKS_CALLER ? "caller" : "agent";
}

static void put_json(struct buf *b, const struct call_source *s, const char *path, const struct recorder_summary *sum, const struct tracks_info *info)
{
	size_t i;

	json_open(b, '{');
	json_pair_string(b, "call", s->name);
	json_pair_string(b, "file", path);
	json_pair_u64(b, "rate_hz", RATE_HZ);
	json_pair_u64(b, "samples", sum->samples);
	json_pair_u64(b, "ms", sum->samples / 8);
	json_pair_bool(b, "ended", sum->ended);
	json_pair_u64(b, "workers", sum->epochs);
	json_put_key(b, "gaps");
	json_open(b, '[');
	for (i = 0; i < info->gap_count; i++) {
		json_open(b, '{');
		json_pair_string(b, "side", side_name(info->gaps[i].side));
		json_pair_u64(b, "start_sample", info->gaps[i].start_sample);
		json_pair_u64(b, "samples", info->gaps[i].samples);
		json_pair_string(b, "why", info->gaps[i].why);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	buf_text(b, "\n");
}

static void put_seconds(struct buf *b, uint64_t samples)
{
	buf_printf(b, "%" PRIu64 ".%03u s", samples / RATE_HZ, (unsigned int)(samples % RATE_HZ / 8));
}

static void put_text(struct buf *b, const char *path, const struct recorder_summary *sum, const struct tracks_info *info)
{
	size_t i;

	buf_printf(b, "%s: ", path);
	put_seconds(b, sum->samples);
	buf_printf(b, ", caller left, agent right%s\n", sum->ended ? "" : "; the journal stops before the call's end");
	for (i = 0; i < info->gap_count; i++) {
		buf_printf(b, "  gap, %s, at ", side_name(info->gaps[i].side));
		put_seconds(b, info->gaps[i].start_sample);
		buf_text(b, " for ");
		put_seconds(b, info->gaps[i].samples);
		buf_printf(b, ": %s\n", info->gaps[i].why);
	}
}

static enum err report(struct cli *cli, const struct call_source *s, const char *path, const char *cut, const struct recorder_summary *sum,
	struct err_detail *detail)
{
	struct tracks_reader *reader;
	enum err err = tracks_reader_open(&reader, &disk_real, cut, detail);
	struct buf b;

	if (err)
		return err;
	buf_init(&b, OUT_BYTES_MAX);
	if (cli->json)
		put_json(&b, s, path, sum, tracks_reader_info(reader));
	else
		put_text(&b, path, sum, tracks_reader_info(reader));
	fputs(buf_str(&b), stdout);
	buf_fini(&b);
	tracks_reader_close(&reader);
	return ERR_NONE;
}

/* Whatever keeps the target from being written is told of the name that was asked for: all that the user knows. */
static int write_fail(struct cli *cli, const char *path, enum err err, const struct err_detail *detail)
{
	return cli_fail(cli, CLI_MISSING, err, path, err == ERR_FULL ? "free some space, or name a file elsewhere" : "name a file that can be written",
		"%s", detail->message[0] ? detail->message : "the recording cannot be written");
}

/* To `target`, by way of a recording beside it when a WAV is asked for. `path` is how the user calls it. */
static int cut_call(struct cli *cli, const struct call_source *s, const char *path, const char *target)
{
	struct err_detail detail = { .message = "" };
	struct recorder_summary sum;
	char cut[DISK_PATH_MAX];
	bool flac = is_flac(path);
	int len = flac ? snprintf(cut, sizeof(cut), "%s", target) : snprintf(cut, sizeof(cut), "%s.%ld.cut", target, (long)getpid());
	enum err err;
	int status = CLI_FINE;

	if (len < 0 || (size_t)len >= sizeof(cut))
		return cli_fail(cli, CLI_USAGE, ERR_LIMIT, path, "name a shorter path", "the name is too long");
	err = recorder_to_tracks(&disk_real, s->path, &s->options, cut, &sum, &detail);
	if (err && !strncmp(detail.where, cut, sizeof(detail.where) - 1))
		return write_fail(cli, path, err, &detail);
	if (err)
		return call_source_fail(cli, s, err, &detail);
	err = flac ? ERR_NONE : tracks_to_wav(&disk_real, cut, target, &detail);
	if (!err)
		err = report(cli, s, path, cut, &sum, &detail);
	if (err)
		status = write_fail(cli, path, err, &detail);
	if (!flac)
		(void)!disk_unlink(&disk_real, cut);
	return status;
}

struct outside {
	const char *target, *path, *folder;
	struct err_detail *detail;
	enum err err;
};

static void folder_seen(void *arg, const char *name)
{
	struct outside *o = arg;
	char folder[DISK_PATH_MAX];
	struct stat st;

	if (!o->err && name[0] != '.' && !disk_path(folder, o->folder, name) && !stat(folder, &st) && S_ISDIR(st.st_mode))
		o->err = target_outside(o->target, o->path, folder, o->detail);
}

/* Of the folder that is read and, where that holds the journals of several workers, of each of these. */
static enum err outside_all(const char *target, const char *path, const char *folder, struct err_detail *detail)
{
	struct outside o = { .target = target, .path = path, .folder = folder, .detail = detail };
	enum err err = target_outside(target, path, folder, detail);

	if (!err && call_records_are_many(&disk_real, folder))
		err = disk_list(&disk_real, folder, folder_seen, &o);
	return err ? err : o.err;
}

int cmd_recording(struct cli *cli, int argc, char **argv)
{
	const char *path = NULL, *dir = NULL, *key = NULL;
	const struct flag flags[] = {
		{ .name = "output", .letter = 'o', .type = FLAG_STRING, .value = &path, .arg = "F.wav", .help = "The file to write; .flac keeps it lossless and small." },
		{ .name = "dir", .type = FLAG_STRING, .value = &dir, .arg = "DIR", .help = "The journal that holds the call (default: data.dir)." },
		{ .name = "key", .type = FLAG_STRING, .value = &key, .arg = "F", .help = "Its master key (default: DIR/master.key)." },
		{ .name = NULL },
	};
	struct err_detail detail = { .message = "" };
	char target[DISK_PATH_MAX];
	struct call_source source;
	int status = cli_flags(cli, flags, &argc, argv);
	enum err err;

	if (status)
		return status;
	cli_log_unasked(cli, LOG_LEVEL_NONE);
	if (argc != 2 || !path)
		return cli_fail_words(cli, "recording", argc == 2 ? "no file to write (-o)" : "one call, please");
	status = outfile_find(cli, target, path);
	if (!status)
		status = call_source_open(cli, &source, argv[1], dir, key);
	if (status)
		return status;
	err = source.one_file ? ERR_NONE : outside_all(target, path, source.path, &detail);
	if (err)
		status = cli_fail(cli, CLI_USAGE, err, detail.where, detail.hint, "%s", detail.message);
	else if (!can_be_written(path))
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, path, "name a .wav, or a .flac", "a recording cannot be written as %s", ending(path));
	else
		status = cut_call(cli, &source, path, target);
	call_source_close(&source);
	return status;
}

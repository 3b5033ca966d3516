/* The recording format's common parts, and the export as WAV, which only uses the public reader. The format's two halves are in
 * tracks_write.c and tracks_read.c. No state, any thread that may block on the disk.
 */
#include "audio/tracks.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/tracks_parts.h"
#include "audio/wav.h"

const char *const tracks_side_names[TRACKS_SIDES] = { "caller", "agent" };

/* ---- gaps ---- */

enum err gaps_add(struct gaps *g, const struct tracks_gap *gap)
{
	if (g->count == TRACKS_MAX_GAPS)
		return ERR_LIMIT;
	if (g->count == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 16;
		struct tracks_gap *items = realloc(g->items, cap * sizeof(*items));

		if (!items)
			return ERR_NOMEM;
		g->items = items;
		g->cap = cap;
	}
	assert(g->items);
	g->items[g->count++] = *gap;
	return ERR_NONE;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || (unsigned char)c == 0x7f;
}

void gap_why_copy(char out[TRACKS_WHY_BYTES], const char *why)
{
	size_t len = strnlen(why, TRACKS_WHY_BYTES);
	size_t i;

	if (len == TRACKS_WHY_BYTES) {
		len--;
		while (len && ((unsigned char)why[len] & 0xc0) == 0x80)
			len--;
	}
	for (i = 0; i < len; i++)
		out[i] = is_control(why[i]) ? ' ' : why[i];
	out[len] = 0;
}

static bool parse_side(const char **at, enum tracks_side *side)
{
	int i;

	for (i = 0; i < TRACKS_SIDES; i++) {
		size_t len = strlen(tracks_side_names[i]);

		if (strncmp(*at, tracks_side_names[i], len) != 0 || (*at)[len] != ':')
			continue;
		*at += len + 1;
		*side = (enum tracks_side)i;
		return true;
	}
	return false;
}

/* Digits up to a colon; at most TRACKS_MAX_SAMPLES. */
static bool parse_count(const char **at, uint64_t *value)
{
	const char *first = *at;

	for (*value = 0; **at >= '0' && **at <= '9'; (*at)++) {
		*value = *value * 10 + (uint64_t)(**at - '0');
		if (*value > TRACKS_MAX_SAMPLES)
			return false;
	}
	return *at > first && *(*at)++ == ':';
}

bool gap_parse(const char *at, uint64_t total_samples, struct tracks_gap *gap)
{
	*gap = (struct tracks_gap){ 0 };
	if (!parse_side(&at, &gap->side) || !parse_count(&at, &gap->start_sample) || !parse_count(&at, &gap->samples))
		return false;
	if (!gap->samples || gap->start_sample > total_samples || gap->samples > total_samples - gap->start_sample)
		return false;
	gap_why_copy(gap->why, at);
	return !strcmp(gap->why, at); /* neither too long nor with control characters */
}

/* ---- names ---- */

bool tracks_part_path(char out[DISK_PATH_MAX], const char *path)
{
	return snprintf(out, DISK_PATH_MAX, "%s.part", path) < DISK_PATH_MAX;
}

/* "/a/b.flac" gives "/a", "b.flac" gives ".". */
static void folder_of(char out[DISK_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;

	memcpy(out, slash ? path : ".", len);
	if (!len)
		out[len++] = '/';
	out[len] = 0;
}

enum err tracks_name_file(const struct disk *disk, const char *part, const char *path)
{
	char folder[DISK_PATH_MAX];
	enum err err = disk_rename(disk, part, path);

	if (err)
		return err;
	folder_of(folder, path);
	return disk_sync_folder(disk, folder);
}

/* ---- as WAV ---- */

enum { LABEL_BYTES = 64 + TRACKS_WHY_BYTES };

static int by_start(const void *a, const void *b)
{
	const struct wav_label *x = a, *y = b;

	return (x->at_frame > y->at_frame) - (x->at_frame < y->at_frame);
}

/* The label chunks of all gaps. A start beyond 32 bits cannot happen: the header for that many samples was refused. */
static enum err encode_gaps(const struct tracks_info *info, struct buf *out)
{
	struct wav_label *labels = calloc(info->gap_count + 1, sizeof(*labels));
	char (*texts)[LABEL_BYTES] = calloc(info->gap_count + 1, sizeof(*texts));
	enum err err = labels && texts ? ERR_NONE : ERR_NOMEM;
	size_t i;

	for (i = 0; !err && i < info->gap_count; i++) {
		const struct tracks_gap *gap = &info->gaps[i];

		snprintf(texts[i], sizeof(texts[i]), "gap, %s, %.3f s: %s", tracks_side_names[gap->side],
			(double)gap->samples / info->rate_hz, gap->why);
		labels[i] = (struct wav_label){ .at_frame = (uint32_t)gap->start_sample, .text = texts[i] };
	}
	if (!err) {
		qsort(labels, info->gap_count, sizeof(*labels), by_start);
		err = wav_encode_labels(out, labels, info->gap_count);
	}
	free(labels);
	free(texts);
	return err;
}

static enum err append(struct disk_file *f, uint64_t *at, const struct buf *b)
{
	enum err err = b->err;

	if (!err && b->len)
		err = disk_write(f, *at, b->data, b->len);
	*at += b->len;
	return err;
}

static enum err copy_sound(struct tracks_reader *r, struct disk_file *f, uint64_t *at, struct err_detail *detail)
{
	int16_t sides[TRACKS_SIDES][TRACKS_PIECE_SAMPLES], both[TRACKS_SIDES * TRACKS_PIECE_SAMPLES];
	size_t got = 1, i;
	struct buf b;
	enum err err = ERR_NONE;

	buf_init(&b, sizeof(both));
	while (!err && got) {
		err = tracks_reader_pull(r, sides[TRACKS_CALLER], sides[TRACKS_AGENT], TRACKS_PIECE_SAMPLES, &got, detail);
		for (i = 0; i < got; i++) {
			both[2 * i] = sides[TRACKS_CALLER][i];
			both[2 * i + 1] = sides[TRACKS_AGENT][i];
		}
		buf_reset(&b);
		wav_encode_samples(&b, both, TRACKS_SIDES * got);
		if (!err)
			err = append(f, at, &b);
	}
	buf_fini(&b);
	return err;
}

static enum err write_wav(struct tracks_reader *r, struct disk_file *f, struct err_detail *detail)
{
	const struct tracks_info *info = tracks_reader_info(r);
	struct buf head, tail;
	uint64_t at = 0;
	enum err err;

	buf_init(&head, WAV_HEADER_BYTES);
	buf_init(&tail, WAV_MAX_BYTES);
	err = info->samples > UINT32_MAX ? ERR_LIMIT : encode_gaps(info, &tail);
	if (!err)
		err = wav_encode_header(&head, info->samples, TRACKS_SIDES, info->rate_hz, tail.len);
	if (!err)
		err = append(f, &at, &head);
	if (!err)
		err = copy_sound(r, f, &at, detail);
	if (!err)
		err = append(f, &at, &tail);
	if (!err)
		err = disk_sync(f);
	buf_fini(&head);
	buf_fini(&tail);
	return err;
}

static enum err write_part(const struct disk *disk, struct tracks_reader *r, const char *part, struct err_detail *detail)
{
	struct disk_file *f;
	enum err err = disk_open(disk, &f, part, DISK_WRITE | DISK_CREATE);

	if (err)
		return err;
	err = disk_truncate(f, 0);
	if (!err)
		err = write_wav(r, f, detail);
	disk_close(&f);
	return err;
}

enum err tracks_to_wav(const struct disk *disk, const char *from, const char *to, struct err_detail *detail)
{
	struct err_detail words = { 0 };
	char part[DISK_PATH_MAX];
	struct tracks_reader *r = NULL;
	enum err ignored, err;

	if (!tracks_part_path(part, to))
		return ERR_LIMIT;
	err = tracks_reader_open(&r, disk, from, &words);
	if (!err) {
		err = write_part(disk, r, part, &words);
		if (!err)
			err = tracks_name_file(disk, part, to);
		if (err) {
			ignored = disk_unlink(disk, part);
			(void)ignored;
		}
	}
	tracks_reader_close(&r);
	if (err && !words.message[0])
		snprintf(words.message, sizeof(words.message), "cannot write the WAV file: %s", err_name(err));
	if (err && detail)
		*detail = words;
	return err;
}

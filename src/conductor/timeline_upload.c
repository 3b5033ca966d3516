/* Recordings on their way in: pieces into a file of `spool`, the whole of it into the store, once.
 *
 *   PUT …/recording?epoch=N&part=tracks|waveform&offset=O&total=T&sha256=HEX
 *       200 {"have", "done"}   so much of it is here; done: it is in the store, or was put there before
 *       409 {"error"} stale    a later epoch has the call: whoever has that sends its recording
 *       409 {"have"}           pieces are missing before this one: go on from there
 *   GET …/recording?epoch=N    200 {"state", "stale", "recording", "waveform"}
 *
 * The same piece again changes nothing; a conductor that begins anew begins with none. A file's name has its length and hash, so that pieces of two cuts never mix; what the hash does not hold for
 * when it is whole is thrown away. Disks are touched by the pool alone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/jobs.h"
#include "base/json.h"
#include "conductor/timeline_state.h"

enum { HASH_TEXT = 64, PIECES_WAITING = 64, HASH_PIECE = 64 << 10 };

static const char *const part_names[] = { [RECORDING_TRACKS] = "tracks", [RECORDING_WAVEFORM] = "waveform" };

/* A piece on its way to the disk; the job's. */
struct piece_job {
	struct job job;
	struct timeline *timeline;
	struct timeline_piece *piece; /* NULL: its asker has gone */
	const struct disk *disk;
	char path[DISK_PATH_MAX];
	enum { PIECE_WRITE, PIECE_REMOVE } what;
	uint8_t *data;
	size_t len;
	uint64_t offset, total;
	char hash[HASH_TEXT + 1];
	uint64_t have;  /* behind it */
	bool is_whole;
};

/* A request. */
struct timeline_piece {
	struct timeline_seek *seek;
	enum recording_part part;
	uint32_t epoch;
	uint64_t offset, total;
	char hash[HASH_TEXT + 1];
	char path[DISK_PATH_MAX];
	bool has[2]; /* what is in the store: tracks, waveform */
	int looking;
};

/* ------------------------------------------------------------------ the disk */

static enum err hash_file(struct disk_file *f, uint64_t bytes, char out[HASH_TEXT + 1])
{
	crypto_hash_sha256_state state;
	uint8_t *piece = malloc(HASH_PIECE), hash[crypto_hash_sha256_BYTES];
	enum err err = piece ? ERR_NONE : ERR_NOMEM;
	uint64_t at = 0;

	crypto_hash_sha256_init(&state);
	while (!err && at < bytes) {
		size_t got = 0;

		err = disk_read(f, at, piece, HASH_PIECE, &got);
		if (!err && !got)
			err = ERR_TRUNCATED;
		if (!err)
			crypto_hash_sha256_update(&state, piece, got);
		at += got;
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(out, HASH_TEXT + 1, hash, sizeof(hash));
	free(piece);
	return err;
}

static enum err piece_write(struct piece_job *p, struct disk_file *f)
{
	char hash[HASH_TEXT + 1];
	enum err err = disk_size(f, &p->have);

	if (!err && p->have > p->total) { /* of no upload of ours */
		err = disk_truncate(f, 0);
		p->have = 0;
	}
	if (err || p->offset > p->have)
		return err;
	if (p->offset + p->len > p->have) {
		err = disk_write(f, p->offset, p->data, p->len);
		p->have = err ? p->have : p->offset + p->len;
	}
	if (err || p->have < p->total)
		return err;
	err = hash_file(f, p->total, hash);
	p->is_whole = !err && !strcmp(hash, p->hash);
	if (!err && !p->is_whole) {
		err = disk_truncate(f, 0);
		p->have = 0;
	}
	return err;
}

static void run(void *arg, struct job *first)
{
	struct piece_job *p = (struct piece_job *)first;
	struct disk_file *f;

	(void)arg;
	if (p->what == PIECE_REMOVE) {
		p->job.err = disk_unlink(p->disk, p->path);
		return;
	}
	p->job.err = disk_open(p->disk, &f, p->path, DISK_READ | DISK_WRITE | DISK_CREATE);
	if (p->job.err)
		return;
	p->job.err = piece_write(p, f);
	disk_close(&f);
}

static void on_release(struct job *job)
{
	struct piece_job *p = (struct piece_job *)job;

	free(p->data);
	free(p);
}

static void on_removed(struct job *job, enum err err)
{
	struct piece_job *p = (struct piece_job *)job;

	if (err && err != ERR_NOTFOUND)
		log_warn(&p->timeline->log, "a piece of a recording cannot be removed", LOG_ERR(err));
}

static void spool_remove(struct timeline *t, const char *path)
{
	struct piece_job *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	p->timeline = t;
	p->disk = t->settings.disk;
	p->what = PIECE_REMOVE;
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->job.answer = on_removed;
	p->job.release = on_release;
	(void)!jobs_start(t->disk, NULL, &p->job);
}

/* ------------------------------------------------------------------ answers */

static void have_answer(struct timeline_seek *s, unsigned int status, uint64_t have, bool is_done)
{
	uint8_t memory[96];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_u64(&b, "have", have);
	json_pair_bool(&b, "done", is_done);
	json_close(&b, '}');
	http_reply_json(s->request, status, &b);
	timeline_seek_free(s);
}

static void done_answer(struct timeline_piece *p)
{
	spool_remove(p->seek->timeline, p->path);
	have_answer(p->seek, 200, p->total, true);
}

/* ------------------------------------------------------------------ the store */

static void name_of(const struct timeline_piece *p, enum recording_part part, struct recording_name *name)
{
	*name = (struct recording_name){ .part = part };
	(void)!sodium_hex2bin(name->call, sizeof(name->call), p->seek->id, 2 * sizeof(name->call), NULL, NULL, NULL);
}

static void on_kept(void *arg, enum err err)
{
	struct timeline_piece *p = arg;

	if (err && err != ERR_EXISTS)
		timeline_seek_failed(p->seek, err);
	else
		done_answer(p);
}

static void keep(struct timeline_piece *p)
{
	struct timeline_seek *s = p->seek;
	struct recording_name name;
	enum err err;

	name_of(p, p->part, &name);
	err = recordings_put_file(s->timeline->settings.recordings, &s->job, s->tenant, &name, p->path, on_kept, p);
	if (err)
		timeline_seek_failed(s, err);
}

static void on_written(struct job *job, enum err err)
{
	struct piece_job *j = (struct piece_job *)job;
	struct timeline_piece *p = j->piece;

	if (err)
		timeline_seek_failed(p->seek, err);
	else if (j->is_whole)
		keep(p);
	else
		have_answer(p->seek, j->offset > j->have || j->have == 0 ? 409 : 200, j->have, false);
}

static void piece_put(struct timeline_piece *p)
{
	struct timeline_seek *s = p->seek;
	struct piece_job *j = calloc(1, sizeof(*j));
	size_t len;
	const void *body = http_body(s->request, &len);
	enum err err;

	if (j)
		j->data = malloc(len ? len : 1);
	if (!j || !j->data) {
		free(j);
		timeline_seek_failed(s, ERR_NOMEM);
		return;
	}
	memcpy(j->data, body, len);
	j->timeline = s->timeline;
	j->piece = p;
	j->disk = s->timeline->settings.disk;
	j->len = len;
	j->offset = p->offset;
	j->total = p->total;
	memcpy(j->path, p->path, sizeof(j->path));
	memcpy(j->hash, p->hash, sizeof(j->hash));
	j->job.answer = on_written;
	j->job.release = on_release;
	err = jobs_start(s->timeline->disk, &s->job, &j->job);
	if (err)
		timeline_seek_failed(s, err);
}

/* ------------------------------------------------------------------ what is there */

static void on_there(void *arg, enum err err, const struct recording_range *range);

/* Which parts are in the store, one after the other, then `then`. */
static void look(struct timeline_piece *p)
{
	struct timeline_seek *s = p->seek;
	struct recording_name name;
	enum err err;

	name_of(p, p->looking ? RECORDING_WAVEFORM : RECORDING_TRACKS, &name);
	err = recordings_read(s->timeline->settings.recordings, &s->job, s->tenant, &name, 0, 0, on_there, p);
	if (err)
		timeline_seek_failed(s, err);
}

static void wanted_answer(struct timeline_piece *p)
{
	struct timeline_seek *s = p->seek;
	uint8_t memory[160];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_string(&b, "state", call_state_name(s->record.state));
	json_pair_bool(&b, "stale", p->epoch != s->record.epoch);
	json_pair_bool(&b, "recording", p->has[0]);
	json_pair_bool(&b, "waveform", p->has[1]);
	json_close(&b, '}');
	http_reply_json(s->request, 200, &b);
	timeline_seek_free(s);
}

static void on_there(void *arg, enum err err, const struct recording_range *range)
{
	struct timeline_piece *p = arg;

	(void)range;
	if (err && err != ERR_NOTFOUND) {
		timeline_seek_failed(p->seek, err);
		return;
	}
	p->has[p->looking] = !err;
	if (!p->total && !p->looking++) /* asked for both */
		look(p);
	else if (!p->total)
		wanted_answer(p);
	else if (p->has[p->looking])
		done_answer(p);
	else
		piece_put(p);
}

/* ------------------------------------------------------------------ the requests */

static bool number_of(struct http_request *r, const char *name, uint64_t max, uint64_t *value)
{
	const char *text = http_query(r, name);
	char *end;

	if (!text || !*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 19)
		return false;
	*value = strtoull(text, &end, 10);
	return *value <= max;
}

static bool part_of(struct http_request *r, enum recording_part *part)
{
	const char *text = http_query(r, "part");

	*part = text && !strcmp(text, part_names[RECORDING_WAVEFORM]) ? RECORDING_WAVEFORM : RECORDING_TRACKS;
	return text && !strcmp(text, part_names[*part]);
}

static bool hash_of(struct http_request *r, char out[HASH_TEXT + 1])
{
	const char *text = http_query(r, "sha256");

	if (!text || strlen(text) != HASH_TEXT || strspn(text, "0123456789abcdef") != HASH_TEXT)
		return false;
	memcpy(out, text, HASH_TEXT + 1);
	return true;
}

static enum err path_make(struct timeline_piece *p)
{
	char name[128];

	snprintf(name, sizeof(name), "%s-%s-%.16s-%" PRIu64, p->seek->id, part_names[p->part], p->hash, p->total);
	return disk_path(p->path, p->seek->timeline->spool, name);
}

static void on_found(struct timeline_seek *s)
{
	struct timeline_piece *p = s->arg;

	if (p->total && p->epoch != s->record.epoch) {
		timeline_seek_error(s, 409, "stale", "A later epoch has the call.");
		return;
	}
	p->looking = p->total && p->part == RECORDING_WAVEFORM;
	look(p);
}

static struct timeline_piece *begin(struct http_request *r, struct timeline *t)
{
	struct timeline_seek *s;
	struct timeline_piece *p;
	uint64_t epoch;

	if (!timeline_is_worker(t, r))
		return NULL;
	s = timeline_seek_begin(t, r, NULL);
	p = s ? calloc(1, sizeof(*p)) : NULL;
	if (!s)
		return NULL;
	if (!p) {
		timeline_seek_failed(s, ERR_NOMEM);
		return NULL;
	}
	p->seek = s;
	s->arg = p;
	s->free_arg = free;
	s->with_record = true;
	s->found = on_found;
	if (number_of(r, "epoch", UINT32_MAX, &epoch) && epoch) {
		p->epoch = (uint32_t)epoch;
		return p;
	}
	timeline_seek_error(s, 400, "bad_request", "epoch is needed.");
	return NULL;
}

void timeline_on_wanted(struct http_request *r, void *arg)
{
	struct timeline_piece *p = begin(r, arg);

	if (p)
		timeline_seek_start(p->seek);
}

void timeline_on_piece(struct http_request *r, void *arg)
{
	struct timeline_piece *p = begin(r, arg);
	size_t len;

	if (!p)
		return;
	(void)http_body(r, &len);
	if (!part_of(r, &p->part) || !hash_of(r, p->hash) || !number_of(r, "total", RECORDING_MAX_BYTES, &p->total) || !p->total || !len ||
		!number_of(r, "offset", p->total - 1, &p->offset) || len > p->total - p->offset) {
		timeline_seek_error(p->seek, 400, "bad_request", "part, offset, total, sha256 and a piece that fits are needed.");
		return;
	}
	if (call_id_ok(p->seek->id) && path_make(p)) {
		timeline_seek_failed(p->seek, ERR_LIMIT);
		return;
	}
	timeline_seek_start(p->seek);
}

/* ------------------------------------------------------------------ open, close */

/* Of an earlier life: workers begin again. */
static void leftover_remove(void *arg, const char *name)
{
	struct timeline *t = arg;
	char path[DISK_PATH_MAX];

	if (!disk_path(path, t->spool, name))
		(void)!disk_unlink(t->settings.disk, path);
}

enum err timeline_uploads_open(struct timeline *t)
{
	const struct jobs_options options = { .name = "spool", .threads = 1, .waiting_max = PIECES_WAITING, .timeout_ms = 60000, .run = run };
	enum err err = disk_make_folder(t->settings.disk, t->spool);

	if (!err)
		err = disk_list(t->settings.disk, t->spool, leftover_remove, t);
	return err ? err : jobs_open(&t->disk, t->settings.loop, &options);
}

void timeline_uploads_close(struct timeline *t)
{
	jobs_close(&t->disk);
}

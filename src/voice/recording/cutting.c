/* A call's records to a recorder, its blocks to a file and a picture: see cutting.h. Owns nothing longer than a call of these. */
#include "voice/recording/cutting.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "voice/input.h"
#include "voice/journal/steps.h"
#include "voice/recording/waveform.h"

enum { HASH_PIECE = 64 << 10, WAVEFORM_MAX_BYTES = 1 << 20 };

struct cutter {
	struct recorder *recorder;
	struct tracks_writer *tracks;
	struct waveform *waveform;
	bool has_media;
	uint64_t media_us;
};

static void media_learn(struct cutter *k, const struct journal_header *h, const uint8_t *payload, size_t len)
{
	struct record_played p;
	struct record_start a;
	struct record_snapshot s;

	if (k->has_media)
		return;
	if (h->kind == JOURNAL_PLAYED && !record_played_decode(&p, payload, len) && p.what == PLAYED_STARTED) {
		k->has_media = true;
		k->media_us = p.at_us;
	} else if (h->kind == JOURNAL_ATTACH && !record_start_decode(&a, payload, len) && !record_snapshot_decode(&s, a.snapshot, a.snapshot_len) && s.media) {
		k->has_media = true;
		k->media_us = s.media_us;
	}
}

static enum err on_item(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	const struct journal_header *h = &item->record.header;
	struct cutter *k = arg;

	if (payload_err == ERR_DENIED)
		return ERR_DENIED; /* erased */
	if (payload)
		media_learn(k, h, payload, len);
	return recorder_push(k->recorder, h->kind, h->epoch, h->time_us, payload, len);
}

static enum err on_block(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	struct cutter *k = arg;

	waveform_push(k->waveform, caller, agent, samples);
	return tracks_writer_push(k->tracks, caller, agent, samples);
}

static enum err on_gap(void *arg, const struct tracks_gap *gap)
{
	struct cutter *k = arg;

	waveform_gap(k->waveform, gap);
	return tracks_writer_gap(k->tracks, gap->side, gap->start_sample, gap->samples, gap->why);
}

static enum err waveform_save(const struct cutting *c, const struct cutter *k)
{
	const char *slash = strrchr(c->waveform, '/');
	char folder[DISK_PATH_MAX];
	struct buf b;
	enum err err;

	assert(slash && (size_t)(slash - c->waveform) < sizeof(folder));
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - c->waveform), c->waveform);
	buf_init(&b, WAVEFORM_MAX_BYTES);
	waveform_json(k->waveform, k->media_us, &b);
	err = b.err ? b.err : disk_replace(c->from.disk, folder, slash + 1, b.data, b.len);
	buf_fini(&b);
	return err;
}

/* The sound's name comes last: when it is there, all is. */
static enum err cut_into(const struct cutting *c, struct cutter *k, struct recorder_summary *summary)
{
	enum err err = recorder_new(&k->recorder, on_block, on_gap, k), finished;

	if (err)
		return err;
	err = call_records_read(&c->from, on_item, k);
	if (err) {
		recorder_cancel(&k->recorder);
		return err;
	}
	finished = recorder_finish(&k->recorder, summary);
	return finished ? finished : waveform_save(c, k);
}

static void cut_tell(const struct cutting *c, const struct cut *cut, enum err err)
{
	const struct recorder_summary *s = &cut->summary;
	char id[33];
	const struct log log = { .plane = "voice", .call = id, .doing = "cutting the recording" };

	id128_print(&c->from.call, id);
	if (err == ERR_NOTFOUND)
		log_info(&log, "there is no recording to cut");
	else if (err && err != ERR_CLOSED)
		log_error(&log, "the recording could not be cut", LOG_ERR(err));
	else if (!err)
		log_info(&log, "the recording is cut", LOG_UINT("ms", s->samples / 8), LOG_UINT("gaps", s->gaps),
			LOG_UINT("caller_gap_ms", s->gap_samples[TRACKS_CALLER] / 8), LOG_UINT("agent_gap_ms", s->gap_samples[TRACKS_AGENT] / 8),
			LOG_UINT("epochs", s->epochs), LOG_BOOL("ended", s->ended));
}

enum err cutting_make(const struct cutting *c, struct cut *cut)
{
	struct cutter k = { .has_media = false };
	enum err err;

	*cut = (struct cut){ .summary = { 0 } };
	k.waveform = malloc(sizeof(*k.waveform));
	if (!k.waveform)
		return ERR_NOMEM;
	waveform_init(k.waveform);
	err = tracks_writer_open(&k.tracks, c->from.disk, c->tracks, CALL_RATE_HZ);
	if (!err) {
		err = cut_into(c, &k, &cut->summary);
		if (err)
			tracks_writer_cancel(&k.tracks);
		else
			err = tracks_writer_close(&k.tracks);
	}
	free(k.waveform);
	cut_tell(c, cut, err);
	return err ? err : cutting_measure(c, cut);
}

/* ------------------------------------------------------------------ hashes */

static enum err measure(const struct cutting *c, const char *path, struct cutting_file *out)
{
	crypto_hash_sha256_state state;
	uint8_t *piece = malloc(HASH_PIECE), hash[crypto_hash_sha256_BYTES];
	struct disk_file *f = NULL;
	size_t got = HASH_PIECE;
	enum err err = piece ? disk_open(c->from.disk, &f, path, DISK_READ) : ERR_NOMEM;

	crypto_hash_sha256_init(&state);
	for (out->bytes = 0; !err && got == HASH_PIECE; out->bytes += got) {
		got = 0;
		err = disk_read(f, out->bytes, piece, HASH_PIECE, &got);
		crypto_hash_sha256_update(&state, piece, got);
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(out->hash, sizeof(out->hash), hash, sizeof(hash));
	disk_close(&f);
	free(piece);
	return err;
}

enum err cutting_measure(const struct cutting *c, struct cut *cut)
{
	enum err err = measure(c, c->tracks, &cut->tracks);

	return err ? err : measure(c, c->waveform, &cut->waveform);
}

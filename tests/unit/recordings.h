/* Speech as telephone sound, by the table tests/vectors/recogniser.tsv: half (A to fit on, B to measure on), inside or outside of the grammar, the
 * question that it answers (a text of recogniser.json; "-": none), a file of Debian's packages, files joined by '+', or "flite:" and words for the
 * synthetic voice, words. Pieces are cut to what is louder than silence, 40 ms apart, or "pause:" and milliseconds stand between them. */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flite/flite.h>

#include "audio/g711.h"
#include "audio/resample.h"
#include "audio/wav.h"
#include "base/buf.h"

enum { RECORDING_MAX_BYTES = 60 * 8000, RECORDING_GAP_SAMPLES = 320, RECORDING_QUIET = 300, RECORDING_EDGE_SAMPLES = 480 };

cst_voice *register_cmu_us_slt(const char *voxdir);

static cst_voice *recording_voice; /* the synthetic one; NULL: slt */

struct recording {
	char half, question[120], path[1200], words[400];
	bool is_inside;
};

/* The next line of the table; false at its end. */
static inline bool recording_next(FILE *in, struct recording *r)
{
	char line[2000], kind[16];

	while (fgets(line, sizeof(line), in))
		if (line[0] != '#' && sscanf(line, "%c\t%15[^\t]\t%119[^\t]\t%1199[^\t]\t%399[^\n]", &r->half, kind, r->question, r->path, r->words) == 5) {
			r->is_inside = !strcmp(kind, "inside");
			return true;
		}
	return false;
}

static inline bool recording_is_synthetic(const char *path)
{
	return !strncmp(path, "flite:", 6);
}

static inline bool recording_synthesise(const char *words, struct wav *w)
{
	cst_wave *wave;

	memset(w, 0, sizeof(*w));
	flite_init();
	wave = flite_text_to_wave(words, recording_voice ? recording_voice : register_cmu_us_slt(NULL));
	w->samples = wave ? malloc((size_t)wave->num_samples * sizeof(*w->samples)) : NULL;
	if (!w->samples)
		return false;
	w->frames = (size_t)wave->num_samples;
	w->rate_hz = (uint32_t)wave->sample_rate;
	w->channels = 1;
	memcpy(w->samples, wave->samples, w->frames * sizeof(*w->samples));
	delete_wave(wave);
	return true;
}

/* A file without a head is 16 kHz, as the package pocketsphinx-testdata has them. */
static inline bool recording_read(const char *path, struct wav *w)
{
	size_t len = strlen(path);
	FILE *in;

	if (recording_is_synthetic(path))
		return recording_synthesise(path + 6, w);
	if (len < 4 || strcmp(path + len - 4, ".raw"))
		return !wav_read(path, w, NULL);
	memset(w, 0, sizeof(*w));
	in = fopen(path, "re");
	w->samples = in ? malloc(RECORDING_MAX_BYTES * 2) : NULL;
	w->frames = w->samples ? fread(w->samples, 2, RECORDING_MAX_BYTES, in) : 0;
	w->rate_hz = 16000;
	w->channels = 1;
	if (in)
		fclose(in);
	return w->frames > 0;
}

static inline void recording_trim(const int16_t **samples, size_t *count)
{
	size_t first = 0, last = *count;

	while (first < last && abs((*samples)[first]) < RECORDING_QUIET)
		first++;
	while (last > first && abs((*samples)[last - 1]) < RECORDING_QUIET)
		last--;
	first = first > RECORDING_EDGE_SAMPLES ? first - RECORDING_EDGE_SAMPLES : 0;
	last = last + RECORDING_EDGE_SAMPLES < *count ? last + RECORDING_EDGE_SAMPLES : *count;
	*samples += first;
	*count = last - first;
}

static inline void recording_append(struct buf *ulaw, const int16_t *samples, size_t count)
{
	uint8_t *room = buf_reserve(ulaw, count);

	if (room) {
		g711_encode(G711_ULAW, room, samples, count);
		ulaw->len += count;
	}
}

static inline bool recording_add_piece(struct buf *ulaw, const char *path, bool is_joined)
{
	struct wav w;
	struct resampler *r = NULL;
	const int16_t *samples;
	int16_t *narrow;
	size_t count;

	if (!recording_read(path, &w))
		return false;
	for (size_t i = 0; w.channels == 2 && i < w.frames; i++)
		w.samples[i] = w.samples[2 * i];
	if (resampler_new(&r, w.rate_hz, G711_RATE_HZ))
		return false;
	narrow = malloc((resampler_room(r, w.frames) + resampler_drain_room(r)) * sizeof(*narrow));
	count = resampler_push(r, w.samples, w.frames, narrow);
	count += resampler_drain(r, narrow + count);
	samples = narrow;
	if (is_joined)
		recording_trim(&samples, &count);
	recording_append(ulaw, samples, count);
	resampler_free(&r);
	free(narrow);
	wav_fini(&w);
	return true;
}

static inline void recording_pause(struct buf *ulaw, size_t samples)
{
	uint8_t *room = buf_reserve(ulaw, samples);

	if (room) {
		memset(room, G711_ULAW_SILENCE, samples);
		ulaw->len += samples;
	}
}

/* False when a file is missing. */
static inline bool recording_load(const struct recording *r, struct buf *ulaw)
{
	char paths[1200], *save = NULL;
	bool is_joined = strchr(r->path, '+') != NULL, has_pause = true;

	snprintf(paths, sizeof(paths), "%s", r->path);
	for (char *path = strtok_r(paths, "+", &save); path; path = strtok_r(NULL, "+", &save)) {
		bool is_pause = !strncmp(path, "pause:", 6);

		if (is_pause)
			recording_pause(ulaw, strtoul(path + 6, NULL, 10) * (G711_RATE_HZ / 1000));
		else if (!has_pause)
			recording_pause(ulaw, RECORDING_GAP_SAMPLES);
		has_pause = is_pause;
		if (!is_pause && !recording_add_piece(ulaw, path, is_joined))
			return false;
	}
	return !ulaw->err;
}

#endif

/* The caller's silences, as the VAD and the line tell of them; which of them a recogniser that begins anew is spared, and where in the call what it
 * was given lies. Pure: positions are samples of the caller's, and nothing here has sound.
 *
 * Between two words a natural gap stays, PAUSE_KEPT_SAMPLES of it: nothing runs together. What is kept is the beginning and the end of the silence
 * itself, more of the end, because the VAD hears a soft beginning of a word late. What the VAD has not told of yet is kept.
 *
 * Zeroed is empty. Ceiling: the last SPANS_MAX silences, all that eight seconds can have of those that are cut; older ones are given as they are.
 */
#ifndef VOICE_PAUSES_H
#define VOICE_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PAUSE_AFTER_SAMPLES = 768,   /* 96 ms behind a word, */
	PAUSE_BEFORE_SAMPLES = 1024, /* 128 ms before the next: whole chunks of the VAD */
	PAUSE_KEPT_SAMPLES = PAUSE_AFTER_SAMPLES + PAUSE_BEFORE_SAMPLES,
	SPANS_MAX = 40
};

struct span {
	uint64_t from, to;
};

struct spans {
	struct span at[SPANS_MAX];
	unsigned int count; /* ever; the last SPANS_MAX are kept */
};

struct pauses {
	struct spans quiet, gaps; /* without voice; that nobody recorded */
};

/* One chunk of the VAD's, in order; what was told before is passed over. */
void pauses_hear(struct pauses *p, uint64_t position, uint64_t samples, bool is_quiet);

void pauses_gap(struct pauses *p, uint64_t from, uint64_t to); /* in order */

/* The gap that `at` lies in, or the next one; both UINT64_MAX: there is none. */
struct span pauses_gap_near(const struct pauses *p, uint64_t at);

/* What is left out next, from `at` on; both UINT64_MAX: nothing. Never empty. */
struct span pauses_cut(const struct pauses *p, uint64_t at);

/* ------------------------------------------------------------------ what a stream was given */

struct given_cut {
	uint64_t at, samples; /* behind so many that it was given, so many were left out */
};

struct given {
	uint64_t base;    /* the caller's position of the first sample */
	uint64_t samples; /* so far, without what was left out */
	struct given_cut cuts[SPANS_MAX];
	unsigned int cut_count;
};

/* Whoever gives it sound adds to `samples`. False: no room for another cut. */
bool given_cut(struct given *g, uint64_t samples);

/* The caller's position of a sample that a word begins with, and of the one behind its last: at a cut, the one behind it and the one before it. */
uint64_t given_from(const struct given *g, uint64_t sample);
uint64_t given_to(const struct given *g, uint64_t sample);

/* The other way round; what lies before the base is 0, what was left out is the sample behind it. */
uint64_t given_sample(const struct given *g, uint64_t position);

#endif

#include "voice/session/pauses.h"

#include <stddef.h>

#include "base/num.h"

enum { HOLE_SAMPLES = 256 }; /* less than this between a silence and a gap: the line began its chunks anew behind the gap */

static const struct span nowhere = { UINT64_MAX, UINT64_MAX };

static struct span *newest(struct spans *s)
{
	return s->count ? &s->at[(s->count - 1) % SPANS_MAX] : NULL;
}

/* One that goes on where the last one ended is the same. */
static void spans_put(struct spans *s, uint64_t from, uint64_t to)
{
	struct span *last = newest(s);

	if (last && last->to == from)
		last->to = to;
	else
		s->at[s->count++ % SPANS_MAX] = (struct span){ from, to };
}

static unsigned int spans_kept(const struct spans *s)
{
	return s->count < SPANS_MAX ? s->count : SPANS_MAX;
}

/* The first that ends behind `at`. */
static struct span spans_near(const struct spans *s, uint64_t at)
{
	struct span best = nowhere;
	unsigned int i, n = spans_kept(s);

	for (i = 0; i < n; i++)
		if (s->at[i].to > at && s->at[i].from < best.from)
			best = s->at[i];
	return best;
}

/* Where a silence that goes on to `to` ends by these. */
static uint64_t spans_reach(const struct spans *s, uint64_t to)
{
	uint64_t reach = to;
	unsigned int i, n = spans_kept(s);

	for (i = 0; i < n; i++)
		if (s->at[i].from <= to + HOLE_SAMPLES && s->at[i].to > reach)
			reach = s->at[i].to;
	return reach;
}

/* ------------------------------------------------------------------ silences */

/* One that is too short to be cut makes room for the next: so the ceiling counts those that matter. */
void pauses_hear(struct pauses *p, uint64_t position, uint64_t samples, bool is_quiet)
{
	struct span *last = newest(&p->quiet);

	if (last && position < last->to)
		return;
	if (!is_quiet)
		return;
	if (last && last->to != position && last->to - last->from <= PAUSE_KEPT_SAMPLES)
		*last = (struct span){ position, position + samples };
	else
		spans_put(&p->quiet, position, position + samples);
}

void pauses_gap(struct pauses *p, uint64_t from, uint64_t to)
{
	spans_put(&p->gaps, from, to);
}

struct span pauses_gap_near(const struct pauses *p, uint64_t at)
{
	return spans_near(&p->gaps, at);
}

/* A silence and a gap beside it are one. */
static struct span pause_near(const struct pauses *p, uint64_t at)
{
	struct span quiet = spans_near(&p->quiet, at), gap = spans_near(&p->gaps, at), pause = quiet.from < gap.from ? quiet : gap;
	uint64_t before = 0;

	if (pause.from == UINT64_MAX)
		return nowhere;
	while (pause.to != before) {
		before = pause.to;
		pause.to = spans_reach(&p->gaps, spans_reach(&p->quiet, before));
	}
	return pause;
}

struct span pauses_cut(const struct pauses *p, uint64_t at)
{
	struct span pause;
	uint64_t next = at;

	while ((pause = pause_near(p, next)).from != UINT64_MAX) {
		struct span cut = { num_max(pause.from + PAUSE_AFTER_SAMPLES, at), num_over(pause.to, PAUSE_BEFORE_SAMPLES) };

		if (cut.to > cut.from)
			return cut;
		next = pause.to;
	}
	return nowhere;
}

/* ------------------------------------------------------------------ what a stream was given */

bool given_cut(struct given *g, uint64_t samples)
{
	if (g->cut_count == SPANS_MAX)
		return false;
	g->cuts[g->cut_count++] = (struct given_cut){ g->samples, samples };
	return true;
}

uint64_t given_from(const struct given *g, uint64_t sample)
{
	uint64_t position = g->base + sample;
	unsigned int i;

	for (i = 0; i < g->cut_count && g->cuts[i].at <= sample; i++)
		position += g->cuts[i].samples;
	return position;
}

uint64_t given_to(const struct given *g, uint64_t sample)
{
	return sample ? given_from(g, sample - 1) + 1 : g->base;
}

uint64_t given_sample(const struct given *g, uint64_t position)
{
	uint64_t sample = num_over(position, g->base);
	unsigned int i;

	for (i = 0; i < g->cut_count && sample > g->cuts[i].at; i++)
		sample = num_max(num_over(sample, g->cuts[i].samples), g->cuts[i].at);
	return sample;
}

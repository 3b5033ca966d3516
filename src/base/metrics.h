/* Numbers for Prometheus: counters and gauges live with whoever counts; here is the text they become, and histograms.
 *
 * The text format 0.0.4: metric_begin says what follows, then one metric_put per set of labels. Names are ours and constant; values of
 * labels may be anything (escaped). A histogram is embedded in its owner, has fixed bounds and is one thread's: observing is a search
 * among a dozen numbers. Nothing of a caller belongs into a label: no number, no name, no call's id.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* "# HELP" and "# TYPE". */
void metric_begin(struct buf *b, const char *name, enum metric_type type, const char *help);

/* One sample; `label` NULL: none, else one label and its value. */
void metric_put(struct buf *b, const char *name, const char *label, const char *value, double number);

/* begin and put in one, for what has no labels. */
void metric_one(struct buf *b, const char *name, enum metric_type type, const char *help, double number);

enum { HISTOGRAM_BOUNDS_MAX = 16 };

/* Counts of observed values, in seconds for the reader and µs for us. */
struct histogram {
	const uint32_t *bounds_ms; /* rising, 0 ends them; at most HISTOGRAM_BOUNDS_MAX */
	uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* the last: above all bounds */
	uint64_t sum_us;
};

void histogram_init(struct histogram *h, const uint32_t *bounds_ms);
void histogram_observe(struct histogram *h, uint64_t value_us);
void histogram_put(struct buf *b, const char *name, const char *help, const struct histogram *h);

/* What every process has: memory, processor time, open files, when it began. Reads /proc; a few microseconds each. */
void metrics_process(struct buf *b);

#endif

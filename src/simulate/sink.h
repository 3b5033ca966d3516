/* The sink: the conductor's end of shipping. Takes batches of raw records, acknowledges them a little later (or, in an
 * outage, not), opens the payloads with the worker's keyring and keeps each (epoch, sequence) once, in order.
 */
#ifndef SIMULATE_SINK_H
#define SIMULATE_SINK_H

#include "simulate/scene.h"

extern const struct ship_sink simulated_sink; /* its arg is the scene */

enum err sink_new(struct sink *k, struct scene *scene) MUST_USE; /* once */
void sink_free(struct sink *k);
void sink_reset(struct sink *k); /* for each call */
void sink_stop(struct sink *k, struct world *w); /* forgets what is out */

/* Sorted by epoch and sequence afterwards. */
void sink_sort(struct sink *k);

#endif

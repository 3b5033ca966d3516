/* The worker of a scene: its journal, its disk, its shipping and its session; how it dies and how the next one attaches.
 * Part of the scene; for scene.c alone, but for worker_after.
 */
#ifndef SIMULATE_WORKER_H
#define SIMULATE_WORKER_H

#include "simulate/scene.h"

void worker_init(struct scene *s); /* once: its events */

/* A disk, a journal and a session for the scene's call. */
enum err worker_open(struct scene *s) MUST_USE;

/* After each thing that the session was told. */
void worker_after(struct scene *s);

/* The call is over: what is left is closed, in order. */
enum err worker_shut(struct scene *s) MUST_USE;

/* Writes the exported call, if asked to. */
enum err worker_keep(struct scene *s) MUST_USE;

/* Forgets the disk. */
void worker_clean(struct scene *s);

void scene_stepped(void *arg, const struct call_input *in, const struct call_outputs *out); /* scene.c */

#endif

/* The worker of a scene: its session, how it dies and how the next one attaches (worker.c); its journal, its disk and its shipping
 * (worker_disk.c). Part of the scene; for scene.c alone, but for worker_after.
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

/* ---- worker_disk.c, for worker.c ---- */

void worker_disk_init(struct scene *s); /* its events */

/* A journal on the scene's disk, its shipping, and the call under its next epoch. */
enum err worker_journal_begin(struct scene *s) MUST_USE;

void worker_journal_die(struct scene *s);                  /* with its worker: the disk decides what it kept */
void worker_ship_close(struct scene *s);
void worker_disk_faults(struct scene *s, uint64_t now_us); /* once a second */
void worker_fact(struct scene *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

void scene_stepped(void *arg, const struct call_input *in, const struct call_outputs *out); /* scene.c */

#endif

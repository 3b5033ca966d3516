/* The ear: voice levels of every call of a worker, computed on the worker's media thread.
 *
 * A call's line takes its audio on the loop thread, cuts it into chunks of 32 ms and hands them over; the thread steps the chunks of
 * all calls together (silero_step_batch) and the levels come back on the loop, in order, chunk by chunk. Each line is a live stream
 * (silero.h: the quiet rule). The media thread touches nothing but chunks and the lines' network state. A line that asks for it is listened to for
 * single tones, too (audio/tone.h): a tone that is over comes back behind the level of the chunk that showed it.
 * A chunk that is echo for half of it or more has the level 0. The network hears it as it is: a caller who talks over us is voice at once.
 * Ceilings: EAR_CHUNKS_MAX chunks wait; beyond it a chunk is not heard: its level comes back as 0 and it is counted.
 */
#ifndef VOICE_EAR_H
#define VOICE_EAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "audio/silero.h"
#include "audio/tone.h"
#include "base/err.h"

enum { EAR_CHUNK_SAMPLES = 256, EAR_CHUNKS_MAX = 4096 };

struct ear;
struct ear_line;

/* The chunk that begins at this sample of the line: 0 to 65535. */
typedef void ear_level_h(void *arg, uint64_t position, uint16_t level);

/* A tone is over; its samples are the line's. */
typedef void ear_tone_h(void *arg, const struct tone_event *tone);

/* Nothing waits any more (true), something does again (false): for a clock that skips. */
typedef void ear_rests_h(void *arg, bool rests);

/* Starts the thread. `model` is borrowed. `rests` may be NULL. */
enum err ear_open(struct ear **ep, uv_loop_t *loop, const struct silero_model *model, ear_rests_h *rests, void *arg) MUST_USE;

/* Every line must be closed. Joins the thread; the handle closes in the loop's next turns. NULL-safe. */
void ear_close(struct ear **ep);

/* `position` is that of the first sample that will be pushed. */
enum err ear_line_open(struct ear *e, struct ear_line **lp, uint64_t position, ear_level_h *level, void *arg) MUST_USE;
void ear_line_tones(struct ear_line *l, ear_tone_h *tone); /* tells them as well, with the same `arg`: before the first push */
void ear_line_close(struct ear_line **lp); /* no level after it. NULL-safe */

void ear_line_push(struct ear_line *l, const uint8_t *ulaw, size_t samples); /* any count */
void ear_line_push_echo(struct ear_line *l, const uint8_t *ulaw, size_t samples); /* the same, of our own sound that came back */
void ear_line_skip(struct ear_line *l, uint64_t samples); /* never came: silence, so far as it still counts */

uint64_t ear_unheard(const struct ear *e); /* chunks, because too many waited */

#endif

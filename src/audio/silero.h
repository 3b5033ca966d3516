/* Silero VAD 6.2: how surely a person speaks in a chunk of 32 ms, 0 to 1. The ear of every call.
 *
 * A model is read once from silero_vad.onnx, never changes afterwards and is shared by all threads. A stream is a struct
 * silero, embedded in its owner, without memory of its own; one thread at a time. Steps allocate nothing, take no lock
 * and cannot fail. Which instruction set computes is fixed when the model is opened; the default is the best this
 * processor has.
 *
 * How exact: at most 1e-4 from onnxruntime on every instruction set (measured: 4e-6). On one instruction set a chunk has
 * bit for bit the same probability alone and in a batch of any size and order. Between instruction sets the last bits
 * differ, so whoever decides by it takes silero_level(), journals that, and replays the journalled number.
 *
 * The quiet rule, part of this contract: after long silence the network is slow to notice a voice again, at 8 kHz it may
 * miss it. A live stream therefore forgets everything (as after silero_init) when SILERO_QUIET_MS of chunks in a row were
 * below SILERO_QUIET_PROB, each time anew. The reset comes after the chunk that completes them, whose own probability it
 * does not change. Streams that are not live never reset, which is what the reference vectors expect.
 *
 * Refuses: any model file but the pinned one, other rates than 8 and 16 kHz, chunks of another length.
 * Source: silero-vad 6.2.3 (PyPI), MIT; shapes and vectors in tests/vectors/silero/README.md; docs/vad.md.
 */
#ifndef AUDIO_SILERO_H
#define AUDIO_SILERO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/options.h"

enum {
	SILERO_CHUNK_MS = 32,
	SILERO_CHUNK_MAX_SAMPLES = 512,
	SILERO_CONTEXT_MAX_SAMPLES = 64,
	SILERO_HIDDEN = 128,
	SILERO_QUIET_MS = 2016, /* 63 chunks: the first whole number of them that is two seconds */
	SILERO_PATH_MAX = 512
};

#define SILERO_QUIET_PROB 0.25f
#define SILERO_MODEL_SHA256 "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"

enum silero_isa {
	SILERO_BEST,    /* of what this processor has */
	SILERO_GENERIC, /* plain C; SSE2 on x86-64 */
	SILERO_AVX2,    /* AVX2 and FMA */
	SILERO_AVX512,  /* AVX-512 F, BW, DQ, VL */
	SILERO_ISA_COUNT
};

struct silero_model;

/* One stream. Plain data: copying it copies the stream. */
struct silero {
	uint32_t rate_hz;
	bool is_live;
	uint32_t quiet_ms;                           /* of low probability in a row, up to now */
	int16_t context[SILERO_CONTEXT_MAX_SAMPLES]; /* the end of the chunk before */
	float h[SILERO_HIDDEN];
	float c[SILERO_HIDDEN];
};

/* Where the model file is looked for; bound to struct silero_settings. */
struct silero_settings {
	const char *model_file;
};

extern const struct option vad_options[];

/* The model file's path: `setting` when it says something, else the first that is there of models/silero_vad.onnx one and
 * two folders above the executable's own, and /usr/share/callfunnel/silero_vad.onnx. ERR_NOTFOUND, with a hint how to
 * get it; ERR_LIMIT when a path is longer than fits. `detail` may be NULL. */
enum err silero_model_find(const char *setting, char path[SILERO_PATH_MAX], struct err_detail *detail) MUST_USE;

/* Reads, checks and repacks the model: about 2.5 MB, a few milliseconds. On an error *mp is NULL: ERR_NOTFOUND, ERR_DENIED,
 * ERR_IO: the file; ERR_LIMIT, ERR_CORRUPT: not the pinned file; ERR_UNAVAILABLE: the processor lacks `isa`; ERR_NOMEM. */
enum err silero_model_open(struct silero_model **mp, const char *path, enum silero_isa isa, struct err_detail *detail)
	MUST_USE;

void silero_model_close(struct silero_model **mp); /* NULL-safe; no stream may step on it afterwards */

enum silero_isa silero_model_isa(const struct silero_model *m); /* never SILERO_BEST */

const char *silero_isa_name(enum silero_isa isa); /* "generic", "avx2", "avx512", "best" */
bool silero_isa_find(const char *name, enum silero_isa *isa);
bool silero_isa_is_supported(enum silero_isa isa);

/* A stream at its beginning. The rate is 8000 or 16000. */
void silero_init(struct silero *s, uint32_t rate_hz, bool is_live);

/* Samples in a chunk at this rate: 256 or 512; 0 for a rate that is neither 8000 nor 16000. */
size_t silero_chunk_samples(uint32_t rate_hz);

/* One chunk of 16-bit samples at the stream's rate; its probability of voice. */
float silero_step(const struct silero_model *m, struct silero *s, const int16_t *chunk) MUST_USE;

/* The next chunk of each of `count` different streams (rates may be mixed): probs[i] belongs to states[i] and chunks[i].
 * From four streams on about a third cheaper a chunk than one by one, with the same bits. */
void silero_step_batch(const struct silero_model *m, struct silero *const *states, const int16_t *const *chunks, float *probs,
	size_t count);

/* What the call core takes: 0 to 65535, rounded to nearest. */
uint16_t silero_level(float prob);

#endif

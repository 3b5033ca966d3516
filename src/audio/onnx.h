/* Finds named float tensors inside an ONNX file that lies in memory; it runs nothing.
 *
 * silero_vad.onnx holds two networks as the two branches of one If node; a tensor is therefore asked for by branch
 * ("then_branch", "else_branch") and by its own name. It may stand there as the value of a Constant node or as an
 * initializer. Refuses every tensor that is not float32 with its bytes in the file itself, whose shape and byte count
 * disagree, or that is over ONNX_MAX_BYTES. Every length is checked against the bytes there are: any bytes may come in.
 * No state, any thread. Source: onnx/onnx.proto3 (field numbers), https://protobuf.dev/programming-guides/encoding.
 */
#ifndef AUDIO_ONNX_H
#define AUDIO_ONNX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	ONNX_MAX_BYTES = 16 * 1024 * 1024, /* of a whole file */
	ONNX_MAX_DIMS = 8
};

struct onnx_tensor {
	const uint8_t *bytes; /* count little-endian float32, at any alignment, borrowed from the file's bytes */
	size_t count;         /* the product of dims; a scalar has none and a count of 1 */
	unsigned int dims_count;
	uint64_t dims[ONNX_MAX_DIMS];
};

/* Finds `name` in `branch` of the first If node. On an error *t is all zero and `detail` (may be NULL) says what is wrong and
 * where. ERR_NOTFOUND: no such branch or tensor; ERR_TRUNCATED, ERR_FORMAT: not an ONNX file or not a float tensor;
 * ERR_LIMIT: over a ceiling. */
enum err onnx_find(const void *data, size_t len, const char *branch, const char *name, struct onnx_tensor *t,
	struct err_detail *detail) MUST_USE;

/* Like onnx_find, and the shape must be exactly this: ERR_FORMAT otherwise. */
enum err onnx_find_shaped(const void *data, size_t len, const char *branch, const char *name, const uint64_t *dims,
	unsigned int dims_count, struct onnx_tensor *t, struct err_detail *detail) MUST_USE;

/* The number at `index`, below t->count. */
float onnx_at(const struct onnx_tensor *t, size_t index);

#endif

/* onnx_find over any bytes; whatever it finds must lie inside them. */
#include <stdint.h>
#include <stdlib.h>

#include "audio/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find(const uint8_t *data, size_t size, const char *branch, const char *name)
{
	struct err_detail detail;
	struct onnx_tensor t;
	volatile float sum = 0.0f;
	size_t i;

	if (onnx_find(data, size, branch, name, &t, &detail)) {
		if (t.bytes || t.count || !detail.message[0])
			abort();
		return;
	}
	if (t.count && (t.bytes < data || t.count * sizeof(float) > (size_t)(data + size - t.bytes)))
		abort();
	for (i = 0; i < t.count; i++)
		sum = onnx_at(&t, i);
	(void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	find(data, size, "else_branch", "weights");
	find(data, size, "then_branch", "weights");
	find(data, size, "else_branch", "decoder.decoder.2.bias");
	return 0;
}

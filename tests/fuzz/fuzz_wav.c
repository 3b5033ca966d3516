/* Any bytes as a WAV file: no crash, no more samples than bytes, and what was read can be written and read again the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/wav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_detail detail = { 0 };
	struct wav w, again;
	struct buf b;

	if (wav_parse(data, size, &w, &detail)) {
		must(!w.samples && !w.frames && detail.message[0]);
		return 0;
	}
	must(w.frames * w.channels <= size);
	buf_init(&b, 1 << 28);
	must(!wav_encode(&b, w.samples, w.frames, w.channels, w.rate_hz, NULL, 0));
	must(!wav_parse(b.data, b.len, &again, NULL));
	must(again.frames == w.frames && again.channels == w.channels && again.rate_hz == w.rate_hz);
	must(!w.frames || !memcmp(again.samples, w.samples, w.frames * w.channels * sizeof(*w.samples)));
	buf_fini(&b);
	wav_fini(&again);
	wav_fini(&w);
	return 0;
}

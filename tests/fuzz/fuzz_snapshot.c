/* Any bytes as a call's snapshot: refused, or loaded, saved to the same state, and able to go on. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "voice/call.h"

enum { BUF_MAX = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was loaded is saved; that loads again, to the same bytes. */
static void canonical(const struct call *call)
{
	struct call *again;
	struct buf one, two;

	buf_init(&one, BUF_MAX);
	buf_init(&two, BUF_MAX);
	call_save(call, &one);
	if (call_load(&again, one.data, one.len))
		abort();
	call_save(again, &two);
	assert(one.len == two.len && !memcmp(one.data, two.data, one.len));
	call_free(again);
	buf_fini(&one);
	buf_fini(&two);
}

static void go_on(struct call *call)
{
	static const struct call_input inputs[] = {
		{ .type = IN_TIMER },
		{ .type = IN_VOICE, .number = 60000, .position = 1u << 30 },
		{ .type = IN_MODEL_DONE, .gen = 1 },
		{ .type = IN_SPEECH, .utterance = 1, .take = 1, .position = 8000, .kind = SPEECH_DONE },
		{ .type = IN_ATTACHED },
		{ .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_FINAL, .stream = 2, .text = "wait please hold on", .text_len = 19 },
		{ .type = IN_TIMER },
		{ .type = IN_TIMER },
		{ .type = IN_HANGUP },
	};
	struct call_outputs out;
	size_t i;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		struct call_input in = inputs[i];

		in.at_us = (i + 1) * 7000000;
		if (call_step(call, &in, &out))
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call *call;

	if (call_load(&call, data, size))
		return 0;
	canonical(call);
	go_on(call);
	call_free(call);
	return 0;
}

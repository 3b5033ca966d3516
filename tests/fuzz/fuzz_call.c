/* Any sequence of inputs, sensible or not: no crash, every invariant holds, and a call that is saved and loaded in the middle
 * goes on with the same outputs as one that was not. The bytes choose inputs and small numbers, so that they often fit. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "voice/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *at, *end;
};

static uint8_t take(struct bytes *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static const char *const phrases[] = { "", "yes", "mhm", "stop", "nine eight seven", "I need an appointment", "and my number is", "Your e-mail?",
	"What is your ten digit number? ", "Sure. Let me see. ", "a, b. C! ", "एक दो। ठीक है। ", "...", "no, seventeen", "{}", "book" };

static void words_make(struct call_input *in, struct bytes *b)
{
	uint32_t end = 0, text = 0;
	size_t i;

	in->word_count = take(b) % 6;
	for (i = 0; i < in->word_count; i++) {
		end += take(b) * 16u;
		text += take(b) % 8;
		in->words[i] = (struct speech_word){ end, (uint16_t)text };
	}
	in->exact = take(b) & 1;
}

static void input_make(struct call_input *in, struct bytes *b, uint64_t *now, uint64_t *position)
{
	uint8_t kind = take(b);

	memset(in, 0, sizeof(*in));
	in->type = 1 + kind % (IN_TYPES - 1);
	if (kind >= 128)
		in->type = kind % 3 ? IN_VOICE : IN_TIMER;
	*now += (uint64_t)take(b) * take(b) * 100;
	in->at_us = *now;
	in->kind = take(b) % 4;
	in->stream = take(b) % 4;
	in->gen = take(b) % 8;
	in->utterance = take(b) % 12;
	in->take = take(b) % 8;
	in->turn = take(b) % 6;
	in->index = take(b) % 4;
	in->number = take(b);
	in->position = take(b) * 64u;
	in->position2 = in->position + take(b) * 64u;
	in->name = take(b) & 1 ? "book" : "lookup";
	in->name_len = strlen(in->name);
	in->text = phrases[take(b) % 16];
	in->text_len = strlen(in->text);
	if (in->type == IN_VOICE) {
		in->number = in->number & 1 ? 60000 : 100;
		in->position = *position;
		*position += VOICE_CHUNK_SAMPLES;
	}
	if (in->type == IN_DIGIT)
		in->number = (uint64_t) "0123456789*#ABCD"[in->number % 16];
	if (in->type == IN_SPEECH)
		words_make(in, b);
}

static void outputs_encode(const struct call_outputs *out, struct buf *b)
{
	size_t i;

	buf_reset(b);
	for (i = 0; i < out->count; i++)
		output_encode(&out->items[i], b);
}

static struct call *twin_make(const struct call *call)
{
	struct call *twin;
	struct buf b;

	buf_init(&b, 64 << 20);
	call_save(call, &b);
	assert(!b.err && !call_load(&twin, b.data, b.len));
	buf_fini(&b);
	return twin;
}

static struct call *call_make(void)
{
	struct call_settings settings;
	static struct brief brief;
	struct call *call;

	call_settings_init(&settings);
	brief_init(&brief);
	brief.knowledge = true;
	strcpy(brief.tools[0].name, "lookup");
	strcpy(brief.tools[1].name, "book");
	brief.tools[1].changes = true;
	strcpy(brief.tools[2].name, "end");
	brief.tools[2].ends = true;
	brief.tool_count = 3;
	assert(!call_new(&call, &settings, &brief));
	return call;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, data + size };
	struct call *call = call_make(), *twin = NULL;
	uint64_t now = 0, position = 0, steps = 0, twin_at = take(&b) % 64;
	struct call_outputs out, out2;
	struct call_input in;
	struct buf one, two;

	buf_init(&one, 16 << 20);
	buf_init(&two, 16 << 20);
	while (b.at < b.end && steps < 4000) {
		if (steps++ == twin_at)
			twin = twin_make(call);
		input_make(&in, &b, &now, &position);
		assert(!call_step(call, &in, &out));
		outputs_encode(&out, &one);
		if (!twin)
			continue;
		assert(!call_step(twin, &in, &out2));
		outputs_encode(&out2, &two);
		assert(one.len == two.len && (!one.len || !memcmp(one.data, two.data, one.len)));
	}
	call_free(call);
	call_free(twin);
	buf_fini(&one);
	buf_fini(&two);
	return 0;
}

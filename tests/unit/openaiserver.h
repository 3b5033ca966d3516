/* An OpenAI-compatible server on loopback. */
#ifndef OPENAISERVER_H
#define OPENAISERVER_H

#include "openaikit.h"
#include "providers/openai/openai.h"

#define KIT_VENDOR struct openai
#define KIT_LLM openai_llm
#define KIT_CLOSE openai_close
#define KIT_PATH "/v1/chat/completions"
#include "llmserver.h"

static inline void kit_vendor(struct kit *k, struct openai_options options)
{
	struct err_detail detail = { .message = "" };

	openai_close(&k->vendor);
	options.base_url = k->url;
	options.key = options.key ? options.key : KIT_KEY;
	options.model = options.model ? options.model : "qwen3";
	assert_int_equal(openai_open(&k->vendor, &k->loop, &options, &detail), ERR_NONE);
}

static const char plain[] = START SAYS("Good ") SAYS("morning.") ENDS("stop");
static const char two_tools[] = START SAYS("One moment.") TOOL(0, "a", "get_slots") ARGS(0, "{\\\"day\\\":") ARGS(0, "\\\"monday\\\"}")
	TOOL(1, "b", "get_fee") ENDS("tool_calls");

static inline int kit_begin(void **state)
{
	kit_open(&kit);
	kit_vendor(&kit, (struct openai_options){ .key = NULL });
	return kit_begin_with(state);
}

#endif

/* Anthropic as a server on loopback. */
#ifndef ANTHROPICSERVER_H
#define ANTHROPICSERVER_H

#include "anthropickit.h"
#include "providers/anthropic/anthropic.h"

#define KIT_VENDOR struct anthropic
#define KIT_LLM anthropic_llm
#define KIT_CLOSE anthropic_close
#define KIT_PATH "/v1/messages"
#include "llmserver.h"

static inline void kit_vendor(struct kit *k, struct anthropic_options options)
{
	struct err_detail detail = { .message = "" };

	anthropic_close(&k->vendor);
	options.base_url = k->url;
	options.key = KIT_KEY;
	assert_int_equal(anthropic_open(&k->vendor, &k->loop, &options, &detail), ERR_NONE);
}

static const char plain[] = START TEXT(0) SAYS(0, "Good ") SAYS(0, "morning.") STOP(0) ENDS("end_turn");
static const char two_tools[] = START TEXT(0) SAYS(0, "One moment.") STOP(0) TOOL(1, "get_slots") ARGS(1, "{\\\"day\\\":") ARGS(1, "\\\"monday\\\"}") STOP(1)
	TOOL(2, "get_fee") STOP(2) ENDS("tool_use");

static inline int kit_begin(void **state)
{
	kit_open(&kit);
	kit_vendor(&kit, (struct anthropic_options){ .model = NULL });
	return kit_begin_with(state);
}

#endif

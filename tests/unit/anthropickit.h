/* What comes from Anthropic, as tests write it down: events of a stream. */
#ifndef ANTHROPICKIT_H
#define ANTHROPICKIT_H

#include "llmkit.h"

#define EVENT(json) "data: " json "\n\n"
#define BLOCK(i, block) EVENT("{\"type\":\"content_block_start\",\"index\":" #i ",\"content_block\":{" block "}}")
#define DELTA(i, delta) EVENT("{\"type\":\"content_block_delta\",\"index\":" #i ",\"delta\":{" delta "}}")
#define START EVENT("{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":41," \
	"\"cache_creation_input_tokens\":30,\"cache_read_input_tokens\":2310,\"output_tokens\":1}}}")
#define TEXT(i) BLOCK(i, "\"type\":\"text\",\"text\":\"\"")
#define SAYS(i, text) DELTA(i, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define TOOL(i, name) BLOCK(i, "\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"" name "\",\"input\":{}")
#define ARGS(i, json) DELTA(i, "\"type\":\"input_json_delta\",\"partial_json\":\"" json "\"")
#define STOP(i) EVENT("{\"type\":\"content_block_stop\",\"index\":" #i "}")
#define ENDS(why) EVENT("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" why "\"},\"usage\":{\"output_tokens\":38}}") \
	EVENT("{\"type\":\"message_stop\"}")

#endif

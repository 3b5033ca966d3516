/* What comes from an OpenAI-compatible server, as tests write it down: chunks of a stream. */
#ifndef OPENAIKIT_H
#define OPENAIKIT_H

#include "llmkit.h"

#define EVENT(json) "data: " json "\n\n"
#define CHUNK(delta, finish) EVENT("{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1793000000,\"model\":\"m\"," \
	"\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":" finish "}]}")
#define START CHUNK("\"role\":\"assistant\",\"content\":\"\"", "null")
#define SAYS(text) CHUNK("\"content\":\"" text "\"", "null")
#define PIECE(piece) CHUNK("\"tool_calls\":[{" piece "}]", "null")
#define TOOL(i, id, name) PIECE("\"index\":" #i ",\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"" name "\",\"arguments\":\"\"}")
#define ARGS(i, json) PIECE("\"index\":" #i ",\"function\":{\"arguments\":\"" json "\"}")
#define WHOLE(i, id, name, json) PIECE(i "\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"" name "\",\"arguments\":\"" json "\"}")
#define FINISH(why) CHUNK("", "\"" why "\"")
#define USAGE EVENT("{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1793000000,\"model\":\"m\",\"choices\":[]," \
	"\"usage\":{\"prompt_tokens\":90,\"completion_tokens\":38,\"total_tokens\":128,\"prompt_tokens_details\":{\"cached_tokens\":64}}}")
#define DONE EVENT("[DONE]")
#define ENDS(why) FINISH(why) USAGE DONE

#endif

/* A call's blocks and the chat completion that is asked for with them, one of each a test. */
#ifndef OPENAIBODY_H
#define OPENAIBODY_H

#include <jansson.h>

#include "llmbody.h"
#include "providers/openai/openai_request.h"

static struct openai_head head;
static struct buf body;

static const char tools[] = "[{\"name\":\"look\",\"description\":\"Looks\",\"input_schema\":{\"type\":\"object\","
	"\"properties\":{\"maximum\":{\"type\":\"string\",\"maxLength\":9}}},\"changes\":true}]";

static inline void head_open(struct openai_prompt prompt)
{
	struct err_detail detail = { .message = "" };

	buf_fini(&head.text);
	prompt.model = "qwen3";
	prompt.max_tokens = 220;
	prompt.limit_name = prompt.limit_name ? prompt.limit_name : "max_tokens";
	prompt.system_role = "system";
	assert_int_equal(openai_head_make(&head, &prompt, &detail), ERR_NONE);
}

static inline int body_begin(void **state)
{
	buf_init(&body, OPENAI_BODY_MAX_BYTES);
	blocks_init(&blocks);
	head_open((struct openai_prompt){ .tools = tools });
	return deadline_start(state);
}

static inline int body_end(void **state)
{
	blocks_fini(&blocks);
	buf_fini(&body);
	buf_fini(&head.text);
	return deadline_stop(state);
}

static inline json_t *make(enum ask_kind kind, size_t count)
{
	json_t *json;

	assert_int_equal(openai_request_make(&head, kind, blocks.at, count, &body), ERR_NONE);
	json = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

#endif

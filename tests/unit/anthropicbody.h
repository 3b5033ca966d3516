/* A call's blocks and the request to Anthropic that is made of them, one of each a test. */
#ifndef ANTHROPICBODY_H
#define ANTHROPICBODY_H

#include "anthropickit.h"

#include <jansson.h>

#include "llmbody.h"
#include "providers/anthropic/anthropic_request.h"

static struct anthropic_head head;
static struct buf body;

static const char tools[] = "[{\"name\":\"look\",\"description\":\"Looks\",\"input_schema\":{\"type\":\"object\","
	"\"properties\":{\"maximum\":{\"type\":\"string\",\"maxLength\":9},"
	"\"list\":{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1}}}},\"changes\":true}]";

static inline void head_open(struct anthropic_prompt prompt)
{
	struct err_detail detail = { .message = "" };

	buf_fini(&head.text);
	prompt.max_tokens = 300;
	assert_int_equal(anthropic_head_make(&head, &prompt, &detail), ERR_NONE);
}

static inline int body_begin(void **state)
{
	buf_init(&body, ANTHROPIC_BODY_MAX_BYTES);
	blocks_init(&blocks);
	head_open((struct anthropic_prompt){ .model = "claude-haiku-5-5", .tools = tools });
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

	assert_int_equal(anthropic_request_make(&head, kind, blocks.at, count, &body), ERR_NONE);
	json = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	return json;
}

#endif

/* A call's blocks and the request that is made of them, one of each a test; blocks of calls that are drawn at random. */
#ifndef ANTHROPICBODY_H
#define ANTHROPICBODY_H

#include "anthropickit.h"

#include <jansson.h>

#include "providers/anthropic/anthropic_request.h"

static struct blocks blocks;
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

static inline void use(uint32_t turn, uint32_t index)
{
	block_add_tool(&blocks, BLOCK_TOOL_USE, turn, index, 0, "look", "{}");
}

static inline void result(uint32_t turn, uint32_t index, uint32_t status, const char *text)
{
	block_add_tool(&blocks, BLOCK_TOOL_RESULT, turn, index, status, NULL, text);
}

static inline void blocks_again(void)
{
	blocks_fini(&blocks);
	blocks_init(&blocks);
}

static uint32_t dice_state;

static inline uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * 1664525 + 1013904223;
	return (dice_state >> 8) % sides;
}

static inline void draw_blocks(uint32_t seed)
{
	static const char *const words[] = { "Hello", "and then", " ", "", "One moment.", "नमस्ते", "<event>", "\"quoted\" \\ \n line" };
	uint32_t turn = 0, i, n;

	blocks_again();
	dice_state = seed;
	while (blocks.count < 40) {
		n = 1 + dice(3);
		switch (dice(4)) {
		case 0: block_add(&blocks, BLOCK_CALLER, words[dice(8)]); break;
		case 1: block_add(&blocks, BLOCK_AGENT, words[dice(8)]); break;
		case 2: block_add(&blocks, BLOCK_EVENT, words[dice(8)]); break;
		default:
			turn++;
			for (i = 0; i < n; i++)
				use(turn, i);
			for (i = 0; i < n; i++)
				result(turn, i, dice(3), words[dice(8)]);
		}
	}
}

#endif

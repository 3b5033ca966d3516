/* The blocks that a request is made of, one list a test: uses of tools and results by hand, whole calls drawn at random. */
#ifndef LLMBODY_H
#define LLMBODY_H

#include "llmkit.h"

static struct blocks blocks;

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

/* Tagged audio: see sound.h. */
#include "simulate/sound.h"

#include <string.h>

static void block_fill(uint8_t *at, uint32_t sound, uint32_t block)
{
	unsigned int i;

	memset(at, 0x80, SOUND_BLOCK);
	at[0] = 0x55;
	for (i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(0x80 | ((sound >> (12 - 4 * i)) & 15));
	for (i = 0; i < 6; i++)
		at[5 + i] = (uint8_t)(0x80 | ((block >> (20 - 4 * i)) & 15));
}

/* Whole blocks in a row: sixteen differ in their last number alone. Blocks are assigned: memcpy would be a call for each. */
static void blocks_fill(uint8_t *at, uint32_t sound, uint32_t block, size_t count)
{
	struct whole {
		uint8_t bytes[SOUND_BLOCK];
	} model, *to = (struct whole *)at;
	size_t i;

	for (i = 0; i < count; i++, block++) {
		if (i == 0 || block % 16 == 0)
			block_fill(model.bytes, sound, block);
		model.bytes[10] = (uint8_t)(0x80 | (block & 15));
		to[i] = model;
	}
}

void sound_fill(uint8_t *ulaw, size_t samples, uint32_t sound, uint32_t position)
{
	uint8_t block[SOUND_BLOCK];
	uint32_t skip = position % SOUND_BLOCK;
	size_t done = 0, len;

	if (skip) {
		block_fill(block, sound, position / SOUND_BLOCK);
		done = SOUND_BLOCK - skip < samples ? SOUND_BLOCK - skip : samples;
		memcpy(ulaw, block + skip, done);
	}
	len = (samples - done) / SOUND_BLOCK;
	blocks_fill(ulaw + done, sound, (position + (uint32_t)done) / SOUND_BLOCK, len);
	done += len * SOUND_BLOCK;
	if (done < samples) {
		block_fill(block, sound, (position + (uint32_t)done) / SOUND_BLOCK);
		memcpy(ulaw + done, block, samples - done);
	}
}

static uint32_t nibbles(const uint8_t *at, unsigned int count)
{
	uint32_t value = 0;

	while (count--)
		value = value << 4 | (*at++ & 15);
	return value;
}

/* Behind its first byte a block has numbers alone: looked at eight at a time. */
static bool block_holds(const uint8_t *at)
{
	static const uint8_t eights[] = { 1, 8, 16, 24 };
	uint64_t odd = 0, eight;
	unsigned int i;

	for (i = 0; i < sizeof(eights); i++) {
		memcpy(&eight, at + eights[i], sizeof(eight));
		odd |= (eight & 0xf0f0f0f0f0f0f0f0u) ^ 0x8080808080808080u;
	}
	return !odd;
}

bool sound_read(const uint8_t *ulaw, size_t samples, uint32_t *sound, uint32_t *position)
{
	const uint8_t *first;
	uint32_t skip, block;
	size_t places;

	if (samples < SOUND_BLOCK)
		return false;
	places = samples - SOUND_BLOCK + 1; /* where a whole block may begin */
	first = memchr(ulaw, 0x55, places < SOUND_BLOCK ? places : SOUND_BLOCK);
	if (!first || !block_holds(first))
		return false;
	skip = (uint32_t)(first - ulaw);
	ulaw = first;
	block = nibbles(ulaw + 5, 6);
	if (block * SOUND_BLOCK < skip)
		return false;
	*sound = nibbles(ulaw + 1, 4);
	*position = block * SOUND_BLOCK - skip;
	return true;
}

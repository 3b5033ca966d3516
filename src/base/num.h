/* The larger, the smaller, and by how much: what is otherwise written out as a choice in forty places, each with a mistake of its own to make. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdint.h>

static inline uint64_t num_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t num_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint32_t num_min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t num_max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* By how much a is over b; 0 when it is not. */
static inline uint64_t num_over(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

#endif

/* Whether bytes that come in pieces are UTF-8 (RFC 3629): says no at the first byte that cannot be. Pure. */
#ifndef BASE_WEBSOCKET_TEXT_H
#define BASE_WEBSOCKET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed at the start. */
struct text_check {
	uint8_t left;         /* continuation bytes that this character still needs */
	uint8_t lower, upper; /* between which the next must lie; 0: 0x80 to 0xBF */
};

bool text_check_step(struct text_check *t, const uint8_t *data, size_t len);

/* Whether a text may end here. */
static inline bool text_check_is_whole(const struct text_check *t)
{
	return !t->left;
}

#endif

#include "base/websocket_text.h"

#include <string.h>

/* The table of RFC 3629 section 4: a first byte says how many follow, and some narrow the one behind them. */
static bool first_byte(struct text_check *t, uint8_t c)
{
	t->lower = 0x80;
	t->upper = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	t->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		t->lower = 0xa0;
	else if (c == 0xed)
		t->upper = 0x9f;
	else if (c == 0xf0)
		t->lower = 0x90;
	else if (c == 0xf4)
		t->upper = 0x8f;
	return true;
}

/* How many bytes at the start are plain ASCII, eight at a time. */
static size_t ascii_run(const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (uint64_t word; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, data + at, sizeof(word));
		if (word & 0x8080808080808080u)
			break;
	}
	return at;
}

bool text_check_step(struct text_check *t, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (t->left) {
			if (data[i] < t->lower || data[i] > t->upper)
				return false;
			t->left--;
			t->lower = 0x80;
			t->upper = 0xbf;
			continue;
		}
		i += ascii_run(data + i, len - i);
		if (i < len && data[i] >= 0x80 && !first_byte(t, data[i]))
			return false;
	}
	return true;
}

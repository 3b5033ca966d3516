/* Makes every checksum of a journal's file right that has room, so that a fuzzer reaches what lies behind them. */
#ifndef FUZZ_CHECKSUMS_H
#define FUZZ_CHECKSUMS_H

#include "voice/journal/journal_format.h"

static inline void fix_checksums(uint8_t *data, size_t size)
{
	size_t at;

	if (size >= 128)
		put_le32(data + 124, journal_checksum(data, 124));
	for (at = journal_record_search(data, size, 0); at + 100 <= size; at = journal_record_search(data, size, at + 1)) {
		uint32_t len = get_le32(data + at + 8);

		if (len <= size - at - 100)
			put_le32(data + at + 92, journal_checksum(data + at + 100, len));
		put_le32(data + at + 96, journal_checksum(data + at, 96));
	}
}

#endif

/* What this process still has in its memory: a planted text is looked for in everything that is written to and backed by no file. Locked memory,
 * where keys may be, is left out (its pages are in no core dump, which is what the kernel says of it). Include cmocka's headers first. */
#ifndef MEMORYKIT_H
#define MEMORYKIT_H

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

enum { MEMORY_REGIONS_MAX = 4096, MEMORY_PIECE = 1 << 16, MEMORY_NEEDLE = 40 };

/* With AddressSanitizer what was freed stays as it was, instead of being filled: so it is found, as it may be without. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "max_free_fill_size=0:max_malloc_fill_size=0"; }

struct memory_region {
	uint64_t from, to;
};

/* A text that is nowhere else: in locked memory, made anew. */
static inline char *memory_plant(void)
{
	char *needle = sodium_init() < 0 ? NULL : sodium_malloc(MEMORY_NEEDLE + 1);
	uint8_t random[MEMORY_NEEDLE / 2];

	assert_non_null(needle);
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(needle, MEMORY_NEEDLE + 1, random, sizeof(random));
	sodium_memzero(random, sizeof(random));
	return needle;
}

static inline size_t memory_regions(struct memory_region *regions)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	struct memory_region at = { .from = 0 };
	bool is_ours = false;
	size_t count = 0;
	char line[1024], permissions[8];
	uint64_t inode;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct memory_region next;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %" SCNu64, &next.from, &next.to, permissions, &inode) == 4) {
			at = next;
			is_ours = !strncmp(permissions, "rw", 2) && !inode;
		} else if (!strncmp(line, "VmFlags:", 8) && is_ours && !strstr(line, " lo") && !strstr(line, " dd")) {
			assert_true(count < MEMORY_REGIONS_MAX);
			regions[count++] = at;
		}
	}
	fclose(f);
	return count;
}

/* In pieces that overlap, so that none is missed on a border. */
static inline size_t memory_search(int fd, const struct memory_region *r, const char *needle, uint8_t *piece)
{
	size_t found = 0;

	for (uint64_t at = r->from; at < r->to;) {
		size_t want = r->to - at < MEMORY_PIECE ? (size_t)(r->to - at) : MEMORY_PIECE;
		ssize_t got = pread(fd, piece, want, (off_t)at);

		if (got <= 0)
			break;
		for (uint8_t *from = piece; (from = memmem(from, (size_t)(piece + got - from), needle, MEMORY_NEEDLE)); from++)
			found++;
		at += (size_t)got > MEMORY_NEEDLE && at + (size_t)got < r->to ? (size_t)got - MEMORY_NEEDLE + 1 : (size_t)got;
	}
	return found;
}

/* How often it is there. */
static inline size_t memory_holds(const char *needle)
{
	struct memory_region *regions = calloc(MEMORY_REGIONS_MAX, sizeof(*regions));
	uint8_t *piece = sodium_malloc(MEMORY_PIECE);
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	size_t count, found = 0;

	assert_true(regions && piece && fd >= 0);
	count = memory_regions(regions);
	for (size_t i = 0; i < count; i++)
		found += memory_search(fd, &regions[i], needle, piece);
	close(fd);
	sodium_free(piece);
	free(regions);
	return found;
}

#endif

/* Exit status 0: -ftrivial-auto-var-init leaves what a variable was initialised with alone.
 *
 * gcc 12.2 clears "padding" of a struct with a long array of padded structs at the wrong place: behind the array it counts from the
 * beginning of the variable, so bytes 9 to 15 of this copy are zeroed at every level of optimisation, sequence numbers above 255 with them.
 */
#include <stdbool.h>
#include <stdint.h>

struct place {
	uint32_t epoch;
	uint64_t sequence;
	uint32_t part;
};

struct heads {
	struct place items[64];
	uint64_t count;
	bool has_end;
};

struct document {
	struct heads heads;
	const char *lines;
};

static struct heads all;

__attribute__((noinline)) static int is_whole(const struct document *d)
{
	__asm__ volatile("" : : "r"(d) : "memory");
	return d->heads.items[0].sequence == UINT64_MAX;
}

int main(void)
{
	all.items[0].sequence = UINT64_MAX;

	const struct document d = { .heads = all, .lines = "" };

	return is_whole(&d) ? 0 : 1;
}

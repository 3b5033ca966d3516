/* Luhn (ISO/IEC 7812-1, annex B) and Verhoeff (the dihedral group of order ten, permuted by place). */
#include "redact/checksum.h"

#include <stdint.h>

bool checksum_luhn(const char *digits, size_t count)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned int d = (unsigned int)(digits[count - 1 - i] - '0');

		if (i & 1)
			d = d > 4 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return count && sum % 10 == 0;
}

/* a·b in the group: 0 to 4 are the turns, 5 to 9 the turns of the mirrored pentagon. */
static unsigned int dihedral(unsigned int a, unsigned int b)
{
	if (a < 5)
		return b < 5 ? (a + b) % 5 : 5 + (a + b - 5) % 5;
	return b < 5 ? 5 + (a - 5 + 5 - b) % 5 : (a - 5 + 5 - (b - 5)) % 5;
}

bool checksum_verhoeff(const char *digits, size_t count)
{
	static const uint8_t turn[10] = { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 };
	unsigned int sum = 0;
	size_t i, k;

	for (i = 0; i < count; i++) {
		unsigned int d = (unsigned int)(digits[count - 1 - i] - '0');

		for (k = 0; k < i % 8; k++)
			d = turn[d];
		sum = dihedral(sum, d);
	}
	return count && sum == 0;
}

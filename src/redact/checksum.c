/* Luhn (ISO/IEC 7812-1, annex B), Verhoeff (the dihedral group of order ten, permuted by place), GSTIN (Luhn's way in base 36), IBAN (ISO 13616,
 * remainder 97), ABA routing numbers (weights 3, 7, 1). */
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

static unsigned int place_of(char c)
{
	return c <= '9' ? (unsigned int)(c - '0') : (unsigned int)(c - 'A') + 10;
}

bool checksum_gstin(const char *code)
{
	enum { BASE = 36, COUNT = 14 };
	unsigned int sum = 0, product;
	size_t i;

	for (i = 0; i < COUNT; i++) {
		product = place_of(code[i]) * (i & 1 ? 2 : 1);
		sum += product / BASE + product % BASE;
	}
	return (BASE - sum % BASE) % BASE == place_of(code[COUNT]);
}

bool checksum_iban(const char *code, size_t count)
{
	enum { COUNTRY_AND_CHECK = 4, REMAINDER = 97 };
	unsigned int rest = 0, place;
	size_t i;

	for (i = 0; i < count; i++) {
		place = place_of(code[(i + COUNTRY_AND_CHECK) % count]);
		rest = (rest * (place < 10 ? 10 : 100) + place) % REMAINDER;
	}
	return rest == 1;
}

bool checksum_aba(const char *digits)
{
	static const uint8_t weights[9] = { 3, 7, 1, 3, 7, 1, 3, 7, 1 };
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < sizeof(weights); i++)
		sum += weights[i] * (unsigned int)(digits[i] - '0');
	return sum && sum % 10 == 0;
}

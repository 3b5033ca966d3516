#include "providers/rehearsed/sounds.h"

#include <string.h>

#include "providers/rehearsed/words.h"

static size_t sounds_of(const char *word, char out[WORD_BYTES])
{
	static const char nagari[] = "kkggnkkjjnttddnttddnnpfbbmyrrlllvsss"; /* U+0915 to U+0938, the aspirated ones as the others */
	static const char *const plain = "bcdfgjklmnpqrstvwxz", *const as = "bkdfgjklmnpkrstvvsj";
	const unsigned char *at = (const unsigned char *)word;
	size_t n = 0;
	char sound;

	for (; *at; at++) {
		sound = 0;
		if (*at == 0xe0 && at[1] == 0xa4 && at[2] >= 0x95 && at[2] <= 0xb8)
			sound = nagari[at[2] - 0x95];
		else if (*at < 0x80 && strchr(plain, *at))
			sound = as[strchr(plain, *at) - plain];
		if (sound && sound != 'y' && (!n || out[n - 1] != sound))
			out[n++] = sound;
	}
	out[n] = 0;
	return n;
}

bool sounds_same(const char *a, const char *b, size_t least)
{
	bool is_nagari = (unsigned char)*a >= 0x80, is_other = (unsigned char)*b >= 0x80;
	char one[WORD_BYTES], two[WORD_BYTES];

	return is_nagari != is_other && sounds_of(a, one) >= least && sounds_of(b, two) && !strcmp(one, two);
}

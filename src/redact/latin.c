#include "redact/latin.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FIRST = 0x900, CHARACTER_BYTES = 3, CONSONANTS = 0x915, CONSONANTS_END = 0x93a, VIRAMA = 0x94d };

struct whole {
	const char *word, *latin;
};

static const char *whole_find(const char *word, size_t len)
{
	static const struct whole known[] = {
		{ "जीमेल", "gmail" }, { "याहू", "yahoo" }, { "हॉटमेल", "hotmail" }, { "आउटलुक", "outlook" }, { "रेडिफमेल", "rediffmail" }, { "कॉम", "com" },
		{ "काम", "com" },
		{ "इन", "in" }, { "को", "co" }, { "नेट", "net" }, { "ओआरजी", "org" }, { "ऑर्ग", "org" }, { "एग्जांपल", "example" }, { "एग्ज़ांपल", "example" },
		{ "एक्जांपल", "example" }, { "पेटीएम", "paytm" }, { "ए", "a" }, { "बी", "b" }, { "सी", "c" }, { "डी", "d" }, { "ई", "e" }, { "एफ", "f" },
		{ "जी", "g" },
		{ "एच", "h" }, { "आई", "i" }, { "जे", "j" }, { "के", "k" }, { "एल", "l" }, { "एम", "m" }, { "एन", "n" }, { "ओ", "o" }, { "पी", "p" },
		{ "क्यू", "q" },
		{ "आर", "r" }, { "एस", "s" }, { "टी", "t" }, { "यू", "u" }, { "वी", "v" }, { "डब्ल्यू", "w" }, { "एक्स", "x" }, { "वाई", "y" }, { "ज़ेड", "z" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].word) == len && !memcmp(known[i].word, word, len))
			return known[i].latin;
	return NULL;
}

static uint32_t point(const char *at)
{
	return ((uint32_t)(uint8_t)at[0] & 0x0f) << 12 | ((uint32_t)(uint8_t)at[1] & 0x3f) << 6 | ((uint32_t)(uint8_t)at[2] & 0x3f);
}

/* By its sound, U+0900 on; a vowel's sign as the vowel. */
static const char *sound(uint32_t c)
{
	static const char *const sounds[0x60] = {
		[0x01] = "n", [0x02] = "n", [0x05] = "a", [0x06] = "a", [0x07] = "i", [0x08] = "i", [0x09] = "u", [0x0a] = "u", [0x0b] = "ri", [0x0f] = "e",
		[0x10] = "ai",
		[0x11] = "o", [0x13] = "o", [0x14] = "au", [0x15] = "k", [0x16] = "kh", [0x17] = "g", [0x18] = "gh", [0x1a] = "ch", [0x1b] = "chh",
		[0x1c] = "j",
		[0x1d] = "jh", [0x1f] = "t", [0x20] = "th", [0x21] = "d", [0x22] = "dh", [0x23] = "n", [0x24] = "t", [0x25] = "th", [0x26] = "d", [0x27] = "dh",
		[0x28] = "n", [0x2a] = "p", [0x2b] = "ph", [0x2c] = "b", [0x2d] = "bh", [0x2e] = "m", [0x2f] = "y", [0x30] = "r", [0x32] = "l", [0x35] = "v",
		[0x36] = "sh", [0x37] = "sh", [0x38] = "s", [0x39] = "h", [0x3e] = "a", [0x3f] = "i", [0x40] = "i", [0x41] = "u", [0x42] = "u", [0x43] = "ri",
		[0x47] = "e", [0x48] = "ai", [0x49] = "o", [0x4b] = "o", [0x4c] = "au", [0x58] = "q", [0x5b] = "z", [0x5c] = "r", [0x5e] = "f",
	};
	const char *of = c >= FIRST && c < FIRST + 0x60 ? sounds[c - FIRST] : NULL;

	return of ? of : "";
}

static bool is_consonant(uint32_t c)
{
	return (c >= CONSONANTS && c < CONSONANTS_END) || (c >= 0x958 && c <= 0x95f);
}

/* A vowel's sign or the virama, which leaves no vowel. */
static bool is_sign(uint32_t c)
{
	return c >= 0x93e && c <= VIRAMA;
}

static size_t put(char *out, size_t room, size_t len, const char *text)
{
	size_t n = strlen(text);

	n = n < room - len ? n : room - len;
	memcpy(out + len, text, n);
	return len + n;
}

/* The vowel that a consonant has by itself is not said at a word's end, nor between a vowel and a consonant that has a vowel. */
static bool keeps_vowel(const char *word, size_t len, size_t i, bool vowel_before)
{
	uint32_t next = i + 2 * CHARACTER_BYTES <= len ? point(word + i + CHARACTER_BYTES) : 0;
	uint32_t then = i + 3 * CHARACTER_BYTES <= len ? point(word + i + 2 * CHARACTER_BYTES) : 0;

	if (!next || is_sign(next))
		return false;
	return !(vowel_before && is_consonant(next) && is_sign(then) && then != VIRAMA);
}

size_t latin_spell(const char *word, size_t len, char *out, size_t room)
{
	const char *known = whole_find(word, len);
	bool vowel = false;
	size_t i, n = 0;

	if (known)
		return put(out, room, 0, known);
	for (i = 0; i + CHARACTER_BYTES <= len && (uint8_t)word[i] == 0xe0; i += CHARACTER_BYTES) {
		uint32_t c = point(word + i);

		n = put(out, room, n, sound(c));
		if (!is_consonant(c)) {
			vowel = vowel || *sound(c);
			continue;
		}
		vowel = keeps_vowel(word, len, i, vowel);
		if (vowel)
			n = put(out, room, n, "a");
	}
	return n;
}

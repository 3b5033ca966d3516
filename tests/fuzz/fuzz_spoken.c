/* The spoken form of any bytes: it stays below its ceiling, keeps UTF-8 valid, and its map goes from nothing to all and never back. The first byte
 * picks the language and whether there is a dictionary, the second how much of the text was said before it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "voice/spoken/spoken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spoken_saying sayings[] = { { .word = "SBI", .say = "S B I", .ipa = "ɛs" }, { .word = "C++", .say = "C plus" },
	{ .word = "5", .say = "V" } };

static bool valid(const char *text, size_t len)
{
	size_t i = 0, n;

	while (i < len && (n = utf8_length((const uint8_t *)text + i, len - i)))
		i += n;
	return i == len;
}

static void map_check(const struct spoken *s, const char *text, size_t len)
{
	size_t i, meant, before = 0;

	for (i = 0; i <= s->text.len; i++) {
		meant = spoken_meant(s, text, len, i);
		assert(meant >= before && meant <= len);
		before = meant;
	}
	assert(!s->text.len || before == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const languages[] = { "en-US", "en-IN", "hi-IN", "hi-Latn", "fr" };
	struct spoken_how how = { .sayings = sayings };
	struct spoken s;
	size_t before, len;
	char *text;

	if (size < 2 || size > 4096)
		return 0;
	how.language = languages[data[0] % 5];
	how.saying_count = data[0] & 0x80 ? 3 : 0;
	how.ipa_before = how.ipa_after = data[0] & 0x40 ? "/" : NULL;
	before = data[1] < size - 2 ? data[1] : 0;
	how.before = (const char *)data + 2;
	how.before_len = before;
	len = size - 2 - before;
	text = malloc(len ? len : 1); /* no NUL behind it: reading on is found */
	if (!text)
		abort();
	memcpy(text, data + 2 + before, len);
	spoken_init(&s);
	assert(!spoken_make(&s, &how, text, len));
	assert(s.text.len <= (len > SPOKEN_MAX_BYTES ? len : SPOKEN_MAX_BYTES));
	if (valid(text, len))
		assert(valid(buf_str(&s.text), s.text.len));
	map_check(&s, text, len);
	spoken_fini(&s);
	free(text);
	return 0;
}

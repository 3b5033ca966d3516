#include "base/usage.h"

static const char *const unit_names[USAGE_UNITS] = {
	[USAGE_REQUESTS] = "requests",
	[USAGE_INPUT_TOKENS] = "input_tokens",
	[USAGE_CACHE_READ_TOKENS] = "cache_read_tokens",
	[USAGE_CACHE_WRITE_5M_TOKENS] = "cache_write_5m_tokens",
	[USAGE_CACHE_WRITE_1H_TOKENS] = "cache_write_1h_tokens",
	[USAGE_OUTPUT_TOKENS] = "output_tokens",
	[USAGE_CHARACTERS] = "characters",
	[USAGE_TEXT_BYTES] = "text_bytes",
	[USAGE_AUDIO_SAMPLES] = "audio_samples",
};

const char *usage_unit_name(enum usage_unit unit)
{
	unsigned int i = (unsigned int)unit;

	return i < USAGE_UNITS ? unit_names[i] : "unknown";
}

void usage_tell_as(usage_h *used, void *arg, const struct usage *u, const char *member)
{
	struct usage named = *u;

	named.member = member;
	usage_tell(used, arg, &named);
}

static uint64_t characters_of(const char *text, size_t len)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void usage_tell_text(usage_h *used, void *arg, const char *vendor, const char *model, const char *text, size_t len)
{
	const struct usage u = { .vendor = vendor, .model = model,
		.units = { [USAGE_REQUESTS] = 1, [USAGE_CHARACTERS] = characters_of(text, len), [USAGE_TEXT_BYTES] = len } };

	usage_tell(used, arg, &u);
}

void usage_tell_audio(usage_h *used, void *arg, const char *vendor, const char *model, uint64_t total, uint64_t *told, bool is_over)
{
	const struct usage u = { .vendor = vendor, .model = model, .units = { [USAGE_AUDIO_SAMPLES] = total - *told } };

	if (total == *told || (!is_over && total - *told < USAGE_TELL_SAMPLES))
		return;
	*told = total;
	usage_tell(used, arg, &u);
}

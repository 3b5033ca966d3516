#include "base/provider_names.h"

#include <string.h>

const char *const provider_names[PROVIDER_NAMES] = { PROVIDER_KEY_DEEPGRAM, PROVIDER_KEY_ANTHROPIC, PROVIDER_KEY_CARTESIA, PROVIDER_KEY_SARVAM,
	PROVIDER_KEY_OPENAI };

bool provider_name_known(const char *name)
{
	for (size_t i = 0; i < PROVIDER_NAMES; i++)
		if (!strcmp(provider_names[i], name))
			return true;
	return false;
}

bool provider_key_ok(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (value[i] < ' ' || value[i] > '~')
			return false;
	return len && len <= SECRET_MAX_BYTES;
}

#include "cli/openai_voices.h"

#include <stdio.h>
#include <string.h>

static bool is_tag(const char *tag)
{
	size_t len = strspn(tag, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");

	return len && len <= OPENAI_VOICE_TAG_MAX && !tag[len];
}

static bool is_voice(const char *voice)
{
	size_t len = strlen(voice);

	for (size_t i = 0; i < len; i++)
		if (voice[i] <= ' ' || voice[i] > '~')
			return false;
	return len && len <= OPENAI_SPEECH_NAME_MAX;
}

/* "en=af_heart", cut in two. */
static bool pair_read(struct openai_voice *voice, char *pair)
{
	char *equals = strchr(pair, '=');

	if (!equals)
		return false;
	*equals = '\0';
	*voice = (struct openai_voice){ .tag = pair, .voice = equals + 1 };
	return is_tag(voice->tag) && is_voice(voice->voice);
}

bool openai_voices_read(struct openai_voices *v, const char *text)
{
	char *rest = NULL;
	size_t count = 0;

	*v = (struct openai_voices){ .text = "" };
	if (strlen(text) > OPENAI_VOICES_MAX_BYTES)
		return false;
	snprintf(v->text, sizeof(v->text), "%s", text);
	for (char *pair = strtok_r(v->text, ", ", &rest); pair; pair = strtok_r(NULL, ", ", &rest)) {
		if (count == OPENAI_VOICES_MAX || !pair_read(&v->list[count], pair)) {
			v->list[0] = (struct openai_voice){ .tag = NULL };
			return false;
		}
		v->list[++count] = (struct openai_voice){ .tag = NULL };
	}
	return true;
}

bool openai_voices_fit(const char *text)
{
	struct openai_voices v;

	return openai_voices_read(&v, text) && v.list[0].tag;
}

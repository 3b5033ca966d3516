/* The voices of a server that speaks as OpenAI does, by language, as a setting says them: "en=af_heart, hi=hf_alpha". */
#ifndef CLI_OPENAI_VOICES_H
#define CLI_OPENAI_VOICES_H

#include <stdbool.h>

#include "providers/openai/openai_speech.h"

enum { OPENAI_VOICES_MAX = 16, OPENAI_VOICES_MAX_BYTES = 500, OPENAI_VOICE_TAG_MAX = 36 };

#define OPENAI_VOICES_FITTING "up to 16 languages with their voices: en=af_heart, hi=hf_alpha"

struct openai_voices {
	struct openai_voice list[OPENAI_VOICES_MAX + 1]; /* the adapter's option; its texts lie below */
	char text[OPENAI_VOICES_MAX_BYTES + 1];
};

/* False: `text` is no such list, and nothing is in it. Do not copy the struct. */
bool openai_voices_read(struct openai_voices *v, const char *text);

bool openai_voices_fit(const char *text);

#endif

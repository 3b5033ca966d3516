/* A caller who asks for another language, in whichever he asks: "Hindi please", "हिन्दी में बात कीजिए", "can we speak in English". Pure; any thread. */
#ifndef PROVIDERS_REHEARSED_LANGUAGES_H
#define PROVIDERS_REHEARSED_LANGUAGES_H

#include <stdbool.h>

#include "providers/rehearsed/words.h"

/* Whether the words wish for the language of that tag ("hi-IN") instead of `spoken`. `is_open`: the question takes any words, so that a name alone is an
 * answer. What says that it is not wished ("not in Hindi"), or names both, is no wish; nor is a tag that we have no names for. */
bool language_wished(const struct words *w, const char *tag, const char *spoken, bool is_open);

#endif

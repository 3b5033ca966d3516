/* How a client of Sarvam's voice wants to be spoken to, and what is refused. Facts: the shared protocol notes on Sarvam, checked 2026-11-21, sections
 * 0 (what is open: both names of the language are taken here) and 1, and the types of the vendor's SDK. Pure.
 */
#ifndef SANDBOX_SARVAM_CONFIG_H
#define SANDBOX_SARVAM_CONFIG_H

#include <jansson.h>

#include "sandbox/speech.h"

enum { CONFIG_LANGUAGE_MAX = 16, CONFIG_WHY_MAX = 200 };

struct voice_config {
	char language[CONFIG_LANGUAGE_MAX];
	struct speech_format format;
	unsigned int min_buffer; /* characters */
};

bool voice_model_is(const char *model);

/* `data` of a config message, to a socket of that model. False: `why` says what is wrong, and *c is as it was. */
bool voice_config_read(struct voice_config *c, const char *model, const json_t *data, char why[CONFIG_WHY_MAX]);

/* "audio/mulaw" */
const char *voice_content_type(enum speech_encoding encoding);

#endif

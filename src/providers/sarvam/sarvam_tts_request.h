/* What is sent to Sarvam's voice: where to, and the messages' JSON. Facts: shared notes, sarvam.md, sections 0 and 1.
 *
 * Pure but for the options, which are borrowed. Everything goes into the caller's memory; errors of a buffer stick in it.
 */
#ifndef PROVIDERS_SARVAM_SARVAM_TTS_REQUEST_H
#define PROVIDERS_SARVAM_SARVAM_TTS_REQUEST_H

#include "base/buf.h"
#include "providers/sarvam/sarvam_parts.h"
#include "providers/sarvam/sarvam_tts.h"

enum {
	SARVAM_REQUEST_MAX_BYTES = SARVAM_MAX_TEXT_BYTES * 6 + 4096, /* a control character is six bytes in JSON */
	SARVAM_TTS_URL_MAX_BYTES = SARVAM_URL_MAX + 3 * SARVAM_NAME_MAX + SARVAM_NAME_MAX + 128,
};

/* How a socket is told to speak. */
struct sarvam_manner {
	char language[SARVAM_LANGUAGE_MAX]; /* as Sarvam calls it */
	const char *speaker;
};

/* Fills in the defaults. ERR_USAGE: what cannot be, detail says which. */
enum err sarvam_tts_options_take(struct sarvam_tts_options *own, const struct sarvam_tts_options *given, struct err_detail *detail) MUST_USE;

/* The path of the options' model: the first choice, or the other one; NULL: there is no other. */
const char *sarvam_tts_path(const struct sarvam_tts_options *o, bool is_other);

/* What start may be given, and how that is spoken: ERR_USAGE, ERR_LIMIT, ERR_NOTFOUND as sarvam_tts.h says. */
enum err sarvam_text_judge(const char *text, size_t len) MUST_USE;
enum err sarvam_manner_find(struct sarvam_manner *m, const struct sarvam_tts_options *o, const char *language) MUST_USE;
bool sarvam_manner_same(const struct sarvam_manner *a, const struct sarvam_manner *b);

void sarvam_tts_url_put(struct buf *b, const struct sarvam_tts_options *o, const char *path);

/* Each appends one JSON object. */
void sarvam_config_put(struct buf *b, const struct sarvam_tts_options *o, enum sarvam_field field, const struct sarvam_manner *m);
void sarvam_text_put(struct buf *b, const char *text, size_t len);

#endif

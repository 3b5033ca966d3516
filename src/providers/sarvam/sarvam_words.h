/* Where the words of a text end in its sound, when nobody said: an estimate. Pure, any thread; positions are bytes and samples at 8000 Hz. */
#ifndef PROVIDERS_SARVAM_SARVAM_WORDS_H
#define PROVIDERS_SARVAM_SARVAM_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/sarvam/sarvam_tts.h"

enum { SARVAM_WORDS_MAX = SARVAM_MAX_TEXT_BYTES / 2 + 1 };

/* Each piece of the text (what stands between blanks) has its characters' share of the sound, so that a letter of three bytes weighs as much as one of
 * one; a piece without a letter or digit is silent and belongs to the one before it. At most `room` words go to `out`; how many that are. */
size_t sarvam_words_estimate(const char *text, size_t len, uint32_t samples, struct speech_word *out, size_t room);

/* Whether anything of it can be heard: a letter or a digit of any script. */
bool sarvam_words_any(const char *text, size_t len);

#endif

/* Is what the caller says to a question for a yes or no the whole answer? Told by his own words alone, whatever was asked.
 *
 * A pure function over UTF-8 text, in English and in Hindi, in Devanagari and in Latin letters; case, apostrophes and most marks do not count. Anything
 * that is not known as whole is false.
 */
#ifndef VOICE_YESNO_H
#define VOICE_YESNO_H

#include <stdbool.h>
#include <stddef.h>

/* A yes or a no, with a hesitation before it or none, and behind it nothing but what asks for no more: courtesy ("thank you, bye"), the same once more
 * ("that's right", "bilkul"), that this was all ("that is all", "और कुछ नहीं"). A tail that wants more behind it ("yes that", "no I", "haan lekin"), a
 * correction ("no sorry", "no that's wrong"), a yes behind a no, and a comma at the end leave it open. */
bool yesno_whole(const char *text, size_t len);

#endif

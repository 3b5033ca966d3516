/* How sure it is that a sentence of the grammar was said. Pure. */
#ifndef PROVIDERS_POCKETSPHINX_CONFIDENCE_H
#define PROVIDERS_POCKETSPHINX_CONFIDENCE_H

#include "providers/pocketsphinx/hearer.h"

/* 0 to 1; 0.5 is where understood begins, whatever was asked. 0 for no words; below 0.5 for a
 * machine's of which no phrase was heard well. */
double confidence_of(const struct hearing *h);

/* By its confidence, which is known: the answer to a question for one of several, and it may have been another one. */
bool confidence_is_unsure(const struct hearing *h);

#endif

/* Signals of a yes or a no: what words say by themselves, whatever was asked. English and Hindi. Pure, any thread. */
#ifndef PROVIDERS_REHEARSED_SIGNALS_H
#define PROVIDERS_REHEARSED_SIGNALS_H

#include "providers/rehearsed/words.h"

enum signal { SIGNAL_NONE = 0, SIGNAL_YES, SIGNAL_YES_WEAK, SIGNAL_NO, SIGNAL_NO_WEAK, SIGNAL_OPEN };

enum signal signal_at(const struct words *w, size_t at, size_t *len); /* *len: how many words it has; at least 1 */
bool signal_ends_at(const struct words *w, size_t at);                /* the text or a part of it ends before the word */

#endif

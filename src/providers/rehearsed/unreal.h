/* What somebody says of how it might have been ("I would have come, but …", "I was going to, but …", "I'd pay if I had the money"): no answer. The
 * words behind the "but" may be one.
 *
 * English and Hindi in Latin letters. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_UNREAL_H
#define PROVIDERS_REHEARSED_UNREAL_H

#include "providers/rehearsed/words.h"

void unreal_drop(struct words *w);

#endif

/* Which of a tenant's secrets are keys of network providers: their names in the store of secrets, a list that is fixed.
 *
 * Conductor and worker go by it: the conductor gives a worker these of a call's tenant and no others (conductor/calls_worker.c), the worker
 * takes no others (voice/worker/provider_keys.c), and adapters are given theirs by these names. A new vendor with a key is a new row here.
 */
#ifndef BASE_PROVIDER_NAMES_H
#define BASE_PROVIDER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret_block.h"

#define PROVIDER_KEY_DEEPGRAM  "deepgram.api_key"
#define PROVIDER_KEY_ANTHROPIC "anthropic.api_key"
#define PROVIDER_KEY_CARTESIA  "cartesia.api_key"
#define PROVIDER_KEY_SARVAM    "sarvam.api_key"
#define PROVIDER_KEY_OPENAI    "openai.api_key"

enum {
	PROVIDER_NAMES = 5,
	PROVIDER_KEYS_JSON_MAX = PROVIDER_NAMES * (2 * SECRET_MAX_BYTES + 64) + 128 /* all of them, as the conductor writes them */
};

extern const char *const provider_names[PROVIDER_NAMES];

bool provider_name_known(const char *name);

/* Whether a secret can be a key: 1 to SECRET_MAX_BYTES bytes of printable ASCII, for it travels in a header. */
bool provider_key_ok(const char *value, size_t len);

#endif

/* Any bytes as the conductor's answer with a tenant's provider keys: what is taken are names of the list with keys that a header can carry. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/provider_names.h"
#include "voice/worker/provider_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct id128 tenant = { .bytes = { 1 } };
	struct provider_keys *keys;
	enum err err;

	must(sodium_init() >= 0); /* for its locked memory */
	err = provider_keys_read(&keys, &tenant, data, size);
	must(!err == !!keys);
	for (size_t i = 0; keys && i < PROVIDER_NAMES; i++) {
		const char *key = provider_key(keys, provider_names[i]);

		must(!key || provider_key_ok(key, strlen(key)));
	}
	must(!provider_key(keys, "later.api_key"));
	provider_keys_release(&keys);
	must(!keys);
	return 0;
}

#include "cli/media_adapters.h"

#include <stdlib.h>

#include "cli/provider_settings.h"
#include "providers/browser.h"
#include "providers/exotel/socket.h"
#include "providers/twilio/socket.h"

static const struct media_adapter *const adapters[] = { &twilio_adapter, &exotel_adapter, &browser_adapter };

void media_adapters_init(struct media_adapters *a, const struct config *c)
{
	struct exotel_settings s;

	config_bind(c, exotel_options, &s);
	a->exotel_options = (struct exotel_options){ .keys = s.key_case, .fields = s.media_fields,
		.rate_hz = (uint32_t)strtoul(exotel_rates[s.rate_hz], NULL, 10), .chunk_bytes = (uint32_t)s.chunk_bytes };
	a->exotel = exotel_adapter;
	a->exotel.settings = &a->exotel_options;
	for (size_t i = 0; i < MEDIA_ADAPTERS; i++)
		a->all[i] = adapters[i] == &exotel_adapter ? &a->exotel : adapters[i];
	a->all[MEDIA_ADAPTERS] = NULL;
}

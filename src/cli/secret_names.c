#include "cli/secret_names.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/provider_names.h"

enum { NEAR = 2 };

/* What carriers' webhooks and REST ask for (providers/twilio, providers/exotel). */
static const char *const carrier_names[] = { "twilio.auth_token", "twilio.account_sid", "twilio.webhook_key", "exotel.webhook_key",
	"exotel.api_key", "exotel.api_token", "exotel.account_sid", "exotel.app_id" };

enum { CARRIER_NAMES = sizeof(carrier_names) / sizeof(carrier_names[0]), NAMES = PROVIDER_NAMES + CARRIER_NAMES };

static const char *name_at(size_t i)
{
	return i < PROVIDER_NAMES ? provider_names[i] : carrier_names[i - PROVIDER_NAMES];
}

static bool is_of_same_vendor(const char *name, const char *known)
{
	size_t len = strcspn(known, ".") + 1;

	return !strncmp(name, known, len);
}

/* The known name that comes nearest; `of_vendor`: one of them begins as this name does. */
static const char *nearest(const char *name, unsigned int *distance, bool *of_vendor)
{
	const char *best = NULL;

	*distance = UINT_MAX;
	*of_vendor = false;
	for (size_t i = 0; i < NAMES; i++) {
		unsigned int d = name_distance(name, name_at(i));

		*of_vendor = *of_vendor || is_of_same_vendor(name, name_at(i));
		if (d >= *distance)
			continue;
		*distance = d;
		best = name_at(i);
	}
	return best;
}

/* Those of the same vendor when there are any: all of them have no room. */
static void tell(const char *name, const char *best, unsigned int distance, bool of_vendor, char *out, size_t size)
{
	const char *before = "";
	size_t used = 0;

	if (name_is_near(best, distance))
		used = (size_t)snprintf(out, size, "did you mean %s? ", best);
	used += (size_t)snprintf(out + used, size - used, "known:");
	for (size_t i = 0; i < NAMES && used < size; i++) {
		if (of_vendor && !is_of_same_vendor(name, name_at(i)))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s %s", before, name_at(i));
		before = ",";
	}
}

enum err secret_name_judge(const char *name, struct err_detail *detail)
{
	unsigned int distance;
	bool of_vendor;
	const char *best = nearest(name, &distance, &of_vendor);

	if (!distance || (!of_vendor && distance > NEAR))
		return ERR_NONE;
	snprintf(detail->message, sizeof(detail->message), "nothing asks for a secret %s", name);
	tell(name, best, distance, of_vendor, detail->hint, sizeof(detail->hint));
	return ERR_USAGE;
}

/* The list of vendors, in the order of their ports. A new one is a folder and a line here. */
#include <stddef.h>

#include "sandbox/vendor.h"

const struct vendor_kind *const vendor_kinds[] = { &anthropic_vendor, &deepgram_vendor, &cartesia_vendor, &openai_vendor, &sarvam_vendor,
	&twilio_vendor, &exotel_vendor, NULL };

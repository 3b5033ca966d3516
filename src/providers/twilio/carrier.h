/* Twilio as a carrier: webhooks in, TwiML out. */
#ifndef PROVIDERS_TWILIO_CARRIER_H
#define PROVIDERS_TWILIO_CARRIER_H

#include "providers/carrier.h"

extern const struct carrier twilio_carrier;

#endif

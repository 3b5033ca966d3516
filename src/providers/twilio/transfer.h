/* Handing a call over by Twilio: <Dial> for a cold transfer, a <Conference> for a warm one, <Gather> for what the human is told. Facts: shared notes,
 * sections 2 (Dial, Conference, Gather) and 8. The caller's leg is the media stream's own: told another document by REST it leaves the stream.
 * Appends TwiML; everything that is put in is escaped. Pure, any thread; webhooks are outside bytes and judged as such.
 */
#ifndef PROVIDERS_TWILIO_TRANSFER_H
#define PROVIDERS_TWILIO_TRANSFER_H

#include "providers/carrier.h"

extern const struct carrier_transfer twilio_transfer;

#endif

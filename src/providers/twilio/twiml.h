/* TwiML: the XML that answers Twilio's voice webhooks. Everything that is put in is escaped; what XML cannot hold is left out.
 * Appends to a buffer, whose error sticks. Pure, any thread. */
#ifndef PROVIDERS_TWILIO_TWIML_H
#define PROVIDERS_TWILIO_TWIML_H

#include "base/buf.h"
#include "providers/carrier.h"

enum { TWIML_MAX_BYTES = 64 * 1024 };

/* <Connect><Stream>, then a <Redirect> to ask what is next when the stream has ended. */
void twiml_connect(struct buf *out, const struct carrier_offer *offer);
void twiml_retry(struct buf *out, const char *after_url, unsigned int pause_s);
void twiml_apologise(struct buf *out, const char *language, const char *text);
void twiml_hang_up(struct buf *out);
void twiml_acknowledge(struct buf *out); /* no verb at all */

/* The prolog and the root's beginning, which </Response> ends. */
void twiml_begin(struct buf *out);
void twiml_put_attribute(struct buf *out, const char *name, const char *value);

/* As text or attribute. */
void twiml_put_escaped(struct buf *out, const char *text);

#endif

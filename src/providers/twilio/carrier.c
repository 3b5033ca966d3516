#include "providers/twilio/carrier.h"

#include <stdio.h>
#include <string.h>

#include "providers/twilio/rest.h"
#include "providers/twilio/signature.h"
#include "providers/twilio/transfer.h"
#include "providers/twilio/twiml.h"

static bool take_id(const struct http_pairs *form, const char *name, char out[CARRIER_ID_MAX])
{
	return twilio_take_id(http_pairs_find(form, name), out);
}

/* CallStatus of a call that nobody can answer any more. */
static bool is_terminal(const char *status)
{
	static const char *const terminal[] = { "completed", "busy", "failed", "no-answer", "canceled" };

	for (size_t i = 0; status && i < sizeof(terminal) / sizeof(terminal[0]); i++)
		if (!strcmp(status, terminal[i]))
			return true;
	return false;
}

static enum err twilio_read(const struct carrier_webhook *w, struct carrier_call *call)
{
	const char *direction, *number;

	*call = (struct carrier_call){ .is_outbound = false };
	if (!w->form || !take_id(w->form, "AccountSid", call->account) || !take_id(w->form, "CallSid", call->call))
		return ERR_FORMAT;
	direction = http_pairs_find(w->form, "Direction");
	call->is_outbound = direction && !strncmp(direction, "outbound", 8);
	call->is_over = is_terminal(http_pairs_find(w->form, "CallStatus"));
	number = http_pairs_find(w->form, call->is_outbound ? "From" : "To");
	if (!number || strlen(number) >= sizeof(call->number))
		return ERR_FORMAT;
	snprintf(call->number, sizeof(call->number), "%s", number);
	return ERR_NONE;
}

static const char *twilio_secret(const struct carrier_webhook *w)
{
	switch (twilio_hash_of(w->signature_settings)) {
	case TWILIO_SHA1: return "twilio.auth_token";
	case TWILIO_SHA256: return "twilio.webhook_key";
	default: return NULL;
	}
}

const struct carrier twilio_carrier = {
	.kind = "twilio",
	.media_path = "/media/twilio",
	.signature_header = "X-Twilio-Signature",
	.settings_header = "X-Twilio-Webhooks-Signature-Settings",
	.answer_type = "text/xml",
	.key = "twilio.auth_token",
	.account = "twilio.account_sid",
	.rest = &twilio_rest,
	.transfer = &twilio_transfer,
	.read = twilio_read,
	.hear = twilio_hear,
	.secret = twilio_secret,
	.is_signed = twilio_is_signed,
	.connect = twiml_connect,
	.retry = twiml_retry,
	.apologise = twiml_apologise,
	.hang_up = twiml_hang_up,
	.acknowledge = twiml_acknowledge,
};

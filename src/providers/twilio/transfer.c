#include "providers/twilio/transfer.h"

#include <string.h>

#include "providers/carrier_form.h"
#include "providers/twilio/rest.h"
#include "providers/twilio/twiml.h"

enum { SECONDS_MAX = 86400 };

/* ------------------------------------------------------------------ what is told */

/* DialCallStatus and DialCallDuration behind a <Dial>, CallDuration of a leg's own callback, Digits behind a <Gather>. */
static void hear(const struct carrier_webhook *w, struct carrier_turn *turn)
{
	const char *digits = http_pairs_find(w->form, "Digits"), *dialled = http_pairs_find(w->form, "DialCallDuration");

	*turn = (struct carrier_turn){ .dialled = twilio_leg_state(http_pairs_find(w->form, "DialCallStatus")) };
	turn->seconds = carrier_number(dialled ? dialled : http_pairs_find(w->form, "CallDuration"), SECONDS_MAX);
	turn->key = digits && strlen(digits) == 1 ? digits[0] : 0;
	turn->is_over = twilio_leg_state(http_pairs_find(w->form, "CallStatus")) >= LEG_COMPLETED;
}

/* ------------------------------------------------------------------ what is answered */

static void put_number(struct buf *out, const char *name, unsigned int value)
{
	buf_printf(out, " %s=\"%u\"", name, value);
}

static void end(struct buf *out, const char *verbs)
{
	buf_text(out, verbs);
	buf_text(out, "</Response>");
}

/* answerOnBridge: the caller hears it ring, and is not told that it was answered before it was. */
static void dial(struct buf *out, const struct carrier_dial *d)
{
	bool is_sip = !strncmp(d->to, "sip:", 4);

	twiml_begin(out);
	buf_text(out, "<Dial");
	if (*d->from)
		twiml_put_attribute(out, "callerId", d->from);
	put_number(out, "timeout", d->ring_s);
	buf_text(out, " answerOnBridge=\"true\"");
	twiml_put_attribute(out, "action", d->done_url);
	buf_text(out, is_sip ? "><Sip" : "><Number");
	twiml_put_attribute(out, "statusCallback", d->leg_url);
	buf_text(out, " statusCallbackEvent=\"answered completed\">"); /* one text here; keys of their own in REST */
	twiml_put_escaped(out, d->to);
	end(out, is_sip ? "</Sip></Dial>" : "</Number></Dial>");
}

static void room(struct buf *out, const struct carrier_room *r)
{
	twiml_begin(out);
	buf_text(out, "<Dial");
	if (r->done_url)
		twiml_put_attribute(out, "action", r->done_url);
	buf_text(out, "><Conference beep=\"false\" endConferenceOnExit=\"true\" maxParticipants=\"2\"");
	twiml_put_attribute(out, "startConferenceOnEnter", r->waits ? "false" : "true");
	if (r->waits && *r->music_url)
		twiml_put_attribute(out, "waitUrl", r->music_url);
	buf_byte(out, '>');
	twiml_put_escaped(out, r->name);
	end(out, "</Conference></Dial>");
}

static void put_say(struct buf *out, const struct carrier_brief *b)
{
	buf_text(out, "<Say");
	if (*b->language)
		twiml_put_attribute(out, "language", b->language);
	buf_byte(out, '>');
	twiml_put_escaped(out, b->text);
	buf_text(out, "</Say>");
}

/* A <Gather> without a key goes on behind it: the same address is asked, without Digits. */
static void brief(struct buf *out, const struct carrier_brief *b)
{
	twiml_begin(out);
	if (b->wants_key) {
		buf_text(out, "<Gather input=\"dtmf\" numDigits=\"1\"");
		put_number(out, "timeout", b->key_s);
		twiml_put_attribute(out, "action", b->key_url);
		buf_byte(out, '>');
	}
	put_say(out, b);
	if (b->wants_key)
		buf_text(out, "</Gather>");
	buf_text(out, "<Redirect method=\"POST\">");
	twiml_put_escaped(out, b->key_url);
	end(out, "</Redirect>");
}

const struct carrier_transfer twilio_transfer = { .hear = hear, .dial = dial, .room = room, .brief = brief };

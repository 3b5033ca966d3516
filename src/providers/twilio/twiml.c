#include "providers/twilio/twiml.h"

#include <string.h>

#define PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"

void twiml_put_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		switch (c) {
		case '&': buf_text(out, "&amp;"); break;
		case '<': buf_text(out, "&lt;"); break;
		case '>': buf_text(out, "&gt;"); break;
		case '"': buf_text(out, "&quot;"); break;
		case '\'': buf_text(out, "&apos;"); break;
		default:
			if (c >= ' ' || c == '\t' || c == '\n')
				buf_byte(out, c);
		}
	}
}

void twiml_put_attribute(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, " %s=\"", name);
	twiml_put_escaped(out, value);
	buf_byte(out, '"');
}

static void put_pause(struct buf *out, unsigned int pause_s)
{
	if (pause_s)
		buf_printf(out, "<Pause length=\"%u\"/>", pause_s);
}

static void put_redirect(struct buf *out, const char *url)
{
	buf_text(out, "<Redirect method=\"POST\">");
	twiml_put_escaped(out, url);
	buf_text(out, "</Redirect></Response>");
}

void twiml_begin(struct buf *out)
{
	buf_text(out, PROLOG);
}

void twiml_connect(struct buf *out, const struct carrier_offer *offer)
{
	buf_text(out, PROLOG);
	put_pause(out, offer->pause_s);
	buf_text(out, "<Connect><Stream");
	twiml_put_attribute(out, "url", offer->media_url);
	buf_text(out, "><Parameter name=\"token\"");
	twiml_put_attribute(out, "value", offer->token);
	buf_text(out, "/></Stream></Connect>");
	put_redirect(out, offer->after_url);
}

void twiml_retry(struct buf *out, const char *after_url, unsigned int pause_s)
{
	buf_text(out, PROLOG);
	put_pause(out, pause_s);
	put_redirect(out, after_url);
}

void twiml_apologise(struct buf *out, const char *language, const char *text)
{
	buf_text(out, PROLOG "<Say");
	if (language && *language)
		twiml_put_attribute(out, "language", language);
	buf_byte(out, '>');
	twiml_put_escaped(out, text);
	buf_text(out, "</Say><Hangup/></Response>");
}

void twiml_hang_up(struct buf *out)
{
	buf_text(out, PROLOG "<Hangup/></Response>");
}

void twiml_acknowledge(struct buf *out)
{
	buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");
}

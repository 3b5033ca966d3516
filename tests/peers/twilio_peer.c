/* A program for the tests from outside: the requests that our Twilio adapter makes of an account, a JSON object a line: {"method":…,"url":…,"form":…,
 * "header":…}. It sends none: who reads them does.
 *
 *   twilio_peer URL ACCOUNT TOKEN CALL VOICE_URL STATUS_URL
 *
 * In this order: place (from +15550100 to +15550199), look, find, redirect, end.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "providers/twilio/rest.h"

enum { REQUEST_MAX = 16384 };

static void tell(const struct carrier_request *r, const char *header)
{
	struct buf b, url = r->url, form = r->form;

	buf_init(&b, 4 * REQUEST_MAX);
	json_open(&b, '{');
	json_pair_string(&b, "method", r->method == HTTP_POST ? "POST" : "GET");
	json_pair_string(&b, "url", buf_str(&url));
	json_pair_string(&b, "form", form.len ? buf_str(&form) : NULL);
	json_pair_string(&b, "header", header);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

int main(int argc, char **argv)
{
	const struct carrier_rest *rest = &twilio_rest;
	struct carrier_place place = { .from = "+15550100", .to = "+15550199", .ring_s = 30 };
	struct buf line;

	if (argc != 7)
		return 1;
	place.voice_url = argv[5];
	place.status_url = argv[6];
	buf_init(&line, REQUEST_MAX);
	rest->authorise(&line, argv[2], argv[3], strlen(argv[3]));
	for (int what = 0; what < 5; what++) {
		struct carrier_request r = { .method = HTTP_GET };

		buf_init(&r.url, REQUEST_MAX);
		buf_init(&r.form, REQUEST_MAX);
		switch (what) {
		case 0: rest->place(&r, argv[1], argv[2], &place); break;
		case 1: rest->look(&r, argv[1], argv[2], argv[4]); break;
		case 2: rest->find(&r, argv[1], argv[2], place.to, place.from); break;
		case 3: rest->redirect(&r, argv[1], argv[2], argv[4], argv[5]); break;
		default: rest->end(&r, argv[1], argv[2], argv[4]); break;
		}
		tell(&r, buf_str(&line));
		buf_fini(&r.url);
		buf_fini(&r.form);
	}
	buf_fini(&line);
	return 0;
}

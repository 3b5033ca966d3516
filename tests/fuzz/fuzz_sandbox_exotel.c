/* Any bytes as what the sandbox's Exotel is given from outside: the first says as what. 'm': lines are messages of its media socket, behind a start with the
 * first line as query; 'p': the form of a request for a call; 'a': an address. Sizes stay within what the headers promise. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "sandbox/exotel/exotel.h"

enum { TEXT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static const char *text_of(const uint8_t *data, size_t size)
{
	static char text[TEXT_MAX];
	size_t len = size < sizeof(text) ? size : sizeof(text) - 1;

	memcpy(text, data, len);
	text[len] = 0;
	return text;
}

/* Whatever stands in our address, what it says is JSON. */
static void start_say(const char *query)
{
	struct words w = { .keys = (int)(strlen(query) % 3), .rate_hz = 8000, .stream = "s", .call = "c", .account = "a", .from = "f", .to = "t",
		.query = query };
	struct buf b;
	json_t *said;

	buf_init(&b, 16 * TEXT_MAX);
	words_start(&w, &b);
	said = json_loadb((const char *)b.data, b.len, 0, NULL);
	must(b.err || json_is_object(json_object_get(said, "start")));
	json_decref(said);
	buf_fini(&b);
}

static void messages(const uint8_t *data, size_t size)
{
	struct heard h;
	size_t at = 0;

	while (at <= size) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		if (!at)
			start_say(text_of(data, len));
		if (!words_hear(&h, data + at, len, "s"))
			must(h.kind <= HEARD_CLEAR && h.bytes <= WORDS_CHUNK_MAX_BYTES && strlen(h.mark) < sizeof(h.mark) && (h.has_more || !h.has_all));
		at += len + 1;
	}
}

static void form(const uint8_t *data, size_t size)
{
	struct http_pairs pairs;
	const char *message = NULL;
	struct placing p;

	if (http_pairs_parse(&pairs, data, size))
		return;
	if (placing_read(&p, &pairs, "acme1", &message))
		must(*p.from && *p.caller_id && !*p.app_id != !*p.stream_url && p.limit_s <= PLACING_LIMIT_MAX_S && p.ring_s && p.events < 8);
	else
		must(message && *message);
	http_pairs_free(&pairs);
}

static void address(const char *url)
{
	char plain[PHONE_URL_MAX], header[CALLBACK_HEADER_MAX], number[PHONE_NUMBER_MAX];
	uint32_t rate = words_rate(url, 8000);

	must(!rate || rate == 8000 || rate == 16000 || rate == 24000);
	(void)words_address_fits(url);
	exotel_split(url, plain, header);
	must(strlen(plain) < sizeof(plain) && strlen(header) < sizeof(header) && strlen(plain) <= strlen(url));
	exotel_number_back(url, number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] == 'm')
		messages(data + 1, size - 1);
	else if (data[0] == 'p')
		form(data + 1, size - 1);
	else if (data[0] == 'a')
		address(text_of(data + 1, size - 1));
	return 0;
}

/* Any lines as the messages of a Twilio media socket: events come in their order, nothing behind the last one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media_seen.h"
#include "providers/twilio/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void push(void *arg, const char *text, size_t len)
{
	(void)arg;
	must(len && text[0] == '{' && text[len - 1] == '}');
}

static void closed(void *arg)
{
	(void)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mark m = { 1, 2, 3 };
	struct seen seen = { .audio_max = TWILIO_MESSAGE_MAX_BYTES, .gap_max = TWILIO_GAP_MAX_MS * 8 };
	struct twilio_media media;
	size_t at = 0;

	twilio_media_init(&media, &seen_events, push, closed, &seen);
	while (at <= size) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		twilio_media_message(&media, true, data + at, len);
		twilio_media.mark(&media, &m);
		at += len + 1;
	}
	return 0;
}

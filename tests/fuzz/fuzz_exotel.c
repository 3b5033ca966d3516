/* Any lines as the messages of an Exotel media socket, with sound, marks and clears of ours in between: events come in their order, nothing behind
 * the last one; what we send is JSON of whole chunks. The first byte chooses the options. The whole is also read as a status callback. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media_seen.h"
#include "providers/exotel/carrier.h"
#include "providers/exotel/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void push(void *arg, const char *text, size_t len)
{
	const struct seen *s = arg;

	must(s->started && len && text[0] == '{' && text[len - 1] == '}' && strlen(text) >= len && len < 20000);
}

static void closed(void *arg)
{
	(void)arg;
}

static void speak(struct exotel_media *m, size_t turn)
{
	static const struct mark one = { 1, 2, 3 };
	static const uint8_t sound[400] = { 0 };

	exotel_media.send(m, sound, 1 + turn * 97 % sizeof(sound));
	exotel_media.mark(m, &one);
	must(m->held_bytes < m->chunk_bytes || !m->has_started);
	if (turn % 7 == 3)
		exotel_media.flush(m);
	if (turn % 11 == 5)
		exotel_media.clear(m);
	must(turn % 7 != 3 || !exotel_media.held(m));
}

static void check_callback(const uint8_t *data, size_t size)
{
	const struct carrier_webhook w = { .url = "", .body = data, .body_len = size };
	struct carrier_leg leg;

	if (!exotel_carrier.hear(&w, &leg))
		must(leg.call[0] && strlen(leg.call) < sizeof(leg.call) && leg.state < LEG_STATES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t rates[] = { 8000, 16000, 24000 }, chunks[] = { 0, 320, 1000, 9600 };
	const uint8_t choice = size ? data[0] : 0;
	const struct exotel_options options = { .keys = choice % 3, .fields = choice >> 2 & 1, .rate_hz = rates[choice % 3], .chunk_bytes = chunks[choice >> 4 & 3] };
	struct seen seen = { .audio_max = 320, .gap_max = EXOTEL_GAP_MAX_MS * 8 };
	const struct media_pipe pipe = { .events = &seen_events, .push = push, .close = closed, .arg = &seen };
	struct exotel_media media;
	size_t at = size > 0, turn = 0;

	exotel_media_init(&media, &pipe, &options);
	while (at <= size) {
		const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
		size_t len = end ? (size_t)(end - data) - at : size - at;

		exotel_media_message(&media, true, data + at, len);
		speak(&media, turn++);
		at += len + 1;
	}
	exotel_media_fini(&media);
	check_callback(data, size);
	return 0;
}

/* Exotel's media socket, message by message: what comes becomes events (tests/vectors/exotel), what goes is exactly what Exotel takes. */
#include "exotelkit.h"

enum { FILE_MAX_BYTES = 256 * 1024, CHUNK = 3200 };

/* ------------------------------------------------------------------ the vectors */

static struct world *fresh(void)
{
	return world_new((struct exotel_options){ .keys = EXOTEL_KEYS_AUTO });
}

static void check_keys(struct world *w, const char *key)
{
	char clear[100];

	w->pushes = 0;
	exotel_media.clear(&w->media);
	snprintf(clear, sizeof(clear), "{\"event\":\"clear\",\"%s\":\"" STREAM "\"}", key);
	assert_string_equal(w->pushed[0], clear);
}

static void vector_line(struct world **w, const char *line, const char **name)
{
	if (line[0] == '=') {
		*name = line;
		*w = fresh();
	} else if (line[0] == '>') {
		world_say(*w, line[1] ? line + 2 : "");
	} else if (line[0] == '<') {
		const char *told = world_told(*w);

		if (strcmp(told, line[1] ? line + 2 : "") != 0)
			fail_msg("%s: \"%s\", not \"%s\"", *name, told, line + 1);
	} else if (!strncmp(line, "keys ", 5)) {
		check_keys(*w, line + 5);
	} else {
		assert_string_equal(line, "");
	}
}

static void test_the_messages_of_the_vectors(void **state)
{
	static char bytes[FILE_MAX_BYTES];
	struct world *w = NULL;
	const char *name = "";
	unsigned int cases = 0;
	char path[500], *rest = bytes, *line;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/exotel/messages.txt", getenv("CALLFUNNEL_TESTS"));
	f = fopen(path, "r");
	assert_non_null(f);
	bytes[fread(bytes, 1, sizeof(bytes) - 1, f)] = '\0';
	fclose(f);
	while ((line = strsep(&rest, "\n"))) {
		cases += line[0] == '=';
		vector_line(&w, line, &name);
	}
	assert_in_range(cases, 40, 100);
}

static void test_a_binary_frame_and_a_large_one(void **state)
{
	static char large[EXOTEL_MESSAGE_MAX_BYTES + 2];
	struct world *w = fresh();

	(void)state;
	exotel_media_message(&w->media, false, "x", 1);
	assert_string_equal(world_told(w), "broken");
	w = fresh();
	memset(large, ' ', sizeof(large));
	exotel_media_message(&w->media, true, large, sizeof(large));
	assert_string_equal(world_told(w), "broken");
}

/* ------------------------------------------------------------------ the caller's sound */

static int16_t tone(unsigned int rate_hz, size_t i)
{
	return (int16_t)((int)(i * 8000 / rate_hz / 20 % 2) * 16000 - 8000); /* 200 Hz, square */
}

/* Cut as nobody would: a prime number of bytes a message. What comes out is the tone, whatever the rate. */
static void test_sound_at_every_rate_in_odd_pieces(void **state)
{
	static const unsigned int rates[] = { 8000, 16000, 24000 };
	static uint8_t bytes[2 * 24000];
	char base64[500], text[700];

	(void)state;
	for (size_t r = 0; r < 3; r++) {
		size_t total = 2 * (size_t)rates[r], n = 331, off = 0;
		struct world *w = fresh();

		world_start(w, rates[r], "raw/slin", false);
		for (size_t i = 0; i < rates[r]; i++) {
			bytes[2 * i] = (uint8_t)((uint16_t)tone(rates[r], i) & 0xff);
			bytes[2 * i + 1] = (uint8_t)((uint16_t)tone(rates[r], i) >> 8);
		}
		for (size_t at = 0; at < total; at += n) {
			n = total - at < n ? total - at : n;
			sodium_bin2base64(base64, sizeof(base64), bytes + at, n, sodium_base64_VARIANT_ORIGINAL);
			snprintf(text, sizeof(text), "{\"event\":\"media\",\"stream_sid\":\"" STREAM "\",\"media\":{\"payload\":\"%s\"}}", base64);
			world_say(w, text);
		}
		assert_in_range(w->heard_count, 7950, 8000);
		for (size_t i = 200; i < w->heard_count; i++)
			off += i % 20 > 4 && i % 20 < 16 && abs(g711_ulaw_decode(w->heard[i]) - tone(8000, i)) > 2500;
		assert_int_equal(off, 0);
	}
}

/* ------------------------------------------------------------------ what we send */

static void give(struct world *w, size_t frames, uint8_t code)
{
	uint8_t ulaw[160];

	memset(ulaw, code, sizeof(ulaw));
	while (frames--)
		exotel_media.send(&w->media, ulaw, sizeof(ulaw));
}

static void starts_with(const char *text, const char *head)
{
	if (strncmp(text, head, strlen(head)) != 0)
		fail_msg("%.120s", text);
}

static void test_what_we_send(void **state)
{
	const struct mark first = { .utterance = 7, .take = 2, .samples = 480 }, last = { .utterance = 7, .take = 2, .samples = 1600 };
	struct world *w = fresh();

	(void)state;
	give(w, 10, 0xff);
	exotel_media.mark(&w->media, &first);
	exotel_media.clear(&w->media);
	exotel_media.flush(&w->media);
	assert_int_equal(w->pushes + exotel_media.held(&w->media), 0); /* there is no stream yet */
	world_start(w, 8000, "raw/slin", false);
	give(w, 3, 0xff);
	exotel_media.mark(&w->media, &first);
	give(w, 6, 0xff);
	assert_int_equal(w->pushes, 0);
	assert_int_equal(exotel_media.held(&w->media), 1440);
	give(w, 1, 0xff);
	exotel_media.mark(&w->media, &last);
	assert_int_equal(w->pushes, 3);
	starts_with(w->pushed[0], "{\"event\":\"media\",\"stream_sid\":\"" STREAM "\",\"sequence_number\":\"1\",\"media\":{\"chunk\":\"1\",\"timestamp\":\"200\",\"payload\":\"AAAA");
	assert_string_equal(w->pushed[1], "{\"event\":\"mark\",\"stream_sid\":\"" STREAM "\",\"sequence_number\":\"2\",\"mark\":{\"name\":\"u7.2:480\"}}");
	assert_string_equal(w->pushed[2], "{\"event\":\"mark\",\"stream_sid\":\"" STREAM "\",\"sequence_number\":\"3\",\"mark\":{\"name\":\"u7.2:1600\"}}");
	assert_int_equal(exotel_media.held(&w->media), 0);
	give(w, 10, 0xff);
	starts_with(w->pushed[3], "{\"event\":\"media\",\"stream_sid\":\"" STREAM "\",\"sequence_number\":\"4\",\"media\":{\"chunk\":\"2\",\"timestamp\":\"400\",");
	exotel_media.end(&w->media);
	assert_true(w->closed);
}

static void test_in_the_other_spelling_and_with_less(void **state)
{
	const struct mark mark = { .utterance = 1, .take = 1, .samples = 5 };
	struct world *w = world_new((struct exotel_options){ .keys = EXOTEL_KEYS_AUTO, .fields = EXOTEL_FIELDS_FULL });

	(void)state;
	world_start(w, 8000, "raw/slin", true);
	give(w, 10, 0xff);
	starts_with(w->pushed[0], "{\"event\":\"media\",\"streamSid\":\"" STREAM "\",\"sequenceNumber\":\"1\",\"media\":{\"chunk\":\"1\",\"timestamp\":\"200\",\"payload\":\"AA");
	w = world_new((struct exotel_options){ .keys = EXOTEL_KEYS_CAMEL, .fields = EXOTEL_FIELDS_MINIMAL });
	world_start(w, 8000, "raw/slin", false);
	give(w, 10, 0xff);
	starts_with(w->pushed[0], "{\"event\":\"media\",\"streamSid\":\"" STREAM "\",\"media\":{\"payload\":\"AA");
	exotel_media.mark(&w->media, &mark);
	assert_string_equal(w->pushed[1], "{\"event\":\"mark\",\"streamSid\":\"" STREAM "\",\"mark\":{\"name\":\"u1.1:5\"}}");
	w = world_new((struct exotel_options){ .keys = EXOTEL_KEYS_SNAKE });
	world_start(w, 8000, "raw/slin", true);
	exotel_media.clear(&w->media);
	assert_string_equal(w->pushed[0], "{\"event\":\"clear\",\"stream_sid\":\"" STREAM "\"}");
}

/* By rate: how much is in a chunk, and that a flush sends exactly the rest, padded to a step. */
static void test_chunks_at_every_rate(void **state)
{
	static const struct {
		unsigned int rate_hz, option;
		const char *encoding;
		size_t chunk, frame;
	} cases[] = { { 8000, 0, "raw/slin", 3200, 320 }, { 16000, 0, "raw/slin", 3200, 640 }, { 24000, 0, "raw/slin", 4800, 960 },
		{ 8000, 0, "audio/x-mulaw", 1600, 160 }, { 8000, 1, "raw/slin", 320, 320 }, { 8000, 321, "raw/slin", 640, 320 },
		{ 8000, 9600, "raw/slin", 3200, 320 }, { 24000, 9600, "raw/slin", 9600, 960 }, { 24000, 320, "raw/slin", 320, 960 } };
	uint8_t bytes[20000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w = world_new((struct exotel_options){ .chunk_bytes = cases[i].option });
		size_t sum = 0, given = 33 * cases[i].frame;

		world_start(w, cases[i].rate_hz, cases[i].encoding, false);
		give(w, 33, 0x20);
		exotel_media.flush(&w->media);
		assert_int_equal(exotel_media.held(&w->media), 0);
		for (size_t p = 0; p < w->pushes; p++) {
			size_t len = payload_of(w->pushed[p], bytes, sizeof(bytes));

			assert_int_equal(len % EXOTEL_CHUNK_STEP_BYTES, 0);
			assert_true(p + 1 < w->pushes ? len == cases[i].chunk : len <= cases[i].chunk);
			sum += len;
		}
		assert_int_equal(sum, (given + 319) / 320 * 320);
		w->pushes = 0;
		exotel_media.flush(&w->media);
		assert_int_equal(w->pushes, 0);
	}
}

/* What is held is dropped with its marks; what comes then begins anew. */
static void test_a_clear_drops_what_is_held(void **state)
{
	const struct mark mark = { .utterance = 3, .take = 1, .samples = 800 };
	struct world *w = fresh();
	uint8_t bytes[CHUNK];

	(void)state;
	world_start(w, 8000, "raw/slin", false);
	give(w, 5, 0x00);
	exotel_media.mark(&w->media, &mark);
	exotel_media.clear(&w->media);
	assert_int_equal(w->pushes, 1);
	assert_int_equal(exotel_media.held(&w->media), 0);
	give(w, 10, 0xff);
	assert_int_equal(w->pushes, 2);
	assert_int_equal(payload_of(w->pushed[1], bytes, sizeof(bytes)), CHUNK);
	for (size_t i = 0; i < CHUNK; i++)
		assert_int_equal(bytes[i], 0); /* nothing of the sound before */
	assert_string_equal(world_told(w), "");
}

/* No mark is lost, however many lie in one chunk; nor one behind nothing. */
static void test_many_marks(void **state)
{
	struct world *w = fresh();
	struct mark mark = { .utterance = 1, .take = 1 };
	size_t marks = 0;

	(void)state;
	world_start(w, 16000, "raw/slin", false);
	exotel_media.mark(&w->media, &mark);
	assert_int_equal(w->pushes, 1);
	for (unsigned int i = 0; i < 200; i++) {
		give(w, i % 50 == 0, 0x10);
		mark.samples = i + 1;
		exotel_media.mark(&w->media, &mark);
	}
	exotel_media.flush(&w->media);
	for (size_t i = 0; i < w->pushes; i++)
		marks += strstr(w->pushed[i], "\"mark\":{") != NULL;
	assert_int_equal(marks, 201);
	assert_non_null(strstr(w->pushed[w->pushes - 1], "u1.1:200"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_the_messages_of_the_vectors, world_drop),
		cmocka_unit_test_teardown(test_a_binary_frame_and_a_large_one, world_drop),
		cmocka_unit_test_teardown(test_sound_at_every_rate_in_odd_pieces, world_drop),
		cmocka_unit_test_teardown(test_what_we_send, world_drop),
		cmocka_unit_test_teardown(test_in_the_other_spelling_and_with_less, world_drop),
		cmocka_unit_test_teardown(test_chunks_at_every_rate, world_drop),
		cmocka_unit_test_teardown(test_a_clear_drops_what_is_held, world_drop),
		cmocka_unit_test_teardown(test_many_marks, world_drop),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}

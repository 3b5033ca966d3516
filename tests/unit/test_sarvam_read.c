/* Sarvam's messages: wire-exact ones as data (tests/vectors/sarvam), ceilings; and where words end of which nobody told a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "providers/sarvam/sarvam_stt_read.h"
#include "providers/sarvam/sarvam_tts_read.h"
#include "providers/sarvam/sarvam_words.h"

enum { FILE_MAX_BYTES = 64 * 1024, LINE_MAX_BYTES = 2000 };

/* What is made of a message, as the file writes it. */
typedef enum err put_h(struct buf *b, const char *message, size_t len);

/* In memory of its own size, so that a byte read behind it is found. */
static char *copy_of(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* ------------------------------------------------------------------ the recogniser's */

static enum err stt_put(struct buf *b, const char *message, size_t len)
{
	static const char *const kinds[] = { "other", "begin", "speech", "silence", "partial", "final", "error", "end" };
	static struct sarvam_stt_event e;
	char *copy = copy_of(message, len);
	enum err err = sarvam_stt_read(copy, len, &e);
	bool is_text = e.kind == SARVAM_STT_PARTIAL || e.kind == SARVAM_STT_FINAL;

	if (!err) {
		buf_text(b, kinds[e.kind]);
		if (e.has_utterance)
			buf_printf(b, " %u", e.utterance);
		if (e.has_times)
			buf_printf(b, " %llu-%llu", (unsigned long long)e.from_us, (unsigned long long)e.to_us);
		if (is_text)
			buf_printf(b, " \"%.*s\"", (int)e.len, e.text);
		if (e.kind == SARVAM_STT_ERROR)
			buf_printf(b, "%s%s %s%s", e.code[0] ? " " : "", e.code, err_name(e.err), e.is_fatal ? "" : " goes on");
		if (e.request[0])
			buf_printf(b, " request %s", e.request);
	}
	free(copy);
	return err;
}

/* ------------------------------------------------------------------ the voice's */

static enum err tts_put(struct buf *b, const char *message, size_t len)
{
	static const char *const kinds[] = { "other", "audio", "final", "error" };
	struct sarvam_tts_event e;
	char *copy = copy_of(message, len);
	enum err err;

	sarvam_tts_event_init(&e);
	err = sarvam_tts_read(&e, copy, len);
	if (!err) {
		buf_text(b, kinds[e.kind]);
		if (e.kind == SARVAM_TTS_AUDIO)
			buf_printf(b, " %zu%s", e.audio.len, e.is_packed ? " packed" : "");
		if (e.kind == SARVAM_TTS_ERROR)
			buf_printf(b, " %s%s", err_name(e.err), e.names_language ? " names the language" : "");
	}
	sarvam_tts_event_fini(&e);
	free(copy);
	return err;
}

/* ------------------------------------------------------------------ the files */

static FILE *file_open(const char *name)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s/vectors/sarvam/%s", getenv("CALLFUNNEL_TESTS"), name);
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

static void message_must_be(put_h *put, const char *name, const char *message, const char *wanted)
{
	struct buf b;
	enum err err;

	buf_init(&b, FILE_MAX_BYTES);
	err = put(&b, message, strlen(message));
	if (err)
		buf_printf(&b, "refused %s", err_name(err));
	if (strcmp(buf_str(&b), wanted))
		fail_msg("%s:\n  message %s\n  wanted  %s\n  got     %s", name, message, wanted, buf_str(&b));
	buf_fini(&b);
}

/* Cut at every byte it is refused, and never read beyond. */
static void message_cut(put_h *put, const char *message, const char *wanted)
{
	struct buf b;

	buf_init(&b, FILE_MAX_BYTES);
	for (size_t len = 0; strncmp(wanted, "refused", 7) && len < strlen(message); len++)
		assert_int_not_equal(put(&b, message, len), ERR_NONE);
	buf_fini(&b);
}

static void file_holds(const char *file, put_h *put, unsigned int wanted)
{
	char line[LINE_MAX_BYTES], name[LINE_MAX_BYTES] = "", message[LINE_MAX_BYTES] = "";
	FILE *f = file_open(file);
	unsigned int cases = 0;

	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "= ", 2))
			snprintf(name, sizeof(name), "%s", line + 2);
		else if (!strncmp(line, "> ", 2))
			snprintf(message, sizeof(message), "%s", line + 2);
		if (strncmp(line, "< ", 2))
			continue;
		message_must_be(put, name, message, line + 2);
		message_cut(put, message, line + 2);
		cases++;
	}
	fclose(f);
	assert_int_equal(cases, wanted);
}

static void messages_are_what_the_files_say(void **state)
{
	(void)state;
	file_holds("stt.txt", stt_put, 38);
	file_holds("tts.txt", tts_put, 30);
}

/* ------------------------------------------------------------------ ceilings */

static void long_put(struct buf *b, const char *head, size_t bytes, const char *tail)
{
	buf_init(b, 4 << 20);
	buf_text(b, head);
	for (size_t i = 0; i < bytes; i++)
		buf_byte(b, 'a');
	buf_text(b, tail);
	assert_int_equal(b->err, ERR_NONE);
}

static void ceilings_hold(void **state)
{
	static const char head[] = "{\"event\":\"transcript.partial\",\"text\":\"";
	static const struct {
		size_t bytes;
		enum err err;
	} texts[] = { { SARVAM_TEXT_MAX_BYTES, ERR_NONE }, { SARVAM_TEXT_MAX_BYTES + 1, ERR_LIMIT }, { SARVAM_STT_MESSAGE_MAX_BYTES, ERR_LIMIT } };
	static struct sarvam_stt_event heard;
	struct sarvam_tts_event e;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		long_put(&b, head, texts[i].bytes, "\"}");
		assert_int_equal(sarvam_stt_read(b.data, b.len, &heard), texts[i].err);
		buf_fini(&b);
	}
	sarvam_tts_event_init(&e);
	long_put(&b, "{\"type\":\"audio\",\"data\":{\"audio\":\"", 1 << 19, "\"}}");
	assert_int_equal(sarvam_tts_read(&e, b.data, b.len), ERR_NONE);
	assert_int_equal(e.audio.len, (1 << 19) / 4 * 3);
	buf_fini(&b);
	long_put(&b, "{\"type\":\"audio\",\"data\":{\"audio\":\"", SARVAM_TTS_MESSAGE_MAX_BYTES, "\"}}");
	assert_int_equal(sarvam_tts_read(&e, b.data, b.len), ERR_LIMIT);
	buf_fini(&b);
	sarvam_tts_event_fini(&e);
}

/* ------------------------------------------------------------------ words */

static void words_must_be(const char *text, uint32_t samples, size_t room, const char *wanted)
{
	struct speech_word words[SARVAM_WORDS_MAX];
	size_t count = sarvam_words_estimate(text, strlen(text), samples, words, room);
	char got[400] = "";

	for (size_t i = 0; i < count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u@%u ", words[i].text_end, words[i].end_samples);
	assert_string_equal(got, wanted);
}

static void words_share_the_sound(void **state)
{
	(void)state;
	words_must_be("One two.", 800, SARVAM_WORDS_MAX, "3@300 8@800 ");
	words_must_be("  One  two.  ", 1100, SARVAM_WORDS_MAX, "5@500 11@1100 ");
	words_must_be("One - two", 900, SARVAM_WORDS_MAX, "5@500 9@900 "); /* a dash belongs to what is before it, */
	words_must_be("- One", 500, SARVAM_WORDS_MAX, "5@500 "); /* or behind it */
	words_must_be("हाँ, ok", 700, SARVAM_WORDS_MAX, "10@400 13@700 "); /* characters, not bytes */
	words_must_be("One two three", 1300, 2, "3@300 13@1300 "); /* all of the text, whatever the room */
	words_must_be("— … ।", 100, SARVAM_WORDS_MAX, "");
	words_must_be("", 100, SARVAM_WORDS_MAX, "");
	assert_true(sarvam_words_any("।7", strlen("।7")));
	assert_false(sarvam_words_any("।॥—“”?!", strlen("।॥—“”?!")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_what_the_files_say),
		cmocka_unit_test(ceilings_hold),
		cmocka_unit_test(words_share_the_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

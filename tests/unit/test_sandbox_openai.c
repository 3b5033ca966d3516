/* The sandbox's OpenAI and Sarvam without their servers: what is refused, what a chat is as a call's blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "redact/redact.h"
#include "sandbox/openai/chat_read.h"
#include "sandbox/openai/rules.h"
#include "sandbox/sarvam/config.h"

#define HELLO "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
#define CALL "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}]}"
#define RESULT "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"The tool failed: no\"}"

static json_t *parsed(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static bool judged(const char *text, struct openai_refusal *refusal)
{
	json_t *body = parsed(text);
	bool fine = chat_judge(body, refusal);

	json_decref(body);
	assert_int_equal(fine, refusal->status == 0);
	return fine;
}

static void test_what_is_taken(void **state)
{
	static const char *const fine[] = {
		"{\"model\":\"qwen3\"," HELLO "}",
		"{\"model\":\"qwen3\",\"max_tokens\":9,\"temperature\":0.3,\"stream\":true,\"stream_options\":{\"include_usage\":true}," HELLO "}",
		"{\"model\":\"o9\",\"max_completion_tokens\":9," HELLO "}",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}," CALL "," RESULT "]}",
	};
	struct openai_refusal refusal;

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (!judged(fine[i], &refusal))
			fail_msg("%s: %s", fine[i], refusal.message);
}

static void test_what_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]", "{}", "{\"model\":5," HELLO "}", "{\"model\":\"m\"}", "{\"model\":\"m\",\"messages\":{}}", "{\"model\":\"m\",\"messages\":[5]}",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[]}]}",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}", "{\"model\":\"m\",\"messages\":[" CALL "]}",
		"{\"model\":\"m\",\"messages\":[" RESULT "]}", "{\"model\":\"m\",\"messages\":[" CALL "," RESULT "," RESULT "]}",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[]}]}",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[5]}]}",
		"{\"model\":\"m\",\"tools\":5," HELLO "}", "{\"model\":\"m\",\"tools\":[5]," HELLO "}", "{\"model\":\"m\",\"spicy\":1," HELLO "}",
		"{\"model\":\"m\",\"stream\":1," HELLO "}", "{\"model\":\"o9\",\"max_tokens\":9," HELLO "}", "{\"model\":\"m\",\"temperature\":\"hot\"," HELLO "}",
	};
	struct openai_refusal refusal;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (judged(bad[i], &refusal) || !refusal.message[0])
			fail_msg("%s is taken", bad[i]);
}

static void block_is(const struct llm_block *b, enum block_type type, const char *text)
{
	assert_int_equal(b->type, type);
	assert_string_equal(redacted_text(b->text), text);
}

/* Lines of one message: events, which may have lines of their own, and the caller's words. */
static void test_a_chat_as_blocks(void **state)
{
	json_t *messages = parsed("[{\"role\":\"system\",\"content\":\"You are the clinic.\"},"
		"{\"role\":\"user\",\"content\":\"<event>The call has begun.</event>\"},{\"role\":\"assistant\",\"content\":\"Hello \xe2\x80\x94\"},"
		"{\"role\":\"user\",\"content\":\"<event>It is\\nnoon.</event>\\nyes, a &lt; b\\nplease\"}," CALL "," RESULT "]");
	struct conversation c;

	(void)state;
	assert_int_equal(chat_read(&c, messages), ERR_NONE);
	assert_int_equal(c.count, 6);
	block_is(&c.blocks[0], BLOCK_AGENT, "Hello");
	block_is(&c.blocks[1], BLOCK_EVENT, "It is\nnoon.");
	block_is(&c.blocks[2], BLOCK_CALLER, "yes, a < b");
	block_is(&c.blocks[3], BLOCK_CALLER, "please");
	block_is(&c.blocks[4], BLOCK_TOOL_USE, "{}");
	block_is(&c.blocks[5], BLOCK_TOOL_RESULT, "no");
	assert_int_equal(c.blocks[5].status, TOOL_ERROR);
	assert_int_equal(c.blocks[5].turn, c.blocks[4].turn);
	assert_memory_equal(c.last_words, "please", c.last_len);
	conversation_fini(&c);
	json_decref(messages);
}

/* One that does not fit leaves the one before. */
static void test_how_a_voice_is_told_to_speak(void **state)
{
	struct voice_config c = { .language = "" };
	char why[CONFIG_WHY_MAX];
	json_t *data = parsed("{\"language_code\":\"ta-IN\",\"speaker\":\"ritu\",\"speech_sample_rate\":16000,\"output_audio_codec\":\"alaw\",\"min_buffer_size\":60}");

	(void)state;
	assert_true(voice_config_read(&c, "bulbul:v3", data, why));
	assert_string_equal(c.language, "ta-IN");
	assert_true(c.format.encoding == SPEECH_ALAW && c.format.rate_hz == 16000 && c.min_buffer == 60);
	json_object_set_new(data, "loudness", json_real(1));
	json_object_set_new(data, "language_code", json_string("hi-IN"));
	assert_false(voice_config_read(&c, "bulbul:v3", data, why));
	assert_string_equal(why, "loudness is not supported for bulbul:v3");
	assert_string_equal(c.language, "ta-IN");
	assert_false(voice_config_read(&c, "bulbul:v9", data, why));
	assert_false(voice_config_read(&c, "bulbul:v2", NULL, why));
	json_decref(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_a_chat_as_blocks),
		cmocka_unit_test(test_how_a_voice_is_told_to_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The rehearsed engine in a call of several languages: who asks for another one, and what is said and understood from then on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "maskkit.h"
#include "providers/rehearsed/languages.h"
#include "providers/rehearsed/rehearsed.h"

/* The same steps in each language: who, what it is about, bye. */
#define FLOW(tag, opening, me, how, keep, move, bye, rest) \
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"" tag "\",\"today\":\"2026-11-23\"," \
	"\"opening\":{\"text\":\"" opening "\",\"step\":\"me\",\"asked\":true},\"visits_max\":2,\"end_tool\":\"end_call\",\"steps\":[" \
	"{\"name\":\"me\",\"kind\":\"ask\",\"text\":[\"" me "\"],\"expect\":{\"kind\":\"yes_no\"},\"unclear\":\"bye\",\"next\":[{\"go\":\"how\"}]}," \
	"{\"name\":\"how\",\"kind\":\"ask\",\"text\":[\"" how "\"],\"expect\":{\"kind\":\"choice\",\"options\":[{\"value\":\"keep\",\"words\":[\"" keep "\"]}," \
	"{\"value\":\"move\",\"words\":[\"" move "\"]}]},\"unclear\":\"bye\",\"next\":[{\"go\":\"day\"}]}," \
	"{\"name\":\"day\",\"kind\":\"ask\",\"text\":[{\"ref\":\"how\",\"kind\":\"choice\"},\"?\"],\"expect\":{\"kind\":\"free\"}," \
	"\"unclear\":\"bye\",\"next\":[{\"go\":\"bye\"}]}," \
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"" bye "\"],\"outcome\":\"done\"}]" rest "}"

#define HINDI FLOW("hi-IN", "नमस्ते। क्या आप एलेक्स हैं?", "क्या आप एलेक्स हैं?", "रखना है या बदलना है?", "रखना है", "बदलना है", "नमस्ते।", "")
#define ENGLISH(others) FLOW("en-IN", "Hello. Are you Alex?", "Are you Alex?", "Keep it or move it?", "keep it", "move it", "Goodbye.", \
	",\"language_tool\":\"switch_language\",\"others\":[" others "]")

enum { BLOCKS_MAX = 32 };

struct talk {
	struct rehearsed *engine;
	struct request_block blocks[BLOCKS_MAX];
	size_t count;
	struct masker *masker;
	struct rehearsed_reply reply;
};

static void wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

static int setup(void **state)
{
	static const char flow[] = ENGLISH(HINDI);
	struct err_detail detail = { .message = "" };
	struct talk *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	assert_int_equal(rehearsed_new(&t->engine, flow, strlen(flow), wake, NULL, &detail), ERR_NONE);
	rehearsed_reply_init(&t->reply);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct talk *t = *state;

	rehearsed_reply_fini(&t->reply);
	rehearsed_free(&t->engine);
	masker_free(&t->masker);
	free(t);
	return 0;
}

static void add(struct talk *t, enum block_type type, const char *text)
{
	assert_true(t->count < BLOCKS_MAX);
	t->blocks[t->count] = (struct request_block){ .type = type, .turn = 1, .index = (uint32_t)t->count / 8, .text = text, .text_len = strlen(text) };
	t->count++;
}

static const char *says(struct talk *t)
{
	struct masked_request request;

	masker_free(&t->masker);
	request = maskkit_blocks(&t->masker, t->blocks, t->count);
	rehearsed_reply_fini(&t->reply);
	rehearsed_reply_init(&t->reply);
	assert_int_equal(rehearsed_plan(t->engine, request.blocks, request.count, &t->reply), ERR_NONE);
	return buf_str(&t->reply.text);
}

static void switched(struct talk *t, enum tool_status status, const char *told)
{
	add(t, BLOCK_TOOL_USE, "{}");
	t->blocks[t->count - 1].name = "switch_language";
	t->blocks[t->count - 1].name_len = strlen("switch_language");
	t->blocks[t->count - 1].index = 7;
	add(t, BLOCK_TOOL_RESULT, told);
	t->blocks[t->count - 1].index = 7;
	t->blocks[t->count - 1].status = status;
}

static void to_how(struct talk *t)
{
	add(t, BLOCK_AGENT, "Hello. Are you Alex?");
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, "Keep it or move it?");
}

static void test_the_question_is_asked_again_in_the_other_language(void **state)
{
	struct talk *t = *state;

	to_how(t);
	add(t, BLOCK_CALLER, "can we speak in Hindi please");
	assert_string_equal(says(t), "");
	assert_string_equal(t->reply.tool, "switch_language");
	assert_string_equal(buf_str(&t->reply.arguments), "{\"language\":\"hi-IN\"}");
	assert_int_equal(t->reply.heard, REHEARD_LANGUAGE);
	switched(t, TOOL_OK, EVENT_LANGUAGE "hi-IN: speak it, and nothing else");
	assert_string_equal(says(t), "रखना है या बदलना है?");
	assert_null(t->reply.tool);
	add(t, BLOCK_AGENT, "रखना है या बदलना है?");
	add(t, BLOCK_CALLER, "बदलना है");
	assert_string_equal(says(t), "move?");
	add(t, BLOCK_AGENT, "move?");
	add(t, BLOCK_CALLER, "English please");
	assert_string_equal(says(t), "");
	assert_string_equal(buf_str(&t->reply.arguments), "{\"language\":\"en-IN\"}");
}

static void test_a_language_that_is_refused_changes_nothing(void **state)
{
	struct talk *t = *state;

	to_how(t);
	add(t, BLOCK_CALLER, "Hindi please");
	switched(t, TOOL_ERROR, "the call cannot go on in that language; it is still in en-IN");
	assert_string_equal(says(t), "Keep it or move it?");
	add(t, BLOCK_AGENT, "Keep it or move it?");
	add(t, BLOCK_CALLER, "move it");
	assert_string_equal(says(t), "move?");
}

/* The caller went on before the tool was asked for: the wish stands. */
static void test_a_wish_outlives_what_is_said_behind_it(void **state)
{
	struct talk *t = *state;

	to_how(t);
	add(t, BLOCK_CALLER, "Hindi please");
	add(t, BLOCK_AGENT, "One moment.");
	add(t, BLOCK_CALLER, "thank you");
	(void)says(t);
	assert_string_equal(t->reply.tool, "switch_language");
}

static void test_the_history_may_begin_in_the_other_language(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_EVENT, EVENT_LANGUAGE "hi-IN: speak it, and nothing else");
	add(t, BLOCK_CALLER, "haan");
	(void)says(t);
	assert_non_null(strstr(says(t), "एलेक्स"));
}

struct wish {
	const char *words, *tag, *spoken;
	bool is_open, wished;
};

static void test_wishes(void **state)
{
	static const struct wish wishes[] = {
		{ "Hindi please", "hi-IN", "en-IN", false, true },
		{ "Hindi", "hi-IN", "en-IN", false, true },
		{ "can we speak in Hindi", "hi-IN", "en-IN", false, true },
		{ "Hindi mein baat kijiye", "hi-IN", "en-IN", false, true },
		{ "Hindi me bolo", "hi-IN", "en-US", false, true },
		{ "हिन्दी में", "hi-IN", "en-IN", false, true },
		{ "हिंदी में बात कीजिए", "hi-IN", "en-IN", false, true },
		{ "I don't speak English, Hindi please", "hi-IN", "en-IN", false, true },
		{ "English please", "en-IN", "hi-IN", false, true },
		{ "अंग्रेज़ी में बोलिए", "en-IN", "hi-IN", false, true },
		{ "please talk to me in Spanish", "es-MX", "en-US", true, true },
		{ "not in Hindi", "hi-IN", "en-IN", false, false },
		{ "I do not speak Hindi", "hi-IN", "en-IN", false, false },
		{ "hindi nahi", "hi-IN", "en-IN", false, false },
		{ "English please", "hi-IN", "en-IN", false, false },
		{ "I know Hindi and English", "hi-IN", "en-IN", false, false },
		{ "Hindi", "hi-IN", "en-IN", true, false },
		{ "the Hindi course for beginners", "hi-IN", "en-IN", true, false },
		{ "my son has failed his Hindi exam on Tuesday", "hi-IN", "en-IN", false, false },
		{ "yes", "hi-IN", "en-IN", false, false },
		{ "", "hi-IN", "en-IN", false, false },
		{ "Klingon please", "tlh", "en-IN", false, false },
	};
	struct words w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		words_read(&w, wishes[i].words, strlen(wishes[i].words));
		if (language_wished(&w, wishes[i].tag, wishes[i].spoken, wishes[i].is_open) != wishes[i].wished)
			fail_msg("\"%s\": %s", wishes[i].words, wishes[i].wished ? "no wish" : "a wish");
	}
}

static void test_flows_that_are_none(void **state)
{
	static const char *const flows[] = {
		ENGLISH("7"),
		ENGLISH("{}"),
		ENGLISH(FLOW("hi-IN", "a", "b", "c", "d", "e", "f", ",\"format\":2")),
		FLOW("en-IN", "a", "b", "c", "d", "e", "f", ",\"others\":[" HINDI "]"),
		ENGLISH("{\"format\":1,\"language\":\"hi-IN\",\"opening\":{\"text\":\"\",\"step\":\"x\",\"asked\":false},\"end_tool\":\"e\",\"steps\":[{\"name\":\"x\","
			"\"kind\":\"goodbye\",\"text\":[],\"outcome\":\"o\"}],\"anytime\":[],\"voicemail\":null}"),
		ENGLISH(HINDI "," HINDI "," HINDI "," HINDI "," HINDI "," HINDI "," HINDI "," HINDI),
	};
	struct rehearsed *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		struct err_detail detail = { .message = "" };

		assert_int_not_equal(rehearsed_new(&r, flows[i], strlen(flows[i]), wake, NULL, &detail), ERR_NONE);
		assert_null(r);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_question_is_asked_again_in_the_other_language),
		TEST(test_a_language_that_is_refused_changes_nothing),
		TEST(test_a_wish_outlives_what_is_said_behind_it),
		TEST(test_the_history_may_begin_in_the_other_language),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_flows_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

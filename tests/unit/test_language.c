/* A call in several languages: what stays in the old one when it goes on in another, what is of the new one, and what the state keeps of it. */
#include "callkit.h"

#include "voice/call_state.h"

#define HINDI "{\"language\":\"hi-IN\"}"
#define ENGLISH "{\"language\":\"en-IN\"}"

static void tongue_add(struct kit *k, const char *language, const char *prefix, const char *disclosure)
{
	struct brief *other = malloc(sizeof(*other));

	assert_non_null(other);
	brief_init(other);
	snprintf(other->language, sizeof(other->language), "%s", language);
	snprintf(other->prompts.text[0], BRIEF_TEXT_MAX, "%s there?", prefix);
	snprintf(other->unheard.text[0], BRIEF_TEXT_MAX, "%s pardon?", prefix);
	snprintf(other->waits.text[0], BRIEF_TEXT_MAX, "%s wait.", prefix);
	assert_int_equal(brief_tongue_add(&k->brief, other, disclosure), ERR_NONE);
	free(other);
}

/* The caller asked for Hindi, and the model was asked. */
static void asked(struct kit *k, const char *disclosure)
{
	snprintf(k->brief.language, sizeof(k->brief.language), "en-IN");
	tongue_add(k, "en-IN", "English", disclosure);
	tongue_add(k, "hi-IN", "Hindi", disclosure);
	tool_add(k, "switch_language", false, false, 0);
	k->brief.tools[k->brief.tool_count - 1].speaks = true;
	begin(k);
	turn(k, "could we talk in Hindi");
	zero(k);
	drop(k);
}

static void switched(struct kit *k)
{
	asked(k, "");
	use(k, "switch_language", HINDI);
	done(k);
}

static void recogniser_voice_and_model_go_on_in_the_other_language(void **state)
{
	struct kit *k = *state;

	switched(k);
	expect(k, "0 ~language t1 i1 n0 \"hi-IN\"", "0 listen s2 from 7680 in hi-IN", "0 snapshot", "0 snapshot", "0 ask g2 t1 try 1");
	expect_request(k, "caller: could we talk in Hindi", "use 1.0 switch_language: " HINDI,
		"result 1.0: From now on the call is in hi-IN: speak it, and nothing else");
	text(k, "Namaste ji. ");
	expect(k, "0 speak u1.1 in hi-IN \"Namaste ji.\"");
}

/* It is one answer: its words are said to their end, and by whoever can say them. */
static void what_was_said_before_stays_in_its_language(void **state)
{
	struct kit *k = *state;

	asked(k, "");
	text(k, "Of course. ");
	use(k, "switch_language", HINDI);
	done(k);
	assert_true(has(k, "speak u1.1 in en-IN \"Of course.\""));
	drop(k);
	voice_dies(k, 1);
	assert_true(has(k, "speak u1.2 in en-IN \"Of course.\""));
	spoken(k, 1);
	text(k, "Kahiye. ");
	assert_true(has(k, "speak u2.1 in hi-IN \"Kahiye.\""));
}

static void its_own_phrases_are_of_the_language(void **state)
{
	struct kit *k = *state;

	switched(k);
	text(k, "Kahiye. ");
	done(k);
	spoken(k, 1);
	drop(k);
	voice(k, 640);
	quiet_for(k, 1504);
	assert_true(has(k, "in hi-IN \"Hindi pardon?\""));
}

static void it_comes_back(void **state)
{
	struct kit *k = *state;

	switched(k);
	use(k, "switch_language", ENGLISH);
	done(k);
	assert_true(has(k, "~language t1 i0 n0 \"en-IN\"") && has(k, "listen s3 from 7680 in en-IN"));
	text(k, "Here I am. ");
	assert_true(has(k, "speak u1.1 in en-IN"));
	assert_string_equal(call_get_brief(k->call)->prompts.text[0], "English there?");
}

/* Neither is done twice nor half. */
static void a_language_that_it_has_not_changes_nothing(void **state)
{
	static const char *const wrong[] = { "{\"language\":\"ta-IN\"}", "{}", "[", "{\"language\":7}", "{\"language\":\"hi-IN-and-much-that-no-tag-is\"}", "" };
	struct kit *k = *state;
	size_t i;

	asked(k, "");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		drop(k);
		use(k, "switch_language", wrong[i]);
		done(k);
		assert_false(has(k, "~language") || has(k, "listen"));
		assert_non_null(strstr(buf_str(&k->request), "error: the call cannot go on in that language; it is still in en-IN"));
	}
	use(k, "switch_language", ENGLISH);
	done(k);
	assert_false(has(k, "~language") || has(k, "listen"));
	assert_non_null(strstr(buf_str(&k->request), "the call is in en-IN already"));
}

/* What the old stream still says is of the old turn. What was said behind that is heard again. */
static void the_old_stream_is_over_and_what_followed_the_turn_is_heard_again(void **state)
{
	struct kit *k = *state;

	asked(k, "");
	voice(k, 320);
	partial(k, "aap");
	use(k, "switch_language", HINDI);
	done(k);
	assert_true(has(k, "listen s2 from 7168 in hi-IN")); /* where the turn ended */
	drop(k);
	k->stream = 1;
	final(k, "up");
	quiet_for(k, 1024);
	assert_false(has(k, "~turn"));
	k->stream = 2;
	final(k, "aap kaise hain");
	quiet_for(k, 1024);
	assert_true(has(k, "~turn t2") && has(k, "\"aap kaise hain\""));
}

/* A turn whose final was late ended with its partial; that final is the old language's, and a new stream owes it nothing. */
static void a_final_that_was_owed_is_not_waited_for(void **state)
{
	struct kit *k = *state;

	asked(k, "");
	text(k, "Yes? ");
	done(k);
	spoken(k, 1);
	voice(k, 320);
	partial(k, "hindi please");
	quiet_for(k, 2016);
	use(k, "switch_language", HINDI);
	done(k);
	drop(k);
	final(k, "hindi please");
	quiet_for(k, 1024);
	assert_true(has(k, "~turn t3") && has(k, "\"hindi please\"")); /* of the new stream it is new */
}

static void what_must_be_disclosed_is_said_in_each_language_once(void **state)
{
	struct kit *k = *state;

	asked(k, "Recorded.");
	use(k, "switch_language", HINDI);
	done(k);
	assert_true(has(k, "speak u1.1 in hi-IN \"Recorded.\""));
	use(k, "switch_language", ENGLISH);
	done(k);
	use(k, "switch_language", HINDI);
	done(k);
	assert_int_equal(times(k, "Recorded."), 1);
	voice(k, 640);
	assert_false(has(k, "hold")); /* and nobody talks it away */
}

static void another_worker_goes_on_in_it(void **state)
{
	struct kit *k = *state;

	switched(k);
	text(k, "Kahiye. ");
	drop(k);
	simple(k, IN_MEDIA_LOST);
	simple(k, IN_ATTACHED);
	assert_true(has(k, "in hi-IN") && !has(k, "in en-IN"));
	assert_string_equal(call_get_brief(k->call)->language, "hi-IN");
}

static void nobody_listens_while_the_line_is_away(void **state)
{
	struct kit *k = *state;

	asked(k, "");
	simple(k, IN_MEDIA_LOST);
	use(k, "switch_language", HINDI);
	done(k);
	assert_true(has(k, "~language") && !has(k, "listen"));
	simple(k, IN_ATTACHED);
	assert_true(has(k, "listen s2 from 0 in hi-IN") || has(k, " in hi-IN"));
}

static void older_rules_have_no_such_tool(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	switched(k);
	assert_false(has(k, "~language"));
	assert_non_null(strstr(buf_str(&k->request), "there is no such tool"));
}

/* What the tool said is forgotten with the turns of then: the model is told again. */
static void it_is_known_when_the_beginning_is_forgotten(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	k->alone = true;
	switched(k);
	for (i = 0; i < ITEMS_MAX; i++) {
		k->call->dialogue.turn += i % 2 == 0;
		(void)history_add(k->call, i % 2 ? BLOCK_AGENT : BLOCK_CALLER, call_keep_str(k->call, "go on"));
	}
	turn(k, "and now");
	assert_null(strstr(buf_str(&k->request), "switch_language"));
	assert_int_equal(strncmp(buf_str(&k->request), "event: From now on the call is in hi-IN: speak it, and nothing else\ncaller: go on", 77), 0);
}

/* ------------------------------------------------------------------ the brief */

static void a_brief_of_several_languages_is_what_it_was_when_it_is_read(void **state)
{
	struct kit *k = *state;
	struct brief *back = malloc(sizeof(*back));
	char disclosure[BRIEF_GREETING_MAX];
	struct buf bytes, again;

	assert_non_null(back);
	tongue_add(k, "en-IN", "English", "");
	tongue_add(k, "hi-IN", "Hindi", "Recorded.");
	buf_init(&bytes, BRIEF_BYTES_MAX);
	buf_init(&again, BRIEF_BYTES_MAX);
	brief_encode(&k->brief, &bytes);
	assert_int_equal(brief_decode(back, bytes.data, bytes.len), ERR_NONE);
	brief_encode(back, &again);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.data, bytes.data, bytes.len);
	assert_int_equal(brief_tongue_find(back, "HI-in", 5), 1);
	assert_int_equal(brief_tongue_find(back, "hi", 2), -1);
	assert_true(brief_tongue_take(back, 1, disclosure));
	assert_string_equal(back->language, "hi-IN");
	assert_string_equal(back->prompts.text[0], "Hindi there?");
	assert_string_equal(disclosure, "Recorded.");
	assert_false(brief_tongue_take(back, 2, disclosure));
	buf_fini(&bytes);
	buf_fini(&again);
	free(back);
}

static void a_brief_takes_no_more_languages_than_it_has_room_for(void **state)
{
	struct kit *k = *state;
	enum err err = ERR_NONE;
	unsigned int i;

	for (i = 0; i < 1000 && !err; i++)
		err = brief_tongue_add(&k->brief, &k->brief, "");
	assert_int_equal(err, ERR_LIMIT);
	assert_true(k->brief.tongues_len <= BRIEF_TONGUES_BYTES);
}

/* Whatever stands there: it is refused, and nothing of it is taken. */
static void languages_of_outside_bytes_never_crash(void **state)
{
	struct kit *k = *state;
	char disclosure[BRIEF_GREETING_MAX];
	uint32_t seed = 1, i, at;

	tongue_add(k, "en-IN", "English", "");
	tongue_add(k, "hi-IN", "Hindi", "Recorded.");
	for (i = 0; i < 2000; i++) {
		struct brief *b = malloc(sizeof(*b));

		assert_non_null(b);
		*b = k->brief;
		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % b->tongues_len;
		b->tongues[at] ^= (uint8_t)(1u << (seed >> 29));
		if (seed & 1)
			b->tongues_len = at;
		(void)brief_tongue_find(b, "hi-IN", 5);
		if (!brief_tongue_take(b, 1, disclosure))
			assert_string_equal(b->prompts.text[0], k->brief.prompts.text[0]);
		free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(recogniser_voice_and_model_go_on_in_the_other_language),
		KIT_TEST(what_was_said_before_stays_in_its_language),
		KIT_TEST(its_own_phrases_are_of_the_language),
		KIT_TEST(it_comes_back),
		KIT_TEST(a_language_that_it_has_not_changes_nothing),
		KIT_TEST(the_old_stream_is_over_and_what_followed_the_turn_is_heard_again),
		KIT_TEST(a_final_that_was_owed_is_not_waited_for),
		KIT_TEST(what_must_be_disclosed_is_said_in_each_language_once),
		KIT_TEST(another_worker_goes_on_in_it),
		KIT_TEST(nobody_listens_while_the_line_is_away),
		KIT_TEST(older_rules_have_no_such_tool),
		KIT_TEST(it_is_known_when_the_beginning_is_forgotten),
		KIT_TEST(a_brief_of_several_languages_is_what_it_was_when_it_is_read),
		KIT_TEST(a_brief_takes_no_more_languages_than_it_has_room_for),
		KIT_TEST(languages_of_outside_bytes_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

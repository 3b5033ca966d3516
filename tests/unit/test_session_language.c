/* A session whose call goes on in another language: recogniser and voice are asked in it, the timeline is told, and another worker goes on in it. */
#include "sessionkit.h"

static struct kit *k;
static char events[1000];

static void on_event(void *arg, const struct record_event *e)
{
	(void)arg;
	if (e->kind == EVENT_UNHEARD || (e->kind == EVENT_NOTE && e->code == NOTE_LANGUAGE))
		snprintf(events + strlen(events), sizeof(events) - strlen(events), "%s %.*s\n", e->kind == EVENT_UNHEARD ? "unheard" : "language", (int)e->text_len,
			e->text);
}

static void tongue_add(const char *language)
{
	struct brief *other = malloc(sizeof(*other));

	assert_non_null(other);
	brief_init(other);
	snprintf(other->language, sizeof(other->language), "%s", language);
	assert_int_equal(brief_tongue_add(&k->brief, other, ""), ERR_NONE);
	free(other);
}

static int setup(void **state)
{
	struct brief_tool *t;

	(void)state;
	k = kit_new();
	events[0] = '\0';
	snprintf(k->brief.language, sizeof(k->brief.language), "en-IN");
	tongue_add("en-IN");
	tongue_add("hi-IN");
	tongue_add("ta-IN");
	t = &k->brief.tools[k->brief.tool_count++];
	*t = (struct brief_tool){ .name = "switch_language", .speaks = true };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	return 0;
}

static uint16_t one_turn(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

/* The caller asks for it, and the model for the tool; then it says a number. */
static void asks_for(const char *arguments)
{
	k->level = one_turn;
	kit_journal(k);
	kit_io(k);
	k->io.event = on_event;
	k->began_us = k->now_us;
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
	session_prepare(k->session);
	kit_run(k, 300);
	kit_media_begins(k);
	kit_run(k, 5200);
	assert_string_equal(k->heard_in, "en-IN");
	assert_string_equal(k->said_in, "en-IN");
	kit_hears(k, TRANSCRIPT_FINAL, "another language please");
	kit_run(k, 2000);
	assert_true(k->answer_count > 0);
	kit_model_tool(k, "switch_language", arguments);
	kit_model_done(k, 1);
	kit_run(k, 100);
}

static void recogniser_and_voice_are_asked_in_it(void **state)
{
	(void)state;
	asks_for("{\"language\":\"hi-IN\"}");
	assert_string_equal(k->heard_in, "hi-IN");
	kit_model_says(k, "25 रुपये। ");
	kit_run(k, 100);
	assert_string_equal(k->said_in, "hi-IN");
	assert_memory_equal(k->voices[k->voice_count - 1]->text, "पच्चीस", strlen("पच्चीस")); /* and as that language says it */
	assert_string_equal(events, "language hi-IN\n");
}

static void where_nobody_hears_it_the_timeline_says_so(void **state)
{
	(void)state;
	asks_for("{\"language\":\"ta-IN\"}");
	assert_string_equal(events, "language ta-IN\nunheard ta-IN\n");
}

static void another_worker_goes_on_in_it(void **state)
{
	struct session *session;

	(void)state;
	asks_for("{\"language\":\"hi-IN\"}");
	kit_run(k, 500);
	assert_true(k->snapshot.len > 0);
	session_drop(&k->session);
	k->heard_in[0] = '\0';
	k->io.journal = NULL;
	assert_int_equal(session_attach(&session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	k->session = session;
	kit_run(k, 500);
	assert_string_equal(k->heard_in, "hi-IN");
	assert_string_equal(call_get_brief(session_call(k->session))->language, "hi-IN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(recogniser_and_voice_are_asked_in_it, setup, teardown),
		cmocka_unit_test_setup_teardown(where_nobody_hears_it_the_timeline_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(another_worker_goes_on_in_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

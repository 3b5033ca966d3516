/* Secret numbers by keypad: the session's part. The digits are in its memory, and in what a tool is given; nobody hears the line meanwhile. */
#include "sessionkit.h"

#include "redact/redact.h"
#include "voice/take.h"

#define CARD "5500005555555559"
#define CVV "948"

static struct kit *k;

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	kit_journal(k);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	return 0;
}

/* The caller speaks from second 4 to 5.5, then is silent. */
static uint16_t one_turn(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

/* The agent asks for a number, and has been heard. */
static void asks(const char *args)
{
	struct llm_answer *a = kit_answer(k);

	a->events->text(a->arg, "Key it in now.", 14);
	kit_model_tool(k, "take_keys", args);
	assert_true(call_takes(session_call(k->session)));
	kit_run(k, 2000);
}

static void begins(const char *args)
{
	k->brief.tool_count = 2;
	k->brief.tools[0] = (struct brief_tool){ .name = "take_keys", .takes = true };
	k->brief.tools[1] = (struct brief_tool){ .name = "charge", .changes = true };
	kit_begin(k);
	k->level = one_turn;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, "Book it for nine please");
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, "Book it for nine please");
	kit_run(k, 1500);
	asks(args);
}

static void press(const char *keys)
{
	for (; *keys; keys++) {
		session_digit(k->session, *keys);
		kit_run(k, 200);
	}
}

static bool is_shown(const char *words)
{
	return strstr(kit_answer(k)->shown, words) != NULL;
}

static void the_model_has_a_placeholder_and_the_tool_the_number(void **state)
{
	(void)state;
	begins("{\"what\":\"card\"}");
	press(CARD "#");
	assert_true(is_shown("[CARD_K1]"));
	assert_true(is_shown("\"valid\":true"));
	assert_false(is_shown(CARD));
	assert_int_equal(k->run_count, 0);
	kit_model_tool(k, "charge", "{\"card\":\"[CARD_K1]\",\"number\":7}");
	assert_int_equal(k->run_count, 1);
	assert_string_equal(k->runs[0]->keyed, "[CARD_K1]=" CARD ";");
}

static void a_number_that_cannot_be_one_is_not_valid(void **state)
{
	(void)state;
	begins("{\"what\":\"card\"}");
	press("5500005555555558#");
	assert_true(is_shown("\"valid\":false"));
	asks("{\"what\":\"expiry\"}");
	press("1331");
	assert_true(is_shown("[CARD_EXPIRY_K2]"));
	assert_true(strstr(strstr(kit_answer(k)->shown, "[CARD_EXPIRY_K2]") - 20, "false") != NULL);
}

static void a_cvv_is_there_once(void **state)
{
	(void)state;
	begins("{\"what\":\"cvv\",\"most\":3}");
	press(CVV);
	assert_false(is_shown("last4"));
	kit_model_tool(k, "charge", "{\"cvv\":\"[CVV_K1]\",\"try\":1}");
	assert_string_equal(k->runs[0]->keyed, "[CVV_K1]=" CVV ";");
	kit_tool_result(k->runs[0], TOOL_ERROR, "{}");
	kit_run(k, 500);
	kit_model_tool(k, "charge", "{\"cvv\":\"[CVV_K1]\",\"try\":2}");
	assert_int_equal(k->run_count, 2);
	assert_string_equal(k->runs[1]->keyed, "");
}

static void the_line_is_silent_until_the_last_tone_is_over(void **state)
{
	struct stt_stream *s;
	uint64_t from, to;

	(void)state;
	begins("{\"what\":\"cvv\",\"most\":3}");
	s = kit_stream(k);
	from = session_caller_position(k->session);
	press("94");
	for (uint64_t i = from; i < session_caller_position(k->session); i++)
		assert_int_equal(s->bytes[i], 0xff);
	press("8");
	to = session_caller_position(k->session);
	kit_run(k, TAKE_TAIL_MS + 400);
	assert_ptr_equal(kit_stream(k), s); /* it lives */
	assert_int_equal(s->pushed, session_caller_position(k->session));
	for (uint64_t i = to; i < to + (TAKE_TAIL_MS - 300) * 8; i++)
		assert_int_equal(s->bytes[i], 0xff);
	assert_memory_equal(s->bytes + s->pushed - 800, k->said + s->pushed - 800, 800);
}

struct looked {
	bool digits; /* there are some */
	unsigned int keys;
	uint64_t paused, missing;
};

/* A key by itself is too short to be looked for as bytes: steps are read. */
static void steps_look(struct looked *l, const uint8_t *payload, size_t len)
{
	struct steps_reader r;
	static struct step step;
	struct call_input in;

	steps_reader_init(&r, payload, len);
	while (!steps_next(&r, &step))
		if (!step.is_level && !input_decode(&in, step.input.data, step.input.len) && in.type == IN_DIGIT) {
			l->keys++;
			l->digits = l->digits || (in.number >= '0' && in.number <= '9');
		}
}

static enum err look(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct looked *l = arg;
	struct record_caller c;

	assert_int_equal(payload_err, ERR_NONE);
	if (item->record.header.kind == JOURNAL_AUDIO_CALLER && !record_caller_decode(&c, payload, len)) {
		l->paused += c.gap_samples && c.gap_why == GAP_KEYS ? c.gap_samples : 0;
		l->missing += c.gap_samples && c.gap_why == GAP_CARRIER ? c.gap_samples : 0;
		return ERR_NONE;
	}
	if (item->record.header.kind == RECORD_STEPS)
		steps_look(l, payload, len);
	l->digits = l->digits || memmem(payload, len, CARD, 6);
	return ERR_NONE;
}

static void nothing_of_it_is_in_the_journal_or_a_snapshot(void **state)
{
	struct looked l = { 0 };

	(void)state;
	begins("{\"what\":\"card\"}");
	press(CARD "#");
	kit_model_tool(k, "charge", "{\"card\":\"[CARD_K1]\"}");
	assert_null(memmem(k->snapshot.data, k->snapshot.len, CARD, 6));
	kit_tool_result(k->runs[0], TOOL_OK, "{}");
	kit_run(k, 1500);
	session_hangup(k->session);
	kit_run(k, 10);
	kit_journal_close(k);
	kit_read(k, look, &l);
	assert_false(l.digits);
	assert_int_equal(l.keys, 17);
	assert_in_range(l.paused, 8000 * 4, 8000 * 9);
}

/* Each gap has its own reason, also one inside another. */
static void what_never_came_meanwhile_is_told_apart(void **state)
{
	struct looked l = { 0 };

	(void)state;
	begins("{\"what\":\"cvv\",\"most\":3}");
	session_caller_gap(k->session, 4000);
	kit_run(k, 1000);
	press(CVV);
	kit_run(k, 1500);
	session_hangup(k->session);
	kit_run(k, 10);
	kit_journal_close(k);
	kit_read(k, look, &l);
	assert_int_equal(l.missing, 4000);
	assert_in_range(l.paused, 8000 * 3, 8000 * 6);
}

/* The keys of the other worker are gone, and what is pressed now is told to nobody either. */
static void another_socket_hides_them_as_well(void **state)
{
	(void)state;
	begins("{\"what\":\"card\"}");
	press("5500");
	session_media_lost(k->session);
	kit_run(k, 500);
	session_media_back(k->session, k->io.media, k->io.socket);
	kit_run(k, 500);
	assert_true(call_takes(session_call(k->session)));
	press("005555555559#");
	assert_false(is_shown("5500"));
	assert_true(is_shown("\"valid\":false") || is_shown("too_few"));
}

static uint64_t speaks_at;

static uint16_t a_second(uint64_t position)
{
	return position >= speaks_at && position < speaks_at + 8000 ? 60000 : 0;
}

/* He speaks instead, is asked whether he can key it in, and does so at once: no tool takes it, and nobody is told. */
static void what_is_pressed_behind_words_instead_is_told_nobody(void **state)
{
	struct looked l = { 0 };

	(void)state;
	begins("{\"what\":\"card\"}");
	speaks_at = session_caller_position(k->session) + 8000;
	k->level = a_second;
	kit_run(k, 3500);
	assert_false(call_takes(session_call(k->session)));
	assert_true(is_shown("\"heard\":false"));
	kit_model_says(k, "Can you?");
	kit_run(k, 2500);
	press(CARD);
	kit_run(k, 3000);
	assert_true(is_shown("[keypad] xxxxxxxxxxxxxxxx"));
	assert_false(is_shown("5500"));
	assert_null(memmem(k->snapshot.data, k->snapshot.len, CARD, 4));
	session_hangup(k->session);
	kit_run(k, 10);
	kit_journal_close(k);
	kit_read(k, look, &l);
	assert_false(l.digits);
	assert_int_equal(l.keys, 16);
	assert_in_range(l.paused, 8000 * 10, 8000 * 13); /* the entry, and from the first key to three seconds behind the last */
}

/* A change in the map of who keeps what. */
static void a_ninth_number_takes_the_place_of_the_first(void **state)
{
	(void)state;
	begins("{\"what\":\"digits\",\"most\":2}");
	for (int i = 0; i < 8; i++) {
		press("17");
		asks("{\"what\":\"digits\",\"most\":2}");
	}
	press("18");
	kit_model_tool(k, "charge", "{\"a\":\"[NUMBER_K1]\",\"b\":\"[NUMBER_K2]\",\"c\":\"[NUMBER_K9]\"}");
	assert_int_equal(k->run_count, 1);
	assert_null(strstr(k->runs[0]->keyed, "[NUMBER_K1]"));
	assert_non_null(strstr(k->runs[0]->keyed, "[NUMBER_K2]=17;"));
	assert_non_null(strstr(k->runs[0]->keyed, "[NUMBER_K9]=18;"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(the_model_has_a_placeholder_and_the_tool_the_number),
		CASE(a_number_that_cannot_be_one_is_not_valid),
		CASE(a_cvv_is_there_once),
		CASE(the_line_is_silent_until_the_last_tone_is_over),
		CASE(nothing_of_it_is_in_the_journal_or_a_snapshot),
		CASE(what_never_came_meanwhile_is_told_apart),
		CASE(another_socket_hides_them_as_well),
		CASE(what_is_pressed_behind_words_instead_is_told_nobody),
		CASE(a_ninth_number_takes_the_place_of_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

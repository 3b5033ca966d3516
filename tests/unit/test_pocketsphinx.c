/* PocketSphinx: the grammar made of a flow; recorded voices inside and outside of it; refusals, ceilings, cancel and close.
 * Recordings of Debian's packages: asterisk-core-sounds-en-wav, pocketsphinx-testdata, alsa-utils. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "providers/pocketsphinx/confidence.h"
#include "providers/pocketsphinx/grammar.h"
#include "providers/pocketsphinx/pocketsphinx.h"

#include "deadline.h"
#include "recordings.h"

#define SOUNDS "/usr/share/asterisk/sounds/en_US_f_Allison/"

static const char flow[] =
	"{\"format\":1,\"steps\":[{\"name\":\"a\",\"kind\":\"ask\",\"text\":[\"Which day?\"],\"confirm\":[{\"ref\":\"a\"},\". Is that right?\"],\"expect\":{\"kind\":\"date\"}},"
	"{\"expect\":{\"kind\":\"time\"}},{\"expect\":{\"kind\":\"free\"}},{\"text\":[{\"ref\":\"b\"},\".\"],\"again\":[\"Keep it, or move it?\"],\"expect\":{\"kind\":\"choice\",\"options\":["
	"{\"value\":\"keep\",\"words\":[\"Keep it\",\"I'll be there\",\"24 hours\"]},{\"value\":\"move\",\"words\":[\"postpone frobnication\"]}]}}],"
	"\"anytime\":[{\"name\":\"human\",\"words\":[\"an operator\"],\"go\":\"x\"}],"
	"\"voicemail\":{\"words\":[\"leave your message\",\"After the tone\",\"hang up or press\",\"available to take your call\"],\"go\":\"x\"}}";

struct heard {
	struct stt_stream *op;
	char final[200], partial[200], judged[200];
	const char *const *sentences; /* that partials may be; NULL: any */
	double confidence;
	uint64_t from, to;
	size_t partials, worded, finals, ends, rests, works;
	bool is_resting;
	enum err why;
};

/* How surely is another test's (test_pocketsphinx_options.c). */
static void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	struct heard *h = arg;
	size_t mark = sizeof(HEARD_UNSURE) - 1;

	if (len > mark && !memcmp(text, HEARD_UNSURE, mark)) {
		text += mark;
		len -= mark;
	}

	assert_true(from <= to);
	assert_false(h->is_resting);
	assert_int_not_equal(kind, TRANSCRIPT_END);
	if (kind == TRANSCRIPT_PARTIAL) {
		snprintf(h->partial, sizeof(h->partial), "%.*s", (int)len, text);
		h->partials++;
		h->worded += len > 0;
		for (size_t i = 0; h->sentences && len; i++) {
			assert_non_null(h->sentences[i]);
			if (!strcmp(h->partial, h->sentences[i]))
				break;
		}
		return;
	}
	h->finals++;
	if (!len && h->final[0])
		return; /* it was closed before it was asked for: nothing came since */
	snprintf(h->final, sizeof(h->final), "%.*s", (int)len, text);
	h->from = from;
	h->to = to;
}

static void on_ended(void *arg, enum err why)
{
	struct heard *h = arg;

	assert_null(h->op);
	h->why = why;
	h->ends++;
}

static void on_judged(void *arg, const struct pocketsphinx_judged *judged)
{
	struct heard *h = arg;

	if (!judged->text[0] && h->judged[0])
		return;
	snprintf(h->judged, sizeof(h->judged), "%s", judged->text);
	h->confidence = judged->confidence;
}

static void on_rests(void *arg, bool rests)
{
	struct heard *h = arg;

	assert_int_not_equal(rests, h->is_resting); /* in turn */
	h->is_resting = rests;
	*(rests ? &h->rests : &h->works) += 1;
}

static const struct stt_events events = { .transcript = on_transcript, .ended = on_ended };

struct fixture {
	uv_loop_t loop;
	struct pocketsphinx *p;
	struct heard h;
};

/* A recogniser of what the options say, whose rest and judgement the fixture hears of. */
static void fixture_open(struct fixture *x, struct pocketsphinx_options options)
{
	struct err_detail detail = { 0 };

	memset(x, 0, sizeof(*x));
	x->h.is_resting = true;
	uv_loop_init(&x->loop);
	options.rests = on_rests;
	options.judged = on_judged;
	options.arg = &x->h;
	if (pocketsphinx_open(&x->p, &x->loop, &options, &detail))
		fail_msg("%s %s", detail.message, detail.where);
}

static void fixture_init(struct fixture *x)
{
	fixture_open(x, (struct pocketsphinx_options){ .flow = flow, .flow_len = sizeof(flow) - 1 });
}

static void fixture_fini(struct fixture *x)
{
	pocketsphinx_close(&x->p);
	assert_null(x->p);
	uv_run(&x->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&x->loop), 0);
}

/* A stream hears this between two silences, faster than real time, and gives its final. */
static void hear_sound(struct fixture *x, const uint8_t *ulaw, size_t count)
{
	size_t finals = x->h.finals;

	x->h.final[0] = x->h.judged[0] = '\0';
	if (!x->h.op)
		assert_int_equal(pocketsphinx_stt.start(x->p, &x->h.op, "en-US", &events, &x->h), ERR_NONE);
	pocketsphinx_stt.push(x->h.op, NULL, 1600);
	pocketsphinx_stt.push(x->h.op, ulaw, count);
	pocketsphinx_stt.push(x->h.op, NULL, 2400);
	pocketsphinx_stt.finalize(x->h.op);
	while ((x->h.finals == finals || !x->h.is_resting) && !x->h.ends)
		uv_run(&x->loop, UV_RUN_ONCE);
	assert_int_equal(x->h.ends, 0);
}

static void hear(struct fixture *x, const char *path)
{
	struct recording r = { 0 };
	struct buf ulaw;

	snprintf(r.path, sizeof(r.path), "%s", path);
	buf_init(&ulaw, RECORDING_MAX_BYTES);
	assert_true(recording_load(&r, &ulaw));
	hear_sound(x, ulaw.data, ulaw.len);
	buf_fini(&ulaw);
}

static void inside_is_understood(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	hear(&x, SOUNDS "digits/mon-8.wav");
	assert_string_equal(x.h.final, "september");
	assert_string_equal(x.h.judged, "september");
	assert_true(x.h.confidence >= 0.5);
	assert_true(x.h.from >= 1600 && x.h.to > x.h.from + 2000);
	assert_true(x.h.partials > 0);
	fixture_fini(&x);
}

static void outside_is_not(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	hear(&x, SOUNDS "tt-weasels.wav");
	assert_string_equal(x.h.final, "");
	assert_true(x.h.judged[0] != '\0');
	assert_true(x.h.confidence < 0.5);
	fixture_fini(&x);
}

/* A stream hears one utterance after another; positions go on; silence between them is an empty final. */
static void utterances_follow(void **state)
{
	struct fixture x;
	uint64_t to;

	(void)state;
	fixture_init(&x);
	hear(&x, SOUNDS "digits/mon-8.wav");
	to = x.h.to;
	x.h.confidence = 1;
	hear(&x, SOUNDS "silence/1.wav");
	assert_string_equal(x.h.final, "");
	assert_true(x.h.confidence < 0.5);
	hear(&x, SOUNDS "digits/day-3.wav");
	assert_string_equal(x.h.final, "wednesday");
	assert_true(x.h.from > to + 8000);
	assert_true(x.h.finals >= 3);
	fixture_fini(&x);
}

/* A machine's sentences: the words of the book, and around them what such sentences have. */
static void a_machine_is_understood(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	hear(&x, SOUNDS "vm-nobodyavail.wav");
	assert_string_equal(x.h.final, "nobody is available to take your call at the moment");
	hear(&x, SOUNDS "vm-intro.wav");
	assert_string_equal(x.h.final, "please leave your message after the tone when done hang up or press the pound key");
	fixture_fini(&x);
}

/* Nobody asks for the final of what was not understood: silence closes it, and the next words are heard alone. Meanwhile the stream
 * shows that it lives: a partial for each 200 ms. */
static void silence_closes_what_was_not_understood(void **state)
{
	struct recording r = { 0 };
	struct fixture x;
	struct buf ulaw;
	size_t at;

	(void)state;
	fixture_init(&x);
	buf_init(&ulaw, RECORDING_MAX_BYTES);
	snprintf(r.path, sizeof(r.path), "%s", SOUNDS "tt-weasels.wav");
	assert_true(recording_load(&r, &ulaw));
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.push(x.h.op, NULL, 1600);
	for (at = 0; at + 1600 <= ulaw.len; at += 1600) {
		pocketsphinx_stt.push(x.h.op, ulaw.data + at, 1600);
		while (!x.h.is_resting)
			uv_run(&x.loop, UV_RUN_ONCE);
	}
	assert_true(x.h.partials >= at / 1600 / 2);
	assert_int_equal(x.h.finals, 0);
	pocketsphinx_stt.push(x.h.op, NULL, (POCKETSPHINX_CLOSE_MS + 100) * 8);
	while (!x.h.finals)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_string_equal(x.h.final, "");
	assert_true(x.h.confidence < 0.5);
	buf_fini(&ulaw);
	hear(&x, SOUNDS "digits/day-3.wav");
	assert_string_equal(x.h.final, "wednesday");
	assert_int_equal(x.h.finals, 2);
	fixture_fini(&x);
}

/* As it is spoken: what is heard of each 100 ms is told before the next. Then so much silence, and nobody asks for the final. */
static void speak(struct fixture *x, const char *path, unsigned int silence_ms)
{
	struct recording r = { 0 };
	struct buf ulaw;

	snprintf(r.path, sizeof(r.path), "%s", path);
	buf_init(&ulaw, RECORDING_MAX_BYTES);
	assert_true(recording_load(&r, &ulaw));
	pocketsphinx_stt.push(x->h.op, NULL, 4000);
	for (size_t at = 0; at < ulaw.len + silence_ms * 8; at += 800) {
		size_t left = at < ulaw.len ? ulaw.len - at : 0;

		pocketsphinx_stt.push(x->h.op, left ? ulaw.data + at : NULL, left && left < 800 ? left : 800);
		while (!x->h.is_resting)
			uv_run(&x->loop, UV_RUN_ONCE);
	}
	buf_fini(&ulaw);
}

/* A partial may become the turn: it is a whole sentence or nothing, never the half of one that the final cannot be. */
static void partials_are_sentences(void **state)
{
	static const char *const sentences[] = { "another day please", "another day after that", "please", NULL };
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .phrases = sentences, .phrase_count = 3 });
	x.h.sentences = sentences;
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	speak(&x, "flite:another day please", 100);
	assert_true(x.h.partials >= 4);
	assert_true(x.h.worded > 0);
	assert_string_equal(x.h.partial, "another day please");
	fixture_fini(&x);
}

/* Plain words of a voice that the weights' recorded ones are not. */
static void a_plain_yes_is_understood(void **state)
{
	static const char keep[] = "Keep it, or move it?";
	static const char *const words[][2] = {
		{ "flite:yes", "yes" }, /* its "s" lies above what a telephone carries */
		{ "flite:yes please", "yes please" },
		{ "flite:yes speaking", "yes speaking" },
		{ "flite:no thank you", "no thank you" },
	};
	struct fixture x;

	(void)state;
	fixture_init(&x);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.asked(x.h.op, keep, sizeof(keep) - 1);
		x.h.final[0] = '\0';
		speak(&x, words[i][0], POCKETSPHINX_CLOSE_MS + 200);
		assert_string_equal(x.h.final, words[i][1]);
		pocketsphinx_stt.cancel(&x.h.op);
	}
	fixture_fini(&x);
}

static const char who[] = "Is that you?";

/* Whoever greets has not said no, however a "hello" ends. */
static void a_greeting_is_no_answer(void **state)
{
	static const char one[] = "{\"format\":1,\"steps\":[{\"text\":[\"Is that you?\"],\"expect\":{\"kind\":\"yes_no\"}}]}";
	static const char *const words[][2] = {
		{ "flite:hello", "hello" }, { SOUNDS "hello.wav", "hello" }, { "flite:hello hello", "hello hello" }, { "flite:hi there", "hi there" },
		{ "flite:hello there", "hello there" }, { "flite:hello yes", "hello yes" }, { "flite:hello speaking", "hello speaking" },
	};
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .flow = one, .flow_len = sizeof(one) - 1 });
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.asked(x.h.op, who, sizeof(who) - 1);
		hear(&x, words[i][0]);
		assert_string_equal(x.h.final, words[i][1]);
		pocketsphinx_stt.cancel(&x.h.op);
	}
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.asked(x.h.op, who, sizeof(who) - 1);
	hear(&x, "flite:hello no");
	assert_null(strstr(x.h.final, "i ")); /* nor is what is not in the grammar a yes */
	assert_null(strstr(x.h.final, "yes"));
	fixture_fini(&x);
}

/* Each in one stream: what was learnt of the line from one short word takes nothing from the next. */
static void a_no_behind_a_yes_is_understood(void **state)
{
	static const char *const words[] = { "yes", "no", "no", "yes please", "no", "no thank you", "no" };
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.asked(x.h.op, "Keep it, or move it?", 20);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char said[64];

		snprintf(said, sizeof(said), "flite:%s", words[i]);
		hear(&x, said);
		assert_string_equal(x.h.final, words[i]);
		assert_true(x.h.confidence >= 0.7);
	}
	fixture_fini(&x);
}

static const char account[] =
	"{\"format\":1,\"steps\":[{\"text\":[\"Is that you?\"],\"expect\":{\"kind\":\"yes_no\"}},{\"text\":[\"Which number?\"],\"expect\":{\"kind\":\"digits\",\"min\":4,\"max\":10}},"
	"{\"text\":[\"How much?\"],\"expect\":{\"kind\":\"amount\"}},{\"text\":[\"What time?\"],\"expect\":{\"kind\":\"time\"}},{\"text\":[\"Which day?\"],\"expect\":{\"kind\":\"date\"}}],"
	"\"voicemail\":{\"words\":[\"at the tone\",\"leave your message\"],\"go\":\"x\"}}";

/* A short "four" and a cut "six" are words of their own, for questions of digits, amounts and times; elsewhere they made a machine's sentence of what
 * was none. */
static void a_telephones_digits_are_heard_where_they_were_asked_for(void **state)
{
	static const char *const numbers[][3] = {
		{ "Which number?", "flite:four five four five", "four five four five" },
		{ "Which number?", "flite:seven four five", "seven four five" },
		{ "How much?", SOUNDS "digits/7.wav+" SOUNDS "digits/hundred.wav+" SOUNDS "digits/30.wav", "seven hundred thirty" },
		{ "What time?", SOUNDS "digits/at.wav+" SOUNDS "digits/6.wav+" SOUNDS "digits/20.wav", "at six twenty" },
	};
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .flow = account, .flow_len = sizeof(account) - 1 });
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.asked(x.h.op, "Is that you?", 12);
	hear(&x, SOUNDS "tt-weasels.wav");
	assert_string_equal(x.h.final, "");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		pocketsphinx_stt.cancel(&x.h.op);
		assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.asked(x.h.op, numbers[i][0], strlen(numbers[i][0]));
		hear(&x, numbers[i][1]);
		assert_string_equal(x.h.final, numbers[i][2]);
	}
	fixture_fini(&x);
}

static const char customer[] = "{\"format\":1,\"steps\":[{\"text\":[\"What is your customer number?\"],\"expect\":{\"kind\":\"digits\",\"min\":4,\"max\":10}},"
	"{\"text\":[\"And the security code on your card?\"],\"expect\":{\"kind\":\"digits\",\"min\":3,\"max\":3}},"
	"{\"text\":[\"Is your number fine?\"],\"expect\":{\"kind\":\"yes_no\"}}],\"anytime\":[{\"words\":[\"an operator\"]}]}";

/* A number is announced, by the name that the question has for it too; and the first digit is no silence. */
static void an_announced_number_is_heard(void **state)
{
	static const char *const numbers[][2] = {
		{ "flite:my number is nine nine two one", "my number is nine nine two one" },
		{ "flite:two zero two five five five zero one four three", "two zero two five five five zero one four three" },
		{ "flite:two zero five one", "two zero five one" },
		{ "flite:zero zero seven four", "zero zero seven four" },
	};
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .flow = customer, .flow_len = sizeof(customer) - 1 });
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.asked(x.h.op, "What is your customer number?", 29);
		hear(&x, numbers[i][0]);
		assert_string_equal(x.h.final, numbers[i][1]);
		pocketsphinx_stt.cancel(&x.h.op);
	}
	fixture_fini(&x);
}

static bool grammar_has(const char *of, int question, const char *words)
{
	struct buf out;
	struct grammar_facts facts;
	bool has;

	buf_init(&out, GRAMMAR_MAX_BYTES);
	assert_int_equal(grammar_from_flow(&out, of, strlen(of), question, &facts, NULL), ERR_NONE);
	has = strstr(buf_str(&out), words) != NULL;
	buf_fini(&out);
	return has;
}

static void a_number_is_called_as_the_question_calls_it(void **state)
{
	(void)state;
	assert_true(grammar_has(customer, 0, "(my_lead | the_lead) customer_lead number_lead is_lead"));
	assert_true(grammar_has(customer, 0, "(my_lead | the_lead) number_lead is_lead"));
	assert_false(grammar_has(customer, 1, "customer_lead"));
	assert_true(grammar_has(customer, -1, "customer_lead")); /* the dictionary is made of it */
	assert_false(grammar_has(customer, 2, "_lead"));
	assert_true(grammar_is_lead("number_lead"));
	assert_false(grammar_is_lead("number"));
	assert_false(grammar_is_lead("four_tel"));
}

static bool has_telephone_digits(int question)
{
	struct buf out;
	struct grammar_facts facts;
	bool has;

	buf_init(&out, GRAMMAR_MAX_BYTES);
	assert_int_equal(grammar_from_flow(&out, account, sizeof(account) - 1, question, &facts, NULL), ERR_NONE);
	has = strstr(buf_str(&out), "six_tel") != NULL;
	buf_fini(&out);
	return has;
}

static void telephone_digits_follow_the_question(void **state)
{
	(void)state;
	assert_true(has_telephone_digits(1));
	assert_true(has_telephone_digits(2));
	assert_true(has_telephone_digits(3));
	assert_false(has_telephone_digits(4));
	assert_false(has_telephone_digits(0));
	assert_false(has_telephone_digits(-1));
	assert_true(grammar_is_digit("six_tel"));
	assert_true(grammar_is_digit("four_tel(2)"));
	assert_false(grammar_is_digit("sixteen"));
	assert_true(grammar_is_machine("tone_vm"));
	assert_false(grammar_is_machine("six_tel"));
}

static const char closing[] =
	"{\"format\":1,\"steps\":[{\"kind\":\"ask\",\"text\":[\"Which day?\"],\"expect\":{\"kind\":\"date\"}},{\"kind\":\"ask\",\"text\":[\"At what time?\"],\"expect\":{\"kind\":\"time\"}},"
	"{\"kind\":\"ask\",\"text\":[\"Is that right?\"],\"expect\":{\"kind\":\"yes_no\"}},{\"kind\":\"goodbye\",\"text\":[\"Done. We will see you on \",{\"ref\":\"day\"},\". Goodbye.\"]}]}";

/* Behind the goodbye thanks are heard, and no day ("tenth noon" was "thank you"). */
static void thanks_are_heard_over_the_goodbye(void **state)
{
	static const char *const words[] = { "thank you", "thanks", "okay thanks", "thank you bye", "okay" };
	static const char said[] = "Done. We will see you on Friday. Goodbye.";
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .flow = closing, .flow_len = sizeof(closing) - 1 });
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char voice[64];

		snprintf(voice, sizeof(voice), "flite:%s", words[i]);
		assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.asked(x.h.op, said, sizeof(said) - 1);
		hear(&x, voice);
		assert_string_equal(x.h.final, words[i]);
		pocketsphinx_stt.cancel(&x.h.op);
	}
	fixture_fini(&x);
}

static const char thanking[] = "{\"format\":1,\"steps\":[{\"kind\":\"say\",\"text\":[\"Thank you, it is noted.\"]},"
	"{\"kind\":\"goodbye\",\"text\":[\"Thank you, it is done. Come on \",{\"ref\":\"day\"},\". Goodbye.\"]}]}";

static void courtesies_follow_the_goodbye(void **state)
{
	(void)state;
	assert_true(grammar_has(closing, 3, "<greeting> | <courtesy>;"));
	assert_false(grammar_has(closing, 3, "<date>"));
	assert_false(grammar_has(closing, 3, "<time>"));
	assert_false(grammar_has(closing, 0, "<courtesy>"));
	assert_true(grammar_has(closing, -1, "<courtesy>")); /* the dictionary is made of it */
	assert_false(grammar_has(customer, -1, "<courtesy>"));
	assert_int_equal(grammar_question(closing, sizeof(closing) - 1, "We will see you on Friday. Goodbye.", 35), 3);
	assert_int_equal(grammar_question(closing, sizeof(closing) - 1, "It is noted. Is that right?", 27), 2);
	assert_int_equal(grammar_question(closing, sizeof(closing) - 1, "Done.", 5), -1); /* "thank you" begins questions too */
	assert_int_equal(grammar_question(thanking, sizeof(thanking) - 1, "Let me see. Thank you, it is done.", 34), 1);
	assert_int_equal(grammar_question(thanking, sizeof(thanking) - 1, "Thank you", 9), -1);
}

static const char choice[] =
	"{\"format\":1,\"steps\":[{\"text\":[\"Gas, savings, or shall we send somebody?\"],\"expect\":{\"kind\":\"choice\",\"options\":["
	"{\"value\":\"gas\",\"words\":[\"gas\"]},{\"value\":\"savings\",\"words\":[\"savings\",\"reservation\"]},{\"value\":\"visit\",\"words\":[\"send somebody\",\"frobnication\"]}]}},"
	"{\"text\":[\"Is that you?\"],\"expect\":{\"kind\":\"yes_no\"}}],\"anytime\":[{\"words\":[\"a person\"],\"go\":\"x\"}]}";

/* What a telephone leaves of "s", "z" and "sh" is no reason not to be heard, where these words were asked for. */
static void short_options_are_heard_over_a_telephone(void **state)
{
	static const char *const words[] = { "gas", "savings", "send somebody", "reservation" };
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .flow = choice, .flow_len = sizeof(choice) - 1 });
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char said[64];

		snprintf(said, sizeof(said), "flite:%s", words[i]);
		assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.asked(x.h.op, "Gas, savings, or shall we send somebody?", 40);
		hear(&x, said);
		assert_string_equal(x.h.final, words[i]);
		pocketsphinx_stt.cancel(&x.h.op);
	}
	fixture_fini(&x);
}

static void a_telephones_words_follow_the_question(void **state)
{
	static const int questions[] = { 0, 1, -1 };
	struct grammar_facts facts;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		buf_init(&out, GRAMMAR_MAX_BYTES);
		assert_int_equal(grammar_from_flow(&out, choice, sizeof(choice) - 1, questions[i], &facts, NULL), ERR_NONE);
		assert_int_equal(strstr(buf_str(&out), "send_line somebody_line | frobnication_line") != NULL, !i);
		assert_null(strstr(buf_str(&out), "person_line")); /* no option */
		buf_fini(&out);
	}
}

/* However well the rest of a sentence is heard: that a machine speaks is believed of a phrase that was heard. */
static void a_machine_is_believed_by_its_phrase(void **state)
{
	struct hearing h = { .words = 8, .fit = -50, .lead = 7, .lead_middle = 1, .is_machine = true, .machine_lead = 12 };

	(void)state;
	assert_true(confidence_of(&h) >= 0.9);
	h.machine_lead = 48;
	assert_true(confidence_of(&h) < 0.5);
	h.is_machine = false;
	assert_true(confidence_of(&h) >= 0.9);
}

/* Half of a sentence is no partial, so nobody asks for its final: it comes long before that of what was not understood. */
static void half_a_sentence_is_closed_soon(void **state)
{
	static const char *const sentences[] = { "another day please leave your message", "cancel" };
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .phrases = sentences, .phrase_count = 2 });
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	speak(&x, "flite:another day please", POCKETSPHINX_CLOSE_PART_MS + 300);
	assert_int_equal(x.h.worded, 0);
	assert_int_equal(x.h.finals, 1);
	fixture_fini(&x);
}

/* It rests when all was told: a clock that skips may go on. */
static void rests_when_all_was_told(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	hear(&x, SOUNDS "digits/mon-8.wav");
	while (!x.h.is_resting)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(x.h.rests, x.h.works);
	pocketsphinx_stt.push(x.h.op, NULL, 80);
	assert_false(x.h.is_resting);
	pocketsphinx_stt.cancel(&x.h.op);
	assert_true(x.h.is_resting);
	fixture_fini(&x);
}

static void too_much_audio_ends_it(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.push(x.h.op, NULL, POCKETSPHINX_MAX_WAITING_SAMPLES + 1);
	while (!x.h.ends)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(x.h.why, ERR_LIMIT);
	assert_true(x.h.is_resting);
	fixture_fini(&x);
}

static void streams_have_a_ceiling(void **state)
{
	static struct stt_stream *ops[POCKETSPHINX_MAX_STREAMS + 1];
	struct fixture x;

	(void)state;
	fixture_init(&x);
	for (size_t i = 0; i < POCKETSPHINX_MAX_STREAMS; i++) {
		assert_int_equal(pocketsphinx_stt.start(x.p, &ops[i], "en", &events, &x.h), ERR_NONE);
		pocketsphinx_stt.cancel(&ops[i]);
	}
	assert_int_equal(pocketsphinx_stt.start(x.p, &ops[POCKETSPHINX_MAX_STREAMS], "en", &events, &x.h), ERR_BUSY);
	assert_null(ops[POCKETSPHINX_MAX_STREAMS]);
	fixture_fini(&x);
	assert_int_equal(x.h.ends + x.h.finals, 0);
}

static enum err open_with(struct fixture *x, const char *text, const char *const *phrases, size_t count, const char *models, struct err_detail *detail)
{
	struct pocketsphinx_options options = { .models = models, .flow = text, .flow_len = text ? strlen(text) : 0, .phrases = phrases, .phrase_count = count };
	struct pocketsphinx *p = NULL;
	enum err err = pocketsphinx_open(&p, &x->loop, &options, detail);

	pocketsphinx_close(&p);
	return err;
}

static void refuses(void **state)
{
	static const char *const odd[] = { "yes; <x>" }, *const fine[] = { "Yes, please", "no" };
	struct err_detail detail;
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "hi", &events, &x.h), ERR_NOTFOUND);
	assert_null(x.h.op);
	assert_int_equal(open_with(&x, NULL, fine, 2, NULL, &detail), ERR_NONE);
	assert_int_equal(open_with(&x, NULL, odd, 1, NULL, &detail), ERR_USAGE);
	assert_string_equal(detail.where, odd[0]);
	assert_int_equal(open_with(&x, NULL, fine, 2, "/nowhere", &detail), ERR_UNAVAILABLE);
	assert_non_null(strstr(detail.hint, "pocketsphinx-en-us"));
	assert_int_equal(open_with(&x, "[1", NULL, 0, NULL, &detail), ERR_FORMAT);
	assert_int_equal(open_with(&x, "{\"format\":2}", NULL, 0, NULL, &detail), ERR_FORMAT);
	assert_int_equal(open_with(&x, "{\"format\":1,\"steps\":[{\"expect\":{\"kind\":\"free\"}}]}", NULL, 0, NULL, &detail), ERR_USAGE);
	fixture_fini(&x);
}

static void words_are_counted(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(pocketsphinx_left_out(x.p), 1); /* 24 hours */
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en", &events, &x.h), ERR_NONE);
	while (!x.h.is_resting)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(pocketsphinx_guessed(x.p), 1);  /* frobnication */
	fixture_fini(&x);
}

/* Only the kinds that the flow asks for are in the grammar. */
static void grammar_follows_the_flow(void **state)
{
	static const char none[] = "{\"format\":1,\"steps\":[{\"expect\":{\"kind\":\"yes_no\"}}],\"voicemail\":null}";
	static const char day[] = "{\"format\":1,\"steps\":[{\"expect\":{\"kind\":\"date\"}}]}";
	struct buf out;
	struct grammar_facts facts;

	(void)state;
	buf_init(&out, GRAMMAR_MAX_BYTES);
	assert_int_equal(grammar_from_flow(&out, flow, sizeof(flow) - 1, -1, &facts, NULL), ERR_NONE);
	assert_non_null(strstr(buf_str(&out), "keep it | i'll be there | postpone frobnication | an operator"));
	assert_non_null(strstr(buf_str(&out), "<date> <time>"));
	assert_non_null(strstr(buf_str(&out), "<yes_no>")); /* the confirmation */
	assert_non_null(strstr(buf_str(&out), "<machine_word> = leave_vm your_vm message_vm | after_vm the_vm tone_vm | hang_vm up_vm or_vm press_vm | available_vm to_vm take_vm your_vm call_vm ;"));
	assert_null(strstr(buf_str(&out), "<amount>"));
	assert_null(strstr(buf_str(&out), "<digits>"));
	buf_reset(&out);
	assert_int_equal(grammar_from_flow(&out, none, sizeof(none) - 1, -1, &facts, NULL), ERR_NONE);
	assert_null(strstr(buf_str(&out), "<machine"));
	assert_non_null(strstr(buf_str(&out), "hello (yes"));
	buf_reset(&out);
	assert_int_equal(grammar_from_flow(&out, day, sizeof(day) - 1, -1, &facts, NULL), ERR_NONE);
	assert_non_null(strstr(buf_str(&out), "| <greeting>"));
	assert_null(strstr(buf_str(&out), "hello (yes")); /* there is none */
	buf_fini(&out);
}

static bool has_dates(int question)
{
	struct buf out;
	struct grammar_facts facts;
	bool has;

	buf_init(&out, GRAMMAR_MAX_BYTES);
	assert_int_equal(grammar_from_flow(&out, flow, sizeof(flow) - 1, question, &facts, NULL), ERR_NONE);
	has = strstr(buf_str(&out), "<date>") != NULL;
	assert_non_null(strstr(buf_str(&out), "<yes_no>"));
	assert_non_null(strstr(buf_str(&out), question == 3 ? "keep_line it_line" : "keep it"));
	buf_fini(&out);
	return has;
}

static int question_of(const char *said)
{
	return grammar_question(flow, sizeof(flow) - 1, said, strlen(said));
}

/* The agent's last words tell which question it is; numbers and days are heard where they were asked for. */
static void what_was_asked_is_heard(void **state)
{
	(void)state;
	assert_int_equal(question_of("Fine. Which day?"), 0);
	assert_int_equal(question_of("which  day"), 0);
	assert_int_equal(question_of("Monday the first. Is that right?"), 0);
	assert_int_equal(question_of("Do you keep it, or move it?"), 3);
	assert_int_equal(question_of("Which day? One moment."), -1);
	assert_int_equal(question_of(""), -1);
	assert_true(has_dates(-1));
	assert_true(has_dates(0));
	assert_true(has_dates(1)); /* with a time */
	assert_true(has_dates(2)); /* anything may follow */
	assert_false(has_dates(3));
}

/* "Wednesday" is a day when a day was asked for, and nothing where it was not; the next question changes that. */
static void hears_by_the_question(void **state)
{
	static const char day[] = "Which day?", keep[] = "Keep it, or move it?";
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.asked(x.h.op, keep, sizeof(keep) - 1);
	hear(&x, SOUNDS "digits/day-3.wav");
	assert_null(strstr(x.h.judged, "wednesday"));
	pocketsphinx_stt.asked(x.h.op, day, sizeof(day) - 1);
	hear(&x, SOUNDS "digits/day-3.wav");
	assert_string_equal(x.h.final, "wednesday");
	fixture_fini(&x);
}

/* Groups with pauses are one number: a final is asked for in each pause and tells what is new. No courtesy takes a digit's place. */
static void a_number_in_groups_is_understood(void **state)
{
	static const char digits[] = "{\"format\":1,\"steps\":[{\"text\":[\"Which number?\"],\"expect\":{\"kind\":\"digits\",\"min\":4,\"max\":10}}],\"anytime\":[{\"words\":[\"an operator\"]}]}";
	static const char *const groups[] = {
		SOUNDS "digits/3.wav+" SOUNDS "digits/0.wav+" SOUNDS "digits/3.wav",
		SOUNDS "digits/8.wav+" SOUNDS "digits/8.wav+" SOUNDS "digits/3.wav+" SOUNDS "digits/6.wav",
		SOUNDS "digits/8.wav+" SOUNDS "digits/5.wav+" SOUNDS "digits/9.wav",
	};
	static const char *const words[] = { "three zero three", "eight eight three six", "eight five nine" };
	struct fixture x;

	(void)state;
	fixture_open(&x, (struct pocketsphinx_options){ .flow = digits, .flow_len = sizeof(digits) - 1 });
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en-US", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.asked(x.h.op, "Which number?", 13);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		hear(&x, groups[i]);
		assert_string_equal(x.h.final, words[i]);
	}
	fixture_fini(&x);
}

static void cancel_and_close(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.push(x.h.op, NULL, 8000);
	pocketsphinx_stt.finalize(x.h.op);
	pocketsphinx_stt.cancel(&x.h.op);
	assert_null(x.h.op);
	pocketsphinx_stt.cancel(&x.h.op);
	assert_int_equal(pocketsphinx_stt.start(x.p, &x.h.op, "en", &events, &x.h), ERR_NONE);
	pocketsphinx_stt.finalize(x.h.op);
	fixture_fini(&x);
	assert_null(x.h.op);
	assert_int_equal(x.h.ends + x.h.finals, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inside_is_understood),     cmocka_unit_test(outside_is_not),   cmocka_unit_test(utterances_follow),
		cmocka_unit_test(a_machine_is_understood),  cmocka_unit_test(silence_closes_what_was_not_understood),
		cmocka_unit_test(partials_are_sentences), cmocka_unit_test(a_plain_yes_is_understood),
		cmocka_unit_test(a_greeting_is_no_answer), cmocka_unit_test(a_no_behind_a_yes_is_understood),
		cmocka_unit_test(a_telephones_digits_are_heard_where_they_were_asked_for), cmocka_unit_test(thanks_are_heard_over_the_goodbye),
		cmocka_unit_test(courtesies_follow_the_goodbye),
		cmocka_unit_test(telephone_digits_follow_the_question),
		cmocka_unit_test(a_number_is_called_as_the_question_calls_it),
		cmocka_unit_test(short_options_are_heard_over_a_telephone), cmocka_unit_test(a_telephones_words_follow_the_question),
		cmocka_unit_test(a_machine_is_believed_by_its_phrase), cmocka_unit_test(half_a_sentence_is_closed_soon),
		cmocka_unit_test(rests_when_all_was_told),  cmocka_unit_test(too_much_audio_ends_it), cmocka_unit_test(streams_have_a_ceiling),
		cmocka_unit_test(refuses),                  cmocka_unit_test(words_are_counted), cmocka_unit_test(grammar_follows_the_flow),
		cmocka_unit_test(what_was_asked_is_heard), cmocka_unit_test(hears_by_the_question), cmocka_unit_test(a_number_in_groups_is_understood),
		cmocka_unit_test(cancel_and_close),
		cmocka_unit_test(an_announced_number_is_heard), /* last: what flite says depends on what it said before */
	};

	deadline_set(400);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

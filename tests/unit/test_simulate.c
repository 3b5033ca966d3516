/* The simulator: its world, its actors, its scripts; that whole calls run and are judged; and that the judge sees what is
 * broken: every guard that can be switched off must cost its promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "simulate/model.h"
#include "maskkit.h"
#include "simulate/run.h"
#include "simulate/sound.h"
#include "voice/journal/journal_read.h"

/* ---- the world ---- */

struct diary {
	struct world *world;
	uint64_t at[16];
	char order[16];
	uint32_t count;
};

struct entry {
	struct event event;
	struct diary *diary;
	char name;
};

static void on_entry(void *arg)
{
	struct entry *e = arg;

	e->diary->at[e->diary->count] = e->diary->world->now_us;
	e->diary->order[e->diary->count++] = e->name;
}

static void entries_init(struct entry *entries, size_t count, struct diary *d)
{
	size_t i;

	for (i = 0; i < count; i++)
		entries[i] = (struct entry){ { on_entry, &entries[i], 0 }, d, (char)('a' + i) };
}

static void test_world_order(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct diary d = { .world = w };
	struct entry e[6];

	(void)state;
	world_reset(w);
	entries_init(e, 6, &d);
	world_at(w, &e[0].event, 500);
	world_at(w, &e[1].event, 100);
	world_at(w, &e[2].event, 100); /* the same instant: in the order they were asked for */
	world_at(w, &e[3].event, 300);
	world_at(w, &e[4].event, 50);
	world_at(w, &e[5].event, 400);
	world_at(w, &e[0].event, 200); /* moved */
	world_forget(w, &e[5].event);
	world_forget(w, &e[5].event);
	assert_false(event_waits(&e[5].event));
	while (world_next(w))
		;
	d.order[d.count] = 0;
	assert_string_equal(d.order, "ebcad");
	assert_int_equal(d.at[0], 50);
	assert_int_equal(d.at[3], 200);
	assert_int_equal(w->now_us, 300);
	free(w);
}

static void test_world_heap(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct diary d = { .world = w };
	struct entry e[200];
	struct dice dice;
	uint64_t last = 0;
	unsigned int round, i;

	(void)state;
	world_reset(w);
	dice_init(&dice, 1, 2, ACTOR_PLAN);
	entries_init(e, 200, &d);
	for (round = 0; round < 50; round++)
		for (i = 0; i < 200; i++) {
			if (dice_chance(&dice, 20))
				world_forget(w, &e[i].event);
			else
				world_at(w, &e[i].event, dice_range(&dice, 1, 100000));
		}
	while (w->count) {
		d.count = 0;
		assert_true(world_next(w));
		assert_true(w->now_us >= last);
		last = w->now_us;
	}
	free(w);
}

static void test_dice(void **state)
{
	struct dice a, b, c;
	uint32_t seen[6] = { 0 }, i;

	(void)state;
	dice_init(&a, 7, 3, ACTOR_CALLER);
	dice_init(&b, 7, 3, ACTOR_CALLER);
	dice_init(&c, 7, 3, ACTOR_MODEL);
	for (i = 0; i < 100; i++)
		assert_int_equal(dice_next(&a), dice_next(&b));
	assert_int_not_equal(dice_next(&a), dice_next(&c)); /* an actor of its own */
	for (i = 0; i < 6000; i++)
		seen[dice_below(&a, 6)]++;
	for (i = 0; i < 6; i++)
		assert_in_range(seen[i], 850, 1150);
	for (i = 0; i < 1000; i++)
		assert_in_range(dice_range(&a, 5, 9), 5, 9);
}

/* ---- tagged sound ---- */

static void test_sound(void **state)
{
	uint8_t ulaw[512];
	uint32_t from, sound, position;

	(void)state;
	for (from = 0; from < 5000; from += 37) {
		sound_fill(ulaw, sizeof(ulaw), 0x1234, from);
		assert_true(sound_read(ulaw, sizeof(ulaw), &sound, &position));
		assert_int_equal(sound, 0x1234);
		assert_int_equal(position, from);
		assert_true(sound_read(ulaw + 201, 160, &sound, &position));
		assert_int_equal(position, from + 201);
		assert_null(memchr(ulaw, 0xff, sizeof(ulaw))); /* what pads a frame is none of it */
	}
	memset(ulaw, 0xff, sizeof(ulaw));
	assert_false(sound_read(ulaw, sizeof(ulaw), &sound, &position));
	assert_false(sound_read(ulaw, 8, &sound, &position));
}

/* ---- faults ---- */

static void test_faults(void **state)
{
	struct fault_plan p = { 0 };
	struct err_detail d;
	fault_set set;
	uint32_t i, struck = 0;

	(void)state;
	assert_int_equal(fault_set_parse(&set, "all", &d), ERR_NONE);
	assert_true(set == FAULT_ALL);
	assert_int_equal(fault_set_parse(&set, "none", &d), ERR_NONE);
	assert_true(set == 0);
	assert_int_equal(fault_set_parse(&set, "llm-stall,tts-mid", &d), ERR_NONE);
	assert_true(set == (FAULT_BIT(FAULT_LLM_STALL) | FAULT_BIT(FAULT_TTS_MID)));
	assert_int_equal(fault_set_parse(&set, "llm-stall,nonsense", &d), ERR_USAGE);
	assert_non_null(strstr(d.message, "nonsense"));
	p.armed = FAULT_BIT(FAULT_STT_DEAD);
	p.nth[FAULT_STT_DEAD] = 3;
	for (i = 0; i < 10; i++)
		struck += fault_strikes(&p, FAULT_STT_DEAD, 100 + i) ? i + 1 : 0;
	assert_int_equal(struck, 3); /* once, at the third chance */
	assert_false(fault_strikes(&p, FAULT_STT_LATE, 1));
	assert_true(fault_recent(&p, FAULT_STT_DEAD, 110, 8));
	assert_false(fault_recent(&p, FAULT_STT_DEAD, 111, 8));
	assert_true(fault_any_recent(&p, FAULTS_STT, 105, 10));
	assert_false(fault_any_recent(&p, FAULTS_LLM | FAULTS_TTS, 105, 10));
}

static void test_fault_facts(void **state)
{
	uint32_t i, k;

	(void)state;
	for (i = 0; i < FAULTS; i++) {
		assert_non_null(fault_facts[i].name);
		assert_non_null(fault_facts[i].help);
		assert_true(fault_facts[i].chances > 0);
		for (k = 0; k < i; k++)
			assert_string_not_equal(fault_facts[i].name, fault_facts[k].name);
	}
}

/* ---- scripts ---- */

static void test_scripts(void **state)
{
	struct brief b;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < script_count; i++) {
		const struct script *s = &scripts[i];

		script_brief(s, &b);
		assert_int_equal(b.tool_count, s->tool_count + 1);
		assert_int_equal(script_step_asked(s, s->greeting, strlen(s->greeting)), 0);
		for (k = 0; k < s->step_count; k++) { /* each question can be told from the others, and each tool is known */
			const struct script_step *step = &s->steps[k];

			assert_int_equal(script_step_asked(s, step->ask, strlen(step->ask)), (int)k);
			assert_true(!step->tool || script_tool_find(s, step->tool, strlen(step->tool)));
			assert_non_null(step->answers[0]);
		}
	}
}

static const char own[] = "# a call of one's own\n"
	"name mine\n"
	"agent Hello there. How are you?\n"
	"ask open How are you?\n"
	"answer fine | thank you\n"
	"ask yes-no Shall I book it?\n"
	"answer yes\n"
	"answer no\n"
	"tool book changes 700 it is booked\n"
	"at 2.5 nod mm-hm\n"
	"at 4 cough 300\n"
	"at 9 keys 12#\n"
	"fault llm-stall 2\n";

static void test_script_parse(void **state)
{
	struct err_detail d;
	struct script *s;

	(void)state;
	assert_int_equal(script_parse(&s, own, strlen(own), &d), ERR_NONE);
	assert_string_equal(s->name, "mine");
	assert_int_equal(s->step_count, 2);
	assert_int_equal(s->steps[1].kind, ANSWER_YES_NO);
	assert_string_equal(s->steps[1].answers[1], "no");
	assert_string_equal(s->steps[1].tool, "book");
	assert_true(s->tools[0].changes);
	assert_int_equal(s->tools[0].slow_ms, 700);
	assert_int_equal(s->cue_count, 3);
	assert_int_equal(s->cues[1].length_ms, 300);
	assert_int_equal(s->cues[0].at_us, 2500000);
	assert_string_equal(s->faults[0].name, "llm-stall");
	script_free(s);
}

static void test_script_mistakes(void **state)
{
	static const struct {
		const char *text, *where, *message;
	} cases[] = {
		{ "agent Hello?\nask what How?\n", "line 2", "what" },
		{ "agent Hello?\nask open No question\n", "line 2", "No question" },
		{ "agent Hello?\nask open Well, how?\n", "line 2", "Well, how?" },
		{ "answer yes\n", "line 1", "answer" },
		{ "agent Hi.\nask open How?\ntool book 5x done\n", "line 3", "5x" },
		{ "agent Hi.\nask open How?\nat 5 dance\n", "line 3", "dance" },
		{ "agent Hi.\nask open How?\nat 5 cough 300\nat 4 nod hm\n", "line 4", "before" },
		{ "agent Hi.\nask open How?\nat 5 keys 12x\n", "line 3", "12x" },
		{ "agent Hi.\nask open How?\nfault sunshine 1\n", "line 3", "sunshine" },
		{ "agent Hi.\nask open How?\nsing a song\n", "line 3", "sing" },
		{ "ask open How?\n", "line 1", "without a greeting" },
		{ "agent Hi.\n\n", "line 2", "without a question" },
		{ "", "line 1", "without either" },
		{ "agent Hi.\nagent\n", "line 2", "nothing behind it" },
		{ "agent Hi.\nask open How?\nanswer\n", "line 3", "without words" },
		{ "agent Hi.\n\nask open How?\nanswer so\n", "line 3", "ask: \"How?\" is the first question and does not stand in the agent's line" },
		{ "ask open How?\nask open Why?\nanswer so\nagent Why?\n", "line 1", "ask: \"How?\" is the first question" },
		{ "agent How?\nask open How?\nanswer so\nask open Why?\n", "line 4", "ask: \"Why?\" has no answer" },
		{ "agent How?\nask open How?\nask open Why?\nanswer so\n", "line 2", "ask: \"How?\" has no answer" },
		{ "agent How?\nask open How?\nanswer so\nat -5 nod hm\n", "line 4", "at: found \"-5\"" },
		{ "agent How?\nask open How?\nanswer so\nat 5. nod hm\n", "line 4", "at: found \"5.\"" },
		{ "agent How?\nask open How?\nanswer so\nat .5 nod hm\n", "line 4", "at: found \".5\"" },
		{ "agent How?\nask open How?\nanswer so\nat 1e1 nod hm\n", "line 4", "at: found \"1e1\"" },
		{ "agent How?\nask open How?\nanswer so\nat 0x5 nod hm\n", "line 4", "at: found \"0x5\"" },
		{ "agent How?\nask open How?\nanswer so\nat nan nod hm\n", "line 4", "at: found \"nan\"" },
		{ "agent How?\nask open How?\nanswer so\nat 1.2345 nod hm\n", "line 4", "at: found \"1.2345\"" },
		{ "agent How?\nask open How?\nanswer so\nat 1.2.3 nod hm\n", "line 4", "at: found \"1.2.3\"" },
		{ "agent How?\nask open How?\nanswer so\nat 1800.001 hangup\n", "line 4", "at: found \"1800.001\"" },
		{ "agent How?\nask open How?\nanswer so\nat 18446744073709551621 hangup\n", "line 4", "at: found \"18446744073709551621\"" },
		{ "agent How?\nask open How?\nanswer so\nat\n", "line 4", "at: found \"\"" },
		{ "agent How?\nask open How?\nanswer so\nat 5 cough 300.5\n", "line 4", "at: \"300.5\" is no length" },
		{ "agent How?\nask open How?\nanswer so\nfault llm-stall 1.5\n", "line 4", "fault: \"1.5\" is no count" },
		{ "agent How?\nask open How?\nanswer so\ntool book 7.5 done\n", "line 4", "tool: \"7.5 done\"" },
		{ "agent How?\nask open H\xc3\xb6w\xff?\n", "line 2", "ask: found byte 0xff at byte 14 of the line: this is no UTF-8" },
		{ "# \xc3\nagent How?\n", "line 1", "found byte 0xc3 at byte 3 of the line" },
	};
	struct err_detail d;
	struct script *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_not_equal(script_parse(&s, cases[i].text, strlen(cases[i].text), &d), ERR_NONE);
		assert_null(s);
		assert_string_equal(d.where, cases[i].where);
		assert_non_null(strstr(d.message, cases[i].message));
		assert_true(d.hint[0] != 0);
	}
	assert_int_equal(script_load(&s, "/nowhere/at/all", 1800000, &d), ERR_NOTFOUND);
}

/* The last moment of the longest call, by the setting; and a thousandth of a second more. */
static void test_script_within_the_call(void **state)
{
	static const char last[] = "agent How?\nask open How?\nanswer so\nat 1799.999 nod hm\nat 1800 hangup\n";
	char path[] = "/tmp/callfunnel-script-XXXXXX";
	int fd = mkstemp(path);
	struct err_detail d;
	struct script *s;

	(void)state;
	assert_true(fd >= 0 && write(fd, last, sizeof(last) - 1) == (ssize_t)sizeof(last) - 1);
	assert_int_equal(script_parse(&s, last, sizeof(last) - 1, &d), ERR_NONE);
	assert_int_equal(s->cues[0].at_us, 1799999000);
	script_free(s);
	assert_int_equal(script_load(&s, path, 1800000, &d), ERR_NONE);
	assert_int_equal(s->cues[1].at_us, 1800000000);
	script_free(s);
	assert_int_equal(script_load(&s, path, 1799999, &d), ERR_FORMAT);
	assert_non_null(strstr(d.where, "line 5"));
	assert_non_null(strstr(d.message, "at: found \"1800\""));
	assert_non_null(strstr(d.hint, "call.max_ms: 1799999 ms"));
	close(fd);
	unlink(path);
}

/* A byte 0 and one byte too much are found at their lines, too. */
static void test_script_no_text(void **state)
{
	static const char nul[] = "agent Hi.\nask open \0?\n";
	struct err_detail d;
	struct script *s;
	size_t len = SCRIPT_TEXT_MAX + 1;
	char *text = malloc(len);

	(void)state;
	assert_int_equal(script_parse(&s, nul, sizeof(nul) - 1, &d), ERR_FORMAT);
	assert_null(s);
	assert_string_equal(d.where, "line 2");
	assert_non_null(strstr(d.message, "byte 0"));
	assert_true(d.hint[0] != 0);
	assert_non_null(text);
	memset(text, '\n', len);
	assert_int_equal(script_parse(&s, text, len, &d), ERR_LIMIT);
	assert_string_equal(d.where, "line 65537");
	assert_true(d.message[0] && d.hint[0]);
	assert_int_equal(script_parse(&s, text, len - 1, &d), ERR_FORMAT);
	assert_non_null(strstr(d.message, "without either"));
	free(text);
}

/* Cut anywhere, changed anywhere: never more than a refusal. */
static void test_script_garbage(void **state)
{
	struct dice dice;
	struct err_detail d;
	struct script *s;
	char text[sizeof(own)];
	size_t i;

	(void)state;
	dice_init(&dice, 11, 0, ACTOR_CHECK);
	for (i = 0; i < 4000; i++) {
		size_t len = dice_below(&dice, sizeof(own));
		enum err err;

		memcpy(text, own, sizeof(own));
		text[dice_below(&dice, sizeof(own) - 1)] = (char)dice_below(&dice, 256);
		err = script_parse(&s, text, len, &d);
		assert_true(err ? s == NULL : s != NULL);
		script_free(s);
	}
}

/* ---- the model's mind ---- */

static struct request_block block(enum block_type type, const char *text)
{
	return (struct request_block){ .type = type, .text = text, .text_len = strlen(text) };
}

static void plan(const struct script *s, uint64_t seed, const struct request_block *blocks, size_t count, struct model_reply *r)
{
	struct masker *masker;
	struct masked_request request = maskkit_blocks(&masker, blocks, count);

	model_plan(s, seed, request.blocks, request.count, r);
	masker_free(&masker);
}

static bool says(const struct model_reply *r, const char *text)
{
	return memmem(r->text, r->len, text, strlen(text)) != NULL;
}

static void test_model_plan(void **state)
{
	const struct script *s = &scripts[0];
	struct model_reply r, again;
	struct request_block blocks[8];

	(void)state;
	blocks[0] = block(BLOCK_AGENT, s->greeting);
	blocks[1] = block(BLOCK_CALLER, "I need an appointment");
	plan(s, 1, blocks, 2, &r);
	assert_true(says(&r, s->steps[1].ask)); /* answered: the next question */
	plan(s, 1, blocks, 2, &again);
	assert_int_equal(r.len, again.len);
	assert_memory_equal(r.text, again.text, r.len); /* a second attempt says the same */
	blocks[1] = block(BLOCK_CALLER, "hello");
	plan(s, 1, blocks, 2, &r);
	assert_true(says(&r, s->steps[0].ask)); /* no answer: the same question */
	blocks[0] = block(BLOCK_AGENT, s->steps[2].ask);
	blocks[1] = block(BLOCK_CALLER, "two zero two");
	plan(s, 1, blocks, 2, &r);
	assert_int_equal(r.tool_count, 1); /* its tool, before anything else is asked */
	assert_string_equal(r.tools[0].name, "find_patient");
	assert_false(says(&r, s->steps[3].ask));
	blocks[2] = (struct request_block){ .type = BLOCK_TOOL_USE, .name = "find_patient", .name_len = 12, .text = "{}", .text_len = 2 };
	blocks[3] = block(BLOCK_TOOL_RESULT, "patient found since spring");
	plan(s, 1, blocks, 4, &r);
	assert_int_equal(r.tool_count, 0);
	assert_true(says(&r, "patient found since spring"));
	assert_true(says(&r, s->steps[3].ask));
}

/* Of two tools each is spoken of once, and again when it was not heard to its end. */
static void test_model_plan_tells_every_result(void **state)
{
	const struct script *s = &scripts[1];
	struct request_block blocks[7];
	struct model_reply r;

	(void)state;
	blocks[0] = block(BLOCK_AGENT, s->steps[5].ask);
	blocks[1] = block(BLOCK_CALLER, "four eight one");
	blocks[2] = (struct request_block){ .type = BLOCK_TOOL_USE, .turn = 1, .name = "check_code", .name_len = 10, .text = "{}", .text_len = 2 };
	blocks[3] = (struct request_block){ .type = BLOCK_TOOL_USE, .turn = 1, .index = 1, .name = "read_balance", .name_len = 12, .text = "{}", .text_len = 2 };
	blocks[4] = block(BLOCK_TOOL_RESULT, "code is right");
	blocks[5] = block(BLOCK_TOOL_RESULT, "balance is eighty");
	blocks[4].turn = blocks[5].turn = blocks[5].index = 1;
	plan(s, 1, blocks, 6, &r);
	assert_true(says(&r, "check code gave code is right"));
	assert_true(says(&r, "read balance gave balance is eighty"));
	blocks[6] = block(BLOCK_AGENT, "I see here for check code gave code is right. I see here for read balance");
	plan(s, 1, blocks, 7, &r);
	assert_false(says(&r, "code is right"));
	assert_true(says(&r, "read balance gave balance is eighty"));
	blocks[4].status = TOOL_ERROR;
	plan(s, 1, blocks, 7, &r);
	assert_true(says(&r, "check code did not work just now"));
}

/* What it said before a tool it says again when it does not see that it did, and only then. */
static void test_model_plan_says_what_it_does_not_see(void **state)
{
	const struct script *s = &scripts[0];
	static const char line[] = "Let me check that for you.";
	struct model_reply first, then;
	struct request_block blocks[5];
	uint64_t seed;
	uint32_t with = 0;

	(void)state;
	for (seed = 0; seed < 8; seed++) {
		blocks[0] = block(BLOCK_AGENT, s->steps[2].ask);
		blocks[1] = block(BLOCK_CALLER, "two zero two");
		plan(s, seed, blocks, 2, &first);
		blocks[2] = (struct request_block){ .type = BLOCK_TOOL_USE, .name = "find_patient", .name_len = 12, .text = "{}", .text_len = 2 };
		blocks[3] = block(BLOCK_TOOL_RESULT, "patient found since spring");
		plan(s, seed, blocks, 4, &then);
		assert_int_equal(says(&first, line), says(&then, line));
		with += says(&first, line);
		blocks[4] = blocks[3];
		blocks[3] = blocks[2];
		blocks[2] = block(BLOCK_AGENT, line);
		plan(s, seed, blocks, 5, &then);
		assert_false(says(&then, line));
		assert_true(says(&then, "patient found since spring"));
	}
	assert_in_range(with, 1, 7);
}

/* ---- whole calls ---- */

static void options_init(struct scene_options *o)
{
	*o = (struct scene_options){ .seed = 1, .faults = FAULT_ALL, .sabotage = -1, .ledger = -1 };
	call_settings_init(&o->settings);
}

static void failures_print(const struct run_result *r)
{
	uint32_t i;

	for (i = 0; i < r->verdict.failure_count; i++) {
		const struct failure_report *f = &r->verdict.failures[i];

		print_error("%s, call %llu, step %llu: %s\n", promise_facts[f->promise].name, (unsigned long long)f->call,
			(unsigned long long)f->step, f->what);
	}
	for (i = 0; i < r->crash_count && i < RUN_CRASHES; i++)
		print_error("call %llu died of signal %d\n", (unsigned long long)r->crashes[i].call, r->crashes[i].signal);
}

static struct run_result *calls_run(const struct scene_options *o, uint64_t calls, unsigned int jobs)
{
	struct run_result *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	assert_int_equal(run_calls(o, 0, calls, jobs, NULL, NULL, r), ERR_NONE);
	assert_int_equal(r->errors, 0);
	return r;
}

static void test_calls_are_kept(void **state)
{
	struct scene_options o;
	struct run_result *r;

	(void)state;
	options_init(&o);
	r = calls_run(&o, 120, 2);
	failures_print(r);
	assert_true(run_kept(r));
	assert_null(run_missed(r)); /* whole calls: long enough, with turns, tools, interruptions, nods */
	assert_true(r->totals.faults * 2 >= r->totals.calls);
	assert_true(r->totals.deaths > 0);
	free(r);
}

/* The same bytes, whatever the number of jobs. */
static void test_jobs_agree(void **state)
{
	struct scene_options o;
	struct run_result *a, *b;

	(void)state;
	options_init(&o);
	o.seed = 9;
	a = calls_run(&o, 40, 1);
	b = calls_run(&o, 40, 3);
	assert_memory_equal(&a->totals, &b->totals, sizeof(a->totals));
	assert_memory_equal(a->verdict.exercised, b->verdict.exercised, sizeof(a->verdict.exercised));
	assert_memory_equal(a->verdict.endpoints, b->verdict.endpoints, sizeof(a->verdict.endpoints));
	o.seed = 10;
	free(b);
	b = calls_run(&o, 40, 1);
	assert_true(a->totals.steps != b->totals.steps);
	free(a);
	free(b);
}

static void test_save_load(void **state)
{
	struct scene_options o;
	struct run_result *r;

	(void)state;
	options_init(&o);
	o.save_load = true;
	r = calls_run(&o, 60, 2);
	failures_print(r);
	assert_true(run_kept(r));
	assert_true(r->totals.saved > 60); /* in each call more than once, about */
	assert_true(r->verdict.exercised[SAVED] == r->totals.saved);
	free(r);
}

static void sabotage_must_fail(enum promise promise)
{
	struct scene_options o;
	struct run_result *r;

	options_init(&o);
	o.sabotage = (int)promise;
	r = calls_run(&o, 150, 2);
	if (!r->verdict.broken[promise])
		print_error("%s was switched off and nothing broke\n", promise_facts[promise].name);
	assert_true(r->verdict.broken[promise] > 0);
	assert_false(run_kept(r));
	free(r);
}

#define SABOTAGE(promise) \
	static void test_sabotage_##promise(void **state) \
	{ \
		(void)state; \
		sabotage_must_fail(promise); \
	}

SABOTAGE(P01)
SABOTAGE(P02)
SABOTAGE(P03)
SABOTAGE(P04)
SABOTAGE(P05)
SABOTAGE(P06)
SABOTAGE(P08)
SABOTAGE(P09)
SABOTAGE(P10)
SABOTAGE(P12)
SABOTAGE(P13)
SABOTAGE(P14)
SABOTAGE(P15)
SABOTAGE(P24)
SABOTAGE(N3)
SABOTAGE(N4)
SABOTAGE(N5)
SABOTAGE(N6)

/* ---- a script of one's own, and the judge's arithmetic ---- */

struct seen {
	uint32_t nods, held, keys;
};

static void on_trace(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct seen *s = arg;
	size_t i;

	(void)step;
	(void)in;
	for (i = 0; i < out->count; i++) {
		const struct call_output *o = &out->items[i];

		s->held += o->type == OUT_HOLD;
		s->nods += o->type == OUT_NOTE && o->kind == NOTE_NOD;
		s->keys += o->type == OUT_NOTE && o->kind == NOTE_KEYS;
	}
}

static void test_own_script(void **state)
{
	static const char text[] = "agent Hello there, this is a rather long greeting so that there is time to nod. How are you?\n"
		"ask open How are you?\nanswer fine thank you\nask digits What is your code number?\nanswer one two three\n"
		"at 1.2 nod mm-hm\nat 30 keys 12#\nat 60 hangup\n";
	struct scene_options o;
	struct err_detail d;
	struct script *s;
	struct run_result *r = calloc(1, sizeof(*r));
	struct seen seen = { 0 };

	(void)state;
	options_init(&o);
	assert_int_equal(script_parse(&s, text, strlen(text), &d), ERR_NONE);
	o.script = s;
	o.trace = on_trace;
	o.trace_arg = &seen;
	assert_int_equal(run_here(&o, 0, 1, r), ERR_NONE);
	failures_print(r);
	assert_true(run_kept(r));
	assert_int_equal(r->totals.faults, 0); /* none but those the script names */
	assert_true(seen.held > 0);
	assert_true(r->totals.nods == 1);
	assert_int_equal(seen.keys, r->totals.keys ? 1 : 0);
	free(r);
	script_free(s);
}

/* What the recogniser says of a number that is said once. */
struct digits_seen {
	uint32_t finals, doubled;
};

static void on_digits(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	static const char twice[] = "seven three eight seven";
	struct digits_seen *s = arg;

	(void)step;
	(void)out;
	if (in->type != IN_TRANSCRIPT)
		return;
	s->finals += in->kind != TRANSCRIPT_PARTIAL && in->text_len;
	s->doubled += memmem(in->text, in->text_len, twice, sizeof(twice) - 1) != NULL;
}

/* A new stream is given a past that wraps in the session's ring: in two parts. */
static void test_a_past_in_two_parts_is_understood_once(void **state)
{
	static const char text[] = "agent Hello, this is the office. What is the parcel number?\nask digits What is the parcel number?\n"
		"answer nine one four | seven three eight | five six\ntool send_it changes 300 sent\nask yes-no Is that all?\nanswer yes\nfault stt-missing 2\n";
	struct run_result *r = calloc(1, sizeof(*r));
	struct digits_seen seen = { 0 };
	struct scene_options o;
	struct err_detail d;
	struct script *s;

	(void)state;
	options_init(&o);
	assert_int_equal(script_parse(&s, text, strlen(text), &d), ERR_NONE);
	o.seed = 9;
	o.script = s;
	o.trace = on_digits;
	o.trace_arg = &seen;
	assert_int_equal(run_here(&o, 92, 1, r), ERR_NONE);
	assert_true(seen.finals > 1);
	assert_int_equal(seen.doubled, 0);
	free(r);
	script_free(s);
}

/* Calls of one script, in which that fault strikes after so many seconds. */
static struct run_result *script_run(const char *talk, const char *fault, int sabotage)
{
	struct run_result *r = calloc(1, sizeof(*r));
	struct scene_options o;
	struct err_detail d;
	struct script *s;
	char text[600];

	snprintf(text, sizeof(text), "%sfault %s\n", talk, fault);
	options_init(&o);
	assert_int_equal(script_parse(&s, text, strlen(text), &d), ERR_NONE);
	o.script = s;
	o.sabotage = sabotage;
	assert_int_equal(run_here(&o, 0, 20, r), ERR_NONE);
	assert_true(r->totals.faults >= 18);
	script_free(s);
	return r;
}

static struct run_result *line_run(const char *fault, int sabotage)
{
	return script_run("agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\n"
		"ask digits What is the parcel number?\nanswer two zero two | five five five\nask open What else can I do?\nanswer tell me a story\n",
		fault, sabotage);
}

static bool has_failed(const struct run_result *r, enum promise promise, const char *what)
{
	uint32_t i;

	for (i = 0; i < r->verdict.failure_count; i++)
		if (r->verdict.failures[i].promise == promise && strstr(r->verdict.failures[i].what, what))
			return true;
	return false;
}

static void parcel_run(const char *tool, const char *rest, enum promise promise, uint64_t least)
{
	struct run_result *r;
	char talk[500];

	snprintf(talk, sizeof(talk), "agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\n"
		"tool find_parcel %s\nask digits What is the parcel number?\nanswer two zero two | five five five\nask open What else can I do?\n"
		"answer tell me a story\n", tool);
	r = script_run(talk, rest, -1);
	failures_print(r);
	assert_true(run_kept(r));
	assert_true(r->verdict.exercised[promise] >= least);
	free(r);
}

/* While its tool runs the caller coughs and says more; the change of which nobody knows is asked for again. What the judge counts
 * there is more than what the same calls have without it. */
static void test_tools_that_leave_something_open(void **state)
{
	(void)state;
	parcel_run("changes 700 the parcel is here", "tool-unknown 1\nfault llm-again 1", P01, 20);
	parcel_run("changes 700 the parcel is here", "tool-unknown 1\nfault llm-repeat 1", P01, 20);
	parcel_run("changes 12000 the parcel is here", "tool-slow 1\nfault llm-again 1", P01, 10);
	parcel_run("6500 the parcel is here", "tool-slow 1", P12, 20); /* two fillers are due, or more */
}

/* Nothing comes, and no socket closes: the session's watch is all that helps. Without it the judge says so. */
static void test_F14_a_deaf_line_is_found_out(void **state)
{
	static const char *const faults[] = { "media-deaf 4", "media-deaf 9", "media-dead 4", "media-dead 9" };
	struct run_result *r;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		r = line_run(faults[i], -1);
		failures_print(r);
		assert_true(run_kept(r));
		assert_true(r->verdict.exercised[N6] >= 36); /* each call's end, and each line */
		assert_true(r->verdict.exercised[N4] == 20 && r->verdict.exercised[N3] == 20);
		free(r);
		r = line_run(faults[i], N6);
		assert_true(has_failed(r, N6, "is not taken for lost"));
		assert_true(i < 2 || has_failed(r, N6, "on a dead line"));
		free(r);
	}
}

/* ---- what the outputs do wrongly, the judge says ---- */

/* The outputs as a core would give them that does one thing wrongly; what follows from them is done. */
struct lie {
	uint64_t ear_sample; /* the end of the last chunk */
	uint32_t told;
};

static struct call_output *output_next(const struct call_outputs *out, size_t *i, enum output_type type, uint32_t kind)
{
	for (; *i < out->count; (*i)++)
		if (out->items[*i].type == type && (type != OUT_NOTE || out->items[*i].kind == kind))
			return (struct call_output *)&out->items[(*i)++];
	return NULL;
}

/* What is over had one word less than was to be said. */
static void on_word_lost(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	(void)in;
	while ((o = output_next(out, &i, OUT_NOTE, NOTE_HEARD))) {
		const char *space = o->number ? NULL : memrchr(o->text, ' ', o->text_len);

		o->text_len = space ? (size_t)(space - o->text) : o->text_len;
		lie->told += space != NULL;
	}
}

static void on_nod_answered(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	(void)in;
	while ((o = output_next(out, &i, OUT_NOTE, NOTE_NOD))) {
		o->kind = NOTE_TURN;
		lie->told++;
	}
}

/* What the caller said when he was asked, and nobody spoke, is forgotten. */
static void on_answer_nodded(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	(void)in;
	while ((o = output_next(out, &i, OUT_NOTE, NOTE_TURN))) {
		o->kind = NOTE_NOD;
		lie->told++;
	}
}

/* A tool takes long, and what the agent says meanwhile is no filler. */
static void on_filler_left_out(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	while (in->type == IN_TIMER && (o = output_next(out, &i, OUT_SPEAK, 0))) {
		o->text_len = 1;
		lie->told++;
	}
}

/* The caller hangs up in the middle of the goodbye, and the agent is said to have done so. */
static void on_hung_up(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	if (in->type == IN_HANGUP && (o = output_next(out, &i, OUT_HANGUP, 0))) {
		o->kind = END_AGENT;
		lie->told++;
	}
}

/* He says something over the agent's words and hangs up before his turn is over, and the agent is said to have parted. */
static void on_hung_up_over_words(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	if (in->type == IN_HANGUP && (o = output_next(out, &i, OUT_HANGUP, 0))) {
		o->kind = END_QUIET;
		lie->told++;
	}
}

/* A new recogniser hears what comes, and nothing of what came. */
static void on_listened_late(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	if (in->type == IN_VOICE)
		lie->ear_sample = in->position + VOICE_CHUNK_SAMPLES;
	while ((o = output_next(out, &i, OUT_LISTEN, 0))) {
		lie->told += o->position < lie->ear_sample;
		o->position = lie->ear_sample;
	}
}

/* Twenty calls of that script by these rules of the core, told as they are or wrongly. */
static struct run_result *lie_run(const char *text, int64_t rules, scene_trace_h *trace, struct lie *lie)
{
	struct run_result *r = calloc(1, sizeof(*r));
	struct scene_options o;
	struct err_detail d;
	struct script *s;

	*lie = (struct lie){ 0 };
	options_init(&o);
	assert_int_equal(script_parse(&s, text, strlen(text), &d), ERR_NONE);
	o.script = s;
	o.settings.call_rules = rules;
	o.settings.tool_timeout_ms = 30000;
	o.trace = trace;
	o.trace_arg = lie;
	assert_int_equal(run_here(&o, 0, 20, r), ERR_NONE);
	script_free(s);
	return r;
}

/* `text` in the place of whatever has `part` in it. */
static void say_instead(struct lie *lie, const struct call_outputs *out, const char *part, const char *text)
{
	struct call_output *o;
	size_t i = 0;

	while ((o = output_next(out, &i, OUT_SPEAK, 0))) {
		if (!memmem(o->text, o->text_len, part, strlen(part)))
			continue;
		o->text = text;
		o->text_len = strlen(text);
		lie->told++;
	}
}

/* Of two results one is never spoken of, though the model has both. */
static void on_result_unsaid(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	(void)step;
	(void)in;
	say_instead(arg, out, "check code gave", "Let us go on with what we have here now.");
}

/* … or, a turn later, spoken of once more. */
static void on_result_said_again(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	(void)step;
	(void)in;
	say_instead(arg, out, "Thank you for your time.", "I see here for read balance gave balance is eighty.");
}

/* Neither a result nor the question behind it is said: the answer is over, and nobody asked on. */
static void on_answer_unsaid(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	on_result_unsaid(arg, step, in, out);
	say_instead(arg, out, "What else", "That is what I have here now.");
}

/* The core shows knowledge of which nothing is known to have come. */
static void on_knowledge_made_up(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct lie *lie = arg;

	(void)step;
	(void)out;
	if (in->type != IN_KNOWLEDGE)
		return;
	((struct call_input *)in)->text_len = 0;
	lie->told++;
}

#define TWO_TOOLS "agent Hello. What is your code?\nask open What is your code?\nanswer it is the long road\ntool check_code 400 code is right\n" \
	"tool read_balance 700 balance is eighty\nask open What else can I do?\nanswer tell me a story\n"

static void test_the_judge_sees_what_is_done_wrongly(void **state)
{
	static const struct {
		const char *text;
		scene_trace_h *wrongly;
		enum promise promise;
		const char *what;
	} cases[] = {
		{ "agent Hello. What is your question?\nask open What is your question?\nanswer where is my parcel\n", on_word_lost, P05,
		  "its last 1 words were neither heard nor ordered again" },
		{ "agent Hello there, this is a rather long greeting so that there is time to nod, and some more. How are you?\nask open How are you?\n"
		  "answer fine\nat 1.2 nod mm-hm\n", on_nod_answered, P06, "a nod over the agent's words became a turn of the caller's: \"mm-hm\"" },
		{ "agent Can you press the button?\nask yes-no Can you press the button?\nanswer okay\n", on_answer_nodded, P06,
		  "a word said into silence was taken for a nod: \"okay\"" },
		{ "agent What is your question?\nask open What is your question?\nanswer where is my parcel\ntool find_parcel 5000 here\n", on_filler_left_out, P12,
		  "a tool runs, nobody speaks, and the filler that was due is not said" },
		{ "agent How are you?\nask open How are you?\nanswer fine\nat 7 hangup\n", on_hung_up, P05, "the agent hung up while utterance" },
		{ "agent Hello. How are you?\nask open How are you?\nanswer fine\nat 0.6 say hello\nat 1.5 hangup\n", on_hung_up_over_words, N5,
		  "the agent hung up, and the final words \"hello\" were neither answered nor taken for a nod" },
		{ "agent How are you?\nask open How are you?\nanswer I cannot get online and I need it | for my work today\nfault stt-dead 2\n",
		  on_listened_late, N5, "a new recogniser hears the caller from sample" },
		{ TWO_TOOLS, on_result_unsaid, P01, "the result of check_code (turn 1) was not told before the agent asked on" },
		{ TWO_TOOLS, on_result_said_again, P14, "the result of read_balance (turn 1) was told twice" },
		{ TWO_TOOLS, on_answer_unsaid, P01, "the result of check_code (turn 1) was not told in an answer that knew it" },
		{ TWO_TOOLS "fault knowledge-late 32\n", on_knowledge_made_up, P02, "a request has 1 pieces of knowledge, and 0 came in time" },
	};
	struct run_result *r;
	struct lie lie;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = lie_run(cases[i].text, 4, NULL, &lie);
		failures_print(r);
		assert_true(run_kept(r));
		assert_true(r->verdict.exercised[cases[i].promise] > 0);
		free(r);
		r = lie_run(cases[i].text, 4, cases[i].wrongly, &lie);
		assert_true(lie.told > 0);
		assert_true(has_failed(r, cases[i].promise, cases[i].what));
		free(r);
	}
}

/* What the core did by the rules of before breaks a promise now, and by those of today none. */
static void test_what_was_done_by_the_rules_of_before(void **state)
{
	static const struct {
		const char *text;
		enum promise promise;
		const char *what;
	} cases[] = {
		{ "agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\ntool find_parcel 12700 here\n"
		  "ask open What is the name of your street?\nanswer it is the long road\nask open What else can I do?\nanswer tell me a story\n"
		  "at 15.5 say are you there\n", P02,
		  "a tool's result came, the caller has not spoken for a second, and the model is not asked" },
		{ "agent Can you press the button?\nask yes-no Can you press the button?\nanswer okay\nask yes-no Does it work now?\nanswer yeah\n", P06,
		  "a word said into silence was taken for a nod" },
		{ "agent What is your question?\nask open What is your question?\nanswer where is my parcel\ntool find_parcel 5000 here\n", P12,
		  "a tool runs, nobody speaks, and the filler that was due is not said" },
		{ "agent What is the parcel number?\nask digits What is the parcel number?\nanswer nine one four | seven three eight | five six\n"
		  "tool send_it changes 300 sent\nask yes-no Is that all?\nanswer yes\nfault stt-missing 2\n", N5,
		  "the only partial words \"seven three eight\" were never shown to the model" },
	};
	struct run_result *r;
	struct lie lie;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = lie_run(cases[i].text, 4, NULL, &lie);
		failures_print(r);
		assert_true(run_kept(r));
		free(r);
		r = lie_run(cases[i].text, 3, NULL, &lie);
		assert_true(has_failed(r, cases[i].promise, cases[i].what));
		free(r);
	}
}

/* A disk that gets full again and again: what was shipped is deleted, and nothing that was not. The sink is what is judged. */
static void test_F06_a_small_disk_loses_nothing(void **state)
{
	struct run_result *r = line_run("disk-small 1", -1);

	(void)state;
	failures_print(r);
	assert_true(run_kept(r));
	assert_true(r->totals.deleted > 10 * r->totals.calls);
	assert_true(r->verdict.exercised[N4] == 20);
	free(r);
	r = line_run("disk-small 1\nfault sink-outage 6\nfault worker-death 16", -1);
	failures_print(r);
	assert_true(run_kept(r));
	assert_true(r->totals.deleted > 5 * r->totals.calls);
	free(r);
}

/* Nothing can be written while the agent books and the caller hangs up: no change but those the sink has, and the end comes later. */
static void test_F07_a_stopped_journal_lets_nothing_be_changed(void **state)
{
	static const char talk[] = "agent Hello, this is the post. What is your question?\nask open What is your question?\nanswer where is my parcel\n"
		"tool move_parcel changes 400 it lies in the lake house now\nask open What else can I do?\nanswer send me another one\n"
		"tool send_again changes 300 sent again\n";
	static const char *const faults[] = { "disk-stopped 5", "disk-stopped 8", "disk-stopped 12", "disk-stopped 8\nfault worker-death 12" };
	uint64_t changes = 0;
	struct run_result *r;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		r = script_run(talk, faults[i], -1);
		failures_print(r);
		assert_true(run_kept(r));
		assert_int_equal(r->verdict.exercised[N3], 20);
		assert_true(r->verdict.exercised[N6] >= 20);
		changes += r->totals.changes;
		free(r);
	}
	assert_true(changes >= 80);
}

/* Answers asked for ahead, and those of them that were whole while the words were still a partial. */
struct quick {
	uint32_t gen, whole, all;
	bool partial;
};

static void on_quick(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct quick *q = arg;
	struct call_output *o;
	size_t i = 0;

	(void)step;
	if (in->type == IN_TRANSCRIPT)
		q->partial = in->kind == TRANSCRIPT_PARTIAL;
	if (in->type == IN_MODEL_DONE && in->gen == q->gen)
		q->whole += q->partial;
	while ((o = output_next(out, &i, OUT_ASK, 0))) {
		q->gen = o->kind == ASK_AHEAD ? o->gen : 0;
		q->all += o->kind == ASK_AHEAD;
	}
}

/* In one call of eight the model is so quick that the agent has his answer before the recogniser has the question. */
static void test_an_answer_ahead_may_be_whole_before_the_final(void **state)
{
	struct run_result *r = calloc(1, sizeof(*r));
	struct quick q = { 0 };
	struct scene_options o;

	(void)state;
	options_init(&o);
	o.trace = on_quick;
	o.trace_arg = &q;
	assert_int_equal(run_here(&o, 0, 64, r), ERR_NONE);
	failures_print(r);
	assert_true(run_kept(r));
	assert_in_range(q.whole, 16, q.all / 8);
	free(r);
}

/* Requests for a short answer, and those of them whose turn had no time left, as far as its end tells. */
struct hurried {
	uint64_t turn_us, budget_us;
	uint32_t all, behind, untold;
};

static void on_hurried(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct hurried *h = arg;
	size_t i;

	(void)step;
	for (i = 0; i < out->count; i++) {
		const struct call_output *o = &out->items[i];

		if (o->type == OUT_NOTE && o->kind == NOTE_TURN)
			h->turn_us = in->at_us;
		if (o->type != OUT_ASK || !o->index)
			continue;
		h->all++;
		h->behind += o->kind == ASK_PLAIN && in->at_us > h->turn_us + h->budget_us;
		while (++i < out->count && !(out->items[i].type == OUT_NOTE && out->items[i].kind == NOTE_SHORT && out->items[i].number > h->budget_us)) {
		}
		h->untold += i == out->count;
	}
}

/* Slow models and tools are faults of every day here; each such request says why, and no promise is broken by it. */
static void test_a_turn_that_is_late_gets_a_short_answer(void **state)
{
	struct run_result *r = calloc(1, sizeof(*r));
	struct hurried h = { 0 };
	struct scene_options o;

	(void)state;
	options_init(&o);
	o.trace = on_hurried;
	o.trace_arg = &h;
	h.budget_us = (uint64_t)o.settings.turn_budget_ms * 1000;
	assert_int_equal(run_here(&o, 0, 32, r), ERR_NONE);
	failures_print(r);
	assert_true(run_kept(r));
	assert_int_equal(r->totals.short_asks, h.all);
	assert_in_range(h.all, 4, r->totals.model_asks / 4);
	assert_true(h.behind > 0 && !h.untold);
	free(r);
}

/* Knowledge in a call: what was asked, what came, and what the next requests showed of it. */
struct known {
	uint32_t asked, came, late, twice, nonsense, longest, shown;
	uint64_t query, came_for;
	size_t len;
	char text[INPUT_TEXT_MAX]; /* the last to the last query */
};

static void known_came(struct known *k, const struct call_input *in)
{
	k->came++;
	k->late += in->number != k->query;
	k->twice += in->number == k->came_for;
	k->came_for = in->number;
	k->nonsense += !in->text_len || (uint8_t)in->text[0] >= 0x80;
	k->longest += in->text_len > INPUT_TEXT_MAX - 4;
	if (in->number != k->query || !in->text_len)
		return;
	k->len = in->text_len;
	memcpy(k->text, in->text, in->text_len);
}

static void on_known(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out)
{
	struct known *k = arg;
	size_t i, n;

	if (step == 1)
		k->query = k->came_for = k->len = 0;
	if (in->type == IN_KNOWLEDGE)
		known_came(k, in);
	for (i = 0; i < out->count; i++) {
		const struct call_output *o = &out->items[i];

		if (o->type == OUT_RETRIEVE) {
			k->asked++;
			k->query = o->number;
		}
		for (n = 0; o->type == OUT_ASK && k->len && n < o->block_count; n++)
			if (o->blocks[n].type == BLOCK_EVENT && o->blocks[n].text_len == k->len && !memcmp(o->blocks[n].text, k->text, k->len)) {
				k->shown++;
				k->len = 0;
			}
	}
}

static struct known *known_run(fault_set faults, uint64_t first, uint64_t calls, struct run_result *r)
{
	struct known *k = calloc(1, sizeof(*k));
	struct scene_options o;

	options_init(&o);
	o.faults = faults;
	o.trace = on_known;
	o.trace_arg = k;
	assert_int_equal(run_here(&o, first, calls, r), ERR_NONE);
	failures_print(r);
	assert_true(run_kept(r));
	assert_int_equal(k->came, r->totals.knowledge);
	return k;
}

static void test_knowledge_is_asked_for_and_shown(void **state)
{
	struct run_result *r = calloc(1, sizeof(*r));
	struct known *k = known_run(0, 0, 40, r);

	(void)state;
	assert_true(k->asked > 8);
	assert_in_range(k->came, k->asked / 2, k->asked - 1); /* some never come */
	assert_true(k->late > 0);
	assert_int_equal(k->twice + k->nonsense + k->longest, 0);
	assert_true(k->shown * 2 > k->came);
	free(k);
	free(r);
}

static void test_knowledge_faults(void **state)
{
	struct run_result *r = calloc(1, sizeof(*r));
	struct known *k = known_run(FAULT_BIT(FAULT_KNOWLEDGE_TWICE) | FAULT_BIT(FAULT_KNOWLEDGE_GARBAGE) | FAULT_BIT(FAULT_KNOWLEDGE_LONG), 90, 80, r);

	(void)state;
	assert_true(k->twice > 0);
	assert_true(k->nonsense > 0);
	assert_true(k->longest > 0);
	assert_true(r->totals.faults > 0);
	free(k);
	free(r);
}

/* Each strikes in a script that names it, and the agent does not wait for what he is to know. */
static void test_knowledge_faults_strike_in_a_script(void **state)
{
	static const char *const faults[] = { "knowledge-twice 1", "knowledge-garbage 1", "knowledge-long 1", "knowledge-late 1", "knowledge-failed 1",
		"knowledge-empty 1" };
	struct run_result *r;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		r = script_run(TWO_TOOLS, faults[i], -1);
		failures_print(r);
		assert_true(run_kept(r));
		assert_true(r->totals.faults >= 18);
		assert_true(r->verdict.exercised[P12] >= 18);
		free(r);
	}
}

static void assert_failure(const struct failure_report *found, const struct failure_report *of)
{
	assert_int_equal(found->promise, of->promise);
	assert_int_equal(found->seed, of->seed);
	assert_int_equal(found->call, of->call);
	assert_int_equal(found->step, of->step);
	assert_int_equal(found->at_us, of->at_us);
	assert_true(found->what[0] != '\0');
}

/* Of several calls the first is named, whoever ran it. */
static void test_a_runs_first_call_is_named(void **state)
{
	struct verdict *sum = calloc(1, sizeof(*sum)), *one = calloc(1, sizeof(*one));

	(void)state;
	verdict_add(sum, one);
	assert_int_equal(sum->early.step, 0);
	one->yes_no_ms = 300;
	one->early = (struct failure_report){ .call = 9, .step = 3 };
	one->slow = (struct failure_report){ .call = 4, .step = 8 };
	verdict_add(sum, one);
	one->early = (struct failure_report){ .call = 2, .step = 70 };
	one->slow = (struct failure_report){ .call = 4, .step = 7 };
	verdict_add(sum, one);
	one->early = (struct failure_report){ .call = 3, .step = 1 };
	one->slow = (struct failure_report){ .step = 0 };
	verdict_add(sum, one);
	assert_int_equal(sum->early.call, 2);
	assert_int_equal(sum->early.step, 70);
	assert_int_equal(sum->slow.step, 7);
	assert_int_equal(sum->yes_no_ms, 300);
	free(one);
	free(sum);
}

/* What was split and then said by another worker, a voice that was never had while it rang, words that waited for a long answer's
 * end, a result that was told again before the mark came which said that it was heard, a question that was trimmed at an estimate of its end:
 * the judge was wrong. A meter that a full disk refused was forgotten. */
static void test_calls_that_once_broke_a_promise(void **state)
{
	static const struct {
		uint64_t seed, call;
		int64_t silence_ms;
		fault_set faults;
	} calls[] = { { 110, 5054, 600, FAULT_ALL }, { 120, 7965, 600, FAULT_ALL }, { 3, 1381, 5000, FAULT_ALL }, { 20261121, 3227, 600, FAULT_ALL },
		{ 77, 1577, 600, FAULT_BIT(FAULT_TTS_NO_DONE) }, { 974, 1334, 600, FAULT_ALL }, { 974, 2704, 600, FAULT_ALL } };
	struct run_result *r = calloc(1, sizeof(*r));
	struct scene_options o;
	size_t i;

	(void)state;
	options_init(&o);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		o.seed = calls[i].seed;
		o.faults = calls[i].faults;
		o.settings.turn_silence_ms = calls[i].silence_ms;
		assert_int_equal(run_here(&o, calls[i].call, 1, r), ERR_NONE);
		failures_print(r);
		assert_true(run_kept(r));
	}
	free(r);
}

static void test_verdicts(void **state)
{
	struct verdict *v = calloc(1, sizeof(*v));
	struct failure_report f = { .promise = P04 }, early = { .promise = P09, .seed = 7, .call = 5, .step = 40, .at_us = 900 };
	struct failure_report slow = { .promise = P09, .seed = 7, .call = 6, .step = 50, .at_us = 800 };
	uint32_t i;

	(void)state;
	v->yes_no_ms = 300;
	v->spelled = 100;
	v->early_spelled = 2;
	v->early = early;
	v->slow = slow;
	verdict_close(v);
	assert_int_equal(v->broken[P09], 0); /* 2 % are allowed */
	v->early_spelled = 3;
	verdict_close(v);
	assert_int_equal(v->broken[P09], 1);
	assert_failure(&v->failures[0], &early); /* one of those that were cut off, to be seen again */
	v->endpoints[290] = 33;
	v->endpoints[400] = 30;
	v->endpoint_count = 63;
	assert_int_equal(verdict_median(v), 290);
	v->endpoints[400] = 66;
	v->endpoint_count = 99;
	verdict_close(v);
	assert_int_equal(v->broken[P09], 2); /* the share again; of less than a hundred no median */
	v->endpoints[400]++;
	v->endpoint_count++;
	verdict_close(v);
	assert_int_equal(v->broken[P09], 4); /* and the median */
	assert_failure(&v->failures[1], &early);
	assert_failure(&v->failures[2], &early);
	v->failure_count = 0;
	v->early_spelled = 1;
	v->spelled = 40;
	verdict_close(v);
	assert_int_equal(v->broken[P09], 5); /* the median: one of a few dozen is no share */
	assert_failure(&v->failures[0], &slow);
	v->yes_no_ms = 400; /* turn.complete_ms=300 */
	v->early_spelled = 0;
	verdict_close(v);
	assert_int_equal(v->broken[P09], 5);
	for (i = 0; i < 10; i++)
		verdict_keep(v, &f);
	for (i = 0; i < v->failure_count; i++)
		f.step += v->failures[i].promise == P04;
	assert_int_equal(f.step, JUDGE_FAILURES_EACH);
	assert_int_equal(promise_find("p04"), P04);
	assert_int_equal(promise_find("P07"), -1);
	free(v);
}

/* ---- the command ---- */

static int command(char *out, size_t size, const char *args)
{
	const char *binary = getenv("CALLFUNNEL_BIN");
	char line[600];
	FILE *p;
	size_t len;

	assert_non_null(binary);
	snprintf(line, sizeof(line), "\"%s\" simulate %s 2>/dev/null", binary, args);
	p = popen(line, "r");
	assert_non_null(p);
	len = fread(out, 1, size - 1, p);
	out[len] = 0;
	return WEXITSTATUS(pclose(p));
}

static void test_command(void **state)
{
	static char out[1 << 20];

	(void)state;
	assert_int_equal(command(out, sizeof(out), "--calls 5"), 0);
	assert_non_null(strstr(out, "every promise was kept"));
	assert_int_equal(command(out, sizeof(out), "--calls 5 --json"), 0);
	assert_non_null(strstr(out, "\"promises\":{\"P01\":{\"exercised\":"));
	assert_int_equal(command(out, sizeof(out), "--list-faults"), 0);
	assert_non_null(strstr(out, "worker-death"));
	assert_int_equal(command(out, sizeof(out), "--call 2 --faults none --trace --json"), 0);
	assert_non_null(strstr(out, "{\"call\":2,\"step\":1,\"input\":{\"in\":\"prepare\""));
	assert_int_equal(command(out, sizeof(out), "--calls 60 --sabotage P24"), 1);
	assert_non_null(strstr(out, "P24 broken:"));
	assert_int_equal(command(out, sizeof(out), "--faults sunshine"), 2);
	assert_int_equal(command(out, sizeof(out), "--sabotage P07"), 2);
	assert_int_equal(command(out, sizeof(out), "--crash-at fsync:1"), 2);
	assert_int_equal(command(out, sizeof(out), "--script /nowhere"), 3);
	assert_int_equal(command(out, sizeof(out), "--script /nowhere --faults none"), 3); /* none but the script's: that is so */
	assert_int_equal(command(out, sizeof(out), "--script /nowhere --faults stt-missing"), 2);
	assert_int_equal(command(out, sizeof(out), "--script /nowhere --faults all"), 2);
}

/* The call that ran when the process died, and the last sequence of it that the outside was told is durable. */
static uint64_t told_durable(const char *path, struct id128 *call)
{
	FILE *f = fopen(path, "r");
	char line[256], id[33] = "", last[33] = "";
	uint64_t told = 0;
	unsigned int epoch;
	unsigned long long n;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(sscanf(line, "%32s", id), 1);
		if (strcmp(id, last))
			told = 0;
		memcpy(last, id, sizeof(last));
		if (sscanf(line, "%*s durable %u %llu", &epoch, &n) == 2 && epoch == 1)
			told = n > told ? n : told;
	}
	fclose(f);
	assert_int_equal(id128_parse(call, last), ERR_NONE);
	return told;
}

static uint64_t journal_records(const char *dir, const struct id128 *call)
{
	struct journal_reader_options options = { .call = call };
	struct journal_reader *r;
	struct journal_item item;
	uint64_t count = 0;

	assert_int_equal(journal_reader_open(&r, &disk_real, dir, &options, NULL), ERR_NONE);
	while (!journal_reader_next(r, &item))
		assert_int_equal(item.record.header.sequence, ++count); /* none is missing before the last */
	journal_reader_close(&r);
	return count;
}

/* A real journal: wherever the process is killed, it holds what the outside was told is durable. */
static void test_crash_at(void **state)
{
	static const char *const points[] = { "fsync:60", "write:120", "dispatch:2", "rename:4" };
	char dir[] = "/tmp/simulate-XXXXXX", args[300], ledger[64];
	static char out[1 << 16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		char place[sizeof(dir) + 8];
		struct id128 call;
		uint64_t told;

		memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
		assert_non_null(mkdtemp(dir));
		snprintf(place, sizeof(place), "%s/j", dir);
		snprintf(ledger, sizeof(ledger), "%s/ledger", dir);
		snprintf(args, sizeof(args), "--calls 4 --faults none --disk %s --ledger %s --crash-at %s", place, ledger, points[i]);
		assert_int_not_equal(command(out, sizeof(out), args), 0);
		told = told_durable(ledger, &call);
		assert_true(told > 0);
		assert_true(journal_records(place, &call) >= told);
		snprintf(args, sizeof(args), "rm -r %s", dir);
		assert_int_equal(system(args), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_world_order),
		cmocka_unit_test(test_world_heap),
		cmocka_unit_test(test_dice),
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_fault_facts),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_script_parse),
		cmocka_unit_test(test_script_within_the_call),
		cmocka_unit_test(test_script_mistakes),
		cmocka_unit_test(test_script_no_text),
		cmocka_unit_test(test_script_garbage),
		cmocka_unit_test(test_model_plan),
		cmocka_unit_test(test_model_plan_tells_every_result),
		cmocka_unit_test(test_model_plan_says_what_it_does_not_see),
		cmocka_unit_test(test_a_runs_first_call_is_named),
		cmocka_unit_test(test_calls_that_once_broke_a_promise),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_calls_are_kept),
		cmocka_unit_test(test_jobs_agree),
		cmocka_unit_test(test_save_load),
		cmocka_unit_test(test_own_script),
		cmocka_unit_test(test_a_past_in_two_parts_is_understood_once),
		cmocka_unit_test(test_tools_that_leave_something_open),
		cmocka_unit_test(test_F14_a_deaf_line_is_found_out),
		cmocka_unit_test(test_the_judge_sees_what_is_done_wrongly),
		cmocka_unit_test(test_what_was_done_by_the_rules_of_before),
		cmocka_unit_test(test_F06_a_small_disk_loses_nothing),
		cmocka_unit_test(test_F07_a_stopped_journal_lets_nothing_be_changed),
		cmocka_unit_test(test_an_answer_ahead_may_be_whole_before_the_final),
		cmocka_unit_test(test_a_turn_that_is_late_gets_a_short_answer),
		cmocka_unit_test(test_knowledge_is_asked_for_and_shown),
		cmocka_unit_test(test_knowledge_faults),
		cmocka_unit_test(test_knowledge_faults_strike_in_a_script),
		cmocka_unit_test(test_sabotage_P01),
		cmocka_unit_test(test_sabotage_P02),
		cmocka_unit_test(test_sabotage_P03),
		cmocka_unit_test(test_sabotage_P04),
		cmocka_unit_test(test_sabotage_P05),
		cmocka_unit_test(test_sabotage_P06),
		cmocka_unit_test(test_sabotage_P08),
		cmocka_unit_test(test_sabotage_P09),
		cmocka_unit_test(test_sabotage_P10),
		cmocka_unit_test(test_sabotage_P12),
		cmocka_unit_test(test_sabotage_P13),
		cmocka_unit_test(test_sabotage_P14),
		cmocka_unit_test(test_sabotage_P15),
		cmocka_unit_test(test_sabotage_P24),
		cmocka_unit_test(test_sabotage_N3),
		cmocka_unit_test(test_sabotage_N4),
		cmocka_unit_test(test_sabotage_N5),
		cmocka_unit_test(test_sabotage_N6),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_crash_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

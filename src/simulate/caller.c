/* The caller's head and mouth, and the line. Owns only its own struct; speaks to the worker through the scene's session
 * and to nobody else. Decides by its own dice alone, so that what vendors do shifts only when things happen, not what. */
#include "simulate/caller.h"

#include <string.h>

#include "simulate/scene.h"

enum { SAMPLES_PER_MS = 8, CHUNK = VOICE_CHUNK_SAMPLES, CHUNK_BYTES = VOICE_CHUNK_SAMPLES };

static const char *const interruptions[] = { "sorry can I ask something else first", "no that is not what I meant", "I have a question about that",
	"let me think about it for a moment", "actually my wife wants to know the price" };
static const char *const stop_words[] = { "stop", "wait", "ruko", "hold on" };
static const char *const nod_words[] = { "mm-hm", "okay", "right", "achha", "uh-huh" };
static const char *const extra_words[] = { "it should be under my name", "take your time", "please be quick", "I hope you find it" };
static const char *const more_words[] = { "and my wife too", "but not this week", "I mean the second one", "and thank you" };

/* What people say behind a plain yes or no, and nothing after it. */
static const struct {
	const char *answer, *more[4];
} longer_answers[] = {
	{ "yes", { "that is all thank you", "I think so", "please do", "that would be great thanks" } },
	{ "no", { "not really", "that is all thank you", "I'm fine thanks", "nothing else" } },
	{ "sure", { "go ahead", "no problem", "that's fine", "sounds good" } },
	{ "okay", { "that's fine", "sounds good", "go ahead", "no problem" } },
};

#define PICK(c, list) (list)[dice_below(&(c)->dice, sizeof(list) / sizeof((list)[0]))]

uint64_t caller_sample(const struct caller *c, uint64_t at_us)
{
	return at_us > c->media_us ? (at_us - c->media_us) * SAMPLES_PER_MS / MS_US : 0;
}

uint64_t caller_time(const struct caller *c, uint64_t sample)
{
	return c->media_us + sample * MS_US / SAMPLES_PER_MS;
}

bool caller_talks(const struct caller *c, uint64_t at_us)
{
	return c->free_us > at_us;
}

/* ---- mouth ---- */

static uint64_t word_us(struct dice *dice, size_t letters)
{
	uint64_t us = letters <= 1 ? 230 * MS_US : (120 + 48 * letters) * MS_US;

	return us * (85 + dice_below(dice, 31)) / 100;
}

/* One sound from `at_us` on; returns when it ends. */
static uint64_t sound_add(struct caller *c, uint64_t at_us, uint64_t length_us, const char *word, size_t len, uint32_t flags)
{
	struct sound *s = &c->sounds[c->sound_count % SOUNDS];

	s->from = caller_sample(c, at_us);
	s->to = caller_sample(c, at_us + length_us);
	s->word = word;
	s->len = (uint32_t)len;
	s->flags = flags;
	s->said = c->said;
	c->sound_count++;
	return at_us + length_us;
}

static uint64_t pause_us(struct dice *dice, char mark, uint32_t flags)
{
	if (mark == '|')
		return dice_ms(dice, flags & SOUND_SPELLED ? 500 : 250, flags & SOUND_SPELLED ? 1500 : 450);
	return mark == '~' ? dice_ms(dice, 180, 400) : dice_ms(dice, 15, 70);
}

/* The words of `text` from `at` on; returns when they are said. `goes_on`: others follow at once. */
static uint64_t words_add(struct caller *c, struct dice *dice, uint64_t at, const char *text, uint32_t flags, bool goes_on)
{
	const char *word = text + strspn(text, " |~");

	while (*word) {
		size_t len = strcspn(word, " ");
		const char *next = word + len + strspn(word + len, " ");
		char mark = *next == '|' || *next == '~' ? *next : ' ';
		bool ends = !*next && !goes_on;
		uint32_t more = (mark == '|' || ends ? SOUND_PHRASE_END : 0) | (ends ? SOUND_TURN_END : 0);

		at = sound_add(c, at, word_us(dice, len), word, len, flags | more);
		if (!*next)
			break;
		at += pause_us(dice, mark, flags);
		word = next + strspn(next, "|~ ");
	}
	return at;
}

/* Says `text`, from now or when his mouth is free, and `more` right behind it, or nothing (NULL); returns when it will be said. */
static uint64_t caller_say_more(struct caller *c, const char *text, const char *more, uint32_t flags)
{
	struct world *w = &c->scene->world;
	uint64_t at = c->free_us > w->now_us ? c->free_us + dice_ms(&c->dice, 60, 200) : w->now_us;

	if (c->sound_count - c->sound_next > SOUNDS - SOUNDS_KEPT)
		return at; /* he has more than a minute of talk before him: enough */
	c->said++;
	at = words_add(c, &c->dice, at, text, flags, more != NULL);
	if (more)
		at = words_add(c, &c->more, at + pause_us(&c->more, ' ', flags), more, flags, false);
	c->free_us = at;
	c->quiet_us = at;
	return at;
}

uint64_t caller_say(struct caller *c, const char *text, uint32_t flags)
{
	return caller_say_more(c, text, NULL, flags);
}

void caller_cough(struct caller *c, uint64_t length_us)
{
	struct world *w = &c->scene->world;

	if (caller_talks(c, w->now_us))
		return;
	c->said++;
	c->coughs++;
	c->free_us = sound_add(c, w->now_us, length_us, NULL, 0, SOUND_NOISE | SOUND_PHRASE_END | SOUND_TURN_END);
	judge_cough(&c->scene->judge, c->sound_count - 1);
}

/* ---- head ---- */

static void act_plan(struct caller *c, enum cue_kind kind, const char *text, uint32_t flags, uint64_t delay_us)
{
	if (c->scene->script->own || c->gone || c->away || event_waits(&c->act))
		return;
	c->acting = kind;
	c->act_text = text;
	c->act_flags = flags;
	world_after(&c->scene->world, &c->act, delay_us);
}

static void on_act(void *arg)
{
	struct caller *c = arg;
	uint64_t now = c->scene->world.now_us;
	bool over = carrier_audible(&c->scene->carrier, now);

	if (c->gone || c->away || caller_talks(c, now))
		return;
	switch (c->acting) {
	case CUE_NOD:
		c->nods++;
		caller_say(c, c->act_text, SOUND_NOD);
		break;
	case CUE_COUGH:
		caller_cough(c, dice_ms(&c->dice, 120, over ? 560 : 800));
		break;
	case CUE_SAY:
		if (over)
			c->interruptions++;
		caller_say(c, c->act_text, c->act_flags);
		break;
	case CUE_KEYS:
	case CUE_HANGUP:
		break;
	}
}

void caller_hears_agent(struct caller *c)
{
	uint32_t r = dice_below(&c->dice, 100);
	uint64_t delay = dice_ms(&c->dice, 400, 2600);
	const char *words = PICK(c, interruptions), *stop = PICK(c, stop_words), *nod = PICK(c, nod_words);

	c->hellos = 0;
	if (r < 5)
		act_plan(c, CUE_SAY, words, 0, delay);
	else if (r < 8)
		act_plan(c, CUE_SAY, stop, SOUND_STOP, delay);
	else if (r < 16)
		act_plan(c, CUE_NOD, nod, SOUND_NOD, delay);
	else if (r < 21)
		act_plan(c, CUE_COUGH, NULL, 0, delay);
}

void caller_tool_runs(struct caller *c)
{
	uint32_t r = dice_below(&c->dice, 100);
	uint64_t delay = dice_ms(&c->dice, 50, 1800);
	const char *words = PICK(c, extra_words), *nod = PICK(c, nod_words);

	if (r < 14 || scene_provokes(c->scene, P03))
		act_plan(c, CUE_SAY, words, SOUND_EXTRA, delay);
	else if (r < 20)
		act_plan(c, CUE_NOD, nod, SOUND_NOD, delay);
	else if (r < 26)
		act_plan(c, CUE_COUGH, NULL, 0, delay);
}

void caller_tool_returned(struct caller *c)
{
	uint32_t r = dice_below(&c->dice, 100);
	uint64_t delay = dice_ms(&c->dice, 0, 500);
	const char *words = PICK(c, extra_words);

	if (r < 20)
		act_plan(c, CUE_SAY, words, SOUND_EXTRA, delay);
}

static bool has(const char *text, size_t len, const char *needle)
{
	return memmem(text, len, needle, strlen(needle)) != NULL;
}

void caller_heard(struct caller *c, const char *text, size_t len)
{
	int asked = script_step_asked(c->scene->script, text, len);

	if (asked >= 0)
		c->asked = asked;
	if (has(text, len, "catch that") || has(text, len, "say that") || has(text, len, "get that") || has(text, len, "still there") ||
		has(text, len, "hear me"))
		c->must_repeat = true;
	if (has(text, len, "oodbye"))
		c->goodbye = true;
}

void caller_hears_silence(struct caller *c)
{
	struct world *w = &c->scene->world;

	c->quiet_us = w->now_us;
	if (!c->scene->script->own || c->asked >= 0)
		world_after(w, &c->think, dice_ms(&c->dice, 250, 1100));
}

static uint32_t answer_flags(const struct script_step *step, const char *text)
{
	uint32_t flags = SOUND_ANSWER;

	if (step->kind == ANSWER_DIGITS || step->kind == ANSWER_SPELLED)
		flags |= strchr(text, '|') ? SOUND_SPELLED : 0;
	if (step->kind == ANSWER_YES_NO && !strpbrk(text, "|~"))
		flags |= SOUND_YES_NO;
	return flags;
}

static const char *answer_pick(struct caller *c, const struct script_step *step)
{
	uint32_t n = 0;

	while (n < STEP_ANSWERS_MAX && step->answers[n])
		n++;
	return n ? step->answers[dice_below(&c->dice, n)] : "yes";
}

/* Most people say more than "yes". Drawn by dice of its own, so that all else he does is what it would be. */
static const char *answer_more(struct caller *c, const struct script_step *step, const char *text)
{
	uint32_t r = dice_below(&c->more, 100), which = dice_below(&c->more, 4);
	size_t i;

	if (step->kind != ANSWER_YES_NO || c->scene->script->own || r >= 85)
		return NULL;
	for (i = 0; i < sizeof(longer_answers) / sizeof(longer_answers[0]); i++)
		if (!strcmp(text, longer_answers[i].answer))
			return longer_answers[i].more[which];
	return NULL;
}

/* Answers the question `k`; after it he sometimes goes on, or coughs. */
static void caller_answer(struct caller *c, int k)
{
	const struct script_step *step = &c->scene->script->steps[k];
	const char *text = answer_pick(c, step);
	uint32_t keys = dice_below(&c->dice, 100), after = dice_below(&c->dice, 100);
	uint64_t more = dice_ms(&c->dice, 120, 900), end;
	const char *more_text = PICK(c, more_words);

	c->last_answered = k;
	c->asked = -1;
	c->must_repeat = false;
	if (step->keys && keys < 12 && !c->scene->script->own) {
		c->key_next = step->keys;
		world_after(&c->scene->world, &c->keys, 1);
		return;
	}
	end = caller_say_more(c, text, answer_more(c, step, text), answer_flags(step, text));
	judge_answer(&c->scene->judge, step, c->said);
	if (after < 8)
		act_plan(c, CUE_SAY, more_text, 0, end + more - c->scene->world.now_us);
	else if (after < 12)
		act_plan(c, CUE_COUGH, NULL, 0, end + more - c->scene->world.now_us);
	world_at(&c->scene->world, &c->think, end + 3500 * MS_US);
}

static void caller_hang_up(struct caller *c)
{
	if (c->gone)
		return;
	c->gone = true;
	carrier_caller_hangs_up(&c->scene->carrier);
}

/* Nobody says anything, or the agent did not hear him. */
static void caller_bridge(struct caller *c)
{
	struct world *w = &c->scene->world;

	if (c->must_repeat) {
		c->must_repeat = false;
		if (c->last_answered >= 0 && dice_chance(&c->dice, 60))
			caller_answer(c, c->last_answered);
		else
			caller_say(c, "yes I am still here", 0);
	} else if (w->now_us > c->quiet_us + 2500 * MS_US && c->hellos < 4) {
		c->hellos++;
		caller_say(c, "hello", 0);
	}
	world_at(w, &c->think, (c->free_us > w->now_us ? c->free_us : w->now_us) + dice_ms(&c->dice, 2800, 5000));
}

/* Instead of answering he sometimes says nothing for a long time, or coughs first. */
static bool hesitates(struct caller *c)
{
	uint32_t r = dice_below(&c->dice, 100);
	bool coughs = !c->coughs && scene_provokes(c->scene, P10);

	if (r < 3) {
		c->mute = true;
		c->silences++;
	} else if (r < 8 || coughs) {
		caller_cough(c, dice_ms(&c->dice, 280, 800));
		world_after(&c->scene->world, &c->think, dice_ms(&c->dice, 3500, 5500));
	}
	return r < 8 || coughs;
}

static void on_think(void *arg)
{
	struct caller *c = arg;
	struct world *w = &c->scene->world;

	if (c->gone || c->away)
		return;
	if (carrier_audible(&c->scene->carrier, w->now_us))
		return; /* the silence after it will make him think again */
	if (caller_talks(c, w->now_us)) {
		world_at(w, &c->think, c->free_us + dice_ms(&c->dice, 300, 900));
		return;
	}
	if (c->goodbye && dice_chance(&c->dice, 70)) {
		caller_hang_up(c);
		return;
	}
	if (c->mute && c->must_repeat && dice_chance(&c->dice, 70))
		c->mute = false;
	if (c->mute)
		return;
	if (c->asked >= 0 && !c->scene->script->own && hesitates(c))
		return;
	if (c->asked >= 0)
		caller_answer(c, c->asked);
	else
		caller_bridge(c);
}

static void on_keys(void *arg)
{
	struct caller *c = arg;

	if (c->gone || !c->key_next || !*c->key_next)
		return;
	if (c->scene->carrier.deaf == DEAF_SOCKET) {
		world_at(&c->scene->world, &c->keys, c->scene->carrier.deaf_until_us);
		return;
	}
	c->key_presses++;
	c->quiet_us = c->scene->world.now_us;
	scene_digit(c->scene, *c->key_next++);
	if (*c->key_next)
		world_after(&c->scene->world, &c->keys, dice_ms(&c->dice, 160, 420));
	else
		world_after(&c->scene->world, &c->think, 3500 * MS_US);
}

static void on_hangup(void *arg)
{
	caller_hang_up(arg);
}

static void cue_do(struct caller *c, const struct script_cue *cue)
{
	switch (cue->kind) {
	case CUE_SAY:
		if (carrier_audible(&c->scene->carrier, c->scene->world.now_us))
			c->interruptions++;
		caller_say(c, cue->text, 0);
		break;
	case CUE_NOD:
		c->nods++;
		caller_say(c, cue->text, SOUND_NOD);
		break;
	case CUE_COUGH:
		caller_cough(c, cue->length_ms * MS_US);
		break;
	case CUE_KEYS:
		c->key_next = cue->text;
		world_after(&c->scene->world, &c->keys, 1);
		break;
	case CUE_HANGUP:
		caller_hang_up(c);
		break;
	}
}

static void cue_arm(struct caller *c)
{
	if (c->cue_next < c->scene->script->cue_count)
		world_at(&c->scene->world, &c->cue, c->media_us + c->scene->script->cues[c->cue_next].at_us);
}

static void on_cue(void *arg)
{
	struct caller *c = arg;

	if (c->gone)
		return;
	cue_do(c, &c->scene->script->cues[c->cue_next++]);
	cue_arm(c);
}

/* ---- the line ---- */

static uint32_t voiced_samples(struct caller *c, uint64_t from, uint64_t to, bool *noise)
{
	uint32_t n, voiced = 0;

	while (c->sound_next < c->sound_count && caller_sound(c, c->sound_next)->to <= from)
		c->sound_next++;
	for (n = c->sound_next; n < c->sound_count; n++) {
		const struct sound *s = caller_sound(c, n);

		if (s->from >= to)
			break;
		voiced += (uint32_t)((s->to < to ? s->to : to) - (s->from > from ? s->from : from));
		*noise = (s->flags & SOUND_NOISE) != 0;
	}
	return voiced;
}

uint16_t caller_level(struct caller *c, uint64_t position)
{
	bool noise = false;
	uint32_t voiced = voiced_samples(c, position, position + CHUNK, &noise);
	uint32_t r = (uint32_t)(dice_next(&c->line) >> 40);

	if (voiced > CHUNK / 2)
		return (uint16_t)(noise ? 38000 + r % 22000 : 46000 + r % 19500);
	if (voiced > CHUNK / 8)
		return (uint16_t)(18000 + r % 24000);
	return (uint16_t)(r % 400 ? 200 + r % 7000 : 8000 + r % 12000);
}

/* A tone of 500 Hz while he speaks, noise while he coughs: something a recording can be compared by. */
void caller_ulaw(const struct caller *c, uint64_t position, uint8_t *ulaw, size_t samples)
{
	static const uint8_t tone[16] = { 0xff, 0xb4, 0xa5, 0xa0, 0x9e, 0xa0, 0xa5, 0xb4, 0xff, 0x34, 0x25, 0x20, 0x1e, 0x20, 0x25, 0x34 };
	uint32_t n = c->sound_next;
	size_t i;

	memset(ulaw, 0xff, samples);
	for (; n < c->sound_count && caller_sound(c, n)->from < position + samples; n++) {
		const struct sound *s = caller_sound(c, n);
		uint64_t from = s->from > position ? s->from : position;

		for (i = (size_t)(from - position); i < samples && position + i < s->to; i++)
			ulaw[i] = s->word ? tone[(position + i) % 16] : (uint8_t)(0x90 + (position + i) * 7 % 48);
	}
}

static uint64_t chunk_due(const struct caller *c)
{
	return caller_time(c, c->position + CHUNK) + c->latency_us;
}

static void chunk_with_sound(struct caller *c, uint16_t level)
{
	uint8_t ulaw[CHUNK_BYTES];

	caller_ulaw(c, c->position, ulaw, CHUNK);
	c->position += CHUNK;
	scene_caller_chunk(c->scene, ulaw, CHUNK, c->position - CHUNK, level);
}

static void chunk_deliver(struct caller *c)
{
	uint16_t level = caller_level(c, c->position);

	if (c->scene->audio) {
		chunk_with_sound(c, level);
	} else {
		c->position += CHUNK;
		scene_caller_chunk(c->scene, NULL, CHUNK, c->position - CHUNK, level);
	}
}

static void line_faults(struct caller *c)
{
	uint64_t now = c->scene->world.now_us;
	struct fault_plan *p = &c->scene->plan;

	if (fault_strikes(p, FAULT_LINE_BURST, now))
		c->burst_until_us = now + dice_ms(&c->line, 2000, 6000);
	if (fault_strikes(p, FAULT_LINE_JITTER, now))
		c->jitter_until_us = now + dice_ms(&c->line, 2000, 8000);
}

static void on_chunk(void *arg)
{
	struct caller *c = arg;
	struct world *w = &c->scene->world;
	uint64_t late = 0;

	if (c->scene->carrier.deaf == DEAF_LINE || c->scene->carrier.deaf == DEAF_SOCKET)
		return; /* until caller_line_back */
	while (!c->gone && chunk_due(c) <= w->now_us)
		chunk_deliver(c);
	if (c->gone)
		return;
	if (c->position % (CHUNK * 96) == 0) { /* a chance about every three seconds */
		line_faults(c);
		if (fault_strikes(&c->scene->plan, FAULT_LINE_STALL, w->now_us))
			late = dice_ms(&c->line, 300, 1500);
	}
	if (c->burst_until_us > w->now_us)
		late = dice_ms(&c->line, 100, 300);
	else if (c->jitter_until_us > w->now_us)
		late = dice_ms(&c->line, 0, 60);
	world_at(w, &c->chunk, chunk_due(c) + late);
}

/* All that is due never comes, and what it was part of is not understood. */
static void chunks_lose(struct caller *c)
{
	uint64_t from = c->position;
	uint32_t n;

	while (chunk_due(c) <= c->scene->world.now_us)
		c->position += CHUNK;
	for (n = c->sound_next; n < c->sound_count; n++) {
		struct sound *s = &c->sounds[n % SOUNDS];

		if (s->from < c->position && s->to > from)
			s->flags |= SOUND_LOST;
	}
	scene_caller_gap(c->scene, c->position - from);
}

void caller_line_back(struct caller *c, bool lost)
{
	if (c->gone)
		return;
	if (lost)
		chunks_lose(c);
	world_at(&c->scene->world, &c->chunk, chunk_due(c));
}

/* ---- life ---- */

void caller_init(struct caller *c, struct scene *scene)
{
	c->scene = scene;
	dice_init(&c->dice, scene->seed, scene->call, ACTOR_CALLER);
	dice_init(&c->line, scene->seed, scene->call, ACTOR_LINE);
	dice_init(&c->more, scene->seed, scene->call, ACTOR_MORE);
	c->sound_count = c->sound_next = c->said = 0;
	c->media_us = c->position = c->free_us = c->burst_until_us = c->jitter_until_us = c->missed = c->quiet_us = 0;
	c->latency_us = dice_ms(&c->line, 20, 120);
	c->chunk = (struct event){ on_chunk, c, 0 };
	c->think = (struct event){ on_think, c, 0 };
	c->act = (struct event){ on_act, c, 0 };
	c->keys = (struct event){ on_keys, c, 0 };
	c->hangup = (struct event){ on_hangup, c, 0 };
	c->cue = (struct event){ on_cue, c, 0 };
	caller_parting_init(c);
	c->key_next = NULL;
	c->cue_next = 0;
	c->asked = c->last_answered = -1;
	c->must_repeat = c->goodbye = c->mute = c->gone = false;
	c->hellos = 0;
	c->interruptions = c->nods = c->coughs = c->silences = c->key_presses = 0;
}

void caller_start(struct caller *c)
{
	struct world *w = &c->scene->world;
	bool leaves = dice_chance(&c->dice, 15);
	uint64_t when = dice_ms(&c->dice, 4000, 120000);

	c->media_us = c->quiet_us = w->now_us;
	world_at(w, &c->chunk, chunk_due(c));
	if (leaves && !c->scene->script->own)
		world_after(w, &c->hangup, when);
	if (!c->scene->script->own)
		world_after(w, &c->think, dice_ms(&c->dice, 3000, 5000));
	cue_arm(c);
}

void caller_stop(struct caller *c)
{
	struct world *w = &c->scene->world;

	c->gone = true;
	world_forget(w, &c->chunk);
	world_forget(w, &c->think);
	world_forget(w, &c->act);
	world_forget(w, &c->keys);
	world_forget(w, &c->hangup);
	world_forget(w, &c->cue);
	world_forget(w, &c->part);
}

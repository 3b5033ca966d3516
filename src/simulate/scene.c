/* The scene: lets the call happen. The worker's life (open, die, attach, close), its disk and its shipping stand in worker.c. */
#include "simulate/scene.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulate/sink.h"
#include "simulate/worker.h"
#include "voice/replay/tape.h"

#define CALL_MAX_US (40 * 60 * S_US)
#define DRAIN_MAX_US (70 * S_US)

enum { EVENTS_MAX = 4000000 };

/* ---- the session's tap: before the outputs are carried out ---- */

static void output_map(struct scene *s, const struct call_output *o)
{
	switch (o->type) {
	case OUT_SPEAK:
		carrier_play_dropped(&s->carrier, o->utterance);
		talker_ordered(&s->talker, o->utterance, o->take, o->text, o->text_len);
		break;
	case OUT_UNSPEAK:
		carrier_play_dropped(&s->carrier, o->utterance);
		break;
	case OUT_PLAY:
		carrier_play_dropped(&s->carrier, o->utterance);
		carrier_play_ordered(&s->carrier, o->utterance, o->take, talker_sound_of(&s->talker, o->utterance), (uint32_t)o->position);
		break;
	case OUT_TRIM:
		talker_trim(&s->talker, talker_sound_of(&s->talker, o->utterance), (uint32_t)o->position);
		break;
	case OUT_HOLD:
		carrier_play_dropped(&s->carrier, UINT32_MAX);
		s->holds++;
		break;
	case OUT_TOOL:
		s->totals.tools++;
		s->totals.changes += o->kind != 0;
		break;
	case OUT_ASK:
		s->totals.model_asks++;
		s->totals.short_asks += o->index != SHORT_NONE;
		break;
	case OUT_NOTE:
		if (o->kind == NOTE_ENDING)
			caller_hears_parting(&s->caller, (enum end_reason)o->index);
		break;
	default:
		break;
	}
}

void scene_stepped(void *arg, const struct call_input *in, const struct call_outputs *out)
{
	struct scene *s = arg;
	size_t i;

	if (s->options.trace)
		s->options.trace(s->options.trace_arg, s->steps + 1, in, out); /* first: what a test makes of the outputs is what comes of them */
	for (i = 0; i < out->count; i++)
		output_map(s, &out->items[i]);
	judge_step(&s->judge, in, out);
}

/* ---- for the actors ---- */

bool scene_worker_up(const struct scene *s)
{
	return s->session && !s->finished;
}

uint64_t scene_audio_end(const struct scene *s)
{
	return s->caller.position;
}

void scene_caller_chunk(struct scene *s, const uint8_t *ulaw, size_t samples, uint64_t position, uint16_t level)
{
	if (!scene_worker_up(s) || !s->carrier.up || s->carrier.ended) {
		s->caller.missed += samples;
		return;
	}
	judge_chunk(&s->judge, position, position + samples);
	session_caller_audio(s->session, ulaw, samples);
	session_voice(s->session, position, level);
	worker_after(s);
}

void scene_caller_gap(struct scene *s, uint64_t samples)
{
	if (!scene_worker_up(s) || !s->carrier.up || s->carrier.ended) {
		s->caller.missed += samples;
		return;
	}
	session_caller_gap(s->session, samples);
	worker_after(s);
}

void scene_digit(struct scene *s, char digit)
{
	if (!scene_worker_up(s) || !s->carrier.up || s->carrier.deaf || s->carrier.ended)
		return;
	session_digit(s->session, digit);
	worker_after(s);
}

void scene_knowledge(struct scene *s, uint64_t query, const char *text, size_t len)
{
	if (!scene_worker_up(s))
		return;
	s->totals.knowledge++;
	session_knowledge(s->session, query, text, len);
	worker_after(s);
}

void scene_mark(struct scene *s, const struct mark *mark)
{
	if (!scene_worker_up(s))
		return;
	session_played(s->session, mark);
	worker_after(s);
}

void scene_media_lost(struct scene *s)
{
	if (!scene_worker_up(s))
		return;
	session_media_lost(s->session);
	worker_after(s);
}

void scene_media_back(struct scene *s)
{
	if (!scene_worker_up(s))
		return;
	session_media_back(s->session, &simulated_media, &s->carrier);
	s->caller.position = session_caller_position(s->session);
	worker_after(s);
}

/* We hung up: the caller hears the end of it. */
void scene_carrier_ended(struct scene *s)
{
	s->caller.gone = true;
}

void scene_caller_gone(struct scene *s, uint64_t latency_us)
{
	s->totals.hangups++;
	world_after(&s->world, &s->hang, latency_us);
}

static void on_hang(void *arg)
{
	struct scene *s = arg;

	s->carrier.up = false;
	if (!scene_worker_up(s))
		return; /* the worker that attaches will be told */
	session_hangup(s->session);
	worker_after(s);
}

/* ---- the call ---- */

static void on_start(void *arg)
{
	struct scene *s = arg;

	if (!scene_worker_up(s))
		return;
	s->started_us = s->world.now_us;
	carrier_answer(&s->carrier);
	caller_start(&s->caller);
	session_start(s->session);
	worker_after(s);
}

/* Most phones ring for a while; some calls begin with their media. */
static void call_begin(struct scene *s)
{
	uint32_t r = dice_below(&s->plan_dice, 100);
	uint64_t ring = r < 80 ? dice_ms(&s->plan_dice, 800, 5000) : dice_ms(&s->plan_dice, 100, 700);

	if (r < 92)
		session_prepare(s->session);
	else
		ring = 1;
	worker_after(s);
	world_after(&s->world, &s->start, ring);
}

static const struct script *script_draw(struct scene *s)
{
	uint32_t n = dice_below(&s->plan_dice, script_count);

	return s->options.script ? s->options.script : &scripts[n];
}

bool scene_provokes(const struct scene *s, int promise)
{
	return s->options.sabotage == promise && s->call % 3 == 0;
}

/* A promise that needs a fault to be put to the test gets it. */
static void sabotage_arm(struct scene *s)
{
	static const struct {
		enum promise promise;
		enum fault fault;
		uint8_t nth;
	} needs[] = { { N6, FAULT_WORKER_DEATH, 8 }, { N4, FAULT_MEDIA_LOST, 8 }, { P12, FAULT_LLM_FIRST, 2 }, { P05, FAULT_TTS_MID, 2 },
		{ P13, FAULT_TTS_STALL, 2 }, { P14, FAULT_LLM_STALL, 2 }, { P03, FAULT_TOOL_SLOW, 1 } };
	unsigned int i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (scene_provokes(s, (int)needs[i].promise))
			fault_plan_provoke(&s->plan, needs[i].fault, needs[i].nth);
}

static void scene_reset(struct scene *s, uint64_t call, struct verdict *verdict)
{
	world_reset(&s->world);
	s->world.now_us = 1 * S_US;
	s->seed = s->options.seed;
	s->call = call;
	snprintf(s->log_call, sizeof(s->log_call), "%" PRIu64 "/%" PRIu64, s->seed, call);
	dice_init(&s->plan_dice, s->seed, call, ACTOR_PLAN);
	dice_init(&s->disk_dice, s->seed, call, ACTOR_DISK);
	dice_init(&s->death_dice, s->seed, call, ACTOR_DEATH);
	dice_init(&s->save_dice, s->seed, call, ACTOR_SAVE);
	s->script = script_draw(s);
	fault_plan_draw(&s->plan, s->options.faults, s->script, &s->plan_dice);
	sabotage_arm(s);
	script_brief(s->script, &s->brief);
	s->settings = s->options.settings;
	s->audio = call % 10 == 0 || s->script->own || scene_provokes(s, N4);
	s->closing = s->finished = s->over = s->swapped = s->ship_stale = s->disk_gone = false;
	s->batch = NULL;
	s->opened_us = s->world.now_us;
	s->started_us = s->ended_us = s->owner_lost_us = s->known_us = s->finished_us = s->disk_full_until_us = s->told_durable = s->sync_us = s->disk_limit = 0;
	s->deaths = s->turns = s->swaps = s->holds = 0;
	s->steps = 0;
	s->usage = (struct session_usage){ 0 };
	judge_init(&s->judge, s, verdict);
	caller_init(&s->caller, s);
	carrier_init(&s->carrier, s);
	talker_init(&s->talker, s);
	recogniser_init(&s->recogniser, s);
	model_init(&s->model, s);
	conductor_init(&s->conductor, s);
	sink_reset(&s->sink);
}

static void totals_add(struct scene *s)
{
	struct scene_totals *t = &s->totals;

	t->calls++;
	t->steps += s->steps;
	t->virtual_us += (s->ended_us ? s->ended_us : s->world.now_us) - s->opened_us;
	t->turns += s->turns;
	t->interruptions += s->caller.interruptions;
	t->nods += s->caller.nods;
	t->coughs += s->caller.coughs;
	t->silences += s->caller.silences;
	t->keys += s->caller.key_presses;
	t->faults += s->plan.struck;
	t->provoked += s->plan.provocations;
	t->deaths += s->deaths;
	t->holds += s->holds;
	t->sounds += s->talker.sound_count;
	t->records += s->sink.count;
	t->saved += s->swaps;
}

static void actors_stop(struct scene *s)
{
	caller_stop(&s->caller);
	carrier_stop(&s->carrier);
	conductor_stop(&s->conductor);
	sink_stop(&s->sink, &s->world);
}

enum err scene_run(struct scene *s, uint64_t call, struct verdict *verdict)
{
	uint64_t events;
	enum err err;

	scene_reset(s, call, verdict);
	err = worker_open(s);
	if (err) {
		worker_clean(s);
		return err;
	}
	events = s->world.events;
	call_begin(s);
	while (!s->over && s->world.now_us < CALL_MAX_US && s->world.events - events < EVENTS_MAX && world_next(&s->world))
		if (s->finished && s->world.now_us > s->finished_us + DRAIN_MAX_US)
			s->over = true;
	if (!s->ended_us)
		judge_fail(&s->judge, N6, "the call never ended");
	actors_stop(s);
	err = worker_shut(s);
	if (!err) {
		judge_end(&s->judge);
		totals_add(s);
		err = worker_keep(s);
	}
	worker_clean(s);
	world_reset(&s->world);
	return err;
}

/* ---- life ---- */

enum err scene_new(struct scene **sp, const struct scene_options *options)
{
	struct scene *s = calloc(1, sizeof(*s));

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	s->options = *options;
	s->start = (struct event){ on_start, s, 0 };
	s->hang = (struct event){ on_hang, s, 0 };
	buf_init(&s->scratch, 64 << 20);
	worker_init(s);
	conductor_new(&s->conductor);
	s->tape = malloc(sizeof(*s->tape));
	if (s->tape)
		tape_init(s->tape);
	if (sink_new(&s->sink, s) || !s->tape) {
		scene_free(s);
		return ERR_NOMEM;
	}
	*sp = s;
	return ERR_NONE;
}

void scene_free(struct scene *s)
{
	if (!s)
		return;
	conductor_free(&s->conductor);
	sink_free(&s->sink);
	buf_fini(&s->scratch);
	if (s->tape)
		tape_fini(s->tape);
	free(s->tape);
	free(s);
}

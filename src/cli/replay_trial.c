/* `callfunnel replay --set K=V`: a recorded call with other settings, turn by turn, side by side.
 *
 * The words for people and the JSON; what would have changed is voice/replay/trial.h's finding. Refuses settings that are none of a call's.
 * Main thread. */
#include "cli/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "voice/replay/replay.h"
#include "voice/replay/trial.h"

static const char *floor_name(enum note note)
{
	return note == NOTE_HOLD ? "hold" : note == NOTE_RESUME ? "resume" : "yield";
}

static const char *const part_names[LATENCY_PARTS] = {
	[PART_END_OF_TURN] = "end of turn", [PART_TRANSCRIPT] = "transcript", [PART_FIRST_TOKEN] = "first token", [PART_SPEAKABLE] = "speakable",
	[PART_FIRST_AUDIO] = "first audio", [PART_SENT] = "sent", [PART_PLAYED] = "played",
};

static const char *const part_keys[LATENCY_PARTS] = {
	[PART_END_OF_TURN] = "end_of_turn_us", [PART_TRANSCRIPT] = "transcript_us", [PART_FIRST_TOKEN] = "first_token_us",
	[PART_SPEAKABLE] = "speakable_us", [PART_FIRST_AUDIO] = "first_audio_us", [PART_SENT] = "sent_us", [PART_PLAYED] = "played_us",
};

static void count(struct trial_counts *c, const struct trial_turn *turn)
{
	c->turns++;
	switch (turn->outcome) {
	case TRIAL_ENDED:
		c->later += turn->recorded.ended && turn->moved_us > 0;
		c->earlier += !turn->recorded.ended || turn->moved_us < 0;
		c->same += turn->recorded.ended && !turn->moved_us;
		break;
	case TRIAL_WENT_ON: c->went_on++; break;
	case TRIAL_CALL_ENDED: c->call_ended++; break;
	case TRIAL_OPEN: c->open++; break;
	case TRIAL_UNKNOWN: c->unknown++; break;
	}
}

enum { COLUMN_LABEL = 16, COLUMN_SIDE = 34 };

/* One line of the table; what does not fit its column pushes the next one on. */
static void print_row(struct buf *b, const char *label, struct buf *recorded, struct buf *with)
{
	buf_printf(b, "  %-*s%-*s %s\n", COLUMN_LABEL, label, COLUMN_SIDE, buf_str(recorded), buf_str(with));
	buf_reset(recorded);
	buf_reset(with);
}

static void print_ms(struct buf *b, uint64_t us)
{
	if (us % 1000)
		buf_printf(b, "%" PRIu64 ".%03u ms", us / 1000, (unsigned int)(us % 1000));
	else
		buf_printf(b, "%" PRIu64 " ms", us / 1000);
}

static void print_end(struct buf *b, const struct trial_side *side)
{
	if (!side->ended) {
		buf_text(b, "no end");
		return;
	}
	replay_print_time(b, side->end_us);
	buf_printf(b, " %s after ", turn_why_name(side->why));
	print_ms(b, side->silence_us);
}

static void print_moved(struct buf *b, const struct trial_turn *turn)
{
	uint64_t by = (uint64_t)(turn->moved_us < 0 ? -turn->moved_us : turn->moved_us);

	if (!turn->recorded.ended)
		return;
	buf_text(b, turn->moved_us ? ", " : ", the same");
	if (by)
		print_ms(b, by);
	if (by)
		buf_text(b, turn->moved_us < 0 ? " earlier" : " later");
}

static void print_outcome(struct buf *b, const struct trial_turn *turn)
{
	switch (turn->outcome) {
	case TRIAL_ENDED:
		print_end(b, &turn->with);
		print_moved(b, turn);
		return;
	case TRIAL_WENT_ON: buf_text(b, "not yet: the caller went on at "); break;
	case TRIAL_CALL_ENDED: buf_text(b, "not before the call was over at "); break;
	case TRIAL_OPEN: buf_text(b, "not before the recording ends at "); break;
	case TRIAL_UNKNOWN: buf_text(b, "unknown from "); break;
	}
	replay_print_time(b, turn->stop_us);
	if (turn->outcome == TRIAL_UNKNOWN)
		buf_printf(b, " on: %s", trial_unknown_text(turn->unknown));
}

static void print_floor(struct buf *b, const struct trial_side *side)
{
	size_t i;

	if (!side->floor_count)
		buf_text(b, "none");
	for (i = 0; i < side->floor_count; i++) {
		buf_printf(b, "%s%s ", i ? ", " : "", floor_name(side->floor[i].note));
		replay_print_time(b, side->floor[i].at_us);
	}
	if (side->holds + side->resumes + side->yields > side->floor_count)
		buf_text(b, ", …");
}

static void print_asked(struct buf *b, const struct trial_side *side, const char *which)
{
	if (!side->asked)
		buf_text(b, "nothing");
	else
		buf_printf(b, "%s, %s", which, side->ahead ? "ahead of the end" : "at the end");
	if (side->token_us)
		buf_text(b, ", first text there");
}

/* Parts that took no time are left out. */
static void print_latency(struct buf *b, const struct trial_side *side)
{
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < side->part_count; i++) {
		if (!side->parts[i])
			continue;
		buf_printf(b, "%s%s ", comma, part_names[i]);
		print_ms(b, side->parts[i]);
		comma = ", ";
	}
	if (side->part_count < LATENCY_PARTS)
		return;
	buf_text(b, "; total ");
	print_ms(b, side->total_us);
}

static void print_more(struct buf *b, uint64_t recorded, uint64_t with)
{
	buf_text(b, ", ");
	if (recorded == with) {
		buf_text(b, "the same");
		return;
	}
	print_ms(b, recorded > with ? recorded - with : with - recorded);
	buf_text(b, recorded > with ? " less" : " more");
}

static void print_latencies(struct buf *b, const struct trial_turn *turn)
{
	const struct trial_side *r = &turn->recorded, *w = &turn->with;

	if (r->ended) {
		buf_text(b, "  latency: recorded ");
		print_latency(b, r);
		buf_text(b, r->part_count < LATENCY_PARTS ? "; nobody heard the answer\n" : "\n");
	}
	buf_text(b, r->ended ? "           with     " : "  latency: with     ");
	print_latency(b, w);
	if (w->part_count < LATENCY_PARTS)
		buf_printf(b, "; the rest is not known: %s", trial_latency_text(turn->latency));
	else
		print_more(b, r->total_us, w->total_us);
	buf_text(b, "\n");
}

static void print_turn(struct replaying *r, const struct trial_turn *turn)
{
	struct buf *b = &r->out, left, right;

	buf_init(&left, 4096);
	buf_init(&right, 4096);
	buf_printf(b, "\nturn %u  \"%s\"\n", turn->turn, turn->recorded.ended ? turn->recorded.words : turn->with.words);
	buf_text(&left, "recorded");
	buf_printf(&right, "with %s", r->sets);
	print_row(b, "", &left, &right);
	print_end(&left, &turn->recorded);
	print_outcome(&right, turn);
	print_row(b, "turn ended", &left, &right);
	if (turn->outcome == TRIAL_ENDED && turn->other_words)
		buf_printf(b, "  %-*s%-*s \"%s\"\n", COLUMN_LABEL, "its words", COLUMN_SIDE, "", turn->with.words);
	print_floor(&left, &turn->recorded);
	print_floor(&right, &turn->with);
	print_row(b, "interruptions", &left, &right);
	if (turn->outcome == TRIAL_ENDED) {
		print_asked(&left, &turn->recorded, "the model");
		print_asked(&right, &turn->with, turn->same_request ? "the same request" : "another request");
		print_row(b, "asked", &left, &right);
		print_latencies(b, turn);
	}
	if (turn->heard_other)
		buf_text(b, "  this holds only if hearing the agent fall silent sooner or later changed nothing\n");
	if (turn->heard_answer)
		buf_text(b, "  by then the caller had heard the recorded answer; it holds only if they would have been silent without it\n");
	if (turn->stalled)
		buf_text(b, "  the caller's audio stood still there, and silence that nobody heard is not counted\n");
	if (turn->late_us)
		buf_printf(b, "  the recorded end came %" PRIu64 " us after its timer was due; that is left out\n", turn->late_us);
	buf_fini(&left);
	buf_fini(&right);
}

static void put_side(struct buf *b, const char *key, const struct trial_side *s)
{
	unsigned int i;

	json_put_key(b, key);
	json_open(b, '{');
	json_pair_bool(b, "ended", s->ended);
	if (s->ended) {
		json_pair_u64(b, "end_us", s->end_us);
		json_pair_string(b, "why", turn_why_name(s->why));
		json_pair_u64(b, "silence_us", s->silence_us);
		json_pair_string(b, "words", s->words);
		json_pair_bool(b, "asked", s->asked);
		json_pair_bool(b, "ahead", s->ahead);
	}
	json_put_key(b, "floor");
	json_open(b, '[');
	for (i = 0; i < s->floor_count; i++) {
		json_open(b, '{');
		json_pair_string(b, "what", floor_name(s->floor[i].note));
		json_pair_u64(b, "at_us", s->floor[i].at_us);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_put_key(b, "latency");
	json_open(b, '{');
	for (i = 0; i < s->part_count; i++)
		json_pair_u64(b, part_keys[i], s->parts[i]);
	json_close(b, '}');
	if (s->part_count == LATENCY_PARTS)
		json_pair_u64(b, "total_us", s->total_us);
	json_close(b, '}');
}

static void put_turn(struct buf *b, const struct trial_turn *turn)
{
	json_open(b, '{');
	json_pair_u64(b, "turn", turn->turn);
	json_pair_u64(b, "epoch", turn->epoch);
	json_pair_u64(b, "first_step", turn->first + 1);
	json_pair_u64(b, "last_step", turn->last + 1);
	put_side(b, "recorded", &turn->recorded);
	put_side(b, "with", &turn->with);
	json_pair_string(b, "outcome", trial_outcome_name(turn->outcome));
	if (turn->outcome == TRIAL_ENDED && turn->recorded.ended) {
		json_pair_i64(b, "moved_us", turn->moved_us);
		json_pair_bool(b, "same_words", !turn->other_words);
		json_pair_bool(b, "same_request", turn->same_request);
	}
	if (turn->outcome == TRIAL_ENDED && turn->with.part_count < LATENCY_PARTS)
		json_pair_string(b, "latency_unknown", trial_latency_text(turn->latency));
	if (turn->outcome != TRIAL_ENDED)
		json_pair_u64(b, "stop_us", turn->stop_us);
	if (turn->outcome == TRIAL_UNKNOWN)
		json_pair_string(b, "unknown", trial_unknown_text(turn->unknown));
	json_pair_u64(b, "recorded_late_us", turn->late_us);
	json_pair_bool(b, "line_stalled", turn->stalled);
	json_pair_bool(b, "caller_heard_other", turn->heard_other);
	json_pair_bool(b, "caller_heard_answer", turn->heard_answer);
	json_close(b, '}');
}

static void turn_take(void *arg, const struct trial_turn *turn)
{
	struct replaying *r = arg;

	count(&r->counts, turn);
	if (r->cli->json) {
		put_turn(&r->out, turn);
	} else {
		print_turn(r, turn);
		replay_print_out(r);
	}
}

/* Only what --set named; the rest is as it was recorded. */
static void settings_change(void *arg, struct call_settings *settings)
{
	struct replaying *r = arg;
	size_t i, n = config_count(r->cli->config);

	for (i = 0; i < n; i++) {
		struct config_setting s = config_at(r->cli->config, i);
		const struct option *o = s.option;

		if (!option_find(call_options, o->name) || strcmp(s.origin, "--set") != 0)
			continue;
		if (o->type == OPTION_BOOL)
			memcpy((char *)settings + o->offset, (const char *)&r->other + o->offset, sizeof(bool));
		else
			memcpy((char *)settings + o->offset, (const char *)&r->other + o->offset, sizeof(int64_t));
	}
}

/* What a replay itself reads, besides the settings it tries. */
static bool own_setting(const char *name)
{
	return option_find(log_options, name) || !strcmp(name, "data.dir");
}

/* A setting of something else would change nothing: whoever names one expects something that does not happen. */
int replay_sets_find(struct replaying *r)
{
	size_t i, n = config_count(r->cli->config), at = 0;

	config_bind(r->cli->config, call_options, &r->other);
	for (i = 0; i < n; i++) {
		struct config_setting s = config_at(r->cli->config, i);
		char value[64];

		if (strcmp(s.origin, "--set") != 0)
			continue;
		if (!option_find(call_options, s.option->name) && !own_setting(s.option->name))
			return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, "--set", "callfunnel replay tries settings of the call: vad, turn, barge, llm, tts, ...",
				"%s is no setting of a call", s.option->name);
		if (!strcmp(s.option->name, "call.max_ms")) /* its timer runs from the call's beginning on, in every recorded state */
			return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, "--set", "a turn is tried from its recorded state, in which that time runs already",
				"%s cannot be tried turn by turn", s.option->name);
		if (!option_find(call_options, s.option->name))
			continue;
		r->trying = true;
		config_print(&s, value, sizeof(value));
		if (at < sizeof(r->sets))
			at += (size_t)snprintf(r->sets + at, sizeof(r->sets) - at, "%s%s=%s", at ? " " : "", s.option->name, value);
	}
	return CLI_FINE;
}

static bool set_names(const void *arg, const char *name)
{
	const struct replaying *r = arg;
	size_t i, n = config_count(r->cli->config);

	for (i = 0; i < n; i++) {
		struct config_setting s = config_at(r->cli->config, i);

		if (!strcmp(s.option->name, name))
			return !strcmp(s.origin, "--set");
	}
	return false;
}

static int contradicts(struct replaying *r, const struct call_settings *settings, const struct option_order *order)
{
	const struct option *low = option_find(call_options, order->low), *high = option_find(call_options, order->high);
	char hint[sizeof(((struct err_detail *)0)->hint)], a[32], b[32];

	option_order_hint(order, hint, sizeof(hint));
	option_print(low, settings, a, sizeof(a));
	option_print(high, settings, b, sizeof(b));
	return cli_fail(r->cli, CLI_USAGE, ERR_USAGE, set_names(r, order->low) ? "--set" : r->name, hint, "%s: found %s (%s), above %s: %s (%s)", order->low, a,
		set_names(r, order->low) ? "--set" : "recorded", order->high, b, set_names(r, order->high) ? "--set" : "recorded");
}

int replay_sets_judge(struct replaying *r, const struct tape *t)
{
	struct call_settings settings;
	const struct option_order *order;
	struct call *call;
	enum err err;

	if (!r->trying || !t->part_count)
		return CLI_FINE;
	err = replay_enter(&call, t, &t->parts[0]);
	if (err)
		return CLI_FINE; /* the comparison says so */
	settings = *call_get_settings(call);
	call_free(call);
	settings_change(r, &settings);
	order = options_contradiction(call_options, call_orders, &settings, set_names, r);
	return order ? contradicts(r, &settings, order) : CLI_FINE;
}

static void counts_print(struct replaying *r)
{
	const struct trial_counts *c = &r->counts;

	printf("\n%u turns with %s: %u end later, %u earlier, %u the same", c->turns, r->sets, c->later, c->earlier, c->same);
	if (c->went_on)
		printf("; in %u the caller went on before the end", c->went_on);
	if (c->call_ended + c->open)
		printf("; %u have no end", c->call_ended + c->open);
	if (c->unknown)
		printf("; %u cannot be known", c->unknown);
	printf("\n");
}

enum err replay_try(struct replaying *r, const struct tape *t)
{
	enum err err;

	r->counts = (struct trial_counts){ 0 };
	if (r->cli->json) {
		json_pair_string(&r->out, "with", r->sets);
		json_put_key(&r->out, "turns");
		json_open(&r->out, '[');
	}
	err = trial_run(t, settings_change, turn_take, r);
	if (r->cli->json)
		json_close(&r->out, ']');
	else if (!err)
		counts_print(r);
	return err;
}

/* `callfunnel replay --set K=V`: a recorded call with other settings, turn by turn, side by side.
 *
 * The words for people and the JSON; what would have changed is voice/replay/trial.h's finding. The settings:
 * replay_sets.c. Main thread. */
#include "cli/replay.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/cli.h"
#include "voice/replay/trial.h"

static const char *const part_names[LATENCY_PARTS] = {
	[PART_END_OF_TURN] = "end of turn", [PART_TRANSCRIPT] = "transcript", [PART_FIRST_TOKEN] = "first token", [PART_SPEAKABLE] = "speakable",
	[PART_FIRST_AUDIO] = "first audio", [PART_SENT] = "sent", [PART_PLAYED] = "played",
};

static void count_rest(struct trial_counts *c, const struct trial_turn *turn)
{
	c->end_later += turn->moved_us > 0 || (turn->recorded.over && turn->outcome == TRIAL_OPEN);
	c->end_earlier += turn->moved_us < 0 || (!turn->recorded.over && turn->with.over);
	c->rest_unknown += turn->outcome == TRIAL_UNKNOWN;
}

static void count(struct trial_counts *c, const struct trial_turn *turn)
{
	c->different += !turn->same;
	c->begun += turn->begun_count > 0;
	if (turn->rest) {
		count_rest(c, turn);
		return;
	}
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

static void print_call_end(struct buf *b, bool is, uint64_t at_us, enum end_reason why)
{
	if (!is) {
		buf_text(b, "none");
		return;
	}
	replay_print_time(b, at_us);
	buf_printf(b, " %s", end_reason_name(why));
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

	if (turn->rest ? !turn->recorded.over : !turn->recorded.ended)
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
	case TRIAL_CALL_ENDED:
		if (turn->rest) {
			print_call_end(b, true, turn->with.over_us, turn->with.over_why);
			print_moved(b, turn);
			return;
		}
		buf_text(b, "not before the call was over at ");
		break;
	case TRIAL_OPEN:
		if (turn->rest && !turn->recorded.over) {
			buf_text(b, "none");
			return;
		}
		buf_text(b, "not before the recording ends at ");
		break;
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
		buf_printf(b, "%s%s ", i ? ", " : "", replay_floor_name(side->floor[i].note));
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

/* A change that the rows above do not show: before the turn's end, and none of the floor's or of the end. */
static bool first_change_shown(const struct trial_turn *turn)
{
	const struct trial_mark *marks[] = { &turn->first_recorded, &turn->first_with };
	size_t i;

	if (turn->outcome == TRIAL_UNKNOWN && !turn->first_with.type)
		return true; /* there the trial ended */
	for (i = 0; i < 2; i++) {
		const struct trial_mark *m = marks[i];
		uint32_t note = m->type == OUT_NOTE ? m->kind : 0;

		if (m->type == OUT_HOLD || m->type == OUT_HANGUP || note == NOTE_HOLD || note == NOTE_RESUME || note == NOTE_YIELD || note == NOTE_TURN ||
		    note == NOTE_ENDING || note == NOTE_ENDED)
			return true;
		if (m->type && ((turn->recorded.ended && m->at_us >= turn->recorded.end_us) || (turn->with.ended && m->at_us >= turn->with.end_us)))
			return true;
	}
	return !turn->first_recorded.type && !turn->first_with.type;
}

static void print_mark(struct buf *b, const struct trial_mark *mark)
{
	if (!mark->type) {
		buf_text(b, "nothing more");
		return;
	}
	buf_printf(b, "%s ", replay_mark_name(mark));
	replay_print_time(b, mark->at_us);
}

static void print_first_change(struct buf *b, const struct trial_turn *turn, struct buf *left, struct buf *right)
{
	const struct trial_mark *r = &turn->first_recorded, *w = &turn->first_with;

	if (first_change_shown(turn))
		return;
	print_mark(left, r);
	if (r->type == w->type && r->kind == w->kind && r->at_us == w->at_us)
		buf_text(right, "another ");
	print_mark(right, w);
	print_row(b, "first change", left, right);
}

static void print_remarks(struct buf *b, const struct trial_turn *turn)
{
	size_t i;

	if (turn->heard_other)
		buf_text(b, "  this holds only if hearing the agent fall silent sooner or later changed nothing\n");
	if (turn->heard_answer)
		buf_text(b, "  by then the caller had heard the recorded answer; it holds only if they would have been silent without it\n");
	if (turn->stalled && !turn->rest)
		buf_text(b, "  the caller's audio stood still there, and silence that nobody heard is not counted\n");
	if (turn->late_us)
		buf_printf(b, "  the recorded end came %" PRIu64 " us after its timer was due; that is left out\n", turn->late_us);
	for (i = 0; i < turn->begun_count; i++)
		buf_printf(b, "  a time of %s ran already when this was tried from, and ran on as recorded\n", turn->begun[i]);
}

static void print_head(struct replaying *r, const struct trial_turn *turn, struct buf *left, struct buf *right)
{
	struct buf *b = &r->out;

	if (!turn->rest)
		buf_printf(b, "\nturn %u  \"%s\"\n", turn->turn, turn->recorded.ended ? turn->recorded.words : turn->with.words);
	else if (turn->turn > 1)
		buf_printf(b, "\nbehind turn %u", turn->turn - 1);
	else
		buf_text(b, "\nwithout a turn");
	if (turn->rest)
		buf_text(b, !turn->cut ? "\n" : turn->cut_by == TAPE_ATTACH ? ", until another worker took over\n" : ", up to a gap\n");
	buf_text(left, "recorded");
	buf_printf(right, "with %s", r->sets);
	print_row(b, "", left, right);
}

static void print_ends(struct buf *b, const struct trial_turn *turn, struct buf *left, struct buf *right)
{
	const struct trial_side *r = &turn->recorded, *w = &turn->with;

	if (!turn->rest) {
		print_end(left, r);
		print_outcome(right, turn);
		print_row(b, "turn ended", left, right);
	}
	if (r->ending || w->ending) {
		print_call_end(left, r->ending, r->ending_us, r->ending_why);
		print_call_end(right, w->ending, w->ending_us, w->ending_why);
		print_row(b, "goodbye", left, right);
	}
	if (!turn->rest)
		return;
	print_call_end(left, r->over, r->over_us, r->over_why);
	print_outcome(right, turn);
	print_row(b, "call ended", left, right);
}

static void print_turn(struct replaying *r, const struct trial_turn *turn)
{
	struct buf *b = &r->out, left, right;

	buf_init(&left, 4096);
	buf_init(&right, 4096);
	print_head(r, turn, &left, &right);
	print_ends(b, turn, &left, &right);
	if (turn->outcome == TRIAL_ENDED && turn->other_words)
		buf_printf(b, "  %-*s%-*s \"%s\"\n", COLUMN_LABEL, "its words", COLUMN_SIDE, "", turn->with.words);
	print_floor(&left, &turn->recorded);
	print_floor(&right, &turn->with);
	print_row(b, "interruptions", &left, &right);
	if (turn->outcome == TRIAL_ENDED) {
		print_asked(&left, &turn->recorded, "the model");
		print_asked(&right, &turn->with, turn->same_request ? "the same request" : "another request");
		print_row(b, "asked", &left, &right);
	}
	print_first_change(b, turn, &left, &right);
	if (turn->outcome == TRIAL_ENDED)
		print_latencies(b, turn);
	print_remarks(b, turn);
	buf_fini(&left);
	buf_fini(&right);
}

static void turn_take(void *arg, const struct trial_turn *turn)
{
	struct replaying *r = arg;

	count(&r->counts, turn);
	if (r->cli->json) {
		replay_turn_put(turn->rest ? &r->rest : &r->out, turn);
	} else {
		print_turn(r, turn);
		replay_print_out(r);
	}
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
	if (c->end_later + c->end_earlier)
		printf("; the call ends %s", c->end_later ? "later" : "earlier");
	if (c->rest_unknown)
		printf("; what follows the last turn cannot be known");
	if (!c->different && !c->begun)
		printf("; nothing differs");
	if (c->begun)
		printf("; in %u places a time ran already, and what the setting would have made of it is not known", c->begun);
	printf("\n");
}

static void rest_put(struct replaying *r)
{
	json_put_key(&r->out, "rest");
	buf_append(&r->out, r->rest.data, r->rest.len);
	json_close(&r->out, ']');
	json_pair_bool(&r->out, "nothing_differs", !r->counts.different && !r->counts.begun);
}

enum err replay_try(struct replaying *r, const struct tape *t)
{
	enum err err;

	r->counts = (struct trial_counts){ 0 };
	buf_reset(&r->rest);
	json_open(&r->rest, '[');
	if (r->cli->json) {
		json_pair_string(&r->out, "with", r->sets);
		json_put_key(&r->out, "turns");
		json_open(&r->out, '[');
	}
	err = trial_run(t, replay_sets_change, turn_take, r);
	if (r->cli->json) {
		json_close(&r->out, ']');
		rest_put(r);
	} else if (!err) {
		counts_print(r);
	}
	return err;
}

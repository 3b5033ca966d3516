/* `callfunnel replay --set K=V --json`: a turn, or what follows the last, as one JSON object. The members are a contract: docs/replay.md.
 * Main thread. */
#include "cli/replay.h"

#include "base/json.h"
#include "voice/replay/trial.h"

static const char *const part_keys[LATENCY_PARTS] = {
	[PART_END_OF_TURN] = "end_of_turn_us", [PART_TRANSCRIPT] = "transcript_us", [PART_FIRST_TOKEN] = "first_token_us",
	[PART_SPEAKABLE] = "speakable_us", [PART_FIRST_AUDIO] = "first_audio_us", [PART_SENT] = "sent_us", [PART_PLAYED] = "played_us",
};

const char *replay_floor_name(enum note note)
{
	return note == NOTE_HOLD ? "hold" : note == NOTE_RESUME ? "resume" : "yield";
}

const char *replay_mark_name(const struct trial_mark *mark)
{
	return mark->type == OUT_NOTE ? note_name((enum note)mark->kind) : output_name(mark->type);
}

static void put_call_end(struct buf *b, const struct trial_side *s)
{
	if (s->ending) {
		json_pair_u64(b, "goodbye_us", s->ending_us);
		json_pair_string(b, "goodbye_why", end_reason_name(s->ending_why));
	}
	if (s->over) {
		json_pair_u64(b, "call_end_us", s->over_us);
		json_pair_string(b, "call_end_why", end_reason_name(s->over_why));
	}
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
	put_call_end(b, s);
	json_put_key(b, "floor");
	json_open(b, '[');
	for (i = 0; i < s->floor_count; i++) {
		json_open(b, '{');
		json_pair_string(b, "what", replay_floor_name(s->floor[i].note));
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

static void put_mark(struct buf *b, const char *key, const struct trial_mark *mark)
{
	if (!mark->type)
		return;
	json_put_key(b, key);
	json_open(b, '{');
	json_pair_string(b, "what", replay_mark_name(mark));
	json_pair_u64(b, "at_us", mark->at_us);
	json_close(b, '}');
}

/* What no other member need show. */
static void put_sameness(struct buf *b, const struct trial_turn *turn)
{
	size_t i;

	json_pair_bool(b, "same", turn->same);
	if (turn->first_recorded.type || turn->first_with.type) {
		json_put_key(b, "first_change");
		json_open(b, '{');
		put_mark(b, "recorded", &turn->first_recorded);
		put_mark(b, "with", &turn->first_with);
		json_close(b, '}');
	}
	json_put_key(b, "ran_already");
	json_open(b, '[');
	for (i = 0; i < turn->begun_count; i++)
		json_put_string(b, turn->begun[i]);
	json_close(b, ']');
}

static void put_rest(struct buf *b, const struct trial_turn *turn)
{
	json_pair_u64(b, "behind_turn", turn->turn - 1);
	if (turn->cut)
		json_pair_string(b, "cut_by", turn->cut_by == TAPE_ATTACH ? "takeover" : "gap");
	if (turn->recorded.over && turn->with.over)
		json_pair_i64(b, "moved_us", turn->moved_us);
}

void replay_turn_put(struct buf *b, const struct trial_turn *turn)
{
	json_open(b, '{');
	json_pair_u64(b, "turn", turn->turn);
	json_pair_u64(b, "epoch", turn->epoch);
	json_pair_u64(b, "first_step", turn->first + 1);
	json_pair_u64(b, "last_step", turn->last + 1);
	put_side(b, "recorded", &turn->recorded);
	put_side(b, "with", &turn->with);
	json_pair_string(b, "outcome", trial_outcome_name(turn->outcome));
	if (turn->rest)
		put_rest(b, turn);
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
	put_sameness(b, turn);
	json_close(b, '}');
}

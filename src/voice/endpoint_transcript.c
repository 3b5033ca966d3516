/* What a recogniser says becomes words of the turn: partials and finals, and the nods that are none of them (edges a, b and f of endpoint.c).
 *
 * A final takes the partial's place; what of it was said before is late.c's to know. Words may take the floor (floor_words), tell who answered
 * (answerer_words), and change what the model was asked ahead (dialogue_words_changed). What a stream says that is not in force is nothing.
 */
#include "voice/call_state.h"

enum { REST_VOICE_US = 800000 /* a word, and not two */ };

/* Right behind the yes, and begun before the caller can have heard any of the answer: the rest of it, whatever the recogniser made of it. */
static bool is_rest(const struct call *call, const char *text, size_t len)
{
	const struct ear *ear = &call->ear;
	uint64_t yes_us = call->at[AT_SPEECH_END], played_us = call->at[AT_PLAYED];

	if (ear->burst_us <= yes_us || ear->burst_us > yes_us + (uint64_t)call->settings.turn_silence_ms * 1000 || ear->voice_us > REST_VOICE_US)
		return false;
	return (!played_us || played_us >= ear->burst_us) && words_short(text, len);
}

bool endpoint_nods(const struct call *call, const char *text, size_t len)
{
	const struct listen *l = &call->listen;

	if (words_all_in(&call->brief.nods, text, len) && !quiet_lets_go(call))
		return true;
	if (call->settings.call_rules >= 4 && call->quiet.ending && words_farewell(text, len))
		return true;
	if (answerer_nods(call, text, len))
		return true;
	return l->who_turn && l->who_turn == call->dialogue.turn && (words_speaking(text, len) || is_rest(call, text, len));
}

/* What is prepared for the answer that is being given is not said to anybody yet. */
static bool agent_at_it(const struct call *call)
{
	if (call->settings.call_rules >= 4 && speech_unreleased(call))
		return dialogue_answering(call);
	return !speech_idle(call) || dialogue_answering(call);
}

/* A nod over the agent's words is noted and forgotten. */
static bool nod(struct call *call, const char *text, size_t len)
{
	bool over = call->ear.over_agent || agent_at_it(call);

	if (!over || endpoint_words(call) || !endpoint_nods(call, text, len) || words_any_in(&call->brief.stops, text, len))
		return false;
	if (floor_near_end(call))
		return false; /* the question is as good as asked: this answers it */
	return guarded(call, GUARD_P06);
}

static void partial_take(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;

	if (words_count(in->text, in->text_len))
		late_keep(call, in);
	if (call->settings.call_rules >= 4) {
		l->partial_from = in->position;
		l->partial_sample = in->position2;
	}
	if (words_same((const char *)l->partial.data, l->partial.len, in->text, in->text_len))
		return;
	if (nod(call, in->text, in->text_len))
		return;
	buf_reset(&l->partial);
	late_append(&l->partial, in->text, in->text_len);
	l->text_us = call->now_us;
	if (in->text_len && !answerer_heard(call, in->position2))
		floor_words(call, in->text, in->text_len);
}

/* `unworded`: as it was before these words came. */
static void final_take(struct call *call, const struct call_input *in, bool unworded)
{
	struct listen *l = &call->listen;
	bool words = words_count(in->text, in->text_len) > 0;
	bool late = l->used.len && in->position < l->turn_sample; /* of a turn that has been answered: no reason to interrupt the answer */
	const char *text = in->text;
	size_t len = in->text_len, old;
	enum late_final kept;
	bool taken;

	l->finalizing = false;
	l->final_sample = num_max(l->final_sample, in->position2);
	if (!words) {
		words = l->partial.len > 0;
		late_wipe(call, in);
		call->ear.unworded |= words && !l->partial.len; /* there were words, and now there are none: as good as not caught */
		return;
	}
	late_keep(call, in);
	taken = call->settings.call_rules >= 4 && words_same((const char *)l->partial.data, l->partial.len, text, len);
	old = late_owed(call, in);
	text += old;
	len -= old;
	kept = late_kept(call, in, text, len);
	if (!len || kept == LATE_KNOWN || !guarded(call, GUARD_N5)) {
		call->ear.unworded |= unworded && call->settings.call_rules >= 4; /* they say nothing of the voice that came since */
		return;
	}
	late_wipe(call, in);
	if (kept == LATE_NEW && !taken && nod(call, text, len)) { /* what was no nod as a partial is none now, whoever speaks meanwhile */
		call_note_text(call, NOTE_NOD, 0, 0, call_keep(call, text, len));
		return;
	}
	if (kept == LATE_NEW) {
		late_gap(call, in->position);
		late_append(&l->said, text, len);
	}
	l->text_us = call->now_us;
	l->final_us = call->now_us;
	if (call->settings.call_rules >= 4)
		l->said_sample = num_max(l->said_sample, in->position2);
	l->voice_sample = l->final_sample;
	l->waiting = call->ear.burst;
	if (!late && !answerer_heard(call, in->position2))
		floor_words(call, (const char *)l->said.data + late_gap_last(l), l->said.len - late_gap_last(l)); /* a word of long ago does not make it two */
}

/* The words were heard after all, and that they were not is not said; what has begun is interrupted as anything else is. Words of before
 * that voice, which the stream is given along with it, are none of it. */
static void unheard_drop(struct call *call, uint64_t to_sample)
{
	if (call->listen.renewed && to_sample > call->ear.burst_sample && speech_head(call) == call->listen.unheard && !speech_begun(call))
		speech_drop(call);
}

/* What is being said may tell who says it, before it is taken for an interruption. */
static void answerer_look(struct call *call, const struct call_input *in)
{
	struct buf *b = endpoint_said(call, in->text, in->text_len);

	answerer_words(call, (const char *)b->data, b->len);
}

void endpoint_transcript(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;
	bool unworded = call->ear.unworded;

	if (in->stream != l->stream)
		return;
	l->retries = 0;
	l->reopened = false;
	l->down = false; /* given up, and it speaks before the next one is opened */
	timer_stop(call, TIMER_STT);
	timer_stop(call, TIMER_STT_RETRY);
	if (call->settings.call_rules >= 4)
		l->news_us = call->now_us;
	if (words_count(in->text, in->text_len)) {
		call->ear.unworded = false;
		tools_spare(call);
		unheard_drop(call, in->position2);
	}
	l->renewed = false;
	answerer_look(call, in);
	if (in->kind == TRANSCRIPT_PARTIAL)
		partial_take(call, in);
	else
		final_take(call, in, unworded);
	endpoint_settle(call);
	if (in->kind == TRANSCRIPT_END && l->said.len && !l->partial.len)
		l->endpoint = true;
	else if (in->text_len)
		l->endpoint = false;
	dialogue_words_changed(call);
	if (call->brief.knowledge)
		dialogue_retrieve(call);
	endpoint_update(call);
}

/* The latency parts of a turn: milestones from the end of speech to the first sample played.
 *
 * A milestone that came before the one ahead of it (a token that was asked for ahead of the turn's end) adds nothing: parts
 * are never negative and always sum to the total.
 */
#include "base/wire.h"
#include "voice/call_state.h"

void measure_ahead(struct call *call)
{
	call->at[AT_TOKEN] = 0;
	call->at[AT_SPEAKABLE] = 0;
	call->at[AT_AUDIO] = 0;
}

void measure_given_up(struct call *call)
{
	if (call->measured)
		return;
	measure_ahead(call);
	call->at[AT_SENT] = 0;
}

void measure_turn(struct call *call, uint64_t enough_us)
{
	const struct listen *l = &call->listen;
	uint64_t speech_end = call->ear.last_voice_us > l->turn_us ? call->ear.last_voice_us : l->text_us;

	if (!call->dialogue.gen.ahead)
		measure_ahead(call);
	call->at[AT_SPEECH_END] = speech_end;
	call->dialogue.still_us = l->over_agent ? call->now_us : speech_end; /* what waited for the agent to be done was not said into silence */
	call->at[AT_TURN] = call->settings.turn_late_apart ? enough_us : call->now_us;
	call->at[AT_TRANSCRIPT] = call->settings.turn_late_apart ? call->now_us : l->final_us;
	call->at[AT_SENT] = 0;
	call->at[AT_PLAYED] = 0;
	call->measured = false;
}

void measure_at(struct call *call, enum milestone milestone)
{
	uint8_t parts[LATENCY_PARTS * 10];
	struct buf b = { .data = parts, .cap = sizeof(parts), .max = sizeof(parts) };
	uint64_t before = call->at[AT_SPEECH_END];
	unsigned int i;
	struct text text;

	if (!call->at[milestone])
		call->at[milestone] = call->now_us;
	if (milestone != AT_PLAYED || call->measured || !call->at[AT_TURN])
		return;
	call->measured = true;
	for (i = AT_TURN; i < MILESTONES; i++) {
		uint64_t at = num_max(call->at[i], before);

		wire_put_varint(&b, at - before);
		before = at;
	}
	text = call_keep(call, b.data, b.len);
	call_note_text(call, NOTE_LATENCY, 0, before - call->at[AT_SPEECH_END], text);
}

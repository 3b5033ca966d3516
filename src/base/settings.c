#include "base/settings.h"

#include <string.h>

#define MS(key, field, default_ms, low, high, text) \
	{ .name = key, .type = OPTION_INT, .min = low, .max = high, .value = default_ms, .unit = "ms", .help = text, \
	  .offset = offsetof(struct call_settings, field) }
#define NUMBER(key, field, default_value, low, high, unit_text, text) \
	{ .name = key, .type = OPTION_INT, .min = low, .max = high, .value = default_value, .unit = unit_text, .help = text, \
	  .offset = offsetof(struct call_settings, field) }
#define SWITCH(key, field, default_value, text) \
	{ .name = key, .type = OPTION_BOOL, .value = default_value, .help = text, .offset = offsetof(struct call_settings, field) }

/* The order is the encoding's field numbers: append only. */
const struct option call_options[] = {
	NUMBER("vad.on", vad_on, 32768, 22938, 42598, "of 65535", "Voice begins when its probability reaches this: 0.35 to 0.65. Below, the line's own noise is voice; above, short sounds are none."),
	NUMBER("vad.off", vad_off, 22938, 9830, 42598, "of 65535", "Voice ends when its probability falls below this: 0.15 to 0.65. Below, it never ends on a noisy line."),
	MS("vad.gap_ms", vad_gap_ms, 250, 0, 1000, "Pauses this short belong to one burst of voice."),
	MS("turn.silence_ms", turn_silence_ms, 600, 60, 3000,
		"Silence that ends the caller's turn when nothing says how finished the words are. After three seconds callers ask whether anybody is there."),
	MS("turn.complete_ms", turn_complete_ms, 200, 60, 2000, "Silence that ends the turn when the words are a whole answer."),
	MS("turn.open_ms", turn_open_ms, 1200, 60, 3000, "Silence that ends the turn when the words want more to follow."),
	MS("turn.spelled_ms", turn_spelled_ms, 1800, 1600, 3000,
		"Silence that ends the turn when digits, an address or letters were asked for, or letters are being said. "
		"People pause for up to 1.5 s inside a number."),
	MS("turn.endpoint_ms", turn_endpoint_ms, 320, 60, 3000, "Silence that ends the turn once the recogniser calls the end itself."),
	MS("turn.finalize_ms", turn_finalize_ms, 160, 32, 5000, "Silence after which the recogniser is asked for its final words."),
	MS("turn.final_wait_ms", turn_final_wait_ms, 700, 0, 5000, "How long a missing final transcript is waited for after the end of the turn."),
	MS("turn.noise_ms", turn_noise_ms, 1000, 300, 1400, "Silence after voice without words until the agent says that it did not catch that; 1.5 s at most are promised."),
	SWITCH("turn.preempt", turn_preempt, 1, "Ask the model already when the end of the turn is only likely."),
	MS("turn.preempt_ms", turn_preempt_ms, 96, 0, 2000, "Silence that makes the end of the turn likely."),
	NUMBER("turn.preempt_floor", turn_preempt_floor, 40, 0, 100, "%", "Asking ahead stops when fewer of the last ten were of use."),
	MS("barge.hold_ms", barge_hold_ms, 96, 32, 1000, "Voice over the agent after which the agent holds."),
	MS("barge.yield_ms", barge_yield_ms, 1000, 700, 10000, "Voice over the agent after which it yields even without words. A cough lasts up to 600 ms and must not."),
	MS("barge.resume_ms", barge_resume_ms, 500, 100, 600, "Silence after which a held agent goes on; 700 ms at most are promised."),
	NUMBER("barge.words", barge_words, 2, 1, 20, "words", "So many words over the agent make it yield."),
	MS("barge.tail_ms", barge_tail_ms, 700, 0, 5000, "This close to the end of its words, a nod counts as an answer."),
	MS("llm.filler_ms", llm_filler_ms, 1200, 100, 1500, "No speakable text from the model after this: a filler is spoken. 2.5 s of dead air at most are promised."),
	MS("llm.second_ms", llm_second_ms, 1500, 1000, 20000,
		"No text from the model after this, or no clause to speak as long behind its first text: the next attempt starts. Models take up to a second without being stuck."),
	MS("llm.stall_ms", llm_stall_ms, 1500, 500, 2000, "The model stops in the middle for this long with nothing left to say: the next attempt starts. 2.5 s of dead air at most are promised."),
	MS("llm.total_ms", llm_total_ms, 30000, 1000, 120000, "One answer of the model takes at most this long."),
	NUMBER("llm.attempts", llm_attempts, 3, 1, 10, "attempts", "Attempts at one answer before the agent apologises."),
	MS("tts.first_ms", tts_first_ms, 800, 400, 2000,
		"The voice's first audio comes within this, or the text is given to a new stream. Voices take up to 0.4 s; 2.5 s of dead air at most are promised."),
	MS("tts.gap_ms", tts_gap_ms, 800, 300, 2000, "Between pieces of audio at most this once playing has caught up. Shorter is a voice's usual pace; 2.5 s of dead air at most are promised."),
	NUMBER("tts.attempts", tts_attempts, 3, 1, 10, "attempts", "Attempts at one utterance before it is given up."),
	NUMBER("tts.ahead", tts_ahead, 2, 1, 8, "utterances", "Utterances synthesised ahead of the one that plays."),
	MS("tts.margin_ms", tts_margin_ms, 200, 0, 400, "Estimated word times count as heard only this much later; what lies in between is said twice when a voice dies."),
	MS("play.start_ms", play_start_ms, 300, 40, 5000, "From the order to play to the first frame on the wire, at most."),
	MS("play.mark_ms", play_mark_ms, 2000, 1000, 20000, "A mark that is later than this is not waited for. Lines add up to half a second, and what is given up is said again."),
	MS("stt.stall_ms", stt_stall_ms, 2000, 1000, 20000, "Voice without any transcript for this long: a new recogniser stream is opened."),
	MS("stt.retry_ms", stt_retry_ms, 200, 20, 5000, "Wait before a recogniser stream is opened again, doubled up to two seconds."),
	MS("tool.filler_ms", tool_filler_ms, 800, 100, 20000, "A tool that takes longer than this gets a filler."),
	MS("tool.detach_ms", tool_detach_ms, 6000, 500, 600000, "After this the conversation goes on without the tool's result."),
	MS("tool.timeout_ms", tool_timeout_ms, 10000, 100, 600000, "For tools that name no time limit."),
	MS("quiet.after_ms", quiet_after_ms, 6000, 500, 120000, "Nobody speaks for this long: the agent asks again."),
	NUMBER("quiet.prompts", quiet_prompts, 2, 0, 10, "times", "So often, then it says goodbye."),
	MS("key.gap_ms", key_gap_ms, 2500, 200, 8000, "Between the digits of one entry on the keypad. Nobody speaks meanwhile, so no more."),
	MS("call.max_ms", call_max_ms, 1800000, 1000, 14400000, "The longest call; then the agent says goodbye."),
	MS("call.end_ms", call_end_ms, 10000, 500, 60000,
		"Behind a goodbye: so long nothing of the last words is heard, then we hang up; 60 s behind it in any case. "
		"A rule-book whose last words are long raises it for its calls."),
	MS("call.attach_ms", call_attach_ms, 15000, 6000, 120000, "A call without its media stream is ended after this. Sooner, a line that is only silent is metered shorter than its carrier does."),
	NUMBER("call.failures", call_failures, 2, 1, 10, "turns", "So many turns in a row without an answer, then goodbye."),
	SWITCH("turn.heard", turn_heard, 1, "While the line is away no turn ends: what the caller says then is not heard, and the silence is not his."),
	MS("llm.silent_ms", llm_silent_ms, 2000, 500, 2000,
		"Nothing was said this long after the end of the turn, because a tool came between: a filler is spoken; sooner where the caller was silent for long "
		"before. 3 s of dead air at most are promised."),
	SWITCH("turn.late_apart", turn_late_apart, 1, "In latencies, waiting for a final that is late counts as transcript and not as end of turn."),
	NUMBER("call.rules", call_rules, 4, 4, 4, "", "The core's rules: those of this release. A call is replayed by those that it was recorded with."),
	SWITCH("amd.detect", amd_detect, 1, "In calls out, listen for who answered, a person or a machine, before the agent speaks."),
	SWITCH("amd.leave", amd_leave, 1, "An answering machine gets the message that the rule-book has for it; off, the call ends."),
	MS("amd.human_ms", amd_human_ms, 400, 200, 2000,
		"Silence behind a short opening (\"hello?\") that makes it a person's; the voice levels are 0.1 to 0.2 s behind the voice. 0.8 s at most are promised."),
	MS("amd.greeting_ms", amd_greeting_ms, 2400, 1000, 6000, "An opening that goes on for longer than this without such a silence is a machine's greeting."),
	MS("amd.silence_ms", amd_silence_ms, 2000, 500, 10000, "The call is answered and nobody says anything for this long: the agent begins."),
	MS("amd.beep_ms", amd_beep_ms, 100, 100, 1000, "A tone that is shorter than this is no machine's beep."),
	MS("amd.quiet_ms", amd_quiet_ms, 2500, 1000, 10000, "A machine that says nothing for this long, and has not beeped, is recording: the message begins."),
	MS("amd.wait_ms", amd_wait_ms, 60000, 10000, 180000, "A machine's greeting at the longest, and who asked for our name at the longest until somebody comes; then the call ends."),
	MS("amd.window_ms", amd_window_ms, 30000, 0, 60000, "From the answer on, for so long a machine may still show where a person seemed to be; a person's first answer ends it."),
	MS("turn.budget_ms", turn_budget_ms, 2200, 1000, 2500,
		"From the end of the turn to the first sound: a filler is given to the voice so early as this call's voice lately took to begin, "
		"and an answer that would come later, as model and voice lately were, is asked for as a short one. "
		"2.5 s of dead air at most are promised."),
	MS("take.key_ms", take_key_ms, 15000, 3000, 60000,
		"A secret number is keyed in: so long without a first key, and it is over. It counts from the end of the agent's words; a card has to be found first."),
	MS("take.total_ms", take_total_ms, 120000, 10000, 600000, "A secret number is keyed in within this, the agent's words included."),
	MS("take.voice_ms", take_voice_ms, 2000, 500, 10000,
		"A secret number is keyed in: the caller speaks for so long instead, with no pause of a second, and it is given up. Nobody hears what he says."),
	MS("take.gap_ms", take_gap_ms, 5000, 2000, 60000, "A secret number is keyed in: so long without a key behind another one, and it is over."),
	MS("take.remind_ms", take_remind_ms, 7000, 2000, 60000,
		"A secret number is keyed in: so long without a first key, and it is asked for once more (phrases.keys). Never, where take.key_ms is no longer."),
	MS("take.word_ms", take_word_ms, 600, 200, 5000,
		"A secret number is keyed in: the caller speaks for so long instead, and a second of silence behind it gives it up. A cough is shorter."),
	{ .name = NULL },
};

const struct option_order call_orders[] = {
	{ "vad.off", "vad.on", "voice would end at a level at which it begins" },
	{ "turn.complete_ms", "turn.open_ms", "a whole answer would wait longer than words that want more to follow" },
	{ "turn.complete_ms", "turn.silence_ms", "a whole answer would wait longer than words that say nothing about their end" },
	{ "turn.silence_ms", "turn.open_ms", "words that want more to follow would end a turn sooner than others" },
	{ "turn.silence_ms", "turn.spelled_ms", "digits and letters, with pauses in them, would end a turn sooner than other words" },
	{ "barge.hold_ms", "barge.yield_ms", "the agent would give the floor before it holds" },
	{ "llm.second_ms", "llm.total_ms", "an answer's time would be up before its second attempt" },
	{ "llm.stall_ms", "llm.total_ms", "an answer's time would be up before it counts as stuck" },
	{ "take.key_ms", "take.total_ms", "the whole entry would be over before a key is late" },
	{ "take.gap_ms", "take.total_ms", "the whole entry would be over before a further key is late" },
	{ "take.word_ms", "take.voice_ms", "words would be none before they had gone on for too long" },
	{ "amd.human_ms", "amd.greeting_ms", "every opening would be a machine's before it can be a person's" },
	{ .low = NULL },
};

enum { FIELDS = sizeof(call_options) / sizeof(call_options[0]) - 1 };

/* What could be set when calls were recorded with it: they replay as they were. */
static const struct recorded_range {
	const char *name;
	int64_t min, max;
} recorded_ranges[] = {
	{ "call.rules", 0, 4 },
	{ "vad.on", 1, 65535 },
	{ "vad.off", 0, 65535 },
	{ "vad.gap_ms", 0, 2000 },
	{ "stt.stall_ms", 300, 20000 },
	{ "call.attach_ms", 1000, 120000 },
	{ "turn.silence_ms", 60, 5000 },
	{ "turn.complete_ms", 60, 5000 },
	{ "turn.open_ms", 60, 8000 },
	{ "turn.spelled_ms", 60, 8000 },
	{ "turn.endpoint_ms", 60, 5000 },
	{ "turn.noise_ms", 300, 10000 },
	{ "barge.yield_ms", 200, 10000 },
	{ "barge.resume_ms", 100, 5000 },
	{ "turn.budget_ms", 0, 2500 },
	{ "llm.filler_ms", 100, 20000 },
	{ "llm.silent_ms", 0, 2000 },
	{ "llm.second_ms", 100, 20000 },
	{ "llm.stall_ms", 100, 20000 },
	{ "tts.first_ms", 100, 20000 },
	{ "tts.gap_ms", 100, 20000 },
	{ "tts.margin_ms", 0, 2000 },
	{ "key.gap_ms", 200, 20000 },
	{ "play.mark_ms", 200, 20000 },
};

/* What calls did that were recorded before there was such a setting. */
static const struct recorded_without {
	const char *name;
	int64_t value;
} recorded_without[] = {
	{ "turn.heard", 0 },
	{ "llm.silent_ms", 0 },
	{ "turn.late_apart", 0 },
	{ "call.rules", 0 },
	{ "amd.detect", 0 },
	{ "turn.budget_ms", 0 },
};

static bool in_range(const struct option *o, uint64_t value)
{
	int64_t min = o->min, max = o->max;
	size_t i;

	if (o->type == OPTION_BOOL)
		return value <= 1;
	for (i = 0; i < sizeof(recorded_ranges) / sizeof(recorded_ranges[0]); i++)
		if (!strcmp(recorded_ranges[i].name, o->name)) {
			min = recorded_ranges[i].min;
			max = recorded_ranges[i].max;
		}
	return value >= (uint64_t)min && value <= (uint64_t)max;
}

static int64_t value_get(const struct option *o, const struct call_settings *s)
{
	const char *field = (const char *)s + o->offset;

	return o->type == OPTION_BOOL ? *(const bool *)field : *(const int64_t *)(const void *)field;
}

static void value_set(const struct option *o, struct call_settings *s, int64_t value)
{
	char *field = (char *)s + o->offset;

	if (o->type == OPTION_BOOL)
		*(bool *)field = value != 0;
	else
		*(int64_t *)(void *)field = value;
}

void call_settings_init(struct call_settings *s)
{
	const struct option *o;

	*s = (struct call_settings){ 0 };
	for (o = call_options; o->name; o++)
		value_set(o, s, o->value);
}

void call_settings_encode(const struct call_settings *s, struct buf *b)
{
	unsigned int i;

	for (i = 0; i < FIELDS; i++) /* one more than the value, because a zero would not be written */
		wire_put_u64(b, i + 1, (uint64_t)value_get(&call_options[i], s) + 1);
}

static void recorded_without_set(struct call_settings *s)
{
	size_t i;

	for (i = 0; i < sizeof(recorded_without) / sizeof(recorded_without[0]); i++)
		value_set(option_find(call_options, recorded_without[i].name), s, recorded_without[i].value);
}

enum err call_settings_decode(struct call_settings *s, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;

	call_settings_init(s);
	recorded_without_set(s);
	wire_reader_init(&r, data, len);
	while (wire_next(&r, &f)) {
		const struct option *o;

		if (f.number > FIELDS)
			continue;
		o = &call_options[f.number - 1];
		if (f.is_bytes || !f.u64)
			return ERR_FORMAT;
		if (!in_range(o, f.u64 - 1))
			return ERR_LIMIT;
		value_set(o, s, (int64_t)(f.u64 - 1));
	}
	return r.err;
}

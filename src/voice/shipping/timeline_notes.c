/* What the core notes about itself, as lines: turns with their latency, what was heard, holding and yielding, every other decision with its reason. */
#include "voice/shipping/timeline_state.h"

#include "base/json.h"
#include "voice/worker/conductor.h"

static const char *const yield_whys[YIELD_WHYS] = { [YIELD_WORDS] = "words", [YIELD_STOP] = "stop_word", [YIELD_LENGTH] = "length",
	[YIELD_KEYS] = "keys" };
static const char *const retry_whats[RETRY_WHATS] = { [RETRY_MODEL] = "model", [RETRY_VOICE] = "voice", [RETRY_RECOGNISER] = "recogniser",
	[RETRY_PLAY] = "carrier" };
static const char *const part_names[LATENCY_PARTS] = { "end_of_turn", "transcript", "first_token", "first_text", "first_byte", "first_sent",
	"first_played" };
static const char *const turn_texts[TURN_WHYS] = { [TURN_SILENCE] = "the caller's turn ended: silence",
	[TURN_COMPLETE] = "the caller's turn ended: the words were a whole answer", [TURN_OPEN] = "the caller's turn ended: the words wanted more, none came",
	[TURN_SPELLED] = "the caller's turn ended: digits or letters, none came any more",
	[TURN_ENDPOINT] = "the caller's turn ended: the recogniser said so", [TURN_FINAL_LATE] = "the caller's turn ended: the final words were late",
	[TURN_KEYS] = "the caller's turn ended: keys were pressed", [TURN_AGENT] = "the caller's turn ended: it had waited for the agent to be done",
	[TURN_ASIDE] = "the caller said this before the agent's question: no answer to it" };

static const char *answered_texts[ANSWERED_KINDS] = { [ANSWERED_PERSON] = "a person answered", [ANSWERED_MACHINE] = "a machine answered",
	[ANSWERED_SCREEN] = "somebody asks for our name on a person's behalf", [ANSWERED_RECORDS] = "the machine records: the message begins" };

static const char *const short_texts[SHORT_WHYS] = { [SHORT_NONE] = "a short answer is asked for",
	[SHORT_LATE] = "a short answer is asked for: the words came late, or nobody could ask",
	[SHORT_ATTEMPT] = "a short answer is asked for: it is another attempt", [SHORT_TOOL] = "a short answer is asked for: a tool came between",
	[SHORT_SLOW] = "a short answer is asked for: model and voice were slow lately" };

/* What a note means, for people. */
static const char *note_text(const struct call_output *o)
{
	switch (o->kind) {
	case NOTE_TURN: return telling_name(turn_texts, TURN_WHYS, o->index);
	case NOTE_NOD: return "the caller only nodded: the agent goes on";
	case NOTE_NOISE: return "a voice without words";
	case NOTE_TOOL: return "the tool's result reached the dialogue";
	case NOTE_TOOL_LATE: return "a tool's result came too late";
	case NOTE_TOOL_REPEAT: return "the model asked again for what was done: it got the first result";
	case NOTE_RELEASE: return "the answer asked for ahead is used";
	case NOTE_DISCARD: return "an answer that was not heard yet is thrown away: the caller went on, or a tool's result contradicts it";
	case NOTE_RETRY: return "another attempt";
	case NOTE_FAILED: return "given up";
	case NOTE_QUIET: return "nobody spoke: the agent asks again";
	case NOTE_KEYS: return "an entry on the keypad";
	case NOTE_ENDING: return "the goodbye began";
	case NOTE_ENDED: return "the call ended";
	case NOTE_ANSWERED: return telling_name(answered_texts, ANSWERED_KINDS, o->index);
	case NOTE_SHORT: return telling_name(short_texts, SHORT_WHYS, o->index);
	default: return "";
	}
}

static void put_words(struct buf *b, const struct call_output *o)
{
	if (o->text_len)
		telling_text(b, "words", o->text, o->text_len);
}

/* The figures of a note, each under its own name. */
static void put_figures(struct buf *b, const struct call_output *o)
{
	switch (o->kind) {
	case NOTE_TURN:
		json_pair_u64(b, "turn", o->turn);
		json_pair_string(b, "why", turn_why_name((enum turn_why)o->index));
		telling_ms(b, "silence_ms", o->number);
		break;
	case NOTE_NOISE: telling_ms(b, "voice_ms", o->number); break;
	case NOTE_TOOL:
	case NOTE_TOOL_LATE:
	case NOTE_TOOL_REPEAT:
		json_pair_u64(b, "turn", o->turn);
		json_pair_u64(b, "index", o->index);
		json_pair_string(b, "status", telling_name(telling_tool_statuses, TELLING_TOOL_STATUSES, o->number));
		break;
	case NOTE_RETRY:
	case NOTE_FAILED:
		json_pair_string(b, "what", telling_name(retry_whats, RETRY_WHATS, o->index));
		json_pair_u64(b, "attempt", o->number);
		break;
	case NOTE_QUIET: json_pair_u64(b, "times", o->number); break;
	case NOTE_KEYS: json_pair_u64(b, "digits", o->number); break;
	case NOTE_ENDING:
	case NOTE_ENDED: json_pair_string(b, "reason", conductor_end_name((enum end_reason)o->index)); break;
	case NOTE_ANSWERED:
		json_pair_string(b, "who", answered_name((enum answered)o->index));
		json_pair_string(b, "why", answered_why_name((enum answered_why)o->number));
		break;
	case NOTE_SHORT:
		json_pair_u64(b, "turn", o->turn);
		json_pair_string(b, "why", short_why_name((enum short_why)o->index));
		telling_ms(b, "expected_ms", o->number);
		break;
	default: break;
	}
}

static void note_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "note", at_us);

	json_pair_string(b, "code", note_name((enum note)o->kind));
	json_pair_string(b, "text", note_text(o));
	put_figures(b, o);
	put_words(b, o);
	telling_close(t);
}

static void heard_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "heard", at_us);

	json_pair_u64(b, "turn", o->turn);
	json_pair_u64(b, "utterance", o->index);
	json_pair_bool(b, "cut", o->number != 0);
	telling_text(b, "text", o->text, o->text_len);
	telling_close(t);
}

static void yield_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "yield", at_us);

	json_pair_u64(b, "turn", o->turn);
	json_pair_string(b, "why", telling_name(yield_whys, YIELD_WHYS, o->index));
	telling_close(t);
}

static void latency_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "turn", at_us);
	struct wire_reader r;

	json_pair_u64(b, "turn", o->turn);
	json_put_key(b, "parts_ms");
	json_open(b, '{');
	wire_reader_init(&r, o->text, o->text_len);
	for (unsigned int i = 0; i < LATENCY_PARTS && r.at < r.end && !r.err; i++) {
		uint64_t us = wire_varint(&r);

		if (!r.err)
			telling_ms(b, part_names[i], us);
	}
	json_close(b, '}');
	telling_ms(b, "total_ms", o->number);
	telling_close(t);
}

static void language_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "language", at_us);

	json_pair_u64(b, "turn", o->turn);
	telling_text(b, "language", o->text, o->text_len);
	telling_close(t);
}

static void hold_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "hold", at_us);

	json_pair_u64(b, "utterance", o->index);
	telling_ms(b, "voice_ms", o->number);
	telling_close(t);
}

static void resume_tell(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	struct buf *b = telling_open(t, "resume", at_us);

	json_pair_u64(b, "utterance", o->index);
	json_pair_u64(b, "from_ms", o->position / SAMPLES_PER_MS);
	telling_close(t);
}

void telling_note(struct telling *t, const struct call_output *o, uint64_t at_us)
{
	if (o->kind == NOTE_TURN)
		t->l->turn = o->turn;
	switch (o->kind) {
	case NOTE_HEARD: heard_tell(t, o, at_us); break;
	case NOTE_YIELD: yield_tell(t, o, at_us); break;
	case NOTE_LANGUAGE: language_tell(t, o, at_us); break;
	case NOTE_LATENCY: latency_tell(t, o, at_us); break;
	case NOTE_HOLD: hold_tell(t, o, at_us); break;
	case NOTE_RESUME: resume_tell(t, o, at_us); break;
	default: note_tell(t, o, at_us); break;
	}
}

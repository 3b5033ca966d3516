#include "voice/output.h"

#include <string.h>

#include "base/json.h"
#include "base/wire.h"

enum field { F_TYPE = 1, F_KIND, F_STREAM, F_GEN, F_UTTERANCE, F_TAKE, F_TURN, F_INDEX, F_NUMBER, F_POSITION, F_NAME, F_TEXT };

static const char *const names[OUT_TYPES] = {
	[OUT_LISTEN] = "listen",
	[OUT_FINALIZE] = "finalize",
	[OUT_SPEAK] = "speak",
	[OUT_UNSPEAK] = "unspeak",
	[OUT_PLAY] = "play",
	[OUT_HOLD] = "hold",
	[OUT_ASK] = "ask",
	[OUT_CANCEL] = "cancel",
	[OUT_TOOL] = "tool",
	[OUT_RETRIEVE] = "retrieve",
	[OUT_SNAPSHOT] = "snapshot",
	[OUT_WAKE] = "wake",
	[OUT_HANGUP] = "hangup",
	[OUT_NOTE] = "note",
	[OUT_TRIM] = "trim",
};

static const char *const note_names[NOTE_KINDS] = {
	[NOTE_TURN] = "turn",
	[NOTE_HEARD] = "heard",
	[NOTE_HOLD] = "hold",
	[NOTE_RESUME] = "resume",
	[NOTE_YIELD] = "yield",
	[NOTE_NOD] = "nod",
	[NOTE_NOISE] = "noise",
	[NOTE_TOOL] = "tool",
	[NOTE_TOOL_LATE] = "tool_late",
	[NOTE_TOOL_REPEAT] = "tool_repeat",
	[NOTE_RELEASE] = "release",
	[NOTE_DISCARD] = "discard",
	[NOTE_RETRY] = "retry",
	[NOTE_LATENCY] = "latency",
	[NOTE_FAILED] = "failed",
	[NOTE_QUIET] = "quiet",
	[NOTE_KEYS] = "keys",
	[NOTE_ENDING] = "ending",
	[NOTE_ENDED] = "ended",
	[NOTE_ANSWERED] = "answered",
	[NOTE_LANGUAGE] = "language",
	[NOTE_SHORT] = "short",
};

static const char *const end_names[END_REASONS] = { "caller", "agent", "quiet", "max_duration", "order", "lost", "failed", "voicemail" };
static const char *const why_names[TURN_WHYS] = { "silence", "complete", "open", "spelled", "endpoint", "final_late", "keys", "agent", "aside" };

static const char *const answered_names[ANSWERED_KINDS] = { "person", "machine", "screening", "records" };
static const char *const answered_whys[ANSWERED_WHYS] = { "short", "silence", "long", "words", "tone", "carrier", "quiet", "goes_on" };
static const char *const short_whys[SHORT_WHYS] = { "none", "late", "attempt", "tool", "slow" };

static const char *name_at(const char *const *table, unsigned int count, unsigned int i)
{
	return i < count && table[i] ? table[i] : "unknown";
}

const char *output_name(enum output_type type)
{
	return name_at(names, OUT_TYPES, (unsigned int)type);
}

const char *note_name(enum note note)
{
	return name_at(note_names, NOTE_KINDS, (unsigned int)note);
}

const char *end_reason_name(enum end_reason reason)
{
	return name_at(end_names, END_REASONS, (unsigned int)reason);
}

const char *turn_why_name(enum turn_why why)
{
	return name_at(why_names, TURN_WHYS, (unsigned int)why);
}

const char *answered_name(enum answered answered)
{
	return name_at(answered_names, ANSWERED_KINDS, (unsigned int)answered);
}

const char *answered_why_name(enum answered_why why)
{
	return name_at(answered_whys, ANSWERED_WHYS, (unsigned int)why);
}

const char *short_why_name(enum short_why why)
{
	return name_at(short_whys, SHORT_WHYS, (unsigned int)why);
}

void output_encode(const struct call_output *out, struct buf *b)
{
	wire_put_u64(b, F_TYPE, out->type);
	wire_put_u64(b, F_KIND, out->kind);
	wire_put_u64(b, F_STREAM, out->stream);
	wire_put_u64(b, F_GEN, out->gen);
	wire_put_u64(b, F_UTTERANCE, out->utterance);
	wire_put_u64(b, F_TAKE, out->take);
	wire_put_u64(b, F_TURN, out->turn);
	wire_put_u64(b, F_INDEX, out->index);
	wire_put_u64(b, F_NUMBER, out->number);
	wire_put_u64(b, F_POSITION, out->position);
	wire_put_bytes(b, F_NAME, out->name, out->name_len);
	wire_put_bytes(b, F_TEXT, out->text, out->text_len);
}

static void number_decode(struct call_output *out, const struct wire_field *f)
{
	switch (f->number) {
	case F_TYPE: out->type = f->u64 < OUT_TYPES ? (enum output_type)f->u64 : 0; break;
	case F_KIND: out->kind = wire_u32(f); break;
	case F_STREAM: out->stream = wire_u32(f); break;
	case F_GEN: out->gen = wire_u32(f); break;
	case F_UTTERANCE: out->utterance = wire_u32(f); break;
	case F_TAKE: out->take = wire_u32(f); break;
	case F_TURN: out->turn = wire_u32(f); break;
	case F_INDEX: out->index = wire_u32(f); break;
	case F_NUMBER: out->number = f->u64; break;
	case F_POSITION: out->position = f->u64; break;
	default: break;
	}
}

enum err output_decode(struct call_output *out, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;

	*out = (struct call_output){ 0 };
	wire_reader_init(&r, data, len);
	while (wire_next(&r, &f)) {
		if (f.is_bytes && f.number == F_NAME) {
			out->name = (const char *)f.bytes;
			out->name_len = f.len;
		} else if (f.is_bytes && f.number == F_TEXT) {
			out->text = (const char *)f.bytes;
			out->text_len = f.len;
		} else if (f.is_bytes != (f.number == F_NAME || f.number == F_TEXT) && f.number <= F_TEXT) {
			return ERR_FORMAT;
		} else {
			number_decode(out, &f);
		}
	}
	return r.err ? r.err : out->type ? ERR_NONE : ERR_FORMAT;
}

static void print_number(struct buf *b, const char *key, uint64_t value)
{
	if (value)
		buf_printf(b, ",\"%s\":%llu", key, (unsigned long long)value);
}

static void print_text(struct buf *b, const char *key, const char *text, size_t len)
{
	if (!len)
		return;
	buf_printf(b, ",\"%s\":", key);
	json_put_text(b, text, len);
}

static void print_latency(const struct call_output *out, struct buf *b)
{
	struct wire_reader r;
	unsigned int i;

	wire_reader_init(&r, out->text, out->text_len);
	buf_text(b, ",\"parts_us\":[");
	for (i = 0; i < LATENCY_PARTS; i++)
		buf_printf(b, "%s%llu", i ? "," : "", (unsigned long long)wire_varint(&r));
	buf_text(b, "]");
}

void output_print(const struct call_output *out, struct buf *b)
{
	bool latency = out->type == OUT_NOTE && out->kind == NOTE_LATENCY;

	buf_printf(b, "{\"out\":\"%s\"", output_name(out->type));
	if (out->type == OUT_NOTE)
		buf_printf(b, ",\"note\":\"%s\"", note_name((enum note)out->kind));
	else
		print_number(b, "kind", out->kind);
	print_number(b, "stream", out->stream);
	print_number(b, "gen", out->gen);
	print_number(b, "utterance", out->utterance);
	print_number(b, "take", out->take);
	print_number(b, "turn", out->turn);
	print_number(b, "index", out->index);
	print_number(b, "number", out->number);
	print_number(b, "position", out->position);
	print_text(b, "name", out->name, out->name_len);
	if (latency)
		print_latency(out, b);
	else
		print_text(b, "text", out->text, out->text_len);
	buf_text(b, "}");
}

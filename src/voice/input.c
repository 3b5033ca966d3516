#include "voice/input.h"

#include <string.h>

#include "base/wire.h"
#include "base/json.h"

enum field { F_TYPE = 1, F_AT, F_KIND, F_STREAM, F_GEN, F_UTTERANCE, F_TAKE, F_TURN, F_INDEX, F_NUMBER, F_POSITION, F_POSITION2, F_EXACT, F_NAME,
	F_TEXT, F_WORDS };

static const char *const names[IN_TYPES] = {
	[IN_PREPARE] = "prepare",
	[IN_START] = "start",
	[IN_VOICE] = "voice",
	[IN_TRANSCRIPT] = "transcript",
	[IN_STT_DOWN] = "stt_down",
	[IN_MODEL_TEXT] = "model_text",
	[IN_MODEL_TOOL] = "model_tool",
	[IN_MODEL_DONE] = "model_done",
	[IN_MODEL_FAILED] = "model_failed",
	[IN_SPEECH] = "speech",
	[IN_SPEECH_FAILED] = "speech_failed",
	[IN_SENT] = "sent",
	[IN_PLAYED] = "played",
	[IN_TOOL_RESULT] = "tool_result",
	[IN_DIGIT] = "digit",
	[IN_ORDER] = "order",
	[IN_KNOWLEDGE] = "knowledge",
	[IN_MEDIA_LOST] = "media_lost",
	[IN_ATTACHED] = "attached",
	[IN_HANGUP] = "hangup",
	[IN_TIMER] = "timer",
	[IN_TONE] = "tone",
};

const char *input_name(enum input_type type)
{
	unsigned int i = (unsigned int)type;

	return i < IN_TYPES && names[i] ? names[i] : "unknown";
}

static void words_encode(const struct call_input *in, struct buf *b)
{
	size_t opened, i;
	uint32_t samples = 0, text = 0;

	if (!in->word_count)
		return;
	opened = wire_open(b, F_WORDS);
	for (i = 0; i < in->word_count; i++) {
		wire_put_varint(b, in->words[i].end_samples - samples);
		wire_put_varint(b, in->words[i].text_end - text);
		samples = in->words[i].end_samples;
		text = in->words[i].text_end;
	}
	wire_close(b, opened);
}

void input_encode(const struct call_input *in, struct buf *b)
{
	wire_put_u64(b, F_TYPE, in->type);
	wire_put_u64(b, F_AT, in->at_us);
	wire_put_u64(b, F_KIND, in->kind);
	wire_put_u64(b, F_STREAM, in->stream);
	wire_put_u64(b, F_GEN, in->gen);
	wire_put_u64(b, F_UTTERANCE, in->utterance);
	wire_put_u64(b, F_TAKE, in->take);
	wire_put_u64(b, F_TURN, in->turn);
	wire_put_u64(b, F_INDEX, in->index);
	wire_put_u64(b, F_NUMBER, in->number);
	wire_put_u64(b, F_POSITION, in->position);
	wire_put_u64(b, F_POSITION2, in->position2);
	wire_put_u64(b, F_EXACT, in->exact);
	wire_put_bytes(b, F_NAME, in->name, in->name_len);
	wire_put_bytes(b, F_TEXT, in->text, in->text_len);
	words_encode(in, b);
}

static enum err words_decode(struct call_input *in, const struct wire_field *f)
{
	struct wire_reader r;
	uint64_t samples = 0, text = 0;

	wire_reader_sub(&r, f);
	while (!r.err && r.at < r.end) {
		if (in->word_count == INPUT_WORDS_MAX)
			return ERR_LIMIT;
		samples += wire_varint(&r);
		text += wire_varint(&r);
		if (samples > UINT32_MAX || text > UINT16_MAX)
			return ERR_FORMAT;
		in->words[in->word_count].end_samples = (uint32_t)samples;
		in->words[in->word_count++].text_end = (uint16_t)text;
	}
	return r.err;
}

static enum err text_decode(const char **text, size_t *len, const struct wire_field *f)
{
	if (!f->is_bytes)
		return ERR_FORMAT;
	if (f->len > INPUT_TEXT_MAX)
		return ERR_LIMIT;
	*text = (const char *)f->bytes;
	*len = f->len;
	return ERR_NONE;
}

static void number_decode(struct call_input *in, const struct wire_field *f)
{
	switch (f->number) {
	case F_TYPE: in->type = f->u64 < IN_TYPES ? (enum input_type)f->u64 : 0; break;
	case F_AT: in->at_us = f->u64; break;
	case F_KIND: in->kind = wire_u32(f); break;
	case F_STREAM: in->stream = wire_u32(f); break;
	case F_GEN: in->gen = wire_u32(f); break;
	case F_UTTERANCE: in->utterance = wire_u32(f); break;
	case F_TAKE: in->take = wire_u32(f); break;
	case F_TURN: in->turn = wire_u32(f); break;
	case F_INDEX: in->index = wire_u32(f); break;
	case F_NUMBER: in->number = f->u64; break;
	case F_POSITION: in->position = f->u64; break;
	case F_POSITION2: in->position2 = f->u64; break;
	case F_EXACT: in->exact = f->u64 != 0; break;
	default: break;
	}
}

/* Words beyond their count are nobody's. */
static void clear(struct call_input *in)
{
	memset(in, 0, offsetof(struct call_input, words));
	in->word_count = 0;
}

void input_voice(struct call_input *in, uint64_t at_us, uint64_t level, uint64_t position)
{
	clear(in);
	in->type = IN_VOICE;
	in->at_us = at_us;
	in->number = level;
	in->position = position;
}

enum err input_decode(struct call_input *in, const void *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;
	enum err err = ERR_NONE;

	clear(in);
	wire_reader_init(&r, data, len);
	while (!err && wire_next(&r, &f)) {
		if (f.number == F_NAME)
			err = text_decode(&in->name, &in->name_len, &f);
		else if (f.number == F_TEXT)
			err = text_decode(&in->text, &in->text_len, &f);
		else if (f.number == F_WORDS)
			err = words_decode(in, &f);
		else if (f.is_bytes && f.number < F_WORDS)
			err = ERR_FORMAT;
		else
			number_decode(in, &f);
	}
	if (!err)
		err = r.err;
	return err ? err : in->type ? ERR_NONE : ERR_FORMAT;
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

void input_print(const struct call_input *in, struct buf *b)
{
	size_t i;

	buf_printf(b, "{\"in\":\"%s\",\"at_us\":%llu", input_name(in->type), (unsigned long long)in->at_us);
	print_number(b, "kind", in->kind);
	print_number(b, "stream", in->stream);
	print_number(b, "gen", in->gen);
	print_number(b, "utterance", in->utterance);
	print_number(b, "take", in->take);
	print_number(b, "turn", in->turn);
	print_number(b, "index", in->index);
	print_number(b, "number", in->number);
	print_number(b, "position", in->position);
	print_number(b, "position2", in->position2);
	print_text(b, "name", in->name, in->name_len);
	print_text(b, "text", in->text, in->text_len);
	if (in->word_count) {
		buf_printf(b, ",\"exact\":%s,\"words\":[", in->exact ? "true" : "false");
		for (i = 0; i < in->word_count; i++)
			buf_printf(b, "%s[%u,%u]", i ? "," : "", in->words[i].end_samples, in->words[i].text_end);
		buf_text(b, "]");
	}
	buf_text(b, "}");
}

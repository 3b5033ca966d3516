#include "providers/sarvam/sarvam_tts_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const char who[] = "Sarvam's voice";

/* ------------------------------------------------------------------ models */

/* What may be said to a model; 0 of pitch and loudness: it refuses them. */
struct model {
	const char *name; /* NULL: every other */
	const char *path, *other_path, *speaker;
	unsigned int pace_least, pace_most, pitch_most, loudness_least, loudness_most;
	bool has_temperature, has_dict;
};

#define PATH_1 "/text-to-speech/ws"
#define PATH_2 "/text-to-speech/ws/v2"

static const struct model models[] = {
	{ .name = "bulbul:v2", .path = PATH_1, .speaker = "anushka", .pace_least = 30, .pace_most = 300, .pitch_most = 75, .loudness_least = 30,
		.loudness_most = 300 },
	{ .name = "bulbul:v3", .path = PATH_1, .speaker = "shubh", .pace_least = 50, .pace_most = 200, .has_temperature = true, .has_dict = true },
	{ .name = "bulbul:v4-flash", .path = PATH_2, .other_path = PATH_1, .pace_least = 50, .pace_most = 200, .pitch_most = 50, .loudness_least = 10,
		.loudness_most = 250, .has_temperature = true, .has_dict = true },
	{ .path = PATH_1, .pace_least = 50, .pace_most = 200, .has_temperature = true, .has_dict = true },
};

static const struct model *model_find(const char *name)
{
	const struct model *m = models;

	while (m->name && strcmp(m->name, name))
		m++;
	return m;
}

const char *sarvam_tts_path(const struct sarvam_tts_options *o, bool is_other)
{
	const struct model *m = model_find(o->model);

	if (o->path)
		return is_other ? NULL : o->path;
	return is_other ? m->other_path : m->path;
}

/* ------------------------------------------------------------------ options */

static void defaults_fill(struct sarvam_tts_options *o)
{
	o->url = o->url ? o->url : "wss://api.sarvam.ai";
	o->model = o->model ? o->model : "bulbul:v3";
	o->speaker = o->speaker ? o->speaker : model_find(o->model)->speaker;
	o->min_buffer_size = o->min_buffer_size ? o->min_buffer_size : 50;
	o->max_chunk_length = o->max_chunk_length ? o->max_chunk_length : 150;
	o->connect_ms = o->connect_ms ? o->connect_ms : 3000;
	o->ping_ms = o->ping_ms ? o->ping_ms : SARVAM_PING_MS;
	o->deadline_ms = o->deadline_ms ? o->deadline_ms : 60000;
}

/* A path of letters, digits and what stands between them: nothing that begins a query. */
static bool is_path(const char *path)
{
	return *path == '/' && sarvam_is_name(path) && !strpbrk(path, "?#%\\");
}

static enum err names_check(const struct sarvam_tts_options *o, struct err_detail *detail)
{
	if (!sarvam_is_name(o->model))
		return sarvam_refuse(detail, ERR_USAGE, who, "model", "its name is none");
	if (o->path && !is_path(o->path))
		return sarvam_refuse(detail, ERR_USAGE, who, "path", "it must begin with / and have no query");
	if (o->speaker ? !sarvam_is_name(o->speaker) : !o->languages)
		return sarvam_refuse(detail, ERR_USAGE, who, "speaker", "there is none, and the model has no default");
	if (o->dict_id && (!sarvam_is_name(o->dict_id) || !model_find(o->model)->has_dict))
		return sarvam_refuse(detail, ERR_USAGE, who, "dict_id", "it is none, or the model takes none");
	return ERR_NONE;
}

static enum err numbers_check(const struct sarvam_tts_options *o, struct err_detail *detail)
{
	const struct model *m = model_find(o->model);
	const struct sarvam_number numbers[] = {
		{ "pace_percent", o->pace_percent, m->pace_least, m->pace_most, true },
		{ "temperature_percent", o->temperature_percent, 1, m->has_temperature ? 100 : 0, true },
		{ "pitch_percent", (uint32_t)abs(o->pitch_percent), 1, m->pitch_most, true },
		{ "loudness_percent", o->loudness_percent, m->loudness_least, m->loudness_most, true },
		{ "min_buffer_size", o->min_buffer_size, 30, 200, false },
		{ "max_chunk_length", o->max_chunk_length, 50, 500, false },
		{ "connect_ms", o->connect_ms, 100, 30000, false },
		{ "ping_ms", o->ping_ms, 100, 30000, false },
		{ "alive_ms", o->alive_ms, 300, 60000, true },
		{ "deadline_ms", o->deadline_ms, 100, 120000, false },
	};

	return sarvam_numbers_check(numbers, sizeof(numbers) / sizeof(numbers[0]), who, detail);
}

enum err sarvam_tts_options_take(struct sarvam_tts_options *own, const struct sarvam_tts_options *given, struct err_detail *detail)
{
	enum err err;

	*own = *given;
	defaults_fill(own);
	err = sarvam_account_check(own->url, own->key, own->key_len, own->languages, who, detail);
	if (!err)
		err = names_check(own, detail);
	return err ? err : numbers_check(own, detail);
}

/* ------------------------------------------------------------------ what is spoken, and how */

enum err sarvam_text_judge(const char *text, size_t len)
{
	size_t blanks = 0;

	if (len > SARVAM_MAX_TEXT_BYTES)
		return ERR_LIMIT;
	while (blanks < len && strchr(" \t\r\n", text[blanks])) /* NUL is found too */
		blanks++;
	return blanks == len || memchr(text, 0, len) ? ERR_USAGE : ERR_NONE;
}

enum err sarvam_manner_find(struct sarvam_manner *m, const struct sarvam_tts_options *o, const char *language)
{
	const struct sarvam_language *l = sarvam_language_find(o->languages, language);

	m->speaker = l && l->speaker ? l->speaker : o->speaker;
	if (!m->speaker)
		return ERR_NOTFOUND;
	return sarvam_language_name(m->language, o->languages, language, "od");
}

bool sarvam_manner_same(const struct sarvam_manner *a, const struct sarvam_manner *b)
{
	return !strcmp(a->language, b->language) && !strcmp(a->speaker, b->speaker);
}

/* ------------------------------------------------------------------ messages */

void sarvam_tts_url_put(struct buf *b, const struct sarvam_tts_options *o, const char *path)
{
	buf_printf(b, "%s%s?send_completion_event=true", o->url, path);
	sarvam_query_put(b, "model", o->model);
}

static void percent_put(struct buf *b, const char *key, int percent)
{
	if (!percent)
		return;
	json_put_key(b, key);
	json_put_real(b, percent / 100.0, 2);
}

/* What is never left to the vendor's default: its documents differ in them. */
void sarvam_config_put(struct buf *b, const struct sarvam_tts_options *o, enum sarvam_field field, const struct sarvam_manner *m)
{
	json_open(b, '{');
	json_pair_string(b, "type", "config");
	json_put_key(b, "data");
	json_open(b, '{');
	json_pair_string(b, "model", o->model);
	json_pair_string(b, field == SARVAM_LANGUAGE_CODE ? "language_code" : "target_language_code", m->language);
	json_pair_string(b, "speaker", m->speaker);
	json_pair_u64(b, "speech_sample_rate", 8000);
	json_pair_string(b, "output_audio_codec", o->codec == SARVAM_MULAW ? "mulaw" : "linear16");
	json_pair_u64(b, "min_buffer_size", o->min_buffer_size);
	json_pair_u64(b, "max_chunk_length", o->max_chunk_length);
	percent_put(b, "pace", (int)o->pace_percent);
	percent_put(b, "temperature", (int)o->temperature_percent);
	percent_put(b, "pitch", o->pitch_percent);
	percent_put(b, "loudness", (int)o->loudness_percent);
	if (o->dict_id)
		json_pair_string(b, "dict_id", o->dict_id);
	json_close(b, '}');
	json_close(b, '}');
}

void sarvam_text_put(struct buf *b, const char *text, size_t len)
{
	json_open(b, '{');
	json_pair_string(b, "type", "text");
	json_put_key(b, "data");
	json_open(b, '{');
	json_put_key(b, "text");
	json_put_text(b, text, len);
	json_close(b, '}');
	json_close(b, '}');
}

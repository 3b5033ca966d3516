#include "sandbox/sarvam/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "sandbox/lookup.h"

enum { BUFFER_DEFAULT = 50, RATE_DEFAULT = 22050 };

static const char *const speakers_v2[] = { "anushka", "manisha", "vidya", "arya", "abhilash", "karun", "hitesh", NULL };
static const char *const speakers_v3[] = { "shubh", "aditya", "ritu", "priya", "neha", "rahul", "pooja", "rohan", "simran", "kavya", "amit", "dev", "ishita",
	"shreya", "ratan", "varun", "manan", "sumit", "roopa", "kabir", "aayan", "ashutosh", "advait", "anand", "tanya", "tarun", "sunny", "mani", "gokul", "vijay",
	"shruti", "suhani", "mohit", "kavitha", "rehan", "soham", "rupali", NULL };
static const char *const languages[] = { "bn-IN", "en-IN", "gu-IN", "hi-IN", "kn-IN", "ml-IN", "mr-IN", "od-IN", "pa-IN", "ta-IN", "te-IN", NULL };

/* Zeros of pitch and loudness: the model answers them with an error. */
static const struct voice_model {
	const char *name;
	const char *const *speakers; /* NULL: a name with its language and style, joined by _ */
	double pace_least, pace_most, pitch_most, loudness_least, loudness_most;
} models[] = {
	{ "bulbul:v2", speakers_v2, 0.3, 3, 0.75, 0.3, 3 },
	{ "bulbul:v3", speakers_v3, 0.5, 2, 0, 0, 0 },
	{ "bulbul:v4-flash", NULL, 0.5, 2, 0.5, 0.1, 2.5 },
	{ .name = NULL },
};

struct config_reading {
	const struct voice_model *model;
	const json_t *data;
	char *why;
};

static bool refuse(struct config_reading *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct config_reading *g, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(g->why, CONFIG_WHY_MAX, fmt, args);
	va_end(args);
	return false;
}

static const struct voice_model *model_find(const char *name)
{
	const struct voice_model *m = models;

	while (m->name && strcmp(m->name, name) != 0)
		m++;
	return m->name ? m : NULL;
}

bool voice_model_is(const char *model)
{
	return model_find(model);
}

const char *voice_content_type(enum speech_encoding encoding)
{
	return encoding == SPEECH_MULAW ? "audio/mulaw" : encoding == SPEECH_ALAW ? "audio/alaw" : "audio/linear16";
}

/* ------------------------------------------------------------------ members */

static bool keys_judge(struct config_reading *g)
{
	static const char *const known[] = { "model", "language_code", "target_language_code", "speaker", "pitch", "pace", "loudness", "temperature",
		"speech_sample_rate", "enable_preprocessing", "output_audio_codec", "output_audio_bitrate", "min_buffer_size", "max_chunk_length", "dict_id", NULL };
	const char *key, *model = text_of(g->data, "model");
	json_t *value;

	if (!json_is_object(g->data))
		return refuse(g, "data: field required");
	json_object_foreach((json_t *)(uintptr_t)g->data, key, value)
		if (!list_has(known, key))
			return refuse(g, "%.60s: extra fields not permitted", key);
	if (model && strcmp(model, g->model->name) != 0)
		return refuse(g, "model: it is not the one of the connection");
	return true;
}

static bool language_read(struct config_reading *g, struct voice_config *c)
{
	const char *now = text_of(g->data, "language_code"), *before = text_of(g->data, "target_language_code"), *said = now ? now : before;

	if (!said || (now && before))
		return refuse(g, "language_code: field required");
	if (!list_has(languages, said))
		return refuse(g, "language_code: there is no \"%.20s\"", said);
	snprintf(c->language, sizeof(c->language), "%s", said);
	return true;
}

static bool speaker_judge(struct config_reading *g)
{
	const char *said = text_of(g->data, "speaker"), *first = said ? strchr(said, '_') : NULL;
	bool fits = g->model->speakers ? !said || list_has(g->model->speakers, said) : first && strchr(first + 1, '_');

	return fits || refuse(g, "speaker: \"%.40s\" is not compatible with model %s", said ? said : "", g->model->name);
}

static bool number_judge(struct config_reading *g, const char *key, double min, double max)
{
	const json_t *value = json_object_get(g->data, key);
	double number = json_number_value(value);

	if (!value)
		return true;
	if (max <= 0)
		return refuse(g, "%s is not supported for %s", key, g->model->name);
	return (json_is_number(value) && number >= min && number <= max) || refuse(g, "%s must be between %g and %g", key, min, max);
}

static bool numbers_judge(struct config_reading *g)
{
	const struct voice_model *m = g->model;

	return number_judge(g, "pace", m->pace_least, m->pace_most) && number_judge(g, "pitch", -m->pitch_most, m->pitch_most) &&
		number_judge(g, "loudness", m->loudness_least, m->loudness_most) && number_judge(g, "temperature", 0.01, 1) &&
		number_judge(g, "min_buffer_size", 30, 200) && number_judge(g, "max_chunk_length", 50, 500);
}

static bool sound_read(struct config_reading *g, struct voice_config *c)
{
	static const json_int_t rates[] = { 8000, 16000, RATE_DEFAULT, 24000, 0 };
	const json_t *rate = json_object_get(g->data, "speech_sample_rate");
	const char *codec = text_of(g->data, "output_audio_codec");
	size_t i;

	for (i = 0; rate && rates[i] && rates[i] != json_integer_value(rate); i++) {
	}
	if (!codec || (strcmp(codec, "mulaw") != 0 && strcmp(codec, "alaw") != 0 && strcmp(codec, "linear16") != 0))
		return refuse(g, "output_audio_codec: the sandbox speaks mulaw, alaw and linear16");
	if (rate && !rates[i])
		return refuse(g, "speech_sample_rate must be 8000, 16000, 22050 or 24000");
	c->format.encoding = codec[0] == 'm' ? SPEECH_MULAW : codec[0] == 'a' ? SPEECH_ALAW : SPEECH_S16LE;
	c->format.rate_hz = rate ? (uint32_t)rates[i] : RATE_DEFAULT;
	return true;
}

bool voice_config_read(struct voice_config *c, const char *model, const json_t *data, char why[CONFIG_WHY_MAX])
{
	struct config_reading g = { .model = model_find(model), .data = data, .why = why };
	struct voice_config next = { .min_buffer = BUFFER_DEFAULT };
	const json_t *buffer = json_object_get(data, "min_buffer_size");

	if (!g.model)
		return refuse(&g, "model: there is no \"%.40s\"", model);
	if (!keys_judge(&g) || !language_read(&g, &next) || !speaker_judge(&g) || !numbers_judge(&g) || !sound_read(&g, &next))
		return false;
	if (buffer)
		next.min_buffer = (unsigned int)json_number_value(buffer);
	*c = next;
	return true;
}

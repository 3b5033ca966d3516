#include "sandbox/cartesia/asking.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/lookup.h"

#define VERSION_OF_IDS "2026-08-14"

struct judging {
	const json_t *request;
	const char *version;
	bool is_socket;
	struct asking_refusal *refusal;
};

static bool refuse(struct judging *j, unsigned int status, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);

static bool refuse(struct judging *j, unsigned int status, const char *code, const char *fmt, ...)
{
	va_list args;

	j->refusal->status = status;
	j->refusal->code = code;
	j->refusal->title = status == 404 ? "Not found" : "Invalid request";
	va_start(args, fmt);
	vsnprintf(j->refusal->message, sizeof(j->refusal->message), fmt, args);
	va_end(args);
	return false;
}

const char *asking_version(const struct http_request *r)
{
	static const char *const versions[] = { "2024-06-10", "2024-11-13", "2025-04-16", "2026-03-01", VERSION_OF_IDS, NULL };
	const char *query = http_query(r, "cartesia_version"), *said = query ? query : http_header(r, "cartesia-version");

	return said && list_has(versions, said) ? said : NULL;
}

static bool keys_judge(struct judging *j)
{
	static const char *const socket_keys[] = { "context_id", "transcript", "model_id", "voice", "language", "output_format", "continue", "max_buffer_delay_ms",
		"flush", "add_timestamps", "add_phoneme_timestamps", "use_normalized_timestamps", "generation_config", "speed", "pronunciation_dict_id",
		"duration", "cancel", NULL };
	static const char *const bytes_keys[] = { "transcript", "model_id", "voice", "language", "locale", "output_format", "generation_config", "normalization",
		"save", "speed", "pronunciation_dict_id", "duration", NULL };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)j->request, key, value)
		if (!list_has(j->is_socket ? socket_keys : bytes_keys, key))
			return refuse(j, 400, NULL, "%.60s: there is no such field", key);
	return true;
}

static bool voice_judge(struct judging *j)
{
	const json_t *voice = json_object_get(j->request, "voice");
	const char *mode = text_of(voice, "mode");

	if (json_is_string(voice))
		return strcmp(j->version, VERSION_OF_IDS) >= 0 || refuse(j, 400, NULL, "voice: a name alone is taken from version %s on", VERSION_OF_IDS);
	if (!text_of(voice, "id"))
		return refuse(j, 400, NULL, "voice.id is required; embeddings are not taken");
	if (!mode && strcmp(j->version, VERSION_OF_IDS) < 0)
		return refuse(j, 400, NULL, "voice.mode must be \"id\"");
	return !mode || !strcmp(mode, "id") || refuse(j, 400, NULL, "voice.mode must be \"id\"");
}

static bool model_judge(struct judging *j)
{
	static const char *const models[] = { "sonic-3.5", "sonic-3.5-2026-05-04", "sonic-3", "sonic-3-2026-01-12", "sonic-3-2025-10-27", "sonic-latest",
		"sonic-2", "sonic-turbo", NULL };
	static const char *const gone[] = { "sonic", "sonic-english", "sonic-multilingual", NULL };
	const char *model = text_of(j->request, "model_id");

	if (!model)
		return refuse(j, 400, NULL, "model_id is required");
	if (list_has(gone, model))
		return refuse(j, 400, "model_sunsetted", "the model %.40s was switched off", model);
	return list_has(models, model) || refuse(j, 404, "model_not_found", "there is no model %.40s", model);
}

static bool format_judge(struct judging *j, struct speech_format *f)
{
	static const char *const encodings[] = {
		[SPEECH_MULAW] = "pcm_mulaw", [SPEECH_ALAW] = "pcm_alaw", [SPEECH_S16LE] = "pcm_s16le", [SPEECH_F32LE] = "pcm_f32le" };
	static const json_int_t rates[] = { 8000, 16000, 22050, 24000, 44100, 48000 };
	const json_t *format = json_object_get(j->request, "output_format");
	const char *container = text_of(format, "container"), *encoding = text_of(format, "encoding");
	json_int_t rate = json_integer_value(json_object_get(format, "sample_rate"));
	size_t i, k;

	if (!container || strcmp(container, "raw") != 0)
		return refuse(j, 400, NULL, "output_format.container: the sandbox makes raw sound alone");
	for (i = 0; encoding && i < 4 && strcmp(encodings[i], encoding) != 0; i++) {
	}
	for (k = 0; k < sizeof(rates) / sizeof(rates[0]) && rates[k] != rate; k++) {
	}
	if (!encoding || i == 4 || k == sizeof(rates) / sizeof(rates[0]))
		return refuse(j, 400, NULL, "output_format: encoding or sample_rate is none of those there are");
	*f = (struct speech_format){ (enum speech_encoding)i, (uint32_t)rate };
	return true;
}

static bool range_judge(struct judging *j, const char *key, double min, double max)
{
	const json_t *value = json_object_get(json_object_get(j->request, "generation_config"), key);

	if (!value || (json_is_number(value) && json_number_value(value) >= min && json_number_value(value) <= max))
		return true;
	return refuse(j, 400, NULL, "generation_config.%s must be between %.1f and %.1f", key, min, max);
}

static bool context_judge(struct judging *j, struct asking *a)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const json_t *delay = json_object_get(j->request, "max_buffer_delay_ms");
	json_int_t ms = delay ? json_integer_value(delay) : ASKING_DELAY_DEFAULT_MS;

	a->context = text_of(j->request, "context_id");
	if (!a->context || !*a->context || strlen(a->context) > ASKING_CONTEXT_MAX || a->context[strspn(a->context, letters)])
		return refuse(j, 400, NULL, "context_id is required: letters, digits, _ and -");
	if ((delay && !json_is_integer(delay)) || ms < 0 || ms > ASKING_DELAY_MAX_MS)
		return refuse(j, 400, NULL, "max_buffer_delay_ms must be between 0 and %d", ASKING_DELAY_MAX_MS);
	a->delay_ms = (unsigned int)ms;
	a->continues = json_is_true(json_object_get(j->request, "continue"));
	a->flushes = json_is_true(json_object_get(j->request, "flush"));
	a->wants_words = json_is_true(json_object_get(j->request, "add_timestamps"));
	return true;
}

bool asking_read(struct asking *a, const json_t *request, const char *version, bool is_socket, struct asking_refusal *refusal)
{
	struct judging j = { .request = request, .version = version, .is_socket = is_socket, .refusal = refusal };

	*a = (struct asking){ .transcript = text_of(request, "transcript") };
	*refusal = (struct asking_refusal){ .status = 0 };
	if (!json_is_object(request))
		return refuse(&j, 400, NULL, "the request is no JSON object");
	if (is_socket && !context_judge(&j, a))
		return false;
	if (!a->transcript || (!is_socket && !*a->transcript))
		return refuse(&j, 400, NULL, "transcript is required");
	if (json_object_get(request, "language") && json_object_get(request, "locale"))
		return refuse(&j, 400, NULL, "language and locale cannot both be said");
	return keys_judge(&j) && model_judge(&j) && voice_judge(&j) && format_judge(&j, &a->format) && range_judge(&j, "speed", 0.6, 1.5) &&
		range_judge(&j, "volume", 0.5, 2.0);
}

char *asking_sameness(const json_t *request)
{
	static const char *const moving[] = { "transcript", "continue", "flush", "duration" };
	json_t *same = json_copy((json_t *)(uintptr_t)request);
	char *text;

	for (size_t i = 0; same && i < sizeof(moving) / sizeof(moving[0]); i++)
		json_object_del(same, moving[i]);
	text = same ? json_dumps(same, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(same);
	return text;
}

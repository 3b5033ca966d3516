#include "sandbox/sarvam/query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "sandbox/lookup.h"

enum { MS_MAX = 10000 };

static const char *const languages[] = { "auto", "as-IN", "bn-IN", "brx-IN", "doi-IN", "en-IN", "gu-IN", "hi-IN", "kn-IN", "kok-IN", "ks-IN", "mai-IN", "ml-IN",
	"mni-IN", "mr-IN", "ne-IN", "or-IN", "pa-IN", "sa-IN", "sat-IN", "sd-IN", "ta-IN", "te-IN", "ur-IN", NULL };
static const char *const models[] = { "saaras:v3-realtime", "saaras:v4", NULL };
static const char *const stream_types[] = { "balanced", "fast", "simulated", NULL };
static const char *const modes[] = { "transcribe", "translate", "verbatim", "translit", "codemix", NULL };
static const char *const endpointings[] = { "vad", "manual", NULL };

struct query_reading {
	struct realtime_query *q;
	const struct http_request *r;
	char *why;
	size_t size;
};

static bool refuse(struct query_reading *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct query_reading *g, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(g->why, g->size, fmt, args);
	va_end(args);
	return false;
}

/* ------------------------------------------------------------------ the handshake */

/* One of a list, whose first stands for nothing said. */
static bool name_read(struct query_reading *g, const char *key, const char *const *list, char out[REALTIME_NAME_MAX])
{
	const char *said = http_query(g->r, key);

	if (said && !list_has(list, said))
		return refuse(g, "%s: there is no \"%.40s\"", key, said);
	snprintf(out, REALTIME_NAME_MAX, "%s", said ? said : list[0]);
	return true;
}

static bool number_read(struct query_reading *g, const char *key, double max, double *out)
{
	const char *said = http_query(g->r, key);
	char *end;

	if (!said)
		return true;
	*out = strtod(said, &end);
	return (*said && !*end && *out >= 0 && *out <= max) || refuse(g, "%s must be between 0 and %g", key, max);
}

/* What is sent. Others of the vendor's encodings are not heard here: better refused than noise. */
static bool sound_read(struct query_reading *g)
{
	static const char *const encodings[] = { "linear16", "mulaw", "alaw", NULL };
	const char *rate = http_query(g->r, "sample_rate");

	if (!name_read(g, "encoding", encodings, g->q->encoding_name))
		return false;
	g->q->encoding = !strcmp(g->q->encoding_name, "mulaw") ? HEARING_MULAW : !strcmp(g->q->encoding_name, "alaw") ? HEARING_ALAW : HEARING_LINEAR16;
	if (rate && strcmp(rate, "8000") != 0 && strcmp(rate, "16000") != 0)
		return refuse(g, "sample_rate must be 8000 or 16000");
	g->q->rate_hz = rate && rate[0] == '8' ? 8000 : 16000;
	return true;
}

static bool keyterms_fit(const json_t *terms)
{
	const json_t *term;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)terms, i, term)
		if (!json_string_length(term) || json_string_length(term) > (size_t)REALTIME_KEYTERM_MAX * 4)
			return false;
	return json_is_array(terms) && json_array_size(terms) <= REALTIME_KEYTERMS_MAX;
}

static bool keyterms_read(struct query_reading *g)
{
	const char *said = http_query(g->r, "keyterms");
	json_t *terms;
	bool fine;

	if (!said)
		return true;
	if (strcmp(g->q->model, "saaras:v4") != 0)
		return refuse(g, "keyterms are supported by saaras:v4 alone");
	terms = json_loads(said, 0, NULL);
	fine = keyterms_fit(terms);
	json_decref(terms);
	return fine || refuse(g, "keyterms must be a JSON array of at most %d terms", REALTIME_KEYTERMS_MAX);
}

static bool keys_judge(struct query_reading *g)
{
	static const char *const known[] = { "language_code", "model", "stream_type", "mode", "prompt", "keyterms", "endpointing", "encoding", "sample_rate",
		"return_timestamps", "threshold", "prefix_padding_ms", "silence_duration_ms", "min_speech_duration_ms", NULL };
	const struct http_pairs *pairs = http_query_all(g->r);

	for (size_t i = 0; i < pairs->count; i++)
		if (!list_has(known, pairs->items[i].name))
			return refuse(g, "%.40s: there is no such parameter", pairs->items[i].name);
	return http_query(g->r, "language_code") || refuse(g, "language_code is required");
}

static bool knobs_read(struct query_reading *g)
{
	static const char *const truths[] = { "false", "true", NULL };
	char endpointing[REALTIME_NAME_MAX], times[REALTIME_NAME_MAX];
	double silence = REALTIME_SILENCE_MS, other = 0;

	if (!name_read(g, "endpointing", endpointings, endpointing) || !name_read(g, "return_timestamps", truths, times))
		return false;
	if (!number_read(g, "threshold", 1, &other) || !number_read(g, "prefix_padding_ms", MS_MAX, &other) ||
		!number_read(g, "min_speech_duration_ms", MS_MAX, &other) || !number_read(g, "silence_duration_ms", MS_MAX, &silence))
		return false;
	g->q->is_manual = !strcmp(endpointing, "manual");
	g->q->wants_times = !strcmp(times, "true");
	g->q->silence_ms = (uint32_t)silence;
	return true;
}

bool realtime_query_read(struct realtime_query *q, const struct http_request *r, char *why, size_t size)
{
	struct query_reading g = { q, r, why, size };

	*q = (struct realtime_query){ .model = "" };
	return keys_judge(&g) && name_read(&g, "language_code", languages, q->language) && name_read(&g, "model", models, q->model) &&
		name_read(&g, "stream_type", stream_types, q->stream_type) && name_read(&g, "mode", modes, q->mode) && sound_read(&g) && knobs_read(&g) &&
		keyterms_read(&g);
}

/* ------------------------------------------------------------------ config.update */

static bool is_simulated(const char *stream_type)
{
	return !strcmp(stream_type, "simulated");
}

static bool one_update(struct query_reading *g, const char *key, const json_t *value)
{
	const char *word = json_string_value(value);
	struct realtime_query *q = g->q;

	if (!strcmp(key, "silence_duration_ms") && json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= MS_MAX)
		q->silence_ms = (uint32_t)json_integer_value(value);
	else if (!strcmp(key, "stream_type") && word && list_has(stream_types, word) && is_simulated(word) == is_simulated(q->stream_type))
		snprintf(q->stream_type, sizeof(q->stream_type), "%s", word);
	else if (!strcmp(key, "endpointing") && word && list_has(endpointings, word))
		q->is_manual = !strcmp(word, "manual");
	else if (!strcmp(key, "mode") && word && list_has(modes, word))
		snprintf(q->mode, sizeof(q->mode), "%s", word);
	else if (!strcmp(key, "language_code") && word && list_has(languages, word))
		snprintf(q->language, sizeof(q->language), "%s", word);
	else if (!((!strcmp(key, "prompt") && word) || ((!strcmp(key, "threshold") || !strcmp(key, "min_speech_duration_ms")) && json_is_number(value))))
		return refuse(g, "%.40s cannot be changed to that", key);
	return true;
}

json_t *realtime_query_update(struct realtime_query *q, const json_t *message, char *why, size_t size)
{
	struct realtime_query next = *q;
	struct query_reading g = { &next, NULL, why, size };
	json_t *applied = json_array(), *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)message, key, value) {
		if (!strcmp(key, "event"))
			continue;
		if (!one_update(&g, key, value)) {
			json_decref(applied);
			return NULL;
		}
		json_array_append_new(applied, json_string(key));
	}
	*q = next;
	return applied;
}

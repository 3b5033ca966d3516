#include "sandbox/deepgram/query.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum {
	NUMBER_MAX = 1000000,
	TIMEOUT_MIN_MS = 500,
	TIMEOUT_MAX_MS = 60000,
	THOUSAND = 1000,
	EOT_MIN = 500,
	EOT_DEFAULT = 700,
	EAGER_MIN = 300,
	EAGER_MAX = 900
};

struct query_reading {
	struct listen_query *q;
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

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A whole number, or what stands there when the key is not. */
static bool number(struct query_reading *g, const char *key, uint32_t min, uint32_t max, uint32_t *out)
{
	const char *text = http_query(g->r, key);
	unsigned long value;
	char *end;

	if (!text)
		return true;
	value = strtoul(text, &end, 10);
	if (!*text || *end || *text == '-' || value < min || value > max)
		return refuse(g, "%s must be between %u and %u", key, min, max);
	*out = (uint32_t)value;
	return true;
}

/* `true` and `false` in lower case, nothing else. */
static bool truth(struct query_reading *g, const char *key, bool *out)
{
	const char *text = http_query(g->r, key);

	if (!text)
		return true;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return refuse(g, "%s must be true or false", key);
	*out = !strcmp(text, "true");
	return true;
}

bool listen_thousandths(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	char *end;
	double value = strtod(text, &end) * THOUSAND;

	if (!*text || *end || !(value >= min && value <= max))
		return false;
	*out = (uint32_t)lround(value);
	return true;
}

static bool threshold(struct query_reading *g, const char *key, uint32_t min, uint32_t max, uint32_t *out)
{
	const char *text = http_query(g->r, key);

	if (!text || listen_thousandths(text, min, max, out))
		return true;
	return refuse(g, "%s must be between 0.%u and %u.%u", key, min / 100, max / THOUSAND, max % THOUSAND / 100);
}

/* What is sent. Others of the vendor's encodings are not heard here: better refused than noise. */
static bool sound_read(struct query_reading *g)
{
	static const uint32_t rates[] = { 8000, 16000, 24000, 44100, 48000 };
	const char *encoding = http_query(g->r, "encoding");
	size_t i;

	g->q->rate_hz = 8000;
	if (!encoding || !http_query(g->r, "sample_rate"))
		return refuse(g, "the sandbox hears raw audio alone: encoding and sample_rate are required");
	if (!strcmp(encoding, "mulaw"))
		g->q->encoding = HEARING_MULAW;
	else if (!strcmp(encoding, "alaw"))
		g->q->encoding = HEARING_ALAW;
	else if (!strcmp(encoding, "linear16"))
		g->q->encoding = HEARING_LINEAR16;
	else
		return refuse(g, "the sandbox hears mulaw, alaw and linear16, not %.20s", encoding);
	if (!number(g, "sample_rate", 8000, 48000, &g->q->rate_hz))
		return false;
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]) && rates[i] != g->q->rate_hz; i++) {
	}
	return i < sizeof(rates) / sizeof(rates[0]) || refuse(g, "sample_rate must be 8000, 16000, 24000, 44100 or 48000");
}

static bool nova_read(struct query_reading *g)
{
	const char *endpointing = http_query(g->r, "endpointing"), *language = http_query(g->r, "language");
	bool smart = false, is_new = begins(g->q->model, "nova-3");

	g->q->endpointing_ms = LISTEN_ENDPOINTING_MS;
	snprintf(g->q->language, sizeof(g->q->language), "%.60s", language ? language : "en");
	if (http_query(g->r, "keywords") && is_new)
		return refuse(g, "keywords are not supported by nova-3: use keyterm");
	if (http_query(g->r, "keyterm") && !is_new)
		return refuse(g, "keyterm is supported by nova-3 alone");
	if (!truth(g, "interim_results", &g->q->interim) || !truth(g, "vad_events", &g->q->vad_events) || !truth(g, "punctuate", &g->q->punctuates) ||
		!truth(g, "smart_format", &smart) || !number(g, "channels", 1, 1, &g->q->channels))
		return false;
	g->q->punctuates |= smart;
	if (endpointing && !strcmp(endpointing, "false"))
		g->q->endpointing_ms = UINT32_MAX;
	else if (!number(g, "endpointing", 0, NUMBER_MAX, &g->q->endpointing_ms))
		return false;
	if (http_query(g->r, "utterance_end_ms") && !g->q->interim)
		return refuse(g, "utterance_end_ms needs interim_results=true");
	return number(g, "utterance_end_ms", THOUSAND, NUMBER_MAX, &g->q->utterance_end_ms);
}

static bool flux_read(struct query_reading *g)
{
	static const char *const nova_keys[] = {
		"interim_results", "endpointing", "smart_format", "channels", "language", "punctuate", "utterance_end_ms", "vad_events" };

	g->q->eot = EOT_DEFAULT;
	g->q->eot_timeout_ms = LISTEN_EOT_TIMEOUT_MS;
	if (!begins(g->q->model, "flux-general-"))
		return refuse(g, "v2 takes flux-general-en and flux-general-multi");
	for (size_t i = 0; i < sizeof(nova_keys) / sizeof(nova_keys[0]); i++)
		if (http_query(g->r, nova_keys[i]))
			return refuse(g, "%s is not supported by v2", nova_keys[i]);
	if (http_query(g->r, "language_hint") && strcmp(g->q->model, "flux-general-multi") != 0)
		return refuse(g, "language_hint is supported by flux-general-multi alone");
	if (!threshold(g, "eot_threshold", EOT_MIN, THOUSAND, &g->q->eot) || !threshold(g, "eager_eot_threshold", EAGER_MIN, EAGER_MAX, &g->q->eager))
		return false;
	if (g->q->eager > g->q->eot)
		return refuse(g, "eager_eot_threshold must not be above eot_threshold");
	return number(g, "eot_timeout_ms", TIMEOUT_MIN_MS, TIMEOUT_MAX_MS, &g->q->eot_timeout_ms);
}

bool listen_query_read(struct listen_query *q, const struct http_request *r, bool is_flux, char *why, size_t size)
{
	struct query_reading g = { .q = q, .r = r, .why = why, .size = size };
	const char *model = http_query(r, "model");

	*q = (struct listen_query){ .is_flux = is_flux, .channels = 1 };
	if (!model || strlen(model) >= sizeof(q->model))
		return refuse(&g, "model is required");
	snprintf(q->model, sizeof(q->model), "%s", model);
	return (is_flux ? flux_read(&g) : nova_read(&g)) && sound_read(&g);
}

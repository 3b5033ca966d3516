#include "base/prices.h"

#include <string.h>

#define TOKENS (1u << USAGE_INPUT_TOKENS | 1u << USAGE_CACHE_READ_TOKENS | 1u << USAGE_CACHE_WRITE_5M_TOKENS | 1u << USAGE_CACHE_WRITE_1H_TOKENS | \
	1u << USAGE_OUTPUT_TOKENS)
#define BILLED (TOKENS | 1u << USAGE_CHARACTERS | 1u << USAGE_AUDIO_SAMPLES)
#define OF_TOKENS(in, read, write_5m, write_1h, out) .units = TOKENS, .micros = { [USAGE_INPUT_TOKENS] = (in), [USAGE_CACHE_READ_TOKENS] = (read), \
	[USAGE_CACHE_WRITE_5M_TOKENS] = (write_5m), [USAGE_CACHE_WRITE_1H_TOKENS] = (write_1h), [USAGE_OUTPUT_TOKENS] = (out) }

static const struct price table[] = {
	{ .vendor = "local", .model = "", .since = "2026-11-21", .units = BILLED },
	{ .vendor = "simulated", .model = "", .since = "2026-11-21", .units = BILLED },
	{ .vendor = "anthropic", .model = "claude-haiku-5-5", .since = "2026-11-21", .prompt_max_tokens = 100000,
		OF_TOKENS(100000, 10000, 125000, 200000, 500000) },
	{ .vendor = "anthropic", .model = "claude-haiku-5-5", .since = "2026-11-21", OF_TOKENS(500000, 50000, 625000, 1000000, 2500000) },
	{ .vendor = "anthropic", .model = "claude-haiku-4-5", .since = "2026-11-21", OF_TOKENS(1000000, 100000, 1250000, 2000000, 5000000) },
	{ .vendor = "anthropic", .model = "claude-sonnet-5-5", .since = "2026-11-21", OF_TOKENS(2000000, 200000, 2500000, 4000000, 10000000) },
	{ .vendor = "anthropic", .model = "claude-opus-5-5", .since = "2026-11-21", OF_TOKENS(4000000, 200000, 5000000, 8000000, 20000000) },
};

/* Nothing, or a date as models have it. */
static bool is_date(const char *rest)
{
	return !*rest || (*rest == '-' && strlen(rest) == 9 && strspn(rest + 1, "0123456789") == 8);
}

static bool is_of(const struct price *p, const struct usage *u)
{
	size_t len = strlen(p->model);

	if (strcmp(p->vendor, u->vendor) != 0)
		return false;
	return !len || (!strncmp(u->model, p->model, len) && is_date(u->model + len));
}

/* Of the rows that held by then the newest; of one day's rows the first whose prompt is long enough. */
static const struct price *newest(const struct price *rows, size_t count, const struct usage *u, const char *version)
{
	uint64_t prompt = u->units[USAGE_INPUT_TOKENS] + u->units[USAGE_CACHE_READ_TOKENS] + u->units[USAGE_CACHE_WRITE_5M_TOKENS] +
		u->units[USAGE_CACHE_WRITE_1H_TOKENS];
	const struct price *found = NULL, *p;

	for (p = rows; p < rows + count; p++) {
		if (!is_of(p, u) || strcmp(p->since, version) > 0 || (p->prompt_max_tokens && prompt > p->prompt_max_tokens))
			continue;
		if (!found || strcmp(p->since, found->since) > 0)
			found = p;
	}
	return found;
}

static const struct price *find(const struct usage *u, const char *version)
{
	size_t count;
	const struct price *own = prices_own(&count), *found = newest(own, count, u, version);

	return found ? found : newest(table, sizeof(table) / sizeof(table[0]), u, version);
}

/* Of one unit; UINT64_MAX stands for more than a number holds. */
static uint64_t picos_of(const struct price *p, enum usage_unit unit, uint64_t count)
{
	unsigned __int128 picos = (unsigned __int128)count * p->micros[unit], hour_samples = UINT64_C(3600) * 8000;

	if (unit == USAGE_AUDIO_SAMPLES) {
		if (picos > UINT64_MAX)
			return UINT64_MAX;
		picos = (picos * PRICES_PICOS_A_MICRO + hour_samples - 1) / hour_samples;
	}
	return picos > UINT64_MAX ? UINT64_MAX : (uint64_t)picos;
}

bool prices_cost(const struct usage *u, const char *version, uint64_t *picos)
{
	const struct price *p = find(u, version);
	unsigned int i;

	*picos = 0;
	for (i = 0; i < USAGE_UNITS; i++)
		if (u->units[i] && BILLED & 1u << i && (!p || !(p->units & 1u << i)))
			return false;
	for (i = 0; p && i < USAGE_UNITS; i++)
		if (p->units & 1u << i && __builtin_add_overflow(*picos, picos_of(p, (enum usage_unit)i, u->units[i]), picos))
			*picos = UINT64_MAX;
	return p != NULL;
}

uint64_t prices_micros(uint64_t picos)
{
	return picos / PRICES_PICOS_A_MICRO + (picos % PRICES_PICOS_A_MICRO != 0);
}

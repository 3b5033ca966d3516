#include "providers/anthropic/anthropic_models.h"

#include <string.h>

#define BOTH (ANTHROPIC_2023_06_01 | ANTHROPIC_2026_10_21)
#define EFFORTS (EFFORT_LOW | EFFORT_MEDIUM | EFFORT_HIGH | EFFORT_XHIGH | EFFORT_MAX)
#define EFFORTS_CALM (EFFORT_LOW | EFFORT_MEDIUM | EFFORT_HIGH)

/* The last row is that of all others: what every model takes, the longest minimum, the shortest context. */
static const struct anthropic_model models[] = {
	{ .id = "claude-haiku-5-5", .versions = BOTH, .thinking = THINKING_ADAPTIVE | THINKING_DISABLED, .thinking_off = "disabled",
		.thinking_off_efforts = EFFORTS_CALM, .efforts = EFFORTS, .takes_forced_tool = true, .takes_system_messages = true, .cache_min_tokens = 512,
		.context_tokens = 1000000, .answer_max_tokens = 128000 },
	{ .id = "claude-haiku-4-5", .versions = BOTH, .thinking = THINKING_ENABLED | THINKING_DISABLED, .sampling = ANTHROPIC_2023_06_01, .takes_prefill = true,
		.takes_forced_tool = true, .cache_min_tokens = 4096, .context_tokens = 200000, .answer_max_tokens = 64000 },
	{ .id = "claude-sonnet-5-5", .versions = BOTH, .thinking = THINKING_ADAPTIVE | THINKING_BETWEEN_TOOLS, .thinking_off = "between_tools",
		.thinking_off_efforts = EFFORTS_CALM, .efforts = EFFORTS, .takes_system_messages = true, .cache_min_tokens = 512, .context_tokens = 1000000,
		.answer_max_tokens = 128000 },
	{ .id = "claude-opus-5-5", .versions = BOTH, .thinking = THINKING_ADAPTIVE, .efforts = EFFORTS, .takes_system_messages = true, .cache_min_tokens = 512,
		.context_tokens = 1000000, .answer_max_tokens = 128000 },
	{ .id = NULL, .versions = BOTH, .cache_min_tokens = 4096, .context_tokens = 200000, .answer_max_tokens = 64000 },
};

struct bit_name {
	const char *name;
	unsigned int bit;
};

static unsigned int bit_find(const struct bit_name *names, const char *name)
{
	for (; names->name; names++)
		if (!strcmp(names->name, name))
			return names->bit;
	return 0;
}

unsigned int anthropic_version_find(const char *version)
{
	static const struct bit_name names[] = { { "2023-06-01", ANTHROPIC_2023_06_01 }, { "2026-10-21", ANTHROPIC_2026_10_21 }, { NULL, 0 } };

	return bit_find(names, version);
}

unsigned int anthropic_effort_find(const char *effort)
{
	static const struct bit_name names[] = { { "low", EFFORT_LOW }, { "medium", EFFORT_MEDIUM }, { "high", EFFORT_HIGH }, { "xhigh", EFFORT_XHIGH },
		{ "max", EFFORT_MAX }, { NULL, 0 } };

	return bit_find(names, effort);
}

/* Nothing, or a date as models have it. */
static bool is_date(const char *rest)
{
	return !*rest || (*rest == '-' && strlen(rest) == 9 && strspn(rest + 1, "0123456789") == 8);
}

const struct anthropic_model *anthropic_model_find(const char *id)
{
	const struct anthropic_model *m;

	for (m = models; m->id; m++)
		if (!strncmp(id, m->id, strlen(m->id)) && is_date(id + strlen(m->id)))
			break;
	return m;
}

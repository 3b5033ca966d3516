#include "cli/lineups_limits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "voice/lineup/lineup_hedge.h"

enum { LEASES_PATH_MAX = 4096 };
enum { DEEPGRAM, ANTHROPIC, CARTESIA, SARVAM, OPENAI }; /* places in `vendors` */

static const char *const vendors[PROVIDER_NAMES] = { [DEEPGRAM] = "deepgram", [ANTHROPIC] = "anthropic", [CARTESIA] = "cartesia",
	[SARVAM] = "sarvam", [OPENAI] = "openai" };

#define STREAMS(vendor, place) \
	{ .name = "providers." vendor ".max_streams", .type = OPTION_INT, .max = 100000, .unit = "streams", \
	  .offset = offsetof(struct limit_settings, streams) + (place) * sizeof(int64_t), \
	  .help = "So many streams of one tenant's at once, in all workers of this host: recognisers, answers and utterances under way. " \
		  "The next provider is asked then; 0: no limit." }
#define HEDGE(key, field, least, default_ms, text) \
	{ .name = key, .type = OPTION_INT, .min = least, .max = 20000, .value = default_ms, .unit = "ms", .help = text, \
	  .offset = offsetof(struct limit_settings, field) }

const struct option limit_options[] = {
	HEDGE("llm.hedge_ms", llm_hedge_ms, -1, -1,
		"A model that has said nothing for this long: the next one of another vendor is asked the same beside it, and the faster one answers. "
		"-1: what nineteen of twenty of the account's latest answers took, 300 to 1400; 0: never."),
	HEDGE("tts.hedge_ms", tts_hedge_ms, -1, 0,
		"A voice without a sound for this long: the next one of another vendor is given the same text beside it, and the faster one is heard. "
		"It is another voice, so never (0) by default; -1: as in llm.hedge_ms."),
	STREAMS("deepgram", DEEPGRAM),
	STREAMS("anthropic", ANTHROPIC),
	STREAMS("cartesia", CARTESIA),
	STREAMS("openai", OPENAI),
	STREAMS("sarvam", SARVAM),
	{ .name = NULL },
};

/* A worker that cannot share still serves: its own streams are counted. */
static void host_open(struct lineups_limits *l, const char *data)
{
	const struct log log = { .plane = "voice", .doing = "sharing limits with other workers" };
	struct err_detail detail = { .message = "the path of the data folder is too long" };
	char path[LEASES_PATH_MAX];
	enum err err = ERR_LIMIT;

	if (snprintf(path, sizeof(path), "%s/leases", data) < (int)sizeof(path))
		err = lease_host_open(&l->host, path, &detail);
	if (err)
		log_warn(&log, "limits of streams hold in this process alone", LOG_ERR(err), LOG_TEXT("why", detail.message), LOG_TEXT("todo", detail.hint));
}

void lineups_limits_init(struct lineups_limits *l, const struct config *config, const char *data)
{
	*l = (struct lineups_limits){ .host = { .fd = -1 } };
	config_bind(config, limit_options, &l->settings);
	if (data)
		host_open(l, data);
}

void lineups_limits_fini(struct lineups_limits *l)
{
	lease_host_close(&l->host);
}

/* "deepgram" of "deepgram.api_key": its recognisers are one account, whatever their models. */
static size_t vendor_of(const char *key_name)
{
	size_t i = 0;

	while (i < PROVIDER_NAMES && (strncmp(key_name, vendors[i], strlen(vendors[i])) != 0 || key_name[strlen(vendors[i])] != '.'))
		i++;
	assert(i < PROVIDER_NAMES);
	return i;
}

struct lineup_account *lineups_limits_take(struct lineups_limits *l, struct lineup_accounts *accounts, const struct id128 *tenant, const char *key_name)
{
	size_t vendor = vendor_of(key_name);
	struct lineup_account *a = lineup_account_take(accounts, tenant, vendors[vendor]);

	if (!a)
		return NULL;
	a->leases.limit = (uint32_t)l->settings.streams[vendor];
	a->leases.counts = &l->leases[vendor];
	a->leases.host = l->host.fd >= 0 ? &l->host : NULL;
	a->leases.place = lease_host_place(tenant, vendors[vendor]);
	return a;
}

void lineups_limits_hedge(struct lineups_limits *l, enum provider_role role, struct lineup *lineup)
{
	lineup->hedges = &l->hedges[role];
	if (role == PROVIDER_LLM)
		lineup->hedge_ms = l->settings.llm_hedge_ms;
	else if (role == PROVIDER_TTS)
		lineup->hedge_ms = l->settings.tts_hedge_ms;
}

/* ------------------------------------------------------------------ numbers */

static void put_leases(const struct lineups_limits *l, struct buf *b)
{
	metric_begin(b, "callfunnel_voice_streams", METRIC_GAUGE, "Streams that are open at vendors now, by vendor.");
	for (size_t i = 0; i < PROVIDER_NAMES; i++)
		metric_put(b, "callfunnel_voice_streams", "vendor", vendors[i], (double)l->leases[i].held);
	metric_begin(b, "callfunnel_voice_streams_opened_total", METRIC_COUNTER, "Streams that were admitted, by vendor.");
	for (size_t i = 0; i < PROVIDER_NAMES; i++)
		metric_put(b, "callfunnel_voice_streams_opened_total", "vendor", vendors[i], (double)l->leases[i].taken);
	metric_begin(b, "callfunnel_voice_streams_refused_total", METRIC_COUNTER, "Streams that providers.VENDOR.max_streams refused, by vendor.");
	for (size_t i = 0; i < PROVIDER_NAMES; i++)
		metric_put(b, "callfunnel_voice_streams_refused_total", "vendor", vendors[i], (double)l->leases[i].refused);
}

static void put_hedges(const struct lineups_limits *l, struct buf *b)
{
	metric_begin(b, "callfunnel_voice_hedges_total", METRIC_COUNTER, "Second ones begun beside a late one, by what they are.");
	metric_put(b, "callfunnel_voice_hedges_total", "role", "llm", (double)l->hedges[PROVIDER_LLM].begun);
	metric_put(b, "callfunnel_voice_hedges_total", "role", "tts", (double)l->hedges[PROVIDER_TTS].begun);
	metric_begin(b, "callfunnel_voice_hedges_won_total", METRIC_COUNTER, "Those of them that were faster.");
	metric_put(b, "callfunnel_voice_hedges_won_total", "role", "llm", (double)l->hedges[PROVIDER_LLM].won);
	metric_put(b, "callfunnel_voice_hedges_won_total", "role", "tts", (double)l->hedges[PROVIDER_TTS].won);
}

void lineups_limits_metrics(const struct lineups_limits *l, struct buf *b)
{
	put_leases(l, b);
	put_hedges(l, b);
}

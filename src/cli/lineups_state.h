/* What lineups.c and lineups_open.c share. */
#ifndef CLI_LINEUPS_STATE_H
#define CLI_LINEUPS_STATE_H

#include "base/log.h"
#include "cli/lineups.h"
#include "cli/lineups_learned.h"
#include "cli/lineups_limits.h"
#include "cli/openai_voices.h"
#include "providers/deepgram/deepgram.h"
#include "providers/held.h"
#include "providers/sarvam/sarvam.h"
#include "voice/lineup/lineup_accounts.h"
#include "voice/lineup/lineup_ahead.h"
#include "voice/lineup/lineup_tongues.h"

struct anthropic;
struct cartesia;
struct espeak;
struct flite;
struct http_client;
struct http_exchange;
struct openai;
struct openai_speech;
struct rehearsed;
struct sarvam_stt_vendor;
struct sarvam_voice;

enum { LANGUAGE_TAG_MAX = 16 };

struct lineups {
	const struct config *config;
	uv_loop_t *loop;
	struct clock *clock;
	struct lineups_ears ears;
	struct deepgram_settings deepgram;
	struct anthropic_settings anthropic;
	struct cartesia_settings cartesia;
	struct openai_settings openai;
	struct openai_voices openai_voices;
	struct sarvam_settings sarvam;
	struct http_client *anthropic_client, *openai_client;
	struct http_exchange *anthropic_call, *openai_call; /* that open a connection and no more (lineups_models_connect) */
	struct flite *flite;
	struct espeak *espeak;
	struct lineup_accounts accounts;
	struct lineups_learned learned;
	struct lineups_limits limits;
};

struct call_lineups {
	struct lineups *shared;
	char name[33]; /* of the call, in the log */
	struct lineup roles[PROVIDER_ROLES];
	struct lineup_account *accounts[PROVIDER_ROLES][LINEUP_MAX]; /* how well each member is, */
	struct lineup_account *admits[PROVIDER_ROLES][LINEUP_MAX];   /* and what it may have at once; NULL: it is of this machine */
	bool is_plain[PROVIDER_ROLES]; /* one provider of this machine and no other: it is asked without a lineup */
	void *ears;
	struct deepgram *deepgram, *flux;
	struct deepgram_language deepgram_languages[2];
	struct rehearsed *rehearsed;
	struct clock_timer rehearsed_timer;
	struct anthropic *anthropic;
	struct cartesia *cartesia;
	struct openai *openai;
	struct openai_speech *openai_speech;
	struct sarvam_stt_vendor *sarvam_ears;
	struct sarvam_language sarvam_languages[2]; /* the recogniser's */
	struct sarvam_voice *sarvam_voice;
	struct id128 tenant;
	char language[LANGUAGE_TAG_MAX];
	struct call_lineups *others[LINEUP_TONGUES_MAX - 1]; /* of the languages that the call may go on in */
	size_t other_count;
	struct lineup_tongues tongues;
	struct lineup_ahead ahead; /* its recogniser, while the phone rings */
	struct held_stt held_stt[STT_PROVIDERS];
	struct held_llm held_llm[LLM_PROVIDERS];
	struct held_tts held_tts[TTS_PROVIDERS];
};

/* What an opening makes: the table of its role, and what that is given. */
struct lineups_made {
	const void *table;
	void *vendor;
};

/* Opens one provider for a call; `key` is NULL for one of this machine that takes none, or goes without. ERR_NOTFOUND: it does not speak the language. */
typedef enum err lineups_open_h(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail);

lineups_open_h *lineups_opener(enum provider_role role, int provider);

/* Asks where the call's models are for nothing, so that a connection is there when the first question comes. */
void lineups_models_connect(struct call_lineups *c);

/* Closes what any of them has opened. */
void lineups_vendors_close(struct call_lineups *c);

#endif

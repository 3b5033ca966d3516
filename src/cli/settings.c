#include "cli/settings.h"

#include <stddef.h>

#include "audio/echo.h"
#include "audio/silero.h"
#include "base/jwks_fetch.h"
#include "base/jws.h"
#include "base/log.h"
#include "base/prices.h"
#include "base/settings.h"
#include "cli/lineups_limits.h"
#include "cli/plane_settings.h"
#include "cli/provider_settings.h"
#include "conductor/calls.h"
#include "conductor/rulebook.h"
#include "conductor/tools.h"
#include "control/identity.h"
#include "data/secrets.h"
#include "redact/redact.h"
#include "voice/journal/journal_settings.h"

const struct option program_options[] = {
	{ .name = "data.dir", .type = OPTION_TEXT, .max = 1024, .text = "data",
		.help = "The folder that holds journals, recordings and keys; made when it is not there.",
		.offset = offsetof(struct program_settings, data_dir) },
	{ .name = NULL },
};

const struct option *const settings_tables[] = {
	program_options,
	prices_options,
	log_options,
	vad_options,
	echo_options,
	call_options,
	journal_settings,
	jws_options,
	jwks_fetch_options,
	identity_options,
	secrets_options,
	server_options,
	calls_options,
	voice_options,
	control_options,
	rulebook_options,
	redact_options,
	toolbox_options,
	provider_options,
	limit_options,
	deepgram_options,
	anthropic_options,
	cartesia_options,
	openai_options,
	sarvam_options,
	twilio_options,
	exotel_options,
	NULL,
};

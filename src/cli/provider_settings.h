/* What an operator may set about vendors of speech, models and calls: who is asked in which role, in their order, and how each is reached.
 *
 * The vendors' options, with their facts, are docs/providers.md's. Keys are no settings: they are secrets of each tenant.
 */
#ifndef CLI_PROVIDER_SETTINGS_H
#define CLI_PROVIDER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/options.h"
#include "base/provider_names.h"

enum provider_role { PROVIDER_STT, PROVIDER_LLM, PROVIDER_TTS, PROVIDER_ROLES };

/* Places in a role's table of names, which are the choices of its setting. */
enum { STT_POCKETSPHINX, STT_DEEPGRAM, STT_DEEPGRAM_FLUX, STT_SARVAM, STT_PROVIDERS };
enum { LLM_REHEARSED, LLM_ANTHROPIC, LLM_OPENAI, LLM_PROVIDERS };
enum { TTS_LOCAL, TTS_CARTESIA, TTS_OPENAI, TTS_SARVAM, TTS_PROVIDERS };

enum { PROVIDERS_MAX = 4, PROVIDER_KEYS_MAX = PROVIDER_NAMES }; /* in a role; names of keys in all */

struct deepgram_settings {
	const char *url, *ca_file, *model, *flux_model, *language, *tag;
	bool mip_opt_out, numerals, smart_format, no_delay;
	int64_t connect_ms, pace_percent, alive_ms, endpointing_ms, utterance_end_ms, eot_percent, eot_timeout_ms, force_after_ms;
};

struct anthropic_settings {
	const char *url, *ca_file, *model;
	int api_version, effort; /* places in anthropic_versions and anthropic_efforts */
	int64_t max_tokens, connect_ms, idle_ms, total_ms;
	bool is_strict;
};

struct cartesia_settings {
	const char *url, *ca_file, *model, *voice, *api_version, *pronunciation_dict_id;
	int voice_form; /* enum cartesia_voice_form */
	int64_t speed_percent, max_buffer_delay_ms, connect_ms, silent_ms, deadline_ms;
};

/* OpenAI and servers that speak alike. Its voice, often another server's, has the names that begin with speech. */
struct openai_settings {
	const char *url, *ca_file, *model;
	int limit_name, parallel;       /* enum openai_limit_name, enum openai_parallel */
	int system_role, tool_choice;   /* places in openai_roles and openai_tool_choices */
	int64_t max_tokens, temperature_percent, connect_ms, idle_ms, total_ms; /* of temperature -1: it is not sent */
	bool without_usage, is_strict;
	const char *speech_url, *speech_model, *voice, *voices; /* the last: openai_voices.h */
	int64_t rate_hz, speed_percent, speech_connect_ms, silent_ms, deadline_ms;
};

/* What both its recogniser and its voice have in their own way begins with stt or tts. */
struct sarvam_settings {
	const char *url, *ca_file;
	int codec; /* enum sarvam_codec */
	int64_t ping_ms, alive_ms;
	const char *stt_model, *stt_language, *prompt;
	int stream_type, mode; /* places in sarvam_stream_types and sarvam_modes */
	bool has_times, flushes;
	int64_t threshold_percent, prefix_padding_ms, silence_duration_ms, min_speech_duration_ms, frame_ms, stt_connect_ms, stt_pace_percent;
	const char *tts_model, *speaker, *path, *dict_id;
	int field; /* enum sarvam_field */
	bool has_no_spare;
	int64_t tts_pace_percent, temperature_percent, pitch_percent, loudness_percent, min_buffer_size, max_chunk_length, recycle_after, tts_connect_ms, deadline_ms;
};

/* The carrier, as it is asked for calls out. */
struct twilio_settings {
	const char *url, *ca_file, *hold_music_url;
	int64_t ring_s;
	bool detects_machines;
};

/* How its media socket speaks, and how it is asked for calls out. */
struct exotel_settings {
	int key_case, media_fields; /* enum exotel_keys, enum exotel_fields */
	int rate_hz;                /* place in exotel_rates */
	int64_t chunk_bytes;
	const char *url, *ca_file, *flow_url;
	int64_t ring_s, zone_min;
	int caller_id; /* enum exotel_caller_id */
};

extern const struct option provider_options[];  /* "stt.providers", "llm.providers", "tts.providers": by enum provider_role */
extern const struct option deepgram_options[];  /* bound to struct deepgram_settings */
extern const struct option anthropic_options[]; /* bound to struct anthropic_settings */
extern const struct option cartesia_options[];  /* bound to struct cartesia_settings */
extern const struct option openai_options[];    /* bound to struct openai_settings */
extern const struct option sarvam_options[];    /* bound to struct sarvam_settings */

extern const struct option twilio_options[];    /* bound to struct twilio_settings */
extern const struct option exotel_options[];    /* bound to struct exotel_settings */

extern const char *const anthropic_versions[];
extern const char *const anthropic_efforts[]; /* the first: nothing is said */
extern const char *const openai_roles[];
extern const char *const openai_tool_choices[]; /* the last: nothing is said */
extern const char *const sarvam_stream_types[];
extern const char *const sarvam_modes[];
extern const char *const exotel_rates[]; /* in Hz */

/* Who is asked in that role, as places in its table of names. At least one. */
size_t providers_chosen(const struct config *c, enum provider_role role, int chosen[PROVIDERS_MAX]);

const char *provider_name(enum provider_role role, int provider);

/* The tenant's secret that a provider is given: "deepgram.api_key"; NULL: it is of this machine and takes none. */
const char *provider_key_name(enum provider_role role, int provider);

/* Whether it is left out without that secret. A server of this machine that speaks as OpenAI does may want none. */
bool provider_needs_key(const struct config *c, enum provider_role role, int provider);

/* All that the chosen ones are given, each once. */
size_t providers_keys(const struct config *c, const char *names[PROVIDER_KEYS_MAX]);

bool providers_want_prompt(const struct config *c); /* a model is asked that has to be told the rule-book */

/* After everything is set: ERR_USAGE when somebody is to be asked who lacks a setting. Detail says which, and where he was chosen. */
enum err providers_judge(const struct config *c, struct err_detail *detail) MUST_USE;

#endif

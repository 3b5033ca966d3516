/* Options of the recogniser: what stands where nothing was said, what is refused, and the address that they make. */
#include <string.h>

#include "base/json.h"
#include "providers/sarvam/sarvam_stt_state.h"

static const char who[] = "Sarvam's recogniser";

void sarvam_stt_options_init(struct sarvam_stt_options *o)
{
	*o = (struct sarvam_stt_options){
		.url = "wss://api.sarvam.ai",
		.model = "saaras:v3-realtime",
		.stream_type = "balanced",
		.mode = "transcribe",
		.has_times = true,
		.flushes = true,
		.connect_ms = 5000,
		.frame_ms = 20,
		.pace_percent = 125,
		.ping_ms = SARVAM_PING_MS,
		.log = { .plane = "voice", .doing = "listening to the caller" },
	};
}

/* ------------------------------------------------------------------ judging */

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (text && !strcmp(text, *list))
			return true;
	return false;
}

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool takes_keyterms(const char *model)
{
	return !strcmp(model, "saaras:v4");
}

static bool is_keyterm(const char *term)
{
	return *term && characters(term) <= SARVAM_KEYTERM_MAX;
}

bool sarvam_stt_takes_keyterm(const char *model, const char *term)
{
	return takes_keyterms(model) && is_keyterm(term);
}

static enum err keyterms_check(const struct sarvam_stt_options *o, struct err_detail *detail)
{
	size_t count = 0;

	for (const char *const *term = o->keyterms; term && *term; term++, count++)
		if (!is_keyterm(*term))
			return sarvam_refuse(detail, ERR_USAGE, who, "keyterms", "a term is empty, or longer than 64 characters");
	if (count > SARVAM_KEYTERMS_MAX)
		return sarvam_refuse(detail, ERR_LIMIT, who, "keyterms", "they are more than 50");
	if (count && !takes_keyterms(o->model))
		return sarvam_refuse(detail, ERR_USAGE, who, "keyterms", "the model takes none (saaras:v4 does)");
	return ERR_NONE;
}

static enum err numbers_check(const struct sarvam_stt_options *o, struct err_detail *detail)
{
	const struct sarvam_number numbers[] = {
		{ "connect_ms", o->connect_ms, 100, 30000, false },
		{ "frame_ms", o->frame_ms, 20, SARVAM_FRAME_MAX_MS, false },
		{ "pace_percent", o->pace_percent, 101, 1000, false },
		{ "ping_ms", o->ping_ms, 1000, 30000, false },
		{ "alive_ms", o->alive_ms, 500, 60000, true },
		{ "threshold_percent", o->threshold_percent, 1, 100, true },
		{ "prefix_padding_ms", o->prefix_padding_ms, 1, 10000, true },
		{ "silence_duration_ms", o->silence_duration_ms, 1, 10000, true },
		{ "min_speech_duration_ms", o->min_speech_duration_ms, 1, 10000, true },
	};

	return sarvam_numbers_check(numbers, sizeof(numbers) / sizeof(numbers[0]), who, detail);
}

enum err sarvam_stt_options_check(const struct sarvam_stt_options *o, struct err_detail *detail)
{
	static const char *const types[] = { "fast", "balanced", "simulated", NULL };
	static const char *const modes[] = { "transcribe", "translate", "verbatim", "translit", "codemix", NULL };
	enum err err = sarvam_account_check(o->url, o->key, o->key_len, o->languages, who, detail);

	if (err)
		return err;
	if (!o->model || !sarvam_is_name(o->model))
		return sarvam_refuse(detail, ERR_USAGE, who, "model", "there is none, or its name is too long");
	if (!is_one_of(o->stream_type, types))
		return sarvam_refuse(detail, ERR_USAGE, who, "stream_type", "it must be fast, balanced or simulated");
	if (!is_one_of(o->mode, modes))
		return sarvam_refuse(detail, ERR_USAGE, who, "mode", "it must be transcribe, translate, verbatim, translit or codemix");
	if (o->prompt && strlen(o->prompt) > SARVAM_PROMPT_MAX)
		return sarvam_refuse(detail, ERR_LIMIT, who, "prompt", "it is longer than 1000 bytes");
	err = numbers_check(o, detail);
	return err ? err : keyterms_check(o, detail);
}

/* ------------------------------------------------------------------ the address */

static void number_put(struct buf *b, const char *key, uint32_t value)
{
	if (value)
		buf_printf(b, "&%s=%u", key, value);
}

/* One string that holds a JSON array. */
static void keyterms_put(struct buf *b, const char *const *terms)
{
	struct buf json;

	if (!terms || !*terms)
		return;
	buf_init(&json, SARVAM_STT_URL_MAX_BYTES);
	json_open(&json, '[');
	for (; *terms; terms++)
		json_put_string(&json, *terms);
	json_close(&json, ']');
	sarvam_query_put(b, "keyterms", buf_str(&json));
	if (json.err)
		b->err = json.err;
	buf_fini(&json);
}

void sarvam_stt_options_url(struct buf *b, const struct sarvam_stt_options *o)
{
	buf_printf(b, "%s/speech-to-text-realtime/ws?encoding=%s&sample_rate=8000&endpointing=vad", o->url, o->codec == SARVAM_MULAW ? "mulaw" : "linear16");
	sarvam_query_put(b, "model", o->model);
	sarvam_query_put(b, "stream_type", o->stream_type);
	sarvam_query_put(b, "mode", o->mode);
	if (o->has_times)
		buf_text(b, "&return_timestamps=true");
	if (o->threshold_percent)
		buf_printf(b, "&threshold=%u.%02u", o->threshold_percent / 100, o->threshold_percent % 100);
	number_put(b, "prefix_padding_ms", o->prefix_padding_ms);
	number_put(b, "silence_duration_ms", o->silence_duration_ms);
	number_put(b, "min_speech_duration_ms", o->min_speech_duration_ms);
	if (o->prompt)
		sarvam_query_put(b, "prompt", o->prompt);
	keyterms_put(b, o->keyterms);
}

/* A program for the tests from outside: one of our adapters asks a vendor (the sandbox) once, and prints what it was told, a JSON object a line.
 *
 *   vendor_peer anthropic URL CA      standard input: {"model":…,"fixed":…,"tools":[…],"max_tokens":N,"effort":…,"version":…,"blocks":[{"type":"caller","text":…}]}
 *   vendor_peer deepgram URL CA MODEL standard input: µ-law at 8000 Hz, pushed at twice the speed of speech, then finalize
 *   vendor_peer openai URL CA         standard input as anthropic's, also {"limit_name":"max_completion_tokens"}
 *   vendor_peer sarvam-stt URL CA MODEL standard input as deepgram's, in Hindi
 *   vendor_peer cartesia URL CA VOICE standard input: the text; cartesia-bytes: by one request
 *   vendor_peer openai-speech URL CA VOICE, vendor_peer sarvam-tts URL CA SPEAKER: the text, the latter's in Hindi
 *
 * CA may be "-". The key is "key-of-the-test". Ends when the adapter is done, or after a minute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/json.h"
#include "providers/anthropic/anthropic.h"
#include "providers/cartesia/cartesia.h"
#include "providers/deepgram/deepgram.h"
#include "providers/openai/openai.h"
#include "providers/openai/openai_speech.h"
#include "providers/sarvam/sarvam_stt.h"
#include "providers/sarvam/sarvam_tts.h"
#include "redact/redact.h"

enum { INPUT_MAX = 8 << 20, BLOCKS_MAX = 200, GUARD_MS = 60000, PUSH_SAMPLES = 320, PUSH_MS = 20, LISTEN_MORE_MS = 3000, LAST_MS = 200 };

#define KEY "key-of-the-test"

static uv_loop_t loop;
static struct clock *vendor_clock;
static uint8_t input[INPUT_MAX];
static size_t input_len, pushed;
static uv_timer_t guard, pace;
static struct err_detail detail;
static uint64_t samples;
static const char *url, *ca_file;
static struct anthropic *model;
static struct deepgram *ears;
static struct cartesia *voice;
static struct cartesia_bytes *voice_bytes;
static struct openai *openai;
static struct openai_speech *openai_voice;
static struct sarvam_stt_vendor *sarvam_ears;
static struct sarvam_voice *sarvam_voice;

static void done(void)
{
	fflush(stdout);
	uv_stop(&loop);
}

static void fail(const char *what, enum err err)
{
	fprintf(stderr, "%s: %s: %s (%s)\n", what, err_name(err), detail.message, detail.where);
	exit(2);
}

static void tell(const char *event, const char *text, size_t len)
{
	uint8_t memory[65536];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_string(&b, "event", event);
	json_put_key(&b, "text");
	json_put_text(&b, text, len);
	json_close(&b, '}');
	puts(buf_str(&b));
}

/* ---- a model ---- */

static void on_text(void *arg, const char *text, size_t len)
{
	(void)arg;
	tell("text", text, len);
}

static void on_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	(void)arg;
	(void)index;
	tell("tool", name, name_len);
	tell("arguments", args, args_len);
}

static void openai_usage_tell(void)
{
	const struct openai_last *last = openai_last(openai);

	printf("{\"event\":\"usage\",\"input\":%llu,\"read\":%llu,\"output\":%llu,\"status\":%u,\"request_id\":\"%s\"}\n",
		(unsigned long long)last->usage.input, (unsigned long long)last->usage.cached, (unsigned long long)last->usage.output, last->status,
		last->request_id);
}

static void wrong_usage_tell(void)
{
	const struct anthropic_last *last;

	if (openai) {
		openai_usage_tell();
		return;
	}
	last = anthropic_last(model);
	printf("{\"event\":\"usage\",\"input\":%llu,\"write_5m\":%llu,\"write_1h\":%llu,\"read\":%llu,\"output\":%llu,\"status\":%u,\"request_id\":\"%s\"}\n",
		(unsigned long long)last->usage.input, (unsigned long long)last->usage.cache_write_5m, (unsigned long long)last->usage.cache_write_1h,
		(unsigned long long)last->usage.cache_read, (unsigned long long)last->usage.output, last->status, last->request_id);
}

static void on_answered(void *arg, uint32_t tokens)
{
	(void)arg;
	(void)tokens;
	wrong_usage_tell();
	tell("done", "", 0);
	done();
}

static void on_refused(void *arg, enum failure why)
{
	static const char *const names[] = { "died", "busy", "garbage", "refused" };

	(void)arg;
	wrong_usage_tell();
	tell("failed", names[why], strlen(names[why]));
	done();
}

static const struct llm_events model_events = { .text = on_text, .tool = on_tool, .done = on_answered, .failed = on_refused };

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static size_t blocks_read(struct llm_block *blocks, const json_t *list)
{
	static const char *const types[] = { [BLOCK_CALLER] = "caller", [BLOCK_AGENT] = "agent", [BLOCK_TOOL_USE] = "tool_use", [BLOCK_TOOL_RESULT] = "tool_result",
		[BLOCK_EVENT] = "event" };
	struct redact_map *map;
	size_t i;
	json_t *one;

	if (redact_map_new(&map))
		fail("map", ERR_NOMEM);
	json_array_foreach(list, i, one) {
		const char *type = text_of(one, "type"), *text = text_of(one, "text"), *name = text_of(one, "name");
		struct redacted *words = NULL;
		unsigned int k;

		for (k = BLOCK_CALLER; k < BLOCK_EVENT && strcmp(types[k], type) != 0; k++) {
		}
		if (i == BLOCKS_MAX || redact_data(map, text, strlen(text), &(const struct redact_context){ .language = "en-US" }, &words))
			fail("blocks", ERR_LIMIT);
		blocks[i] = (struct llm_block){ .type = (enum block_type)k, .turn = (uint32_t)json_integer_value(json_object_get(one, "turn")), .name = name,
			.name_len = name ? strlen(name) : 0, .text = words };
	}
	return json_array_size(list);
}

static void ask(const struct llm *llm, void *vendor, const json_t *spec)
{
	static struct llm_block blocks[BLOCKS_MAX];
	static struct llm_answer *answer;
	size_t count = blocks_read(blocks, json_object_get(spec, "blocks"));
	enum err err = llm->start(vendor, &answer, ASK_PLAIN, 1, blocks, count, &model_events, NULL);

	if (err)
		fail("start", err);
}

static void openai_run(void)
{
	json_t *spec = json_loadb((const char *)input, input_len, 0, NULL), *tools = json_object_get(spec, "tools");
	const struct openai_options options = { .base_url = url, .ca_file = ca_file, .key = KEY, .model = text_of(spec, "model"), .fixed = text_of(spec, "fixed"),
		.tools = tools ? json_dumps(tools, JSON_COMPACT) : NULL, .max_tokens = (uint32_t)json_integer_value(json_object_get(spec, "max_tokens")),
		.limit_name = text_of(spec, "limit_name") ? OPENAI_MAX_COMPLETION_TOKENS : OPENAI_MAX_TOKENS, .temperature = text_of(spec, "temperature") };
	enum err err = openai_open(&openai, &loop, &options, &detail);

	if (err)
		fail("openai_open", err);
	ask(&openai_llm, openai, spec);
}

static void model_run(void)
{
	json_t *spec = json_loadb((const char *)input, input_len, 0, NULL), *tools = json_object_get(spec, "tools");
	const struct anthropic_options options = { .base_url = url, .ca_file = ca_file, .key = KEY, .model = text_of(spec, "model"), .fixed = text_of(spec, "fixed"),
		.effort = text_of(spec, "effort"), .api_version = text_of(spec, "version"), .tools = tools ? json_dumps(tools, JSON_COMPACT) : NULL,
		.max_tokens = (uint32_t)json_integer_value(json_object_get(spec, "max_tokens")) };
	enum err err = anthropic_open(&model, &loop, &options, &detail);

	if (err)
		fail("anthropic_open", err);
	ask(&anthropic_llm, model, spec);
}

/* ---- a recogniser ---- */

static struct stt_stream *stream;
static const struct stt *stt;

static void on_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	static const char *const kinds[] = { "partial", "final", "end" };

	(void)arg;
	(void)from;
	(void)to;
	tell(kinds[kind], text, len);
	fflush(stdout);
}

static void on_ended(void *arg, enum err why)
{
	(void)arg;
	tell("ended", err_name(why), strlen(err_name(why)));
	done();
}

static const struct stt_events stt_events = { .transcript = on_transcript, .ended = on_ended };

static void on_last(uv_timer_t *timer)
{
	(void)timer;
	done();
}

static void on_listened(uv_timer_t *timer)
{
	(void)timer;
	stt->cancel(&stream);
	tell("cancelled", "", 0);
	uv_timer_start(&guard, on_last, LAST_MS, 0); /* CloseStream goes out */
}

static void on_pace(uv_timer_t *timer)
{
	size_t n = input_len - pushed < PUSH_SAMPLES ? input_len - pushed : PUSH_SAMPLES;

	if (!stream)
		return;
	if (n) {
		stt->push(stream, input + pushed, n);
		pushed += n;
		return;
	}
	uv_timer_stop(timer);
	stt->finalize(stream);
	uv_timer_start(timer, on_listened, LISTEN_MORE_MS, 0);
}

static void hear_with(const struct stt *table, void *vendor, const char *language)
{
	enum err err = table->start(vendor, &stream, language, &stt_events, NULL);

	if (err)
		fail("start", err);
	stt = table;
	uv_timer_start(&pace, on_pace, PUSH_MS, PUSH_MS);
}

static void sarvam_ears_run(const char *name)
{
	struct sarvam_stt_options options;
	enum err err;

	sarvam_stt_options_init(&options);
	options.clock = vendor_clock;
	options.url = url;
	options.key = KEY;
	options.key_len = strlen(KEY);
	options.ca_file = ca_file;
	options.model = name;
	err = sarvam_stt_open(&sarvam_ears, &loop, &options, &detail);
	if (err)
		fail("sarvam_stt_open", err);
	hear_with(&sarvam_stt, sarvam_ears, "hi-IN");
}

static void ears_run(const char *name)
{
	struct deepgram_options options;
	enum err err;

	deepgram_options_init(&options, name);
	options.clock = vendor_clock;
	options.url = url;
	options.key = KEY;
	options.key_len = strlen(KEY);
	options.ca_file = ca_file;
	err = deepgram_open(&ears, &loop, &options, &detail);
	if (err)
		fail("deepgram_open", err);
	hear_with(strncmp(name, "flux", 4) != 0 ? &deepgram_stt : &deepgram_flux_stt, ears, "en-US");
}

/* ---- a voice ---- */

static void on_audio(void *arg, const uint8_t *ulaw, size_t count)
{
	(void)arg;
	(void)ulaw;
	samples += count;
}

static void on_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	(void)arg;
	for (size_t i = 0; i < count; i++)
		printf("{\"event\":\"word\",\"end_samples\":%u,\"text_end\":%u,\"exact\":%s}\n", words[i].end_samples, words[i].text_end, exact ? "true" : "false");
}

static void on_spoken(void *arg)
{
	(void)arg;
	printf("{\"event\":\"done\",\"samples\":%llu}\n", (unsigned long long)samples);
	done();
}

static void on_mute(void *arg, enum err why)
{
	(void)arg;
	tell("failed", err_name(why), strlen(err_name(why)));
	done();
}

static const struct tts_events tts_events = { .audio = on_audio, .words = on_words, .done = on_spoken, .failed = on_mute };

static void speak(const struct tts *tts, void *vendor, const char *language)
{
	static struct tts_utterance *utterance;
	enum err err = tts->start(vendor, &utterance, language, (const char *)input, input_len, &tts_events, NULL);

	if (err)
		fail("start", err);
}

static void openai_voice_run(const char *name)
{
	const struct openai_speech_options options = { .base_url = url, .ca_file = ca_file, .key = KEY, .model = "sandbox", .voice = name };
	enum err err = openai_speech_open(&openai_voice, &loop, &options, &detail);

	if (err)
		fail("openai_speech_open", err);
	speak(&openai_tts, openai_voice, "en-US");
}

static void sarvam_voice_run(const char *name)
{
	const struct sarvam_tts_options options = { .url = url, .ca_file = ca_file, .key = KEY, .key_len = strlen(KEY), .speaker = name, .has_no_spare = true };
	enum err err = sarvam_tts_open(&sarvam_voice, &loop, &options, &detail);

	if (err)
		fail("sarvam_tts_open", err);
	speak(&sarvam_tts, sarvam_voice, "hi-IN");
}

static void voice_run(const char *name, bool is_socket)
{
	const struct cartesia_options options = { .base_url = url, .ca_file = ca_file, .key = KEY, .voice = name };
	enum err err = is_socket ? cartesia_open(&voice, &loop, &options, &detail) : cartesia_bytes_open(&voice_bytes, &loop, &options, &detail);

	if (err)
		fail("cartesia_open", err);
	if (is_socket)
		speak(&cartesia_tts, voice, "en-US");
	else
		speak(&cartesia_bytes_tts, voice_bytes, "en-US");
}

/* ---- the program ---- */

static void on_guard(uv_timer_t *timer)
{
	(void)timer;
	if (stream || model || openai || voice || voice_bytes || openai_voice || sarvam_voice)
		tell("late", "", 0);
	done();
}

static void input_read(void)
{
	ssize_t n;

	while ((n = read(0, input + input_len, sizeof(input) - 1 - input_len)) > 0)
		input_len += (size_t)n;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	url = argv[2];
	ca_file = strcmp(argv[3], "-") != 0 ? argv[3] : NULL;
	input_read();
	if (uv_loop_init(&loop) || clock_open(&vendor_clock, &loop, false))
		return 2;
	uv_timer_init(&loop, &guard);
	uv_timer_init(&loop, &pace);
	uv_timer_start(&guard, on_guard, GUARD_MS, 0);
	if (!strcmp(argv[1], "anthropic"))
		model_run();
	else if (!strcmp(argv[1], "openai"))
		openai_run();
	else if (!strcmp(argv[1], "openai-speech") && argc == 5)
		openai_voice_run(argv[4]);
	else if (!strcmp(argv[1], "sarvam-stt") && argc == 5)
		sarvam_ears_run(argv[4]);
	else if (!strcmp(argv[1], "sarvam-tts") && argc == 5)
		sarvam_voice_run(argv[4]);
	else if (!strcmp(argv[1], "deepgram") && argc == 5)
		ears_run(argv[4]);
	else if (!strncmp(argv[1], "cartesia", 8) && argc == 5)
		voice_run(argv[4], !argv[1][8]);
	else
		return 2;
	uv_run(&loop, UV_RUN_DEFAULT);
	fflush(stdout);
	_exit(0); /* what is half way is for the system to end */
}

/* Any bytes as what a client sends to the sandbox: the first says to whom. What is taken keeps its promises: counts add up, a conversation has its
 * blocks, a script is taken whole or not at all. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/anthropic/messages_read.h"
#include "sandbox/anthropic/prompt_cache.h"
#include "sandbox/cartesia/asking.h"
#include "sandbox/harm.h"
#include "sandbox/openai/chat_read.h"
#include "sandbox/openai/rules.h"
#include "sandbox/sarvam/config.h"
#include "sandbox/sarvam/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void script(const json_t *json)
{
	static const char *const vendors[] = { "ears", "voice", NULL };
	struct harms h = { .count = 0 };
	struct err_detail detail;
	enum err err = harms_add(&h, json, vendors, &detail);

	must(err ? !h.count && detail.message[0] : h.count <= HARMS_MAX);
	for (unsigned int i = 0; i < 20; i++)
		must(harms_take(&h, i % 2 ? "ears" : "voice", i % 3 ? "/listen" : "/").kind < HARM_KINDS);
	json_decref(harms_list(&h));
}

static void taken_message(const json_t *body)
{
	const struct message_model *model = message_model_find(json_string_value(json_object_get(body, "model")));
	struct prompt_usage first, again;
	struct prompt_cache *cache;
	struct conversation talk;
	uint64_t tokens = 0;
	enum err err = messages_read(&talk, json_object_get(body, "messages"));

	must(err || talk.count <= CONVERSATION_BLOCKS_MAX);
	conversation_fini(&talk);
	must(!prompt_cache_new(&cache) && !message_count(model, body, &tokens));
	must(!prompt_cache_use(cache, model, body, 1, &first) && !prompt_cache_use(cache, model, body, 2, &again));
	must(first.input + first.write_5m + first.write_1h == tokens && !first.read);
	must(again.input + again.write_5m + again.write_1h + again.read == tokens && again.read == first.write_5m + first.write_1h);
	prompt_cache_free(&cache);
}

static void speech(const json_t *json, bool is_socket)
{
	static const char *const versions[] = { "2026-03-01", "2026-08-14" };
	char plain[SPEECH_TEXT_MAX + 1];
	struct asking_refusal refusal;
	struct asking a;
	size_t len;

	for (size_t i = 0; i < 2; i++) {
		bool fine = asking_read(&a, json, versions[i], is_socket, &refusal);

		must(fine == !refusal.status);
		if (fine && speech_plain(a.transcript, strlen(a.transcript), plain, &len))
			must(len <= SPEECH_TEXT_MAX && strlen(plain) == len);
	}
	free(asking_sameness(json));
}

static void chat(const json_t *json)
{
	struct openai_refusal refusal;
	struct conversation talk;

	must(audio_judge(json, &refusal) == !refusal.status);
	if (!chat_judge(json, &refusal)) {
		must(refusal.status && refusal.message[0]);
		return;
	}
	must(chat_read(&talk, json_object_get(json, "messages")) || talk.count <= CONVERSATION_BLOCKS_MAX);
	conversation_fini(&talk);
}

static void voice(const json_t *json)
{
	static const char *const names[] = { "bulbul:v2", "bulbul:v3", "bulbul:v4-flash" };
	struct realtime_query query = { .stream_type = "fast" };
	struct voice_config config = { .language = "" };
	char why[CONFIG_WHY_MAX] = "";

	for (size_t i = 0; i < 3; i++)
		must(voice_config_read(&config, names[i], json, why) ? config.format.rate_hz >= SPEECH_HZ && *config.language : *why);
	json_decref(realtime_query_update(&query, json, why, sizeof(why)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_refusal refusal;
	json_t *json = size ? json_loadb((const char *)data + 1, size - 1, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!json)
		return 0;
	if (data[0] == 'f')
		script(json);
	else if (data[0] == 'a' && message_judge(json, API_2026_10_21, false, &refusal))
		taken_message(json);
	else if (data[0] == 'o' && message_judge(json, API_2023_06_01, false, &refusal))
		taken_message(json);
	else if (data[0] == 's' || data[0] == 'b')
		speech(json, data[0] == 's');
	else if (data[0] == 'c')
		chat(json);
	else if (data[0] == 'v')
		voice(json);
	json_decref(json);
	return 0;
}

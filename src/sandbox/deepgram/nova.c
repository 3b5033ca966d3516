/* Deepgram's v1: results by segments, ends by silence. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sandbox/deepgram/listening.h"

/* A name for programs: "nova-3" is "general-nova-3". */
static json_t *metadata_of(const struct listening *l)
{
	char name[LISTEN_NAME_MAX + 16];

	snprintf(name, sizeof(name), "general-%s", l->query.model);
	return json_pack("{s:s, s:{s:s, s:s, s:s}, s:s}", "request_id", l->request_id, "model_info", "name", name, "version", "2026-01-01.0", "arch", "nova-3",
		"model_uuid", l->model_uuid);
}

static json_t *channel_of(const struct listening *l, const struct hearing_words *w)
{
	json_t *one = json_pack("{s:s%, s:f, s:o}", "transcript", w->text, w->len, "confidence", w->len ? 0.95 : 0.0, "words",
		listening_words(w, l->query.punctuates));

	if (!strcmp(l->query.language, "multi")) {
		json_object_set_new(one, "languages", json_pack("[s]", "en"));
		json_object_set_new(one, "languages_hinted", json_array());
	}
	return json_pack("{s:[o]}", "alternatives", one);
}

static void results_say(struct listening *l, const struct hearing_words *w, bool is_final, bool speech_final, bool from_finalize)
{
	uint64_t to = l->ears.heard > l->segment_from ? l->ears.heard : l->segment_from;

	listening_say(l, json_pack("{s:s, s:[ii], s:f, s:f, s:b, s:b, s:b, s:o, s:o}", "type", "Results", "channel_index", 0, 1, "start",
		hearing_seconds(l->segment_from), "duration", hearing_seconds(to - l->segment_from), "is_final", is_final, "speech_final", speech_final,
		"from_finalize", from_finalize, "channel", channel_of(l, w), "metadata", metadata_of(l)));
	if (is_final)
		l->segment_from = to;
}

static void nova_opened(struct listening *l)
{
	(void)l;
}

static void nova_voice(struct listening *l)
{
	l->has_speech = true;
	if (l->query.vad_events)
		listening_say(l, json_pack("{s:s, s:[ii], s:f}", "type", "SpeechStarted", "channel", 0, 1, "timestamp", hearing_seconds(l->ears.voice_from)));
}

static void nova_frame(struct listening *l)
{
	uint64_t quiet_ms = hearing_quiet_ms(&l->ears);

	if (l->has_speech && l->ears.in_voice && quiet_ms >= l->query.endpointing_ms && quiet_ms) {
		l->ears.in_voice = false;
		hearing_final(&l->ears, FINAL_ENDPOINT);
	}
	if (l->query.utterance_end_ms && l->has_words && l->ears.heard > l->words_to &&
		(l->ears.heard - l->words_to) * 1000 / HEARING_HZ >= l->query.utterance_end_ms && quiet_ms >= l->query.utterance_end_ms) {
		l->has_words = false;
		listening_say(l, json_pack("{s:s, s:[ii], s:f}", "type", "UtteranceEnd", "channel", 0, 1, "last_word_end", hearing_seconds(l->words_to)));
	}
}

static void nova_partial(struct listening *l, const struct hearing_words *w)
{
	if (!w->len || !l->query.interim || !strcmp(l->partial, w->text))
		return;
	snprintf(l->partial, sizeof(l->partial), "%s", w->text);
	l->has_words = true;
	l->words_to = w->to;
	results_say(l, w, false, false, false);
}

static void metadata_say(struct listening *l)
{
	char created[32], sha256[65];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	memset(sha256, '0', sizeof(sha256) - 1);
	sha256[sizeof(sha256) - 1] = 0;
	listening_say(l, json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:i}", "type", "Metadata", "transaction_key", "deprecated", "request_id", l->request_id,
		"sha256", sha256, "created", created, "duration", hearing_seconds(l->ears.heard), "channels", (int)l->query.channels));
}

static void nova_final(struct listening *l, const struct hearing_words *w, enum hearing_why why)
{
	bool ends = why == FINAL_ENDPOINT || why == FINAL_UNASKED;

	if (w->len) {
		l->has_words = true;
		l->words_to = w->to;
	}
	l->partial[0] = 0;
	if (w->len || why != FINAL_CLOSE)
		results_say(l, w, true, ends, why == FINAL_FINALIZE);
	if (ends || why == FINAL_FINALIZE) {
		l->has_speech = false;
		l->ears.in_voice = false; /* what is said next is another utterance */
	}
	if (!l->closes)
		return;
	metadata_say(l);
	listening_close(l, WEBSOCKET_NORMAL);
}

static bool features_fit(const json_t *features)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)features, key, value)
		if (!json_is_boolean(value))
			return false;
	return true;
}

/* Exactly one of the two replies. */
static void configure(struct listening *l, const json_t *message)
{
	const json_t *keyterms = json_object_get(message, "keyterms");
	json_t *said;

	if ((keyterms && !json_is_array(keyterms)) || !features_fit(json_object_get(message, "features"))) {
		listening_say(l, json_pack("{s:s, s:s, s:s, s:s}", "type", "ConfigureFailure", "request_id", l->request_id, "code", "CONFIGURE_INTERNAL_ERROR",
			"description", "keyterms must be a list, features a map of booleans"));
		return;
	}
	said = json_pack("{s:s, s:s}", "type", "ConfigureSuccess", "request_id", l->request_id);
	if (keyterms)
		json_object_set(said, "keyterms", (json_t *)(uintptr_t)keyterms);
	listening_say(l, said);
}

static bool nova_message(struct listening *l, const char *type, const json_t *message)
{
	if (!strcmp(type, "KeepAlive"))
		return true;
	if (!strcmp(type, "Finalize"))
		hearing_final(&l->ears, FINAL_FINALIZE);
	else if (!strcmp(type, "Configure"))
		configure(l, message);
	else
		return false;
	return true;
}

static void nova_garbage(struct listening *l, const char *why)
{
	listening_say(l, json_pack("{s:s, s:s, s:s}", "type", "Error", "variant", "SchemaError", "description", why));
}

const struct listen_protocol nova_protocol = { .opened = nova_opened, .voice = nova_voice, .frame = nova_frame, .partial = nova_partial, .final = nova_final,
	.message = nova_message, .garbage = nova_garbage };

/* Deepgram's v2, Flux: turns. A turn begins with its first words; that it ends is the surer the longer the silence behind them is.
 *
 *   none ─words─► open ─surer than eager─► eager ─surer than eot, eot_timeout_ms, ForceEndTurn─► none, turn_index + 1
 *                   ▲└───────────── the same ───────────────────────────────────────────►
 *                   └────────────────── voice: TurnResumed ──┘
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/deepgram/listening.h"

enum { UPDATE_SAMPLES = HEARING_HZ / 4, SURE_MS = 800 /* of silence are all but sure */, SURE_MAX = 990, THOUSAND = 1000 };

static uint32_t sureness(const struct listening *l)
{
	uint64_t quiet = hearing_quiet_ms(&l->ears) * THOUSAND / SURE_MS;

	return quiet < SURE_MAX ? (uint32_t)quiet : SURE_MAX;
}

/* The whole turn so far. */
static void turn_text(const struct listening *l, struct hearing_words *w)
{
	*w = l->said;
	if (!l->now.len)
		return;
	if (!w->len) {
		*w = l->now;
		return;
	}
	if (w->len + 1 + l->now.len >= sizeof(w->text))
		return;
	w->text[w->len] = ' ';
	memcpy(w->text + w->len + 1, l->now.text, l->now.len + 1);
	w->len += 1 + l->now.len;
	w->to = l->now.to;
}

static void turn_say(struct listening *l, const char *event, const char *trigger)
{
	struct hearing_words w;
	json_t *one;

	turn_text(l, &w);
	one = json_pack("{s:s, s:s, s:I, s:s, s:I, s:f, s:f, s:s%, s:o, s:f}", "type", "TurnInfo", "request_id", l->request_id, "sequence_id",
		(json_int_t)l->sequence++, "event", event, "turn_index", (json_int_t)l->turn, "audio_window_start", hearing_seconds(l->turn_from),
		"audio_window_end", hearing_seconds(l->ears.heard), "transcript", w.text, w.len, "words", listening_words(&w, false), "end_of_turn_confidence",
		(double)sureness(l) / THOUSAND);
	if (trigger)
		json_object_set_new(one, "trigger", json_string(trigger));
	if (strcmp(l->query.model, "flux-general-en") != 0) {
		json_object_set_new(one, "languages", json_pack("[s]", "en"));
		json_object_set_new(one, "languages_hinted", json_array());
	}
	listening_say(l, one);
	l->updated = l->ears.heard;
}

static void flux_opened(struct listening *l)
{
	listening_say(l, json_pack("{s:s, s:s, s:I}", "type", "Connected", "request_id", l->request_id, "sequence_id", (json_int_t)l->sequence++));
}

static void flux_voice(struct listening *l)
{
	if (l->is_eager)
		turn_say(l, "TurnResumed", NULL);
	l->is_eager = false;
}

static void turn_begin(struct listening *l)
{
	if (l->in_turn)
		return;
	l->in_turn = true;
	turn_say(l, "StartOfTurn", NULL);
}

static void turn_end(struct listening *l)
{
	turn_say(l, "EndOfTurn", l->trigger);
	l->trigger = NULL;
	l->in_turn = l->is_eager = false;
	l->said.len = l->now.len = 0;
	l->turn++;
	l->turn_from = l->ears.heard;
}

/* What is heard of the turn must be final first; of an eager one it is. */
static void turn_ends(struct listening *l, const char *trigger)
{
	if (l->trigger)
		return;
	l->trigger = trigger;
	l->ears.in_voice = false;
	if (l->is_eager)
		turn_end(l);
	else
		hearing_final(&l->ears, FINAL_ENDPOINT);
}

static void flux_frame(struct listening *l)
{
	uint64_t quiet_ms = hearing_quiet_ms(&l->ears);

	if (l->in_turn && l->ears.heard - l->updated >= UPDATE_SAMPLES && !l->is_eager && !l->trigger)
		turn_say(l, "Update", NULL);
	if (!l->in_turn && quiet_ms >= l->query.eot_timeout_ms)
		l->ears.in_voice = false; /* noise: no words came of it */
	if (!l->in_turn || l->trigger)
		return;
	if (l->query.eot < THOUSAND && sureness(l) >= l->query.eot) {
		turn_ends(l, "model");
	} else if (quiet_ms >= l->query.eot_timeout_ms) {
		turn_ends(l, "timeout");
	} else if (l->query.eager && !l->is_eager && !l->ears.final_asked && sureness(l) >= l->query.eager) {
		l->ears.in_voice = false;
		hearing_final(&l->ears, FINAL_EAGER);
	}
}

static void flux_partial(struct listening *l, const struct hearing_words *w)
{
	if (!w->len)
		return;
	l->now = *w;
	turn_begin(l);
}

static void flux_final(struct listening *l, const struct hearing_words *w, enum hearing_why why)
{
	struct hearing_words all;

	l->now = *w;
	if (w->len) {
		turn_text(l, &all);
		l->said = all;
		l->now.len = 0;
		turn_begin(l);
	}
	l->now.len = 0;
	if (l->closes) {
		if (l->in_turn)
			turn_say(l, "Update", NULL);
		listening_close(l, WEBSOCKET_NO_CODE);
	} else if (l->trigger) {
		turn_end(l);
	} else if (why == FINAL_EAGER && l->in_turn) {
		l->is_eager = true;
		turn_say(l, "EagerEndOfTurn", NULL);
	}
}

/* ------------------------------------------------------------------ Configure */

static bool threshold_take(const json_t *thresholds, const char *key, uint32_t min, uint32_t max, uint32_t *out)
{
	const json_t *value = json_object_get(thresholds, key);
	double number = json_number_value(value) * THOUSAND;

	if (!value)
		return true;
	if (!json_is_number(value) || !(number >= min && number <= max))
		return false;
	*out = (uint32_t)(number + 0.5);
	return true;
}

static bool timeout_take(const json_t *thresholds, uint32_t *out)
{
	const json_t *value = json_object_get(thresholds, "eot_timeout_ms");
	json_int_t ms = json_integer_value(value);

	if (!value)
		return true;
	if (!json_is_integer(value) || ms < 500 || ms > 60000)
		return false;
	*out = (uint32_t)ms;
	return true;
}

static void configure(struct listening *l, const json_t *message)
{
	const json_t *thresholds = json_object_get(message, "thresholds"), *keyterms = json_object_get(message, "keyterms"),
		*hints = json_object_get(message, "language_hints"), *numerals = json_object_get(message, "numerals");
	struct listen_query q = l->query;
	json_t *said;

	if (!threshold_take(thresholds, "eot_threshold", 500, THOUSAND, &q.eot) || !threshold_take(thresholds, "eager_eot_threshold", 300, 900, &q.eager) ||
		!timeout_take(thresholds, &q.eot_timeout_ms) || q.eager > q.eot || (keyterms && !json_is_array(keyterms))) {
		listening_say(l, json_pack("{s:s, s:s, s:I, s:s, s:s}", "type", "ConfigureFailure", "request_id", l->request_id, "sequence_id",
			(json_int_t)l->sequence++, "code", "INVALID_CONFIGURE", "description", "a threshold or a list is not what it may be"));
		return;
	}
	l->query = q;
	said = json_pack("{s:s, s:s, s:I, s:{s:f, s:I}, s:O*}", "type", "ConfigureSuccess", "request_id", l->request_id, "sequence_id", (json_int_t)l->sequence++,
		"thresholds", "eot_threshold", (double)q.eot / THOUSAND, "eot_timeout_ms", (json_int_t)q.eot_timeout_ms, "keyterms", keyterms);
	if (q.eager)
		json_object_set_new(json_object_get(said, "thresholds"), "eager_eot_threshold", json_real((double)q.eager / THOUSAND));
	if (!keyterms)
		json_object_set_new(said, "keyterms", json_array());
	if (hints)
		json_object_set(said, "language_hints", (json_t *)(uintptr_t)hints);
	if (numerals)
		json_object_set(said, "numerals", (json_t *)(uintptr_t)numerals);
	listening_say(l, said);
}

static void flux_garbage(struct listening *l, const char *why)
{
	listening_say(l, json_pack("{s:s, s:I, s:s, s:s}", "type", "Error", "sequence_id", (json_int_t)l->sequence++, "code", "UNPARSABLE_CLIENT_MESSAGE",
		"description", why));
	listening_close(l, WEBSOCKET_FAILED); /* an Error is always fatal */
}

static bool flux_message(struct listening *l, const char *type, const json_t *message)
{
	if (!strcmp(type, "Configure"))
		configure(l, message);
	else if (strcmp(type, "ForceEndTurn") != 0)
		return false;
	else if (l->in_turn)
		turn_ends(l, "manual");
	return true;
}

const struct listen_protocol flux_protocol = { .opened = flux_opened, .voice = flux_voice, .frame = flux_frame, .partial = flux_partial, .final = flux_final,
	.message = flux_message, .garbage = flux_garbage };
